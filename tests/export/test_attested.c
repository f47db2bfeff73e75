#include "export/attested.h"

#include <check.h>
#include <string.h>

#include "bundles/reader.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/deep_graph.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define SIGNATURE_TYPE "application/vnd.cncf.notary.signature"
#define ON(architecture) ",\"platform\":{\"os\":\"linux\",\"architecture\":\"" architecture "\"}"
#define BUNDLE_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"

static struct image_builder images;

static void setup(void)
{
	image_builder_init(&images);
}

static void teardown(void)
{
	image_builder_release(&images);
}

/* An image manifest of one layer. */
static size_t add_manifest(const char *layer_bytes)
{
	char config[IMAGE_DESCRIPTOR_TEXT], layer[IMAGE_DESCRIPTOR_TEXT];

	image_text(&images, image_add(&images, TYPE_OCI_CONFIG, "{}", 2), config);
	image_text(&images,
		   image_add(&images, "application/vnd.oci.image.layer.v1.tar+gzip", layer_bytes, strlen(layer_bytes)),
		   layer);
	return image_json(&images, TYPE_OCI_MANIFEST,
			  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
			  "\",\"config\":{%s},\"layers\":[{%s}]}",
			  config, layer);
}

/* A referrer of a type, with blobs of its own; which makes it one of its kind. */
static void refer(size_t subject, const char *type, const char *predicate, enum link_kind kind, unsigned which)
{
	char config[IMAGE_DESCRIPTOR_TEXT], one[IMAGE_DESCRIPTOR_TEXT], other[IMAGE_DESCRIPTOR_TEXT];
	char bytes[32];

	image_text(&images, image_add(&images, TYPE_OCI_EMPTY, "{}", 2), config);
	snprintf(bytes, sizeof(bytes), "one %u", which);
	image_text(&images, image_add(&images, "application/octet-stream", bytes, strlen(bytes)), one);
	snprintf(bytes, sizeof(bytes), "other %u", which);
	image_text(&images, image_add(&images, "application/octet-stream", bytes, strlen(bytes)), other);
	image_refer(&images, subject,
		    image_json(&images, TYPE_OCI_MANIFEST,
			       "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
			       "\",\"artifactType\":\"%s\",\"config\":{%s},\"layers\":[{%s},{%s}]"
			       ",\"annotations\":{\"%s\":\"%s\"}}",
			       type, config, one, other, predicate != NULL ? ANNOTATION_SIGSTORE_PREDICATE : "x",
			       predicate != NULL ? predicate : "y"),
		    kind);
}

/* Count by the graph of a bundle, and by its description alone. */
static void count(struct attested *by_graph, struct attested *by_description)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(buf_release) struct buf text;
	struct bundle *b = NULL;
	char *path = file_new();
	struct graph g;

	image_graph(&images, &images.source, &g);
	ck_assert_int_eq(attested_of_graph(by_graph, &g, NULL), ERR_OK);
	graph_release(&g);
	attested_sort(by_graph);
	bundle_put(&images, path, 4096);
	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	ck_assert_int_eq(bundle_open(path, &b, NULL), ERR_OK);
	ck_assert_int_eq(bundle_description_read(b, &text, NULL), ERR_OK);
	ck_assert_int_eq(js_read(buf_text(&text), text.len, "it", &json, NULL), ERR_OK);
	ck_assert_int_eq(attested_of_description(by_description, json, bundle_description(b), NULL), ERR_OK);
	bundle_close(b);
	file_remove(path);
	attested_sort(by_description);
}

static const struct {
	const char *name, *type, *predicate;
	enum link_kind kind;
	size_t attestations, signatures;           /* by the graph */
	size_t said_attestations, said_signatures; /* by the description */
} cases[] = {
	{ "an SBOM", "application/spdx+json", NULL, LINK_SUBJECT, 1, 0, 1, 0 },
	{ "notation", SIGNATURE_TYPE, NULL, LINK_SUBJECT, 0, 1, 0, 1 },
	{ "a sigstore bundle that signs", BUNDLE_TYPE, "https://sigstore.dev/cosign/sign/v1", LINK_SUBJECT, 0, 1, 0,
	  1 },
	{ "a sigstore bundle that says no more", BUNDLE_TYPE, NULL, LINK_SUBJECT, 0, 1, 0, 1 },
	{ "a sigstore bundle with a statement", BUNDLE_TYPE, "https://slsa.dev/provenance/v1", LINK_SUBJECT, 1, 0, 1,
	  0 },
	{ "two signers under cosign's tag", "x/y", NULL, LINK_SIG, 0, 2, 0, 1 },
	{ "two attestations under cosign's tag", "x/y", NULL, LINK_ATT, 2, 0, 1, 0 },
	{ "cosign's SBOM tag", "x/y", NULL, LINK_SBOM, 1, 0, 1, 0 },
};

START_TEST(kinds)
{
	CLEANUP(attested_release) struct attested a = { 0 };
	CLEANUP(attested_release) struct attested d = { 0 };
	size_t root = add_manifest("layer");

	image_tag(&images, "a.example/b:1", root);
	refer(root, cases[_i].type, cases[_i].predicate, cases[_i].kind, 1);
	count(&a, &d);
	ck_assert_uint_eq(a.len, 1);
	ck_assert_uint_eq(d.len, 1);
	ck_assert_str_eq(a.rows[0].image, "a.example/b:1");
	ck_assert_msg(a.rows[0].attestations == cases[_i].attestations, "%s", cases[_i].name);
	ck_assert_msg(a.rows[0].signatures == cases[_i].signatures, "%s", cases[_i].name);
	ck_assert_msg(d.rows[0].attestations == cases[_i].said_attestations, "%s", cases[_i].name);
	ck_assert_msg(d.rows[0].signatures == cases[_i].said_signatures, "%s", cases[_i].name);
}
END_TEST

