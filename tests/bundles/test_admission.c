#include "bundles/admission.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/signed.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define ANYTHING "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}"
#define NOTHING "{\"default\":[{\"type\":\"reject\"}]}"
/* Signed by the fixture's key, for the names of one scope; nothing else. */
#define SIGNED(scope)                                                                                                  \
	"{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{\"" scope                                    \
	"\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"cosign.pub\",\"signedIdentity\":{\"type\":"                    \
	"\"exactRepository\",\"dockerRepository\":\"127.0.0.1:5001/demo/multi\"}}]}}}"
#define HERE "registry.example.test/demo"
#define THERE "other.example/demo"
#define BOTH                                                                                                           \
	"{\"default\":[{\"type\":\"reject\"}],\"transports\":{\"docker\":{"                                            \
	"\"registry.example.test\":[{\"type\":\"insecureAcceptAnything\"}],"                                           \
	"\"other.example\":[{\"type\":\"insecureAcceptAnything\"}]}}}"

static const struct {
	const char *name;
	const char *given, *site; /* NULL: there is none */
	const char *map, *place;  /* NULL: names stay */
	bool insecure, given_only, revoked;
	size_t policies;
	bool bypassed;
	const char *says; /* why it is refused; NULL where it is not */
} cases[] = {
	{ .name = "no policy" },
	{ .name = "what is signed", .given = SIGNED(HERE), .policies = 1 },
	{ .name = "what is not", .given = SIGNED(THERE), .policies = 1, .says = "given.json, /default/0" },
	{ .name = "nothing", .given = NOTHING, .policies = 1, .says = SIGNED_MULTI ": refused by" },
	{ .name = "the site's", .site = SIGNED(HERE), .policies = 1 },
	{ .name = "the site's says no", .site = NOTHING, .policies = 1, .says = "/policy.json, /default/0" },
	{ .name = "the site's is a floor", .given = ANYTHING, .site = NOTHING, .policies = 2, .says = "/policy.json" },
	{ .name = "what is given tightens", .given = NOTHING, .site = ANYTHING, .policies = 2, .says = "given.json" },
	{ .name = "both say yes", .given = SIGNED(HERE), .site = ANYTHING, .policies = 2 },
	{ .name = "the site's is passed over", .site = NOTHING, .insecure = true, .bypassed = true },
	{ .name = "nothing to pass over", .insecure = true },
	{ .name = "what is given stays",
	  .given = NOTHING,
	  .site = ANYTHING,
	  .insecure = true,
	  .policies = 1,
	  .bypassed = true,
	  .says = "given.json" },
	{ .name = "the site's is not for this", .site = NOTHING, .given_only = true },
	{ .name = "both names", .given = BOTH, .map = "registry.example.test=other.example", .policies = 1 },
	{ .name = "the new name",
	  .given = SIGNED(HERE),
	  .map = "registry.example.test=other.example",
	  .policies = 1,
	  .says = "other.example/demo/multi:2.1" },
	{ .name = "the old name",
	  .given = SIGNED(THERE),
	  .map = "registry.example.test=other.example",
	  .policies = 1,
	  .says = SIGNED_MULTI },
	{ .name = "where it lies is no name", .given = SIGNED(HERE), .place = "site.example/mirror", .policies = 1 },
	{ .name = "a rule and a place",
	  .given = BOTH,
	  .map = "registry.example.test=other.example",
	  .place = "site.example",
	  .policies = 1 },
	{ .name = "a revoked key", .given = SIGNED(HERE), .revoked = true, .policies = 1, .says = "revoked" },
};

/* One image, as it is called at its target. */
struct fixture {
	char *folder, *given;
	struct tarball *tarball;
	struct image_builder builder;
	struct graph graph;
	struct mapping names;
	char *name;
};

static void put_key(const char *folder, const char *name)
{
	char *key = folder_read("tests/fixtures", "cosign.pub", NULL);

	folder_put(folder, name, key, strlen(key));
	free(key);
}

static void open_fixture(struct fixture *f, int i)
{
	*f = (struct fixture){ .folder = folder_new(), .tarball = signed_open() };
	f->given = folder_path(f->folder, "given.json");
	put_key(f->folder, "cosign.pub");
	if (cases[i].given != NULL)
		folder_put(f->folder, "given.json", cases[i].given, strlen(cases[i].given));
	if (cases[i].site != NULL)
		folder_put(f->folder, SITE_POLICY, cases[i].site, strlen(cases[i].site));
	folder_make_in(f->folder, SITE_REVOKED);
	if (cases[i].revoked)
		put_key(f->folder, SITE_REVOKED "/key.pub");
	ck_assert_int_eq(setenv(SITE_VARIABLE, f->folder, 1), 0);
	if (cases[i].map != NULL)
		ck_assert_int_eq(mapping_add(&f->names, cases[i].map, NULL), ERR_OK);
	if (cases[i].place != NULL)
		ck_assert_int_eq(mapping_place(&f->names, cases[i].place, false, NULL), ERR_OK);
	ck_assert_int_eq(mapping_apply(&f->names, SIGNED_MULTI, &f->name, NULL), ERR_OK);
	image_builder_init(&f->builder);
	signed_images(f->tarball, &f->builder);
	f->builder.tags[0] = f->builder.tags[1]; /* the one that is signed under a name */
	f->builder.tags[0].name = f->name;
	f->builder.tags_len = 1;
	image_graph(&f->builder, &f->builder.source, &f->graph);
}

static void close_fixture(struct fixture *f)
{
	unsetenv(SITE_VARIABLE);
	graph_release(&f->graph);
	image_builder_release(&f->builder);
	tarball_close(f->tarball);
	mapping_release(&f->names);
	free(f->name);
	free(f->given);
	folder_remove(f->folder);
}

