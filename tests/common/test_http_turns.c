/* Connections over which much comes are looked at in turns. */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/http.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/loopback.h"
#include "tests/lib/test_main.h"

#define TURN_BYTES (2 * MIB)
#define READ_BYTES (128 * KIB)

/* Sends two bodies at once, each as fast as it is taken, once both are asked for. */
struct two_server {
	int listener;
	char host[32];
	size_t body_len;
	pthread_t threads[2];
	pthread_barrier_t asked;
	sem_t full; /* posted for each connection that has taken all it can without a reader, or everything */
};

static void send_body(struct two_server *s, int fd)
{
	static const char zeroes[65536];
	size_t left = s->body_len;
	bool told = false;

	while (left > 0) {
		ssize_t n = send(fd, zeroes, left < sizeof(zeroes) ? left : sizeof(zeroes),
				 MSG_NOSIGNAL | (told ? 0 : MSG_DONTWAIT));

		if (n > 0) {
			left -= (size_t)n;
		} else if (told) {
			return;
		} else {
			told = true;
			sem_post(&s->full);
		}
	}
	if (!told)
		sem_post(&s->full);
}

static void *serve(void *arg)
{
	struct two_server *s = arg;
	int fd = accept(s->listener, NULL, NULL);
	char text[4096];

	ck_assert_int_gt(recv(fd, text, sizeof(text), 0), 0);
	pthread_barrier_wait(&s->asked);
	ck_assert_int_gt(
		dprintf(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", s->body_len), 0);
	send_body(s, fd);
	close(fd);
	return NULL;
}

static void listener_open(int *ret_listener, char *host, size_t host_size)
{
	struct sockaddr_in at;

	*ret_listener = loopback_listen(4, &at);
	snprintf(host, host_size, "http://127.0.0.1:%u/", ntohs(at.sin_port));
}

static void two_server_start(struct two_server *s)
{
	size_t i;

	listener_open(&s->listener, s->host, sizeof(s->host));
	ck_assert_int_eq(sem_init(&s->full, 0, 0), 0);
	ck_assert_int_eq(pthread_barrier_init(&s->asked, NULL, COUNT_OF(s->threads)), 0);
	for (i = 0; i < COUNT_OF(s->threads); i++)
		ck_assert_int_eq(pthread_create(&s->threads[i], NULL, serve, s), 0);
}

static void two_server_stop(struct two_server *s)
{
	size_t i;

	for (i = 0; i < COUNT_OF(s->threads); i++)
		pthread_join(s->threads[i], NULL);
	pthread_barrier_destroy(&s->asked);
	sem_destroy(&s->full);
	close(s->listener);
}

/* Who reads both. */
struct reader {
	struct two_server *server;
	struct http_call calls[2];
	size_t bytes[2];
	size_t alone_bytes; /* of one body, before the first of the other */
	unsigned dones;
};

static struct reader *reader_of(struct http_call *call, size_t *ret_at)
{
	*ret_at = call->more_headers == NULL ? 0 : 1;
	return OUTER_OF(call - *ret_at, struct reader, calls);
}

/* Nothing is read before both have all that fits. */
static enum err_code on_head(struct http_call *call, struct err *err)
{
	size_t at;
	struct reader *r = reader_of(call, &at);

	(void)err;
	if (r->bytes[0] + r->bytes[1] == 0 && r->server != NULL) {
		sem_wait(&r->server->full);
		sem_wait(&r->server->full);
		r->server = NULL;
	}
	return ERR_OK;
}

static enum err_code on_body(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	size_t at;
	struct reader *r = reader_of(call, &at);

	(void)bytes;
	(void)err;
	r->bytes[at] += len;
	if (r->bytes[0] == 0 || r->bytes[1] == 0)
		r->alone_bytes += len;
	return ERR_OK;
}

static enum err_code on_done(struct http_call *call, struct err *failure, struct err *err)
{
	size_t at;
	struct reader *r = reader_of(call, &at);

	(void)err;
	ck_assert_msg(failure == NULL, "%s", failure != NULL ? failure->msg : "");
	r->dones++;
	return ERR_OK;
}

/* Sends a body in many small pieces, of which several come at once. */
struct pieces_server {
	int listener;
	char host[32];
	pthread_t thread;
};

#define PIECE_BYTES 1000
#define PIECES ((size_t)4096)

static void *serve_pieces(void *arg)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct pieces_server *s = arg;
	int fd = accept(s->listener, NULL, NULL);
	char text[4096], piece[5 + PIECE_BYTES + 2 + 1];
	bool open = true;
	size_t i;

	ck_assert_int_gt(recv(fd, text, sizeof(text), 0), 0);
	open = send(fd, head, strlen(head), MSG_NOSIGNAL) > 0;
	snprintf(piece, sizeof(piece), "%03x\r\n%0*d\r\n", PIECE_BYTES, PIECE_BYTES, 0);
	for (i = 0; open && i < PIECES; i++)
		open = send(fd, piece, strlen(piece), MSG_NOSIGNAL) > 0;
	if (open)
		send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

/* Who refuses bytes once, and would take what follows. */
struct refuser {
	struct http_call call;
	size_t bytes, refuse_from;
	bool refused, failed;
};

static enum err_code on_refused_body(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	struct refuser *r = OUTER_OF(call, struct refuser, call);

	(void)bytes;
	if (!r->refused && r->bytes >= r->refuse_from) {
		r->refused = true;
		return err_set(err, ERR_IO, "no room");
	}
	r->bytes += len;
	return ERR_OK;
}

static enum err_code on_refused_done(struct http_call *call, struct err *failure, struct err *err)
{
	struct refuser *r = OUTER_OF(call, struct refuser, call);

	(void)err;
	r->failed = failure != NULL && failure->code == ERR_IO;
	return ERR_OK;
}

/* In the middle of a turn, at the end of one, where curl had read more than it could hand on, and behind that. */
static const size_t refuse_from[] = { 0, MIB, TURN_BYTES - 1, TURN_BYTES, TURN_BYTES + 2 * READ_BYTES };

/* What was refused is a failure, whatever came after it. */
START_TEST(refused)
{
	struct http_options options = { .max_active = 1, .user_agent = "test", .stall_seconds = 20 };
	struct refuser r = { .refuse_from = refuse_from[_i] };
	struct pieces_server server;
	struct http *http = NULL;
	struct err err = { 0 };

	listener_open(&server.listener, server.host, sizeof(server.host));
	ck_assert_int_eq(pthread_create(&server.thread, NULL, serve_pieces, &server), 0);
	ck_assert_int_eq(http_new(&options, &http, &err), ERR_OK);
	r.call = (struct http_call){
		.url = server.host, .alone = true, .on_body = on_refused_body, .on_done = on_refused_done
	};
	ck_assert_int_eq(http_start(http, &r.call, &err), ERR_OK);
	ck_assert_msg(http_run(http, &err) == ERR_OK, "%s", err.msg);
	ck_assert(r.refused);
	ck_assert(r.failed);
	buf_release(&r.call.headers);
	http_free(http);
	pthread_join(server.thread, NULL);
	close(server.listener);
}
END_TEST

static const struct {
	const char *name;
	size_t body_len;
} cases[] = {
	{ "long", 32 * MIB },           { "as long as a turn", TURN_BYTES }, { "one byte less", TURN_BYTES - 1 },
	{ "one more", TURN_BYTES + 1 }, { "two turns", 2 * TURN_BYTES },     { "short", 1 },
};

START_TEST(turns)
{
	struct two_server server = { .body_len = cases[_i].body_len };
	struct http_options options = { .max_active = 2, .user_agent = "test", .stall_seconds = 20 };
	struct reader r = { .server = &server };
	struct http *http = NULL;
	struct err err = { 0 };
	size_t i;

	two_server_start(&server);
	ck_assert_int_eq(http_new(&options, &http, &err), ERR_OK);
	for (i = 0; i < COUNT_OF(r.calls); i++) {
		r.calls[i] = (struct http_call){ .url = server.host,
						 .alone = true,
						 .more_headers = i == 0 ? NULL : "X-Second: yes\n",
						 .on_head = on_head,
						 .on_body = on_body,
						 .on_done = on_done };
		ck_assert_int_eq(http_start(http, &r.calls[i], &err), ERR_OK);
	}
	ck_assert_msg(http_run(http, &err) == ERR_OK, "%s: %s", cases[_i].name, err.msg);
	ck_assert_uint_eq(r.dones, 2);
	for (i = 0; i < COUNT_OF(r.calls); i++) {
		ck_assert_msg(r.bytes[i] == cases[_i].body_len, "%s: %zu", cases[_i].name, r.bytes[i]);
		buf_release(&r.calls[i].headers);
	}
	ck_assert_msg(r.alone_bytes < TURN_BYTES + 2 * READ_BYTES, "%s: %zu", cases[_i].name, r.alone_bytes);
	http_free(http);
	two_server_stop(&server);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_turns");
	TCase *t = tcase_create("http_turns");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, turns, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, refused, 0, (int)COUNT_OF(refuse_from));
	suite_add_tcase(s, t);
	return test_run(s);
}
