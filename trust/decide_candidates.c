/* Judging what came with an image: signatures over it, and attestations about it. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/reference.h"
#include "trust/decision_private.h"

#define COSIGN_SIGN "https://sigstore.dev/cosign/sign/v1"

static enum err_code ask(struct judging *j, const struct candidate *c, const struct verdict **ret_verdict,
			 struct json_t **ret_payload, struct err *err)
{
	return proofs_get(j->proofs, j->all, c, j->requirement->signers, ret_verdict, ret_payload, err);
}

/* ---- signatures ---- */

/* What says of itself that it is an attestation is not looked at: where that is a lie, it counts for nothing. */
static bool can_be_signature(const struct candidate *c)
{
	if (c->form == CANDIDATE_SIMPLE)
		return true;
	return c->form == CANDIDATE_BUNDLE &&
	       (c->predicate_type == NULL || strcmp(c->predicate_type, COSIGN_SIGN) == 0);
}

/* As cosign signs in its older form. */
static enum err_code is_of_repository(const struct judging *j, const struct verdict *v, bool *ret_is, struct err *err)
{
	static const struct signed_identity repository = { .kind = IDENTITY_MATCH_REPOSITORY };
	CLEANUP(reference_release) struct reference ref = { 0 };
	enum err_code code = signed_identity_matches(&repository, j->name, v->docker_reference, ret_is, err);

	if (code == ERR_OK && *ret_is)
		*ret_is = reference_parse_repository(v->docker_reference, &ref, NULL) == ERR_OK;
	return code;
}

static enum err_code explain_identity(const struct judging *j, const struct verdict *v, char **ret_why, struct err *err)
{
	const char *word = signed_identity_word(&j->requirement->identity);
	bool of_repository = false;
	enum err_code code;

	if (v->docker_reference == NULL)
		return str_format(ret_why, err,
				  "holds by %s, but names no image, which only signedIdentity matchDigest takes",
				  v->who);
	code = is_of_repository(j, v, &of_repository, err);
	if (code != ERR_OK)
		return code;
	if (of_repository)
		return str_format(ret_why, err,
				  "holds by %s, but was made for \"%.300s\" without a tag, which signedIdentity "
				  "matchRepository takes, and %s does not",
				  v->who, v->docker_reference, word);
	return str_format(ret_why, err, "holds by %s, but was made for \"%.300s\", which is not what %s asks for",
			  v->who, v->docker_reference, word);
}

static enum err_code judge_signature(struct judging *j, const struct candidate *c, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *payload = NULL;
	CLEANUP(free_ptr) char *text = NULL;
	const struct verdict *v = NULL;
	bool matches = false;
	enum err_code code = ask(j, c, &v, &payload, err);

	if (code != ERR_OK)
		return code;
	if (!v->holds)
		return judging_fails(j, c, "signature", v->why, err);
	if (!v->is_signature)
		return judging_fails(j, c, "signature", "it is an attestation", err);
	code = signed_identity_matches(&j->requirement->identity, j->name, v->docker_reference, &matches, err);
	if (code == ERR_OK && !matches) {
		code = explain_identity(j, v, &text, err);
		return code == ERR_OK ? judging_fails(j, c, "signature", text, err) : code;
	}
	if (code == ERR_OK)
		code = str_format(&text, err, "by %s", v->who);
	return code == ERR_OK ? judging_counts(j, c, "signature", text, err) : code;
}

enum err_code judge_signatures(struct judging *j, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < j->all->len; i++) {
		const struct candidate *c = &j->all->items[i];

		if (can_be_signature(c) && judging_needs(j, c))
			code = judge_signature(j, c, err);
	}
	return code;
}

/* ---- attestations ---- */

static bool leads_to_statements(const struct candidate_subject *s)
{
	return s->role == ROLE_INDEX || s->role == ROLE_ATTESTATION;
}

/* Which signatures hold over a manifest that may lead to others; asked once for all statements. */
static enum err_code find_held(struct judging *j, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	j->held = calloc(j->all->len + 1, sizeof(*j->held));
	if (j->held == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < j->all->len; i++) {
		const struct candidate *c = &j->all->items[i];
		CLEANUP(js_free_ptr) struct json_t *payload = NULL;
		const struct verdict *v = NULL;

		if (!can_be_signature(c) || !leads_to_statements(&j->all->subjects[c->subject]))
			continue;
		code = ask(j, c, &v, &payload, err);
		if (code == ERR_OK && v->holds && v->is_signature)
			j->held[j->held_len++] = i;
	}
	return code;
}

/* A statement that nobody signed is signed with the manifest that leads to it: who signed an index of BuildKit's has
 * signed the provenance in it. */
static enum err_code find_cover(struct judging *j, const struct candidate *c, const struct candidate **ret_cover,
				struct err *err)
{
	size_t at = coverage_subject(j->coverage, c->manifest), i;
	enum err_code code = j->held == NULL ? find_held(j, err) : ERR_OK;

