#include "import/serve_engine_image.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/serve_engine_attestations.h"
#include "import/serve_engine_inspect.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define SLSA "https://slsa.dev/provenance/v1"
#define SPDX "https://spdx.dev/Document"

static const struct platform host = { .os = "linux", .architecture = "amd64" };
static struct image_builder images;
static struct buf text;

static void setup(void)
{
	image_builder_init(&images);
	buf_init(&text, MIB);
}

static void teardown(void)
{
	buf_release(&text);
	image_builder_release(&images);
}

struct words {
	char t[IMAGE_DESCRIPTOR_TEXT];
};

static struct words of(size_t item)
{
	struct words w;

	image_text(&images, item, w.t);
	return w;
}

static size_t put_layer(const char *seed)
{
	return image_json(&images, "application/vnd.oci.image.layer.v1.tar", "layer %s", seed);
}

/* An image manifest whose config says so much of itself. */
static size_t put_manifest(const char *config)
{
	size_t c = image_json(&images, TYPE_OCI_CONFIG, "%s", config);

	return image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s}]}", of(c).t,
			  of(put_layer(config)).t);
}

static size_t put_attestation(const char *type, const char *statement)
{
	size_t c = image_json(&images, TYPE_OCI_CONFIG, "{\"of\":\"%s\"}", type);
	size_t s = image_json(&images, TYPE_IN_TOTO, "%s", statement);

	return image_json(&images, TYPE_OCI_MANIFEST,
			  "{\"config\":{%s},\"layers\":[{%s,\"annotations\":{\"%s\":\"%s\"}}]}", of(c).t, of(s).t,
			  ANNOTATION_PREDICATE_TYPE, type);
}

#define FOR(architecture) ",\"platform\":{\"os\":\"linux\",\"architecture\":\"" architecture "\"}"
#define ATTESTS                                                                                                        \
	",\"annotations\":{\"" ANNOTATION_REFERENCE_TYPE "\":\"attestation-manifest\",\"" ANNOTATION_REFERENCE_DIGEST  \
	"\":\"%s\"}"

static struct descriptor descriptor_of(size_t item)
{
	return (struct descriptor){ .digest = images.items[item].digest,
				    .size_bytes = images.items[item].len,
				    .media_type = images.items[item].media_type };
}

/* What is attested of an image, or why that cannot be said. */
static enum err_code attestations(size_t root, bool statements, bool referrers, struct err *err)
{
	struct engine_platform platform;
	struct engine_attestations asked = { .platform = &platform, .statements = statements, .referrers = referrers };
	struct descriptor d = descriptor_of(root);
	struct buf_stage to;
	struct js_out o;

	engine_platform_of(&host, &platform);
	buf_clear(&text);
	buf_stage_init(&to, &text);
	js_out_init(&o, &to.out, false);
	return engine_attestations_put(&images.source, &d, &asked, &o, err);
}

/* Two attestation manifests of one platform, the first listed twice, and one of another. */
static size_t put_attested(void)
{
	size_t m = put_manifest("{\"os\":\"linux\",\"architecture\":\"amd64\"}");
	size_t one = put_attestation(SLSA, "{\"predicateType\":\"" SLSA "\"}");
	size_t two = put_attestation(SPDX, "{\"predicateType\":\"" SPDX "\"}");
	const char *subject = images.items[m].digest.text;

	return image_json(&images, TYPE_OCI_INDEX,
			  "{\"manifests\":[{%s" FOR("amd64") "},{%s" ATTESTS "},{%s" ATTESTS "},{%s" ATTESTS "}]}",
			  of(m).t, of(one).t, subject, of(one).t, subject, of(two).t, subject);
}

START_TEST(all_attestation_manifests)
{
	char *first, *second;

	ck_assert_int_eq(attestations(put_attested(), true, false, NULL), ERR_OK);
	first = strstr(buf_text(&text), "\"Statement\":{\"predicateType\":\"" SLSA "\"}");
	second = strstr(buf_text(&text), "\"Statement\":{\"predicateType\":\"" SPDX "\"}");
	ck_assert(first != NULL && second > first);
	ck_assert_ptr_null(strstr(first + 1, "\"Statement\":{\"predicateType\":\"" SLSA "\"}"));
}
END_TEST

