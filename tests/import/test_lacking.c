#include "import/lacking.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/signed.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define SIGNED                                                                                                         \
	"{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"cosign.pub\",\"signedIdentity\":{\"type\":"          \
	"\"matchDigest\"}}]}"
#define ANYTHING "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}"
#define ATTESTED(platform)                                                                                             \
	"{\"default\":[{\"type\":\"attestation\",\"keyPath\":\"cosign.pub\",\"predicateTypes\":[\"*\"],"               \
	"\"platforms\":[\"" platform "\"]}]}"

/* Of an image linux/amd64 is brought, and signed; linux/arm64 was not asked for. */
static const struct {
	const char *name, *policy, *revoked; /* NULL: none */
	bool root_signed;                    /* the index is signed in its place */
	bool has;                            /* the target has all that it is asked about */
	enum err_code fails;                 /* how the target ends */
	size_t asked;
	enum err_code want;
	const char *says;
} cases[] = {
	{ "no policy", NULL, NULL, false, true, ERR_OK, 0, ERR_OK, "" },
	{ "anything is taken", ANYTHING, NULL, false, true, ERR_OK, 0, ERR_OK, "" },
	{ "the index is signed", SIGNED, NULL, true, true, ERR_OK, 0, ERR_OK, "" },
	{ "the target does not have it", SIGNED, NULL, false, false, ERR_OK, 1, ERR_OK, "" },
	{ "the target has it", SIGNED, NULL, false, true, ERR_OK, 1, ERR_UNPROVED,
	  "the target has what an index of this bundle lists" },
	{ "it is told which", SIGNED, NULL, false, true, ERR_OK, 1, ERR_UNPROVED, "linux/arm64: no signature" },
	{ "of all that is asked for, amd64 is here", ATTESTED("linux/amd64"), NULL, false, true, ERR_OK, 0, ERR_OK,
	  "" },
	{ "arm64 is asked for, and would be there", ATTESTED("linux/arm64"), NULL, false, true, ERR_OK, 1, ERR_UNPROVED,
	  "no attestation" },
	{ "nobody answers", SIGNED, NULL, false, true, ERR_NETWORK, 1, ERR_NETWORK, "gone" },
	{ "it is revoked", NULL, "sha256:" SIGNED_ARM64 "\n", false, true, ERR_OK, 1, ERR_UNPROVED,
	  "lists sha256:" SIGNED_ARM64 ", which is revoked here" },
	{ "it is revoked, and signed with the index", SIGNED, "sha256:" SIGNED_ARM64 "\n", true, true, ERR_OK, 2,
	  ERR_UNPROVED, "which is revoked here" },
	{ "it is revoked, and not there", NULL, "sha256:" SIGNED_ARM64 "\n", false, false, ERR_OK, 1, ERR_OK, "" },
	{ "another is revoked", NULL, "sha256:" SIGNED_APP_ROOT "\n", false, true, ERR_OK, 0, ERR_OK, "" },
};

/* Those that have these policies, and nothing revoked; linux/amd64 is asked for. */
#define SIGNED_CASE 3
#define ATTESTED_CASE 6

struct fake {
	struct target target;
	bool has;
	enum err_code fails;
	size_t asked;
};

static enum err_code fake_look(struct target *t, const struct plan *plan, struct target_question *questions, size_t len,
			       struct err *err)
{
	struct fake *f = OUTER_OF(t, struct fake, target);
	size_t i;

	for (i = 0; i < len; i++) {
		const struct node *n = &plan->graph.nodes[questions[i].node];

		ck_assert(!node_is_carried(n) && n->role == ROLE_MANIFEST);
		ck_assert(n->platform != NULL && strncmp(n->platform, "linux/arm", 9) == 0);
		questions[i].there = f->has;
	}
	f->asked += len;
	return f->fails != ERR_OK ? err_set(err, f->fails, "gone") : ERR_OK;
}

#define ARM64_ATTESTATION "df06909474e072d3138fa9712ef4a1c4c936eb9da25a836200566a3824ca2482"

