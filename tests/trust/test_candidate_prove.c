#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/signed.h"
#include "tests/lib/test_main.h"
#include "trust/candidate.h"

/* Another key than the one that signed. */
#define OTHER_KEY                                                                                                      \
	"-----BEGIN PUBLIC KEY-----\n"                                                                                 \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzGgMCiENzYVK1yYcqoh/yJwISEX3\n"                                           \
	"C3X3HPRaibYgOykziMEyrjL18fyQbJ4tHbgJCE+HicXkMYN9MxyGQ81zWg==\n"                                               \
	"-----END PUBLIC KEY-----\n"

/* One signed thing, taken apart, so that it can be put together otherwise. */
struct parts {
	char *subject, *manifest, *blob;
	size_t subject_len, manifest_len, blob_len;
};

static void take(const struct tarball *t, const struct signed_thing *thing, struct parts *p)
{
	p->subject = signed_bytes(t, thing->subject, &p->subject_len);
	p->manifest = signed_bytes(t, thing->manifest, &p->manifest_len);
	p->blob = signed_bytes(t, thing->blob, &p->blob_len);
}

static void parts_release(struct parts *p)
{
	free(p->subject);
	free(p->manifest);
	free(p->blob);
}

static size_t add_manifest(struct image_builder *b, const char *bytes, size_t len)
{
	struct manifest m = { 0 };
	struct err err = { 0 };
	size_t item;

	ck_assert_msg(manifest_parse(bytes, len, NULL, "manifest", &m, &err) == ERR_OK, "%s", err.msg);
	item = image_add(b, m.media_type, bytes, len);
	manifest_release(&m);
	return item;
}

/* The type of the layer as its manifest says. */
static size_t add_layer(struct image_builder *b, const struct parts *p)
{
	struct manifest m = { 0 };
	size_t item;

	ck_assert_int_eq(manifest_parse(p->manifest, p->manifest_len, NULL, "manifest", &m, NULL), ERR_OK);
	item = image_add(b, m.items[0].media_type, p->blob, p->blob_len);
	manifest_release(&m);
	return item;
}

/* All digests in it are made right again: whoever changes a blob can do that too. */
static void name_blob(struct parts *p, const char *was, const struct digest *is)
{
	char *at = strstr(p->manifest, was);

	ck_assert_ptr_nonnull(at);
	memcpy(at, digest_hex(is), strlen(was));
}

/* Put it together, and prove the one candidate that there is by a key. */
static enum err_code prove(const struct signed_thing *thing, struct parts *p, const struct trust_key *key,
			   struct candidate_proof *ret_proof, struct err *err)
{
	struct trust_key *keys[] = { (struct trust_key *)(uintptr_t)key };
	struct trust_material material = { .keys = keys, .keys_len = 1 };
	struct trust_wanted wanted = { 0 };
	struct candidates all = { 0 };
	struct image_builder b;
	struct graph g;
	size_t subject, manifest, blob;
	enum err_code code;
	size_t at;

	image_builder_init(&b);
	blob = add_layer(&b, p);
	name_blob(p, thing->blob, &b.items[blob].digest);
	subject = add_manifest(&b, p->subject, p->subject_len);
	manifest = add_manifest(&b, p->manifest, p->manifest_len);
	image_tag(&b, SIGNED_APP, subject);
	image_refer(&b, subject, manifest, thing->kind);
	image_graph(&b, &b.source, &g);
	ck_assert_int_eq(candidates_gather(&g, g.images[0].root, &b.source, &all, err), ERR_OK);
	for (at = 0; at < all.len && !digest_equal(&g.nodes[all.items[at].manifest].digest, &b.items[manifest].digest);
	     at++)
		;
	ck_assert_uint_lt(at, all.len); /* beside what an index lists and nobody has here */
	code = candidate_prove(&all, &all.items[at], &material, &wanted, ret_proof, err);
	candidates_release(&all);
	graph_release(&g);
	image_builder_release(&b);
	return code;
}

static struct trust_key *right_key(void)
{
	struct trust_key *key = NULL;
	struct err err = { 0 };

	ck_assert_msg(trust_key_read(SIGNED_KEY, &key, &err) == ERR_OK, "%s", err.msg);
	return key;
}

START_TEST(holds)
{
	const struct signed_thing *thing = &signed_things[_i];
	CLEANUP(trust_key_free_ptr) struct trust_key *key = right_key();
	struct tarball *t = signed_open();
	struct candidate_proof proof = { 0 };
	struct parts p;
	struct err err = { 0 };

	take(t, thing, &p);
	ck_assert_msg(prove(thing, &p, key, &proof, &err) == ERR_OK, "%s: %s", thing->name, err.msg);
	ck_assert_ptr_eq(proof.signer.key, key);
	ck_assert(proof.is_signature == (strstr(thing->name, "attestation in") == NULL && thing->kind != LINK_ATT));
	ck_assert((proof.docker_reference != NULL) == (thing->kind == LINK_SIG));
	ck_assert_ptr_nonnull(proof.payload);
	candidate_proof_release(&proof);
	parts_release(&p);
	tarball_close(t);
}
END_TEST

