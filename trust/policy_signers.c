/* Who must have signed: keys, Fulcio's certificates with Rekor's keys, or a trusted root with identities. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "trust/policy_material.h"

/* The members that say it, and nothing else. */
static const char *const members[] = { "keyPath",
				       "keyPaths",
				       "keyData",
				       "keyDatas",
				       "fulcio",
				       "pki",
				       "trustedRootPath",
				       "trustedRootData",
				       "identities",
				       "rekorPublicKeyPath",
				       "rekorPublicKeyPaths",
				       "rekorPublicKeyData",
				       "rekorPublicKeyDatas" };

/* The first of these says which form it is; there must be exactly one. */
static const char *const forms[] = { "keyPath", "keyPaths", "keyData",         "keyDatas",
				     "fulcio",  "pki",      "trustedRootPath", "trustedRootData" };

void policy_signers_free(struct policy_signers *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->keys_len; i++)
		trust_key_free(s->keys[i]);
	for (i = 0; i < s->identities_len; i++)
		trust_identity_release(&s->identities[i]);
	trust_root_free(s->root);
	free(s->keys);
	free(s->identities);
	free(s->source);
	free(s->text);
	free(s);
}

static void signers_free_ptr(struct policy_signers **s)
{
	policy_signers_free(*s);
}

/* ---- the forms ---- */

static enum err_code read_logs(struct material_reading *g, struct err *err)
{
	static const char *const keys[] = { "rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData",
					    "rekorPublicKeyDatas" };
	size_t found = 0, i;
	enum err_code code;

	for (i = 0; i < COUNT_OF(keys); i++)
		found += js_get(g->from, keys[i]) != NULL;
	if (found > 1)
		return strict_fail(g->strict, err,
				   "at most one of rekorPublicKeyPath, rekorPublicKeyPaths, rekorPublicKeyData and "
				   "rekorPublicKeyDatas can be there");
	code = material_member(g, g->from, keys[0], true, material_log, err);
	if (code == ERR_OK)
		code = material_members(g, keys[1], true, material_log, err);
	if (code == ERR_OK)
		code = material_member(g, g->from, keys[2], false, material_log, err);
	if (code == ERR_OK)
		code = material_members(g, keys[3], false, material_log, err);
	g->signers->wanted.tlog = found > 0;
	return code;
}

static enum err_code read_keys(struct material_reading *g, struct err *err)
{
	enum err_code code = material_member(g, g->from, "keyPath", true, material_key, err);

	if (code == ERR_OK)
		code = material_members(g, "keyPaths", true, material_key, err);
	if (code == ERR_OK)
		code = material_member(g, g->from, "keyData", false, material_key, err);
	if (code == ERR_OK)
		code = material_members(g, "keyDatas", false, material_key, err);
	return code == ERR_OK ? read_logs(g, err) : code;
}

static enum err_code read_fulcio_here(struct material_reading *g, const struct json_t *fulcio, struct err *err)
{
	static const char *const keys[] = { "caPath", "caData", "oidcIssuer", "subjectEmail", NULL };
	const char *issuer = NULL, *email = NULL;
	enum err_code code = strict_object(g->strict, fulcio, keys, err);

	if (code == ERR_OK && (js_get(fulcio, "caPath") != NULL) == (js_get(fulcio, "caData") != NULL))
		return strict_fail(g->strict, err, "exactly one of caPath and caData must be there");
	if (code == ERR_OK)
		code = strict_need(g->strict, fulcio, "oidcIssuer", &issuer, err);
	if (code == ERR_OK)
		code = strict_need(g->strict, fulcio, "subjectEmail", &email, err);
	if (code == ERR_OK)
		code = material_identity(g, email, NULL, issuer, NULL, err);
	if (code == ERR_OK)
		g->signers->identities[g->signers->identities_len - 1].email_only = true;
	if (code == ERR_OK)
		code = material_member(g, fulcio, "caPath", true, material_authority, err);
	return code == ERR_OK ? material_member(g, fulcio, "caData", false, material_authority, err) : code;
}

static enum err_code read_fulcio(struct material_reading *g, struct err *err)
{
	size_t mark = 0;
	enum err_code code = read_logs(g, err);

