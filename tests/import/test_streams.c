#include "import/streams.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

static char *folder, *store;

static void setup(void)
{
	folder = folder_new();
	store = folder_path(folder, "store");
	setenv("BUNDLE_STORE", store, 1);
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(symlink(".", "link"), 0);
}

static void teardown(void)
{
	free(store);
	ck_assert_int_eq(chdir("/"), 0);
	folder_remove(folder);
}

/* Bundles arrive one after the other: which of them may. */
static const struct {
	const char *name;
	struct {
		const char *target, *stream;
		uint64_t serial;
		enum err_code want;
	} arrivals[5];
} cases[] = {
	{ "rising", { { "store", "a", 1, ERR_OK }, { "store", "a", 2, ERR_OK }, { "store", "a", 9, ERR_OK } } },
	{ "the same again", { { "store", "a", 5, ERR_OK }, { "store", "a", 5, ERR_ROLLBACK } } },
	{ "an older one",
	  { { "store", "a", 5, ERR_OK },
	    { "store", "a", 4, ERR_ROLLBACK },
	    { "store", "a", 6, ERR_OK },
	    { "store", "a", 5, ERR_ROLLBACK } } },
	{ "two streams",
	  { { "store", "a", 5, ERR_OK }, { "store", "b", 1, ERR_OK }, { "store", "a", 5, ERR_ROLLBACK } } },
	{ "two targets",
	  { { "docker-daemon:/run/a.sock", "a", 5, ERR_OK },
	    { "docker-daemon:/run/b.sock", "a", 5, ERR_OK },
	    { "docker-daemon:/run/a.sock", "a", 5, ERR_ROLLBACK } } },
	{ "a target's name that leads out", { { "../../x", "a", 5, ERR_OK }, { "../../x", "a", 5, ERR_ROLLBACK } } },
	{ "one folder, in other words",
	  { { "oci:s", "a", 5, ERR_OK },
	    { "oci:./s", "a", 5, ERR_ROLLBACK },
	    { "oci:s/", "a", 5, ERR_ROLLBACK },
	    { "oci:link/s", "a", 5, ERR_ROLLBACK },
	    { "oci:t", "a", 5, ERR_OK } } },
	{ "one socket, in other words",
	  { { "docker-daemon:/x/a.sock", "a", 5, ERR_OK }, { "docker-daemon:/x/./a.sock", "a", 5, ERR_ROLLBACK } } },
	{ "one containerd, in other words",
	  { { "containerd:/x/c.sock (namespace a/b)", "a", 5, ERR_OK },
	    { "containerd:/x//c.sock (namespace a/b)", "a", 5, ERR_ROLLBACK },
	    { "containerd:/x/c.sock (namespace b)", "a", 5, ERR_OK } } },
	{ "what is no path",
	  { { "docker://x.site/../y", "a", 5, ERR_OK },
	    { "docker://x.site/y", "a", 5, ERR_OK },
	    { "docker-daemon:tcp://x/./y", "a", 5, ERR_OK },
	    { "docker-daemon:tcp://x/y", "a", 5, ERR_OK } } },
	{ "no stream", { { "store", NULL, 0, ERR_OK }, { "store", NULL, 0, ERR_OK } } },
};

START_TEST(arriving)
{
	size_t i;

	for (i = 0; i < COUNT_OF(cases[_i].arrivals) && cases[_i].arrivals[i].target != NULL; i++) {
		struct description_notes notes = { .stream = cases[_i].arrivals[i].stream,
						   .serial = cases[_i].arrivals[i].serial };
		const char *target = cases[_i].arrivals[i].target;
		struct err err = { .code = ERR_OK };
		enum err_code got = streams_check(target, &notes, false, &err);

		ck_assert_msg(got == cases[_i].arrivals[i].want, "%s, %zu: %d %s", cases[_i].name, i, got, err.msg);
		if (got == ERR_OK)
			ck_assert_msg(streams_record(target, &notes, &err) == ERR_OK, "%s", err.msg);
		else
			ck_assert_ptr_nonnull(strstr(err.msg, "--allow-rollback"));
	}
}
END_TEST

/* Let through by --allow-rollback, an older bundle does not make the memory forget. */
START_TEST(let_through)
{
	struct description_notes newer = { .stream = "a", .serial = 5 }, older = { .stream = "a", .serial = 3 };

	ck_assert_int_eq(streams_record("store", &newer, NULL), ERR_OK);
	ck_assert_int_eq(streams_record("store", &older, NULL), ERR_OK);
	ck_assert_int_eq(streams_check("store", &newer, false, NULL), ERR_ROLLBACK);
}
END_TEST

/* A memory that was damaged is none: nothing is known to be newer. */
static const char *const damages[] = { "",
				       "{",
				       "[]",
				       "{\"schemaVersion\":1}",
				       "{\"streams\":{\"a\":\"3\"}}",
				       "{\"streams\":{\"a\":-1}}",
				       "{\"streams\":{\"a\":9,\"b\":null}}" };

START_TEST(damaged)
{
	struct description_notes notes = { .stream = "a", .serial = 5 };
	CLEANUP(free_ptr) char *path = NULL;
	struct err err = { .code = ERR_OK };

	ck_assert_int_eq(streams_record("store", &notes, NULL), ERR_OK);
	path = folder_path(folder, "store.streams/store.json");
	file_put(path, damages[_i], strlen(damages[_i]));
	notes.serial = 6;
	ck_assert_int_eq(streams_check("store", &notes, false, &err), ERR_DAMAGED);
	ck_assert_msg(strstr(err.msg, path) != NULL, "%s", err.msg);
	ck_assert_int_eq(streams_check("store", &notes, true, &err), ERR_DAMAGED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("streams");
	TCase *t = tcase_create("streams");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, arriving, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, let_through);
	tcase_add_loop_test(t, damaged, 0, (int)COUNT_OF(damages));
	suite_add_tcase(s, t);
	return test_run(s);
}
