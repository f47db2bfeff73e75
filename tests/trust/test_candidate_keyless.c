#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/candidate.h"

#define NAME "registry.example.test/demo/app:1"
#define EMPTY "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define ROOT                                                                                                           \
	"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"config\":{\"mediaType\":\"" TYPE_OCI_CONFIG    \
	"\",\"size\":2,\"digest\":\"" EMPTY "\"},"                                                                     \
	"\"layers\":[]}"
#define OTHER "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[]}"

/* How it travels. */
enum travel { BUNDLE_STATEMENT, BUNDLE_MESSAGE, LEGACY_SIGNATURE, LEGACY_ATTESTATION, TRAVELS };

static const char *const types[TRAVELS] = {
	[BUNDLE_STATEMENT] = "application/vnd.dev.sigstore.bundle.v0.3+json",
	[BUNDLE_MESSAGE] = "application/vnd.dev.sigstore.bundle.v0.3+json",
	[LEGACY_SIGNATURE] = "application/vnd.dev.cosign.simplesigning.v1+json",
	[LEGACY_ATTESTATION] = "application/vnd.dsse.envelope.v1+json",
};

/* One image, and one thing that was signed with a certificate. */
struct fixture {
	struct mock *mock;
	struct image_builder builder;
	struct graph graph;
	struct candidates all;
	struct trust_root *root;
	char *layer;
	struct mock_legacy legacy;
};

static bool is_bundle(enum travel how)
{
	return how == BUNDLE_STATEMENT || how == BUNDLE_MESSAGE;
}

static void put_note(struct js_out *o, const char *key, const char *text)
{
	if (text != NULL)
		js_member(o, key, text);
}

/* The manifest that carries the layer, with cosign's annotations where it has any. */
static void carrier(const struct fixture *f, enum travel how, size_t layer, struct buf *out)
{
	const struct image_item *item = &f->builder.items[layer];
	struct buf_stage stage;
	struct js_out o;

	buf_stage_init(&stage, out);
	js_out_init(&o, &stage.out, false);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 2);
	js_member(&o, "mediaType", TYPE_OCI_MANIFEST);
	js_key(&o, "config");
	js_begin(&o, '{');
	js_member(&o, "mediaType", TYPE_OCI_EMPTY);
	js_member_uint(&o, "size", 2);
	js_member(&o, "digest", EMPTY);
	js_end(&o, '}');
	js_key(&o, "layers");
	js_begin(&o, '[');
	js_begin(&o, '{');
	js_member(&o, "mediaType", types[how]);
	js_member_uint(&o, "size", item->len);
	js_member(&o, "digest", item->digest.text);
	js_key(&o, "annotations");
	js_begin(&o, '{');
	put_note(&o, "dev.cosignproject.cosign/signature", f->legacy.signature);
	put_note(&o, "dev.sigstore.cosign/certificate", f->legacy.certificate);
	put_note(&o, "dev.sigstore.cosign/chain", f->legacy.chain);
	put_note(&o, "dev.sigstore.cosign/bundle", f->legacy.rekor);
	put_note(&o, "dev.sigstore.cosign/rfc3161timestamp", f->legacy.timestamp);
	js_end(&o, '}');
	js_end(&o, '}');
	js_end(&o, ']');
	js_end(&o, '}');
	ck_assert_int_eq(js_end_document(&o, NULL), ERR_OK);
}

static void hex_digest(const char *text, char out[65])
{
	struct digest d;

	ck_assert_int_eq(digest_of(text, strlen(text), NULL, &d, NULL), ERR_OK);
	snprintf(out, 65, "%s", digest_hex(&d));
}

/* Sign what is said to be the image, and bring it as the travel says. */
static void sign(struct fixture *f, enum travel how, const char *image)
{
	char hex[65], payload[512];
	struct mock_wish wish = { .statement = how == BUNDLE_STATEMENT || how == LEGACY_ATTESTATION,
				  .subject_hex = hex };

	hex_digest(image, hex);
	snprintf(payload, sizeof(payload),
		 "{\"critical\":{\"identity\":{\"docker-reference\":\"" NAME
		 "\"},\"image\":{\"docker-manifest-digest\":\"sha256:%s\"},\"type\":\"cosign container image "
		 "signature\"},\"optional\":null}",
		 hex);
	wish.artifact = how == LEGACY_SIGNATURE ? payload : image;
	if (is_bundle(how)) {
		f->layer = mock_bundle(f->mock, &wish);
		return;
	}
	f->legacy = mock_legacy(f->mock, &wish);
	f->layer = strdup(f->legacy.layer);
}

/* Put it together; what is signed may have been changed meanwhile. */
static void bring(struct fixture *f, enum travel how)
{
	CLEANUP(buf_release) struct buf manifest = { .max = MIB };
	struct err err = { 0 };
	size_t root, layer, referrer;

	image_builder_init(&f->builder);
	root = image_add(&f->builder, TYPE_OCI_MANIFEST, ROOT, strlen(ROOT));
	layer = image_add(&f->builder, types[how], f->layer, strlen(f->layer));
	carrier(f, how, layer, &manifest);
	referrer = image_add(&f->builder, TYPE_OCI_MANIFEST, buf_text(&manifest), manifest.len);
	image_tag(&f->builder, NAME, root);
	image_refer(&f->builder, root, referrer, LINK_SUBJECT);
	image_graph(&f->builder, &f->builder.source, &f->graph);
	ck_assert_msg(candidates_gather(&f->graph, f->graph.images[0].root, &f->builder.source, &f->all, &err) ==
			      ERR_OK,
		      "%s", err.msg);
	ck_assert_uint_eq(f->all.len, 1);
}

