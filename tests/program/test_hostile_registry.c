/* Registries that mean harm, or are broken: the export ends in one line with the right exit status, in little memory
 * and time, publishes nothing that is not proved, and passes nothing raw to a terminal. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/manifest.h"
#include "common/mem.h"
#include "export/commands.h"
#include "tests/lib/folder.h"
#include "tests/lib/hostile_registry.h"
#include "tests/lib/test_main.h"

#define FILE_NAME "b.oci.tar.zst"
#define ARGV_MAX 12

/* A sanitizer takes memory and time of its own. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MATTERS false
#define SECONDS_MAX 200
#define CHALLENGES 100 /* each function for texts looks at all the rest of them then */
#else
#define MEMORY_MATTERS true
#define SECONDS_MAX 20
#define CHALLENGES 1000
#endif

#define TAG "/v2/a/b/manifests/1"
#define TAGS "/v2/a/b/tags/list"
#define INDEX_TYPE "Content-Type: " TYPE_OCI_INDEX "\r\n"
#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CONFIG(digest, size)                                                                                           \
	"\"config\":{\"mediaType\":\"" TYPE_OCI_CONFIG "\",\"digest\":\"" digest "\",\"size\":" size "}"
#define LAYER(digest, size)                                                                                            \
	"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" digest "\",\"size\":" size "}"
#define IMAGE(config, layers)                                                                                          \
	"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST "\"," config ",\"layers\":[" layers "]}"
#define CHILD(digest, size) "{\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"digest\":\"" digest "\",\"size\":" size "}"
#define INDEX(children) "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[" children "]}"
#define INDEX_START "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":["
#define ARTIFACT(of)                                                                                                   \
	"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST                                                      \
	"\",\"artifactType\":\"x/y\"," CONFIG("$1", "^1") ",\"layers\":[],\"annotations\":{\"of\":\"" of "\"}}"

#define BEARER(realm)                                                                                                  \
	.status = 401, .asks_login = true, .headers = "WWW-Authenticate: Bearer realm=\"" realm "\",service=\"x\"\r\n"
#define BEARER_HERE                                                                                                    \
	{                                                                                                              \
		"/v2/", BEARER("http://$h/token")                                                                      \
	}
#define BEARER_ONLY .status = 401, .headers = "WWW-Authenticate: Bearer realm=\"http://$h/token\",service=\"x\"\r\n"

static char *folder;

static void setup(void)
{
	folder = folder_new();
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(setenv("HOME", folder, 1), 0);
	folder_put(folder, "auth.json", "{}", 2);
	folder_put(folder, "password", "secret-of-u", 11);
	ck_assert_int_eq(chmod("password", 0600), 0);
}

static void teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	folder_remove(folder);
}

/* What is asked for, of which registry, and what comes of it. */
struct row {
	const char *name;
	const char *things[8];
	struct hostile_answer answers[4];
	const char *image; /* behind the host; /a/b:1 where NULL */
	const char *option;
	bool login; /* as u */
	int status;
	const char *text;
	long memory_max_mib; /* 64 where it is 0: those of many nodes have 1 KiB more for each */
};

struct result {
	int status;
	char *said; /* on stderr */
	size_t said_len;
	long peak_kib;
};

/* In a child: what the program does. */
static int run(const struct row *row, const char *host)
{
	const struct command *c = &export_command;
	CLEANUP(free_ptr) void *options = calloc(1, c->options_size);
	CLEANUP(opt_list_release) struct opt_list operands = { 0 };
	char *argv[ARGV_MAX] = { strdup("-q"), strdup("-o"), strdup(FILE_NAME), strdup("--stall-timeout=1") };
	enum opt_wish wish = OPT_RUN;
	int argc = 4;

	if (row->login) {
		if (asprintf(&argv[argc++], "--username=%s=u", host) < 0)
			return 97;
		argv[argc++] = strdup("--password-file=password");
	} else {
		argv[argc++] = strdup("--authfile=auth.json");
	}
	if (row->option != NULL)
		argv[argc++] = strdup(row->option);
	if (asprintf(&argv[argc++], "%s%s", host, row->image != NULL ? row->image : "/a/b:1") < 0)
		return 97;
	if (opt_parse(c, argc, argv, options, &operands, &wish, NULL) != ERR_OK)
		return 99;
	return c->run(c, options, &operands);
}

