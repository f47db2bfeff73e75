#include "import/document.h"

#include <check.h>
#include <string.h>

#include "common/base64.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define STATEMENT(type)                                                                                                \
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"" type "\",\"predicate\":{\"a\":1}}"
#define SLSA "https://slsa.dev/provenance/v1"

static struct image_builder images;

static void setup(void)
{
	image_builder_init(&images);
}

static void teardown(void)
{
	image_builder_release(&images);
}

static enum err_code read_item(size_t item, struct document *d, struct err *err)
{
	struct descriptor descriptor = {
		.digest = images.items[item].digest,
		.size_bytes = images.items[item].len,
		.media_type = images.items[item].media_type,
	};

	return document_read(&images.source, &descriptor, d, err);
}

static const struct {
	const char *name, *bytes;
	enum document_form form;
	const char *predicate_type;
} plain[] = {
	{ "SLSA v1", STATEMENT(SLSA), DOCUMENT_SLSA_V1, SLSA },
	{ "SLSA v0.2", STATEMENT("https://slsa.dev/provenance/v0.2"), DOCUMENT_SLSA_V02,
	  "https://slsa.dev/provenance/v0.2" },
	{ "SPDX", STATEMENT("https://spdx.dev/Document/v2.3"), DOCUMENT_SPDX, "https://spdx.dev/Document/v2.3" },
	{ "CycloneDX", STATEMENT("https://cyclonedx.org/bom"), DOCUMENT_CYCLONEDX, "https://cyclonedx.org/bom" },
	{ "another statement", STATEMENT("x"), DOCUMENT_OTHER, "x" },
	{ "a predicate that is no object", "{\"predicateType\":\"" SLSA "\",\"predicate\":[1]}", DOCUMENT_OTHER, SLSA },
	{ "a type that is no text", "{\"predicateType\":7,\"predicate\":{}}", DOCUMENT_OTHER, NULL },
	{ "bare SPDX", "{\"spdxVersion\":\"SPDX-2.3\"}", DOCUMENT_SPDX, NULL },
	{ "bare CycloneDX", "{\"bomFormat\":\"CycloneDX\"}", DOCUMENT_CYCLONEDX, NULL },
	{ "a VEX document", "{\"@context\":\"https://openvex.dev/ns/v0.2.0\"}", DOCUMENT_OPENVEX, NULL },
	{ "a scan", STATEMENT("https://in-toto.io/attestation/vulns/v0.1"), DOCUMENT_SCAN,
	  "https://in-toto.io/attestation/vulns/v0.1" },
	{ "another format of a BOM", "{\"bomFormat\":\"x\"}", DOCUMENT_OTHER, NULL },
	{ "an array", "[1,2]", DOCUMENT_OTHER, NULL },
	{ "nothing", "", DOCUMENT_OPAQUE, NULL },
	{ "no JSON", "<html>", DOCUMENT_OPAQUE, NULL },
	{ "JSON that is cut", "{\"a\":", DOCUMENT_OPAQUE, NULL },
	{ "an envelope of nothing", "{\"dsseEnvelope\":{}}", DOCUMENT_OPAQUE, NULL },
	{ "an envelope in the other alphabet", "{\"payload\":\"eyJhIjoiPj4-PyJ9\",\"signatures\":[]}", DOCUMENT_OTHER,
	  NULL },
	{ "an envelope of no base64", "{\"payload\":\"?\",\"signatures\":[]}", DOCUMENT_OPAQUE, NULL },
	{ "an envelope of no JSON", "{\"payload\":\"eA==\",\"signatures\":[]}", DOCUMENT_OPAQUE, NULL },
};

START_TEST(form)
{
	CLEANUP(document_release) struct document d = { 0 };
	size_t item = image_add(&images, "x", plain[_i].bytes, strlen(plain[_i].bytes));
	struct err err = { 0 };

	ck_assert_msg(read_item(item, &d, &err) == ERR_OK, "%s: %s", plain[_i].name, err.msg);
	ck_assert_msg(d.form == plain[_i].form, "%s: %d %s", plain[_i].name, (int)d.form, d.why.msg);
	ck_assert_msg((d.predicate_type == NULL) == (plain[_i].predicate_type == NULL), "%s", plain[_i].name);
	if (d.predicate_type != NULL)
		ck_assert_str_eq(d.predicate_type, plain[_i].predicate_type);
	ck_assert_uint_eq(d.raw.len, strlen(plain[_i].bytes));
	ck_assert(d.form == DOCUMENT_OPAQUE ? d.why.code != ERR_OK : d.body != NULL);
}
END_TEST

