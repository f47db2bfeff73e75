#include "common/tarball.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/stream.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define RECORD 512
#define NAME_AT 0
#define SIZE_AT 124
#define SUM_AT 148
#define TYPE_AT 156
#define LINK_AT 157
#define MAGIC_AT 257
#define HOLES_AT 386
#define REAL_SIZE_AT 483

static char *folder;
static struct buf tar;

/* One member: 0 as its type ends a list.  Types are tar's; 'x' is a pax header for the next, 'L' a long name of GNU's.
 */
struct member {
	char type;
	const char *name, *content;
};

static void octal(unsigned char *at, size_t digits, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%0*llo", (int)digits, (unsigned long long)value);
	memcpy(at, text, digits + 1);
}

static void seal_header(unsigned char header[RECORD])
{
	unsigned sum = 0;
	size_t i;

	memset(header + SUM_AT, ' ', 8);
	for (i = 0; i < RECORD; i++)
		sum += header[i];
	octal(header + SUM_AT, 6, sum);
}

static void add_member(const struct member *m)
{
	static const char zeros[RECORD];
	unsigned char header[RECORD] = { 0 };
	size_t len = strlen(m->content), padding = (RECORD - len % RECORD) % RECORD;

	snprintf((char *)header + NAME_AT, 100, "%s", m->name);
	octal(header + 100, 7, 0644);
	octal(header + SIZE_AT, 11, len);
	octal(header + 136, 11, 0);
	header[TYPE_AT] = (unsigned char)m->type;
	if (m->type == '1' || m->type == '2')
		snprintf((char *)header + LINK_AT, 100, "%s", "index.json");
	memcpy(header + MAGIC_AT, m->type == 'S' || m->type == 'L' ? "ustar  " : "ustar\00000", 8);
	if (m->type == 'S') { /* the content stands behind a hole */
		octal(header + HOLES_AT, 11, 1024);
		octal(header + HOLES_AT + 12, 11, len);
		octal(header + REAL_SIZE_AT, 11, 1024 + len);
	}
	seal_header(header);
	ck_assert_int_eq(buf_add(&tar, header, sizeof(header), NULL), ERR_OK);
	ck_assert_int_eq(buf_add(&tar, m->content, len, NULL), ERR_OK);
	ck_assert_int_eq(buf_add(&tar, zeros, padding, NULL), ERR_OK);
}

static void add_all(const struct member *members, size_t end_records)
{
	static const char zeros[RECORD];
	size_t i;

	for (; members->type != 0; members++)
		add_member(members);
	for (i = 0; i < end_records; i++)
		ck_assert_int_eq(buf_add(&tar, zeros, RECORD, NULL), ERR_OK);
}

static bool wanted(const char *name)
{
	return strcmp(name, "index.json") == 0 || (strncmp(name, "blobs/", 6) == 0 && name[6] != 0);
}

static enum err_code open_tar(const void *bytes, size_t len, struct tarball **ret_tarball, struct err *err)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "a.tar");

	folder_put(folder, "a.tar", bytes, len);
	return tarball_open(path, wanted, ret_tarball, err);
}

static void setup(void)
{
	folder = folder_new();
	buf_init(&tar, 16 * MIB);
}

static void teardown(void)
{
	buf_release(&tar);
	folder_remove(folder);
}

/* The wanted members as "name=content name=content". */
static void describe(const struct tarball *t, struct buf *out)
{
	size_t len, i;
	const struct tarball_member *members = tarball_members(t, &len);

	for (i = 0; i < len; i++) {
		char content[4096] = "";

		ck_assert_uint_lt(members[i].size_bytes, sizeof(content));
		ck_assert_int_eq(
			read_at(tarball_fd(t), content, members[i].size_bytes, members[i].offset_bytes, "tar", NULL),
			ERR_OK);
		ck_assert_int_eq(buf_printf(out, NULL, "%s%s=%s", i > 0 ? " " : "", members[i].name, content), ERR_OK);
		ck_assert_ptr_eq(tarball_find(t, members[i].name), &members[i]);
	}
}

#define FULL                                                                                                           \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"             \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"             \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"             \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"             \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"             \
	"0123456789abcdef0123456789abcdef"

