#include "common/asked.h"

#include <stdlib.h>

#include "common/mem.h"

/* Never 0, which is an empty place. */
static uint64_t key_of(uint32_t node, uint16_t source, enum asked_what what)
{
	return ((uint64_t)node << 17 | (uint64_t)source << 1 | what) + 1;
}

static uint64_t *place_of(uint64_t *keys, size_t cap, uint64_t key)
{
	size_t i = (size_t)(key * 0x9E3779B97F4A7C15u >> 32) & (cap - 1);

	while (keys[i] != 0 && keys[i] != key)
		i = (i + 1) & (cap - 1);
	return &keys[i];
}

static enum err_code grow(struct asked *a, struct err *err)
{
	size_t cap = a->cap < 64 ? 64 : a->cap * 2, i;
	uint64_t *grown;

	if (a->len * 2 < a->cap)
		return ERR_OK;
	grown = calloc(cap, sizeof(*grown));
	if (grown == NULL)
		return err_nomem(err);
	for (i = 0; i < a->cap; i++) {
		if (a->keys[i] != 0)
			*place_of(grown, cap, a->keys[i]) = a->keys[i];
	}
	free(a->keys);
	a->keys = grown;
	a->cap = cap;
	return ERR_OK;
}

enum err_code asked_once(struct asked *a, uint32_t node, uint16_t source, enum asked_what what, bool *ret_first,
			 struct err *err)
{
	uint64_t key = key_of(node, source, what), *place;
	enum err_code code = grow(a, err);

	if (code != ERR_OK)
		return code;
	place = place_of(a->keys, a->cap, key);
	*ret_first = *place == 0;
	a->len += *ret_first;
	*place = key;
	return ERR_OK;
}

bool asked_has(const struct asked *a, uint32_t node, uint16_t source, enum asked_what what)
{
	return a->cap > 0 && *place_of(a->keys, a->cap, key_of(node, source, what)) != 0;
}

void asked_release(struct asked *a)
{
	free(a->keys);
	*a = (struct asked){ 0 };
}
