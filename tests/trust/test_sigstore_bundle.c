/* How much a bundle may hold, and one more; what else its form must be, test_sigstore.c has. */
#include "trust/sigstore_bundle.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/edit_text.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"

/* A list in a bundle, with so many items in it: # in an item is its number. */
static const struct {
	const char *from, *item;
	size_t most;
	enum err_code over;
	unsigned version;
} lists[] = {
	{ "\"certificates\":[{\"rawBytes\"", "{\"rawBytes\":\"AA==\"}", LIMIT_CHAIN, ERR_LIMIT, 2 },
	{ "\"hashes\":[\"", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", LIMIT_PROOF_HASHES, ERR_LIMIT, 3 },
	{ "\"rfc3161Timestamps\":[{", "{\"signedTimestamp\":\"#\"}", LIMIT_SIGSTORE_ENTRIES, ERR_LIMIT, 3 },
	{ "\"tlogEntries\":[{",
	  "{\"logIndex\":\"#\",\"logId\":{\"keyId\":\"AAAA\"},\"kindVersion\":{\"kind\":\"a\",\"version\":\"1\"},"
	  "\"canonicalizedBody\":\"AAAA\",\"inclusionProof\":{\"rootHash\":"
	  "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"checkpoint\":{\"envelope\":\"x\"}}}",
	  LIMIT_SIGSTORE_ENTRIES, ERR_LIMIT, 3 },
};

static enum err_code read_text(const char *text, struct err *err)
{
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };

	return sigstore_bundle_read(text, strlen(text), "bundle", &b, err);
}

/* The list in front, and what was there under another name. */
static enum err_code read_with(const char *text, size_t list, size_t len, struct err *err)
{
	CLEANUP(buf_release) struct buf items = { .max = 1 << 20 };
	CLEANUP(free_ptr) char *edited = NULL;
	const char *name = lists[list].from;
	size_t i, open = (size_t)(strchr(name, '[') - name) + 1;

	ck_assert_int_eq(buf_printf(&items, NULL, "%.*s", (int)open, name), ERR_OK);
	for (i = 0; i < len; i++) {
		CLEANUP(free_ptr) char *number = NULL;
		CLEANUP(free_ptr) char *item = NULL;

		ck_assert_int_eq(str_format(&number, NULL, "1%03zu", i), ERR_OK);
		item = strchr(lists[list].item, '#') != NULL ? edit_text(lists[list].item, "#", number)
							     : strdup(lists[list].item);
		ck_assert_int_eq(buf_printf(&items, NULL, "%s%s", i > 0 ? "," : "", item), ERR_OK);
	}
	ck_assert_int_eq(buf_printf(&items, NULL, "],\"x\":[%s", name + open), ERR_OK);
	edited = edit_text(text, name, items.data);
	return read_text(edited, err);
}

START_TEST(full)
{
	struct mock *m = mock_new();
	const struct mock_wish wish = { .timestamp = true, .version = lists[_i].version };
	CLEANUP(free_ptr) char *text = mock_bundle(m, &wish);
	struct err err = { 0 };

	ck_assert_msg(read_with(text, (size_t)_i, lists[_i].most, &err) == ERR_OK, "%d: %s", _i, err.msg);
	ck_assert_msg(read_with(text, (size_t)_i, lists[_i].most + 1, &err) == lists[_i].over, "%d: %s", _i, err.msg);
	mock_free(m);
}
END_TEST

/* A text in a bundle, so many letters long. */
static const struct {
	const char *from, *to; /* %s: the letters */
	size_t most;
	enum err_code over;
} texts[] = {
	{ "\"hint\":\"x\"", "\"hint\":\"%s\"", 128, ERR_LIMIT },
	{ "\"kind\":\"hashedrekord\"", "\"kind\":\"%s\"", LIMIT_TEXT_BYTES, ERR_LIMIT },
	{ "\"envelope\":\"", "\"envelope\":\"%s\",\"x\":\"", LIMIT_CHECKPOINT_BYTES, ERR_LIMIT },
};

START_TEST(long_text)
{
	struct mock *m = mock_new();
	CLEANUP(free_ptr) char *text = mock_bundle(m, &(struct mock_wish){ .keyed = true });
	size_t over;

	for (over = 0; over < 2; over++) {
		CLEANUP(free_ptr) char *letters = calloc(1, texts[_i].most + over + 1);
		CLEANUP(free_ptr) char *to = NULL;
		CLEANUP(free_ptr) char *edited = NULL;
		struct err err = { 0 };

		memset(letters, 'a', texts[_i].most + over);
		to = edit_text(texts[_i].to, "%s", letters);
		edited = edit_text(text, texts[_i].from, to);
		ck_assert_msg(read_text(edited, &err) == (over == 0 ? ERR_OK : texts[_i].over), "%d: %s", _i, err.msg);
	}
	mock_free(m);
}
END_TEST

/* The same place in the same log, and the same timestamp, count once; another log's place of the same number is
 * another.
 */
START_TEST(twice)
{
	struct mock *m = mock_new();
	static const struct mock_wish same = { .entry_twice = true }, other = { .strange_entry = true },
				      timestamps = { .timestamp = true, .timestamp_twice = true };
	CLEANUP(free_ptr) char *same_text = mock_bundle(m, &same);
	CLEANUP(free_ptr) char *other_text = mock_bundle(m, &other);
	CLEANUP(free_ptr) char *timestamps_text = mock_bundle(m, &timestamps);

	ck_assert_int_eq(read_text(same_text, NULL), ERR_FORMAT);
	ck_assert_int_eq(read_text(other_text, NULL), ERR_OK);
	ck_assert_int_eq(read_text(timestamps_text, NULL), ERR_FORMAT);
	mock_free(m);
}
END_TEST

START_TEST(media_type)
{
	ck_assert(sigstore_bundle_is("application/vnd.dev.sigstore.bundle.v0.3+json"));
	ck_assert(sigstore_bundle_is("application/vnd.dev.sigstore.bundle+json;version=0.1"));
	ck_assert(!sigstore_bundle_is("application/vnd.dev.sigstore.trustedroot+json;version=0.1"));
	ck_assert(!sigstore_bundle_is(""));
	ck_assert(!sigstore_bundle_is(NULL));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sigstore_bundle");
	TCase *t = tcase_create("sigstore_bundle");

	tcase_add_loop_test(t, full, 0, (int)COUNT_OF(lists));
	tcase_add_loop_test(t, long_text, 0, (int)COUNT_OF(texts));
	tcase_add_test(t, twice);
	tcase_add_test(t, media_type);
	suite_add_tcase(s, t);
	return test_run(s);
}
