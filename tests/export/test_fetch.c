#include "export/fetch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/offload.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/late_source.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

/* Everything that a run of blobs needs, and what arrives. */
struct fixture {
	struct image_builder b;
	struct source from; /* the builder's, or one that lies */
	size_t lie;         /* the item whose bytes are wrong; SIZE_MAX for none */
	struct late_source late;
	struct gather gather;
	struct progress progress;
	struct watch watch;
	struct fetch_place place;
	uint32_t nodes[IMAGE_ITEMS];
	size_t len;
	struct buf arrived[IMAGE_ITEMS]; /* by node */
	bool finished[IMAGE_ITEMS];
	size_t opens, closes, open_now, most_open;
	size_t fail_open; /* counted from 1; 0 for none */
	/* What the place has kept of every blob. */
	size_t kept_percent; /* of its bytes; more than 100: nothing, and not even a stream */
	bool kept_lies;      /* and it is wrong */
	size_t asked;        /* how often a blob was asked for */
	uint64_t asked_bytes;
	FILE *to;
	char *notes;
	size_t notes_len;
};

static struct fixture f;

/* A place's stream. */
struct arrival {
	struct outstream out;
	uint32_t node;
	struct memory_stream kept;
	char *kept_bytes; /* owned */
};

static enum err_code arrival_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	return buf_add(&f.arrived[OUTER_OF(out, struct arrival, out)->node], bytes, len, err);
}

static enum err_code arrival_finish(struct outstream *out, struct err *err)
{
	(void)err;
	f.finished[OUTER_OF(out, struct arrival, out)->node] = true;
	return ERR_OK;
}

/* Some of the first bytes, from memory. */
static struct instream *keep(struct arrival *a)
{
	const struct image_item *item = image_item(&f.b, &f.gather.graph.nodes[a->node].digest);
	size_t len = item->len * f.kept_percent / 100;

	if (f.kept_percent > 100)
		return NULL;
	a->kept_bytes = malloc(len + 1);
	ck_assert_ptr_nonnull(a->kept_bytes);
	memcpy(a->kept_bytes, item->bytes, len);
	if (len > 0)
		a->kept_bytes[len - 1] ^= f.kept_lies;
	memory_stream_init(&a->kept, a->kept_bytes, len);
	return &a->kept.in;
}

static enum err_code place_open(struct fetch_place *p, uint32_t node, struct outstream **ret_out,
				struct instream **ret_kept, struct err *err)
{
	struct arrival *a;

	(void)p;
	if (++f.opens == f.fail_open)
		return err_set(err, ERR_IO, "open %zu fails", f.opens);
	a = calloc(1, sizeof(*a));
	ck_assert_ptr_nonnull(a);
	*a = (struct arrival){ .out = { .write = arrival_write, .finish = arrival_finish }, .node = node };
	f.open_now++;
	f.most_open = f.open_now > f.most_open ? f.open_now : f.most_open;
	*ret_out = &a->out;
	buf_clear(&f.arrived[node]); /* a blob may begin anew */
	if (ret_kept != NULL)
		*ret_kept = keep(a);
	return ERR_OK;
}

static void place_close(struct fetch_place *p, struct outstream *out)
{
	(void)p;
	f.closes++;
	f.open_now--;
	free(OUTER_OF(out, struct arrival, out)->kept_bytes);
	free(OUTER_OF(out, struct arrival, out));
}

/* The builder's bytes in three pieces, one of them wrong where it is told so. */
static enum err_code give_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			       struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	const struct image_item *item = image_item(&f.b, &d->digest);
	enum err_code code;
	size_t at = (size_t)from_bytes;

	(void)s;
	ck_assert_ptr_nonnull(item);
	ck_assert(from_bytes < item->len || item->len == 0);
	ck_assert_uint_eq(end_bytes, item->len);
	f.asked++;
	f.asked_bytes += item->len - from_bytes;
	code = image_give(item, at, item->len, item->len / 3 + 1, f.lie != SIZE_MAX && item == &f.b.items[f.lie], out,
			  err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

static void setup(void)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	size_t i;

	f = (struct fixture){ .lie = SIZE_MAX,
			      .kept_percent = SIZE_MAX,
			      .place = { .open = place_open, .close = place_close } };
	image_builder_init(&f.b);
	image_sample(&f.b, NAME, &(struct image_sample){ .raw_bytes = 400000, .sha512 = true, .empty_layer = true });
	f.from = f.b.source;
	f.from.blob = give_blob;
	late_init(&f.late, &f.from, 7);
	f.gather.spool.fd = -1;
	ck_assert_int_eq(offload_pool_new(2, 4, &f.gather.pool, NULL), ERR_OK);
	walk_init(&f.gather.walk, &f.gather.graph, NULL, NULL);
	ck_assert_int_eq(reference_parse(NAME, &ref, NULL), ERR_OK);
	ck_assert_int_eq(walk_image(&f.gather.walk, &f.b.source, &ref, NAME, NULL), ERR_OK);
	ck_assert_int_eq(graph_settle(&f.gather.graph, NULL), ERR_OK);
	f.to = open_memstream(&f.notes, &f.notes_len);
	progress_init(&f.progress, PROGRESS_QUIET, f.to, NULL);
	ck_assert_int_eq(watch_init(&f.watch, &f.gather.graph, &f.progress, NULL), ERR_OK);
	for (i = 0; i < f.gather.graph.nodes_len; i++) {
		buf_init(&f.arrived[i], 1000000);
		if (!role_is_manifest(f.gather.graph.nodes[i].role))
			f.nodes[f.len++] = (uint32_t)i;
	}
}

