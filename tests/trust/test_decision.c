#include "trust/decision.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"
#include "trust/fingerprint.h"
#include "trust/revoked.h"

#define INDEX "application/vnd.oci.image.index.v1+json"
#define MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define SLSA "https://slsa.dev/provenance/v1"
#define SPDX "https://spdx.dev/Document"
#define SIGN "https://sigstore.dev/cosign/sign/v1"
#define NAME "r.example/team/app:1"

/*
 * root ── amd64
 *      ├─ arm64
 *      ├─ attestation of amd64 (BuildKit's)
 *      └─ inner index ── s390x
 */
enum { ROOT, AMD64, ARM64, BUILDKIT, INNER, S390X, SUBJECTS, BLOBS = SUBJECTS };

static struct node nodes[64];
static struct edge edges[] = {
	{ .to = AMD64 }, { .to = ARM64 }, { .to = BUILDKIT, .kind = EDGE_ATTESTATION },
	{ .to = INNER }, { .to = S390X },
};
static struct graph graph = { .nodes = nodes, .nodes_len = COUNT_OF(nodes), .edges = edges, .edges_len = 5 };
static struct candidate_subject subjects[SUBJECTS];

static const struct {
	enum role role;
	const char *platform;
	uint32_t edges, edges_len;
} tree[SUBJECTS] = {
	[ROOT] = { ROLE_INDEX, NULL, 0, 4 },
	[AMD64] = { ROLE_MANIFEST, "linux/amd64", 0, 0 },
	[ARM64] = { ROLE_MANIFEST, "linux/arm64", 0, 0 },
	[BUILDKIT] = { ROLE_ATTESTATION, NULL, 0, 0 },
	[INNER] = { ROLE_INDEX, NULL, 4, 1 },
	[S390X] = { ROLE_MANIFEST, "linux/s390x/z15", 0, 0 },
};

/* One thing that came with the image: by whose key it holds, and what it is. */
struct thing {
	enum candidate_form form;
	size_t subject;
	const char *says;      /* of which type it says that it is */
	const char *by;        /* "a" or "b"; NULL: nobody's */
	const char *reference; /* the name that was signed */
	const char *statement; /* NULL: none */
};

static const struct thing *things;
static size_t proved; /* how many were proved so far */
static char *folder;

static void setup(void)
{
	size_t i;

	memset(nodes, 0, sizeof(nodes));
	for (i = 0; i < COUNT_OF(nodes); i++) {
		nodes[i].digest =
			(struct digest){ "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" };
		nodes[i].digest.text[70] = (char)('a' + i % 6);
		nodes[i].digest.text[69] = (char)('0' + i / 6);
	}
	for (i = 0; i < SUBJECTS; i++) {
		nodes[i].role = tree[i].role;
		nodes[i].platform = tree[i].platform;
		nodes[i].edges = tree[i].edges;
		nodes[i].edges_len = tree[i].edges_len;
		nodes[i].media_type = tree[i].role == ROLE_INDEX ? INDEX : MANIFEST;
		subjects[i] = (struct candidate_subject){ .node = (uint32_t)i,
							  .digest = &nodes[i].digest,
							  .role = tree[i].role,
							  .platform = tree[i].platform,
							  .is_root = i == ROOT };
	}
	folder = folder_new();
	folder_put(folder, "a.pub", key_p256_pub, strlen(key_p256_pub));
	folder_put(folder, "b.pub", key_ed25519_pub, strlen(key_ed25519_pub));
	proved = 0;
}

static void teardown(void)
{
	folder_remove(folder);
}

static struct json_t *read_text(const char *text)
{
	struct json_t *value = NULL;
	struct err err = { 0 };

	ck_assert_msg(js_read(text, strlen(text), "test", &value, &err) == ERR_OK, "%s: %s", text, err.msg);
	return value;
}

static const struct thing *thing_of(const struct candidates *all, const struct candidate *c)
{
	return &things[c - all->items];
}

