#include "import/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/index.h"
#include "common/layout.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/walk.h"
#include "import/inventory.h"

struct store {
	struct target target;
	char *path;
	struct layout *layout; /* NULL while there is none */
};

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

enum err_code store_path(char **ret_path, struct err *err)
{
	if (environment("BUNDLE_STORE") != NULL)
		return str_copy(environment("BUNDLE_STORE"), ret_path, err);
	if (geteuid() == 0)
		return str_copy("/var/lib/bundle/store", ret_path, err);
	if (environment("XDG_DATA_HOME") != NULL)
		return str_format(ret_path, err, "%s/bundle/store", environment("XDG_DATA_HOME"));
	if (environment("HOME") != NULL)
		return str_format(ret_path, err, "%s/.local/share/bundle/store", environment("HOME"));
	return err_set(err, ERR_USAGE, "no place for the store: set BUNDLE_STORE to a folder");
}

/* What the names stand for now, and whether they may move. */
static enum err_code check_names(const struct store *s, struct plan *plan, struct err *err)
{
	size_t i;

	for (i = 0; i < plan->graph.images_len; i++) {
		const struct layout_entry *entry = layout_find(s->layout, plan->graph.images[i].name);

		if (entry != NULL)
			plan->images[i].was = entry->descriptor.digest;
	}
	return plan_check_names(plan, s->target.name, err);
}

static bool has_all(const struct store *s, const struct graph *g, const struct node *n)
{
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		struct instream *in = NULL;

		if (layout_blob(s->layout, &g->nodes[g->edges[n->edges + i].to].digest, &in, NULL) != ERR_OK)
			return false;
		instream_release(in);
	}
	return true;
}

static enum err_code walk_stored(struct store *s, const struct image *image, struct graph *g, struct err *err);

/* What the store has of what a name stands for now; what is damaged there cannot be run. */
static enum err_code look_what_runs(struct store *s, struct plan *plan, size_t image, struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	enum err_code code;
	size_t i;

	graph_init(&g);
	code = walk_stored(s, &plan->graph.images[image], &g, err);
	if (code == ERR_NOT_FOUND || code == ERR_FORMAT || code == ERR_DIGEST || code == ERR_SIZE)
		return ERR_OK;
	for (i = 0; code == ERR_OK && i < g.nodes_len; i++) {
		const struct node *n = &g.nodes[i];

		if (n->role == ROLE_MANIFEST && !n->absent && has_all(s, &g, n))
			code = plan_add_run(plan, image, &n->digest, n->platform, err);
	}
	return code;
}

static enum err_code check_layers(struct store *s, struct plan *plan, struct err *err)
{
	enum err_code code = plan_find_bare(plan, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++) {
		plan->images[i].runs_len = 0; /* it may be another since it was looked at first */
		if (plan_moves(plan, i))
			code = look_what_runs(s, plan, i, err);
	}
	return code == ERR_OK ? plan_check_layers(plan, s->target.name, err) : code;
}

static enum err_code store_probe(struct target *t, struct plan *plan, struct err *err)
{
	struct store *s = OUTER_OF(t, struct store, target);
	enum err_code code = layout_open(s->path, false, &s->layout, err);
	size_t i;

	if (code == ERR_NOT_FOUND) { /* an empty store: made by write */
		code = plan_find_bare(plan, err);
		return code == ERR_OK ? plan_check_prerequisites(plan, t->name, err) : code;
	}
	if (code != ERR_OK)
		return code;
	code = check_names(s, plan, err);
	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		plan->skip[plan->order[i]] = layout_has(s->layout, &n->digest, n->size_bytes);
	}
	if (code == ERR_OK)
		code = check_layers(s, plan, err);
	return code == ERR_OK ? plan_check_prerequisites(plan, t->name, err) : code;
}

static enum err_code put_node(struct store *s, struct plan *plan, uint32_t node, struct err *err)
{
	const struct node *n = &plan->graph.nodes[node];
	struct instream *in = NULL;
	enum err_code code = plan_open(plan, node, &in, err);

	if (code == ERR_OK) {
		code = layout_put(s->layout, &n->digest, n->size_bytes, in, err);
		instream_release(in);
	}
	if (code != ERR_OK)
		return code;
	plan->sent_bytes += n->size_bytes;
	progress_advance(plan->progress, PROGRESS_NONE, n->size_bytes);
	return ERR_OK;
}

static enum err_code publish(struct store *s, struct plan *plan, struct err *err)
{
	CLEANUP(buf_release) struct buf index;
	struct buf_stage out;
	enum err_code code;

	buf_init(&index, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &index);
	code = plan_finish(plan, err);
	if (code == ERR_OK)
		code = index_write(&plan->graph, &out.out, err);
	return code == ERR_OK ? layout_publish(s->layout, buf_text(&index), index.len, err) : code;
}

