#include "common/selection.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

/* What a selection says of itself: platforms, then types. */
static void describe(const struct selection *s, char *out)
{
	char platform[PLATFORM_TEXT_MAX];
	size_t i;

	*out = '\0';
	for (i = 0; i < s->platforms_len; i++)
		strcat(strcat(out, platform_format(&s->platforms[i], platform)), " ");
	for (i = 0; i < s->types_len; i++)
		strcat(strcat(out, s->types[i]), " ");
}

static const struct {
	const char *name, *texts[4];
	enum err_code want;
	const char *described;
} platforms[] = {
	{ "none", { NULL }, ERR_OK, "" },
	{ "one", { "linux/amd64" }, ERR_OK, "linux/amd64 " },
	{ "other words", { "Linux/x86_64" }, ERR_OK, "linux/amd64 " },
	{ "any order", { "linux/arm64", "linux/amd64" }, ERR_OK, "linux/amd64 linux/arm64 " },
	{ "twice", { "linux/arm64", "linux/aarch64" }, ERR_OK, "linux/arm64 " },
	{ "variants", { "linux/arm/v7", "linux/arm/v6", "linux/arm" }, ERR_OK, "linux/arm/v6 linux/arm/v7 " },
	{ "nothing", { "" }, ERR_USAGE, NULL },
	{ "an architecture alone", { "arm64" }, ERR_USAGE, NULL },
	{ "several in one", { "linux/amd64,linux/arm64" }, ERR_USAGE, NULL },
};

START_TEST(platform)
{
	CLEANUP(selection_release) struct selection s = { 0 };
	struct err err = { 0 };
	char text[256];
	enum err_code got = ERR_OK;
	size_t i;

	for (i = 0; got == ERR_OK && platforms[_i].texts[i] != NULL; i++)
		got = selection_platform(&s, platforms[_i].texts[i], &err);
	ck_assert_msg(got == platforms[_i].want, "%s: %d, %s", platforms[_i].name, got, err.msg);
	if (got != ERR_OK)
		return;
	describe(&s, text);
	ck_assert_str_eq(text, platforms[_i].described);
	ck_assert_int_eq(selection_chooses(&s), s.platforms_len > 0);
}
END_TEST

#define LONG_TYPE                                                                                                      \
	"application/"                                                                                                 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aa"                                                                                                           \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aa"                                                                                                           \
	"aaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name, *text;
	enum err_code want;
	const char *described;
	bool none;
} types[] = {
	{ "all", "all", ERR_OK, "", false },
	{ "none", "none", ERR_OK, "", true },
	{ "a type", "application/spdx+json", ERR_OK, "application/spdx+json ", false },
	{ "cosign's tags", "sig,att,sbom", ERR_OK, "att sbom sig ", false },
	{ "any order, each once", "b/b,sig,a/a,b/b", ERR_OK, "a/a b/b sig ", false },
	{ "longest", LONG_TYPE, ERR_OK, LONG_TYPE " ", false },
	{ "one longer", LONG_TYPE "a", ERR_USAGE, NULL, false },
	{ "nothing", "", ERR_USAGE, NULL, false },
	{ "nothing between commas", "sig,,att", ERR_USAGE, NULL, false },
	{ "a comma at the end", "sig,", ERR_USAGE, NULL, false },
	{ "a word", "spdx", ERR_USAGE, NULL, false },
	{ "all among others", "sig,all", ERR_USAGE, NULL, false },
	{ "none among others", "none,sig", ERR_USAGE, NULL, false },
	{ "blanks", "a/a, b/b", ERR_USAGE, NULL, false },
};

START_TEST(referrers)
{
	CLEANUP(selection_release) struct selection s = { 0 };
	struct err err = { 0 };
	char text[1024];
	enum err_code got = selection_referrers(&s, types[_i].text, &err);

	ck_assert_msg(got == types[_i].want, "%s: %d, %s", types[_i].name, got, err.msg);
	if (got != ERR_OK)
		return;
	describe(&s, text);
	ck_assert_str_eq(text, types[_i].described);
	ck_assert_int_eq(selection_no_referrers(&s), types[_i].none);
	ck_assert_int_eq(selection_chooses(&s), strcmp(types[_i].text, "all") != 0);
}
END_TEST