START_TEST(admits)
{
	struct fixture f;
	CLEANUP(admission_release) struct admission a = { 0 };
	struct err err = { 0 };
	struct admission_wanted wanted = { .insecure = cases[_i].insecure, .given_only = cases[_i].given_only };
	enum err_code code;

	open_fixture(&f, _i);
	wanted.policy = cases[_i].given != NULL ? f.given : NULL;
	ck_assert_msg(admission_load(&wanted, &a, &err) == ERR_OK, "%s: %s", cases[_i].name, err.msg);
	ck_assert_uint_eq(a.len, cases[_i].policies);
	ck_assert(a.bypassed == cases[_i].bypassed);
	code = admission_check(&a, &f.graph, &f.builder.source, &f.names, &err);
	ck_assert_msg(code == (cases[_i].says != NULL ? ERR_UNPROVED : ERR_OK), "%s: %d %s", cases[_i].name, code,
		      err.msg);
	ck_assert_msg(cases[_i].says == NULL || strstr(err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name,
		      err.msg);
	close_fixture(&f);
}
END_TEST

/* A policy that cannot be read never counts as none. */
static const struct {
	const char *given, *site;
	bool insecure;
	enum err_code want;
} bad[] = {
	{ "nonsense", NULL, false, ERR_FORMAT },
	{ NULL, "nonsense", false, ERR_FORMAT },
	{ NULL, "nonsense", true, ERR_OK },
	{ NULL, NULL, false, ERR_NOT_FOUND },
};

START_TEST(refuses_to_load)
{
	CLEANUP(admission_release) struct admission a = { 0 };
	char *folder = folder_new(), *given = folder_path(folder, "given.json");
	struct admission_wanted wanted = { .policy = bad[_i].site == NULL ? given : NULL,
					   .insecure = bad[_i].insecure };
	struct err err = { 0 };

	if (bad[_i].given != NULL)
		folder_put(folder, "given.json", bad[_i].given, strlen(bad[_i].given));
	folder_make_in(folder, SITE_KEYS);
	if (bad[_i].site != NULL)
		folder_put(folder, SITE_POLICY, bad[_i].site, strlen(bad[_i].site));
	ck_assert_int_eq(setenv(SITE_VARIABLE, folder, 1), 0);
	ck_assert_msg(admission_load(&wanted, &a, &err) == bad[_i].want, "%s", err.msg);
	ck_assert(bad[_i].want == ERR_OK || strstr(err.msg, ".json") != NULL);
	unsetenv(SITE_VARIABLE);
	free(given);
	folder_remove(folder);
}
END_TEST

/* An image whose only attestation is too large to stand in front of the layers. */
static void large_attestation(struct image_builder *b)
{
	char d[3][IMAGE_DESCRIPTOR_TEXT];
	size_t config, root, blob, referrer;

	image_builder_init(b);
	config = image_json(b, TYPE_OCI_CONFIG, "{}");
	image_text(b, image_add_noise(b, "application/vnd.oci.image.layer.v1.tar+gzip", 1000, 1), d[1]);
	root = image_json(b, TYPE_OCI_MANIFEST,
			  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
			  "\",\"config\":{%s},\"layers\":[{%s}]}",
			  image_text(b, config, d[0]), d[1]);
	blob = image_add_text(b, "application/vnd.dsse.envelope.v1+json", LIMIT_SMALL_BLOB_BYTES + 1, 2);
	referrer = image_json(b, TYPE_OCI_MANIFEST,
			      "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
			      "\",\"config\":{%s},\"layers\":[{%s}],\"subject\":{%s}}",
			      image_text(b, config, d[0]), image_text(b, blob, d[1]), image_text(b, root, d[2]));
	image_tag(b, SIGNED_MULTI, root);
	image_refer(b, root, referrer, LINK_SUBJECT);
}

/* An attestation of a key, of whatever type: what cannot be read before the layers proves nothing. */
#define ATTESTED "{\"default\":[{\"type\":\"attestation\",\"keyPath\":\"cosign.pub\",\"predicateTypes\":[\"*\"]}]}"

START_TEST(reads_no_layers_of_a_pipe)
{
	CLEANUP(admission_release) struct admission a = { 0 };
	CLEANUP(graph_release) struct graph g;
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(close_fd) int fd = -1;
	char *folder = folder_new(), *given = folder_path(folder, "given.json"), *path = file_new();
	struct admission_wanted wanted = { .policy = given, .given_only = true };
	struct image_builder builder;
	struct err err = { 0 };

	graph_init(&g);
	put_key(folder, "cosign.pub");
	folder_put(folder, "given.json", ATTESTED, strlen(ATTESTED));
	large_attestation(&builder);
	bundle_put(&builder, path, 10000);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_msg(admission_load(&wanted, &a, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(_i == 0 ? bundle_open(path, &b, &err) : bundle_open_pipe(fd, "the pipe", NULL, &b, &err),
			 ERR_OK);
	ck_assert_int_eq(contents_walk(b, NULL, NULL, &g, &err), ERR_OK);
	ck_assert_int_eq(graph_settle(&g, &err), ERR_OK);
	contents_mark(b, &g);
	ck_assert_int_eq(admission_check_bundle(&a, b, &g, NULL, &err), ERR_UNPROVED);
	ck_assert_msg((strstr(err.msg, "among the layers") != NULL) == (_i == 1), "%s", err.msg);
	image_builder_release(&builder);
	file_remove(path);
	free(given);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("admission");
	TCase *t = tcase_create("admission");

	tcase_add_loop_test(t, admits, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, reads_no_layers_of_a_pipe, 0, 2);
	tcase_add_loop_test(t, refuses_to_load, 0, (int)COUNT_OF(bad));
	suite_add_tcase(s, t);
	return test_run(s);
}
