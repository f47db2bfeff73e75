/* late_source.h - another source that takes its time: it answers later, in an order that a seed makes, and can fail.
 *
 * Lifecycle  late_init; ask; late_run until nothing is open; late_release.
 * Ownership  The other source is borrowed.
 * Errors     ERR_NETWORK where it was told to fail, those of callbacks.
 */
#ifndef TESTS_LIB_LATE_SOURCE_H
#define TESTS_LIB_LATE_SOURCE_H

#include "common/source.h"

struct late_question;

struct late_source {
	struct source source;
	struct source *from;
	struct late_question *open; /* owned: an array */
	size_t open_len, open_cap, open_most;
	uint64_t seed;    /* 0: first come, first served */
	size_t answers;   /* given so far */
	size_t fail_from; /* this answer, counted from 0, and all after it fail; SIZE_MAX: none does */
};

void late_init(struct late_source *l, struct source *from, unsigned seed);
/* Answer until nothing is open, or something fails. */
enum err_code late_run(struct late_source *l, struct err *err);
void late_release(struct late_source *l);
#endif
