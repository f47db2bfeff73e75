#include "import/gc_refs.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "r.test/app:1"

struct fixture {
	struct image_builder images;
	struct graph graph;
	struct gc_refs refs;
};

static void setup(struct fixture *f)
{
	image_builder_init(&f->images);
	f->refs = (struct gc_refs){ 0 };
}

static void teardown(struct fixture *f)
{
	gc_refs_release(&f->refs);
	graph_release(&f->graph);
	image_builder_release(&f->images);
}

static uint32_t node_of(const struct fixture *f, size_t item)
{
	return graph_find(&f->graph, &f->images.items[item].digest);
}

/* The keys of all references, sorted, each with a blank behind it. */
static const char *keys(struct fixture *f, uint32_t node, struct buf *out)
{
	size_t i;

	gc_refs_release(&f->refs);
	ck_assert_int_eq(gc_refs_of(&f->graph, node, &f->refs, NULL), ERR_OK);
	gc_refs_sort(&f->refs);
	buf_clear(out);
	for (i = 0; i < f->refs.len; i++)
		ck_assert_int_eq(buf_printf(out, NULL, "%s ", f->refs.items[i].key), ERR_OK);
	return buf_text(out);
}

/* What an image has, named as containerd itself names it. */
START_TEST(names_what_an_image_has)
{
	struct image_sample sample = { 0 };
	CLEANUP(buf_release) struct buf out;
	struct fixture f;
	uint32_t i, root;
	unsigned manifests = 0;

	buf_init(&out, 10000);
	setup(&f);
	image_sample(&f.images, NAME, &sample);
	image_graph(&f.images, &f.images.source, &f.graph);
	root = f.graph.images[0].root;
	ck_assert(strncmp(keys(&f, root, &out), "m.0 m.1 m.2 referrer.sha256.", 28) == 0);
	ck_assert_uint_eq(f.refs.len, 5); /* with the SBOM, and the signature by a tag */
	for (i = 0; i < f.graph.nodes_len; i++) {
		const char *text = keys(&f, i, &out);

		if (f.graph.nodes[i].role == ROLE_ATTESTATION)
			ck_assert_str_eq(text, "0 config ");
		else if (f.graph.nodes[i].role == ROLE_LAYER || f.graph.nodes[i].role == ROLE_CONFIG)
			ck_assert_str_eq(text, "");
		manifests += strncmp(text, "config l.0 l.1 l.2 ", 19) == 0;
	}
	ck_assert_uint_eq(manifests, 2);
	teardown(&f);
}
END_TEST

START_TEST(tells_a_referrer_by_its_digest)
{
	struct image_sample sample = { 0 };
	struct fixture f;
	size_t i, len = 0;

	setup(&f);
	image_sample(&f.images, NAME, &sample);
	image_graph(&f.images, &f.images.source, &f.graph);
	ck_assert_int_eq(gc_refs_of(&f.graph, f.graph.images[0].root, &f.refs, NULL), ERR_OK);
	for (i = 0; i < f.refs.len; i++) {
		const struct gc_ref *r = &f.refs.items[i];

		if (strncmp(r->key, "referrer.sha256.", 16) != 0)
			continue;
		len++;
		ck_assert_uint_eq(strlen(r->key), 16 + 12);
		ck_assert_int_eq(strncmp(r->key + 16, digest_hex(&r->to), 12), 0);
	}
	ck_assert_uint_eq(len, 2);
	teardown(&f);
}
END_TEST

