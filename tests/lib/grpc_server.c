#include "tests/lib/grpc_server.h"

#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lib/bundle_file.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define FRAME_HEAD 9
#define FRAME_MAX 16384
#define CALLS_MAX 32
#define STREAM 1

enum frame { FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_RST = 3, FRAME_SETTINGS = 4, FRAME_WINDOW = 8 };
enum flag { FLAG_END = 1, FLAG_ACK = 1, FLAG_HEADERS_WHOLE = 4 };

struct received {
	char *bytes; /* owned */
	size_t len;
};

struct grpc_server {
	pthread_t thread;
	int fd;
	struct sockaddr_un address;
	char *folder; /* a file in it, whose place the socket takes */
	const struct grpc_reply *replies;
	size_t replies_len, calls;
	struct received received[CALLS_MAX];
};

static bool read_all(int fd, void *bytes, size_t len)
{
	char *at = bytes;
	ssize_t got = 0;

	for (; len > 0; at += got, len -= (size_t)got) {
		got = read(fd, at, len);
		if (got <= 0)
			return false;
	}
	return true;
}

static void send_frame(int fd, enum frame type, unsigned flags, unsigned stream, const void *bytes, size_t len)
{
	unsigned char head[FRAME_HEAD] = {
		(unsigned char)(len >> 16), (unsigned char)(len >> 8), (unsigned char)len,
		(unsigned char)type,        (unsigned char)flags,
	};

	head[8] = (unsigned char)stream;
	if (send(fd, head, sizeof(head), MSG_NOSIGNAL) > 0 && len > 0)
		send(fd, bytes, len, MSG_NOSIGNAL);
}

/* A literal without indexing, and without Huffman's code. */
static size_t put_header(char *out, const char *name, const char *value)
{
	return (size_t)sprintf(out, "%c%c%s%c%s", 0x10, (int)strlen(name), name, (int)strlen(value), value);
}

static void send_trailers(int fd, const struct grpc_reply *r, size_t len, char *head)
{
	if (r->fault != GRPC_FAULT_NO_STATUS)
		len += put_header(head + len, "grpc-status", r->status != NULL ? r->status : "0");
	if (r->message != NULL)
		len += put_header(head + len, "grpc-message", r->message);
	send_frame(fd, FRAME_HEADERS, FLAG_END | FLAG_HEADERS_WHOLE, STREAM, head, len);
}

static void answer(int fd, const struct grpc_reply *r)
{
	char head[1024];
	size_t len = 1, at, part;

	head[0] = r->fault == GRPC_FAULT_404 ? (char)0x8d : (char)0x88; /* :status */
	len += put_header(head + len, "content-type", "application/grpc");
	if (r->fault == GRPC_FAULT_ONLY) {
		send_trailers(fd, r, len, head);
		return;
	}
	send_frame(fd, FRAME_HEADERS, FLAG_HEADERS_WHOLE, STREAM, head, len);
	for (at = 0; at < r->len; at += part) {
		part = r->len - at < FRAME_MAX ? r->len - at : FRAME_MAX;
		send_frame(fd, FRAME_DATA, 0, STREAM, (const char *)r->body + at, part);
	}
	if (r->fault == GRPC_FAULT_404)
		send_frame(fd, FRAME_DATA, FLAG_END, STREAM, "", 0);
	else if (r->fault != GRPC_FAULT_CUT)
		send_trailers(fd, r, 0, head);
	if (r->fault == GRPC_FAULT_EARLY) /* what comes still is of no use: no error */
		send_frame(fd, FRAME_RST, 0, STREAM, "\0\0\0", 4);
}

static void keep(struct received *got, const char *bytes, size_t len)
{
	ck_assert_uint_le(got->len + len, GRPC_RECEIVED_MAX);
	got->bytes = realloc(got->bytes, got->len + len + 1);
	ck_assert_ptr_nonnull(got->bytes);
	memcpy(got->bytes + got->len, bytes, len);
	got->len += len;
}

