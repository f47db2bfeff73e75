/* serve_engine_filters.h - the filters of GET /images/json.
 *
 * Lifecycle  engine_filters_read; ask; engine_filters_release.
 * Errors     ERR_USAGE in the daemon's own words; ERR_UNSUPPORTED for "until": when an image came here nobody knows.
 * Source     moby daemon/internal/filters, daemon/containerd/image_list.go, setupFilters; Go's path.Match.
 */
#ifndef IMPORT_SERVE_ENGINE_FILTERS_H
#define IMPORT_SERVE_ENGINE_FILTERS_H

#include "import/serve_engine_image.h"

struct engine_filters {
	struct json_t *json; /* owned: by filter, its values; NULL for none */
	bool dangling;       /* only images without a name are wanted, and there are none */
};

/* Read the parameter: {"reference":{"alpine":true}}, or {"reference":["alpine"]}; "" or NULL is none. */
enum err_code engine_filters_read(const char *text, struct engine_filters *ret_filters, struct err *err);
/* True where an image of this full name is wanted, as far as names decide that. */
bool engine_filters_name(const struct engine_filters *f, const char *name);
/* The values of a filter, one after the other: the first for NULL; NULL behind the last. */
const char *engine_filters_next(const struct engine_filters *f, const char *filter, const char *value);
/* True where the labels of a config fit the filters "label" and "label!". */
bool engine_filters_labels(const struct engine_filters *f, const struct json_t *config);
/* True where it must be asked for labels. */
bool engine_filters_has_labels(const struct engine_filters *f);
/* A zeroed one is fine. */
void engine_filters_release(struct engine_filters *f);
#endif
