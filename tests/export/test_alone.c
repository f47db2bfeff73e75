#include "export/alone.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "common/platform.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

static struct image_builder b;
static struct graph g;

static void setup(void)
{
	image_builder_init(&b);
	graph_init(&g);
}

static void teardown(void)
{
	graph_release(&g);
	image_builder_release(&b);
}

static uint64_t bytes_of(size_t first, size_t len)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = first; i < first + len; i++)
		bytes += image_item(&b, &b.items[i].digest) == &b.items[i] ? b.items[i].len : 0;
	return bytes;
}

/* An index of two platforms with a layer each and a statement about the first; the second may be that of another. */
static void add_image(const char *name, const char *second)
{
	char t[4][IMAGE_DESCRIPTOR_TEXT];
	size_t at = b.items_len, i;

	for (i = 0; i < 2; i++) {
		size_t config = image_json(&b, TYPE_OCI_CONFIG, "{\"n\":\"%s%zu\"}", name, i);
		size_t layer = image_add_noise(&b, "x+gzip", 1000 * (i + 1), (unsigned)(at + i));

		image_json(&b, TYPE_OCI_MANIFEST,
			   "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{%s},\"layers\":[{%s}]}",
			   TYPE_OCI_MANIFEST, image_text(&b, config, t[0]), image_text(&b, layer, t[1]));
	}
	image_json(&b, TYPE_IN_TOTO, "{\"of\":\"%s\"}", name);
	image_json(&b, TYPE_OCI_MANIFEST,
		   "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{%s},\"layers\":[{%s}]}", TYPE_OCI_MANIFEST,
		   image_text(&b, at, t[0]), image_text(&b, at + 6, t[1]));
	image_json(&b, TYPE_OCI_INDEX,
		   "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":["
		   "{%s,\"platform\":{\"os\":\"plan9\",\"architecture\":\"mips\"}},"
		   "{%s,\"platform\":{\"os\":\"plan9\",\"architecture\":\"%s\"}},"
		   "{%s,\"annotations\":{\"%s\":\"attestation-manifest\",\"%s\":\"%s\"}}]}",
		   TYPE_OCI_INDEX, image_text(&b, at + 2, t[0]), image_text(&b, at + 5, t[1]), second,
		   image_text(&b, at + 7, t[2]), ANNOTATION_REFERENCE_TYPE, ANNOTATION_REFERENCE_DIGEST,
		   b.items[at + 2].digest.text);
	image_tag(&b, name, at + 8);
}

/* Without the other platform: its manifest, its config, its layer. */
START_TEST(first_of_two)
{
	struct alone alone = { 0 };

	add_image("docker.io/library/a:1", "arm");
	add_image("docker.io/library/b:1", "riscv64");
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(alone_of(&g, &alone, NULL), ERR_OK);
	ck_assert_str_eq(alone.platform, "plan9/mips");
	ck_assert_uint_eq(alone.bytes, bytes_of(0, b.items_len) - bytes_of(3, 3) - bytes_of(9 + 3, 3));
}
END_TEST

/* The machine's own, with the attestations of others left out. */
START_TEST(this_machine)
{
	struct alone alone = { 0 };
	char text[PLATFORM_TEXT_MAX];
	struct platform host;

	ck_assert_int_eq(platform_host(&host, NULL), ERR_OK);
	image_sample(&b, "docker.io/library/a:1", &(struct image_sample){ .raw_bytes = 5000 });
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(alone_of(&g, &alone, NULL), ERR_OK);
	platform_format(&host, text);
	if (strcmp(text, "linux/arm64") != 0)
		strcpy(text, "linux/amd64");
	ck_assert_str_eq(alone.platform, text);
	ck_assert_uint_gt(alone.bytes, 5000);
	ck_assert_uint_lt(alone.bytes, bytes_of(0, b.items_len) - 5000);
}
END_TEST

/* Nothing to choose. */
START_TEST(no_choice)
{
	struct alone alone = { 0 };

	image_sample(&b, "docker.io/library/a:1", &(struct image_sample){ .absent_platform = true });
	image_sample(&b, "docker.io/library/b:1", &(struct image_sample){ .one_manifest = true });
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(alone_of(&g, &alone, NULL), ERR_OK);
	ck_assert_ptr_null(alone.platform);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("alone");
	TCase *t = tcase_create("alone");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, first_of_two);
	tcase_add_test(t, this_machine);
	tcase_add_test(t, no_choice);
	suite_add_tcase(s, t);
	return test_run(s);
}
