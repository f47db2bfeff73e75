#include "tests/fuzz/scraps.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

#define SEPARATOR "\n---\n"

static const struct scrap *blob(const struct scraps *p, char name)
{
	size_t i = (size_t)(name - 'a');

	return name >= 'a' && i < p->blobs_len ? &p->items[p->blobs[i]] : NULL;
}

/* Write a scrap out; false once that is too much. */
static bool expand(const struct scraps *p, const char *bytes, size_t len, struct buf *out)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		const struct scrap *b = i + 1 < len ? blob(p, bytes[i + 1]) : NULL;

		if (b != NULL && bytes[i] == '@')
			code = buf_puts(out, b->digest.text, NULL);
		else if (b != NULL && bytes[i] == '#')
			code = buf_printf(out, NULL, "%zu", b->len);
		else
			b = NULL;
		if (b == NULL)
			code = buf_add(out, &bytes[i], 1, NULL);
		i += b != NULL;
	}
	return code == ERR_OK;
}

static bool add(struct scraps *p, char kind, const char *bytes, size_t len, size_t *left)
{
	struct scrap *scrap = &p->items[p->len];
	struct buf *text = &p->text[p->len];

	buf_init(text, *left);
	if (!expand(p, bytes, len, text)) {
		buf_release(text);
		return false;
	}
	*left -= text->len;
	*scrap = (struct scrap){ .kind = kind, .bytes = buf_text(text), .len = text->len };
	if (kind == 'b' && p->blobs_len < SCRAPS_BLOBS) {
		FUZZ_HOLDS(digest_of(scrap->bytes, scrap->len, NULL, &scrap->digest, NULL) == ERR_OK);
		p->blobs[p->blobs_len++] = p->len;
	}
	p->len++;
	return true;
}

void scraps_read(struct scraps *p, const void *bytes, size_t len)
{
	const char *at = bytes, *end = at + len;
	size_t left = SCRAPS_BYTES;

	*p = (struct scraps){ .len = 0 };
	while (at < end && p->len < SCRAPS_MAX) {
		const char *stop = memmem(at, (size_t)(end - at), SEPARATOR, strlen(SEPARATOR));
		size_t scrap_len = (size_t)((stop != NULL ? stop : end) - at);

		if (scrap_len > 0 && !add(p, at[0], at + 1, scrap_len - 1, &left))
			return;
		at = stop != NULL ? stop + strlen(SEPARATOR) : end;
	}
}

const struct scrap *scraps_find(const struct scraps *p, const struct digest *digest)
{
	size_t i;

	for (i = 0; i < p->blobs_len; i++) {
		if (digest_equal(&p->items[p->blobs[i]].digest, digest))
			return &p->items[p->blobs[i]];
	}
	return NULL;
}

void scraps_release(struct scraps *p)
{
	size_t i;

	for (i = 0; i < p->len; i++)
		buf_release(&p->text[i]);
}
