/* reader.h - a bundle file, opened: its description, and any blob straight from its place.
 *
 * Lifecycle  bundle_open, ask, bundle_close.  A stream from bundle_blob is
 *            released by instream_release, before bundle_close.
 * Bounds     Opening reads head, seek table and description and nothing else:
 *            the number of reads does not depend on the layers.  A stream keeps
 *            one decoder with a window of at most 4 MiB; raw blobs need none.
 * Ownership  The bundle owns its file descriptor and everything it gives out
 *            except the streams.
 * Errors     ERR_NOT_FOUND (no such file), ERR_IO, ERR_DAMAGED (not a bundle, or
 *            not as it must be: the message names the file and the offset),
 *            ERR_USAGE (a pipe, or "-", where a file is opened),
 *            ERR_UNSUPPORTED (a version or required feature from the future),
 *            ERR_LIMIT, ERR_NOMEM.
 * Trust      The description is what the file says of itself.  The tar header in
 *            front of a blob is the blob's; its bytes are NOT proved: put a
 *            proof_stage behind bundle_blob.
 * Threads    Different streams of one bundle may be read at the same time.
 */
#ifndef BUNDLES_READER_H
#define BUNDLES_READER_H

#include <stdint.h>

#include "bundles/description.h"
#include "bundles/pass.h"
#include "bundles/slot.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/stream.h"

struct bundle;

enum err_code bundle_open(const char *path, struct bundle **ret_bundle, struct err *err);
/* Open it for one image of a full normalised name, or for single blobs where that is NULL: where there are thousands,
 * the others are not read.  Then the description has some images beside it, its blobs[] are not there, and what is to
 * be found is found by the table of places, each place held against the tar header that stands there. */
enum err_code bundle_open_image(const char *path, const char *image, struct bundle **ret_bundle, struct err *err);
/* Open what comes through a pipe; name is what it is called in messages, and wait, which may be NULL, is called before
 * each read of it.  Everything in front of the layers has come then.  bundle_blob gives layers onward only, in the
 * description's order, each at most once. */
enum err_code bundle_open_pipe(int fd, const char *name, pass_wait_fn *wait, struct bundle **ret_bundle,
			       struct err *err);
/* The last thing before anything is published: of a pipe, read the rest and prove that nothing was missing or too much.
 */
enum err_code bundle_finish(struct bundle *b, struct err *err);
/* What the bundle says that it holds. */
const struct description *bundle_description(const struct bundle *b);
/* The sha256 of bundle.json, which stands for the whole bundle. */
const struct digest *bundle_digest(const struct bundle *b);
/* True where it comes through a pipe. */
bool bundle_is_piped(const struct bundle *b);
/* The path it was opened under, and the size of the file. */
const char *bundle_path(const struct bundle *b);
uint64_t bundle_size(const struct bundle *b);
/* The size of a blob.  What is not in the bundle, or listed as absent, is ERR_NOT_FOUND. */
enum err_code bundle_blob_size(const struct bundle *b, const struct digest *digest, uint64_t *ret_size,
			       struct err *err);
/* One blob's bytes.  What is not in the bundle, or listed as absent, is ERR_NOT_FOUND. */
enum err_code bundle_blob(const struct bundle *b, const struct digest *digest, struct instream **ret_in,
			  struct err *err);
/* Where a blob of a file stands, once the tar header in front of it is the blob's.  A raw one can be read without a
 * decoder: frame_raw_at says where. */
struct bundle_place {
	enum stored stored;
	uint64_t size_bytes;
	uint64_t file_at; /* of a raw one: where its first frame begins */
};
enum err_code bundle_place(const struct bundle *b, const struct digest *digest, struct bundle_place *ret_place,
			   struct err *err);
/* The bytes of a blob that is not raw, from one place up to another. */
enum err_code bundle_blob_part(const struct bundle *b, const struct digest *digest, uint64_t from_bytes,
			       uint64_t end_bytes, struct instream **ret_in, struct err *err);
/* The file itself. */
int bundle_fd(const struct bundle *b);
/* What one shard says, alone, proved: its images, links and blobs.  The names of shards are the bundle's. */
enum err_code bundle_shard_parse(const struct bundle *b, size_t shard, struct description *ret_description,
				 struct err *err);
/* Append a shard of the description, proved. */
enum err_code bundle_shard_read(const struct bundle *b, size_t shard, struct buf *out, struct err *err);
/* Append bundle.json, which was proved against the digest in the head. */
enum err_code bundle_description_read(const struct bundle *b, struct buf *out, struct err *err);
/* The same, and its size. */
enum err_code bundle_blob_sized(const struct bundle *b, const struct digest *digest, struct instream **ret_in,
				uint64_t *ret_size, struct err *err);
/* Whether the bundle says that it has a blob: nobody looks where that should stand. */
enum err_code bundle_lists(const struct bundle *b, const struct digest *digest, bool *ret_listed, struct err *err);
/* The content of a slot, whatever it is: SLOT_BYTES, for slot_check to look at. */
enum err_code bundle_slot(const struct bundle *b, size_t slot, unsigned char out[SLOT_BYTES], struct err *err);
/* NULL is fine. */
void bundle_close(struct bundle *b);
/* Cleanup handler for struct bundle *. */
void bundle_close_ptr(struct bundle **b);
#endif
