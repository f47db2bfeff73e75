/* writing.h - the inside of a bundle_writer: frames appended in order, and the streams of layers.
 *
 * Lifecycle  That of writer.h, the only user besides the writer's own files.
 * Units      file_at is the offset in the file at which the next frame is appended.
 * Bounds     See writer.h.
 */
#ifndef BUNDLES_WRITING_H
#define BUNDLES_WRITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundles/description.h"
#include "bundles/frame.h"
#include "bundles/kept.h"
#include "bundles/leftover.h"
#include "bundles/part.h"
#include "bundles/seek.h"
#include "bundles/shape.h"
#include "bundles/writer.h"
#include "common/writeback.h"

/* A place in the order of frames to which the writer can go back. */
struct mark {
	uint64_t file_at;
	size_t frames, sums_len;
};

/* Frames, one after the other. */
struct append {
	struct part *part; /* borrowed */
	struct encoder encoder;
	struct seek_table seek;
	unsigned char *sums; /* owned: SUM_BYTES for each compressed frame */
	size_t sums_len, sums_cap;
	uint64_t file_at;
	/* The run that is being cut into frames. */
	enum effort effort;
	unsigned char *chunk; /* owned */
	size_t chunk_len, chunk_cap, frame_bytes;
};

enum err_code append_init(struct append *a, struct part *part, struct err *err);
/* Leave room for a run of raw frames, which are written there by others. */
enum err_code append_place(struct append *a, const struct run *raw, struct err *err);
/* Leave room for a frame that is written there later and holds nothing of the tar. */
enum err_code append_room(struct append *a, size_t len, struct err *err);
/* Write bytes that are a frame of their own and hold so much of the tar. */
enum err_code append_plain(struct append *a, const void *bytes, size_t len, uint64_t tar_bytes, struct err *err);
/* Cut what follows into frames of frame_bytes. */
enum err_code append_begin(struct append *a, enum effort effort, uint64_t frame_bytes, struct err *err);
enum err_code append_bytes(struct append *a, const void *bytes, size_t len, struct err *err);
enum err_code append_zeros(struct append *a, size_t len, struct err *err);
/* The header of a member. */
enum err_code append_header(struct append *a, const struct member *m, struct err *err);
/* Write the last, shorter frame, if anything is left for it. */
enum err_code append_end(struct append *a, struct err *err);
struct mark append_mark(const struct append *a);
/* Forget everything after the mark. */
void append_return(struct append *a, const struct mark *mark);
void append_release(struct append *a);

struct bundle_writer {
	const struct graph *graph; /* borrowed */
	struct progress *progress; /* borrowed: hears what becomes of leftovers; may be NULL */
	struct part part;
	struct leftover old; /* of another plan; its part is closed where there is none */
	struct description description;
	struct shape shape;
	struct append append;
	struct writeback *writeback; /* owned: of raw layers in a file, else NULL */
	uint64_t *places;            /* owned: where in the file the frames of each raw blob begin */
	bool *done;                  /* owned: which blobs are complete */
	size_t next;                 /* the packed blob, and later the zstd blob, that is due */
	bool zstd_open;              /* its stream is in use */
	struct bundle_size size;
	bool has_layers; /* a whole frame of a layer has arrived, which is worth keeping */
};

/* What stands in front of all blobs: two files, and how bundle.json is divided.  Shards are made twice, so that none
 * has to be kept. */
struct writer_front {
	struct buf index, description;
	struct description_file layout_file, index_file;
	struct description_maker maker;
	struct description_shard *shards; /* owned */
};

/* Make it, and plan the file by it, as every reader will read it: what could not be read is not written. */
enum err_code writer_front_make(struct bundle_writer *w, const struct description_notes *notes, struct writer_front *f,
				struct err *err);
/* Write it, with room for seals. */
enum err_code writer_front_write(struct bundle_writer *w, const struct writer_front *f, struct err *err);
void writer_front_release(struct writer_front *f);
/* The blob of a node. */
size_t writer_blob(const struct bundle_writer *w, uint32_t node);
/* A name for what is written, which goes on with a leftover of the same plan and looks for layers in one of another. */
enum err_code writer_take_over(struct bundle_writer *w, struct err *err);
/* Once every place is known: say what is there of the raw layers, and keep it if this run fails. */
void writer_say_kept(struct bundle_writer *w);
/* Where a raw layer stands, or would, in this file and in the leftover of another plan. */
struct kept_place writer_own_place(const struct bundle_writer *w, size_t blob);
struct kept_place writer_old_place(const struct bundle_writer *w, size_t blob);
/* Once everything in front of this run has its place: how large the file will be. */
enum err_code writer_size(struct bundle_writer *w, struct run run, struct err *err);
/* Begin a run of compressed frames with what stands between the content before it and that of its blob. */
enum err_code writer_glue(struct bundle_writer *w, const struct run *run, struct err *err);
#endif
