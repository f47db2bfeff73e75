#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/http.h"
#include "common/limits.h"

/* libcurl reads the URL, as it does when it goes there: 0x7f.1 is 127.0.0.1 to both. */
static bool read_host(CURLU *u, const char *url, char *out, size_t out_size)
{
	char *scheme = NULL, *host = NULL, *user = NULL;
	bool fits = curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_OK;
	size_t len = fits ? strlen(host) : 0, skip = len > 0 && host[0] == '[', i;

	fits = fits && (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
	fits = fits && len > 2 * skip && len - 2 * skip < out_size;
	for (i = 0; fits && i < len - 2 * skip; i++)
		out[i] = host[skip + i] >= 'A' && host[skip + i] <= 'Z' ? (char)(host[skip + i] + 32) : host[skip + i];
	if (fits)
		out[i] = '\0';
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	return fits;
}

enum err_code http_url_host(const char *url, char *out, size_t out_size, struct err *err)
{
	CURLU *u = curl_url();
	enum err_code code = ERR_OK;

	if (u == NULL)
		return err_nomem(err);
	if (!read_host(u, url, out, out_size))
		code = err_set(err, ERR_FORMAT, "%.200s is no http or https URL without a user in it", url);
	curl_url_cleanup(u);
	return code;
}

/* The port that a URL leads to, 0 for the one that its scheme has anyhow. */
static bool read_port(const char *url, unsigned *ret_port)
{
	CURLU *u = curl_url();
	char *port = NULL, *shown = NULL;
	bool fits = u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;

	if (fits && curl_url_get(u, CURLUPART_PORT, &shown, CURLU_NO_DEFAULT_PORT) != CURLUE_OK)
		*ret_port = 0;
	else if (fits)
		*ret_port = (unsigned)strtoul(port, NULL, 10);
	curl_free(port);
	curl_free(shown);
	curl_url_cleanup(u);
	return fits;
}

bool http_url_same_host(const char *url, const char *other)
{
	char one[LIMIT_TEXT_BYTES], two[LIMIT_TEXT_BYTES];
	unsigned one_port, two_port;

	return http_url_host(url, one, sizeof(one), NULL) == ERR_OK &&
	       http_url_host(other, two, sizeof(two), NULL) == ERR_OK && strcmp(one, two) == 0 &&
	       read_port(url, &one_port) && read_port(other, &two_port) && one_port == two_port;
}
