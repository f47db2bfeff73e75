#include "common/repository.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/js.h"
#include "common/mem.h"

enum err_code repository_url(const struct place *place, const char *kind, const char *which, char **ret_url,
			     struct err *err)
{
	const struct endpoint *e = place->endpoint;

	return str_format(ret_url, err, "%s/%s/%s/%s%s%s", e->root, e->path, kind, which,
			  e->query == NULL             ? ""
			  : strchr(which, '?') == NULL ? "?"
						       : "&",
			  e->query != NULL ? e->query : "");
}

/* {"errors":[{"code":…,"message":…}]} */
static const struct json_t *first_error(const struct json_t *json)
{
	return js_at(js_array(json, "errors"), 0);
}

/* distribution says "unknown error" of a full disk, and the system's own number for it in what goes with that. */
static const char *cause_of(const struct json_t *error)
{
	uint64_t number;

	if (!js_uint(js_get(js_get(error, "detail"), "Enclosed"), "Err", &number) || number == 0 || number > INT_MAX)
		return NULL;
	return strerrordesc_np((int)number);
}

static enum err_code code_of(int status)
{
	if (status == 401 || status == 403)
		return ERR_DENIED;
	if (status == 404)
		return ERR_NOT_FOUND;
	return status == 408 || status == 429 || status >= 500 ? ERR_NETWORK : ERR_REFUSED;
}

/* How servers answer who speaks to them without TLS: those of Go, and nginx. */
static bool wants_tls(const struct request *r, int status, const char *body)
{
	return status == 400 && strncmp(r->url, "http:", 5) == 0 && strcasestr(body, " HTTP request ") != NULL &&
	       strstr(body, "HTTPS") != NULL;
}

static bool takes_content(const struct request *r)
{
	return r->method != NULL && (strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0);
}

/* "" or " (…)", into out. */
static const char *advice_of(const struct request *r, int status, const char *body, char out[WALLET_ADVICE_MAX + 3])
{
	char advice[WALLET_ADVICE_MAX];

	if (r->foreign)
		return "";
	if (wants_tls(r, status, body))
		return " (it speaks TLS: leave --plain-http out; on loopback, put its CA's certificate into certs.d)";
	if (status == 401 || status == 403) {
		snprintf(out, WALLET_ADVICE_MAX + 3, " (%s)", access_advice(r->access, advice));
		return out;
	}
	if (status == 429)
		return " (too many requests: wait, then run again)";
	if (status == 405 && takes_content(r))
		return " (it takes no uploads: it is read-only, or a cache of another registry)";
	return status >= 500 ? " (the registry's fault: run again later)" : "";
}

enum err_code repository_refused(const struct request *r, const char *body, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	int status = r->call.status;
	char tried[HTTP_TRIED_MAX], advice[WALLET_ADVICE_MAX + 3];
	const char *why, *cause;

	if (r->foreign) /* such a host may repeat the URL, whose query is a secret of the registry's */
		body = "";
	js_read(body, strlen(body), "error", &json, NULL);
	why = js_string(first_error(json), "message");
	if (why == NULL)
		why = js_string(first_error(json), "code");
	cause = cause_of(first_error(json));
	return err_set(err, code_of(status), "%s %s: %s answered %d%s%.200s%s%s%s%s",
		       r->method != NULL ? r->method : "GET", r->label != NULL ? r->label : r->url,
		       r->foreign ? "the storage that the registry named" : "the registry", status,
		       why != NULL ? ": " : "", why != NULL ? why : "", cause != NULL ? ": " : "",
		       cause != NULL ? cause : "", http_tried(&r->call, tried), advice_of(r, status, body, advice));
}

enum err_code repository_digest(const struct request *r, const void *bytes, size_t len, struct digest *ret_digest,
				struct err *err)
{
	char said[DIGEST_TEXT_SIZE + 1]; /* one more, so that a longer one is not cut into a digest */
	struct digest want;
	enum err_code code = ERR_OK;

	if (http_header(&r->call, "Docker-Content-Digest", 0, said, sizeof(said)) != NULL &&
	    digest_parse(said, &want, NULL) == ERR_OK)
		code = digest_check(bytes, len, &want, len, err);
	if (code == ERR_OK)
		code = digest_of(bytes, len, NULL, ret_digest, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", r->url);
}

bool repository_error_is(const char *body, const char *code)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *said;

	if (js_read(body, strlen(body), "error", &json, NULL) != ERR_OK)
		return false;
	said = js_string(first_error(json), "code");
	return said != NULL && strcmp(said, code) == 0;
}
