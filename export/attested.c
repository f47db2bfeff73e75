#include "export/attested.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "trust/sigstore_bundle.h"

#define PREDICATE_SIGNATURE "https://sigstore.dev/cosign/sign/v1"

/* Artifact types of manifests that hold signatures and nothing else. */
static const char *const signature_types[] = {
	"application/vnd.cncf.notary.signature",
	"application/vnd.dev.cosign.artifact.sig.v1+json",
	"application/vnd.dev.cosign.simplesigning.v1+json",
};

/* What is known of a referrer, from its node or from a description. */
struct referrer {
	bool tagged_sig;
	const char *artifact_type, *predicate_type; /* may be NULL */
};

static bool is_signature(const struct referrer *r)
{
	size_t i;

	if (r->tagged_sig)
		return true;
	if (r->predicate_type != NULL)
		return strcmp(r->predicate_type, PREDICATE_SIGNATURE) == 0;
	for (i = 0; r->artifact_type != NULL && i < COUNT_OF(signature_types); i++) {
		if (strcmp(r->artifact_type, signature_types[i]) == 0)
			return true;
	}
	return sigstore_bundle_is(r->artifact_type);
}

static enum err_code add_row(struct attested *a, const struct attested_row *row, struct err *err)
{
	struct attested_row copy = *row;
	enum err_code code = vec_grow(&a->rows, &a->cap, a->len + 1, sizeof(*a->rows), LIMIT_NODES, err);

	if (code == ERR_OK)
		code = intern_text(&a->strings, row->image, &copy.image, err);
	if (code == ERR_OK)
		code = intern_text(&a->strings, row->platform != NULL ? row->platform : PLATFORM_UNKNOWN,
				   &copy.platform, err);
	if (code == ERR_OK)
		a->rows[a->len++] = copy;
	return code;
}

static bool is_there(const struct graph *g, const struct edge *e)
{
	return !g->nodes[e->to].absent;
}

/* How many signatures or attestations a manifest stands for: one, but where cosign tags it, as many as it has blobs. */
static size_t weight_of(const struct graph *g, const struct link *link)
{
	const struct node *n = &g->nodes[link->referrer];
	size_t blobs = 0, i;

	if (link->kind != LINK_SIG && link->kind != LINK_ATT)
		return 1;
	for (i = 0; i < n->edges_len; i++)
		blobs += g->edges[n->edges + i].kind != EDGE_CONFIG && is_there(g, &g->edges[n->edges + i]);
	return blobs;
}

static void count_referrers(const struct graph *g, uint32_t subject, bool signatures_only, struct attested_row *row)
{
	const struct link *links;
	size_t len = graph_links_of(g, subject, &links), i;

	for (i = 0; i < len; i++) {
		const struct node *n = &g->nodes[links[i].referrer];
		struct referrer r = { .tagged_sig = links[i].kind == LINK_SIG,
				      .artifact_type = n->artifact_type,
				      .predicate_type = n->predicate_type };

		if (links[i].kind == LINK_BUILDKIT || n->role != ROLE_REFERRER || !node_is_carried(n))
			continue;
		if (is_signature(&r))
			row->signatures += weight_of(g, &links[i]);
		else if (!signatures_only)
			row->attestations += weight_of(g, &links[i]);
	}
}

/* The attestation manifests of a platform: their statements, and who has signed those. */
static void count_attested(const struct graph *g, uint32_t manifest, struct attested_row *row)
{
	const struct link *links;
	size_t len = graph_links_of(g, manifest, &links), i, j;

	for (i = 0; i < len; i++) {
		const struct node *n = &g->nodes[links[i].referrer];

		if (links[i].kind != LINK_BUILDKIT || !node_is_carried(n))
			continue;
		for (j = 0; j < n->edges_len; j++)
			row->attestations +=
				g->edges[n->edges + j].kind == EDGE_STATEMENT && is_there(g, &g->edges[n->edges + j]);
		count_referrers(g, links[i].referrer, true, row);
	}
}

/* One image under way: each node once, however often indexes list it.  They may list each other deeply, so what is
 * still to be visited stands in a list and not on the stack of calls. */
struct visit {
	struct attested *a;
	const struct graph *g;
	uint32_t *seen; /* by node: in which image's turn, from 1 */
	uint32_t turn;
	uint32_t *waiting; /* room for every node */
	size_t waiting_len;
	const char *image;
};

static void await(struct visit *v, uint32_t node)
{
	const struct node *n = &v->g->nodes[node];

	if (v->seen[node] == v->turn || n->absent || (n->role != ROLE_INDEX && n->role != ROLE_MANIFEST))
		return;
	v->seen[node] = v->turn;
	v->waiting[v->waiting_len++] = node;
}

static enum err_code visit(struct visit *v, uint32_t node, struct err *err)
{
	const struct node *n = &v->g->nodes[node];
	bool is_index = n->role == ROLE_INDEX;
	struct attested_row row = { .image = v->image,
				    .platform = is_index ? "" : n->platform,
				    .left_out = n->left_out };
	enum err_code code;
	size_t i;

	if (!n->left_out) {
		count_referrers(v->g, node, false, &row);
		count_attested(v->g, node, &row);
	}
	for (i = 0; is_index && i < n->edges_len; i++)
		await(v, v->g->edges[n->edges + i].to);
	code = add_row(v->a, &row, err);
	for (i = 1; code == ERR_OK && !is_index && (row.platform = graph_platform(v->g, node, i)) != NULL; i++)
		code = add_row(v->a, &row, err);
	return code;
}

