/* No memory, at every allocation in turn; no space, at every write, sync and rename in turn; SIGKILL, at everything in
 * turn that changes the disk: a bundle is opened, planned and delivered to a store
 * or another layout. Each time nothing leaks, no name
 * stands for half an image, and a second run ends in the store that an undisturbed one leaves, file for file. */
#include "tests/lib/faults.h"

#include <check.h>
#include <sys/wait.h>

#include "common/js.h"
#include "common/layout.h"
#include "common/layout_proved.h"
#include "common/mem.h"
#include "common/walk.h"
#include "import/store.h"
#include "import/target_layout.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/stride.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define POSITIONS_MAX 5000

static struct image_builder images;
static struct progress progress;
static char *folder, *store, *path;
static bool shared; /* the store is a layout that others write to */
static char *whole; /* a folder with the store that an undisturbed run leaves, but for the record of what was proved */
static size_t whole_lines; /* of that record */

/* Whether the disk was waited for nobody here can see, and a thousand times that takes minutes. */
static void not_synced(int fd)
{
	(void)fd;
}

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

static void make_bundle(const struct image_sample *sample, unsigned first, unsigned count)
{
	static const char *const names[] = { NAME, "ghcr.io/other/app:2", "quay.io/third:3" };
	unsigned i;

	path = file_new();
	image_builder_init(&images);
	for (i = 0; i < count; i++) {
		struct image_sample one = *sample;

		one.raw_bytes += (size_t)i * 1000;
		one.statement_bytes += i;
		image_sample(&images, names[first + i], &one);
	}
	bundle_put(&images, path, 10000);
	progress_init(&progress, PROGRESS_QUIET, stderr, NULL);
}

static void unmake_bundle(void)
{
	image_builder_release(&images);
	file_remove(path);
}

static void setup(void)
{
	faults_synced = not_synced;
	make_bundle(&(struct image_sample){ .absent_platform = true, .sha512 = true }, 0, 1);
	setup_store();
}

static void teardown(void)
{
	teardown_store();
	unmake_bundle();
}

static enum err_code deliver(struct plan *plan, struct err *err)
{
	struct target *t = NULL;
	enum err_code code = shared ? target_layout_new(store, "oci:store", LAYOUT_SHARED, &t, err)
				    : target_store_new(store, &t, err);

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

/* Every blob that an image in the store leads to is there, and what it is called. */
static void check_image(struct layout *l, const char *name)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(walk_release) struct walk walk;
	struct source *source = NULL;
	struct err err = { 0 };
	size_t i;

	graph_init(&g);
	walk_init(&walk, &g, NULL, NULL);
	ck_assert_int_eq(reference_parse(name, &ref, NULL), ERR_OK);
	ck_assert_int_eq(layout_source_new(l, &source, NULL), ERR_OK);
	ck_assert_msg(walk_image(&walk, source, &ref, name, &err) == ERR_OK, "%s", err.msg);
	source->free(source);
	ck_assert_int_eq(graph_settle(&g, NULL), ERR_OK);
	for (i = 0; i < g.nodes_len; i++) {
		const struct image_item *item = image_item(&images, &g.nodes[i].digest);

		ck_assert(item == NULL || g.nodes[i].absent == item->absent);
		ck_assert(g.nodes[i].absent || layout_has(l, &g.nodes[i].digest, g.nodes[i].size_bytes));
	}
}

/* index.json is whole or not there, and so is every image that it names. */
static void check_store(void)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(free_ptr) char *index = NULL;
	struct err err = { 0 };
	enum err_code code;
	size_t len, i;

	if (folder_has(store, "index.json")) {
		index = folder_read(store, "index.json", &len);
		ck_assert_int_eq(js_check(index, len, "index.json", NULL), ERR_OK);
	}
	code = layout_open(store, false, &l, &err);
	ck_assert_msg(code == ERR_OK || code == ERR_NOT_FOUND, "%s", err.msg);
	for (i = 0; code == ERR_OK && i < layout_len(l); i++) {
		const char *image = layout_at(l, i)->name;

		if (image != NULL && strchr(image, '/') != NULL) /* else it is a tag, of referrers */
			check_image(l, image);
	}
}

/* A run that failed cleans up; one that was killed cannot. */
static void check_clean(void)
{
	ck_assert(!folder_has(store, ".part") && !folder_has(store, "index.json.part") &&
		  !folder_has(store, LAYOUT_PROVED_NAME ".part"));
}

