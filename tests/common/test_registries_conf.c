#include "common/registries_conf.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

static enum err_code add(struct registries_conf *c, const char *text, struct err *err)
{
	CLEANUP(toml_free_ptr) struct toml *document = NULL;
	enum err_code code = toml_read(text, strlen(text), "registries.conf", &document, err);

	return code == ERR_OK ? registries_conf_add(c, document, "registries.conf", err) : code;
}

/* Where a repository is, mirrors first: with ! what is insecure, t for tags, d for names by digest. */
static void write_places(const struct registry_table *t, const char *repository, struct buf *out)
{
	size_t i;

	for (i = 0; i <= t->mirrors_len; i++) {
		const struct registry_location *l = i < t->mirrors_len ? &t->mirrors[i] : &t->primary;
		CLEANUP(free_ptr) char *name = NULL;

		ck_assert_int_eq(registry_location_name(t, l, repository, &name, NULL), ERR_OK);
		buf_printf(out, NULL, "%s%s %s%s|", l->insecure ? "!" : "", name, l->tags ? "t" : "",
			   l->digest_names ? "d" : "");
	}
	buf_puts(out, t->blocked ? "blocked" : "", NULL);
}

#define R "[[registry]]\n"
#define M "[[registry.mirror]]\n"

static const struct {
	const char *name, *text, *repository;
	const char *want; /* "" where no table is for it; what the message holds where code is not ERR_OK */
	enum err_code code;
} cases[] = {
	{ "nothing", "", "docker.io/library/a", "", ERR_OK },
	{ "other settings", "unqualified-search-registries=['x']\n[aliases]\na='b'", "docker.io/library/a", "",
	  ERR_OK },
	{ "a location", R "location='m'", "m/a", "m/a td|", ERR_OK },
	{ "another registry", R "location='m'", "n/a", "", ERR_OK },
	{ "rewritten", R "prefix='docker.io'\nlocation='m:5000/hub/'", "docker.io/library/a",
	  "m:5000/hub/library/a td|", ERR_OK },
	{ "a namespace rewritten", R "prefix='x/foo'\nlocation='m'", "x/foo/a/b", "m/a/b td|", ERR_OK },
	{ "a repository rewritten", R "prefix='x/foo'\nlocation='m/bar'", "x/foo", "m/bar td|", ERR_OK },
	{ "a name that begins alike", R "prefix='x/foo'\nlocation='m'", "x/foobar", "", ERR_OK },
	{ "the longest prefix",
	  R "prefix='x'\nlocation='m'\n" R "prefix='x/a/b'\nlocation='o'\n" R "prefix='x/a'\nlocation='n'", "x/a/b/c",
	  "o/c td|", ERR_OK },
	{ "a port behind a host", R "prefix='x'\nlocation='m'", "x:5000/a", "m:5000/a td|", ERR_OK },
	{ "hosts of a domain", R "prefix='*.example.com'", "a.b.example.com/c", "a.b.example.com/c td|", ERR_OK },
	{ "hosts of a domain, rewritten", R "prefix='*.example.com'\nlocation='m/n'", "a.example.com/c", "m/n/c td|",
	  ERR_OK },
	{ "hosts of a domain and a path", R "prefix='*.example.com/c'\nlocation='m'", "a.example.com/c/d", "m/d td|",
	  ERR_OK },
	{ "the domain itself", R "prefix='*.example.com'", "example.com/c", "", ERR_OK },
	{ "a domain that begins alike", R "prefix='*.example.com'", "a.example.com.evil/c", "", ERR_OK },
	{ "twice the domain", R "prefix='*.example.com'", "a.example.com.example.com/c",
	  "a.example.com.example.com/c td|", ERR_OK },
	{ "a domain in the path", R "prefix='*.example.com'", "evil/a.example.com/c", "", ERR_OK },
	{ "blocked", R "location='m'\nblocked=true", "m/a", "m/a td|blocked", ERR_OK },
	{ "insecure", R "location='m'\ninsecure=true", "m/a", "!m/a td|", ERR_OK },
	{ "mirrors", R "location='x'\n" M "location='m/x'\n" M "location='n'\ninsecure=true", "x/a",
	  "m/x/a td|!n/a td|x/a td|", ERR_OK },
	{ "mirrors by digest only", R "location='x'\nmirror-by-digest-only=true\n" M "location='m'", "x/a",
	  "m/a d|x/a td|", ERR_OK },
	{ "what mirrors are for",
	  R "location='x'\n" M "location='m'\npull-from-mirror='digest-only'\n" M
	    "location='n'\npull-from-mirror='tag-only'\n" M "location='o'\npull-from-mirror='all'",
	  "x/a", "m/a d|n/a t|o/a td|x/a td|", ERR_OK },
	{ "a later table counts", R "prefix='x'\nlocation='m'\n" R "prefix='x'\nlocation='n'", "x/a", "n/a td|",
	  ERR_OK },

	{ "registry is no array", "registry=1", "", "registry must be an array", ERR_FORMAT },
	{ "registry is an array of others", "registry=[1]", "", "registry must be an array of tables", ERR_FORMAT },
	{ "neither prefix nor location", R, "", "neither prefix nor location", ERR_FORMAT },
	{ "an empty location", R "location='/'", "", "neither prefix nor location", ERR_FORMAT },
	{ "no location", R "prefix='x'", "", "x has no location", ERR_FORMAT },
	{ "a scheme", R "location='https://x'", "", "without a scheme", ERR_FORMAT },
	{ "a scheme in a prefix", R "prefix='http://x'\nlocation='x'", "", "without a scheme", ERR_FORMAT },
	{ "a star elsewhere", R "prefix='a.*.com'\nlocation='x'", "", "at the start only", ERR_FORMAT },
	{ "a star without a point", R "prefix='*a.com'\nlocation='x'", "", "at the start only", ERR_FORMAT },
	{ "two stars", R "prefix='*.*.com'\nlocation='x'", "", "at the start only", ERR_FORMAT },
	{ "location is no text", R "location=1", "", "location must be a string", ERR_FORMAT },
	{ "insecure is no truth", R "location='x'\ninsecure=1", "", "insecure must be", ERR_FORMAT },
	{ "blocked is no truth", R "location='x'\nblocked='yes'", "", "blocked must be", ERR_FORMAT },
	{ "a mirror without a location", R "location='x'\n" M, "", "a mirror of x has no location", ERR_FORMAT },
	{ "mirror is no array", R "location='x'\nmirror={}", "", "mirror must be", ERR_FORMAT },
	{ "mirror is an array of others", R "location='x'\nmirror=['m']", "", "mirror must be", ERR_FORMAT },
	{ "a use that nobody knows", R "location='x'\n" M "location='m'\npull-from-mirror='some'", "",
	  "pull-from-mirror must be", ERR_FORMAT },
	{ "two uses", R "location='x'\nmirror-by-digest-only=true\n" M "location='m'\npull-from-mirror='all'", "",
	  "exclude each other", ERR_FORMAT },
	{ "version 1", "[registries.block]\nregistries=['x']", "", "version 1", ERR_UNSUPPORTED },
};

