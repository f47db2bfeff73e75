#include "import/target_docker.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/fake_docker.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"

/* An image in a bundle, the plan for it, and a daemon that may misbehave. */
struct fixture {
	struct image_builder images;
	char *path;
	struct bundle *bundle;
	struct mapping names;
	struct plan plan;
	struct progress progress;
	struct fake_docker daemon;
	struct target *target;
};

static void setup(struct fixture *f, enum fake_fault fault, unsigned api, const struct image_sample *sample)
{
	struct err err = { 0 };

	*f = (struct fixture){ .daemon = { .fault = fault, .api = api } };
	image_builder_init(&f->images);
	image_sample(&f->images, NAME, sample);
	f->path = file_new();
	bundle_put(&f->images, f->path, 1000);
	ck_assert_int_eq(bundle_open(f->path, &f->bundle, &err), ERR_OK);
	ck_assert_msg(plan_make(f->bundle, &f->names, &f->plan, &err) == ERR_OK, "%s", err.msg);
	progress_init(&f->progress, PROGRESS_QUIET, stderr, NULL);
	f->plan.progress = &f->progress;
	f->daemon.graph = &f->plan.graph;
	fake_docker_start(&f->daemon, f->path);
	ck_assert_int_eq(target_docker_new(f->daemon.address.sun_path, &f->target, &err), ERR_OK);
}

static void teardown(struct fixture *f)
{
	f->target->free(f->target);
	fake_docker_stop(&f->daemon);
	plan_release(&f->plan);
	mapping_release(&f->names);
	bundle_close(f->bundle);
	image_builder_release(&f->images);
	file_remove(f->path);
}

static enum err_code import(struct fixture *f, struct err *err)
{
	enum err_code code = f->target->probe(f->target, &f->plan, err);

	if (code == ERR_OK)
		code = f->target->write(f->target, &f->plan, err);
	return code == ERR_OK ? f->target->read_back(f->target, &f->plan, err) : code;
}

static const struct {
	const char *name;
	enum fake_fault fault;
	enum err_code want;
	unsigned loads;
	const char *says;
} cases[] = {
	{ "new", FAKE_NONE, ERR_OK, 1, "" },
	{ "another under the name", FAKE_HAS_ANOTHER, ERR_CONFLICT, 0, "--replace" },
	{ "graphdriver", FAKE_GRAPHDRIVER, ERR_UNSUPPORTED, 0, "with overlay2, which keeps no index" },
	{ "old API", FAKE_OLD_API, ERR_UNSUPPORTED, 0, "API 1.48" },
	{ "no daemon", FAKE_NO_DAEMON, ERR_NETWORK, 0, "start the daemon" },
	{ "breaks off", FAKE_BREAKS_OFF, ERR_NETWORK, 1, "images/load" },
	{ "refuses", FAKE_REFUSES, ERR_REFUSED, 1, "does not load the images: bad" },
	{ "refuses at once", FAKE_REFUSES_EARLY, ERR_REFUSED, 1,
	  "does not load the images: no space left (free some space and run again)" },
	{ "no JSON", FAKE_NO_JSON, ERR_FORMAT, 1, "answer to the load: not valid JSON" },
	{ "endless line", FAKE_LONG_LINE, ERR_LIMIT, 1, "a line of more than 65536 bytes" },
	{ "cannot unpack", FAKE_CANNOT_UNPACK, ERR_PARTIAL, 1,
	  "cannot be run: Error unpacking image app:1: bad layer" },
	{ "name missing", FAKE_NOT_NAMED, ERR_PARTIAL, 1, NAME ": the daemon does not have it" },
	{ "another digest", FAKE_NAMES_ANOTHER, ERR_PARTIAL, 1, "under this name, not sha256:" },
	{ "layers missing", FAKE_NOT_AVAILABLE, ERR_PARTIAL, 1, "platform linux/amd64" },
	{ "manifest missing", FAKE_NOT_LISTED, ERR_PARTIAL, 1, "does not list its manifest sha256:" },
	{ "no attestation", FAKE_NO_ATTESTATION, ERR_PARTIAL, 1, "as an attestation" },
	{ "of another image", FAKE_WRONG_SUBJECT, ERR_PARTIAL, 1, "which it is not" },
};

