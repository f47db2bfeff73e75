#include "common/token.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/address.h"
#include "common/http.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define CLIENT_ID "bundle"
#define LIFETIME_DEFAULT 60 /* seconds, says the specification */
#define LIFETIME_MAX 86400
#define HOST_MAX 256

enum err_code token_check_realm(const char *base, const char *host, const char *realm, struct err *err)
{
	char registry[HOST_MAX], service[HOST_MAX];
	enum address_kind kind;
	enum err_code code = http_url_host(base, registry, sizeof(registry), err);

	if (code != ERR_OK)
		return code;
	code = http_url_host(realm, service, sizeof(service), err);
	if (code != ERR_OK) {
		err_add(err, "%s: sends its users to a token service", host);
		return code == ERR_NOMEM ? code : err_recode(err, ERR_DENIED);
	}
	if (text_starts(base, "https:") && strncasecmp(realm, "https:", 6) != 0)
		return err_set(err, ERR_DENIED, "%s: sends its users to a token service without TLS (%.200s): refused",
			       host, realm);
	kind = address_kind_of(service);
	if (kind == ADDRESS_NAME || kind == ADDRESS_PUBLIC || strcmp(registry, service) == 0)
		return ERR_OK;
	if (kind == ADDRESS_LOOPBACK && address_kind_of(registry) == ADDRESS_LOOPBACK)
		return ERR_OK;
	return err_set(err, ERR_DENIED, "%s: sends its users to a token service at a private address (%.200s): refused",
		       host, realm);
}

static bool is_action(const char *text, size_t len, const char *action)
{
	return strlen(action) == len && memcmp(text, action, len) == 0;
}

/* "repository:a/b:pull,push" */
static bool covers(const char *scope, size_t len, const char *resource, bool writes)
{
	size_t resource_len = strlen(resource), action_len;
	bool pull = false, push = !writes;
	const char *at;

	if (len <= resource_len || memcmp(scope, resource, resource_len) != 0)
		return false;
	for (at = scope + resource_len; at < scope + len; at += action_len + 1) {
		action_len = strcspn(at, ", ");
		pull |= is_action(at, action_len, "pull") || is_action(at, action_len, "*");
		push |= is_action(at, action_len, "push") || is_action(at, action_len, "*");
	}
	return pull && push;
}

enum err_code token_scope(const char *missing, const char *repository, bool writes, struct buf *out, struct err *err)
{
	CLEANUP(free_ptr) char *resource = NULL;
	enum err_code code = str_format(&resource, err, "repository:%s:", repository);
	bool covered = *repository == '\0'; /* no repository is meant, but the registry */
	size_t len;

	for (missing += strspn(missing, " "); code == ERR_OK && *missing != '\0'; missing += strspn(missing, " ")) {
		len = strcspn(missing, " ");
		covered = covered || covers(missing, len, resource, writes);
		code = buf_printf(out, err, "%s%.*s", out->len > 0 ? " " : "", (int)len, missing);
		missing += len;
	}
	if (code == ERR_OK && !covered)
		code = buf_printf(out, err, "%s%s%s", out->len > 0 ? " " : "", resource, writes ? "pull,push" : "pull");
	return code;
}

enum token_way token_first_way(const struct credentials *c)
{
	return c->identity_token != NULL ? TOKEN_IDENTITY : TOKEN_GET;
}

/* Services that know no POST say so in many ways: 404, 405, ACR 400, Artifactory 401.  One that knows no GET is as
 * plain, but a 401 is a refused password there, and a second try might lock the user out. */
bool token_other_way(enum token_way way, int status, const struct credentials *c, enum token_way *ret_way)
{
	bool unknown = status == 400 || status == 404 || status == 405;

	if (way == TOKEN_IDENTITY && (unknown || status == 401)) {
		*ret_way = TOKEN_GET;
		return true;
	}
	if (way == TOKEN_GET && unknown && c->identity_token == NULL && c->user != NULL) {
		*ret_way = TOKEN_PASSWORD;
		return true;
	}
	return false;
}

static enum err_code put_pair(struct buf *out, const char *key, const char *value, struct err *err)
{
	enum err_code code = buf_printf(out, err, "%s=", key);

	return code == ERR_OK && *value != '\0' ? http_escape(value, out, err) : code;
}

