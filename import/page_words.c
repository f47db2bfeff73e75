#include "import/page_words.h"

#include "common/mem.h"
#include "common/text.h"

static const struct {
	const char *type; /* as it begins */
	struct page_words words;
} types[] = {
	{ "https://slsa.dev/provenance/v1", { "Provenance", "SLSA provenance v1" } },
	{ "https://slsa.dev/provenance/v0.2", { "Provenance", "SLSA provenance v0.2" } },
	{ "https://slsa.dev/provenance/", { "Provenance", "SLSA provenance" } },
	{ "https://slsa.dev/verification_summary/", { "Verification", "SLSA verification summary" } },
	{ "https://spdx.dev/Document", { "SBOM", "SPDX document" } },
	{ "https://cyclonedx.org/bom", { "SBOM", "CycloneDX document" } },
	{ "https://openvex.dev/ns", { "VEX", "OpenVEX document" } },
	{ "https://cosign.sigstore.dev/attestation/vuln/", { "Scan", "Vulnerability scan" } },
	{ "https://cosign.sigstore.dev/attestation/", { "Attestation", "cosign attestation" } },
	{ "https://in-toto.io/attestation/vulns", { "Scan", "Vulnerability scan" } },
	{ "https://in-toto.io/attestation/test-result", { "Tests", "Test result" } },
	{ "https://sigstore.dev/cosign/sign/", { "Signature", "cosign signature" } },
	{ "application/vnd.dev.sigstore.bundle", { "Signature", "Sigstore bundle" } },
	{ "application/vnd.dev.cosign.simplesigning", { "Signature", "cosign signature" } },
	{ "application/vnd.dev.cosign.artifact.sig", { "Signature", "cosign signature" } },
	{ "application/vnd.cncf.notary.signature", { "Signature", "Notation signature" } },
	{ "application/vnd.dsse.envelope", { "Attestation", "Signed attestation (DSSE)" } },
	{ "application/vnd.in-toto", { "Statement", "in-toto statement" } },
	{ "application/spdx", { "SBOM", "SPDX document" } },
	{ "text/spdx", { "SBOM", "SPDX document" } },
	{ "application/vnd.cyclonedx", { "SBOM", "CycloneDX document" } },
	{ "application/vnd.syft", { "SBOM", "Syft document" } },
	{ TYPE_OCI_CONFIG, { "Config", "Image configuration" } },
	{ "application/vnd.docker.container.image.v1+json", { "Config", "Image configuration" } },
	{ TYPE_OCI_INDEX, { "Index", "Image index" } },
	{ TYPE_DOCKER_LIST, { "Index", "Image index (Docker manifest list)" } },
	{ TYPE_OCI_MANIFEST, { "Manifest", "Image manifest" } },
	{ TYPE_DOCKER_MANIFEST, { "Manifest", "Image manifest (Docker)" } },
};

static const char *const roles[ROLE_COUNT] = {
	[ROLE_INDEX] = "Index",         [ROLE_MANIFEST] = "Manifest", [ROLE_ATTESTATION] = "Attestation",
	[ROLE_REFERRER] = "Referrer",   [ROLE_CONFIG] = "Config",     [ROLE_STATEMENT] = "Statement",
	[ROLE_ARTIFACT] = "Attachment", [ROLE_LAYER] = "Layer",
};

const struct page_words *page_words_of(const char *type)
{
	size_t i;

	for (i = 0; type != NULL && i < COUNT_OF(types); i++) {
		if (text_starts(type, types[i].type))
			return &types[i].words;
	}
	return NULL;
}

/* What a manifest of an image runs on, or a config is, its media type alone says; the artifact type of such a manifest
 * would be that of its config. */
static const char *type_of(const struct node *n)
{
	if (n->role != ROLE_REFERRER && n->role != ROLE_STATEMENT && n->role != ROLE_ARTIFACT)
		return n->media_type;
	if (n->predicate_type != NULL && *n->predicate_type != '\0')
		return n->predicate_type;
	return n->artifact_type != NULL && *n->artifact_type != '\0' ? n->artifact_type : n->media_type;
}

struct page_words page_words_of_node(const struct node *n)
{
	const char *type = type_of(n);
	const struct page_words *known = page_words_of(type);

	if (n->role == ROLE_ATTESTATION)
		return (struct page_words){ "Attestations", "BuildKit attestation manifest" };
	if (known != NULL)
		return *known;
	return (struct page_words){ roles[n->role], type != NULL && *type != '\0' ? type : role_name(n->role) };
}
