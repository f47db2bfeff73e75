/* The part of layout.h that makes one index.json of two. */
#include <stdlib.h>
#include <string.h>

#include "common/layout.h"
#include "common/layout_private.h"
#include "common/layout_survey.h"
#include "common/mem.h"

/* Entries of an index.json in another order; the entries themselves are borrowed. */
struct sorted {
	const struct layout_entry **items; /* owned */
	size_t len;
};

static void sorted_release(struct sorted *s)
{
	free(s->items);
}

/* The entries that are added: by what they are, and the referrers with a ref.name by that. */
struct addition {
	struct sorted all, tagged;
};

static void addition_release(struct addition *a)
{
	sorted_release(&a->all);
	sorted_release(&a->tagged);
}

static const char *subject_of(const struct layout_entry *e)
{
	return e->subject != NULL ? e->subject : "";
}

/* What makes two entries the same thing: the name of an image, subject and digest of a referrer, the digest of others.
 */
static int compare_entries(const void *a, const void *b)
{
	const struct layout_entry *const *one = a, *const *other = b;
	const struct layout_entry *x = *one, *y = *other;
	int order;

	if (x->name != NULL && y->name != NULL)
		return strcmp(x->name, y->name);
	if (x->name != NULL || y->name != NULL)
		return x->name != NULL ? -1 : 1;
	order = strcmp(subject_of(x), subject_of(y));
	return order != 0 ? order : digest_packed_compare(&x->digest, &y->digest);
}

static int compare_tags(const void *a, const void *b)
{
	const struct layout_entry *const *x = a, *const *y = b;

	return strcmp((*x)->ref_name, (*y)->ref_name);
}

typedef bool entry_fn(const struct layout_entry *e);

/* Those entries of an index.json that are wanted; wanted may be NULL. */
static enum err_code sort(const struct layout_index *x, entry_fn *wanted, int (*compare)(const void *, const void *),
			  struct sorted *s, struct err *err)
{
	size_t i;

	s->items = calloc(x->len + 1, sizeof(*s->items));
	if (s->items == NULL)
		return err_nomem(err);
	for (i = 0; i < x->len; i++) {
		if (wanted == NULL || wanted(&x->entries[i]))
			s->items[s->len++] = &x->entries[i];
	}
	qsort(s->items, s->len, sizeof(*s->items), compare);
	return ERR_OK;
}

static bool is_tagged(const struct layout_entry *e)
{
	return e->subject != NULL && e->ref_name != NULL;
}

static enum err_code read_addition(const struct layout_index *x, struct addition *a, struct err *err)
{
	enum err_code code = sort(x, NULL, compare_entries, &a->all, err);

	return code == ERR_OK ? sort(x, is_tagged, compare_tags, &a->tagged, err) : code;
}

static const struct layout_entry *find_by(const struct sorted *s, const struct layout_entry *e,
					  int (*compare)(const void *, const void *))
{
	const struct layout_entry **at = s->len > 0 ? bsearch(&e, s->items, s->len, sizeof(*s->items), compare) : NULL;

	return at != NULL ? *at : NULL;
}

static const struct layout_entry *find(const struct sorted *s, const struct layout_entry *e)
{
	return find_by(s, e, compare_entries);
}

/* The referrer that is added under the tag of e, whoever wrote that. */
static const struct layout_entry *find_tag(const struct addition *a, const struct layout_entry *e)
{
	return e->ref_name != NULL ? find_by(&a->tagged, e, compare_tags) : NULL;
}

/* An entry that only says that something is there. */
static bool is_plain(const struct layout_entry *e)
{
	return e->name == NULL && e->subject == NULL;
}

/* A plain entry that was not listed for other tools alone: somebody wants it there, so it is an image of its own once
 * no index lists it. */
static bool is_own(const struct layout_entry *e)
{
	return is_plain(e) && e->listed_for == NULL;
}

/* What is there and gives way. */
static bool is_replaced(const struct addition *a, const struct layout_entry *e)
{
	return !is_own(e) && (find(&a->all, e) != NULL || find_tag(a, e) != NULL);
}

/* The same content without what is said of it. */
static struct layout_entry bare(const struct layout_entry *e)
{
	return (struct layout_entry){ .digest = e->digest, .size_bytes = e->size_bytes, .media_type = e->media_type };
}

static bool is_same_content(const struct layout_entry *a, const struct layout_entry *b)
{
	return digest_packed_compare(&a->digest, &b->digest) == 0;
}

