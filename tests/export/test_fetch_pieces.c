/* Blobs that come in pieces: whatever stands already, and whatever the source knows of ranges, they end whole or not at
 * all. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/offload.h"
#include "export/fetch.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/late_source.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define STEP 1000
#define RAW_BYTES 40000

struct fixture {
	struct image_builder b;
	struct source from;
	enum source_ranges becomes; /* what turns out when it is asked for a part */
	size_t lie;                 /* the item whose bytes are wrong; SIZE_MAX for none */
	bool short_piece;           /* one piece ends a byte early */
	struct late_source late;
	struct gather gather;
	struct progress progress;
	struct watch watch;
	struct fetch_place place;
	uint32_t nodes[IMAGE_ITEMS];
	size_t len;
	unsigned char *arrived[IMAGE_ITEMS]; /* by node */
	bool finished[IMAGE_ITEMS];
	size_t finishes;
	unsigned standing; /* every so many steps one stands; 0: none */
	bool standing_lies;
	size_t pieces_open, most_open, spreads;
	size_t fail_open; /* of a piece, counted from 1; 0 for none */
	size_t opens, asked;
	uint64_t asked_bytes;
	FILE *to;
	char *notes;
	size_t notes_len;
};

static struct fixture f;

struct memory_spread {
	struct spread spread;
	struct instream content;
	struct outstream proved;
	uint32_t node;
	bool kept;
	uint64_t read_bytes;
};

struct memory_piece {
	struct outstream out;
	unsigned char *to;
};

static const struct image_item *item_of(uint32_t node)
{
	return image_item(&f.b, &f.gather.graph.nodes[node].digest);
}

static enum err_code piece_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct memory_piece *p = OUTER_OF(out, struct memory_piece, out);

	(void)err;
	memcpy(p->to, bytes, len);
	p->to += len;
	return ERR_OK;
}

static enum err_code spread_open(struct spread *s, uint64_t from_bytes, struct outstream **ret_out, struct err *err)
{
	struct memory_piece *p;

	if (++f.opens == f.fail_open)
		return err_set(err, ERR_IO, "piece %zu fails", f.opens);
	p = calloc(1, sizeof(*p));
	ck_assert_ptr_nonnull(p);
	p->out.write = piece_write;
	p->to = f.arrived[OUTER_OF(s, struct memory_spread, spread)->node] + from_bytes;
	f.pieces_open++;
	f.most_open = f.pieces_open > f.most_open ? f.pieces_open : f.most_open;
	*ret_out = &p->out;
	return ERR_OK;
}

static void spread_close(struct spread *s, struct outstream *out)
{
	(void)s;
	f.pieces_open--;
	free(OUTER_OF(out, struct memory_piece, out));
}

static enum err_code content_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct memory_spread *m = OUTER_OF(in, struct memory_spread, content);

	(void)err;
	memcpy(bytes, f.arrived[m->node] + m->read_bytes, cap);
	m->read_bytes += cap;
	*ret_len = cap;
	return ERR_OK;
}

static enum err_code proved_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	(void)out;
	(void)bytes;
	(void)len;
	(void)err;
	return ERR_OK;
}

static enum err_code proved_finish(struct outstream *out, struct err *err)
{
	(void)err;
	f.finished[OUTER_OF(out, struct memory_spread, proved)->node] = true;
	__atomic_add_fetch(&f.finishes, 1, __ATOMIC_SEQ_CST);
	return ERR_OK;
}

static bool spread_stands(struct spread *s, uint64_t at_bytes)
{
	return OUTER_OF(s, struct memory_spread, spread)->kept && f.standing > 0 && at_bytes / STEP % f.standing == 1;
}

static void spread_release(struct spread *s)
{
	f.spreads--;
	free(OUTER_OF(s, struct memory_spread, spread));
}

static enum err_code place_spread(struct fetch_place *p, uint32_t node, bool kept, struct spread **ret_spread,
				  struct err *err)
{
	struct memory_spread *m = calloc(1, sizeof(*m));
	const struct image_item *item = item_of(node);
	size_t at;

	(void)p;
	(void)err;
	ck_assert_ptr_nonnull(m);
	*m = (struct memory_spread){
		.spread = { .step_bytes = STEP,
			    .stands = spread_stands,
			    .open = spread_open,
			    .close = spread_close,
			    .content = &m->content,
			    .proved = &m->proved,
			    .release = spread_release },
		.content = { .read = content_read },
		.proved = { .write = proved_write, .finish = proved_finish },
		.node = node,
		.kept = kept,
	};
	f.spreads++;
	memset(f.arrived[node], 0, item->len);
	for (at = 0; at < item->len; at += STEP) {
		size_t len = item->len - at < STEP ? item->len - at : STEP;

		if (!spread_stands(&m->spread, at))
			continue;
		memcpy(f.arrived[node] + at, item->bytes + at, len);
		f.arrived[node][at] ^= f.standing_lies;
	}
	*ret_spread = &m->spread;
	return ERR_OK;
}

