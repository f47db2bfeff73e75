/* bundle serve: the command. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "import/commands.h"
#include "import/serve_http.h"
#include "import/serve_privileges.h"
#include "import/serve_registry_error.h"
#include "import/serve_routes.h"
#include "import/store.h"

struct options {
	struct opt_list engine, registry, keys, seals;
	const char *tls_cert, *tls_key, *htpasswd, *access_log, *user, *policy;
	unsigned threshold;
	bool insecure_policy, plain_http, quiet;
};

static const struct opt opts[] = {
	{ "engine", '\0', "ADDR", "answer the Docker Engine API here: unix:PATH or 127.0.0.1:PORT", 0,
	  OPT_SETS(struct options, engine) },
	{ "registry", '\0', "ADDR", "be a registry here, for pulling: HOST:PORT or unix:PATH", 0,
	  OPT_SETS(struct options, registry) },
	ORIGIN_OPTS(struct options),
	ADMISSION_OPTS(struct options),
	{ "tls-cert", '\0', "FILE", "of the registry: its certificate and those above it, in PEM", 0,
	  OPT_SETS(struct options, tls_cert) },
	{ "tls-key", '\0', "FILE", "of the registry: the key of the certificate, in PEM", 0,
	  OPT_SETS(struct options, tls_key) },
	{ "htpasswd", '\0', "FILE", "of the registry: who may ask, by name and password, as htpasswd -B writes it", 0,
	  OPT_SETS(struct options, htpasswd) },
	{ "plain-http", '\0', NULL, "let other machines ask the registry without TLS", 0,
	  OPT_SETS(struct options, plain_http) },
	{ "user", '\0', "NAME", "become this user once everything is open", 0, OPT_SETS(struct options, user) },
	{ "access-log", '\0', "FILE", "write a line for each request to FILE, and not to standard error", 0,
	  OPT_SETS(struct options, access_log) },
	{ "quiet", 'q', NULL, "write no line for each request to standard error", 0, OPT_SETS(struct options, quiet) },
};

/* A server, and what it needs for as long as it runs. */
struct job {
	const struct options *options;
	struct catalog *catalog;
	struct serve_routes routes;
	struct serve_http *server;
	struct serve_log log;
	struct buf cert, key; /* of TLS */
	pthread_t reader;     /* reads what catalog_open has put off */
	bool reads;
};

static void job_release(struct job *j)
{
	if (j->reads)
		pthread_join(j->reader, NULL);
	serve_http_free(j->server);
	serve_registry_free(j->routes.registry);
	serve_htpasswd_free(j->routes.users);
	engine_free(j->routes.engine);
	catalog_close(j->catalog);
	serve_log_close(&j->log);
	buf_release(&j->cert);
	buf_wipe(&j->key);
}

/* ---- addresses ---- */

static enum err_code check_options(const struct options *o, struct err *err)
{
	if (o->engine.len == 0 && o->registry.len == 0)
		return err_set(err, ERR_USAGE,
			       "where? --registry 127.0.0.1:5000, --engine unix:/run/bundle.sock, or both");
	if ((o->tls_cert == NULL) != (o->tls_key == NULL))
		return err_set(err, ERR_USAGE, "--tls-cert and --tls-key belong together");
	if (o->tls_cert != NULL && o->registry.len == 0)
		return err_set(err, ERR_USAGE, "--tls-cert is for a registry: --registry HOST:PORT");
	if (o->htpasswd != NULL && o->registry.len == 0)
		return err_set(err, ERR_USAGE, "--htpasswd is for a registry: --registry HOST:PORT");
	return ERR_OK;
}

static enum err_code check_engine(const struct serve_address *a, struct err *err)
{
	if (serve_address_is_local(a))
		return ERR_OK;
	return err_set(err, ERR_USAGE,
		       "--engine %s: the Engine API knows neither who asks nor TLS, so it is answered on unix sockets "
		       "and 127.0.0.1 only",
		       a->text);
}

static enum err_code check_registry(const struct options *o, const struct serve_address *a, struct err *err)
{
	if (serve_address_is_local(a) || o->tls_cert != NULL || o->plain_http)
		return ERR_OK;
	return err_set(err, ERR_USAGE,
		       "--registry %s: other machines would ask without TLS: --tls-cert and --tls-key, or --plain-http",
		       a->text);
}

static enum err_code listen_engine(struct job *j, const char *text, struct err *err)
{
	struct serve_listener l = {
		.what = "engine",
		.handler = serve_engine_route,
		.refuse = serve_engine_refuse,
		.ctx = &j->routes,
	};
	enum err_code code = serve_address_parse(text, &l.address, err);

	if (code == ERR_OK)
		code = check_engine(&l.address, err);
	return code == ERR_OK ? serve_http_listen(j->server, &l, err) : code;
}

static enum err_code listen_registry(struct job *j, const char *text, struct err *err)
{
	struct serve_listener l = {
		.what = "registry",
		.handler = serve_registry_route,
		.refuse = serve_registry_refuse,
		.ctx = &j->routes,
	};
	enum err_code code = serve_address_parse(text, &l.address, err);

	if (code == ERR_OK)
		code = check_registry(j->options, &l.address, err);
	if (code == ERR_OK && j->cert.len > 0 && !serve_address_is_unix(&l.address)) {
		l.tls_cert = buf_text(&j->cert);
		l.tls_key = buf_text(&j->key);
	}
	return code == ERR_OK ? serve_http_listen(j->server, &l, err) : code;
}

