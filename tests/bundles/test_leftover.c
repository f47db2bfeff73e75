#include "bundles/leftover.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/bytes.h"
#include "bundles/kept.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define RAW_BYTES (9 * MIB)
#define FRAME_STORED frame_raw_stored((uint32_t)FRAME_CONTENT_BYTES)

/* Two images of one name: they share the layers of one platform.  Where a run of the first is interrupted, one of the
 * first or of the second follows. */
struct fixture {
	struct image_builder first, second;
	struct graph g, other;
	char *path, *part, *old;
	unsigned char *want, *other_want; /* the bytes of an undisturbed run */
	size_t want_len, other_len;
	char *notes;
	size_t notes_len;
	FILE *to;
	struct progress progress;
	struct err err;
};

static struct fixture f;

static void set_up(void)
{
	f = (struct fixture){ .path = file_new() };
	ck_assert_int_ge(asprintf(&f.part, "%s.part", f.path), 0);
	ck_assert_int_ge(asprintf(&f.old, "%s.part.old", f.path), 0);
	image_builder_init(&f.first);
	image_sample(&f.first, NAME, &(struct image_sample){ .raw_bytes = RAW_BYTES, .plain_bytes = 300000 });
	image_graph(&f.first, &f.first.source, &f.g);
	image_builder_init(&f.second);
	image_sample(&f.second, NAME,
		     &(struct image_sample){ .raw_bytes = RAW_BYTES, .plain_bytes = 300000, .one_manifest = true });
	image_graph(&f.second, &f.second.source, &f.other);
	bundle_put(&f.second, f.path, 100000);
	f.other_want = file_bytes(f.path, &f.other_len);
	bundle_put(&f.first, f.path, 100000);
	f.want = file_bytes(f.path, &f.want_len);
	ck_assert_int_eq(unlink(f.path), 0);
	f.to = open_memstream(&f.notes, &f.notes_len);
	progress_init(&f.progress, PROGRESS_QUIET, f.to, NULL);
}

