/* verify.h - the content verdict: every byte of a bundle is what its description, and the images in it, say.
 *
 * Lifecycle  Walk the bundle's images into a graph (source.h, common/walk.h),
 *            settle it, bundle_verify.
 * Units      Progress counts bytes of the tar.
 * Bounds     A decoder for each thread, in all below 64 MiB; the description a
 *            second time.
 * Threads    One for each processor, up to 12, takes a piece of the file after
 *            the other (piece.h): a layer is proved by one thread.  Progress is
 *            told by one thread at a time.
 * Errors     ERR_DAMAGED, with the place; those of reader.h.  Of several
 *            failures the first in the file is told, whoever finds it when.
 * Proof      In one pass over the file: every frame is what it has to be, every
 *            tar header and padding is what we would write, every blob has its
 *            digest, and nothing stands before, between or after them.  A slot
 *            is blank or holds one JSON object; whether that is a seal, and
 *            whose, is another question.  Then
 *            index.json is made again from the graph and must be the same, and
 *            so must be everything that bundle.json says of the graph; what else
 *            it says is in the digest of bundle.json, and for others to judge.
 */
#ifndef BUNDLES_VERIFY_H
#define BUNDLES_VERIFY_H

#include "bundles/reader.h"
#include "common/graph.h"

typedef void bundle_progress_fn(void *ctx, uint64_t done_bytes, uint64_t total_bytes);

/* Prove the tar, by so many threads: the part of bundle_verify that reads the whole file. */
enum err_code verify_content(const struct bundle *b, unsigned threads, bundle_progress_fn *progress, void *ctx,
			     struct err *err);
/* Prove the bundle.  graph is what was walked from it; blobs that the bundle says were absent are marked so in it.
 * progress may be NULL. */
enum err_code bundle_verify(const struct bundle *b, struct graph *graph, bundle_progress_fn *progress, void *ctx,
			    struct err *err);
#endif
