/* serve_repository.h - one repository as a client asked for it, and what its images lead to.
 *
 * A digest is found in a repository only where one of its images leads there: what else a bundle or layout has is no
 * business of who asks in this repository.
 *
 * Lifecycle  For each request serve_repository_open, find, serve_found_release,
 *            serve_repository_release.
 * Cost       Which image leads to a digest is told by the images' graphs, one after the other.  A place that does not
 *            have a digest is not looked through, and images that were asked for last are looked at first: a client
 *            that has an image's manifest asks for its blobs next.
 * Ownership  The view is borrowed.  What is found holds its graph.
 * Errors     ERR_NOT_FOUND, ERR_CONFLICT (serve_names.h), those of catalog.h.  An image whose graph fails is the answer
 *            only where no other image leads to what is wanted.
 */
#ifndef IMPORT_SERVE_REPOSITORY_H
#define IMPORT_SERVE_REPOSITORY_H

#include "import/catalog.h"
#include "import/serve_recent.h"

struct serve_repository {
	struct catalog_view *view;                 /* borrowed */
	struct serve_recent *recent;               /* borrowed */
	char *name;                                /* owned: the full one */
	const struct catalog_image *const *images; /* by tag; the view's */
	size_t len;
	struct catalog_place **places; /* owned: those that the images are in, each once */
	size_t places_len;
};

/* A node of an image's graph. */
struct serve_found {
	const struct catalog_image *image;
	struct catalog_place *place; /* where its bytes are: the image's, or another */
	struct catalog_graph *graph; /* held */
	uint32_t node;
};

/* The repository that is meant by a name, and by the query parameter ns or NULL. */
enum err_code serve_repository_open(struct catalog_view *view, struct serve_recent *recent, const char *name,
				    const char *ns, struct serve_repository *ret_repository, struct err *err);
/* The root of the image under a tag. */
enum err_code serve_repository_tag(struct serve_repository *r, const char *tag, struct serve_found *ret_found,
				   struct err *err);
/* A digest that an image leads to, and whose bytes are there: in its own place, or in another, since a bundle may leave
 * out what an earlier one has.  Where images are judged, what came along with one as an attestation or referrer is not
 * found if one of another place lists it to be run and was judged without it. */
enum err_code serve_repository_find(struct serve_repository *r, const struct digest *digest,
				    struct serve_found *ret_found, struct err *err);
/* The same among the images of one place. */
enum err_code serve_repository_find_at(struct serve_repository *r, struct catalog_place *place,
				       const struct digest *digest, struct serve_found *ret_found, struct err *err);
const struct node *serve_found_node(const struct serve_found *found);
/* A zeroed one is fine. */
void serve_found_release(struct serve_found *found);
void serve_repository_release(struct serve_repository *r);
#endif
