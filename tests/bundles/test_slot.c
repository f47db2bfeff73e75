#include "bundles/slot.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *name;
	size_t len;
	enum err_code want;
} sizes[] = {
	{ "blank", 0, ERR_OK },   { "shortest object", 2, ERR_OK }, { "one short of full", 4094, ERR_OK },
	{ "full", 4095, ERR_OK }, { "one over", 4096, ERR_LIMIT },  { "far over", 5000, ERR_LIMIT },
};

/* What was filled in is found again, and nothing else. */
START_TEST(fill)
{
	char text[5000];
	unsigned char content[SLOT_BYTES];
	size_t len = sizes[_i].len, got = 99;
	struct err err = { .code = ERR_OK };

	memset(text, ' ', sizeof(text));
	if (len > 0) {
		text[0] = '{';
		text[len - 1] = '}';
	}
	ck_assert_int_eq(slot_fill(text, len, content, &err), sizes[_i].want);
	if (sizes[_i].want != ERR_OK)
		return;
	ck_assert_msg(slot_check(content, &got, &err) == ERR_OK, "%s: %s", sizes[_i].name, err.msg);
	ck_assert_uint_eq(got, len);
	ck_assert_int_eq(content[SLOT_BYTES - 1], '\n');
}
END_TEST

/* The bytes in front of the content: RFC 8878, then a tar header. */
START_TEST(header)
{
	static const unsigned char frame[] = {
		0x28, 0xb5, 0x2f, 0xfd,             /* magic */
		0xc0, 0x38,                         /* content size in 8 bytes, no checksum; window of 128 KiB */
		0x00, 0x12, 0,    0,    0, 0, 0, 0, /* 4608 bytes */
		0x01, 0x90, 0x00,                   /* the last block: raw, 4608 bytes */
	};
	unsigned char out[SLOT_CONTENT_AT];

	slot_header(2, out);
	ck_assert_mem_eq(out, frame, sizeof(frame));
	ck_assert_str_eq((char *)out + sizeof(frame), "bundle.json.sigstore.2.json");
	ck_assert_str_eq((char *)out + sizeof(frame) + 124, "00000010000");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slot");
	TCase *t = tcase_create("slot");

	tcase_add_loop_test(t, fill, 0, (int)COUNT_OF(sizes));
	tcase_add_test(t, header);
	suite_add_tcase(s, t);
	return test_run(s);
}
