#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "import/plan.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define A "docker.io/library/a:1"
#define B "ghcr.io/team/b:1"
#define C "ghcr.io/team/c:1"

static struct image_builder images;
static struct bundle *bundle;
static char *path;

/* a has linux/amd64 and linux/arm64; b too, but its linux/arm64 is not in the bundle; c has no index. */
static void setup(void)
{
	struct err err = { 0 };

	path = file_new();
	image_builder_init(&images);
	image_sample(&images, A, &(struct image_sample){ 0 });
	image_sample(&images, B, &(struct image_sample){ .absent_platform = true, .raw_bytes = 400 });
	image_sample(&images, C, &(struct image_sample){ .one_manifest = true, .raw_bytes = 500 });
	bundle_put(&images, path, 10000);
	ck_assert_msg(bundle_open(path, &bundle, &err) == ERR_OK, "%s", err.msg);
}

static void teardown(void)
{
	bundle_close(bundle);
	image_builder_release(&images);
	file_remove(path);
}

static const struct {
	const char *name, *images[3], *platforms[3], *rule;
	enum err_code want;
	const char *gets[4]; /* names, or what the message says */
	size_t manifests, referrers;
} cases[] = {
	{ "one image", { A }, { NULL }, NULL, ERR_OK, { A }, 2, 3 },
	{ "a short name", { "a:1" }, { NULL }, NULL, ERR_OK, { A }, 2, 3 },
	{ "twice", { A, "a:1" }, { NULL }, NULL, ERR_OK, { A }, 2, 3 },
	{ "two images", { C, A }, { NULL }, NULL, ERR_OK, { A, C }, 3, 3 },
	{ "under another name", { C }, { NULL }, "ghcr.io=x.site", ERR_OK, { "x.site/team/c:1" }, 1, 0 },
	{ "a platform with a referrer", { A }, { "linux/amd64" }, NULL, ERR_OK, { A }, 1, 3 },
	{ "a platform without", { A }, { "linux/arm64" }, NULL, ERR_OK, { A }, 1, 2 },
	{ "both platforms", { A }, { "linux/arm64", "linux/amd64" }, NULL, ERR_OK, { A }, 2, 3 },
	{ "a platform of all", { NULL }, { "linux/amd64" }, NULL, ERR_OK, { A, B, C }, 3, 5 },
	{ "a platform that one image lacks", { NULL }, { "linux/arm64" }, NULL, ERR_NOT_FOUND, { B }, 0, 0 },
	{ "a platform that nobody has", { A }, { "linux/s390x" }, NULL, ERR_NOT_FOUND, { "has no platform" }, 0, 0 },
	{ "another image", { "a:2" }, { NULL }, NULL, ERR_NOT_FOUND, { "library/a:2" }, 0, 0 },
	{ "the name that it would get",
	  { "x.site/team/c:1" },
	  { NULL },
	  "ghcr.io=x.site",
	  ERR_NOT_FOUND,
	  { "x.site" },
	  0,
	  0 },
	{ "no name", { "a.example/UPPER" }, { NULL }, NULL, ERR_USAGE, { "--image" }, 0, 0 },
};

static size_t count(const struct plan *plan, enum role role)
{
	size_t found = 0, i;

	for (i = 0; i < plan->order_len; i++)
		found += plan->graph.nodes[plan->order[i]].role == role && plan_sends(plan, plan->order[i]);
	return found;
}