/* The same, with what BuildKit attests to linux/arm64. */
static size_t attested_mixed(struct image_builder *b)
{
	char amd64[IMAGE_DESCRIPTOR_TEXT], arm64[IMAGE_DESCRIPTOR_TEXT], attestation[IMAGE_DESCRIPTOR_TEXT];

	image_text(b, signed_item(b, SIGNED_AMD64), amd64);
	image_text(b, signed_item(b, SIGNED_ARM64), arm64);
	image_text(b, signed_item(b, ARM64_ATTESTATION), attestation);
	return image_json(b, TYPE_OCI_INDEX,
			  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":["
			  "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
			  "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}},"
			  "{%s,\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"},\"annotations\":"
			  "{\"" ANNOTATION_REFERENCE_TYPE "\":\"attestation-manifest\","
			  "\"" ANNOTATION_REFERENCE_DIGEST "\":\"sha256:" SIGNED_ARM64 "\"}}]}",
			  amd64, arm64, attestation);
}

static void write_bundle(size_t (*add)(struct image_builder *b), const char *path)
{
	struct selection amd64 = { 0 };
	struct image_builder b;
	struct tarball *t = signed_open();

	ck_assert_int_eq(selection_platform(&amd64, "linux/amd64", NULL), ERR_OK);
	image_builder_init(&b);
	signed_images(t, &b);
	signed_layers(t, &b);
	b.tags_len = 0;
	image_tag(&b, "r.example/team/app:1", add(&b));
	b.selection = &amd64;
	bundle_put(&b, path, 10000);
	image_builder_release(&b);
	selection_release(&amd64);
	tarball_close(t);
}

static size_t signed_root(struct image_builder *b)
{
	return signed_item(b, SIGNED_MULTI_ROOT);
}

static void load_policy(int i, const char *folder, struct admission *a)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "policy.json");
	struct admission_wanted wanted = { .policy = cases[i].policy != NULL ? path : NULL, .given_only = true };
	CLEANUP(free_ptr) char *key = folder_read("tests/fixtures", "cosign.pub", NULL);
	struct err err = { 0 };

	folder_put(folder, "cosign.pub", key, strlen(key));
	folder_make_in(folder, SITE_REVOKED);
	if (cases[i].revoked != NULL)
		folder_put(folder, SITE_REVOKED "/some.list", cases[i].revoked, strlen(cases[i].revoked));
	ck_assert_int_eq(setenv(SITE_VARIABLE, folder, 1), 0);
	if (cases[i].policy != NULL)
		folder_put(folder, "policy.json", cases[i].policy, strlen(cases[i].policy));
	ck_assert_msg(admission_load(&wanted, a, &err) == ERR_OK, "%s", err.msg);
}

START_TEST(asks)
{
	char *folder = folder_new(), *path = file_new();
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(bundle_close_ptr) struct bundle *bundle = NULL;
	CLEANUP(admission_release) struct admission a = { 0 };
	struct mapping names = { 0 };
	struct fake f = { .target = { .look = fake_look, .name = (char[]){ "the target" } },
			  .has = cases[_i].has,
			  .fails = cases[_i].fails };
	struct err err = { 0 };
	enum err_code code;

	write_bundle(cases[_i].root_signed ? signed_root : signed_mixed, path);
	load_policy(_i, folder, &a);
	ck_assert_int_eq(bundle_open(path, &bundle, NULL), ERR_OK);
	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	code = lacking_check(&a, &plan, &f.target, &err);
	ck_assert_msg(code == cases[_i].want, "%s: %d %s", cases[_i].name, code, err.msg);
	ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name, err.msg);
	ck_assert_msg(f.asked == cases[_i].asked, "%s: asked %zu times", cases[_i].name, f.asked);
	file_remove(path);
	folder_remove(folder);
}
END_TEST

/* It has the attestation, and not the platform. */
static enum err_code attestation_look(struct target *t, const struct plan *plan, struct target_question *questions,
				      size_t len, struct err *err)
{
	size_t i;

	(void)err;
	for (i = 0; i < len; i++)
		questions[i].there = plan->graph.nodes[questions[i].node].role == ROLE_ATTESTATION;
	OUTER_OF(t, struct fake, target)->asked += len;
	return ERR_OK;
}

/* Who runs what lies in an attestation, too, is asked whether it has that. */
static const struct {
	bool runs_all;
	size_t asked;
	enum err_code want;
} runners[] = { { false, 1, ERR_OK }, { true, 2, ERR_UNPROVED } };

