#include "common/manifest.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

#define SHA "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY_SHA "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define D(type, digest, size) "\"mediaType\":\"" type "\",\"digest\":\"" digest "\",\"size\":" size
#define CONFIG "\"config\":{" D("c", SHA, "1") "}"
#define LAYER "{" D("l", EMPTY_SHA, "0") "}"
#define SCHEMA1 "application/vnd.docker.distribution.manifest.v1+json"
#define SIGNED_SCHEMA1 "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define TYPED(type, rest) "{\"schemaVersion\":2,\"mediaType\":\"" type "\"" rest "}"
#define IMAGE(rest) TYPED(TYPE_OCI_MANIFEST, "," CONFIG ",\"layers\":[" LAYER "]" rest)

static const struct {
	const char *name, *media_type, *text;
	enum err_code want;
	enum manifest_kind kind;
	size_t items;
} cases[] = {
	{ "OCI manifest", TYPE_OCI_MANIFEST, IMAGE(""), ERR_OK, MANIFEST_IMAGE, 1 },
	{ "OCI index", TYPE_OCI_INDEX, TYPED(TYPE_OCI_INDEX, ",\"manifests\":[" LAYER "," LAYER "]"), ERR_OK,
	  MANIFEST_INDEX, 2 },
	{ "Docker manifest", TYPE_DOCKER_MANIFEST, TYPED(TYPE_DOCKER_MANIFEST, "," CONFIG ",\"layers\":[]"), ERR_OK,
	  MANIFEST_IMAGE, 0 },
	{ "Docker list", TYPE_DOCKER_LIST, TYPED(TYPE_DOCKER_LIST, ",\"manifests\":[" LAYER "]"), ERR_OK,
	  MANIFEST_INDEX, 1 },
	{ "artifact manifest", TYPE_OCI_ARTIFACT,
	  "{\"mediaType\":\"" TYPE_OCI_ARTIFACT "\",\"artifactType\":\"a\",\"blobs\":[" LAYER "]}", ERR_OK,
	  MANIFEST_ARTIFACT, 1 },
	{ "artifact manifest without blobs", TYPE_OCI_ARTIFACT, "{}", ERR_OK, MANIFEST_ARTIFACT, 0 },
	{ "empty index", TYPE_OCI_INDEX, TYPED(TYPE_OCI_INDEX, ",\"manifests\":[]"), ERR_OK, MANIFEST_INDEX, 0 },
	{ "index with null for manifests", TYPE_OCI_INDEX, TYPED(TYPE_OCI_INDEX, ",\"manifests\":null"), ERR_OK,
	  MANIFEST_INDEX, 0 },
	{ "no layers", TYPE_OCI_MANIFEST, TYPED(TYPE_OCI_MANIFEST, "," CONFIG), ERR_OK, MANIFEST_IMAGE, 0 },
	{ "type with parameters", TYPE_OCI_MANIFEST "; charset=utf-8", IMAGE(""), ERR_OK, MANIFEST_IMAGE, 1 },
	{ "type with parameters, none inside", TYPE_OCI_MANIFEST "; charset=utf-8", "{" CONFIG "}", ERR_OK,
	  MANIFEST_IMAGE, 0 },
	{ "type in upper case, none inside", "APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON", "{" CONFIG "}", ERR_OK,
	  MANIFEST_IMAGE, 0 },
	{ "type in upper case", "APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON", IMAGE(""), ERR_OK, MANIFEST_IMAGE, 1 },
	{ "came under no type", NULL, IMAGE(""), ERR_OK, MANIFEST_IMAGE, 1 },
	{ "came under an empty type", "", IMAGE(""), ERR_OK, MANIFEST_IMAGE, 1 },
	{ "says no type", TYPE_OCI_MANIFEST, "{" CONFIG "}", ERR_OK, MANIFEST_IMAGE, 0 },
	{ "no type at all: an index", NULL, "{\"manifests\":[]}", ERR_OK, MANIFEST_INDEX, 0 },
	{ "no type at all: an image", NULL, "{" CONFIG ",\"layers\":[" LAYER "]}", ERR_OK, MANIFEST_IMAGE, 1 },
	{ "unknown members", TYPE_OCI_MANIFEST, IMAGE(",\"x\":{\"y\":[1]}"), ERR_OK, MANIFEST_IMAGE, 1 },
	{ "size 0 and no version", TYPE_OCI_MANIFEST, "{\"config\":{" D("c", SHA, "0") "}}", ERR_OK, MANIFEST_IMAGE,
	  0 },
	{ "largest size", TYPE_OCI_MANIFEST, "{\"config\":{" D("c", SHA, "9223372036854775807") "}}", ERR_OK,
	  MANIFEST_IMAGE, 0 },
	{ "came as an index, is a manifest", TYPE_OCI_INDEX, IMAGE(""), ERR_FORMAT, 0, 0 },
	{ "came as Docker's, is OCI's", TYPE_DOCKER_MANIFEST, IMAGE(""), ERR_FORMAT, 0, 0 },
	{ "came as JSON", "application/json", IMAGE(""), ERR_FORMAT, 0, 0 },
	{ "came under the start of its type", "application/vnd.oci.image.manifest", IMAGE(""), ERR_FORMAT, 0, 0 },
	{ "came under more than its type", TYPE_OCI_MANIFEST "x", IMAGE(""), ERR_FORMAT, 0, 0 },
	{ "schema 1", SCHEMA1, "{\"schemaVersion\":1,\"fsLayers\":[]}", ERR_UNSUPPORTED, 0, 0 },
	{ "signed schema 1", SIGNED_SCHEMA1, "{\"schemaVersion\":1}", ERR_UNSUPPORTED, 0, 0 },
	{ "schema 1 by its version", TYPE_DOCKER_MANIFEST, "{\"schemaVersion\":1," CONFIG "}", ERR_UNSUPPORTED, 0, 0 },
	{ "no manifest", "application/vnd.oci.image.config.v1+json", "{}", ERR_UNSUPPORTED, 0, 0 },
	{ "says that it is no manifest", NULL, "{\"mediaType\":\"text/plain\"}", ERR_UNSUPPORTED, 0, 0 },
	{ "index without manifests", TYPE_OCI_INDEX, TYPED(TYPE_OCI_INDEX, ""), ERR_FORMAT, 0, 0 },
	{ "empty object as an index", TYPE_OCI_INDEX, "{}", ERR_FORMAT, 0, 0 },
	{ "an image without a config", TYPE_OCI_MANIFEST, "{\"layers\":[]}", ERR_FORMAT, 0, 0 },
	{ "config is no object", TYPE_OCI_MANIFEST, "{\"config\":\"" SHA "\"}", ERR_FORMAT, 0, 0 },
	{ "config without a digest", TYPE_OCI_MANIFEST, "{\"config\":{\"mediaType\":\"c\",\"size\":1}}", ERR_FORMAT, 0,
	  0 },
	{ "config without a type", TYPE_OCI_MANIFEST, "{\"config\":{\"digest\":\"" SHA "\",\"size\":1}}", ERR_FORMAT, 0,
	  0 },
	{ "config without a size", TYPE_OCI_MANIFEST, "{\"config\":{\"mediaType\":\"c\",\"digest\":\"" SHA "\"}}",
	  ERR_FORMAT, 0, 0 },
	{ "negative size", TYPE_OCI_MANIFEST, "{\"config\":{" D("c", SHA, "-1") "}}", ERR_FORMAT, 0, 0 },
	{ "size as text", TYPE_OCI_MANIFEST, "{\"config\":{" D("c", SHA, "\"1\"") "}}", ERR_FORMAT, 0, 0 },
	{ "size as a real", TYPE_OCI_MANIFEST, "{\"config\":{" D("c", SHA, "1.0") "}}", ERR_FORMAT, 0, 0 },
	{ "size one over", TYPE_OCI_MANIFEST, "{\"config\":{" D("c", SHA, "9223372036854775808") "}}", ERR_FORMAT, 0,
	  0 },
	{ "digest is a path", TYPE_OCI_MANIFEST, "{\"config\":{" D("c", "sha256:../../../etc/passwd", "1") "}}",
	  ERR_FORMAT, 0, 0 },
	{ "digest by md5", TYPE_OCI_MANIFEST, "{\"config\":{" D("c", "md5:900150983cd24fb0d6963f7d28e17f72", "1") "}}",
	  ERR_FORMAT, 0, 0 },
	{ "second layer broken", TYPE_OCI_MANIFEST, "{" CONFIG ",\"layers\":[" LAYER ",{}]}", ERR_FORMAT, 0, 0 },
	{ "layer is no object", TYPE_OCI_MANIFEST, "{" CONFIG ",\"layers\":[null]}", ERR_FORMAT, 0, 0 },
	{ "layers is no array", TYPE_OCI_MANIFEST, "{" CONFIG ",\"layers\":{}}", ERR_FORMAT, 0, 0 },
	{ "manifests is no array", TYPE_OCI_INDEX, "{\"manifests\":\"x\"}", ERR_FORMAT, 0, 0 },
	{ "subject broken", TYPE_OCI_MANIFEST, "{" CONFIG ",\"subject\":{}}", ERR_FORMAT, 0, 0 },
	{ "subject is no object", TYPE_OCI_MANIFEST, "{" CONFIG ",\"subject\":\"" SHA "\"}", ERR_FORMAT, 0, 0 },
	{ "null is as good as nothing", TYPE_OCI_MANIFEST, "{" CONFIG ",\"layers\":null,\"subject\":null}", ERR_OK,
	  MANIFEST_IMAGE, 0 },
	{ "index with layers", TYPE_OCI_INDEX, "{\"manifests\":[],\"layers\":[]}", ERR_FORMAT, 0, 0 },
	{ "index with a config", TYPE_DOCKER_LIST, "{\"manifests\":[]," CONFIG "}", ERR_FORMAT, 0, 0 },
	{ "image with manifests", TYPE_OCI_MANIFEST, IMAGE(",\"manifests\":[]"), ERR_FORMAT, 0, 0 },
	{ "artifact with manifests", TYPE_OCI_ARTIFACT, "{\"blobs\":[],\"manifests\":[" LAYER "]}", ERR_FORMAT, 0, 0 },
	{ "artifact with layers", TYPE_OCI_ARTIFACT, "{\"blobs\":[],\"layers\":[" LAYER "]}", ERR_FORMAT, 0, 0 },
	{ "artifact with a config", TYPE_OCI_ARTIFACT, "{\"blobs\":[]," CONFIG "}", ERR_FORMAT, 0, 0 },
	{ "both, and no type", NULL, "{" CONFIG ",\"manifests\":[]}", ERR_FORMAT, 0, 0 },
	{ "manifests for other readers", TYPE_OCI_INDEX, "{\"manifests\":[],\"Manifests\":[" LAYER "]}", ERR_FORMAT, 0,
	  0 },
	{ "manifests with a long s", TYPE_OCI_INDEX, "{\"manifests\":[],\"manife\u017fts\":[]}", ERR_FORMAT, 0, 0 },
	{ "a digest for other readers", TYPE_OCI_MANIFEST,
	  "{" CONFIG ",\"layers\":[{" D("c", SHA, "1") ",\"DIGEST\":\"x\"}]}", ERR_FORMAT, 0, 0 },
	{ "a platform for other readers", TYPE_OCI_INDEX, "{\"manifests\":[{" D("c", SHA, "1") ",\"Platform\":{}}]}",
	  ERR_FORMAT, 0, 0 },
	{ "an architecture for other readers", TYPE_OCI_INDEX,
	  "{\"manifests\":[{" D("c", SHA, "1") ",\"platform\":{\"Architecture\":\"arm64\"}}]}", ERR_FORMAT, 0, 0 },
	{ "an array", TYPE_OCI_MANIFEST, "[]", ERR_FORMAT, 0, 0 },
	{ "no JSON", TYPE_OCI_MANIFEST, "<html>", ERR_FORMAT, 0, 0 },
	{ "nothing", TYPE_OCI_MANIFEST, "", ERR_FORMAT, 0, 0 },
	{ "layers twice", TYPE_OCI_MANIFEST, "{" CONFIG ",\"layers\":[" LAYER "],\"layers\":[" LAYER "]}", ERR_FORMAT,
	  0, 0 },
	{ "layers spelled with an escape", TYPE_OCI_MANIFEST, "{" CONFIG ",\"l\\u0061yers\":[" LAYER "," LAYER "]}",
	  ERR_OK, MANIFEST_IMAGE, 2 },
	{ "layers twice, once with an escape", TYPE_OCI_MANIFEST,
	  "{" CONFIG ",\"layers\":[" LAYER "],\"l\\u0061yers\":[]}", ERR_FORMAT, 0, 0 },
	{ "a layer with a member twice", TYPE_OCI_MANIFEST,
	  "{" CONFIG ",\"layers\":[{" D("c", SHA, "1") ",\"size\":1}]}", ERR_FORMAT, 0, 0 },
	{ "blobs of another kind of manifest", TYPE_OCI_MANIFEST, IMAGE(",\"blobs\":[{},1]"), ERR_OK, MANIFEST_IMAGE,
	  1 },
	{ "no JSON in those", TYPE_OCI_MANIFEST, IMAGE(",\"blobs\":[{x}]"), ERR_FORMAT, 0, 0 },
	{ "an item is missing", TYPE_OCI_MANIFEST, "{" CONFIG ",\"layers\":[" LAYER ",," LAYER "]}", ERR_FORMAT, 0, 0 },
	{ "config twice", TYPE_OCI_MANIFEST, "{" CONFIG "," CONFIG "}", ERR_FORMAT, 0, 0 },
};

