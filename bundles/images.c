#include "bundles/images.h"

#include <stdlib.h>

#include "bundles/source.h"
#include "common/mem.h"
#include "trust/policy_prove.h"

/* For whom the candidates of one image are proved. */
struct asker {
	const struct signers *signers;
	const struct admission *admission;
	const char *name;
};

/* By those who are named, else by those whom a policy asks for. */
static enum err_code prove(void *ctx, const struct candidates *all, const struct candidate *c,
			   struct candidate_proof *ret_proof, struct err *err)
{
	const struct asker *p = ctx;
	const struct prover *prover = &p->admission->prover;
	enum err_code code = ERR_UNPROVED;
	size_t i;

	if (p->signers != NULL)
		code = prover->prove(prover->ctx, all, c, &p->signers->material, &p->signers->wanted, ret_proof, err);
	for (i = 0; code == ERR_UNPROVED && i < p->admission->len; i++) {
		struct err why = { 0 };

		code = policy_prove(p->admission->policies[i].policy, p->name, prover, all, c, ret_proof, &why);
		if (code != ERR_OK && (code != ERR_UNPROVED || err->code == ERR_OK))
			*err = why;
	}
	return code;
}

/* What speaks against an image, in one line. */
static enum err_code decide(const struct signers *signers, struct admission *a, struct image_verdict *v,
			    struct err *err)
{
	struct err why = { 0 };
	enum err_code code = admission_judge(a, &v->all, &v->name, 1, &v->answer, err);

	if (code != ERR_OK)
		return code;
	if (admission_refusal(&v->answer, &why) != ERR_OK)
		return str_copy(why.msg, &v->why, err);
	if (signers == NULL || findings_signed(&v->findings))
		return ERR_OK;
	return str_format(
		&v->why, err, "%.300s: no signature by those who are named holds: %zu %s there%s", v->name, v->all.len,
		v->all.len == 1 ? "signature or attestation is" : "signatures and attestations are",
		v->findings.held > 0 ? ", and those that hold vouch for neither it nor all its platforms" : "");
}

static enum err_code judge_one(const struct graph *g, const struct image *image, const struct signers *signers,
			       struct admission *a, struct images_verdict *all, struct err *err)
{
	struct image_verdict *v = &all->items[all->len++];
	struct asker p = { .signers = signers, .admission = a, .name = image->name };
	enum err_code code = candidates_gather(g, image->root, all->source, &v->all, err);

	v->name = image->name;
	if (code == ERR_OK)
		code = findings_make(&v->all, prove, &p, &v->findings, err);
	if (code == ERR_OK)
		code = decide(signers, a, v, err);
	all->held += v->findings.held;
	all->refused += v->why != NULL;
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", image->name);
}

enum err_code images_judge(const struct bundle *b, const struct graph *g, const struct signers *signers,
			   struct admission *admission, struct images_verdict *ret_verdict, struct err *err)
{
	struct images_verdict v = { .items = calloc(g->images_len + 1, sizeof(*v.items)) };
	enum err_code code = v.items != NULL ? bundle_source_new(b, &v.source, err) : err_nomem(err);

	while (code == ERR_OK && v.len < g->images_len)
		code = judge_one(g, &g->images[v.len], signers, admission, &v, err);
	if (code == ERR_OK)
		*ret_verdict = v;
	else
		images_verdict_release(&v);
	return code;
}

enum err_code images_refusal(const struct images_verdict *v, struct err *err)
{
	size_t i;

	for (i = 0; i < v->len; i++) {
		if (v->items[i].why != NULL)
			return err_set(err, ERR_UNPROVED, "%s", v->items[i].why);
	}
	return ERR_OK;
}

void images_verdict_release(struct images_verdict *v)
{
	size_t i;

	for (i = 0; i < v->len; i++) {
		admission_answer_release(&v->items[i].answer);
		findings_release(&v->items[i].findings);
		candidates_release(&v->items[i].all);
		free(v->items[i].why);
	}
	if (v->source != NULL)
		v->source->free(v->source);
	free(v->items);
	*v = (struct images_verdict){ 0 };
}
