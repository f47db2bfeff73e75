#include "import/docker_endpoint.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define PEM "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

static char *folder;

static void setup(void)
{
	static const char *const unset[] = { "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH" };
	size_t i;

	folder = folder_new();
	for (i = 0; i < COUNT_OF(unset); i++)
		ck_assert_int_eq(unsetenv(unset[i]), 0);
	ck_assert_int_eq(setenv("DOCKER_CONFIG", folder, 1), 0);
}

static void teardown(void)
{
	folder_remove(folder);
}

static void set(const char *name, const char *value)
{
	if (value != NULL)
		ck_assert_int_eq(setenv(name, value, 1), 0);
}

static void put(const char *name, const char *text)
{
	const char *slash;

	for (slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		CLEANUP(free_ptr) char *part = strndup(name, (size_t)(slash - name));

		if (!folder_has(folder, part))
			folder_make_in(folder, part);
	}
	folder_put(folder, name, text, strlen(text));
}

/* A context as docker keeps it. */
static void put_context(const char *name, const char *endpoints, const char *certs)
{
	struct digest id;
	char path[256], text[512];

	ck_assert_int_eq(digest_of(name, strlen(name), NULL, &id, NULL), ERR_OK);
	snprintf(path, sizeof(path), "contexts/meta/%s/meta.json", digest_hex(&id));
	snprintf(text, sizeof(text), "{\"Name\":\"%s\",\"Metadata\":{},\"Endpoints\":%s}", name, endpoints);
	put(path, text);
	snprintf(path, sizeof(path), "contexts/tls/%s/docker/%s", digest_hex(&id), certs);
	if (*certs != '\0')
		put(path, PEM);
}

static const struct {
	const char *name, *text, *host, *context, *current, *verify;
	enum err_code want;
	const char *is, *base; /* or what the message says */
} cases[] = {
	{ "a path", "/run/d.sock", "unix:///other", "tcp", NULL, NULL, ERR_OK, "/run/d.sock", "http://docker" },
	{ "unix", "unix:///run/d.sock", NULL, NULL, NULL, NULL, ERR_OK, "/run/d.sock", "http://docker" },
	{ "nothing", "", NULL, NULL, NULL, NULL, ERR_OK, "/var/run/docker.sock", "http://docker" },
	{ "DOCKER_HOST", "", "unix:///run/u/d.sock", NULL, NULL, NULL, ERR_OK, "/run/u/d.sock", "http://docker" },
	{ "an empty DOCKER_HOST", "", "", NULL, NULL, NULL, ERR_OK, "/var/run/docker.sock", "http://docker" },
	{ "DOCKER_HOST before contexts", "", "unix:///x", "tcp", "tcp", NULL, ERR_OK, "/x", "http://docker" },
	{ "tcp", "tcp://10.0.0.1:99", NULL, NULL, NULL, NULL, ERR_OK, "tcp://10.0.0.1:99", "http://10.0.0.1:99" },
	{ "tcp without a port", "", "tcp://site", NULL, NULL, NULL, ERR_OK, "tcp://site:2375", "http://site:2375" },
	{ "tcp, IPv6", "tcp://[::1]", NULL, NULL, NULL, NULL, ERR_OK, "tcp://[::1]:2375", "http://[::1]:2375" },
	{ "tcp below a path", "tcp://a:1/b/", NULL, NULL, NULL, NULL, ERR_OK, "tcp://a:1/b", "http://a:1/b" },
	{ "tcp with TLS", "", "tcp://site", NULL, NULL, "1", ERR_OK, "tcp://site:2376", "https://site:2376" },
	{ "unix with TLS", "", "unix:///x", NULL, NULL, "1", ERR_OK, "/x", "http://docker" },
	{ "a context", "", NULL, "tcp", NULL, NULL, ERR_OK, "tcp://c:2375", "http://c:2375" },
	{ "the current context", "", NULL, NULL, "tcp", NULL, ERR_OK, "tcp://c:2375", "http://c:2375" },
	{ "another than the current one", "", NULL, "unix", "tcp", NULL, ERR_OK, "/c.sock", "http://docker" },
	{ "the default context", "", NULL, "default", "tcp", NULL, ERR_OK, "/var/run/docker.sock", "http://docker" },
	{ "a context with TLS", "", NULL, "tls", NULL, NULL, ERR_OK, "tcp://t:2376", "https://t:2376" },
	{ "a context that believes anybody", "", NULL, "any", NULL, NULL, ERR_OK, "tcp://a:2376", "https://a:2376" },
	{ "no such context", "", NULL, "none", NULL, NULL, ERR_NOT_FOUND, "no docker context none", NULL },
	{ "a context without a host", "", NULL, "empty", NULL, NULL, ERR_FORMAT, "names no host", NULL },
	{ "a context that is no name", "", NULL, "../x", NULL, NULL, ERR_NOT_FOUND, "no docker context ../x", NULL },
	{ "ssh", "", "ssh://site", NULL, NULL, NULL, ERR_UNSUPPORTED, "ssh -nNT -L", NULL },
	{ "a context by ssh", "", NULL, "ssh", NULL, NULL, ERR_UNSUPPORTED, "docker context ssh is ssh://h", NULL },
	{ "npipe", "npipe:////./pipe/x", NULL, NULL, NULL, NULL, ERR_UNSUPPORTED, "tcp://HOST[:PORT]", NULL },
	{ "no host", "tcp://", NULL, NULL, NULL, NULL, ERR_USAGE, "no address", NULL },
	{ "a port alone", "tcp://:2375", NULL, NULL, NULL, NULL, ERR_USAGE, "no address", NULL },
	{ "a password", "tcp://u:p@host", NULL, NULL, NULL, NULL, ERR_USAGE, "no address", NULL },
};