static const struct {
	const char *name, *fmt; /* of the payload */
	enum document_envelope envelope;
	struct document_signed beside;
} envelopes[] = {
	{ "DSSE",
	  "{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"%s\","
	  "\"signatures\":[{\"keyid\":\"k1\",\"sig\":\"\"},{\"sig\":\"\"}]}",
	  DOCUMENT_DSSE,
	  { .signatures = 2, .hint = "k1" } },
	{ "a sigstore bundle of a key",
	  "{\"verificationMaterial\":{\"publicKey\":{\"hint\":\"h\"},\"tlogEntries\":[{},{}]},"
	  "\"dsseEnvelope\":{\"payload\":\"%s\",\"signatures\":[{\"sig\":\"\"}]}}",
	  DOCUMENT_SIGSTORE,
	  { .signatures = 1, .log_entries = 2, .hint = "h" } },
	{ "a sigstore bundle of a certificate",
	  "{\"verificationMaterial\":{\"certificate\":{},\"timestampVerificationData\":{\"rfc3161Timestamps\":[{}]}},"
	  "\"dsseEnvelope\":{\"payload\":\"%s\",\"signatures\":[{\"sig\":\"\"}]}}",
	  DOCUMENT_SIGSTORE,
	  { .signatures = 1, .timestamps = 1, .certificate = true } },
};

START_TEST(envelope)
{
	CLEANUP(document_release) struct document d = { 0 };
	CLEANUP(buf_release) struct buf payload = { .max = 4096 };
	const struct document_signed *want = &envelopes[_i].beside;
	struct err err = { 0 };
	size_t item;

	ck_assert_int_eq(base64_encode(STATEMENT(SLSA), strlen(STATEMENT(SLSA)), &payload, NULL), ERR_OK);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	item = image_json(&images, "x", envelopes[_i].fmt, buf_text(&payload));
#pragma GCC diagnostic pop
	ck_assert_msg(read_item(item, &d, &err) == ERR_OK, "%s: %s", envelopes[_i].name, err.msg);
	ck_assert_msg(d.form == DOCUMENT_SLSA_V1 && d.envelope == envelopes[_i].envelope, "%s: %s", envelopes[_i].name,
		      d.why.msg);
	ck_assert_uint_eq(d.beside.signatures, want->signatures);
	ck_assert_uint_eq(d.beside.log_entries, want->log_entries);
	ck_assert_uint_eq(d.beside.timestamps, want->timestamps);
	ck_assert_int_eq(d.beside.certificate, want->certificate);
	ck_assert_str_eq(d.beside.hint, want->hint);
}
END_TEST

/* An envelope in an envelope is not opened again: what it holds is shown. */
START_TEST(one_envelope_only)
{
	CLEANUP(document_release) struct document d = { 0 };
	size_t item =
		image_json(&images, "x", "%s",
			   "{\"payload\":\"eyJwYXlsb2FkIjoiZUE9PSIsInNpZ25hdHVyZXMiOltdfQ==\",\"signatures\":[]}");

	ck_assert_int_eq(read_item(item, &d, NULL), ERR_OK);
	ck_assert_int_eq(d.form, DOCUMENT_OTHER);
	ck_assert_str_eq(js_string(d.body, "payload"), "eA==");
}
END_TEST

START_TEST(absent)
{
	CLEANUP(document_release) struct document d = { 0 };
	size_t item = image_json(&images, "x", "{}");

	images.items[item].absent = true;
	ck_assert_int_eq(read_item(item, &d, NULL), ERR_OK);
	ck_assert_int_eq(d.form, DOCUMENT_ABSENT);
}
END_TEST

/* What is too large is not even asked for, too deep or too many values not parsed; the first bytes are there. */
START_TEST(bounds)
{
	static char deep[LIMIT_JSON_DEPTH * 2 + 2], many[2 * LIMIT_JSON_VALUES + 4];
	CLEANUP(document_release) struct document d = { 0 };
	struct descriptor large = { .size_bytes = LIMIT_STATEMENT_BYTES + 1, .media_type = "x" };

	ck_assert_int_eq(document_read(&images.source, &large, &d, NULL), ERR_OK);
	ck_assert_int_eq(d.form, DOCUMENT_OPAQUE);
	ck_assert_int_eq(d.why.code, ERR_LIMIT);
	memset(deep, '[', sizeof(deep));
	ck_assert_int_eq(read_item(image_add(&images, "x", deep, sizeof(deep)), &d, NULL), ERR_OK);
	ck_assert_int_eq(d.why.code, ERR_LIMIT);
	ck_assert_uint_eq(d.raw.len, sizeof(deep));
	document_release(&d);
	memset(many, '[', 1);
	memset(many + 1, ',', sizeof(many) - 1);
	ck_assert_int_eq(read_item(image_add(&images, "x", many, sizeof(many)), &d, NULL), ERR_OK);
	ck_assert_int_eq(d.form, DOCUMENT_OPAQUE);
	ck_assert_int_eq(d.why.code, ERR_LIMIT);
	ck_assert_uint_eq(d.raw.len, LIMIT_DOCUMENT_RAW_BYTES);
}
END_TEST

