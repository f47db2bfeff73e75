#include "trust/sigstore.h"

#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "tests/lib/edit_text.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define VECTORS "tests/fixtures/sigstore"
#define IDENTITY                                                                                                       \
	"https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"            \
	"extremely-dangerous-oidc-beacon.yml@refs/heads/main"
#define ISSUER "https://token.actions.githubusercontent.com"

/* A vector: what is signed, by whom it should be, and what is trusted. */
struct vector {
	char *folder, *text;
	size_t len;
	struct trust_key *key;
	struct trust_root *root;
	struct trust_identity identity;
	struct trust_artifact artifact;
	char *artifact_path;
	struct err err;
};

static char *path_in(const char *folder, const char *name, const char *otherwise)
{
	char *path = folder_path(folder, name);

	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return strdup(otherwise);
}

static char *word_of(const char *folder, const char *name, const char *otherwise)
{
	char *word = folder_has(folder, name) ? folder_read(folder, name, &(size_t){ 0 }) : strdup(otherwise);

	word[strcspn(word, "\n")] = '\0';
	return word;
}

static void open_vector(const char *name, struct vector *v)
{
	CLEANUP(free_ptr) char *root = NULL;
	CLEANUP(free_ptr) char *key = NULL;
	CLEANUP(free_ptr) char *identity = NULL;
	CLEANUP(free_ptr) char *issuer = NULL;

	*v = (struct vector){ .folder = folder_path(VECTORS, name) };
	v->text = folder_read(v->folder, "bundle.sigstore.json", &v->len);
	v->artifact_path = path_in(v->folder, "artifact", VECTORS "/a.txt");
	v->artifact = trust_artifact_of_file(v->artifact_path);
	root = path_in(v->folder, "trusted_root.json", VECTORS "/trusted_root_public.json");
	trust_root_read(root, &v->root, &v->err);
	key = folder_path(v->folder, "key.pub");
	if (access(key, R_OK) == 0)
		trust_key_read(key, &v->key, &v->err);
	identity = word_of(v->folder, "identity", IDENTITY);
	issuer = word_of(v->folder, "issuer", ISSUER);
	ck_assert_int_eq(trust_identity_init(identity, NULL, issuer, NULL, &v->identity, &v->err), ERR_OK);
}

static void close_vector(struct vector *v)
{
	trust_root_free(v->root);
	trust_key_free(v->key);
	trust_identity_release(&v->identity);
	trust_artifact_release(&v->artifact);
	free(v->artifact_path);
	free(v->folder);
	free(v->text);
}

static enum err_code verify(struct vector *v, struct trust_proof *proof)
{
	const struct trust_material material = { .keys = &v->key, .keys_len = v->key != NULL, .root = v->root };
	const struct trust_wanted wanted = { .identities = &v->identity,
					     .identities_len = v->key == NULL,
					     .tlog = true };
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };
	enum err_code code = v->err.code; /* of the root or the key, which may be what is wrong */

	if (code == ERR_OK)
		code = sigstore_bundle_read(v->text, v->len, "bundle", &b, &v->err);
	return code == ERR_OK ? trust_verify(&b, &material, &wanted, &v->artifact, proof, &v->err) : code;
}

START_TEST(vectors)
{
	struct dirent **entries = NULL;
	int len = scandir(VECTORS, &entries, NULL, alphasort), i, seen = 0;

	ck_assert_int_gt(len, 0);
	for (i = 0; i < len; i++) {
		CLEANUP(trust_proof_release) struct trust_proof proof = { 0 };
		const char *name = entries[i]->d_name;
		struct vector v;

		if (name[0] != '.' && !text_ends(name, ".json") && !text_ends(name, ".txt") &&
		    !text_ends(name, ".md")) {
			open_vector(name, &v);
			ck_assert_msg((verify(&v, &proof) != ERR_OK) == text_ends(name, "_fail"), "%s: %s", name,
				      v.err.msg);
			close_vector(&v);
			seen++;
		}
		free(entries[i]);
	}
	free(entries);
	ck_assert_int_ge(seen, 70);
}
END_TEST

