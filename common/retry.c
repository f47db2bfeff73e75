#include "common/retry.h"

#include <stddef.h>

#include "common/limits.h"
#include "common/mem.h"

#define LEVEL_HELD 3 /* from so many failures in a row on a host is left alone */
#define SHIFT_MAX 16 /* with more doublings any wait is at its maximum */

/* 499 and 522 are what nginx and Cloudflare say for a connection that broke behind them. */
static const int statuses[] = { 408, 429, 499, 500, 502, 503, 504, 522 };

static size_t place_of(int status)
{
	size_t i = 0;

	while (i < COUNT_OF(statuses) && statuses[i] != status)
		i++;
	return i;
}

bool retry_status(int status)
{
	return place_of(status) < COUNT_OF(statuses);
}

void retry_begin(struct retry *r, const struct retry_host *h)
{
	r->level_no = h->level_no;
}

void retry_answered(struct retry_host *h)
{
	h->level /= 2;
}

static unsigned tries_max(const struct retry *r, const struct retry_host *h, enum retry_cause cause)
{
	bool few = r->elsewhere || !h->heard;

	if (cause == RETRY_TIMED_OUT)
		return few ? 1 : RETRY_TRIES_SLOW;
	return few ? RETRY_TRIES_FEW : RETRY_TRIES;
}

static void count(struct retry *r, struct retry_host *h, const struct retry_end *end)
{
	if (end->kept_bytes - r->kept_bytes >= RETRY_PROGRESS_BYTES) {
		r->kept_bytes = end->kept_bytes;
		r->tries = 0;
	}
	r->tries++;
	if (r->level_no != h->level_no)
		return; /* it was under way already when another failed: the same trouble, and not one more */
	h->level += h->level < RETRY_TRIES;
	h->level_no++;
}

static uint64_t wait_of(const struct retry *r, const struct retry_host *h, const struct retry_end *end,
			uint64_t base_ms)
{
	unsigned failures = r->tries > h->level ? r->tries : h->level;
	uint64_t wait_ms;

	if (end->after_ms != RETRY_NOT_ASKED)
		return end->after_ms < LIMIT_RETRY_AFTER_MS ? end->after_ms : LIMIT_RETRY_AFTER_MS;
	wait_ms = base_ms << (failures <= SHIFT_MAX ? failures - 1 : SHIFT_MAX);
	return wait_ms < RETRY_WAIT_MAX_MS ? wait_ms : RETRY_WAIT_MAX_MS;
}

/* True where the whole host is to be left alone, and not only by the request that failed. */
static bool has_had_enough(const struct retry_host *h, const struct retry_end *end)
{
	bool says_so = end->cause == RETRY_STATUS && (end->status == 429 || end->status == 503);

	return says_so || end->after_ms != RETRY_NOT_ASKED || h->level >= LEVEL_HELD;
}

bool retry_again(struct retry *r, struct retry_host *h, const struct retry_end *end, uint64_t base_ms, uint64_t now_ms,
		 uint64_t *ret_until_ms)
{
	uint64_t wait_ms, until_ms;

	if (end->cause == RETRY_HOPELESS)
		return false;
	count(r, h, end);
	wait_ms = wait_of(r, h, end, base_ms);
	if (r->tries >= tries_max(r, h, end->cause) || (r->elsewhere && wait_ms > RETRY_WAIT_ELSEWHERE_MS))
		return false;
	until_ms = now_ms + wait_ms;
	if (has_had_enough(h, end) && until_ms > h->held_until_ms)
		h->held_until_ms = until_ms;
	*ret_until_ms = until_ms;
	return true;
}

bool retry_tell(struct retry_host *h, const struct retry_end *end, uint64_t base_ms, uint64_t wait_ms)
{
	size_t place = end->cause == RETRY_STATUS ? place_of(end->status) : COUNT_OF(statuses) + (size_t)end->cause;
	unsigned bit = 1U << place;

	if (wait_ms < 2 * base_ms || (h->told & bit) != 0)
		return false;
	h->told |= bit;
	return true;
}
