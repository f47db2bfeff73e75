#include "import/serve_engine_referrers.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define DSSE "application/vnd.dsse.envelope.v1+json"
#define BUNDLE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define STATEMENT "{\"predicateType\":\"t\",\"x\":\"?>\"}"
/* The same in either alphabet. */
#define STANDARD "eyJwcmVkaWNhdGVUeXBlIjoidCIsIngiOiI/PiJ9"
#define URL_SAFE "eyJwcmVkaWNhdGVUeXBlIjoidCIsIngiOiI_PiJ9"
#define ENVELOPE(type, payload) "{\"payloadType\":\"" type "\",\"payload\":\"" payload "\",\"signatures\":[]}"

static struct image_builder images;

static void setup(void)
{
	image_builder_init(&images);
}

static void teardown(void)
{
	image_builder_release(&images);
}

static enum err_code note(void *ctx, const struct engine_referred *r, struct err *err)
{
	char *text = ctx;

	(void)err;
	ck_assert_str_eq(r->referrer->media_type, TYPE_OCI_MANIFEST);
	sprintf(text + strlen(text), "%s %.*s, ", r->predicate_type, (int)r->statement_len, r->statement);
	return ERR_OK;
}

#define FOUND "t " STATEMENT ", "

static const struct {
	const char *name, *media_type, *layer, *want;
} cases[] = {
	{ "the statement itself", TYPE_IN_TOTO, STATEMENT, FOUND },
	{ "an envelope", DSSE, ENVELOPE(TYPE_IN_TOTO, STANDARD), FOUND },
	{ "an envelope in the other alphabet", DSSE, ENVELOPE(TYPE_IN_TOTO, URL_SAFE), FOUND },
	{ "a bundle", BUNDLE, "{\"dsseEnvelope\":" ENVELOPE(TYPE_IN_TOTO, STANDARD) "}", FOUND },
	{ "a bundle of an older version", "application/vnd.dev.sigstore.bundle+json;version=0.2",
	  "{\"dsseEnvelope\":" ENVELOPE(TYPE_IN_TOTO, STANDARD) "}", FOUND },
	{ "an escaped type", TYPE_IN_TOTO, "{\"predicateType\":\"\\u0074\"}", "t {\"predicateType\":\"\\u0074\"}, " },
	{ "a bundle with a signature of a message", BUNDLE, "{\"messageSignature\":{}}", "" },
	{ "another payload", DSSE, ENVELOPE("text/plain", STANDARD), "" },
	{ "no base64", DSSE, ENVELOPE(TYPE_IN_TOTO, "%%%"), "" },
	{ "a payload that is no JSON", DSSE, ENVELOPE(TYPE_IN_TOTO, "YWJj"), "" },
	{ "no payload", DSSE, "{\"payloadType\":\"" TYPE_IN_TOTO "\"}", "" },
	{ "an envelope that is no JSON", DSSE, "abc", "" },
	{ "an envelope that is a list", DSSE, "[]", "" },
	{ "a statement that is no JSON", TYPE_IN_TOTO, "{", "" },
	{ "a statement without a type", TYPE_IN_TOTO, "{\"predicate\":{\"predicateType\":\"t\"}}", "" },
	{ "a type that is no text", TYPE_IN_TOTO, "{\"predicateType\":1}", "" },
	{ "something else", "text/plain", STATEMENT, "" },
};

/* An image manifest, and a referrer of it that has one layer. */
static size_t put(const char *media_type, const char *layer, size_t *ret_subject)
{
	char config[IMAGE_DESCRIPTOR_TEXT], text[IMAGE_DESCRIPTOR_TEXT];
	size_t referrer;

	image_text(&images, image_json(&images, TYPE_OCI_EMPTY, "{}"), config);
	*ret_subject = image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s}}", config);
	image_text(&images, image_add(&images, media_type, layer, strlen(layer)), text);
	referrer = image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s}]}", config, text);
	image_refer(&images, *ret_subject, referrer, LINK_SUBJECT);
	return referrer;
}

static void list(size_t subject, char *found)
{
	struct err err = { 0 };

	ck_assert_msg(engine_referred_each(&images.source, &images.items[subject].digest, note, found, &err) == ERR_OK,
		      "%s", err.msg);
}

START_TEST(forms)
{
	char found[400] = "";
	size_t subject;

	put(cases[_i].media_type, cases[_i].layer, &subject);
	list(subject, found);
	ck_assert_msg(strcmp(found, cases[_i].want) == 0, "%s: %s", cases[_i].name, found);
}
END_TEST

START_TEST(tied_twice_is_one)
{
	char found[400] = "";
	size_t subject, referrer = put(TYPE_IN_TOTO, STATEMENT, &subject);

	image_refer(&images, subject, referrer, LINK_ATT);
	list(subject, found);
	ck_assert_str_eq(found, FOUND);
}
END_TEST

START_TEST(absent)
{
	char found[400] = "";
	size_t subject, referrer = put(TYPE_IN_TOTO, STATEMENT, &subject);

	images.items[_i == 0 ? referrer : referrer - 1].absent = true;
	list(subject, found);
	ck_assert_str_eq(found, "");
}
END_TEST

static enum err_code refuse(void *ctx, const struct engine_referred *r, struct err *err)
{
	(void)ctx;
	(void)r;
	return err_set(err, ERR_LIMIT, "enough");
}

START_TEST(callback_fails)
{
	size_t subject;

	put(TYPE_IN_TOTO, STATEMENT, &subject);
	ck_assert_int_eq(engine_referred_each(&images.source, &images.items[subject].digest, refuse, NULL, NULL),
			 ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_engine_referrers");
	TCase *t = tcase_create("serve_engine_referrers");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, forms, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, tied_twice_is_one);
	tcase_add_loop_test(t, absent, 0, 2);
	tcase_add_test(t, callback_fails);
	suite_add_tcase(s, t);
	return test_run(s);
}
