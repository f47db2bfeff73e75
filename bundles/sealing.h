/* sealing.h - a seal into a slot of a bundle that stands in its place already.
 *
 * Errors  ERR_CONFLICT (all slots are used, or another run is sealing this file), ERR_LIMIT (longer than a slot),
 *         ERR_IO, ERR_DAMAGED, ERR_NOMEM.
 */
#ifndef BUNDLES_SEALING_H
#define BUNDLES_SEALING_H

#include <stddef.h>

#include "bundles/reader.h"
#include "common/err.h"

/* Write a seal's text and bring it to the disk.  It takes the place of a seal with the same hint, else of one that was
 * written halfway, else the first blank slot.  Nothing else in the file is touched. */
enum err_code sealing_put(const struct bundle *b, const char *text, size_t len, const char *hint, size_t *ret_slot,
			  struct err *err);
#endif
