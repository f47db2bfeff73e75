/* Files from somebody who means harm: what is a lie here, or too much, is what bundle.json and the manifests say. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/selection.h"
#include "tests/lib/hostile_bundle.h"
#include "tests/lib/test_main.h"

#define NAME HOSTILE_BUNDLE_IMAGE

/* One text in bundle.json for another. */
static const struct {
	const char *name, *old, *new;
	unsigned readers;
	int status;
	const char *text;
} texts[] = {
	{ "a digest that is a path", "\"images\":[{\"name\":\"" NAME "\",\"digest\":\"sha256:",
	  "\"images\":[{\"name\":\"" NAME "\",\"digest\":\"sha256:../../../../etc/", ALL, 3, "digest" },
	{ "an image name that is a path", "\"name\":\"" NAME "\"", "\"name\":\"../../etc/passwd\"", ALL, 3,
	  "etc/passwd" },
	{ "an absolute image name", "\"name\":\"" NAME "\"", "\"name\":\"/etc/passwd\"", ALL, 3, "etc/passwd" },
	{ "an image name that drives a terminal", "\"name\":\"" NAME "\"", "\"name\":\"\\u001b[2J\"", ALL, 3, "" },
	{ "an image by a short name", "\"name\":\"" NAME "\"", "\"name\":\"app:1\"", ALL, 3, "full name" },
	{ "a name that the index does not have", "\"name\":\"" NAME "\"", "\"name\":\"docker.io/library/app:2\"",
	  VERIFY, 3, "" },
	{ "another file for index.json", "\"name\":\"index.json\"", "\"name\":\"../index.json\"", ALL, 3,
	  "index.json" },
	{ "a file of another size", "\"name\":\"oci-layout\"", "\"name\":\"oci-layout\",\"x\":0", 0, 0, "" },
	{ "a blob's size one more",
	  "\"size\":300000,\"role\":\"layer\",\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\"",
	  "\"size\":300001,\"role\":\"layer\",\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\"", BLOBS, 3,
	  "" },
	{ "a blob of 2^62 bytes", "\"size\":300000,\"role\"", "\"size\":4611686018427387904,\"role\"", ALL, 3,
	  "more than one bundle can hold" },
	{ "a blob of 2^55 bytes", "\"size\":300000,\"role\"", "\"size\":36028797018963968,\"role\"", ALL, 3,
	  "more than one bundle can hold" },
	{ "a negative size", "\"size\":300000,\"role\"", "\"size\":-1,\"role\"", ALL, 3, "size" },
	{ "no size", "\"size\":300000,\"role\"", "\"role\"", ALL, 3, "size" },
	{ "a blob of 2^45 bytes", "\"size\":300000,\"role\"", "\"size\":35184372088832,\"role\"", ALL, 3, "frames" },
	{ "another role", "\"role\":\"config\"", "\"role\":\"layer\"", VERIFY | IMPORT, 3, "" },
	{ "a role that nobody knows", "\"role\":\"config\"", "\"role\":\"device\"", ALL, 3, "device" },
	{ "another way of storing", "\"stored\":\"raw\"", "\"stored\":\"symlink\"", ALL, 3, "symlink" },
	{ "raw as packed", "\"stored\":\"zstd\"", "\"stored\":\"packed\"", ALL, 3, "stands after" },
	{ "a version from the future", "{\"schemaVersion\":1", "{\"schemaVersion\":2", ALL, 1, "schemaVersion 2" },
	{ "a member twice", "{\"schemaVersion\":1", "{\"schemaVersion\":1,\"schemaVersion\":1", ALL, 3, "bundle.json" },
	{ "an image twice", "\"images\":[{",
	  "\"images\":[{\"name\":\"" NAME "\",\"size\":1,\"mediaType\":\"x\",\"digest\":"
	  "\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"},{",
	  ALL, 3, "each once" },
	{ "shards that are none", "\"blobs\":", "\"shards\":[],\"blobs\":", ALL, 3, "lists none" },
};

START_TEST(description)
{
	hostile_replace(&hostile_bundle.description, texts[_i].old, texts[_i].new);
	hostile_bundle_refused(texts[_i].name, texts[_i].readers, texts[_i].status, texts[_i].text);
}
END_TEST

