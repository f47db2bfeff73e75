#include "trust/signed_identity.h"

#include <string.h>

#include "common/mem.h"
#include "common/reference.h"
#include "common/text.h"

static const char *const words[] = { "matchExact",      "matchRepoDigestOrExact", "matchRepository", "exactReference",
				     "exactRepository", "remapIdentity",          "matchDigest",     NULL };

const char *signed_identity_word(const struct signed_identity *id)
{
	return words[id->kind];
}

/* A name as distribution's ParseNormalizedNamed reads it: without a tag it has none, and does not get latest. */
struct named {
	struct reference ref;
	bool is_bare; /* neither tag nor digest */
};

static void named_release(struct named *n)
{
	reference_release(&n->ref);
}

/* ERR_FORMAT where it is no reference. */
static enum err_code named_parse(const char *text, struct named *n, struct err *err)
{
	enum err_code code = reference_parse_repository(text, &n->ref, NULL);

	n->is_bare = code == ERR_OK;
	return n->is_bare ? ERR_OK : reference_parse(text, &n->ref, err);
}

static bool same_repository(const struct reference *a, const struct reference *b)
{
	return strcmp(a->domain, b->domain) == 0 && strcmp(a->path, b->path) == 0;
}

static bool same_tag(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_reference(const struct reference *a, const struct reference *b)
{
	return same_repository(a, b) && same_tag(a->tag, b->tag) && strcmp(a->digest.text, b->digest.text) == 0;
}

/* ---- reading ---- */

static enum err_code read_reference(struct strict *s, const struct json_t *value, struct signed_identity *id,
				    struct err *err)
{
	bool wants_tag = id->kind == IDENTITY_EXACT_REFERENCE;
	const char *key = wants_tag ? "dockerReference" : "dockerRepository";
	const char *const keys[] = { "type", key, NULL };
	CLEANUP(named_release) struct named n = { 0 };
	struct err why = { 0 };
	enum err_code code = strict_object(s, value, keys, err);

	if (code == ERR_OK)
		code = strict_need(s, value, key, &id->reference, err);
	if (code != ERR_OK)
		return code;
	code = named_parse(id->reference, &n, &why);
	if (code == ERR_FORMAT)
		return strict_fail(s, err, "%s: %s", key, why.msg);
	if (code != ERR_OK)
		return err_set(err, code, "%s", why.msg);
	if (wants_tag && n.is_bare)
		return strict_fail(
			s, err,
			"dockerReference \"%.200s\" has neither tag nor digest; exactRepository takes a repository",
			id->reference);
	return ERR_OK;
}

/* A host, or a host and whole components of a path. */
static enum err_code read_prefix(struct strict *s, const struct json_t *value, const char *key, const char **ret_prefix,
				 struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *below = NULL;
	enum err_code code = strict_need(s, value, key, ret_prefix, err);

	if (code == ERR_OK)
		code = str_format(&below, err, "%s/x", *ret_prefix);
	if (code == ERR_OK && reference_parse_repository(below, &ref, NULL) != ERR_OK)
		return strict_fail(s, err,
				   "%s \"%.200s\" is no leading part of a name: write a registry, or one and whole "
				   "components of a path, as in registry.example.com/team",
				   key, *ret_prefix);
	return code;
}

static enum err_code read_remap(struct strict *s, const struct json_t *value, struct signed_identity *id,
				struct err *err)
{
	static const char *const keys[] = { "type", "prefix", "signedPrefix", NULL };
	enum err_code code = strict_object(s, value, keys, err);

	if (code == ERR_OK)
		code = read_prefix(s, value, "prefix", &id->prefix, err);
	return code == ERR_OK ? read_prefix(s, value, "signedPrefix", &id->other, err) : code;
}

static enum err_code read_here(struct strict *s, const struct json_t *value, struct signed_identity *id,
			       struct err *err)
{
	static const char *const keys[] = { "type", NULL };
	const char *type = NULL;
	size_t at = 0;
	enum err_code code = ERR_OK;

	if (js_kind(value) != JS_OBJECT)
		return strict_fail(s, err, "must be an object, {\"type\": …}");
	code = strict_need(s, value, "type", &type, err);
	if (code == ERR_OK)
		code = strict_word(s, type, words, "type", &at, err);
	if (code != ERR_OK)
		return code;
	id->kind = (enum signed_identity_kind)at;
	if (id->kind == IDENTITY_REMAP)
		return read_remap(s, value, id, err);
	if (id->kind == IDENTITY_EXACT_REFERENCE || id->kind == IDENTITY_EXACT_REPOSITORY)
		return read_reference(s, value, id, err);
	return strict_object(s, value, keys, err);
}

enum err_code signed_identity_read(struct strict *s, const struct json_t *value, struct signed_identity *ret_identity,
				   struct err *err)
{
	struct signed_identity id = { .kind = IDENTITY_MATCH_REPO_DIGEST_OR_EXACT };
	size_t mark = 0;
	enum err_code code = ERR_OK;

	if (value != NULL) {
		code = strict_enter(s, "signedIdentity", &mark, err);
		if (code == ERR_OK)
			code = read_here(s, value, &id, err);
		if (code == ERR_OK)
			strict_leave(s, mark);
	}
	if (code == ERR_OK)
		*ret_identity = id;
	return code;
}

/* ---- matching ---- */

/* matchRepoDigestOrExactReferenceValues: a digest in the image's name was proved already, when its bytes were read. */
static bool matches_repo_digest_or_exact(const struct reference *intended, const struct named *signature)
{
	if (signature->is_bare)
		return false;
	return intended->tag != NULL ? same_reference(intended, &signature->ref)
				     : same_repository(intended, &signature->ref);
}

/* The name with the prefix replaced, where it leads the repository; else as it is. */
static enum err_code remap(const struct signed_identity *id, const char *name, const struct reference *ref,
			   char **ret_name, struct err *err)
{
	CLEANUP(free_ptr) char *repository = NULL;
	size_t len = strlen(id->prefix);
	enum err_code code = reference_repository(ref, &repository, err);

	if (code != ERR_OK)
		return code;
	if (!text_starts(repository, id->prefix) || (repository[len] != '/' && repository[len] != '\0'))
		return str_copy(name, ret_name, err);
	return str_format(ret_name, err, "%s%s", id->other, name + len);
}

static enum err_code matches_remapped(const struct signed_identity *id, const char *name, const struct named *image,
				      const struct named *signature, bool *ret_matches, struct err *err)
{
	CLEANUP(free_ptr) char *mapped = NULL;
	CLEANUP(named_release) struct named n = { 0 };
	enum err_code code = remap(id, name, &image->ref, &mapped, err);

	*ret_matches = false;
	if (code != ERR_OK || !reference_is_name(mapped))
		return code;
	code = named_parse(mapped, &n, err);
	if (code == ERR_OK)
		*ret_matches = matches_repo_digest_or_exact(&n.ref, signature);
	return code;
}

/* What is no reference matches nothing; want of memory is an error. */
static enum err_code parse_or_not(const char *text, struct named *n, bool *ret_parsed, struct err *err)
{
	enum err_code code = named_parse(text, n, NULL);

	*ret_parsed = code == ERR_OK;
	return code == ERR_OK || code == ERR_FORMAT ? ERR_OK : err_nomem(err);
}

enum err_code signed_identity_matches(const struct signed_identity *id, const char *name, const char *signed_name,
				      bool *ret_matches, struct err *err)
{
	bool exact = id->kind == IDENTITY_EXACT_REFERENCE || id->kind == IDENTITY_EXACT_REPOSITORY;
	CLEANUP(named_release) struct named image = { 0 };
	CLEANUP(named_release) struct named signature = { 0 };
	bool parsed = false;
	enum err_code code;

	*ret_matches = id->kind == IDENTITY_MATCH_DIGEST;
	if (*ret_matches || signed_name == NULL)
		return ERR_OK;
	code = parse_or_not(exact ? id->reference : name, &image, &parsed, err);
	if (code == ERR_OK && parsed)
		code = parse_or_not(signed_name, &signature, &parsed, err);
	if (code != ERR_OK || !parsed)
		return code;
	switch (id->kind) {
	case IDENTITY_MATCH_EXACT:
	case IDENTITY_EXACT_REFERENCE:
		*ret_matches = !image.is_bare && !signature.is_bare && same_reference(&image.ref, &signature.ref);
		break;
	case IDENTITY_MATCH_REPO_DIGEST_OR_EXACT:
		*ret_matches = !image.is_bare && matches_repo_digest_or_exact(&image.ref, &signature);
		break;
	case IDENTITY_REMAP:
		return matches_remapped(id, name, &image, &signature, ret_matches, err);
	default:
		*ret_matches = same_repository(&image.ref, &signature.ref);
	}
	return ERR_OK;
}
