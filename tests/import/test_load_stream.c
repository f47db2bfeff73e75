#include "import/load_stream.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

#define NAME "r.test/app:1"
#define TAR_MAX (1 << 20)

static const struct load_file files[] = { { "blobs/sha256/extra", "[]", 2 }, { "index.json", "{}", 2 } };

struct fixture {
	struct image_builder images;
	char *path;
	struct bundle *bundle;
	struct mapping names;
	struct plan plan;
	struct progress progress;
	unsigned char *tar;
	size_t len;
};

static void setup(struct fixture *f)
{
	struct image_sample sample = { .raw_bytes = 5000, .empty_layer = true };
	struct err err = { 0 };

	*f = (struct fixture){ .tar = malloc(TAR_MAX) };
	ck_assert_ptr_nonnull(f->tar);
	image_builder_init(&f->images);
	image_sample(&f->images, NAME, &sample);
	f->path = file_new();
	bundle_put(&f->images, f->path, 1000);
	ck_assert_int_eq(bundle_open(f->path, &f->bundle, &err), ERR_OK);
	ck_assert_msg(plan_make(f->bundle, &f->names, &f->plan, &err) == ERR_OK, "%s", err.msg);
	progress_init(&f->progress, PROGRESS_QUIET, stderr, NULL);
	f->plan.progress = &f->progress;
}

static void teardown(struct fixture *f)
{
	plan_release(&f->plan);
	mapping_release(&f->names);
	bundle_close(f->bundle);
	image_builder_release(&f->images);
	file_remove(f->path);
	free(f->tar);
}

static enum err_code read_all(struct fixture *f, size_t cap, struct err *err)
{
	CLEANUP(load_stream_release) struct load_stream s = { 0 };
	enum err_code code = load_stream_init(&s, &f->plan, files, COUNT_OF(files), err);
	size_t len = 1;

	for (f->len = 0; code == ERR_OK && len > 0; f->len += len) {
		ck_assert_uint_le(f->len + cap, TAR_MAX);
		code = instream_read(&s.in, f->tar + f->len, cap, &len, err);
		ck_assert_int_eq(s.failed, code != ERR_OK);
		len = code == ERR_OK ? len : 0;
	}
	return code;
}

/* The content of the member at *at, which moves on to the next one; NULL at the end of the archive. */
static const unsigned char *next_member(const struct fixture *f, size_t *at, char name[101], size_t *ret_len)
{
	const unsigned char *header = f->tar + *at;

	ck_assert_uint_le(*at + TAR_BLOCK, f->len);
	if (header[0] == '\0')
		return NULL;
	memcpy(name, header, 100);
	name[100] = '\0';
	*ret_len = strtoul((const char *)header + 124, NULL, 8);
	*at += TAR_BLOCK + *ret_len + tar_padding_bytes(*ret_len);
	ck_assert_uint_le(*at, f->len);
	return header + TAR_BLOCK;
}

static void check_blob(const struct fixture *f, uint32_t node, const char *name, const unsigned char *content,
		       size_t len)
{
	const struct node *n = &f->plan.graph.nodes[node];
	char want[101];

	snprintf(want, sizeof(want), "blobs/sha256/%s", digest_hex(&n->digest));
	ck_assert_str_eq(name, want);
	ck_assert_int_eq(digest_check(content, len, &n->digest, n->size_bytes, NULL), ERR_OK);
}

static void check_tar(const struct fixture *f)
{
	char name[101];
	size_t at = 0, len = 0, i;
	const unsigned char *content = next_member(f, &at, name, &len);

	ck_assert_str_eq(name, "oci-layout");
	ck_assert_mem_eq(content, "{\"imageLayoutVersion\":\"1.0.0\"}", len);
	for (i = 0; i < f->plan.order_len; i++) {
		if (!plan_sends(&f->plan, f->plan.order[i]))
			continue;
		content = next_member(f, &at, name, &len);
		ck_assert_ptr_nonnull(content);
		check_blob(f, f->plan.order[i], name, content, len);
	}
	for (i = 0; i < COUNT_OF(files); i++) {
		content = next_member(f, &at, name, &len);
		ck_assert_ptr_nonnull(content);
		ck_assert_str_eq(name, files[i].name);
		ck_assert_mem_eq(content, files[i].bytes, len);
	}
	ck_assert_ptr_null(next_member(f, &at, name, &len));
	ck_assert_uint_eq(at + TAR_END_BYTES, f->len);
}

static const size_t caps[] = { 1, 7, 511, 512, 513, 65536 };

START_TEST(makes_a_tar)
{
	struct fixture f;
	struct err err = { 0 };
	uint64_t want_bytes = 0;
	size_t i;

	setup(&f);
	ck_assert_msg(read_all(&f, caps[_i], &err) == ERR_OK, "%s", err.msg);
	check_tar(&f);
	for (i = 0; i < f.plan.order_len; i++)
		want_bytes += f.plan.graph.nodes[f.plan.order[i]].size_bytes;
	ck_assert_uint_eq(f.plan.sent_bytes, want_bytes);
	ck_assert_uint_eq(f.progress.done_bytes, want_bytes);
	teardown(&f);
}
END_TEST

START_TEST(leaves_out_what_is_skipped)
{
	struct fixture f;
	struct err err = { 0 };
	size_t i;

	setup(&f);
	for (i = 0; i < f.plan.order_len; i += 2)
		f.plan.skip[f.plan.order[i]] = true;
	ck_assert_msg(read_all(&f, 4096, &err) == ERR_OK, "%s", err.msg);
	check_tar(&f);
	teardown(&f);
}
END_TEST

START_TEST(ends_with_a_blob_that_is_another)
{
	struct fixture f;
	struct err err = { 0 };
	struct node *last;

	setup(&f);
	last = &f.plan.graph.nodes[f.plan.order[f.plan.order_len - 1]];
	last->size_bytes--;
	ck_assert_int_eq(read_all(&f, 4096, &err), ERR_SIZE);
	ck_assert_ptr_nonnull(strstr(err.msg, last->digest.text));
	ck_assert_ptr_null(memmem(f.tar, f.len, "index.json", 10));
	teardown(&f);
}
END_TEST

START_TEST(may_be_dropped_anywhere)
{
	struct fixture f;
	struct err err = { 0 };
	unsigned char bytes[700];
	size_t i, reads, len;

	setup(&f);
	for (reads = 0; reads < 40; reads++) {
		CLEANUP(load_stream_release) struct load_stream s = { 0 };

		ck_assert_int_eq(load_stream_init(&s, &f.plan, files, COUNT_OF(files), &err), ERR_OK);
		for (i = 0; i < reads; i++)
			ck_assert_int_eq(instream_read(&s.in, bytes, sizeof(bytes), &len, &err), ERR_OK);
	}
	teardown(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("load_stream");
	TCase *t = tcase_create("tar");

	tcase_add_loop_test(t, makes_a_tar, 0, (int)COUNT_OF(caps));
	tcase_add_test(t, leaves_out_what_is_skipped);
	tcase_add_test(t, ends_with_a_blob_that_is_another);
	tcase_add_test(t, may_be_dropped_anywhere);
	suite_add_tcase(s, t);
	return test_run(s);
}
