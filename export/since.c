#include "export/since.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundles/contents.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

/* The layers that a manifest lists and whoever imported the bundle has. */
static enum err_code add_layers(struct holdings *had, const struct graph *g, uint32_t manifest, const char *image,
				struct err *err)
{
	const struct node *n = &g->nodes[manifest];
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < n->edges_len; i++) {
		const struct node *layer = &g->nodes[g->edges[n->edges + i].to];
		struct held_blob blob = { .digest = layer->digest,
					  .size_bytes = layer->size_bytes,
					  .holder = { .image = image, .manifest = n->digest.text } };

		if (layer->role == ROLE_LAYER && !layer->absent && !layer->left_out)
			code = holdings_add(had, &had->layers, &blob, err);
	}
	return code;
}

static enum err_code take_graph(struct since *s, const struct graph *g, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	enum err_code code = graph_owners(g, &owners, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < g->nodes_len; i++) {
		if (g->nodes[i].role == ROLE_MANIFEST && owners[i] != NODE_NONE)
			code = add_layers(&s->had, g, (uint32_t)i, g->images[owners[i]].name, err);
	}
	return code == ERR_OK ? attested_of_graph(&s->attested, g, err) : code;
}

static enum err_code read_bundle(struct since *s, const char *path, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *bundle = NULL;
	CLEANUP(graph_release) struct graph g;
	enum err_code code = bundle_open(path, &bundle, err);

	graph_init(&g);
	if (code == ERR_OK)
		code = contents_walk(bundle, NULL, NULL, &g, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	if (code != ERR_OK)
		return code;
	contents_mark(bundle, &g);
	return take_graph(s, &g, err);
}

/* What is being read of a description. */
struct reading {
	struct since *since;
	const struct description *d;
	const char *path;
	struct err *err;
};

static enum err_code add_described(const struct reading *r, const char *text, const struct holder *holder)
{
	struct held_blob blob = { .holder = *holder };
	const struct description_blob *is;
	size_t at = BLOB_NONE;

	if (text != NULL && digest_parse(text, &blob.digest, NULL) == ERR_OK)
		at = description_find(r->d, &blob.digest);
	if (at == BLOB_NONE)
		return err_set(r->err, ERR_DAMAGED, "%s: a platform of %s lists a layer that is none of the blobs",
			       r->path, holder->image);
	is = &r->d->blobs[at];
	if (is->role != ROLE_LAYER || (!stored_is_here(is->stored) && is->stored != STORED_PREREQUISITE))
		return ERR_OK;
	blob.size_bytes = is->size_bytes;
	return holdings_add(&r->since->had, &r->since->had.layers, &blob, r->err);
}

static enum err_code add_platform(const struct reading *r, const char *image, const struct json_t *platform)
{
	const struct json_t *layers = js_array(platform, "layers");
	const char *digest = js_string(platform, "digest");
	struct holder holder = { .image = image, .manifest = digest };
	struct digest manifest;
	enum err_code code = ERR_OK;
	size_t i;

	if (digest == NULL || digest_parse(digest, &manifest, NULL) != ERR_OK || layers == NULL)
		return err_set(r->err, ERR_UNSUPPORTED,
			       "%s: this description does not say which layers %s has: give the bundle itself", r->path,
			       image);
	for (i = 0; code == ERR_OK && i < js_len(layers); i++)
		code = add_described(r, js_text(js_at(layers, i)), &holder);
	return code;
}

static enum err_code take_json(const struct reading *r, const struct json_t *json)
{
	const struct json_t *images = js_array(json, "images");
	enum err_code code = ERR_OK;
	size_t i, j;

	for (i = 0; code == ERR_OK && i < js_len(images); i++) {
		const struct json_t *platforms = js_array(js_at(images, i), "platforms");

		for (j = 0; code == ERR_OK && j < js_len(platforms); j++)
			code = add_platform(r, js_string(js_at(images, i), "name"), js_at(platforms, j));
	}
	return code == ERR_OK ? attested_of_description(&r->since->attested, json, r->d, r->err) : code;
}

/* What is no description may be another document of this program: then it is better said where it belongs. */
static enum err_code explain(const struct buf *text, const char *path, enum err_code code, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *kind = NULL;

	if (js_read_large(buf_text(text), text->len, LIMIT_DESCRIPTION_VALUES, path, &json, NULL) == ERR_OK)
		kind = js_string(json, "kind");
	if (kind == NULL || holdings_option(json) == NULL)
		return code;
	return err_set(err, ERR_USAGE, "%s: this is of the kind \"%s\": give it to %s", path, kind,
		       holdings_option(json));
}

static enum err_code read_description(struct since *s, const char *path, const struct buf *text, struct err *err)
{
	CLEANUP(description_release) struct description d = { 0 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = description_read(buf_text(text), text->len, path, &d, err);

	if (code == ERR_DAMAGED)
		return explain(text, path, code, err);
	if (code == ERR_OK && d.shards_len > 0)
		code = err_set(err, ERR_UNSUPPORTED,
			       "%s: of so many images a description alone does not say what there is: give the bundle "
			       "itself, or an inventory of the site with --have",
			       path);
	if (code == ERR_OK)
		code = js_read_large(buf_text(text), text->len, LIMIT_DESCRIPTION_VALUES, path, &json, err);
	return code == ERR_OK ? take_json(&(struct reading){ s, &d, path, err }, json) : code;
}

/* The text of a description, which is told by its first byte: it is an object, and no zstd frame begins so.  Nothing
 * where it is a bundle, of whose failures its reader knows more. */
static enum err_code read_text(const char *path, struct buf *text, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char first = '\0';

	if (fd < 0 || fstat(fd, &st) != 0)
		return ERR_OK;
	if (read(fd, &first, 1) == 1 && first == '{')
		return buf_add(text, &first, 1, err) == ERR_OK ? file_read_all(fd, path, text, err) : ERR_NOMEM;
	if (!S_ISFIFO(st.st_mode))
		return ERR_OK;
	return err_set(err, ERR_UNSUPPORTED,
		       "%s: a bundle does not come through a pipe here: give the file, or pipe in what bundle cat FILE "
		       "description prints",
		       path);
}

enum err_code since_open(const char *path, struct since *ret_since, struct err *err)
{
	CLEANUP(since_release) struct since s = { 0 };
	CLEANUP(buf_release) struct buf text;
	enum err_code code;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	code = read_text(path, &text, err);
	if (code == ERR_OK)
		code = text.len > 0 ? read_description(&s, path, &text, err) : read_bundle(&s, path, err);
	if (code != ERR_OK)
		return code;
	holdings_sort(&s.had);
	attested_sort(&s.attested);
	*ret_since = s;
	s = (struct since){ 0 };
	return ERR_OK;
}

void since_release(struct since *s)
{
	holdings_release(&s->had);
	attested_release(&s->attested);
	*s = (struct since){ 0 };
}