static struct result run_apart(const struct row *row, const char *host)
{
	struct rusage usage;
	struct result r = { 0 };
	int status = 0;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		signal(SIGALRM, SIG_DFL); /* Check has its own way with it */
		alarm(SECONDS_MAX);
		if (freopen("out", "w", stdout) == NULL || freopen("err", "w", stderr) == NULL)
			_exit(98);
		status = run(row, host);
		fflush(NULL);
		_exit(status);
	}
	ck_assert_int_eq(wait4(child, &status, 0, &usage), child);
	r.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	r.peak_kib = usage.ru_maxrss;
	r.said = folder_read(folder, "err", &r.said_len);
	return r;
}

/* What a terminal would obey, in ASCII or in the C1 range of Unicode. */
static bool drives_terminals(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\n') || c == 0x7f || (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0))
			return true;
	}
	return false;
}

static void check_tame(const char *name, const char *file)
{
	size_t len = 0;
	CLEANUP(free_ptr) char *text = folder_read(folder, file, &len);

	ck_assert_msg(!drives_terminals(text, len), "%s: drives a terminal: %s", name, text);
	ck_assert_msg(strstr(text, "secret-of-u") == NULL, "%s: tells a secret: %s", name, text);
}

static void check_result(const struct row *row, const struct result *r, const char *host)
{
	long memory_max_kib = (row->memory_max_mib > 0 ? row->memory_max_mib : 64) * 1024;
	size_t files = row->status == 0 || row->status == 4 ? 5 : 4;

	ck_assert_msg(r->status == row->status, "%s: status %d, not %d: %s", row->name, r->status, row->status,
		      r->said);
	if (row->status == 0)
		ck_assert_msg(r->said_len == 0, "%s: %s", row->name, r->said);
	else if (row->status != 4)
		ck_assert_msg(strcspn(r->said, "\n") + 1 == r->said_len, "%s: not one line: %s", row->name, r->said);
	ck_assert_msg(row->status == 0 || row->status == 4 || strstr(r->said, host) != NULL ||
			      strstr(r->said, "sha256:") != NULL || strstr(r->said, "these images") != NULL,
		      "%s: of what: %s", row->name, r->said);
	ck_assert_msg(strstr(r->said, row->text) != NULL, "%s: not \"%s\": %s", row->name, row->text, r->said);
	ck_assert_msg(!MEMORY_MATTERS || r->peak_kib <= memory_max_kib, "%s: %ld KiB", row->name, r->peak_kib);
	check_tame(row->name, "out");
	check_tame(row->name, "err");
	ck_assert_msg(folder_count(folder) == files, "%s: %zu files, not %zu", row->name, folder_count(folder), files);
}

static void check(const struct row *row)
{
	struct hostile_registry *registry =
		hostile_registry_start(row->things[0] != NULL ? row->things : NULL, row->answers);
	struct result r = run_apart(row, hostile_registry_host(registry));

	if (getenv("SHOW") != NULL)
		printf("%s | %d | %ld KiB | %zu | %.300s\n", row->name, r.status, r.peak_kib, r.said_len, r.said);
	else
		check_result(row, &r, hostile_registry_host(registry));
	hostile_registry_stop(registry);
	free(r.said);
}

/* Nothing is wrong with what is no lie. */
START_TEST(honest)
{
	check(&(struct row){ .name = "honest", .text = "" });
}
END_TEST

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64
#define X1K X256 X256 X256 X256
#define X4K X1K X1K X1K X1K
#define X17K X4K X4K X4K X4K X1K
/* The start of a gzip stream of zeros, and then 2,064 more in every 13 bytes. */
#define GZIP_START "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\x63\x18"
#define GZIP_ZEROS "\x05\xA3\x60\x14\x8C\x82\x51\x30\x0A\x46\xC1\x28\x18"

