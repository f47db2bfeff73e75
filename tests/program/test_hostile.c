/* Files from somebody who means harm, and knows how to make every checksum and digest right: what is a lie here is the
 * file itself, its tar headers, frames and tables, and where it ends. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "bundles/bytes.h"
#include "bundles/frame.h"
#include "common/mem.h"
#include "tests/lib/hostile_bundle.h"
#include "tests/lib/test_main.h"

/* Nothing is wrong with what is no lie. */
START_TEST(honest)
{
	hostile_bundle_refused("honest", 0, 0, "");
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
			    : thing == THE_INDEX ? hostile_bundle.index.len
						 : hostile_bundle.description.len;
		return;
	}
	item = hostile_bundle_item(things[thing].media_type);
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
	hostile_lie(&hostile_bundle, LIE_TAR, hostile_member(&hostile_bundle, name), bytes, TAR_BLOCK);
	hostile_bundle_refused(headers[_i].name, headers[_i].readers, 3, "tar header of ");
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
	hostile_lie(&hostile_bundle, LIE_FRAME, PACKED_FRAME, buf_text(&bytes), bytes.len);
	hostile_bundle_refused(frames[_i].name, MANIFESTS, 3, frames[_i].text);
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
		hostile_lie(&hostile_bundle, LIE_FRAMES, tables[_i].more_frames, NULL, 0);
	else
		hostile_lie(&hostile_bundle, LIE_SEEK, tables[_i].at, value, tables[_i].len);
	hostile_bundle_refused(tables[_i].name, ALL, 3, tables[_i].text);
}
END_TEST

START_TEST(places)
{
	hostile_lie(&hostile_bundle, LIE_PLACES, 60, "\xff\xff", 2);
	hostile_bundle_refused("a place that is none", VERIFY, 3, "table of places");
}
END_TEST

/* Cut at both ends of each frame, and in the tables. */
START_TEST(cut)
{
	struct seek_table table;
	size_t i, off;

	hostile_frames(&hostile_bundle, &table);
	for (i = 0; i <= table.len; i++) {
		for (off = 0; off < 3; off++) {
			uint64_t at = table.entries[i].file_offset + off;

			hostile_bundle.lies_len = 0;
			hostile_lie(&hostile_bundle, LIE_CUT, at > 0 ? at - 1 : 0, NULL, 0);
			hostile_bundle_refused("cut", ALL, 3, "");
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

	hostile_make(&hostile_bundle, &file);
	for (i = 0; i < COUNT_OF(lens); i++) {
		hostile_bundle.lies_len = 0;
		hostile_lie(&hostile_bundle, LIE_FILE, file.len + lens[i] - 1, "x", 1);
		hostile_bundle_refused("bytes behind the end", ALL, 3, "seek table");
	}
	hostile_bundle.lies_len = 0;
	hostile_lie(&hostile_bundle, LIE_FILE, file.len, file.data, file.len);
	hostile_bundle_refused("another bundle behind the end", ALL, 3, "seek table");
	buf_release(&file);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hostile");
	TCase *t = tcase_create("hostile");

	tcase_set_timeout(t, HOSTILE_BUNDLE_SECONDS);
	tcase_add_checked_fixture(t, hostile_bundle_setup, hostile_bundle_teardown);
	tcase_add_test(t, honest);
	tcase_add_loop_test(t, header, 0, (int)COUNT_OF(headers));
	tcase_add_loop_test(t, frame, 0, (int)COUNT_OF(frames));
	tcase_add_loop_test(t, frames_table, 0, (int)COUNT_OF(tables));
	tcase_add_test(t, places);
	tcase_add_test(t, cut);
	tcase_add_test(t, trailing);
	suite_add_tcase(s, t);
	return test_run(s);
}
