/* For which images the keys speak that have sealed a bundle, how many of them there must be, and what is revoked. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "bundles/origin.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sealed.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define ACME "acme.example/app:1"
#define BASE "docker.io/library/base:2"
#define SEALS_MAX 3

struct fixture {
	struct image_builder b;
	struct bundle *bundle;
	struct graph graph;
	char *path, *folder;
	struct origin origin;
	struct err err;
};

static void set_up(struct fixture *f)
{
	*f = (struct fixture){ .path = file_new(), .folder = folder_new() };
	image_builder_init(&f->b);
	image_sample(&f->b, ACME, &(struct image_sample){ .one_manifest = true });
	image_sample(&f->b, BASE, &(struct image_sample){ .one_manifest = true, .raw_bytes = 3000 });
	bundle_put(&f->b, f->path, 65536);
	ck_assert_int_eq(bundle_open(f->path, &f->bundle, &f->err), ERR_OK);
	folder_make_in(f->folder, SITE_KEYS);
	folder_make_in(f->folder, SITE_REVOKED);
	ck_assert_int_eq(setenv(SITE_VARIABLE, f->folder, 1), 0);
	graph_init(&f->graph);
}

static void tear_down(struct fixture *f)
{
	origin_release(&f->origin);
	graph_release(&f->graph);
	bundle_close(f->bundle);
	image_builder_release(&f->b);
	file_remove(f->path);
	folder_remove(f->folder);
}

static void put_key(struct fixture *f, const char *name, const char *scope, const char *pem)
{
	CLEANUP(free_ptr) char *text = NULL;
	CLEANUP(free_ptr) char *path = NULL;

	if (pem == NULL)
		return;
	ck_assert_int_eq(str_format(&text, NULL, "%s\n%s", scope != NULL ? scope : "", pem), ERR_OK);
	ck_assert_int_eq(str_format(&path, NULL, SITE_KEYS "/%s", name), ERR_OK);
	folder_put(f->folder, path, text, strlen(text));
}

static enum err_code demand(struct fixture *f, unsigned threshold)
{
	static const struct opt_list none = { 0 };
	struct origin_wanted wanted = { .keys = &none, .seals = &none, .threshold = threshold };

	return origin_demand(f->bundle, &wanted, &f->origin, &f->err);
}

static enum err_code rename_image(void *ctx, const char *name, char **ret_name, struct err *err)
{
	return mapping_apply(ctx, name, ret_name, err);
}

static enum err_code check_images(struct fixture *f, const char *rule)
{
	CLEANUP(mapping_release) struct mapping names = { 0 };

	if (rule != NULL)
		ck_assert_int_eq(mapping_add(&names, rule, &f->err), ERR_OK);
	ck_assert_int_eq(contents_walk(f->bundle, rename_image, &names, &f->graph, &f->err), ERR_OK);
	ck_assert_int_eq(graph_settle(&f->graph, &f->err), ERR_OK);
	return origin_check_graph(f->bundle, &f->origin, &f->graph, &names, &f->err);
}

static const struct {
	const char *name, *a_scope, *b_scope; /* of P-256 and P-384; NULL: all names */
	const char *b;                        /* P-384 counts too, or not */
	const char *sealed[SEALS_MAX];
	unsigned threshold;
	const char *rule;
	enum err_code demanded, checked;
	const char *says[2];
} cases[] = {
	{ "all names", .sealed = { key_p256 } },
	{ "both named", .a_scope = "Scope: acme.example/*\nScope: docker.io/library/base", .sealed = { key_p256 } },
	{ "one outside", .a_scope = "Scope: acme.example/*", .sealed = { key_p256 }, .checked = ERR_UNPROVED,
	  .says = { BASE "; bundle import --image", "1 of 2" } },
	{ "both outside", .a_scope = "Scope: b.example/*", .sealed = { key_p256 }, .checked = ERR_UNPROVED,
	  .says = { ACME, "2 of 2" } },
	{ "renamed out of it", .a_scope = "Scope: acme.example/*\nScope: docker.io/*", .sealed = { key_p256 },
	  .rule = "acme.example=site.example", .checked = ERR_UNPROVED,
	  .says = { ACME " as site.example/app:1", "1 of 2" } },
	{ "renamed into it", .a_scope = "Scope: site.example/*\nScope: docker.io/*", .sealed = { key_p256 },
	  .rule = "acme.example=site.example", .checked = ERR_UNPROVED,
	  .says = { ACME " as site.example/app:1", "1 of 2" } },
	{ "renamed within it", .a_scope = "Scope: acme.example/*\nScope: site.example/*\nScope: docker.io/*",
	  .sealed = { key_p256 }, .rule = "acme.example=site.example" },
	{ "each key for its own", .a_scope = "Scope: acme.example/*", .b_scope = "Scope: docker.io/*",
	  .b = key_p384_pub, .sealed = { key_p256, key_p384 } },
	{ "a key that has not sealed it speaks for nothing", .a_scope = "Scope: acme.example/*", .b = key_p384_pub,
	  .sealed = { key_p256 }, .checked = ERR_UNPROVED, .says = { BASE, "1 of 2" } },
	{ "no key has both names", .a_scope = "Scope: acme.example/*",
	  .b_scope = "Scope: site.example/*\nScope: docker.io/*", .b = key_p384_pub, .sealed = { key_p256, key_p384 },
	  .rule = "acme.example=site.example", .checked = ERR_UNPROVED, .says = { ACME, "1 of 2" } },
	{ "two of two", .b = key_p384_pub, .sealed = { key_p256, key_p384 }, .threshold = 2 },
	{ "one of two", .b = key_p384_pub, .sealed = { key_p256 }, .threshold = 2, .demanded = ERR_UNPROVED,
	  .says = { "2 different keys", "by 1 " } },
	{ "twice by one", .b = key_p384_pub, .sealed = { key_p256, key_p256 }, .threshold = 2, .demanded = ERR_UNPROVED,
	  .says = { "by 1 " } },
	{ "one that does not count", .b = key_p384_pub, .sealed = { key_p256, key_ed25519 }, .threshold = 2,
	  .demanded = ERR_UNPROVED, .says = { "by 1 " } },
	{ "three of two", .b = key_p384_pub, .sealed = { key_p256, key_p384 }, .threshold = 3, .demanded = ERR_UNPROVED,
	  .says = { "by 2 " } },
	{ "two, one of them for one image only", .b_scope = "Scope: docker.io/*", .b = key_p384_pub,
	  .sealed = { key_p256, key_p384 }, .threshold = 2, .checked = ERR_UNPROVED, .says = { ACME, "1 of 2" } },
};

