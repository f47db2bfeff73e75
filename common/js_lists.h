/* js_lists.h - a document whose long lists are read item by item, so that there is never a tree of all of it.
 *
 * Lifecycle  js_lists_read; then js_list_next of each list until there is no more; js_free of the rest.
 * Lists      Members of the document's outermost object that are arrays and have one of the names that are given.
 * Bounds     Those of js.h, for the document as a whole, and LIMIT_REST_VALUES for the rest and for an item, unless the
 *            caller lets those of a list have more; of trees there are one of the rest, and one of an item.
 * Ownership  Lists lie in the document, which is borrowed, or in the rest; an item is the caller's.
 * Errors     ERR_FORMAT, ERR_LIMIT, ERR_NOMEM, with the place in the document.  All of it is JSON where the rest and
 *            each item are: so the last of that is known when the last list is read.
 */
#ifndef COMMON_JS_LISTS_H
#define COMMON_JS_LISTS_H

#include "common/js_item.h"

#define JS_LISTS_MAX 6

struct js_list {
	struct js_item_place place; /* of what is left */
	bool more;                  /* an item is due, and be it one of no bytes, which is none */
	/* Whose name is spelled with escapes is found in the rest, and its items there. */
	const struct json_t *tree;
	size_t tree_at;
};

/* ret_lists has a list for each of the names, at most JS_LISTS_MAX, without an item where there is no such array.  The
 * rest is the document with empty arrays in their place, but for names that are spelled with escapes. */
enum err_code js_lists_read(const char *document, size_t len, size_t max_values, const char *what,
			    const char *const *names, size_t names_len, struct js_list *ret_lists,
			    struct json_t **ret_rest, struct err *err);
/* How many items are left, if they are items. */
size_t js_list_len(const struct js_list *list);
/* Read the next item: *ret_there is false where there is none. */
enum err_code js_list_next(struct js_list *list, struct js_item *item, bool *ret_there, struct err *err);
#endif
