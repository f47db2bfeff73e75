#include "import/serve_http.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/serve_fixture.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *method, *target;
	unsigned status;
	const char *body, *header; /* what is in it; NULL: nothing is looked for */
} cases[] = {
	{ "GET", "/a%20b", 200, "/a b", "X-Seen: GET - -" },
	{ "HEAD", "/a", 200, "", "Content-Length: 2" },
	{ "DELETE", "/a", 200, "/a", "X-Seen: DELETE - -" },
	{ "GET", "/missing", 404, "no such thing", NULL },
	{ "HEAD", "/missing", 404, "", "Content-Length: 13" },
	{ "GET", "/gone", 503, "the stick was pulled out", "Retry-After: 5" },
	{ "GET", "/../etc/passwd", 400, NULL, "text/plain" },
	{ "GET", "/%2e%2e/etc/passwd", 400, NULL, "text/plain" },
	{ "GET", "/%zz", 400, NULL, NULL },
	{ "GET", "x", 400, NULL, NULL },
	{ "GET", "http://elsewhere/a", 200, "/a", NULL },
};

START_TEST(requests)
{
	struct serve_fixture f;
	size_t i;

	serve_fixture_start(&f);
	for (i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP(buf_release) struct buf answer = { 0 };
		const char *body;
		size_t len;

		serve_ask(&f, cases[i].method, cases[i].target, &answer);
		ck_assert_msg(serve_status_of(&answer) == cases[i].status, "%s: %s", cases[i].target,
			      buf_text(&answer));
		body = serve_body_of(&answer, &len);
		if (cases[i].body != NULL)
			ck_assert_str_eq(body, cases[i].body);
		if (cases[i].header != NULL)
			ck_assert_msg(strstr(buf_text(&answer), cases[i].header) != NULL, "%s", buf_text(&answer));
	}
	serve_fixture_stop(&f);
}
END_TEST

START_TEST(keeps_alive)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct serve_fixture f;
	int fd;

	serve_fixture_start(&f);
	fd = serve_dial(&f);
	serve_say(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\nHEAD /two HTTP/1.1\r\nHost: x\r\n\r\n");
	serve_say(fd, "GET /three HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	serve_hear(fd, &answer);
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "/one"));
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "Content-Length: 4"));
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "/three"));
	serve_fixture_stop(&f);
}
END_TEST

/* A body is not read, and nothing in it is taken for a request. */
static const char *const bodies[] = {
	"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
	("GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\nGET /smuggled HTTP/1.1\r\nHost: "
	 "x\r\n\r\n"),
};

START_TEST(bodies_are_not_read)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct serve_fixture f;
	int fd;

	serve_fixture_start(&f);
	fd = serve_dial(&f);
	serve_say(fd, bodies[_i]);
	serve_hear(fd, &answer);
	ck_assert_uint_eq(serve_status_of(&answer), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), " body -"));
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "Connection: close"));
	ck_assert_ptr_null(strstr(buf_text(&answer), "smuggled"));
	serve_fixture_stop(&f);
}
END_TEST

/* Too long a line, too many headers, too large ones: an answer of the right kind, and the next client is served. */
START_TEST(too_much)
{
	static char text[2 * LIMIT_SERVE_MEMORY];
	struct serve_fixture f;
	size_t i;

	serve_fixture_start(&f);
	for (i = 0; i < 4; i++) {
		static const unsigned statuses[] = { 414, 414, 431, 431 };
		static const char *const headers[] = { "", "", "X: y\r\n", "X: " };
		CLEANUP(buf_release) struct buf answer = { 0 };
		size_t line = i == 0 ? LIMIT_SERVE_URL_BYTES : i == 1 ? LIMIT_SERVE_MEMORY : 0, j;
		char *at = text;
		int fd = serve_dial(&f);

		at += sprintf(at, "GET /");
		memset(at, 'a', line);
		at += line;
		at += sprintf(at, " HTTP/1.1\r\nHost: x\r\n");
		for (j = 0; i == 2 && j < LIMIT_SERVE_FIELDS; j++)
			at += sprintf(at, "%s", headers[i]);
		if (i == 3) {
			at += sprintf(at, "%s", headers[i]);
			memset(at, 'a', LIMIT_SERVE_MEMORY);
			at += LIMIT_SERVE_MEMORY;
		}
		sprintf(at, "\r\n\r\n");
		(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		serve_hear(fd, &answer);
		ck_assert_msg(serve_status_of(&answer) == statuses[i], "%zu: %.300s", i, buf_text(&answer));
	}
	serve_fixture_stop(&f);
}
END_TEST

START_TEST(logs)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct serve_fixture f;
	char *text;
	size_t len;

	serve_fixture_start(&f);
	serve_ask(&f, "GET", "/a%20b?c", &answer);
	ck_assert(serve_http_quiesce(f.server, 10000));
	text = folder_read(f.folder, "log", &len);
	ck_assert_msg(strstr(text, "] \"GET /a%20b?c HTTP/1.1\" 200 4 ") != NULL, "%s", text);
	free(text);
	serve_fixture_stop(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_http");
	TCase *t = tcase_create("serve_http");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, requests);
	tcase_add_test(t, keeps_alive);
	tcase_add_loop_test(t, bodies_are_not_read, 0, COUNT_OF(bodies));
	tcase_add_test(t, too_much);
	tcase_add_test(t, logs);
	suite_add_tcase(s, t);
	return test_run(s);
}