START_TEST(scopes)
{
	struct fixture f;
	enum err_code got;
	size_t i;

	set_up(&f);
	put_key(&f, "a.pem", cases[_i].a_scope, key_p256_pub);
	put_key(&f, "b.pem", cases[_i].b_scope, cases[_i].b);
	for (i = 0; i < SEALS_MAX && cases[_i].sealed[i] != NULL; i++)
		sealed_by(f.bundle, cases[_i].sealed[i]);
	got = demand(&f, cases[_i].threshold);
	ck_assert_msg(got == cases[_i].demanded, "%s: %d (%s)", cases[_i].name, got, f.err.msg);
	ck_assert((f.origin.proof != NULL) == (got == ERR_OK));
	if (got == ERR_OK)
		got = check_images(&f, cases[_i].rule);
	ck_assert_msg(got == (cases[_i].demanded != ERR_OK ? cases[_i].demanded : cases[_i].checked), "%s: %d (%s)",
		      cases[_i].name, got, f.err.msg);
	for (i = 0; i < 2 && cases[_i].says[i] != NULL; i++)
		ck_assert_msg(strstr(f.err.msg, cases[_i].says[i]) != NULL, "%s: %s", cases[_i].name, f.err.msg);
	if (cases[_i].demanded == ERR_OK && cases[_i].rule == NULL)
		ck_assert_int_eq(origin_check_all(f.bundle, &f.origin, &f.err), cases[_i].checked);
	tear_down(&f);
}
END_TEST

/* Where images lie in a registry is no part of what they are called; what --map calls them is. */
START_TEST(place)
{
	struct mapping names = { 0 };
	struct fixture f;

	set_up(&f);
	put_key(&f, "a.pem", "Scope: acme.example/*\nScope: docker.io/*", key_p256_pub);
	sealed_by(f.bundle, key_p256);
	ck_assert_int_eq(demand(&f, 0), ERR_OK);
	ck_assert_int_eq(mapping_place(&names, "site.example:5000/mirror", _i == 1, &f.err), ERR_OK);
	ck_assert_int_eq(contents_walk(f.bundle, rename_image, &names, &f.graph, &f.err), ERR_OK);
	ck_assert_int_eq(graph_settle(&f.graph, &f.err), ERR_OK);
	ck_assert_msg(strstr(f.graph.images[0].name, "site.example:5000/mirror") != NULL, "%s", f.graph.images[0].name);
	ck_assert_msg(origin_check_graph(f.bundle, &f.origin, &f.graph, &names, &f.err) == ERR_OK, "%s", f.err.msg);
	mapping_release(&names);
	tear_down(&f);
}
END_TEST

/* Two files of one key, each of which writes it in its own way, are one key. */
START_TEST(one_key_in_two_files)
{
	static const struct opt_list none = { 0 };
	const char *items[2];
	struct opt_list keys = { .items = items, .len = 2 };
	struct origin_wanted wanted = { .keys = &keys, .seals = &none, .threshold = 2 };
	struct fixture f;

	set_up(&f);
	folder_put(f.folder, "a.pem", key_p256_pub, strlen(key_p256_pub));
	folder_put(f.folder, "b.pem", key_p256_pub_compressed, strlen(key_p256_pub_compressed));
	items[0] = folder_path(f.folder, "a.pem");
	items[1] = folder_path(f.folder, "b.pem");
	sealed_by(f.bundle, key_p256);
	ck_assert_int_eq(origin_demand(f.bundle, &wanted, &f.origin, &f.err), ERR_UNPROVED);
	ck_assert_msg(strstr(f.err.msg, "by 1 ") != NULL, "%s", f.err.msg);
	free_ptr(&items[0]);
	free_ptr(&items[1]);
	tear_down(&f);
}
END_TEST

