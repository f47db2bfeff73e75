/* A registry that goes wrong again and again: what it takes to get everything from it all the same. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/registry.h"
#include "tests/lib/asked_registry.h"
#include "tests/lib/test_main.h"

#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define BLOB "/v2/a/b/blobs/" ABC
#define INDEX "Content-Type: " TYPE_OCI_INDEX "\r\n"
#define TOKEN "/token?service=s&scope=repository%3Aa%2Fb%3Apull"
#define BEARER "WWW-Authenticate: Bearer realm=\"http://@@/token\",service=\"s\",scope=\"repository:a/b:pull\"\r\n"
#define LIST "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[]}"
#define SIZE 400000
#define ROUTES 5

static char content[SIZE];
static struct asked_registry r;

static void start(const struct http_route *routes, size_t len)
{
	size_t i;

	for (i = 0; i < SIZE; i++)
		content[i] = (char)('a' + (i * i / 7 + i) % 26);
	asked_registry_start_with_tokens(&r, routes, len, ":tag");
}

/* Where a blob goes. */
struct sink {
	struct outstream out;
	struct buf bytes;
	int finishes, dones;
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

static void sink_init(struct sink *s)
{
	*s = (struct sink){ .out = { .write = sink_write, .finish = sink_finish } };
	buf_init(&s->bytes, SIZE);
}

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	if (!there)
		return err_set(err, ERR_NOT_FOUND, "absent");
	((struct sink *)ctx)->dones++;
	return ERR_OK;
}

static void ask_blob(struct sink *sink, const struct digest *digest, uint64_t from_bytes, uint64_t end_bytes)
{
	struct descriptor d = { .digest = *digest, .size_bytes = SIZE, .media_type = "m" };

	sink_init(sink);
	ck_assert_int_eq(r.source->blob(r.source, &d, from_bytes, end_bytes, &sink->out, on_blob, sink, NULL), ERR_OK);
}

#define BODY .body = content, .body_len = SIZE

