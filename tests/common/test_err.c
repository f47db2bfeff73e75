#include "common/err.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name, *from_outside, *want;
} cleanings[] = {
	{ "plain", "alpine:3.20", "tag alpine:3.20" },
	{ "empty", "", "tag " },
	{ "escape", "\x1b[31mred", "tag ?[31mred" },
	{ "line feed", "a\nb\r\tc", "tag a?b??c" },
	{ "delete", "a\x7f", "tag a?" },
	{ "C1 control",
	  "\xc2\x9b"
	  "31m",
	  "tag ??31m" },
	{ "UTF-8", "gr\xc3\xbc\xc3\x9f", "tag gr\xc3\xbc\xc3\x9f" },
	{ "no UTF-8", "\xff\xfe", "tag ??" },
	{ "percent", "%s%n", "tag %s%n" },
};

START_TEST(cleans)
{
	struct err err = { 0 };

	ck_assert_int_eq(err_set(&err, ERR_FORMAT, "tag %s", cleanings[_i].from_outside), ERR_FORMAT);
	ck_assert_int_eq(err.code, ERR_FORMAT);
	ck_assert_str_eq(err.msg, cleanings[_i].want);
	err_set(&err, ERR_FORMAT, "tag");
	ck_assert_int_eq(err_add(&err, "on %s", cleanings[_i].from_outside), ERR_FORMAT);
	ck_assert_msg(strpbrk(err.msg, "\x1b\n\r\t\x7f\xff") == NULL, "%s: %s", cleanings[_i].name, err.msg);
}
END_TEST

START_TEST(adds_in_front)
{
	struct err err = { 0 };

	err_set(&err, ERR_DIGEST, "content is %d, not %d", 1, 2);
	ck_assert_int_eq(err_add(&err, "blob %s", "x"), ERR_DIGEST);
	ck_assert_int_eq(err_add(&err, "image %s", "y"), ERR_DIGEST);
	ck_assert_str_eq(err.msg, "image y: blob x: content is 1, not 2");
	ck_assert_int_eq(err_recode(&err, ERR_DAMAGED), ERR_DAMAGED);
	ck_assert_int_eq(err.code, ERR_DAMAGED);
	ck_assert_str_eq(err.msg, "image y: blob x: content is 1, not 2");
}
END_TEST

/* In the words of Go's runtime, and in those of a Go program around them. */
static const struct {
	const char *said, *advice;
} others[] = {
	{ "bad layer", "" },
	{ "", "" },
	{ "write /data/ingest/1: no space left on device", " (free some space and run again)" },
	{ "failed to copy: mkdir /data: disk quota exceeded: try later", " (free some space and run again)" },
};

START_TEST(advises)
{
	ck_assert_str_eq(err_advice(others[_i].said), others[_i].advice);
}
END_TEST

/* A message may be made of itself. */
START_TEST(of_itself)
{
	struct err err = { 0 };

	err_set(&err, ERR_IO, "inner");
	err_set(&err, ERR_USAGE, "outer (%s)", err.msg);
	ck_assert_str_eq(err.msg, "outer (inner)");
	err_add(&err, "<%s>", err.msg);
	ck_assert_str_eq(err.msg, "<outer (inner)>: outer (inner)");
}
END_TEST

START_TEST(cuts)
{
	struct err err = { 0 };
	char big[2 * ERR_MSG_MAX];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_set(&err, ERR_FORMAT, "%s", big);
	ck_assert_uint_eq(strlen(err.msg), ERR_MSG_MAX - 1);
	err_add(&err, "%s", big);
	ck_assert_uint_eq(strlen(err.msg), ERR_MSG_MAX - 1);
	memset(big, '\xc3', ERR_MSG_MAX); /* a character that the cut splits */
	big[ERR_MSG_MAX] = '\0';
	err_set(&err, ERR_FORMAT, "%s", big);
	ck_assert_str_eq(err.msg + ERR_MSG_MAX - 2, "?");
}
END_TEST

START_TEST(nobody_reads)
{
	ck_assert_int_eq(err_set(NULL, ERR_SIZE, "x"), ERR_SIZE);
	ck_assert_int_eq(err_add(NULL, "x"), ERR_SIZE); /* what stands, read or not */
	ck_assert_int_eq(err_recode(NULL, ERR_USAGE), ERR_USAGE);
	ck_assert_int_eq(err_add(NULL, "x"), ERR_USAGE);
	ck_assert_int_eq(err_nomem(NULL), ERR_NOMEM);
	ck_assert_int_eq(err_add(NULL, "x"), ERR_NOMEM);
	ck_assert_int_eq(err_errno(NULL, "x"), ERR_IO);
}
END_TEST

static const struct {
	const char *name;
	int number;
	const char *want;
} reasons[] = {
	{ "no entry", ENOENT, "file.part: No such file or directory" },
	{ "full", ENOSPC, "file.part: No space left on device (free some space and run again)" },
	{ "quota", EDQUOT, "file.part: Disk quota exceeded (free some space and run again)" },
};

START_TEST(system_reason)
{
	struct err err = { 0 };

	errno = reasons[_i].number;
	ck_assert_int_eq(err_errno(&err, "file.part"), ERR_IO);
	ck_assert_str_eq(err.msg, reasons[_i].want);
}
END_TEST

static const struct {
	enum err_code code;
	int status;
	const char *word;
} codes[] = {
	{ ERR_OK, 0, "ok" },           { ERR_USAGE, 2, "usage" },
	{ ERR_NOMEM, 1, "no-memory" }, { ERR_DIGEST, 3, "digest" },
	{ ERR_SIZE, 3, "size" },       { ERR_DAMAGED, 3, "damaged" },
	{ ERR_PARTIAL, 4, "partial" }, { ERR_NETWORK, 5, "network" },
	{ ERR_MISSING, 6, "missing" }, { ERR_INTERRUPTED, 1, "interrupted" },
};

START_TEST(status_and_word)
{
	ck_assert_int_eq(err_status(codes[_i].code), codes[_i].status);
	ck_assert_str_eq(err_word(codes[_i].code), codes[_i].word);
}
END_TEST

/* Every code has its row, and no word stands for two. */
START_TEST(complete)
{
	unsigned a, b;

	for (a = 0; a < ERR_CODES; a++) {
		ck_assert_ptr_nonnull(err_word((enum err_code)a));
		ck_assert_int_eq(err_status((enum err_code)a) == 0, a == ERR_OK);
		for (b = a + 1; b < ERR_CODES; b++)
			ck_assert_str_ne(err_word((enum err_code)a), err_word((enum err_code)b));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("err");
	TCase *t = tcase_create("err");

	tcase_add_loop_test(t, cleans, 0, (int)COUNT_OF(cleanings));
	tcase_add_test(t, adds_in_front);
	tcase_add_test(t, of_itself);
	tcase_add_test(t, cuts);
	tcase_add_test(t, nobody_reads);
	tcase_add_loop_test(t, system_reason, 0, (int)COUNT_OF(reasons));
	tcase_add_loop_test(t, advises, 0, (int)COUNT_OF(others));
	tcase_add_loop_test(t, status_and_word, 0, (int)COUNT_OF(codes));
	tcase_add_test(t, complete);
	suite_add_tcase(s, t);
	return test_run(s);
}
