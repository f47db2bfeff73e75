/* The part of http.h that tells when a call gives its place to another one. */
#include "common/http_private.h"
#include "common/limits.h"

#define PACE_BYTES ((curl_off_t)MIB) /* of an answer, before they tell how fast it comes */
#define GAP_SHARE 32 /* a gap that is a smaller part of an answer than this is not worth another connection */

/* How long its first byte took, from when it was asked for. */
static curl_off_t first_byte_us(const struct http_call *call, curl_off_t *ret_came_us)
{
	curl_off_t asked_us = 0, came_us = 0;

	curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &asked_us);
	curl_easy_getinfo(call->easy, CURLINFO_STARTTRANSFER_TIME_T, &came_us);
	*ret_came_us = came_us;
	return came_us - asked_us;
}

/* Whether the rest comes in the time in which another answer would begin.  Where that time is next to nothing of the
 * whole, a connection that has been idle meanwhile would lose more by beginning slowly. */
static bool is_ending(const struct http_call *call, curl_off_t to_come, curl_off_t came)
{
	curl_off_t begun_us, now_us = 0, gap_us;
	double rest_us;

	if (!call->alone || came < PACE_BYTES || came > to_come)
		return false;
	gap_us = first_byte_us(call, &begun_us);
	curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME_T, &now_us);
	rest_us = (double)(to_come - came) / (double)came * (double)(now_us - begun_us);
	return rest_us <= (double)gap_us && ((double)(now_us - begun_us) + rest_us) / GAP_SHARE < (double)gap_us;
}

static bool may_give(const struct http_call *call)
{
	return call->host->ending < http_ending_max(call->http->options.max_active);
}

unsigned http_ending_max(unsigned max_active)
{
	return max_active / 2;
}

static void give(struct http_call *call)
{
	call->ending = true;
	call->host->ending++;
	call->http->ending++;
	call->http->has_given = true;
}

void http_ending_look(struct http_call *call, curl_off_t to_come, curl_off_t came)
{
	if (!call->ending && may_give(call) && is_ending(call, to_come, came))
		give(call);
}

void http_ending_sent(struct http_call *call, curl_off_t to_go, curl_off_t went)
{
	if (!call->ending && call->alone && may_give(call) && to_go > 0 && went >= to_go)
		give(call);
}
