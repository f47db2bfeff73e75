#include "tests/lib/fake_docker.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/mem.h"
#include "common/text.h"

#define TAR_MAX (4 << 20)
#define PATIENCE_MS 20000

static void answer(int fd, int status, const char *body)
{
	char head[128];

	snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status,
		 strlen(body));
	if (send(fd, head, strlen(head), MSG_NOSIGNAL) > 0)
		send(fd, body, strlen(body), MSG_NOSIGNAL);
}

static void answer_version(const struct fake_docker *d, int fd)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"Version\":\"%s\",\"ApiVersion\":\"1.%u\",\"MinAPIVersion\":\"1.44\"}",
		 d->api < 53 ? "28.5.2+dfsg4" : "29.6.0", d->fault == FAKE_OLD_API ? 47 : d->api);
	answer(fd, 200, body);
}

static void answer_info(const struct fake_docker *d, int fd)
{
	answer(fd, 200,
	       d->fault == FAKE_GRAPHDRIVER
		       ? "{\"Driver\":\"overlay2\",\"DriverStatus\":[[\"Backing Filesystem\",\"extfs\"]]}"
		       : "{\"Driver\":\"overlayfs\",\"DriverStatus\":[[\"x\"],[\"driver-type\","
			 "\"io.containerd.snapshotter.v1\"]]}");
}

static void put_manifest(const struct fake_docker *d, struct buf *body, const struct edge *e)
{
	const struct node *n = &d->graph->nodes[e->to];
	const struct node *root = &d->graph->nodes[d->graph->images[0].root];
	const struct node *first = &d->graph->nodes[d->graph->edges[root->edges].to];
	bool attestation = e->kind == EDGE_ATTESTATION;

	if (d->fault == FAKE_NOT_LISTED && n == first)
		return;
	buf_printf(body, NULL, "%s{\"Descriptor\":{\"digest\":\"%s\",\"size\":%u},\"Available\":%s,\"Kind\":\"%s\"",
		   body->data[body->len - 1] == '[' ? "" : ",", n->digest.text, (unsigned)n->size_bytes,
		   d->fault == FAKE_NOT_AVAILABLE && n == first ? "false" : "true",
		   attestation && d->fault != FAKE_NO_ATTESTATION ? "attestation" : "image");
	if (attestation)
		buf_printf(body, NULL, ",\"AttestationData\":{\"For\":\"%s\"}",
			   d->fault == FAKE_WRONG_SUBJECT ? n->digest.text : first->digest.text);
	buf_puts(body, "}", NULL);
}

static void answer_image(const struct fake_docker *d, int fd, const char *request)
{
	const struct node *root = &d->graph->nodes[d->graph->images[0].root];
	const struct node *other = &d->graph->nodes[d->graph->edges[root->edges].to];
	CLEANUP(buf_release) struct buf body = { 0 };
	bool another = d->loaded ? d->fault == FAKE_NAMES_ANOTHER : d->fault == FAKE_HAS_ANOTHER;
	size_t i;

	if ((d->loaded ? d->fault == FAKE_NOT_NAMED : d->fault != FAKE_HAS_IT && d->fault != FAKE_HAS_ANOTHER) ||
	    (d->only != NULL && strstr(request, d->only) == NULL)) {
		answer(fd, 404, "{\"message\":\"No such image\"}");
		return;
	}
	buf_init(&body, 65536);
	buf_printf(&body, NULL, "{\"Descriptor\":{\"digest\":\"%s\"},\"Manifests\":[",
		   another ? other->digest.text : root->digest.text);
	for (i = 0; i < root->edges_len; i++)
		put_manifest(d, &body, &d->graph->edges[root->edges + i]);
	buf_puts(&body, "]}", NULL);
	answer(fd, 200, buf_text(&body));
}

/* The one image, and beside it what has no name, as real daemons list it. */
static void answer_list(const struct fake_docker *d, int fd)
{
	CLEANUP(buf_release) struct buf body = { 0 };

	buf_init(&body, 65536);
	buf_printf(&body, NULL,
		   "[{\"Id\":\"x\",\"RepoTags\":[\"<none>:<none>\"],\"RepoDigests\":null},"
		   "{\"Id\":\"y\",\"RepoTags\":[\"%s\"],\"RepoDigests\":[]},"
		   "{\"Id\":\"z\",\"RepoTags\":[],\"RepoDigests\":[\"<none>@<none>\"]}]",
		   d->graph->images[0].name);
	answer(fd, 200, buf_text(&body));
}

static const struct node *node_of(const struct graph *g, enum role role)
{
	size_t i;

	for (i = 0; i < g->nodes_len && g->nodes[i].role != role; i++)
		;
	ck_assert_uint_lt(i, g->nodes_len);
	return &g->nodes[i];
}