static enum err_code listen_all(struct job *j, struct err *err)
{
	enum err_code code = serve_http_new(&j->server, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < j->options->engine.len; i++)
		code = listen_engine(j, j->options->engine.items[i], err);
	for (i = 0; code == ERR_OK && i < j->options->registry.len; i++)
		code = listen_registry(j, j->options->registry.items[i], err);
	return code;
}

/* ---- starting ---- */

static enum err_code read_tls(struct job *j, struct err *err)
{
	enum err_code code;

	buf_init(&j->cert, LIMIT_CA_BYTES);
	buf_init(&j->key, LIMIT_SECRET_BYTES);
	if (j->options->tls_cert == NULL)
		return ERR_OK;
	code = file_read_any(j->options->tls_cert, &j->cert, err);
	return code == ERR_OK ? file_read_any(j->options->tls_key, &j->key, err) : code;
}

static enum err_code open_catalog(struct job *j, const struct opt_list *places, struct err *err)
{
	struct catalog_options options = {
		.places = places,
		.policies = { .policy = j->options->policy, .insecure = j->options->insecure_policy },
		.origin = { .keys = &j->options->keys,
			    .seals = &j->options->seals,
			    .threshold = j->options->threshold },
	};
	enum err_code code = catalog_open(&options, &j->catalog, err);

	j->routes.catalog = j->catalog;
	j->routes.pages.catalog = j->catalog;
	if (code == ERR_OK)
		code = engine_new(j->catalog, NULL, &j->routes.engine, err);
	return code == ERR_OK ? serve_registry_new(j->catalog, &j->routes.registry, err) : code;
}

/* Whoever has given up privileges may have given up the store with them: better now than at the first request. */
static enum err_code drop_privileges(struct job *j, struct err *err)
{
	CLEANUP(catalog_leave_ptr) struct catalog_view *v = NULL;
	struct privileges p;
	enum err_code code;

	if (j->options->user == NULL)
		return ERR_OK;
	code = privileges_find(j->options->user, &p, err);
	if (code == ERR_OK)
		code = serve_http_give(j->server, p.uid, p.gid, err);
	if (code == ERR_OK)
		code = privileges_drop(&p, err);
	return code == ERR_OK ? catalog_look(j->catalog, &v, err) : code;
}

/* What goes wrong here goes wrong again where it is asked for, and is said there. */
static void *read_all(void *ctx)
{
	(void)catalog_read_all(ctx, NULL);
	return NULL;
}

static enum err_code start(struct job *j, const struct opt_list *places, struct err *err)
{
	enum err_code code = check_options(j->options, err);

	if (code == ERR_OK)
		code = read_tls(j, err);
	if (code == ERR_OK && j->options->htpasswd != NULL)
		code = serve_htpasswd_open(j->options->htpasswd, &j->routes.users, err);
	if (code == ERR_OK)
		code = open_catalog(j, places, err);
	if (code == ERR_OK)
		code = serve_log_open(j->options->access_log, j->options->quiet, &j->log, err);
	if (code == ERR_OK)
		code = listen_all(j, err);
	if (code == ERR_OK)
		code = drop_privileges(j, err);
	if (code == ERR_OK)
		code = serve_http_start(j->server, &j->log, err);
	if (code == ERR_OK)
		j->reads = pthread_create(&j->reader, NULL, read_all, j->catalog) == 0;
	return code;
}

/* ---- running ---- */

/* The signals that end it come to whoever waits for them, and to no thread that is started later. */
static void take_signals(sigset_t *ret_signals)
{
	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool is_asked_to_stop(const sigset_t *signals, time_t seconds)
{
	const struct timespec wait = { .tv_sec = seconds };

	return sigtimedwait(signals, NULL, &wait) >= 0;
}

/* Until the first signal; then until all requests have ended, too many seconds are over, or there is a second one. */
static void run_until_stopped(const struct job *j, const sigset_t *signals)
{
	unsigned waited_ms;

	while (!is_asked_to_stop(signals, 1))
		serve_http_tend(j->server, LIMIT_SERVE_REQUEST_S);
	for (waited_ms = 0; waited_ms < LIMIT_SERVE_STOP_MS; waited_ms += 500) {
		if (serve_http_quiesce(j->server, 500) || is_asked_to_stop(signals, 0))
			return;
		serve_http_tend(j->server, LIMIT_SERVE_REQUEST_S);
	}
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	CLEANUP(job_release)
	struct job j = {
		.options = opaque,
		.routes = { .pages = { .reading = PTHREAD_MUTEX_INITIALIZER } },
		.log = { .fd = -1 },
	};
	struct err err = { 0 };
	sigset_t signals;
	enum err_code code;

	take_signals(&signals);
	code = start(&j, operands, &err);
	if (code == ERR_OK) {
		serve_http_tell(j.server, stderr);
		run_until_stopped(&j, &signals);
	}
	return report_end(c, false, code, &err);
}

const struct command serve_command = {
	.name = "serve",
	.synopsis = "--engine ADDR|--registry ADDR [option]... [FILE|oci:DIR|store]...",
	.summary = "give a site the attestation API and a registry to pull from, out of bundles or the store",
	.text = "Answer out of bundles as they lie there, OCI layouts, or the embedded store where nothing is named, "
		"until SIGTERM or SIGINT: the Docker Engine API's part about images and their attestations, and a "
		"registry for pulling.\n"
		"With a key, here or in /etc/bundle/keys.d, a bundle that was not sealed by it is not served.",
	.operand = "FILE",
	.args_min = 0,
	.args_max = CATALOG_PLACES_MAX,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.footer = STORE_PLACE_TEXT,
	.run = run,
};
