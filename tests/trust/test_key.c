#include "trust/key.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sigstore_mock.h"
#include "tests/lib/test_main.h"
#include "trust/few_decoders.h"

#define TEXT "some bytes\n"

static const struct {
	const char *name, *pub;
	enum err_code code;
} files[] = {
	{ "Ed25519", key_ed25519_pub, ERR_OK },
	{ "P-256", key_p256_pub, ERR_OK },
	{ "P-384", key_p384_pub, ERR_OK },
	{ "P-521", key_p521_pub, ERR_OK },
	{ "RSA 2048", key_rsa2048_pub, ERR_OK },
	{ "RSA 1024", key_rsa1024_pub, ERR_UNSUPPORTED },
	{ "private", key_p256, ERR_FORMAT },
	{ "nothing", "", ERR_FORMAT },
	{ "text", "hello\n", ERR_FORMAT },
	{ "broken", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", ERR_FORMAT },
};

START_TEST(pem)
{
	CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
	struct err err = { 0 };

	ck_assert_msg(trust_key_of_pem(files[_i].pub, strlen(files[_i].pub), "a.pub", &k, &err) == files[_i].code,
		      "%s: %s", files[_i].name, err.msg);
	ck_assert_int_eq(err.code, files[_i].code);
	ck_assert_msg((k != NULL) == (files[_i].code == ERR_OK), "%s", files[_i].name);
	if (k != NULL) {
		ck_assert_str_eq(trust_key_name(k), "a.pub");
		ck_assert_uint_eq(strlen(trust_key_id(k)), 44);
		ck_assert(trust_key_equal(k, k));
	}
}
END_TEST

START_TEST(two_in_one_file)
{
	CLEANUP(free_ptr) char *both = NULL;
	CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(str_format(&both, NULL, "%s%s", key_p256_pub, key_p384_pub), ERR_OK);
	ck_assert_int_eq(trust_key_of_pem(both, strlen(both), "a.pub", &k, &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "more than one"));
}
END_TEST

/* Signatures of every kind; the details say what may be, and the first hash that goes with a key is tried first. */
static const struct {
	const char *name;
	enum mock_scheme made;
	enum trust_hash made_by;
	const char *details;
	enum trust_hash asked;
	bool holds;
} signatures[] = {
	{ "P-256", MOCK_P256, TRUST_SHA256, NULL, TRUST_HASHES, true },
	{ "P-256 by its details", MOCK_P256, TRUST_SHA256, "PKIX_ECDSA_P256_SHA_256", TRUST_HASHES, true },
	{ "P-256 over SHA-512", MOCK_P256, TRUST_SHA512, NULL, TRUST_HASHES, true },
	{ "P-256 over another hash than asked", MOCK_P256, TRUST_SHA512, NULL, TRUST_SHA256, false },
	{ "P-256 over another hash than its details", MOCK_P256, TRUST_SHA512, "PKIX_ECDSA_P256_SHA_256", TRUST_HASHES,
	  false },
	{ "P-384", MOCK_P384, TRUST_SHA384, "PKIX_ECDSA_P384_SHA_384", TRUST_HASHES, true },
	{ "P-384 over SHA-256", MOCK_P384, TRUST_SHA256, NULL, TRUST_HASHES, true },
	{ "P-521", MOCK_P521, TRUST_SHA512, "PKIX_ECDSA_P521_SHA_512", TRUST_HASHES, true },
	{ "P-521 over SHA-256", MOCK_P521, TRUST_SHA256, "PKIX_ECDSA_P521_SHA_256", TRUST_HASHES, true },
	{ "Ed25519", MOCK_ED25519, TRUST_HASHES, "PKIX_ED25519", TRUST_HASHES, true },
	{ "RSA", MOCK_RSA, TRUST_SHA256, "PKIX_RSA_PKCS1V15_2048_SHA256", TRUST_HASHES, true },
	{ "RSA over SHA-512", MOCK_RSA, TRUST_SHA512, NULL, TRUST_HASHES, true },
	{ "RSA-PSS", MOCK_RSA_PSS, TRUST_SHA256, "PKIX_RSA_PSS_2048_SHA256", TRUST_HASHES, true },
	{ "RSA-PSS, nobody said", MOCK_RSA_PSS, TRUST_SHA384, NULL, TRUST_HASHES, true },
	{ "RSA-PSS, said to be PKCS#1 v1.5", MOCK_RSA_PSS, TRUST_SHA256, "PKIX_RSA_PKCS1V5", TRUST_HASHES, false },
	{ "RSA, said to be PSS", MOCK_RSA, TRUST_SHA256, "PKIX_RSA_PSS", TRUST_HASHES, false },
};

START_TEST(signature)
{
	struct mock_signed s = mock_sign(signatures[_i].made, signatures[_i].made_by, TEXT, strlen(TEXT));
	CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
	struct err err = { 0 };
	enum err_code code;
	size_t at;

	ck_assert_msg(trust_key_of_der(s.key, s.key_len, signatures[_i].details, "key", &k, &err) == ERR_OK, "%s: %s",
		      signatures[_i].name, err.msg);
	code = trust_key_check_bytes(k, signatures[_i].asked, TEXT, strlen(TEXT), s.signature, s.signature_len, &err);
	ck_assert_msg(code == (signatures[_i].holds ? ERR_OK : ERR_UNPROVED), "%s: %s", signatures[_i].name, err.msg);
	ck_assert_int_eq(err.code, code);
	ck_assert_int_eq(trust_key_check_bytes(k, signatures[_i].asked, "some bytes.", strlen(TEXT), s.signature,
					       s.signature_len, NULL),
			 ERR_UNPROVED);
	ck_assert_int_eq(trust_key_check_bytes(k, TRUST_HASHES, TEXT, strlen(TEXT), "", 0, NULL), ERR_UNPROVED);
	for (at = 0; at < s.signature_len; at += 11) {
		s.signature[at] ^= 1;
		ck_assert_msg(trust_key_check_bytes(k, signatures[_i].asked, TEXT, strlen(TEXT), s.signature,
						    s.signature_len, NULL) == ERR_UNPROVED,
			      "%s: holds with byte %zu changed", signatures[_i].name, at);
		s.signature[at] ^= 1;
	}
	mock_signed_release(&s);
}
END_TEST

/* A key that is not what it is said to be, and kinds that are not known. */
static const struct {
	enum mock_scheme made;
	const char *details;
	enum err_code code;
} said[] = {
	{ MOCK_P256, "PKIX_ED25519", ERR_FORMAT },     { MOCK_RSA, "PKIX_ECDSA_P256_SHA_256", ERR_FORMAT },
	{ MOCK_P256, "ML_DSA_65", ERR_UNSUPPORTED },   { MOCK_P256, "PKIX_ED25519_PH", ERR_FORMAT },
	{ MOCK_RSA, "PKCS1_RSA_PKCS1V5", ERR_FORMAT }, /* which is RSAPublicKey, without the envelope around it */
};

START_TEST(said_to_be)
{
	struct mock_signed s = mock_sign(said[_i].made, TRUST_SHA256, TEXT, strlen(TEXT));
	CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
	struct err err = { 0 };

	ck_assert_msg(trust_key_of_der(s.key, s.key_len, said[_i].details, "key", &k, &err) == said[_i].code, "%d: %s",
		      _i, err.msg);
	ck_assert_int_eq(trust_key_of_der(s.key, s.key_len - 1, NULL, "key", &k, &err), ERR_FORMAT);
	mock_signed_release(&s);
}
END_TEST

/* Ed25519ph: RFC 8032, section 7.3, over "abc". */
#define HASHED_PEM                                                                                                     \
	"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA7Bcrk61eVjv0kyxw4SRQNMNUZ+8u/U1k6/gZaDRn4r8=\n"                   \
	"-----END PUBLIC KEY-----\n"
#define HASHED_DER                                                                                                     \
	"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00\xec\x17\x2b\x93\xad\x5e\x56\x3b\xf4\x93\x2c\x70"             \
	"\xe1\x24\x50\x34\xc3\x54\x67\xef\x2e\xfd\x4d\x64\xeb\xf8\x19\x68\x34\x67\xe2\xbf"
#define HASHED_SIGNATURE                                                                                               \
	"\x98\xa7\x02\x22\xf0\xb8\x12\x1a\xa9\xd3\x0f\x81\x3d\x68\x3f\x80\x9e\x46\x2b\x46\x9c\x7f\xf8\x76"             \
	"\x39\x49\x9b\xb9\x4e\x6d\xae\x41\x31\xf8\x50\x42\x46\x3c\x2a\x35\x5a\x20\x03\xd0\x62\xad\xf5\xaa"             \
	"\xa1\x0b\x8c\x61\xe6\x36\x06\x2a\xaa\xd1\x1c\x2a\x26\x08\x34\x06"

static const struct {
	const char *bytes, *digest; /* digest: of the one or the other kind in place of the bytes */
	size_t signature_len;
	enum err_code code;
} hashed[] = {
	{ "abc", NULL, 64, ERR_OK },
	{ "abd", NULL, 64, ERR_UNPROVED },
	{ "abc", NULL, 63, ERR_UNPROVED },
	{ "abc", NULL, 0, ERR_UNPROVED },
	{ NULL,
	  "sha512:"
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d44"
	  "23643ce80e2a9ac94fa54ca49f",
	  64, ERR_OK },
	{ NULL, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 64, ERR_UNPROVED },
};

START_TEST(hashed_form)
{
	CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
	CLEANUP(trust_artifact_release) struct trust_artifact a = { 0 };
	struct digest digest;

	ck_assert_int_eq(trust_key_of_pem(HASHED_PEM, strlen(HASHED_PEM), "key", &k, NULL), ERR_OK);
	if (hashed[_i].digest != NULL) {
		ck_assert_int_eq(digest_parse(hashed[_i].digest, &digest, NULL), ERR_OK);
		ck_assert_int_eq(trust_artifact_of_digest(&digest, &a, NULL), ERR_OK);
	} else {
		a = trust_artifact_of_bytes(hashed[_i].bytes, 3, "abc");
	}
	ck_assert_int_eq(trust_key_check(k, &a, HASHED_SIGNATURE, hashed[_i].signature_len, NULL), hashed[_i].code);
}
END_TEST

/* A log signs in the form that its key is said to be for. */
START_TEST(hashed_form_of_a_log)
{
	static const struct {
		const char *details;
		enum err_code code;
	} logs[] = { { NULL, ERR_UNPROVED }, { "PKIX_ED25519", ERR_UNPROVED }, { "PKIX_ED25519_PH", ERR_OK } };
	size_t i;

	for (i = 0; i < COUNT_OF(logs); i++) {
		CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;

		ck_assert_int_eq(trust_key_of_der(HASHED_DER, sizeof(HASHED_DER) - 1, logs[i].details, "log", &k, NULL),
				 ERR_OK);
		ck_assert_int_eq(trust_key_check_bytes(k, TRUST_HASHES, "abc", 3, HASHED_SIGNATURE, 64, NULL),
				 logs[i].code);
	}
}
END_TEST

/* Of a digest alone what signs hashes can be checked, and what signs bytes not. */
START_TEST(digest_alone)
{
	struct mock_signed p256 = mock_sign(MOCK_P256, TRUST_SHA256, TEXT, strlen(TEXT));
	struct mock_signed p384 = mock_sign(MOCK_P384, TRUST_SHA384, TEXT, strlen(TEXT));
	struct mock_signed ed25519 = mock_sign(MOCK_ED25519, TRUST_HASHES, TEXT, strlen(TEXT));
	struct mock_signed *all[] = { &p256, &p384, &ed25519 };
	struct digest digest;
	size_t i;

	ck_assert_int_eq(digest_of(TEXT, strlen(TEXT), NULL, &digest, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(all); i++) {
		CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
		CLEANUP(trust_artifact_release) struct trust_artifact a = { 0 };
		struct err err = { 0 };

		ck_assert_int_eq(trust_artifact_of_digest(&digest, &a, NULL), ERR_OK);
		ck_assert_int_eq(trust_key_of_der(all[i]->key, all[i]->key_len, NULL, "key", &k, NULL), ERR_OK);
		ck_assert_int_eq(trust_key_check(k, &a, all[i]->signature, all[i]->signature_len, &err),
				 i == 0 ? ERR_OK : ERR_UNPROVED);
		ck_assert(i == 0 || strstr(err.msg, "name the file itself") != NULL);
		mock_signed_release(all[i]);
	}
}
END_TEST

/* A file is read in pieces, and as a whole where its bytes are signed. */
START_TEST(file)
{
	struct mock_signed s = mock_sign(MOCK_ED25519, TRUST_HASHES, TEXT, strlen(TEXT));
	char *folder = folder_new();
	CLEANUP(free_ptr) char *path = folder_path(folder, "a");
	CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
	CLEANUP(trust_artifact_release) struct trust_artifact a = trust_artifact_of_file(path);
	CLEANUP(trust_artifact_release)
	struct trust_artifact same = trust_artifact_of_bytes(TEXT, strlen(TEXT), "same");
	const unsigned char *one = NULL, *other = NULL;
	struct err err = { 0 };
	enum trust_hash hash;

	ck_assert_int_eq(trust_artifact_hash(&a, TRUST_SHA256, &one, &err), ERR_NOT_FOUND);
	folder_put(folder, "a", TEXT, strlen(TEXT));
	for (hash = 0; hash < TRUST_HASHES; hash++) {
		ck_assert_int_eq(trust_artifact_hash(&a, hash, &one, NULL), ERR_OK);
		ck_assert_int_eq(trust_artifact_hash(&same, hash, &other, NULL), ERR_OK);
		ck_assert_mem_eq(one, other, trust_hash_bytes(hash));
	}
	ck_assert_int_eq(trust_key_of_der(s.key, s.key_len, NULL, "key", &k, NULL), ERR_OK);
	ck_assert_int_eq(trust_key_check(k, &a, s.signature, s.signature_len, NULL), ERR_OK);
	mock_signed_release(&s);
	folder_remove(folder);
}
END_TEST

/* A certificate that writes its key in another way than the file which is revoked holds the same key. */
static const struct {
	const char *name, *pub, *usual;
	bool bare; /* RSA without the NULL that stands for its parameters */
} certified[] = {
	{ "P-256", key_p256_pub, key_p256_pub, false },
	{ "P-256, compressed", key_p256_pub_compressed, key_p256_pub, false },
	{ "P-256, its curve spelled out", key_p256_pub_explicit, key_p256_pub, false },
	{ "P-384", key_p384_pub, key_p384_pub, false },
	{ "P-521", key_p521_pub, key_p521_pub, false },
	{ "Ed25519", key_ed25519_pub, key_ed25519_pub, false },
	{ "RSA", key_rsa2048_pub, key_rsa2048_pub, false },
	{ "RSA for PSS alone", key_rsa2048_pub_pss, key_rsa2048_pub, false },
	{ "RSA without parameters", key_rsa2048_pub, key_rsa2048_pub, true },
};

START_TEST(in_a_certificate)
{
	CLEANUP(trust_key_free_ptr) struct trust_key *named = NULL;
	CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
	struct x509_st *x509 = mock_certify(certified[_i].pub, certified[_i].bare);
	CLEANUP(buf_release) struct buf before = mock_certified_key(x509);
	CLEANUP(buf_release) struct buf after = { 0 };
	const char *usual = certified[_i].usual;
	struct err err = { 0 };

	ck_assert_int_eq(trust_key_of_pem(usual, strlen(usual), "a.pub", &named, &err), ERR_OK);
	ck_assert_msg(trust_key_of_certificate(x509, few_decoders(), "a.crt", &k, &err) == ERR_OK, "%s: %s",
		      certified[_i].name, err.msg);
	ck_assert_msg(strcmp(trust_key_id(k), trust_key_id(named)) == 0, "%s: %s", certified[_i].name, trust_key_id(k));
	ck_assert(trust_key_equal(k, named));
	after = mock_certified_key(x509); /* others may look at it meanwhile */
	ck_assert_uint_eq(before.len, after.len);
	ck_assert_mem_eq(before.data, after.data, before.len);
	mock_certified_free(x509);
}
END_TEST

/* No certificate's key of another kind is taken, and it is said that it is one. */
START_TEST(other_kind_in_a_certificate)
{
	static const char x25519[] = "-----BEGIN PUBLIC KEY-----\n"
				     "MCowBQYDK2VuAyEAqFf+ooGOyoN0FR/gOde60g45S/NhcCGPDg+KmP9ICFU=\n"
				     "-----END PUBLIC KEY-----\n";
	CLEANUP(trust_key_free_ptr) struct trust_key *k = NULL;
	struct x509_st *x509 = mock_certify(x25519, false);
	struct err err = { 0 };

	ck_assert_int_eq(trust_key_of_certificate(x509, few_decoders(), "a.crt", &k, &err), ERR_UNSUPPORTED);
	ck_assert_msg(strstr(err.msg, "another kind") != NULL, "%s", err.msg);
	ck_assert_ptr_null(k);
	mock_certified_free(x509);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("key");
	TCase *t = tcase_create("key");

	tcase_add_loop_test(t, pem, 0, (int)COUNT_OF(files));
	tcase_add_test(t, two_in_one_file);
	tcase_add_loop_test(t, signature, 0, (int)COUNT_OF(signatures));
	tcase_add_loop_test(t, said_to_be, 0, (int)COUNT_OF(said));
	tcase_add_loop_test(t, hashed_form, 0, (int)COUNT_OF(hashed));
	tcase_add_test(t, hashed_form_of_a_log);
	tcase_add_test(t, digest_alone);
	tcase_add_loop_test(t, in_a_certificate, 0, (int)COUNT_OF(certified));
	tcase_add_test(t, other_kind_in_a_certificate);
	tcase_add_test(t, file);
	suite_add_tcase(s, t);
	return test_run(s);
}
