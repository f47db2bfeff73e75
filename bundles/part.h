/* part.h - a file being written beside its final name, which it gets when it is whole.
 *
 * Lifecycle  part_open; part_begin, unless it goes on with what is there;
 *            write; part_publish; part_release.  Released without having been
 *            published, the part is removed, unless it is to be kept.
 *            A part that is in the way of another is set aside; part_open_old
 *            finds it again.
 *            Before it is written its size may be known: part_check_room.
 *            For a pipe: part_open_pipe; part_begin; write; part_flow, from
 *            where on everything is written in order; part_release.
 * Ownership  The part owns its descriptor, its lock and its names.
 * Errors     ERR_CONFLICT (another run writes it; the name is taken by something
 *            that is no file), ERR_NOT_FOUND (part_open_old), ERR_IO, ERR_NOMEM.
 */
#ifndef BUNDLES_PART_H
#define BUNDLES_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct part {
	char *path;   /* owned: TARGET.part, or TARGET.part.old; NULL once it is published */
	char *target; /* owned */
	int fd;       /* owned; -1 while closed */
	bool keep;    /* it stays when it is released */
	bool resumed; /* what it holds counts: what stands there already is not written again */
	bool piped;   /* it has no name, and goes into a pipe */
	int pipe;     /* borrowed; then */
	bool flowing; /* it has begun to */
	uint64_t flowed_bytes;
	bool measured;       /* piped, but nothing ever flows: only its size counts */
	uint64_t held_bytes; /* then: what an interrupted run left where it would be */
};

/* Open and lock TARGET.part as it is; one that is not empty is kept. */
enum err_code part_open(const char *target, struct part *ret_part, struct err *err);
/* Open and lock TARGET.part.old, which is kept. */
enum err_code part_open_old(const char *target, struct part *ret_part, struct err *err);
/* A file without a name, in $TMPDIR or /var/tmp, for what goes into a pipe; name is what the pipe is called in
 * messages.
 */
enum err_code part_open_pipe(int pipe, const char *name, struct part *ret_part, struct err *err);
/* The same for what is to be measured only, on the disk where target would be; anywhere where that is NULL. */
enum err_code part_open_measured(const char *target, struct part *ret_part, struct err *err);
/* Send the first len_bytes into the pipe; from then on part_write sends the next bytes, in order. */
enum err_code part_flow(struct part *p, uint64_t len_bytes, struct err *err);
/* Forget what it holds, and bring to the disk that it is one of ours. */
enum err_code part_begin(struct part *p, struct err *err);
/* Rename it to TARGET.part.old, where anything of that name is replaced, and open and lock an empty one in its place.
 */
enum err_code part_set_aside(struct part *p, struct part *ret_old, struct err *err);
/* Whether a file of so many bytes, or more, has room: as room_check says. */
enum err_code part_check_room(const struct part *p, uint64_t size_bytes, struct err *err);
enum err_code part_write(struct part *p, const void *bytes, size_t len, uint64_t offset_bytes, struct err *err);
/* Bring to the disk what was written so far. */
enum err_code part_sync(const struct part *p, struct err *err);
/* Cut to its size, sync, rename, sync the folder. */
enum err_code part_publish(struct part *p, uint64_t size_bytes, struct err *err);
/* A zeroed part is fine. */
void part_release(struct part *p);
#endif
