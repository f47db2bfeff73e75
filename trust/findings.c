#include "trust/findings.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/predicate.h"
#include "common/text.h"
#include "trust/simple_signing.h"

static const char *const form_names[] = {
	[CANDIDATE_SIMPLE] = "simple signing",
	[CANDIDATE_DSSE] = "DSSE",
	[CANDIDATE_BUNDLE] = "bundle",
	[CANDIDATE_STATEMENT] = "statement",
};

const char *candidate_form_name(enum candidate_form form)
{
	return form_names[form];
}

/* What outsiders wrote, fit for a terminal. */
static enum err_code copy_clean(const char *text, char **ret_copy, struct err *err)
{
	enum err_code code = str_copy(text, ret_copy, err);

	if (code == ERR_OK && *ret_copy != NULL)
		text_clean(*ret_copy);
	return code;
}

static enum err_code describe_time(const struct trust_proof *p, struct finding *f, struct err *err)
{
	char text[TEXT_TIME_MAX];

	if (p->time_by == TRUST_TIME_NONE || *text_time(p->time, text) == '\0')
		return ERR_OK;
	f->time_by = p->time_by == TRUST_TIME_LOG ? "log" : "timestamp";
	return str_copy(text, &f->time, err);
}

static enum err_code describe_signer(const struct trust_proof *p, struct finding *f, struct err *err)
{
	enum err_code code = describe_time(p, f, err);

	if (code == ERR_OK && p->key != NULL)
		code = str_copy(p->key_id, &f->key, err);
	if (code == ERR_OK)
		code = copy_clean(p->identity, &f->identity, err);
	if (code == ERR_OK)
		code = copy_clean(p->issuer, &f->issuer, err);
	if (code != ERR_OK)
		return code;
	if (p->key != NULL)
		code = str_format(&f->who, err, "key %s (%s)", p->key_id, trust_key_name(p->key));
	else
		code = str_format(&f->who, err, "%s, vouched for by %s", f->identity != NULL ? f->identity : "somebody",
				  f->issuer != NULL ? f->issuer : "nobody");
	if (code == ERR_OK)
		text_clean(f->who);
	return code;
}

/* In one line what it says: of a signature, the name that it was made under. */
static enum err_code describe_claims(const struct candidate *c, const struct json_t *payload, struct finding *f,
				     struct err *err)
{
	char line[PREDICATE_TEXT_MAX];
	const char *type = js_string(payload, "predicateType"), *name;
	enum err_code code = ERR_OK;

	if (c->form == CANDIDATE_SIMPLE) {
		name = simple_signing_reference(payload);
		if (name != NULL)
			code = str_format(&f->claims, err, "signed as %.*s", PREDICATE_TEXT_MAX, name);
	} else if (*predicate_summary(payload, line) != '\0') {
		code = str_copy(line, &f->claims, err);
	}
	if (code == ERR_OK && f->claims != NULL)
		text_clean(f->claims);
	if (code == ERR_OK && type != NULL) {
		free(take_ptr(&f->predicate_type));
		code = copy_clean(type, &f->predicate_type, err);
	}
	return code;
}

/* What cannot be read claims nothing. */
static enum err_code read_claims(const struct candidates *all, const struct candidate *c, struct finding *f,
				 struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *payload = NULL;
	struct err why = { 0 };
	enum err_code code;

	if (c->why != NULL || all->graph->nodes[c->blob].size_bytes > LIMIT_STATEMENT_PARSED_BYTES)
		return ERR_OK;
	code = candidate_payload(all, c, &payload, &why);
	if (code == ERR_OK && payload != NULL)
		return describe_claims(c, payload, f, err);
	if (code == ERR_OK || code == ERR_UNPROVED)
		return ERR_OK;
	return err_set(err, code, "%s", why.msg);
}