static enum err_code count_row(void *ctx, const struct json_t *item, struct err *err)
{
	size_t *count = ctx;

	(void)err;
	ck_assert_str_eq(js_string(item, "name"), "p");
	(*count)++;
	return ERR_OK;
}

static const struct {
	const char *name, *before, *item, *after;
	size_t items; /* of more than LIMIT_JSON_VALUES values */
	enum document_form form;
} large[] = {
	{ "an SBOM", "{\"spdxVersion\":\"SPDX-2.3\",\"files\":[{\"a\":[1,2,3]}],\"packages\":[",
	  "{\"name\":\"p\",\"a\":[1,2]}", "],\"name\":\"n\"}", 40000, DOCUMENT_SPDX },
	{ "a statement of one",
	  "{\"predicateType\":\"https://spdx.dev/Document\",\"predicate\":{\"name\":\"n\",\"packages\":[",
	  "{\"name\":\"p\",\"a\":[1,2]}", "]}}", 40000, DOCUMENT_SPDX },
	{ "no SBOM", "{\"packages\":[", "{\"name\":\"p\",\"a\":[1,2]}", "],\"name\":\"n\"}", 40000, DOCUMENT_OPAQUE },
	{ "another list", "{\"spdxVersion\":\"SPDX-2.3\",\"other\":[", "{\"name\":\"p\",\"a\":[1,2]}", "]}", 40000,
	  DOCUMENT_OPAQUE },
};

/* Of an SBOM that is too large to be kept all is there but its lists, and their items come one by one. */
START_TEST(large_one)
{
	CLEANUP(document_release) struct document d = { 0 };
	CLEANUP(buf_release) struct buf text = { .max = 4 * MIB };
	struct err err = { 0 };
	size_t count = 0, i;

	ck_assert_int_eq(buf_puts(&text, large[_i].before, NULL), ERR_OK);
	for (i = 0; i < large[_i].items; i++)
		ck_assert_int_eq(buf_printf(&text, NULL, "%s%s", i > 0 ? "," : "", large[_i].item), ERR_OK);
	ck_assert_int_eq(buf_puts(&text, large[_i].after, NULL), ERR_OK);
	ck_assert_msg(read_item(image_add(&images, "x", buf_text(&text), text.len), &d, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(d.form == large[_i].form, "%s: %d %s", large[_i].name, (int)d.form, d.why.msg);
	ck_assert_uint_eq(d.raw.len, LIMIT_DOCUMENT_RAW_BYTES);
	ck_assert_int_eq(memcmp(d.raw.data, text.data, d.raw.len), 0);
	if (d.form != DOCUMENT_SPDX)
		return;
	ck_assert(d.large);
	ck_assert_str_eq(js_string(d.body, "name"), "n");
	ck_assert_int_eq(document_rows(&images.source, &d, "packages", count_row, &count, NULL), ERR_OK);
	ck_assert_uint_eq(count, large[_i].items);
}
END_TEST

/* A source that gives other bytes than were asked for. */
START_TEST(proved)
{
	CLEANUP(document_release) struct document d = { 0 };
	size_t item = image_json(&images, "x", "{\"a\":1}");
	struct err err = { 0 };

	images.items[item].bytes[1] ^= 1;
	ck_assert_int_eq(read_item(item, &d, &err), ERR_DIGEST);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("document");
	TCase *t = tcase_create("document");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, form, 0, (int)COUNT_OF(plain));
	tcase_add_loop_test(t, envelope, 0, (int)COUNT_OF(envelopes));
	tcase_add_test(t, one_envelope_only);
	tcase_add_test(t, absent);
	tcase_add_test(t, bounds);
	tcase_add_loop_test(t, large_one, 0, (int)COUNT_OF(large));
	tcase_add_test(t, proved);
	suite_add_tcase(s, t);
	return test_run(s);
}
