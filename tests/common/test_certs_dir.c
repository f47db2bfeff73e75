#include "common/certs_dir.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define PEM(text) "-----BEGIN CERTIFICATE-----\n" text "\n-----END CERTIFICATE-----\n"

static const struct {
	const char *name;
	struct {
		const char *name, *text;
	} files[4];
	enum err_code want;
	const char *ca;         /* what stands in what is trusted; NULL for nothing */
	const char *cert, *key; /* the names' ends; NULL for none */
	const char *says;
} cases[] = {
	{ "nothing", { { NULL, NULL } }, ERR_OK, NULL, NULL, NULL, NULL },
	{ "one CA", { { "ca.crt", PEM("one") } }, ERR_OK, PEM("one") "\n", NULL, NULL, NULL },
	{ "two CAs, by name",
	  { { "b.crt", PEM("two") }, { "a.crt", PEM("one") } },
	  ERR_OK,
	  PEM("one") "\n" PEM("two") "\n",
	  NULL,
	  NULL,
	  NULL },
	{ "a client", { { "x.cert", "c" }, { "x.key", "k" } }, ERR_OK, NULL, "/x.cert", "/x.key", NULL },
	{ "all of it",
	  { { "x.cert", "c" }, { "x.key", "k" }, { "ca.crt", PEM("one") } },
	  ERR_OK,
	  PEM("one"),
	  "/x.cert",
	  "/x.key",
	  NULL },
	{ "other files", { { "README", "x" }, { "ca.pem", "x" }, { ".crt", "x" } }, ERR_OK, NULL, NULL, NULL, NULL },
	{ "a key alone", { { "x.key", "k" } }, ERR_OK, NULL, NULL, NULL, NULL },
	{ "no PEM",
	  { { "ca.crt", "0\202\003" } },
	  ERR_FORMAT,
	  NULL,
	  NULL,
	  NULL,
	  "/ca.crt: holds no certificate in PEM" },
	{ "empty", { { "ca.crt", "" } }, ERR_FORMAT, NULL, NULL, NULL, "/ca.crt: " },
	{ "the second is no PEM",
	  { { "a.crt", PEM("one") }, { "b.crt", "x" } },
	  ERR_FORMAT,
	  NULL,
	  NULL,
	  NULL,
	  "/b.crt: " },
	{ "no key", { { "x.cert", "c" }, { "y.key", "k" } }, ERR_FORMAT, NULL, NULL, NULL, "its key is missing" },
	{ "two clients",
	  { { "x.cert", "c" }, { "x.key", "k" }, { "y.cert", "c" }, { "y.key", "k" } },
	  ERR_UNSUPPORTED,
	  NULL,
	  NULL,
	  NULL,
	  "two client certificates" },
};

START_TEST(read)
{
	CLEANUP(tls_release) struct tls tls;
	char *folder = folder_new();
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	tls_init(&tls);
	for (i = 0; i < COUNT_OF(cases[_i].files) && cases[_i].files[i].name != NULL; i++)
		folder_put(folder, cases[_i].files[i].name, cases[_i].files[i].text, strlen(cases[_i].files[i].text));
	got = certs_dir_read(folder, &tls, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	folder_remove(folder);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name, err.msg);
		return;
	}
	ck_assert_int_eq(tls.ca.len > 0, cases[_i].ca != NULL);
	if (cases[_i].ca != NULL)
		ck_assert_ptr_nonnull(strstr(buf_text(&tls.ca), cases[_i].ca));
	ck_assert(cases[_i].cert == NULL ? tls.cert == NULL : strstr(tls.cert, cases[_i].cert) != NULL);
	ck_assert(cases[_i].key == NULL ? tls.key == NULL : strstr(tls.key, cases[_i].key) != NULL);
}
END_TEST

static const struct {
	const char *name, *folder, *host;
	bool given, want; /* the root is an argument, and not $HOME's */
} places[] = {
	{ "a root that is given", "host:5000", "host:5000", true, true },
	{ "another port", "host:5000", "host", true, false },
	{ "another host", "host", "host.evil.example", true, false },
	{ "the user's own", ".config/containers/certs.d/host", "host", false, true },
	{ "not the user's own where another is given", ".config/containers/certs.d/host", "host", true, false },
};

START_TEST(find)
{
	CLEANUP(tls_release) struct tls tls;
	CLEANUP(free_ptr) char *file = NULL;
	char *root = folder_new();
	char part[100] = "", *slash;

	tls_init(&tls);
	for (slash = strchr(places[_i].folder, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		memcpy(part, places[_i].folder, (size_t)(slash - places[_i].folder));
		folder_make_in(root, part);
	}
	folder_make_in(root, places[_i].folder);
	ck_assert_int_eq(str_format(&file, NULL, "%s/ca.crt", places[_i].folder), ERR_OK);
	folder_put(root, file, PEM("x"), strlen(PEM("x")));
	ck_assert_int_eq(setenv("HOME", root, 1), 0);
	ck_assert_int_eq(certs_dir_find(places[_i].given ? root : NULL, places[_i].host, &tls, NULL), ERR_OK);
	ck_assert_msg((tls.ca.len > 0) == places[_i].want, "%s", places[_i].name);
	folder_remove(root);
}
END_TEST

START_TEST(too_much)
{
	CLEANUP(tls_release) struct tls tls;
	CLEANUP(free_ptr) char *text = calloc(1, LIMIT_ANSWER_BYTES + 1);
	char *folder = folder_new();
	struct err err = { 0 };

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', LIMIT_ANSWER_BYTES + 1);
	folder_put(folder, "ca.crt", text, LIMIT_ANSWER_BYTES + 1);
	tls_init(&tls);
	ck_assert_int_eq(certs_dir_read(folder, &tls, &err), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "ca.crt"));
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("certs_dir");
	TCase *t = tcase_create("certs_dir");

	tcase_add_loop_test(t, read, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(places));
	tcase_add_test(t, too_much);
	suite_add_tcase(s, t);
	return test_run(s);
}
