/* The part of image_builder.h that makes a whole image. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/image_builder.h"

#define TYPE_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define TYPE_TAR "application/vnd.oci.image.layer.v1.tar"
#define PREDICATE "https://slsa.dev/provenance/v1"
#define PLAIN_BYTES 700
#define RAW_BYTES 300

struct text {
	char t[IMAGE_DESCRIPTOR_TEXT];
};

static struct text of(const struct image_builder *b, size_t item)
{
	struct text text = { { 0 } };

	image_text(b, item, text.t);
	return text;
}

static void add_layer(struct image_builder *b, char *layers, size_t cap, size_t item)
{
	size_t len = strlen(layers);

	snprintf(layers + len, cap - len, "%s{%s}", len > 0 ? "," : "", of(b, item).t);
}

static size_t add_manifest(struct image_builder *b, const struct image_sample *sample, const char *architecture,
			   unsigned seed)
{
	size_t raw = sample->raw_bytes > 0 ? sample->raw_bytes : RAW_BYTES;
	size_t plain = sample->plain_bytes > 0 ? sample->plain_bytes : PLAIN_BYTES;
	struct digest long_one = { .text = "sha512:" };
	char layers[8 * IMAGE_DESCRIPTOR_TEXT] = "";
	size_t config = image_json(b, TYPE_OCI_CONFIG, "{\"architecture\":\"%s\",\"os\":\"linux\"}", architecture);

	add_layer(b, layers, sizeof(layers), image_add_noise(b, TYPE_GZIP, raw, seed));
	add_layer(b, layers, sizeof(layers), image_add_text(b, TYPE_TAR, plain, seed));
	add_layer(b, layers, sizeof(layers), image_add_noise(b, TYPE_GZIP, 512, seed + 100));
	if (sample->empty_layer)
		add_layer(b, layers, sizeof(layers), image_add(b, TYPE_GZIP, "", 0));
	if (sample->sha512)
		add_layer(b, layers, sizeof(layers), image_add_like(b, TYPE_GZIP, architecture, 5, &long_one));
	return image_json(b, TYPE_OCI_MANIFEST,
			  "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{%s},\"layers\":[%s]}",
			  TYPE_OCI_MANIFEST, of(b, config).t, layers);
}

static size_t add_attestation(struct image_builder *b, const struct image_sample *sample)
{
	char *padding = calloc(1, sample->statement_bytes + 1);
	size_t config = image_json(b, TYPE_OCI_CONFIG, "{\"architecture\":\"unknown\",\"os\":\"unknown\"}"), statement;

	ck_assert_ptr_nonnull(padding);
	memset(padding, 'x', sample->statement_bytes);
	statement = image_json(b, TYPE_IN_TOTO,
			       "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"%s\",\"p\":\"%s\"}",
			       PREDICATE, padding);
	free(padding);
	return image_json(b, TYPE_OCI_MANIFEST,
			  "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{%s},\"layers\":[{%s,\"annotations\":"
			  "{\"%s\":\"%s\"}}]}",
			  TYPE_OCI_MANIFEST, of(b, config).t, of(b, statement).t, ANNOTATION_PREDICATE_TYPE, PREDICATE);
}

static size_t add_referrer(struct image_builder *b, size_t subject, const char *type, const char *content)
{
	size_t config = image_add(b, TYPE_OCI_EMPTY, "{}", 2);
	size_t blob = image_json(b, type, "{\"content\":\"%s\"}", content);

	return image_json(
		b, TYPE_OCI_MANIFEST,
		"{\"schemaVersion\":2,\"mediaType\":\"%s\",\"artifactType\":\"%s\",\"config\":{%s},\"layers\":"
		"[{%s}],\"subject\":{%s}}",
		TYPE_OCI_MANIFEST, type, of(b, config).t, of(b, blob).t, of(b, subject).t);
}

static size_t add_signature(struct image_builder *b)
{
	size_t config = image_json(b, TYPE_OCI_CONFIG, "{\"architecture\":\"\",\"os\":\"\"}");
	size_t blob = image_json(b, "application/vnd.dev.cosign.simplesigning.v1+json", "{\"critical\":{}}");

	return image_json(b, TYPE_OCI_MANIFEST,
			  "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{%s},\"layers\":[{%s}]}",
			  TYPE_OCI_MANIFEST, of(b, config).t, of(b, blob).t);
}

static size_t add_index(struct image_builder *b, size_t amd64, size_t arm64, size_t attestation)
{
	return image_json(b, TYPE_OCI_INDEX,
			  "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":["
			  "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
			  "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}},"
			  "{%s,\"annotations\":{\"%s\":\"attestation-manifest\",\"%s\":\"%s\"},"
			  "\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}]}",
			  TYPE_OCI_INDEX, of(b, amd64).t, of(b, arm64).t, of(b, attestation).t,
			  ANNOTATION_REFERENCE_TYPE, ANNOTATION_REFERENCE_DIGEST, b->items[amd64].digest.text);
}

void image_sample(struct image_builder *b, const char *name, const struct image_sample *sample)
{
	size_t amd64 = add_manifest(b, sample, "amd64", 1), arm64, index;

	if (sample->one_manifest) {
		image_tag(b, name, amd64);
		return;
	}
	arm64 = add_manifest(b, sample, "arm64", 2);
	b->items[arm64].absent = sample->absent_platform;
	index = add_index(b, amd64, arm64, add_attestation(b, sample));
	image_refer(b, index, add_referrer(b, index, "application/spdx+json", "sbom"), LINK_SUBJECT);
	image_refer(b, index, add_signature(b), LINK_SIG);
	image_refer(b, amd64, add_referrer(b, amd64, "application/vnd.example.scan", "none"), LINK_SUBJECT);
	image_tag(b, name, index);
}

void image_shared(struct image_builder *b, const char *name, bool absent)
{
	struct image_sample sample = { 0 };
	size_t shared = add_manifest(b, &sample, "amd64", 3), s390x = add_manifest(b, &sample, "s390x", 4);

	b->items[shared].absent = absent;
	image_tag(b, name,
		  image_json(b, TYPE_OCI_INDEX,
			     "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":["
			     "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
			     "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}},"
			     "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}}]}",
			     TYPE_OCI_INDEX, of(b, shared).t, of(b, shared).t, of(b, s390x).t));
}
