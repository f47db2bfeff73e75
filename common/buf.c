#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void buf_init(struct buf *b, uint64_t max)
{
	*b = (struct buf){ .max = (size_t)max };
}

enum err_code buf_add(struct buf *b, const void *bytes, size_t len, struct err *err)
{
	if (len > b->max - b->len)
		return err_set(err, ERR_LIMIT, "more than %zu bytes", b->max);
	if (b->len + len + 1 > b->cap) {
		size_t room = b->cap < 256 ? 256 : b->cap * 2;
		char *grown;

		room = room > b->max + 1 ? b->max + 1 : room;
		room = room < b->len + len + 1 ? b->len + len + 1 : room;
		grown = realloc(b->data, room);
		if (grown == NULL)
			return err_nomem(err);
		b->data = grown;
		b->cap = room;
	}
	if (len > 0)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
	return ERR_OK;
}

enum err_code buf_puts(struct buf *b, const char *text, struct err *err)
{
	return buf_add(b, text, strlen(text), err);
}

enum err_code buf_printf(struct buf *b, struct err *err, const char *fmt, ...)
{
	CLEANUP(free_ptr) char *text = NULL;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0) {
		text = NULL;
		return err_nomem(err);
	}
	return buf_add(b, text, (size_t)len, err);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

const char *buf_text(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

void buf_release(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ .max = b->max };
}

void buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_release(b);
}
