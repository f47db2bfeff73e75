/* tarball.h - a tar archive that somebody else made, compressed or not: which files are in it, and where.
 *
 * Lifecycle  tarball_open; look; tarball_close.
 * Bounds     LIMIT_ARCHIVE_MEMBERS members.  A compressed archive is unpacked once, into a file without a name in
 *            folder_temporary(), by at most LIMIT_ARCHIVE_RATIO; LIMIT_SPARE_BYTES stay free there.  Memory: what its
 *            decoder wants, 64 MiB for xz -9, and some 100 bytes for a file that is wanted.
 * Ownership  A tarball owns its names and its file descriptor.
 * Errors     ERR_FORMAT (no tar archive; a wanted name that is no regular file, is there twice, or is stored with
 *            holes; a name that leads out of the archive), ERR_SIZE (it ends early), ERR_UNSUPPORTED (a libarchive
 *            without one of these compressions), ERR_LIMIT, ERR_IO, ERR_NOMEM.
 * Trust      Nothing is ever written under a name from the archive.  Content is not proved.
 * Source     pax(1) and GNU tar, as libarchive reads them, through gzip, bzip2, xz, lzma, lzip, zstd, lz4 and compress;
 *            no program is run for another compression.
 */
#ifndef COMMON_TARBALL_H
#define COMMON_TARBALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct tarball;

struct tarball_member {
	const char *name; /* without "./" in front */
	uint64_t offset_bytes, size_bytes;
};

/* Which names are of use; the others are passed over. */
typedef bool tarball_wanted_fn(const char *name);

enum err_code tarball_open(const char *path, tarball_wanted_fn *wanted, struct tarball **ret_tarball, struct err *err);
/* The member of a wanted name, NULL if there is none. */
const struct tarball_member *tarball_find(const struct tarball *t, const char *name);
/* The wanted members, by name. */
const struct tarball_member *tarball_members(const struct tarball *t, size_t *ret_len);
/* Where their bytes lie, for pread. */
int tarball_fd(const struct tarball *t);
/* NULL is fine. */
void tarball_close(struct tarball *t);
#endif