/* What goes missing, and what is said then. */
static const struct {
	const char *name, *media_type; /* of the item that is not there */
	bool statements;
	enum err_code code;
	const char *message;
} losses[] = {
	{ "a statement that nobody wants", TYPE_IN_TOTO, false, ERR_OK, "" },
	{ "a statement", TYPE_IN_TOTO, true, ERR_NOT_FOUND, "is not available locally: content digest sha256:" },
	{ "an attestation manifest", TYPE_OCI_MANIFEST, false, ERR_NOT_FOUND, "reading blob sha256:" },
};

START_TEST(lost)
{
	size_t root = put_attested(), i;
	struct err err = { 0 };
	enum err_code code;

	for (i = images.items_len; i-- > 0;) {
		if (strcmp(images.items[i].media_type, losses[_i].media_type) == 0)
			break;
	}
	images.items[i].absent = true;
	code = attestations(root, losses[_i].statements, false, &err);
	ck_assert_msg(code == losses[_i].code, "%s: %d %s", losses[_i].name, code, err.msg);
	ck_assert_msg(strstr(err.msg, losses[_i].message) != NULL, "%s: %s", losses[_i].name, err.msg);
}
END_TEST

/* A statement is put into the answer as it is: it must not end it. */
START_TEST(statement_that_is_no_json)
{
	size_t m = put_manifest("{}");
	size_t a = put_attestation(SLSA, "{}],\"x\":[{}");
	size_t root = image_json(&images, TYPE_OCI_INDEX, "{\"manifests\":[{%s" FOR("amd64") "},{%s" ATTESTS "}]}",
				 of(m).t, of(a).t, images.items[m].digest.text);

	ck_assert_int_eq(attestations(root, true, false, NULL), ERR_FORMAT);
	ck_assert_int_eq(attestations(root, false, false, NULL), ERR_OK);
}
END_TEST

/* Docker Hardened Images: by referrers alone, and a daemon says 500. */
START_TEST(hardened)
{
	size_t m = put_manifest("{}");
	size_t statement = image_json(&images, TYPE_IN_TOTO, "{\"predicateType\":\"" SLSA "\"}");
	size_t config = image_json(&images, TYPE_OCI_EMPTY, "{}");
	size_t referrer = image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s}]}", of(config).t,
				     of(statement).t);
	size_t root = image_json(
		&images, TYPE_OCI_INDEX,
		"{\"manifests\":[{%s" FOR("amd64") ",\"annotations\":{\"com.docker.dhi.build.id\":\"1\"}}],"
						   "\"annotations\":{\"org.opencontainers.image.title\":\"dhi/app\"}}",
		of(m).t);
	struct err err = { 0 };

	image_refer(&images, m, referrer, LINK_SUBJECT);
	ck_assert_int_eq(attestations(root, false, false, &err), ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "no attestation referrers found for DHI manifest sha256:"));
	ck_assert_int_eq(attestations(root, true, true, NULL), ERR_OK);
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "\"Statement\":{\"predicateType\":\"" SLSA "\"}"));
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "\"Referrer\":{"));
}
END_TEST

/* An image that is no OCI index pairs nothing with anything. */
START_TEST(no_index)
{
	size_t m = put_manifest("{}");
	size_t root = image_json(&images, TYPE_DOCKER_LIST, "{\"manifests\":[{%s" FOR("arm64") "}]}", of(m).t);

	ck_assert_int_eq(attestations(m, false, false, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&text), "[]");
	ck_assert_int_eq(attestations(root, false, false, NULL), ERR_OK);
	ck_assert_str_eq(buf_text(&text), "[]");
}
END_TEST

/* ---- what an image is made of ---- */

