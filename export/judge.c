#include "export/judge.h"

#include "common/limits.h"
#include "common/mem.h"

/* What was spooled, as a source. */
struct spool_source {
	struct source source;
	const struct gather *gather;
};

static const struct gather *gather_of(struct source *s)
{
	return OUTER_OF(s, struct spool_source, source)->gather;
}

static enum err_code copy(const struct gather *g, uint32_t node, struct outstream *out, struct err *err)
{
	struct fd_stream in;

	spool_read(&g->spool, node, g->graph.nodes[node].size_bytes, &in);
	return stream_copy(&in.in, out, err);
}

static enum err_code give_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				   struct err *err)
{
	const struct gather *g = gather_of(s);
	uint32_t node = graph_find(&g->graph, &d->digest);
	struct source_manifest m = { .media_type = d->media_type, .digest = d->digest };
	CLEANUP(buf_release) struct buf bytes = { .max = LIMIT_MANIFEST_BYTES };
	struct buf_stage stage;
	enum err_code code;

	buf_stage_init(&stage, &bytes);
	code = copy(g, node, &stage.out, err);
	m.bytes = buf_text(&bytes);
	m.len = bytes.len;
	return code == ERR_OK ? done(ctx, &m, err) : code;
}

static enum err_code give_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			       struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	const struct gather *g = gather_of(s);
	uint32_t node = graph_find(&g->graph, &d->digest);
	enum err_code code;

	(void)from_bytes;
	(void)end_bytes; /* all of it: whoever proves it wants nothing else */
	if (!node_is_small(&g->graph.nodes[node]) && !spooled_has(g->spooled, node))
		return err_set(err, ERR_UNSUPPORTED, "it is listed as a layer, too, and comes with the layers only");
	code = copy(g, node, out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

enum err_code judge_images(struct admission *a, const struct gather *g, struct err *err)
{
	struct spool_source s = {
		.source = { .at_once = true, .manifest = give_manifest, .blob = give_blob },
		.gather = g,
	};

	return admission_check(a, &g->graph, &s.source, g->names, err);
}
