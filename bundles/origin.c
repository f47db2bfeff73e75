#include "bundles/origin.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

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
	if (code == ERR_OK && slot_check(content, &len, &s.why) == ERR_OK && len > 0)
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
		if (strcmp(seal_key_hint(o->ring.keys[i]), s->hint) == 0)
			return o->ring.keys[i];
	}
	return NULL;
}

/* The hint is only a claim, so every key is tried; it matters for what is said. */
static enum err_code judge(struct origin *o, struct origin_seal *s, const struct buf *description, struct err *err)
{
	const struct seal_key *named = named_key(o, &s->seal);
	enum err_code code;
	size_t i;

	if (s->why.code != ERR_OK)
		return ERR_OK;
	if (seal_is_over(&s->seal, description->data, description->len, &s->why) != ERR_OK)
		return ERR_OK;
	for (i = 0; i < o->ring.len; i++) {
		struct err why = { .code = ERR_OK };

		code = seal_check(&s->seal, o->ring.keys[i], description->data, description->len, &why);
		if (code == ERR_OK)
			s->key = o->ring.keys[i];
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

/* Who they are said to be by, and what is wrong with those that claim to be of a key that counts. */
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
		if (code == ERR_OK && (named_key(o, &s->seal) != NULL || !readable))
			code = buf_printf(text, err, " (%.200s)", s->why.msg);
	}
	return code;
}

static enum err_code describe_wanted(const struct origin *o, struct buf *text, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < o->ring.len; i++)
		code = buf_printf(text, err, "%s%s (%s)", i > 0 ? " or " : "", seal_key_hint(o->ring.keys[i]),
				  seal_key_name(o->ring.keys[i]));
	return code;
}

/* A sentence that has to fit in a message is cut, and not refused. */
static enum err_code unproved(const struct bundle *b, const struct origin *o, struct err *err)
{
	CLEANUP(buf_release) struct buf found = { .max = MIB };
	CLEANUP(buf_release) struct buf wanted = { .max = MIB };
	enum err_code code;

	if (o->ring.len == 0)
		return err_set(err, ERR_UNPROVED, "%s: " ORIGIN_NOT_PROVED "no key given (--key PUB)", bundle_path(b));
	code = describe_found(o, &found, err);
	if (code == ERR_OK)
		code = describe_wanted(o, &wanted, err);
	return code == ERR_OK ? err_set(err, ERR_UNPROVED, "%s: " ORIGIN_NOT_PROVED "%.400s; wanted: key %.400s",
					bundle_path(b), buf_text(&found), buf_text(&wanted))
			      : code;
}

enum err_code origin_judge(const struct bundle *b, struct origin *o, struct err *err)
{
	CLEANUP(buf_release) struct buf description = { .max = LIMIT_DESCRIPTION_BYTES };
	enum err_code code = bundle_description_read(b, &description, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < o->len; i++) {
		code = judge(o, &o->seals[i], &description, err);
		if (o->proof == NULL && o->seals[i].key != NULL)
			o->proof = &o->seals[i];
	}
	return code == ERR_OK && o->proof == NULL ? unproved(b, o, err) : code;
}

enum err_code origin_demand(const struct bundle *b, const struct opt_list *keys, const struct opt_list *files,
			    struct origin *o, struct err *err)
{
	enum err_code code = keyring_load(keys, &o->ring, err);

	if (code == ERR_OK)
		code = origin_find(b, files, o, err);
	return code == ERR_OK && o->ring.len > 0 ? origin_judge(b, o, err) : code;
}

void origin_release(struct origin *o)
{
	keyring_release(&o->ring);
	free(o->seals);
	*o = (struct origin){ 0 };
}