/* Members of a bundle of which no bit may change, and every how many letters one is changed. */
static const struct {
	const char *vector, *member;
	size_t stride;
} guarded[] = {
	{ "happy-path-v0.1", "rawBytes", 197 },
	{ "happy-path-v0.1", "signature", 13 },
	{ "happy-path-v0.1", "digest", 5 },
	{ "happy-path-v0.1", "signedEntryTimestamp", 13 },
	{ "happy-path-v0.1", "canonicalizedBody", 661 },
	{ "happy-path-v0.1", "rootHash", 5 },
	{ "happy-path-v0.1", "hashes", 3 },
	{ "happy-path-v0.1", "integratedTime", 2 },
	{ "happy-path-v0.1", "treeSize", 1 },
	{ "happy-path-v0.1", "keyId", 5 },
	{ "happy-path-v0.3", "rawBytes", 197 },
	{ "happy-path-v0.3", "signature", 13 },
	{ "happy-path-v0.3", "canonicalizedBody", 661 },
	{ "rekor2-happy-path", "rawBytes", 197 },
	{ "rekor2-happy-path", "signature", 13 },
	{ "rekor2-happy-path", "canonicalizedBody", 661 },
	{ "rekor2-happy-path", "envelope", 17 },
	{ "rekor2-happy-path", "rootHash", 5 },
	{ "rekor2-dsse-happy-path", "payload", 59 },
	{ "rekor2-dsse-happy-path", "sig", 13 },
	{ "rekor2-dsse-happy-path", "payloadType", 3 },
	{ "managed-key-and-trusted-root", "signature", 13 },
	{ "managed-key-and-trusted-root", "canonicalizedBody", 197 },
	{ "managed-key-and-trusted-root", "signedEntryTimestamp", 13 },
};

/* The value of a member, found by its name: where it starts, and how many letters it has up to the last four, which may
 * be padding. */
static char *value_of(char *text, const char *member, size_t *ret_len)
{
	CLEANUP(free_ptr) char *key = NULL;
	char *at, *end;

	ck_assert_int_eq(str_format(&key, NULL, "\"%s\"", member), ERR_OK);
	at = strstr(text, key);
	ck_assert_msg(at != NULL, "no %s", member);
	at = strchr(at + strlen(key), ':') + 1;
	at += strcspn(at, "\"") + 1;
	end = strchr(at, '"');
	*ret_len = end - at > 8 ? (size_t)(end - at) - 4 : (size_t)(end - at);
	return at;
}

static char other_letter(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter == '9' ? '8' : (char)(letter + 1);
	return letter == 'A' ? 'B' : 'A';
}

START_TEST(changed_letter)
{
	struct vector v;
	size_t len = 0, i;
	char *value;

	open_vector(guarded[_i].vector, &v);
	value = value_of(v.text, guarded[_i].member, &len);
	for (i = 0; i < len; i += guarded[_i].stride) {
		CLEANUP(trust_proof_release) struct trust_proof proof = { 0 };
		char was = value[i];

		value[i] = other_letter(was);
		ck_assert_msg(verify(&v, &proof) != ERR_OK, "%s: %s holds with another letter %zu", guarded[_i].vector,
			      guarded[_i].member, i);
		value[i] = was;
		v.err = (struct err){ 0 };
	}
	{
		CLEANUP(trust_proof_release) struct trust_proof proof = { 0 };

		ck_assert_msg(verify(&v, &proof) == ERR_OK, "%s", v.err.msg);
	}
	close_vector(&v);
}
END_TEST

/* One place of a bundle changed, as whoever carries it could: what is signed says no, or the form, or it changes
 * nothing.
 */
#define V3 "happy-path-v0.3"
#define R2 "rekor2-happy-path"
#define DSSE "rekor2-dsse-happy-path"
#define KEYED "managed-key-and-trusted-root"
#define TLOG "\"tlogEntries\": [{"

