/* frame.h - the frames a bundle is made of: compressed ones, raw ones made by hand, and skippable ones.
 *
 * Lifecycle  encoder: init, encode any number of times, release.
 *            raw_writer: init, write exactly its size.
 * Units      "content" is what a frame decodes to, "stored" what it takes in the file.
 * Bounds     A packed frame holds at most FRAME_PACKED_BYTES, any other at most
 *            FRAME_CONTENT_BYTES of content.  A raw_writer keeps no data.
 * Ownership  What encode gives is the encoder's, until the next call.
 * Errors     ERR_NOMEM, ERR_IO, ERR_SIZE; those of the proof.
 * Source     RFC 8878.  A raw frame is:
 *              4  magic 28 B5 2F FD
 *              1  descriptor C4: content size in 8 bytes, checksum, no dictionary
 *              1  window 38: 128 KiB
 *              8  content size
 *              then for each 128 KiB of content (the last one may be shorter)
 *              3  block header: size << 3, type raw, lowest bit set in the last
 *              …  the content as it is
 *              and 4 lowest bytes of the content's XXH64.
 *            So byte n of a stored blob lies at an offset that needs no decoder.
 *            A bare frame is a raw one with descriptor C0 and no checksum, so
 *            that its content may be changed in its place.
 *            A compressed frame has its content size and checksum, and no
 *            dictionary; level and window are fixed by its kind.
 */
#ifndef BUNDLES_FRAME_H
#define BUNDLES_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundles/checksum.h"
#include "common/err.h"
#include "common/limits.h"

#define FRAME_PACKED_BYTES (256 * KIB)
#define FRAME_CONTENT_BYTES (4 * MIB)
#define FRAME_RAW_HEADER_BYTES 14
#define FRAME_RAW_BLOCK_BYTES (128 * KIB)
#define FRAME_BLOCK_HEADER_BYTES 3
#define FRAME_CHECKSUM_BYTES 4
#define FRAME_WINDOW_LOG_MAX 22
#define FRAME_SKIPPABLE_HEADER_BYTES 8

/* The first bytes of every bundle: a frame without content, so that every tool sees a zstd file. */
#define FRAME_EMPTY "\x28\xB5\x2F\xFD\x20\x00\x01\x00\x00"
#define FRAME_EMPTY_BYTES ((size_t)9)

#define SKIPPABLE_HEAD 0x184D2A5Bu
#define SKIPPABLE_SUMS 0x184D2A5Cu
#define SKIPPABLE_PLACES 0x184D2A5Du
#define SKIPPABLE_SEEK 0x184D2A5Eu /* by the zstd seekable format */

struct ZSTD_CCtx_s;

/* How hard a compressed frame is worked on: text that travels once, or layers. */
enum effort { EFFORT_PACKED, EFFORT_LAYER };

struct encoder {
	struct ZSTD_CCtx_s *context; /* owned */
	unsigned char *out;          /* owned */
	size_t out_cap;
};

enum err_code encoder_init(struct encoder *e, struct err *err);
/* Encode len bytes, at most FRAME_CONTENT_BYTES, as one frame; it lies in e->out. */
enum err_code encoder_frame(struct encoder *e, enum effort effort, const void *bytes, size_t len, size_t *ret_stored,
			    struct err *err);
void encoder_release(struct encoder *e);
/* The version of the encoder, MAJOR * 10000 + MINOR * 100 + RELEASE: with it, the same content gives the same bytes. */
uint32_t encoder_version(void);

/* Write a skippable frame's header. */
void frame_skippable(unsigned char out[FRAME_SKIPPABLE_HEADER_BYTES], uint32_t magic, uint32_t content_bytes);
/* What a raw frame with this much content takes in the file. */
uint32_t frame_raw_stored(uint32_t content_bytes);
/* Write the header of a raw frame, of a bare one, or of a block in either. */
void frame_raw_header(unsigned char out[FRAME_RAW_HEADER_BYTES], uint64_t content_bytes);
void frame_bare_header(unsigned char out[FRAME_RAW_HEADER_BYTES], uint64_t content_bytes);
void frame_block_header(unsigned char out[FRAME_BLOCK_HEADER_BYTES], uint32_t block_bytes, bool last);
/* True where these bytes are a raw frame of so much content, in all that is not content, and its checksum is right. */
bool frame_is_raw(const unsigned char *frame, uint32_t content_bytes);
/* Where in a run of raw frames byte content_at of so much content lies, counted from where the run begins in the file,
 * and how many bytes from there on lie in one piece. */
uint64_t frame_raw_at(uint64_t content_at, uint64_t content_bytes, uint64_t *ret_len);
/* What a run of raw frames of FRAME_CONTENT_BYTES takes in the file. */
uint64_t frame_raw_run_stored(uint64_t content_bytes);

/* A compressed frame, looked at without decoding it: how long its header is, told by the first FRAME_DESCRIPTOR_END
 * bytes; whether the header is that of a frame of ours with so much content: of this zstd and no older one, with its
 * content size and a checksum, and without a dictionary. */
#define FRAME_DESCRIPTOR_END ((size_t)5)
size_t frame_header_bytes(const unsigned char *frame);
bool frame_begins(const unsigned char *frame, size_t len, size_t content_bytes);
/* What a compressed frame with this much content takes at most. */
size_t frame_stored_max(size_t content_bytes);

/* A run of raw frames, written to its place in a file while the bytes come. */
struct raw_writer {
	int fd;           /* borrowed */
	const char *name; /* borrowed; for messages */
	uint64_t offset_bytes, left_bytes;
	uint32_t frame_left, block_left; /* of the frame and block under way */
	bool piped;                      /* fd takes bytes in order, and knows no offsets */
	struct checksum sum;             /* of the frame under way */
};

void raw_writer_init(struct raw_writer *r, int fd, uint64_t offset_bytes, uint64_t size_bytes, const char *name);
/* Before anything is written: leave the first frames as they stand in the file.  This much content is whole frames. */
void raw_writer_pass(struct raw_writer *r, uint64_t content_bytes);
/* The next bytes of the run; more than its size is ERR_SIZE.  They are given to a proof first, where not NULL. */
enum err_code raw_writer_write(struct raw_writer *r, const void *bytes, size_t len, struct digest_stream *proof,
			       struct err *err);
#endif
