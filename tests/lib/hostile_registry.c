#include "tests/lib/hostile_registry.h"

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/digest.h"
#include "common/mem.h"
#include "tests/lib/loopback.h"

#define TEXT_MAX (1U << 24)
#define REQUEST_MAX 65536
#define CHUNK_BYTES 65536

/* What people pull every day, in small. */
static const char *const honest[] = {
	"{}",
	"a layer",
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	"\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"$1\",\"size\":^1},"
	"\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"$2\",\"size\":^2}]}",
	NULL,
};

struct thing {
	struct buf text;
	struct digest digest;
};

struct hostile_registry {
	const struct hostile_answer *answers;
	struct thing things[HOSTILE_THINGS];
	size_t things_len, tagged; /* tagged: the place of the image */
	pthread_mutex_t lock;      /* of things */
	int listener;
	char host[32];
	pid_t process;
};

/* One connection, and what is asked on it. */
struct visit {
	struct hostile_registry *registry;
	int fd;
	bool open, last; /* last: the connection ends with this answer */
	char request[REQUEST_MAX];
	char *method, *target, *rest; /* in request */
	const struct thing *made;     /* for this answer */
};

/* In the registry's own process nothing can fail a test but its end. */
static void must(bool holds)
{
	if (!holds)
		abort();
}

static const struct thing *thing_of(const struct hostile_registry *r, char number)
{
	size_t place = (size_t)(number - '1');

	must(place < r->things_len);
	return &r->things[place];
}

/* What a sign stands for is appended to out.  Returns false where it stands for itself. */
static bool put_sign(const struct visit *v, const char *sign, struct buf *out)
{
	const struct hostile_registry *r = v->registry;
	const struct thing *t = sign[1] >= '1' && sign[1] <= '9' ? thing_of(r, sign[1])
				: sign[1] == '+'                 ? v->made
								 : NULL;

	if (t != NULL)
		must((*sign == '$' ? buf_puts(out, t->digest.text, NULL) : buf_printf(out, NULL, "%zu", t->text.len)) ==
		     ERR_OK);
	else if (*sign == '$' && (sign[1] == 'h' || sign[1] == 'l'))
		must(buf_printf(out, NULL, "%s%s", sign[1] == 'h' ? "127.0.0.1" : "localhost", strchr(r->host, ':')) ==
		     ERR_OK);
	else if (*sign == '$' && sign[1] == '0' && v->target != NULL)
		must(buf_add(out, strrchr(v->target, '/') + 1, strcspn(strrchr(v->target, '/') + 1, "?"), NULL) ==
		     ERR_OK);
	else
		return false;
	return true;
}

static void expand(const struct visit *v, const char *text, size_t number, struct buf *out)
{
	while (text != NULL && *text != '\0') {
		size_t plain = strcspn(text, "$^~");

		must(buf_add(out, text, plain, NULL) == ERR_OK);
		text += plain;
		if (*text == '~')
			must(buf_printf(out, NULL, "%064zx", number) == ERR_OK);
		else if (*text != '\0' && put_sign(v, text, out))
			text++;
		else if (*text != '\0')
			must(buf_add(out, text, 1, NULL) == ERR_OK);
		text += *text != '\0';
	}
}

/* The registry has a thing more, if it has not had it before. */
static const struct thing *add_thing(const struct visit *v, const char *text)
{
	struct hostile_registry *r = v->registry;
	struct thing *t = &r->things[r->things_len];
	size_t i;

	must(r->things_len < HOSTILE_THINGS);
	buf_init(&t->text, TEXT_MAX);
	expand(v, text, 0, &t->text);
	must(digest_of(buf_text(&t->text), t->text.len, NULL, &t->digest, NULL) == ERR_OK);
	for (i = 0; i < r->things_len; i++) {
		if (digest_equal(&r->things[i].digest, &t->digest)) {
			buf_release(&t->text);
			return &r->things[i];
		}
	}
	r->things_len++;
	return t;
}