START_TEST(blob_twice)
{
	CLEANUP(free_ptr) char *old = NULL;
	CLEANUP(free_ptr) char *new = NULL;

	ck_assert_int_ge(asprintf(&old, "{\"digest\":\"%s\"", hostile_bundle_item(TYPE_OCI_CONFIG)->digest.text), 0);
	ck_assert_int_ge(asprintf(&new, "{\"digest\":\"%s\"", hostile_bundle_item(TYPE_OCI_INDEX)->digest.text), 0);
	hostile_replace(&hostile_bundle.description, old, new);
	hostile_bundle_refused("a blob twice", ALL, 3, "is listed twice");
}
END_TEST

/* A bundle with one of two platforms; the second of the index is left out, and this is what is lied of it. */
static const struct {
	const char *name, *old, *new;
	unsigned readers;
	const char *text;
} subsets[] = {
	{ "absent, and left out", "\"stored\":\"left-out\"", "\"stored\":\"absent\"", ALL, "an image leaves out" },
	{ "left out, and nobody says so", "\"leftOut\":[{", "\"leftIn\":[{", VERIFY, "does not describe" },
	{ "a platform of another name", "\"platform\":\"linux/arm64\"", "\"platform\":\"linux/arm\"", VERIFY,
	  "does not describe" },
	{ "a layer left out", "\"stored\":\"zstd\"", "\"stored\":\"left-out\"", VERIFY, "does not describe" },
	{ "another count", "\"leftOut\":1", "\"leftOut\":2", VERIFY, "does not describe" },
	{ "a config left out", "\"role\":\"manifest\",\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"stored\":\"left-out\"",
	  "\"role\":\"config\",\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"stored\":\"left-out\"", ALL,
	  "only platforms" },
};

static void make_subset(void)
{
	CLEANUP(selection_release) struct selection amd64 = { 0 };

	hostile_bundle_unmake();
	image_builder_init(&hostile_bundle_images);
	image_sample(&hostile_bundle_images, NAME, &(struct image_sample){ 0 });
	ck_assert_int_eq(selection_platform(&amd64, "linux/amd64", NULL), ERR_OK);
	hostile_bundle_images.selection = &amd64;
	hostile_of(&hostile_bundle, &hostile_bundle_images);
	hostile_bundle_images.selection = NULL;
}

START_TEST(subset)
{
	make_subset();
	if (_i == 0)
		hostile_bundle_refused("an honest subset", 0, 0, "");
	hostile_replace(&hostile_bundle.description, subsets[_i].old, subsets[_i].new);
	hostile_bundle_refused(subsets[_i].name, subsets[_i].readers, 3, subsets[_i].text);
}
END_TEST

/* What the bundle carries, said to be left out. */
START_TEST(carried_and_left_out)
{
	const char *old = "\"leftOut\":[{\"digest\":\"";
	char new[200];

	make_subset();
	snprintf(new, sizeof(new), "%s%s\"},{\"digest\":\"", old, hostile_bundle_item(TYPE_OCI_MANIFEST)->digest.text);
	hostile_replace(&hostile_bundle.description, old, new);
	hostile_bundle_refused("carried and left out", ALL, 3, "an image leaves out");
}
END_TEST

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Documents that are too much: some text, some text many times, some text. */
static const struct {
	const char *name, *start, *middle, *end;
	size_t times;
	long memory_max_mib;
	int status;
	const char *text;
} documents[] = {
	{ "deep", "{\"schemaVersion\":1,\"x\":", "[", "", 100000, 64, 3, "nested deeper" },
	{ "deep in objects", "{\"schemaVersion\":1,\"x\":", "{\"x\":", "", 100000, 64, 3, "nested deeper" },
	{ "half a string", "{\"schemaVersion\":1,\"x\":\"", X64, "", 468750, 128, 3, "JSON" },
	{ "900,000 blobs", "{\"schemaVersion\":1,\"blobs\":[", "{},", "{}]}", 900000, 64, 3, "files" },
	{ "900,000 of what nobody knows", "{\"schemaVersion\":1,\"x\":[", "{},", "{}]}", 900000, 64, 3, "more than" },
	{ "as many of what nobody knows as there may be", "{\"schemaVersion\":1,\"x\":[", "{},", "{}]}", 24000, 64, 3,
	  "files" },
	{ "900,000 in a list of another spelling", "{\"schemaVersion\":1,\"\\u0062lobs\":[", "{},", "{}]}", 900000, 64,
	  3, "more than" },
	{ "three million blobs", "{\"schemaVersion\":1,\"blobs\":[", "{},", "{}]}", 3000000, 64, 3, "more than" },
	{ "33 MiB", "{\"schemaVersion\":1,\"x\":\"", X64, "\"}", 540672, 64, 3, "more than 32 MiB" },
	{ "nothing", "", "", "", 0, 64, 3, "bundle.json" },
	{ "a NUL", "{\"schemaVersion\":1,\"x\":\"\\u0000\"}", "", "", 0, 64, 3, "bundle.json" },
};

