/* js_item.h - an item of a long list: an object whose members are looked at once, and forgotten.
 *
 * Lifecycle  js_item_read, or js_item_of a value that is parsed already; ask; js_item_release, or read the
 *            next one into it.  A zeroed item is fine.
 * Plain      What is written by programs is mostly plain: no blanks, no escapes, ASCII, whole numbers that are
 *            not negative, few members, little depth.  Such an item is read where it stands, which takes a tenth
 *            of the time and allocates nothing.  js_read reads whatever else there may be, and says what is wrong
 *            with it.
 * Bounds     Those of js.h, which the document was held against; of a plain item JS_ITEM_MEMBERS and
 *            JS_ITEM_BYTES; of any other, and of one of which all is wanted, the values that its place allows.
 * Ownership  Texts and values are the item's, but for those of js_item_of.
 * Errors     ERR_FORMAT with the place in the document, ERR_LIMIT, ERR_NOMEM.  The getters give NULL or false, as those
 * of js.h do.
 */
#ifndef COMMON_JS_ITEM_H
#define COMMON_JS_ITEM_H

#include "common/js.h"

#define JS_ITEM_MEMBERS 16
#define JS_ITEM_BYTES ((size_t)1024)

/* Where an item stands, for messages and for those who want all of it. */
struct js_item_place {
	const char *document, *what; /* what names the document */
	const char *at;
	size_t len;
	size_t max_values; /* of a tree of it */
};

struct js_item_member {
	const char *key, *text; /* text: of a string or a number; NULL: an object or an array, which was passed over */
	bool is_number;
};

struct js_item {
	struct js_item_place place;
	const struct json_t *json; /* NULL: it is plain, and nobody asked for more */
	struct json_t *owned;
	struct js_item_member members[JS_ITEM_MEMBERS];
	size_t members_len;
	char text[JS_ITEM_BYTES]; /* keys and texts, each ended by a NUL */
};

enum err_code js_item_read(struct js_item *item, const struct js_item_place *place, struct err *err);
/* An item of a tree, borrowed; NULL is none. */
void js_item_of(struct js_item *item, const struct json_t *json);
void js_item_release(struct js_item *item);

/* True where the member is there and not null. */
bool js_item_has(const struct js_item *item, const char *key);
/* A string member, else NULL. */
const char *js_item_string(const struct js_item *item, const char *key);
/* A member that is an integer from 0 to 2^63-1: true and *ret_value, else false. */
bool js_item_uint(const struct js_item *item, const char *key, uint64_t *ret_value);
/* True where both stand there in the same words, plainly; false is no answer. */
bool js_item_same(const struct js_item *a, const struct js_item *b);
/* Write it. */
void js_item_put(const struct js_item *item, struct js_out *o);
/* All of it as a tree. */
enum err_code js_item_json(struct js_item *item, const struct json_t **ret_json, struct err *err);
#endif