/* Each scope in a parameter of its own. */
static enum err_code put_scopes(struct buf *out, const char *scope, struct err *err)
{
	CLEANUP(free_ptr) char *copy = NULL;
	enum err_code code = str_copy(scope, &copy, err);
	char *rest = copy, *one;

	while (code == ERR_OK && (one = strsep(&rest, " ")) != NULL)
		code = put_pair(out, "&scope", one, err);
	return code;
}

enum err_code token_url(const struct token_ask *ask, struct buf *out, struct err *err)
{
	const char *user = ask->credentials->user;
	enum err_code code = buf_printf(out, err, "%s%c", ask->realm, strchr(ask->realm, '?') != NULL ? '&' : '?');

	if (code == ERR_OK)
		code = put_pair(out, "service", ask->service, err);
	if (code == ERR_OK && user != NULL)
		code = put_pair(out, "&account", user, err);
	return code == ERR_OK ? put_scopes(out, ask->scope, err) : code;
}

enum err_code token_form(const struct token_ask *ask, enum token_way way, struct buf *out, struct err *err)
{
	const struct credentials *c = ask->credentials;
	enum err_code code = put_pair(out, "grant_type", way == TOKEN_IDENTITY ? "refresh_token" : "password", err);

	if (code == ERR_OK)
		code = put_pair(out, "&service", ask->service, err);
	if (code == ERR_OK)
		code = put_pair(out, "&client_id", CLIENT_ID, err);
	if (code == ERR_OK)
		code = put_pair(out, "&scope", ask->scope, err);
	if (code == ERR_OK && way == TOKEN_IDENTITY)
		return put_pair(out, "&refresh_token", c->identity_token, err);
	if (code == ERR_OK)
		code = put_pair(out, "&username", c->user, err);
	return code == ERR_OK ? put_pair(out, "&password", c->password != NULL ? c->password : "", err) : code;
}

/* RFC 9110 section 5.6.7, the form that servers send. */
static bool read_http_date(const char *text, time_t *ret_time)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	*ret_time = timegm(&tm);
	return end != NULL && *end == '\0';
}

/* RFC 3339: "2026-11-25T18:00:00.123456789+01:00". */
static bool read_timestamp(const char *text, time_t *ret_time)
{
	struct tm tm = { 0 }, offset = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t seconds;

	if (end == NULL)
		return false;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	*ret_time = timegm(&tm);
	if (strcmp(end, "Z") == 0)
		return true;
	if (*end != '+' && *end != '-')
		return false;
	seconds = *end == '-' ? -60 : 60;
	end = strptime(end + 1, "%H:%M", &offset);
	*ret_time -= seconds * (offset.tm_hour * 60 + offset.tm_min);
	return end != NULL && *end == '\0';
}

/* How old the token was when it came.  Both times are of the service's clock, whatever ours says. */
static uint64_t age_of(const struct json_t *json, const char *date)
{
	const char *issued = js_string(json, "issued_at");
	time_t from, to;

	if (issued == NULL || date == NULL || !read_timestamp(issued, &from) || !read_http_date(date, &to))
		return 0;
	return to > from ? (uint64_t)(to - from) : 0;
}

/* What may stand in a header. */
static bool is_token(const char *text)
{
	for (; *text > ' ' && *text < 0x7f; text++)
		;
	return *text == '\0';
}

enum err_code token_read(const char *bytes, size_t len, const char *date, struct token_answer *ret_answer,
			 struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = js_read_secret(bytes, len, "answer of the token service", &json, err);
	uint64_t lifetime = LIFETIME_DEFAULT, age;
	const char *token;

	if (code != ERR_OK)
		return code;
	token = js_string(json, "token");
	if (token == NULL || *token == '\0')
		token = js_string(json, "access_token");
	if (token == NULL || *token == '\0' || !is_token(token))
		return err_set(err, ERR_FORMAT, "the token service answered without a token");
	js_uint(json, "expires_in", &lifetime);
	age = age_of(json, date);
	lifetime = lifetime < LIFETIME_MAX ? lifetime : LIFETIME_MAX;
	ret_answer->lifetime_seconds = lifetime > age ? (unsigned)(lifetime - age) : 0;
	return str_copy(token, &ret_answer->token, err);
}
