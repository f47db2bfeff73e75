/* An export is killed at every write, sync and rename in turn, or each of them fails; the power may go with it. Run
 * again, it ends in the same bytes as one that nothing disturbed, and half a bundle is never to be seen. */
#include "tests/lib/faults.h"

#include <check.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bundles/seal_key.h"
#include "common/mem.h"
#include "export/export.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/http_server.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"

#define TYPE_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define TYPE_TAR "application/vnd.oci.image.layer.v1.tar"
#define FIRST_BYTES 5000000
#define SECOND_BYTES 4500000
#define PLAIN_BYTES 300000
#define SMALL_LAYERS 60
#define SMALL_BYTES 17000
#define EARLY_BYTES 2000 /* every other one: it is fetched before there is a part */
#define PAGE 4096
#define SECTOR 512
#define POSITIONS_MAX 2000
/* Under sanitizers a process takes ten times as long to start and end.  There every eighth place must do: the release
 * build takes them all. */
#ifdef __SANITIZE_ADDRESS__
#define STRIDE 8
#else
#define STRIDE 1
#endif

/* Two tags of a repository, that share a layer of several frames and many small ones. */
static struct image_builder images;
static struct http_route routes[IMAGE_ITEMS];
static char *targets[IMAGE_ITEMS];
static struct http_server *server;
static char *path, *part, *old, *synced;
static struct seal_key *key;

/* What is exported: a tag of the repository, sealed or not. */
enum what { FIRST_TAG, SECOND_TAG, FIRST_SEALED, WHAT_COUNT };

static char *names[WHAT_COUNT];
static unsigned char *want[WHAT_COUNT]; /* what each gives when nothing disturbs it */
static size_t want_len[WHAT_COUNT];
static unsigned char *left; /* what a run of the first tag leaves that is killed late */
static size_t left_len;

static void add_tag(size_t tag, const char *layers)
{
	char config[IMAGE_DESCRIPTOR_TEXT];
	size_t manifest;

	image_text(&images, image_json(&images, TYPE_OCI_CONFIG, "{\"architecture\":\"tag%zu\"}", tag), config);
	manifest = image_json(&images, TYPE_OCI_MANIFEST,
			      "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{%s},\"layers\":[%s]}",
			      TYPE_OCI_MANIFEST, config, layers);
	ck_assert_int_ge(asprintf(&targets[IMAGE_ITEMS - tag], "/v2/a/b/manifests/%zu", tag), 0);
	routes[IMAGE_ITEMS - tag] = (struct http_route){
		.target = targets[IMAGE_ITEMS - tag],
		.headers = "Content-Type: " TYPE_OCI_MANIFEST "\r\n",
		.body = images.items[manifest].bytes,
		.body_len = images.items[manifest].len,
	};
}

static void add_layer(struct buf *layers, size_t item)
{
	char text[IMAGE_DESCRIPTOR_TEXT];

	buf_printf(layers, NULL, "%s{%s}", layers->len > 0 ? "," : "", image_text(&images, item, text));
}

static void make_images(void)
{
	CLEANUP(buf_release) struct buf layers;
	unsigned i;

	buf_init(&layers, 100000);
	image_builder_init(&images);
	add_layer(&layers, image_add_noise(&images, TYPE_GZIP, FIRST_BYTES, 1));
	for (i = 0; i < SMALL_LAYERS; i++)
		add_layer(&layers,
			  image_add_noise(&images, TYPE_GZIP, (i % 2 == 0 ? SMALL_BYTES : EARLY_BYTES) + i, 100 + i));
	add_tag(2, buf_text(&layers));
	add_layer(&layers, image_add_noise(&images, TYPE_GZIP, SECOND_BYTES, 2));
	add_layer(&layers, image_add_text(&images, TYPE_TAR, PLAIN_BYTES, 3));
	add_tag(1, buf_text(&layers));
}

static void serve(void)
{
	size_t i;

	for (i = 0; i < images.items_len; i++) {
		const struct image_item *item = &images.items[i];

		ck_assert_int_ge(asprintf(&targets[i], "/v2/a/b/%s/%s",
					  manifest_kind(item->media_type) != MANIFEST_NONE ? "manifests" : "blobs",
					  item->digest.text),
				 0);
		routes[i] = (struct http_route){
			.target = targets[i], .body = item->bytes, .body_len = item->len, .ranges = true
		};
	}
	server = http_server_start(routes, IMAGE_ITEMS);
	for (i = 0; i < COUNT_OF(names); i++)
		ck_assert_int_ge(asprintf(&names[i], "%s/a/b:%d", http_server_host(server), i == SECOND_TAG ? 2 : 1),
				 0);
}

