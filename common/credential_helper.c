#include "common/credential_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"

#define PROGRAM "docker-credential-"
#define PROGRAM_MAX 128
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define NONE "credentials not found in native keychain"
#define TOKEN_USER "<token>" /* the secret is an identity token */
#define WAIT_MS 10

extern char **environ;

/* A helper that runs. */
struct helper {
	const char *program;
	pid_t pid;   /* 0 once it is gone */
	int in, out; /* its standard input, to be read by it; its standard output, by us */
	uint64_t end_ms;
	struct buf said;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Whatever happened: no process is left, and no secret. */
static void helper_release(struct helper *h)
{
	if (h->pid > 0) {
		kill(h->pid, SIGKILL);
		while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close_fd(&h->in);
	close_fd(&h->out);
	buf_wipe(&h->said);
}

/* What it is asked fits into a pipe, so it is there before the program is. */
static enum err_code open_input(struct helper *h, const char *server, struct err *err)
{
	size_t len = strlen(server);
	int ends[2];
	ssize_t n;

	if (len > LIMIT_TEXT_BYTES)
		return err_set(err, ERR_LIMIT, "%s: a server name of more than %d bytes", h->program, LIMIT_TEXT_BYTES);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(err, h->program);
	h->in = ends[0];
	n = write(ends[1], server, len);
	close(ends[1]);
	return n == (ssize_t)len ? ERR_OK : err_errno(err, h->program);
}

/* This program ignores SIGPIPE; that is not for others. */
static int spawn(struct helper *h, int out)
{
	char program[PROGRAM_MAX];
	char get[] = "get";
	char *const argv[] = { program, get, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t signals;
	int failed;

	strcpy(program, h->program);
	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	failed = posix_spawn_file_actions_adddup2(&files, h->in, STDIN_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (failed == 0)
		failed = posix_spawnp(&h->pid, program, &files, &attributes, argv, environ);
	if (failed != 0)
		h->pid = 0;
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static enum err_code helper_start(struct helper *h, const char *server, struct err *err)
{
	CLEANUP(close_fd) int out = -1;
	int ends[2];
	enum err_code code = open_input(h, server, err);

	if (code != ERR_OK)
		return code;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_errno(err, h->program);
	h->out = ends[0];
	out = ends[1];
	errno = spawn(h, out);
	if (errno == ENOENT)
		return err_set(err, ERR_DENIED, "%s: no such program in PATH; it has the credentials for %s",
			       h->program, server);
	return errno != 0 ? err_errno(err, h->program) : ERR_OK;
}

static enum err_code too_slow(const struct helper *h, struct err *err)
{
	return err_set(err, ERR_DENIED, "%s: no answer in time: is it waiting for somebody to unlock it?", h->program);
}

static enum err_code read_answer(struct helper *h, struct err *err)
{
	char chunk[4096];
	enum err_code code = ERR_OK;
	ssize_t n = 1;

	while (code == ERR_OK && n != 0) {
		struct pollfd fd = { .fd = h->out, .events = POLLIN };
		uint64_t now = now_ms();

		if (now >= h->end_ms)
			return too_slow(h, err);
		if (poll(&fd, 1, (int)(h->end_ms - now)) <= 0)
			continue;
		n = read(h->out, chunk, sizeof(chunk));
		if (n < 0 && errno != EINTR)
			code = err_errno(err, h->program);
		else if (n > 0 && buf_add(&h->said, chunk, (size_t)n, err) != ERR_OK)
			code = err_add(err, "%s: its answer", h->program);
	}
	explicit_bzero(chunk, sizeof(chunk));
	return code;
}

/* It has closed its output; most often it is gone too. */
static enum err_code await_end(struct helper *h, int *ret_status, struct err *err)
{
	static const struct timespec pause = { .tv_nsec = WAIT_MS * 1000000L };
	pid_t gone;

	while ((gone = waitpid(h->pid, ret_status, WNOHANG)) != h->pid) {
		if (gone < 0 && errno != EINTR)
			return err_errno(err, h->program);
		if (now_ms() >= h->end_ms)
			return too_slow(h, err);
		nanosleep(&pause, NULL);
	}
	h->pid = 0;
	return ERR_OK;
}

static enum err_code describe_failure(const struct helper *h, int status, const char *server, struct err *err)
{
	if (WIFSIGNALED(status))
		return err_set(err, ERR_DENIED, "%s: killed by signal %d", h->program, WTERMSIG(status));
	return err_set(err, ERR_DENIED, "%s: failed with status %d: try it by hand: echo %s | %s get", h->program,
		       WEXITSTATUS(status), server, h->program);
}

static enum err_code read_credentials(const struct helper *h, const char *server, struct credentials *ret_credentials,
				      struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(credentials_release) struct credentials c = { 0 };
	enum err_code code = js_read_secret(buf_text(&h->said), h->said.len, h->program, &json, err);
	const char *user, *secret;

	if (code == ERR_FORMAT)
		return err_set(err, code, "%s: what it printed is not valid JSON: try it by hand: echo %s | %s get",
			       h->program, server, h->program);
	if (code != ERR_OK)
		return code;
	user = js_string(json, "Username");
	secret = js_string(json, "Secret");
	if (user == NULL || secret == NULL)
		return err_set(err, ERR_FORMAT, "%s: its answer has no Username and Secret", h->program);
	if (strcmp(user, TOKEN_USER) == 0) {
		code = str_copy(secret, &c.identity_token, err);
	} else {
		code = str_copy(user, &c.user, err);
		if (code == ERR_OK)
			code = str_copy(secret, &c.password, err);
	}
	if (code == ERR_OK)
		code = str_copy(h->program, &c.origin, err);
	if (code == ERR_OK) {
		*ret_credentials = c;
		c = (struct credentials){ 0 };
	}
	return code;
}

static enum err_code ask(struct helper *h, const char *server, struct credentials *ret_credentials, struct err *err)
{
	int status = 0;
	enum err_code code = helper_start(h, server, err);

	if (code == ERR_OK)
		code = read_answer(h, err);
	if (code == ERR_OK)
		code = await_end(h, &status, err);
	if (code != ERR_OK)
		return code;
	if (status == 0)
		return read_credentials(h, server, ret_credentials, err);
	if (!WIFEXITED(status) || strstr(buf_text(&h->said), NONE) == NULL)
		return describe_failure(h, status, server, err);
	*ret_credentials = (struct credentials){ 0 };
	return ERR_OK;
}

enum err_code credential_helper_get(const char *name, const char *server, unsigned limit_ms,
				    struct credentials *ret_credentials, struct err *err)
{
	CLEANUP(helper_release) struct helper h = { .in = -1, .out = -1, .end_ms = now_ms() + limit_ms };
	char program[PROGRAM_MAX] = PROGRAM;
	size_t len = strlen(name);

	buf_init(&h.said, LIMIT_SECRET_BYTES);
	if (len == 0 || len >= PROGRAM_MAX - strlen(PROGRAM) || strspn(name, NAME_CHARACTERS) != len)
		return err_set(err, ERR_FORMAT, "\"%.100s\" is no name of a credential helper", name);
	strcat(program, name);
	h.program = program;
	return ask(&h, server, ret_credentials, err);
}
