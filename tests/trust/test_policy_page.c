/* The examples in docs/bundle-policy.5: each is what it is said to be, and the worked ones decide as the page says. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"
#include "trust/decision.h"

#define PAGE "docs/bundle-policy.5"
#define ROOT "tests/fixtures/sigstore/trusted_root_public.json"
#define EXAMPLES_MAX 32

static char *folder;
static char *examples[EXAMPLES_MAX]; /* every block of the page that is JSON */
static size_t examples_len;

/* ---- the page ---- */

/* A line without what troff wants. */
static enum err_code add_line(struct buf *block, const char *line, size_t len)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		if (line[i] != '\\')
			code = buf_add(block, &line[i], 1, NULL);
	}
	return code == ERR_OK ? buf_puts(block, "\n", NULL) : code;
}

static void take_block(const struct buf *block)
{
	const char *text = buf_text(block);

	if (text[0] != '{' && text[0] != '[')
		return;
	ck_assert_uint_lt(examples_len, EXAMPLES_MAX);
	ck_assert_int_eq(str_copy(text, &examples[examples_len++], NULL), ERR_OK);
}

static void read_page(void)
{
	CLEANUP(buf_release) struct buf page = { .max = 1 << 20 };
	CLEANUP(buf_release) struct buf block = { .max = 1 << 20 };
	bool inside = false;
	const char *at, *end;

	ck_assert_int_eq(file_read(PAGE, &page, NULL), ERR_OK);
	for (at = buf_text(&page); *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		ck_assert_ptr_nonnull(end);
		if (text_starts(at, ".fi\n")) {
			take_block(&block);
			buf_clear(&block);
		} else if (inside) {
			ck_assert_int_eq(add_line(&block, at, (size_t)(end - at)), ERR_OK);
		}
		inside = text_starts(at, ".nf\n") || (inside && !text_starts(at, ".fi\n"));
	}
}

/* The certificates of an authority as PEM, out of the root that has them in base64. */
static void put_authority(const struct json_t *root)
{
	const struct json_t *chain =
		js_array(js_object(js_at(js_array(root, "certificateAuthorities"), 1), "certChain"), "certificates");
	CLEANUP(buf_release) struct buf pem = { .max = 1 << 16 };
	size_t i;

	ck_assert_uint_gt(js_len(chain), 0);
	for (i = 0; i < js_len(chain); i++) {
		const char *text = js_string(js_at(chain, i), "rawBytes");

		buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n", NULL);
		for (; *text != '\0'; text += strnlen(text, 64))
			buf_printf(&pem, NULL, "%.64s\n", text);
		buf_puts(&pem, "-----END CERTIFICATE-----\n", NULL);
	}
	folder_put(folder, "fulcio.pem", pem.data, pem.len);
}

static void setup(void)
{
	static const char *const keys[] = { "release.pub", "release-2025.pub", "release-2026.pub", "builder.pub",
					    "rekor.pub" };
	CLEANUP(buf_release) struct buf root = { .max = 1 << 20 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	size_t i;

	folder = folder_new();
	for (i = 0; i < COUNT_OF(keys); i++)
		folder_put(folder, keys[i], key_p256_pub, strlen(key_p256_pub));
	ck_assert_int_eq(file_read(ROOT, &root, NULL), ERR_OK);
	folder_put(folder, "trusted_root.json", root.data, root.len);
	ck_assert_int_eq(js_read(root.data, root.len, ROOT, &json, NULL), ERR_OK);
	put_authority(json);
	examples_len = 0;
	read_page();
}

static void teardown(void)
{
	while (examples_len > 0)
		free(examples[--examples_len]);
	folder_remove(folder);
}

/* ---- each example ---- */

/* A policy around an example, which is a policy, a requirement, a signedIdentity, or a list of conditions. */
static char *wrap(const char *text)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct err err = { 0 };
	const char *type;
	char *policy = NULL;

	ck_assert_msg(js_read(text, strlen(text), "example", &json, &err) == ERR_OK, "%s: %s", text, err.msg);
	type = js_string(json, "type");
	if (js_kind(json) == JS_ARRAY)
		ck_assert_int_eq(str_format(&policy, NULL,
					    "{\"default\":[{\"type\":\"attestation\",\"predicateType\":\"x\","
					    "\"keyPath\":\"release.pub\",\"conditions\":%s}]}",
					    text),
				 ERR_OK);
	else if (type == NULL)
		ck_assert_int_eq(str_copy(text, &policy, NULL), ERR_OK);
	else if (text_starts(type, "match") || text_starts(type, "exact") || text_starts(type, "remap"))
		ck_assert_int_eq(str_format(&policy, NULL,
					    "{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"release.pub\","
					    "\"signedIdentity\":%s}]}",
					    text),
				 ERR_OK);
	else
		ck_assert_int_eq(str_format(&policy, NULL, "{\"default\":[%s]}", text), ERR_OK);
	return policy;
}

