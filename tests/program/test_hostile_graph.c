/* Registries that mean harm by what they have: lists without end and in circles, sizes that are lies, things of another
 * kind than is said. */
#include <check.h>

#include "common/mem.h"
#include "tests/lib/hostile_export.h"
#include "tests/lib/test_main.h"

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64
#define X1K X256 X256 X256 X256
#define X4K X1K X1K X1K X1K
#define X17K X4K X4K X4K X4K X1K
#define LINK_TO(target) "Link: <" target ">; rel=\"next\"\r\n"

static const struct hostile_export lists[] = {
	{ "tags in a circle", .answers = { { TAGS, .headers = LINK_TO(TAGS), .start = "{\"tags\":[\"1\"]}" } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "more than 1000 pages of tags" },
	{ "tags ever on, without a link",
	  .answers = { { TAGS, .start = "{\"tags\":[\"1\"", .middle = ",\"~\"", .times = 999, .end = "]}" } },
	  .image = "/a/b", .option = "--tags=1", .status = 0, .text = "" },
	{ "200,001 tags",
	  .answers = { { TAGS, .start = "{\"tags\":[\"1\"", .middle = ",\"~\"", .times = 200001, .end = "]}" } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "more than" },
	{ "100,000 tags",
	  .answers = { { TAGS, .start = "{\"tags\":[\"1\"", .middle = ",\"~\"", .times = 100000, .end = "]}" } },
	  .image = "/a/b", .option = "--tags=1", .status = 0, .text = "" },
	{ "tags elsewhere", .answers = { { TAGS, .headers = LINK_TO("http://$l/x"), .start = "{\"tags\":[\"1\"]}" } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "on another host" },
	{ "endless tags",
	  .answers = { { TAGS, .start = "{\"tags\":[\"1\"", .middle = ",\"~\"", .times = HOSTILE_ENDLESS } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "more than" },
	{ "referrers in pages for ever",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE LINK_TO("/v2/a/b/referrers/$0"),
			 .start = INDEX("") } },
	  .status = 1, .text = "more than 1000 pages of referrers" },
	{ "endless referrers",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE, .start = INDEX_START,
			 .middle = CHILD("sha256:~", "1") ",", .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "more than" },
	{ "20,000 referrers that are not there",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE, .start = INDEX_START,
			 .middle = CHILD("sha256:~", "1") ",", .times = 20000, .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 4, .text = "19901 more" },
	{ "referrers in a circle", .things = { "{}", ARTIFACT("one"), ARTIFACT("two"), IMAGE(CONFIG("$1", "^1"), "") },
	  .answers = { { "/v2/a/b/referrers/$4", .headers = INDEX_TYPE, .start = INDEX(CHILD("$2", "^2")) },
		       { "/v2/a/b/referrers/$2", .headers = INDEX_TYPE, .start = INDEX(CHILD("$3", "^3")) },
		       { "/v2/a/b/referrers/$3", .headers = INDEX_TYPE,
			 .start = INDEX(CHILD("$2", "^2") "," CHILD("$4", "^4")) } },
	  .status = 0, .text = "" },
	{ "a referrer of itself",
	  .answers = { { "/v2/a/b/referrers/$3", .headers = INDEX_TYPE, .start = INDEX(CHILD("$3", "^3")) } },
	  .status = 0, .text = "" },
	{ "a tag of cosign's that is the image",
	  .answers = { { "/v2/a/b/manifests/sha256-", .start = IMAGE(CONFIG("$1", "^1"), LAYER("$2", "^2")) } },
	  .status = 1, .text = "is no index" },
	{ "referrers of referrers for ever",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE, .start = INDEX(CHILD("$+", "^+")),
			 .thing = ARTIFACT("$0") } },
	  .status = 1, .text = "more than 16 steps" },
	{ "tags of referrers for ever",
	  .answers = { { "/v2/a/b/manifests/sha256-", .headers = INDEX_TYPE, .start = INDEX(CHILD("$+", "^+")),
			 .thing = ARTIFACT("$0") } },
	  .status = 1, .text = "more than 16 steps" },
	{ "a list that is wrong of sizes",
	  .answers = { { "/v2/a/b/referrers/$3", .headers = INDEX_TYPE, .start = INDEX(CHILD("$+", "77777")),
			 .thing = ARTIFACT("$0") } },
	  .status = 3, .text = "bytes early" },
	{ "100,000 children",
	  .answers = { { TAG, .start = INDEX_START, .middle = CHILD("sha256:~", "1") ",", .times = 100000,
			 .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 1, .text = "more than 8388608" },
	{ "100,000 times the same",
	  .answers = { { TAG, .start = INDEX_START, .middle = CHILD(DIGEST_A, "1") ",", .times = 100000,
			 .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 1, .text = "more than 8388608" },
	{ "28,000 children",
	  .answers = { { TAG, .start = INDEX_START, .middle = CHILD("sha256:~", "1") ",", .times = 28000,
			 .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 4, .text = "28001 listed" },
	{ "28,000 times the same",
	  .answers = { { TAG, .start = INDEX_START, .middle = CHILD(DIGEST_A, "1") ",", .times = 28000,
			 .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 4, .text = "1 listed" },
	{ "28,000 layers",
	  .answers = { { TAG, .start = "{\"schemaVersion\":2," CONFIG("$1", "^1") ",\"layers\":[",
			 .middle = LAYER("sha256:~", "1") ",", .times = 28000, .end = LAYER(DIGEST_A, "1") "]}" } },
	  .status = 4, .text = "28001 listed" },
};

START_TEST(list)
{
	hostile_export_check(&lists[_i]);
}
END_TEST

#define LAYERS(size) .things = { "{}", "a layer", IMAGE(CONFIG("$1", "^1"), LAYER("$2", size)) }
#define CHILDREN(size) .things = { "{}", IMAGE(CONFIG("$1", "^1"), ""), INDEX(CHILD("$2", size)) }

static const struct hostile_export sizes[] = {
	{ "a layer one longer", LAYERS("8"), .status = 3, .text = "1 bytes early" },
	{ "a layer one shorter", LAYERS("6"), .status = 3, .text = "more bytes than" },
	{ "a layer of nothing", LAYERS("0"), .status = 3, .text = "more bytes than" },
	{ "a layer of 2^62", LAYERS("4611686018427387904"), .status = 1, .text = "more than one bundle can hold" },
	{ "a layer of 2^63", LAYERS("9223372036854775808"), .status = 1, .text = "too big integer" },
	{ "layers of 2^64 together",
	  .things = { "{}", "a layer",
		      IMAGE(CONFIG("$1", "^1"),
			    LAYER("$2", "9223372036854775807") "," LAYER(DIGEST_A, "9223372036854775807")) },
	  .status = 1, .text = "add up to more" },
	{ "a layer of less", LAYERS("-7"), .status = 1, .text = "size" },
	{ "a layer of 7.0", LAYERS("7.0"), .status = 1, .text = "size" },
	{ "a layer of 7e0", LAYERS("7e0"), .status = 1, .text = "size" },
	{ "a layer of \"7\"", LAYERS("\"7\""), .status = 1, .text = "size" },
	{ "a config one shorter", .things = { "{}", IMAGE(CONFIG("$1", "1"), "") }, .status = 3,
	  .text = "more bytes than" },
	{ "a config of 2^50", .things = { "{}", IMAGE(CONFIG("$1", "1125899906842624"), "") }, .status = 1,
	  .text = "divide the images" },
	{ "a manifest one longer", CHILDREN("99999"), .status = 3, .text = "bytes early" },
	{ "a manifest one shorter", CHILDREN("9"), .status = 3, .text = "more bytes than" },
	{ "a manifest of 2^62", CHILDREN("4611686018427387904"), .status = 3, .text = "bytes early" },
	{ "one layer of two sizes",
	  .things = { "{}", "a layer", IMAGE(CONFIG("$1", "^1"), LAYER("$2", "7") "," LAYER("$2", "8")) }, .status = 1,
	  .text = "is listed with two sizes" },
	{ "an endless layer", .answers = { { "/v2/a/b/blobs/$2", .middle = X64, .times = HOSTILE_ENDLESS } },
	  .status = 3, .text = "more bytes than" },
	{ "an endless config", .answers = { { "/v2/a/b/blobs/$1", .middle = X64, .times = HOSTILE_ENDLESS } },
	  .status = 3, .text = "more bytes than" },
	{ "another layer", .answers = { { "/v2/a/b/blobs/$2", .start = "another" } }, .status = 3,
	  .text = "content is sha256:" },
	{ "a layer that is gone meanwhile", .answers = { { "/v2/a/b/blobs/$2", .status = 404, .not_for = "HEAD" } },
	  .things = { "{}", X17K, IMAGE(CONFIG("$1", "^1"), LAYER("$2", "^2")) }, .status = 1,
	  .text = "was at its source when this run began" },
	{ "a layer that is there by HEAD only, and small",
	  .answers = { { "/v2/a/b/blobs/$2", .status = 404, .not_for = "HEAD" } }, .status = 4,
	  .text = "1 listed blob is not at the source" },
	{ "a part that nobody asked for",
	  .answers = { { "/v2/a/b/blobs/$2", .status = 206, .headers = "Content-Range: bytes 0-6/7\r\n",
			 .start = "a layer" } },
	  .status = 1, .text = "answered 206" },
	{ "another manifest", .answers = { { "/v2/a/b/manifests/$2", .start = "{}" } }, CHILDREN("^2"), .status = 3,
	  .text = "bytes early" },
};

START_TEST(size)
{
	hostile_export_check(&sizes[_i]);
}
END_TEST

static const struct hostile_export kinds[] = {
	{ "schema 1",
	  .answers = { { TAG, .headers = "Content-Type: application/vnd.docker.distribution.manifest.v1+prettyjws\r\n",
			 .start = "{\"schemaVersion\":1}" } },
	  .status = 1, .text = "schema 1" },
	{ "schema 1 without a type", .answers = { { TAG, .start = "{\"schemaVersion\":1,\"fsLayers\":[]}" } },
	  .status = 1, .text = "schema 1" },
	{ "another type than it says",
	  .answers = { { TAG, .headers = INDEX_TYPE, .start = IMAGE(CONFIG("$1", "^1"), "") } }, .status = 1,
	  .text = "but says that it is" },
	{ "both", .answers = { { TAG, .start = "{\"manifests\":[],\"config\":{}}" } }, .status = 1, .text = "both" },
	{ "a page", .answers = { { TAG, .headers = "Content-Type: text/html\r\n", .start = "<html>" } }, .status = 1,
	  .text = "is a web page" },
	{ "an array", .answers = { { TAG, .start = "[]" } }, .status = 1, .text = "needs a config" },
	{ "a path for a digest",
	  .answers = { { TAG, .start = INDEX(CHILD("sha256:../../../../../../etc/passwd", "1")) } }, .status = 1,
	  .text = "digest" },
	{ "md5", .answers = { { TAG, .start = INDEX(CHILD("md5:00000000000000000000000000000000", "1")) } },
	  .status = 1, .text = "digest" },
	{ "a long type",
	  .answers = { { TAG, .start = INDEX_START "{\"size\":1,\"digest\":\"" DIGEST_A "\",\"mediaType\":\"",
			 .middle = X64, .times = 1000, .end = "\"}]}" } },
	  .status = 1, .text = "media type" },
	{ "a digest header of something else",
	  .answers = { { TAG, .headers = "Docker-Content-Digest: " DIGEST_A "\r\n", .start = INDEX("") } }, .status = 3,
	  .text = "content is sha256:" },
	{ "a manifest as a layer too",
	  .things = { "{}", IMAGE(CONFIG("$1", "^1"), ""), IMAGE(CONFIG("$1", "^1"), LAYER("$2", "^2")),
		      INDEX(CHILD("$2", "^2") "," CHILD("$3", "^3")) },
	  .status = 0, .text = "" },
	{ "an index that is its own layer", .things = { "{}", INDEX(""), IMAGE(CONFIG("$2", "^2"), LAYER("$2", "^2")) },
	  .status = 0, .text = "" },
};

START_TEST(kind)
{
	hostile_export_check(&kinds[_i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hostile_graph");

	hostile_export_add(s, "lists", list, COUNT_OF(lists));
	hostile_export_add(s, "sizes", size, COUNT_OF(sizes));
	hostile_export_add(s, "kinds", kind, COUNT_OF(kinds));
	return test_run(s);
}
