#include "trust/proofs.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "trust/policy_private.h"
#include "trust/revoked.h"

/* Content by digests, so that a signature which came with two images' names is one; and by whom it was to be. */
struct proof_key {
	const struct policy_signers *signers;
	struct digest blob, manifest, subject;
	size_t layer;
};

struct known_proof {
	struct proof_key key;
	struct verdict verdict;
};

static int compare_keys(const void *a, const void *b)
{
	const struct proof_key *x = a, *y = b;
	int order;

	if (x->signers != y->signers)
		return x->signers < y->signers ? -1 : 1;
	if (x->layer != y->layer)
		return x->layer < y->layer ? -1 : 1;
	order = strcmp(x->blob.text, y->blob.text);
	if (order == 0)
		order = strcmp(x->manifest.text, y->manifest.text);
	return order != 0 ? order : strcmp(x->subject.text, y->subject.text);
}

static void verdict_release(struct verdict *v)
{
	free(v->who);
	free(v->why);
	free(v->predicate_type);
	free(v->docker_reference);
	*v = (struct verdict){ 0 };
}

static void known_free(void *p)
{
	struct known_proof *e = p;

	if (e == NULL)
		return;
	verdict_release(&e->verdict);
	free(e);
}

static void known_free_ptr(struct known_proof **e)
{
	known_free(*e);
}

void proofs_init(struct proofs *p, const struct prover *prover, const struct revoked *revoked)
{
	*p = (struct proofs){ .prover = *prover, .revoked = revoked };
}

static enum err_code describe_signer(const struct trust_proof *proof, char **ret_who, struct err *err)
{
	if (proof->key != NULL)
		return str_format(ret_who, err, "key %s", trust_key_name(proof->key));
	return str_format(ret_who, err, "%s, vouched for by %s", proof->identity != NULL ? proof->identity : "somebody",
			  proof->issuer != NULL ? proof->issuer : "somebody");
}

static enum err_code fill(struct verdict *v, struct candidate_proof *proof, struct err *err)
{
	enum err_code code = describe_signer(&proof->signer, &v->who, err);

	v->holds = true;
	v->is_signature = proof->is_signature;
	if (code == ERR_OK)
		code = str_copy(proof->signer.predicate_type, &v->predicate_type, err);
	return code == ERR_OK ? str_copy(proof->docker_reference, &v->docker_reference, err) : code;
}

static enum err_code make(struct proofs *p, const struct candidates *all, const struct candidate *c,
			  struct known_proof *e, struct json_t **ret_payload, struct err *err)
{
	CLEANUP(candidate_proof_release) struct candidate_proof proof = { 0 };
	const struct policy_signers *s = e->key.signers;
	struct err why = { 0 };
	enum err_code code = p->prover.prove(p->prover.ctx, all, c, &s->material, &s->wanted, &proof, &why);

	if (code == ERR_OK && p->revoked != NULL)
		code = revoked_check_key(p->revoked, proof.signer.key_id, &why);
	if (code == ERR_UNPROVED)
		return str_copy(why.msg, &e->verdict.why, err);
	if (code != ERR_OK)
		return err_set(err, code, "%s", why.msg);
	code = fill(&e->verdict, &proof, err);
	if (code == ERR_OK)
		*ret_payload = take_ptr(&proof.payload);
	return code;
}

/* Whoever asks for more than are remembered gets all of them forgotten: the next image hardly has the same. */
static void make_room(struct proofs *p)
{
	if (p->len < LIMIT_PROOFS)
		return;
	tdestroy(p->known, known_free);
	p->known = NULL;
	p->len = 0;
}

enum err_code proofs_get(struct proofs *p, const struct candidates *all, const struct candidate *c,
			 const struct policy_signers *signers, const struct verdict **ret_verdict,
			 struct json_t **ret_payload, struct err *err)
{
	const struct node *nodes = all->graph->nodes;
	struct proof_key key = {
		.signers = signers,
		.blob = nodes[c->blob].digest,
		.manifest = nodes[c->manifest].digest,
		.subject = *all->subjects[c->subject].digest,
		.layer = c->layer,
	};
	CLEANUP(js_free_ptr) struct json_t *payload = NULL;
	CLEANUP(known_free_ptr) struct known_proof *made = NULL;
	void *found = tfind(&key, &p->known, compare_keys);
	enum err_code code;

	if (found != NULL) {
		*ret_verdict = &(*(struct known_proof **)found)->verdict;
		return ERR_OK;
	}
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return err_nomem(err);
	made->key = key;
	code = make(p, all, c, made, &payload, err);
	if (code != ERR_OK)
		return code;
	make_room(p);
	if (tsearch(made, &p->known, compare_keys) == NULL)
		return err_nomem(err);
	p->len++;
	*ret_verdict = &made->verdict;
	*ret_payload = take_ptr(&payload);
	made = NULL;
	return ERR_OK;
}

void proofs_release(struct proofs *p)
{
	tdestroy(p->known, known_free);
	*p = (struct proofs){ 0 };
}
