#include "trust/sigstore.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "trust/authority.h"
#include "trust/certificate.h"
#include "trust/dsse.h"
#include "trust/sct.h"
#include "trust/statement.h"
#include "trust/timestamp.h"
#include "trust/tlog.h"
#include "trust/tlog_body.h"

#define TIMES_MAX (2 * LIMIT_SIGSTORE_ENTRIES)

/* A verification under way. */
struct attempt {
	const struct sigstore_bundle *b;
	const struct trust_material *material;
	const struct trust_wanted *wanted;
	const struct trust_root *root;       /* of the material */
	struct buf pae;                      /* of a statement */
	struct trust_artifact pae_artifact;  /* the same, to be hashed */
	struct trust_artifact *signed_bytes; /* the artifact or the above */
	struct certificate certificate;      /* of a keyless signature */
	const struct trust_key *key;         /* that signed */
	struct tlog_proof logs[LIMIT_SIGSTORE_ENTRIES];
	size_t logs_len;
	int64_t times[TIMES_MAX]; /* that are proved */
	size_t times_len;
	bool has_timestamp;
	struct err unknown;     /* why a timestamp proves nothing */
	struct err unknown_log; /* why a log entry proves nothing */
	struct trust_proof proof;
};

static void attempt_release(struct attempt *a)
{
	trust_artifact_release(&a->pae_artifact);
	buf_release(&a->pae);
	certificate_release(&a->certificate);
	trust_proof_release(&a->proof);
}

/* Of cosign's older form a certificate may stand beside a signature that is checked with a key: who names keys alone
 * has asked for nothing else. */
static bool is_keyless(const struct attempt *a)
{
	bool is_beside =
		a->b->version == SIGSTORE_LEGACY && a->wanted->identities_len == 0 && a->material->keys_len > 0;

	return a->b->certificates_len > 0 && !is_beside;
}

/* The digest that a bundle names is a claim, and must be true. */
static enum err_code check_message(const struct sigstore_bundle *b, struct trust_artifact *artifact, struct err *err)
{
	const unsigned char *hash = NULL;
	enum err_code code;

	if (artifact == NULL)
		return err_set(err, ERR_UNPROVED, "a signature over bytes, and it is not known which");
	if (b->message_hash == TRUST_HASHES)
		return ERR_OK;
	code = trust_artifact_hash(artifact, b->message_hash, &hash, err);
	if (code == ERR_UNPROVED) /* another digest of it is known, which the signature itself may be over */
		return ERR_OK;
	if (code == ERR_OK && memcmp(hash, b->message_digest, trust_hash_bytes(b->message_hash)) != 0)
		code = err_set(err, ERR_UNPROVED,
			       "the bundle is about another artifact: the digest in it is not that of %s",
			       artifact->name);
	return code;
}

static enum err_code check_content(struct attempt *a, struct trust_artifact *artifact, struct err *err)
{
	enum err_code code;

	a->proof.form = a->b->is_statement ? TRUST_STATEMENT : TRUST_MESSAGE;
	if (!a->b->is_statement) {
		a->signed_bytes = artifact;
		return check_message(a->b, artifact, err);
	}
	code = statement_read(&a->b->payload, artifact, &a->proof.predicate_type, err);
	if (code == ERR_OK)
		code = dsse_pae(a->b->payload_type, &a->b->payload, &a->pae, err);
	if (code != ERR_OK)
		return code;
	a->pae_artifact = trust_artifact_of_bytes(a->pae.data, a->pae.len, "envelope");
	a->signed_bytes = &a->pae_artifact;
	return ERR_OK;
}

static enum err_code check_signature(struct attempt *a, const struct trust_key *key, struct err *err)
{
	const struct buf *signature = &a->b->signature;
	enum err_code code = trust_key_check(key, a->signed_bytes, buf_text(signature), signature->len, err);

	if (code == ERR_OK)
		a->key = key;
	return code;
}

/* By any of the keys; that which the bundle hints at first. */
static enum err_code check_keys(struct attempt *a, struct err *err)
{
	const struct trust_material *m = a->material;
	struct err why = { 0 };
	enum err_code code = ERR_UNPROVED;
	size_t i;

