#include <check.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/layout.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define ABC_HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC "sha256:" ABC_HEX
#define ABC512_HEX                                                                                                     \
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643c" \
	"e8"                                                                                                           \
	"0e2a9ac94fa54ca49f"
#define NONE "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#define MUCH_BYTES ((size_t)(16 * MIB))

static char *folder;
static struct layout *layout;
static sem_t synced;
static atomic_int syncs_to_fail; /* the next ones, so many */

/* In place of the C library's. */
int syncfs(int fd)
{
	bool fails = atomic_fetch_sub(&syncs_to_fail, 1) > 0;

	(void)fd;
	errno = EIO;
	sem_post(&synced);
	return fails ? -1 : 0;
}

static void setup(void)
{
	sem_init(&synced, 0, 0);
	syncs_to_fail = 0;
	folder = folder_new();
	ck_assert_int_eq(layout_open(folder, true, &layout, NULL), ERR_OK);
	ck_assert_int_eq(layout_lock(layout, NULL), ERR_OK);
}

static void teardown(void)
{
	layout_close(layout);
	folder_remove(folder);
}

static enum err_code put_text(const char *digest_text, uint64_t size_bytes, const char *text, struct err *err)
{
	struct memory_stream in;
	struct digest digest;

	ck_assert_int_eq(digest_parse(digest_text, &digest, NULL), ERR_OK);
	memory_stream_init(&in, text, strlen(text));
	return layout_put(layout, &digest, size_bytes, &in.in, err);
}

static const struct {
	const char *name, *digest, *file;
	uint64_t size_bytes;
	const char *text;
	enum err_code want;
} puts_[] = {
	{ "right", ABC, "blobs/sha256/" ABC_HEX, 3, "abc", ERR_OK },
	{ "by sha512", "sha512:" ABC512_HEX, "blobs/sha512/" ABC512_HEX, 3, "abc", ERR_OK },
	{ "empty", NONE, "blobs/sha256/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 0, "",
	  ERR_OK },
	{ "one short", ABC, "blobs/sha256/" ABC_HEX, 3, "ab", ERR_SIZE },
	{ "one long", ABC, "blobs/sha256/" ABC_HEX, 3, "abcd", ERR_SIZE },
	{ "other content", ABC, "blobs/sha256/" ABC_HEX, 3, "abd", ERR_DIGEST },
	{ "right content, wrong size", ABC, "blobs/sha256/" ABC_HEX, 4, "abc", ERR_SIZE },
	{ "nothing", ABC, "blobs/sha256/" ABC_HEX, 3, "", ERR_SIZE },
};

START_TEST(put)
{
	struct err err = { 0 };
	enum err_code got = put_text(puts_[_i].digest, puts_[_i].size_bytes, puts_[_i].text, &err);

	ck_assert_msg(got == puts_[_i].want, "%s: %d, %s", puts_[_i].name, got, err.msg);
	ck_assert_int_eq(folder_has(folder, puts_[_i].file), got == ERR_OK);
	ck_assert_uint_eq(folder_count(folder), got == ERR_OK ? 4 : 3); /* oci-layout, index.json, .lock, the blob */
	if (got == ERR_OK)
		ck_assert_int_eq(put_text(puts_[_i].digest, puts_[_i].size_bytes, puts_[_i].text, &err), ERR_OK);
}
END_TEST

/* What is wrong does not replace what is right. */
START_TEST(put_keeps)
{
	CLEANUP(free_ptr) char *text = NULL;

	ck_assert_int_eq(put_text(ABC, 3, "abc", NULL), ERR_OK);
	ck_assert_int_eq(put_text(ABC, 3, "abd", NULL), ERR_DIGEST);
	text = folder_read(folder, "blobs/sha256/" ABC_HEX, NULL);
	ck_assert_str_eq(text, "abc");
}
END_TEST

/* What a killed run or somebody else left under the temporary name. */
START_TEST(put_leftovers)
{
	CLEANUP(free_ptr) char *part = folder_path(folder, ".part");
	CLEANUP(free_ptr) char *text = NULL;

	folder_put(folder, ".part", "longer than abc", 15);
	ck_assert_int_eq(put_text(ABC, 3, "abc", NULL), ERR_OK);
	ck_assert(!folder_has(folder, ".part"));
	folder_put(folder, "elsewhere", "kept", 4);
	ck_assert_int_eq(symlink("elsewhere", part), 0);
	ck_assert_int_eq(put_text(NONE, 0, "", NULL), ERR_OK);
	text = folder_read(folder, "elsewhere", NULL);
	ck_assert_str_eq(text, "kept");
}
END_TEST

