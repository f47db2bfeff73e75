/* description_json.h - what a bundle says of itself, as a value in a report.
 *
 * Bounds  One document of the description at a time.
 * Errors  Those of reader.h and js.h.
 * Format  That of description.h, whether the description lies in the file in one piece or in shards; a referrer that
 *         several shards name stands once for each.
 */
#ifndef BUNDLES_DESCRIPTION_JSON_H
#define BUNDLES_DESCRIPTION_JSON_H

#include "bundles/reader.h"
#include "common/graph.h"
#include "common/js.h"

/* The whole description, with members that this program does not know. */
enum err_code description_put(struct js_out *o, const struct bundle *b, struct err *err);
/* The images, referrers and blobs of a settled graph of at most SHARD_IMAGES images, which was walked from the bundle,
 * for js_free. */
enum err_code description_of_images(const struct bundle *b, const struct graph *g, struct json_t **ret_json,
				    struct err *err);
#endif
