#include "export/supply.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define APP "docker.io/library/app:1"
#define ODD "docker.io/library/odd:1"
#define HOLDER "docker.io/library/old:1"

/* An image of two layers; the sources that have it, each in its own way. */
struct fixture {
	struct image_builder b; /* everything there is; asked, it is the registry */
	size_t config, one, two, manifest, odd;
	char *folder, *path;
	struct local *locals[2];
	size_t locals_len;
	struct graph graph;
	struct walk walk;
};

static struct fixture f;

struct text {
	char t[IMAGE_DESCRIPTOR_TEXT];
};

static struct text of(size_t item)
{
	struct text text;

	image_text(&f.b, item, text.t);
	return text;
}

static void setup(void)
{
	struct image_builder *b = &f.b;

	f = (struct fixture){ .folder = folder_new() };
	f.path = folder_path(f.folder, "a.zst");
	image_builder_init(b);
	f.config = image_json(b, TYPE_OCI_CONFIG, "{}");
	f.one = image_add_noise(b, "application/vnd.oci.image.layer.v1.tar+gzip", 5000, 1);
	f.two = image_add_noise(b, "application/vnd.oci.image.layer.v1.tar+gzip", 7000, 2);
	f.manifest = image_json(b, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s},{%s}]}", of(f.config).t,
				of(f.one).t, of(f.two).t);
	f.odd = image_json(b, TYPE_OCI_MANIFEST, "{\"config\":{%s}}", of(f.two).t); /* a layer is its config */
	image_tag(b, APP, f.manifest);
	graph_init(&f.graph);
	walk_init(&f.walk, &f.graph, NULL, NULL);
}

static void teardown(void)
{
	size_t i;

	walk_release(&f.walk);
	for (i = 0; i < f.locals_len; i++)
		local_free(f.locals[i]);
	graph_release(&f.graph);
	image_builder_release(&f.b);
	free(f.path);
	folder_remove(f.folder);
}

