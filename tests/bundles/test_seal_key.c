#include "bundles/seal_key.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bundles/seal_passphrase.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/test_main.h"

#define PARAMETERS "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
#define TEXT "{\"hello\":\"bundle\"}\n"

struct fixture {
	char *folder, *path;
	struct err err;
};

static void set_up(struct fixture *f)
{
	*f = (struct fixture){ .folder = folder_new() };
	f->path = folder_path(f->folder, "key.pem");
}

static void tear_down(struct fixture *f)
{
	free(f->path);
	folder_remove(f->folder);
}

static enum err_code read_key(struct fixture *f, const char *pem, bool is_private, const char *passphrase,
			      struct seal_key **ret_key)
{
	enum err_code code;
	int ends[2];

	folder_put(f->folder, "key.pem", pem, strlen(pem));
	if (!is_private)
		return seal_key_read_public(f->path, ret_key, &f->err);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], passphrase, strlen(passphrase)), (ssize_t)strlen(passphrase));
	close(ends[1]);
	code = seal_key_read_private(f->path, ends[0], ret_key, &f->err);
	close(ends[0]);
	return code;
}

/* Kinds of keys, and how long their signatures are. */
static const struct {
	const char *name, *pem, *pub;
	size_t len_min, len_max;
} kinds[] = {
	{ "Ed25519", key_ed25519, key_ed25519_pub, 64, 64 },
	{ "P-256", key_p256, key_p256_pub, 60, 72 },
	{ "P-384", key_p384, key_p384_pub, 90, 104 },
	{ "RSA", key_rsa2048, key_rsa2048_pub, 256, 256 },
};

/* A signature holds for its bytes and its key, and for nothing else. */
START_TEST(signs)
{
	unsigned char signature[LIMIT_SIGNATURE_BYTES];
	struct seal_key *private = NULL, *public = NULL;
	struct fixture f;
	size_t len = 0, i;

	set_up(&f);
	ck_assert_msg(read_key(&f, kinds[_i].pem, true, "", &private) == ERR_OK, "%s", f.err.msg);
	ck_assert_msg(read_key(&f, kinds[_i].pub, false, "", &public) == ERR_OK, "%s", f.err.msg);
	ck_assert_str_eq(seal_key_hint(private), seal_key_hint(public));
	ck_assert_str_eq(seal_key_name(public), f.path);
	ck_assert_uint_eq(strlen(seal_key_hint(public)), 44);
	ck_assert_int_eq(seal_key_sign(private, TEXT, strlen(TEXT), signature, &len, &f.err), ERR_OK);
	ck_assert_uint_ge(len, kinds[_i].len_min);
	ck_assert_uint_le(len, kinds[_i].len_max);
	ck_assert_int_eq(seal_key_check(public, TRUST_SHA256, TEXT, strlen(TEXT), signature, len, &f.err), ERR_OK);
	ck_assert_int_eq(seal_key_check(public, TRUST_SHA256, TEXT, strlen(TEXT) - 1, signature, len, &f.err),
			 ERR_UNPROVED);
	ck_assert_int_eq(seal_key_check(public, TRUST_SHA256, "", 0, signature, len, &f.err), ERR_UNPROVED);
	for (i = 0; i < len; i++) {
		signature[i] ^= 0x10;
		ck_assert_int_eq(seal_key_check(public, TRUST_SHA256, TEXT, strlen(TEXT), signature, len, &f.err),
				 ERR_UNPROVED);
		signature[i] ^= 0x10;
	}
	for (i = 0; i < len; i++)
		ck_assert_int_eq(seal_key_check(public, TRUST_SHA256, TEXT, strlen(TEXT), signature, i, &f.err),
				 ERR_UNPROVED);
	ck_assert_int_eq(
		seal_key_check(public, TRUST_SHA256, TEXT, strlen(TEXT), signature, LIMIT_SIGNATURE_BYTES, &f.err),
		ERR_UNPROVED);
	for (i = 0; i < COUNT_OF(kinds); i++) {
		struct seal_key *other = NULL;

		if (i == (size_t)_i)
			continue;
		ck_assert_int_eq(read_key(&f, kinds[i].pub, false, "", &other), ERR_OK);
		ck_assert_str_ne(seal_key_hint(other), seal_key_hint(public));
		ck_assert_int_eq(seal_key_check(other, TRUST_SHA256, TEXT, strlen(TEXT), signature, len, &f.err),
				 ERR_UNPROVED);
		seal_key_free(other);
	}
	seal_key_free(private);
	seal_key_free(public);
	tear_down(&f);
}
END_TEST

