#include "export/assembly.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define STEP ((uint64_t)1000)
#define BLOBS 3
#define BLOB_BYTES 12345

/* A blob in memory, which is there from the beginning; the assembler must not read what it was not told of. */
struct blob {
	struct spread spread;
	struct instream content;
	struct outstream proved;
	unsigned char bytes[BLOB_BYTES];
	size_t size_bytes;
	_Atomic size_t told_bytes; /* without a gap */
	size_t read_bytes, proved_bytes;
	unsigned finished, released;
	enum err_code stopped; /* why it was stopped first */
	bool fails;            /* to be read */
	struct digest digest;
	struct assembly *assembly;
};

static struct blob blobs[BLOBS];
static unsigned finished; /* of all */
static struct assembler *assembler;

static enum err_code content_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct blob *b = OUTER_OF(in, struct blob, content);

	if (b->fails && b->read_bytes >= 5000)
		return err_set(err, ERR_IO, "cannot be read");
	ck_assert_uint_le(b->read_bytes + cap, b->told_bytes);
	*ret_len = cap < 777 ? cap : 777;
	memcpy(bytes, b->bytes + b->read_bytes, *ret_len);
	b->read_bytes += *ret_len;
	return ERR_OK;
}

static enum err_code proved_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct blob *b = OUTER_OF(out, struct blob, proved);

	(void)err;
	ck_assert_mem_eq(bytes, b->bytes + b->proved_bytes, len);
	b->proved_bytes += len;
	return ERR_OK;
}

static enum err_code proved_finish(struct outstream *out, struct err *err)
{
	(void)err;
	OUTER_OF(out, struct blob, proved)->finished = ++finished;
	return ERR_OK;
}

static bool first_step_stands(struct spread *s, uint64_t at_bytes)
{
	(void)s;
	return at_bytes == 0;
}

static void stop(struct spread *s, const struct err *why)
{
	struct blob *b = OUTER_OF(s, struct blob, spread);

	if (b->stopped == ERR_OK)
		b->stopped = why != NULL ? why->code : ERR_IO;
}

static void release(struct spread *s)
{
	OUTER_OF(s, struct blob, spread)->released++;
}

static void add_blob(struct blob *b, size_t size_bytes, unsigned char fill)
{
	*b = (struct blob){
		.spread = { .step_bytes = STEP,
			    .content = &b->content,
			    .proved = &b->proved,
			    .stop = stop,
			    .release = release },
		.content = { .read = content_read },
		.proved = { .write = proved_write, .finish = proved_finish },
		.size_bytes = size_bytes,
	};
	memset(b->bytes, fill, size_bytes);
	ck_assert_int_eq(digest_of(b->bytes, size_bytes, NULL, &b->digest, NULL), ERR_OK);
}

static void begin(struct blob *b)
{
	ck_assert_int_eq(assembly_new(assembler, &b->spread, &b->digest, b->size_bytes, &b->assembly, NULL), ERR_OK);
}

static struct err wait_over(struct blob *b)
{
	struct err failure = { 0 };

	for (;;) {
		uint64_t turns = assembler_turns(assembler);

		if (assembly_over(b->assembly, &failure))
			return failure;
		assembler_wait(assembler, turns);
	}
}

static void tell(struct blob *b, uint64_t from, uint64_t end)
{
	b->told_bytes = from <= b->told_bytes && end > b->told_bytes ? end : b->told_bytes;
	assembly_arrived(b->assembly, from, end);
}

static void setup(bool in_order)
{
	size_t i;

	finished = 0;
	for (i = 0; i < BLOBS; i++)
		add_blob(&blobs[i], BLOB_BYTES - i * 1000, (unsigned char)(i + 1));
	ck_assert_int_eq(assembler_new(2, in_order, &assembler, NULL), ERR_OK);
}

static void teardown(void)
{
	assembler_free(assembler);
}

