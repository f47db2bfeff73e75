#include "bundles/description.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/index.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define DIGEST(c) "sha256:" c c c c c c c c c c c c c c c c
#define D1 DIGEST("1111")
#define D2 DIGEST("2222")
#define D3 DIGEST("3333")
#define D4 DIGEST("4444")

#define FILES(n) "\"files\":[{\"name\":\"oci-layout\",\"digest\":\"" D1 "\",\"size\":30}," n "]"
#define INDEX "{\"name\":\"index.json\",\"digest\":\"" D2 "\",\"size\":5}"
#define BLOB(d, role, stored)                                                                                          \
	"{\"digest\":\"" d "\",\"size\":7,\"role\":\"" role "\",\"mediaType\":\"t\",\"stored\":\"" stored "\"}"
#define BLOBS BLOB(D1, "index", "packed") "," BLOB(D2, "referrer", "packed") "," BLOB(D3, "layer", "raw")
#define DESCRIPTOR(d) "\"digest\":\"" d "\",\"mediaType\":\"t\",\"size\":7"
#define IMAGE(name, d) "{\"name\":\"" name "\"," DESCRIPTOR(d) "}"
#define LINK(s, d, kind) "{\"subject\":\"" s "\",\"kind\":\"" kind "\"," DESCRIPTOR(d) "}"
#define DOCUMENT(version, images, links, files, blobs)                                                                 \
	"{\"schemaVersion\":" version ",\"images\":[" images "],\"referrers\":[" links "]," files ",\"blobs\":[" blobs \
	"]}"
#define NOTED(notes) "{\"schemaVersion\":1," notes ",\"images\":[],\"referrers\":[]," FILES(INDEX) ",\"blobs\":[]}"
#define LEFT_OUT(role, holder)                                                                                         \
	DOCUMENT("1", "", "", FILES(INDEX),                                                                            \
		 "{\"digest\":\"" D1 "\",\"size\":7,\"role\":\"" role                                                  \
		 "\",\"mediaType\":\"t\",\"stored\":\"prerequisite\"," holder "}")
#define SUBSET(out) "{\"name\":\"x.io/a:1\"," DESCRIPTOR(D1) ",\"leftOut\":" out "}"
#define SELECTED(selection) NOTED("\"selection\":" selection)
#define SHARDED(first)                                                                                                 \
	"{\"schemaVersion\":1," FILES(INDEX) ",\"shards\":[{\"name\":\"bundle.json.shard.0.json\",\"digest\":\"" D1    \
					     "\",\"size\":5,\"first\":\"" first "\",\"images\":1}]}"
#define GOOD_IMAGE IMAGE("x.io/a:1", D1)
#define GOOD_LINK LINK(D1, D2, "subject")

