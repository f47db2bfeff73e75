#include "common/wallet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/auth_file.h"
#include "common/credential_helper.h"
#include "common/file.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"

/* What a helper has said. */
struct answer {
	char *helper, *server; /* owned */
	struct credentials credentials;
};

struct wallet {
	const struct login *login;
	struct answer *answers; /* owned */
	size_t answers_len, answers_cap;
};

static void answer_release(struct answer *a)
{
	free(a->helper);
	free(a->server);
	credentials_release(&a->credentials);
}

enum err_code wallet_new(const struct login *login, struct wallet **ret_wallet, struct err *err)
{
	struct wallet *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return err_nomem(err);
	w->login = login;
	*ret_wallet = w;
	return ERR_OK;
}

void wallet_free(struct wallet *w)
{
	size_t i;

	if (w == NULL)
		return;
	for (i = 0; i < w->answers_len; i++)
		answer_release(&w->answers[i]);
	free(w->answers);
	free(w);
}

static enum err_code add_answer(struct wallet *w, const char *helper, const char *server, struct err *err)
{
	struct answer a = { 0 };
	enum err_code code =
		vec_grow(&w->answers, &w->answers_cap, w->answers_len + 1, sizeof(*w->answers), LIMIT_IMAGES, err);

	if (code == ERR_OK)
		code = str_copy(helper, &a.helper, err);
	if (code == ERR_OK)
		code = str_copy(server, &a.server, err);
	if (code == ERR_OK)
		code = credential_helper_get(helper, server, CREDENTIAL_HELPER_LIMIT_MS, &a.credentials, err);
	if (code == ERR_OK)
		w->answers[w->answers_len++] = a;
	else
		answer_release(&a);
	return code;
}

static enum err_code ask_helper(struct wallet *w, const char *helper, const char *server,
				struct credentials *ret_credentials, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i = 0;

	while (i < w->answers_len &&
	       (strcmp(w->answers[i].helper, helper) != 0 || strcmp(w->answers[i].server, server) != 0))
		i++;
	if (i == w->answers_len)
		code = add_answer(w, helper, server, err);
	return code == ERR_OK ? credentials_copy(&w->answers[i].credentials, ret_credentials, err) : code;
}

static enum err_code look_into(struct wallet *w, const struct json_t *config, const char *host, const char *path,
			       struct credentials *c, struct err *err)
{
	enum err_code code = ERR_OK;
	unsigned nth;

	for (nth = 0; code == ERR_OK && !credentials_given(c) && nth < 2; nth++) {
		const char *helper = auth_file_helper(config, host, nth);

		if (helper != NULL)
			code = ask_helper(w, helper, auth_file_server(host), c, err);
	}
	return code == ERR_OK && !credentials_given(c) ? auth_file_find(config, host, path, c, err) : code;
}

static enum err_code look_into_text(struct wallet *w, const char *text, size_t len, const char *name, const char *host,
				    const char *path, struct credentials *c, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *config = NULL;
	enum err_code code = js_read_secret(text, len, name, &config, err);

	if (code == ERR_OK && js_kind(config) != JS_OBJECT)
		return err_set(err, ERR_FORMAT, "%s: is JSON, but no object with \"auths\"", name);
	if (code != ERR_OK)
		return code;
	if (look_into(w, config, host, path, c, err) != ERR_OK)
		return err_add(err, "%s", name);
	return credentials_given(c) && c->origin == NULL ? str_copy(name, &c->origin, err) : ERR_OK;
}

static enum err_code look_into_file(struct wallet *w, const char *file, const char *host, const char *path,
				    struct credentials *c, struct err *err)
{
	CLEANUP(buf_wipe) struct buf text;
	enum err_code code;

	buf_init(&text, LIMIT_ANSWER_BYTES);
	code = file_read(file, &text, err);
	if (code == ERR_OK && text.len == 0) /* made, and never written to: as good as none */
		return err_set(err, ERR_NOT_FOUND, "%s: is empty", file);
	return code == ERR_OK ? look_into_text(w, buf_text(&text), text.len, file, host, path, c, err) : code;
}

