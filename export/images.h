/* images.h - the images that an export is asked for: by reference or by tags of repositories, and what they are to be
 * called.
 *
 * Lifecycle  images_ask once the gather is ready; the sources run; images_check;
 *            images_release after the gather.
 * Ownership  What is wanted is borrowed throughout.
 * Errors     Those of references.h, tags.h, gather.h and common/mapping.h; where
 *            a reference stands in a file, messages say where.
 */
#ifndef EXPORT_IMAGES_H
#define EXPORT_IMAGES_H

#include "export/references.h"
#include "export/tags.h"

struct images_wanted {
	const struct references *references;
	struct opt_list tags; /* globs: references are repositories, and those of their tags are meant that match */
	bool all_tags;        /* the same, of all tags */
	struct opt_list map;  /* rules for names: "OLD=NEW" */
};

struct images {
	struct mapping names;
	struct tags_asked *tags;
};

enum err_code images_ask(struct images *i, const struct images_wanted *wanted, struct gather *g, struct err *err);
/* Everything was found: a rule for names that did nothing is a mistake in it. */
enum err_code images_check(const struct images *i, struct err *err);
/* Zeroed ones are fine. */
void images_release(struct images *i);
#endif
