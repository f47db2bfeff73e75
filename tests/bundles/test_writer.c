#include "bundles/writer.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

/* An image, its graph and a place to write it to. */
struct fixture {
	struct image_builder b;
	struct graph g;
	char *path, *part;
	struct err err;
};

static void set_up(struct fixture *f, const struct image_sample *sample)
{
	*f = (struct fixture){ .path = file_new() };
	image_builder_init(&f->b);
	image_sample(&f->b, NAME, sample);
	image_graph(&f->b, &f->b.source, &f->g);
	ck_assert_int_ge(asprintf(&f->part, "%s.part", f->path), 0);
}

static void tear_down(struct fixture *f)
{
	graph_release(&f->g);
	image_builder_release(&f->b);
	file_remove(f->path);
	free(f->part);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static const struct image_sample samples[] = {
	{ .one_manifest = true },
	{ 0 },
	{ .sha512 = true, .empty_layer = true },
	{ .absent_platform = true, .statement_bytes = 600000 },
	{ .raw_bytes = 5000000, .plain_bytes = 9000000 },
	{ .raw_bytes = 131072, .plain_bytes = 4194304, .empty_layer = true },
};

/* The same content gives the same bytes, whatever the pieces in which it comes. */
START_TEST(deterministic)
{
	static const size_t steps[] = { 65536, 1021, SIZE_MAX };
	unsigned char *first = NULL, *again;
	size_t first_len = 0, len, i;
	struct fixture f;

	set_up(&f, &samples[_i]);
	for (i = 0; i < COUNT_OF(steps); i++) {
		bundle_put(&f.b, f.path, steps[i]); /* the second time on it replaces what is there */
		ck_assert(!exists(f.part));
		again = file_bytes(f.path, &len);
		if (first == NULL) {
			first = again;
			first_len = len;
			continue;
		}
		ck_assert_uint_eq(len, first_len);
		ck_assert_mem_eq(again, first, len);
		free(again);
	}
	free(first);
	tear_down(&f);
}
END_TEST

START_TEST(abandoned)
{
	struct bundle_writer *w = NULL;
	struct fixture f;

	set_up(&f, &samples[0]);
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), ERR_OK);
	ck_assert(exists(f.part));
	ck_assert(!exists(f.path));
	ck_assert_int_eq(bundle_writer_finish(w, &f.err), ERR_SIZE); /* nothing has come */
	ck_assert(!exists(f.path));
	bundle_writer_free(w);
	ck_assert(!exists(f.part));
	tear_down(&f);
}
END_TEST

START_TEST(locked)
{
	struct bundle_writer *w = NULL, *other = NULL;
	struct fixture f;

	set_up(&f, &samples[0]);
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), ERR_OK);
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &other, &f.err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(f.err.msg, f.part));
	ck_assert(exists(f.part));
	ck_assert_int_eq(bundle_fill(w, &f.b, &f.g, 100, &f.err), ERR_OK);
	ck_assert(exists(f.path));
	bundle_writer_free(w);
	ck_assert(exists(f.path));
	tear_down(&f);
}
END_TEST

/* A file of that name that no export left is somebody's. */
START_TEST(foreign_part)
{
	struct bundle_writer *w = NULL;
	struct fixture f;
	unsigned char *got;
	char junk[100000];
	size_t len;

	set_up(&f, &samples[0]);
	memset(junk, 'j', sizeof(junk));
	file_put(f.part, junk, sizeof(junk));
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(f.err.msg, f.part));
	got = file_bytes(f.part, &len);
	ck_assert_uint_eq(len, sizeof(junk));
	ck_assert_mem_eq(got, junk, len);
	free(got);
	tear_down(&f);
}
END_TEST

