#include "common/walk.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/graph_text.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/late_source.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define ORDERS 100

/* What walks see: two repositories that may hold the same things, or not. */
struct world {
	struct image_builder repositories[2];
	size_t told[IMAGE_ITEMS]; /* how often on_manifest heard of an item of the first */
	size_t calls, fail_at;    /* the call of on_manifest that fails, counted from 1 */
	struct selection selection;
	size_t dropped;
};

static struct world world;

static enum err_code on_manifest(void *ctx, uint32_t node, const void *bytes, size_t len, struct err *err)
{
	struct world *w = ctx;
	struct digest digest;
	size_t i;

	(void)node;
	ck_assert_int_eq(digest_of(bytes, len, NULL, &digest, NULL), ERR_OK);
	for (i = 0; i < w->repositories[0].items_len; i++)
		w->told[i] += digest_equal(&w->repositories[0].items[i].digest, &digest);
	if (++w->calls == w->fail_at)
		return err_set(err, ERR_IO, "call %zu fails", w->calls);
	return ERR_OK;
}

struct text {
	char t[IMAGE_DESCRIPTOR_TEXT];
};

static struct text of(const struct image_builder *b, size_t item)
{
	struct text text;

	image_text(b, item, text.t);
	return text;
}

static size_t put_image(struct image_builder *b, unsigned seed)
{
	size_t config = image_json(b, TYPE_OCI_CONFIG, "{\"n\":%u}", seed);

	return image_json(b, TYPE_OCI_MANIFEST, "{\"config\":{%s}}", of(b, config).t);
}

static size_t put_index(struct image_builder *b, size_t child)
{
	return image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s}]}", of(b, child).t);
}

static void make_sample(struct world *w)
{
	image_sample(&w->repositories[0], NAME, &(struct image_sample){ 0 });
}

static void make_absent_child(struct world *w)
{
	image_sample(&w->repositories[0], NAME, &(struct image_sample){ .absent_platform = true });
}

/* A signature of a signature of a signature. */
static void make_chain_of_referrers(struct world *w)
{
	struct image_builder *b = &w->repositories[0];
	size_t image = put_image(b, 0), one = put_image(b, 1), two = put_image(b, 2), three = put_image(b, 3);

	image_refer(b, image, one, LINK_SUBJECT);
	image_refer(b, one, two, LINK_SIG);
	image_refer(b, two, three, LINK_SUBJECT);
	image_tag(b, NAME, image);
}

/* Everything refers to everything, itself included. */
static void make_circle(struct world *w)
{
	struct image_builder *b = &w->repositories[0];
	size_t items[3], i, j;

	for (i = 0; i < 3; i++)
		items[i] = put_image(b, (unsigned)i);
	for (i = 0; i < 3; i++) {
		for (j = 0; j < 3; j++)
			image_refer(b, items[i], items[j], LINK_SUBJECT);
	}
	image_tag(b, NAME, items[0]);
}

/* A listing that names what is not there. */
static void make_absent_referrer(struct world *w)
{
	struct image_builder *b = &w->repositories[0];
	size_t image = put_image(b, 0), referrer = put_image(b, 1);

	b->items[referrer].absent = true;
	image_refer(b, image, referrer, LINK_SUBJECT);
	image_tag(b, NAME, image);
}

/* One image under three names, one of which is a child of another. */
static void make_names(struct world *w)
{
	struct image_builder *b = &w->repositories[0];
	size_t image = put_image(b, 0), index = put_index(b, image);

	image_tag(b, "docker.io/library/b:1", image);
	image_tag(b, NAME, index);
	image_tag(b, "docker.io/library/a:1", index);
}

/* One image in two repositories: each has a referrer that the other lacks, and one lacks a platform. */
static void make_two_repositories(struct world *w)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		struct image_builder *b = &w->repositories[i];
		size_t first = put_image(b, 0), second = put_image(b, 1);
		size_t index =
			image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s},{%s}]}", of(b, first).t, of(b, second).t);

		b->items[second].absent = i == 0;
		image_refer(b, index, put_image(b, 10 + (unsigned)i), LINK_SIG);
		image_refer(b, first, put_image(b, 20 + (unsigned)i), LINK_SUBJECT);
		image_tag(b, i == 0 ? NAME : "ghcr.io/mirror/app:1", index);
	}
}

/* The image of one repository is listed by an index of the other, which lacks it. */
static void make_shared_child(struct world *w)
{
	struct image_builder *a = &w->repositories[0], *b = &w->repositories[1];
	size_t child = put_image(a, 0), same = put_image(b, 0);

	a->items[child].absent = true;
	image_tag(a, NAME, put_index(a, child));
	image_tag(b, "ghcr.io/mirror/app:1", same);
}

