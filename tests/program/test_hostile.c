/* Files from somebody who means harm, and knows how to make every checksum and digest right: each command refuses them
 * in one line, with exit status 3 or that of a limit, in little memory and time, and publishes nothing. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/commands.h"
#include "bundles/frame.h"
#include "common/layout.h"
#include "common/mem.h"
#include "import/commands.h"
#include "tests/lib/folder.h"
#include "tests/lib/hostile.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define FILE_NAME "b.oci.tar.zst"
#define MEMORY_MAX_KIB 65536
#define ARGV_MAX 5

/* A sanitizer takes memory and time of its own. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MATTERS false
#define SECONDS_MAX 100
#else
#define MEMORY_MATTERS true
#define SECONDS_MAX 10
#endif

static struct image_builder images;
static struct hostile h;
static char *folder;
static long memory_max_kib;

static void make(const struct image_sample *sample)
{
	image_builder_init(&images);
	image_sample(&images, NAME, sample);
	hostile_of(&h, &images);
}

static void unmake(void)
{
	hostile_release(&h);
	image_builder_release(&images);
}

static void setup(void)
{
	memory_max_kib = MEMORY_MAX_KIB;
	folder = folder_new();
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(setenv("BUNDLE_STORE", "store", 1), 0);
	make(&(struct image_sample){ .raw_bytes = 300000, .plain_bytes = 300000 });
}

static void teardown(void)
{
	unmake();
	ck_assert_int_eq(chdir("/"), 0);
	folder_remove(folder);
}

/* Who must refuse: a lie about layers is nothing that those would see who do not read them. */
enum readers {
	VERIFY = 1,
	EXTRACT = 2,
	IMPORT = 4,
	INSPECT = 8,
	ATTESTATIONS = 16,
	LIST = 32,
	REPORT = 64,
	BLOBS = VERIFY | EXTRACT | IMPORT,
	MANIFESTS = BLOBS | INSPECT | ATTESTATIONS | REPORT,
	ALL = MANIFESTS | LIST,
};

static const struct {
	const char *name;
	const struct command *command;
	enum readers is;
	const char *argv[ARGV_MAX];
} commands[] = {
	{ "verify", &verify_command, VERIFY, { "-q", "--content-only", FILE_NAME } },
	{ "extract", &extract_command, EXTRACT, { "-q", FILE_NAME, "extracted" } },
	{ "import", &import_command, IMPORT, { "-q", "--to=store", FILE_NAME } },
	{ "inspect", &inspect_command, INSPECT, { FILE_NAME } },
	{ "attestations", &attestations_command, ATTESTATIONS, { "--from=" FILE_NAME, NAME } },
	{ "report", &report_command, REPORT, { "-o", "report.html", FILE_NAME } },
	{ "inspect --blobs", &inspect_command, LIST, { "--blobs", FILE_NAME } },
};

/* In a child: what the program does with these arguments. */
static int run(size_t which)
{
	const struct command *c = commands[which].command;
	CLEANUP(free_ptr) void *options = calloc(1, c->options_size);
	CLEANUP(opt_list_release) struct opt_list operands = { 0 };
	char *argv[ARGV_MAX] = { NULL };
	enum opt_wish wish = OPT_RUN;
	int argc, status;

	for (argc = 0; argc < ARGV_MAX && commands[which].argv[argc] != NULL; argc++)
		argv[argc] = strdup(commands[which].argv[argc]);
	if (opt_parse(c, argc, argv, options, &operands, &wish, NULL) != ERR_OK)
		return 99;
	status = c->run(c, options, &operands);
	opt_release(c, options);
	return status;
}

struct result {
	int status;
	char *said; /* on stderr */
	size_t said_len;
	long peak_kib;
};

static struct result run_apart(size_t which)
{
	struct rusage usage;
	struct result r = { 0 };
	int status = 0;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		alarm(SECONDS_MAX);
		if (freopen("out", "w", stdout) == NULL || freopen("err", "w", stderr) == NULL)
			_exit(98);
		status = run(which);
		fflush(NULL);
		_exit(status);
	}
	ck_assert_int_eq(wait4(child, &status, 0, &usage), child);
	r.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	r.peak_kib = usage.ru_maxrss;
	r.said = folder_read(folder, "err", &r.said_len);
	return r;
}