static enum err_code prove_one(const struct candidates *all, const struct candidate *c, findings_prove_fn *prove,
			       void *ctx, struct finding *f, struct err *err)
{
	CLEANUP(candidate_proof_release) struct candidate_proof p = { 0 };
	struct err why = { 0 };
	enum err_code code = prove(ctx, all, c, &p, &why);

	if (code == ERR_OK) {
		f->verdict = FINDING_HOLDS;
		f->is_signature = p.is_signature;
		code = describe_signer(&p.signer, f, err);
		return code == ERR_OK && p.payload != NULL ? describe_claims(c, p.payload, f, err) : code;
	}
	if (code != ERR_UNPROVED)
		return err_set(err, code, "%s", why.msg);
	f->verdict = FINDING_FAILS;
	code = copy_clean(why.msg, &f->why, err);
	return code == ERR_OK ? read_claims(all, c, f, err) : code;
}

static enum err_code find_one(const struct candidates *all, const struct candidate *c, findings_prove_fn *prove,
			      void *ctx, struct finding *f, struct err *err)
{
	enum err_code code;

	f->candidate = c;
	code = copy_clean(c->predicate_type, &f->predicate_type, err);
	if (code != ERR_OK || c->form != CANDIDATE_STATEMENT)
		return code == ERR_OK ? prove_one(all, c, prove, ctx, f, err) : code;
	f->verdict = FINDING_UNSIGNED;
	code = copy_clean(c->why, &f->why, err);
	return code == ERR_OK ? read_claims(all, c, f, err) : code;
}

/* What all signatures that hold vouch for. */
static enum err_code find_covered(const struct findings *f, struct asked *covered, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < f->len; i++) {
		const struct finding *one = &f->items[i];

		if (one->verdict == FINDING_HOLDS && one->is_signature)
			code = candidates_reach(f->all, f->all->subjects[one->candidate->subject].node, covered, err);
	}
	return code;
}

static enum err_code mark_covered(struct findings *f, struct err *err)
{
	CLEANUP(asked_release) struct asked covered = { 0 };
	enum err_code code = find_covered(f, &covered, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < f->len; i++) {
		f->held += f->items[i].verdict == FINDING_HOLDS;
		f->items[i].is_covered = f->items[i].verdict == FINDING_UNSIGNED &&
					 asked_has(&covered, f->items[i].candidate->manifest, 0, ASKED_MANIFEST);
	}
	f->root_signed = asked_has(&covered, f->all->root, 0, ASKED_MANIFEST);
	for (i = 0; i < f->all->subjects_len; i++) {
		const struct candidate_subject *s = &f->all->subjects[i];

		if (s->role != ROLE_MANIFEST || !node_is_carried(&f->all->graph->nodes[s->node]))
			continue;
		f->platforms++;
		f->platforms_signed += asked_has(&covered, s->node, 0, ASKED_MANIFEST);
	}
	return code;
}

enum err_code findings_make(const struct candidates *all, findings_prove_fn *prove, void *ctx,
			    struct findings *ret_findings, struct err *err)
{
	struct findings f = { .all = all, .items = calloc(all->len + 1, sizeof(*f.items)) };
	enum err_code code = f.items != NULL ? ERR_OK : err_nomem(err);

	while (code == ERR_OK && f.len < all->len) {
		code = find_one(all, &all->items[f.len], prove, ctx, &f.items[f.len], err);
		f.len++;
	}
	if (code == ERR_OK)
		code = mark_covered(&f, err);
	if (code == ERR_OK)
		*ret_findings = f;
	else
		findings_release(&f);
	return code;
}

bool findings_signed(const struct findings *f)
{
	return f->root_signed || (f->platforms > 0 && f->platforms_signed == f->platforms);
}

void findings_release(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->len; i++) {
		struct finding *one = &f->items[i];

		free(one->who);
		free(one->key);
		free(one->identity);
		free(one->issuer);
		free(one->time);
		free(one->why);
		free(one->predicate_type);
		free(one->claims);
	}
	free(f->items);
	*f = (struct findings){ 0 };
}
