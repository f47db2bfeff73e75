#include "common/upload_content.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define TEXT "0123456789"
#define LEN (sizeof(TEXT) - 1)
#define READS_MAX 4

/* The content, proved, and how often it was opened. */
struct blob {
	const char *text; /* what is there in its place */
	struct memory_stream memory;
	struct proof_stream proof;
	unsigned opened;
};

static enum err_code open_blob(void *ctx, struct instream **ret_in, struct err *err)
{
	struct blob *b = ctx;
	struct digest digest;

	b->opened++;
	memory_stream_init(&b->memory, b->text, strlen(b->text));
	ck_assert_int_eq(digest_of(TEXT, LEN, NULL, &digest, NULL), ERR_OK);
	ck_assert_int_eq(proof_stream_init(&b->proof, &digest, LEN, &b->memory.in, err), ERR_OK);
	*ret_in = &b->proof.in;
	return ERR_OK;
}

/* Read so many bytes, at most cap at a time; what came is a text in out. */
static enum err_code read_on(struct instream *in, size_t len, size_t cap, char *out, struct err *err)
{
	size_t got = 0, part = 1;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && got < len && part > 0) {
		code = instream_read(in, out + got, len - got < cap ? len - got : cap, &part, err);
		got += code == ERR_OK ? part : 0;
	}
	out[got] = '\0';
	return code;
}

/* Pieces that are asked for one after the other: from where, and how many bytes. */
static const struct {
	const char *name;
	struct {
		uint64_t at_bytes;
		size_t len;
		const char *want;
	} reads[READS_MAX];
	unsigned opened;
} cases[] = {
	{ "all", { { 0, LEN, TEXT } }, 1 },
	{ "more than there is", { { 0, LEN + 5, TEXT } }, 1 },
	{ "in chunks, opened once", { { 0, 4, "0123" }, { 4, 4, "4567" }, { 8, 2, "89" } }, 1 },
	{ "in single bytes", { { 0, 1, "0" }, { 1, 1, "1" }, { 2, 8, "23456789" } }, 1 },
	{ "again, where less was kept than had gone", { { 0, 6, "012345" }, { 4, 6, "456789" } }, 2 },
	{ "again from the beginning", { { 0, 6, "012345" }, { 0, LEN, TEXT } }, 2 },
	{ "from the middle", { { 7, 3, "789" } }, 1 },
	{ "from the last byte", { { 9, 1, "9" } }, 1 },
	{ "from the end, where all had gone", { { 0, LEN, TEXT }, { LEN, 1, "" } }, 1 },
};

START_TEST(pieces)
{
	size_t cap, i;

	for (cap = 1; cap <= LEN + 1; cap++) {
		struct blob b = { .text = TEXT };
		struct upload_content c;

		upload_content_init(&c, LEN, open_blob, &b);
		for (i = 0; i < READS_MAX && cases[_i].reads[i].want != NULL; i++) {
			struct instream *in = NULL;
			char out[2 * LEN];

			ck_assert_int_eq(upload_content_from(&c, cases[_i].reads[i].at_bytes, &in, NULL), ERR_OK);
			ck_assert_int_eq(read_on(in, cases[_i].reads[i].len, cap, out, NULL), ERR_OK);
			ck_assert_msg(strcmp(out, cases[_i].reads[i].want) == 0, "%s, %zu at a time: %s",
				      cases[_i].name, cap, out);
		}
		ck_assert_uint_eq(b.opened, cases[_i].opened);
		upload_content_release(&c);
	}
}
END_TEST

static const struct {
	const char *name, *text;
	enum err_code want;
} lies[] = {
	{ "another byte", "0123456780", ERR_DIGEST },
	{ "one short", "012345678", ERR_SIZE },
	{ "one over", "01234567890", ERR_SIZE },
};

/* Whatever it is read in, the last byte does not go before all are proved. */
START_TEST(proves_before_the_end)
{
	size_t cap;

	for (cap = 1; cap <= LEN + 1; cap++) {
		struct blob b = { .text = lies[_i].text };
		struct upload_content c;
		struct instream *in = NULL;
		char out[2 * LEN];

		upload_content_init(&c, LEN, open_blob, &b);
		ck_assert_int_eq(upload_content_from(&c, 0, &in, NULL), ERR_OK);
		ck_assert_msg(read_on(in, LEN, cap, out, NULL) == lies[_i].want, "%s, %zu at a time", lies[_i].name,
			      cap);
		ck_assert_uint_lt(strlen(out), LEN);
		upload_content_release(&c);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("upload_content");
	TCase *t = tcase_create("upload_content");

	tcase_add_loop_test(t, pieces, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, proves_before_the_end, 0, (int)COUNT_OF(lies));
	suite_add_tcase(s, t);
	return test_run(s);
}
