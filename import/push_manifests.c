/* The part of push.h that sends manifests, under their digests and under tags. */
#include <string.h>

#include "common/discovery.h"
#include "common/limits.h"
#include "common/manifest_put.h"
#include "common/mem.h"
#include "import/push.h"
#include "import/push_subset.h"

static enum err_code put(struct push *p, uint32_t repository, const struct manifest_put *what, struct err *err)
{
	return manifest_put_start(repository_of(p->repositories[repository].source), what, err);
}

/* The registry wants everything that a manifest lists, and the bundle has not all of it: that is no fault of either,
 * and there are ways. */
static enum err_code explain(const struct push *p, const struct push_item *item, const struct err *refused,
			     struct err *err)
{
	const struct node *n = &p->plan->graph.nodes[item->node];
	uint32_t lack = push_subset_lack(p, item->node, item->repository);
	const char *name = p->repositories[item->repository].name;
	const struct node *missing;

	if (lack == NODE_NONE || refused->code == ERR_DENIED || refused->code == ERR_NETWORK) {
		*err = *refused;
		return err_add(err, "%s: %s %s", name, role_name(n->role), n->digest.text);
	}
	missing = &p->plan->graph.nodes[lack];
	if (n->role == ROLE_INDEX)
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s: this registry takes no index whose platforms are not all there, and neither it nor what "
			"is imported has %s %s of %s: no name was published; --subset-index publishes a new index of "
			"what is there, or import all platforms",
			name, node_known_as(missing), missing->digest.text, n->digest.text);
	return err_set(
		err, ERR_UNSUPPORTED,
		"%s: this registry takes no manifest whose layers are not all there, and neither it nor the bundle "
		"has %s %s of %s: no name was published; import a bundle with layers first, or import this one into "
		"a Docker daemon or the store",
		name, node_known_as(missing), missing->digest.text, n->digest.text);
}

static enum err_code on_put(void *ctx, const struct err *refused, struct err *err)
{
	struct push_slot *slot = ctx;
	struct push_item *item = &slot->push->items[slot->at];

	if (refused != NULL)
		return explain(slot->push, item, refused, err);
	item->state = PUSH_ARRIVED;
	slot->push->plan->sent_bytes += slot->push->plan->graph.nodes[item->node].size_bytes;
	progress_advance(slot->push->plan->progress, PROGRESS_NONE,
			 slot->push->plan->graph.nodes[item->node].size_bytes);
	return push_next(slot, err);
}

static enum err_code put_node(struct push *p, uint32_t node, uint32_t repository, const char *which,
			      manifest_put_fn *done, void *ctx, struct err *err)
{
	const struct node *n = &p->plan->graph.nodes[node];
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct manifest_put what = {
		.which = which,
		.media_type = n->media_type,
		.digest = n->digest,
		.done = done,
		.ctx = ctx,
	};
	enum err_code code = push_read_manifest(p, node, &bytes, err);

	what.bytes = buf_text(&bytes);
	what.len = bytes.len;
	return code == ERR_OK ? put(p, repository, &what, err) : code;
}

static enum err_code put_item(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	const struct push_item *item = &p->items[slot->at];
	const struct node *n = &p->plan->graph.nodes[item->node];

	*ret_started = item->wanted && item->stage == p->stage && item->state == PUSH_LACKS &&
		       push_is_manifest(p, item) && node_is_carried(n);
	return *ret_started ? put_node(p, item->node, item->repository, n->digest.text, on_put, slot, err) : ERR_OK;
}

static enum err_code on_plain_put(void *ctx, const struct err *refused, struct err *err)
{
	struct push_slot *slot = ctx;

	if (refused == NULL)
		return push_next(slot, err);
	*err = *refused;
	return err->code;
}

/* Where another name fails later, this one has moved all the same. */
static enum err_code on_name_put(void *ctx, const struct err *refused, struct err *err)
{
	struct push_slot *slot = ctx;
	struct plan *plan = slot->push->plan;

	if (refused == NULL)
		plan->images[slot->at].is = *plan_digest(plan, slot->at);
	return on_plain_put(ctx, refused, err);
}

/* The index in place of an image's root, under its digest or the image's tag. */
static enum err_code put_other(struct push_slot *slot, const char *which, manifest_put_fn *done, struct err *err)
{
	struct push *p = slot->push;
	const struct buf *bytes = &p->others[slot->at];
	struct manifest_put what = {
		.which = which,
		.media_type = p->plan->graph.nodes[p->plan->graph.images[slot->at].root].media_type,
		.bytes = buf_text(bytes),
		.len = bytes->len,
		.digest = p->plan->images[slot->at].other,
		.done = done,
		.ctx = slot,
	};

	return put(p, p->image_repository[slot->at], &what, err);
}

static enum err_code put_other_index(struct push_slot *slot, bool *ret_started, struct err *err)
{
	*ret_started = push_is_other(slot->push, slot->at);
	return *ret_started ? put_other(slot, slot->push->plan->images[slot->at].other.text, on_plain_put, err)
			    : ERR_OK;
}

enum err_code push_manifests(struct push *p, struct err *err)
{
	unsigned last = 0;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; i < p->items_len; i++)
		last = p->items[i].stage > last ? p->items[i].stage : last;
	for (p->stage = 1; code == ERR_OK && p->stage <= last; p->stage++)
		code = push_run(p, put_item, p->items_len, 2 * p->jobs, err);
	return code == ERR_OK ? push_run(p, put_other_index, p->plan->graph.images_len, 2 * p->jobs, err) : code;
}

static enum err_code put_cosign_tag(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	const struct push_tag *t = &p->tags[slot->at];
	char tag[DISCOVERY_TAG_SIZE];

	if (t->yields || digest_equal(&t->was, &p->plan->graph.nodes[t->node].digest) ||
	    !discovery_tag(&p->plan->graph.nodes[t->subject].digest, t->kind, tag))
		return ERR_OK;
	*ret_started = true;
	return put_node(p, t->node, t->repository, tag, on_plain_put, slot, err);
}

static enum err_code put_name(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	const struct image *image = &p->plan->graph.images[slot->at];
	CLEANUP(reference_release) struct reference ref = { 0 };
	enum err_code code = reference_parse(image->name, &ref, err);

	if (code != ERR_OK || ref.tag == NULL)
		return code; /* a name by digest needs no more than the manifest */
	if (digest_equal(&p->plan->images[slot->at].was, plan_digest(p->plan, slot->at)))
		return ERR_OK;
	*ret_started = true;
	if (push_is_other(p, slot->at))
		return put_other(slot, ref.tag, on_name_put, err);
	return put_node(p, image->root, p->image_repository[slot->at], ref.tag, on_name_put, slot, err);
}

enum err_code push_tags(struct push *p, struct err *err)
{
	enum err_code code = push_run(p, put_cosign_tag, p->tags_len, 2 * p->jobs, err);

	return code == ERR_OK ? push_run(p, put_name, p->plan->graph.images_len, 2 * p->jobs, err) : code;
}
