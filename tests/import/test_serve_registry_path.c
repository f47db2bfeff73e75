#include "import/serve_registry_path.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define HEX16 "0123456789abcdef"
#define HEX64 HEX16 HEX16 HEX16 HEX16
#define HEX128 HEX64 HEX64
#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A250 A50 A50 A50 A50 A50
#define A500 A250 A250

static const struct {
	const char *path;
	enum serve_registry_ask ask;
	const char *name, *reference;
} cases[] = {
	{ "/v2/", SERVE_ASK_API, "", "" },
	{ "/v2", SERVE_ASK_API, "", "" },
	{ "/", SERVE_ASK_NOTHING, "", "" },
	{ "", SERVE_ASK_NOTHING, "", "" },
	{ "/v1/", SERVE_ASK_NOTHING, "", "" },
	{ "/v21/", SERVE_ASK_NOTHING, "", "" },
	{ "/v2//", SERVE_ASK_NOTHING, "", "" },
	{ "/v2/_catalog", SERVE_ASK_CATALOG, "", "" },
	{ "/v2/_catalog/", SERVE_ASK_NOTHING, "", "" },
	{ "/v2/app/tags/list", SERVE_ASK_TAGS, "app", "" },
	{ "/v2/a/b/c/tags/list", SERVE_ASK_TAGS, "a/b/c", "" },
	{ "/v2/app/tags/list/", SERVE_ASK_NOTHING, "", "" },
	{ "/v2/app/tags", SERVE_ASK_NOTHING, "", "" },
	{ "/v2/tags/list", SERVE_ASK_NOTHING, "", "" },
	{ "/v2//tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/tags/list/tags/list", SERVE_ASK_TAGS, "tags/list", "" },
	{ "/v2/app/manifests/1.0", SERVE_ASK_MANIFEST, "app", "1.0" },
	{ "/v2/app/manifests/sha256:" HEX64, SERVE_ASK_MANIFEST, "app", "sha256:" HEX64 },
	{ "/v2/app/manifests/sha512:" HEX128, SERVE_ASK_MANIFEST, "app", "sha512:" HEX128 },
	{ "/v2/app/manifests/sha512:" HEX128 "0", SERVE_ASK_MANIFEST, "app", "" },
	{ "/v2/app/manifests/.INVALID_MANIFEST_NAME", SERVE_ASK_MANIFEST, "app", ".INVALID_MANIFEST_NAME" },
	{ "/v2/app/manifests/", SERVE_ASK_MANIFEST, "app", "" },
	{ "/v2/app/manifests", SERVE_ASK_NOTHING, "", "" },
	{ "/v2/manifests/1.0", SERVE_ASK_NOTHING, "", "" },
	{ "/v2/manifests/manifests/manifests/1.0", SERVE_ASK_MANIFEST, "manifests/manifests", "1.0" },
	{ "/v2/app/manifests/a/b", SERVE_ASK_NOTHING, "", "" },
	{ "/v2/app/blobs/sha256:" HEX64, SERVE_ASK_BLOB, "app", "sha256:" HEX64 },
	{ "/v2/app/blobs/manifests/1", SERVE_ASK_MANIFEST, "app/blobs", "1" },
	{ "/v2/app/manifests/blobs/1", SERVE_ASK_BLOB, "app/manifests", "1" },
	{ "/v2/app/blobs/uploads/", SERVE_ASK_UPLOAD, "app", "" },
	{ "/v2/app/blobs/uploads/some-id", SERVE_ASK_UPLOAD, "app", "" },
	{ "/v2/app/referrers/sha256:" HEX64, SERVE_ASK_REFERRERS, "app", "sha256:" HEX64 },
	{ "/v2/app/referrers/sha256:baddigeststring", SERVE_ASK_REFERRERS, "app", "sha256:baddigeststring" },
	{ "/v2/app/other/1", SERVE_ASK_NOTHING, "", "" },
	/* Names */
	{ "/v2/registry.example.test/demo/app1/tags/list", SERVE_ASK_TAGS, "registry.example.test/demo/app1", "" },
	{ "/v2/localhost:5000/app/tags/list", SERVE_ASK_TAGS, "localhost:5000/app", "" },
	{ "/v2/[::1]:5000/app/tags/list", SERVE_ASK_TAGS, "[::1]:5000/app", "" },
	{ "/v2/Registry.Test/app/tags/list", SERVE_ASK_TAGS, "Registry.Test/app", "" },
	{ "/v2/a..test/app/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/localhost:5000/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/App/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a/App/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a/b:1/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a//b/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2//a/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a/../b/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/../a/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/./a/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a/.b/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a/b./tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a/b..c/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a.b_c__d-e---f/tags/list", SERVE_ASK_TAGS, "a.b_c__d-e---f", "" },
	{ "/v2/a___b/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a._b/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/-a/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a-/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a b/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/a\\b/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/\xc3\xa4/tags/list", SERVE_ASK_TAGS, "", "" },
	{ "/v2/" A500 "a/aaaaaaaaa/tags/list", SERVE_ASK_TAGS, A500 "a/aaaaaaaaa", "" },
	{ "/v2/" A500 "a/aaaaaaaaaa/tags/list", SERVE_ASK_TAGS, "", "" },
};

START_TEST(path)
{
	struct serve_registry_path got = serve_registry_path_read(cases[_i].path);

	ck_assert_msg(got.ask == cases[_i].ask, "%s: %d", cases[_i].path, (int)got.ask);
	ck_assert_msg(strcmp(got.name, cases[_i].name) == 0, "%s: name %s", cases[_i].path, got.name);
	ck_assert_msg(strcmp(got.reference, cases[_i].reference) == 0, "%s: reference %s", cases[_i].path,
		      got.reference);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_registry_path");
	TCase *t = tcase_create("serve_registry_path");

	tcase_add_loop_test(t, path, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
