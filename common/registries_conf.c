#include "common/registries_conf.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

static void release_table(struct registry_table *t)
{
	size_t i;

	for (i = 0; i < t->mirrors_len; i++)
		free(t->mirrors[i].location);
	free(t->mirrors);
	free(t->primary.location);
	free(t->prefix);
	free(t->from);
	*t = (struct registry_table){ 0 };
}

void registries_conf_release(struct registries_conf *c)
{
	size_t i;

	for (i = 0; i < c->len; i++)
		release_table(&c->tables[i]);
	free(c->tables);
	*c = (struct registries_conf){ 0 };
}

/* ---- Reading ---- */

/* A place without a scheme; slashes at its end do not count. */
static enum err_code read_place(const struct toml *table, const char *key, const char *what, char **ret_place,
				struct err *err)
{
	const char *text = NULL;
	enum err_code code = toml_want_text(table, key, what, &text, err);
	size_t len;

	if (code != ERR_OK || text == NULL)
		return code;
	for (len = strlen(text); len > 0 && text[len - 1] == '/';)
		len--;
	if (strstr(text, "://") != NULL)
		return err_set(err, ERR_FORMAT, "%s: %s %.200s: host[:port][/path] without a scheme is wanted", what,
			       key, text);
	return str_format(ret_place, err, "%.*s", (int)len, text);
}

/* Which names a mirror is asked for: pull-from-mirror, or for all mirrors of a registry mirror-by-digest-only. */
static enum err_code read_use(const struct toml *table, bool by_digest_only, const char *what,
			      struct registry_location *l, struct err *err)
{
	const char *use = NULL;
	enum err_code code = toml_want_text(table, "pull-from-mirror", what, &use, err);

	if (code != ERR_OK)
		return code;
	if (use != NULL && by_digest_only)
		return err_set(err, ERR_FORMAT, "%s: pull-from-mirror and mirror-by-digest-only exclude each other",
			       what);
	if (use != NULL && *use != '\0' && strcmp(use, "all") != 0 && strcmp(use, "digest-only") != 0 &&
	    strcmp(use, "tag-only") != 0)
		return err_set(err, ERR_FORMAT, "%s: pull-from-mirror must be all, digest-only or tag-only", what);
	l->tags = !by_digest_only && (use == NULL || strcmp(use, "digest-only") != 0);
	l->digest_names = use == NULL || strcmp(use, "tag-only") != 0;
	return ERR_OK;
}

static enum err_code read_mirror(const struct toml *mirror, bool by_digest_only, const char *what,
				 struct registry_table *t, struct err *err)
{
	struct registry_location *l;
	enum err_code code = vec_grow(&t->mirrors, &t->mirrors_cap, t->mirrors_len + 1, sizeof(*t->mirrors),
				      LIMIT_ENDPOINTS / 2, err);

	if (code != ERR_OK)
		return err_add(err, "%s: mirrors", what);
	if (!toml_is(mirror, TOML_TABLE))
		return err_set(err, ERR_FORMAT, "%s: mirror must be an array of tables", what);
	l = &t->mirrors[t->mirrors_len++];
	*l = (struct registry_location){ 0 };
	code = read_place(mirror, "location", what, &l->location, err);
	if (code == ERR_OK && (l->location == NULL || *l->location == '\0'))
		return err_set(err, ERR_FORMAT, "%s: a mirror of %s has no location", what, t->prefix);
	if (code == ERR_OK)
		code = toml_want_bool(mirror, "insecure", what, &l->insecure, err);
	return code == ERR_OK ? read_use(mirror, by_digest_only, what, l, err) : code;
}

static enum err_code read_mirrors(const struct toml *table, const char *what, struct registry_table *t, struct err *err)
{
	const struct toml *mirrors, *mirror;
	bool by_digest_only = false;
	enum err_code code = toml_want_bool(table, "mirror-by-digest-only", what, &by_digest_only, err);