static size_t put_referrer(struct image_builder *b, size_t subject, const char *type, unsigned seed)
{
	size_t config = image_json(b, TYPE_OCI_CONFIG, "{\"n\":%u}", seed);
	size_t item = image_json(b, TYPE_OCI_MANIFEST, "{\"artifactType\":\"%s\",\"config\":{%s},\"subject\":{%s}}",
				 type, of(b, config).t, of(b, subject).t);

	image_refer(b, subject, item, LINK_SUBJECT);
	return item;
}

#define LINUX(architecture) ",\"platform\":{\"os\":\"linux\",\"architecture\":\"" architecture "\"}"

/* An index in an index, and a child that one of them lists for another platform. */
static void make_nested(struct world *w)
{
	struct image_builder *b = &w->repositories[0];
	size_t one = put_image(b, 0), two = put_image(b, 1), three = put_image(b, 2), inner;

	put_referrer(b, two, "a/a", 10);
	inner = image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s" LINUX("amd64") "},{%s" LINUX("arm64") "}]}",
			   of(b, one).t, of(b, two).t);
	image_tag(b, NAME,
		  image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s" LINUX("arm64") "},{%s" LINUX("arm64") "},{%s}]}",
			     of(b, inner).t, of(b, one).t, of(b, three).t));
}

/* What one image leaves out is another image. */
static void make_left_out_and_root(struct world *w)
{
	struct image_builder *b = &w->repositories[0];
	size_t amd64 = put_image(b, 0), arm64 = put_image(b, 1);

	put_referrer(b, arm64, "a/a", 10);
	image_tag(b, NAME,
		  image_json(b, TYPE_OCI_INDEX, "{\"manifests\":[{%s" LINUX("amd64") "},{%s" LINUX("arm64") "}]}",
			     of(b, amd64).t, of(b, arm64).t));
	image_tag(b, "docker.io/library/b:1", arm64);
}

/* An SBOM with a signature, which has one too; a scan with one; and cosign's tags. */
static void make_referrers(struct world *w)
{
	struct image_builder *b = &w->repositories[0];
	size_t image = put_image(b, 0), sbom = put_referrer(b, image, "a/sbom", 1), scan;

	put_referrer(b, put_referrer(b, sbom, "a/sig", 2), "a/sig", 3);
	scan = put_referrer(b, image, "a/scan", 4);
	put_referrer(b, scan, "a/sig", 5);
	image_refer(b, image, put_image(b, 6), LINK_SIG);
	image_refer(b, image, put_image(b, 7), LINK_ATT);
	image_tag(b, NAME, image);
}

/* An attestation that its index lists, and that refers to the image; with what refers to it. */
static void make_attestation_with_subject(struct world *w)
{
	struct image_builder *b = &w->repositories[0];
	size_t image = put_image(b, 0), attestation = put_referrer(b, image, "a/attestation", 1);

	put_referrer(b, attestation, "a/sig", 2);
	put_referrer(b, image, "a/sig", 3);
	image_tag(b, NAME,
		  image_json(
			  b, TYPE_OCI_INDEX,
			  "{\"manifests\":[{%s" LINUX("amd64") "},{%s,\"annotations\":{\"%s\":\"attestation-manifest\","
							       "\"%s\":\"%s\"}}]}",
			  of(b, image).t, of(b, attestation).t, ANNOTATION_REFERENCE_TYPE, ANNOTATION_REFERENCE_DIGEST,
			  b->items[image].digest.text));
}

/* Two repositories with one image, each with an SBOM of its own, whose signatures lie in both. */
static void make_signed_in_two(struct world *w)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		struct image_builder *b = &w->repositories[i];
		size_t image = put_image(b, 0), sbom = put_referrer(b, image, "a/sbom", 1);

		put_referrer(b, sbom, "a/sig", 10 + (unsigned)i);
		put_referrer(b, image, "a/scan", 20 + (unsigned)i);
		image_tag(b, i == 0 ? NAME : "ghcr.io/mirror/app:1", image);
	}
}

