#include "export/unasked.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

/* One image, of which a platform is wanted, or all are. */
struct fixture {
	struct image_builder b;
	struct selection selection;
	char *folder;
	struct http *http;
	struct offload_pool *pool;
	struct gather gather;
};

static void fixture_start(struct fixture *f, const char *platform)
{
	struct http_options http = { .max_active = 1 };
	struct registry_options registry = { 0 };
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *beside = NULL;

	*f = (struct fixture){ .folder = folder_new() };
	image_builder_init(&f->b);
	image_sample(&f->b, NAME, &(struct image_sample){ .raw_bytes = 3000, .plain_bytes = 500 });
	if (platform != NULL)
		ck_assert_int_eq(selection_platform(&f->selection, platform, NULL), ERR_OK);
	ck_assert_int_eq(str_format(&beside, NULL, "%s/x", f->folder), ERR_OK);
	ck_assert_int_eq(http_new(&http, &f->http, NULL), ERR_OK);
	ck_assert_int_eq(offload_pool_new(1, 2, &f->pool, NULL), ERR_OK);
	ck_assert_int_eq(gather_init(&f->gather, f->http, f->pool, &registry, beside, NULL), ERR_OK);
	f->gather.walk.selection = &f->selection;
	ck_assert_int_eq(reference_parse(NAME, &ref, NULL), ERR_OK);
	ck_assert_int_eq(walk_image(&f->gather.walk, &f->b.source, &ref, NAME, NULL), ERR_OK);
	ck_assert_int_eq(gather_run(&f->gather, NULL), ERR_OK);
}

static void fixture_stop(struct fixture *f)
{
	http_free(f->http);
	gather_release(&f->gather);
	offload_pool_free(f->pool);
	selection_release(&f->selection);
	image_builder_release(&f->b);
	folder_remove(f->folder);
}

/* Blobs of the whole image that the part does not know.  What refers to a platform, nobody looks for. */
static uint64_t bytes_beyond(const struct graph *whole, const struct graph *part)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < whole->nodes_len; i++) {
		const struct node *n = &whole->nodes[i];

		if (!role_is_manifest(n->role) && n->role != ROLE_ARTIFACT && graph_find(part, &n->digest) == NODE_NONE)
			bytes += n->size_bytes;
	}
	return bytes;
}

static const char *const platforms[] = { "linux/amd64", "linux/arm64" };

START_TEST(weighs)
{
	struct fixture whole, part;
	struct unasked unasked = { .partial = true };

	fixture_start(&whole, NULL);
	fixture_start(&part, platforms[_i]);
	ck_assert_int_eq(unasked_weigh(&part.gather, &unasked, NULL), ERR_OK);
	ck_assert_uint_eq(unasked.bytes, bytes_beyond(&whole.gather.graph, &part.gather.graph));
	ck_assert_uint_gt(unasked.bytes, 0);
	ck_assert(!unasked.partial);
	ck_assert_int_eq(unasked_weigh(&whole.gather, &unasked, NULL), ERR_OK);
	ck_assert(unasked.bytes == 0 && !unasked.partial);
	fixture_stop(&whole);
	fixture_stop(&part);
}
END_TEST

/* What is wrong with a manifest for which nobody asked. */
enum fault { FAULT_ABSENT, FAULT_GARBLED, FAULT_FAILS, FAULTS };

static enum fault fault;

static enum err_code give_wrong(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				struct err *err)
{
	struct source_manifest got = { .media_type = d->media_type, .digest = d->digest };

	if (fault == FAULT_FAILS)
		return err_set(err, ERR_NETWORK, "the registry is ill");
	if (fault == FAULT_GARBLED)
		got = (struct source_manifest){ "{", 1, d->media_type, d->digest };
	(void)s;
	return done(ctx, &got, err);
}

/* It is none of the export's business. */
START_TEST(not_to_be_had)
{
	struct fixture part;
	struct unasked unasked = { 0 };
	struct err err = { 0 };

	fixture_start(&part, platforms[0]);
	fault = (enum fault)_i;
	part.b.source.manifest = give_wrong;
	ck_assert_msg(unasked_weigh(&part.gather, &unasked, &err) == ERR_OK, "%s", err.msg);
	ck_assert(unasked.bytes == 0 && unasked.partial);
	fixture_stop(&part);
}
END_TEST

#define ENDLESS_LAYERS (UNASKED_BLOBS_MAX + 1000)
#define BLOB "{\"mediaType\":\"x\",\"size\":1,\"digest\":\"sha256:%064x\"}"

static const struct buf *endless_text;

static enum err_code give_endless(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				  struct err *err)
{
	struct source_manifest got = { endless_text->data, endless_text->len, d->media_type, d->digest };

	(void)s;
	return done(ctx, &got, err);
}

/* Only so many blobs are kept in mind, however many layers a manifest lists. */
START_TEST(endless)
{
	CLEANUP(buf_release) struct buf text;
	struct fixture part;
	struct unasked unasked = { 0 };
	unsigned i;

	fixture_start(&part, platforms[0]);
	buf_init(&text, 4 * MIB);
	ck_assert_int_eq(buf_printf(&text, NULL, "{\"schemaVersion\":2,\"config\":" BLOB ",\"layers\":[", 0), ERR_OK);
	for (i = 0; i < ENDLESS_LAYERS; i++)
		ck_assert_int_eq(buf_printf(&text, NULL, "%s" BLOB, i > 0 ? "," : "", i), ERR_OK);
	ck_assert_int_eq(buf_puts(&text, "]}", NULL), ERR_OK);
	endless_text = &text;
	part.b.source.manifest = give_endless;
	ck_assert_int_eq(unasked_weigh(&part.gather, &unasked, NULL), ERR_OK);
	ck_assert_uint_eq(unasked.bytes, UNASKED_BLOBS_MAX);
	ck_assert(unasked.partial);
	fixture_stop(&part);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("unasked");
	TCase *t = tcase_create("unasked");

	tcase_add_loop_test(t, weighs, 0, (int)COUNT_OF(platforms));
	tcase_add_loop_test(t, not_to_be_had, 0, FAULTS);
	tcase_add_test(t, endless);
	suite_add_tcase(s, t);
	return test_run(s);
}