START_TEST(parse)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct err err = { 0 };
	const char *text = cases[_i].text;
	enum err_code got = manifest_parse(text, strlen(text), cases[_i].media_type, "app:1", &m, &err);

	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	ck_assert_msg(m.kind == cases[_i].kind, "%s: kind %d", cases[_i].name, m.kind);
	ck_assert_msg(m.items_len == cases[_i].items, "%s: %zu items", cases[_i].name, m.items_len);
	if (got != ERR_OK) {
		ck_assert_ptr_null(m.json); /* untouched */
		ck_assert_msg(strncmp(err.msg, "app:1: ", 7) == 0, "%s: %s", cases[_i].name, err.msg);
	} else { /* as everyone spells it */
		ck_assert_msg(strpbrk(m.media_type, "; VNO") == NULL, "%s: %s", cases[_i].name, m.media_type);
	}
	manifest_release(&m);
}
END_TEST

/* Wherever a manifest is cut, it is refused and nothing leaks. */
START_TEST(cut)
{
	static const char whole[] = IMAGE(",\"subject\":{" D("s", SHA, "9") "},\"annotations\":{\"a\":\"b\"}");
	size_t len;

	for (len = 0; len < sizeof(whole) - 1; len++) {
		struct manifest m = { 0 };
		CLEANUP(free_ptr) char *part = malloc(len + 1); /* so that a read past the end is seen */

		ck_assert_ptr_nonnull(part);
		memcpy(part, whole, len);
		ck_assert_msg(manifest_parse(part, len, TYPE_OCI_MANIFEST, "x", &m, NULL) == ERR_FORMAT, "%zu", len);
	}
}
END_TEST

