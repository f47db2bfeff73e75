#include "import/serve_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"

#define BACKLOG 1024
#define SOCKET_MODE 0660

#define FORMS "HOST:PORT or unix:PATH is meant"

static enum err_code parse_unix(const char *text, const char *path, struct serve_address *a, struct err *err)
{
	struct sockaddr_un *at = &a->at.unix_path;

	if (*path == '\0' || strlen(path) >= sizeof(at->sun_path))
		return err_set(err, ERR_USAGE, "%.200s: a unix socket needs a path of 1 to %zu bytes", text,
			       sizeof(at->sun_path) - 1);
	at->sun_family = AF_UNIX;
	memcpy(at->sun_path, path, strlen(path) + 1);
	a->len = sizeof(*at);
	return ERR_OK;
}

static bool parse_port(const char *text, in_port_t *ret_port)
{
	size_t len = strlen(text);
	unsigned long port = strtoul(text, NULL, 10);

	if (len == 0 || len > 5 || strspn(text, "0123456789") != len || port > UINT16_MAX)
		return false;
	*ret_port = htons((uint16_t)port);
	return true;
}

/* An empty host is every address, of both kinds: an IPv6 socket takes IPv4 too. */
static bool parse_host(const char *host, in_port_t port, struct serve_address *a)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)&a->at.storage;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&a->at.storage;
	size_t len = strlen(host);
	char inner[64] = "";

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = port;
		a->len = sizeof(*four);
		return true;
	}
	if (len > 2 && len < sizeof(inner) && host[0] == '[' && host[len - 1] == ']')
		memcpy(inner, host + 1, len - 2);
	if (len > 0 && inet_pton(AF_INET6, inner, &six->sin6_addr) != 1)
		return false;
	six->sin6_family = AF_INET6;
	six->sin6_port = port;
	a->len = sizeof(*six);
	return true;
}

static enum err_code parse_tcp(const char *text, const char *rest, struct serve_address *a, struct err *err)
{
	const char *colon = strrchr(rest, ':');
	char host[64] = "";
	in_port_t port = 0;

	if (colon == NULL || (size_t)(colon - rest) >= sizeof(host) || !parse_port(colon + 1, &port))
		return err_set(err, ERR_USAGE, "%.200s: no address to listen at: " FORMS, text);
	memcpy(host, rest, (size_t)(colon - rest));
	if (!parse_host(host, port, a))
		return err_set(err, ERR_USAGE,
			       "%.200s: %s is no IP address, and names are not looked up: write 127.0.0.1, [::1], or "
			       "the address of an interface",
			       text, host);
	return ERR_OK;
}

static void describe(struct serve_address *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&a->at.storage;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&a->at.storage;
	char host[INET6_ADDRSTRLEN] = "";

	if (a->at.any.sa_family == AF_UNIX) {
		snprintf(a->text, sizeof(a->text), "unix:%s", a->at.unix_path.sun_path);
		return;
	}
	serve_address_peer(&a->at.any, host, sizeof(host));
	if (a->at.any.sa_family == AF_INET)
		snprintf(a->text, sizeof(a->text), "%s:%u", host, ntohs(four->sin_port));
	else
		snprintf(a->text, sizeof(a->text), "[%s]:%u", host, ntohs(six->sin6_port));
}

enum err_code serve_address_parse(const char *text, struct serve_address *ret_address, struct err *err)
{
	struct serve_address a = { .len = 0 };
	enum err_code code;

	if (text_starts(text, "unix://"))
		code = parse_unix(text, text + strlen("unix://"), &a, err);
	else if (text_starts(text, "unix:"))
		code = parse_unix(text, text + strlen("unix:"), &a, err);
	else if (text[0] == '/')
		code = parse_unix(text, text, &a, err);
	else
		code = parse_tcp(text, text_starts(text, "tcp://") ? text + strlen("tcp://") : text, &a, err);
	if (code != ERR_OK)
		return code;
	describe(&a);
	*ret_address = a;
	return ERR_OK;
}

bool serve_address_is_unix(const struct serve_address *a)
{
	return a->at.any.sa_family == AF_UNIX;
}

