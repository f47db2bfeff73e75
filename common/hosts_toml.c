#include "common/hosts_toml.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/certs_dir.h"
#include "common/http.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

/* What is being read, for all who read a part of it. */
struct hosts {
	const char *folder, *what, *domain, *url;
	struct endpoints *endpoints;
};

static enum err_code wrong(const struct hosts *h, const char *key, const char *wanted, struct err *err)
{
	return err_set(err, ERR_FORMAT, "%s: %s must be %s", h->what, key, wanted);
}

/* Call f for a text, or for each of an array of texts. */
static enum err_code each_text(const struct hosts *h, const struct toml *value, const char *key, struct endpoint *e,
			       enum err_code (*f)(const struct hosts *h, const char *key, const char *text,
						  struct endpoint *e, struct err *err),
			       struct err *err)
{
	const struct toml *item = toml_is(value, TOML_ARRAY) ? toml_first(value) : value;
	enum err_code code = ERR_OK;

	if (value == NULL)
		return ERR_OK;
	for (; code == ERR_OK && item != NULL; item = item != value ? toml_next(item) : NULL) {
		if (!toml_is(item, TOML_STRING))
			return wrong(h, key, "a string or an array of strings", err);
		code = f(h, key, toml_text(item), e, err);
	}
	return code;
}

static enum err_code set_capability(const struct hosts *h, const char *key, const char *text, struct endpoint *e,
				    struct err *err)
{
	(void)h;
	(void)key;
	(void)err;
	e->pulls |= strcasecmp(text, "pull") == 0;
	e->tags |= strcasecmp(text, "resolve") == 0;
	e->referrers |= strcasecmp(text, "referrers") == 0;
	return ERR_OK;
}

static enum err_code read_capabilities(const struct hosts *h, const struct toml *table, struct endpoint *e,
				       struct err *err)
{
	const struct toml *value;
	enum err_code code = toml_want(table, "capabilities", TOML_ARRAY, h->what, &value, err);

	if (code != ERR_OK)
		return code;
	if (toml_first(value) == NULL) {
		e->pulls = e->tags = true;
		return ERR_OK;
	}
	return each_text(h, value, "capabilities", e, set_capability, err);
}

/* A file is named from the folder of hosts.toml on. */
static enum err_code path_of(const struct hosts *h, const char *name, char **ret_path, struct err *err)
{
	return name[0] == '/' ? str_copy(name, ret_path, err) : str_format(ret_path, err, "%s/%s", h->folder, name);
}

static enum err_code add_ca(const struct hosts *h, const char *key, const char *text, struct endpoint *e,
			    struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = path_of(h, text, &path, err);

	(void)key;
	return code == ERR_OK ? certs_add_ca(&e->tls, path, err) : code;
}

static enum err_code add_client(const struct hosts *h, const char *cert, const char *key, struct endpoint *e,
				struct err *err)
{
	CLEANUP(free_ptr) char *cert_path = NULL;
	CLEANUP(free_ptr) char *key_path = NULL;
	enum err_code code = path_of(h, cert, &cert_path, err);

	if (code == ERR_OK)
		code = path_of(h, key[0] != '\0' ? key : cert, &key_path, err);
	return code == ERR_OK ? certs_set_client(&e->tls, cert_path, key_path, err) : code;
}

/* "both", ["both"], [["cert", "key"]] */
static enum err_code read_client(const struct hosts *h, const struct toml *table, struct endpoint *e, struct err *err)
{
	static const char wanted[] = "a file, or an array of files or of pairs of certificate and key";
	const struct toml *value = toml_get(table, "client");
	const struct toml *item = toml_is(value, TOML_ARRAY) ? toml_first(value) : value;
	enum err_code code = ERR_OK;

	for (; code == ERR_OK && item != NULL; item = item != value ? toml_next(item) : NULL) {
		const struct toml *cert = toml_is(item, TOML_ARRAY) ? toml_first(item) : item;
		const struct toml *key = cert != NULL && cert != item ? toml_next(cert) : NULL;

		if (toml_text(cert) == NULL || (cert != item && (toml_text(key) == NULL || toml_next(key) != NULL)))
			return wrong(h, "client", wanted, err);
		code = add_client(h, toml_text(cert), key != NULL ? toml_text(key) : "", e, err);
	}
	return code;
}

