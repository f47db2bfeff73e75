#include "common/retry.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define BASE ((uint64_t)500)
#define NOW 1000000
#define NEVER (-1)

static const struct {
	int status;
	bool want;
} statuses[] = {
	{ 0, false },   { 200, false }, { 206, false }, { 304, false }, { 400, false }, { 401, false }, { 403, false },
	{ 404, false }, { 407, false }, { 408, true },  { 409, false }, { 416, false }, { 428, false }, { 429, true },
	{ 430, false }, { 499, true },  { 500, true },  { 501, false }, { 502, true },  { 503, true },  { 504, true },
	{ 505, false }, { 521, false }, { 522, true },  { 523, false }, { 999, false },
};

START_TEST(status)
{
	ck_assert_msg(retry_status(statuses[_i].status) == statuses[_i].want, "%d", statuses[_i].status);
}
END_TEST

/* One request alone that fails the same way again and again: the waits until it is given up. */
static const struct {
	const char *name;
	struct retry_end end;
	bool heard, elsewhere;
	int waits_ms[RETRY_TRIES]; /* NEVER ends them */
} rows[] = {
	{ "a status",
	  { RETRY_STATUS, 500, RETRY_NOT_ASKED, 0 },
	  true,
	  false,
	  { 500, 1000, 2000, 4000, 8000, 16000, 32000, NEVER } },
	{ "a connection that breaks",
	  { RETRY_BROKEN, 0, RETRY_NOT_ASKED, 0 },
	  true,
	  false,
	  { 500, 1000, 2000, 4000, 8000, 16000, 32000, NEVER } },
	{ "a host that is gone",
	  { RETRY_UNREACHED, 0, RETRY_NOT_ASKED, 0 },
	  true,
	  false,
	  { 500, 1000, 2000, 4000, 8000, 16000, 32000, NEVER } },
	{ "silence", { RETRY_TIMED_OUT, 0, RETRY_NOT_ASKED, 0 }, true, false, { 500, 1000, 2000, NEVER } },
	{ "what no try mends", { RETRY_HOPELESS, 404, 0, 0 }, true, false, { NEVER } },
	{ "a host that was never there",
	  { RETRY_UNREACHED, 0, RETRY_NOT_ASKED, 0 },
	  false,
	  false,
	  { 500, 1000, NEVER } },
	{ "one that hangs up at once", { RETRY_BROKEN, 0, RETRY_NOT_ASKED, 0 }, false, false, { 500, 1000, NEVER } },
	{ "one that says nothing", { RETRY_TIMED_OUT, 0, RETRY_NOT_ASKED, 0 }, false, false, { NEVER } },
	{ "asked to come at once", { RETRY_STATUS, 429, 0, 0 }, true, false, { 0, 0, 0, 0, 0, 0, 0, NEVER } },
	{ "asked to wait",
	  { RETRY_STATUS, 503, 7000, 0 },
	  true,
	  false,
	  { 7000, 7000, 7000, 7000, 7000, 7000, 7000, NEVER } },
	{ "asked to wait for days",
	  { RETRY_STATUS, 429, UINT64_MAX - 1, 0 },
	  true,
	  false,
	  { 120000, 120000, 120000, 120000, 120000, 120000, 120000, NEVER } },
	{ "a status where there is another place",
	  { RETRY_STATUS, 500, RETRY_NOT_ASKED, 0 },
	  true,
	  true,
	  { 500, 1000, NEVER } },
	{ "a connection that breaks there", { RETRY_BROKEN, 0, RETRY_NOT_ASKED, 0 }, true, true, { 500, 1000, NEVER } },
	{ "silence there", { RETRY_TIMED_OUT, 0, RETRY_NOT_ASKED, 0 }, true, true, { NEVER } },
	{ "a short wait there", { RETRY_STATUS, 503, 5000, 0 }, true, true, { 5000, 5000, NEVER } },
	{ "a long wait there", { RETRY_STATUS, 429, 5001, 0 }, true, true, { NEVER } },
};

START_TEST(waits)
{
	struct retry_host host = { .heard = rows[_i].heard };
	struct retry r = { .elsewhere = rows[_i].elsewhere };
	uint64_t now = NOW, until;
	size_t i;

	for (i = 0; i < RETRY_TRIES; i++) {
		retry_begin(&r, &host);
		until = 0;
		if (!retry_again(&r, &host, &rows[_i].end, BASE, now, &until))
			break;
		ck_assert_msg(until - now == (uint64_t)rows[_i].waits_ms[i], "%s: wait %zu is %d ms", rows[_i].name, i,
			      (int)(until - now));
		now = until;
	}
	ck_assert_msg(i < RETRY_TRIES && rows[_i].waits_ms[i] == NEVER, "%s: %zu waits", rows[_i].name, i);
	ck_assert_uint_eq(until, 0); /* untouched */
}
END_TEST

