#include "import/load_answer.h"

#include <stdio.h>
#include <string.h>

#include "common/js.h"
#include "common/mem.h"
#include "common/text.h"

#define LOADED "Loaded image: "
#define NOT_UNPACKED "Error unpacking image "

/* "Error unpacking image NAME: why", where NAME holds colons too. */
static void unpack_failed(struct load_answer *a, const char *text)
{
	const char *name = text + strlen(NOT_UNPACKED), *end = strstr(name, ": ");
	CLEANUP(free_ptr) char *copy = strndup(name, end != NULL ? (size_t)(end - name) : strcspn(name, "\r\n"));

	if (copy != NULL && a->expected != NULL && a->expected(a->ctx, copy))
		return;
	if (a->unpack[0] == '\0')
		snprintf(a->unpack, sizeof(a->unpack), "%.*s", (int)strcspn(text, "\r\n"), text);
}

static void keep_error(struct load_answer *a, const struct json_t *json)
{
	const char *text = js_string(js_object(json, "errorDetail"), "message");

	if (text == NULL)
		text = js_string(json, "error");
	if (text == NULL && js_get(json, "error") != NULL)
		text = "(no words)";
	if (text != NULL && a->error[0] == '\0')
		snprintf(a->error, sizeof(a->error), "%s", *text != '\0' ? text : "(no words)");
}

static enum err_code take_line(struct load_answer *a, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *text = buf_text(&a->line);
	enum err_code code;

	if (text[strspn(text, " \t\r")] == '\0' && strlen(text) == a->line.len)
		return ERR_OK;
	code = js_read(text, a->line.len, "answer to the load", &json, err);
	if (code != ERR_OK)
		return code;
	keep_error(a, json);
	text = js_string(json, "stream");
	if (text != NULL && text_starts(text, LOADED))
		a->loaded++;
	if (text != NULL && text_starts(text, NOT_UNPACKED))
		unpack_failed(a, text);
	return ERR_OK;
}

static enum err_code answer_finish(struct outstream *out, struct err *err)
{
	struct load_answer *a = OUTER_OF(out, struct load_answer, out);
	enum err_code code = take_line(a, err);

	buf_clear(&a->line);
	return code;
}

static enum err_code answer_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct load_answer *a = OUTER_OF(out, struct load_answer, out);
	const char *p = bytes, *end = p + len, *feed;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && p < end) {
		feed = memchr(p, '\n', (size_t)(end - p));
		code = buf_add(&a->line, p, (size_t)((feed != NULL ? feed : end) - p), err);
		if (code == ERR_LIMIT)
			return err_set(err, ERR_LIMIT, "answer to the load: a line of more than %d bytes",
				       LOAD_LINE_MAX);
		if (code == ERR_OK && feed != NULL)
			code = answer_finish(out, err);
		p = feed != NULL ? feed + 1 : end;
	}
	return code;
}

void load_answer_init(struct load_answer *a, bool (*expected)(void *ctx, const char *name), void *ctx)
{
	*a = (struct load_answer){
		.out = { .write = answer_write, .finish = answer_finish },
		.expected = expected,
		.ctx = ctx,
	};
	buf_init(&a->line, LOAD_LINE_MAX);
}

void load_answer_release(struct load_answer *a)
{
	buf_release(&a->line);
}
