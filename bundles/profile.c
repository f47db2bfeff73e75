#include "bundles/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/layout_survey.h"
#include "common/limits.h"
#include "common/mem.h"

#define COSIGN "dev.cosignproject.cosign/"

/* What cosign calls the things that it tags. */
static const struct {
	const char *suffix, *kind;
} tagged[LINK_COUNT] = {
	[LINK_SIG] = { ".sig", COSIGN "sigs" },
	[LINK_ATT] = { ".att", COSIGN "atts" },
	[LINK_SBOM] = { ".sbom", NULL },
};

struct profile {
	struct layout *layout;
	const struct graph *g;
	struct js_out o;
	bool *listed; /* by node: children that have their entry */
	bool planned; /* nothing is there yet: an index of referrers is not made */
};

static void begin_entry(struct js_out *o, const struct node *n)
{
	js_begin(o, '{');
	js_member(o, "mediaType", n->media_type);
	js_member(o, "digest", n->digest.text);
	js_member_uint(o, "size", n->size_bytes);
}

/* cosign looks for its tags beside an imageIndex, and for referrers beside an image only, be it an index or not. */
static const char *kind_of(const struct graph *g, uint32_t root)
{
	const struct link *links;
	size_t len = graph_links_of(g, root, &links), i;

	for (i = 0; i < len && g->nodes[root].role == ROLE_INDEX; i++) {
		if (links[i].kind == LINK_SIG || links[i].kind == LINK_ATT)
			return COSIGN "imageIndex";
	}
	return COSIGN "image";
}

static void put_image(struct profile *p, const struct image *image)
{
	const struct node *n = &p->g->nodes[image->root];

	begin_entry(&p->o, n);
	js_key(&p->o, "annotations");
	js_begin(&p->o, '{');
	js_member(&p->o, ANNOTATION_IMAGE_NAME, image->name);
	js_member(&p->o, ANNOTATION_REF_NAME, image->name);
	js_member(&p->o, ANNOTATION_KIND, kind_of(p->g, image->root));
	js_end(&p->o, '}');
	js_end(&p->o, '}');
	p->listed[image->root] = true;
}

/* A child without a name, so that it is found by its digest; and its children. */
static void put_children(struct profile *p, uint32_t node)
{
	const struct node *n = &p->g->nodes[node];
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		uint32_t child = p->g->edges[n->edges + i].to;
		const struct node *c = &p->g->nodes[child];

		if (!role_is_manifest(c->role) || !node_is_carried(c) || p->listed[child])
			continue;
		p->listed[child] = true;
		begin_entry(&p->o, c);
		js_key(&p->o, "annotations");
		js_begin(&p->o, '{');
		js_member(&p->o, ANNOTATION_LISTED_FOR, LISTED_FOR_PARENT);
		js_end(&p->o, '}');
		js_end(&p->o, '}');
		put_children(p, child);
	}
}

/* The manifest of a node, read back from the layout. */
static enum err_code read_manifest(const struct profile *p, const struct node *n, struct manifest *ret_manifest,
				   struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct instream *in = NULL;
	struct buf_stage out;
	enum err_code code = layout_blob(p->layout, &n->digest, &in, err);

	if (code != ERR_OK)
		return code;
	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	buf_stage_init(&out, &bytes);
	code = stream_copy(in, &out.out, err);
	instream_release(in);
	if (code == ERR_OK)
		code = digest_check(buf_text(&bytes), bytes.len, &n->digest, n->size_bytes, err);
	return code == ERR_OK
		       ? manifest_parse(buf_text(&bytes), bytes.len, n->media_type, n->digest.text, ret_manifest, err)
		       : code;
}

/* The members that a listing of referrers has, with the referrer's own annotations; with a tag, "" for none, an entry
 * of index.json, which has ours alone: what a bundle says at length would fill that for all others. */
static enum err_code put_referrer(const struct profile *p, struct js_out *o, const struct link *link, const char *tag,
				  struct err *err)
{
	const struct node *n = &p->g->nodes[link->referrer];
	CLEANUP(manifest_release) struct manifest m = { 0 };
	enum err_code code = tag == NULL ? read_manifest(p, n, &m, err) : ERR_OK;
	const char *key;

	if (code != ERR_OK)
		return code;
	begin_entry(o, n);
	js_member(o, "artifactType", n->artifact_type);
	js_key(o, "annotations");
	js_begin(o, '{');
	for (key = m.annotations != NULL ? js_next(m.annotations, NULL) : NULL; key != NULL;
	     key = js_next(m.annotations, key)) {
		if (strcmp(key, ANNOTATION_SUBJECT) == 0 || strcmp(key, ANNOTATION_REF_NAME) == 0 ||
		    strcmp(key, ANNOTATION_IMAGE_NAME) == 0 || strcmp(key, ANNOTATION_KIND) == 0 ||
		    strcmp(key, ANNOTATION_LISTED_FOR) == 0)
			continue; /* what stands in a manifest must not give it a name here, or a use */
		js_key(o, key);
		js_put_value(o, js_get(m.annotations, key));
	}
	if (tag != NULL) {
		js_member(o, ANNOTATION_SUBJECT, p->g->nodes[link->subject].digest.text);
		js_member(o, ANNOTATION_REF_NAME, *tag != '\0' ? tag : NULL);
		js_member(o, ANNOTATION_KIND, tagged[link->kind].kind);
	}
	js_end(o, '}');
	js_end(o, '}');
	return ERR_OK;
}

