#include "import/store_gc.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/index.h"
#include "bundles/profile.h"
#include "common/layout_survey.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define A "docker.io/library/a:1"
#define B "docker.io/library/b:1"

#define C "docker.io/library/c:1"

static struct image_builder images;
static struct layout *layout;
static char *folder;

/* C is a manifest that the index of A lists. */
static void make_images(struct graph *ret_graph)
{
	CLEANUP(graph_release) struct graph g;
	const struct node *root;
	size_t child;

	image_sample(&images, A, &(struct image_sample){ .sha512 = true });
	image_sample(&images, B, &(struct image_sample){ .raw_bytes = 500 });
	image_graph(&images, &images.source, &g);
	root = &g.nodes[g.images[0].root];
	child = (size_t)(image_item(&images, &g.nodes[g.edges[root->edges].to].digest) - images.items);
	image_tag(&images, C, child);
	image_graph(&images, &images.source, ret_graph);
}

/* As imports write it now, or as they wrote stores before. */
static void publish(const struct graph *g, bool as_before)
{
	CLEANUP(buf_release) struct buf index;
	struct buf_stage out;

	buf_init(&index, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &index);
	ck_assert_int_eq(as_before ? index_write(g, &out.out, NULL) : profile_write(layout, g, &index, NULL), ERR_OK);
	ck_assert_int_eq(layout_publish(layout, buf_text(&index), index.len, NULL), ERR_OK);
}

static void make(bool as_before)
{
	CLEANUP(graph_release) struct graph g;
	size_t i;

	make_images(&g);
	ck_assert_int_eq(layout_open(folder, true, &layout, NULL), ERR_OK);
	ck_assert_int_eq(layout_lock(layout, NULL), ERR_OK);
	for (i = 0; i < images.items_len; i++) {
		struct memory_stream in;

		memory_stream_init(&in, images.items[i].bytes, images.items[i].len);
		ck_assert_int_eq(layout_put(layout, &images.items[i].digest, images.items[i].len, &in.in, NULL),
				 ERR_OK);
	}
	publish(&g, as_before);
}

static void setup(void)
{
	folder = folder_new();
	image_builder_init(&images);
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
		for (j = 0; j < 3 && names[j] != NULL; j++)
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

/* The images that are listed, served and exported. */
static size_t count_images(void)
{
	CLEANUP(layout_survey_release) struct layout_survey survey = { 0 };

	ck_assert_int_eq(layout_survey_make(layout, &survey, NULL), ERR_OK);
	return survey.images_len;
}

/* What stays is what the names that are left lead to, and nothing else. */
static const struct {
	const char *name, *forgets[3], *stay[3];
} cases[] = {
	{ "nothing to do", { NULL }, { A, B, C } },
	{ "an image goes", { B }, { A, C } },
	{ "an index goes, and a manifest that it lists has a name", { A }, { B, C } },
	{ "a manifest goes that an index lists", { C }, { A, B } },
	{ "both go", { A, C }, { B } },
	{ "all go", { A, B, C }, { NULL } },
};

/* Everything that a name led to in the builder. */
static bool belongs(const struct graph *g, const char *name, const struct digest *digest)
{
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	uint32_t node = graph_find(g, digest);
	size_t image = 0;

	while (strcmp(g->images[image].name, name) != 0)
		image++;
	ck_assert_int_eq(graph_owners_among(g, image, 1, &owners, NULL), ERR_OK);
	return node != NODE_NONE && owners[node] != NODE_NONE;
}

START_TEST(collects)
{
	CLEANUP(graph_release) struct graph g;
	bool as_before = _i % 2 == 1;
	size_t at = (size_t)_i / 2, i, j;

	make(as_before);
	image_graph(&images, &images.source, &g);
	forget(cases[at].forgets);
	collect();
	for (i = 0; i < images.items_len; i++) {
		const struct digest *d = &images.items[i].digest;
		bool stays = false;

		for (j = 0; j < 3 && cases[at].stay[j] != NULL; j++)
			stays |= belongs(&g, cases[at].stay[j], d);
		ck_assert_msg(layout_is_there(layout, d) == stays, "%s: %s", cases[at].name, d->text);
	}
	for (i = 0; i < layout_len(layout); i++) {
		struct digest digest = digest_unpack(&layout_at(layout, i)->digest);

		ck_assert(layout_is_there(layout, &digest));
	}
	if (cases[at].stay[0] == NULL)
		ck_assert_uint_eq(layout_len(layout), 0);
	ck_assert_uint_eq(count_images(), j);
	ck_assert_uint_eq(collect(), 0);
}
END_TEST

/* A child that somebody has put there by its digest is an image of its own, once no index lists it. */
START_TEST(keeps_own)
{
	CLEANUP(graph_release) struct graph g;
	const char *const names[3] = { A, B, C };
	char text[IMAGE_DESCRIPTOR_TEXT];
	CLEANUP(free_ptr) char *index = NULL;
	size_t child;

	make(false);
	child = images.tags[2].root;
	image_text(&images, child, text);
	ck_assert_int_eq(str_format(&index, NULL, "{\"manifests\":[{%s}]}", text), ERR_OK);
	ck_assert_int_eq(layout_publish(layout, index, strlen(index), NULL), ERR_OK);
	image_graph(&images, &images.source, &g);
	publish(&g, false);
	ck_assert_uint_eq(count_images(), 3);
	forget(names);
	collect();
	ck_assert_uint_eq(count_images(), 1);
	ck_assert(layout_is_there(layout, &images.items[child].digest));
	ck_assert(!layout_is_there(layout, &images.items[images.tags[0].root].digest));
}
END_TEST

/* What others have put there stays: a blob that an entry names, though no image is it. */
START_TEST(keeps_entries)
{
	static const char text[] = "{\"x\":1}";
	CLEANUP(free_ptr) char *index = NULL;
	struct memory_stream in;
	struct digest digest;

	make(false);
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
	const char *const b[3] = { B };
	const struct digest *root;
	char name[128];

	make(false);
	root = &images.items[images.tags[0].root].digest;
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
	tcase_add_loop_test(t, collects, 0, 2 * (int)COUNT_OF(cases));
	tcase_add_test(t, keeps_own);
	tcase_add_test(t, keeps_entries);
	tcase_add_test(t, refuses_damage);
	suite_add_tcase(s, t);
	return test_run(s);
}
