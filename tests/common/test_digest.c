#include "common/digest.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define LOW "sha256:00b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC512                                                                                                         \
	"sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"      \
	"454d4423643ce80e2a9ac94fa54ca49f"

static const struct {
	const char *name, *text;
	enum err_code want;
} texts[] = {
	{ "sha256", ABC, ERR_OK },
	{ "sha512", ABC512, ERR_OK },
	{ "empty", "", ERR_FORMAT },
	{ "prefix only", "sha256:", ERR_FORMAT },
	{ "no prefix", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ERR_FORMAT },
	{ "upper-case hex", "sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", ERR_FORMAT },
	{ "upper-case algorithm", "SHA256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  ERR_FORMAT },
	{ "63 digits", "sha256:a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ERR_FORMAT },
	{ "65 digits", ABC "0", ERR_FORMAT },
	{ "no digit", "sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ERR_FORMAT },
	{ "line feed after", ABC "\n", ERR_FORMAT },
	{ "space before", " " ABC, ERR_FORMAT },
	{ "64 digits for sha512", "sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  ERR_FORMAT },
	{ "129 digits for sha512", ABC512 "0", ERR_FORMAT },
	{ "other algorithm", "md5:900150983cd24fb0d6963f7d28e17f72", ERR_FORMAT },
	{ "algorithm with more", "sha256+b64:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  ERR_FORMAT },
	{ "sha2561", "sha2561:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", ERR_FORMAT },
};

START_TEST(parse)
{
	struct digest d = { "untouched" };
	struct err err = { 0 };
	enum err_code got = digest_parse(texts[_i].text, &d, &err);

	ck_assert_msg(got == texts[_i].want, "%s: %d, %s", texts[_i].name, got, err.msg);
	ck_assert_str_eq(d.text, got == ERR_OK ? texts[_i].text : "untouched");
	if (got != ERR_OK)
		ck_assert_str_ne(err.msg, "");
}
END_TEST

/* Packed, a digest is the same, and stands in the same order. */
START_TEST(packed)
{
	static const char *const ordered[] = { LOW, ABC, EMPTY, ABC512 };
	size_t i, j;

	for (i = 0; i < COUNT_OF(ordered); i++) {
		for (j = 0; j < COUNT_OF(ordered); j++) {
			struct digest_packed one, other;
			struct digest a, b;
			int order;

			ck_assert_int_eq(digest_parse(ordered[i], &a, NULL), ERR_OK);
			ck_assert_int_eq(digest_parse(ordered[j], &b, NULL), ERR_OK);
			digest_pack(&a, &one);
			digest_pack(&b, &other);
			ck_assert_str_eq(digest_unpack(&one).text, a.text);
			order = digest_packed_compare(&one, &other);
			ck_assert_int_eq((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}
END_TEST

START_TEST(unset_packed)
{
	struct digest unset = { "" };
	struct digest_packed small;

	digest_pack(&unset, &small);
	ck_assert_str_eq(digest_unpack(&small).text, "");
}
END_TEST

START_TEST(parts)
{
	struct digest a, b, unset = { "" };

	ck_assert_int_eq(digest_parse(ABC, &a, NULL), ERR_OK);
	ck_assert_int_eq(digest_parse(ABC512, &b, NULL), ERR_OK);
	ck_assert_str_eq(digest_algorithm(&a), "sha256");
	ck_assert_str_eq(digest_algorithm(&b), "sha512");
	ck_assert_str_eq(digest_hex(&a), &ABC[7]);
	ck_assert_str_eq(digest_hex(&b), &ABC512[7]);
	ck_assert(digest_equal(&a, &a));
	ck_assert(!digest_equal(&a, &b));
	ck_assert(!digest_equal(&a, &unset));
	ck_assert(!digest_equal(&unset, &unset)); /* unset proves nothing */
	ck_assert_str_eq(digest_algorithm(&unset), "");
	ck_assert_str_eq(digest_hex(&unset), "");
}
END_TEST

START_TEST(of_memory)
{
	struct digest like512, got;

	ck_assert_int_eq(digest_of("abc", 3, NULL, &got, NULL), ERR_OK);
	ck_assert_str_eq(got.text, ABC);
	ck_assert_int_eq(digest_of("", 0, NULL, &got, NULL), ERR_OK);
	ck_assert_str_eq(got.text, EMPTY);
	ck_assert_int_eq(digest_parse(ABC512, &like512, NULL), ERR_OK);
	ck_assert_int_eq(digest_of("abc", 3, &like512, &got, NULL), ERR_OK);
	ck_assert_str_eq(got.text, ABC512);
}
END_TEST

static const struct {
	const char *name, *text, *content;
	uint64_t size_bytes;
	enum err_code want;
} cases[] = {
	{ "empty stream", EMPTY, "", 0, ERR_OK },
	{ "exact", ABC, "abc", 3, ERR_OK },
	{ "exact, sha512", ABC512, "abc", 3, ERR_OK },
	{ "one byte short", ABC, "ab", 3, ERR_SIZE },
	{ "one byte long", ABC, "abcd", 3, ERR_SIZE },
	{ "long, sha512", ABC512, "abcd", 3, ERR_SIZE },
	{ "nothing came", ABC, "", 3, ERR_SIZE },
	{ "nothing was declared", ABC, "abc", 0, ERR_SIZE },
	{ "same size, other content", ABC, "abd", 3, ERR_DIGEST },
	{ "same size, other content, sha512", ABC512, "abd", 3, ERR_DIGEST },
	{ "right content, wrong size", ABC, "abc", 4, ERR_SIZE },
	{ "size beyond all files", ABC, "abc", UINT64_MAX, ERR_SIZE },
};

START_TEST(verdict)
{
	CLEANUP(digest_stream_release) struct digest_stream d = { 0 };
	struct digest want;
	struct err err = { 0 };
	const char *p = cases[_i].content;
	enum err_code got;

	ck_assert_int_eq(digest_parse(cases[_i].text, &want, &err), ERR_OK);
	got = digest_stream_init(&d, &want, cases[_i].size_bytes, &err);
	for (; got == ERR_OK && *p != '\0'; p++) /* one byte at a time */
		got = digest_stream_update(&d, p, 1, &err);
	if (got == ERR_OK)
		got = digest_stream_final(&d, &err);
	ck_assert_msg(got == cases[_i].want, "%s: got %d, want %d (%s)", cases[_i].name, got, cases[_i].want, err.msg);
	if (got != ERR_OK) {
		ck_assert_int_eq(err.code, got);
		ck_assert_str_ne(err.msg, "");
		ck_assert_int_eq(digest_stream_update(&d, "", 0, &err), got);
		ck_assert_int_eq(digest_stream_final(&d, &err), got); /* stays failed */
	}
	digest_stream_release(&d);
	digest_stream_release(&d);
}
END_TEST

/* The same verdict where all comes at once. */
START_TEST(check_memory)
{
	struct digest want;
	struct err err = { 0 };
	const char *content = cases[_i].content;

	ck_assert_int_eq(digest_parse(cases[_i].text, &want, &err), ERR_OK);
	ck_assert_msg(digest_check(content, strlen(content), &want, cases[_i].size_bytes, &err) == cases[_i].want,
		      "%s: %s", cases[_i].name, err.msg);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("digest");
	TCase *t = tcase_create("digest");

	tcase_add_loop_test(t, parse, 0, (int)COUNT_OF(texts));
	tcase_add_test(t, parts);
	tcase_add_test(t, packed);
	tcase_add_test(t, unset_packed);
	tcase_add_test(t, of_memory);
	tcase_add_loop_test(t, verdict, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, check_memory, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
