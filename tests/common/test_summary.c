#include "common/summary.h"

#include <check.h>

#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name;
	struct image_sample sample;
	struct summary want; /* without bytes */
	const char *text;
} cases[] = {
	{ "whole",
	  { 0 },
	  { .images = 1, .platforms = 2, .attestations = 1, .statements = 1, .referrers = 3, .layers = 6 },
	  "1 image, 2 platforms, 1 statement, 3 referrers" },
	{ "a platform is absent",
	  { .absent_platform = true },
	  { .images = 1, .platforms = 1, .attestations = 1, .statements = 1, .referrers = 3, .layers = 3, .absent = 1 },
	  "1 image, 1 platform, 1 statement, 3 referrers" },
	{ "a manifest alone",
	  { .one_manifest = true },
	  { .images = 1, .platforms = 1, .layers = 3 },
	  "1 image, 1 platform, 0 statements, 0 referrers" },
};

START_TEST(count)
{
	static struct image_builder b;
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) uint32_t *order = NULL;
	const struct summary *want = &cases[_i].want;
	char text[SUMMARY_TEXT_MAX];
	struct summary got;
	uint64_t bytes = 0;
	size_t len = 0, i;

	image_builder_init(&b);
	image_sample(&b, "docker.io/library/app:1", &cases[_i].sample);
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(graph_order(&g, &order, &len, NULL), ERR_OK);
	for (i = 0; i < g.nodes_len; i++)
		bytes += g.nodes[i].absent ? 0 : g.nodes[i].size_bytes;
	got = summary_of(&g, order, len);
	ck_assert_uint_eq(got.images, want->images);
	ck_assert_uint_eq(got.platforms, want->platforms);
	ck_assert_uint_eq(got.attestations, want->attestations);
	ck_assert_uint_eq(got.statements, want->statements);
	ck_assert_uint_eq(got.referrers, want->referrers);
	ck_assert_uint_eq(got.layers, want->layers);
	ck_assert_uint_eq(got.absent, want->absent);
	ck_assert_uint_eq(got.bytes, bytes);
	ck_assert_str_eq(summary_text(&got, text), cases[_i].text);
	image_builder_release(&b);
}
END_TEST

static const struct {
	struct summary summary;
	const char *want;
} texts[] = {
	{ { 0 }, "0 images, 0 platforms, 0 statements, 0 referrers" },
	{ { .images = 1, .platforms = 1, .statements = 1, .referrers = 1 },
	  "1 image, 1 platform, 1 statement, 1 referrer" },
	{ { .images = SIZE_MAX, .platforms = SIZE_MAX, .statements = SIZE_MAX, .referrers = SIZE_MAX },
	  "18446744073709551615 images, 18446744073709551615 platforms, 18446744073709551615 statements, "
	  "18446744073709551615 referrers" },
};

START_TEST(as_text)
{
	char got[SUMMARY_TEXT_MAX];

	ck_assert_str_eq(summary_text(&texts[_i].summary, got), texts[_i].want);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("summary");
	TCase *t = tcase_create("summary");

	tcase_add_loop_test(t, count, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, as_text, 0, (int)COUNT_OF(texts));
	suite_add_tcase(s, t);
	return test_run(s);
}
