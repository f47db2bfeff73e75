/* attested.h - how much is attested about each platform of each image, to be held against the last time.
 *
 * Lifecycle  Zeroed, attested_of_graph or attested_of_description, attested_sort;
 *            attested_lost for two of them; attested_release.
 * Bounds     A row for each platform of each image, and one for each index.
 * Ownership  The rows own their strings.
 * Errors     ERR_NOMEM, ERR_LIMIT.
 * Rules      Signatures are referrers that say nothing else: cosign's .sig tags,
 *            its bundles without a predicate of another kind, and notation's.
 *            Those of the attestation manifests of a platform count for it.  All
 *            other referrers and the statements of attestation manifests are
 *            attestations.  Of a manifest tagged .sig or .att each blob counts,
 *            where the manifest was read; a description does not tell.
 *            An image that was not there last time under its own name is held
 *            against the only one of its repository, if there was one only.
 */
#ifndef EXPORT_ATTESTED_H
#define EXPORT_ATTESTED_H

#include "common/graph.h"
#include "common/js.h"

struct attested_row {
	const char *image;    /* full name */
	const char *platform; /* "" for the index itself */
	size_t attestations, signatures;
};

struct attested {
	struct attested_row *rows; /* by image and platform, each pair once, after attested_sort */
	size_t len, cap;
	struct intern strings;
};

enum err_code attested_of_graph(struct attested *a, const struct graph *g, struct err *err);
/* A description's own JSON, which was checked. */
enum err_code attested_of_description(struct attested *a, const struct json_t *json, struct err *err);
/* Put rows in order; several manifests of one platform are one row. */
void attested_sort(struct attested *a);
/* The row of last time that says more than this one, NULL if there is none. */
const struct attested_row *attested_lost(const struct attested *was, const struct attested_row *is);
/* Zeroed ones are fine. */
void attested_release(struct attested *a);
#endif