START_TEST(put_no_folder)
{
	struct err err = { 0 };

	folder_put(folder, "blobs", "", 0);
	ck_assert_int_eq(put_text(ABC, 3, "abc", &err), ERR_IO);
	ck_assert(!folder_has(folder, ".part"));
}
END_TEST

/* Short names for digests: a, b, c … */
static void expand(const char *shorthand, struct buf *out)
{
	const char *p;

	ck_assert_int_eq(buf_puts(out, "{\"manifests\":[", NULL), ERR_OK);
	for (p = shorthand; *p != '\0'; p += 3) { /* "name digest ;" */
		const char *key = p[0] >= 'A' && p[0] <= 'Z' ? ANNOTATION_SUBJECT : ANNOTATION_IMAGE_NAME;
		char subject[DIGEST_TEXT_SIZE], digest[DIGEST_TEXT_SIZE];

		memcpy(digest, ABC, sizeof(ABC));
		memset(digest + 7, p[1], 64);
		memcpy(subject, ABC, sizeof(ABC));
		memset(subject + 7, p[0] - 'A' + 'a', 64);
		ck_assert_int_eq(buf_printf(out, NULL, "%s{\"mediaType\":\"m\",\"digest\":\"%s\",\"size\":1",
					    p == shorthand ? "" : ",", digest),
				 ERR_OK);
		if (p[0] >= 'A' && p[0] <= 'Z')
			ck_assert_int_eq(buf_printf(out, NULL, ",\"annotations\":{\"%s\":\"%s\"}", key, subject),
					 ERR_OK);
		else if (p[0] == '+')
			ck_assert_int_eq(buf_puts(out,
						  ",\"annotations\":{\"" ANNOTATION_LISTED_FOR "\":\"" LISTED_FOR_PARENT
						  "\"}",
						  NULL),
					 ERR_OK);
		else if (p[0] != '-')
			ck_assert_int_eq(buf_printf(out, NULL, ",\"annotations\":{\"%s\":\"%c\"}", key, p[0]), ERR_OK);
		ck_assert_int_eq(buf_puts(out, "}", NULL), ERR_OK);
	}
	ck_assert_int_eq(buf_puts(out, "]}", NULL), ERR_OK);
}

static void publish_text(struct layout *l, const char *shorthand)
{
	CLEANUP(buf_release) struct buf text;
	struct err err = { 0 };

	buf_init(&text, MIB);
	expand(shorthand, &text);
	ck_assert_msg(layout_publish(l, text.data, text.len, &err) == ERR_OK, "%s", err.msg);
}

/* The other way round. */
static void shorten(const struct layout *l, char *out)
{
	size_t i;

	for (i = 0; i < layout_len(l); i++) {
		const struct layout_entry *e = layout_at(l, i);

		*out++ = e->listed_for != NULL ? '+' : '-';
		if (e->name != NULL)
			out[-1] = e->name[0];
		else if (e->subject != NULL)
			out[-1] = (char)(e->subject[7] - 'a' + 'A');
		*out++ = layout_descriptor(e).digest.text[7];
		*out++ = ';';
	}
	*out = '\0';
}

/* Lower case is an image's name, upper case a referrer's subject, - neither, + for other tools alone; then the digest's
 * digit. */
static const struct {
	const char *name, *before, *added, *want;
} publishes[] = {
	{ "into an empty one", "", "x1;y2;", "x1;y2;" },
	{ "nothing", "x1;", "", "x1;" },
	{ "nothing into nothing", "", "", "" },
	{ "another name", "x1;", "y2;", "x1;y2;" },
	{ "the same again", "x1;y2;", "x1;", "y2;x1;" },
	{ "a name moves", "x1;y2;z3;", "y4;", "x1;z3;y4;" },
	{ "every name moves", "x1;y2;", "y3;x4;", "y3;x4;" },
	{ "two names of one image", "x1;", "y1;", "x1;y1;" },
	{ "a referrer", "x1;", "A2;", "x1;A2;" },
	{ "the same referrer again", "x1;A2;B2;", "A2;", "x1;B2;A2;" },
	{ "another referrer of the same subject", "A2;", "A3;", "A2;A3;" },
	{ "the same referrer of another subject", "A2;", "B2;", "A2;B2;" },
	{ "what has no name stays", "-1;x2;", "x3;-2;", "-1;x3;-2;" },
	{ "what has no name is one by its digest", "-1;x2;", "-1;x3;", "-1;x3;" },
	{ "a name twice in the old one", "x1;x2;", "x3;", "x3;" },
	{ "many", "a1;b1;c1;d1;e1;A1;B1;C1;", "e2;c2;a2;C1;A1;z9;", "b1;d1;B1;e2;c2;a2;C1;A1;z9;" },
};

