/* unasked.h - how much it is that --platform leaves out: what those manifests list for which nobody asked.
 *
 * Lifecycle  unasked_weigh on a settled graph, in a dry run, when all else has
 *            been asked: this asks for these manifests.
 * Units      Bytes of blobs, each once, and none that the graph has: those are
 *            counted there, as the manifests themselves are.  What refers to
 *            them is not looked for.
 * Bounds     UNASKED_MAX manifests are asked for, UNASKED_WIDTH at a time: nobody
 *            waits for more of them for the sake of a number.  UNASKED_BLOBS_MAX
 *            blobs are told apart; what comes after them is not counted.
 * Errors     ERR_NOMEM.  A manifest that the source does not give, or that cannot
 *            be read, is not counted, and is no error: nobody wants it.
 */
#ifndef EXPORT_UNASKED_H
#define EXPORT_UNASKED_H

#include "export/gather.h"

#define UNASKED_MAX ((size_t)1000)
#define UNASKED_WIDTH 64
#define UNASKED_BLOBS_MAX ((size_t)20000)

struct unasked {
	uint64_t bytes;
	bool partial; /* there is more, and nobody knows how much */
};

enum err_code unasked_weigh(struct gather *g, struct unasked *ret_unasked, struct err *err);
#endif