	if (code == ERR_OK && !g->signers->wanted.tlog)
		return strict_fail(g->strict, err,
				   "fulcio needs rekorPublicKeyPath, rekorPublicKeyPaths, rekorPublicKeyData or "
				   "rekorPublicKeyDatas: the log says when the certificate was used");
	if (code == ERR_OK)
		code = strict_enter(g->strict, "fulcio", &mark, err);
	if (code == ERR_OK)
		code = read_fulcio_here(g, js_get(g->from, "fulcio"), err);
	if (code == ERR_OK)
		strict_leave(g->strict, mark);
	g->signers->wanted.no_sct = true; /* this language has no place for a log of certificates */
	return code;
}

/* One of a text and of its pattern. */
static enum err_code read_pair(struct material_reading *g, const struct json_t *object, const char *key,
			       const char *pattern, const char **ret_text, const char **ret_pattern, struct err *err)
{
	enum err_code code = strict_string(g->strict, object, key, ret_text, err);

	if (code == ERR_OK)
		code = strict_string(g->strict, object, pattern, ret_pattern, err);
	if (code == ERR_OK && (*ret_text != NULL) == (*ret_pattern != NULL))
		return strict_fail(g->strict, err, "exactly one of %s and %s must be there", key, pattern);
	return code;
}

static enum err_code read_identity(struct material_reading *g, const struct json_t *object, struct err *err)
{
	static const char *const keys[] = { "issuer", "issuerRegExp", "subject", "subjectRegExp", NULL };
	const char *issuer = NULL, *issuer_regexp = NULL, *subject = NULL, *subject_regexp = NULL;
	enum err_code code = strict_object(g->strict, object, keys, err);

	if (code == ERR_OK)
		code = read_pair(g, object, "issuer", "issuerRegExp", &issuer, &issuer_regexp, err);
	if (code == ERR_OK)
		code = read_pair(g, object, "subject", "subjectRegExp", &subject, &subject_regexp, err);
	return code == ERR_OK ? material_identity(g, subject, subject_regexp, issuer, issuer_regexp, err) : code;
}

static enum err_code read_identities(struct material_reading *g, struct err *err)
{
	const struct json_t *array = NULL;
	size_t mark = 0, i;
	enum err_code code = strict_array(g->strict, g->from, "identities", &array, err);

	if (code == ERR_OK && array == NULL)
		return strict_fail(g->strict, err,
				   "\"identities\" is missing: who must have signed, as in [{\"issuer\": "
				   "\"https://token.actions.githubusercontent.com\", \"subjectRegExp\": "
				   "\"https://github[.]com/acme/.*\"}]");
	if (code == ERR_OK)
		code = strict_enter(g->strict, "identities", &mark, err);
	for (i = 0; code == ERR_OK && i < js_len(array); i++) {
		size_t item = 0;

		code = strict_enter_item(g->strict, i, &item, err);
		if (code == ERR_OK)
			code = read_identity(g, js_at(array, i), err);
		if (code == ERR_OK)
			strict_leave(g->strict, item);
	}
	if (code == ERR_OK)
		strict_leave(g->strict, mark);
	return code;
}

static enum err_code read_root(struct material_reading *g, struct err *err)
{
	enum err_code code = read_identities(g, err);

	if (code == ERR_OK)
		code = material_member(g, g->from, "trustedRootPath", true, material_root, err);
	return code == ERR_OK ? material_member(g, g->from, "trustedRootData", false, material_root, err) : code;
}

static bool has_log(const struct json_t *object)
{
	return js_get(object, "rekorPublicKeyPath") != NULL || js_get(object, "rekorPublicKeyPaths") != NULL ||
	       js_get(object, "rekorPublicKeyData") != NULL || js_get(object, "rekorPublicKeyDatas") != NULL;
}

/* Which form it is, and that nothing of another stands beside it. */
static enum err_code find_form(const struct material_reading *g, const char **ret_form, struct err *err)
{
	const char *form = NULL;
	bool is_root;
	size_t i;

	for (i = 0; i < COUNT_OF(forms); i++) {
		if (js_get(g->from, forms[i]) == NULL)
			continue;
		if (form != NULL)
			return strict_fail(g->strict, err, "has both %s and %s, and there can be one of them", form,
					   forms[i]);
		form = forms[i];
	}
	if (form == NULL)
		return strict_fail(
			g->strict, err,
			"does not say who must have signed: add one of keyPath, keyPaths, keyData, keyDatas, "
			"fulcio, trustedRootPath, trustedRootData");
	is_root = strncmp(form, "trustedRoot", 11) == 0;
	if (js_get(g->from, "identities") != NULL && !is_root)
		return strict_fail(g->strict, err,
				   "\"identities\" goes with trustedRootPath, and means nothing beside %s", form);
	if (has_log(g->from) && (is_root || strcmp(form, "pki") == 0))
		return strict_fail(g->strict, err, "a rekorPublicKey means nothing beside %s", form);
	*ret_form = form;
	return ERR_OK;
}

