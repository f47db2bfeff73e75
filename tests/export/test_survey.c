#include "export/survey.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define SAME "registry.example/mirror/app:1"

/* One image in two repositories, of which each may lack something. */
struct fixture {
	struct image_builder b[2];
	size_t repositories;
	bool dry;
	char *folder;
	struct http *http;
	struct offload_pool *pool;
	struct gather gather;
	struct progress progress;
	struct watch watch;
	uint32_t *order;
	size_t len;
};

static struct fixture f;

static void walk_one(size_t repository, const char *name)
{
	CLEANUP(reference_release) struct reference ref = { 0 };

	image_sample(&f.b[repository], name,
		     &(struct image_sample){ .raw_bytes = LIMIT_EARLY_BYTES + 1, .sha512 = true, .empty_layer = true });
	ck_assert_int_eq(reference_parse(name, &ref, NULL), ERR_OK);
	ck_assert_int_eq(walk_image(&f.gather.walk, &f.b[repository].source, &ref, name, NULL), ERR_OK);
}

static void setup(size_t repositories)
{
	struct http_options http = { .max_active = 1 };
	struct registry_options registry = { 0 };
	CLEANUP(free_ptr) char *beside = NULL;

	f = (struct fixture){ .folder = folder_new(), .repositories = repositories };
	image_builder_init(&f.b[0]);
	image_builder_init(&f.b[1]);
	ck_assert_int_eq(str_format(&beside, NULL, "%s/x", f.folder), ERR_OK);
	ck_assert_int_eq(http_new(&http, &f.http, NULL), ERR_OK);
	ck_assert_int_eq(offload_pool_new(1, 2, &f.pool, NULL), ERR_OK);
	ck_assert_int_eq(gather_init(&f.gather, f.http, f.pool, &registry, beside, NULL), ERR_OK);
	walk_one(0, NAME);
	if (repositories > 1)
		walk_one(1, SAME);
	ck_assert_int_eq(gather_run(&f.gather, NULL), ERR_OK);
	ck_assert_int_eq(graph_order(&f.gather.graph, &f.order, &f.len, NULL), ERR_OK);
	progress_init(&f.progress, PROGRESS_QUIET, stderr, NULL);
	ck_assert_int_eq(watch_init(&f.watch, &f.gather.graph, &f.progress, NULL), ERR_OK);
}

static void teardown(void)
{
	watch_release(&f.watch);
	free(f.order);
	http_free(f.http);
	gather_release(&f.gather);
	offload_pool_free(f.pool);
	image_builder_release(&f.b[0]);
	image_builder_release(&f.b[1]);
	folder_remove(f.folder);
}

/* The items of a digest, in one repository: the sample may hold one twice. */
static void lack(size_t repository, const struct digest *digest)
{
	size_t i;

	for (i = 0; i < f.b[repository].items_len; i++)
		f.b[repository].items[i].absent |= digest_equal(&f.b[repository].items[i].digest, digest);
}

static void expect_spooled(uint32_t node)
{
	const struct node *n = &f.gather.graph.nodes[node];
	const struct image_item *item = image_item(&f.b[0], &n->digest);
	CLEANUP(buf_release) struct buf got;
	struct buf_stage out;
	struct fd_stream in;

	buf_init(&got, n->size_bytes);
	buf_stage_init(&out, &got);
	spool_read(&f.gather.spool, node, n->size_bytes, &in);
	ck_assert_int_eq(stream_copy(&in.in, &out.out, NULL), ERR_OK);
	ck_assert_uint_eq(got.len, item->len);
	ck_assert_mem_eq(buf_text(&got), item->bytes, item->len);
}

/* Small blobs are, and but for a dry run small layers. */
static bool is_spooled(const struct node *n)
{
	return node_is_small(n) || (!f.dry && n->size_bytes <= LIMIT_EARLY_BYTES);
}

/* Everything is there but one blob, which is where it should be looked for, or nowhere. */
static void expect_all(const struct digest *lacking, bool nowhere)
{
	const struct graph *g = &f.gather.graph;
	uint64_t total_bytes = 0;
	size_t i;

	for (i = 0; i < f.len; i++) {
		const struct node *n = &g->nodes[f.order[i]];
		bool is_it = lacking != NULL && digest_equal(&n->digest, lacking);

		ck_assert_int_eq(n->absent, is_it && nowhere);
		if (!n->absent && !role_is_manifest(n->role))
			total_bytes += n->size_bytes;
		if (!n->absent && is_it)
			ck_assert(!image_item(OUTER_OF(walk_source(&f.gather.walk, n), struct image_builder, source),
					      &n->digest)
					   ->absent);
		if (!n->absent && is_spooled(n))
			expect_spooled(f.order[i]);
		ck_assert_int_eq(spooled_has(f.gather.spooled, f.order[i]),
				 !n->absent && n->role == ROLE_LAYER && is_spooled(n));
	}
	if (!f.dry)
		ck_assert_uint_eq(f.progress.total_bytes, total_bytes);
}

static const struct way {
	const char *name;
	size_t repositories;
	bool lack[2];
} ways[] = {
	{ "one repository that has all", 1, { false, false } },
	{ "one repository that lacks a blob", 1, { true, false } },
	{ "two, of which the first lacks a blob", 2, { true, false } },
	{ "two, of which the other lacks a blob", 2, { false, true } },
	{ "two that lack the same", 2, { true, true } },
};

/* Each blob in turn: small ones, large ones, empty ones. */
START_TEST(survey)
{
	const struct way *way = &ways[_i % (int)COUNT_OF(ways)];
	size_t at, blobs = 1;

	for (at = 0; at < blobs; at++) {
		struct digest lacking;
		struct err err = { 0 };

		setup(way->repositories);
		blobs = f.len;
		lacking = f.gather.graph.nodes[f.order[at]].digest;
		if (role_is_manifest(f.gather.graph.nodes[f.order[at]].role)) {
			teardown();
			continue;
		}
		if (way->lack[0])
			lack(0, &lacking);
		if (way->lack[1])
			lack(1, &lacking);
		f.dry = _i >= (int)COUNT_OF(ways);
		ck_assert_msg(survey_run(&f.gather, f.order, f.len, 2, f.dry ? NULL : &f.watch, false, &err) == ERR_OK,
			      "%s: %s", way->name, err.msg);
		expect_all(&lacking, way->lack[0] && (way->lack[1] || way->repositories == 1));
		teardown();
	}
}
END_TEST

/* What the target must have is not asked for, and nobody has to watch. */
START_TEST(prerequisites)
{
	struct node *layer;

	setup(1);
	layer = &f.gather.graph.nodes[f.order[f.len - 1]];
	ck_assert_int_eq(layer->role, ROLE_LAYER);
	layer->holder = (struct holder){ .image = NAME, .manifest = "sha256:0" };
	lack(0, &layer->digest);
	ck_assert_int_eq(survey_run(&f.gather, f.order, f.len, 1, NULL, false, NULL), ERR_OK);
	ck_assert(!layer->absent);
	teardown();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("survey");
	TCase *t = tcase_create("survey");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, survey, 0, 2 * (int)COUNT_OF(ways)); /* and once more in a dry run */
	tcase_add_test(t, prerequisites);
	suite_add_tcase(s, t);
	return test_run(s);
}
