/* layout_survey.h - what the entries of a layout are for, whoever wrote it: images, children of images, and referrers
 * by every way in which tools keep them.
 *
 * Lifecycle  layout_survey_make; look; layout_survey_release before the layout is closed or changed.
 * Bounds     Those of layout.h; one manifest of LIMIT_MANIFEST_BYTES at a time.  Manifests are read where index.json
 *            alone does not say what they are.
 * Ownership  Entries are the layout's, the rest is the survey's.
 * Errors     ERR_FORMAT and ERR_DIGEST for entries that are not what they say; ERR_IO, ERR_NOMEM.  An entry whose blob
 *            is not there is no error: whoever wants it finds that out.
 * Source     OCI Image Specification 1.1, image-layout.md, leaves open how a layout keeps referrers.  Tools write
 *            io.containerd.manifest.subject (containerd, Docker, bundle), entries whose manifests have a subject
 *            (oras), the fallback tag as ref.name (regctl), cosign's tags as ref.name, and cosign save: kinds beside
 *            the one image, or blobs that no entry names.
 */
#ifndef COMMON_LAYOUT_SURVEY_H
#define COMMON_LAYOUT_SURVEY_H

#include "common/intern.h"
#include "common/layout.h"

/* A subject as a tag has it: algorithm, '-' and at most 64 digits. */
#define SUBJECT_KEY_MAX (7 + 64 + 1)

struct layout_link {
	char subject[SUBJECT_KEY_MAX];
	struct descriptor referrer; /* digest, size and media type */
	enum link_kind kind;
};

struct layout_survey {
	struct layout_link *links; /* by subject, kind, digest, each once */
	size_t links_len, links_cap;
	const struct layout_entry **images; /* in the order of index.json */
	size_t images_len;
	struct intern strings;
};

/* What stands for a subject in a tag; under it alone, the fallback tag, stands the index of its referrers. */
void layout_survey_key(const struct digest *subject, char out[SUBJECT_KEY_MAX]);
enum err_code layout_survey_make(const struct layout *l, struct layout_survey *ret_survey, struct err *err);
/* Whether a ref.name is the fallback tag, under which an index of a subject's referrers stands: sha256-<hex>. */
bool layout_survey_is_fallback(const char *name);
/* Whatever refers to a manifest: a range of links. */
size_t layout_survey_links_of(const struct layout_survey *s, const struct digest *subject,
			      const struct layout_link **ret_links);
/* The same, as a source tells it. */
enum err_code layout_survey_tell(const struct layout_survey *s, const struct digest *subject, source_referrers_fn *done,
				 void *ctx, struct err *err);
/* The layout as a source whose referrers are those of a survey, which outlives it; NULL: of one that it makes. */
enum err_code layout_survey_source(const struct layout *l, const struct layout_survey *survey,
				   struct source **ret_source, struct err *err);
/* A zeroed survey is fine. */
void layout_survey_release(struct layout_survey *s);
#endif