START_TEST(publish)
{
	CLEANUP(layout_close_ptr) struct layout *again = NULL;
	char got[200];

	publish_text(layout, publishes[_i].before);
	publish_text(layout, publishes[_i].added);
	shorten(layout, got);
	ck_assert_msg(strcmp(got, publishes[_i].want) == 0, "%s: %s", publishes[_i].name, got);
	ck_assert_int_eq(layout_open(folder, false, &again, NULL), ERR_OK);
	shorten(again, got);
	ck_assert_str_eq(got, publishes[_i].want);
	ck_assert_uint_eq(folder_count(folder), 3);
}
END_TEST

/* Entries are taken out by place, so what others have written since they were read is not touched. */
static const struct {
	const char *name, *before, *found, *want;
	enum err_code want_code;
} drops[] = {
	{ "nobody wrote", "x1;y2;z3;", "x1;y2;z3;", "x1;z3;", ERR_OK },
	{ "one more", "x1;y2;z3;", "x1;y2;z3;w4;", "x1;y2;z3;w4;", ERR_CONFLICT },
	{ "one less", "x1;y2;z3;", "x1;z3;", "x1;z3;", ERR_CONFLICT },
	{ "another image", "x1;y2;z3;", "x1;y4;z3;", "x1;y4;z3;", ERR_CONFLICT },
	{ "another name", "x1;y2;z3;", "x1;w2;z3;", "x1;w2;z3;", ERR_CONFLICT },
	{ "no name any more", "x1;y2;z3;", "x1;-2;z3;", "x1;-2;z3;", ERR_CONFLICT },
	{ "one that was listed for other tools is somebody's own", "x1;+2;z3;", "x1;-2;z3;", "x1;-2;z3;",
	  ERR_CONFLICT },
};

START_TEST(drop)
{
	static const bool second[] = { false, true, false };
	CLEANUP(layout_close_ptr) struct layout *again = NULL;
	CLEANUP(buf_release) struct buf text;
	struct err err = { 0 };
	char got[200];

	publish_text(layout, drops[_i].before);
	buf_init(&text, MIB);
	expand(drops[_i].found, &text);
	folder_put(folder, "index.json", text.data, text.len);
	ck_assert_int_eq(layout_drop(layout, second, &err), drops[_i].want_code);
	ck_assert_int_eq(layout_open(folder, false, &again, NULL), ERR_OK);
	shorten(again, got);
	ck_assert_msg(strcmp(got, drops[_i].want) == 0, "%s: %s", drops[_i].name, got);
}
END_TEST

/* The same in a layout of others: what a name has stood for stays listed. */
static const struct {
	const char *name, *before, *added, *want;
} besides[] = {
	{ "a name that is new", "x1;", "y2;", "x1;y2;" },
	{ "a name that moves", "x1;z3;", "x2;", "-1;z3;x2;" },
	{ "it is listed by its digest already", "-1;x1;", "x2;", "-1;x2;" },
	{ "it comes by its digest too", "x1;", "x2;-1;", "x2;-1;" },
	{ "it is listed for other tools already", "+1;x1;", "x2;", "+1;-1;x2;" },
	{ "it comes for other tools too", "x1;", "x2;+1;", "-1;x2;+1;" },
	{ "and again", "-1;x2;+1;", "x2;+1;", "-1;x2;" },
	{ "the same again", "x1;A2;", "x1;A2;", "x1;A2;" },
	{ "two names of one image", "x1;y1;", "x2;", "-1;y1;x2;" },
};

START_TEST(publish_beside)
{
	CLEANUP(buf_release) struct buf text;
	char got[200];

	buf_init(&text, MIB);
	publish_text(layout, besides[_i].before);
	expand(besides[_i].added, &text);
	ck_assert_int_eq(layout_publish_beside(layout, &text, LAYOUT_KEEP_NAMED, NULL), ERR_OK);
	shorten(layout, got);
	ck_assert_msg(strcmp(got, besides[_i].want) == 0, "%s: %s", besides[_i].name, got);
}
END_TEST

