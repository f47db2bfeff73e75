#include "common/intern.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

/* Where a text stands, or the empty place where it belongs.  The table is never full. */
static char **place(char **items, size_t cap, const char *text)
{
	size_t i = text_hash(text) & (cap - 1);

	while (items[i] != NULL && strcmp(items[i], text) != 0)
		i = (i + 1) & (cap - 1);
	return &items[i];
}

static enum err_code grow(struct intern *t, struct err *err)
{
	size_t cap = t->cap < 64 ? 64 : t->cap * 2, i;
	char **grown;

	if (t->len * 2 < t->cap)
		return ERR_OK;
	grown = calloc(cap, sizeof(*grown));
	if (grown == NULL)
		return err_nomem(err);
	for (i = 0; i < t->cap; i++) {
		if (t->items[i] != NULL)
			*place(grown, cap, t->items[i]) = t->items[i];
	}
	free(t->items);
	t->items = grown;
	t->cap = cap;
	return ERR_OK;
}

enum err_code intern_text(struct intern *t, const char *text, const char **ret_text, struct err *err)
{
	enum err_code code = grow(t, err);
	char **at;

	if (code != ERR_OK)
		return code;
	if (strlen(text) > LIMIT_TEXT_BYTES)
		return err_set(err, ERR_LIMIT, "a text of more than %d bytes: %.60s…", LIMIT_TEXT_BYTES, text);
	at = place(t->items, t->cap, text);
	if (*at == NULL) {
		code = str_copy(text, at, err);
		if (code != ERR_OK)
			return code;
		t->len++;
	}
	*ret_text = *at;
	return ERR_OK;
}

bool intern_has(const struct intern *t, const char *text)
{
	return t->len > 0 && *place(t->items, t->cap, text) != NULL;
}

void intern_release(struct intern *t)
{
	size_t i;

	for (i = 0; i < t->cap; i++)
		free(t->items[i]);
	free(t->items);
	*t = (struct intern){ 0 };
}
