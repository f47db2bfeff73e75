#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define FREE_SPACE " (free some space and run again)"

static const struct {
	int status;
	const char *word;
} table[ERR_CODES] = {
#define ERR_ROW(code, exit_status, name) [code] = { .status = (exit_status), .word = (name) },
	ERR_TABLE(ERR_ROW)
#undef ERR_ROW
};

/* The code of the last failure whose message nobody reads, for those who only add to it. */
static _Thread_local enum err_code unread = ERR_IO;

enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	char text[ERR_MSG_MAX]; /* apart from err->msg, which may be an argument */
	va_list args;

	if (err == NULL)
		return err_recode(NULL, code);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_clean(text);
	memcpy(err->msg, text, strlen(text) + 1);
	err->code = code;
	return code;
}

enum err_code err_add(struct err *err, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list args;

	if (err == NULL)
		return unread;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(err, err->code, "%s: %s", text, err->msg);
}

enum err_code err_recode(struct err *err, enum err_code code)
{
	if (err != NULL)
		err->code = code;
	else
		unread = code;
	return code;
}

enum err_code err_nomem(struct err *err)
{
	return err_set(err, ERR_NOMEM, "out of memory");
}

enum err_code err_errno(struct err *err, const char *what)
{
	int number = errno;

	return err_set(err, ERR_IO, "%s: %s%s", what, strerror(number),
		       number == ENOSPC || number == EDQUOT ? FREE_SPACE : "");
}

const char *err_advice(const char *said)
{
	return strstr(said, "no space left") != NULL || strstr(said, "quota exceeded") != NULL ? FREE_SPACE : "";
}

int err_status(enum err_code code)
{
	return table[code].status;
}

const char *err_word(enum err_code code)
{
	return table[code].word;
}
