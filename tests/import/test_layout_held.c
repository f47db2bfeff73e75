#include "import/layout_held.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define BLOBS 4
#define LARGE_BYTES ((size_t)(6 * MIB))

enum state { THERE, ABSENT, SHORT, OTHER };

/* Little is read by one thread, much by several. */
static const struct {
	const char *name;
	size_t size_bytes;
	enum state states[BLOBS];
} cases[] = {
	{ "little", 3, { THERE, ABSENT, SHORT, OTHER } },
	{ "much", LARGE_BYTES, { THERE, THERE, THERE, THERE } },
	{ "much, of which the first is damaged", LARGE_BYTES, { OTHER, THERE, THERE, THERE } },
	{ "much, of which the last is cut", LARGE_BYTES, { THERE, THERE, THERE, SHORT } },
	{ "much, and one not there", LARGE_BYTES, { THERE, THERE, ABSENT, THERE } },
	{ "nothing", 3, { ABSENT, ABSENT, ABSENT, ABSENT } },
};

static char *folder;
static struct layout *layout;

static void setup(void)
{
	folder = folder_new();
	ck_assert_int_eq(layout_open(folder, true, &layout, NULL), ERR_OK);
	ck_assert_int_eq(layout_lock(layout, NULL), ERR_OK);
}

static void teardown(void)
{
	layout_close(layout);
	folder_remove(folder);
}

/* A blob of the plan that is, or is not what it is called, in the layout. */
static void add(struct plan *plan, size_t size_bytes, size_t number, enum state state)
{
	CLEANUP(free_ptr) char *bytes = calloc(1, size_bytes), *path = NULL;
	struct descriptor d = { .media_type = "m", .size_bytes = size_bytes };
	struct memory_stream in;

	ck_assert_ptr_nonnull(bytes);
	bytes[0] = (char)number;
	ck_assert_int_eq(digest_of(bytes, size_bytes, NULL, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(graph_add(&plan->graph, &d, &plan->order[plan->order_len++], NULL), ERR_OK);
	if (state == ABSENT)
		return;
	memory_stream_init(&in, bytes, size_bytes);
	ck_assert_int_eq(layout_put(layout, &d.digest, size_bytes, &in.in, NULL), ERR_OK);
	bytes[size_bytes - 1] ^= 1;
	ck_assert_int_eq(str_format(&path, NULL, "blobs/sha256/%s", digest_hex(&d.digest)), ERR_OK);
	if (state != THERE)
		folder_put(folder, path, bytes, state == SHORT ? size_bytes - 1 : size_bytes);
}

START_TEST(looks)
{
	uint32_t order[BLOBS];
	bool skip[BLOBS] = { false };
	struct plan plan = { .order = order, .skip = skip };
	size_t i;

	graph_init(&plan.graph);
	for (i = 0; i < BLOBS; i++)
		add(&plan, cases[_i].size_bytes, i, cases[_i].states[i]);
	layout_held_look(layout, &plan);
	for (i = 0; i < BLOBS; i++)
		ck_assert_msg(skip[order[i]] == (cases[_i].states[i] == THERE), "%s: %zu", cases[_i].name, i);
	graph_release(&plan.graph);
}
END_TEST

/* Below what is there, for what will be made. */
static const char *const places[] = { "", "/", "/a", "/a/b/", "//a//b" };

START_TEST(room)
{
	CLEANUP(free_ptr) char *path = NULL;
	struct err err = { 0 };
	uint32_t order[2];
	bool skip[2] = { false };
	struct plan plan = { .order = order, .skip = skip };

	graph_init(&plan.graph);
	add(&plan, 3, 0, ABSENT);
	ck_assert_int_eq(str_format(&path, NULL, "%s%s", folder, places[_i]), ERR_OK);
	ck_assert_msg(layout_held_room(path, &plan, &err) == ERR_OK, "%s", err.msg);
	plan.graph.nodes[order[0]].size_bytes = UINT64_MAX - 1;
	ck_assert_int_eq(layout_held_room(path, &plan, &err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, "still to be written"));
	ck_assert_ptr_nonnull(strstr(err.msg, folder));
	skip[order[0]] = true;
	ck_assert_int_eq(layout_held_room(path, &plan, &err), ERR_OK);
	graph_release(&plan.graph);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout_held");
	TCase *t = tcase_create("layout_held");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, looks, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, room, 0, (int)COUNT_OF(places));
	suite_add_tcase(s, t);
	return test_run(s);
}
