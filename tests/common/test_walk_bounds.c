/* What bounds a walk: how deep it goes, how much it asks at a time, and what no manifest may be.  In one repository. */
#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/walk.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/late_source.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

static struct image_builder repository;

static size_t put_image(unsigned seed)
{
	char config[IMAGE_DESCRIPTOR_TEXT];

	image_text(&repository, image_json(&repository, TYPE_OCI_CONFIG, "{\"n\":%u}", seed), config);
	return image_json(&repository, TYPE_OCI_MANIFEST, "{\"config\":{%s}}", config);
}

static size_t put_index(size_t child)
{
	char text[IMAGE_DESCRIPTOR_TEXT];

	image_text(&repository, child, text);
	return image_json(&repository, TYPE_OCI_INDEX, "{\"manifests\":[{%s}]}", text);
}

/* The image of that name, by a source that answers later, or at once where there is none. */
static enum err_code walk_name(struct graph *g, const char *name, struct late_source *late, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(walk_release) struct walk walk;
	enum err_code code;

	ck_assert_int_eq(reference_parse(name, &ref, NULL), ERR_OK);
	walk_init(&walk, g, NULL, NULL);
	code = walk_image(&walk, late != NULL ? &late->source : &repository.source, &ref, name, err);
	return code == ERR_OK && late != NULL ? late_run(late, err) : code;
}

START_TEST(absent_root)
{
	CLEANUP(graph_release) struct graph g;
	struct err err = { 0 };

	image_builder_init(&repository);
	image_tag(&repository, NAME, put_image(0));
	graph_init(&g);
	ck_assert_int_eq(walk_name(&g, "ghcr.io/team/none:1", NULL, &err), ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "ghcr.io/team/none:1"));
	image_builder_release(&repository);
}
END_TEST

static size_t chain_of_indexes(unsigned steps)
{
	size_t at = put_image(0);

	for (; steps > 0; steps--)
		at = put_index(at);
	return at;
}

static size_t chain_of_referrers(unsigned steps)
{
	size_t first = put_image(0), at = first;
	unsigned i;

	for (i = 1; i <= steps; i++) {
		size_t next = put_image(i);

		image_refer(&repository, at, next, LINK_SUBJECT);
		at = next;
	}
	return first;
}

static const struct {
	const char *name;
	size_t (*make)(unsigned steps);
	unsigned steps;
	enum err_code want;
} depths[] = {
	{ "deepest index", chain_of_indexes, LIMIT_GRAPH_DEPTH, ERR_OK },
	{ "one deeper", chain_of_indexes, LIMIT_GRAPH_DEPTH + 1, ERR_LIMIT },
	{ "longest chain of referrers", chain_of_referrers, LIMIT_GRAPH_DEPTH, ERR_OK },
	{ "one longer", chain_of_referrers, LIMIT_GRAPH_DEPTH + 1, ERR_LIMIT },
};

START_TEST(depth)
{
	unsigned seed;

	image_builder_init(&repository);
	image_tag(&repository, NAME, depths[_i].make(depths[_i].steps));
	for (seed = 0; seed < 4; seed++) {
		CLEANUP(graph_release) struct graph g;
		struct late_source late;
		struct err err = { 0 };
		enum err_code got;

		graph_init(&g);
		late_init(&late, &repository.source, seed);
		got = walk_name(&g, NAME, seed > 0 ? &late : NULL, &err);
		late_release(&late);
		ck_assert_msg(got == depths[_i].want, "%s: %d, %s", depths[_i].name, got, err.msg);
	}
	image_builder_release(&repository);
}
END_TEST

#define MANY 1000

/* As many manifests as an index lists, and none of them there. */
static size_t index_of_many(void)
{
	CLEANUP(buf_release) struct buf items;
	unsigned i;

	buf_init(&items, MIB);
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(buf_printf(&items, NULL,
					    "%s{\"mediaType\":\"%s\",\"size\":2,\"digest\":\"sha256:%064x\"}",
					    i > 0 ? "," : "", TYPE_OCI_MANIFEST, i),
				 ERR_OK);
	return image_json(&repository, TYPE_OCI_INDEX, "{\"schemaVersion\":2,\"manifests\":[%s]}", buf_text(&items));
}

/* However long an index is, few questions are with a source at a time; and all are asked. */
START_TEST(turns)
{
	CLEANUP(graph_release) struct graph g;
	struct late_source late;
	struct err err = { 0 };
	size_t absent = 0, i;

	image_builder_init(&repository);
	image_tag(&repository, NAME, index_of_many());
	graph_init(&g);
	late_init(&late, &repository.source, 0);
	ck_assert_msg(walk_name(&g, NAME, &late, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(late.open_most, WALK_UNDER_WAY_MAX);
	for (i = 0; i < g.nodes_len; i++)
		absent += g.nodes[i].absent;
	ck_assert_uint_eq(absent, MANY);
	late_release(&late);
	image_builder_release(&repository);
}
END_TEST

static const struct {
	const char *name, *type, *text;
	enum err_code want;
} roots[] = {
	{ "no JSON", TYPE_OCI_MANIFEST, "<html>", ERR_FORMAT },
	{ "schema 1", "application/vnd.docker.distribution.manifest.v1+prettyjws", "{}", ERR_UNSUPPORTED },
	{ "no manifest", "text/plain", "{}", ERR_UNSUPPORTED },
	{ "another type inside", TYPE_OCI_INDEX, "{\"mediaType\":\"" TYPE_OCI_MANIFEST "\"}", ERR_FORMAT },
	{ "one blob, two sizes", TYPE_OCI_MANIFEST,
	  "{\"config\":{\"mediaType\":\"c\",\"size\":1,\"digest\":"
	  "\"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"},\"layers\":["
	  "{\"mediaType\":\"c\",\"size\":2,\"digest\":"
	  "\"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}]}",
	  ERR_FORMAT },
};

/* As the image itself, and as what an index lists. */
START_TEST(hostile)
{
	unsigned nested;

	for (nested = 0; nested < 2; nested++) {
		CLEANUP(graph_release) struct graph g;
		struct err err = { 0 };
		enum err_code got;
		size_t item;

		image_builder_init(&repository);
		item = image_json(&repository, roots[_i].type, "%s", roots[_i].text);
		image_tag(&repository, NAME, nested ? put_index(item) : item);
		graph_init(&g);
		got = walk_name(&g, NAME, NULL, &err);
		if (nested && strcmp(roots[_i].type, "text/plain") == 0)
			ck_assert_int_eq(got, ERR_OK); /* an index may list anything */
		else
			ck_assert_msg(got == roots[_i].want, "%s: %d, %s", roots[_i].name, got, err.msg);
		image_builder_release(&repository);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("walk_bounds");
	TCase *t = tcase_create("walk_bounds");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, absent_root);
	tcase_add_loop_test(t, depth, 0, (int)COUNT_OF(depths));
	tcase_add_test(t, turns);
	tcase_add_loop_test(t, hostile, 0, (int)COUNT_OF(roots));
	suite_add_tcase(s, t);
	return test_run(s);
}
