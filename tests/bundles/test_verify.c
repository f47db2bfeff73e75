#include "bundles/verify.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/contents.h"
#include "bundles/head.h"
#include "bundles/reading.h"
#include "bundles/slot.h"
#include "bundles/source.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/graph_text.h"
#include "tests/lib/stride.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define ON(architecture) ",\"platform\":{\"os\":\"linux\",\"architecture\":\"" architecture "\"}"
#define ATTESTS                                                                                                        \
	"{%s,\"annotations\":{\"" ANNOTATION_REFERENCE_TYPE                                                            \
	"\":\"attestation-manifest\",\"" ANNOTATION_REFERENCE_DIGEST "\":\"%s\"}}"

static const struct image_sample samples[] = {
	{ .one_manifest = true },
	{ .sha512 = true, .empty_layer = true, .absent_platform = true },
	{ 0 },
	{ .statement_bytes = 600000 },
	{ .raw_bytes = 5000000, .plain_bytes = 9000000 },
};
#define SMALL_SAMPLES 2

static void make(struct image_builder *b, const struct image_sample *sample, const char *path)
{
	image_builder_init(b);
	image_sample(b, NAME, sample);
	bundle_put(b, path, 10000);
}

/* No lock: it is told by one thread at a time. */
static void on_progress(void *ctx, uint64_t done_bytes, uint64_t total_bytes)
{
	uint64_t *last = ctx;

	ck_assert_uint_le(*last, done_bytes);
	ck_assert_uint_le(done_bytes, total_bytes);
	*last = done_bytes;
}

