/* The part of discovery.h that knows by which tags referrers are found. */
#include <stdio.h>
#include <string.h>

#include "common/discovery.h"
#include "common/mem.h"
#include "common/text.h"

#define TAG_MAX 128

bool discovery_tag(const struct digest *subject, enum link_kind kind, char out[DISCOVERY_TAG_SIZE])
{
	static const char *const suffixes[] = {
		[LINK_SUBJECT] = "",
		[LINK_SIG] = ".sig",
		[LINK_ATT] = ".att",
		[LINK_SBOM] = ".sbom",
	};
	int hex_len = kind == LINK_SUBJECT ? 64 : 128; /* the fallback tag is cut, cosign's is not */

	snprintf(out, DISCOVERY_TAG_SIZE, "%s-%.*s%s", digest_algorithm(subject), hex_len, digest_hex(subject),
		 suffixes[kind]);
	return strlen(out) <= TAG_MAX;
}

/* Of every algorithm, and of every length that clients make of a digest: whole as cosign does, or cut. */
bool discovery_is_tag(const char *tag)
{
	static const char *const suffixes[] = { "", ".sig", ".att", ".sbom" };
	size_t hex, i;

	if (!text_starts(tag, "sha256-") && !text_starts(tag, "sha512-"))
		return false;
	tag += strlen("sha256-");
	hex = strspn(tag, "0123456789abcdef");
	for (i = 0; i < COUNT_OF(suffixes); i++) {
		if ((hex == 64 || hex == 128) && strcmp(tag + hex, suffixes[i]) == 0)
			return true;
	}
	return false;
}
