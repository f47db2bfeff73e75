#include "import/store_gc.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/index.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define A "docker.io/library/a:1"
#define B "docker.io/library/b:1"

static struct image_builder images;
static struct layout *layout;
static char *folder;

static void setup(void)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(buf_release) struct buf index;
	struct buf_stage out;
	size_t i;

	folder = folder_new();
	image_builder_init(&images);
	image_sample(&images, A, &(struct image_sample){ .sha512 = true });
	image_sample(&images, B, &(struct image_sample){ .raw_bytes = 500 });
	image_graph(&images, &images.source, &g);
	ck_assert_int_eq(layout_open(folder, true, &layout, NULL), ERR_OK);
	ck_assert_int_eq(layout_lock(layout, NULL), ERR_OK);
	for (i = 0; i < images.items_len; i++) {
		struct memory_stream in;

		memory_stream_init(&in, images.items[i].bytes, images.items[i].len);
		ck_assert_int_eq(layout_put(layout, &images.items[i].digest, images.items[i].len, &in.in, NULL),
				 ERR_OK);
	}
	buf_init(&index, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &index);
	ck_assert_int_eq(index_write(&g, &out.out, NULL), ERR_OK);
	ck_assert_int_eq(layout_publish(layout, buf_text(&index), index.len, NULL), ERR_OK);
}

static void teardown(void)
{
	layout_close(layout);
	image_builder_release(&images);
	folder_remove(folder);
}

/* Take the names away, with everything else in its place. */
static void forget(const char *const *names)
{
	CLEANUP(free_ptr) bool *drop = calloc(layout_len(layout) + 1, sizeof(*drop));
	size_t i, j;

	ck_assert_ptr_nonnull(drop);
	for (i = 0; i < layout_len(layout); i++) {
		for (j = 0; j < 2 && names[j] != NULL; j++)
			drop[i] |=
				layout_at(layout, i)->name != NULL && strcmp(layout_at(layout, i)->name, names[j]) == 0;
	}
	ck_assert_int_eq(layout_drop(layout, drop, NULL), ERR_OK);
}

static uint64_t collect(void)
{
	CLEANUP(store_gc_release) struct store_gc gc = { 0 };
	struct err err = { 0 };

	ck_assert_msg(store_gc_find(layout, &gc, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(store_gc_run(&gc, &err) == ERR_OK, "%s", err.msg);
	return gc.bytes;
}

/* What stays is what the names that are left lead to, and nothing else. */
static const struct {
	const char *name, *forgets[2];
	bool a, b;
} cases[] = {
	{ "nothing to do", { NULL, NULL }, true, true },
	{ "the first goes", { A, NULL }, false, true },
	{ "the second goes", { B, NULL }, true, false },
	{ "all go", { A, B }, false, false },
};

/* Everything that a name led to in the builder. */
static bool belongs(const char *name, const struct digest *digest)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	size_t image;
	uint32_t node;

	image_graph(&images, &images.source, &g);
	image = strcmp(name, A) == 0 ? 0 : 1;
	ck_assert_int_eq(graph_owners_among(&g, image, 1, &owners, NULL), ERR_OK);
	node = graph_find(&g, digest);
	return node != NODE_NONE && owners[node] != NODE_NONE;
}

START_TEST(collects)
{
	size_t i;

	forget(cases[_i].forgets);
	collect();
	for (i = 0; i < images.items_len; i++) {
		const struct digest *d = &images.items[i].digest;
		bool stays = (cases[_i].a && belongs(A, d)) || (cases[_i].b && belongs(B, d));

		ck_assert_msg(layout_is_there(layout, d) == stays, "%s: %s", cases[_i].name, d->text);
	}
	for (i = 0; i < layout_len(layout); i++)
		ck_assert(layout_is_there(layout, &layout_at(layout, i)->descriptor.digest));
	if (!cases[_i].a && !cases[_i].b)
		ck_assert_uint_eq(layout_len(layout), 0);
	ck_assert_uint_eq(collect(), 0);
}
END_TEST

/* What others have put there stays: a blob that an entry names, though no image is it. */
START_TEST(keeps_entries)
{
	static const char text[] = "{\"x\":1}";
	CLEANUP(free_ptr) char *index = NULL;
	struct memory_stream in;
	struct digest digest;

	ck_assert_int_eq(digest_of(text, strlen(text), NULL, &digest, NULL), ERR_OK);
	memory_stream_init(&in, text, strlen(text));
	ck_assert_int_eq(layout_put(layout, &digest, strlen(text), &in.in, NULL), ERR_OK);
	ck_assert_int_eq(
		str_format(&index, NULL,
			   "{\"manifests\":[{\"mediaType\":\"application/x\",\"digest\":\"%s\",\"size\":%zu}]}",
			   digest.text, strlen(text)),
		ERR_OK);
	ck_assert_int_eq(layout_publish(layout, index, strlen(index), NULL), ERR_OK);
	ck_assert_uint_eq(collect(), 0);
	ck_assert(layout_is_there(layout, &digest));
}
END_TEST

/* A manifest that is not what it should be: nothing is taken away. */
START_TEST(refuses_damage)
{
	CLEANUP(store_gc_release) struct store_gc gc = { 0 };
	const struct digest *root = &images.items[images.tags[0].root].digest;
	const char *const b[2] = { B, NULL };
	char name[128];

	snprintf(name, sizeof(name), "blobs/sha256/%s", digest_hex(root));
	folder_put(folder, name, "{}", 2);
	forget(b);
	ck_assert_int_ne(store_gc_find(layout, &gc, NULL), ERR_OK);
	ck_assert_uint_eq(gc.blobs_len, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store_gc");
	TCase *t = tcase_create("store_gc");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, collects, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, keeps_entries);
	tcase_add_test(t, refuses_damage);
	suite_add_tcase(s, t);
	return test_run(s);
}
