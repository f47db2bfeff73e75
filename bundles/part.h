/* part.h - a file being written beside its final name, which it gets when it is whole.
 *
 * Lifecycle  part_open, write to fd, part_publish, part_release.  Released
 *            without having been published, the part is removed.
 * Ownership  The part owns its descriptor, its lock and its names.
 * Errors     ERR_CONFLICT (another run writes it; the name is taken by something
 *            that is no file), ERR_IO, ERR_NOMEM.
 */
#ifndef BUNDLES_PART_H
#define BUNDLES_PART_H

#include <stdint.h>

#include "common/err.h"

struct part {
	char *path;   /* owned: TARGET.part; NULL once it is published */
	char *target; /* owned */
	int fd;       /* owned; -1 while closed */
};

/* Open and lock TARGET.part, empty.  One that a killed run left behind is taken over. */
enum err_code part_open(const char *target, struct part *ret_part, struct err *err);
/* ERR_IO, saying both sizes, where the disk has less room than that. */
enum err_code part_check_room(const struct part *p, uint64_t need_bytes, struct err *err);
/* Cut to its size, sync, rename, sync the folder. */
enum err_code part_publish(struct part *p, uint64_t size_bytes, struct err *err);
/* A zeroed part is fine. */
void part_release(struct part *p);
#endif
