/* page_json.h - any JSON as a tree for people.
 *
 * Bounds  PAGE_JSON_VALUES values; then a word says that there are more.  The depth is that of js.h.
 */
#ifndef IMPORT_PAGE_JSON_H
#define IMPORT_PAGE_JSON_H

#include "common/js.h"
#include "import/html.h"

#define PAGE_JSON_VALUES ((size_t)2000)

void page_json(struct html *h, const struct json_t *value);
#endif
