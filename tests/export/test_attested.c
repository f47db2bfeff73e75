#include "export/attested.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/reader.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/deep_graph.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define SIGNATURE_TYPE "application/vnd.cncf.notary.signature"
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
	bundle_close(b);
	file_remove(path);
	ck_assert_int_eq(js_read(buf_text(&text), text.len, "it", &json, NULL), ERR_OK);
	ck_assert_int_eq(attested_of_description(by_description, json, NULL), ERR_OK);
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

static void add_row(struct attested *a, const char *image, size_t attestations, size_t signatures)
{
	ck_assert_int_eq(vec_grow(&a->rows, &a->cap, a->len + 1, sizeof(*a->rows), 100, NULL), ERR_OK);
	a->rows[a->len++] = (struct attested_row){
		.image = image, .platform = "linux/amd64", .attestations = attestations, .signatures = signatures
	};
}

static const struct {
	const char *name, *image;
	size_t attestations, signatures;
	bool lost;
} lost[] = {
	{ "as much", "a.example/b:1", 2, 1, false },
	{ "more", "a.example/b:1", 3, 2, false },
	{ "fewer attestations", "a.example/b:1", 1, 1, true },
	{ "fewer signatures", "a.example/b:1", 3, 0, true },
	{ "a new tag of a repository that had one", "a.example/b:2", 2, 0, true },
	{ "a new tag of a repository that had two", "a.example/c:3", 0, 0, false },
	{ "one of those two", "a.example/c:2", 0, 0, true },
	{ "a repository whose name begins alike", "a.example/b-x:1", 0, 0, false },
	{ "a longer tag", "a.example/c:22", 0, 0, false },
	{ "another registry", "b.example/b:1", 0, 0, false },
};

START_TEST(comparing)
{
	CLEANUP(attested_release) struct attested was = { 0 };
	struct attested_row is = { .image = lost[_i].image,
				   .platform = "linux/amd64",
				   .attestations = lost[_i].attestations,
				   .signatures = lost[_i].signatures };
	struct attested none = { 0 };

	add_row(&was, "a.example/c:2", 1, 1);
	add_row(&was, "a.example/b:1", 2, 1);
	add_row(&was, "a.example/c:1", 1, 1);
	attested_sort(&was);
	ck_assert_msg((attested_lost(&was, &is) != NULL) == lost[_i].lost, "%s", lost[_i].name);
	is.platform = "linux/s390x"; /* was not there */
	ck_assert_ptr_null(attested_lost(&was, &is));
	ck_assert_ptr_null(attested_lost(&none, &is));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("attested");
	TCase *t = tcase_create("attested");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, kinds, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, whole_image);
	tcase_add_test(t, deep);
	tcase_add_loop_test(t, comparing, 0, (int)COUNT_OF(lost));
	suite_add_tcase(s, t);
	return test_run(s);
}
