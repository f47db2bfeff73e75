/* The distribution API on real bundles, without a socket. */
#include "import/serve_registry.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/serve_registry_error.h"
#include "import/serve_request.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define APP "a.test/demo/app"
#define NOTHING "sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"

/* Two bundles: with the same image in both, of which each knows a referrer that the other does not. */
static struct image_builder one, two;
static char *paths[2];
static struct catalog *catalog;
static struct serve_registry *registry;
/* What the paths below have in place of $NAME. */
static struct {
	const char *name;
	struct digest digest;
} named[8];
static size_t named_len;

static void name(const char *text, const struct digest *digest)
{
	named[named_len].name = text;
	named[named_len++].digest = *digest;
}

/* The n-th item of a type. */
static const struct image_item *of_type(const struct image_builder *b, const char *type, size_t n)
{
	size_t i;

	for (i = 0; i < b->items_len; i++) {
		if (strcmp(b->items[i].media_type, type) == 0 && n-- == 0)
			return &b->items[i];
	}
	ck_abort_msg("no %s", type);
	return NULL;
}

static void add_referrer(struct image_builder *b, size_t subject)
{
	char text[IMAGE_DESCRIPTOR_TEXT], empty[IMAGE_DESCRIPTOR_TEXT];
	size_t config = image_add(b, TYPE_OCI_EMPTY, "{}", 2);

	image_text(b, subject, text);
	image_text(b, config, empty);
	image_refer(b, subject,
		    image_json(b, TYPE_OCI_MANIFEST,
			       "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"artifactType\":\"application/"
			       "vnd.extra\",\"config\":"
			       "{%s},\"layers\":[{%s}],\"subject\":{%s},\"annotations\":{\"who\":\"two\"}}",
			       TYPE_OCI_MANIFEST, empty, empty, text),
		    LINK_SUBJECT);
}

static void make_images(void)
{
	struct image_sample large = { .raw_bytes = 1100000, .plain_bytes = 1100000 };
	struct image_sample small = { .one_manifest = true };

	image_builder_init(&one);
	image_sample(&one, APP ":1.0", &large);
	name("$INDEX", &one.items[one.tags[0].root].digest);
	name("$AMD64", &of_type(&one, TYPE_OCI_MANIFEST, 0)->digest);
	name("$CONFIG", &of_type(&one, TYPE_OCI_CONFIG, 0)->digest);
	name("$LAYER", &of_type(&one, "application/vnd.oci.image.layer.v1.tar+gzip", 0)->digest);
	name("$PLAIN", &of_type(&one, "application/vnd.oci.image.layer.v1.tar", 0)->digest);
	image_tag(&one, APP ":2.0", one.tags[0].root);
	image_sample(&one, "a.test/both:1", &small);
	name("$OTHER", &one.items[one.tags[2].root].digest);
	image_tag(&one, "b.test/both:1", one.tags[2].root);
	image_tag(&one, "docker.io/library/alpine:3", one.tags[2].root);
	image_builder_init(&two);
	image_sample(&two, APP ":3.0", &large);
	add_referrer(&two, two.tags[0].root);
}

