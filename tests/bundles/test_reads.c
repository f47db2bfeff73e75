/* A bundle is looked at by the same few reads, however large its layers are. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "bundles/reader.h"
#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

static const struct image_sample small = { .statement_bytes = 1000 };
static const struct image_sample large = { .raw_bytes = 30 * MIB, .plain_bytes = 10 * MIB, .statement_bytes = 1000 };

struct reads {
	uint64_t calls, bytes;
};

/* What this process has read until now, by the kernel's account. */
static struct reads reads_now(void)
{
	struct reads r = { 0 };
	FILE *f = fopen("/proc/self/io", "re");
	char line[64];

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "rchar: ", 7) == 0)
			r.bytes = strtoull(line + 7, NULL, 10);
		else if (strncmp(line, "syscr: ", 7) == 0)
			r.calls = strtoull(line + 7, NULL, 10);
	}
	fclose(f);
	ck_assert_uint_gt(r.calls, 0);
	return r;
}

static void write_sample(const struct image_sample *sample, const char *path)
{
	struct image_builder images;

	image_builder_init(&images);
	image_sample(&images, "docker.io/library/app:1", sample);
	bundle_put(&images, path, STREAM_CHUNK_BYTES);
	image_builder_release(&images);
}

static const struct node *statement_of(const struct graph *g)
{
	size_t i;

	for (i = 0; i < g->nodes_len && g->nodes[i].role != ROLE_STATEMENT; i++)
		;
	ck_assert_uint_lt(i, g->nodes_len);
	return &g->nodes[i];
}

/* What inspect reads, all manifests, and one statement as cat reads it. */
static void look(const char *path)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(graph_release) struct graph g;
	CLEANUP(buf_release) struct buf bytes = { .max = MIB };
	struct buf_stage out;
	struct instream *in = NULL;

	graph_init(&g);
	ck_assert_int_eq(bundle_open(path, &b, NULL), ERR_OK);
	ck_assert_int_eq(contents_walk(b, NULL, NULL, &g, NULL), ERR_OK);
	ck_assert_int_eq(graph_settle(&g, NULL), ERR_OK);
	ck_assert_int_eq(bundle_blob(b, &statement_of(&g)->digest, &in, NULL), ERR_OK);
	buf_stage_init(&out, &bytes);
	ck_assert_int_eq(stream_copy(in, &out.out, NULL), ERR_OK);
	instream_release(in);
	ck_assert_uint_gt(bytes.len, 1000);
}

static struct reads reads_of(const struct image_sample *sample)
{
	char *path = file_new();
	struct reads before, after;

	write_sample(sample, path);
	before = reads_now();
	look(path);
	after = reads_now();
	file_remove(path);
	return (struct reads){ .calls = after.calls - before.calls, .bytes = after.bytes - before.bytes };
}

START_TEST(same_reads)
{
	struct reads few, many;

	reads_of(&small); /* libraries read files when they are first used */
	few = reads_of(&small);
	many = reads_of(&large);
	ck_assert_msg(few.calls == many.calls, "%" PRIu64 " reads of a small bundle, %" PRIu64 " of a large one",
		      few.calls, many.calls);
	ck_assert_msg(many.bytes <= few.bytes + 64 * KIB,
		      "%" PRIu64 " bytes read of a small bundle, %" PRIu64 " of a large one", few.bytes, many.bytes);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reads");
	TCase *t = tcase_create("reads");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, same_reads);
	suite_add_tcase(s, t);
	return test_run(s);
}