static void read_image(size_t root, const struct platform *wanted, struct engine_image *image)
{
	struct descriptor d = descriptor_of(root);
	struct err err = { 0 };

	ck_assert_msg(engine_image_read(&images.source, &d, &host, wanted, image, &err) == ERR_OK, "%s", err.msg);
}

/* "image there amd64, attestation …" */
static void tell(const struct engine_image *image, char *out)
{
	static const char *const kinds[] = { "image", "attestation", "unknown" };
	size_t i;

	*out = '\0';
	for (i = 0; i < image->items_len; i++)
		sprintf(out + strlen(out), "%s%s%s%s%s, ", i == image->best ? "*" : "", kinds[image->items[i].kind],
			image->items[i].available ? ""
			: image->items[i].there   ? " in part"
						  : " absent",
			image->items[i].has_platform ? " " : "",
			image->items[i].has_platform ? image->items[i].platform.architecture : "");
}

#define ONE "{\"os\":\"linux\",\"architecture\":\"arm64\"}"

/* An index with one of each kind. */
static size_t put_mixed(size_t *ret_layer)
{
	size_t bare = put_manifest(ONE);
	size_t arm = put_manifest("{\"x\":1}"), amd = put_manifest("{\"x\":2}");
	size_t config = image_json(&images, TYPE_OCI_EMPTY, "{}"), blob = image_json(&images, "text/plain", "x");
	size_t artifact =
		image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s}]}", of(config).t, of(blob).t);
	size_t inner = image_json(&images, TYPE_OCI_INDEX, "{\"manifests\":[{%s" FOR("amd64") "}]}", of(amd).t);
	size_t attestation = put_attestation(SLSA, "{}");
	size_t root =
		image_json(&images, TYPE_OCI_INDEX,
			   "{\"manifests\":[{%s},{%s" FOR("arm64") "},{%s},{%s" FOR(
				   "unknown") "},{%s},{%s" ATTESTS "},{%s,\"annotations\":{\"" ANNOTATION_REFERENCE_TYPE
					      "\":\"x\"}}]}",
			   of(bare).t, of(arm).t, of(artifact).t, of(artifact).t, of(inner).t, of(attestation).t,
			   images.items[arm].digest.text, of(attestation).t);

	*ret_layer = amd - 1;
	return root;
}

START_TEST(kinds)
{
	CLEANUP(engine_image_release) struct engine_image image = { 0 }, other = { 0 }, less = { 0 };
	static const struct platform arm64 = { .os = "linux", .architecture = "arm64" };
	char said[400];
	size_t layer, root = put_mixed(&layer);

	read_image(root, NULL, &image);
	tell(&image, said);
	ck_assert_str_eq(said, "image arm64, image arm64, unknown, unknown, *image amd64, attestation, unknown, ");
	read_image(root, &arm64, &other);
	ck_assert_uint_eq(other.best, 0);
	images.items[layer].absent = true;
	read_image(root, NULL, &less);
	tell(&less, said);
	ck_assert_str_eq(said,
			 "image arm64, image arm64, unknown, unknown, *image in part amd64, attestation, unknown, ");
	ck_assert_uint_eq(image.total_bytes - less.total_bytes, images.items[layer].len);
}
END_TEST

/* The host's own platform comes first, but not before one that is here. */
START_TEST(what_is_here_comes_first)
{
	CLEANUP(engine_image_release) struct engine_image image = { 0 }, whole = { 0 };
	size_t amd = put_manifest("{\"x\":1}"), arm = put_manifest("{\"x\":2}");
	size_t root = image_json(&images, TYPE_OCI_INDEX, "{\"manifests\":[{%s" FOR("arm64") "},{%s" FOR("amd64") "}]}",
				 of(arm).t, of(amd).t);
	char said[200];

	read_image(root, NULL, &whole);
	ck_assert_uint_eq(whole.best, 1);
	images.items[amd].absent = true;
	read_image(root, NULL, &image);
	tell(&image, said);
	ck_assert_str_eq(said, "*image arm64, image absent amd64, ");
}
END_TEST

