#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/http.h"
#include "common/limits.h"

/* libcurl reads the URL, as it does when it goes there: 0x7f.1 is 127.0.0.1 to both. */
static CURLUcode read_host(CURLU *u, const char *url, char *out, size_t out_size)
{
	char *scheme = NULL, *host = NULL, *user = NULL;
	CURLUcode code = curl_url_set(u, CURLUPART_URL, url, 0);
	size_t len, skip, i;

	if (code == CURLUE_OK)
		code = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
	if (code == CURLUE_OK)
		code = curl_url_get(u, CURLUPART_HOST, &host, 0);
	if (code == CURLUE_OK && curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_NO_USER)
		code = user != NULL ? CURLUE_BAD_USER : CURLUE_OUT_OF_MEMORY;
	len = code == CURLUE_OK ? strlen(host) : 0;
	skip = len > 0 && host[0] == '[';
	if (code == CURLUE_OK && ((strcasecmp(scheme, "http") != 0 && strcasecmp(scheme, "https") != 0) ||
				  len <= 2 * skip || len - 2 * skip >= out_size))
		code = CURLUE_BAD_HOSTNAME;
	for (i = 0; code == CURLUE_OK && i < len - 2 * skip; i++)
		out[i] = host[skip + i] >= 'A' && host[skip + i] <= 'Z' ? (char)(host[skip + i] + 32) : host[skip + i];
	if (code == CURLUE_OK)
		out[i] = '\0';
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	return code;
}

static enum err_code refuse(CURLUcode why, const char *url, struct err *err)
{
	if (why == CURLUE_OUT_OF_MEMORY)
		return err_nomem(err);
	return err_set(err, ERR_FORMAT, "%.200s is no http or https URL without a user in it", url);
}

enum err_code http_url_host(const char *url, char *out, size_t out_size, struct err *err)
{
	CURLU *u = curl_url();
	CURLUcode code = u != NULL ? read_host(u, url, out, out_size) : CURLUE_OUT_OF_MEMORY;

	curl_url_cleanup(u);
	return code == CURLUE_OK ? ERR_OK : refuse(code, url, err);
}

/* The port that a URL leads to, 0 for the one that its scheme has anyhow. */
static enum err_code read_port(const char *url, unsigned *ret_port, struct err *err)
{
	CURLU *u = curl_url();
	char *port = NULL, *shown = NULL;
	CURLUcode code = u != NULL ? curl_url_set(u, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY, known;

	if (code == CURLUE_OK)
		code = curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	known = code == CURLUE_OK ? curl_url_get(u, CURLUPART_PORT, &shown, CURLU_NO_DEFAULT_PORT) : code;
	if (known == CURLUE_OUT_OF_MEMORY)
		code = known;
	if (code == CURLUE_OK)
		*ret_port = known == CURLUE_OK ? (unsigned)strtoul(port, NULL, 10) : 0;
	curl_free(port);
	curl_free(shown);
	curl_url_cleanup(u);
	return code == CURLUE_OK ? ERR_OK : refuse(code, url, err);
}

enum err_code http_url_same_host(const char *url, const char *other, bool *ret_same, struct err *err)
{
	char one[LIMIT_TEXT_BYTES], two[LIMIT_TEXT_BYTES];
	unsigned one_port = 0, two_port = 0;
	enum err_code code = http_url_host(url, one, sizeof(one), err);

	if (code == ERR_OK)
		code = http_url_host(other, two, sizeof(two), err);
	if (code == ERR_OK)
		code = read_port(url, &one_port, err);
	if (code == ERR_OK)
		code = read_port(other, &two_port, err);
	if (code == ERR_NOMEM)
		return code;
	*ret_same = code == ERR_OK && strcmp(one, two) == 0 && one_port == two_port;
	return ERR_OK;
}
