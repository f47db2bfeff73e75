/* stream.h - the one shape in which data flows: an outstream is pushed to, an instream is pulled from.
 *
 * Lifecycle  outstream: write any number of times, finish once for success,
 *            release always.  Nothing that was written counts until finish
 *            returned ERR_OK.  instream: read until it gives 0 bytes, release.
 * Ownership  A stage embeds the struct and may hold the next stage, which it
 *            finishes but never releases: whoever made a stage releases it.
 * Bounds     No stage keeps more than a constant amount of data.
 * Errors     Those of the stages.
 */
#ifndef COMMON_STREAM_H
#define COMMON_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/err.h"

#define STREAM_CHUNK_BYTES 65536

struct outstream {
	enum err_code (*write)(struct outstream *s, const void *bytes, size_t len, struct err *err);
	enum err_code (*finish)(struct outstream *s, struct err *err); /* may be NULL: nothing to do */
	/* write, of bytes that a proof has not seen: for a stage that goes over them itself, and lets it see them
	 * meanwhile, before any of them goes further.  May be NULL. */
	enum err_code (*write_proved)(struct outstream *s, const void *bytes, size_t len, struct digest_stream *proof,
				      struct err *err);
};

struct instream {
	/* Up to cap bytes; 0 in *ret_len means the end, and the end only. */
	enum err_code (*read)(struct instream *s, void *bytes, size_t cap, size_t *ret_len, struct err *err);
	void (*release)(struct instream *s); /* may be NULL */
};

enum err_code outstream_write(struct outstream *s, const void *bytes, size_t len, struct err *err);
/* Write what the proof has not seen, and let it see that. */
enum err_code outstream_write_proved(struct outstream *s, const void *bytes, size_t len, struct digest_stream *proof,
				     struct err *err);
enum err_code outstream_finish(struct outstream *s, struct err *err);
enum err_code instream_read(struct instream *s, void *bytes, size_t cap, size_t *ret_len, struct err *err);
void instream_release(struct instream *s);

/* Pass bytes on to next while they are proved; finish fails unless size and digest match. */
struct proof_stage {
	struct outstream out;
	struct digest_stream digest;
	struct outstream *next;
};
enum err_code proof_stage_init(struct proof_stage *s, const struct digest *want, uint64_t size_bytes,
			       struct outstream *next, struct err *err);
void proof_stage_release(struct proof_stage *s);

/* Of size_bytes bytes pass on those from one place up to another, and drop those before and behind.  Where the range
 * goes up to their end, more than there should be is passed on too: it is for a proof to refuse. */
struct range_stage {
	struct outstream out;
	uint64_t skip_bytes, take_bytes; /* still to be dropped, and then to be passed on */
	struct outstream *next;
};
void range_stage_init(struct range_stage *s, uint64_t from_bytes, uint64_t end_bytes, uint64_t size_bytes,
		      struct outstream *next);

/* Pull from next, proved: the read that meets the end fails unless size and digest match.  Owns next. */
struct proof_stream {
	struct instream in;
	struct digest_stream digest;
	struct instream *next;
};
enum err_code proof_stream_init(struct proof_stream *s, const struct digest *want, uint64_t size_bytes,
				struct instream *next, struct err *err);

/* Collect into a buffer, whose maximum bounds it. */
struct buf_stage {
	struct outstream out;
	struct buf *buf; /* borrowed */
};
void buf_stage_init(struct buf_stage *s, struct buf *buf);

/* Write to a file descriptor at a running offset. */
struct fd_stage {
	struct outstream out;
	int fd; /* borrowed */
	uint64_t offset_bytes;
	const char *name; /* borrowed; for messages */
};
void fd_stage_init(struct fd_stage *s, int fd, uint64_t offset_bytes, const char *name);

/* Read bytes that lie in memory. */
struct memory_stream {
	struct instream in;
	const char *bytes; /* borrowed */
	size_t left;
};
void memory_stream_init(struct memory_stream *s, const void *bytes, size_t len);

/* Read a part of a file by pread. */
struct fd_stream {
	struct instream in;
	int fd; /* borrowed */
	uint64_t offset_bytes, left_bytes;
	const char *name; /* borrowed; for messages */
};
void fd_stream_init(struct fd_stream *s, int fd, uint64_t offset_bytes, uint64_t size_bytes, const char *name);

/* Move everything from in to out, and finish out. */
enum err_code stream_copy(struct instream *in, struct outstream *out, struct err *err);
/* pwrite until all is written. */
enum err_code write_at(int fd, const void *bytes, size_t len, uint64_t offset_bytes, const char *name, struct err *err);
/* pread exactly len bytes; ERR_SIZE where the file ends before. */
enum err_code read_at(int fd, void *bytes, size_t len, uint64_t offset_bytes, const char *name, struct err *err);
#endif
