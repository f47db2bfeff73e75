/* gather.h - from the references on the command line to a settled image graph.
 *
 * Lifecycle  gather_init; gather_add for each reference; gather_run;
 *            gather_release.
 * Ownership  The HTTP engine and the threads are borrowed; graph, spool and sources are owned and
 *            may be used until release.
 * Errors     Those of the references, the sources and the graph.
 */
#ifndef EXPORT_GATHER_H
#define EXPORT_GATHER_H

#include "common/http.h"
#include "common/mapping.h"
#include "common/offload.h"
#include "common/registry.h"
#include "common/walk.h"
#include "export/local.h"
#include "export/spooled.h"

struct gather {
	struct http *http;         /* borrowed */
	struct offload_pool *pool; /* borrowed: hashing and writing */
	struct registry_options registry;
	struct mapping *names; /* borrowed: what images are to be called; NULL for what their references say */
	struct graph graph;
	struct spool spool;      /* every manifest, by node */
	struct spooled *spooled; /* owned: layers that are there too */
	struct walk walk;
	struct repository_entry *repositories; /* owned */
	size_t repositories_len, repositories_cap;
	struct local **locals; /* owned: layouts, archives and bundles */
	size_t locals_len, locals_cap;
};

/* Manifests are spooled beside the file at path. */
enum err_code gather_init(struct gather *g, struct http *http, struct offload_pool *pool,
			  const struct registry_options *options, const char *path, struct err *err);
/* One image, or those of a file or folder: see location.h. */
enum err_code gather_add(struct gather *g, const char *text, struct err *err);
/* The source of a reference's repository. */
enum err_code gather_source_of(struct gather *g, const struct reference *ref, struct source **ret_source,
			       struct err *err);
/* One image of a source, under the name that the rules give it. */
enum err_code gather_image(struct gather *g, struct source *source, const struct reference *ref, struct err *err);
/* Ask the sources until the graph is whole. */
enum err_code gather_run(struct gather *g, struct err *err);
/* Give every blob that is wanted its source, once it is known what is left out; ERR_UNPROVED where what a bundle gives
 * is revoked here. */
enum err_code gather_supply(struct gather *g, struct err *err);
/* The source of a node's bytes; the spool, where they are in there. */
struct source *gather_source(const struct gather *g, uint32_t node);
/* A gather that was zeroed, with spool.fd -1, is fine. */
void gather_release(struct gather *g);
#endif