static enum err_code store_write(struct target *t, struct plan *plan, struct err *err)
{
	struct store *s = OUTER_OF(t, struct store, target);
	enum err_code code = s->layout != NULL ? ERR_OK : layout_open(s->path, true, &s->layout, err);
	size_t i;

	if (code == ERR_OK)
		code = layout_lock(s->layout, err);
	if (code == ERR_OK)
		code = check_names(s, plan, err); /* another import may have published since probe */
	if (code == ERR_OK)
		code = check_layers(s, plan, err);
	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		if (plan_sends(plan, plan->order[i]))
			code = put_node(s, plan, plan->order[i], err);
	}
	return code == ERR_OK ? publish(s, plan, err) : code;
}

/* Everything under one image, as the store now gives it. */
static enum err_code walk_stored(struct store *s, const struct image *image, struct graph *g, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	struct source *source = NULL;
	struct walk walk;
	enum err_code code = layout_source_new(s->layout, &source, err);

	walk_init(&walk, g, NULL, NULL);
	if (code == ERR_OK)
		code = reference_parse(image->name, &ref, err);
	if (code == ERR_OK)
		code = walk_image(&walk, source, &ref, image->name, err);
	if (code == ERR_OK)
		code = graph_settle(g, err);
	if (source != NULL)
		source->free(source);
	walk_release(&walk);
	return code;
}

/* Count what an image has in the store, and note which nodes of the plan were reached. */
static enum err_code read_image(struct store *s, const struct plan *plan, size_t at, bool *reached, struct err *err)
{
	const struct image *image = &plan->graph.images[at];
	const struct layout_entry *entry = layout_find(s->layout, image->name);
	struct plan_image *found = &plan->images[at];
	CLEANUP(graph_release) struct graph g;
	enum err_code code;
	size_t i;

	graph_init(&g);
	if (entry == NULL)
		return err_set(err, ERR_PARTIAL, "%s: %s is not there after the import", s->target.name, image->name);
	found->is = entry->descriptor.digest;
	code = walk_stored(s, image, &g, err);
	for (i = 0; code == ERR_OK && i < g.nodes_len; i++) {
		uint32_t node = graph_find(&plan->graph, &g.nodes[i].digest);

		if (g.nodes[i].absent)
			continue;
		found->platforms += g.nodes[i].role == ROLE_MANIFEST;
		found->attestations += g.nodes[i].role == ROLE_ATTESTATION;
		found->referrers += g.nodes[i].role == ROLE_REFERRER;
		if (node != NODE_NONE)
			reached[node] = true;
	}
	found->platforms -= found->bare < found->platforms ? found->bare : found->platforms;
	found->read_back = found->referrers_known = code == ERR_OK;
	return code;
}

/* A blob of the plan is in the store, and reached from an image there. */
static enum err_code check_node(struct store *s, const struct node *n, bool reached, struct err *err)
{
	struct instream *in = NULL;
	enum err_code code = layout_blob(s->layout, &n->digest, &in, err);

	if (code != ERR_OK)
		return code;
	instream_release(in);
	if (!reached)
		return err_set(err, ERR_PARTIAL, "%s: %s %s is there after the import, but no image leads to it",
			       s->target.name, role_name(n->role), n->digest.text);
	return ERR_OK;
}

static enum err_code store_read_back(struct target *t, struct plan *plan, struct err *err)
{
	struct store *s = OUTER_OF(t, struct store, target);
	CLEANUP(free_ptr) bool *reached = calloc(plan->graph.nodes_len + 1, sizeof(*reached));
	enum err_code code = reached != NULL ? ERR_OK : err_nomem(err);
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++)
		code = read_image(s, plan, i, reached, err);
	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (!n->absent && !n->left_out)
			code = check_node(s, n, reached[plan->order[i]], err);
	}
	return code;
}

static enum err_code store_inventory(struct target *t, struct holdings *h, struct err *err)
{
	struct store *s = OUTER_OF(t, struct store, target);
	enum err_code code = layout_open(s->path, false, &s->layout, err);

	if (code == ERR_NOT_FOUND)
		return ERR_OK; /* an empty store is made by the first import */
	return code == ERR_OK ? inventory_of_layout(s->layout, h, err) : code;
}

static void store_free(struct target *t)
{
	struct store *s = OUTER_OF(t, struct store, target);

	layout_close(s->layout);
	free(s->path);
	free(s->target.name);
	free(s);
}

enum err_code target_store_new(const char *path, struct target **ret_target, struct err *err)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_nomem(err);
	s->target = (struct target){
		.probe = store_probe,
		.write = store_write,
		.read_back = store_read_back,
		.inventory = store_inventory,
		.free = store_free,
	};
	if (str_copy(path, &s->path, err) != ERR_OK || str_format(&s->target.name, err, "store %s", path) != ERR_OK) {
		store_free(&s->target);
		return ERR_NOMEM;
	}
	*ret_target = &s->target;
	return ERR_OK;
}
