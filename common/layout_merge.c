/* The part of layout.h that makes one index.json of two. */
#include <stdlib.h>
#include <string.h>

#include "common/layout.h"
#include "common/layout_private.h"
#include "common/layout_survey.h"
#include "common/mem.h"

#define PLAIN_MEMBERS 3 /* mediaType, digest, size */

/* The entries that are added: in their order, and sorted by what they are. */
struct addition {
	struct layout_entry *entries, *sorted;
	struct layout_entry *tagged; /* referrers with a ref.name, sorted by it */
	size_t len, tagged_len;
};

static void addition_release(struct addition *a)
{
	free(a->entries);
	free(a->sorted);
	free(a->tagged);
}

/* What makes two entries the same thing: the name of an image, subject and digest of a referrer, the digest of others.
 */
static int compare_entries(const void *a, const void *b)
{
	const struct layout_entry *x = a, *y = b;
	int order;

	if (x->name != NULL && y->name != NULL)
		return strcmp(x->name, y->name);
	if (x->name != NULL || y->name != NULL)
		return x->name != NULL ? -1 : 1;
	order = strcmp(x->subject.text, y->subject.text);
	return order != 0 ? order : strcmp(x->descriptor.digest.text, y->descriptor.digest.text);
}

static const char *tag_of(const struct layout_entry *e)
{
	return annotation(e->descriptor.annotations, ANNOTATION_REF_NAME);
}

static int compare_tags(const void *a, const void *b)
{
	return strcmp(tag_of(a), tag_of(b));
}

static enum err_code read_addition(const struct json_t *list, struct addition *a, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	a->len = js_len(list);
	a->entries = calloc(a->len + 1, sizeof(*a->entries));
	a->sorted = calloc(a->len + 1, sizeof(*a->sorted));
	a->tagged = calloc(a->len + 1, sizeof(*a->tagged));
	if (a->entries == NULL || a->sorted == NULL || a->tagged == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < a->len; i++) {
		code = layout_entry_parse(js_at(list, i), "the new index.json", &a->entries[i], err);
		a->sorted[i] = a->entries[i];
		if (code == ERR_OK && a->entries[i].subject.text[0] != '\0' && tag_of(&a->entries[i]) != NULL)
			a->tagged[a->tagged_len++] = a->entries[i];
	}
	if (code != ERR_OK)
		return code;
	qsort(a->sorted, a->len, sizeof(*a->sorted), compare_entries);
	qsort(a->tagged, a->tagged_len, sizeof(*a->tagged), compare_tags);
	return ERR_OK;
}

static const struct layout_entry *find(const struct layout_entry *sorted, size_t len, const struct layout_entry *e)
{
	return len > 0 ? bsearch(e, sorted, len, sizeof(*sorted), compare_entries) : NULL;
}

/* The referrer that is added under the tag of e, whoever wrote that. */
static const struct layout_entry *find_tag(const struct addition *a, const struct layout_entry *e)
{
	if (tag_of(e) == NULL || a->tagged_len == 0)
		return NULL;
	return bsearch(e, a->tagged, a->tagged_len, sizeof(*a->tagged), compare_tags);
}

/* An entry that only says that something is there. */
static bool is_plain(const struct layout_entry *e)
{
	return e->name == NULL && e->subject.text[0] == '\0';
}

/* A plain entry with members that ours do not have. */
static bool says_more(const struct json_t *json)
{
	const char *key;
	size_t count = 0;

	for (key = js_next(json, NULL); key != NULL; key = js_next(json, key))
		count++;
	return count > PLAIN_MEMBERS;
}

/* What is there and gives way.  A plain entry that says more than the one that is added stays. */
static bool is_replaced(const struct addition *a, const struct layout_entry *e, const struct json_t *json)
{
	if (is_plain(e))
		return find(a->sorted, a->len, e) != NULL && !says_more(json);
	return find(a->sorted, a->len, e) != NULL || find_tag(a, e) != NULL;
}

static void put_kept(struct js_out *o, const struct layout_entry *e)
{
	js_begin(o, '{');
	js_member(o, "mediaType", e->descriptor.media_type);
	js_member(o, "digest", e->descriptor.digest.text);
	js_member_uint(o, "size", e->descriptor.size_bytes);
	if (e->subject.text[0] != '\0') {
		js_key(o, "annotations");
		js_begin(o, '{');
		js_member(o, ANNOTATION_SUBJECT, e->subject.text);
		js_end(o, '}');
	}
	js_end(o, '}');
}

/* What a name has stood for, by its digest, unless that is listed already.  An index of referrers is no image, and
 * without its tag it would be taken for one; what it lists, the one that takes its place lists too. */
