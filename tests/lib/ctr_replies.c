#include "tests/lib/ctr_replies.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "import/gc_refs.h"
#include "import/grpc.h"
#include "import/protobuf.h"

/* A message with its head. */
static void add(struct ctr_replies *r, const struct buf *message)
{
	struct buf *bytes = &r->bytes[r->len];
	unsigned char head[GRPC_HEAD_BYTES];

	ck_assert_uint_lt(r->len, CTR_REPLIES_MAX);
	buf_init(bytes, CTR_REPLY_BYTES);
	grpc_head(message->len, head);
	ck_assert_int_eq(buf_add(bytes, head, sizeof(head), NULL), ERR_OK);
	ck_assert_int_eq(buf_add(bytes, message->data, message->len, NULL), ERR_OK);
	r->replies[r->len++] = (struct grpc_reply){ .body = bytes->data, .len = bytes->len };
}

void ctr_reply_version(struct ctr_replies *r)
{
	CLEANUP(buf_release) struct buf message = { .max = CTR_REPLY_BYTES };

	ck_assert_int_eq(pb_put_message(&message, "2.1.0", NULL), ERR_OK);
	add(r, &message);
}

void ctr_reply_images(struct ctr_replies *r, const char *name, const struct digest *target)
{
	CLEANUP(buf_release) struct buf message = { .max = CTR_REPLY_BYTES };
	struct pb_out o;

	pb_out_init(&o, &message);
	pb_begin(&o, 1);
	pb_text(&o, 1, name);
	pb_begin(&o, 3);
	pb_text(&o, 2, target->text);
	pb_end(&o);
	pb_end(&o);
	ck_assert_int_eq(pb_out_end(&o, NULL), ERR_OK);
	add(r, &message);
}

void ctr_reply_read(struct ctr_replies *r, const char *text)
{
	CLEANUP(buf_release) struct buf message = { .max = CTR_REPLY_BYTES };
	struct pb_out o;

	pb_out_init(&o, &message);
	pb_text(&o, 2, text);
	ck_assert_int_eq(pb_out_end(&o, NULL), ERR_OK);
	add(r, &message);
}

void ctr_reply_info(struct ctr_replies *r, const struct ctr_label *labels, size_t len)
{
	CLEANUP(buf_release) struct buf message = { .max = CTR_REPLY_BYTES };
	char label[sizeof(GC_REF_PREFIX) + GC_REF_MAX];
	struct pb_out o;
	size_t i;

	pb_out_init(&o, &message);
	pb_begin(&o, 1);
	pb_uint(&o, 2, 1);
	for (i = 0; i < len; i++) {
		snprintf(label, sizeof(label), GC_REF_PREFIX "%s", labels[i].key);
		pb_entry(&o, 5, label, labels[i].to->text);
	}
	pb_end(&o);
	ck_assert_int_eq(pb_out_end(&o, NULL), ERR_OK);
	add(r, &message);
}

void ctr_replies_release(struct ctr_replies *r)
{
	size_t i;

	for (i = 0; i < r->len; i++)
		buf_release(&r->bytes[i]);
}
