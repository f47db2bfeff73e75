#include "common/layout_survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define COSIGN "dev.cosignproject.cosign/"

/* What cosign appends to a subject's tag, and what cosign save calls it. */
static const struct {
	const char *suffix, *cosign;
	enum link_kind kind;
} tagged[] = {
	{ "", NULL, LINK_SUBJECT },
	{ ".sig", COSIGN "sigs", LINK_SIG },
	{ ".att", COSIGN "atts", LINK_ATT },
	{ ".sbom", COSIGN "sboms", LINK_SBOM },
};

/* What an entry turned out to be. */
enum use {
	USE_IMAGE,
	USE_CHILD,    /* of an index that is listed too */
	USE_REFERRER, /* or a list of referrers */
	USE_LISTED,   /* for other tools alone: other entries say what it says */
	USE_OTHER,    /* no manifest */
};

struct surveyor {
	const struct layout *layout;
	struct layout_survey survey;
	enum use *uses;                      /* by entry */
	const struct layout_entry **unnamed; /* by digest: those that may belong to another */
	size_t unnamed_len;
	const struct layout_entry *cosign_image; /* what cosign save saved */
	size_t cosign_images;
	bool has_blobs_unlisted; /* cosign may have put referrers where no entry names them */
};

static bool is_unnamed(const struct layout_entry *e)
{
	return e->listed_for == NULL && e->image_name == NULL && e->ref_name == NULL;
}

/* The fallback tag is cut to 64 digits, cosign's is not; here both are. */
void layout_survey_key(const struct digest *subject, char out[SUBJECT_KEY_MAX])
{
	snprintf(out, SUBJECT_KEY_MAX, "%s-%.64s", digest_algorithm(subject), digest_hex(subject));
}

/* The tag in a ref.name, which may be one or may be a full name. */
static const char *tag_in(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *colon = strchr(slash != NULL ? slash : name, ':');

	return colon != NULL ? colon + 1 : name;
}

/* Whether a ref.name is a tag that stands for a subject's referrers: sha256-<hex>, with or without cosign's suffix. */
static bool read_tag(const char *name, char subject[SUBJECT_KEY_MAX], enum link_kind *ret_kind)
{
	const char *tag, *hex;
	size_t digits, i;

	if (name == NULL)
		return false;
	tag = tag_in(name);
	if (!text_starts(tag, "sha256-") && !text_starts(tag, "sha512-"))
		return false;
	hex = tag + strlen("sha256-");
	digits = strspn(hex, "0123456789abcdef");
	if (digits != 64 && (digits != 128 || !text_starts(tag, "sha512-")))
		return false;
	for (i = 0; i < COUNT_OF(tagged); i++) {
		if (strcmp(hex + digits, tagged[i].suffix) == 0) {
			snprintf(subject, SUBJECT_KEY_MAX, "%.*s", SUBJECT_KEY_MAX - 1, tag);
			*ret_kind = tagged[i].kind;
			return true;
		}
	}
	return false;
}

bool layout_survey_is_fallback(const char *name)
{
	char subject[SUBJECT_KEY_MAX];
	enum link_kind kind;

	return read_tag(name, subject, &kind) && kind == LINK_SUBJECT;
}

static enum err_code add_link(struct surveyor *v, const char *subject, const struct descriptor *referrer,
			      enum link_kind kind, struct err *err)
{
	struct layout_survey *s = &v->survey;
	enum err_code code = vec_grow(&s->links, &s->links_cap, s->links_len + 1, sizeof(*s->links), LIMIT_EDGES, err);
	struct layout_link *link;

	if (code != ERR_OK)
		return code;
	link = &s->links[s->links_len];
	*link = (struct layout_link){
		.kind = kind,
		.referrer = { .digest = referrer->digest, .size_bytes = referrer->size_bytes },
	};
	snprintf(link->subject, sizeof(link->subject), "%s", subject);
	code = intern_text(&s->strings, referrer->media_type, &link->referrer.media_type, err);
	s->links_len += code == ERR_OK;
	return code;
}