START_TEST(members)
{
	static const char text[] = "{\"artifactType\":\"application/spdx+json\",\"config\":{" D(
		TYPE_OCI_EMPTY, EMPTY_SHA,
		"2") "},"
		     "\"layers\":[{" D("l", SHA, "7") ",\"annotations\":{\"in-toto.io/predicate-type\":\"p\",\"n\":1},"
						      "\"artifactType\":\"t\",\"platform\":{\"os\":\"linux\","
						      "\"architecture\":\"arm64\",\"variant\":\"v8\"}}],"
						      "\"subject\":{" D(TYPE_OCI_INDEX, SHA,
									"9") "},\"annotations\":{\"a\":\"b\"}}";
	CLEANUP(manifest_release) struct manifest m = { 0 };
	char platform[PLATFORM_TEXT_MAX];
	struct platform arm;
	struct err err = { 0 };

	ck_assert_msg(manifest_parse(text, strlen(text), TYPE_OCI_MANIFEST, "x", &m, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(m.artifact_type, "application/spdx+json");
	ck_assert_str_eq(m.media_type, TYPE_OCI_MANIFEST);
	ck_assert(m.has_config && m.has_subject);
	ck_assert_str_eq(m.config.digest.text, EMPTY_SHA);
	ck_assert_uint_eq(m.config.size_bytes, 2);
	ck_assert_ptr_null(m.config.annotations);
	ck_assert(!m.config.has_platform);
	ck_assert_str_eq(m.subject.media_type, TYPE_OCI_INDEX);
	ck_assert_uint_eq(m.subject.size_bytes, 9);
	ck_assert_str_eq(annotation(m.annotations, "a"), "b");
	ck_assert_ptr_null(annotation(m.annotations, "b"));
	ck_assert_str_eq(annotation(m.items[0].annotations, ANNOTATION_PREDICATE_TYPE), "p");
	ck_assert_ptr_null(annotation(m.items[0].annotations, "n")); /* no string */
	ck_assert_ptr_null(annotation(NULL, "a"));
	ck_assert_str_eq(m.items[0].artifact_type, "t");
	ck_assert(m.items[0].has_platform && descriptor_platform(&m.items[0], &arm));
	ck_assert_str_eq(platform_format(&arm, platform), "linux/arm64");
}
END_TEST

static const struct {
	const char *name, *text, *want;
} artifact_types[] = {
	{ "its own", "{\"artifactType\":\"a\"," CONFIG "}", "a" },
	{ "the config's", "{" CONFIG "}", "c" },
	{ "its own is no text", "{\"artifactType\":1," CONFIG "}", "c" },
	{ "of an index", "{\"manifests\":[],\"artifactType\":\"a\"}", "a" },
	{ "none", "{\"manifests\":[]}", NULL },
};

START_TEST(artifact_type)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	const char *text = artifact_types[_i].text;

	ck_assert_int_eq(manifest_parse(text, strlen(text), NULL, "x", &m, NULL), ERR_OK);
	ck_assert_pstr_eq(m.artifact_type, artifact_types[_i].want);
}
END_TEST

static const struct {
	const char *name, *platform, *want; /* NULL: none */
} platforms[] = {
	{ "whole", "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}", "linux/arm/v7" },
	{ "normalised", "{\"os\":\"Linux\",\"architecture\":\"x86_64\"}", "linux/amd64" },
	{ "with an OS version", "{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":\"10.0.1\"}",
	  "windows/amd64" },
	{ "attestation", "{\"os\":\"unknown\",\"architecture\":\"unknown\"}", "unknown/unknown" },
	{ "empty", "{}", NULL },
	{ "half", "{\"os\":\"linux\"}", NULL },
	{ "other half", "{\"architecture\":\"amd64\"}", NULL },
	{ "no text", "{\"os\":1,\"architecture\":2}", NULL },
	{ "no object", "\"linux/amd64\"", NULL },
	{ "slash inside", "{\"os\":\"linux/x\",\"architecture\":\"amd64\"}", NULL },
	{ "too long",
	  "{\"os\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\","
	  "\"architecture\":\"amd64\"}",
	  NULL },
};

/* A platform that is no platform is none; the descriptor stays good. */
START_TEST(platform)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	CLEANUP(free_ptr) char *text = NULL;
	char got[PLATFORM_TEXT_MAX];
	struct platform is;
	struct err err = { 0 };

	ck_assert_int_ge(
		asprintf(&text, "{\"manifests\":[{" D("m", SHA, "1") ",\"platform\":%s}]}", platforms[_i].platform), 0);
	ck_assert_msg(manifest_parse(text, strlen(text), TYPE_OCI_INDEX, "x", &m, &err) == ERR_OK, "%s: %s",
		      platforms[_i].name, err.msg);
	ck_assert_msg(m.items[0].has_platform == (platforms[_i].want != NULL), "%s", platforms[_i].name);
	ck_assert(descriptor_platform(&m.items[0], &is) == m.items[0].has_platform);
	if (platforms[_i].want != NULL)
		ck_assert_str_eq(platform_format(&is, got), platforms[_i].want);
}
END_TEST

