/* More images than one document describes: bundle.json names shards, and one image is found without the others. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/contents.h"
#include "bundles/places.h"
#include "bundles/reading.h"
#include "bundles/verify.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/graph_text.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAMES_MAX (SHARDS_FROM + 2)
#define NAME_MAX_BYTES 64

static struct image_builder images;
static char names[NAMES_MAX][NAME_MAX_BYTES];
static char *path;

/* A small image under many names, and another one under the last name; all referrers are the first one's. */
static void make(size_t count)
{
	size_t i;

	path = file_new();
	image_builder_init(&images);
	for (i = 0; i < count; i++)
		snprintf(names[i], sizeof(names[i]), "docker.io/library/app:%06zu", i);
	image_sample(&images, names[0], &(struct image_sample){ .sha512 = true });
	for (i = 1; i + 1 < count; i++)
		image_tag(&images, names[i], images.tags[0].root);
	image_sample(&images, names[count - 1],
		     &(struct image_sample){ .raw_bytes = 5000, .plain_bytes = 6000, .statement_bytes = 700 });
	bundle_put(&images, path, 10000);
}

static void unmake(void)
{
	image_builder_release(&images);
	file_remove(path);
}

static struct bundle *open_whole(void)
{
	struct err err = { .code = ERR_OK };
	struct bundle *b = NULL;

	ck_assert_msg(bundle_open(path, &b, &err) == ERR_OK, "%s", err.msg);
	return b;
}

