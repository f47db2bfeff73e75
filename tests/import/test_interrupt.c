#include "import/interrupt.h"

#include <check.h>
#include <signal.h>
#include <string.h>

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

	interrupt_take();
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
	interrupt_take();
	ck_assert_int_eq(raise(signals[_i].number), 0);
	ck_assert_int_eq(interrupt_check(NULL), ERR_OK);
}
END_TEST

START_TEST(ends)
{
	interrupt_take();
	raise(signals[_i].number);
	interrupt_end();
}
END_TEST

START_TEST(twice)
{
	interrupt_take();
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
	for (i = 0; i < COUNT_OF(signals); i++) {
		tcase_add_loop_test_raise_signal(t, ends, signals[i].number, (int)i, (int)i + 1);
		tcase_add_loop_test_raise_signal(t, twice, signals[i].number, (int)i, (int)i + 1);
	}
	suite_add_tcase(s, t);
	return test_run(s);
}
