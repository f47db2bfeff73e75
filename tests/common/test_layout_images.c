#include "common/layout_images.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OTHER "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define BY_DIGEST "localhost/app@" DIGEST

static const struct {
	const char *name;
	const char *image_name, *ref_name; /* NULL for none */
	const char *only, *among;          /* its name alone, and beside another image */
} cases[] = {
	{ "no name", NULL, NULL, "localhost/app:latest", BY_DIGEST },
	{ "a tag", NULL, "1.0", "localhost/app:1.0", "localhost/app:1.0" },
	{ "a tag that could be a name", NULL, "alpine", "localhost/app:alpine", "localhost/app:alpine" },
	{ "a full name", NULL, "ghcr.io/a/b:1", "ghcr.io/a/b:1", "ghcr.io/a/b:1" },
	{ "a short name", NULL, "alpine:3.20", "docker.io/library/alpine:3.20", "docker.io/library/alpine:3.20" },
	{ "a name without a tag", NULL, "x.io/a", "x.io/a:latest", "x.io/a:latest" },
	{ "a name with a digest", NULL, "x.io/a@" DIGEST, "x.io/a@" DIGEST, "x.io/a@" DIGEST },
	{ "a name with another's digest", NULL, "x.io/a@" OTHER, "localhost/app:latest", BY_DIGEST },
	{ "a tag and another's digest", NULL, "x.io/a:1@" OTHER, "localhost/app:latest", BY_DIGEST },
	{ "a tag and its digest", NULL, "x.io/a:1@" DIGEST, "x.io/a:1", "x.io/a:1" },
	{ "containerd's name with another's digest", "x.io/a@" OTHER, "1", "localhost/app:1", "localhost/app:1" },
	{ "containerd's name and a tag", "x.io/a:1", "1", "x.io/a:1", "x.io/a:1" },
	{ "containerd's name alone", "x.io/a:1", NULL, "x.io/a:1", "x.io/a:1" },
	{ "no right name, and a tag", "import-2026/UP", "1", "localhost/app:1", "localhost/app:1" },
	{ "what is no tag", NULL, "a b", "localhost/app:latest", BY_DIGEST },
	{ "what is no name", NULL, "a/B:1", "localhost/app:latest", BY_DIGEST },
	{ "an empty one", NULL, "", "localhost/app:latest", BY_DIGEST },
};

START_TEST(names)
{
	const struct digest digest = { DIGEST };
	struct layout_entry other = { .name = NULL };
	struct layout_entry entry = {
		.image_name = cases[_i].image_name,
		.ref_name = cases[_i].ref_name,
	};
	const struct layout_entry *images[] = { &entry, &other };
	struct layout_survey s = { .images = images };
	size_t i;

	digest_pack(&digest, &entry.digest);
	for (i = 1; i <= COUNT_OF(images); i++) {
		CLEANUP(layout_images_release) struct layout_images got = { 0 };
		const char *want = i == 1 ? cases[_i].only : cases[_i].among;

		s.images_len = i;
		ck_assert_int_eq(layout_images_make(&s, "some/app", &got, NULL), ERR_OK);
		ck_assert_uint_eq(got.len, i);
		ck_assert_msg(strcmp(got.items[0].name, want) == 0, "%s: %s", cases[_i].name, got.items[0].name);
	}
}
END_TEST

static const struct {
	const char *path, *want;
} bases[] = {
	{ "app", "localhost/app" },
	{ "/srv/images/app/", "localhost/app" },
	{ "./app//", "localhost/app" },
	{ "app.tar", "localhost/app" },
	{ "release.oci.tar.zst", "localhost/release" },
	{ "app-1.2.tgz", "localhost/app-1.2" },
	{ ".tar", "localhost/tar" },
	{ "My App (1)", "localhost/my-app-1" },
	{ "a__b", "localhost/a-b" },
	{ "a_b", "localhost/a_b" },
	{ "-._", "localhost/image" },
	{ "\xc3\xbc", "localhost/image" },
	{ "/", "localhost/image" },
};

/* Whatever a path is called, what comes out is a name. */
START_TEST(base)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *got = NULL;

	ck_assert_int_eq(layout_base(bases[_i].path, &got, NULL), ERR_OK);
	ck_assert_str_eq(got, bases[_i].want);
	ck_assert_int_eq(reference_parse(got, &ref, NULL), ERR_OK);
}
END_TEST

START_TEST(this_folder)
{
	char *folder = folder_new();
	CLEANUP(free_ptr) char *inner = folder_path(folder, "App/x");
	CLEANUP(free_ptr) char *one = NULL;
	CLEANUP(free_ptr) char *two = NULL;
	struct err err = { 0 };

	folder_make_in(folder, "App");
	folder_make_in(folder, "App/x");
	ck_assert_int_eq(chdir(inner), 0);
	ck_assert_int_eq(layout_base(".", &one, NULL), ERR_OK);
	ck_assert_int_eq(layout_base("../", &two, NULL), ERR_OK);
	ck_assert_str_eq(one, "localhost/x");
	ck_assert_str_eq(two, "localhost/app");
	ck_assert_int_eq(layout_base("nowhere/..", &two, &err), ERR_IO);
	ck_assert_int_eq(chdir("/"), 0);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout_images");
	TCase *t = tcase_create("layout_images");

	tcase_add_loop_test(t, names, 0, COUNT_OF(cases));
	tcase_add_loop_test(t, base, 0, COUNT_OF(bases));
	tcase_add_test(t, this_folder);
	suite_add_tcase(s, t);
	return test_run(s);
}
