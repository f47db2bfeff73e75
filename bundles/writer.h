/* writer.h - an image graph becomes a bundle file, which appears under its name only when it is whole and on the disk.
 *
 * Lifecycle  bundle_writer_open; bundle_writer_small for every packed blob, in
 *            the description's order; bundle_writer_layer for every raw blob,
 *            in any order and side by side, and for every zstd blob, in order
 *            and one at a time; bundle_writer_seal, if at all;
 *            bundle_writer_finish; bundle_writer_free.
 *            Without finish, free removes what was written, unless it is worth
 *            going on with: bundle_writer_keeps.
 * Units      A node is a place in the graph's nodes[].
 * Bounds     One frame being filled (4 MiB and its encoding) and 16 bytes a
 *            frame, whatever the size of the blobs.
 * Ownership  The graph is borrowed until free and must not change.  The writer
 *            owns FILE.part and holds a lock on it; a second run at the same
 *            time is ERR_CONFLICT.
 * Leftovers  FILE.part of a run that was interrupted is gone on with where it
 *            has the same description and encoder, and otherwise becomes
 *            FILE.part.old, from which layers are taken, and which finish
 *            removes.  Anything else of that name is ERR_CONFLICT.
 * Threads    Streams of different raw layers and of their pieces, and one zstd
 *            layer beside them, may be used at the same time; everything else comes from one
 *            thread at a time.
 * Errors     ERR_IO (and what a full disk says), ERR_CONFLICT, ERR_LIMIT (a
 *            graph too large for one bundle), ERR_SIZE and ERR_DIGEST (content
 *            that is not the node's), ERR_NOMEM.
 * Source     bundles/head.h and bundles/shape.h: the format.
 */
#ifndef BUNDLES_WRITER_H
#define BUNDLES_WRITER_H

#include <stdint.h>

#include "bundles/description.h"
#include "bundles/kept.h"
#include "common/err.h"
#include "common/graph.h"
#include "common/progress.h"
#include "common/spread.h"
#include "common/stream.h"

struct bundle_writer;
struct seal_key;

/* One size unless layers are compressed on the way: of those only the most is known. */
struct bundle_size {
	uint64_t least_bytes, most_bytes;
};

/* Lock path.part and write the description of a settled graph to it, with notes where that is not NULL.  What is absent
 * must be marked before.  progress hears, in words, of what interrupted runs left and what becomes of it; NULL where
 * nobody reads that. */
enum err_code bundle_writer_open(const char *path, const struct graph *graph, const struct description_notes *notes,
				 struct progress *progress, struct bundle_writer **ret_writer, struct err *err);
/* The same into a pipe, which is called name in messages.  Layers then come one at a time, in the description's order,
 * and a seal before the first small blob. */
enum err_code bundle_writer_open_pipe(int pipe, const char *name, const struct graph *graph,
				      const struct description_notes *notes, struct bundle_writer **ret_writer,
				      struct err *err);
/* The same into nothing: to learn, by adding the small blobs, how large the file at path would be, and whether it has
 * room there; path is NULL where it is no matter.  Layers are not taken. */
enum err_code bundle_writer_open_measured(const char *path, const struct graph *graph,
					  const struct description_notes *notes, struct bundle_writer **ret_writer,
					  struct err *err);
/* What will be in the bundle: its blobs[], in order, are what the caller has to bring. */
const struct description *bundle_writer_description(const struct bundle_writer *w);
/* Add the next packed blob.  Its bytes are proved here.  With the last one, room for the layers is checked and laid
 * out: a file that cannot be is ERR_IO before any layer is fetched. */
enum err_code bundle_writer_small(struct bundle_writer *w, uint32_t node, struct instream *in, struct err *err);
/* A stream for one layer's bytes; put a proof_stage in front, whose finish makes the layer count.
 * Release it, finished or not.  A layer that was not finished may be asked for again and begins anew.
 * ret_kept, where not NULL, gets a stream of the first bytes that an interrupted run left, or NULL where there can be
 * none: pull it to its end, in front of everything else, through that proof into the layer's stream.  It is released
 * with the layer. */
enum err_code bundle_writer_layer(struct bundle_writer *w, uint32_t node, struct outstream **ret_out,
				  struct instream **ret_kept, struct err *err);
void bundle_writer_layer_release(struct bundle_writer *w, struct outstream *out);
/* A raw layer of a file in pieces; what is proved of it counts when spread->proved was finished.  Where kept is true,
 * frames that interrupted runs left stand already, whether others are missing in front of them or not; otherwise all of
 * it is to come. */
enum err_code bundle_writer_spread(struct bundle_writer *w, uint32_t node, bool kept, struct spread **ret_spread,
				   struct err *err);
/* An interrupted run left something of layers.  Of those smaller than BUNDLE_SPREAD_BYTES that is the beginning. */
#define BUNDLE_SPREAD_BYTES KEPT_SPREAD_BYTES
bool bundle_writer_has_kept(const struct bundle_writer *w);
/* Seal the bundle, in its first slot.  The description is in the file as soon as the writer is open. */
enum err_code bundle_writer_seal(struct bundle_writer *w, const struct seal_key *key, struct err *err);
/* End the file, bring it to the disk and give it its name; a file of that name is replaced in one step. */
enum err_code bundle_writer_finish(struct bundle_writer *w, struct err *err);
/* The file that stays if the writer is freed now, so that another run goes on with it; NULL for none. */
const char *bundle_writer_keeps(const struct bundle_writer *w);
/* How large the file will be: known with the last packed blob, but not of a pipe. */
struct bundle_size bundle_writer_size(const struct bundle_writer *w);
/* How large the file is that was finished. */
uint64_t bundle_writer_bytes(const struct bundle_writer *w);
/* NULL is fine. */
void bundle_writer_free(struct bundle_writer *w);
/* Cleanup handler for struct bundle_writer *. */
void bundle_writer_free_ptr(struct bundle_writer **w);
#endif