static void repeat(struct buf *out, const char *start, const char *middle, const char *end, size_t times)
{
	size_t i;

	buf_clear(out);
	ck_assert_int_eq(buf_puts(out, start, NULL), ERR_OK);
	for (i = 0; i < times; i++)
		ck_assert_int_eq(buf_puts(out, middle, NULL), ERR_OK);
	ck_assert_int_eq(buf_puts(out, end, NULL), ERR_OK);
}

START_TEST(document)
{
	hostile_bundle_memory_max_kib = documents[_i].memory_max_mib * 1024;
	repeat(&hostile_bundle.description, documents[_i].start, documents[_i].middle, documents[_i].end,
	       documents[_i].times);
	hostile_bundle_refused(documents[_i].name, ALL, documents[_i].status, documents[_i].text);
}
END_TEST

/* What nobody knows in an item of a list is passed over; verify takes memory for it, once: an image has many platforms.
 */
START_TEST(item)
{
	static const char images[] = "\"images\":[{";
	CLEANUP(buf_release) struct buf many;

	buf_init(&many, 8 * MIB);
	repeat(&many, "\"images\":[{\"x\":[", "{},", "{}],", 900000);
	hostile_replace(&hostile_bundle.description, images, buf_text(&many));
	hostile_bundle_memory_max_kib = 256L * 1024;
	hostile_bundle_refused("900,000 in an image", 0, 0, "");
}
END_TEST

/* The same in place of a manifest, whose digest and size the description has right. */
static const struct {
	const char *name, *start, *middle, *end;
	size_t times;
	int status;
	const char *text;
} manifests[] = {
	{ "no JSON", "hello", "", "", 0, 3, "not valid JSON" },
	{ "an array", "[]", "", "", 0, 3, "" },
	{ "of no bytes", "", "", "", 0, 3, "JSON" },
	{ "deep", "{\"x\":", "[", "", 100000, 3, "nested deeper" },
	{ "long lists", "{\"schemaVersion\":2,\"layers\":[", "{},", "{}]}", 1000000, 3, "more than" },
	{ "9 MiB", "{\"x\":\"", X64, "\"}", 147456, 3, "" },
	{ "without a config", "{\"schemaVersion\":2,\"layers\":[]}", "", "", 0, 3, "" },
	{ "a layer that is a path",
	  "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"x\",\"size\":1,\"digest\":\"sha256:../../../../etc/"
	  "passwd\"},\"layers\":[]}",
	  "", "", 0, 3, "digest" },
};

START_TEST(manifest)
{
	CLEANUP(buf_release) struct buf text = { .max = 64 * MIB };
	char old[200], new[200];
	const struct image_item *root, *other;

	hostile_bundle_unmake();
	hostile_bundle_make(&(struct image_sample){ .one_manifest = true });
	repeat(&text, manifests[_i].start, manifests[_i].middle, manifests[_i].end, manifests[_i].times);
	other = &hostile_bundle_images
			 .items[image_add(&hostile_bundle_images, TYPE_OCI_MANIFEST, buf_text(&text), text.len)];
	root = hostile_bundle_item(TYPE_OCI_MANIFEST);
	hostile_replace(&hostile_bundle.description, root->digest.text, other->digest.text);
	snprintf(old, sizeof(old), "\"size\":%zu", root->len);
	snprintf(new, sizeof(new), "\"size\":%zu", other->len);
	hostile_replace(&hostile_bundle.description, old, new);
	buf_release(&text);
	hostile_bundle_refused(manifests[_i].name, MANIFESTS, manifests[_i].status, manifests[_i].text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hostile_words");
	TCase *t = tcase_create("hostile_words");

	tcase_set_timeout(t, HOSTILE_BUNDLE_SECONDS);
	tcase_add_checked_fixture(t, hostile_bundle_setup, hostile_bundle_teardown);
	tcase_add_loop_test(t, description, 0, (int)COUNT_OF(texts));
	tcase_add_test(t, blob_twice);
	tcase_add_loop_test(t, subset, 0, (int)COUNT_OF(subsets));
	tcase_add_test(t, carried_and_left_out);
	tcase_add_test(t, item);
	tcase_add_loop_test(t, document, 0, (int)COUNT_OF(documents));
	tcase_add_loop_test(t, manifest, 0, (int)COUNT_OF(manifests));
	suite_add_tcase(s, t);
	return test_run(s);
}