/* What openssl signed. */
static const struct {
	const char *name, *pub;
	enum trust_hash hash;
	size_t len;
	unsigned char signature[128];
} others
	[] = {
		{ "P-256 with SHA-256",
		  key_p256_pub,
		  TRUST_SHA256,
		  71,
		  { 0x30, 0x45, 0x02, 0x20, 0x62, 0x99, 0x9e, 0x20, 0x3f, 0xa6, 0x22, 0xb4, 0x35, 0x3e, 0x87,
		    0x32, 0xd9, 0x35, 0xee, 0x05, 0xa8, 0x5e, 0xe5, 0x00, 0x0c, 0x55, 0x4b, 0xbe, 0x1a, 0x85,
		    0x43, 0xd0, 0x56, 0xcc, 0x4a, 0x8a, 0x02, 0x21, 0x00, 0x9f, 0x2b, 0x38, 0xf3, 0x5e, 0xf4,
		    0x05, 0xb5, 0x6e, 0x6e, 0xb5, 0x7b, 0xbf, 0x56, 0xa6, 0xc3, 0xb9, 0x9b, 0x67, 0x41, 0x75,
		    0xea, 0x3e, 0x4f, 0x7b, 0x54, 0xbc, 0x6c, 0x96, 0xbe, 0x60, 0x07 } },
		{ "P-256 with SHA-384",
		  key_p256_pub,
		  TRUST_SHA384,
		  71,
		  { 0x30, 0x45, 0x02, 0x20, 0x53, 0x6c, 0x80, 0xf8, 0xd0, 0x88, 0x2a, 0x2b, 0x25, 0x2b, 0x99,
		    0xce, 0x58, 0xe7, 0xe3, 0x8f, 0x5b, 0x0d, 0xc4, 0x77, 0x30, 0xce, 0xdb, 0xc1, 0xb1, 0xad,
		    0x8d, 0x4d, 0x17, 0xa4, 0x8e, 0xe3, 0x02, 0x21, 0x00, 0xa9, 0xae, 0x23, 0xc6, 0xd1, 0x68,
		    0x92, 0xad, 0x9e, 0x17, 0x1e, 0x3b, 0xd7, 0x91, 0x91, 0xd7, 0xf1, 0xf6, 0x01, 0x46, 0x3b,
		    0x06, 0xe8, 0xd5, 0x19, 0x12, 0x93, 0x56, 0x89, 0x3c, 0x05, 0x3b } },
		{ "P-256 with SHA-512",
		  key_p256_pub,
		  TRUST_SHA512,
		  72,
		  { 0x30, 0x46, 0x02, 0x21, 0x00, 0xc5, 0x35, 0x69, 0x4e, 0xb9, 0x7e, 0xb0, 0xdb, 0x34, 0xec,
		    0xa2, 0x95, 0xa3, 0xbd, 0xec, 0x53, 0xb8, 0x90, 0x76, 0x3b, 0x45, 0x25, 0xd4, 0x40, 0xf5,
		    0x3c, 0x23, 0xe2, 0x3f, 0xcb, 0x49, 0x01, 0x02, 0x21, 0x00, 0xab, 0x2f, 0x79, 0x16, 0x4b,
		    0x34, 0x48, 0xb9, 0x5c, 0x95, 0xbb, 0xdf, 0x86, 0x59, 0x42, 0x07, 0x84, 0xed, 0x49, 0xa7,
		    0x80, 0x16, 0x9a, 0xd5, 0xfb, 0x2c, 0x96, 0xda, 0xc1, 0x3a, 0x1f, 0x85 } },
		{ "P-384 with SHA-256",
		  key_p384_pub,
		  TRUST_SHA256,
		  104,
		  { 0x30, 0x66, 0x02, 0x31, 0x00, 0xf8, 0xb6, 0x4b, 0x48, 0xe7, 0xa6, 0x74, 0x49, 0xd2, 0xf1,
		    0xcc, 0x3d, 0x35, 0x72, 0x9b, 0xca, 0x56, 0x96, 0xb8, 0xb3, 0x08, 0x9b, 0x2f, 0x9f, 0xb0,
		    0x3c, 0x80, 0x79, 0xc3, 0x4f, 0x32, 0xa3, 0x21, 0x09, 0xc3, 0xd8, 0xed, 0x4b, 0x98, 0xd3,
		    0x11, 0x65, 0x47, 0xa5, 0x83, 0x2d, 0xfb, 0xf6, 0x02, 0x31, 0x00, 0xdc, 0x86, 0x73, 0xf7,
		    0x38, 0xb7, 0xa2, 0x78, 0x0d, 0x15, 0x20, 0x9a, 0xa1, 0x72, 0x86, 0x12, 0xfb, 0x0d, 0xbc,
		    0x18, 0x8d, 0x7d, 0x2e, 0x84, 0x01, 0x58, 0xbb, 0x50, 0x6b, 0xd3, 0xbf, 0x36, 0xf0, 0xf2,
		    0xbc, 0x9d, 0x93, 0x4a, 0x86, 0xef, 0xdf, 0x57, 0x32, 0x71, 0xa0, 0x89, 0x36, 0x31 } },
		{ "P-384 with SHA-384",
		  key_p384_pub,
		  TRUST_SHA384,
		  104,
		  { 0x30, 0x66, 0x02, 0x31, 0x00, 0xb6, 0x1e, 0x45, 0x27, 0x6b, 0xbf, 0x0c, 0x95, 0x8a, 0xf7,
		    0x67, 0xb5, 0x7d, 0x2a, 0xe0, 0x67, 0x1f, 0x0f, 0x55, 0x0d, 0xf5, 0xc5, 0x57, 0x36, 0x18,
		    0xfc, 0xbe, 0xf0, 0xd7, 0xcf, 0xc0, 0x3a, 0xd2, 0x73, 0x03, 0xe4, 0xee, 0x79, 0xe7, 0x70,
		    0x69, 0x69, 0xfe, 0xe4, 0xe9, 0x38, 0xb7, 0xf4, 0x02, 0x31, 0x00, 0xc1, 0xac, 0x4c, 0xfb,
		    0xa2, 0xb9, 0x9e, 0x35, 0x6e, 0x59, 0xd3, 0x98, 0x7f, 0x0f, 0x45, 0x22, 0xd9, 0x3d, 0x94,
		    0x7c, 0xd6, 0x10, 0x4e, 0x27, 0xc8, 0xd7, 0xb5, 0xfb, 0x75, 0x61, 0xfe, 0xc2, 0x0c, 0x3d,
		    0x65, 0xd8, 0x28, 0x9a, 0x5b, 0xe8, 0xb7, 0xa0, 0x43, 0x32, 0x7d, 0x64, 0xff, 0x16 } },
		{ "P-384 with SHA-512",
		  key_p384_pub,
		  TRUST_SHA512,
		  104,
		  { 0x30, 0x66, 0x02, 0x31, 0x00, 0xa0, 0xa7, 0x38, 0x3f, 0x77, 0x4b, 0x41, 0x6a, 0xe4, 0xc9,
		    0x23, 0xfb, 0x36, 0x33, 0x60, 0x67, 0x2e, 0xd4, 0xd4, 0xa3, 0x99, 0x14, 0x41, 0x90, 0x3f,
		    0x51, 0x56, 0x8a, 0x87, 0xb1, 0xca, 0xed, 0x18, 0x4a, 0x99, 0xb7, 0x21, 0x4d, 0x8e, 0x0b,
		    0x7e, 0x13, 0x06, 0xed, 0x83, 0x12, 0x66, 0xc3, 0x02, 0x31, 0x00, 0xc1, 0xdb, 0x18, 0x3b,
		    0xab, 0xe9, 0xcb, 0xb4, 0xf1, 0xef, 0xde, 0xa4, 0x79, 0xbb, 0x2a, 0x2d, 0xe5, 0x9b, 0xd1,
		    0x2a, 0x62, 0x2a, 0xb5, 0x10, 0x1c, 0x82, 0x16, 0xe1, 0xb5, 0x11, 0xed, 0xbd, 0x03, 0xce,
		    0xa2, 0xce, 0x41, 0xb7, 0x88, 0x81, 0xfb, 0x92, 0x7a, 0x9d, 0x98, 0x59, 0xc7, 0x66 } },
		{ "Ed25519",
		  key_ed25519_pub,
		  TRUST_SHA256,
		  64,
		  { 0x37, 0xad, 0x80, 0xbe, 0x92, 0x53, 0xb0, 0x88, 0x11, 0x44, 0x45, 0x13, 0xe8, 0xa6, 0xe1, 0xf0,
		    0x0e, 0x40, 0x1f, 0x4a, 0x43, 0xca, 0x2a, 0x24, 0x77, 0x16, 0x62, 0x70, 0xf4, 0x82, 0xe0, 0xc0,
		    0xc1, 0x79, 0xfd, 0xb3, 0x4a, 0x0a, 0x15, 0x57, 0x8c, 0x08, 0xf8, 0x60, 0xb9, 0xfb, 0x82, 0x41,
		    0xa4, 0xcf, 0xa5, 0x5a, 0xbf, 0x2a, 0x95, 0x8d, 0x5f, 0x41, 0xcf, 0x6b, 0x0a, 0xe5, 0x76, 0x06 } },
	};

