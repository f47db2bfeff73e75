#include "trust/few_decoders.h"

#include <check.h>
#include <pthread.h>
#include <stddef.h>

#include "tests/lib/test_main.h"

#define THREADS 8

static void *ask(void *unused)
{
	return unused == NULL ? few_decoders() : NULL;
}

/* What it reads and what not, the tests of keys and certificates see. */
START_TEST(made_once)
{
	pthread_t threads[THREADS];
	void *made[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, NULL), 0);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], &made[i]), 0);
	ck_assert_ptr_nonnull(made[0]);
	for (i = 1; i < THREADS; i++)
		ck_assert_ptr_eq(made[i], made[0]);
	ck_assert_ptr_eq(few_decoders(), made[0]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("few_decoders");
	TCase *t = tcase_create("few_decoders");

	tcase_add_test(t, made_once);
	suite_add_tcase(s, t);
	return test_run(s);
}
