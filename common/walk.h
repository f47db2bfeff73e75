/* walk.h - from names to a whole image graph: children, attestations and referrers of every node.
 *
 * Lifecycle  walk_init; walk_image or walk_root for each name; the sources' run loop until
 *            they are idle; graph_settle; walk_release.
 * Bounds     Those of the graph; LIMIT_GRAPH_DEPTH steps from a root.
 *            WALK_UNDER_WAY_MAX questions are with the sources at a time, beside
 *            those about names; the others wait, each in under 100 bytes, or
 *            500 where the type of a referrer decides.
 * Sources    What several sources have is one node, and each of them is asked
 *            for it and what refers to it: a signature may lie in one of two
 *            repositories that hold the same image.
 * Ownership  Graph and sources are borrowed.
 * Errors     Those of the sources; ERR_NOT_FOUND for a name that is not there,
 *            ERR_LIMIT for a graph that is too deep or too large.  A child that
 *            its index lists and the source lacks is marked absent: that
 *            happens in the field and is no error.
 */
#ifndef COMMON_WALK_H
#define COMMON_WALK_H

#include "common/asked.h"
#include "common/graph.h"
#include "common/selection.h"
#include "common/source.h"

#define WALK_UNDER_WAY_MAX 256 /* enough for every connection, little to remember */

struct question;

/* Told of every manifest once, when it was proved and added to the graph. */
typedef enum err_code walk_manifest_fn(void *ctx, uint32_t node, const void *bytes, size_t len, struct err *err);

struct walk {
	struct graph *graph;
	walk_manifest_fn *on_manifest; /* may be NULL */
	void *ctx;
	const struct selection *selection; /* borrowed; NULL: everything */
	struct source **sources;           /* those seen so far; a node's source is a place in here */
	size_t sources_len, sources_cap;
	struct question *open;                   /* owned: questions under way */
	struct question *waiting, *waiting_last; /* owned: those that are not yet, in their order */
	size_t under_way;                        /* those that had to wait for their turn, and have it */
	bool starting;
	struct asked asked;
	struct digest *dropped; /* owned: referrers that are not wanted, one for each time that they were met */
	size_t dropped_len, dropped_cap;
};

void walk_init(struct walk *w, struct graph *graph, walk_manifest_fn *on_manifest, void *ctx);
/* Begin with what source has under ref; name is what the image is called in the graph. */
enum err_code walk_image(struct walk *w, struct source *source, const struct reference *ref, const char *name,
			 struct err *err);
/* The same with a manifest that is known by its descriptor. */
enum err_code walk_root(struct walk *w, struct source *source, const struct descriptor *d, const char *name,
			struct err *err);
/* The source of a node. */
struct source *walk_source(const struct walk *w, const struct node *n);
/* True where this source, by its place, has given or confirmed the manifest of a node. */
bool walk_has(const struct walk *w, uint32_t node, uint16_t source);
/* How many referrers were not taken because of what they are. */
size_t walk_dropped(struct walk *w);
void walk_release(struct walk *w);
#endif
