/* Layers that come in pieces: in any order they end in the same bytes, and whole frames are gone on with wherever they
 * stand. */
#include <check.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bundles/writer.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define RAW_BYTES (18 * MIB + 5)
#define FRAMES 5
#define FRAME_BYTES ((uint64_t)4 * MIB)
#define ALL_FRAMES 0x1f
#define PATIENCE_SECONDS 60

struct fixture {
	struct image_builder b, other;
	struct graph g, other_g; /* the other image has one manifest less */
	char *path, *part;
	unsigned char *want;
	size_t want_len;
	char *notes;
	size_t notes_len;
	FILE *to;
	struct progress progress;
	struct err err;
};

static struct fixture f;

static sem_t synced; /* the disk was asked to begin */

int fdatasync(int fd)
{
	(void)fd;
	sem_post(&synced);
	return 0;
}

static void setup(void)
{
	f = (struct fixture){ .path = file_new() };
	ck_assert_int_eq(sem_init(&synced, 0, 0), 0);
	ck_assert_int_ge(asprintf(&f.part, "%s.part", f.path), 0);
	image_builder_init(&f.b);
	image_sample(&f.b, NAME, &(struct image_sample){ .raw_bytes = RAW_BYTES });
	image_graph(&f.b, &f.b.source, &f.g);
	image_builder_init(&f.other);
	image_sample(&f.other, NAME, &(struct image_sample){ .raw_bytes = RAW_BYTES, .one_manifest = true });
	image_graph(&f.other, &f.other.source, &f.other_g);
	bundle_put(&f.b, f.path, 1000000);
	f.want = file_bytes(f.path, &f.want_len);
	ck_assert_int_eq(unlink(f.path), 0);
	f.to = open_memstream(&f.notes, &f.notes_len);
	progress_init(&f.progress, PROGRESS_QUIET, f.to, NULL);
}

static void teardown(void)
{
	graph_release(&f.g);
	graph_release(&f.other_g);
	image_builder_release(&f.b);
	image_builder_release(&f.other);
	fclose(f.to);
	free(f.notes);
	free(f.want);
	unlink(f.part);
	file_remove(f.path);
	free(f.part);
	sem_destroy(&synced);
}

static uint64_t frame_end(uint64_t size_bytes, unsigned frame)
{
	uint64_t end = (frame + 1) * FRAME_BYTES;

	return end < size_bytes ? end : size_bytes;
}

static void put_frame(struct spread *s, const struct image_item *item, unsigned frame, bool lie)
{
	uint64_t at = frame * FRAME_BYTES, end = frame_end(item->len, frame);
	struct outstream *out = NULL;

	ck_assert_int_eq(s->open(s, at, &out, &f.err), ERR_OK);
	if (lie)
		ck_assert_int_eq(outstream_write(out, "?", 1, &f.err), ERR_OK);
	for (at += lie; at < end;) {
		size_t len = end - at < 100000 ? (size_t)(end - at) : 100000;

		ck_assert_int_eq(outstream_write(out, item->bytes + at, len, &f.err), ERR_OK);
		at += len;
	}
	s->close(s, out);
}

/* Read it back, and say that it is proved where it is what it should be. */
static enum err_code prove(struct spread *s, const struct image_item *item)
{
	CLEANUP(digest_stream_release) struct digest_stream d = { 0 };
	char chunk[STREAM_CHUNK_BYTES];
	size_t len = 1;
	enum err_code code = digest_stream_init(&d, &item->digest, item->len, NULL);

	while (code == ERR_OK && len > 0) {
		code = instream_read(s->content, chunk, sizeof(chunk), &len, &f.err);
		if (code == ERR_OK)
			code = digest_stream_update(&d, chunk, len, &f.err);
	}
	if (code == ERR_OK)
		code = digest_stream_final(&d, &f.err);
	return code == ERR_OK ? outstream_finish(s->proved, &f.err) : code;
}

/* What a run does with each of its layers: which frames it writes, and whether it comes to its end. */
struct layers {
	unsigned write; /* frames, where they do not stand */
	bool lie;       /* in the first frame */
	bool anew;
	bool finish;
	bool await_sync; /* of what it has written, before it goes on */
	unsigned stood;  /* frames that stood in the first layer */
};

static void await_sync(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_SECONDS;
	ck_assert_msg(sem_timedwait(&synced, &until) == 0, "the disk is not asked before the end");
}

static enum err_code give_layer(struct bundle_writer *w, const struct image_item *item, uint32_t node, struct layers *l,
				bool first)
{
	struct spread *s = NULL;
	unsigned stood = 0, frame, at;
	enum err_code code = bundle_writer_spread(w, node, !l->anew, &s, &f.err);

	ck_assert_int_eq(code, ERR_OK);
	ck_assert_uint_eq(s->step_bytes, FRAME_BYTES);
	for (at = 0; at < FRAMES; at++) {
		frame = FRAMES - 1 - at; /* the last one comes first */
		if (frame * FRAME_BYTES >= item->len)
			continue;
		if (s->stands(s, frame * FRAME_BYTES))
			stood |= 1u << frame;
		else if (l->write >> frame & 1)
			put_frame(s, item, frame, l->lie && frame == 0);
	}
	if (l->await_sync)
		await_sync();
	if (l->finish)
		code = prove(s, item);
	s->release(s);
	if (first)
		l->stood = stood;
	return code;
}

