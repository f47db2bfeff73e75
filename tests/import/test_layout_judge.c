#include "import/layout_judge.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/signed.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define NAME "r.example/team/app:1"
#define SIGNED                                                                                                         \
	"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"cosign.pub\",\"signedIdentity\":{\"type\":"          \
	"\"matchDigest\"}}]}"
#define NOTHING "{\"default\":[{\"type\":\"reject\"}]}"

static struct image_builder images;
static struct tarball *fixture;
static char *folder;
static size_t asked;
static enum err_code (*give)(struct source *, const struct descriptor *, source_manifest_fn *, void *, struct err *);

static enum err_code give_counted(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				  struct err *err)
{
	asked++;
	return give(s, d, done, ctx, err);
}

static void setup(void)
{
	char *key = folder_read("tests/fixtures", "cosign.pub", NULL);

	folder = folder_new();
	folder_put(folder, "cosign.pub", key, strlen(key));
	folder_make_in(folder, SITE_REVOKED);
	ck_assert_int_eq(setenv(SITE_VARIABLE, folder, 1), 0);
	fixture = signed_open();
	image_builder_init(&images);
	signed_images(fixture, &images);
	give = images.source.manifest;
	images.source.manifest = give_counted;
	asked = 0;
	free(key);
}

static void teardown(void)
{
	unsetenv(SITE_VARIABLE);
	image_builder_release(&images);
	tarball_close(fixture);
	folder_remove(folder);
}

static void load(struct layout_judge *j, const char *policy, const char *revoked)
{
	const struct admission_wanted wanted = { 0 };
	struct err err = { 0 };

	if (policy != NULL)
		folder_put(folder, SITE_POLICY, policy, strlen(policy));
	if (revoked != NULL)
		folder_put(folder, SITE_REVOKED "/some.list", revoked, strlen(revoked));
	ck_assert_msg(layout_judge_init(j, &wanted, &err) == ERR_OK, "%s", err.msg);
}

/* Why an image may not be used; NULL where it may. */
static char *judge_into(struct layout_judge *j, size_t root, struct intern *absent)
{
	struct descriptor d = { .digest = images.items[root].digest,
				.size_bytes = images.items[root].len,
				.media_type = images.items[root].media_type };
	struct err err = { 0 };
	char *why = NULL;

	ck_assert_msg(layout_judge_image(j, &images.source, &d, NAME, absent, &why, &err) == ERR_OK, "%s", err.msg);
	return why;
}

static char *judge(struct layout_judge *j, size_t root)
{
	CLEANUP(intern_release) struct intern absent = { 0 };

	return judge_into(j, root, &absent);
}

static const struct {
	const char *name, *policy, *revoked;
	const char *gone; /* what the layout lacks */
	const char *root;
	bool asks;
	const char *says; /* NULL: it may be used */
} cases[] = {
	{ "nothing counts", NULL, NULL, NULL, SIGNED_MULTI_ROOT, false, NULL },
	{ "nothing counts, and it is not there", NULL, NULL, SIGNED_MULTI_ROOT, SIGNED_MULTI_ROOT, false, NULL },
	{ "a signed index", SIGNED, NULL, NULL, SIGNED_MULTI_ROOT, true, NULL },
	{ "refused", NOTHING, NULL, NULL, SIGNED_MULTI_ROOT, true, NAME ": refused by" },
	{ "what cannot be read", SIGNED, NULL, SIGNED_MULTI_ROOT, SIGNED_MULTI_ROOT, true, SIGNED_MULTI_ROOT },
	{ "a revoked platform", NULL, "sha256:" SIGNED_ARM64 "\n", NULL, SIGNED_MULTI_ROOT, true, "is revoked here" },
	{ "a platform of another image is revoked", SIGNED, "sha256:" SIGNED_AMD64 "\n", NULL, SIGNED_MULTI_ROOT, true,
	  NULL },
};

START_TEST(judges)
{
	CLEANUP(layout_judge_release) struct layout_judge j = { 0 };
	CLEANUP(free_ptr) char *why = NULL;

	load(&j, cases[_i].policy, cases[_i].revoked);
	if (cases[_i].gone != NULL)
		images.items[signed_item(&images, cases[_i].gone)].absent = true;
	why = judge(&j, signed_item(&images, cases[_i].root));
	ck_assert_msg((why != NULL) == (cases[_i].says != NULL), "%s: %s", cases[_i].name, why);
	ck_assert_msg(why == NULL || strstr(why, cases[_i].says) != NULL, "%s: %s", cases[_i].name, why);
	ck_assert_msg((asked > 0) == cases[_i].asks, "%s", cases[_i].name);
}
END_TEST

