#include "common/graph.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

/* A descriptor of some content; different seeds are different digests. */
static struct descriptor descriptor_of(unsigned seed, const char *media_type, uint64_t size_bytes)
{
	struct descriptor d = { .media_type = media_type, .size_bytes = size_bytes };

	ck_assert_int_eq(digest_of(&seed, sizeof(seed), NULL, &d.digest, NULL), ERR_OK);
	return d;
}

static uint32_t add(struct graph *g, unsigned seed, const char *media_type, uint64_t size_bytes)
{
	struct descriptor d = descriptor_of(seed, media_type, size_bytes);
	uint32_t node = NODE_NONE;
	struct err err = { 0 };

	ck_assert_msg(graph_add(g, &d, &node, &err) == ERR_OK, "%s", err.msg);
	return node;
}

START_TEST(find_many)
{
	CLEANUP(graph_release) struct graph g;
	struct descriptor none = descriptor_of(5000, "x", 0);
	unsigned i;

	graph_init(&g);
	ck_assert_uint_eq(graph_find(&g, &none.digest), NODE_NONE);
	for (i = 0; i < 5000; i++)
		ck_assert_uint_eq(add(&g, i, "x", i), i);
	for (i = 0; i < 5000; i++) {
		struct descriptor d = descriptor_of(i, "x", i);

		ck_assert_uint_eq(graph_find(&g, &d.digest), i);
		ck_assert_uint_eq(add(&g, i, "x", i), i);
		ck_assert_uint_eq(g.nodes[i].size_bytes, i);
	}
	ck_assert_uint_eq(g.nodes_len, 5000);
	ck_assert_uint_eq(graph_find(&g, &none.digest), NODE_NONE);
	graph_release(&g);
}
END_TEST

START_TEST(two_sizes)
{
	CLEANUP(graph_release) struct graph g;
	struct descriptor d = descriptor_of(1, "x", 8);
	uint32_t node = 77;
	struct err err = { 0 };

	graph_init(&g);
	add(&g, 1, "x", 7);
	ck_assert_int_eq(graph_add(&g, &d, &node, &err), ERR_FORMAT);
	ck_assert_uint_eq(node, 77); /* untouched */
	ck_assert_ptr_nonnull(strstr(err.msg, d.digest.text));
	ck_assert_ptr_nonnull(strstr(err.msg, "7 and 8 bytes"));
}
END_TEST

/* Sources disagree about one digest: whoever comes first, the same text is kept. */
static const struct {
	const char *name, *a, *b, *want;
} disagreements[] = {
	{ "the smaller one", "b", "a", "a" },
	{ "the same", "a", "a", "a" },
	{ "a manifest's type before any other", "a", TYPE_OCI_MANIFEST, TYPE_OCI_MANIFEST },
	{ "of two manifests' the smaller", TYPE_OCI_MANIFEST, TYPE_DOCKER_MANIFEST, TYPE_DOCKER_MANIFEST },
	{ "a type before none", "a", "", "" },
};

START_TEST(disagree)
{
	unsigned turn;

	for (turn = 0; turn < 2; turn++) {
		CLEANUP(graph_release) struct graph g;

		graph_init(&g);
		add(&g, 1, turn == 0 ? disagreements[_i].a : disagreements[_i].b, 1);
		add(&g, 1, turn == 0 ? disagreements[_i].b : disagreements[_i].a, 1);
		ck_assert_msg(strcmp(g.nodes[0].media_type, disagreements[_i].want) == 0, "%s: %s",
			      disagreements[_i].name, g.nodes[0].media_type);
	}
}
END_TEST

/* What no image reaches is in no order and has no owner. */
START_TEST(unreached)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) uint32_t *order = NULL;
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	const struct link *links = NULL;
	size_t len = 99;

	graph_init(&g);
	ck_assert_int_eq(graph_settle(&g, NULL), ERR_OK);
	ck_assert_int_eq(graph_order(&g, &order, &len, NULL), ERR_OK);
	ck_assert_uint_eq(len, 0);
	free(take_ptr(&order));
	add(&g, 1, "x", 1);
	ck_assert_int_eq(graph_settle(&g, NULL), ERR_OK);
	ck_assert_int_eq(graph_order(&g, &order, &len, NULL), ERR_OK);
	ck_assert_int_eq(graph_owners(&g, &owners, NULL), ERR_OK);
	ck_assert_uint_eq(len, 0);
	ck_assert_uint_eq(owners[0], NODE_NONE);
	ck_assert_uint_eq(graph_links_of(&g, 0, &links), 0);
}
END_TEST

