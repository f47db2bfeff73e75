/* export.h - images out of registries into one bundle file.
 *
 * Lifecycle  export_run does it all; export_release frees what it found out.
 * Bounds     64 MiB of memory for any image: manifests lie in the spool, layers
 *            pass through.
 * Errors     Those of gather.h, fetch.h and bundles/writer.h; ERR_FORMAT for listings
 *            that contradict each other.  On failure nothing
 *            stands under the bundle's name that was not there before; what has
 *            arrived of layers stays beside it, and the message says where.
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include "bundles/admission.h"
#include "bundles/description.h"
#include "bundles/writer.h"
#include "common/opt.h"
#include "export/gather.h"
#include "export/images.h"
#include "export/site.h"
#include "export/unasked.h"

struct export_options {
	const char *output; /* a file; "-" for standard output */
	struct images_wanted images;
	unsigned jobs;
	unsigned connect_seconds, stall_seconds; /* as in common/http.h */
	struct endpoint_options endpoints;
	struct site_options site;              /* what the site has already */
	const char *measured;                  /* in a dry run: where the file would be; NULL where that is not said */
	bool dry_run;                          /* find out everything, write nothing */
	const struct seal_key *sign;           /* the key that seals the bundle before it is published; NULL for none */
	const struct description_notes *notes; /* what is written on the bundle, and what is asked for */
	struct admission *admission;           /* whose policies must accept the images; NULL for none */
	const struct login *login;             /* credentials of the command line; NULL for none */
	struct progress *progress;
};

struct export_result {
	struct http *http;
	struct wallet *wallet;
	struct tokens *tokens;
	struct endpoint_rules rules;
	struct outages outages;
	struct offload_pool *pool;
	struct images images;
	struct gather gather;
	size_t referrers_left_out; /* met, and not of the types that are wanted */
	struct site site;
	struct unasked unasked;   /* in a dry run: what platforms are that are not wanted */
	struct attested attested; /* how much is attested of what is exported; sorted */
	uint32_t *order;
	size_t order_len;
	struct bundle_size size; /* of the file to come; not known of a pipe */
	uint64_t file_bytes;     /* of the bundle; 0 after a dry run */
};

enum err_code export_run(const struct export_options *options, struct export_result *result, struct err *err);
void export_release(struct export_result *result);
#endif
