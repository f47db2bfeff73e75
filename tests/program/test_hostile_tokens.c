/* Registries that mean harm to who logs in: by the tokens they give, and by where they send for them. */
#include <check.h>

#include "common/mem.h"
#include "tests/lib/hostile_export.h"
#include "tests/lib/test_main.h"

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* Each function for texts looks at all the rest of them under a sanitizer. */
#ifdef __SANITIZE_ADDRESS__
#define CHALLENGES 100
#else
#define CHALLENGES 1000
#endif

#define BEARER(realm)                                                                                                  \
	.status = 401, .asks_login = true, .headers = "WWW-Authenticate: Bearer realm=\"" realm "\",service=\"x\"\r\n"
#define BEARER_HERE                                                                                                    \
	{                                                                                                              \
		"/v2/", BEARER("http://$h/token")                                                                      \
	}
#define BEARER_ONLY .status = 401, .headers = "WWW-Authenticate: Bearer realm=\"http://$h/token\",service=\"x\"\r\n"

static const struct hostile_export tokens[] = {
	{ "a token", .answers = { BEARER_HERE, { "/token", .start = "{\"token\":\"t\"}" } }, .login = true, .status = 0,
	  .text = "" },
	{ "one of no time", .answers = { BEARER_HERE, { "/token", .start = "{\"token\":\"t\",\"expires_in\":0}" } },
	  .status = 0, .text = "" },
	{ "one of less",
	  .answers = { BEARER_HERE, { "/token", .start = "{\"token\":\"t\",\"expires_in\":-99999999999}" } },
	  .status = 0, .text = "" },
	{ "one for ever",
	  .answers = { BEARER_HERE, { "/token", .start = "{\"token\":\"t\",\"expires_in\":9223372036854775807}" } },
	  .status = 0, .text = "" },
	{ "one that nobody takes", .answers = { { "/v2/", BEARER_ONLY }, { "/token", .start = "{\"token\":\"t\"}" } },
	  .login = true, .status = 1, .text = "answered 401" },
	{ "50 MB",
	  .answers = { BEARER_HERE,
		       { "/token", .start = "{\"token\":\"", .middle = X64, .times = 819200, .end = "\"}" } },
	  .login = true, .status = 1, .text = "more than 65536 bytes" },
	{ "endless",
	  .answers = { BEARER_HERE, { "/token", .start = "{\"token\":\"", .middle = X64, .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "more than 65536 bytes" },
	{ "403, and no end of it",
	  .answers = { BEARER_HERE,
		       { "/token", .status = 403, .headers = "Transfer-Encoding: chunked\r\n",
			 .middle = "40\r\n" X64 "\r\n", .times = HOSTILE_ENDLESS } },
	  .login = true, .status = 1, .text = "more than" },
	{ "two lines", .answers = { BEARER_HERE, { "/token", .start = "{\"token\":\"t\\r\\nX-A: b\"}" } }, .status = 1,
	  .text = "without a token" },
	{ "none", .answers = { BEARER_HERE, { "/token", .start = "{\"token\":\"\",\"access_token\":7}" } }, .status = 1,
	  .text = "without a token" },
	{ "no JSON", .answers = { BEARER_HERE, { "/token", .start = "<html>secret-of-u" } }, .login = true, .status = 1,
	  .text = "JSON" },
	{ "deep", .answers = { BEARER_HERE, { "/token", .start = "{\"token\":", .middle = "[", .times = 60000 } },
	  .status = 1, .text = "nested deeper" },
	{ "a bomb",
	  .answers = { BEARER_HERE,
		       { "/token", .headers = "Content-Encoding: gzip\r\n", .start = HOSTILE_GZIP_START,
			 .start_len = 12, .middle = HOSTILE_GZIP_ZEROS, .times = 4000 } },
	  .status = 1, .text = "JSON" },
	{ "redirected for ever",
	  .answers = { BEARER_HERE, { "/token", .status = 307, .headers = "Location: http://$h/token\r\n" } },
	  .login = true, .status = 5, .text = "redirects followed" },
	{ "an error that tells",
	  .answers = { BEARER_HERE,
		       { "/token", .status = 403,
			 .start = "{\"errors\":[{\"code\":\"" HOSTILE_ESCAPED
				  "\",\"message\":\"secret-of-u" HOSTILE_ESCAPED "\"}]}" } },
	  .login = true, .status = 1, .text = "403" },
	{ "no challenge", .answers = { { "/v2/", .status = 401 } }, .login = true, .status = 1,
	  .text = "does not say which credentials" },
	{ "a challenge of a megabyte",
	  .answers = { { "/v2/", .raw = true, .start = "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm=\"http://",
			 .middle = X64, .times = 16384, .end = "\"\r\n\r\n" } },
	  .login = true, .status = 1, .text = "a header that is too long" },
	{ "a realm too long",
	  .answers = { { "/v2/", .raw = true, .start = "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm=\"http://$h/",
			 .middle = X64, .times = 300, .end = "\"\r\n\r\n" } },
	  .login = true, .status = 1, .text = "does not say which" },
	{ "many challenges",
	  .answers = { { "/v2/", .raw = true, .start = "HTTP/1.1 401 No\r\n",
			 .middle = "WWW-Authenticate: ,=,=\"\\, a b\r\n", .times = CHALLENGES, .end = "\r\n" } },
	  .login = true, .status = 1, .text = "does not say which" },
	{ "a realm at metadata", .answers = { { "/v2/", BEARER("http://169.254.169.254/latest/") } }, .login = true,
	  .status = 1, .text = "private address" },
	{ "a realm next door", .answers = { { "/v2/", BEARER("http://192.168.0.1/") } }, .login = true, .status = 1,
	  .text = "private address" },
	{ "a realm next door, in hexadecimal", .answers = { { "/v2/", BEARER("http://0xc0a80001/") } }, .login = true,
	  .status = 1, .text = "private address" },
	{ "a realm next door, in IPv6", .answers = { { "/v2/", BEARER("http://[::ffff:10.0.0.1]/") } }, .login = true,
	  .status = 1, .text = "private address" },
	{ "a realm in a file", .answers = { { "/v2/", BEARER("file:///etc/passwd") } }, .login = true, .status = 1,
	  .text = "token service" },
	{ "a realm with a user", .answers = { { "/v2/", BEARER("http://a:b@$h/token") } }, .login = true, .status = 1,
	  .text = "token service" },
	{ "no realm", .answers = { { "/v2/", BEARER("") } }, .login = true, .status = 1, .text = "does not say which" },
	{ "a token service elsewhere",
	  .answers = { BEARER_HERE,
		       { "/token", .status = 307, .headers = "Location: http://$l/elsewhere\r\n" },
		       { "/elsewhere", .start = "{\"token\":\"t\"}" } },
	  .login = true, .status = 0, .text = "" },
};

START_TEST(token)
{
	hostile_export_check(&tokens[_i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hostile_tokens");

	hostile_export_add(s, "tokens", token, COUNT_OF(tokens));
	return test_run(s);
}