static const char *given(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* The usual files, in their order: what a variable names, else what stands below the home folder. */
static const struct {
	const char *variable, *below_it, *below_home;
} places[] = {
	{ "REGISTRY_AUTH_FILE", "", NULL },
	{ "XDG_RUNTIME_DIR", "/containers/auth.json", NULL },
	{ "XDG_CONFIG_HOME", "/containers/auth.json", "/.config/containers/auth.json" },
	{ "DOCKER_CONFIG", "/config.json", "/.docker/config.json" },
};

#define RUNTIME_PLACE 1

/* Where podman login writes without $XDG_RUNTIME_DIR.  The folder may be closed to this user: then it is not theirs. */
static enum err_code runtime_path(char **ret_path, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = str_format(&path, err, "/run/containers/%u/auth.json", (unsigned)getuid());

	if (code == ERR_OK && access(path, R_OK) == 0)
		*ret_path = take_ptr(&path);
	return code;
}

/* *ret_path stays NULL where a place is none on this machine. */
static enum err_code place_path(size_t nth, char **ret_path, struct err *err)
{
	const char *folder = given(places[nth].variable), *home = given("HOME");

	if (folder != NULL)
		return str_format(ret_path, err, "%s%s", folder, places[nth].below_it);
	if (nth == RUNTIME_PLACE)
		return runtime_path(ret_path, err);
	if (places[nth].below_home != NULL && home != NULL)
		return str_format(ret_path, err, "%s%s", home, places[nth].below_home);
	return ERR_OK;
}

static enum err_code look_into_place(struct wallet *w, size_t nth, const char *host, const char *path,
				     struct credentials *c, struct err *err)
{
	CLEANUP(free_ptr) char *file = NULL;
	enum err_code code = place_path(nth, &file, err);

	if (code == ERR_OK && file != NULL)
		code = look_into_file(w, file, host, path, c, err);
	return code == ERR_NOT_FOUND ? ERR_OK : code; /* no such file */
}

static enum err_code look_into_usual(struct wallet *w, const char *host, const char *path, struct credentials *c,
				     struct err *err)
{
	const char *text = given("DOCKER_AUTH_CONFIG");
	enum err_code code = ERR_OK;
	size_t nth;

	if (text != NULL)
		code = look_into_text(w, text, strlen(text), "$DOCKER_AUTH_CONFIG", host, path, c, err);
	for (nth = 0; code == ERR_OK && !credentials_given(c) && nth < COUNT_OF(places); nth++)
		code = look_into_place(w, nth, host, path, c, err);
	return code;
}

void wallet_expect(struct wallet *w, const char *host)
{
	size_t i;

	for (i = 0; w->login != NULL && i < w->login->users_len; i++)
		w->login->users[i].meant |= auth_file_same_host(w->login->users[i].host, host);
}

bool wallet_has_login(const struct wallet *w, const char *host)
{
	return w->login != NULL && login_find(w->login, host) != NULL;
}

enum err_code wallet_find(struct wallet *w, const char *host, const char *path, struct credentials *ret_credentials,
			  struct err *err)
{
	const struct login_user *user = w->login != NULL ? login_find(w->login, host) : NULL;
	const char *file = w->login != NULL ? w->login->authfile : NULL;
	struct credentials c = { 0 };
	enum err_code code;

	if (user != NULL)
		return credentials_copy(&(struct credentials){ .user = user->user,
							       .password = user->password,
							       .origin = (char *)"--username" },
					ret_credentials, err);
	code = file != NULL ? look_into_file(w, file, host, path, &c, err) : look_into_usual(w, host, path, &c, err);
	if (code == ERR_OK)
		*ret_credentials = c;
	else
		credentials_release(&c);
	return code;
}

const char *wallet_advice(struct wallet *w, const char *host, const char *path, char out[WALLET_ADVICE_MAX])
{
	CLEANUP(credentials_release) struct credentials c = { 0 };

	if (w == NULL || wallet_find(w, host, path, &c, NULL) != ERR_OK)
		snprintf(out, WALLET_ADVICE_MAX, "docker login may help");
	else if (credentials_given(&c))
		snprintf(out, WALLET_ADVICE_MAX, "with the credentials of %.400s%s", c.origin,
			 wallet_has_login(w, host) ? "" : "; docker login may help");
	else
		snprintf(out, WALLET_ADVICE_MAX, "no credentials for %.200s were found; docker login may help", host);
	return out;
}
