#include "import/plan.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/graph_text.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define A "docker.io/library/a:1"
#define B "ghcr.io/team/b:1"

static struct image_builder images;
static struct bundle *bundle;
static char *path;

static void setup(void)
{
	struct err err = { 0 };

	path = file_new();
	image_builder_init(&images);
	image_sample(&images, A, &(struct image_sample){ .absent_platform = true, .sha512 = true });
	image_sample(&images, B, &(struct image_sample){ .one_manifest = true, .raw_bytes = 300000 });
	bundle_put(&images, path, 10000);
	ck_assert_msg(bundle_open(path, &bundle, &err) == ERR_OK, "%s", err.msg);
}

static void teardown(void)
{
	bundle_close(bundle);
	image_builder_release(&images);
	file_remove(path);
}

/* The plan is what was packed. */
START_TEST(same_graph)
{
	CLEANUP(graph_release) struct graph packed;
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(free_ptr) char *packed_text = NULL;
	CLEANUP(free_ptr) char *plan_text = NULL;
	struct mapping names = { 0 };
	struct err err = { 0 };

	image_graph(&images, &images.source, &packed);
	ck_assert_msg(plan_make(bundle, &names, &plan, &err) == ERR_OK, "%s", err.msg);
	packed_text = graph_text(&packed);
	plan_text = graph_text(&plan.graph);
	ck_assert_msg(strcmp(packed_text, plan_text) == 0, "%s", first_difference(packed_text, plan_text));
	mapping_release(&names);
}
END_TEST

static const struct {
	const char *name, *rules[3];
	enum err_code want;
	const char *names[2];
} maps[] = {
	{ "no rule", { NULL }, ERR_OK, { A, B } },
	{ "another registry", { "docker.io=registry.site:5000" }, ERR_OK, { B, "registry.site:5000/library/a:1" } },
	{ "both", { "docker.io/library=x.site", "ghcr.io=x.site" }, ERR_OK, { "x.site/a:1", "x.site/team/b:1" } },
	{ "a rule for nothing", { "quay.io=x.site" }, ERR_USAGE, { NULL } },
	{ "a rule for nothing beside one that fits", { "docker.io=x.site", "quay.io=x.site" }, ERR_USAGE, { NULL } },
};

START_TEST(map)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(mapping_release) struct mapping names = { 0 };
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	for (i = 0; maps[_i].rules[i] != NULL; i++)
		ck_assert_int_eq(mapping_add(&names, maps[_i].rules[i], &err), ERR_OK);
	got = plan_make(bundle, &names, &plan, &err);
	ck_assert_msg(got == maps[_i].want, "%s: %d, %s", maps[_i].name, got, err.msg);
	for (i = 0; got == ERR_OK && i < 2; i++)
		ck_assert_str_eq(plan.graph.images[i].name, maps[_i].names[i]);
	if (got != ERR_OK)
		ck_assert_ptr_null(plan.images); /* untouched */
}
END_TEST

START_TEST(map_together)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(mapping_release) struct mapping names = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(mapping_add(&names, "docker.io/library/a=x.site/c", &err), ERR_OK);
	ck_assert_int_eq(mapping_add(&names, "ghcr.io/team/b=x.site/c", &err), ERR_OK);
	ck_assert_int_ne(plan_make(bundle, &names, &plan, &err), ERR_OK);
	ck_assert_int_eq(err_status(err.code), 2);
	ck_assert_ptr_nonnull(strstr(err.msg, "x.site/c:1"));
}
END_TEST

/* Every blob comes out as it went in; what is absent does not. */
START_TEST(open_all)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	struct mapping names = { 0 };
	size_t i;

	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	for (i = 0; i < plan.order_len; i++) {
		const struct image_item *item = image_item(&images, &plan.graph.nodes[plan.order[i]].digest);
		CLEANUP(buf_release) struct buf got;
		struct buf_stage out;
		struct instream *in = NULL;

		ck_assert_int_eq(plan_sends(&plan, plan.order[i]), !item->absent);
		if (item->absent) {
			ck_assert_int_eq(plan_open(&plan, plan.order[i], &in, NULL), ERR_NOT_FOUND);
			continue;
		}
		buf_init(&got, item->len);
		buf_stage_init(&out, &got);
		ck_assert_int_eq(plan_open(&plan, plan.order[i], &in, NULL), ERR_OK);
		ck_assert_int_eq(stream_copy(in, &out.out, NULL), ERR_OK);
		ck_assert_uint_eq(got.len, item->len);
		ck_assert(item->len == 0 || memcmp(got.data, item->bytes, item->len) == 0);
		instream_release(in);
		plan.skip[plan.order[i]] = true;
		ck_assert(!plan_sends(&plan, plan.order[i]));
	}
}
END_TEST

