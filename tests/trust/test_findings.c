#include "trust/findings.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/signed.h"
#include "tests/lib/test_main.h"

/* Both images of the fixture, and the key that signed them. */
struct fixture {
	struct tarball *tarball;
	struct image_builder builder;
	struct graph graph;
	struct candidates all;
	struct trust_key *key;
	bool only_attestations; /* signatures do not hold */
};

static enum err_code by_key(void *ctx, const struct candidates *all, const struct candidate *c,
			    struct candidate_proof *ret_proof, struct err *err)
{
	struct fixture *f = ctx;
	struct trust_material m = { .keys = &f->key, .keys_len = 1 };
	struct trust_wanted wanted = { 0 };
	enum err_code code = candidate_prove(all, c, &m, &wanted, ret_proof, err);

	if (code == ERR_OK && f->only_attestations && ret_proof->is_signature) {
		candidate_proof_release(ret_proof);
		return err_set(err, ERR_UNPROVED, "no signature");
	}
	return code;
}

static enum err_code by_nobody(void *ctx, const struct candidates *all, const struct candidate *c,
			       struct candidate_proof *ret_proof, struct err *err)
{
	(void)ctx;
	(void)all;
	(void)c;
	(void)ret_proof;
	return err_set(err, ERR_UNPROVED, "by nobody\x1b[31m");
}

static enum err_code no_memory(void *ctx, const struct candidates *all, const struct candidate *c,
			       struct candidate_proof *ret_proof, struct err *err)
{
	(void)ctx;
	(void)all;
	(void)c;
	(void)ret_proof;
	return err_nomem(err);
}

static void open_fixture(struct fixture *f, const char *name)
{
	struct err err = { 0 };
	size_t i;

	*f = (struct fixture){ .tarball = signed_open() };
	image_builder_init(&f->builder);
	signed_images(f->tarball, &f->builder);
	image_graph(&f->builder, &f->builder.source, &f->graph);
	ck_assert_msg(trust_key_read(SIGNED_KEY, &f->key, &err) == ERR_OK, "%s", err.msg);
	for (i = 0; strcmp(f->graph.images[i].name, name) != 0; i++)
		ck_assert_uint_lt(i, f->graph.images_len);
	ck_assert_int_eq(candidates_gather(&f->graph, f->graph.images[i].root, &f->builder.source, &f->all, &err),
			 ERR_OK);
}

static void close_fixture(struct fixture *f)
{
	candidates_release(&f->all);
	trust_key_free(f->key);
	graph_release(&f->graph);
	image_builder_release(&f->builder);
	tarball_close(f->tarball);
}

static const struct {
	const char *image;
	size_t held, signatures, covered, platforms;
} images[] = { { SIGNED_APP, 5, 4, 2, 1 }, { SIGNED_MULTI, 2, 1, 6, 3 } };

START_TEST(all_holds)
{
	struct fixture f;
	struct findings found = { 0 };
	size_t signatures = 0, covered = 0, i;

	open_fixture(&f, images[_i].image);
	ck_assert_int_eq(findings_make(&f.all, by_key, &f, &found, NULL), ERR_OK);
	for (i = 0; i < found.len; i++) {
		const struct finding *one = &found.items[i];

		ck_assert_int_ne(one->verdict, FINDING_FAILS);
		signatures += one->is_signature;
		covered += one->is_covered;
		ck_assert((one->verdict == FINDING_HOLDS) == (one->who != NULL));
		ck_assert(one->who == NULL || strstr(one->who, trust_key_id(f.key)) != NULL);
		ck_assert(one->predicate_type != NULL || one->candidate->form == CANDIDATE_SIMPLE);
		ck_assert(one->candidate->form != CANDIDATE_SIMPLE ||
			  strcmp(one->claims, "signed as 127.0.0.1:5001/demo/multi") == 0);
	}
	ck_assert_uint_eq(found.held, images[_i].held);
	ck_assert_uint_eq(signatures, images[_i].signatures);
	ck_assert_uint_eq(covered, images[_i].covered);
	ck_assert_uint_eq(found.platforms, images[_i].platforms);
	ck_assert_uint_eq(found.platforms_signed, images[_i].platforms);
	ck_assert(found.root_signed && findings_signed(&found));
	findings_release(&found);
	close_fixture(&f);
}
END_TEST

START_TEST(attestations_are_no_signatures)
{
	struct fixture f;
	struct findings found = { 0 };

	open_fixture(&f, images[_i].image);
	f.only_attestations = true;
	ck_assert_int_eq(findings_make(&f.all, by_key, &f, &found, NULL), ERR_OK);
	ck_assert_uint_eq(found.held, 1);
	ck_assert(!found.root_signed && !findings_signed(&found));
	ck_assert_uint_eq(found.platforms_signed, 0);
	findings_release(&found);
	close_fixture(&f);
}
END_TEST

START_TEST(nothing_holds)
{
	struct fixture f;
	struct findings found = { 0 };
	size_t i;

	open_fixture(&f, SIGNED_APP);
	ck_assert_int_eq(findings_make(&f.all, by_nobody, &f, &found, NULL), ERR_OK);
	ck_assert_uint_eq(found.held, 0);
	ck_assert(!findings_signed(&found));
	for (i = 0; i < found.len; i++) {
		ck_assert_int_ne(found.items[i].verdict, FINDING_HOLDS);
		ck_assert(!found.items[i].is_covered);
		ck_assert(found.items[i].verdict != FINDING_FAILS || strcmp(found.items[i].why, "by nobody?[31m") == 0);
		ck_assert_ptr_null(found.items[i].who);
	}
	findings_release(&found);
	close_fixture(&f);
}
END_TEST

START_TEST(a_failure_is_no_finding)
{
	struct fixture f;
	struct findings found = { 0 };
	struct err err = { 0 };

	open_fixture(&f, SIGNED_APP);
	ck_assert_int_eq(findings_make(&f.all, no_memory, &f, &found, &err), ERR_NOMEM);
	ck_assert_ptr_null(found.items);
	close_fixture(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("findings");
	TCase *t = tcase_create("findings");

	tcase_add_loop_test(t, all_holds, 0, (int)COUNT_OF(images));
	tcase_add_loop_test(t, attestations_are_no_signatures, 0, (int)COUNT_OF(images));
	tcase_add_test(t, nothing_holds);
	tcase_add_test(t, a_failure_is_no_finding);
	suite_add_tcase(s, t);
	return test_run(s);
}
