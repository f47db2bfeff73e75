#include "trust/artifact.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/test_main.h"

#define TEXT "what is signed\n"

/* What can be read once only must give the same bytes to each who asks. */
START_TEST(pipe_is_read_once)
{
	struct trust_artifact same = trust_artifact_of_bytes(TEXT, strlen(TEXT), "text"), a;
	const unsigned char *hash = NULL, *wanted = NULL;
	const void *bytes = NULL;
	char path[64];
	int ends[2], which;
	size_t len = 0;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], TEXT, strlen(TEXT)), (int)strlen(TEXT));
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	a = trust_artifact_of_file(path);
	for (which = 0; which < TRUST_HASHES; which++) {
		enum trust_hash h = (enum trust_hash)((_i + which) % TRUST_HASHES);

		ck_assert_int_eq(trust_artifact_hash(&a, h, &hash, NULL), ERR_OK);
		ck_assert_int_eq(trust_artifact_hash(&same, h, &wanted, NULL), ERR_OK);
		ck_assert_mem_eq(hash, wanted, trust_hash_bytes(h));
	}
	ck_assert_int_eq(trust_artifact_bytes(&a, &bytes, &len, NULL), ERR_OK);
	ck_assert_uint_eq(len, strlen(TEXT));
	ck_assert_mem_eq(bytes, TEXT, len);
	trust_artifact_release(&a);
	trust_artifact_release(&same);
	close(ends[0]);
}
END_TEST

START_TEST(no_file)
{
	struct trust_artifact a = trust_artifact_of_file("/nowhere/at/all");
	const unsigned char *hash = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(trust_artifact_hash(&a, TRUST_SHA256, &hash, &err), ERR_NOT_FOUND);
	trust_artifact_release(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("artifact");
	TCase *t = tcase_create("artifact");

	tcase_add_loop_test(t, pipe_is_read_once, 0, TRUST_HASHES);
	tcase_add_test(t, no_file);
	suite_add_tcase(s, t);
	return test_run(s);
}
