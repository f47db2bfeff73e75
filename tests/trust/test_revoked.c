#include "trust/revoked.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"
#include "trust/fingerprint.h"
#include "trust/site.h"

#define A                                                                                                              \
	"sha256:"                                                                                                      \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B                                                                                                              \
	"sha256:"                                                                                                      \
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define A_TEXT "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo="

static char *folder;

static void set_up(void)
{
	folder = folder_new();
	folder_make_in(folder, SITE_REVOKED);
	ck_assert_int_eq(setenv(SITE_VARIABLE, folder, 1), 0);
}

static void tear_down(void)
{
	folder_remove(folder);
}

static const struct {
	const char *name, *file, *text;
	const char *found; /* a digest that is revoked then; NULL: none is, and where the text is refused */
	enum err_code want;
} cases[] = {
	{ "a digest", "x.list", A "\n", A, ERR_OK },
	{ "without a line feed", "x", A, A, ERR_OK },
	{ "a fingerprint", "x.list", A_TEXT "\n", A, ERR_OK },
	{ "the second of two", "x.list", B "\r\n\t " A " # why\n\n", A, ERR_OK },
	{ "behind a comment whose line ends with a carriage return", "x.list", "# why\r" A "\r", A, ERR_OK },
	{ "a comment", "x.list", "# " A "\n", NULL, ERR_OK },
	{ "another", "x.list", B "\n", NULL, ERR_OK },
	{ "empty", "x.list", "", NULL, ERR_OK },
	{ "half written", "x.list.part", A "\n", NULL, ERR_OK },
	{ "hidden", ".x", A "\n", NULL, ERR_OK },
	{ "an editor's copy", "x.list~", A "\n", A, ERR_OK },
	{ "a word", "x.list", A "\nhello\n", NULL, ERR_FORMAT },
	{ "hex alone", "x.list", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", NULL,
	  ERR_FORMAT },
	{ "two in a line", "x.list", A " " B "\n", NULL, ERR_FORMAT },
	{ "a private key", "x.pem", key_p256, NULL, ERR_FORMAT },
};

START_TEST(loads)
{
	CLEANUP(revoked_release) struct revoked r = { 0 };
	struct digest a = { .text = A };
	struct err err = { .code = ERR_OK };
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code got;

	ck_assert_int_eq(str_format(&path, NULL, SITE_REVOKED "/%s", cases[_i].file), ERR_OK);
	folder_put(folder, path, cases[_i].text, strlen(cases[_i].text));
	got = revoked_load(&r, &err);
	ck_assert_msg(got == cases[_i].want, "%s: %d (%s)", cases[_i].name, got, err.msg);
	if (got != ERR_OK)
		ck_assert_msg(strstr(err.msg, cases[_i].file) != NULL, "%s", err.msg);
	ck_assert_msg((revoked_find(&r, &a) != NULL) == (cases[_i].found != NULL), "%s", cases[_i].name);
	if (cases[_i].found != NULL)
		ck_assert_str_eq(revoked_find(&r, &a)->file, cases[_i].file);
}
END_TEST

START_TEST(key)
{
	CLEANUP(revoked_release) struct revoked r = { 0 };
	struct digest fingerprint;
	struct err err = { .code = ERR_OK };

	folder_put(folder, SITE_REVOKED "/x.pem", key_p521_pub, strlen(key_p521_pub));
	ck_assert_int_eq(fingerprint_of_pem(key_p521_pub, "x", &fingerprint, &err), ERR_OK);
	ck_assert_msg(revoked_load(&r, &err) == ERR_OK, "%s", err.msg);
	ck_assert_ptr_nonnull(revoked_find(&r, &fingerprint));
	ck_assert(revoked_find(&r, &fingerprint)->is_key);
}
END_TEST

/* A key and more: what would be passed over stays in use. */
static const struct {
	const char *name, *before, *behind;
	const char *says; /* NULL: the key is revoked */
} parts[] = {
	{ "another key", "", key_p384_pub, "x.pem: holds more than one thing" },
	{ "a list in front", "# some\n" A "\n", "", "\"" A "\" beside it" },
	{ "a list in front, whose lines end with carriage returns", "# some\r" A "\n", "", "\"" A "\" beside it" },
	{ "a list behind", "", "\r\n " A " # why", "\"" A "\" beside it" },
	{ "a fingerprint", A_TEXT "\n", "", "\"" A_TEXT "\" beside it" },
	{ "a scope, as a site's key has it", "# acme\nScope: acme.example/*\n", "", NULL },
	{ "words", "Public-Key: (256 bit)\n", "hello\n", NULL },
};

START_TEST(key_and_more)
{
	CLEANUP(revoked_release) struct revoked r = { 0 };
	CLEANUP(free_ptr) char *text = NULL;
	struct err err = { .code = ERR_OK };
	enum err_code got;

	ck_assert_int_eq(str_format(&text, NULL, "%s%s%s", parts[_i].before, key_p256_pub, parts[_i].behind), ERR_OK);
	folder_put(folder, SITE_REVOKED "/x.pem", text, strlen(text));
	got = revoked_load(&r, &err);
	ck_assert_msg(got == (parts[_i].says != NULL ? ERR_FORMAT : ERR_OK), "%s: %d (%s)", parts[_i].name, got,
		      err.msg);
	ck_assert_msg(got == ERR_OK || strstr(err.msg, parts[_i].says) != NULL, "%s: %s", parts[_i].name, err.msg);
	ck_assert_uint_eq(r.len, got == ERR_OK);
}
END_TEST

