/* The part of fetch.h that fetches blobs as a whole, proved on their way to their place. */
#include "common/mem.h"
#include "export/fetching.h"

static enum err_code meter_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct slot *s = OUTER_OF(out, struct slot, meter);

	s->at_bytes += len;
	if (s->at_bytes > s->shown_bytes) {
		fetch_advance(s->fetch, s->node, s->at_bytes - s->shown_bytes);
		s->shown_bytes = s->at_bytes;
	}
	return outstream_write(&s->offload.out, bytes, len, err);
}

/* Where kept bytes went in, they may be the ones that are wrong. */
static enum err_code meter_finish(struct outstream *out, struct err *err)
{
	struct slot *s = OUTER_OF(out, struct slot, meter);
	enum err_code code = outstream_finish(&s->offload.out, err);

	if (code != ERR_DIGEST || s->kept_bytes == 0)
		return code;
	s->failed = true;
	fetch_note_anew(s->fetch, s->node);
	return ERR_OK;
}

/* The place's stream, behind the proof, on another thread. */
static enum err_code open_slot(struct slot *s, struct err *err)
{
	struct fetch *f = s->fetch;
	const struct node *n = &f->gather->graph.nodes[s->node];
	enum err_code code = f->place->open(f->place, s->node, &s->out, s->anew ? NULL : &s->kept, err);

	s->meter = (struct outstream){ .write = meter_write, .finish = meter_finish };
	if (code == ERR_OK)
		code = proof_stage_init(&s->proof, &n->digest, n->size_bytes, s->out, err);
	return code == ERR_OK ? offload_init(&s->offload, f->gather->pool, &s->proof.out, err) : code;
}

void whole_close(struct slot *s)
{
	proof_stage_release(&s->proof);
	s->fetch->place->close(s->fetch->place, s->out);
	s->kept = NULL;
	s->anew = s->failed;
	s->failed = false;
}

/* The first bytes, as far as they are here.  That is done before the source is asked, on the thread that receives: what
 * an interrupted run had begun is what comes first now, so hardly anything else is under way yet. */
static enum err_code take_kept(struct slot *s, struct err *err)
{
	char chunk[STREAM_CHUNK_BYTES];
	enum err_code code = ERR_OK;
	size_t len = 1;

	while (code == ERR_OK && len > 0) {
		code = instream_read(s->kept, chunk, sizeof(chunk), &len, err);
		if (code == ERR_OK && len > 0)
			code = outstream_write(&s->meter, chunk, len, err);
	}
	s->kept_bytes = s->at_bytes;
	return code;
}

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	return fetch_slot_done(ctx, there, err);
}

enum err_code whole_begin(struct slot *s, struct err *err)
{
	struct fetch *f = s->fetch;
	struct source *source = gather_source(f->gather, s->node);
	struct descriptor d = node_descriptor(&f->gather->graph.nodes[s->node]);
	enum err_code code = open_slot(s, err);

	s->at_bytes = s->kept_bytes = 0;
	if (code == ERR_OK && s->kept != NULL)
		code = take_kept(s, err);
	if (code != ERR_OK)
		return code;
	if (s->kept_bytes > 0 && s->kept_bytes == d.size_bytes) {
		code = outstream_finish(&s->meter, err); /* nothing is left to ask for */
		return code == ERR_OK ? on_blob(s, true, err) : err_add(err, "%s", d.digest.text);
	}
	return source->blob(source, &d, s->kept_bytes, d.size_bytes, &s->meter, on_blob, s, err);
}