static const struct {
	const char *name;
	struct member members[6];
	const char *want;
} cases[] = {
	{ "nothing", { { 0, NULL, NULL } }, "" },
	{ "one", { { '0', "index.json", "i" } }, "index.json=i" },
	{ "an empty one", { { '0', "index.json", "" } }, "index.json=" },
	{ "by name", { { '0', "index.json", "i" }, { '0', "blobs/a", "b" } }, "blobs/a=b index.json=i" },
	{ "a whole record", { { '0', "index.json", FULL }, { '0', "blobs/a", "b" } }, "blobs/a=b index.json=" FULL },
	{ "one byte more",
	  { { '0', "index.json", FULL "x" }, { '0', "blobs/a", "b" } },
	  "blobs/a=b index.json=" FULL "x" },
	{ "with ./ in front",
	  { { '5', "./", "" }, { '5', "./blobs/", "" }, { '0', "./blobs/a", "b" }, { '0', ".//index.json", "i" } },
	  "blobs/a=b index.json=i" },
	{ "a name in a pax header",
	  { { 'x', "p", "19 path=index.json\n" }, { '0', "other", "i" }, { '0', "blobs/a", "b" } },
	  "blobs/a=b index.json=i" },
	{ "a long name of GNU's",
	  { { 'L', "././@LongLink", "blobs/long" }, { '0', "blobs/lo", "b" } },
	  "blobs/long=b" },
	{ "the old type", { { '7', "blobs/a", "a" }, { '0', "blobs/b", "b" } }, "blobs/a=a blobs/b=b" },
	{ "what nobody wants",
	  { { '2', "link", "" }, { '3', "device", "" }, { '0', "manifest.json", "m" }, { '1', "x/layer.tar", "" } },
	  "" },
};

START_TEST(members)
{
	CLEANUP(buf_release) struct buf got = { .max = MIB };
	struct tarball *t = NULL;
	struct err err = { 0 };

	add_all(cases[_i].members, 2);
	ck_assert_msg(open_tar(tar.data, tar.len, &t, &err) == ERR_OK, "%s: %s", cases[_i].name, err.msg);
	describe(t, &got);
	ck_assert_msg(strcmp(buf_text(&got), cases[_i].want) == 0, "%s: %s", cases[_i].name, buf_text(&got));
	ck_assert_ptr_null(tarball_find(t, "no"));
	tarball_close(t);
}
END_TEST

static const struct {
	const char *name;
	struct member members[4];
	size_t end_records, cut; /* zeros behind it, and how many bytes are cut off then */
	enum err_code want;
	const char *message;
} bad[] = {
	{ "a symbolic link", { { '2', "index.json", "" } }, 2, 0, ERR_FORMAT, "index.json in it is no regular file" },
	{ "a hard link", { { '0', "x", "" }, { '1', "blobs/a", "" } }, 2, 0, ERR_FORMAT, "no regular file" },
	{ "a device", { { '3', "blobs/a", "" } }, 2, 0, ERR_FORMAT, "no regular file" },
	{ "a pipe", { { '6', "blobs/a", "" } }, 2, 0, ERR_FORMAT, "no regular file" },
	{ "a folder", { { '5', "index.json", "" } }, 2, 0, ERR_FORMAT, "no regular file" },
	{ "twice", { { '0', "blobs/a", "a" }, { '0', "./blobs/a", "b" } }, 2, 0, ERR_FORMAT, "blobs/a is in it twice" },
	{ "an absolute name", { { '0', "/index.json", "i" } }, 2, 0, ERR_FORMAT, "leads out" },
	{ "a name that climbs", { { '0', "blobs/../../x", "i" } }, 2, 0, ERR_FORMAT, "leads out" },
	{ "a name that climbs last", { { '0', "blobs/..", "i" } }, 2, 0, ERR_FORMAT, "leads out" },
	{ "nothing but a climb", { { '0', "..", "i" } }, 2, 0, ERR_FORMAT, "leads out" },
	{ "holes", { { 'S', "blobs/a", "a" } }, 2, 0, ERR_FORMAT, "with holes" },
	{ "no end", { { '0', "blobs/a", "a" } }, 0, 0, ERR_SIZE, "cut" },
	{ "cut behind the content", { { '0', "blobs/a", "a" } }, 0, 100, ERR_SIZE, "" },
	{ "cut in the content", { { '0', "blobs/a", FULL } }, 0, 100, ERR_SIZE, "" },
	{ "cut in front of the content", { { '0', "blobs/a", FULL } }, 0, RECORD, ERR_SIZE, "" },
	{ "cut in a header", { { '0', "x", "" }, { '0', "blobs/a", "" } }, 0, 100, ERR_SIZE, "" },
	{ "cut in the end", { { '0', "blobs/a", "a" } }, 1, 1, ERR_SIZE, "" },
};

START_TEST(refused)
{
	struct tarball *t = NULL;
	struct err err = { 0 };
	enum err_code got;

	add_all(bad[_i].members, bad[_i].end_records);
	got = open_tar(tar.data, tar.len - bad[_i].cut, &t, &err);
	ck_assert_msg(got == bad[_i].want, "%s: %d %s", bad[_i].name, got, err.msg);
	ck_assert_msg(strstr(err.msg, bad[_i].message) != NULL, "%s: %s", bad[_i].name, err.msg);
	ck_assert_msg(strstr(err.msg, "a.tar") != NULL, "%s: %s", bad[_i].name, err.msg);
	ck_assert_ptr_null(t);
}
END_TEST

