#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

static const struct {
	int status;
	const char *word;
} table[ERR_CODES] = {
#define ERR_ROW(code, exit_status, name) [code] = { .status = (exit_status), .word = (name) },
	ERR_TABLE(ERR_ROW)
#undef ERR_ROW
};

enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list args;

	if (err == NULL)
		return code;
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	text_clean(err->msg);
	err->code = code;
	return code;
}

enum err_code err_add(struct err *err, const char *fmt, ...)
{
	char was[ERR_MSG_MAX];
	va_list args;
	size_t len;

	if (err == NULL)
		return ERR_IO;
	memcpy(was, err->msg, sizeof(was));
	va_start(args, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	len = strlen(err->msg);
	snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", was);
	text_clean(err->msg);
	return err->code;
}

enum err_code err_recode(struct err *err, enum err_code code)
{
	if (err != NULL)
		err->code = code;
	return code;
}

enum err_code err_nomem(struct err *err)
{
	return err_set(err, ERR_NOMEM, "out of memory");
}

enum err_code err_errno(struct err *err, const char *what)
{
	int number = errno;
	const char *advice = number == ENOSPC || number == EDQUOT ? " (free some space and run again)" : "";

	return err_set(err, ERR_IO, "%s: %s%s", what, strerror(number), advice);
}

int err_status(enum err_code code)
{
	return table[code].status;
}

const char *err_word(enum err_code code)
{
	return table[code].word;
}
