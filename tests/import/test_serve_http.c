#include "import/serve_http.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define APP "docker.io/library/app:1"
#define SMALL_BYTES 300000  /* three blocks of raw content */
#define LARGE_BYTES 5000000 /* two frames of it */
#define LARGE_ANSWER (LIMIT_SERVE_HELD_BYTES / 4)
#define TYPE_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"

static const struct opt_list none = { 0 };

/* A server on two unix sockets, and a bundle out of which its handler gives blobs. */
struct fixture {
	char *folder, *bundle;
	struct image_builder images;
	struct catalog *catalog;
	struct serve_http *server;
	struct serve_address address, other;
	struct serve_log log;
	int begun[2], gate[2]; /* a request for /wait says so here, and ends when something is written there */
	struct err err;
};

static const struct image_item *layer_of(const struct fixture *f, bool raw)
{
	const struct image_item *found = NULL;
	size_t i;

	for (i = 0; i < f->images.items_len; i++) {
		const struct image_item *item = &f->images.items[i];
		bool is_raw = strcmp(item->media_type, TYPE_GZIP) == 0;

		if (is_raw == raw && (found == NULL || item->len > found->len))
			found = item;
	}
	return found;
}

static enum err_code give_blob(struct fixture *f, const struct serve_request *request, struct serve_answer *answer,
			       struct err *err)
{
	CLEANUP(catalog_leave_ptr) struct catalog_view *v = NULL;
	const char *from = serve_query(request, "from"), *end = serve_query(request, "end");
	struct digest digest;
	enum err_code code = digest_parse(request->path + strlen("/blob/"), &digest, err);

	if (code == ERR_OK)
		code = catalog_look(f->catalog, &v, err);
	if (code == ERR_OK)
		code = catalog_blob_find(v, &digest, &answer->blob, err);
	answer->blob_from = from != NULL ? strtoul(from, NULL, 10) : 0;
	answer->blob_end = end != NULL ? strtoul(end, NULL, 10) : answer->blob.size_bytes;
	return code;
}

/* Pages that nobody has touched take no memory of the test's. */
static enum err_code give_large(struct serve_answer *answer, struct err *err)
{
	buf_release(&answer->text);
	answer->text.data = calloc(1, LARGE_ANSWER);
	if (answer->text.data == NULL)
		return err_nomem(err);
	answer->text.len = answer->text.cap = LARGE_ANSWER;
	return ERR_OK;
}

static enum err_code handle(void *ctx, const struct serve_request *request, struct serve_answer *answer,
			    struct err *err)
{
	struct fixture *f = ctx;
	char byte;

	if (strncmp(request->path, "/blob/", 6) == 0)
		return give_blob(f, request, answer, err);
	if (strcmp(request->path, "/gone") == 0)
		return err_set(err, ERR_IO, "the stick was pulled out");
	if (strcmp(request->path, "/large") == 0)
		return give_large(answer, err);
	if (strcmp(request->path, "/missing") == 0)
		return err_set(err, ERR_NOT_FOUND, "no such thing");
	if (strcmp(request->path, "/wait") == 0 && (write(f->begun[1], "x", 1) != 1 || read(f->gate[0], &byte, 1) != 1))
		return err_set(err, ERR_IO, "no gate");
	if (serve_answer_header(answer, err, "X-Seen", "%s %s %s", request->method_text,
				request->has_body ? "body" : "-", request->peer) != ERR_OK)
		return err->code;
	return serve_answer_text(answer, 200, "text/plain", request->path, err);
}

static void refuse(void *ctx, const struct serve_request *request, unsigned status, const struct err *why,
		   struct serve_answer *answer)
{
	(void)ctx;
	(void)request;
	(void)serve_answer_text(answer, status, "text/plain", why->msg, NULL);
}

static void open_catalog(struct fixture *f)
{
	const char *items[] = { f->bundle };
	struct opt_list places = { .items = items, .len = 1 };
	struct catalog_options options = { .places = &places, .origin = { .keys = &none, .seals = &none } };

	ck_assert_msg(catalog_open(&options, &f->catalog, &f->err) == ERR_OK, "%s", f->err.msg);
}

static struct serve_address listen_at(struct fixture *f, const char *name)
{
	struct serve_listener l = { .what = "test", .handler = handle, .refuse = refuse, .ctx = f };
	char *path = folder_path(f->folder, name);

