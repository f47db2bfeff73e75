#include "common/registry.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/asked_registry.h"
#include "tests/lib/test_main.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC512                                                                                                         \
	"sha512:"                                                                                                      \
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d44"       \
	"23643ce80e2a9ac94fa54ca49f"
#define TAG "/v2/a/b/manifests/1"
#define MANIFEST "/v2/a/b/manifests/" ABC
#define BLOB "/v2/a/b/blobs/" ABC
#define ERROR(code, message) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"" message "\"}]}"

static struct asked_registry r;

/* What a source_manifest_fn was given. */
struct got {
	int calls;
	bool absent;
	char text[100], media_type[200];
	struct digest digest;
};

static enum err_code on_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	struct got *g = ctx;

	(void)err;
	g->calls++;
	g->absent = m->bytes == NULL;
	g->digest = m->digest;
	if (!g->absent)
		memcpy(g->text, m->bytes, m->len < sizeof(g->text) ? m->len : sizeof(g->text) - 1);
	strncpy(g->media_type, m->media_type != NULL ? m->media_type : "", sizeof(g->media_type) - 1);
	return ERR_OK;
}

static const struct {
	const char *name, *tag;
	struct http_route route;
	enum err_code want;
	bool absent;
	const char *media_type, *says;
} resolves[] = {
	{ "by tag", ":1", .route = { .target = TAG, .body = "abc", .headers = "Content-Type: x/y; q=1\r\n" },
	  .media_type = "x/y; q=1" },
	{ "without a type", ":1", .route = { .target = TAG, .body = "abc" }, .media_type = "" },
	{ "by digest", "@" ABC, .route = { .target = MANIFEST, .body = "abc" }, .media_type = "" },
	{ "by tag and digest: the digest counts", ":1@" ABC, .route = { .target = MANIFEST, .body = "abc" },
	  .media_type = "" },
	{ "by sha512", "@" ABC512, .route = { .target = "/v2/a/b/manifests/" ABC512, .body = "abc" },
	  .media_type = "" },
	{ "not there", ":1", .route = { .target = TAG, .status = 404, .body = ERROR("MANIFEST_UNKNOWN", "x") },
	  .absent = true, .media_type = "" },
	{ "no such repository", ":1", .route = { .target = TAG, .status = 404, .body = ERROR("NAME_UNKNOWN", "x") },
	  .absent = true, .media_type = "" },
	{ "a page for people", ":1", .route = { .target = "/" }, .absent = true, .media_type = "" },
	{ "a lying digest header", ":1",
	  .route = { .target = TAG, .body = "abc", .headers = "Docker-Content-Digest: sha256:00\r\n" },
	  .media_type = "" },
	{ "content that is not what came with it", ":1",
	  .route = { .target = TAG, .body = "abd", .headers = "Docker-Content-Digest: " ABC "\r\n" },
	  .want = ERR_DIGEST, .says = TAG },
	{ "content that is", ":1",
	  .route = { .target = TAG, .body = "abc", .headers = "Docker-Content-Digest: " ABC "\r\n" },
	  .media_type = "" },
	{ "redirected", ":1", .route = { .target = TAG, .status = 307, .headers = "Location: /v2/a/b/blobs/x\r\n" },
	  .absent = true, .media_type = "" },
	{ "other content", "@" ABC, .route = { .target = MANIFEST, .body = "abd" }, .want = ERR_DIGEST,
	  .says = MANIFEST },
	{ "nothing", "@" ABC, .route = { .target = MANIFEST }, .want = ERR_DIGEST, .says = MANIFEST },
	{ "cut", ":1", .route = { .target = TAG, .body = "abc", .fault = FAULT_CUT }, .want = ERR_NETWORK,
	  .says = TAG },
	{ "closed", ":1", .route = { .target = TAG, .fault = FAULT_CLOSED }, .want = ERR_NETWORK, .says = TAG },
	{ "silent", ":1", .route = { .target = TAG, .fault = FAULT_SILENT }, .want = ERR_NETWORK, .says = TAG },
	{ "denied", ":1", .route = { .target = TAG, .status = 403, .body = ERROR("DENIED", "no pull for you") },
	  .want = ERR_DENIED, .says = "403: no pull for you (it did not ask for credentials, and none were shown)" },
	{ "too many", ":1", .route = { .target = TAG, .status = 429, .body = ERROR("TOOMANYREQUESTS", "slow down") },
	  .want = ERR_NETWORK, .says = "slow down; tried 8 times (too many requests" },
	{ "timeout", ":1", .route = { .target = TAG, .status = 408 }, .want = ERR_NETWORK, .says = "answered 408" },
	{ "ill", ":1", .route = { .target = TAG, .status = 500, .body = "<html>" }, .want = ERR_NETWORK,
	  .says = "the registry's fault" },
	{ "a full disk, as distribution says it", ":1",
	  .route = { .target = TAG,
		     .status = 500,
		     .body = "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"unknown "
			     "error\",\"detail\":{\"DriverName\":"
			     "\"filesystem\",\"Enclosed\":{\"Op\":\"write\",\"Path\":\"/srv/x\",\"Err\":28}}}]}" },
	  .want = ERR_NETWORK, .says = "500: unknown error: No space left on device; tried 8 times (the registry's" },
	{ "details of another kind", ":1",
	  .route = { .target = TAG,
		     .status = 400,
		     .body = "{\"errors\":[{\"message\":\"no\",\"detail\":{\"Enclosed\":{\"Err\":99999}}}]}" },
	  .want = ERR_REFUSED, .says = "answered 400: no" },
	{ "gone", ":1", .route = { .target = TAG, .status = 410 }, .want = ERR_REFUSED, .says = "answered 410" },
	{ "nothing to say", ":1", .route = { .target = TAG, .status = 204 }, .want = ERR_REFUSED,
	  .says = "answered 204" },
	{ "TLS is wanted, as a server in Go says it", ":1",
	  .route = { .target = TAG, .status = 400, .body = "Client sent an HTTP request to an HTTPS server.\n" },
	  .want = ERR_REFUSED, .says = "answered 400 (it speaks TLS: " },
	{ "TLS is wanted, as nginx says it", ":1",
	  .route = { .target = TAG, .status = 400, .body = "<h1>The plain HTTP request was sent to HTTPS port</h1>" },
	  .want = ERR_REFUSED, .says = "answered 400 (it speaks TLS: " },
	{ "a code without a message", ":1",
	  .route = { .target = TAG, .status = 400, .body = "{\"errors\":[{\"code\":\"TAG_INVALID\"}]}" },
	  .want = ERR_REFUSED, .says = "400: TAG_INVALID" },
	{ "a message that would drive the terminal", ":1",
	  .route = { .target = TAG, .status = 400, .body = ERROR("X", "\\u001b[31mred") }, .want = ERR_REFUSED,
	  .says = "400: ?[31mred" },
	{ "an error of another shape", ":1", .route = { .target = TAG, .status = 400, .body = "{\"errors\":\"x\"}" },
	  .want = ERR_REFUSED, .says = "answered 400" },
};

