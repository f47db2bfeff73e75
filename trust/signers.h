/* signers.h - whom the command line names as signers of images: keys, or an identity that a trusted root vouches for.
 *
 * Lifecycle  signers_load; prove by its material and what is wanted; signers_release.
 * Ownership  Texts of the options are borrowed from the command line; the rest is the signers' own.
 * Errors     ERR_USAGE (half an identity, or one without a root), those of key.h, root.h and identity.h.
 */
#ifndef TRUST_SIGNERS_H
#define TRUST_SIGNERS_H

#include <stdbool.h>

#include "common/err.h"
#include "common/opt.h"
#include "trust/sigstore.h"

struct signers_options {
	struct opt_list keys;
	const char *identity, *identity_regexp, *issuer, *issuer_regexp, *root;
};

/* The rows of an option table whose struct has a member signers of this kind. */
#define SIGNERS_OPTS(type)                                                                                             \
	{ "image-key", '\0',                                                                                           \
	  "PUB",       "a public key, in PEM, that must have signed each image; any of them",                          \
	  0,           OPT_SETS(type, signers.keys) },                                                                 \
		{ "certificate-identity",                                                                              \
		  '\0',                                                                                                \
		  "WHO",                                                                                               \
		  "an identity that must have signed each image, as Fulcio saw it",                                    \
		  0,                                                                                                   \
		  OPT_SETS(type, signers.identity) },                                                                  \
		{ "certificate-identity-regexp",                                                                       \
		  '\0',                                                                                                \
		  "RE",                                                                                                \
		  "the same, as a regular expression for all of it",                                                   \
		  0,                                                                                                   \
		  OPT_SETS(type, signers.identity_regexp) },                                                           \
		{ "certificate-oidc-issuer",       '\0', "URL",                                                        \
		  "who vouched for that identity", 0,    OPT_SETS(type, signers.issuer) },                             \
		{ "certificate-oidc-issuer-regexp",                                                                    \
		  '\0',                                                                                                \
		  "RE",                                                                                                \
		  "the same, as a regular expression for all of it",                                                   \
		  0,                                                                                                   \
		  OPT_SETS(type, signers.issuer_regexp) },                                                             \
	{                                                                                                              \
		"trusted-root", '\0', "FILE", "whose certificates, logs and timestamps count: a trusted_root.json", 0, \
			OPT_SETS(type, signers.root)                                                                   \
	}

struct signers {
	struct trust_key **keys; /* owned */
	size_t keys_len;
	struct trust_root *root; /* owned; NULL: none */
	struct trust_identity identity;
	struct trust_material material;
	struct trust_wanted wanted;
};

/* True where any signer is named. */
bool signers_given(const struct signers_options *o);
enum err_code signers_load(const struct signers_options *o, struct signers *ret_signers, struct err *err);
/* Zeroed ones are fine. */
void signers_release(struct signers *s);
#endif
