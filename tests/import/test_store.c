#include "import/store.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/layout.h"
#include "common/mem.h"
#include "import/store_gc.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define A "docker.io/library/a:1"
#define B "docker.io/library/b:1"

static char *folder, *store;

static void setup(void)
{
	folder = folder_new();
	store = folder_path(folder, "store");
}

static void teardown(void)
{
	free(store);
	folder_remove(folder);
}

/* One bundle, opened, and the plan to import it. */
struct shipment {
	struct image_builder b;
	char *path;
	struct bundle *bundle;
	struct plan plan;
	struct progress progress;
};

static void shipment_begin(struct shipment *s)
{
	*s = (struct shipment){ .path = file_new() };
	image_builder_init(&s->b);
}

/* Pack what the builder has. */
static void shipment_end(struct shipment *s)
{
	struct mapping names = { 0 };
	struct err err = { 0 };

	bundle_put(&s->b, s->path, 10000);
	ck_assert_msg(bundle_open(s->path, &s->bundle, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(plan_make(s->bundle, &names, &s->plan, &err) == ERR_OK, "%s", err.msg);
	progress_init(&s->progress, PROGRESS_QUIET, stderr, NULL);
	s->plan.progress = &s->progress;
}

static void shipment_of(struct shipment *s, const char *name, const struct image_sample *sample,
			const struct selection *selection)
{
	shipment_begin(s);
	s->b.selection = selection;
	image_sample(&s->b, name, sample);
	shipment_end(s);
}

static void shipment_init(struct shipment *s, const char *name, const struct image_sample *sample)
{
	shipment_of(s, name, sample, NULL);
}

static void shipment_release(struct shipment *s)
{
	plan_release(&s->plan);
	bundle_close(s->bundle);
	image_builder_release(&s->b);
	file_remove(s->path);
}

static const char *blob_name(const struct digest *d)
{
	static char name[256];

	snprintf(name, sizeof(name), "blobs/sha256/%s", digest_hex(d));
	return name;
}

/* Probe, write and read back. */
static enum err_code deliver(struct shipment *s, struct err *err)
{
	struct target *t = NULL;
	enum err_code code = target_store_new(store, &t, err);

	if (code == ERR_OK)
		code = t->probe(t, &s->plan, err);
	if (code == ERR_OK)
		code = t->write(t, &s->plan, err);
	if (code == ERR_OK)
		code = t->read_back(t, &s->plan, err);
	if (t != NULL)
		t->free(t);
	return code;
}

static struct layout *look(void)
{
	struct layout *l = NULL;

	ck_assert_int_eq(layout_open(store, false, &l, NULL), ERR_OK);
	return l;
}

/* How many images the store has a name for; 0 where there is none. */
static size_t count_names(void)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	size_t count = 0, i;

	if (layout_open(store, false, &l, NULL) != ERR_OK)
		return 0;
	for (i = 0; i < layout_len(l); i++)
		count += layout_at(l, i)->name != NULL && layout_at(l, i)->listed_for == NULL;
	return count;
}

/* Forget every name, and remove what nothing leads to any more. */
static void collect_all(void)
{
	CLEANUP(store_gc_release) struct store_gc gc = { 0 };
	CLEANUP(layout_close_ptr) struct layout *l = look();
	CLEANUP(free_ptr) bool *drop = calloc(layout_len(l) + 1, sizeof(*drop));
	size_t i;

	ck_assert_ptr_nonnull(drop);
	for (i = 0; i < layout_len(l); i++)
		drop[i] = layout_at(l, i)->name != NULL;
	ck_assert_int_eq(layout_lock(l, NULL), ERR_OK);
	ck_assert_int_eq(layout_drop(l, drop, NULL), ERR_OK);
	ck_assert_int_eq(store_gc_find(l, &gc, NULL), ERR_OK);
	ck_assert_int_eq(store_gc_run(&gc, NULL), ERR_OK);
}

static const struct {
	const char *name;
	struct image_sample sample;
	size_t platforms, attestations, referrers;
} samples[] = {
	{ "whole", { .sha512 = true, .empty_layer = true }, 2, 1, 3 },
	{ "a platform is absent", { .absent_platform = true }, 1, 1, 3 },
	{ "a manifest alone", { .one_manifest = true }, 1, 0, 0 },
	{ "large layers", { .raw_bytes = 3000000, .plain_bytes = 5000000 }, 2, 1, 3 },
};

/* All of it arrives, and the second time nothing is sent. */
START_TEST(whole)
{
	uint64_t first_bytes = 0;
	unsigned turn;
	size_t i;

	for (turn = 0; turn < 2; turn++) {
		CLEANUP(shipment_release) struct shipment s;
		CLEANUP(layout_close_ptr) struct layout *l = NULL;
		struct err err = { 0 };

		shipment_init(&s, A, &samples[_i].sample);
		ck_assert_msg(deliver(&s, &err) == ERR_OK, "%s: %s", samples[_i].name, err.msg);
		l = look();
		for (i = 0; i < s.b.items_len; i++) {
			uint32_t node = graph_find(&s.plan.graph, &s.b.items[i].digest);

			ck_assert_int_eq(layout_has(l, &s.b.items[i].digest, s.b.items[i].len),
					 node != NODE_NONE && !s.plan.graph.nodes[node].absent);
		}
		ck_assert_str_eq(layout_descriptor(layout_find(l, A)).digest.text,
				 s.b.items[s.b.tags[0].root].digest.text);
		ck_assert(s.plan.images[0].read_back);
		ck_assert(digest_equal(&s.plan.images[0].is, &s.b.items[s.b.tags[0].root].digest));
		ck_assert_uint_eq(s.plan.images[0].platforms, samples[_i].platforms);
		ck_assert_uint_eq(s.plan.images[0].attestations, samples[_i].attestations);
		ck_assert_uint_eq(s.plan.images[0].referrers, samples[_i].referrers);
		ck_assert_int_eq(s.plan.images[0].was.text[0] != '\0', turn == 1);
		ck_assert_int_eq(s.plan.sent_bytes == 0, turn == 1);
		first_bytes += s.plan.sent_bytes;
	}
	ck_assert_uint_gt(first_bytes, 0);
	ck_assert_uint_eq(count_names(), 1);
}
END_TEST

/* Nothing is made before write. */
START_TEST(probe_alone)
{
	CLEANUP(shipment_release) struct shipment s;
	struct target *t = NULL;

	shipment_init(&s, A, &samples[0].sample);
	ck_assert_int_eq(target_store_new(store, &t, NULL), ERR_OK);
	ck_assert_ptr_nonnull(strstr(t->name, store));
	ck_assert_int_eq(t->probe(t, &s.plan, NULL), ERR_OK);
	t->free(t);
	ck_assert_uint_eq(folder_count(folder), 0);
}
END_TEST

/* A second image comes beside the first; the same name for another image is refused, or moves where that is asked
 * for. */
static const struct {
	const char *name, *second;
	bool replace;
	enum err_code want;
	size_t names;
} seconds[] = {
	{ "beside", B, false, ERR_OK, 2 },
	{ "in its place", A, false, ERR_CONFLICT, 1 },
	{ "in its place, as was asked", A, true, ERR_OK, 1 },
};

START_TEST(second)
{
	CLEANUP(shipment_release) struct shipment first;
	CLEANUP(shipment_release) struct shipment next;
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	struct err err = { 0 };
	enum err_code got;
	const struct digest *want;

	shipment_init(&first, A, &samples[0].sample);
	shipment_init(&next, seconds[_i].second, &samples[2].sample);
	next.plan.replace = seconds[_i].replace;
	ck_assert_int_eq(deliver(&first, NULL), ERR_OK);
	got = deliver(&next, &err);
	ck_assert_msg(got == seconds[_i].want, "%s: %d, %s", seconds[_i].name, got, err.msg);
	ck_assert_uint_eq(count_names(), seconds[_i].names);
	l = look();
	want = got == ERR_OK ? &next.b.items[next.b.tags[0].root].digest : &first.b.items[first.b.tags[0].root].digest;
	ck_assert_str_eq(layout_descriptor(layout_find(l, seconds[_i].second)).digest.text, want->text);
	if (got != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err.msg, "--replace"));
}
END_TEST

