/* walk_private.h - the inside of a walk, for its two halves: what is listed, and what refers to it.
 *
 * Lifecycle, errors  Those of walk.h.
 */
#ifndef COMMON_WALK_PRIVATE_H
#define COMMON_WALK_PRIVATE_H

#include "common/walk.h"

/* Puts a question to its source. */
typedef enum err_code walk_ask_fn(struct question *q, struct err *err);

/* One question: which node it is about, and on whose behalf. */
struct question {
	struct walk *walk;
	uint32_t node; /* NODE_NONE while a name is being resolved */
	uint16_t source;
	walk_ask_fn *ask;              /* of one that waits for its turn */
	struct descriptor *candidate;  /* owned: a referrer whose type decides: node is its subject then; else NULL */
	char *name, *asked;            /* owned; of an image that is being resolved, and what its source knows it by */
	struct question *next, **link; /* the walk's open questions, so that none is lost when a source fails */
};

/* Ask about a node when it is its turn.  An index may list tens of thousands of manifests: a question that waits takes
 * a tenth of one that is under way.  candidate may be NULL; it is copied. */
enum err_code walk_ask_later(struct walk *w, uint32_t node, uint16_t source, const struct descriptor *candidate,
			     walk_ask_fn *ask, struct err *err);
/* A question was answered, and what came of that is code: it is freed, and the next ones have their turn. */
enum err_code walk_answered(struct question *q, enum err_code code, struct err *err);
/* Whether this is the first time that it is asked for. */
enum err_code walk_once(struct walk *w, uint32_t node, uint16_t source, enum asked_what what, bool *ret_first,
			struct err *err);
/* A step from a node that was reached to another. */
enum err_code walk_reach(struct walk *w, uint32_t node, uint32_t from, struct err *err);
/* The same, and ask for its manifest. */
enum err_code walk_visit(struct walk *w, uint32_t node, uint32_t from, uint16_t source, struct err *err);
/* Ask a source for the manifests that a node lists, and that are wanted of it. */
enum err_code walk_visit_children(struct walk *w, uint32_t node, uint16_t source, struct err *err);
/* A manifest is here and proved: add it, tell the owner, let go of what was parsed, go on from it. */
enum err_code walk_expand(struct walk *w, uint32_t node, uint16_t source, const struct source_manifest *got,
			  struct manifest *m, struct err *err);
/* Ask what refers to a node, unless nobody wants to know. */
enum err_code walk_ask_referrers(struct walk *w, uint32_t node, uint16_t source, struct err *err);
/* It belongs to a referrer that is taken, and so does all that refers to it. */
enum err_code walk_mark_of_referrer(struct walk *w, uint32_t node, struct err *err);
#endif
