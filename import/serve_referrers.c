#include "import/serve_referrers.h"

#include <stdlib.h>
#include <string.h>

#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

/* The graphs in which the subject is, one of each place: those of one place agree. */
struct subjects {
	struct serve_found *items; /* owned */
	size_t len;
};

struct listed {
	const struct serve_found *in;
	const struct node *node;
};

struct listing {
	struct listed *items; /* owned */
	size_t len, cap;
};

static void subjects_release(struct subjects *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		serve_found_release(&s->items[i]);
	free(s->items);
}

static void listing_release(struct listing *l)
{
	free(l->items);
}

static enum err_code find_subjects(struct serve_repository *r, const struct digest *subject, struct subjects *s,
				   struct err *err)
{
	size_t i;

	s->items = calloc(r->places_len + 1, sizeof(*s->items));
	if (s->items == NULL)
		return err_nomem(err);
	for (i = 0; i < r->places_len; i++) {
		enum err_code code = serve_repository_find_at(r, r->places[i], subject, &s->items[s->len], err);

		if (code == ERR_OK)
			s->len++;
		else if (code != ERR_NOT_FOUND)
			return code;
	}
	return ERR_OK;
}

static enum err_code list_of(const struct serve_found *in, struct listing *l, struct err *err)
{
	const struct graph *g = &in->graph->graph;
	const struct link *links = NULL;
	size_t len = graph_links_of(g, in->node, &links), i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < len; i++) {
		const struct node *node = &g->nodes[links[i].referrer];

		if (links[i].kind != LINK_SUBJECT || !node_is_carried(node))
			continue;
		code = vec_grow(&l->items, &l->cap, l->len + 1, sizeof(*l->items), LIMIT_EDGES, err);
		if (code == ERR_OK)
			l->items[l->len++] = (struct listed){ in, node };
	}
	return code;
}

static int by_digest(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->node->digest.text, ((const struct listed *)b)->node->digest.text);
}

static void put_descriptor(struct js_out *out, const struct node *node, const struct manifest *m)
{
	js_begin(out, '{');
	js_member(out, "mediaType", node->media_type);
	js_member(out, "digest", node->digest.text);
	js_member_uint(out, "size", node->size_bytes);
	js_member(out, "artifactType", m->artifact_type);
	if (m->annotations != NULL) {
		js_key(out, "annotations");
		js_put_value(out, m->annotations);
	}
	js_end(out, '}');
}

static enum err_code put_one(struct serve_repository *r, const struct listed *one, const char *artifact_type,
			     struct js_out *out, size_t *count, struct err *err)
{
	CLEANUP(catalog_bytes_release_ptr) struct catalog_bytes *bytes = NULL;
	CLEANUP(manifest_release) struct manifest m = { 0 };
	const struct node *node = one->node;
	enum err_code code = catalog_bytes(r->view, one->in->image->place, &node->digest, node->size_bytes,
					   LIMIT_MANIFEST_BYTES, &bytes, err);

	if (code == ERR_OK)
		code = manifest_parse(bytes->data, bytes->len, node->media_type, node->digest.text, &m, err);
	if (code != ERR_OK)
		return code;
	if (artifact_type != NULL && (m.artifact_type == NULL || strcmp(m.artifact_type, artifact_type) != 0))
		return ERR_OK;
	put_descriptor(out, node, &m);
	(*count)++;
	return ERR_OK;
}

static enum err_code put_index(struct serve_repository *r, const struct listing *l, const char *artifact_type,
			       struct buf *to, size_t *count, struct err *err)
{
	struct buf_stage stage;
	struct js_out out;
	enum err_code code = ERR_OK;
	size_t i;

	buf_stage_init(&stage, to);
	js_out_init(&out, &stage.out, false);
	js_begin(&out, '{');
	js_member_uint(&out, "schemaVersion", 2);
	js_member(&out, "mediaType", TYPE_OCI_INDEX);
	js_key(&out, "manifests");
	js_begin(&out, '[');
	for (i = 0; code == ERR_OK && i < l->len; i++) {
		if (i == 0 || by_digest(&l->items[i - 1], &l->items[i]) != 0)
			code = put_one(r, &l->items[i], artifact_type, &out, count, err);
	}
	js_end(&out, ']');
	js_end(&out, '}');
	return code == ERR_OK ? js_end_document(&out, err) : code;
}

enum err_code serve_referrers_write(struct serve_repository *r, const struct digest *subject, const char *artifact_type,
				    struct buf *out, size_t *ret_len, struct err *err)
{
	CLEANUP(subjects_release) struct subjects subjects = { 0 };
	CLEANUP(listing_release) struct listing listing = { 0 };
	size_t count = 0, i;
	enum err_code code = find_subjects(r, subject, &subjects, err);

	for (i = 0; code == ERR_OK && i < subjects.len; i++)
		code = list_of(&subjects.items[i], &listing, err);
	if (code != ERR_OK)
		return code;
	if (listing.len > 0)
		qsort(listing.items, listing.len, sizeof(*listing.items), by_digest);
	code = put_index(r, &listing, artifact_type, out, &count, err);
	if (code == ERR_OK && ret_len != NULL)
		*ret_len = count;
	return code;
}

enum err_code serve_referrers_tagged(struct serve_repository *r, const struct digest *subject, enum link_kind kind,
				     struct serve_found *ret_found, struct err *err)
{
	size_t place, i;

	for (place = 0; place < r->places_len; place++) {
		CLEANUP(serve_found_release) struct serve_found found = { 0 };
		const struct link *links = NULL;
		size_t len;
		enum err_code code = serve_repository_find_at(r, r->places[place], subject, &found, err);

		if (code == ERR_NOT_FOUND)
			continue;
		if (code != ERR_OK)
			return code;
		len = graph_links_of(&found.graph->graph, found.node, &links);
		for (i = 0; i < len; i++) {
			if (links[i].kind != kind || !node_is_carried(&found.graph->graph.nodes[links[i].referrer]))
				continue;
			found.node = links[i].referrer;
			*ret_found = found;
			found = (struct serve_found){ 0 };
			return ERR_OK;
		}
	}
	return err_set(err, ERR_NOT_FOUND, "nothing in %.300s is tagged after %s", r->name, subject->text);
}

bool serve_referrers_tag(const char *tag, struct digest *ret_subject, enum link_kind *ret_kind)
{
	static const struct {
		const char *suffix;
		enum link_kind kind;
	} kinds[] = { { "", LINK_SUBJECT }, { ".sig", LINK_SIG }, { ".att", LINK_ATT }, { ".sbom", LINK_SBOM } };
	const char *dot = strchr(tag, '.');
	size_t len = dot != NULL ? (size_t)(dot - tag) : strlen(tag), i;
	char text[DIGEST_TEXT_SIZE];

	if (len >= sizeof(text) || (!text_starts(tag, "sha256-") && !text_starts(tag, "sha512-")))
		return false;
	memcpy(text, tag, len);
	text[len] = '\0';
	text[strlen("sha256")] = ':';
	for (i = 0; i < COUNT_OF(kinds); i++) {
		if (strcmp(tag + len, kinds[i].suffix) != 0 || digest_parse(text, ret_subject, NULL) != ERR_OK)
			continue;
		*ret_kind = kinds[i].kind;
		return true;
	}
	return false;
}
