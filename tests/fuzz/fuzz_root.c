/* Trusted roots, public keys, certificates, timestamps and patterns of identities. */
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"
#include "trust/certificate.h"
#include "trust/identity.h"
#include "trust/root.h"
#include "trust/timestamp.h"

static void fuzz_root(const void *text, size_t len)
{
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	struct err err = { 0 };
	enum err_code code = trust_root_parse(text, len, "root", &root, &err);
	size_t i;

	fuzz_told(code, &err);
	for (i = 0; code == ERR_OK && i < root->tlogs_len; i++)
		FUZZ_HOLDS(root->tlogs[i].key != NULL && root->tlogs[i].id_len > 0);
	for (i = 0; code == ERR_OK && i < root->cas_len; i++)
		FUZZ_HOLDS(root->cas[i].chain_len > 0 && root->cas[i].store != NULL);
}

static void fuzz_pem(const void *text, size_t len)
{
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	struct err err = { 0 };

	FUZZ_HOLDS(trust_root_new("root", &root, NULL) == ERR_OK);
	fuzz_told(trust_root_add_ca(root, text, len, "ca", &err), &err);
	err = (struct err){ 0 };
	fuzz_told(trust_root_add_tlog(root, text, len, "log", &err), &err);
}

static void fuzz_der(const void *der, size_t len)
{
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	CLEANUP(certificate_release) struct certificate certificate = { 0 };
	CLEANUP(buf_release) struct buf response = { .max = 1 << 20 };
	struct err err = { 0 };
	int64_t time = 0;
	enum err_code code = certificate_read(der, len, &certificate, &err);

	fuzz_told(code, &err);
	if (code == ERR_OK)
		fuzz_told(certificate_check_use(&certificate, &err), &err);
	err = (struct err){ 0 };
	FUZZ_HOLDS(trust_root_new("root", &root, NULL) == ERR_OK && buf_add(&response, der, len, NULL) == ERR_OK);
	fuzz_told(timestamp_check(&response, "", 0, root, &time, &err), &err);
}

static void fuzz_identity(const uint8_t *data, size_t size)
{
	CLEANUP(free_ptr) char *text = fuzz_string(data, size < 64 ? size : 64);
	CLEANUP(trust_identity_release) struct trust_identity rule = { 0 };
	struct err err = { 0 };

	if (strpbrk(text, "{*+") != NULL) /* what people write is theirs: a pattern may take as long as it likes */
		return;
	fuzz_told(trust_identity_init(NULL, text, text, NULL, &rule, &err), &err);
	if (rule.identity != NULL) {
		err = (struct err){ 0 };
		fuzz_told(trust_identity_match(&rule, &text, 1, text, &err), &err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_root(data, size);
	fuzz_pem(data, size);
	fuzz_der(data, size);
	fuzz_identity(data, size);
	return 0;
}
