#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/layout.h"
#include "common/layout_survey.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/walk.h"
#include "tests/lib/folder.h"
#include "tests/lib/graph_text.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

static char *folder;
static struct layout *layout;
static struct image_builder images;

/* index.json as bundles/index.c writes it: images by name, referrers by subject. */
static void publish_all(void)
{
	char text[IMAGE_DESCRIPTOR_TEXT];
	CLEANUP(buf_release) struct buf index;
	struct err err = { 0 };
	size_t i;

	buf_init(&index, MIB);
	ck_assert_int_eq(buf_puts(&index, "{\"manifests\":[", NULL), ERR_OK);
	for (i = 0; i < images.tags_len; i++)
		ck_assert_int_eq(buf_printf(&index, NULL, "%s{%s,\"annotations\":{\"%s\":\"%s\"}}", i > 0 ? "," : "",
					    image_text(&images, images.tags[i].root, text), ANNOTATION_IMAGE_NAME,
					    images.tags[i].name),
				 ERR_OK);
	for (i = 0; i < images.links_len; i++)
		ck_assert_int_eq(buf_printf(&index, NULL, ",{%s,\"annotations\":{\"%s\":\"%s\"}}",
					    image_text(&images, images.links[i].referrer, text), ANNOTATION_SUBJECT,
					    images.items[images.links[i].subject].digest.text),
				 ERR_OK);
	ck_assert_int_eq(buf_puts(&index, "]}", NULL), ERR_OK);
	ck_assert_msg(layout_publish(layout, index.data, index.len, &err) == ERR_OK, "%s", err.msg);
}

static void setup(void)
{
	size_t i;

	folder = folder_new();
	ck_assert_int_eq(layout_open(folder, true, &layout, NULL), ERR_OK);
	image_builder_init(&images);
	image_sample(&images, NAME, &(struct image_sample){ .sha512 = true, .absent_platform = true });
	for (i = 0; i < images.links_len; i++)
		images.links[i].kind = LINK_SUBJECT; /* a layout knows one kind */
	for (i = 0; i < images.items_len; i++) {
		const struct image_item *item = &images.items[i];
		struct memory_stream in;

		memory_stream_init(&in, item->bytes, item->len);
		if (!item->absent)
			ck_assert_int_eq(layout_put(layout, &item->digest, item->len, &in.in, NULL), ERR_OK);
	}
	publish_all();
}

static void teardown(void)
{
	layout_close(layout);
	image_builder_release(&images);
	folder_remove(folder);
}

/* What goes in comes out: the graph is that of where the images came from. */
START_TEST(same_graph)
{
	CLEANUP(graph_release) struct graph from;
	CLEANUP(graph_release) struct graph back;
	CLEANUP(free_ptr) char *from_text = NULL;
	CLEANUP(free_ptr) char *back_text = NULL;
	CLEANUP(layout_survey_release) struct layout_survey survey = { 0 };
	struct source *source = NULL;

	ck_assert_int_eq(layout_survey_make(layout, &survey, NULL), ERR_OK);
	ck_assert_int_eq(layout_survey_source(layout, _i == 0 ? NULL : &survey, &source, NULL), ERR_OK);
	image_graph(&images, &images.source, &from);
	image_graph(&images, source, &back);
	from_text = graph_text(&from);
	back_text = graph_text(&back);
	ck_assert_msg(strcmp(from_text, back_text) == 0, "%s", first_difference(from_text, back_text));
	source->free(source);
}
END_TEST

static enum err_code walk_name(const char *name, struct graph *g, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(walk_release) struct walk walk;
	struct source *source = NULL;
	enum err_code code;

	walk_init(&walk, g, NULL, NULL);
	ck_assert_int_eq(reference_parse(name, &ref, NULL), ERR_OK);
	ck_assert_int_eq(layout_source_new(layout, &source, NULL), ERR_OK);
	code = walk_image(&walk, source, &ref, NAME, err);
	source->free(source);
	return code;
}

static const struct {
	const char *name, *reference;
	enum err_code want;
} names[] = {
	{ "short", "app:1", ERR_OK },
	{ "whole", NAME, ERR_OK },
	{ "another tag", "app:2", ERR_NOT_FOUND },
	{ "another registry", "ghcr.io/library/app:1", ERR_NOT_FOUND },
	{ "another digest", "app:1@sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  ERR_NOT_FOUND },
};

START_TEST(resolve)
{
	CLEANUP(graph_release) struct graph g;
	struct err err = { 0 };

	graph_init(&g);
	ck_assert_msg(walk_name(names[_i].reference, &g, &err) == names[_i].want, "%s: %s", names[_i].name, err.msg);
}
END_TEST

START_TEST(resolve_digest)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) char *name = NULL;

	ck_assert_int_eq(str_format(&name, NULL, "app:1@%s", images.items[images.tags[0].root].digest.text), ERR_OK);
	graph_init(&g);
	ck_assert_int_eq(walk_name(name, &g, NULL), ERR_OK);
}
END_TEST

