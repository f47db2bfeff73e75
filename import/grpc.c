#include "import/grpc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/version.h"
#include "import/interrupt.h"

#define STALL_SECONDS 600 /* a service that hashes what it has of a large blob says nothing meanwhile */

enum err_code grpc_open(const char *socket, unsigned max_active, struct grpc *ret_grpc, struct err *err)
{
	struct http_options options = {
		.max_active = max_active,
		.user_agent = BUNDLE_USER_AGENT,
		.unix_socket = socket,
		.http2 = true,
		.stall_seconds = STALL_SECONDS,
		.answer_seconds = GRPC_SECONDS,
		.on_turn = interrupt_check,
	};
	struct grpc g = { .http = NULL };
	enum err_code code = str_copy(socket, &g.socket, err);

	buf_init(&g.headers, LIMIT_TEXT_BYTES);
	if (code == ERR_OK)
		code = buf_puts(&g.headers, "te: trailers\n", err);
	if (code == ERR_OK)
		code = http_new(&options, &g.http, err);
	if (code == ERR_OK)
		*ret_grpc = g;
	else
		grpc_close(&g);
	return code;
}

enum err_code grpc_metadata(struct grpc *g, const char *name, const char *value, struct err *err)
{
	return buf_printf(&g->headers, err, "%s: %s\n", name, value);
}

void grpc_head(size_t len, unsigned char out[GRPC_HEAD_BYTES])
{
	out[0] = 0; /* not compressed */
	out[1] = (unsigned char)(len >> 24);
	out[2] = (unsigned char)(len >> 16);
	out[3] = (unsigned char)(len >> 8);
	out[4] = (unsigned char)len;
}

/* The length of the message that begins in part; its head is there. */
static enum err_code part_len(const struct grpc_call *call, size_t *ret_len, struct err *err)
{
	const unsigned char *head = (const unsigned char *)call->part.data;
	size_t len = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];

	if (head[0] != 0)
		return err_set(err, ERR_FORMAT, "%s: %s: a compressed answer, which was not asked for",
			       call->grpc->socket, call->method);
	if (len > LIMIT_GRPC_BYTES)
		return err_set(err, ERR_LIMIT, "%s: %s: an answer of %zu bytes", call->grpc->socket, call->method, len);
	*ret_len = len;
	return ERR_OK;
}

static enum err_code tell_message(struct grpc_call *call, struct err *err)
{
	enum err_code code = ERR_OK;

	if (call->on_message != NULL)
		code = call->on_message(call, call->part.data + GRPC_HEAD_BYTES, call->part.len - GRPC_HEAD_BYTES, err);
	buf_clear(&call->part);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s: %s", call->grpc->socket, call->method);
}

/* Take what part still lacks up to a length, if there is as much. */
static enum err_code fill(struct grpc_call *call, size_t len_wanted, const char **bytes, size_t *len, struct err *err)
{
	size_t lacks = len_wanted > call->part.len ? len_wanted - call->part.len : 0,
	       take = lacks < *len ? lacks : *len;
	enum err_code code = buf_add(&call->part, *bytes, take, err);

	*bytes += take;
	*len -= take;
	return code;
}

static enum err_code take_part(struct grpc_call *call, const char **bytes, size_t *len, struct err *err)
{
	size_t message_len = 0;
	enum err_code code = fill(call, GRPC_HEAD_BYTES, bytes, len, err);

	if (code != ERR_OK || call->part.len < GRPC_HEAD_BYTES)
		return code;
	code = part_len(call, &message_len, err);
	if (code == ERR_OK)
		code = fill(call, GRPC_HEAD_BYTES + message_len, bytes, len, err);
	return code == ERR_OK && call->part.len == GRPC_HEAD_BYTES + message_len ? tell_message(call, err) : code;
}

static enum err_code on_body(struct http_call *http, const void *bytes, size_t len, struct err *err)
{
	struct grpc_call *call = OUTER_OF(http, struct grpc_call, http);
	const char *at = bytes;
	enum err_code code = ERR_OK;

	if (http->status != 200)
		return ERR_OK;
	while (code == ERR_OK && len > 0)
		code = take_part(call, &at, &len, err);
	return code;
}

