/* json_rows.h - a JSON document that is too large to be kept, read for its parts: a stage that leaves its long lists
 * out, and gives the items of one of them, one by one.
 *
 * Lifecycle  json_rows_init; write the document through it; finish; json_rows_release.
 * Lists      "packages", "files", "relationships", "components", "dependencies" and the like,
 *            as members of the document or of its "predicate"; nothing else is left out.
 * Bounds     One item of LIMIT_ROW_BYTES and the JSON bounds of js.h; what passes them, or
 *            is no object, is given as NULL.  The rest is bounded by its buffer.
 * Ownership  Buffer and list are borrowed.
 * Errors     ERR_LIMIT, ERR_NOMEM.  Whether what is left is JSON, js_read tells.
 */
#ifndef IMPORT_JSON_ROWS_H
#define IMPORT_JSON_ROWS_H

#include <stdbool.h>

#include "common/js.h"

#define JSON_ROWS_KEY_MAX 32

/* An item; NULL for one that cannot be read. */
typedef enum err_code json_row_fn(void *ctx, const struct json_t *item, struct err *err);

struct json_rows {
	struct outstream out;
	struct buf *rest; /* the document without the items of its lists; NULL where it is not wanted */
	const char *list; /* whose items are given; NULL for none */
	json_row_fn *fn;
	void *ctx;
	/* Where it is; levels count from 1, and keys are those of the two outermost ones. */
	unsigned depth, list_depth; /* list_depth: inside that list; 0 for none */
	bool in_string, escaped, in_key;
	bool object[3], key_comes[3];
	char key[3][JSON_ROWS_KEY_MAX];
	size_t key_len;
	bool given, too_large; /* of the list that it is in; of the item */
	struct buf item;
};

void json_rows_init(struct json_rows *r, struct buf *rest, const char *list, json_row_fn *fn, void *ctx);
/* A zeroed one is fine. */
void json_rows_release(struct json_rows *r);
#endif
