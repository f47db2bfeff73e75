#include "trust/root.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"

#define ENDED "\"validFor\":{\"end\":\"2030-01-01T00:00:00Z\"}"

/* A log that does not say since when it counts is none; authorities have the times of their certificates too. */
static const struct {
	struct mock_root_wish wish;
	const char *says; /* "" where it is read */
} windows[] = {
	{ { .log_window = "\"validFor\":{\"start\":\"1970-01-01T00:00:00Z\"}" }, "" },
	{ { .log_window = "\"validFor\":{\"start\":\"2020-01-01T00:00:00Z\",\"end\":null}" }, "" },
	{ { .log_window = "\"validFor\":{}" }, "from which it counts" },
	{ { .log_window = "\"validFor\":null" }, "from which it counts" },
	{ { .log_window = "\"validFor\":\"2020-01-01T00:00:00Z\"" }, "from which it counts" },
	{ { .log_window = "\"validfor\":{\"start\":\"2020-01-01T00:00:00Z\"}" }, "from which it counts" },
	{ { .log_window = ENDED }, "from which it counts" },
	{ { .log_window = "\"validFor\":{\"start\":null}" }, "from which it counts" },
	{ { .log_window = "\"validFor\":{\"start\":\"\"}" }, "start is no time" },
	{ { .log_window = "\"validFor\":{\"start\":1577836800}" }, "start is no time" },
	{ { .log_window = "\"validFor\":{\"start\":\"2020-01-01T00:00:00Z\",\"end\":\"never\"}" }, "end is no time" },
	{ { .ctlog_window = "\"validFor\":{}" }, "from which it counts" },
	{ { .ctlog_window = ENDED }, "from which it counts" },
	{ { .authority_window = "\"validFor\":{}" }, "" },
	{ { .authority_window = ENDED }, "" },
	{ { .authority_window = "\"validFor\":null" }, "" },
};

START_TEST(window)
{
	struct mock *m = mock_new();
	CLEANUP(free_ptr) char *text = mock_root(m, &windows[_i].wish);
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	struct err err = { 0 };
	enum err_code code = trust_root_parse(text, strlen(text), "root.json", &root, &err);

	ck_assert_msg(code == (windows[_i].says[0] == '\0' ? ERR_OK : ERR_FORMAT), "%d: %s", _i, err.msg);
	ck_assert_msg(strstr(err.msg, windows[_i].says) != NULL, "%d: %s", _i, err.msg);
	ck_assert_int_eq(root != NULL, code == ERR_OK);
	mock_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("root");
	TCase *t = tcase_create("root");

	tcase_add_loop_test(t, window, 0, (int)COUNT_OF(windows));
	suite_add_tcase(s, t);
	return test_run(s);
}
