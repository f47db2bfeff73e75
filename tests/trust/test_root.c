#include "trust/root.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/edit_text.h"
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
	{ { .authority_window = "\"validFor\":\"2020-01-01T00:00:00Z\"" }, "without start and end" },
	{ { .authority_window = "\"validFor\":[]" }, "without start and end" },
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

/* A root of two logs, a log of certificates, an authority and one for timestamps, with one place changed. */
static const struct {
	const char *from, *to;
	enum err_code code;
	const char *says;
	size_t tlogs, cas, tsas; /* that count */
} edits[] = {
	{ "\"baseUrl\"", "\"baseUrl\"", ERR_OK, "", 2, 1, 1 },
	{ "\"baseUrl\"", "\"x\"", ERR_OK, "", 2, 1, 1 },
	{ "\"baseUrl\"", "\"baseUrl\":{},\"x\"", ERR_FORMAT, "baseUrl is no text", 0, 0, 0 },
	{ "\"baseUrl\"", "\"hashAlgorithm\":\"SHA2_256\",\"baseUrl\"", ERR_OK, "", 2, 1, 1 },
	{ "\"baseUrl\"", "\"hashAlgorithm\":\"SHA2_512\",\"baseUrl\"", ERR_OK, "", 1, 1, 1 },
	{ "\"baseUrl\"", "\"hashAlgorithm\":null,\"baseUrl\"", ERR_OK, "", 2, 1, 1 },
	{ "\"baseUrl\"", "\"hashAlgorithm\":0,\"baseUrl\"", ERR_FORMAT, "hashAlgorithm is no name", 0, 0, 0 },
	{ "\"baseUrl\"", "\"hashAlgorithm\":1,\"baseUrl\"", ERR_FORMAT, "hashAlgorithm is no name", 0, 0, 0 },
	{ "\"PKIX_ECDSA_P256_SHA_256\"", "5", ERR_FORMAT, "keyDetails is no name", 0, 0, 0 },
	{ "\"PKIX_ECDSA_P256_SHA_256\"", "null", ERR_OK, "", 2, 1, 1 },
	{ "PKIX_ECDSA_P256_SHA_256", "ML_DSA_65", ERR_OK, "", 1, 1, 1 },
	{ "PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519", ERR_FORMAT, "not what it is said to be", 0, 0, 0 },
	{ "\"keyDetails\":\"PKIX_ECDSA_P256_SHA_256\",", "", ERR_OK, "", 2, 1, 1 },
	{ "\"rawBytes\":\"M", "\"rawBytes\":\"N", ERR_FORMAT, "no public key", 0, 0, 0 },
	{ "\"rawBytes\":\"M", "\"rawBytes\":\"*", ERR_FORMAT, "rawBytes", 0, 0, 0 },
	{ "\"rawBytes\"", "\"rawbytes\"", ERR_FORMAT, "no rawBytes", 0, 0, 0 },
	{ "\"publicKey\"", "\"x\"", ERR_FORMAT, "no rawBytes", 0, 0, 0 },
	{ "\"logId\"", "\"x\"", ERR_OK, "", 2, 1, 1 },
	{ "\"logId\"", "\"logId\":\"\",\"x\"", ERR_FORMAT, "logId is no object", 0, 0, 0 },
	{ "\"logId\"", "\"checkpointKeyId\":[],\"logId\"", ERR_FORMAT, "checkpointKeyId is no object", 0, 0, 0 },
	{ "\"keyId\":\"", "\"keyId\":\"\",\"x\":\"", ERR_OK, "", 2, 1, 1 },
	{ "\"keyId\":\"", "\"keyId\":\"*", ERR_FORMAT, "keyId", 0, 0, 0 },
	{ "\"tlogs\":[", "\"tlogs\":null,\"x\":[", ERR_OK, "", 0, 1, 1 },
	{ "\"tlogs\":[", "\"tlogs\":{},\"x\":[", ERR_FORMAT, "tlogs is no list", 0, 0, 0 },
	{ "\"tlogs\":[", "\"tlogs\":[1],\"x\":[", ERR_FORMAT, "no rawBytes", 0, 0, 0 },
	{ "\"ctlogs\":[", "\"ctlogs\":\"\",\"x\":[", ERR_FORMAT, "ctlogs is no list", 0, 0, 0 },
	{ "\"certificateAuthorities\":[", "\"certificateAuthorities\":1,\"x\":[", ERR_FORMAT, "is no list", 0, 0, 0 },
	{ "\"timestampAuthorities\":[", "\"timestampAuthorities\":{},\"x\":[", ERR_FORMAT, "is no list", 0, 0, 0 },
	{ "\"certificates\":[{", "\"certificates\":[],\"x\":[{", ERR_FORMAT, "a chain of 0", 0, 0, 0 },
	{ "\"certificates\":[{\"rawBytes\":\"M", "\"certificates\":[{\"rawBytes\":\"N", ERR_FORMAT, "cannot be read", 0,
	  0, 0 },
	{ "\"certificates\":[{", "\"certificates\":[{\"rawBytes\":\"MAA=\"},{", ERR_FORMAT, "cannot be read", 0, 0, 0 },
	{ "json;version=0.1", "json;version=0.2", ERR_OK, "", 2, 1, 1 },
	{ "json;version=0.1", "json;version=0.3", ERR_UNSUPPORTED, "not known", 0, 0, 0 },
	{ "trustedroot+json;version=0.1", "bundle+json;version=0.1", ERR_FORMAT, "no trusted root", 0, 0, 0 },
	{ "\"mediaType\"", "\"mediatype\"", ERR_FORMAT, "no trusted root", 0, 0, 0 },
	{ "\"mediaType\"", "\"tlogs\":[],\"mediaType\"", ERR_FORMAT, "", 0, 0, 0 },
};