static bool is_by(const struct thing *t, const struct trust_key *k)
{
	const char *name = trust_key_name(k);

	return t->by != NULL && name[strlen(name) - 5] == t->by[0]; /* ….pub */
}

static enum err_code fake_prove(void *ctx, const struct candidates *all, const struct candidate *c,
				const struct trust_material *m, const struct trust_wanted *wanted,
				struct candidate_proof *ret_proof, struct err *err)
{
	const struct thing *t = thing_of(all, c);
	size_t i;

	ck_assert(ctx == NULL && wanted->identities_len == 0);
	proved++;
	for (i = 0; i < m->keys_len && !is_by(t, m->keys[i]); i++)
		;
	if (i == m->keys_len)
		return err_set(err, t->by != NULL && t->by[0] == '!' ? ERR_IO : ERR_UNPROVED, "it is not by this key");
	*ret_proof = (struct candidate_proof){
		.signer = { .key = m->keys[i] },
		.docker_reference = t->reference,
		.is_signature = t->form == CANDIDATE_SIMPLE || (t->says != NULL && strcmp(t->says, SIGN) == 0),
	};
	strcpy(ret_proof->signer.key_id, trust_key_id(m->keys[i]));
	if (t->statement != NULL) {
		ret_proof->payload = read_text(t->statement);
		ck_assert_int_eq(str_copy(js_string(ret_proof->payload, "predicateType"),
					  &ret_proof->signer.predicate_type, NULL),
				 ERR_OK);
	}
	return ERR_OK;
}

static enum err_code fake_payload(void *ctx, const struct candidates *all, const struct candidate *c,
				  struct json_t **ret_payload, struct err *err)
{
	const struct thing *t = thing_of(all, c);

	(void)ctx;
	if (t->statement == NULL)
		return err_set(err, ERR_UNPROVED, "it is about another image");
	*ret_payload = read_text(t->statement);
	return ERR_OK;
}

static const struct prover fake = { .prove = fake_prove, .payload = fake_payload };

/* The candidates of an image to which these things are attached, each a manifest with one blob; BuildKit's statements
 * lie in their attestation manifest. */
static struct candidates gather(const struct thing *list, size_t len, struct candidate *items)
{
	struct candidates all = {
		.graph = &graph, .subjects = subjects, .subjects_len = SUBJECTS, .items = items, .len = len
	};
	size_t i;

	things = list;
	for (i = 0; i < len; i++)
		items[i] = (struct candidate){
			.form = list[i].form,
			.subject = list[i].subject,
			.manifest = list[i].form == CANDIDATE_STATEMENT ? BUILDKIT : (uint32_t)(BLOBS + 2 * i),
			.blob = (uint32_t)(BLOBS + 2 * i + 1),
			.predicate_type = list[i].says,
		};
	return all;
}

static struct policy *parse(const char *requirements)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "policy.json");
	CLEANUP(free_ptr) char *text = NULL;
	struct policy *p = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(
		str_format(&text, NULL,
			   "{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{\"r.example\":[%s]}}}",
			   requirements),
		ERR_OK);
	ck_assert_msg(policy_parse(text, strlen(text), path, &p, &err) == ERR_OK, "%s", err.msg);
	return p;
}

