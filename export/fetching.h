/* fetching.h - the inside of a fetch: slots, each with a whole blob or a piece of one.
 *
 * Lifecycle  That of fetch.h, the only user besides the fetch's own files.
 */
#ifndef EXPORT_FETCHING_H
#define EXPORT_FETCHING_H

#include "common/offload.h"
#include "export/fetch.h"
#include "export/large.h"

/* A blob, or a piece of one, under way; when it is done the slot takes the next. */
struct slot {
	struct fetch *fetch;
	uint32_t node;
	struct outstream *out;  /* the place's; NULL while idle */
	struct outstream meter; /* counts what arrives, on the thread that owns curl */
	struct offload offload; /* what comes after is done on another */
	bool running;           /* taking something: a source may answer before blob() returns */
	uint64_t at_bytes;      /* of the blob */
	/* of a whole blob */
	struct proof_stage proof;
	struct instream *kept; /* the place's */
	uint64_t kept_bytes;   /* that came from there */
	uint64_t shown_bytes;  /* of the blob, as progress: what comes again does not count again */
	bool failed;           /* with kept bytes it is not what its digest says */
	bool anew;             /* the same blob again, without them */
	/* of a piece */
	struct large *large; /* NULL: a whole blob */
	uint64_t end_bytes;
	uint64_t again_bytes;  /* so many come again, and do not count as progress */
	struct outstream tell; /* says what has been written, on the thread that writes */
	uint64_t written_bytes, told_bytes;
};

struct fetch {
	struct gather *gather;
	const uint32_t *nodes;
	size_t len, next;
	struct fetch_place *place;
	struct watch *watch;
	struct slot *slots; /* for those too that do not count any more */
	unsigned width, slots_len;
	uint64_t untaken_bytes; /* nobody has asked for them yet */
	uint64_t left_bytes;    /* have not arrived yet */
	struct assembler *assembler;
	struct large *larges; /* owned: under way, or not proved yet */
	size_t larges_len;
	bool waking;
};

/* A slot's blob or piece is over, or the source does not have it: the next one. */
enum err_code fetch_slot_done(struct slot *s, bool there, struct err *err);
/* So much of a blob has arrived. */
void fetch_advance(struct fetch *f, uint32_t node, uint64_t bytes);
void fetch_note_anew(const struct fetch *f, uint32_t node);

/* A whole blob: ask for s->node. */
enum err_code whole_begin(struct slot *s, struct err *err);
void whole_close(struct slot *s);

/* Is this blob one that comes in pieces? */
bool large_is(const struct fetch *f, uint32_t node);
/* Begin with that, without asking for anything yet. */
enum err_code large_begin(struct fetch *f, uint32_t node, struct err *err);
/* A piece of one that is under way, if there is any to be had. */
enum err_code piece_begin(struct slot *s, bool *ret_taken, struct err *err);
void piece_close(struct slot *s);
/* End those that are proved, and begin those anew that failed with what was kept of them. */
enum err_code large_collect(struct fetch *f, struct err *err);
#endif