START_TEST(asks_of_attestations)
{
	char *folder = folder_new(), *path = file_new();
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(bundle_close_ptr) struct bundle *bundle = NULL;
	CLEANUP(admission_release) struct admission a = { 0 };
	struct mapping names = { 0 };
	struct fake f = {
		.target = { .look = attestation_look, .name = (char[]){ "it" }, .runs_all = runners[_i].runs_all }
	};
	struct err err = { 0 };

	write_bundle(attested_mixed, path);
	load_policy(SIGNED_CASE, folder, &a);
	ck_assert_int_eq(bundle_open(path, &bundle, NULL), ERR_OK);
	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	ck_assert_int_eq(lacking_check(&a, &plan, &f.target, &err), runners[_i].want);
	ck_assert(runners[_i].want == ERR_OK || strstr(err.msg, "an attestation: no signature") != NULL);
	ck_assert_uint_eq(f.asked, runners[_i].asked);
	file_remove(path);
	folder_remove(folder);
}
END_TEST

#define HIDDEN "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"config\":{%s},\"layers\":[%s%s%s]}"

/* An image for linux/arm64, which is all that it says, and a layer of it that is a manifest, too. */
static void write_hidden(const char *path, struct digest *ret_layer)
{
	struct selection attested = { .attestations_only = true };
	char config[IMAGE_DESCRIPTOR_TEXT], of[IMAGE_DESCRIPTOR_TEXT];
	struct image_builder b;
	size_t layer, image;

	image_builder_init(&b);
	image_text(&b, image_json(&b, TYPE_OCI_CONFIG, "{}"), config);
	layer = image_json(&b, TYPE_OCI_MANIFEST, HIDDEN, config, "", "", "");
	*ret_layer = b.items[layer].digest;
	image = image_json(&b, TYPE_OCI_MANIFEST, HIDDEN, config, "{", image_text(&b, layer, of), "}");
	image_tag(&b, "r.example/team/app:1",
		  image_json(&b, TYPE_OCI_INDEX,
			     "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":["
			     "{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}]}",
			     image_text(&b, image, of)));
	b.selection = &attested;
	bundle_put(&b, path, 10000);
	image_builder_release(&b);
}

static enum err_code layer_look(struct target *t, const struct plan *plan, struct target_question *questions,
				size_t len, struct err *err)
{
	(void)plan;
	(void)err;
	ck_assert_uint_eq(len, 1);
	questions[0].there = OUTER_OF(t, struct fake, target)->has;
	OUTER_OF(t, struct fake, target)->asked += len;
	return ERR_OK;
}

/* Nobody asks anything of linux/arm64; but what lies among the layers does not say what it runs on. */
static const struct {
	bool prerequisite, has;
	enum err_code want;
} layers[] = {
	{ false, false, ERR_OK }, { false, true, ERR_UNPROVED }, { true, false, ERR_OK }, { true, true, ERR_UNPROVED }
};

START_TEST(asks_of_layers_that_are_manifests)
{
	char *folder = folder_new(), *path = file_new();
	CLEANUP(plan_release) struct plan plan = { 0 };
	CLEANUP(bundle_close_ptr) struct bundle *bundle = NULL;
	CLEANUP(admission_release) struct admission a = { 0 };
	struct mapping names = { 0 };
	struct fake f = { .target = { .look = layer_look, .name = (char[]){ "it" } }, .has = layers[_i].has };
	struct err err = { 0 };
	struct digest layer;
	struct node *n;

	write_hidden(path, &layer);
	load_policy(ATTESTED_CASE, folder, &a);
	ck_assert_int_eq(bundle_open(path, &bundle, NULL), ERR_OK);
	ck_assert_int_eq(plan_make(bundle, &names, &plan, NULL), ERR_OK);
	n = &plan.graph.nodes[graph_find(&plan.graph, &layer)];
	ck_assert(n->role == ROLE_LAYER && n->left_out);
	if (layers[_i].prerequisite) {
		n->left_out = false;
		n->holder = (struct holder){ .image = "r.example/team/app:0", .manifest = "sha256:" SIGNED_AMD64 };
	}
	ck_assert_int_eq(lacking_check(&a, &plan, &f.target, &err), layers[_i].want);
	ck_assert(layers[_i].want == ERR_OK || strstr(err.msg, "no attestation of this type") != NULL);
	ck_assert_uint_eq(f.asked, 1);
	file_remove(path);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lacking");
	TCase *t = tcase_create("lacking");

	tcase_add_loop_test(t, asks, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, asks_of_attestations, 0, (int)COUNT_OF(runners));
	tcase_add_loop_test(t, asks_of_layers_that_are_manifests, 0, (int)COUNT_OF(layers));
	suite_add_tcase(s, t);
	return test_run(s);
}
