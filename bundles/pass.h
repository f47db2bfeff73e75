/* pass.h - a bundle that comes through a pipe: its frames go by one after the other and are looked at once.
 *
 * Lifecycle  pass_new; pass_head; pass_front; pass_shape whenever more of the
 *            shape is known; pass_reach and pass_read, onward only; pass_finish;
 *            pass_free.
 * Units      Offsets count in the file that goes by, or in its tar.
 * Bounds     One frame of FRAME_CONTENT_BYTES in memory.  What stands in front
 *            of the layers is kept in a file without a name, in $TMPDIR or
 *            /var/tmp, and may be read again at any time.
 * Ownership  The descriptor is borrowed, and read from where it stands.
 * Errors     ERR_DAMAGED with the offset, ERR_IO, ERR_LIMIT, ERR_NOMEM.  A layer
 *            that has gone by is ERR_IO: no bundle is asked for one twice.
 * Proof      Each frame has the size that the shape says before a byte of it is
 *            used.  pass_finish proves what only the end can tell: the sums, the
 *            table of places and the seek table are those of what went by, and
 *            nothing follows.
 */
#ifndef BUNDLES_PASS_H
#define BUNDLES_PASS_H

#include "bundles/head.h"
#include "bundles/shape.h"

struct pass;

/* Waits until something can be read; what it fails with ends the reading. */
typedef enum err_code pass_wait_fn(int fd, struct err *err);

/* wait may be NULL: then whoever reads waits. */
enum err_code pass_new(int fd, const char *name, pass_wait_fn *wait, struct pass **ret_pass, struct err *err);
/* Read what every bundle begins with. */
enum err_code pass_head(struct pass *p, struct head *ret_head, struct err *err);
/* Let the frames up to bundle.json's end go by. */
enum err_code pass_front(struct pass *p, uint64_t front_end, struct err *err);
/* What comes next follows from this shape, borrowed until the next one or the end. */
void pass_shape(struct pass *p, const struct shape *s);
/* Go on until the frame that holds this byte of the tar has come. */
enum err_code pass_reach(struct pass *p, uint64_t tar_offset, struct err *err);
/* Go on until this frame has come. */
enum err_code pass_reach_frame(struct pass *p, size_t frame, struct err *err);
/* Bytes of the file that lie in one frame: in the latest, one to come, or in front of the layers. */
enum err_code pass_read(struct pass *p, void *bytes, size_t len, uint64_t offset, struct err *err);
/* Go on to the end, and prove it. */
enum err_code pass_finish(struct pass *p, const struct head *h, struct err *err);
/* The frames that have gone by; how many bytes of the file. */
const struct seek_table *pass_seek(const struct pass *p);
uint64_t pass_bytes(const struct pass *p);
/* NULL is fine. */
void pass_free(struct pass *p);
#endif
