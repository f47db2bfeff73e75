#include "import/grpc.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/grpc_server.h"
#include "tests/lib/test_main.h"

#define BYTES(text) .body = (text), .len = sizeof(text) - 1
#define METHOD "demo.Service/Method"

/* What came back: messages with a bar between them. */
static enum err_code collect(void *ctx, const void *bytes, size_t len, struct err *err)
{
	struct buf *out = ctx;
	enum err_code code = buf_add(out, bytes, len, err);

	return code == ERR_OK ? buf_puts(out, "|", err) : code;
}

/* said: in the answer where the call came to its end, else in the error. */
static const struct {
	const char *name;
	struct grpc_reply reply;
	enum err_code code;
	unsigned status;
	const char *messages, *said;
} cases[] = {
	{ "a message", { BYTES("\0\0\0\0\2hi") }, ERR_OK, 0, "hi|", "" },
	{ "two", { BYTES("\0\0\0\0\2hi\0\0\0\0\0") }, ERR_OK, 0, "hi||", "" },
	{ "none", { BYTES("") }, ERR_OK, 0, "", "" },
	{ "status",
	  { .status = "5", .message = "content sha256%3A12: not found" },
	  ERR_OK,
	  5,
	  "",
	  "content sha256:12: not found" },
	{ "status alone", { .status = "6", .fault = GRPC_FAULT_ONLY }, ERR_OK, 6, "", "" },
	{ "percents that are none", { .status = "9", .message = "100% %zz %00 %4" }, ERR_OK, 9, "", "100% %zz %00 %4" },
	{ "words for a terminal", { .status = "9", .message = "a%1B[2Jb" }, ERR_OK, 9, "", "a?[2Jb" },
	{ "a status that is none", { .status = "99" }, ERR_OK, GRPC_UNKNOWN, "", "" },
	{ "no number", { .status = "x" }, ERR_OK, GRPC_UNKNOWN, "", "" },
	{ "no status",
	  { BYTES("\0\0\0\0\2hi"), .fault = GRPC_FAULT_NO_STATUS },
	  ERR_UNSUPPORTED,
	  0,
	  "hi|",
	  "does not speak gRPC" },
	{ "another service", { .fault = GRPC_FAULT_404 }, ERR_UNSUPPORTED, 0, "", "(HTTP status 404)" },
	{ "HTTP/1.1", { .fault = GRPC_FAULT_HTTP1 }, ERR_NETWORK, 0, "", METHOD },
	{ "no answer", { .fault = GRPC_FAULT_CLOSED }, ERR_NETWORK, 0, "", METHOD },
	{ "cut", { BYTES("\0\0\0\0\2hi"), .fault = GRPC_FAULT_CUT }, ERR_NETWORK, 0, NULL, METHOD },
	{ "half a message", { BYTES("\0\0\0\0\3hi") }, ERR_FORMAT, 0, "", "in the middle of a message" },
	{ "half a head", { BYTES("\0\0\0") }, ERR_FORMAT, 0, "", "in the middle of a message" },
	{ "compressed", { BYTES("\1\0\0\0\2hi") }, ERR_FORMAT, 0, "", "a compressed answer" },
	{ "endless",
	  { BYTES("\0\xff\xff\xff\xff"
		  "hi") },
	  ERR_LIMIT,
	  0,
	  "",
	  "an answer of 4294967295 bytes" },
};

START_TEST(hears_answers)
{
	struct grpc_server *s = grpc_server_start(&cases[_i].reply, 1);
	CLEANUP(buf_release) struct buf got, request;
	struct grpc_answer answer;
	struct grpc g;
	struct err err = { 0 };
	enum err_code code;
	const char *name = cases[_i].name;

	buf_init(&got, 1000);
	buf_init(&request, 1000);
	ck_assert_int_eq(buf_puts(&request, "ask", NULL), ERR_OK);
	ck_assert_int_eq(grpc_open(grpc_server_socket(s), 1, &g, NULL), ERR_OK);
	code = grpc_ask(&g, METHOD, &request, collect, &got, &answer, &err);
	ck_assert_msg(code == cases[_i].code, "%s: %d %s", name, code, err.msg);
	ck_assert_msg(code != ERR_OK || answer.status == cases[_i].status, "%s: %u", name, answer.status);
	ck_assert_msg(cases[_i].messages == NULL || strcmp(buf_text(&got), cases[_i].messages) == 0, "%s: %s", name,
		      buf_text(&got));
	ck_assert_msg(strstr(code == ERR_OK ? answer.said : err.msg, cases[_i].said) != NULL, "%s: %s%s", name,
		      answer.said, err.msg);
	grpc_close(&g);
	grpc_server_stop(s);
}
END_TEST

