#include "trust/candidate.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/signed.h"
#include "tests/lib/test_main.h"

/* Both images, gone through. */
struct fixture {
	struct tarball *tarball;
	struct image_builder builder;
	struct graph graph;
	struct candidates app, multi;
};

static void gather(struct fixture *f, const char *name, struct candidates *ret)
{
	struct err err = { 0 };
	size_t i;

	for (i = 0; i < f->graph.images_len && strcmp(f->graph.images[i].name, name) != 0; i++)
		;
	ck_assert_uint_lt(i, f->graph.images_len);
	ck_assert_msg(candidates_gather(&f->graph, f->graph.images[i].root, &f->builder.source, ret, &err) == ERR_OK,
		      "%s", err.msg);
}

static void open_fixture(struct fixture *f)
{
	*f = (struct fixture){ .tarball = signed_open() };
	image_builder_init(&f->builder);
	signed_images(f->tarball, &f->builder);
	image_graph(&f->builder, &f->builder.source, &f->graph);
	gather(f, SIGNED_APP, &f->app);
	gather(f, SIGNED_MULTI, &f->multi);
}

static void close_fixture(struct fixture *f)
{
	candidates_release(&f->app);
	candidates_release(&f->multi);
	graph_release(&f->graph);
	image_builder_release(&f->builder);
	tarball_close(f->tarball);
}

static const char *hex_of(const struct candidates *all, uint32_t node)
{
	return digest_hex(&all->graph->nodes[node].digest);
}

static const struct candidate *find(const struct candidates *all, const char *blob)
{
	size_t i;

	for (i = 0; i < all->len && strcmp(hex_of(all, all->items[i].blob), blob) != 0; i++)
		;
	ck_assert_uint_lt(i, all->len);
	return &all->items[i];
}

START_TEST(finds_all)
{
	const struct signed_thing *thing = &signed_things[_i];
	bool legacy = thing->kind != LINK_SUBJECT;
	struct fixture f;
	const struct candidates *all;
	const struct candidate *c;

	open_fixture(&f);
	all = legacy ? &f.multi : &f.app;
	c = find(all, thing->blob);
	ck_assert_str_eq(hex_of(all, c->manifest), thing->manifest);
	ck_assert_str_eq(digest_hex(all->subjects[c->subject].digest), thing->subject);
	ck_assert_int_eq(c->link, thing->kind);
	ck_assert_int_eq(c->form, thing->kind == LINK_SIG   ? CANDIDATE_SIMPLE
				  : thing->kind == LINK_ATT ? CANDIDATE_DSSE
							    : CANDIDATE_BUNDLE);
	ck_assert_ptr_null(c->why);
	ck_assert((c->predicate_type == NULL) == (thing->kind == LINK_SIG));
	close_fixture(&f);
}
END_TEST

START_TEST(order)
{
	struct fixture f;
	size_t signatures = 0, statements = 0, i;

	open_fixture(&f);
	ck_assert(f.multi.subjects[0].is_root);
	ck_assert_int_eq(f.multi.subjects[0].role, ROLE_INDEX);
	ck_assert_str_eq(f.multi.subjects[1].platform, "linux/amd64");
	ck_assert_str_eq(f.multi.subjects[2].platform, "linux/arm64");
	ck_assert_str_eq(f.multi.subjects[3].platform, "linux/arm/v7");
	ck_assert_int_eq(f.multi.subjects[4].role, ROLE_ATTESTATION);
	ck_assert_ptr_null(f.multi.subjects[4].platform);
	for (i = 0; i < f.multi.len; i++) {
		ck_assert(i == 0 || f.multi.items[i - 1].subject <= f.multi.items[i].subject);
		if (f.multi.items[i].form == CANDIDATE_STATEMENT)
			statements++;
		else
			signatures++;
	}
	ck_assert_uint_eq(signatures, 2);
	ck_assert_uint_eq(statements, 6);
	ck_assert_uint_eq(f.app.len, 5 + 2);
	close_fixture(&f);
}
END_TEST

/* By the place of a signed thing: what its signer vouches for too. */
static const struct {
	int signature;
	bool is;
} reached[] = { { 0, true }, { 1, false }, { 3, true }, { 4, false } };

