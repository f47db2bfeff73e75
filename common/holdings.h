/* holdings.h - what a site has, or lacks, as a small document that travels back to the connected side.
 *
 * Lifecycle  Writing: zeroed, holdings_add_… in any order, holdings_write.
 *            Reading: holdings_read; look; holdings_release.
 * Bounds     LIMIT_DESCRIPTION_BYTES and LIMIT_DESCRIPTION_VALUES for the
 *            document, LIMIT_REST_VALUES for one entry, LIMIT_IMAGES
 *            images, LIMIT_NODES of all else.  Entries are read one by one.
 * Ownership  The holdings own their strings.
 * Errors     ERR_FORMAT, ERR_USAGE (a document of another kind),
 *            ERR_UNSUPPORTED (a schema from the future), ERR_LIMIT, ERR_NOMEM.
 *            Members that are not known are ignored.
 * Format     The same holdings give the same bytes.  JSON, members in this order:
 *
 *   schemaVersion  1
 *   kind           "inventory": what a site has; "want": what an import found missing there
 *   images         by name: name, digest; of an inventory what is there, of a want what was to be imported
 *   manifests      by digest: digest, size, image: what a site has with all its layers, whose digests it does not tell;
 *                  left out where there are none
 *   layers         by digest: digest, size, manifest, image: what the site has, and who there has it
 *   missing        the same of what the site lacks; of a want only
 */
#ifndef COMMON_HOLDINGS_H
#define COMMON_HOLDINGS_H

#include "common/graph.h"
#include "common/stream.h"

enum holdings_kind { HOLDINGS_INVENTORY, HOLDINGS_WANT };

struct held_image {
	const char *name; /* full normalised name */
	struct digest digest;
};

struct held_blob {
	struct digest digest;
	uint64_t size_bytes;
	struct holder holder; /* manifest is NULL of a manifest */
};

struct held_blobs {
	struct held_blob *items; /* by digest, each once, after holdings_sort */
	size_t len, cap;
};

struct holdings {
	struct held_image *images;
	size_t images_len, images_cap;
	struct held_blobs manifests, layers, missing;
	struct intern strings;
};

enum err_code holdings_add_image(struct holdings *h, const char *name, const struct digest *digest, struct err *err);
/* Into one of the lists of h. */
enum err_code holdings_add(struct holdings *h, struct held_blobs *list, const struct held_blob *blob, struct err *err);
/* Put everything in order; of a blob that several hold, the first holder by image and manifest stays. */
void holdings_sort(struct holdings *h);
/* The blob of a digest in a sorted list, NULL if it is not there. */
const struct held_blob *holdings_find(const struct held_blobs *list, const struct digest *digest);
/* Write sorted holdings. */
enum err_code holdings_write(const struct holdings *h, enum holdings_kind kind, struct outstream *out, struct err *err);
/* Read a document of this kind, and sort it; what names it in messages. */
enum err_code holdings_read(const void *bytes, size_t len, const char *what, enum holdings_kind kind,
			    struct holdings *ret_holdings, struct err *err);
/* The option of an export that takes such a document, which is an inventory, a want or a bundle's description; NULL for
 * any other. */
const char *holdings_option(const struct json_t *json);
/* The same from a file, or a pipe. */
enum err_code holdings_read_file(const char *path, enum holdings_kind kind, struct holdings *ret_holdings,
				 struct err *err);
/* Zeroed holdings are fine. */
void holdings_release(struct holdings *h);
#endif