static void begin(void)
{
	const char *items[2];
	struct opt_list places = { .items = items, .len = 2 };
	struct opt_list none = { 0 };
	struct catalog_options options = { .places = &places, .origin = { .keys = &none, .seals = &none } };
	struct err err = { 0 };

	make_images();
	paths[0] = file_new();
	paths[1] = file_new();
	bundle_put(&one, paths[0], 65536);
	bundle_put(&two, paths[1], 65536);
	items[0] = paths[0];
	items[1] = paths[1];
	ck_assert_msg(catalog_open(&options, &catalog, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(serve_registry_new(catalog, &registry, NULL), ERR_OK);
}

static void end(void)
{
	serve_registry_free(registry);
	catalog_close(catalog);
	file_remove(paths[0]);
	file_remove(paths[1]);
	image_builder_release(&one);
	image_builder_release(&two);
}

/* ---- One question ---- */

static void expand(const char *text, char out[2048])
{
	size_t len = 0, i;

	while (*text != '\0') {
		for (i = 0; i < named_len && strncmp(text, named[i].name, strlen(named[i].name)) != 0; i++)
			;
		if (i < named_len) {
			len += (size_t)snprintf(out + len, 2048 - len, "%s", named[i].digest.text);
			text += strlen(named[i].name);
		} else {
			out[len++] = *text++;
		}
	}
	out[len] = '\0';
}

/* "Name: value" lines. */
static size_t split_headers(char *text, struct serve_field fields[8])
{
	size_t len = 0;
	char *line, *rest = NULL;

	for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char *colon = strstr(line, ": ");

		ck_assert(colon != NULL && len < 8);
		*colon = '\0';
		fields[len++] = (struct serve_field){ line, colon + 2 };
	}
	return len;
}

static void ask(const char *method, const char *uri, const char *headers, struct serve_answer *answer)
{
	CLEANUP(serve_parsed_release) struct serve_parsed parsed = { 0 };
	char expanded[2048], text[2048];
	struct serve_field fields[8];
	struct err err = { 0 };
	enum err_code code;

	expand(uri, expanded);
	expand(headers, text);
	ck_assert_msg(serve_parse(method, expanded, &parsed, &err) == ERR_OK, "%s: %s", expanded, err.msg);
	parsed.request.headers_len = split_headers(text, fields);
	parsed.request.headers = fields;
	serve_answer_init(answer);
	code = serve_registry_handle(registry, &parsed.request, answer, &err);
	if (code != ERR_OK)
		serve_registry_refuse(registry, &parsed.request, serve_status(code), &err, answer);
	if (answer->status == 0)
		answer->status = 200;
}

/* All of what would be sent. */
static char *body_of(const struct serve_answer *a, size_t *ret_len)
{
	char *body = calloc(1, serve_answer_len(a) + 1);
	size_t len = 0, got;

	ck_assert_ptr_nonnull(body);
	if (a->blob.place != NULL) {
		struct instream *in = NULL;

		ck_assert_int_eq(catalog_blob_open(&a->blob, a->blob_from, a->blob_end, &in, NULL), ERR_OK);
		do {
			ck_assert_int_eq(instream_read(in, body + len, serve_answer_len(a) - len, &got, NULL), ERR_OK);
			len += got;
		} while (got > 0 && len < serve_answer_len(a));
		instream_release(in);
	} else {
		const char *from = a->bytes != NULL ? a->bytes->data + a->bytes_from : buf_text(&a->text);

		len = serve_answer_len(a);
		memcpy(body, from, len);
	}
	*ret_len = len;
	return body;
}

static const char *header_of(const struct serve_answer *a, const char *header)
{
	size_t i;

	for (i = 0; i < a->headers_len; i++) {
		if (strcmp(a->headers[i].name, header) == 0)
			return a->headers[i].value;
	}
	return NULL;
}

#define OCI "application/vnd.oci.image.index.v1+json"
#define DOCKER "application/vnd.docker.distribution.manifest.v2+json"
#define IMAGE "application/vnd.oci.image.manifest.v1+json"

/* A header is wanted as "Name: value" and a body by what it holds; NULL is not looked at. */
static const struct {
	const char *method, *uri, *headers;
	unsigned status;
	const char *wanted, *body;
} cases[] = {
	{ "GET", "/v2/", "", 200, "Docker-Distribution-Api-Version: registry/2.0", "{}" },
	{ "GET", "/v2", "", 200, NULL, "{}" },
	/* Manifests */
	{ "GET", "/v2/" APP "/manifests/1.0", "", 200, "Content-Type: " OCI, "\"manifests\":[" },
	{ "GET", "/v2/demo/app/manifests/1.0", "", 200, "Docker-Content-Digest: $INDEX", NULL },
	{ "GET", "/v2/demo/app/manifests/3.0", "", 200, "Docker-Content-Digest: $INDEX", NULL },
	{ "GET", "/v2/demo/app/manifests/1.0?ns=a.test", "", 200, "ETag: \"$INDEX\"", NULL },
	{ "GET", "/v2/demo/app/manifests/1.0?ns=b.test", "", 404, NULL, "\"NAME_UNKNOWN\"" },
	{ "HEAD", "/v2/demo/app/manifests/1.0", "", 200, "Docker-Content-Digest: $INDEX", NULL },
	{ "GET", "/v2/demo/app/manifests/$INDEX", "", 200, "Content-Type: " OCI, NULL },
	{ "GET", "/v2/demo/app/manifests/$AMD64", "", 200, "Content-Type: " IMAGE, "\"layers\":[" },
	{ "GET", "/v2/demo/app/manifests/4.0", "", 404, NULL, "\"MANIFEST_UNKNOWN\"" },
	{ "GET", "/v2/demo/app/manifests/.INVALID_MANIFEST_NAME", "", 404, NULL, "\"MANIFEST_UNKNOWN\"" },
	{ "GET", "/v2/demo/app/manifests/" NOTHING, "", 404, NULL, "\"MANIFEST_UNKNOWN\"" },
	{ "GET", "/v2/demo/app/manifests/$OTHER", "", 404, NULL, "\"MANIFEST_UNKNOWN\"" },
	{ "GET", "/v2/demo/app/manifests/$LAYER", "", 404, NULL, "\"MANIFEST_UNKNOWN\"" },
	{ "GET", "/v2/demo/app/manifests/sha256:baddigeststring", "", 400, NULL, "\"DIGEST_INVALID\"" },
	{ "GET", "/v2/demo/app/manifests/md5:d41d8cd98f00b204e9800998ecf8427e", "", 400, NULL, "\"DIGEST_INVALID\"" },
	{ "GET", "/v2/none/manifests/1.0", "", 404, NULL, "\"NAME_UNKNOWN\"" },
	{ "GET", "/v2/both/manifests/1", "", 404, NULL, "ask for one by its full name" },
	{ "GET", "/v2/b.test/both/manifests/1", "", 200, "Docker-Content-Digest: $OTHER", NULL },
	{ "GET", "/v2/alpine/manifests/3", "", 200, "Docker-Content-Digest: $OTHER", NULL },
	{ "GET", "/v2/library/alpine/manifests/3?ns=docker.io", "", 200, "Docker-Content-Digest: $OTHER", NULL },
	{ "GET", "/v2/UPPER/manifests/1", "", 400, NULL, "\"NAME_INVALID\"" },
	/* What is accepted */
	{ "GET", "/v2/demo/app/manifests/1.0", "Accept: */*", 200, "Content-Type: " OCI, NULL },
	{ "GET", "/v2/demo/app/manifests/1.0", "Accept: application/*", 200, NULL, NULL },
	{ "GET", "/v2/demo/app/manifests/1.0", "Accept: application/json", 200, NULL, NULL },
	{ "GET", "/v2/demo/app/manifests/1.0", "Accept: " DOCKER, 404, NULL, "\"MANIFEST_UNKNOWN\"" },
	{ "GET", "/v2/demo/app/manifests/1.0", "Accept: " IMAGE, 404, NULL, "does not accept" },
	{ "GET", "/v2/demo/app/manifests/1.0", "Accept: " DOCKER ", " OCI ";q=0.5", 200, NULL, NULL },
	{ "GET", "/v2/demo/app/manifests/1.0", "Accept: " DOCKER "\naccept: " OCI, 200, NULL, NULL },
	{ "GET", "/v2/demo/app/manifests/1.0", "Accept: " DOCKER ",*/*;q=0.1", 200, NULL, NULL },
	{ "GET", "/v2/demo/app/manifests/$AMD64", "Accept: " DOCKER ",\t" IMAGE, 200, "Content-Type: " IMAGE, NULL },
	/* Conditions */
	{ "GET", "/v2/demo/app/manifests/1.0", "If-None-Match: \"$INDEX\"", 304, "ETag: \"$INDEX\"", "" },
	{ "GET", "/v2/demo/app/manifests/1.0", "If-None-Match: \"$AMD64\"", 200, NULL, NULL },
	{ "GET", "/v2/demo/app/blobs/$LAYER", "If-None-Match: \"$LAYER\"", 304, "Docker-Content-Digest: $LAYER", "" },
	/* Blobs */
	{ "GET", "/v2/demo/app/blobs/$CONFIG", "", 200, "Content-Type: application/octet-stream", "\"architecture\"" },
	{ "GET", "/v2/demo/app/blobs/$LAYER", "", 200, "Accept-Ranges: bytes", NULL },
	{ "HEAD", "/v2/demo/app/blobs/$LAYER", "", 200, "Docker-Content-Digest: $LAYER", NULL },
	{ "HEAD", "/v2/demo/app/blobs/$LAYER", "Range: bytes=0-1", 200, NULL, NULL },
	{ "GET", "/v2/demo/app/blobs/$LAYER", "Range: bytes=0-0", 206, "Content-Range: bytes 0-0/1100000", NULL },
	{ "GET", "/v2/demo/app/blobs/$LAYER", "Range: bytes=1100000-", 416, "Content-Range: bytes */1100000",
	  "\"RANGE_INVALID\"" },
	{ "GET", "/v2/demo/app/blobs/$LAYER", "Range: bytes=1-2\nIf-Range: \"$LAYER\"", 206, NULL, NULL },
	{ "GET", "/v2/demo/app/blobs/$LAYER", "Range: bytes=1-2\nIf-Range: \"$PLAIN\"", 200, NULL, NULL },
	{ "GET", "/v2/demo/app/blobs/$LAYER", "Range: bytes=1-2,5-6", 200, NULL, NULL },
	{ "GET", "/v2/demo/app/blobs/" NOTHING, "", 404, NULL, "\"BLOB_UNKNOWN\"" },
	{ "GET", "/v2/alpine/blobs/$LAYER", "", 404, NULL, "\"BLOB_UNKNOWN\"" },
	{ "HEAD", "/v2/alpine/blobs/$PLAIN", "", 404, NULL, NULL },
	{ "GET", "/v2/demo/app/blobs/sha256:baddigeststring", "", 400, NULL, "\"DIGEST_INVALID\"" },
	{ "GET", "/v2/demo/app/blobs/1.0", "", 400, NULL, "\"DIGEST_INVALID\"" },
	/* Tags and repositories */
	{ "GET", "/v2/demo/app/tags/list?n=2", "", 200, "Link: </v2/demo/app/tags/list?n=2&last=2.0>; rel=\"next\"",
	  "{\"name\":\"demo/app\",\"tags\":[\"1.0\",\"2.0\"]}" },
	{ "GET", "/v2/demo/app/tags/list?n=2&ns=a.test", "", 200,
	  "Link: </v2/demo/app/tags/list?n=2&last=2.0&ns=a.test>; rel=\"next\"", NULL },
	{ "GET", "/v2/demo/app/tags/list?n=1&last=2.0", "", 200, NULL, "\"tags\":[\"3.0\"]" },
	{ "GET", "/v2/demo/app/tags/list?n=1&last=2", "", 200, NULL, "\"tags\":[\"2.0\"]" },
	{ "GET", "/v2/demo/app/tags/list?n=0", "", 200, "Link", "\"tags\":[]" },
	{ "GET", "/v2/demo/app/tags/list?last=zzz", "", 200, "Link", "\"tags\":[]" },
	{ "GET", "/v2/alpine/tags/list?n=99999999999999999999999", "", 200, "Link", "\"tags\":[\"3\"]" },
	{ "GET", "/v2/demo/app/tags/list?n=-1", "", 400, NULL, "\"PAGINATION_NUMBER_INVALID\"" },
	{ "GET", "/v2/demo/app/tags/list?n=", "", 400, NULL, "\"PAGINATION_NUMBER_INVALID\"" },
	{ "GET", "/v2/demo/app/tags/list?n=2x", "", 400, NULL, "\"PAGINATION_NUMBER_INVALID\"" },
	{ "GET", "/v2/none/tags/list", "", 404, NULL, "\"NAME_UNKNOWN\"" },
	{ "GET", "/v2/_catalog", "", 200, "Link",
	  "{\"repositories\":[\"a.test/both\",\"a.test/demo/app\",\"b.test/both\",\"docker.io/library/alpine\"]}" },
	{ "GET", "/v2/_catalog?n=1&last=a.test/both", "", 200,
	  "Link: </v2/_catalog?n=1&last=a.test/demo/app>; rel=\"next\"", "[\"a.test/demo/app\"]" },
	{ "GET", "/v2/_catalog?ns=a.test", "", 200, "Link", "{\"repositories\":[\"both\",\"demo/app\"]}" },
	/* Referrers */
	{ "GET", "/v2/demo/app/referrers/" NOTHING, "", 200, "Content-Type: " OCI,
	  "{\"schemaVersion\":2,\"mediaType\":\"" OCI "\",\"manifests\":[]}" },
	{ "GET", "/v2/demo/app/referrers/$INDEX", "", 200, "Content-Type: " OCI,
	  "\"artifactType\":\"application/vnd.extra\",\"annotations\":{\"who\":\"two\"}" },
	{ "GET", "/v2/demo/app/referrers/$INDEX", "", 200, "OCI-Filters-Applied",
	  "\"artifactType\":\"application/spdx+json\"" },
	{ "GET", "/v2/demo/app/referrers/$AMD64", "", 200, NULL, "\"application/vnd.example.scan\"" },
	{ "GET", "/v2/demo/app/referrers/$INDEX?artifactType=no/such", "", 200, "OCI-Filters-Applied: artifactType",
	  "\"manifests\":[]" },
	{ "GET", "/v2/demo/app/referrers/sha256:baddigeststring", "", 400, NULL, "\"DIGEST_INVALID\"" },
	{ "GET", "/v2/none/referrers/$INDEX", "", 404, NULL, "\"NAME_UNKNOWN\"" },
	{ "GET", "/v2/alpine/referrers/$INDEX", "", 200, NULL, "\"manifests\":[]" },
	/* Writing, and what there is not */
	{ "POST", "/v2/demo/app/blobs/uploads/", "", 405, "Allow: GET, HEAD", "\"UNSUPPORTED\"" },
	{ "PUT", "/v2/demo/app/manifests/1.0", "", 405, NULL, "\"UNSUPPORTED\"" },
	{ "PATCH", "/v2/demo/app/blobs/uploads/1", "", 405, NULL, "\"UNSUPPORTED\"" },
	{ "DELETE", "/v2/demo/app/manifests/$INDEX", "", 405, NULL, "read-only" },
	{ "DELETE", "/v2/", "", 405, NULL, NULL },
	{ "GET", "/v2/demo/app/blobs/uploads/1", "", 404, NULL, "\"BLOB_UPLOAD_UNKNOWN\"" },
	{ "GET", "/v2/demo/app", "", 404, NULL, "\"errors\"" },
	{ "GET", "/v2//", "", 404, NULL, "\"errors\"" },
};

START_TEST(answer)
{
	CLEANUP(serve_answer_release) struct serve_answer a;
	CLEANUP(free_ptr) char *body = NULL;
	char wanted[2048], header[64];
	size_t len = 0, name_len;

	ask(cases[_i].method, cases[_i].uri, cases[_i].headers, &a);
	body = body_of(&a, &len);
	ck_assert_msg(a.status == cases[_i].status, "%s %s: %u %s", cases[_i].method, cases[_i].uri, a.status, body);
	if (cases[_i].wanted != NULL) {
		expand(cases[_i].wanted, wanted);
		name_len = strcspn(wanted, ":");
		snprintf(header, sizeof(header), "%.*s", (int)name_len, wanted);
		if (wanted[name_len] == '\0')
			ck_assert_msg(header_of(&a, header) == NULL, "%s: %s is there", cases[_i].uri, header);
		else
			ck_assert_msg(header_of(&a, header) != NULL &&
					      strcmp(header_of(&a, header), wanted + name_len + 2) == 0,
				      "%s: %s: %s", cases[_i].uri, header, header_of(&a, header));
	}
	if (cases[_i].body != NULL && cases[_i].body[0] == '\0')
		ck_assert_msg(len == 0, "%s: %s", cases[_i].uri, body);
	else if (cases[_i].body != NULL)
		ck_assert_msg(strstr(body, cases[_i].body) != NULL, "%s: %s", cases[_i].uri, body);
}
END_TEST

/* Everything that an image leads to comes as it is, whole and in parts. */
START_TEST(content)
{
	size_t i, parts[][2] = { { 0, 0 }, { 1, 1 }, { 0, 100 } };

	for (i = 0; i < one.items_len; i++) {
		const struct image_item *item = &one.items[i];
		size_t part;

		for (part = 0; part < COUNT_OF(parts); part++) {
			CLEANUP(serve_answer_release) struct serve_answer a;
			CLEANUP(free_ptr) char *body = NULL;
			size_t from = parts[part][0], to = item->len - parts[part][1], len = 0;
			char uri[256], range[64] = "";

			if (item->len < parts[part][1] || from >= to)
				continue;
			snprintf(uri, sizeof(uri), "/v2/demo/app/blobs/%s", item->digest.text);
			if (from > 0 || to < item->len)
				snprintf(range, sizeof(range), "Range: bytes=%zu-%zu", from, to - 1);
			ask("GET", uri, range, &a);
			if (strcmp(item->digest.text, named[5].digest.text) == 0)
				continue; /* another repository's */
			body = body_of(&a, &len);
			if (a.status == 404)
				continue;
			ck_assert_uint_eq(a.status, range[0] != '\0' ? 206 : 200);
			ck_assert_uint_eq(len, to - from);
			ck_assert(memcmp(body, item->bytes + from, len) == 0);
		}
	}
}
END_TEST

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		n++;
	return n;
}