START_TEST(reaches)
{
	CLEANUP(asked_release) struct asked seen = { 0 };
	struct fixture f;
	const struct candidate *statement, *signature;

	open_fixture(&f);
	statement = find(&f.app, "90995e36494d09a930a89355614af5c02495508f6e67c1bf19a85d0e14e47c0e");
	signature = find(&f.app, signed_things[reached[_i].signature].blob);
	ck_assert_int_eq(statement->form, CANDIDATE_STATEMENT);
	ck_assert_int_eq(candidates_reach(&f.app, f.app.subjects[signature->subject].node, &seen, NULL), ERR_OK);
	ck_assert(asked_has(&seen, statement->manifest, 0, ASKED_MANIFEST) == reached[_i].is);
	close_fixture(&f);
}
END_TEST

/* What an index says of an entry that it marks as an attestation. */
#define NOWHERE ",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}"
#define AMD64 ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}"
static const struct {
	const char *name, *platform, *again; /* listed a second time; NULL: once */
	enum role role;
	bool anywhere;
} marked[] = {
	{ "BuildKit's", NOWHERE, NULL, ROLE_ATTESTATION, false },
	{ "BuildKit's twice", NOWHERE, NOWHERE, ROLE_ATTESTATION, false },
	{ "one that runs", AMD64, NULL, ROLE_MANIFEST, false },
	{ "one that runs, listed once more", NOWHERE, AMD64, ROLE_MANIFEST, false },
	{ "one that does not say", "", NULL, ROLE_MANIFEST, true },
	{ "one that does not say at first", "", NOWHERE, ROLE_MANIFEST, true },
	{ "one that does not say then", NOWHERE, "", ROLE_MANIFEST, true },
	{ "one that says the half of it then", AMD64, ",\"platform\":{\"architecture\":\"s390x\"}", ROLE_MANIFEST,
	  true },
};

/* An entry of an index that is marked as an attestation. */
static void marked_entry(const struct image_builder *b, size_t manifest, const char *platform, char *out, size_t size)
{
	char d[IMAGE_DESCRIPTOR_TEXT];

	snprintf(out, size, "{%s%s,\"annotations\":{\"" ANNOTATION_REFERENCE_TYPE "\":\"attestation-manifest\"}}",
		 image_text(b, manifest, d), platform);
}

START_TEST(an_attestation_that_runs_is_a_platform)
{
	CLEANUP(candidates_release) struct candidates all = { 0 };
	char d[IMAGE_DESCRIPTOR_TEXT], entry[2][2 * IMAGE_DESCRIPTOR_TEXT] = { "" };
	struct image_builder b;
	struct graph g;
	size_t manifest, root;

	image_builder_init(&b);
	image_text(&b, image_json(&b, TYPE_OCI_CONFIG, "{}"), d);
	manifest = image_json(
		&b, TYPE_OCI_MANIFEST,
		"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"config\":{%s},\"layers\":[]}", d);
	marked_entry(&b, manifest, marked[_i].platform, entry[0], sizeof(entry[0]));
	if (marked[_i].again != NULL)
		marked_entry(&b, manifest, marked[_i].again, entry[1], sizeof(entry[1]));
	root = image_json(&b, TYPE_OCI_INDEX,
			  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[%s%s%s]}", entry[0],
			  marked[_i].again != NULL ? "," : "", entry[1]);
	image_tag(&b, SIGNED_APP, root);
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(candidates_gather(&g, g.images[0].root, &b.source, &all, NULL), ERR_OK);
	ck_assert_uint_eq(all.subjects_len, 2);
	ck_assert_msg(all.subjects[1].role == marked[_i].role, "%s", marked[_i].name);
	ck_assert_msg(all.subjects[1].anywhere == marked[_i].anywhere, "%s", marked[_i].name);
	graph_release(&g);
	image_builder_release(&b);
}
END_TEST

