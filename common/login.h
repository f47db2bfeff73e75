/* login.h - credentials that the command line gives: --authfile, --username, --password-stdin, --password-file.
 *
 * Lifecycle  A command's options hold struct login_options, which LOGIN_OPTS
 *            fills; login_read; login_warn; wallet_new; login_release.
 * Bounds     A password has at most LIMIT_SECRET_BYTES.
 * Ownership  The options are borrowed as long as the login is used.  Passwords are wiped.
 * Errors     ERR_USAGE (options that do not go together), ERR_NOT_FOUND,
 *            ERR_IO, ERR_LIMIT (a file), ERR_NOMEM.
 */
#ifndef COMMON_LOGIN_H
#define COMMON_LOGIN_H

#include "common/opt.h"
#include "common/progress.h"

struct login_options {
	const char *authfile;
	struct opt_list usernames;      /* HOST=USER */
	struct opt_list password_files; /* one for each user, in their order */
	bool password_stdin;
};

#define LOGIN_OPT_AUTHFILE(type)                                                                                       \
	{                                                                                                              \
		"authfile", '\0', "FILE", "take credentials from FILE, of docker login or podman login, and no other", \
			0, OPT_SETS(type, login.authfile)                                                              \
	}
#define LOGIN_OPT_USERNAME(type)                                                                                       \
	{                                                                                                              \
		"username", '\0', "HOST=USER", "log in to HOST as USER, with the password of the next options", 0,     \
			OPT_SETS(type, login.usernames)                                                                \
	}
#define LOGIN_OPT_STDIN(type)                                                                                          \
	{                                                                                                              \
		"password-stdin", '\0', NULL, "read the password of the one --username from standard input", 0,        \
			OPT_SETS(type, login.password_stdin)                                                           \
	}
#define LOGIN_OPT_FILE(type)                                                                                           \
	{                                                                                                              \
		"password-file", '\0', "FILE", "read the password of a --username from FILE; as many, in their order", \
			0, OPT_SETS(type, login.password_files)                                                        \
	}
/* The rows of a command's table, whose options have a struct login_options login. */
#define LOGIN_OPTS(type) LOGIN_OPT_AUTHFILE(type), LOGIN_OPT_USERNAME(type), LOGIN_OPT_STDIN(type), LOGIN_OPT_FILE(type)

struct login_user {
	char *host, *user, *password; /* owned */
	const char *exposed;          /* the password's file, where everybody on this machine may read it */
	bool meant;                   /* something of this run may be asked for at the host */
};

struct login {
	const char *authfile; /* NULL for the usual places */
	struct login_user *users;
	size_t users_len;
};

enum err_code login_read(const struct login_options *options, struct login *ret_login, struct err *err);
/* Say which passwords are no secret. */
void login_warn(const struct login *l, struct progress *progress);
/* Say which users are for a host at which nothing is asked for: it may be misspelt. */
void login_note_unused(const struct login *l, struct progress *progress);
/* The login of the command line for a host, NULL if there is none. */
const struct login_user *login_find(const struct login *l, const char *host);
void login_release(struct login *l);
#endif
