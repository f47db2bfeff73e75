#include "trust/dsse.h"

#include <string.h>

#include "common/limits.h"
#include "trust/protojson.h"

enum err_code dsse_read(const struct json_t *envelope, char **ret_type, struct buf *payload, struct buf *signature,
			struct err *err)
{
	const struct json_t *signatures = js_array(envelope, "signatures");
	enum err_code code = protojson_text(envelope, "payloadType", ret_type, err);

	buf_init(payload, LIMIT_STATEMENT_BYTES);
	buf_init(signature, LIMIT_SIGNATURE_BYTES);
	if (code == ERR_OK && strcmp(*ret_type, DSSE_IN_TOTO) != 0)
		code = err_set(err, ERR_FORMAT, "an envelope of %.100s, which is not " DSSE_IN_TOTO, *ret_type);
	if (code == ERR_OK && js_len(signatures) != 1)
		code = err_set(err, ERR_FORMAT, "an envelope must have one signature, and this one has %zu",
			       js_len(signatures));
	if (code == ERR_OK)
		code = protojson_bytes(envelope, "payload", payload, err);
	if (code == ERR_OK)
		code = protojson_bytes(js_at(signatures, 0), "sig", signature, err);
	if (code == ERR_OK && signature->len == 0)
		code = err_set(err, ERR_FORMAT, "an empty signature");
	return code;
}

enum err_code dsse_pae(const char *type, const struct buf *payload, struct buf *ret_pae, struct err *err)
{
	enum err_code code;

	buf_init(ret_pae, LIMIT_STATEMENT_BYTES + LIMIT_TEXT_BYTES + 64);
	code = buf_printf(ret_pae, err, "DSSEv1 %zu %s %zu ", strlen(type), type, payload->len);
	return code == ERR_OK ? buf_add(ret_pae, buf_text(payload), payload->len, err) : code;
}