static void answer_attestations(const struct fake_docker *d, int fd, const char *request)
{
	const struct node *n = node_of(d->graph, ROLE_STATEMENT);
	const char *type = d->fault == FAKE_OTHER_TYPE ? "https://example.test/other" : n->predicate_type;
	CLEANUP(buf_release) struct buf body = { 0 };

	if (d->fault == FAKE_ATTESTATIONS_500) {
		answer(fd, 500, "{\"message\":\"something broke\"}");
		return;
	}
	if (strstr(request, "amd64") == NULL || d->fault == FAKE_NO_STATEMENT) {
		answer(fd, 200, "[]");
		return;
	}
	buf_init(&body, 65536);
	buf_printf(&body, NULL, "[{\"Descriptor\":{\"digest\":\"%s\"},\"PredicateType\":\"%s\"", n->digest.text, type);
	if (strstr(request, "statement=1") != NULL)
		buf_printf(&body, NULL,
			   ",\"Statement\":{\"p\":\"%s\",\"predicateType\":\"https://slsa.dev/provenance/v1\","
			   "\"_type\":\"https://in-toto.io/Statement/v1\"}",
			   d->fault == FAKE_OTHER_STATEMENT ? "x" : "");
	buf_puts(&body, d->fault == FAKE_ONE_MORE ? "},{}]" : "}]", NULL);
	answer(fd, 200, buf_text(&body));
}

static bool read_exact(int fd, char *out, size_t len)
{
	ssize_t got = 0;

	for (; len > 0 && (got = read(fd, out, len)) > 0; out += got)
		len -= (size_t)got;
	return len == 0;
}

static bool read_line(int fd, char *out, size_t size)
{
	size_t len = 0;

	while (len + 1 < size && read_exact(fd, out + len, 1) && out[len] != '\n')
		len++;
	out[len] = '\0';
	return len > 0;
}

/* False where the body breaks off: then nothing is published. */
static bool take_tar(struct fake_docker *d, int fd)
{
	char line[64];

	d->tar_len = 0;
	while (read_line(fd, line, sizeof(line))) {
		size_t len = strtoul(line, NULL, 16);

		ck_assert_uint_lt(d->tar_len + len, TAR_MAX);
		if (!read_exact(fd, d->tar + d->tar_len, len) || !read_line(fd, line, sizeof(line)))
			return false;
		d->tar_len += len;
		if (len == 0)
			return true;
	}
	return false;
}

static void wait_for_hangup(int fd)
{
	struct pollfd gone = { .fd = fd, .events = POLLRDHUP };

	(void)!poll(&gone, 1, PATIENCE_MS);
}

static void take_load(struct fake_docker *d, int fd)
{
	static char spaces[70000];

	d->loads++;
	if (d->fault == FAKE_REFUSES_EARLY) {
		answer(fd, 200, "{\"errorDetail\":{\"message\":\"no space left\"},\"error\":\"no space left\"}\r\n");
		wait_for_hangup(
			fd); /* as a daemon does for a while, so that it is heard before the connection breaks */
		return;
	}
	d->loaded = take_tar(d, fd) && d->fault != FAKE_REFUSES;
	memset(spaces, ' ', sizeof(spaces) - 1);
	if (d->fault == FAKE_REFUSES)
		answer(fd, 200, "{\"stream\":\"x\"}\r\n{\"error\":\"bad\"}");
	else if (d->fault == FAKE_NO_JSON)
		answer(fd, 200, "Loaded\r\n");
	else if (d->fault == FAKE_LONG_LINE)
		answer(fd, 200, spaces);
	else if (d->fault == FAKE_CANNOT_UNPACK)
		answer(fd, 200, "{\"stream\":\"Error unpacking image app:1: bad layer\\n\"}\r\n");
	else if (d->fault != FAKE_BREAKS_OFF)
		answer(fd, 200, "{\"stream\":\"Loaded image: app:1\\n\"}\r\n");
}

static void serve(struct fake_docker *d, int fd)
{
	char request[1024], header[1024];

	if (!read_line(fd, request, sizeof(request)))
		return;
	while (read_line(fd, header, sizeof(header)) && header[0] != '\r')
		;
	if (text_starts(request, "GET /version "))
		answer_version(d, fd);
	else if (text_starts(request, "GET /info "))
		answer_info(d, fd);
	else if (strstr(request, "/images/json ") != NULL)
		answer_list(d, fd);
	else if (strstr(request, "/images/load?") != NULL)
		take_load(d, fd);
	else if (strstr(request, "/json?manifests=1 ") != NULL)
		answer_image(d, fd, request);
	else
		answer_attestations(d, fd, request);
}

static void *run(void *data)
{
	struct fake_docker *d = data;
	int fd;

	while ((fd = accept(d->fd, NULL, NULL)) >= 0) {
		serve(d, fd);
		close(fd);
	}
	return NULL;
}

void fake_docker_start(struct fake_docker *d, const char *beside)
{
	d->tar = malloc(TAR_MAX);
	ck_assert_ptr_nonnull(d->tar);
	d->address.sun_family = AF_UNIX;
	snprintf(d->address.sun_path, sizeof(d->address.sun_path), "%s.part", beside);
	d->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(d->fd, (struct sockaddr *)&d->address, sizeof(d->address)), 0);
	ck_assert_int_eq(listen(d->fd, d->fault == FAKE_NO_DAEMON ? 0 : 8), 0);
	if (d->fault == FAKE_NO_DAEMON)
		ck_assert_int_eq(unlink(d->address.sun_path), 0);
	ck_assert_int_eq(pthread_create(&d->thread, NULL, run, d), 0);
}

void fake_docker_stop(struct fake_docker *d)
{
	shutdown(d->fd, SHUT_RDWR);
	pthread_join(d->thread, NULL);
	close(d->fd);
	free(d->tar);
}
