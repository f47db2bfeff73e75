#include "import/inventory.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/index.h"
#include "common/mem.h"
#include "import/target_docker.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/fake_docker.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "a.example/b:1"

static struct image_builder images;
static struct graph graph;
static struct fake_docker docker;
static char *path;

static void setup(void)
{
	path = file_new();
	image_builder_init(&images);
	image_sample(&images, NAME, &(struct image_sample){ 0 });
	image_graph(&images, &images.source, &graph);
	docker = (struct fake_docker){ .graph = &graph, .api = 51 };
}

static void teardown(void)
{
	graph_release(&graph);
	image_builder_release(&images);
	file_remove(path);
}

static const struct {
	const char *name;
	enum fake_fault fault;
	enum err_code want;
	size_t images, manifests;
} cases[] = {
	{ "a daemon that has the image", FAKE_HAS_IT, ERR_OK, 1, 2 },
	{ "one that has it no more when it is asked", FAKE_NONE, ERR_OK, 0, 0 },
	{ "a store that keeps no index", FAKE_GRAPHDRIVER, ERR_UNSUPPORTED, 0, 0 },
};

START_TEST(of_docker)
{
	CLEANUP(holdings_release) struct holdings h = { 0 };
	struct target *t = NULL;
	struct err err = { 0 };
	enum err_code got;

	docker.fault = cases[_i].fault;
	fake_docker_start(&docker, path);
	ck_assert_int_eq(target_docker_new(docker.address.sun_path, &t, NULL), ERR_OK);
	got = t->inventory(t, &h, &err);
	t->free(t);
	fake_docker_stop(&docker);
	ck_assert_msg(got == cases[_i].want, "%s: %d %s", cases[_i].name, got, err.msg);
	ck_assert_uint_eq(h.images_len, cases[_i].images);
	ck_assert_uint_eq(h.manifests.len, cases[_i].manifests);
	ck_assert_uint_eq(h.layers.len, 0);
	if (h.images_len > 0)
		ck_assert_str_eq(h.images[0].name, NAME);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("inventory");
	TCase *t = tcase_create("inventory");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, of_docker, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
