/* Policies and what they say of statements: a policy, and behind a line of three dashes a statement that it is held
 * against. */
#include "common/js.h"
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"
#include "trust/decision.h"
#include "trust/pointer.h"
#include "trust/policy_private.h"

#define SEPARATOR "\n---\n"

static const char *const names[] = {
	"docker.io/library/busybox:latest",
	"a.b.example.com:5000/team/app:1",
	"[::1]:5000/app:1",
	"r.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
};

static struct node nodes[2];
static const struct graph graph = { .nodes = nodes, .nodes_len = COUNT_OF(nodes) };
static const struct json_t *statement; /* what the one candidate says */
static const char *reference;          /* the name that was signed */

/* Whoever is asked for has signed it. */
static enum err_code prove(void *ctx, const struct candidates *all, const struct candidate *c,
			   const struct trust_material *m, const struct trust_wanted *wanted,
			   struct candidate_proof *ret_proof, struct err *err)
{
	(void)ctx;
	(void)all;
	(void)wanted;
	*ret_proof =
		(struct candidate_proof){ .docker_reference = reference, .is_signature = c->form == CANDIDATE_SIMPLE };
	if (m->keys_len > 0)
		ret_proof->signer.key = m->keys[0];
	else if (str_copy("who", &ret_proof->signer.identity, err) != ERR_OK ||
		 str_copy("issuer", &ret_proof->signer.issuer, err) != ERR_OK)
		return err->code;
	return c->form == CANDIDATE_SIMPLE ? ERR_OK : str_copy("type", &ret_proof->signer.predicate_type, err);
}

static enum err_code payload(void *ctx, const struct candidates *all, const struct candidate *c,
			     struct json_t **ret_payload, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = 1 << 24 };
	struct buf_stage stage;
	struct js_out o;
	enum err_code code;

	(void)ctx;
	(void)all;
	(void)c;
	if (statement == NULL)
		return err_set(err, ERR_UNPROVED, "there is no statement");
	buf_stage_init(&stage, &text);
	js_out_init(&o, &stage.out, false);
	js_put_value(&o, statement);
	code = js_end_document(&o, err);
	return code == ERR_OK ? js_read(text.data, text.len, "statement", ret_payload, err) : code;
}

/* A decision is one word, and a refusal one line; twice the same is the same. */
static void fuzz_decide(const struct policy *p, const char *name, enum candidate_form form)
{
	static const struct prover prover = { .prove = prove, .payload = payload };
	struct candidate_subject subject = { .digest = &nodes[0].digest, .role = ROLE_MANIFEST, .is_root = true };
	struct candidate one = { .form = form, .blob = 1 };
	const struct candidates all = {
		.graph = &graph, .subjects = &subject, .subjects_len = 1, .items = &one, .len = 1
	};
	CLEANUP(decision_release) struct decision first = { 0 }, second = { 0 };
	CLEANUP(proofs_release) struct proofs proofs;
	struct err err = { 0 };

	proofs_init(&proofs, &prover, NULL);
	FUZZ_HOLDS(policy_decide(p, name, &all, &proofs, &first, &err) == ERR_OK);
	FUZZ_HOLDS(policy_decide(p, name, &all, &proofs, &second, &err) == ERR_OK);
	FUZZ_HOLDS(first.accepted == second.accepted && first.len == second.len && first.len >= 2);
	fuzz_told(decision_refusal(&first, &err), &err);
	FUZZ_HOLDS(first.accepted == (err.code == ERR_OK));
}

/* Whoever is to blame does not hold, and can be told. */
static void fuzz_conditions(const struct condition *c)
{
	CLEANUP(buf_release) struct buf text = { .max = 1 << 20 };
	const struct condition *blame;

	if (statement == NULL || condition_holds(c, statement))
		return;
	blame = condition_blame(c, statement);
	FUZZ_HOLDS(!condition_holds(blame, statement));
	FUZZ_HOLDS(condition_describe(blame, statement, &text, NULL) == ERR_OK && text.len > 0);
}

static void fuzz_scope(const struct policy_scope *scope)
{
	size_t i;

	FUZZ_HOLDS(scope->len > 0);
	for (i = 0; i < scope->len; i++)
		fuzz_conditions(&scope->requirements[i].conditions);
}

static void fuzz_policy(const struct policy *p)
{
	size_t i;

	for (i = 0; i < p->scopes_len; i++)
		fuzz_scope(&p->scopes[i]);
	fuzz_scope(&p->fallback);
	for (i = 0; i < COUNT_OF(names); i++) {
		fuzz_decide(p, names[i], CANDIDATE_SIMPLE);
		fuzz_decide(p, names[i], CANDIDATE_DSSE);
		fuzz_decide(p, names[i], CANDIDATE_STATEMENT);
	}
}

/* A pointer that may be followed leads somewhere or nowhere. */
static void fuzz_pointer(const char *text)
{
	struct err err = { 0 };
	enum err_code code = pointer_check(text, &err);

	fuzz_told(code, &err);
	if (code == ERR_OK)
		(void)pointer_find(statement, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free_ptr) char *text = fuzz_string(data, size);
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	char *behind = strstr(text, SEPARATOR);
	struct err err = { 0 };
	enum err_code code;

	statement = NULL;
	reference = NULL;
	if (behind != NULL) {
		*behind = '\0';
		behind += strlen(SEPARATOR);
		if (js_read(behind, strlen(behind), "statement", &json, NULL) == ERR_OK)
			statement = json;
		reference = behind;
		fuzz_pointer(behind);
	}
	/* In a folder where there is nothing, so that no file of this machine is read but by an absolute path. */
	code = policy_parse(text, strlen(text), "/nowhere/policy.json", &p, &err);
	fuzz_told(code, &err);
	if (code == ERR_OK)
		fuzz_policy(p);
	return 0;
}