	if (m->keys_len == 0)
		return err_set(err, ERR_UNPROVED, "signed with a key, and no key is given to check it by");
	for (i = 0; code == ERR_UNPROVED && i < m->keys_len; i++) {
		if (strcmp(trust_key_id(m->keys[i]), a->b->hint) == 0)
			code = check_signature(a, m->keys[i], &why);
	}
	for (i = 0; code == ERR_UNPROVED && i < m->keys_len; i++)
		code = check_signature(a, m->keys[i], &why);
	if (code == ERR_UNPROVED && m->keys_len > 1)
		return err_set(err, code, "not signed with any of the %zu keys that count", m->keys_len);
	if (code != ERR_OK)
		return err_set(err, code, "%s", why.msg);
	a->proof.key = a->key;
	return ERR_OK;
}

/* By one of the rules, under one of the names: that is who signed. */
static enum err_code check_identity(struct attempt *a, struct err *err)
{
	const struct certificate *c = &a->certificate;
	const struct trust_wanted *w = a->wanted;
	struct err why = { 0 };
	size_t i, n;

	if (c->issuer == NULL || c->names_len == 0)
		return err_set(err, ERR_UNPROVED, "the certificate does not say who signed, or who vouches for that");
	for (i = 0; i < w->identities_len; i++) {
		for (n = 0; n < c->names_len; n++) {
			const struct certificate_name *name = &c->names[n];

			if (trust_identity_match(&w->identities[i], &name->text, 1, c->issuer, &why) != ERR_OK)
				continue;
			if (name->is_email || !w->identities[i].email_only)
				return str_copy(name->text, &a->proof.identity, err);
			err_set(&why, ERR_UNPROVED, "the certificate names %.300s, but not as an address of mail",
				name->text);
		}
	}
	return err_set(err, why.code, "%s", why.msg);
}

/* Authorities of a root that are passed over are why it names none. */
static enum err_code no_authority(const char *what, const struct trust_root *root, const struct err *passed_over,
				  struct err *err)
{
	return err_set(err, ERR_UNPROVED, "%s, and %s names no authority that counts%s%s", what, root->name,
		       passed_over->code != ERR_OK ? ": it has " : "",
		       passed_over->code != ERR_OK ? passed_over->msg : "");
}

static enum err_code read_signer(struct attempt *a, struct err *err)
{
	const struct buf *leaf = a->b->certificates;
	enum err_code code;

	if (a->wanted->identities_len == 0)
		return err_set(
			err, ERR_UNPROVED,
			"signed with a certificate, and only keys count: no identity is named that may have signed");
	if (a->root == NULL)
		return err_set(err, ERR_UNPROVED, "signed with a certificate, and no trusted root is given");
	if (a->root->cas_len == 0)
		return no_authority("signed with a certificate", a->root, &a->root->ca_passed_over, err);
	code = certificate_read(leaf->data, leaf->len, &a->certificate, err);
	if (code == ERR_OK)
		code = certificate_check_use(&a->certificate, err);
	if (code == ERR_OK)
		code = check_signature(a, a->certificate.key, err);
	return code;
}

static enum err_code add_time(struct attempt *a, int64_t time, enum trust_time by)
{
	a->times[a->times_len++] = time;
	if (a->proof.time_by < by) {
		a->proof.time_by = by;
		a->proof.time = time;
	}
	return ERR_OK;
}

/* A time that no signature is over proves nothing, but it must not be a lie that anybody can see. */
static enum err_code check_claimed_time(const struct attempt *a, const struct sigstore_entry *e, struct err *err)
{
	if (is_keyless(a) && e->integrated_time != 0 && !certificate_holds_at(a->certificate.x509, e->integrated_time))
		return err_set(err, ERR_UNPROVED,
			       "the certificate was not valid at the time that the log entry says it was made");
	return ERR_OK;
}

static enum err_code check_entry(struct attempt *a, const struct sigstore_entry *e, const struct tlog_subject *subject,
				 struct err *err)
{
	struct tlog_proof *p = &a->logs[a->logs_len];
	enum err_code code = tlog_check(e, a->root, p, &a->unknown_log);

	if (code == ERR_NOT_FOUND)
		return ERR_OK;
	if (code != ERR_OK)
		return err_set(err, code, "%s", a->unknown_log.msg);
	code = tlog_body_check(e, subject, err);
	if (code == ERR_OK)
		code = check_claimed_time(a, e, err);
	if (code == ERR_OK && p->timed)
		code = add_time(a, p->time, TRUST_TIME_LOG);
	if (code == ERR_OK)
		a->logs_len++;
	return code;
}

