/* The part of push.h that sends blobs: first to one repository each, then from there to others. */
#include "common/limits.h"
#include "common/mem.h"
#include "common/upload.h"
#include "import/push.h"

/* Layers come out of a pipe once, in their order; all else is at hand. */
static bool comes_once(const struct push *p, uint32_t node)
{
	const struct description *d = bundle_description(p->plan->bundle);
	size_t at = description_find(d, &p->plan->graph.nodes[node].digest);

	return bundle_is_piped(p->plan->bundle) && at != BLOB_NONE && stored_is_here(d->blobs[at].stored) &&
	       d->blobs[at].stored != STORED_PACKED;
}

static bool is_due(const struct push *p, const struct push_item *item)
{
	return item->wanted && item->state == PUSH_LACKS && !push_is_manifest(p, item) &&
	       (node_is_carried(&p->plan->graph.nodes[item->node]) || item->from != PUSH_NONE);
}

static enum err_code open_blob(void *ctx, struct instream **ret_in, struct err *err)
{
	const struct push_slot *slot = ctx;
	struct push *p = slot->push;
	const struct push_item *item = &p->items[slot->at];
	const struct node *n = &p->plan->graph.nodes[item->node];

	if (comes_once(p, item->node))
		return pipe_spool_open(&p->spool, item->node, ret_in, err);
	if (node_is_carried(n))
		return plan_open(p->plan, item->node, ret_in, err);
	/* For us it is not there: it belongs to what the connected side is to send. */
	p->plan->skip[item->node] = false;
	plan_check_prerequisites(p->plan, p->repositories[item->repository].name, err);
	return err_set(
		err, ERR_MISSING,
		"%s: the registry has layer %s in %s, and does not give it to this repository: this bundle leaves "
		"it out; import one with all layers",
		p->repositories[item->repository].name, n->digest.text, p->repositories[item->from].name);
}

static void on_went(void *ctx, uint64_t bytes)
{
	const struct push_slot *slot = ctx;

	progress_advance(slot->push->plan->progress, PROGRESS_NONE, bytes);
}

static enum err_code send_item(struct push_slot *slot, struct push_item *item, struct err *err);

/* What has arrived in one repository may be mounted from there. */
static void find_neighbour(const struct push *p, struct push_item *item)
{
	struct push_item *items;
	size_t len = push_items_of(p, item->node, &items), i;

	for (i = 0; i < len && item->from == PUSH_NONE; i++) {
		if (items[i].state == PUSH_ARRIVED)
			item->from = items[i].repository;
	}
}

/* The next one that is to be sent of a blob, NULL if none is. */
static struct push_item *next_due(const struct push *p, uint32_t node)
{
	struct push_item *items;
	size_t len = push_items_of(p, node, &items), i;

	for (i = 0; i < len && !is_due(p, &items[i]);)
		i++;
	return i < len ? &items[i] : NULL;
}

static enum err_code on_sent(void *ctx, enum upload_end end, struct err *err)
{
	struct push_slot *slot = ctx;
	struct push *p = slot->push;
	struct push_item *item = &p->items[slot->at];

	item->state = PUSH_ARRIVED;
	if (end == UPLOAD_SENT)
		p->plan->sent_bytes += p->plan->graph.nodes[item->node].size_bytes;
	if (comes_once(p, item->node)) {
		struct push_item *due = next_due(p, item->node);

		if (due != NULL)
			return send_item(slot, due, err);
		pipe_spool_next(&p->spool);
	}
	return push_next(slot, err);
}

static enum err_code send_item(struct push_slot *slot, struct push_item *item, struct err *err)
{
	struct push *p = slot->push;
	const struct node *n = &p->plan->graph.nodes[item->node];
	struct upload_wish wish = {
		.digest = n->digest,
		.size_bytes = n->size_bytes,
		.open = open_blob,
		.went = on_went,
		.done = on_sent,
		.ctx = slot,
	};

	slot->at = (size_t)(item - p->items);
	find_neighbour(p, item);
	wish.from = item->from != PUSH_NONE ? p->repositories[item->from].ref.path : NULL;
	return upload_start(repository_of(p->repositories[item->repository].source), &wish, err);
}

/* What the bundle leaves out is mounted from where the registry has it: before anything is sent, for that may be
 * refused.
 */
static enum err_code mount_left_out(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	struct push_item *item = &p->items[slot->at];

	if (!is_due(p, item) || node_is_carried(&p->plan->graph.nodes[item->node]))
		return ERR_OK;
	*ret_started = true;
	return send_item(slot, item, err);
}

/* In the file's order: each blob goes to one of the repositories that want it; out of a pipe to all, one after the
 * other, for it does not come again. */
static enum err_code send_first(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	struct push_item *due = next_due(p, p->plan->order[slot->at]);

	*ret_started = due != NULL;
	return due != NULL ? send_item(slot, due, err) : ERR_OK;
}

/* What has arrived in one repository is mounted in others. */
static enum err_code send_others(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	struct push_item *item = &p->items[slot->at];

	*ret_started = is_due(p, item);
	return *ret_started ? send_item(slot, item, err) : ERR_OK;
}

enum err_code push_blobs(struct push *p, struct err *err)
{
	unsigned jobs = bundle_is_piped(p->plan->bundle) ? 1 : p->jobs;
	enum err_code code = push_run(p, mount_left_out, p->items_len, p->jobs, err);

	if (code == ERR_OK)
		code = push_run(p, send_first, p->plan->order_len, jobs, err);
	return code == ERR_OK ? push_run(p, send_others, p->items_len, p->jobs, err) : code;
}
