/* The part of layout.h that reads index.json, and finds entries in it. */
#include <stdlib.h>
#include <string.h>

#include "common/layout.h"
#include "common/layout_private.h"
#include "common/layout_survey.h"
#include "common/limits.h"
#include "common/mem.h"

#define CHILD_MEMBERS 4 /* mediaType, digest, size, annotations */

/* A text of an entry, which is forgotten; NULL for none. */
static enum err_code keep_text(struct intern *strings, const char *text, const char **ret_text, struct err *err)
{
	return text != NULL ? intern_text(strings, text, ret_text, err) : ERR_OK;
}

/* A child's entry as this program writes it.  One that says more is somebody else's. */
static bool is_listed_child(const struct descriptor *d)
{
	const char *listed_for = annotation(d->annotations, ANNOTATION_LISTED_FOR);

	return listed_for != NULL && strcmp(listed_for, LISTED_FOR_PARENT) == 0 &&
	       js_members(d->json) == CHILD_MEMBERS && js_members(d->annotations) == 1;
}

/* An index of referrers that this program listed, by its subject.  With another name somebody else did. */
static bool is_listed_fallback(const struct layout_entry *e, const char *listed_for)
{
	char tag[SUBJECT_KEY_MAX];
	struct digest subject;

	if (listed_for == NULL || e->name == NULL || digest_parse(listed_for, &subject, NULL) != ERR_OK)
		return false;
	layout_survey_key(&subject, tag);
	return strcmp(e->name, tag) == 0;
}

/* What is there for other tools alone. */
static enum err_code keep_listed_for(const struct descriptor *d, struct intern *strings, struct layout_entry *e,
				     struct err *err)
{
	const char *listed_for = annotation(d->annotations, ANNOTATION_LISTED_FOR);

	if (is_listed_child(d))
		e->listed_for = LISTED_FOR_PARENT;
	return is_listed_fallback(e, listed_for) ? keep_text(strings, listed_for, &e->listed_for, err) : ERR_OK;
}

/* What is asked of an entry later. */
static enum err_code keep_entry(const struct descriptor *d, struct intern *strings, struct layout_entry *ret_entry,
				struct err *err)
{
	struct layout_entry e = { .size_bytes = d->size_bytes };
	const char *subject = annotation(d->annotations, ANNOTATION_SUBJECT);
	struct digest digest;
	enum err_code code = subject != NULL ? digest_parse(subject, &digest, err) : ERR_OK;

	if (code == ERR_OK)
		code = keep_text(strings, d->media_type, &e.media_type, err);
	if (code == ERR_OK)
		code = keep_text(strings, subject, &e.subject, err);
	if (code == ERR_OK)
		code = keep_text(strings, annotation(d->annotations, ANNOTATION_IMAGE_NAME), &e.image_name, err);
	if (code == ERR_OK)
		code = keep_text(strings, annotation(d->annotations, ANNOTATION_REF_NAME), &e.ref_name, err);
	if (code == ERR_OK)
		code = keep_text(strings, annotation(d->annotations, ANNOTATION_KIND), &e.kind, err);
	if (code != ERR_OK)
		return code;
	digest_pack(&d->digest, &e.digest);
	if (e.subject == NULL)
		e.name = e.image_name != NULL ? e.image_name : e.ref_name;
	*ret_entry = e;
	return keep_listed_for(d, strings, ret_entry, err);
}

static enum err_code read_entry(struct js_item *item, const char *what, struct intern *strings,
				struct layout_entry *ret_entry, struct err *err)
{
	struct descriptor d;
	enum err_code code = descriptor_of_item(item, what, &d, err);

	if (code != ERR_OK)
		return code;
	return keep_entry(&d, strings, ret_entry, err) == ERR_OK ? ERR_OK : err_add(err, "%s", what);
}

static enum err_code read_entries(struct js_list list, const char *what, struct layout_index *x, struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	bool there = false;
	enum err_code code;

	x->entries = calloc(js_list_len(&list) + 1, sizeof(*x->entries));
	code = x->entries != NULL ? js_list_next(&list, &item, &there, err) : err_nomem(err);
	while (code == ERR_OK && there) {
		code = read_entry(&item, what, &x->strings, &x->entries[x->len], err);
		x->len += code == ERR_OK;
		if (code == ERR_OK)
			code = js_list_next(&list, &item, &there, err);
	}
	return code;
}

