#include "import/blob_messages.h"

#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/containerd.h"

#define SKIP_BYTES 65536

enum action { ACTION_STAT, ACTION_WRITE, ACTION_COMMIT };

enum field {
	FIELD_ACTION = 1,
	FIELD_REF,
	FIELD_TOTAL,
	FIELD_EXPECTED,
	FIELD_OFFSET,
	FIELD_DATA,
	FIELD_LABELS,
};

static void put_ref(struct pb_out *o, unsigned field, const struct node *n)
{
	char ref[sizeof("bundle-") + DIGEST_TEXT_SIZE];

	snprintf(ref, sizeof(ref), "bundle-%s", n->digest.text);
	pb_text(o, field, ref);
}

static void put_what(struct pb_out *o, const struct node *n, enum action action)
{
	pb_uint(o, FIELD_ACTION, action);
	put_ref(o, FIELD_REF, n);
	pb_uint(o, FIELD_TOTAL, n->size_bytes);
	pb_text(o, FIELD_EXPECTED, n->digest.text);
}

enum err_code blob_stat(const struct node *n, struct buf *out, struct err *err)
{
	struct pb_out o;

	pb_out_init(&o, out);
	put_what(&o, n, ACTION_STAT);
	return pb_out_end(&o, err);
}

enum err_code blob_abort(const struct node *n, struct buf *out, struct err *err)
{
	struct pb_out o;

	pb_out_init(&o, out);
	put_ref(&o, 1, n);
	return pb_out_end(&o, err);
}

enum err_code blob_commit(const struct node *n, const struct gc_refs *refs, const struct buf *content, struct buf *out,
			  struct err *err)
{
	struct pb_out o;

	pb_out_init(&o, out);
	put_what(&o, n, ACTION_COMMIT);
	containerd_put_refs(&o, FIELD_LABELS, refs);
	if (content->len > 0)
		pb_bytes(&o, FIELD_DATA, content->data, content->len);
	return pb_out_end(&o, err);
}

enum err_code blob_begin(const struct node *n, const void *bytes, size_t len, struct buf *out, struct err *err)
{
	struct pb_out o;

	pb_out_init(&o, out);
	put_what(&o, n, ACTION_WRITE);
	pb_bytes(&o, FIELD_DATA, bytes, len);
	return pb_out_end(&o, err);
}

/* The frame's head can only be made when the length of all that follows is known. */
static enum err_code begin_message(struct blob_messages *m, const struct buf *message, uint64_t data_len,
				   struct err *err)
{
	unsigned char head[GRPC_HEAD_BYTES];
	enum err_code code;

	grpc_head(message->len + data_len, head);
	buf_clear(&m->head);
	m->head_at = 0;
	m->left_bytes = data_len;
	code = buf_add(&m->head, head, sizeof(head), err);
	return code == ERR_OK ? buf_add(&m->head, message->data, message->len, err) : code;
}

static enum err_code begin_data(struct blob_messages *m, struct err *err)
{
	uint64_t left = m->node->size_bytes - m->at_bytes, len = left < BLOB_MESSAGE_BYTES ? left : BLOB_MESSAGE_BYTES;
	CLEANUP(buf_release) struct buf message;
	struct pb_out o;
	enum err_code code;

	buf_init(&message, LIMIT_TEXT_BYTES);
	pb_out_init(&o, &message);
	if (m->begun)
		pb_uint(&o, FIELD_ACTION, ACTION_WRITE);
	else
		put_what(&o, m->node, ACTION_WRITE);
	pb_uint(&o, FIELD_OFFSET, m->at_bytes);
	pb_bytes_head(&o, FIELD_DATA, (size_t)len);
	m->begun = true;
	code = pb_out_end(&o, err);
	return code == ERR_OK ? begin_message(m, &message, len, err) : code;
}

/* The offset says that nothing is to be written over: 0 would mean the beginning. */
static enum err_code begin_commit(struct blob_messages *m, struct err *err)
{
	CLEANUP(buf_release) struct buf message;
	struct pb_out o;
	enum err_code code;