START_TEST(resolve)
{
	struct got got = { 0 };
	struct err err = { 0 };
	enum err_code code;

	asked_registry_start(&r, &resolves[_i].route, 1, resolves[_i].tag);
	ck_assert_int_eq(r.source->resolve(r.source, &r.ref, on_manifest, &got, &err), ERR_OK);
	code = http_run(r.engine, &err);
	ck_assert_msg(code == resolves[_i].want, "%s: %d, %s", resolves[_i].name, code, err.msg);
	ck_assert_int_eq(got.calls, code == ERR_OK);
	ck_assert_int_eq(got.absent, resolves[_i].absent);
	if (resolves[_i].says != NULL)
		ck_assert_msg(strstr(err.msg, resolves[_i].says) != NULL, "%s: %s", resolves[_i].name, err.msg);
	if (code == ERR_OK && !got.absent) {
		ck_assert_str_eq(got.text, "abc");
		ck_assert_str_eq(got.digest.text, strstr(resolves[_i].tag, "sha512") != NULL ? ABC512 : ABC);
		ck_assert_str_eq(got.media_type, resolves[_i].media_type);
		ck_assert_ptr_nonnull(strstr(http_server_last(r.server, resolves[_i].route.target), "\r\nAccept: "));
	}
	asked_registry_stop(&r);
}
END_TEST

