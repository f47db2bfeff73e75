/* bundle verify-blob: the command. */
#include <stdio.h>
#include <string.h>

#include "common/digest.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "common/text.h"
#include "trust/commands.h"
#include "trust/revoked.h"
#include "trust/sigstore.h"
#include "trust/site.h"

struct options {
	const char *bundle, *key, *identity, *identity_regexp, *issuer, *issuer_regexp, *root;
	bool json;
};

static const struct opt opts[] = {
	{ "bundle", '\0', "FILE", "the sigstore bundle that belongs to the file", 0, OPT_SETS(struct options, bundle) },
	{ "key", 'k', "PUB", "the public key, in PEM, that must have signed", 0, OPT_SETS(struct options, key) },
	{ "certificate-identity", '\0', "TEXT", "who must have signed: an address or a workflow", 0,
	  OPT_SETS(struct options, identity) },
	{ "certificate-identity-regexp", '\0', "REGEX", "the same as a regular expression over the whole text", 0,
	  OPT_SETS(struct options, identity_regexp) },
	{ "certificate-oidc-issuer", '\0', "URL", "who must vouch for that identity", 0,
	  OPT_SETS(struct options, issuer) },
	{ "certificate-oidc-issuer-regexp", '\0', "REGEX", "the same as a regular expression over the whole text", 0,
	  OPT_SETS(struct options, issuer_regexp) },
	{ "trusted-root", '\0', "FILE", "whose certificates, logs and timestamps count: a trusted_root.json", 0,
	  OPT_SETS(struct options, root) },
	{ "json", '\0', NULL, "print the result as one JSON document", 0, OPT_SETS(struct options, json) },
};

struct run {
	const struct options *options;
	const char *file;
	struct trust_key *key;
	struct trust_root *root;
	struct trust_identity identity;
	struct digest digest; /* where the artifact is named by it */
	struct trust_artifact artifact;
	struct sigstore_bundle bundle;
	struct trust_proof proof;
	struct revoked revoked;
};

static void run_release(struct run *r)
{
	trust_key_free(r->key);
	trust_root_free(r->root);
	trust_identity_release(&r->identity);
	trust_artifact_release(&r->artifact);
	sigstore_bundle_release(&r->bundle);
	trust_proof_release(&r->proof);
	revoked_release(&r->revoked);
}

static enum err_code check_options(const struct options *o, struct err *err)
{
	bool identity = o->identity != NULL || o->identity_regexp != NULL;
	bool issuer = o->issuer != NULL || o->issuer_regexp != NULL;

	if (o->bundle == NULL)
		return err_set(err, ERR_USAGE, "name the sigstore bundle with --bundle");
	if ((o->identity != NULL && o->identity_regexp != NULL) || (o->issuer != NULL && o->issuer_regexp != NULL))
		return err_set(err, ERR_USAGE,
			       "an identity or issuer is given as a text or as a -regexp, and not both");
	if (o->key != NULL && (identity || issuer))
		return err_set(err, ERR_USAGE,
			       "--key and --certificate-… exclude each other: a bundle is signed with a "
			       "key or with a certificate");
	if (o->key == NULL && !(identity && issuer))
		return err_set(err, ERR_USAGE,
			       "say who must have signed: --key, or --certificate-identity and "
			       "--certificate-oidc-issuer");
	if (o->key == NULL && o->root == NULL)
		return err_set(err, ERR_USAGE, "name with --trusted-root whose certificates count");
	return ERR_OK;
}

/* What is given, bundle, key or root, and cannot be read proves nothing, and that is the answer. */
static enum err_code as_unproved(enum err_code code, struct err *err)
{
	if (code == ERR_FORMAT || code == ERR_UNSUPPORTED || code == ERR_LIMIT)
		return err_recode(err, ERR_UNPROVED);
	return code;
}

static enum err_code open_trust(struct run *r, struct err *err)
{
	const struct options *o = r->options;
	enum err_code code = check_options(o, err);

	if (code == ERR_OK && o->key != NULL)
		code = as_unproved(trust_key_read(o->key, &r->key, err), err);
	if (code == ERR_OK && o->key == NULL) {
		code = trust_identity_init(o->identity, o->identity_regexp, o->issuer, o->issuer_regexp, &r->identity,
					   err);
		if (code == ERR_FORMAT)
			code = err_recode(err, ERR_USAGE);
	}
	if (code == ERR_OK && o->root != NULL)
		code = as_unproved(trust_root_read(o->root, &r->root, err), err);
	return code == ERR_OK ? revoked_load(&r->revoked, err) : code;
}

static enum err_code open_artifact(struct run *r, struct err *err)
{
	const unsigned char *hash = NULL;

	if (digest_parse(r->file, &r->digest, NULL) == ERR_OK)
		return trust_artifact_of_digest(&r->digest, &r->artifact, err);
	r->artifact = trust_artifact_of_file(strcmp(r->file, "-") == 0 ? "/dev/stdin" : r->file);
	return trust_artifact_hash(&r->artifact, TRUST_SHA256, &hash, err);
}

static enum err_code read_bundle(struct run *r, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_SIGSTORE_BYTES };
	enum err_code code = file_read_any(r->options->bundle, &text, err);

	return code == ERR_OK ? sigstore_bundle_read(buf_text(&text), text.len, r->options->bundle, &r->bundle, err)
			      : code;
}

/* What this machine has revoked never counts, whoever names it: the key, and the file. */
static enum err_code check_revoked(struct run *r, struct err *err)
{
	const struct revoked_entry *entry = NULL;
	const unsigned char *hash = NULL;
	char hex[2 * TRUST_HASH_MAX + 1];
	struct digest digest = r->digest;
	enum err_code code = revoked_check_key(&r->revoked, r->proof.key_id, err);