	if (code == ERR_OK)
		code = toml_want(table, "mirror", TOML_ARRAY, what, &mirrors, err);
	if (code != ERR_OK)
		return code;
	for (mirror = toml_first(mirrors); code == ERR_OK && mirror != NULL; mirror = toml_next(mirror))
		code = read_mirror(mirror, by_digest_only, what, t, err);
	return code;
}

/* The prefix is the location where it is not given; a location may be missing behind a prefix of many hosts only. */
static enum err_code read_places(const struct toml *table, const char *what, struct registry_table *t, struct err *err)
{
	enum err_code code = read_place(table, "prefix", what, &t->prefix, err);

	if (code == ERR_OK)
		code = read_place(table, "location", what, &t->primary.location, err);
	if (code == ERR_OK && t->prefix == NULL)
		code = str_copy(t->primary.location, &t->prefix, err);
	if (code == ERR_OK && t->primary.location == NULL)
		code = str_copy("", &t->primary.location, err);
	if (code != ERR_OK)
		return code;
	if (t->prefix == NULL || *t->prefix == '\0')
		return err_set(err, ERR_FORMAT, "%s: a registry has neither prefix nor location", what);
	if (strchr(t->prefix, '*') != NULL && (!text_starts(t->prefix, "*.") || strrchr(t->prefix, '*') != t->prefix))
		return err_set(err, ERR_FORMAT, "%s: prefix %.200s: * may stand as \"*.\" at the start only", what,
			       t->prefix);
	if (*t->primary.location == '\0' && !text_starts(t->prefix, "*."))
		return err_set(err, ERR_FORMAT, "%s: registry %.200s has no location", what, t->prefix);
	return ERR_OK;
}

static enum err_code read_table(const struct toml *table, const char *what, struct registry_table *t, struct err *err)
{
	enum err_code code;

	if (!toml_is(table, TOML_TABLE))
		return err_set(err, ERR_FORMAT, "%s: registry must be an array of tables", what);
	t->primary.tags = t->primary.digest_names = true;
	code = str_copy(what, &t->from, err);
	if (code == ERR_OK)
		code = read_places(table, what, t, err);
	if (code == ERR_OK)
		code = toml_want_bool(table, "blocked", what, &t->blocked, err);
	if (code == ERR_OK)
		code = toml_want_bool(table, "insecure", what, &t->primary.insecure, err);
	return code == ERR_OK ? read_mirrors(table, what, t, err) : code;
}

/* Add a table, or put it in the place of the one with its prefix. */
static enum err_code put_table(struct registries_conf *c, struct registry_table *t, struct err *err)
{
	enum err_code code;
	size_t i;

	for (i = 0; i < c->len; i++) {
		if (strcmp(c->tables[i].prefix, t->prefix) != 0)
			continue;
		release_table(&c->tables[i]);
		c->tables[i] = *t;
		return ERR_OK;
	}
	code = vec_grow(&c->tables, &c->cap, c->len + 1, sizeof(*c->tables), LIMIT_REGISTRIES, err);
	if (code != ERR_OK)
		return err_add(err, "%s: registries", t->from);
	c->tables[c->len++] = *t;
	return ERR_OK;
}

enum err_code registries_conf_add(struct registries_conf *c, const struct toml *document, const char *what,
				  struct err *err)
{
	const struct toml *registries, *registry;
	enum err_code code = toml_want(document, "registry", TOML_ARRAY, what, &registries, err);

	if (code != ERR_OK)
		return code;
	if (toml_get(document, "registries") != NULL)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: [registries.…] is version 1 of the format: write it as [[registry]], version 2",
			       what);
	for (registry = toml_first(registries); code == ERR_OK && registry != NULL; registry = toml_next(registry)) {
		struct registry_table t = { 0 };

		code = read_table(registry, what, &t, err);
		if (code == ERR_OK)
			code = put_table(c, &t, err);
		if (code != ERR_OK)
			release_table(&t);
	}
	return code;
}

/* ---- Files ---- */

