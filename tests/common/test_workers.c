#include "common/workers.h"

#include <check.h>
#include <stdatomic.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define ITEMS 1000

static struct {
	atomic_uint next, called;
	unsigned done[ITEMS];
} shared;

static void *work(void *arg)
{
	unsigned i;

	ck_assert_ptr_eq(arg, &shared);
	atomic_fetch_add(&shared.called, 1);
	while ((i = atomic_fetch_add(&shared.next, 1)) < ITEMS)
		shared.done[i]++;
	return NULL;
}

static const struct {
	unsigned threads, called;
} cases[] = { { 0, 1 }, { 1, 1 }, { 2, 2 }, { WORKERS_MAX, WORKERS_MAX }, { WORKERS_MAX + 1, WORKERS_MAX } };

/* All are over when it returns, and nothing was done twice. */
START_TEST(runs)
{
	unsigned i;

	workers_run(cases[_i].threads, work, &shared);
	ck_assert_uint_eq(shared.called, cases[_i].called);
	for (i = 0; i < ITEMS; i++)
		ck_assert_uint_eq(shared.done[i], 1);
}
END_TEST

START_TEST(processors)
{
	unsigned n = workers_for_processors();

	ck_assert(n >= 1 && n <= WORKERS_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("workers");
	TCase *t = tcase_create("workers");

	tcase_add_loop_test(t, runs, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, processors);
	suite_add_tcase(s, t);
	return test_run(s);
}
