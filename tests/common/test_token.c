#include "common/token.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

/* Where may a registry send its users? */
static const struct {
	const char *base, *realm;
	bool may;
} realms[] = {
	{ "https://registry-1.docker.io", "https://auth.docker.io/token", true },
	{ "https://r.example", "HTTPS://auth.example/t?x=y", true },
	{ "https://r.example:8443", "https://r.example/t", true },
	{ "https://r.example", "http://auth.example/t", false },
	{ "https://r.example", "http://r.example/t", false },
	{ "http://r.example", "http://auth.example/t", true },
	{ "http://r.example", "https://auth.example/t", true },
	{ "https://r.example", "https://8.8.8.8/t", true },
	{ "https://r.example", "https://10.0.0.1/t", false },
	{ "https://r.example", "https://169.254.169.254/latest/meta-data/", false },
	{ "https://r.example", "https://[fd00::1]/t", false },
	{ "https://r.example", "https://[::ffff:192.168.0.1]/t", false },
	{ "https://r.example", "https://127.0.0.1:8443/t", false },
	{ "https://r.example", "https://127.1/t", false },
	{ "https://r.example", "https://0x7f000001/t", false },
	{ "https://r.example", "https://2130706433/t", false },
	{ "https://r.example", "https://127.0.0.1./t", false },
	{ "https://r.example", "https://localhost/t", false },
	{ "http://r.example", "http://127.0.0.1/t", false },
	{ "https://10.0.0.1:5000", "https://10.0.0.1:5001/t", true },
	{ "https://10.0.0.1", "https://10.0.0.2/t", false },
	{ "http://127.0.0.1:5000", "http://127.0.0.1:5001/t", true },
	{ "http://127.0.0.1:5000", "http://localhost:5001/t", true },
	{ "http://[::1]:5000", "http://127.0.0.1:5001/t", true },
	{ "http://127.0.0.1:5000", "http://10.0.0.1/t", false },
	{ "http://127.0.0.1:5000", "https://auth.example/t", true },
	{ "https://r.example", "https://user:secret@auth.example/t", false },
	{ "https://r.example", "file:///etc/passwd", false },
	{ "https://r.example", "ftp://auth.example/t", false },
	{ "https://r.example", "/token", false },
	{ "https://r.example", "auth.example", false },
	{ "https://r.example", "https://", false },
	{ "https://r.example", "https://a b/", false },
};

START_TEST(realm)
{
	struct err err = { 0 };
	enum err_code got = token_check_realm(realms[_i].base, "the-host", realms[_i].realm, &err);

	ck_assert_msg(got == (realms[_i].may ? ERR_OK : ERR_DENIED), "%s from %s: %d, %s", realms[_i].realm,
		      realms[_i].base, got, err.msg);
	ck_assert(got == ERR_OK || strstr(err.msg, "the-host") != NULL);
}
END_TEST

static const struct {
	const char *missing, *want;
} scopes[] = {
	{ "", "repository:a/b:pull" },
	{ "repository:a/b:pull", "repository:a/b:pull" },
	{ "repository:a/b:push,pull", "repository:a/b:push,pull" },
	{ "repository:a/b:*", "repository:a/b:*" },
	{ "repository:a/b:push", "repository:a/b:push repository:a/b:pull" },
	{ "repository:a/b:pulls", "repository:a/b:pulls repository:a/b:pull" },
	{ "repository:a/b", "repository:a/b repository:a/b:pull" },
	{ "repository:a/bc:pull", "repository:a/bc:pull repository:a/b:pull" },
	{ "registry:catalog:*", "registry:catalog:* repository:a/b:pull" },
	{ "  repository:c:pull   repository:a/b:pull ", "repository:c:pull repository:a/b:pull" },
};

START_TEST(scope)
{
	CLEANUP(buf_release) struct buf got;

	buf_init(&got, LIMIT_URL_BYTES);
	ck_assert_int_eq(token_scope(scopes[_i].missing, "a/b", false, &got, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&got), scopes[_i].want);
}
END_TEST

/* The same of who writes, and of who means no repository. */
static const struct {
	const char *missing, *repository;
	bool writes;
	const char *want;
} others[] = {
	{ "", "a/b", true, "repository:a/b:pull,push" },
	{ "repository:a/b:pull", "a/b", true, "repository:a/b:pull repository:a/b:pull,push" },
	{ "repository:a/b:push", "a/b", true, "repository:a/b:push repository:a/b:pull,push" },
	{ "repository:a/b:pull,push", "a/b", true, "repository:a/b:pull,push" },
	{ "repository:a/b:push,delete,pull", "a/b", true, "repository:a/b:push,delete,pull" },
	{ "repository:a/b:*", "a/b", true, "repository:a/b:*" },
	{ "repository:c:pull repository:a/b:pull,push", "a/b", true, "repository:c:pull repository:a/b:pull,push" },
	{ "registry:catalog:*", "", false, "registry:catalog:*" },
	{ "", "", false, "" },
};

