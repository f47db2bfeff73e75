#include "tests/lib/http_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "tests/lib/loopback.h"

#define ROUTES_MAX 256
#define ASKED_MAX 4096
#define SILENT_MAX 16

struct http_server {
	const struct http_route *routes;
	size_t routes_len;
	unsigned used[ROUTES_MAX];
	int listener, wake[2];
	int silent[SILENT_MAX]; /* connections that wait for ever */
	size_t silent_len;
	char host[32], other_host[32];
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	char *asked[ASKED_MAX];
	size_t asked_len, sent_bytes;
	enum http_fault fault; /* of a third of the requests */
	uint64_t seed;
};

/* Where the head ends, 0 while it has not. */
static size_t head_len(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");

	return end != NULL ? (size_t)(end - text) + 4 : 0;
}

static bool is_whole(const char *text, size_t len)
{
	size_t head = head_len(text);
	const char *length = strcasestr(text, "\r\nContent-Length:");

	if (head == 0)
		return false;
	if (strcasestr(text, "\r\nTransfer-Encoding: chunked") != NULL)
		return strstr(text + head - 2, "\r\n0\r\n\r\n") != NULL;
	return length == NULL || len - head >= strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

static char *read_request(int fd)
{
	char *text = calloc(1, HTTP_REQUEST_MAX);
	size_t len = 0;

	while (text != NULL && len + 1 < HTTP_REQUEST_MAX && !is_whole(text, len)) {
		ssize_t n = recv(fd, text + len, HTTP_REQUEST_MAX - 1 - len, 0);

		if (n <= 0)
			break;
		len += (size_t)n;
		text[len] = '\0';
	}
	return text;
}

static bool is_asked(const char *request, const char *target)
{
	const char *at = strchr(request, ' ');
	size_t len = strlen(target);

	if (strcmp(target, "*") == 0)
		return at != NULL;
	return at != NULL && strncmp(at + 1, target, len) == 0 && at[1 + len] == ' ';
}

static const struct http_route *route_of(struct http_server *s, const char *request)
{
	size_t i;

	for (i = 0; i < s->routes_len; i++) {
		if (s->routes[i].target == NULL || !is_asked(request, s->routes[i].target))
			continue;
		if (s->routes[i].times == 0 || s->used[i]++ < s->routes[i].times)
			return &s->routes[i];
	}
	return NULL;
}

/* Append text in which @@ and @2 become the server's names. */
static void put(struct buf *out, const struct http_server *s, const char *text)
{
	const char *at;

	for (; (at = strchr(text, '@')) != NULL; text = at + 1) {
		buf_add(out, text, (size_t)(at - text), NULL);
		if (at[1] == '@' || at[1] == '2')
			buf_puts(out, at[1] == '@' ? s->host : s->other_host, NULL);
		else
			buf_puts(out, "@", NULL);
		at += at[1] == '@' || at[1] == '2' || at[1] == '0';
	}
	buf_puts(out, text, NULL);
}

static bool is_authorized(const char *request, const char *authorization)
{
	const char *at = strstr(request, "\r\nAuthorization: ");
	size_t len = strlen(authorization);

	if (at == NULL)
		return false;
	at += strlen("\r\nAuthorization: ");
	return strncmp(at, authorization, len) == 0 && at[len] == '\r';
}

/* How many bytes of this answer's body are sent. */
static size_t sent_len(const struct http_route *r, const char *request, size_t len)
{
	if (strncmp(request, "HEAD ", 5) == 0)
		return 0;
	return r->fault == FAULT_CUT ? len / 2 : len;
}

static void count_sent(struct http_server *s, size_t len)
{
	pthread_mutex_lock(&s->lock);
	s->sent_bytes += len;
	pthread_mutex_unlock(&s->lock);
}

static void send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

/* Which bytes are wanted of len: all where that is not said.  Returns whether it is. */
static bool range_of(const char *request, const struct http_route *r, size_t len, size_t *ret_from, size_t *ret_end)
{
	const char *at = r->ranges ? strstr(request, "\r\nRange: bytes=") : NULL;
	char *after;

	*ret_from = 0;
	*ret_end = len;
	if (at == NULL)
		return false;
	*ret_from = strtoul(at + strlen("\r\nRange: bytes="), &after, 10);
	if (after[1] >= '0' && after[1] <= '9')
		*ret_end = strtoul(after + 1, NULL, 10) + 1;
	ck_assert(*ret_from < *ret_end && *ret_end <= len); /* the program asks for what there is */
	return true;
}

static void drip(struct http_server *s, int fd)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN }, { .fd = s->wake[0], .events = POLLIN } };

	while (poll(fds, 2, 50) == 0)
		send_all(fd, "x", 1);
}

