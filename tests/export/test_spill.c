/* Blobs that arrive side by side, before a place that takes one after the other: whatever the room, the source and the
 * number of those under way, each goes on once, whole and in order, or the fetch ends with what went wrong. */
#include "export/spill.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/late_source.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define STEP 1000
#define RAW_BYTES 40000
#define PLENTY ((uint64_t)1 << 20)
#define MANY_STREAMS 1500 /* so that what is handed over at once is hardly more than a step */

/* ---- The spread of one blob, by hand ---- */

static struct node nodes[3] = { { .size_bytes = 2500 }, { .size_bytes = 0 }, { .size_bytes = 4000 } };

/* What the place behind has got. */
static struct {
	struct fetch_place place;
	struct outstream out;
	uint32_t order[IMAGE_ITEMS];
	size_t order_len;
	unsigned open;
	char got[1 << 20];
	size_t got_len, finished;
	size_t fail_end; /* this open or finish fails, counted from 1; 0: none does */
	size_t ends;
	size_t fail_bytes; /* so many go on, and no more */
	bool failed;
} behind;

static enum err_code behind_end(struct err *err)
{
	ck_assert(!behind.failed);
	behind.failed = ++behind.ends == behind.fail_end;
	return behind.failed ? err_set(err, ERR_IO, "the pipe: Broken pipe") : ERR_OK;
}

static enum err_code behind_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	(void)out;
	ck_assert(!behind.failed);
	memcpy(behind.got + behind.got_len, bytes, len);
	behind.got_len += len;
	behind.failed = behind.got_len > behind.fail_bytes;
	return behind.failed ? err_set(err, ERR_IO, "the pipe: Broken pipe") : ERR_OK;
}

static enum err_code behind_finish(struct outstream *out, struct err *err)
{
	(void)out;
	behind.finished++;
	return behind_end(err);
}

static enum err_code behind_open(struct fetch_place *p, uint32_t node, struct outstream **ret_out,
				 struct instream **ret_kept, struct err *err)
{
	(void)p;
	ck_assert(behind.open == 0 && ret_kept == NULL);
	if (behind_end(err) != ERR_OK)
		return ERR_IO;
	behind.open++;
	behind.order[behind.order_len++] = node;
	*ret_out = &behind.out;
	return ERR_OK;
}

static void behind_close(struct fetch_place *p, struct outstream *out)
{
	(void)p;
	ck_assert_ptr_eq(out, &behind.out);
	behind.open--;
}

static void behind_init(void)
{
	memset(&behind, 0, sizeof(behind));
	behind.place = (struct fetch_place){ .open = behind_open, .close = behind_close };
	behind.out = (struct outstream){ .write = behind_write, .finish = behind_finish };
	behind.fail_bytes = SIZE_MAX;
}

static struct spill *begin(uint64_t budget_bytes, struct spread *spreads[3])
{
	static const struct graph g = { .nodes = nodes, .nodes_len = 3 };
	struct spill *s = NULL;
	struct err err = { 0 };
	uint32_t i;

	behind_init();
	ck_assert_msg(spill_new(&behind.place, &g, budget_bytes, STEP, &s, &err) == ERR_OK, "%s", err.msg);
	ck_assert(spill_place(s)->in_order && spill_place(s)->ahead_bytes == budget_bytes);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(spill_place(s)->spread(spill_place(s), i, true, &spreads[i], NULL), ERR_OK);
	return s;
}

static void end(struct spill *s, struct spread *spreads[3])
{
	size_t i;

	for (i = 0; i < 3; i++)
		spreads[i]->release(spreads[i]);
	ck_assert_uint_eq(behind.open, 0);
	spill_free(s);
}

static enum err_code put(struct spread *spread, uint64_t from_bytes, const char *bytes, size_t len, struct err *err)
{
	struct outstream *out = NULL;
	enum err_code code = spread->open(spread, from_bytes, &out, err);

	ck_assert_int_eq(code, ERR_OK);
	code = outstream_write(out, bytes, len, err);
	spread->close(spread, out);
	return code;
}

static void pull(struct spread *spread, size_t len, const char *want)
{
	char got[4000];
	size_t at = 0, some;

	while (at < len) {
		ck_assert_int_eq(instream_read(spread->content, got + at, len - at, &some, NULL), ERR_OK);
		ck_assert_uint_gt(some, 0);
		at += some;
	}
	ck_assert_mem_eq(got, want, len);
}

static void fill(char *bytes, size_t len, unsigned seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (char)(seed + i * i / 7);
}

