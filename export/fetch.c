#include "export/fetch.h"

#include <stdlib.h>

#include "common/mem.h"
#include "common/offload.h"

/* One blob under way; when it is done the slot takes the next. */
struct slot {
	struct fetch *fetch;
	uint32_t node;
	struct outstream *out;  /* the place's; NULL while idle */
	struct outstream meter; /* counts what arrives, on the thread that owns curl */
	struct offload offload; /* what comes after is done on another */
	struct proof_stage proof;
	struct instream *kept; /* the place's */
	uint64_t kept_bytes;   /* that came from there */
	uint64_t at_bytes;     /* of the blob */
	uint64_t shown_bytes;  /* of the blob, as progress: what comes again does not count again */
	bool failed;           /* with kept bytes it is not what its digest says */
	bool anew;             /* the same blob again, without them */
	bool asking;           /* inside the source's blob(): a source may answer before that returns */
};

struct fetch {
	struct gather *gather;
	const uint32_t *nodes;
	size_t len, next;
	struct fetch_place *place;
	struct watch *watch;
	struct slot *slots;
	unsigned width;
};

static enum err_code meter_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct slot *s = OUTER_OF(out, struct slot, meter);

	s->at_bytes += len;
	if (s->at_bytes > s->shown_bytes) {
		watch_advance(s->fetch->watch, s->node, s->at_bytes - s->shown_bytes);
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
	progress_note(s->fetch->watch->progress,
		      "%s: with what an interrupted run left it is not what its digest says: fetched anew",
		      s->fetch->gather->graph.nodes[s->node].digest.text);
	return ERR_OK;
}

/* The place's stream, behind the proof, on another thread. */
static enum err_code slot_open(struct slot *s, struct err *err)
{
	struct fetch *f = s->fetch;
	const struct node *n = &f->gather->graph.nodes[s->node];
	enum err_code code = f->place->open(f->place, s->node, &s->out, s->anew ? NULL : &s->kept, err);

	if (code == ERR_OK)
		code = proof_stage_init(&s->proof, &n->digest, n->size_bytes, s->out, err);
	return code == ERR_OK ? offload_init(&s->offload, f->gather->pool, &s->proof.out, err) : code;
}

static void slot_close(struct slot *s)
{
	offload_release(&s->offload);
	proof_stage_release(&s->proof);
	if (s->out != NULL)
		s->fetch->place->close(s->fetch->place, s->out);
	s->out = NULL;
	s->kept = NULL;
}

static enum err_code run_slot(struct slot *s, struct err *err);

static enum err_code not_there(const struct slot *s, struct err *err)
{
	const struct fetch *f = s->fetch;
	const struct node *n = &f->gather->graph.nodes[s->node];

	if (f->place->absent != NULL)
		return f->place->absent(f->place, s->node, err);
	return err_set(err, ERR_NOT_FOUND, "%s %s was at its source when this run began, and now it is not",
		       role_name(n->role), n->digest.text);
}

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	struct slot *s = ctx;
	enum err_code code;

	slot_close(s);
	s->anew = s->failed;
	s->failed = false;
	code = there ? ERR_OK : not_there(s, err);
	if (code != ERR_OK)
		return code;
	return s->asking ? ERR_OK : run_slot(s, err);
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

static enum err_code ask(struct slot *s, struct err *err)
{
	struct fetch *f = s->fetch;
	struct source *source = gather_source(f->gather, s->node);
	struct descriptor d = node_descriptor(&f->gather->graph.nodes[s->node]);
	enum err_code code = ERR_OK;

	s->at_bytes = s->kept_bytes = 0;
	if (s->kept != NULL)
		code = take_kept(s, err);
	if (code != ERR_OK)
		return code;
	s->asking = true;
	if (s->kept_bytes > 0 && s->kept_bytes == d.size_bytes) {
		code = outstream_finish(&s->meter, err); /* nothing is left to ask for */
		code = code == ERR_OK ? on_blob(s, true, err) : err_add(err, "%s", d.digest.text);
	} else {
		code = source->blob(source, &d, s->kept_bytes, d.size_bytes, &s->meter, on_blob, s, err);
	}
	s->asking = false;
	return code;
}

/* Take blobs one after the other, for as long as the source answers at once. */
static enum err_code run_slot(struct slot *s, struct err *err)
{
	struct fetch *f = s->fetch;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && s->out == NULL && (s->anew || f->next < f->len)) {
		if (!s->anew) {
			s->node = f->nodes[f->next++];
			s->shown_bytes = 0;
		}
		code = slot_open(s, err);
		if (code == ERR_OK)
			code = ask(s, err);
	}
	return code;
}

enum err_code fetch_start(struct gather *g, const uint32_t *nodes, size_t len, unsigned width,
			  struct fetch_place *place, struct watch *watch, struct fetch **ret_fetch, struct err *err)
{
	struct fetch *f = calloc(1, sizeof(*f));
	enum err_code code = ERR_OK;
	unsigned i;

	if (f == NULL)
		return err_nomem(err);
	*f = (struct fetch){
		.gather = g,
		.nodes = nodes,
		.len = len,
		.place = place,
		.watch = watch,
		.width = width,
	};
	*ret_fetch = f;
	f->slots = calloc(width, sizeof(*f->slots));
	if (f->slots == NULL)
		return err_nomem(err);
	for (i = 0; i < width; i++)
		f->slots[i] = (struct slot){
			.fetch = f,
			.meter = { .write = meter_write, .finish = meter_finish },
		};
	for (i = 0; code == ERR_OK && i < width; i++)
		code = run_slot(&f->slots[i], err);
	return code;
}

void fetch_free(struct fetch *f)
{
	unsigned i;

	if (f == NULL)
		return;
	for (i = 0; f->slots != NULL && i < f->width; i++)
		slot_close(&f->slots[i]);
	free(f->slots);
	free(f);
}

void fetch_free_ptr(struct fetch **f)
{
	fetch_free(*f);
}