static const struct {
	const char *name, *referrers, *type;
	enum link_kind kind;
	bool by_link, by_type;
} taken[] = {
	{ "everything", "all", "a/a", LINK_SUBJECT, true, true },
	{ "everything, without a type", "all", NULL, LINK_SIG, true, true },
	{ "nothing", "none", "a/a", LINK_SUBJECT, false, false },
	{ "its type", "a/a,b/b", "a/a", LINK_SUBJECT, false, true },
	{ "another type", "a/a,b/b", "c/c", LINK_SUBJECT, false, false },
	{ "more of a type", "a/a", "a/a+json", LINK_SUBJECT, false, false },
	{ "no type", "a/a", NULL, LINK_SUBJECT, false, false },
	{ "its tag", "sig", "a/a", LINK_SIG, true, false },
	{ "another tag", "sig", "a/a", LINK_ATT, false, false },
	{ "a type that is called like a tag", "sig", "sig", LINK_SUBJECT, false, true },
};

START_TEST(takes)
{
	CLEANUP(selection_release) struct selection s = { 0 };

	ck_assert_int_eq(selection_referrers(&s, taken[_i].referrers, NULL), ERR_OK);
	ck_assert_msg(selection_takes_link(&s, taken[_i].kind) == taken[_i].by_link, "%s", taken[_i].name);
	ck_assert_msg(selection_takes_type(&s, taken[_i].type) == taken[_i].by_type, "%s", taken[_i].name);
}
END_TEST

START_TEST(too_many)
{
	CLEANUP(selection_release) struct selection s = { 0 };
	char text[64];
	size_t i;

	for (i = 0; i <= SELECTION_MAX; i++) {
		enum err_code want = i < SELECTION_MAX ? ERR_OK : ERR_USAGE;

		snprintf(text, sizeof(text), "linux/a%zu", i);
		ck_assert_int_eq(selection_platform(&s, text, NULL), want);
		ck_assert_int_eq(selection_type(&s, text, NULL), want);
	}
	ck_assert_int_eq(selection_platform(&s, "linux/a7", NULL), ERR_OK); /* it is there already */
	ck_assert_int_eq(selection_type(&s, "linux/a7", NULL), ERR_OK);
}
END_TEST

#define HEX(c) c c c c c c c c c c c c c c c c
#define DIGEST(c) "sha256:" HEX(c)
#define ENTRY(type, c, more) "{\"mediaType\":\"" type "\",\"size\":7,\"digest\":\"" DIGEST(c) "\"" more "}"
#define ON(os, architecture) ",\"platform\":{\"os\":\"" os "\",\"architecture\":\"" architecture "\"}"
#define CHILD(c, architecture) ENTRY(TYPE_OCI_MANIFEST, c, ON("linux", architecture))
#define OF(digest)                                                                                                     \
	",\"annotations\":{\"" ANNOTATION_REFERENCE_TYPE "\":\"attestation-manifest\",\"" ANNOTATION_REFERENCE_DIGEST  \
	"\":\"" digest "\"}" ON("unknown", "unknown")
#define ATTESTATION(c, of) ENTRY(TYPE_OCI_MANIFEST, c, OF(of))
#define INDEX(entries) "{\"manifests\":[" entries "]}"

