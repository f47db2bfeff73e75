#include "import/blob_messages.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/grpc.h"
#include "import/protobuf.h"
#include "tests/lib/test_main.h"

/* What a containerd would have understood. */
struct heard {
	uint64_t actions[8], offsets[8], totals[8];
	bool expected[8], ref[8];
	size_t len, labels;
	struct buf data;
};

static void hear_message(struct heard *h, const void *bytes, size_t len)
{
	struct pb_field f;
	struct pb_in in;

	ck_assert_uint_lt(h->len, 8);
	pb_in_init(&in, bytes, len);
	while (pb_next(&in, &f)) {
		if (pb_is_uint(&f, 1))
			h->actions[h->len] = f.value;
		else if (pb_is_bytes(&f, 2))
			h->ref[h->len] = true;
		else if (pb_is_uint(&f, 3))
			h->totals[h->len] = f.value;
		else if (pb_is_bytes(&f, 4))
			h->expected[h->len] = true;
		else if (pb_is_uint(&f, 5))
			h->offsets[h->len] = f.value;
		else if (pb_is_bytes(&f, 6))
			ck_assert_int_eq(buf_add(&h->data, f.bytes, f.len, NULL), ERR_OK);
		else if (pb_is_bytes(&f, 7))
			h->labels++;
	}
	ck_assert_int_eq(pb_in_end(&in, "message", NULL), ERR_OK);
	h->len++;
}

static void hear(struct heard *h, const unsigned char *at, size_t len)
{
	size_t size;

	for (; len > 0; at += GRPC_HEAD_BYTES + size, len -= GRPC_HEAD_BYTES + size) {
		ck_assert_uint_ge(len, GRPC_HEAD_BYTES);
		ck_assert_int_eq(at[0], 0);
		size = (size_t)at[1] << 24 | (size_t)at[2] << 16 | (size_t)at[3] << 8 | at[4];
		ck_assert_uint_le(GRPC_HEAD_BYTES + size, len);
		hear_message(h, at + GRPC_HEAD_BYTES, size);
	}
}

/* A blob, and its content on the way. */
struct fixture {
	char *bytes;
	struct node node;
	struct gc_refs refs;
	struct memory_stream memory;
	struct proof_stream proof;
	struct heard heard;
};

static void setup(struct fixture *f, size_t len)
{
	size_t i;

	*f = (struct fixture){ .bytes = malloc(len + 1) };
	ck_assert_ptr_nonnull(f->bytes);
	for (i = 0; i < len; i++)
		f->bytes[i] = (char)(i * i >> 7);
	ck_assert_int_eq(digest_of(f->bytes, len, NULL, &f->node.digest, NULL), ERR_OK);
	f->node.size_bytes = len;
	ck_assert_int_eq(gc_refs_add(&f->refs, "config", &f->node.digest, NULL), ERR_OK);
	buf_init(&f->heard.data, 16 * MIB);
	memory_stream_init(&f->memory, f->bytes, len);
	ck_assert_int_eq(proof_stream_init(&f->proof, &f->node.digest, len, &f->memory.in, NULL), ERR_OK);
}

static void teardown(struct fixture *f)
{
	buf_release(&f->heard.data);
	gc_refs_release(&f->refs);
	free(f->bytes);
}

static enum err_code send(struct fixture *f, uint64_t from, size_t step, struct err *err)
{
	CLEANUP(blob_messages_release) struct blob_messages m = { .content = NULL };
	CLEANUP(buf_release) struct buf sent;
	char *room = malloc(step);
	size_t len = 1;
	enum err_code code = ERR_OK;

	ck_assert_ptr_nonnull(room);
	buf_init(&sent, 16 * MIB);
	ck_assert_int_eq(blob_messages_init(&m, &f->node, &f->refs, from, &f->proof.in, NULL), ERR_OK);
	while (code == ERR_OK && len > 0) {
		code = instream_read(&m.in, room, step, &len, err);
		if (code == ERR_OK)
			ck_assert_int_eq(buf_add(&sent, room, len, NULL), ERR_OK);
	}
	free(room);
	ck_assert(code != ERR_OK || sent.len == m.total_bytes);
	if (code == ERR_OK)
		hear(&f->heard, (const unsigned char *)sent.data, sent.len);
	return code;
}

