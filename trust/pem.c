#include "trust/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

enum err_code pem_check_single(const char *text, const char *what, const char *name, struct err *err)
{
	const char *first = strstr(text, PEM_BEGIN);

	if (first == NULL)
		return err_set(err, ERR_FORMAT, "%s: holds no %s key in PEM", name, what);
	if (strstr(first + 1, PEM_BEGIN) != NULL)
		return err_set(err, ERR_FORMAT, "%s: holds more than one thing in PEM: put each key into its own file",
			       name);
	return ERR_OK;
}

bool pem_is_cosigns(const char *text)
{
	return strstr(text, PEM_BEGIN "ENCRYPTED SIGSTORE") != NULL ||
	       strstr(text, PEM_BEGIN "ENCRYPTED COSIGN") != NULL;
}

/* What is there in place of a public key, as far as it can be said. */
static const char *instead(const char *text)
{
	if (strstr(text, PEM_BEGIN PEM_STRING_PUBLIC) != NULL)
		return " that can be read: the one in it is cut or changed, or of a kind that is not known";
	if (pem_is_cosigns(text))
		return ", but a private one in cosign's own form: cosign public-key --key KEY prints its public half";
	if (strstr(text, "PRIVATE KEY") != NULL)
		return ", but a private one: openssl pkey -in KEY -pubout prints its public half";
	return "";
}

int pem_no_passphrase(char *out, int out_size, int writing, void *ctx)
{
	(void)out;
	(void)out_size;
	(void)writing;
	(void)ctx;
	return -1;
}

enum err_code pem_read_public(const char *text, const char *name, struct evp_pkey_st **ret_key, struct err *err)
{
	enum err_code code = pem_check_single(text, "public", name, err);
	EVP_PKEY *key;
	BIO *bio;

	if (code != ERR_OK)
		return code;
	bio = BIO_new_mem_buf(text, -1);
	if (bio == NULL)
		return err_nomem(err);
	key = PEM_read_bio_PUBKEY(bio, NULL, pem_no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (key == NULL)
		return err_set(err, ERR_FORMAT, "%s: holds no public key%s", name, instead(text));
	*ret_key = key;
	return ERR_OK;
}
