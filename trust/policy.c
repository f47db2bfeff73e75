#include "trust/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/text.h"
#include "trust/policy_private.h"

#define DOCKER "docker"
#define NOTES_MAX ((size_t)1000)

const char *policy_path(const struct policy *p)
{
	return p->path;
}

const char *policy_note(const struct policy *p, size_t i)
{
	return i < p->notes_len ? p->notes[i] : NULL;
}

struct policy_counts policy_count(const struct policy *p)
{
	struct policy_counts counts = {
		.scopes = p->scopes_len,
		.requirements = p->fallback.len,
		.files = p->files,
	};
	size_t i;

	for (i = 0; i < p->scopes_len; i++)
		counts.requirements += p->scopes[i].len;
	return counts;
}

enum err_code policy_add_note(struct policy *p, struct err *err, const char *fmt, ...)
{
	char text[ERR_MSG_MAX];
	va_list args;
	enum err_code code;

	if (p->notes_len == NOTES_MAX)
		return ERR_OK;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	text_clean(text);
	code = vec_grow(&p->notes, &p->notes_cap, p->notes_len + 1, sizeof(char *), NOTES_MAX, err);
	if (code == ERR_OK)
		code = str_copy(text, &p->notes[p->notes_len], err);
	if (code == ERR_OK)
		p->notes_len++;
	return code;
}

/* ---- scopes ---- */

static bool is_wildcard(const char *scope)
{
	return scope[0] == '*' && scope[1] == '.' && strpbrk(scope + 2, "*/:@") == NULL && scope[2] != '\0';
}

/* Would any full name have this among its scopes?  containers/image takes any text, and so do we; but who writes
 * "busybox:latest" means something by it. */
static bool can_match(const char *scope)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *below = NULL;

	if (is_wildcard(scope) || reference_is_name(scope))
		return true;
	if (str_format(&below, NULL, "%s/x", scope) != ERR_OK ||
	    reference_parse_repository(below, &ref, NULL) != ERR_OK)
		return false;
	return text_starts(below, ref.domain) && below[strlen(ref.domain)] == '/';
}

static enum err_code note_scope(struct policy *p, const char *scope, const char *place, struct err *err)
{
	if (*scope == '\0' || can_match(scope))
		return ERR_OK;
	return policy_add_note(p, err,
			       "%.300s: no image is called so: a scope begins with a registry, as in "
			       "docker.io/library/busybox:latest, docker.io/library or *.example.com",
			       place);
}

static int compare_scopes(const void *a, const void *b)
{
	return strcmp(((const struct policy_scope *)a)->name, ((const struct policy_scope *)b)->name);
}

/* One scope of a transport; what is not for images in registries is checked and forgotten. */
static enum err_code read_scope(struct policy *p, struct strict *s, const struct json_t *scopes, const char *name,
				bool counts, struct err *err)
{
	CLEANUP(policy_scope_release) struct policy_scope scope = { .name = name };
	size_t mark = 0;
	enum err_code code = strict_enter(s, name, &mark, err);

	if (code == ERR_OK)
		code = policy_read_scope(p, s, js_get(scopes, name), counts, &scope, err);
	if (code == ERR_OK && counts)
		code = note_scope(p, name, buf_text(&s->place), err);
	if (code != ERR_OK)
		return code;
	strict_leave(s, mark);
	if (counts) {
		p->scopes[p->scopes_len++] = scope;
		scope = (struct policy_scope){ 0 };
	}
	return ERR_OK;
}

static enum err_code read_transport(struct policy *p, struct strict *s, const struct json_t *scopes, bool counts,
				    struct err *err)
{
	enum err_code code = ERR_OK;
	const char *name;

	if (js_kind(scopes) != JS_OBJECT)
		return strict_fail(s, err, "must be an object whose keys are scopes");
	if (counts) {
		p->scopes = calloc(js_members(scopes) + 1, sizeof(*p->scopes));
		if (p->scopes == NULL)
			return err_nomem(err);
	}
	for (name = js_next(scopes, NULL); code == ERR_OK && name != NULL; name = js_next(scopes, name))
		code = read_scope(p, s, scopes, name, counts, err);
	if (code == ERR_OK && counts)
		qsort(p->scopes, p->scopes_len, sizeof(*p->scopes), compare_scopes);
	return code;
}