START_TEST(threshold_without_keys)
{
	struct fixture f;

	set_up(&f);
	sealed_by(f.bundle, key_p256);
	ck_assert_int_eq(demand(&f, 1), ERR_UNPROVED);
	ck_assert_msg(strstr(f.err.msg, "no key given") != NULL, "%s", f.err.msg);
	tear_down(&f);
}
END_TEST

enum revoke { REVOKE_KEY, REVOKE_BUNDLE, REVOKE_IMAGE, REVOKE_OTHER };

static const struct {
	const char *name;
	enum revoke what;
	const char *a, *b; /* keys that count */
	const char *sealed[SEALS_MAX];
	enum err_code demanded, checked;
	const char *says;
} revocations[] = {
	{ "the key",
	  REVOKE_KEY,
	  key_p256_pub,
	  NULL,
	  { key_p256 },
	  ERR_UNPROVED,
	  ERR_OK,
	  "is revoked here (revoked.d/x.list)" },
	{ "all keys, and nothing goes",
	  REVOKE_KEY,
	  key_p256_pub,
	  NULL,
	  {},
	  ERR_UNPROVED,
	  ERR_OK,
	  "every one is revoked" },
	{ "one of two", REVOKE_KEY, key_p256_pub, key_p384_pub, { key_p256, key_p384 }, ERR_OK, ERR_OK, "" },
	{ "the one of two that sealed it",
	  REVOKE_KEY,
	  key_p256_pub,
	  key_p384_pub,
	  { key_p256 },
	  ERR_UNPROVED,
	  ERR_OK,
	  "wanted: key " },
	{ "the bundle, sealed", REVOKE_BUNDLE, key_p256_pub, NULL, { key_p256 }, ERR_UNPROVED, ERR_OK, "this bundle" },
	{ "the bundle, where no key counts", REVOKE_BUNDLE, NULL, NULL, {}, ERR_UNPROVED, ERR_OK, "this bundle" },
	{ "an image, sealed", REVOKE_IMAGE, key_p256_pub, NULL, { key_p256 }, ERR_OK, ERR_UNPROVED, BASE },
	{ "an image, where no key counts", REVOKE_IMAGE, NULL, NULL, {}, ERR_OK, ERR_UNPROVED, BASE },
	{ "something else", REVOKE_OTHER, key_p256_pub, NULL, { key_p256 }, ERR_OK, ERR_OK, "" },
};

static void revoke(const struct fixture *f, enum revoke what)
{
	struct seal_key *key = sealed_key(what == REVOKE_OTHER ? key_rsa2048_pub : key_p256_pub, false);
	const char *text = seal_key_hint(key);

	if (what == REVOKE_BUNDLE)
		text = bundle_digest(f->bundle)->text;
	if (what == REVOKE_IMAGE)
		text = description_image(bundle_description(f->bundle), BASE)->digest.text;
	folder_put(f->folder, SITE_REVOKED "/x.list", text, strlen(text));
	seal_key_free(key);
}

START_TEST(revoked)
{
	struct fixture f;
	enum err_code got;
	size_t i;

	set_up(&f);
	put_key(&f, "a.pem", NULL, revocations[_i].a);
	put_key(&f, "b.pem", NULL, revocations[_i].b);
	for (i = 0; i < SEALS_MAX && revocations[_i].sealed[i] != NULL; i++)
		sealed_by(f.bundle, revocations[_i].sealed[i]);
	revoke(&f, revocations[_i].what);
	got = demand(&f, 0);
	ck_assert_msg(got == revocations[_i].demanded, "%s: %d (%s)", revocations[_i].name, got, f.err.msg);
	if (got == ERR_OK) {
		got = check_images(&f, NULL);
		ck_assert_msg(got == revocations[_i].checked, "%s: %d (%s)", revocations[_i].name, got, f.err.msg);
	}
	if (got != ERR_OK)
		ck_assert_msg(strstr(f.err.msg, revocations[_i].says) != NULL, "%s: %s", revocations[_i].name,
			      f.err.msg);
	tear_down(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("origin_scope");
	TCase *t = tcase_create("verdicts");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, scopes, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, place, 0, 2);
	tcase_add_test(t, one_key_in_two_files);
	tcase_add_test(t, threshold_without_keys);
	tcase_add_loop_test(t, revoked, 0, (int)COUNT_OF(revocations));
	suite_add_tcase(s, t);
	return test_run(s);
}