/* How many blobs are recorded to be proved. */
static size_t count_lines(void)
{
	CLEANUP(free_ptr) char *text = NULL;
	size_t lines = 0;
	const char *at;

	if (!folder_has(store, LAYOUT_PROVED_NAME))
		return 0;
	text = folder_read(store, LAYOUT_PROVED_NAME, NULL);
	for (at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	return lines;
}

/* It speaks of inodes and times, which no two stores have alike. */
static void remove_record(void)
{
	CLEANUP(free_ptr) char *record = folder_path(store, LAYOUT_PROVED_NAME);

	ck_assert(remove(record) == 0 || errno == ENOENT);
}

/* A run whose only loss is what saves time has not failed. */
static bool has_all_but_lines(void)
{
	CLEANUP(free_ptr) char *difference = NULL;
	size_t lines = count_lines();

	remove_record();
	difference = folder_difference(folder, whole);
	return difference == NULL && lines < whole_lines;
}

/* Run again, and it ends as if nothing had happened. */
static void run_again(const char *name, size_t k)
{
	struct err err = { 0 };
	char *difference;

	ck_assert_msg(import_once(&err) == ERR_OK, "%s at %zu: %s", name, k, err.msg);
	remove_record();
	difference = folder_difference(folder, whole);
	ck_assert_msg(difference == NULL, "%s at %zu: %s differs", name, k, difference);
}

/* The store that an undisturbed run leaves is kept, and the next one is in a new folder. */
static void run_undisturbed(void)
{
	struct err err = { 0 };

	ck_assert_msg(import_once(&err) == ERR_OK, "%s", err.msg);
	check_store();
	whole_lines = count_lines();
	remove_record();
	free(store);
	whole = folder;
	setup_store();
}

static const struct {
	const char *name;
	enum faults kind;
	enum err_code want;
	size_t least;
	bool shared;
} cases[] = {
	{ "no memory", FAULTS_MEMORY, ERR_NOMEM, 100, false },
	{ "no space", FAULTS_DISK, ERR_IO, 20, false },
	{ "stuck", FAULTS_STUCK, ERR_IO, 10, false },
	{ "no memory, a layout", FAULTS_MEMORY, ERR_NOMEM, 100, true },
};

START_TEST(import_fails)
{
	struct err err;
	size_t k;

	shared = cases[_i].shared;
	run_undisturbed(); /* libraries warm up */
	/* Each place under sanitizers too: only they see what leaks. */
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
		check_clean();
		ck_assert_msg(code == (met ? cases[_i].want : ERR_OK) || (code == ERR_OK && has_all_but_lines()),
			      "%s at %zu: %d, %s", cases[_i].name, k, code, err.msg);
		if (!met)
			break;
		ck_assert(code == ERR_OK || err.code == code);
		run_again(cases[_i].name, k);
	}
	ck_assert_msg(k >= cases[_i].least && k < POSITIONS_MAX, "%s: %zu positions", cases[_i].name, k);
	folder_remove(whole);
}
END_TEST

/* Together at least 200 places to be killed at. */
static const struct {
	const char *name;
	struct image_sample sample;
	unsigned images;
	size_t least;
	bool shared;
} kills[] = {
	{ "one manifest", { .one_manifest = true }, 1, 20, false },
	{ "an index", { .absent_platform = true, .sha512 = true, .empty_layer = true }, 1, 50, false },
	{ "an index, a layout", { .absent_platform = true }, 1, 50, true },
	{ "large layers", { .one_manifest = true, .raw_bytes = 700000, .plain_bytes = 600000 }, 1, 40, false },
	{ "three images", { .statement_bytes = 100 }, 3, 90, false },
};

/* True where it was killed on the way. */
static bool killed_import(size_t position)
{
	pid_t child = fork();
	int status = 0;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct err err = { 0 };

		faults_arm(FAULTS_KILL, position);
		_exit(import_once(&err) == ERR_OK ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status)) {
		ck_assert_int_eq(WTERMSIG(status), SIGKILL);
		return true;
	}
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	return false;
}

START_TEST(import_killed)
{
	size_t k;

	shared = kills[_i].shared;
	unmake_bundle();
	make_bundle(&kills[_i].sample, 0, kills[_i].images);
	run_undisturbed();
	for (k = 0; k < POSITIONS_MAX && killed_import(k); k += STRIDE) {
		check_store();
		run_again(kills[_i].name, k);
		teardown_store();
		setup_store();
	}
	ck_assert_msg(k >= kills[_i].least && k < POSITIONS_MAX, "%s: %zu places", kills[_i].name, k);
	folder_remove(whole);
}
END_TEST

/* A store that has an image already keeps it, wherever an import of another one is killed. */
START_TEST(import_killed_beside)
{
	char *first = path, *second;
	struct image_builder firsts = images;
	size_t k;

	make_bundle(&(struct image_sample){ .raw_bytes = 2000, .statement_bytes = 9 }, 1, 2);
	second = path;
	path = first;
	ck_assert_int_eq(import_once(NULL), ERR_OK);
	path = second;
	run_undisturbed();
	for (k = 0; k < POSITIONS_MAX; k += STRIDE) {
		path = first;
		ck_assert_int_eq(import_once(NULL), ERR_OK);
		path = second;
		if (!killed_import(k))
			break;
		check_store();
		run_again("beside", k);
		teardown_store();
		setup_store();
	}
	ck_assert_uint_ge(k, 30);
	folder_remove(whole);
	unmake_bundle();
	path = first;
	images = firsts;
}
END_TEST

int main(void)
{
	Suite *s = suite_create("import faults");
	TCase *t = tcase_create("import faults");

	tcase_set_timeout(t, 240);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, import_fails, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, import_killed, 0, (int)COUNT_OF(kills));
	tcase_add_test(t, import_killed_beside);
	suite_add_tcase(s, t);
	return test_run(s);
}