/* Texts are percent-encoded in headers. */
static void decode(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++) {
		int high = *text == '%' ? hex_value(text[1]) : -1, low = high >= 0 ? hex_value(text[2]) : -1;

		if (low >= 0 && high + low > 0) {
			*to++ = (char)(high << 4 | low);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* What stands in the trailers, or in the only head. */
static bool read_status(struct grpc_call *call)
{
	char text[16];
	char *end;
	unsigned long status;

	if (http_header(&call->http, "grpc-status", 0, text, sizeof(text)) == NULL)
		return false;
	status = strtoul(text, &end, 10);
	call->answer.status = end != text && *end == '\0' && status <= 16 ? (unsigned)status : GRPC_UNKNOWN;
	if (http_header(&call->http, "grpc-message", 0, call->answer.said, GRPC_SAID_MAX) == NULL)
		call->answer.said[0] = '\0';
	decode(call->answer.said);
	text_clean(call->answer.said);
	return true;
}

/* What came before a refusal counts less than the refusal; what failed on our side counts more. */
static enum err_code judge(struct grpc_call *call, const struct err *failure, struct err *err)
{
	bool said = read_status(call);

	if (failure != NULL && failure->code == ERR_NETWORK && !said && call->may_break) {
		call->answer.status = GRPC_UNAVAILABLE;
		call->answer.broken = true;
		snprintf(call->answer.said, GRPC_SAID_MAX, "%.*s", GRPC_SAID_MAX - 1, failure->msg);
		return ERR_OK;
	}
	if (failure != NULL && (failure->code != ERR_NETWORK || !said || call->answer.status == GRPC_OK))
		return err_set(err, failure->code, "%s", failure->msg);
	if (!said)
		return err_set(err, ERR_UNSUPPORTED, "%s: what answers there does not speak gRPC (HTTP status %d)",
			       call->grpc->socket, call->http.status);
	if (call->answer.status == GRPC_OK && call->part.len > 0)
		return err_set(err, ERR_FORMAT, "%s: %s: the answer ends in the middle of a message",
			       call->grpc->socket, call->method);
	return ERR_OK;
}

static enum err_code on_done(struct http_call *http, struct err *failure, struct err *err)
{
	struct grpc_call *call = OUTER_OF(http, struct grpc_call, http);
	enum err_code code = judge(call, failure, err);

	buf_release(&http->headers);
	buf_release(&call->part);
	buf_release(&call->sent);
	free(take_ptr(&call->url));
	return code == ERR_OK && call->on_done != NULL ? call->on_done(call, err) : code;
}

static enum err_code frame_request(struct grpc_call *call, struct err *err)
{
	unsigned char head[GRPC_HEAD_BYTES];
	enum err_code code;

	if (call->request == NULL)
		return ERR_OK;
	grpc_head(call->request->len, head);
	code = buf_add(&call->sent, head, sizeof(head), err);
	return code == ERR_OK ? buf_add(&call->sent, call->request->data, call->request->len, err) : code;
}

enum err_code grpc_start(struct grpc *g, struct grpc_call *call, struct err *err)
{
	enum err_code code;

	call->grpc = g;
	call->answer = (struct grpc_answer){ .status = GRPC_UNKNOWN };
	buf_init(&call->part, LIMIT_GRPC_BYTES + GRPC_HEAD_BYTES);
	buf_init(&call->sent, LIMIT_GRPC_BYTES + GRPC_HEAD_BYTES);
	code = frame_request(call, err);
	if (code == ERR_OK)
		code = str_format(&call->url, err, "http://localhost/%s", call->method);
	if (code != ERR_OK)
		return code;
	call->http = (struct http_call){
		.method = "POST",
		.url = call->url,
		.content_type = "application/grpc",
		.more_headers = buf_text(&g->headers),
		.alone = call->slow,
		.upload = call->upload,
		.upload_sized = call->upload_bytes > 0,
		.upload_bytes = call->upload_bytes,
		.body = call->sent.data,
		.body_len = call->sent.len,
		.on_body = on_body,
		.on_done = on_done,
	};
	return http_start(g->http, &call->http, err);
}

enum err_code grpc_run(struct grpc *g, struct err *err)
{
	return http_run(g->http, err);
}

void grpc_call_release(struct grpc_call *call)
{
	buf_release(&call->http.headers);
	buf_release(&call->part);
	buf_release(&call->sent);
	free(take_ptr(&call->url));
}

/* One call that is waited for. */
struct asked {
	struct grpc_call call;
	grpc_message_fn *on_message;
	void *ctx;
};

static enum err_code on_asked(struct grpc_call *call, const void *bytes, size_t len, struct err *err)
{
	const struct asked *a = OUTER_OF(call, struct asked, call);

	return a->on_message(a->ctx, bytes, len, err);
}

enum err_code grpc_ask(struct grpc *g, const char *method, const struct buf *request, grpc_message_fn *on_message,
		       void *ctx, struct grpc_answer *ret_answer, struct err *err)
{
	struct asked a = {
		.call = { .method = method, .request = request, .on_message = on_message != NULL ? on_asked : NULL },
		.on_message = on_message,
		.ctx = ctx,
	};
	enum err_code code = grpc_start(g, &a.call, err);

	if (code == ERR_OK)
		code = grpc_run(g, err);
	*ret_answer = a.call.answer;
	grpc_call_release(&a.call);
	return code;
}

enum err_code grpc_refused(const char *what, const struct grpc_answer *answer, struct err *err)
{
	const char *said = answer->said[0] != '\0' ? answer->said : "(no words)";

	switch (answer->status) {
	case GRPC_NOT_FOUND:
		return err_set(err, ERR_NOT_FOUND, "%s: %s", what, said);
	case GRPC_PERMISSION_DENIED:
		return err_set(err, ERR_DENIED, "%s: %s", what, said);
	case GRPC_UNAVAILABLE:
	case GRPC_RESOURCE_EXHAUSTED:
		return err_set(err, ERR_NETWORK, "%s: %s", what, said);
	case GRPC_UNIMPLEMENTED:
		return err_set(err, ERR_UNSUPPORTED, "%s: %s", what, said);
	default:
		return err_set(err, ERR_REFUSED, "%s: %s%s", what, said, err_advice(said));
	}
}

void grpc_close(struct grpc *g)
{
	http_free(g->http);
	buf_release(&g->headers);
	free(g->socket);
	*g = (struct grpc){ .http = NULL };
}