static const struct {
	const char *name, *annotations;
	bool want;
} attestations[] = {
	{ "BuildKit's", "{\"vnd.docker.reference.type\":\"attestation-manifest\"}", true },
	{ "another type", "{\"vnd.docker.reference.type\":\"attestation-manifests\"}", false },
	{ "no text", "{\"vnd.docker.reference.type\":true}", false },
	{ "digest alone", "{\"vnd.docker.reference.digest\":\"" SHA "\"}", false },
	{ "no annotations", "null", false },
	{ "no object", "[\"vnd.docker.reference.type\",\"attestation-manifest\"]", false },
};

START_TEST(attestation)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	CLEANUP(free_ptr) char *text = NULL;

	ck_assert_int_ge(asprintf(&text, "{\"manifests\":[{" D("m", SHA, "1") ",\"annotations\":%s}]}",
				  attestations[_i].annotations),
			 0);
	ck_assert_int_eq(manifest_parse(text, strlen(text), TYPE_OCI_INDEX, "x", &m, NULL), ERR_OK);
	ck_assert_msg(descriptor_is_attestation(&m.items[0]) == attestations[_i].want, "%s", attestations[_i].name);
}
END_TEST

static const struct {
	const char *media_type;
	enum manifest_kind kind;
	bool compressed, foreign;
} types[] = {
	{ TYPE_OCI_INDEX, MANIFEST_INDEX, false, false },
	{ TYPE_OCI_MANIFEST, MANIFEST_IMAGE, false, false },
	{ TYPE_OCI_ARTIFACT, MANIFEST_ARTIFACT, false, false },
	{ TYPE_DOCKER_LIST, MANIFEST_INDEX, false, false },
	{ TYPE_DOCKER_MANIFEST, MANIFEST_IMAGE, false, false },
	{ TYPE_DOCKER_MANIFEST ";v=1", MANIFEST_IMAGE, false, false },
	{ SCHEMA1, MANIFEST_SCHEMA1, false, false },
	{ SIGNED_SCHEMA1 "; charset=utf-8", MANIFEST_SCHEMA1, false, false },
	{ TYPE_OCI_CONFIG, MANIFEST_NONE, false, false },
	{ TYPE_OCI_EMPTY, MANIFEST_NONE, false, false },
	{ TYPE_IN_TOTO, MANIFEST_NONE, false, false },
	{ "", MANIFEST_NONE, false, false },
	{ ";", MANIFEST_NONE, false, false },
	{ "application/vnd.oci.image.layer.v1.tar", MANIFEST_NONE, false, false },
	{ "application/vnd.oci.image.layer.v1.tar+gzip", MANIFEST_NONE, true, false },
	{ "application/vnd.oci.image.layer.v1.tar+zstd", MANIFEST_NONE, true, false },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MANIFEST_NONE, true, true },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip", MANIFEST_NONE, true, false },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MANIFEST_NONE, true, true },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", MANIFEST_NONE, true, false },
	{ "application/vnd.docker.image.rootfs.diff.tar", MANIFEST_NONE, false, false },
	{ "+gzip", MANIFEST_NONE, true, false },
	{ "gzip", MANIFEST_NONE, false, false },
};