/* Steps in an order that a seed makes, of all blobs in turn. */
START_TEST(any_order)
{
	size_t i, k;

	setup(false);
	for (i = 0; i < BLOBS; i++) {
		blobs[i].told_bytes = blobs[i].size_bytes; /* for reading; what counts is what the assembler was told */
		begin(&blobs[i]);
	}
	for (k = 0; k < 13; k++) {
		uint64_t from = (k * 5 + (unsigned)_i) % 13 * STEP;

		for (i = 0; i < BLOBS; i++) {
			uint64_t end = from + STEP < blobs[i].size_bytes ? from + STEP : blobs[i].size_bytes;

			if (from < blobs[i].size_bytes)
				assembly_arrived(blobs[i].assembly, from, end);
		}
	}
	for (i = 0; i < BLOBS; i++) {
		ck_assert_int_eq(wait_over(&blobs[i]).code, ERR_OK);
		ck_assert_uint_eq(blobs[i].proved_bytes, blobs[i].size_bytes);
		ck_assert(blobs[i].finished > 0);
		assembly_free(blobs[i].assembly);
		ck_assert_uint_eq(blobs[i].released, 1);
	}
	teardown();
}
END_TEST

/* What stands is there, and what has a gap in front of it is not touched. */
START_TEST(gap)
{
	struct blob *b = &blobs[0];
	struct err failure;

	setup(false);
	b->spread.stands = first_step_stands;
	b->told_bytes = STEP;
	begin(b);
	assembly_arrived(b->assembly, 2 * STEP, BLOB_BYTES);
	while (b->read_bytes < STEP)
		assembler_wait(assembler, 0);
	ck_assert(!assembly_over(b->assembly, &failure));
	b->told_bytes = BLOB_BYTES;
	assembly_arrived(b->assembly, STEP, 2 * STEP);
	ck_assert_int_eq(wait_over(b).code, ERR_OK);
	teardown();
	ck_assert_uint_eq(b->released, 1);
}
END_TEST

START_TEST(wrong)
{
	struct err failure;

	setup(_i == 1);
	blobs[0].bytes[BLOB_BYTES - 1] ^= 1;
	blobs[1].fails = true;
	begin(&blobs[0]);
	begin(&blobs[1]);
	tell(&blobs[1], 0, blobs[1].size_bytes);
	tell(&blobs[0], 0, BLOB_BYTES);
	failure = wait_over(&blobs[0]);
	ck_assert_int_eq(failure.code, ERR_DIGEST);
	ck_assert_ptr_nonnull(strstr(failure.msg, blobs[0].digest.text));
	if (_i == 0)
		ck_assert_int_eq(wait_over(&blobs[1]).code, ERR_IO);
	ck_assert_uint_eq(finished, 0);
	ck_assert_int_eq(blobs[1].stopped, _i == 0 ? ERR_OK : ERR_DIGEST); /* in order nobody may wait any more */
	teardown();
	if (_i == 1) /* nothing after it was touched */
		ck_assert_uint_eq(blobs[1].read_bytes, 0);
}
END_TEST

/* The last one is there first, and has to wait. */
START_TEST(in_order)
{
	size_t i;

	setup(true);
	add_blob(&blobs[1], 0, 0);
	for (i = 0; i < BLOBS; i++)
		begin(&blobs[i]);
	tell(&blobs[2], 0, blobs[2].size_bytes);
	tell(&blobs[0], STEP, BLOB_BYTES);
	blobs[0].told_bytes = BLOB_BYTES;
	assembly_arrived(blobs[0].assembly, 0, STEP);
	for (i = 0; i < BLOBS; i++) {
		ck_assert_int_eq(wait_over(&blobs[i]).code, ERR_OK);
		ck_assert_uint_eq(blobs[i].finished, i + 1);
	}
	teardown();
}
END_TEST

START_TEST(given_up)
{
	setup(_i == 1);
	begin(&blobs[0]);
	begin(&blobs[1]);
	tell(&blobs[0], 0, 3 * STEP);
	assembler_stop(assembler);
	assembler_stop(NULL);
	teardown();
	assembler_free(NULL);
	ck_assert_uint_eq(finished, 0);
	ck_assert(blobs[0].released == 1 && blobs[1].released == 1);
	ck_assert(blobs[0].stopped == ERR_IO && blobs[1].stopped == ERR_IO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("assembly");
	TCase *t = tcase_create("assembly");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, any_order, 0, 13);
	tcase_add_test(t, gap);
	tcase_add_loop_test(t, wrong, 0, 2);
	tcase_add_test(t, in_order);
	tcase_add_loop_test(t, given_up, 0, 2);
	suite_add_tcase(s, t);
	return test_run(s);
}
