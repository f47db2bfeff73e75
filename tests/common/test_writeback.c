#include "common/writeback.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

static sem_t asked;
static int asked_fd;
static int answer; /* an errno */

/* Tells that the disk was asked. */
static int fake_sync(int fd)
{
	int said = answer; /* who waits may change it */

	asked_fd = fd;
	sem_post(&asked);
	errno = said;
	return said == 0 ? 0 : -1;
}

static const struct {
	const char *name;
	uint64_t bytes[4];
	unsigned asks;
} cases[] = {
	{ "nothing", { 0 }, 0 },
	{ "one short", { 8 * MIB - 1 }, 0 },
	{ "as much as it waits for", { 8 * MIB }, 1 },
	{ "far more", { 100 * MIB }, 1 },
	{ "in pieces", { 4 * MIB, 4 * MIB - 1, 1 }, 1 },
};

/* The disk is asked once for every 8 MiB or more, on another thread. */
START_TEST(asks)
{
	struct writeback *w = NULL;
	struct err err = { 0 };
	unsigned i;
	int left = -1;

	sem_init(&asked, 0, 0);
	ck_assert_int_eq(writeback_new(42, "there", fake_sync, &w, &err), ERR_OK);
	for (i = 0; i < COUNT_OF(cases[_i].bytes); i++)
		ck_assert_int_eq(writeback_add(w, cases[_i].bytes[i], &err), ERR_OK);
	for (i = 0; i < cases[_i].asks; i++)
		sem_wait(&asked);
	ck_assert_int_eq(writeback_end(w, &err), ERR_OK);
	writeback_free(w);
	sem_getvalue(&asked, &left);
	ck_assert_int_eq(left, 0);
	if (cases[_i].asks > 0)
		ck_assert_int_eq(asked_fd, 42);
}
END_TEST

/* The kernel says once that what was written is lost: whoever writes on is told, and who asks last. */
START_TEST(fails)
{
	struct writeback *w = NULL;
	struct err err = { 0 };
	int left = -1;

	sem_init(&asked, 0, 0);
	answer = EIO;
	ck_assert_int_eq(writeback_new(42, "there", fake_sync, &w, &err), ERR_OK);
	ck_assert_int_eq(writeback_add(w, 8 * MIB, &err), ERR_OK);
	while (writeback_add(w, 8 * MIB, &err) == ERR_OK)
		sched_yield();
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, "there: "));
	answer = 0;
	ck_assert_int_eq(writeback_add(w, 8 * MIB, &err), ERR_IO);
	ck_assert_int_eq(writeback_end(w, &err), ERR_IO);
	ck_assert_int_eq(writeback_end(w, &err), ERR_IO);
	writeback_free(w);
	sem_getvalue(&asked, &left);
	ck_assert_int_eq(left, 1); /* after that the disk was not asked any more */
}
END_TEST

START_TEST(none)
{
	ck_assert_int_eq(writeback_add(NULL, 8 * MIB, NULL), ERR_OK);
	ck_assert_int_eq(writeback_end(NULL, NULL), ERR_OK);
	writeback_free(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("writeback");
	TCase *t = tcase_create("writeback");

	tcase_add_loop_test(t, asks, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, fails);
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	return test_run(s);
}
