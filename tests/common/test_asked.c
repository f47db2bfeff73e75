#include "common/asked.h"

#include <check.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define NODES 500

static bool once(struct asked *a, uint32_t node, uint16_t source, enum asked_what what)
{
	bool first = false;

	ck_assert_int_eq(asked_once(a, node, source, what, &first, NULL), ERR_OK);
	return first;
}

START_TEST(each_once)
{
	CLEANUP(asked_release) struct asked a = { 0 };
	uint32_t node;
	unsigned turn;

	ck_assert(!asked_has(&a, 0, 0, ASKED_MANIFEST));
	for (turn = 0; turn < 2; turn++) {
		for (node = 0; node < NODES; node++) {
			ck_assert_int_eq(asked_has(&a, node, 7, ASKED_REFERRERS), turn > 0);
			ck_assert_int_eq(once(&a, node, 7, ASKED_REFERRERS), turn == 0);
			ck_assert(asked_has(&a, node, 7, ASKED_REFERRERS));
			ck_assert(!asked_has(&a, node, 7, ASKED_MANIFEST));
			ck_assert(!asked_has(&a, node, 8, ASKED_REFERRERS));
		}
	}
	ck_assert_uint_eq(a.len, NODES);
}
END_TEST

/* The largest numbers that there are do not run into each other. */
START_TEST(ends)
{
	static const struct {
		uint32_t node;
		uint16_t source;
		enum asked_what what;
	} keys[] = {
		{ 0, 0, ASKED_MANIFEST },          { 0, 0, ASKED_REFERRERS },
		{ 0, UINT16_MAX, ASKED_MANIFEST }, { 0, UINT16_MAX, ASKED_REFERRERS },
		{ 1, 0, ASKED_MANIFEST },          { UINT32_MAX, UINT16_MAX, ASKED_MANIFEST },
	};
	CLEANUP(asked_release) struct asked a = { 0 };
	size_t i;

	for (i = 0; i < COUNT_OF(keys); i++)
		ck_assert_msg(once(&a, keys[i].node, keys[i].source, keys[i].what), "key %zu", i);
	for (i = 0; i < COUNT_OF(keys); i++)
		ck_assert_msg(!once(&a, keys[i].node, keys[i].source, keys[i].what), "key %zu again", i);
	asked_release(&a);
	ck_assert(once(&a, 0, 0, ASKED_MANIFEST));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("asked");
	TCase *t = tcase_create("asked");

	tcase_add_test(t, each_once);
	tcase_add_test(t, ends);
	suite_add_tcase(s, t);
	return test_run(s);
}
