#include "bundles/site_change.h"

#include <stdlib.h>
#include <string.h>

#include "bundles/keyring.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/fingerprint.h"
#include "trust/pem.h"
#include "trust/revoked.h"
#include "trust/site.h"
#include "trust/site_edit.h"

#define KEY_END PEM_END "PUBLIC KEY-----"
#define KEY_FILE ".pem"
#define LIST_FILE ".list"
#define DIGITS_SHOWN 16 /* of a digest in the name of a file */

/* ---- names ---- */

/* The last component of a path, without an end that says what is in the file. */
static enum err_code stem_of(const char *path, char **ret_stem, struct err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;

	return str_format(ret_stem, err, "%.*s", (int)site_stem_len(name), name);
}

static enum err_code choose_name(const char *given, const char *file, char **ret_name, struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code = given != NULL ? str_copy(given, &name, err) : stem_of(file, &name, err);

	if (code != ERR_OK)
		return code;
	if (!site_is_name(name))
		return err_set(err, ERR_USAGE,
			       "%s%.100s is no name for a file: give one with --name, of letters, digits, dots, dashes "
			       "and underscores",
			       given != NULL ? "--name " : "", name);
	*ret_name = take_ptr(&name);
	return ERR_OK;
}

static bool is_visible(const char *name)
{
	return name[0] != '.' && !text_ends(name, ".part");
}

/* The file of a folder that is meant by its whole name, or by what stands before its end. */
static enum err_code find_file(const char *folder, const char *wanted, char **ret_file, struct err *err)
{
	CLEANUP(site_files_release) struct site_files files = { 0 };
	bool is_keys = strcmp(folder, SITE_KEYS) == 0;
	const char *found = NULL;
	enum err_code code = site_list(folder, is_keys ? keyring_is_key : is_visible, &files, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < files.len; i++) {
		CLEANUP(free_ptr) char *stem = NULL;

		if (strcmp(files.names[i], wanted) == 0)
			return str_copy(wanted, ret_file, err);
		code = stem_of(files.names[i], &stem, err);
		if (code != ERR_OK || strcmp(stem, wanted) != 0)
			continue;
		if (found != NULL)
			return err_set(err, ERR_CONFLICT, "%.100s could be %s/%s or %s: write the whole name", wanted,
				       folder, found, files.names[i]);
		found = files.names[i];
	}
	if (code != ERR_OK)
		return code;
	if (found == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: has no \"%.100s\": bundle trust list shows what is there",
			       folder, wanted);
	return str_copy(found, ret_file, err);
}

/* ---- keys ---- */

static enum err_code count_keys(struct site_done *done, struct err *err)
{
	CLEANUP(site_files_release) struct site_files files = { 0 };
	enum err_code code = site_list(SITE_KEYS, keyring_is_key, &files, err);

	done->is_left = files.len;
	return code;
}

/* Scope lines, and the key without whatever else is in its file. */
static enum err_code write_key(const struct buf *pem, const struct scope *scope, const char *file, struct buf *out,
			       struct err *err)
{
	const char *begin = strstr(buf_text(pem), PEM_BEGIN), *end = begin != NULL ? strstr(begin, KEY_END) : NULL;
	enum err_code code = ERR_OK;
	size_t i;

	if (end == NULL)
		return err_set(err, ERR_FORMAT, "%s: holds no public key in PEM", file);
	for (i = 0; code == ERR_OK && i < scope->len; i++)
		code = buf_printf(out, err, "Scope: %s\n", scope->patterns[i]);
	if (code == ERR_OK)
		code = buf_add(out, begin, (size_t)(end - begin) + strlen(KEY_END), err);
	if (code == ERR_OK)
		code = buf_puts(out, "\n", err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s with its scopes", file);
}

static enum err_code read_key(const char *file, const struct opt_list *scopes, struct buf *pem, struct keyring_key *k,
			      struct err *err)
{
	enum err_code code = file_read(file, pem, err);
	size_t i;

	if (code == ERR_OK)
		code = scopes->len > 0 ? seal_key_parse_public(pem, file, &k->key, err)
				       : keyring_key_parse(pem, file, k, err);
	for (i = 0; code == ERR_OK && i < scopes->len; i++)
		code = scope_add(&k->scope, scopes->items[i], err);
	if (code == ERR_FORMAT && scopes->len > 0 && k->key != NULL)
		return err_recode(err, ERR_USAGE);
	return code;
}

/* What the site has already under this name, and of this key. */
static enum err_code check_there(const struct keyring *ring, const struct keyring_key *k, const char *path,
				 const struct site_wish *wish, struct err *err)
{
	size_t i;

	for (i = 0; i < ring->len; i++) {
		const struct seal_key *there = ring->keys[i].key;
		bool same = digest_equal(seal_key_fingerprint(there), seal_key_fingerprint(k->key));
		bool named = strcmp(seal_key_name(there), path) == 0;

		if (same && !named)
			return err_set(err, ERR_CONFLICT,
				       "this key is there already, as %s: remove that first, or give "
				       "its name with --name",
				       seal_key_name(there));
		if (named && !wish->replace)
			return err_set(
				err, ERR_CONFLICT,
				"%s: there already, %s: --replace puts this in its place, --name gives it another "
				"name",
				path, same ? "with another scope" : "and another key");
	}
	return ERR_OK;
}

static enum err_code check_not_revoked(const struct keyring_key *k, struct err *err)
{
	CLEANUP(revoked_release) struct revoked r = { 0 };
	const struct revoked_entry *entry;
	enum err_code code = revoked_load(&r, err);