enum thing { INDEX, PLATFORM, LAYER, HIDDEN, MARKED, INNER, ODD, REFERRER, PAYLOAD, THINGS };

/* An index lists a platform, of whose layers one is a manifest, something of no known type, and an index that is marked
 * as an attestation and lists another platform.  What is said of it by a referrer is a payload. */
static void build(struct image_builder *b, size_t items[THINGS])
{
	char text[THINGS][IMAGE_DESCRIPTOR_TEXT], config[IMAGE_DESCRIPTOR_TEXT];

	image_builder_init(b);
	image_text(b, image_add(b, TYPE_OCI_CONFIG, "{}", 2), config);
	items[LAYER] = image_add(b, "application/vnd.oci.image.layer.v1.tar", "layer", 5);
	items[PAYLOAD] = image_add(b, "application/octet-stream", "payload", 7);
	items[ODD] = image_add(b, "application/vnd.example+json", "odd", 3);
	items[HIDDEN] = image_json(b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[]}", config);
	items[INNER] = image_json(b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[ ]}", config);
	items[PLATFORM] =
		image_json(b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s},{%s}]}", config,
			   image_text(b, items[LAYER], text[LAYER]), image_text(b, items[HIDDEN], text[HIDDEN]));
	items[MARKED] =
		image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s}]}", image_text(b, items[INNER], text[INNER]));
	items[INDEX] = image_json(b, TYPE_OCI_INDEX,
				  "{\"manifests\":[{%s},{%s},{%s,\"annotations\":{\"vnd.docker.reference.type\":"
				  "\"attestation-manifest\"}}]}",
				  image_text(b, items[PLATFORM], text[PLATFORM]), image_text(b, items[ODD], text[ODD]),
				  image_text(b, items[MARKED], text[MARKED]));
	items[REFERRER] = image_json(b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s}]}", config,
				     image_text(b, items[PAYLOAD], text[PAYLOAD]));
	image_refer(b, items[PLATFORM], items[REFERRER], LINK_SUBJECT);
	image_tag(b, "docker.io/library/app:1", items[INDEX]);
}

/* Whatever of an image is revoked, or must be at the target, or leads to what runs, it is not taken; what else does not
 * come along does no harm. */
static const struct {
	const char *name;
	enum thing what;
	bool lacks; /* refused also where it is absent or left out */
} things[] = {
	{ "what the name stands for", INDEX, true },
	{ "a platform", PLATFORM, true },
	{ "a layer", LAYER, false },
	{ "a manifest among the layers", HIDDEN, true },
	{ "an index that is marked as an attestation", MARKED, true },
	{ "what that lists", INNER, true },
	{ "what is listed and of no known type", ODD, true },
	{ "a referrer", REFERRER, false },
	{ "what that holds", PAYLOAD, false },
};

static enum err_code check(const struct graph *g, uint32_t node, struct err *err)
{
	struct revoked_entry entry = { .digest = g->nodes[node].digest, .file = "x.list" };
	struct revoked r = { .entries = &entry, .len = 1 };

	return revoked_check(&r, g, "app.zst", err);
}

START_TEST(graph)
{
	struct image_builder b;
	struct graph g;
	size_t items[THINGS];
	struct err err = { .code = ERR_OK };
	enum err_code lacking = things[_i].lacks ? ERR_UNPROVED : ERR_OK;
	uint32_t node;

	build(&b, items);
	image_graph(&b, &b.source, &g);
	node = graph_find(&g, &b.items[items[things[_i].what]].digest);
	ck_assert_int_eq(check(&g, node, &err), ERR_UNPROVED);
	ck_assert_ptr_nonnull(strstr(err.msg, "docker.io/library/app:1"));
	ck_assert_ptr_nonnull(strstr(err.msg, g.nodes[node].digest.text));
	g.nodes[node].absent = true;
	ck_assert_msg(check(&g, node, NULL) == lacking, "%s", things[_i].name);
	g.nodes[node].absent = false;
	g.nodes[node].left_out = true;
	ck_assert_msg(check(&g, node, NULL) == lacking, "%s", things[_i].name);
	g.nodes[node].left_out = false;
	g.nodes[node].holder.image = "docker.io/library/app:1";
	ck_assert_msg(check(&g, node, NULL) == ERR_UNPROVED, "%s", things[_i].name);
	ck_assert_int_eq(revoked_check(&(struct revoked){ 0 }, &g, "app.zst", NULL), ERR_OK);
	graph_release(&g);
	image_builder_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("revoked");
	TCase *t = tcase_create("lists");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, loads, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, key);
	tcase_add_loop_test(t, key_and_more, 0, (int)COUNT_OF(parts));
	tcase_add_loop_test(t, graph, 0, (int)COUNT_OF(things));
	suite_add_tcase(s, t);
	return test_run(s);
}