static enum err_code export_it(enum what what, struct err *err)
{
	CLEANUP(export_release) struct export_result result = { .gather.spool.fd = -1 };
	CLEANUP(free_ptr) char *notes = NULL;
	size_t notes_len = 0;
	FILE *to = open_memstream(&notes, &notes_len);
	const char *name = names[what];
	struct reference_line line = { .text = name };
	struct references list = { .items = &line, .len = 1 };
	struct progress progress;
	struct description_notes nothing = { 0 };
	struct export_options options = { .sign = what == FIRST_SEALED ? key : NULL,
					  .output = path,
					  .images = { .references = &list },
					  .jobs = 1,
					  .notes = &nothing,
					  .progress = &progress };
	enum err_code code;

	progress_init(&progress, PROGRESS_QUIET, to, NULL);
	code = export_run(&options, &result, err);
	if (code == ERR_OK)
		ck_assert_uint_eq(progress.done_bytes, progress.total_bytes);
	fclose(to);
	return code;
}

static bool exists(const char *name)
{
	return access(name, F_OK) == 0;
}

static void check_bytes(enum what what)
{
	size_t len;
	unsigned char *got = file_bytes(path, &len);

	ck_assert_uint_eq(len, want_len[what]);
	ck_assert(memcmp(got, want[what], len) == 0);
	free(got);
}

/* Nobody takes the power away. */
static void not_synced(int fd)
{
	(void)fd;
}

