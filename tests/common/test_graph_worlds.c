/* Whole graphs of images with all that refers to them: in whichever order a walk finds their parts, the graph is the
 * same, and so is what each part is for, where it stands in a bundle, and whose it is. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/graph.h"
#include "common/mem.h"
#include "tests/lib/graph_text.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define SIGNATURE "application/vnd.dev.cosign.simplesigning.v1+json"
#define ORDERS 300

enum op_kind { OP_MANIFEST, OP_LINK, OP_IMAGE };

/* One thing that a walk finds out. */
struct op {
	enum op_kind kind;
	size_t at; /* item, link or tag of the builder */
};

struct world {
	struct image_builder b;
	struct op ops[3 * IMAGE_ITEMS];
	size_t len;
};

static void world_ops(struct world *w)
{
	size_t i;

	w->len = 0;
	for (i = 0; i < w->b.items_len; i++) {
		if (manifest_kind(w->b.items[i].media_type) != MANIFEST_NONE && !w->b.items[i].absent)
			w->ops[w->len++] = (struct op){ .kind = OP_MANIFEST, .at = i };
	}
	for (i = 0; i < w->b.links_len; i++)
		w->ops[w->len++] = (struct op){ .kind = OP_LINK, .at = i };
	for (i = 0; i < w->b.tags_len; i++)
		w->ops[w->len++] = (struct op){ .kind = OP_IMAGE, .at = i };
}

static void shuffle(struct world *w, unsigned seed)
{
	uint64_t x = seed;
	size_t i;

	for (i = w->len; seed > 0 && i-- > 1;) {
		struct op op = w->ops[i];
		size_t j;

		x = x * 6364136223846793005u + 1442695040888963407u;
		j = (size_t)(x >> 33) % (i + 1);
		w->ops[i] = w->ops[j];
		w->ops[j] = op;
	}
}

static uint32_t item_node(struct graph *g, const struct image_item *item)
{
	struct descriptor d = { .digest = item->digest, .size_bytes = item->len, .media_type = item->media_type };
	uint32_t node = NODE_NONE;
	struct err err = { 0 };

	ck_assert_msg(graph_add(g, &d, &node, &err) == ERR_OK, "%s", err.msg);
	return node;
}

static void run_op(const struct world *w, const struct op *op, struct graph *g)
{
	const struct image_builder *b = &w->b;
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct err err = { 0 };
	uint32_t node;

	switch (op->kind) {
	case OP_MANIFEST:
		node = item_node(g, &b->items[op->at]);
		ck_assert_msg(manifest_parse(b->items[op->at].bytes, b->items[op->at].len, b->items[op->at].media_type,
					     "x", &m, &err) == ERR_OK,
			      "%s", err.msg);
		ck_assert_msg(graph_add_manifest(g, node, &m, &err) == ERR_OK, "%s", err.msg);
		break;
	case OP_LINK:
		node = item_node(g, &b->items[b->links[op->at].subject]);
		ck_assert_int_eq(graph_link(g, node, item_node(g, &b->items[b->links[op->at].referrer]),
					    b->links[op->at].kind, &err),
				 ERR_OK);
		break;
	case OP_IMAGE:
		node = item_node(g, &b->items[b->tags[op->at].root]);
		ck_assert_int_eq(graph_add_image(g, b->tags[op->at].name, node, &err), ERR_OK);
		break;
	}
}

static char *build(struct world *w, unsigned seed)
{
	CLEANUP(graph_release) struct graph g;
	struct err err = { 0 };
	size_t i;

	world_ops(w);
	shuffle(w, seed);
	graph_init(&g);
	for (i = 0; i < w->len; i++)
		run_op(w, &w->ops[i], &g);
	ck_assert_msg(graph_settle(&g, &err) == ERR_OK, "%s", err.msg);
	return graph_text(&g);
}

struct text {
	char t[IMAGE_DESCRIPTOR_TEXT];
};

static struct text of(const struct image_builder *b, size_t item)
{
	struct text text;

	image_text(b, item, text.t);
	return text;
}

/* An image manifest whose layers are told apart by the seed; rest is more members. */
static size_t put_image(struct image_builder *b, unsigned seed, const char *rest)
{
	size_t config = image_json(b, TYPE_OCI_CONFIG, "{\"n\":%u}", seed), layer = image_add_noise(b, GZIP, 20, seed);

	return image_json(b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s}]%s}", of(b, config).t,
			  of(b, layer).t, rest);
}

static void world_samples(struct image_builder *b)
{
	image_sample(b, "docker.io/library/b:1", &(struct image_sample){ .absent_platform = true });
	image_sample(b, "docker.io/library/a:1", &(struct image_sample){ .one_manifest = true });
	image_tag(b, "docker.io/library/c:1", b->tags[1].root); /* one image, two names */
}

