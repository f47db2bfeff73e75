#include "trust/authority.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/certificate.h"

#define END (MOCK_TIME + 600)
#define YEAR (INT64_C(365) * 24 * 3600)

/* A certificate, what a root says of its authority, and when it was used. */
static const struct {
	struct mock_wish wish;
	struct mock_root_wish root;
	int64_t times[2]; /* 0: none */
	enum err_code code;
	const char *says;
} cases[] = {
	{ { 0 }, { 0 }, { MOCK_TIME }, ERR_OK, "" },
	{ { 0 }, { 0 }, { END }, ERR_OK, "" },
	{ { 0 }, { 0 }, { MOCK_TIME, END }, ERR_OK, "" },
	{ { 0 }, { .ca_end = MOCK_TIME }, { MOCK_TIME }, ERR_OK, "" },
	{ { 0 }, { .names_between = true }, { MOCK_TIME }, ERR_OK, "" }, /* by the root itself */
	{ { .by_between = true }, { .names_between = true }, { MOCK_TIME }, ERR_OK, "" },
	{ { .by_between = true }, { 0 }, { MOCK_TIME }, ERR_NOT_FOUND, "not by the authority" },
	{ { .by_tls = true }, { .names_between = true }, { MOCK_TIME }, ERR_NOT_FOUND, "not by the authority" },
	{ { .other_ca = true }, { 0 }, { MOCK_TIME }, ERR_NOT_FOUND, "not by the authority" },
	{ { .by_between = true },
	  { .names_between = true, .above = { .names = "critical,permitted;email:acme.example" } },
	  { MOCK_TIME },
	  ERR_OK,
	  "" },
	{ { .by_between = true },
	  { .names_between = true, .above = { .names = "critical,permitted;email:other.example" } },
	  { MOCK_TIME },
	  ERR_UNPROVED,
	  "may not vouch" },
	{ { .by_between = true },
	  { .names_between = true, .above = { .names = "critical,excluded;email:acme.example" } },
	  { MOCK_TIME },
	  ERR_UNPROVED,
	  "may not vouch" },
	{ { .by_between = true },
	  { .names_between = true, .between = { .names = "critical,excluded;email:acme.example" } },
	  { MOCK_TIME },
	  ERR_NOT_FOUND,
	  "excluded subtree violation" },
	{ { .by_between = true },
	  { .names_between = true, .between = { .basic = "" } },
	  { MOCK_TIME },
	  ERR_UNPROVED,
	  "by one that is no authority's" },
	{ { 0 }, { 0 }, { MOCK_TIME - 1 }, ERR_UNPROVED, "was not valid" },
	{ { 0 }, { 0 }, { END + 1 }, ERR_UNPROVED, "was not valid" },
	{ { 0 }, { 0 }, { MOCK_TIME, END + 1 }, ERR_UNPROVED, "was not valid" },
	{ { 0 }, { 0 }, { MOCK_TIME - 1, END }, ERR_UNPROVED, "was not valid" },
	{ { 0 }, { .ca_end = MOCK_TIME }, { MOCK_TIME, MOCK_TIME + 1 }, ERR_UNPROVED, "did not count" },
	{ { .to = MOCK_TIME + 2 * YEAR }, { 0 }, { MOCK_TIME + 2 * YEAR }, ERR_UNPROVED, "did not count" },
	{ { .from = MOCK_TIME - 2 * YEAR, .to = END }, { 0 }, { MOCK_TIME - 2 * YEAR }, ERR_UNPROVED, "did not count" },
};

static struct trust_root *root_of(struct mock *m, const struct mock_root_wish *wish)
{
	CLEANUP(free_ptr) char *text = mock_root(m, wish);
	struct trust_root *root = NULL;

	ck_assert_int_eq(trust_root_parse(text, strlen(text), "root", &root, NULL), ERR_OK);
	return root;
}

