/* errand.h - fetching one manifest or one blob, at one place after the other.
 *
 * Lifecycle  errand_new; set the request's callbacks and the errand's own; errand_start,
 *            which takes it over: it ends with its request.  errand_failed and errand_move
 *            hand what it was for to a new one at the next place.
 * Errors     Those of access.h.  A failure of a place that is not the last one is no error,
 *            but said (repository.h).
 */
#ifndef COMMON_ERRAND_H
#define COMMON_ERRAND_H

#include "common/repository.h"
#include "common/stream.h"

#define ERRAND_RANGE_MAX 48

struct errand {
	struct request request;
	struct repository *repository;
	struct place *place; /* where it is being asked */
	enum place_use use;
	char *tag;                /* owned; NULL where there is a digest */
	struct buf body;          /* a manifest, or what an error says of itself */
	struct descriptor wanted; /* media_type is owned here; "" digest while a tag is resolved */
	bool has_size;            /* a descriptor was asked for, and no name */
	char *media_type;
	source_manifest_fn *manifest_done;
	source_blob_fn *blob_done;
	void *ctx;
	/* of a blob */
	struct range_stage part;           /* what is wanted of an answer that has all of it */
	uint64_t at_bytes;                 /* the first byte that has not yet come */
	uint64_t from_bytes, end_bytes;    /* what this try asks for */
	void (*on_move)(struct errand *e); /* it goes to another place: make ready for what is still wanted */
	char range[ERRAND_RANGE_MAX];      /* "bytes=5-" or "bytes=5-8"; "" where all of it is asked for */
};

/* An errand for what a descriptor says, or where it is NULL, of a name. */
enum err_code errand_new(struct repository *p, const struct descriptor *wanted, void *ctx, struct errand **ret_errand,
			 struct err *err);
void errand_release(struct request *r);
/* Ask the first place that may be asked. */
enum err_code errand_start(struct errand *e, enum place_use use, struct err *err);
/* The same goes to another place; the errand at hand keeps nothing. */
enum err_code errand_move(struct errand *e, struct place *next, struct err *err);
/* It failed here: it goes to the next place, or that is the end of it. */
enum err_code errand_failed(struct errand *e, const struct err *why, struct err *err);
#endif
