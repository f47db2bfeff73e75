/* WWW-Authenticate headers. */
#include "common/challenge.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct challenge c;
	char *header = fuzz_string(data, size);

	challenge_parse(header, &c);
	if (c.scheme == CHALLENGE_BEARER)
		FUZZ_HOLDS(c.realm[0] != '\0');
	FUZZ_HOLDS(strnlen(c.realm, CHALLENGE_VALUE_MAX) < CHALLENGE_VALUE_MAX);
	FUZZ_HOLDS(strnlen(c.service, CHALLENGE_VALUE_MAX) < CHALLENGE_VALUE_MAX);
	FUZZ_HOLDS(strnlen(c.scope, CHALLENGE_VALUE_MAX) < CHALLENGE_VALUE_MAX);
	free(header);
	return 0;
}
