/* The part of http.h about proxies: those of the environment, and what they say. */
#include <stdlib.h>
#include <string.h>

#include "common/http_private.h"
#include "common/mem.h"
#include "common/text.h"

#define HOST_MAX 256

/* What the environment says, and loopback: a setting for the world outside must not send what is here there. */
enum err_code http_proxy_set(struct http *h, struct err *err)
{
	const char *hosts = getenv("no_proxy");

	if (hosts == NULL)
		hosts = getenv("NO_PROXY");
	if (hosts != NULL && strcmp(hosts, "*") == 0)
		return str_copy(hosts, &h->no_proxy, err);
	return str_format(&h->no_proxy, err, "%s%slocalhost,127.0.0.1,127.0.0.0/8,::1", hosts != NULL ? hosts : "",
			  hosts != NULL ? "," : "");
}

/* A proxy that would not let us through: that is an answer too, though it comes as a broken connection. */
bool http_proxy_refused(const struct http_call *call)
{
	long status = 0;

	curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status >= 300 && !retry_status((int)status);
}

/* A proxy of the environment's that is none: no host was asked.  curl says so with all of the setting, its password
 * too. */
bool http_proxy_is_none(const struct http_call *call)
{
	return text_starts(call->trial->reason, "Unsupported proxy");
}

/* What could not be connected to is not the host that was asked for: curl names the proxy, and not what it is. */
static bool is_of_proxy(const struct http_call *call)
{
	static const char said[] = "Failed to connect to ";
	const char *name = call->trial->reason + strlen(said);
	char host[HOST_MAX];
	long redirects = 0;
	size_t len;

	curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_COUNT, &redirects);
	if (redirects > 0 || call->moves > 0 || call->http->unix_socket != NULL ||
	    !text_starts(call->trial->reason, said) || http_url_host(call->url, host, sizeof(host), NULL) != ERR_OK)
		return false;
	len = strlen(host);
	return strncasecmp(name, host, len) != 0 || name[len] != ' ';
}

const char *http_proxy_advice(const struct http_call *call, CURLcode result)
{
	if (result == CURLE_COULDNT_RESOLVE_PROXY || (result == CURLE_COULDNT_CONNECT && is_of_proxy(call)))
		return " (that is the proxy of the environment: see https_proxy, http_proxy and all_proxy)";
	return "";
}