START_TEST(ends_as_it_must)
{
	struct image_sample sample = { .raw_bytes = 1000000 }; /* more than a socket holds */
	struct fixture f;
	struct err err = { 0 };
	enum err_code got;

	setup(&f, cases[_i].fault, 51, &sample);
	got = import(&f, &err);
	ck_assert_msg(got == cases[_i].want, "%s: got %d (%s)", cases[_i].name, got, err.msg);
	ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name, err.msg);
	ck_assert_uint_eq(f.daemon.loads, cases[_i].loads);
	ck_assert_int_eq(f.plan.images[0].read_back, got == ERR_OK);
	if (got == ERR_OK) {
		ck_assert_uint_eq(f.plan.images[0].platforms, 2);
		ck_assert_uint_eq(f.plan.images[0].attestations, 1);
		ck_assert_uint_eq(f.plan.lost_referrers, 3);
	}
	teardown(&f);
}
END_TEST

/* The daemon gives a name before it unpacks. */
static const struct {
	const char *name;
	enum fake_fault fault;
	bool published;
} failed[] = {
	{ "loaded, and not unpacked", FAKE_CANNOT_UNPACK, true },
	{ "loaded, and answered nonsense", FAKE_NO_JSON, true },
	{ "loaded, and hung up", FAKE_BREAKS_OFF, true },
	{ "not loaded", FAKE_REFUSES, false },
};

START_TEST(tells_what_a_failed_load_has_published)
{
	struct image_sample sample = { 0 };
	struct fixture f;
	const struct plan_image *image;
	struct err err = { 0 };

	setup(&f, failed[_i].fault, 51, &sample);
	ck_assert_int_ne(import(&f, &err), ERR_OK);
	image = &f.plan.images[0];
	ck_assert_msg((image->is.text[0] != '\0') == failed[_i].published, "%s: %s", failed[_i].name, image->is.text);
	teardown(&f);
}
END_TEST

static const struct {
	const char *name;
	enum fake_fault fault;
	enum err_code want;
	const char *says;
} statements[] = {
	{ "the same", FAKE_NONE, ERR_OK, "" },
	{ "none", FAKE_NO_STATEMENT, ERR_PARTIAL, "linux/amd64: statement sha256:" },
	{ "another content", FAKE_OTHER_STATEMENT, ERR_PARTIAL, "has another content" },
	{ "one more", FAKE_ONE_MORE, ERR_PARTIAL, "gives 2 statements, the bundle holds 1" },
	{ "another type", FAKE_OTHER_TYPE, ERR_PARTIAL, "is not among the attestations" },
	{ "500", FAKE_ATTESTATIONS_500, ERR_PARTIAL, "answers 500: something broke" },
};

START_TEST(compares_statements)
{
	struct image_sample sample = { 0 };
	struct fixture f;
	struct err err = { 0 };
	enum err_code got;

	setup(&f, statements[_i].fault, 56, &sample);
	got = import(&f, &err);
	ck_assert_msg(got == statements[_i].want, "%s: got %d (%s)", statements[_i].name, got, err.msg);
	ck_assert_msg(strstr(err.msg, statements[_i].says) != NULL, "%s: %s", statements[_i].name, err.msg);
	ck_assert_uint_eq(f.plan.lost_referrers, 0);
	teardown(&f);
}
END_TEST

