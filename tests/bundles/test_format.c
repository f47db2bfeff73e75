/* The commented dump in docs/bundle-format.5: it is a bundle, it is the one that is described there, and every byte of
 * it has its comment. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "bundles/frame.h"
#include "bundles/reading.h"
#include "bundles/verify.h"
#include "common/file.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define PAGE "docs/bundle-format.5"
#define BEGIN ".\\\" dump begins\n"
#define END ".\\\" dump ends\n"
#define MADE "build/bundle-format.dump" /* what should stand in the page where it does not */
#define TEXT_MAX (1 << 20)

static struct image_builder images;
static char *path;

/* The image of the page: one manifest, an empty configuration, a layer of six bytes. */
static void setup(void)
{
	char config[IMAGE_DESCRIPTOR_TEXT], layer[IMAGE_DESCRIPTOR_TEXT];

	path = file_new();
	image_builder_init(&images);
	image_text(&images, image_add(&images, "application/vnd.oci.image.config.v1+json", "{}", 2), config);
	image_text(&images, image_add(&images, "application/vnd.oci.image.layer.v1.tar+gzip", "layer\n", 6), layer);
	image_tag(&images, "docker.io/library/tiny:1",
		  image_json(&images, TYPE_OCI_MANIFEST,
			     "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
			     "\",\"config\":{%s},\"layers\":[{%s}]}",
			     config, layer));
	bundle_put(&images, path, 4096);
}

static void teardown(void)
{
	image_builder_release(&images);
	file_remove(path);
}

/* A dump under way: bytes of a file, and where in it the next comment stands. */
struct dump {
	const unsigned char *bytes;
	size_t at;
	FILE *to;
};

/* The next len bytes, under a comment; lines like the one before are a star. */
static void put(struct dump *d, size_t len, const char *comment)
{
	size_t end = d->at + len, begin = d->at, i;
	bool starred = false;

	fprintf(d->to, "%s\n", comment);
	for (; d->at < end; d->at += 16) {
		size_t line = end - d->at < 16 ? end - d->at : 16;

		if (d->at >= begin + 16 && line == 16 && d->at + 16 < end &&
		    memcmp(d->bytes + d->at, d->bytes + d->at - 16, 16) == 0) {
			if (!starred)
				fprintf(d->to, "*\n");
			starred = true;
			continue;
		}
		starred = false;
		fprintf(d->to, "%06zx ", d->at);
		for (i = 0; i < line; i++)
			fprintf(d->to, " %02x", d->bytes[d->at + i]);
		fprintf(d->to, "\n");
	}
	d->at = end;
}

static void put_head(struct dump *d)
{
	put(d, FRAME_EMPTY_BYTES, "empty frame");
	put(d, FRAME_SKIPPABLE_HEADER_BYTES, "head: skippable frame, 156 bytes");
	put(d, 16, "magic");
	put(d, 4, "version");
	put(d, 4, "encoder");
	put(d, 16, "required and optional features");
	put(d, 16, "front: file offset and size in the file");
	put(d, 8, "size of index.json");
	put(d, 16, "bundle.json: tar offset and size");
	put(d, 72, "digest of bundle.json");
	put(d, 4, "checksum of the head");
}

static void put_slot(struct dump *d)
{
	put(d, FRAME_RAW_HEADER_BYTES, "slot: header of a bare frame, 4608 bytes of content");
	put(d, FRAME_BLOCK_HEADER_BYTES, "header of its only block");
	put(d, TAR_BLOCK, "tar header of bundle.json.sigstore.N.json");
	put(d, SLOT_BYTES, "a blank seal");
}

static void put_raw(struct dump *d, const struct run *run)
{
	put(d, FRAME_RAW_HEADER_BYTES, "raw: header of a raw frame");
	put(d, FRAME_BLOCK_HEADER_BYTES, "header of its only block");
	put(d, (size_t)(run->end - run->begin), "the layer");
	put(d, FRAME_CHECKSUM_BYTES, "checksum of the content");
}

static void put_tables(struct dump *d, const struct bundle *b)
{
	size_t i;

	put(d, FRAME_SKIPPABLE_HEADER_BYTES, "sums: skippable frame");
	put(d, SUMS_MAGIC_BYTES, "magic");
	put(d, SUM_BYTES * b->shape.sums, "one for each compressed frame: front, packed, glue, tail");
	put(d, FRAME_SKIPPABLE_HEADER_BYTES, "places: skippable frame");
	put(d, 16, "magic");
	for (i = 0; i < b->shape.blobs_len; i++) {
		put(d, 32, "digest");
		put(d, 16, "tar offset, size, how it is stored");
	}
	put(d, 8, "seek table: skippable frame");
	for (i = 0; i < b->seek.len; i++)
		put(d, 8, "size of a frame, and decoded");
	put(d, 9, "how many frames, descriptor, magic");
}

