#include "import/protobuf.h"

#include <assert.h>
#include <string.h>

#include "common/mem.h"

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

#define VARINT_MAX 10
#define FIELD_MAX 536870911

/* Seven bits a byte, the lowest first. */
static size_t encode(uint64_t value, unsigned char out[VARINT_MAX])
{
	size_t len = 0;

	for (; value >= 0x80; value >>= 7)
		out[len++] = (unsigned char)(value | 0x80);
	out[len++] = (unsigned char)value;
	return len;
}

void pb_out_init(struct pb_out *o, struct buf *buf)
{
	*o = (struct pb_out){ .buf = buf };
}

static void put(struct pb_out *o, const void *bytes, size_t len)
{
	if (o->err.code == ERR_OK)
		buf_add(o->buf, bytes, len, &o->err);
}

static void put_number(struct pb_out *o, uint64_t value)
{
	unsigned char bytes[VARINT_MAX];

	put(o, bytes, encode(value, bytes));
}

static void put_tag(struct pb_out *o, unsigned field, enum wire wire)
{
	put_number(o, (uint64_t)field << 3 | wire);
}

void pb_uint(struct pb_out *o, unsigned field, uint64_t value)
{
	if (value == 0)
		return;
	put_tag(o, field, WIRE_VARINT);
	put_number(o, value);
}

void pb_bytes_head(struct pb_out *o, unsigned field, size_t len)
{
	put_tag(o, field, WIRE_BYTES);
	put_number(o, len);
}

void pb_bytes(struct pb_out *o, unsigned field, const void *bytes, size_t len)
{
	pb_bytes_head(o, field, len);
	put(o, bytes, len);
}

void pb_text(struct pb_out *o, unsigned field, const char *text)
{
	if (text != NULL && *text != '\0')
		pb_bytes(o, field, text, strlen(text));
}

void pb_begin(struct pb_out *o, unsigned field)
{
	assert(o->depth < PB_DEPTH_MAX);
	put_tag(o, field, WIRE_BYTES);
	o->begun[o->depth++] = o->buf->len;
}

/* The length goes in front of what is there already. */
void pb_end(struct pb_out *o)
{
	size_t begun = o->begun[--o->depth], len;
	unsigned char bytes[VARINT_MAX];
	size_t bytes_len;

	if (o->err.code != ERR_OK)
		return;
	len = o->buf->len - begun;
	bytes_len = encode(len, bytes);
	put(o, bytes, bytes_len);
	if (o->err.code != ERR_OK)
		return;
	memmove(o->buf->data + begun + bytes_len, o->buf->data + begun, len);
	memcpy(o->buf->data + begun, bytes, bytes_len);
}

void pb_entry(struct pb_out *o, unsigned field, const char *key, const char *value)
{
	pb_begin(o, field);
	pb_text(o, 1, key);
	pb_text(o, 2, value);
	pb_end(o);
}

enum err_code pb_out_end(struct pb_out *o, struct err *err)
{
	assert(o->depth == 0);
	if (o->err.code != ERR_OK && err != NULL)
		*err = o->err;
	return o->err.code;
}

enum err_code pb_put_message(struct buf *buf, const char *text, struct err *err)
{
	struct pb_out o;

	pb_out_init(&o, buf);
	pb_text(&o, 1, text);
	return pb_out_end(&o, err);
}

void pb_in_init(struct pb_in *in, const void *bytes, size_t len)
{
	*in = (struct pb_in){ .at = bytes, .end = len > 0 ? (const unsigned char *)bytes + len : bytes };
}

static bool read_number(struct pb_in *in, uint64_t *ret_value)
{
	uint64_t value = 0;
	unsigned shift;

	for (shift = 0; in->at < in->end && shift < 7 * VARINT_MAX; shift += 7) {
		unsigned char byte = *in->at++;

		if (shift == 63 && byte > 1)
			return false; /* more than 64 bits */
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* A number of fixed width, the lowest byte first. */
static bool read_fixed(struct pb_in *in, size_t width, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i;

	if ((size_t)(in->end - in->at) < width)
		return false;
	for (i = 0; i < width; i++)
		value |= (uint64_t)in->at[i] << (8 * i);
	in->at += width;
	*ret_value = value;
	return true;
}

static bool read_bytes(struct pb_in *in, struct pb_field *f)
{
	uint64_t len;

	if (!read_number(in, &len) || len > (uint64_t)(in->end - in->at))
		return false;
	f->is_bytes = true;
	f->bytes = in->at;
	f->len = (size_t)len;
	in->at += len;
	return true;
}

static bool read_field(struct pb_in *in, struct pb_field *f)
{
	uint64_t tag;

	if (!read_number(in, &tag) || tag >> 3 == 0 || tag >> 3 > FIELD_MAX)
		return false;
	f->number = (unsigned)(tag >> 3);
	switch (tag & 7) {
	case WIRE_VARINT:
		return read_number(in, &f->value);
	case WIRE_64:
		return read_fixed(in, 8, &f->value);
	case WIRE_BYTES:
		return read_bytes(in, f);
	case WIRE_32:
		return read_fixed(in, 4, &f->value);
	default:
		return false; /* groups, and what is no kind at all */
	}
}

bool pb_next(struct pb_in *in, struct pb_field *ret_field)
{
	struct pb_field f = { .bytes = "" };

	if (in->failed || in->at == in->end)
		return false;
	in->failed = !read_field(in, &f);
	if (!in->failed)
		*ret_field = f;
	return !in->failed;
}

bool pb_is_uint(const struct pb_field *f, unsigned number)
{
	return f->number == number && !f->is_bytes;
}

bool pb_is_bytes(const struct pb_field *f, unsigned number)
{
	return f->number == number && f->is_bytes;
}

bool pb_text_into(const struct pb_field *f, char *out, size_t out_size)
{
	if (f->len >= out_size || memchr(f->bytes, '\0', f->len) != NULL)
		return false;
	memcpy(out, f->bytes, f->len);
	out[f->len] = '\0';
	return true;
}

enum err_code pb_copy(const struct pb_field *f, char **ret_text, struct err *err)
{
	if (memchr(f->bytes, '\0', f->len) != NULL)
		return err_set(err, ERR_FORMAT, "a text with a NUL in it");
	return str_format(ret_text, err, "%.*s", (int)f->len, (const char *)f->bytes);
}

bool pb_read_entry(const struct pb_field *f, struct pb_field *ret_key, struct pb_field *ret_value)
{
	struct pb_in in;
	struct pb_field part;

	*ret_key = *ret_value = (struct pb_field){ .is_bytes = true, .bytes = "" };
	pb_in_init(&in, f->bytes, f->len);
	while (pb_next(&in, &part)) {
		if (pb_is_bytes(&part, 1))
			*ret_key = part;
		else if (pb_is_bytes(&part, 2))
			*ret_value = part;
	}
	return !in.failed;
}

enum err_code pb_in_end(const struct pb_in *in, const char *what, struct err *err)
{
	return in->failed ? err_set(err, ERR_FORMAT, "%s: no protobuf message", what) : ERR_OK;
}

enum err_code pb_each(const void *bytes, size_t len, unsigned number, pb_field_fn *fn, void *ctx, const char *what,
		      struct err *err)
{
	struct pb_in in;
	struct pb_field f;
	enum err_code code = ERR_OK;

	pb_in_init(&in, bytes, len);
	while (code == ERR_OK && pb_next(&in, &f)) {
		if (pb_is_bytes(&f, number))
			code = fn(ctx, &f, err);
	}
	return code == ERR_OK ? pb_in_end(&in, what, err) : code;
}