/* No wait is longer than its maximum, however long a host is ill. */
START_TEST(longest_wait)
{
	static const struct retry_end end = { RETRY_STATUS, 500, RETRY_NOT_ASKED, 0 };
	struct retry_host host = { .heard = true };
	uint64_t until = 0;
	unsigned i;

	for (i = 0; i < 100; i++) {
		struct retry r = { .tries = i % (RETRY_TRIES - 1) };

		retry_begin(&r, &host);
		ck_assert(retry_again(&r, &host, &end, BASE, NOW, &until));
		ck_assert_uint_le(until, NOW + RETRY_WAIT_MAX_MS);
	}
	ck_assert_uint_eq(until, NOW + RETRY_WAIT_MAX_MS);
	ck_assert_uint_eq(host.level, RETRY_TRIES);
}
END_TEST

/* A try that brought something worth the name starts the count anew. */
static const struct {
	const char *name;
	uint64_t step_bytes; /* that each try brings */
	unsigned tries;      /* 0: it goes on for ever */
} progresses[] = {
	{ "nothing", 0, RETRY_TRIES },
	{ "a drip", 1, RETRY_TRIES },
	{ "too little even together", RETRY_PROGRESS_BYTES / RETRY_TRIES - 1, RETRY_TRIES },
	{ "enough together", RETRY_PROGRESS_BYTES / (RETRY_TRIES - 1) + 1, 0 },
	{ "enough", RETRY_PROGRESS_BYTES, 0 },
	{ "much", (uint64_t)RETRY_PROGRESS_BYTES * 1000, 0 },
};

START_TEST(progress)
{
	struct retry_end end = { RETRY_BROKEN, 0, RETRY_NOT_ASKED, 0 };
	struct retry_host host = { .heard = true };
	struct retry r = { 0 };
	uint64_t until;
	unsigned i = 0;
	bool again = true;

	while (again && i < 1000) {
		retry_begin(&r, &host);
		end.kept_bytes += progresses[_i].step_bytes;
		again = retry_again(&r, &host, &end, BASE, NOW, &until);
		i++;
	}
	ck_assert_msg(i == (progresses[_i].tries > 0 ? progresses[_i].tries : 1000), "%s: %u", progresses[_i].name, i);
}
END_TEST

/* What fails side by side is one trouble of the host, and what it answers takes it back. */
START_TEST(side_by_side)
{
	static const struct retry_end end = { RETRY_BROKEN, 0, RETRY_NOT_ASKED, 0 };
	struct retry_host host = { .heard = true };
	struct retry requests[6] = { 0 }, other = { 0 };
	uint64_t until = 0;
	size_t i;

	for (i = 0; i < COUNT_OF(requests); i++)
		retry_begin(&requests[i], &host);
	for (i = 0; i < COUNT_OF(requests); i++) {
		ck_assert(retry_again(&requests[i], &host, &end, BASE, NOW, &until));
		ck_assert_uint_eq(until, NOW + BASE);
	}
	ck_assert_uint_eq(host.level, 1);
	retry_begin(&other, &host);
	ck_assert(retry_again(&other, &host, &end, BASE, NOW, &until));
	ck_assert_uint_eq(until, NOW + 2 * BASE); /* its first failure, and the host's second */
	host.level = RETRY_TRIES;
	retry_answered(&host);
	ck_assert_uint_eq(host.level, RETRY_TRIES / 2);
	for (i = 0; i < 4; i++)
		retry_answered(&host);
	ck_assert_uint_eq(host.level, 0);
}
END_TEST

/* What breaks off again and again, but goes on, is not taken elsewhere: three in a row are too many. */
START_TEST(progress_here)
{
	struct retry_end end = { RETRY_BROKEN, 0, RETRY_NOT_ASKED, 0 };
	struct retry_host host = { .heard = true };
	struct retry r = { .elsewhere = true };
	uint64_t until;
	unsigned i;

	for (i = 0; i < 100; i++) {
		retry_begin(&r, &host);
		end.kept_bytes += RETRY_PROGRESS_BYTES;
		ck_assert(retry_again(&r, &host, &end, BASE, NOW, &until));
		retry_answered(&host);
	}
}
END_TEST

