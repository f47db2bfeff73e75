#include "common/auth_file.h"

#include <string.h>
#include <strings.h>

#include "common/base64.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"

#define HUB "docker.io"
#define HUB_KEY "https://index.docker.io/v1/"

static bool is_hub(const char *host)
{
	return strcasecmp(host, HUB) == 0 || strcasecmp(host, "index.docker.io") == 0 ||
	       strcasecmp(host, "registry-1.docker.io") == 0;
}

bool auth_file_same_host(const char *one, const char *other)
{
	return strcasecmp(one, other) == 0 || (is_hub(one) && is_hub(other));
}

const char *auth_file_server(const char *host)
{
	return is_hub(host) ? HUB_KEY : host;
}

/* "auth" is base64 of user:password; some tools pad it with NULs. */
static enum err_code split_auth(const char *auth, struct credentials *c, struct err *err)
{
	CLEANUP(buf_wipe) struct buf plain;
	enum err_code code;
	char *colon;

	buf_init(&plain, LIMIT_SECRET_BYTES);
	code = base64_decode(auth, &plain, err);
	if (code != ERR_OK)
		return err_add(err, "\"auth\"");
	while (plain.len > 0 && plain.data[plain.len - 1] == '\0')
		plain.len--;
	colon = plain.len > 0 ? memchr(plain.data, ':', plain.len) : NULL;
	if (colon == NULL || memchr(plain.data, '\0', plain.len) != NULL)
		return err_set(err, ERR_FORMAT, "\"auth\" does not hold user:password");
	*colon = '\0';
	code = str_copy(plain.data, &c->user, err);
	return code == ERR_OK ? str_copy(colon + 1, &c->password, err) : code;
}

static enum err_code read_entry(const struct json_t *entry, struct credentials *c, struct err *err)
{
	const char *auth = js_string(entry, "auth"), *user = js_string(entry, "username");
	const char *identity_token = js_string(entry, "identitytoken");
	enum err_code code = ERR_OK;

	if (identity_token != NULL && *identity_token != '\0')
		code = str_copy(identity_token, &c->identity_token, err);
	if (code == ERR_OK && auth != NULL && *auth != '\0')
		return split_auth(auth, c, err);
	if (code == ERR_OK && user != NULL && *user != '\0') {
		code = str_copy(user, &c->user, err);
		if (code == ERR_OK)
			code = str_copy(js_string(entry, "password"), &c->password, err);
	}
	return code;
}

/* Sets *c where the key has an entry that holds something. */
static enum err_code try_key(const struct json_t *auths, const char *key, struct credentials *c, struct err *err)
{
	const struct json_t *entry = js_object(auths, key);
	enum err_code code = entry != NULL ? read_entry(entry, c, err) : ERR_OK;

	if (code == ERR_OK)
		return ERR_OK;
	credentials_release(c);
	return err_add(err, "entry of %s", key);
}

/* host/a/b, host/a */
static enum err_code try_paths(const struct json_t *auths, const char *host, const char *path, struct credentials *c,
			       struct err *err)
{
	CLEANUP(free_ptr) char *key = NULL;
	enum err_code code = str_format(&key, err, "%s/%s", host, path);
	size_t host_len = strlen(host);
	char *slash;

	while (code == ERR_OK && !credentials_given(c) && strlen(key) > host_len) {
		code = try_key(auths, key, c, err);
		slash = strrchr(key, '/');
		*slash = '\0';
	}
	return code;
}

/* A key that is a URL stands for its host; one with a path stands for that path only.  Returns out, NULL for a path. */
static const char *host_of_key(const char *key, char out[REFERENCE_NAME_MAX + 1])
{
	size_t scheme = strncasecmp(key, "https://", 8) == 0 ? 8 : strncasecmp(key, "http://", 7) == 0 ? 7 : 0;
	size_t len = strcspn(key + scheme, "/");

	if (len > REFERENCE_NAME_MAX || (scheme == 0 && key[len] != '\0'))
		return NULL;
	memcpy(out, key + scheme, len);
	out[len] = '\0';
	return out;
}

/* The first key in the object that leads to this host, NULL if there is none. */
static const char *key_of_host(const struct json_t *object, const char *host, const char *after)
{
	const char *key;
	char name[REFERENCE_NAME_MAX + 1];

	for (key = js_next(object, after); key != NULL; key = js_next(object, key)) {
		if (host_of_key(key, name) != NULL && auth_file_same_host(name, host))
			return key;
	}
	return NULL;
}

enum err_code auth_file_find(const struct json_t *config, const char *host, const char *path,
			     struct credentials *ret_credentials, struct err *err)
{
	const struct json_t *auths = js_object(config, "auths");
	struct credentials found = { 0 };
	enum err_code code = try_paths(auths, host, path, &found, err);
	const char *key = NULL;

	if (code == ERR_OK && !credentials_given(&found))
		code = try_key(auths, auth_file_server(host), &found, err);
	while (code == ERR_OK && !credentials_given(&found) && (key = key_of_host(auths, host, key)) != NULL)
		code = try_key(auths, key, &found, err);
	if (code == ERR_OK)
		*ret_credentials = found;
	return code;
}

const char *auth_file_helper(const struct json_t *config, const char *host, unsigned nth)
{
	const struct json_t *helpers = js_object(config, "credHelpers");
	const char *name = NULL, *key;

	if (nth > 0)
		name = js_string(config, "credsStore");
	else if ((name = js_string(helpers, auth_file_server(host))) == NULL &&
		 (key = key_of_host(helpers, host, NULL)) != NULL)
		name = js_string(helpers, key);
	return name != NULL && *name != '\0' ? name : NULL;
}