static bool is_entry(const struct graph *g, const struct link *link)
{
	return link->kind != LINK_BUILDKIT && node_is_carried(&g->nodes[link->referrer]);
}

/* Damaged, or longer than anybody reads. */
static bool is_unreadable(enum err_code code)
{
	return code == ERR_DIGEST || code == ERR_SIZE || code == ERR_FORMAT || code == ERR_LIMIT;
}

/* What the index of referrers that is there already lists, and the graph does not have. */
static enum err_code keep_listed(struct profile *p, struct js_out *o, const char *tag, const struct link *links,
				 size_t len, struct err *err)
{
	const struct layout_entry *old = layout_find(p->layout, tag);
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(buf_release) struct buf bytes = { 0 };
	const struct json_t *list;
	struct descriptor is;
	enum err_code code;
	size_t i, j;

	if (old == NULL)
		return ERR_OK;
	is = layout_descriptor(old);
	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	code = layout_read_blob(p->layout, &is, &bytes, err);
	if (code == ERR_OK)
		code = js_read(buf_text(&bytes), bytes.len, tag, &json, err);
	if (code == ERR_NOT_FOUND || (old->listed_for != NULL && is_unreadable(code)))
		return ERR_OK; /* it is written anew, and all that stood in ours has entries of its own */
	if (code != ERR_OK)
		return err_add(err, "%s", layout_path(p->layout));
	list = js_array(json, "manifests");
	if (list == NULL)
		return err_set(err, ERR_FORMAT,
			       "%s: %s stands for something that lists no referrers, %s; give it another name there",
			       layout_path(p->layout), tag, is.digest.text);
	for (i = 0; i < js_len(list); i++) {
		const char *digest = js_string(js_at(list, i), "digest");
		bool ours = false;

		for (j = 0; digest != NULL && j < len; j++)
			ours |= links[j].kind == LINK_SUBJECT && is_entry(p->g, &links[j]) &&
				strcmp(p->g->nodes[links[j].referrer].digest.text, digest) == 0;
		if (digest != NULL && !ours)
			js_put_value(o, js_at(list, i));
	}
	return ERR_OK;
}

/* An index of one subject's referrers: the fallback that clients read where there is no referrers API.  Nothing, where
 * it would be longer than any of them reads: the entries say the same. */
static enum err_code write_fallback(struct profile *p, const char *tag, const struct link *links, size_t len,
				    struct buf *text, struct err *err)
{
	struct buf_stage out;
	struct js_out o;
	enum err_code code = ERR_OK;
	size_t i;

	buf_stage_init(&out, text);
	js_out_init(&o, &out.out, false);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 2);
	js_member(&o, "mediaType", TYPE_OCI_INDEX);
	js_key(&o, "manifests");
	js_begin(&o, '[');
	for (i = 0; code == ERR_OK && i < len; i++) {
		if (links[i].kind == LINK_SUBJECT && is_entry(p->g, &links[i]))
			code = put_referrer(p, &o, &links[i], NULL, err);
	}
	if (code == ERR_OK)
		code = keep_listed(p, &o, tag, links, len, err);
	if (code != ERR_OK)
		return code;
	js_end(&o, ']');
	js_end(&o, '}');
	code = js_end_document(&o, err);
	if (code == ERR_LIMIT)
		buf_clear(text);
	return code == ERR_LIMIT ? ERR_OK : code;
}

static bool has_subject_links(const struct profile *p, const struct link *links, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (links[i].kind == LINK_SUBJECT && is_entry(p->g, &links[i]))
			return true;
	}
	return false;
}

bool profile_tag(const struct graph *g, const struct link *link, char out[PROFILE_TAG_MAX])
{
	const struct digest *subject = &g->nodes[link->subject].digest;

	if (!is_entry(g, link) || tagged[link->kind].suffix == NULL)
		return false;
	snprintf(out, PROFILE_TAG_MAX, "%s-%s%s", digest_algorithm(subject), digest_hex(subject),
		 tagged[link->kind].suffix);
	return true;
}

/* Others may have listed in it what has no entry; from then on it says something itself. */
static bool is_ours(const struct profile *p, const char *tag)
{
	const struct layout_entry *old = layout_find(p->layout, tag);

	return old == NULL || old->listed_for != NULL;
}

