/* retry.h - whether a request that went wrong is tried again, and after how long.
 *
 * Lifecycle  One struct retry for each request, one struct retry_host for each
 *            host, both zeroed at first.  retry_begin when a try begins; then
 *            retry_answered or retry_again, as it ends.
 * Units      Milliseconds of a clock that only goes forward; bytes.
 * Bounds     RETRY_TRIES tries in a row without progress, RETRY_TRIES_SLOW of those that end by a time limit.
 *            RETRY_TRIES_FEW and one, where nothing ever came from a host, since whoever mistyped a name should not
 *            have to wait, and where the same can be had elsewhere.
 *            A wait is at most RETRY_WAIT_MAX_MS, one that the host asks for LIMIT_RETRY_AFTER_MS.  Nobody waits
 *            longer than RETRY_WAIT_ELSEWHERE_MS for what can be had elsewhere: that is the end of the tries.
 * Hosts      Waits double with each failure in a row, of the request or of its host, and each answer takes one back.
 *            A host that says that it has had enough, or that fails again and again, is left alone altogether
 *            meanwhile; other hosts are not concerned.
 * Source     RFC 9110 section 10.2.3 (Retry-After); RFC 6585 section 4 (429).
 */
#ifndef COMMON_RETRY_H
#define COMMON_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_TRIES 8
#define RETRY_TRIES_SLOW 4
#define RETRY_TRIES_FEW 3
#define RETRY_BASE_MS 500 /* the first wait */
#define RETRY_WAIT_MAX_MS 60000
#define RETRY_WAIT_ELSEWHERE_MS 5000
#define RETRY_PROGRESS_BYTES 65536 /* less is a drip, and no progress */
#define RETRY_NOT_ASKED UINT64_MAX

enum retry_cause {
	RETRY_HOPELESS,  /* nothing that another try would mend */
	RETRY_STATUS,    /* an answer that says "not now" */
	RETRY_BROKEN,    /* the connection ended too early */
	RETRY_UNREACHED, /* no connection: refused, or no such name */
	RETRY_TIMED_OUT, /* nothing came for too long */
};

/* How a try ended. */
struct retry_end {
	enum retry_cause cause;
	int status;          /* of RETRY_STATUS */
	uint64_t after_ms;   /* how long the host asks to wait; RETRY_NOT_ASKED where it does not say */
	uint64_t kept_bytes; /* what came in all tries so far and need not come again */
};

struct retry {
	bool elsewhere;      /* the asker's: another place can be asked for the same */
	unsigned tries;      /* in a row without progress */
	unsigned level_no;   /* the host's when the try began */
	uint64_t kept_bytes; /* when tries was last 0 */
};

struct retry_host {
	bool heard;             /* something has come from it, whatever it was */
	unsigned level;         /* failures in a row, those side by side counted once; at most RETRY_TRIES */
	unsigned level_no;      /* counts the rises of level */
	uint64_t held_until_ms; /* nothing begins before */
	unsigned told;          /* bits of the causes that a person has been told of */
};

/* True for a status that says "not now". */
bool retry_status(int status);
void retry_begin(struct retry *r, const struct retry_host *h);
void retry_answered(struct retry_host *h);
/* A try has failed.  True where there is to be another, not before *ret_until_ms. */
bool retry_again(struct retry *r, struct retry_host *h, const struct retry_end *end, uint64_t base_ms, uint64_t now_ms,
		 uint64_t *ret_until_ms);
/* True where a person should hear of this wait: once for each host and cause, and not of a mere hiccup. */
bool retry_tell(struct retry_host *h, const struct retry_end *end, uint64_t base_ms, uint64_t wait_ms);
#endif
