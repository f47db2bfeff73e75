#include "import/serve_engine.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/recorded.h"
#include "tests/lib/test_main.h"

#define FIELDS 16

static const struct platform host = { .os = "linux", .architecture = "amd64" };

static struct image_builder images;
static char *folder, *bundle;
static struct catalog *catalogs[2]; /* of the layout, of the bundle */
static struct engine *engines[2];
static const char *const places[] = { "layout", "bundle" };

static void open_engine(size_t i, const char *place)
{
	const struct opt_list list = { .items = &place, .len = 1 }, none = { 0 };
	const struct catalog_options options = { .places = &list, .origin = { .keys = &none, .seals = &none } };
	struct err err = { 0 };

	ck_assert_msg(catalog_open(&options, &catalogs[i], &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(engine_new(catalogs[i], &host, &engines[i], NULL), ERR_OK);
}

static void setup(void)
{
	CLEANUP(free_ptr) char *layout = NULL;

	image_builder_init(&images);
	recorded_images(&images);
	folder = folder_new();
	recorded_layout(&images, folder);
	bundle = file_new();
	bundle_put(&images, bundle, 65536);
	ck_assert_int_eq(str_format(&layout, NULL, "oci:%s", folder), ERR_OK);
	open_engine(0, layout);
	open_engine(1, bundle);
}

static void teardown(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(engines); i++) {
		engine_free(engines[i]);
		catalog_close(catalogs[i]);
	}
	file_remove(bundle);
	folder_remove(folder);
	image_builder_release(&images);
}

/* A request as a server would have read it. */
struct request {
	struct serve_request r;
	char text[4096];
	struct serve_field fields[FIELDS];
};

static int hex(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static void decode(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++, to++) {
		*to = *text;
		if (*text == '%') {
			*to = (char)(hex(text[1]) * 16 + hex(text[2]));
			text += 2;
		}
	}
	*to = '\0';
}

/* "GET /v1.55/images/json?manifests=1" */
static void read_request(const char *line, struct request *q)
{
	char *path, *query, *part, *save = NULL;

	*q = (struct request){ .r = { .peer = "-", .query_text = "" } };
	snprintf(q->text, sizeof(q->text), "%s", line);
	q->r.method_text = q->text;
	path = strchr(q->text, ' ');
	*path++ = '\0';
	q->r.method = strcmp(q->text, "GET") == 0 ? SERVE_GET : strcmp(q->text, "HEAD") == 0 ? SERVE_HEAD : SERVE_OTHER;
	query = strchr(path, '?');
	if (query != NULL)
		*query++ = '\0';
	decode(path);
	q->r.path = path;
	q->r.query = q->fields;
	for (part = query != NULL ? strtok_r(query, "&", &save) : NULL; part != NULL;
	     part = strtok_r(NULL, "&", &save)) {
		char *value = strchr(part, '=');

		ck_assert_uint_lt(q->r.query_len, FIELDS);
		if (value != NULL)
			*value++ = '\0';
		decode(part);
		if (value != NULL)
			decode(value);
		q->fields[q->r.query_len++] = (struct serve_field){ part, value != NULL ? value : "" };
	}
}

static void ask(size_t place, const char *line, struct serve_answer *answer)
{
	struct request q;
	struct err err = { 0 };

	read_request(line, &q);
	serve_answer_init(answer);
	ck_assert_msg(engine_answer(engines[place], &q.r, answer, &err) == ERR_OK, "%s: %s", line, err.msg);
}

static const char *header(const struct serve_answer *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->headers_len; i++) {
		if (strcmp(a->headers[i].name, name) == 0)
			return a->headers[i].value;
	}
	return "";
}

static unsigned status_of(const struct serve_answer *a)
{
	return a->status != 0 ? a->status : 200;
}

/* What only a running daemon can know: docs/bundle-serve.1 lists the same. */
static bool is_unknowable(const char *path)
{
	static const char *const fields[] = {
		".Size",                 /* of an image: with what its unpacked layers take */
		".Manifests.Size.Total", /* the same of a manifest */
		".Manifests.ImageData.Size.Unpacked",
		".Metadata.LastTagTime",
	};
	size_t i;

	for (i = 0; i < COUNT_OF(fields); i++) {
		if (strcmp(path, fields[i]) == 0)
			return true;
	}
	return false;
}

