#include "import/catalog.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundles/contents.h"
#include "common/layout.h"
#include "common/mem.h"
#include "common/walk.h"
#include "import/catalog_blob.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/catalog_fixture.h"
#include "tests/lib/folder.h"
#include "tests/lib/graph_text.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sealed.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define APP "docker.io/library/app:1"
#define OTHER "ghcr.io/team/other:2"
#define MANY (SHARDS_FROM + 2)
#define MANY_NAME_BYTES 64

/* Two images; a layer of more than 4 MiB has several frames. */
static void fixture_with(struct catalog_fixture *f, size_t raw_bytes)
{
	catalog_fixture_begin(f);
	image_sample(&f->images, APP, &(struct image_sample){ .raw_bytes = raw_bytes, .plain_bytes = 300000 });
	image_sample(&f->images, OTHER, &(struct image_sample){ .one_manifest = true, .raw_bytes = 10 });
	bundle_put(&f->images, f->path, 10000);
	catalog_fixture_open_path(f);
}

static void fixture_init(struct catalog_fixture *f)
{
	fixture_with(f, 300000);
}

/* ---- names ---- */

static const struct {
	const char *text;
	const char *name; /* what it finds; NULL: nothing */
	enum err_code code;
} resolve_cases[] = {
	{ "app:1", APP, ERR_OK },
	{ "docker.io/library/app:1", APP, ERR_OK },
	{ "ghcr.io/team/other:2", OTHER, ERR_OK },
	{ "app", NULL, ERR_NOT_FOUND },
	{ "app:2", NULL, ERR_NOT_FOUND },
	{ "ghcr.io/team/other", NULL, ERR_NOT_FOUND },
	{ "APP:1", NULL, ERR_FORMAT },
	{ "", NULL, ERR_FORMAT },
	{ "abcd", NULL, ERR_NOT_FOUND },
	{ "abc", NULL, ERR_NOT_FOUND },
	{ "sha256:0000", NULL, ERR_NOT_FOUND },
};

START_TEST(resolves)
{
	struct catalog_fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < COUNT_OF(resolve_cases); i++) {
		const struct catalog_image *image = NULL;
		enum err_code got = catalog_resolve(f.view, resolve_cases[i].text, &image, &f.err);

		ck_assert_msg(got == resolve_cases[i].code, "%s: %d %s", resolve_cases[i].text, got, f.err.msg);
		ck_assert_msg((image != NULL) == (resolve_cases[i].name != NULL), "%s", resolve_cases[i].text);
		if (image != NULL)
			ck_assert_str_eq(image->name, resolve_cases[i].name);
	}
	catalog_fixture_release(&f);
}
END_TEST

/* Every way to say a digest, whole or cut, and with a repository that it is in or not. */
START_TEST(resolves_digests)
{
	struct catalog_fixture f;
	const struct catalog_image *image = NULL;
	const char *hex;
	char text[512];
	size_t len;

	fixture_init(&f);
	hex = digest_hex(catalog_fixture_root(&f, 0));
	for (len = 4; len <= 64; len++) {
		snprintf(text, sizeof(text), "%.*s", (int)len, hex);
		ck_assert_msg(catalog_resolve(f.view, text, &image, &f.err) == ERR_OK, "%s: %s", text, f.err.msg);
		ck_assert_str_eq(image->name, APP);
		snprintf(text, sizeof(text), "sha256:%.*s", (int)len, hex);
		ck_assert_int_eq(catalog_resolve(f.view, text, &image, &f.err), ERR_OK);
	}
	snprintf(text, sizeof(text), "app@%s", catalog_fixture_root(&f, 0)->text);
	ck_assert_int_eq(catalog_resolve(f.view, text, &image, &f.err), ERR_OK);
	snprintf(text, sizeof(text), "app:whatever@%s", catalog_fixture_root(&f, 0)->text);
	ck_assert_int_eq(catalog_resolve(f.view, text, &image, &f.err), ERR_OK);
	snprintf(text, sizeof(text), "app@%s", catalog_fixture_root(&f, 1)->text);
	ck_assert_int_eq(catalog_resolve(f.view, text, &image, &f.err), ERR_NOT_FOUND);
	ck_assert_int_eq(catalog_find_digest(f.view, catalog_fixture_root(&f, 1), &image, &f.err), ERR_OK);
	ck_assert_str_eq(image->name, OTHER);
	ck_assert_str_eq(image->tag, "2");
	ck_assert_uint_eq(image->repository_len, strlen("ghcr.io/team/other"));
	catalog_fixture_release(&f);
}
END_TEST

