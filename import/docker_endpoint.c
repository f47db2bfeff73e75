#include "import/docker_endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/certs_dir.h"
#include "common/digest.h"
#include "common/file.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define DOCKER_SOCKET "/var/run/docker.sock"
#define PORT "2375"
#define PORT_TLS "2376"

void docker_endpoint_release(struct docker_endpoint *e)
{
	free(e->name);
	free(e->socket);
	free(e->base);
	tls_release(&e->tls);
	*e = (struct docker_endpoint){ 0 };
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* Where docker keeps its own files. */
static enum err_code config_folder(char **ret_folder, struct err *err)
{
	if (environment("DOCKER_CONFIG") != NULL)
		return str_copy(environment("DOCKER_CONFIG"), ret_folder, err);
	if (environment("HOME") == NULL)
		return err_set(err, ERR_NOT_FOUND, "no folder of docker's files: set HOME or DOCKER_CONFIG");
	return str_format(ret_folder, err, "%s/.docker", environment("HOME"));
}

/* The three files that docker looks for in a folder; *ret_any is whether there was one. */
static enum err_code read_certs(const char *folder, struct tls *tls, bool *ret_any, struct err *err)
{
	CLEANUP(free_ptr) char *ca = NULL;
	CLEANUP(free_ptr) char *cert = NULL;
	CLEANUP(free_ptr) char *key = NULL;
	enum err_code code = str_format(&ca, err, "%s/ca.pem", folder);

	if (code == ERR_OK)
		code = str_format(&cert, err, "%s/cert.pem", folder);
	if (code == ERR_OK)
		code = str_format(&key, err, "%s/key.pem", folder);
	if (code == ERR_OK && access(ca, F_OK) == 0) {
		*ret_any = tls->ca_alone = true;
		code = certs_add_ca(tls, ca, err);
	}
	if (code == ERR_OK && access(cert, F_OK) == 0) {
		*ret_any = true;
		code = certs_set_client(tls, cert, key, err);
	}
	return code;
}

static enum err_code environment_certs(struct tls *tls, struct err *err)
{
	CLEANUP(free_ptr) char *folder = NULL;
	bool any = false;
	enum err_code code = environment("DOCKER_CERT_PATH") != NULL
				     ? str_copy(environment("DOCKER_CERT_PATH"), &folder, err)
				     : config_folder(&folder, err);

	if (code == ERR_OK)
		code = read_certs(folder, tls, &any, err);
	if (code == ERR_OK && !any)
		return err_set(err, ERR_NOT_FOUND,
			       "DOCKER_TLS_VERIFY is set, but %s has neither ca.pem nor cert.pem: set DOCKER_CERT_PATH",
			       folder);
	return code;
}

/* "HOST[:PORT][/PATH]" with a port; nothing in it may end the host early or hold a password. */
static enum err_code set_tcp(struct docker_endpoint *e, const char *rest, bool secure, struct err *err)
{
	size_t host = strcspn(rest, "/"), bracket = strcspn(rest, "]");
	const char *after = bracket < host ? rest + bracket : rest;
	bool has_port = memchr(after, ':', (size_t)(rest + host - after)) != NULL;
	const char *port = has_port ? "" : secure ? ":" PORT_TLS : ":" PORT;
	const char *end = rest + strlen(rest);
	enum err_code code;

	if (host == 0 || *rest == ':' || strpbrk(rest, "@?#\\ ") != NULL)
		return err_set(err, ERR_USAGE, "tcp://%s is no address of a daemon: write tcp://HOST[:PORT]", rest);
	while (end > rest + host && end[-1] == '/')
		end--;
	code = str_format(&e->name, err, "tcp://%.*s%s%.*s", (int)host, rest, port, (int)(end - rest - (ptrdiff_t)host),
			  rest + host);
	if (code == ERR_OK)
		code = str_format(&e->base, err, "http%s://%s", secure ? "s" : "", e->name + strlen("tcp://"));
	return code;
}

static enum err_code set_socket(struct docker_endpoint *e, const char *path, struct err *err)
{
	enum err_code code = str_copy(path, &e->name, err);

	if (code == ERR_OK)
		code = str_copy(path, &e->socket, err);
	return code == ERR_OK ? str_copy("http://docker", &e->base, err) : code;
}

/* what says where the address comes from. */
static enum err_code set_address(struct docker_endpoint *e, const char *address, bool secure, const char *what,
				 struct err *err)
{
	if (text_starts(address, "unix://"))
		return set_socket(e, address + strlen("unix://"), err);
	if (text_starts(address, "tcp://"))
		return set_tcp(e, address + strlen("tcp://"), secure, err);
	if (text_starts(address, "ssh://"))
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s is %s, and this program starts no ssh: forward the socket (ssh -nNT -L "
			"/tmp/docker.sock:/var/run/docker.sock HOST) and name docker-daemon:/tmp/docker.sock, or "
			"run it there (ssh HOST bundle import - <FILE)",
			what, address);
	return err_set(err, ERR_UNSUPPORTED, "%s is %s: unix://PATH and tcp://HOST[:PORT] are supported", what,
		       address);
}

static enum err_code from_address(struct docker_endpoint *e, const char *address, const char *what, struct err *err)
{
	bool secure = environment("DOCKER_TLS_VERIFY") != NULL;
	enum err_code code = set_address(e, address, secure, what, err);

	return code == ERR_OK && secure && e->socket == NULL ? environment_certs(&e->tls, err) : code;
}

/* docker names a context's folders after the digest of its name, so that no name is a path. */
static enum err_code read_context(const char *folder, const char *name, struct digest *ret_id, struct json_t **ret_json,
				  struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_ANSWER_BYTES };
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = digest_of(name, strlen(name), NULL, ret_id, err);

	if (code == ERR_OK)
		code = str_format(&path, err, "%s/contexts/meta/%s/meta.json", folder, digest_hex(ret_id));
	if (code == ERR_OK)
		code = file_read(path, &text, err);
	if (code == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "there is no docker context %.200s: docker context ls lists them",
			       name);
	return code == ERR_OK ? js_read(buf_text(&text), text.len, path, ret_json, err) : code;
}

