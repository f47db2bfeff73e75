/* tags.h - from a repository to those of its images whose tags are asked for: --tags GLOB, --all-tags.
 *
 * Lifecycle  tags_ask for each repository; the sources run, and the images are
 *            walked as their tags become known; tags_free.
 * Ownership  The gather and the globs are borrowed.
 * Errors     ERR_NOT_FOUND where no tag matches, and how many there are;
 *            ERR_UNSUPPORTED where the source has no list of tags; ERR_USAGE for
 *            what is no repository; those of the source.
 * Rules      A tag is asked for where it matches any glob, as file names do in a
 *            shell; without globs every tag is.  Tags by which clients find
 *            signatures and other referrers (sha256-…, with .sig, .att or .sbom)
 *            name no images.
 */
#ifndef EXPORT_TAGS_H
#define EXPORT_TAGS_H

#include "common/opt.h"
#include "export/gather.h"

struct tags_asked;

/* One repository: [docker://]name.  The question is put in front of *asked. */
enum err_code tags_ask(struct gather *g, const char *text, const struct opt_list *globs, struct tags_asked **asked,
		       struct err *err);
/* Free all questions, after the sources have ended.  NULL is fine. */
void tags_free(struct tags_asked *asked);
#endif
