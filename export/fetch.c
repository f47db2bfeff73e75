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
	bool asking; /* inside the source's blob(): a source may answer before that returns */
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

	watch_advance(s->fetch->watch, s->node, len);
	return outstream_write(&s->offload.out, bytes, len, err);
}

static enum err_code meter_finish(struct outstream *out, struct err *err)
{
	return outstream_finish(&OUTER_OF(out, struct slot, meter)->offload.out, err);
}

/* The place's stream, behind the proof, on another thread. */
static enum err_code slot_open(struct slot *s, struct err *err)
{
	struct fetch *f = s->fetch;
	const struct node *n = &f->gather->graph.nodes[s->node];
	enum err_code code = f->place->open(f->place, s->node, &s->out, err);

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
}

static enum err_code run_slot(struct slot *s, struct err *err);

static enum err_code on_blob(void *ctx, struct err *err)
{
	struct slot *s = ctx;

	slot_close(s);
	return s->asking ? ERR_OK : run_slot(s, err);
}

static enum err_code ask(struct slot *s, struct err *err)
{
	struct fetch *f = s->fetch;
	struct source *source = gather_source(f->gather, s->node);
	struct descriptor d = node_descriptor(&f->gather->graph.nodes[s->node]);
	enum err_code code;

	s->asking = true;
	code = source->blob(source, &d, 0, &s->meter, on_blob, s, err);
	s->asking = false;
	return code;
}

/* Take blobs one after the other, for as long as the source answers at once. */
static enum err_code run_slot(struct slot *s, struct err *err)
{
	struct fetch *f = s->fetch;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && s->out == NULL && f->next < f->len) {
		s->node = f->nodes[f->next++];
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
