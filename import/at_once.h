/* at_once.h - a registry's repository as a source that answers at once: each question waits for its answer.
 *
 * Lifecycle  at_once_new; use as a struct source; source->free, before the one behind it is freed.
 * Bounds     One manifest, or the referrers of one, at a time.
 * Ownership  The HTTP engine and the source behind are borrowed.  Nobody else may use them meanwhile.
 * Errors     Those of the source behind.
 */
#ifndef IMPORT_AT_ONCE_H
#define IMPORT_AT_ONCE_H

#include "common/http.h"
#include "common/source.h"

enum err_code at_once_new(struct http *http, struct source *behind, struct source **ret_source, struct err *err);
#endif
