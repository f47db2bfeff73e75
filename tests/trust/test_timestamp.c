#include "trust/timestamp.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/sigstore_bundle.h"

#define YEAR (INT64_C(365) * 24 * 3600)

static void cut(struct buf *response)
{
	response->len--;
}

static void cut_all(struct buf *response)
{
	response->len = 0;
}

static void longer(struct buf *response)
{
	ck_assert_int_eq(buf_add(response, "", 1, NULL), ERR_OK);
}

static void other_signature(struct buf *response)
{
	response->data[response->len - 1] ^= 1;
}

/* The status, an INTEGER, is the first thing in it. */
static void rejected(struct buf *response)
{
	char *status = memmem(response->data, response->len, "\x02\x01\x00", 3);

	ck_assert_ptr_nonnull(status);
	status[2] = 2;
}

/* The year, in GeneralizedTime. */
static void other_year(struct buf *response)
{
	char *year = memmem(response->data, response->len, "20231114", 8);

	ck_assert_ptr_nonnull(year);
	year[3] = '2';
}

static const struct {
	struct mock_wish wish;
	struct mock_root_wish root;
	void (*change)(struct buf *response);
	bool over_other; /* bytes */
	enum err_code code;
} cases[] = {
	{ { .timestamp = true }, { 0 }, NULL, false, ERR_OK },
	{ { .timestamp = true, .embedded = true }, { 0 }, NULL, false, ERR_OK },
	{ { .timestamp = true, .embedded = true }, { .tsa_root_only = true }, NULL, false, ERR_OK },
	{ { .far_timestamp = true, .embedded = true }, { .tsa_root_only = true }, NULL, false, ERR_OK },
	{ { .timestamp = true }, { .tsa_end = MOCK_TIME }, NULL, false, ERR_OK },

	{ { .timestamp = true }, { 0 }, NULL, true, ERR_UNPROVED },
	{ { .timestamp = true }, { 0 }, other_signature, false, ERR_UNPROVED },
	{ { .timestamp = true }, { 0 }, other_year, false, ERR_UNPROVED },
	{ { .timestamp = true }, { .tsa_end = MOCK_TIME - 1 }, NULL, false, ERR_UNPROVED },
	{ { .timestamp = true, .timestamp_at = MOCK_TIME - 2 * YEAR }, { 0 }, NULL, false, ERR_UNPROVED },
	{ { .timestamp = true, .timestamp_at = MOCK_TIME + 2 * YEAR }, { 0 }, NULL, false, ERR_UNPROVED },
	{ { .timestamp = true }, { 0 }, cut, false, ERR_FORMAT },
	{ { .timestamp = true }, { 0 }, cut_all, false, ERR_FORMAT },
	{ { .timestamp = true }, { 0 }, longer, false, ERR_FORMAT },
	{ { .timestamp = true }, { 0 }, rejected, false, ERR_FORMAT },

	{ { .other_timestamp = true }, { 0 }, NULL, false, ERR_NOT_FOUND },
	{ { .other_timestamp = true }, { 0 }, NULL, true, ERR_NOT_FOUND },
	{ { .other_timestamp = true, .embedded = true }, { 0 }, NULL, false, ERR_NOT_FOUND },
	{ { .far_timestamp = true, .embedded = true }, { 0 }, NULL, false, ERR_NOT_FOUND },
	{ { .timestamp = true, .embedded = true }, { .no_tsa = true }, NULL, false, ERR_NOT_FOUND },
};

START_TEST(timestamp)
{
	struct mock *m = mock_new();
	CLEANUP(free_ptr) char *root_text = mock_root(m, &cases[_i].root);
	CLEANUP(free_ptr) char *text = mock_bundle(m, &cases[_i].wish);
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	struct err err = { 0 };
	int64_t time = 0;
	enum err_code code;

	ck_assert_int_eq(trust_root_parse(root_text, strlen(root_text), "root", &root, NULL), ERR_OK);
	ck_assert_int_eq(sigstore_bundle_read(text, strlen(text), "bundle", &b, NULL), ERR_OK);
	if (cases[_i].change != NULL)
		cases[_i].change(b.timestamps);
	code = timestamp_check(b.timestamps, b.signature.data, b.signature.len - cases[_i].over_other, root, &time,
			       &err);
	ck_assert_msg(code == cases[_i].code, "%d: %s", _i, err.msg);
	ck_assert_int_eq(err.code, code);
	ck_assert_int_eq(time, code == ERR_OK ? MOCK_TIME : 0);
	mock_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("timestamp");
	TCase *t = tcase_create("timestamp");

	tcase_add_loop_test(t, timestamp, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