/* Indexes in indexes end somewhere. */
START_TEST(deep)
{
	CLEANUP(engine_image_release) struct engine_image image = { 0 };
	size_t root = put_manifest("{}"), i;
	struct descriptor d;
	struct err err = { 0 };

	for (i = 0; i <= LIMIT_GRAPH_DEPTH; i++)
		root = image_json(&images, TYPE_OCI_INDEX, "{\"manifests\":[{%s}]}", of(root).t);
	d = descriptor_of(root);
	ck_assert_int_eq(engine_image_read(&images.source, &d, &host, NULL, &image, &err), ERR_LIMIT);
}
END_TEST

static size_t put_large_index(void)
{
	return image_json(&images, TYPE_OCI_INDEX, "{\"manifests\":[]}%*s", (int)MIB, "");
}

static size_t put_large_config(void)
{
	CLEANUP(buf_release) struct buf config = { .max = LIMIT_SMALL_BLOB_BYTES };

	ck_assert_int_eq(buf_printf(&config, NULL, "{}%*s", (int)LIMIT_SMALL_BLOB_BYTES - 2, ""), ERR_OK);
	return put_manifest(buf_text(&config));
}

static size_t (*const large[])(void) = { put_large_index, put_large_config };

/* What an index lists is not read without end, however often it lists it. */
START_TEST(again)
{
	CLEANUP(engine_image_release) struct engine_image image = { 0 };
	CLEANUP(buf_release) struct buf root = { .max = MIB };
	size_t item = large[_i](), i;
	struct descriptor d;
	struct err err = { 0 };

	for (i = 0; i <= LIMIT_ENGINE_BYTES / MIB; i++)
		ck_assert_int_eq(buf_printf(&root, NULL, "%s{%s}", i > 0 ? "," : "", of(item).t), ERR_OK);
	d = descriptor_of(image_json(&images, TYPE_OCI_INDEX, "{\"manifests\":[%s]}", buf_text(&root)));
	ck_assert_int_eq(engine_image_read(&images.source, &d, &host, NULL, &image, &err), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, d.digest.text));
}
END_TEST

/* ---- inspecting ---- */

static const struct {
	const char *config, *part, *without;
	unsigned api;
} shown[] = {
	{ "{\"created\":\"2026-11-23T16:36:52.480Z\"}", "\"Created\":\"2026-11-23T16:36:52.48Z\"", NULL, 55 },
	{ "{\"created\":\"2026-11-23T16:36:52.000+01:00\"}", "\"Created\":\"2026-11-23T16:36:52+01:00\"", NULL, 55 },
	{ "{\"created\":\"yesterday\"}", "\"Id\"", "\"Created\"", 55 },
	{ "{\"history\":[{\"comment\":\"a\"},{\"comment\":\"b\"}]}", "\"Comment\":\"b\"", NULL, 55 },
	{ "{}", "\"Architecture\":\"\",\"Os\":\"\"", "\"Comment\"", 55 },
	{ "{}", "\"Comment\":\"\"", NULL, 51 },
	{ "{\"author\":\"me\",\"variant\":\"v7\",\"os.version\":\"10\"}", "\"Author\":\"me\"", NULL, 55 },
	{ "{\"variant\":\"v7\",\"os.version\":\"10\"}", "\"Variant\":\"v7\"", NULL, 55 },
	{ "{\"config\":{\"Env\":[],\"Cmd\":null,\"User\":\"\",\"Labels\":{}}}", "\"Config\":{}", NULL, 55 },
	{ "{\"config\":{\"Env\":[1],\"Cmd\":\"x\",\"User\":7,\"Labels\":[]}}", "\"Config\":{}", NULL, 55 },
	{ "{\"config\":{\"Hostname\":\"h\",\"ArgsEscaped\":true}}", "\"Config\":{\"ArgsEscaped\":true}", NULL, 55 },
	{ "{\"config\":{\"Hostname\":\"h\"}}", "\"Hostname\":\"\"", NULL, 49 },
	{ "{\"config\":{\"StopSignal\":\"9\",\"ExposedPorts\":{\"80/tcp\":{}}}}",
	  "\"Config\":{\"ExposedPorts\":{\"80/tcp\":{}},\"StopSignal\":\"9\"}", NULL, 55 },
	{ "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:1\"]}}",
	  "\"RootFS\":{\"Type\":\"layers\",\"Layers\":[\"sha256:1\"]}", NULL, 55 },
	{ "{\"rootfs\":{\"diff_ids\":[1]}}", "\"RootFS\":{}", NULL, 55 },
	{ "[]", "\"Config\":{}", NULL, 55 },
	{ "no json", "\"Config\":{}", NULL, 55 },
};

