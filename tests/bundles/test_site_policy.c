#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundles/site_change.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define REJECT "{\"default\":[{\"type\":\"reject\"}]}"
#define ANYTHING "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}"
#define BY(key) "{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"" key "\"}]}"
#define GPG "{\"default\":[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"x\"}]}"

/* A policy that is put where another is, or none; what it names is read as it will be from there. */
static const struct {
	const char *what, *was, *now;
	bool replace;
	enum err_code want;
	const char *is;   /* what counts afterwards; NULL: nothing */
	const char *says; /* of the failure, or of the notes */
} cases[] = {
	{ "the first", NULL, REJECT, false, ERR_OK, REJECT, NULL },
	{ "the same", REJECT, REJECT, false, ERR_OK, REJECT, NULL },
	{ "another", REJECT, ANYTHING, false, ERR_CONFLICT, REJECT, "--replace" },
	{ "in its place", REJECT, ANYTHING, true, ERR_OK, ANYTHING, NULL },
	{ "what is none", REJECT, "{}", true, ERR_FORMAT, REJECT, "\"default\" is missing" },
	{ "a key that is there", NULL, BY("keys/a.pub"), false, ERR_OK, BY("keys/a.pub"), NULL },
	{ "a key that lies beside the file alone", REJECT, BY("beside.pub"), true, ERR_NOT_FOUND, REJECT,
	  "read as it would be from there" },
	{ "a key that others can write", REJECT, BY("open.pub"), true, ERR_UNPROVED, REJECT, "others can write to it" },
	{ "what never holds is noted", NULL, GPG, false, ERR_OK, GPG, "signatures by GPG" },
	{ "one that was damaged is replaced", "nonsense", REJECT, true, ERR_OK, REJECT, NULL },
};

static char *folder, *site, *file;

static void setup(void)
{
	CLEANUP(free_ptr) char *open = NULL;

	folder = folder_new();
	folder_make_in(folder, "site");
	site = folder_path(folder, "site");
	file = folder_path(folder, "new.json");
	folder_put(folder, "beside.pub", key_p256_pub, strlen(key_p256_pub));
	folder_make_in(site, "keys");
	folder_put(site, "keys/a.pub", key_p256_pub, strlen(key_p256_pub));
	folder_put(site, "open.pub", key_p256_pub, strlen(key_p256_pub));
	open = folder_path(site, "open.pub");
	ck_assert_int_eq(chmod(open, 0666), 0);
	ck_assert_int_eq(setenv(SITE_VARIABLE, site, 1), 0);
}

static void teardown(void)
{
	unsetenv(SITE_VARIABLE);
	free(file);
	free(site);
	folder_remove(folder);
}

static void check_there(const char *is)
{
	CLEANUP(free_ptr) char *text = NULL;

	ck_assert(folder_has(site, SITE_POLICY) == (is != NULL));
	if (is == NULL)
		return;
	text = folder_read(site, SITE_POLICY, NULL);
	ck_assert_str_eq(text, is);
}

START_TEST(adds)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	struct err err = { 0 };
	const char *said;
	enum err_code code;

	folder_put(folder, "new.json", cases[_i].now, strlen(cases[_i].now));
	if (cases[_i].was != NULL)
		folder_put(site, SITE_POLICY, cases[_i].was, strlen(cases[_i].was));
	code = site_add_policy(file, cases[_i].replace, &done, &err);
	ck_assert_msg(code == cases[_i].want, "%s: %d %s", cases[_i].what, code, err.msg);
	check_there(cases[_i].is);
	said = code == ERR_OK ? done.notes : err.msg;
	ck_assert_msg(cases[_i].says == NULL || (said != NULL && strstr(said, cases[_i].says) != NULL), "%s: %s",
		      cases[_i].what, said);
	ck_assert(code != ERR_OK ||
		  done.was_so == (cases[_i].was != NULL && strcmp(cases[_i].was, cases[_i].now) == 0));
}
END_TEST

START_TEST(removes)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	CLEANUP(site_done_release) struct site_done again = { 0 };

	folder_put(site, SITE_POLICY, "nonsense", 8); /* whatever it is */
	ck_assert_int_eq(site_remove_policy(&done, NULL), ERR_OK);
	ck_assert_ptr_nonnull(strstr(done.path, SITE_POLICY));
	check_there(NULL);
	ck_assert_int_eq(site_remove_policy(&again, NULL), ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("site_policy");
	TCase *t = tcase_create("site_policy");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, adds, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, removes);
	suite_add_tcase(s, t);
	return test_run(s);
}