START_TEST(made_elsewhere)
{
	struct seal_key *key = NULL;
	struct fixture f;
	enum trust_hash hash;

	set_up(&f);
	ck_assert_int_eq(read_key(&f, others[_i].pub, false, "", &key), ERR_OK);
	for (hash = 0; hash < TRUST_HASHES; hash++) {
		bool is_same = hash == others[_i].hash || others[_i].pub == key_ed25519_pub;

		ck_assert_int_eq(
			seal_key_check(key, hash, TEXT, strlen(TEXT), others[_i].signature, others[_i].len, &f.err),
			is_same ? ERR_OK : ERR_UNPROVED);
	}
	seal_key_free(key);
	tear_down(&f);
}
END_TEST

static const struct {
	const char *name, *pem;
	bool is_private;
	const char *passphrase;
	enum err_code want;
	const char *says;
} files[] = {
	{ "SEC 1", key_p256_sec1, true, "", ERR_OK, "" },
	{ "encrypted", key_p256_encrypted, true, KEY_PASSPHRASE "\n", ERR_OK, "" },
	{ "encrypted, no line feed", key_p256_encrypted, true, KEY_PASSPHRASE, ERR_OK, "" },
	{ "encrypted, a second line", key_p256_encrypted, true, KEY_PASSPHRASE "\nmore\n", ERR_OK, "" },
	{ "encrypted, old form", key_rsa2048_encrypted, true, KEY_PASSPHRASE "\n", ERR_OK, "" },
	{ "wrong passphrase", key_p256_encrypted, true, "Secret\n", ERR_DENIED, "does not open it" },
	{ "wrong passphrase, old form", key_rsa2048_encrypted, true, "Secret\n", ERR_DENIED, "does not open it" },
	{ "no passphrase", key_p256_encrypted, true, "", ERR_DENIED, "does not open it" },
	{ "private for public", key_p256, false, "", ERR_FORMAT, "but a private one" },
	{ "public for private", key_p256_pub, true, "", ERR_FORMAT, "but a public one" },
	{ "another curve", key_p521, true, "", ERR_UNSUPPORTED, "P-256 or P-384" },
	{ "another curve, public", key_p521_pub, false, "", ERR_UNSUPPORTED, "P-256 or P-384" },
	{ "short RSA", key_rsa1024, true, "", ERR_UNSUPPORTED, "2048" },
	{ "short RSA, public", key_rsa1024_pub, false, "", ERR_UNSUPPORTED, "2048" },
	{ "empty", "", false, "", ERR_FORMAT, "no public key in PEM" },
	{ "empty, private", "", true, "", ERR_FORMAT, "no private key in PEM" },
	{ "text", "hello\n", false, "", ERR_FORMAT, "no public key in PEM" },
	{ "no content", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", false, "", ERR_FORMAT,
	  "no public key" },
	{ "cosign's own", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", true, "", ERR_UNSUPPORTED, "--attach" },
};

START_TEST(file)
{
	struct seal_key *key = NULL;
	struct fixture f;
	enum err_code got;

	set_up(&f);
	got = read_key(&f, files[_i].pem, files[_i].is_private, files[_i].passphrase, &key);
	ck_assert_msg(got == files[_i].want, "%s: %d (%s)", files[_i].name, got, f.err.msg);
	ck_assert(got == ERR_OK ? key != NULL : key == NULL);
	if (got != ERR_OK) {
		ck_assert_msg(strstr(f.err.msg, f.path) != NULL, "%s", f.err.msg);
		ck_assert_msg(strstr(f.err.msg, files[_i].says) != NULL, "%s: %s", files[_i].name, f.err.msg);
	}
	seal_key_free(key);
	tear_down(&f);
}
END_TEST

START_TEST(not_one_key)
{
	struct seal_key *key = NULL;
	struct fixture f;
	char *two, *large;

	set_up(&f);
	ck_assert_int_ge(asprintf(&two, "%s%s", key_p256_pub, key_ed25519_pub), 0);
	ck_assert_int_eq(read_key(&f, two, false, "", &key), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "more than one"));
	free(two);
	ck_assert_int_ge(asprintf(&two, "%s%s", key_p256, key_ed25519), 0);
	ck_assert_int_eq(read_key(&f, two, true, "", &key), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "more than one"));
	large = calloc(1, LIMIT_KEY_BYTES + 2);
	memset(large, 'x', LIMIT_KEY_BYTES + 1);
	ck_assert_int_eq(read_key(&f, large, false, "", &key), ERR_LIMIT);
	ck_assert_int_eq(seal_key_read_public(f.folder, &key, &f.err), ERR_IO);
	unlink(f.path);
	ck_assert_int_eq(seal_key_read_public(f.path, &key, &f.err), ERR_NOT_FOUND);
	ck_assert_int_eq(seal_key_read_private(f.path, -1, &key, &f.err), ERR_NOT_FOUND);
	ck_assert_ptr_null(key);
	free(two);
	free(large);
	tear_down(&f);
}
END_TEST