/* Compare two values, but for what cannot be known; path names the place, items of arrays without their number. */
static bool same(const struct json_t *a, const struct json_t *b, const char *path)
{
	const char *key;
	size_t i;

	if (is_unknowable(path))
		return a != NULL && b != NULL;
	if (js_next(a, NULL) != NULL) {
		for (key = js_next(a, NULL); key != NULL; key = js_next(a, key)) {
			char next[256];

			snprintf(next, sizeof(next), "%s.%s", path, key);
			if (!same(js_get(a, key), js_get(b, key), next))
				return false;
		}
		for (key = js_next(b, NULL); key != NULL; key = js_next(b, key)) {
			if (js_get(a, key) == NULL) {
				printf("%s.%s is too much\n", path, key);
				return false;
			}
		}
		return true;
	}
	if (js_len(a) > 0 || js_len(b) > 0) {
		for (i = 0; i < js_len(a) && i < js_len(b); i++) {
			if (!same(js_at(a, i), js_at(b, i), path))
				return false;
		}
		return js_len(a) == js_len(b);
	}
	if (js_contains(a, b) && js_contains(b, a))
		return true;
	printf("%s differs\n", path);
	return false;
}

/* Every recorded answer, from a layout and straight from a bundle. */
START_TEST(recorded)
{
	size_t place;

	for (place = 0; place < COUNT_OF(engines); place++) {
		CLEANUP(js_free_ptr) struct json_t *want = recorded_answer((size_t)_i), *got = NULL;
		CLEANUP(serve_answer_release) struct serve_answer answer = { 0 };
		uint64_t status = 0;

		ask(place, js_string(want, "request"), &answer);
		ck_assert(js_uint(want, "status", &status));
		ck_assert_msg(status_of(&answer) == status, "%s from a %s: %u, %s", recorded_name((size_t)_i),
			      places[place], answer.status, buf_text(&answer.text));
		ck_assert_str_eq(header(&answer, "Content-Type"), js_string(want, "content_type"));
		ck_assert_int_eq(js_read(answer.text.data, answer.text.len, "the answer", &got, NULL), ERR_OK);
		ck_assert_msg(same(js_get(want, "body"), got, ""), "%s from a %s: %s", recorded_name((size_t)_i),
			      places[place], buf_text(&answer.text));
	}
}
END_TEST

#define APP "/images/" RECORDED_APP
#define MULTI "/images/" RECORDED_MULTI
#define APP_MANIFEST "sha256:9092f4052512ad1eae5c0aa02ad7ecfd24e53377d53e2f0e1a6ecdb6efe4a15b"
#define TOO_OLD(v)                                                                                                     \
	"{\"message\":\"client version " v                                                                             \
	" is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version\"}\n"
#define TOO_NEW(v) "{\"message\":\"client version " v " is too new. Maximum supported API version is 1.55\"}\n"
#define NO_PAGE "{\"message\":\"page not found\"}\n"
#define MESSAGE(text) "{\"message\":\"" text "\"}\n"
#define P(json) "platform=" json

