#include "bundles/origin.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "trust/site.h"

static enum err_code room(struct origin *o, struct err *err)
{
	return vec_grow(&o->seals, &o->cap, o->len + 1, sizeof(*o->seals), ORIGIN_SEALS_MAX, err);
}

static enum err_code find_slot(const struct bundle *b, size_t slot, struct origin *o, struct err *err)
{
	struct origin_seal s = { .slot = slot };
	unsigned char content[SLOT_BYTES];
	char name[SLOT_NAME_MAX];
	size_t len = 0;
	enum err_code code = bundle_slot(b, slot, content, err);

	slot_name(slot, name);
	s.torn = code == ERR_OK && slot_check(content, &len, &s.why) != ERR_OK;
	if (len > 0)
		seal_read(content, len, name, &s.seal, &s.why);
	if (code != ERR_OK || (len == 0 && s.why.code == ERR_OK))
		return code;
	code = room(o, err);
	if (code == ERR_OK)
		o->seals[o->len++] = s;
	return code;
}

static enum err_code find_file(const char *path, struct origin *o, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = SEAL_TEXT_MAX };
	struct origin_seal s = { .file = path };
	enum err_code code = file_read(path, &text, err);

	if (code == ERR_OK)
		code = seal_read(buf_text(&text), text.len, path, &s.seal, err);
	if (code == ERR_OK)
		code = room(o, err);
	if (code == ERR_OK)
		o->seals[o->len++] = s;
	return code;
}

enum err_code origin_find(const struct bundle *b, const struct opt_list *files, struct origin *o, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < SLOT_COUNT; i++)
		code = find_slot(b, i, o, err);
	for (i = 0; code == ERR_OK && i < files->len; i++)
		code = find_file(files->items[i], o, err);
	return code;
}

static const struct seal_key *named_key(const struct origin *o, const struct seal *s)
{
	size_t i;

	for (i = 0; i < o->ring.len; i++) {
		if (strcmp(seal_key_hint(o->ring.keys[i].key), s->hint) == 0)
			return o->ring.keys[i].key;
	}
	return NULL;
}

static const struct revoked_entry *revoked_key(const struct origin *o, const struct seal_key *k)
{
	return revoked_find(&o->revoked, seal_key_fingerprint(k));
}

/* A signature that holds: it counts unless its key is revoked. */
static void take_proof(const struct origin *o, const struct seal_key *k, struct origin_seal *s)
{
	const struct revoked_entry *revoked = revoked_key(o, k);

	if (revoked == NULL)
		s->key = k;
	else
		err_set(&s->why, ERR_UNPROVED, "by the key of %s, which is revoked here (" SITE_REVOKED "/%s)",
			seal_key_name(k), revoked->file);
}

/* The hint is only a claim, so every key is tried; it matters for what is said. */
static enum err_code judge(struct origin *o, struct origin_seal *s, const struct buf *description, struct err *err)
{
	const struct seal_key *named = named_key(o, &s->seal);
	enum err_code code;
	size_t i;

	if (s->why.code != ERR_OK)
		return ERR_OK;
	s->elsewhere = seal_is_over(&s->seal, description->data, description->len, &s->why) != ERR_OK;
	if (s->elsewhere)
		return ERR_OK;
	for (i = 0; i < o->ring.len; i++) {
		struct err why = { .code = ERR_OK };

		code = seal_check(&s->seal, o->ring.keys[i].key, description->data, description->len, &why);
		if (code == ERR_OK)
			take_proof(o, o->ring.keys[i].key, s);
		else if (code != ERR_UNPROVED)
			*err = why;
		if (code != ERR_UNPROVED)
			return code;
	}
	if (named != NULL)
		err_set(&s->why, ERR_UNPROVED, "names the key of %s, but is not its signature over bundle.json",
			seal_key_name(named));
	else
		err_set(&s->why, ERR_UNPROVED, "by a key that does not count here");
	return ERR_OK;
}

/* Who they are said to be by, and what is wrong with those that claim to be of a key that counts, or are of another
 * bundle. */
static enum err_code describe_found(const struct origin *o, struct buf *text, struct err *err)
{
	enum err_code code = buf_puts(text, o->len == 0 ? "it is unsigned" : "it is sealed by ", err);
	size_t i;

	for (i = 0; code == ERR_OK && i < o->len; i++) {
		const struct origin_seal *s = &o->seals[i];
		bool readable = s->seal.signature_len > 0, named = s->seal.hint[0] != '\0';

		code = buf_printf(text, err, "%s%s%s", i > 0 ? ", " : "",
				  named      ? "key "
				  : readable ? "a key without a name"
					     : "something unknown",
				  s->seal.hint);
		if (code == ERR_OK && (named_key(o, &s->seal) != NULL || s->elsewhere || !readable))
			code = buf_printf(text, err, " (%.200s)", s->why.msg);
	}
	return code;
}

static enum err_code describe_wanted(const struct origin *o, struct buf *text, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < o->ring.len; i++) {
		const struct seal_key *k = o->ring.keys[i].key;