static struct policy *parse(const char *text)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "policy.json");
	struct policy *p = NULL;
	struct err err = { 0 };

	ck_assert_msg(policy_parse(text, strlen(text), path, &p, &err) == ERR_OK, "%s: %s", text, err.msg);
	return p;
}

START_TEST(each_is_right)
{
	size_t i;

	ck_assert_uint_ge(examples_len, 11);
	for (i = 0; i < examples_len; i++) {
		CLEANUP(free_ptr) char *text = wrap(examples[i]);
		CLEANUP(policy_free_ptr) struct policy *p = parse(text);

		ck_assert_msg(policy_note(p, 0) == NULL, "%s: %s", examples[i], policy_note(p, 0));
	}
}
END_TEST

/* ---- the worked ones ---- */

#define SLSA "https://slsa.dev/provenance/v1"
#define WORKFLOW(ref) "https://github.com/acme/app/.github/workflows/release.yml@" ref
#define GITHUB "https://token.actions.githubusercontent.com"
#define BUILT(repository, path, ref, runner)                                                                           \
	"{\"predicateType\":\"" SLSA "\",\"predicate\":{\"buildDefinition\":{\"externalParameters\":{\"workflow\":"    \
	"{\"repository\":\"" repository "\",\"path\":\"" path "\",\"ref\":\"" ref                                      \
	"\"}},\"internalParameters\":{\"github\":{\"runner_environment\":\"" runner "\"}}}}}"
#define RIGHT BUILT("https://github.com/acme/app", ".github/workflows/release.yml", "refs/tags/v1.2", "github-hosted")
#define KEYED(builder, repository)                                                                                     \
	"{\"predicateType\":\"" SLSA "\",\"predicate\":{\"buildDefinition\":{\"externalParameters\":{\"repository\":"  \
	"\"" repository "\"}},\"runDetails\":{\"builder\":{\"id\":\"" builder "\"}}}}"
#define KEYED_RIGHT KEYED("https://builds.example.com/release", "https://git.example.com/team/app")
#define SPDX "{\"predicateType\":\"https://spdx.dev/Document/v2.3\",\"predicate\":{}}"
#define CYCLONEDX "{\"predicateType\":\"https://cyclonedx.org/bom\",\"predicate\":{}}"
#define SIGNATURE NULL

/* What is attached to the one manifest there is. */
struct thing {
	const char *subject, *issuer; /* by whom; NULL: by the key */
	const char *statement;        /* NULL: a signature for REPOSITORY */
};

#define APP "ghcr.io/acme/app:1.2"
#define TEAM "registry.example.com/team/app:1.2"

