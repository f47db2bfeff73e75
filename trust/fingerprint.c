#include "trust/fingerprint.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/base64.h"
#include "common/hex.h"
#include "common/mem.h"
#include "trust/pem.h"

#define FINGERPRINT_BYTES 32

/* It is asked first: a key that is usual already may be in use by other threads. */
static bool is_usual(const EVP_PKEY *key)
{
	char form[32] = "", encoding[32] = "";

	return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form, sizeof(form),
					      NULL) == 1 &&
	       EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding, sizeof(encoding), NULL) ==
		       1 &&
	       strcmp(form, OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 0 &&
	       strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) == 0;
}

/* Two files that write one key in two ways would else be two keys to whoever counts them. */
static bool make_usual(EVP_PKEY *key)
{
	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || is_usual(key))
		return true;
	return EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
					      OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1 &&
	       EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP) == 1;
}

/* An RSA key that is written as one for PSS alone is the same key.  NULL where it cannot be made. */
static EVP_PKEY *plain_rsa(const EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *all = NULL, numbers[3], *at = numbers;
	EVP_PKEY *plain = NULL;
	size_t i;

	if (EVP_PKEY_todata(key, EVP_PKEY_PUBLIC_KEY, &all) == 1) {
		for (i = 0; all[i].key != NULL && at < numbers + 2; i++) {
			if (strcmp(all[i].key, OSSL_PKEY_PARAM_RSA_N) == 0 ||
			    strcmp(all[i].key, OSSL_PKEY_PARAM_RSA_E) == 0)
				*at++ = all[i];
		}
		*at = OSSL_PARAM_construct_end();
		if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
		    EVP_PKEY_fromdata(ctx, &plain, EVP_PKEY_PUBLIC_KEY, numbers) != 1)
			plain = NULL;
	}
	OSSL_PARAM_free(all);
	EVP_PKEY_CTX_free(ctx);
	return plain;
}

static int write_der(EVP_PKEY *key, unsigned char **ret_der)
{
	EVP_PKEY *plain;
	int len;

	if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA_PSS)
		return make_usual(key) ? i2d_PUBKEY(key, ret_der) : -1;
	plain = plain_rsa(key);
	len = plain != NULL ? i2d_PUBKEY(plain, ret_der) : -1;
	EVP_PKEY_free(plain);
	return len;
}

/* In front of the point's coordinates, or of the raw key, everything is given: kind, curve by its name, and the 4 of a
 * point that is not compressed. */
bool fingerprint_is_form(const void *der, size_t len)
{
	static const struct {
		const char *front;
		size_t front_len, len;
	} forms[] = {
		{ "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42"
		  "\x00\x04",
		  27, 91 },
		{ "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04",
		  24, 120 },
		{ "\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00"
		  "\x04",
		  26, 158 },
		{ "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12, 44 },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(forms); i++) {
		if (len == forms[i].len && memcmp(der, forms[i].front, forms[i].front_len) == 0)
			return true;
	}
	return false;
}

enum err_code fingerprint_of(struct evp_pkey_st *key, struct digest *ret_fingerprint, struct err *err)
{
	unsigned char *der = NULL;
	int len = write_der(key, &der);
	enum err_code code;

	ERR_clear_error();
	if (len <= 0)
		return err_set(err, ERR_FORMAT, "this key cannot be written as DER"); /* a point at infinity */
	code = digest_of(der, (size_t)len, NULL, ret_fingerprint, err);
	OPENSSL_free(der);
	return code;
}

enum err_code fingerprint_of_pem(const char *text, const char *name, struct digest *ret_fingerprint, struct err *err)
{
	EVP_PKEY *key = NULL;
	enum err_code code = pem_read_public(text, name, &key, err);

	if (code != ERR_OK)
		return code;
	code = fingerprint_of(key, ret_fingerprint, err);
	EVP_PKEY_free(key);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", name);
}

/* The bytes of a digest in hex, which digest_parse has accepted. */
static void decode_hex(const char *hex, unsigned char out[FINGERPRINT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < (size_t)2 * FINGERPRINT_BYTES && hex[i] != '\0'; i++) {
		const char *digit = strchr(digits, hex[i]);

		out[i / 2] = (unsigned char)(out[i / 2] << 4 | (digit != NULL ? digit - digits : 0));
	}
}

enum err_code fingerprint_text(const struct digest *fingerprint, char out[FINGERPRINT_TEXT_MAX], struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = FINGERPRINT_TEXT_MAX };
	unsigned char bytes[FINGERPRINT_BYTES] = { 0 };
	enum err_code code;

	decode_hex(digest_hex(fingerprint), bytes);
	code = base64_encode(bytes, sizeof(bytes), &text, err);
	if (code == ERR_OK)
		memcpy(out, text.data, text.len + 1);
	return code;
}

enum err_code fingerprint_parse(const char *text, struct digest *ret_fingerprint, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = FINGERPRINT_BYTES };
	char hex[2 * FINGERPRINT_BYTES + 1], digest[DIGEST_TEXT_SIZE];

	if (strlen(text) != FINGERPRINT_TEXT_MAX - 1 || base64_decode(text, &bytes, NULL) != ERR_OK ||
	    bytes.len != FINGERPRINT_BYTES)
		return err_set(err, ERR_FORMAT, "\"%.100s\" is no fingerprint of a key", text);
	hex_encode(hex, (const unsigned char *)bytes.data, bytes.len);
	snprintf(digest, sizeof(digest), "sha256:%s", hex);
	return digest_parse(digest, ret_fingerprint, err);
}