typedef const char *entry_text_fn(const struct layout_entry *e);

static const char *name_of(const struct layout_entry *e)
{
	return e->name;
}

static const char *ref_name_of(const struct layout_entry *e)
{
	return e->ref_name;
}

static int compare_by(entry_text_fn *text_of, const void *a, const void *b)
{
	const struct layout_entry *const *one = a, *const *other = b;
	int order = strcmp(text_of(*one), text_of(*other));

	return order != 0 ? order : (*one > *other) - (*one < *other);
}

static int compare_names(const void *a, const void *b)
{
	return compare_by(name_of, a, b);
}

static int compare_ref_names(const void *a, const void *b)
{
	return compare_by(ref_name_of, a, b);
}

static enum err_code sort_by(const struct layout_index *x, entry_text_fn *text_of,
			     int (*compare)(const void *, const void *), struct layout_by_text *ret_sorted,
			     struct err *err)
{
	struct layout_by_text s = { .len = 0 };
	size_t i;

	for (i = 0; i < x->len; i++)
		s.len += text_of(&x->entries[i]) != NULL;
	s.items = calloc(s.len + 1, sizeof(*s.items));
	if (s.items == NULL)
		return err_nomem(err);
	s.len = 0;
	for (i = 0; i < x->len; i++) {
		if (text_of(&x->entries[i]) != NULL)
			s.items[s.len++] = &x->entries[i];
	}
	qsort(s.items, s.len, sizeof(*s.items), compare);
	*ret_sorted = s;
	return ERR_OK;
}

/* Where a text begins, or would. */
static size_t find_text(const struct layout_by_text *s, entry_text_fn *text_of, const char *text)
{
	size_t low = 0, high = s->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(text_of(s->items[mid]), text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct layout_entry *layout_find(const struct layout *l, const char *name)
{
	const struct layout_by_text *s = &l->index.by_name;
	size_t at = find_text(s, name_of, name);

	return at < s->len && strcmp(name_of(s->items[at]), name) == 0 ? s->items[at] : NULL;
}

const struct layout_entry *const *layout_tagged(const struct layout *l, const char *tag, size_t *ret_len)
{
	const struct layout_by_text *s = &l->index.by_ref_name;
	size_t at = find_text(s, ref_name_of, tag), end = at;

	while (end < s->len && strcmp(ref_name_of(s->items[end]), tag) == 0)
		end++;
	*ret_len = end - at;
	return s->items + at;
}

enum err_code layout_index_read(const char *text, size_t len, const char *file, const char *what,
				struct layout_index *ret_index, struct layout_document *ret_document, struct err *err)
{
	static const char *const names[] = { "manifests" };
	CLEANUP(layout_index_release) struct layout_index x = { .text_bytes = len };
	CLEANUP(layout_document_release) struct layout_document d = { 0 };
	enum err_code code =
		js_lists_read(text, len, LIMIT_DESCRIPTION_VALUES, file, names, COUNT_OF(names), &d.list, &d.rest, err);

	if (code == ERR_OK)
		code = read_entries(d.list, what, &x, err);
	if (code == ERR_OK)
		code = sort_by(&x, name_of, compare_names, &x.by_name, err);
	if (code == ERR_OK)
		code = sort_by(&x, ref_name_of, compare_ref_names, &x.by_ref_name, err);
	if (code != ERR_OK)
		return code;
	*ret_index = x;
	*ret_document = d;
	x = (struct layout_index){ 0 };
	d = (struct layout_document){ 0 };
	return ERR_OK;
}

void layout_index_release(struct layout_index *x)
{
	free(x->by_name.items);
	free(x->by_ref_name.items);
	free(x->entries);
	intern_release(&x->strings);
	*x = (struct layout_index){ 0 };
}

void layout_document_release(struct layout_document *d)
{
	js_free(d->rest);
	*d = (struct layout_document){ 0 };
}
