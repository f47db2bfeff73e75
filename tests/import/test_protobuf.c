#include "import/protobuf.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	const char *name;
	uint64_t value;
	const char *want;
	size_t want_len;
} numbers[] = {
	{ "default", 0, BYTES("") },
	{ "one", 1, BYTES("\x08\x01") },
	{ "seven bits", 127, BYTES("\x08\x7f") },
	{ "eight bits", 128, BYTES("\x08\x80\x01") },
	{ "150, as the specification has it", 150, BYTES("\x08\x96\x01") },
	{ "all bits", UINT64_MAX, BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
};

START_TEST(writes_and_reads_numbers)
{
	CLEANUP(buf_release) struct buf buf;
	struct pb_field f = { 0 };
	struct pb_out o;
	struct pb_in in;

	buf_init(&buf, 100);
	pb_out_init(&o, &buf);
	pb_uint(&o, 1, numbers[_i].value);
	ck_assert_int_eq(pb_out_end(&o, NULL), ERR_OK);
	ck_assert_msg(buf.len == numbers[_i].want_len && memcmp(buf_text(&buf), numbers[_i].want, buf.len) == 0, "%s",
		      numbers[_i].name);
	pb_in_init(&in, buf.data, buf.len);
	ck_assert_int_eq(pb_next(&in, &f), numbers[_i].value != 0);
	ck_assert(f.value == numbers[_i].value);
	ck_assert(!pb_next(&in, &f));
	ck_assert_int_eq(pb_in_end(&in, "number", NULL), ERR_OK);
}
END_TEST

START_TEST(writes_messages_in_messages)
{
	static const char want[] = "\x0a\x02"
				   "ab"
				   "\x12\x0a"
				   "\x0a\x01k\x1a\x05\x0a\x01v\x10\x05"
				   "\x18\x80\x01"
				   "\x22\x00";
	CLEANUP(buf_release) struct buf buf;
	struct pb_out o;

	buf_init(&buf, 100);
	pb_out_init(&o, &buf);
	pb_text(&o, 1, "ab");
	pb_text(&o, 9, NULL);
	pb_text(&o, 9, "");
	pb_begin(&o, 2);
	pb_text(&o, 1, "k");
	pb_begin(&o, 3);
	pb_text(&o, 1, "v");
	pb_uint(&o, 2, 5);
	pb_end(&o);
	pb_end(&o);
	pb_uint(&o, 3, 128);
	pb_bytes(&o, 4, "", 0);
	ck_assert_int_eq(pb_out_end(&o, NULL), ERR_OK);
	ck_assert_uint_eq(buf.len, sizeof(want) - 1);
	ck_assert_mem_eq(buf.data, want, buf.len);
}
END_TEST

/* A message whose length takes two bytes moves what is in it. */
START_TEST(writes_long_messages)
{
	CLEANUP(buf_release) struct buf buf;
	char text[301];
	struct pb_field f, key, value;
	struct pb_out o;
	struct pb_in in;

	memset(text, 'x', 300);
	text[300] = '\0';
	buf_init(&buf, 1000);
	pb_out_init(&o, &buf);
	pb_entry(&o, 7, text, "v");
	ck_assert_int_eq(pb_out_end(&o, NULL), ERR_OK);
	pb_in_init(&in, buf.data, buf.len);
	ck_assert(pb_next(&in, &f) && pb_is_bytes(&f, 7) && !pb_is_uint(&f, 7));
	ck_assert(pb_read_entry(&f, &key, &value));
	ck_assert_uint_eq(key.len, 300);
	ck_assert_mem_eq(key.bytes, text, 300);
	ck_assert_uint_eq(value.len, 1);
	ck_assert(!pb_next(&in, &f));
}
END_TEST

START_TEST(keeps_the_first_failure)
{
	CLEANUP(buf_release) struct buf buf;
	struct err err = { 0 };
	struct pb_out o;

	buf_init(&buf, 4);
	pb_out_init(&o, &buf);
	pb_begin(&o, 1);
	pb_text(&o, 1, "too long");
	pb_end(&o);
	pb_uint(&o, 1, 1);
	ck_assert_int_eq(pb_out_end(&o, &err), ERR_LIMIT);
	ck_assert_str_eq(err.msg, "more than 4 bytes");
}
END_TEST

/* fields: how many are read before the end, or before what is none. */
static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	unsigned fields;
	bool good;
} messages[] = {
	{ "empty", BYTES(""), 0, true },
	{ "every kind",
	  BYTES("\x08\x01\x11"
		"12345678"
		"\x1a\x02xx\x25"
		"1234"),
	  4, true },
	{ "a large number of a field", BYTES("\xf8\xff\xff\xff\x0f\x01"), 1, true },
	{ "field 0", BYTES("\x00\x01"), 0, false },
	{ "field 2^29", BYTES("\x80\x80\x80\x80\x10\x01"), 0, false },
	{ "a group", BYTES("\x0b\x0c"), 0, false },
	{ "no kind", BYTES("\x0e\x01"), 0, false },
	{ "ends in a tag", BYTES("\x08\x01\x88"), 1, false },
	{ "ends before a number", BYTES("\x08"), 0, false },
	{ "ends in a number", BYTES("\x08\xff"), 0, false },
	{ "eleven bytes of a number", BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0, false },
	{ "65 bits", BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 0, false },
	{ "seven of eight bytes",
	  BYTES("\x11"
		"1234567"),
	  0, false },
	{ "three of four bytes",
	  BYTES("\x25"
		"123"),
	  0, false },
	{ "one byte less than said", BYTES("\x1a\x03xx"), 0, false },
	{ "a length of 2^64-1", BYTES("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xx"), 0, false },
};

START_TEST(reads_within_bounds)
{
	struct pb_field f;
	struct pb_in in;
	struct err err = { 0 };
	unsigned fields = 0;

	pb_in_init(&in, messages[_i].bytes, messages[_i].len);
	while (pb_next(&in, &f))
		fields++;
	ck_assert_msg(fields == messages[_i].fields, "%s: %u", messages[_i].name, fields);
	ck_assert_msg(pb_in_end(&in, "this", &err) == (messages[_i].good ? ERR_OK : ERR_FORMAT), "%s",
		      messages[_i].name);
	ck_assert_msg(messages[_i].good || strcmp(err.msg, "this: no protobuf message") == 0, "%s", err.msg);
}
END_TEST

START_TEST(refuses_texts_with_nul)
{
	struct pb_field f = { .is_bytes = true, .bytes = "a\0b", .len = 3 };
	char room[4];
	char *text = NULL;

	ck_assert_int_eq(pb_copy(&f, &text, NULL), ERR_FORMAT);
	ck_assert(!pb_text_into(&f, room, sizeof(room)));
	f = (struct pb_field){ .is_bytes = true, .bytes = "abcd", .len = 4 };
	ck_assert(!pb_text_into(&f, room, sizeof(room)));
	f.len = 3;
	ck_assert(pb_text_into(&f, room, sizeof(room)));
	ck_assert_str_eq(room, "abc");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("protobuf");
	TCase *t = tcase_create("protobuf");

	tcase_add_loop_test(t, writes_and_reads_numbers, 0, (int)COUNT_OF(numbers));
	tcase_add_test(t, writes_messages_in_messages);
	tcase_add_test(t, writes_long_messages);
	tcase_add_test(t, keeps_the_first_failure);
	tcase_add_loop_test(t, reads_within_bounds, 0, (int)COUNT_OF(messages));
	tcase_add_test(t, refuses_texts_with_nul);
	suite_add_tcase(s, t);
	return test_run(s);
}
