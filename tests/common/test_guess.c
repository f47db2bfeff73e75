#include "common/guess.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define TEN "aaaaaaaaaa"
#define LONGEST "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char *const words[] = { "keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "all", LONGEST };

static const struct {
	const char *name, *typed, *want;
} cases[] = {
	{ "itself", "fulcio", "fulcio" },
	{ "another case", "keypath", "keyPath" },
	{ "the nearest of two", "keyPathes", "keyPaths" },
	{ "a letter too many", "fullcio", "fulcio" },
	{ "a letter missing", "fulio", "fulcio" },
	{ "two letters off", "fulzzo", "fulcio" },
	{ "three letters off", "fuzzzo", NULL },
	{ "cut short", "ful", "fulcio" },
	{ "one letter begins many", "f", NULL },
	{ "half of a short one", "alx", "all" },
	{ "more than half of a short one", "xlx", NULL },
	{ "far from all", "transport", NULL },
	{ "empty", "", NULL },
	{ "longest", TEN TEN TEN "ab", TEN TEN TEN "aa" },
	{ "one over", TEN TEN TEN "aab", NULL },
};

START_TEST(meant)
{
	struct guess g = { .typed = cases[_i].typed, .typed_len = strlen(cases[_i].typed) };
	size_t i;

	for (i = 0; i < COUNT_OF(words); i++)
		guess_try(&g, words[i]);
	ck_assert_msg(cases[_i].want == NULL ? g.best == NULL : g.best != NULL && strcmp(g.best, cases[_i].want) == 0,
		      "%s: %s", cases[_i].name, g.best != NULL ? g.best : "none");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guess");
	TCase *t = tcase_create("guess");

	tcase_add_loop_test(t, meant, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