static void tear_down(void)
{
	graph_release(&f.g);
	graph_release(&f.other);
	image_builder_release(&f.first);
	image_builder_release(&f.second);
	fclose(f.to);
	free(f.notes);
	free(f.want);
	free(f.other_want);
	unlink(f.old);
	file_remove(f.path);
	free(f.part);
	free(f.old);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The first raw layer's place and size in the bytes of the first bundle. */
static size_t layer_at(size_t *ret_len)
{
	const struct image_item *item = &f.first.items[1];
	const unsigned char *at = memmem(f.want, f.want_len, item->bytes, 1000);

	ck_assert_ptr_nonnull(at);
	*ret_len = item->len;
	return (size_t)(at - f.want) - FRAME_RAW_HEADER_BYTES - FRAME_BLOCK_HEADER_BYTES;
}

/* What a run does with what it finds: everything that is kept, and the rest from the image. */
struct taken {
	uint64_t kept_bytes, layer_bytes; /* of all raw layers; of the first one */
	enum err_code code;
};

static enum err_code give_layer(struct bundle_writer *w, const struct image_builder *b, uint32_t node,
				const struct description_blob *blob, struct taken *t)
{
	const struct image_item *item = image_item(b, &blob->digest);
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct outstream *out = NULL;
	struct instream *kept = NULL;
	char chunk[1000];
	size_t at = 0, len = 1;
	enum err_code code = bundle_writer_layer(w, node, &out, &kept, &f.err);

	if (code == ERR_OK)
		code = proof_stage_init(&proof, &blob->digest, blob->size_bytes, out, &f.err);
	while (code == ERR_OK && kept != NULL && len > 0) {
		code = instream_read(kept, chunk, sizeof(chunk), &len, &f.err);
		if (code == ERR_OK && len > 0)
			code = outstream_write(&proof.out, chunk, len, &f.err);
		at += len;
	}
	t->kept_bytes += at;
	t->layer_bytes = item == &b->items[1] ? at : t->layer_bytes;
	if (code == ERR_OK)
		code = outstream_write(&proof.out, item->bytes + at, item->len - at, &f.err);
	if (code == ERR_OK)
		code = outstream_finish(&proof.out, &f.err);
	bundle_writer_layer_release(w, out);
	return code;
}

/* An export to its end, or until so many layers are there. */
static struct taken run(const struct image_builder *b, const struct graph *g, size_t layers)
{
	CLEANUP(bundle_writer_free_ptr) struct bundle_writer *w = NULL;
	const struct description *d;
	struct taken t = { 0 };
	size_t i;

	f.err = (struct err){ 0 };
	t.code = bundle_writer_open(f.path, g, NULL, &f.progress, &w, &f.err);
	if (t.code != ERR_OK)
		return t;
	d = bundle_writer_description(w);
	for (i = 0; t.code == ERR_OK && i < d->blobs_len; i++) {
		const struct image_item *item = image_item(b, &d->blobs[i].digest);
		uint32_t node = graph_find(g, &d->blobs[i].digest);
		struct memory_stream in;

		memory_stream_init(&in, item->bytes, item->len);
		if (d->blobs[i].stored == STORED_PACKED)
			t.code = bundle_writer_small(w, node, &in.in, &f.err);
		else if (layers-- > 0)
			t.code = give_layer(w, b, node, &d->blobs[i], &t);
		else
			return t;
	}
	if (t.code == ERR_OK)
		t.code = bundle_writer_finish(w, &f.err);
	return t;
}

static struct taken run_first(void)
{
	return run(&f.first, &f.g, SIZE_MAX);
}

static void check_published(const unsigned char *want, size_t want_len)
{
	size_t len;
	unsigned char *got = file_bytes(f.path, &len);

	ck_assert_uint_eq(len, want_len);
	ck_assert(memcmp(got, want, len) == 0);
	ck_assert(!exists(f.part) && !exists(f.old));
	free(got);
}

static bool said(const char *text)
{
	fflush(f.to);
	return strstr(f.notes, text) != NULL;
}

/* What may become of a leftover of the same plan, and how much of the first layer is then gone on with. */
enum damage {
	WHOLE,
	CUT_IN_HEAD,
	CUT_BEFORE_HEAD,
	EMPTY,
	ZEROS,
	BEGUN_HALF,
	CUT_BEFORE_LAYERS,
	CUT_IN_FRAME_2,
	CUT_BEFORE_SUM,
	LONGER,
	FLIP_HEADER_1,
	FLIP_BLOCK_2,
	FLIP_CONTENT_2,
	FLIP_SUM_1,
	FLIP_GLUE,
	FLIP_FRONT,
	FLIP_SLOT,
	ZERO_FRAME_1,
	LIE, /* other content under its right checksum */
};

static const struct {
	const char *name;
	enum damage damage;
	uint64_t layer_bytes; /* that are kept of the first layer */
	enum err_code want;
} damages[] = {
	{ "whole", WHOLE, RAW_BYTES, ERR_OK },
	{ "cut in the head", CUT_IN_HEAD, 0, ERR_OK },
	{ "cut before the head", CUT_BEFORE_HEAD, 0, ERR_OK },
	{ "empty", EMPTY, 0, ERR_OK },
	{ "nine zeros", ZEROS, 0, ERR_OK },
	{ "half of the beginning", BEGUN_HALF, 0, ERR_OK },
	{ "cut before the layers", CUT_BEFORE_LAYERS, 0, ERR_OK },
	{ "cut in the second frame", CUT_IN_FRAME_2, 4 * MIB, ERR_OK },
	{ "cut before the last checksum", CUT_BEFORE_SUM, 8 * MIB, ERR_OK },
	{ "longer", LONGER, RAW_BYTES, ERR_OK },
	{ "a bit of the first header", FLIP_HEADER_1, 0, ERR_OK },
	{ "a bit of a block's header", FLIP_BLOCK_2, 4 * MIB, ERR_OK },
	{ "a bit of the content", FLIP_CONTENT_2, 4 * MIB, ERR_OK },
	{ "a bit of a checksum", FLIP_SUM_1, 0, ERR_OK },
	{ "a bit of the glue", FLIP_GLUE, RAW_BYTES, ERR_OK },
	{ "a bit of the front", FLIP_FRONT, RAW_BYTES, ERR_OK },
	{ "a bit of a slot", FLIP_SLOT, RAW_BYTES, ERR_OK },
	{ "a frame of zeros", ZERO_FRAME_1, 0, ERR_OK },
	{ "a lie", LIE, RAW_BYTES, ERR_DIGEST },
};

static void put_damaged(enum damage damage)
{
	unsigned char *bytes = malloc(f.want_len + 5000);
	size_t layer_len, at = layer_at(&layer_len), len = f.want_len, end = at + frame_raw_run_stored(layer_len);
	unsigned char *slot = memmem(f.want, f.want_len, "bundle.json.sigstore.0", 22);

	ck_assert_ptr_nonnull(bytes);
	ck_assert_ptr_nonnull(slot);
	memcpy(bytes, f.want, f.want_len);
	memset(bytes + f.want_len, 'x', 5000);
	switch (damage) {
	case WHOLE:
		break;
	case CUT_IN_HEAD:
		len = 100;
		break;
	case CUT_BEFORE_HEAD:
		len = FRAME_EMPTY_BYTES;
		break;
	case EMPTY:
		len = 0;
		break;
	case ZEROS:
		len = FRAME_EMPTY_BYTES;
		memset(bytes, 0, len);
		break;
	case BEGUN_HALF:
		len = FRAME_EMPTY_BYTES / 2;
		break;
	case CUT_BEFORE_LAYERS:
		len = at;
		break;
	case CUT_IN_FRAME_2:
		len = at + FRAME_STORED + 500000;
		break;
	case CUT_BEFORE_SUM:
		len = end - 1;
		break;
	case LONGER:
		len += 5000;
		break;
	case FLIP_HEADER_1:
		bytes[at + 7] ^= 1;
		break;
	case FLIP_BLOCK_2:
		bytes[at + FRAME_STORED + FRAME_RAW_HEADER_BYTES] ^= 1;
		break;
	case FLIP_CONTENT_2:
		bytes[at + FRAME_STORED + 1000000] ^= 1;
		break;
	case FLIP_SUM_1:
		bytes[at + FRAME_STORED - 1] ^= 1;
		break;
	case FLIP_GLUE:
		bytes[at - 5] ^= 1;
		break;
	case FLIP_FRONT:
		bytes[HEAD_END + 30] ^= 1;
		break;
	case FLIP_SLOT:
		bytes[(size_t)(slot - f.want) + TAR_BLOCK + 3] ^= 1;
		break;
	case ZERO_FRAME_1:
		memset(bytes + at, 0, FRAME_STORED);
		break;
	case LIE: {
		uint32_t rest = (uint32_t)(RAW_BYTES % FRAME_CONTENT_BYTES), i;
		CLEANUP(free_ptr) unsigned char *content = malloc(rest);

		ck_assert_ptr_nonnull(content);
		bytes[end - 100] ^= 1;
		for (i = 0; i < rest; i++)
			content[i] = bytes[end - frame_raw_stored(rest) + FRAME_RAW_HEADER_BYTES + i +
					   (i / FRAME_RAW_BLOCK_BYTES + 1) * FRAME_BLOCK_HEADER_BYTES];
		put_le(bytes + end - FRAME_CHECKSUM_BYTES, FRAME_CHECKSUM_BYTES, checksum_of(content, rest));
		break;
	}
	}
	file_put(f.part, bytes, len);
	free(bytes);
}

START_TEST(same_plan)
{
	struct taken t;

	set_up();
	put_damaged(damages[_i].damage);
	t = run_first();
	ck_assert_msg(t.code == damages[_i].want, "%s: %d, %s", damages[_i].name, t.code, f.err.msg);
	ck_assert_msg(t.layer_bytes == damages[_i].layer_bytes, "%s: %lu", damages[_i].name, t.layer_bytes);
	ck_assert_int_eq(said("goes on after an interrupted run"),
			 damages[_i].damage != EMPTY && damages[_i].damage != ZEROS &&
				 damages[_i].damage != BEGUN_HALF && damages[_i].damage != CUT_IN_HEAD &&
				 damages[_i].damage != CUT_BEFORE_HEAD);
	if (t.code != ERR_OK) {
		ck_assert(!exists(f.path) && exists(f.part));
		t = run_first(); /* what was not what its digest says is not offered again */
		ck_assert_int_eq(t.code, ERR_OK);
		ck_assert_uint_eq(t.layer_bytes, 0);
		ck_assert_uint_gt(t.kept_bytes, 0);
	}
	check_published(f.want, f.want_len);
	tear_down();
}
END_TEST

/* A run that fails after some layers leaves them to the next one; before, it leaves nothing. */
START_TEST(given_up)
{
	size_t layers;

	for (layers = 0; layers < 4; layers++) {
		struct taken t;

		set_up();
		t = run(&f.first, &f.g, layers);
		ck_assert(!exists(f.path));
		ck_assert_int_eq(exists(f.part), layers > 0);
		t = run_first();
		ck_assert_int_eq(t.code, ERR_OK);
		ck_assert_int_eq(t.kept_bytes > 0, layers > 0);
		check_published(f.want, f.want_len);
		tear_down();
	}
}
END_TEST

/* The other image's leftover, in every combination with one that was set aside before. */
enum left { NOTHING, BEGUN, OTHER, SAME, OTHER_USELESS, BROKEN, FOREIGN, NEWER };

static const struct {
	const char *name;
	enum left part, old;
	enum err_code want;
	bool kept, moved;
	const char *says;
} leftovers[] = {
	{ "of another plan", OTHER, NOTHING, ERR_OK, true, true, ".part.old: left by an interrupted run" },
	{ "of another plan, without layers", OTHER_USELESS, NOTHING, ERR_OK, false, false, ".part: left by" },
	{ "of another plan, broken in front", BROKEN, NOTHING, ERR_OK, false, false, "nothing that can be used" },
	{ "set aside, and killed before it went on", NOTHING, OTHER, ERR_OK, true, true, "taken from it" },
	{ "set aside, and killed when it had begun", BEGUN, OTHER, ERR_OK, true, true, "taken from it" },
	{ "set aside, and gone on", SAME, OTHER, ERR_OK, true, true, "goes on after an interrupted run" },
	{ "set aside, but useless", NOTHING, OTHER_USELESS, ERR_OK, false, false, ".part.old: left by" },
	{ "set aside, but only begun", NOTHING, BEGUN, ERR_OK, false, false, "nothing that can be used" },
	{ "twice", OTHER, OTHER, ERR_OK, true, true, "before the last one: dropped" },
	{ "twice, the newer one useless", OTHER_USELESS, OTHER, ERR_OK, true, true, "taken from it" },
	{ "somebody's", FOREIGN, NOTHING, ERR_CONFLICT, false, false, NULL },
	{ "of a program to come", NEWER, NOTHING, ERR_CONFLICT, false, false, NULL },
	{ "somebody's, in the way", OTHER, FOREIGN, ERR_CONFLICT, false, false, NULL },
	{ "somebody's, not in the way", SAME, FOREIGN, ERR_OK, true, false, NULL },
};

static void put_left(const char *path, enum left left)
{
	size_t layer_len, at = layer_at(&layer_len);
	unsigned char *bytes = malloc(f.want_len + f.other_len);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, f.want, f.want_len);
	if (left == BEGUN)
		file_put(path, FRAME_EMPTY, FRAME_EMPTY_BYTES);
	else if (left == OTHER_USELESS)
		file_put(path, f.want, at);
	else if (left == FOREIGN)
		file_put(path, "somebody's", 10);
	else if (left == SAME)
		file_put(path, f.other_want, f.other_len);
	bytes[HEAD_END + 30] ^= left == BROKEN;
	if (left == NEWER)
		bytes[HEAD_OFFSET + FRAME_SKIPPABLE_HEADER_BYTES + 16] = 2;
	if (left == OTHER || left == BROKEN || left == NEWER)
		file_put(path, bytes, f.want_len);
	free(bytes);
}

