/* asked.h - what has been asked for, of which node at which source: each thing once.
 *
 * Lifecycle  A zeroed one is empty; asked_once; asked_release.
 * Bounds     Sixteen to thirty-two bytes a question.
 * Errors     ERR_NOMEM.
 */
#ifndef COMMON_ASKED_H
#define COMMON_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum asked_what { ASKED_MANIFEST, ASKED_REFERRERS };

struct asked {
	uint64_t *keys; /* owned: open addressing */
	size_t len, cap;
};

/* Whether this is the first time; from then on it is not. */
enum err_code asked_once(struct asked *a, uint32_t node, uint16_t source, enum asked_what what, bool *ret_first,
			 struct err *err);
/* Whether it was asked for. */
bool asked_has(const struct asked *a, uint32_t node, uint16_t source, enum asked_what what);
void asked_release(struct asked *a);
#endif