/* One tag stands for one thing, whoever wrote it; what an entry or index.json says beside that is kept. */
START_TEST(publish_tags)
{
	static const char tag[] = "\"" ANNOTATION_REF_NAME "\":\"sha256-x.sig\"";
	static const char plain[] = "{\"mediaType\":\"m\",\"digest\":\"" ABC "\",\"size\":3,\"x\":1}";
	CLEANUP(free_ptr) char *before = NULL;
	CLEANUP(free_ptr) char *added = NULL;
	CLEANUP(free_ptr) char *want = NULL;
	CLEANUP(free_ptr) char *text = NULL;

	ck_assert_int_eq(
		str_format(&before, NULL,
			   "{\"schemaVersion\":2,\"annotations\":{\"a\":\"b\"},\"manifests\":[%s,{\"mediaType\":"
			   "\"m\",\"digest\":\"" ABC "\",\"size\":3,\"annotations\":{%s}}]}",
			   plain, tag),
		ERR_OK);
	ck_assert_int_eq(str_format(&added, NULL,
				    "{\"manifests\":[{\"mediaType\":\"n\",\"digest\":\"" ABC
				    "\",\"size\":3,\"annotations\":{\"" ANNOTATION_SUBJECT "\":\"" ABC
				    "\",%s}},{\"mediaType\":\"m\",\"digest\":\"" ABC "\",\"size\":3}]}",
				    tag),
			 ERR_OK);
	ck_assert_int_eq(str_format(&want, NULL,
				    "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s,{\"mediaType\":\"n\","
				    "\"digest\":\"" ABC "\",\"size\":3,\"annotations\":{\"" ANNOTATION_SUBJECT
				    "\":\"" ABC "\",%s}}],\"annotations\":{\"a\":\"b\"}}",
				    TYPE_OCI_INDEX, plain, tag),
			 ERR_OK);
	folder_put(folder, "index.json", before, strlen(before));
	layout_close(layout);
	layout = NULL;
	ck_assert_int_eq(layout_open(folder, false, &layout, NULL), ERR_OK);
	ck_assert_int_eq(layout_publish(layout, added, strlen(added), NULL), ERR_OK);
	text = folder_read(folder, "index.json", NULL);
	ck_assert_str_eq(text, want);
}
END_TEST

/* What other tools have written into an entry is carried along. */
START_TEST(publish_verbatim)
{
	static const char entry[] = "{\"mediaType\":\"m\",\"digest\":\"" ABC "\",\"size\":3,\"urls\":[\"https://x\"],"
				    "\"annotations\":{\"a\":\"\xc3\xa4\"},\"x\":{\"y\":[1,null]}}";
	CLEANUP(free_ptr) char *index = NULL;
	CLEANUP(free_ptr) char *text = NULL;

	ck_assert_int_eq(str_format(&index, NULL, "{\"manifests\":[%s]}", entry), ERR_OK);
	ck_assert_int_eq(layout_publish(layout, index, strlen(index), NULL), ERR_OK);
	publish_text(layout, "x1;");
	text = folder_read(folder, "index.json", NULL);
	ck_assert_ptr_nonnull(strstr(text, entry));
}
END_TEST

static const struct {
	const char *name, *text;
} refused[] = {
	{ "no JSON", "{" },
	{ "nothing", "" },
	{ "entry without a digest", "{\"manifests\":[{}]}" },
	{ "broken after a good one",
	  "{\"manifests\":[{\"mediaType\":\"m\",\"digest\":\"" ABC "\",\"size\":3},{\"mediaType\":\"m\"}]}" },
};

START_TEST(publish_refused)
{
	CLEANUP(free_ptr) char *before = NULL;
	CLEANUP(free_ptr) char *after = NULL;

	publish_text(layout, "x1;");
	before = folder_read(folder, "index.json", NULL);
	ck_assert_msg(layout_publish(layout, refused[_i].text, strlen(refused[_i].text), NULL) == ERR_FORMAT, "%s",
		      refused[_i].name);
	after = folder_read(folder, "index.json", NULL);
	ck_assert_str_eq(before, after);
	ck_assert_uint_eq(layout_len(layout), 1);
}
END_TEST

