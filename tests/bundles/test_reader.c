#include "bundles/reader.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/head.h"
#include "bundles/source.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define NOBODY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct fixture {
	struct image_builder b;
	struct bundle *bundle;
	char *path;
	struct err err;
};

static void set_up(struct fixture *f, const struct image_sample *sample)
{
	*f = (struct fixture){ .path = file_new() };
	image_builder_init(&f->b);
	image_sample(&f->b, NAME, sample);
	bundle_put(&f->b, f->path, 65536);
	ck_assert_msg(bundle_open(f->path, &f->bundle, &f->err) == ERR_OK, "%s", f->err.msg);
}

static void tear_down(struct fixture *f)
{
	bundle_close(f->bundle);
	image_builder_release(&f->b);
	file_remove(f->path);
}

static void read_whole(struct instream *in, struct buf *out)
{
	struct buf_stage stage;
	struct err err = { .code = ERR_OK };

	buf_init(out, 1 << 28);
	buf_stage_init(&stage, out);
	ck_assert_msg(stream_copy(in, &stage.out, &err) == ERR_OK, "%s", err.msg);
	instream_release(in);
}

static const struct image_sample samples[] = {
	{ .one_manifest = true },
	{ .sha512 = true, .empty_layer = true, .statement_bytes = 700000 },
	{ .raw_bytes = 4194304, .plain_bytes = 4194304 },
	{ .raw_bytes = 9000001, .plain_bytes = 13000001 },
};

/* Every blob comes out as it went in, with all streams open at once. */
START_TEST(blobs)
{
	const struct description *d;
	struct instream *in[IMAGE_ITEMS];
	struct fixture f;
	size_t i;

	set_up(&f, &samples[_i]);
	d = bundle_description(f.bundle);
	for (i = 0; i < d->blobs_len; i++)
		ck_assert_int_eq(bundle_blob(f.bundle, &d->blobs[i].digest, &in[i], &f.err), ERR_OK);
	for (i = 0; i < d->blobs_len; i++) {
		const struct image_item *item = image_item(&f.b, &d->blobs[i].digest);
		struct buf got;

		read_whole(in[i], &got);
		ck_assert_uint_eq(got.len, item->len);
		ck_assert(item->len == 0 || memcmp(got.data, item->bytes, item->len) == 0);
		buf_release(&got);
	}
	tear_down(&f);
}
END_TEST

START_TEST(facts)
{
	struct instream *in = NULL;
	struct digest digest;
	struct buf text;
	struct fixture f;

	set_up(&f, &(struct image_sample){ .absent_platform = true });
	ck_assert_str_eq(bundle_path(f.bundle), f.path);
	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	ck_assert_int_eq(bundle_description_read(f.bundle, &text, &f.err), ERR_OK);
	ck_assert_int_eq(digest_of(text.data, text.len, NULL, &digest, NULL), ERR_OK);
	ck_assert(digest_equal(&digest, bundle_digest(f.bundle)));
	ck_assert_ptr_nonnull(strstr(buf_text(&text), NAME));
	buf_release(&text);
	ck_assert_int_eq(digest_parse(NOBODY, &digest, NULL), ERR_OK);
	ck_assert_int_eq(bundle_blob(f.bundle, &digest, &in, &f.err), ERR_NOT_FOUND);
	digest = bundle_description(f.bundle)->blobs[bundle_description(f.bundle)->blobs_len - 1].digest;
	ck_assert_int_eq(bundle_blob(f.bundle, &digest, &in, &f.err), ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "absent"));
	tear_down(&f);
}
END_TEST

static const struct {
	const char *name, *bytes;
	size_t len;
} strangers[] = {
	{ "empty", "", 0 },
	{ "text", "hello, this is no bundle at all\n", 32 },
	{ "empty zstd frame", FRAME_EMPTY, 9 },
	{ "gzip", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10 },
};

