#include "tests/lib/hostile_bundle.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bundles/commands.h"
#include "common/layout.h"
#include "common/mem.h"
#include "import/commands.h"
#include "tests/lib/child.h"
#include "tests/lib/folder.h"

#define NAME HOSTILE_BUNDLE_IMAGE
#define FILE_NAME "b.oci.tar.zst"
#define MEMORY_MAX_KIB 65536
#define WORDS_MAX 5

/* A sanitizer takes time of its own. */
#define SECONDS_MAX (CHILD_MEMORY_MATTERS ? 10 : 100)

struct image_builder hostile_bundle_images;
struct hostile hostile_bundle;
long hostile_bundle_memory_max_kib;

static char *folder;

void hostile_bundle_make(const struct image_sample *sample)
{
	image_builder_init(&hostile_bundle_images);
	image_sample(&hostile_bundle_images, NAME, sample);
	hostile_of(&hostile_bundle, &hostile_bundle_images);
}

void hostile_bundle_unmake(void)
{
	hostile_release(&hostile_bundle);
	image_builder_release(&hostile_bundle_images);
}

void hostile_bundle_setup(void)
{
	hostile_bundle_memory_max_kib = MEMORY_MAX_KIB;
	folder = folder_new();
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(setenv("BUNDLE_STORE", "store", 1), 0);
	hostile_bundle_make(&(struct image_sample){ .raw_bytes = 300000, .plain_bytes = 300000 });
}

void hostile_bundle_teardown(void)
{
	hostile_bundle_unmake();
	ck_assert_int_eq(chdir("/"), 0);
	folder_remove(folder);
}

static const struct {
	const char *name;
	const struct command *command;
	enum readers is;
	const char *words[WORDS_MAX];
} commands[] = {
	{ "verify", &verify_command, VERIFY, { "-q", "--content-only", FILE_NAME } },
	{ "extract", &extract_command, EXTRACT, { "-q", FILE_NAME, "extracted" } },
	{ "import", &import_command, IMPORT, { "-q", "--to=store", FILE_NAME } },
	{ "inspect", &inspect_command, INSPECT, { FILE_NAME } },
	{ "attestations", &attestations_command, ATTESTATIONS, { "--from=" FILE_NAME, NAME } },
	{ "report", &report_command, REPORT, { "-o", "report.html", FILE_NAME } },
	{ "inspect --blobs", &inspect_command, LIST, { "--blobs", FILE_NAME } },
};

/* A layout that was begun names nothing. */
static void check_unpublished(const char *what, const char *name)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;

	if (layout_open(name, false, &l, NULL) == ERR_OK)
		ck_assert_msg(layout_len(l) == 0, "%s: something was published in %s", what, name);
}

static void forget(const char *name)
{
	if (folder_has(folder, name))
		folder_remove(folder_path(folder, name));
}

/* Nothing but these was written, and not next to the folder either, which is a new one. */
static void check_written(const char *what)
{
	static const char *const known[] = { FILE_NAME, "out", "err", "store", "store.journal.jsonl", "extracted" };
	size_t files = 0, i;

	check_unpublished(what, "store");
	check_unpublished(what, "extracted");
	for (i = 0; i < COUNT_OF(known); i++) {
		if (folder_has(folder, known[i])) {
			CLEANUP(free_ptr) char *path = folder_path(folder, known[i]);

			files += folder_count(path);
		}
	}
	ck_assert_msg(folder_count(folder) == files, "%s: something was written elsewhere", what);
}

/* Write the file, in a child of its own: a sanitizer keeps for long what was freed, and those who read the file would
 * have all of that from their parent. */
static void put(void)
{
	int status = 0;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct buf file;

		hostile_make(&hostile_bundle, &file);
		folder_put(folder, FILE_NAME, file.data, file.len);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

static void check_refusal(const char *what, const struct child *a, int status, const char *text)
{
	ck_assert_msg(a->status == status, "%s: status %d, not %d: %s", what, a->status, status, a->said);
	ck_assert_msg(child_said_one_line(a), "%s: not one line: %s", what, a->said);
	ck_assert_msg(strstr(a->said, FILE_NAME) != NULL || strstr(a->said, NAME) != NULL, "%s: of what: %s", what,
		      a->said);
	ck_assert_msg(strstr(a->said, text) != NULL, "%s: not \"%s\": %s", what, text, a->said);
	check_written(what);
}

void hostile_bundle_refused(const char *name, unsigned readers, int status, const char *text)
{
	size_t i;

	put();
	for (i = 0; i < COUNT_OF(commands); i++) {
		struct child a;
		char what[200];

		forget("store");
		forget("extracted");
		unlink("report.html");
		child_run(&a, commands[i].command, commands[i].words, SECONDS_MAX);
		snprintf(what, sizeof(what), "%s: %s", name, commands[i].name);
		if ((commands[i].is & readers) != 0)
			check_refusal(what, &a, status, text);
		else
			ck_assert_msg(a.status == 0 || commands[i].is == ATTESTATIONS, "%s: %d: %s", what, a.status,
				      a.said);
		ck_assert_msg(!CHILD_MEMORY_MATTERS || a.peak_kib <= hostile_bundle_memory_max_kib, "%s: %ld KiB", what,
			      a.peak_kib);
		child_release(&a);
	}
}

const struct image_item *hostile_bundle_item(const char *media_type)
{
	size_t i;

	for (i = 0; strcmp(hostile_bundle_images.items[i].media_type, media_type) != 0;)
		i++;
	return &hostile_bundle_images.items[i];
}
