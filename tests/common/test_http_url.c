/* The part of http.h that is about URLs. */
#include "common/http.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name, *base, *url, *want; /* NULL: ERR_FORMAT */
} links[] = {
	{ "absolute", "https://a/b", "https://c/d?e=f", "https://c/d?e=f" },
	{ "absolute path", "https://a:5000/b/c?d", "/x?y", "https://a:5000/x?y" },
	{ "relative path", "https://a/b/c", "x", "https://a/b/x" },
	{ "query alone", "https://a/b/c?d=e", "?f=g", "https://a/b/c?f=g" },
	{ "without a scheme", "https://a/b", "//c/d", "https://c/d" },
	{ "upwards", "https://a/b/c/d", "../../../x", "https://a/x" },
	{ "another scheme", "https://a/b", "file:///etc/passwd", NULL },
	{ "no URL", "https://a/b", "http://[::1", NULL },
	{ "no base", "nonsense", "x", NULL },
};

START_TEST(resolve_url)
{
	char out[LIMIT_URL_BYTES];
	struct err err = { 0 };
	enum err_code got = http_resolve_url(links[_i].base, links[_i].url, out, sizeof(out), &err);

	if (links[_i].want == NULL && got == ERR_OK)
		ck_assert_msg(strncmp(out, "http", 4) != 0, "%s: %s", links[_i].name, out);
	else
		ck_assert_msg(got == (links[_i].want != NULL ? ERR_OK : ERR_FORMAT), "%s: %s", links[_i].name, err.msg);
	if (links[_i].want != NULL) {
		size_t len = strlen(links[_i].want);

		ck_assert_str_eq(out, links[_i].want);
		ck_assert_int_eq(http_resolve_url(links[_i].base, links[_i].url, out, len + 1, &err), ERR_OK);
		ck_assert_int_eq(http_resolve_url(links[_i].base, links[_i].url, out, len, &err), ERR_LIMIT);
	}
}
END_TEST

static const struct {
	const char *text, *want;
} escapes[] = {
	{ "", "" },
	{ "azAZ09-._~", "azAZ09-._~" },
	{ "repository:a/b:pull,push", "repository%3Aa%2Fb%3Apull%2Cpush" },
	{ "a&b=c d+e%", "a%26b%3Dc%20d%2Be%25" },
	{ "\xc3\xa4\n", "%C3%A4%0A" },
};

START_TEST(escape)
{
	CLEANUP(buf_release) struct buf out;

	buf_init(&out, 100);
	ck_assert_int_eq(http_escape(escapes[_i].text, &out, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&out), escapes[_i].want);
}
END_TEST

static const struct {
	const char *one, *other;
	bool same;
} hosts[] = {
	{ "http://a/x", "http://a/y", true },
	{ "http://a", "https://A", true },
	{ "https://a:443/x", "https://a", true },
	{ "http://a:443/x", "https://a", false },
	{ "http://a:80/x", "https://a:443", true },
	{ "http://a:5000", "https://a:5000", true },
	{ "http://[::1]:5000", "http://[::1]:5000/", true },
	{ "http://a:5000", "http://a", false },
	{ "http://a:5000", "http://a:5001", false },
	{ "http://a", "http://a.b", false },
	{ "http://u@a", "http://a", false },
	{ "ftp://a", "http://a", false },
	{ "a", "", false },
};

START_TEST(same_host)
{
	bool same = !hosts[_i].same;

	ck_assert_int_eq(http_url_same_host(hosts[_i].one, hosts[_i].other, &same, NULL), ERR_OK);
	ck_assert_msg(same == hosts[_i].same, "%s, %s", hosts[_i].one, hosts[_i].other);
	same = !same;
	ck_assert_int_eq(http_url_same_host(hosts[_i].other, hosts[_i].one, &same, NULL), ERR_OK);
	ck_assert_int_eq(same, hosts[_i].same);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_url");
	TCase *t = tcase_create("http_url");

	tcase_add_loop_test(t, resolve_url, 0, (int)COUNT_OF(links));
	tcase_add_loop_test(t, same_host, 0, (int)COUNT_OF(hosts));
	tcase_add_loop_test(t, escape, 0, (int)COUNT_OF(escapes));
	suite_add_tcase(s, t);
	return test_run(s);
}