START_TEST(no_bundle)
{
	struct bundle *b = NULL;
	struct err err = { .code = ERR_OK };
	char *path = file_new();

	file_put(path, strangers[_i].bytes, strangers[_i].len);
	ck_assert_int_eq(bundle_open(path, &b, &err), ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a bundle"));
	unlink(path);
	ck_assert_int_eq(bundle_open(path, &b, &err), ERR_NOT_FOUND);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(bundle_open(path, &b, &err), ERR_DAMAGED);
	rmdir(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* and does not wait for someone to write to it */
	ck_assert_int_eq(bundle_open(path, &b, &err), ERR_USAGE);
	file_remove(path);
}
END_TEST

/* A head that was changed by someone who knows how to make its checksum. */
static const struct {
	const char *name;
	size_t at, len;
	uint64_t value;
	enum err_code want;
} heads[] = {
	{ "as it is", 0, 0, 0, ERR_OK },
	{ "version from the future", 16, 4, 2, ERR_UNSUPPORTED },
	{ "other encoder", 20, 4, 99999, ERR_OK },
	{ "required feature", 24, 8, 1, ERR_UNSUPPORTED },
	{ "last required feature", 24, 8, (uint64_t)1 << 63, ERR_UNSUPPORTED },
	{ "optional feature", 32, 8, 1, ERR_OK },
	{ "front elsewhere", 40, 8, 1, ERR_DAMAGED },
	{ "front longer", 48, 8, 100000, ERR_DAMAGED },
	{ "index of every size", 56, 8, UINT64_MAX, ERR_DAMAGED },
	{ "index of another size", 56, 8, 3, ERR_DAMAGED },
	{ "description elsewhere", 64, 8, 512, ERR_DAMAGED },
	{ "description of every size", 72, 8, UINT64_MAX, ERR_DAMAGED },
	{ "description of 32 MiB", 72, 8, 1 << 25, ERR_DAMAGED },
	{ "description of no bytes", 72, 8, 0, ERR_DAMAGED },
	{ "no digest", 80, 1, 0, ERR_DAMAGED },
	{ "digest without end", 151, 1, '0', ERR_DAMAGED },
	{ "other digest", 87, 1, 'f', ERR_DAMAGED },
};

START_TEST(head)
{
	struct bundle *b = NULL;
	struct err err = { .code = ERR_OK };
	unsigned char *bytes, *content;
	struct fixture f;
	size_t len;
	enum err_code got;

	set_up(&f, &samples[0]);
	bytes = file_bytes(f.path, &len);
	content = bytes + HEAD_OFFSET + FRAME_SKIPPABLE_HEADER_BYTES;
	put_le(content + heads[_i].at, heads[_i].len, heads[_i].value);
	if (strcmp(heads[_i].name, "other digest") == 0 && memcmp(content + 87, "ff", 2) == 0)
		content[88] = '0';
	put_le(content + 152, 4, checksum_of(content, 152));
	file_put(f.path, bytes, len);
	got = bundle_open(f.path, &b, &err);
	ck_assert_msg(got == heads[_i].want, "%s: got %d (%s)", heads[_i].name, got, err.msg);
	bundle_close(b);
	free(bytes);
	tear_down(&f);
}
END_TEST

static enum err_code on_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	(void)err;
	*(size_t *)ctx = m->bytes != NULL ? m->len : 0;
	return ERR_OK;
}

static enum err_code on_referrers(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	(void)referrers;
	(void)err;
	*(size_t *)ctx = len;
	return ERR_OK;
}

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	(void)err;
	*(bool *)ctx = there;
	return ERR_OK;
}

static const struct {
	const char *name, *text;
	bool found;
} names[] = {
	{ "normalised", NAME, true },
	{ "short", "app:1", true },
	{ "other tag", "app:2", false },
	{ "other host", "ghcr.io/library/app:1", false },
	{ "other digest", "app:1@" NOBODY, false },
};