static enum err_code give_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			       struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	const struct image_item *item = image_item(&f.b, &d->digest);
	enum source_ranges *ranges = &f.gather.walk.sources[0]->ranges;
	size_t at = (size_t)from_bytes, end = (size_t)end_bytes;
	enum err_code code;

	(void)s;
	ck_assert(end <= item->len && (at < end || item->len == 0));
	if (*ranges == SOURCE_RANGES_UNKNOWN && end < item->len)
		*ranges = f.becomes;
	if (*ranges == SOURCE_RANGES_NONE)
		end = item->len;
	f.asked++;
	f.asked_bytes += end - at;
	end -= f.short_piece && f.asked == 5;
	code = image_give(item, at, end, 1700, f.lie != SIZE_MAX && item == &f.b.items[f.lie], out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

static void setup(void)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	size_t i;

	f = (struct fixture){ .lie = SIZE_MAX, .place = { .spread = place_spread, .in_order = true } };
	image_builder_init(&f.b);
	image_sample(&f.b, NAME, &(struct image_sample){ .raw_bytes = RAW_BYTES, .sha512 = true, .empty_layer = true });
	f.from = f.b.source;
	f.from.blob = give_blob;
	late_init(&f.late, &f.from, 7);
	f.gather.spool.fd = -1;
	ck_assert_int_eq(offload_pool_new(2, 100, &f.gather.pool, NULL), ERR_OK);
	walk_init(&f.gather.walk, &f.gather.graph, NULL, NULL);
	ck_assert_int_eq(reference_parse(NAME, &ref, NULL), ERR_OK);
	ck_assert_int_eq(walk_image(&f.gather.walk, &f.b.source, &ref, NAME, NULL), ERR_OK);
	ck_assert_int_eq(graph_settle(&f.gather.graph, NULL), ERR_OK);
	f.to = open_memstream(&f.notes, &f.notes_len);
	progress_init(&f.progress, PROGRESS_QUIET, f.to, NULL);
	ck_assert_int_eq(watch_init(&f.watch, &f.gather.graph, &f.progress, NULL), ERR_OK);
	for (i = 0; i < f.gather.graph.nodes_len; i++) {
		f.arrived[i] = calloc(1, item_of((uint32_t)i)->len + 1);
		if (!role_is_manifest(f.gather.graph.nodes[i].role))
			f.nodes[f.len++] = (uint32_t)i;
	}
}

static void teardown(void)
{
	size_t i;

	ck_assert(f.pieces_open == 0 && f.spreads == 0);
	for (i = 0; i < f.gather.graph.nodes_len; i++)
		free(f.arrived[i]);
	fclose(f.to);
	free(f.notes);
	watch_release(&f.watch);
	late_release(&f.late);
	offload_pool_free(f.gather.pool);
	gather_release(&f.gather);
	image_builder_release(&f.b);
}

static enum err_code fetch_all(unsigned width, bool late, enum source_ranges ranges, struct err *err)
{
	CLEANUP(fetch_free_ptr) struct fetch *fetch = NULL;
	enum err_code code;
	bool again = true;

	f.gather.walk.sources[0] = late ? &f.late.source : &f.from;
	f.gather.walk.sources[0]->ranges = ranges;
	code = fetch_start(&f.gather, f.nodes, f.len, width, &f.place, &f.watch, &fetch, err);
	while (code == ERR_OK && again) {
		again = false;
		code = late ? late_run(&f.late, err) : ERR_OK;
		if (code == ERR_OK)
			code = fetch_settle(fetch, &again, err);
	}
	return code;
}

static void check_whole(const char *name)
{
	size_t i;

	for (i = 0; i < f.len; i++) {
		ck_assert_msg(f.finished[f.nodes[i]], "%s: %zu", name, i);
		ck_assert_mem_eq(f.arrived[f.nodes[i]], item_of(f.nodes[i])->bytes, item_of(f.nodes[i])->len + 0);
	}
	ck_assert_uint_eq(f.progress.done_bytes, f.progress.total_bytes);
}