/* An id that two images begin with names neither, but one that is two names of one image names it. */
START_TEST(ambiguous_ids)
{
	struct catalog_fixture f;
	const struct catalog_image *image = NULL;
	char text[5] = "";
	size_t i, j;
	bool found = false;

	catalog_fixture_begin(&f);
	for (i = 0; i < 200; i++) {
		static char names[200][MANY_NAME_BYTES];
		size_t config = image_json(&f.images, TYPE_OCI_CONFIG, "{\"n\":%zu}", i);
		char d[IMAGE_DESCRIPTOR_TEXT];

		if (i >= 120)
			break;
		snprintf(names[i], MANY_NAME_BYTES, "docker.io/library/app:%zu", i);
		image_tag(&f.images, names[i],
			  image_json(&f.images, TYPE_OCI_MANIFEST, "{\"config\":{%s}}",
				     image_text(&f.images, config, d)));
	}
	bundle_put(&f.images, f.path, 10000);
	catalog_fixture_open_path(&f);
	for (i = 0; i < f.images.tags_len; i++) {
		bool shared = false;

		memcpy(text, digest_hex(catalog_fixture_root(&f, i)), 4);
		for (j = 0; j < f.images.tags_len; j++)
			shared |= j != i && memcmp(text, digest_hex(catalog_fixture_root(&f, j)), 4) == 0;
		ck_assert_int_eq(catalog_resolve(f.view, text, &image, &f.err), shared ? ERR_CONFLICT : ERR_OK);
		found |= shared;
	}
	(void)found; /* whether the digests of this run have a pair says nothing: both ways are right */
	catalog_fixture_release(&f);
}
END_TEST