START_TEST(find)
{
	CLEANUP(registries_conf_release) struct registries_conf c = { 0 };
	CLEANUP(buf_release) struct buf out;
	const struct registry_table *t;
	struct err err = { 0 };
	enum err_code got = add(&c, cases[_i].text, &err);

	buf_init(&out, LIMIT_TOML_BYTES);
	ck_assert_msg(got == cases[_i].code, "%s: %d, %s", cases[_i].name, got, err.msg);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(err.msg, cases[_i].want) != NULL, "%s: %s", cases[_i].name, err.msg);
		ck_assert_msg(strncmp(err.msg, "registries.conf: ", 17) == 0, "%s", err.msg);
		return;
	}
	t = registries_conf_find(&c, cases[_i].repository);
	if (t != NULL)
		write_places(t, cases[_i].repository, &out);
	ck_assert_msg(strcmp(buf_text(&out), cases[_i].want) == 0, "%s: %s", cases[_i].name, buf_text(&out));
}
END_TEST

START_TEST(many_mirrors)
{
	CLEANUP(registries_conf_release) struct registries_conf c = { 0 };
	CLEANUP(buf_release) struct buf text;
	struct err err = { 0 };
	int i;

	buf_init(&text, LIMIT_TOML_BYTES);
	ck_assert_int_eq(buf_puts(&text, R "location='x'\n", NULL), ERR_OK);
	for (i = 0; i <= LIMIT_ENDPOINTS; i++)
		ck_assert_int_eq(buf_puts(&text, M "location='m'\n", NULL), ERR_OK);
	ck_assert_int_eq(add(&c, text.data, &err), ERR_LIMIT);
}
END_TEST

static void put(const char *folder, const char *name, const char *text)
{
	folder_put(folder, name, text, strlen(text));
}

/* One file by the environment, and nothing else; or one at home and those beside it, the last one counts. */
START_TEST(files)
{
	CLEANUP(registries_conf_release) struct registries_conf c = { 0 };
	CLEANUP(free_ptr) char *path = NULL;
	char *home = folder_new();
	struct err err = { 0 };

	folder_make_in(home, ".config");
	folder_make_in(home, ".config/containers");
	folder_make_in(home, ".config/containers/registries.conf.d");
	put(home, ".config/containers/registries.conf",
	    R "prefix='no-such.example'\nlocation='m'\n" R "location='only'");
	put(home, ".config/containers/registries.conf.d/1.conf", R "prefix='no-such.example'\nlocation='n'");
	put(home, ".config/containers/registries.conf.d/2.conf", R "prefix='no-such.example'\nlocation='o'");
	put(home, ".config/containers/registries.conf.d/3.conf.bak", "no TOML");
	put(home, "other", R "prefix='no-such.example'\nlocation='p'");
	ck_assert_int_eq(setenv("HOME", home, 1), 0);
	ck_assert_int_eq(unsetenv("CONTAINERS_REGISTRIES_CONF"), 0);
	ck_assert_msg(registries_conf_load(&c, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(registries_conf_find(&c, "no-such.example/a")->primary.location, "o");
	ck_assert_ptr_nonnull(registries_conf_find(&c, "only/a"));
	registries_conf_release(&c);
	path = folder_path(home, "other");
	ck_assert_int_eq(setenv("CONTAINERS_REGISTRIES_CONF", path, 1), 0);
	ck_assert_int_eq(registries_conf_load(&c, &err), ERR_OK);
	ck_assert_str_eq(registries_conf_find(&c, "no-such.example/a")->primary.location, "p");
	ck_assert_str_eq(registries_conf_find(&c, "no-such.example/a")->from, path);
	ck_assert_ptr_null(registries_conf_find(&c, "only/a"));
	ck_assert_int_eq(setenv("CONTAINERS_REGISTRIES_CONF", "/no/such", 1), 0);
	ck_assert_int_eq(registries_conf_load(&c, &err), ERR_NOT_FOUND);
	ck_assert_str_eq(err.msg, "CONTAINERS_REGISTRIES_CONF: /no/such: no such file");
	folder_remove(home);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("registries_conf");
	TCase *t = tcase_create("registries_conf");

	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, many_mirrors);
	tcase_add_test(t, files);
	suite_add_tcase(s, t);
	return test_run(s);
}
