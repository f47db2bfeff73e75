#include "trust/sct.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/certificate.h"

#define FROM(time) "\"validFor\":{\"start\":\"" time "\"}"

static const struct {
	struct mock_wish wish;
	struct mock_root_wish root;
	const char *says; /* "" where it holds */
} cases[] = {
	{ { 0 }, { 0 }, "" },
	{ { 0 }, { .ctlog_end = MOCK_TIME }, "" },
	{ { 0 }, { .ctlog_window = FROM("2023-11-14T22:13:20Z") }, "" },
	{ { .by_between = true }, { .names_between = true }, "" },
	{ { 0 }, { .ctlog_window = FROM("2023-11-14T22:13:21Z") }, "no log of certificates in root" },
	{ { 0 }, { .ctlog_end = MOCK_TIME - 1 }, "no log of certificates in root" },
	{ { 0 }, { .no_ctlog = true }, "no log of certificates in root" },
	{ { .false_sct = true }, { 0 }, "no log of certificates in root" },
	/* of another issuer: the log has signed that one's key too */
	{ { 0 }, { .names_between = true }, "no log of certificates in root" },
	{ { .by_between = true }, { 0 }, "no log of certificates in root" },
	{ { .no_sct = true }, { 0 }, "no signed timestamp" },
};

START_TEST(timestamp)
{
	struct mock *m = mock_new();
	CLEANUP(free_ptr) char *text = mock_root(m, &cases[_i].root);
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	CLEANUP(buf_release) struct buf der = mock_certificate(m, &cases[_i].wish);
	CLEANUP(certificate_release) struct certificate c = { 0 };
	struct err err = { 0 };
	enum err_code code;

	ck_assert_int_eq(trust_root_parse(text, strlen(text), "root", &root, NULL), ERR_OK);
	ck_assert_int_eq(certificate_read(der.data, der.len, &c, NULL), ERR_OK);
	code = sct_check(c.x509, root->cas[0].chain[0], root, &err);
	ck_assert_msg(code == (cases[_i].says[0] == '\0' ? ERR_OK : ERR_UNPROVED), "%d: %s", _i, err.msg);
	ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL, "%d: %s", _i, err.msg);
	/* it has taken them out */
	ck_assert_int_eq(sct_check(c.x509, root->cas[0].chain[0], root, &err), ERR_UNPROVED);
	ck_assert_ptr_nonnull(strstr(err.msg, "no signed timestamp"));
	mock_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sct");
	TCase *t = tcase_create("sct");

	tcase_add_loop_test(t, timestamp, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