	ck_assert_int_eq(serve_address_parse(path, &l.address, &f->err), ERR_OK);
	ck_assert_msg(serve_http_listen(f->server, &l, &f->err) == ERR_OK, "%s", f->err.msg);
	free(path);
	return l.address;
}

static void start_server(struct fixture *f)
{
	char *log = folder_path(f->folder, "log");

	ck_assert_int_eq(serve_log_open(log, true, &f->log, &f->err), ERR_OK);
	ck_assert_int_eq(serve_http_new(&f->server, &f->err), ERR_OK);
	f->address = listen_at(f, "x.sock");
	f->other = listen_at(f, "y.sock");
	ck_assert_int_eq(serve_http_start(f->server, &f->log, &f->err), ERR_OK);
	free(log);
}

/* Change a byte in the middle of the raw layer, in the file. */
static void damage(const struct fixture *f)
{
	const struct image_item *layer = layer_of(f, true);
	size_t len = 0;
	unsigned char *bytes = file_bytes(f->bundle, &len);
	unsigned char *at = memmem(bytes, len, layer->bytes + layer->len / 2, 64);

	ck_assert_ptr_nonnull(at);
	at[0] = (unsigned char)~at[0];
	file_put(f->bundle, bytes, len);
	free(bytes);
}

static void fixture_with(struct fixture *f, size_t raw_bytes, bool damaged)
{
	*f = (struct fixture){ .folder = folder_new() };
	ck_assert_int_eq(pipe(f->begun), 0);
	ck_assert_int_eq(pipe(f->gate), 0);
	ck_assert_int_eq(setenv("BUNDLE_TRUST", f->folder, 1), 0);
	f->bundle = file_new();
	image_builder_init(&f->images);
	image_sample(&f->images, APP, &(struct image_sample){ .raw_bytes = raw_bytes, .plain_bytes = SMALL_BYTES });
	bundle_put(&f->images, f->bundle, 100000);
	if (damaged)
		damage(f);
	open_catalog(f);
	start_server(f);
}

static void fixture_init(struct fixture *f)
{
	fixture_with(f, SMALL_BYTES, false);
}

static void fixture_release(struct fixture *f)
{
	serve_http_free(f->server);
	catalog_close(f->catalog);
	serve_log_close(&f->log);
	image_builder_release(&f->images);
	file_remove(f->bundle);
	folder_remove(f->folder);
	close(f->begun[0]);
	close(f->begun[1]);
	close(f->gate[0]);
	close(f->gate[1]);
}

/* ---- a client ---- */

static int dial_at(const struct serve_address *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, &a->at.any, a->len), 0);
	return fd;
}

static int dial(const struct fixture *f)
{
	return dial_at(&f->address);
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Everything up to the end of the connection. */
static void hear(int fd, struct buf *out)
{
	char chunk[65536];
	ssize_t n;

	buf_init(out, 64 * MIB);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		ck_assert_int_eq(buf_add(out, chunk, (size_t)n, NULL), ERR_OK);
	close(fd);
}

/* One request; the connection is closed behind it. */
static void ask(const struct fixture *f, const char *method, const char *target, struct buf *out)
{
	char text[LIMIT_SERVE_URL_BYTES + 256];
	int fd = dial(f);

	snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, target);
	say(fd, text);
	hear(fd, out);
}

static unsigned status_of(const struct buf *answer)
{
	static const char head[] = "HTTP/1.1 ";

	ck_assert_msg(strncmp(buf_text(answer), head, strlen(head)) == 0, "%.200s", buf_text(answer));
	return (unsigned)strtoul(buf_text(answer) + strlen(head), NULL, 10);
}

static const char *body_of(const struct buf *answer, size_t *ret_len)
{
	const char *blank = memmem(answer->data, answer->len, "\r\n\r\n", 4);

	ck_assert_ptr_nonnull(blank);
	*ret_len = answer->len - (size_t)(blank + 4 - answer->data);
	return blank + 4;
}

/* ---- requests ---- */