/* An index in an index, and a manifest that two indexes list, one with a platform, one without. */
static void world_nested(struct image_builder *b)
{
	size_t shared = put_image(b, 1, ""), other = put_image(b, 2, "");
	size_t inner = image_json(b, TYPE_OCI_INDEX,
				  "{\"manifests\":[{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}}]}",
				  of(b, shared).t);

	image_tag(b, "x.io/a:1",
		  image_json(b, TYPE_DOCKER_LIST, "{\"manifests\":[{%s},{%s}]}", of(b, inner).t, of(b, other).t));
	image_tag(b, "x.io/b:1",
		  image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s},{%s}]}", of(b, other).t, of(b, shared).t));
}

/* A signature of an image that is an image itself, with a referrer of its own; the listing of referrers is not asked:
 * what the manifests say must be enough. */
static void world_subjects(struct image_builder *b)
{
	CLEANUP(free_ptr) char *rest = NULL;
	CLEANUP(free_ptr) char *rest2 = NULL;
	size_t image = put_image(b, 1, ""), signature;

	ck_assert_int_ge(asprintf(&rest, ",\"subject\":{%s}", of(b, image).t), 0);
	signature = put_image(b, 2, rest);
	ck_assert_int_ge(asprintf(&rest2, ",\"subject\":{%s}", of(b, signature).t), 0);
	put_image(b, 3, rest2);
	image_tag(b, "x.io/image:1", image);
	image_tag(b, "x.io/signature:1", signature);
}

/* An index whose attestation names an image that only another index lists. */
static void world_far_attestation(struct image_builder *b)
{
	size_t image = put_image(b, 1, ""), attestation = put_image(b, 2, "");

	image_tag(b, "x.io/a:1",
		  image_json(b, TYPE_OCI_INDEX,
			     "{\"manifests\":[{%s,\"annotations\":{\"%s\":\"attestation-manifest\","
			     "\"%s\":\"%s\"}}]}",
			     of(b, attestation).t, ANNOTATION_REFERENCE_TYPE, ANNOTATION_REFERENCE_DIGEST,
			     b->items[image].digest.text));
	image_tag(b, "x.io/b:1", image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s}]}", of(b, image).t));
}

/* One blob as layer of an image, config of another and statement of a third. */
static void world_shared_blob(struct image_builder *b)
{
	size_t blob = image_json(b, TYPE_IN_TOTO, "{}"), image = put_image(b, 1, "");
	size_t signature = image_json(b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s},{%s}]}", of(b, blob).t,
				      of(b, blob).t, of(b, image).t);

	image_refer(b, image, signature, LINK_SIG);
	image_refer(b, image, signature, LINK_SUBJECT);
	image_refer(b, image, signature, LINK_SIG);
	image_refer(b, signature, image, LINK_SUBJECT); /* a circle, as a listing may claim */
	image_tag(b, "x.io/a:1", image);
	image_tag(b, "x.io/a:1", image);
}

/* The attestation of one index is a plain child of another: the stronger role counts, and its layers follow. */
static void world_stronger(struct image_builder *b)
{
	size_t image = put_image(b, 1, ""), attestation = put_image(b, 2, "");

	image_tag(b, "x.io/a:1",
		  image_json(b, TYPE_OCI_INDEX,
			     "{\"manifests\":[{%s},{%s,\"annotations\":{\"%s\":"
			     "\"attestation-manifest\"}}]}",
			     of(b, image).t, of(b, attestation).t, ANNOTATION_REFERENCE_TYPE));
	image_tag(b, "x.io/b:1", image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s}]}", of(b, attestation).t));
}

/* What a referrer's index lists belongs to the referrer; a blob in an index is an artifact. */
static void world_of_referrer(struct image_builder *b)
{
	size_t image = put_image(b, 1, ""), inner = put_image(b, 2, ""), blob = image_add_noise(b, SIGNATURE, 9, 3);

	image_refer(b, image,
		    image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s},{%s}]}", of(b, inner).t, of(b, blob).t),
		    LINK_SBOM);
	image_tag(b, "x.io/a:1", image);
}

/* BuildKit with oci-artifact=true: an attestation by its index and a referrer by its subject. */
static void world_oci_artifact(struct image_builder *b)
{
	CLEANUP(free_ptr) char *rest = NULL;
	size_t image = put_image(b, 1, ""), attestation;

	ck_assert_int_ge(asprintf(&rest, ",\"subject\":{%s},\"artifactType\":\"t\"", of(b, image).t), 0);
	attestation = put_image(b, 2, rest);
	image_refer(b, image, attestation, LINK_SUBJECT);
	image_tag(b, "x.io/a:1",
		  image_json(b, TYPE_OCI_INDEX,
			     "{\"manifests\":[{%s},{%s,\"annotations\":{\"%s\":\"attestation-manifest\","
			     "\"%s\":\"%s\"}}]}",
			     of(b, image).t, of(b, attestation).t, ANNOTATION_REFERENCE_TYPE,
			     ANNOTATION_REFERENCE_DIGEST, b->items[image].digest.text));
}

