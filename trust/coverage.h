/* coverage.h - what a signature vouches for besides what it is attached to: everything that leads to by digests.
 *
 * Lifecycle  coverage_init for the candidates of one image; ask any number of times; coverage_release.
 * Bounds     Thirty-two bytes a subject.  Going down from one subject takes its edges, and candidates stand by
 *            subject, so what was found for the last one is kept.
 * Ownership  The candidates are borrowed.
 * Errors     ERR_NOMEM.
 */
#ifndef TRUST_COVERAGE_H
#define TRUST_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "trust/candidate.h"

#define COVERAGE_NONE SIZE_MAX

struct coverage_place {
	uint32_t node;
	size_t subject;
};

struct coverage {
	const struct candidates *all;
	struct coverage_place *places; /* owned: by node */
	size_t from;                   /* the subject that covered is about */
	bool *covered;                 /* owned; by subject */
	size_t *stack;                 /* owned: to be gone down from */
};

enum err_code coverage_init(struct coverage *c, const struct candidates *all, struct err *err);
/* By subject: is it this one, or does this one lead to it?  Until the next is asked for. */
const bool *coverage_from(struct coverage *c, size_t subject);
/* The subject that a node is, COVERAGE_NONE for none. */
size_t coverage_subject(const struct coverage *c, uint32_t node);
/* A zeroed one is fine. */
void coverage_release(struct coverage *c);
#endif
