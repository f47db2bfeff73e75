#include "trust/simple_signing.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PAYLOAD(identity, image, type)                                                                                 \
	"{\"critical\":{\"identity\":" identity ",\"image\":" image ",\"type\":" type "},\"optional\":null}"
#define IDENTITY "{\"docker-reference\":\"ghcr.io/a/b\"}"
#define IMAGE "{\"docker-manifest-digest\":\"sha256:" HEX "\"}"
#define TYPE "\"cosign container image signature\""

static const struct {
	const char *name, *payload;
	const char *reference; /* NULL for none */
	const char *why;       /* NULL: it holds */
} cases[] = {
	{ "all of it", PAYLOAD(IDENTITY, IMAGE, TYPE), "ghcr.io/a/b", NULL },
	{ "no name", PAYLOAD("{}", IMAGE, TYPE), NULL, NULL },
	{ "an empty name", PAYLOAD("{\"docker-reference\":\"\"}", IMAGE, TYPE), NULL, NULL },
	{ "a name that is a number", PAYLOAD("{\"docker-reference\":1}", IMAGE, TYPE), NULL, NULL },
	{ "another type", PAYLOAD(IDENTITY, IMAGE, "\"atomic container signature\""), "ghcr.io/a/b", "of the type" },
	{ "no type", PAYLOAD(IDENTITY, IMAGE, "null"), "ghcr.io/a/b", "critical.type" },
	{ "no image", PAYLOAD(IDENTITY, "{}", TYPE), "ghcr.io/a/b", "critical.image" },
	{ "another image", PAYLOAD(IDENTITY, "{\"docker-manifest-digest\":\"sha256:f" HEX "\"}", TYPE), "ghcr.io/a/b",
	  "for another image" },
	{ "a digest without algorithm", PAYLOAD(IDENTITY, "{\"docker-manifest-digest\":\"" HEX "\"}", TYPE),
	  "ghcr.io/a/b", "for another image" },
	{ "more in the identity", PAYLOAD("{\"docker-reference\":\"ghcr.io/a/b\",\"until\":2020}", IMAGE, TYPE),
	  "ghcr.io/a/b", "not known here: \"until\"" },
	{ "more in the image", PAYLOAD(IDENTITY, "{\"docker-manifest-digest\":\"sha256:" HEX "\",\"x\":1}", TYPE),
	  "ghcr.io/a/b", "not known here: \"x\"" },
	{ "more that is critical", PAYLOAD(IDENTITY, IMAGE, TYPE ",\"revoked\":true"), "ghcr.io/a/b",
	  "not known here: \"revoked\"" },
	{ "nothing critical", "{}", NULL, "critical" },
	{ "a list", "[]", NULL, "critical" },
};

START_TEST(check)
{
	CLEANUP(js_free_ptr) struct json_t *payload = NULL;
	struct digest subject;
	struct err err = { 0 };
	const char *reference;
	enum err_code code;

	ck_assert_int_eq(digest_parse("sha256:" HEX, &subject, NULL), ERR_OK);
	ck_assert_int_eq(js_read(cases[_i].payload, strlen(cases[_i].payload), "payload", &payload, &err), ERR_OK);
	code = simple_signing_check(payload, &subject, &err);
	ck_assert_msg(code == (cases[_i].why == NULL ? ERR_OK : ERR_UNPROVED), "%s: %s", cases[_i].name, err.msg);
	ck_assert_msg(cases[_i].why == NULL || strstr(err.msg, cases[_i].why) != NULL, "%s: %s", cases[_i].name,
		      err.msg);
	reference = simple_signing_reference(payload);
	ck_assert((reference == NULL) == (cases[_i].reference == NULL));
	ck_assert(reference == NULL || strcmp(reference, cases[_i].reference) == 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("simple_signing");
	TCase *t = tcase_create("simple_signing");

	tcase_add_loop_test(t, check, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
