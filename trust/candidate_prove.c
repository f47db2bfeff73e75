/* The part of candidate.h that proves, and reads what is claimed. */
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "trust/candidate.h"
#include "trust/candidate_read.h"
#include "trust/legacy.h"
#include "trust/simple_signing.h"
#include "trust/statement.h"

#define COSIGN_SIGNATURE "dev.cosignproject.cosign/signature"
#define COSIGN_ANNOTATION(name) "dev.sigstore.cosign/" name
#define PREDICATE_COSIGN_SIGN "https://sigstore.dev/cosign/sign/v1"

/* A candidate, read. */
struct opened {
	struct buf blob;
	struct sigstore_bundle bundle;
	struct trust_artifact artifact;
	struct buf subject; /* the manifest that a message is over */
};

static void opened_release(struct opened *o)
{
	trust_artifact_release(&o->artifact);
	sigstore_bundle_release(&o->bundle);
	buf_release(&o->subject);
	buf_release(&o->blob);
}

static const char *name_of(const struct candidates *all, const struct candidate *c)
{
	return all->graph->nodes[c->blob].digest.text;
}

/* A signature in the annotations of its layer. */
static enum err_code open_legacy(const struct candidates *all, const struct candidate *c, struct opened *o,
				 struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct legacy_parts parts = { .layer = buf_text(&o->blob), .layer_len = o->blob.len };
	const struct json_t *notes;
	enum err_code code = candidate_read_manifest(all, c->manifest, &m, err);

	if (code != ERR_OK)
		return code;
	notes = m.items[c->layer].annotations; /* the place was found in the same bytes */
	parts.certificate = annotation(notes, COSIGN_ANNOTATION("certificate"));
	parts.chain = annotation(notes, COSIGN_ANNOTATION("chain"));
	parts.rekor = annotation(notes, COSIGN_ANNOTATION("bundle"));
	parts.timestamp = annotation(notes, COSIGN_ANNOTATION("rfc3161timestamp"));
	if (c->form == CANDIDATE_SIMPLE) {
		parts.signature = annotation(notes, COSIGN_SIGNATURE);
		if (parts.signature == NULL || *parts.signature == '\0')
			return err_set(err, ERR_FORMAT, "there is no signature in annotation " COSIGN_SIGNATURE);
	}
	return sigstore_bundle_of_legacy(&parts, name_of(all, c), &o->bundle, err);
}

static enum err_code open_candidate(const struct candidates *all, const struct candidate *c, struct opened *o,
				    struct err *err)
{
	enum err_code code;

	buf_init(&o->blob, LIMIT_SIGNED_BYTES);
	code = candidate_read_blob(all, c->blob, &o->blob, err);
	if (code != ERR_OK || c->form == CANDIDATE_STATEMENT)
		return code;
	if (c->form == CANDIDATE_BUNDLE)
		return sigstore_bundle_read(buf_text(&o->blob), o->blob.len, name_of(all, c), &o->bundle, err);
	return open_legacy(all, c, o, err);
}

/* What the signature has to be over, or about. */
static enum err_code choose_artifact(const struct candidates *all, const struct candidate *c, struct opened *o,
				     struct err *err)
{
	const struct candidate_subject *s = &all->subjects[c->subject];
	enum err_code code;

	if (c->form == CANDIDATE_SIMPLE) {
		o->artifact = trust_artifact_of_bytes(buf_text(&o->blob), o->blob.len, name_of(all, c));
		return ERR_OK;
	}
	if (o->bundle.is_statement)
		return trust_artifact_of_digest(s->digest, &o->artifact, err);
	buf_init(&o->subject, LIMIT_MANIFEST_BYTES);
	code = candidate_read_blob(all, s->node, &o->subject, err);
	if (code == ERR_OK)
		o->artifact = trust_artifact_of_bytes(buf_text(&o->subject), o->subject.len, s->digest->text);
	return code;
}

static enum err_code read_payload(const struct buf *text, const char *name, struct json_t **ret_payload,
				  struct err *err)
{
	return js_read_large(buf_text(text), text->len, LIMIT_DESCRIPTION_VALUES, name, ret_payload, err);
}

