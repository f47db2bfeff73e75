#include "common/layout.h"

#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define ABC_HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC "sha256:" ABC_HEX
#define DESCRIPTOR "\"mediaType\":\"m\",\"digest\":\"" ABC "\",\"size\":3"
#define VERSION "{\"imageLayoutVersion\":\"1.0.0\"}"
#define EMPTY "{\"schemaVersion\":2,\"manifests\":[]}"

static char *folder;

static void setup(void)
{
	folder = folder_new();
}

static void teardown(void)
{
	folder_remove(folder);
}

static void put(const char *name, const char *text)
{
	folder_put(folder, name, text, strlen(text));
}

static const struct {
	const char *name, *version, *index;
	enum err_code want;
	size_t entries;
} opens[] = {
	{ "empty", VERSION, EMPTY, ERR_OK, 0 },
	{ "no manifests", VERSION, "{}", ERR_OK, 0 },
	{ "two entries", VERSION, "{\"manifests\":[{" DESCRIPTOR "},{" DESCRIPTOR "}]}", ERR_OK, 2 },
	{ "more in oci-layout", "{\"x\":1,\"imageLayoutVersion\":\"1.0.0\"}\n", EMPTY, ERR_OK, 0 },
	{ "nothing", NULL, NULL, ERR_NOT_FOUND, 0 },
	{ "index alone", NULL, EMPTY, ERR_NOT_FOUND, 0 },
	{ "no index", VERSION, NULL, ERR_FORMAT, 0 },
	{ "another version", "{\"imageLayoutVersion\":\"1.1.0\"}", EMPTY, ERR_UNSUPPORTED, 0 },
	{ "no version", "{}", EMPTY, ERR_UNSUPPORTED, 0 },
	{ "version is no text", "{\"imageLayoutVersion\":1}", EMPTY, ERR_UNSUPPORTED, 0 },
	{ "oci-layout is no JSON", "1.0.0", EMPTY, ERR_FORMAT, 0 },
	{ "index is no JSON", VERSION, "{", ERR_FORMAT, 0 },
	{ "index is empty", VERSION, "", ERR_FORMAT, 0 },
	{ "entry without a digest", VERSION, "{\"manifests\":[{\"mediaType\":\"m\",\"size\":3}]}", ERR_FORMAT, 0 },
	{ "entry is no object", VERSION, "{\"manifests\":[7]}", ERR_FORMAT, 0 },
	{ "digest is a path", VERSION,
	  "{\"manifests\":[{\"mediaType\":\"m\",\"size\":3,\"digest\":\"sha256:../../../../etc/passwd\"}]}", ERR_FORMAT,
	  0 },
	{ "subject is no digest", VERSION,
	  "{\"manifests\":[{" DESCRIPTOR ",\"annotations\":{\"io.containerd.manifest.subject\":\"x\"}}]}", ERR_FORMAT,
	  0 },
};

START_TEST(open_one)
{
	struct layout *l = NULL;
	struct err err = { 0 };
	enum err_code got;

	if (opens[_i].version != NULL)
		put("oci-layout", opens[_i].version);
	if (opens[_i].index != NULL)
		put("index.json", opens[_i].index);
	got = layout_open(folder, false, &l, &err);
	ck_assert_msg(got == opens[_i].want, "%s: %d, %s", opens[_i].name, got, err.msg);
	if (got == ERR_OK) {
		ck_assert_uint_eq(layout_len(l), opens[_i].entries);
		ck_assert_str_eq(layout_path(l), folder);
	} else {
		ck_assert_ptr_nonnull(strstr(err.msg, folder));
		ck_assert_ptr_null(l);
	}
	layout_close(l);
}
END_TEST

/* Files that lead elsewhere, or never end. */
START_TEST(open_strange)
{
	CLEANUP(free_ptr) char *version = folder_path(folder, "oci-layout");
	CLEANUP(free_ptr) char *index = folder_path(folder, "index.json");
	struct layout *l = NULL;

	ck_assert_int_eq(mkfifo(version, 0600), 0);
	ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_IO);
	ck_assert_int_eq(unlink(version), 0);
	put("oci-layout", VERSION);
	ck_assert_int_eq(symlink("/dev/zero", index), 0);
	ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_IO);
	ck_assert_int_eq(unlink(index), 0);
	folder_make_in(folder, "index.json");
	ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_IO);
	ck_assert_ptr_null(l);
}
END_TEST

