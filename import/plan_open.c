/* The part of plan.h that reads what is to be imported. */
#include <stdlib.h>

#include "common/mem.h"
#include "import/interrupt.h"
#include "import/plan.h"

enum err_code plan_finish(struct plan *plan, struct err *err)
{
	return bundle_finish(plan->bundle, err);
}

/* A proved stream of its own making: releasing it frees it. */
struct plan_stream {
	struct instream in;
	struct proof_stream proof;
	const char *path; /* of the bundle */
};

static enum err_code plan_stream_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct plan_stream *s = OUTER_OF(in, struct plan_stream, in);
	enum err_code code;

	if (interrupt_check(err) != ERR_OK)
		return ERR_INTERRUPTED;
	code = instream_read(&s->proof.in, bytes, cap, ret_len, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s: %s", s->path, s->proof.digest.want.text);
}

static void plan_stream_release(struct instream *in)
{
	struct plan_stream *s = OUTER_OF(in, struct plan_stream, in);

	instream_release(&s->proof.in);
	free(s);
}

enum err_code plan_open(const struct plan *plan, uint32_t node, struct instream **ret_in, struct err *err)
{
	const struct node *n = &plan->graph.nodes[node];
	struct plan_stream *s = calloc(1, sizeof(*s));
	struct instream *bytes = NULL;
	enum err_code code = s != NULL ? bundle_blob(plan->bundle, &n->digest, &bytes, err) : err_nomem(err);

	if (code == ERR_OK) {
		code = proof_stream_init(&s->proof, &n->digest, n->size_bytes, bytes, err);
		if (code != ERR_OK)
			instream_release(&s->proof.in);
	}
	if (code != ERR_OK) {
		free(s);
		return code;
	}
	s->path = bundle_path(plan->bundle);
	s->in = (struct instream){ .read = plan_stream_read, .release = plan_stream_release };
	*ret_in = &s->in;
	return ERR_OK;
}
