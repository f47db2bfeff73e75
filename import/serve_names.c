#include "import/serve_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"

#define HUB "docker.io"
#define HUB_FOLDER "library/"

/* The place of the first image that is not before text. */
static size_t first_from(struct serve_names n, const char *text)
{
	size_t low = 0, high = n.len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(n.images[mid]->name, text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static size_t registry_len(const struct catalog_image *image)
{
	return strcspn(image->name, "/");
}

/* The first image of the next registry.  Names begin with "REGISTRY/", and '0' comes after '/'. */
static enum err_code next_registry(struct serve_names n, size_t *at, struct err *err)
{
	CLEANUP(free_ptr) char *behind = NULL;
	const struct catalog_image *image = n.images[*at];
	enum err_code code = str_format(&behind, err, "%.*s0", (int)registry_len(image), image->name);

	if (code == ERR_OK)
		*at = first_from(n, behind);
	return code;
}

/* Tags come behind a ':', digests behind an '@'. */
static enum err_code is_there(struct serve_names n, const char *repository, bool *ret_there, struct err *err)
{
	static const char marks[] = ":@";
	size_t len = strlen(repository), i;

	*ret_there = false;
	for (i = 0; !*ret_there && marks[i] != '\0'; i++) {
		CLEANUP(free_ptr) char *from = NULL;
		enum err_code code = str_format(&from, err, "%s%c", repository, marks[i]);
		size_t at;

		if (code != ERR_OK)
			return code;
		at = first_from(n, from);
		*ret_there = at < n.len && n.images[at]->repository_len == len &&
			     memcmp(n.images[at]->name, repository, len) == 0;
	}
	return ERR_OK;
}

/* By what both are as a component of a path. */
static bool same_registry(const struct catalog_image *image, const char *text, size_t len)
{
	char is[REFERENCE_COMPONENT_MAX], asked[REFERENCE_COMPONENT_MAX];

	return len <= REFERENCE_NAME_MAX && strcmp(reference_component(image->name, registry_len(image), is),
						   reference_component(text, len, asked)) == 0;
}

/* The repository of a path in the registry of an image; *ret_repository stays NULL where there is none. */
static enum err_code look_in(struct serve_names n, const struct catalog_image *image, const char *path,
			     char **ret_repository, struct err *err)
{
	static const char *const folders[] = { "", HUB_FOLDER };
	int len = (int)registry_len(image);
	bool hub = same_registry(image, HUB, strlen(HUB)) && strchr(path, '/') == NULL;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < (hub ? 2U : 1U); i++) {
		CLEANUP(free_ptr) char *repository = NULL;
		bool there = false;

		code = str_format(&repository, err, "%.*s/%s%s", len, image->name, folders[i], path);
		if (code == ERR_OK)
			code = is_there(n, repository, &there, err);
		if (there) {
			*ret_repository = take_ptr(&repository);
			return ERR_OK;
		}
	}
	return code;
}

/* In the registries of that name: two may be written alike, "localhost:5000" and "localhost-5000", and the one that is
 * written as here comes first. */
static enum err_code look_in_registry(struct serve_names n, const char *registry, size_t len, const char *path,
				      char **ret_repository, struct err *err)
{
	char *found = NULL;
	size_t at = 0;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && at < n.len) {
		char *one = NULL;

		if (same_registry(n.images[at], registry, len))
			code = look_in(n, n.images[at], path, &one, err);
		if (one != NULL && (found == NULL || strncmp(one, registry, len) == 0)) {
			free(found);
			found = take_ptr(&one);
		}
		free(one);
		if (code == ERR_OK)
			code = next_registry(n, &at, err);
	}
	if (code == ERR_OK)
		*ret_repository = take_ptr(&found);
	free(found);
	return code;
}

/* In all registries; only one may have it. */
static enum err_code look_anywhere(struct serve_names n, const char *path, char **ret_repository, struct err *err)
{
	CLEANUP(free_ptr) char *found = NULL;
	size_t at = 0;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && at < n.len) {
		CLEANUP(free_ptr) char *one = NULL;

		code = look_in(n, n.images[at], path, &one, err);
		if (code == ERR_OK && one != NULL && found != NULL)
			return err_set(err, ERR_CONFLICT,
				       "%.200s may be %.300s or %.300s: ask for one by its full name", path, found,
				       one);
		if (one != NULL)
			found = take_ptr(&one);
		if (code == ERR_OK)
			code = next_registry(n, &at, err);
	}
	if (code == ERR_OK)
		*ret_repository = take_ptr(&found);
	return code;
}

enum err_code serve_names_find(struct serve_names n, const char *name, const char *ns, char **ret_repository,
			       struct err *err)
{
	CLEANUP(free_ptr) char *found = NULL;
	const char *slash = strchr(name, '/');
	enum err_code code = ERR_OK;

	if (ns != NULL) {
		code = look_in_registry(n, ns, strlen(ns), name, &found, err);
	} else {
		if (slash != NULL)
			code = look_in_registry(n, name, (size_t)(slash - name), slash + 1, &found, err);
		if (code == ERR_OK && found == NULL)
			code = look_anywhere(n, name, &found, err);
	}
	if (code != ERR_OK)
		return code;
	if (found == NULL)
		return err_set(err, ERR_NOT_FOUND, "no repository %.300s here", name);
	*ret_repository = take_ptr(&found);
	return ERR_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err_code add_name(const struct catalog_image *image, const char *ns, char **ret_name, struct err *err)
{
	size_t host = registry_len(image);
	int path = (int)(image->repository_len - host);
	char component[REFERENCE_COMPONENT_MAX];

	if (ns != NULL)
		return str_format(ret_name, err, "%.*s", path - 1, image->name + host + 1);
	return str_format(ret_name, err, "%s%.*s", reference_component(image->name, host, component), path,
			  image->name + host);
}

/* Two registries that are written alike may have one name twice. */
static size_t drop_twins(char **names, size_t len)
{
	size_t kept = 0, i;

	qsort(names, len, sizeof(*names), by_text);
	for (i = 0; i < len; i++) {
		if (kept > 0 && strcmp(names[kept - 1], names[i]) == 0)
			free(names[i]);
		else
			names[kept++] = names[i];
	}
	return kept;
}

enum err_code serve_names_list(struct serve_names n, const char *ns, char ***ret_names, size_t *ret_len,
			       struct err *err)
{
	char **names = calloc(n.len + 1, sizeof(*names));
	const struct catalog_image *last = NULL;
	size_t len = 0, i;
	enum err_code code = names != NULL ? ERR_OK : err_nomem(err);

	for (i = 0; code == ERR_OK && i < n.len; i++) {
		const struct catalog_image *image = n.images[i];

		if (last != NULL && last->repository_len == image->repository_len &&
		    memcmp(last->name, image->name, image->repository_len) == 0)
			continue;
		last = image;
		if (ns != NULL && !same_registry(image, ns, strlen(ns)))
			continue;
		code = add_name(image, ns, &names[len], err);
		if (code == ERR_OK)
			len++;
	}
	if (code != ERR_OK) {
		serve_names_free(names, len);
		return code;
	}
	if (len > 0)
		len = drop_twins(names, len);
	*ret_names = names;
	*ret_len = len;
	return ERR_OK;
}

void serve_names_free(char **names, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		free(names[i]);
	free(names);
}