static const struct {
	const char *name;
	struct http_route route;
	uint64_t size_bytes;
	enum err_code want;
	bool absent;
} manifests[] = {
	{ "right", { .target = MANIFEST, .body = "abc", .headers = "Content-Type: lie\r\n" }, 3, ERR_OK, false },
	{ "absent", { .target = "/" }, 3, ERR_OK, true },
	{ "listed one shorter", { .target = MANIFEST, .body = "abc" }, 2, ERR_SIZE, false },
	{ "listed one longer", { .target = MANIFEST, .body = "abc" }, 4, ERR_SIZE, false },
	{ "listed as empty", { .target = MANIFEST, .body = "abc" }, 0, ERR_SIZE, false },
	{ "other content", { .target = MANIFEST, .body = "abd" }, 3, ERR_DIGEST, false },
	{ "an error", { .target = MANIFEST, .status = 502 }, 3, ERR_NETWORK, false },
};

START_TEST(manifest)
{
	struct descriptor d = { .size_bytes = manifests[_i].size_bytes, .media_type = "listed" };
	struct got got = { 0 };
	struct err err = { 0 };
	enum err_code code;

	asked_registry_start(&r, &manifests[_i].route, 1, ":1");
	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(r.source->manifest(r.source, &d, on_manifest, &got, &err), ERR_OK);
	code = http_run(r.engine, &err);
	ck_assert_msg(code == manifests[_i].want, "%s: %d, %s", manifests[_i].name, code, err.msg);
	ck_assert_int_eq(got.calls, code == ERR_OK);
	ck_assert_int_eq(got.absent, manifests[_i].absent);
	if (code == ERR_OK)
		ck_assert_str_eq(got.media_type, "listed"); /* what the proved listing says, not the header */
	asked_registry_stop(&r);
}
END_TEST

START_TEST(too_large)
{
	CLEANUP(free_ptr) char *body = malloc(LIMIT_MANIFEST_BYTES + 1);
	struct http_route route = { .target = TAG, .body = body, .body_len = LIMIT_MANIFEST_BYTES + (size_t)_i };
	struct got got = { 0 };
	struct err err = { 0 };

	ck_assert_ptr_nonnull(body);
	memset(body, ' ', LIMIT_MANIFEST_BYTES + 1);
	asked_registry_start(&r, &route, 1, ":1");
	ck_assert_int_eq(r.source->resolve(r.source, &r.ref, on_manifest, &got, &err), ERR_OK);
	ck_assert_int_eq(http_run(r.engine, &err), _i == 0 ? ERR_OK : ERR_LIMIT);
	ck_assert_int_eq(got.calls, _i == 0);
	asked_registry_stop(&r);
}
END_TEST

/* Where a blob goes. */
struct sink {
	struct outstream out;
	struct buf bytes;
	int finishes, dones, absents;
};

static enum err_code sink_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	return buf_add(&OUTER_OF(out, struct sink, out)->bytes, bytes, len, err);
}

static enum err_code sink_finish(struct outstream *out, struct err *err)
{
	(void)err;
	OUTER_OF(out, struct sink, out)->finishes++;
	return ERR_OK;
}

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	struct sink *sink = ctx;

	(void)err;
	sink->dones += there;
	sink->absents += !there;
	return ERR_OK;
}

static const struct {
	const char *name;
	struct http_route routes[2];
	size_t room;
	enum err_code want;
	const char *text; /* NULL: the answer is that it is not there */
} blobs[] = {
	{ "whole", .routes = { { .target = BLOB, .body = "abc" } }, .room = 3, .text = "abc" },
	{ "empty", .routes = { { .target = BLOB } }, .room = 3, .text = "" },
	{ "not proved here", .routes = { { .target = BLOB, .body = "abd" } }, .room = 3, .text = "abd" },
	{ "from elsewhere",
	  .routes = { { .target = BLOB, .status = 307, .headers = "Location: http://@2/x\r\n", .body = "moved" },
		      { .target = "/x", .body = "abc" } },
	  .room = 3, .text = "abc" },
	{ "not there", .routes = { { .target = BLOB, .status = 404, .body = ERROR("BLOB_UNKNOWN", "x") } }, .room = 3 },
	{ "denied", .routes = { { .target = BLOB, .status = 403 } }, .room = 3, .want = ERR_DENIED, .text = "" },
	{ "a part that nobody asked for", .routes = { { .target = BLOB, .status = 206, .body = "ab" } }, .room = 3,
	  .want = ERR_REFUSED, .text = "" },
	{ "ill", .routes = { { .target = BLOB, .status = 500, .body = "abc" } }, .room = 3, .want = ERR_NETWORK,
	  .text = "" },
	{ "cut", .routes = { { .target = BLOB, .body = "abcd", .fault = FAULT_CUT } }, .room = 4, .want = ERR_NETWORK,
	  .text = "ab" },
	{ "closed", .routes = { { .target = BLOB, .fault = FAULT_CLOSED } }, .room = 3, .want = ERR_NETWORK,
	  .text = "" },
	{ "no room", .routes = { { .target = BLOB, .body = "abc" } }, .room = 2, .want = ERR_LIMIT, .text = "" },
};