		if (revoked_key(o, k) == NULL)
			code = buf_printf(text, err, "%s%s (%s)", text->len > 0 ? " or " : "key ", seal_key_hint(k),
					  seal_key_name(k));
	}
	if (code == ERR_OK && text->len == 0)
		code = buf_puts(text, "a key that counts, but every one is revoked", err);
	return code;
}

bool origin_is_sealed_by(const struct origin *o, const struct keyring_key *k)
{
	size_t i;

	for (i = 0; i < o->len; i++) {
		if (o->seals[i].key == k->key)
			return true;
	}
	return false;
}

/* By how many different keys it is sealed; the ring has each once. */
static size_t count_keys(const struct origin *o)
{
	size_t count = 0, i;

	for (i = 0; i < o->ring.len; i++)
		count += origin_is_sealed_by(o, &o->ring.keys[i]);
	return count;
}

static enum err_code too_few(const struct bundle *b, const struct origin *o, size_t count, struct err *err)
{
	CLEANUP(buf_release) struct buf by = { .max = MIB };
	enum err_code code = origin_text(o, &by, err);

	return code == ERR_OK
		       ? err_set(err, ERR_UNPROVED,
				 "%s: " ORIGIN_NOT_PROVED "%u different keys must have sealed it, and it is sealed by "
				 "%zu that count%s: %.600s",
				 bundle_path(b), o->threshold, count, count == 1 ? "s" : "", buf_text(&by))
		       : code;
}

/* A sentence that has to fit in a message is cut, and not refused. */
static enum err_code unproved(const struct bundle *b, const struct origin *o, struct err *err)
{
	CLEANUP(buf_release) struct buf found = { .max = MIB };
	CLEANUP(buf_release) struct buf wanted = { .max = MIB };
	size_t count = count_keys(o);
	enum err_code code;

	if (o->ring.len == 0)
		return err_set(err, ERR_UNPROVED, "%s: " ORIGIN_NOT_PROVED "no key given (--key PUB)", bundle_path(b));
	if (count > 0)
		return too_few(b, o, count, err);
	code = describe_found(o, &found, err);
	if (code == ERR_OK)
		code = describe_wanted(o, &wanted, err);
	return code == ERR_OK ? err_set(err, ERR_UNPROVED, "%s: " ORIGIN_NOT_PROVED "%.400s; wanted: %.400s",
					bundle_path(b), buf_text(&found), buf_text(&wanted))
			      : code;
}

static enum err_code check_revoked(const struct bundle *b, const struct origin *o, struct err *err)
{
	const struct revoked_entry *revoked = revoked_find(&o->revoked, bundle_digest(b));

	return revoked == NULL
		       ? ERR_OK
		       : err_set(err, ERR_UNPROVED, "%s: this bundle, %s, is revoked here (" SITE_REVOKED "/%s)",
				 bundle_path(b), revoked->digest.text, revoked->file);
}

enum err_code origin_judge(const struct bundle *b, struct origin *o, struct err *err)
{
	CLEANUP(buf_release) struct buf description = { .max = LIMIT_DESCRIPTION_BYTES };
	const struct origin_seal *proof = NULL;
	enum err_code code = check_revoked(b, o, err);
	size_t i;

	if (code == ERR_OK)
		code = bundle_description_read(b, &description, err);
	for (i = 0; code == ERR_OK && i < o->len; i++) {
		code = judge(o, &o->seals[i], &description, err);
		if (proof == NULL && o->seals[i].key != NULL)
			proof = &o->seals[i];
	}
	if (code == ERR_OK && (proof == NULL || count_keys(o) < o->threshold))
		return unproved(b, o, err);
	if (code == ERR_OK)
		o->proof = proof;
	return code;
}

enum err_code origin_load(const struct origin_wanted *wanted, struct origin *o, struct err *err)
{
	enum err_code code = keyring_load(wanted->keys, &o->ring, err);

	o->threshold = wanted->threshold;
	return code == ERR_OK ? revoked_load(&o->revoked, err) : code;
}

/* The slots are a part of the file like any other: who uses it minds what is in them, seals or not. */
static enum err_code check_slots(const struct bundle *b, const struct origin *o, struct err *err)
{
	size_t i;

	for (i = 0; i < o->len; i++) {
		const struct origin_seal *s = &o->seals[i];
		char name[SLOT_NAME_MAX];

		if (!s->torn)
			continue;
		slot_name(s->slot, name);
		if (s->why.code == ERR_NOMEM)
			return err_nomem(err);
		return err_set(err, ERR_DAMAGED, "%s: %s is damaged: %s", bundle_path(b), name, s->why.msg);
	}
	return ERR_OK;
}

enum err_code origin_demand(const struct bundle *b, const struct origin_wanted *wanted, struct origin *o,
			    struct err *err)
{
	enum err_code code = origin_load(wanted, o, err);

	if (code == ERR_OK)
		code = origin_find(b, wanted->seals, o, err);
	if (code == ERR_OK)
		code = check_slots(b, o, err);
	if (code != ERR_OK)
		return code;
	return o->ring.len > 0 || o->threshold > 0 ? origin_judge(b, o, err) : check_revoked(b, o, err);
}

void origin_release(struct origin *o)
{
	keyring_release(&o->ring);
	revoked_release(&o->revoked);
	free(o->seals);
	*o = (struct origin){ 0 };
}
