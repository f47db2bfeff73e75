/* protobuf.h - the wire format of protocol buffers, as far as small messages need it.
 *
 * Lifecycle  Writing: pb_out_init on an empty or begun buffer; fields in any
 *            order; pb_out_end.  Reading: pb_in_init; pb_next until it gives
 *            false; pb_in_end.
 * Bounds     Writing: the buffer's maximum, PB_DEPTH_MAX messages in each other.
 *            Reading: nothing is allocated; a length never leads beyond the
 *            message that it stands in.
 * Ownership  Fields that were read borrow the message's bytes.
 * Errors     ERR_FORMAT (no message), ERR_LIMIT, ERR_NOMEM.  The first failure
 *            stays: pb_out_end and pb_in_end return it.
 * Source     protobuf.dev, "Encoding"; proto3: what has its default value is not
 *            written, a map is a list of entries, groups do not exist.
 */
#ifndef IMPORT_PROTOBUF_H
#define IMPORT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

#define PB_DEPTH_MAX 4

struct pb_out {
	struct buf *buf; /* borrowed */
	size_t begun[PB_DEPTH_MAX];
	unsigned depth;
	struct err err; /* the first failure */
};

void pb_out_init(struct pb_out *o, struct buf *buf);
void pb_uint(struct pb_out *o, unsigned field, uint64_t value);
/* NULL is left out, as "" is. */
void pb_text(struct pb_out *o, unsigned field, const char *text);
/* Written even where it is empty: an item of a list. */
void pb_bytes(struct pb_out *o, unsigned field, const void *bytes, size_t len);
/* The head of a field of bytes that the caller sends behind it. */
void pb_bytes_head(struct pb_out *o, unsigned field, size_t len);
/* A message within the message. */
void pb_begin(struct pb_out *o, unsigned field);
void pb_end(struct pb_out *o);
/* An entry of a map from text to text. */
void pb_entry(struct pb_out *o, unsigned field, const char *key, const char *value);
enum err_code pb_out_end(struct pb_out *o, struct err *err);
/* A whole message whose one field is a text, with the number 1. */
enum err_code pb_put_message(struct buf *buf, const char *text, struct err *err);

struct pb_in {
	const unsigned char *at, *end;
	bool failed;
};

struct pb_field {
	unsigned number;
	bool is_bytes;  /* a text, bytes or a message; else a number */
	uint64_t value; /* of a number */
	const void *bytes;
	size_t len;
};

void pb_in_init(struct pb_in *in, const void *bytes, size_t len);
/* The next field; false at the end and where there is no field. */
bool pb_next(struct pb_in *in, struct pb_field *ret_field);
/* The next field that is a number, or that is a text or message, and has this number in the message. */
bool pb_is_uint(const struct pb_field *f, unsigned number);
bool pb_is_bytes(const struct pb_field *f, unsigned number);
/* The field as a new text.  One with a NUL in it is ERR_FORMAT. */
enum err_code pb_copy(const struct pb_field *f, char **ret_text, struct err *err);
/* The same into the caller's room: false where it does not fit or has a NUL in it. */
bool pb_text_into(const struct pb_field *f, char *out, size_t out_size);
/* Key and value of an entry of a map; either may be missing, and is empty then. */
bool pb_read_entry(const struct pb_field *f, struct pb_field *ret_key, struct pb_field *ret_value);
/* Give each text or message with this number in a message to fn; the first failure ends it. */
typedef enum err_code pb_field_fn(void *ctx, const struct pb_field *f, struct err *err);
enum err_code pb_each(const void *bytes, size_t len, unsigned number, pb_field_fn *fn, void *ctx, const char *what,
		      struct err *err);
/* ERR_FORMAT where the message did not end as it should; what names it. */
enum err_code pb_in_end(const struct pb_in *in, const char *what, struct err *err);
#endif
