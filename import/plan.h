/* plan.h - what is to be imported: the bundle's image graph, proved, under the names that the target will see.
 *
 * Lifecycle  plan_make from an open bundle; the target fills in what it found;
 *            plan_release.
 * Ownership  Bundle and rules for names are borrowed; everything else is the plan's.
 * Errors     ERR_DAMAGED (the bundle's manifests do not fit its description, or a
 *            blob is missing), ERR_USAGE (rules for names that do not fit),
 *            ERR_CONFLICT (a name stands for something else, or for more, and may not
 *            move), ERR_MISSING (what the bundle leaves out is not at the target),
 *            ERR_INTERRUPTED (while what plan_open gave is read).
 */
#ifndef IMPORT_PLAN_H
#define IMPORT_PLAN_H

#include <stdbool.h>

#include "bundles/reader.h"
#include "common/graph.h"
#include "common/mapping.h"
#include "common/opt.h"
#include "common/platform.h"
#include "common/progress.h"
#include "common/selection.h"
#include "common/source.h"

/* An image manifest that the target has, with all that it lists. */
struct plan_run {
	struct digest manifest;
	char platform[PLATFORM_TEXT_MAX]; /* "" where it is not known */
};

/* What happened to one image of the graph; same place as in graph.images. */
struct plan_image {
	struct digest other;   /* what is published in place of the root, where the target takes only that; "" else */
	struct digest was;     /* what the name pointed to at the target before; "" for nothing */
	struct plan_run *runs; /* owned: what of that can be run there */
	size_t runs_len, runs_cap;
	size_t bare;         /* platforms whose layers or config neither the bundle brings nor the target has */
	struct digest is;    /* what it points to now: as it was published, then as it is read back */
	bool sparse;         /* an index that lists what will not be there, which the target may refuse */
	size_t wanted_blobs; /* to be sent, and not on behalf of an image before it */
	uint64_t wanted_bytes;
	size_t platforms;    /* read back: platforms that are whole */
	size_t attestations; /* read back: attestation manifests that the target knows as such */
	size_t referrers;    /* read back: referrers that the target keeps, where it says so */
	bool referrers_known;
	bool read_back;
};

/* A tag of cosign's that stands for something else at the target, with what the bundle does not bring. */
struct plan_tag {
	char *name; /* owned: as the target calls it */
	struct digest was, is;
};

/* A name of an image, or a tag, that may not become what it is in the bundle. */
struct plan_conflict {
	const char *name;
	const struct digest *was, *is;
	bool is_tag;
};

struct plan {
	struct bundle *bundle; /* borrowed */
	struct mapping *names; /* borrowed: what the target calls things */
	struct graph graph;    /* images under their new names; settled */
	uint32_t *order;       /* the file's, so that a bundle may come through a pipe; what is not in it stands last */
	size_t order_len;
	struct plan_image *images;
	bool *skip;            /* by node: the target has it already, or does not want it */
	bool partial;          /* not all of the bundle was chosen */
	bool replace;          /* names that point elsewhere may move */
	bool dry_run;          /* nothing will be written: what would be refused is noted, and looking goes on */
	struct err refusal;    /* then: what an import would have ended with; ERR_OK where it would not */
	struct plan_tag *tags; /* owned; set by probe */
	size_t tags_len, tags_cap;
	size_t conflicts_len; /* for which an import is refused; set by plan_check_names */
	uint32_t *missing;    /* layers that the bundle leaves out and the target lacks; set by probe */
	size_t missing_len;
	bool *lost;            /* by node: a referrer that the target will not have of this; see plan_lose */
	size_t lost_others;    /* what is lost where something else is published in place of a root; set by probe */
	size_t lost_referrers; /* referrers that this target cannot keep; set by probe */
	size_t lost_tags;      /* what has no tag where one stands for another of the same; set by probe */
	size_t lost_layers;    /* layers that this target is not to have from us; set by probe */
	uint64_t sent_bytes;   /* blobs that were written, filled in by write */
	struct progress *progress;
};

