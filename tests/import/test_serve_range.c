#include "import/serve_range.h"

#include <check.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define WHOLE SERVE_RANGE_WHOLE
#define PART SERVE_RANGE_PART
#define NONE SERVE_RANGE_NONE
#define TAG "\"sha256:ab\""

static const struct {
	const char *name, *range;
	uint64_t size_bytes;
	enum serve_range_kind kind;
	uint64_t from_bytes, end_bytes;
} ranges[] = {
	{ "no header", NULL, 10, WHOLE, 0, 10 },
	{ "all of it", "bytes=0-9", 10, PART, 0, 10 },
	{ "the first byte", "bytes=0-0", 10, PART, 0, 1 },
	{ "the last byte", "bytes=9-9", 10, PART, 9, 10 },
	{ "one behind the last", "bytes=10-10", 10, NONE, 0, 0 },
	{ "open", "bytes=4-", 10, PART, 4, 10 },
	{ "open from the front", "bytes=0-", 10, PART, 0, 10 },
	{ "open from the end", "bytes=10-", 10, NONE, 0, 0 },
	{ "longer than it is", "bytes=5-99", 10, PART, 5, 10 },
	{ "suffix", "bytes=-3", 10, PART, 7, 10 },
	{ "suffix of all", "bytes=-10", 10, PART, 0, 10 },
	{ "suffix of more", "bytes=-11", 10, PART, 0, 10 },
	{ "suffix of nothing", "bytes=-0", 10, NONE, 0, 0 },
	{ "suffix without a number", "bytes=-", 10, WHOLE, 0, 10 },
	{ "of nothing", "bytes=0-", 0, NONE, 0, 0 },
	{ "suffix of a thing without bytes", "bytes=-5", 0, WHOLE, 0, 0 },
	{ "backwards", "bytes=5-4", 10, WHOLE, 0, 10 },
	{ "two parts", "bytes=0-1,3-4", 10, WHOLE, 0, 10 },
	{ "two parts, one beyond", "bytes=0-1,20-", 10, WHOLE, 0, 10 },
	{ "another unit", "lines=0-1", 10, WHOLE, 0, 10 },
	{ "unit in capitals", "Bytes=2-3", 10, PART, 2, 4 },
	{ "space around", "bytes= 2-3 ", 10, PART, 2, 4 },
	{ "space within", "bytes=2 - 3", 10, WHOLE, 0, 10 },
	{ "no unit", "2-3", 10, WHOLE, 0, 10 },
	{ "no dash", "bytes=2", 10, WHOLE, 0, 10 },
	{ "sign", "bytes=+2-3", 10, WHOLE, 0, 10 },
	{ "negative end", "bytes=2--3", 10, WHOLE, 0, 10 },
	{ "letters behind", "bytes=2-3x", 10, WHOLE, 0, 10 },
	{ "nothing behind the unit", "bytes=", 10, WHOLE, 0, 10 },
	{ "empty", "", 10, WHOLE, 0, 10 },
	{ "2^64-1", "bytes=0-18446744073709551615", 10, PART, 0, 10 },
	{ "2^64", "bytes=0-18446744073709551616", 10, PART, 0, 10 },
	{ "starts at 2^64", "bytes=18446744073709551616-", 10, NONE, 0, 0 },
	{ "suffix of 2^70", "bytes=-1180591620717411303424", 10, PART, 0, 10 },
	{ "the largest thing", "bytes=18446744073709551614-", UINT64_MAX, PART, UINT64_MAX - 1, UINT64_MAX },
};

START_TEST(range)
{
	struct serve_range got = serve_range_of(ranges[_i].range, ranges[_i].size_bytes);

	ck_assert_msg(got.kind == ranges[_i].kind, "%s: kind %d", ranges[_i].name, (int)got.kind);
	ck_assert_msg(got.from_bytes == ranges[_i].from_bytes && got.end_bytes == ranges[_i].end_bytes,
		      "%s: %ju to %ju", ranges[_i].name, (uintmax_t)got.from_bytes, (uintmax_t)got.end_bytes);
}
END_TEST

static const struct {
	const char *name, *if_range;
	enum serve_range_kind kind;
} conditions[] = {
	{ "none", NULL, PART },
	{ "the same", TAG, PART },
	{ "another", "\"sha256:cd\"", WHOLE },
	{ "weak", "W/" TAG, WHOLE },
	{ "a date", "Thu, 26 Nov 2026 00:00:00 GMT", WHOLE },
	{ "without quotes", "sha256:ab", WHOLE },
	{ "empty", "", WHOLE },
};

START_TEST(condition)
{
	struct serve_range got = serve_range_if("bytes=1-2", conditions[_i].if_range, TAG, 10);

	ck_assert_msg(got.kind == conditions[_i].kind, "%s: kind %d", conditions[_i].name, (int)got.kind);
}
END_TEST

static const struct {
	const char *name, *header;
	bool want;
} unchanged[] = {
	{ "none", NULL, false },
	{ "the same", TAG, true },
	{ "weak", "W/" TAG, true },
	{ "any", "*", true },
	{ "any, space before", " *", true },
	{ "another", "\"sha256:cd\"", false },
	{ "second of a list", "\"x\", " TAG, true },
	{ "second, without space", "\"x\"," TAG, true },
	{ "weak ones before", "W/\"x\" ,W/\"y\",\tW/" TAG, true },
	{ "comma in a tag", "\"a,b\", " TAG, true },
	{ "without quotes", "sha256:ab", false },
	{ "without quotes before", "sha256:ab, " TAG, true },
	{ "never ends", "\"sha256:ab", false },
	{ "only the front of it", "\"sha256:a\"", false },
	{ "longer", "\"sha256:abc\"", false },
	{ "commas", ",,,", false },
	{ "empty", "", false },
};

START_TEST(none_match)
{
	ck_assert_msg(serve_range_unchanged(unchanged[_i].header, TAG) == unchanged[_i].want, "%s", unchanged[_i].name);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_range");
	TCase *t = tcase_create("serve_range");

	tcase_add_loop_test(t, range, 0, (int)COUNT_OF(ranges));
	tcase_add_loop_test(t, condition, 0, (int)COUNT_OF(conditions));
	tcase_add_loop_test(t, none_match, 0, (int)COUNT_OF(unchanged));
	suite_add_tcase(s, t);
	return test_run(s);
}
