#include "trust/tlog.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"

static void other_index(struct sigstore_entry *e)
{
	e->index++;
}

static void other_time(struct sigstore_entry *e)
{
	e->integrated_time++;
}

static void no_time(struct sigstore_entry *e)
{
	e->integrated_time = 0;
}

static void other_body(struct sigstore_entry *e)
{
	e->body.data[e->body.len - 2] ^= 1;
}

static void longer_body(struct sigstore_entry *e)
{
	ck_assert_int_eq(buf_puts(&e->body, " ", NULL), ERR_OK);
}

static void other_log(struct sigstore_entry *e)
{
	e->log_id.data[0] ^= 1;
}

static void shorter_log_id(struct sigstore_entry *e)
{
	e->log_id.len--;
}

static void no_log_id(struct sigstore_entry *e)
{
	e->log_id.len = 0;
}

static void no_promise(struct sigstore_entry *e)
{
	e->set.len = 0;
}

static void other_promise(struct sigstore_entry *e)
{
	e->set.data[e->set.len - 1] ^= 1;
}

static void no_proof(struct sigstore_entry *e)
{
	e->has_inclusion = false;
}

static void no_checkpoint(struct sigstore_entry *e)
{
	free(e->inclusion.checkpoint);
	e->inclusion.checkpoint = NULL;
}

static void neither(struct sigstore_entry *e)
{
	no_promise(e);
	no_proof(e);
}

static void proof_alone(struct sigstore_entry *e)
{
	no_promise(e);
	no_checkpoint(e);
}

static void other_place(struct sigstore_entry *e)
{
	e->inclusion.index = 0;
}

static void beyond(struct sigstore_entry *e)
{
	e->inclusion.index = e->inclusion.tree_size;
}

static void no_tree(struct sigstore_entry *e)
{
	e->inclusion.tree_size = 0;
}

static void other_hash(struct sigstore_entry *e)
{
	e->inclusion.hashes[0][31] ^= 1;
}

static void fewer_hashes(struct sigstore_entry *e)
{
	e->inclusion.hashes_len = 0;
}

static void other_root(struct sigstore_entry *e)
{
	e->inclusion.root_hash[0] ^= 1;
}

static void other_checkpoint(struct sigstore_entry *e)
{
	*strchr(e->inclusion.checkpoint, '2') = '3';
}

/* An entry as a log of Rekor v1 or v2 took it, with one thing of it changed. */
static const struct {
	const char *kind;
	void (*change)(struct sigstore_entry *e);
	enum err_code code;
	bool timed;
	uint64_t index; /* that is proved */
} entries[] = {
	{ "hashedrekord 0.0.1", NULL, ERR_OK, true, 1001 },
	{ "hashedrekord 0.0.1", no_promise, ERR_OK, false, 1 },
	{ "hashedrekord 0.0.1", no_proof, ERR_OK, true, 1001 },
	{ "hashedrekord 0.0.1", no_checkpoint, ERR_OK, true, 1001 },
	{ "hashedrekord 0.0.1", proof_alone, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", neither, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", other_index, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", other_time, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", no_time, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", other_body, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", longer_body, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", other_promise, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", other_log, ERR_NOT_FOUND, false, 0 },
	{ "hashedrekord 0.0.1", shorter_log_id, ERR_NOT_FOUND, false, 0 },
	{ "hashedrekord 0.0.1", no_log_id, ERR_NOT_FOUND, false, 0 },
	{ "hashedrekord 0.0.1", other_place, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", beyond, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", no_tree, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", other_hash, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", fewer_hashes, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", other_root, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.1", other_checkpoint, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.2", NULL, ERR_OK, false, 1 },
	{ "hashedrekord 0.0.2", other_index, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.2", other_time, ERR_OK, false, 1 },
	{ "hashedrekord 0.0.2", no_checkpoint, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.2", no_proof, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.2", other_body, ERR_UNPROVED, false, 0 },
	{ "hashedrekord 0.0.2", other_checkpoint, ERR_UNPROVED, false, 0 },
};

START_TEST(entry)
{
	struct mock *m = mock_new();
	CLEANUP(free_ptr) char *root_text = mock_root(m, &(struct mock_root_wish){ 0 });
	CLEANUP(free_ptr) char *text = mock_bundle(m, &(struct mock_wish){ .kind = entries[_i].kind });
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	struct tlog_proof proof = { 0 };
	struct err err = { 0 };
	enum err_code code;

	ck_assert_int_eq(trust_root_parse(root_text, strlen(root_text), "root", &root, NULL), ERR_OK);
	ck_assert_int_eq(sigstore_bundle_read(text, strlen(text), "bundle", &b, NULL), ERR_OK);
	if (entries[_i].change != NULL)
		entries[_i].change(b.entries);
	code = tlog_check(b.entries, root, &proof, &err);
	ck_assert_msg(code == entries[_i].code, "%d: %s", _i, err.msg);
	ck_assert_int_eq(err.code, code);
	ck_assert_int_eq(proof.timed, entries[_i].timed);
	ck_assert_uint_eq(proof.index, entries[_i].index);
	ck_assert(!proof.timed || proof.time == MOCK_TIME);
	mock_free(m);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tlog");
	TCase *t = tcase_create("tlog");

	tcase_add_loop_test(t, entry, 0, (int)COUNT_OF(entries));
	suite_add_tcase(s, t);
	return test_run(s);
}
