#include "trust/sigstore_entry.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "trust/protojson.h"
#include "trust/root.h"

static enum err_code read_hash(const char *text, unsigned char out[32], struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = TRUST_HASH_MAX };
	enum err_code code =
		text != NULL ? protojson_decode(text, &bytes, err) : err_set(err, ERR_FORMAT, "a hash that is no text");

	if (code == ERR_OK && bytes.len != 32)
		code = err_set(err, ERR_FORMAT, "a hash of %zu bytes", bytes.len);
	if (code == ERR_OK)
		memcpy(out, bytes.data, 32);
	return code;
}

static enum err_code read_hashes(const struct json_t *json, struct sigstore_inclusion *i, struct err *err)
{
	const struct json_t *list = NULL;
	enum err_code code = protojson_array(json, "hashes", &list, err);
	size_t len = js_len(list);

	if (code != ERR_OK)
		return code;
	if (len > LIMIT_PROOF_HASHES)
		return err_set(err, ERR_LIMIT, "more than %d hashes", LIMIT_PROOF_HASHES);
	if (len == 0)
		return ERR_OK;
	i->hashes = calloc(len, sizeof(*i->hashes));
	if (i->hashes == NULL)
		return err_nomem(err);
	for (i->hashes_len = 0; code == ERR_OK && i->hashes_len < len; i->hashes_len++)
		code = read_hash(js_text(js_at(list, i->hashes_len)), i->hashes[i->hashes_len], err);
	return code;
}

static enum err_code read_checkpoint(const struct json_t *json, struct sigstore_inclusion *i, struct err *err)
{
	const struct json_t *checkpoint = NULL;
	enum err_code code = protojson_object(json, "checkpoint", &checkpoint, err);
	const char *envelope = js_string(checkpoint, "envelope");

	if (code != ERR_OK)
		return code;
	if (envelope == NULL || *envelope == '\0')
		return ERR_OK;
	if (strlen(envelope) > LIMIT_CHECKPOINT_BYTES)
		return err_set(err, ERR_LIMIT, "a checkpoint of more than %llu KiB",
			       (unsigned long long)(LIMIT_CHECKPOINT_BYTES / KIB));
	return str_copy(envelope, &i->checkpoint, err);
}

static enum err_code read_inclusion(const struct json_t *json, struct sigstore_inclusion *i, struct err *err)
{
	enum err_code code = protojson_uint(json, "logIndex", &i->index, err);

	if (code == ERR_OK)
		code = protojson_uint(json, "treeSize", &i->tree_size, err);
	if (code == ERR_OK)
		code = read_hash(js_string(json, "rootHash"), i->root_hash, err);
	if (code == ERR_OK)
		code = read_hashes(json, i, err);
	if (code == ERR_OK)
		code = read_checkpoint(json, i, err);
	return code == ERR_OK ? code : err_add(err, "inclusionProof");
}

/* What each version of bundles must bring along to show that the log has the entry. */
static enum err_code check_shown(const struct sigstore_entry *e, enum sigstore_version version, struct err *err)
{
	if (version == SIGSTORE_V01 && e->set.len == 0)
		return err_set(err, ERR_FORMAT, "a bundle of version 0.1 without inclusionPromise");
	if (version > SIGSTORE_V01 && !e->has_inclusion)
		return err_set(err, ERR_FORMAT, "no inclusionProof");
	if (version > SIGSTORE_V01 && e->inclusion.checkpoint == NULL)
		return err_set(err, ERR_FORMAT, "an inclusionProof without checkpoint");
	return ERR_OK;
}

static enum err_code read_shown(const struct json_t *json, struct sigstore_entry *e, struct err *err)
{
	const struct json_t *promise = NULL, *proof = NULL;
	enum err_code code = protojson_object(json, "inclusionPromise", &promise, err);

	buf_init(&e->set, LIMIT_SIGNATURE_BYTES);
	if (code == ERR_OK)
		code = protojson_object(json, "inclusionProof", &proof, err);
	if (code == ERR_OK && js_has(promise, "signedEntryTimestamp"))
		code = protojson_bytes(promise, "signedEntryTimestamp", &e->set, err);
	e->has_inclusion = proof != NULL;
	if (code == ERR_OK && proof != NULL)
		code = read_inclusion(proof, &e->inclusion, err);
	return code;
}

static enum err_code read_numbers(const struct json_t *json, struct sigstore_entry *e, struct err *err)
{
	uint64_t time = 0;
	enum err_code code = protojson_uint(json, "logIndex", &e->index, err);

	if (code == ERR_OK)
		code = protojson_uint(json, "integratedTime", &time, err);
	e->integrated_time = (int64_t)time;
	return code;
}

static enum err_code read_all(const struct json_t *json, struct sigstore_entry *e, struct err *err)
{
	const struct json_t *kind = js_object(json, "kindVersion");
	enum err_code code = read_numbers(json, e, err);

	buf_init(&e->log_id, TRUST_LOG_ID_MAX);
	buf_init(&e->body, LIMIT_SIGSTORE_BYTES);
	if (code == ERR_OK)
		code = protojson_bytes(js_object(json, "logId"), "keyId", &e->log_id, err);
	if (code == ERR_OK)
		code = protojson_text(kind, "kind", &e->kind, err);
	if (code == ERR_OK)
		code = protojson_text(kind, "version", &e->version, err);
	if (code == ERR_OK)
		code = protojson_bytes(json, "canonicalizedBody", &e->body, err);
	return code == ERR_OK ? read_shown(json, e, err) : code;
}

enum err_code sigstore_entry_read(const struct json_t *json, enum sigstore_version version,
				  struct sigstore_entry *entry, struct err *err)
{
	enum err_code code = read_all(json, entry, err);

	if (code == ERR_OK)
		code = check_shown(entry, version, err);
	return code == ERR_OK ? code : err_add(err, "log entry");
}

bool sigstore_entry_is_among(const struct sigstore_entry *entry, const struct sigstore_entry *list, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (list[i].index == entry->index && list[i].log_id.len == entry->log_id.len &&
		    memcmp(buf_text(&list[i].log_id), buf_text(&entry->log_id), entry->log_id.len) == 0)
			return true;
	}
	return false;
}

void sigstore_entry_release(struct sigstore_entry *entry)
{
	buf_release(&entry->log_id);
	buf_release(&entry->set);
	buf_release(&entry->body);
	free(entry->kind);
	free(entry->version);
	free(entry->inclusion.hashes);
	free(entry->inclusion.checkpoint);
	*entry = (struct sigstore_entry){ 0 };
}
