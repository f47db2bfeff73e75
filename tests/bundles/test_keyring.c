#include "bundles/keyring.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define FILES_MAX 4

/* A file in the machine's folder, or named on the command line. */
struct key_file {
	const char *name, *pem;
};

static const struct {
	const char *name;
	struct key_file machine[FILES_MAX], named[FILES_MAX];
	const char *counts[FILES_MAX]; /* the names of the keys that count, in order */
	enum err_code want;
} cases[] = {
	{ "none", {}, {}, {}, ERR_OK },
	{ "one named", {}, { { "a", key_p256_pub } }, { "a" }, ERR_OK },
	{ "one twice", {}, { { "a", key_p256_pub }, { "b", key_p256_pub } }, { "a" }, ERR_OK },
	{ "two named", {}, { { "b", key_p256_pub }, { "a", key_p384_pub } }, { "b", "a" }, ERR_OK },
	{ "the machine's", { { "b.pem", key_p256_pub }, { "a.pub", key_p384_pub } }, {}, { "a.pub", "b.pem" }, ERR_OK },
	{ "one chosen",
	  { { "b.pem", key_p256_pub }, { "a.pub", key_p384_pub } },
	  { { "x", key_p256_pub } },
	  { "b.pem" },
	  ERR_OK },
	{ "one chosen, one more",
	  { { "b.pem", key_p256_pub } },
	  { { "x", key_ed25519_pub }, { "y", key_p256_pub } },
	  { "b.pem" },
	  ERR_OK },
	{ "never widened", { { "b.pem", key_p256_pub } }, { { "x", key_ed25519_pub } }, {}, ERR_UNPROVED },
	{ "other files", { { "README", "hello" }, { ".hidden.pem", "hello" }, { "a.pem~", "hello" } }, {}, {}, ERR_OK },
	{ "a key under another name", { { "acme.PEM", key_p256_pub } }, {}, {}, ERR_UNPROVED },
	{ "a key without an end",
	  { { "README", "hello" }, { "acme", key_p256_pub } },
	  { { "x", key_p256_pub } },
	  {},
	  ERR_UNPROVED },
	{ "another name beside one that counts",
	  { { "acme.old", key_p384_pub }, { "b.pem", key_p256_pub } },
	  {},
	  { "b.pem" },
	  ERR_OK },
	{ "a broken file", { { "a.pem", "hello" }, { "b.pem", key_p256_pub } }, {}, {}, ERR_FORMAT },
	{ "one under two names", { { "a.pem", key_p256_pub }, { "b.pem", key_p256_pub } }, {}, {}, ERR_CONFLICT },
	{ "a private key", { { "a.pem", key_p256 } }, {}, {}, ERR_FORMAT },
	{ "another kind", { { "a.pem", key_p521_pub } }, { { "x", key_p256_pub } }, {}, ERR_UNSUPPORTED },
	{ "a broken file named", {}, { { "a", key_p256_pub }, { "b", "" } }, {}, ERR_FORMAT },
};

static void put_files(const char *folder, const struct key_file *files, struct opt_list *list)
{
	size_t i;

	for (i = 0; i < FILES_MAX && files[i].name != NULL; i++) {
		folder_put(folder, files[i].name, files[i].pem, strlen(files[i].pem));
		if (list != NULL)
			list->items[list->len++] = folder_path(folder, files[i].name);
	}
}