/* As openssl ecparam -genkey writes them. */
START_TEST(behind_parameters)
{
	struct seal_key *key = NULL;
	struct fixture f;
	char *both;

	set_up(&f);
	ck_assert_int_ge(asprintf(&both, PARAMETERS "%s", key_p256_sec1), 0);
	ck_assert_msg(read_key(&f, both, true, "", &key) == ERR_OK, "%s", f.err.msg);
	free(both);
	seal_key_free(key);
	key = NULL;
	ck_assert_int_ge(asprintf(&both, PARAMETERS "%s%s", key_p256_sec1, key_ed25519), 0);
	ck_assert_int_eq(read_key(&f, both, true, "", &key), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "more than one"));
	ck_assert_int_eq(read_key(&f, PARAMETERS, true, "", &key), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "holds no private key"));
	free(both);
	tear_down(&f);
}
END_TEST

/* Without a terminal nobody is asked, and standard input is left alone. */
START_TEST(nobody_to_ask)
{
	int terminal = open("/dev/tty", O_RDWR);
	struct seal_key *key = NULL;
	struct fixture f;

	set_up(&f);
	if (terminal >= 0)
		ck_assert_int_eq(ioctl(terminal, TIOCNOTTY), 0);
	close(terminal);
	folder_put(f.folder, "key.pem", key_p256_encrypted, strlen(key_p256_encrypted));
	ck_assert_int_eq(seal_key_read_private(f.path, -1, &key, &f.err), ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "--passphrase-fd"));
	ck_assert_int_eq(seal_key_read_private(f.path, 999, &key, &f.err), ERR_IO); /* not open */
	tear_down(&f);
}
END_TEST

