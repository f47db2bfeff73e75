#include "import/serve_registry_error.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/js.h"
#include "common/mem.h"
#include "common/text.h"

static const struct {
	unsigned status;
	const char *code;
} codes[] = {
	{ 400, "UNSUPPORTED" }, { 401, "UNAUTHORIZED" },    { 403, "DENIED" },      { 404, "NAME_UNKNOWN" },
	{ 405, "UNSUPPORTED" }, { 429, "TOOMANYREQUESTS" }, { 503, "UNAVAILABLE" },
};

static enum err_code write_error(struct serve_answer *answer, unsigned status, const char *code, const char *message,
				 struct err *err)
{
	struct buf_stage stage;
	struct js_out out;
	enum err_code result;

	buf_clear(&answer->text);
	buf_stage_init(&stage, &answer->text);
	js_out_init(&out, &stage.out, false);
	js_begin(&out, '{');
	js_key(&out, "errors");
	js_begin(&out, '[');
	js_begin(&out, '{');
	js_member(&out, "code", code);
	js_member(&out, "message", message);
	js_end(&out, '}');
	js_end(&out, ']');
	js_end(&out, '}');
	result = js_end_document(&out, err);
	if (result != ERR_OK)
		return result;
	answer->status = status;
	return serve_answer_header(answer, err, "Content-Type", "application/json; charset=utf-8");
}

enum err_code serve_registry_error(struct serve_answer *answer, unsigned status, const char *code, struct err *err,
				   const char *fmt, ...)
{
	char message[ERR_MSG_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	text_clean(message);
	return write_error(answer, status, code, message, err);
}

void serve_registry_refuse(void *ctx, const struct serve_request *request, unsigned status, const struct err *why,
			   struct serve_answer *answer)
{
	const char *code = "UNKNOWN";
	size_t i;

	(void)ctx;
	(void)request;
	for (i = 0; i < COUNT_OF(codes); i++) {
		if (codes[i].status == status)
			code = codes[i].code;
	}
	if (write_error(answer, status, code, why->msg, NULL) != ERR_OK)
		answer->status = status;
}
