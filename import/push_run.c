/* The part of push.h that keeps a bounded number of questions under way. */
#include "import/push.h"

#include "common/limits.h"

/* A blob that has gone whole takes no place: the registry brings it to its disk while the next one comes. */
static unsigned may_be_active(const struct push *p)
{
	unsigned max = p->active_max + (p->active_max > 1 ? http_ending(p->site->http) : 0);

	return max < PUSH_SLOTS ? max : PUSH_SLOTS;
}

static enum err_code fill(struct push *p, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && p->next < p->end && p->active < may_be_active(p)) {
		struct push_slot *slot = p->slots;
		bool started = false;

		while (slot->used)
			slot++;
		*slot = (struct push_slot){ .push = p, .at = p->next++, .used = true };
		p->active++;
		code = p->start(slot, &started, err);
		if (code == ERR_OK && !started) {
			slot->used = false;
			p->active--;
		}
	}
	return code;
}

enum err_code push_next(struct push_slot *slot, struct err *err)
{
	struct push *p = slot->push;

	slot->used = false;
	p->active--;
	return fill(p, err);
}

static enum err_code on_ending(void *ctx, struct err *err)
{
	return fill(ctx, err);
}

enum err_code push_run(struct push *p, push_start_fn *start, size_t len, unsigned active_max, struct err *err)
{
	enum err_code code;
	size_t i;

	for (i = 0; i < PUSH_SLOTS; i++)
		p->slots[i].used = false;
	p->start = start;
	p->next = p->active = 0;
	p->end = len;
	p->active_max = active_max < PUSH_SLOTS ? active_max : PUSH_SLOTS;
	code = fill(p, err);
	http_on_ending(p->site->http, on_ending, p);
	if (code == ERR_OK)
		code = http_run(p->site->http, err);
	http_on_ending(p->site->http, NULL, NULL);
	return code;
}

enum err_code push_read_manifest(const struct push *p, uint32_t node, struct buf *out, struct err *err)
{
	struct instream *in = NULL;
	struct buf_stage stage;
	enum err_code code = plan_open(p->plan, node, &in, err);

	if (code != ERR_OK)
		return code;
	buf_init(out, LIMIT_MANIFEST_BYTES);
	buf_stage_init(&stage, out);
	code = stream_copy(in, &stage.out, err);
	instream_release(in);
	return code;
}