static const struct {
	const char *name;
	void (*make)(struct world *w);
	size_t want_images, want_manifests, want_absent, want_links;
	const char *platform, *referrers;
	size_t want_left_out, want_dropped;
} worlds[] = {
	{ "sample", make_sample, 1, 7, 0, 4, NULL, NULL, 0, 0 },
	{ "absent child", make_absent_child, 1, 6, 1, 4, NULL, NULL, 0, 0 },
	{ "referrer of a referrer", make_chain_of_referrers, 1, 4, 0, 3, NULL, NULL, 0, 0 },
	{ "circle", make_circle, 1, 3, 0, 9, NULL, NULL, 0, 0 },
	{ "absent referrer", make_absent_referrer, 1, 1, 1, 1, NULL, NULL, 0, 0 },
	{ "names", make_names, 3, 2, 0, 0, NULL, NULL, 0, 0 },
	{ "two repositories", make_two_repositories, 2, 7, 0, 4, NULL, NULL, 0, 0 },
	{ "shared child", make_shared_child, 2, 2, 0, 0, NULL, NULL, 0, 0 },
	{ "one platform", make_sample, 1, 6, 0, 4, "linux/amd64", NULL, 1, 0 },
	{ "another platform", make_sample, 1, 4, 0, 3, "linux/arm64", NULL, 2, 0 },
	{ "an absent platform", make_absent_child, 1, 3, 1, 3, "linux/arm64", NULL, 2, 0 },
	{ "an absent platform that is not wanted", make_absent_child, 1, 6, 0, 4, "linux/amd64", NULL, 1, 0 },
	{ "nested", make_nested, 1, 6, 0, 1, "linux/arm64", NULL, 0, 0 },
	{ "nested, the other", make_nested, 1, 4, 0, 0, "linux/amd64", NULL, 1, 0 },
	{ "left out, and an image", make_left_out_and_root, 2, 4, 0, 1, "linux/amd64", NULL, 0, 0 },
	{ "no referrers", make_referrers, 1, 1, 0, 0, NULL, "none", 0, 0 },
	{ "a type, and what refers to it", make_referrers, 1, 4, 0, 3, NULL, "a/sbom", 0, 3 },
	{ "a type that nothing of the image has", make_referrers, 1, 1, 0, 0, NULL, "a/sig", 0, 4 },
	{ "a tag", make_referrers, 1, 2, 0, 1, NULL, "sig", 0, 3 },
	{ "a tag and a type", make_referrers, 1, 4, 0, 3, NULL, "att,a/scan", 0, 2 },
	{ "attestations are no referrers", make_attestation_with_subject, 1, 3, 0, 2, NULL, "none", 0, 0 },
	{ "attestations, by type", make_attestation_with_subject, 1, 4, 0, 3, NULL, "a/attestation", 0, 1 },
	{ "attestations, and signatures", make_attestation_with_subject, 1, 5, 0, 4, NULL, "a/sig", 0, 0 },
	{ "absent, so of no type", make_absent_referrer, 1, 1, 1, 1, NULL, "a/a", 0, 0 },
	{ "signed in two repositories", make_signed_in_two, 2, 4, 0, 3, NULL, "a/sbom", 0, 2 },
	{ "in a circle, of a type", make_circle, 1, 3, 0, 9, NULL, TYPE_OCI_CONFIG, 0, 0 },
};

static void world_init(size_t which)
{
	world = (struct world){ 0 };
	image_builder_init(&world.repositories[0]);
	image_builder_init(&world.repositories[1]);
	worlds[which].make(&world);
	if (worlds[which].platform != NULL)
		ck_assert_int_eq(selection_platform(&world.selection, worlds[which].platform, NULL), ERR_OK);
	if (worlds[which].referrers != NULL)
		ck_assert_int_eq(selection_referrers(&world.selection, worlds[which].referrers, NULL), ERR_OK);
}

static void world_release(void)
{
	image_builder_release(&world.repositories[0]);
	image_builder_release(&world.repositories[1]);
	selection_release(&world.selection);
}

/* Walk all names of one repository; sources answer at once or later. */
static enum err_code walk_names(struct walk *walk, size_t which, struct source *source, struct err *err)
{
	const struct image_builder *b = &world.repositories[which];
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < b->tags_len; i++) {
		CLEANUP(reference_release) struct reference ref = { 0 };

		ck_assert_int_eq(reference_parse(b->tags[i].name, &ref, err), ERR_OK);
		code = walk_image(walk, source, &ref, b->tags[i].name, err);
	}
	return code;
}

/* The whole world, by sources that answer in the order of a seed; 0 is at once. */
static enum err_code walk_world(struct graph *g, unsigned seed, size_t fail_from, struct err *err)
{
	struct late_source late[2];
	CLEANUP(walk_release) struct walk walk;
	enum err_code code = ERR_OK;
	size_t i;

