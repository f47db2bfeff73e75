#include "common/login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/auth_file.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

void login_release(struct login *l)
{
	size_t i;

	for (i = 0; i < l->users_len; i++) {
		free(l->users[i].host);
		free(l->users[i].user);
		secret_free(&l->users[i].password);
	}
	free(l->users);
	*l = (struct login){ 0 };
}

/* All of it but line ends: what docker login takes. */
static enum err_code read_password(int fd, const char *name, char **ret_password, struct err *err)
{
	CLEANUP(buf_wipe) struct buf text;
	char chunk[4096];
	enum err_code code = ERR_OK;
	ssize_t n = 1;

	buf_init(&text, LIMIT_SECRET_BYTES);
	while (code == ERR_OK && n != 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			code = err_errno(err, name);
		else if (n > 0 && buf_add(&text, chunk, (size_t)n, err) != ERR_OK)
			code = err_add(err, "password in %s", name);
	}
	explicit_bzero(chunk, sizeof(chunk));
	while (text.len > 0 && strchr("\r\n", text.data[text.len - 1]) != NULL)
		text.data[--text.len] = '\0';
	if (code == ERR_OK && (text.len == 0 || memchr(text.data, '\0', text.len) != NULL))
		code = err_set(err, ERR_USAGE, "no password in %s", name);
	return code == ERR_OK ? str_copy(text.data, ret_password, err) : code;
}

/* A pipe will do, as <(…) of a shell. */
static enum err_code read_password_file(const char *path, struct login_user *u, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_errno(err, path);
	if (S_ISREG(st.st_mode) && (st.st_mode & S_IROTH) != 0)
		u->exposed = path;
	return read_password(fd, path, &u->password, err);
}

static enum err_code read_user(const char *text, struct login_user *u, struct err *err)
{
	const char *equals = strchr(text, '=');
	enum err_code code;

	if (equals == NULL || equals == text || equals[1] == '\0')
		return err_set(err, ERR_USAGE, "--username takes HOST=USER, as in ghcr.io=alice, not \"%.200s\"", text);
	if (memchr(text, '/', (size_t)(equals - text)) != NULL)
		return err_set(err, ERR_USAGE, "--username takes a host alone, without scheme or path, not \"%.*s\"",
			       (int)(equals - text), text);
	if (strchr(equals, ':') != NULL)
		return err_set(err, ERR_USAGE, "--username: a user's name has no colon (HOST=USER takes no password)");
	code = str_format(&u->host, err, "%.*s", (int)(equals - text), text);
	return code == ERR_OK ? str_copy(equals + 1, &u->user, err) : code;
}

static enum err_code check_options(const struct login_options *o, struct err *err)
{
	size_t users = o->usernames.len, files = o->password_files.len;

	if (o->password_stdin && files > 0)
		return err_set(err, ERR_USAGE, "--password-stdin and --password-file: one of them is enough");
	if (o->password_stdin && users != 1)
		return err_set(err, ERR_USAGE, "--password-stdin is for one --username, and %zu are given%s", users,
			       users > 1 ? ": use --password-file for each" : "");
	if (!o->password_stdin && users != files)
		return err_set(
			err, ERR_USAGE,
			"%zu --username and %zu --password-file: each user needs a file of its own, in the same order"
			"%s",
			users, files, users == 1 ? ", or --password-stdin" : "");
	return ERR_OK;
}

static enum err_code add_user(const struct login_options *o, size_t i, struct login *l, struct err *err)
{
	struct login_user *u = &l->users[l->users_len++];
	size_t j;
	enum err_code code = read_user(o->usernames.items[i], u, err);

	for (j = 0; code == ERR_OK && j < i; j++) {
		if (auth_file_same_host(l->users[j].host, u->host))
			code = err_set(err, ERR_USAGE, "--username: %s stands twice", u->host);
	}
	if (code != ERR_OK)
		return code;
	if (o->password_stdin)
		return read_password(STDIN_FILENO, "standard input", &u->password, err);
	return read_password_file(o->password_files.items[i], u, err);
}

enum err_code login_read(const struct login_options *options, struct login *ret_login, struct err *err)
{
	CLEANUP(login_release) struct login l = { .authfile = options->authfile };
	enum err_code code = check_options(options, err);
	size_t i;

	if (code != ERR_OK)
		return code;
	l.users = calloc(options->usernames.len + 1, sizeof(*l.users));
	if (l.users == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < options->usernames.len; i++)
		code = add_user(options, i, &l, err);
	if (code == ERR_OK) {
		*ret_login = l;
		l = (struct login){ 0 };
	}
	return code;
}

void login_warn(const struct login *l, struct progress *progress)
{
	size_t i;

	for (i = 0; i < l->users_len; i++) {
		if (l->users[i].exposed != NULL)
			progress_note(progress,
				      "warning: %s: everybody on this machine may read this password: chmod 600",
				      l->users[i].exposed);
	}
}

void login_note_unused(const struct login *l, struct progress *progress)
{
	size_t i;

	for (i = 0; i < l->users_len; i++) {
		if (!l->users[i].meant)
			progress_note(progress, "warning: --username %s=%s: nothing is asked for at %s",
				      l->users[i].host, l->users[i].user, l->users[i].host);
	}
}

const struct login_user *login_find(const struct login *l, const char *host)
{
	size_t i;

	for (i = 0; i < l->users_len; i++) {
		if (auth_file_same_host(l->users[i].host, host))
			return &l->users[i];
	}
	return NULL;
}
