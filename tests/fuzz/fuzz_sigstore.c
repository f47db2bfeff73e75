/* Sigstore bundles, with all that is in them, proved by a root that never changes; and cosign's annotations. */
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"
#include "trust/checkpoint.h"
#include "trust/legacy.h"
#include "trust/sigstore.h"

#define VECTORS "tests/fixtures/sigstore/"

/* What is trusted: read once. */
static struct trust {
	struct trust_root *v1, *v2;
	struct trust_key *key;
	struct trust_identity anybody;
} trust;

static void fuzz_open(void)
{
	if (trust.v1 != NULL)
		return;
	FUZZ_HOLDS(trust_root_read(VECTORS "trusted_root_public.json", &trust.v1, NULL) == ERR_OK);
	FUZZ_HOLDS(trust_root_read(VECTORS "rekor2-happy-path/trusted_root.json", &trust.v2, NULL) == ERR_OK);
	FUZZ_HOLDS(trust_key_read(VECTORS "managed-key-and-trusted-root/key.pub", &trust.key, NULL) == ERR_OK);
	FUZZ_HOLDS(trust_identity_init(NULL, ".*", NULL, ".*", &trust.anybody, NULL) == ERR_OK);
}

/* What is proved holds again, and says who signed. */
static void prove(const struct sigstore_bundle *b, const struct trust_root *root, struct trust_artifact *artifact)
{
	const struct trust_material material = { .keys = &trust.key, .keys_len = 1, .root = root };
	const struct trust_wanted wanted = { .identities = &trust.anybody, .identities_len = 1 };
	CLEANUP(trust_proof_release) struct trust_proof proof = { 0 };
	struct err err = { 0 };
	enum err_code code = trust_verify(b, &material, &wanted, artifact, &proof, &err);

	fuzz_told(code, &err);
	if (code != ERR_OK)
		return;
	FUZZ_HOLDS((proof.key == NULL) == (proof.identity != NULL && proof.issuer != NULL));
	FUZZ_HOLDS(proof.key != NULL || proof.time_by != TRUST_TIME_NONE);
}

static void fuzz_bundle(const void *text, size_t len)
{
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };
	CLEANUP(trust_artifact_release)
	struct trust_artifact artifact = trust_artifact_of_file(VECTORS "a.txt");
	struct err err = { 0 };
	enum err_code code = sigstore_bundle_read(text, len, "bundle", &b, &err);

	fuzz_told(code, &err);
	if (code != ERR_OK)
		return;
	prove(&b, trust.v1, &artifact);
	prove(&b, trust.v2, &artifact);
	prove(&b, NULL, &artifact);
}

/* Lines stand for the parts: signature, certificate, chain, Rekor's entry, timestamp, layer. */
static void fuzz_legacy(const uint8_t *data, size_t size)
{
	CLEANUP(free_ptr) char *text = fuzz_string(data, size);
	CLEANUP(sigstore_bundle_release) struct sigstore_bundle b = { 0 };
	const char *lines[6] = { "", "", "", "", "", "" };
	struct legacy_parts parts;
	struct err err = { 0 };
	enum err_code code;
	char *rest = text;
	size_t i;

	for (i = 0; i < COUNT_OF(lines) && rest != NULL; i++)
		lines[i] = strsep(&rest, "\n");
	parts = (struct legacy_parts){ lines[5], strlen(lines[5]), lines[0], lines[1], lines[2], lines[3], lines[4] };
	code = sigstore_bundle_of_legacy(&parts, "layer", &b, &err);
	fuzz_told(code, &err);
	if (code == ERR_OK) {
		CLEANUP(trust_artifact_release)
		struct trust_artifact layer = trust_artifact_of_bytes(parts.layer, parts.layer_len, "layer");

		prove(&b, trust.v1, &layer);
	}
}

static void fuzz_checkpoint(const uint8_t *data, size_t size)
{
	CLEANUP(free_ptr) char *text = fuzz_string(data, size);
	struct checkpoint checkpoint;
	struct err err = { 0 };

	fuzz_told(checkpoint_check(text, &trust.v1->tlogs[0], &checkpoint, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_open();
	fuzz_bundle(data, size);
	fuzz_legacy(data, size);
	fuzz_checkpoint(data, size);
	return 0;
}