/* Whole answers, or what stands in them. */
static const struct {
	const char *request;
	unsigned status;
	const char *whole, *part, *without;
} cases[] = {
	{ "GET /_ping", 200, "OK", NULL, NULL },
	{ "HEAD /_ping", 200, "", NULL, NULL },
	{ "GET /v1.44/_ping", 200, "OK", NULL, NULL },
	{ "GET /v1.55/_ping", 200, "OK", NULL, NULL },
	{ "GET /v1.43/_ping", 400, TOO_OLD("1.43"), NULL, NULL },
	{ "GET /v1.56/_ping", 400, TOO_NEW("1.56"), NULL, NULL },
	{ "GET /v2/_ping", 400, TOO_NEW("2"), NULL, NULL },
	{ "GET /v1/_ping", 400,
	  "client version 1 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer "
	  "version\n",
	  NULL, NULL },
	{ "GET /v1.44.9/version", 200, NULL, "\"ApiVersion\":\"1.55\",\"MinAPIVersion\":\"1.44\"", NULL },
	{ "GET /v1.55.1/version", 400, TOO_NEW("1.55.1"), NULL, NULL },
	{ "GET /v1.55", 404, NO_PAGE, NULL, NULL },
	{ "GET /vx/_ping", 404, NO_PAGE, NULL, NULL },
	{ "GET /", 404, NO_PAGE, NULL, NULL },
	{ "GET /containers/json", 404, NO_PAGE, NULL, NULL },
	{ "GET /images/x/history", 404, NO_PAGE, NULL, NULL },
	{ "POST /images/json", 404, NO_PAGE, NULL, NULL },
	{ "HEAD /images/json", 404, NO_PAGE, NULL, NULL },
	{ "DELETE /v1.55" APP, 404, NO_PAGE, NULL, NULL },
	{ "GET /version", 200, NULL, "\"Name\":\"Engine\"", NULL },
	{ "GET /info", 200, NULL, "\"DriverStatus\":[[\"driver-type\",\"io.containerd.snapshotter.v1\"]]", NULL },
	{ "GET /info", 200, NULL, "\"Images\":3", NULL },
	/* Names. */
	{ "GET " APP "/json", 200, NULL, "\"Id\":\"sha256:fb710f7a", NULL },
	{ "GET /images/fb710f7a4e3c/json", 200, NULL, "\"Id\":\"sha256:fb710f7a", NULL },
	{ "GET /images/sha256:fb71/json", 200, NULL, "\"Id\":\"sha256:fb710f7a", NULL },
	{ "GET /images/fb7/json", 404, MESSAGE("No such image: fb7:latest"), NULL, NULL },
	{ "GET /images/registry.example.test/demo/app1@"
	  "sha256:fb710f7a4e3c814a69770ab788ceccf230372ca608284567ac2cbae23fc76743/json",
	  200, NULL, "\"Id\":\"sha256:fb710f7a", NULL },
	{ "GET /images/app1@sha256:fb710f7a4e3c814a69770ab788ceccf230372ca608284567ac2cbae23fc76743/json", 404,
	  MESSAGE("No such image: app1@sha256:fb710f7a4e3c814a69770ab788ceccf230372ca608284567ac2cbae23fc76743"), NULL,
	  NULL },
	{ "GET /images/nothing/json", 404, MESSAGE("No such image: nothing:latest"), NULL, NULL },
	{ "GET /images/docker.io/library/nothing:1/json", 404, MESSAGE("No such image: nothing:1"), NULL, NULL },
	{ "GET /images/Nothing/json", 400,
	  MESSAGE("invalid reference format: repository name (Nothing) must be lowercase"), NULL, NULL },
	{ "GET /images/a b/json", 400, MESSAGE("invalid reference format"), NULL, NULL },
	{ "GET /images//json", 400, MESSAGE("invalid reference format"), NULL, NULL },
	/* Versions. */
	{ "GET /v1.54" APP "/attestations", 400,
	  MESSAGE("GET /images/{name:.*}/attestations requires minimum API version 1.55"), NULL, NULL },
	{ "GET " APP "/attestations", 200, NULL, "\"PredicateType\":\"https://slsa.dev/provenance/v0.2\"", NULL },
	{ "GET /v1.47" APP "/json?manifests=1", 200, NULL, "\"Parent\":\"\"", "\"Manifests\"" },
	{ "GET /v1.48" APP "/json?manifests=1", 200, NULL, "\"Manifests\"", NULL },
	{ "GET /v1.47" APP "/json", 200, NULL, "\"GraphDriver\"", "\"Descriptor\"" },
	{ "GET /v1.49" APP "/json", 200, NULL, "\"AttachStderr\":false", NULL },
	{ "GET /v1.51" APP "/json", 200, NULL, "\"Volumes\":null", "\"AttachStderr\"" },
	{ "GET /v1.52" APP "/json", 200, NULL, "\"Id\"", "\"Volumes\"" },
	{ "GET /v1.44" APP "/json", 200, NULL, "\"ContainerConfig\":null", NULL },
	{ "GET /v1.45" APP "/json", 200, NULL, "\"Id\"", "\"ContainerConfig\"" },
	{ "GET /v1.46/images/json?manifests=1", 200, NULL, "\"Containers\":-1", "\"Manifests\"" },
	{ "GET /v1.47/images/json?manifests=1", 200, NULL, "\"Manifests\"",
	  "\"Descriptor\":{\"mediaType\":\"application/vnd.oci.image.index" },
	{ "GET /v1.51/images/json", 200, NULL, "\"Containers\":0", NULL },
	/* Platforms. */
	{ "GET " MULTI "/json?" P("{\"os\":\"linux\",\"architecture\":\"arm64\"}"), 200, NULL,
	  "\"Architecture\":\"arm64\"", NULL },
	{ "GET " MULTI "/json?" P("{\"os\":\"linux\",\"architecture\":\"arm64\"}"), 200, NULL,
	  "\"Id\":\"sha256:c4607df3", NULL },
	{ "GET " MULTI "/json?manifests=1&" P("{\"os\":\"linux\",\"architecture\":\"arm64\"}"), 400,
	  MESSAGE("conflicting options: manifests and platform options cannot both be set"), NULL, NULL },
	{ "GET " MULTI "/json?" P("{\"os\":\"linux\",\"architecture\":\"s390x\"}"), 404,
	  MESSAGE("image with reference " RECORDED_MULTI
		  " was found but does not provide the specified platform (linux/s390x)"),
	  NULL, NULL },
	{ "GET /v1.48" MULTI "/json?" P("{\"os\":\"linux\",\"architecture\":\"s390x\"}"), 200, NULL,
	  "\"Architecture\":\"amd64\"", NULL },
	{ "GET " MULTI "/attestations?" P(""), 200, NULL, "\"Descriptor\"", NULL },
	{ "GET " MULTI "/attestations?" P("{}"), 400, MESSAGE("both OS and Architecture must be provided"), NULL,
	  NULL },
	{ "GET " MULTI "/attestations?" P("{\"variant\":\"v7\"}"), 400,
	  MESSAGE("optional platform fields provided, but OS and Architecture are missing"), NULL, NULL },
	{ "GET " MULTI "/attestations?" P("[]"), 400,
	  MESSAGE("failed to parse platform: json: cannot unmarshal array into Go value of type v1.Platform"), NULL,
	  NULL },
	{ "GET " MULTI "/attestations?" P("%20"), 400,
	  MESSAGE("failed to parse platform: unexpected end of JSON input"), NULL, NULL },
	{ "GET " MULTI "/attestations?" P("{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v8\"}"), 200, NULL,
	  "sha256:9cb6687e", NULL },
	{ "GET " MULTI "/attestations?" P("{\"os\":\"Linux\",\"architecture\":\"aarch64\"}"), 200, NULL,
	  "sha256:b7e4f0d5", NULL },
	{ "GET " MULTI "/attestations?" P("{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\"}"), 404, NULL,
	  "no manifest for platform linux/arm/v6: not found", NULL },
	/* Types, blanks around them. */
	{ "GET " APP "/attestations?type=%20https://spdx.dev/Document%20&type=", 200, NULL, "spdx", "slsa" },
	/* Statements. */
	{ "GET " APP "/attestations?statement=no", 200, NULL, "\"Descriptor\"", "\"Statement\"" },
	{ "GET " APP "/attestations?statement", 200, NULL, "\"Descriptor\"", "\"Statement\"" },
	{ "GET " APP "/attestations?statement=yes", 200, NULL, "\"Statement\":{", NULL },
	{ "GET " APP "/json?manifests=1&statements=1", 200, NULL, "\"For\":\"" APP_MANIFEST "\",\"Statements\":[{",
	  NULL },
	{ "GET " APP "/json?manifests=1", 200, NULL, "\"For\":\"" APP_MANIFEST "\"", "\"Statements\"" },
	{ "GET /images/json?manifests=1&statements=1", 200, NULL, "\"Statements\":[{", NULL },
	/* Referrers. */
	{ "GET " APP "/attestations?referrers=1", 200, NULL, "\"Referrer\":{", "\"Statement\"" },
	{ "GET " APP "/attestations?referrers=1&type=https://sigstore.dev/cosign/sign/v1&statement=1", 200, NULL,
	  "\"predicateType\":\"https://sigstore.dev/cosign/sign/v1\"", "slsa" },
	{ "GET /images/" RECORDED_PLAIN "/attestations?referrers=1", 200, NULL, "\"Referrer\":{", NULL },
	{ "GET " MULTI "/attestations?referrers=1", 200, NULL, "\"Referrer\":{", NULL },
	/* Filters. */
	{ "GET /images/json?filters={\"reference\":{\"*/demo/app1\":true}}", 200, NULL, "app1:1.0", "plain" },
	{ "GET /images/json?filters={\"reference\":[\"registry.example.test/demo/plain:*\"]}", 200, NULL, "plain:1",
	  "app1:1.0" },
	{ "GET /images/json?filters={\"reference\":{\"app1\":true}}", 200, "[]\n", NULL, NULL },
	{ "GET /images/json?filters={\"dangling\":{\"true\":true}}", 200, "[]\n", NULL, NULL },
	{ "GET /images/json?filters={\"dangling\":{\"false\":true}}", 200, NULL, "app1:1.0", NULL },
	{ "GET /images/json?filters={\"dangling\":{\"x\":true}}", 400, MESSAGE("invalid filter 'dangling=[x]'"), NULL,
	  NULL },
	{ "GET /images/json?filters={\"label\":{\"org.opencontainers.image.title=app1\":true}}", 200, NULL, "app1:1.0",
	  "multi" },
	{ "GET /images/json?filters={\"label!\":{\"org.opencontainers.image.title=app1\":true}}", 200, NULL, "multi",
	  "app1:1.0" },
	{ "GET /images/json?filters={\"label\":{\"none\":true}}", 200, "[]\n", NULL, NULL },
	{ "GET /images/json?filters={\"since\":{\"" RECORDED_APP "\":true}}", 200, NULL, "multi", "app1:1.0" },
	{ "GET /images/json?filters={\"before\":{\"" RECORDED_MULTI "\":true}}", 200, NULL, "app1:1.0", "multi" },
	{ "GET /images/json?filters={\"before\":{\"nothing\":true}}", 404, MESSAGE("No such image: nothing:latest"),
	  NULL, NULL },
	{ "GET /images/json?filters={\"until\":{\"1h\":true}}", 400,
	  MESSAGE("the filter 'until' is not supported here: when an image came is not known"), NULL, NULL },
	{ "GET /images/json?filters={\"colour\":{\"red\":true}}", 400, MESSAGE("invalid filter 'colour'"), NULL, NULL },
	{ "GET /images/json?filters=x", 400, MESSAGE("invalid filter"), NULL, NULL },
	{ "GET /images/json?filters=[]", 200, NULL, "app1:1.0", NULL },
	{ "GET /images/json?filters={\"label\":1}", 400, MESSAGE("invalid filter"), NULL, NULL },
	{ "GET /images/json?identity=1", 400, MESSAGE("conflicting options: identity requires manifests=1"), NULL,
	  NULL },
};