/* What is on the disk for sure: a copy of the file after its last sync. */
static void keep_synced(int fd)
{
	char chunk[65536];
	struct stat st;
	off_t at = 0;
	int to;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	to = open(synced, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	while (at < st.st_size) {
		ssize_t n = pread(fd, chunk, sizeof(chunk), at);

		if (n <= 0 || write(to, chunk, (size_t)n) != n)
			_exit(3);
		at += n;
	}
	close(to);
}

/* An export in a process of its own, which is killed at the k-th call.  True if it was. */
static bool export_killed(enum what what, size_t k, bool power)
{
	int status = 0;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		enum err_code code;

		faults_synced = power ? keep_synced : not_synced;
		faults_arm_all(FAULTS_KILL, k);
		code = export_it(what, NULL);
		faults_disarm_all();
		_exit(code == ERR_OK ? 0 : 4);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		ck_assert_int_eq(status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void setup(void)
{
	struct err err = { 0 };
	char *key_folder = folder_new();
	CLEANUP(free_ptr) char *key_path = NULL;
	size_t i, calls = 0;

	faults_synced = not_synced;
	setenv("DOCKER_CONFIG", "/nonexistent", 1);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	path = file_new();
	ck_assert_int_ge(asprintf(&part, "%s.part", path), 0);
	ck_assert_int_ge(asprintf(&old, "%s.part.old", path), 0);
	ck_assert_int_ge(asprintf(&synced, "%s.synced", path), 0);
	key_path = folder_path(key_folder, "key.pem");
	folder_put(key_folder, "key.pem", key_ed25519, strlen(key_ed25519));
	ck_assert_int_eq(seal_key_read_private(key_path, -1, &key, NULL), ERR_OK);
	folder_remove(key_folder);
	make_images();
	serve();
	for (i = 0; i < COUNT_OF(want); i++) {
		ck_assert_msg(export_it((enum what)i, &err) == ERR_OK, "%s", err.msg);
		want[i] = file_bytes(path, &want_len[i]);
		unlink(path);
	}
	while (left_len < FIRST_BYTES + SECOND_BYTES + SMALL_LAYERS / 2 * SMALL_BYTES) {
		free(left);
		unlink(part);
		ck_assert(export_killed(FIRST_TAG, calls += 20, false));
		left = exists(part) ? file_bytes(part, &left_len) : NULL;
	}
	unlink(part);
}

static void teardown(void)
{
	size_t i;

	http_server_stop(server);
	image_builder_release(&images);
	for (i = 0; i < IMAGE_ITEMS; i++)
		free(targets[i]);
	for (i = 0; i < COUNT_OF(want); i++) {
		free(want[i]);
		free(names[i]);
	}
	unlink(old);
	seal_key_free(key);
	unlink(synced);
	file_remove(path);
	free(left);
	free(part);
	free(old);
	free(synced);
}

static uint64_t random_of(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* A page that never was on the disk holds the new, nothing, or anything; of one that was, each sector is old or new.
 * The first page is the file's first write, and goes to the disk alone: it holds the new, or nothing. */
static void lose_page(unsigned char *page, size_t len, const unsigned char *before, size_t before_len, bool first,
		      uint64_t *seed)
{
	size_t i;

	if (before_len == len) {
		for (i = 0; i < len; i += SECTOR) {
			if (random_of(seed) % 2 == 0)
				memcpy(page + i, before + i, len - i < SECTOR ? len - i : SECTOR);
		}
		return;
	}
	switch (random_of(seed) % (first ? 2 : 8)) {
	case 0:
		memset(page, 0, len);
		break;
	case 1:
		for (i = 0; i < len && !first; i++)
			page[i] = (unsigned char)random_of(seed);
		break;
	default:
		break;
	}
	memcpy(page, before, before_len);
}

/* Whatever was written since the last sync has got to the disk, or not; and the file is as long as it was, or less. */
static void lose_power(uint64_t seed)
{
	size_t len = 0, safe_len = 0, at;
	unsigned char *now, *safe;

	if (!exists(part))
		return;
	now = file_bytes(part, &len);
	safe = exists(synced) ? file_bytes(synced, &safe_len) : calloc(1, 1);
	for (at = 0; at < len; at += PAGE) {
		size_t some = len - at < PAGE ? len - at : PAGE;
		size_t before = safe_len > at ? safe_len - at : 0;

		lose_page(now + at, some, safe + (before > 0 ? at : 0), before < some ? before : some, at == 0, &seed);
	}
	if (len > safe_len && random_of(&seed) % 4 == 0)
		len -= random_of(&seed) % (len - safe_len);
	file_put(part, now, len);
	free(now);
	free(safe);
}

/* After that, and whatever it left: either nothing is published or all of it, and the next run ends as it should. */
static void check_next(enum what what, bool published, size_t k)
{
	struct err err = { 0 };

	ck_assert(exists(path) || !published);
	if (exists(path))
		check_bytes(what);
	ck_assert_msg(export_it(what, &err) == ERR_OK, "at %zu: %s", k, err.msg);
	check_bytes(what);
	ck_assert_msg(!exists(part) && !exists(old), "at %zu", k);
	unlink(path);
}

static const struct {
	const char *name;
	enum what what;
	bool leftover; /* of the other tag */
	bool power;
	size_t first, step, least; /* places */
} kills[] = {
	{ "killed", FIRST_TAG, false, false, 0, 1, 200 },
	{ "killed, and the power goes", FIRST_TAG, false, true, 0, 2, 200 },
	{ "killed beside another leftover", SECOND_TAG, true, false, 0, 3, 150 },
	{ "killed when it is sealed", FIRST_SEALED, false, true, 190, 1, 200 },
};

START_TEST(killed)
{
	bool was_killed = true;
	size_t k;

	for (k = kills[_i].first; was_killed && k < POSITIONS_MAX; k += kills[_i].step * STRIDE) {
		if (kills[_i].leftover)
			file_put(part, left, left_len);
		unlink(synced);
		was_killed = export_killed(kills[_i].what, k, kills[_i].power);
		if (kills[_i].power)
			lose_power(k + 1);
		check_next(kills[_i].what, !was_killed, k);
	}
	ck_assert_msg(k > kills[_i].least && k < POSITIONS_MAX, "%s: %zu places", kills[_i].name, k);
}
END_TEST

/* A second run is killed too, and a third: what is there only grows. */
START_TEST(killed_again)
{
	size_t k;

	for (k = 30; export_killed(FIRST_TAG, k, false); k += 40)
		ck_assert(!exists(path));
	ck_assert_uint_gt(k, 30);
	check_next(FIRST_TAG, true, k);
}
END_TEST

static const struct {
	const char *name;
	enum what what;
	bool leftover;
	size_t step, least;
} fails[] = {
	{ "no space", FIRST_TAG, false, 2, 200 },
	{ "no space beside another leftover", SECOND_TAG, true, 3, 150 },
};

/* Each call fails in turn.  A failure says where it kept what is there, and it is there. */
START_TEST(failed)
{
	bool met = true;
	size_t k;

	for (k = 0; met && k < POSITIONS_MAX; k += fails[_i].step * STRIDE) {
		struct err err = { 0 };
		enum err_code code;

		if (fails[_i].leftover)
			file_put(part, left, left_len);
		faults_arm_all(FAULTS_DISK, k);
		code = export_it(fails[_i].what, &err);
		met = faults_disarm_all();
		ck_assert_msg(code == (met ? ERR_IO : ERR_OK), "%s at %zu: %d, %s", fails[_i].name, k, code, err.msg);
		if (met && strstr(err.msg, "is kept in ") != NULL)
			ck_assert_msg(exists(part) || exists(old), "%s", err.msg);
		else if (!fails[_i].leftover)
			ck_assert_msg(!exists(part), "%s", err.msg);
		check_next(fails[_i].what, !met, k);
	}
	ck_assert_msg(k > fails[_i].least && k < POSITIONS_MAX, "%s: %zu places", fails[_i].name, k);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("resume");
	TCase *t = tcase_create("resume");

	tcase_set_timeout(t, 600);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, killed, 0, (int)COUNT_OF(kills));
	tcase_add_test(t, killed_again);
	tcase_add_loop_test(t, failed, 0, (int)COUNT_OF(fails));
	suite_add_tcase(s, t);
	return test_run(s);
}
