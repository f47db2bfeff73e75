#include "trust/statement.h"

#include <string.h>
#include <strings.h>

#include "common/hex.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "trust/protojson.h"

#define STATEMENT_TYPE_0_1 "https://in-toto.io/Statement/v0.1"
#define STATEMENT_TYPE_1 "https://in-toto.io/Statement/v1"

/* By every digest that can be told: where one says otherwise, nobody knows what was meant.  *ret_untold becomes true
 * where none does, but there is one that cannot be told. */
static bool has_digest(const struct json_t *digests, struct trust_artifact *artifact, bool *ret_untold)
{
	bool found = false, untold = false;
	char hex[2 * TRUST_HASH_MAX + 1];
	const unsigned char *hash = NULL;
	const char *name;

	for (name = js_next(digests, NULL); name != NULL; name = js_next(digests, name)) {
		enum trust_hash which = trust_hash_named(name);
		const char *text = js_string(digests, name);

		if (which == TRUST_HASHES || text == NULL)
			continue;
		if (trust_artifact_hash(artifact, which, &hash, NULL) != ERR_OK) {
			untold = true; /* only another digest is known */
			continue;
		}
		hex_encode(hex, hash, trust_hash_bytes(which));
		if (strcasecmp(hex, text) != 0)
			return false;
		found = true;
	}
	*ret_untold = *ret_untold || untold;
	return found;
}

static enum err_code find_subject(const struct json_t *json, struct trust_artifact *artifact, struct err *err)
{
	const struct json_t *subjects = js_array(json, "subject");
	bool untold = false;
	const char *name;
	size_t i;

	for (i = 0; i < js_len(subjects); i++) {
		if (has_digest(js_object(js_at(subjects, i), "digest"), artifact, &untold))
			return ERR_OK;
	}
	if (untold)
		return err_set(err, ERR_UNPROVED,
			       "the statement names what it is about by another digest than that which is known of %s: "
			       "name the file itself",
			       artifact->name);
	name = js_string(js_at(subjects, 0), "name");
	return err_set(err, ERR_UNPROVED, "the statement is about something else%s%.200s", name != NULL ? ": " : "",
		       name != NULL ? name : "");
}

enum err_code statement_read(const struct buf *statement, struct trust_artifact *artifact, char **ret_predicate_type,
			     struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	const char *type;
	enum err_code code =
		js_read_large(buf_text(statement), statement->len, LIMIT_DESCRIPTION_VALUES, "statement", &json, err);

	if (code != ERR_OK)
		return code;
	type = js_string(json, "_type");
	if (type == NULL || (strcmp(type, STATEMENT_TYPE_0_1) != 0 && strcmp(type, STATEMENT_TYPE_1) != 0))
		return err_set(err, ERR_FORMAT, "the payload is no in-toto statement of version 0.1 or 1");
	if (js_len(js_array(json, "subject")) == 0)
		return err_set(err, ERR_FORMAT, "a statement without subject");
	if (artifact != NULL)
		code = find_subject(json, artifact, err);
	return code == ERR_OK ? protojson_text(json, "predicateType", ret_predicate_type, err) : code;
}