START_TEST(counts)
{
	const char *items[FILES_MAX];
	struct opt_list named = { .items = items };
	char *folder = folder_new(), *machine;
	struct err err = { .code = ERR_OK };
	struct keyring ring = { 0 };
	enum err_code got;
	size_t i;

	folder_make_in(folder, "keys.d");
	machine = folder_path(folder, "keys.d");
	put_files(machine, cases[_i].machine, NULL);
	put_files(folder, cases[_i].named, &named);
	ck_assert_int_eq(setenv(SITE_VARIABLE, folder, 1), 0);
	got = keyring_load(&named, &ring, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d (%s)", cases[_i].name, got, err.msg);
	for (i = 0; i < FILES_MAX && cases[_i].counts[i] != NULL; i++) {
		ck_assert_uint_lt(i, ring.len);
		ck_assert_str_eq(strrchr(seal_key_name(ring.keys[i].key), '/') + 1, cases[_i].counts[i]);
	}
	ck_assert_uint_eq(ring.len, i);
	keyring_release(&ring);
	keyring_release(&ring);
	for (i = 0; i < named.len; i++) {
		char *path;

		memcpy(&path, &items[i], sizeof(path));
		free(path);
	}
	free(machine);
	folder_remove(folder);
}
END_TEST

/* A folder that was asked for must be there: else a mistake in its name would mean that anything goes. */
START_TEST(no_folder)
{
	char *folder = folder_new(), *missing = folder_path(folder, "missing");
	struct opt_list named = { 0 };
	struct err err = { .code = ERR_OK };
	struct keyring ring = { 0 };

	ck_assert_int_eq(setenv(SITE_VARIABLE, missing, 1), 0);
	ck_assert_int_eq(keyring_load(&named, &ring, &err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, missing));
	folder_put(folder, "missing", "", 0);
	ck_assert_int_eq(keyring_load(&named, &ring, &err), ERR_IO);
	free(missing);
	folder_remove(folder);
}
END_TEST

static void put_open(const char *machine, const char *path)
{
	folder_put(machine, "acme", key_p256_pub, strlen(key_p256_pub));
	ck_assert_int_eq(chmod(path, 0666), 0);
}

static void put_link(const char *machine, const char *path)
{
	(void)machine;
	ck_assert_int_eq(symlink("missing", path), 0);
}

static void put_folder(const char *machine, const char *path)
{
	(void)path;
	folder_make_in(machine, "acme");
}

static void put_large(const char *machine, const char *path)
{
	char *text = calloc(1, LIMIT_KEY_BYTES + 1);

	(void)path;
	memset(text, '#', LIMIT_KEY_BYTES + 1);
	folder_put(machine, "acme", text, LIMIT_KEY_BYTES + 1);
	free(text);
}

/* What cannot be read may be a key that somebody believes to count; beside one that counts it is not asked. */
static const struct {
	const char *name;
	void (*put)(const char *machine, const char *path);
	const char *says;
} unreadable[] = {
	{ "others can write to it", put_open, "others can write to it" },
	{ "a link to nowhere", put_link, "a link to what is not there" },
	{ "a folder", put_folder, "no regular file" },
	{ "too large", put_large, "" },
};

START_TEST(cannot_be_read)
{
	char *folder = folder_new(), *machine, *path;
	struct err err = { .code = ERR_OK };
	struct keyring ring = { 0 };

	folder_make_in(folder, "keys.d");
	machine = folder_path(folder, "keys.d");
	path = folder_path(machine, "acme");
	unreadable[_i].put(machine, path);
	ck_assert_int_eq(setenv(SITE_VARIABLE, folder, 1), 0);
	ck_assert_msg(keyring_load_machine(&ring, &err) != ERR_OK, "%s", unreadable[_i].name);
	ck_assert_msg(strstr(err.msg, "acme: ") != NULL && strstr(err.msg, unreadable[_i].says) != NULL &&
			      strstr(err.msg, "no key would count") != NULL,
		      "%s: %s", unreadable[_i].name, err.msg);
	folder_put(machine, "b.pem", key_p256_pub, strlen(key_p256_pub));
	ck_assert_msg(keyring_load_machine(&ring, &err) == ERR_OK, "%s: %s", unreadable[_i].name, err.msg);
	ck_assert_uint_eq(ring.len, 1);
	keyring_release(&ring);
	free(path);
	free(machine);
	folder_remove(folder);
}
END_TEST

static const struct {
	const char *name, *front, *behind; /* what stands around the key */
	const char *scope;                 /* NULL: refused */
} scopes[] = {
	{ "nothing", "", "", "*" },
	{ "one", "Scope: registry.example.com/*\n", "", "registry.example.com/*" },
	{ "two", "Scope: a.example/*\nScope: b.example/x\n", "", "a.example/*, b.example/x" },
	{ "comments and blank lines", "# by hand\n\n \t\r\n  Scope:a.example/*  \r\n#", "", "a.example/*" },
	{ "behind a comment whose line ends with a carriage return", "# Acme\rScope: a.example/*\n", "",
	  "a.example/*" },
	{ "everything, said", "Scope: *\n", "", "*" },
	{ "a mistaken word", "Scopes: a.example/*\n", "", NULL },
	{ "in lower case", "scope: a.example/*\n", "", NULL },
	{ "a sentence", "The key of Acme\n", "", NULL },
	{ "no pattern", "Scope:\n", "", NULL },
	{ "a short name", "Scope: alpine\n", "", NULL },
	{ "a star in the middle", "Scope: a.example/*/b\n", "", NULL },
	{ "behind the key", "", "Scope: a.example/*\n", NULL },
	{ "one more behind the key", "Scope: a.example/*\n", "\r\n Scope: b.example/*", NULL },
	{ "a sentence behind the key", "", "The key of Acme", NULL },
	{ "comments and blank lines behind", "Scope: a.example/*\n", "\r\n\t\n# Scope: b.example/*", "a.example/*" },
};

START_TEST(scope)
{
	struct buf pem = { .max = LIMIT_KEY_BYTES }, text = { .max = LIMIT_KEY_BYTES };
	struct err err = { .code = ERR_OK };
	struct keyring_key k = { 0 };
	enum err_code got;

	ck_assert_int_eq(buf_printf(&pem, NULL, "%s\n%s%s", scopes[_i].front, key_p256_pub, scopes[_i].behind), ERR_OK);
	got = keyring_key_parse(&pem, "acme.pem", &k, &err);
	ck_assert_msg(got == (scopes[_i].scope != NULL ? ERR_OK : ERR_FORMAT), "%s: %d (%s)", scopes[_i].name, got,
		      err.msg);
	if (got == ERR_OK) {
		ck_assert_int_eq(scope_text(&k.scope, &text, NULL), ERR_OK);
		ck_assert_str_eq(buf_text(&text), scopes[_i].scope);
	} else {
		ck_assert_msg(strstr(err.msg, "acme.pem") != NULL, "%s", err.msg);
	}
	keyring_key_release(&k);
	keyring_key_release(&k);
	buf_release(&pem);
	buf_release(&text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("keyring");
	TCase *t = tcase_create("keys");

	tcase_add_loop_test(t, counts, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, no_folder);
	tcase_add_loop_test(t, cannot_be_read, 0, (int)COUNT_OF(unreadable));
	tcase_add_loop_test(t, scope, 0, (int)COUNT_OF(scopes));
	suite_add_tcase(s, t);
	return test_run(s);
}
