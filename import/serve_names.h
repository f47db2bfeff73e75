/* serve_names.h - the repository that a client of the registry means by a name.
 *
 * Images have full names, "registry.example.test/demo/app1:1.0".  As a name in this registry may be asked for
 *
 *   registry.example.test/demo/app1
 *       the full one.  Clients allow no colon and no capitals in a path: a dash may stand for a port's colon, and
 *       small letters for a registry's capitals, "localhost-5000/app"; as reference_component has it
 *   demo/app1
 *       where only one registry has such a repository; of docker.io also without "library/"
 *   demo/app1 with ns=registry.example.test
 *       as containerd asks a mirror: in that registry only
 *
 * Bounds     Registries are stepped through, never all images.
 * Ownership  Texts are borrowed from the images, but for ret_ strings, which are the caller's.
 * Errors     ERR_NOT_FOUND; ERR_CONFLICT with some of the names that are meant; ERR_NOMEM.
 */
#ifndef IMPORT_SERVE_NAMES_H
#define IMPORT_SERVE_NAMES_H

#include "import/catalog.h"

/* Images by name, as catalog_images gives them. */
struct serve_names {
	const struct catalog_image *const *images;
	size_t len;
};

/* The full name of the repository that is meant; ns is the query parameter, NULL for none. */
enum err_code serve_names_find(struct serve_names n, const char *name, const char *ns, char **ret_repository,
			       struct err *err);
/* All repositories, bytewise sorted, by the names under which each can be asked for; with ns those of that registry,
 * without it in front.  *ret_names and every name in it are the caller's: serve_names_free. */
enum err_code serve_names_list(struct serve_names n, const char *ns, char ***ret_names, size_t *ret_len,
			       struct err *err);
void serve_names_free(char **names, size_t len);
#endif
