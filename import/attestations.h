/* attestations.h - what cmd_attestations.c and its way to a daemon share: the question, and a row of the table.
 *
 * Errors  Those of docker_attestations.h.
 */
#ifndef IMPORT_ATTESTATIONS_H
#define IMPORT_ATTESTATIONS_H

#include "common/digest.h"
#include "common/opt.h"
#include "common/platform.h"

struct attestations_query {
	const char *name;                /* full normalised name */
	const struct platform *platform; /* NULL for all, or for the default where that is asked for as JSON */
	const struct opt_list *types;    /* none for all */
	bool statement, json;
};

/* Print a row, and before the first one the heading.  NULL texts are shown as "-". */
void attestations_row(size_t *count, const char *platform, const char *type, const struct digest *digest,
		      uint64_t size_bytes);
/* Answer from a Docker daemon, named as docker_endpoint_find takes it; *ret_count is how many were shown. */
enum err_code attestations_from_docker(const char *daemon, const struct attestations_query *q, size_t *ret_count,
				       struct err *err);
#endif