static enum err_code read_form(struct material_reading *g, const char *form, struct err *err)
{
	if (strcmp(form, "fulcio") == 0)
		return read_fulcio(g, err);
	if (strncmp(form, "trustedRoot", 11) == 0)
		return read_root(g, err);
	return read_keys(g, err);
}

/* ---- one set for all who ask for the same ---- */

static enum err_code write_source(const struct json_t *requirement, bool load, char **ret_source, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = 2 * LIMIT_POLICY_BYTES };
	struct buf_stage stage;
	struct js_out o;
	size_t i;
	enum err_code code;

	buf_stage_init(&stage, &text);
	js_out_init(&o, &stage.out, false);
	js_begin(&o, '{');
	js_member_bool(&o, "load", load);
	for (i = 0; i < COUNT_OF(members); i++) {
		if (js_get(requirement, members[i]) == NULL)
			continue;
		js_key(&o, members[i]);
		js_put_value(&o, js_get(requirement, members[i]));
	}
	js_end(&o, '}');
	code = js_end_document(&o, err);
	return code == ERR_OK ? str_copy(buf_text(&text), ret_source, err) : code;
}

static const struct policy_signers *find_same(const struct policy *p, const char *source)
{
	size_t i;

	for (i = 0; i < p->signers_len; i++) {
		if (strcmp(p->signers[i]->source, source) == 0)
			return p->signers[i];
	}
	return NULL;
}

static enum err_code describe(struct policy_signers *s, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_POLICY_BYTES };
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < s->keys_len; i++)
		code = buf_printf(&text, err, "%s%s", i > 0 ? " or " : "by key ", trust_key_name(s->keys[i]));
	for (i = 0; code == ERR_OK && i < s->identities_len; i++) {
		CLEANUP(free_ptr) char *one = NULL;

		code = trust_identity_text(&s->identities[i], &one, err);
		if (code == ERR_OK)
			code = buf_printf(&text, err, "%s%s", i > 0 ? " or " : "as ", one);
	}
	if (code == ERR_OK && s->wanted.tlog && s->keys_len > 0)
		code = buf_puts(&text, ", and logged", err);
	return code == ERR_OK ? str_copy(buf_text(&text), &s->text, err) : code;
}

static enum err_code read_set(struct material_reading *g, const char *form, struct err *err)
{
	struct policy_signers *s = g->signers;
	enum err_code code = read_form(g, form, err);

	if (code == ERR_OK)
		code = describe(s, err);
	s->material = (struct trust_material){ .keys = s->keys, .keys_len = s->keys_len, .root = s->root };
	s->wanted.identities = s->identities;
	s->wanted.identities_len = s->identities_len;
	return code;
}

enum err_code policy_read_signers(struct policy *p, struct strict *s, const struct json_t *requirement, bool load,
				  struct policy_requirement *r, struct err *err)
{
	CLEANUP(signers_free_ptr) struct policy_signers *made = calloc(1, sizeof(*made));
	struct material_reading g = { .policy = p, .strict = s, .from = requirement, .load = load, .signers = made };
	const char *form = "";
	enum err_code code;

	if (made == NULL)
		return err_nomem(err);
	code = find_form(&g, &form, err);
	if (code != ERR_OK)
		return code;
	if (strcmp(form, "pki") == 0) {
		r->unsupported = "certificates of an authority of one's own (pki) are not verified here";
		return ERR_OK;
	}
	code = write_source(requirement, load, &made->source, err);
	if (code != ERR_OK)
		return code;
	r->signers = find_same(p, made->source);
	if (r->signers != NULL)
		return ERR_OK;
	if (p->signers_len == LIMIT_POLICY_FILES)
		return strict_fail(s, err, "the policy names more than %d different signers", LIMIT_POLICY_FILES);
	code = read_set(&g, form, err);
	if (code == ERR_OK)
		code = vec_grow(&p->signers, &p->signers_cap, p->signers_len + 1, sizeof(struct policy_signers *),
				LIMIT_POLICY_FILES, err);
	if (code != ERR_OK)
		return code;
	r->signers = made;
	p->signers[p->signers_len++] = take_ptr(&made);
	return ERR_OK;
}