START_TEST(other_scope)
{
	CLEANUP(buf_release) struct buf got;

	buf_init(&got, LIMIT_URL_BYTES);
	ck_assert_int_eq(token_scope(others[_i].missing, others[_i].repository, others[_i].writes, &got, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&got), others[_i].want);
}
END_TEST

static char user[] = "al ice", password[] = "s3cret&=+", identity[] = "it/1";

static const struct credentials anonymous,
	with_password = { .user = user, .password = password }, with_identity = { .identity_token = identity },
	with_both = { .user = user, .password = password, .identity_token = identity };

#define WAYS_MAX 3

/* In which ways is a service asked that answers each with this status? */
static const struct {
	const struct credentials *credentials;
	int status;
	enum token_way ways[WAYS_MAX];
	size_t len;
} ways[] = {
	{ &anonymous, 404, { TOKEN_GET }, 1 },
	{ &anonymous, 401, { TOKEN_GET }, 1 },
	{ &with_password, 200, { TOKEN_GET }, 1 },
	{ &with_password, 401, { TOKEN_GET }, 1 },
	{ &with_password, 403, { TOKEN_GET }, 1 },
	{ &with_password, 500, { TOKEN_GET }, 1 },
	{ &with_password, 400, { TOKEN_GET, TOKEN_PASSWORD }, 2 },
	{ &with_password, 404, { TOKEN_GET, TOKEN_PASSWORD }, 2 },
	{ &with_password, 405, { TOKEN_GET, TOKEN_PASSWORD }, 2 },
	{ &with_identity, 200, { TOKEN_IDENTITY }, 1 },
	{ &with_identity, 400, { TOKEN_IDENTITY, TOKEN_GET }, 2 },
	{ &with_identity, 401, { TOKEN_IDENTITY, TOKEN_GET }, 2 },
	{ &with_identity, 403, { TOKEN_IDENTITY }, 1 },
	{ &with_identity, 404, { TOKEN_IDENTITY, TOKEN_GET }, 2 },
	{ &with_identity, 405, { TOKEN_IDENTITY, TOKEN_GET }, 2 },
	{ &with_identity, 429, { TOKEN_IDENTITY }, 1 },
	{ &with_both, 404, { TOKEN_IDENTITY, TOKEN_GET }, 2 },
};

START_TEST(way)
{
	enum token_way w = token_first_way(ways[_i].credentials);
	size_t i = 0;

	do {
		ck_assert_uint_lt(i, ways[_i].len);
		ck_assert_int_eq(w, ways[_i].ways[i]);
		i++;
	} while (token_other_way(w, ways[_i].status, ways[_i].credentials, &w));
	ck_assert_uint_eq(i, ways[_i].len);
}
END_TEST

static const struct {
	const struct credentials *credentials;
	const char *realm, *service, *scope, *want;
} urls[] = {
	{ &anonymous, "https://a/t", "s p", "repository:a/b:pull",
	  "https://a/t?service=s%20p&scope=repository%3Aa%2Fb%3Apull" },
	{ &anonymous, "https://a/t?x=y", "s", "p", "https://a/t?x=y&service=s&scope=p" },
	{ &anonymous, "https://a/t", "", "p q r", "https://a/t?service=&scope=p&scope=q&scope=r" },
	{ &with_password, "https://a/t", "s", "p", "https://a/t?service=s&account=al%20ice&scope=p" },
	{ &with_identity, "https://a/t", "s", "p", "https://a/t?service=s&scope=p" },
};

START_TEST(url)
{
	CLEANUP(buf_release) struct buf got;
	struct token_ask ask = { urls[_i].realm, urls[_i].service, urls[_i].scope, urls[_i].credentials };

	buf_init(&got, LIMIT_URL_BYTES);
	ck_assert_int_eq(token_url(&ask, &got, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&got), urls[_i].want);
	ck_assert_ptr_null(strstr(got.data, "s3cret"));
}
END_TEST

START_TEST(form)
{
	CLEANUP(buf_wipe) struct buf got;
	struct token_ask ask = { "https://a/t", "s p", "p q", &with_both };

	buf_init(&got, LIMIT_URL_BYTES);
	ck_assert_int_eq(token_form(&ask, TOKEN_PASSWORD, &got, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&got), "grant_type=password&service=s%20p&client_id=bundle&scope=p%20q"
					 "&username=al%20ice&password=s3cret%26%3D%2B");
	buf_clear(&got);
	ck_assert_int_eq(token_form(&ask, TOKEN_IDENTITY, &got, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&got), "grant_type=refresh_token&service=s%20p&client_id=bundle&scope=p%20q"
					 "&refresh_token=it%2F1");
}
END_TEST