START_TEST(blob)
{
	struct sink sink = { .out = { .write = sink_write, .finish = sink_finish } };
	struct descriptor d = { .size_bytes = 3, .media_type = "m" };
	struct err err = { 0 };
	enum err_code code;

	buf_init(&sink.bytes, blobs[_i].room);
	asked_registry_start(&r, blobs[_i].routes, 2, ":1");
	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(r.source->blob(r.source, &d, 0, d.size_bytes, &sink.out, on_blob, &sink, &err), ERR_OK);
	code = http_run(r.engine, &err);
	ck_assert_msg(code == blobs[_i].want, "%s: %d, %s", blobs[_i].name, code, err.msg);
	ck_assert_str_eq(buf_text(&sink.bytes), blobs[_i].text != NULL ? blobs[_i].text : "");
	ck_assert_int_eq(sink.finishes, code == ERR_OK && blobs[_i].text != NULL);
	ck_assert_int_eq(sink.dones, code == ERR_OK && blobs[_i].text != NULL);
	ck_assert_int_eq(sink.absents, blobs[_i].text == NULL);
	if (sink.bytes.len == 0 || code == ERR_OK)
		ck_assert_ptr_null(strstr(http_server_last(r.server, BLOB), "\r\nRange:"));
	if (code != ERR_OK)
		ck_assert_msg(strstr(err.msg, BLOB) != NULL, "%s", err.msg);
	buf_release(&sink.bytes);
	asked_registry_stop(&r);
}
END_TEST

static enum err_code full_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	(void)out;
	(void)bytes;
	(void)len;
	return err_set(err, ERR_IO, "app.part: full");
}

static enum err_code full_finish(struct outstream *out, struct err *err)
{
	return full_write(out, NULL, 0, err);
}

/* A disk is no registry: who reads of it is not sent there. */
START_TEST(disk)
{
	static const struct http_route there = { .target = BLOB, .body = "abc" };
	struct sink sink = { .out = { .write = _i == 0 ? full_write : sink_write, .finish = full_finish } };
	struct descriptor d = { .size_bytes = 3, .media_type = "m" };
	struct err err = { 0 };

	buf_init(&sink.bytes, 3);
	asked_registry_start(&r, &there, 1, ":1");
	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(r.source->blob(r.source, &d, 0, d.size_bytes, &sink.out, on_blob, &sink, &err), ERR_OK);
	ck_assert_int_eq(http_run(r.engine, &err), ERR_IO);
	ck_assert_str_eq(err.msg, "app.part: full");
	ck_assert_int_eq(sink.dones, 0);
	buf_release(&sink.bytes);
	asked_registry_stop(&r);
}
END_TEST

#define RANGE(text) "Content-Range: " text "\r\n"

#define CUT_ROW "cut, and then not what is still wanted"