START_TEST(media_type)
{
	const char *type = types[_i].media_type;

	ck_assert_msg(manifest_kind(type) == types[_i].kind, "%s: %d", type, manifest_kind(type));
	ck_assert_msg(media_type_is_compressed(type) == types[_i].compressed, "%s", type);
	ck_assert_msg(media_type_is_foreign(type) == types[_i].foreign, "%s", type);
}
END_TEST

static const struct {
	const char *name, *open, *item, *close;
	size_t times;
	enum err_code want;
} bounds[] = {
	{ "longest media type", "{\"config\":{\"digest\":\"" SHA "\",\"size\":1,\"mediaType\":\"", "x", "\"}}",
	  LIMIT_TEXT_BYTES, ERR_OK },
	{ "one over", "{\"config\":{\"digest\":\"" SHA "\",\"size\":1,\"mediaType\":\"", "x", "\"}}",
	  LIMIT_TEXT_BYTES + 1, ERR_LIMIT },
	{ "largest manifest", "{" CONFIG, " ", "}", LIMIT_MANIFEST_BYTES - sizeof("{" CONFIG "}") + 1, ERR_OK },
	{ "one byte over", "{" CONFIG, " ", "}", LIMIT_MANIFEST_BYTES - sizeof("{" CONFIG "}") + 2, ERR_LIMIT },
	{ "many layers", "{" CONFIG ",\"layers\":[" LAYER, "," LAYER, "]}", 20000, ERR_OK },
	{ "more layers than values are allowed", "{" CONFIG ",\"layers\":[" LAYER, "," LAYER, "]}", 50000, ERR_LIMIT },
	{ "deep annotations", "{" CONFIG ",\"annotations\":", "[", "", 100000, ERR_LIMIT },
};