static void teardown(void)
{
	size_t i;

	ck_assert_uint_eq(f.open_now, 0); /* whatever happened, every stream was closed */
	for (i = 0; i < f.gather.graph.nodes_len; i++)
		buf_release(&f.arrived[i]);
	fclose(f.to);
	free(f.notes);
	watch_release(&f.watch);
	late_release(&f.late);
	offload_pool_free(f.gather.pool);
	gather_release(&f.gather);
	image_builder_release(&f.b);
}

/* Fetch all blobs, from sources that answer at once or later. */
static enum err_code fetch_all(unsigned width, bool late, struct err *err)
{
	CLEANUP(fetch_free_ptr) struct fetch *fetch = NULL;
	enum err_code code;
	bool again = true;

	f.gather.walk.sources[0] = late ? &f.late.source : &f.from;
	code = fetch_start(&f.gather, f.nodes, f.len, width, &f.place, &f.watch, &fetch, err);
	while (code == ERR_OK && again) {
		again = false;
		code = late ? late_run(&f.late, err) : ERR_OK;
		if (code == ERR_OK)
			code = fetch_settle(fetch, &again, err);
	}
	return code;
}

static const struct {
	const char *name;
	unsigned width;
	bool late;
} ways[] = {
	{ "one at a time", 1, false },       { "three at once", 3, false },        { "one at a time, later", 1, true },
	{ "three at once, later", 3, true }, { "more than there are", 100, true },
};

START_TEST(whole)
{
	struct err err = { 0 };
	size_t i;

	setup();
	ck_assert_msg(fetch_all(ways[_i].width, ways[_i].late, &err) == ERR_OK, "%s: %s", ways[_i].name, err.msg);
	for (i = 0; i < f.len; i++) {
		const struct image_item *item = image_item(&f.b, &f.gather.graph.nodes[f.nodes[i]].digest);
		const struct buf *arrived = &f.arrived[f.nodes[i]];

		ck_assert(f.finished[f.nodes[i]]);
		ck_assert_uint_eq(arrived->len, item->len);
		if (item->len > 0)
			ck_assert_mem_eq(arrived->data, item->bytes, item->len);
	}
	ck_assert_uint_le(f.most_open, ways[_i].width);
	ck_assert_uint_eq(f.closes, f.len);
	ck_assert_uint_eq(f.progress.done_bytes, f.progress.total_bytes);
	teardown();
}
END_TEST

/* The source is asked for what is not there; where that was wrong, for all of it, once. */
static const struct {
	const char *name;
	size_t percent;
	bool lies;
} keeps[] = {
	{ "streams of nothing", 0, false }, { "half", 50, false },           { "all", 100, false },
	{ "half, and wrong", 50, true },    { "all, and wrong", 100, true },
};

START_TEST(kept)
{
	size_t way;

	for (way = 0; way < COUNT_OF(ways); way++) {
		struct err err = { 0 };
		uint64_t want_bytes = 0;
		size_t want = 0, wrong = 0, i;

		setup();
		f.kept_percent = keeps[_i].percent;
		f.kept_lies = keeps[_i].lies;
		ck_assert_msg(fetch_all(ways[way].width, ways[way].late, &err) == ERR_OK, "%s, %s: %s", keeps[_i].name,
			      ways[way].name, err.msg);
		for (i = 0; i < f.len; i++) {
			const struct image_item *item = image_item(&f.b, &f.gather.graph.nodes[f.nodes[i]].digest);
			size_t len = item->len * keeps[_i].percent / 100;
			bool again = keeps[_i].lies && len > 0;

			ck_assert(f.finished[f.nodes[i]]);
			ck_assert_uint_eq(f.arrived[f.nodes[i]].len, item->len);
			if (item->len > 0)
				ck_assert_mem_eq(f.arrived[f.nodes[i]].data, item->bytes, item->len);
			want += (len < item->len || len == 0 ? 1u : 0u) + (again ? 1u : 0u);
			want_bytes += item->len - len + (again ? item->len : 0);
			wrong += again;
		}
		ck_assert_uint_eq(f.asked, want);
		ck_assert_uint_eq(f.asked_bytes, want_bytes);
		ck_assert_uint_eq(f.closes, f.len + wrong);
		ck_assert_int_eq(f.notes_len > 0, wrong > 0); /* that is said */
		ck_assert_uint_eq(f.progress.done_bytes, f.progress.total_bytes);
		teardown();
	}
}
END_TEST