START_TEST(leads_to)
{
	struct mock *m = mock_new();
	CLEANUP(trust_root_free_ptr) struct trust_root *root = root_of(m, &cases[_i].root);
	CLEANUP(buf_release) struct buf der = mock_certificate(m, &cases[_i].wish);
	CLEANUP(certificate_release) struct certificate c = { 0 };
	/* takes a reference of the issuer for us, and frees it with that */
	struct certificate issuer = { 0 };
	struct err err = { 0 };
	enum err_code code;

	ck_assert_int_eq(certificate_read(der.data, der.len, &c, NULL), ERR_OK);
	code = authority_check(root->cas, c.x509, NULL, cases[_i].times, cases[_i].times[1] != 0 ? 2 : 1, &issuer.x509,
			       &err);
	ck_assert_msg(code == cases[_i].code, "%d: %s", _i, err.msg);
	ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL, "%d: %s", _i, err.msg);
	if (code == ERR_OK) /* the one that has the key */
		ck_assert_ptr_eq(issuer.x509,
				 root->cas[0].chain[cases[_i].wish.by_between ? 0 : root->cas[0].chain_len - 1]);
	else
		ck_assert_ptr_null(issuer.x509);
	certificate_release(&issuer);
	mock_free(m);
}
END_TEST

/* What an authority signs with is not what it signs. */
START_TEST(its_own)
{
	struct mock *m = mock_new();
	CLEANUP(trust_root_free_ptr) struct trust_root *root = root_of(m, &(struct mock_root_wish){ 0 });
	struct x509_st *issuer = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(
		authority_check(root->cas, root->cas[0].chain[0], NULL, &(int64_t){ MOCK_TIME }, 1, &issuer, &err),
		ERR_UNPROVED);
	ck_assert_ptr_nonnull(strstr(err.msg, "authority's own"));
	ck_assert_ptr_null(issuer);
	mock_free(m);
}
END_TEST

/* A chain that does not lead to its last certificate is no authority, and a root goes on without it. */
START_TEST(order)
{
	struct mock *m = mock_new();
	CLEANUP(trust_root_free_ptr)
	struct trust_root *right = root_of(m, &(struct mock_root_wish){ .names_between = true });
	CLEANUP(trust_root_free_ptr)
	struct trust_root *wrong = root_of(m, &(struct mock_root_wish){ .reversed = true });

	ck_assert_uint_eq(right->cas_len, 1);
	ck_assert_uint_eq(right->cas[0].chain_len, 2);
	ck_assert_uint_eq(wrong->cas_len, 0);
	mock_free(m);
}
END_TEST

/* What the certificates of an authority say of it counts for all of them, not for the nearest alone. */
static const struct {
	struct mock_limits above, between;
	bool counts;
} limits[] = {
	{ { 0 }, { 0 }, true },
	{ { .basic = "critical,CA:TRUE,pathlen:0" }, { 0 }, false },
	{ { .basic = "critical,CA:TRUE,pathlen:1" }, { 0 }, true },
	{ { 0 }, { .basic = "critical,CA:TRUE,pathlen:0" }, true },
	{ { .use = "codeSigning" }, { 0 }, true },
	{ { .use = "anyExtendedKeyUsage" }, { .use = "codeSigning" }, true },
	{ { .use = "serverAuth" }, { .use = "codeSigning" }, false },
	{ { 0 }, { .use = "serverAuth" }, false },
	{ { .basic = "" }, { 0 }, false },
};

START_TEST(limited)
{
	struct mock *m = mock_new();
	CLEANUP(trust_root_free_ptr)
	struct trust_root *root =
		root_of(m, &(struct mock_root_wish){
				   .names_between = true, .above = limits[_i].above, .between = limits[_i].between });

	ck_assert_uint_eq(root->cas_len, limits[_i].counts ? 1 : 0);
	mock_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("authority");
	TCase *t = tcase_create("authority");

	tcase_add_loop_test(t, leads_to, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, its_own);
	tcase_add_test(t, order);
	tcase_add_loop_test(t, limited, 0, (int)COUNT_OF(limits));
	suite_add_tcase(s, t);
	return test_run(s);
}
