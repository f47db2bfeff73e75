#include "import/serve_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/serve_http_private.h"

#define THREADS_MAX 64U
#define FILES_KEPT ((rlim_t)128) /* descriptors for all else but connections */
#define HURRY_SECONDS 2.0

double seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

/* ---- connections ---- */

static void add_connection(struct serve_http *s, struct connection *c)
{
	pthread_mutex_lock(&s->lock);
	c->next = s->connections;
	if (c->next != NULL)
		c->next->before = c;
	s->connections = c;
	c->port->connections_len++;
	pthread_mutex_unlock(&s->lock);
}

static void remove_connection(struct serve_http *s, struct connection *c)
{
	pthread_mutex_lock(&s->lock);
	*(c->before != NULL ? &c->before->next : &s->connections) = c->next;
	if (c->next != NULL)
		c->next->before = c->before;
	c->port->connections_len--;
	pthread_mutex_unlock(&s->lock);
	free(c->uri);
	free(c);
}

/* Clients that try TLS first, as docker does on 127.0.0.1, go on without it where what comes back begins like HTTP. The
 * library says so for some of their first messages only, and nothing for others.  0x16 is a handshake (RFC 8446 5.1).
 */
static void answer_tls(int fd)
{
	static const char answer[] = "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n"
				     "There is no TLS here: ask by http://\n";
	unsigned char hello[4096] = { 0 };

	if (recv(fd, hello, 1, MSG_PEEK | MSG_DONTWAIT) != 1 || hello[0] != 0x16)
		return;
	/* What were left unread would let the answer be thrown away. */
	(void)recv(fd, hello, sizeof(hello), MSG_DONTWAIT);
	(void)send(fd, answer, strlen(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(fd, SHUT_RDWR);
}

static struct connection *new_connection(struct port *port, struct MHD_Connection *client)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(client, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->port = port;
	c->fd = info != NULL ? info->connect_fd : -1;
	info = MHD_get_connection_info(client, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	serve_address_peer(info != NULL ? info->client_addr : NULL, c->peer, sizeof(c->peer));
	clock_gettime(CLOCK_MONOTONIC, &c->waits_since);
	return c;
}

static void on_connection(void *ctx, struct MHD_Connection *client, void **state,
			  enum MHD_ConnectionNotificationCode code)
{
	struct port *port = ctx;
	struct connection *c = *state;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		c = new_connection(port, client);
		*state = c;
		if (c != NULL)
			add_connection(port->server, c);
		if (c != NULL && port->listener.tls_cert == NULL)
			answer_tls(c->fd);
	} else if (c != NULL) {
		*state = NULL;
		remove_connection(port->server, c);
	}
}

void serve_http_begin(struct serve_http *s, struct connection *c)
{
	pthread_mutex_lock(&s->lock);
	c->busy = true;
	atomic_store(&c->sent_bytes, 0);
	c->pace.bytes = 0;
	clock_gettime(CLOCK_MONOTONIC, &c->pace.since);
	s->requests++;
	pthread_mutex_unlock(&s->lock);
}

void serve_http_end(struct serve_http *s, struct connection *c)
{
	pthread_mutex_lock(&s->lock);
	c->busy = false;
	clock_gettime(CLOCK_MONOTONIC, &c->waits_since);
	s->requests--;
	if (s->requests == 0)
		pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
}

static bool is_crowded(const struct port *p)
{
	return p->connections_len > p->server->connections_max / 4 * 3;
}

/* Whether a client reads too slowly what is stored.  Until its first bytes it waits for the server, as for a turn. */
static bool reads_slowly(struct connection *c, double patience_s)
{
	if (atomic_load(&c->sent_bytes) > 0)
		return serve_http_is_slow(&c->pace, c, patience_s, LIMIT_SERVE_RATE);
	clock_gettime(CLOCK_MONOTONIC, &c->pace.since);
	return false;
}

/* Where most connections are taken there is less patience for a request, and some for who reads an answer. */
static bool is_to_end(struct connection *c, double patience_s)
{
	bool crowded = is_crowded(c->port);

	if (c->busy)
		return reads_slowly(c, patience_s) && crowded;
	return seconds_since(&c->waits_since) > (crowded && patience_s > HURRY_SECONDS ? HURRY_SECONDS : patience_s);
}

/* The library counts a byte now and then as life.  It learns of this end as if the client had made it, and the
 * descriptor stays open until it does. */
void serve_http_tend(struct serve_http *s, double patience_s)
{
	struct connection *c;

	serve_http_turns_tend(s, patience_s);
	pthread_mutex_lock(&s->lock);
	for (c = s->connections; c != NULL; c = c->next) {
		if (is_to_end(c, patience_s))
			(void)shutdown(c->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- starting ---- */

enum err_code serve_http_new(struct serve_http **ret_server, struct err *err)
{
	struct serve_http *s = calloc(1, sizeof(*s));
	pthread_condattr_t attributes;

	if (s == NULL)
		return err_nomem(err);
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->turns, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&s->idle, &attributes);
	pthread_condattr_destroy(&attributes);
	*ret_server = s;
	return ERR_OK;
}

enum err_code serve_http_listen(struct serve_http *s, struct serve_listener *listener, struct err *err)
{
	struct port *port = &s->ports[s->ports_len];
	enum err_code code;

	if (s->ports_len == SERVE_PORTS_MAX)
		return err_set(err, ERR_USAGE, "more than %d addresses to listen at", SERVE_PORTS_MAX);
	code = serve_address_listen(&listener->address, &port->fd, err);
	if (code != ERR_OK)
		return code;
	port->server = s;
	port->listener = *listener;
	s->ports_len++;
	return ERR_OK;
}

enum err_code serve_http_give(const struct serve_http *s, uid_t user, gid_t group, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < s->ports_len; i++)
		code = serve_address_give(&s->ports[i].listener.address, user, group, err);
	return code;
}

static unsigned thread_count(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (processors < (long)SERVE_THREADS_MIN)
		return SERVE_THREADS_MIN;
	return processors < (long)THREADS_MAX ? (unsigned)processors : THREADS_MAX;
}

/* As many descriptors as may be had; the soft limit is for programs that use select. */
static unsigned connections_each(const struct serve_http *s)
{
	struct rlimit files = { .rlim_cur = 1024 };
	rlim_t each;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) != 0)
			(void)getrlimit(RLIMIT_NOFILE, &files);
	}
	each = (files.rlim_cur > 2 * FILES_KEPT ? files.rlim_cur - FILES_KEPT : FILES_KEPT) / s->ports_len;
	return each < LIMIT_SERVE_CONNECTIONS ? (unsigned)each : LIMIT_SERVE_CONNECTIONS;
}