#define BY(key) "\"keyPath\":\"" key ".pub\""
#define SIGNED(rest) "{\"type\":\"sigstoreSigned\"," rest "}"
#define REPOSITORY(key) SIGNED(BY(key) ",\"signedIdentity\":{\"type\":\"matchRepository\"}")
#define DIGEST(key) SIGNED(BY(key) ",\"signedIdentity\":{\"type\":\"matchDigest\"}")
#define ATTESTED(rest) "{\"type\":\"attestation\"," rest "}"
#define PROVENANCE(key) ATTESTED("\"predicateType\":\"" SLSA "\"," BY(key))
#define SAYS(type, predicate) "{\"predicateType\":\"" type "\",\"predicate\":" predicate "}"
#define LEVEL(n)                                                                                                       \
	ATTESTED("\"predicateType\":\"" SLSA                                                                           \
		 "\"," BY("a") ",\"conditions\":[{\"pointer\":\"/predicate/level\",\"minimum\":" #n "}]")

#define SIMPLE(subject, by, reference)                                                                                 \
	{                                                                                                              \
		CANDIDATE_SIMPLE, subject, NULL, by, reference, NULL                                                   \
	}
#define BUNDLE(subject, by)                                                                                            \
	{                                                                                                              \
		CANDIDATE_BUNDLE, subject, SIGN, by, NULL, SAYS(SIGN, "{}")                                            \
	}
#define DSSE(subject, by, type, predicate)                                                                             \
	{                                                                                                              \
		CANDIDATE_DSSE, subject, type, by, NULL, SAYS(type, predicate)                                         \
	}
#define UNSIGNED(type, predicate)                                                                                      \
	{                                                                                                              \
		CANDIDATE_STATEMENT, AMD64, type, NULL, NULL, SAYS(type, predicate)                                    \
	}

static const struct {
	const char *what, *requirements;
	struct thing things[4];
	size_t len;
	const char *refusal; /* NULL: accepted; else a part of what is said */
} cases[] = {
	{ "anything", "{\"type\":\"insecureAcceptAnything\"}", { { 0 } }, 0, NULL },
	{ "reject", "{\"type\":\"reject\"}", { { 0 } }, 0, "it takes no image" },
	{ "anything, and reject",
	  "{\"type\":\"insecureAcceptAnything\"},{\"type\":\"reject\"}",
	  { { 0 } },
	  0,
	  "/transports/docker/r.example/1" },
	{ "GPG",
	  "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"x\"}",
	  { SIMPLE(ROOT, "a", NAME) },
	  1,
	  "signatures by GPG (signedBy) are not verified here" },
	{ "pki", SIGNED("\"pki\":{}"), { SIMPLE(ROOT, "a", NAME) }, 1, "(pki) are not verified here" },

	{ "nothing there", SIGNED(BY("a")), { { 0 } }, 0, "found: no signature" },
	{ "signed for this tag", SIGNED(BY("a")), { SIMPLE(ROOT, "a", NAME) }, 1, NULL },
	{ "signed for another tag",
	  SIGNED(BY("a")),
	  { SIMPLE(ROOT, "a", "r.example/team/app:2") },
	  1,
	  "was made for \"r.example/team/app:2\", which is not what matchRepoDigestOrExact asks for" },
	{ "signed for the repository, as cosign does",
	  SIGNED(BY("a")),
	  { SIMPLE(ROOT, "a", "r.example/team/app") },
	  1,
	  "was made for \"r.example/team/app\"" },
	{ "and that suffices", REPOSITORY("a"), { SIMPLE(ROOT, "a", "r.example/team/app") }, 1, NULL },
	{ "another repository",
	  REPOSITORY("a"),
	  { SIMPLE(ROOT, "a", "r.example/team/other") },
	  1,
	  "r.example/team/other" },
	{ "another key", REPOSITORY("b"), { SIMPLE(ROOT, "a", "r.example/team/app") }, 1, "it is not by this key" },
	{ "the second signature is right",
	  REPOSITORY("b"),
	  { SIMPLE(ROOT, "a", "r.example/team/app"), SIMPLE(ROOT, "b", "r.example/team/app") },
	  2,
	  NULL },
	{ "any of two keys", SIGNED("\"keyPaths\":[\"a.pub\",\"b.pub\"]"), { SIMPLE(ROOT, "b", NAME) }, 1, NULL },
	{ "both keys, and one is missing",
	  REPOSITORY("a") "," REPOSITORY("b"),
	  { SIMPLE(ROOT, "a", NAME) },
	  1,
	  "/transports/docker/r.example/1" },
	{ "both keys",
	  REPOSITORY("a") "," REPOSITORY("b"),
	  { SIMPLE(ROOT, "a", NAME), SIMPLE(ROOT, "b", NAME) },
	  2,
	  NULL },
	{ "a bundle names no image",
	  REPOSITORY("a"),
	  { BUNDLE(ROOT, "a") },
	  1,
	  "names no image, which only signedIdentity matchDigest takes" },
	{ "and need not", DIGEST("a"), { BUNDLE(ROOT, "a") }, 1, NULL },
	{ "an attestation is no signature", DIGEST("a"), { DSSE(ROOT, "a", SLSA, "{}") }, 1, "found: no signature" },
	{ "one that says nothing of itself neither",
	  DIGEST("a"),
	  { { CANDIDATE_BUNDLE, ROOT, NULL, "a", NULL, SAYS(SLSA, "{}") } },
	  1,
	  "it is an attestation" },
	{ "each platform", DIGEST("a"), { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(S390X, "a") }, 3, NULL },
	{ "all but one", DIGEST("a"), { BUNDLE(AMD64, "a"), BUNDLE(S390X, "a") }, 2, "linux/arm64: no signature" },
	{ "an inner index is its platforms'",
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "a"), BUNDLE(INNER, "a") },
	  3,
	  NULL },
	{ "but not its brothers'", DIGEST("a"), { BUNDLE(INNER, "a") }, 1, "linux/amd64: no signature" },
	{ "a signature on what is beside counts for nothing",
	  DIGEST("a"),
	  { BUNDLE(BUILDKIT, "a") },
	  1,
	  "no signature" },
	{ "one platform by another key",
	  DIGEST("a"),
	  { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "b"), BUNDLE(S390X, "a") },
	  3,
	  "linux/arm64: it is not by this key" },

	{ "no attestation", PROVENANCE("a"), { SIMPLE(ROOT, "a", NAME) }, 1, "found: no attestation of this type" },
	{ "only another type",
	  PROVENANCE("a"),
	  { DSSE(ROOT, "a", SPDX, "{}") },
	  1,
	  "no attestation of this type, only https://spdx.dev/Document" },
	{ "attested at the index", PROVENANCE("a"), { DSSE(ROOT, "a", SLSA, "{}") }, 1, NULL },
	{ "attested by somebody else", PROVENANCE("b"), { DSSE(ROOT, "a", SLSA, "{}") }, 1, "it is not by this key" },
	{ "attested for each platform",
	  PROVENANCE("a"),
	  { DSSE(AMD64, "a", SLSA, "{}"), DSSE(ARM64, "a", SLSA, "{}"), DSSE(S390X, "a", SLSA, "{}") },
	  3,
	  NULL },
	{ "attested for two",
	  PROVENANCE("a"),
	  { DSSE(AMD64, "a", SLSA, "{}"), DSSE(S390X, "a", SLSA, "{}") },
	  2,
	  "linux/arm64: no attestation of this type" },
	{ "two are enough for these platforms",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\",\"linux/s390x\"]"),
	  { DSSE(AMD64, "a", SLSA, "{}"), DSSE(S390X, "a", SLSA, "{}") },
	  2,
	  NULL },
	{ "a variant of a platform is that platform",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/s390x\"]"),
	  { DSSE(AMD64, "a", SLSA, "{}") },
	  1,
	  "no attestation of this type" },
	{ "and no other variant is another",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/arm64/v9\"]"),
	  { DSSE(AMD64, "a", SLSA, "{}") },
	  1,
	  "no attestation of this type" },
	{ "an architecture that begins as another",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/arm/v7\",\"linux/s390\"]"),
	  { { 0 } },
	  0,
	  NULL },
	{ "a platform that is not here",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"windows/amd64\"]"),
	  { { 0 } },
	  0,
	  NULL },
	{ "one type of several",
	  ATTESTED("\"predicateTypes\":[\"https://cyclonedx.org/bom*\",\"https://spdx.dev/*\"]," BY("a")),
	  { DSSE(ROOT, "a", SPDX, "{}") },
	  1,
	  NULL },
	{ "it says another type than it is",
	  PROVENANCE("a"),
	  { { CANDIDATE_DSSE, ROOT, SLSA, "a", NULL, SAYS(SPDX, "{}") } },
	  1,
	  "it is of another type than it was said to be" },
	{ "it does not say its type",
	  PROVENANCE("a"),
	  { { CANDIDATE_BUNDLE, ROOT, NULL, "a", NULL, SAYS(SLSA, "{}") } },
	  1,
	  NULL },
	{ "a condition", LEVEL(3), { DSSE(ROOT, "a", SLSA, "{\"level\":3}") }, 1, NULL },
	{ "a condition that fails",
	  LEVEL(3),
	  { DSSE(ROOT, "a", SLSA, "{\"level\":2}") },
	  1,
	  "/transports/docker/r.example/0/conditions/0 does not hold: /predicate/level must be 3 or more, and is 2" },
	{ "the second statement holds",
	  LEVEL(3),
	  { DSSE(ROOT, "a", SLSA, "{\"level\":2}"), DSSE(ROOT, "a", SLSA, "{\"level\":4}") },
	  2,
	  NULL },
	{ "conditions of somebody else",
	  LEVEL(3),
	  { DSSE(ROOT, "b", SLSA, "{\"level\":3}") },
	  1,
	  "it is not by this key" },

	{ "BuildKit's, and nobody signed",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { UNSIGNED(SLSA, "{}") },
	  1,
	  "it is not signed, and no signature over what leads to it holds" },
	{ "who signed the index has signed it",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(ROOT, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  NULL },
	{ "who signed its manifest has, too",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(BUILDKIT, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  NULL },
	{ "who signed the platform has not",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(AMD64, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  "it is not signed, and no signature over what leads to it holds" },
	{ "who attested to the index has not",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { DSSE(ROOT, "a", SPDX, "{}"), UNSIGNED(SLSA, "{}") },
	  2,
	  "it is not signed" },
	{ "somebody else signed the index",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("b") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(ROOT, "a"), UNSIGNED(SLSA, "{}") },
	  2,
	  "it is not signed" },
	{ "signed, and about another image",
	  ATTESTED("\"predicateType\":\"" SLSA "\"," BY("a") ",\"platforms\":[\"linux/amd64\"]"),
	  { BUNDLE(ROOT, "a"), { CANDIDATE_STATEMENT, AMD64, SLSA, NULL, NULL, NULL } },
	  2,
	  "it is about another image" },
};

static enum err_code decide(const struct policy *p, const char *name, const struct candidates *all,
			    struct proofs *proofs, struct decision *d, struct err *err)
{
	enum err_code code = policy_decide(p, name, all, proofs, d, err);

	ck_assert_int_eq(code, err->code);
	return code;
}

START_TEST(verdicts)
{
	CLEANUP(policy_free_ptr) struct policy *p = parse(cases[_i].requirements);
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[4];
	struct candidates all = gather(cases[_i].things, cases[_i].len, items);
	struct err err = { 0 };

	proofs_init(&proofs, &fake, NULL);
	ck_assert_msg(decide(p, NAME, &all, &proofs, &d, &err) == ERR_OK, "%s: %s", cases[_i].what, err.msg);
	ck_assert_msg(d.accepted == (cases[_i].refusal == NULL), "%s", cases[_i].what);
	ck_assert_int_eq(decision_refusal(&d, &err), d.accepted ? ERR_OK : ERR_UNPROVED);
	if (cases[_i].refusal == NULL)
		return;
	ck_assert_msg(strstr(err.msg, cases[_i].refusal) != NULL, "%s: %s", cases[_i].what, err.msg);
	ck_assert_msg(text_starts(err.msg, NAME ": refused by "), "%s", err.msg);
}
END_TEST

/* Another name is another scope, whatever is attached. */
START_TEST(other_name)
{
	static const struct thing list[] = { SIMPLE(ROOT, "a", NAME) };
	CLEANUP(policy_free_ptr) struct policy *p = parse(SIGNED(BY("a")));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[1];
	struct candidates all = gather(list, 1, items);
	struct err err = { 0 };

	proofs_init(&proofs, &fake, NULL);
	ck_assert_int_eq(decide(p, "other.example/team/app:1", &all, &proofs, &d, &err), ERR_OK);
	ck_assert(!d.accepted);
	ck_assert_str_eq(d.steps[0].text, "default");
	ck_assert_str_eq(d.steps[0].pointer, "/default");
	ck_assert_int_eq(decision_refusal(&d, &err), ERR_UNPROVED);
	ck_assert_msg(strstr(err.msg, "/default/0") != NULL, "%s", err.msg);
	ck_assert_msg(strstr(err.msg, "no scope of the policy is for this name") != NULL, "%s", err.msg);
}
END_TEST

/* What is absent is not judged; a root alone is, whatever it is. */
START_TEST(absent_platforms)
{
	static const struct thing list[] = { BUNDLE(AMD64, "a"), BUNDLE(ROOT, "b") };
	CLEANUP(policy_free_ptr) struct policy *p = parse(DIGEST("a"));
	CLEANUP(decision_release) struct decision one = { 0 }, none = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[2];
	struct candidates all = gather(list, 2, items);
	struct err err = { 0 };

	proofs_init(&proofs, &fake, NULL);
	nodes[ARM64].absent = true;
	nodes[S390X].left_out = true;
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &one, &err), ERR_OK);
	ck_assert(one.accepted);
	nodes[AMD64].absent = true;
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &none, &err), ERR_OK);
	ck_assert(!none.accepted);
}
END_TEST

