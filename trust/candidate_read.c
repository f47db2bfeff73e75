#include "trust/candidate_read.h"

#include "common/mem.h"

/* What the source is asked for, and what came of it. */
struct answer {
	const struct node *node;
	struct manifest *manifest;
};

static enum err_code not_there(const struct node *n, struct err *err)
{
	return err_set(err, ERR_DAMAGED, "%s %s is not there", role_name(n->role), n->digest.text);
}

static enum err_code on_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	struct answer *a = ctx;

	if (m->bytes == NULL)
		return not_there(a->node, err);
	return manifest_parse(m->bytes, m->len, m->media_type, a->node->digest.text, a->manifest, err);
}

enum err_code candidate_read_manifest(const struct candidates *all, uint32_t node, struct manifest *ret_manifest,
				      struct err *err)
{
	struct answer a = { .node = &all->graph->nodes[node], .manifest = ret_manifest };
	struct descriptor d = node_descriptor(a.node);

	return all->source->manifest(all->source, &d, on_manifest, &a, err);
}

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	return there ? ERR_OK : not_there(ctx, err);
}

enum err_code candidate_read_blob(const struct candidates *all, uint32_t node, struct buf *out, struct err *err)
{
	struct node n = all->graph->nodes[node];
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct descriptor d = node_descriptor(&n);
	struct buf_stage stage;
	enum err_code code;

	buf_stage_init(&stage, out);
	code = proof_stage_init(&proof, &d.digest, d.size_bytes, &stage.out, err);
	return code == ERR_OK ? all->source->blob(all->source, &d, 0, d.size_bytes, &proof.out, on_blob, &n, err)
			      : code;
}
