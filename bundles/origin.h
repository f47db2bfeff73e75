/* origin.h - the origin verdict: who sealed a bundle, and whether somebody did whose key counts.
 *
 * Lifecycle  origin_find; origin_judge, or origin_demand for both and the keys; look; origin_release.
 * Bounds     ORIGIN_SEALS_MAX seals.
 * Ownership  An origin owns its seals and keys; the bundle is borrowed only during calls.
 * Errors     ERR_UNPROVED, saying what was found and what was wanted;
 *            ERR_DAMAGED; those of seal_key.h and reader.h.  A seal beside the
 *            bundle that is no seal is an error; one in a slot is described in
 *            its why, for there may be others.
 * Trust      Until origin_judge, a seal is a claim.  What is judged are the
 *            bytes of bundle.json whose digest the opened bundle holds, so what
 *            is read from this bundle afterwards is what was sealed.
 */
#ifndef BUNDLES_ORIGIN_H
#define BUNDLES_ORIGIN_H

#include <stddef.h>

#include "bundles/keyring.h"
#include "bundles/reader.h"
#include "bundles/seal.h"
#include "common/err.h"
#include "common/opt.h"

#define ORIGIN_SEALS_MAX ((size_t)256)
#define ORIGIN_NOT_PROVED "origin not proved: "

struct origin_seal {
	const char *file; /* borrowed: beside the bundle; NULL: in a slot */
	size_t slot;
	struct seal seal;
	const struct seal_key *key; /* borrowed: by which it is proved; NULL while it is not */
	struct err why;             /* why not; ERR_OK where nothing speaks against the claim */
};

struct origin {
	struct keyring ring;
	struct origin_seal *seals; /* owned */
	size_t len, cap;
	const struct origin_seal *proof; /* a seal that is proved; NULL for none */
};

/* Find the seals in the slots and in the files beside. */
enum err_code origin_find(const struct bundle *b, const struct opt_list *files, struct origin *o, struct err *err);
/* Prove one of them by a key of the ring.  Without any key nothing is proved, which is ERR_UNPROVED too. */
enum err_code origin_judge(const struct bundle *b, struct origin *o, struct err *err);
/* What every reader of a bundle that comes from outside does first: where any key counts, a seal by one of them must be
 * there; where none does, anything goes, and proof stays NULL. */
enum err_code origin_demand(const struct bundle *b, const struct opt_list *keys, const struct opt_list *files,
			    struct origin *o, struct err *err);
/* A zeroed origin is fine. */
void origin_release(struct origin *o);
#endif
