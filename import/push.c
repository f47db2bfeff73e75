#include "import/push.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

#define STAGE_REFERRERS 64 /* above any depth of indexes */

/* From an image on, everything that belongs to it. */
struct visit {
	struct push *push;
	uint32_t *turn_of; /* by node: the turn in which it was met */
	uint32_t turn;
	uint32_t *stack;
	size_t stack_len, stack_cap;
	enum err_code (*on_node)(struct visit *v, uint32_t node, struct err *err);
	uint32_t repository;
};

static void visit_release(struct visit *v)
{
	free(v->turn_of);
	free(v->stack);
}

static enum err_code visit_init(struct visit *v, struct push *p, struct err *err)
{
	v->push = p;
	v->turn_of = calloc(p->plan->graph.nodes_len + 1, sizeof(*v->turn_of));
	return v->turn_of != NULL ? ERR_OK : err_nomem(err);
}

static enum err_code visit_push(struct visit *v, uint32_t node, struct err *err)
{
	enum err_code code;

	if (v->turn_of[node] == v->turn)
		return ERR_OK;
	code = vec_grow(&v->stack, &v->stack_cap, v->stack_len + 1, sizeof(*v->stack), LIMIT_NODES, err);
	if (code != ERR_OK)
		return code;
	v->turn_of[node] = v->turn;
	v->stack[v->stack_len++] = node;
	return ERR_OK;
}

static enum err_code visit_children(struct visit *v, uint32_t node, struct err *err)
{
	const struct graph *g = &v->push->plan->graph;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->nodes[node].edges_len; i++)
		code = visit_push(v, g->edges[g->nodes[node].edges + i].to, err);
	return code;
}

/* Before tags are known there is none that has to do without. */
static bool is_findable(const struct visit *v, const struct link *link)
{
	return v->push->tags_len == 0 || link->kind == LINK_SUBJECT || link->kind == LINK_BUILDKIT ||
	       !push_item_of(v->push, link->referrer, v->repository)->untagged;
}

static enum err_code visit_referrers(struct visit *v, uint32_t node, struct err *err)
{
	const struct link *links;
	size_t len = graph_links_of(&v->push->plan->graph, node, &links), i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < len; i++) {
		if (is_findable(v, &links[i]))
			code = visit_push(v, links[i].referrer, err);
	}
	return code;
}

static enum err_code visit_rest(struct visit *v, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && v->stack_len > 0) {
		uint32_t node = v->stack[--v->stack_len];

		code = v->on_node(v, node, err);
		if (code == ERR_OK)
			code = visit_children(v, node, err);
		if (code == ERR_OK)
			code = visit_referrers(v, node, err);
	}
	return code;
}

bool push_is_other(const struct push *p, size_t image)
{
	return p->others != NULL && p->others[image].len > 0;
}

/* All nodes of all images of a repository, each once.  Of an image that is published as another one, the root and what
 * refers to it belong to nobody. */
static enum err_code visit_images(struct visit *v, struct err *err)
{
	struct push *p = v->push;
	const struct graph *g = &p->plan->graph;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < g->images_len; i++) {
		if (i == 0 || p->image_repository[i] != v->repository)
			v->turn++;
		v->repository = p->image_repository[i];
		if (push_is_other(p, i))
			code = visit_children(v, g->images[i].root, err);
		else
			code = visit_push(v, g->images[i].root, err);
		if (code == ERR_OK)
			code = visit_rest(v, err);
	}
	return code;
}

static enum err_code add_item(struct visit *v, uint32_t node, struct err *err)
{
	struct push *p = v->push;
	enum err_code code = vec_grow(&p->items, &p->items_cap, p->items_len + 1, sizeof(*p->items), LIMIT_EDGES, err);

	if (code != ERR_OK)
		return err_add(err, "what is in the repositories");
	p->items[p->items_len++] = (struct push_item){ .node = node, .repository = v->repository, .from = PUSH_NONE };
	return ERR_OK;
}

static int compare_items(const void *a, const void *b)
{
	const struct push_item *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return x->repository < y->repository ? -1 : x->repository > y->repository;
}

struct push_item *push_item_of(const struct push *p, uint32_t node, uint32_t repository)
{
	struct push_item key = { .node = node, .repository = repository };

	return p->items_len > 0 ? bsearch(&key, p->items, p->items_len, sizeof(key), compare_items) : NULL;
}

size_t push_items_of(const struct push *p, uint32_t node, struct push_item **ret_items)
{
	size_t low = 0, high = p->items_len, len = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->items[middle].node < node)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + len < p->items_len && p->items[low + len].node == node)
		len++;
	*ret_items = p->items + low;
	return len;
}

static enum err_code mark_item(struct visit *v, uint32_t node, struct err *err)
{
	(void)err;
	push_item_of(v->push, node, v->repository)->wanted = true;
	return ERR_OK;
}

enum err_code push_mark(struct push *p, struct err *err)
{
	CLEANUP(visit_release) struct visit v = { .on_node = mark_item };
	enum err_code code = visit_init(&v, p, err);
	size_t i;

	for (i = 0; i < p->items_len; i++)
		p->items[i].wanted = false;
	return code == ERR_OK ? visit_images(&v, err) : code;
}

bool push_is_manifest(const struct push *p, const struct push_item *item)
{
	return role_is_manifest(p->plan->graph.nodes[item->node].role);
}

/* Children before what lists them. */
static uint8_t stage_of(const struct graph *g, uint32_t node, uint8_t *stages)
{
	const struct node *n = &g->nodes[node];
	uint8_t stage = n->role == ROLE_REFERRER ? STAGE_REFERRERS : 1;
	size_t i;

	if (stages[node] != 0 || !role_is_manifest(n->role))
		return stages[node];
	stages[node] = stage;
	for (i = 0; i < n->edges_len; i++) {
		uint8_t below = stage_of(g, g->edges[n->edges + i].to, stages);

		stage = below >= stage ? (uint8_t)(below + 1) : stage;
	}
	stages[node] = stage;
	return stage;
}

