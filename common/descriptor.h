/* descriptor.h - descriptors: what something is called, how large it is and what kind of thing, as manifests and indexes
 * say it.
 *
 * Lifecycle  descriptor_parse of a value that somebody keeps; descriptor_of_item of an item of a list that is looked at
 *            and forgotten; or descriptor_read of the items of a list, one at a time, and
 *            descriptor_store_release when none of them is used any more.
 * Units      Sizes are bytes.
 * Bounds     A media type has at most LIMIT_TEXT_BYTES.  Of an item that says nothing but media type, digest and size,
 *            no tree is kept: an index lists tens of thousands of those.
 * Ownership  Strings and values in a descriptor are borrowed: from the value or the item that it was parsed from, or
 *            from the store.
 * Errors     ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 * Source     OCI Image Specification 1.1, descriptor.md.
 */
#ifndef COMMON_DESCRIPTOR_H
#define COMMON_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/intern.h"
#include "common/js_item.h"
#include "common/platform.h"

struct descriptor {
	struct digest digest;
	uint64_t size_bytes;
	const char *media_type;
	const char *artifact_type; /* NULL if it has none */
	bool has_platform;
	const struct json_t *annotations; /* NULL if it has none */
	const struct json_t *json;        /* all of it; NULL only where it says nothing else */
};

/* What descriptors that were read one at a time point to.  A zeroed one is empty. */
struct descriptor_store {
	struct json_t **trees; /* owned */
	size_t trees_len, trees_cap;
	struct intern strings;
};

/* Read one descriptor.  what names it in messages. */
enum err_code descriptor_parse(const struct json_t *json, const char *what, struct descriptor *ret_descriptor,
			       struct err *err);
/* The same of an item of a list; strings and values are borrowed from the item. */
enum err_code descriptor_of_item(struct js_item *item, const char *what, struct descriptor *ret_descriptor,
				 struct err *err);
/* The same, and the item may be forgotten then. */
enum err_code descriptor_read(struct js_item *item, const char *what, struct descriptor_store *store,
			      struct descriptor *ret_descriptor, struct err *err);
/* Free what read took.  A zeroed store is fine. */
void descriptor_store_release(struct descriptor_store *store);
/* What it runs on: true where it says that, as has_platform does. */
bool descriptor_platform(const struct descriptor *d, struct platform *ret_platform);
/* An annotation of a descriptor or manifest, NULL if there is none. */
const char *annotation(const struct json_t *annotations, const char *key);
/* ERR_FORMAT for a member that is spelled as one of these, but for what readers in Go pass over.  NULL ends
 * members. */
enum err_code members_check(const struct json_t *object, const char *const *members, const char *what, struct err *err);
#endif