static const struct {
	const char *vector, *from, *to;
	const char *says; /* "" where it holds */
} edits[] = {
	{ V3, "\"79571823\"", "79571823", "" },
	{ V3, "\"79571823\"", "\"79571824\"", "signed entry timestamp" },
	{ V3, "\"79571823\"", "\"-1\"", "logIndex is no number" },
	{ V3, "\"79571823\"", "\"+79571823\"", "logIndex is no number" },
	{ V3, "\"79571823\"", "\"079571823\"", "logIndex is no number" },
	{ V3, "\"79571823\"", "\" 79571823\"", "logIndex is no number" },
	{ V3, "\"79571823\"", "79571823.0", "logIndex is no number" },
	{ V3, "\"79571823\"", "\"9223372036854775808\"", "logIndex is no number" },
	{ V3, "\"79571823\"", "\"18446744073789123439\"", "logIndex is no number" },
	{ V3, "\"75408392\"", "\"75408391\"", "does not lead to the root" },
	{ V3, "\"75408393\"", "\"0\"", "a place outside" },
	{ V3, "\"75408393\"", "\"9223372036854775807\"", "does not lead to the root" },
	{ V3, "\"hashes\": [", "\"hashes\": [\"1J7hRIEGvYdAyzEs+GhAE9L+38oHye3BhalgoQRZoo4=\", ", "does not lead" },
	{ V3, "\"1710869186\"", "\"1710869187\"", "signed entry timestamp" },
	{ V3, "\"1710869186\"", "\"-1710869186\"", "integratedTime is no number" },
	{ V3, "\"inclusionPromise\": {", "\"inclusionPromise\": {}, \"x\": {", "nothing proves when" },
	{ V3, "\"inclusionPromise\": {", "\"inclusionPromise\": null, \"x\": {", "nothing proves when" },
	{ V3, "\"inclusionProof\"", "\"inclusionproof\"", "no inclusionProof" },
	{ V3, "\"wNI9", "\"xNI9", "does not know" },
	{ V3, "\"wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=\"", "\"wNI9\"", "does not know" },
	{ V3, "\"wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=\"", "\"wNI9atQGlz-VWfO6LRygH4QUfY_8W4RFwiT5i5WRgB0\"",
	  "" },
	{ V3, "\"hashedrekord\"", "\"dsse\"", "another kind" },
	{ V3, "\"hashedrekord\"", "\"HashedRekord\"", "another kind" },
	{ V3, "\"0.0.1\"", "\"0.0.2\"", "another kind" },
	{ V3, "\"kindVersion\"", "\"x\"", "no kind" },
	{ V3, "version=0.3", "version=0.1", "" },
	{ V3, "version=0.3", "version=0.2", "" },
	{ V3, "version=0.3", "version=0.4", "not known" },
	{ V3, "version=0.3", "version=0.3.1", "not known" },
	{ V3, "version=0.3", "version=0.3 ", "not known" },
	{ V3, "\"mediaType\"", "\"MediaType\"", "no sigstore bundle" },
	{ V3, "\"certificate\"", "\"Certificate\"", "must hold one of" },
	{ V3, "\"certificate\"", "\"publicKey\": {\"hint\": \"x\"}, \"certificate\"", "must hold one of" },
	{ V3, "\"messageSignature\"", "\"dsseEnvelope\": {}, \"messageSignature\"", "one of messageSignature" },
	{ V3, "{\"mediaType\"", "{\"messag\\u0065Signature\": {}, \"mediaType\"", "JSON" },
	{ V3, "\"messageSignature\"", "\"dsseEnvelope\": \"x\", \"messageSignature\"", "dsseEnvelope is no object" },
	{ V3, "\"messageSignature\"", "\"dsseEnvelope\": null, \"messageSignature\"", "" },
	{ V3, "\"messageDigest\"", "\"messageDigest\": [], \"x\"", "messageDigest is no object" },
	{ V3, "\"certificate\"", "\"publicKey\": \"x\", \"certificate\"", "publicKey is no object" },
	{ V3, "\"certificate\"", "\"x509CertificateChain\": 1, \"certificate\"", "x509CertificateChain is no object" },
	{ V3, "\"certificate\"", "\"timestampVerificationData\": \"x\", \"certificate\"", "Data is no object" },
	{ V3, "\"certificate\"", "\"timestampVerificationData\": {\"rfc3161Timestamps\": {}}, \"certificate\"",
	  "rfc3161Timestamps is no list" },
	{ V3, "\"inclusionPromise\": {", "\"inclusionPromise\": \"\", \"x\": {", "inclusionPromise is no object" },
	{ V3, "\"inclusionProof\": {", "\"inclusionProof\": [], \"x\": {", "inclusionProof is no object" },
	{ V3, "\"hashes\": [", "\"hashes\": {}, \"x\": [", "hashes is no list" },
	{ V3, "\"checkpoint\": {", "\"checkpoint\": \"\", \"x\": {", "checkpoint is no object" },
	{ V3, "\"tlogEntries\": [", "\"tlogEntries\": {}, \"x\": [", "tlogEntries is no list" },
	{ V3, "\"SHA2_256\"", "\"sha256\"", "not known here" },
	{ V3, "\"SHA2_256\"", "\"SHA3_256\"", "not known here" },
	{ V3, "\"SHA2_256\"", "\"SHA2_512\"", "a digest of 32 bytes" },
	{ V3, "\"oM/HEnHW", "\"pM/HEnHW", "another artifact" },
	{ V3, "\"messageDigest\"", "\"x\"", "" },
	{ R2, TLOG "\"logIndex\": \"735\"", TLOG "\"logIndex\": \"734\"", "at another place" },
	{ R2, TLOG "\"logIndex\": \"735\"", TLOG "\"x\": 1", "at another place" },
	{ R2, TLOG, TLOG "\"integratedTime\": \"1790000000\", ", "says it was made" },
	{ R2, TLOG, TLOG "\"integratedTime\": \"1\", ", "says it was made" },
	{ R2, TLOG, TLOG "\"integratedTime\": \"0\", ", "" },
	{ R2, TLOG, TLOG "\"inclusionPromise\": {\"signedEntryTimestamp\": \"AAAA\"}, ", "signed entry timestamp" },
	{ R2, "\"treeSize\": \"736\"", "\"treeSize\": \"737\"", "does not lead to the root" },
	{ R2, "\"rfc3161Timestamps\": [", "\"rfc3161Timestamps\": [{\"signedTimestamp\": \"\"}, ", "cannot be read" },
	{ R2, "\"rfc3161Timestamps\"", "\"rfc3161timestamps\"", "nothing proves when" },
	{ DSSE, "\"signatures\": [", "\"signatures\": [{\"sig\": \"AAAA\"},", "one signature" },
	{ DSSE, "\"signatures\": [", "\"signatures\": [], \"x\": [", "one signature" },
	{ DSSE, "\"sig\"", "\"keyid\": \"x\", \"sig\"", "" },
	{ DSSE, "vnd.in-toto+json", "vnd.in-toto+json;x", "which is not" },
	{ "happy-path-v0.2", "\"certificates\": [", "\"certificates\": [], \"x\": [", "no certificates" },
	{ "happy-path-v0.2", "version=0.2", "version=0.3", "not for bundles of version 0.3" },
	{ KEYED, "\"tlogEntries\":[", "\"tlogEntries\":[], \"x\":[", "no log entry" },
	{ KEYED, "\"publicKey\":{", "\"publicKey\":{}, \"x\":{", "" },
	{ KEYED, "\"hint\":\"TLMs", "\"hint\":\"ULMs", "" },
	{ KEYED, "\"hint\"", "\"hint\":1, \"x\"", "hint that is no text" },
	{ KEYED, "\"inclusionPromise\":{", "\"inclusionPromise\":{}, \"x\":{", "" },
};

START_TEST(changed_place)
{
	CLEANUP(trust_proof_release) struct trust_proof proof = { 0 };
	struct vector v;
	char *text;
	enum err_code code;

	open_vector(edits[_i].vector, &v);
	text = edit_text(v.text, edits[_i].from, edits[_i].to);
	free(v.text);
	v.text = text;
	v.len = strlen(v.text);
	code = verify(&v, &proof);
	ck_assert_msg((code == ERR_OK) == (edits[_i].says[0] == '\0'), "%s in place of %s: %s", edits[_i].to,
		      edits[_i].from, v.err.msg);
	ck_assert_msg(strstr(v.err.msg, edits[_i].says) != NULL, "%s in place of %s: %s", edits[_i].to, edits[_i].from,
		      v.err.msg);
	close_vector(&v);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sigstore");
	TCase *t = tcase_create("sigstore");

	tcase_add_test(t, vectors);
	tcase_add_loop_test(t, changed_letter, 0, (int)COUNT_OF(guarded));
	tcase_add_loop_test(t, changed_place, 0, (int)COUNT_OF(edits));
	suite_add_tcase(s, t);
	return test_run(s);
}
