#include "common/paging.h"

#include <string.h>

#include "common/limits.h"
#include "common/mem.h"

/* True where one of the words, which blanks part, is this one. */
static bool has_word(const char *words, size_t len, const char *word)
{
	const char *end = words + len;

	while (words < end) {
		size_t blank = strspn(words, " \t"), more = strcspn(words + blank, " \t\"");

		words += blank;
		more = more < (size_t)(end - words) ? more : (size_t)(end - words);
		if (more == strlen(word) && strncasecmp(words, word, more) == 0)
			return true;
		words += more > 0 ? more : 1;
	}
	return false;
}

/* One parameter, from its name on; true where it says that the link is the next.  *p is moved behind it. */
static bool read_parameter(const char **p)
{
	size_t name_len = strcspn(*p, "=;, \t"), len = 0;
	bool is_rel = name_len == 3 && strncasecmp(*p, "rel", 3) == 0;
	const char *value = *p + name_len + strspn(*p + name_len, " \t");

	if (*value != '=') {
		*p = value;
		return false;
	}
	value += 1 + strspn(value + 1, " \t");
	if (*value == '"') {
		for (value++; value[len] != '"' && value[len] != '\0'; len++)
			len += value[len] == '\\' && value[len + 1] != '\0';
	} else {
		len = strcspn(value, ";, \t");
	}
	*p = value + len + (value[len] == '"');
	return is_rel && has_word(value, len, "next");
}

/* RFC 8288 section 3: <url>; parameters, <url>; parameters */
static bool next_in(const char *header, char *out, size_t out_size)
{
	const char *p, *url;

	for (p = strchr(header, '<'); p != NULL; p = strchr(p, '<')) {
		size_t len = strcspn(p + 1, ">");
		bool is_next = false;

		url = p + 1;
		p = url + len;
		if (*p != '>')
			return false;
		for (p++; *(p += strspn(p, "; \t")) != '\0' && *p != ',';)
			is_next |= read_parameter(&p);
		if (is_next && len < out_size) {
			memcpy(out, url, len);
			out[len] = '\0';
			return true;
		}
	}
	return false;
}

static bool next_link(const struct http_call *call, char *out, size_t out_size)
{
	char header[LIMIT_TEXT_BYTES];
	unsigned i;

	for (i = 0; http_header(call, "Link", i, header, sizeof(header)) != NULL; i++) {
		if (next_in(header, out, out_size))
			return true;
	}
	return false;
}

/* True where a query has a parameter of the same name as this one, "ns=docker.io". */
static bool has_parameter(const char *query, const char *parameter)
{
	size_t name_len = strcspn(parameter, "=") + 1;

	for (; query != NULL; query = strchr(query, '&')) {
		query++;
		if (strncmp(query, parameter, name_len) == 0)
			return true;
	}
	return false;
}

/* Of a link only path and query count, and what tells a mirror which registry is meant goes along. */
static enum err_code at_home(const struct endpoint *e, const char *url, char **ret_url, struct err *err)
{
	const char *host = strstr(url, "://") + 3, *path = host + strcspn(host, "/?#");
	const char *query = strchr(path, '?');
	bool lacks = e->query != NULL && !has_parameter(query, e->query);

	return str_format(ret_url, err, "%s%.*s%s%s", e->base, (int)strcspn(path, "#"), path,
			  !lacks          ? ""
			  : query == NULL ? "?"
					  : "&",
			  lacks ? e->query : "");
}

/* At the same host only: the credentials are for it. */
enum err_code paging_next(const struct place *place, const struct request *r, char **ret_url, struct err *err)
{
	char link[LIMIT_TEXT_BYTES], url[LIMIT_URL_BYTES];
	enum err_code code;
	bool same = false;

	if (!next_link(&r->call, link, sizeof(link))) {
		*ret_url = NULL;
		return ERR_OK;
	}
	code = http_resolve_url(r->url, link, url, sizeof(url), err);
	if (code == ERR_OK)
		code = http_url_same_host(url, place->endpoint->base, &same, err);
	if (code == ERR_OK && !same)
		code = err_set(err, ERR_REFUSED, "%s: the next page lies on another host: refused", r->url);
	return code == ERR_OK ? at_home(place->endpoint, url, ret_url, err) : code;
}