static void say_nothing(void *ctx, const char *fmt, va_list ap)
{
	(void)ctx;
	(void)fmt;
	(void)ap;
}

static enum err_code start_port(struct port *port, unsigned connections, struct err *err)
{
	const struct serve_listener *l = &port->listener;
	bool tls = l->tls_cert != NULL;
	const struct MHD_OptionItem certificate[] = {
		{ tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, (void *)(intptr_t)l->tls_cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(intptr_t)l->tls_key },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned flags =
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0U);

	port->daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, serve_http_on_request, port, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
		MHD_OPTION_LISTEN_SOCKET, port->fd, MHD_OPTION_THREAD_POOL_SIZE, thread_count(),
		MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_SERVE_IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_SERVE_MEMORY, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, port, MHD_OPTION_NOTIFY_COMPLETED, serve_http_on_end, port, MHD_OPTION_URI_LOG_CALLBACK,
		serve_http_on_uri, port, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, certificate,
		MHD_OPTION_END);
	if (port->daemon == NULL && tls)
		return err_set(err, ERR_FORMAT,
			       "%s: no TLS with this certificate and key: are they PEM and a pair, the key without a "
			       "passphrase?",
			       l->address.text);
	if (port->daemon == NULL)
		return err_set(err, ERR_IO, "%s: the server does not start", l->address.text);
	return ERR_OK;
}

enum err_code serve_http_start(struct serve_http *s, const struct serve_log *log, struct err *err)
{
	unsigned connections = connections_each(s);
	enum err_code code = offload_pool_new(HASHING_THREADS, HASHING_STREAMS, &s->hashing, err);
	size_t i;

	s->log = log;
	s->connections_max = connections;
	for (i = 0; code == ERR_OK && i < s->ports_len; i++)
		code = start_port(&s->ports[i], connections, err);
	return code;
}

void serve_http_tell(const struct serve_http *s, FILE *to)
{
	size_t i;

	for (i = 0; i < s->ports_len; i++) {
		const struct serve_listener *l = &s->ports[i].listener;

		fprintf(to, "bundle serve: %s: listening at %s%s\n", l->what, l->address.text,
			l->tls_cert != NULL ? " with TLS" : "");
	}
}

/* ---- stopping ---- */

static bool wait_idle(struct serve_http *s, unsigned wait_ms)
{
	struct timespec until;
	bool idle;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&s->lock);
	while (s->requests > 0 && pthread_cond_timedwait(&s->idle, &s->lock, &until) == 0)
		;
	idle = s->requests == 0;
	pthread_mutex_unlock(&s->lock);
	return idle;
}

bool serve_http_quiesce(struct serve_http *s, unsigned wait_ms)
{
	size_t i;

	if (!atomic_exchange(&s->stopping, true)) {
		for (i = 0; i < s->ports_len; i++) {
			if (s->ports[i].daemon != NULL)
				(void)MHD_quiesce_daemon(s->ports[i].daemon);
			(void)shutdown(s->ports[i].fd,
				       SHUT_RDWR); /* not closed: the library's threads may still know it */
		}
	}
	return wait_idle(s, wait_ms);
}

void serve_http_free(struct serve_http *s)
{
	size_t i;

	if (s == NULL)
		return;
	serve_http_turns_end(s);
	for (i = 0; i < s->ports_len; i++) {
		bool taken = atomic_load(&s->stopping) || s->ports[i].daemon == NULL;

		if (s->ports[i].daemon != NULL)
			MHD_stop_daemon(s->ports[i].daemon);
		if (taken) /* else the library has closed it */
			close_fd(&s->ports[i].fd);
		serve_address_forget(&s->ports[i].listener.address);
	}
	offload_pool_free(s->hashing);
	pthread_cond_destroy(&s->idle);
	pthread_mutex_destroy(&s->turns);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