/* Of an index for linux/amd64: + for an entry that is taken, - for one that is left out. */
static const struct {
	const char *name, *text, *want;
} indexes[] = {
	{ "no entry", INDEX(""), "" },
	{ "one of two", INDEX(CHILD("0001", "amd64") "," CHILD("0002", "arm64")), "+-" },
	{ "attestations go with their images",
	  INDEX(CHILD("0001", "amd64") "," CHILD("0002", "arm64") "," ATTESTATION("0003", DIGEST("0001")) "," //
		ATTESTATION("0004", DIGEST("0002"))),
	  "+-+-" },
	{ "attestations in front",
	  INDEX(ATTESTATION("0003", DIGEST("0002")) "," CHILD("0002", "arm64") "," CHILD("0001", "amd64")), "--+" },
	{ "an attestation of something else",
	  INDEX(CHILD("0002", "arm64") "," ATTESTATION("0003", DIGEST("0009")) "," ATTESTATION("0004", "nonsense")),
	  "-++" },
	{ "entries without a platform", INDEX(ENTRY(TYPE_OCI_MANIFEST, "0001", "") "," CHILD("0002", "arm64")), "+-" },
	{ "half a platform", INDEX(ENTRY(TYPE_OCI_MANIFEST, "0001", ",\"platform\":{\"os\":\"linux\"}")), "+" },
	{ "an index in the index", INDEX(ENTRY(TYPE_OCI_INDEX, "0001", ON("linux", "arm64"))), "+" },
	{ "what is no manifest", INDEX(ENTRY("text/plain", "0001", ON("linux", "arm64"))), "+" },
	{ "unknown, and no attestation", INDEX(ENTRY(TYPE_OCI_MANIFEST, "0001", ON("unknown", "unknown"))), "-" },
	{ "another system", INDEX(ENTRY(TYPE_OCI_MANIFEST, "0001", ON("windows", "amd64"))), "-" },
	{ "another variant",
	  INDEX(ENTRY(TYPE_OCI_MANIFEST, "0001",
		      ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\",\"variant\":\"v3\"}")),
	  "-" },
	{ "one manifest for two platforms",
	  INDEX(CHILD("0001", "arm64") "," CHILD("0001", "amd64") "," ATTESTATION("0003", DIGEST("0001"))), "-++" },
	{ "an attestation that is no manifest, of what is left out",
	  INDEX(CHILD("0001", "arm64") "," ENTRY("text/plain", "0003", OF(DIGEST("0001")))), "-+" },
	{ "in other words", INDEX(ENTRY(TYPE_DOCKER_MANIFEST, "0001", ON("Linux", "x86_64"))), "+" },
};

START_TEST(index_entries)
{
	CLEANUP(selection_release) struct selection s = { 0 };
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct err err = { 0 };
	bool got[16];
	size_t i;

	ck_assert_int_eq(selection_platform(&s, "linux/amd64", NULL), ERR_OK);
	ck_assert_msg(manifest_parse(indexes[_i].text, strlen(indexes[_i].text), TYPE_OCI_INDEX, "index", &m, &err) ==
			      ERR_OK,
		      "%s", err.msg);
	ck_assert_uint_eq(m.items_len, strlen(indexes[_i].want));
	ck_assert_int_eq(selection_of_index(&s, &m, got, NULL), ERR_OK);
	for (i = 0; i < m.items_len; i++)
		ck_assert_msg(got[i] == (indexes[_i].want[i] == '+'), "%s: entry %zu", indexes[_i].name, i);
}
END_TEST

static const struct {
	const char *name, *wanted;
	struct image_sample sample;
	const char *want; /* what the refusal says; NULL for none */
} checked[] = {
	{ "it has it", "linux/arm64", { 0 }, NULL },
	{ "it has others", "linux/s390x", { 0 }, NAME " has no platform linux/s390x: it has linux/amd64, linux/arm64" },
	{ "absent, but listed", "linux/arm64", { .absent_platform = true }, NULL },
	{ "nothing to choose from", "linux/s390x", { .one_manifest = true }, NULL },
};

START_TEST(check)
{
	static struct image_builder b;
	CLEANUP(selection_release) struct selection s = { 0 };
	CLEANUP(graph_release) struct graph g;
	struct err err = { 0 };
	enum err_code got;

	image_builder_init(&b);
	image_sample(&b, NAME, &checked[_i].sample);
	ck_assert_int_eq(selection_platform(&s, checked[_i].wanted, NULL), ERR_OK);
	ck_assert_int_eq(selection_platform(&s, "linux/amd64", NULL), ERR_OK);
	b.selection = &s;
	image_graph(&b, &b.source, &g);
	got = selection_check(&s, &g, &err);
	ck_assert_msg(got == (checked[_i].want != NULL ? ERR_NOT_FOUND : ERR_OK), "%s: %d, %s", checked[_i].name, got,
		      err.msg);
	if (got != ERR_OK)
		ck_assert_str_eq(err.msg, checked[_i].want);
	image_builder_release(&b);
}
END_TEST

/* One manifest that an index lists for several platforms, again and in any order. */
static const struct {
	const char *wanted, *want; /* what the refusal says; NULL for none */
} several[] = {
	{ "linux/amd64", NULL },
	{ "linux/arm64", NULL },
	{ "linux/riscv64", NULL },
	{ "linux/s390x", NAME " has no platform linux/s390x: it has linux/amd64, linux/arm64, linux/riscv64" },
};