static const struct {
	const char *name;
	bool replace;
	int was; /* 0: nothing, 1: the same image, 2: another */
	enum err_code want;
} names_there[] = {
	{ "nothing there", false, 0, ERR_OK },           { "the same there", false, 1, ERR_OK },
	{ "another there", false, 2, ERR_CONFLICT },     { "another, to be replaced", true, 2, ERR_OK },
	{ "the same, to be replaced", true, 1, ERR_OK },
};

START_TEST(check_names)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	struct mapping names = { 0 };
	struct digest root, other;
	struct err err = { 0 };
	enum err_code got;

	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	root = plan.graph.nodes[plan.graph.images[1].root].digest;
	other = plan.graph.nodes[plan.graph.images[0].root].digest;
	plan.replace = names_there[_i].replace;
	if (names_there[_i].was > 0)
		plan.images[1].was = names_there[_i].was == 1 ? root : other;
	got = plan_check_names(&plan, "the store", &err);
	ck_assert_msg(got == names_there[_i].want, "%s: %d", names_there[_i].name, got);
	if (got != ERR_OK) {
		ck_assert_ptr_nonnull(strstr(err.msg, "the store"));
		ck_assert_ptr_nonnull(strstr(err.msg, B));
		ck_assert_ptr_nonnull(strstr(err.msg, root.text));
		ck_assert_ptr_nonnull(strstr(err.msg, other.text));
	}
}
END_TEST

/* A tag of cosign's is refused as a name is, and with the names. */
START_TEST(check_tags)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	struct mapping names = { 0 };
	struct plan_conflict c;
	struct digest root, other;
	struct err err = { 0 };
	size_t at = 0;

	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	root = plan.graph.nodes[plan.graph.images[1].root].digest;
	other = plan.graph.nodes[plan.graph.images[0].root].digest;
	ck_assert_int_eq(plan_add_tag(&plan, "x:one.sig", &other, &root, NULL), ERR_OK);
	ck_assert_int_eq(plan_check_names(&plan, "the store", &err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "x:one.sig"));
	ck_assert_ptr_nonnull(strstr(err.msg, "moves the tag"));
	ck_assert_uint_eq(plan.conflicts_len, 1);

	ck_assert_int_eq(plan_add_tag(&plan, "x:two.sig", &root, &other, NULL), ERR_OK);
	ck_assert_int_eq(plan_check_names(&plan, "the store", &err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "2 tags of cosign's"));
	plan.images[1].was = other;
	ck_assert_int_eq(plan_check_names(&plan, "the store", &err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "3 names and tags of cosign's"));
	ck_assert_ptr_nonnull(strstr(err.msg, "the first of them " B));

	ck_assert(plan_next_conflict(&plan, &at, &c) && !c.is_tag && strcmp(c.name, B) == 0);
	ck_assert(plan_next_conflict(&plan, &at, &c) && c.is_tag && strcmp(c.name, "x:one.sig") == 0);
	ck_assert(plan_next_conflict(&plan, &at, &c) && strcmp(c.name, "x:two.sig") == 0 && digest_equal(c.is, &other));
	ck_assert(!plan_next_conflict(&plan, &at, &c));
	plan.replace = true;
	ck_assert_int_eq(plan_check_names(&plan, "the store", &err), ERR_OK);
	ck_assert_uint_eq(plan.conflicts_len, 0);
}
END_TEST

