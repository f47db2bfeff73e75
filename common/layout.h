/* layout.h - an OCI image layout in a folder or archive: reading it, adding to a folder, and using it as a source.
 *
 * Lifecycle  layout_open; ask; for changes layout_lock, layout_put any number
 *            of times, layout_publish; layout_close.
 * Bounds     index.json: LIMIT_DESCRIPTION_BYTES and the JSON bounds of js.h; of an entry 160 bytes are kept,
 *            and what it says of names, of which none may be longer than LIMIT_TEXT_BYTES.
 * Ownership  Entries belong to the layout and live until the next layout_lock,
 *            layout_publish, layout_drop or layout_close, whatever comes of it.
 * Errors     ERR_NOT_FOUND (no layout there), ERR_UNSUPPORTED (another layout
 *            version), ERR_FORMAT, ERR_CONFLICT (somebody else holds the lock, or
 *            keeps other things in the folder), ERR_IO, ERR_DIGEST and ERR_SIZE for content that is not what it is
 *            called.
 * Publishing Blobs are written under another name, proved and renamed; the whole
 *            file system is synced, of much already meanwhile; only then index.json is
 *            replaced in one step.
 *            A killed run leaves blobs at most, never a name.
 * Source     OCI Image Specification 1.1, image-layout.md; referrers stand in
 *            index.json with io.containerd.manifest.subject, as containerd has it.
 */
#ifndef COMMON_LAYOUT_H
#define COMMON_LAYOUT_H

#include <stdbool.h>

#include "common/graph.h"
#include "common/source.h"

/* One descriptor of index.json. */
struct layout_entry {
	struct digest_packed digest;
	uint64_t size_bytes;
	const char *media_type;
	const char *name;       /* full name, of an image; NULL for others */
	const char *subject;    /* of a referrer: the digest of its subject; NULL for others */
	const char *listed_for; /* of what this program lists for other tools alone: "parent", of a child, or the digest
				 * of the subject, of an index of referrers; NULL for others */
	/* Annotations, as they stand there, NULL for those that it does not have. */
	const char *image_name, *ref_name, *kind;
};

struct layout;

/* Open the layout at path; create says to make an empty one where nothing is. */
enum err_code layout_open(const char *path, bool create, struct layout **ret_layout, struct err *err);
/* Whether one may be made at path, where there is none: ERR_CONFLICT for a folder in which others keep something. */
enum err_code layout_check_place(const char *path, struct err *err);
/* Open the layout in a tar archive, compressed or not; it cannot be added to.  The errors are those of tarball.h, and
 * ERR_UNSUPPORTED for what docker save wrote before it wrote layouts. */
enum err_code layout_open_archive(const char *path, struct layout **ret_layout, struct err *err);
const char *layout_path(const struct layout *l);
size_t layout_len(const struct layout *l);
const struct layout_entry *layout_at(const struct layout *l, size_t i);
/* What it lists: media type, digest and size; no more is kept. */
struct descriptor layout_descriptor(const struct layout_entry *e);
/* The first entry of a name, NULL if there is none. */
const struct layout_entry *layout_find(const struct layout *l, const char *name);
/* The entries whose org.opencontainers.image.ref.name is a tag, in their order: *ret_len of them. */
const struct layout_entry *const *layout_tagged(const struct layout *l, const char *tag, size_t *ret_len);
/* A stream of a blob's bytes, not proved; ERR_NOT_FOUND where it is missing. */
enum err_code layout_blob(const struct layout *l, const struct digest *digest, struct instream **ret_in,
			  struct err *err);
/* The file that a blob of a folder lies in, for the caller to close, and its size; ERR_NOT_FOUND where it is missing.
 */
enum err_code layout_blob_file(const struct layout *l, const struct digest *digest, int *ret_fd, uint64_t *ret_size,
			       struct err *err);
/* Append a small blob, proved; ERR_NOT_FOUND where it is missing. */
enum err_code layout_read_blob(const struct layout *l, const struct descriptor *d, struct buf *out, struct err *err);
/* Tell of every blob, whether an entry leads to it or not, in no order; the first failure ends it. */
typedef enum err_code layout_blob_fn(void *ctx, const struct digest *digest, uint64_t size_bytes, struct err *err);
enum err_code layout_each_blob(const struct layout *l, layout_blob_fn *fn, void *ctx, struct err *err);
/* True where there is a blob of this name, whatever is in it. */
bool layout_is_there(const struct layout *l, const struct digest *digest);
/* The same, where what is there has this size. */
bool layout_is_there_sized(const struct layout *l, const struct digest *digest, uint64_t size_bytes);
/* True where a blob is there, of this size and with this content: it is read and hashed. */
bool layout_has(const struct layout *l, const struct digest *digest, uint64_t size_bytes);
/* Be the only one who changes this layout, until it is closed. */
enum err_code layout_lock(struct layout *l, struct err *err);
/* Add a blob. */
enum err_code layout_put(struct layout *l, const struct digest *digest, uint64_t size_bytes, struct instream *in,
			 struct err *err);
/* Of what is replaced. */
enum layout_keep {
	LAYOUT_KEEP_NONE = 0,
	LAYOUT_KEEP_NAMED = 1,  /* what a name has stood for: for layouts in which others keep images too */
	LAYOUT_KEEP_TAGGED = 2, /* what a tag of cosign's has stood for, as a referrer of what it was about */
};
/* Add the entries of another index.json, whose blobs are all in place.  An image of the same name, a referrer of the
 * same digest and subject, and one under the same tag are replaced; whatever else is there stays. */
enum err_code layout_publish(struct layout *l, const void *index, size_t len, struct err *err);
/* The same, but what is replaced stays listed by its digest, where keep says so.  The index is released. */
enum err_code layout_publish_beside(struct layout *l, struct buf *index, enum layout_keep keep, struct err *err);
/* ERR_LIMIT where index.json would be longer by these entries than any that is read.  Their blobs need not be there. */
enum err_code layout_check_added(struct layout *l, const void *index, size_t len, enum layout_keep keep,
				 struct err *err);
/* Take entries out of index.json, by place; their blobs stay.  ERR_CONFLICT where others have changed it since it was
 * read. */
enum err_code layout_drop(struct layout *l, const bool *drop, struct err *err);
/* Remove a blob, to which no entry leads. */
enum err_code layout_remove(struct layout *l, const struct digest *digest, struct err *err);
/* The layout as a source; it must be freed before the layout is closed. */
enum err_code layout_source_new(const struct layout *l, struct source **ret_source, struct err *err);
/* NULL is fine. */
void layout_close(struct layout *l);
/* Cleanup handler for struct layout *. */
void layout_close_ptr(struct layout **l);
#endif
