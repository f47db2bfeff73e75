#include "import/containerd_write.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/blob_messages.h"
#include "import/containerd_why.h"

#define WAIT_FIRST_MS 100
#define WAIT_MAX_MS 2000
#define WAIT_ALL_MS 60000
#define BROKEN_MAX 8

enum step { STEP_IDLE, STEP_STAT, STEP_WRITE, STEP_ABORT };

/* One blob under way. */
struct put {
	struct grpc_call call;
	struct writer *writer;
	uint32_t node;
	enum step step;
	bool anew; /* what was there of it has been forgotten: there is no second time */
	uint64_t from_bytes;
	struct gc_refs refs;
	struct buf request;
	struct blob_messages messages;
};

struct writer {
	struct containerd *c;
	struct plan *plan;
	bool *stale;
	uint32_t *todo; /* in order; those that are to be tried again move to the front, over what is done */
	size_t todo_len, next, again;
	bool *anew; /* by node */
	unsigned jobs;
	unsigned broken; /* connections, since something was written */
	struct put puts[CONTAINERD_JOBS];
};

static const struct node *node_of(const struct put *p)
{
	return &p->writer->plan->graph.nodes[p->node];
}

static bool is_large(const struct node *n)
{
	return n->size_bytes > BLOB_SMALL_BYTES;
}

static void put_release(struct put *p)
{
	grpc_call_release(&p->call);
	blob_messages_release(&p->messages);
	gc_refs_release(&p->refs);
	buf_release(&p->request);
	p->step = STEP_IDLE;
}

static enum err_code fill(struct writer *w, struct err *err);

/* It is in place: by us, or by others. */
static enum err_code put_done(struct put *p, bool by_us, struct err *err)
{
	struct writer *w = p->writer;
	const struct node *n = node_of(p);

	w->broken = 0;
	if (by_us)
		w->plan->sent_bytes += n->size_bytes - p->from_bytes;
	else
		w->stale[p->node] = true;
	progress_advance(w->plan->progress, PROGRESS_NONE, n->size_bytes);
	put_release(p);
	return fill(w, err);
}

/* What comes through a pipe comes in its order: before this one nothing that follows has its turn. */
static void put_off_the_rest(struct writer *w)
{
	size_t left = w->todo_len - w->next;

	memmove(w->todo + w->again, w->todo + w->next, left * sizeof(*w->todo));
	w->again += left;
	w->next = w->todo_len;
}

static enum err_code put_again(struct put *p, struct err *err)
{
	struct writer *w = p->writer;
	bool once = bundle_is_piped(w->plan->bundle) && is_large(node_of(p));

	if (once && p->step == STEP_WRITE)
		return err_set(err, ERR_NETWORK, "%s, and what comes through a pipe comes once: run again (%s)",
			       p->call.answer.said, node_of(p)->digest.text);
	w->todo[w->again++] = p->node;
	if (once)
		put_off_the_rest(w);
	put_release(p);
	return fill(w, err);
}

static enum err_code on_message(struct grpc_call *call, const void *bytes, size_t len, struct err *err)
{
	struct put *p = OUTER_OF(call, struct put, call);
	struct pb_in in;
	struct pb_field f;

	pb_in_init(&in, bytes, len);
	while (pb_next(&in, &f)) {
		if (p->step == STEP_STAT && pb_is_uint(&f, 4))
			p->from_bytes = f.value;
	}
	return pb_in_end(&in, "write", err);
}

static enum err_code on_done(struct grpc_call *call, struct err *err);

static enum err_code begin_call(struct put *p, enum step step, const char *method, struct err *err)
{
	p->step = step;
	p->call = (struct grpc_call){
		.method = method,
		.request = step != STEP_WRITE || !is_large(node_of(p)) ? &p->request : NULL,
		.upload = step != STEP_WRITE || !is_large(node_of(p)) ? NULL : &p->messages.in,
		.upload_bytes = p->messages.total_bytes,
		.on_message = step == STEP_ABORT ? NULL : on_message,
		.on_done = on_done,
		.slow = true,
		.may_break = true,
	};
	return grpc_start(&p->writer->c->grpc, &p->call, err);
}

static enum err_code begin_abort(struct put *p, struct err *err)
{
	enum err_code code;

	buf_clear(&p->request);
	code = blob_abort(node_of(p), &p->request, err);
	p->writer->anew[p->node] = true;
	return code == ERR_OK ? begin_call(p, STEP_ABORT, BLOB_SERVICE "Abort", err) : code;
}

static enum err_code begin_stat(struct put *p, struct err *err)
{
	enum err_code code = blob_stat(node_of(p), &p->request, err);

	return code == ERR_OK ? begin_call(p, STEP_STAT, BLOB_SERVICE "Write", err) : code;
}

static enum err_code begin_large(struct put *p, struct err *err)
{
	struct instream *content = NULL;
	enum err_code code;

	if (p->from_bytes > node_of(p)->size_bytes)
		return begin_abort(p, err);
	code = plan_open(p->writer->plan, p->node, &content, err);
	if (code != ERR_OK)
		return code;
	code = blob_messages_init(&p->messages, node_of(p), &p->refs, p->from_bytes, content, err);
	return code == ERR_OK ? begin_call(p, STEP_WRITE, BLOB_SERVICE "Write", err) : code;
}

static enum err_code begin_small(struct put *p, struct err *err)
{
	CLEANUP(buf_release) struct buf content;
	struct instream *in = NULL;
	struct buf_stage out;
	enum err_code code = plan_open(p->writer->plan, p->node, &in, err);