START_TEST(changed_place)
{
	struct mock *m = mock_new();
	CLEANUP(free_ptr) char *usual = mock_root(m, &(struct mock_root_wish){ 0 });
	CLEANUP(free_ptr) char *text = edit_text(usual, edits[_i].from, edits[_i].to);
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	struct err err = { 0 };
	enum err_code code = trust_root_parse(text, strlen(text), "root.json", &root, &err);

	ck_assert_msg(code == edits[_i].code, "%s: %s", edits[_i].to, err.msg);
	ck_assert_msg(strstr(err.msg, edits[_i].says) != NULL, "%s: %s", edits[_i].to, err.msg);
	ck_assert_int_eq(root != NULL, code == ERR_OK);
	if (root != NULL) {
		ck_assert_uint_eq(root->tlogs_len, edits[_i].tlogs);
		ck_assert_uint_eq(root->cas_len, edits[_i].cas);
		ck_assert_uint_eq(root->tsas_len, edits[_i].tsas);
	}
	mock_free(m);
}
END_TEST

/* Whoever asks for a log by naming one gets it asked for, even where the log's own key cannot be read. */
START_TEST(logs_that_are_passed_over)
{
	struct mock *m = mock_new();
	struct mock_root_wish wish = { .no_tlog = true };
	int i;

	for (i = 0; i < 2; i++) {
		CLEANUP(free_ptr) char *text = NULL;
		CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;

		wish.strange_log = i == 1;
		text = mock_root(m, &wish);
		ck_assert_int_eq(trust_root_parse(text, strlen(text), "root.json", &root, NULL), ERR_OK);
		ck_assert_uint_eq(root->tlogs_len, 0);
		ck_assert_int_eq(root->names_tlogs, i == 1);
	}
	mock_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("root");
	TCase *t = tcase_create("root");

	tcase_add_loop_test(t, window, 0, (int)COUNT_OF(windows));
	tcase_add_loop_test(t, changed_place, 0, (int)COUNT_OF(edits));
	tcase_add_test(t, logs_that_are_passed_over);
	suite_add_tcase(s, t);
	return test_run(s);
}
