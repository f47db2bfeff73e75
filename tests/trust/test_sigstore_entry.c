#include "trust/sigstore_entry.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define HEAD                                                                                                           \
	"{\"logIndex\":\"7\",\"logId\":{\"keyId\":\"AQID\"},\"kindVersion\":{\"kind\":\"a\",\"version\":\"1\"},"       \
	"\"canonicalizedBody\":\"e30=\""
#define HASH "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define PROMISE ",\"integratedTime\":\"5\",\"inclusionPromise\":{\"signedEntryTimestamp\":\"AQID\"}"
#define BARE ",\"inclusionProof\":{\"logIndex\":\"1\",\"treeSize\":\"2\",\"rootHash\":" HASH ",\"hashes\":[" HASH "]}"
#define PROOF                                                                                                          \
	",\"inclusionProof\":{\"logIndex\":\"1\",\"treeSize\":\"2\",\"rootHash\":" HASH ",\"hashes\":[" HASH           \
	"],\"checkpoint\":{\"envelope\":\"x\"}}"

/* What each version of bundles must bring along; "" where it is read. */
static const struct {
	const char *text, *v01, *v02, *v03;
} entries[] = {
	{ HEAD PROMISE PROOF "}", "", "", "" },
	{ HEAD PROOF "}", "without inclusionPromise", "", "" },
	{ HEAD PROMISE "}", "", "no inclusionProof", "no inclusionProof" },
	{ HEAD PROMISE BARE "}", "", "without checkpoint", "without checkpoint" },
	{ HEAD BARE "}", "without inclusionPromise", "without checkpoint", "without checkpoint" },
	{ HEAD "}", "without inclusionPromise", "no inclusionProof", "no inclusionProof" },
	{ HEAD PROMISE ",\"inclusionProof\":{\"rootHash\":\"AAAA\"}}", "a hash of 3", "a hash of 3", "a hash of 3" },
	{ HEAD PROMISE ",\"inclusionProof\":{\"rootHash\":1}}", "no text", "no text", "no text" },
	{ HEAD PROMISE ",\"inclusionProof\":{\"rootHash\":" HASH ",\"hashes\":[1]}}", "no text", "no text", "no text" },
	{ HEAD PROMISE ",\"inclusionProof\":{\"rootHash\":" HASH ",\"hashes\":[\"AAAA\"]}}", "a hash of 3",
	  "a hash of 3", "a hash of 3" },
	{ HEAD PROMISE ",\"inclusionProof\":{\"treeSize\":-1,\"rootHash\":" HASH "}}", "treeSize is no number",
	  "treeSize is no number", "treeSize is no number" },
	{ HEAD ",\"integratedTime\":-1" PROOF "}", "no number", "no number", "no number" },
	{ "{" PROOF "}", "JSON", "JSON", "JSON" },
	{ "{\"logIndex\":\"7\"" PROOF "}", "no keyId", "no keyId", "no keyId" },
	{ "[]", "no keyId", "no keyId", "no keyId" },
};

static void read_it(const char *text, enum sigstore_version version, const char *says)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(sigstore_entry_release) struct sigstore_entry e = { 0 };
	struct err err = { 0 };
	enum err_code code = js_read(text, strlen(text), "JSON", &json, &err);

	if (code == ERR_OK)
		code = sigstore_entry_read(json, version, &e, &err);
	ck_assert_msg((code == ERR_OK) == (*says == '\0'), "%s: %s", text, err.msg);
	ck_assert_msg(strstr(err.msg, says) != NULL, "%s: %s", text, err.msg);
	if (code != ERR_OK)
		return;
	ck_assert_uint_eq(e.index, 7);
	ck_assert_str_eq(e.kind, "a");
	ck_assert_str_eq(buf_text(&e.body), "{}");
	ck_assert_int_eq(e.integrated_time, e.set.len > 0 ? 5 : 0);
}

START_TEST(shown)
{
	read_it(entries[_i].text, SIGSTORE_V01, entries[_i].v01);
	read_it(entries[_i].text, SIGSTORE_V02, entries[_i].v02);
	read_it(entries[_i].text, SIGSTORE_V03, entries[_i].v03);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sigstore_entry");
	TCase *t = tcase_create("sigstore_entry");

	tcase_add_loop_test(t, shown, 0, (int)COUNT_OF(entries));
	suite_add_tcase(s, t);
	return test_run(s);
}