static enum err_code add_header(const struct hosts *h, const char *key, const char *text, struct endpoint *e,
				struct err *err)
{
	/* RFC 9110 section 5.1; the value is not shown: it may be a secret */
	if (*key == '\0' ||
	    key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~")])
		return err_set(err, ERR_FORMAT, "%s: %.100s: no name of a header", h->what, key);
	if (text[strcspn(text, "\r\n")] != '\0')
		return err_set(err, ERR_FORMAT, "%s: header %.100s: its value has a line end in it", h->what, key);
	if (buf_printf(&e->headers, err, "%s: %s\n", key, text) != ERR_OK)
		return err_add(err, "%s: header %.100s", h->what, key);
	return ERR_OK;
}

static enum err_code read_headers(const struct hosts *h, const struct toml *table, struct endpoint *e, struct err *err)
{
	const struct toml *headers;
	enum err_code code = toml_want(table, "header", TOML_TABLE, h->what, &headers, err);
	const struct toml *header = code == ERR_OK ? toml_first(headers) : NULL;

	for (; code == ERR_OK && header != NULL; header = toml_next(header))
		code = each_text(h, header, toml_key(header), e, add_header, err);
	return code;
}

/* Go's durations: "300ms", "1m30s", "1.5s"; rounded up to milliseconds. */
static bool read_duration(const char *text, unsigned *ret_ms)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {
		{ "ns", 1e-6 }, { "us", 1e-3 }, { "\xc2\xb5s", 1e-3 }, { "ms", 1 },
		{ "s", 1e3 },   { "m", 6e4 },   { "h", 3.6e6 },
	};
	double total = 0;
	size_t i;

	if (*text == '\0')
		return false;
	while (*text != '\0') {
		char *end;
		double number;

		if (*text < '0' || *text > '9' || text[1] == 'x')
			return false;
		number = strtod(text, &end);
		for (i = 0; i < COUNT_OF(units); i++) {
			if (text_starts(end, units[i].name) && (end[strlen(units[i].name)] < 'a'))
				break;
		}
		if (i == COUNT_OF(units))
			return false;
		total += number * units[i].ms;
		text = end + strlen(units[i].name);
	}
	*ret_ms = total < 3.6e6 ? (unsigned)total + 1 : 3600000;
	return true;
}

static enum err_code read_timeout(const struct hosts *h, const struct toml *table, struct endpoint *e, struct err *err)
{
	const char *text = NULL;
	enum err_code code = toml_want_text(table, "dial_timeout", h->what, &text, err);

	if (code == ERR_OK && text != NULL && *text != '\0' && !read_duration(text, &e->connect_timeout_ms))
		return wrong(h, "dial_timeout", "a time such as \"10s\" or \"500ms\"", err);
	return code;
}

/* What may stand at a host, and at the top for the server. */
static enum err_code read_settings(const struct hosts *h, const struct toml *table, struct endpoint *e, struct err *err)
{
	enum err_code code = read_capabilities(h, table, e, err);

	e->digest_names = true;
	if (code == ERR_OK)
		code = each_text(h, toml_get(table, "ca"), "ca", e, add_ca, err);
	if (code == ERR_OK)
		code = read_client(h, table, e, err);
	if (code == ERR_OK)
		code = toml_want_bool(table, "skip_verify", h->what, &e->tls.skip_verify, err);
	if (code == ERR_OK)
		code = read_headers(h, table, e, err);
	return code == ERR_OK ? read_timeout(h, table, e, err) : code;
}

/* Another host than the registry's own is told whose images are meant. */
static enum err_code set_query(const struct hosts *h, struct endpoint *e, struct err *err)
{
	CLEANUP(buf_release) struct buf query;
	enum err_code code;

	buf_init(&query, LIMIT_URL_BYTES);
	e->mirror = strcmp(strstr(e->base, "://") + 3, endpoint_host_of(h->domain)) != 0;
	if (!e->mirror)
		return ERR_OK;
	code = buf_puts(&query, "ns=", err);
	if (code == ERR_OK)
		code = http_escape(h->domain, &query, err);
	if (code == ERR_OK)
		e->query = take_ptr(&query.data);
	return code;
}