/* A name says nothing of platforms, whatever another image of the bundle says of the manifest that it stands for. */
START_TEST(what_a_name_stands_for_does_not_say)
{
	CLEANUP(candidates_release) struct candidates all = { 0 };
	char d[IMAGE_DESCRIPTOR_TEXT];
	struct image_builder b;
	struct graph g;
	size_t manifest;

	image_builder_init(&b);
	image_text(&b, image_json(&b, TYPE_OCI_CONFIG, "{}"), d);
	manifest = image_json(
		&b, TYPE_OCI_MANIFEST,
		"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"config\":{%s},\"layers\":[]}", d);
	image_tag(&b, "r.example/a:1", manifest);
	image_tag(&b, "r.example/b:1",
		  image_json(&b, TYPE_OCI_INDEX,
			     "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[{%s" AMD64 "}]}",
			     image_text(&b, manifest, d)));
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(candidates_gather(&g, g.images[0].root, &b.source, &all, NULL), ERR_OK);
	ck_assert_uint_eq(all.subjects_len, 1);
	ck_assert_str_eq(all.subjects[0].platform, "linux/amd64");
	ck_assert(all.subjects[0].anywhere);
	graph_release(&g);
	image_builder_release(&b);
}
END_TEST

/* What carries a manifest that runs, is marked as an attestation, and says that it runs nowhere.  Docker looks into it,
 * and among its layers. */
#define EMPTY                                                                                                          \
	"\"mediaType\":\"" TYPE_OCI_EMPTY "\",\"size\":2,\"digest\":\"sha256:"                                         \
	"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\""
static const struct {
	const char *name, *type, *before, *behind; /* what it is, and stands around the manifest's descriptor */
	size_t times;                              /* one in the other */
	bool listed;                               /* the manifest stands beside it too, as an attestation */
	enum role role;
} carriers[] = {
	{ "an index", TYPE_OCI_INDEX, "\"manifests\":[{", "}]", 1, false, ROLE_INDEX },
	{ "an index in an index", TYPE_OCI_INDEX, "\"manifests\":[{", "}]", 2, false, ROLE_INDEX },
	{ "an index, beside it", TYPE_OCI_INDEX, "\"manifests\":[{", "}]", 1, true, ROLE_INDEX },
	{ "layers", TYPE_OCI_MANIFEST, "\"config\":{" EMPTY "},\"layers\":[{", "}]", 1, false, ROLE_ATTESTATION },
	{ "a config", TYPE_OCI_MANIFEST, "\"config\":{", "},\"layers\":[]", 1, false, ROLE_ATTESTATION },
};

static size_t add_carrier(struct image_builder *b, const char *type, const char *before, size_t of, const char *behind)
{
	char d[IMAGE_DESCRIPTOR_TEXT];

	return image_json(b, type, "{\"schemaVersion\":2,\"mediaType\":\"%s\",%s%s%s}", type, before,
			  image_text(b, of, d), behind);
}

START_TEST(an_attestation_may_carry_a_platform)
{
	CLEANUP(candidates_release) struct candidates all = { 0 };
	CLEANUP(asked_release) struct asked seen = { 0 };
	char entry[2][2 * IMAGE_DESCRIPTOR_TEXT] = { "" };
	struct image_builder b;
	struct graph g;
	size_t manifest, carrier, i, found = 0;

	image_builder_init(&b);
	manifest = image_json(&b, TYPE_OCI_EMPTY, "{}");
	manifest = add_carrier(&b, TYPE_OCI_MANIFEST, "\"config\":{", manifest, "},\"layers\":[]");
	for (carrier = manifest, i = 0; i < carriers[_i].times; i++)
		carrier = add_carrier(&b, carriers[_i].type, carriers[_i].before, carrier, carriers[_i].behind);
	marked_entry(&b, carrier, NOWHERE, entry[0], sizeof(entry[0]));
	if (carriers[_i].listed)
		marked_entry(&b, manifest, NOWHERE, entry[1], sizeof(entry[1]));
	image_tag(&b, SIGNED_APP,
		  image_json(&b, TYPE_OCI_INDEX,
			     "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[%s%s%s]}",
			     entry[0], carriers[_i].listed ? "," : "", entry[1]));
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(candidates_gather(&g, g.images[0].root, &b.source, &all, NULL), ERR_OK);
	ck_assert_int_eq(candidates_reach(&all, g.images[0].root, &seen, NULL), ERR_OK);
	for (i = 1; i < all.subjects_len; i++) {
		const struct candidate_subject *s = &all.subjects[i];
		bool runs = digest_equal(s->digest, &b.items[manifest].digest);

		ck_assert_msg(s->role == (runs ? ROLE_MANIFEST : carriers[_i].role), "%s", carriers[_i].name);
		ck_assert_msg(asked_has(&seen, s->node, 0, ASKED_MANIFEST), "%s", carriers[_i].name);
		found += runs;
	}
	ck_assert_msg(found == 1, "%s", carriers[_i].name);
	graph_release(&g);
	image_builder_release(&b);
}
END_TEST

