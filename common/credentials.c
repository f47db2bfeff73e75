#include "common/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/file.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"

#define HUB_KEY "https://index.docker.io/v1/"

static enum err_code config_path(char **ret_path, struct err *err)
{
	const char *folder = getenv("DOCKER_CONFIG"), *home = getenv("HOME");

	if (folder != NULL && *folder != '\0')
		return str_format(ret_path, err, "%s/config.json", folder);
	if (home != NULL && *home != '\0')
		return str_format(ret_path, err, "%s/.docker/config.json", home);
	return ERR_OK;
}

/* "auth" is base64 of user:password; some tools pad it with NULs. */
static enum err_code split_auth(const char *auth, struct credentials *ret_credentials, struct err *err)
{
	struct buf plain;
	enum err_code code;
	char *colon;

	buf_init(&plain, LIMIT_TEXT_BYTES);
	code = base64_decode(auth, &plain, err);
	colon = code == ERR_OK ? strchr(buf_text(&plain), ':') : NULL;
	if (code == ERR_OK && colon == NULL)
		code = err_set(err, ERR_FORMAT, "\"auth\" does not hold user:password");
	if (code == ERR_OK) {
		*colon = '\0';
		code = str_copy(plain.data, &ret_credentials->user, err);
	}
	if (code == ERR_OK)
		code = str_copy(colon + 1, &ret_credentials->password, err);
	if (plain.data != NULL)
		explicit_bzero(plain.data, plain.cap);
	buf_release(&plain);
	return code;
}

static enum err_code find_in(const struct json_t *config, const char *host, struct credentials *ret_credentials,
			     struct err *err)
{
	const struct json_t *auths = js_object(config, "auths");
	const struct json_t *entry = js_object(auths, strcmp(host, "docker.io") == 0 ? HUB_KEY : host);
	const char *auth;

	if (entry == NULL)
		return ERR_OK;
	auth = js_string(entry, "auth");
	if (auth != NULL && *auth != '\0')
		return split_auth(auth, ret_credentials, err);
	if (js_string(entry, "username") == NULL)
		return ERR_OK;
	if (str_copy(js_string(entry, "username"), &ret_credentials->user, err) != ERR_OK)
		return ERR_NOMEM;
	return str_copy(js_string(entry, "password"), &ret_credentials->password, err);
}

enum err_code credentials_find(const char *host, struct credentials *ret_credentials, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(js_free_ptr) struct json_t *config = NULL;
	CLEANUP(buf_release) struct buf text;
	struct credentials found = { 0 };
	enum err_code code = config_path(&path, err);

	buf_init(&text, LIMIT_ANSWER_BYTES);
	if (code == ERR_OK)
		code = path != NULL ? file_read(path, &text, err) : ERR_NOT_FOUND;
	if (code == ERR_NOT_FOUND) {
		*ret_credentials = found;
		return ERR_OK;
	}
	if (code == ERR_OK)
		code = js_read(buf_text(&text), text.len, path, &config, err);
	if (code == ERR_OK && find_in(config, host, &found, err) != ERR_OK)
		code = err_add(err, "%s: entry of %s", path, host);
	if (text.data != NULL)
		explicit_bzero(text.data, text.cap);
	if (code == ERR_OK)
		*ret_credentials = found;
	else
		credentials_release(&found);
	return code;
}

enum err_code credentials_basic(const struct credentials *c, char **ret_header, struct err *err)
{
	struct buf plain, header;
	enum err_code code;

	buf_init(&plain, (uint64_t)2 * LIMIT_TEXT_BYTES);
	buf_init(&header, (uint64_t)4 * LIMIT_TEXT_BYTES);
	code = buf_printf(&plain, err, "%s:%s", c->user, c->password != NULL ? c->password : "");
	if (code == ERR_OK)
		code = buf_puts(&header, "Basic ", err);
	if (code == ERR_OK)
		code = base64_encode(buf_text(&plain), plain.len, &header, err);
	if (plain.data != NULL)
		explicit_bzero(plain.data, plain.cap);
	buf_release(&plain);
	if (code == ERR_OK)
		*ret_header = take_ptr(&header.data);
	buf_release(&header);
	return code;
}

static void wipe(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(take_ptr(text));
}

void credentials_release(struct credentials *c)
{
	wipe(&c->user);
	wipe(&c->password);
}
