#include "common/hosts_toml.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define PEM "-----BEGIN CERTIFICATE-----\n"
#define HUB "https://registry-1.docker.io"

/* An endpoint in one line: root, whose credentials, then letters for what it may: Pull, Tags, Referrers, Mirror. */
static void write_endpoint(const struct endpoint *e, struct buf *out)
{
	buf_printf(out, NULL, "%s %s %s%s%s%s", e->root, e->host, e->pulls ? "P" : "", e->tags ? "T" : "",
		   e->referrers ? "R" : "", e->mirror ? "M" : "");
	if (e->query != NULL)
		buf_printf(out, NULL, " ?%s", e->query);
	if (e->tls.skip_verify)
		buf_puts(out, " skip", NULL);
	if (e->tls.ca.len > 0)
		buf_puts(out, " ca", NULL);
	if (e->tls.cert != NULL)
		buf_printf(out, NULL, " %s+%s", strrchr(e->tls.cert, '/') + 1, strrchr(e->tls.key, '/') + 1);
	if (e->connect_timeout_ms > 0)
		buf_printf(out, NULL, " %u", e->connect_timeout_ms - 1);
	if (e->headers.len > 0)
		buf_printf(out, NULL, " [%s]", buf_text(&e->headers));
	buf_puts(out, "|", NULL);
}

