#include "import/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/index.h"
#include "common/layout.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/walk.h"

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

static enum err_code store_probe(struct target *t, struct plan *plan, struct err *err)
{
	struct store *s = OUTER_OF(t, struct store, target);
	enum err_code code = layout_open(s->path, false, &s->layout, err);
	size_t i;

	if (code == ERR_NOT_FOUND)
		return ERR_OK; /* an empty store: made by write */
	if (code != ERR_OK)
		return code;
	code = check_names(s, plan, err);
	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		plan->skip[plan->order[i]] = !n->absent && layout_has(s->layout, &n->digest, n->size_bytes);
	}
	return code;
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

static enum err_code publish(struct store *s, const struct plan *plan, struct err *err)
{
	CLEANUP(buf_release) struct buf index;
	struct buf_stage out;
	enum err_code code;

	buf_init(&index, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &index);
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
	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		if (plan_sends(plan, plan->order[i]))
			code = put_node(s, plan, plan->order[i], err);
	}
	return code == ERR_OK ? publish(s, plan, err) : code;
}

/* One image as the store now has it: everything that the plan holds must be reached and be there. */
static enum err_code read_image(struct store *s, const struct image *image, struct plan_image *ret_image,
				struct err *err)
{
	const struct layout_entry *entry = layout_find(s->layout, image->name);
	CLEANUP(reference_release) struct reference ref = { 0 };
	struct graph g;
	struct walk walk;
	struct source *source = NULL;
	enum err_code code;
	size_t i;

	if (entry == NULL)
		return err_set(err, ERR_PARTIAL, "%s: %s is not there after the import", s->target.name, image->name);
	ret_image->is = entry->descriptor.digest;
	graph_init(&g);
	walk_init(&walk, &g, NULL, NULL);
	code = layout_source_new(s->layout, &source, err);
	if (code == ERR_OK)
		code = reference_parse(image->name, &ref, err);
	if (code == ERR_OK)
		code = walk_image(&walk, source, &ref, image->name, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	for (i = 0; code == ERR_OK && i < g.nodes_len; i++) {
		ret_image->platforms += g.nodes[i].role == ROLE_MANIFEST && !g.nodes[i].absent;
		ret_image->attestations += g.nodes[i].role == ROLE_ATTESTATION && !g.nodes[i].absent;
		ret_image->referrers += g.nodes[i].role == ROLE_REFERRER && !g.nodes[i].absent;
	}
	if (source != NULL)
		source->free(source);
	walk_release(&walk);
	graph_release(&g);
	ret_image->read_back = ret_image->referrers_known = code == ERR_OK;
	return code;
}

static enum err_code store_read_back(struct target *t, struct plan *plan, struct err *err)
{
	struct store *s = OUTER_OF(t, struct store, target);
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];
		struct instream *in = NULL;

		if (n->absent)
			continue;
		code = layout_blob(s->layout, &n->digest, &in, err);
		if (code == ERR_OK)
			instream_release(in);
	}
	for (i = 0; code == ERR_OK && i < plan->graph.images_len; i++)
		code = read_image(s, &plan->graph.images[i], &plan->images[i], err);
	return code;
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
		.free = store_free,
	};
	if (str_copy(path, &s->path, err) != ERR_OK || str_format(&s->target.name, err, "store %s", path) != ERR_OK) {
		store_free(&s->target);
		return ERR_NOMEM;
	}
	*ret_target = &s->target;
	return ERR_OK;
}
