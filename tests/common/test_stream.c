#include "common/stream.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* An outstream that counts, and fails at the call that it is told. */
struct probe {
	struct outstream out;
	size_t writes, bytes, finishes, fail_at; /* calls count from 1; fail_at 0: never */
};

static enum err_code probe_call(struct probe *p, struct err *err)
{
	if (p->fail_at != 0 && p->writes + p->finishes == p->fail_at)
		return err_set(err, ERR_IO, "call %zu fails", p->fail_at);
	return ERR_OK;
}

static enum err_code probe_write(struct outstream *s, const void *bytes, size_t len, struct err *err)
{
	struct probe *p = OUTER_OF(s, struct probe, out);

	(void)bytes;
	p->writes++;
	p->bytes += len;
	return probe_call(p, err);
}

static enum err_code probe_finish(struct outstream *s, struct err *err)
{
	struct probe *p = OUTER_OF(s, struct probe, out);

	p->finishes++;
	return probe_call(p, err);
}

/* One that shows the bytes to the proof by itself. */
static enum err_code probe_write_proved(struct outstream *s, const void *bytes, size_t len, struct digest_stream *proof,
					struct err *err)
{
	enum err_code code = digest_stream_update(proof, bytes, len, err);

	return code == ERR_OK ? probe_write(s, bytes, len, err) : code;
}

static void probe_init(struct probe *p, size_t fail_at)
{
	*p = (struct probe){ .out = { .write = probe_write, .finish = probe_finish }, .fail_at = fail_at };
}

static const struct {
	const char *name, *content;
	uint64_t size_bytes;
	enum err_code want;
	size_t want_bytes; /* that have reached the next stage */
} proofs[] = {
	{ "exact", "abc", 3, ERR_OK, 3 },
	{ "one byte short", "ab", 3, ERR_SIZE, 2 },
	{ "one byte long", "abcd", 3, ERR_SIZE, 3 },
	{ "other content", "abd", 3, ERR_DIGEST, 3 },
	{ "nothing", "", 3, ERR_SIZE, 0 },
};

static void check_proof(size_t place, bool shows)
{
	CLEANUP(proof_stage_release) struct proof_stage s = { 0 };
	struct digest want;
	struct probe next;
	struct err err = { 0 };
	const char *p = proofs[place].content;
	enum err_code got;

	probe_init(&next, 0);
	if (shows)
		next.out.write_proved = probe_write_proved;
	ck_assert_int_eq(digest_parse(ABC, &want, &err), ERR_OK);
	got = proof_stage_init(&s, &want, proofs[place].size_bytes, &next.out, &err);
	for (; got == ERR_OK && *p != '\0'; p++) /* one byte at a time */
		got = outstream_write(&s.out, p, 1, &err);
	if (got == ERR_OK)
		got = outstream_finish(&s.out, &err);
	ck_assert_msg(got == proofs[place].want, "%s: %d, %s", proofs[place].name, got, err.msg);
	ck_assert_uint_eq(next.bytes, proofs[place].want_bytes);
	ck_assert_uint_eq(next.finishes, got == ERR_OK); /* unproved, the next stage never finishes */
	if (got != ERR_OK)
		ck_assert_int_eq(outstream_finish(&s.out, &err), got);
	ck_assert_uint_eq(next.finishes, got == ERR_OK);
}

START_TEST(proof)
{
	check_proof((size_t)_i, false);
	check_proof((size_t)_i, true);
}
END_TEST

/* The next stage fails at call 1, 2, 3 and 4: its error comes through; at 5 there is no such call. */
START_TEST(proof_next_fails)
{
	CLEANUP(proof_stage_release) struct proof_stage s = { 0 };
	struct digest want;
	struct probe next;
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	probe_init(&next, (size_t)_i);
	ck_assert_int_eq(digest_parse(ABC, &want, &err), ERR_OK);
	got = proof_stage_init(&s, &want, 3, &next.out, &err);
	for (i = 0; got == ERR_OK && i < 3; i++)
		got = outstream_write(&s.out, &"abc"[i], 1, &err);
	if (got == ERR_OK)
		got = outstream_finish(&s.out, &err);
	ck_assert_int_eq(got, _i <= 4 ? ERR_IO : ERR_OK);
	ck_assert_int_eq(err.code, got);
}
END_TEST