/* A dry run notes the first thing that an import would end with, and goes on. */
START_TEST(dry_run)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	struct mapping names = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	plan.images[0].was = plan.graph.nodes[plan.graph.images[1].root].digest;
	plan.images[1].was = plan.graph.nodes[plan.graph.images[0].root].digest;
	ck_assert_int_eq(plan_check_names(&plan, "the store", &err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "2 names"));
	ck_assert_int_eq(plan.refusal.code, ERR_OK);

	plan.dry_run = true;
	ck_assert_int_eq(plan_check_names(&plan, "the store", &err), ERR_OK);
	ck_assert_int_eq(plan_refuse(&plan, err_set(&err, ERR_IO, "no room"), &err), ERR_OK);
	ck_assert_int_eq(plan_refuse(&plan, ERR_OK, &err), ERR_OK);
	ck_assert_int_eq(plan.refusal.code, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(plan.refusal.msg, "2 names"));
}
END_TEST

/* A name that can be run there, and a bundle without layers. */
static const struct {
	const char *name;
	int was; /* 0: nothing, 1: the same image, 2: another */
	bool was_runs, layers_there;
	enum err_code want;
	size_t bare;
} bare[] = {
	{ "nothing there", 0, false, false, ERR_OK, 1 },
	{ "the same there", 1, true, false, ERR_OK, 1 },
	{ "another there, that runs", 2, true, false, ERR_CONFLICT, 1 },
	{ "another there, that does not run", 2, false, false, ERR_OK, 1 },
	{ "another there, and all layers", 2, true, true, ERR_OK, 0 },
};

START_TEST(check_layers)
{
	struct selection selection = { .attestations_only = true };
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	struct mapping names = { 0 };
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	images.selection = &selection;
	bundle_put(&images, path, 10000);
	ck_assert_int_eq(bundle_open(path, &b, &err), ERR_OK);
	ck_assert_msg(plan_make(b, &names, &plan, &err) == ERR_OK, "%s", err.msg);
	for (i = 0; i < plan.graph.nodes_len; i++) {
		ck_assert_int_eq(plan.graph.nodes[i].left_out, plan.graph.nodes[i].role == ROLE_LAYER);
		plan.skip[i] = bare[_i].layers_there && plan.graph.nodes[i].left_out;
	}
	plan.replace = true;
	if (bare[_i].was > 0)
		plan.images[1].was = plan.graph.nodes[plan.graph.images[bare[_i].was % 2].root].digest;
	if (bare[_i].was_runs)
		ck_assert_int_eq(plan_add_run(&plan, 1, &plan.images[1].was, NULL, NULL), ERR_OK);
	ck_assert_int_eq(plan_find_bare(&plan, NULL), ERR_OK);
	ck_assert_uint_eq(plan.images[1].bare, bare[_i].bare);
	got = plan_check_layers(&plan, "the store", &err);
	ck_assert_msg(got == bare[_i].want, "%s: %d, %s", bare[_i].name, got, err.msg);
	if (got != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err.msg, "the store: " B " can be run there"));
}
END_TEST

/* The image has linux/amd64; linux/arm64 is listed and not in the bundle. */
static const struct {
	const char *name, *platform;
	bool same; /* what runs is the manifest that is not in the bundle */
	enum err_code want;
} lost[] = {
	{ "what the bundle brings", "linux/amd64", false, ERR_OK },
	{ "what the bundle lacks", "linux/arm64", false, ERR_CONFLICT },
	{ "what the bundle lacks and the target has", "linux/arm64", true, ERR_OK },
	{ "what the new image is not made for", "windows/amd64", false, ERR_OK },
	{ "nobody says what", NULL, false, ERR_OK },
};

START_TEST(check_platforms)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	struct mapping names = { 0 };
	struct digest other;
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	plan.replace = true;
	ck_assert_int_eq(digest_of("x", 1, NULL, &other, NULL), ERR_OK);
	for (i = 0; lost[_i].same && i < plan.graph.nodes_len; i++) {
		if (plan.graph.nodes[i].absent)
			other = plan.graph.nodes[i].digest;
	}
	plan.images[0].was = other;
	ck_assert_int_eq(plan_add_run(&plan, 0, &other, lost[_i].platform, NULL), ERR_OK);
	ck_assert_int_eq(plan_find_bare(&plan, NULL), ERR_OK);
	got = plan_check_layers(&plan, "the store", &err);
	ck_assert_msg(got == lost[_i].want, "%s: %d, %s", lost[_i].name, got, err.msg);
	if (got != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err.msg, A " can be run there on linux/arm64, and would not"));
}
END_TEST

