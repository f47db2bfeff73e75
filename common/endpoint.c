#include "common/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define HUB "docker.io"
#define HUB_HOST "registry-1.docker.io"

static void release(struct endpoint *e)
{
	free(e->base);
	free(e->root);
	free(e->host);
	free(e->path);
	free(e->query);
	if (e->headers.data != NULL)
		explicit_bzero(e->headers.data, e->headers.cap);
	buf_release(&e->headers);
	tls_release(&e->tls);
}

void endpoints_release(struct endpoints *e)
{
	size_t i;

	for (i = 0; i < e->len; i++)
		release(&e->items[i]);
	free(e->items);
	*e = (struct endpoints){ 0 };
}

enum err_code endpoints_add(struct endpoints *e, struct endpoint **ret_endpoint, struct err *err)
{
	enum err_code code = vec_grow(&e->items, &e->cap, e->len + 1, sizeof(*e->items), LIMIT_ENDPOINTS, err);

	if (code != ERR_OK)
		return err_add(err, "endpoints of one registry");
	*ret_endpoint = &e->items[e->len++];
	**ret_endpoint = (struct endpoint){ 0 };
	buf_init(&(*ret_endpoint)->headers, LIMIT_HEADER_BYTES);
	tls_init(&(*ret_endpoint)->tls);
	return ERR_OK;
}

const char *endpoint_host_of(const char *domain)
{
	return strcmp(domain, HUB) == 0 ? HUB_HOST : domain;
}

/* Letters of a URL, and no user, query or fragment in it. */
static bool is_url_text(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:[]%")] == '\0';
}

/* The name under which credentials are kept, which for Docker Hub is not the host's. */
static enum err_code set_host(struct endpoint *e, const char *host, size_t len, struct err *err)
{
	if (len == strlen(HUB_HOST) && memcmp(host, HUB_HOST, len) == 0)
		return str_copy(HUB, &e->host, err);
	return str_format(&e->host, err, "%.*s", (int)len, host);
}

enum err_code endpoint_set_url(struct endpoint *e, const char *url, bool own_root, struct err *err)
{
	bool plain = strncasecmp(url, "http://", 7) == 0, secure = strncasecmp(url, "https://", 8) == 0;
	const char *host = url + (plain ? 7 : secure ? 8 : 0), *path;
	size_t host_len = strcspn(host, "/"), path_len;
	enum err_code code;

	path = host + host_len;
	for (path_len = strlen(path); path_len > 0 && path[path_len - 1] == '/';)
		path_len--;
	if (host_len == 0 || host[host_len - 1] == ':' || strlen(host) > LIMIT_TEXT_BYTES || !is_url_text(host))
		return err_set(err, ERR_FORMAT, "%.200s: no URL of a registry, [https://]host[:port][/path]", url);
	own_root |= path_len >= 3 && memcmp(path + path_len - 3, "/v2", 3) == 0;
	code = set_host(e, host, host_len, err);
	if (code == ERR_OK && host_len == strlen(HUB) && text_starts(host, HUB)) {
		host = HUB_HOST; /* the name is no host that answers */
		host_len = strlen(host);
	}
	if (code == ERR_OK)
		code = str_format(&e->base, err, "%s://%.*s", plain ? "http" : "https", (int)host_len, host);
	if (code == ERR_OK)
		code = str_format(&e->root, err, "%s%.*s%s", e->base, (int)path_len, path, own_root ? "" : "/v2");
	return code;
}