static enum err_code give_plain(struct bundle_writer *w, const struct image_item *item, uint32_t node)
{
	struct outstream *out = NULL;
	enum err_code code = bundle_writer_layer(w, node, &out, NULL, &f.err);

	ck_assert_int_eq(code, ERR_OK);
	code = outstream_write(out, item->bytes, item->len, &f.err);
	if (code == ERR_OK)
		code = outstream_finish(out, &f.err);
	bundle_writer_layer_release(w, out);
	return code;
}

static enum err_code run(const struct image_builder *b, const struct graph *g, struct layers *l)
{
	CLEANUP(bundle_writer_free_ptr) struct bundle_writer *w = NULL;
	const struct description *d;
	enum err_code code = bundle_writer_open(f.path, g, NULL, &f.progress, &w, &f.err);
	bool first = true;
	size_t i;

	ck_assert_msg(code == ERR_OK, "%s", f.err.msg);
	d = bundle_writer_description(w);
	for (i = 0; code == ERR_OK && i < d->blobs_len; i++) {
		const struct image_item *item = image_item(b, &d->blobs[i].digest);
		uint32_t node = graph_find(g, &d->blobs[i].digest);
		struct memory_stream in;

		memory_stream_init(&in, item->bytes, item->len);
		if (d->blobs[i].stored == STORED_PACKED) {
			code = bundle_writer_small(w, node, &in.in, &f.err);
		} else if (d->blobs[i].stored == STORED_ZSTD) {
			code = l->finish ? give_plain(w, item, node) : ERR_OK;
		} else {
			code = give_layer(w, item, node, l, first);
			first = false;
		}
	}
	return code == ERR_OK && l->finish ? bundle_writer_finish(w, &f.err) : code;
}

static enum err_code run_again(struct layers *l)
{
	return run(&f.b, &f.g, l);
}

static void check_published(void)
{
	size_t len;
	unsigned char *got = file_bytes(f.path, &len);

	ck_assert_uint_eq(len, f.want_len);
	ck_assert(memcmp(got, f.want, len) == 0);
	ck_assert_int_ne(access(f.part, F_OK), 0);
	free(got);
}

static const struct {
	const char *name;
	unsigned first; /* frames that an interrupted run wrote */
	bool other;     /* of the other image */
} lefts[] = {
	{ "nothing", 0, false },
	{ "the first", 0x01, false },
	{ "the last", 0x10, false },
	{ "with gaps", 0x0a, false },
	{ "all", ALL_FRAMES, false },
	{ "of another plan, with gaps", 0x15, true },
	{ "of another plan, all", ALL_FRAMES, true },
};

START_TEST(goes_on)
{
	struct layers left = { .write = lefts[_i].first }, rest = { .write = ALL_FRAMES, .finish = true };

	if (lefts[_i].other)
		ck_assert_int_eq(run(&f.other, &f.other_g, &left), ERR_OK);
	else
		ck_assert_int_eq(run_again(&left), ERR_OK);
	ck_assert_int_eq(access(f.part, F_OK) == 0, lefts[_i].first != 0);
	ck_assert_msg(run_again(&rest) == ERR_OK, "%s: %s", lefts[_i].name, f.err.msg);
	ck_assert_msg(rest.stood == lefts[_i].first, "%s: %x", lefts[_i].name, rest.stood);
	check_published();
}
END_TEST

/* Where the whole is wrong, nobody knows which frame it is: none of them is gone on with. */
START_TEST(lies)
{
	struct layers wrong = { .write = ALL_FRAMES, .lie = true, .finish = true }, next = { .write = ALL_FRAMES };

	ck_assert_int_eq(run_again(&wrong), ERR_DIGEST);
	ck_assert_int_ne(access(f.part, F_OK), 0); /* and nothing else was there */
	next.finish = true;
	ck_assert_int_eq(run_again(&next), ERR_OK);
	ck_assert_uint_eq(next.stood, 0);
	check_published();
}
END_TEST

/* Whoever does not trust what is there gets nothing of it. */
START_TEST(anew)
{
	struct layers left = { .write = 0x0f, .lie = true },
		      rest = { .write = ALL_FRAMES, .anew = true, .finish = true };

	ck_assert_int_eq(run_again(&left), ERR_OK);
	ck_assert_int_eq(run_again(&rest), ERR_OK);
	ck_assert_uint_eq(rest.stood, 0);
	check_published();
}
END_TEST

/* The disk begins while pieces come: else the sync at the end takes as long as all of them. */
START_TEST(synced_early)
{
	struct layers all = { .write = ALL_FRAMES, .finish = true, .await_sync = true };

	ck_assert_int_eq(run(&f.b, &f.g, &all), ERR_OK);
	check_published();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("spread");
	TCase *t = tcase_create("spread");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, goes_on, 0, (int)COUNT_OF(lefts));
	tcase_add_test(t, lies);
	tcase_add_test(t, anew);
	tcase_add_test(t, synced_early);
	suite_add_tcase(s, t);
	return test_run(s);
}