static void put_often(struct buf *text, const char *item, size_t times)
{
	size_t len = strlen(item), whole = len * times, at;
	CLEANUP(free_ptr) char *all = malloc(whole);

	ck_assert_ptr_nonnull(all);
	for (at = 0; at < whole; at += len)
		memcpy(all + at, item, len);
	ck_assert_int_eq(buf_add(text, all, whole, NULL), ERR_OK);
}

START_TEST(bound)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	CLEANUP(buf_release) struct buf text;
	struct err err = { 0 };
	enum err_code got;

	buf_init(&text, 16 * MIB);
	ck_assert_int_eq(buf_puts(&text, bounds[_i].open, NULL), ERR_OK);
	put_often(&text, bounds[_i].item, bounds[_i].times);
	ck_assert_int_eq(buf_puts(&text, bounds[_i].close, NULL), ERR_OK);
	got = manifest_parse(text.data, text.len, TYPE_OCI_MANIFEST, "x", &m, &err);
	ck_assert_msg(got == bounds[_i].want, "%s: %d, %s", bounds[_i].name, got, err.msg);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("manifest");
	TCase *t = tcase_create("manifest");

	tcase_add_loop_test(t, parse, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, cut);
	tcase_add_test(t, members);
	tcase_add_loop_test(t, artifact_type, 0, (int)COUNT_OF(artifact_types));
	tcase_add_loop_test(t, platform, 0, (int)COUNT_OF(platforms));
	tcase_add_loop_test(t, attestation, 0, (int)COUNT_OF(attestations));
	tcase_add_loop_test(t, media_type, 0, (int)COUNT_OF(types));
	tcase_add_loop_test(t, bound, 0, (int)COUNT_OF(bounds));
	suite_add_tcase(s, t);
	return test_run(s);
}