START_TEST(lists)
{
	struct catalog_fixture f;
	const struct catalog_image *const *images = NULL;
	size_t len = 0;

	fixture_init(&f);
	ck_assert_int_eq(catalog_images(f.view, &images, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, 2);
	ck_assert_str_eq(images[0]->name, APP);
	ck_assert_str_eq(images[1]->name, OTHER);
	ck_assert_int_eq(catalog_repository(f.view, "docker.io/library/app", &images, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, 1);
	ck_assert_str_eq(images[0]->tag, "1");
	ck_assert_int_eq(catalog_repository(f.view, "docker.io/library/ap", &images, &len, &f.err), ERR_NOT_FOUND);
	ck_assert_int_eq(catalog_repository(f.view, "", &images, &len, &f.err), ERR_NOT_FOUND);
	catalog_fixture_release(&f);
}
END_TEST

/* Names that stand between those of one repository, by their letters. */
START_TEST(neighbours)
{
	static const char *const names[] = { "docker.io/library/a-b:1", "docker.io/library/a.b:1",
					     "docker.io/library/a/b:1", "docker.io/library/a:1",
					     "docker.io/library/a:2",   "docker.io/library/a_b:1" };
	struct catalog_fixture f;
	const struct catalog_image *const *images = NULL;
	size_t len = 0, i;

	catalog_fixture_begin(&f);
	image_sample(&f.images, names[0], &(struct image_sample){ .one_manifest = true });
	for (i = 1; i < COUNT_OF(names); i++)
		image_tag(&f.images, names[i], f.images.tags[0].root);
	bundle_put(&f.images, f.path, 10000);
	catalog_fixture_open_path(&f);
	ck_assert_int_eq(catalog_repository(f.view, "docker.io/library/a", &images, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, 2);
	ck_assert_str_eq(images[0]->name, "docker.io/library/a:1");
	ck_assert_str_eq(images[1]->name, "docker.io/library/a:2");
	catalog_fixture_release(&f);
}
END_TEST

/* ---- content ---- */

static char *graph_of_view(struct catalog_fixture *f, const char *name)
{
	CLEANUP(catalog_graph_release_ptr) struct catalog_graph *g = NULL;
	CLEANUP(catalog_graph_release_ptr) struct catalog_graph *again = NULL;
	const struct catalog_image *image = NULL;

	ck_assert_int_eq(catalog_find(f->view, name, &image, &f->err), ERR_OK);
	ck_assert_msg(catalog_graph(f->view, image, &g, &f->err) == ERR_OK, "%s", f->err.msg);
	ck_assert_int_eq(catalog_graph(f->view, image, &again, &f->err), ERR_OK);
	ck_assert_ptr_eq(g, again);
	ck_assert_uint_eq(g->graph.images_len, 1);
	ck_assert_str_eq(g->graph.images[0].name, name);
	return graph_text(&g->graph);
}

/* What a bundle's own source finds of one image. */
static char *graph_of_bundle(const struct catalog_fixture *f, const char *name)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(graph_release) struct graph g;
	struct err err = { .code = ERR_OK };
	char *text;

	graph_init(&g);
	ck_assert_int_eq(bundle_open(f->path, &b, &err), ERR_OK);
	ck_assert_int_eq(contents_walk_image(b, name, &g, &err), ERR_OK);
	ck_assert_int_eq(graph_settle(&g, &err), ERR_OK);
	contents_mark(b, &g);
	text = graph_text(&g);
	return text;
}

START_TEST(graphs)
{
	static const char *const names[] = { APP, OTHER };
	struct catalog_fixture f;
	char *is, *wanted;

	fixture_init(&f);
	is = graph_of_view(&f, names[_i]);
	wanted = graph_of_bundle(&f, names[_i]);
	ck_assert_str_eq(is, wanted);
	free(is);
	free(wanted);
	catalog_fixture_release(&f);
}
END_TEST

static void check_blob(struct catalog_fixture *f, const struct image_item *item)
{
	CLEANUP(catalog_blob_release) struct catalog_blob blob = { 0 };
	CLEANUP(buf_release) struct buf got;
	struct instream *in = NULL;
	struct buf_stage out;
	size_t from = item->len / 3, end = item->len - item->len / 5;

	ck_assert_msg(catalog_blob_find(f->view, &item->digest, &blob, &f->err) == ERR_OK, "%s", f->err.msg);
	ck_assert_uint_eq(blob.size_bytes, item->len);
	ck_assert_int_eq(catalog_blob_open(&blob, from, end, &in, &f->err), ERR_OK);
	buf_init(&got, item->len + 1);
	buf_stage_init(&out, &got);
	ck_assert_msg(stream_copy(in, &out.out, &f->err) == ERR_OK, "%s", f->err.msg);
	instream_release(in);
	ck_assert_uint_eq(got.len, end - from);
	ck_assert(memcmp(buf_text(&got), item->bytes + from, got.len) == 0);
}

START_TEST(blobs)
{
	struct catalog_fixture f;
	size_t i;

	fixture_with(&f, 5000000);
	for (i = 0; i < f.images.items_len; i++) {
		const struct image_item *item = &f.images.items[i];
		CLEANUP(catalog_bytes_release_ptr) struct catalog_bytes *bytes = NULL;
		const struct catalog_image *image = NULL;

		check_blob(&f, item);
		ck_assert_int_eq(catalog_find(f.view, APP, &image, &f.err), ERR_OK);
		ck_assert_int_eq(
			catalog_bytes(f.view, image->place, &item->digest, item->len, item->len, &bytes, &f.err),
			ERR_OK);
		ck_assert_uint_eq(bytes->len, item->len);
		ck_assert(memcmp(bytes->data, item->bytes, item->len) == 0);
	}
	catalog_fixture_release(&f);
}
END_TEST

/* Bytes are bounded and held against what is said of them, kept or not. */
START_TEST(refuses_bytes)
{
	struct catalog_fixture f;
	const struct catalog_image *image = NULL;
	struct catalog_bytes *bytes = NULL;
	const struct image_item *item;
	int turn;

	fixture_init(&f);
	ck_assert_int_eq(catalog_find(f.view, APP, &image, &f.err), ERR_OK);
	item = image_item(&f.images, &image->digest);
	for (turn = 0; turn < 2; turn++) {
		ck_assert_int_eq(catalog_bytes(f.view, image->place, &item->digest, item->len + 1, item->len + 1,
					       &bytes, &f.err),
				 ERR_DAMAGED);
		ck_assert_int_eq(catalog_bytes(f.view, image->place, &item->digest, CATALOG_ANY_SIZE, item->len - 1,
					       &bytes, &f.err),
				 ERR_LIMIT);
		ck_assert_int_eq(
			catalog_bytes(f.view, image->place, &item->digest, CATALOG_ANY_SIZE, item->len, &bytes, &f.err),
			ERR_OK);
		catalog_bytes_release(bytes);
		bytes = NULL;
	}
	catalog_fixture_release(&f);
}
END_TEST

/* A layer that is not what it is called is given as it is, and never counts as proved. */
START_TEST(proofs)
{
	struct catalog_fixture f;
	CLEANUP(catalog_blob_release) struct catalog_blob blob = { 0 };
	CLEANUP(catalog_blob_release) struct catalog_blob after = { 0 };
	const struct image_item *layer = NULL;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < f.images.items_len; i++)
		layer = layer == NULL || f.images.items[i].len > layer->len ? &f.images.items[i] : layer;
	ck_assert_int_eq(catalog_blob_find(f.view, &layer->digest, &blob, &f.err), ERR_OK);
	ck_assert(!catalog_blob_proved(&blob));
	catalog_blob_set_proved(&blob);
	ck_assert(catalog_blob_proved(&blob));
	ck_assert_int_eq(catalog_blob_unchanged(&blob, &f.err), ERR_OK);
	ck_assert_int_eq(chmod(f.path, 0600), 0); /* enough for its time of change to be another */
	ck_assert_int_eq(catalog_blob_find(f.view, &layer->digest, &after, &f.err), ERR_OK);
	ck_assert(!catalog_blob_proved(&after));
	catalog_blob_set_proved(&blob); /* what was found before the change does not speak for what is there now */
	ck_assert(!catalog_blob_proved(&after));
	catalog_fixture_release(&f);
}
END_TEST

/* ---- what happens to a file ---- */

static void pull_out(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}

static void replace(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
	file_put(path, "other", 5);
}

static void cut(const char *path)
{
	ck_assert_int_eq(truncate(path, 100), 0);
}

static void overwrite(const char *path)
{
	size_t len = 0;
	unsigned char *bytes = file_bytes(path, &len);

	memset(bytes + len / 2, 0, len / 4);
	file_put(path, bytes, len);
	free(bytes);
}

static void (*const mishaps[])(const char *path) = { pull_out, replace, cut, overwrite };

START_TEST(gone)
{
	struct catalog_fixture f;
	const struct catalog_image *image = NULL;
	const struct catalog_image *const *images = NULL;
	struct catalog_graph *graph = NULL;
	struct catalog_bytes *bytes = NULL;
	struct catalog_blob blob = { 0 };
	size_t len = 0;

	fixture_init(&f);
	ck_assert_int_eq(catalog_find(f.view, APP, &image, &f.err), ERR_OK);
	mishaps[_i](f.path);
	ck_assert_int_eq(catalog_graph(f.view, image, &graph, &f.err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(f.err.msg, f.path));
	ck_assert_int_eq(catalog_bytes(f.view, image->place, &image->digest, CATALOG_ANY_SIZE, 10000, &bytes, &f.err),
			 ERR_IO);
	ck_assert_int_eq(catalog_blob_find(f.view, &image->digest, &blob, &f.err), ERR_IO);
	ck_assert_int_eq(catalog_find(f.view, APP, &image, &f.err), ERR_IO);
	ck_assert_int_eq(catalog_images(f.view, &images, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, 2);
	ck_assert_int_eq(catalog_repository(f.view, "docker.io/library/app", &images, &len, &f.err), ERR_IO);
	ck_assert_int_eq(catalog_find(f.view, "docker.io/library/no:1", &image, &f.err), ERR_NOT_FOUND);
	catalog_fixture_release(&f);
}
END_TEST

/* ---- many images, many places, a store ---- */

START_TEST(shards)
{
	static char names[MANY][MANY_NAME_BYTES];
	struct catalog_fixture f;
	const struct catalog_image *const *images = NULL;
	const struct catalog_image *image = NULL;
	char *is, *wanted;
	size_t len = 0, missing = 0, i;

	catalog_fixture_begin(&f);
	for (i = 0; i < MANY; i++)
		snprintf(names[i], MANY_NAME_BYTES, "docker.io/library/app:%06zu", i);
	image_sample(&f.images, names[0], &(struct image_sample){ .sha512 = true });
	for (i = 1; i + 1 < MANY; i++)
		image_tag(&f.images, names[i], f.images.tags[0].root);
	image_sample(&f.images, names[MANY - 1], &(struct image_sample){ .raw_bytes = 5000, .absent_platform = true });
	bundle_put(&f.images, f.path, 10000);
	catalog_fixture_open_path(&f);
	ck_assert_int_eq(catalog_find(f.view, names[MANY - 1], &image, &f.err), ERR_OK);
	is = graph_of_view(&f, names[MANY - 1]);
	wanted = graph_of_bundle(&f, names[MANY - 1]);
	ck_assert_str_eq(is, wanted);
	ck_assert_int_eq(catalog_find(f.view, "docker.io/library/aaa:1", &image, &f.err), ERR_NOT_FOUND);
	ck_assert_int_eq(catalog_read_all(f.catalog, &f.err), ERR_OK);
	ck_assert_int_eq(catalog_repository(f.view, "docker.io/library/app", &images, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, MANY);
	for (i = 0; i < len; i++)
		ck_assert_str_eq(images[i]->name, names[i]);
	for (i = 0; i < f.images.items_len; i++) {
		CLEANUP(catalog_blob_release) struct catalog_blob blob = { 0 };

		if (catalog_blob_find(f.view, &f.images.items[i].digest, &blob, &f.err) == ERR_NOT_FOUND)
			missing++; /* of the platform that is absent */
		else
			check_blob(&f, &f.images.items[i]);
	}
	ck_assert_uint_lt(missing, 8);
	free(is);
	free(wanted);
	catalog_fixture_release(&f);
}
END_TEST

/* Two bundles: of a name that both have the first one's image counts, and all else of both is there. */
START_TEST(several)
{
	struct catalog_fixture f;
	struct image_builder second;
	char *path = file_new();
	const char *items[2];
	struct opt_list places = { .items = items, .len = 2 };
	const struct catalog_image *const *images = NULL;
	const struct catalog_image *image = NULL;
	struct digest moved;
	size_t len = 0;

	catalog_fixture_begin(&f);
	image_sample(&f.images, APP, &(struct image_sample){ .raw_bytes = 1000 });
	bundle_put(&f.images, f.path, 10000);
	image_builder_init(&second);
	image_sample(&second, OTHER, &(struct image_sample){ .raw_bytes = 2000 });
	image_sample(&second, APP, &(struct image_sample){ .one_manifest = true, .raw_bytes = 3000 });
	bundle_put(&second, path, 10000);
	moved = second.items[second.tags[1].root].digest;
	items[0] = f.path;
	items[1] = path;
	catalog_fixture_open(&f, &places, &catalog_fixture_none);
	ck_assert_int_eq(catalog_images(f.view, &images, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, 2);
	ck_assert(digest_equal(&images[0]->digest, catalog_fixture_root(&f, 0)));
	ck_assert_int_eq(catalog_find(f.view, OTHER, &image, &f.err), ERR_OK);
	ck_assert_str_eq(catalog_place_name(image->place), path);
	ck_assert_int_eq(catalog_find_digest(f.view, &moved, &image, &f.err), ERR_NOT_FOUND);
	pull_out(path); /* the other one is still there */
	ck_assert_int_eq(catalog_find(f.view, OTHER, &image, &f.err), ERR_IO);
	ck_assert_int_eq(catalog_find(f.view, APP, &image, &f.err), ERR_OK);
	image_builder_release(&second);
	catalog_fixture_release(&f);
	file_remove(path);
}
END_TEST

/* Where a key counts, a bundle that it has not sealed is not opened; for a layout a key is a mistake. */
START_TEST(origin)
{
	struct catalog_fixture f;
	char *folder = folder_new(), *key = folder_path(folder, "key.pem");
	const char *keys_items[] = { key }, *places_items[] = { NULL };
	struct opt_list keys = { .items = keys_items, .len = 1 }, places = { .items = places_items, .len = 1 };
	struct catalog_options options = { .places = &places,
					   .origin = { .keys = &keys, .seals = &catalog_fixture_none } };
	struct bundle *b = NULL;
	struct catalog *c = NULL;

	folder_put(folder, "key.pem", key_p256_pub, strlen(key_p256_pub));
	catalog_fixture_begin(&f);
	image_sample(&f.images, APP, &(struct image_sample){ .raw_bytes = 1000 });
	bundle_put(&f.images, f.path, 10000);
	places_items[0] = f.path;
	ck_assert_int_eq(catalog_open(&options, &c, &f.err), ERR_UNPROVED);
	ck_assert_int_eq(bundle_open(f.path, &b, &f.err), ERR_OK);
	sealed_by(b, key_p256);
	bundle_close(b);
	catalog_fixture_open(&f, &places, &keys);
	places_items[0] = "oci:/nonexistent";
	ck_assert_int_eq(catalog_open(&options, &c, &f.err), ERR_USAGE);
	catalog_fixture_release(&f);
	free(key);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("catalog");
	TCase *t = tcase_create("catalog");

	tcase_add_test(t, resolves);
	tcase_add_test(t, resolves_digests);
	tcase_add_test(t, ambiguous_ids);
	tcase_add_test(t, lists);
	tcase_add_test(t, neighbours);
	tcase_add_loop_test(t, graphs, 0, 2);
	tcase_add_test(t, blobs);
	tcase_add_test(t, refuses_bytes);
	tcase_add_test(t, proofs);
	tcase_add_loop_test(t, gone, 0, COUNT_OF(mishaps));
	tcase_add_test(t, shards);
	tcase_add_test(t, several);
	tcase_add_test(t, origin);
	suite_add_tcase(s, t);
	return test_run(s);
}
