/* load_stream.h - the tar that a daemon loads, made while it is read: oci-layout, blobs, and index.json at the end.
 *
 * Lifecycle  load_stream_init; read until it gives 0 bytes; load_stream_release.
 * Order      The plan's order, then what was made for this daemon.  A daemon
 *            names images when the last byte is in, and it needs index.json for
 *            that: whatever fails before, fails with nothing published.
 * Bounds     One tar header and one open blob.
 * Ownership  Plan and files are borrowed.
 * Errors     Those of plan_open and its stream: a blob that does not prove
 *            itself ends the transfer with its own error.
 * Source     OCI Image Specification 1.1, image-layout.md; bundles/tar.h.
 */
#ifndef IMPORT_LOAD_STREAM_H
#define IMPORT_LOAD_STREAM_H

#include "bundles/tar.h"
#include "import/plan.h"

/* A file that is no blob of the plan, in memory. */
struct load_file {
	const char *name;
	const void *bytes;
	size_t len;
};

struct load_stream {
	struct instream in;
	struct plan *plan;
	const struct load_file *files; /* sent after the blobs, in this order */
	size_t files_len;
	size_t next;                         /* place in order, then in files; the layout file is before both */
	unsigned char frame[TAR_HEADER_MAX]; /* a header, padding or the end */
	size_t frame_at, frame_len;
	struct instream *content; /* of the present member; NULL between members */
	struct memory_stream memory;
	uint64_t size_bytes; /* of the present member */
	bool layout_sent, ended;
	bool failed;           /* a read gave an error: what went wrong is the bundle, not the daemon */
	uint32_t *owners;      /* by node: the image whose progress it is */
	uint64_t *image_bytes; /* by image: layers to send */
	uint32_t image;        /* shown as in progress; NODE_NONE for none */
	size_t item;
	bool blob; /* the present member is the plan's: its bytes count */
};

enum err_code load_stream_init(struct load_stream *s, struct plan *plan, const struct load_file *files,
			       size_t files_len, struct err *err);
/* A zeroed stream is fine. */
void load_stream_release(struct load_stream *s);
#endif
