#include "common/upload_content.h"

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

/* Behind the byte that was kept back come those that follow, of which one is kept back again. */
static enum err_code read_behind(struct upload_content *c, char *out, size_t cap, size_t *ret_len, struct err *err)
{
	char next = 0, *rest = cap > 1 ? out + 1 : &next;
	size_t len = 0;
	enum err_code code = instream_read(c->source, rest, cap > 1 ? cap - 1 : 1, &len, err);

	if (code != ERR_OK)
		return code;
	out[0] = c->last;
	c->has_last = len > 0;
	c->last = len > 0 ? rest[len - 1] : 0;
	*ret_len = len > 0 ? len : 1;
	c->at_bytes += *ret_len;
	return ERR_OK;
}

/* One byte is always kept back, until it is known whether it was the last, and all of them are proved. */
static enum err_code content_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct upload_content *c = OUTER_OF(in, struct upload_content, in);
	size_t len = 0;
	enum err_code code;

	*ret_len = 0;
	if (c->at_bytes == c->size_bytes) /* a proof is asked once whether it was the end */
		return ERR_OK;
	code = drop(c, err);
	if (code == ERR_OK && !c->has_last) {
		code = instream_read(c->source, &c->last, 1, &len, err);
		c->has_last = code == ERR_OK && len == 1;
	}
	if (code != ERR_OK)
		return code;
	return c->has_last && cap > 0 ? read_behind(c, bytes, cap, ret_len, err) : ERR_OK;
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
}

enum err_code upload_content_from(struct upload_content *c, uint64_t at_bytes, struct instream **ret_in,
				  struct err *err)
{
	*ret_in = &c->in;
	if (c->source != NULL && at_bytes == c->at_bytes)
		return ERR_OK;
	close_source(c);
	c->at_bytes = c->skip_bytes = at_bytes;
	return c->open(c->ctx, &c->source, err);
}
