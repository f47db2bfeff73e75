/* head.h - the head of a bundle: what it is, and where its description stands.
 *
 * Units    Offsets and sizes are bytes; "tar offset" counts in what the file decodes to.
 * Bounds   HEAD_BYTES at HEAD_OFFSET, always.
 * Errors   ERR_DAMAGED; ERR_UNSUPPORTED for a version, or a required feature,
 *          that this program does not know.  Unknown optional features are ignored.
 * Format   After the empty zstd frame a skippable frame, 5B 2A 4D 18, whose content is
 *            0  16  "OCI image bundle"
 *           16   4  version: 1
 *           20   4  encoder: zstd's version, MAJOR * 10000 + MINOR * 100 + RELEASE
 *           24   8  required features, one bit each: none yet
 *           32   8  optional features, one bit each: none yet
 *           40   8  file offset of the frames that hold oci-layout, index.json and bundle.json
 *           48   8  size in the file of these frames
 *           56   8  size of index.json
 *           64   8  tar offset of the content of bundle.json
 *           72   8  size of bundle.json
 *           80  72  digest of bundle.json, "sha256:" and 64 hex digits, then zeros
 *          152   4  lowest four bytes of the XXH64 of what stands before
 */
#ifndef BUNDLES_HEAD_H
#define BUNDLES_HEAD_H

#include <stdint.h>

#include "bundles/frame.h"
#include "common/digest.h"
#include "common/err.h"

#define HEAD_OFFSET FRAME_EMPTY_BYTES
#define HEAD_CONTENT_BYTES 156
#define HEAD_BYTES ((size_t)FRAME_SKIPPABLE_HEADER_BYTES + HEAD_CONTENT_BYTES)
/* The frame without content and the head: what every bundle begins with. */
#define HEAD_END (HEAD_OFFSET + HEAD_BYTES)

struct head {
	uint32_t encoder;
	uint64_t front_offset, front_bytes; /* in the file */
	uint64_t index_bytes;
	uint64_t description_tar_offset, description_bytes;
	struct digest description;
};

/* Write the first HEAD_END bytes of a bundle. */
void head_write(const struct head *h, unsigned char out[HEAD_END]);
/* Read the first bytes of a file, len of them (HEAD_END, unless the file is shorter). */
enum err_code head_read(const unsigned char *bytes, size_t len, const char *name, struct head *ret_head,
			struct err *err);
#endif