	buf_init(&message, LIMIT_GRPC_BYTES);
	pb_out_init(&o, &message);
	put_what(&o, m->node, ACTION_COMMIT);
	pb_uint(&o, FIELD_OFFSET, m->node->size_bytes);
	containerd_put_refs(&o, FIELD_LABELS, m->refs);
	m->begun = m->committed = true;
	code = pb_out_end(&o, err);
	return code == ERR_OK ? begin_message(m, &message, 0, err) : code;
}

static enum err_code skip(struct blob_messages *m, struct err *err)
{
	char bytes[SKIP_BYTES];
	enum err_code code = ERR_OK;

	while (code == ERR_OK && m->at_bytes < m->from_bytes) {
		uint64_t left = m->from_bytes - m->at_bytes;
		size_t len = 0;

		code = instream_read(m->content, bytes, left < sizeof(bytes) ? (size_t)left : sizeof(bytes), &len, err);
		m->at_bytes += len;
	}
	return code;
}

/* Behind the last byte the proof is due, and only then the blob may count. */
static enum err_code end_content(struct blob_messages *m, struct err *err)
{
	char byte;
	size_t len = 0;
	enum err_code code = instream_read(m->content, &byte, 1, &len, err);

	return code == ERR_OK ? begin_commit(m, err) : code;
}

static enum err_code begin_next(struct blob_messages *m, struct err *err)
{
	enum err_code code = skip(m, err);

	if (code != ERR_OK)
		return code;
	return m->at_bytes < m->node->size_bytes ? begin_data(m, err) : end_content(m, err);
}

static size_t read_head(struct blob_messages *m, void *bytes, size_t cap)
{
	size_t left = m->head.len - m->head_at, len = left < cap ? left : cap;

	memcpy(bytes, m->head.data + m->head_at, len);
	m->head_at += len;
	return len;
}

static enum err_code read_data(struct blob_messages *m, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	enum err_code code =
		instream_read(m->content, bytes, m->left_bytes < cap ? (size_t)m->left_bytes : cap, ret_len, err);

	m->left_bytes -= *ret_len;
	m->at_bytes += *ret_len;
	return code;
}

static enum err_code messages_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct blob_messages *m = OUTER_OF(in, struct blob_messages, in);
	enum err_code code = ERR_OK;

	*ret_len = 0;
	while (code == ERR_OK && *ret_len == 0) {
		if (m->head_at < m->head.len)
			*ret_len = read_head(m, bytes, cap);
		else if (m->left_bytes > 0)
			code = read_data(m, bytes, cap, ret_len, err);
		else if (m->committed)
			break;
		else
			code = begin_next(m, err);
	}
	return code;
}

/* Make every head once, and let the content be. */
static enum err_code measure(struct blob_messages *m, struct err *err)
{
	enum err_code code = ERR_OK;

	m->at_bytes = m->from_bytes;
	while (code == ERR_OK && !m->committed) {
		code = m->at_bytes < m->node->size_bytes ? begin_data(m, err) : begin_commit(m, err);
		m->total_bytes += m->head.len + m->left_bytes;
		m->at_bytes += m->left_bytes;
	}
	m->at_bytes = m->left_bytes = 0;
	m->begun = m->committed = false;
	buf_clear(&m->head);
	return code;
}

enum err_code blob_messages_init(struct blob_messages *m, const struct node *n, const struct gc_refs *refs,
				 uint64_t from_bytes, struct instream *content, struct err *err)
{
	*m = (struct blob_messages){
		.in = { .read = messages_read },
		.content = content,
		.node = n,
		.refs = refs,
		.from_bytes = from_bytes < n->size_bytes ? from_bytes : n->size_bytes,
	};
	buf_init(&m->head, LIMIT_GRPC_BYTES);
	return measure(m, err);
}

void blob_messages_release(struct blob_messages *m)
{
	if (m->content != NULL)
		instream_release(m->content);
	buf_release(&m->head);
	*m = (struct blob_messages){ .content = NULL };
}