START_TEST(answers)
{
	size_t place;

	for (place = 0; place < COUNT_OF(engines); place++) {
		CLEANUP(serve_answer_release) struct serve_answer answer = { 0 };
		const char *body;

		ask(place, cases[_i].request, &answer);
		body = buf_text(&answer.text);
		ck_assert_msg(status_of(&answer) == cases[_i].status, "%s: %u %s", cases[_i].request, answer.status,
			      body);
		if (cases[_i].whole != NULL)
			ck_assert_msg(strcmp(body, cases[_i].whole) == 0, "%s: %s", cases[_i].request, body);
		if (cases[_i].part != NULL)
			ck_assert_msg(strstr(body, cases[_i].part) != NULL, "%s: %s", cases[_i].request, body);
		if (cases[_i].without != NULL)
			ck_assert_msg(strstr(body, cases[_i].without) == NULL, "%s: %s", cases[_i].request, body);
	}
}
END_TEST

START_TEST(headers)
{
	static const char *const of_routes[][2] = {
		{ "Api-Version", "1.55" },
		{ "Docker-Experimental", "false" },
		{ "Ostype", "linux" },
	};
	static const char *const requests[] = { "GET /_ping", "GET /version", "GET /v1.1/version",
						"GET /images/x/json" };
	size_t i, j;

	for (i = 0; i < COUNT_OF(requests); i++) {
		CLEANUP(serve_answer_release) struct serve_answer answer = { 0 };

		ask(0, requests[i], &answer);
		for (j = 0; j < COUNT_OF(of_routes); j++)
			ck_assert_str_eq(header(&answer, of_routes[j][0]), of_routes[j][1]);
		ck_assert_ptr_eq(strstr(header(&answer, "Server"), "Docker/"), header(&answer, "Server"));
	}
}
END_TEST

START_TEST(ping_headers)
{
	CLEANUP(serve_answer_release) struct serve_answer answer = { 0 };

	ask(0, "GET /_ping", &answer);
	ck_assert_str_eq(header(&answer, "Cache-Control"), "no-cache, no-store, must-revalidate");
	ck_assert_str_eq(header(&answer, "Pragma"), "no-cache");
	ck_assert_str_eq(header(&answer, "Swarm"), "inactive");
	ck_assert_str_eq(header(&answer, "Content-Type"), "text/plain; charset=utf-8");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_engine");
	TCase *t = tcase_create("serve_engine");

	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, recorded, 0, (int)recorded_len());
	tcase_add_loop_test(t, answers, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, headers);
	tcase_add_test(t, ping_headers);
	suite_add_tcase(s, t);
	return test_run(s);
}
