#include "import/docker_image.h"

#include <check.h>
#include <string.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

#define FIXTURE "tests/fixtures/engine-api/inspect-manifests.json"
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DESCRIPTOR "\"Descriptor\":{\"digest\":\"sha256:" HEX "\"}"

static void read_fixture(struct docker_image *image)
{
	CLEANUP(buf_release) struct buf text = { 0 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct err err = { 0 };

	buf_init(&text, LIMIT_ANSWER_BYTES);
	ck_assert_msg(file_read(FIXTURE, &text, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(js_read(buf_text(&text), text.len, FIXTURE, &json, &err), ERR_OK);
	ck_assert_int_eq(docker_image_parse(js_object(json, "body"), FIXTURE, image, &err), ERR_OK);
}

static const struct {
	const char *digest, *platform, *subject;
} manifests[] = {
	{ "sha256:3ecbec2b263255ec1899532dadf031f324667da208ea5e494fc4a87b2201c17b", "linux/amd64", "" },
	{ "sha256:c4607df32795aee57ac575494a1e6c6de0e2493bf993bfce8b51ef6aa4711af2", "linux/arm64", "" },
	{ "sha256:d86108fe890a1f320775f60dcc5712a0ae5d91ac8bb8f186fffc8556fa2252b4", "linux/arm/v7", "" },
	{ "sha256:7ca9946f6b36c56c801fb3a39c28b11128c396490f058daf700948c01cb8ee89", "",
	  "sha256:3ecbec2b263255ec1899532dadf031f324667da208ea5e494fc4a87b2201c17b" },
	{ "sha256:df06909474e072d3138fa9712ef4a1c4c936eb9da25a836200566a3824ca2482", "",
	  "sha256:c4607df32795aee57ac575494a1e6c6de0e2493bf993bfce8b51ef6aa4711af2" },
	{ "sha256:da6e2fd2ab25b2555b938b1f12f02eba3fa69689f2a07d77765a9fa0078e65e2", "",
	  "sha256:d86108fe890a1f320775f60dcc5712a0ae5d91ac8bb8f186fffc8556fa2252b4" },
};

START_TEST(reads_what_a_daemon_answers)
{
	CLEANUP(docker_image_release) struct docker_image image = { 0 };
	struct digest digest;
	size_t i;

	read_fixture(&image);
	ck_assert_str_eq(image.digest.text, "sha256:795258b0302af9339aaf8abb969c1f008ccf2e36f5e1a840eb705dac9a773736");
	ck_assert_uint_eq(image.manifests_len, COUNT_OF(manifests));
	for (i = 0; i < COUNT_OF(manifests); i++) {
		const struct docker_manifest *m;

		ck_assert_str_eq(image.manifests[i].digest.text, manifests[i].digest); /* in the index's order */
		ck_assert_int_eq(digest_parse(manifests[i].digest, &digest, NULL), ERR_OK);
		m = docker_image_find(&image, &digest);
		ck_assert_ptr_eq(m, &image.manifests[i]);
		ck_assert_str_eq(m->platform, manifests[i].platform);
		ck_assert_str_eq(m->subject.text, manifests[i].subject);
		ck_assert_int_eq(m->attestation, manifests[i].subject[0] != '\0');
		ck_assert(m->available);
		ck_assert_uint_gt(m->size_bytes, 0);
	}
	ck_assert_ptr_null(docker_image_find(&image, &image.digest));
}
END_TEST

static const struct {
	const char *name, *json;
	enum err_code want;
	size_t manifests;
} cases[] = {
	{ "empty", "{}", ERR_FORMAT, 0 },
	{ "no object", "[]", ERR_FORMAT, 0 },
	{ "no digest", "{\"Descriptor\":{}}", ERR_FORMAT, 0 },
	{ "bad digest", "{\"Descriptor\":{\"digest\":\"sha256:0\"}}", ERR_FORMAT, 0 },
	{ "no manifests", "{" DESCRIPTOR "}", ERR_OK, 0 },
	{ "null manifests", "{" DESCRIPTOR ",\"Manifests\":null}", ERR_OK, 0 },
	{ "manifests of other types", "{" DESCRIPTOR ",\"Manifests\":[1,null,[],\"x\",{}]}", ERR_OK, 0 },
	{ "a bad one between", "{" DESCRIPTOR ",\"Manifests\":[{},{" DESCRIPTOR "},{}]}", ERR_OK, 1 },
	{ "attestation of nothing",
	  "{" DESCRIPTOR ",\"Manifests\":[{" DESCRIPTOR
	  ",\"Kind\":\"attestation\",\"AttestationData\":{\"For\":\"x\"}}]}",
	  ERR_OK, 1 },
	{ "odd platform",
	  "{" DESCRIPTOR ",\"Manifests\":[{" DESCRIPTOR
	  ",\"ImageData\":{\"Platform\":{\"os\":1,\"architecture\":\"a\"}}}]}",
	  ERR_OK, 1 },
};

START_TEST(reads_what_a_daemon_should_not_answer)
{
	CLEANUP(docker_image_release) struct docker_image image = { 0 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(js_read(cases[_i].json, strlen(cases[_i].json), "test", &json, &err), ERR_OK);
	ck_assert_msg(docker_image_parse(json, "test", &image, &err) == cases[_i].want, "%s: %s", cases[_i].name,
		      err.msg);
	ck_assert_uint_eq(image.manifests_len, cases[_i].manifests);
	if (image.manifests_len == 1) {
		ck_assert_ptr_eq(docker_image_find(&image, &image.digest), image.manifests);
		ck_assert_str_eq(image.manifests[0].subject.text, "");
		ck_assert_str_eq(image.manifests[0].platform, "");
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("docker_image");
	TCase *t = tcase_create("parse");

	tcase_add_test(t, reads_what_a_daemon_answers);
	tcase_add_loop_test(t, reads_what_a_daemon_should_not_answer, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