static void fails(const struct signed_thing *thing, struct parts *p, const struct trust_key *key, const char *why)
{
	struct candidate_proof proof = { 0 };
	struct err err = { 0 };

	ck_assert_int_eq(prove(thing, p, key, &proof, &err), ERR_UNPROVED);
	ck_assert_msg(why == NULL || strstr(err.msg, why) != NULL, "%s: %s", thing->name, err.msg);
}

START_TEST(fails_by_another_key)
{
	struct trust_key *other = NULL;
	struct tarball *t = signed_open();
	struct parts p;

	ck_assert_int_eq(trust_key_of_pem(OTHER_KEY, strlen(OTHER_KEY), "other", &other, NULL), ERR_OK);
	take(t, &signed_things[_i], &p);
	fails(&signed_things[_i], &p, other, NULL);
	parts_release(&p);
	trust_key_free(other);
	tarball_close(t);
}
END_TEST

/* Nothing signs the name of a key: it only helps to find one. */
static bool is_hint(const struct parts *p, size_t at)
{
	const char *hint = strstr(p->blob, "\"hint\":"), *end;

	end = hint != NULL ? strchr(hint, '}') : NULL;
	return hint != NULL && p->blob + at >= hint && p->blob + at < end;
}

/* Bytes of what is signed, and of the signature where it lies beside: other bits, and all digests right. */
START_TEST(fails_with_a_flipped_bit)
{
	const struct signed_thing *thing = &signed_things[_i];
	CLEANUP(trust_key_free_ptr) struct trust_key *key = right_key();
	struct tarball *t = signed_open();
	struct parts whole;
	size_t at;

	take(t, thing, &whole);
	for (at = (size_t)_i % 3; at < whole.blob_len; at += 3) {
		struct candidate_proof proof = { 0 };
		struct parts p;
		struct err err = { 0 };
		enum err_code code;

		if (is_hint(&whole, at))
			continue;
		take(t, thing, &p);
		p.blob[at] = (char)(p.blob[at] ^ (1 << (at % 7)));
		code = prove(thing, &p, key, &proof, &err);
		ck_assert_msg(code == ERR_UNPROVED, "%s: byte %zu: %s", thing->name, at, err.msg);
		parts_release(&p);
	}
	parts_release(&whole);
	tarball_close(t);
}
END_TEST

START_TEST(fails_with_another_annotation)
{
	const struct signed_thing *thing = &signed_things[5];
	CLEANUP(trust_key_free_ptr) struct trust_key *key = right_key();
	struct tarball *t = signed_open();
	struct parts p;
	char *at;

	take(t, thing, &p);
	at = strstr(p.manifest, "cosign/signature\":\"");
	ck_assert_ptr_nonnull(at);
	at[40] = at[40] == 'A' ? 'B' : 'A';
	fails(thing, &p, key, NULL);
	parts_release(&p);
	tarball_close(t);
}
END_TEST

/* The manifest that is signed is another: by one byte, or altogether. */
START_TEST(fails_for_another_image)
{
	const struct signed_thing *thing = &signed_things[_i];
	CLEANUP(trust_key_free_ptr) struct trust_key *key = right_key();
	struct tarball *t = signed_open();
	struct parts p;
	char *at;

	take(t, thing, &p);
	at = strstr(p.subject, "sha256:");
	ck_assert_ptr_nonnull(at);
	at[10] = at[10] == '0' ? '1' : '0';
	fails(thing, &p, key, NULL);
	free(p.subject);
	p.subject = signed_bytes(t, _i == 0 ? SIGNED_MULTI_ROOT : SIGNED_APP_ROOT, &p.subject_len);
	if (strcmp(thing->subject, SIGNED_APP_ROOT) != 0 || _i == 0)
		fails(thing, &p, key, NULL);
	parts_release(&p);
	tarball_close(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("candidate_prove");
	TCase *t = tcase_create("candidate_prove");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, holds, 0, SIGNED_THINGS);
	tcase_add_loop_test(t, fails_by_another_key, 0, SIGNED_THINGS);
	tcase_add_loop_test(t, fails_with_a_flipped_bit, 0, SIGNED_THINGS);
	tcase_add_test(t, fails_with_another_annotation);
	tcase_add_loop_test(t, fails_for_another_image, 0, SIGNED_THINGS);
	suite_add_tcase(s, t);
	return test_run(s);
}
