#include "import/statements.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/walk.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define SLSA "https://slsa.dev/provenance/v1"
#define SPDX "https://spdx.dev/Document"

static struct image_builder images;
static struct graph graph;

struct text {
	char t[IMAGE_DESCRIPTOR_TEXT];
};

static struct text of(size_t item)
{
	struct text text;

	image_text(&images, item, text.t);
	return text;
}

static size_t put_image(const char *architecture)
{
	size_t config = image_json(&images, TYPE_OCI_CONFIG, "{\"architecture\":\"%s\"}", architecture);

	return image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s}}", of(config).t);
}

/* An attestation manifest with two statements and a layer that is none. */
static size_t put_attestation(const char *what)
{
	size_t config = image_json(&images, TYPE_OCI_CONFIG, "{}");
	size_t slsa = image_json(&images, TYPE_IN_TOTO, "{\"predicateType\":\"" SLSA "\",\"of\":\"%s\"}", what);
	size_t spdx = image_json(&images, TYPE_IN_TOTO, "{\"predicateType\":\"" SPDX "\",\"of\":\"%s\"}", what);
	size_t other = image_json(&images, "text/plain", "{\"of\":\"%s\"}", what);

	return image_json(&images, TYPE_OCI_MANIFEST,
			  "{\"config\":{%s},\"layers\":[{%s,\"annotations\":{\"%s\":\"%s\"}},"
			  "{%s,\"annotations\":{\"%s\":\"%s\"}},{%s}]}",
			  of(config).t, of(slsa).t, ANNOTATION_PREDICATE_TYPE, SLSA, of(spdx).t,
			  ANNOTATION_PREDICATE_TYPE, SPDX, of(other).t);
}

/* Two platforms with attestations, the second's is tied to it twice, and one without.  The first one's manifest is
 * listed for another platform too. */
static void setup(void)
{
	size_t items[] = { put_image("amd64"), put_image("arm64"), put_image("s390x"), 0, 0 };
	static const char *const platforms[] = { "amd64", "arm64", "s390x", "riscv64" };
	char list[8 * IMAGE_DESCRIPTOR_TEXT] = "";
	size_t i;

	items[3] = put_attestation("amd64");
	items[4] = put_attestation("arm64");
	for (i = 0; i < 4; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
			 "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}},", of(items[i % 3]).t,
			 platforms[i]);
	for (i = 0; i < 2; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
			 "%s{%s,\"annotations\":{\"%s\":\"attestation-manifest\",\"%s\":\"%s\"}}", i > 0 ? "," : "",
			 of(items[3 + i]).t, ANNOTATION_REFERENCE_TYPE, ANNOTATION_REFERENCE_DIGEST,
			 images.items[items[i]].digest.text);
	image_refer(&images, items[1], items[4], LINK_SUBJECT);
	image_tag(&images, NAME, image_json(&images, TYPE_OCI_INDEX, "{\"manifests\":[%s]}", list));
	image_graph(&images, &images.source, &graph);
}

static void setup_empty(void)
{
	image_builder_init(&images);
}

static void teardown(void)
{
	graph_release(&graph);
	image_builder_release(&images);
}

/* "linux/amd64 slsa, …" */
static enum err_code note(void *ctx, const struct statement *s, struct err *err)
{
	char *text = ctx;

	(void)err;
	ck_assert(s->absent || !s->manifest);
	if (!s->manifest)
		ck_assert_str_eq(s->descriptor->media_type, TYPE_IN_TOTO);
	sprintf(text + strlen(text), "%s%s %s, ", s->absent ? "no " : "", s->platform != NULL ? s->platform : "-",
		s->manifest                            ? "manifest"
		: s->predicate_type == NULL            ? "none"
		: strcmp(s->predicate_type, SLSA) == 0 ? "slsa"
						       : "spdx");
	return ERR_OK;
}

static const struct {
	const char *name, *platform, *types[3];
	enum err_code want;
	const char *found;
} cases[] = {
	{ "all", NULL, { NULL }, ERR_OK, "linux/amd64 slsa, linux/amd64 spdx, linux/arm64 slsa, linux/arm64 spdx, " },
	{ "one platform", "linux/arm64", { NULL }, ERR_OK, "linux/arm64 slsa, linux/arm64 spdx, " },
	{ "a platform spelt otherwise", "linux/aarch64", { NULL }, ERR_OK, "linux/arm64 slsa, linux/arm64 spdx, " },
	{ "a platform without any", "linux/s390x", { NULL }, ERR_OK, "" },
	{ "one type", NULL, { SPDX }, ERR_OK, "linux/amd64 spdx, linux/arm64 spdx, " },
	{ "two types", "linux/amd64", { SPDX, SLSA }, ERR_OK, "linux/amd64 slsa, linux/amd64 spdx, " },
	{ "a type that is not there", NULL, { "x" }, ERR_OK, "" },
	{ "a type that begins alike", NULL, { "https://slsa.dev/provenance/v" }, ERR_OK, "" },
	{ "no such platform", "linux/ppc64le", { NULL }, ERR_NOT_FOUND, "" },
	{ "a manifest's other one", "linux/riscv64", { NULL }, ERR_OK, "linux/riscv64 slsa, linux/riscv64 spdx, " },
};