static const struct {
	const char *method, *target;
	unsigned status;
	const char *body, *header; /* what is in it; NULL: nothing is looked for */
} cases[] = {
	{ "GET", "/a%20b", 200, "/a b", "X-Seen: GET - -" },
	{ "HEAD", "/a", 200, "", "Content-Length: 2" },
	{ "DELETE", "/a", 200, "/a", "X-Seen: DELETE - -" },
	{ "GET", "/missing", 404, "no such thing", NULL },
	{ "HEAD", "/missing", 404, "", "Content-Length: 13" },
	{ "GET", "/gone", 503, "the stick was pulled out", "Retry-After: 5" },
	{ "GET", "/../etc/passwd", 400, NULL, "text/plain" },
	{ "GET", "/%2e%2e/etc/passwd", 400, NULL, "text/plain" },
	{ "GET", "/%zz", 400, NULL, NULL },
	{ "GET", "x", 400, NULL, NULL },
	{ "GET", "http://elsewhere/a", 200, "/a", NULL },
};

START_TEST(requests)
{
	struct fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP(buf_release) struct buf answer = { 0 };
		const char *body;
		size_t len;

		ask(&f, cases[i].method, cases[i].target, &answer);
		ck_assert_msg(status_of(&answer) == cases[i].status, "%s: %s", cases[i].target, buf_text(&answer));
		body = body_of(&answer, &len);
		if (cases[i].body != NULL)
			ck_assert_str_eq(body, cases[i].body);
		if (cases[i].header != NULL)
			ck_assert_msg(strstr(buf_text(&answer), cases[i].header) != NULL, "%s", buf_text(&answer));
	}
	fixture_release(&f);
}
END_TEST

START_TEST(keeps_alive)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct fixture f;
	int fd;

	fixture_init(&f);
	fd = dial(&f);
	say(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\nHEAD /two HTTP/1.1\r\nHost: x\r\n\r\n");
	say(fd, "GET /three HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	hear(fd, &answer);
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "/one"));
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "Content-Length: 4"));
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "/three"));
	fixture_release(&f);
}
END_TEST

/* A body is not read, and nothing in it is taken for a request. */
static const char *const bodies[] = {
	"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
	"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
	("GET /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\nGET /smuggled HTTP/1.1\r\nHost: "
	 "x\r\n\r\n"),
};

START_TEST(bodies_are_not_read)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct fixture f;
	int fd;

	fixture_init(&f);
	fd = dial(&f);
	say(fd, bodies[_i]);
	hear(fd, &answer);
	ck_assert_uint_eq(status_of(&answer), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), " body -"));
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "Connection: close"));
	ck_assert_ptr_null(strstr(buf_text(&answer), "smuggled"));
	fixture_release(&f);
}
END_TEST

/* Too long a line, too many headers, too large ones: an answer of the right kind, and the next client is served. */
START_TEST(too_much)
{
	static char text[2 * LIMIT_SERVE_MEMORY];
	struct fixture f;
	size_t i;

	fixture_init(&f);
	for (i = 0; i < 4; i++) {
		static const unsigned statuses[] = { 414, 414, 431, 431 };
		static const char *const headers[] = { "", "", "X: y\r\n", "X: " };
		CLEANUP(buf_release) struct buf answer = { 0 };
		size_t line = i == 0 ? LIMIT_SERVE_URL_BYTES : i == 1 ? LIMIT_SERVE_MEMORY : 0, j;
		char *at = text;
		int fd = dial(&f);

		at += sprintf(at, "GET /");
		memset(at, 'a', line);
		at += line;
		at += sprintf(at, " HTTP/1.1\r\nHost: x\r\n");
		for (j = 0; i == 2 && j < LIMIT_SERVE_FIELDS; j++)
			at += sprintf(at, "%s", headers[i]);
		if (i == 3) {
			at += sprintf(at, "%s", headers[i]);
			memset(at, 'a', LIMIT_SERVE_MEMORY);
			at += LIMIT_SERVE_MEMORY;
		}
		sprintf(at, "\r\n\r\n");
		(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		hear(fd, &answer);
		ck_assert_msg(status_of(&answer) == statuses[i], "%zu: %.300s", i, buf_text(&answer));
	}
	fixture_release(&f);
}
END_TEST

/* ---- blobs ---- */

static void ask_blob(const struct fixture *f, const struct image_item *item, const char *query, struct buf *out)
{
	char target[256];

	snprintf(target, sizeof(target), "/blob/%s%s", item->digest.text, query);
	ask(f, "GET", target, out);
}

static void check_whole(const struct fixture *f, const struct image_item *item)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	const char *body;
	size_t len;

	ask_blob(f, item, "", &answer);
	ck_assert_uint_eq(status_of(&answer), 200);
	body = body_of(&answer, &len);
	ck_assert_uint_eq(len, item->len);
	ck_assert(memcmp(body, item->bytes, len) == 0);
}