/* The manifest that is listed for linux/amd64 and linux/arm64 is not in the bundle. */
START_TEST(check_shared)
{
	static const char *const platforms[] = { "linux/amd64", "linux/arm64" };
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	struct mapping names = { 0 };

	image_builder_release(&images);
	image_builder_init(&images);
	image_shared(&images, A, true);
	bundle_put(&images, path, 10000);
	ck_assert_int_eq(bundle_open(path, &b, NULL), ERR_OK);
	ck_assert_int_eq(plan_make(b, &names, &plan, NULL), ERR_OK);
	ck_assert_int_eq(digest_of("x", 1, NULL, &plan.images[0].was, NULL), ERR_OK);
	ck_assert_int_eq(plan_add_run(&plan, 0, &plan.images[0].was, platforms[_i], NULL), ERR_OK);
	ck_assert_int_eq(plan_find_bare(&plan, NULL), ERR_OK);
	ck_assert_msg(plan_check_layers(&plan, "the store", NULL) == ERR_CONFLICT, "%s", platforms[_i]);
}
END_TEST

/* Without its config an image cannot be run either. */
START_TEST(check_config)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	struct mapping names = { 0 };
	size_t i;

	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	for (i = 0; i < plan.graph.nodes_len; i++)
		plan.graph.nodes[i].absent |= plan.graph.nodes[i].role == ROLE_CONFIG;
	ck_assert_int_eq(plan_find_bare(&plan, NULL), ERR_OK);
	ck_assert_uint_eq(plan.images[1].bare, 1);
	for (i = 0; i < plan.graph.nodes_len; i++)
		plan.skip[i] = plan.graph.nodes[i].absent;
	ck_assert_int_eq(plan_find_bare(&plan, NULL), ERR_OK);
	ck_assert_uint_eq(plan.images[1].bare, 0);
}
END_TEST

/* Every byte of the file, changed: the plan is refused, or every blob that comes out through it is right all the
 * same, or says that it is not. */
START_TEST(flipped)
{
	size_t len = 0, at;
	unsigned char *bytes = file_bytes(path, &len);

	for (at = (size_t)_i; at < len; at += 997) {
		CLEANUP(plan_release) struct plan plan = { 0 };
		CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
		struct mapping names = { 0 };
		size_t i;

		bytes[at] ^= 0x40;
		file_put(path, bytes, len);
		bytes[at] ^= 0x40;
		if (bundle_open(path, &b, NULL) != ERR_OK || plan_make(b, &names, &plan, NULL) != ERR_OK)
			continue;
		for (i = 0; i < plan.order_len; i++) {
			const struct image_item *item = image_item(&images, &plan.graph.nodes[plan.order[i]].digest);
			CLEANUP(buf_release) struct buf got;
			struct buf_stage out;
			struct instream *in = NULL;
			enum err_code code;

			ck_assert_msg(item != NULL, "byte %zu: a blob that never was", at);
			buf_init(&got, 1000000);
			buf_stage_init(&out, &got);
			if (plan_open(&plan, plan.order[i], &in, NULL) != ERR_OK)
				continue;
			code = stream_copy(in, &out.out, NULL);
			ck_assert_msg(code != ERR_OK || (got.len == item->len &&
							 memcmp(buf_text(&got), item->bytes, item->len) == 0),
				      "byte %zu", at);
			instream_release(in);
		}
	}
	free(bytes);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("plan");
	TCase *t = tcase_create("plan");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, same_graph);
	tcase_add_loop_test(t, map, 0, (int)COUNT_OF(maps));
	tcase_add_test(t, map_together);
	tcase_add_test(t, open_all);
	tcase_add_loop_test(t, check_names, 0, (int)COUNT_OF(names_there));
	tcase_add_test(t, check_tags);
	tcase_add_test(t, dry_run);
	tcase_add_loop_test(t, check_layers, 0, (int)COUNT_OF(bare));
	tcase_add_loop_test(t, check_platforms, 0, (int)COUNT_OF(lost));
	tcase_add_loop_test(t, check_shared, 0, 2);
	tcase_add_test(t, check_config);
	tcase_add_loop_test(t, flipped, 0, 4);
	suite_add_tcase(s, t);
	return test_run(s);
}
