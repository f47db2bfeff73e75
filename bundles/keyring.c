#include "bundles/keyring.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

static bool holds(const struct keyring *ring, const struct seal_key *k)
{
	size_t i;

	for (i = 0; i < ring->len; i++) {
		if (strcmp(seal_key_hint(ring->keys[i]), seal_key_hint(k)) == 0)
			return true;
	}
	return false;
}

/* Add a key from a file, unless it is there already under another name. */
static enum err_code add(struct keyring *ring, const char *path, struct err *err)
{
	CLEANUP(seal_key_free_ptr) struct seal_key *k = NULL;
	enum err_code code = seal_key_read_public(path, &k, err);

	if (code == ERR_OK && !holds(ring, k)) {
		code = vec_grow(&ring->keys, &ring->cap, ring->len + 1, sizeof(*ring->keys), KEYRING_MAX, err);
		if (code == ERR_OK)
			ring->keys[ring->len++] = take_ptr(&k);
	}
	return code;
}

static bool is_own_folder(const char *path)
{
	return path != NULL && *path != '\0';
}

static const char *folder_path(void)
{
	const char *path = getenv("BUNDLE_KEYS_D");

	return is_own_folder(path) ? path : KEYS_FOLDER;
}

static int is_key(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && (text_ends(entry->d_name, ".pem") || text_ends(entry->d_name, ".pub"));
}

/* Sorted, so that messages do not depend on the file system. */
static enum err_code add_folder(struct keyring *ring, const char *folder, struct err *err)
{
	struct dirent **entries = NULL;
	int len = scandir(folder, &entries, is_key, alphasort), i;
	enum err_code code = ERR_OK;

	if (len < 0 && errno == ENOENT && !is_own_folder(getenv("BUNDLE_KEYS_D")))
		return ERR_OK;
	if (len < 0)
		return err_errno(err, folder);
	for (i = 0; i < len; i++) {
		CLEANUP(free_ptr) char *path = NULL;

		if (code == ERR_OK)
			code = str_format(&path, err, "%s/%s", folder, entries[i]->d_name);
		if (code == ERR_OK)
			code = add(ring, path, err);
		free(entries[i]);
	}
	free(entries);
	return code;
}

/* Of the machine's keys leave those that the command line names. */
static enum err_code narrow(struct keyring *ring, const struct keyring *named, struct err *err)
{
	size_t kept = 0, i;

	for (i = 0; i < ring->len; i++) {
		if (holds(named, ring->keys[i]))
			ring->keys[kept++] = ring->keys[i];
		else
			seal_key_free(ring->keys[i]);
	}
	ring->len = kept;
	if (kept > 0)
		return ERR_OK;
	return err_set(err, ERR_UNPROVED, "%s: not a key of this machine: only the keys in %s count here",
		       seal_key_name(named->keys[0]), folder_path());
}

enum err_code keyring_load(const struct opt_list *files, struct keyring *ret_ring, struct err *err)
{
	CLEANUP(keyring_release) struct keyring named = { 0 };
	CLEANUP(keyring_release) struct keyring machine = { 0 };
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < files->len; i++)
		code = add(&named, files->items[i], err);
	if (code == ERR_OK)
		code = add_folder(&machine, folder_path(), err);
	if (code == ERR_OK && machine.len > 0 && named.len > 0)
		code = narrow(&machine, &named, err);
	if (code != ERR_OK)
		return code;
	*ret_ring = machine.len > 0 ? machine : named;
	*(machine.len > 0 ? &machine : &named) = (struct keyring){ 0 };
	return ERR_OK;
}

void keyring_release(struct keyring *ring)
{
	size_t i;

	for (i = 0; i < ring->len; i++)
		seal_key_free(ring->keys[i]);
	free(ring->keys);
	*ring = (struct keyring){ 0 };
}