static char *dump_of(const struct bundle *b, const unsigned char *bytes, size_t len)
{
	struct run run = { .kind = RUN_NONE };
	struct dump d = { .bytes = bytes };
	size_t frame = FRAMES_BEFORE, text_len;
	char *text = NULL;

	d.to = open_memstream(&text, &text_len);
	put_head(&d);
	while (shape_next(&b->shape, &run)) {
		static const char *const names[] = { [RUN_FRONT] = "front: a compressed frame",
						     [RUN_PACKED] = "packed: a compressed frame",
						     [RUN_GLUE] = "glue: a compressed frame",
						     [RUN_TAIL] = "tail: a compressed frame" };
		size_t stored = (size_t)(b->seek.entries[frame + 1].file_offset - b->seek.entries[frame].file_offset);

		frame++;
		if (run.kind == RUN_SLOT)
			put_slot(&d);
		else if (run.kind == RUN_RAW)
			put_raw(&d, &run);
		else
			put(&d, stored, names[run.kind]);
	}
	put_tables(&d, b);
	fclose(d.to);
	ck_assert_uint_eq(d.at, len);
	return text;
}

/* The dump as it stands in the page; the caller frees it. */
static char *dump_in_page(void)
{
	CLEANUP(buf_release) struct buf page = { .max = TEXT_MAX };
	struct err err = { .code = ERR_OK };
	const char *begin, *end;
	char *text = NULL;

	ck_assert_msg(file_read(PAGE, &page, &err) == ERR_OK, "%s", err.msg);
	begin = strstr(buf_text(&page), BEGIN);
	ck_assert_msg(begin != NULL, "%s: no dump in it", PAGE);
	begin += strlen(BEGIN);
	end = strstr(begin, END);
	ck_assert_ptr_nonnull(end);
	ck_assert_int_eq(str_format(&text, NULL, "%.*s", (int)(end - begin), begin), ERR_OK);
	return text;
}

/* A line of hex digits after its offset: bytes to out, which has room.  Comments are skipped. */
static void read_line(const char *line, unsigned char *out, size_t *len, bool *star)
{
	char *rest;
	size_t at = strtoul(line, &rest, 16);

	if (strcmp(line, "*") == 0) {
		*star = true;
		return;
	}
	if (rest != line + 6 || *rest != ' ')
		return;
	for (; *star && *len < at; *len += 16)
		memcpy(out + *len, out + *len - 16, 16);
	ck_assert_uint_eq(*len, at);
	*star = false;
	for (rest++; *rest == ' '; rest += 3)
		out[(*len)++] = (unsigned char)strtoul(rest, NULL, 16);
}

static size_t decode(char *text, unsigned char *out)
{
	size_t len = 0;
	bool star = false;
	char *rest = NULL, *line;

	for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		read_line(line, out, &len, &star);
	return len;
}

/* A stranger who types it in has a bundle, and the image of the page in it. */
START_TEST(typed_in)
{
	CLEANUP(free_ptr) char *text = dump_in_page();
	CLEANUP(free_ptr) unsigned char *bytes = malloc(TEXT_MAX);
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(graph_release) struct graph g;
	struct err err = { .code = ERR_OK };
	size_t len = decode(text, bytes), i;

	file_put(path, bytes, len);
	graph_init(&g);
	ck_assert_msg(bundle_open(path, &b, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(contents_walk(b, NULL, NULL, &g, &err), ERR_OK);
	ck_assert_int_eq(graph_settle(&g, &err), ERR_OK);
	ck_assert_msg(bundle_verify(b, &g, NULL, NULL, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(bundle_description(b)->blobs_len, images.items_len);
	for (i = 0; i < images.items_len; i++)
		ck_assert_uint_ne(description_find(bundle_description(b), &images.items[i].digest), BLOB_NONE);
}
END_TEST

/* With the encoder of the page, what is written today is what stands there. */
START_TEST(written_today)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(free_ptr) unsigned char *bytes = NULL;
	CLEANUP(free_ptr) char *is = dump_in_page();
	CLEANUP(free_ptr) char *made = NULL;
	struct err err = { .code = ERR_OK };
	size_t len;

	bytes = file_bytes(path, &len);
	ck_assert_msg(bundle_open(path, &b, &err) == ERR_OK, "%s", err.msg);
	made = dump_of(b, bytes, len);
	if (strcmp(is, made) == 0)
		return;
	file_put(MADE, made, strlen(made));
	if (encoder_version() == 10504)
		ck_abort_msg("%s: the dump is not what is written today, which is in " MADE, PAGE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("format");
	TCase *t = tcase_create("format");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, typed_in);
	tcase_add_test(t, written_today);
	suite_add_tcase(s, t);
	return test_run(s);
}
