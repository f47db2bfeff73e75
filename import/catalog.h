/* catalog.h - what a site serves: the images of bundles and layouts, found by name, digest or id, and their proved
 * bytes.
 *
 * Lifecycle  catalog_open; for each request catalog_look, ask, catalog_leave;
 *            catalog_close.  A view stays as it is while it is held: a layout that
 *            changes, as the store does by an import, is a new view for the next
 *            request.  What a view gives out may be kept until its own release,
 *            also after catalog_leave.
 * Threads    Views and what they give out may be used by several threads.
 * Bounds     Opening reads heads and descriptions and nothing else; of a bundle
 *            of thousands of images its shards are read when they are asked for.
 *            LIMIT_SERVED_BYTES of proved small blobs and LIMIT_SERVED_GRAPHS of
 *            graphs are kept.
 * Trust      Every bundle's origin is judged in catalog_open, as at import, and
 *            where a policy counts all of its images, for which it is then read once.  Those
 *            of a layout are judged whenever it is read, and are there if they may be, without what
 *            was not there then.  Bytes and graphs are proved; a catalog_blob (catalog_blob.h) is not.
 * Errors     ERR_NOT_FOUND: it is not served.  ERR_CONFLICT: a short id means
 *            several images.  ERR_IO: what was opened is not there any more, or is
 *            another file: a server's 503.  ERR_DAMAGED: it does not prove itself.
 *            ERR_USAGE, ERR_UNPROVED (catalog_open); ERR_FORMAT, ERR_LIMIT, ERR_NOMEM.
 */
#ifndef IMPORT_CATALOG_H
#define IMPORT_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundles/admission.h"
#include "bundles/origin.h"
#include "common/digest.h"
#include "common/err.h"
#include "common/graph.h"
#include "common/manifest.h"
#include "common/opt.h"
#include "common/source.h"

#define CATALOG_PLACES_MAX 256

struct catalog;
struct catalog_view;
struct catalog_place; /* one bundle or layout, opened */

/* What is served, and whose seals count, as at import. */
struct catalog_options {
	const struct opt_list *places;    /* FILE of a bundle, oci:DIR, or store; none: the store */
	struct admission_wanted policies; /* what must accept the images */
	struct origin_wanted origin;
};

/* An image of a view; strings live as long as the view. */
struct catalog_image {
	const char *name;       /* full normalised name: "docker.io/library/alpine:3.20", or with @sha256:… */
	size_t repository_len;  /* of name: "docker.io/library/alpine" */
	const char *tag;        /* "3.20"; NULL where it is named by digest */
	struct digest digest;   /* of its root: what Docker calls its ID */
	uint64_t size_bytes;    /* of the root's manifest */
	const char *media_type; /* of the root; may be "" */
	struct catalog_place *place;
};

/* Bytes that are proved, shared by whoever asked for them. */
struct catalog_bytes {
	const char *data; /* followed by a NUL */
	size_t len;
};

/* The whole graph of one image, settled and marked: graph.images[0] is it. */
struct catalog_graph {
	struct graph graph;
};

enum err_code catalog_open(const struct catalog_options *options, struct catalog **ret_catalog, struct err *err);
/* Read what catalog_open has put off, so that nobody waits for it later.  May run while requests are answered. */
enum err_code catalog_read_all(struct catalog *c, struct err *err);
/* NULL is fine.  All views were left. */
void catalog_close(struct catalog *c);
void catalog_close_ptr(struct catalog **c);

/* What is served now. */
enum err_code catalog_look(struct catalog *c, struct catalog_view **ret_view, struct err *err);
/* NULL is fine. */
void catalog_leave(struct catalog_view *v);
/* Cleanup handler for struct catalog_view *. */
void catalog_leave_ptr(struct catalog_view **v);

/* All images, by name, each name once: where two places have a name, the first place's counts.  Those of a bundle that
 * is gone are among them: that is told by asking for anything of them. */
enum err_code catalog_images(struct catalog_view *v, const struct catalog_image *const **ret_images, size_t *ret_len,
			     struct err *err);
/* The images of a full repository name, "docker.io/library/alpine", by tag, those by digest among them. */
enum err_code catalog_repository(struct catalog_view *v, const char *repository,
				 const struct catalog_image *const **ret_images, size_t *ret_len, struct err *err);
/* The image of a full normalised name. */
enum err_code catalog_find(struct catalog_view *v, const char *name, const struct catalog_image **ret_image,
			   struct err *err);
/* The image of a name as users write it, as a Docker daemon reads it: "alpine", "alpine:3.20", "alpine@sha256:…", a
 * digest, an id of 4 to 64 hex digits. */
enum err_code catalog_resolve(struct catalog_view *v, const char *text, const struct catalog_image **ret_image,
			      struct err *err);
/* An image of this root digest: the first by name. */
enum err_code catalog_find_digest(struct catalog_view *v, const struct digest *digest,
				  const struct catalog_image **ret_image, struct err *err);

/* The graph of an image: the caller's, to be released. */
enum err_code catalog_graph(struct catalog_view *v, const struct catalog_image *image, struct catalog_graph **ret_graph,
			    struct err *err);
void catalog_graph_release(struct catalog_graph *g);
void catalog_graph_release_ptr(struct catalog_graph **g);

/* A manifest, config, statement or other small blob of an image's place: whole and proved.  More than max_bytes is
 * ERR_LIMIT.  size_bytes is what a descriptor says of it, or CATALOG_ANY_SIZE.  The caller's, to be released. */
#define CATALOG_ANY_SIZE UINT64_MAX
enum err_code catalog_bytes(struct catalog_view *v, struct catalog_place *place, const struct digest *digest,
			    uint64_t size_bytes, uint64_t max_bytes, struct catalog_bytes **ret_bytes, struct err *err);
void catalog_bytes_release(struct catalog_bytes *b);
void catalog_bytes_release_ptr(struct catalog_bytes **b);

/* May a place give this, for an image of another place that leads to it and does not bring it?  Where it is asked what
 * may be used, all of that was asked of the manifests that the image brings alone: so not those that it is without, and
 * nothing that is revoked. */
bool catalog_lends(const struct catalog_view *v, const struct node *n);

/* An image as a source (common/source.h), which answers at once out of what catalog_bytes keeps: its manifests by
 * descriptor, what refers to them, and blobs.  It must be freed before the view is left. */
enum err_code catalog_source_new(struct catalog_view *v, const struct catalog_image *image, struct source **ret_source,
				 struct err *err);
/* What the place is called: the bundle's path, the layout's folder. */
const char *catalog_place_name(const struct catalog_place *place);
#endif
