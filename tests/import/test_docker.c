#include "import/docker.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/docker_attestations.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/test_main.h"

#define LONG_PATH                                                                                                      \
	"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name, *image, *want;
} names[] = {
	{ "empty", "", "" },
	{ "plain", "docker.io/library/a_b.c-d:1", "docker.io/library/a_b.c-d%3A1" },
	{ "port", "r.test:5000/a:1", "r.test%3A5000/a%3A1" },
	{ "digest", "r.test/a@sha256:0123", "r.test/a%40sha256%3A0123" },
	{ "IPv6", "[::1]:5000/a:1", "%5B%3A%3A1%5D%3A5000/a%3A1" },
	{ "no way out of the path", "a?b=c#d/../e f", "a%3Fb%3Dc%23d/../e%20f" },
	{ "slashes stay", "/a//b/", "/a//b/" },
};

START_TEST(escapes_names)
{
	CLEANUP(buf_release) struct buf path = { 0 };

	buf_init(&path, LIMIT_URL_BYTES);
	ck_assert_int_eq(docker_put_name(&path, names[_i].image, NULL), ERR_OK);
	ck_assert_msg(strcmp(buf_text(&path), names[_i].want) == 0, "%s: %s", names[_i].name, buf_text(&path));
}
END_TEST

START_TEST(bounds_names)
{
	CLEANUP(buf_release) struct buf path = { 0 };

	buf_init(&path, 3);
	ck_assert_int_eq(docker_put_name(&path, "abcd", NULL), ERR_LIMIT);
}
END_TEST

static const struct {
	const char *name, *platform, *types[2];
	bool statements;
	const char *want;
} queries[] = {
	{ "bare", NULL, { NULL }, false, "/images/r.test/a%3A1/attestations?statement=0" },
	{ "statements", NULL, { NULL }, true, "/images/r.test/a%3A1/attestations?statement=1" },
	{ "platform",
	  "linux/amd64",
	  { NULL },
	  false,
	  "/images/r.test/a%3A1/attestations?statement=0&platform=%7B%22os%22%3A%22linux%22%2C%22architecture%22%3A%22"
	  "amd64%22%7D" },
	{ "variant",
	  "linux/arm/v7",
	  { NULL },
	  false,
	  "/images/r.test/a%3A1/attestations?statement=0&platform=%7B%22os%22%3A%22linux%22%2C%22architecture%22%3A%22"
	  "arm%22%2C%22variant%22%3A%22v7%22%7D" },
	{ "types",
	  NULL,
	  { "https://a.test/?b", "c&d" },
	  false,
	  "/images/r.test/a%3A1/attestations?statement=0&type=https%3A%2F%2Fa.test%2F%3Fb&type=c%26d" },
};

START_TEST(makes_paths)
{
	CLEANUP(buf_release) struct buf path = { 0 };
	struct platform platform;
	struct docker_query q = { .name = "r.test/a:1", .statements = queries[_i].statements };
	const char *const *types = queries[_i].types;

	if (queries[_i].platform != NULL) {
		ck_assert_int_eq(platform_parse(queries[_i].platform, &platform, NULL), ERR_OK);
		q.platform = &platform;
	}
	q.types = types;
	q.types_len = (size_t)(types[0] != NULL) + (size_t)(types[1] != NULL);
	buf_init(&path, LIMIT_URL_BYTES);
	ck_assert_int_eq(docker_attestations_path(&q, &path, NULL), ERR_OK);
	ck_assert_msg(strcmp(buf_text(&path), queries[_i].want) == 0, "%s: %s", queries[_i].name, buf_text(&path));
}
END_TEST

static const struct {
	char version[16];
	unsigned api;
	bool keeps;
} versions[] = {
	{ "27.5.1", 47, false },     { "28.5.2+dfsg4", 51, false }, { "29.0.4", 52, false }, { "29.1", 52, true },
	{ "29.1.0-rc.1", 52, true }, { "29.10.0", 54, true },       { "30.0.0", 56, true },  { "dev", 52, false },
	{ "dev", 53, true },         { "29", 52, false },
};

START_TEST(knows_who_keeps_referrers)
{
	char version[16];
	struct docker d = { .version = version, .api = versions[_i].api };

	memcpy(version, versions[_i].version, sizeof(version));
	ck_assert_msg(docker_keeps_referrers(&d) == versions[_i].keeps, "%s", version);
}
END_TEST

