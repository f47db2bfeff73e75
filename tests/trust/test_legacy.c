#include "trust/legacy.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/edit_text.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"

enum part { LAYER, SIGNATURE, CERTIFICATE, CHAIN, REKOR, TIMESTAMP, PARTS };

/* One annotation changed, or in place of what is there. */
static const struct {
	enum part part;
	const char *from, *to; /* from: NULL for all of it */
	const char *says;      /* "" where it is read */
	bool statement;
} edits[] = {
	{ LAYER, "", "", "", false },
	{ LAYER, "", "", "", true },
	{ LAYER, NULL, "", "JSON", true },
	{ LAYER, "\"payloadType\"", "\"x\"", "no payloadType", true },
	{ SIGNATURE, NULL, "", "JSON", false }, /* then the layer must be an envelope */
	{ SIGNATURE, NULL, "=", "base64", false },
	{ SIGNATURE, NULL, "A", "base64", false },
	{ SIGNATURE, "M", "M M", "base64", false },
	{ CERTIFICATE, "", "text in front\n", "", false },
	{ CERTIFICATE, "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "no certificate in PEM", false },
	{ CERTIFICATE, NULL, "text", "no certificate in PEM", false },
	{ CERTIFICATE, NULL, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no certificate in PEM",
	  false },
	{ CHAIN, NULL, "text", "no certificate in PEM", false },
	{ REKOR, NULL, "{}", "no SignedEntryTimestamp", false },
	{ REKOR, NULL, "[]", "no SignedEntryTimestamp", false },
	{ REKOR, NULL, "text", "JSON", false },
	{ REKOR, "\"Payload\"", "\"payload\"", "no body", false },
	{ REKOR, "\"body\":\"", "\"body\":\"*", "body", false },
	{ REKOR, "\"integratedTime\":", "\"integratedTime\":-", "integratedTime is no number", false },
	{ REKOR, "\"logIndex\":", "\"logIndex\":-", "logIndex is no number", false },
	{ REKOR, "\"logID\":\"", "\"logID\":\"0", "not hexadecimal", false },
	{ REKOR, "\"logID\":\"", "\"logID\":\"AA", "not hexadecimal", false },
	{ REKOR, "\"logID\":\"", "\"logID\":\"0g", "not hexadecimal", false },
	{ REKOR, "\"logID\":\"", "\"logID\":\"\",\"x\":\"", "not hexadecimal", false },
	{ REKOR, "\"logID\"", "\"logid\"", "not hexadecimal", false },
	{ REKOR, "{\"Signed", "{\"Payload\":{},\"Signed", "JSON", false },
	{ TIMESTAMP, NULL, "{}", "no SignedRFC3161Timestamp", false },
	{ TIMESTAMP, NULL, "{\"SignedRFC3161Timestamp\":1}", "no SignedRFC3161Timestamp", false },
	{ TIMESTAMP, NULL, "{\"SignedRFC3161Timestamp\":\"*\"}", "SignedRFC3161Timestamp", false },
};

static enum err_code read_parts(char *const texts[PARTS], struct sigstore_bundle *b, struct err *err)
{
	const struct legacy_parts parts = { .layer = texts[LAYER],
					    .layer_len = strlen(texts[LAYER]),
					    .signature = texts[SIGNATURE],
					    .certificate = texts[CERTIFICATE],
					    .chain = texts[CHAIN],
					    .rekor = texts[REKOR],
					    .timestamp = texts[TIMESTAMP] };

	return sigstore_bundle_of_legacy(&parts, "layer", b, err);
}

START_TEST(annotation)
{
	struct mock *m = mock_new();
	const struct mock_wish wish = { .statement = edits[_i].statement, .timestamp = true };
	struct mock_legacy l = mock_legacy(m, &wish);
	char *texts[PARTS] = { l.layer, l.signature, l.certificate, l.certificate, l.rekor, l.timestamp };
	const char *was = texts[edits[_i].part];
	CLEANUP(free_ptr)
	char *text = edits[_i].from != NULL ? edit_text(was, edits[_i].from, edits[_i].to) : strdup(edits[_i].to);
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };
	bool good = edits[_i].says[0] == '\0';
	struct err err = { 0 };
	enum err_code code;

	texts[edits[_i].part] = text;
	code = read_parts(texts, &b, &err);
	ck_assert_msg((code == ERR_OK) == good, "%d: %s", _i, err.msg);
	ck_assert_msg(strstr(err.msg, edits[_i].says) != NULL, "%d: %s", _i, err.msg);
	ck_assert_uint_eq(b.certificates_len, good ? 2 : 0);
	ck_assert_uint_eq(b.entries_len, good ? 1 : 0);
	mock_legacy_release(&l);
	mock_free(m);
}
END_TEST

/* As many certificates as a chain may have, and one over; a chain alone is of nobody. */
START_TEST(chains)
{
	struct mock *m = mock_new();
	struct mock_legacy l = mock_legacy(m, &(struct mock_wish){ .kind = "" });
	CLEANUP(buf_release) struct buf chain = { .max = 1 << 20 };
	char *texts[PARTS] = { l.layer, l.signature, l.certificate };
	int i;

	for (i = 1; i <= LIMIT_CHAIN; i++) {
		CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };

		ck_assert_int_eq(read_parts(texts, &b, NULL), ERR_OK);
		ck_assert_uint_eq(b.certificates_len, (size_t)i);
		ck_assert_int_eq(buf_puts(&chain, l.certificate, NULL), ERR_OK);
		texts[CHAIN] = chain.data;
	}
	{
		CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };

		ck_assert_int_eq(read_parts(texts, &b, NULL), ERR_LIMIT);
		texts[CERTIFICATE] = NULL;
		ck_assert_int_eq(read_parts(texts, &b, NULL), ERR_OK);
		ck_assert_uint_eq(b.certificates_len, 0);
	}
	mock_legacy_release(&l);
	mock_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("legacy");
	TCase *t = tcase_create("legacy");

	tcase_add_loop_test(t, annotation, 0, (int)COUNT_OF(edits));
	tcase_add_test(t, chains);
	suite_add_tcase(s, t);
	return test_run(s);
}