static const struct {
	const char *name;
	size_t size, from, step, messages;
} cases[] = {
	{ "empty", 0, 0, 4096, 1 },
	{ "a byte", 1, 0, 1, 2 },
	{ "one message", BLOB_MESSAGE_BYTES, 0, 65536, 2 },
	{ "a byte more", BLOB_MESSAGE_BYTES + 1, 0, 65536, 3 },
	{ "in odd steps", 2 * BLOB_MESSAGE_BYTES + 777, 0, 65537, 4 },
	{ "from a byte on", BLOB_MESSAGE_BYTES + 1, 12345, 65536, 2 },
	{ "but the last byte", 100000, 99999, 65536, 2 },
	{ "all is there", 100000, 100000, 65536, 1 },
	{ "more is there", 100000, 100001, 65536, 1 },
};

START_TEST(writes_and_commits)
{
	size_t from = cases[_i].from < cases[_i].size ? cases[_i].from : cases[_i].size, last;
	const char *name = cases[_i].name;
	struct fixture f;
	struct heard *h = &f.heard;
	size_t i, at = from;

	setup(&f, cases[_i].size);
	ck_assert_msg(send(&f, cases[_i].from, cases[_i].step, NULL) == ERR_OK, "%s", name);
	ck_assert_msg(h->len == cases[_i].messages, "%s: %zu", name, h->len);
	ck_assert_msg(h->data.len == cases[_i].size - from, "%s: %zu", name, h->data.len);
	ck_assert_int_eq(memcmp(buf_text(&h->data), f.bytes + from, h->data.len), 0);
	last = h->len - 1;
	for (i = 0; i < last; i++, at += BLOB_MESSAGE_BYTES) {
		ck_assert_uint_eq(h->actions[i], 1);
		ck_assert_uint_eq(h->offsets[i], at);
		ck_assert_int_eq(h->ref[i], i == 0);
	}
	ck_assert_uint_eq(h->actions[last], 2);
	ck_assert_uint_eq(h->offsets[last], cases[_i].size);
	ck_assert_uint_eq(h->totals[last], cases[_i].size);
	ck_assert(h->expected[last] && h->ref[last]);
	ck_assert_uint_eq(h->labels, 1);
	teardown(&f);
}
END_TEST

/* A bit that flipped is found before the message that commits. */
START_TEST(commits_nothing_that_is_not_proved)
{
	static const size_t from[] = { 0, 50000, 100000 };
	struct fixture f;

	setup(&f, 100000);
	f.bytes[500] ^= 1;
	ck_assert_int_eq(send(&f, from[_i], 65536, NULL), ERR_DIGEST);
	teardown(&f);
	setup(&f, 100000);
	f.memory.left--;
	ck_assert_int_eq(send(&f, from[_i], 65536, NULL), ERR_SIZE);
	teardown(&f);
}
END_TEST

START_TEST(makes_requests)
{
	CLEANUP(buf_release) struct buf out, content;
	struct fixture f;

	setup(&f, 10);
	buf_init(&out, 1000);
	buf_init(&content, 1000);
	ck_assert_int_eq(blob_stat(&f.node, &out, NULL), ERR_OK);
	hear_message(&f.heard, out.data, out.len);
	ck_assert(f.heard.actions[0] == 0 && f.heard.ref[0] && f.heard.expected[0] && f.heard.totals[0] == 10);
	buf_clear(&out);
	ck_assert_int_eq(buf_add(&content, f.bytes, 10, NULL), ERR_OK);
	ck_assert_int_eq(blob_commit(&f.node, &f.refs, &content, &out, NULL), ERR_OK);
	hear_message(&f.heard, out.data, out.len);
	ck_assert(f.heard.actions[1] == 2 && f.heard.ref[1] && f.heard.expected[1] && f.heard.totals[1] == 10);
	ck_assert_uint_eq(f.heard.labels, 1);
	ck_assert_mem_eq(f.heard.data.data, f.bytes, 10);
	buf_clear(&out);
	ck_assert_int_eq(blob_begin(&f.node, f.bytes, 4, &out, NULL), ERR_OK);
	hear_message(&f.heard, out.data, out.len);
	ck_assert(f.heard.actions[2] == 1 && f.heard.ref[2] && f.heard.totals[2] == 10 && f.heard.offsets[2] == 0);
	ck_assert_uint_eq(f.heard.data.len, 14);
	instream_release(&f.proof.in);
	teardown(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("blob_messages");
	TCase *t = tcase_create("blob_messages");

	tcase_add_loop_test(t, writes_and_commits, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, commits_nothing_that_is_not_proved, 0, 3);
	tcase_add_test(t, makes_requests);
	suite_add_tcase(s, t);
	return test_run(s);
}
