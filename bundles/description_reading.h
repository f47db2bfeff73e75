/* description_reading.h - what the files that read a description share: one document that is being read, its lists, and
 * the values of their items.
 *
 * Ownership  Texts are the item's, but for those that are kept, which are the description's.
 * Errors     ERR_DAMAGED with the document's name; ERR_NOMEM.
 */
#ifndef BUNDLES_DESCRIPTION_READING_H
#define BUNDLES_DESCRIPTION_READING_H

#include "bundles/description.h"
#include "common/js_lists.h"

/* Lists that grow with what a bundle holds: of their items there is one at a time. */
enum reading_list { READING_IMAGES, READING_LINKS, READING_BLOBS, READING_LISTS };

struct reading {
	struct description *d;
	const struct json_t *json; /* the document, without the items of its lists */
	struct js_list lists[READING_LISTS];
	const char *what; /* names the document in messages */
	struct err *err;
};

#define READING_BAD(r, ...) err_set((r)->err, ERR_DAMAGED, __VA_ARGS__)

enum err_code reading_text(const struct reading *r, const struct js_item *item, const char *key, const char **ret_text);
/* A text that outlives its document. */
enum err_code reading_keep_text(const struct reading *r, const struct js_item *item, const char *key,
				const char **ret_text);
/* A full name of an image, kept too: nothing else that stands where a name should gets to a terminal, or into a bundle.
 */
enum err_code reading_name(const struct reading *r, const struct js_item *item, const char *key, const char **ret_name);
/* The one text that may be empty; it is kept. */
enum err_code reading_media_type(const struct reading *r, const struct js_item *item, const char **ret_text);
enum err_code reading_digest(const struct reading *r, const struct js_item *item, const char *key,
			     struct digest *ret_digest);
enum err_code reading_size(const struct reading *r, const struct js_item *item, uint64_t *ret_size);
/* A word out of a list, as its place in the list. */
enum err_code reading_word(const struct reading *r, const struct js_item *item, const char *key, unsigned count,
			   const char *(*name)(unsigned word), unsigned *ret_word);
const char *reading_list_name(enum reading_list list);
/* Which member is such a list; READING_LISTS where it is none. */
enum reading_list reading_list_of(const char *key);
/* A document without the items of its lists, for js_free, and its lists, which lie where they did. */
enum err_code reading_parse(const void *bytes, size_t len, const char *what, struct js_list lists[READING_LISTS],
			    struct json_t **ret_json, struct err *err);
/* Add what stands in every document: in bundle.json where it has no shards, and in each shard. */
enum err_code reading_lists(struct reading *r);
#endif