static enum err_code read_transports(struct policy *p, struct strict *s, const struct json_t *transports,
				     struct err *err)
{
	enum err_code code = ERR_OK;
	const char *name;

	if (js_kind(transports) != JS_OBJECT)
		return strict_fail(s, err, "must be an object whose keys are transports, as docker");
	for (name = js_next(transports, NULL); code == ERR_OK && name != NULL; name = js_next(transports, name)) {
		size_t mark = 0;

		code = strict_enter(s, name, &mark, err);
		if (code == ERR_OK)
			code = read_transport(p, s, js_get(transports, name), strcmp(name, DOCKER) == 0, err);
		if (code == ERR_OK)
			strict_leave(s, mark);
	}
	return code;
}

/* ---- the whole ---- */

static enum err_code read_member(struct policy *p, struct strict *s, const char *key, struct err *err)
{
	const struct json_t *value = js_get(p->document, key);
	size_t mark = 0;
	enum err_code code = strict_enter(s, key, &mark, err);

	if (code == ERR_OK && strcmp(key, "default") == 0)
		code = policy_read_scope(p, s, value, true, &p->fallback, err);
	else if (code == ERR_OK && value != NULL)
		code = read_transports(p, s, value, err);
	if (code == ERR_OK)
		strict_leave(s, mark);
	return code;
}

static enum err_code read_document(struct policy *p, struct err *err)
{
	static const char *const keys[] = { "default", "transports", NULL };
	CLEANUP(strict_release) struct strict s;
	enum err_code code;

	strict_init(&s, p->path);
	code = strict_object(&s, p->document, keys, err);
	if (code == ERR_OK && js_get(p->document, "default") == NULL)
		return strict_fail(&s, err,
				   "\"default\" is missing: what counts for every other image, as in \"default\": "
				   "[{\"type\": \"reject\"}]");
	if (code == ERR_OK)
		code = read_member(p, &s, "default", err);
	return code == ERR_OK ? read_member(p, &s, "transports", err) : code;
}

static enum err_code parse(const void *bytes, size_t len, const char *path, bool is_site, struct policy **ret_policy,
			   struct err *err)
{
	CLEANUP(policy_free_ptr) struct policy *p = calloc(1, sizeof(*p));
	const char *slash = strrchr(path, '/');
	enum err_code code;

	if (p == NULL)
		return err_nomem(err);
	if (len > LIMIT_POLICY_BYTES)
		return err_set(err, ERR_LIMIT, "%s: has %zu bytes, and a policy has at most %d", path, len,
			       (int)LIMIT_POLICY_BYTES);
	p->is_site = is_site;
	code = str_copy(path, &p->path, err);
	if (code == ERR_OK)
		code = str_format(&p->folder, err, "%.*s", slash != NULL ? (int)(slash + 1 - path) : 0, path);
	if (code == ERR_OK)
		code = js_read(bytes, len, path, &p->document, err);
	if (code == ERR_OK)
		code = read_document(p, err);
	if (code == ERR_OK)
		*ret_policy = take_ptr(&p);
	return code;
}

enum err_code policy_parse(const void *bytes, size_t len, const char *path, struct policy **ret_policy, struct err *err)
{
	return parse(bytes, len, path, false, ret_policy, err);
}

enum err_code policy_parse_site(const void *bytes, size_t len, const char *path, struct policy **ret_policy,
				struct err *err)
{
	return parse(bytes, len, path, true, ret_policy, err);
}

enum err_code policy_read(const char *path, struct policy **ret_policy, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_POLICY_BYTES };
	enum err_code code = file_read_any(path, &text, err);

	return code == ERR_OK ? policy_parse(text.data, text.len, path, ret_policy, err) : code;
}

void policy_free(struct policy *p)
{
	size_t i;

	if (p == NULL)
		return;
	policy_scope_release(&p->fallback);
	for (i = 0; i < p->scopes_len; i++)
		policy_scope_release(&p->scopes[i]);
	for (i = 0; i < p->signers_len; i++)
		policy_signers_free(p->signers[i]);
	for (i = 0; i < p->notes_len; i++)
		free(p->notes[i]);
	free(p->scopes);
	free(p->signers);
	free(p->notes);
	js_free(p->document);
	free(p->folder);
	free(p->path);
	free(p);
}

void policy_free_ptr(struct policy **p)
{
	policy_free(*p);
}