/* A layout that was begun names nothing. */
static void check_unpublished(const char *what, const char *name)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;

	if (layout_open(name, false, &l, NULL) == ERR_OK)
		ck_assert_msg(layout_len(l) == 0, "%s: something was published in %s", what, name);
}

static void forget(const char *name)
{
	if (folder_has(folder, name))
		folder_remove(folder_path(folder, name));
}

/* Nothing but these was written, and not next to the folder either, which is a new one. */
static void check_written(const char *what)
{
	static const char *const known[] = { FILE_NAME, "out", "err", "store", "store.journal.jsonl", "extracted" };
	size_t files = 0, i;

	check_unpublished(what, "store");
	check_unpublished(what, "extracted");
	for (i = 0; i < COUNT_OF(known); i++) {
		if (folder_has(folder, known[i])) {
			CLEANUP(free_ptr) char *path = folder_path(folder, known[i]);

			files += folder_count(path);
		}
	}
	ck_assert_msg(folder_count(folder) == files, "%s: something was written elsewhere", what);
}

/* Write the file, in a child of its own: a sanitizer keeps for long what was freed, and those who read the file would
 * have all of that from their parent. */
static void put(void)
{
	int status = 0;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct buf file;

		hostile_make(&h, &file);
		folder_put(folder, FILE_NAME, file.data, file.len);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

static void check_refusal(const char *what, const struct result *r, int status, const char *text)
{
	ck_assert_msg(r->status == status, "%s: status %d, not %d: %s", what, r->status, status, r->said);
	ck_assert_msg(strcspn(r->said, "\n") + 1 == r->said_len, "%s: not one line: %s", what, r->said);
	ck_assert_msg(strstr(r->said, FILE_NAME) != NULL || strstr(r->said, NAME) != NULL, "%s: of what: %s", what,
		      r->said);
	ck_assert_msg(strstr(r->said, text) != NULL, "%s: not \"%s\": %s", what, text, r->said);
	check_written(what);
}

/* Those who must refuse do, and say this; others end well, or do not find the image. */
static void refused(const char *name, unsigned readers, int status, const char *text)
{
	size_t i;

	put();
	for (i = 0; i < COUNT_OF(commands); i++) {
		struct result r;
		char what[200];

		forget("store");
		forget("extracted");
		unlink("report.html");
		r = run_apart(i);
		snprintf(what, sizeof(what), "%s: %s", name, commands[i].name);
		if ((commands[i].is & readers) != 0)
			check_refusal(what, &r, status, text);
		else
			ck_assert_msg(r.status == 0 || commands[i].is == ATTESTATIONS, "%s: %d: %s", what, r.status,
				      r.said);
		ck_assert_msg(!MEMORY_MATTERS || r.peak_kib <= memory_max_kib, "%s: %ld KiB", what, r.peak_kib);
		free(r.said);
	}
}

/* Nothing is wrong with what is no lie. */
START_TEST(honest)
{
	refused("honest", 0, 0, "");
}
END_TEST

/* One text in bundle.json for another. */
static const struct {
	const char *name, *old, *new;
	unsigned readers;
	int status;
	const char *text;
} texts[] = {
	{ "a digest that is a path", "\"images\":[{\"name\":\"" NAME "\",\"digest\":\"sha256:",
	  "\"images\":[{\"name\":\"" NAME "\",\"digest\":\"sha256:../../../../etc/", ALL, 3, "digest" },
	{ "an image name that is a path", "\"name\":\"" NAME "\"", "\"name\":\"../../etc/passwd\"", ALL, 3,
	  "etc/passwd" },
	{ "an absolute image name", "\"name\":\"" NAME "\"", "\"name\":\"/etc/passwd\"", ALL, 3, "etc/passwd" },
	{ "an image name that drives a terminal", "\"name\":\"" NAME "\"", "\"name\":\"\\u001b[2J\"", ALL, 3, "" },
	{ "an image by a short name", "\"name\":\"" NAME "\"", "\"name\":\"app:1\"", ALL, 3, "full name" },
	{ "a name that the index does not have", "\"name\":\"" NAME "\"", "\"name\":\"docker.io/library/app:2\"",
	  VERIFY, 3, "" },
	{ "another file for index.json", "\"name\":\"index.json\"", "\"name\":\"../index.json\"", ALL, 3,
	  "index.json" },
	{ "a file of another size", "\"name\":\"oci-layout\"", "\"name\":\"oci-layout\",\"x\":0", 0, 0, "" },
	{ "a blob's size one more",
	  "\"size\":300000,\"role\":\"layer\",\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\"",
	  "\"size\":300001,\"role\":\"layer\",\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\"", BLOBS, 3,
	  "" },
	{ "a blob of 2^62 bytes", "\"size\":300000,\"role\"", "\"size\":4611686018427387904,\"role\"", ALL, 3,
	  "more than one bundle can hold" },
	{ "a blob of 2^55 bytes", "\"size\":300000,\"role\"", "\"size\":36028797018963968,\"role\"", ALL, 3,
	  "more than one bundle can hold" },
	{ "a negative size", "\"size\":300000,\"role\"", "\"size\":-1,\"role\"", ALL, 3, "size" },
	{ "no size", "\"size\":300000,\"role\"", "\"role\"", ALL, 3, "size" },
	{ "a blob of 2^45 bytes", "\"size\":300000,\"role\"", "\"size\":35184372088832,\"role\"", ALL, 3, "frames" },
	{ "another role", "\"role\":\"config\"", "\"role\":\"layer\"", VERIFY | IMPORT, 3, "" },
	{ "a role that nobody knows", "\"role\":\"config\"", "\"role\":\"device\"", ALL, 3, "device" },
	{ "another way of storing", "\"stored\":\"raw\"", "\"stored\":\"symlink\"", ALL, 3, "symlink" },
	{ "raw as packed", "\"stored\":\"zstd\"", "\"stored\":\"packed\"", ALL, 3, "stands after" },
	{ "a version from the future", "{\"schemaVersion\":1", "{\"schemaVersion\":2", ALL, 1, "schemaVersion 2" },
	{ "a member twice", "{\"schemaVersion\":1", "{\"schemaVersion\":1,\"schemaVersion\":1", ALL, 3, "bundle.json" },
	{ "an image twice", "\"images\":[{",
	  "\"images\":[{\"name\":\"" NAME "\",\"size\":1,\"mediaType\":\"x\",\"digest\":"
	  "\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"},{",
	  ALL, 3, "each once" },
	{ "shards that are none", "\"blobs\":", "\"shards\":[],\"blobs\":", ALL, 3, "lists none" },
};

START_TEST(description)
{
	hostile_replace(&h.description, texts[_i].old, texts[_i].new);
	refused(texts[_i].name, texts[_i].readers, texts[_i].status, texts[_i].text);
}
END_TEST

/* A tar header that says something else than the description: what it is of, and what it is instead. */
enum thing { A_LAYER, A_PLAIN_LAYER, AN_INDEX, THE_LAYOUT, THE_INDEX, THE_DESCRIPTION };

static const struct {
	const char *name;
	enum thing of;
	const char *as; /* NULL: its own name */
	char type;
	uint64_t more_bytes;
	unsigned readers;
} headers[] = {
	{ "another blob's name", A_LAYER,
	  "blobs/sha256/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", '0', 0, BLOBS },
	{ "a layer above", A_LAYER, "../../layer", '0', 0, BLOBS },
	{ "a layer at an absolute place", A_LAYER, "/etc/passwd", '0', 0, BLOBS },
	{ "a layer that is a link", A_LAYER, NULL, '2', 0, BLOBS },
	{ "a layer that is a hard link", A_LAYER, NULL, '1', 0, BLOBS },
	{ "a layer that is a device", A_LAYER, NULL, '3', 0, BLOBS },
	{ "a layer that is a pipe", A_LAYER, NULL, '6', 0, BLOBS },
	{ "a layer that is longer", A_LAYER, NULL, '0', 1, BLOBS },
	{ "a compressed layer above", A_PLAIN_LAYER, "../../layer", '0', 0, BLOBS },
	{ "a compressed layer that is a link", A_PLAIN_LAYER, NULL, '2', 0, BLOBS },
	{ "an index above", AN_INDEX, "../index", '0', 0, MANIFESTS },
	{ "an index that is a folder", AN_INDEX, NULL, '5', 0, MANIFESTS },
	{ "an index that is shorter", AN_INDEX, NULL, '0', UINT64_MAX, MANIFESTS },
	{ "oci-layout above", THE_LAYOUT, "../oci-layout", '0', 0, ALL },
	{ "index.json that is a link", THE_INDEX, NULL, '2', 0, ALL },
	{ "bundle.json under another name", THE_DESCRIPTION, "bundle.jso", '0', 0, ALL },
};

static const struct image_item *item_of(const char *media_type)
{
	size_t i;

	for (i = 0; strcmp(images.items[i].media_type, media_type) != 0;)
		i++;
	return &images.items[i];
}

static void name_of(enum thing thing, char out[TAR_NAME_MAX + 1], uint64_t *ret_size)
{
	static const struct {
		const char *media_type, *name;
	} things[] = {
		[A_LAYER] = { "application/vnd.oci.image.layer.v1.tar+gzip", NULL },
		[A_PLAIN_LAYER] = { "application/vnd.oci.image.layer.v1.tar", NULL },
		[AN_INDEX] = { TYPE_OCI_INDEX, NULL },
		[THE_LAYOUT] = { NULL, LAYOUT_NAME },
		[THE_INDEX] = { NULL, INDEX_NAME },
		[THE_DESCRIPTION] = { NULL, DESCRIPTION_NAME },
	};
	const struct image_item *item;

	if (things[thing].name != NULL) {
		strcpy(out, things[thing].name);
		*ret_size = thing == THE_LAYOUT  ? strlen(LAYOUT_TEXT)
			    : thing == THE_INDEX ? h.index.len
						 : h.description.len;
		return;
	}
	item = item_of(things[thing].media_type);
	member_name(&item->digest, out);
	*ret_size = item->len;
}

/* Make a header one of another type, with the right sum. */
static void retype(unsigned char header[TAR_BLOCK], char type)
{
	unsigned sum = 0, i;

	header[156] = (unsigned char)type;
	memset(header + 148, ' ', 8);
	for (i = 0; i < TAR_BLOCK; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
}

START_TEST(header)
{
	unsigned char bytes[TAR_HEADER_MAX];
	char name[TAR_NAME_MAX + 1];
	uint64_t size_bytes = 0;

	name_of(headers[_i].of, name, &size_bytes);
	ck_assert_uint_eq(
		tar_header(headers[_i].as != NULL ? headers[_i].as : name, size_bytes + headers[_i].more_bytes, bytes),
		TAR_BLOCK);
	retype(bytes, headers[_i].type);
	hostile_lie(&h, LIE_TAR, hostile_member(&h, name), bytes, TAR_BLOCK);
	refused(headers[_i].name, headers[_i].readers, 3, "tar header of ");
}
END_TEST

/* Frames by hand, in place of the one that holds the manifests. */
#define ZSTD "\x28\xB5\x2F\xFD"
#define PACKED_FRAME 7 /* after the empty one, the head, the front and the slots */

static const struct {
	const char *name;
	const char *start;
	size_t start_len;
	const char *block; /* repeated */
	size_t block_len, blocks;
	const char *text;
} frames[] = {
	{ "a bomb that says its size", ZSTD "\xE0\x00\x00\x00\x40\x00\x00\x00\x00", 13, "\x02\x00\x10x", 4, 2000,
	  "damaged frame" },
	{ "a bomb that does not", ZSTD "\x00\x60", 6, "\x02\x00\x10x", 4, 2000, "offset " },
	{ "a window of 2 GiB", ZSTD "\x00\xA8", 6, "\x02\x00\x10x", 4, 100, "damaged frame" },
	{ "blocks of nothing", ZSTD "\x00\x60", 6, "\x00\x00\x00", 3, 2500, "damaged frame" },
	{ "blocks of nothing for long", ZSTD "\x00\x60", 6, "\x00\x00\x00", 3, 5000000, "more room than its content" },
	{ "a dictionary that nobody has", ZSTD "\x01\x60\x07", 7, "\x02\x00\x10x", 4, 100, "damaged frame" },
	{ "a reserved kind of block", ZSTD "\x00\x60", 6, "\x06\x00\x10x", 4, 100, "damaged frame" },
	{ "a frame that ends early", ZSTD "\x00\x60", 6, "\x0B\x00\x00x", 4, 1, "damaged frame" },
	{ "a frame of an older zstd", "\x27\xB5\x2F\xFD\x00\x60", 6, "x", 1, 500, "does not begin" },
	{ "a frame without its size", ZSTD "\x04\x60", 6, "x", 1, 500, "does not begin" },
	{ "a frame that is skipped", "\x50\x2A\x4D\x18\x04\x00\x00\x00", 8, "abcd", 4, 1, "damaged frame" },
	{ "no frame", "", 0, "x", 1, 500, "damaged frame" },
	{ "nothing", "", 0, "", 0, 0, "damaged frame" },
};

START_TEST(frame)
{
	struct buf bytes;
	size_t i;

	buf_init(&bytes, 64 * MIB);
	ck_assert_int_eq(buf_add(&bytes, frames[_i].start, frames[_i].start_len, NULL), ERR_OK);
	for (i = 0; i < frames[_i].blocks; i++)
		ck_assert_int_eq(buf_add(&bytes, frames[_i].block, frames[_i].block_len, NULL), ERR_OK);
	hostile_lie(&h, LIE_FRAME, PACKED_FRAME, buf_text(&bytes), bytes.len);
	refused(frames[_i].name, MANIFESTS, 3, frames[_i].text);
	buf_release(&bytes);
}
END_TEST

/* What the seek table says of the frames: for each two fields of four bytes, what it takes and what it holds. */
static const struct {
	const char *name;
	uint64_t at, value;
	size_t len;
	uint64_t more_frames;
	const char *text;
} tables[] = {
	{ "a frame of 4 GiB", 56, UINT32_MAX, 4, 0, "seek table" },
	{ "4 GiB in a frame", 60, UINT32_MAX, 4, 0, "seek table" },
	{ "4 GiB in the front", 20, UINT32_MAX, 4, 0, "damaged frame" },
	{ "nothing in the front", 20, 0, 4, 0, "bundle.json" },
	{ "content in the head", 12, 512, 4, 0, "bundle.json" },
	{ "no room for the head", 8, 0, 4, 0, "seek table" },
	{ "no room for a slot", 24, 0, 4, 0, "seek table" },
	{ "a million frames more", 0, 0, 0, 1000000, "seek table" },
	{ "two million frames", 0, 0, 0, SEEK_FRAMES_MAX - 100, "seek table" },
};

START_TEST(frames_table)
{
	unsigned char value[8];

	put_le(value, sizeof(value), tables[_i].value);
	if (tables[_i].more_frames > 0)
		hostile_lie(&h, LIE_FRAMES, tables[_i].more_frames, NULL, 0);
	else
		hostile_lie(&h, LIE_SEEK, tables[_i].at, value, tables[_i].len);
	refused(tables[_i].name, ALL, 3, tables[_i].text);
}
END_TEST

START_TEST(places)
{
	hostile_lie(&h, LIE_PLACES, 60, "\xff\xff", 2);
	refused("a place that is none", VERIFY, 3, "table of places");
}
END_TEST

/* Cut at both ends of each frame, and in the tables. */
START_TEST(cut)
{
	struct seek_table table;
	size_t i, off;

	hostile_frames(&h, &table);
	for (i = 0; i <= table.len; i++) {
		for (off = 0; off < 3; off++) {
			uint64_t at = table.entries[i].file_offset + off;

			h.lies_len = 0;
			hostile_lie(&h, LIE_CUT, at > 0 ? at - 1 : 0, NULL, 0);
			refused("cut", ALL, 3, "");
		}
	}
	seek_release(&table);
}
END_TEST

START_TEST(trailing)
{
	static const size_t lens[] = { 1, 9, 512, 1 << 20 };
	struct buf file;
	size_t i;

	hostile_make(&h, &file);
	for (i = 0; i < COUNT_OF(lens); i++) {
		h.lies_len = 0;
		hostile_lie(&h, LIE_FILE, file.len + lens[i] - 1, "x", 1);
		refused("bytes behind the end", ALL, 3, "seek table");
	}
	h.lies_len = 0;
	hostile_lie(&h, LIE_FILE, file.len, file.data, file.len);
	refused("another bundle behind the end", ALL, 3, "seek table");
	buf_release(&file);
}
END_TEST

START_TEST(blob_twice)
{
	CLEANUP(free_ptr) char *old = NULL;
	CLEANUP(free_ptr) char *new = NULL;

	ck_assert_int_ge(asprintf(&old, "{\"digest\":\"%s\"", item_of(TYPE_OCI_CONFIG)->digest.text), 0);
	ck_assert_int_ge(asprintf(&new, "{\"digest\":\"%s\"", item_of(TYPE_OCI_INDEX)->digest.text), 0);
	hostile_replace(&h.description, old, new);
	refused("a blob twice", ALL, 3, "is listed twice");
}
END_TEST

/* A bundle with one of two platforms; the second of the index is left out, and this is what is lied of it. */
static const struct {
	const char *name, *old, *new;
	unsigned readers;
	const char *text;
} subsets[] = {
	{ "absent, and left out", "\"stored\":\"left-out\"", "\"stored\":\"absent\"", ALL, "an image leaves out" },
	{ "left out, and nobody says so", "\"leftOut\":[{", "\"leftIn\":[{", VERIFY, "does not describe" },
	{ "a platform of another name", "\"platform\":\"linux/arm64\"", "\"platform\":\"linux/arm\"", VERIFY,
	  "does not describe" },
	{ "a layer left out", "\"stored\":\"zstd\"", "\"stored\":\"left-out\"", VERIFY, "does not describe" },
	{ "another count", "\"leftOut\":1", "\"leftOut\":2", VERIFY, "does not describe" },
	{ "a config left out", "\"role\":\"manifest\",\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"stored\":\"left-out\"",
	  "\"role\":\"config\",\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"stored\":\"left-out\"", ALL,
	  "only platforms" },
};

static void make_subset(void)
{
	CLEANUP(selection_release) struct selection amd64 = { 0 };

	unmake();
	image_builder_init(&images);
	image_sample(&images, NAME, &(struct image_sample){ 0 });
	ck_assert_int_eq(selection_platform(&amd64, "linux/amd64", NULL), ERR_OK);
	images.selection = &amd64;
	hostile_of(&h, &images);
	images.selection = NULL;
}

START_TEST(subset)
{
	make_subset();
	if (_i == 0)
		refused("an honest subset", 0, 0, "");
	hostile_replace(&h.description, subsets[_i].old, subsets[_i].new);
	refused(subsets[_i].name, subsets[_i].readers, 3, subsets[_i].text);
}
END_TEST

/* What the bundle carries, said to be left out. */
START_TEST(carried_and_left_out)
{
	const char *old = "\"leftOut\":[{\"digest\":\"";
	char new[200];

	make_subset();
	snprintf(new, sizeof(new), "%s%s\"},{\"digest\":\"", old, item_of(TYPE_OCI_MANIFEST)->digest.text);
	hostile_replace(&h.description, old, new);
	refused("carried and left out", ALL, 3, "an image leaves out");
}
END_TEST

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Documents that are too much: some text, some text many times, some text. */
static const struct {
	const char *name, *start, *middle, *end;
	size_t times;
	long memory_max_mib;
	int status;
	const char *text;
} documents[] = {
	{ "deep", "{\"schemaVersion\":1,\"x\":", "[", "", 100000, 64, 3, "nested deeper" },
	{ "deep in objects", "{\"schemaVersion\":1,\"x\":", "{\"x\":", "", 100000, 64, 3, "nested deeper" },
	{ "half a string", "{\"schemaVersion\":1,\"x\":\"", X64, "", 468750, 128, 3, "JSON" },
	{ "900,000 blobs", "{\"schemaVersion\":1,\"blobs\":[", "{},", "{}]}", 900000, 64, 3, "files" },
	{ "900,000 of what nobody knows", "{\"schemaVersion\":1,\"x\":[", "{},", "{}]}", 900000, 640, 3, "files" },
	{ "three million blobs", "{\"schemaVersion\":1,\"blobs\":[", "{},", "{}]}", 3000000, 64, 3, "more than" },
	{ "33 MiB", "{\"schemaVersion\":1,\"x\":\"", X64, "\"}", 540672, 64, 3, "more than 32 MiB" },
	{ "nothing", "", "", "", 0, 64, 3, "bundle.json" },
	{ "a NUL", "{\"schemaVersion\":1,\"x\":\"\\u0000\"}", "", "", 0, 64, 3, "bundle.json" },
};

static void repeat(struct buf *out, const char *start, const char *middle, const char *end, size_t times)
{
	size_t i;

	buf_clear(out);
	ck_assert_int_eq(buf_puts(out, start, NULL), ERR_OK);
	for (i = 0; i < times; i++)
		ck_assert_int_eq(buf_puts(out, middle, NULL), ERR_OK);
	ck_assert_int_eq(buf_puts(out, end, NULL), ERR_OK);
}

START_TEST(document)
{
	memory_max_kib = documents[_i].memory_max_mib * 1024;
	repeat(&h.description, documents[_i].start, documents[_i].middle, documents[_i].end, documents[_i].times);
	refused(documents[_i].name, ALL, documents[_i].status, documents[_i].text);
}
END_TEST

/* The same in place of a manifest, whose digest and size the description has right. */
static const struct {
	const char *name, *start, *middle, *end;
	size_t times;
	int status;
	const char *text;
} manifests[] = {
	{ "no JSON", "hello", "", "", 0, 3, "not valid JSON" },
	{ "an array", "[]", "", "", 0, 3, "" },
	{ "of no bytes", "", "", "", 0, 3, "JSON" },
	{ "deep", "{\"x\":", "[", "", 100000, 3, "nested deeper" },
	{ "long lists", "{\"schemaVersion\":2,\"layers\":[", "{},", "{}]}", 1000000, 3, "more than" },
	{ "9 MiB", "{\"x\":\"", X64, "\"}", 147456, 3, "" },
	{ "without a config", "{\"schemaVersion\":2,\"layers\":[]}", "", "", 0, 3, "" },
	{ "a layer that is a path",
	  "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"x\",\"size\":1,\"digest\":\"sha256:../../../../etc/"
	  "passwd\"},\"layers\":[]}",
	  "", "", 0, 3, "digest" },
};

START_TEST(manifest)
{
	CLEANUP(buf_release) struct buf text = { .max = 64 * MIB };
	char old[200], new[200];
	const struct image_item *root, *other;

	unmake();
	make(&(struct image_sample){ .one_manifest = true });
	repeat(&text, manifests[_i].start, manifests[_i].middle, manifests[_i].end, manifests[_i].times);
	other = &images.items[image_add(&images, TYPE_OCI_MANIFEST, buf_text(&text), text.len)];
	root = item_of(TYPE_OCI_MANIFEST);
	hostile_replace(&h.description, root->digest.text, other->digest.text);
	snprintf(old, sizeof(old), "\"size\":%zu", root->len);
	snprintf(new, sizeof(new), "\"size\":%zu", other->len);
	hostile_replace(&h.description, old, new);
	buf_release(&text);
	refused(manifests[_i].name, MANIFESTS, manifests[_i].status, manifests[_i].text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hostile");
	TCase *t = tcase_create("hostile");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, honest);
	tcase_add_loop_test(t, description, 0, (int)COUNT_OF(texts));
	tcase_add_loop_test(t, header, 0, (int)COUNT_OF(headers));
	tcase_add_loop_test(t, frame, 0, (int)COUNT_OF(frames));
	tcase_add_loop_test(t, frames_table, 0, (int)COUNT_OF(tables));
	tcase_add_test(t, places);
	tcase_add_test(t, cut);
	tcase_add_test(t, trailing);
	tcase_add_test(t, blob_twice);
	tcase_add_loop_test(t, subset, 0, (int)COUNT_OF(subsets));
	tcase_add_test(t, carried_and_left_out);
	tcase_add_loop_test(t, document, 0, (int)COUNT_OF(documents));
	tcase_add_loop_test(t, manifest, 0, (int)COUNT_OF(manifests));
	suite_add_tcase(s, t);
	return test_run(s);
}
