/* store_list.h - the images of a layout for people, or as JSON, on standard output.
 *
 * Errors  Those of reach.h and store_gc.h.
 */
#ifndef IMPORT_STORE_LIST_H
#define IMPORT_STORE_LIST_H

#include "common/layout.h"

/* The layout at path; l is NULL where there is none yet, which is an empty one. */
enum err_code store_list(const char *path, struct layout *l, bool json, struct err *err);
#endif