/* What is still the same is not looked at again. */
START_TEST(remembers)
{
	CLEANUP(layout_judge_release) struct layout_judge j = { 0 };
	size_t first;

	load(&j, SIGNED, NULL);
	ck_assert_ptr_null(judge(&j, signed_item(&images, SIGNED_MULTI_ROOT)));
	first = asked;
	ck_assert_ptr_null(judge(&j, signed_item(&images, SIGNED_MULTI_ROOT)));
	ck_assert_uint_eq(asked, first);
	asked = 0;
	image_refer(&images, signed_item(&images, SIGNED_MULTI_ROOT), signed_item(&images, SIGNED_AMD64), LINK_SUBJECT);
	free(judge(&j, signed_item(&images, SIGNED_MULTI_ROOT)));
	ck_assert_uint_ge(asked, first);
}
END_TEST

/* What refers to an image may come after it was accepted, and be revoked. */
START_TEST(referrer_that_came_later)
{
	CLEANUP(layout_judge_release) struct layout_judge j = { 0 };
	CLEANUP(free_ptr) char *why = NULL;
	size_t root = signed_item(&images, SIGNED_MULTI_ROOT);
	char config[IMAGE_DESCRIPTOR_TEXT];
	size_t late = image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[]}",
				 image_text(&images, image_json(&images, TYPE_OCI_CONFIG, "{}"), config));

	load(&j, _i == 0 ? SIGNED : NULL, images.items[late].digest.text);
	ck_assert_ptr_null(judge(&j, root));
	image_refer(&images, root, late, LINK_SUBJECT);
	why = judge(&j, root);
	ck_assert_ptr_nonnull(why);
	ck_assert_msg(strstr(why, "is revoked here") != NULL, "%s", why);
}
END_TEST

/* What its index lists and nobody vouches for may come later, from elsewhere. */
START_TEST(lists_what_is_not_there)
{
	CLEANUP(layout_judge_release) struct layout_judge j = { 0 };
	CLEANUP(free_ptr) char *why = NULL;
	size_t root = signed_mixed(&images);

	load(&j, SIGNED, NULL);
	images.items[signed_item(&images, SIGNED_ARM64)].absent = true;
	why = judge(&j, root);
	ck_assert_ptr_nonnull(why);
	ck_assert_msg(strstr(why, "linux/arm64 sha256:" SIGNED_ARM64 ", which was absent") != NULL, "%s", why);
}
END_TEST

/* What was not there when it was judged is judged when it comes. */
START_TEST(looks_again)
{
	CLEANUP(layout_judge_release) struct layout_judge j = { 0 };
	CLEANUP(intern_release) struct intern absent = { 0 };
	struct image_item *arm64 = &images.items[signed_item(&images, SIGNED_ARM64)];
	size_t root = signed_item(&images, SIGNED_MULTI_ROOT);

	load(&j, SIGNED, NULL);
	arm64->absent = true;
	ck_assert_ptr_null(judge_into(&j, root, &absent));
	ck_assert_uint_eq(absent.len, 1);
	ck_assert(intern_has(&absent, "sha256:" SIGNED_ARM64));
	intern_release(&absent);
	asked = 0;
	ck_assert_ptr_null(judge_into(&j, root, &absent));
	ck_assert_uint_eq(asked, 0);
	ck_assert(intern_has(&absent, "sha256:" SIGNED_ARM64));
	intern_release(&absent);
	arm64->absent = false;
	ck_assert_ptr_null(judge_into(&j, root, &absent));
	ck_assert_uint_gt(asked, 0);
	ck_assert_uint_eq(absent.len, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout_judge");
	TCase *t = tcase_create("layout_judge");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, judges, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, remembers);
	tcase_add_loop_test(t, referrer_that_came_later, 0, 2);
	tcase_add_test(t, lists_what_is_not_there);
	tcase_add_test(t, looks_again);
	suite_add_tcase(s, t);
	return test_run(s);
}