#define DATE "Wed, 25 Nov 2026 18:01:00 GMT"

static const struct {
	const char *answer, *date;
	enum err_code want;
	const char *token;
	unsigned lifetime_seconds;
} answers[] = {
	{ "{\"token\":\"T\"}", NULL, ERR_OK, "T", 60 },
	{ "{\"access_token\":\"T\"}", NULL, ERR_OK, "T", 60 },
	{ "{\"token\":\"T\",\"access_token\":\"U\"}", NULL, ERR_OK, "T", 60 },
	{ "{\"token\":\"\",\"access_token\":\"U\"}", NULL, ERR_OK, "U", 60 },
	{ "{\"token\":\"T\",\"expires_in\":300}", NULL, ERR_OK, "T", 300 },
	{ "{\"token\":\"T\",\"expires_in\":0}", NULL, ERR_OK, "T", 0 },
	{ "{\"token\":\"T\",\"expires_in\":-1}", NULL, ERR_OK, "T", 60 },
	{ "{\"token\":\"T\",\"expires_in\":\"300\"}", NULL, ERR_OK, "T", 60 },
	{ "{\"token\":\"T\",\"expires_in\":9223372036854775807}", NULL, ERR_OK, "T", 86400 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"2026-11-25T18:00:00Z\"}", DATE, ERR_OK, "T", 240 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"2026-11-25T18:00:00.123456789Z\"}", DATE, ERR_OK, "T",
	  240 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"2026-11-25T19:00:00+01:00\"}", DATE, ERR_OK, "T", 240 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"2026-11-25T12:30:00-05:30\"}", DATE, ERR_OK, "T", 240 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"2026-11-25T18:02:00Z\"}", DATE, ERR_OK, "T", 300 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"2020-01-01T00:00:00Z\"}", DATE, ERR_OK, "T", 0 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"2020-01-01T00:00:00Z\"}", NULL, ERR_OK, "T", 300 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"2020-01-01T00:00:00Z\"}", "yesterday", ERR_OK, "T",
	  300 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"yesterday\"}", DATE, ERR_OK, "T", 300 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":\"2026-11-25T18:00:00\"}", DATE, ERR_OK, "T", 300 },
	{ "{\"token\":\"T\",\"expires_in\":300,\"issued_at\":7}", DATE, ERR_OK, "T", 300 },
	{ "{}", NULL, ERR_FORMAT, NULL, 0 },
	{ "{\"token\":7}", NULL, ERR_FORMAT, NULL, 0 },
	{ "{\"token\":\"secret\\r\\nX-Evil: 1\"}", NULL, ERR_FORMAT, NULL, 0 },
	{ "{\"token\":\"secret secret\"}", NULL, ERR_FORMAT, NULL, 0 },
	{ "{\"token\":\"secr\xc3\xa9t\"}", NULL, ERR_FORMAT, NULL, 0 },
	{ "[\"secret\"]", NULL, ERR_FORMAT, NULL, 0 },
	{ "secret", NULL, ERR_FORMAT, NULL, 0 },
	{ "", NULL, ERR_FORMAT, NULL, 0 },
};

START_TEST(answer)
{
	struct token_answer got = { 0 };
	struct err err = { 0 };
	enum err_code code = token_read(answers[_i].answer, strlen(answers[_i].answer), answers[_i].date, &got, &err);

	ck_assert_msg(code == answers[_i].want, "%s: %d, %s", answers[_i].answer, code, err.msg);
	ck_assert_pstr_eq(got.token, answers[_i].token);
	ck_assert_msg(got.lifetime_seconds == answers[_i].lifetime_seconds, "%s: %u", answers[_i].answer,
		      got.lifetime_seconds);
	ck_assert_msg(strstr(err.msg, "secr") == NULL, "%s", err.msg);
	secret_free(&got.token);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("token");
	TCase *t = tcase_create("token");

	tcase_add_loop_test(t, realm, 0, (int)COUNT_OF(realms));
	tcase_add_loop_test(t, scope, 0, (int)COUNT_OF(scopes));
	tcase_add_loop_test(t, other_scope, 0, (int)COUNT_OF(others));
	tcase_add_loop_test(t, way, 0, (int)COUNT_OF(ways));
	tcase_add_loop_test(t, url, 0, (int)COUNT_OF(urls));
	tcase_add_test(t, form);
	tcase_add_loop_test(t, answer, 0, (int)COUNT_OF(answers));
	suite_add_tcase(s, t);
	return test_run(s);
}
