/* graph.h - the image graph: every manifest and blob that belongs to a set of images, and how they hang together.
 *
 * Lifecycle  graph_init; graph_add, graph_add_manifest, graph_link,
 *            graph_add_image in any order; graph_order; graph_release.
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
#include "common/manifest.h"

#define NODE_NONE UINT32_MAX

/* What a node is for.  Where a blob is two things at once, the first in this list counts. */
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
	LINK_SUBJECT, /* by the subject member, the referrers API or the fallback tag */
	LINK_SIG,     /* by the tag sha256-….sig */
	LINK_ATT,     /* by the tag sha256-….att */
	LINK_SBOM,    /* by the tag sha256-….sbom */
	LINK_BUILDKIT, /* by vnd.docker.reference.digest in an index: an attestation of that manifest */
	LINK_COUNT,
};

struct node {
	struct digest digest;
	uint64_t size_bytes;
	const char *media_type;
	const char *artifact_type;  /* of a manifest, else NULL */
	const char *platform;       /* "linux/arm/v7" of an image manifest, as its index says; else NULL */
	const char *predicate_type; /* of a statement, or of a referrer that names one; else NULL */
	enum role role;
	bool absent;   /* the source does not have it, though something lists it */
	bool expanded; /* its children are known */
	uint8_t depth; /* steps from a root, the shortest that was found */
	uint16_t source; /* which of the caller's sources has it */
	uint32_t children, children_len; /* a range of graph.edges */
};

struct link {
	uint32_t subject, referrer;
	enum link_kind kind;
};

struct image {
	const char *name; /* full normalised name */
	uint32_t root;
};

struct graph {
	struct node *nodes;
	size_t nodes_len, nodes_cap;
	uint32_t *edges;
	size_t edges_len, edges_cap;
	struct link *links;
	size_t links_len, links_cap;
	struct image *images;
	size_t images_len, images_cap;
	uint32_t *table; /* open addressing: digest to node */
	size_t table_cap;
	char **strings; /* interned, sorted */
	size_t strings_len, strings_cap;
};

void graph_init(struct graph *g);
/* The node of a digest, NODE_NONE if there is none. */
uint32_t graph_find(const struct graph *g, const struct digest *digest);
/* Find or make the node of a descriptor, in this role or a stronger one that it had before. */
enum err_code graph_add(struct graph *g, const struct descriptor *d, enum role role, uint32_t *ret_node,
			struct err *err);
/* Add what a node's manifest lists: children, config, layers or statements; and links to subjects that it names. */
enum err_code graph_add_manifest(struct graph *g, uint32_t node, const struct manifest *m, struct err *err);
/* Tie a referrer to its subject; the same link twice is one. */
enum err_code graph_link(struct graph *g, uint32_t subject, uint32_t referrer, enum link_kind kind, struct err *err);
/* Give a root its name.  The same name for the same root twice is one image; for another root it is ERR_CONFLICT. */
enum err_code graph_add_image(struct graph *g, const char *name, uint32_t root, struct err *err);
/* Sort images by name and links by subject, kind and referrer's digest: the state everything later relies on. */
void graph_sort(struct graph *g);
/* The links of one subject, after graph_sort: a range of graph.links. */
size_t graph_links_of(const struct graph *g, uint32_t subject, const struct link **ret_links);
/* All nodes that are reached from the images, in the order in which they stand in a bundle: every image's manifests
 * and small blobs in one run from the root, then the layers in the same order.  *ret_order is the caller's. */
enum err_code graph_order(const struct graph *g, uint32_t **ret_order, size_t *ret_len, struct err *err);
/* True for what travels in front: manifests, configs, statements, artifacts that are small. */
bool graph_is_small(const struct node *n);
/* True for roles whose bytes are a manifest. */
bool role_is_manifest(enum role role);
/* "index", "manifest", "attestation", "referrer", "config", "statement", "artifact", "layer". */
const char *role_name(enum role role);
/* "subject", "cosign-sig", "cosign-att", "cosign-sbom", "buildkit". */
const char *link_name(enum link_kind kind);
/* Keep a string for the life of the graph. */
enum err_code graph_intern(struct graph *g, const char *text, const char **ret_text, struct err *err);
void graph_release(struct graph *g);
#endif