static enum err_code endless_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	(void)in;
	(void)err;
	memset(bytes, 0, cap);
	*ret_len = cap;
	return ERR_OK;
}

static enum err_code failing_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	(void)in;
	(void)bytes;
	(void)cap;
	(void)ret_len;
	return err_set(err, ERR_DIGEST, "not what it is called");
}

static enum err_code upload(struct grpc_server *s, struct instream *in, uint64_t len, struct grpc_call *call,
			    struct err *err)
{
	struct grpc g;
	enum err_code code;

	*call = (struct grpc_call){ .method = METHOD, .upload = in, .upload_bytes = len };
	ck_assert_int_eq(grpc_open(grpc_server_socket(s), 1, &g, NULL), ERR_OK);
	ck_assert_int_eq(grpc_metadata(&g, "demo-name", "value", NULL), ERR_OK);
	code = grpc_start(&g, call, err);
	if (code == ERR_OK)
		code = grpc_run(&g, err);
	grpc_call_release(call);
	grpc_close(&g);
	return code;
}

/* More than any window holds. */
START_TEST(sends_streams)
{
	static const struct grpc_reply reply = { .status = "0" };
	struct grpc_server *s = grpc_server_start(&reply, 1);
	size_t len = 500000, got_len, i;
	char *sent = malloc(len);
	const char *got;
	struct memory_stream in;
	struct grpc_call call;

	ck_assert_ptr_nonnull(sent);
	for (i = 0; i < len; i++)
		sent[i] = (char)(i * i >> 8);
	memory_stream_init(&in, sent, len);
	ck_assert_int_eq(upload(s, &in.in, 0, &call, NULL), ERR_OK);
	ck_assert_uint_eq(call.answer.status, GRPC_OK);
	grpc_server_stop(s);
	s = grpc_server_start(&reply, 1);
	memory_stream_init(&in, sent, len);
	ck_assert_int_eq(upload(s, &in.in, len, &call, NULL), ERR_OK);
	got = grpc_server_received(s, 0, &got_len);
	ck_assert_uint_eq(got_len, len);
	ck_assert_mem_eq(got, sent, len);
	grpc_server_stop(s);
	free(sent);
}
END_TEST

/* Zeros, and how many of them were asked for at once. */
struct zeros {
	struct instream in;
	size_t left, largest;
};

static enum err_code zeros_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct zeros *z = OUTER_OF(in, struct zeros, in);

	(void)err;
	z->largest = cap > z->largest ? cap : z->largest;
	*ret_len = z->left < cap ? z->left : cap;
	memset(bytes, 0, *ret_len);
	z->left -= *ret_len;
	return ERR_OK;
}

/* libcurl 7.88 sends twice what it was given, where more of it is given than a socket takes. */
START_TEST(gives_what_a_socket_takes)
{
	static const struct grpc_reply reply = { .status = "0" };
	struct grpc_server *s = grpc_server_start(&reply, 1);
	struct zeros zeros = { .in = { .read = zeros_read }, .left = 500000 };
	struct grpc_call call;

	ck_assert_int_eq(upload(s, &zeros.in, zeros.left, &call, NULL), ERR_OK);
	ck_assert_uint_eq(zeros.left, 0);
	ck_assert_uint_le(zeros.largest, 65536);
	grpc_server_stop(s);
}
END_TEST

