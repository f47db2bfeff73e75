#include "trust/simple_signing.h"

#include <string.h>

#define COSIGN_TYPE "cosign container image signature"

static const struct json_t *critical(const struct json_t *payload, const char *key)
{
	return js_object(js_object(payload, "critical"), key);
}

/* What is critical must be understood, or the signature does not count. */
static enum err_code check_known(const struct json_t *object, const char *const *keys, struct err *err)
{
	const char *key;
	size_t i;

	for (key = js_next(object, NULL); key != NULL; key = js_next(object, key)) {
		for (i = 0; keys[i] != NULL && strcmp(keys[i], key) != 0; i++)
			;
		if (keys[i] == NULL)
			return err_set(err, ERR_UNPROVED,
				       "its payload says something critical that is not known here: \"%.100s\"", key);
	}
	return ERR_OK;
}

static enum err_code check_critical(const struct json_t *payload, struct err *err)
{
	static const char *const all[] = { "identity", "image", "type", NULL };
	static const char *const identity[] = { "docker-reference", NULL };
	static const char *const image[] = { "docker-manifest-digest", NULL };
	enum err_code code = check_known(js_object(payload, "critical"), all, err);

	if (code == ERR_OK)
		code = check_known(critical(payload, "identity"), identity, err);
	return code == ERR_OK ? check_known(critical(payload, "image"), image, err) : code;
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
	return check_critical(payload, err);
}

const char *simple_signing_reference(const struct json_t *payload)
{
	const char *name = js_string(critical(payload, "identity"), "docker-reference");

	return name != NULL && *name != '\0' ? name : NULL;
}
