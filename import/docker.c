#include "import/docker.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/version.h"
#include "import/interrupt.h"
#include "import/unix_socket.h"

/* A daemon that unpacks says nothing for as long as it takes; one that is asked something answers. */
#define ANSWER_SECONDS 300

#define SNAPSHOTTER_TYPE "io.containerd.snapshotter.v1"

static enum err_code check_socket(const char *path, struct err *err)
{
	return unix_socket_check(
		path, "Docker daemon", "run as root or as a member of the socket's group, docker on most systems",
		"start the daemon, name its socket with docker-daemon:SOCKET, or use the embedded store (store)", err);
}

/* Why nobody answers at a host curl has told. */
static enum err_code advise(enum err_code code, struct err *err)
{
	if (err == NULL)
		return code;
	return err_set(err, code,
		       "%s; name another daemon with docker-daemon:SOCKET, or use the embedded store (store)",
		       err->msg);
}

/* One request under way. */
struct exchange {
	struct http_call call;
	const struct docker_request *request;
	struct docker_answer *answer;
};

static enum err_code on_body(struct http_call *call, const void *bytes, size_t len, struct err *err)
{
	struct exchange *x = OUTER_OF(call, struct exchange, call);

	if (call->status != 200)
		return buf_add(&x->answer->refusal, bytes, len, err);
	return x->request->out != NULL ? outstream_write(x->request->out, bytes, len, err) : ERR_OK;
}

static enum err_code on_done(struct http_call *call, struct err *failure, struct err *err)
{
	struct exchange *x = OUTER_OF(call, struct exchange, call);

	x->answer->status = call->status;
	return failure == NULL ? ERR_OK : err_set(err, failure->code, "%s", failure->msg);
}

/* The version that a request is made under: never one that the daemon does not speak. */
static enum err_code make_url(const struct docker *d, const struct docker_request *r, char **ret_url, struct err *err)
{
	unsigned api = r->api < d->api ? r->api : d->api;

	if (r->api == 0)
		return str_format(ret_url, err, "%s%s", d->at->base, r->path);
	return str_format(ret_url, err, "%s/v1.%u%s", d->at->base, api > d->min_api ? api : d->min_api, r->path);
}

enum err_code docker_send(struct docker *d, const struct docker_request *r, struct docker_answer *ret_answer,
			  struct err *err)
{
	CLEANUP(free_ptr) char *url = NULL;
	struct exchange x = { .request = r, .answer = ret_answer };
	enum err_code code;

	ret_answer->status = 0;
	buf_init(&ret_answer->refusal, LIMIT_ANSWER_BYTES);
	code = make_url(d, r, &url, err);
	if (code != ERR_OK)
		return code;
	x.call = (struct http_call){
		.method = r->method,
		.tls = d->at->socket == NULL ? &d->at->tls : NULL,
		.url = url,
		.answer_seconds = r->upload == NULL ? ANSWER_SECONDS : 0,
		.upload = r->upload,
		.content_type = r->upload_type,
		.on_body = on_body,
		.on_done = on_done,
	};
	code = http_start(d->http, &x.call, err);
	if (code == ERR_OK)
		code = http_run(d->http, err);
	buf_release(&x.call.headers);
	if (code != ERR_OK && x.call.foreign && d->at->socket != NULL)
		return err_set(err, ERR_UNSUPPORTED,
			       "this does not speak HTTP; is it containerd's socket? Then use containerd:%s",
			       d->at->socket);
	return code;
}

void docker_answer_release(struct docker_answer *answer)
{
	buf_release(&answer->refusal);
}

enum err_code docker_refused(const struct docker *d, const char *path, const struct docker_answer *answer,
			     struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *words = NULL;

	if (js_read(buf_text(&answer->refusal), answer->refusal.len, path, &json, NULL) == ERR_OK)
		words = js_string(json, "message");
	return err_set(err, answer->status == 404 ? ERR_NOT_FOUND : ERR_REFUSED, "%s: %s: the daemon answers %d: %s",
		       d->at->name, path, answer->status, words != NULL ? words : "(no words)");
}

enum err_code docker_get_json(struct docker *d, unsigned api, const char *path, uint64_t max_bytes,
			      struct json_t **ret_json, struct err *err)
{
	CLEANUP(docker_answer_release) struct docker_answer answer = { 0 };
	CLEANUP(buf_release) struct buf body = { 0 };
	struct buf_stage out;
	struct docker_request r = { .path = path, .api = api, .out = &out.out };
	enum err_code code;

	buf_init(&body, max_bytes);
	buf_stage_init(&out, &body);
	code = docker_send(d, &r, &answer, err);
	if (code != ERR_OK)
		return err_add(err, "%s", d->at->name);
	*ret_json = NULL;
	if (answer.status == 404)
		return ERR_OK;
	if (answer.status != 200)
		return docker_refused(d, path, &answer, err);
	code = js_read(buf_text(&body), body.len, path, ret_json, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", d->at->name);
}

enum err_code docker_put_name(struct buf *path, const char *name, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && *name != '\0') {
		size_t len = strcspn(name, "/");
		CLEANUP(free_ptr) char *segment = strndup(name, len);

		code = segment != NULL ? http_escape(segment, path, err) : err_nomem(err);
		name += len;
		for (; code == ERR_OK && *name == '/'; name++)
			code = buf_puts(path, "/", err);
	}
	return code;
}

