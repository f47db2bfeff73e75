/* No memory, at every allocation in turn; no space, at every write, sync and rename in turn: a bundle is opened,
 * planned and delivered to a store, and each time there is an error, nothing leaks, and no name stands for half an
 * image. */
#include "tests/lib/faults.h"

#include <check.h>

#include "common/layout.h"
#include "common/mem.h"
#include "import/store.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define POSITIONS_MAX 5000

static struct image_builder images;
static struct progress progress;
static char *folder, *store, *path;

static void setup_store(void)
{
	folder = folder_new();
	store = folder_path(folder, "store");
}

static void teardown_store(void)
{
	free(store);
	folder_remove(folder);
}

static void setup(void)
{
	path = file_new();
	image_builder_init(&images);
	image_sample(&images, NAME, &(struct image_sample){ .absent_platform = true, .sha512 = true });
	bundle_put(&images, path, 10000);
	progress_init(&progress, PROGRESS_QUIET, stderr, NULL);
	setup_store();
}

static void teardown(void)
{
	teardown_store();
	image_builder_release(&images);
	file_remove(path);
}

static enum err_code deliver(struct plan *plan, struct err *err)
{
	struct target *t = NULL;
	enum err_code code = target_store_new(store, &t, err);

	plan->progress = &progress;
	if (code == ERR_OK)
		code = t->probe(t, plan, err);
	if (code == ERR_OK)
		code = t->write(t, plan, err);
	if (code == ERR_OK)
		code = t->read_back(t, plan, err);
	if (t != NULL)
		t->free(t);
	return code;
}

static enum err_code import_once(struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *bundle = NULL;
	CLEANUP(mapping_release) struct mapping names = { 0 };
	CLEANUP(plan_release) struct plan plan = { 0 };
	enum err_code code = bundle_open(path, &bundle, err);

	if (code == ERR_OK)
		code = plan_make(bundle, &names, &plan, err);
	return code == ERR_OK ? deliver(&plan, err) : code;
}

/* A name is there only if all that it stands for is. */
static void check_store(void)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	size_t i;

	if (layout_open(store, false, &l, NULL) == ERR_NOT_FOUND)
		return;
	ck_assert_ptr_nonnull(l);
	ck_assert(!folder_has(store, ".part") && !folder_has(store, "index.json.part"));
	if (layout_find(l, NAME) == NULL)
		return;
	for (i = 0; i < images.items_len; i++) {
		const struct image_item *item = &images.items[i];

		if (manifest_kind(item->media_type) != MANIFEST_NONE && !item->absent)
			ck_assert(layout_has(l, &item->digest, item->len));
	}
}

static const struct {
	const char *name;
	enum faults kind;
	enum err_code want;
	size_t least;
} cases[] = {
	{ "no memory", FAULTS_MEMORY, ERR_NOMEM, 100 },
	{ "no space", FAULTS_DISK, ERR_IO, 20 },
	{ "stuck", FAULTS_STUCK, ERR_IO, 10 },
};

START_TEST(import_fails)
{
	struct err err = { 0 };
	size_t k;

	ck_assert_msg(import_once(&err) == ERR_OK, "%s", err.msg); /* libraries warm up */
	for (k = 0; k < POSITIONS_MAX; k++) {
		enum err_code code;
		bool met;

		teardown_store();
		setup_store();
		err = (struct err){ 0 };
		faults_arm(cases[_i].kind, k);
		code = import_once(&err);
		met = faults_disarm();
		check_store();
		ck_assert_msg(code == (met ? cases[_i].want : ERR_OK), "%s at %zu: %d, %s", cases[_i].name, k, code,
			      err.msg);
		if (!met)
			break;
		ck_assert_int_eq(err.code, code);
		ck_assert_int_eq(import_once(&err), ERR_OK); /* run again, and it goes on */
	}
	ck_assert_msg(k >= cases[_i].least && k < POSITIONS_MAX, "%s: %zu positions", cases[_i].name, k);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("import faults");
	TCase *t = tcase_create("import faults");

	tcase_set_timeout(t, 240);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, import_fails, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
