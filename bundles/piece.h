/* piece.h - the pieces of a bundle's tar, each of which is proved alone, by whoever has time.
 *
 * Lifecycle  pieces_init; pieces_next until there is none; pieces_release.
 *            For each thread: piece_reader_init; piece_check any number of
 *            times; piece_reader_release.  What that leaves to a piece_layer:
 *            piece_step or piece_step_both while it is under way, piece_end;
 *            piece_layer_release.
 * Units      Pieces are numbered in the order of the file.  Together they are
 *            the whole tar: a run (shape.h) each, but a glue run and the raw run
 *            behind it are one.
 * Bounds     pieces: 4 bytes a compressed frame.  piece_reader: a decoder, whose
 *            window is at most 4 MiB, and 128 KiB.  piece_layer: STREAM_CHUNK_BYTES.
 * Ownership  The bundle is borrowed.
 * Threads    pieces_next is for one thread at a time; what it gave may be
 *            checked by several, with a reader each, until pieces_release.
 * Errors     ERR_DAMAGED, with the place; ERR_IO, ERR_NOMEM; those of on_bytes.
 *            After an error a reader and a layer are only good for release.
 */
#ifndef BUNDLES_PIECE_H
#define BUNDLES_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundles/reading.h"

struct piece {
	size_t number;
	struct run run;            /* the first one */
	size_t member, members;    /* whose header is in it: the first, and how many */
	const unsigned char *sums; /* of its compressed frames */
};

struct pieces {
	const struct bundle *b;    /* borrowed */
	unsigned char *sums_frame; /* owned */
	struct piece last;         /* what was given last */
	struct run run;            /* its last run */
	const unsigned char *sums; /* of the compressed frames after it */
};

/* Told of bytes of the tar as they are read; any error ends the check with it. */
typedef enum err_code piece_bytes_fn(void *ctx, const struct piece *p, size_t len, struct err *err);

/* The content of a raw layer: nearly all the time that a bundle takes. */
struct piece_layer {
	struct piece piece; /* whose last part it is */
	struct member member;
	struct raw_reader raw;
	struct digest_stream proof;
	unsigned char chunk[STREAM_CHUNK_BYTES];
	size_t chunk_len; /* what the latest step went over */
	struct err err;   /* of the latest step */
	bool under_way;
};

struct piece_reader {
	struct instream in;
	const struct bundle *b; /* borrowed */
	struct zstd_reader zstd;
	struct raw_reader raw;
	const struct piece *piece; /* borrowed */
	piece_bytes_fn *on_bytes;
	void *ctx;
};

/* Read the sums of the frames, and begin before the first piece. */
enum err_code pieces_init(struct pieces *p, const struct bundle *b, struct err *err);
/* The next piece; false past the last one. */
bool pieces_next(struct pieces *p, struct piece *ret_piece);
void pieces_release(struct pieces *p);

enum err_code piece_reader_init(struct piece_reader *r, const struct bundle *b, piece_bytes_fn *on_bytes, void *ctx,
				struct err *err);
/* Prove a piece: frames, headers, content, padding, and nothing more.  But a raw layer's content is left to ret_layer,
 * which is then under way, and never else. */
enum err_code piece_check(struct piece_reader *r, const struct piece *p, struct piece_layer *ret_layer,
			  struct err *err);
/* A zeroed reader is fine. */
void piece_reader_release(struct piece_reader *r);

/* Go over the next bytes of a layer, or of two, which takes less time than of one after the other. */
void piece_step(struct piece_layer *l);
void piece_step_both(struct piece_layer *a, struct piece_layer *b);
/* Is every byte of it gone over? */
bool piece_is_over(const struct piece_layer *l);
/* Prove it then. */
enum err_code piece_end(struct piece_layer *l, struct err *err);
/* It is not under way any more.  A zeroed layer is fine. */
void piece_layer_release(struct piece_layer *l);
#endif