/* The first may always come, others as far as there is room; what was pulled makes room; round the end of the ring. */
START_TEST(room)
{
	struct spread *spreads[3];
	struct spill *s = begin(3000, spreads);
	char first[2500], last[4000];

	fill(first, sizeof(first), 1);
	fill(last, sizeof(last), 2);
	ck_assert_uint_eq(spreads[0]->room(spreads[0], 0), UINT64_MAX);
	ck_assert_uint_eq(spreads[0]->room(spreads[0], 1000), 2000);
	ck_assert_uint_eq(spreads[2]->room(spreads[2], 0), 500);
	ck_assert_uint_eq(spreads[2]->room(spreads[2], 1000), 0);
	ck_assert_int_eq(put(spreads[2], 0, last, 500, NULL), ERR_OK);
	ck_assert_int_eq(put(spreads[0], 1000, first + 1000, 1500, NULL), ERR_OK);
	ck_assert_int_eq(put(spreads[0], 0, first, 1000, NULL), ERR_OK);
	pull(spreads[0], 1000, first);
	ck_assert_uint_eq(spreads[2]->room(spreads[2], 0), 1500);
	pull(spreads[0], 1500, first + 1000);
	ck_assert_uint_eq(spreads[2]->room(spreads[2], 0), UINT64_MAX);
	ck_assert_int_eq(put(spreads[2], 1000, last + 1000, 2000, NULL), ERR_OK);
	ck_assert_int_eq(put(spreads[2], 0, last, 1000, NULL), ERR_OK);
	pull(spreads[2], 3000, last);
	ck_assert_uint_eq(spreads[2]->room(spreads[2], 3000), UINT64_MAX);
	ck_assert_int_eq(put(spreads[2], 3000, last + 3000, 1000, NULL), ERR_OK);
	pull(spreads[2], 1000, last + 3000);
	end(s, spreads);
}
END_TEST

/* What is proved goes on blob by blob, an empty one too; one whose turn was not yet is not begun. */
START_TEST(turns)
{
	struct spread *spreads[3];
	struct spill *s = begin(PLENTY, spreads);
	size_t i;

	for (i = 0; i < (size_t)_i; i++) {
		if (nodes[i].size_bytes > 0)
			ck_assert_int_eq(outstream_write(spreads[i]->proved, "some", 4, NULL), ERR_OK);
		ck_assert_int_eq(outstream_finish(spreads[i]->proved, NULL), ERR_OK);
		ck_assert_uint_eq(behind.order[i], i);
	}
	if (_i == 2) /* this one is given up half-way */
		ck_assert_int_eq(outstream_write(spreads[2]->proved, "some", 4, NULL), ERR_OK);
	end(s, spreads);
	ck_assert_uint_eq(behind.order_len, _i == 2 ? 3 : (size_t)_i);
	ck_assert_uint_eq(behind.finished, (size_t)_i);
}
END_TEST

static void *wait_for_room(void *arg)
{
	static struct err err;
	static const char bytes[3500];

	put(arg, 0, bytes, sizeof(bytes), &err);
	return &err;
}

/* Who waits for room, and who comes later, hear why there will be none. */
START_TEST(stopped)
{
	static const struct err why = { .code = ERR_IO, .msg = "the pipe: Broken pipe" };
	struct spread *spreads[3];
	struct spill *s = begin(3000, spreads);
	struct err *got = NULL, late = { 0 };
	pthread_t thread;
	size_t len;
	char byte;

	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_room, spreads[0]), 0);
	spreads[1]->stop(spreads[1], _i == 0 ? &why : NULL);
	spreads[2]->stop(spreads[2], NULL); /* the first reason is the one */
	ck_assert_int_eq(pthread_join(thread, (void **)&got), 0);
	ck_assert_int_eq(got->code, ERR_IO);
	ck_assert_str_eq(got->msg, _i == 0 ? why.msg : "");
	ck_assert_int_eq(put(spreads[0], 0, "x", 1, &late), ERR_IO);
	ck_assert_str_eq(late.msg, _i == 0 ? why.msg : "");
	ck_assert_int_ne(instream_read(spreads[0]->content, &byte, 1, &len, NULL), ERR_OK);
	end(s, spreads);
}
END_TEST

