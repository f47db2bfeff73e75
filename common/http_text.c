/* Headers and URLs as text. */
#include "common/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

const char *http_header(const struct http_call *call, const char *name, unsigned nth, char *out, size_t out_size)
{
	const char *line = buf_text(&call->headers), *end;
	size_t name_len = strlen(name), len;

	for (; *line != '\0'; line = end + strspn(end, "\r\n")) {
		end = line + strcspn(line, "\r\n");
		if (strncasecmp(line, name, name_len) != 0 || line[name_len] != ':' || nth-- > 0)
			continue;
		line += name_len + 1;
		line += strspn(line, " \t");
		len = (size_t)(end - line);
		while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
			len--; /* RFC 9110 section 5.5 */
		len = len < out_size ? len : out_size - 1;
		memcpy(out, line, len);
		out[len] = '\0';
		return out;
	}
	return NULL;
}

enum err_code http_resolve_url(const char *base, const char *url, char *out, size_t out_size, struct err *err)
{
	CURLU *u = curl_url();
	char *whole = NULL;
	enum err_code code = ERR_OK;

	if (u == NULL)
		return err_nomem(err);
	if (curl_url_set(u, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_URL, &whole, 0) != CURLUE_OK)
		code = err_set(err, ERR_FORMAT, "%s: answered with a link that is no URL", base);
	else if ((size_t)snprintf(out, out_size, "%s", whole) >= out_size)
		code = err_set(err, ERR_LIMIT, "%s: answered with a link of more than %zu bytes", base, out_size - 1);
	curl_free(whole);
	curl_url_cleanup(u);
	return code;
}

enum err_code http_escape(const char *text, struct buf *out, struct err *err)
{
	char *escaped = curl_easy_escape(NULL, text, 0);
	enum err_code code = escaped != NULL ? buf_puts(out, escaped, err) : err_nomem(err);

	curl_free(escaped);
	return code;
}

const char *http_tried(const struct http_call *call, char out[HTTP_TRIED_MAX])
{
	if (call->retry.tries > 1)
		snprintf(out, HTTP_TRIED_MAX, "; tried %u times", call->retry.tries);
	else
		out[0] = '\0';
	return out;
}
