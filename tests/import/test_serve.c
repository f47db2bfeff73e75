#include "import/serve.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct serve_field fields[] = {
	{ "Accept", "text/html" },
	{ "accept", "text/plain" },
	{ "X", "" },
	{ "yes", "1" },
	{ "also", "true" },
	{ "no", "0" },
	{ "nor", "FALSE" },
	{ "neither", "none" },
};
static const struct serve_request request = {
	.path = "/",
	.query = fields,
	.query_len = COUNT_OF(fields),
	.headers = fields,
	.headers_len = COUNT_OF(fields),
};

START_TEST(lookups)
{
	ck_assert_str_eq(serve_header(&request, "ACCEPT"), "text/html");
	ck_assert_ptr_null(serve_header(&request, "Accept-Encoding"));
	ck_assert_str_eq(serve_query(&request, "accept"), "text/plain");
	ck_assert_ptr_null(serve_query(&request, "ACCEPT"));
	ck_assert(serve_query_flag(&request, "yes"));
	ck_assert(serve_query_flag(&request, "also"));
	ck_assert(!serve_query_flag(&request, "X"));
	ck_assert(!serve_query_flag(&request, "no"));
	ck_assert(!serve_query_flag(&request, "nor"));
	ck_assert(!serve_query_flag(&request, "neither"));
	ck_assert(!serve_query_flag(&request, "missing"));
}
END_TEST

/* A header is set once: later values replace earlier ones, whatever the case of the name. */
START_TEST(headers)
{
	CLEANUP(serve_answer_release) struct serve_answer a;
	struct err err = { .code = ERR_OK };
	size_t i;

	serve_answer_init(&a);
	ck_assert_int_eq(serve_answer_header(&a, &err, "ETag", "\"%s\"", "x"), ERR_OK);
	ck_assert_int_eq(serve_answer_header(&a, &err, "etag", "%d", 2), ERR_OK);
	ck_assert_uint_eq(a.headers_len, 1);
	ck_assert_str_eq(a.headers[0].value, "2");
	ck_assert_int_eq(serve_answer_header(&a, &err, "Link", "a\r\nSet-Cookie: b"), ERR_FORMAT);
	ck_assert_int_eq(serve_answer_header(&a, &err, "Link", "\x7f"), ERR_FORMAT);
	ck_assert_uint_eq(a.headers_len, 1);
	for (i = 1; i < SERVE_HEADERS_MAX; i++) {
		char name[16];

		snprintf(name, sizeof(name), "X-%zu", i);
		ck_assert_int_eq(serve_answer_header(&a, &err, name, "y"), ERR_OK);
	}
	ck_assert_int_eq(serve_answer_header(&a, &err, "One-More", "y"), ERR_LIMIT);
}
END_TEST

START_TEST(texts)
{
	CLEANUP(serve_answer_release) struct serve_answer a;

	serve_answer_init(&a);
	ck_assert_uint_eq(serve_answer_len(&a), 0);
	ck_assert_int_eq(serve_answer_text(&a, 404, "text/plain", "first", NULL), ERR_OK);
	ck_assert_int_eq(serve_answer_text(&a, 200, "text/html", "the second", NULL), ERR_OK);
	ck_assert_uint_eq(a.status, 200);
	ck_assert_str_eq(buf_text(&a.text), "the second");
	ck_assert_uint_eq(serve_answer_len(&a), 10);
	ck_assert_uint_eq(a.headers_len, 1);
	ck_assert_str_eq(a.headers[0].value, "text/html");
}
END_TEST

/* Every code has a status that a client understands. */
START_TEST(statuses)
{
	ck_assert_uint_eq(serve_status(ERR_NOT_FOUND), 404);
	ck_assert_uint_eq(serve_status(ERR_FORMAT), 400);
	ck_assert_uint_eq(serve_status(ERR_IO), 503);
	ck_assert_uint_eq(serve_status(ERR_NOMEM), 503);
	ck_assert_uint_eq(serve_status(ERR_DAMAGED), 500);
	ck_assert_uint_eq(serve_status(ERR_DENIED), 401);
	ck_assert_str_ne(serve_reason(serve_status((enum err_code)_i)), "Unknown");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve");
	TCase *t = tcase_create("serve");

	tcase_add_test(t, lookups);
	tcase_add_test(t, headers);
	tcase_add_test(t, texts);
	tcase_add_loop_test(t, statuses, 0, ERR_CODES);
	suite_add_tcase(s, t);
	return test_run(s);
}
