/* Many clients of a server, slow ones, idle ones: who gets a turn, who loses it, who waits, and how it ends. */
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/serve_fixture.h"
#include "tests/lib/test_main.h"

/* Clients that ask for a layer: each has the head of its answer, and nobody reads on. */
static void ask_all(const struct serve_address *a, const struct image_item *layer, int *fds, size_t len)
{
	char text[256];
	int size = 4096;
	size_t i;

	snprintf(text, sizeof(text), "GET /blob/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		 layer->digest.text);
	for (i = 0; i < len; i++) {
		char byte;

		fds[i] = serve_dial_at(a);
		ck_assert_int_eq(setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
		serve_say(fds[i], text);
		ck_assert_int_eq(recv(fds[i], &byte, 1, MSG_PEEK), 1);
	}
}

/* More clients than may decode at a time. */
static void crowd_begin(const struct serve_fixture *f, int *fds, size_t len)
{
	ask_all(&f->address, serve_layer_of(f, false), fds, len);
}

#define CROWD ((size_t)3 * LIMIT_SERVED_DECODERS)

/* Whatever has come for any of them; how many have come to their end. */
static size_t hear_some(struct pollfd *waits, struct buf *answers, size_t len)
{
	char chunk[4096];
	size_t over = 0, i;

	ck_assert_int_gt(poll(waits, len, 20000), 0);
	for (i = 0; i < len; i++) {
		ssize_t n = waits[i].revents != 0 ? read(waits[i].fd, chunk, sizeof(chunk)) : -1;

		if (n > 0)
			ck_assert_int_eq(buf_add(&answers[i], chunk, (size_t)n, NULL), ERR_OK);
		if (n != 0)
			continue;
		close(waits[i].fd);
		waits[i].fd = -1;
		over++;
	}
	return over;
}

START_TEST(all_get_their_turn)
{
	struct pollfd waits[CROWD];
	struct buf answers[CROWD];
	struct serve_fixture f;
	int fds[CROWD];
	size_t over = 0, i;

	serve_fixture_start(&f);
	crowd_begin(&f, fds, CROWD);
	for (i = 0; i < CROWD; i++) {
		waits[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
		buf_init(&answers[i], MIB);
	}
	while (over < CROWD)
		over += hear_some(waits, answers, CROWD);
	for (i = 0; i < CROWD; i++) {
		size_t len;
		const char *body = serve_body_of(&answers[i], &len);

		ck_assert_uint_eq(len, SERVE_SMALL_BYTES);
		ck_assert(memcmp(body, serve_layer_of(&f, false)->bytes, len) == 0);
		buf_release(&answers[i]);
	}
	serve_fixture_stop(&f);
}
END_TEST

/* Who does not read what is decoded for him loses his turn to those who wait. */
START_TEST(slow_turns)
{
	struct pollfd waits[CROWD];
	struct serve_fixture f;
	int fds[CROWD];
	size_t cut = 0, i;

	serve_fixture_start(&f);
	crowd_begin(&f, fds, CROWD);
	while (cut < LIMIT_SERVED_DECODERS) {
		for (i = 0; i < CROWD; i++)
			waits[i] = (struct pollfd){ .fd = fds[i] };
		serve_http_tend(f.server, 0.5);
		ck_assert_int_ge(poll(waits, CROWD, 20), 0);
		for (i = 0, cut = 0; i < CROWD; i++)
			cut += (waits[i].revents & POLLHUP) != 0;
	}
	/* Where that took long, some of those who came next have lost theirs too; but nobody who waits has. */
	ck_assert_uint_lt(cut, (size_t)2 * LIMIT_SERVED_DECODERS);
	for (i = 0; i < CROWD; i++)
		close(fds[i]);
	serve_fixture_stop(&f);
}
END_TEST

/* A server that ends while they wait lets them go. */
START_TEST(no_more_turns)
{
	struct serve_fixture f;
	int fds[CROWD];
	size_t i;

	serve_fixture_start(&f);
	crowd_begin(&f, fds, CROWD);
	ck_assert(!serve_http_quiesce(f.server, 1));
	serve_fixture_stop(&f);
	for (i = 0; i < CROWD; i++)
		close(fds[i]);
}
END_TEST

/* Who asks for much and reads none of it is refused once there is too much; what is given up makes room again. */
START_TEST(slow_readers)
{
	struct serve_fixture f;
	int fds[4];
	size_t i;

	serve_fixture_start(&f);
	for (i = 0; i < COUNT_OF(fds); i++) {
		char byte;

		fds[i] = serve_dial(&f);
		serve_say(fds[i], "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
		ck_assert_int_eq(recv(fds[i], &byte, 1, MSG_PEEK), 1);
	}
	for (i = 0; i < 2; i++) {
		CLEANUP(buf_release) struct buf answer = { 0 };

		serve_ask(&f, "GET", "/small", &answer);
		ck_assert_uint_eq(serve_status_of(&answer), 503);
		ck_assert_ptr_nonnull(strstr(buf_text(&answer), "Retry-After"));
	}
	for (i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	for (i = 0; i != 200;) {
		CLEANUP(buf_release) struct buf answer = { 0 };

		serve_ask(&f, "GET", "/small", &answer);
		i = serve_status_of(&answer);
	}
	serve_fixture_stop(&f);
}
END_TEST

/* Whether the other end has closed a connection; what it has said is forgotten. */
static bool is_over(int fd)
{
	struct pollfd waits = { .fd = fd, .events = POLLIN };
	char bytes[1024];

	return poll(&waits, 1, 1) == 1 && recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0;
}

/* Who never ends a request is cut off; who waits for an answer is not. */
START_TEST(tends)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct serve_fixture f;
	int slow, busy;
	char byte;

	serve_fixture_start(&f);
	slow = serve_dial(&f);
	busy = serve_dial(&f);
	serve_say(slow, "GET /never HTTP/1.1\r\nHost:");
	serve_say(busy, "GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	ck_assert_int_eq(read(f.begun[0], &byte, 1), 1);
	while (!is_over(slow))
		serve_http_tend(f.server, 0);
	close(slow);
	ck_assert_int_eq(write(f.gate[1], "x", 1), 1);
	serve_hear(busy, &answer);
	ck_assert_uint_eq(serve_status_of(&answer), 200);
	serve_fixture_stop(&f);
}
END_TEST

#define FILES 1000 /* that may be open, half of those that are not kept for each address */
#define MOST ((FILES - 128) / 2 / 4 * 3 + 1)

static bool any_is_cut(const int *fds, size_t len)
{
	struct pollfd waits[MOST];
	size_t i;

	for (i = 0; i < len; i++)
		waits[i] = (struct pollfd){ .fd = fds[i] };
	return poll(waits, len, 20) > 0;
}

/* Who hardly reads a layer is cut off where most connections of an address are taken, and nowhere else. */
START_TEST(slow_crowd)
{
	const struct rlimit files = { .rlim_cur = FILES, .rlim_max = FILES };
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct serve_fixture f;
	int fds[MOST], elsewhere;
	size_t len, i;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	serve_fixture_of(&f, SERVE_LARGE_BYTES, false);
	ask_all(&f.other, serve_layer_of(&f, true), &elsewhere, 1);
	ask_all(&f.address, serve_layer_of(&f, true), fds, MOST);
	while (!any_is_cut(fds, MOST))
		serve_http_tend(f.server, 0.1);
	serve_hear(elsewhere, &answer);
	(void)serve_body_of(&answer, &len);
	ck_assert_uint_eq(len, SERVE_LARGE_BYTES);
	for (i = 0; i < MOST; i++)
		close(fds[i]);
	serve_fixture_stop(&f);
}
END_TEST

/* A stop waits for what is under way, and takes nothing new. */
START_TEST(stops)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct serve_fixture f;
	char byte;
	int fd;

	serve_fixture_start(&f);
	fd = serve_dial(&f);
	serve_say(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(read(f.begun[0], &byte, 1), 1);
	ck_assert(!serve_http_quiesce(f.server, 1));
	ck_assert_int_eq(write(f.gate[1], "x", 1), 1);
	ck_assert(serve_http_quiesce(f.server, 10000));
	serve_hear(fd, &answer);
	ck_assert_uint_eq(serve_status_of(&answer), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "Connection: close"));
	serve_fixture_stop(&f);
}
END_TEST

/* Many who say nothing are no hindrance for one who does. */
START_TEST(idle_crowd)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct serve_fixture f;
	int crowd[300];
	size_t i;

	serve_fixture_start(&f);
	for (i = 0; i < COUNT_OF(crowd); i++)
		crowd[i] = serve_dial(&f);
	serve_ask(&f, "GET", "/a", &answer);
	ck_assert_uint_eq(serve_status_of(&answer), 200);
	for (i = 0; i < COUNT_OF(crowd); i++)
		close(crowd[i]);
	serve_fixture_stop(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_http_crowd");
	TCase *t = tcase_create("serve_http_crowd");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, all_get_their_turn);
	tcase_add_test(t, slow_turns);
	tcase_add_test(t, no_more_turns);
	tcase_add_test(t, slow_readers);
	tcase_add_test(t, tends);
	tcase_add_test(t, slow_crowd);
	tcase_add_test(t, stops);
	tcase_add_test(t, idle_crowd);
	suite_add_tcase(s, t);
	return test_run(s);
}