static enum err_code add_file(struct registries_conf *c, const char *path, struct err *err)
{
	CLEANUP(toml_free_ptr) struct toml *document = NULL;
	enum err_code code = toml_read_file(path, &document, err);

	return code == ERR_OK ? registries_conf_add(c, document, path, err) : code;
}

static int is_conf(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_ends(entry->d_name, ".conf");
}

static enum err_code add_folder(struct registries_conf *c, const char *folder, struct err *err)
{
	struct dirent **names = NULL;
	enum err_code code = ERR_OK;
	int len = scandir(folder, &names, is_conf, alphasort), i;

	if (len < 0)
		return errno == ENOENT ? ERR_OK : err_errno(err, folder);
	for (i = 0; i < len; i++) {
		char *path = NULL;

		if (code == ERR_OK)
			code = str_format(&path, err, "%s/%s", folder, names[i]->d_name);
		if (code == ERR_OK)
			code = add_file(c, path, err);
		free(path);
		free(names[i]);
	}
	free(names);
	return code;
}

static enum err_code load_own(struct registries_conf *c, const char *own, struct err *err)
{
	static const char system[] = "/etc/containers/registries.conf";
	CLEANUP(free_ptr) char *own_folder = NULL;
	enum err_code code = ERR_OK;

	if (own != NULL && access(own, F_OK) == 0)
		code = add_file(c, own, err);
	else if (access(system, F_OK) == 0)
		code = add_file(c, system, err);
	if (code == ERR_OK)
		code = add_folder(c, "/etc/containers/registries.conf.d", err);
	if (code == ERR_OK && own != NULL)
		code = str_format(&own_folder, err, "%s.d", own);
	return code == ERR_OK && own != NULL ? add_folder(c, own_folder, err) : code;
}

enum err_code registries_conf_load(struct registries_conf *c, struct err *err)
{
	const char *path = getenv("CONTAINERS_REGISTRIES_CONF"), *home = getenv("HOME");
	CLEANUP(free_ptr) char *own = NULL;
	enum err_code code = ERR_OK;

	if (path != NULL && *path != '\0') {
		code = add_file(c, path, err);
		return code == ERR_NOT_FOUND ? err_add(err, "CONTAINERS_REGISTRIES_CONF") : code;
	}
	if (home != NULL && *home != '\0')
		code = str_format(&own, err, "%s/.config/containers/registries.conf", home);
	return code == ERR_OK ? load_own(c, own, err) : code;
}

/* ---- Finding ---- */

/* A name goes on behind a prefix by a component, or by a port, as podman has it. */
static bool is_end(const char *text)
{
	return *text == '\0' || *text == '/' || *text == ':';
}

/* How many bytes of a name a prefix covers, 0 where the name does not lie under it. */
static size_t covers(const char *prefix, const char *repository)
{
	const char *slash = repository + strcspn(repository, "/"), *part;
	size_t len = strlen(prefix);

	if (!text_starts(prefix, "*."))
		return text_starts(repository, prefix) && is_end(repository + len) ? len : 0;
	for (part = strstr(repository, prefix + 1); part != NULL && part < slash; part = strstr(part + 1, prefix + 1)) {
		if (is_end(part + len - 1))
			return (size_t)(part - repository) + len - 1;
	}
	return 0;
}

const struct registry_table *registries_conf_find(const struct registries_conf *c, const char *repository)
{
	const struct registry_table *best = NULL;
	size_t i;

	for (i = 0; i < c->len; i++) {
		const struct registry_table *t = &c->tables[i];

		if (covers(t->prefix, repository) > 0 && (best == NULL || strlen(t->prefix) > strlen(best->prefix)))
			best = t;
	}
	return best;
}

enum err_code registry_location_name(const struct registry_table *t, const struct registry_location *l,
				     const char *repository, char **ret_name, struct err *err)
{
	size_t covered = covers(t->prefix, repository);

	if (*l->location == '\0')
		return str_copy(repository, ret_name, err);
	return str_format(ret_name, err, "%s%s", l->location, repository + covered);
}
