/* A bundle that comes through a pipe is as good as one in a file, and no better. */
#include "bundles/pass.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/contents.h"
#include "bundles/reading.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/graph_text.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

static const struct image_sample samples[] = {
	{ .one_manifest = true },
	{ .sha512 = true, .empty_layer = true, .absent_platform = true },
	{ .statement_bytes = 600000 },
	{ .raw_bytes = 4194304, .plain_bytes = 4194304 },
	{ .raw_bytes = 9000001, .plain_bytes = 13000001 },
};
#define SMALL_SAMPLES 2

static struct image_builder images;
static char *path;

static void make(const struct image_sample *sample)
{
	path = file_new();
	image_builder_init(&images);
	image_sample(&images, NAME, sample);
	bundle_put(&images, path, 65536);
}

static void unmake(void)
{
	image_builder_release(&images);
	file_remove(path);
}

/* One blob to its end, proved. */
static enum err_code take(struct bundle *b, const struct description_blob *blob, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = 1 << 24 };
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct instream *in = NULL;
	struct buf_stage out;
	enum err_code code = bundle_blob(b, &blob->digest, &in, err);

	buf_stage_init(&out, &bytes);
	if (code != ERR_OK)
		return code;
	code = proof_stage_init(&proof, &blob->digest, blob->size_bytes, &out.out, err);
	if (code == ERR_OK)
		code = stream_copy(in, &proof.out, err);
	instream_release(in);
	return code;
}

/* Everything, in the order in which it comes; every step-th layer is left to go by. */
static enum err_code take_all(struct bundle *b, size_t step, struct err *err)
{
	const struct description *d = bundle_description(b);
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < d->blobs_len && stored_is_here(d->blobs[i].stored); i++) {
		if (d->blobs[i].stored == STORED_PACKED || i % step == 0)
			code = take(b, &d->blobs[i], err);
	}
	return code == ERR_OK ? bundle_finish(b, err) : code;
}

static enum err_code pass_file(size_t step, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	int fd = open(path, O_RDONLY);
	enum err_code code = bundle_open_pipe(fd, "the pipe", NULL, &b, err);

	if (code == ERR_OK)
		code = take_all(b, step, err);
	close(fd);
	return code;
}

static const size_t steps[] = { 1, 2, 3, 1000 };

START_TEST(whole)
{
	struct err err = { .code = ERR_OK };
	size_t i;

	make(&samples[_i]);
	for (i = 0; i < COUNT_OF(steps); i++)
		ck_assert_msg(pass_file(steps[i], &err) == ERR_OK, "step %zu: %s", steps[i], err.msg);
	unmake();
}
END_TEST

