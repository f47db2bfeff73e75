/* reading.h - the inside of an opened bundle, for reader.h and what proves it.
 *
 * Lifecycle, ownership  Those of reader.h.
 * Errors  Those of the stream; ERR_DAMAGED for every difference.
 */
#ifndef BUNDLES_READING_H
#define BUNDLES_READING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bundles/description.h"
#include "bundles/frame_read.h"
#include "bundles/head.h"
#include "bundles/pass.h"
#include "bundles/places.h"
#include "bundles/reader.h"
#include "bundles/seek.h"
#include "bundles/shape.h"
#include "common/graph.h"

#define SPARE_DECODERS 4

/* Decoders of packed blobs that nobody uses now: of blobs that stand together the next one is decoded from where the
 * last one ended, and not from the beginning of their frame. */
struct spare_decoders {
	_Atomic(struct zstd_reader *) items[SPARE_DECODERS]; /* owned */
};

struct bundle {
	char *path; /* owned */
	int fd;     /* owned */
	uint64_t size_bytes;
	struct head head;
	struct seek_table seek;
	struct frame_file file; /* path, fd and seek, as frame readers want them */
	struct description description;
	struct shape shape;           /* of a bundle opened in part: up to the shards */
	bool partial;                 /* opened for one image: blobs are found in the table */
	struct places places;         /* then */
	struct spare_decoders *spare; /* owned */
	struct pass *pass;            /* owned: the pipe that it comes through; NULL for a file */
};

/* Where a blob stands; STORED_ABSENT where it is not in the file. */
enum err_code bundle_find(const struct bundle *b, const struct digest *digest, struct place *ret_place,
			  struct err *err);

/* Aim at a blob's content, once the tar header in front of it is the blob's.  A raw one's content is for a raw_reader.
 */
enum err_code bundle_aim(const struct bundle *b, const struct digest *digest, const struct place *place,
			 struct zstd_reader *in, struct err *err);

/* Append a part of the tar, once it is proved. */
enum err_code read_proved(const struct frame_file *file, uint64_t begin, uint64_t size_bytes,
			  const struct digest *digest, struct buf *out, struct err *err);

/* What is wrong with the description is wrong with the file, where the front begins.  No writer makes what no reader
 * takes: too much is damage too. */
enum err_code bundle_description_failed(const struct bundle *b, enum err_code code, struct err *err);
/* Read a shard of the description, or all of them, and add what they say. */
enum err_code bundle_add_shard(struct bundle *b, size_t shard, struct err *err);
enum err_code bundle_add_shards(struct bundle *b, struct err *err);

/* A part of the tar that must be as it has to be. */
struct expecting {
	struct instream *in;           /* borrowed */
	const struct frame_file *file; /* borrowed; for messages */
	uint64_t tar_at;               /* where in gives its next byte from */
};

/* The next member's header, as it must be. */
enum err_code expect_header(struct expecting *e, const struct member *m, struct err *err);
/* The content of a member: of its size and digest. */
enum err_code expect_digest(struct expecting *e, const struct member *m, struct err *err);
/* The end of a member's content, which has gone to its proof: it begins where the next bytes are. */
enum err_code expect_proved(struct expecting *e, const struct member *m, struct digest_stream *proof, struct err *err);
/* The content of a slot: blank, or an object. */
enum err_code expect_slot(struct expecting *e, const struct member *m, struct err *err);
/* Zeros, at most two blocks. */
enum err_code expect_zeros(struct expecting *e, size_t len, const char *what, struct err *err);
/* Nothing more. */
enum err_code expect_end(struct expecting *e, struct err *err);
/* The table of places, as it follows from the shape. */
enum err_code expect_places(const struct bundle *b, struct err *err);
/* index.json, bundle.json and its shards, made again from the graph that was walked; blobs that the bundle says were
 * absent are marked so in it. */
enum err_code expect_description(const struct bundle *b, struct graph *g, struct err *err);
#endif
