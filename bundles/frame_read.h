/* frame_read.h - parts of the tar, read from their frames in the file by pread.
 *
 * Lifecycle  init, then aim and read to the end any number of times; a zstd_reader:
 *            release.
 * Units      Tar offsets are bytes.
 * Bounds     zstd_reader: a decoder with a window of at most 4 MiB, and 64 KiB.
 *            raw_reader: nothing.
 * Ownership  The frame_file is borrowed, and everything in it.
 * Errors     ERR_DAMAGED with file and offset; ERR_IO, ERR_NOMEM.  What was read
 *            before is not proved by the frames: they only tell damage early.
 * Source     RFC 8878; frame.h.
 */
#ifndef BUNDLES_FRAME_READ_H
#define BUNDLES_FRAME_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundles/checksum.h"
#include "bundles/frame.h"
#include "bundles/seek.h"
#include "common/err.h"
#include "common/stream.h"

struct ZSTD_DCtx_s;

struct pass;

/* Where frames are read from: a file, or what has come through a pipe. */
struct frame_file {
	int fd;
	const char *name; /* for messages */
	const struct seek_table *seek;
	struct pass *pass;            /* NULL: a file */
	struct spare_decoders *spare; /* NULL: none are kept */
};

/* Bytes that lie in one frame. */
enum err_code frame_file_read(const struct frame_file *file, void *bytes, size_t len, uint64_t offset, struct err *err);

/* Compressed frames, from any byte in them. */
struct zstd_reader {
	struct instream in;
	const struct frame_file *file;
	struct ZSTD_DCtx_s *context; /* owned */
	struct checksum sum;         /* of the frame under way, as it is stored */
	unsigned char *coded;        /* owned: bytes from the file, not yet decoded */
	size_t coded_at, coded_len;
	size_t frame; /* the one under way, or the next one */
	bool in_frame;
	uint64_t file_at, file_end; /* of the frame under way, not yet read */
	uint64_t content_left;      /* of the frame under way */
	uint64_t tar_at;            /* where that begins */
	uint64_t skip_bytes;        /* before the first byte that is wanted */
	uint64_t left_bytes;        /* that are wanted */
	const unsigned char *sums;  /* of the coming frames as they are stored; NULL: not checked */
};

enum err_code zstd_reader_init(struct zstd_reader *r, const struct frame_file *file, struct err *err);
/* The next bytes are those of the tar from begin to end.  Reading to the end checks the last frame too, if it ends
 * there. sums, where not NULL, holds SUM_BYTES for each frame from the one that holds begin. */
void zstd_reader_aim(struct zstd_reader *r, uint64_t begin, uint64_t end, const unsigned char *sums);
void zstd_reader_release(struct zstd_reader *r);

/* How much of the file a compressed frame with this content takes; ERR_DAMAGED where none stands there whole. */
enum err_code frame_walk(const struct frame_file *file, uint64_t file_at, uint64_t content_bytes, uint64_t *ret_stored,
			 struct err *err);

/* A run of raw frames, from its beginning.  A wrong checksum is told at the end of the run, after all of its content:
 * so whoever compares digests can say which blob it is, and what it has become. */
struct raw_reader {
	struct instream in;
	const struct frame_file *file;
	struct checksum sum; /* of the frame under way */
	bool check_sums;     /* else they are not looked at */
	bool bare;           /* the frames have no checksums */
	bool damaged;
	uint64_t damaged_at; /* in the file: the first frame with a wrong checksum */
	uint64_t file_at, left_bytes;
	uint32_t frame_left, block_left;
	uint64_t fetched_at;                             /* in the file: where the latest bytes were read */
	unsigned char fetched_sum[FRAME_CHECKSUM_BYTES]; /* what stands behind them, where they end a frame */
};

/* check_sums is for who wants every byte of the file proved; a digest behind the reader proves the content anyway. */
void raw_reader_init(struct raw_reader *r, const struct frame_file *file, bool check_sums);
void raw_reader_aim(struct raw_reader *r, uint64_t begin, uint64_t end);
/* The parts of a read, for who hashes the bytes by himself: they are fetched, go to r->sum, and are settled. */
enum err_code raw_reader_fetch(struct raw_reader *r, void *bytes, size_t cap, size_t *ret_len, struct err *err);
void raw_reader_settle(struct raw_reader *r);
/* The same for so much content whose frames begin at an offset in the file: file's seek table is not needed then. */
void raw_reader_aim_at(struct raw_reader *r, uint64_t file_at, uint64_t content_bytes);
/* The same for a run of bare frames. */
void raw_reader_aim_bare(struct raw_reader *r, uint64_t begin, uint64_t end);
#endif
