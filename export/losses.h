/* losses.h - images of which less is attested than last time, said and reported.
 *
 * Ownership  The rows are borrowed; both sorted.
 */
#ifndef EXPORT_LOSSES_H
#define EXPORT_LOSSES_H

#include <stdio.h>

#include "export/attested.h"

/* A line for each, which names the earlier bundle; how many there are. */
size_t losses_print(const struct attested *was, const struct attested *is, const char *since, FILE *to);
/* The member "fewerAttested" of a report. */
void losses_put(const struct attested *was, const struct attested *is, struct js_out *o);
#endif