/* The first image's leftover is in the way of the second: they share the layers of one platform. */
START_TEST(other_plan)
{
	struct taken t;

	set_up();
	put_left(f.part, leftovers[_i].part);
	put_left(f.old, leftovers[_i].old);
	t = run(&f.second, &f.other, SIZE_MAX);
	ck_assert_msg(t.code == leftovers[_i].want, "%s: %d, %s", leftovers[_i].name, t.code, f.err.msg);
	ck_assert_msg((t.kept_bytes > 0) == leftovers[_i].kept, "%s: %lu", leftovers[_i].name, t.kept_bytes);
	if (leftovers[_i].kept)
		ck_assert_uint_eq(t.kept_bytes, RAW_BYTES + 512);
	ck_assert_msg(said("has moved since the interrupted run: sha256:") == leftovers[_i].moved, "%s: %s",
		      leftovers[_i].name, f.notes);
	if (leftovers[_i].says != NULL)
		ck_assert_msg(said(leftovers[_i].says), "%s: %s", leftovers[_i].name, f.notes);
	if (leftovers[_i].old == FOREIGN) {
		ck_assert(exists(f.old)); /* and as it was */
		ck_assert_int_eq(unlink(f.old), 0);
	}
	if (t.code == ERR_OK) {
		check_published(f.other_want, f.other_len);
	} else {
		ck_assert(!exists(f.path) && exists(f.part));
		ck_assert_ptr_nonnull(strstr(f.err.msg, "move it away"));
	}
	tear_down();
}
END_TEST