/* Entries with so many values of their own, under names that begin with a letter. */
static void put_large(struct buf *out, char name, size_t entries, size_t values)
{
	CLEANUP(free_ptr) char *zeros = malloc(2 * values + 1);
	size_t i;

	ck_assert_ptr_nonnull(zeros);
	for (i = 0; i < values; i++)
		memcpy(zeros + 2 * i, "0,", 2);
	zeros[2 * values - 1] = '\0';
	ck_assert_int_eq(buf_puts(out, "{\"manifests\":[", NULL), ERR_OK);
	for (i = 0; i < entries; i++) {
		ck_assert_int_eq(buf_printf(out, NULL,
					    "%s{\"mediaType\":\"m\",\"digest\":\"" ABC "\",\"size\":3,"
					    "\"annotations\":{\"" ANNOTATION_IMAGE_NAME "\":\"%c%zu\"},\"x\":[",
					    i > 0 ? "," : "", name, i),
				 ERR_OK);
		ck_assert_int_eq(buf_puts(out, zeros, NULL), ERR_OK);
		ck_assert_int_eq(buf_puts(out, "]}", NULL), ERR_OK);
	}
	ck_assert_int_eq(buf_puts(out, "]}", NULL), ERR_OK);
}

/* An index.json that could not be read again is never published: the layout would be lost with all its images. */
START_TEST(publish_too_much)
{
	CLEANUP(layout_close_ptr) struct layout *again = NULL;
	const size_t values = LIMIT_REST_VALUES - 100, entries = LIMIT_DESCRIPTION_VALUES / 2 / values + 1;
	struct err err = { 0 };
	unsigned i;

	for (i = 0; i < 2; i++) {
		CLEANUP(buf_release) struct buf text;

		buf_init(&text, 32 * MIB);
		put_large(&text, (char)('x' + i), entries, values);
		ck_assert_int_eq(layout_publish(layout, text.data, text.len, &err), i == 0 ? ERR_OK : ERR_LIMIT);
	}
	ck_assert_ptr_nonnull(strstr(err.msg, folder));
	ck_assert(!folder_has(folder, "index.json.part"));
	ck_assert_msg(layout_open(folder, false, &again, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(layout_len(again), entries);
	ck_assert_ptr_nonnull(layout_find(again, "x0"));
}
END_TEST

/* An entry of a name that begins with a letter, which says something at length. */
static void put_long(struct buf *out, char name, size_t len)
{
	CLEANUP(free_ptr) char *text = malloc(len + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', len);
	text[len] = '\0';
	ck_assert_int_eq(buf_printf(out, NULL,
				    "{\"manifests\":[{\"mediaType\":\"m\",\"digest\":\"" ABC "\",\"size\":3,"
				    "\"annotations\":{\"" ANNOTATION_IMAGE_NAME "\":\"%c\"},\"x\":\"",
				    name),
			 ERR_OK);
	ck_assert_int_eq(buf_puts(out, text, NULL), ERR_OK);
	ck_assert_int_eq(buf_puts(out, "\"}]}", NULL), ERR_OK);
}

/* Entries for which index.json has no room are known before anything is written; what they replace makes room. */
static const struct {
	char name;
	size_t len;
	enum err_code want;
} rooms[] = {
	{ 'y', 1 * MIB, ERR_OK },
	{ 'y', 3 * MIB, ERR_LIMIT },
	{ 'x', 3 * MIB, ERR_OK },
};

START_TEST(room_in_index)
{
	CLEANUP(buf_release) struct buf text;
	struct err err = { 0 };
	enum err_code code;

	buf_init(&text, 32 * MIB);
	put_long(&text, 'x', 30 * MIB);
	ck_assert_int_eq(layout_publish(layout, text.data, text.len, NULL), ERR_OK);
	buf_clear(&text);
	put_long(&text, rooms[_i].name, rooms[_i].len);
	code = layout_check_added(layout, text.data, text.len, LAYOUT_KEEP_NONE, &err);
	ck_assert_msg(code == rooms[_i].want, "%d: %s", code, err.msg);
	ck_assert(code == ERR_OK || strstr(err.msg, folder) != NULL);
	ck_assert_uint_eq(layout_len(layout), 1);
	ck_assert_ptr_nonnull(layout_find(layout, "x"));
	ck_assert_int_eq(layout_publish(layout, text.data, text.len, NULL), rooms[_i].want);
}
END_TEST

/* One at a time, and the next one sees what the one before it has published. */
START_TEST(lock)
{
	CLEANUP(layout_close_ptr) struct layout *other = NULL;
	struct err err = { 0 };

	folder_put(folder, ".part", "part of a layer", 15);
	ck_assert_int_eq(layout_open(folder, false, &other, NULL), ERR_OK);
	ck_assert_int_eq(layout_lock(other, &err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, folder));
	ck_assert(folder_has(folder, ".part")); /* it is being written */
	publish_text(layout, "x1;");
	ck_assert_uint_eq(layout_len(other), 0);
	ck_assert_int_eq(layout_lock(other, &err), ERR_CONFLICT); /* still */
	layout_close(layout);
	layout = NULL;
	ck_assert_int_eq(layout_lock(other, &err), ERR_OK);
	ck_assert(!folder_has(folder, ".part")); /* by nobody now */
	ck_assert_uint_eq(layout_len(other), 1);
	publish_text(other, "y2;");
	ck_assert_uint_eq(layout_len(other), 2);
}
END_TEST

START_TEST(lock_refused)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, ".lock");
	CLEANUP(layout_close_ptr) struct layout *other = NULL;

	ck_assert_int_eq(layout_open(folder, false, &other, NULL), ERR_OK);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("elsewhere", path), 0);
	ck_assert_int_eq(layout_lock(other, NULL), ERR_IO);
	ck_assert(!folder_has(folder, "elsewhere"));
}
END_TEST