static enum err_code list(size_t which, char *found, struct err *err)
{
	const char *items[3] = { cases[which].types[0], cases[which].types[1], cases[which].types[2] };
	struct opt_list types = { .items = items };
	struct platform platform;
	struct statement_filter filter = { .types = &types };

	while (types.len < 3 && items[types.len] != NULL)
		types.len++;
	if (cases[which].platform != NULL) {
		ck_assert_int_eq(platform_parse(cases[which].platform, &platform, NULL), ERR_OK);
		filter.platform = &platform;
	}
	return statements_each(&graph, graph.images[0].root, &images.source, &filter, note, found, err);
}

START_TEST(each)
{
	char found[400] = "";
	struct err err = { 0 };
	enum err_code got;

	setup();
	got = list((size_t)_i, found, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d, %s", cases[_i].name, got, err.msg);
	ck_assert_msg(strcmp(found, cases[_i].found) == 0, "%s: %s", cases[_i].name, found);
}
END_TEST

/* Of what the source lacks all is said that is known, and the rest is listed. */
static const struct {
	const char *name, *found;
	enum role role; /* of what is absent */
	bool all;       /* or only the first of them */
} losses[] = {
	{ "a statement", "no linux/amd64 slsa, linux/amd64 spdx, linux/arm64 slsa, linux/arm64 spdx, ", ROLE_STATEMENT,
	  false },
	{ "all statements", "no linux/amd64 slsa, no linux/amd64 spdx, no linux/arm64 slsa, no linux/arm64 spdx, ",
	  ROLE_STATEMENT, true },
	{ "an attestation manifest", "no linux/amd64 manifest, linux/arm64 slsa, linux/arm64 spdx, ", ROLE_ATTESTATION,
	  false },
	{ "all attestation manifests", "no linux/amd64 manifest, no linux/arm64 manifest, ", ROLE_ATTESTATION, true },
};

START_TEST(lost)
{
	char found[400] = "";
	struct err err = { 0 };
	size_t i, len = 0;

	setup();
	for (i = 0; i < images.items_len && (len == 0 || losses[_i].all); i++) {
		uint32_t node = graph_find(&graph, &images.items[i].digest);

		images.items[i].absent = graph.nodes[node].role == losses[_i].role;
		len += images.items[i].absent;
	}
	ck_assert_msg(list(0, found, &err) == ERR_OK, "%s: %s", losses[_i].name, err.msg);
	ck_assert_msg(strcmp(found, losses[_i].found) == 0, "%s: %s", losses[_i].name, found);
	/* the same where it was lacking from the beginning */
	graph_release(&graph);
	image_graph(&images, &images.source, &graph);
	found[0] = '\0';
	ck_assert_msg(list(0, found, &err) == ERR_OK, "%s: %s", losses[_i].name, err.msg);
	ck_assert_msg(strcmp(found, losses[_i].found) == 0, "%s: %s", losses[_i].name, found);
}
END_TEST

/* An image that is no index and does not say what it runs on is taken for any platform. */
START_TEST(lone)
{
	char found[400] = "";
	size_t image = put_image("amd64"), attestation = put_attestation("amd64");

	image_refer(&images, image, attestation, LINK_BUILDKIT);
	image_tag(&images, NAME, image);
	image_graph(&images, &images.source, &graph);
	ck_assert_int_eq(list(8, found, NULL), ERR_OK);
	ck_assert_str_eq(found, "- slsa, - spdx, ");
}
END_TEST

/* A platform that the bundle leaves out is no platform that the image does not have. */
START_TEST(left_out)
{
	char found[400] = "";
	struct err err = { 0 };
	size_t i;

	setup();
	for (i = 0; i < graph.nodes_len; i++) {
		struct node *n = &graph.nodes[i];

		n->left_out =
			n->role == ROLE_MANIFEST && n->platform != NULL && strcmp(n->platform, "linux/arm64") == 0;
	}
	ck_assert_int_eq(list(1, found, &err), ERR_NOT_FOUND);
	ck_assert_str_eq(err.msg, "platform linux/arm64 of the image was not asked for when this bundle was made");
	ck_assert_int_eq(list(8, found, &err), ERR_NOT_FOUND);
	ck_assert_str_eq(err.msg, "the image has no platform linux/ppc64le");
	ck_assert_msg(list(0, found, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(found, "linux/amd64 slsa, linux/amd64 spdx, ");
}
END_TEST

static enum err_code refuse(void *ctx, const struct statement *s, struct err *err)
{
	(void)s;
	return ++*(int *)ctx == 2 ? err_set(err, ERR_IO, "enough") : ERR_OK;
}

START_TEST(callback_fails)
{
	struct opt_list types = { 0 };
	struct statement_filter filter = { .types = &types };
	struct err err = { 0 };
	int calls = 0;

	setup();
	ck_assert_int_eq(statements_each(&graph, graph.images[0].root, &images.source, &filter, refuse, &calls, &err),
			 ERR_IO);
	ck_assert_int_eq(calls, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("statements");
	TCase *t = tcase_create("statements");

	tcase_add_checked_fixture(t, setup_empty, teardown);
	tcase_add_loop_test(t, each, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, lost, 0, (int)COUNT_OF(losses));
	tcase_add_test(t, lone);
	tcase_add_test(t, left_out);
	tcase_add_test(t, callback_fails);
	suite_add_tcase(s, t);
	return test_run(s);
}