static void put_kept(struct js_out *o, const struct layout_entry *e)
{
	js_begin(o, '{');
	js_member(o, "mediaType", e->media_type);
	js_member(o, "digest", digest_unpack(&e->digest).text);
	js_member_uint(o, "size", e->size_bytes);
	if (e->subject != NULL) {
		js_key(o, "annotations");
		js_begin(o, '{');
		js_member(o, ANNOTATION_SUBJECT, e->subject);
		js_end(o, '}');
	}
	js_end(o, '}');
}

/* What a name has stood for, by its digest, unless it has such an entry of its own already: that of a child goes with
 * its index.  An index of referrers is no image, and without its tag it would be taken for one; what it lists, the one
 * that takes its place lists too. */
static void put_moved(struct js_out *o, const struct addition *a, const struct sorted *own,
		      const struct layout_entry *e)
{
	const struct layout_entry *now = e->name != NULL ? find(&a->all, e) : NULL;
	struct layout_entry plain = bare(e);
	const struct layout_entry *comes = find(&a->all, &plain);

	if (now == NULL || layout_survey_is_fallback(e->name) || is_same_content(now, e) || find(own, &plain) != NULL ||
	    (comes != NULL && is_own(comes)))
		return;
	put_kept(o, &plain);
}

/* What a tag of cosign's has stood for, as what it is without that tag: a referrer of the same subject. */
static void put_untagged(struct js_out *o, const struct addition *a, const struct layout_entry *e)
{
	const struct layout_entry *now = find_tag(a, e);
	struct layout_entry kept = bare(e);

	if (now == NULL || is_same_content(now, e))
		return;
	kept.subject = now->subject;
	if (find(&a->all, &kept) == NULL)
		put_kept(o, &kept);
}

/* What is there, less what is replaced. */
static enum err_code put_old(struct js_out *o, const struct layout_index *x, struct js_list list,
			     const struct addition *a, const struct sorted *own, enum layout_keep keep, struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	enum err_code code = ERR_OK;
	bool there;
	size_t i;

	for (i = 0; code == ERR_OK && i < x->len; i++) {
		const struct layout_entry *e = &x->entries[i];
		bool replaced = is_replaced(a, e);

		code = js_list_next(&list, &item, &there, err);
		if (code == ERR_OK && !replaced)
			js_item_put(&item, o);
		if (replaced && (keep & LAYOUT_KEEP_NAMED) != 0)
			put_moved(o, a, own, e);
		if (replaced && (keep & LAYOUT_KEEP_TAGGED) != 0)
			put_untagged(o, a, e);
	}
	return code;
}

/* What is added. */
static enum err_code put_new(struct js_out *o, const struct layout_index *x, struct js_list list,
			     const struct sorted *own, struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	enum err_code code = ERR_OK;
	bool there;
	size_t i;

	for (i = 0; code == ERR_OK && i < x->len; i++) {
		code = js_list_next(&list, &item, &there, err);
		if (code == ERR_OK && find(own, &x->entries[i]) == NULL)
			js_item_put(&item, o);
	}
	return code;
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

static enum err_code end_index(struct js_out *o, const struct layout_document *was, struct err *err)
{
	js_end(o, ']');
	put_rest(o, was->rest);
	js_end(o, '}');
	return js_end_document(o, err);
}

/* What was there first, then what is added: the same entries again give the same text. */
enum err_code layout_merge(const struct layout *l, const struct layout_document *document,
			   const struct layout_index *added, const struct layout_document *added_document,
			   enum layout_keep keep, struct outstream *out, struct err *err)
{
	CLEANUP(addition_release) struct addition a = { 0 };
	CLEANUP(sorted_release) struct sorted own = { 0 }; /* of what is there, what stays though the same comes */
	enum err_code code = sort(&l->index, is_own, compare_entries, &own, err);
	struct js_out o;

	if (code == ERR_OK)
		code = read_addition(added, &a, err);
	if (code != ERR_OK)
		return code;
	begin_index(&o, out);
	code = put_old(&o, &l->index, document->list, &a, &own, keep, err);
	if (code == ERR_OK)
		code = put_new(&o, added, added_document->list, &own, err);
	return code == ERR_OK ? end_index(&o, document, err) : code;
}

enum err_code layout_without(const struct layout_document *document, const bool *drop, struct outstream *out,
			     struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	struct js_list list = document->list;
	bool there = false;
	struct js_out o;
	enum err_code code;

	begin_index(&o, out);
	code = js_list_next(&list, &item, &there, err);
	while (code == ERR_OK && there) {
		if (!*drop++)
			js_item_put(&item, &o);
		code = js_list_next(&list, &item, &there, err);
	}
	return code == ERR_OK ? end_index(&o, document, err) : code;
}