/* Where an item's bytes lie. */
static char *file_of(size_t item)
{
	const struct digest *d = &images.items[item].digest;
	char *name = NULL;

	ck_assert_int_eq(str_format(&name, NULL, "blobs/%s/%s", digest_algorithm(d), digest_hex(d)), ERR_OK);
	return name;
}

/* Whatever manifest was changed behind the layout's back, it is told. */
START_TEST(changed)
{
	static const struct {
		const char *name;
		size_t keep; /* of its bytes; the last one is changed */
		bool longer;
		enum err_code want;
	} changes[] = {
		{ "one byte", SIZE_MAX, false, ERR_DIGEST },
		{ "cut", 7, false, ERR_SIZE },
		{ "empty", 0, false, ERR_SIZE },
		{ "longer", SIZE_MAX, true, ERR_SIZE },
	};
	size_t i, j;

	for (i = 0; i < images.items_len; i++) {
		const struct image_item *item = &images.items[i];
		CLEANUP(free_ptr) char *file = file_of(i);

		if (item->absent || manifest_kind(item->media_type) == MANIFEST_NONE)
			continue;
		for (j = 0; j < COUNT_OF(changes); j++) {
			CLEANUP(graph_release) struct graph g;
			CLEANUP(free_ptr) char *bytes = calloc(1, item->len + 1);
			size_t len = changes[j].keep < item->len ? changes[j].keep : item->len;
			struct err err = { 0 };

			memcpy(bytes, item->bytes, item->len);
			if (len > 0)
				bytes[len - 1] ^= 1;
			folder_put(folder, file, bytes, changes[j].longer ? item->len + 1 : len);
			graph_init(&g);
			ck_assert_msg(walk_name(NAME, &g, &err) == changes[j].want, "%s: %s", changes[j].name, err.msg);
			ck_assert_ptr_nonnull(strstr(err.msg, folder));
		}
		folder_put(folder, file, item->bytes, item->len);
	}
}
END_TEST

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	(void)err;
	*(bool *)ctx = there;
	return ERR_OK;
}

START_TEST(blob)
{
	struct source *source = NULL;
	struct err err = { 0 };
	size_t i;

	ck_assert_int_eq(layout_source_new(layout, &source, NULL), ERR_OK);
	for (i = 0; i < images.items_len; i++) {
		const struct image_item *item = &images.items[i];
		struct descriptor d = { .digest = item->digest, .size_bytes = item->len, .media_type = "m" };
		CLEANUP(buf_release) struct buf bytes;
		struct buf_stage out;
		bool done = false, has = item->absent;

		buf_init(&bytes, item->len);
		buf_stage_init(&out, &bytes);
		ck_assert_int_eq(source->has(source, &d, on_blob, &has, &err), ERR_OK);
		ck_assert_int_eq(has, !item->absent);
		ck_assert_int_eq(source->blob(source, &d, 0, item->len, &out.out, on_blob, &done, &err), ERR_OK);
		ck_assert_int_eq(done, !item->absent);
		ck_assert_uint_eq(bytes.len, done ? item->len : 0);
		if (bytes.len > 0)
			ck_assert_mem_eq(bytes.data, item->bytes, item->len);
		buf_clear(&bytes);
		if (done && item->len > 1) {
			ck_assert_int_eq(
				source->blob(source, &d, item->len - 1, item->len, &out.out, on_blob, &done, &err),
				ERR_OK);
			ck_assert_uint_eq(bytes.len, 1);
			ck_assert_int_eq(bytes.data[0], item->bytes[item->len - 1]);
		}
		buf_clear(&bytes);
		if (done && item->len > 2) {
			ck_assert_int_eq(source->blob(source, &d, 1, 2, &out.out, on_blob, &done, &err), ERR_OK);
			ck_assert_uint_eq(bytes.len, 1);
			ck_assert_int_eq(bytes.data[0], item->bytes[1]);
		}
		buf_release(&bytes);
		bytes.max = 0; /* the next stage takes nothing */
		done = false;
		if (!item->absent && item->len > 0) {
			ck_assert_int_eq(source->blob(source, &d, 0, item->len, &out.out, on_blob, &done, &err),
					 ERR_LIMIT);
			ck_assert(!done);
		}
	}
	source->free(source);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout_source");
	TCase *t = tcase_create("layout_source");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, same_graph, 0, 2);
	tcase_add_loop_test(t, resolve, 0, (int)COUNT_OF(names));
	tcase_add_test(t, resolve_digest);
	tcase_add_test(t, changed);
	tcase_add_test(t, blob);
	suite_add_tcase(s, t);
	return test_run(s);
}
