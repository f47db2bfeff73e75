/* attestations.h - what the files of bundle attestations share: the question, and how answers are printed.
 *
 * Errors  Those of docker_attestations.h and statements.h.
 * Trust   What a statement says is printed as a claim: no signature is looked at.
 */
#ifndef IMPORT_ATTESTATIONS_H
#define IMPORT_ATTESTATIONS_H

#include "common/digest.h"
#include "common/graph.h"
#include "common/opt.h"
#include "common/platform.h"
#include "common/source.h"

struct attestations_query {
	const char *name;                /* full normalised name */
	const struct platform *platform; /* NULL for all, or for the default where that is asked for as JSON */
	const struct opt_list *types;    /* none for all */
	bool statement, json;
	bool referrers;   /* what referrers state too */
	const char *text; /* the image as the user calls it */
};

/* Print a row, and before the first one the heading.  NULL texts are shown as "-". */
void attestations_row(size_t *count, const char *platform, const char *type, const struct digest *digest,
		      uint64_t size_bytes);
/* Print below it what the statement claims, if that can be said in a line. */
void attestations_claims(const struct json_t *statement);
/* Answer from a source that answers at once, of the one image of a settled graph; how many were shown, and how many are
 * listed and not here. */
enum err_code attestations_print(const struct attestations_query *q, const struct graph *g, struct source *source,
				 size_t *ret_count, size_t *ret_absent, struct err *err);
/* Answer from a Docker daemon, named as docker_endpoint_find takes it; *ret_count is how many were shown. */
enum err_code attestations_from_docker(const char *daemon, const struct attestations_query *q, size_t *ret_count,
				       struct err *err);
#endif
