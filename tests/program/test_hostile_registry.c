/* Registries that mean harm, or are broken, by how they answer: without end, slowly, in circles, in words for
 * terminals.
 */
#include <check.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/lib/hostile_export.h"
#include "tests/lib/test_main.h"

/* Nothing is wrong with what is no lie. */
START_TEST(honest)
{
	hostile_export_check(&(struct hostile_export){ .name = "honest", .text = "" });
}
END_TEST

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct hostile_export bodies[] = {
	{ "endless", .answers = { { TAG, .middle = X64, .times = HOSTILE_ENDLESS } }, .status = 1,
	  .text = "more than" },
	{ "endless, of a size that is none",
	  .answers = { { TAG, .headers = "Content-Length: 99999999999999\r\n", .middle = X64,
			 .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "more than 8388608" },
	{ "endless in chunks",
	  .answers = { { TAG, .headers = "Transfer-Encoding: chunked\r\n", .middle = "40\r\n" X64 "\r\n",
			 .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "more than 8388608" },
	{ "endless trailers",
	  .answers = { { TAG, .headers = "Transfer-Encoding: chunked\r\n", .start = "1\r\n{\r\n0\r\n",
			 .middle = "X: " X64 "\r\n", .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "headers: more than" },
	{ "a byte more than 8 MiB", .answers = { { TAG, .start = " ", .middle = X64, .times = 131072 } }, .status = 1,
	  .text = "more than 8388608" },
	{ "a length that is negative", .answers = { { TAG, .headers = "Content-Length: -5\r\n" } }, .status = 5,
	  .text = "Content-Length" },
	{ "a length in words", .answers = { { TAG, .headers = "Content-Length: many\r\n" } }, .status = 5,
	  .text = "Content-Length" },
	{ "a shorter length",
	  .answers = { { TAG, .headers = "Content-Length: 2\r\n", .start = IMAGE(CONFIG("$1", "^1"), "") } },
	  .status = 1, .text = "JSON" },
	{ "a bomb",
	  .answers = { { TAG, .headers = "Content-Encoding: gzip\r\n", .start = HOSTILE_GZIP_START, .start_len = 12,
			 .middle = HOSTILE_GZIP_ZEROS, .times = 100000 } },
	  .status = 1, .text = "JSON" },
	{ "a header of a megabyte",
	  .answers = { { TAG, .raw = true, .start = "HTTP/1.1 200 OK\r\nX: ", .middle = X64, .times = 16384,
			 .end = "\r\n\r\n" } },
	  .status = 1, .text = "a header that is too long" },
	{ "endless headers",
	  .answers = { { TAG, .raw = true, .start = "HTTP/1.1 200 OK\r\n", .middle = "X: y\r\n",
			 .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "headers: more than" },
	{ "endless heads",
	  .answers = { { TAG, .raw = true, .middle = "HTTP/1.1 100 Continue\r\n\r\n", .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "more than 64 heads" },
	{ "endless hints",
	  .answers = { { TAG, .raw = true, .middle = "HTTP/1.1 103 Early\r\nLink: <x>\r\n\r\n",
			 .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "more than 64 heads" },
	{ "no head at all", .answers = { { TAG, .raw = true, .middle = "hello ", .times = 1000 } }, .status = 5,
	  .text = "HTTP/0.9" },
	{ "a head of zeros", .answers = { { TAG, .raw = true, .start = "\0\0\0\0\0\0\0\0\r\n\r\n", .start_len = 12 } },
	  .status = 5, .text = "HTTP/0.9" },
	{ "HTTP/9", .answers = { { TAG, .raw = true, .start = "HTTP/9.9 200 OK\r\n\r\n" } }, .status = 5,
	  .text = "Unsupported HTTP version" },
	{ "no status", .answers = { { TAG, .raw = true, .start = "HTTP/1.1 hello\r\n\r\n" } }, .status = 5,
	  .text = "Unsupported HTTP version" },
	{ "status 999", .answers = { { TAG, .status = 999 } }, .status = 5, .text = "answered 999" },
	{ "nothing to say", .answers = { { TAG, .status = 204 } }, .status = 1, .text = "answered 204" },
	{ "not modified", .answers = { { TAG, .status = 304 } }, .status = 1, .text = "answered 304" },
	{ "a page for people, everywhere",
	  .answers = { { "/", .headers = "Content-Type: text/html\r\n",
			 .start = "<html>Welcome to our network</html>" } },
	  .status = 1, .text = "is a web page" },
	{ "deep", .answers = { { TAG, .start = "{\"x\":", .middle = "[", .times = 100000 } }, .status = 1,
	  .text = "nested deeper" },
	{ "long", .answers = { { TAG, .start = "{\"x\":[", .middle = "{},", .times = 1000000, .end = "{}]}" } },
	  .status = 1, .text = "more than" },
	{ "half", .answers = { { TAG, .start = "{\"x\":\"", .middle = X64, .times = 100000 } }, .status = 1,
	  .text = "JSON" },
	{ "a NUL", .answers = { { TAG, .start = "{\"mediaType\":\"\\u0000\"}" } }, .status = 1, .text = "JSON" },
	{ "a member twice", .answers = { { TAG, .start = "{\"mediaType\":\"a\",\"mediaType\":\"b\"}" } }, .status = 1,
	  .text = "JSON" },
};

START_TEST(body)
{
	hostile_export_check(&bodies[_i]);
}
END_TEST

#define ENDLESS_CHUNKS                                                                                                 \
	.headers = "Transfer-Encoding: chunked\r\n", .middle = "40\r\n" X64 "\r\n", .times = HOSTILE_ENDLESS
#define TOO_MUCH "with a body of more than 1048576 bytes"

/* Answers that are no content, and go on for ever. */
static const struct hostile_export errors[] = {
	{ "403", .answers = { { TAG, .status = 403, ENDLESS_CHUNKS } }, .status = 1,
	  .text = "answered 403, " TOO_MUCH },
	{ "404", .answers = { { TAG, .status = 404, ENDLESS_CHUNKS } }, .status = 1,
	  .text = "answered 404, " TOO_MUCH },
	{ "500", .answers = { { TAG, .status = 500, ENDLESS_CHUNKS } }, .status = 1,
	  .text = "answered 500, " TOO_MUCH },
	{ "206", .answers = { { TAG, .status = 206, ENDLESS_CHUNKS } }, .status = 1,
	  .text = "answered 206, " TOO_MUCH },
	{ "401", .answers = { { "/v2/", .status = 401, ENDLESS_CHUNKS } }, .status = 1,
	  .text = "answered 401, " TOO_MUCH },
	{ "401 with a challenge",
	  .answers = { { "/v2/", .raw = true,
			 .start = "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm=\"http://$h/token\"\r\n\r\n",
			 .middle = X64, .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "answered 401, " TOO_MUCH },
	{ "what /v2/ says", .answers = { { TAG, .status = 401 }, { "/v2/", ENDLESS_CHUNKS } }, .status = 1,
	  .text = "answered 200, " TOO_MUCH },
	{ "a redirect",
	  .answers = { { TAG, .raw = true,
			 .start = "HTTP/1.1 307 There\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n",
			 .middle = "40\r\n" X64 "\r\n", .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "answered 307, " TOO_MUCH },
	{ "a blob's 403", .answers = { { "/v2/a/b/blobs/$2", .status = 403, ENDLESS_CHUNKS, .not_for = "HEAD" } },
	  .status = 1, .text = "answered 403, " TOO_MUCH },
	{ "a blob's 404", .answers = { { "/v2/a/b/blobs/$2", .status = 404, ENDLESS_CHUNKS, .not_for = "HEAD" } },
	  .status = 1, .text = "answered 404, " TOO_MUCH },
	{ "no referrers", .answers = { { "/v2/a/b/referrers/", .status = 404, ENDLESS_CHUNKS } }, .status = 1,
	  .text = "answered 404, " TOO_MUCH },
	{ "no fallback tag", .answers = { { "/v2/a/b/manifests/sha256-", .status = 404, ENDLESS_CHUNKS } }, .status = 1,
	  .text = "answered 404, " TOO_MUCH },
	{ "no tags", .answers = { { TAGS, .status = 403, ENDLESS_CHUNKS } }, .image = "/a/b", .option = "--all-tags",
	  .status = 1, .text = "answered 403, " TOO_MUCH },
};

START_TEST(error)
{
	hostile_export_check(&errors[_i]);
}
END_TEST

static const struct hostile_export words[] = {
	{ "an error",
	  .answers = { { TAG, .status = 403,
			 .start = "{\"errors\":[{\"code\":\"DENIED" HOSTILE_ESCAPED "\",\"message\":\"" HOSTILE_ESCAPED
				  "\"}]}" } },
	  .status = 1, .text = "answered 403" },
	{ "an error in words", .answers = { { TAG, .status = 400, .start = HOSTILE_ESCAPE } }, .status = 1,
	  .text = "answered 400" },
	{ "an error without end",
	  .answers = { { TAG, .status = 403, .middle = HOSTILE_ESCAPE, .times = HOSTILE_ENDLESS } }, .status = 1,
	  .text = "answered 403, " TOO_MUCH "" },
	{ "a reason",
	  .answers = { { TAG, .raw = true, .start = "HTTP/1.1 403 " HOSTILE_ESCAPE "\r\nContent-Length: 0\r\n\r\n" } },
	  .status = 1, .text = "answered 403" },
	{ "a type", .answers = { { TAG, .headers = "Content-Type: " HOSTILE_ESCAPE "\r\n", .start = "{}" } },
	  .status = 1, .text = "is no image manifest" },
	{ "a type inside", .answers = { { TAG, .start = "{\"mediaType\":\"" HOSTILE_ESCAPED "\"}" } }, .status = 1,
	  .text = "is no image manifest" },
	{ "no JSON", .answers = { { TAG, .start = HOSTILE_ESCAPE } }, .status = 1, .text = "JSON" },
	{ "a digest",
	  .answers = { { TAG, .headers = "Docker-Content-Digest: " HOSTILE_ESCAPE "\r\n", .start = INDEX("") } },
	  .status = 0, .text = "" },
	{ "a digest inside", .answers = { { TAG, .start = INDEX(CHILD(HOSTILE_ESCAPED, "1")) } }, .status = 1,
	  .text = "is no digest" },
	{ "a platform",
	  .answers = { { TAG, .start = INDEX("{\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"digest\":\"" DIGEST_A
					     "\",\"size\":1,\"platform\":{\"os\":\"" HOSTILE_ESCAPED
					     "\",\"architecture\":\"" HOSTILE_ESCAPED "\"}}") } },
	  .status = 4, .text = "absent at the source" },
	{ "another place",
	  .answers = { { TAG, .status = 307, .headers = "Location: " HOSTILE_ESCAPE "://" HOSTILE_ESCAPE "\r\n" } },
	  .status = 5, .text = "could not be parsed" },
	{ "a challenge",
	  .answers = { { TAG, .status = 401, .headers = "WWW-Authenticate: Bearer realm=\"" HOSTILE_ESCAPE "\"\r\n" } },
	  .status = 1, .text = "token service" },
	{ "a part",
	  .answers = { { "/v2/a/b/blobs/$2", .status = 206, .headers = "Content-Range: " HOSTILE_ESCAPE "\r\n",
			 .start = "a" } },
	  .status = 1, .text = "answered 206" },
	{ "a link",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE "Link: <" HOSTILE_ESCAPE ">; rel=\"next\"\r\n",
			 .start = INDEX("") } },
	  .status = 1, .text = "a link that is no URL" },
	{ "a tag",
	  .answers = { { TAGS,
			 .start = "{\"tags\":[\"" HOSTILE_ESCAPED "\",\"../../x\",\"" X64 X64 "x\",1,null,\"\"]}" } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "no image with a tag" },
};

START_TEST(word)
{
	hostile_export_check(&words[_i]);
}
END_TEST

static const struct hostile_export places[] = {
	{ "in a circle", .answers = { { TAG, .status = 307, .headers = "Location: " TAG "\r\n" } }, .status = 5,
	  .text = "redirects followed" },
	{ "ever on", .answers = { { TAG, .status = 302, .headers = "Location: http://$l" TAG "1\r\n" } }, .status = 5,
	  .text = "redirects followed" },
	{ "a file", .answers = { { TAG, .status = 307, .headers = "Location: file:///etc/passwd\r\n" } }, .status = 5,
	  .text = "not supported" },
	{ "gopher", .answers = { { TAG, .status = 307, .headers = "Location: gopher://$h/x\r\n" } }, .status = 5,
	  .text = "not supported" },
	{ "a URL that is none", .answers = { { TAG, .status = 307, .headers = "Location: http://[/\r\n" } },
	  .status = 5, .text = "could not be parsed" },
	{ "nowhere", .answers = { { TAG, .status = 307 } }, .status = 1, .text = "answered 307" },
	{ "blobs in a circle",
	  .answers = { { "/v2/a/b/blobs/$2", .status = 307, .headers = "Location: http://$h/v2/a/b/blobs/$2\r\n" } },
	  .status = 5, .text = "redirects followed" },
	{ "a blob that is a file",
	  .answers = { { "/v2/a/b/blobs/$2", .status = 307, .headers = "Location: file:///etc/passwd\r\n",
			 .not_for = "HEAD" } },
	  .status = 5, .text = "not supported" },
};

START_TEST(place)
{
	hostile_export_check(&places[_i]);
}
END_TEST

/* Time limits end these, after several tries: so they are waited for side by side. */
static const struct hostile_export slow[] = {
	{ "a chunk with an endless name",
	  .answers = { { TAG, .headers = "Transfer-Encoding: chunked\r\n", .start = "1;", .middle = X64,
			 .times = HOSTILE_ENDLESS } },
	  .slow = true, .status = 5, .text = "too slow" },
	{ "a drip",
	  .answers = { { TAG, .headers = "Content-Length: 1000\r\n", .middle = " ", .times = HOSTILE_ENDLESS,
			 .pause_ms = 50 } },
	  .slow = true, .status = 5, .text = "too slow" },
	{ "a head that drips",
	  .answers = { { TAG, .raw = true, .start = "HTTP/1.1 200 OK\r\n", .middle = "X: y\r\n",
			 .times = HOSTILE_ENDLESS, .pause_ms = 50 } },
	  .slow = true, .status = 5, .text = "too slow" },
	{ "a token that drips",
	  .answers = { { "/v2/", .status = 401, .asks_login = true,
			 .headers = "WWW-Authenticate: Bearer realm=\"http://$h/token\",service=\"x\"\r\n" },
		       { "/token", .headers = "Content-Length: 1000\r\n", .middle = " ", .times = HOSTILE_ENDLESS,
			 .pause_ms = 50 } },
	  .slow = true, .status = 5, .text = "too slow" },
	{ "a layer that drips",
	  .answers = { { "/v2/a/b/blobs/$2", .headers = "Content-Length: 7\r\n", .middle = "", .times = HOSTILE_ENDLESS,
			 .pause_ms = 50, .not_for = "HEAD" } },
	  .slow = true, .status = 5, .text = "too slow" },
};

/* Each in a process with a folder of its own. */
START_TEST(wait_for_all)
{
	pid_t children[COUNT_OF(slow)];
	int status = 0;
	size_t i;

	for (i = 0; i < COUNT_OF(slow); i++) {
		children[i] = fork();
		ck_assert_int_ge(children[i], 0);
		if (children[i] == 0) {
			hostile_export_setup();
			hostile_export_check(&slow[i]);
			hostile_export_teardown();
			_exit(0);
		}
	}
	for (i = 0; i < COUNT_OF(slow); i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_msg(status == 0, "%s", slow[i].name);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hostile_registry");

	hostile_export_add(s, "honest", honest, 1);
	hostile_export_add(s, "bodies", body, COUNT_OF(bodies));
	hostile_export_add(s, "errors", error, COUNT_OF(errors));
	hostile_export_add(s, "words", word, COUNT_OF(words));
	hostile_export_add(s, "places", place, COUNT_OF(places));
	hostile_export_add(s, "slow", wait_for_all, 1);
	return test_run(s);
}
