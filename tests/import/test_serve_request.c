#include "import/serve_request.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *uri;
	enum err_code code;
	const char *path, *query; /* what it becomes; the query as NAME=VALUE|NAME=VALUE */
} cases[] = {
	{ "/", ERR_OK, "/", "" },
	{ "/v2/", ERR_OK, "/v2/", "" },
	{ "/a%2Fb%3a%C3%A9", ERR_OK, "/a/b:\xc3\xa9", "" },
	{ "/a+b?c+d=e+f%2B", ERR_OK, "/a+b", "c d=e f+" },
	{ "/x?a=1&a=2&b&=3&&c==", ERR_OK, "/x", "a=1|a=2|b=|=3|c==" },
	{ "/x?", ERR_OK, "/x", "" },
	{ "/x?a=%7B%22os%22:%22linux%22%7D", ERR_OK, "/x", "a={\"os\":\"linux\"}" },
	{ "http://host:80/x?y", ERR_OK, "/x", "y=" },
	{ "HTTPS://host/x", ERR_OK, "/x", "" },
	{ "http://host", ERR_OK, "/", "" },
	{ "http://host?x", ERR_OK, "/", "" },
	{ "//x//y", ERR_OK, "//x//y", "" },
	{ "/...", ERR_OK, "/...", "" },
	{ "/.x", ERR_OK, "/.x", "" },
	{ "", ERR_FORMAT, NULL, NULL },
	{ "*", ERR_FORMAT, NULL, NULL },
	{ "x", ERR_FORMAT, NULL, NULL },
	{ "?x", ERR_FORMAT, NULL, NULL },
	{ "/.", ERR_FORMAT, NULL, NULL },
	{ "/..", ERR_FORMAT, NULL, NULL },
	{ "/a/../b", ERR_FORMAT, NULL, NULL },
	{ "/a/%2e%2E/b", ERR_FORMAT, NULL, NULL },
	{ "/a%2f..%2fb", ERR_FORMAT, NULL, NULL },
	{ "/a/./b", ERR_FORMAT, NULL, NULL },
	{ "/%00", ERR_FORMAT, NULL, NULL },
	{ "/%0a", ERR_FORMAT, NULL, NULL },
	{ "/%7f", ERR_FORMAT, NULL, NULL },
	{ "/%", ERR_FORMAT, NULL, NULL },
	{ "/%4", ERR_FORMAT, NULL, NULL },
	{ "/%zz", ERR_FORMAT, NULL, NULL },
	{ "/%ff", ERR_FORMAT, NULL, NULL },
	{ "/\xc0\xaf", ERR_FORMAT, NULL, NULL },
	{ "/x?a=%00", ERR_FORMAT, NULL, NULL },
	{ "/x?%0d=1", ERR_FORMAT, NULL, NULL },
	{ "/x?a=%ff", ERR_FORMAT, NULL, NULL },
	{ "/x?a=%1", ERR_FORMAT, NULL, NULL },
};

static void put_query(const struct serve_request *r, char *out, size_t size)
{
	size_t len = 0, i;

	out[0] = '\0';
	for (i = 0; i < r->query_len; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s=%s", i > 0 ? "|" : "", r->query[i].name,
					r->query[i].value);
}

START_TEST(parse)
{
	CLEANUP(serve_parsed_release) struct serve_parsed p = { .text = NULL };
	struct err err = { .code = ERR_OK };
	enum err_code got = serve_parse("GET", cases[_i].uri, &p, &err);
	char query[256];

	ck_assert_msg(got == cases[_i].code, "%s: %d %s", cases[_i].uri, got, err.msg);
	if (got != ERR_OK)
		return;
	put_query(&p.request, query, sizeof(query));
	ck_assert_str_eq(p.request.path, cases[_i].path);
	ck_assert_str_eq(query, cases[_i].query);
}
END_TEST

static const struct {
	const char *text;
	enum serve_method method;
} methods[] = {
	{ "GET", SERVE_GET },   { "HEAD", SERVE_HEAD }, { "POST", SERVE_OTHER },
	{ "get", SERVE_OTHER }, { "", SERVE_OTHER },    { "GETX", SERVE_OTHER },
};

START_TEST(method)
{
	CLEANUP(serve_parsed_release) struct serve_parsed p = { .text = NULL };

	ck_assert_int_eq(serve_parse(methods[_i].text, "/", &p, NULL), ERR_OK);
	ck_assert_int_eq(p.request.method, methods[_i].method);
	ck_assert_str_eq(p.request.method_text, methods[_i].text);
}
END_TEST

/* The longest URI is taken, and one byte more is not; as many parameters, and one more. */
START_TEST(bounds)
{
	CLEANUP(serve_parsed_release) struct serve_parsed p = { .text = NULL };
	CLEANUP(free_ptr) char *uri = malloc(LIMIT_SERVE_URL_BYTES + 2);
	size_t i;

	ck_assert_ptr_nonnull(uri);
	memset(uri, 'a', LIMIT_SERVE_URL_BYTES + 1);
	uri[0] = '/';
	uri[LIMIT_SERVE_URL_BYTES + 1] = '\0';
	ck_assert_int_eq(serve_parse("GET", uri, &p, NULL), ERR_LIMIT);
	uri[LIMIT_SERVE_URL_BYTES] = '\0';
	ck_assert_int_eq(serve_parse("GET", uri, &p, NULL), ERR_OK);
	serve_parsed_release(&p);
	strcpy(uri, "/?");
	for (i = 0; i < LIMIT_SERVE_FIELDS; i++)
		strcat(uri, "a&");
	ck_assert_int_eq(serve_parse("GET", uri, &p, NULL), ERR_OK);
	ck_assert_uint_eq(p.request.query_len, LIMIT_SERVE_FIELDS);
	serve_parsed_release(&p);
	strcat(uri, "a");
	ck_assert_int_eq(serve_parse("GET", uri, &p, NULL), ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_request");
	TCase *t = tcase_create("serve_request");

	tcase_add_loop_test(t, parse, 0, COUNT_OF(cases));
	tcase_add_loop_test(t, method, 0, COUNT_OF(methods));
	tcase_add_test(t, bounds);
	suite_add_tcase(s, t);
	return test_run(s);
}