/* What was attested of an image, without its layers, comes to a store in which its name stands for something. */
static const struct {
	const char *name;
	bool there, same, there_bare;
	enum err_code want;
	size_t platforms, bare;
} attested[] = {
	{ "nothing there", false, false, false, ERR_OK, 0, 2 },
	{ "the image is there, whole", true, true, false, ERR_OK, 2, 0 },
	{ "another image is there, whole", true, false, false, ERR_CONFLICT, 0, 2 },
	{ "another image is there, without layers too", true, false, true, ERR_OK, 0, 2 },
};

START_TEST(attestations_only)
{
	struct selection selection = { .attestations_only = true };
	struct image_sample other = { .raw_bytes = 400 };
	CLEANUP(shipment_release) struct shipment first;
	CLEANUP(shipment_release) struct shipment next;
	struct err err = { 0 };
	enum err_code got;

	shipment_of(&first, A, attested[_i].same ? &samples[0].sample : &other,
		    attested[_i].there_bare ? &selection : NULL);
	shipment_of(&next, A, &samples[0].sample, &selection);
	next.plan.replace = true;
	if (attested[_i].there)
		ck_assert_int_eq(deliver(&first, NULL), ERR_OK);
	got = deliver(&next, &err);
	ck_assert_msg(got == attested[_i].want, "%s: %d, %s", attested[_i].name, got, err.msg);
	ck_assert_uint_eq(next.plan.images[0].bare, attested[_i].bare);
	ck_assert_uint_eq(next.plan.images[0].platforms, attested[_i].platforms);
	if (got != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err.msg, A " can be run there"));
}
END_TEST