START_TEST(inspect)
{
	static const char *const names[] = { "docker.io/library/app:1", "docker.io/library/app:2", "ghcr.io/a/b:3" };
	CLEANUP(engine_image_release) struct engine_image image = { 0 };
	struct engine_shown s = {
		.image = &image,
		.source = &images.source,
		.names = names,
		.names_len = COUNT_OF(names),
		.name = names[2],
		.api = shown[_i].api,
	};
	struct buf_stage to;
	struct js_out o;

	read_image(put_manifest(shown[_i].config), NULL, &image);
	buf_stage_init(&to, &text);
	js_out_init(&o, &to.out, false);
	ck_assert_int_eq(engine_inspect_put(&s, &o, NULL), ERR_OK);
	ck_assert_int_eq(js_check(text.data, text.len, "it", NULL), ERR_OK);
	ck_assert_msg(strstr(text.data, shown[_i].part) != NULL, "%s: %s", shown[_i].config, text.data);
	if (shown[_i].without != NULL)
		ck_assert_msg(strstr(text.data, shown[_i].without) == NULL, "%s: %s", shown[_i].config, text.data);
	ck_assert_ptr_nonnull(strstr(text.data, "\"RepoTags\":[\"app:1\",\"app:2\",\"ghcr.io/a/b:3\"]"));
	ck_assert_ptr_nonnull(strstr(text.data, "\"RepoDigests\":[\"app@sha256:"));
	ck_assert_ptr_nonnull(strstr(text.data, "\",\"ghcr.io/a/b@sha256:"));
}
END_TEST

static const struct {
	const char *text;
	int64_t seconds; /* -1: it is none */
} times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2026-11-23T16:36:52.482957639Z", 1795451812 },
	{ "2026-11-23T17:36:52+01:00", 1795451812 },
	{ "2026-11-23T15:06:52.5-01:30", 1795451812 },
	{ "2026-11-23T16:36:52", -1 },
	{ "2026-11-23 16:36:52Z", -1 },
	{ "2026-11-23T16:36:52+1:00", -1 },
	{ "2026-11-23T16:36:52.1x", -1 },
	{ "", -1 },
};

START_TEST(time_text)
{
	int64_t seconds = -1;

	ck_assert_int_eq(engine_time(times[_i].text, &seconds), times[_i].seconds >= 0);
	ck_assert_int_eq(seconds, times[_i].seconds);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_engine_image");
	TCase *t = tcase_create("serve_engine_image");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_attestation_manifests);
	tcase_add_loop_test(t, lost, 0, (int)COUNT_OF(losses));
	tcase_add_test(t, statement_that_is_no_json);
	tcase_add_test(t, hardened);
	tcase_add_test(t, no_index);
	tcase_add_test(t, kinds);
	tcase_add_test(t, what_is_here_comes_first);
	tcase_add_test(t, deep);
	tcase_add_loop_test(t, again, 0, (int)COUNT_OF(large));
	tcase_add_loop_test(t, inspect, 0, (int)COUNT_OF(shown));
	tcase_add_loop_test(t, time_text, 0, (int)COUNT_OF(times));
	suite_add_tcase(s, t);
	return test_run(s);
}
