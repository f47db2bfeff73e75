#include "import/push_subset.h"

#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

/* There, or on its way. */
static bool will_be_there(const struct push *p, uint32_t node, uint32_t repository)
{
	const struct push_item *item = push_item_of(p, node, repository);

	if (node_is_carried(&p->plan->graph.nodes[node]))
		return true;
	return item != NULL && (item->state != PUSH_LACKS || item->from != PUSH_NONE);
}

uint32_t push_subset_lack(const struct push *p, uint32_t node, uint32_t repository)
{
	const struct graph *g = &p->plan->graph;
	const struct node *n = &g->nodes[node];
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		uint32_t to = g->edges[n->edges + i].to;

		if (!will_be_there(p, to, repository))
			return to;
	}
	return NODE_NONE;
}

/* An entry of an index whose manifest will be there. */
static bool is_kept(const struct push *p, size_t image, const struct json_t *entry)
{
	struct digest digest;
	const char *text = js_string(entry, "digest");
	uint32_t node = NODE_NONE;

	if (text != NULL && digest_parse(text, &digest, NULL) == ERR_OK)
		node = graph_find(&p->plan->graph, &digest);
	return node != NODE_NONE && will_be_there(p, node, p->image_repository[image]);
}

static size_t put_entries(struct js_out *o, const struct push *p, size_t image, const struct json_t *entries)
{
	size_t kept = 0, i;

	js_begin(o, '[');
	for (i = 0; i < js_len(entries); i++) {
		if (!is_kept(p, image, js_at(entries, i)))
			continue;
		js_put_value(o, js_at(entries, i));
		kept++;
	}
	js_end(o, ']');
	return kept;
}

static void put_annotations(struct js_out *o, const struct json_t *old, const struct digest *root)
{
	const char *key;

	js_begin(o, '{');
	for (key = old != NULL ? js_next(old, NULL) : NULL; key != NULL; key = js_next(old, key)) {
		if (strcmp(key, ANNOTATION_SUBSET_OF) == 0)
			continue;
		js_key(o, key);
		js_put_value(o, js_get(old, key));
	}
	js_member(o, ANNOTATION_SUBSET_OF, root->text);
	js_end(o, '}');
}

/* The old index, member by member.  Its subject goes with it: who refers to something is what the old index was. */
static enum err_code write_other(struct push *p, size_t image, const struct json_t *old, size_t *ret_kept,
				 struct err *err)
{
	struct buf_stage stage;
	struct js_out o;
	const char *key;

	buf_init(&p->others[image], LIMIT_MANIFEST_BYTES);
	buf_stage_init(&stage, &p->others[image]);
	js_out_init(&o, &stage.out, false);
	js_begin(&o, '{');
	for (key = js_next(old, NULL); key != NULL; key = js_next(old, key)) {
		if (strcmp(key, "annotations") == 0)
			continue;
		js_key(&o, key);
		if (strcmp(key, "manifests") == 0)
			*ret_kept = put_entries(&o, p, image, js_get(old, key));
		else
			js_put_value(&o, js_get(old, key));
	}
	js_key(&o, "annotations");
	put_annotations(&o, js_object(old, "annotations"),
			&p->plan->graph.nodes[p->plan->graph.images[image].root].digest);
	js_end(&o, '}');
	return js_end_document(&o, err);
}

static enum err_code make_other(struct push *p, size_t image, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	CLEANUP(js_free_ptr) struct json_t *old = NULL;
	const struct image *i = &p->plan->graph.images[image];
	size_t kept = 0;
	enum err_code code = push_read_manifest(p, i->root, &bytes, err);

	if (code == ERR_OK)
		code = js_read(buf_text(&bytes), bytes.len, i->name, &old, err);
	if (code == ERR_OK)
		code = write_other(p, image, old, &kept, err);
	if (code != ERR_OK)
		return code;
	if (kept == 0)
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s: neither the bundle nor the registry has any of its platforms: nothing can be published",
			i->name);
	return digest_of(buf_text(&p->others[image]), p->others[image].len, NULL, &p->plan->images[image].other, err);
}

/* The new index has another digest: only a tag can lead to it. */
static enum err_code check_name(const char *name, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	enum err_code code = reference_parse(name, &ref, err);

	if (code != ERR_OK || ref.tag != NULL)
		return code;
	return err_set(err, ERR_UNSUPPORTED,
		       "%s: platforms of it are missing, and a new index would have another digest than this name: "
		       "--subset-index needs a name with a tag; export it by its tag, or import a bundle with "
		       "all platforms",
		       name);
}

enum err_code push_subset_make(struct push *p, struct err *err)
{
	const struct graph *g = &p->plan->graph;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && p->subset_index && i < g->images_len; i++) {
		uint32_t root = g->images[i].root;

		if (g->nodes[root].role != ROLE_INDEX || push_subset_lack(p, root, p->image_repository[i]) == NODE_NONE)
			continue;
		code = check_name(g->images[i].name, err);
		if (code == ERR_OK)
			code = make_other(p, i, err);
	}
	return code;
}