	walk_init(&walk, g, on_manifest, &world);
	walk.selection = selection_chooses(&world.selection) ? &world.selection : NULL;
	for (i = 0; i < 2; i++) {
		size_t which = (i + seed) % 2;

		late_init(&late[which], &world.repositories[which].source, seed);
		late[which].fail_from = fail_from;
		if (code == ERR_OK)
			code = walk_names(&walk, which,
					  seed > 0 ? &late[which].source : &world.repositories[which].source, err);
	}
	while (code == ERR_OK && late[0].open_len + late[1].open_len > 0) {
		code = late_run(&late[seed / 2 % 2], err);
		if (code == ERR_OK)
			code = late_run(&late[1 - seed / 2 % 2], err);
	}
	if (code == ERR_OK)
		code = graph_settle(g, err);
	world.dropped = walk_dropped(&walk);
	late_release(&late[0]);
	late_release(&late[1]);
	return code;
}

START_TEST(finds)
{
	CLEANUP(graph_release) struct graph g;
	struct err err = { 0 };
	size_t absent = 0, left_out = 0, i;

	graph_init(&g);
	world_init((size_t)_i);
	ck_assert_msg(walk_world(&g, 0, SIZE_MAX, &err) == ERR_OK, "%s", err.msg);
	for (i = 0; i < g.nodes_len; i++)
		absent += g.nodes[i].absent;
	for (i = 0; i < g.nodes_len; i++)
		left_out += g.nodes[i].left_out;
	ck_assert_uint_eq(left_out, worlds[_i].want_left_out);
	ck_assert_uint_eq(world.dropped, worlds[_i].want_dropped);
	ck_assert_uint_eq(g.images_len, worlds[_i].want_images);
	ck_assert_uint_eq(world.calls, worlds[_i].want_manifests);
	ck_assert_uint_eq(absent, worlds[_i].want_absent);
	ck_assert_uint_eq(g.links_len, worlds[_i].want_links);
	for (i = 0; i < world.repositories[0].items_len; i++)
		ck_assert_uint_le(world.told[i], 1);
	world_release();
}
END_TEST

/* In whatever order answers come, the graph is the same, and every manifest was told once. */
START_TEST(any_order)
{
	CLEANUP(free_ptr) char *first = NULL;
	struct err err = { 0 };
	unsigned seed;

	world_init((size_t)_i);
	for (seed = 0; seed < ORDERS; seed++) {
		CLEANUP(graph_release) struct graph g;
		CLEANUP(free_ptr) char *text = NULL;

		graph_init(&g);
		world.calls = 0;
		ck_assert_msg(walk_world(&g, seed, SIZE_MAX, &err) == ERR_OK, "%s", err.msg);
		ck_assert_uint_eq(world.calls, worlds[_i].want_manifests);
		ck_assert_uint_eq(world.dropped, worlds[_i].want_dropped);
		text = graph_text(&g);
		if (first == NULL)
			first = strdup(text);
		ck_assert_msg(strcmp(first, text) == 0, "%s, order %u: %.300s", worlds[_i].name, seed,
			      first_difference(first, text));
	}
	world_release();
}
END_TEST

/* The connection breaks at answer 0, 1, 2, … until there are so many: each time that is the error. */
START_TEST(broken)
{
	enum err_code code = ERR_NETWORK;
	size_t k;

	world_init((size_t)_i);
	for (k = 0; code != ERR_OK; k++) {
		CLEANUP(graph_release) struct graph g;
		struct err err = { 0 };

		graph_init(&g);
		code = walk_world(&g, (unsigned)k + 1, k, &err);
		ck_assert_msg(code == ERR_OK || code == ERR_NETWORK, "%s at %zu: %d, %s", worlds[_i].name, k, code,
			      err.msg);
		ck_assert_int_eq(err.code, code);
		ck_assert_uint_lt(k, 1000);
	}
	ck_assert_uint_gt(k, 1);
	world_release();
}
END_TEST

/* The same for whoever is told of manifests. */
START_TEST(told_fails)
{
	enum err_code code = ERR_IO;
	unsigned late;

	world_init((size_t)_i);
	for (late = 0; late < 2; late++, code = ERR_IO) {
		for (world.fail_at = 1; code != ERR_OK; world.fail_at++) {
			CLEANUP(graph_release) struct graph g;
			struct err err = { 0 };

			graph_init(&g);
			world.calls = 0;
			code = walk_world(&g, late, SIZE_MAX, &err);
			ck_assert_int_eq(code, world.fail_at <= worlds[_i].want_manifests ? ERR_IO : ERR_OK);
		}
	}
	world_release();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("walk");
	TCase *t = tcase_create("walk");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, finds, 0, (int)COUNT_OF(worlds));
	tcase_add_loop_test(t, any_order, 0, (int)COUNT_OF(worlds));
	tcase_add_loop_test(t, broken, 0, (int)COUNT_OF(worlds));
	tcase_add_loop_test(t, told_fails, 0, (int)COUNT_OF(worlds));
	suite_add_tcase(s, t);
	return test_run(s);
}