START_TEST(bad_place)
{
	struct bundle_writer *w = NULL;
	struct fixture f;

	set_up(&f, &samples[0]);
	ck_assert_int_eq(mkdir(f.path, 0700), 0);
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), ERR_CONFLICT);
	ck_assert_int_eq(rmdir(f.path), 0);
	ck_assert_int_eq(symlink("elsewhere", f.part), 0);
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), ERR_CONFLICT);
	ck_assert_int_eq(unlink(f.part), 0);
	ck_assert_int_eq(mkfifo(f.part, 0600), 0); /* nobody waits for its other end */
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), ERR_CONFLICT);
	ck_assert_int_eq(unlink(f.part), 0);
	ck_assert_int_eq(bundle_writer_open("/nowhere/at/all", &f.g, NULL, NULL, &w, &f.err), ERR_IO);
	tear_down(&f);
}
END_TEST

static void put_small(struct fixture *f, struct bundle_writer *w)
{
	const struct description *d = bundle_writer_description(w);
	size_t i;

	for (i = 0; d->blobs[i].stored == STORED_PACKED; i++) {
		const struct image_item *item = image_item(&f->b, &d->blobs[i].digest);
		struct memory_stream in;

		memory_stream_init(&in, item->bytes, item->len);
		ck_assert_int_eq(bundle_writer_small(w, graph_find(&f->g, &item->digest), &in.in, &f->err), ERR_OK);
	}
}

/* The size is known before a layer is there, to the writer and to one that only measures, and leaves nothing. */
START_TEST(size)
{
	struct bundle_writer *w = NULL;
	struct bundle_size measured, known;
	unsigned char *bytes;
	struct fixture f;
	bool exact = true;
	size_t len, way, i;

	for (way = 0; way < 2; way++) {
		set_up(&f, &samples[_i]);
		ck_assert_int_eq(bundle_writer_open_measured(way == 0 ? f.path : NULL, &f.g, NULL, &w, &f.err), ERR_OK);
		put_small(&f, w);
		measured = bundle_writer_size(w);
		for (i = 0; i < bundle_writer_description(w)->blobs_len; i++)
			exact &= bundle_writer_description(w)->blobs[i].stored != STORED_ZSTD;
		bundle_writer_free(w);
		ck_assert(!exists(f.path) && !exists(f.part));
		ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), ERR_OK);
		ck_assert_int_eq(bundle_fill(w, &f.b, &f.g, 65536, &f.err), ERR_OK);
		known = bundle_writer_size(w);
		bytes = file_bytes(f.path, &len);
		ck_assert_uint_eq(bundle_writer_bytes(w), len);
		bundle_writer_free(w);
		ck_assert_uint_eq(known.least_bytes, measured.least_bytes);
		ck_assert_uint_eq(known.most_bytes, measured.most_bytes);
		ck_assert_uint_le(known.least_bytes, len);
		ck_assert_uint_le(len, known.most_bytes);
		ck_assert_int_eq(known.least_bytes == known.most_bytes, exact);
		free(bytes);
		tear_down(&f);
	}
}
END_TEST

/* Every layer is begun, given up, and begun again; the bytes are those of an undisturbed run. */
START_TEST(begun_again)
{
	struct bundle_writer *w = NULL;
	const struct description *d;
	struct fixture f;
	unsigned char *want, *got;
	size_t want_len, len, i;

	set_up(&f, &samples[_i]);
	bundle_put(&f.b, f.path, 100);
	want = file_bytes(f.path, &want_len);
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), ERR_OK);
	d = bundle_writer_description(w);
	put_small(&f, w);
	for (i = 0; i < 2 * d->blobs_len; i++) {
		const struct description_blob *blob = &d->blobs[i / 2];
		const struct image_item *item = image_item(&f.b, &blob->digest);
		struct outstream *out;

		if (blob->stored != STORED_RAW && blob->stored != STORED_ZSTD)
			continue;
		ck_assert_int_eq(bundle_writer_layer(w, graph_find(&f.g, &blob->digest), &out, NULL, &f.err), ERR_OK);
		if (i % 2 == 0) {
			char *junk = calloc(1, item->len + 1);

			ck_assert_int_eq(outstream_write(out, junk, item->len - item->len / 3, &f.err), ERR_OK);
			if (item->len / 3 > 0)
				ck_assert_int_eq(outstream_finish(out, &f.err), ERR_SIZE);
			ck_assert_int_eq(outstream_write(out, junk, item->len + 1, &f.err), ERR_SIZE);
			free(junk);
		} else {
			ck_assert_int_eq(outstream_write(out, item->bytes, item->len, &f.err), ERR_OK);
			ck_assert_int_eq(outstream_finish(out, &f.err), ERR_OK);
		}
		bundle_writer_layer_release(w, out);
	}
	ck_assert_msg(bundle_writer_finish(w, &f.err) == ERR_OK, "%s", f.err.msg);
	bundle_writer_free(w);
	got = file_bytes(f.path, &len);
	ck_assert_uint_eq(len, want_len);
	ck_assert_mem_eq(got, want, len);
	free(want);
	free(got);
	tear_down(&f);
}
END_TEST