START_TEST(create)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "a/b");
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(layout_close_ptr) struct layout *again = NULL;
	CLEANUP(free_ptr) char *text = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(layout_open(path, false, &l, &err), ERR_NOT_FOUND);
	ck_assert(!folder_has(folder, "a"));
	ck_assert_msg(layout_open(path, true, &l, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(layout_len(l), 0);
	ck_assert_uint_eq(folder_count(folder), 3); /* and the lock under which they were made */
	text = folder_read(path, "oci-layout", NULL);
	ck_assert_str_eq(text, VERSION);
	ck_assert_int_eq(layout_open(path, true, &again, &err), ERR_OK); /* it is there now */
}
END_TEST

/* A run that was killed between the two files: what stands in index.json is not thrown away. */
START_TEST(create_half)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;

	put("index.json", "{\"manifests\":[{" DESCRIPTOR "}]}");
	put(".lock", "");
	ck_assert_int_eq(layout_open(folder, true, &l, NULL), ERR_OK);
	ck_assert_uint_eq(layout_len(l), 1);
}
END_TEST

static const struct {
	const char *name;
	const char *files[4];
	enum err_code want;
} places[] = {
	{ "nothing", { NULL }, ERR_OK },
	{ "a new file system", { "lost+found/" }, ERR_OK },
	{ "killed before anything", { ".lock" }, ERR_OK },
	{ "killed in index.json", { ".lock", "index.json.part" }, ERR_OK },
	{ "killed in oci-layout", { ".lock", "index.json", "oci-layout.part" }, ERR_OK },
	{ "another's index.json", { "index.json" }, ERR_CONFLICT },
	{ "another's file", { "notes" }, ERR_CONFLICT },
	{ "another's beside ours", { ".lock", "index.json", "notes" }, ERR_CONFLICT },
	{ "another's blobs", { "blobs/" }, ERR_CONFLICT },
};

/* None is made among other things. */
START_TEST(create_beside)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	struct err err = { 0 };
	enum err_code code;
	size_t i;

	for (i = 0; i < COUNT_OF(places[_i].files) && places[_i].files[i] != NULL; i++) {
		const char *file = places[_i].files[i];

		if (strchr(file, '/') != NULL)
			folder_make_in(folder, file);
		else
			put(file, "{\"manifests\":[]}");
	}
	ck_assert_int_eq(layout_check_place(folder, NULL), places[_i].want);
	code = layout_open(folder, true, &l, &err);
	ck_assert_msg(code == places[_i].want, "%s: %d, %s", places[_i].name, code, err.msg);
	ck_assert(folder_has(folder, "oci-layout") == (code == ERR_OK));
}
END_TEST

START_TEST(create_refused)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "file");
	struct layout *l = NULL;
	struct err err = { 0 };

	put("file", "");
	ck_assert_int_eq(layout_open(path, true, &l, &err), ERR_IO);
	ck_assert_int_eq(layout_open("", true, &l, &err), ERR_IO);
	put("oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
	ck_assert_int_eq(layout_check_place(folder, NULL), ERR_OK);             /* what it is, opening it says */
	ck_assert_int_eq(layout_open(folder, true, &l, &err), ERR_UNSUPPORTED); /* not ours to overwrite */
	ck_assert_ptr_null(l);
}
END_TEST

static const struct {
	const char *name, *annotations, *want, *subject;
} entries[] = {
	{ "image name", "{\"io.containerd.image.name\":\"x.io/a:1\"}", "x.io/a:1", "" },
	{ "ref name", "{\"org.opencontainers.image.ref.name\":\"x.io/a:1\"}", "x.io/a:1", "" },
	{ "both", "{\"org.opencontainers.image.ref.name\":\"1\",\"io.containerd.image.name\":\"x.io/a:1\"}", "x.io/a:1",
	  "" },
	{ "neither", "{}", NULL, "" },
	{ "none", "null", NULL, "" },
	{ "a referrer", "{\"io.containerd.manifest.subject\":\"" ABC "\"}", NULL, ABC },
	{ "a referrer has no name",
	  "{\"io.containerd.manifest.subject\":\"" ABC "\",\"io.containerd.image.name\":\"x.io/a:1\"}", NULL, ABC },
};

