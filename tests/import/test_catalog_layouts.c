/* The part of catalog.h that is about folders: they change while they are served, and are judged each time. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/layout.h"
#include "common/mem.h"
#include "import/catalog.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/catalog_fixture.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define APP "docker.io/library/app:1"
#define OTHER "ghcr.io/team/other:2"

static struct digest put_blob(struct layout *l, const char *text)
{
	struct err err = { .code = ERR_OK };
	struct memory_stream in;
	struct digest digest;

	ck_assert_int_eq(digest_of(text, strlen(text), NULL, &digest, &err), ERR_OK);
	memory_stream_init(&in, text, strlen(text));
	ck_assert_int_eq(layout_put(l, &digest, strlen(text), &in.in, &err), ERR_OK);
	return digest;
}

/* Put an image into a layout, as an import does. */
static void put_layout(const char *path, const char *name)
{
	struct layout *l = NULL;
	struct err err = { .code = ERR_OK };
	CLEANUP(buf_release) struct buf index;
	struct digest digest;
	char manifest[512];

	ck_assert_msg(layout_open(path, true, &l, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(layout_lock(l, &err), ERR_OK);
	digest = put_blob(l, name);
	snprintf(manifest, sizeof(manifest),
		 "{\"config\":{\"mediaType\":\"text/plain\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[]}",
		 digest.text, strlen(name));
	digest = put_blob(l, manifest);
	buf_init(&index, 4096);
	ck_assert_int_eq(buf_printf(&index, &err,
				    "{\"manifests\":[{\"mediaType\":\"" TYPE_OCI_MANIFEST
				    "\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{\"" ANNOTATION_IMAGE_NAME
				    "\":\"%s\"}}]}",
				    digest.text, strlen(manifest), name),
			 ERR_OK);
	ck_assert_msg(layout_publish(l, buf_text(&index), index.len, &err) == ERR_OK, "%s", err.msg);
	layout_close(l);
}

static void check_graph(struct catalog_fixture *f, const struct catalog_image *image)
{
	CLEANUP(catalog_graph_release_ptr) struct catalog_graph *g = NULL;

	ck_assert_msg(catalog_graph(f->view, image, &g, &f->err) == ERR_OK, "%s", f->err.msg);
	ck_assert_uint_eq(g->graph.images_len, 1);
}

/* The store may be empty at first; what an import brings is there for the next request, and who still looks at the old
 * state is not disturbed. */
START_TEST(store)
{
	struct catalog_fixture f;
	char *folder = folder_new(), *path = folder_path(folder, "store");
	struct catalog_view *old;
	const struct catalog_image *const *images = NULL;
	const struct catalog_image *image = NULL;
	size_t len = 9;

	catalog_fixture_begin(&f);
	ck_assert_int_eq(setenv("BUNDLE_STORE", path, 1), 0);
	catalog_fixture_open(&f, &catalog_fixture_none, &catalog_fixture_none);
	ck_assert_int_eq(catalog_images(f.view, &images, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, 0);
	ck_assert_int_eq(catalog_find(f.view, APP, &image, &f.err), ERR_NOT_FOUND);
	put_layout(path, APP);
	old = f.view;
	ck_assert_int_eq(catalog_look(f.catalog, &f.view, &f.err), ERR_OK);
	ck_assert_int_eq(catalog_images(f.view, &images, &len, &f.err), ERR_OK);
	ck_assert_uint_eq(len, 1);
	put_layout(path, OTHER);
	catalog_leave(old);
	old = f.view;
	ck_assert_int_eq(catalog_look(f.catalog, &f.view, &f.err), ERR_OK);
	ck_assert_int_eq(catalog_find(f.view, OTHER, &image, &f.err), ERR_OK);
	ck_assert_int_eq(catalog_find(old, OTHER, &image, &f.err), ERR_NOT_FOUND);
	check_graph(&f, image);
	catalog_leave(old);
	catalog_fixture_release(&f);
	free(path);
	folder_remove(folder);
}
END_TEST

/* A layout with one image: an index that lists a platform that is there and one that is not.  Returns the manifest of
 * that one. */
static char *put_lacking(const char *path, const char *name)
{
	CLEANUP(buf_release) struct buf text;
	struct layout *l = NULL;
	struct err err = { .code = ERR_OK };
	struct digest digests[2], config;
	char *manifests[2];
	size_t i;

	ck_assert_msg(layout_open(path, true, &l, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(layout_lock(l, &err), ERR_OK);
	config = put_blob(l, name);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(str_format(&manifests[i], &err,
					    "{\"config\":{\"mediaType\":\"text/plain\",\"digest\":\"%s\","
					    "\"size\":%zu},\"layers\":[],\"n\":%zu}",
					    config.text, strlen(name), i),
				 ERR_OK);
		ck_assert_int_eq(digest_of(manifests[i], strlen(manifests[i]), NULL, &digests[i], &err), ERR_OK);
	}
	put_blob(l, manifests[0]);
	buf_init(&text, 4096);
	ck_assert_int_eq(buf_printf(&text, &err,
				    "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":["
				    "{\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu},"
				    "{\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu}]}",
				    digests[0].text, strlen(manifests[0]), digests[1].text, strlen(manifests[1])),
			 ERR_OK);
	digests[0] = put_blob(l, buf_text(&text));
	i = text.len;
	buf_clear(&text);
	ck_assert_int_eq(buf_printf(&text, &err,
				    "{\"manifests\":[{\"mediaType\":\"" TYPE_OCI_INDEX
				    "\",\"digest\":\"%s\",\"size\":%zu,\"annotations\":{\"" ANNOTATION_IMAGE_NAME
				    "\":\"%s\"}}]}",
				    digests[0].text, i, name),
			 ERR_OK);
	ck_assert_msg(layout_publish(l, buf_text(&text), text.len, &err) == ERR_OK, "%s", err.msg);
	layout_close(l);
	free(manifests[0]);
	return manifests[1];
}

static enum err_code note_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	(void)err;
	*(bool *)ctx = m->bytes != NULL;
	return ERR_OK;
}

static enum err_code note_there(void *ctx, bool there, struct err *err)
{
	(void)err;
	*(bool *)ctx = there;
	return ERR_OK;
}

static void check_withheld(struct catalog_fixture *f, const struct digest *digest, size_t len)
{
	CLEANUP(catalog_graph_release_ptr) struct catalog_graph *g = NULL;
	CLEANUP(buf_release) struct buf bytes;
	const struct catalog_image *image = NULL;
	struct descriptor d = { .digest = *digest, .size_bytes = len, .media_type = TYPE_OCI_MANIFEST };
	struct source *source = NULL;
	struct buf_stage out;
	bool given = true, there = true, listed = true;

	ck_assert_msg(catalog_find(f->view, APP, &image, &f->err) == ERR_OK, "%s", f->err.msg);
	ck_assert_int_eq(catalog_graph(f->view, image, &g, &f->err), ERR_OK);
	ck_assert(!node_is_carried(&g->graph.nodes[graph_find(&g->graph, digest)]));
	ck_assert(!catalog_lends(f->view, &g->graph.nodes[graph_find(&g->graph, digest)]));
	ck_assert(catalog_lends(f->view, &g->graph.nodes[g->graph.images[0].root]));
	ck_assert_int_eq(catalog_source_new(f->view, image, &source, &f->err), ERR_OK);
	buf_init(&bytes, len);
	buf_stage_init(&out, &bytes);
	ck_assert_int_eq(source->manifest(source, &d, note_manifest, &given, &f->err), ERR_OK);
	ck_assert_int_eq(source->blob(source, &d, 0, len, &out.out, note_there, &there, &f->err), ERR_OK);
	ck_assert_int_eq(source->has(source, &d, note_there, &listed, &f->err), ERR_OK);
	ck_assert(!given && !there && !listed && bytes.len == 0);
	source->free(source);
}

/* An import brings blobs first and index.json then: what an image was without when it was judged it is served without,
 * until it is judged again. */
START_TEST(judged_as_served)
{
	struct catalog_fixture f;
	char *folder = folder_new(), *path = folder_path(folder, "layout"), *manifest = put_lacking(path, APP), *place;
	CLEANUP(catalog_graph_release_ptr) struct catalog_graph *g = NULL;
	const struct catalog_image *image = NULL;
	struct layout *l = NULL;
	struct digest digest;
	const char *items[1];
	struct opt_list places = { .items = items, .len = 1 };

	catalog_fixture_begin(&f);
	ck_assert_int_eq(digest_of("another", strlen("another"), NULL, &digest, &f.err), ERR_OK);
	folder_make_in(f.keys, SITE_REVOKED);
	folder_put(f.keys, SITE_REVOKED "/some.list", digest.text, strlen(digest.text));
	ck_assert_int_eq(digest_of(manifest, strlen(manifest), NULL, &digest, &f.err), ERR_OK);
	ck_assert_int_eq(str_format(&place, &f.err, "oci:%s", path), ERR_OK);
	items[0] = place;
	catalog_fixture_open(&f, &places, &catalog_fixture_none);
	ck_assert_int_eq(layout_open(path, false, &l, &f.err), ERR_OK);
	ck_assert_int_eq(layout_lock(l, &f.err), ERR_OK);
	put_blob(l, manifest);
	check_withheld(&f, &digest, strlen(manifest));
	catalog_leave(f.view);
	ck_assert_int_eq(catalog_look(f.catalog, &f.view, &f.err), ERR_OK);
	check_withheld(&f, &digest, strlen(manifest));
	catalog_leave(f.view);
	ck_assert_int_eq(layout_publish(l, "{\"manifests\":[]}", strlen("{\"manifests\":[]}"), &f.err), ERR_OK);
	ck_assert_int_eq(catalog_look(f.catalog, &f.view, &f.err), ERR_OK);
	ck_assert_msg(catalog_find(f.view, APP, &image, &f.err) == ERR_OK, "%s", f.err.msg);
	ck_assert_int_eq(catalog_graph(f.view, image, &g, &f.err), ERR_OK);
	ck_assert(node_is_carried(&g->graph.nodes[graph_find(&g->graph, &digest)]));
	layout_close(l);
	catalog_fixture_release(&f);
	free(place);
	free(manifest);
	free(path);
	folder_remove(folder);
}
END_TEST

static const struct {
	enum role role;
	bool absent, left_out, revoked;
	bool lends; /* where something is asked; else all is lent */
} lends_cases[] = {
	{ ROLE_LAYER, .lends = true },
	{ ROLE_LAYER, .left_out = true, .lends = true },
	{ ROLE_CONFIG, .left_out = true, .lends = true },
	{ ROLE_MANIFEST, .lends = true },
	{ ROLE_LAYER, .revoked = true },
	{ ROLE_LAYER, .left_out = true, .revoked = true },
	{ ROLE_MANIFEST, .absent = true },
	{ ROLE_MANIFEST, .left_out = true },
	{ ROLE_REFERRER, .absent = true },
	{ ROLE_ARTIFACT, .left_out = true }, /* an index may list anything */
};

START_TEST(lends)
{
	struct catalog_fixture f;
	struct digest revoked;
	size_t i;

	catalog_fixture_begin(&f);
	image_sample(&f.images, APP, &(struct image_sample){ .raw_bytes = 1000 });
	bundle_put(&f.images, f.path, 10000);
	ck_assert_int_eq(digest_of("x", 1, NULL, &revoked, &f.err), ERR_OK);
	folder_make_in(f.keys, SITE_REVOKED);
	if (_i == 1)
		folder_put(f.keys, SITE_REVOKED "/some.list", revoked.text, strlen(revoked.text));
	catalog_fixture_open_path(&f);
	for (i = 0; i < COUNT_OF(lends_cases); i++) {
		struct node n = { .role = lends_cases[i].role,
				  .absent = lends_cases[i].absent,
				  .left_out = lends_cases[i].left_out };

		n.digest = lends_cases[i].revoked ? revoked : *catalog_fixture_root(&f, 0);
		ck_assert_msg(catalog_lends(f.view, &n) == (_i == 0 || lends_cases[i].lends), "%zu", i);
	}
	catalog_fixture_release(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("catalog_layouts");
	TCase *t = tcase_create("catalog_layouts");

	tcase_add_test(t, store);
	tcase_add_test(t, judged_as_served);
	tcase_add_loop_test(t, lends, 0, 2);
	suite_add_tcase(s, t);
	return test_run(s);
}