/* The same signature under two names, by two requirements: proved once for each set of signers. */
START_TEST(proved_once)
{
	static const struct thing list[] = { SIMPLE(ROOT, "b", "r.example/team/app"), DSSE(ROOT, "a", SLSA, "{}") };
	CLEANUP(policy_free_ptr)
	struct policy *p = parse(REPOSITORY("b") "," REPOSITORY("b") "," PROVENANCE("a") "," ATTESTED(
		"\"predicateTypes\":[\"x\",\"" SLSA "\"]," BY("a")));
	CLEANUP(decision_release) struct decision first = { 0 }, second = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[2];
	struct candidates all = gather(list, 2, items);
	struct err err = { 0 };

	proofs_init(&proofs, &fake, NULL);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &first, &err), ERR_OK);
	ck_assert_int_eq(decide(p, "r.example/team/app:2", &all, &proofs, &second, &err), ERR_OK);
	ck_assert(first.accepted && second.accepted);
	ck_assert_uint_eq(proved, 2);
}
END_TEST

/* A key that is revoked counts for nobody. */
START_TEST(revoked_key)
{
	static const struct thing list[] = { SIMPLE(ROOT, "a", NAME) };
	CLEANUP(policy_free_ptr) struct policy *p = parse(SIGNED(BY("a")));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[1];
	struct candidates all = gather(list, 1, items);
	struct revoked_entry entry = { .is_key = true, .file = "old.pub" };
	struct revoked revoked = { .entries = &entry, .len = 1 };
	struct err err = { 0 };

	ck_assert_int_eq(fingerprint_of_pem(key_p256_pub, "a.pub", &entry.digest, NULL), ERR_OK);
	proofs_init(&proofs, &fake, &revoked);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &d, &err), ERR_OK);
	ck_assert_int_eq(decision_refusal(&d, &err), ERR_UNPROVED);
	ck_assert_msg(strstr(err.msg, "is revoked here (old.pub)") != NULL, "%s", err.msg);
}
END_TEST

