#include "trust/coverage.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/judged.h"
#include "tests/lib/test_main.h"

/* Who vouches for a subject vouches for these, and for nothing beside or above. */
static const struct {
	size_t from;
	bool covered[SUBJECTS];
} cases[] = {
	{ ROOT, { true, true, true, true, true, true } },
	{ AMD64, { [AMD64] = true } },
	{ ARM64, { [ARM64] = true } },
	{ BUILDKIT, { [BUILDKIT] = true } },
	{ INNER, { [INNER] = true, [S390X] = true } },
	{ S390X, { [S390X] = true } },
};

START_TEST(covers)
{
	CLEANUP(coverage_release) struct coverage c = { 0 };
	struct candidates all = judged_gather(NULL, 0, NULL);
	size_t turn;

	ck_assert_int_eq(coverage_init(&c, &all, NULL), ERR_OK);
	for (turn = 0; turn < 2; turn++) { /* what was asked before leaves no trace */
		ck_assert(coverage_from(&c, (size_t)(_i + 1) % SUBJECTS)[(size_t)(_i + 1) % SUBJECTS]);
		ck_assert_int_eq(
			memcmp(coverage_from(&c, cases[_i].from), cases[_i].covered, sizeof(cases[_i].covered)), 0);
	}
}
END_TEST

/* Edges lead to what is no subject, a layer or what was left out: nothing is vouched for that nobody asks about. */
START_TEST(knows_subjects_alone)
{
	CLEANUP(coverage_release) struct coverage c = { 0 };
	struct candidates all = judged_gather(NULL, 0, NULL);
	const bool *covered;

	all.subjects_len = S390X; /* the inner index leads to what is none any more */
	ck_assert_int_eq(coverage_init(&c, &all, NULL), ERR_OK);
	covered = coverage_from(&c, INNER);
	ck_assert(covered[INNER] && !covered[ROOT] && !covered[AMD64]);
	ck_assert_uint_eq(coverage_subject(&c, INNER), INNER);
	ck_assert_uint_eq(coverage_subject(&c, S390X), COVERAGE_NONE);
	ck_assert_uint_eq(coverage_subject(&c, UINT32_MAX), COVERAGE_NONE);
}
END_TEST

/* Subjects stand as they were found, and nodes as the graph has them. */
START_TEST(finds_by_node)
{
	CLEANUP(coverage_release) struct coverage c = { 0 };
	struct candidates all = judged_gather(NULL, 0, NULL);
	struct candidate_subject first = judged_subjects[ROOT];

	judged_subjects[ROOT] = judged_subjects[S390X];
	judged_subjects[S390X] = first;
	ck_assert_int_eq(coverage_init(&c, &all, NULL), ERR_OK);
	ck_assert_uint_eq(coverage_subject(&c, ROOT), S390X);
	ck_assert(coverage_from(&c, S390X)[ROOT] && !coverage_from(&c, ROOT)[S390X]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("coverage");
	TCase *t = tcase_create("coverage");

	tcase_add_checked_fixture(t, judged_setup, judged_teardown);
	tcase_add_loop_test(t, covers, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, knows_subjects_alone);
	tcase_add_test(t, finds_by_node);
	suite_add_tcase(s, t);
	return test_run(s);
}
