#include "bundles/admission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "bundles/source.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "trust/site.h"

static enum err_code add_policy(struct admission *a, const struct buf *text, const char *path, bool is_site,
				struct err *err)
{
	struct admission_policy p = { .is_site = is_site };
	enum err_code code = digest_of(buf_text(text), text->len, NULL, &p.digest, err);

	if (code == ERR_OK)
		code = is_site ? policy_parse_site(buf_text(text), text->len, path, &p.policy, err)
			       : policy_parse(buf_text(text), text->len, path, &p.policy, err);
	if (code == ERR_OK)
		a->policies[a->len++] = p;
	return code;
}

/* Where it is there it counts; where it is to be passed over, that is said here, so that no command forgets it. */
static enum err_code load_site(struct admission *a, bool insecure, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_POLICY_BYTES };
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = site_path(NULL, SITE_POLICY, &path, err);

	if (code == ERR_OK)
		code = site_read(NULL, SITE_POLICY, &text, err);
	if (code == ERR_NOT_FOUND)
		return ERR_OK;
	if (code != ERR_OK)
		return code;
	if (!insecure)
		return add_policy(a, &text, path, true, err);
	a->bypassed = true;
	fprintf(stderr, "warning: --insecure-policy: the policy of this machine, %s, is not asked\n", path);
	return ERR_OK;
}

static enum err_code load_given(struct admission *a, const char *path, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_POLICY_BYTES };
	enum err_code code = file_read(path, &text, err);

	return code == ERR_OK ? add_policy(a, &text, path, false, err) : code;
}

/* What a key has signed counts for nothing once it is revoked, whatever the policy says. */
static enum err_code prove_unrevoked(void *ctx, const struct candidates *all, const struct candidate *c,
				     const struct trust_material *m, const struct trust_wanted *wanted,
				     struct candidate_proof *ret_proof, struct err *err)
{
	const struct admission *a = ctx;
	struct candidate_proof p = { 0 };
	enum err_code code = candidate_prove(all, c, m, wanted, &p, err);

	if (code == ERR_OK)
		code = revoked_check_key(&a->revoked, p.signer.key_id, err);
	if (code == ERR_OK)
		*ret_proof = p;
	else
		candidate_proof_release(&p);
	return code;
}

enum err_code admission_load(const struct admission_wanted *wanted, struct admission *a, struct err *err)
{
	enum err_code code = revoked_load(&a->revoked, err);

	a->prover = (struct prover){ .prove = prove_unrevoked, .payload = prover_plain.payload, .ctx = a };
	proofs_init(&a->proofs, &prover_plain, &a->revoked);
	if (code == ERR_OK && !wanted->given_only)
		code = load_site(a, wanted->insecure, err);
	return code == ERR_OK && wanted->policy != NULL ? load_given(a, wanted->policy, err) : code;
}

enum err_code admission_judge(struct admission *a, const struct candidates *all, const char *const *names,
			      size_t names_len, struct admission_answer *ret_answer, struct err *err)
{
	struct admission_answer answer = { 0 };
	enum err_code code = ERR_OK;
	size_t i, j;

	for (i = 0; i < a->len; i++) {
		for (j = 0; code == ERR_OK && j < names_len; j++) {
			code = policy_decide(a->policies[i].policy, names[j], all, &a->proofs,
					     &answer.decisions[answer.len], err);
			answer.len += code == ERR_OK;
		}
	}
	if (code == ERR_OK)
		*ret_answer = answer;
	else
		admission_answer_release(&answer);
	return code;
}

enum err_code admission_refusal(const struct admission_answer *answer, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < answer->len; i++)
		code = decision_refusal(&answer->decisions[i], err);
	return code;
}

/* The name in the bundle, and the one that --map gives where that is another. */
static enum err_code names_of(const struct mapping *names, const char *name, const char *ret_names[ADMISSION_NAMES],
			      char **ret_new, size_t *ret_len, struct err *err)
{
	struct mapping rules; /* without the registry that the images go to */
	enum err_code code;

	ret_names[0] = names != NULL ? mapping_origin(names, name) : name;
	*ret_len = 1;
	if (names == NULL)
		return ERR_OK;
	rules = *names;
	rules.place = NULL;
	code = mapping_look(&rules, ret_names[0], ret_new, err);
	if (code != ERR_OK || strcmp(*ret_new, ret_names[0]) == 0)
		return code;
	ret_names[(*ret_len)++] = *ret_new;
	return ERR_OK;
}

static enum err_code check_image(struct admission *a, const struct graph *g, const struct image *image,
				 struct source *source, const struct mapping *names, struct err *err)
{
	CLEANUP(candidates_release) struct candidates all = { 0 };
	CLEANUP(admission_answer_release) struct admission_answer answer = { 0 };
	CLEANUP(free_ptr) char *new = NULL;
	const char *both[ADMISSION_NAMES];
	size_t len = 0;
	enum err_code code = names_of(names, image->name, both, &new, &len, err);

	if (code == ERR_OK)
		code = candidates_gather(g, image->root, source, &all, err);
	if (code == ERR_OK)
		code = admission_judge(a, &all, both, len, &answer, err);
	return code == ERR_OK ? admission_refusal(&answer, err) : code;
}

enum err_code admission_check(struct admission *a, const struct graph *g, struct source *source,
			      const struct mapping *names, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	if (a->len == 0)
		return ERR_OK;
	for (i = 0; code == ERR_OK && i < g->images_len; i++)
		code = check_image(a, g, &g->images[i], source, names, err);
	return code;
}

enum err_code admission_check_bundle(struct admission *a, const struct bundle *b, const struct graph *g,
				     const struct mapping *names, struct err *err)
{
	struct source *source = NULL;
	enum err_code code;

	if (a->len == 0)
		return ERR_OK;
	code = bundle_source_new(b, &source, err);
	if (code != ERR_OK)
		return code;
	code = admission_check(a, g, source, names, err);
	if (code == ERR_UNPROVED)
		err_add(err, "%s", bundle_path(b));
	source->free(source);
	return code;
}

enum err_code admission_check_file(struct admission *a, const char *path, const struct digest *digest, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(graph_release) struct graph g;
	enum err_code code = ERR_OK;

	graph_init(&g);
	if (a->len == 0)
		return ERR_OK;
	code = bundle_open(path, &b, err);
	if (code == ERR_OK && !digest_equal(bundle_digest(b), digest))
		return err_set(err, ERR_IO, "%s: it was replaced while it was opened: try again", path);
	if (code == ERR_OK)
		code = contents_walk(b, NULL, NULL, &g, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	if (code != ERR_OK)
		return code;
	contents_mark(b, &g);
	return admission_check_bundle(a, b, &g, NULL, err);
}

void admission_put(struct js_out *out, const struct admission *a)
{
	size_t i;

	js_begin(out, '[');
	for (i = 0; i < a->len; i++) {
		js_begin(out, '{');
		js_member(out, "file", policy_path(a->policies[i].policy));
		js_member(out, "digest", a->policies[i].digest.text);
		js_member_bool(out, "site", a->policies[i].is_site);
		js_end(out, '}');
	}
	js_end(out, ']');
}

void admission_answer_release(struct admission_answer *answer)
{
	size_t i;

	for (i = 0; i < answer->len; i++)
		decision_release(&answer->decisions[i]);
	*answer = (struct admission_answer){ 0 };
}

void admission_release(struct admission *a)
{
	size_t i;

	proofs_release(&a->proofs);
	revoked_release(&a->revoked);
	for (i = 0; i < a->len; i++)
		policy_free(a->policies[i].policy);
	*a = (struct admission){ 0 };
}
