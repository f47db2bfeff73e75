/* The part of push.h that looks what is there. */
#include <string.h>

#include "common/discovery.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/presence.h"
#include "common/text.h"
#include "import/push.h"
#include "import/push_subset.h"

static struct repository *repository_at(const struct push *p, uint32_t repository)
{
	return repository_of(p->repositories[repository].source);
}

/* What can be run there now: a registry that has a manifest has what it lists. */
static enum err_code note_runs(struct plan *plan, size_t image, const struct source_manifest *got, struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct err why = { 0 };
	enum err_code code = ERR_OK;
	size_t i;

	if (manifest_parse(got->bytes, got->len, got->media_type, got->digest.text, &m, &why) != ERR_OK)
		return why.code == ERR_NOMEM ? err_nomem(err) : ERR_OK; /* whatever it is, it does not run */
	if (m.kind == MANIFEST_IMAGE)
		return plan_add_run(plan, image, &got->digest, NULL, err);
	for (i = 0; code == ERR_OK && m.kind == MANIFEST_INDEX && i < m.items_len; i++) {
		char text[PLATFORM_TEXT_MAX] = "";
		struct platform platform;

		if (descriptor_is_attestation(&m.items[i]))
			continue;
		if (descriptor_platform(&m.items[i], &platform))
			platform_format(&platform, text);
		code = plan_add_run(plan, image, &m.items[i].digest, text, err);
	}
	return code;
}

/* What the name of an image stands for now. */
static enum err_code on_name(void *ctx, const struct source_manifest *m, struct err *err)
{
	struct push_slot *slot = ctx;

	enum err_code code;

	if (m->bytes == NULL)
		return push_next(slot, err);
	slot->push->plan->images[slot->at].was = m->digest;
	code = note_runs(slot->push->plan, slot->at, m, err);
	return code == ERR_OK ? push_next(slot, err) : code;
}

static enum err_code ask_name(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	CLEANUP(reference_release) struct reference ref = { 0 };
	struct source *s = p->repositories[p->image_repository[slot->at]].source;
	enum err_code code = reference_parse(p->plan->graph.images[slot->at].name, &ref, err);

	*ret_started = true;
	return code == ERR_OK ? s->resolve(s, &ref, on_name, slot, err) : code;
}

static enum err_code on_item(void *ctx, bool there, struct err *err)
{
	struct push_slot *slot = ctx;

	if (there)
		slot->push->items[slot->at].state = PUSH_THERE;
	return push_next(slot, err);
}

static enum err_code ask_item(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	const struct push_item *item = &p->items[slot->at];
	const struct node *n = &p->plan->graph.nodes[item->node];
	struct repository *r = repository_at(p, item->repository);

	*ret_started = item->state == PUSH_LACKS;
	if (!*ret_started)
		return ERR_OK;
	if (node_is_carried(n))
		return presence_to_send(r, push_is_manifest(p, item), &n->digest, on_item, slot, err);
	return push_is_manifest(p, item) ? presence_of_manifest(r, &n->digest, on_item, slot, err)
					 : presence_start(r, &n->digest, on_item, slot, err);
}

/* What one repository of this import has, another can be given. */
static void find_neighbours(struct push *p)
{
	size_t i = 0, len, j;

	for (; i < p->items_len; i += len) {
		struct push_item *items;
		uint32_t from = PUSH_NONE;

		len = push_items_of(p, p->items[i].node, &items);
		for (j = 0; j < len && from == PUSH_NONE; j++)
			from = items[j].state == PUSH_THERE ? items[j].repository : PUSH_NONE;
		for (j = 0; j < len && !push_is_manifest(p, items); j++)
			items[j].from = items[j].state == PUSH_LACKS ? from : PUSH_NONE;
	}
}

/* An inventory of this registry names its images as they are called here, wherever in it this import goes. */
static bool is_of_registry(const struct push *p, const char *image)
{
	const char *place = p->plan->names->place;
	size_t host_len = strcspn(place, "/");

	return strncmp(image, place, host_len) == 0 && image[host_len] == '/';
}

static enum err_code on_held(void *ctx, bool there, struct err *err)
{
	struct push_slot *slot = ctx;