/* A store with one platform takes the other later. */
START_TEST(platforms_apart)
{
	CLEANUP(selection_release) struct selection amd64 = { 0 };
	CLEANUP(selection_release) struct selection arm64 = { 0 };
	CLEANUP(shipment_release) struct shipment first;
	CLEANUP(shipment_release) struct shipment next;
	struct err err = { 0 };

	ck_assert_int_eq(selection_platform(&amd64, "linux/amd64", NULL), ERR_OK);
	ck_assert_int_eq(selection_platform(&arm64, "linux/arm64", NULL), ERR_OK);
	shipment_of(&first, A, &samples[0].sample, &amd64);
	shipment_of(&next, A, &samples[0].sample, &arm64);
	ck_assert_msg(deliver(&first, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(first.plan.images[0].platforms, 1);
	ck_assert_uint_eq(first.plan.images[0].bare, 0);
	ck_assert_msg(deliver(&next, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(next.plan.images[0].platforms, 2);
	ck_assert_uint_eq(count_names(), 1);
}
END_TEST

/* A name whose image runs never moves to one without that platform; nor does a damaged image keep a name. */
static const struct {
	const char *name, *had, *brings;
	bool damaged;
	enum err_code want;
} moved[] = {
	{ "the same platform", "linux/amd64", "linux/amd64", false, ERR_OK },
	{ "another platform", "linux/amd64", "linux/arm64", false, ERR_CONFLICT },
	{ "another platform, of what was broken", "linux/amd64", "linux/arm64", true, ERR_OK },
};

START_TEST(moves_platform)
{
	CLEANUP(selection_release) struct selection had = { 0 };
	CLEANUP(selection_release) struct selection brings = { 0 };
	CLEANUP(shipment_release) struct shipment first;
	CLEANUP(shipment_release) struct shipment next;
	struct image_sample other = { .raw_bytes = 400 };
	struct err err = { 0 };
	enum err_code got;

	ck_assert_int_eq(selection_platform(&had, moved[_i].had, NULL), ERR_OK);
	ck_assert_int_eq(selection_platform(&brings, moved[_i].brings, NULL), ERR_OK);
	shipment_of(&first, A, &samples[0].sample, &had);
	shipment_of(&next, A, &other, &brings);
	next.plan.replace = true;
	ck_assert_int_eq(deliver(&first, NULL), ERR_OK);
	if (moved[_i].damaged)
		folder_put(store, blob_name(&first.b.items[first.b.tags[0].root].digest), "{}", 2);
	got = deliver(&next, &err);
	ck_assert_msg(got == moved[_i].want, "%s: %d, %s", moved[_i].name, got, err.msg);
	if (got != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err.msg, A " can be run there on linux/amd64"));
}
END_TEST

/* One manifest that runs for two platforms is lost for both. */
START_TEST(moves_shared)
{
	static const char *const others[] = { "linux/arm64", "linux/amd64" };
	CLEANUP(selection_release) struct selection brings = { 0 };
	CLEANUP(shipment_release) struct shipment first;
	CLEANUP(shipment_release) struct shipment next;
	struct err err = { 0 };

	shipment_begin(&first);
	image_shared(&first.b, A, false);
	shipment_end(&first);
	ck_assert_int_eq(selection_platform(&brings, others[_i], NULL), ERR_OK);
	shipment_of(&next, A, &samples[0].sample, &brings);
	next.plan.replace = true;
	ck_assert_int_eq(deliver(&first, NULL), ERR_OK);
	ck_assert_int_eq(deliver(&next, &err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, others[1 - _i]));
}
END_TEST

/* A bundle that was damaged after it was opened: whatever byte it is, no name is published, or all is as it was. */
START_TEST(damaged)
{
	size_t step, refused = 0;

	for (step = 1; step < 60; step++) {
		CLEANUP(shipment_release) struct shipment s;
		CLEANUP(free_ptr) unsigned char *bytes = NULL;
		struct err err = { 0 };
		size_t len = 0, at;

		shipment_init(&s, A, &(struct image_sample){ .raw_bytes = 20000 });
		bytes = file_bytes(s.path, &len);
		at = len / 60 * step;
		bytes[at] ^= 1;
		file_put(s.path, bytes, len);
		if (deliver(&s, &err) != ERR_OK) {
			refused++;
			ck_assert_int_eq(err_status(err.code), 3);
			ck_assert_msg(strstr(err.msg, s.path) != NULL, "byte %zu: %s", at, err.msg);
			ck_assert_msg(count_names() == 0, "byte %zu", at);
		}
		teardown();
		setup();
	}
	ck_assert_uint_gt(refused, 30); /* the layers are most of the file */
}
END_TEST

/* A blob that rotted in the store is written anew. */
START_TEST(rotten)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		CLEANUP(shipment_release) struct shipment s;
		CLEANUP(layout_close_ptr) struct layout *l = NULL;
		CLEANUP(free_ptr) char *name = NULL;
		const struct digest *d;
		struct err err = { 0 };

		shipment_init(&s, A, &samples[0].sample);
		ck_assert_int_eq(deliver(&s, NULL), ERR_OK);
		d = &s.b.items[i].digest;
		ck_assert_int_eq(str_format(&name, NULL, "blobs/%s/%s", digest_algorithm(d), digest_hex(d)), ERR_OK);
		folder_put(store, name, "rotten", 6);
		shipment_release(&s);
		shipment_init(&s, A, &samples[0].sample);
		d = &s.b.items[i].digest;
		ck_assert_msg(deliver(&s, &err) == ERR_OK, "%s", err.msg);
		ck_assert_uint_eq(s.plan.sent_bytes, s.b.items[i].len);
		l = look();
		ck_assert(layout_has(l, d, s.b.items[i].len));
	}
}
END_TEST

/* Somebody else is at it. */
START_TEST(locked)
{
	CLEANUP(shipment_release) struct shipment s;
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	struct err err = { 0 };

	shipment_init(&s, A, &samples[2].sample);
	ck_assert_int_eq(layout_open(store, true, &l, NULL), ERR_OK);
	ck_assert_int_eq(layout_lock(l, NULL), ERR_OK);
	ck_assert_int_eq(deliver(&s, &err), ERR_CONFLICT);
	ck_assert_uint_eq(count_names(), 0);
}
END_TEST

/* Two imports that both found the name free: the second sees what the first has published, and is refused. */
START_TEST(race)
{
	CLEANUP(shipment_release) struct shipment first;
	CLEANUP(shipment_release) struct shipment late;
	struct target *t = NULL;
	struct err err = { 0 };

	shipment_init(&first, A, &samples[0].sample);
	shipment_init(&late, A, &samples[2].sample);
	ck_assert_int_eq(target_store_new(store, &t, NULL), ERR_OK);
	ck_assert_int_eq(t->probe(t, &late.plan, NULL), ERR_OK);
	ck_assert_int_eq(deliver(&first, NULL), ERR_OK);
	ck_assert_msg(t->write(t, &late.plan, &err) == ERR_CONFLICT, "%s", err.msg);
	t->free(t);
}
END_TEST

/* What probe has seen is collected before write: it is written after all, and what nobody brings is missed again. */
static const struct {
	const char *name;
	bool attestations_only;
	size_t bare;
} collections[] = {
	{ "all is brought", false, 0 },
	{ "layers are brought by nobody", true, 2 },
};

START_TEST(collected)
{
	struct selection selection = { .attestations_only = collections[_i].attestations_only };
	CLEANUP(shipment_release) struct shipment first;
	CLEANUP(shipment_release) struct shipment late;
	struct target *t = NULL;
	struct err err = { 0 };

	shipment_init(&first, A, &samples[0].sample);
	shipment_of(&late, B, &samples[0].sample, &selection);
	ck_assert_int_eq(deliver(&first, NULL), ERR_OK);
	ck_assert_int_eq(target_store_new(store, &t, NULL), ERR_OK);
	ck_assert_int_eq(t->probe(t, &late.plan, NULL), ERR_OK);
	ck_assert_uint_eq(late.plan.images[0].bare, 0);
	collect_all();
	ck_assert_msg(t->write(t, &late.plan, &err) == ERR_OK, "%s: %s", collections[_i].name, err.msg);
	ck_assert_msg(t->read_back(t, &late.plan, &err) == ERR_OK, "%s: %s", collections[_i].name, err.msg);
	ck_assert_uint_gt(late.plan.sent_bytes, 0);
	ck_assert_uint_eq(late.plan.images[0].bare, collections[_i].bare);
	ck_assert_uint_eq(late.plan.images[0].platforms, 2 - collections[_i].bare);
	t->free(t);
}
END_TEST

START_TEST(no_store)
{
	CLEANUP(shipment_release) struct shipment s;
	struct err err = { 0 };

	folder_put(folder, "store", "a file", 6);
	shipment_init(&s, A, &samples[2].sample);
	ck_assert_int_eq(deliver(&s, &err), ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.msg, store));
}
END_TEST