/* A machine that fails is no refusal. */
START_TEST(machine_fails)
{
	static const struct thing list[] = { SIMPLE(ROOT, "!", NAME) };
	CLEANUP(policy_free_ptr) struct policy *p = parse(SIGNED(BY("a")));
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate items[1];
	struct candidates all = gather(list, 1, items);
	struct err err = { 0 };

	proofs_init(&proofs, &fake, NULL);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &d, &err), ERR_IO);
	ck_assert_ptr_null(d.steps);
}
END_TEST

static const char tree_text[] = NAME ": refused by FOLDER/policy.json\n"
				     "  counts: scope \"r.example\" of docker\n"
				     "    FAIL sigstoreSigned by key FOLDER/a.pub, matchDigest  "
				     "(/transports/docker/r.example/0): linux/arm64: it is not "
				     "by this key\n"
				     "      ok   signature BLOB0 of linux/amd64: by key FOLDER/a.pub\n"
				     "      FAIL signature BLOB1 of linux/arm64: it is not by this key\n"
				     "      FAIL linux/arm64 ARM64: it is not by this key\n"
				     "      FAIL linux/s390x/z15 S390X: no signature\n"
				     "    ok   insecureAcceptAnything  (/transports/docker/r.example/1)\n";

static void replace_all(char **text, const char *from, const char *to)
{
	char *at, *next;

	while ((at = strstr(*text, from)) != NULL) {
		ck_assert_int_eq(str_format(&next, NULL, "%.*s%s%s", (int)(at - *text), *text, to, at + strlen(from)),
				 ERR_OK);
		free(*text);
		*text = next;
	}
}