/* An index in an index, and a blob in one: they are counted apart from the manifests. */
START_TEST(counts_each_kind_for_itself)
{
	CLEANUP(buf_release) struct buf out;
	char text[3][IMAGE_DESCRIPTOR_TEXT];
	struct fixture f;
	size_t config, manifest, nested, root;

	buf_init(&out, 10000);
	setup(&f);
	config = image_json(&f.images, TYPE_OCI_EMPTY, "{}");
	manifest = image_json(&f.images, TYPE_OCI_MANIFEST,
			      "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{%s},\"layers\":[{%s}]}",
			      TYPE_OCI_MANIFEST, image_text(&f.images, config, text[0]), text[0]);
	nested =
		image_json(&f.images, TYPE_OCI_INDEX, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[{%s}]}",
			   TYPE_OCI_INDEX, image_text(&f.images, manifest, text[0]));
	root = image_json(&f.images, TYPE_OCI_INDEX,
			  "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[{%s},{%s}]}", TYPE_OCI_INDEX,
			  image_text(&f.images, nested, text[1]), image_text(&f.images, manifest, text[2]));
	image_tag(&f.images, NAME, root);
	image_graph(&f.images, &f.images.source, &f.graph);
	ck_assert_str_eq(keys(&f, node_of(&f, root), &out), "0 m.0 ");
	ck_assert_str_eq(keys(&f, node_of(&f, nested), &out), "m.0 ");
	ck_assert_str_eq(keys(&f, node_of(&f, manifest), &out), "0 1 ");
	teardown(&f);
}
END_TEST

static const struct {
	const char *name, *there, *wanted;
	bool have;
} lists[] = {
	{ "nothing", "", "", true },   { "nothing wanted", "a", "", true }, { "nothing there", "", "a", false },
	{ "all", "cab", "abc", true }, { "more", "abcd", "bd", true },      { "one lacks", "ab", "abc", false },
};

static void fill(struct gc_refs *refs, const char *keys_of)
{
	struct digest digest;

	ck_assert_int_eq(digest_of("x", 1, NULL, &digest, NULL), ERR_OK);
	for (; *keys_of != '\0'; keys_of++) {
		char key[2] = { *keys_of, '\0' };

		ck_assert_int_eq(gc_refs_add(refs, key, &digest, NULL), ERR_OK);
	}
	gc_refs_sort(refs);
}

START_TEST(compares)
{
	CLEANUP(gc_refs_release) struct gc_refs there = { 0 }, wanted = { 0 };

	fill(&there, lists[_i].there);
	fill(&wanted, lists[_i].wanted);
	ck_assert_msg(gc_refs_have(&there, &wanted) == lists[_i].have, "%s", lists[_i].name);
	if (wanted.len > 0) { /* the same key for something else */
		ck_assert_int_eq(digest_of("y", 1, NULL, &wanted.items[0].to, NULL), ERR_OK);
		ck_assert(!gc_refs_have(&there, &wanted));
	}
}
END_TEST

static const struct {
	const char *key;
	bool layer, child, referrer;
} kinds[] = {
	{ "l.0", true, false, false },    { "m.0", false, true, false },
	{ "0", false, true, false },      { "config", false, false, false },
	{ "", false, false, false },      { "referrer.sha256.0123456789ab", false, false, true },
	{ "other", false, false, false },
};

START_TEST(tells_kinds)
{
	struct gc_ref ref = { .key = "" };

	snprintf(ref.key, sizeof(ref.key), "%s", kinds[_i].key);
	ck_assert_msg(gc_ref_is_layer(&ref) == kinds[_i].layer, "%s", ref.key);
	ck_assert_msg(gc_ref_is_child(&ref) == kinds[_i].child, "%s", ref.key);
	ck_assert_msg(gc_ref_is_referrer(&ref) == kinds[_i].referrer, "%s", ref.key);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("gc_refs");
	TCase *t = tcase_create("gc_refs");

	tcase_add_test(t, names_what_an_image_has);
	tcase_add_test(t, tells_a_referrer_by_its_digest);
	tcase_add_test(t, counts_each_kind_for_itself);
	tcase_add_loop_test(t, compares, 0, (int)COUNT_OF(lists));
	tcase_add_loop_test(t, tells_kinds, 0, (int)COUNT_OF(kinds));
	suite_add_tcase(s, t);
	return test_run(s);
}
