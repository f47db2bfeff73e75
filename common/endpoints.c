#include "common/endpoints.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/certs_dir.h"
#include "common/hosts_toml.h"
#include "common/mem.h"
#include "common/progress.h"
#include "common/text.h"

enum err_code endpoint_rules_load(const struct endpoint_options *options, struct endpoint_rules *ret_rules,
				  struct err *err)
{
	struct endpoint_rules rules = { .options = *options };
	const char *const folders[] = { options->certs_dir, options->hosts_dir };
	enum err_code code;
	size_t i;

	if (options->plain_http && options->skip_verify)
		return err_set(
			err, ERR_USAGE,
			"--plain-http and --insecure-skip-tls-verify: without TLS, or with one that proves nothing?");
	for (i = 0; i < COUNT_OF(folders); i++) {
		if (folders[i] != NULL && access(folders[i], X_OK) != 0) /* a folder that somebody asks for is there */
			return err_errno(err, folders[i]);
	}
	code = registries_conf_load(&rules.conf, err);
	if (code == ERR_OK)
		*ret_rules = rules;
	else
		endpoint_rules_release(&rules);
	return code;
}

void endpoint_rules_release(struct endpoint_rules *rules)
{
	registries_conf_release(&rules->conf);
}

void endpoints_warn(const struct endpoint_options *options, struct progress *progress)
{
	if (options->skip_verify)
		progress_note(progress, "warning: --insecure-skip-tls-verify: whoever answers is taken for the "
					"registry, and gets its credentials");
}

