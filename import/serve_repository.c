#include "import/serve_repository.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "import/catalog_blob.h"
#include "import/serve_names.h"

static bool has_place(const struct serve_repository *r, const struct catalog_place *place)
{
	size_t i;

	for (i = 0; i < r->places_len; i++) {
		if (r->places[i] == place)
			return true;
	}
	return false;
}

static enum err_code collect_places(struct serve_repository *r, struct err *err)
{
	size_t cap = 0, i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < r->len; i++) {
		if (has_place(r, r->images[i]->place))
			continue;
		code = vec_grow(&r->places, &cap, r->places_len + 1, sizeof(struct catalog_place *), r->len, err);
		if (code == ERR_OK)
			r->places[r->places_len++] = r->images[i]->place;
	}
	return code;
}

enum err_code serve_repository_open(struct catalog_view *view, struct serve_recent *recent, const char *name,
				    const char *ns, struct serve_repository *ret_repository, struct err *err)
{
	CLEANUP(serve_repository_release) struct serve_repository r = { .view = view, .recent = recent };
	struct serve_names names = { 0 };
	enum err_code code = catalog_images(view, &names.images, &names.len, err);

	if (code == ERR_OK)
		code = serve_names_find(names, name, ns, &r.name, err);
	if (code == ERR_OK)
		code = catalog_repository(view, r.name, &r.images, &r.len, err);
	if (code == ERR_OK)
		code = collect_places(&r, err);
	if (code != ERR_OK)
		return code;
	*ret_repository = r;
	r = (struct serve_repository){ 0 };
	return ERR_OK;
}

enum err_code serve_repository_tag(struct serve_repository *r, const char *tag, struct serve_found *ret_found,
				   struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	struct serve_found found = { 0 };
	enum err_code code = str_format(&name, err, "%s:%s", r->name, tag);

	if (code == ERR_OK)
		code = catalog_find(r->view, name, &found.image, err);
	if (code == ERR_OK)
		code = catalog_graph(r->view, found.image, &found.graph, err);
	if (code != ERR_OK)
		return code;
	serve_recent_root(r->recent, &found.image->digest);
	found.place = found.image->place;
	found.node = found.graph->graph.images[0].root;
	*ret_found = found;
	return ERR_OK;
}

static bool may_give(const struct serve_repository *r, const struct catalog_image *image,
		     const struct catalog_place *place, const struct node *n)
{
	return place == image->place ? node_is_carried(n) : catalog_lends(r->view, n);
}

/* Does this image lead to it, and with the bytes in this place?  ERR_NOT_FOUND where not. */
static enum err_code look_at(struct serve_repository *r, const struct catalog_image *image, struct catalog_place *place,
			     const struct digest *digest, struct serve_found *ret_found, struct err *err)
{
	struct serve_found found = { .image = image, .place = place };
	enum err_code code = catalog_graph(r->view, image, &found.graph, err);

	if (code != ERR_OK)
		return code;
	found.node = graph_find(&found.graph->graph, digest);
	if (found.node == NODE_NONE || !may_give(r, image, place, serve_found_node(&found))) {
		serve_found_release(&found);
		return ERR_NOT_FOUND;
	}
	serve_recent_root(r->recent, &image->digest);
	*ret_found = found;
	return ERR_OK;
}

static enum err_code place_has(struct serve_repository *r, struct catalog_place *place, const struct digest *digest,
			       struct err *err)
{
	CLEANUP(catalog_blob_release) struct catalog_blob blob = { 0 };

	return catalog_blob_of(r->view, place, digest, &blob, err);
}

enum err_code serve_repository_find_at(struct serve_repository *r, struct catalog_place *place,
				       const struct digest *digest, struct serve_found *ret_found, struct err *err)
{
	enum err_code code = place_has(r, place, digest, err);
	struct err failed = { .code = ERR_OK };
	size_t pass, i;

	if (code != ERR_OK)
		return code;
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < r->len; i++) {
			const struct catalog_image *image = r->images[i];

			/* The second time all of them: what is recent may change meanwhile. */
			if (image->place != place || (pass == 0 && !serve_recent_is_root(r->recent, &image->digest)))
				continue;
			code = look_at(r, image, place, digest, ret_found, err);
			if (code == ERR_OK)
				return ERR_OK;
			if (code != ERR_NOT_FOUND && failed.code == ERR_OK && err != NULL)
				failed = *err;
		}
	}
	if (failed.code == ERR_OK)
		return err_set(err, ERR_NOT_FOUND, "%.300s does not lead to %s", r->name, digest->text);
	*err = failed;
	return failed.code;
}

/* What the place of an image does not have, though the image leads to it, may be in another. */
static enum err_code find_elsewhere(struct serve_repository *r, const struct digest *digest,
				    struct serve_found *ret_found, struct err *err)
{
	CLEANUP(catalog_blob_release) struct catalog_blob blob = { 0 };
	enum err_code code = catalog_blob_find(r->view, digest, &blob, err);
	size_t i;

	if (code != ERR_OK)
		return code;
	for (i = 0, code = ERR_NOT_FOUND; code == ERR_NOT_FOUND && i < r->len; i++)
		code = look_at(r, r->images[i], blob.place, digest, ret_found, err);
	return code;
}

enum err_code serve_repository_find(struct serve_repository *r, const struct digest *digest,
				    struct serve_found *ret_found, struct err *err)
{
	struct err failed = { .code = ERR_OK };
	enum err_code code;
	size_t i;

	for (i = 0; i < r->places_len; i++) {
		code = serve_repository_find_at(r, r->places[i], digest, ret_found, err);
		if (code == ERR_OK)
			return ERR_OK;
		if (code != ERR_NOT_FOUND && failed.code == ERR_OK && err != NULL)
			failed = *err;
	}
	if (failed.code != ERR_OK) {
		*err = failed;
		return failed.code;
	}
	code = find_elsewhere(r, digest, ret_found, err);
	if (code != ERR_NOT_FOUND)
		return code;
	return err_set(err, ERR_NOT_FOUND, "%.300s does not lead to %s", r->name, digest->text);
}

const struct node *serve_found_node(const struct serve_found *found)
{
	return &found->graph->graph.nodes[found->node];
}

void serve_found_release(struct serve_found *found)
{
	catalog_graph_release(found->graph);
	*found = (struct serve_found){ 0 };
}

void serve_repository_release(struct serve_repository *r)
{
	free(r->name);
	free(r->places);
	*r = (struct serve_repository){ 0 };
}
