/* catalog_place.h - one thing that a catalog serves out of: a bundle, a layout, or a store that may not be there yet.
 *
 * Lifecycle  place_open gives a hold; place_hold and place_drop for each other one.
 * Threads    May be asked by several.
 * Bounds     Of a bundle of thousands of images the shards are read one by one, when
 *            they are asked for; what stays of them are images, links, and blobs that
 *            are not there.
 * Errors     Those of catalog.h.
 */
#ifndef IMPORT_CATALOG_PLACE_H
#define IMPORT_CATALOG_PLACE_H

#include <pthread.h>
#include <stdatomic.h>

#include "bundles/origin.h"
#include "bundles/reader.h"
#include "common/intern.h"
#include "common/layout_images.h"
#include "common/layout_survey.h"
#include "import/catalog.h"
#include "import/file_identity.h"
#include "import/layout_judge.h"

/* A part of a place's images: a shard, or all of them. */
struct catalog_part {
	const struct description *description; /* the bundle's or own; NULL: of a layout, or not read yet */
	struct description own;
	struct catalog_image *images; /* owned; by name */
	size_t len;
	bool is_read;
};

struct catalog_place {
	atomic_uint holds;
	char *name;                    /* owned */
	bool may_lack;                 /* the store: it is there from its first import on */
	struct file_identity identity; /* of the bundle, or of the layout's index.json */
	struct bundle *bundle;         /* one of these, both owned; none: a store that is not there */
	struct origin origin;          /* of the bundle */
	struct layout *layout;
	struct layout_survey survey; /* of the layout */
	struct layout_images names;
	struct intern absent;       /* manifests that were not there when their images were judged, by digest */
	pthread_mutex_t lock;       /* while a part is read */
	struct catalog_part *parts; /* owned */
	size_t parts_len;
};

/* True for what a user calls a bundle: neither oci:DIR nor store. */
bool place_is_bundle(const char *text);
/* Open what a user calls FILE, oci:DIR or store; a bundle's origin is judged, and its images by the policies that
 * count.  Of a layout the images that may be used are there, and the others are said to be left out; that the store has
 * none yet is said too. */
enum err_code place_open(const char *text, const struct origin_wanted *origin, struct layout_judge *judge,
			 struct catalog_place **ret_place, struct err *err);
void place_hold(struct catalog_place *p);
/* NULL is fine. */
void place_drop(struct catalog_place *p);
/* True where a layout has changed since it was opened. */
bool place_has_changed(const struct catalog_place *p);
/* The same layout as it is now. */
enum err_code place_reopen(const struct catalog_place *p, struct layout_judge *judge, struct catalog_place **ret_place,
			   struct err *err);
/* True for what was not there when an image that leads to it was judged.  It may be there by now, but nobody has asked
 * whether it may be used, until the layout is read again. */
bool place_withholds(const struct catalog_place *p, const struct digest *digest);
/* ERR_IO where a bundle is not what was opened: it was replaced, changed or pulled out. */
enum err_code place_check(const struct catalog_place *p, struct err *err);
/* What went wrong with a bundle that is not what was opened went wrong because of that. */
enum err_code place_blame(const struct catalog_place *p, enum err_code code, struct err *err);
/* The part that a name is in, read; *ret_part is NULL where it can be in none. */
enum err_code place_part_of(struct catalog_place *p, const char *name, const struct catalog_part **ret_part,
			    struct err *err);
/* A part by its number. */
enum err_code place_part(struct catalog_place *p, size_t number, const struct catalog_part **ret_part, struct err *err);
/* Whether it says that it has a blob. */
enum err_code place_lists(const struct catalog_place *p, const struct digest *digest, bool *ret_listed,
			  struct err *err);
/* Append a blob of at most max_bytes, proved; size_bytes is what is known of it, or CATALOG_ANY_SIZE. */
enum err_code place_read(const struct catalog_place *p, const struct digest *digest, uint64_t size_bytes,
			 uint64_t max_bytes, struct buf *out, struct err *err);
#endif
