/* serve_htpasswd.h - who may ask: names and bcrypt hashes of a file as htpasswd -B writes it.
 *
 * bcrypt is slow on purpose.  So the last right and the last wrong password of a user are remembered, as hashes under
 * a key that this process alone has, and cost nothing again.  What has to be computed is paid from allowances: one for
 * each user, one for all names that are no user's, and one over all.  Where one is used up, the answer is to ask again
 * later.  So guesses take a share of one processor at most, and who guesses at one name keeps nobody else out.
 *
 * Lifecycle  serve_htpasswd_open, serve_htpasswd_check any number of times, serve_htpasswd_free.
 * Bounds     LIMIT_HTPASSWD_BYTES and LIMIT_HTPASSWD_USERS; a cost of at most LIMIT_BCRYPT_COST, so that no file can
 *            make one question take seconds.
 * Secrets    Passwords and hashes stand in no message.  A name that is no user's takes the time of one that is.
 * Errors     ERR_FORMAT with the line: no bcrypt hash, a user twice; ERR_LIMIT, ERR_NOT_FOUND, ERR_IO, ERR_NOMEM,
 *            ERR_CRYPTO.
 * Threads    Any number may check at once.  One computes, one waits for that, and more are to ask again later.
 * Source     RFC 7617; Apache httpd, "Password Formats".
 */
#ifndef IMPORT_SERVE_HTPASSWD_H
#define IMPORT_SERVE_HTPASSWD_H

#include <stdint.h>

#include "common/err.h"

#define HTPASSWD_REMEMBER_MS 600000 /* after the last time that it was right, or wrong */
#define HTPASSWD_SHARE 4            /* of a processor, one part in so many for each user; twice that for all */

struct serve_htpasswd;

enum serve_access_verdict {
	SERVE_ACCESS_GIVEN,
	SERVE_ACCESS_DENIED, /* no credentials, or wrong ones */
	SERVE_ACCESS_LATER,  /* not looked at: too much was guessed */
};

enum err_code serve_htpasswd_open(const char *path, struct serve_htpasswd **ret_h, struct err *err);
/* Judge an Authorization header, NULL for none, at a time of a clock that never goes back.  *ret_user is whose it is,
 * where access is given: it lives as long as h. */
enum err_code serve_htpasswd_check(struct serve_htpasswd *h, const char *authorization, uint64_t now_ms,
				   enum serve_access_verdict *ret_verdict, const char **ret_user, struct err *err);
/* NULL is fine. */
void serve_htpasswd_free(struct serve_htpasswd *h);
/* Cleanup handler for struct serve_htpasswd *. */
void serve_htpasswd_free_ptr(struct serve_htpasswd **h);
#endif