static const struct {
	const char *name;
	bool containerd;
	unsigned api;
	enum err_code want;
	const char *says;
} stores[] = {
	{ "good", true, 48, ERR_OK, "" },
	{ "graphdriver", false, 51, ERR_UNSUPPORTED, "Docker 1.2 stores images with overlay2" },
	{ "graphdriver of old", false, 41, ERR_UNSUPPORTED, "containerd-snapshotter" },
	{ "old API", true, 47, ERR_UNSUPPORTED, "Engine API 1.47" },
};

START_TEST(requires_the_store)
{
	char version[] = "1.2", driver[] = "overlay2", socket[] = "/s";
	struct docker_endpoint at = { .name = socket };
	struct docker d = {
		.version = version,
		.driver = driver,
		.at = &at,
		.api = stores[_i].api,
		.containerd = stores[_i].containerd,
	};
	struct err err = { 0 };

	ck_assert_msg(docker_require_store(&d, &err) == stores[_i].want, "%s", stores[_i].name);
	ck_assert_msg(strstr(err.msg, stores[_i].says) != NULL, "%s: %s", stores[_i].name, err.msg);
}
END_TEST

static const struct {
	const char *name, *path, *says;
} sockets[] = {
	{ "not there", "/nonexistent/docker.sock", "(No such file or directory): start the daemon" },
	{ "not a socket", "/dev/null", "no Docker daemon answers at /dev/null" },
	{ "nobody at a host", "tcp://127.0.0.1:1", "; name another daemon with docker-daemon:SOCKET, or" },
	{ "not a socket's path", LONG_PATH LONG_PATH, "is no unix socket" },
};

START_TEST(says_that_nobody_is_there)
{
	CLEANUP(docker_endpoint_release) struct docker_endpoint at = { 0 };
	struct docker *d = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(docker_endpoint_find(sockets[_i].path, &at, NULL), ERR_OK);
	ck_assert_int_eq(docker_open(&at, &d, &err), ERR_NETWORK);
	ck_assert_ptr_null(d);
	ck_assert_msg(strstr(err.msg, sockets[_i].says) != NULL, "%s: %s", sockets[_i].name, err.msg);
}
END_TEST

/* What a service in HTTP/2 says first, whatever it is asked: nothing here reads a request. */
static void *say_settings(void *data)
{
	static const char settings[] = "\0\0\0\4\0\0\0\0";
	const int *listener = data;
	char bytes[4096];
	int fd;

	while ((fd = accept(*listener, NULL, NULL)) >= 0) {
		if (read(fd, bytes, sizeof(bytes)) > 0 && send(fd, settings, sizeof(settings), MSG_NOSIGNAL) > 0)
			while (read(fd, bytes, sizeof(bytes)) > 0) /* until the client hangs up */
				;
		close(fd);
	}
	return NULL;
}

START_TEST(says_whose_socket_it_may_be)
{
	CLEANUP(docker_endpoint_release) struct docker_endpoint at = { 0 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char *path = file_new();
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct docker *d = NULL;
	struct err err = { 0 };
	pthread_t thread;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, say_settings, &fd), 0);
	ck_assert_int_eq(docker_endpoint_find(path, &at, NULL), ERR_OK);
	ck_assert_int_eq(docker_open(&at, &d, &err), ERR_UNSUPPORTED);
	ck_assert_msg(strstr(err.msg, "does not speak HTTP; is it containerd's socket? Then use containerd:") != NULL &&
			      strstr(err.msg, "http://") == NULL,
		      "%s", err.msg);
	ck_assert_int_eq(docker_open(&at, &d, NULL), ERR_UNSUPPORTED); /* and where nobody reads why */
	shutdown(fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(fd);
	file_remove(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("docker");
	TCase *t = tcase_create("docker");

	tcase_add_loop_test(t, escapes_names, 0, (int)COUNT_OF(names));
	tcase_add_test(t, bounds_names);
	tcase_add_loop_test(t, makes_paths, 0, (int)COUNT_OF(queries));
	tcase_add_loop_test(t, knows_who_keeps_referrers, 0, (int)COUNT_OF(versions));
	tcase_add_loop_test(t, requires_the_store, 0, (int)COUNT_OF(stores));
	tcase_add_loop_test(t, says_that_nobody_is_there, 0, (int)COUNT_OF(sockets));
	tcase_add_test(t, says_whose_socket_it_may_be);
	suite_add_tcase(s, t);
	return test_run(s);
}