/* A source that is wrong too is not asked a third time. */
START_TEST(kept_and_wrong)
{
	struct err err = { 0 };
	size_t i = 0;

	setup();
	while (manifest_kind(f.b.items[i].media_type) != MANIFEST_NONE || f.b.items[i].len < 2)
		i++;
	f.lie = i;
	f.kept_percent = 50;
	ck_assert_int_eq(fetch_all(1, true, &err), ERR_DIGEST);
	ck_assert_ptr_nonnull(strstr(err.msg, f.b.items[i].digest.text));
	ck_assert(!f.finished[graph_find(&f.gather.graph, &f.b.items[i].digest)]);
	teardown();
}
END_TEST

/* Each blob in turn is not what its digest says: it is never finished, and its name is told. */
START_TEST(wrong_content)
{
	size_t i;

	for (i = 0; i < IMAGE_ITEMS; i++) {
		struct err err = { 0 };

		setup();
		if (i >= f.b.items_len) {
			teardown();
			break;
		}
		f.lie = i;
		if (image_item(&f.b, &f.b.items[i].digest) == &f.b.items[i] &&
		    manifest_kind(f.b.items[i].media_type) == MANIFEST_NONE && f.b.items[i].len > 0) {
			ck_assert_int_eq(fetch_all(ways[_i].width, ways[_i].late, &err), ERR_DIGEST);
			ck_assert_ptr_nonnull(strstr(err.msg, f.b.items[i].digest.text));
			ck_assert(!f.finished[graph_find(&f.gather.graph, &f.b.items[i].digest)]);
		}
		teardown();
	}
}
END_TEST

/* The place has no room for blob 1, 2, 3, … or the source breaks off at answer 0, 1, 2, … */
START_TEST(breaks)
{
	enum err_code code = ERR_IO;
	size_t k;

	for (k = 1; code != ERR_OK; k++) {
		struct err err = { 0 };

		setup();
		f.fail_open = k;
		code = fetch_all(ways[_i].width, ways[_i].late, &err);
		ck_assert_int_eq(code, k <= f.len ? ERR_IO : ERR_OK);
		teardown();
	}
	code = ERR_NETWORK;
	for (k = 0; ways[_i].late && code != ERR_OK; k++) {
		struct err err = { 0 };

		setup();
		f.late.fail_from = k;
		code = fetch_all(ways[_i].width, true, &err);
		ck_assert_int_eq(code, k < f.len ? ERR_NETWORK : ERR_OK);
		teardown();
	}
}
END_TEST

/* What is copied keeps nothing waiting that comes from elsewhere. */
START_TEST(order)
{
	struct source file = { .at_once = true }, registry = { 0 };
	struct source *sources[] = { &registry, &file }, **were;
	uint32_t nodes[IMAGE_ITEMS];
	size_t i, files = 0;

	setup();
	were = f.gather.walk.sources;
	f.gather.walk.sources = sources;
	for (i = 0; i < f.len; i++) {
		f.gather.graph.nodes[f.nodes[i]].source = i % 3 == 1;
		files += i % 3 == 1;
	}
	memcpy(nodes, f.nodes, sizeof(nodes));
	ck_assert_int_eq(fetch_order(&f.gather, nodes, f.len, NULL), ERR_OK);
	ck_assert_uint_ge(files, 2);
	for (i = 0; i < f.len; i++) {
		ck_assert_uint_eq(f.gather.graph.nodes[nodes[i]].source, i < files);
		ck_assert(i == 0 || i == files || nodes[i] > nodes[i - 1]); /* they were in order */
	}
	ck_assert_int_eq(fetch_order(&f.gather, nodes, 0, NULL), ERR_OK);
	f.gather.walk.sources = were;
	teardown();
}
END_TEST

START_TEST(nothing)
{
	setup();
	f.len = 0;
	ck_assert_int_eq(fetch_all(3, false, NULL), ERR_OK);
	ck_assert_uint_eq(f.opens, 0);
	fetch_free(NULL);
	teardown();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fetch");
	TCase *t = tcase_create("fetch");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, whole, 0, (int)COUNT_OF(ways));
	tcase_add_loop_test(t, kept, 0, (int)COUNT_OF(keeps));
	tcase_add_test(t, kept_and_wrong);
	tcase_add_loop_test(t, wrong_content, 0, (int)COUNT_OF(ways));
	tcase_add_loop_test(t, breaks, 0, (int)COUNT_OF(ways));
	tcase_add_test(t, order);
	tcase_add_test(t, nothing);
	suite_add_tcase(s, t);
	return test_run(s);
}