static const struct {
	const char *name, *text;
	const char *want; /* the endpoints of docker.io; what the message holds where code is not ERR_OK */
	enum err_code code;
} cases[] = {
	{ "nothing", "", HUB "/v2 docker.io PTR|", ERR_OK },
	{ "a server", "server='https://registry-1.docker.io'", HUB "/v2 docker.io PTR|", ERR_OK },
	{ "a server by its name", "server='https://docker.io'", HUB "/v2 docker.io PTR|", ERR_OK },
	{ "another server", "server='http://other:5000'", "http://other:5000/v2 other:5000 PTR ?ns=docker.io|",
	  ERR_OK },
	{ "an empty server", "server=''", HUB "/v2 docker.io PTR|", ERR_OK },
	{ "a mirror", "[host.'https://m']", "https://m/v2 m PTM ?ns=docker.io|" HUB "/v2 docker.io PTR|", ERR_OK },
	{ "without a scheme", "[host.'m:5000']", "https://m:5000/v2 m:5000 PTM ?ns=docker.io|" HUB "/v2 docker.io PTR|",
	  ERR_OK },
	{ "in their order", "[host.'http://b']\n[host.'http://a']",
	  "http://b/v2 b PTM ?ns=docker.io|http://a/v2 a PTM ?ns=docker.io|" HUB "/v2 docker.io PTR|", ERR_OK },
	{ "the host itself among them", "[host.'" HUB "']", HUB "/v2 docker.io PT|" HUB "/v2 docker.io PTR|", ERR_OK },
	{ "a path", "[host.'https://m/a/b/']", "https://m/a/b/v2 m PTM ?ns=docker.io|" HUB "/v2 docker.io PTR|",
	  ERR_OK },
	{ "a path with v2", "[host.'https://m/v2/']", "https://m/v2 m PTM ?ns=docker.io|" HUB "/v2 docker.io PTR|",
	  ERR_OK },
	{ "a path of its own", "[host.'https://m/a']\noverride_path=true",
	  "https://m/a m PTM ?ns=docker.io|" HUB "/v2 docker.io PTR|", ERR_OK },
	{ "an address", "server='https://[::1]:5000'", "https://[::1]:5000/v2 [::1]:5000 PTR ?ns=docker.io|", ERR_OK },
	{ "capabilities",
	  "[host.m]\ncapabilities=['pull','push','new']\n[host.n]\ncapabilities=['Resolve','referrers']",
	  "https://m/v2 m PM ?ns=docker.io|https://n/v2 n TRM ?ns=docker.io|" HUB "/v2 docker.io PTR|", ERR_OK },
	{ "all capabilities", "[host.m]\ncapabilities=[]", "https://m/v2 m PTM ?ns=docker.io|" HUB "/v2 docker.io PTR|",
	  ERR_OK },
	{ "of the server", "capabilities=['pull']\nskip_verify=true", HUB "/v2 docker.io PR skip|", ERR_OK },
	{ "a CA", "ca='ca.crt'", HUB "/v2 docker.io PTR ca|", ERR_OK },
	{ "two CAs", "ca=['ca.crt','ca.crt']", HUB "/v2 docker.io PTR ca|", ERR_OK },
	{ "a client in one file", "client='c'", HUB "/v2 docker.io PTR c+c|", ERR_OK },
	{ "a client in a list", "client=['c']", HUB "/v2 docker.io PTR c+c|", ERR_OK },
	{ "a client in two files", "client=[['c','k']]", HUB "/v2 docker.io PTR c+k|", ERR_OK },
	{ "a client without a key", "client=[['c','']]", HUB "/v2 docker.io PTR c+c|", ERR_OK },
	{ "headers", "[header]\na='1'\nb=['2','3']", HUB "/v2 docker.io PTR [a: 1\nb: 2\nb: 3\n]|", ERR_OK },
	{ "a time", "dial_timeout='1m1.5s'", HUB "/v2 docker.io PTR 61500|", ERR_OK },
	{ "a short time", "dial_timeout='200ms'", HUB "/v2 docker.io PTR 200|", ERR_OK },
	{ "no time", "dial_timeout=''", HUB "/v2 docker.io PTR|", ERR_OK },
	{ "what nobody knows", "x=1\n[host.m]\nnew=[1]", "https://m/v2 m PTM ?ns=docker.io|" HUB "/v2 docker.io PTR|",
	  ERR_OK },

	{ "no TOML", "x", "line 1", ERR_FORMAT },
	{ "server is no text", "server=1", "server must be a string", ERR_FORMAT },
	{ "host is no table", "host=1", "host must be a table", ERR_FORMAT },
	{ "a host is no table", "[host]\nm=1", "m must be a table", ERR_FORMAT },
	{ "capabilities are no array", "capabilities='pull'", "capabilities must be an array", ERR_FORMAT },
	{ "a capability is no text", "capabilities=[1]", "capabilities must be", ERR_FORMAT },
	{ "skip_verify is a text", "skip_verify='yes'", "skip_verify must be true or false", ERR_FORMAT },
	{ "override_path is a text", "override_path='yes'", "override_path must be", ERR_FORMAT },
	{ "ca is a number", "ca=1", "ca must be a string", ERR_FORMAT },
	{ "ca is not there", "ca='none'", "/none: no such file", ERR_NOT_FOUND },
	{ "ca is none", "ca='c'", "no certificate", ERR_FORMAT },
	{ "client is a number", "client=1", "client must be", ERR_FORMAT },
	{ "client is half a pair", "client=[['c']]", "client must be", ERR_FORMAT },
	{ "client is three", "client=[['c','k','x']]", "client must be", ERR_FORMAT },
	{ "client is an empty pair", "client=[[]]", "client must be", ERR_FORMAT },
	{ "two clients", "client=['c','k']", "two client certificates", ERR_UNSUPPORTED },
	{ "header is no table", "header='x'", "header must be a table", ERR_FORMAT },
	{ "a header's name", "[header]\n'a b'='secret'", "a b: no name of a header", ERR_FORMAT },
	{ "a header that is two", "[header]\na=\"secret\\r\\nb: c\"", "line end", ERR_FORMAT },
	{ "a header that is no text", "[header]\na=1", "a must be a string", ERR_FORMAT },
	{ "a time without its unit", "dial_timeout='10'", "dial_timeout must be a time", ERR_FORMAT },
	{ "a time of another unit", "dial_timeout='10d'", "dial_timeout must be a time", ERR_FORMAT },
	{ "a time before", "dial_timeout='-1s'", "dial_timeout must be a time", ERR_FORMAT },
	{ "a URL with a user", "server='https://u:secret@h'", "no URL of a registry", ERR_FORMAT },
	{ "a URL with a query", "[host.'https://h?x']", "no URL of a registry", ERR_FORMAT },
	{ "another scheme", "[host.'file:///etc/passwd']", "no URL of a registry", ERR_FORMAT },
	{ "a URL without a host", "[host.'https:///x']", "no URL of a registry", ERR_FORMAT },
	{ "an empty URL", "[host.'']", "no URL of a registry", ERR_FORMAT },
};