/* A flipped bit in a header. */
START_TEST(damaged)
{
	const struct member some[] = { { '0', "blobs/a", "a" }, { '0', "blobs/b", "b" }, { 0, NULL, NULL } };
	struct tarball *t = NULL;
	struct err err = { 0 };

	add_all(some, 2);
	tar.data[2 * RECORD + 10] ^= 1;
	ck_assert_int_eq(open_tar(tar.data, tar.len, &t, &err), ERR_FORMAT);
}
END_TEST

/* A size that no archive has. */
START_TEST(size_lies)
{
	static const uint64_t sizes[] = { 2, RECORD + 1, 077777777777 };
	const struct member some[] = { { '0', "blobs/a", "a" }, { 0, NULL, NULL } };
	struct tarball *t = NULL;
	struct err err = { 0 };

	add_all(some, 0);
	octal((unsigned char *)tar.data + SIZE_AT, 11, sizes[_i]);
	seal_header((unsigned char *)tar.data);
	ck_assert_int_eq(open_tar(tar.data, tar.len, &t, &err), ERR_SIZE);
}
END_TEST

/* The same archive through gzip, in blocks that are stored as they are. */
static void add_gzip(struct buf *out)
{
	static const unsigned char head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	static const char trailer[8];
	size_t at, len;

	ck_assert_int_eq(buf_add(out, head, sizeof(head), NULL), ERR_OK);
	for (at = 0; at < tar.len; at += len) {
		unsigned char block[5];

		len = tar.len - at < 1000 ? tar.len - at : 1000;
		block[0] = at + len == tar.len;
		block[1] = (unsigned char)len;
		block[2] = (unsigned char)(len >> 8);
		block[3] = (unsigned char)~block[1];
		block[4] = (unsigned char)~block[2];
		ck_assert_int_eq(buf_add(out, block, sizeof(block), NULL), ERR_OK);
		ck_assert_int_eq(buf_add(out, tar.data + at, len, NULL), ERR_OK);
	}
	ck_assert_int_eq(buf_add(out, trailer, sizeof(trailer), NULL), ERR_OK);
}

/* Every place at which a compressed archive can be cut. */
START_TEST(compressed)
{
	const struct member some[] = { { '0', "index.json", "i" }, { '0', "blobs/a", FULL }, { 0, NULL, NULL } };
	CLEANUP(buf_release) struct buf packed = { .max = MIB };
	CLEANUP(buf_release) struct buf got = { .max = MIB };
	struct tarball *t = NULL;
	struct err err = { 0 };
	size_t len;

	add_all(some, 2);
	add_gzip(&packed);
	ck_assert_msg(open_tar(packed.data, packed.len, &t, &err) == ERR_OK, "%s", err.msg);
	describe(t, &got);
	ck_assert_str_eq(buf_text(&got), "blobs/a=" FULL " index.json=i");
	tarball_close(t);
	for (len = 0; len < packed.len; len += len < 20 || len + 20 > packed.len ? 1 : 97)
		ck_assert_msg(open_tar(packed.data, len, &t, &err) != ERR_OK, "cut at %zu", len);
}
END_TEST

static const struct {
	const char *name, *bytes;
} others[] = {
	{ "an empty file", "" },
	{ "a text", "this is no archive, however long it may be; there is no magic in it anywhere" },
	{ "a zip archive", "PK\x03\x04\x14" },
};

START_TEST(something_else)
{
	struct tarball *t = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(open_tar(others[_i].bytes, strlen(others[_i].bytes), &t, &err), ERR_FORMAT);
	ck_assert_msg(strstr(err.msg, "no whole tar archive") != NULL, "%s", err.msg);
}
END_TEST

START_TEST(no_file)
{
	struct tarball *t = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(tarball_open("nowhere/a.tar", wanted, &t, &err), ERR_IO);
	ck_assert_int_eq(tarball_open(folder, wanted, &t, &err), ERR_FORMAT);
	tarball_close(NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tarball");
	TCase *t = tcase_create("tarball");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, members, 0, COUNT_OF(cases));
	tcase_add_loop_test(t, refused, 0, COUNT_OF(bad));
	tcase_add_test(t, damaged);
	tcase_add_loop_test(t, size_lies, 0, 3);
	tcase_add_test(t, compressed);
	tcase_add_loop_test(t, something_else, 0, COUNT_OF(others));
	tcase_add_test(t, no_file);
	suite_add_tcase(s, t);
	return test_run(s);
}