/* True where a host[:port] is this machine. */
static bool is_loopback(const char *host)
{
	char name[INET_ADDRSTRLEN];
	struct in_addr address;
	size_t len = strcspn(host, ":");

	if (text_starts(host, "[::1]") || (len == 9 && text_starts(host, "localhost")))
		return true;
	if (len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	/* the address, and not a name that begins like one */
	return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

static bool has_certs(const struct tls *tls)
{
	return tls->ca.len > 0 || tls->cert != NULL;
}

/* The certificates for a host: from a folder where hosts.toml would stand, else from certs.d. */
static enum err_code find_certs(const struct endpoint_rules *rules, const char *folder, const char *host,
				struct tls *tls, struct err *err)
{
	enum err_code code = folder != NULL ? certs_dir_read(folder, tls, err) : ERR_OK;

	if (code != ERR_OK || has_certs(tls))
		return code;
	return certs_dir_find(rules->options.certs_dir, host, tls, err);
}

/* The URL of a registry that no file gives one: HTTP where the user says so, and on loopback if nothing is to be
 * verified there. */
static enum err_code url_of(const struct endpoint_rules *rules, const char *domain, bool verified, char **ret_url,
			    struct err *err)
{
	const struct endpoint_options *o = &rules->options;
	bool plain = o->plain_http || (is_loopback(domain) && !verified && !o->skip_verify);

	return str_format(ret_url, err, "%s://%s", plain ? "http" : "https", endpoint_host_of(domain));
}

/* One endpoint that is asked for a repository. */
static enum err_code add_one(const char *url, const struct reference *ref, const struct registry_location *l,
			     bool mirror, struct endpoints *e, struct endpoint **ret_endpoint, struct err *err)
{
	struct endpoint *one = NULL;
	enum err_code code = endpoints_add(e, &one, err);

	if (code == ERR_OK)
		code = endpoint_set_url(one, url, false, err);
	if (code == ERR_OK)
		code = str_copy(ref->path, &one->path, err);
	if (code != ERR_OK)
		return code;
	one->pulls = true;
	one->tags = l->tags;
	one->digest_names = l->digest_names;
	one->mirror = mirror;
	one->referrers = !mirror;
	*ret_endpoint = one;
	return ERR_OK;
}

/* The same over HTTP. */
static enum err_code add_instead(const struct reference *ref, const struct registry_location *l, bool mirror,
				 struct endpoints *e, struct err *err)
{
	CLEANUP(free_ptr) char *url = NULL;
	struct endpoint *one = NULL;
	enum err_code code = str_format(&url, err, "http://%s", endpoint_host_of(ref->domain));

	if (code == ERR_OK)
		code = add_one(url, ref, l, mirror, e, &one, err);
	if (code == ERR_OK)
		one->instead = true;
	return code;
}

/* A registry under its own name.  An insecure one is believed whoever answers, and if nobody speaks TLS, over HTTP. */
static enum err_code add_registry(const struct endpoint_rules *rules, const struct reference *ref, const char *folder,
				  const struct registry_location *l, bool mirror, struct endpoints *e, struct err *err)
{
	CLEANUP(tls_release) struct tls tls;
	CLEANUP(free_ptr) char *url = NULL;
	struct endpoint *one = NULL;
	enum err_code code;

	tls_init(&tls);
	code = find_certs(rules, folder, ref->domain, &tls, err);
	if (code == ERR_OK)
		code = url_of(rules, ref->domain, has_certs(&tls) || l->insecure, &url, err);
	if (code == ERR_OK)
		code = add_one(url, ref, l, mirror, e, &one, err);
	if (code != ERR_OK)
		return code;
	one->tls = tls;
	tls_init(&tls);
	one->tls.skip_verify = l->insecure || rules->options.skip_verify;
	return l->insecure && !rules->options.plain_http ? add_instead(ref, l, mirror, e, err) : ERR_OK;
}

/* A place that registries.conf gives for a repository. */
static enum err_code add_location(const struct endpoint_rules *rules, const struct registry_table *t,
				  const struct registry_location *l, bool mirror, const char *repository,
				  struct endpoints *e, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	CLEANUP(free_ptr) char *again = NULL;
	enum err_code code = registry_location_name(t, l, repository, &name, err);

	if (code == ERR_OK)
		code = reference_parse(name, &ref, err);
	if (code == ERR_OK)
		code = reference_repository(&ref, &again, err);
	if (code == ERR_OK && strcmp(name, again) != 0)
		code = err_set(err, ERR_FORMAT, "%.200s: does not begin with a host", name);
	if (code != ERR_OK)
		return err_add(err, "%s: location of %s", t->from, t->prefix);
	return add_registry(rules, &ref, NULL, l, mirror, e, err);
}

static enum err_code add_table(const struct endpoint_rules *rules, const struct registry_table *t,
			       const char *repository, struct endpoints *e, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < t->mirrors_len; i++)
		code = add_location(rules, t, &t->mirrors[i], true, repository, e, err);
	return code == ERR_OK ? add_location(rules, t, &t->primary, false, repository, e, err) : code;
}

/* What hosts.toml in a folder says, if it has one. */
static enum err_code add_folder(const struct endpoint_rules *rules, const char *folder, const struct reference *ref,
				struct endpoints *e, struct err *err)
{
	CLEANUP(free_ptr) char *url = NULL;
	enum err_code code = url_of(rules, ref->domain, false, &url, err);
	size_t i;

	if (code == ERR_OK)
		code = hosts_toml_read(folder, ref->domain, url, e, err);
	for (i = 0; code == ERR_OK && i < e->len; i++) {
		struct endpoint *one = &e->items[i];

		code = str_copy(ref->path, &one->path, err);
		if (code == ERR_OK && !has_certs(&one->tls))
			code = find_certs(rules, NULL, one->host, &one->tls, err);
		one->tls.skip_verify |= rules->options.skip_verify;
	}
	return code;
}

/* The files that know a registry, the nearest first; the first that says something counts. */
static enum err_code add_known(const struct endpoint_rules *rules, const struct reference *ref,
			       const struct registry_table *t, const char *repository, struct endpoints *e,
			       char **ret_folder, struct err *err)
{
	const char *root = rules->options.hosts_dir;
	CLEANUP(free_ptr) char *folder = NULL;
	enum err_code code = hosts_toml_find(root, ref->domain, false, ret_folder, err);

	if (code == ERR_OK && *ret_folder != NULL)
		code = add_folder(rules, *ret_folder, ref, e, err);
	if (code == ERR_OK && e->len == 0 && t != NULL)
		return add_table(rules, t, repository, e, err);
	if (code == ERR_OK && e->len == 0 && *ret_folder == NULL) {
		code = hosts_toml_find(root, ref->domain, true, &folder, err);
		if (code == ERR_OK && folder != NULL)
			code = add_folder(rules, folder, ref, e, err);
	}
	return code;
}

static enum err_code find(const struct endpoint_rules *rules, const struct reference *ref, struct endpoints *e,
			  struct err *err)
{
	CLEANUP(free_ptr) char *repository = NULL;
	CLEANUP(free_ptr) char *folder = NULL;
	static const struct registry_location all = { .tags = true, .digest_names = true };
	const struct registry_table *t = NULL;
	enum err_code code = reference_repository(ref, &repository, err);

	if (code == ERR_OK)
		t = registries_conf_find(&rules->conf, repository);
	if (t != NULL && t->blocked)
		return err_set(err, ERR_DENIED, "%s: blocked by %s, where prefix is %s", repository, t->from,
			       t->prefix);
	if (code == ERR_OK)
		code = add_known(rules, ref, t, repository, e, &folder, err);
	if (code == ERR_OK && e->len == 0) /* no file knows more than its certificates */
		code = add_registry(rules, ref, folder, &all, false, e, err);
	return code;
}

/* Most repositories have one, and there may be tens of thousands of them. */
static enum err_code trim(struct endpoints *e, struct err *err)
{
	struct endpoint *items;

	if (e->len == 0)
		return ERR_OK;
	items = reallocarray(e->items, e->len, sizeof(*items));
	if (items == NULL)
		return err_nomem(err);
	e->items = items;
	e->cap = e->len;
	return ERR_OK;
}

enum err_code endpoints_find(const struct endpoint_rules *rules, const struct reference *ref,
			     struct endpoints *ret_endpoints, struct err *err)
{
	struct endpoints e = { 0 };
	enum err_code code = find(rules, ref, &e, err);

	if (code == ERR_OK)
		code = trim(&e, err);
	if (code == ERR_OK)
		*ret_endpoints = e;
	else
		endpoints_release(&e);
	return code;
}