static const struct {
	const char *name;
	unsigned width;
	bool late;
	enum source_ranges ranges, becomes;
	bool in_order;
} ways[] = {
	{ "ranges", 3, true, SOURCE_RANGES_ANY, SOURCE_RANGES_ANY, false },
	{ "ranges, and many at once", 30, true, SOURCE_RANGES_ANY, SOURCE_RANGES_ANY, false },
	{ "ranges, in order", 30, true, SOURCE_RANGES_ANY, SOURCE_RANGES_ANY, true },
	{ "one after the other", 1, true, SOURCE_RANGES_ANY, SOURCE_RANGES_ANY, true },
	{ "at once", 3, false, SOURCE_RANGES_ANY, SOURCE_RANGES_ANY, false },
	{ "it turns out that there are ranges", 8, true, SOURCE_RANGES_UNKNOWN, SOURCE_RANGES_ANY, false },
	{ "it turns out that there are none", 8, true, SOURCE_RANGES_UNKNOWN, SOURCE_RANGES_NONE, false },
	{ "no ranges", 3, true, SOURCE_RANGES_NONE, SOURCE_RANGES_NONE, true },
	{ "no ranges, at once", 3, false, SOURCE_RANGES_NONE, SOURCE_RANGES_NONE, false },
};

static enum err_code fetch_way(size_t way, struct err *err)
{
	f.place.in_order = ways[way].in_order;
	f.place.has_kept = !ways[way].in_order;
	f.becomes = ways[way].becomes;
	return fetch_all(ways[way].width, ways[way].late, ways[way].ranges, err);
}

START_TEST(whole)
{
	struct err err = { 0 };

	setup();
	ck_assert_msg(fetch_way((size_t)_i, &err) == ERR_OK, "%s: %s", ways[_i].name, err.msg);
	check_whole(ways[_i].name);
	ck_assert_uint_eq(f.asked_bytes, f.progress.total_bytes); /* and nothing was asked for twice */
	ck_assert_uint_le(f.most_open, ways[_i].width);
	if (ways[_i].width > 1 && ways[_i].late && ways[_i].becomes == SOURCE_RANGES_ANY)
		ck_assert_uint_gt(f.asked, f.len);
	teardown();
}
END_TEST

/* Every second, third … step stands, and is not asked for; where it is wrong, everything comes anew. */
START_TEST(kept)
{
	unsigned every;

	for (every = 1; every < 6; every++) {
		struct err err = { 0 };

		setup();
		f.standing = every;
		f.standing_lies = _i % 2 == 1 && !ways[_i / 2].in_order; /* in order nothing comes twice */
		ck_assert_msg(fetch_way((size_t)_i / 2, &err) == ERR_OK, "%s: %s", ways[_i / 2].name, err.msg);
		check_whole(ways[_i / 2].name);
		if (ways[_i / 2].becomes == SOURCE_RANGES_ANY) /* else what stands is written again in time, or not */
			ck_assert_int_eq(f.notes_len > 0, f.standing_lies && every > 1);
		if (f.notes_len > 0)
			ck_assert_uint_gt(f.asked_bytes, f.progress.total_bytes);
		else if (every > 1 && ways[_i / 2].ranges == SOURCE_RANGES_ANY)
			ck_assert_uint_lt(f.asked_bytes, f.progress.total_bytes);
		teardown();
	}
}
END_TEST

START_TEST(wrong_content)
{
	struct err err = { 0 };
	size_t i = 0;

	setup();
	while (f.b.items[i].len != RAW_BYTES)
		i++;
	f.lie = i;
	f.standing = 2;
	ck_assert_int_eq(fetch_way((size_t)_i, &err), ERR_DIGEST);
	ck_assert_ptr_nonnull(strstr(err.msg, f.b.items[i].digest.text));
	ck_assert(!f.finished[graph_find(&f.gather.graph, &f.b.items[i].digest)]);
	teardown();
}
END_TEST

START_TEST(breaks)
{
	enum err_code code = ERR_IO;
	struct err err = { 0 };
	size_t k;

	for (k = 1; code != ERR_OK; k++) {
		setup();
		f.fail_open = k;
		code = fetch_way((size_t)_i, &err);
		ck_assert_int_eq(code, k <= f.opens && f.opens == k ? ERR_IO : ERR_OK);
		teardown();
	}
	code = ERR_NETWORK;
	for (k = 0; ways[_i].late && code != ERR_OK; k++) {
		setup();
		f.late.fail_from = k;
		code = fetch_way((size_t)_i, &err);
		ck_assert(code == ERR_NETWORK || (code == ERR_OK && k >= f.len - 1));
		teardown();
	}
	setup();
	f.short_piece = true;
	ck_assert_int_eq(fetch_way((size_t)_i, &err), ERR_SIZE);
	ck_assert_ptr_nonnull(strstr(err.msg, "ends 1 bytes early"));
	teardown();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fetch_pieces");
	TCase *t = tcase_create("fetch_pieces");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, whole, 0, (int)COUNT_OF(ways));
	tcase_add_loop_test(t, kept, 0, 2 * (int)COUNT_OF(ways));
	tcase_add_loop_test(t, wrong_content, 0, (int)COUNT_OF(ways));
	tcase_add_loop_test(t, breaks, 0, (int)COUNT_OF(ways));
	suite_add_tcase(s, t);
	return test_run(s);
}