static enum err_code add_host(const struct hosts *h, const char *url, const struct toml *table, struct err *err)
{
	struct endpoint *e = NULL;
	bool own_root = false;
	enum err_code code = endpoints_add(h->endpoints, &e, err);

	if (code == ERR_OK)
		code = toml_want_bool(table, "override_path", h->what, &own_root, err);
	if (code != ERR_OK)
		return code;
	if (endpoint_set_url(e, url, own_root, err) != ERR_OK)
		return err_add(err, "%s", h->what);
	code = read_settings(h, table, e, err);
	return code == ERR_OK ? set_query(h, e, err) : code;
}

/* The registry itself, wherever the file says that it is: it is asked last, and its referrers count. */
static enum err_code add_server(const struct hosts *h, const struct toml *document, struct err *err)
{
	const char *server = NULL;
	struct endpoint *e;
	enum err_code code = toml_want_text(document, "server", h->what, &server, err);

	if (code != ERR_OK)
		return code;
	code = add_host(h, server != NULL && *server != '\0' ? server : h->url, document, err);
	if (code != ERR_OK)
		return code;
	e = &h->endpoints->items[h->endpoints->len - 1];
	e->mirror = false;
	e->referrers = true;
	return ERR_OK;
}

enum err_code hosts_toml_add(const struct toml *document, const char *folder, const char *what, const char *domain,
			     const char *url, struct endpoints *e, struct err *err)
{
	struct hosts h = { .folder = folder, .what = what, .domain = domain, .url = url, .endpoints = e };
	const struct toml *hosts, *host;
	enum err_code code = toml_want(document, "host", TOML_TABLE, what, &hosts, err);

	if (code != ERR_OK)
		return code;
	for (host = toml_first(hosts); code == ERR_OK && host != NULL; host = toml_next(host)) {
		if (!toml_is(host, TOML_TABLE))
			return wrong(&h, toml_key(host), "a table", err);
		code = add_host(&h, toml_key(host), host, err);
	}
	return code == ERR_OK ? add_server(&h, document, err) : code;
}

enum err_code hosts_toml_read(const char *folder, const char *domain, const char *url, struct endpoints *e,
			      struct err *err)
{
	CLEANUP(toml_free_ptr) struct toml *document = NULL;
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = str_format(&path, err, "%s/hosts.toml", folder);

	if (code != ERR_OK || access(path, F_OK) != 0)
		return code;
	code = toml_read_file(path, &document, err);
	return code == ERR_OK ? hosts_toml_add(document, folder, path, domain, url, e, err) : code;
}

/* "host:5000" is kept as host_5000_ where a colon is not wanted in names. */
static enum err_code find_in(const char *root, const char *domain, char **ret_folder, struct err *err)
{
	const char *colon = strrchr(domain, ':');
	CLEANUP(free_ptr) char *folder = NULL;
	enum err_code code = ERR_OK;

	if (colon != NULL && colon > domain) {
		code = str_format(&folder, err, "%s/%.*s_%s_", root, (int)(colon - domain), domain, colon + 1);
		if (code == ERR_OK && access(folder, F_OK) != 0)
			free(take_ptr(&folder));
	}
	if (code == ERR_OK && folder == NULL)
		code = str_format(&folder, err, "%s/%s", root, domain);
	if (code == ERR_OK && access(folder, F_OK) == 0)
		*ret_folder = take_ptr(&folder);
	return code;
}

enum err_code hosts_toml_find(const char *root, const char *domain, bool is_default, char **ret_folder, struct err *err)
{
	const char *home = getenv("HOME");
	const char *name = is_default ? "_default" : domain;
	CLEANUP(free_ptr) char *own = NULL;
	enum err_code code = ERR_OK;

	if (root != NULL)
		return find_in(root, name, ret_folder, err);
	if (home != NULL && *home != '\0')
		code = str_format(&own, err, "%s/.config/containerd/certs.d", home);
	if (code == ERR_OK && own != NULL)
		code = find_in(own, name, ret_folder, err);
	if (code == ERR_OK && *ret_folder == NULL)
		code = find_in("/etc/containerd/certs.d", name, ret_folder, err);
	return code;
}
