/* gc_refs.h - what one content in a containerd keeps from being collected: labels that name other contents.
 *
 * Lifecycle  Zeroed; gc_refs_add, or gc_refs_of for a manifest of a graph;
 *            gc_refs_sort; gc_refs_have; gc_refs_release.
 * Bounds     LIMIT_REFS.
 * Errors     ERR_LIMIT, ERR_NOMEM.
 * Keys       Those that containerd itself gives: m.N to manifests of an index, config, l.N to layers, N to all else,
 *            each counted from 0; referrer.sha256.<12 digits> to what refers to the content.  They name children that
 *            are not there too: that keeps nothing, and is right as soon as they come.
 * Source     containerd, docs/garbage-collection.md and images.ChildGCLabels.
 */
#ifndef IMPORT_GC_REFS_H
#define IMPORT_GC_REFS_H

#include <stdbool.h>

#include "common/graph.h"

#define GC_REF_PREFIX "containerd.io/gc.ref.content."
#define GC_REF_MAX 64

struct gc_ref {
	char key[GC_REF_MAX]; /* what follows the prefix; longer ones are cut */
	struct digest to;
};

struct gc_refs {
	struct gc_ref *items;
	size_t len, cap;
};

enum err_code gc_refs_add(struct gc_refs *refs, const char *key, const struct digest *to, struct err *err);
/* Add everything that a node of a settled graph keeps: its children, and its referrers. */
enum err_code gc_refs_of(const struct graph *g, uint32_t node, struct gc_refs *refs, struct err *err);
void gc_refs_sort(struct gc_refs *refs);
/* True where sorted references have all of these. */
bool gc_refs_have(const struct gc_refs *refs, const struct gc_refs *all);
/* True for the key of a layer, and of a manifest or whatever else an index may list. */
bool gc_ref_is_layer(const struct gc_ref *ref);
bool gc_ref_is_child(const struct gc_ref *ref);
/* True for the key of what refers to the content. */
bool gc_ref_is_referrer(const struct gc_ref *ref);
/* Zeroed ones are fine. */
void gc_refs_release(struct gc_refs *refs);
#endif
