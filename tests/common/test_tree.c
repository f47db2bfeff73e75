#include "common/tree.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/deep_graph.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define A "docker.io/library/a:1"
#define B "docker.io/library/b:1"

/* What is found of an image: m for a manifest, a for one that is absent, l for what was left out. */
static const struct {
	const char *name;
	struct image_sample sample;
	const char *platform, *want;
} cases[] = {
	{ "both platforms", { 0 }, NULL, "mm" },
	{ "one absent", { .absent_platform = true }, NULL, "ma" },
	{ "one left out", { 0 }, "linux/amd64", "ml" },
	{ "the other, and its attestation", { 0 }, "linux/arm64", "lml" },
	{ "a manifest alone", { .one_manifest = true }, NULL, "m" },
};

START_TEST(finds)
{
	static struct image_builder b;
	CLEANUP(selection_release) struct selection s = { 0 };
	CLEANUP(graph_release) struct graph g;
	CLEANUP(tree_release) struct tree t = { 0 };
	size_t turn, i;

	image_builder_init(&b);
	image_sample(&b, A, &cases[_i].sample);
	image_tag(&b, B, b.tags[0].root);
	if (cases[_i].platform != NULL)
		ck_assert_int_eq(selection_platform(&s, cases[_i].platform, NULL), ERR_OK);
	b.selection = &s;
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(tree_init(&t, &g, NULL), ERR_OK);
	for (turn = 0; turn < 4; turn++) { /* for each name the same, again and again */
		tree_of(&t, &g.images[turn % 2]);
		ck_assert_uint_eq(t.found_len, strlen(cases[_i].want));
		for (i = 0; i < t.found_len; i++) {
			const struct node *n = &g.nodes[t.found[i]];

			ck_assert_msg((n->absent     ? 'a'
				       : n->left_out ? 'l'
						     : 'm') == cases[_i].want[i],
				      "%s: %zu", cases[_i].name, i);
		}
	}
	image_builder_release(&b);
}
END_TEST

START_TEST(deep)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(tree_release) struct tree t = { 0 };

	deep_graph(&g, A);
	ck_assert_int_eq(tree_init(&t, &g, NULL), ERR_OK);
	tree_of(&t, &g.images[0]);
	ck_assert_uint_eq(t.found_len, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tree");
	TCase *t = tcase_create("tree");

	tcase_add_loop_test(t, finds, 0, (int)COUNT_OF(cases));
	tcase_set_timeout(t, 60);
	tcase_add_test(t, deep);
	suite_add_tcase(s, t);
	return test_run(s);
}
