/* The part of layout.h that reads index.json. */
#include <stdlib.h>

#include "common/layout.h"
#include "common/layout_private.h"
#include "common/limits.h"
#include "common/mem.h"

static enum err_code read_entry(struct js_item *item, const char *what, struct descriptor_store *store,
				struct layout_entry *ret_entry, struct err *err)
{
	struct layout_entry e = { .name = NULL };
	enum err_code code = descriptor_read(item, what, store, &e.descriptor, err);
	struct digest subject;

	if (code != ERR_OK)
		return code;
	e.subject = annotation(e.descriptor.annotations, ANNOTATION_SUBJECT);
	if (e.subject != NULL && digest_parse(e.subject, &subject, err) != ERR_OK)
		return err_add(err, "%s", what);
	if (e.subject == NULL) {
		e.name = annotation(e.descriptor.annotations, ANNOTATION_IMAGE_NAME);
		if (e.name == NULL)
			e.name = annotation(e.descriptor.annotations, ANNOTATION_REF_NAME);
	}
	*ret_entry = e;
	return ERR_OK;
}

static enum err_code read_entries(struct js_list list, const char *what, struct layout_index *x, struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	bool there = false;
	enum err_code code;

	x->entries = calloc(js_list_len(&list) + 1, sizeof(*x->entries));
	code = x->entries != NULL ? js_list_next(&list, &item, &there, err) : err_nomem(err);
	while (code == ERR_OK && there) {
		code = read_entry(&item, what, &x->store, &x->entries[x->len], err);
		x->len += code == ERR_OK;
		if (code == ERR_OK)
			code = js_list_next(&list, &item, &there, err);
	}
	return code;
}

enum err_code layout_index_read(const char *text, size_t len, const char *file, const char *what,
				struct layout_index *ret_index, struct layout_document *ret_document, struct err *err)
{
	static const char *const names[] = { "manifests" };
	CLEANUP(layout_index_release) struct layout_index x = { 0 };
	CLEANUP(layout_document_release) struct layout_document d = { 0 };
	enum err_code code =
		js_lists_read(text, len, LIMIT_DESCRIPTION_VALUES, file, names, COUNT_OF(names), &d.list, &d.rest, err);

	if (code == ERR_OK)
		code = read_entries(d.list, what, &x, err);
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
	free(x->entries);
	descriptor_store_release(&x->store);
	*x = (struct layout_index){ 0 };
}

void layout_document_release(struct layout_document *d)
{
	js_free(d->rest);
	*d = (struct layout_document){ 0 };
}
