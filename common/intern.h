/* intern.h - strings kept once, however often they are met: media types, names, platforms.
 *
 * Lifecycle  A zeroed struct is empty; intern_text; intern_release.
 * Bounds     A text has at most LIMIT_TEXT_BYTES.
 * Ownership  The strings are the table's, and stay where they are until release.
 * Errors     ERR_LIMIT, ERR_NOMEM.
 */
#ifndef COMMON_INTERN_H
#define COMMON_INTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct intern {
	char **items; /* open addressing by content */
	size_t len, cap;
};

/* The one copy of a text. */
enum err_code intern_text(struct intern *t, const char *text, const char **ret_text, struct err *err);
/* True where the table has it. */
bool intern_has(const struct intern *t, const char *text);
void intern_release(struct intern *t);
#endif
