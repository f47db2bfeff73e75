#include "trust/few_decoders.h"

#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/sigstore_mock.h"
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
	ck_assert_ptr_ne(few_decoders_of_curves(), made[0]);
}
END_TEST

#define CONF "openssl_conf = all\n[all]\nproviders = list\nalg_section = ways\n[on]\nactivate = 1\n"

/* What openssl.cnf(5) says, where nothing in the process has used OpenSSL before. */
static const struct {
	const char *conf;
	bool is_made;
} cases[] = {
	{ CONF "[list]\ndefault = on\n[ways]\n", true },
	{ CONF "[list]\ndefault = on\nnull = on\n[ways]\n", true },
	{ CONF "[list]\nnull = on\n[ways]\n", false },
	{ CONF "[list]\nbase = on\n[ways]\n", false },
	{ CONF "[list]\ndefault = on\n[ways]\ndefault_properties = fips=yes\n", false },
};

START_TEST(configured)
{
	char *folder = folder_new();
	CLEANUP(free_ptr) char *path = folder_path(folder, "openssl.cnf");

	folder_put(folder, "openssl.cnf", cases[_i].conf, strlen(cases[_i].conf));
	ck_assert_int_eq(setenv("OPENSSL_CONF", path, 1), 0);
	ck_assert_msg((few_decoders() != NULL) == cases[_i].is_made, "%s", cases[_i].conf);
	ck_assert_msg((few_decoders_of_curves() != NULL) == cases[_i].is_made, "%s", cases[_i].conf);
	folder_remove(folder);
}
END_TEST

/* Hashes are kept for the whole process, whoever asks first, and be it while this context is the thread's own. */
START_TEST(hashes_are_the_usual_ones)
{
	ck_assert_str_eq(mock_hasher(few_decoders()), "default");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("few_decoders");
	TCase *t = tcase_create("few_decoders");

	tcase_add_test(t, made_once);
	tcase_add_test(t, hashes_are_the_usual_ones);
	tcase_add_loop_test(t, configured, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