START_TEST(printed)
{
	static const struct thing list[] = { BUNDLE(AMD64, "a"), BUNDLE(ARM64, "b") };
	CLEANUP(policy_free_ptr) struct policy *p = parse(DIGEST("a") ",{\"type\":\"insecureAcceptAnything\"}");
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	CLEANUP(buf_release) struct buf text = { .max = 10000 };
	CLEANUP(free_ptr) char *want = strdup(tree_text);
	struct candidate items[2];
	struct candidates all = gather(list, 2, items);
	struct buf_stage stage;
	struct err err = { 0 };

	proofs_init(&proofs, &fake, NULL);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &d, &err), ERR_OK);
	buf_stage_init(&stage, &text);
	ck_assert_int_eq(decision_print(&d, &stage.out, &err), ERR_OK);
	replace_all(&want, "FOLDER", folder);
	replace_all(&want, "BLOB0", nodes[BLOBS + 1].digest.text);
	replace_all(&want, "BLOB1", nodes[BLOBS + 3].digest.text);
	replace_all(&want, "ARM64", nodes[ARM64].digest.text);
	replace_all(&want, "S390X", nodes[S390X].digest.text);
	ck_assert_str_eq(buf_text(&text), want);
}
END_TEST

START_TEST(machine_readable)
{
	CLEANUP(policy_free_ptr) struct policy *p = parse("{\"type\":\"reject\"}");
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	CLEANUP(buf_release) struct buf text = { .max = 10000 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct candidates all = gather(NULL, 0, NULL);
	const struct json_t *step;
	struct buf_stage stage;
	struct js_out o;
	struct err err = { 0 };

	proofs_init(&proofs, &fake, NULL);
	ck_assert_int_eq(decide(p, NAME, &all, &proofs, &d, &err), ERR_OK);
	buf_stage_init(&stage, &text);
	js_out_init(&o, &stage.out, true);
	decision_json(&d, &o);
	ck_assert_int_eq(js_end_document(&o, &err), ERR_OK);
	json = read_text(buf_text(&text));
	ck_assert_str_eq(js_string(json, "image"), NAME);
	ck_assert(js_get(json, "accepted") != NULL && !js_true(json, "accepted"));
	ck_assert_uint_eq(js_len(js_array(json, "steps")), 2);
	step = js_at(js_array(json, "steps"), 1);
	ck_assert_str_eq(js_string(step, "kind"), "requirement");
	ck_assert_str_eq(js_string(step, "pointer"), "/transports/docker/r.example/0");
	ck_assert_str_eq(js_string(step, "text"), "reject");
	ck_assert_str_eq(js_string(step, "found"), "it takes no image");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decision");
	TCase *t = tcase_create("decision");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, verdicts, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, other_name);
	tcase_add_test(t, absent_platforms);
	tcase_add_test(t, proved_once);
	tcase_add_test(t, revoked_key);
	tcase_add_test(t, machine_fails);
	tcase_add_test(t, printed);
	tcase_add_test(t, machine_readable);
	suite_add_tcase(s, t);
	return test_run(s);
}