static void send_all(struct visit *v, const char *bytes, size_t len)
{
	while (v->open && len > 0) {
		ssize_t n = send(v->fd, bytes, len, MSG_NOSIGNAL);

		v->open = n > 0;
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

static void send_middles(struct visit *v, const struct hostile_answer *a)
{
	CLEANUP(buf_release) struct buf chunk;
	size_t i;

	buf_init(&chunk, TEXT_MAX);
	for (i = 0; v->open && (a->times == HOSTILE_ENDLESS || i < a->times); i++) {
		expand(v, a->middle, i, &chunk);
		if (chunk.len < CHUNK_BYTES && a->pause_ms == 0)
			continue;
		send_all(v, buf_text(&chunk), chunk.len);
		buf_clear(&chunk);
		usleep(a->pause_ms * 1000);
	}
	send_all(v, buf_text(&chunk), chunk.len);
}

static size_t len_of(const struct visit *v, const char *text)
{
	CLEANUP(buf_release) struct buf out;

	buf_init(&out, TEXT_MAX);
	expand(v, text, 0, &out);
	return out.len;
}

static void send_head(struct visit *v, const struct hostile_answer *a, const struct buf *start)
{
	CLEANUP(buf_release) struct buf head;
	size_t len = start->len + len_of(v, a->end);
	bool has_length = a->headers != NULL && (strstr(a->headers, "Content-Length:") != NULL ||
						 strstr(a->headers, "Transfer-Encoding:") != NULL);

	buf_init(&head, TEXT_MAX);
	must(buf_printf(&head, NULL, "HTTP/1.1 %d Answer\r\n", a->status != 0 ? a->status : 200) == ERR_OK);
	if (!has_length && a->times != HOSTILE_ENDLESS)
		must(buf_printf(&head, NULL, "Content-Length: %zu\r\n", len + a->times * len_of(v, a->middle)) ==
		     ERR_OK);
	expand(v, a->headers, 0, &head);
	v->last = a->headers != NULL || a->times == HOSTILE_ENDLESS;
	must(buf_puts(&head, v->last ? "Connection: close\r\n\r\n" : "\r\n", NULL) == ERR_OK);
	send_all(v, buf_text(&head), head.len);
}

/* After what was no plain answer the connection is closed. */
static void send_answer(struct visit *v, const struct hostile_answer *a)
{
	CLEANUP(buf_release) struct buf start;
	CLEANUP(buf_release) struct buf end;

	buf_init(&start, TEXT_MAX);
	buf_init(&end, TEXT_MAX);
	pthread_mutex_lock(&v->registry->lock);
	v->made = a->thing != NULL ? add_thing(v, a->thing) : NULL;
	pthread_mutex_unlock(&v->registry->lock);
	if (a->start_len > 0)
		must(buf_add(&start, a->start, a->start_len, NULL) == ERR_OK);
	else
		expand(v, a->start, 0, &start);
	v->last = true;
	if (!a->raw)
		send_head(v, a, &start);
	if (strcmp(v->method, "HEAD") != 0 || a->raw) {
		send_all(v, buf_text(&start), start.len);
		send_middles(v, a);
		expand(v, a->end, 0, &end);
		send_all(v, buf_text(&end), end.len);
	}
	v->open = v->open && !v->last;
}

static void send_thing(struct visit *v, const struct thing *t)
{
	CLEANUP(buf_release) struct buf head;

	buf_init(&head, TEXT_MAX);
	must(buf_printf(&head, NULL, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", t->text.len) == ERR_OK);
	send_all(v, buf_text(&head), head.len);
	if (strcmp(v->method, "HEAD") != 0)
		send_all(v, buf_text(&t->text), t->text.len);
}

static const struct hostile_answer *answer_of(const struct visit *v)
{
	bool has_login = strstr(v->rest, "\r\nAuthorization: ") != NULL;
	const struct hostile_answer *a;

	for (a = v->registry->answers; a->target != NULL; a++) {
		CLEANUP(buf_release) struct buf target;

		buf_init(&target, TEXT_MAX);
		expand(v, a->target, 0, &target);
		if (strncmp(v->target, buf_text(&target), target.len) == 0 && !(a->asks_login && has_login) &&
		    (a->not_for == NULL || strcmp(a->not_for, v->method) != 0))
			return a;
	}
	return NULL;
}

/* The image under its tag, or what has the digest that the path ends in. */
static const struct thing *content_of(const struct visit *v)
{
	struct hostile_registry *r = v->registry;
	const char *name = strrchr(v->target, '/');
	const struct thing *found = NULL;
	size_t i;

	if (name == NULL || (strstr(v->target, "/manifests/") == NULL && strstr(v->target, "/blobs/") == NULL))
		return NULL;
	pthread_mutex_lock(&r->lock);
	for (i = 0; i < r->things_len; i++) {
		if (strcmp(name + 1, r->things[i].digest.text) == 0)
			found = &r->things[i];
	}
	pthread_mutex_unlock(&r->lock);
	return strcmp(name, "/1") == 0 ? &r->things[r->tagged] : found;
}

static bool read_request(struct visit *v)
{
	size_t len = 0;

	v->request[0] = '\0';
	while (strstr(v->request, "\r\n\r\n") == NULL) {
		ssize_t n = recv(v->fd, v->request + len, REQUEST_MAX - 1 - len, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		v->request[len] = '\0';
	}
	v->rest = v->request;
	v->method = strsep(&v->rest, " ");
	v->target = strsep(&v->rest, " ");
	return v->rest != NULL;
}

static void *serve(void *arg)
{
	static const struct hostile_answer none = { .status = 404 };
	struct visit *v = arg;

	while (v->open && read_request(v)) {
		const struct hostile_answer *a = answer_of(v);
		const struct thing *t = a == NULL ? content_of(v) : NULL;

		if (t != NULL)
			send_thing(v, t);
		else
			send_answer(v, a != NULL ? a : &none);
	}
	close(v->fd);
	free(v);
	return NULL;
}

static _Noreturn void run(struct hostile_registry *r)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* no test that fails leaves it behind */
	for (;;) {
		struct visit *v = calloc(1, sizeof(*v));
		pthread_t thread = { 0 };

		must(v != NULL);
		v->registry = r;
		v->open = true;
		v->fd = accept(r->listener, NULL, NULL);
		must(v->fd >= 0 && pthread_create(&thread, NULL, serve, v) == 0);
		pthread_detach(thread);
	}
}

static void listen_on_loopback(struct hostile_registry *r)
{
	struct sockaddr_in address;

	r->listener = loopback_listen(64, &address);
	snprintf(r->host, sizeof(r->host), "127.0.0.1:%d", ntohs(address.sin_port));
}

struct hostile_registry *hostile_registry_start(const char *const *things, const struct hostile_answer *answers)
{
	struct hostile_registry *r = calloc(1, sizeof(*r));
	struct visit nobody = { .registry = r };
	const char *const *thing;

	ck_assert_ptr_nonnull(r);
	r->answers = answers;
	pthread_mutex_init(&r->lock, NULL);
	for (thing = things != NULL ? things : honest; *thing != NULL; thing++)
		add_thing(&nobody, *thing);
	r->tagged = r->things_len - 1;
	listen_on_loopback(r);
	r->process = fork();
	ck_assert_int_ge(r->process, 0);
	if (r->process == 0)
		run(r);
	close(r->listener);
	return r;
}

const char *hostile_registry_host(const struct hostile_registry *r)
{
	return r->host;
}

void hostile_registry_stop(struct hostile_registry *r)
{
	size_t i;

	ck_assert_int_eq(kill(r->process, SIGKILL), 0);
	ck_assert_int_eq(waitpid(r->process, NULL, 0), r->process);
	for (i = 0; i < r->things_len; i++)
		buf_release(&r->things[i].text);
	free(r);
}
