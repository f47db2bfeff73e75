#include "bundles/sealing.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/contents.h"
#include "bundles/head.h"
#include "bundles/verify.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sealed.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

struct fixture {
	struct image_builder b;
	struct bundle *bundle;
	char *path;
	unsigned char *before;
	size_t len, slots;
	struct err err;
};

static void set_up(struct fixture *f)
{
	const unsigned char *head;

	*f = (struct fixture){ .path = file_new() };
	image_builder_init(&f->b);
	image_sample(&f->b, NAME, &(struct image_sample){ .one_manifest = true });
	bundle_put(&f->b, f->path, 65536);
	f->before = file_bytes(f->path, &f->len);
	head = f->before + HEAD_OFFSET + FRAME_SKIPPABLE_HEADER_BYTES;
	f->slots = (size_t)(get_le(head + 40, 8) + get_le(head + 48, 8));
	ck_assert_int_eq(bundle_open(f->path, &f->bundle, &f->err), ERR_OK);
}

static void tear_down(struct fixture *f)
{
	bundle_close(f->bundle);
	image_builder_release(&f->b);
	free(f->before);
	file_remove(f->path);
}

static enum err_code verify(const struct bundle *b, struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	enum err_code code;

	graph_init(&g);
	code = contents_walk(b, NULL, NULL, &g, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	return code == ERR_OK ? bundle_verify(b, &g, NULL, NULL, err) : code;
}

/* Seals take slot after slot, the same key its own again; all the rest of the file stays as it is. */
START_TEST(in_place)
{
	static const char *const keys[] = { key_ed25519, key_p256, key_ed25519, key_p384, key_p256, key_rsa2048 };
	static const size_t slots[] = { 0, 1, 0, 2, 1, 3 };
	unsigned char *after;
	struct fixture f;
	size_t len, i;

	set_up(&f);
	for (i = 0; i < COUNT_OF(keys); i++) {
		ck_assert_uint_eq(sealed_by(f.bundle, keys[i]), slots[i]);
		ck_assert_msg(verify(f.bundle, &f.err) == ERR_OK, "%s", f.err.msg);
	}
	after = file_bytes(f.path, &len);
	ck_assert_uint_eq(len, f.len);
	for (i = 0; i < SLOT_COUNT; i++) {
		size_t content = f.slots + i * SLOT_STORED_BYTES + SLOT_CONTENT_AT;

		ck_assert_int_eq(after[content], '{');
		memcpy(after + content, f.before + content, SLOT_BYTES);
	}
	ck_assert(memcmp(after, f.before, len) == 0);
	free(after);
	tear_down(&f);
}
END_TEST

START_TEST(full)
{
	unsigned char *before, *after;
	struct fixture f;
	size_t slot = 9, i, len;

	set_up(&f);
	for (i = 0; i < SLOT_COUNT; i++)
		ck_assert_int_eq(sealing_put(f.bundle, "{\"a\":1}", 7, "", &slot, &f.err), ERR_OK);
	ck_assert_uint_eq(slot, SLOT_COUNT - 1);
	before = file_bytes(f.path, &len);
	slot = 9;
	ck_assert_int_eq(sealing_put(f.bundle, "{}", 2, "some hint", &slot, &f.err), ERR_CONFLICT);
	ck_assert_uint_eq(slot, 9);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "--detached"));
	after = file_bytes(f.path, &len);
	ck_assert(memcmp(after, before, len) == 0);
	free(before);
	free(after);
	tear_down(&f);
}
END_TEST

