/* ctr_replies.h - what a containerd answers, one call after the other, for grpc_server.h.
 *
 * Lifecycle  Zeroed; ctr_reply_… for each call; grpc_server_start with replies and len; ctr_replies_release once the
 *            server has stopped.
 * Bounds     CTR_REPLIES_MAX calls, CTR_REPLY_BYTES an answer.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_CTR_REPLIES_H
#define TESTS_LIB_CTR_REPLIES_H

#include "common/buf.h"
#include "common/digest.h"
#include "tests/lib/grpc_server.h"

#define CTR_REPLIES_MAX 16
#define CTR_REPLY_BYTES 4096

struct ctr_replies {
	struct grpc_reply replies[CTR_REPLIES_MAX];
	struct buf bytes[CTR_REPLIES_MAX];
	size_t len;
};

/* A reference of a content, as the end of its label, and to what: "m.0". */
struct ctr_label {
	const char *key;
	const struct digest *to;
};

void ctr_reply_version(struct ctr_replies *r);
/* The one image that is there. */
void ctr_reply_images(struct ctr_replies *r, const char *name, const struct digest *target);
/* The bytes of a content. */
void ctr_reply_read(struct ctr_replies *r, const char *text);
/* A content that is there, with its references. */
void ctr_reply_info(struct ctr_replies *r, const struct ctr_label *labels, size_t len);
void ctr_replies_release(struct ctr_replies *r);
#endif