bool serve_address_is_local(const struct serve_address *a)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)&a->at.storage;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)&a->at.storage;

	if (a->at.any.sa_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return a->at.any.sa_family == AF_UNIX || IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

void serve_address_peer(const struct sockaddr *peer, char *out, size_t size)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)peer;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)peer;
	const char *text = NULL;

	if (peer != NULL && peer->sa_family == AF_INET)
		text = inet_ntop(AF_INET, &four->sin_addr, out, (socklen_t)size);
	else if (peer != NULL && peer->sa_family == AF_INET6)
		text = inet_ntop(AF_INET6, &six->sin6_addr, out, (socklen_t)size);
	if (text == NULL)
		snprintf(out, size, "-");
}

/* ---- listening ---- */

static enum err_code taken(const struct serve_address *a, struct err *err)
{
	return err_set(err, ERR_CONFLICT, "%s: somebody listens there already", a->text);
}

static enum err_code not_bound(const struct serve_address *a, struct err *err)
{
	if (errno == EADDRINUSE)
		return taken(a, err);
	if (errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s: the folder of this socket is not there: make it first",
			       a->text);
	return err_errno(err, a->text);
}

/* A socket that a server has left behind when it was killed refuses connections.  What is no socket is not ours. */
static enum err_code clear_path(const struct serve_address *a, struct err *err)
{
	const char *path = a->at.unix_path.sun_path;
	CLEANUP(close_fd) int fd = -1;
	struct stat st;

	if (lstat(path, &st) != 0)
		return ERR_OK;
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_CONFLICT, "%s: is there, and is no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, path);
	if (connect(fd, &a->at.any, a->len) == 0 || errno != ECONNREFUSED)
		return taken(a, err);
	return unlink(path) == 0 ? ERR_OK : err_errno(err, path);
}

static enum err_code bind_at(const struct serve_address *a, int fd, struct err *err)
{
	int yes = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0)
		return err_errno(err, a->text);
	/* Whoever accepts a connection then sees its first bytes, for a second or so; where not, that is no failure. */
	if (!serve_address_is_unix(a))
		(void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &yes, sizeof(yes));
	if (bind(fd, &a->at.any, a->len) != 0)
		return not_bound(a, err);
	if (serve_address_is_unix(a) && chmod(a->at.unix_path.sun_path, SOCKET_MODE) != 0)
		return err_errno(err, a->text);
	return listen(fd, BACKLOG) == 0 ? ERR_OK : err_errno(err, a->text);
}

enum err_code serve_address_listen(struct serve_address *a, int *ret_fd, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	enum err_code code = serve_address_is_unix(a) ? clear_path(a, err) : ERR_OK;

	if (code != ERR_OK)
		return code;
	fd = socket(a->at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(err, a->text);
	code = bind_at(a, fd, err);
	if (code != ERR_OK)
		return code;
	if (!serve_address_is_unix(a) && getsockname(fd, &a->at.any, &a->len) != 0)
		return err_errno(err, a->text);
	describe(a);
	*ret_fd = fd;
	fd = -1;
	return ERR_OK;
}

enum err_code serve_address_give(const struct serve_address *a, uid_t user, gid_t group, struct err *err)
{
	const char *path = a->at.unix_path.sun_path;
	CLEANUP(close_fd) int fd = -1;
	struct stat st;

	if (!serve_address_is_unix(a))
		return ERR_OK;
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_errno(err, path);
	/* Who may write to the folder would be given whatever was put there instead. */
	if (!S_ISSOCK(st.st_mode) || st.st_nlink != 1 || st.st_uid != geteuid())
		return err_set(
			err, ERR_CONFLICT,
			"%s: is not the socket any more that was opened there: who else may write to its folder?",
			path);
	return fchownat(fd, "", user, group, AT_EMPTY_PATH) == 0 ? ERR_OK : err_errno(err, path);
}

void serve_address_forget(const struct serve_address *a)
{
	if (serve_address_is_unix(a))
		(void)unlink(a->at.unix_path.sun_path);
}