/* A blob, or a part of it, that does not come in one piece. */
static const struct {
	const char *name;
	struct http_route routes[ROUTES];
	uint64_t from_bytes, end_bytes;
	enum err_code want;
	unsigned asked;
	const char *last; /* range that was asked for, NULL for none */
	const char *says;
} resumes[] = {
	{ "whole", .routes = { { .target = BLOB, BODY, .ranges = true } }, .end_bytes = SIZE, .asked = 1 },
	{ "cut twice",
	  .routes = { { .target = BLOB, BODY, .ranges = true, .fault = FAULT_CUT, .times = 2 },
		      { .target = BLOB, BODY, .ranges = true } },
	  .end_bytes = SIZE, .asked = 3, .last = "bytes=300000-" },
	{ "the rest, cut twice",
	  .routes = { { .target = BLOB, BODY, .ranges = true, .fault = FAULT_CUT, .times = 2 },
		      { .target = BLOB, BODY, .ranges = true } },
	  .from_bytes = SIZE - 100000, .end_bytes = SIZE, .asked = 3, .last = "bytes=375000-" },
	{ "a part, cut twice",
	  .routes = { { .target = BLOB, BODY, .ranges = true, .fault = FAULT_CUT, .times = 2 },
		      { .target = BLOB, BODY, .ranges = true } },
	  .from_bytes = 1000, .end_bytes = 201000, .asked = 3, .last = "bytes=151000-200999" },
	{ "ill before and after the cut",
	  .routes = { { .target = BLOB, .status = 503, .body = "ill", .times = 2 },
		      { .target = BLOB, BODY, .ranges = true, .fault = FAULT_CUT, .times = 1 },
		      { .target = BLOB, .status = 429, .body = "busy", .times = 3 },
		      { .target = BLOB, BODY, .ranges = true } },
	  .end_bytes = SIZE, .asked = 7, .last = "bytes=200000-" },
	{ "a registry without ranges, cut twice: what comes again is dropped",
	  .routes = { { .target = BLOB, BODY, .fault = FAULT_CUT, .times = 2 }, { .target = BLOB, BODY } },
	  .end_bytes = SIZE, .asked = 3, .last = "bytes=200000-" },
	{ "the rest from a registry without ranges, cut",
	  .routes = { { .target = BLOB, BODY, .fault = FAULT_CUT, .times = 1 }, { .target = BLOB, BODY } },
	  .from_bytes = 100000, .end_bytes = SIZE, .asked = 2, .last = "bytes=200000-" },
	{ "all of it, but not its end",
	  .routes = { { .target = BLOB, BODY, .ranges = true, .fault = FAULT_OPEN, .times = 1 },
		      { .target = BLOB, BODY, .ranges = true } },
	  .end_bytes = SIZE, .asked = 2, .last = "bytes=399999-" },
	{ "all of a part, but not its end",
	  .routes = { { .target = BLOB, BODY, .ranges = true, .fault = FAULT_OPEN, .times = 1 },
		      { .target = BLOB, BODY, .ranges = true } },
	  .from_bytes = 7, .end_bytes = 70007, .asked = 2, .last = "bytes=70006-70006" },
	{ "all of it without its end, and no ranges",
	  .routes = { { .target = BLOB, BODY, .fault = FAULT_OPEN, .times = 1 }, { .target = BLOB, BODY } },
	  .end_bytes = SIZE, .asked = 2, .last = "bytes=399999-" },
	{ "cut where a redirect leads, which is asked for anew",
	  .routes = { { .target = BLOB, .status = 307, .headers = "Location: http://@2/once\r\n", .times = 1 },
		      { .target = BLOB, .status = 307, .headers = "Location: http://@2/again\r\n" },
		      { .target = "/once", BODY, .ranges = true, .fault = FAULT_CUT },
		      { .target = "/again", BODY, .ranges = true } },
	  .end_bytes = SIZE, .asked = 2, .last = "bytes=200000-" },
	{ "a token that runs out in mid-transfer",
	  .routes = { { .target = BLOB,
			BODY,
			.ranges = true,
			.fault = FAULT_CUT,
			.headers = BEARER,
			.authorization = "Bearer T1",
			.times = 2 },
		      { .target = BLOB, BODY, .ranges = true, .headers = BEARER, .authorization = "Bearer T2" },
		      { .target = TOKEN, .body = "{\"token\":\"T1\"}", .times = 1 },
		      { .target = TOKEN, .body = "{\"token\":\"T2\"}" } },
	  .end_bytes = SIZE, .asked = 4, .last = "bytes=200000-" },
	{ "cut again and again, with less to bring each time",
	  .routes = { { .target = BLOB, BODY, .ranges = true, .fault = FAULT_CUT } }, .end_bytes = SIZE,
	  .want = ERR_NETWORK, .asked = 3 + RETRY_TRIES,
	  .last = /* the third and the fourth together brought enough */ "bytes=399609-", .says = "; tried 8 times" },
	{ "no ranges, and always cut at the same place", .routes = { { .target = BLOB, BODY, .fault = FAULT_CUT } },
	  .end_bytes = SIZE, .want = ERR_NETWORK, .asked = RETRY_TRIES, .last = "bytes=200000-",
	  .says = "; tried 8 times" },
	{ "ill after the cut, for ever",
	  .routes = { { .target = BLOB, BODY, .ranges = true, .fault = FAULT_CUT, .times = 1 },
		      { .target = BLOB, .status = 502, .body = "ill" } },
	  .end_bytes = SIZE, .want = ERR_NETWORK, .asked = RETRY_TRIES, .last = "bytes=200000-",
	  .says = "answered 502; tried 8 times" },
	{ "gone after the cut", .routes = { { .target = BLOB, BODY, .ranges = true, .fault = FAULT_CUT, .times = 1 } },
	  .end_bytes = SIZE, .want = ERR_NOT_FOUND, .asked = 2, .last = "bytes=200000-", .says = "absent" },
};

START_TEST(resume)
{
	CLEANUP(free_ptr) char *header = NULL;
	struct err err = { 0 };
	struct digest digest;
	struct sink sink;
	const char *sent;
	enum err_code code;
	size_t from = (size_t)resumes[_i].from_bytes, len = (size_t)resumes[_i].end_bytes - from;

	start(resumes[_i].routes, ROUTES);
	ck_assert_int_eq(digest_parse(ABC, &digest, NULL), ERR_OK);
	ask_blob(&sink, &digest, resumes[_i].from_bytes, resumes[_i].end_bytes);
	code = http_run(r.engine, &err);
	ck_assert_msg(code == resumes[_i].want, "%s: %d, %s", resumes[_i].name, code, err.msg);
	ck_assert(sink.finishes == (code == ERR_OK) && sink.dones == (code == ERR_OK));
	ck_assert_msg(code != ERR_OK || sink.bytes.len == len, "%s: %zu bytes", resumes[_i].name, sink.bytes.len);
	ck_assert_msg(memcmp(sink.bytes.data, content + from, sink.bytes.len) == 0, "%s", resumes[_i].name);
	ck_assert_msg(http_server_asked(r.server, "GET " BLOB) == resumes[_i].asked, "%s: %u", resumes[_i].name,
		      http_server_asked(r.server, "GET " BLOB));
	sent = http_server_last(r.server, BLOB);
	if (resumes[_i].last != NULL) {
		ck_assert_int_eq(str_format(&header, NULL, "\r\nRange: %s\r\n", resumes[_i].last), ERR_OK);
		ck_assert_msg(strstr(sent, header) != NULL, "%s: %s", resumes[_i].name, sent);
	} else {
		ck_assert_ptr_null(strstr(sent, "\r\nRange:"));
	}
	if (resumes[_i].says != NULL)
		ck_assert_msg(strstr(err.msg, resumes[_i].says) != NULL, "%s: %s", resumes[_i].name, err.msg);
	buf_release(&sink.bytes);
	asked_registry_stop(&r);
}
END_TEST