static enum err_code set_stages(struct push *p, struct err *err)
{
	const struct graph *g = &p->plan->graph;
	CLEANUP(free_ptr) uint8_t *stages = calloc(g->nodes_len + 1, sizeof(*stages));
	size_t i;

	if (stages == NULL)
		return err_nomem(err);
	for (i = 0; i < p->items_len; i++) {
		struct push_item *item = &p->items[i];

		item->stage = stage_of(g, item->node, stages);
		if (g->nodes[item->node].role == ROLE_LAYER && media_type_is_foreign(g->nodes[item->node].media_type))
			item->state = PUSH_FOREIGN;
	}
	return ERR_OK;
}

static enum err_code add_subject(struct push *p, const struct push_item *item, struct err *err)
{
	const struct push_subject *last = p->subjects_len > 0 ? &p->subjects[p->subjects_len - 1] : NULL;
	enum err_code code;

	if (last != NULL && last->node == item->node && last->repository == item->repository)
		return ERR_OK;
	code = vec_grow(&p->subjects, &p->subjects_cap, p->subjects_len + 1, sizeof(*p->subjects), LIMIT_EDGES, err);
	if (code == ERR_OK)
		p->subjects[p->subjects_len++] =
			(struct push_subject){ .node = item->node, .repository = item->repository };
	return code;
}

static enum err_code add_tag(struct push *p, const struct push_item *item, const struct link *link, struct err *err)
{
	enum err_code code = vec_grow(&p->tags, &p->tags_cap, p->tags_len + 1, sizeof(*p->tags), LIMIT_EDGES, err);

	if (code == ERR_OK)
		p->tags[p->tags_len++] = (struct push_tag){ .subject = item->node,
							    .node = link->referrer,
							    .repository = item->repository,
							    .kind = link->kind };
	return code;
}

enum err_code push_links(struct push *p, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i, j;

	for (i = 0; code == ERR_OK && i < p->items_len; i++) {
		const struct push_item *item = &p->items[i];
		const struct link *links;
		size_t len = item->wanted ? graph_links_of(&p->plan->graph, item->node, &links) : 0;

		for (j = 0; code == ERR_OK && j < len; j++) {
			if (!node_is_carried(&p->plan->graph.nodes[links[j].referrer]))
				continue;
			if (links[j].kind == LINK_SUBJECT)
				code = add_subject(p, item, err);
			else if (links[j].kind != LINK_BUILDKIT)
				code = add_tag(p, item, &links[j], err);
		}
	}
	return code;
}

enum err_code push_add_repository(struct push *p, const char *name, uint32_t *ret_repository, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *repository = NULL;
	struct push_repository *r;
	enum err_code code = reference_parse(name, &ref, err);
	size_t i;

	if (code == ERR_OK)
		code = reference_repository(&ref, &repository, err);
	for (i = p->repositories_len; code == ERR_OK && i > 0; i--) {
		if (strcmp(p->repositories[i - 1].name, repository) == 0) {
			*ret_repository = (uint32_t)(i - 1);
			return ERR_OK;
		}
	}
	if (code == ERR_OK)
		code = vec_grow(&p->repositories, &p->repositories_cap, p->repositories_len + 1,
				sizeof(*p->repositories), UINT16_MAX, err);
	if (code != ERR_OK)
		return code;
	r = &p->repositories[p->repositories_len];
	code = registry_new(p->site->http, &ref, &p->site->registry, &r->source, err);
	if (code != ERR_OK)
		return code;
	repository_write_home(repository_of(r->source));
	r->name = take_ptr(&repository);
	r->ref = ref;
	ref = (struct reference){ 0 };
	*ret_repository = (uint32_t)p->repositories_len++;
	return ERR_OK;
}

static enum err_code add_repositories(struct push *p, struct err *err)
{
	const struct graph *g = &p->plan->graph;
	enum err_code code = ERR_OK;
	size_t i;

	p->image_repository = calloc(g->images_len + 1, sizeof(*p->image_repository));
	p->others = calloc(g->images_len + 1, sizeof(*p->others));
	if (p->image_repository == NULL || p->others == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < g->images_len; i++)
		code = push_add_repository(p, g->images[i].name, &p->image_repository[i], err);
	return code;
}

enum err_code push_init(struct push *p, struct plan *plan, struct site_registry *site, struct err *err)
{
	CLEANUP(visit_release) struct visit v = { .on_node = add_item };
	enum err_code code;

	p->plan = plan;
	p->site = site;
	pipe_spool_init(&p->spool, plan);
	code = add_repositories(p, err);
	if (code == ERR_OK)
		code = visit_init(&v, p, err);
	if (code == ERR_OK)
		code = visit_images(&v, err);
	if (code == ERR_OK && p->items_len > 0)
		qsort(p->items, p->items_len, sizeof(*p->items), compare_items);
	return code == ERR_OK ? set_stages(p, err) : code;
}

void push_release(struct push *p)
{
	size_t i;

	for (i = 0; i < p->repositories_len; i++) {
		p->repositories[i].source->free(p->repositories[i].source);
		reference_release(&p->repositories[i].ref);
		free(p->repositories[i].name);
	}
	for (i = 0; p->others != NULL && i < p->plan->graph.images_len; i++)
		buf_release(&p->others[i]);
	pipe_spool_release(&p->spool);
	free(p->repositories);
	free(p->image_repository);
	free(p->items);
	free(p->others);
	free(p->tags);
	free(p->subjects);
	*p = (struct push){ 0 };
}