START_TEST(buf_bounds)
{
	CLEANUP(buf_release) struct buf b;
	struct buf_stage s;
	struct err err = { 0 };

	buf_init(&b, 4);
	buf_stage_init(&s, &b);
	ck_assert_int_eq(outstream_write(&s.out, "abc", 3, &err), ERR_OK);
	ck_assert_int_eq(outstream_write(&s.out, "de", 2, &err), ERR_LIMIT);
	ck_assert_int_eq(outstream_write(&s.out, "d", 1, &err), ERR_OK);
	ck_assert_int_eq(outstream_finish(&s.out, &err), ERR_OK); /* a stage without finish */
	ck_assert_str_eq(buf_text(&b), "abcd");
}
END_TEST

static const size_t lengths[] = {
	0, 1, STREAM_CHUNK_BYTES - 1, STREAM_CHUNK_BYTES, STREAM_CHUNK_BYTES + 1, (size_t)3 * STREAM_CHUNK_BYTES,
};

static char *pattern(size_t len)
{
	char *bytes = malloc(len + 1);
	size_t i;

	ck_assert_ptr_nonnull(bytes);
	for (i = 0; i < len; i++)
		bytes[i] = (char)(i * 31 + (i >> 8));
	return bytes;
}

static int temporary_file(void)
{
	char name[] = "/tmp/test_stream.XXXXXX";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	unlink(name);
	return fd;
}

/* Memory to file at an offset, file to buffer: what comes out went in. */
START_TEST(copies)
{
	size_t len = lengths[_i];
	CLEANUP(free_ptr) char *bytes = pattern(len);
	CLEANUP(buf_release) struct buf got;
	struct memory_stream from;
	struct fd_stage file;
	struct fd_stream back;
	struct buf_stage to;
	struct err err = { 0 };
	int fd = temporary_file();

	memory_stream_init(&from, bytes, len);
	fd_stage_init(&file, fd, 1000, "file");
	ck_assert_int_eq(stream_copy(&from.in, &file.out, &err), ERR_OK);
	ck_assert_uint_eq(file.offset_bytes, 1000 + len);
	instream_release(&from.in);
	buf_init(&got, len);
	fd_stream_init(&back, fd, 1000, len, "file");
	buf_stage_init(&to, &got);
	ck_assert_int_eq(stream_copy(&back.in, &to.out, &err), ERR_OK);
	instream_release(&back.in);
	ck_assert_uint_eq(got.len, len);
	ck_assert_int_eq(memcmp(buf_text(&got), bytes, len), 0);
	close(fd);
}
END_TEST

/* The target fails at every call in turn, until it does not fail any more. */
START_TEST(copy_fails)
{
	size_t len = 2 * STREAM_CHUNK_BYTES + 1; /* three writes and a finish */
	CLEANUP(free_ptr) char *bytes = pattern(len);
	struct memory_stream from;
	struct probe to;
	struct err err = { 0 };

	memory_stream_init(&from, bytes, len);
	probe_init(&to, (size_t)_i);
	ck_assert_int_eq(stream_copy(&from.in, &to.out, &err), _i <= 4 ? ERR_IO : ERR_OK);
	ck_assert_uint_eq(to.finishes, _i >= 4);
}
END_TEST

static const struct {
	const char *name;
	uint64_t offset_bytes, size_bytes;
	enum err_code want;
	const char *want_text;
} reads[] = {
	{ "all", 0, 10, ERR_OK, "0123456789" },
	{ "inside", 3, 4, ERR_OK, "3456" },
	{ "nothing", 5, 0, ERR_OK, "" },
	{ "nothing at the end", 10, 0, ERR_OK, "" },
	{ "nothing past the end", 99, 0, ERR_OK, "" },
	{ "one byte over", 0, 11, ERR_SIZE, "the file ends at offset 10, 1 bytes early" },
	{ "past the end", 11, 1, ERR_SIZE, "the file ends at offset 11, 1 bytes early" },
	{ "no such offset", UINT64_MAX, 1, ERR_IO, "Invalid argument" },
};

