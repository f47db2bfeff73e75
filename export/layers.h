/* layers.h - the layers of a bundle, from their sources into the file or the pipe.
 *
 * Lifecycle  Fill in the struct once the writer has every small blob; layers_to_file or layers_to_pipe.
 * Ownership  Everything is borrowed.
 * Errors     Those of fetch.h, spill.h and bundles/writer.h.
 */
#ifndef EXPORT_LAYERS_H
#define EXPORT_LAYERS_H

#include "bundles/writer.h"
#include "export/gather.h"
#include "export/watch.h"

struct layers {
	struct gather *gather;
	struct bundle_writer *writer;
	struct watch *watch;
	unsigned jobs;
	/* In the description's order: those that are compressed already, and right behind them the others.  They may
	 * be put in another order here. */
	uint32_t *nodes;
	size_t raws_len, plains_len;
};

/* Straight to where they will stay: side by side and in pieces, and beside them those that are compressed on the way,
 * one after the other. */
enum err_code layers_to_file(const struct layers *l, struct err *err);
/* In the order in which they are listed, however they arrive. */
enum err_code layers_to_pipe(const struct layers *l, struct err *err);
#endif