START_TEST(entry)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(free_ptr) char *text = NULL;
	const struct layout_entry *e;

	ck_assert_int_eq(str_format(&text, NULL, "{\"manifests\":[{" DESCRIPTOR ",\"annotations\":%s}]}",
				    entries[_i].annotations),
			 ERR_OK);
	put("oci-layout", VERSION);
	put("index.json", text);
	ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_OK);
	e = layout_at(l, 0);
	ck_assert_str_eq(layout_descriptor(e).digest.text, ABC);
	ck_assert_pstr_eq(e->name, entries[_i].want);
	ck_assert_str_eq(e->subject != NULL ? e->subject : "", entries[_i].subject);
	ck_assert_ptr_eq(layout_find(l, "x.io/a:1"), entries[_i].want != NULL ? e : NULL);
	ck_assert_ptr_null(layout_find(l, ""));
}
END_TEST

#define NO_ENTRY SIZE_MAX

static const struct {
	const char *text;
	size_t name_at; /* of the first entry that has it for its name; NO_ENTRY */
	size_t tagged[2], tagged_len;
} texts[] = {
	{ "a", 4, { 4, 5 }, 2 }, { "b", 1, { 1 }, 1 },       { "c", NO_ENTRY, { 3 }, 1 },
	{ "x", 2, { 0 }, 0 },    { "", NO_ENTRY, { 0 }, 0 }, { "z", NO_ENTRY, { 0 }, 0 },
};

/* A name may be there twice, and a referrer has a tag and no name. */
START_TEST(found)
{
	static const char index[] = "{\"manifests\":["
				    "{" DESCRIPTOR "},"
				    "{" DESCRIPTOR ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"b\"}},"
				    "{" DESCRIPTOR ",\"annotations\":{\"io.containerd.image.name\":\"x\"}},"
				    "{" DESCRIPTOR ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"c\","
				    "\"io.containerd.manifest.subject\":\"" ABC "\"}},"
				    "{" DESCRIPTOR ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"a\"}},"
				    "{" DESCRIPTOR ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"a\"}}]}";
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	const struct layout_entry *const *tagged;
	size_t len, i;

	put("oci-layout", VERSION);
	put("index.json", index);
	ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_OK);
	ck_assert_ptr_eq(layout_find(l, texts[_i].text),
			 texts[_i].name_at == NO_ENTRY ? NULL : layout_at(l, texts[_i].name_at));
	tagged = layout_tagged(l, texts[_i].text, &len);
	ck_assert_uint_eq(len, texts[_i].tagged_len);
	for (i = 0; i < len; i++)
		ck_assert_ptr_eq(tagged[i], layout_at(l, texts[_i].tagged[i]));
}
END_TEST

/* What is kept of an entry is what was said of names, and whether it is there for other tools alone. */
START_TEST(entry_texts)
{
	static const char index[] =
		"{\"manifests\":[{" DESCRIPTOR "},{" DESCRIPTOR ",\"annotations\":{\"kind\":\"k\","
		"\"io.containerd.image.name\":\"x.io/a:1\",\"org.opencontainers.image.ref.name\":\"1\"},"
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},{" DESCRIPTOR
		",\"annotations\":{\"bundle.listed-for\":\"parent\"}}]}";
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	const struct layout_entry *e;

	put("oci-layout", VERSION);
	put("index.json", index);
	ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_OK);
	e = layout_at(l, 0);
	ck_assert_ptr_null(e->listed_for);
	ck_assert_ptr_null(e->image_name);
	ck_assert_ptr_null(e->ref_name);
	ck_assert_ptr_null(e->kind);
	e = layout_at(l, 1);
	ck_assert_ptr_null(e->listed_for);
	ck_assert_str_eq(e->image_name, "x.io/a:1");
	ck_assert_str_eq(e->ref_name, "1");
	ck_assert_str_eq(e->kind, "k");
	ck_assert_str_eq(e->media_type, "m");
	ck_assert_str_eq(layout_at(l, 2)->listed_for, LISTED_FOR_PARENT);
}
END_TEST

static const struct {
	size_t len;
	enum err_code want;
} names[] = { { LIMIT_TEXT_BYTES, ERR_OK }, { LIMIT_TEXT_BYTES + 1, ERR_LIMIT } };