START_TEST(short_file)
{
	CLEANUP(buf_release) struct buf got;
	struct fd_stream from;
	struct buf_stage to;
	struct err err = { 0 };
	int fd = temporary_file();

	ck_assert_int_eq(write_at(fd, "0123456789", 10, 0, "file", &err), ERR_OK);
	buf_init(&got, 100);
	fd_stream_init(&from, fd, reads[_i].offset_bytes, reads[_i].size_bytes, "file");
	buf_stage_init(&to, &got);
	ck_assert_msg(stream_copy(&from.in, &to.out, &err) == reads[_i].want, "%s: %s", reads[_i].name, err.msg);
	if (reads[_i].want == ERR_OK)
		ck_assert_str_eq(buf_text(&got), reads[_i].want_text);
	else
		ck_assert_msg(strstr(err.msg, reads[_i].want_text) != NULL, "%s: %s", reads[_i].name, err.msg);
	close(fd);
}
END_TEST

START_TEST(end_stays_the_end)
{
	struct memory_stream s;
	char c;
	size_t len = 7;

	memory_stream_init(&s, "x", 1);
	ck_assert_int_eq(instream_read(&s.in, &c, 1, &len, NULL), ERR_OK);
	ck_assert_uint_eq(len, 1);
	ck_assert_int_eq(instream_read(&s.in, &c, 1, &len, NULL), ERR_OK);
	ck_assert_uint_eq(len, 0);
	ck_assert_int_eq(instream_read(&s.in, &c, 1, &len, NULL), ERR_OK);
	ck_assert_uint_eq(len, 0);
	memory_stream_init(&s, NULL, 0); /* an empty buffer has no bytes at all */
	ck_assert_int_eq(instream_read(&s.in, &c, 1, &len, NULL), ERR_OK);
	ck_assert_uint_eq(len, 0);
}
END_TEST

START_TEST(write_errors)
{
	struct err err = { 0 };
	int fd = open("/dev/full", O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write_at(fd, "x", 1, 0, "app.part", &err), ERR_IO);
	ck_assert_str_eq(err.msg, "app.part: No space left on device (free some space and run again)");
	close(fd);
	ck_assert_int_eq(write_at(fd, "x", 1, 0, "app.part", &err), ERR_IO);
	ck_assert_str_eq(err.msg, "app.part: Bad file descriptor");
	ck_assert_int_eq(read_at(fd, &err, 1, 0, "app.part", &err), ERR_IO);
	ck_assert_int_eq(write_at(fd, "", 0, 0, "app.part", &err), ERR_OK); /* nothing is asked of it */
}
END_TEST

/* Of "abcdef", which comes one byte after the other, or all at once, and has a byte too many in the end. */
static const struct {
	uint64_t from_bytes, end_bytes;
	const char *want;
} ranges[] = {
	{ 0, 0, "" }, { 0, 6, "abcdefg" }, { 0, 1, "a" }, { 2, 4, "cd" }, { 5, 6, "fg" }, { 3, 5, "de" },
};

START_TEST(part)
{
	size_t step, at;

	for (step = 1; step <= 7; step++) {
		CLEANUP(buf_release) struct buf bytes;
		struct buf_stage out;
		struct range_stage range;

		buf_init(&bytes, 7);
		buf_stage_init(&out, &bytes);
		range_stage_init(&range, ranges[_i].from_bytes, ranges[_i].end_bytes, 6, &out.out);
		for (at = 0; at < 7; at += step)
			ck_assert_int_eq(
				outstream_write(&range.out, &"abcdefg"[at], 7 - at < step ? 7 - at : step, NULL),
				ERR_OK);
		ck_assert_int_eq(outstream_finish(&range.out, NULL), ERR_OK);
		ck_assert_str_eq(buf_text(&bytes), ranges[_i].want);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("stream");
	TCase *t = tcase_create("stream");

	tcase_add_loop_test(t, proof, 0, (int)COUNT_OF(proofs));
	tcase_add_loop_test(t, proof_next_fails, 1, 6);
	tcase_add_test(t, buf_bounds);
	tcase_add_loop_test(t, copies, 0, (int)COUNT_OF(lengths));
	tcase_add_loop_test(t, copy_fails, 1, 6);
	tcase_add_loop_test(t, short_file, 0, (int)COUNT_OF(reads));
	tcase_add_test(t, end_stays_the_end);
	tcase_add_test(t, write_errors);
	tcase_add_loop_test(t, part, 0, (int)COUNT_OF(ranges));
	suite_add_tcase(s, t);
	return test_run(s);
}
