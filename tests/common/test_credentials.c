#include "common/credentials.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *user, *password, *identity_token, *want;
} basics[] = {
	{ "user", "pass", NULL, "Basic dXNlcjpwYXNz" },
	{ "u", "", NULL, "Basic dTo=" },
	{ "u", NULL, NULL, "Basic dTo=" },
	{ "u", "p:q", NULL, "Basic dTpwOnE=" },
	{ "\xc3\xbc", "\xc3\xa4", NULL, "Basic w7w6w6Q=" },
	{ "u", "p", "t", "Basic dTpw" },
	{ "u", "", "t", "Basic dTp0" },
	{ NULL, NULL, "t", "Basic OnQ=" },
};

START_TEST(basic)
{
	CLEANUP(credentials_release) struct credentials c = { 0 };
	CLEANUP(secret_free) char *header = NULL;
	struct credentials given;

	memset(&given, 0, sizeof(given));
	ck_assert_int_eq(str_copy(basics[_i].user, &given.user, NULL), ERR_OK);
	ck_assert_int_eq(str_copy(basics[_i].password, &given.password, NULL), ERR_OK);
	ck_assert_int_eq(str_copy(basics[_i].identity_token, &given.identity_token, NULL), ERR_OK);
	ck_assert(credentials_given(&given));
	ck_assert_int_eq(credentials_copy(&given, &c, NULL), ERR_OK);
	credentials_release(&given);
	credentials_release(&given);
	ck_assert(!credentials_given(&given));
	ck_assert_int_eq(credentials_basic(&c, &header, NULL), ERR_OK);
	ck_assert_str_eq(header, basics[_i].want);
}
END_TEST

/* The longest that anybody gives out, and one that nobody does. */
START_TEST(length)
{
	CLEANUP(free_ptr) char *longest = malloc(3 * LIMIT_SECRET_BYTES);
	CLEANUP(secret_free) char *header = NULL;
	char user[] = "u";
	struct credentials c = { .user = user, .password = longest };

	ck_assert_ptr_nonnull(longest);
	memset(longest, 'p', 3 * LIMIT_SECRET_BYTES);
	longest[LIMIT_SECRET_BYTES] = '\0';
	ck_assert_int_eq(credentials_basic(&c, &header, NULL), ERR_OK);
	ck_assert_uint_gt(strlen(header), LIMIT_SECRET_BYTES);
	longest[LIMIT_SECRET_BYTES] = 'p';
	longest[3 * LIMIT_SECRET_BYTES - 1] = '\0';
	ck_assert_int_eq(credentials_basic(&c, &header, NULL), ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("credentials");
	TCase *t = tcase_create("credentials");

	tcase_add_loop_test(t, basic, 0, (int)COUNT_OF(basics));
	tcase_add_test(t, length);
	suite_add_tcase(s, t);
	return test_run(s);
}