/* Whoever runs images by their platforms asks no media type of an index whether that is one. */
START_TEST(what_is_listed_is_a_platform)
{
	CLEANUP(candidates_release) struct candidates all = { 0 };
	char d[IMAGE_DESCRIPTOR_TEXT];
	struct image_builder b;
	struct graph g;
	size_t blob;

	image_builder_init(&b);
	blob = image_add(&b, "application/octet-stream", "{}", 2);
	image_tag(&b, SIGNED_APP,
		  image_json(&b, TYPE_OCI_INDEX,
			     "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[{%s" AMD64 "}]}",
			     image_text(&b, blob, d)));
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(candidates_gather(&g, g.images[0].root, &b.source, &all, NULL), ERR_OK);
	ck_assert_uint_eq(all.subjects_len, 2);
	ck_assert_int_eq(all.subjects[1].role, ROLE_MANIFEST);
	ck_assert_str_eq(all.subjects[1].platform, "linux/amd64");
	graph_release(&g);
	image_builder_release(&b);
}
END_TEST

/* A signature that is listed and not there can be asked about as any other: it has a name, and a reason. */
START_TEST(absent_signature)
{
	CLEANUP(candidates_release) struct candidates all = { 0 };
	CLEANUP(candidate_proof_release) struct candidate_proof proof = { 0 };
	const struct trust_material nobody = { 0 };
	const struct trust_wanted wanted = { 0 };
	char d[IMAGE_DESCRIPTOR_TEXT];
	struct image_builder b;
	struct graph g;
	struct err err = { 0 };
	size_t of[2], i;

	image_builder_init(&b);
	image_text(&b, image_json(&b, TYPE_OCI_CONFIG, "{}"), d);
	for (i = 0; i < COUNT_OF(of); i++)
		of[i] = image_json(&b, TYPE_OCI_MANIFEST,
				   "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
				   "\",\"config\":{%s},\"layers\":[],\"annotations\":{\"n\":\"%zu\"}}",
				   d, i);
	image_tag(&b, SIGNED_APP, of[0]);
	image_refer(&b, of[0], of[1], LINK_SIG);
	b.items[of[1]].absent = true;
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(candidates_gather(&g, g.images[0].root, &b.source, &all, NULL), ERR_OK);
	ck_assert_uint_eq(all.len, 1);
	ck_assert_int_eq(all.items[0].form, CANDIDATE_SIMPLE);
	ck_assert_uint_lt(all.items[0].blob, g.nodes_len);
	ck_assert_str_eq(g.nodes[all.items[0].blob].digest.text, b.items[of[1]].digest.text);
	ck_assert_int_eq(candidate_prove(&all, &all.items[0], &nobody, &wanted, &proof, &err), ERR_UNPROVED);
	ck_assert_str_eq(err.msg, "it was absent at the source");
	graph_release(&g);
	image_builder_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("candidate");
	TCase *t = tcase_create("candidate");

	tcase_add_loop_test(t, finds_all, 0, SIGNED_THINGS);
	tcase_add_test(t, order);
	tcase_add_loop_test(t, reaches, 0, (int)COUNT_OF(reached));
	tcase_add_loop_test(t, an_attestation_that_runs_is_a_platform, 0, (int)COUNT_OF(marked));
	tcase_add_test(t, what_a_name_stands_for_does_not_say);
	tcase_add_loop_test(t, an_attestation_may_carry_a_platform, 0, (int)COUNT_OF(carriers));
	tcase_add_test(t, what_is_listed_is_a_platform);
	tcase_add_test(t, absent_signature);
	suite_add_tcase(s, t);
	return test_run(s);
}
