#include "trust/dsse.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define TYPE "\"payloadType\":\"application/vnd.in-toto+json\""
#define PAYLOAD "\"payload\":\"aGVsbG8=\""
#define SIGNATURES "\"signatures\":[{\"sig\":\"AQID\"}]"

static const struct {
	const char *text, *says; /* "" where it is read */
} envelopes[] = {
	{ "{" TYPE "," PAYLOAD "," SIGNATURES "}", "" },
	{ "{" SIGNATURES ",\"payload\":\"aGVsbG8\"," TYPE "}", "" },
	{ "{" TYPE "," PAYLOAD ",\"signatures\":[{\"keyid\":\"x\",\"sig\":\"AQID\"}]}", "" },
	{ "{" TYPE ",\"payload\":\"\"," SIGNATURES "}", "" },
	{ "{" PAYLOAD "," SIGNATURES "}", "no payloadType" },
	{ "{\"payloadType\":\"\"," PAYLOAD "," SIGNATURES "}", "no payloadType" },
	{ "{\"payloadType\":1," PAYLOAD "," SIGNATURES "}", "no payloadType" },
	{ "{\"payloadType\":\"application/vnd.in-toto+json \"," PAYLOAD "," SIGNATURES "}", "which is not" },
	{ "{\"payloadType\":\"application/vnd.In-Toto+json\"," PAYLOAD "," SIGNATURES "}", "which is not" },
	{ "{\"payloadType\":\"application/vnd.in-toto\"," PAYLOAD "," SIGNATURES "}", "which is not" },
	{ "{" TYPE "," SIGNATURES "}", "no payload" },
	{ "{" TYPE ",\"payload\":{}," SIGNATURES "}", "no payload" },
	{ "{" TYPE ",\"payload\":\"aGVsbG8=x\"," SIGNATURES "}", "payload" },
	{ "{" TYPE "," PAYLOAD "}", "has 0" },
	{ "{" TYPE "," PAYLOAD ",\"signatures\":[]}", "has 0" },
	{ "{" TYPE "," PAYLOAD ",\"signatures\":{\"sig\":\"AQID\"}}", "has 0" },
	{ "{" TYPE "," PAYLOAD ",\"signatures\":[{\"sig\":\"AQID\"},{\"sig\":\"AQID\"}]}", "has 2" },
	{ "{" TYPE "," PAYLOAD ",\"signatures\":[{\"sig\":\"\"}]}", "empty signature" },
	{ "{" TYPE "," PAYLOAD ",\"signatures\":[{\"Sig\":\"AQID\"}]}", "no sig" },
	{ "{" TYPE "," PAYLOAD ",\"signatures\":[\"AQID\"]}", "no sig" },
	{ "{" TYPE "," PAYLOAD ",\"signatures\":[{\"sig\":\"A\"}]}", "sig" },
};

START_TEST(envelope)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(free_ptr) char *type = NULL;
	CLEANUP(buf_release) struct buf payload = { 0 };
	CLEANUP(buf_release) struct buf signature = { 0 };
	struct err err = { 0 };
	bool good = envelopes[_i].says[0] == '\0';
	enum err_code code;

	ck_assert_int_eq(js_read(envelopes[_i].text, strlen(envelopes[_i].text), "envelope", &json, NULL), ERR_OK);
	code = dsse_read(json, &type, &payload, &signature, &err);
	ck_assert_msg((code == ERR_OK) == good, "%s: %s", envelopes[_i].text, err.msg);
	ck_assert_msg(strstr(err.msg, envelopes[_i].says) != NULL, "%s: %s", envelopes[_i].text, err.msg);
	if (good) {
		ck_assert_str_eq(type, DSSE_IN_TOTO);
		ck_assert(payload.len == 0 || strcmp(buf_text(&payload), "hello") == 0);
		ck_assert_str_eq(buf_text(&signature), "\1\2\3");
	}
}
END_TEST

/* The first is the specification's; lengths are of bytes, and nothing ends at a NUL. */
static const struct {
	const char *type, *payload;
	size_t payload_len;
	const char *encoded;
	size_t encoded_len;
} encodings[] = {
	{ "http://example.com/HelloWorld", "hello world", 11, "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
	  54 },
	{ "a", "", 0, "DSSEv1 1 a 0 ", 13 },
	{ "\xc3\xa9", "\xc3\xa9", 2, "DSSEv1 2 \xc3\xa9 2 \xc3\xa9", 16 },
	{ "a", "1\0002 3 ", 6, "DSSEv1 1 a 6 1\0002 3 ", 19 },
};

START_TEST(encoding)
{
	CLEANUP(buf_release) struct buf payload = { .max = 64 };
	CLEANUP(buf_release) struct buf pae = { 0 };

	ck_assert_int_eq(buf_add(&payload, encodings[_i].payload, encodings[_i].payload_len, NULL), ERR_OK);
	ck_assert_int_eq(dsse_pae(encodings[_i].type, &payload, &pae, NULL), ERR_OK);
	ck_assert_uint_eq(pae.len, encodings[_i].encoded_len);
	ck_assert_mem_eq(pae.data, encodings[_i].encoded, pae.len);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dsse");
	TCase *t = tcase_create("dsse");

	tcase_add_loop_test(t, envelope, 0, (int)COUNT_OF(envelopes));
	tcase_add_loop_test(t, encoding, 0, (int)COUNT_OF(encodings));
	suite_add_tcase(s, t);
	return test_run(s);
}
