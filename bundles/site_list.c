#include "bundles/site_list.h"

#include <stdio.h>
#include <string.h>

#include "bundles/keyring.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "common/text.h"
#include "trust/fingerprint.h"
#include "trust/revoked.h"
#include "trust/site.h"
#include "trust/site_edit.h"

/* What lies in a site's folder. */
struct trusted {
	const char *folder;
	struct keyring ring;
	struct revoked revoked;
	struct buf policy;
	struct digest policy_digest; /* "" where there is none */
};

static void trusted_release(struct trusted *t)
{
	keyring_release(&t->ring);
	revoked_release(&t->revoked);
	buf_release(&t->policy);
}

static enum err_code load(struct trusted *t, struct err *err)
{
	struct err why = { .code = ERR_OK };
	enum err_code code = site_folder(&t->folder, err);

	if (code == ERR_OK)
		code = keyring_load_machine(&t->ring, err);
	if (code == ERR_OK)
		code = revoked_load(&t->revoked, err);
	if (code != ERR_OK)
		return code;
	code = site_read(NULL, SITE_POLICY, &t->policy, &why);
	if (code == ERR_NOT_FOUND)
		return ERR_OK;
	if (code == ERR_OK)
		return digest_of(buf_text(&t->policy), t->policy.len, NULL, &t->policy_digest, err);
	return err_set(err, code, "%s", why.msg);
}

static bool is_revoked(const struct trusted *t, const struct keyring_key *k)
{
	return revoked_find(&t->revoked, seal_key_fingerprint(k->key)) != NULL;
}

/* What the file of a key or of a list is called without its end. */
static const char *name_of(const char *file, char out[256])
{
	const char *slash = strrchr(file, '/'), *name = slash != NULL ? slash + 1 : file;

	snprintf(out, 256, "%.*s", (int)site_stem_len(name), name);
	text_clean(out);
	return out;
}

/* ---- for people ---- */

static enum err_code print_keys(const struct trusted *t, struct err *err)
{
	char name[256];
	enum err_code code = ERR_OK;
	size_t i;

	printf("%s\n", t->ring.len > 0 ? "keys, one of which must have sealed a bundle:"
				       : "no keys: a bundle is taken, sealed or not, where no --key is given");
	for (i = 0; code == ERR_OK && i < t->ring.len; i++) {
		CLEANUP(buf_release) struct buf scope = { .max = MIB };
		const struct keyring_key *k = &t->ring.keys[i];

		code = scope_text(&k->scope, &scope, err);
		printf("  %-20s  %s  %s%s\n", name_of(seal_key_name(k->key), name), seal_key_hint(k->key),
		       buf_text(&scope), is_revoked(t, k) ? "  REVOKED" : "");
	}
	return code;
}

static enum err_code print_revoked(const struct trusted *t, struct err *err)
{
	char name[256];
	enum err_code code = ERR_OK;
	size_t i;

	puts(t->revoked.len > 0 ? "revoked:" : "nothing is revoked");
	for (i = 0; code == ERR_OK && i < t->revoked.len; i++) {
		const struct revoked_entry *e = &t->revoked.entries[i];
		char text[FINGERPRINT_TEXT_MAX] = "";

		if (e->is_key)
			code = fingerprint_text(&e->digest, text, err);
		printf("  %-20s  %s%s\n", name_of(e->file, name), e->is_key ? "key " : "",
		       e->is_key ? text : e->digest.text);
	}
	return code;
}

static enum err_code print_text(const struct trusted *t, struct err *err)
{
	enum err_code code;

	printf("%s\n", t->folder);
	code = print_keys(t, err);
	if (t->policy_digest.text[0] != '\0')
		printf("policy, which every image must pass: " SITE_POLICY "  %s\n", t->policy_digest.text);
	else
		puts("no policy");
	return code == ERR_OK ? print_revoked(t, err) : code;
}

/* ---- for machines ---- */

static void put_keys(struct js_out *o, const struct trusted *t)
{
	char name[256];
	size_t i, j;

	js_key(o, "keys");
	js_begin(o, '[');
	for (i = 0; i < t->ring.len; i++) {
		const struct keyring_key *k = &t->ring.keys[i];

		js_begin(o, '{');
		js_member(o, "name", name_of(seal_key_name(k->key), name));
		js_member(o, "file", seal_key_name(k->key));
		js_member(o, "fingerprint", seal_key_hint(k->key));
		js_key(o, "scope");
		js_begin(o, '[');
		for (j = 0; j < k->scope.len; j++)
			js_put_string(o, k->scope.patterns[j]);
		js_end(o, ']');
		js_member_bool(o, "revoked", is_revoked(t, k));
		js_end(o, '}');
	}
	js_end(o, ']');
}

static void put_policy(struct js_out *o, const struct trusted *t)
{
	js_key(o, "policy");
	if (t->policy_digest.text[0] == '\0') {
		js_put_string(o, NULL);
		return;
	}
	js_begin(o, '{');
	js_member(o, "file", SITE_POLICY);
	js_member(o, "digest", t->policy_digest.text);
	js_end(o, '}');
}

static enum err_code put_revoked(struct js_out *o, const struct trusted *t, struct err *err)
{
	char name[256];
	enum err_code code = ERR_OK;
	size_t i;

	js_key(o, "revoked");
	js_begin(o, '[');
	for (i = 0; code == ERR_OK && i < t->revoked.len; i++) {
		const struct revoked_entry *e = &t->revoked.entries[i];
		char text[FINGERPRINT_TEXT_MAX] = "";

		if (e->is_key)
			code = fingerprint_text(&e->digest, text, err);
		js_begin(o, '{');
		js_member(o, "name", name_of(e->file, name));
		js_member(o, "file", e->file);
		js_member(o, e->is_key ? "key" : "digest", e->is_key ? text : e->digest.text);
		js_end(o, '}');
	}
	js_end(o, ']');
	return code;
}

static enum err_code print_json(const struct trusted *t, struct err *err)
{
	struct js_out o;
	enum err_code code;

	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "folder", t->folder);
	put_keys(&o, t);
	put_policy(&o, t);
	code = put_revoked(&o, t, err);
	js_end(&o, '}');
	return code == ERR_OK ? js_end_document(&o, err) : code;
}

enum err_code site_show(bool json, struct err *err)
{
	CLEANUP(trusted_release) struct trusted t = { .policy = { .max = LIMIT_LIST_BYTES } };
	enum err_code code = load(&t, err);

	if (code != ERR_OK)
		return code;
	return json ? print_json(&t, err) : print_text(&t, err);
}