static const char nothing[] = "{\"manifests\":[]}";

/* A blob that is large enough for the disk to be asked meanwhile. */
static enum err_code put_much(size_t len, struct err *err)
{
	CLEANUP(free_ptr) char *bytes = calloc(1, len);
	struct memory_stream in;
	struct digest digest;

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(digest_of(bytes, len, NULL, &digest, NULL), ERR_OK);
	memory_stream_init(&in, bytes, len);
	return layout_put(layout, &digest, len, &in.in, err);
}

/* Where much is written the disk begins early; what is little waits for the end. */
START_TEST(syncs_early)
{
	int before = -1;

	ck_assert_int_eq(put_much(MUCH_BYTES - 1, NULL), ERR_OK);
	sem_getvalue(&synced, &before);
	ck_assert_int_eq(before, 0);
	ck_assert_int_eq(put_much(MUCH_BYTES, NULL), ERR_OK);
	sem_wait(&synced);
	ck_assert_int_eq(layout_publish(layout, nothing, strlen(nothing), NULL), ERR_OK);
	sem_wait(&synced);
}
END_TEST

/* A sync says once that something is lost: whichever was told, and whatever was being done, nothing is published. */
START_TEST(sync_fails)
{
	struct err err = { 0 };
	enum err_code code;

	if (_i == 0)
		ck_assert_int_eq(put_much(2, NULL), ERR_OK);
	syncs_to_fail = 1;
	code = _i == 1 ? put_much(MUCH_BYTES, &err) : ERR_OK;
	if (_i == 1)
		sem_wait(&synced);
	if (code == ERR_OK)
		code = layout_publish(layout, nothing, strlen(nothing), &err);
	ck_assert_int_eq(code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, folder));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout_write");
	TCase *t = tcase_create("layout_write");

	tcase_set_timeout(t, 30);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, put, 0, (int)COUNT_OF(puts_));
	tcase_add_test(t, put_keeps);
	tcase_add_test(t, put_leftovers);
	tcase_add_test(t, put_no_folder);
	tcase_add_loop_test(t, publish, 0, (int)COUNT_OF(publishes));
	tcase_add_loop_test(t, drop, 0, (int)COUNT_OF(drops));
	tcase_add_loop_test(t, publish_beside, 0, (int)COUNT_OF(besides));
	tcase_add_test(t, publish_tags);
	tcase_add_test(t, publish_verbatim);
	tcase_add_loop_test(t, publish_refused, 0, (int)COUNT_OF(refused));
	tcase_add_test(t, publish_too_much);
	tcase_add_loop_test(t, room_in_index, 0, (int)COUNT_OF(rooms));
	tcase_add_test(t, syncs_early);
	tcase_add_loop_test(t, sync_fails, 0, 2);
	tcase_add_test(t, lock);
	tcase_add_test(t, lock_refused);
	suite_add_tcase(s, t);
	return test_run(s);
}
