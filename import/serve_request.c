#include "import/serve_request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/text.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode in place. */
static enum err_code decode(char *text, bool plus, struct err *err)
{
	char *out = text;
	const char *in;

	for (in = text; *in != '\0'; in++) {
		if (*in == '+' && plus) {
			*out++ = ' ';
		} else if (*in != '%') {
			*out++ = *in;
		} else if (digit(in[1]) < 0 || digit(in[2]) < 0) {
			return err_set(err, ERR_FORMAT, "a '%%' that two hex digits do not follow");
		} else {
			*out = (char)(digit(in[1]) << 4 | digit(in[2]));
			if (*out++ == '\0')
				return err_set(err, ERR_FORMAT, "a %%00 in path or query");
			in += 2;
		}
	}
	*out = '\0';
	return ERR_OK;
}

static enum err_code check_text(const char *text, struct err *err)
{
	size_t len;

	for (; *text != '\0'; text += len) {
		len = text_utf8_len(text);
		if (len == 0)
			return err_set(err, ERR_FORMAT, "path or query is no UTF-8");
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return err_set(err, ERR_FORMAT, "a control character in path or query");
	}
	return ERR_OK;
}

/* No path is ever one of a file here; whoever tries that is told at once. */
static enum err_code check_path(const char *path, struct err *err)
{
	const char *part, *end;

	if (*path != '/')
		return err_set(err, ERR_FORMAT, "a path that does not begin with /");
	for (part = path; *part != '\0'; part = end) {
		size_t len;

		part += *part == '/';
		end = strchrnul(part, '/');
		len = (size_t)(end - part);
		if ((len == 1 && *part == '.') || (len == 2 && strncmp(part, "..", 2) == 0))
			return err_set(err, ERR_FORMAT, "a path with \".\" or \"..\" in it");
	}
	return ERR_OK;
}

static enum err_code add_parameter(struct serve_parsed *p, char *text, struct err *err)
{
	struct serve_field *field = &p->query[p->request.query_len];
	char *value = strchr(text, '=');
	enum err_code code;

	if (*text == '\0')
		return ERR_OK;
	if (p->request.query_len == LIMIT_SERVE_FIELDS)
		return err_set(err, ERR_LIMIT, "more than %d query parameters", LIMIT_SERVE_FIELDS);
	if (value != NULL)
		*value++ = '\0';
	code = decode(text, true, err);
	if (code == ERR_OK && value != NULL)
		code = decode(value, true, err);
	if (code == ERR_OK)
		code = check_text(text, err);
	if (code == ERR_OK && value != NULL)
		code = check_text(value, err);
	*field = (struct serve_field){ .name = text, .value = value != NULL ? value : "" };
	p->request.query_len++;
	return code;
}

static enum err_code read_query(struct serve_parsed *p, char *query, struct err *err)
{
	enum err_code code = str_copy(query, &p->query_text, err);
	char *part, *rest = query;

	while (code == ERR_OK && (part = strsep(&rest, "&")) != NULL)
		code = add_parameter(p, part, err);
	return code;
}

/* A proxy's way to ask: http://host/path. */
static const char *without_host(const char *uri)
{
	const char *host = strncasecmp(uri, "http://", 7) == 0    ? uri + 7
			   : strncasecmp(uri, "https://", 8) == 0 ? uri + 8
								  : NULL;

	if (host == NULL)
		return uri;
	host += strcspn(host, "/?#");
	return *host == '/' ? host : "/";
}

static enum err_code parse(struct serve_parsed *p, const char *uri, struct err *err)
{
	char *query;
	enum err_code code;

	if (strlen(uri) > LIMIT_SERVE_URL_BYTES)
		return err_set(err, ERR_LIMIT, "path and query have more than %d bytes", (int)LIMIT_SERVE_URL_BYTES);
	code = str_copy(without_host(uri), &p->text, err);
	if (code != ERR_OK)
		return code;
	query = strchr(p->text, '?');
	if (query != NULL) {
		*query++ = '\0';
		code = read_query(p, query, err);
	}
	if (code == ERR_OK)
		code = decode(p->text, false, err);
	if (code == ERR_OK)
		code = check_text(p->text, err);
	return code == ERR_OK ? check_path(p->text, err) : code;
}

enum err_code serve_parse(const char *method, const char *uri, struct serve_parsed *ret_parsed, struct err *err)
{
	struct serve_parsed *p = ret_parsed;
	enum err_code code;

	*p = (struct serve_parsed){ .text = NULL };
	p->request.method = strcmp(method, "GET") == 0    ? SERVE_GET
			    : strcmp(method, "HEAD") == 0 ? SERVE_HEAD
							  : SERVE_OTHER;
	p->request.method_text = method;
	code = parse(p, uri, err);
	if (code != ERR_OK) {
		serve_parsed_release(p);
		return code;
	}
	p->request.path = p->text;
	p->request.query = p->query;
	p->request.query_text = p->query_text != NULL ? p->query_text : "";
	return ERR_OK;
}

void serve_parsed_release(struct serve_parsed *p)
{
	free(p->text);
	free(p->query_text);
	*p = (struct serve_parsed){ .text = NULL };
}