static const struct {
	const char *name, *content; /* of a manifest that is not like that */
	enum err_code want;
} wrong[] = { { "nothing", "", ERR_SIZE }, { "short", "{}", ERR_SIZE }, { "other", NULL, ERR_DIGEST } };

START_TEST(wrong_small)
{
	struct bundle_writer *w = NULL;
	struct memory_stream in;
	const struct image_item *item;
	struct fixture f;
	char *other;

	set_up(&f, &samples[0]);
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), ERR_OK);
	item = image_item(&f.b, &bundle_writer_description(w)->blobs[0].digest);
	other = calloc(1, item->len);
	if (wrong[_i].content != NULL)
		memory_stream_init(&in, wrong[_i].content, strlen(wrong[_i].content));
	else
		memory_stream_init(&in, other, item->len);
	ck_assert_int_eq(bundle_writer_small(w, graph_find(&f.g, &item->digest), &in.in, &f.err), wrong[_i].want);
	bundle_writer_free(w);
	ck_assert(!exists(f.path) && !exists(f.part));
	free(other);
	tear_down(&f);
}
END_TEST

/* Sizes that no file can have, and that no disk here has. */
static const struct {
	const char *name;
	uint64_t size_bytes;
	enum err_code open, small;
} sizes[] = {
	{ "more than fits a number", (uint64_t)1 << 62, ERR_LIMIT, ERR_OK },
	{ "more than fits a table", (uint64_t)1 << 50, ERR_LIMIT, ERR_OK },
	{ "more than fits the disk", (uint64_t)1 << 41, ERR_OK, ERR_IO },
};

START_TEST(too_large)
{
	struct bundle_writer *w = NULL;
	enum err_code code = ERR_OK;
	const struct description *d;
	struct fixture f;
	size_t i;

	set_up(&f, &samples[0]);
	for (i = 0; i < f.g.nodes_len; i++) {
		if (stored_of(&f.g.nodes[i]) == STORED_RAW)
			f.g.nodes[i].size_bytes = sizes[_i].size_bytes;
	}
	ck_assert_int_eq(bundle_writer_open(f.path, &f.g, NULL, NULL, &w, &f.err), sizes[_i].open);
	if (w != NULL) {
		d = bundle_writer_description(w);
		for (i = 0; code == ERR_OK && d->blobs[i].stored == STORED_PACKED; i++) {
			const struct image_item *item = image_item(&f.b, &d->blobs[i].digest);
			struct memory_stream in;

			memory_stream_init(&in, item->bytes, item->len);
			code = bundle_writer_small(w, graph_find(&f.g, &item->digest), &in.in, &f.err);
		}
	}
	ck_assert_int_eq(code, sizes[_i].small);
	bundle_writer_free(w);
	ck_assert(!exists(f.part));
	tear_down(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("writer");
	TCase *t = tcase_create("writing");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, deterministic, 0, (int)COUNT_OF(samples));
	tcase_add_test(t, abandoned);
	tcase_add_test(t, locked);
	tcase_add_test(t, foreign_part);
	tcase_add_test(t, bad_place);
	tcase_add_loop_test(t, size, 0, (int)COUNT_OF(samples));
	tcase_add_loop_test(t, begun_again, 0, (int)COUNT_OF(samples));
	tcase_add_loop_test(t, wrong_small, 0, (int)COUNT_OF(wrong));
	tcase_add_loop_test(t, too_large, 0, (int)COUNT_OF(sizes));
	suite_add_tcase(s, t);
	return test_run(s);
}
