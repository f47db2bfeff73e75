#include "import/containerd.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/containerd_why.h"
#include "tests/lib/grpc_server.h"
#include "tests/lib/test_main.h"

#define REPLIES_MAX 4
#define SHA "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define VERSION                                                                                                        \
	"\x0a\x03"                                                                                                     \
	"1.6"
#define CRI                                                                                                            \
	"\x0a\x1e"                                                                                                     \
	"\x0a\x17"                                                                                                     \
	"io.containerd.grpc.v1xx"                                                                                      \
	"\x12\x03"                                                                                                     \
	"cri"
#define MESSAGE(text)                                                                                                  \
	{                                                                                                              \
		.body = (text), .len = sizeof(text) - 1                                                                \
	}

/* A message of an answer, without its head; the text of a status. */
struct told {
	const char *body;
	size_t len;
	const char *status, *message;
};

/* Messages with their heads, for as long as the service runs. */
struct fixture {
	struct grpc_reply replies[REPLIES_MAX];
	char bytes[REPLIES_MAX][1024];
	struct grpc_server *server;
};

static void setup(struct fixture *f, const struct told *told, size_t len)
{
	size_t i;

	*f = (struct fixture){ .server = NULL };
	for (i = 0; i < len; i++) {
		unsigned char head[GRPC_HEAD_BYTES];

		f->replies[i] = (struct grpc_reply){ .status = told[i].status, .message = told[i].message };
		if (told[i].body == NULL)
			continue;
		grpc_head(told[i].len, head);
		memcpy(f->bytes[i], head, GRPC_HEAD_BYTES);
		memcpy(f->bytes[i] + GRPC_HEAD_BYTES, told[i].body, told[i].len);
		f->replies[i].body = f->bytes[i];
		f->replies[i].len = GRPC_HEAD_BYTES + told[i].len;
	}
	f->server = grpc_server_start(f->replies, len);
}

static const struct {
	const char *name, *namespace, *environment;
	struct told told[REPLIES_MAX];
	enum err_code want;
	const char *says; /* the namespace, or in the error */
} openings[] = {
	{ "the CRI plugin", NULL, NULL, { MESSAGE(VERSION), MESSAGE(CRI) }, ERR_OK, "k8s.io" },
	{ "no such plugin", NULL, NULL, { MESSAGE(VERSION), MESSAGE("") }, ERR_OK, "default" },
	{ "one that failed", NULL, NULL, { MESSAGE(VERSION), MESSAGE("\x0a\x04\x3a\x02\x08\x02") }, ERR_OK, "default" },
	{ "asked for", "default", NULL, { MESSAGE(VERSION) }, ERR_OK, "default" },
	{ "in the environment", NULL, "k8s.io", { MESSAGE(VERSION) }, ERR_OK, "k8s.io" },
	{ "asked for in spite of it", "default", "k8s.io", { MESSAGE(VERSION) }, ERR_OK, "default" },
	{ "there",
	  "site",
	  NULL,
	  { MESSAGE(VERSION), MESSAGE("\x0a\x06\x0a\x04"
				      "site") },
	  ERR_OK,
	  "site" },
	{ "a name longer than its message",
	  "site",
	  NULL,
	  { MESSAGE(VERSION), MESSAGE("\x0a\x06\x0a\x04"
				      "sites") },
	  ERR_FORMAT,
	  "namespaces" },
	{ "another",
	  "site",
	  NULL,
	  { MESSAGE(VERSION), MESSAGE("\x0a\x05\x0a\x03"
				      "moe") },
	  ERR_NOT_FOUND,
	  "only moe" },
	{ "none", "site", NULL, { MESSAGE(VERSION), MESSAGE("") }, ERR_NOT_FOUND, "no namespace site; ctr" },
	{ "a line of a header", "a\nb: c", NULL, { MESSAGE(VERSION) }, ERR_USAGE, "no name of a namespace" },
	{ "begins with a dot", ".a", NULL, { MESSAGE(VERSION) }, ERR_USAGE, "no name of a namespace" },
	{ "empty", "", NULL, { MESSAGE(VERSION) }, ERR_USAGE, "no name of a namespace" },
	{ "no version", NULL, NULL, { MESSAGE("") }, ERR_UNSUPPORTED, "no containerd" },
	{ "nonsense",
	  NULL,
	  NULL,
	  { MESSAGE("\x0a\x09"
		    "1.6") },
	  ERR_UNSUPPORTED,
	  "no containerd" },
	{ "a NUL in the version",
	  NULL,
	  NULL,
	  { MESSAGE("\x0a\x03"
		    "1\0"
		    "6") },
	  ERR_UNSUPPORTED,
	  "no containerd" },
	{ "another service",
	  NULL,
	  NULL,
	  { { .status = "12", .message = "unknown service" } },
	  ERR_UNSUPPORTED,
	  "no containerd" },
	{ "gone", NULL, NULL, { { .body = NULL } }, ERR_UNSUPPORTED, "no containerd" },
	{ "plugins are nonsense", NULL, NULL, { MESSAGE(VERSION), MESSAGE("\x0a\xff") }, ERR_FORMAT, "plugins" },
};

