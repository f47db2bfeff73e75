#include "common/upload.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/registry.h"
#include "tests/lib/folder.h"
#include "tests/lib/http_server.h"
#include "tests/lib/test_main.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define END "digest=sha256%3Aba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define BLOB "/v2/a/b/blobs/" ABC
#define BEGIN "/v2/a/b/blobs/uploads/"
#define MOUNT BEGIN "?mount=sha256%3Aba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad&from=c%2Fd"
#define UPLOAD "/v2/a/b/blobs/uploads/1?s=secret"
#define PUT UPLOAD "&" END
#define BEGUN                                                                                                          \
	{                                                                                                              \
		.target = BEGIN, .status = 202, .headers = "Location: " UPLOAD "\r\n"                                  \
	}
#define ASKS_LOGIN                                                                                                     \
	{                                                                                                              \
		.target = BEGIN, .status = 401, .headers = "WWW-Authenticate: Basic realm=\"x\"\r\n", .times = 1       \
	}
#define TAKEN                                                                                                          \
	{                                                                                                              \
		.target = PUT, .status = 201                                                                           \
	}
#define LOST(path)                                                                                                     \
	{                                                                                                              \
		.target = (path), .fault = FAULT_CLOSED, .times = 1                                                    \
	}

/* How one blob, "abc", gets there, and by which request it does in the end. */
static const struct {
	const char *name;
	struct http_route routes[8];
	bool mount, broken;
	enum err_code want;
	enum upload_end end;
	const char *last;        /* what was asked for last */
	const char *has, *lacks; /* what that request has and has not; NULL for nothing */
} uploads[] = {
	{ "in one request", { BEGUN, TAKEN }, .last = PUT, .has = "\r\n\r\nabc", .lacks = "Content-Range" },
	{ "with another good status", { BEGUN, { .target = PUT, .status = 204 } }, .last = PUT },
	{ "where the path has no query",
	  { { .target = BEGIN, .status = 202, .headers = "Location: /up/1\r\n" },
	    { .target = "/up/1?" END, .status = 201 } },
	  .last = "/up/1?" END },
	{ "by a relative path",
	  { { .target = BEGIN, .status = 202, .headers = "Location: 1?s=secret\r\n" }, TAKEN },
	  .last = PUT },
	{ "by a URL whose scheme and port a proxy has taken away",
	  { { .target = BEGIN, .status = 202, .headers = "Location: http://@@" UPLOAD "#x\r\n" }, TAKEN },
	  .last = PUT },
	{ "at another host, which gets no credentials",
	  { ASKS_LOGIN,
	    { .target = BEGIN, .status = 202, .headers = "Location: http://@2/up\r\n" },
	    { .target = "/up?" END, .status = 201 } },
	  .last = "/up?" END,
	  .has = "\r\n\r\nabc",
	  .lacks = "Authorization" },
	{ "at the same host, which gets them",
	  { ASKS_LOGIN, BEGUN, TAKEN },
	  .last = PUT,
	  .has = "Authorization: Basic YTpi" },
	{ "going on where it broke off",
	  { BEGUN,
	    LOST(PUT),
	    { .target = UPLOAD, .status = 204, .headers = "Range: 0-1\r\nLocation: /v2/a/b/blobs/uploads/1?s=2\r\n" },
	    { .target = "/v2/a/b/blobs/uploads/1?s=2&" END, .status = 201 } },
	  .last = "/v2/a/b/blobs/uploads/1?s=2&" END,
	  .has = "\r\nContent-Range: 2-2\r\n" },
	{ "from its beginning, where nothing had come",
	  { BEGUN, LOST(PUT), { .target = UPLOAD, .status = 204, .headers = "Range: bytes=0-0\r\n" }, TAKEN },
	  .last = PUT,
	  .has = "\r\n\r\nabc" },
	{ "anew, where the registry says that it has more than there is",
	  { BEGUN, LOST(PUT), { .target = UPLOAD, .status = 204, .headers = "Range: 0-7\r\n" }, TAKEN },
	  .last = PUT,
	  .lacks = "Content-Range" },
	{ "anew, where it broke off and is gone", { BEGUN, LOST(PUT), TAKEN }, .last = PUT, .has = "\r\n\r\nabc" },
	{ "before its answer was lost", { BEGUN, LOST(PUT), { .target = BLOB } }, .last = BLOB },
	{ "anew, where what went on was refused",
	  { BEGUN,
	    LOST(PUT),
	    { .target = UPLOAD, .status = 204, .headers = "Range: 0-1\r\n" },
	    { .target = PUT, .status = 416, .times = 1 },
	    TAKEN },
	  .last = PUT,
	  .has = "\r\n\r\nabc" },
	{ "as a chunk, where it is too large for one request",
	  { BEGUN, { .target = PUT, .status = 413, .times = 1 }, TAKEN },
	  .last = PUT,
	  .has = "\r\n\r\nabc" },
	{ "mounted", { { .target = MOUNT, .status = 201 } }, .mount = true, .end = UPLOAD_MOUNTED, .last = MOUNT },
	{ "sent, where a mount becomes an upload",
	  { { .target = MOUNT, .status = 202, .headers = "Location: " UPLOAD "\r\n" }, TAKEN },
	  .mount = true,
	  .last = PUT },
	{ "sent, where a mount is refused",
	  { { .target = MOUNT, .status = 403 }, BEGUN, TAKEN },
	  .mount = true,
	  .last = PUT },
	{ "not, where pushing is refused", { { .target = BEGIN, .status = 403 } }, .want = ERR_DENIED },
	{ "not, where nobody says where to", { { .target = BEGIN, .status = 202 } }, .want = ERR_REFUSED },
	{ "not, where that is nowhere",
	  { { .target = BEGIN, .status = 202, .headers = "Location: ftp://x/y\r\n" } },
	  .want = ERR_REFUSED },
	{ "not, where that is in a private network",
	  { { .target = BEGIN, .status = 202, .headers = "Location: http://10.1.2.3/x\r\n" } },
	  .want = ERR_REFUSED },
	{ "not, where the other host refuses it, whose words may repeat a secret",
	  { { .target = BEGIN, .status = 202, .headers = "Location: http://@2/up?sig=secret\r\n" },
	    { .target = "/up?sig=secret&" END,
	      .status = 403,
	      .body = "{\"errors\":[{\"message\":\"no: sig=secret\"}]}" } },
	  .want = ERR_DENIED },
	{ "not, where the blob is refused", { BEGUN, { .target = PUT, .status = 400 } }, .want = ERR_REFUSED },
	{ "not, where another one was taken",
	  { BEGUN,
	    { .target = PUT,
	      .status = 201,
	      .headers = "Docker-Content-Digest: "
			 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\r\n" } },
	  .want = ERR_DIGEST },
	{ "not, where it breaks off for ever",
	  { BEGUN, { .target = PUT, .fault = FAULT_CLOSED } },
	  .want = ERR_NETWORK },
	{ "not, where the registry is ill", { BEGUN, { .target = PUT, .status = 503 } }, .want = ERR_NETWORK },
	{ "not, where its bytes are not its own", { BEGUN, TAKEN }, .broken = true, .want = ERR_DIGEST },
};

struct blob {
	struct memory_stream memory;
	struct proof_stream proof;
	bool broken;
	unsigned opened, dones;
	uint64_t went_bytes;
	enum upload_end end;
};

static enum err_code open_blob(void *ctx, struct instream **ret_in, struct err *err)
{
	struct blob *b = ctx;
	struct digest digest;

	b->opened++;
	memory_stream_init(&b->memory, b->broken ? "abx" : "abc", 3);
	ck_assert_int_eq(digest_parse(ABC, &digest, NULL), ERR_OK);
	ck_assert_int_eq(proof_stream_init(&b->proof, &digest, 3, &b->memory.in, err), ERR_OK);
	*ret_in = &b->proof.in;
	return ERR_OK;
}

static void on_went(void *ctx, uint64_t bytes)
{
	((struct blob *)ctx)->went_bytes += bytes;
}

static enum err_code on_done(void *ctx, enum upload_end end, struct err *err)
{
	struct blob *b = ctx;

	(void)err;
	b->dones++;
	b->end = end;
	return ERR_OK;
}

static struct http_server *server;
static struct http *engine;
static struct wallet *wallet;
static struct tokens *tokens;
static struct source *source;
static char *docker_config;

static void start(const struct http_route *routes, size_t len)
{
	struct http_options options = { .max_active = 1, .stall_seconds = 10, .retry_ms = 1 };
	struct registry_options registry = { 0 };
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	CLEANUP(free_ptr) char *config = NULL;

	server = http_server_start(routes, len);
	docker_config = folder_new();
	ck_assert_int_eq(
		str_format(&config, NULL, "{\"auths\":{\"%s\":{\"auth\":\"YTpi\"}}}", http_server_host(server)),
		ERR_OK);
	folder_put(docker_config, "config.json", config, strlen(config));
	ck_assert_int_eq(setenv("DOCKER_CONFIG", docker_config, 1), 0);
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
	ck_assert_int_eq(wallet_new(NULL, &wallet, NULL), ERR_OK);
	ck_assert_int_eq(tokens_new(engine, wallet, &tokens, NULL), ERR_OK);
	registry.tokens = tokens;
	ck_assert_int_eq(str_format(&name, NULL, "%s/a/b", http_server_host(server)), ERR_OK);
	ck_assert_int_eq(reference_parse(name, &ref, NULL), ERR_OK);
	ck_assert_int_eq(registry_new(engine, &ref, &registry, &source, NULL), ERR_OK);
	repository_write_home(repository_of(source));
}

static void stop(void)
{
	http_free(engine);
	source->free(source);
	tokens_free(tokens);
	wallet_free(wallet);
	http_server_stop(server);
	folder_remove(docker_config);
}

static size_t routes_len(const struct http_route *routes, size_t max)
{
	size_t len = 0;

	while (len < max && routes[len].target != NULL)
		len++;
	return len;
}

START_TEST(upload)
{
	struct blob b = { .broken = uploads[_i].broken };
	struct upload_wish wish = {
		.size_bytes = 3,
		.from = uploads[_i].mount ? "c/d" : NULL,
		.open = open_blob,
		.went = on_went,
		.done = on_done,
		.ctx = &b,
	};
	struct err err = { 0 };
	const char *last;
	enum err_code got;

	start(uploads[_i].routes, routes_len(uploads[_i].routes, COUNT_OF(uploads[_i].routes)));
	ck_assert_int_eq(digest_parse(ABC, &wish.digest, NULL), ERR_OK);
	ck_assert_int_eq(upload_start(repository_of(source), &wish, &err), ERR_OK);
	got = http_run(engine, &err);
	ck_assert_msg(got == uploads[_i].want, "%s: %d: %s", uploads[_i].name, got, err.msg);
	ck_assert_msg(strstr(err.msg, "secret") == NULL, "%s: %s", uploads[_i].name, err.msg);
	ck_assert_uint_eq(b.dones, got == ERR_OK);
	if (got == ERR_OK) {
		last = http_server_last(server, uploads[_i].last);
		ck_assert_int_eq(b.end, uploads[_i].end);
		ck_assert_msg(*last != '\0', "%s: %s was not asked", uploads[_i].name, uploads[_i].last);
		ck_assert_msg(uploads[_i].has == NULL || strstr(last, uploads[_i].has) != NULL, "%s: %s",
			      uploads[_i].name, last);
		ck_assert_msg(uploads[_i].lacks == NULL || strstr(last, uploads[_i].lacks) == NULL, "%s: %s",
			      uploads[_i].name, last);
		ck_assert_uint_eq(b.went_bytes, b.end == UPLOAD_SENT ? 3 : 0);
	}
	stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("upload");
	TCase *t = tcase_create("upload");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, upload, 0, (int)COUNT_OF(uploads));
	suite_add_tcase(s, t);
	return test_run(s);
}
