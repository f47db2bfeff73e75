#include "common/mapping.h"

#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/text.h"

/* A name that was given, and to whom. */
struct given {
	char *name, *image;
};

static int given_compare(const void *a, const void *b)
{
	return strcmp(((const struct given *)a)->name, ((const struct given *)b)->name);
}

static void given_free(void *p)
{
	struct given *g = p;

	if (g == NULL)
		return;
	free(g->name);
	free(g->image);
	free(g);
}

static void given_free_ptr(struct given **g)
{
	given_free(*g);
}

static void rule_release(struct mapping_rule *r)
{
	free(r->from);
	free(r->to);
	*r = (struct mapping_rule){ 0 };
}

/* True where name has the part in front, up to the end of a component that is not the last. */
static bool leads(const char *part, const char *name)
{
	return text_starts(name, part) && name[strlen(part)] == '/';
}

/* A part is right where a name that it leads is, and is normal already. */
static enum err_code check_part(const char *part, const char *rule, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *below = NULL;
	enum err_code code = str_format(&below, err, "%s/x", part);

	if (code == ERR_OK)
		code = reference_parse(below, &ref, err);
	if (code == ERR_FORMAT)
		return err_set(err, ERR_USAGE,
			       "--map %.300s: \"%.300s\" is no leading part of a name; write a registry and whole path "
			       "components, as in docker.io/library=registry.example.com/base",
			       rule, part);
	if (code == ERR_OK && !leads(ref.domain, below))
		return err_set(
			err, ERR_USAGE,
			"--map %.300s: \"%.300s\" does not start with a registry as full names do; write it like "
			"docker.io/library or registry.example.com:5000/base",
			rule, part);
	return code;
}

static enum err_code check_rule(const struct mapping *m, const struct mapping_rule *r, const char *rule,
				struct err *err)
{
	enum err_code code = check_part(r->from, rule, err);
	size_t i;

	if (code == ERR_OK)
		code = check_part(r->to, rule, err);
	for (i = 0; code == ERR_OK && i < m->len; i++) {
		if (strcmp(m->rules[i].from, r->from) == 0)
			return err_set(err, ERR_USAGE, "--map %.300s: there is a rule for %.300s already, =%.300s",
				       rule, r->from, m->rules[i].to);
	}
	return code;
}

enum err_code mapping_add(struct mapping *m, const char *rule, struct err *err)
{
	CLEANUP(rule_release) struct mapping_rule r = { 0 };
	const char *equals = strchr(rule, '=');
	enum err_code code;

	if (equals == NULL)
		return err_set(err, ERR_USAGE,
			       "--map %.300s has no \"=\"; write OLD=NEW, as in "
			       "docker.io/library=registry.example.com/base",
			       rule);
	code = str_format(&r.from, err, "%.*s", (int)(equals - rule), rule);
	if (code == ERR_OK)
		code = str_copy(equals + 1, &r.to, err);
	if (code == ERR_OK)
		code = check_rule(m, &r, rule, err);
	if (code == ERR_OK)
		code = vec_grow(&m->rules, &m->cap, m->len + 1, sizeof(*m->rules), LIMIT_IMAGES, err);
	if (code != ERR_OK)
		return code;
	m->rules[m->len++] = r;
	r = (struct mapping_rule){ 0 };
	return ERR_OK;
}

/* How long a name is without its tag and digest. */
static size_t repository_len(const char *name)
{
	size_t len = strcspn(name, "@"), i;

	for (i = len; i > 0 && name[i - 1] != '/'; i--) {
		if (name[i - 1] == ':')
			len = i - 1; /* after the last slash: no port */
	}
	return len;
}

static struct mapping_rule *find_rule(const struct mapping *m, const char *name)
{
	size_t whole = repository_len(name), best_len = 0, i;
	struct mapping_rule *best = NULL;

	for (i = 0; i < m->len; i++) {
		struct mapping_rule *r = &m->rules[i];
		size_t len = strlen(r->from);

		if (!leads(r->from, name) && !(len == whole && text_starts(name, r->from)))
			continue;
		if (len > best_len) {
			best = r;
			best_len = len;
		}
	}
	return best;
}

/* Put the new part in front, and see that what comes out is a name under it: "docker.io/library/alpine=example.com"
 * would else give example.com:3.20, which is an image on docker.io. */
static enum err_code replace(const struct mapping_rule *r, const char *name, char **ret_name, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *text = NULL;
	enum err_code code = str_format(&text, err, "%s%s", r->to, name + strlen(r->from));

	if (code == ERR_OK)
		code = reference_parse(text, &ref, err);
	if (code == ERR_OK && !leads(ref.domain, text))
		code = err_set(err, ERR_FORMAT, "%.300s has no repository", text);
	if (code == ERR_FORMAT) {
		err_add(err, "--map %.300s=%.300s on %.300s", r->from, r->to, name);
		return err_recode(err, ERR_USAGE);
	}
	return code == ERR_OK ? reference_text(&ref, ret_name, err) : code;
}