START_TEST(opens)
{
	const char *name = openings[_i].name;
	struct fixture f;
	struct containerd *c = NULL;
	struct err err = { 0 };
	enum err_code code;

	setup(&f, openings[_i].told, REPLIES_MAX);
	if (openings[_i].environment != NULL)
		setenv("CONTAINERD_NAMESPACE", openings[_i].environment, 1);
	else
		unsetenv("CONTAINERD_NAMESPACE");
	code = containerd_open(grpc_server_socket(f.server), openings[_i].namespace, &c, &err);
	ck_assert_msg(code == openings[_i].want, "%s: %d %s", name, code, err.msg);
	if (code == ERR_OK)
		ck_assert_msg(strcmp(c->namespace, openings[_i].says) == 0 && strcmp(c->version, "1.6") == 0, "%s: %s",
			      name, c->namespace);
	else
		ck_assert_msg(strstr(err.msg, openings[_i].says) != NULL, "%s: %s", name, err.msg);
	containerd_close(c);
	grpc_server_stop(f.server);
}
END_TEST

/* It is printed to terminals. */
START_TEST(cleans_the_version)
{
	static const struct told told[] = { MESSAGE("\x0a\x04\x1b[2J") };
	struct fixture f;
	struct containerd *c = NULL;

	setup(&f, told, 1);
	ck_assert_int_eq(containerd_open(grpc_server_socket(f.server), "default", &c, NULL), ERR_OK);
	ck_assert_str_eq(c->version, "?[2J");
	containerd_close(c);
	grpc_server_stop(f.server);
}
END_TEST

static struct containerd *open_one(struct fixture *f, const struct told *told)
{
	struct told all[REPLIES_MAX] = { MESSAGE(VERSION), *told };
	struct containerd *c = NULL;

	setup(f, all, 2);
	ck_assert_int_eq(containerd_open(grpc_server_socket(f->server), "default", &c, NULL), ERR_OK);
	return c;
}

/* keys: of the references, sorted, each with a blank behind it. */
static const struct {
	const char *name;
	struct told told;
	enum err_code want;
	bool there;
	uint64_t size_bytes;
	const char *keys;
} contents[] = {
	{ "not there", { .status = "5" }, ERR_OK, false, 0, "" },
	{ "without labels", MESSAGE("\x0a\x03\x10\x80\x01"), ERR_OK, true, 128, "" },
	{ "with references",
	  MESSAGE("\x0a\xe9\x01"
		  "\x2a\x66\x0a\x1b"
		  "containerd.io/gc.ref.config"
		  "\x12\x47" SHA "\x2a\x6e\x0a\x23"
		  "containerd.io/gc.ref.content.config"
		  "\x12\x47" SHA "\x2a\x0f\x0a\x05"
		  "other"
		  "\x12\x06"
		  "labels"),
	  ERR_OK, true, 0, "config " },
	{ "a reference to nothing",
	  MESSAGE("\x0a\x28\x2a\x26\x0a\x20"
		  "containerd.io/gc.ref.content.m.0"
		  "\x12\x02"
		  "no"),
	  ERR_OK, true, 0, "" },
	{ "unpacked",
	  MESSAGE("\x0a\x2e\x2a\x2c\x0a\x27"
		  "containerd.io/gc.ref.snapshot.overlayfs"
		  "\x12\x01"
		  "x"),
	  ERR_OK, true, 0, "unpacked " },
	{ "refused", { .status = "3", .message = "bad digest" }, ERR_REFUSED, false, 0, "" },
	{ "busy", { .status = "14", .message = "shutting down" }, ERR_NETWORK, false, 0, "" },
	{ "nonsense", MESSAGE("\x0a\xff"), ERR_FORMAT, false, 0, "" },
	{ "nonsense inside", MESSAGE("\x0a\x02\x10\xff"), ERR_FORMAT, false, 0, "" },
	{ "a label that is none", MESSAGE("\x0a\x04\x2a\x02\x0a\xff"), ERR_FORMAT, false, 0, "" },
};