/* What a power failure left of a seal is no obstacle, and does not stay. */
START_TEST(torn)
{
	struct fixture f;
	int fd;

	set_up(&f);
	ck_assert_uint_eq(sealed_by(f.bundle, key_p256), 0);
	ck_assert_uint_eq(sealed_by(f.bundle, key_p384), 1);
	fd = open(f.path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "  ", 2, (off_t)(f.slots + SLOT_STORED_BYTES + SLOT_CONTENT_AT + 100)), 2);
	ck_assert_int_eq(pwrite(fd, "   ", 3, (off_t)(f.slots + SLOT_STORED_BYTES + SLOT_CONTENT_AT)), 3);
	close(fd);
	ck_assert_int_eq(verify(f.bundle, &f.err), ERR_DAMAGED);
	ck_assert_uint_eq(sealed_by(f.bundle, key_p384), 1);
	ck_assert_int_eq(verify(f.bundle, &f.err), ERR_OK);
	tear_down(&f);
}
END_TEST

START_TEST(refused)
{
	static const char long_text[SLOT_BYTES];
	struct fixture f;
	size_t slot = 9;
	int fd;

	set_up(&f);
	ck_assert_int_eq(sealing_put(f.bundle, long_text, SLOT_TEXT_MAX + 1, "", &slot, &f.err), ERR_LIMIT);
	fd = open(f.path, O_RDWR);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	ck_assert_int_eq(sealing_put(f.bundle, "{}", 2, "", &slot, &f.err), ERR_CONFLICT);
	close(fd);
	fd = open(f.path, O_RDWR);
	ck_assert_int_eq(pwrite(fd, "B", 1, (off_t)(f.slots + 17)), 1); /* a name in a tar header */
	ck_assert_int_eq(sealing_put(f.bundle, "{}", 2, "", &slot, &f.err), ERR_DAMAGED);
	close(fd);
	ck_assert_int_eq(unlink(f.path), 0);
	file_put(f.path, f.before, f.len);
	ck_assert_int_eq(sealing_put(f.bundle, "{}", 2, "", &slot, &f.err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "another file"));
	ck_assert_uint_eq(slot, 9);
	tear_down(&f);
}
END_TEST

/* The writer seals before it publishes; everything but the slot is as without a seal. */
START_TEST(by_writer)
{
	struct bundle_writer *w = NULL;
	struct seal_key *key = sealed_key(key_p256, true);
	unsigned char *after, content[SLOT_BYTES];
	struct fixture f;
	struct graph g;
	size_t len;

	set_up(&f);
	bundle_close(take_ptr(&f.bundle));
	image_graph(&f.b, &f.b.source, &g);
	ck_assert_int_eq(bundle_writer_open(f.path, &g, NULL, NULL, &w, &f.err), ERR_OK);
	ck_assert_msg(bundle_writer_seal(w, key, &f.err) == ERR_OK, "%s", f.err.msg);
	ck_assert_int_eq(bundle_fill(w, &f.b, &g, 1000, &f.err), ERR_OK);
	bundle_writer_free(w);
	ck_assert_int_eq(bundle_open(f.path, &f.bundle, &f.err), ERR_OK);
	ck_assert_int_eq(verify(f.bundle, &f.err), ERR_OK);
	ck_assert_uint_eq(sealed_by(f.bundle, key_p256), 0); /* its own place again */
	ck_assert_uint_eq(sealed_by(f.bundle, key_p384), 1);
	ck_assert_int_eq(slot_fill("", 0, content, &f.err), ERR_OK);
	after = file_bytes(f.path, &len);
	memcpy(after + f.slots + SLOT_CONTENT_AT, content, SLOT_BYTES);
	memcpy(after + f.slots + SLOT_STORED_BYTES + SLOT_CONTENT_AT, content, SLOT_BYTES);
	ck_assert_uint_eq(len, f.len);
	ck_assert(memcmp(after, f.before, len) == 0);
	free(after);
	graph_release(&g);
	seal_key_free(key);
	tear_down(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sealing");
	TCase *t = tcase_create("slots");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, in_place);
	tcase_add_test(t, full);
	tcase_add_test(t, torn);
	tcase_add_test(t, refused);
	tcase_add_test(t, by_writer);
	suite_add_tcase(s, t);
	return test_run(s);
}