START_TEST(several_platforms)
{
	static const char *const listed[] = { "riscv64", "amd64", "arm64", "amd64", "arm64", "riscv64" };
	static struct image_builder b;
	CLEANUP(selection_release) struct selection s = { 0 };
	CLEANUP(graph_release) struct graph g;
	char list[8 * IMAGE_DESCRIPTOR_TEXT] = "", descriptor[IMAGE_DESCRIPTOR_TEXT];
	struct err err = { 0 };
	size_t i;

	image_builder_init(&b);
	image_text(&b, image_json(&b, TYPE_OCI_MANIFEST, "{\"config\":" ENTRY(TYPE_OCI_CONFIG, "0001", "") "}"),
		   descriptor);
	for (i = 0; i < COUNT_OF(listed); i++)
		sprintf(list + strlen(list), "%s{%s" ON("linux", "%s") "}", i > 0 ? "," : "", descriptor, listed[i]);
	image_tag(&b, NAME, image_json(&b, TYPE_OCI_INDEX, "{\"manifests\":[%s]}", list));
	ck_assert_int_eq(selection_platform(&s, several[_i].wanted, NULL), ERR_OK);
	b.selection = &s;
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(selection_check(&s, &g, &err), several[_i].want != NULL ? ERR_NOT_FOUND : ERR_OK);
	if (several[_i].want != NULL)
		ck_assert_str_eq(err.msg, several[_i].want);
	image_builder_release(&b);
}
END_TEST

/* More platforms than a message holds. */
START_TEST(long_list)
{
	static struct image_builder b;
	CLEANUP(selection_release) struct selection s = { 0 };
	CLEANUP(graph_release) struct graph g;
	char list[32768] = "", descriptor[IMAGE_DESCRIPTOR_TEXT];
	struct err err = { 0 };
	size_t manifest, i;

	image_builder_init(&b);
	manifest = image_json(&b, TYPE_OCI_MANIFEST,
			      "{\"config\":{\"mediaType\":\"c\",\"size\":1,\"digest\":\"" //
			      DIGEST("0001") "\"}}");
	for (i = 0; i < 60; i++)
		sprintf(list + strlen(list), "%s{%s" ON("linux", "a-long-name-of-a-platform-%zu") "}", i > 0 ? "," : "",
			image_text(&b,
				   image_json(&b, TYPE_OCI_MANIFEST, "{\"n\":%zu,\"config\":{%s}}", i,
					      image_text(&b, manifest, descriptor)),
				   descriptor),
			i);
	image_tag(&b, NAME, image_json(&b, TYPE_OCI_INDEX, "{\"manifests\":[%s]}", list));
	ck_assert_int_eq(selection_platform(&s, "linux/amd64", NULL), ERR_OK);
	b.selection = &s;
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(selection_check(&s, &g, &err), ERR_NOT_FOUND);
	ck_assert_str_eq(err.msg + strlen(err.msg) - 5, ", ...");
	image_builder_release(&b);
}
END_TEST

START_TEST(layers)
{
	static struct image_builder b;
	struct selection s = { .attestations_only = true };
	CLEANUP(graph_release) struct graph g;
	size_t i;

	image_builder_init(&b);
	image_sample(&b, NAME, &(struct image_sample){ 0 });
	image_graph(&b, &b.source, &g);
	for (i = 0; i < g.nodes_len; i++)
		g.nodes[i].absent = g.nodes[i].role == ROLE_LAYER && i % 2 == 0;
	selection_leave_layers(&s, &g);
	for (i = 0; i < g.nodes_len; i++) {
		ck_assert_int_eq(g.nodes[i].left_out, g.nodes[i].role == ROLE_LAYER);
		ck_assert(!g.nodes[i].absent);
	}
	image_builder_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("selection");
	TCase *t = tcase_create("selection");

	tcase_add_loop_test(t, platform, 0, (int)COUNT_OF(platforms));
	tcase_add_loop_test(t, referrers, 0, (int)COUNT_OF(types));
	tcase_add_loop_test(t, takes, 0, (int)COUNT_OF(taken));
	tcase_add_test(t, too_many);
	tcase_add_loop_test(t, index_entries, 0, (int)COUNT_OF(indexes));
	tcase_add_loop_test(t, check, 0, (int)COUNT_OF(checked));
	tcase_add_loop_test(t, several_platforms, 0, (int)COUNT_OF(several));
	tcase_add_test(t, long_list);
	tcase_add_test(t, layers);
	suite_add_tcase(s, t);
	return test_run(s);
}
