/* source.h - where images come from: a registry's repository, a layout, a bundle.
 *
 * Lifecycle  Ask for any number of things; http_run until all are answered,
 *            where the source is not one that answers at once.
 *            Answers come while it runs, or at once; a callback may ask for more.
 * Ownership  What a callback gets is borrowed for the call.  ctx is the asker's.
 * Errors     A callback's error and a source's error both end http_run with
 *            it: the first one wins and everything else is given up.
 *            What a source does not have is no error but an answer: absent.
 */
#ifndef COMMON_SOURCE_H
#define COMMON_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/err.h"
#include "common/graph.h"
#include "common/manifest.h"
#include "common/reference.h"
#include "common/stream.h"

/* A manifest that was proved against its digest; bytes is NULL where the source does not have it. */
struct source_manifest {
	const void *bytes;
	size_t len;
	const char *media_type;
	struct digest digest;
};

/* One referrer of a subject: enough to fetch it.  Type and annotations are read from the manifest itself. */
struct source_referrer {
	struct descriptor descriptor;
	enum link_kind kind;
};

typedef enum err_code source_manifest_fn(void *ctx, const struct source_manifest *m, struct err *err);
typedef enum err_code source_referrers_fn(void *ctx, const struct source_referrer *referrers, size_t len,
					  struct err *err);
/* The tags of a repository, each once. */
typedef enum err_code source_tags_fn(void *ctx, const char *const *tags, size_t len, struct err *err);
/* A blob has gone to its stream whole, and the stream was finished; or the source does not have it, and nothing went
 * there. */
typedef enum err_code source_blob_fn(void *ctx, bool there, struct err *err);
/* Whether a source has a blob. */
typedef enum err_code source_has_fn(void *ctx, bool there, struct err *err);

/* Does it pay to ask for a blob in several ranges? */
enum source_ranges {
	SOURCE_RANGES_NONE, /* a part takes as long as all of it, or everything is at hand anyway */
	SOURCE_RANGES_UNKNOWN,
	SOURCE_RANGES_ANY,
};

struct source {
	enum source_ranges ranges;
	bool at_once; /* every answer comes before the call returns: a file or a folder */
	/* The manifest under a tag or digest. */
	enum err_code (*resolve)(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
				 struct err *err);
	/* The manifest of a descriptor. */
	enum err_code (*manifest)(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				  struct err *err);
	/* Everything that refers to a manifest, by whatever way this source knows. */
	enum err_code (*referrers)(struct source *s, const struct digest *subject, source_referrers_fn *done, void *ctx,
				   struct err *err);
	/* Push a blob's bytes to out, from from_bytes up to end_bytes: the blob's size, or less; from_bytes is less
	 * than that, or 0.  out is finished before done is called.  They are not proved: a proof_stage in out does
	 * that.
	 * ranges is set before the first byte.  Where it was SOURCE_RANGES_UNKNOWN and becomes SOURCE_RANGES_NONE,
	 * everything from from_bytes on comes anyway and is pushed, whatever end_bytes says. */
	enum err_code (*blob)(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			      struct outstream *out, source_blob_fn *done, void *ctx, struct err *err);
	/* All tags of the repository that this source is; NULL where it is none. */
	enum err_code (*tags)(struct source *s, source_tags_fn *done, void *ctx, struct err *err);
	/* Whether it has a blob, as far as that can be told without its bytes: what is there may still be damaged. */
	enum err_code (*has)(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
			     struct err *err);
	void (*free)(struct source *s);
};
#endif