/* Of both bundles, each once, in order. */
START_TEST(referrers)
{
	CLEANUP(serve_answer_release) struct serve_answer a;
	CLEANUP(serve_answer_release) struct serve_answer filtered;
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *last = "";
	size_t i;

	ask("GET", "/v2/demo/app/referrers/$INDEX", "", &a);
	ck_assert_int_eq(js_read(a.text.data, a.text.len, "index", &json, NULL), ERR_OK);
	ck_assert_uint_eq(js_len(js_get(json, "manifests")), 2);
	for (i = 0; i < 2; i++) {
		const char *digest = js_string(js_at(js_get(json, "manifests"), i), "digest");

		ck_assert_str_gt(digest, last);
		last = digest;
	}
	ask("GET", "/v2/demo/app/referrers/$INDEX?artifactType=application/vnd.extra", "", &filtered);
	ck_assert_uint_eq(count(filtered.text.data, "\"digest\""), 1);
}
END_TEST

/* By the tags that clients without the API ask for, and then by what these are. */
START_TEST(tagged)
{
	CLEANUP(serve_answer_release) struct serve_answer tags, api, index, again, signature;
	char uri[512];
	const char *hex = digest_hex(&named[0].digest);

	ask("GET", "/v2/demo/app/tags/list", "", &tags);
	snprintf(uri, sizeof(uri), "\"sha256-%s\",\"sha256-%s.sig\"", hex, hex);
	ck_assert_msg(strstr(tags.text.data, uri) != NULL, "%s", tags.text.data);
	ck_assert_uint_eq(count(tags.text.data, "sha256-"), 3);
	snprintf(uri, sizeof(uri), "/v2/demo/app/manifests/sha256-%s", hex);
	ask("GET", uri, "", &index);
	ask("GET", "/v2/demo/app/referrers/$INDEX", "", &api);
	ck_assert_uint_eq(index.status, 200);
	ck_assert_str_eq(index.text.data, api.text.data);
	snprintf(uri, sizeof(uri), "/v2/demo/app/manifests/%s", header_of(&index, "Docker-Content-Digest"));
	ask("GET", uri, "", &again);
	ck_assert_uint_eq(again.status, 200);
	ck_assert_str_eq(again.text.data, index.text.data);
	snprintf(uri, sizeof(uri), "/v2/demo/app/manifests/sha256-%s.sig", hex);
	ask("GET", uri, "", &signature);
	ck_assert_uint_eq(signature.status, 200);
	ck_assert_str_eq(header_of(&signature, "Content-Type"), IMAGE);
}
END_TEST

static const char *const no_tags[] = { ".att", ".sbom", ".other" };

START_TEST(not_tagged)
{
	CLEANUP(serve_answer_release) struct serve_answer a, b;
	char uri[512];

	snprintf(uri, sizeof(uri), "/v2/demo/app/manifests/sha256-%s%s", digest_hex(&named[0].digest), no_tags[_i]);
	ask("GET", uri, "", &a);
	ck_assert_uint_eq(a.status, 404);
	/* Nothing refers to a config. */
	snprintf(uri, sizeof(uri), "/v2/demo/app/manifests/sha256-%s", digest_hex(&named[2].digest));
	ask("GET", uri, "", &b);
	ck_assert_uint_eq(b.status, 404);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_registry");
	TCase *t = tcase_create("serve_registry");

	tcase_add_unchecked_fixture(t, begin, end);
	tcase_add_loop_test(t, answer, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, content);
	tcase_add_test(t, referrers);
	tcase_add_test(t, tagged);
	tcase_add_loop_test(t, not_tagged, 0, (int)COUNT_OF(no_tags));
	suite_add_tcase(s, t);
	return test_run(s);
}