START_TEST(disk)
{
	static const struct graph g = { .nodes = nodes, .nodes_len = 3 };
	struct spill *s = NULL;
	struct err err = { 0 };

	behind_init();
	if (_i == 0) { /* never more than half of what is free */
		ck_assert_int_eq(spill_new(&behind.place, &g, UINT64_MAX / 2, STEP, &s, &err), ERR_OK);
		ck_assert_uint_ge(spill_place(s)->ahead_bytes, SPILL_LEAST_BYTES);
		ck_assert_uint_lt(spill_place(s)->ahead_bytes, UINT64_MAX / 2);
	} else {
		ck_assert_int_eq(setenv("TMPDIR", _i == 1 ? "/none/here" : "/proc", 1), 0);
		ck_assert_int_eq(spill_new(&behind.place, &g, PLENTY, STEP, &s, &err), ERR_IO);
		ck_assert_ptr_nonnull(strstr(err.msg, _i == 1 ? "/none/here" : "/proc"));
	}
	spill_free(s);
}
END_TEST

/* ---- A fetch through it ---- */

struct fixture {
	struct image_builder b;
	struct source from;
	enum source_ranges becomes; /* what turns out when it is asked for a part */
	size_t lie;                 /* the item whose bytes are wrong; SIZE_MAX for none */
	struct late_source late;
	struct gather gather;
	struct progress progress;
	struct watch watch;
	uint32_t nodes[IMAGE_ITEMS];
	size_t len;
};

static struct fixture f;

static const struct image_item *item_of(uint32_t node)
{
	return image_item(&f.b, &f.gather.graph.nodes[node].digest);
}

static enum err_code give_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			       struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	const struct image_item *item = image_item(&f.b, &d->digest);
	enum source_ranges *ranges = &f.gather.walk.sources[0]->ranges;
	size_t at = (size_t)from_bytes, end_at = (size_t)end_bytes;
	enum err_code code;

	(void)s;
	if (*ranges == SOURCE_RANGES_UNKNOWN && end_at < item->len)
		*ranges = f.becomes;
	if (*ranges == SOURCE_RANGES_NONE)
		end_at = item->len;
	code = image_give(item, at, end_at, 1700, f.lie != SIZE_MAX && item == &f.b.items[f.lie], out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

static void setup(void)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	size_t i;

	f = (struct fixture){ .lie = SIZE_MAX, .gather.spool.fd = -1 };
	behind_init();
	image_builder_init(&f.b);
	image_sample(&f.b, NAME, &(struct image_sample){ .raw_bytes = RAW_BYTES, .empty_layer = true });
	f.from = f.b.source;
	f.from.blob = give_blob;
	late_init(&f.late, &f.from, 7);
	ck_assert_int_eq(offload_pool_new(2, MANY_STREAMS, &f.gather.pool, NULL), ERR_OK);
	walk_init(&f.gather.walk, &f.gather.graph, NULL, NULL);
	ck_assert_int_eq(reference_parse(NAME, &ref, NULL), ERR_OK);
	ck_assert_int_eq(walk_image(&f.gather.walk, &f.b.source, &ref, NAME, NULL), ERR_OK);
	ck_assert_int_eq(graph_settle(&f.gather.graph, NULL), ERR_OK);
	progress_init(&f.progress, PROGRESS_QUIET, stderr, NULL);
	ck_assert_int_eq(watch_init(&f.watch, &f.gather.graph, &f.progress, NULL), ERR_OK);
	for (i = 0; i < f.gather.graph.nodes_len; i++) {
		if (!role_is_manifest(f.gather.graph.nodes[i].role))
			f.nodes[f.len++] = (uint32_t)i;
	}
}

static void teardown(void)
{
	ck_assert_uint_eq(behind.open, 0);
	watch_release(&f.watch);
	late_release(&f.late);
	offload_pool_free(f.gather.pool);
	gather_release(&f.gather);
	image_builder_release(&f.b);
}

static const struct {
	const char *name;
	bool late;
	enum source_ranges ranges, becomes;
} ways[] = {
	{ "ranges", true, SOURCE_RANGES_ANY, SOURCE_RANGES_ANY },
	{ "it turns out that there are ranges", true, SOURCE_RANGES_UNKNOWN, SOURCE_RANGES_ANY },
	{ "it turns out that there are none", true, SOURCE_RANGES_UNKNOWN, SOURCE_RANGES_NONE },
	{ "no ranges", true, SOURCE_RANGES_NONE, SOURCE_RANGES_NONE },
	{ "at once", false, SOURCE_RANGES_NONE, SOURCE_RANGES_NONE },
};