static const struct row bodies[] = {
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
	  .answers = { { TAG, .headers = "Content-Encoding: gzip\r\n", .start = GZIP_START, .start_len = 12,
			 .middle = GZIP_ZEROS, .times = 100000 } },
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
	check(&bodies[_i]);
}
END_TEST

#define ENDLESS_CHUNKS                                                                                                 \
	.headers = "Transfer-Encoding: chunked\r\n", .middle = "40\r\n" X64 "\r\n", .times = HOSTILE_ENDLESS
#define TOO_MUCH "with a body of more than 1048576 bytes"

/* Answers that are no content, and go on for ever. */
static const struct row errors[] = {
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
	{ "no token", .answers = { BEARER_HERE, { "/token", .status = 403, ENDLESS_CHUNKS } }, .login = true,
	  .status = 1, .text = "more than" },
	{ "no tags", .answers = { { TAGS, .status = 403, ENDLESS_CHUNKS } }, .image = "/a/b", .option = "--all-tags",
	  .status = 1, .text = "answered 403, " TOO_MUCH },
};

START_TEST(error)
{
	check(&errors[_i]);
}
END_TEST

#define ESCAPE                                                                                                         \
	"\033[2J\x9b"                                                                                                  \
	"31m"
#define ESCAPED "\\u001b[2J\\u009b31m\\u202e"

static const struct row words[] = {
	{ "an error",
	  .answers = { { TAG, .status = 403,
			 .start = "{\"errors\":[{\"code\":\"DENIED" ESCAPED "\",\"message\":\"" ESCAPED "\"}]}" } },
	  .status = 1, .text = "answered 403" },
	{ "an error in words", .answers = { { TAG, .status = 400, .start = ESCAPE } }, .status = 1,
	  .text = "answered 400" },
	{ "an error without end", .answers = { { TAG, .status = 403, .middle = ESCAPE, .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "answered 403, " TOO_MUCH "" },
	{ "a reason",
	  .answers = { { TAG, .raw = true, .start = "HTTP/1.1 403 " ESCAPE "\r\nContent-Length: 0\r\n\r\n" } },
	  .status = 1, .text = "answered 403" },
	{ "a type", .answers = { { TAG, .headers = "Content-Type: " ESCAPE "\r\n", .start = "{}" } }, .status = 1,
	  .text = "is no image manifest" },
	{ "a type inside", .answers = { { TAG, .start = "{\"mediaType\":\"" ESCAPED "\"}" } }, .status = 1,
	  .text = "is no image manifest" },
	{ "no JSON", .answers = { { TAG, .start = ESCAPE } }, .status = 1, .text = "JSON" },
	{ "a digest", .answers = { { TAG, .headers = "Docker-Content-Digest: " ESCAPE "\r\n", .start = INDEX("") } },
	  .status = 0, .text = "" },
	{ "a digest inside", .answers = { { TAG, .start = INDEX(CHILD(ESCAPED, "1")) } }, .status = 1,
	  .text = "is no digest" },
	{ "a platform",
	  .answers = { { TAG, .start = INDEX("{\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"digest\":\"" DIGEST_A
					     "\",\"size\":1,\"platform\":{\"os\":\"" ESCAPED
					     "\",\"architecture\":\"" ESCAPED "\"}}") } },
	  .status = 4, .text = "absent at the source" },
	{ "another place", .answers = { { TAG, .status = 307, .headers = "Location: " ESCAPE "://" ESCAPE "\r\n" } },
	  .status = 5, .text = "could not be parsed" },
	{ "a challenge",
	  .answers = { { TAG, .status = 401, .headers = "WWW-Authenticate: Bearer realm=\"" ESCAPE "\"\r\n" } },
	  .status = 1, .text = "token service" },
	{ "a part",
	  .answers = { { "/v2/a/b/blobs/$2", .status = 206, .headers = "Content-Range: " ESCAPE "\r\n",
			 .start = "a" } },
	  .status = 1, .text = "answered 206" },
	{ "a link",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE "Link: <" ESCAPE ">; rel=\"next\"\r\n",
			 .start = INDEX("") } },
	  .status = 1, .text = "a link that is no URL" },
	{ "a tag",
	  .answers = { { TAGS, .start = "{\"tags\":[\"" ESCAPED "\",\"../../x\",\"" X64 X64 "x\",1,null,\"\"]}" } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "no image with a tag" },
};

START_TEST(word)
{
	check(&words[_i]);
}
END_TEST

static const struct row places[] = {
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
	check(&places[_i]);
}
END_TEST

static const struct row tokens[] = {
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
		       { "/token", .headers = "Content-Encoding: gzip\r\n", .start = GZIP_START, .start_len = 12,
			 .middle = GZIP_ZEROS, .times = 4000 } },
	  .status = 1, .text = "JSON" },
	{ "redirected for ever",
	  .answers = { BEARER_HERE, { "/token", .status = 307, .headers = "Location: http://$h/token\r\n" } },
	  .login = true, .status = 5, .text = "redirects followed" },
	{ "an error that tells",
	  .answers = { BEARER_HERE,
		       { "/token", .status = 403,
			 .start =
				 "{\"errors\":[{\"code\":\"" ESCAPED "\",\"message\":\"secret-of-u" ESCAPED "\"}]}" } },
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
	check(&tokens[_i]);
}
END_TEST

