#include "import/inventory.h"

#include "common/limits.h"
#include "common/mem.h"
#include "import/docker_image.h"
#include "import/reach.h"

/* The layers of one manifest, on behalf of an image that has it. */
static enum err_code add_layers(const struct graph *g, const bool *there, uint32_t manifest, const char *image,
				struct holdings *h, struct err *err)
{
	const struct node *n = &g->nodes[manifest];
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < n->edges_len; i++) {
		uint32_t node = g->edges[n->edges + i].to;
		struct held_blob layer = { .digest = g->nodes[node].digest,
					   .size_bytes = g->nodes[node].size_bytes,
					   .holder = { .image = image, .manifest = n->digest.text } };

		if (g->nodes[node].role == ROLE_LAYER &&
		    (there != NULL ? there[node] : !media_type_is_foreign(g->nodes[node].media_type)))
			code = holdings_add(h, &h->layers, &layer, err);
	}
	return code;
}

enum err_code inventory_of_graph(const struct graph *g, const bool *there, struct holdings *h, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	enum err_code code = graph_owners(g, &owners, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < g->images_len; i++)
		code = holdings_add_image(h, g->images[i].name, &g->nodes[g->images[i].root].digest, err);
	for (i = 0; code == ERR_OK && i < g->nodes_len; i++) {
		if (g->nodes[i].role == ROLE_MANIFEST && owners[i] != NODE_NONE)
			code = add_layers(g, there, (uint32_t)i, g->images[owners[i]].name, h, err);
	}
	return code;
}

enum err_code inventory_of_layout(const struct layout *l, struct holdings *h, struct err *err)
{
	CLEANUP(reach_release) struct reach s = { 0 };
	enum err_code code = reach_look(l, &s, err);

	return code == ERR_OK ? inventory_of_graph(&s.graph, s.there, h, err) : code;
}

static enum err_code add_image(struct docker *d, const char *name, struct holdings *h, struct err *err)
{
	CLEANUP(docker_image_release) struct docker_image image = { 0 };
	enum err_code code = docker_image_get(d, name, &image, err);
	size_t i;

	if (code != ERR_OK || image.digest.text[0] == '\0') /* gone since it was listed */
		return code;
	code = holdings_add_image(h, name, &image.digest, err);
	for (i = 0; code == ERR_OK && i < image.manifests_len; i++) {
		const struct docker_manifest *m = &image.manifests[i];
		struct held_blob manifest = { .digest = m->digest,
					      .size_bytes = m->size_bytes,
					      .holder = { .image = name } };

		if (m->available && !m->attestation && m->size_bytes > 0)
			code = holdings_add(h, &h->manifests, &manifest, err);
	}
	return code;
}

/* The daemon's short name as a full one; what is no name, "<none>:<none>", is passed over. */
static enum err_code add_named(struct docker *d, const struct json_t *names, struct holdings *h, size_t *count,
			       struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < js_len(names); i++) {
		CLEANUP(reference_release) struct reference ref = { 0 };
		CLEANUP(free_ptr) char *name = NULL;
		const char *text = js_text(js_at(names, i));

		if (text == NULL || reference_parse(text, &ref, NULL) != ERR_OK)
			continue;
		code = reference_name(&ref, &name, err);
		if (code == ERR_OK)
			code = add_image(d, name, h, err);
		(*count)++;
	}
	return code;
}

/* By its tags; an image that has none is known by its digest in a repository. */
enum err_code inventory_of_docker(struct docker *d, struct holdings *h, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *list = NULL;
	enum err_code code =
		docker_get_json(d, DOCKER_API_INSPECT, "/images/json", LIMIT_DESCRIPTION_BYTES, &list, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < js_len(list); i++) {
		size_t count = 0;

		code = add_named(d, js_array(js_at(list, i), "RepoTags"), h, &count, err);
		if (code == ERR_OK && count == 0)
			code = add_named(d, js_array(js_at(list, i), "RepoDigests"), h, &count, err);
	}
	return code;
}