/* A host that fails whoever asks is not waited for by those who can go elsewhere. */
START_TEST(ill_host)
{
	static const struct retry_end end = { RETRY_STATUS, 500, RETRY_NOT_ASKED, 0 };
	struct retry_host host = { .heard = true, .level = RETRY_TRIES };
	struct retry r = { .elsewhere = true }, last = { 0 };
	uint64_t until = 0;

	ck_assert(!retry_again(&r, &host, &end, BASE, NOW, &until));
	ck_assert_uint_eq(host.held_until_ms, 0); /* it was not left alone for this one */
	ck_assert(retry_again(&last, &host, &end, BASE, NOW, &until));
}
END_TEST

/* When a failure of one request keeps all others of the host waiting. */
static const struct {
	const char *name;
	struct retry_end end;
	unsigned level; /* of the host before */
	bool want;
} holds[] = {
	{ "a hiccup", { RETRY_BROKEN, 0, RETRY_NOT_ASKED, 0 }, 0, false },
	{ "another", { RETRY_STATUS, 500, RETRY_NOT_ASKED, 0 }, 1, false },
	{ "no hiccup any more", { RETRY_STATUS, 500, RETRY_NOT_ASKED, 0 }, 2, true },
	{ "too many requests", { RETRY_STATUS, 429, RETRY_NOT_ASKED, 0 }, 0, true },
	{ "overload", { RETRY_STATUS, 503, RETRY_NOT_ASKED, 0 }, 0, true },
	{ "asked to wait", { RETRY_STATUS, 500, 3000, 0 }, 0, true },
	{ "asked not to", { RETRY_STATUS, 429, 0, 0 }, 0, false },
	{ "nothing to mend", { RETRY_HOPELESS, 404, 3000, 0 }, 9, false },
};

START_TEST(hold)
{
	struct retry_host host = { .heard = true, .level = holds[_i].level };
	struct retry r = { 0 };
	uint64_t until = NOW;

	retry_begin(&r, &host);
	retry_again(&r, &host, &holds[_i].end, BASE, NOW, &until);
	ck_assert_msg((host.held_until_ms > NOW) == holds[_i].want, "%s", holds[_i].name);
	ck_assert(!holds[_i].want || host.held_until_ms == until);
}
END_TEST

/* A shorter wait does not shorten a longer one. */
START_TEST(longest_hold)
{
	static const struct retry_end long_ = { RETRY_STATUS, 429, 30000, 0 }, short_ = { RETRY_STATUS, 429, 1000, 0 };
	struct retry_host host = { .heard = true };
	struct retry r = { 0 };
	uint64_t until;

	ck_assert(retry_again(&r, &host, &long_, BASE, NOW, &until));
	ck_assert(retry_again(&r, &host, &short_, BASE, NOW, &until));
	ck_assert_uint_eq(until, NOW + 1000);
	ck_assert_uint_eq(host.held_until_ms, NOW + 30000);
}
END_TEST

START_TEST(tell)
{
	static const struct retry_end ends[] = {
		{ RETRY_STATUS, 408, 0, 0 },  { RETRY_STATUS, 429, 0, 0 }, { RETRY_STATUS, 500, 0, 0 },
		{ RETRY_STATUS, 522, 0, 0 },  { RETRY_BROKEN, 0, 0, 0 },   { RETRY_UNREACHED, 0, 0, 0 },
		{ RETRY_TIMED_OUT, 0, 0, 0 },
	};
	struct retry_host host = { 0 };
	size_t i;

	for (i = 0; i < COUNT_OF(ends); i++)
		ck_assert(!retry_tell(&host, &ends[i], BASE, 2 * BASE - 1)); /* a hiccup */
	for (i = 0; i < COUNT_OF(ends); i++)
		ck_assert(retry_tell(&host, &ends[i], BASE, 2 * BASE));
	for (i = 0; i < COUNT_OF(ends); i++)
		ck_assert(!retry_tell(&host, &ends[i], BASE, 100 * BASE)); /* it is known */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("retry");
	TCase *t = tcase_create("retry");

	tcase_add_loop_test(t, status, 0, (int)COUNT_OF(statuses));
	tcase_add_loop_test(t, waits, 0, (int)COUNT_OF(rows));
	tcase_add_test(t, longest_wait);
	tcase_add_loop_test(t, progress, 0, (int)COUNT_OF(progresses));
	tcase_add_test(t, progress_here);
	tcase_add_test(t, ill_host);
	tcase_add_test(t, side_by_side);
	tcase_add_loop_test(t, hold, 0, (int)COUNT_OF(holds));
	tcase_add_test(t, longest_hold);
	tcase_add_test(t, tell);
	suite_add_tcase(s, t);
	return test_run(s);
}