	if (!there)
		slot->push->items[slot->at].from = PUSH_NONE;
	return push_next(slot, err);
}

static bool needs_holder(const struct push *p, const struct push_item *item)
{
	return item->state == PUSH_LACKS && item->from == PUSH_NONE &&
	       p->plan->graph.nodes[item->node].holder.image != NULL;
}

/* Whether the repository of an image here has what an item needs. */
static enum err_code ask_repository(struct push_slot *slot, const char *image, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	struct push_item *item = &p->items[slot->at];
	enum err_code code = push_add_repository(p, image, &item->from, err);

	if (code != ERR_OK || item->from == item->repository) {
		item->from = PUSH_NONE;
		return code;
	}
	*ret_started = true;
	return presence_to_give(repository_at(p, item->from), &p->plan->graph.nodes[item->node].digest, on_held, slot,
				err);
}

/* The image that should have a layer, as this registry calls it. */
static enum err_code ask_holder_here(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	const struct push_item *item = &p->items[slot->at];
	const char *image = p->plan->graph.nodes[item->node].holder.image;

	return needs_holder(p, item) && is_of_registry(p, image) ? ask_repository(slot, image, ret_started, err)
								 : ERR_OK;
}

/* Under the name that an import of it would have given it. */
static enum err_code ask_holder(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	const struct push_item *item = &p->items[slot->at];
	CLEANUP(free_ptr) char *name = NULL;
	struct err why = { 0 };
	enum err_code code;

	if (!needs_holder(p, item))
		return ERR_OK;
	code = mapping_look(p->plan->names, p->plan->graph.nodes[item->node].holder.image, &name, &why);
	if (code == ERR_USAGE) /* it has none here */
		return ERR_OK;
	if (code == ERR_OK)
		return ask_repository(slot, name, ret_started, err);
	*err = why;
	return code;
}

/* What need not be sent to any repository. */
static void set_skip(struct push *p)
{
	size_t i = 0, len, j;

	for (; i < p->items_len; i += len) {
		struct push_item *items;
		bool skip = true;

		len = push_items_of(p, p->items[i].node, &items);
		for (j = 0; j < len; j++)
			skip &= !items[j].wanted || items[j].state != PUSH_LACKS || items[j].from != PUSH_NONE;
		p->plan->skip[items[0].node] = skip;
	}
}

static enum err_code on_tag(void *ctx, const struct source_manifest *m, struct err *err)
{
	struct push_slot *slot = ctx;

	if (m->bytes != NULL)
		slot->push->tags[slot->at].was = m->digest;
	return push_next(slot, err);
}

static enum err_code ask_tag(struct push_slot *slot, bool *ret_started, struct err *err)
{
	struct push *p = slot->push;
	const struct push_tag *t = &p->tags[slot->at];
	const struct push_repository *r = &p->repositories[t->repository];
	char tag[DISCOVERY_TAG_SIZE];
	struct reference ref = { .domain = r->ref.domain, .path = r->ref.path, .tag = tag };

	*ret_started = discovery_tag(&p->plan->graph.nodes[t->subject].digest, t->kind, tag);
	return *ret_started ? r->source->resolve(r->source, &ref, on_tag, slot, err) : ERR_OK;
}

static bool is_same_tag(const struct push_tag *a, const struct push_tag *b)
{
	return a->subject == b->subject && a->repository == b->repository && a->kind == b->kind;
}

/* One image that two repositories have may be signed in each, and a bundle does not say where: what the tag stands for
 * already keeps it, else the first has it, so that the same import always ends the same. */
static void share_tags(struct push *p)
{
	size_t i, end, has;

	for (i = 0; i < p->tags_len; i = end) {
		for (end = i, has = i; end < p->tags_len && is_same_tag(&p->tags[i], &p->tags[end]); end++) {
			p->tags[end].yields = true;
			if (digest_equal(&p->tags[end].was, &p->plan->graph.nodes[p->tags[end].node].digest))
				has = end;
		}
		p->tags[has].yields = false;
	}
}

/* What has no tag is not sent, unless it is found otherwise; and for what is not sent nothing has a tag. */
static enum err_code leave_untagged(struct push *p, struct err *err)
{
	enum err_code code;
	size_t i;