static enum err_code from_context(struct docker_endpoint *e, const char *folder, const char *name, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(free_ptr) char *certs = NULL;
	CLEANUP(free_ptr) char *what = NULL;
	const struct json_t *docker;
	struct digest id;
	bool secure = false;
	enum err_code code = read_context(folder, name, &id, &json, err);

	if (code == ERR_OK)
		code = str_format(&what, err, "the host of docker context %.200s", name);
	if (code == ERR_OK)
		code = str_format(&certs, err, "%s/contexts/tls/%s/docker", folder, digest_hex(&id));
	if (code == ERR_OK)
		code = read_certs(certs, &e->tls, &secure, err);
	if (code != ERR_OK)
		return code;
	docker = js_object(js_object(json, "Endpoints"), "docker");
	if (js_string(docker, "Host") == NULL)
		return err_set(err, ERR_FORMAT, "docker context %.200s names no host", name);
	e->tls.skip_verify = js_true(docker, "SkipTLSVerify");
	return set_address(e, js_string(docker, "Host"), secure || e->tls.skip_verify, what, err);
}

/* currentContext of config.json, "" where there is none. */
static enum err_code current_context(const char *folder, char **ret_name, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_ANSWER_BYTES };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(free_ptr) char *path = NULL;
	const char *name;
	enum err_code code = str_format(&path, err, "%s/config.json", folder);

	if (code == ERR_OK)
		code = file_read(path, &text, err);
	if (code == ERR_NOT_FOUND)
		return str_copy("", ret_name, err);
	if (code == ERR_OK)
		code = js_read_secret(buf_text(&text), text.len, path, &json, err);
	if (code != ERR_OK)
		return code;
	name = js_string(json, "currentContext");
	return str_copy(name != NULL ? name : "", ret_name, err);
}

static enum err_code from_contexts(struct docker_endpoint *e, struct err *err)
{
	CLEANUP(free_ptr) char *folder = NULL;
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code = config_folder(&folder, NULL);

	if (code == ERR_NOT_FOUND && environment("DOCKER_CONTEXT") == NULL)
		return set_socket(e, DOCKER_SOCKET, err);
	if (code != ERR_OK)
		return config_folder(&folder, err);
	code = environment("DOCKER_CONTEXT") != NULL ? str_copy(environment("DOCKER_CONTEXT"), &name, err)
						     : current_context(folder, &name, err);
	if (code != ERR_OK)
		return code;
	if (*name == '\0' || strcmp(name, "default") == 0)
		return set_socket(e, DOCKER_SOCKET, err);
	return from_context(e, folder, name, err);
}

enum err_code docker_endpoint_find(const char *text, struct docker_endpoint *ret_endpoint, struct err *err)
{
	CLEANUP(docker_endpoint_release) struct docker_endpoint e = { 0 };
	enum err_code code;

	tls_init(&e.tls);
	if (strstr(text, "://") != NULL)
		code = from_address(&e, text, "the daemon", err);
	else if (*text != '\0')
		code = set_socket(&e, text, err);
	else if (environment("DOCKER_HOST") != NULL)
		code = from_address(&e, environment("DOCKER_HOST"), "DOCKER_HOST", err);
	else
		code = from_contexts(&e, err);
	if (code != ERR_OK)
		return code;
	*ret_endpoint = e;
	e = (struct docker_endpoint){ 0 };
	return ERR_OK;
}