enum err_code mapping_check_place(const char *place, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *below = NULL;
	enum err_code code = str_format(&below, err, "%s/x", place);

	if (code == ERR_OK)
		code = reference_parse(below, &ref, err);
	if (code == ERR_OK && leads(ref.domain, below))
		return ERR_OK;
	if (code != ERR_OK && code != ERR_FORMAT)
		return code;
	return err_set(
		err, ERR_USAGE,
		"\"%.300s\" is no place in a registry; write HOST[:PORT][/PREFIX], without tag and digest, as in "
		"registry.example.com:5000/mirror",
		place);
}

enum err_code mapping_place(struct mapping *m, const char *place, bool keep_host, struct err *err)
{
	m->keep_host = keep_host;
	return str_copy(place, &m->place, err);
}

/* The name at the place. */
static enum err_code put_there(const struct mapping *m, char **name, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *rest = NULL;
	CLEANUP(free_ptr) char *text = NULL;
	char host[REFERENCE_COMPONENT_MAX];
	enum err_code code = reference_parse(*name, &ref, err);

	if (code == ERR_OK)
		code = str_copy(*name + strlen(ref.domain), &rest, err); /* from the slash on */
	if (code != ERR_OK)
		return code;
	reference_component(ref.domain, strlen(ref.domain), host);
	code = str_format(&text, err, "%s%s%s%s", m->place, m->keep_host ? "/" : "", m->keep_host ? host : "", rest);
	reference_release(&ref);
	if (code == ERR_OK)
		code = reference_parse(text, &ref, err);
	if (code == ERR_FORMAT) {
		err_add(err, "%.300s cannot be %.300s", *name, text);
		return err_recode(err, ERR_USAGE);
	}
	if (code != ERR_OK)
		return code;
	free(take_ptr(name));
	return reference_name(&ref, name, err);
}

enum err_code mapping_rename(const struct mapping *m, const char *name, char **ret_name, struct err *err)
{
	const struct mapping_rule *r = find_rule(m, name);

	return r != NULL ? replace(r, name, ret_name, err) : str_copy(name, ret_name, err);
}

static enum err_code put_at_place(const struct mapping *m, const char *name, char **ret_name, struct err *err)
{
	CLEANUP(free_ptr) char *mapped = NULL;
	enum err_code code = mapping_rename(m, name, &mapped, err);

	if (code == ERR_OK && m->place != NULL)
		code = put_there(m, &mapped, err);
	if (code == ERR_OK)
		*ret_name = take_ptr(&mapped);
	return code;
}

/* Remember who got a name; nobody else may. */
static enum err_code give(struct mapping *m, const char *name, const char *image, struct err *err)
{
	CLEANUP(given_free_ptr) struct given *g = calloc(1, sizeof(*g));
	const struct given *was;
	void *node;
	enum err_code code = g != NULL ? str_copy(name, &g->name, err) : err_nomem(err);

	if (code == ERR_OK)
		code = str_copy(image, &g->image, err);
	if (code != ERR_OK)
		return code;
	if (m->given_len >= LIMIT_IMAGES)
		return err_set(err, ERR_LIMIT, "more than %d image names", LIMIT_IMAGES);
	node = tsearch(g, &m->given, given_compare);
	if (node == NULL)
		return err_nomem(err);
	was = *(struct given **)node;
	if (was == g) {
		g = NULL; /* the tree owns it */
		m->given_len++;
		return ERR_OK;
	}
	if (strcmp(was->image, image) == 0)
		return ERR_OK;
	return err_set(err, ERR_USAGE, "%.300s and %.300s would both be named %.300s; %s", was->image, image, name,
		       m->place == NULL || m->keep_host ? "map them apart with --map"
							: "keep them apart with --keep-host or --map");
}

enum err_code mapping_apply(struct mapping *m, const char *name, char **ret_name, struct err *err)
{
	struct mapping_rule *r = find_rule(m, name);
	CLEANUP(free_ptr) char *mapped = NULL;
	enum err_code code = put_at_place(m, name, &mapped, err);

	if (code == ERR_OK && (m->len > 0 || m->place != NULL))
		code = give(m, mapped, name, err);
	if (code != ERR_OK)
		return code;
	if (r != NULL)
		r->used++;
	*ret_name = take_ptr(&mapped);
	return ERR_OK;
}

const char *mapping_origin(const struct mapping *m, const char *name)
{
	struct given wanted = { 0 };
	void *node;

	memcpy(&wanted.name, &name, sizeof(name)); /* looked at alone */
	node = tfind(&wanted, &m->given, given_compare);
	return node != NULL ? (*(struct given **)node)->image : name;
}

enum err_code mapping_look(const struct mapping *m, const char *name, char **ret_name, struct err *err)
{
	return put_at_place(m, name, ret_name, err);
}

const struct mapping_rule *mapping_unused(const struct mapping *m)
{
	size_t i;

	for (i = 0; i < m->len; i++) {
		if (m->rules[i].used == 0)
			return &m->rules[i];
	}
	return NULL;
}

void mapping_release(struct mapping *m)
{
	size_t i;

	for (i = 0; i < m->len; i++)
		rule_release(&m->rules[i]);
	free(m->rules);
	free(m->place);
	tdestroy(m->given, given_free);
	*m = (struct mapping){ 0 };
}