static enum err_code verify(const struct bundle *b, struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	enum err_code code;

	graph_init(&g);
	code = contents_walk(b, NULL, NULL, &g, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	return code == ERR_OK ? bundle_verify(b, &g, NULL, NULL, err) : code;
}

static char *image_as_text(const struct bundle *b, const char *name)
{
	CLEANUP(graph_release) struct graph g;
	struct err err = { .code = ERR_OK };

	graph_init(&g);
	ck_assert_msg(contents_walk_image(b, name, &g, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(graph_settle(&g, &err), ERR_OK);
	return graph_text(&g);
}

static const struct {
	const char *name;
	size_t images, shards;
} counts[] = {
	{ "as many as one document describes", SHARDS_FROM, 0 },
	{ "one more", SHARDS_FROM + 1, 8 },
};

START_TEST(divided)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	struct err err = { .code = ERR_OK };
	const struct description *d;

	make(counts[_i].images);
	b = open_whole();
	d = bundle_description(b);
	ck_assert_uint_eq(d->images_len, counts[_i].images);
	ck_assert_uint_eq(d->shards_len, counts[_i].shards);
	ck_assert_msg(verify(b, &err) == ERR_OK, "%s", err.msg);
	unmake();
}
END_TEST

/* What one shard says of an image is what all say of it. */
static const size_t picked[] = { 0, 127, 128, 500, SHARDS_FROM };

START_TEST(one_image)
{
	CLEANUP(bundle_close_ptr) struct bundle *whole = NULL;
	CLEANUP(bundle_close_ptr) struct bundle *part = NULL;
	CLEANUP(free_ptr) char *want = NULL;
	CLEANUP(free_ptr) char *got = NULL;
	struct err err = { .code = ERR_OK };

	make(SHARDS_FROM + 1);
	whole = open_whole();
	ck_assert_msg(bundle_open_image(path, names[picked[_i]], &part, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_le(bundle_description(part)->images_len, SHARD_IMAGES);
	want = image_as_text(whole, names[picked[_i]]);
	got = image_as_text(part, names[picked[_i]]);
	ck_assert_msg(strcmp(want, got) == 0, "%s", first_difference(want, got));
	unmake();
}
END_TEST

static const char *const strangers[] = { "a.example/first:1", "docker.io/library/app:0005001", "z.example/last:1" };

START_TEST(no_such_image)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(graph_release) struct graph g;
	struct err err = { .code = ERR_OK };

	make(SHARDS_FROM + 1);
	graph_init(&g);
	ck_assert_int_eq(bundle_open_image(path, strangers[_i], &b, &err), ERR_OK);
	ck_assert_int_eq(contents_walk_image(b, strangers[_i], &g, &err), ERR_NOT_FOUND);
	unmake();
}
END_TEST

/* Every blob is found by the table of places, and its bytes are its own. */
START_TEST(blobs)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	struct err err = { .code = ERR_OK };
	size_t i;

	make(SHARDS_FROM + 1);
	ck_assert_int_eq(bundle_open_image(path, NULL, &b, &err), ERR_OK);
	for (i = 0; i < images.items_len; i++) {
		CLEANUP(buf_release) struct buf bytes = { .max = 1 << 20 };
		struct instream *in = NULL;
		struct buf_stage out;
		uint64_t size = 0;

		buf_stage_init(&out, &bytes);
		ck_assert_msg(bundle_blob_size(b, &images.items[i].digest, &size, &err) == ERR_OK, "%s", err.msg);
		ck_assert_uint_eq(size, images.items[i].len);
		ck_assert_msg(bundle_blob(b, &images.items[i].digest, &in, &err) == ERR_OK, "%s", err.msg);
		ck_assert_msg(stream_copy(in, &out.out, &err) == ERR_OK, "%s", err.msg);
		ck_assert_mem_eq(buf_text(&bytes), images.items[i].bytes, images.items[i].len);
		instream_release(in);
	}
	unmake();
}
END_TEST

/* What a table may say that is not so: where in the entry, and what stands there then. */
static const struct {
	const char *name;
	size_t at, len;
	uint64_t value;
	const char *message;
} lies[] = {
	{ "where no header is", 32, 8, 4608, "tar header" },
	{ "in the first header", 32, 8, 511, "a place that is none" },
	{ "behind the end", 32, 8, (uint64_t)1 << 40, "a place that is none" },
	{ "another size", 40, 7, 1, "tar header" },
	{ "a size behind the end", 40, 7, (uint64_t)1 << 50, "a place that is none" },
	{ "an unknown way of storing", 47, 1, 3, "a place that is none" },
};

START_TEST(lying)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	struct err err = { .code = ERR_OK };
	struct place place;
	size_t i, refused = 0;
	unsigned char value[8];
	int fd;

	make(SHARDS_FROM + 1);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(bundle_open_image(path, NULL, &b, &err), ERR_OK);
	put_le(value, sizeof(value), lies[_i].value);
	for (i = 0; i < b->places.len; i++)
		ck_assert_int_eq(write_at(fd, value, lies[_i].len, b->places.offset + i * 48 + lies[_i].at, path, NULL),
				 ERR_OK);
	close(fd);
	for (i = 0; i < images.items_len; i++) {
		if (bundle_find(b, &images.items[i].digest, &place, &err) == ERR_OK)
			continue;
		refused++;
		ck_assert_int_eq(err.code, ERR_DAMAGED);
		ck_assert_msg(strstr(err.msg, lies[_i].message) != NULL, "%s: %s", lies[_i].name, err.msg);
		ck_assert_ptr_nonnull(strstr(err.msg, path));
	}
	ck_assert_uint_eq(refused, images.items_len);
	bundle_close(take_ptr(&b));
	b = open_whole();
	ck_assert_int_eq(verify(b, &err), ERR_DAMAGED);
	ck_assert_msg(strstr(err.msg, "table of places") != NULL, "%s", err.msg);
	unmake();
}
END_TEST

/* Bytes all over the file are flipped; the flipped-byte test of test_verify.c takes every byte of smaller ones. */
START_TEST(flipped)
{
	size_t len, at;
	unsigned char *bytes;
	int fd;

	make(SHARDS_FROM + 1);
	bytes = file_bytes(path, &len);
	fd = open(path, O_WRONLY);
	for (at = 0; at < len; at += len / 97) {
		CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
		struct err err = { .code = ERR_OK };
		unsigned char byte = bytes[at] ^ 0x20;
		enum err_code code;

		if (bytes[at] == ' ')
			byte = 'x'; /* the blank of a slot */
		ck_assert_int_eq(write_at(fd, &byte, 1, at, path, NULL), ERR_OK);
		code = bundle_open(path, &b, &err);
		if (code == ERR_OK)
			code = verify(b, &err);
		ck_assert_msg(err_status(code) == 3 || code == ERR_UNSUPPORTED || code == ERR_LIMIT,
			      "byte %zu of %zu: %d %s", at, len, code, err.msg);
		ck_assert_int_eq(write_at(fd, &bytes[at], 1, at, path, NULL), ERR_OK);
	}
	close(fd);
	free(bytes);
	unmake();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shards");
	TCase *t = tcase_create("shards");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, divided, 0, (int)COUNT_OF(counts));
	tcase_add_loop_test(t, one_image, 0, (int)COUNT_OF(picked));
	tcase_add_loop_test(t, no_such_image, 0, (int)COUNT_OF(strangers));
	tcase_add_test(t, blobs);
	tcase_add_loop_test(t, lying, 0, (int)COUNT_OF(lies));
	tcase_add_test(t, flipped);
	suite_add_tcase(s, t);
	return test_run(s);
}
