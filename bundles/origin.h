/* origin.h - the origin verdict: who sealed a bundle, and whether somebody did whose key counts.
 *
 * Lifecycle  origin_load, origin_find and origin_judge, or origin_demand for all of them; then origin_check_graph or
 *            origin_check_name before anything of an image is used; look; origin_release.
 * Bounds     ORIGIN_SEALS_MAX seals.
 * Ownership  An origin owns its seals and keys; the bundle is borrowed only during calls.
 * Errors     ERR_UNPROVED, saying what was found and what was wanted;
 *            ERR_DAMAGED; those of seal_key.h, keyring.h and reader.h.  A seal beside the
 *            bundle that is no seal is an error; one in a slot is described in
 *            its why, for there may be others.  What no slot may hold is
 *            ERR_DAMAGED of origin_demand, as verify calls it.
 * Trust      Until origin_judge, a seal is a claim.  What is judged are the
 *            bytes of bundle.json whose digest the opened bundle holds, so what
 *            is read from this bundle afterwards is what was sealed.  What is revoked
 *            never counts, also where no key is asked for.  A key speaks for the names
 *            in its scope alone: for those that images have in the bundle, and for
 *            those that --map gives them; a registry that they go to is where they
 *            lie, and no part of what they are called.
 */
#ifndef BUNDLES_ORIGIN_H
#define BUNDLES_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "bundles/keyring.h"
#include "bundles/reader.h"
#include "bundles/seal.h"
#include "common/err.h"
#include "common/graph.h"
#include "common/js.h"
#include "common/mapping.h"
#include "common/opt.h"
#include "trust/revoked.h"

#define ORIGIN_SEALS_MAX ((size_t)256)
#define ORIGIN_THRESHOLD_MAX 64
#define ORIGIN_NOT_PROVED "origin not proved: "

/* Options of every command that opens bundles, into the members keys, seals and threshold. */
#define ORIGIN_OPTS(type)                                                                                              \
	{ "key", 'k',                                                                                                  \
	  "PUB", "a public key, in PEM, that must have sealed the bundle; any of them",                                \
	  0,     OPT_SETS(type, keys) },                                                                               \
		{ "seal", '\0', "FILE", "a seal that lies beside the bundle", 0, OPT_SETS(type, seals) },              \
	{                                                                                                              \
		"threshold", '\0', "N", "so many different keys must have sealed the bundle (1 where any key counts)", \
			ORIGIN_THRESHOLD_MAX, OPT_SETS(type, threshold)                                                \
	}

/* What a command line asks for. */
struct origin_wanted {
	const struct opt_list *keys, *seals; /* files: whose seals count, and seals that lie beside the bundle */
	unsigned threshold;                  /* so many different keys must have sealed it; 0: one, where any counts */
};

struct origin_seal {
	const char *file; /* borrowed: beside the bundle; NULL: in a slot */
	size_t slot;
	bool torn; /* what is in the slot is nothing that may be in one: the file is damaged */
	struct seal seal;
	bool elsewhere; /* it is over another bundle, whoever made it */
	const struct seal_key
		*key;   /* borrowed: by which it is proved; NULL while it is not, and where that is revoked */
	struct err why; /* why not; ERR_OK where nothing speaks against the claim */
};

struct origin {
	struct keyring ring;
	struct revoked revoked;
	unsigned threshold;
	struct origin_seal *seals; /* owned */
	size_t len, cap;
	const struct origin_seal *proof; /* a seal that is proved; NULL where too few are */
};

/* Load what counts and what is revoked. */
enum err_code origin_load(const struct origin_wanted *wanted, struct origin *o, struct err *err);
/* Find the seals in the slots and in the files beside. */
enum err_code origin_find(const struct bundle *b, const struct opt_list *files, struct origin *o, struct err *err);
/* Prove them by the keys of the ring: as many different keys as are asked for must have sealed it.  Without any key
 * nothing is proved, which is ERR_UNPROVED too. */
enum err_code origin_judge(const struct bundle *b, struct origin *o, struct err *err);
/* What every reader of a bundle that comes from outside does first: where any key counts, a seal by one of them must be
 * there; where none does and no threshold is asked for, anything goes that is not revoked, and proof stays NULL. */
enum err_code origin_demand(const struct bundle *b, const struct origin_wanted *wanted, struct origin *o,
			    struct err *err);
/* Has this key sealed it, so that it counts? */
bool origin_is_sealed_by(const struct origin *o, const struct keyring_key *k);
/* May the image of this name be used? */
enum err_code origin_check_name(const struct bundle *b, const struct origin *o, const char *name, struct err *err);
/* May the images of a settled graph be used, and what they bring?  names gave them their names; NULL where they have
 * those of the bundle. */
enum err_code origin_check_graph(const struct bundle *b, const struct origin *o, const struct graph *g,
				 const struct mapping *names, struct err *err);
/* May all images of the bundle be used, as it describes them? */
enum err_code origin_check_all(const struct bundle *b, const struct origin *o, struct err *err);
/* Append by whom it is sealed, "key HINT (FILE) and key HINT (FILE)"; nothing where it is not proved. */
enum err_code origin_text(const struct origin *o, struct buf *out, struct err *err);
/* Put the hints of the different keys that have sealed it, as an array. */
void origin_put_keys(struct js_out *out, const struct origin *o);
/* A zeroed origin is fine. */
void origin_release(struct origin *o);
#endif
