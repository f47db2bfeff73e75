/* progress.h - what is going on, on stderr: for people at a terminal, for logs, or not at all.
 *
 * Lifecycle  progress_init; progress_total, progress_item, progress_advance,
 *            progress_end, progress_note, progress_remark, progress_tick in any order;
 *            progress_done.  Nothing is allocated, nothing needs to be released.
 * Modes      Quiet prints notes only.  Plain prints a line when an item begins
 *            or ends, and a total line every PROGRESS_PLAIN_MS and at the end.
 *            Terminal draws up to PROGRESS_LINES active items and a total line,
 *            again and again in the same place, and clears them at the end.
 * Units      Bytes; milliseconds of a clock that only goes forward.
 * Bounds     At most one drawing per PROGRESS_DRAW_MS; PROGRESS_ITEMS items at
 *            once, of which further ones count in the totals and are not shown.
 *            A terminal line never reaches the last column.
 * Ownership  Labels are copied, cut in front and cleaned: they may come from
 *            outside.
 * Errors     None: progress that cannot be shown never stops what it shows.
 *            One thread owns it.
 */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_ITEMS 64
#define PROGRESS_LINES 8
#define PROGRESS_LABEL_MAX 256
#define PROGRESS_DRAW_MS 100
#define PROGRESS_PLAIN_MS 10000
#define PROGRESS_NONE SIZE_MAX /* an item that is not shown */

enum progress_mode {
	PROGRESS_AUTO, /* terminal where the stream is one that can move its cursor, else plain */
	PROGRESS_QUIET,
	PROGRESS_PLAIN,
	PROGRESS_TERMINAL,
};

/* Milliseconds since some fixed point. */
typedef uint64_t progress_clock(void);

struct progress_item {
	char label[PROGRESS_LABEL_MAX]; /* "" while the slot is free */
	uint64_t done_bytes, total_bytes;
};

struct progress {
	enum progress_mode mode; /* never PROGRESS_AUTO */
	FILE *to;                /* borrowed */
	progress_clock *clock;
	uint64_t done_bytes, total_bytes; /* total: 0 while unknown */
	uint64_t drawn_ms;
	uint64_t rate_ms, rate_done_bytes; /* where the present measure of speed began */
	double rate;                       /* bytes a second, smoothed */
	size_t lines;                      /* on the terminal now */
	size_t hidden;                     /* active items beyond PROGRESS_ITEMS */
	bool finished;
	struct progress_item items[PROGRESS_ITEMS];
};

/* Begin; clock is NULL for the monotonic clock. */
void progress_init(struct progress *p, enum progress_mode mode, FILE *to, progress_clock *clock);
/* How much there is to do altogether; may be said again as more becomes known. */
void progress_total(struct progress *p, uint64_t total_bytes);
/* An item begins: an image, a group of blobs.  total_bytes is 0 where it is unknown.  Returns its id. */
size_t progress_item(struct progress *p, const char *label, uint64_t total_bytes);
/* So many bytes more of an item, and of the whole. */
void progress_advance(struct progress *p, size_t id, uint64_t bytes);
/* An item has ended, however it did; its id is free for another. */
void progress_end(struct progress *p, size_t id);
/* Draw if it is time: for a loop that waits while nothing comes in. */
void progress_tick(struct progress *p);
/* A line of text above the progress, such as a warning; printed in every mode. */
void progress_note(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Likewise, for who watches: not printed in quiet mode. */
void progress_remark(struct progress *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The end: leave the terminal as it was.  Twice is fine. */
void progress_done(struct progress *p);
#endif
