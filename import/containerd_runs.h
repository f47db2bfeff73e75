/* containerd_runs.h - what can be run of an image that is in a containerd.
 *
 * Bounds  One manifest at a time, and each once; CONTAINERD_INDEX_DEPTH indexes in each other.
 * Errors  Those of containerd.h and plan.h.  What is damaged or makes no sense there cannot be run, and is no error.
 */
#ifndef IMPORT_CONTAINERD_RUNS_H
#define IMPORT_CONTAINERD_RUNS_H

#include "import/containerd.h"
#include "import/plan.h"

#define CONTAINERD_INDEX_DEPTH 3

/* Note in images[].runs the platforms of what an image's name stands for now that are there whole. */
enum err_code containerd_runs(struct containerd *c, struct plan *plan, size_t image, struct err *err);
#endif
