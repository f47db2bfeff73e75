#include "common/upload_content.h"

#include <stdlib.h>

#include "common/mem.h"

static enum err_code drop(struct upload_content *c, struct err *err)
{
	char bytes[STREAM_CHUNK_BYTES];
	enum err_code code = ERR_OK;
	size_t len = 0;

	while (code == ERR_OK && c->skip_bytes > 0) {
		size_t want = c->skip_bytes < sizeof(bytes) ? (size_t)c->skip_bytes : sizeof(bytes);

		code = instream_read(c->source, bytes, want, &len, err);
		if (code == ERR_OK && len == 0)
			return err_set(err, ERR_SIZE, "ends too early");
		c->skip_bytes -= code == ERR_OK ? len : 0;
	}
	return code;
}

/* One byte is always kept back, until it is known whether it was the last, and all of them are proved. */
static enum err_code content_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct upload_content *c = OUTER_OF(in, struct upload_content, in);
	char *out = bytes;
	size_t len = 0;
	enum err_code code = drop(c, err);

	if (code == ERR_OK && !c->has_last) {
		code = instream_read(c->source, &c->last, 1, &len, err);
		c->has_last = code == ERR_OK && len == 1;
	}
	if (code != ERR_OK)
		return code;
	*ret_len = 0;
	if (!c->has_last || cap == 0)
		return ERR_OK;
	if (cap == 1)
		return err_set(err, ERR_LIMIT, "no room for what is kept back");
	code = instream_read(c->source, out + 1, cap - 1, &len, err);
	if (code != ERR_OK)
		return code;
	out[0] = c->last;
	c->has_last = len > 0;
	c->last = out[len];
	*ret_len = len > 0 ? len : 1;
	return ERR_OK;
}

void upload_content_init(struct upload_content *c, uint64_t size_bytes, upload_open_fn *open, void *ctx)
{
	*c = (struct upload_content){ .size_bytes = size_bytes, .open = open, .ctx = ctx };
	c->in.read = content_read;
}

static void close_source(struct upload_content *c)
{
	if (c->source != NULL)
		instream_release(take_ptr(&c->source));
	c->has_last = false;
}

void upload_content_release(struct upload_content *c)
{
	close_source(c);
	free(take_ptr(&c->chunk));
}

static enum err_code open_source(struct upload_content *c, struct err *err)
{
	close_source(c);
	return c->open(c->ctx, &c->source, err);
}

enum err_code upload_content_from(struct upload_content *c, uint64_t at_bytes, struct instream **ret_in,
				  struct err *err)
{
	enum err_code code = open_source(c, err);

	c->skip_bytes = at_bytes;
	*ret_in = &c->in;
	return code;
}

void upload_content_restart(struct upload_content *c)
{
	close_source(c);
	c->chunk_at_bytes = 0;
	c->chunk_len = 0;
}

static enum err_code fill(struct upload_content *c, size_t chunk_bytes, struct err *err)
{
	uint64_t at_bytes = c->chunk_at_bytes + c->chunk_len, left_bytes = c->size_bytes - at_bytes;
	size_t want = left_bytes < chunk_bytes ? (size_t)left_bytes : chunk_bytes, len = 0;
	enum err_code code = ERR_OK;

	if (c->chunk_cap < want + 1) {
		free(take_ptr(&c->chunk));
		c->chunk = malloc(want + 1);
		if (c->chunk == NULL)
			return err_nomem(err);
		c->chunk_cap = want + 1;
	}
	c->chunk_at_bytes = at_bytes;
	/* one more than wanted: room for what content_read keeps back */
	for (c->chunk_len = 0; code == ERR_OK && c->chunk_len < want; c->chunk_len += len) {
		code = instream_read(&c->in, c->chunk + c->chunk_len, want + 1 - c->chunk_len, &len, err);
		if (code == ERR_OK && len == 0)
			return err_set(err, ERR_SIZE, "ends too early");
	}
	return code;
}

enum err_code upload_content_chunk(struct upload_content *c, uint64_t at_bytes, size_t chunk_bytes,
				   const char **ret_bytes, size_t *ret_len, struct err *err)
{
	enum err_code code = ERR_OK;

	if (c->source == NULL || at_bytes < c->chunk_at_bytes || at_bytes > c->chunk_at_bytes + c->chunk_len) {
		c->chunk_at_bytes = c->skip_bytes = at_bytes;
		c->chunk_len = 0;
		code = open_source(c, err);
	}
	if (code == ERR_OK && at_bytes == c->chunk_at_bytes + c->chunk_len && at_bytes < c->size_bytes)
		code = fill(c, chunk_bytes, err);
	if (code != ERR_OK)
		return code;
	*ret_bytes = c->chunk != NULL ? c->chunk + (at_bytes - c->chunk_at_bytes) : "";
	*ret_len = c->chunk_len - (size_t)(at_bytes - c->chunk_at_bytes);
	return ERR_OK;
}
