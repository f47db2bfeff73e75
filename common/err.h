/* err.h - one failure: a code that decides the exit status and a sentence for the person who reads it.
 *
 * Lifecycle  Whoever detects a failure describes it: return err_set(err, CODE, …).
 *            Callers on the way up only add context with err_add.
 * Bounds     A message holds at most ERR_MSG_MAX bytes and is cut, never overrun.
 * Errors     err may be NULL where nobody reads the message.
 *            Control characters from outside are made harmless here, so that
 *            no message can drive a terminal.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

/* Code, exit status, one word for machines. */
#define ERR_TABLE(X)                                                                                                   \
	X(ERR_OK, 0, "ok")                                                                                             \
	X(ERR_USAGE, 2, "usage") /* the command line asks for what cannot be */                                        \
	X(ERR_NOMEM, 1, "no-memory")                                                                                   \
	X(ERR_IO, 1, "io")                   /* local files: open, read, write, sync, rename */                        \
	X(ERR_LIMIT, 1, "limit")             /* input larger or deeper than its bound */                               \
	X(ERR_FORMAT, 1, "format")           /* input that does not follow its specification */                        \
	X(ERR_UNSUPPORTED, 1, "unsupported") /* well formed, but not something we handle */                            \
	X(ERR_NOT_FOUND, 1, "not-found")                                                                               \
	X(ERR_DENIED, 1, "denied")     /* the other side wants other credentials */                                    \
	X(ERR_REFUSED, 1, "refused")   /* the other side answered, and said no */                                      \
	X(ERR_CONFLICT, 1, "conflict") /* a name that points elsewhere, a lock that is held */                         \
	X(ERR_CRYPTO, 1, "crypto")                                                                                     \
	X(ERR_INTERRUPTED, 1, "interrupted")                                                                           \
	X(ERR_DIGEST, 3, "digest")     /* content is not what its digest says */                                       \
	X(ERR_SIZE, 3, "size")         /* content is shorter or longer than declared */                                \
	X(ERR_DAMAGED, 3, "damaged")   /* a bundle that does not prove itself */                                       \
	X(ERR_UNPROVED, 3, "unproved") /* nobody who is trusted vouches for it */                                      \
	X(ERR_ROLLBACK, 3, "rollback") /* older than what came before */                                               \
	X(ERR_PARTIAL, 4, "partial")   /* done, but less arrived than was meant to */                                  \
	X(ERR_NETWORK, 5, "network")   /* out of reach, or broken on the way */                                        \
	X(ERR_MISSING, 6, "missing")   /* the target lacks a prerequisite */

#define ERR_ENUM(code, status, word) code,
enum err_code { ERR_TABLE(ERR_ENUM) ERR_CODES };
#undef ERR_ENUM

#define ERR_MSG_MAX 1024

struct err {
	enum err_code code;
	char msg[ERR_MSG_MAX];
};

/* Describe a failure; returns code, so that a function can end with it. */
enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Put context in front: "context: what failed".  Returns the code that stands in err. */
enum err_code err_add(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same failure under another code; returns it. */
enum err_code err_recode(struct err *err, enum err_code code);
/* ERR_NOMEM, described. */
enum err_code err_nomem(struct err *err);
/* A failed system call on what, with errno's reason. */
enum err_code err_errno(struct err *err, const char *what);
/* What to do about a failure that another program tells in these words, to put behind them: "" for most. */
const char *err_advice(const char *said);
/* The exit status of a process that ends with this code. */
int err_status(enum err_code code);
/* The code as one word, for machines. */
const char *err_word(enum err_code code);
#endif