static const struct {
	const char *name, *a, *b;
	bool same_root;
	enum err_code want;
	size_t want_images;
} names[] = {
	{ "two names", "x.io/b:1", "x.io/a:1", false, ERR_OK, 2 },
	{ "two names of one image", "x.io/b:1", "x.io/a:1", true, ERR_OK, 2 },
	{ "one image twice", "x.io/a:1", "x.io/a:1", true, ERR_OK, 1 },
	{ "two images under one name", "x.io/a:1", "x.io/a:1", false, ERR_CONFLICT, 0 },
	{ "only alike", "x.io/a:1", "x.io/A:1", false, ERR_OK, 2 },
};

START_TEST(image_names)
{
	CLEANUP(graph_release) struct graph g;
	uint32_t first, second;
	struct err err = { 0 };
	enum err_code got;

	graph_init(&g);
	first = add(&g, 1, TYPE_OCI_MANIFEST, 1);
	second = names[_i].same_root ? first : add(&g, 2, TYPE_OCI_MANIFEST, 1);
	ck_assert_int_eq(graph_add_image(&g, names[_i].a, first, &err), ERR_OK);
	ck_assert_int_eq(graph_add_image(&g, names[_i].b, second, &err), ERR_OK);
	got = graph_settle(&g, &err);
	ck_assert_msg(got == names[_i].want, "%s: %d, %s", names[_i].name, got, err.msg);
	if (got != ERR_OK) {
		ck_assert_ptr_nonnull(strstr(err.msg, names[_i].a));
		ck_assert_ptr_nonnull(strstr(err.msg, g.nodes[first].digest.text));
		ck_assert_ptr_nonnull(strstr(err.msg, g.nodes[second].digest.text));
		return;
	}
	ck_assert_uint_eq(g.images_len, names[_i].want_images);
	ck_assert(g.images_len == 1 || strcmp(g.images[0].name, g.images[1].name) < 0);
}
END_TEST

/* Links of every kind to many subjects: each subject finds its own, by kind and then digest, each once. */
START_TEST(links_of)
{
	CLEANUP(graph_release) struct graph g;
	uint32_t subjects[20], referrers[5];
	unsigned turn, i, j, kind;

	graph_init(&g);
	for (i = 0; i < COUNT_OF(subjects); i++)
		subjects[i] = add(&g, i, TYPE_OCI_INDEX, 1);
	for (j = 0; j < COUNT_OF(referrers); j++)
		referrers[j] = add(&g, 100 + j, TYPE_OCI_MANIFEST, 1);
	for (turn = 0; turn < 2; turn++) { /* everything twice */
		for (kind = LINK_COUNT; kind-- > 0;) {
			for (i = 1; i < COUNT_OF(subjects); i += 2) {
				for (j = 0; j < COUNT_OF(referrers); j++)
					ck_assert_int_eq(
						graph_link(&g, subjects[i], referrers[j], (enum link_kind)kind, NULL),
						ERR_OK);
			}
		}
	}
	ck_assert_int_eq(graph_settle(&g, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(subjects); i++) {
		const struct link *links = NULL;
		size_t len = graph_links_of(&g, subjects[i], &links), k;

		ck_assert_uint_eq(len, i % 2 == 0 ? 0 : LINK_COUNT * COUNT_OF(referrers));
		for (k = 0; k < len; k++) {
			ck_assert_uint_eq(links[k].subject, subjects[i]);
			ck_assert_uint_eq(links[k].kind, k / COUNT_OF(referrers));
			ck_assert(k % COUNT_OF(referrers) == 0 || strcmp(g.nodes[links[k - 1].referrer].digest.text,
									 g.nodes[links[k].referrer].digest.text) < 0);
		}
	}
}
END_TEST

static const struct {
	enum role role;
	uint64_t size_bytes;
	bool is_small, is_manifest;
} smalls[] = {
	{ ROLE_INDEX, UINT64_MAX, true, true },
	{ ROLE_MANIFEST, UINT64_MAX, true, true },
	{ ROLE_ATTESTATION, UINT64_MAX, true, true },
	{ ROLE_REFERRER, UINT64_MAX, true, true },
	{ ROLE_STATEMENT, LIMIT_STATEMENT_BYTES, true, false },
	{ ROLE_CONFIG, LIMIT_SMALL_BLOB_BYTES, true, false },
	{ ROLE_CONFIG, LIMIT_SMALL_BLOB_BYTES + 1, false, false },
	{ ROLE_ARTIFACT, LIMIT_SMALL_BLOB_BYTES, true, false },
	{ ROLE_ARTIFACT, LIMIT_SMALL_BLOB_BYTES + 1, false, false },
	{ ROLE_LAYER, 0, false, false },
};

START_TEST(small)
{
	struct node n = { .role = smalls[_i].role, .size_bytes = smalls[_i].size_bytes };

	ck_assert_int_eq(node_is_small(&n), smalls[_i].is_small);
	ck_assert_int_eq(role_is_manifest(n.role), smalls[_i].is_manifest);
}
END_TEST

/* An index in an index and so on, ten thousand deep, which is refused: settling and ordering need no stack for it. */
START_TEST(deep)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) uint32_t *order = NULL;
	size_t len = 0, i;

	graph_init(&g);
	for (i = 0; i < 10000; i++) {
		struct descriptor child = descriptor_of((unsigned)i + 1, TYPE_OCI_INDEX, 1);
		struct manifest m = { .kind = MANIFEST_INDEX, .items = &child, .items_len = 1 };

		ck_assert_int_eq(graph_add_manifest(&g, add(&g, (unsigned)i, TYPE_OCI_INDEX, 1), &m, NULL), ERR_OK);
	}
	ck_assert_int_eq(graph_add_image(&g, "x.io/a:1", 0, NULL), ERR_OK);
	ck_assert_int_eq(graph_settle(&g, NULL), ERR_LIMIT);
	ck_assert_int_eq(graph_order(&g, &order, &len, NULL), ERR_OK);
	ck_assert_uint_eq(len, 10001);
	for (i = 0; i < len; i++)
		ck_assert_uint_eq(order[i], i);
}
END_TEST