static const struct {
	const char *name, *bundle_store, *data_home, *home, *root, *user;
} places[] = {
	{ "all", "/s", "/d", "/h", "/s", "/s" },
	{ "no store of its own", NULL, "/d", "/h", "/var/lib/bundle/store", "/d/bundle/store" },
	{ "empty counts as none", "", "", "/h", "/var/lib/bundle/store", "/h/.local/share/bundle/store" },
	{ "home", NULL, NULL, "/h", "/var/lib/bundle/store", "/h/.local/share/bundle/store" },
	{ "nothing", NULL, NULL, NULL, "/var/lib/bundle/store", NULL },
};

static void set(const char *name, const char *value)
{
	if (value != NULL)
		ck_assert_int_eq(setenv(name, value, 1), 0);
	else
		ck_assert_int_eq(unsetenv(name), 0);
}

START_TEST(place)
{
	const char *want = geteuid() == 0 ? places[_i].root : places[_i].user;
	CLEANUP(free_ptr) char *path = NULL;

	set("BUNDLE_STORE", places[_i].bundle_store);
	set("XDG_DATA_HOME", places[_i].data_home);
	set("HOME", places[_i].home);
	ck_assert_int_eq(store_path(&path, NULL), want != NULL ? ERR_OK : ERR_USAGE);
	ck_assert_pstr_eq(path, want);
	if (geteuid() == 0) { /* the same for a user, in this process of its own */
		free(take_ptr(&path));
		ck_assert_int_eq(seteuid(65534), 0);
		ck_assert_int_eq(store_path(&path, NULL), places[_i].user != NULL ? ERR_OK : ERR_USAGE);
		ck_assert_pstr_eq(path, places[_i].user);
		ck_assert_int_eq(seteuid(0), 0);
	}
}
END_TEST