/* From the third byte of "abcdef" on. */
static const struct {
	const char *name;
	struct http_route routes[2];
	enum err_code want;
	const char *says;
} ranges[] = {
	{ "the rest",
	  .routes = { { .target = BLOB, .status = 206, .headers = RANGE("bytes 2-5/6"), .body = "cdef" } } },
	{ "the rest, its unit in other letters",
	  .routes = { { .target = BLOB, .status = 206, .headers = RANGE("Bytes 2-5/6"), .body = "cdef" } } },
	{ "the rest of who knows what",
	  .routes = { { .target = BLOB, .status = 206, .headers = RANGE("bytes 2-5/*"), .body = "cdef" } } },
	{ "the rest, from elsewhere",
	  .routes = { { .target = BLOB, .status = 307, .headers = "Location: http://@2/x\r\n", .body = "moved" },
		      { .target = "/x", .status = 206, .headers = RANGE("bytes 2-5/6"), .body = "cdef" } } },
	{ "all of it", .routes = { { .target = BLOB, .body = "abcdef" } } },
	{ "an earlier start",
	  .routes = { { .target = BLOB, .status = 206, .headers = RANGE("bytes 1-5/6"), .body = "bcdef" } },
	  .want = ERR_REFUSED,
	  .says = "asked for bytes=2- of 6 bytes, and the registry says that it sends bytes 1-5/6" },
	{ "a later start",
	  .routes = { { .target = BLOB, .status = 206, .headers = RANGE("bytes 3-5/6"), .body = "def" } },
	  .want = ERR_REFUSED, .says = "bytes 3-5/6" },
	{ "an earlier end",
	  .routes = { { .target = BLOB, .status = 206, .headers = RANGE("bytes 2-4/6"), .body = "cde" } },
	  .want = ERR_REFUSED, .says = "bytes 2-4/6" },
	{ "of a longer blob",
	  .routes = { { .target = BLOB, .status = 206, .headers = RANGE("bytes 2-5/7"), .body = "cdef" } },
	  .want = ERR_REFUSED, .says = "bytes 2-5/7" },
	{ "a number that is too large",
	  .routes = { { .target = BLOB,
			.status = 206,
			.headers = RANGE("bytes 18446744073709551618-5/6"),
			.body = "cdef" } },
	  .want = ERR_REFUSED, .says = "sends bytes 18" },
	{ "no number", .routes = { { .target = BLOB, .status = 206, .headers = RANGE("bytes -5/6"), .body = "cdef" } },
	  .want = ERR_REFUSED, .says = "sends bytes -5/6" },
	{ "something after it",
	  .routes = { { .target = BLOB, .status = 206, .headers = RANGE("bytes 2-5/6, 0-1/6"), .body = "cdef" } },
	  .want = ERR_REFUSED, .says = "sends bytes 2-5/6, " },
	{ "another unit",
	  .routes = { { .target = BLOB, .status = 206, .headers = RANGE("chars 2-5/6"), .body = "cdef" } },
	  .want = ERR_REFUSED, .says = "sends chars" },
	{ "a part without a name", .routes = { { .target = BLOB, .status = 206, .body = "cdef" } }, .want = ERR_REFUSED,
	  .says = "sends nothing" },
	{ "a part without a name or a body", .routes = { { .target = BLOB, .status = 206 } }, .want = ERR_REFUSED,
	  .says = "sends nothing" },
	{ "nothing there", .routes = { { .target = BLOB, .status = 416, .body = "x" } }, .want = ERR_REFUSED,
	  .says = "none there (416)" },
	{ "ill", .routes = { { .target = BLOB, .status = 500, .body = "x" } }, .want = ERR_NETWORK,
	  .says = "answered 500" },
	{ CUT_ROW,
	  .routes = { { .target = BLOB,
			.status = 206,
			.headers = RANGE("bytes 2-5/6"),
			.body = "cdef",
			.fault = FAULT_CUT } },
	  .want = ERR_REFUSED,
	  .says = "asked for bytes=4- of 6 bytes, and the registry says that it sends bytes 2-5/6" },
};

START_TEST(range)
{
	struct sink sink = { .out = { .write = sink_write, .finish = sink_finish } };
	struct descriptor d = { .size_bytes = 6, .media_type = "m" };
	struct err err = { 0 };
	enum err_code code;

	buf_init(&sink.bytes, 6);
	asked_registry_start(&r, ranges[_i].routes, 2, ":1");
	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(r.source->blob(r.source, &d, 2, d.size_bytes, &sink.out, on_blob, &sink, &err), ERR_OK);
	code = http_run(r.engine, &err);
	ck_assert_msg(code == ranges[_i].want, "%s: %d, %s", ranges[_i].name, code, err.msg);
	ck_assert(sink.finishes == (code == ERR_OK) && sink.dones == (code == ERR_OK));
	if (code == ERR_OK)
		ck_assert_str_eq(buf_text(&sink.bytes), "cdef");
	if (ranges[_i].says != NULL)
		ck_assert_msg(strstr(err.msg, ranges[_i].says) != NULL, "%s: %s", ranges[_i].name, err.msg);
	ck_assert_ptr_nonnull(
		strstr(http_server_last(r.server, ranges[_i].routes[ranges[_i].routes[1].target != NULL].target),
		       strcmp(ranges[_i].name, CUT_ROW) == 0 ? "\r\nRange: bytes=4-\r\n" : "\r\nRange: bytes=2-\r\n"));
	buf_release(&sink.bytes);
	asked_registry_stop(&r);
}
END_TEST

