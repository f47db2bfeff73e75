/* One requirement of a policy, and lists of them. */
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/policy_private.h"

/* By kind. */
static const char *const types[] = { "insecureAcceptAnything", "reject",      "signedBy",
				     "sigstoreSigned",         "attestation", NULL };

#define SIGNER_KEYS                                                                                                    \
	"keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki", "trustedRootPath", "trustedRootData",           \
		"identities", "rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas"

static void requirement_release(struct policy_requirement *r)
{
	condition_release(&r->conditions);
	free(r->types);
	free(r->platforms);
	free(r->place);
	*r = (struct policy_requirement){ 0 };
}

void policy_scope_release(struct policy_scope *scope)
{
	size_t i;

	for (i = 0; i < scope->len; i++)
		requirement_release(&scope->requirements[i]);
	free(scope->requirements);
	free(scope->place);
	*scope = (struct policy_scope){ 0 };
}

static enum err_code read_plain(struct strict *s, const struct json_t *json, struct err *err)
{
	static const char *const keys[] = { "type", NULL };

	return strict_object(s, json, keys, err);
}

/* Podman's own policies have it, so it is read as strictly as there, and never holds. */
static enum err_code read_gpg(struct strict *s, const struct json_t *json, struct policy_requirement *r,
			      struct err *err)
{
	static const char *const keys[] = {
		"type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity", NULL
	};
	static const char *const kinds[] = { "GPGKeys", "signedByGPGKeys", "X509Certificates", "signedByX509CAs",
					     NULL };
	const struct json_t *paths = NULL;
	const char *kind = NULL, *text = NULL;
	size_t at = 0, sources = 0;
	enum err_code code = strict_object(s, json, keys, err);

	if (code == ERR_OK)
		code = strict_need(s, json, "keyType", &kind, err);
	if (code == ERR_OK)
		code = strict_word(s, kind, kinds, "keyType", &at, err);
	if (code == ERR_OK)
		code = strict_string(s, json, "keyPath", &text, err);
	sources += text != NULL;
	if (code == ERR_OK)
		code = strict_string(s, json, "keyData", &text, err);
	sources += js_get(json, "keyData") != NULL;
	if (code == ERR_OK)
		code = strict_array(s, json, "keyPaths", &paths, err);
	sources += paths != NULL;
	if (code == ERR_OK && sources != 1)
		return strict_fail(s, err, "exactly one of keyPath, keyPaths and keyData must be there");
	r->unsupported = "signatures by GPG (signedBy) are not verified here; sigstoreSigned asks for one by cosign";
	return code == ERR_OK ? signed_identity_read(s, js_get(json, "signedIdentity"), &r->identity, err) : code;
}

static enum err_code read_signature(struct policy *p, struct strict *s, const struct json_t *json, bool load,
				    struct policy_requirement *r, struct err *err)
{
	static const char *const keys[] = { "type", "signedIdentity", SIGNER_KEYS, NULL };
	enum err_code code = strict_object(s, json, keys, err);

	if (code == ERR_OK)
		code = policy_read_signers(p, s, json, load, r, err);
	return code == ERR_OK ? signed_identity_read(s, js_get(json, "signedIdentity"), &r->identity, err) : code;
}

/* ---- attestations ---- */

static enum err_code read_types(struct strict *s, const struct json_t *json, struct policy_requirement *r,
				struct err *err)
{
	const struct json_t *array = NULL;
	const char *one = NULL;
	size_t mark = 0, i;
	enum err_code code = strict_string(s, json, "predicateType", &one, err);

	if (code == ERR_OK)
		code = strict_array(s, json, "predicateTypes", &array, err);
	if (code == ERR_OK && (one != NULL) == (array != NULL))
		return strict_fail(s, err,
				   "exactly one of predicateType and predicateTypes must be there, as in "
				   "\"predicateType\": \"https://slsa.dev/provenance/v1\"");
	if (code != ERR_OK)
		return code;
	r->types = calloc(js_len(array) + 1, sizeof(*r->types));
	if (r->types == NULL)
		return err_nomem(err);
	if (one != NULL) {
		r->types[r->types_len++] = one;
		return ERR_OK;
	}
	code = strict_enter(s, "predicateTypes", &mark, err);
	for (i = 0; code == ERR_OK && i < js_len(array); i++)
		code = strict_item(s, array, i, &r->types[r->types_len++], err);
	if (code == ERR_OK)
		strict_leave(s, mark);
	return code;
}

static enum err_code read_platform(struct strict *s, const struct json_t *array, size_t i, struct policy_requirement *r,
				   struct err *err)
{
	const char *text = NULL;
	struct err why = { 0 };
	size_t mark = 0;
	enum err_code code = strict_item(s, array, i, &text, err);

	if (code == ERR_OK)
		code = strict_enter_item(s, i, &mark, err);
	if (code != ERR_OK)
		return code;
	if (platform_parse(text, &r->platforms[r->platforms_len++], &why) != ERR_OK)
		return strict_fail(s, err, "%s", why.msg);
	strict_leave(s, mark);
	return ERR_OK;
}