/* Walk the bundle's own manifests, every one proved; names go through the rules. */
enum err_code plan_make(struct bundle *bundle, struct mapping *names, struct plan *ret_plan, struct err *err);
/* What of a bundle is wanted. */
struct plan_choice {
	const struct opt_list *images; /* by their names in the bundle; none: all */
	struct selection platforms;    /* with what belongs to each of them; none: all */
};

/* Take a part of the bundle: what is not chosen is neither sent nor demanded, as if the bundle left it out.  ERR_USAGE
 * for what is no name, ERR_NOT_FOUND for an image or a platform that the bundle does not bring. */
enum err_code plan_choose(struct plan *plan, const struct plan_choice *choice, struct err *err);
/* Walk the images of the plan into an initialised graph, with all that the bundle has of them, and settle that.  What
 * runs and was not chosen counts as left out. */
enum err_code plan_walk_whole(const struct plan *plan, struct graph *g, struct err *err);
/* Before names are published: the bundle is whole to its end. */
enum err_code plan_finish(struct plan *plan, struct err *err);
/* The bundle's bytes of a node, proved while they are read: the last read fails unless size and digest match. */
enum err_code plan_open(const struct plan *plan, uint32_t node, struct instream **ret_in, struct err *err);
/* For probe, of what speaks against an import: the code again.  In a dry run the first of them is noted, and it is
 * ERR_OK. */
enum err_code plan_refuse(struct plan *plan, enum err_code code, struct err *err);
/* Note a tag of cosign's that would move. */
enum err_code plan_add_tag(struct plan *plan, const char *name, const struct digest *was, const struct digest *is,
			   struct err *err);
/* Before the target is asked again. */
void plan_forget_tags(struct plan *plan);
/* Names and tags that point elsewhere and may not move, one by one: at begins with 0; false at their end. */
bool plan_next_conflict(const struct plan *plan, size_t *at, struct plan_conflict *ret_conflict);
/* Refuse all of them at once: once images[].was and tags are known. */
enum err_code plan_check_names(struct plan *plan, const char *target, struct err *err);
/* Count in images[].bare the platforms that will not be whole: for probe, once skip[] says what is there. */
enum err_code plan_find_bare(struct plan *plan, struct err *err);
/* Note in images[].runs a manifest of what the name points to; platform may be NULL or "". */
enum err_code plan_add_run(struct plan *plan, size_t image, const struct digest *manifest, const char *platform,
			   struct err *err);
/* Refuse to move a name from what can be run to what cannot, whether names may move or not: for probe, once skip[] and
 * images[].runs are known.  A platform that runs now must run afterwards, if the new image is made for it too. */
enum err_code plan_check_layers(struct plan *plan, const char *target, struct err *err);
/* What the name of an image is going to stand for. */
const struct digest *plan_digest(const struct plan *plan, size_t image);
/* True where the name of an image would move at the target. */
bool plan_moves(const struct plan *plan, size_t image);
/* ERR_MISSING where the target lacks layers that the bundle leaves out, and a list of them: for probe, once skip[] says
 * what is there. */
enum err_code plan_check_prerequisites(struct plan *plan, const char *target, struct err *err);
/* All of these but names, which may be looked at later. */
enum err_code plan_check_content(struct plan *plan, const char *target, struct err *err);
/* All of these, for probe, in the order of what helps: layers before names, since --replace moves no name from what can
 * be run, and brings no layer. */
enum err_code plan_check(struct plan *plan, const char *target, struct err *err);
/* A referrer will not be there: for probe.  It counts once, among lost_others, lost_referrers or
 * lost_tags. */
void plan_lose(struct plan *plan, uint32_t node, size_t *count);
/* True where a node's bytes are in the bundle and it is not skipped. */
bool plan_sends(const struct plan *plan, uint32_t node);
/* Of all nodes together. */
uint64_t plan_bytes_to_send(const struct plan *plan);
void plan_release(struct plan *plan);
#endif
