#include "export/spooled.h"

#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"

struct spooled {
	struct source source;
	const struct graph *graph;
	const struct spool *spool;
	bool *has; /* owned: by node */
	size_t has_cap;
};

static enum err_code give_blob(struct source *source, const struct descriptor *d, uint64_t from_bytes,
			       uint64_t end_bytes, struct outstream *out, source_blob_fn *done, void *ctx,
			       struct err *err)
{
	struct spooled *s = OUTER_OF(source, struct spooled, source);
	struct fd_stream in;
	enum err_code code;

	spool_read(s->spool, graph_find(s->graph, &d->digest), end_bytes, &in);
	in.offset_bytes += from_bytes;
	in.left_bytes -= from_bytes;
	code = stream_copy(&in.in, out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

enum err_code spooled_new(const struct graph *g, const struct spool *spool, struct spooled **ret_spooled,
			  struct err *err)
{
	struct spooled *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(err);
	*s = (struct spooled){
		.source = { .ranges = SOURCE_RANGES_NONE, .at_once = true, .blob = give_blob },
		.graph = g,
		.spool = spool,
	};
	*ret_spooled = s;
	return ERR_OK;
}

enum err_code spooled_add(struct spooled *s, uint32_t node, struct err *err)
{
	enum err_code code = vec_grow(&s->has, &s->has_cap, (size_t)node + 1, sizeof(*s->has), LIMIT_NODES, err);

	if (code == ERR_OK)
		s->has[node] = true;
	return code;
}

bool spooled_has(const struct spooled *s, uint32_t node)
{
	return node < s->has_cap && s->has[node];
}

struct source *spooled_source(struct spooled *s)
{
	return &s->source;
}

void spooled_free(struct spooled *s)
{
	if (s == NULL)
		return;
	free(s->has);
	free(s);
}
