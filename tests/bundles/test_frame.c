#include "bundles/frame.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/frame_read.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

#define K128 FRAME_RAW_BLOCK_BYTES

/* One frame with the content "abc", annotated. */
static const unsigned char abc[] = {
	0x28, 0xB5, 0x2F, 0xFD,             /* magic */
	0xC4,                               /* content size in 8 bytes, checksum */
	0x38,                               /* window of 128 KiB */
	3,    0,    0,    0,    0, 0, 0, 0, /* content size */
	0x19, 0,    0,                      /* block: 3 << 3, raw, last */
	'a',  'b',  'c',                    /* content */
	0x99, 0x09, 0x77, 0xAD,             /* its XXH64 is 44BC2CF5AD770999 */
};

static const struct {
	const char *name;
	uint64_t size_bytes;
	size_t step;
} cases[] = {
	{ "nothing", 0, 1 },
	{ "one byte", 1, 1 },
	{ "a block less one", K128 - 1, 1000 },
	{ "a block", K128, K128 },
	{ "a block and one", K128 + 1, 65536 },
	{ "many small pieces", 3 * K128, 7 },
	{ "a frame less one", FRAME_CONTENT_BYTES - 1, 65536 },
	{ "a frame", FRAME_CONTENT_BYTES, SIZE_MAX },
	{ "a frame and one", FRAME_CONTENT_BYTES + 1, 100000 },
	{ "frames in one write", 3 * FRAME_CONTENT_BYTES + 5, SIZE_MAX },
};

static unsigned char *noise(size_t len)
{
	unsigned char *bytes = malloc(len + 1);
	uint64_t x = 1;
	size_t i;

	ck_assert_ptr_nonnull(bytes);
	for (i = 0; i < len; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (unsigned char)(x >> 56);
	}
	return bytes;
}

static void write_raw(int fd, const unsigned char *bytes, size_t len, size_t step)
{
	struct raw_writer w;
	size_t at, part;

	raw_writer_init(&w, fd, 0, len, "test");
	for (at = 0; at < len; at += part) {
		part = len - at < step ? len - at : step;
		ck_assert_int_eq(raw_writer_write(&w, bytes + at, part, NULL, NULL), ERR_OK);
	}
	ck_assert_int_eq(raw_writer_write(&w, bytes, 1, NULL, NULL), ERR_SIZE);
	ck_assert_uint_eq(w.offset_bytes, frame_raw_run_stored(len));
}

/* A table of the frames of one raw run. */
static void table_of(uint64_t len, struct seek_table *t)
{
	uint64_t at;

	ck_assert_int_eq(seek_init(t, NULL), ERR_OK);
	for (at = 0; at < len; at += FRAME_CONTENT_BYTES) {
		uint32_t content = (uint32_t)(len - at < FRAME_CONTENT_BYTES ? len - at : FRAME_CONTENT_BYTES);

		ck_assert_int_eq(seek_add(t, frame_raw_stored(content), content, NULL), ERR_OK);
	}
}