/* A manifest, proved; ERR_NOT_FOUND where it is not there. */
static enum err_code read_manifest(const struct surveyor *v, const struct descriptor *d, struct manifest *ret_manifest,
				   struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	enum err_code code;

	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	code = layout_read_blob(v->layout, d, &bytes, err);
	if (code == ERR_OK)
		code = manifest_parse(buf_text(&bytes), bytes.len, d->media_type, d->digest.text, ret_manifest, err);
	return code == ERR_OK || code == ERR_NOT_FOUND ? code : err_add(err, "%s", layout_path(v->layout));
}

static int compare_digests(const void *a, const void *b)
{
	const struct layout_entry *const *x = a, *const *y = b;

	return digest_packed_compare(&(*x)->digest, &(*y)->digest);
}

/* The first entry without a name that has this digest. */
static const struct layout_entry **find_unnamed(const struct surveyor *v, const struct digest_packed *wanted)
{
	size_t low = 0, high = v->unnamed_len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (digest_packed_compare(&v->unnamed[mid]->digest, wanted) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return v->unnamed + low;
}

/* What something else lists is no image of its own, unless it has a name. */
static void belongs(struct surveyor *v, const struct digest *digest, enum use use)
{
	const struct layout_entry **e, **end = v->unnamed + v->unnamed_len;
	struct digest_packed wanted;

	digest_pack(digest, &wanted);
	for (e = find_unnamed(v, &wanted); e < end && digest_packed_compare(&(*e)->digest, &wanted) == 0; e++) {
		enum use *was = &v->uses[*e - layout_at(v->layout, 0)];

		if (*was == USE_IMAGE)
			*was = use;
	}
}

/* A list of referrers under the fallback tag. */
static enum err_code read_fallback(struct surveyor *v, const struct layout_entry *e, const char *subject,
				   struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct descriptor d = layout_descriptor(e);
	enum err_code code = read_manifest(v, &d, &m, err);
	size_t i;

	if (code == ERR_NOT_FOUND)
		return ERR_OK;
	if (code == ERR_OK && m.kind != MANIFEST_INDEX)
		code = err_set(err, ERR_FORMAT, "%s: %s, the list of referrers of %s, is no index but %s",
			       layout_path(v->layout), d.digest.text, subject, m.media_type);
	for (i = 0; code == ERR_OK && i < m.items_len; i++) {
		code = add_link(v, subject, &m.items[i], LINK_SUBJECT, err);
		belongs(v, &m.items[i].digest, USE_REFERRER);
	}
	return code;
}

/* An entry that index.json itself calls a referrer. */
static enum err_code read_referrer(struct surveyor *v, const struct layout_entry *e, bool *ret_is, struct err *err)
{
	struct descriptor d = layout_descriptor(e);
	char subject[SUBJECT_KEY_MAX];
	struct digest digest;
	enum link_kind kind;
	enum err_code code;

	*ret_is = true;
	if (read_tag(e->ref_name, subject, &kind))
		return kind == LINK_SUBJECT ? read_fallback(v, e, subject, err) : add_link(v, subject, &d, kind, err);
	*ret_is = e->subject != NULL;
	if (!*ret_is)
		return ERR_OK;
	code = digest_parse(e->subject, &digest, err);
	if (code != ERR_OK)
		return code;
	layout_survey_key(&digest, subject);
	return add_link(v, subject, &d, LINK_SUBJECT, err);
}

/* An entry that cosign save calls a signature: of the one image that it saved. */
static enum err_code read_cosign(struct surveyor *v, const struct layout_entry *e, bool *ret_is, struct err *err)
{
	struct descriptor d = layout_descriptor(e), image;
	char subject[SUBJECT_KEY_MAX];
	size_t i;

	*ret_is = false;
	for (i = 0; e->kind != NULL && i < COUNT_OF(tagged); i++) {
		if (tagged[i].cosign == NULL || strcmp(e->kind, tagged[i].cosign) != 0)
			continue;
		if (v->cosign_images != 1)
			return err_set(err, ERR_FORMAT,
				       "%s: %s is called %s, but of which image is not said: the layout has %zu that "
				       "cosign saved",
				       layout_path(v->layout), d.digest.text, e->kind, v->cosign_images);
		*ret_is = true;
		image = layout_descriptor(v->cosign_image);
		layout_survey_key(&image.digest, subject);
		return add_link(v, subject, &d, tagged[i].kind, err);
	}
	return ERR_OK;
}

/* What only the manifest says: its children, and to what it refers. */
static enum err_code read_entry(struct surveyor *v, const struct layout_entry *e, struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct descriptor d = layout_descriptor(e);
	char subject[SUBJECT_KEY_MAX];
	enum err_code code = read_manifest(v, &d, &m, err);
	size_t i;

	if (code != ERR_OK)
		return code == ERR_NOT_FOUND ? ERR_OK : code;
	for (i = 0; m.kind == MANIFEST_INDEX && i < m.items_len; i++)
		belongs(v, &m.items[i].digest, USE_CHILD);
	if (!m.has_subject)
		return ERR_OK;
	layout_survey_key(&m.subject.digest, subject);
	if (layout_is_there(v->layout, &m.subject.digest))
		belongs(v, &d.digest, USE_REFERRER);
	return add_link(v, subject, &d, LINK_SUBJECT, err);
}

/* containerd's names are for images; of these nothing has to be read, unless others may be their children. */
static bool must_read(const struct surveyor *v, const struct layout_entry *e)
{
	if (e->image_name == NULL)
		return true;
	return v->unnamed_len > 0 && manifest_kind(e->media_type) == MANIFEST_INDEX;
}

static enum err_code survey_entry(struct surveyor *v, size_t i, struct err *err)
{
	const struct layout_entry *e = layout_at(v->layout, i);
	bool is = false;
	enum err_code code;

	if (e->listed_for != NULL) {
		v->uses[i] = USE_LISTED;
		return ERR_OK;
	}
	code = read_referrer(v, e, &is, err);
	if (code == ERR_OK && !is)
		code = read_cosign(v, e, &is, err);
	if (is)
		v->uses[i] = USE_REFERRER;
	else if (manifest_kind(e->media_type) == MANIFEST_NONE)
		v->uses[i] = USE_OTHER;
	else if (code == ERR_OK && must_read(v, e))
		code = read_entry(v, e, err);
	return code;
}

/* A blob that no entry names may be a manifest with a subject. */
static enum err_code survey_blob(void *ctx, const struct digest *digest, uint64_t size_bytes, struct err *err)
{
	struct surveyor *v = ctx;
	CLEANUP(manifest_release) struct manifest m = { 0 };
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct descriptor d = { .digest = *digest, .size_bytes = size_bytes };
	char subject[SUBJECT_KEY_MAX], first = '\0';
	struct instream *in = NULL;
	size_t len = 0;
	enum err_code code = size_bytes <= LIMIT_MANIFEST_BYTES ? layout_blob(v->layout, digest, &in, err) : ERR_OK;

	if (in == NULL)
		return code;
	code = instream_read(in, &first, 1, &len, err);
	instream_release(in);
	if (code != ERR_OK || first != '{')
		return code;
	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	code = layout_read_blob(v->layout, &d, &bytes, err);
	if (code != ERR_OK)
		return code;
	if (manifest_parse(buf_text(&bytes), bytes.len, NULL, digest->text, &m, NULL) != ERR_OK || !m.has_subject)
		return ERR_OK; /* some other document */
	layout_survey_key(&m.subject.digest, subject);
	d.media_type = m.media_type;
	return add_link(v, subject, &d, LINK_SUBJECT, err);
}

/* What cosign save saves has no full name; beside it others may be of its kinds, whose signatures are said otherwise.
 */
static void note_cosign(struct surveyor *v, const struct layout_entry *e, bool is_image)
{
	bool is_saved = e->image_name == NULL;
	bool had_saved = v->cosign_image != NULL && v->cosign_image->image_name == NULL;

	v->has_blobs_unlisted |= is_image && is_saved;
	if (had_saved && !is_saved)
		return;
	v->cosign_images = is_saved && !had_saved ? 1 : v->cosign_images + 1;
	v->cosign_image = e;
}

/* What has to be known of all entries before one can be judged. */
static enum err_code look_around(struct surveyor *v, struct err *err)
{
	size_t len = layout_len(v->layout), i;

	v->uses = calloc(len + 1, sizeof(*v->uses));
	v->unnamed = calloc(len + 1, sizeof(*v->unnamed));
	if (v->uses == NULL || v->unnamed == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++) {
		const struct layout_entry *e = layout_at(v->layout, i);
		bool is_one = e->kind != NULL && strcmp(e->kind, COSIGN "image") == 0;

		if (is_unnamed(e))
			v->unnamed[v->unnamed_len++] = e;
		if (is_one || (e->kind != NULL && strcmp(e->kind, COSIGN "imageIndex") == 0))
			note_cosign(v, e, is_one);
	}
	qsort(v->unnamed, v->unnamed_len, sizeof(*v->unnamed), compare_digests);
	return ERR_OK;
}

static enum err_code list_images(struct surveyor *v, struct err *err)
{
	size_t len = layout_len(v->layout), i;

	v->survey.images = calloc(len + 1, sizeof(*v->survey.images));
	if (v->survey.images == NULL)
		return err_nomem(err);
	for (i = 0; i < len; i++) {
		if (v->uses[i] == USE_IMAGE)
			v->survey.images[v->survey.images_len++] = layout_at(v->layout, i);
	}
	return ERR_OK;
}

static int compare_links(const void *a, const void *b)
{
	const struct layout_link *x = a, *y = b;
	int order = strcmp(x->subject, y->subject);

	if (order == 0)
		order = (x->kind > y->kind) - (x->kind < y->kind);
	if (order == 0)
		order = strcmp(x->referrer.digest.text, y->referrer.digest.text);
	return order != 0 ? order : strcmp(x->referrer.media_type, y->referrer.media_type);
}

static void sort_links(struct layout_survey *s)
{
	size_t kept = 0, i;

	if (s->links_len == 0)
		return;
	qsort(s->links, s->links_len, sizeof(*s->links), compare_links);
	for (i = 1; i < s->links_len; i++) {
		const struct layout_link *a = &s->links[kept], *b = &s->links[i];

		if (strcmp(a->subject, b->subject) != 0 || a->kind != b->kind ||
		    !digest_equal(&a->referrer.digest, &b->referrer.digest))
			s->links[++kept] = *b;
	}
	s->links_len = kept + 1;
}

static void surveyor_release(struct surveyor *v)
{
	layout_survey_release(&v->survey);
	free(v->uses);
	free(v->unnamed);
}

enum err_code layout_survey_make(const struct layout *l, struct layout_survey *ret_survey, struct err *err)
{
	CLEANUP(surveyor_release) struct surveyor v = { .layout = l };
	enum err_code code = look_around(&v, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < layout_len(l); i++)
		code = survey_entry(&v, i, err);
	if (code == ERR_OK && v.has_blobs_unlisted)
		code = layout_each_blob(l, survey_blob, &v, err);
	if (code == ERR_OK)
		code = list_images(&v, err);
	if (code != ERR_OK)
		return code;
	sort_links(&v.survey);
	*ret_survey = v.survey;
	v.survey = (struct layout_survey){ 0 };
	return ERR_OK;
}

size_t layout_survey_links_of(const struct layout_survey *s, const struct digest *subject,
			      const struct layout_link **ret_links)
{
	size_t low = 0, high = s->links_len, len = 0;
	char key[SUBJECT_KEY_MAX];

	layout_survey_key(subject, key);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(s->links[mid].subject, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low + len < s->links_len && strcmp(s->links[low + len].subject, key) == 0)
		len++;
	*ret_links = s->links != NULL ? s->links + low : NULL;
	return len;
}

void layout_survey_release(struct layout_survey *s)
{
	free(s->links);
	free(s->images);
	intern_release(&s->strings);
	*s = (struct layout_survey){ 0 };
}
