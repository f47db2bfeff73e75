#include "import/import.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/layout.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/fake_docker.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

static char *folder;

static void setup(void)
{
	folder = folder_new();
	ck_assert_int_eq(setenv("BUNDLE_STORE", folder, 1), 0);
	ck_assert_int_eq(unsetenv("DOCKER_HOST"), 0);
}

static void teardown(void)
{
	folder_remove(folder);
}

static const struct {
	const char *name, *text;
	enum err_code want;
	const char *called; /* NULL where that depends on the machine */
} targets[] = {
	{ "the store", "store", ERR_OK, NULL },
	{ "nothing", "", ERR_USAGE, NULL },
	{ "begins alike", "stores", ERR_USAGE, NULL },
	{ "upper case", "Store", ERR_USAGE, NULL },
	{ "with a path", "store:/x", ERR_USAGE, NULL },
	{ "a path alone", "/var/lib/docker", ERR_USAGE, NULL },
	{ "without its colon", "docker-daemon", ERR_USAGE, NULL },
	{ "a transport of others", "docker-archive:x.tar", ERR_USAGE, NULL },
	{ "nobody at the socket", "docker-daemon:/nowhere/docker.sock", ERR_NETWORK, NULL },
	{ "a registry", "docker://r.test", ERR_OK, "docker://r.test" },
	{ "a registry with a slash", "docker://r.test/", ERR_OK, "docker://r.test" },
	{ "below a registry, with a slash", "docker://r.test:5000/a/b/", ERR_OK, "docker://r.test:5000/a/b" },
	{ "two slashes", "docker://r.test//", ERR_USAGE, NULL },
	{ "a slash alone", "docker:///", ERR_USAGE, NULL },
	{ "no registry", "docker://", ERR_USAGE, NULL },
	{ "a tag before the slash", "docker://r.test/a:1/", ERR_USAGE, NULL },
};

START_TEST(parse)
{
	struct target *t = NULL;
	struct err err = { 0 };
	struct target_options options = { .to = targets[_i].text };
	enum err_code got = target_new(&options, &t, &err);

	if (got == ERR_OK && targets[_i].want == ERR_NETWORK) { /* a daemon is asked when it is probed */
		t->free(t);
		return;
	}
	ck_assert_msg(got == targets[_i].want, "%s: %d, %s", targets[_i].name, got, err.msg);
	if (got == ERR_OK) {
		if (targets[_i].called != NULL)
			ck_assert_str_eq(t->name, targets[_i].called);
		else
			ck_assert_ptr_nonnull(strstr(t->name, folder));
		t->free(t);
	} else {
		ck_assert_ptr_null(t);
		ck_assert_ptr_nonnull(strstr(err.msg, targets[_i].text));
	}
}
END_TEST

static const struct {
	const char *name, *rule, *to, *file; /* file NULL: the bundle */
	enum err_code want;
	const char *as; /* the name in the store */
} runs[] = {
	{ "as it is", NULL, "store", NULL, ERR_OK, NAME },
	{ "under another name", "docker.io=x.site", "store", NULL, ERR_OK, "x.site/library/app:1" },
	{ "a rule that is none", "docker.io", "store", NULL, ERR_USAGE, NULL },
	{ "a rule for nothing", "quay.io=x.site", "store", NULL, ERR_USAGE, NULL },
	{ "no such target", NULL, "shop", NULL, ERR_USAGE, NULL },
	{ "no such file", NULL, "store", "/nowhere/b.oci.tar.zst", ERR_NOT_FOUND, NULL },
	{ "no bundle", NULL, "store", "/dev/null", ERR_DAMAGED, NULL },
};

START_TEST(run)
{
	static struct image_builder b;
	static struct progress progress;
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(import_release) struct import_result result = { 0 };
	char *path = file_new();
	const char *rules[] = { runs[_i].rule };
	struct opt_list map = { .items = rules, .len = runs[_i].rule != NULL };
	struct opt_list none = { 0 };
	struct target_options to = { .to = runs[_i].to };
	struct import_options options = {
		.to = &to,
		.map = &map,
		.images = &none,
		.platforms = &none,
		.origin = { .keys = &none, .seals = &none },
		.progress = &progress,
	};
	struct err err = { 0 };
	enum err_code got;

	progress_init(&progress, PROGRESS_QUIET, stderr, NULL);
	image_builder_init(&b);
	image_sample(&b, NAME, &(struct image_sample){ 0 });
	bundle_put(&b, path, 10000);
	options.file = runs[_i].file != NULL ? runs[_i].file : path;
	got = import_run(&options, &result, &err);
	ck_assert_msg(got == runs[_i].want, "%s: %d, %s", runs[_i].name, got, err.msg);
	if (got == ERR_OK) {
		ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_OK);
		ck_assert_ptr_nonnull(layout_find(l, runs[_i].as));
		ck_assert(result.plan.images[0].read_back);
	} else {
		ck_assert_uint_eq(folder_count(folder), 0);
	}
	image_builder_release(&b);
	file_remove(path);
}
END_TEST

/* What this daemon has no place for is said before it is sent anything: it refuses what comes. */
START_TEST(losses_first)
{
	static struct image_builder b;
	static struct progress progress;
	CLEANUP(import_release) struct import_result result = { 0 };
	CLEANUP(graph_release) struct graph g;
	struct fake_docker daemon = { .fault = FAKE_REFUSES, .api = 51, .graph = &g };
	char *path = file_new(), *to_text = NULL, *said = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&said, &len);
	struct opt_list none = { 0 };
	struct target_options to = { 0 };
	struct import_options options = {
		.file = path,
		.to = &to,
		.map = &none,
		.images = &none,
		.platforms = &none,
		.origin = { .keys = &none, .seals = &none },
		.progress = &progress,
	};
	struct err err = { 0 };

	ck_assert_ptr_nonnull(stream);
	progress_init(&progress, PROGRESS_QUIET, stream, NULL);
	image_builder_init(&b);
	image_sample(&b, NAME, &(struct image_sample){ 0 });
	image_graph(&b, &b.source, &g);
	bundle_put(&b, path, 10000);
	fake_docker_start(&daemon, path);
	ck_assert_int_eq(str_format(&to_text, NULL, "docker-daemon:%s", daemon.address.sun_path), ERR_OK);
	to.to = to_text;
	ck_assert_msg(import_run(&options, &result, &err) == ERR_REFUSED, "%s", err.msg);
	fclose(stream);
	ck_assert_ptr_nonnull(strstr(said, "warning: 3 referrers"));
	ck_assert_ptr_nonnull(strstr(said, "--to store"));
	fake_docker_stop(&daemon);
	free(said);
	free(to_text);
	image_builder_release(&b);
	file_remove(path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("import");
	TCase *t = tcase_create("import");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, parse, 0, (int)COUNT_OF(targets));
	tcase_add_loop_test(t, run, 0, (int)COUNT_OF(runs));
	tcase_add_test(t, losses_first);
	suite_add_tcase(s, t);
	return test_run(s);
}