	if (code != ERR_OK)
		return code;
	entry = revoked_find(&r, seal_key_fingerprint(k->key));
	return entry == NULL
		       ? ERR_OK
		       : err_set(err, ERR_CONFLICT,
				 "key %s is revoked here (" SITE_REVOKED "/%s): bundle trust remove --revoked takes "
				 "that back",
				 seal_key_hint(k->key), entry->file);
}

/* The same bytes are there already. */
static bool is_there(const char *folder, const char *name, const struct buf *bytes)
{
	CLEANUP(buf_release) struct buf there = { .max = LIMIT_KEY_BYTES };

	return site_read(folder, name, &there, NULL) == ERR_OK && there.len == bytes->len &&
	       memcmp(there.data, bytes->data, there.len) == 0;
}

static enum err_code put_key(const struct keyring_key *k, const char *name, const struct buf *text,
			     const struct site_wish *wish, struct site_done *done, struct err *err)
{
	CLEANUP(keyring_release) struct keyring ring = { 0 };
	CLEANUP(free_ptr) char *file = NULL;
	enum err_code code = str_format(&file, err, "%s" KEY_FILE, name);

	if (code == ERR_OK)
		code = site_path(SITE_KEYS, file, &done->path, err);
	if (code == ERR_OK)
		code = keyring_load_machine(&ring, err);
	if (code == ERR_OK)
		code = check_not_revoked(k, err);
	if (code != ERR_OK)
		return code;
	done->was_so = is_there(SITE_KEYS, file, text);
	if (!done->was_so)
		code = check_there(&ring, k, done->path, wish, err);
	if (code == ERR_OK && !done->was_so)
		code = site_put(SITE_KEYS, file, text->data, text->len, err);
	return code == ERR_OK ? count_keys(done, err) : code;
}

/* Give what was done to the caller, where it was. */
static enum err_code end(enum err_code code, struct site_done *done, struct site_done *ret_done)
{
	if (code != ERR_OK)
		return code;
	*ret_done = *done;
	*done = (struct site_done){ 0 };
	return ERR_OK;
}

enum err_code site_add_key(const char *file, const struct site_wish *wish, struct site_done *ret_done, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { .is_key = true };
	CLEANUP(keyring_key_release) struct keyring_key k = { 0 };
	CLEANUP(buf_release) struct buf pem = { .max = LIMIT_KEY_BYTES };
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_KEY_BYTES }; /* or nobody could read it */
	CLEANUP(buf_release) struct buf scope = { .max = LIMIT_KEY_BYTES };
	CLEANUP(free_ptr) char *name = NULL;
	CLEANUP(close_fd) int lock = -1;
	enum err_code code = choose_name(wish->name, file, &name, err);

	if (code == ERR_OK)
		code = read_key(file, wish->scopes, &pem, &k, err);
	if (code == ERR_OK)
		code = write_key(&pem, &k.scope, file, &text, err);
	if (code == ERR_OK)
		code = scope_text(&k.scope, &scope, err);
	if (code == ERR_OK)
		code = str_copy(buf_text(&scope), &done.scope, err);
	if (code == ERR_OK)
		code = site_lock(true, &lock, err);
	if (code == ERR_OK)
		code = put_key(&k, name, &text, wish, &done, err);
	if (code == ERR_OK)
		done.digest = *seal_key_fingerprint(k.key);
	return end(code, &done, ret_done);
}

/* The file of the site's key with this fingerprint. */
static enum err_code find_fingerprint(const char *text, char **ret_file, struct err *err)
{
	CLEANUP(keyring_release) struct keyring ring = { 0 };
	enum err_code code = keyring_load_machine(&ring, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < ring.len; i++) {
		if (strcmp(seal_key_hint(ring.keys[i].key), text) == 0)
			return str_copy(strrchr(seal_key_name(ring.keys[i].key), '/') + 1, ret_file, err);
	}
	return code == ERR_OK ? err_set(err, ERR_NOT_FOUND, SITE_KEYS ": has no key %s", text) : code;
}

