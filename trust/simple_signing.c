#include "trust/simple_signing.h"

#include <string.h>

#define COSIGN_TYPE "cosign container image signature"

static const struct json_t *critical(const struct json_t *payload, const char *key)
{
	return js_object(js_object(payload, "critical"), key);
}

enum err_code simple_signing_check(const struct json_t *payload, const struct digest *subject, struct err *err)
{
	const char *type = js_string(js_object(payload, "critical"), "type");
	const char *digest = js_string(critical(payload, "image"), "docker-manifest-digest");

	if (type == NULL || digest == NULL)
		return err_set(err, ERR_UNPROVED,
			       "its payload is no simple signing: critical.type or critical.image is "
			       "missing");
	if (strcmp(type, COSIGN_TYPE) != 0)
		return err_set(err, ERR_UNPROVED, "its payload is of the type %.100s, not %s", type, COSIGN_TYPE);
	if (strcmp(digest, subject->text) != 0)
		return err_set(err, ERR_UNPROVED, "it was signed for another image, %.140s", digest);
	return ERR_OK;
}

const char *simple_signing_reference(const struct json_t *payload)
{
	const char *name = js_string(critical(payload, "identity"), "docker-reference");

	return name != NULL && *name != '\0' ? name : NULL;
}