static char *text_of(struct bundle *b)
{
	CLEANUP(graph_release) struct graph g;
	struct err err = { .code = ERR_OK };

	graph_init(&g);
	ck_assert_msg(contents_walk(b, NULL, NULL, &g, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(graph_settle(&g, &err), ERR_OK);
	return graph_text(&g);
}

/* What stands in front of the layers may be asked for in any order, and says the same as in a file. */
START_TEST(walked)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(bundle_close_ptr) struct bundle *file = NULL;
	CLEANUP(free_ptr) char *want = NULL;
	CLEANUP(free_ptr) char *got = NULL;
	struct err err = { .code = ERR_OK };
	int fd;

	make(&samples[_i]);
	fd = open(path, O_RDONLY);
	ck_assert_msg(bundle_open_pipe(fd, "the pipe", NULL, &b, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(bundle_open(path, &file, &err), ERR_OK);
	want = text_of(file);
	got = text_of(b);
	ck_assert_msg(strcmp(want, got) == 0, "%s", first_difference(want, got));
	ck_assert_msg(take_all(b, 1, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(bundle_size(b), bundle_size(file));
	close(fd);
	unmake();
}
END_TEST

/* What comes in the description's order goes into a pipe as it would lie in a file. */
static enum err_code fill_in_order(struct bundle_writer *w, const struct graph *g, struct err *err)
{
	const struct description *d = bundle_writer_description(w);
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < d->blobs_len && stored_is_here(d->blobs[i].stored); i++) {
		const struct image_item *item = image_item(&images, &d->blobs[i].digest);
		struct outstream *out = NULL;
		struct memory_stream in;

		memory_stream_init(&in, item->bytes, item->len);
		if (d->blobs[i].stored == STORED_PACKED) {
			code = bundle_writer_small(w, graph_find(g, &item->digest), &in.in, err);
			continue;
		}
		code = bundle_writer_layer(w, graph_find(g, &item->digest), &out, NULL, err);
		if (code == ERR_OK)
			code = stream_copy(&in.in, out, err);
		bundle_writer_layer_release(w, out);
	}
	return code == ERR_OK ? bundle_writer_finish(w, err) : code;
}

START_TEST(written)
{
	CLEANUP(bundle_writer_free_ptr) struct bundle_writer *w = NULL;
	CLEANUP(graph_release) struct graph g = { 0 };
	CLEANUP(free_ptr) unsigned char *want = NULL;
	CLEANUP(free_ptr) unsigned char *got = NULL;
	struct err err = { .code = ERR_OK };
	size_t want_len, got_len;
	int fd;

	make(&samples[_i]);
	want = file_bytes(path, &want_len);
	image_graph(&images, &images.source, &g);
	fd = open(path, O_WRONLY | O_TRUNC | O_APPEND);
	ck_assert_msg(bundle_writer_open_pipe(fd, "the pipe", &g, NULL, &w, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(fill_in_order(w, &g, &err) == ERR_OK, "%s", err.msg);
	close(fd);
	got = file_bytes(path, &got_len);
	ck_assert_uint_eq(got_len, want_len);
	ck_assert_uint_eq(bundle_writer_bytes(w), want_len);
	ck_assert(memcmp(got, want, want_len) == 0);
	unmake();
}
END_TEST

/* A layer that has gone by is gone. */
START_TEST(backwards)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	const struct description *d;
	struct err err = { .code = ERR_OK };
	size_t first = 0;
	int fd;

	make(&samples[3]);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(bundle_open_pipe(fd, "the pipe", NULL, &b, &err), ERR_OK);
	d = bundle_description(b);
	while (d->blobs[first].stored == STORED_PACKED)
		first++;
	ck_assert_int_eq(take(b, &d->blobs[first + 1], &err), ERR_OK);
	ck_assert_int_eq(take(b, &d->blobs[first], &err), ERR_IO);
	ck_assert_msg(strstr(err.msg, "the pipe") != NULL && strstr(err.msg, "has gone by") != NULL, "%s", err.msg);
	close(fd);
	unmake();
}
END_TEST

/* The content of a slot is the one thing that nothing else in the bundle vouches for. */
static bool in_slot(const struct bundle *b, size_t at)
{
	uint64_t begin = shape_slot_offset(&b->shape, b->file.seek, 0);

	return at >= begin && at < begin + SLOT_COUNT * SLOT_STORED_BYTES;
}

START_TEST(flipped)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	struct err err = { .code = ERR_OK };
	unsigned char *bytes;
	size_t len, at;
	int fd;

	make(&samples[_i]);
	ck_assert_int_eq(bundle_open(path, &b, &err), ERR_OK);
	bytes = file_bytes(path, &len);
	fd = open(path, O_WRONLY);
	for (at = 0; at < len; at++) {
		unsigned char byte = bytes[at] ^ (unsigned char)(1u << at % 8);
		enum err_code code;

		if (in_slot(b, at))
			continue;
		ck_assert_int_eq(write_at(fd, &byte, 1, at, path, NULL), ERR_OK);
		code = pass_file(1, &err);
		ck_assert_msg(err_status(code) == 3 || code == ERR_UNSUPPORTED || code == ERR_LIMIT,
			      "byte %zu of %zu: %d %s", at, len, code, err.msg);
		ck_assert_msg(strstr(err.msg, "the pipe") != NULL || code == ERR_DIGEST, "byte %zu: %s", at, err.msg);
		ck_assert_int_eq(write_at(fd, &bytes[at], 1, at, path, NULL), ERR_OK);
	}
	close(fd);
	free(bytes);
	unmake();
}
END_TEST

/* The head says where the description stands, so it must agree with it: in a pipe as in a file. */
START_TEST(head)
{
	unsigned char content[HEAD_CONTENT_BYTES];
	uint64_t at = HEAD_OFFSET + FRAME_SKIPPABLE_HEADER_BYTES;
	struct err err = { .code = ERR_OK };
	int fd;

	make(&samples[0]);
	fd = open(path, O_RDWR);
	ck_assert_int_eq(read_at(fd, content, sizeof(content), at, path, NULL), ERR_OK);
	put_le(content + 56, 8, get_le(content + 56, 8) + 1); /* within the same padding */
	put_le(content + 152, 4, checksum_of(content, 152));
	ck_assert_int_eq(write_at(fd, content, sizeof(content), at, path, NULL), ERR_OK);
	close(fd);
	ck_assert_int_eq(pass_file(1, &err), ERR_DAMAGED);
	ck_assert_msg(strstr(err.msg, "the head and the description disagree") != NULL, "%s", err.msg);
	unmake();
}
END_TEST

START_TEST(cut)
{
	struct err err = { .code = ERR_OK };
	unsigned char *bytes;
	size_t len, at;

	make(&samples[_i]);
	bytes = file_bytes(path, &len);
	for (at = len; at-- > 0;) {
		if (at % 64 != 0 && at > 1000 && at + 1000 < len && bytes[at] == ' ')
			continue; /* the blank of a slot is long */
		ck_assert_int_eq(truncate(path, (off_t)at), 0);
		ck_assert_msg(pass_file(1, &err) == ERR_DAMAGED, "%zu of %zu: %s", at, len, err.msg);
		ck_assert_msg(strstr(err.msg, "the pipe: offset") != NULL, "%zu: %s", at, err.msg);
	}
	file_put(path, bytes, len);
	ck_assert_int_eq(truncate(path, (off_t)len + 1), 0);
	ck_assert_int_eq(pass_file(1, &err), ERR_DAMAGED);
	ck_assert_msg(strstr(err.msg, "something follows the end") != NULL, "%s", err.msg);
	free(bytes);
	unmake();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pass");
	TCase *t = tcase_create("pass");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, whole, 0, (int)COUNT_OF(samples));
	tcase_add_loop_test(t, walked, 0, (int)COUNT_OF(samples));
	tcase_add_loop_test(t, written, 0, (int)COUNT_OF(samples));
	tcase_add_test(t, backwards);
	tcase_add_loop_test(t, flipped, 0, SMALL_SAMPLES);
	tcase_add_test(t, head);
	tcase_add_loop_test(t, cut, 0, SMALL_SAMPLES);
	suite_add_tcase(s, t);
	return test_run(s);
}
