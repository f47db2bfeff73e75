#include "common/endpoints.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define PEM "-----BEGIN CERTIFICATE-----\n"
#define R "[[registry]]\n"
#define M "[[registry.mirror]]\n"
#define PLAIN .options = { .plain_http = true }
#define SKIP .options = { .skip_verify = true }

/* In one line: root, path, whose credentials; then Mirror, Instead, Tags, by Digest, Referrers, Skip, Ca. */
static void write_endpoint(const struct endpoint *e, struct buf *out)
{
	buf_printf(out, NULL, "%s %s %s %s%s%s%s%s%s%s%s%s|", e->root, e->path, e->host, e->mirror ? "M" : "",
		   e->instead ? "I" : "", e->tags ? "T" : "", e->digest_names ? "D" : "", e->referrers ? "R" : "",
		   e->tls.skip_verify ? "S" : "", e->tls.ca.len > 0 ? "C" : "", e->query != NULL ? " ?" : "",
		   e->query != NULL ? e->query : "");
}

/* Files below a folder that is certs.d and hosts.d, and the registries.conf of the environment. */
static const struct {
	const char *name, *ref, *conf;
	struct {
		const char *name, *text;
	} files[2]; /* "certs/HOST/FILE" or "hosts/HOST/FILE" */
	struct endpoint_options options;
	const char *want; /* or what the message holds */
	enum err_code code;
} cases[] = {
	{ .name = "Docker Hub",
	  .ref = "alpine",
	  .want = "https://registry-1.docker.io/v2 library/alpine docker.io TDR|" },
	{ .name = "another", .ref = "ghcr.io/a/b", .want = "https://ghcr.io/v2 a/b ghcr.io TDR|" },
	{ .name = "a port", .ref = "x:5000/a", .want = "https://x:5000/v2 a x:5000 TDR|" },
	{ .name = "plain", .ref = "x:5000/a", PLAIN, .want = "http://x:5000/v2 a x:5000 TDR|" },
	{ .name = "not verified", .ref = "x.io/a", SKIP, .want = "https://x.io/v2 a x.io TDRS|" },
	{ .name = "loopback", .ref = "127.0.0.1:5/a", .want = "http://127.0.0.1:5/v2 a 127.0.0.1:5 TDR|" },
	{ .name = "loopback by name", .ref = "localhost/a", .want = "http://localhost/v2 a localhost TDR|" },
	{ .name = "loopback in IPv6", .ref = "[::1]:5/a", .want = "http://[::1]:5/v2 a [::1]:5 TDR|" },
	{ .name = "a name that begins like loopback",
	  .ref = "127.0.0.1.evil.example/a",
	  .want = "https://127.0.0.1.evil.example/v2 a 127.0.0.1.evil.example TDR|" },
	{ .name = "loopback not verified",
	  .ref = "localhost:5/a",
	  SKIP,
	  .want = "https://localhost:5/v2 a localhost:5 TDRS|" },
	{ .name = "loopback with a CA",
	  .ref = "localhost:5/a",
	  .files = { { "certs/localhost:5/ca.crt", PEM } },
	  .want = "https://localhost:5/v2 a localhost:5 TDRC|" },
	{ .name = "loopback with a CA, plain",
	  .ref = "localhost:5/a",
	  PLAIN,
	  .files = { { "certs/localhost:5/ca.crt", PEM } },
	  .want = "http://localhost:5/v2 a localhost:5 TDRC|" },
	{ .name = "a CA",
	  .ref = "x.io/a",
	  .files = { { "certs/x.io/ca.crt", PEM } },
	  .want = "https://x.io/v2 a x.io TDRC|" },
	{ .name = "a CA of Docker Hub",
	  .ref = "a/b",
	  .files = { { "certs/docker.io/ca.crt", PEM } },
	  .want = "https://registry-1.docker.io/v2 a/b docker.io TDRC|" },
	{ .name = "a CA of another",
	  .ref = "x.io/a",
	  .files = { { "certs/y.io/ca.crt", PEM } },
	  .want = "https://x.io/v2 a x.io TDR|" },
	{ .name = "a CA where hosts.toml would be",
	  .ref = "localhost:5/a",
	  .files = { { "hosts/localhost_5_/ca.crt", PEM } },
	  .want = "https://localhost:5/v2 a localhost:5 TDRC|" },
	{ .name = "a CA that is none",
	  .ref = "x.io/a",
	  .files = { { "certs/x.io/ca.crt", "x" } },
	  .want = "ca.crt",
	  .code = ERR_FORMAT },

	{ .name = "hosts.toml",
	  .ref = "a/b",
	  .files = { { "hosts/docker.io/hosts.toml", "[host.'https://m.io/hub']" } },
	  .want = "https://m.io/hub/v2 a/b m.io MTD ?ns=docker.io|https://registry-1.docker.io/v2 a/b docker.io TDR|" },
	{ .name = "hosts.toml for all",
	  .ref = "localhost:5/a",
	  .files = { { "hosts/_default/hosts.toml", "[host.'http://m.io']" } },
	  .want = "http://m.io/v2 a m.io MTD ?ns=localhost%3A5|http://localhost:5/v2 a localhost:5 TDR|" },
	{ .name = "hosts.toml for one and for all",
	  .ref = "x.io/a",
	  .files = { { "hosts/_default/hosts.toml", "[host.'m.io']" }, { "hosts/x.io/hosts.toml", "" } },
	  .want = "https://x.io/v2 a x.io TDR|" },
	{ .name = "hosts.toml and certs.d",
	  .ref = "x.io/a",
	  .files = { { "hosts/x.io/hosts.toml", "[host.'m.io']" }, { "certs/m.io/ca.crt", PEM } },
	  .want = "https://m.io/v2 a m.io MTDC ?ns=x.io|https://x.io/v2 a x.io TDR|" },
	{ .name = "hosts.toml, not verified",
	  .ref = "x.io/a",
	  SKIP,
	  .files = { { "hosts/x.io/hosts.toml", "[host.'m.io']" } },
	  .want = "https://m.io/v2 a m.io MTDS ?ns=x.io|https://x.io/v2 a x.io TDRS|" },
	{ .name = "hosts.toml that is none",
	  .ref = "x.io/a",
	  .files = { { "hosts/x.io/hosts.toml", "x" } },
	  .want = "x.io/hosts.toml: line 1",
	  .code = ERR_FORMAT },

	{ .name = "registries.conf",
	  .ref = "alpine",
	  .conf = R "prefix='docker.io'\nlocation='docker.io'\n" M "location='m.io/hub'",
	  .want = "https://m.io/v2 hub/library/alpine m.io MTD|https://registry-1.docker.io/v2 library/alpine "
		  "docker.io "
		  "TDR|" },
	{ .name = "rewritten",
	  .ref = "x.io/a/b",
	  .conf = R "prefix='x.io/a'\nlocation='y.io:5/z'",
	  .want = "https://y.io:5/v2 z/b y.io:5 TDR|" },
	{ .name = "a mirror for digests",
	  .ref = "x.io/a",
	  .conf = R "location='x.io'\nmirror-by-digest-only=true\n" M "location='m.io'",
	  .want = "https://m.io/v2 a m.io MD|https://x.io/v2 a x.io TDR|" },
	{ .name = "insecure",
	  .ref = "x.io/a",
	  .conf = R "location='x.io'\ninsecure=true",
	  .want = "https://x.io/v2 a x.io TDRS|http://x.io/v2 a x.io ITDR|" },
	{ .name = "insecure, on loopback",
	  .ref = "localhost:5/a",
	  .conf = R "location='localhost:5'\ninsecure=true",
	  .want = "https://localhost:5/v2 a localhost:5 TDRS|http://localhost:5/v2 a localhost:5 ITDR|" },
	{ .name = "insecure, plain",
	  .ref = "x.io/a",
	  PLAIN,
	  .conf = R "location='x.io'\ninsecure=true",
	  .want = "http://x.io/v2 a x.io TDRS|" },
	{ .name = "a mirror on loopback",
	  .ref = "x.io/a",
	  .conf = R "location='x.io'\n" M "location='localhost:5/x.io'",
	  .want = "http://localhost:5/v2 x.io/a localhost:5 MTD|https://x.io/v2 a x.io TDR|" },
	{ .name = "a mirror with a CA",
	  .ref = "x.io/a",
	  .conf = R "location='x.io'\n" M "location='m.io'",
	  .files = { { "certs/m.io/ca.crt", PEM } },
	  .want = "https://m.io/v2 a m.io MTDC|https://x.io/v2 a x.io TDR|" },
	{ .name = "blocked",
	  .ref = "x.io/a",
	  .conf = R "location='x.io'\nblocked=true",
	  .want = "x.io/a: blocked by ",
	  .code = ERR_DENIED },
	{ .name = "a location without a host",
	  .ref = "x.io/a",
	  .conf = R "prefix='x.io'\nlocation='y/z'",
	  .want = "does not begin with a host",
	  .code = ERR_FORMAT },
	{ .name = "a location that is no name",
	  .ref = "x.io/a",
	  .conf = R "prefix='x.io'\nlocation='y.z/A B'",
	  .want = "location of x.io",
	  .code = ERR_FORMAT },

	{ .name = "hosts.toml before registries.conf",
	  .ref = "x.io/a",
	  .conf = R "prefix='x.io'\nlocation='y.io'",
	  .files = { { "hosts/x.io/hosts.toml", "" } },
	  .want = "https://x.io/v2 a x.io TDR|" },
	{ .name = "registries.conf before the hosts.toml for all",
	  .ref = "x.io/a",
	  .conf = R "prefix='x.io'\nlocation='y.io'",
	  .files = { { "hosts/_default/hosts.toml", "[host.'m.io']" } },
	  .want = "https://y.io/v2 a y.io TDR|" },
	{ .name = "blocked, whatever hosts.toml says",
	  .ref = "x.io/a",
	  .conf = R "location='x.io'\nblocked=true",
	  .files = { { "hosts/x.io/hosts.toml", "" } },
	  .want = "blocked by",
	  .code = ERR_DENIED },
};

