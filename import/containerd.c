#include "import/containerd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/hex.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "import/unix_socket.h"

#define CRI_NAMESPACE "k8s.io"
#define DEFAULT_NAMESPACE "default"
#define NAMESPACE_MAX 76
#define DAY_SECONDS 86400
#define DAYS_MAX 365
#define DAY_BYTES 10000000000 /* what comes through a line of 1 Mbit/s */
#define LEASE_ID_BYTES 8
#define NAMES_SHOWN_MAX 400

const char *containerd_socket(const char *text)
{
	const char *address = getenv("CONTAINERD_ADDRESS");

	if (*text == '\0' && address != NULL && *address != '\0')
		text = text_starts(address, "unix://") ? address + strlen("unix://") : address;
	return *text != '\0' ? text : CONTAINERD_SOCKET;
}

enum err_code containerd_ask(struct containerd *c, const struct containerd_question *q, enum grpc_status *ret_status,
			     struct err *err)
{
	struct buf nothing = { .data = NULL };
	struct grpc_answer answer;
	enum err_code code = grpc_ask(&c->grpc, q->method, q->request != NULL ? q->request : &nothing, q->on_message,
				      q->ctx, &answer, err);

	if (code == ERR_OK && answer.status != GRPC_OK && answer.status != q->also)
		code = grpc_refused(q->method, &answer, err);
	if (code != ERR_OK)
		return err_add(err, "%s", c->socket);
	if (ret_status != NULL)
		*ret_status = answer.status;
	return ERR_OK;
}

static enum err_code read_version(void *ctx, const struct pb_field *f, struct err *err)
{
	struct containerd *c = ctx;
	enum err_code code = c->version == NULL ? pb_copy(f, &c->version, err) : ERR_OK;

	if (code == ERR_OK)
		text_clean(c->version);
	return code;
}

static enum err_code on_version(void *ctx, const void *bytes, size_t len, struct err *err)
{
	return pb_each(bytes, len, 1, read_version, ctx, "version", err);
}

static enum err_code ask_version(struct containerd *c, struct err *err)
{
	struct containerd_question q = {
		.method = "containerd.services.version.v1.Version/Version",
		.on_message = on_version,
		.ctx = c,
	};
	struct err why = { .code = ERR_OK };
	enum err_code code = containerd_ask(c, &q, NULL, &why);

	if (code == ERR_NETWORK)
		return err_set(err, ERR_NETWORK,
			       "%s; somebody listens there, but does not answer as containerd does; is it a Docker "
			       "daemon's socket? Then use docker-daemon:%s",
			       why.msg, c->socket);
	if (code == ERR_UNSUPPORTED || code == ERR_FORMAT || (code == ERR_OK && c->version == NULL))
		return err_set(err, ERR_UNSUPPORTED, "%s: what answers there is no containerd", c->socket);
	return code == ERR_OK ? ERR_OK : err_set(err, code, "%s", why.msg);
}

/* Whether a plugin of this answer has begun its work. */
static enum err_code on_plugins(void *ctx, const void *bytes, size_t len, struct err *err)
{
	bool *runs = ctx;
	struct pb_in in, plugin;
	struct pb_field f, part;

	pb_in_init(&in, bytes, len);
	while (pb_next(&in, &f)) {
		bool failed = false;

		pb_in_init(&plugin, f.bytes, f.len);
		while (pb_next(&plugin, &part))
			failed |= pb_is_bytes(&part, 7);
		*runs |= pb_is_bytes(&f, 1) && !failed;
	}
	return pb_in_end(&in, "plugins", err);
}

static enum err_code find_cri(struct containerd *c, bool *ret_runs, struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	struct containerd_question q = {
		.method = "containerd.services.introspection.v1.Introspection/Plugins",
		.request = &request,
		.on_message = on_plugins,
		.ctx = ret_runs,
	};
	enum err_code code;

	buf_init(&request, LIMIT_GRPC_BYTES);
	*ret_runs = false;
	code = pb_put_message(&request, "type==io.containerd.grpc.v1,id==cri", err);
	return code == ERR_OK ? containerd_ask(c, &q, NULL, err) : code;
}

