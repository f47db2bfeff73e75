/* What keys, certificates and roots a policy names become, whether they lie in files or in the policy itself. */
#include "trust/policy_material.h"

#include <stdlib.h>

#include "common/base64.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "trust/site.h"

/* ---- where it lies ---- */

/* Said before any of them is read. */
static enum err_code check_files(const struct material_reading *g, size_t more, struct err *err)
{
	if (g->policy->files + more <= LIMIT_POLICY_FILES)
		return ERR_OK;
	return strict_fail(g->strict, err, "the policy names more than %d files", LIMIT_POLICY_FILES);
}

static enum err_code read_file(struct material_reading *g, const char *path, struct buf *content, char **ret_path,
			       struct err *err)
{
	enum err_code code = ERR_OK;

	g->policy->files++;
	if (path[0] == '/')
		code = str_copy(path, ret_path, err);
	else
		code = str_format(ret_path, err, "%s%s", g->policy->folder, path);
	if (code != ERR_OK)
		return code;
	code = g->policy->is_site ? site_read_named(*ret_path, content, err) : file_read(*ret_path, content, err);
	return code == ERR_OK ? code : strict_add(g->strict, err);
}

static enum err_code read_data(struct material_reading *g, const char *text, struct buf *content, struct err *err)
{
	struct err why = { 0 };
	enum err_code code = base64_decode_lines(text, content, &why);

	if (code == ERR_NOMEM)
		return err_nomem(err);
	return code == ERR_OK ? code : strict_fail(g->strict, err, "%s", why.msg);
}

/* The text at this place, a path or data, becomes content that is used. */
static enum err_code use_text(struct material_reading *g, const char *text, bool is_path, material_fn *use,
			      struct err *err)
{
	CLEANUP(buf_release) struct buf content = { .max = LIMIT_POLICY_FILE_BYTES };
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code;

	if (is_path && !g->load)
		return ERR_OK;
	code = is_path ? read_file(g, text, &content, &path, err) : read_data(g, text, &content, err);
	if (code != ERR_OK)
		return code;
	code = use(g, &content, is_path ? path : buf_text(&g->strict->place), err);
	if (code == ERR_FORMAT || code == ERR_UNSUPPORTED)
		err_recode(err, ERR_FORMAT);
	return code == ERR_OK ? code : strict_add(g->strict, err);
}

enum err_code material_member(struct material_reading *g, const struct json_t *object, const char *key, bool is_path,
			      material_fn *use, struct err *err)
{
	const char *text = NULL;
	size_t mark = 0;
	enum err_code code = strict_string(g->strict, object, key, &text, err);

	if (code != ERR_OK || text == NULL)
		return code;
	code = strict_enter(g->strict, key, &mark, err);
	if (code == ERR_OK && is_path)
		code = check_files(g, 1, err);
	if (code == ERR_OK)
		code = use_text(g, text, is_path, use, err);
	if (code == ERR_OK)
		strict_leave(g->strict, mark);
	return code;
}

static enum err_code use_item(struct material_reading *g, const struct json_t *array, size_t i, bool is_path,
			      material_fn *use, struct err *err)
{
	const char *text = NULL;
	size_t mark = 0;
	enum err_code code = strict_item(g->strict, array, i, &text, err);

	if (code == ERR_OK)
		code = strict_enter_item(g->strict, i, &mark, err);
	if (code == ERR_OK)
		code = use_text(g, text, is_path, use, err);
	if (code == ERR_OK)
		strict_leave(g->strict, mark);
	return code;
}

enum err_code material_members(struct material_reading *g, const char *key, bool is_path, material_fn *use,
			       struct err *err)
{
	const struct json_t *array = NULL;
	size_t mark = 0, i;
	enum err_code code = strict_array(g->strict, g->from, key, &array, err);

	if (code != ERR_OK || array == NULL)
		return code;
	code = strict_enter(g->strict, key, &mark, err);
	if (code == ERR_OK && is_path)
		code = check_files(g, js_len(array), err);
	for (i = 0; code == ERR_OK && i < js_len(array); i++)
		code = use_item(g, array, i, is_path, use, err);
	if (code == ERR_OK)
		strict_leave(g->strict, mark);
	return code;
}

/* ---- what they become ---- */

enum err_code material_key(struct material_reading *g, const struct buf *content, const char *name, struct err *err)
{
	struct policy_signers *s = g->signers;
	struct trust_key **grown = reallocarray(s->keys, s->keys_len + 1, sizeof(struct trust_key *));
	enum err_code code;

	if (grown == NULL)
		return err_nomem(err);
	s->keys = grown;
	code = trust_key_of_pem(content->data, content->len, name, &s->keys[s->keys_len], err);
	if (code == ERR_OK)
		s->keys_len++;
	return code;
}

static enum err_code need_root(struct material_reading *g, struct err *err)
{
	return g->signers->root != NULL ? ERR_OK : trust_root_new(g->policy->path, &g->signers->root, err);
}

enum err_code material_log(struct material_reading *g, const struct buf *content, const char *name, struct err *err)
{
	enum err_code code = need_root(g, err);

	return code == ERR_OK ? trust_root_add_tlog(g->signers->root, content->data, content->len, name, err) : code;
}

enum err_code material_authority(struct material_reading *g, const struct buf *content, const char *name,
				 struct err *err)
{
	enum err_code code = need_root(g, err);

	return code == ERR_OK ? trust_root_add_ca(g->signers->root, content->data, content->len, name, err) : code;
}

enum err_code material_root(struct material_reading *g, const struct buf *content, const char *name, struct err *err)
{
	return trust_root_parse(content->data, content->len, name, &g->signers->root, err);
}

enum err_code material_identity(struct material_reading *g, const char *subject, const char *subject_regexp,
				const char *issuer, const char *issuer_regexp, struct err *err)
{
	struct policy_signers *s = g->signers;
	struct trust_identity *grown = reallocarray(s->identities, s->identities_len + 1, sizeof(*grown));
	struct err why = { 0 };
	enum err_code code;

	if (grown == NULL)
		return err_nomem(err);
	s->identities = grown;
	s->identities[s->identities_len] = (struct trust_identity){ 0 };
	code = trust_identity_init(subject, subject_regexp, issuer, issuer_regexp, &s->identities[s->identities_len],
				   &why);
	if (code == ERR_NOMEM)
		return err_nomem(err);
	if (code != ERR_OK)
		return strict_fail(g->strict, err, "%s", why.msg);
	s->identities_len++;
	return ERR_OK;
}