/* An index that lists every link of a chain, so that all of them lie near; the longest way counts, in whichever order
 * they are listed. */
static const struct {
	unsigned links;
	bool backwards;
	enum err_code want;
} chains[] = {
	{ LIMIT_GRAPH_DEPTH - 1, false, ERR_OK },
	{ LIMIT_GRAPH_DEPTH - 1, true, ERR_OK },
	{ LIMIT_GRAPH_DEPTH, false, ERR_LIMIT },
	{ LIMIT_GRAPH_DEPTH, true, ERR_LIMIT },
};

START_TEST(longest_way)
{
	CLEANUP(graph_release) struct graph g;
	struct descriptor all[LIMIT_GRAPH_DEPTH + 1];
	unsigned links = chains[_i].links, i;
	struct manifest root = { .kind = MANIFEST_INDEX, .items = all, .items_len = links + 1 };
	struct err err = { 0 };

	graph_init(&g);
	for (i = 0; i <= links; i++)
		all[i] = descriptor_of(chains[_i].backwards ? links - i + 1 : i + 1, TYPE_OCI_INDEX, 1);
	ck_assert_int_eq(graph_add_manifest(&g, add(&g, 0, TYPE_OCI_INDEX, 1), &root, NULL), ERR_OK);
	for (i = 0; i <= links; i++) {
		struct descriptor child = descriptor_of(i + 2, i < links ? TYPE_OCI_INDEX : "text/plain", 1);
		struct manifest m = { .kind = MANIFEST_INDEX, .items = &child, .items_len = 1 };

		ck_assert_int_eq(graph_add_manifest(&g, add(&g, i + 1, TYPE_OCI_INDEX, 1), &m, NULL), ERR_OK);
	}
	ck_assert_int_eq(graph_add_image(&g, "x.io/a:1", 0, NULL), ERR_OK);
	ck_assert_int_eq(graph_settle(&g, &err), chains[_i].want);
	ck_assert(chains[_i].want == ERR_OK || strstr(err.msg, "more than 16 steps below") != NULL);
}
END_TEST

/* An index may call anything an attestation; what is no manifest by its type is a blob all the same. */
START_TEST(annotated_blob)
{
	static const char text[] =
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/octet-stream\","
		"\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
		"\"size\":0,\"annotations\":{\"" ANNOTATION_REFERENCE_TYPE "\":\"attestation-manifest\"}}]}";
	CLEANUP(manifest_release) struct manifest m = { 0 };
	CLEANUP(graph_release) struct graph g;
	uint32_t root;

	graph_init(&g);
	root = add(&g, 1, TYPE_OCI_INDEX, 1);
	ck_assert_int_eq(manifest_parse(text, strlen(text), TYPE_OCI_INDEX, "x", &m, NULL), ERR_OK);
	ck_assert_int_eq(graph_add_image(&g, "x.io/a:1", root, NULL), ERR_OK);
	ck_assert_int_eq(graph_add_manifest(&g, root, &m, NULL), ERR_OK);
	ck_assert_int_eq(graph_settle(&g, NULL), ERR_OK);
	ck_assert_int_eq(g.nodes[graph_find(&g, &m.items[0].digest)].role, ROLE_ARTIFACT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("graph");
	TCase *t = tcase_create("graph");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, find_many);
	tcase_add_test(t, two_sizes);
	tcase_add_loop_test(t, disagree, 0, (int)COUNT_OF(disagreements));
	tcase_add_test(t, unreached);
	tcase_add_loop_test(t, image_names, 0, (int)COUNT_OF(names));
	tcase_add_test(t, links_of);
	tcase_add_loop_test(t, small, 0, (int)COUNT_OF(smalls));
	tcase_add_test(t, deep);
	tcase_add_loop_test(t, longest_way, 0, (int)COUNT_OF(chains));
	tcase_add_test(t, annotated_blob);
	suite_add_tcase(s, t);
	return test_run(s);
}