static void check_stream(struct instream *in, const unsigned char *want, size_t len)
{
	struct buf got;
	struct buf_stage out;
	struct err err = { .code = ERR_OK };

	buf_init(&got, len + 1);
	buf_stage_init(&out, &got);
	ck_assert_msg(stream_copy(in, &out.out, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(got.len, len);
	ck_assert(len == 0 || memcmp(got.data, want, len) == 0);
	buf_release(&got);
}

START_TEST(raw_run)
{
	size_t len = (size_t)cases[_i].size_bytes;
	unsigned char *bytes = noise(len);
	char *path = file_new();
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	struct seek_table t;
	struct frame_file file = { .fd = fd, .name = path, .seek = &t };
	struct raw_reader raw;
	struct zstd_reader zstd;

	write_raw(fd, bytes, len, cases[_i].step);
	table_of(len, &t);
	raw_reader_init(&raw, &file, true);
	raw_reader_aim(&raw, 0, len);
	check_stream(&raw.in, bytes, len);
	ck_assert_int_eq(zstd_reader_init(&zstd, &file, NULL), ERR_OK);
	zstd_reader_aim(&zstd, 0, len, NULL); /* to everyone else they are zstd frames like any other */
	check_stream(&zstd.in, bytes, len);
	zstd_reader_aim(&zstd, len / 3, len - len / 3, NULL);
	check_stream(&zstd.in, bytes + len / 3, len - 2 * (len / 3));
	zstd_reader_release(&zstd);
	seek_release(&t);
	close(fd);
	file_remove(path);
	free(bytes);
}
END_TEST

START_TEST(exact)
{
	char *path = file_new();
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	unsigned char *got;
	size_t len;

	write_raw(fd, (const unsigned char *)"abc", 3, 1);
	close(fd);
	got = file_bytes(path, &len);
	ck_assert_uint_eq(len, sizeof(abc));
	ck_assert_mem_eq(got, abc, sizeof(abc));
	free(got);
	file_remove(path);
}
END_TEST

/* A raw frame may be changed in no byte; a compressed one not without its sum. */
START_TEST(flip)
{
	unsigned char bytes[sizeof(abc)];
	char *path = file_new();
	struct seek_table t;
	struct frame_file file = { .name = path, .seek = &t };
	struct raw_reader r;
	enum err_code code;
	char got[8];
	size_t len;

	memcpy(bytes, abc, sizeof(abc));
	bytes[_i] ^= 0x10;
	file_put(path, bytes, sizeof(bytes));
	file.fd = open(path, O_RDONLY);
	table_of(3, &t);
	raw_reader_init(&r, &file, true);
	raw_reader_aim(&r, 0, 3);
	do /* a wrong checksum is told at the end */
		code = instream_read(&r.in, got, sizeof(got), &len, NULL);
	while (code == ERR_OK && len > 0);
	ck_assert_int_eq(code, ERR_DAMAGED);
	seek_release(&t);
	close(file.fd);
	file_remove(path);
}
END_TEST

/* What a table may say of a compressed frame that is not so. */
static const struct {
	const char *name;
	int stored, content, sum;
	enum err_code want;
} lies[] = {
	{ "none", 0, 0, 0, ERR_OK },
	{ "stored one short", -1, 0, 0, ERR_DAMAGED },
	{ "stored one long", 1, 0, 0, ERR_DAMAGED },
	{ "content one short", 0, -1, 0, ERR_DAMAGED },
	{ "content one long", 0, 1, 0, ERR_DAMAGED },
	{ "no content", 0, -1000, 0, ERR_OK }, /* nothing is asked of it, then */
	{ "another sum", 0, 0, 1, ERR_DAMAGED },
};

START_TEST(lie)
{
	struct encoder e;
	unsigned char content[1000] = "content", sum[4];
	char *path = file_new();
	struct seek_table t;
	struct frame_file file = { .name = path, .seek = &t };
	struct zstd_reader r;
	struct buf got;
	struct buf_stage out;
	uint64_t claimed = sizeof(content) + (uint64_t)lies[_i].content;
	size_t stored;

	ck_assert_int_eq(encoder_init(&e, NULL), ERR_OK);
	ck_assert_int_eq(encoder_frame(&e, EFFORT_PACKED, content, sizeof(content), &stored, NULL), ERR_OK);
	file_put(path, e.out, stored + 1);
	put_le(sum, 4, checksum_of(e.out, stored) + (uint32_t)lies[_i].sum);
	file.fd = open(path, O_RDONLY);
	ck_assert_int_eq(seek_init(&t, NULL), ERR_OK);
	ck_assert_int_eq(seek_add(&t, (uint64_t)((int)stored + lies[_i].stored), claimed, NULL), ERR_OK);
	ck_assert_int_eq(zstd_reader_init(&r, &file, NULL), ERR_OK);
	zstd_reader_aim(&r, 0, claimed, sum);
	buf_init(&got, 2000);
	buf_stage_init(&out, &got);
	ck_assert_int_eq(stream_copy(&r.in, &out.out, NULL), lies[_i].want);
	buf_release(&got);
	zstd_reader_release(&r);
	encoder_release(&e);
	seek_release(&t);
	close(file.fd);
	file_remove(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("frame");
	TCase *t = tcase_create("frames");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, raw_run, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, exact);
	tcase_add_loop_test(t, flip, 0, (int)sizeof(abc));
	tcase_add_loop_test(t, lie, 0, (int)COUNT_OF(lies));
	suite_add_tcase(s, t);
	return test_run(s);
}