static enum err_code on_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	(void)err;
	ck_assert(m->len == 3 && memcmp(m->bytes, "abc", 3) == 0);
	++*(int *)ctx;
	return ERR_OK;
}

static enum err_code on_referrers(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	(void)err;
	(void)referrers;
	ck_assert_uint_eq(len, 0);
	++*(int *)ctx;
	return ERR_OK;
}

static const enum http_fault faults[] = { FAULT_NONE, FAULT_CUT, FAULT_CLOSED, FAULT_BUSY, FAULT_ILL, FAULT_MIXED };

#define ROUNDS 20

#define DIGEST "sha256:%064x"

/* Three routes a round, which are asked for under names of their own. */
static void make_round(struct http_route *routes, char (*targets)[128], struct digest *digest, unsigned i)
{
	snprintf(digest->text, sizeof(digest->text), DIGEST, i);
	snprintf(targets[0], sizeof(targets[0]), "/v2/a/b/manifests/%u", i);
	snprintf(targets[1], sizeof(targets[1]), "/v2/a/b/blobs/" DIGEST, i);
	snprintf(targets[2], sizeof(targets[2]), "/v2/a/b/referrers/" DIGEST, i);
	routes[0] = (struct http_route){ .target = targets[0], .body = "abc" };
	routes[1] = (struct http_route){ .target = targets[1], BODY, .ranges = true };
	routes[2] = (struct http_route){ .target = targets[2], .headers = INDEX, .body = LIST };
}

/* A third of all answers is no good: everything comes all the same, and hardly a byte of it twice. */
START_TEST(ill_third)
{
	static struct http_route routes[3 * ROUNDS];
	static char targets[3 * ROUNDS][128];
	static struct sink sinks[ROUNDS];
	struct digest digests[ROUNDS];
	struct err err = { 0 };
	int answers = 0;
	size_t i;

	for (i = 0; i < ROUNDS; i++)
		make_round(&routes[3 * i], &targets[3 * i], &digests[i], (unsigned)i);
	start(routes, COUNT_OF(routes));
	http_server_fail(r.server, faults[_i], 7);
	for (i = 0; i < ROUNDS; i++) {
		snprintf(r.ref.tag, 4, "%zu", i);
		ck_assert_int_eq(r.source->resolve(r.source, &r.ref, on_manifest, &answers, NULL), ERR_OK);
		ck_assert_int_eq(r.source->referrers(r.source, &digests[i], on_referrers, &answers, NULL), ERR_OK);
		ask_blob(&sinks[i], &digests[i], 0, SIZE);
	}
	ck_assert_msg(http_run(r.engine, &err) == ERR_OK, "%d: %s", _i, err.msg);
	ck_assert_int_eq(answers, ROUNDS + ROUNDS);
	for (i = 0; i < ROUNDS; i++) {
		ck_assert(sinks[i].dones == 1 && sinks[i].finishes == 1 && sinks[i].bytes.len == SIZE);
		ck_assert_mem_eq(sinks[i].bytes.data, content, SIZE);
		buf_release(&sinks[i].bytes);
	}
	ck_assert_uint_le(http_server_sent(r.server), (size_t)ROUNDS * SIZE / 100 * 105);
	asked_registry_stop(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("registry, again");
	TCase *t = tcase_create("again");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, resume, 0, (int)COUNT_OF(resumes));
	tcase_add_loop_test(t, ill_third, 0, (int)COUNT_OF(faults));
	suite_add_tcase(s, t);
	return test_run(s);
}