static enum err_code read_platforms(struct strict *s, const struct json_t *json, struct policy_requirement *r,
				    struct err *err)
{
	const struct json_t *array = NULL;
	size_t mark = 0, i;
	enum err_code code = strict_array(s, json, "platforms", &array, err);

	if (code != ERR_OK || array == NULL)
		return code;
	r->platforms = calloc(js_len(array), sizeof(*r->platforms));
	if (r->platforms == NULL)
		return err_nomem(err);
	code = strict_enter(s, "platforms", &mark, err);
	for (i = 0; code == ERR_OK && i < js_len(array); i++)
		code = read_platform(s, array, i, r, err);
	if (code == ERR_OK)
		strict_leave(s, mark);
	return code;
}

static enum err_code read_conditions(struct strict *s, const struct json_t *json, struct policy_requirement *r,
				     struct err *err)
{
	const struct json_t *array = NULL;
	size_t mark = 0;
	enum err_code code = strict_array(s, json, "conditions", &array, err);

	if (code != ERR_OK || array == NULL)
		return code;
	code = strict_enter(s, "conditions", &mark, err);
	if (code == ERR_OK)
		code = condition_read_all(s, array, &r->conditions, err);
	if (code == ERR_OK)
		strict_leave(s, mark);
	return code;
}

static enum err_code read_attestation(struct policy *p, struct strict *s, const struct json_t *json, bool load,
				      struct policy_requirement *r, struct err *err)
{
	static const char *const keys[] = { "type",      "predicateType", "predicateTypes",
					    "platforms", "conditions",    SIGNER_KEYS,
					    NULL };
	enum err_code code = strict_object(s, json, keys, err);

	if (code == ERR_OK)
		code = read_types(s, json, r, err);
	if (code == ERR_OK)
		code = policy_read_signers(p, s, json, load, r, err);
	if (code == ERR_OK)
		code = read_platforms(s, json, r, err);
	return code == ERR_OK ? read_conditions(s, json, r, err) : code;
}

/* ---- any of them ---- */

static enum err_code read_requirement(struct policy *p, struct strict *s, const struct json_t *json, bool load,
				      struct policy_requirement *r, struct err *err)
{
	const char *type = NULL;
	size_t at = 0;
	enum err_code code = str_copy(buf_text(&s->place), &r->place, err);

	if (code == ERR_OK && js_kind(json) != JS_OBJECT)
		return strict_fail(s, err, "must be a requirement, as {\"type\": \"reject\"}");
	if (code == ERR_OK)
		code = strict_need(s, json, "type", &type, err);
	if (code == ERR_OK)
		code = strict_word(s, type, types, "type", &at, err);
	if (code != ERR_OK)
		return code;
	r->kind = (enum requirement_kind)at;
	switch (r->kind) {
	case REQUIRE_GPG:
		return read_gpg(s, json, r, err);
	case REQUIRE_SIGNATURE:
		return read_signature(p, s, json, load, r, err);
	case REQUIRE_ATTESTATION:
		return read_attestation(p, s, json, load, r, err);
	default:
		return read_plain(s, json, err);
	}
}

static enum err_code read_list(struct policy *p, struct strict *s, const struct json_t *array, bool load,
			       struct policy_scope *scope, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t mark = 0, i;

	for (i = 0; code == ERR_OK && i < js_len(array); i++) {
		struct policy_requirement *r = &scope->requirements[scope->len++];

		code = strict_enter_item(s, i, &mark, err);
		if (code == ERR_OK)
			code = read_requirement(p, s, js_at(array, i), load, r, err);
		if (code == ERR_OK)
			strict_leave(s, mark);
		if (code == ERR_OK && load && r->unsupported != NULL)
			code = policy_add_note(p, err, "%s: %s, so it refuses every image", r->place, r->unsupported);
	}
	return code;
}

enum err_code policy_read_scope(struct policy *p, struct strict *s, const struct json_t *array, bool load,
				struct policy_scope *ret_scope, struct err *err)
{
	CLEANUP(policy_scope_release) struct policy_scope scope = { .name = ret_scope->name };
	enum err_code code;

	if (js_kind(array) != JS_ARRAY || js_len(array) == 0)
		return strict_fail(s, err,
				   "must be an array of requirements, and not empty; [{\"type\": \"reject\"}] takes no "
				   "image");
	code = str_copy(buf_text(&s->place), &scope.place, err);
	if (code != ERR_OK)
		return code;
	scope.requirements = calloc(js_len(array), sizeof(*scope.requirements));
	if (scope.requirements == NULL)
		return err_nomem(err);
	code = read_list(p, s, array, load, &scope, err);
	if (code != ERR_OK)
		return code;
	*ret_scope = scope;
	scope = (struct policy_scope){ 0 };
	return ERR_OK;
}