static bool is_proved(const struct fixture *f, const struct image_item *item)
{
	CLEANUP(catalog_leave_ptr) struct catalog_view *v = NULL;
	CLEANUP(catalog_blob_release) struct catalog_blob blob = { 0 };

	ck_assert_int_eq(catalog_look(f->catalog, &v, NULL), ERR_OK);
	ck_assert_int_eq(catalog_blob_find(v, &item->digest, &blob, NULL), ERR_OK);
	return catalog_blob_proved(&blob);
}

START_TEST(blobs)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	const struct image_item *item;
	struct fixture f;
	const char *body;
	size_t len;

	fixture_with(&f, LARGE_BYTES, false);
	item = layer_of(&f, _i == 0);
	ask_blob(&f, item, "?from=130000&end=270001", &answer);
	body = body_of(&answer, &len);
	ck_assert_uint_eq(len, 140001);
	ck_assert(memcmp(body, item->bytes + 130000, len) == 0);
	ck_assert(!is_proved(&f, item));
	check_whole(&f, item);
	ck_assert(is_proved(&f, item));
	check_whole(&f, item);
	fixture_release(&f);
}
END_TEST

/* The connection is cut before the last byte, each time. */
START_TEST(damaged_blobs)
{
	const struct image_item *item;
	struct fixture f;
	int turn;

	fixture_with(&f, LARGE_BYTES, true);
	item = layer_of(&f, true);
	for (turn = 0; turn < 2; turn++) {
		CLEANUP(buf_release) struct buf answer = { 0 };
		size_t len;

		ask_blob(&f, item, "", &answer);
		body_of(&answer, &len);
		ck_assert_uint_lt(len, item->len);
		ck_assert(!is_proved(&f, item));
	}
	fixture_release(&f);
}
END_TEST

/* A file that is cut while it is read cuts the connection, and nothing else. */
START_TEST(cut_while_read)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	CLEANUP(buf_release) struct buf after = { 0 };
	const struct image_item *item;
	struct fixture f;
	char text[256];
	size_t len;
	int fd, size = 4096;

	fixture_with(&f, LARGE_BYTES, false);
	item = layer_of(&f, true);
	fd = dial(&f);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	snprintf(text, sizeof(text), "GET /blob/%s HTTP/1.1\r\nHost: x\r\n\r\n", item->digest.text);
	say(fd, text);
	ck_assert_int_gt(recv(fd, text, 1, MSG_PEEK), 0); /* it has begun */
	ck_assert_int_eq(truncate(f.bundle, LARGE_BYTES / 2), 0);
	hear(fd, &answer);
	body_of(&answer, &len);
	ck_assert_uint_lt(len, item->len);
	ask(&f, "GET", "/still-there", &after);
	ck_assert_uint_eq(status_of(&after), 200);
	fixture_release(&f);
}
END_TEST

