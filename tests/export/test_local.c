#include "export/local.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define A "ghcr.io/acme/app:1"
#define B "docker.io/library/app:1"
#define C "docker.io/library/app:2"

static struct image_builder b;
static size_t roots[3];
static char *folder, *bundle;

static void put_item(const struct image_item *item)
{
	char name[256];

	snprintf(name, sizeof(name), "layout/blobs/sha256/%s", digest_hex(&item->digest));
	folder_put(folder, name, item->bytes, item->len);
}

/* The same images as a layout: with a full name, a short one, and a tag. */
static void put_layout(void)
{
	static const char *const names[] = { A, "app:1", "2" };
	CLEANUP(buf_release) struct buf index = { .max = 65536 };
	char text[IMAGE_DESCRIPTOR_TEXT];
	size_t i;

	folder_make_in(folder, "layout");
	folder_make_in(folder, "layout/blobs");
	folder_make_in(folder, "layout/blobs/sha256");
	folder_put(folder, "layout/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
	for (i = 0; i < b.items_len; i++)
		put_item(&b.items[i]);
	for (i = 0; i < COUNT_OF(names); i++)
		ck_assert_int_eq(buf_printf(&index, NULL, "%s{%s,\"annotations\":{\"%s\":\"%s\"}}",
					    i == 0 ? "{\"manifests\":[" : ",", image_text(&b, roots[i], text),
					    ANNOTATION_REF_NAME, names[i]),
				 ERR_OK);
	ck_assert_int_eq(buf_puts(&index, "]}", NULL), ERR_OK);
	folder_put(folder, "layout/index.json", index.data, index.len);
}

static void setup(void)
{
	char text[IMAGE_DESCRIPTOR_TEXT];
	size_t config, i;

	folder = folder_new();
	bundle = folder_path(folder, "a.zst");
	image_builder_init(&b);
	config = image_json(&b, TYPE_OCI_CONFIG, "{}");
	for (i = 0; i < COUNT_OF(roots); i++)
		roots[i] = image_json(&b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"annotations\":{\"n\":\"%zu\"}}",
				      image_text(&b, config, text), i);
	image_tag(&b, A, roots[0]);
	image_tag(&b, B, roots[1]);
	image_tag(&b, C, roots[2]);
	bundle_put(&b, bundle, 4096);
	put_layout();
	ck_assert_int_eq(setenv(SITE_VARIABLE, folder, 1), 0); /* no key lies there */
}

static void teardown(void)
{
	image_builder_release(&b);
	free(bundle);
	folder_remove(folder);
}

/* Their places, in the order in which they are told: "01". */
static enum err_code note(void *ctx, const char *name, const struct descriptor *root, struct err *err)
{
	size_t i;

	(void)name;
	for (i = 0; i < COUNT_OF(roots); i++) {
		if (digest_equal(&root->digest, &b.items[roots[i]].digest))
			return buf_printf(ctx, err, "%zu", i);
	}
	return ERR_OK;
}

static const struct {
	const char *name; /* of the image; NULL for none */
	int digest;       /* of which image; -1 for none */
	enum err_code want;
	const char *bundle, *layout; /* what is picked, or what the message says */
} cases[] = {
	{ NULL, -1, ERR_OK, "120", "012" },
	{ A, -1, ERR_OK, "0", "0" },
	{ B, -1, ERR_OK, "1", "1" },
	{ "app:1", -1, ERR_OK, "1", "1" },
	{ "2", -1, ERR_OK, "2", "2" },
	{ NULL, 1, ERR_OK, "1", "1" },
	{ "app:1", 1, ERR_OK, "1", "1" },
	{ "1", 0, ERR_OK, "0", "0" },
	{ "1", -1, ERR_CONFLICT, "2 images have the tag 1: " B ", " A, "2 images have the tag 1: " A ", " B },
	{ "app", -1, ERR_NOT_FOUND, "has no image app; it has " B ", " C ", " A, "has no image app; it has " A ", " B },
	{ "app:1", 0, ERR_NOT_FOUND, "has no image app:1@sha256:", "has no image app:1@sha256:" },
	{ "a b", -1, ERR_NOT_FOUND, "has no image a b", "has no image a b" },
};

static void pick(size_t i, enum transport transport, const char *file, const char *want)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, file);
	CLEANUP(free_ptr) char *name = NULL;
	CLEANUP(buf_release) struct buf got = { .max = 100 };
	struct location at = { .transport = transport, .path = path };
	struct local *l = NULL;
	struct err err = { 0 };
	enum err_code code;

	ck_assert_int_eq(str_copy(cases[i].name, &name, NULL), ERR_OK);
	at.name = name;
	if (cases[i].digest >= 0)
		at.digest = b.items[roots[cases[i].digest]].digest;
	ck_assert_msg(local_open(&at, &l, &err) == ERR_OK, "%s", err.msg);
	ck_assert(local_is(l, &at));
	code = local_pick(l, &at, note, &got, &err);
	ck_assert_msg(code == cases[i].want, "%d: %s", code, err.msg);
	if (code == ERR_OK)
		ck_assert_str_eq(buf_text(&got), want);
	else
		ck_assert_msg(strstr(err.msg, want) != NULL && strstr(err.msg, path) == err.msg, "%s", err.msg);
	local_free(l);
}

START_TEST(picking)
{
	pick((size_t)_i, TRANSPORT_BUNDLE, "a.zst", cases[_i].bundle);
	pick((size_t)_i, TRANSPORT_LAYOUT, "layout", cases[_i].layout);
}
END_TEST

static const struct {
	enum transport transport;
	const char *file;
	enum err_code want;
	const char *message;
} bad[] = {
	{ TRANSPORT_LAYOUT, "a.zst", ERR_NOT_FOUND, "is a file, and oci: takes a folder" },
	{ TRANSPORT_LAYOUT, "nowhere", ERR_NOT_FOUND, "nowhere: no such folder" },
	{ TRANSPORT_ARCHIVE, "a.zst", ERR_UNSUPPORTED, "is a bundle: write bundle:" },
	{ TRANSPORT_ARCHIVE, "layout", ERR_FORMAT, "is a folder, and an archive is a file: write oci:" },
	{ TRANSPORT_ARCHIVE, "layout/index.json", ERR_FORMAT, "no whole tar archive" },
	{ TRANSPORT_BUNDLE, "layout/index.json", ERR_DAMAGED, "not a bundle" },
};

START_TEST(refused)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, bad[_i].file);
	struct location at = { .transport = bad[_i].transport, .path = path };
	struct local *l = NULL;
	struct err err = { 0 };
	enum err_code code = local_open(&at, &l, &err);

	ck_assert_msg(code == bad[_i].want, "%d: %s", code, err.msg);
	ck_assert_msg(strstr(err.msg, bad[_i].message) != NULL && strstr(err.msg, path) == err.msg, "%s", err.msg);
	local_free(l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("local");
	TCase *t = tcase_create("local");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, picking, 0, COUNT_OF(cases));
	tcase_add_loop_test(t, refused, 0, COUNT_OF(bad));
	suite_add_tcase(s, t);
	return test_run(s);
}