/* What only the signed content tells. */
static enum err_code look_into(const struct candidates *all, const struct candidate *c, const struct opened *o,
			       struct candidate_proof *p, struct err *err)
{
	enum err_code code;

	if (c->form == CANDIDATE_SIMPLE) {
		code = read_payload(&o->blob, name_of(all, c), &p->payload, err);
		if (code == ERR_OK)
			code = simple_signing_check(p->payload, all->subjects[c->subject].digest, err);
		if (code == ERR_OK)
			p->docker_reference = simple_signing_reference(p->payload);
		p->is_signature = true;
		return code;
	}
	p->is_signature =
		p->signer.form == TRUST_MESSAGE ||
		(p->signer.predicate_type != NULL && strcmp(p->signer.predicate_type, PREDICATE_COSIGN_SIGN) == 0);
	return p->signer.form == TRUST_MESSAGE ? ERR_OK
					       : read_payload(&p->signer.statement, name_of(all, c), &p->payload, err);
}

/* What cannot be read is no proof, and the fault of whoever made it; what the machine cannot do is no verdict. */
static enum err_code as_unproved(enum err_code code, struct err *err)
{
	bool theirs = code == ERR_FORMAT || code == ERR_LIMIT || code == ERR_UNSUPPORTED || code == ERR_CRYPTO;

	return theirs ? err_recode(err, ERR_UNPROVED) : code;
}

enum err_code candidate_prove(const struct candidates *all, const struct candidate *c, const struct trust_material *m,
			      const struct trust_wanted *wanted, struct candidate_proof *ret_proof, struct err *err)
{
	CLEANUP(opened_release) struct opened o = { 0 };
	CLEANUP(candidate_proof_release) struct candidate_proof p = { 0 };
	enum err_code code;

	if (c->why != NULL)
		return err_set(err, ERR_UNPROVED, "%s", c->why);
	if (c->form == CANDIDATE_STATEMENT)
		return err_set(err, ERR_UNPROVED, "it is not signed");
	code = open_candidate(all, c, &o, err);
	if (code == ERR_OK)
		code = choose_artifact(all, c, &o, err);
	if (code == ERR_OK)
		code = trust_verify(&o.bundle, m, wanted, &o.artifact, &p.signer, err);
	if (code == ERR_OK)
		code = look_into(all, c, &o, &p, err);
	if (code != ERR_OK)
		return as_unproved(code, err);
	*ret_proof = p;
	p = (struct candidate_proof){ 0 };
	return ERR_OK;
}

/* That it is about its subject can be told of a statement that nobody signed, too. */
static enum err_code check_statement(const struct candidates *all, const struct candidate *c, const struct buf *text,
				     struct err *err)
{
	CLEANUP(trust_artifact_release) struct trust_artifact subject = { 0 };
	CLEANUP(free_ptr) char *type = NULL;
	enum err_code code = trust_artifact_of_digest(all->subjects[c->subject].digest, &subject, err);

	return code == ERR_OK ? statement_read(text, &subject, &type, err) : code;
}

enum err_code candidate_payload(const struct candidates *all, const struct candidate *c, struct json_t **ret_payload,
				struct err *err)
{
	CLEANUP(opened_release) struct opened o = { 0 };
	CLEANUP(js_free_ptr) struct json_t *payload = NULL;
	enum err_code code;

	if (c->why != NULL)
		return err_set(err, ERR_UNPROVED, "%s", c->why);
	code = open_candidate(all, c, &o, err);
	if (code == ERR_OK && (c->form == CANDIDATE_SIMPLE || c->form == CANDIDATE_STATEMENT))
		code = read_payload(&o.blob, name_of(all, c), &payload, err);
	else if (code == ERR_OK && o.bundle.is_statement)
		code = read_payload(&o.bundle.payload, name_of(all, c), &payload, err);
	if (code == ERR_OK && c->form == CANDIDATE_STATEMENT)
		code = check_statement(all, c, &o.blob, err);
	if (code != ERR_OK)
		return as_unproved(code, err);
	*ret_payload = take_ptr(&payload);
	return ERR_OK;
}

void candidate_proof_release(struct candidate_proof *p)
{
	trust_proof_release(&p->signer);
	js_free(p->payload);
	*p = (struct candidate_proof){ 0 };
}
