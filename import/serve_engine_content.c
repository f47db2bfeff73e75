#include "import/serve_engine_content.h"

#include "common/limits.h"
#include "common/mem.h"

struct reading {
	struct manifest *manifest;
	bool there;
};

static enum err_code on_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	struct reading *r = ctx;

	if (m->bytes == NULL)
		return ERR_OK;
	r->there = true;
	return manifest_parse(m->bytes, m->len, m->media_type, m->digest.text, r->manifest, err);
}

enum err_code engine_manifest_read(struct source *source, const struct descriptor *d, struct manifest *ret_manifest,
				   bool *ret_there, struct err *err)
{
	struct reading r = { .manifest = ret_manifest };
	enum err_code code = source->manifest(source, d, on_manifest, &r, err);

	if (code == ERR_OK)
		*ret_there = r.there;
	return code;
}

static enum err_code note(void *ctx, bool there, struct err *err)
{
	bool *ret_there = ctx;

	(void)err;
	*ret_there = there;
	return ERR_OK;
}

enum err_code engine_blob_read(struct source *source, const struct descriptor *d, struct buf *out, bool *ret_there,
			       struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct buf_stage to;
	enum err_code code;

	buf_stage_init(&to, out);
	code = proof_stage_init(&proof, &d->digest, d->size_bytes, &to.out, err);
	return code == ERR_OK ? source->blob(source, d, 0, d->size_bytes, &proof.out, note, ret_there, err) : code;
}

enum err_code engine_json_read(struct source *source, const struct descriptor *d, struct json_t **ret_json,
			       struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	bool there = false;
	enum err_code code;

	*ret_json = NULL;
	if (d->size_bytes > LIMIT_SMALL_BLOB_BYTES)
		return ERR_OK;
	buf_init(&bytes, LIMIT_SMALL_BLOB_BYTES);
	code = engine_blob_read(source, d, &bytes, &there, err);
	if (code != ERR_OK || !there)
		return code;
	code = js_read(buf_text(&bytes), bytes.len, d->digest.text, ret_json, err);
	return code == ERR_FORMAT || code == ERR_LIMIT ? ERR_OK : code;
}

enum err_code engine_has(struct source *source, const struct descriptor *d, bool *ret_there, struct err *err)
{
	return source->has(source, d, note, ret_there, err);
}