START_TEST(knows_content)
{
	CLEANUP(containerd_content_release) struct containerd_content content = { 0 };
	CLEANUP(buf_release) struct buf keys;
	struct fixture f;
	struct containerd *c = open_one(&f, &contents[_i].told);
	struct digest digest;
	struct err err = { 0 };
	enum err_code code;
	size_t i;

	buf_init(&keys, 1000);
	ck_assert_int_eq(digest_parse(SHA, &digest, NULL), ERR_OK);
	code = containerd_content(c, &digest, &content, &err);
	ck_assert_msg(code == contents[_i].want, "%s: %d %s", contents[_i].name, code, err.msg);
	ck_assert_int_eq(content.there, contents[_i].there);
	ck_assert_uint_eq(content.size_bytes, contents[_i].size_bytes);
	for (i = 0; i < content.refs.len; i++)
		ck_assert_int_eq(buf_printf(&keys, NULL, "%s ", content.refs.items[i].key), ERR_OK);
	if (content.unpacked)
		ck_assert_int_eq(buf_puts(&keys, "unpacked ", NULL), ERR_OK);
	ck_assert_msg(strcmp(buf_text(&keys), contents[_i].keys) == 0, "%s: %s", contents[_i].name, buf_text(&keys));
	containerd_close(c);
	grpc_server_stop(f.server);
}
END_TEST

static const struct {
	const char *name;
	struct told told;
	enum err_code want;
	const char *image; /* NULL: there is none */
	bool pinned;
} images[] = {
	{ "none", { .status = "5" }, ERR_OK, NULL, false },
	{ "one",
	  MESSAGE("\x0a\x4e\x0a\x01"
		  "a"
		  "\x1a\x49\x12\x47" SHA),
	  ERR_OK, "a", false },
	{ "pinned",
	  MESSAGE("\x0a\x72\x0a\x01"
		  "a"
		  "\x12\x22\x0a\x18"
		  "io.cri-containerd.pinned"
		  "\x12\x06"
		  "pinned"
		  "\x1a\x49\x12\x47" SHA),
	  ERR_OK, "a", true },
	{ "without a digest",
	  MESSAGE("\x0a\x03\x0a\x01"
		  "a"),
	  ERR_FORMAT, NULL, false },
	{ "a digest that is none",
	  MESSAGE("\x0a\x09\x0a\x01"
		  "a"
		  "\x1a\x04\x12\x02"
		  "no"),
	  ERR_FORMAT, NULL, false },
	{ "without a name", MESSAGE("\x0a\x4b\x1a\x49\x12\x47" SHA), ERR_FORMAT, NULL, false },
};

START_TEST(knows_images)
{
	CLEANUP(containerd_image_release) struct containerd_image image = { .name = NULL };
	struct fixture f;
	struct containerd *c = open_one(&f, &images[_i].told);
	struct err err = { 0 };
	enum err_code code = containerd_image(c, "a", &image, &err);

	ck_assert_msg(code == images[_i].want, "%s: %d %s", images[_i].name, code, err.msg);
	ck_assert_int_eq(image.target.text[0] != '\0', images[_i].image != NULL);
	ck_assert_int_eq(image.pinned, images[_i].pinned);
	containerd_close(c);
	grpc_server_stop(f.server);
}
END_TEST

static enum err_code add_name(void *ctx, const struct containerd_image *image, struct err *err)
{
	return buf_printf(ctx, err, "%s ", image->name);
}

/* Somebody else's record of a kind that is not known here is no reason to tell nothing. */
START_TEST(passes_over_unknown_digests)
{
	static const struct told told = MESSAGE("\x0a\x09\x0a\x01"
						"a"
						"\x1a\x04\x12\x02"
						"no"
						"\x0a\x4e\x0a\x01"
						"b"
						"\x1a\x49\x12\x47" SHA);
	CLEANUP(buf_release) struct buf names;
	struct fixture f;
	struct containerd *c = open_one(&f, &told);

	buf_init(&names, 100);
	ck_assert_int_eq(containerd_each_image(c, add_name, &names, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&names), "b ");
	containerd_close(c);
	grpc_server_stop(f.server);
}
END_TEST