/* A run of the second image that is given up leaves both; the third goes on with both, whichever it is. */
START_TEST(given_up_twice)
{
	struct taken t;

	set_up();
	run(&f.first, &f.g, 3);
	ck_assert(exists(f.part) && !exists(f.old));
	t = run(&f.second, &f.other, 2);
	ck_assert_uint_gt(t.kept_bytes, 0);
	ck_assert(exists(f.part) && exists(f.old) && !exists(f.path));
	if (_i == 0) {
		t = run(&f.second, &f.other, SIZE_MAX);
		ck_assert_uint_eq(t.kept_bytes, RAW_BYTES + 512);
		check_published(f.other_want, f.other_len);
	} else {
		t = run_first();
		ck_assert_uint_eq(t.kept_bytes, RAW_BYTES + 512);
		check_published(f.want, f.want_len);
	}
	tear_down();
}
END_TEST

/* So many images that the description is divided, and then one more: the layers of the first run are found. */
START_TEST(in_shards)
{
	static char names[SHARDS_FROM + 1][64];
	static struct image_builder many;
	struct graph g, more;
	struct taken t;
	size_t i;

	set_up();
	image_builder_init(&many);
	for (i = 0; i < COUNT_OF(names); i++)
		snprintf(names[i], sizeof(names[i]), "docker.io/library/app:%06zu", i);
	image_sample(&many, names[0], &(struct image_sample){ .raw_bytes = RAW_BYTES, .one_manifest = true });
	for (i = 1; i + 1 < COUNT_OF(names); i++)
		image_tag(&many, names[i], many.tags[0].root);
	image_tag(&many, NAME, many.tags[0].root);
	image_graph(&many, &many.source, &g);
	image_tag(&many, names[i], many.tags[0].root);
	image_graph(&many, &many.source, &more);
	t = run(&many, &g, 1);
	ck_assert(exists(f.part));
	t = run(&many, &more, SIZE_MAX);
	ck_assert_msg(t.code == ERR_OK, "%s", f.err.msg);
	ck_assert_uint_gt(t.kept_bytes, 0);
	ck_assert(said("taken from it") && !said("has moved") && !exists(f.old));
	graph_release(&g);
	graph_release(&more);
	image_builder_release(&many);
	tear_down();
}
END_TEST