/* One number of a version; what follows it, NULL where there is none. */
static const char *read_number(const char *text, unsigned *ret_number)
{
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 6)
		return NULL;
	*ret_number = (unsigned)strtoul(text, NULL, 10);
	return text + digits;
}

/* "1.51" is 51. */
static bool read_api(const char *text, unsigned *ret_api)
{
	unsigned api;
	const char *rest = text != NULL && strncmp(text, "1.", 2) == 0 ? read_number(text + 2, &api) : NULL;

	if (rest == NULL || *rest != '\0')
		return false;
	*ret_api = api;
	return true;
}

static enum err_code ask_version(struct docker *d, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *version;
	enum err_code code = docker_get_json(d, 0, "/version", LIMIT_ANSWER_BYTES, &json, err);

	if (code != ERR_OK)
		return code;
	version = js_string(json, "Version");
	if (version == NULL || !read_api(js_string(json, "ApiVersion"), &d->api))
		return err_set(err, ERR_UNSUPPORTED, "%s: what answers there is no Docker daemon with Engine API 1.x",
			       d->at->name);
	if (!read_api(js_string(json, "MinAPIVersion"), &d->min_api))
		d->min_api = 0;
	return str_copy(version, &d->version, err);
}

/* DriverStatus is a list of pairs. */
static bool has_snapshotter(const struct json_t *info)
{
	const struct json_t *pairs = js_array(info, "DriverStatus");
	size_t i;

	for (i = 0; i < js_len(pairs); i++) {
		const char *key = js_text(js_at(js_at(pairs, i), 0)), *value = js_text(js_at(js_at(pairs, i), 1));

		if (key != NULL && value != NULL && strcmp(key, "driver-type") == 0 &&
		    strcmp(value, SNAPSHOTTER_TYPE) == 0)
			return true;
	}
	return false;
}

/* "Containerd" is told from Docker 26 on. */
static enum err_code read_containerd(struct docker *d, const struct json_t *info, struct err *err)
{
	const struct json_t *containerd = js_object(info, "Containerd");
	const char *socket = js_string(containerd, "Address");
	const char *namespace = js_string(js_object(containerd, "Namespaces"), "Containers");
	enum err_code code = ERR_OK;

	if (socket == NULL || namespace == NULL)
		return ERR_OK;
	code = str_copy(socket, &d->containerd_socket, err);
	return code == ERR_OK ? str_copy(namespace, &d->containerd_namespace, err) : code;
}

static enum err_code ask_info(struct docker *d, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *driver;
	enum err_code code = docker_get_json(d, 0, "/info", LIMIT_ANSWER_BYTES, &json, err);

	if (code != ERR_OK)
		return code;
	d->containerd = has_snapshotter(json);
	code = read_containerd(d, json, err);
	if (code != ERR_OK)
		return code;
	driver = js_string(json, "Driver");
	return str_copy(driver != NULL ? driver : "unknown", &d->driver, err);
}

enum err_code docker_open(const struct docker_endpoint *at, struct docker **ret_docker, struct err *err)
{
	struct http_options options = {
		.user_agent = BUNDLE_USER_AGENT,
		.unix_socket = at->socket,
		.on_turn = interrupt_check,
	};
	CLEANUP(docker_close_ptr) struct docker *d = calloc(1, sizeof(*d));
	enum err_code code = d != NULL ? ERR_OK : err_nomem(err);

	if (code == ERR_OK)
		d->at = at;
	if (code == ERR_OK && at->socket != NULL)
		code = check_socket(at->socket, err);
	if (code == ERR_OK)
		code = http_new(&options, &d->http, err);
	if (code == ERR_OK)
		code = ask_version(d, err);
	if (code == ERR_OK)
		code = ask_info(d, err);
	if (code == ERR_OK)
		*ret_docker = take_ptr(&d);
	return code == ERR_NETWORK && at->socket == NULL ? advise(code, err) : code;
}

enum err_code docker_require_store(const struct docker *d, struct err *err)
{
	if (!d->containerd)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: Docker %s stores images with %s, which keeps no index and no attestation: enable "
			       "the containerd image store ({\"features\":{\"containerd-snapshotter\":true}} in "
			       "/etc/docker/daemon.json, Docker 28 or later), or use the embedded store (--to store)",
			       d->at->name, d->version, d->driver);
	if (d->api < 48)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: Docker %s speaks Engine API 1.%u, which does not tell what an image consists of: "
			       "API 1.48 (Docker 28) is needed; or use the embedded store (--to store)",
			       d->at->name, d->version, d->api);
	return ERR_OK;
}

/* API 1.53 came with 29.2: what counts for builds whose version is no number. */
static bool is_since(const struct docker *d, unsigned since_major, unsigned since_minor)
{
	unsigned major = 0, minor = 0;
	const char *rest = read_number(d->version, &major);

	if (d->api >= 53 || rest == NULL || *rest != '.' || read_number(rest + 1, &minor) == NULL)
		return d->api >= 53;
	return major > since_major || (major == since_major && minor >= since_minor);
}

bool docker_keeps_referrers(const struct docker *d)
{
	return is_since(d, 29, 1);
}

bool docker_serves_content(const struct docker *d)
{
	return d->at->socket != NULL && is_since(d, 29, 2);
}

void docker_close(struct docker *d)
{
	if (d == NULL)
		return;
	http_free(d->http);
	free(d->version);
	free(d->driver);
	free(d->containerd_socket);
	free(d->containerd_namespace);
	free(d);
}

void docker_close_ptr(struct docker **d)
{
	docker_close(*d);
}