static void respond(struct http_server *s, int fd, const char *request, const struct http_route *r)
{
	CLEANUP(buf_release) struct buf head, body;
	bool refused = r->authorization != NULL && !is_authorized(request, r->authorization);
	int status = refused ? 401 : 200;
	size_t from, end, len;
	bool ranged;

	buf_init(&head, (uint64_t)1 << 30);
	buf_init(&body, (uint64_t)1 << 30);
	if (!refused && r->status != 0)
		status = r->status;
	if (!refused && r->body != NULL && r->body_len > 0)
		buf_add(&body, r->body, r->body_len, NULL);
	else if (!refused && r->body != NULL)
		put(&body, s, r->body);
	ranged = !refused && range_of(request, r, body.len, &from, &end);
	if (refused)
		from = end = 0;
	if (ranged)
		status = 206;
	buf_printf(&head, NULL, "HTTP/1.1 %d Answer\r\nContent-Length: %zu\r\nConnection: close\r\n", status,
		   end - from + (r->fault == FAULT_OPEN));
	if (ranged)
		buf_printf(&head, NULL, "Content-Range: bytes %zu-%zu/%zu\r\n", from, end - 1, body.len);
	if (r->headers != NULL && (refused || r->authorization == NULL || strstr(r->headers, "WWW-") == NULL))
		put(&head, s, r->headers);
	buf_puts(&head, "\r\n", NULL);
	send_all(fd, head.data, head.len);
	len = sent_len(r, request, end - from);
	count_sent(s, len);
	if (r->fault == FAULT_DRIP) {
		drip(s, fd);
		return;
	}
	send_all(fd, buf_text(&body) + from, len);
}

/* Remembered before it is answered: whoever has the answer may look. */
static void note(struct http_server *s, char *request)
{
	pthread_mutex_lock(&s->lock);
	if (s->asked_len == ASKED_MAX)
		free(s->asked[--s->asked_len]);
	s->asked[s->asked_len++] = request;
	pthread_mutex_unlock(&s->lock);
}

/* A number for the nth request of this line, the same in each run, in whatever order requests come. */
static uint64_t lot_of(struct http_server *s, const char *request)
{
	size_t len = strcspn(request, "\r"), i;
	uint64_t lot = s->seed;

	for (i = 0; i < len; i++)
		lot = (lot ^ (unsigned char)request[i]) * 1099511628211U; /* FNV-1a */
	for (i = 0; i < s->asked_len; i++) {
		if (strncmp(s->asked[i], request, len) == 0)
			lot = lot * 6364136223846793005U + 1442695040888963407U; /* Knuth's MMIX */
	}
	return lot >> 33;
}

/* The route as this request finds it, which may be worse than it is. */
static const struct http_route *worsened(struct http_server *s, const char *request, const struct http_route *r,
					 struct http_route *made)
{
	static const enum http_fault mixed[] = { FAULT_CUT, FAULT_CLOSED, FAULT_BUSY, FAULT_ILL };
	static const struct http_route none = { .status = 404, .body = "404 page not found\n" };
	uint64_t lot = 1;

	*made = r != NULL ? *r : none;
	pthread_mutex_lock(&s->lock);
	if (s->fault != FAULT_NONE)
		lot = lot_of(s, request);
	if (lot % 3 == 0)
		made->fault = s->fault == FAULT_MIXED ? mixed[lot / 3 % COUNT_OF(mixed)] : s->fault;
	pthread_mutex_unlock(&s->lock);
	if (made->fault == FAULT_BUSY || made->fault == FAULT_ILL)
		*made = (struct http_route){ .status = made->fault == FAULT_BUSY ? 429 : 500, .body = "<html>" };
	return made;
}

