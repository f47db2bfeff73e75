/* slot.h - a place in the file for one seal, which is filled later without moving a byte.
 *
 * Units   Bytes.  Slots are numbered from 0.
 * Bounds  SLOT_COUNT slots of SLOT_BYTES, always.
 * Errors  ERR_FORMAT (content that no slot may have), ERR_LIMIT (a text too long for a slot), ERR_NOMEM.
 * Format  A tar member bundle.json.sigstore.N.json, alone in a raw frame without checksum (frame.h):
 *             0   14  frame header
 *            14    3  block header
 *            17  512  tar header
 *           529 4096  content: one JSON object from the first byte on, or nothing; then spaces; the last byte is a
 *                     line feed.  A slot without an object is blank.
 *         The content is the only thing in a bundle that does not follow from its description and its blobs.
 */
#ifndef BUNDLES_SLOT_H
#define BUNDLES_SLOT_H

#include <stddef.h>

#include "bundles/frame.h"
#include "bundles/tar.h"
#include "common/err.h"

#define SLOT_COUNT 4
#define SLOT_BYTES ((size_t)4096)
#define SLOT_TEXT_MAX (SLOT_BYTES - 1)
#define SLOT_TAR_BYTES (TAR_BLOCK + SLOT_BYTES)
#define SLOT_CONTENT_AT ((size_t)FRAME_RAW_HEADER_BYTES + FRAME_BLOCK_HEADER_BYTES + TAR_BLOCK)
#define SLOT_STORED_BYTES (SLOT_CONTENT_AT + SLOT_BYTES)
#define SLOT_NAME_MAX 32

/* The name of its tar member. */
void slot_name(size_t slot, char out[SLOT_NAME_MAX]);
/* Write what stands before the content: headers of frame, block and tar. */
void slot_header(size_t slot, unsigned char out[SLOT_CONTENT_AT]);
/* Write content: a text, "" for a blank slot.  The text is not looked at but for its length. */
enum err_code slot_fill(const char *text, size_t len, unsigned char out[SLOT_BYTES], struct err *err);
/* Check content, and say how long the object in it is: 0 for a blank slot. */
enum err_code slot_check(const unsigned char content[SLOT_BYTES], size_t *ret_len, struct err *err);
#endif