#define LINK_TO(target) "Link: <" target ">; rel=\"next\"\r\n"

static const struct row lists[] = {
	{ "tags in a circle", .answers = { { TAGS, .headers = LINK_TO(TAGS), .start = "{\"tags\":[\"1\"]}" } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "more than 1000 pages of tags" },
	{ "tags ever on, without a link",
	  .answers = { { TAGS, .start = "{\"tags\":[\"1\"", .middle = ",\"~\"", .times = 999, .end = "]}" } },
	  .image = "/a/b", .option = "--tags=1", .status = 0, .text = "" },
	{ "200,001 tags",
	  .answers = { { TAGS, .start = "{\"tags\":[\"1\"", .middle = ",\"~\"", .times = 200001, .end = "]}" } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "more than" },
	{ "100,000 tags",
	  .answers = { { TAGS, .start = "{\"tags\":[\"1\"", .middle = ",\"~\"", .times = 100000, .end = "]}" } },
	  .image = "/a/b", .option = "--tags=1", .status = 0, .text = "" },
	{ "tags elsewhere", .answers = { { TAGS, .headers = LINK_TO("http://$l/x"), .start = "{\"tags\":[\"1\"]}" } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "on another host" },
	{ "endless tags",
	  .answers = { { TAGS, .start = "{\"tags\":[\"1\"", .middle = ",\"~\"", .times = HOSTILE_ENDLESS } },
	  .image = "/a/b", .option = "--all-tags", .status = 1, .text = "more than" },
	{ "referrers in pages for ever",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE LINK_TO("/v2/a/b/referrers/$0"),
			 .start = INDEX("") } },
	  .status = 1, .text = "more than 1000 pages of referrers" },
	{ "endless referrers",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE, .start = INDEX_START,
			 .middle = CHILD("sha256:~", "1") ",", .times = HOSTILE_ENDLESS } },
	  .status = 1, .text = "more than" },
	{ "20,000 referrers that are not there",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE, .start = INDEX_START,
			 .middle = CHILD("sha256:~", "1") ",", .times = 20000, .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 4, .text = "19901 more", .memory_max_mib = 84 },
	{ "referrers in a circle", .things = { "{}", ARTIFACT("one"), ARTIFACT("two"), IMAGE(CONFIG("$1", "^1"), "") },
	  .answers = { { "/v2/a/b/referrers/$4", .headers = INDEX_TYPE, .start = INDEX(CHILD("$2", "^2")) },
		       { "/v2/a/b/referrers/$2", .headers = INDEX_TYPE, .start = INDEX(CHILD("$3", "^3")) },
		       { "/v2/a/b/referrers/$3", .headers = INDEX_TYPE,
			 .start = INDEX(CHILD("$2", "^2") "," CHILD("$4", "^4")) } },
	  .status = 0, .text = "" },
	{ "a referrer of itself",
	  .answers = { { "/v2/a/b/referrers/$3", .headers = INDEX_TYPE, .start = INDEX(CHILD("$3", "^3")) } },
	  .status = 0, .text = "" },
	{ "a tag of cosign's that is the image",
	  .answers = { { "/v2/a/b/manifests/sha256-", .start = IMAGE(CONFIG("$1", "^1"), LAYER("$2", "^2")) } },
	  .status = 1, .text = "is no index" },
	{ "referrers of referrers for ever",
	  .answers = { { "/v2/a/b/referrers/", .headers = INDEX_TYPE, .start = INDEX(CHILD("$+", "^+")),
			 .thing = ARTIFACT("$0") } },
	  .status = 1, .text = "more than 16 steps" },
	{ "tags of referrers for ever",
	  .answers = { { "/v2/a/b/manifests/sha256-", .headers = INDEX_TYPE, .start = INDEX(CHILD("$+", "^+")),
			 .thing = ARTIFACT("$0") } },
	  .status = 1, .text = "more than 16 steps" },
	{ "a list that is wrong of sizes",
	  .answers = { { "/v2/a/b/referrers/$3", .headers = INDEX_TYPE, .start = INDEX(CHILD("$+", "77777")),
			 .thing = ARTIFACT("$0") } },
	  .status = 3, .text = "bytes early" },
	{ "100,000 children",
	  .answers = { { TAG, .start = INDEX_START, .middle = CHILD("sha256:~", "1") ",", .times = 100000,
			 .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 1, .text = "more than 8388608" },
	{ "100,000 times the same",
	  .answers = { { TAG, .start = INDEX_START, .middle = CHILD(DIGEST_A, "1") ",", .times = 100000,
			 .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 1, .text = "more than 8388608" },
	{ "28,000 children",
	  .answers = { { TAG, .start = INDEX_START, .middle = CHILD("sha256:~", "1") ",", .times = 28000,
			 .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 4, .text = "28001 listed", .memory_max_mib = 91 },
	{ "28,000 times the same",
	  .answers = { { TAG, .start = INDEX_START, .middle = CHILD(DIGEST_A, "1") ",", .times = 28000,
			 .end = CHILD(DIGEST_A, "1") "]}" } },
	  .status = 4, .text = "1 listed" },
	{ "28,000 layers",
	  .answers = { { TAG, .start = "{\"schemaVersion\":2," CONFIG("$1", "^1") ",\"layers\":[",
			 .middle = LAYER("sha256:~", "1") ",", .times = 28000, .end = LAYER(DIGEST_A, "1") "]}" } },
	  .status = 4, .text = "28001 listed" },
};

START_TEST(list)
{
	check(&lists[_i]);
}
END_TEST

#define LAYERS(size) .things = { "{}", "a layer", IMAGE(CONFIG("$1", "^1"), LAYER("$2", size)) }
#define CHILDREN(size) .things = { "{}", IMAGE(CONFIG("$1", "^1"), ""), INDEX(CHILD("$2", size)) }

static const struct row sizes[] = {
	{ "a layer one longer", LAYERS("8"), .status = 3, .text = "1 bytes early" },
	{ "a layer one shorter", LAYERS("6"), .status = 3, .text = "more bytes than" },
	{ "a layer of nothing", LAYERS("0"), .status = 3, .text = "more bytes than" },
	{ "a layer of 2^62", LAYERS("4611686018427387904"), .status = 1, .text = "more than one bundle can hold" },
	{ "a layer of 2^63", LAYERS("9223372036854775808"), .status = 1, .text = "too big integer" },
	{ "layers of 2^64 together",
	  .things = { "{}", "a layer",
		      IMAGE(CONFIG("$1", "^1"),
			    LAYER("$2", "9223372036854775807") "," LAYER(DIGEST_A, "9223372036854775807")) },
	  .status = 1, .text = "add up to more" },
	{ "a layer of less", LAYERS("-7"), .status = 1, .text = "size" },
	{ "a layer of 7.0", LAYERS("7.0"), .status = 1, .text = "size" },
	{ "a layer of 7e0", LAYERS("7e0"), .status = 1, .text = "size" },
	{ "a layer of \"7\"", LAYERS("\"7\""), .status = 1, .text = "size" },
	{ "a config one shorter", .things = { "{}", IMAGE(CONFIG("$1", "1"), "") }, .status = 3,
	  .text = "more bytes than" },
	{ "a config of 2^50", .things = { "{}", IMAGE(CONFIG("$1", "1125899906842624"), "") }, .status = 1,
	  .text = "divide the images" },
	{ "a manifest one longer", CHILDREN("99999"), .status = 3, .text = "bytes early" },
	{ "a manifest one shorter", CHILDREN("9"), .status = 3, .text = "more bytes than" },
	{ "a manifest of 2^62", CHILDREN("4611686018427387904"), .status = 3, .text = "bytes early" },
	{ "one layer of two sizes",
	  .things = { "{}", "a layer", IMAGE(CONFIG("$1", "^1"), LAYER("$2", "7") "," LAYER("$2", "8")) }, .status = 1,
	  .text = "is listed with two sizes" },
	{ "an endless layer", .answers = { { "/v2/a/b/blobs/$2", .middle = X64, .times = HOSTILE_ENDLESS } },
	  .status = 3, .text = "more bytes than" },
	{ "an endless config", .answers = { { "/v2/a/b/blobs/$1", .middle = X64, .times = HOSTILE_ENDLESS } },
	  .status = 3, .text = "more bytes than" },
	{ "another layer", .answers = { { "/v2/a/b/blobs/$2", .start = "another" } }, .status = 3,
	  .text = "content is sha256:" },
	{ "a layer that is gone meanwhile", .answers = { { "/v2/a/b/blobs/$2", .status = 404, .not_for = "HEAD" } },
	  .things = { "{}", X17K, IMAGE(CONFIG("$1", "^1"), LAYER("$2", "^2")) }, .status = 1,
	  .text = "was at its source when this run began" },
	{ "a layer that is there by HEAD only, and small",
	  .answers = { { "/v2/a/b/blobs/$2", .status = 404, .not_for = "HEAD" } }, .status = 4,
	  .text = "1 listed blob is not at the source" },
	{ "a part that nobody asked for",
	  .answers = { { "/v2/a/b/blobs/$2", .status = 206, .headers = "Content-Range: bytes 0-6/7\r\n",
			 .start = "a layer" } },
	  .status = 1, .text = "answered 206" },
	{ "another manifest", .answers = { { "/v2/a/b/manifests/$2", .start = "{}" } }, CHILDREN("^2"), .status = 3,
	  .text = "bytes early" },
};

START_TEST(size)
{
	check(&sizes[_i]);
}
END_TEST

static const struct row kinds[] = {
	{ "schema 1",
	  .answers = { { TAG, .headers = "Content-Type: application/vnd.docker.distribution.manifest.v1+prettyjws\r\n",
			 .start = "{\"schemaVersion\":1}" } },
	  .status = 1, .text = "schema 1" },
	{ "schema 1 without a type", .answers = { { TAG, .start = "{\"schemaVersion\":1,\"fsLayers\":[]}" } },
	  .status = 1, .text = "schema 1" },
	{ "another type than it says",
	  .answers = { { TAG, .headers = INDEX_TYPE, .start = IMAGE(CONFIG("$1", "^1"), "") } }, .status = 1,
	  .text = "but says that it is" },
	{ "both", .answers = { { TAG, .start = "{\"manifests\":[],\"config\":{}}" } }, .status = 1, .text = "both" },
	{ "a page", .answers = { { TAG, .headers = "Content-Type: text/html\r\n", .start = "<html>" } }, .status = 1,
	  .text = "is a web page" },
	{ "an array", .answers = { { TAG, .start = "[]" } }, .status = 1, .text = "needs a config" },
	{ "a path for a digest",
	  .answers = { { TAG, .start = INDEX(CHILD("sha256:../../../../../../etc/passwd", "1")) } }, .status = 1,
	  .text = "digest" },
	{ "md5", .answers = { { TAG, .start = INDEX(CHILD("md5:00000000000000000000000000000000", "1")) } },
	  .status = 1, .text = "digest" },
	{ "a long type",
	  .answers = { { TAG, .start = INDEX_START "{\"size\":1,\"digest\":\"" DIGEST_A "\",\"mediaType\":\"",
			 .middle = X64, .times = 1000, .end = "\"}]}" } },
	  .status = 1, .text = "media type" },
	{ "a digest header of something else",
	  .answers = { { TAG, .headers = "Docker-Content-Digest: " DIGEST_A "\r\n", .start = INDEX("") } }, .status = 3,
	  .text = "content is sha256:" },
	{ "a manifest as a layer too",
	  .things = { "{}", IMAGE(CONFIG("$1", "^1"), ""), IMAGE(CONFIG("$1", "^1"), LAYER("$2", "^2")),
		      INDEX(CHILD("$2", "^2") "," CHILD("$3", "^3")) },
	  .status = 0, .text = "" },
	{ "an index that is its own layer", .things = { "{}", INDEX(""), IMAGE(CONFIG("$2", "^2"), LAYER("$2", "^2")) },
	  .status = 0, .text = "" },
};

START_TEST(kind)
{
	check(&kinds[_i]);
}
END_TEST

/* Time limits end these, after several tries: so they are waited for side by side. */
static const struct row slow[] = {
	{ "a chunk with an endless name",
	  .answers = { { TAG, .headers = "Transfer-Encoding: chunked\r\n", .start = "1;", .middle = X64,
			 .times = HOSTILE_ENDLESS } },
	  .status = 5, .text = "too slow" },
	{ "a drip",
	  .answers = { { TAG, .headers = "Content-Length: 1000\r\n", .middle = " ", .times = HOSTILE_ENDLESS,
			 .pause_ms = 50 } },
	  .status = 5, .text = "too slow" },
	{ "a head that drips",
	  .answers = { { TAG, .raw = true, .start = "HTTP/1.1 200 OK\r\n", .middle = "X: y\r\n",
			 .times = HOSTILE_ENDLESS, .pause_ms = 50 } },
	  .status = 5, .text = "too slow" },
	{ "a token that drips",
	  .answers = { BEARER_HERE,
		       { "/token", .headers = "Content-Length: 1000\r\n", .middle = " ", .times = HOSTILE_ENDLESS,
			 .pause_ms = 50 } },
	  .status = 5, .text = "too slow" },
	{ "a layer that drips",
	  .answers = { { "/v2/a/b/blobs/$2", .headers = "Content-Length: 7\r\n", .middle = "", .times = HOSTILE_ENDLESS,
			 .pause_ms = 50, .not_for = "HEAD" } },
	  .status = 5, .text = "too slow" },
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
			setup();
			check(&slow[i]);
			teardown();
			_exit(0);
		}
	}
	for (i = 0; i < COUNT_OF(slow); i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_msg(status == 0, "%s", slow[i].name);
	}
}
END_TEST

/* A case of its own for each table, so that it can be run alone. */
static void add(Suite *s, const char *name, const TTest *test, size_t len)
{
	TCase *t = tcase_create(name);

	tcase_set_timeout(t, SECONDS_MAX + 10);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test, 0, (int)len);
	suite_add_tcase(s, t);
}

int main(void)
{
	Suite *s = suite_create("hostile_registry");

	add(s, "honest", honest, 1);
	add(s, "bodies", body, COUNT_OF(bodies));
	add(s, "errors", error, COUNT_OF(errors));
	add(s, "words", word, COUNT_OF(words));
	add(s, "places", place, COUNT_OF(places));
	add(s, "tokens", token, COUNT_OF(tokens));
	add(s, "lists", list, COUNT_OF(lists));
	add(s, "sizes", size, COUNT_OF(sizes));
	add(s, "kinds", kind, COUNT_OF(kinds));
	add(s, "slow", wait_for_all, 1);
	return test_run(s);
}
