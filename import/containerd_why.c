#include "import/containerd_why.h"

#include "common/limits.h"
#include "common/mem.h"
#include "import/blob_messages.h"

static const unsigned char zeros[TRY_BYTES];

/* What was written of it is forgotten: it would be taken for the beginning of a blob. */
static void forget(struct containerd *c, const struct node *n)
{
	CLEANUP(buf_release) struct buf request;
	struct grpc_answer answer;

	buf_init(&request, LIMIT_TEXT_BYTES);
	if (blob_abort(n, &request, NULL) == ERR_OK)
		grpc_ask(&c->grpc, BLOB_SERVICE "Abort", &request, NULL, NULL, &answer, NULL);
}

/* Somebody else who asks the same just now is no reason. */
static bool is_reason(const struct grpc_answer *answer)
{
	return answer->status != GRPC_OK && answer->status != GRPC_UNAVAILABLE;
}

enum err_code containerd_why(struct containerd *c, enum err_code code, struct err *err)
{
	struct node n = { .size_bytes = sizeof(zeros) };
	CLEANUP(buf_release) struct buf request;
	struct grpc_answer answer;

	buf_init(&request, LIMIT_GRPC_BYTES);
	if (digest_of(zeros, sizeof(zeros), NULL, &n.digest, NULL) != ERR_OK ||
	    blob_begin(&n, zeros, sizeof(zeros), &request, NULL) != ERR_OK)
		return code;
	if (grpc_ask(&c->grpc, BLOB_SERVICE "Write", &request, NULL, NULL, &answer, NULL) != ERR_OK)
		return code;
	forget(c, &n);
	return is_reason(&answer) ? grpc_refused("cannot write", &answer, err) : code;
}