START_TEST(read)
{
	CLEANUP(endpoints_release) struct endpoints e = { 0 };
	CLEANUP(buf_release) struct buf out;
	char *folder = folder_new();
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	buf_init(&out, LIMIT_TOML_BYTES);
	folder_put(folder, "hosts.toml", cases[_i].text, strlen(cases[_i].text));
	folder_put(folder, "ca.crt", PEM, strlen(PEM));
	folder_put(folder, "c", "c", 1);
	folder_put(folder, "k", "k", 1);
	got = hosts_toml_read(folder, "docker.io", HUB, &e, &err);
	folder_remove(folder);
	ck_assert_msg(got == cases[_i].code, "%s: %d, %s", cases[_i].name, got, err.msg);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(err.msg, cases[_i].want) != NULL, "%s: %s", cases[_i].name, err.msg);
		return;
	}
	for (i = 0; i < e.len; i++)
		write_endpoint(&e.items[i], &out);
	ck_assert_msg(strcmp(buf_text(&out), cases[_i].want) == 0, "%s: %s", cases[_i].name, buf_text(&out));
}
END_TEST

START_TEST(no_file)
{
	CLEANUP(endpoints_release) struct endpoints e = { 0 };
	char *folder = folder_new();

	ck_assert_int_eq(hosts_toml_read(folder, "docker.io", HUB, &e, NULL), ERR_OK);
	ck_assert_uint_eq(e.len, 0);
	folder_remove(folder);
}
END_TEST

START_TEST(many_hosts)
{
	CLEANUP(endpoints_release) struct endpoints e = { 0 };
	CLEANUP(buf_release) struct buf text;
	char *folder = folder_new();
	struct err err = { 0 };
	int i;

	buf_init(&text, LIMIT_TOML_BYTES);
	for (i = 0; i < LIMIT_ENDPOINTS; i++)
		ck_assert_int_eq(buf_printf(&text, NULL, "[host.m%d]\n", i), ERR_OK);
	folder_put(folder, "hosts.toml", text.data, text.len);
	ck_assert_int_eq(hosts_toml_read(folder, "docker.io", HUB, &e, &err), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "endpoints of one registry"));
	folder_remove(folder);
}
END_TEST

static const struct {
	const char *name, *folders[3], *domain, *want; /* want: NULL for none */
	bool is_default;
} places[] = {
	{ "by name", { "docker.io", "ghcr.io" }, "docker.io", "docker.io", false },
	{ "with a port", { "host:5000", "host" }, "host:5000", "host:5000", false },
	{ "with a port, without a colon", { "host:5000", "host_5000_" }, "host:5000", "host_5000_", false },
	{ "an address", { "[::1]_5000_" }, "[::1]:5000", "[::1]_5000_", false },
	{ "another port", { "host_5000_" }, "host:5001", NULL, false },
	{ "another host", { "host" }, "host.example", NULL, false },
	{ "for all", { "_default", "host" }, "host", "_default", true },
	{ "not for all", { "_default" }, "host", NULL, false },
};

START_TEST(find)
{
	CLEANUP(free_ptr) char *got = NULL;
	char *root = folder_new();
	size_t i;

	for (i = 0; i < COUNT_OF(places[_i].folders) && places[_i].folders[i] != NULL; i++)
		folder_make_in(root, places[_i].folders[i]);
	ck_assert_int_eq(hosts_toml_find(root, places[_i].domain, places[_i].is_default, &got, NULL), ERR_OK);
	ck_assert_int_eq(got != NULL, places[_i].want != NULL);
	if (got != NULL)
		ck_assert_str_eq(got + strlen(root) + 1, places[_i].want);
	folder_remove(root);
}
END_TEST

START_TEST(find_at_home)
{
	CLEANUP(free_ptr) char *got = NULL;
	char *home = folder_new();

	folder_make_in(home, ".config");
	folder_make_in(home, ".config/containerd");
	folder_make_in(home, ".config/containerd/certs.d");
	folder_make_in(home, ".config/containerd/certs.d/no-such.example");
	ck_assert_int_eq(setenv("HOME", home, 1), 0);
	ck_assert_int_eq(hosts_toml_find(NULL, "no-such.example", false, &got, NULL), ERR_OK);
	ck_assert_ptr_nonnull(got);
	folder_remove(home);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hosts_toml");
	TCase *t = tcase_create("hosts_toml");

	tcase_add_loop_test(t, read, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, no_file);
	tcase_add_test(t, many_hosts);
	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(places));
	tcase_add_test(t, find_at_home);
	suite_add_tcase(s, t);
	return test_run(s);
}
