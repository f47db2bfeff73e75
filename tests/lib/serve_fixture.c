#include "tests/lib/serve_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"

#define APP "docker.io/library/app:1"
#define TYPE_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"

static const struct opt_list none = { 0 };

const struct image_item *serve_layer_of(const struct serve_fixture *f, bool raw)
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

static enum err_code give_blob(struct serve_fixture *f, const struct serve_request *request,
			       struct serve_answer *answer, struct err *err)
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
	answer->text.data = calloc(1, SERVE_LARGE_ANSWER);
	if (answer->text.data == NULL)
		return err_nomem(err);
	answer->text.len = answer->text.cap = SERVE_LARGE_ANSWER;
	return ERR_OK;
}

static enum err_code handle(void *ctx, const struct serve_request *request, struct serve_answer *answer,
			    struct err *err)
{
	struct serve_fixture *f = ctx;
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

static void open_catalog(struct serve_fixture *f)
{
	const char *items[] = { f->bundle };
	struct opt_list places = { .items = items, .len = 1 };
	struct catalog_options options = { .places = &places, .origin = { .keys = &none, .seals = &none } };

	ck_assert_msg(catalog_open(&options, &f->catalog, &f->err) == ERR_OK, "%s", f->err.msg);
}

static struct serve_address listen_at(struct serve_fixture *f, const char *name)
{
	struct serve_listener l = { .what = "test", .handler = handle, .refuse = refuse, .ctx = f };
	char *path = folder_path(f->folder, name);

	ck_assert_int_eq(serve_address_parse(path, &l.address, &f->err), ERR_OK);
	ck_assert_msg(serve_http_listen(f->server, &l, &f->err) == ERR_OK, "%s", f->err.msg);
	free(path);
	return l.address;
}

static void start_server(struct serve_fixture *f)
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
static void damage(const struct serve_fixture *f)
{
	const struct image_item *layer = serve_layer_of(f, true);
	size_t len = 0;
	unsigned char *bytes = file_bytes(f->bundle, &len);
	unsigned char *at = memmem(bytes, len, layer->bytes + layer->len / 2, 64);

	ck_assert_ptr_nonnull(at);
	at[0] = (unsigned char)~at[0];
	file_put(f->bundle, bytes, len);
	free(bytes);
}

void serve_fixture_of(struct serve_fixture *f, size_t raw_bytes, bool damaged)
{
	*f = (struct serve_fixture){ .folder = folder_new() };
	ck_assert_int_eq(pipe(f->begun), 0);
	ck_assert_int_eq(pipe(f->gate), 0);
	ck_assert_int_eq(setenv("BUNDLE_TRUST", f->folder, 1), 0);
	f->bundle = file_new();
	image_builder_init(&f->images);
	image_sample(&f->images, APP,
		     &(struct image_sample){ .raw_bytes = raw_bytes, .plain_bytes = SERVE_SMALL_BYTES });
	bundle_put(&f->images, f->bundle, 100000);
	if (damaged)
		damage(f);
	open_catalog(f);
	start_server(f);
}

void serve_fixture_start(struct serve_fixture *f)
{
	serve_fixture_of(f, SERVE_SMALL_BYTES, false);
}

void serve_fixture_stop(struct serve_fixture *f)
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

int serve_dial_at(const struct serve_address *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, &a->at.any, a->len), 0);
	return fd;
}

int serve_dial(const struct serve_fixture *f)
{
	return serve_dial_at(&f->address);
}

void serve_say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

void serve_hear(int fd, struct buf *out)
{
	char chunk[65536];
	ssize_t n;

	buf_init(out, 64 * MIB);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		ck_assert_int_eq(buf_add(out, chunk, (size_t)n, NULL), ERR_OK);
	close(fd);
}

void serve_ask(const struct serve_fixture *f, const char *method, const char *target, struct buf *out)
{
	char text[LIMIT_SERVE_URL_BYTES + 256];
	int fd = serve_dial(f);

	snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, target);
	serve_say(fd, text);
	serve_hear(fd, out);
}

unsigned serve_status_of(const struct buf *answer)
{
	static const char head[] = "HTTP/1.1 ";

	ck_assert_msg(strncmp(buf_text(answer), head, strlen(head)) == 0, "%.200s", buf_text(answer));
	return (unsigned)strtoul(buf_text(answer) + strlen(head), NULL, 10);
}

const char *serve_body_of(const struct buf *answer, size_t *ret_len)
{
	const char *blank = memmem(answer->data, answer->len, "\r\n\r\n", 4);

	ck_assert_ptr_nonnull(blank);
	*ret_len = answer->len - (size_t)(blank + 4 - answer->data);
	return blank + 4;
}

void serve_ask_blob(const struct serve_fixture *f, const struct image_item *item, const char *query, struct buf *out)
{
	char target[256];

	snprintf(target, sizeof(target), "/blob/%s%s", item->digest.text, query);
	serve_ask(f, "GET", target, out);
}
