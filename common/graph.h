/* graph.h - the image graph: every manifest and blob that belongs to a set of images, and how they hang together.
 *
 * Lifecycle  graph_init; graph_add, graph_add_manifest, graph_link,
 *            graph_add_image in any order; graph_settle; graph_order;
 *            graph_release.
 * Units      A node is named by its place in nodes[]; NODE_NONE is none.
 * Bounds     LIMIT_NODES, LIMIT_EDGES, LIMIT_IMAGES; under 1 KiB a node.
 * Ownership  The graph owns its nodes and interns their strings.
 * Errors     ERR_FORMAT (one digest with two sizes), ERR_LIMIT, ERR_NOMEM.
 *            What a node is never depends on the order in which it was found.
 * Source     docs/architecture.md, "The image graph".
 */
#ifndef COMMON_GRAPH_H
#define COMMON_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/intern.h"
#include "common/manifest.h"

#define NODE_NONE UINT32_MAX

/* What a node is for, known after graph_settle.  Where a blob is two things at once, the first in this list counts. */
enum role {
	ROLE_INDEX,       /* an index among the images */
	ROLE_MANIFEST,    /* an image manifest: one platform */
	ROLE_ATTESTATION, /* a BuildKit attestation manifest */
	ROLE_REFERRER,    /* a manifest that names a subject, or is tagged after it as cosign does */
	ROLE_CONFIG,
	ROLE_STATEMENT, /* an in-toto statement */
	ROLE_ARTIFACT,  /* any other blob of an attestation or referrer */
	ROLE_LAYER,
	ROLE_COUNT,
};

/* How a referrer was tied to its subject. */
enum link_kind {
	LINK_SUBJECT,  /* by the subject member, the referrers API or the fallback tag */
	LINK_SIG,      /* by the tag sha256-….sig */
	LINK_ATT,      /* by the tag sha256-….att */
	LINK_SBOM,     /* by the tag sha256-….sbom */
	LINK_BUILDKIT, /* by vnd.docker.reference.digest in an index: an attestation of that manifest */
	LINK_COUNT,
};

/* Who has a layer that is not carried: a manifest that lists it, and the image that this manifest belongs to. */
struct holder {
	const char *image; /* full name; NULL: the layer is carried */
	const char *manifest;
};

struct node {
	struct digest digest;
	uint64_t size_bytes;
	const char *media_type;
	const char *artifact_type;  /* of a manifest, else NULL */
	const char *platform;       /* "linux/arm/v7" of an image manifest, as its index says; else NULL; the first
				       of several */
	const char *predicate_type; /* of a statement, or of a referrer that names one; else NULL */
	struct holder holder;       /* of a prerequisite; strings are the marker's */
	enum role role;
	bool absent;               /* the source does not have it, though something lists it */
	bool left_out;             /* not asked for: of another platform, or a layer of what travels without */
	bool expanded;             /* its children are known */
	bool of_referrer;          /* a referrer that was found as such, or a part of one */
	uint8_t depth;             /* steps from a root, the shortest that was found */
	uint16_t source;           /* which of the caller's sources has it */
	uint32_t edges, edges_len; /* a range of graph.edges */
};

/* What a manifest says of a thing that it lists. */
enum edge_kind {
	EDGE_CHILD,       /* a manifest of an index */
	EDGE_ATTESTATION, /* a manifest of an index, marked as a BuildKit attestation */
	EDGE_CONFIG,
	EDGE_STATEMENT, /* a layer that is an in-toto statement */
	EDGE_LAYER,
};

struct edge {
	uint32_t to;
	enum edge_kind kind : 8;
	bool left_out : 1; /* the index lists it for what was not asked for */
	bool anywhere : 1; /* the index does not say what it runs on */
	bool manifest : 1; /* the index says that it is one */
};

struct link {
	uint32_t subject, referrer;
	enum link_kind kind;
};

/* A link whose subject is known by its digest alone: graph_settle finds it, or there is none. */
struct loose_link {
	struct digest subject;
	uint32_t referrer;
	enum link_kind kind;
};

struct image {
	const char *name; /* full normalised name */
	uint32_t root;
};

/* One manifest may run on several platforms: an index then lists it for each of them. */
struct node_platform {
	uint32_t node;
	const char *platform;
};