/* The third and fourth byte of "abcdef", from a registry of which it is known, or not, whether it has ranges. */
static const struct {
	const char *name;
	struct http_route route;
	enum source_ranges before, after;
	enum err_code want;
	const char *text;
} parts[] = {
	{ "a part",
	  { .target = BLOB, .status = 206, .headers = RANGE("bytes 2-3/6"), .body = "cd" },
	  SOURCE_RANGES_UNKNOWN,
	  SOURCE_RANGES_ANY,
	  ERR_OK,
	  "cd" },
	{ "everything",
	  { .target = BLOB, .body = "abcdef" },
	  SOURCE_RANGES_UNKNOWN,
	  SOURCE_RANGES_NONE,
	  ERR_OK,
	  "cdef" },
	{ "everything, from one that has sent parts",
	  { .target = BLOB, .body = "abcdef" },
	  SOURCE_RANGES_ANY,
	  SOURCE_RANGES_ANY,
	  ERR_OK,
	  "cd" },
	{ "the rest",
	  { .target = BLOB, .status = 206, .headers = RANGE("bytes 2-5/6"), .body = "cdef" },
	  SOURCE_RANGES_UNKNOWN,
	  SOURCE_RANGES_UNKNOWN,
	  ERR_REFUSED,
	  "" },
	{ "nothing there", { .target = BLOB, .status = 416 }, SOURCE_RANGES_ANY, SOURCE_RANGES_ANY, ERR_REFUSED, "" },
};

START_TEST(part)
{
	struct sink sink = { .out = { .write = sink_write, .finish = sink_finish } };
	struct descriptor d = { .size_bytes = 6, .media_type = "m" };
	struct err err = { 0 };
	enum err_code code;

	buf_init(&sink.bytes, 6);
	asked_registry_start(&r, &parts[_i].route, 1, ":1");
	ck_assert_int_eq(r.source->ranges, SOURCE_RANGES_UNKNOWN);
	r.source->ranges = parts[_i].before;
	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(r.source->blob(r.source, &d, 2, 4, &sink.out, on_blob, &sink, &err), ERR_OK);
	code = http_run(r.engine, &err);
	ck_assert_msg(code == parts[_i].want, "%s: %d, %s", parts[_i].name, code, err.msg);
	ck_assert_str_eq(buf_text(&sink.bytes), parts[_i].text);
	ck_assert_int_eq(r.source->ranges, parts[_i].after);
	ck_assert_ptr_nonnull(strstr(http_server_last(r.server, BLOB), "\r\nRange: bytes=2-3\r\n"));
	buf_release(&sink.bytes);
	asked_registry_stop(&r);
}
END_TEST

/* An error that explains itself at length. */
START_TEST(long_error)
{
	CLEANUP(free_ptr) char *body = malloc(5 * MIB);
	struct http_route route = { .target = BLOB, .status = 400, .body = body, .body_len = 5 * MIB };
	struct sink sink = { .out = { .write = sink_write, .finish = sink_finish } };
	struct descriptor d = { .size_bytes = 3, .media_type = "m" };
	struct err err = { 0 };

	ck_assert_ptr_nonnull(body);
	memset(body, 'x', 5 * MIB);
	asked_registry_start(&r, &route, 1, ":1");
	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(r.source->blob(r.source, &d, 0, d.size_bytes, &sink.out, on_blob, &sink, &err), ERR_OK);
	ck_assert_int_eq(http_run(r.engine, &err), ERR_REFUSED);
	asked_registry_stop(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("registry");
	TCase *t = tcase_create("registry");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, resolve, 0, (int)COUNT_OF(resolves));
	tcase_add_loop_test(t, manifest, 0, (int)COUNT_OF(manifests));
	tcase_add_loop_test(t, too_large, 0, 2);
	tcase_add_loop_test(t, blob, 0, (int)COUNT_OF(blobs));
	tcase_add_loop_test(t, disk, 0, 2);
	tcase_add_loop_test(t, range, 0, (int)COUNT_OF(ranges));
	tcase_add_loop_test(t, part, 0, (int)COUNT_OF(parts));
	tcase_add_test(t, long_error);
	suite_add_tcase(s, t);
	return test_run(s);
}
