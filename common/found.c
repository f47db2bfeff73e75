#include "common/found.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

struct found_entry {
	struct digest digest;
	uint64_t size_bytes;
	char *media_type; /* owned */
	enum link_kind kind;
};

enum err_code found_add(struct found *f, const struct descriptor *got, enum link_kind kind, struct err *err)
{
	struct found_entry *e;
	enum err_code code = vec_grow(&f->items, &f->cap, f->len + 1, sizeof(*f->items), LIMIT_NODES, err);

	if (code != ERR_OK)
		return code;
	e = &f->items[f->len];
	*e = (struct found_entry){ .digest = got->digest, .size_bytes = got->size_bytes, .kind = kind };
	code = str_copy(got->media_type, &e->media_type, err);
	f->len += code == ERR_OK;
	return code;
}

/* Where listings differ in what they say of a referrer, one of them comes first whatever was answered first. */
static int compare(const void *a, const void *b)
{
	const struct found_entry *x = a, *y = b;
	int order = strcmp(x->digest.text, y->digest.text);

	if (order != 0)
		return order;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->size_bytes != y->size_bytes)
		return x->size_bytes < y->size_bytes ? -1 : 1;
	return strcmp(x->media_type, y->media_type);
}

size_t found_merge(struct found *f, struct source_referrer *all)
{
	size_t len = 0, i;

	if (f->len > 0)
		qsort(f->items, f->len, sizeof(*f->items), compare);
	for (i = 0; i < f->len; i++) {
		const struct found_entry *e = &f->items[i];

		if (i > 0 && digest_equal(&e->digest, &e[-1].digest) && e->kind == e[-1].kind)
			continue;
		all[len++] = (struct source_referrer){
			.kind = e->kind,
			.descriptor = { .digest = e->digest, .size_bytes = e->size_bytes, .media_type = e->media_type },
		};
	}
	return len;
}

void found_release(struct found *f)
{
	size_t i;

	for (i = 0; i < f->len; i++)
		free(f->items[i].media_type);
	free(f->items);
	*f = (struct found){ 0 };
}