/* A bundle of the image; what is to be said of its second layer is said. */
static void put_bundle(bool absent, bool left_out)
{
	CLEANUP(bundle_writer_free_ptr) struct bundle_writer *w = NULL;
	CLEANUP(graph_release) struct graph g = { 0 };
	struct err err = { 0 };
	struct node *n;

	image_graph(&f.b, &f.b.source, &g);
	n = &g.nodes[graph_find(&g, &f.b.items[f.two].digest)];
	n->absent = absent;
	if (left_out)
		n->holder = (struct holder){ .image = HOLDER, .manifest = f.b.items[f.manifest].digest.text };
	ck_assert_msg(bundle_writer_open(f.path, &g, NULL, NULL, &w, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(bundle_fill(w, &f.b, &g, 4096, &err) == ERR_OK, "%s", err.msg);
}

static void put_item(size_t item)
{
	char name[256];

	snprintf(name, sizeof(name), "layout/blobs/sha256/%s", digest_hex(&f.b.items[item].digest));
	folder_put(f.folder, name, f.b.items[item].bytes, f.b.items[item].len);
}

/* A layout with one manifest and some blobs. */
static void put_layout(size_t manifest, const char *name, const size_t *items, size_t len)
{
	CLEANUP(buf_release) struct buf index = { .max = 65536 };
	size_t i;

	folder_make_in(f.folder, "layout");
	folder_make_in(f.folder, "layout/blobs");
	folder_make_in(f.folder, "layout/blobs/sha256");
	folder_put(f.folder, "layout/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
	ck_assert_int_eq(buf_printf(&index, NULL, "{\"manifests\":[{%s,\"annotations\":{\"%s\":\"%s\"}}]}",
				    of(manifest).t, ANNOTATION_IMAGE_NAME, name),
			 ERR_OK);
	folder_put(f.folder, "layout/index.json", index.data, index.len);
	put_item(manifest);
	for (i = 0; i < len; i++)
		put_item(items[i]);
}

static enum err_code add_image(void *ctx, const char *name, const struct descriptor *root, struct err *err)
{
	return walk_root(&f.walk, local_source(ctx), root, name, err);
}

static void take_local(enum transport transport, const char *name)
{
	CLEANUP(free_ptr) char *path = folder_path(f.folder, name);
	struct location at = { .transport = transport, .path = path };
	struct local **l = &f.locals[f.locals_len];
	struct err err = { 0 };

	ck_assert_msg(local_open(&at, l, &err) == ERR_OK, "%s", err.msg);
	f.locals_len++;
	ck_assert_msg(local_pick(*l, &at, add_image, *l, &err) == ERR_OK, "%s", err.msg);
}

static void take_registry(void)
{
	struct reference ref = { 0 };

	ck_assert_int_eq(reference_parse(APP, &ref, NULL), ERR_OK);
	ck_assert_int_eq(walk_image(&f.walk, &f.b.source, &ref, APP, NULL), ERR_OK);
	reference_release(&ref);
}

enum from { FROM_BUNDLE, FROM_LAYOUT, FROM_REGISTRY, ABSENT, PREREQUISITE };

/* Where a blob comes from. */
static enum from from_of(size_t item)
{
	const struct node *n = &f.graph.nodes[graph_find(&f.graph, &f.b.items[item].digest)];
	const struct source *s = walk_source(&f.walk, n);

	if (n->absent)
		return ABSENT;
	if (n->holder.image != NULL)
		return PREREQUISITE;
	if (s == &f.b.source)
		return FROM_REGISTRY;
	return s == local_source(f.locals[0]) ? FROM_BUNDLE : FROM_LAYOUT;
}

static const struct {
	const char *name;
	bool absent, left_out; /* the second layer in the bundle */
	bool layout, registry; /* further sources */
	bool layout_lacks;     /* the second layer */
	bool registry_first;   /* in the order of the command line */
	enum from one, two;
} cases[] = {
	{ "a bundle", false, false, false, false, false, false, FROM_BUNDLE, FROM_BUNDLE },
	{ "left out", false, true, false, false, false, false, FROM_BUNDLE, PREREQUISITE },
	{ "absent", true, false, false, false, false, false, FROM_BUNDLE, ABSENT },
	{ "files before registries", false, false, false, true, false, true, FROM_BUNDLE, FROM_BUNDLE },
	{ "left out, and a registry has it", false, true, false, true, false, false, FROM_BUNDLE, FROM_REGISTRY },
	{ "the registry first", false, true, false, true, false, true, FROM_BUNDLE, FROM_REGISTRY },
	{ "absent, and a registry has it", true, false, false, true, false, false, FROM_BUNDLE, FROM_REGISTRY },
	{ "left out, and a layout has it", false, true, true, false, false, false, FROM_BUNDLE, FROM_LAYOUT },
	{ "a layout lacks it too", false, true, true, false, true, false, FROM_BUNDLE, PREREQUISITE },
	{ "everybody", false, true, true, true, false, false, FROM_BUNDLE, FROM_LAYOUT },
};

START_TEST(settle)
{
	const size_t all[] = { f.config, f.one, f.two };
	struct err err = { 0 };

	put_bundle(cases[_i].absent, cases[_i].left_out);
	if (cases[_i].registry_first)
		take_registry();
	take_local(TRANSPORT_BUNDLE, "a.zst");
	if (cases[_i].layout) {
		put_layout(f.manifest, APP, all, cases[_i].layout_lacks ? 2 : 3);
		take_local(TRANSPORT_LAYOUT, "layout");
	}
	if (cases[_i].registry && !cases[_i].registry_first)
		take_registry();
	ck_assert_int_eq(graph_settle(&f.graph, NULL), ERR_OK);
	ck_assert_msg(supply_settle(&f.walk, f.locals, f.locals_len, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(from_of(f.one) == cases[_i].one, "%s: the first from %d", cases[_i].name, from_of(f.one));
	ck_assert_msg(from_of(f.two) == cases[_i].two, "%s: the second from %d", cases[_i].name, from_of(f.two));
	ck_assert_uint_eq(f.graph.images_len, 1);
}
END_TEST

/* Only layers can be left out of a bundle: what is a layer there and a config here cannot stay behind. */
START_TEST(no_layer)
{
	struct err err = { 0 };

	put_bundle(false, true);
	put_layout(f.odd, ODD, NULL, 0);
	take_local(TRANSPORT_BUNDLE, "a.zst");
	take_local(TRANSPORT_LAYOUT, "layout");
	ck_assert_int_eq(graph_settle(&f.graph, NULL), ERR_OK);
	ck_assert_int_eq(supply_settle(&f.walk, f.locals, f.locals_len, &err), ERR_UNSUPPORTED);
	ck_assert_msg(strstr(err.msg, f.b.items[f.two].digest.text) != NULL, "%s", err.msg);
	ck_assert_msg(strstr(err.msg, HOLDER) != NULL, "%s", err.msg);
}
END_TEST

/* What was chosen not to travel needs no source. */
START_TEST(chosen)
{
	struct node *n;

	put_bundle(true, false);
	take_local(TRANSPORT_BUNDLE, "a.zst");
	ck_assert_int_eq(graph_settle(&f.graph, NULL), ERR_OK);
	n = &f.graph.nodes[graph_find(&f.graph, &f.b.items[f.two].digest)];
	n->left_out = true;
	ck_assert_int_eq(supply_settle(&f.walk, f.locals, f.locals_len, NULL), ERR_OK);
	ck_assert(!n->absent);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("supply");
	TCase *t = tcase_create("supply");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, settle, 0, COUNT_OF(cases));
	tcase_add_test(t, no_layer);
	tcase_add_test(t, chosen);
	suite_add_tcase(s, t);
	return test_run(s);
}
