#include "trust/artifact.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/stream.h"

static const struct {
	const char *names[3]; /* of sigstore, of in-toto and Rekor, of PublicKeyDetails' older spelling */
	const EVP_MD *(*md)(void);
	size_t bytes;
} hashes[TRUST_HASHES] = {
	[TRUST_SHA256] = { { "SHA2_256", "sha256", "SHA256" }, EVP_sha256, 32 },
	[TRUST_SHA384] = { { "SHA2_384", "sha384", "SHA384" }, EVP_sha384, 48 },
	[TRUST_SHA512] = { { "SHA2_512", "sha512", "SHA512" }, EVP_sha512, 64 },
};

size_t trust_hash_bytes(enum trust_hash hash)
{
	return hashes[hash].bytes;
}

const char *trust_hash_name(enum trust_hash hash)
{
	return hashes[hash].names[0];
}

static EVP_MD *fetched[TRUST_HASHES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Where everybody else finds theirs, whatever context this thread has for the time being. */
static void fetch_all(void)
{
	OSSL_LIB_CTX *usual = OSSL_LIB_CTX_get0_global_default();
	size_t i;

	for (i = 0; i < TRUST_HASHES; i++)
		fetched[i] = EVP_MD_fetch(usual, hashes[i].names[1], NULL);
	ERR_clear_error();
}

/* Found once in a process: OpenSSL 3 looks anew at each use for what is behind EVP_sha256(). */
const EVP_MD *trust_hash_md(enum trust_hash hash)
{
	if (pthread_once(&once, fetch_all) == 0 && fetched[hash] != NULL)
		return fetched[hash];
	return hashes[hash].md();
}

enum trust_hash trust_hash_named(const char *name)
{
	size_t i, j;

	for (i = 0; name != NULL && i < TRUST_HASHES; i++) {
		for (j = 0; j < COUNT_OF(hashes[i].names); j++) {
			if (strcmp(name, hashes[i].names[j]) == 0)
				return (enum trust_hash)i;
		}
	}
	return TRUST_HASHES;
}

enum err_code trust_hash_of(enum trust_hash hash, const void *bytes, size_t len, unsigned char out[TRUST_HASH_MAX],
			    struct err *err)
{
	if (EVP_Digest(bytes, len, out, NULL, trust_hash_md(hash), NULL) != 1)
		return err_set(err, ERR_CRYPTO, "%s is not available", hashes[hash].names[0]);
	return ERR_OK;
}

struct trust_artifact trust_artifact_of_bytes(const void *bytes, size_t len, const char *name)
{
	return (struct trust_artifact){ .name = name, .bytes = bytes != NULL ? bytes : "", .len = len };
}

struct trust_artifact trust_artifact_of_file(const char *path)
{
	return (struct trust_artifact){ .name = path, .path = path };
}

enum err_code trust_artifact_of_digest(const struct digest *digest, struct trust_artifact *ret_artifact,
				       struct err *err)
{
	struct trust_artifact a = { .name = digest->text };
	enum trust_hash hash = trust_hash_named(digest_algorithm(digest));
	struct digest_packed packed;

	if (hash == TRUST_HASHES)
		return err_set(err, ERR_UNSUPPORTED, "%s: a digest that nothing is signed by", digest->text);
	digest_pack(digest, &packed);
	memcpy(a.hash[hash], packed.bytes, packed.len);
	a.known[hash] = true;
	*ret_artifact = a;
	return ERR_OK;
}

static enum err_code update_from(int fd, const char *path, EVP_MD_CTX *context, struct err *err)
{
	static _Thread_local unsigned char chunk[STREAM_CHUNK_BYTES];
	ssize_t got;

	for (;;) {
		got = read(fd, chunk, sizeof(chunk));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, path);
		if (got == 0)
			return ERR_OK;
		if (EVP_DigestUpdate(context, chunk, (size_t)got) != 1)
			return err_set(err, ERR_CRYPTO, "%s: cannot be hashed", path);
	}
}

static enum err_code hash_file(const char *path, enum trust_hash hash, unsigned char *out, struct err *err)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	EVP_MD_CTX *context;
	enum err_code code;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
	if (fd < 0)
		return err_errno(err, path);
	context = EVP_MD_CTX_new();
	if (context == NULL)
		return err_nomem(err);
	code = EVP_DigestInit_ex(context, trust_hash_md(hash), NULL) == 1
		       ? update_from(fd, path, context, err)
		       : err_set(err, ERR_CRYPTO, "%s is not available", hashes[hash].names[0]);
	if (code == ERR_OK && EVP_DigestFinal_ex(context, out, NULL) != 1)
		code = err_set(err, ERR_CRYPTO, "%s: cannot be hashed", path);
	EVP_MD_CTX_free(context);
	return code;
}

/* A pipe, which says nothing when it is read again: that would be the hash of an empty file. */
static bool reads_once(const struct trust_artifact *a)
{
	struct stat st;

	return a->bytes == NULL && a->path != NULL && stat(a->path, &st) == 0 && !S_ISREG(st.st_mode);
}

enum err_code trust_artifact_hash(struct trust_artifact *a, enum trust_hash hash, const unsigned char **ret_hash,
				  struct err *err)
{
	const void *bytes;
	size_t len;
	enum err_code code = ERR_OK;

	if (!a->known[hash] && reads_once(a)) {
		code = trust_artifact_bytes(a, &bytes, &len, err);
		if (code != ERR_OK)
			return code;
	}
	if (!a->known[hash]) {
		if (a->bytes != NULL)
			code = trust_hash_of(hash, a->bytes, a->len, a->hash[hash], err);
		else if (a->path != NULL)
			code = hash_file(a->path, hash, a->hash[hash], err);
		else
			code = err_set(err, ERR_UNPROVED,
				       "the signature is over its %s, and only another digest of it is known: name the "
				       "file itself",
				       hashes[hash].names[1]);
	}
	if (code != ERR_OK)
		return code;
	a->known[hash] = true;
	*ret_hash = a->hash[hash];
	return ERR_OK;
}

enum err_code trust_artifact_bytes(struct trust_artifact *a, const void **ret_bytes, size_t *ret_len, struct err *err)
{
	enum err_code code;

	if (a->bytes == NULL && a->path == NULL)
		return err_set(err, ERR_UNPROVED,
			       "the signature is over its bytes, and only a digest of it is known: name the file "
			       "itself");
	if (a->bytes == NULL) {
		buf_init(&a->read, LIMIT_ARTIFACT_BYTES);
		code = file_read_any(a->path, &a->read, err);
		if (code != ERR_OK) {
			buf_release(&a->read);
			return code;
		}
		a->bytes = buf_text(&a->read);
		a->len = a->read.len;
	}
	*ret_bytes = a->bytes;
	*ret_len = a->len;
	return ERR_OK;
}

void trust_artifact_release(struct trust_artifact *a)
{
	buf_release(&a->read);
	*a = (struct trust_artifact){ 0 };
}