	buf_init(&content, BLOB_SMALL_BYTES);
	buf_stage_init(&out, &content);
	if (code == ERR_OK) {
		code = stream_copy(in, &out.out, err);
		instream_release(in);
	}
	if (code == ERR_OK)
		code = blob_commit(node_of(p), &p->refs, &content, &p->request, err);
	return code == ERR_OK ? begin_call(p, STEP_WRITE, BLOB_SERVICE "Write", err) : code;
}

static enum err_code refuse(struct put *p, struct err *err)
{
	grpc_refused("cannot write", &p->call.answer, err);
	return err_add(err, "%s: %s", p->writer->c->socket, node_of(p)->digest.text);
}

/* What was there of it was not its beginning. */
static enum err_code judge_mismatch(struct put *p, struct err *err)
{
	if (p->from_bytes == 0 || p->writer->anew[p->node])
		return refuse(p, err);
	if (bundle_is_piped(p->writer->plan->bundle))
		return err_set(err, ERR_REFUSED, "%s: what was there of %s was not its beginning: run again",
			       p->writer->c->socket, node_of(p)->digest.text);
	blob_messages_release(&p->messages);
	return begin_abort(p, err);
}

static enum err_code on_done(struct grpc_call *call, struct err *err)
{
	struct put *p = OUTER_OF(call, struct put, call);

	if (call->answer.broken && ++p->writer->broken >= BROKEN_MAX)
		return err_set(err, ERR_NETWORK, "%s", call->answer.said);
	if (p->step == STEP_ABORT)
		return put_again(p, err);
	switch (call->answer.status) {
	case GRPC_OK:
		return p->step == STEP_STAT ? begin_large(p, err) : put_done(p, true, err);
	case GRPC_ALREADY_EXISTS:
		return put_done(p, false, err);
	case GRPC_UNAVAILABLE:
	case GRPC_OUT_OF_RANGE:
		return put_again(p, err);
	case GRPC_FAILED_PRECONDITION:
		return judge_mismatch(p, err);
	default:
		return refuse(p, err);
	}
}

static enum err_code put_begin(struct put *p, uint32_t node, struct err *err)
{
	enum err_code code;

	*p = (struct put){ .writer = p->writer, .node = node };
	buf_init(&p->request, LIMIT_GRPC_BYTES);
	code = gc_refs_of(&p->writer->plan->graph, node, &p->refs, err);
	if (code != ERR_OK)
		return code;
	return is_large(node_of(p)) ? begin_stat(p, err) : begin_small(p, err);
}

/* Begin what there is room for. */
static enum err_code fill(struct writer *w, struct err *err)
{
	enum err_code code = ERR_OK;
	unsigned i;

	for (i = 0; code == ERR_OK && i < w->jobs && w->next < w->todo_len; i++) {
		if (w->puts[i].step == STEP_IDLE)
			code = put_begin(&w->puts[i], w->todo[w->next++], err);
	}
	return code;
}

static void wait_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* All that is still to do, side by side, once. */
static enum err_code run_round(struct writer *w, struct err *err)
{
	enum err_code code;

	w->next = w->again = 0;
	code = fill(w, err);
	if (code == ERR_OK)
		code = grpc_run(&w->c->grpc, err);
	w->todo_len = w->again;
	return code;
}

static enum err_code run_rounds(struct writer *w, struct err *err)
{
	unsigned pause_ms = WAIT_FIRST_MS, waited_ms = 0;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && w->todo_len > 0) {
		size_t before = w->todo_len;

		code = run_round(w, err);
		if (code != ERR_OK || w->todo_len == 0)
			continue;
		if (waited_ms >= WAIT_ALL_MS)
			return err_set(err, ERR_CONFLICT,
				       "%s: somebody else is writing %s; run again when that import is done",
				       w->c->socket, w->plan->graph.nodes[w->todo[0]].digest.text);
		pause_ms = w->todo_len < before ? WAIT_FIRST_MS : 2 * pause_ms;
		pause_ms = pause_ms < WAIT_MAX_MS ? pause_ms : WAIT_MAX_MS;
		wait_ms(pause_ms);
		waited_ms += pause_ms;
	}
	return code;
}

/* What was not proved must not lie there for another run to go on with. */
static void forget(struct writer *w, enum err_code why)
{
	unsigned i;

	for (i = 0; i < w->jobs; i++) {
		CLEANUP(buf_release) struct buf request;
		struct put *p = &w->puts[i];
		struct grpc_answer answer;
		bool begun = p->step == STEP_WRITE && is_large(node_of(p));

		buf_init(&request, LIMIT_TEXT_BYTES);
		put_release(p);
		if (begun && err_status(why) == 3 && blob_abort(node_of(p), &request, NULL) == ERR_OK)
			grpc_ask(&w->c->grpc, BLOB_SERVICE "Abort", &request, NULL, NULL, &answer, NULL);
	}
}

enum err_code containerd_write(struct containerd *c, struct plan *plan, bool *stale, struct err *err)
{
	struct writer w = { .c = c, .plan = plan, .stale = stale };
	enum err_code code;
	size_t i;

	w.jobs = bundle_is_piped(plan->bundle) ? 1 : CONTAINERD_JOBS;
	w.todo = calloc(plan->order_len + 1, sizeof(*w.todo));
	w.anew = calloc(plan->graph.nodes_len + 1, sizeof(*w.anew));
	for (i = 0; i < CONTAINERD_JOBS; i++)
		w.puts[i].writer = &w;
	for (i = 0; w.todo != NULL && i < plan->order_len; i++) {
		if (plan_sends(plan, plan->order[i]))
			w.todo[w.todo_len++] = plan->order[i];
	}
	code = w.todo != NULL && w.anew != NULL ? run_rounds(&w, err) : err_nomem(err);
	forget(&w, code);
	if (code == ERR_NETWORK) {
		code = containerd_why(c, code, err);
		err_add(err, "%s", c->socket);
	}
	free(w.todo);
	free(w.anew);
	return code;
}