/* An index with two platforms, of which one has an attestation manifest with a statement. */
START_TEST(whole_image)
{
	CLEANUP(attested_release) struct attested a = { 0 };
	CLEANUP(attested_release) struct attested d = { 0 };
	size_t statements = 0, i;

	image_sample(&images, "a.example/b:1", &(struct image_sample){ 0 });
	count(&a, &d);
	ck_assert_uint_eq(a.len, 3);
	ck_assert_uint_eq(d.len, a.len);
	ck_assert_str_eq(a.rows[0].platform, "");
	for (i = 0; i < a.len; i++) {
		ck_assert_str_eq(a.rows[i].platform, d.rows[i].platform);
		ck_assert_uint_eq(a.rows[i].attestations, d.rows[i].attestations);
		statements += a.rows[i].attestations;
	}
	ck_assert_uint_ge(statements, 1);
}
END_TEST

START_TEST(deep)
{
	CLEANUP(attested_release) struct attested a = { 0 };
	CLEANUP(graph_release) struct graph g;

	deep_graph(&g, "a.example/b:1");
	ck_assert_int_eq(attested_of_graph(&a, &g, NULL), ERR_OK);
	ck_assert_uint_eq(a.len, DEEP_LEVELS + 1);
	attested_sort(&a);
	ck_assert_uint_eq(a.len, 2);
}
END_TEST

/* What is listed and was not at the source attests to nothing. */
START_TEST(absent_referrer)
{
	CLEANUP(attested_release) struct attested a = { 0 };
	CLEANUP(attested_release) struct attested d = { 0 };
	size_t root = add_manifest("layer");

	image_tag(&images, "a.example/b:1", root);
	refer(root, "application/spdx+json", NULL, LINK_SUBJECT, 1);
	refer(root, SIGNATURE_TYPE, NULL, LINK_SUBJECT, 2);
	images.items[images.links[0].referrer].absent = true;
	count(&a, &d);
	ck_assert_uint_eq(a.rows[0].attestations, 0);
	ck_assert_uint_eq(d.rows[0].attestations, 0);
	ck_assert_uint_eq(a.rows[0].signatures, 1);
	ck_assert_uint_eq(d.rows[0].signatures, 1);
}
END_TEST

/* Statements, and the blobs that cosign tags. */
static const struct {
	enum role role;
	size_t fewer_attestations, fewer_signatures;
} absent[] = { { ROLE_CONFIG, 0, 0 }, { ROLE_STATEMENT, 1, 0 }, { ROLE_ARTIFACT, 0, 1 } };

static struct attested_row total(const struct graph *g)
{
	CLEANUP(attested_release) struct attested a = { 0 };
	struct attested_row sum = { .image = NULL };
	size_t i;

	ck_assert_int_eq(attested_of_graph(&a, g, NULL), ERR_OK);
	for (i = 0; i < a.len; i++) {
		sum.attestations += a.rows[i].attestations;
		sum.signatures += a.rows[i].signatures;
	}
	return sum;
}

START_TEST(absent_blobs)
{
	CLEANUP(graph_release) struct graph g;
	struct attested_row before, after;
	size_t i;

	image_sample(&images, "a.example/b:1", &(struct image_sample){ 0 });
	image_graph(&images, &images.source, &g);
	before = total(&g);
	for (i = 0; i < g.nodes_len; i++)
		g.nodes[i].absent = g.nodes[i].role == absent[_i].role;
	after = total(&g);
	ck_assert_uint_eq(before.attestations - after.attestations, absent[_i].fewer_attestations);
	ck_assert_uint_eq(before.signatures - after.signatures, absent[_i].fewer_signatures);
}
END_TEST

/* A platform that was not asked for has a row that says so, and one manifest for two platforms has two. */
START_TEST(platforms)
{
	static const char *const want[] = { "", "linux/amd64", "linux/arm64", "linux/s390x" };
	CLEANUP(selection_release) struct selection s = { 0 };
	CLEANUP(attested_release) struct attested a = { 0 };
	CLEANUP(attested_release) struct attested d = { 0 };
	char one[IMAGE_DESCRIPTOR_TEXT], other[IMAGE_DESCRIPTOR_TEXT];
	size_t i;

	image_text(&images, add_manifest("one"), one);
	image_text(&images, add_manifest("other"), other);
	image_tag(&images, "a.example/b:1",
		  image_json(&images, TYPE_OCI_INDEX,
			     "{\"manifests\":[{%s" ON("s390x") "},{%s" ON("arm64") "},{%s" ON("amd64") "}]}", one,
			     other, one));
	ck_assert_int_eq(selection_platform(&s, "linux/amd64", NULL), ERR_OK);
	images.selection = &s;
	count(&a, &d);
	ck_assert_uint_eq(a.len, COUNT_OF(want));
	ck_assert_uint_eq(d.len, a.len - 1);
	for (i = 0; i < a.len; i++) {
		ck_assert_str_eq(a.rows[i].platform, want[i]);
		ck_assert_int_eq(a.rows[i].left_out, i == 2);
	}
	ck_assert_ptr_eq(attested_find(&a, "a.example/b:1", "linux/s390x"), &a.rows[3]);
	ck_assert_ptr_null(attested_find(&a, "a.example/b:1", "linux/riscv64"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("attested");
	TCase *t = tcase_create("attested");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, kinds, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, whole_image);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, deep);
	tcase_add_test(t, absent_referrer);
	tcase_add_loop_test(t, absent_blobs, 0, (int)COUNT_OF(absent));
	tcase_add_test(t, platforms);
	suite_add_tcase(s, t);
	return test_run(s);
}