/* All entries in logs that are known must hold: one that does not is a lie, and which of several was meant, nobody
 * could say. */
static enum err_code check_entries(struct attempt *a, struct err *err)
{
	const struct tlog_subject subject = {
		.bundle = a->b, .key = a->key, .is_keyless = is_keyless(a), .signed_bytes = a->signed_bytes
	};
	enum err_code code = ERR_OK;
	size_t i;

	if (a->root == NULL || a->root->tlogs_len == 0)
		return ERR_OK;
	for (i = 0; code == ERR_OK && i < a->b->entries_len; i++)
		code = check_entry(a, &a->b->entries[i], &subject, err);
	return code;
}

static enum err_code check_timestamps(struct attempt *a, struct err *err)
{
	const struct buf *over = a->b->envelope.len > 0 ? &a->b->envelope : &a->b->signature;
	enum err_code code = ERR_OK;
	size_t i;

	if (a->root == NULL || a->b->timestamps_len == 0)
		return ERR_OK;
	if (a->root->tsas_len == 0) { /* then they prove nothing, and refute nothing */
		no_authority("there is a timestamp", a->root, &a->root->tsa_passed_over, &a->unknown);
		return ERR_OK;
	}
	for (i = 0; code == ERR_OK && i < a->b->timestamps_len; i++) {
		int64_t time = 0;

		code = timestamp_check(&a->b->timestamps[i], buf_text(over), over->len, a->root, &time, &a->unknown);
		if (code == ERR_OK) {
			a->has_timestamp = true;
			code = add_time(a, time, TRUST_TIME_AUTHORITY);
		} else if (code == ERR_NOT_FOUND) {
			code = ERR_OK;
		} else {
			code = err_set(err, code, "%s", a->unknown.msg);
		}
	}
	return code;
}

/* A root may name the same log several times, each time for another while. */
static bool log_holds_at(const struct trust_root *root, const struct trust_log *log, int64_t time)
{
	size_t i;

	for (i = 0; i < root->tlogs_len; i++) {
		if (trust_key_equal(root->tlogs[i].key, log->key) && trust_window_holds(&root->tlogs[i].window, time))
			return true;
	}
	return false;
}

/* A log that does not say when it took an entry must have counted at every time that is proved otherwise. */
static enum err_code check_log_windows(const struct attempt *a, struct err *err)
{
	size_t i, t;

	for (i = 0; i < a->logs_len; i++) {
		for (t = 0; !a->logs[i].timed && t < a->times_len; t++) {
			if (!log_holds_at(a->root, a->logs[i].log, a->times[t]))
				return err_set(err, ERR_UNPROVED, "the log %s did not count at the time of signing",
					       a->logs[i].log->url);
		}
	}
	return ERR_OK;
}

static enum err_code check_wanted(const struct attempt *a, struct err *err)
{
	const struct trust_wanted *w = a->wanted;
	bool tlog = w->tlog || (is_keyless(a) && !w->no_tlog);

	if (tlog && a->logs_len == 0)
		return err_set(err, ERR_UNPROVED, "%s",
			       a->b->entries_len == 0 ? "it is in no transparency log: the bundle has no log entry"
			       : a->unknown_log.code != ERR_OK ? a->unknown_log.msg
							       : "no transparency log is trusted");
	if (w->timestamp && !a->has_timestamp)
		return err_set(err, ERR_UNPROVED, "no timestamp of a trusted authority%s%s",
			       a->unknown.code != ERR_OK ? ": " : "", a->unknown.code != ERR_OK ? a->unknown.msg : "");
	if (is_keyless(a) && a->times_len == 0)
		return err_set(err, ERR_UNPROVED, "nothing proves when it was signed%s%s",
			       a->unknown.code != ERR_OK ? ": " : "", a->unknown.code != ERR_OK ? a->unknown.msg : "");
	return ERR_OK;
}

static void free_stack(STACK_OF(X509) * *stack)
{
	sk_X509_pop_free(*stack, X509_free);
}

