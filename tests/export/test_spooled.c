#include "export/spooled.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define TEXT "what a layer holds"

static char *folder;
static struct graph graph;
static struct spool spool = { .fd = -1 };
static struct spooled *spooled;
static uint32_t node;
static struct digest digest;

static void setup(void)
{
	CLEANUP(free_ptr) char *path = NULL;
	struct descriptor d = { .media_type = "x/y", .size_bytes = strlen(TEXT) };

	folder = folder_new();
	path = folder_path(folder, "x");
	ck_assert_int_eq(digest_of(TEXT, strlen(TEXT), NULL, &digest, NULL), ERR_OK);
	d.digest = digest;
	graph_init(&graph);
	ck_assert_int_eq(graph_add(&graph, &d, &node, NULL), ERR_OK);
	ck_assert_int_eq(spool_open(&spool, path, NULL), ERR_OK);
	ck_assert_int_eq(spooled_new(&graph, &spool, &spooled, NULL), ERR_OK);
	ck_assert_int_eq(spool_put(&spool, node + 1, "before", 6, NULL), ERR_OK);
	ck_assert_int_eq(spool_put(&spool, node, TEXT, strlen(TEXT), NULL), ERR_OK);
}

static void teardown(void)
{
	spooled_free(spooled);
	spooled_free(NULL);
	spool_release(&spool);
	graph_release(&graph);
	folder_remove(folder);
}

START_TEST(has)
{
	ck_assert(!spooled_has(spooled, node) && !spooled_has(spooled, node + 100));
	ck_assert_int_eq(spooled_add(spooled, node, NULL), ERR_OK);
	ck_assert(spooled_has(spooled, node) && !spooled_has(spooled, node + 1));
	ck_assert(spooled_source(spooled)->at_once);
}
END_TEST

static enum err_code done(void *ctx, bool there, struct err *err)
{
	(void)err;
	ck_assert(there);
	++*(unsigned *)ctx;
	return ERR_OK;
}

/* All of it, or what comes behind a part that somebody has already; with too little room it fails, and is not done. */
START_TEST(gives)
{
	struct source *source = spooled_source(spooled);
	struct descriptor d = { .digest = digest, .size_bytes = strlen(TEXT) };
	size_t from, len = strlen(TEXT);
	unsigned calls = 0;
	struct buf_stage out;
	struct buf got;

	ck_assert_int_eq(spooled_add(spooled, node, NULL), ERR_OK);
	for (from = 0; from < len; from++) {
		buf_init(&got, len);
		buf_stage_init(&out, &got);
		ck_assert_int_eq(source->blob(source, &d, from, len, &out.out, done, &calls, NULL), ERR_OK);
		ck_assert_str_eq(buf_text(&got), &TEXT[from]);
		buf_release(&got);
	}
	ck_assert_uint_eq(calls, len);
	buf_init(&got, 3);
	buf_stage_init(&out, &got);
	ck_assert_int_eq(source->blob(source, &d, 0, len, &out.out, done, &calls, NULL), ERR_LIMIT);
	ck_assert_uint_eq(calls, len);
	buf_release(&got);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("spooled");
	TCase *t = tcase_create("spooled");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, has);
	tcase_add_test(t, gives);
	suite_add_tcase(s, t);
	return test_run(s);
}