static const struct {
	const char *what, *name;
	struct thing things[3];
	size_t len;
	const char *refusal; /* NULL: taken */
} cases[] = {
	{ "as it should be",
	  APP,
	  { { WORKFLOW("refs/tags/v1.2"), GITHUB, RIGHT }, { WORKFLOW("refs/tags/v1.2"), GITHUB, SPDX } },
	  2,
	  NULL },
	{ "the other kind of SBOM",
	  APP,
	  { { WORKFLOW("refs/tags/v1.2"), GITHUB, CYCLONEDX }, { WORKFLOW("refs/tags/v1.2"), GITHUB, RIGHT } },
	  2,
	  NULL },
	{ "without an SBOM", APP, { { WORKFLOW("refs/tags/v1.2"), GITHUB, RIGHT } }, 1, "ghcr.io~1acme~1app/1" },
	{ "without provenance", APP, { { WORKFLOW("refs/tags/v1.2"), GITHUB, SPDX } }, 1, "ghcr.io~1acme~1app/0" },
	{ "from a branch",
	  APP,
	  { { WORKFLOW("refs/heads/main"), GITHUB, RIGHT }, { WORKFLOW("refs/tags/v1.2"), GITHUB, SPDX } },
	  2,
	  "ghcr.io~1acme~1app/0" },
	{ "by another workflow",
	  APP,
	  { { "https://github.com/acme/app/.github/workflows/test.yml@refs/tags/v1.2", GITHUB, RIGHT },
	    { WORKFLOW("refs/tags/v1.2"), GITHUB, SPDX } },
	  2,
	  "ghcr.io~1acme~1app/0" },
	{ "of another repository",
	  APP,
	  { { WORKFLOW("refs/tags/v1.2"), GITHUB,
	      BUILT("https://github.com/acme/fork", ".github/workflows/release.yml", "refs/tags/v1.2",
		    "github-hosted") },
	    { WORKFLOW("refs/tags/v1.2"), GITHUB, SPDX } },
	  2,
	  "conditions/0 does not hold" },
	{ "another path",
	  APP,
	  { { WORKFLOW("refs/tags/v1.2"), GITHUB,
	      BUILT("https://github.com/acme/app", ".github/workflows/x.yml", "refs/tags/v1.2", "github-hosted") },
	    { WORKFLOW("refs/tags/v1.2"), GITHUB, SPDX } },
	  2,
	  "conditions/1 does not hold" },
	{ "built of a branch",
	  APP,
	  { { WORKFLOW("refs/tags/v1.2"), GITHUB,
	      BUILT("https://github.com/acme/app", ".github/workflows/release.yml", "refs/heads/x", "github-hosted") },
	    { WORKFLOW("refs/tags/v1.2"), GITHUB, SPDX } },
	  2,
	  "conditions/2 does not hold" },
	{ "on a machine of their own",
	  APP,
	  { { WORKFLOW("refs/tags/v1.2"), GITHUB,
	      BUILT("https://github.com/acme/app", ".github/workflows/release.yml", "refs/tags/v1.2", "self-hosted") },
	    { WORKFLOW("refs/tags/v1.2"), GITHUB, SPDX } },
	  2,
	  "conditions/3 does not hold" },
	{ "vouched for by somebody else",
	  APP,
	  { { WORKFLOW("refs/tags/v1.2"), "https://gitlab.example", RIGHT },
	    { WORKFLOW("refs/tags/v1.2"), GITHUB, SPDX } },
	  2,
	  "ghcr.io~1acme~1app/0" },
	{ "somebody else's SBOM",
	  APP,
	  { { WORKFLOW("refs/tags/v1.2"), GITHUB, RIGHT }, { "mallory@example.com", GITHUB, SPDX } },
	  2,
	  "ghcr.io~1acme~1app/1" },
	{ "another image", "ghcr.io/acme/other:1", { { WORKFLOW("refs/tags/v1.2"), GITHUB, RIGHT } }, 1, "/default/0" },

	{ "all three by the key",
	  TEAM,
	  { { NULL, NULL, SIGNATURE }, { NULL, NULL, KEYED_RIGHT }, { NULL, NULL, SPDX } },
	  3,
	  NULL },
	{ "not signed itself",
	  TEAM,
	  { { NULL, NULL, KEYED_RIGHT }, { NULL, NULL, SPDX } },
	  2,
	  "registry.example.com~1team/0" },
	{ "another builder",
	  TEAM,
	  { { NULL, NULL, SIGNATURE },
	    { NULL, NULL, KEYED("x", "https://git.example.com/team/app") },
	    { NULL, NULL, SPDX } },
	  3,
	  "conditions/0 does not hold" },
	{ "another source",
	  TEAM,
	  { { NULL, NULL, SIGNATURE },
	    { NULL, NULL, KEYED("https://builds.example.com/release", "https://git.example.com/x/app") },
	    { NULL, NULL, SPDX } },
	  3,
	  "conditions/1 does not hold" },
	{ "no SBOM by the key",
	  TEAM,
	  { { NULL, NULL, SIGNATURE }, { NULL, NULL, KEYED_RIGHT } },
	  2,
	  "registry.example.com~1team/2" },
};

static const struct thing *things;

static struct json_t *read_statement(const char *text)
{
	struct json_t *value = NULL;

	ck_assert_int_eq(js_read(text, strlen(text), "statement", &value, NULL), ERR_OK);
	return value;
}