static void put(const char *folder, const char *name, const char *text)
{
	CLEANUP(free_ptr) char *above = NULL;
	const char *slash = strrchr(name, '/');

	if (name[0] == 'c' || name[0] == 'h') {
		ck_assert_int_eq(str_format(&above, NULL, "%.*s", (int)(slash - name), name), ERR_OK);
		folder_make_in(folder, above);
	}
	folder_put(folder, name, text, strlen(text));
}

START_TEST(find)
{
	CLEANUP(endpoint_rules_release) struct endpoint_rules rules = { 0 };
	CLEANUP(endpoints_release) struct endpoints e = { 0 };
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(buf_release) struct buf out;
	struct endpoint_options options = cases[_i].options;
	char *folder = folder_new();
	char *certs = folder_path(folder, "certs"), *hosts = folder_path(folder, "hosts");
	char *conf = folder_path(folder, "registries.conf");
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	buf_init(&out, LIMIT_TOML_BYTES);
	folder_make_in(folder, "certs");
	folder_make_in(folder, "hosts");
	folder_put(folder, "registries.conf", cases[_i].conf, cases[_i].conf != NULL ? strlen(cases[_i].conf) : 0);
	for (i = 0; i < COUNT_OF(cases[_i].files) && cases[_i].files[i].name != NULL; i++)
		put(folder, cases[_i].files[i].name, cases[_i].files[i].text);
	ck_assert_int_eq(setenv("CONTAINERS_REGISTRIES_CONF", conf, 1), 0);
	options.certs_dir = certs;
	options.hosts_dir = hosts;
	ck_assert_int_eq(reference_parse(cases[_i].ref, &ref, NULL), ERR_OK);
	ck_assert_int_eq(endpoint_rules_load(&options, &rules, &err), ERR_OK);
	got = endpoints_find(&rules, &ref, &e, &err);
	ck_assert_msg(got == cases[_i].code, "%s: %d, %s", cases[_i].name, got, err.msg);
	for (i = 0; i < e.len; i++)
		write_endpoint(&e.items[i], &out);
	if (got != ERR_OK)
		ck_assert_msg(strstr(err.msg, cases[_i].want) != NULL, "%s: %s", cases[_i].name, err.msg);
	else
		ck_assert_msg(strcmp(buf_text(&out), cases[_i].want) == 0, "%s: %s", cases[_i].name, buf_text(&out));
	free(certs);
	free(hosts);
	free(conf);
	folder_remove(folder);
}
END_TEST

/* A folder that somebody names has to be there. */
START_TEST(no_folder)
{
	struct endpoint_rules rules;
	struct err err = { 0 };

	ck_assert_int_eq(endpoint_rules_load(&(struct endpoint_options){ .certs_dir = "/no/such" }, &rules, &err),
			 ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, "/no/such"));
	ck_assert_int_eq(endpoint_rules_load(&(struct endpoint_options){ .hosts_dir = "/no/such" }, &rules, &err),
			 ERR_IO);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("endpoints");
	TCase *t = tcase_create("endpoints");

	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, no_folder);
	suite_add_tcase(s, t);
	return test_run(s);
}
