/* A repository that is asked for at several places. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/registry.h"
#include "common/repository.h"
#include "tests/lib/folder.h"
#include "tests/lib/http_server.h"
#include "tests/lib/test_main.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define NS "?ns=registry.example"
#define TAG "/v2/a/b/manifests/1" NS
#define MANIFEST "/v2/a/b/manifests/" ABC NS
#define BLOB "/v2/a/b/blobs/" ABC NS
#define REFERRERS "/v2/a/b/referrers/" ABC NS
#define INDEX_TYPE "Content-Type: " TYPE_OCI_INDEX "\r\n"
#define LIST(digit)                                                                                                    \
	"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[{\"mediaType\":\"m\",\"size\":1,"    \
	"\"digest\":\"sha256:" digit "a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}]}"

#define ROUTES 2

static struct http_server *mirror, *home;
static struct http *engine;
static struct endpoint_rules rules;
static struct outages outages;
static struct wallet *wallet;
static struct tokens *tokens;
static struct source *source;
static struct reference ref;
static char *folder;
static struct {
	unsigned failed, lacks;
	char why[ERR_MSG_MAX];
} told;

static void on_elsewhere(void *ctx, const char *name, const char *place, const char *other, const char *why)
{
	ck_assert_ptr_null(ctx);
	ck_assert_ptr_nonnull(strstr(name, "/a/b"));
	ck_assert_str_ne(place, other);
	told.failed += why != NULL;
	told.lacks += why == NULL;
	strncpy(told.why, why != NULL ? why : "", sizeof(told.why) - 1);
}

/* registry.example, whose mirror may do this. */
static void start(const struct http_route *mirror_routes, const struct http_route *home_routes,
		  const char *capabilities)
{
	struct http_options options = { .max_active = 4, .stall_seconds = 2, .retry_ms = 1 };
	struct registry_options registry = { .rules = &rules, .outages = &outages, .on_elsewhere = on_elsewhere };
	CLEANUP(free_ptr) char *toml = NULL;
	struct err err = { 0 };

	mirror = http_server_start(mirror_routes, ROUTES);
	home = http_server_start(home_routes, ROUTES);
	folder = folder_new();
	ck_assert_int_eq(str_format(&toml, NULL, "server = 'http://%s'\n[host.'http://%s']\ncapabilities = [%s]\n",
				    http_server_host(home), http_server_host(mirror), capabilities),
			 ERR_OK);
	folder_make_in(folder, "registry.example");
	folder_put(folder, "registry.example/hosts.toml", toml, strlen(toml));
	rules.options.hosts_dir = folder;
	ck_assert_int_eq(http_new(&options, &engine, NULL), ERR_OK);
	ck_assert_int_eq(wallet_new(NULL, &wallet, NULL), ERR_OK);
	ck_assert_int_eq(tokens_new(engine, wallet, &tokens, NULL), ERR_OK);
	registry.tokens = tokens;
	ck_assert_int_eq(reference_parse("registry.example/a/b:1", &ref, NULL), ERR_OK);
	ck_assert_msg(registry_new(engine, &ref, &registry, &source, &err) == ERR_OK, "%s", err.msg);
}

static void stop(void)
{
	http_free(engine);
	source->free(source);
	tokens_free(tokens);
	wallet_free(wallet);
	reference_release(&ref);
	intern_release(&outages.bases);
	intern_release(&outages.silent);
	folder_remove(folder);
	http_server_stop(mirror);
	http_server_stop(home);
}

/* What was answered: a manifest's text, "absent", or a blob's. */
struct got {
	struct outstream out;
	struct buf bytes;
	int calls;
};

static enum err_code on_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	struct got *g = ctx;

	g->calls++;
	return m->bytes == NULL ? buf_puts(&g->bytes, "absent", err) : buf_add(&g->bytes, m->bytes, m->len, err);
}

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	struct got *g = ctx;

	g->calls++;
	return there ? ERR_OK : buf_puts(&g->bytes, "absent", err);
}

static enum err_code on_presence(void *ctx, bool there, struct err *err)
{
	struct got *g = ctx;

	g->calls++;
	return buf_puts(&g->bytes, there ? "there" : "absent", err);
}

static enum err_code got_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	return buf_add(&OUTER_OF(out, struct got, out)->bytes, bytes, len, err);
}