/* The namespaces that are there, and whether one of them is meant. */
struct namespaces {
	const char *wanted;
	bool there;
	struct buf names;
};

static enum err_code see_namespace(void *ctx, const struct pb_field *message, struct err *err)
{
	struct namespaces *n = ctx;
	char name[NAMESPACE_MAX + 1] = "";
	struct pb_in in;
	struct pb_field f;

	pb_in_init(&in, message->bytes, message->len);
	while (pb_next(&in, &f)) {
		if (pb_is_bytes(&f, 1) && !pb_text_into(&f, name, sizeof(name)))
			name[0] = '\0';
	}
	n->there |= strcmp(name, n->wanted) == 0;
	if (name[0] == '\0' || n->names.len > NAMES_SHOWN_MAX)
		return ERR_OK;
	return buf_printf(&n->names, err, "%s%s", n->names.len > 0 ? ", " : "", name);
}

static enum err_code on_namespaces(void *ctx, const void *bytes, size_t len, struct err *err)
{
	return pb_each(bytes, len, 1, see_namespace, ctx, "namespaces", err);
}

static bool is_namespace(const char *text)
{
	size_t len = strlen(text), i;

	for (i = 0; i < len; i++) {
		bool plain = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
			     (text[i] >= '0' && text[i] <= '9');

		if (!plain && (i == 0 || i == len - 1 || strchr("._-", text[i]) == NULL))
			return false;
	}
	return len > 0 && len <= NAMESPACE_MAX;
}

/* containerd makes any namespace that is written to, and what stands in a mistyped one is found by nobody. */
static enum err_code check_namespace(struct containerd *c, const char *wanted, struct err *err)
{
	struct namespaces n = { .wanted = wanted };
	struct containerd_question q = {
		.method = "containerd.services.namespaces.v1.Namespaces/List",
		.on_message = on_namespaces,
		.ctx = &n,
	};
	enum err_code code;

	if (!is_namespace(wanted))
		return err_set(err, ERR_USAGE, "\"%s\" is no name of a namespace", wanted);
	if (strcmp(wanted, CRI_NAMESPACE) == 0 || strcmp(wanted, DEFAULT_NAMESPACE) == 0 ||
	    strcmp(wanted, CONTAINERD_DOCKER) == 0)
		return ERR_OK;
	buf_init(&n.names, 2 * KIB);
	code = containerd_ask(c, &q, NULL, err);
	if (code == ERR_OK && !n.there)
		code = err_set(err, ERR_NOT_FOUND,
			       "%s: there is no namespace %s%s%s; ctr namespaces create %s makes it", c->socket, wanted,
			       n.names.len > 0 ? ", only " : "", buf_text(&n.names), wanted);
	buf_release(&n.names);
	return code;
}

static enum err_code choose_namespace(struct containerd *c, const char *wanted, struct err *err)
{
	const char *environment = getenv("CONTAINERD_NAMESPACE");
	bool has_cri = false;
	enum err_code code;

	if (wanted == NULL && environment != NULL && *environment != '\0')
		wanted = environment;
	code = wanted != NULL ? check_namespace(c, wanted, err) : find_cri(c, &has_cri, err);

	if (code == ERR_OK && wanted == NULL)
		wanted = has_cri ? CRI_NAMESPACE : DEFAULT_NAMESPACE;
	if (code == ERR_OK)
		code = str_copy(wanted, &c->namespace, err);
	return code == ERR_OK ? grpc_metadata(&c->grpc, "containerd-namespace", wanted, err) : code;
}

enum err_code containerd_attach(const char *socket, struct containerd **ret_containerd, struct err *err)
{
	CLEANUP(containerd_close_ptr) struct containerd *c = calloc(1, sizeof(*c));
	enum err_code code = c != NULL ? str_copy(socket, &c->socket, err) : err_nomem(err);

