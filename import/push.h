/* push.h - a plan into the repositories of a registry: what each of them has to hold, what it has, what it is sent.
 *
 * Lifecycle  push_init; push_probe; push_blobs, plan_finish, push_manifests, push_referrers,
 *            push_tags; push_check; push_release, after the engine has stopped.
 * Units      An item is a node of the plan in one repository: what two repositories share is two items.
 * Bounds     LIMIT_EDGES items of 20 bytes; so many questions under way as the feed has slots.
 * Order      Blobs; manifests, children before what lists them, referrers after what they refer to is there; lists of
 *            referrers; tags.  So whatever can be found is whole.
 * Ownership  Plan and registry are borrowed.
 * Errors     Those of common/registry.h, common/upload.h and plan.h.
 */
#ifndef IMPORT_PUSH_H
#define IMPORT_PUSH_H

#include "common/repository.h"
#include "common/walk.h"
#include "import/pipe_spool.h"
#include "import/plan.h"
#include "import/site_registry.h"
#include "import/target.h"

#define PUSH_NONE UINT32_MAX
#define PUSH_SLOTS 128

struct push;

struct push_repository {
	char *name; /* owned: "registry.site:5000/mirror/library/alpine" */
	struct reference ref;
	struct source *source; /* owned */
};

enum push_state {
	PUSH_LACKS,   /* the repository does not have it */
	PUSH_THERE,   /* it had it before */
	PUSH_ARRIVED, /* it was sent */
	PUSH_FOREIGN, /* a layer that only its vendor may distribute: neither asked for nor sent */
};

struct push_item {
	uint32_t node, repository;
	uint32_t from; /* another repository of this registry that has the blob; PUSH_NONE */
	enum push_state state : 8;
	uint8_t stage; /* of a manifest: those of a lower one come first */
	bool wanted;   /* it belongs to what is going to be published */
	bool untagged; /* of cosign's, and its tags stand for others there: nobody would find it */
};

/* A tag that cosign finds things by.  Those of one subject, kind and repository are one tag, and stand together. */
struct push_tag {
	uint32_t subject, node, repository;
	enum link_kind kind;
	bool yields;       /* to another node of these, or its subject will not be there */
	struct digest was; /* what it stands for now; "" for nothing */
};

/* A manifest to which others refer by their subject. */
struct push_subject {
	uint32_t node, repository;
	unsigned writes; /* of its fallback tag */
	bool unlisted;   /* the referrers API is there, and lacks one of them */
};

/* Questions under way, so many at a time. */
struct push_slot {
	struct push *push;
	size_t at; /* which item, image or link it is about */
	bool used;
};

/* Begins work on one thing; *ret_started is false where there is nothing to do.  Its answer goes to push_next. */
typedef enum err_code push_start_fn(struct push_slot *slot, bool *ret_started, struct err *err);

struct push {
	struct plan *plan;
	struct site_registry *site;
	unsigned jobs;
	struct push_repository *repositories; /* of images first, then those of holders */
	size_t repositories_len, repositories_cap;
	uint32_t *image_repository; /* by image */
	struct push_item *items;    /* by node, then repository */
	size_t items_len, items_cap;
	bool subset_index;
	unsigned stage;        /* of the manifests that are being sent */
	struct push_tag *tags; /* cosign's */
	size_t tags_len, tags_cap;
	struct push_subject *subjects;
	size_t subjects_len, subjects_cap;
	struct buf *others;      /* by image: the index that is published in place of the root; len 0 for none */
	struct pipe_spool spool; /* of a bundle that comes through a pipe */
	/* of the phase under way */
	struct push_slot slots[PUSH_SLOTS];
	push_start_fn *start;
	size_t next, end;
	unsigned active, active_max;
};

enum err_code push_init(struct push *p, struct plan *plan, struct site_registry *site, struct err *err);
void push_release(struct push *p);

/* Work through len things, at most active_max at a time, and let the engine run until all are done. */
enum err_code push_run(struct push *p, push_start_fn *start, size_t len, unsigned active_max, struct err *err);
/* A slot's work has come to its end: the next thing has its turn. */
enum err_code push_next(struct push_slot *slot, struct err *err);

/* The item of a node in a repository, NULL if there is none. */
struct push_item *push_item_of(const struct push *p, uint32_t node, uint32_t repository);
/* The items of a node, one for each repository: a range of items. */
size_t push_items_of(const struct push *p, uint32_t node, struct push_item **ret_items);
/* True for what is put as a manifest. */
bool push_is_manifest(const struct push *p, const struct push_item *item);
/* True where an image is published as another index than its root. */
bool push_is_other(const struct push *p, size_t image);
/* Mark what is going to be published, given which images are published as others. */
enum err_code push_mark(struct push *p, struct err *err);
/* A repository that is no image's own, where a holder may have something; made where it is new. */
enum err_code push_add_repository(struct push *p, const char *name, uint32_t *ret_repository, struct err *err);

/* Find in the plan, once everything is marked, which tags cosign needs and who refers to whom. */
enum err_code push_links(struct push *p, struct err *err);
/* What is there: was, skip, from, others; and refuse what cannot be. */
enum err_code push_probe(struct push *p, struct err *err);
enum err_code push_blobs(struct push *p, struct err *err);
enum err_code push_manifests(struct push *p, struct err *err);
/* Where the registry does not know by itself what refers to what, write it down under the fallback tags. */
enum err_code push_referrers(struct push *p, struct err *err);
/* cosign's tags, and then the images'. */
enum err_code push_tags(struct push *p, struct err *err);
/* Ask the registry for everything again, and compare. */
enum err_code push_check(struct push *p, struct err *err);
/* The bytes of a manifest of the plan, proved. */
enum err_code push_read_manifest(const struct push *p, uint32_t node, struct buf *out, struct err *err);
#endif
