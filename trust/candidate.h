/* candidate.h - the signatures and attestations that came with one image: what they say, before anybody has proved it.
 *
 * Lifecycle  candidates_gather for one image of a settled graph; look;
 *            candidate_prove, candidate_payload any number of times;
 *            candidates_release.
 * Bounds     LIMIT_SUBJECTS, LIMIT_CANDIDATES and LIMIT_SIGNED_SUM_BYTES an
 *            image; candidates hold no bytes: what is proved is read again,
 *            LIMIT_SIGNED_BYTES at most.
 * Ownership  Graph and source are borrowed, and outlive the candidates, which
 *            borrow the graph's strings.  The source answers at once.
 * Errors     Gathering: those of the source, ERR_LIMIT, ERR_NOMEM.  What is
 *            listed as a signature and not there is a candidate with a why.
 *            Proving: ERR_UNPROVED, with the reason in words; what is wrong with
 *            the machine (ERR_IO, ERR_NOMEM, ERR_DAMAGED) is another code, and
 *            no verdict.
 * Trust      Everything in struct candidate is a claim.  Everything in struct
 *            candidate_proof was signed, and is no more than its signer's word.
 * Source     cosign SIGNATURE_SPEC.md, ATTESTATION_SPEC.md, BUNDLE_SPEC.md;
 *            BuildKit docs/attestations/attestation-storage.md.
 */
#ifndef TRUST_CANDIDATE_H
#define TRUST_CANDIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/asked.h"
#include "common/err.h"
#include "common/graph.h"
#include "common/intern.h"
#include "common/js.h"
#include "common/source.h"
#include "trust/sigstore.h"

enum candidate_form {
	CANDIDATE_SIMPLE,    /* cosign's simple signing: a payload that names a digest, its signature in annotations */
	CANDIDATE_DSSE,      /* a DSSE envelope around an in-toto statement: cosign's attestation */
	CANDIDATE_BUNDLE,    /* a sigstore bundle as a referrer: around a statement, or over the manifest itself */
	CANDIDATE_STATEMENT, /* an in-toto statement that nobody signed: BuildKit's; never proved by itself */
};

/* A manifest of the image that something may be said about. */
struct candidate_subject {
	uint32_t node;
	const struct digest *digest;
	enum role role; /* ROLE_INDEX, ROLE_MANIFEST: the image and its platforms; else what belongs to them.  What
			   is marked as an attestation and may be run counts as a platform, and so does what an
			   index lists and calls no manifest */
	const char *platform; /* NULL where none is known, and of an index */
	bool anywhere;        /* something that leads here does not say what it runs on */
	bool is_root;         /* what the image's name stands for */
};

struct candidate {
	enum candidate_form form;
	enum link_kind link;        /* how it was tied to its subject */
	size_t subject;             /* place in subjects[]: the manifest that it is attached to */
	uint32_t manifest, blob;    /* nodes: what carries it, and the layer of that which it is; where the manifest is
				       not there, that itself */
	size_t layer;               /* place among that manifest's layers */
	const char *predicate_type; /* as what carries it says; NULL where that says nothing */
	const char *why;            /* why it can never be proved: it is absent, or too large; else NULL */
};

struct candidates {
	const struct graph *graph;
	struct source *source;
	uint32_t root;
	struct candidate_subject *subjects; /* owned: the root first, then platforms in their order, then the rest */
	size_t subjects_len, subjects_cap;
	struct candidate *items; /* owned: by subject, in the graph's order of links */
	size_t len, cap;
	uint64_t signed_bytes; /* of all that can be proved */
	struct intern strings;
};

/* What was proved of one candidate. */
struct candidate_proof {
	struct trust_proof signer; /* by whom, when, how; predicate_type of a statement is in it */
	struct json_t *payload; /* owned: the in-toto statement, or simple signing's JSON; NULL where the signature is
				   over the manifest itself */
	const char *docker_reference; /* the name that simple signing signed; NULL where there is none */
	bool is_signature;            /* it vouches for the image and says nothing else: simple signing, cosign's own
					 predicate, a signature over the manifest */
};

/* What a layer of this media type is; false where it neither signs nor attests. */
bool candidate_form_of(const char *media_type, enum candidate_form *ret_form);
/* Find what there is of one image, by the place of its root among the graph's nodes: of the root, of each manifest
 * under it, carried or not, and of whatever refers to one of them. */
enum err_code candidates_gather(const struct graph *g, uint32_t root, struct source *source,
				struct candidates *ret_candidates, struct err *err);
/* Prove one under this material: that who is wanted has signed it, and that it is about its subject's digest. */
enum err_code candidate_prove(const struct candidates *all, const struct candidate *c, const struct trust_material *m,
			      const struct trust_wanted *wanted, struct candidate_proof *ret_proof, struct err *err);
/* What one claims, unproved: an in-toto statement or simple signing's JSON, for the caller to free.  For
 * CANDIDATE_STATEMENT its subject is held against the digest; of a manifest's own signature it is NULL. */
enum err_code candidate_payload(const struct candidates *all, const struct candidate *c, struct json_t **ret_payload,
				struct err *err);
/* Add to seen what a signature over a manifest vouches for by digests: that one, and what its indexes lead to, so also
 * the attestations that BuildKit puts into an index.  What is in seen already is not gone through again. */
enum err_code candidates_reach(const struct candidates *all, uint32_t manifest, struct asked *seen, struct err *err);
/* Zeroed ones are fine. */
void candidate_proof_release(struct candidate_proof *p);
void candidates_release(struct candidates *all);
#endif
