/* selection.h - which part of an image graph is taken: some platforms with all that belongs to them, some referrers,
 * layers or not.
 *
 * Lifecycle  A zeroed selection takes everything; selection_platform,
 *            selection_referrers; the walk asks it; after graph_settle
 *            selection_check and selection_leave_layers; selection_release.
 * Bounds     SELECTION_MAX platforms, SELECTION_MAX types of referrers.
 * Ownership  The selection owns its texts.
 * Errors     ERR_USAGE (what is no platform or no type), ERR_NOT_FOUND (a
 *            platform that an image does not have), ERR_NOMEM.
 * Rules      No byte is changed: an index stays as it is, and what of it is not
 *            taken is left out.  Of every index, wherever it stands, those
 *            entries are left out that name another platform, and attestations
 *            of what the same index leaves out.  An entry that does not say what
 *            it runs on is taken, so is whatever is no manifest, and so are indexes
 *            in indexes, in which the same is looked for again.  A manifest that is
 *            listed for several platforms is taken for any of them.  An image
 *            without an index is taken whole.
 *            Referrers are chosen where they refer to a part of an image; what
 *            refers to a referrer that is taken is taken too, of whatever type:
 *            an SBOM without its signature would be worth less.  An attestation
 *            that an index lists is a part of the image and no referrer.
 *            The same platforms and types in another order are the same selection.
 */
#ifndef COMMON_SELECTION_H
#define COMMON_SELECTION_H

#include "common/graph.h"
#include "common/intern.h"
#include "common/platform.h"

#define SELECTION_MAX ((size_t)64)

struct selection {
	struct platform *platforms; /* owned; sorted by their names, each once; none: all */
	size_t platforms_len, platforms_cap;
	bool attestations_only; /* layers of images stay behind */
	bool some_referrers;    /* only those of the types */
	const char **types;     /* owned; sorted, each once; none: no referrer at all */
	size_t types_len, types_cap;
	struct intern strings;
};

/* Take this platform, os/architecture[/variant], and those that were named before. */
enum err_code selection_platform(struct selection *s, const char *text, struct err *err);
/* Take referrers of this artifact type; sig, att and sbom are those that cosign tags so. */
enum err_code selection_type(struct selection *s, const char *type, struct err *err);
/* "all", "none", or types with commas between them. */
enum err_code selection_referrers(struct selection *s, const char *text, struct err *err);
/* Which entries of an index are taken: ret_taken has one place for each. */
enum err_code selection_of_index(const struct selection *s, const struct manifest *index, bool *ret_taken,
				 struct err *err);
/* True where no referrer is wanted, so that nobody need be asked. */
bool selection_no_referrers(const struct selection *s);
/* True where a referrer is taken by the way it is tied, whatever it is, or left out by it; else its type decides. */
bool selection_takes_link(const struct selection *s, enum link_kind kind);
/* True where a referrer of this artifact type, or NULL, is taken. */
bool selection_takes_type(const struct selection *s, const char *type);
/* Every image of a settled graph has every platform. */
enum err_code selection_check(const struct selection *s, const struct graph *g, struct err *err);
/* Mark the layers of a settled graph as left out, where only attestations are wanted. */
void selection_leave_layers(const struct selection *s, struct graph *g);
/* True where anything is not taken, so that it has to be said. */
bool selection_chooses(const struct selection *s);
/* A zeroed selection is fine. */
void selection_release(struct selection *s);
#endif
