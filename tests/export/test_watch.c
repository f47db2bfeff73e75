#include "export/watch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

static uint64_t still(void)
{
	return 0;
}

/* Two images that share a layer and a config, which count for the first of them.  Blobs in the order of a bundle, or
 * backwards; in one piece or in many.  What is seen is the same in the end: every image begins once, ends once, and
 * with all its bytes. */
static const struct {
	const char *name;
	bool backwards;
	uint64_t piece;
} ways[] = {
	{ "in order", false, UINT64_MAX },
	{ "backwards", true, UINT64_MAX },
	{ "in pieces", false, 100 },
	{ "backwards in pieces", true, 7 },
};

static void fetch_all(struct watch *w, const struct graph *g, size_t way)
{
	CLEANUP(free_ptr) uint32_t *order = NULL;
	size_t len = 0, i;

	ck_assert_int_eq(graph_order(g, &order, &len, NULL), ERR_OK);
	for (i = 0; i < len; i++) {
		uint32_t node = order[ways[way].backwards ? len - 1 - i : i];
		uint64_t left = g->nodes[node].size_bytes;

		if (role_is_manifest(g->nodes[node].role) || g->nodes[node].absent)
			continue;
		for (; left > 0; left -= left < ways[way].piece ? left : ways[way].piece)
			watch_advance(w, node, left < ways[way].piece ? left : ways[way].piece);
	}
}

START_TEST(image_by_image)
{
	static struct image_builder b;
	static struct progress progress;
	CLEANUP(graph_release) struct graph g;
	CLEANUP(watch_release) struct watch w = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	image_builder_init(&b);
	image_sample(&b, "docker.io/library/b:1", &(struct image_sample){ .absent_platform = true });
	image_sample(&b, "docker.io/library/a:1",
		     &(struct image_sample){ .one_manifest = true, .raw_bytes = 2000000, .plain_bytes = 1000 });
	image_graph(&b, &b.source, &g);
	progress_init(&progress, PROGRESS_PLAIN, to, still);
	ck_assert_int_eq(watch_init(&w, &g, &progress, NULL), ERR_OK);
	fetch_all(&w, &g, (size_t)_i);
	ck_assert_uint_eq(progress.done_bytes, progress.total_bytes);
	fclose(to);
	ck_assert_ptr_nonnull(strstr(text, "docker.io/library/a:1: 2.0 MB to go\n"));
	ck_assert_ptr_nonnull(strstr(text, "docker.io/library/a:1: 2.0 MB done\n"));
	ck_assert_msg(strstr(text, "docker.io/library/b:1: 1.2 kB to go\n") != NULL, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "docker.io/library/b:1: 1.2 kB done\n"));
	ck_assert_ptr_null(strstr(strstr(text, "a:1: 2.0 MB done") + 1, "a:1"));
	free(text);
	watch_release(&w);
	image_builder_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");

	tcase_add_loop_test(t, image_by_image, 0, (int)COUNT_OF(ways));
	suite_add_tcase(s, t);
	return test_run(s);
}