/* A leftover is input from outside: each byte in front of the layers is another one in turn. */
START_TEST(hostile)
{
	size_t layer_len, at, i;
	unsigned char *bytes;

	set_up();
	at = layer_at(&layer_len);
	bytes = malloc(f.want_len);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, f.want, f.want_len);
	for (i = (size_t)_i; i < at; i += 8) {
		struct leftover l = { 0 };
		struct part p = { 0 };
		struct head head;

		bytes[i] ^= (unsigned char)(1 << i % 8);
		file_put(f.part, bytes, at);
		ck_assert_int_eq(part_open(f.path, &p, NULL), ERR_OK);
		if (leftover_recognise(&p, &head, NULL) == ERR_OK && head.encoder != 0)
			ck_assert_int_eq(leftover_map(&l, &p, &head, NULL), ERR_OK);
		leftover_release(&l);
		part_release(&p);
		bytes[i] = f.want[i];
	}
	free(bytes);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("leftover");
	TCase *t = tcase_create("leftover");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, same_plan, 0, (int)COUNT_OF(damages));
	tcase_add_test(t, given_up);
	tcase_add_loop_test(t, other_plan, 0, (int)COUNT_OF(leftovers));
	tcase_add_loop_test(t, given_up_twice, 0, 2);
	tcase_add_test(t, in_shards);
	tcase_add_loop_test(t, hostile, 0, 8);
	suite_add_tcase(s, t);
	return test_run(s);
}
