/* predicate.h - what an in-toto statement says, in one line for a person.
 *
 * Bounds  PREDICATE_TEXT_MAX bytes; longer lines are cut, and end in …
 * Errors  None: what is missing in a predicate is left out of the line, and a
 *         type that is not known gives "".
 * Trust   The line repeats what the statement claims; nothing in it is proved.
 * Source  in-toto Attestation Framework, the predicates' specifications: SLSA
 *         provenance v0.2 and v1, SPDX, CycloneDX, OpenVEX, cosign and in-toto
 *         vulnerability scans, test results, SLSA verification summaries.
 */
#ifndef COMMON_PREDICATE_H
#define COMMON_PREDICATE_H

#include "common/js.h"

#define PREDICATE_TEXT_MAX 256

/* The line for a statement; returns out. */
const char *predicate_summary(const struct json_t *statement, char out[PREDICATE_TEXT_MAX]);
#endif