static const struct {
	const char *name, *text;
	enum err_code want;
} cases[] = {
	{ "whole", DOCUMENT("1", GOOD_IMAGE, GOOD_LINK, FILES(INDEX), BLOBS), ERR_OK },
	{ "nothing in it", DOCUMENT("1", "", "", FILES(INDEX), ""), ERR_OK },
	{ "all four ways", DOCUMENT("1", GOOD_IMAGE, "", FILES(INDEX), BLOBS "," BLOB(D4, "layer", "absent")), ERR_OK },
	{ "no bytes", "", ERR_DAMAGED },
	{ "no JSON", "{", ERR_DAMAGED },
	{ "an array", "[]", ERR_DAMAGED },
	{ "empty", "{}", ERR_DAMAGED },
	{ "a member twice", "{\"schemaVersion\":1,\"schemaVersion\":1}", ERR_DAMAGED },
	{ "version 2", DOCUMENT("2", "", "", FILES(INDEX), ""), ERR_UNSUPPORTED },
	{ "version in words", DOCUMENT("\"1\"", "", "", FILES(INDEX), ""), ERR_DAMAGED },
	{ "one file", DOCUMENT("1", "", "", "\"files\":[" INDEX "]", ""), ERR_DAMAGED },
	{ "three files", DOCUMENT("1", "", "", FILES(INDEX "," INDEX), ""), ERR_DAMAGED },
	{ "other files", DOCUMENT("1", "", "", FILES("{\"name\":\"x\",\"digest\":\"" D2 "\",\"size\":5}"), ""),
	  ERR_DAMAGED },
	{ "file without digest", DOCUMENT("1", "", "", FILES("{\"name\":\"index.json\",\"size\":5}"), ""),
	  ERR_DAMAGED },
	{ "index of 1 GiB",
	  DOCUMENT("1", "", "", FILES("{\"name\":\"index.json\",\"digest\":\"" D2 "\",\"size\":1073741824}"), ""),
	  ERR_DAMAGED },
	{ "blob twice", DOCUMENT("1", "", "", FILES(INDEX), BLOBS "," BLOB(D3, "layer", "raw")), ERR_DAMAGED },
	{ "order of storage", DOCUMENT("1", "", "", FILES(INDEX), BLOBS "," BLOB(D4, "config", "packed")),
	  ERR_DAMAGED },
	{ "unknown role", DOCUMENT("1", "", "", FILES(INDEX), BLOB(D1, "king", "packed")), ERR_DAMAGED },
	{ "unknown storage", DOCUMENT("1", "", "", FILES(INDEX), BLOB(D1, "layer", "gzip")), ERR_DAMAGED },
	{ "digest of md5", DOCUMENT("1", "", "", FILES(INDEX), BLOB("md5:00", "layer", "raw")), ERR_DAMAGED },
	{ "digest that leads out", DOCUMENT("1", "", "", FILES(INDEX), BLOB("sha256:../../x", "layer", "raw")),
	  ERR_DAMAGED },
	{ "blob that is a number", DOCUMENT("1", "", "", FILES(INDEX), "1"), ERR_DAMAGED },
	{ "negative size",
	  DOCUMENT("1", "", "", FILES(INDEX),
		   "{\"digest\":\"" D1 "\",\"size\":-1,\"role\":\"layer\",\"mediaType\":\"t\",\"stored\":\"raw\"}"),
	  ERR_DAMAGED },
	{ "size over 63 bits",
	  DOCUMENT("1", "", "", FILES(INDEX),
		   "{\"digest\":\"" D1
		   "\",\"size\":9223372036854775808,\"role\":\"layer\",\"mediaType\":\"t\",\"stored\":\"raw\"}"),
	  ERR_DAMAGED },
	{ "image without a name", DOCUMENT("1", IMAGE("", D1), "", FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "image twice", DOCUMENT("1", GOOD_IMAGE "," GOOD_IMAGE, "", FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "images unsorted", DOCUMENT("1", IMAGE("x.io/b:1", D1) "," GOOD_IMAGE, "", FILES(INDEX), BLOBS),
	  ERR_DAMAGED },
	{ "an image by a short name", DOCUMENT("1", IMAGE("a:1", D1), "", FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "an image's name that is not normal", DOCUMENT("1", IMAGE("docker.io/a:1", D1), "", FILES(INDEX), BLOBS),
	  ERR_DAMAGED },
	{ "an image's name for a terminal", DOCUMENT("1", IMAGE("x.io/a:1\\u001b[2J", D1), "", FILES(INDEX), BLOBS),
	  ERR_DAMAGED },
	{ "an image without tag and digest", DOCUMENT("1", IMAGE("x.io/a", D1), "", FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "an image by its digest", DOCUMENT("1", IMAGE("x.io/a@" D1, D1), "", FILES(INDEX), BLOBS), ERR_OK },
	{ "image of an unknown digest", DOCUMENT("1", IMAGE("x.io/a:1", D4), "", FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "image that is a layer", DOCUMENT("1", IMAGE("x.io/a:1", D3), "", FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "referrer of an unknown subject", DOCUMENT("1", "", LINK(D4, D2, "subject"), FILES(INDEX), BLOBS),
	  ERR_DAMAGED },
	{ "referrer of a layer", DOCUMENT("1", "", LINK(D3, D2, "subject"), FILES(INDEX), BLOBS), ERR_OK },
	{ "referrer that is a layer", DOCUMENT("1", "", LINK(D1, D3, "subject"), FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "referrer twice", DOCUMENT("1", "", GOOD_LINK "," GOOD_LINK, FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "referrers by kind", DOCUMENT("1", "", GOOD_LINK "," LINK(D1, D2, "cosign-sig"), FILES(INDEX), BLOBS),
	  ERR_OK },
	{ "referrers unsorted", DOCUMENT("1", "", LINK(D1, D2, "cosign-sig") "," GOOD_LINK, FILES(INDEX), BLOBS),
	  ERR_DAMAGED },
	{ "notes", NOTED("\"annotations\":{\"a\":\"1\",\"b\":\"2\"},\"stream\":{\"name\":\"s\",\"serial\":7}"),
	  ERR_OK },
	{ "a trusted root, whatever it is", NOTED("\"trustedRoot\":{\"tlogs\":7}"), ERR_OK },
	{ "a trusted root that is a text", NOTED("\"trustedRoot\":\"{}\""), ERR_DAMAGED },
	{ "annotations unsorted", NOTED("\"annotations\":{\"b\":\"1\",\"a\":\"2\"}"), ERR_DAMAGED },
	{ "annotations in a list", NOTED("\"annotations\":[]"), ERR_DAMAGED },
	{ "an annotation without a name", NOTED("\"annotations\":{\"\":\"1\"}"), ERR_DAMAGED },
	{ "an annotation that is a number", NOTED("\"annotations\":{\"a\":1}"), ERR_DAMAGED },
	{ "a stream without a serial", NOTED("\"stream\":{\"name\":\"s\"}"), ERR_DAMAGED },
	{ "serial 0", NOTED("\"stream\":{\"name\":\"s\",\"serial\":0}"), ERR_DAMAGED },
	{ "a stream that is a text", NOTED("\"stream\":\"s\""), ERR_DAMAGED },
	{ "no shards", NOTED("\"shards\":[]"), ERR_DAMAGED },
	{ "shards that are a number", NOTED("\"shards\":5"), ERR_DAMAGED },
	{ "images beside shards",
	  NOTED("\"shards\":[{\"name\":\"bundle.json.shard.0.json\",\"digest\":\"" D1
		"\",\"size\":5,\"first\":\"x.io/a:1\",\"images\":1}]"),
	  ERR_DAMAGED },
	{ "a shard", SHARDED("x.io/a:1"), ERR_OK },
	{ "a shard whose first image has no full name", SHARDED("a:1"), ERR_DAMAGED },
	{ "a prerequisite", LEFT_OUT("layer", "\"manifest\":\"" D2 "\",\"image\":\"x.io/a:1\""), ERR_OK },
	{ "a prerequisite whose holder's name is for a terminal",
	  LEFT_OUT("layer", "\"manifest\":\"" D2 "\",\"image\":\"x.io/a:1\\u001b[2J\""), ERR_DAMAGED },
	{ "a prerequisite that is no layer", LEFT_OUT("config", "\"manifest\":\"" D2 "\",\"image\":\"x.io/a:1\""),
	  ERR_DAMAGED },
	{ "a prerequisite that nobody has", LEFT_OUT("layer", "\"manifest\":\"" D2 "\""), ERR_DAMAGED },
	{ "a prerequisite in no manifest", LEFT_OUT("layer", "\"image\":\"x.io/a:1\""), ERR_DAMAGED },
	{ "a platform left out",
	  DOCUMENT("1", SUBSET("[{\"digest\":\"" D4 "\"}]"), "", FILES(INDEX),
		   BLOBS "," BLOB(D4, "manifest", "left-out")),
	  ERR_OK },
	{ "a layer left out", DOCUMENT("1", GOOD_IMAGE, "", FILES(INDEX), BLOBS "," BLOB(D4, "layer", "left-out")),
	  ERR_OK },
	{ "a config left out", DOCUMENT("1", "", "", FILES(INDEX), BLOB(D4, "config", "left-out")), ERR_DAMAGED },
	{ "an index left out", DOCUMENT("1", "", "", FILES(INDEX), BLOB(D4, "index", "left-out")), ERR_DAMAGED },
	{ "left out, and there", DOCUMENT("1", SUBSET("[{\"digest\":\"" D2 "\"}]"), "", FILES(INDEX), BLOBS),
	  ERR_DAMAGED },
	{ "left out, and absent",
	  DOCUMENT("1", SUBSET("[{\"digest\":\"" D4 "\"}]"), "", FILES(INDEX),
		   BLOBS "," BLOB(D4, "manifest", "absent")),
	  ERR_DAMAGED },
	{ "left out, and never listed", DOCUMENT("1", SUBSET("[{\"digest\":\"" D4 "\"}]"), "", FILES(INDEX), BLOBS),
	  ERR_DAMAGED },
	{ "left out in words", DOCUMENT("1", SUBSET("\"" D4 "\""), "", FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "left out without a digest", DOCUMENT("1", SUBSET("[{}]"), "", FILES(INDEX), BLOBS), ERR_DAMAGED },
	{ "both, carried and left out", DOCUMENT("1", "", "", FILES(INDEX), BLOBS "," BLOB(D2, "referrer", "left-out")),
	  ERR_DAMAGED },
	{ "a selection",
	  SELECTED("{\"platforms\":[\"linux/arm\"],\"attestationsOnly\":true,\"referrers\":[\"sig\",\"a/a\"]}"),
	  ERR_OK },
	{ "a selection of nothing", SELECTED("{}"), ERR_OK },
	{ "a selection in a list", SELECTED("[]"), ERR_DAMAGED },
	{ "a platform that is none", SELECTED("{\"platforms\":[\"arm\"]}"), ERR_DAMAGED },
	{ "a platform that is a number", SELECTED("{\"platforms\":[1]}"), ERR_DAMAGED },
	{ "platforms in words", SELECTED("{\"platforms\":\"linux/arm\"}"), ERR_DAMAGED },
	{ "a type that is none", SELECTED("{\"referrers\":[\"king\"]}"), ERR_DAMAGED },
	{ "types in words", SELECTED("{\"referrers\":\"none\"}"), ERR_DAMAGED },
	{ "BuildKit's own", DOCUMENT("1", "", LINK(D1, D2, "buildkit"), FILES(INDEX), BLOBS), ERR_DAMAGED },
};

START_TEST(reading)
{
	struct description d = { 0 };
	struct err err = { .code = ERR_OK };
	enum err_code got = description_read(cases[_i].text, strlen(cases[_i].text), "bundle.json", &d, &err);

	ck_assert_msg(got == cases[_i].want, "%s: got %d (%s)", cases[_i].name, got, err.msg);
	if (got != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err.msg, "bundle.json"));
	description_release(&d);
	description_release(&d);
}
END_TEST

START_TEST(looking_up)
{
	struct description d = { 0 };
	const struct description_link *links;
	struct digest digest, subject;

	ck_assert_int_eq(description_read(cases[0].text, strlen(cases[0].text), "bundle.json", &d, NULL), ERR_OK);
	ck_assert_uint_eq(d.blobs_len, 3);
	ck_assert_int_eq(digest_parse(D3, &digest, NULL), ERR_OK);
	ck_assert_uint_eq(description_find(&d, &digest), 2);
	ck_assert_int_eq(digest_parse(D4, &digest, NULL), ERR_OK);
	ck_assert_uint_eq(description_find(&d, &digest), BLOB_NONE);
	ck_assert_ptr_nonnull(description_image(&d, "x.io/a:1"));
	ck_assert_ptr_null(description_image(&d, "a:2"));
	ck_assert_int_eq(digest_parse(D1, &subject, NULL), ERR_OK);
	ck_assert_uint_eq(description_links_of(&d, &subject, &links), 1);
	ck_assert_str_eq(links[0].referrer.text, D2);
	ck_assert_uint_eq(description_links_of(&d, &links[0].referrer, &links), 0);
	description_release(&d);
}
END_TEST

START_TEST(deep)
{
	struct description d = { 0 };
	size_t len = 100000;
	char *text = malloc(len + 1);

	memset(text, '[', len);
	ck_assert_int_eq(description_read(text, len, "bundle.json", &d, NULL), ERR_LIMIT);
	free(text);
}
END_TEST

static void write_text(const struct graph *g, struct buf *index, struct buf *description)
{
	struct description_file layout_file = { .name = "oci-layout" }, index_file = { .name = "index.json" };
	CLEANUP(description_maker_release) struct description_maker m = { 0 };
	struct buf_stage stage;

	buf_init(index, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&stage, index);
	ck_assert_int_eq(index_write(g, &stage.out, NULL), ERR_OK);
	ck_assert_int_eq(digest_of("", 0, NULL, &layout_file.digest, NULL), ERR_OK);
	layout_file.size_bytes = 30;
	index_file.digest = layout_file.digest;
	ck_assert_int_eq(description_maker_init(&m, g, NULL), ERR_OK);
	buf_init(description, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&stage, description);
	ck_assert_int_eq(description_write(&m, &layout_file, &index_file, NULL, NULL, &stage.out, NULL), ERR_OK);
}

/* What is written of an image: once whole, once with a platform that the source does not have. */
static const struct {
	const char *name;
	struct image_sample sample;
	const char *platform;
	bool attestations_only;
	size_t entries, platforms, absent, left_out, statements, referrers, blobs_absent, blobs_left_out;
} written[] = {
	{ "whole", { 0 }, NULL, false, 4, 2, 0, 0, 1, 3, 0, 0 },
	{ "one platform absent", { .absent_platform = true }, NULL, false, 4, 1, 1, 0, 1, 3, 1, 0 },
	{ "a manifest alone", { .one_manifest = true }, NULL, false, 1, 1, 0, 0, 0, 0, 0, 0 },
	{ "one platform wanted", { 0 }, "linux/amd64", false, 4, 1, 0, 1, 1, 3, 0, 1 },
	{ "the one without attestations wanted", { 0 }, "linux/arm64", false, 3, 1, 0, 2, 0, 2, 0, 2 },
	{ "an absent one wanted", { .absent_platform = true }, "linux/arm64", false, 3, 0, 1, 2, 0, 2, 1, 2 },
	{ "an absent one not wanted", { .absent_platform = true }, "linux/amd64", false, 4, 1, 0, 1, 1, 3, 0, 1 },
	{ "no layers", { 0 }, NULL, true, 4, 2, 0, 0, 1, 3, 0, 6 },
};

START_TEST(writing)
{
	struct image_builder b;
	struct graph g;
	struct buf index, text;
	struct json_t *json, *entries;
	const struct json_t *image, *platform;
	struct description d = { 0 };
	struct err err = { .code = ERR_OK };
	struct selection selection = { .attestations_only = written[_i].attestations_only };
	uint64_t absent = 0, left_out = 0;

	image_builder_init(&b);
	b.selection = &selection;
	if (written[_i].platform != NULL)
		ck_assert_int_eq(selection_platform(&selection, written[_i].platform, NULL), ERR_OK);
	image_sample(&b, "docker.io/library/app:1", &written[_i].sample);
	image_graph(&b, &b.source, &g);
	write_text(&g, &index, &text);
	ck_assert_msg(description_read(text.data, text.len, "bundle.json", &d, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(js_read(text.data, text.len, "bundle.json", &json, NULL), ERR_OK);
	image = js_at(js_array(json, "images"), 0);
	platform = js_at(js_array(image, "platforms"), 0);
	ck_assert_str_eq(js_string(image, "name"), "docker.io/library/app:1");
	ck_assert_uint_eq(js_len(js_array(image, "platforms")), written[_i].platforms);
	ck_assert_uint_eq(js_len(js_array(image, "absent")), written[_i].absent);
	ck_assert_uint_eq(js_len(js_array(js_at(js_array(platform, "attestations"), 0), "statements")),
			  written[_i].statements);
	ck_assert_uint_eq(js_len(js_array(json, "referrers")), written[_i].referrers);
	ck_assert(js_uint(js_object(json, "totals"), "absent", &absent));
	ck_assert_uint_eq(absent, written[_i].blobs_absent);
	ck_assert_uint_eq(js_len(js_array(image, "leftOut")), written[_i].left_out);
	ck_assert_int_eq(js_has(image, "leftOut"), written[_i].left_out > 0);
	js_uint(js_object(json, "totals"), "leftOut", &left_out);
	ck_assert_uint_eq(left_out, written[_i].blobs_left_out);
	ck_assert_int_eq(js_read(index.data, index.len, "index.json", &entries, NULL), ERR_OK);
	ck_assert_uint_eq(js_len(js_array(entries, "manifests")), written[_i].entries);
	ck_assert_str_eq(
		js_string(js_object(js_at(js_array(entries, "manifests"), 0), "annotations"), ANNOTATION_IMAGE_NAME),
		"docker.io/library/app:1");
	js_free(entries);
	js_free(json);
	selection_release(&selection);
	description_release(&d);
	buf_release(&index);
	buf_release(&text);
	graph_release(&g);
	image_builder_release(&b);
}
END_TEST

/* A referrer that is tied to one subject in two ways, and to two subjects. */
START_TEST(tied_twice)
{
	struct image_builder b;
	struct graph g;
	struct buf index, text;
	const char *at;
	size_t entries = 0;

	image_builder_init(&b);
	image_sample(&b, "docker.io/library/app:1", &(struct image_sample){ 0 });
	image_refer(&b, b.tags[0].root, b.links[0].referrer, LINK_SIG);
	image_refer(&b, b.links[2].subject, b.links[0].referrer, LINK_ATT);
	image_graph(&b, &b.source, &g);
	write_text(&g, &index, &text);
	for (at = strstr(index.data, ANNOTATION_SUBJECT); at != NULL; at = strstr(at + 1, ANNOTATION_SUBJECT))
		entries++;
	ck_assert_uint_eq(entries, 4);
	buf_release(&index);
	buf_release(&text);
	graph_release(&g);
	image_builder_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("description");
	TCase *t = tcase_create("description");

	tcase_add_loop_test(t, reading, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, looking_up);
	tcase_add_test(t, deep);
	tcase_add_loop_test(t, writing, 0, (int)COUNT_OF(written));
	tcase_add_test(t, tied_twice);
	suite_add_tcase(s, t);
	return test_run(s);
}
