#include "import/serve.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/limits.h"
#include "common/mem.h"

static const struct {
	unsigned status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 206, "Partial Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 409, "Conflict" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 416, "Range Not Satisfiable" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
};

const char *serve_reason(unsigned status)
{
	size_t i;

	for (i = 0; i < COUNT_OF(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Unknown";
}

unsigned serve_status(enum err_code code)
{
	switch (code) {
	case ERR_OK:
		return 200;
	case ERR_USAGE:
	case ERR_FORMAT:
		return 400;
	case ERR_DENIED:
		return 401;
	case ERR_REFUSED:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_CONFLICT:
		return 409;
	case ERR_UNSUPPORTED:
		return 501;
	case ERR_IO: /* it may be there again later */
	case ERR_NOMEM:
	case ERR_NETWORK:
	case ERR_MISSING:
		return 503;
	default:
		return 500;
	}
}

/* ---- requests ---- */

const char *serve_header(const struct serve_request *request, const char *name)
{
	size_t i;

	for (i = 0; i < request->headers_len; i++) {
		if (strcasecmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	}
	return NULL;
}

const char *serve_query(const struct serve_request *request, const char *name)
{
	size_t i;

	for (i = 0; i < request->query_len; i++) {
		if (strcmp(request->query[i].name, name) == 0)
			return request->query[i].value;
	}
	return NULL;
}

/* Source: moby, daemon/server/httputils/form.go, BoolValue. */
bool serve_query_flag(const struct serve_request *request, const char *name)
{
	static const char *const no[] = { "", "0", "no", "false", "none" };
	const char *value = serve_query(request, name);
	size_t i;

	for (i = 0; value != NULL && i < COUNT_OF(no); i++) {
		if (strcasecmp(value, no[i]) == 0)
			return false;
	}
	return value != NULL;
}

/* ---- answers ---- */

void serve_answer_init(struct serve_answer *a)
{
	*a = (struct serve_answer){ .blob = { .fd = -1 } };
	buf_init(&a->text, LIMIT_SERVE_ANSWER_BYTES);
}

static bool is_plain(const char *text)
{
	const unsigned char *c;

	for (c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c < 0x20 || *c == 0x7f)
			return false;
	}
	return true;
}

/* The one of a name is replaced: a header of an answer stands there once. */
static enum err_code set_header(struct serve_answer *a, const char *name, char **value, struct err *err)
{
	CLEANUP(free_ptr) char *copy = NULL;
	enum err_code code;
	size_t i;

	for (i = 0; i < a->headers_len; i++) {
		if (strcasecmp(a->headers[i].name, name) != 0)
			continue;
		free(a->headers[i].value);
		a->headers[i].value = take_ptr(value);
		return ERR_OK;
	}
	if (a->headers_len == SERVE_HEADERS_MAX)
		return err_set(err, ERR_LIMIT, "an answer with more than %d headers", SERVE_HEADERS_MAX);
	code = str_copy(name, &copy, err);
	if (code != ERR_OK)
		return code;
	a->headers[a->headers_len].name = take_ptr(&copy);
	a->headers[a->headers_len++].value = take_ptr(value);
	return ERR_OK;
}

enum err_code serve_answer_header(struct serve_answer *a, struct err *err, const char *name, const char *fmt, ...)
{
	CLEANUP(free_ptr) char *value = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&value, fmt, ap);
	va_end(ap);
	if (len < 0) {
		value = NULL;
		return err_nomem(err);
	}
	if (!is_plain(value))
		return err_set(err, ERR_FORMAT, "a header %s with control characters in it", name);
	return set_header(a, name, &value, err);
}

enum err_code serve_answer_text(struct serve_answer *a, unsigned status, const char *content_type, const char *text,
				struct err *err)
{
	enum err_code code = serve_answer_header(a, err, "Content-Type", "%s", content_type);

	a->status = status;
	buf_clear(&a->text);
	return code == ERR_OK ? buf_puts(&a->text, text, err) : code;
}

void serve_answer_bytes(struct serve_answer *a, struct catalog_bytes *bytes)
{
	catalog_bytes_release(a->bytes);
	a->bytes = bytes;
	a->bytes_from = 0;
	a->bytes_len = bytes->len;
}

uint64_t serve_answer_len(const struct serve_answer *a)
{
	if (a->blob.place != NULL)
		return a->blob_end - a->blob_from;
	return a->bytes != NULL ? a->bytes_len : a->text.len;
}

void serve_answer_release(struct serve_answer *a)
{
	size_t i;

	for (i = 0; i < a->headers_len; i++) {
		free(a->headers[i].name);
		free(a->headers[i].value);
	}
	buf_release(&a->text);
	catalog_bytes_release(a->bytes);
	catalog_blob_release(&a->blob);
	*a = (struct serve_answer){ .blob = { .fd = -1 } };
}