/* What was written proves itself, by the graph that is walked from the file alone. */
START_TEST(whole)
{
	struct image_builder b;
	struct bundle *bundle = NULL;
	struct source *source = NULL;
	struct graph g;
	struct err err = { .code = ERR_OK };
	char *path = file_new();
	uint64_t done = 0;

	make(&b, &samples[_i], path);
	ck_assert_msg(bundle_open(path, &bundle, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(bundle_source_new(bundle, &source, &err), ERR_OK);
	image_graph(&b, source, &g);
	ck_assert_msg(bundle_verify(bundle, &g, on_progress, &done, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(done, bundle->shape.tar_end);
	graph_release(&g);
	source->free(source);
	bundle_close(bundle);
	image_builder_release(&b);
	file_remove(path);
}
END_TEST

/* What was chosen of an image: the file alone tells the same graph. */
static const struct {
	const char *platform;
	bool attestations_only;
} chosen[] = { { "linux/amd64", false }, { "linux/arm64", false }, { NULL, true }, { "linux/amd64", true } };

/* What the file alone tells is right, and the graph that was put in. */
static void check_read_back(struct image_builder *b)
{
	CLEANUP(graph_release) struct graph packed, read;
	CLEANUP(free_ptr) char *packed_text = NULL;
	CLEANUP(free_ptr) char *read_text = NULL;
	struct bundle *bundle = NULL;
	struct err err = { .code = ERR_OK };
	char *path = file_new();

	bundle_put(b, path, 10000);
	image_graph(b, &b->source, &packed);
	graph_init(&read);
	ck_assert_msg(bundle_open(path, &bundle, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(contents_walk(bundle, NULL, NULL, &read, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(graph_settle(&read, NULL), ERR_OK);
	ck_assert_msg(bundle_verify(bundle, &read, NULL, NULL, &err) == ERR_OK, "%s", err.msg);
	packed_text = graph_text(&packed);
	read_text = graph_text(&read);
	ck_assert_msg(strcmp(packed_text, read_text) == 0, "%s", first_difference(packed_text, read_text));
	bundle_close(bundle);
	file_remove(path);
}

START_TEST(subset)
{
	CLEANUP(selection_release) struct selection s = { .attestations_only = chosen[_i].attestations_only };
	struct image_builder b;

	image_builder_init(&b);
	image_sample(&b, NAME, &samples[2]);
	if (chosen[_i].platform != NULL)
		ck_assert_int_eq(selection_platform(&s, chosen[_i].platform, NULL), ERR_OK);
	b.selection = &s;
	check_read_back(&b);
	image_builder_release(&b);
}
END_TEST

/* One manifest for two platforms, another one for a third, about which an entry attests that is no manifest. */
static const char *const odd_platforms[] = { "linux/amd64", "linux/arm64", "linux/s390x" };

START_TEST(odd_index)
{
	CLEANUP(selection_release) struct selection s = { 0 };
	char one[IMAGE_DESCRIPTOR_TEXT], other[IMAGE_DESCRIPTOR_TEXT], blob[IMAGE_DESCRIPTOR_TEXT];
	struct image_builder b;
	size_t item;

	image_builder_init(&b);
	image_text(&b, image_json(&b, TYPE_OCI_CONFIG, "{}"), blob);
	image_text(&b, image_json(&b, TYPE_OCI_MANIFEST, "{\"config\":{%s}}", blob), one);
	item = image_json(&b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[]}", blob);
	image_text(&b, item, other);
	image_text(&b, image_json(&b, "text/plain", "it is fine"), blob);
	image_tag(&b, NAME,
		  image_json(&b, TYPE_OCI_INDEX,
			     "{\"manifests\":[{%s" ON("amd64") "},{%s" ON("arm64") "},{%s" ON("s390x") "}," ATTESTS
												       "]}",
			     one, one, other, blob, b.items[item].digest.text));
	ck_assert_int_eq(selection_platform(&s, odd_platforms[_i], NULL), ERR_OK);
	b.selection = &s;
	check_read_back(&b);
	image_builder_release(&b);
}
END_TEST

/* Refused with exit status 3, or as something from the future. */
static bool is_refused(enum err_code code)
{
	return err_status(code) == 3 || code == ERR_UNSUPPORTED || code == ERR_LIMIT;
}

/* Open and verify against the images that were put in. */
static enum err_code judge(const char *path, struct graph *g, struct err *err)
{
	struct bundle *bundle = NULL;
	enum err_code code = bundle_open(path, &bundle, err);

	if (code == ERR_OK)
		code = bundle_verify(bundle, g, NULL, NULL, err);
	bundle_close(bundle);
	return code;
}

/* A small bundle in memory, the file that changes, and what it should hold. */
struct target {
	struct image_builder b;
	struct graph g;
	char *path;
	unsigned char *bytes;
	size_t len;
};

static void target_init(struct target *t, const struct image_sample *sample)
{
	t->path = file_new();
	make(&t->b, sample, t->path);
	image_graph(&t->b, &t->b.source, &t->g);
	t->bytes = file_bytes(t->path, &t->len);
}

static void target_release(struct target *t)
{
	free(t->bytes);
	graph_release(&t->g);
	image_builder_release(&t->b);
	file_remove(t->path);
}

/* Where the frames of the slots begin in the file. */
static size_t slots_begin(const struct target *t)
{
	const unsigned char *c = t->bytes + HEAD_OFFSET + FRAME_SKIPPABLE_HEADER_BYTES;

	return (size_t)(get_le(c + 40, 8) + get_le(c + 48, 8));
}

/* In the blank of a slot, which is long and everywhere the same. */
static bool is_blank(const struct target *t, size_t at)
{
	size_t begin = slots_begin(t);

	return at >= begin && at < begin + SLOT_COUNT * SLOT_STORED_BYTES && t->bytes[at] == ' ';
}

static void check_flipped(struct target *t, int fd, size_t at, unsigned char mask)
{
	unsigned char byte = t->bytes[at] ^ mask;
	struct err err = { .code = ERR_OK };
	enum err_code got;

	if (pwrite(fd, &byte, 1, (off_t)at) != 1)
		ck_abort();
	got = judge(t->path, &t->g, &err);
	if (!is_refused(got))
		ck_abort_msg("byte %zu of %zu xor %02x: %d (%s)", at, t->len, mask, got, err.msg);
	if (strstr(err.msg, t->path) == NULL)
		ck_abort_msg("byte %zu xor %02x: %s", at, mask, err.msg);
}

/* Not one byte of a bundle may change without being noticed, and what notices it says where: of the first bundle each
 * in four ways, of others in one of them. */
START_TEST(flipped)
{
	static const unsigned char masks[] = { 0x01, 0x10, 0x80, 0xff };
	struct target t;
	size_t at, i;
	int fd;

	target_init(&t, &samples[_i]);
	fd = open(t.path, O_WRONLY);
	for (at = 0; at < t.len; at += STRIDE) {
		size_t first = at % COUNT_OF(masks), last = first;

		if (is_blank(&t, at) && at % 15 != 0)
			continue;
		if (_i == 0) {
			first = 0;
			last = COUNT_OF(masks) - 1;
		}
		for (i = first; i <= last; i++)
			check_flipped(&t, fd, at, masks[i]);
		if (pwrite(fd, &t.bytes[at], 1, (off_t)at) != 1)
			ck_abort();
	}
	close(fd);
	target_release(&t);
}
END_TEST

START_TEST(truncated)
{
	struct target t;
	size_t len;

	target_init(&t, &samples[_i]);
	for (len = t.len - 1; len < t.len; len -= STRIDE) {
		struct bundle *bundle = NULL;
		struct err err = { .code = ERR_OK };
		enum err_code got;

		if (is_blank(&t, len) && len % 64 != 0)
			continue;
		if (truncate(t.path, (off_t)len) != 0)
			ck_abort();
		got = bundle_open(t.path, &bundle, &err);
		if (got != ERR_DAMAGED || strstr(err.msg, t.path) == NULL)
			ck_abort_msg("%zu of %zu bytes: %d (%s)", len, t.len, got, err.msg);
	}
	target_release(&t);
}
END_TEST

/* The same bytes with something put in or taken out somewhere. */
START_TEST(shifted)
{
	struct target t;
	unsigned char *bytes;
	size_t at;

	target_init(&t, &samples[0]);
	bytes = malloc(t.len + 1);
	for (at = 0; at <= t.len; at += STRIDE) {
		if (is_blank(&t, at) && at % 64 != 0)
			continue;
		memcpy(bytes, t.bytes, at);
		bytes[at] = 0;
		memcpy(bytes + at + 1, t.bytes + at, t.len - at);
		file_put(t.path, bytes, t.len + 1);
		if (!is_refused(judge(t.path, &t.g, NULL)))
			ck_abort_msg("a byte put in at %zu", at);
		if (at == t.len)
			continue;
		memcpy(bytes + at, t.bytes + at + 1, t.len - at - 1);
		file_put(t.path, bytes, t.len - 1);
		if (!is_refused(judge(t.path, &t.g, NULL)))
			ck_abort_msg("a byte taken out at %zu", at);
	}
	free(bytes);
	target_release(&t);
}
END_TEST

/* Every entry of the seek table, one more and one less, made up for by its neighbour so that the sum is right. */
START_TEST(lying_table)
{
	struct target t;
	size_t count, begin, field;

	target_init(&t, &samples[1]);
	count = (size_t)get_le(t.bytes + t.len - 9, 4);
	begin = t.len - 9 - count * 8;
	for (field = 0; field < 2 * (count - 1); field++) {
		unsigned char *here = t.bytes + begin + field * 4, *next = here + 8;
		uint64_t a = get_le(here, 4), b = get_le(next, 4);
		struct err err = { .code = ERR_OK };

		put_le(here, 4, a + 1);
		put_le(next, 4, b - 1);
		file_put(t.path, t.bytes, t.len);
		if (judge(t.path, &t.g, &err) != ERR_DAMAGED)
			ck_abort_msg("field %zu: %s", field, err.msg);
		put_le(here, 4, a);
		put_le(next, 4, b);
	}
	target_release(&t);
}
END_TEST

static const unsigned threads[] = { 1, 2, 3, 16 };

/* However many threads share the work, every byte of the tar is read once. */
START_TEST(by_threads)
{
	CLEANUP(bundle_close_ptr) struct bundle *bundle = NULL;
	struct err err = { .code = ERR_OK };
	struct target t;
	uint64_t done = 0;

	target_init(&t, &samples[4]);
	ck_assert_int_eq(bundle_open(t.path, &bundle, &err), ERR_OK);
	ck_assert_msg(verify_content(bundle, threads[_i], on_progress, &done, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(done, bundle->shape.tar_end);
	target_release(&t);
}
END_TEST

/* Damage the last byte of a layer, before the checksum of its last frame. */
static void spoil(const struct target *t, const struct bundle *b, size_t blob)
{
	uint64_t last = b->shape.contents[blob] + b->description.blobs[blob].size_bytes - 1;
	const struct seek_entry *e = &b->seek.entries[seek_find(&b->seek, last)];
	uint64_t at = e[1].file_offset - FRAME_CHECKSUM_BYTES - 1;
	unsigned char byte = (unsigned char)(t->bytes[at] ^ 1);
	int fd = open(t->path, O_WRONLY);

	ck_assert_int_eq(write_at(fd, &byte, 1, at, t->path, NULL), ERR_OK);
	close(fd);
}

/* Of several layers that are damaged the first in the file is told, also where it is the last to be found: the large
 * one stands before small ones. */
START_TEST(first_failure)
{
	CLEANUP(bundle_close_ptr) struct bundle *bundle = NULL;
	char alone[ERR_MSG_MAX];
	struct target t;
	size_t layer, i;

	target_init(&t, &samples[4]);
	ck_assert_int_eq(bundle_open(t.path, &bundle, NULL), ERR_OK);
	for (layer = bundle->shape.blobs_len; layer-- > bundle->shape.layers_from;) {
		spoil(&t, bundle, layer);
		for (i = 0; i < 5 * COUNT_OF(threads); i++) {
			struct err err = { .code = ERR_OK };

			ck_assert_int_eq(verify_content(bundle, threads[i % COUNT_OF(threads)], NULL, NULL, &err),
					 ERR_DAMAGED);
			if (i == 0)
				strcpy(alone, err.msg);
			ck_assert_str_eq(err.msg, alone);
		}
		ck_assert_msg(strstr(alone, bundle->description.blobs[layer].digest.text) != NULL ||
				      bundle->description.blobs[layer].stored == STORED_ZSTD,
			      "layer %zu: %s", layer, alone);
	}
	target_release(&t);
}
END_TEST

/* A sound file whose description does not tell of the images in it. */
START_TEST(other_images)
{
	struct target t;
	struct err err = { .code = ERR_OK };

	target_init(&t, &samples[2]);
	t.g.images[0].name = "docker.io/library/other:1";
	ck_assert_int_eq(judge(t.path, &t.g, &err), ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(err.msg, "index.json"));
	t.g.images[0].name = NAME;
	t.g.nodes[graph_find(&t.g, &t.b.items[0].digest)].role = ROLE_ARTIFACT;
	ck_assert_int_eq(judge(t.path, &t.g, &err), ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(err.msg, "bundle.json"));
	target_release(&t);
}
END_TEST

#define AT SLOT_CONTENT_AT

/* What a slot may hold, and what not. */
static const struct {
	const char *name, *text;
	size_t at; /* in the frame of the slot */
	enum err_code want;
} slots[] = {
	{ "an object", "{}", AT, ERR_OK },
	{ "another object", "{\"a\":[1,2,{}]}", AT, ERR_OK },
	{ "an object that ends late", "{                                    }", AT, ERR_OK },
	{ "a space before", "{}", AT + 1, ERR_DAMAGED },
	{ "a space in front of the end", "}", AT + SLOT_BYTES - 2, ERR_DAMAGED },
	{ "no line feed", " ", AT + SLOT_BYTES - 1, ERR_DAMAGED },
	{ "a line feed early", "{}\n", AT, ERR_DAMAGED },
	{ "a line feed alone", "\n", AT, ERR_DAMAGED },
	{ "an array", "[]", AT, ERR_DAMAGED },
	{ "two objects", "{}{}", AT, ERR_DAMAGED },
	{ "half an object", "{", AT, ERR_DAMAGED },
	{ "a member twice", "{\"a\":1,\"a\":1}", AT, ERR_DAMAGED },
	{ "too deep",
	  "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
	  "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
	  AT, ERR_DAMAGED },
	{ "a checksum announced", "\xc4", 4, ERR_DAMAGED },
	{ "another window", "\x40", 5, ERR_DAMAGED },
	{ "another size", "\x01", 6, ERR_DAMAGED },
	{ "another kind of block", "\x02", 14, ERR_DAMAGED },
	{ "another member", "B", 17, ERR_DAMAGED },
};

START_TEST(slot)
{
	struct target t;
	size_t i;

	target_init(&t, &samples[0]);
	for (i = 0; i < SLOT_COUNT; i++) {
		size_t begin = slots_begin(&t) + i * SLOT_STORED_BYTES;
		unsigned char *bytes = malloc(t.len);
		struct err err = { .code = ERR_OK };
		enum err_code got;

		memcpy(bytes, t.bytes, t.len);
		memcpy(bytes + begin + slots[_i].at, slots[_i].text, strlen(slots[_i].text));
		file_put(t.path, bytes, t.len);
		got = judge(t.path, &t.g, &err);
		ck_assert_msg(got == slots[_i].want, "%s: %d (%s)", slots[_i].name, got, err.msg);
		free(bytes);
	}
	target_release(&t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("verify");
	TCase *t = tcase_create("content");

	tcase_set_timeout(t, 600);
	tcase_add_loop_test(t, slot, 0, (int)COUNT_OF(slots));
	tcase_add_loop_test(t, whole, 0, (int)COUNT_OF(samples));
	tcase_add_loop_test(t, odd_index, 0, (int)COUNT_OF(odd_platforms));
	tcase_add_loop_test(t, subset, 0, (int)COUNT_OF(chosen));
	tcase_add_loop_test(t, flipped, 0, SMALL_SAMPLES);
	tcase_add_loop_test(t, truncated, 0, SMALL_SAMPLES);
	tcase_add_test(t, shifted);
	tcase_add_test(t, lying_table);
	tcase_add_loop_test(t, by_threads, 0, (int)COUNT_OF(threads));
	tcase_add_test(t, first_failure);
	tcase_add_test(t, other_images);
	suite_add_tcase(s, t);
	return test_run(s);
}
