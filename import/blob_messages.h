/* blob_messages.h - a blob as the messages that write it into a containerd, the last of which commits it.
 *
 * Lifecycle  blob_messages_init takes over the content; read to the end;
 *            blob_messages_release.
 * Bounds     The content passes through; the head of one message is kept.
 *            How long they are together is known beforehand, from all heads.
 * Errors     Those of the content, whose proof comes before the last message.
 * Source     containerd.services.content.v1, WriteContentRequest and AbortRequest.
 */
#ifndef IMPORT_BLOB_MESSAGES_H
#define IMPORT_BLOB_MESSAGES_H

#include <stdbool.h>

#include "common/graph.h"
#include "common/stream.h"
#include "import/gc_refs.h"

#define BLOB_SERVICE "containerd.services.content.v1.Content/" /* whose messages these are */
#define BLOB_MESSAGE_BYTES (256 * KIB)                         /* of content in one message */

struct blob_messages {
	struct instream in;
	struct instream *content; /* owned: proved, the last read fails unless it is what it must be */
	const struct node *node;  /* borrowed */
	const struct gc_refs *refs;
	uint64_t from_bytes, at_bytes; /* where the first message begins; what has been read */
	uint64_t left_bytes;           /* of the message that is under way */
	uint64_t total_bytes;          /* of all messages, known beforehand */
	struct buf head;
	size_t head_at;
	bool begun, committed;
};

/* The requests that ask how much of a blob is there, and forget it.  A writing is called after its blob, so that
 * another run finds what there is. */
enum err_code blob_stat(const struct node *n, struct buf *out, struct err *err);
enum err_code blob_abort(const struct node *n, struct buf *out, struct err *err);
/* The request that writes and commits a blob at once, from memory. */
enum err_code blob_commit(const struct node *n, const struct gc_refs *refs, const struct buf *content, struct buf *out,
			  struct err *err);
/* The request that writes how it begins, and commits nothing. */
enum err_code blob_begin(const struct node *n, const void *bytes, size_t len, struct buf *out, struct err *err);
/* From a byte of it on; what comes before is read all the same, for the proof. */
enum err_code blob_messages_init(struct blob_messages *m, const struct node *n, const struct gc_refs *refs,
				 uint64_t from_bytes, struct instream *content, struct err *err);
/* A zeroed one is fine. */
void blob_messages_release(struct blob_messages *m);
#endif
