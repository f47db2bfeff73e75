/* alone.h - what a bundle would carry if one platform alone were chosen: a hint for who did not think of it.
 *
 * Units   Bytes of blobs and manifests, as in summary.h.
 * Rules   The platform is this machine's where every image with several platforms has it, else the first one of the
 *         first such image that all of them have.  Attestations and referrers of other platforms go with them.
 * Errors  ERR_NOMEM.
 */
#ifndef EXPORT_ALONE_H
#define EXPORT_ALONE_H

#include "common/graph.h"

struct alone {
	const char *platform; /* the graph's; NULL: there is no choice, or none that fits all images */
	uint64_t bytes;
};

/* Of a settled graph in which everything that is not carried is marked. */
enum err_code alone_of(const struct graph *g, struct alone *ret_alone, struct err *err);
#endif
