#include "bundles/images.h"

#include <check.h>
#include <string.h>

#include "bundles/contents.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/signed.h"
#include "tests/lib/test_main.h"

#define MIXED "registry.example.test/demo/mixed:1"
#define SIGNED(key)                                                                                                    \
	"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"" key                                                \
	"\",\"signedIdentity\":{\"type\":\"matchDigest\"}}]}"
#define NOTHING "{\"default\":[{\"type\":\"reject\"}]}"

/* A bundle with what cosign signed, and an image of which one platform is signed and another is not. */
struct fixture {
	char *folder, *path;
	struct bundle *bundle;
	struct graph graph;
	struct admission admission;
	struct signers signers;
	struct images_verdict verdict;
	struct err err;
};

static const struct {
	const char *what, *policy; /* NULL: none */
	const char *key;           /* of the signers that are named; NULL: none are */
	bool app, multi, mixed;    /* which may be used */
	size_t held;
	const char *says;
} cases[] = {
	{ "a policy", SIGNED("cosign.pub"), NULL, true, true, false, 10, MIXED ": refused by" },
	{ "a policy with another key", SIGNED("other.pub"), NULL, false, false, false, 0, SIGNED_APP ": refused by" },
	{ "a policy that takes nothing", NOTHING, NULL, false, false, false, 0, SIGNED_APP ": refused by" },
	{ "named signers", NULL, "cosign.pub", true, true, false, 10,
	  MIXED ": no signature by those who are named holds" },
	{ "another signer", NULL, "other.pub", false, false, false, 0, SIGNED_APP ": no signature by those" },
	{ "a policy, and signers who are others", SIGNED("cosign.pub"), "other.pub", true, true, false, 10,
	  MIXED ": refused by" },
};

static void write_bundle(const char *path)
{
	struct image_builder b;
	struct tarball *t = signed_open();

	image_builder_init(&b);
	signed_images(t, &b);
	signed_layers(t, &b);
	image_tag(&b, MIXED, signed_mixed(&b));
	bundle_put(&b, path, 10000);
	image_builder_release(&b);
	tarball_close(t);
}

static void load(struct fixture *f, int i)
{
	CLEANUP(free_ptr) char *policy = folder_path(f->folder, "policy.json");
	CLEANUP(free_ptr) char *key = cases[i].key != NULL ? folder_path(f->folder, cases[i].key) : NULL;
	const char *keys[] = { key };
	struct signers_options options = { .keys = { .items = keys, .len = key != NULL } };
	struct admission_wanted wanted = { .policy = cases[i].policy != NULL ? policy : NULL, .given_only = true };

	if (cases[i].policy != NULL)
		folder_put(f->folder, "policy.json", cases[i].policy, strlen(cases[i].policy));
	ck_assert_msg(admission_load(&wanted, &f->admission, &f->err) == ERR_OK, "%s", f->err.msg);
	if (key != NULL)
		ck_assert_msg(signers_load(&options, &f->signers, &f->err) == ERR_OK, "%s", f->err.msg);
}

static void open_fixture(struct fixture *f, int i)
{
	CLEANUP(free_ptr) char *key = folder_read("tests/fixtures", "cosign.pub", NULL);

	*f = (struct fixture){ .folder = folder_new(), .path = file_new() };
	folder_put(f->folder, "cosign.pub", key, strlen(key));
	folder_put(f->folder, "other.pub", key_p256_pub, strlen(key_p256_pub));
	graph_init(&f->graph);
	write_bundle(f->path);
	ck_assert_int_eq(bundle_open(f->path, &f->bundle, NULL), ERR_OK);
	ck_assert_int_eq(contents_walk(f->bundle, NULL, NULL, &f->graph, NULL), ERR_OK);
	ck_assert_int_eq(graph_settle(&f->graph, NULL), ERR_OK);
	contents_mark(f->bundle, &f->graph);
	load(f, i);
}

static void close_fixture(struct fixture *f)
{
	images_verdict_release(&f->verdict);
	signers_release(&f->signers);
	admission_release(&f->admission);
	graph_release(&f->graph);
	bundle_close(f->bundle);
	file_remove(f->path);
	folder_remove(f->folder);
}

static bool may(const struct fixture *f, const char *name)
{
	size_t i;

	for (i = 0; strcmp(f->verdict.items[i].name, name) != 0; i++)
		ck_assert_uint_lt(i + 1, f->verdict.len);
	return f->verdict.items[i].why == NULL;
}

START_TEST(judges)
{
	struct fixture f;

	open_fixture(&f, _i);
	ck_assert_msg(images_judge(f.bundle, &f.graph, cases[_i].key != NULL ? &f.signers : NULL, &f.admission,
				   &f.verdict, &f.err) == ERR_OK,
		      "%s: %s", cases[_i].what, f.err.msg);
	ck_assert_uint_eq(f.verdict.len, 3);
	ck_assert_msg(may(&f, SIGNED_APP) == cases[_i].app && may(&f, SIGNED_MULTI) == cases[_i].multi &&
			      may(&f, MIXED) == cases[_i].mixed,
		      "%s", cases[_i].what);
	ck_assert_uint_eq(f.verdict.refused, (size_t)3 - cases[_i].app - cases[_i].multi - cases[_i].mixed);
	ck_assert_msg(f.verdict.held == cases[_i].held, "%s: %zu hold", cases[_i].what, f.verdict.held);
	ck_assert_int_eq(images_refusal(&f.verdict, &f.err), ERR_UNPROVED);
	ck_assert_msg(strncmp(f.err.msg, cases[_i].says, strlen(cases[_i].says)) == 0, "%s: %s", cases[_i].what,
		      f.err.msg);
	close_fixture(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("images");
	TCase *t = tcase_create("images");

	tcase_add_loop_test(t, judges, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