static void serve(struct http_server *s, int fd)
{
	char *request = read_request(fd);
	struct http_route made;
	const struct http_route *r;

	if (request == NULL || *request == '\0') {
		free(request);
		close(fd);
		return;
	}
	note(s, request);
	r = worsened(s, request, route_of(s, request), &made);
	if (r->fault == FAULT_SILENT && s->silent_len < SILENT_MAX) {
		s->silent[s->silent_len++] = fd;
		return;
	}
	if (r->fault != FAULT_CLOSED)
		respond(s, fd, request, r);
	shutdown(fd, SHUT_WR);
	close(fd);
}

static void *run(void *arg)
{
	struct http_server *s = arg;
	struct pollfd fds[2] = { { .fd = s->listener, .events = POLLIN }, { .fd = s->wake[0], .events = POLLIN } };

	while (poll(fds, 2, -1) >= 0 && fds[1].revents == 0) {
		int fd = accept(s->listener, NULL, NULL);

		if (fd >= 0)
			serve(s, fd);
	}
	return NULL;
}

struct http_server *http_server_start(const struct http_route *routes, size_t len)
{
	struct http_server *s = calloc(1, sizeof(*s));
	struct sockaddr_in address;

	ck_assert_ptr_nonnull(s);
	ck_assert_uint_le(len, ROUTES_MAX);
	s->routes = routes;
	s->routes_len = len;
	s->listener = loopback_listen(64, &address);
	snprintf(s->host, sizeof(s->host), "127.0.0.1:%d", ntohs(address.sin_port));
	snprintf(s->other_host, sizeof(s->other_host), "localhost:%d", ntohs(address.sin_port));
	ck_assert_int_eq(pipe(s->wake), 0);
	pthread_mutex_init(&s->lock, NULL);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, run, s), 0);
	return s;
}

unsigned http_server_patience(const struct http_route *routes, size_t len)
{
	size_t i;

	for (i = 0; i < len && routes[i].fault != FAULT_SILENT && routes[i].fault != FAULT_DRIP; i++)
		;
	return i < len ? 1 : HTTP_PATIENCE;
}

const char *http_server_host(const struct http_server *s)
{
	return s->host;
}

const char *http_server_other_host(const struct http_server *s)
{
	return s->other_host;
}

void http_server_fail(struct http_server *s, enum http_fault fault, unsigned seed)
{
	pthread_mutex_lock(&s->lock);
	s->fault = fault;
	s->seed = seed;
	pthread_mutex_unlock(&s->lock);
}

size_t http_server_sent(struct http_server *s)
{
	size_t bytes;

	pthread_mutex_lock(&s->lock);
	bytes = s->sent_bytes;
	pthread_mutex_unlock(&s->lock);
	return bytes;
}

unsigned http_server_asked(struct http_server *s, const char *start)
{
	unsigned count = 0;
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->asked_len; i++)
		count += strncmp(s->asked[i], start, strlen(start)) == 0;
	pthread_mutex_unlock(&s->lock);
	return count;
}

const char *http_server_last(struct http_server *s, const char *target)
{
	const char *last = "";
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->asked_len; i++) {
		if (is_asked(s->asked[i], target))
			last = s->asked[i];
	}
	pthread_mutex_unlock(&s->lock);
	return last;
}

void http_server_stop(struct http_server *s)
{
	size_t i;

	ck_assert_int_eq(write(s->wake[1], "x", 1), 1);
	ck_assert_int_eq(pthread_join(s->thread, NULL), 0);
	pthread_mutex_destroy(&s->lock);
	close(s->wake[0]);
	close(s->wake[1]);
	close(s->listener);
	for (i = 0; i < s->silent_len; i++)
		close(s->silent[i]);
	for (i = 0; i < s->asked_len; i++)
		free(s->asked[i]);
	free(s);
}