	for (i = 0; i < p->tags_len; i++)
		push_item_of(p, p->tags[i].node, p->tags[i].repository)->untagged = true;
	for (i = 0; i < p->tags_len; i++) {
		if (!p->tags[i].yields)
			push_item_of(p, p->tags[i].node, p->tags[i].repository)->untagged = false;
	}
	code = push_mark(p, err);
	for (i = 0; code == ERR_OK && i < p->tags_len; i++)
		p->tags[i].yields |= !push_item_of(p, p->tags[i].subject, p->tags[i].repository)->wanted;
	return code;
}

/* What belongs to the images and is not going to be there. */
static void lose_referrers(struct push *p, size_t *count)
{
	size_t i;

	for (i = 0; i < p->items_len; i++) {
		const struct node *n = &p->plan->graph.nodes[p->items[i].node];

		if (!p->items[i].wanted && n->role == ROLE_REFERRER && node_is_carried(n))
			plan_lose(p->plan, p->items[i].node, count);
	}
}

/* The site may have signed its images itself: that is not thrown away unasked. */
static enum err_code note_tags(const struct push *p, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < p->tags_len; i++) {
		const struct push_tag *t = &p->tags[i];
		const struct digest *is = &p->plan->graph.nodes[t->node].digest;
		CLEANUP(free_ptr) char *name = NULL;
		char tag[DISCOVERY_TAG_SIZE];

		if (t->yields || t->was.text[0] == '\0' || digest_equal(&t->was, is))
			continue;
		discovery_tag(&p->plan->graph.nodes[t->subject].digest, t->kind, tag);
		code = str_format(&name, err, "%s:%s", p->repositories[t->repository].name, tag);
		if (code == ERR_OK)
			code = plan_add_tag(p->plan, name, &t->was, is, err);
	}
	return code;
}

/* Only the registry knows whether it takes such an index. */
static void find_sparse(const struct push *p)
{
	const struct graph *g = &p->plan->graph;
	size_t i;

	for (i = 0; i < g->images_len; i++) {
		uint32_t root = g->images[i].root;

		p->plan->images[i].sparse = !push_is_other(p, i) && g->nodes[root].role == ROLE_INDEX &&
					    push_subset_lack(p, root, p->image_repository[i]) != NODE_NONE;
	}
}

static void note_foreign(const struct push *p)
{
	size_t foreign = 0, i;

	for (i = 0; i < p->items_len; i++)
		foreign +=
			p->items[i].state == PUSH_FOREIGN && node_is_carried(&p->plan->graph.nodes[p->items[i].node]);
	p->plan->lost_layers = foreign;
	if (foreign > 0)
		progress_note(p->plan->progress,
			      "%zu layer%s that only their vendor may distribute: not sent to a registry", foreign,
			      foreign == 1 ? "" : "s");
}

enum err_code push_probe(struct push *p, struct err *err)
{
	struct plan *plan = p->plan;
	unsigned many = 2 * p->jobs;
	enum err_code code = push_run(p, ask_name, plan->graph.images_len, many, err);

	if (code == ERR_OK)
		code = push_run(p, ask_item, p->items_len, many, err);
	if (code != ERR_OK)
		return code;
	find_neighbours(p);
	code = push_run(p, ask_holder_here, p->items_len, many, err);
	if (code == ERR_OK)
		code = push_run(p, ask_holder, p->items_len, many, err);
	if (code == ERR_OK)
		code = push_subset_make(p, err);
	if (code == ERR_OK)
		code = push_mark(p, err);
	if (code == ERR_OK)
		code = push_links(p, err);
	if (code == ERR_OK)
		code = push_run(p, ask_tag, p->tags_len, many, err);
	if (code != ERR_OK)
		return code;
	lose_referrers(p, &plan->lost_others);
	share_tags(p);
	code = leave_untagged(p, err);
	if (code == ERR_OK)
		code = note_tags(p, err);
	if (code != ERR_OK)
		return code;
	lose_referrers(p, &plan->lost_tags);
	set_skip(p);
	find_sparse(p);
	note_foreign(p);
	return ERR_OK;
}
