/* statement.h - what an in-toto statement is about, and what kind it is.
 *
 * Bounds     LIMIT_DESCRIPTION_VALUES values.
 * Errors     ERR_FORMAT, ERR_LIMIT; ERR_UNPROVED: it is about something else.
 * Source     in-toto attestation framework, statement v0.1 and v1: subjects are matched by digest alone.
 */
#ifndef TRUST_STATEMENT_H
#define TRUST_STATEMENT_H

#include "common/buf.h"
#include "common/err.h"
#include "trust/artifact.h"

/* Read a statement that must have the artifact among its subjects; NULL: whatever they are.  Its predicate type is the
 * caller's to free. */
enum err_code statement_read(const struct buf *statement, struct trust_artifact *artifact, char **ret_predicate_type,
			     struct err *err);
#endif