/* What is judged of a part: its images, with all that the bundle has of them but other platforms. */
static void check_whole(const struct plan *plan)
{
	struct graph g;
	size_t i;

	graph_init(&g);
	ck_assert_int_eq(plan_walk_whole(plan, &g, NULL), ERR_OK);
	ck_assert_uint_eq(g.images_len, plan->graph.images_len);
	for (i = 0; i < g.images_len; i++)
		ck_assert_str_eq(g.images[i].name, plan->graph.images[i].name);
	for (i = 0; i < g.nodes_len; i++) {
		uint32_t at = graph_find(&plan->graph, &g.nodes[i].digest);
		bool here = at != NODE_NONE && node_is_carried(&plan->graph.nodes[at]);

		if (g.nodes[i].role == ROLE_MANIFEST || g.nodes[i].role == ROLE_INDEX)
			ck_assert(node_is_carried(&g.nodes[i]) == here);
		else if (g.nodes[i].role == ROLE_REFERRER || g.nodes[i].role == ROLE_ATTESTATION)
			ck_assert(node_is_carried(&g.nodes[i]) || g.nodes[i].absent);
	}
	graph_release(&g);
}

START_TEST(choose)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(mapping_release) struct mapping names = { 0 };
	CLEANUP(opt_list_release) struct opt_list wanted = { 0 };
	struct plan_choice choice = { .images = &wanted };
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	if (cases[_i].rule != NULL)
		ck_assert_int_eq(mapping_add(&names, cases[_i].rule, NULL), ERR_OK);
	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	wanted.items = calloc(3, sizeof(*wanted.items));
	for (i = 0; i < 3 && cases[_i].images[i] != NULL; i++)
		wanted.items[wanted.len++] = cases[_i].images[i];
	for (i = 0; i < 3 && cases[_i].platforms[i] != NULL; i++)
		ck_assert_int_eq(selection_platform(&choice.platforms, cases[_i].platforms[i], NULL), ERR_OK);
	plan.dry_run = true;
	got = plan_choose(&plan, &choice, &err);
	selection_release(&choice.platforms);
	ck_assert(plan.dry_run); /* a part is looked at as the whole would have been */
	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(err.msg, cases[_i].gets[0]) != NULL, "%s: %s", cases[_i].name, err.msg);
		ck_assert(!plan.partial);
		return;
	}
	ck_assert(plan.partial);
	for (i = 0; i < 4 && cases[_i].gets[i] != NULL; i++)
		ck_assert_str_eq(plan.graph.images[i].name, cases[_i].gets[i]);
	ck_assert_uint_eq(plan.graph.images_len, i);
	ck_assert_uint_eq(count(&plan, ROLE_MANIFEST), cases[_i].manifests);
	ck_assert_uint_eq(count(&plan, ROLE_REFERRER), cases[_i].referrers);
	check_whole(&plan);
	ck_assert_int_eq(plan_find_bare(&plan, NULL), ERR_OK);
	ck_assert_uint_eq(plan.images[0].bare, 0);
	ck_assert_int_eq(plan_check_prerequisites(&plan, "x", NULL), ERR_OK);
}
END_TEST

/* One manifest that is listed for two platforms is brought for both. */
START_TEST(shared)
{
	static const char *const platforms[] = { "linux/amd64", "linux/arm64" };
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(mapping_release) struct mapping names = { 0 };
	struct opt_list all = { 0 };
	struct plan_choice choice = { .images = &all };
	struct err err = { 0 };
	enum err_code got;

	image_builder_release(&images);
	image_builder_init(&images);
	image_shared(&images, A, false);
	bundle_put(&images, path, 10000);
	ck_assert_int_eq(bundle_open(path, &b, NULL), ERR_OK);
	ck_assert_int_eq(plan_make(b, &names, &plan, NULL), ERR_OK);
	ck_assert_int_eq(selection_platform(&choice.platforms, platforms[_i], NULL), ERR_OK);
	got = plan_choose(&plan, &choice, &err);
	selection_release(&choice.platforms);
	ck_assert_msg(got == ERR_OK, "%s: %s", platforms[_i], err.msg);
	ck_assert_uint_eq(count(&plan, ROLE_MANIFEST), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plan_choose");
	TCase *t = tcase_create("plan_choose");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, choose, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, shared, 0, 2);
	suite_add_tcase(s, t);
	return test_run(s);
}