static const struct {
	const char *name;
	void (*make)(struct image_builder *b);
	const char *roles;
} worlds[] = {
	{ "samples", world_samples,
	  "config layer layer layer manifest none none none none manifest config statement attestation index config "
	  "artifact referrer config artifact referrer config artifact referrer config layer layer layer manifest" },
	{ "nested", world_nested, "config layer manifest config layer manifest index index index" },
	{ "subjects", world_subjects, "config layer manifest config layer manifest none none none" },
	{ "attestation from afar", world_far_attestation,
	  "config layer manifest config artifact attestation index index" },
	{ "shared blob", world_shared_blob, "config config layer manifest referrer" },
	{ "stronger", world_stronger, "config layer manifest config layer manifest index index" },
	{ "of a referrer", world_of_referrer, "config layer manifest config artifact referrer artifact referrer" },
	{ "both attestation and referrer", world_oci_artifact,
	  "config layer manifest config artifact attestation index" },
};

START_TEST(any_order)
{
	static struct world w;
	CLEANUP(free_ptr) char *first = NULL;
	unsigned seed;

	image_builder_init(&w.b);
	worlds[_i].make(&w.b);
	first = build(&w, 0);
	for (seed = 1; seed < ORDERS; seed++) {
		CLEANUP(free_ptr) char *other = build(&w, seed);

		ck_assert_msg(strcmp(first, other) == 0, "%s, order %u: %.300s", worlds[_i].name, seed,
			      first_difference(first, other));
	}
	image_builder_release(&w.b);
}
END_TEST

/* What each item of a world is for, in the order in which they were made. */
START_TEST(roles)
{
	static struct image_builder b;
	CLEANUP(graph_release) struct graph g;
	char got[1000] = "";
	size_t i;

	image_builder_init(&b);
	worlds[_i].make(&b);
	image_graph(&b, &b.source, &g);
	for (i = 0; i < b.items_len; i++) {
		uint32_t node = graph_find(&g, &b.items[i].digest);
		bool known = node != NODE_NONE && g.nodes[node].role != ROLE_COUNT;

		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i > 0 ? " " : "",
			 known ? role_name(g.nodes[node].role) : "none");
	}
	ck_assert_msg(strcmp(got, worlds[_i].roles) == 0, "%s: %s", worlds[_i].name, got);
	image_builder_release(&b);
}
END_TEST

/* The order of a bundle: small things first, each image in one run from its root, depth first. */
START_TEST(bundle_order)
{
	static struct image_builder b;
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) uint32_t *order = NULL;
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	char got[400] = "";
	size_t len = 0, i;

	image_builder_init(&b);
	image_sample(&b, "docker.io/library/b:1", &(struct image_sample){ 0 });
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(graph_order(&g, &order, &len, NULL), ERR_OK);
	ck_assert_int_eq(graph_owners(&g, &owners, NULL), ERR_OK);
	ck_assert_uint_eq(len, g.nodes_len);
	for (i = 0; i < len; i++) {
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", role_name(g.nodes[order[i]].role));
		ck_assert_uint_eq(owners[order[i]], 0);
	}
	ck_assert_str_eq(got, "index manifest config referrer config artifact attestation config statement "
			      "manifest config referrer artifact referrer config artifact "
			      "layer layer layer layer layer layer ");
	image_builder_release(&b);
}
END_TEST

/* Two images share a layer and a config: the first by name owns them. */
START_TEST(image_owners)
{
	static struct image_builder b;
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	size_t a, other, i;

	image_builder_init(&b);
	a = put_image(&b, 1, "");
	other = image_json(&b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s}],\"n\":1}", of(&b, 0).t,
			   of(&b, 1).t);
	image_tag(&b, "x.io/b:1", a);
	image_tag(&b, "x.io/a:1", other);
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(graph_owners(&g, &owners, NULL), ERR_OK);
	for (i = 0; i < b.items_len; i++) {
		const char *owner = g.images[owners[graph_find(&g, &b.items[i].digest)]].name;

		ck_assert_str_eq(owner, i == a ? "x.io/b:1" : "x.io/a:1");
	}
	image_builder_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("graph_worlds");
	TCase *t = tcase_create("graph_worlds");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, any_order, 0, (int)COUNT_OF(worlds));
	tcase_add_loop_test(t, roles, 0, (int)COUNT_OF(worlds));
	tcase_add_test(t, bundle_order);
	tcase_add_test(t, image_owners);
	suite_add_tcase(s, t);
	return test_run(s);
}