/* Clients that ask for a layer: each has the head of its answer, and nobody reads on. */
static void ask_all(const struct serve_address *a, const struct image_item *layer, int *fds, size_t len)
{
	char text[256];
	int size = 4096;
	size_t i;

	snprintf(text, sizeof(text), "GET /blob/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		 layer->digest.text);
	for (i = 0; i < len; i++) {
		char byte;

		fds[i] = dial_at(a);
		ck_assert_int_eq(setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
		say(fds[i], text);
		ck_assert_int_eq(recv(fds[i], &byte, 1, MSG_PEEK), 1);
	}
}

/* More clients than may decode at a time. */
static void crowd_begin(const struct fixture *f, int *fds, size_t len)
{
	ask_all(&f->address, layer_of(f, false), fds, len);
}

#define CROWD ((size_t)3 * LIMIT_SERVED_DECODERS)

/* Whatever has come for any of them; how many have come to their end. */
static size_t hear_some(struct pollfd *waits, struct buf *answers, size_t len)
{
	char chunk[4096];
	size_t over = 0, i;

	ck_assert_int_gt(poll(waits, len, 20000), 0);
	for (i = 0; i < len; i++) {
		ssize_t n = waits[i].revents != 0 ? read(waits[i].fd, chunk, sizeof(chunk)) : -1;

		if (n > 0)
			ck_assert_int_eq(buf_add(&answers[i], chunk, (size_t)n, NULL), ERR_OK);
		if (n != 0)
			continue;
		close(waits[i].fd);
		waits[i].fd = -1;
		over++;
	}
	return over;
}

START_TEST(all_get_their_turn)
{
	struct pollfd waits[CROWD];
	struct buf answers[CROWD];
	struct fixture f;
	int fds[CROWD];
	size_t over = 0, i;

	fixture_init(&f);
	crowd_begin(&f, fds, CROWD);
	for (i = 0; i < CROWD; i++) {
		waits[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
		buf_init(&answers[i], MIB);
	}
	while (over < CROWD)
		over += hear_some(waits, answers, CROWD);
	for (i = 0; i < CROWD; i++) {
		size_t len;
		const char *body = body_of(&answers[i], &len);

		ck_assert_uint_eq(len, SMALL_BYTES);
		ck_assert(memcmp(body, layer_of(&f, false)->bytes, len) == 0);
		buf_release(&answers[i]);
	}
	fixture_release(&f);
}
END_TEST

/* Who does not read what is decoded for him loses his turn to those who wait. */
START_TEST(slow_turns)
{
	struct pollfd waits[CROWD];
	struct fixture f;
	int fds[CROWD];
	size_t cut = 0, i;

	fixture_init(&f);
	crowd_begin(&f, fds, CROWD);
	while (cut < LIMIT_SERVED_DECODERS) {
		for (i = 0; i < CROWD; i++)
			waits[i] = (struct pollfd){ .fd = fds[i] };
		serve_http_tend(f.server, 0.5);
		ck_assert_int_ge(poll(waits, CROWD, 20), 0);
		for (i = 0, cut = 0; i < CROWD; i++)
			cut += (waits[i].revents & POLLHUP) != 0;
	}
	ck_assert_uint_eq(cut, LIMIT_SERVED_DECODERS);
	for (i = 0; i < CROWD; i++)
		close(fds[i]);
	fixture_release(&f);
}
END_TEST

/* A server that ends while they wait lets them go. */
START_TEST(no_more_turns)
{
	struct fixture f;
	int fds[CROWD];
	size_t i;

	fixture_init(&f);
	crowd_begin(&f, fds, CROWD);
	ck_assert(!serve_http_quiesce(f.server, 1));
	fixture_release(&f);
	for (i = 0; i < CROWD; i++)
		close(fds[i]);
}
END_TEST

/* Who asks for much and reads none of it is refused once there is too much; what is given up makes room again. */
START_TEST(slow_readers)
{
	struct fixture f;
	int fds[4];
	size_t i;

	fixture_init(&f);
	for (i = 0; i < COUNT_OF(fds); i++) {
		char byte;

		fds[i] = dial(&f);
		say(fds[i], "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
		ck_assert_int_eq(recv(fds[i], &byte, 1, MSG_PEEK), 1);
	}
	for (i = 0; i < 2; i++) {
		CLEANUP(buf_release) struct buf answer = { 0 };

		ask(&f, "GET", "/small", &answer);
		ck_assert_uint_eq(status_of(&answer), 503);
		ck_assert_ptr_nonnull(strstr(buf_text(&answer), "Retry-After"));
	}
	for (i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	for (i = 0; i != 200;) {
		CLEANUP(buf_release) struct buf answer = { 0 };

		ask(&f, "GET", "/small", &answer);
		i = status_of(&answer);
	}
	fixture_release(&f);
}
END_TEST

/* ---- time ---- */

/* Whether the other end has closed a connection; what it has said is forgotten. */
static bool is_over(int fd)
{
	struct pollfd waits = { .fd = fd, .events = POLLIN };
	char bytes[1024];

	return poll(&waits, 1, 1) == 1 && recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0;
}

/* Who never ends a request is cut off; who waits for an answer is not. */
START_TEST(tends)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct fixture f;
	int slow, busy;
	char byte;

	fixture_init(&f);
	slow = dial(&f);
	busy = dial(&f);
	say(slow, "GET /never HTTP/1.1\r\nHost:");
	say(busy, "GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	ck_assert_int_eq(read(f.begun[0], &byte, 1), 1);
	while (!is_over(slow))
		serve_http_tend(f.server, 0);
	close(slow);
	ck_assert_int_eq(write(f.gate[1], "x", 1), 1);
	hear(busy, &answer);
	ck_assert_uint_eq(status_of(&answer), 200);
	fixture_release(&f);
}
END_TEST

#define FILES 1000 /* that may be open, half of those that are not kept for each address */
#define MOST ((FILES - 128) / 2 / 4 * 3 + 1)

static bool any_is_cut(const int *fds, size_t len)
{
	struct pollfd waits[MOST];
	size_t i;

	for (i = 0; i < len; i++)
		waits[i] = (struct pollfd){ .fd = fds[i] };
	return poll(waits, len, 20) > 0;
}

/* Who hardly reads a layer is cut off where most connections of an address are taken, and nowhere else. */
START_TEST(slow_crowd)
{
	const struct rlimit files = { .rlim_cur = FILES, .rlim_max = FILES };
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct fixture f;
	int fds[MOST], elsewhere;
	size_t len, i;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	fixture_with(&f, LARGE_BYTES, false);
	ask_all(&f.other, layer_of(&f, true), &elsewhere, 1);
	ask_all(&f.address, layer_of(&f, true), fds, MOST);
	while (!any_is_cut(fds, MOST))
		serve_http_tend(f.server, 0.1);
	hear(elsewhere, &answer);
	(void)body_of(&answer, &len);
	ck_assert_uint_eq(len, LARGE_BYTES);
	for (i = 0; i < MOST; i++)
		close(fds[i]);
	fixture_release(&f);
}
END_TEST

/* A stop waits for what is under way, and takes nothing new. */
START_TEST(stops)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct fixture f;
	char byte;
	int fd;

	fixture_init(&f);
	fd = dial(&f);
	say(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(read(f.begun[0], &byte, 1), 1);
	ck_assert(!serve_http_quiesce(f.server, 1));
	ck_assert_int_eq(write(f.gate[1], "x", 1), 1);
	ck_assert(serve_http_quiesce(f.server, 10000));
	hear(fd, &answer);
	ck_assert_uint_eq(status_of(&answer), 200);
	ck_assert_ptr_nonnull(strstr(buf_text(&answer), "Connection: close"));
	fixture_release(&f);
}
END_TEST

/* Many who say nothing are no hindrance for one who does. */
START_TEST(idle_crowd)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct fixture f;
	int crowd[300];
	size_t i;

	fixture_init(&f);
	for (i = 0; i < COUNT_OF(crowd); i++)
		crowd[i] = dial(&f);
	ask(&f, "GET", "/a", &answer);
	ck_assert_uint_eq(status_of(&answer), 200);
	for (i = 0; i < COUNT_OF(crowd); i++)
		close(crowd[i]);
	fixture_release(&f);
}
END_TEST

START_TEST(logs)
{
	CLEANUP(buf_release) struct buf answer = { 0 };
	struct fixture f;
	char *text;
	size_t len;

	fixture_init(&f);
	ask(&f, "GET", "/a%20b?c", &answer);
	ck_assert(serve_http_quiesce(f.server, 10000));
	text = folder_read(f.folder, "log", &len);
	ck_assert_msg(strstr(text, "] \"GET /a%20b?c HTTP/1.1\" 200 4 ") != NULL, "%s", text);
	free(text);
	fixture_release(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_http");
	TCase *t = tcase_create("serve_http");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, requests);
	tcase_add_test(t, keeps_alive);
	tcase_add_loop_test(t, bodies_are_not_read, 0, COUNT_OF(bodies));
	tcase_add_test(t, too_much);
	tcase_add_loop_test(t, blobs, 0, 2);
	tcase_add_test(t, damaged_blobs);
	tcase_add_test(t, cut_while_read);
	tcase_add_test(t, all_get_their_turn);
	tcase_add_test(t, slow_turns);
	tcase_add_test(t, no_more_turns);
	tcase_add_test(t, slow_readers);
	tcase_add_test(t, tends);
	tcase_add_test(t, slow_crowd);
	tcase_add_test(t, stops);
	tcase_add_test(t, idle_crowd);
	tcase_add_test(t, logs);
	suite_add_tcase(s, t);
	return test_run(s);
}