START_TEST(hears_a_refusal_while_it_sends)
{
	static const struct grpc_reply reply = { BYTES("\0\0\0\0\2hi"), .status = "8", .message = "no room",
						 .fault = GRPC_FAULT_EARLY };
	struct grpc_server *s = grpc_server_start(&reply, 1);
	struct instream in = { .read = endless_read };
	struct grpc_call call;
	struct err err = { 0 };
	enum err_code code = upload(s, &in, 0, &call, &err);

	ck_assert_msg(code == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(call.answer.status, 8);
	ck_assert_str_eq(call.answer.said, "no room");
	grpc_server_stop(s);
}
END_TEST

/* Where a caller can try again, that a connection broke is an answer. */
START_TEST(may_break)
{
	static const struct grpc_reply reply = { .fault = GRPC_FAULT_CLOSED };
	struct grpc_server *s = grpc_server_start(&reply, 1);
	CLEANUP(buf_release) struct buf request;
	struct grpc_call call = { .method = METHOD, .request = &request, .may_break = true };
	struct grpc g;

	buf_init(&request, 10);
	ck_assert_int_eq(grpc_open(grpc_server_socket(s), 1, &g, NULL), ERR_OK);
	ck_assert_int_eq(grpc_start(&g, &call, NULL), ERR_OK);
	ck_assert_int_eq(grpc_run(&g, NULL), ERR_OK);
	ck_assert_uint_eq(call.answer.status, GRPC_UNAVAILABLE);
	ck_assert(call.answer.broken && strstr(call.answer.said, METHOD) != NULL);
	grpc_close(&g);
	grpc_server_stop(s);
}
END_TEST

START_TEST(nobody_reads_why)
{
	static const struct grpc_reply reply = { .fault = GRPC_FAULT_CLOSED };
	struct grpc_server *s = grpc_server_start(&reply, 1);
	struct grpc_answer answer;
	struct grpc g;

	ck_assert_int_eq(grpc_open(grpc_server_socket(s), 1, &g, NULL), ERR_OK);
	ck_assert_int_eq(grpc_ask(&g, METHOD, NULL, NULL, NULL, &answer, NULL), ERR_NETWORK);
	grpc_close(&g);
	grpc_server_stop(s);
}
END_TEST

START_TEST(says_what_failed_here)
{
	static const struct grpc_reply reply = { .status = "0" };
	struct grpc_server *s = grpc_server_start(&reply, 1);
	struct instream in = { .read = failing_read };
	struct grpc_call call;
	struct err err = { 0 };

	ck_assert_int_eq(upload(s, &in, 0, &call, &err), ERR_DIGEST);
	ck_assert_str_eq(err.msg, "not what it is called");
	grpc_server_stop(s);
}
END_TEST

static const struct {
	unsigned status;
	const char *said;
	enum err_code want;
	const char *says;
} refusals[] = {
	{ 5, "no such thing", ERR_NOT_FOUND, "it: no such thing" },
	{ 7, "", ERR_DENIED, "it: (no words)" },
	{ 12, "unknown service", ERR_UNSUPPORTED, "it: unknown service" },
	{ 13, "write /x: no space left on device", ERR_REFUSED, "(free some space and run again)" },
};

START_TEST(makes_errors_of_refusals)
{
	struct grpc_answer answer = { .status = refusals[_i].status };
	struct err err = { 0 };

	snprintf(answer.said, sizeof(answer.said), "%s", refusals[_i].said);
	ck_assert_int_eq(grpc_refused("it", &answer, &err), refusals[_i].want);
	ck_assert_msg(strstr(err.msg, refusals[_i].says) != NULL, "%s", err.msg);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("grpc");
	TCase *t = tcase_create("grpc");

	tcase_add_loop_test(t, hears_answers, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, sends_streams);
	tcase_add_test(t, gives_what_a_socket_takes);
	tcase_add_test(t, hears_a_refusal_while_it_sends);
	tcase_add_test(t, may_break);
	tcase_add_test(t, nobody_reads_why);
	tcase_add_test(t, says_what_failed_here);
	tcase_add_loop_test(t, makes_errors_of_refusals, 0, (int)COUNT_OF(refusals));
	suite_add_tcase(s, t);
	return test_run(s);
}