/* The index of referrers as a blob of the layout; no size where there is none. */
static enum err_code make_fallback(struct profile *p, const char *tag, const struct link *links, size_t len,
				   struct digest *ret_digest, uint64_t *ret_size, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { 0 };
	struct memory_stream in;
	enum err_code code;

	buf_init(&text, LIMIT_MANIFEST_BYTES);
	code = write_fallback(p, tag, links, len, &text, err);
	*ret_size = text.len;
	if (code != ERR_OK || text.len == 0)
		return code;
	code = digest_of(buf_text(&text), text.len, NULL, ret_digest, err);
	if (code != ERR_OK)
		return code;
	memory_stream_init(&in, buf_text(&text), text.len);
	/* The same file again would be another one, to which nothing that is known of this one applies. */
	if (!layout_has(p->layout, ret_digest, text.len))
		code = layout_put(p->layout, ret_digest, text.len, &in.in, err);
	return code;
}

/* What has its place until it can be made: the one that is listed already, since the same again must take no more room
 * than it has, else the longest. */
static void plan_fallback(const struct profile *p, const char *tag, const struct digest *subject,
			  struct digest *ret_digest, uint64_t *ret_size)
{
	const struct layout_entry *old = layout_find(p->layout, tag);

	*ret_digest = old != NULL ? digest_unpack(&old->digest) : *subject;
	*ret_size = old != NULL ? old->size_bytes : LIMIT_MANIFEST_BYTES;
}

static enum err_code put_fallback(struct profile *p, const struct node *subject, const struct link *links, size_t len,
				  struct err *err)
{
	struct digest digest = { 0 };
	uint64_t size_bytes = 0;
	char tag[SUBJECT_KEY_MAX];
	enum err_code code = ERR_OK;

	layout_survey_key(&subject->digest, tag);
	if (p->planned)
		plan_fallback(p, tag, &subject->digest, &digest, &size_bytes);
	else
		code = make_fallback(p, tag, links, len, &digest, &size_bytes, err);
	if (code != ERR_OK || size_bytes == 0)
		return code;
	js_begin(&p->o, '{');
	js_member(&p->o, "mediaType", TYPE_OCI_INDEX);
	js_member(&p->o, "digest", digest.text);
	js_member_uint(&p->o, "size", size_bytes);
	js_key(&p->o, "annotations");
	js_begin(&p->o, '{');
	js_member(&p->o, ANNOTATION_REF_NAME, tag);
	js_member(&p->o, ANNOTATION_LISTED_FOR, is_ours(p, tag) ? subject->digest.text : NULL);
	js_end(&p->o, '}');
	js_end(&p->o, '}');
	return code;
}

/* One subject's referrers: an entry each, under cosign's tag where they have one, and the fallback index. */
static enum err_code put_referrers(struct profile *p, const struct link *links, size_t len, struct err *err)
{
	const struct node *subject = &p->g->nodes[links->subject];
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		char tag[PROFILE_TAG_MAX] = "";

		if (!is_entry(p->g, &links[i]))
			continue;
		profile_tag(p->g, &links[i], tag);
		code = put_referrer(p, &p->o, &links[i], tag, err);
	}
	if (code == ERR_OK && has_subject_links(p, links, len))
		code = put_fallback(p, subject, links, len, err);
	return code;
}

static enum err_code put_all(struct profile *p, struct err *err)
{
	const struct graph *g = p->g;
	enum err_code code = ERR_OK;
	size_t i, len;

	for (i = 0; i < g->images_len; i++)
		put_image(p, &g->images[i]);
	for (i = 0; i < g->images_len; i++)
		put_children(p, g->images[i].root);
	for (i = 0; code == ERR_OK && i < g->links_len; i += len) { /* sorted: those of one subject stand together */
		for (len = 1; i + len < g->links_len && g->links[i + len].subject == g->links[i].subject; len++)
			;
		code = put_referrers(p, &g->links[i], len, err);
	}
	return code;
}

static enum err_code write_index(struct layout *l, const struct graph *g, bool planned, struct buf *index,
				 struct err *err)
{
	struct profile p = {
		.layout = l,
		.g = g,
		.listed = calloc(g->nodes_len + 1, sizeof(bool)),
		.planned = planned,
	};
	struct buf_stage out;
	enum err_code code = p.listed != NULL ? ERR_OK : err_nomem(err);

	buf_stage_init(&out, index);
	js_out_init(&p.o, &out.out, false);
	js_begin(&p.o, '{');
	js_member_uint(&p.o, "schemaVersion", 2);
	js_member(&p.o, "mediaType", TYPE_OCI_INDEX);
	js_key(&p.o, "manifests");
	js_begin(&p.o, '[');
	if (code == ERR_OK)
		code = put_all(&p, err);
	free(p.listed);
	if (code != ERR_OK)
		return code;
	js_end(&p.o, ']');
	js_end(&p.o, '}');
	return js_end_document(&p.o, err);
}

enum err_code profile_write(struct layout *l, const struct graph *g, struct buf *index, struct err *err)
{
	return write_index(l, g, false, index, err);
}

enum err_code profile_plan(struct layout *l, const struct graph *g, struct buf *index, struct err *err)
{
	return write_index(l, g, true, index, err);
}
