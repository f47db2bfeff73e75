#include "export/large.h"

#include <check.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define STEP 10
#define ROOM_ALL UINT64_MAX

/* A blob of up to eight steps; those in the mask stand. */
struct fake {
	struct spread spread;
	unsigned standing;
	uint64_t room_bytes;
};

static bool fake_stands(struct spread *s, uint64_t at_bytes)
{
	return at_bytes / STEP < 8 && (OUTER_OF(s, struct fake, spread)->standing >> at_bytes / STEP & 1);
}

static uint64_t fake_room(struct spread *s, uint64_t from_bytes)
{
	(void)from_bytes;
	return OUTER_OF(s, struct fake, spread)->room_bytes;
}

static const struct {
	const char *name;
	uint64_t size_bytes, taken_bytes, share_bytes, room_bytes;
	unsigned standing, pieces;
	enum source_ranges ranges;
	bool want;
	uint64_t from_bytes, end_bytes;
} takes[] = {
	{ "a share", 1000, 0, 100, ROOM_ALL, 0, 0, SOURCE_RANGES_ANY, true, 0, 100 },
	{ "the next one", 1000, 100, 100, ROOM_ALL, 0, 3, SOURCE_RANGES_ANY, true, 100, 200 },
	{ "whole steps", 1000, 0, 99, ROOM_ALL, 0, 0, SOURCE_RANGES_ANY, true, 0, 90 },
	{ "at least some", 1000, 0, 1, ROOM_ALL, 0, 0, SOURCE_RANGES_ANY, true, 0, 20 },
	{ "at most some", 1000, 0, 1000, ROOM_ALL, 0, 0, SOURCE_RANGES_ANY, true, 0, 160 },
	{ "no crumbs", 1000, 900, 90, ROOM_ALL, 0, 0, SOURCE_RANGES_ANY, true, 900, 1000 },
	{ "an end between steps", 75, 60, 20, ROOM_ALL, 0, 0, SOURCE_RANGES_ANY, true, 60, 75 },
	{ "nothing is left", 75, 75, 20, ROOM_ALL, 0, 0, SOURCE_RANGES_ANY, false, 0, 0 },
	{ "of nothing", 0, 0, 20, ROOM_ALL, 0, 0, SOURCE_RANGES_ANY, false, 0, 0 },
	{ "behind what stands", 80, 0, 80, ROOM_ALL, 0x07, 0, SOURCE_RANGES_ANY, true, 30, 80 },
	{ "in front of what stands", 80, 0, 80, ROOM_ALL, 0x10, 0, SOURCE_RANGES_ANY, true, 0, 40 },
	{ "a gap", 80, 10, 80, ROOM_ALL, 0xf6, 0, SOURCE_RANGES_ANY, true, 30, 40 },
	{ "all stands", 75, 0, 80, ROOM_ALL, 0xff, 0, SOURCE_RANGES_ANY, false, 0, 0 },
	{ "all but the last stands", 75, 0, 80, ROOM_ALL, 0x7f, 0, SOURCE_RANGES_ANY, true, 70, 75 },
	{ "no ranges", 1000, 0, 100, ROOM_ALL, 0, 0, SOURCE_RANGES_NONE, true, 0, 1000 },
	{ "no ranges, from the first gap on", 80, 0, 80, ROOM_ALL, 0x15, 0, SOURCE_RANGES_NONE, true, 10, 80 },
	{ "no ranges, and a piece under way", 1000, 100, 100, ROOM_ALL, 0, 1, SOURCE_RANGES_NONE, false, 0, 0 },
	{ "the first tells about ranges", 1000, 0, 100, ROOM_ALL, 0, 0, SOURCE_RANGES_UNKNOWN, true, 0, 100 },
	{ "and the next one waits", 1000, 100, 100, ROOM_ALL, 0, 1, SOURCE_RANGES_UNKNOWN, false, 0, 0 },
	{ "room enough", 1000, 0, 100, 100, 0, 0, SOURCE_RANGES_ANY, true, 0, 100 },
	{ "no room", 1000, 0, 100, 99, 0, 0, SOURCE_RANGES_ANY, false, 0, 0 },
	{ "the first may become all of it", 1000, 0, 100, 1000, 0, 0, SOURCE_RANGES_UNKNOWN, true, 0, 100 },
	{ "and for that there is no room", 1000, 0, 100, 999, 0, 0, SOURCE_RANGES_UNKNOWN, false, 0, 0 },
	{ "no ranges, and room", 1000, 0, 100, 1000, 0, 0, SOURCE_RANGES_NONE, true, 0, 1000 },
	{ "no ranges, and no room", 1000, 0, 100, 999, 0, 0, SOURCE_RANGES_NONE, false, 0, 0 },
};

START_TEST(take)
{
	struct fake fake = {
		.spread = { .step_bytes = STEP, .stands = fake_stands, .room = fake_room },
		.standing = takes[_i].standing,
		.room_bytes = takes[_i].room_bytes,
	};
	struct assembly assembly = { .spread = &fake.spread };
	struct large l = {
		.assembly = &assembly,
		.size_bytes = takes[_i].size_bytes,
		.taken_bytes = takes[_i].taken_bytes,
		.pieces = takes[_i].pieces,
	};
	uint64_t from = 0, end = 0;
	bool got = large_take(&l, takes[_i].ranges, takes[_i].share_bytes, &from, &end);

	ck_assert_msg(got == takes[_i].want && from == takes[_i].from_bytes && end == takes[_i].end_bytes,
		      "%s: %d, %lu to %lu", takes[_i].name, got, from, end);
	ck_assert_uint_eq(l.pieces, takes[_i].pieces + (got ? 1 : 0));
	if (got)
		ck_assert_uint_eq(l.taken_bytes, end);
}
END_TEST

/* However many there are to fetch it: every byte is taken once, and the last pieces are small ones. */
START_TEST(all_of_it)
{
	struct fake fake = { .spread = { .step_bytes = STEP } };
	struct assembly assembly = { .spread = &fake.spread };
	struct large l = { .assembly = &assembly, .size_bytes = 12345 };
	uint64_t from = 0, end = 0, at = 0;

	while (large_take(&l, SOURCE_RANGES_ANY, (l.size_bytes - l.taken_bytes) / (unsigned)_i, &from, &end)) {
		ck_assert_uint_eq(from, at);
		ck_assert_uint_gt(end, from);
		at = end;
	}
	ck_assert_uint_eq(at, l.size_bytes);
	ck_assert(_i == 1 || end - from < (uint64_t)2 * PIECE_STEPS_MIN * STEP);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("large");
	TCase *t = tcase_create("large");

	tcase_add_loop_test(t, take, 0, (int)COUNT_OF(takes));
	tcase_add_loop_test(t, all_of_it, 1, 20);
	suite_add_tcase(s, t);
	return test_run(s);
}
