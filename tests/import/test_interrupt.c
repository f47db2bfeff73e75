#include "import/interrupt.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	int number;
	const char *name;
} signals[] = { { SIGINT, "SIGINT" }, { SIGTERM, "SIGTERM" } };

/* Whoever runs the tests may ignore signals, as what goes in the background does. */
static void setup(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(signals); i++)
		signal(signals[i].number, SIG_DFL);
}

START_TEST(noted)
{
	struct err err = { 0 };

	ck_assert_int_eq(interrupt_take(NULL), ERR_OK);
	ck_assert_int_eq(interrupt_check(&err), ERR_OK);
	ck_assert_int_eq(interrupt_blame(ERR_IO, &err), ERR_IO);
	interrupt_end(); /* nothing came */
	ck_assert_int_eq(raise(signals[_i].number), 0);
	ck_assert_int_eq(interrupt_check(&err), ERR_INTERRUPTED);
	ck_assert_msg(strstr(err.msg, signals[_i].name) != NULL, "%s", err.msg);
	ck_assert_int_eq(interrupt_blame(ERR_OK, &err), ERR_OK);
	ck_assert_int_eq(interrupt_blame(err_set(&err, ERR_DAMAGED, "cut short"), &err), ERR_INTERRUPTED);
	ck_assert_msg(strstr(err.msg, signals[_i].name) != NULL && strstr(err.msg, "cut short") != NULL, "%s", err.msg);
}
END_TEST

/* What ignores it goes on. */
START_TEST(ignored)
{
	signal(signals[_i].number, SIG_IGN);
	ck_assert_int_eq(interrupt_take(NULL), ERR_OK);
	ck_assert_int_eq(raise(signals[_i].number), 0);
	ck_assert_int_eq(interrupt_check(NULL), ERR_OK);
}
END_TEST

/* Send the process a signal from another thread, while it waits or just before. */
static void *send(void *number)
{
	kill(getpid(), *(const int *)number);
	return NULL;
}

/* What would come of a pipe that nobody writes to. */
START_TEST(silent_pipe)
{
	int number = signals[_i].number, fds[2];
	struct err err = { 0 };
	pthread_t sender;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(interrupt_take(&err), ERR_OK);
	ck_assert_int_eq(pthread_create(&sender, NULL, send, &number), 0);
	ck_assert_int_eq(interrupt_wait(fds[0], &err), ERR_INTERRUPTED);
	ck_assert_msg(strstr(err.msg, signals[_i].name) != NULL, "%s", err.msg);
	pthread_join(sender, NULL);
	ck_assert_int_eq(interrupt_wait(fds[0], NULL), ERR_INTERRUPTED); /* whoever waits then does not begin */
}
END_TEST

static const struct {
	bool taken, writes;
} pipes[] = { { false, true }, { true, true }, { false, false }, { true, false } };

START_TEST(pipe_that_speaks)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert(!pipes[_i].taken || interrupt_take(NULL) == ERR_OK);
	ck_assert(!pipes[_i].writes || write(fds[1], "x", 1) == 1);
	close(fds[1]);
	ck_assert_int_eq(interrupt_wait(fds[0], NULL), ERR_OK); /* its end is something too */
}
END_TEST

START_TEST(ends)
{
	ck_assert_int_eq(interrupt_take(NULL), ERR_OK);
	raise(signals[_i].number);
	interrupt_end();
}
END_TEST

START_TEST(twice)
{
	ck_assert_int_eq(interrupt_take(NULL), ERR_OK);
	raise(signals[_i].number);
	raise(signals[_i].number);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("interrupt");
	TCase *t = tcase_create("interrupt");
	size_t i;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, noted, 0, (int)COUNT_OF(signals));
	tcase_add_loop_test(t, ignored, 0, (int)COUNT_OF(signals));
	tcase_add_loop_test(t, silent_pipe, 0, (int)COUNT_OF(signals));
	tcase_add_loop_test(t, pipe_that_speaks, 0, (int)COUNT_OF(pipes));
	for (i = 0; i < COUNT_OF(signals); i++) {
		tcase_add_loop_test_raise_signal(t, ends, signals[i].number, (int)i, (int)i + 1);
		tcase_add_loop_test_raise_signal(t, twice, signals[i].number, (int)i, (int)i + 1);
	}
	suite_add_tcase(s, t);
	return test_run(s);
}
