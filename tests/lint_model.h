/* lint_model.h - what clang's analyzer cannot see across files: a described failure is never ERR_OK.
 *
 * tests/lint puts it before every source but err.c.  Without it, each "if (code != ERR_OK) return code;" behind an
 * allocation would seem to let a NULL pass.
 */
#ifndef TESTS_LINT_MODEL_H
#define TESTS_LINT_MODEL_H

#include "common/err.h"

#define err_set(err, code, ...) ((void)err_set(err, code, __VA_ARGS__), (code))
#define err_nomem(err) ((void)err_nomem(err), ERR_NOMEM)
#define err_errno(err, what) ((void)err_errno(err, what), ERR_IO)
#endif