	if (code == ERR_OK && digest.text[0] == '\0') {
		code = trust_artifact_hash(&r->artifact, TRUST_SHA256, &hash, err);
		if (code != ERR_OK)
			return code;
		hex_encode(hex, hash, trust_hash_bytes(TRUST_SHA256));
		snprintf(digest.text, sizeof(digest.text), "sha256:%s", hex);
	}
	if (code == ERR_OK)
		entry = revoked_find(&r->revoked, &digest);
	return entry == NULL ? code
			     : err_set(err, ERR_UNPROVED, "%s is revoked here (" SITE_REVOKED "/%s)", digest.text,
				       entry->file);
}

static enum err_code prove(struct run *r, struct err *err)
{
	const struct trust_material material = { .keys = &r->key, .keys_len = r->key != NULL, .root = r->root };
	const struct trust_wanted wanted = {
		.identities = &r->identity,
		.identities_len = r->key == NULL,
		.tlog = r->root != NULL && r->root->names_tlogs,
	};
	enum err_code code = trust_verify(&r->bundle, &material, &wanted, &r->artifact, &r->proof, err);

	if (code == ERR_OK)
		code = check_revoked(r, err);
	return code == ERR_OK ? code : err_add(err, "%s: not verified", r->file);
}

static void put_signer(struct js_out *o, const struct trust_proof *p)
{
	js_key(o, "signer");
	js_begin(o, '{');
	js_member(o, "key", p->key != NULL ? p->key_id : NULL);
	js_member(o, "file", p->key != NULL ? trust_key_name(p->key) : NULL);
	js_member(o, "identity", p->identity);
	js_member(o, "issuer", p->issuer);
	js_end(o, '}');
}

static void put_time(struct js_out *o, const struct trust_proof *p)
{
	char text[TEXT_TIME_MAX];

	if (p->time_by == TRUST_TIME_NONE)
		return;
	js_key(o, "signed");
	js_begin(o, '{');
	js_member(o, "time", text_time(p->time, text));
	js_member(o, "by", p->time_by == TRUST_TIME_LOG ? "log" : "timestamp authority");
	js_end(o, '}');
}

static void put_log(struct js_out *o, const struct trust_proof *p)
{
	if (!p->logged)
		return;
	js_key(o, "log");
	js_begin(o, '{');
	js_member(o, "url", p->log);
	js_member_uint(o, "index", p->log_index);
	js_end(o, '}');
}

static enum err_code report_json(const struct run *r, struct err *err)
{
	const struct trust_proof *p = &r->proof;
	struct js_out o;

	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "file", r->file);
	js_member(&o, "bundle", r->options->bundle);
	js_member(&o, "verdict", "proved");
	js_member(&o, "form", p->form == TRUST_MESSAGE ? "message" : "statement");
	js_member(&o, "predicateType", p->predicate_type);
	put_signer(&o, p);
	put_time(&o, p);
	put_log(&o, p);
	js_end(&o, '}');
	return js_end_document(&o, err);
}

static void put_clean(const char *label, const char *text)
{
	char line[LIMIT_TEXT_BYTES + 1];

	snprintf(line, sizeof(line), "%s", text);
	text_clean(line);
	printf("  %-10s %s\n", label, line);
}

static void report_text(const struct run *r)
{
	const struct trust_proof *p = &r->proof;
	char time[TEXT_TIME_MAX], name[TEXT_SHOWN_MAX];

	printf("%s: verified\n", text_shown(r->file, name));
	if (p->key != NULL) {
		printf("  %-10s %s (%s)\n", "key", p->key_id, text_shown(trust_key_name(p->key), name));
	} else {
		put_clean("signed by", p->identity);
		put_clean("issuer", p->issuer);
	}
	if (p->predicate_type != NULL)
		put_clean("statement", p->predicate_type);
	if (p->time_by != TRUST_TIME_NONE) {
		text_time(p->time, time);
		printf("  %-10s %s, says the %s\n", "signed", time,
		       p->time_by == TRUST_TIME_LOG ? "log" : "timestamp authority");
	}
	if (p->logged)
		printf("  %-10s %s, entry %llu\n", "log", text_shown(p->log, name), (unsigned long long)p->log_index);
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(run_release) struct run r = { .options = options, .file = operands->items[0] };
	struct err err = { 0 };
	enum err_code code = open_trust(&r, &err);

	if (code == ERR_OK)
		code = open_artifact(&r, &err);
	if (code == ERR_OK)
		code = as_unproved(read_bundle(&r, &err), &err);
	if (code == ERR_OK)
		code = as_unproved(prove(&r, &err), &err);
	if (code == ERR_OK && options->json)
		code = report_json(&r, &err);
	else if (code == ERR_OK)
		report_text(&r);
	return report_end(c, options->json, code, &err);
}

const struct command verify_blob_command = {
	.name = "verify-blob",
	.synopsis = "--bundle FILE (--key PUB | --certificate-identity TEXT --certificate-oidc-issuer URL) [option]... "
		    "FILE|DIGEST",
	.summary = "prove who signed a file, by a sigstore bundle, without a network",
	.text = "Prove that a file was signed by a key or by an identity, as cosign verify-blob does, but from nothing "
		"than the files named here: no network is asked, and no clock. The bundle holds a signature over the "
		"file, or a signed in-toto statement about it. In place of the file its digest may be given.",
	.operand = "FILE",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.run = run,
};