static void put_moved(struct js_out *o, const struct addition *a, const struct layout_entry *old, size_t old_len,
		      const struct layout_entry *e)
{
	const struct layout_entry *now = e->name != NULL ? find(a->sorted, a->len, e) : NULL;
	struct layout_entry plain = { .descriptor = e->descriptor };

	if (now == NULL || layout_survey_is_fallback(e->name) ||
	    digest_equal(&now->descriptor.digest, &e->descriptor.digest) || find(old, old_len, &plain) != NULL ||
	    find(a->sorted, a->len, &plain) != NULL)
		return;
	put_kept(o, &plain);
}

/* What a tag of cosign's has stood for, as what it is without that tag: a referrer of the same subject. */
static void put_untagged(struct js_out *o, const struct addition *a, const struct layout_entry *e)
{
	const struct layout_entry *now = find_tag(a, e);
	struct layout_entry kept = { .descriptor = e->descriptor };

	if (now == NULL || digest_equal(&now->descriptor.digest, &e->descriptor.digest))
		return;
	kept.subject = now->subject;
	if (find(a->sorted, a->len, &kept) == NULL)
		put_kept(o, &kept);
}

/* The entries that are there, sorted: all, and those that are plain and say more than ours. */
struct known {
	struct layout_entry *all, *rich;
	size_t len, rich_len;
};

static void known_release(struct known *k)
{
	free(k->all);
	free(k->rich);
}

static enum err_code know(const struct layout *l, struct known *k, struct err *err)
{
	const struct json_t *list = js_array(l->json, "manifests");
	size_t i;

	k->all = calloc(l->entries_len + 1, sizeof(*k->all));
	k->rich = calloc(l->entries_len + 1, sizeof(*k->rich));
	if (k->all == NULL || k->rich == NULL)
		return err_nomem(err);
	for (i = 0; i < l->entries_len; i++) {
		k->all[k->len++] = l->entries[i];
		if (is_plain(&l->entries[i]) && says_more(js_at(list, i)))
			k->rich[k->rich_len++] = l->entries[i];
	}
	qsort(k->all, k->len, sizeof(*k->all), compare_entries);
	qsort(k->rich, k->rich_len, sizeof(*k->rich), compare_entries);
	return ERR_OK;
}

/* What is there, less what is replaced, then what is added: the same entries again give the same text. */
static void put_entries(struct js_out *o, const struct layout *l, const struct json_t *added, const struct addition *a,
			const struct known *k, enum layout_keep keep)
{
	const struct json_t *list = js_array(l->json, "manifests");
	size_t i;

	for (i = 0; i < l->entries_len; i++) {
		if (!is_replaced(a, &l->entries[i], js_at(list, i))) {
			js_put_value(o, js_at(list, i));
			continue;
		}
		if ((keep & LAYOUT_KEEP_NAMED) != 0)
			put_moved(o, a, k->all, k->len, &l->entries[i]);
		if ((keep & LAYOUT_KEEP_TAGGED) != 0)
			put_untagged(o, a, &l->entries[i]);
	}
	for (i = 0; i < a->len; i++) {
		if (find(k->rich, k->rich_len, &a->entries[i]) == NULL)
			js_put_value(o, js_at(added, i));
	}
}

/* What else an index.json may say, of itself. */
static void put_rest(struct js_out *o, const struct json_t *json)
{
	const char *key;

	for (key = js_next(json, NULL); key != NULL; key = js_next(json, key)) {
		if (strcmp(key, "schemaVersion") == 0 || strcmp(key, "mediaType") == 0 || strcmp(key, "manifests") == 0)
			continue;
		js_key(o, key);
		js_put_value(o, js_get(json, key));
	}
}

static void begin_index(struct js_out *o, struct outstream *out)
{
	js_out_init(o, out, false);
	js_begin(o, '{');
	js_member_uint(o, "schemaVersion", 2);
	js_member(o, "mediaType", TYPE_OCI_INDEX);
	js_key(o, "manifests");
	js_begin(o, '[');
}

static enum err_code end_index(struct js_out *o, const struct layout *l, struct err *err)
{
	js_end(o, ']');
	put_rest(o, l->json);
	js_end(o, '}');
	return js_end_document(o, err);
}

enum err_code layout_merge(const struct layout *l, const struct json_t *added, enum layout_keep keep,
			   struct outstream *out, struct err *err)
{
	CLEANUP(addition_release) struct addition a = { 0 };
	CLEANUP(known_release) struct known k = { 0 };
	enum err_code code = know(l, &k, err);
	struct js_out o;

	if (code == ERR_OK)
		code = read_addition(added, &a, err);
	if (code != ERR_OK)
		return code;
	begin_index(&o, out);
	put_entries(&o, l, added, &a, &k, keep);
	return end_index(&o, l, err);
}

enum err_code layout_without(const struct layout *l, const bool *drop, struct outstream *out, struct err *err)
{
	const struct json_t *list = js_array(l->json, "manifests");
	struct js_out o;
	size_t i;

	begin_index(&o, out);
	for (i = 0; i < l->entries_len; i++) {
		if (!drop[i])
			js_put_value(&o, js_at(list, i));
	}
	return end_index(&o, l, err);
}
