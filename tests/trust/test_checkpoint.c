#include "trust/checkpoint.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define VECTORS "tests/fixtures/sigstore"
#define DASH "\xe2\x80\x94 "
#define V2 "log2025-alpha1.rekor.sigstage.dev"
#define V2_TEXT V2 "\n736\nrs1YPY0ydAV0lxgfrq5pE4oRpUJwo3syeps5+eGUTDI=\n"
#define V2_LINE                                                                                                        \
	DASH V2 " 8w1amdbj1mjNN674dHAkD92+QZoEgBC7o0mXYSTRluDjQrOPjrps3zQB9ut+ShLepyZPsWBDi5IB3yXyjgjQT6OG9A8=\n"
#define V2_FALSE                                                                                                       \
	DASH V2 " 8w1amdbj1mjMN674dHAkD92+QZoEgBC7o0mXYSTRluDjQrOPjrps3zQB9ut+ShLepyZPsWBDi5IB3yXyjgjQT6OG9A8=\n"
#define V2_OTHER_KEY DASH V2 " 8w1amAAAAAA=\n"
#define WITNESS                                                                                                        \
	DASH "witness.example "                                                                                        \
	     "O8PH5AAAAABopO8+4O9uzScQrNEnGdKLYXSPoUjH1Se4n92W+wT/j5Kel/4J2XWE4bEe9bpIVUD6EGOeUDFkSWz/rbDhvVcJ/"       \
	     "2OrDw==\n"

static const struct {
	const char *note;
	enum err_code code;
} notes[] = {
	{ V2_TEXT "\n" V2_LINE, ERR_OK },
	{ V2_TEXT "\n" WITNESS V2_LINE, ERR_OK },
	{ V2_TEXT "\n" V2_LINE WITNESS WITNESS, ERR_OK },
	{ V2_TEXT "\n" V2_LINE V2_LINE, ERR_OK },
	{ V2_TEXT "\n" V2_OTHER_KEY V2_LINE, ERR_OK },
	{ V2_TEXT "\n" V2_LINE V2_FALSE, ERR_UNPROVED },
	{ V2_TEXT "\n" V2_FALSE V2_LINE, ERR_UNPROVED },
	{ V2_TEXT "\n" V2_FALSE, ERR_UNPROVED },
	{ V2_TEXT "\n" WITNESS, ERR_UNPROVED },
	{ V2_TEXT "extra\n\n" V2_LINE, ERR_UNPROVED },
	{ V2_TEXT "\n\n" V2_LINE, ERR_UNPROVED },
	{ "other\n736\nrs1YPY0ydAV0lxgfrq5pE4oRpUJwo3syeps5+eGUTDI=\n\n" V2_LINE, ERR_UNPROVED },
	{ V2 "\n737\nrs1YPY0ydAV0lxgfrq5pE4oRpUJwo3syeps5+eGUTDI=\n\n" V2_LINE, ERR_UNPROVED },
	{ V2 "\n0736\nrs1YPY0ydAV0lxgfrq5pE4oRpUJwo3syeps5+eGUTDI=\n\n" V2_LINE, ERR_FORMAT },
	{ V2 "\n-1\nrs1YPY0ydAV0lxgfrq5pE4oRpUJwo3syeps5+eGUTDI=\n\n" V2_LINE, ERR_FORMAT },
	{ V2 "\n\nrs1YPY0ydAV0lxgfrq5pE4oRpUJwo3syeps5+eGUTDI=\n\n" V2_LINE, ERR_FORMAT },
	{ V2 "\n736\nrs1YPY0=\n\n" V2_LINE, ERR_FORMAT },
	{ V2 "\n736\nnonsense\n\n" V2_LINE, ERR_FORMAT },
	{ V2_TEXT V2_LINE, ERR_FORMAT },
	{ V2_TEXT "\n", ERR_FORMAT },
	{ V2_TEXT, ERR_FORMAT },
	{ "", ERR_FORMAT },
	{ "\n\n", ERR_FORMAT },
	{ "\n\n" V2_LINE, ERR_FORMAT },
	{ V2_TEXT "\n" V2_LINE "nonsense\n", ERR_FORMAT },
	{ V2_TEXT "\n" V2_LINE DASH "a\n", ERR_FORMAT },
	{ V2_TEXT "\n" V2_LINE DASH " AAAAAAA=\n", ERR_FORMAT },
	{ V2_TEXT "\n" V2_LINE DASH "a AAAA\n", ERR_FORMAT },
	{ V2_TEXT "\n" V2_LINE DASH "a AAAAAAA=", ERR_FORMAT },
	{ V2_TEXT "\n" V2_LINE DASH "a+b AAAAAAA=\n", ERR_FORMAT },
	{ V2_TEXT "\n" V2_LINE DASH "a AAAA_AA=\n", ERR_FORMAT },
	{ V2_TEXT "\n" V2_LINE DASH "a AAAAAAA\n", ERR_FORMAT },
	{ V2_TEXT "\n" V2_LINE DASH "a  AAAAAAA=\n", ERR_FORMAT },
	{ V2_TEXT "a\tb\n\n" V2_LINE, ERR_FORMAT },
	{ V2_TEXT "\r\n\n" V2_LINE, ERR_FORMAT },
};

START_TEST(note)
{
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	struct checkpoint c = { 0 };
	struct err err = { 0 };
	enum err_code code;

	ck_assert_int_eq(trust_root_read(VECTORS "/rekor2-happy-path/trusted_root.json", &root, NULL), ERR_OK);
	ck_assert_uint_eq(root->tlogs_len, 2);
	code = checkpoint_check(notes[_i].note, &root->tlogs[1], &c, &err);
	ck_assert_msg(code == notes[_i].code, "%d: %s", _i, err.msg);
	ck_assert_int_eq(err.code, code);
	ck_assert_uint_eq(c.size, code == ERR_OK ? 736 : 0);
	/* another log's key does not do */
	ck_assert_int_ne(checkpoint_check(notes[_i].note, &root->tlogs[0], &c, NULL), ERR_OK);
}
END_TEST

/* Where the log is reached; its checkpoint says that it is V2. */
static const struct {
	const char *url;
	enum err_code code;
} places[] = {
	{ "https://" V2, ERR_OK },
	{ "https://" V2 "/", ERR_OK },
	{ "https://" V2 ":8080/api?x#y", ERR_OK },
	{ V2, ERR_OK },
	{ "", ERR_OK },
	{ "https://rekor.example", ERR_UNPROVED },
	{ "https://" V2 ".example", ERR_UNPROVED },
	{ "https://a." V2, ERR_UNPROVED },
	{ "https:///" V2, ERR_UNPROVED },
	{ "https://", ERR_UNPROVED },
};

START_TEST(of_its_log)
{
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	struct checkpoint c = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(trust_root_read(VECTORS "/rekor2-happy-path/trusted_root.json", &root, NULL), ERR_OK);
	free(root->tlogs[1].url);
	root->tlogs[1].url = strdup(places[_i].url);
	ck_assert_int_eq(checkpoint_check(V2_TEXT "\n" V2_LINE, &root->tlogs[1], &c, &err), places[_i].code);
	ck_assert(places[_i].code == ERR_OK || strstr(err.msg, "is of the log " V2 ", not of") != NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("checkpoint");
	TCase *t = tcase_create("checkpoint");

	tcase_add_loop_test(t, note, 0, (int)COUNT_OF(notes));
	tcase_add_loop_test(t, of_its_log, 0, (int)COUNT_OF(places));
	suite_add_tcase(s, t);
	return test_run(s);
}
