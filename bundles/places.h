/* places.h - the table of places: where each blob stands, found without the description, by a few small reads.
 *
 * Lifecycle  Writing and verifying: places_make.  Reading: places_open, places_find.
 * Units      Offsets and sizes are bytes; offsets count in the tar.
 * Bounds     48 bytes a blob to make; places_find reads 48 bytes at a time.
 * Errors     ERR_DAMAGED with file and offset, ERR_IO, ERR_NOMEM.
 * Trust      A table is no proof: whoever goes to a place holds the tar header
 *            there against the blob's name, and the bytes against its digest.
 * Format     A skippable frame, 5D 2A 4D 18, whose content is
 *              16  "places of bundle"
 *            and for each blob that is in the file, sorted by these 48 bytes
 *              32  the digest, or the first half of a sha512
 *               8  where the content begins
 *               7  its size
 *               1  how it is stored: 0 packed, 1 raw, 2 zstd
 */
#ifndef BUNDLES_PLACES_H
#define BUNDLES_PLACES_H

#include <stddef.h>
#include <stdint.h>

#include "bundles/description.h"
#include "common/digest.h"
#include "common/err.h"

struct shape;
struct frame_file;

struct place {
	uint64_t content, size_bytes;
	enum stored stored; /* STORED_ABSENT: it has no place */
};

/* A table in a file. */
struct places {
	const struct frame_file *file; /* borrowed */
	uint64_t offset;               /* of the first entry */
	size_t len;
};

/* What the frame takes in the file. */
size_t places_bytes(size_t blobs);
/* The frame, for the caller to free. */
enum err_code places_make(const struct shape *s, unsigned char **ret_frame, struct err *err);
/* The table of a file whose seek table was read. */
enum err_code places_open(struct places *p, const struct frame_file *file, struct err *err);
/* Where a blob stands; what is found is inside the tar. */
enum err_code places_find(const struct places *p, const struct digest *digest, struct place *ret_place,
			  struct err *err);
#endif