/* One frame of the client's.  True when it has said all. */
static bool take_frame(int fd, struct received *got, bool *ret_gone)
{
	unsigned char head[FRAME_HEAD];
	char bytes[FRAME_MAX];
	size_t len;

	*ret_gone = !read_all(fd, head, sizeof(head));
	len = *ret_gone ? 0 : (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
	if (len > sizeof(bytes) || !read_all(fd, bytes, len))
		*ret_gone = true;
	if (*ret_gone)
		return true;
	if (head[3] == FRAME_SETTINGS && (head[4] & FLAG_ACK) == 0)
		send_frame(fd, FRAME_SETTINGS, FLAG_ACK, 0, NULL, 0);
	if (head[3] != FRAME_DATA)
		return head[3] == FRAME_HEADERS && (head[4] & FLAG_END) != 0;
	keep(got, bytes, len);
	if (len > 0) { /* as much room again */
		char room[4] = { 0, (char)(len >> 16), (char)(len >> 8), (char)len };

		send_frame(fd, FRAME_WINDOW, 0, 0, room, sizeof(room));
		send_frame(fd, FRAME_WINDOW, 0, STREAM, room, sizeof(room));
	}
	return (head[4] & FLAG_END) != 0;
}

static void serve(struct grpc_server *s, int fd)
{
	static const char http1[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
	static const struct grpc_reply none = { .fault = GRPC_FAULT_CLOSED };
	const struct grpc_reply *r = s->calls < s->replies_len ? &s->replies[s->calls] : &none;
	char preface[sizeof(PREFACE) - 1];
	bool gone = false;

	if (!read_all(fd, preface, sizeof(preface))) /* who only looks whether anybody is there */
		return;
	ck_assert_uint_lt(s->calls, CALLS_MAX);
	s->calls++;
	if (r->fault == GRPC_FAULT_HTTP1)
		ck_assert(send(fd, http1, sizeof(http1) - 1, MSG_NOSIGNAL) > 0);
	if (r->fault == GRPC_FAULT_HTTP1 || r->fault == GRPC_FAULT_CLOSED)
		return;
	send_frame(fd, FRAME_SETTINGS, 0, 0, NULL, 0);
	while (!take_frame(fd, &s->received[s->calls - 1], &gone) && r->fault != GRPC_FAULT_EARLY)
		;
	if (gone)
		return;
	answer(fd, r);
	while (r->fault != GRPC_FAULT_CUT && !gone) /* until the client hangs up */
		take_frame(fd, &s->received[s->calls - 1], &gone);
}

static void *run(void *data)
{
	struct grpc_server *s = data;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		serve(s, fd);
		close(fd);
	}
	return NULL;
}

struct grpc_server *grpc_server_start(const struct grpc_reply *replies, size_t len)
{
	struct grpc_server *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	s->replies = replies;
	s->replies_len = len;
	s->folder = file_new();
	s->address.sun_family = AF_UNIX;
	snprintf(s->address.sun_path, sizeof(s->address.sun_path), "%s", s->folder);
	unlink(s->address.sun_path);
	s->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(s->fd, (const struct sockaddr *)&s->address, sizeof(s->address)), 0);
	ck_assert_int_eq(listen(s->fd, 8), 0);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, run, s), 0);
	return s;
}

const char *grpc_server_socket(const struct grpc_server *s)
{
	return s->address.sun_path;
}

size_t grpc_server_calls(const struct grpc_server *s)
{
	return s->calls;
}

const void *grpc_server_received(const struct grpc_server *s, size_t call, size_t *ret_len)
{
	*ret_len = s->received[call].len;
	return s->received[call].bytes;
}

void grpc_server_stop(struct grpc_server *s)
{
	size_t i;

	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	for (i = 0; i < CALLS_MAX; i++)
		free(s->received[i].bytes);
	file_remove(s->folder);
	free(s);
}
