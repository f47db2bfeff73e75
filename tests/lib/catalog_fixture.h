/* catalog_fixture.h - a bundle and its catalog, of a site that trusts nothing yet.
 *
 * Lifecycle  catalog_fixture_begin; put images into the bundle, or folders elsewhere; open one of both ways;
 *            catalog_fixture_release.
 * Errors     They fail the test.
 */
#ifndef TESTS_LIB_CATALOG_FIXTURE_H
#define TESTS_LIB_CATALOG_FIXTURE_H

#include "import/catalog.h"
#include "tests/lib/image_builder.h"

/* A bundle, and its catalog as a view of now. */
struct catalog_fixture {
	struct image_builder images;
	char *path, *keys; /* the bundle, and a folder of keys that is empty */
	struct catalog *catalog;
	struct catalog_view *view;
	struct err err;
};

extern const struct opt_list catalog_fixture_none;

void catalog_fixture_begin(struct catalog_fixture *f);
/* These places; keys are those of the command line. */
void catalog_fixture_open(struct catalog_fixture *f, const struct opt_list *places, const struct opt_list *keys);
/* The bundle. */
void catalog_fixture_open_path(struct catalog_fixture *f);
/* What a tag of the bundle stands for. */
const struct digest *catalog_fixture_root(const struct catalog_fixture *f, size_t tag);
void catalog_fixture_release(struct catalog_fixture *f);
#endif