START_TEST(find)
{
	CLEANUP(docker_endpoint_release) struct docker_endpoint e = { 0 };
	struct err err = { 0 };
	enum err_code got;
	char config[128];

	put_context("tcp", "{\"docker\":{\"Host\":\"tcp://c:2375\"}}", "");
	put_context("unix", "{\"docker\":{\"Host\":\"unix:///c.sock\"}}", "");
	put_context("tls", "{\"docker\":{\"Host\":\"tcp://t\",\"SkipTLSVerify\":false}}", "ca.pem");
	put_context("any", "{\"docker\":{\"Host\":\"tcp://a\",\"SkipTLSVerify\":true}}", "");
	put_context("ssh", "{\"docker\":{\"Host\":\"ssh://h\"}}", "");
	put_context("empty", "{}", "");
	put("ca.pem", PEM);
	snprintf(config, sizeof(config), "{\"auths\":{},\"currentContext\":\"%s\"}",
		 cases[_i].current != NULL ? cases[_i].current : "");
	put("config.json", config);
	set("DOCKER_HOST", cases[_i].host);
	set("DOCKER_CONTEXT", cases[_i].context);
	set("DOCKER_TLS_VERIFY", cases[_i].verify);
	got = docker_endpoint_find(cases[_i].text, &e, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d %s", cases[_i].name, got, err.msg);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(err.msg, cases[_i].is) != NULL, "%s: %s", cases[_i].name, err.msg);
		ck_assert_ptr_null(e.name);
		return;
	}
	ck_assert_str_eq(e.name, cases[_i].is);
	ck_assert_str_eq(e.base, cases[_i].base);
	ck_assert_int_eq(e.socket != NULL, strcmp(e.base, "http://docker") == 0);
}
END_TEST

/* Where certificates are looked for. */
static const struct {
	const char *name, *files[3], *path; /* below the folder */
	enum err_code want;
	bool alone, client;
} certs[] = {
	{ "all three", { "ca.pem", "cert.pem", "key.pem" }, NULL, ERR_OK, true, true },
	{ "a CA", { "ca.pem" }, NULL, ERR_OK, true, false },
	{ "a client", { "cert.pem", "key.pem" }, NULL, ERR_OK, false, true },
	{ "in a folder of their own", { "x/ca.pem" }, "x", ERR_OK, true, false },
	{ "elsewhere", { "ca.pem" }, "x", ERR_NOT_FOUND, false, false },
	{ "none", { NULL }, NULL, ERR_NOT_FOUND, false, false },
};

START_TEST(find_certs)
{
	CLEANUP(docker_endpoint_release) struct docker_endpoint e = { 0 };
	CLEANUP(free_ptr) char *path = folder_path(folder, certs[_i].path != NULL ? certs[_i].path : "");
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	for (i = 0; i < 3 && certs[_i].files[i] != NULL; i++)
		put(certs[_i].files[i], PEM);
	set("DOCKER_TLS_VERIFY", "1");
	set("DOCKER_CERT_PATH", certs[_i].path != NULL ? path : NULL);
	got = docker_endpoint_find("tcp://site", &e, &err);
	ck_assert_msg(got == certs[_i].want, "%s: %d %s", certs[_i].name, got, err.msg);
	ck_assert_int_eq(e.tls.ca_alone, certs[_i].alone);
	ck_assert_int_eq(e.tls.ca.len > 0, certs[_i].alone);
	ck_assert_int_eq(e.tls.cert != NULL, certs[_i].client);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("docker_endpoint");
	TCase *t = tcase_create("docker_endpoint");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, find_certs, 0, (int)COUNT_OF(certs));
	suite_add_tcase(s, t);
	return test_run(s);
}
