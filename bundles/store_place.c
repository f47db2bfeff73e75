#include "bundles/store_place.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"

/* The memory of what came before lies beside the store: whoever calls a program that has more rights does not say
 * where. */
static const char *environment(const char *name)
{
	const char *value = secure_getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

enum err_code store_path(char **ret_path, struct err *err)
{
	if (environment("BUNDLE_STORE") != NULL)
		return str_copy(environment("BUNDLE_STORE"), ret_path, err);
	if (geteuid() == 0)
		return str_copy("/var/lib/bundle/store", ret_path, err);
	if (environment("XDG_DATA_HOME") != NULL)
		return str_format(ret_path, err, "%s/bundle/store", environment("XDG_DATA_HOME"));
	if (environment("HOME") != NULL)
		return str_format(ret_path, err, "%s/.local/share/bundle/store", environment("HOME"));
	return err_set(err, ERR_USAGE, "no place for the store: set BUNDLE_STORE to a folder");
}

void store_make_place(void)
{
	CLEANUP(free_ptr) char *store = NULL;
	CLEANUP(free_ptr) char *place = NULL;
	CLEANUP(free_ptr) char *above = NULL;
	char *slash;

	if (environment("BUNDLE_STORE") != NULL || store_path(&store, NULL) != ERR_OK ||
	    str_copy(store, &place, NULL) != ERR_OK)
		return;
	slash = strrchr(place, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	if (folder_of(place, &above, NULL) == ERR_OK && folder_make(above, NULL) == ERR_OK)
		(void)mkdir(place, 0700);
}

enum err_code store_journal_path(char **ret_path, struct err *err)
{
	CLEANUP(free_ptr) char *store = NULL;
	CLEANUP(free_ptr) char *folder = NULL;
	enum err_code code = store_path(&store, err);

	if (code == ERR_OK && environment("BUNDLE_STORE") != NULL)
		return str_format(ret_path, err, "%s.journal.jsonl", store);
	if (code == ERR_OK)
		code = folder_of(store, &folder, err);
	return code == ERR_OK
		       ? str_format(ret_path, err, "%s%sjournal.jsonl", folder, text_ends(folder, "/") ? "" : "/")
		       : code;
}
