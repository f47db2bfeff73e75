/* The part of site_change.h that is about the site's policy. */
#include <string.h>

#include "bundles/site_change.h"
#include "common/buf.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "trust/policy.h"
#include "trust/site.h"
#include "trust/site_edit.h"

/* It is read as it will be from where it will lie, so that what it names is there then. */
static enum err_code check(const struct buf *text, struct site_done *done, struct err *err)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	CLEANUP(buf_release) struct buf notes = { .max = MIB };
	enum err_code code = policy_parse_site(buf_text(text), text->len, done->path, &p, err);
	size_t i;

	if (code != ERR_OK)
		return err_add(err, "read as it would be from there");
	for (i = 0; code == ERR_OK && policy_note(p, i) != NULL; i++)
		code = buf_printf(&notes, err, "%s\n", policy_note(p, i));
	return code == ERR_OK && notes.len > 0 ? str_copy(buf_text(&notes), &done->notes, err) : code;
}

/* What is there now: NOT_FOUND for nothing, which is no failure. */
static enum err_code compare(const struct buf *text, bool replace, struct site_done *done, struct err *err)
{
	CLEANUP(buf_release) struct buf there = { .max = LIMIT_POLICY_BYTES };
	struct err why = { .code = ERR_OK };
	enum err_code code = site_read(NULL, SITE_POLICY, &there, &why);

	if (code == ERR_NOT_FOUND)
		return ERR_OK;
	if (code != ERR_OK)
		return err_set(err, code, "%s", why.msg);
	done->was_so = there.len == text->len && memcmp(buf_text(&there), buf_text(text), there.len) == 0;
	return done->was_so || replace
		       ? ERR_OK
		       : err_set(err, ERR_CONFLICT, "%s: there already, and another: --replace puts this in its place",
				 done->path);
}

static enum err_code end(enum err_code code, struct site_done *done, struct site_done *ret_done)
{
	if (code != ERR_OK)
		return code;
	*ret_done = *done;
	*done = (struct site_done){ 0 };
	return ERR_OK;
}

enum err_code site_add_policy(const char *file, bool replace, struct site_done *ret_done, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_POLICY_BYTES };
	CLEANUP(close_fd) int lock = -1;
	enum err_code code = file_read(file, &text, err);

	if (code == ERR_OK)
		code = digest_of(buf_text(&text), text.len, NULL, &done.digest, err);
	if (code == ERR_OK) /* what ../ leads to is there only with the folder */
		code = site_lock(true, &lock, err);
	if (code == ERR_OK)
		code = site_path(NULL, SITE_POLICY, &done.path, err);
	if (code == ERR_OK)
		code = check(&text, &done, err);
	if (code == ERR_OK)
		code = compare(&text, replace, &done, err);
	if (code == ERR_OK && !done.was_so)
		code = site_put(NULL, SITE_POLICY, buf_text(&text), text.len, err);
	if (code != ERR_OK && lock >= 0)
		site_unmake();
	return end(code, &done, ret_done);
}

enum err_code site_remove_policy(struct site_done *ret_done, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	CLEANUP(close_fd) int lock = -1;
	enum err_code code = site_lock(false, &lock, err);

	if (code == ERR_OK)
		code = site_path(NULL, SITE_POLICY, &done.path, err);
	if (code == ERR_OK)
		code = site_remove(NULL, SITE_POLICY, err);
	return end(code, &done, ret_done);
}