static enum err_code check_signer(const struct thing *t, const struct trust_material *m, const struct trust_wanted *w,
				  struct err *err)
{
	CLEANUP(free_ptr) char *name = t->subject != NULL ? strdup(t->subject) : NULL;

	if (t->subject == NULL)
		return m->keys_len > 0 ? ERR_OK : err_set(err, ERR_UNPROVED, "it is by a key");
	if (w->identities_len != 1 || m->root == NULL)
		return err_set(err, ERR_UNPROVED, "it is by an identity");
	return trust_identity_match(w->identities, &name, 1, t->issuer, err);
}

static enum err_code fake_prove(void *ctx, const struct candidates *all, const struct candidate *c,
				const struct trust_material *m, const struct trust_wanted *wanted,
				struct candidate_proof *ret_proof, struct err *err)
{
	const struct thing *t = &things[c - all->items];
	enum err_code code = check_signer(t, m, wanted, err);

	(void)ctx;
	if (code != ERR_OK)
		return code;
	*ret_proof = (struct candidate_proof){ .is_signature = t->statement == NULL };
	if (t->subject == NULL) {
		ret_proof->signer.key = m->keys[0];
	} else {
		ck_assert_int_eq(str_copy(t->subject, &ret_proof->signer.identity, NULL), ERR_OK);
		ck_assert_int_eq(str_copy(t->issuer, &ret_proof->signer.issuer, NULL), ERR_OK);
	}
	if (t->statement == NULL) {
		ret_proof->docker_reference = "registry.example.com/team/app";
		return ERR_OK;
	}
	ret_proof->payload = read_statement(t->statement);
	return str_copy(js_string(ret_proof->payload, "predicateType"), &ret_proof->signer.predicate_type, err);
}

static enum err_code fake_payload(void *ctx, const struct candidates *all, const struct candidate *c,
				  struct json_t **ret_payload, struct err *err)
{
	(void)ctx;
	(void)err;
	*ret_payload = read_statement(things[c - all->items].statement);
	return ERR_OK;
}

/* The policy of the page whose scopes have this name. */
static struct policy *find_policy(const char *scope)
{
	size_t i;

	for (i = 0; i < examples_len; i++) {
		if (strstr(examples[i], scope) != NULL && strstr(examples[i], "\"default\"") != NULL &&
		    strstr(examples[i], "\"attestation\"") != NULL)
			return parse(examples[i]);
	}
	ck_abort_msg("no worked example for %s", scope);
	return NULL;
}

START_TEST(worked)
{
	static const struct prover prover = { .prove = fake_prove, .payload = fake_payload };
	static struct node nodes[8];
	static const struct graph graph = { .nodes = nodes, .nodes_len = 8 };
	CLEANUP(policy_free_ptr)
	struct policy *p =
		find_policy(strcmp(cases[_i].name, TEAM) == 0 ? "registry.example.com/team" : "ghcr.io/acme/app");
	CLEANUP(decision_release) struct decision d = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct candidate_subject subject = { .digest = &nodes[0].digest, .role = ROLE_MANIFEST, .is_root = true };
	struct candidate items[3];
	struct candidates all = {
		.graph = &graph, .subjects = &subject, .subjects_len = 1, .items = items, .len = cases[_i].len
	};
	struct err err = { 0 };
	size_t i;

	nodes[0].role = ROLE_MANIFEST;
	things = cases[_i].things;
	for (i = 0; i < all.len; i++)
		items[i] =
			(struct candidate){ .form = things[i].statement == NULL ? CANDIDATE_SIMPLE : CANDIDATE_BUNDLE,
					    .blob = (uint32_t)i + 1,
					    .layer = i };
	proofs_init(&proofs, &prover, NULL);
	ck_assert_int_eq(policy_decide(p, cases[_i].name, &all, &proofs, &d, &err), ERR_OK);
	decision_refusal(&d, &err);
	ck_assert_msg(d.accepted == (cases[_i].refusal == NULL), "%s: %s", cases[_i].what, err.msg);
	ck_assert_msg(d.accepted || strstr(err.msg, cases[_i].refusal) != NULL, "%s: %s", cases[_i].what, err.msg);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("policy_page");
	TCase *t = tcase_create("policy_page");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_is_right);
	tcase_add_loop_test(t, worked, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