struct graph {
	struct node *nodes;
	size_t nodes_len, nodes_cap;
	struct edge *edges;
	size_t edges_len, edges_cap;
	struct link *links;
	size_t links_len, links_cap;
	struct loose_link *loose;
	size_t loose_len, loose_cap;
	struct node_platform *more; /* by node and platform, after graph_settle: beside the node's own */
	size_t more_len, more_cap;
	struct image *images;
	size_t images_len, images_cap;
	uint32_t *table; /* open addressing: digest to node */
	size_t table_cap;
	struct intern strings;
};

void graph_init(struct graph *g);
/* The node of a digest, NODE_NONE if there is none. */
uint32_t graph_find(const struct graph *g, const struct digest *digest);
/* Find or make the node of a descriptor. */
enum err_code graph_add(struct graph *g, const struct descriptor *d, uint32_t *ret_node, struct err *err);
/* Add what a node's manifest lists: children, config, layers or statements; and what it says of itself.  A second time
 * adds nothing. */
enum err_code graph_add_manifest(struct graph *g, uint32_t node, const struct manifest *m, struct err *err);
/* Tie a referrer to its subject; the same link twice is one.  What manifests say themselves, by their subject or as an
 * index pairs its attestations, is tied where both ends are in the graph. */
enum err_code graph_link(struct graph *g, uint32_t subject, uint32_t referrer, enum link_kind kind, struct err *err);
/* Give a root its name. */
enum err_code graph_add_image(struct graph *g, const char *name, uint32_t root, struct err *err);
/* Give every node its role, and see which children nobody asked for; sort images by name, links by subject, kind and
 * the referrer's digest, each once. One name for two roots is ERR_CONFLICT, and what lists what for more than
 * LIMIT_GRAPH_DEPTH steps, by whichever way, is ERR_LIMIT.  Nothing is added afterwards. */
enum err_code graph_settle(struct graph *g, struct err *err);
/* The links of one subject, after graph_settle: a range of graph.links. */
size_t graph_links_of(const struct graph *g, uint32_t subject, const struct link **ret_links);
/* The platforms that a node runs on, from 0, in order; NULL behind the last one. */
const char *graph_platform(const struct graph *g, uint32_t node, size_t i);
/* The one of them that is what was asked for, NULL if none is. */
const char *graph_platform_for(const struct graph *g, uint32_t node, const struct platform *wanted);
/* True where one of them is, and where it does not say what it runs on. */
bool graph_runs_on(const struct graph *g, uint32_t node, const struct platform *wanted);
/* All nodes that are reached from the images, in the order in which they stand in a bundle: every image's manifests
 * and small blobs in one run from the root, then the layers in the same order.  *ret_order is the caller's. */
enum err_code graph_order(const struct graph *g, uint32_t **ret_order, size_t *ret_len, struct err *err);
/* For each node the place of the first image that reaches it in that order, NODE_NONE for none; for the caller to free.
 */
enum err_code graph_owners(const struct graph *g, uint32_t **ret_owners, struct err *err);
/* The same for len images, the first one at first, as if there were no others. */
enum err_code graph_owners_among(const struct graph *g, size_t first, size_t len, uint32_t **ret_owners,
				 struct err *err);
/* True where its bytes are in the bundle: it was not absent, was asked for, and the target is not expected to have it.
 */
bool node_is_carried(const struct node *n);
/* True for what travels in front: manifests, statements, and whatever else is no layer and not large. */
bool node_is_small(const struct node *n);
/* The descriptor of a node: media type, digest, size; the strings are the graph's. */
struct descriptor node_descriptor(const struct node *n);
/* True for roles whose bytes are a manifest. */
bool role_is_manifest(enum role role);
/* True for what an index lists, whatever that calls it; and for a manifest in a place of another's config and layers,
 * where Docker looks for some too.  Who has it gives it under the name that leads to it. */
bool edge_leads_to_manifest(const struct graph *g, const struct edge *e);
/* "index", "manifest", "attestation", "referrer", "config", "statement", "artifact", "layer". */
const char *role_name(enum role role);
/* What people know it by: an image among several by its platform, all else by its role.  An attestation has a platform
 * too, which its index calls unknown/unknown. */
const char *node_known_as(const struct node *n);
/* "subject", "cosign-sig", "cosign-att", "cosign-sbom", "buildkit". */
const char *link_name(enum link_kind kind);
void graph_release(struct graph *g);
#endif