static void open_fixture(struct fixture *f)
{
	struct mock_root_wish wish = { 0 };
	struct err err = { 0 };
	char *text;

	*f = (struct fixture){ .mock = mock_new() };
	text = mock_root(f->mock, &wish);
	ck_assert_msg(trust_root_parse(text, strlen(text), "root", &f->root, &err) == ERR_OK, "%s", err.msg);
	free(text);
}

static void close_fixture(struct fixture *f)
{
	candidates_release(&f->all);
	graph_release(&f->graph);
	image_builder_release(&f->builder);
	trust_root_free(f->root);
	mock_legacy_release(&f->legacy);
	free(f->layer);
	mock_free(f->mock);
}

static enum err_code prove(const struct fixture *f, const char *who, struct candidate_proof *ret_proof, struct err *err)
{
	CLEANUP(trust_identity_release) struct trust_identity identity = { 0 };
	struct trust_material m = { .root = f->root };
	struct trust_wanted wanted = { .identities = &identity, .identities_len = 1 };

	ck_assert_int_eq(trust_identity_init(who, NULL, MOCK_ISSUER, NULL, &identity, err), ERR_OK);
	return candidate_prove(&f->all, &f->all.items[0], &m, &wanted, ret_proof, err);
}

START_TEST(holds)
{
	struct fixture f;
	struct candidate_proof proof = { 0 };
	struct err err = { 0 };

	open_fixture(&f);
	sign(&f, (enum travel)_i, ROOT);
	bring(&f, (enum travel)_i);
	ck_assert_msg(prove(&f, MOCK_IDENTITY, &proof, &err) == ERR_OK, "%d: %s", _i, err.msg);
	ck_assert_str_eq(proof.signer.identity, MOCK_IDENTITY);
	ck_assert_str_eq(proof.signer.issuer, MOCK_ISSUER);
	ck_assert(proof.signer.logged);
	ck_assert(proof.is_signature == (_i == BUNDLE_MESSAGE || _i == LEGACY_SIGNATURE));
	ck_assert((proof.payload == NULL) == (_i == BUNDLE_MESSAGE));
	ck_assert((proof.docker_reference != NULL) == (_i == LEGACY_SIGNATURE));
	candidate_proof_release(&proof);
	ck_assert_int_eq(prove(&f, "somebody@else.example", &proof, &err), ERR_UNPROVED);
	close_fixture(&f);
}
END_TEST

/* Who names keys has asked for no certificate: one that stands beside is passed over, as skopeo does, and what was
 * signed with it is not signed with the key. */
START_TEST(key_beside_certificate)
{
	struct fixture f;
	struct mock *other = mock_new();
	CLEANUP(trust_key_free_ptr) struct trust_key *key = NULL;
	CLEANUP(free_ptr) char *pem = NULL;
	struct candidate_proof proof = { 0 };
	const struct trust_wanted wanted = { 0 };
	struct trust_material m = { .keys_len = 1 };
	struct err err = { 0 };
	enum err_code code;

	open_fixture(&f);
	sign(&f, LEGACY_SIGNATURE, ROOT);
	bring(&f, LEGACY_SIGNATURE);
	pem = mock_public_key(_i == 0 ? f.mock : other); /* that of the certificate, too */
	ck_assert_int_eq(trust_key_of_pem(pem, strlen(pem), "key", &key, &err), ERR_OK);
	m.keys = &key;
	code = candidate_prove(&f.all, &f.all.items[0], &m, &wanted, &proof, &err);
	ck_assert_msg(code == (_i == 0 ? ERR_OK : ERR_UNPROVED), "%d: %s", _i, err.msg);
	ck_assert(_i == 0 || strstr(err.msg, "not a signature of") != NULL);
	ck_assert(_i != 0 || proof.signer.key == key);
	candidate_proof_release(&proof);
	mock_free(other);
	close_fixture(&f);
}
END_TEST

START_TEST(fails_for_another_image)
{
	struct fixture f;
	struct candidate_proof proof = { 0 };
	struct err err = { 0 };

	open_fixture(&f);
	sign(&f, (enum travel)_i, OTHER);
	bring(&f, (enum travel)_i);
	ck_assert_int_eq(prove(&f, MOCK_IDENTITY, &proof, &err), ERR_UNPROVED);
	close_fixture(&f);
}
END_TEST

/* A letter in the middle of the certificate's base64, wherever that stands. */
static void change_certificate(struct fixture *f, enum travel how)
{
	char *at = is_bundle(how) ? strstr(f->layer, "\"rawBytes\":\"") : f->legacy.certificate;

	ck_assert_ptr_nonnull(at);
	at += 200;
	*at = *at == 'A' ? 'B' : 'A';
}

START_TEST(fails_with_another_certificate)
{
	struct fixture f;
	struct candidate_proof proof = { 0 };
	struct err err = { 0 };

	open_fixture(&f);
	sign(&f, (enum travel)_i, ROOT);
	change_certificate(&f, (enum travel)_i);
	bring(&f, (enum travel)_i);
	ck_assert_int_eq(prove(&f, MOCK_IDENTITY, &proof, &err), ERR_UNPROVED);
	close_fixture(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("candidate_keyless");
	TCase *t = tcase_create("candidate_keyless");

	tcase_add_loop_test(t, holds, 0, TRAVELS);
	tcase_add_loop_test(t, key_beside_certificate, 0, 2);
	tcase_add_loop_test(t, fails_for_another_image, 0, TRAVELS);
	tcase_add_loop_test(t, fails_with_another_certificate, 0, TRAVELS);
	suite_add_tcase(s, t);
	return test_run(s);
}