/* What holds the store is made for its owner alone, and left as it is where it is there; or where the store is named.
 */
static const struct {
	const char *name;
	bool named, there;
	mode_t want; /* 0: it is not made */
} opens[] = {
	{ "made", false, false, 0700 },
	{ "there already", false, true, 0755 },
	{ "of a store that is named", true, false, 0 },
};

START_TEST(place_made)
{
	CLEANUP(free_ptr) char *home = folder_path(folder, "x/y");
	CLEANUP(free_ptr) char *holds = folder_path(folder, "x/y/bundle");
	struct stat st;

	set("BUNDLE_STORE", opens[_i].named ? store : NULL);
	set("XDG_DATA_HOME", home);
	if (opens[_i].there) {
		ck_assert_int_eq(folder_make(holds, NULL), ERR_OK);
		ck_assert_int_eq(chmod(holds, 0755), 0);
	}
	if (geteuid() == 0) { /* whose place is /var/lib: nothing is made there */
		ck_assert_int_eq(chown(folder, 65534, 65534), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	store_make_place();
	if (geteuid() != getuid())
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(stat(holds, &st) == 0, opens[_i].want != 0);
	if (opens[_i].want != 0)
		ck_assert_uint_eq(st.st_mode & 0777, opens[_i].want);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("store");
	TCase *t = tcase_create("store");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, whole, 0, (int)COUNT_OF(samples));
	tcase_add_test(t, probe_alone);
	tcase_add_loop_test(t, second, 0, (int)COUNT_OF(seconds));
	tcase_add_loop_test(t, attestations_only, 0, (int)COUNT_OF(attested));
	tcase_add_test(t, platforms_apart);
	tcase_add_loop_test(t, moves_platform, 0, (int)COUNT_OF(moved));
	tcase_add_loop_test(t, moves_shared, 0, 2);
	tcase_add_test(t, damaged);
	tcase_add_test(t, rotten);
	tcase_add_test(t, locked);
	tcase_add_test(t, race);
	tcase_add_loop_test(t, collected, 0, (int)COUNT_OF(collections));
	tcase_add_test(t, no_store);
	tcase_add_loop_test(t, place, 0, (int)COUNT_OF(places));
	tcase_add_loop_test(t, place_made, 0, (int)COUNT_OF(opens));
	suite_add_tcase(s, t);
	return test_run(s);
}