static enum err_code fetch_all(size_t way, unsigned width, uint64_t budget_bytes, struct err *err)
{
	CLEANUP(spill_free_ptr) struct spill *spill = NULL;
	CLEANUP(fetch_free_ptr) struct fetch *fetch = NULL;
	enum err_code code = spill_new(&behind.place, &f.gather.graph, budget_bytes, STEP, &spill, err);
	bool again = true;

	ck_assert_int_eq(code, ERR_OK);
	f.becomes = ways[way].becomes;
	f.gather.walk.sources[0] = ways[way].late ? &f.late.source : &f.from;
	f.gather.walk.sources[0]->ranges = ways[way].ranges;
	code = fetch_start(&f.gather, f.nodes, f.len, width, spill_place(spill), &f.watch, &fetch, err);
	while (code == ERR_OK && again) {
		again = false;
		code = ways[way].late ? late_run(&f.late, err) : ERR_OK;
		if (code == ERR_OK)
			code = fetch_settle(fetch, &again, err);
	}
	return code;
}

static const uint64_t budgets[] = { 2500, 10000, PLENTY };
static const unsigned widths[] = { 5, 1 };

/* A fetch for each way, budget and width. */
#define FETCHES (COUNT_OF(widths) * COUNT_OF(budgets) * COUNT_OF(ways))

static enum err_code fetch_case(int i, struct err *err)
{
	size_t way = (size_t)i % COUNT_OF(ways), budget = (size_t)i / COUNT_OF(ways) % COUNT_OF(budgets);

	return fetch_all(way, widths[(size_t)i / COUNT_OF(ways) / COUNT_OF(budgets)], budgets[budget], err);
}

START_TEST(whole)
{
	struct err err = { 0 };
	size_t at = 0, i;

	setup();
	ck_assert_msg(fetch_case(_i, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(behind.order_len, f.len);
	ck_assert_uint_eq(behind.finished, f.len);
	for (i = 0; i < f.len; i++) {
		const struct image_item *item = item_of(f.nodes[i]);

		ck_assert_uint_eq(behind.order[i], f.nodes[i]);
		ck_assert_mem_eq(behind.got + at, item->bytes, item->len + 0);
		at += item->len;
	}
	ck_assert_uint_eq(behind.got_len, at);
	ck_assert_uint_eq(f.progress.done_bytes, f.progress.total_bytes);
	teardown();
}
END_TEST

/* One that is not what its digest says ends it, and nothing behind it goes on. */
START_TEST(wrong_content)
{
	struct err err = { 0 };
	size_t i = 0;

	setup();
	while (f.b.items[i].len != RAW_BYTES)
		i++;
	f.lie = i;
	ck_assert_int_eq(fetch_case(_i, &err), ERR_DIGEST);
	ck_assert_ptr_nonnull(strstr(err.msg, f.b.items[i].digest.text));
	ck_assert_uint_eq(behind.order[behind.order_len - 1], graph_find(&f.gather.graph, &f.b.items[i].digest));
	teardown();
}
END_TEST

static void expect_broken(int i)
{
	struct err err = { 0 };

	ck_assert_int_eq(fetch_case(i, &err), ERR_IO);
	ck_assert_str_eq(err.msg, "the pipe: Broken pipe");
	ck_assert(behind.failed);
	teardown();
}

/* Wherever the pipe breaks, that is what is said, and nothing goes there any more; and so it is of the source. */
START_TEST(breaks)
{
	enum err_code code = ERR_NETWORK;
	size_t at, blobs;

	setup();
	blobs = f.len;
	teardown();
	for (at = 1; at <= 2 * blobs; at += blobs / 2) {
		setup();
		behind.fail_end = at;
		expect_broken(_i);
	}
	for (at = 0; at < RAW_BYTES; at += RAW_BYTES / 3) {
		setup();
		behind.fail_bytes = at;
		expect_broken(_i);
	}
	for (at = 0; code != ERR_OK; at += 1 + at / 2) {
		setup();
		f.late.fail_from = at;
		code = fetch_case(_i, NULL);
		ck_assert(code == ERR_NETWORK || code == ERR_OK);
		teardown();
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("spill");
	TCase *t = tcase_create("spill");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, room);
	tcase_add_loop_test(t, turns, 0, 4);
	tcase_add_loop_test(t, stopped, 0, 2);
	tcase_add_loop_test(t, disk, 0, 3);
	tcase_add_loop_test(t, whole, 0, (int)FETCHES);
	tcase_add_loop_test(t, wrong_content, 0, (int)FETCHES);
	tcase_add_loop_test(t, breaks, 0, (int)COUNT_OF(ways));
	suite_add_tcase(s, t);
	return test_run(s);
}
