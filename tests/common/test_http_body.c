/* The part of http.h that is about what is sent. */
#include "common/http.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/stream.h"
#include "tests/lib/http_server.h"
#include "tests/lib/test_main.h"

#define TARGET "/created"
#define BLOCK_BYTES 131072 /* of a layer in a bundle */

static const struct http_route routes[] = { { .target = TARGET, .status = 201 } };

static struct http_server *server;
static struct http *engine;
static struct http_call call;
static char *url;

static enum err_code on_done(struct http_call *done, struct err *failure, struct err *err)
{
	(void)done;
	if (failure == NULL)
		return ERR_OK;
	*err = *failure;
	return failure->code;
}

static void setup(void)
{
	struct http_options options = {
		.max_active = 1, .user_agent = "bundle/test", .stall_seconds = HTTP_PATIENCE, .retry_ms = 1
	};

	server = http_server_start(routes, COUNT_OF(routes));
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
	ck_assert_int_eq(str_format(&url, NULL, "http://%s" TARGET, http_server_host(server)), ERR_OK);
	call = (struct http_call){ .url = url, .on_done = on_done };
}

static void teardown(void)
{
	buf_release(&call.headers);
	http_free(engine);
	http_server_stop(server);
	free(url);
}

static enum err_code ask(struct err *err)
{
	ck_assert_int_eq(http_start(engine, &call, err), ERR_OK);
	return http_run(engine, err);
}

START_TEST(send_body)
{
	const char *sent;

	call.method = "POST";
	call.body = "a=b";
	call.body_len = 3;
	call.content_type = "application/x-www-form-urlencoded";
	ck_assert_int_eq(ask(NULL), ERR_OK);
	sent = http_server_last(server, TARGET);
	ck_assert_int_eq(strncmp(sent, "POST ", 5), 0);
	ck_assert_ptr_nonnull(strstr(sent, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
	ck_assert_ptr_nonnull(strstr(sent, "\r\nContent-Length: 3\r\n"));
	ck_assert_ptr_nonnull(strstr(sent, "\r\n\r\na=b"));
	ck_assert_ptr_null(strcasestr(sent, "\r\nExpect:"));
}
END_TEST

/* What registries want of an upload: its length in front, and which part it is. */
START_TEST(upload_sized)
{
	struct memory_stream in;
	const char *sent;

	memory_stream_init(&in, "streamed", 8);
	call.method = "PUT";
	call.upload = &in.in;
	call.upload_sized = true;
	call.upload_bytes = 8;
	call.content_range = "5-12";
	ck_assert_int_eq(ask(NULL), ERR_OK);
	sent = http_server_last(server, TARGET);
	ck_assert_int_eq(strncmp(sent, "PUT ", 4), 0);
	ck_assert_ptr_nonnull(strstr(sent, "\r\nContent-Length: 8\r\n"));
	ck_assert_ptr_nonnull(strstr(sent, "\r\nContent-Range: 5-12\r\n"));
	ck_assert_ptr_nonnull(strstr(sent, "\r\n\r\nstreamed"));
	ck_assert_ptr_null(strstr(sent, "Transfer-Encoding"));
}
END_TEST

/* A body from memory goes with any method; an empty one has a length too. */
static const struct {
	const char *method, *body;
} bodies[] = { { "POST", "" }, { "PATCH", "" }, { "PATCH", "part" }, { "PUT", "whole" } };

START_TEST(body_of_any_method)
{
	char length[64];
	const char *sent;

	call.method = bodies[_i].method;
	call.body = bodies[_i].body;
	call.body_len = strlen(bodies[_i].body);
	call.content_type = "";
	ck_assert_int_eq(ask(NULL), ERR_OK);
	sent = http_server_last(server, TARGET);
	ck_assert_int_eq(strncmp(sent, bodies[_i].method, strlen(bodies[_i].method)), 0);
	snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n", call.body_len);
	ck_assert_ptr_nonnull(strstr(sent, length));
	ck_assert_ptr_null(strcasestr(sent, "\r\nContent-Type:"));
	ck_assert_str_eq(strstr(sent, "\r\n\r\n") + 4, bodies[_i].body);
}
END_TEST

START_TEST(upload)
{
	struct memory_stream in;
	const char *sent;

	memory_stream_init(&in, "streamed", 8);
	call.method = "POST";
	call.upload = &in.in;
	call.content_type = "application/x-tar";
	ck_assert_int_eq(ask(NULL), ERR_OK);
	sent = http_server_last(server, TARGET);
	ck_assert_int_eq(strncmp(sent, "POST ", 5), 0);
	ck_assert_ptr_nonnull(strstr(sent, "\r\nTransfer-Encoding: chunked\r\n"));
	ck_assert_ptr_nonnull(strstr(sent, "\r\n\r\n8\r\nstreamed\r\n0\r\n\r\n"));
	ck_assert_ptr_null(strcasestr(sent, "\r\nExpect:"));
}
END_TEST

static enum err_code block_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	(void)in;
	(void)err;
	ck_assert_uint_gt(cap, BLOCK_BYTES);
	memset(bytes, 'x', BLOCK_BYTES);
	*ret_len = BLOCK_BYTES;
	return ERR_OK;
}

/* A block finds room together with the byte that was kept back before it: it does not go in two parts, one a byte. */
START_TEST(upload_by_blocks)
{
	struct instream in = { .read = block_read };

	call.method = "PUT";
	call.upload = &in;
	call.upload_sized = true;
	call.upload_bytes = BLOCK_BYTES;
	ck_assert_int_eq(ask(NULL), ERR_OK);
}
END_TEST

static enum err_code broken_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	(void)in;
	(void)bytes;
	(void)cap;
	(void)ret_len;
	return err_set(err, ERR_DAMAGED, "the file is damaged");
}

/* What is sent proves wrong on the way: that is the error, not that the connection ended. */
START_TEST(upload_fails)
{
	struct instream in = { .read = broken_read };
	struct err err = { 0 };

	call.upload = &in;
	ck_assert_int_eq(ask(&err), ERR_DAMAGED);
	ck_assert_str_eq(err.msg, "the file is damaged");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("http_body");
	TCase *t = tcase_create("http_body");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, send_body);
	tcase_add_test(t, upload);
	tcase_add_test(t, upload_sized);
	tcase_add_test(t, upload_by_blocks);
	tcase_add_loop_test(t, body_of_any_method, 0, COUNT_OF(bodies));
	tcase_add_test(t, upload_fails);
	suite_add_tcase(s, t);
	return test_run(s);
}
