#include "trust/tlog.h"

#include <inttypes.h>
#include <string.h>

#include "common/base64.h"
#include "common/hex.h"
#include "common/limits.h"
#include "common/mem.h"
#include "trust/checkpoint.h"
#include "trust/merkle.h"

static bool is_id(const struct buf *id, const unsigned char *bytes, size_t len)
{
	return len > 0 && id->len == len && memcmp(id->data, bytes, len) == 0;
}

/* The text that the log signed.  Its keys are in order as they stand here, and nothing in it is to be escaped. */
static enum err_code promise_text(const struct sigstore_entry *e, struct buf *text, struct err *err)
{
	CLEANUP(buf_release) struct buf body = { .max = 2 * LIMIT_SIGSTORE_BYTES };
	char id[2 * TRUST_LOG_ID_MAX + 1];
	enum err_code code = base64_encode(buf_text(&e->body), e->body.len, &body, err);

	if (code != ERR_OK)
		return code;
	hex_encode(id, (const unsigned char *)buf_text(&e->log_id), e->log_id.len);
	buf_init(text, 2 * LIMIT_SIGSTORE_BYTES);
	return buf_printf(text, err,
			  "{\"body\":\"%s\",\"integratedTime\":%" PRId64 ",\"logID\":\"%s\",\"logIndex\":%" PRIu64 "}",
			  buf_text(&body), e->integrated_time, id, e->index);
}

static enum err_code check_promise(const struct sigstore_entry *e, const struct trust_log *log, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { 0 };
	enum err_code code = promise_text(e, &text, err);

	if (code == ERR_OK &&
	    trust_key_check_bytes(log->key, TRUST_HASHES, text.data, text.len, e->set.data, e->set.len, NULL) != ERR_OK)
		code = err_set(err, ERR_UNPROVED, "the signed entry timestamp is not by the log %s", log->url);
	if (code == ERR_OK && !trust_window_holds(&log->window, e->integrated_time))
		code = err_set(err, ERR_UNPROVED, "the log %s did not count yet, or no more, when it took the entry",
			       log->url);
	return code;
}

static enum err_code check_inclusion(const struct sigstore_entry *e, const struct trust_log *log, struct err *err)
{
	const struct sigstore_inclusion *i = &e->inclusion;
	struct checkpoint c = { 0 };
	enum err_code code = merkle_check(i, &e->body, err);

	if (code != ERR_OK || i->checkpoint == NULL)
		return code;
	code = checkpoint_check(i->checkpoint, log, &c, err);
	if (code == ERR_OK && (c.size != i->tree_size || memcmp(c.root_hash, i->root_hash, sizeof(c.root_hash)) != 0))
		code = err_set(err, ERR_UNPROVED, "the checkpoint is of another tree than the inclusion proof");
	if (code == ERR_OK && !c.of_tree && e->index != i->index)
		code = err_set(err, ERR_UNPROVED, "the log entry is at another place than its inclusion proof");
	return code;
}

static enum err_code check_by(const struct sigstore_entry *e, const struct trust_log *log, struct err *err)
{
	enum err_code code = ERR_OK;

	if (e->set.len == 0 && (!e->has_inclusion || e->inclusion.checkpoint == NULL))
		return err_set(err, ERR_UNPROVED, "nothing shows that the log %s has the entry", log->url);
	if (e->set.len > 0)
		code = check_promise(e, log, err);
	if (code == ERR_OK && e->has_inclusion)
		code = check_inclusion(e, log, err);
	return code;
}

enum err_code tlog_check(const struct sigstore_entry *e, const struct trust_root *root, struct tlog_proof *ret_proof,
			 struct err *err)
{
	struct err why = { 0 };
	enum err_code code =
		err_set(&why, ERR_NOT_FOUND, "the log entry is in a log that %s does not know", root->name);
	size_t i;

	for (i = 0; (code == ERR_UNPROVED || code == ERR_NOT_FOUND) && i < root->tlogs_len; i++) {
		const struct trust_log *log = &root->tlogs[i];

		if (!is_id(&e->log_id, log->id, log->id_len) &&
		    !is_id(&e->log_id, log->checkpoint_id, log->checkpoint_id_len))
			continue;
		code = check_by(e, log, &why);
		if (code == ERR_OK)
			*ret_proof = (struct tlog_proof){
				.log = log,
				.timed = e->set.len > 0 && e->integrated_time > 0,
				.time = e->integrated_time,
				.index = e->set.len > 0 ? e->index : e->inclusion.index,
			};
	}
	return code == ERR_OK ? code : err_set(err, code, "%s", why.msg);
}
