/* An answer whose rest is as good as here gives its place to the next call, and so does a body that has gone. */
#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/http.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/loopback.h"
#include "tests/lib/test_main.h"

#define FAR_MS 60 /* until an answer begins: far longer than all of it takes on loopback */
/* Where the pace tells, an answer may take 32 times as long: half a minute, which a busy machine does not need. */
#define FARTHER_MS 1000
#define PATIENCE_MS 10000

/* A server that is far away, as far as the beginning of an answer tells.  The last byte of the first answer is kept
 * back until somebody asks for more, where somebody should. */
struct far_server {
	int listener;
	char host[32];
	size_t taken_len; /* of the first request's body */
	size_t body_len;
	unsigned far_ms;
	bool waits;
	bool asked_early; /* for the second answer, before the first one was whole */
	pthread_t thread;
};

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

/* The head, and so much after it. */
static void read_request(int fd, size_t body_len)
{
	char text[4096 + 1];
	const char *end = NULL;
	size_t len = 0, left;
	ssize_t n;

	while (end == NULL) {
		n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
		ck_assert_int_gt(n, 0);
		len += (size_t)n;
		text[len] = '\0';
		end = strstr(text, "\r\n\r\n");
	}
	ck_assert_uint_le(len - (size_t)(end + 4 - text), body_len);
	for (left = body_len - (len - (size_t)(end + 4 - text)); left > 0; left -= (size_t)n) {
		n = recv(fd, text, left < sizeof(text) ? left : sizeof(text), 0);
		ck_assert_int_gt(n, 0);
	}
}

static void *serve(void *arg)
{
	struct far_server *s = arg;
	const struct timespec far = { .tv_sec = s->far_ms / 1000, .tv_nsec = s->far_ms % 1000 * 1000000L };
	struct pollfd next = { .fd = s->listener, .events = POLLIN };
	char *body = calloc(1, s->body_len), head[100];
	int first = accept(s->listener, NULL, NULL), second;

	ck_assert(body != NULL && first >= 0);
	read_request(first, s->taken_len);
	nanosleep(&far, NULL);
	send_all(first, head,
		 (size_t)snprintf(head, sizeof(head),
				  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", s->body_len));
	send_all(first, body, s->body_len - 1);
	s->asked_early = s->waits && poll(&next, 1, PATIENCE_MS) == 1;
	send_all(first, body, 1);
	close(first);
	second = accept(s->listener, NULL, NULL);
	read_request(second, 0);
	send_all(second, head,
		 (size_t)snprintf(head, sizeof(head),
				  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
	close(second);
	free(body);
	return NULL;
}

static void far_server_start(struct far_server *s)
{
	struct sockaddr_in at;

	s->listener = loopback_listen(4, &at);
	snprintf(s->host, sizeof(s->host), "http://127.0.0.1:%u/", ntohs(at.sin_port));
	ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void far_server_stop(struct far_server *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
}

/* What the engine tells. */
struct heard {
	struct http *http;
	struct http_call first, second;
	unsigned endings, ending_now, dones;
	bool before_done; /* the second was begun before the first was over */
};

static enum err_code on_body(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	(void)call;
	(void)bytes;
	(void)len;
	(void)err;
	return ERR_OK;
}

static enum err_code on_second_done(struct http_call *call, struct err *failure, struct err *err)
{
	struct heard *h = OUTER_OF(call, struct heard, second);

	(void)err;
	ck_assert_ptr_null(failure);
	h->dones++;
	return ERR_OK;
}

/* As a fetch does: what was not begun early is begun now. */
static enum err_code on_first_done(struct http_call *call, struct err *failure, struct err *err)
{
	struct heard *h = OUTER_OF(call, struct heard, first);

	ck_assert_ptr_null(failure);
	h->dones++;
	ck_assert_uint_eq(http_ending(h->http), 0);
	return h->endings > 0 ? ERR_OK : http_start(h->http, &h->second, err);
}

static enum err_code on_ending(void *ctx, struct err *err)
{
	struct heard *h = ctx;

	h->endings++;
	h->ending_now = http_ending(h->http);
	h->before_done = h->dones == 0;
	return http_start(h->http, &h->second, err);
}

static const struct {
	const char *name;
	unsigned max_active;
	bool alone;
	size_t sent_len, body_len;
	unsigned far_ms;
	bool gives;
} cases[] = {
	{ "the next one begins", 2, true, 0, 2 * MIB, FARTHER_MS, true },
	{ "one at a time is one at a time", 1, true, 0, 2 * MIB, FAR_MS, false },
	{ "others share a connection", 2, false, 0, 2 * MIB, FAR_MS, false },
	{ "too short to tell its pace", 2, true, 0, MIB, FAR_MS, false },
	{ "a body that has gone", 2, true, MIB, 1, FAR_MS, true },
	{ "a small one", 2, true, 1, 1, FAR_MS, true },
	{ "a body, one at a time", 1, true, MIB, 1, FAR_MS, false },
	{ "a body on a connection that others share", 2, false, MIB, 1, FAR_MS, false },
};

/* As many as the call says: curl would send more. */
struct zeroes {
	struct instream in;
	size_t left;
};

static enum err_code read_zeroes(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct zeroes *z = OUTER_OF(in, struct zeroes, in);

	(void)err;
	*ret_len = z->left < cap ? z->left : cap;
	z->left -= *ret_len;
	memset(bytes, 0, *ret_len);
	return ERR_OK;
}

START_TEST(place)
{
	struct far_server server = { .taken_len = cases[_i].sent_len,
				     .body_len = cases[_i].body_len,
				     .far_ms = cases[_i].far_ms,
				     .waits = cases[_i].gives };
	struct zeroes zeroes = { .in = { .read = read_zeroes }, .left = cases[_i].sent_len };
	struct http_options options = { .max_active = cases[_i].max_active, .user_agent = "test", .stall_seconds = 20 };
	struct heard h = { 0 };
	struct err err = { 0 };

	far_server_start(&server);
	ck_assert_int_eq(http_new(&options, &h.http, &err), ERR_OK);
	h.first = (struct http_call){
		.url = server.host, .alone = cases[_i].alone, .on_body = on_body, .on_done = on_first_done
	};
	if (cases[_i].sent_len > 0) {
		h.first.method = "PUT";
		h.first.upload = &zeroes.in;
		h.first.upload_sized = true;
		h.first.upload_bytes = cases[_i].sent_len;
	}
	h.second =
		(struct http_call){ .url = server.host, .alone = true, .on_body = on_body, .on_done = on_second_done };
	http_on_ending(h.http, on_ending, &h);
	ck_assert_int_eq(http_start(h.http, &h.first, &err), ERR_OK);
	ck_assert_msg(http_run(h.http, &err) == ERR_OK, "%s: %s", cases[_i].name, err.msg);
	ck_assert_uint_eq(h.dones, 2);
	ck_assert_msg(h.endings == cases[_i].gives && h.before_done == cases[_i].gives, "%s", cases[_i].name);
	ck_assert(server.asked_early == cases[_i].gives && h.ending_now == cases[_i].gives);
	http_free(h.http);
	buf_release(&h.first.headers);
	buf_release(&h.second.headers);
	far_server_stop(&server);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_ending");
	TCase *t = tcase_create("http_ending");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, place, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