enum err_code attested_of_graph(struct attested *a, const struct graph *g, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *seen = calloc(g->nodes_len + 1, sizeof(*seen));
	CLEANUP(free_ptr) uint32_t *waiting = calloc(g->nodes_len + 1, sizeof(*waiting));
	struct visit v = { .a = a, .g = g, .seen = seen, .waiting = waiting };
	enum err_code code = ERR_OK;

	if (seen == NULL || waiting == NULL)
		return err_nomem(err);
	for (; code == ERR_OK && v.turn < g->images_len;) {
		const struct image *image = &g->images[v.turn++];

		v.image = image->name;
		await(&v, image->root);
		while (code == ERR_OK && v.waiting_len > 0)
			code = visit(&v, v.waiting[--v.waiting_len], err);
	}
	return code;
}

/* A description that is being read. */
struct described {
	struct attested *a;
	const struct description *d;
	const struct json_t *referrers;
};

/* What the source did not have is listed all the same. */
static bool is_described(const struct described *r, const struct json_t *json)
{
	const char *text = js_string(json, "digest");
	struct digest digest;
	size_t at = BLOB_NONE;

	if (text != NULL && digest_parse(text, &digest, NULL) == ERR_OK)
		at = description_find(r->d, &digest);
	return at != BLOB_NONE && stored_is_here(r->d->blobs[at].stored);
}

/* The referrers of a description come sorted by their subjects. */
static size_t first_of(const struct json_t *referrers, const char *subject)
{
	size_t low = 0, high = js_len(referrers);

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const char *is = js_string(js_at(referrers, mid), "subject");

		if (is != NULL && strcmp(is, subject) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void count_described(const struct described *from, const char *subject, bool signatures_only,
			    struct attested_row *row)
{
	size_t i;

	for (i = first_of(from->referrers, subject); i < js_len(from->referrers); i++) {
		const struct json_t *json = js_at(from->referrers, i);
		const char *is = js_string(json, "subject"), *kind = js_string(json, "kind");
		struct referrer r = { .tagged_sig = kind != NULL && strcmp(kind, link_name(LINK_SIG)) == 0,
				      .artifact_type = js_string(json, "artifactType"),
				      .predicate_type = js_string(json, "predicateType") };

		if (is == NULL || strcmp(is, subject) != 0)
			break;
		if (!is_described(from, json))
			continue;
		if (is_signature(&r))
			row->signatures++;
		else if (!signatures_only)
			row->attestations++;
	}
}

static enum err_code add_described(const struct described *from, const char *image, const struct json_t *platform,
				   struct err *err)
{
	const struct json_t *attestations = js_array(platform, "attestations");
	const char *digest = js_string(platform, "digest");
	struct attested_row row = { .image = image, .platform = js_string(platform, "platform") };
	size_t i, j;

	if (digest != NULL)
		count_described(from, digest, false, &row);
	for (i = 0; i < js_len(attestations); i++) {
		const struct json_t *one = js_at(attestations, i), *statements = js_array(one, "statements");
		const char *manifest = js_string(one, "digest");

		for (j = 0; j < js_len(statements); j++)
			row.attestations += is_described(from, js_at(statements, j));
		if (manifest != NULL)
			count_described(from, manifest, true, &row);
	}
	return add_row(from->a, &row, err);
}

enum err_code attested_of_description(struct attested *a, const struct json_t *json, const struct description *d,
				      struct err *err)
{
	const struct described from = { .a = a, .d = d, .referrers = js_array(json, "referrers") };
	const struct json_t *images = js_array(json, "images");
	enum err_code code = ERR_OK;
	size_t i, j;

	for (i = 0; code == ERR_OK && i < js_len(images); i++) {
		const struct json_t *image = js_at(images, i), *platforms = js_array(image, "platforms");
		const char *name = js_string(image, "name"), *type = js_string(image, "mediaType");
		const char *digest = js_string(image, "digest");
		struct attested_row row = { .image = name, .platform = "" };

		if (name == NULL || digest == NULL)
			continue;
		if (type != NULL && manifest_kind(type) == MANIFEST_INDEX) {
			count_described(&from, digest, false, &row);
			code = add_row(a, &row, err);
		}
		for (j = 0; code == ERR_OK && j < js_len(platforms); j++)
			code = add_described(&from, name, js_at(platforms, j), err);
	}
	return code;
}

static int compare(const void *a, const void *b)
{
	const struct attested_row *x = a, *y = b;
	int order = strcmp(x->image, y->image);

	return order != 0 ? order : strcmp(x->platform, y->platform);
}

void attested_sort(struct attested *a)
{
	size_t kept = 0, i;

	if (a->len == 0)
		return;
	qsort(a->rows, a->len, sizeof(*a->rows), compare);
	for (i = 1; i < a->len; i++) {
		if (compare(&a->rows[kept], &a->rows[i]) != 0) {
			a->rows[++kept] = a->rows[i];
			continue;
		}
		a->rows[kept].attestations += a->rows[i].attestations;
		a->rows[kept].signatures += a->rows[i].signatures;
		a->rows[kept].left_out &= a->rows[i].left_out;
	}
	a->len = kept + 1;
}

const struct attested_row *attested_find(const struct attested *a, const char *image, const char *platform)
{
	struct attested_row key = { .image = image, .platform = platform };

	return a->len > 0 ? bsearch(&key, a->rows, a->len, sizeof(*a->rows), compare) : NULL;
}

void attested_release(struct attested *a)
{
	free(a->rows);
	intern_release(&a->strings);
	*a = (struct attested){ 0 };
}