START_TEST(source)
{
	struct reference ref = { 0 };
	struct source *s = NULL;
	struct fixture f;
	size_t len = 99;

	set_up(&f, &(struct image_sample){ 0 });
	ck_assert_int_eq(bundle_source_new(f.bundle, &s, &f.err), ERR_OK);
	ck_assert_int_eq(reference_parse(names[_i].text, &ref, &f.err), ERR_OK);
	ck_assert_int_eq(s->resolve(s, &ref, on_manifest, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, names[_i].found ? f.b.items[f.b.tags[0].root].len : 0);
	ck_assert_int_eq(s->referrers(s, &f.b.items[f.b.tags[0].root].digest, on_referrers, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, 2);
	reference_release(&ref);
	s->free(s);
	tear_down(&f);
}
END_TEST

/* A blob is pushed whole and proved; damage in it ends in an error, not in the asker's hands as a finished blob. */
START_TEST(source_damaged)
{
	struct source *s = NULL;
	struct descriptor d = { .media_type = "t" };
	const struct description *description;
	struct buf bytes = { .max = 1 << 20 }, rest;
	struct buf_stage out;
	unsigned char *file, *at;
	struct fixture f;
	bool done = false;
	size_t len, i;

	set_up(&f, &samples[0]);
	description = bundle_description(f.bundle);
	for (i = 0; description->blobs[i].stored != STORED_RAW; i++)
		;
	d.digest = description->blobs[i].digest;
	d.size_bytes = description->blobs[i].size_bytes;
	buf_stage_init(&out, &bytes);
	ck_assert_int_eq(bundle_source_new(f.bundle, &s, &f.err), ERR_OK);
	ck_assert_int_eq(s->blob(s, &d, 0, d.size_bytes, &out.out, on_blob, &done, &f.err), ERR_OK);
	ck_assert(done);
	ck_assert_uint_eq(bytes.len, d.size_bytes);
	buf_init(&rest, d.size_bytes);
	buf_stage_init(&out, &rest);
	ck_assert_int_eq(s->blob(s, &d, 100, d.size_bytes, &out.out, on_blob, &done, &f.err), ERR_OK);
	ck_assert_uint_eq(rest.len, d.size_bytes - 100);
	ck_assert_mem_eq(rest.data, bytes.data + 100, rest.len);
	buf_release(&rest);
	buf_stage_init(&out, &bytes);
	file = file_bytes(f.path, &len);
	at = memmem(file, len, bytes.data, bytes.len);
	ck_assert_ptr_nonnull(at); /* as it is, at one place */
	at[3] ^= 1;
	put_le(at + d.size_bytes, 4, checksum_of(at, (size_t)d.size_bytes)); /* by someone who knows how */
	file_put(f.path, file, len);
	done = false;
	buf_clear(&bytes);
	ck_assert_int_eq(s->blob(s, &d, 0, d.size_bytes, &out.out, on_blob, &done, &f.err), ERR_DAMAGED);
	ck_assert(!done);
	ck_assert_ptr_nonnull(strstr(f.err.msg, f.path));
	d.size_bytes++;
	ck_assert_int_eq(s->blob(s, &d, 0, d.size_bytes, &out.out, on_blob, &done, &f.err), ERR_DAMAGED);
	free(file);
	buf_release(&bytes);
	s->free(s);
	tear_down(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reader");
	TCase *t = tcase_create("reading");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, blobs, 0, (int)COUNT_OF(samples));
	tcase_add_test(t, facts);
	tcase_add_loop_test(t, no_bundle, 0, (int)COUNT_OF(strangers));
	tcase_add_loop_test(t, head, 0, (int)COUNT_OF(heads));
	tcase_add_loop_test(t, source, 0, (int)COUNT_OF(names));
	tcase_add_test(t, source_damaged);
	suite_add_tcase(s, t);
	return test_run(s);
}