static enum err_code got_finish(struct outstream *out, struct err *err)
{
	(void)out;
	(void)err;
	return ERR_OK;
}

/* 't' what is under the tag, 'd' the image of a digest, 'm' a manifest, 'b' a blob, 'h' whether there is one. */
static enum err_code ask(char what, struct got *g, struct err *err)
{
	struct descriptor d = { .size_bytes = 3, .media_type = "m" };
	enum err_code code;

	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	if (what == 'd')
		ref.digest = d.digest;
	if (what == 't' || what == 'd')
		code = source->resolve(source, &ref, on_manifest, g, err);
	else if (what == 'm')
		code = source->manifest(source, &d, on_manifest, g, err);
	else if (what == 'h')
		code = source->has(source, &d, on_presence, g, err);
	else
		code = source->blob(source, &d, 0, 3, &g->out, on_blob, g, err);
	return code == ERR_OK ? http_run(engine, err) : code;
}

static const char long_text[LIMIT_MANIFEST_BYTES + 1];

#define PULL "'pull'"
#define ALL "'pull','resolve'"

static const struct {
	const char *name;
	char what;
	const char *capabilities;
	struct http_route mirror[ROUTES], home[ROUTES];
	enum err_code want;
	const char *text; /* what came; of a failure, part of the message */
	unsigned mirror_asked, home_asked, failed, lacks;
} cases[] = {
	{ "the mirror has the tag",
	  't',
	  ALL,
	  { { TAG, .body = LIST("1") } },
	  { { TAG, .body = "x" } },
	  ERR_OK,
	  LIST("1"),
	  1,
	  0,
	  0,
	  0 },
	{ "the mirror has the manifest",
	  'm',
	  PULL,
	  { { MANIFEST, .body = "abc" } },
	  { { .target = "/" } },
	  ERR_OK,
	  "abc",
	  1,
	  0,
	  0,
	  0 },
	{ "the mirror has the image",
	  'd',
	  PULL,
	  { { MANIFEST, .body = "abc" } },
	  { { .target = "/" } },
	  ERR_OK,
	  "abc",
	  1,
	  0,
	  0,
	  0 },
	{ "the mirror has the blob",
	  'b',
	  PULL,
	  { { BLOB, .body = "abc" } },
	  { { .target = "/" } },
	  ERR_OK,
	  "abc",
	  1,
	  0,
	  0,
	  0 },
	{ "a mirror that may not say what a tag is",
	  't',
	  PULL,
	  { { TAG, .body = "x" } },
	  { { TAG, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  0,
	  1,
	  0,
	  0 },
	{ "a mirror that may not be asked for content",
	  'm',
	  "'resolve'",
	  { { MANIFEST, .body = "abc" } },
	  { { MANIFEST, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  0,
	  1,
	  0,
	  0 },
	{ "not there", 't', ALL, { { .target = "/" } }, { { TAG, .body = "abc" } }, ERR_OK, "abc", 1, 1, 0, 1 },
	{ "no manifest there",
	  'm',
	  ALL,
	  { { .target = "/" } },
	  { { MANIFEST, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  1,
	  1,
	  0,
	  1 },
	{ "no blob there", 'b', ALL, { { .target = "/" } }, { { BLOB, .body = "abc" } }, ERR_OK, "abc", 1, 1, 0, 1 },
	{ "nowhere", 'm', ALL, { { .target = "/" } }, { { .target = "/" } }, ERR_OK, "absent", 1, 1, 0, 1 },
	{ "no blob anywhere", 'b', ALL, { { .target = "/" } }, { { .target = "/" } }, ERR_OK, "absent", 1, 1, 0, 1 },
	{ "it is at the mirror",
	  'h',
	  ALL,
	  { { BLOB, .body = "abc" } },
	  { { .target = "/" } },
	  ERR_OK,
	  "there",
	  0,
	  0,
	  0,
	  0 },
	{ "it is at home", 'h', ALL, { { .target = "/" } }, { { BLOB, .body = "abc" } }, ERR_OK, "there", 1, 0, 0, 1 },
	{ "it is nowhere", 'h', ALL, { { .target = "/" } }, { { .target = "/" } }, ERR_OK, "absent", 1, 1, 0, 1 },
	{ "is it there, where nobody answers",
	  'h',
	  ALL,
	  { { BLOB, .status = 403 } },
	  { { BLOB, .body = "abc" } },
	  ERR_OK,
	  "there",
	  1,
	  0,
	  1,
	  0 },
	{ "down",
	  'b',
	  ALL,
	  { { BLOB, .fault = FAULT_CLOSED } },
	  { { BLOB, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  3,
	  1,
	  1,
	  0 },
	{ "ill",
	  'm',
	  ALL,
	  { { MANIFEST, .fault = FAULT_ILL } },
	  { { MANIFEST, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  3,
	  1,
	  1,
	  0 },
	{ "ill, and it wants to be left alone",
	  'b',
	  ALL,
	  { { BLOB, .status = 503, .headers = "Retry-After: 60\r\n" } },
	  { { BLOB, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  1,
	  1,
	  1,
	  0 },
	{ "ill, and home too",
	  'm',
	  ALL,
	  { { MANIFEST, .fault = FAULT_ILL } },
	  { { MANIFEST, .fault = FAULT_ILL } },
	  ERR_NETWORK,
	  "tried 8 times",
	  3,
	  8,
	  1,
	  0 },
	{ "closed to us",
	  'm',
	  ALL,
	  { { MANIFEST, .status = 403 } },
	  { { MANIFEST, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  1,
	  1,
	  1,
	  0 },
	{ "refused", 'b', ALL, { { BLOB, .status = 418 } }, { { BLOB, .body = "abc" } }, ERR_OK, "abc", 1, 1, 1, 0 },
	{ "other content",
	  'm',
	  ALL,
	  { { MANIFEST, .body = "abd" } },
	  { { MANIFEST, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  1,
	  1,
	  1,
	  0 },
	{ "longer content",
	  'm',
	  ALL,
	  { { MANIFEST, .body = "abcd" } },
	  { { MANIFEST, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  1,
	  1,
	  1,
	  0 },
	{ "more than a manifest may have",
	  'm',
	  ALL,
	  { { MANIFEST, .body = long_text, .body_len = sizeof(long_text) } },
	  { { MANIFEST, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  1,
	  1,
	  1,
	  0 },
	{ "more than a manifest may have, under a tag",
	  't',
	  ALL,
	  { { TAG, .body = long_text, .body_len = sizeof(long_text) } },
	  { { TAG, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  1,
	  1,
	  1,
	  0 },
	{ "a page to log in at",
	  't',
	  ALL,
	  { { TAG, .headers = "Content-Type: text/html\r\n", .body = "<html>" } },
	  { { TAG, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  1,
	  1,
	  1,
	  0 },
	{ "what is no manifest",
	  't',
	  ALL,
	  { { TAG, .headers = "Content-Type: application/json\r\n", .body = "{}" } },
	  { { TAG, .body = "abc" } },
	  ERR_OK,
	  "abc",
	  1,
	  1,
	  1,
	  0 },
	{ "other content at home",
	  'm',
	  PULL,
	  { { .target = "/" } },
	  { { MANIFEST, .body = "abd" } },
	  ERR_DIGEST,
	  MANIFEST,
	  1,
	  1,
	  0,
	  1 },
	{ "both ill",
	  'm',
	  ALL,
	  { { MANIFEST, .status = 501 } },
	  { { MANIFEST, .status = 403 } },
	  ERR_DENIED,
	  "answered 403",
	  1,
	  1,
	  1,
	  0 },
};

START_TEST(fall_through)
{
	struct got g = { .out = { .write = got_write, .finish = got_finish } };
	struct err err = { 0 };
	enum err_code code;

	buf_init(&g.bytes, 1000);
	start(cases[_i].mirror, cases[_i].home, cases[_i].capabilities);
	code = ask(cases[_i].what, &g, &err);
	ck_assert_msg(code == cases[_i].want, "%s: %d, %s", cases[_i].name, code, err.msg);
	ck_assert_int_eq(g.calls, code == ERR_OK);
	ck_assert_msg(strstr(code == ERR_OK ? buf_text(&g.bytes) : err.msg, cases[_i].text) != NULL, "%s: %s, %s",
		      cases[_i].name, buf_text(&g.bytes), err.msg);
	ck_assert_msg(http_server_asked(mirror, "GET /v2/a") == cases[_i].mirror_asked, "%s: %u", cases[_i].name,
		      http_server_asked(mirror, "GET /v2/a"));
	ck_assert_msg(http_server_asked(home, "GET /v2/a") == cases[_i].home_asked, "%s: %u", cases[_i].name,
		      http_server_asked(home, "GET /v2/a"));
	ck_assert_msg(told.failed == cases[_i].failed && told.lacks == cases[_i].lacks, "%s: %u, %u", cases[_i].name,
		      told.failed, told.lacks);
	buf_release(&g.bytes);
	stop();
}
END_TEST

/* Half of a blob comes from the mirror, the rest from home, by range. */
START_TEST(go_on_at_home)
{
	static const struct http_route halves[ROUTES] = { { BLOB, .body = "abcdef", .fault = FAULT_CUT, .times = 1 },
							  { BLOB, .status = 403 } };
	static const struct http_route whole[ROUTES] = { { BLOB, .body = "abcdef", .ranges = true } };
	struct got g = { .out = { .write = got_write, .finish = got_finish } };
	struct descriptor d = { .size_bytes = 6, .media_type = "m" };
	struct err err = { 0 };

	buf_init(&g.bytes, 6);
	start(halves, whole, ALL);
	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(source->blob(source, &d, 0, 6, &g.out, on_blob, &g, &err), ERR_OK);
	ck_assert_msg(http_run(engine, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(buf_text(&g.bytes), "abcdef");
	ck_assert_ptr_nonnull(strstr(http_server_last(home, BLOB), "\r\nRange: bytes=3-\r\n"));
	buf_release(&g.bytes);
	stop();
}
END_TEST

/* What has failed is not asked again, by other repositories neither. */
START_TEST(given_up)
{
	static const struct http_route closed[ROUTES] = { { MANIFEST, .fault = FAULT_CLOSED } };
	static const struct http_route whole[ROUTES] = { { MANIFEST, .body = "abc" } };
	struct registry_options registry = { .rules = &rules, .outages = &outages, .on_elsewhere = on_elsewhere };
	struct source *other = NULL, *first;
	struct got g = { .out = { .write = got_write, .finish = got_finish } };
	struct err err = { 0 };
	unsigned asked;

	buf_init(&g.bytes, 100);
	start(closed, whole, ALL);
	ck_assert_int_eq(ask('m', &g, &err), ERR_OK);
	asked = http_server_asked(mirror, "GET ");
	ck_assert_int_eq(ask('m', &g, &err), ERR_OK);
	ck_assert_int_eq(registry_new(engine, &ref, &registry, &other, &err), ERR_OK);
	first = source;
	source = other;
	ck_assert_int_eq(ask('m', &g, &err), ERR_OK);
	source = first;
	ck_assert_int_eq(g.calls, 3);
	ck_assert_uint_eq(http_server_asked(mirror, "GET "), asked);
	ck_assert_uint_eq(told.failed, 1);
	ck_assert_msg(strstr(told.why, MANIFEST) != NULL, "%s", told.why);
	other->free(other);
	buf_release(&g.bytes);
	stop();
}
END_TEST

static enum err_code on_found(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	struct got *g = ctx;
	size_t i;

	g->calls++;
	for (i = 0; i < len; i++)
		ck_assert_int_eq(buf_add(&g->bytes, &referrers[i].descriptor.digest.text[7], 1, err), ERR_OK);
	return ERR_OK;
}

/* Nothing proves a list of referrers to be whole, so home is asked, and mirrors beside it. */
static const struct {
	const char *name, *capabilities;
	struct http_route mirror[ROUTES], home[ROUTES];
	enum err_code want;
	const char *found; /* the digests' first digits; of a failure, part of the message */
	bool mirror_asked;
	unsigned failed;
} lists[] = {
	{ "home alone",
	  ALL,
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("1") } },
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } },
	  ERR_OK,
	  "2",
	  false,
	  0 },
	{ "a mirror that has them too",
	  ALL ",'referrers'",
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("1") } },
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } },
	  ERR_OK,
	  "12",
	  true,
	  0 },
	{ "a mirror that has none",
	  ALL ",'referrers'",
	  { { .target = "/" } },
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } },
	  ERR_OK,
	  "2",
	  true,
	  0 },
	{ "a mirror that does not know the repository",
	  ALL ",'referrers'",
	  { { REFERRERS, .status = 404, .body = "{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}" } },
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } },
	  ERR_OK,
	  "2",
	  true,
	  0 },
	{ "a mirror with a list that is too long",
	  ALL ",'referrers'",
	  { { REFERRERS, .headers = INDEX_TYPE, .body = long_text, .body_len = sizeof(long_text) } },
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } },
	  ERR_OK,
	  "2",
	  true,
	  1 },
	{ "a mirror whose second page is gone",
	  ALL ",'referrers'",
	  { { REFERRERS, .headers = INDEX_TYPE "Link: </gone>; rel=next\r\n", .body = LIST("1") } },
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } },
	  ERR_OK,
	  "12",
	  true,
	  1 },
	{ "a mirror that fails",
	  ALL ",'referrers'",
	  { { REFERRERS, .status = 403 } },
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } },
	  ERR_OK,
	  "2",
	  true,
	  1 },
	{ "a mirror that talks nonsense",
	  ALL ",'referrers'",
	  { { REFERRERS, .headers = INDEX_TYPE, .body = "x" } },
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("2") } },
	  ERR_OK,
	  "2",
	  true,
	  1 },
	{ "home is closed to us",
	  ALL,
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("1") } },
	  { { REFERRERS, .status = 403 } },
	  ERR_DENIED,
	  "answered 403",
	  false,
	  0 },
	{ "home is out of reach",
	  ALL,
	  { { REFERRERS, .headers = INDEX_TYPE, .body = LIST("1") } },
	  { { REFERRERS, .fault = FAULT_SILENT } },
	  ERR_OK,
	  "1",
	  true,
	  1 },
};

START_TEST(referrers)
{
	struct got g = { 0 };
	struct digest subject;
	struct err err = { 0 };
	enum err_code code;

	buf_init(&g.bytes, 100);
	start(lists[_i].mirror, lists[_i].home, lists[_i].capabilities);
	ck_assert_int_eq(digest_parse(ABC, &subject, NULL), ERR_OK);
	ck_assert_int_eq(source->referrers(source, &subject, on_found, &g, &err), ERR_OK);
	code = http_run(engine, &err);
	ck_assert_msg(code == lists[_i].want, "%s: %d, %s", lists[_i].name, code, err.msg);
	if (code == ERR_OK)
		ck_assert_msg(strcmp(buf_text(&g.bytes), lists[_i].found) == 0, "%s: %s", lists[_i].name,
			      buf_text(&g.bytes));
	else
		ck_assert_msg(strstr(err.msg, lists[_i].found) != NULL, "%s: %s", lists[_i].name, err.msg);
	ck_assert_int_eq(g.calls, code == ERR_OK);
	ck_assert_int_eq(http_server_asked(mirror, "GET " REFERRERS) > 0, lists[_i].mirror_asked);
	ck_assert_uint_eq(told.failed, lists[_i].failed);
	buf_release(&g.bytes);
	stop();
}
END_TEST

static enum err_code on_tags(void *ctx, const char *const *tags, size_t len, struct err *err)
{
	struct got *g = ctx;
	size_t i;

	g->calls++;
	for (i = 0; i < len; i++)
		ck_assert_int_eq(buf_puts(&g->bytes, tags[i], err), ERR_OK);
	return ERR_OK;
}

/* The same host in the clear: asked where it has never answered over TLS, whatever an answer was. */
static const struct {
	struct http_route first;
	enum err_code want;
	bool asked;
} clear[] = {
	{ { MANIFEST, .fault = FAULT_CLOSED }, ERR_OK, true },
	{ { MANIFEST, .status = 401 }, ERR_DENIED, false },
	{ { MANIFEST, .status = 403 }, ERR_DENIED, false },
	{ { MANIFEST, .status = 418 }, ERR_REFUSED, false },
	{ { MANIFEST, .fault = FAULT_BUSY }, ERR_NETWORK, false },
	{ { MANIFEST, .fault = FAULT_ILL }, ERR_NETWORK, false },
	{ { MANIFEST, .headers = "Location: http://127.0.0.1:1/\r\n", .status = 307 }, ERR_NETWORK, false },
};

START_TEST(in_the_clear)
{
	const struct http_route first[ROUTES] = { clear[_i].first };
	static const struct http_route whole[ROUTES] = { { MANIFEST, .body = "abc" } };
	struct registry_options registry = { .rules = &rules, .outages = &outages, .on_elsewhere = on_elsewhere };
	struct got g = { .out = { .write = got_write, .finish = got_finish } };
	struct source *other = NULL, *own;
	struct err err = { 0 };
	enum err_code code;

	buf_init(&g.bytes, 100);
	start(first, whole, ALL);
	OUTER_OF(source, struct repository, source)->endpoints.items[1].instead = true;
	code = ask('m', &g, &err);
	ck_assert_msg(code == clear[_i].want, "%d: %d, %s", _i, code, err.msg);
	ck_assert_int_eq(registry_new(engine, &ref, &registry, &other, NULL), ERR_OK);
	OUTER_OF(other, struct repository, source)->endpoints.items[1].instead = true;
	own = source;
	source = other;
	ck_assert_int_eq(ask('m', &g, &err) == ERR_OK, clear[_i].asked);
	source = own;
	ck_assert_int_eq(http_server_asked(home, "GET "), clear[_i].asked ? 2 : 0);
	ck_assert_int_eq(repository_home(OUTER_OF(source, struct repository, source)) != NULL, clear[_i].asked);
	other->free(other);
	buf_release(&g.bytes);
	stop();
}
END_TEST

/* The next page is asked for in the same registry's name, and once. */
static const char *const next_pages[] = { "/v2/a/b/tags/list?p=2", "/v2/a/b/tags/list?p=2&ns=registry.example" };

START_TEST(pages)
{
	static const struct http_route none[ROUTES] = { { .target = "/" } };
	CLEANUP(free_ptr) char *link = NULL;
	struct http_route routes[ROUTES] = {
		{ "/v2/a/b/tags/list?n=1000&ns=registry.example", .body = "{\"tags\":[\"1\"]}" },
		{ "/v2/a/b/tags/list?p=2&ns=registry.example", .body = "{\"tags\":[\"2\"]}" }
	};
	struct got g = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(str_format(&link, NULL, "Link: <%s>; rel=next\r\n", next_pages[_i]), ERR_OK);
	routes[0].headers = link;
	buf_init(&g.bytes, 100);
	start(none, routes, ALL);
	ck_assert_int_eq(source->tags(source, on_tags, &g, &err), ERR_OK);
	ck_assert_msg(http_run(engine, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(buf_text(&g.bytes), "12");
	buf_release(&g.bytes);
	stop();
}
END_TEST

/* A place dies with many questions before it: those that had not begun go elsewhere, and it is said once. */
static const struct {
	const char *name;
	bool home_dies;
	char what;
} deaths[] = {
	{ "manifests of a mirror", false, 'm' },
	{ "questions of a mirror", false, 'h' },
	{ "referrers at home", true, 'r' },
};

static enum err_code ask_of_many(char what, struct got *g, struct err *err)
{
	struct descriptor d = { .size_bytes = 3, .media_type = "m" };

	ck_assert_int_eq(digest_parse(ABC, &d.digest, NULL), ERR_OK);
	if (what == 'r')
		return source->referrers(source, &d.digest, on_found, g, err);
	return what == 'm' ? source->manifest(source, &d, on_manifest, g, err)
			   : source->has(source, &d, on_presence, g, err);
}

START_TEST(dies_before_many)
{
	static const struct http_route lives[ROUTES] = { { MANIFEST, .body = "abc" }, { BLOB, .body = "abc" } };
	static const struct http_route dies[ROUTES] = { { .target = "*", .fault = FAULT_CLOSED } };
	struct got g = { 0 };
	struct err err = { 0 };
	struct http_server *dead;
	int i;

	buf_init(&g.bytes, 1000);
	start(deaths[_i].home_dies ? lives : dies, deaths[_i].home_dies ? dies : lives, ALL);
	dead = deaths[_i].home_dies ? home : mirror;
	for (i = 0; i < 50; i++)
		ck_assert_int_eq(ask_of_many(deaths[_i].what, &g, &err), ERR_OK);
	ck_assert_msg(http_run(engine, &err) == ERR_OK, "%s: %s", deaths[_i].name, err.msg);
	ck_assert_int_eq(g.calls, 50);
	/* what had begun when the first was given up; not each of them thrice */
	ck_assert_msg(http_server_asked(dead, "") < 50, "%s: %u", deaths[_i].name, http_server_asked(dead, ""));
	ck_assert_uint_eq(told.failed, 1);
	buf_release(&g.bytes);
	stop();
}
END_TEST

/* What leads to credentials is asked for as often as what they are for: at a mirror a few times, at the last place
 * until all tries are used up. */
static const struct {
	const char *name;
	bool at_home;
	const char *challenge, *asks;
	unsigned times;
	enum err_code want;
} gates[] = {
	{ "a mirror's ping", false, NULL, "GET /v2/ ", RETRY_TRIES_FEW, ERR_OK },
	{ "a mirror's token", false, "WWW-Authenticate: Bearer realm=\"http://@@/token\"\r\n", "GET /token",
	  RETRY_TRIES_FEW, ERR_OK },
	{ "a ping at home", true, NULL, "GET /v2/ ", RETRY_TRIES, ERR_DENIED },
	{ "a token at home", true, "WWW-Authenticate: Bearer realm=\"http://@@/token\"\r\n", "GET /token", RETRY_TRIES,
	  ERR_NETWORK },
};

START_TEST(gate_is_ill)
{
	const struct http_route gate[ROUTES] = {
		{ MANIFEST, .status = 401, .headers = gates[_i].challenge },
		{ .target = "*", .fault = FAULT_ILL },
	};
	static const struct http_route has[ROUTES] = { { MANIFEST, .body = "abc" }, { BLOB, .body = "abc" } };
	static const struct http_route lacks[ROUTES] = { { .target = "/" } };
	struct got g = { 0 };
	struct err err = { 0 };
	enum err_code code;
	unsigned asked;

	buf_init(&g.bytes, 1000);
	start(gates[_i].at_home ? lacks : gate, gates[_i].at_home ? gate : has, ALL);
	ck_assert_int_eq(ask_of_many('m', &g, &err), ERR_OK);
	code = http_run(engine, &err);
	asked = http_server_asked(gates[_i].at_home ? home : mirror, gates[_i].asks);
	ck_assert_msg(asked == gates[_i].times, "%s: %u times", gates[_i].name, asked);
	ck_assert_msg(code == gates[_i].want, "%s: %d %s", gates[_i].name, code, err.msg);
	ck_assert_str_eq(buf_text(&g.bytes), gates[_i].at_home ? "" : "abc");
	buf_release(&g.bytes);
	stop();
}
END_TEST

static const struct {
	const char *name, *hosts, *says;
	enum err_code want;
} nobody[] = {
	{ "no tags", "server = 'http://127.0.0.1:1'\ncapabilities = ['pull']",
	  "no place where it may be asked for a tag", ERR_UNSUPPORTED },
	{ "out of reach", "server = 'http://127.0.0.1:1'", "http://127.0.0.1:1/v2/a/b/manifests/1", ERR_NETWORK },
};

START_TEST(no_place)
{
	static const struct http_route none[ROUTES] = { { .target = "/" } };
	struct registry_options registry = { .rules = &rules, .outages = &outages };
	struct got g = { 0 };
	struct err err = { 0 };

	start(none, none, ALL);
	folder_put(folder, "registry.example/hosts.toml", nobody[_i].hosts, strlen(nobody[_i].hosts));
	source->free(source);
	ck_assert_msg(registry_new(engine, &ref, &registry, &source, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(ask('t', &g, &err) == nobody[_i].want, "%s: %s", nobody[_i].name, err.msg);
	ck_assert_msg(strstr(err.msg, nobody[_i].says) != NULL, "%s: %s", nobody[_i].name, err.msg);
	stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mirrors");
	TCase *t = tcase_create("mirrors");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, fall_through, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, go_on_at_home);
	tcase_add_test(t, given_up);
	tcase_add_loop_test(t, referrers, 0, (int)COUNT_OF(lists));
	tcase_add_loop_test(t, in_the_clear, 0, (int)COUNT_OF(clear));
	tcase_add_loop_test(t, pages, 0, (int)COUNT_OF(next_pages));
	tcase_add_loop_test(t, dies_before_many, 0, (int)COUNT_OF(deaths));
	tcase_add_loop_test(t, gate_is_ill, 0, (int)COUNT_OF(gates));
	tcase_add_loop_test(t, no_place, 0, (int)COUNT_OF(nobody));
	suite_add_tcase(s, t);
	return test_run(s);
}
