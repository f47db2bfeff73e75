/* Blobs that a server sends: proved while they go, and cut where they are not what they should be. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/serve_fixture.h"
#include "tests/lib/test_main.h"

static void check_whole(const struct serve_fixture *f, const struct image_item *item)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	const char *body;
	size_t len;

	serve_ask_blob(f, item, "", &answer);
	ck_assert_uint_eq(serve_status_of(&answer), 200);
	body = serve_body_of(&answer, &len);
	ck_assert_uint_eq(len, item->len);
	ck_assert(memcmp(body, item->bytes, len) == 0);
}

static bool is_proved(const struct serve_fixture *f, const struct image_item *item)
{
	CLEANUP(catalog_leave_ptr) struct catalog_view *v = NULL;
	CLEANUP(catalog_blob_release) struct catalog_blob blob = { 0 };

	ck_assert_int_eq(catalog_look(f->catalog, &v, NULL), ERR_OK);
	ck_assert_int_eq(catalog_blob_find(v, &item->digest, &blob, NULL), ERR_OK);
	return catalog_blob_proved(&blob);
}

START_TEST(blobs)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	const struct image_item *item;
	struct serve_fixture f;
	const char *body;
	size_t len;

	serve_fixture_of(&f, SERVE_LARGE_BYTES, false);
	item = serve_layer_of(&f, _i == 0);
	serve_ask_blob(&f, item, "?from=130000&end=270001", &answer);
	body = serve_body_of(&answer, &len);
	ck_assert_uint_eq(len, 140001);
	ck_assert(memcmp(body, item->bytes + 130000, len) == 0);
	ck_assert(!is_proved(&f, item));
	check_whole(&f, item);
	ck_assert(is_proved(&f, item));
	check_whole(&f, item);
	serve_fixture_stop(&f);
}
END_TEST

/* The connection is cut before the last byte, each time. */
START_TEST(damaged_blobs)
{
	const struct image_item *item;
	struct serve_fixture f;
	int turn;

	serve_fixture_of(&f, SERVE_LARGE_BYTES, true);
	item = serve_layer_of(&f, true);
	for (turn = 0; turn < 2; turn++) {
		CLEANUP(buf_release) struct buf answer = { 0 };
		size_t len;

		serve_ask_blob(&f, item, "", &answer);
		serve_body_of(&answer, &len);
		ck_assert_uint_lt(len, item->len);
		ck_assert(!is_proved(&f, item));
	}
	serve_fixture_stop(&f);
}
END_TEST

/* A file that is cut while it is read cuts the connection, and nothing else. */
START_TEST(cut_while_read)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	CLEANUP(buf_release) struct buf after = { 0 };
	const struct image_item *item;
	struct serve_fixture f;
	char text[256];
	size_t len;
	int fd, size = 4096;

	serve_fixture_of(&f, SERVE_LARGE_BYTES, false);
	item = serve_layer_of(&f, true);
	fd = serve_dial(&f);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	snprintf(text, sizeof(text), "GET /blob/%s HTTP/1.1\r\nHost: x\r\n\r\n", item->digest.text);
	serve_say(fd, text);
	ck_assert_int_gt(recv(fd, text, 1, MSG_PEEK), 0); /* it has begun */
	ck_assert_int_eq(truncate(f.bundle, SERVE_LARGE_BYTES / 2), 0);
	serve_hear(fd, &answer);
	serve_body_of(&answer, &len);
	ck_assert_uint_lt(len, item->len);
	serve_ask(&f, "GET", "/still-there", &after);
	ck_assert_uint_eq(serve_status_of(&after), 200);
	serve_fixture_stop(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_http_blobs");
	TCase *t = tcase_create("serve_http_blobs");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, blobs, 0, 2);
	tcase_add_test(t, damaged_blobs);
	tcase_add_test(t, cut_while_read);
	suite_add_tcase(s, t);
	return test_run(s);
}
