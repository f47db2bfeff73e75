#include "trust/signers.h"

#include <stdlib.h>

#include "common/mem.h"

static bool has_identity(const struct signers_options *o)
{
	return o->identity != NULL || o->identity_regexp != NULL || o->issuer != NULL || o->issuer_regexp != NULL;
}

bool signers_given(const struct signers_options *o)
{
	return o->keys.len > 0 || has_identity(o) || o->root != NULL;
}

/* An identity means nothing without who vouches for it, and neither does anything without a root. */
static enum err_code check(const struct signers_options *o, struct err *err)
{
	if (has_identity(o) && o->identity == NULL && o->identity_regexp == NULL)
		return err_set(err, ERR_USAGE,
			       "--certificate-identity or --certificate-identity-regexp is needed "
			       "beside the issuer");
	if (has_identity(o) && o->issuer == NULL && o->issuer_regexp == NULL)
		return err_set(err, ERR_USAGE,
			       "--certificate-oidc-issuer or --certificate-oidc-issuer-regexp is needed "
			       "beside the identity");
	if ((o->identity != NULL && o->identity_regexp != NULL) || (o->issuer != NULL && o->issuer_regexp != NULL))
		return err_set(err, ERR_USAGE,
			       "an identity and an issuer are given as a text or as a regular "
			       "expression, not both");
	if (has_identity(o) && o->root == NULL)
		return err_set(err, ERR_USAGE,
			       "--trusted-root FILE is needed: by whose certificates is an identity "
			       "proved?");
	if (!has_identity(o) && o->keys.len == 0 && o->root != NULL)
		return err_set(err, ERR_USAGE, "--trusted-root is for an identity or a key, and none is given");
	return ERR_OK;
}

static enum err_code load_keys(const struct opt_list *files, struct signers *s, struct err *err)
{
	enum err_code code = ERR_OK;

	s->keys = calloc(files->len + 1, sizeof(*s->keys));
	if (s->keys == NULL)
		return err_nomem(err);
	while (code == ERR_OK && s->keys_len < files->len) {
		code = trust_key_read(files->items[s->keys_len], &s->keys[s->keys_len], err);
		s->keys_len += code == ERR_OK;
	}
	return code;
}

enum err_code signers_load(const struct signers_options *o, struct signers *ret_signers, struct err *err)
{
	struct signers s = { 0 };
	enum err_code code = check(o, err);

	if (code == ERR_OK)
		code = load_keys(&o->keys, &s, err);
	if (code == ERR_OK && o->root != NULL)
		code = trust_root_read(o->root, &s.root, err);
	if (code == ERR_OK && has_identity(o))
		code = trust_identity_init(o->identity, o->identity_regexp, o->issuer, o->issuer_regexp, &s.identity,
					   err);
	if (code != ERR_OK) {
		signers_release(&s);
		return code;
	}
	*ret_signers = s;
	ret_signers->material = (struct trust_material){ .keys = ret_signers->keys,
							 .keys_len = ret_signers->keys_len,
							 .root = ret_signers->root };
	ret_signers->wanted = (struct trust_wanted){ .identities = has_identity(o) ? &ret_signers->identity : NULL,
						     .identities_len = has_identity(o) ? 1 : 0 };
	return ERR_OK;
}

void signers_release(struct signers *s)
{
	size_t i;

	for (i = 0; i < s->keys_len; i++)
		trust_key_free(s->keys[i]);
	free(s->keys);
	trust_root_free(s->root);
	trust_identity_release(&s->identity);
	*s = (struct signers){ 0 };
}