/* What a digest does not prove is not there. */
START_TEST(proves_what_it_reads)
{
	static const struct told told = MESSAGE("\x12\x02"
						"{}");
	CLEANUP(buf_release) struct buf bytes;
	struct fixture f;
	struct containerd *c = open_one(&f, &told);
	struct digest digest;

	buf_init(&bytes, 100);
	ck_assert_int_eq(digest_of("{}", 2, NULL, &digest, NULL), ERR_OK);
	ck_assert_int_eq(containerd_read(c, &digest, &bytes, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&bytes), "{}");
	containerd_close(c);
	grpc_server_stop(f.server);
	c = open_one(&f, &told);
	buf_clear(&bytes);
	ck_assert_int_eq(digest_of("{ }", 3, NULL, &digest, NULL), ERR_OK);
	ck_assert_int_eq(containerd_read(c, &digest, &bytes, NULL), ERR_NOT_FOUND);
	containerd_close(c);
	grpc_server_stop(f.server);
}
END_TEST

/* How long what is written stays where the import does not come to its end. */
static const struct {
	uint64_t bytes;
	int days;
} leases[] = { { 0, 1 }, { 9999999999, 1 }, { 10000000000, 2 }, { 1000000000000, 101 } };

START_TEST(leases_for_as_long_as_it_takes)
{
	static const char key[] = "containerd.io/gc.expire\x12\x14";
	static const struct told told = MESSAGE("");
	struct fixture f;
	struct containerd *c = open_one(&f, &told);
	time_t now = time(NULL), until;
	struct tm tm = { 0 };
	char text[sizeof("2026-01-01T00:00:00Z")] = "";
	const char *said, *end;
	size_t len;

	ck_assert_int_eq(containerd_lease(c, leases[_i].bytes, NULL), ERR_OK);
	said = grpc_server_received(f.server, 1, &len);
	end = said + len;
	said = memmem(said, len, key, sizeof(key) - 1);
	ck_assert_ptr_nonnull(said);
	said += sizeof(key) - 1;
	ck_assert_int_ge(end - said, sizeof(text) - 1);
	memcpy(text, said, sizeof(text) - 1);
	ck_assert_ptr_nonnull(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
	until = timegm(&tm);
	ck_assert_int_ge(until, now + leases[_i].days * (time_t)86400);
	ck_assert_int_lt(until, now + (leases[_i].days + 1) * (time_t)86400);
	containerd_close(c);
	grpc_server_stop(f.server);
}
END_TEST

#define FULL "write /data: no space left on device"

/* What is there behind a connection that broke. */
static const struct {
	const char *name;
	struct told told;
	enum err_code want;
	const char *says;
} whys[] = {
	{ "a full disk",
	  { .status = "2", .message = FULL },
	  ERR_REFUSED,
	  "cannot write: " FULL " (free some space and run again)" },
	{ "nothing", MESSAGE(""), ERR_NETWORK, "broken" },
	{ "somebody else who asks", { .status = "14", .message = "locked" }, ERR_NETWORK, "broken" },
};

START_TEST(asks_why_it_broke)
{
	struct fixture f;
	struct containerd *c = open_one(&f, &whys[_i].told);
	struct err err = { 0 };

	ck_assert_int_eq(containerd_why(c, err_set(&err, ERR_NETWORK, "broken"), &err), whys[_i].want);
	ck_assert_msg(strcmp(err.msg, whys[_i].says) == 0, "%s: %s", whys[_i].name, err.msg);
	ck_assert_uint_eq(grpc_server_calls(f.server), 3);                   /* what was tried is forgotten */
	ck_assert_int_eq(containerd_why(c, ERR_NETWORK, &err), ERR_NETWORK); /* nobody is there any more */
	containerd_close(c);
	grpc_server_stop(f.server);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("containerd");
	TCase *t = tcase_create("containerd");

	tcase_add_loop_test(t, opens, 0, (int)COUNT_OF(openings));
	tcase_add_loop_test(t, knows_content, 0, (int)COUNT_OF(contents));
	tcase_add_loop_test(t, knows_images, 0, (int)COUNT_OF(images));
	tcase_add_test(t, cleans_the_version);
	tcase_add_test(t, passes_over_unknown_digests);
	tcase_add_test(t, proves_what_it_reads);
	tcase_add_loop_test(t, leases_for_as_long_as_it_takes, 0, (int)COUNT_OF(leases));
	tcase_add_loop_test(t, asks_why_it_broke, 0, (int)COUNT_OF(whys));
	suite_add_tcase(s, t);
	return test_run(s);
}
