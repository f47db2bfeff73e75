#include "common/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void free_ptr(void *p)
{
	void *held;

	memcpy(&held, p, sizeof(held)); /* p is a T **, whatever T */
	free(held);
}

void secret_free(char **secret)
{
	if (*secret != NULL)
		explicit_bzero(*secret, strlen(*secret));
	free(take_ptr(secret));
}

enum err_code vec_grow(void *items, size_t *cap, size_t need, size_t item_size, size_t max, struct err *err)
{
	void *old, *grown;
	size_t room = *cap;

	if (need <= *cap)
		return ERR_OK;
	if (need > max)
		return err_set(err, ERR_LIMIT, "more than %zu items", max);
	while (room < need)
		room = room < 8 ? 8 : room + room / 2;
	room = room > max ? max : room;
	memcpy(&old, items, sizeof(old));
	grown = reallocarray(old, room, item_size);
	if (grown == NULL)
		return err_nomem(err);
	memset((char *)grown + *cap * item_size, 0, (room - *cap) * item_size);
	memcpy(items, &grown, sizeof(grown));
	*cap = room;
	return ERR_OK;
}

enum err_code str_copy(const char *text, char **ret_copy, struct err *err)
{
	char *copy = NULL;

	if (text != NULL) {
		copy = strdup(text);
		if (copy == NULL)
			return err_nomem(err);
	}
	*ret_copy = copy;
	return ERR_OK;
}

enum err_code str_format(char **ret_text, struct err *err, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		return err_nomem(err);
	*ret_text = text;
	return ERR_OK;
}