START_TEST(name_bounds)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(free_ptr) char *text = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(str_format(&text, NULL,
				    "{\"manifests\":[{" DESCRIPTOR
				    ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"%0*d\"}}]}",
				    (int)names[_i].len, 0),
			 ERR_OK);
	put("oci-layout", VERSION);
	put("index.json", text);
	ck_assert_int_eq(layout_open(folder, false, &l, &err), names[_i].want);
	ck_assert(names[_i].want == ERR_OK || strstr(err.msg, "index.json: a text of more than 4096 bytes") != NULL);
}
END_TEST

/* A layout with one blob at its place, made by the maker. */
static void put_blob(void (*maker)(const char *path), struct layout **ret_layout)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "blobs/sha256/" ABC_HEX);

	put("oci-layout", VERSION);
	put("index.json", EMPTY);
	folder_make_in(folder, "blobs");
	folder_make_in(folder, "blobs/sha256");
	put("elsewhere", "abc");
	maker(path);
	ck_assert_int_eq(layout_open(folder, false, ret_layout, NULL), ERR_OK);
}

static void make_right(const char *path)
{
	(void)path;
	put("blobs/sha256/" ABC_HEX, "abc");
}

static void make_other(const char *path)
{
	(void)path;
	put("blobs/sha256/" ABC_HEX, "abd");
}

static void make_short(const char *path)
{
	(void)path;
	put("blobs/sha256/" ABC_HEX, "ab");
}

static void make_long(const char *path)
{
	(void)path;
	put("blobs/sha256/" ABC_HEX, "abcd");
}

static void make_none(const char *path)
{
	(void)path;
}

static void make_link(const char *path)
{
	ck_assert_int_eq(symlink("../../elsewhere", path), 0);
}

static void make_folder(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void make_pipe(const char *path)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static const struct {
	const char *name;
	void (*make)(const char *path);
	enum err_code want;
	const char *text;
	bool has;
} blobs[] = {
	{ "right", make_right, ERR_OK, "abc", true },
	{ "other content", make_other, ERR_OK, "abd", false }, /* a stream is not proved */
	{ "one short", make_short, ERR_OK, "ab", false },
	{ "one long", make_long, ERR_OK, "abcd", false },
	{ "missing", make_none, ERR_NOT_FOUND, NULL, false },
	{ "a link to the right content", make_link, ERR_IO, NULL, false },
	{ "a folder", make_folder, ERR_IO, NULL, false },
	{ "a pipe", make_pipe, ERR_IO, NULL, false },
};

START_TEST(blob)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(buf_release) struct buf text;
	struct buf_stage out;
	struct instream *in = NULL;
	struct digest digest;
	struct err err = { 0 };
	enum err_code got;

	buf_init(&text, 100);
	put_blob(blobs[_i].make, &l);
	ck_assert_int_eq(digest_parse(ABC, &digest, NULL), ERR_OK);
	got = layout_blob(l, &digest, &in, &err);
	ck_assert_msg(got == blobs[_i].want, "%s: %d, %s", blobs[_i].name, got, err.msg);
	ck_assert_int_eq(layout_has(l, &digest, 3), blobs[_i].has);
	ck_assert(!layout_has(l, &digest, 4));
	if (got != ERR_OK) {
		ck_assert_ptr_nonnull(strstr(err.msg, ABC_HEX));
		ck_assert_ptr_null(in);
		return;
	}
	buf_stage_init(&out, &text);
	ck_assert_int_eq(stream_copy(in, &out.out, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&text), blobs[_i].text);
	instream_release(in);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout");
	TCase *t = tcase_create("layout");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, open_one, 0, (int)COUNT_OF(opens));
	tcase_add_test(t, open_strange);
	tcase_add_test(t, create);
	tcase_add_test(t, create_half);
	tcase_add_loop_test(t, create_beside, 0, (int)COUNT_OF(places));
	tcase_add_test(t, create_refused);
	tcase_add_loop_test(t, entry, 0, (int)COUNT_OF(entries));
	tcase_add_loop_test(t, found, 0, (int)COUNT_OF(texts));
	tcase_add_test(t, entry_texts);
	tcase_add_loop_test(t, name_bounds, 0, (int)COUNT_OF(names));
	tcase_add_loop_test(t, blob, 0, (int)COUNT_OF(blobs));
	suite_add_tcase(s, t);
	return test_run(s);
}