/* The certificates that the bundle brings along, for authorities of which a root names the last alone. */
static enum err_code read_between(const struct sigstore_bundle *b, STACK_OF(X509) * stack, struct err *err)
{
	size_t i;

	for (i = 1; i < b->certificates_len; i++) {
		const unsigned char *at = (const unsigned char *)buf_text(&b->certificates[i]);
		X509 *x509 = d2i_X509(NULL, &at, (long)b->certificates[i].len);

		if (x509 == NULL || sk_X509_push(stack, x509) <= 0) {
			X509_free(x509);
			ERR_clear_error();
			return err_set(err, ERR_FORMAT, "a certificate of the chain cannot be read");
		}
	}
	return ERR_OK;
}

/* Where no authority does, the one that the certificate leads to says most about why. */
static enum err_code find_authority(struct attempt *a, STACK_OF(X509) * between, X509 **ret_issuer, struct err *err)
{
	struct err why = { 0 }, most = { 0 };
	size_t i;

	for (i = 0; i < a->root->cas_len; i++) {
		if (authority_check(&a->root->cas[i], a->certificate.x509, between, a->times, a->times_len, ret_issuer,
				    &why) == ERR_OK)
			return ERR_OK;
		if (most.code == ERR_OK || why.code != ERR_NOT_FOUND)
			most = why;
	}
	return err_set(err, most.code == ERR_NOT_FOUND ? ERR_UNPROVED : most.code, "%s", most.msg);
}

static enum err_code check_chain(struct attempt *a, struct err *err)
{
	CLEANUP(free_stack) STACK_OF(X509) *between = sk_X509_new_null();
	X509 *issuer = NULL;
	enum err_code code = between != NULL ? read_between(a->b, between, err) : err_nomem(err);

	if (code == ERR_OK)
		code = find_authority(a, between, &issuer, err);
	if (code == ERR_OK && !a->wanted->no_sct)
		code = sct_check(a->certificate.x509, issuer, a->root, err);
	X509_free(issuer);
	return code;
}

static enum err_code check_keyless(struct attempt *a, struct err *err)
{
	enum err_code code = check_chain(a, err);

	if (code == ERR_OK)
		code = check_identity(a, err);
	return code == ERR_OK ? str_copy(a->certificate.issuer, &a->proof.issuer, err) : code;
}

static enum err_code finish_proof(struct attempt *a, struct err *err)
{
	struct trust_proof *p = &a->proof;
	enum err_code code = ERR_OK;

	strcpy(p->key_id, trust_key_id(a->key));
	if (a->logs_len > 0) {
		p->logged = true;
		p->log_index = a->logs[0].index;
		code = str_copy(a->logs[0].log->url, &p->log, err);
	}
	buf_init(&p->statement, LIMIT_STATEMENT_BYTES);
	if (code == ERR_OK && a->b->is_statement)
		code = buf_add(&p->statement, buf_text(&a->b->payload), a->b->payload.len, err);
	return code;
}

enum err_code trust_verify(const struct sigstore_bundle *b, const struct trust_material *material,
			   const struct trust_wanted *wanted, struct trust_artifact *artifact,
			   struct trust_proof *ret_proof, struct err *err)
{
	CLEANUP(attempt_release)
	struct attempt a = { .b = b, .material = material, .wanted = wanted, .root = material->root };
	enum err_code code = check_content(&a, artifact, err);

	if (code == ERR_OK)
		code = is_keyless(&a) ? read_signer(&a, err) : check_keys(&a, err);
	if (code == ERR_OK)
		code = check_timestamps(&a, err);
	if (code == ERR_OK)
		code = check_entries(&a, err);
	if (code == ERR_OK)
		code = check_wanted(&a, err);
	if (code == ERR_OK)
		code = check_log_windows(&a, err);
	if (code == ERR_OK && is_keyless(&a))
		code = check_keyless(&a, err);
	if (code == ERR_OK)
		code = finish_proof(&a, err);
	if (code != ERR_OK)
		return code;
	*ret_proof = a.proof;
	a.proof = (struct trust_proof){ 0 };
	return ERR_OK;
}

void trust_proof_release(struct trust_proof *proof)
{
	free(proof->identity);
	free(proof->issuer);
	free(proof->log);
	free(proof->predicate_type);
	buf_release(&proof->statement);
	*proof = (struct trust_proof){ 0 };
}
