/* attested.h - how much is attested about each platform of each image, to be held against the last time (losses.h).
 *
 * Lifecycle  Zeroed, attested_of_graph or attested_of_description, attested_sort;
 *            attested_release.
 * Bounds     A row for each platform of each image, and one for each index.
 * Ownership  The rows own their strings.
 * Errors     ERR_NOMEM, ERR_LIMIT.
 * Rules      Signatures are referrers that say nothing else: cosign's .sig tags,
 *            its bundles without a predicate of another kind, and notation's.
 *            Those of the attestation manifests of a platform count for it.  All
 *            other referrers and the statements of attestation manifests are
 *            attestations.  Of a manifest tagged .sig or .att each blob counts,
 *            where the manifest was read; a description does not tell.
 *            What is absent does not count.  A platform that was not asked for has
 *            a row that says so.
 */
#ifndef EXPORT_ATTESTED_H
#define EXPORT_ATTESTED_H

#include "bundles/description.h"
#include "common/graph.h"
#include "common/js.h"

#define PLATFORM_UNKNOWN "unknown"

struct attested_row {
	const char *image;    /* full name */
	const char *platform; /* "" for the index itself, "unknown" where the image does not say */
	size_t attestations, signatures;
	bool left_out; /* nobody asked for it, so nothing is known of it */
};

struct attested {
	struct attested_row *rows; /* by image and platform, each pair once, after attested_sort */
	size_t len, cap;
	struct intern strings;
};

enum err_code attested_of_graph(struct attested *a, const struct graph *g, struct err *err);
/* A description's own JSON, which d was read from. */
enum err_code attested_of_description(struct attested *a, const struct json_t *json, const struct description *d,
				      struct err *err);
/* Put rows in order; several manifests of one platform are one row. */
void attested_sort(struct attested *a);
/* The row of an image and platform, after attested_sort; NULL if there is none. */
const struct attested_row *attested_find(const struct attested *a, const char *image, const char *platform);
/* Zeroed ones are fine. */
void attested_release(struct attested *a);
#endif
