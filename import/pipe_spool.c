#include "import/pipe_spool.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

#define FILE_NAME "temporary file"

struct spool_stream {
	struct instream in; /* what the asker has */
	struct proof_stream proof;
	struct instream raw; /* what is proved */
	struct pipe_spool *spool;
	uint64_t at_bytes;
};

void pipe_spool_init(struct pipe_spool *s, const struct plan *plan)
{
	*s = (struct pipe_spool){ .plan = plan, .fd = -1, .node = NODE_NONE };
}

void pipe_spool_next(struct pipe_spool *s)
{
	if (s->source != NULL)
		instream_release(take_ptr(&s->source));
	s->node = NODE_NONE;
	s->have_bytes = 0;
	s->broken = (struct err){ 0 };
}

void pipe_spool_release(struct pipe_spool *s)
{
	pipe_spool_next(s);
	if (s->plan != NULL)
		close_fd(&s->fd);
}

/* What has come and may be wanted again. */
static void put(struct pipe_spool *s, const void *bytes, size_t len)
{
	enum err_code code = s->broken.code;

	if (code == ERR_OK && s->fd < 0)
		code = file_nameless(folder_temporary(), &s->fd, &s->broken);
	if (code == ERR_OK)
		write_at(s->fd, bytes, len, s->have_bytes, FILE_NAME, &s->broken);
	s->have_bytes += len;
}

/* First what has come before, then what comes. */
static enum err_code read_raw(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct spool_stream *r = OUTER_OF(in, struct spool_stream, raw);
	struct pipe_spool *s = r->spool;
	uint64_t left_bytes = s->have_bytes - r->at_bytes;
	enum err_code code;

	if (left_bytes > 0) {
		*ret_len = left_bytes < cap ? (size_t)left_bytes : cap;
		code = read_at(s->fd, bytes, *ret_len, r->at_bytes, FILE_NAME, err);
	} else {
		code = instream_read(s->source, bytes, cap, ret_len, err);
		if (code == ERR_OK)
			put(s, bytes, *ret_len);
	}
	r->at_bytes += code == ERR_OK ? *ret_len : 0;
	return code;
}

static enum err_code read_proved(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct spool_stream *r = OUTER_OF(in, struct spool_stream, in);
	enum err_code code = instream_read(&r->proof.in, bytes, cap, ret_len, err);

	return code == ERR_OK ? ERR_OK
			      : err_add(err, "%s: %s", bundle_path(r->spool->plan->bundle), r->proof.digest.want.text);
}

static void release(struct instream *in)
{
	struct spool_stream *r = OUTER_OF(in, struct spool_stream, in);

	instream_release(&r->proof.in);
	free(r);
}

static enum err_code begin_layer(struct pipe_spool *s, uint32_t node, struct err *err)
{
	enum err_code code;

	if (s->node == node && s->broken.code == ERR_OK)
		return ERR_OK;
	if (s->node == node)
		return err_set(err, ERR_IO, "%s: it is not there to be sent again: %s",
			       s->plan->graph.nodes[node].digest.text, s->broken.msg);
	pipe_spool_next(s);
	code = bundle_blob(s->plan->bundle, &s->plan->graph.nodes[node].digest, &s->source, err);
	s->node = code == ERR_OK ? node : NODE_NONE;
	return code;
}

enum err_code pipe_spool_open(struct pipe_spool *s, uint32_t node, struct instream **ret_in, struct err *err)
{
	const struct node *n = &s->plan->graph.nodes[node];
	enum err_code code = begin_layer(s, node, err);
	struct spool_stream *r;

	if (code != ERR_OK)
		return code;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return err_nomem(err);
	r->spool = s;
	r->raw.read = read_raw;
	code = proof_stream_init(&r->proof, &n->digest, n->size_bytes, &r->raw, err);
	if (code != ERR_OK) {
		free(r);
		return code;
	}
	r->in = (struct instream){ .read = read_proved, .release = release };
	*ret_in = &r->in;
	return ERR_OK;
}