	*ret_cover = NULL;
	for (i = 0; code == ERR_OK && at != COVERAGE_NONE && i < j->held_len && *ret_cover == NULL; i++) {
		const struct candidate *signature = &j->all->items[j->held[i]];

		if (coverage_from(j->coverage, signature->subject)[at])
			*ret_cover = signature;
	}
	return code;
}

static enum err_code judge_conditions(struct judging *j, const struct candidate *c, const struct json_t *statement,
				      const char *who, struct err *err)
{
	const struct condition *all = &j->requirement->conditions, *blame;
	CLEANUP(buf_release) struct buf text = { .max = (size_t)2 * LIMIT_TEXT_BYTES };
	enum err_code code;

	if (condition_holds(all, statement)) {
		code = buf_printf(&text, err, "by %.1000s", who);
		return code == ERR_OK ? judging_counts(j, c, "attestation", buf_text(&text), err) : code;
	}
	blame = condition_blame(all, statement);
	code = buf_printf(&text, err, "by %.1000s, but %.1000s does not hold: ", who, blame->place);
	if (code == ERR_OK)
		code = condition_describe(blame, statement, &text, err);
	return code == ERR_OK ? judging_fails(j, c, "attestation", buf_text(&text), err) : code;
}

/* What carries it may have said of which type it is. */
static enum err_code fail_by_type(struct judging *j, const struct candidate *c, const char *type, struct err *err)
{
	CLEANUP(free_ptr) char *text = NULL;
	const char *said = c->predicate_type != NULL ? ", and was said to be of another" : "";
	enum err_code code = type != NULL ? str_format(&text, err, "it is of type %.300s%s", type, said)
					  : str_copy("it does not say of which type it is", &text, err);

	return code == ERR_OK ? judging_fails(j, c, "attestation", text, err) : code;
}

/* What it says, once it is known who says it. */
static enum err_code judge_statement(struct judging *j, const struct candidate *c, struct json_t *payload,
				     const char *who, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *read = NULL;
	const char *type;
	struct err why = { 0 };
	enum err_code code = ERR_OK;

	if (payload == NULL)
		code = j->proofs->prover.payload(j->proofs->prover.ctx, j->all, c, &read, &why);
	if (code == ERR_UNPROVED)
		return judging_fails(j, c, "attestation", why.msg, err);
	if (code != ERR_OK)
		return err_set(err, code, "%s", why.msg);
	if (payload == NULL)
		payload = read;
	type = js_string(payload, "predicateType");
	if (type == NULL || !judging_wants_type(j, type))
		return fail_by_type(j, c, type, err);
	return judge_conditions(j, c, payload, who, err);
}

static enum err_code judge_unsigned(struct judging *j, const struct candidate *c, struct err *err)
{
	CLEANUP(free_ptr) char *who = NULL;
	CLEANUP(js_free_ptr) struct json_t *payload = NULL;
	const struct candidate *cover = NULL;
	const struct verdict *v = NULL;
	enum err_code code = find_cover(j, c, &cover, err);

	if (code == ERR_OK && cover == NULL)
		return judging_fails(j, c, "attestation",
				     "it is not signed, and no signature over what leads to it holds", err);
	if (code == ERR_OK)
		code = ask(j, cover, &v, &payload, err);
	if (code == ERR_OK)
		code = str_format(&who, err, "%s, who signed what leads to it", v->who);
	return code == ERR_OK ? judge_statement(j, c, NULL, who, err) : code;
}

static enum err_code judge_attestation(struct judging *j, const struct candidate *c, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *payload = NULL;
	CLEANUP(free_ptr) char *who = NULL;
	const struct verdict *v = NULL;
	enum err_code code;

	if (c->form == CANDIDATE_STATEMENT)
		return judge_unsigned(j, c, err);
	code = ask(j, c, &v, &payload, err);
	if (code != ERR_OK)
		return code;
	if (!v->holds)
		return judging_fails(j, c, "attestation", v->why, err);
	if (v->predicate_type == NULL)
		return judging_fails(j, c, "attestation", "it is a signature and says nothing else", err);
	code = str_copy(v->who, &who, err); /* a verdict is gone when the next is asked for */
	return code == ERR_OK ? judge_statement(j, c, payload, who, err) : code;
}

/* By what it says of itself: where that is a lie, it counts for nothing, and where it says nothing, one has to look. */
static bool can_be_attestation(const struct judging *j, const struct candidate *c)
{
	if (c->form == CANDIDATE_SIMPLE)
		return false;
	return c->predicate_type == NULL || judging_wants_type(j, c->predicate_type);
}

enum err_code judge_attestations(struct judging *j, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < j->all->len; i++) {
		const struct candidate *c = &j->all->items[i];

		if (can_be_attestation(j, c) && judging_needs(j, c))
			code = judge_attestation(j, c, err);
	}
	return code;
}