START_TEST(sends_nothing_twice)
{
	struct image_sample sample = { 0 };
	struct fixture f;
	struct err err = { 0 };

	setup(&f, FAKE_HAS_IT, 51, &sample);
	f.daemon.loaded = true;
	ck_assert_msg(import(&f, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(f.daemon.loads, 0);
	ck_assert_uint_eq(f.plan.sent_bytes, 0);
	ck_assert(digest_equal(&f.plan.images[0].was, &f.plan.images[0].is));
	teardown(&f);
}
END_TEST

START_TEST(repeats_referrers_only)
{
	struct image_sample sample = { .raw_bytes = 200000 };
	struct fixture f;
	struct err err = { 0 };

	setup(&f, FAKE_HAS_IT, 56, &sample);
	ck_assert_msg(import(&f, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(f.daemon.loads, 1);
	ck_assert_uint_lt(f.plan.sent_bytes, 20000);
	ck_assert_ptr_null(memmem(f.daemon.tar, f.daemon.tar_len, NAME, strlen(NAME)));
	teardown(&f);
}
END_TEST

/* Even where its name is taken: nobody should be told to replace it first. */
START_TEST(refuses_sha512)
{
	static const enum fake_fault there[] = { FAKE_NONE, FAKE_HAS_ANOTHER };
	struct image_sample sample = { .sha512 = true };
	struct fixture f;
	struct err err = { 0 };

	setup(&f, there[_i], 51, &sample);
	ck_assert_int_eq(import(&f, &err), ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "knows sha256 only"));
	ck_assert_uint_eq(f.daemon.loads, 0);
	teardown(&f);
}
END_TEST

/* Who has what the bundle leaves out: under which name the daemon has it, and how the import calls it. */
static const struct {
	const char *name, *rule, *there;
	enum err_code want;
} holders[] = {
	{ "under its own name", NULL, "/docker.io/library/base%3A1/", ERR_OK },
	{ "under its own name, though mapped", "docker.io=site.test", "/docker.io/library/base%3A1/", ERR_OK },
	{ "under the mapped name", "docker.io=site.test", "/site.test/library/base%3A1/", ERR_OK },
	{ "under a name of nobody's", "docker.io=site.test", "/other.test/library/base%3A1/", ERR_MISSING },
	{ "under a name that the rule spoils", "docker.io/library/base=site.test", "/site.test%3A1/", ERR_MISSING },
};

START_TEST(finds_holders)
{
	struct image_sample sample = { 0 };
	struct fixture f;
	struct graph *g = &f.plan.graph;
	struct err err = { 0 };
	const char *manifest = NULL;
	enum err_code got;
	size_t i;

	setup(&f, FAKE_HAS_IT, 51, &sample);
	f.daemon.only = holders[_i].there;
	if (holders[_i].rule != NULL)
		ck_assert_int_eq(mapping_add(&f.names, holders[_i].rule, NULL), ERR_OK);
	for (i = 0; i < g->nodes_len; i++) {
		if (manifest == NULL && g->nodes[i].role == ROLE_MANIFEST)
			manifest = g->nodes[i].digest.text;
	}
	for (i = 0; i < g->nodes_len; i++) {
		if (g->nodes[i].role == ROLE_LAYER)
			g->nodes[i].holder = (struct holder){ "docker.io/library/base:1", manifest };
	}
	got = f.target->probe(f.target, &f.plan, &err);
	ck_assert_msg(got == holders[_i].want, "%s: got %d (%s)", holders[_i].name, got, err.msg);
	teardown(&f);
}
END_TEST

/* What the bundle lacks the daemon cannot have. */
START_TEST(bears_absent_platforms)
{
	struct image_sample sample = { .absent_platform = true };
	struct fixture f;
	struct err err = { 0 };

	setup(&f, FAKE_NONE, 51, &sample);
	ck_assert_msg(import(&f, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(f.plan.images[0].platforms, 1);
	teardown(&f);
}
END_TEST

/* The end of the tar never leaves where a blob does not prove itself. */
START_TEST(publishes_nothing_damaged)
{
	struct image_sample sample = { .raw_bytes = 100000 };
	const struct image_item *layer;
	struct fixture f;
	struct err err = { 0 };
	unsigned char *bytes, *at;
	size_t len, i;

	setup(&f, FAKE_NONE, 51, &sample);
	bytes = file_bytes(f.path, &len);
	for (i = 0; f.images.items[i].len != sample.raw_bytes; i++)
		;
	layer = &f.images.items[i];
	at = memmem(bytes, len, layer->bytes + 1000, 64);
	ck_assert_ptr_nonnull(at);
	*at ^= 1;
	file_put(f.path, bytes, len);
	free(bytes);
	ck_assert_int_eq(import(&f, &err), ERR_DIGEST);
	ck_assert_msg(strstr(err.msg, layer->digest.text) != NULL, "%s", err.msg);
	ck_assert(!f.daemon.loaded);
	teardown(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("target_docker");
	TCase *t = tcase_create("import");

	tcase_add_loop_test(t, ends_as_it_must, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, tells_what_a_failed_load_has_published, 0, (int)COUNT_OF(failed));
	tcase_add_loop_test(t, compares_statements, 0, (int)COUNT_OF(statements));
	tcase_add_test(t, sends_nothing_twice);
	tcase_add_test(t, repeats_referrers_only);
	tcase_add_loop_test(t, refuses_sha512, 0, 2);
	tcase_add_loop_test(t, finds_holders, 0, (int)COUNT_OF(holders));
	tcase_add_test(t, bears_absent_platforms);
	tcase_add_test(t, publishes_nothing_damaged);
	suite_add_tcase(s, t);
	return test_run(s);
}