enum err_code site_remove_key(const char *key, struct site_done *ret_done, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { .is_key = true };
	CLEANUP(free_ptr) char *file = NULL;
	CLEANUP(close_fd) int lock = -1;
	struct digest fingerprint;
	enum err_code code = site_lock(false, &lock, err);

	/* by a name no other file needs to be read, of which one may be what is to be removed */
	if (code == ERR_OK)
		code = fingerprint_parse(key, &fingerprint, NULL) == ERR_OK ? find_fingerprint(key, &file, err)
									    : find_file(SITE_KEYS, key, &file, err);
	if (code == ERR_OK)
		code = site_path(SITE_KEYS, file, &done.path, err);
	if (code == ERR_OK)
		code = site_remove(SITE_KEYS, file, err);
	if (code == ERR_OK)
		code = count_keys(&done, err);
	return end(code, &done, ret_done);
}

/* ---- what is revoked ---- */

/* What is meant, and how its file is to be called. */
static enum err_code resolve(const char *what, struct site_done *done, char **ret_name, struct err *err)
{
	CLEANUP(buf_release) struct buf pem = { .max = LIMIT_KEY_BYTES };
	CLEANUP(free_ptr) char *file = NULL;
	struct err why = { .code = ERR_OK };
	enum err_code code;

	if (digest_parse(what, &done->digest, NULL) == ERR_OK)
		return str_format(ret_name, err, "%s-%.*s", digest_algorithm(&done->digest), DIGITS_SHOWN,
				  digest_hex(&done->digest));
	done->is_key = true;
	if (fingerprint_parse(what, &done->digest, NULL) == ERR_OK)
		return str_format(ret_name, err, "key-%.*s", DIGITS_SHOWN, digest_hex(&done->digest));
	code = file_read(what, &pem, &why);
	if (code == ERR_NOT_FOUND) {
		if (find_file(SITE_KEYS, what, &file, err) != ERR_OK)
			return err_set(
				err, ERR_USAGE,
				"\"%.100s\" is no digest, no fingerprint, no file with a public key, and no key of "
				"this site",
				what);
		code = site_read(SITE_KEYS, file, &pem, &why);
	}
	if (code != ERR_OK)
		return err_set(err, code, "%s", why.msg);
	code = fingerprint_of_pem(buf_text(&pem), what, &done->digest, err);
	return code == ERR_OK ? stem_of(what, ret_name, err) : code;
}

static enum err_code put_revocation(const char *name, struct site_done *done, struct err *err)
{
	CLEANUP(revoked_release) struct revoked r = { 0 };
	CLEANUP(free_ptr) char *file = NULL;
	CLEANUP(free_ptr) char *line = NULL;
	const struct revoked_entry *entry;
	char text[FINGERPRINT_TEXT_MAX] = "";
	enum err_code code = revoked_load(&r, err);
	size_t i;

	if (code != ERR_OK)
		return code;
	entry = revoked_find(&r, &done->digest);
	done->was_so = entry != NULL;
	if (entry != NULL)
		return site_path(SITE_REVOKED, entry->file, &done->path, err);
	if (done->is_key)
		code = fingerprint_text(&done->digest, text, err);
	if (code == ERR_OK)
		code = str_format(&line, err, "%s\n", done->is_key ? text : done->digest.text);
	if (code == ERR_OK)
		code = str_format(&file, err, "%s" LIST_FILE, name);
	for (i = 0; code == ERR_OK && i < r.files_len; i++) {
		if (strcmp(r.files[i], file) == 0)
			return err_set(err, ERR_CONFLICT,
				       SITE_REVOKED "/%s: there already, for something else: give another name with "
						    "--name",
				       file);
	}
	if (code == ERR_OK)
		code = site_path(SITE_REVOKED, file, &done->path, err);
	return code == ERR_OK ? site_put(SITE_REVOKED, file, line, strlen(line), err) : code;
}

enum err_code site_revoke(const char *what, const char *name, struct site_done *ret_done, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	CLEANUP(free_ptr) char *usual = NULL;
	CLEANUP(free_ptr) char *chosen = NULL;
	CLEANUP(close_fd) int lock = -1;
	enum err_code code = resolve(what, &done, &usual, err);

	if (code == ERR_OK)
		code = choose_name(name, usual, &chosen, err);
	if (code == ERR_OK)
		code = site_lock(true, &lock, err);
	if (code == ERR_OK)
		code = put_revocation(chosen, &done, err);
	return end(code, &done, ret_done);
}

enum err_code site_unrevoke(const char *name, struct site_done *ret_done, struct err *err)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	CLEANUP(free_ptr) char *file = NULL;
	CLEANUP(close_fd) int lock = -1;
	enum err_code code = site_lock(false, &lock, err);

	if (code == ERR_OK)
		code = find_file(SITE_REVOKED, name, &file, err);
	if (code == ERR_OK)
		code = site_path(SITE_REVOKED, file, &done.path, err);
	if (code == ERR_OK)
		code = site_remove(SITE_REVOKED, file, err);
	return end(code, &done, ret_done);
}

void site_done_release(struct site_done *done)
{
	free(done->path);
	free(done->scope);
	free(done->notes);
	*done = (struct site_done){ 0 };
}