static const struct {
	const char *text;
	enum err_code want;
	int fd;
} fds[] = {
	{ NULL, ERR_OK, -1 },    { "0", ERR_OK, 0 },          { "2", ERR_OK, 2 },
	{ "", ERR_USAGE, 0 },    { "-1", ERR_USAGE, 0 },      { "1x", ERR_USAGE, 0 },
	{ "987", ERR_USAGE, 0 }, { "1000000", ERR_USAGE, 0 }, { "99999999999", ERR_USAGE, 0 },
};

START_TEST(fd_text)
{
	struct err err = { .code = ERR_OK };
	int fd = 77;

	ck_assert_int_eq(passphrase_fd(fds[_i].text, &fd, &err), fds[_i].want);
	ck_assert_int_eq(fd, fds[_i].want == ERR_OK ? fds[_i].fd : 77);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("seal_key");
	TCase *t = tcase_create("keys");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, signs, 0, (int)COUNT_OF(kinds));
	tcase_add_loop_test(t, made_elsewhere, 0, (int)COUNT_OF(others));
	tcase_add_loop_test(t, file, 0, (int)COUNT_OF(files));
	tcase_add_test(t, not_one_key);
	tcase_add_test(t, behind_parameters);
	tcase_add_test(t, nobody_to_ask);
	tcase_add_loop_test(t, fd_text, 0, (int)COUNT_OF(fds));
	suite_add_tcase(s, t);
	return test_run(s);
}