	if (code == ERR_OK)
		code = grpc_open(socket, CONTAINERD_JOBS, &c->grpc, err);
	if (code == ERR_OK)
		*ret_containerd = take_ptr(&c);
	return code;
}

enum err_code containerd_open(const char *socket, const char *namespace, struct containerd **ret_containerd,
			      struct err *err)
{
	CLEANUP(containerd_close_ptr) struct containerd *c = NULL;
	enum err_code code = unix_socket_check(socket, "containerd", "run as root",
					       "start containerd, or name its socket with containerd:SOCKET", err);

	if (code == ERR_OK)
		code = containerd_attach(socket, &c, err);
	if (code == ERR_OK)
		code = ask_version(c, err);
	if (code == ERR_OK)
		code = choose_namespace(c, namespace, err);
	if (code == ERR_OK)
		*ret_containerd = take_ptr(&c);
	return code;
}

static enum err_code make_lease_id(char **ret_id, struct err *err)
{
	unsigned char bytes[LEASE_ID_BYTES];
	char text[2 * LEASE_ID_BYTES + 1];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return err_errno(err, "random numbers");
	hex_encode(text, bytes, sizeof(bytes));
	return str_format(ret_id, err, "bundle-%s", text);
}

enum err_code containerd_lease(struct containerd *c, uint64_t bytes, struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	struct containerd_question q = { .method = "containerd.services.leases.v1.Leases/Create", .request = &request };
	CLEANUP(free_ptr) char *id = NULL;
	uint64_t days = bytes / DAY_BYTES < DAYS_MAX ? 1 + bytes / DAY_BYTES : DAYS_MAX;
	time_t until = time(NULL) + (time_t)days * DAY_SECONDS;
	char expire[TEXT_TIME_MAX];
	struct pb_out o;
	enum err_code code = make_lease_id(&id, err);

	buf_init(&request, LIMIT_GRPC_BYTES);
	pb_out_init(&o, &request);
	pb_text(&o, 1, id);
	pb_entry(&o, 3, "containerd.io/gc.expire", text_time(until, expire));
	if (code == ERR_OK)
		code = pb_out_end(&o, err);
	if (code == ERR_OK)
		code = containerd_ask(c, &q, NULL, err);
	if (code == ERR_OK)
		code = grpc_metadata(&c->grpc, "containerd-lease", id, err);
	if (code == ERR_OK)
		c->lease = take_ptr(&id);
	return code;
}

enum err_code containerd_lease_keep(struct containerd *c, const struct digest *digest, struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	struct containerd_question q = {
		.method = "containerd.services.leases.v1.Leases/AddResource",
		.request = &request,
	};
	struct pb_out o;
	enum err_code code;

	buf_init(&request, LIMIT_GRPC_BYTES);
	pb_out_init(&o, &request);
	pb_text(&o, 1, c->lease);
	pb_begin(&o, 2);
	pb_text(&o, 1, digest->text);
	pb_text(&o, 2, "content");
	pb_end(&o);
	code = pb_out_end(&o, err);
	return code == ERR_OK ? containerd_ask(c, &q, NULL, err) : code;
}

enum err_code containerd_lease_end(struct containerd *c, struct err *err)
{
	CLEANUP(buf_release) struct buf request;
	struct containerd_question q = { .method = "containerd.services.leases.v1.Leases/Delete", .request = &request };
	enum err_code code;

	buf_init(&request, LIMIT_GRPC_BYTES);
	code = pb_put_message(&request, c->lease, err);
	return code == ERR_OK ? containerd_ask(c, &q, NULL, err) : code;
}

void containerd_close(struct containerd *c)
{
	if (c == NULL)
		return;
	grpc_close(&c->grpc);
	free(c->socket);
	free(c->version);
	free(c->namespace);
	free(c->lease);
	free(c);
}

void containerd_close_ptr(struct containerd **c)
{
	containerd_close(*c);
}
