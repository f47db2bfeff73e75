/* page_report.h - a bundle as one page that stands alone: what bundle report writes.
 *
 * Bounds  About max_bytes: the images have a half of it and their documents the other; what does not fit is
 *         named, with the command that shows it.
 * Errors  ERR_NOMEM; those of the source and the stream.
 * Trust   It travels with what it is about, and anybody can change it: it never says what was proved of whom.
 */
#ifndef IMPORT_PAGE_REPORT_H
#define IMPORT_PAGE_REPORT_H

#include "bundles/reader.h"
#include "common/graph.h"
#include "common/source.h"

/* A settled and marked graph of the bundle's images, all or some. */
enum err_code page_report(const struct bundle *b, const struct graph *g, struct source *source, uint64_t max_bytes,
			  struct outstream *to, struct err *err);
#endif
