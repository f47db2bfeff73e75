#include "tests/lib/catalog_fixture.h"

#include <check.h>
#include <stdlib.h>

#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"

const struct opt_list catalog_fixture_none = { 0 };

void catalog_fixture_open(struct catalog_fixture *f, const struct opt_list *places, const struct opt_list *keys)
{
	struct catalog_options options = { .places = places,
					   .origin = { .keys = keys, .seals = &catalog_fixture_none } };

	ck_assert_msg(catalog_open(&options, &f->catalog, &f->err) == ERR_OK, "%s", f->err.msg);
	ck_assert_int_eq(catalog_look(f->catalog, &f->view, &f->err), ERR_OK);
}

void catalog_fixture_open_path(struct catalog_fixture *f)
{
	const char *items[] = { f->path };
	struct opt_list places = { .items = items, .len = 1 };

	catalog_fixture_open(f, &places, &catalog_fixture_none);
}

void catalog_fixture_begin(struct catalog_fixture *f)
{
	*f = (struct catalog_fixture){ .path = file_new(), .keys = folder_new() };
	ck_assert_int_eq(setenv("BUNDLE_TRUST", f->keys, 1), 0);
	image_builder_init(&f->images);
}

void catalog_fixture_release(struct catalog_fixture *f)
{
	catalog_leave(f->view);
	catalog_close(f->catalog);
	image_builder_release(&f->images);
	file_remove(f->path);
	folder_remove(f->keys);
}

const struct digest *catalog_fixture_root(const struct catalog_fixture *f, size_t tag)
{
	return &f->images.items[f->images.tags[tag].root].digest;
}
