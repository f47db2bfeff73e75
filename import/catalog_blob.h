/* catalog_blob.h - one blob of a catalog as it is sent: from its place in the file, or through a decoder.
 *
 * Lifecycle  catalog_blob_find; read; catalog_blob_release.
 * Bounds     A stored blob needs a file offset.  A stream of one that is decoded
 *            keeps a decoder with a window of 4 MiB.
 * Trust      Bytes are not proved here.  Whoever sends all of a blob proves them
 *            before the last one goes, unless catalog_blob_proved says that this
 *            very file was proved before, and says so then.
 * Errors     Those of catalog.h; ERR_IO also where the file has changed.
 */
#ifndef IMPORT_CATALOG_BLOB_H
#define IMPORT_CATALOG_BLOB_H

#include "common/stream.h"
#include "import/catalog.h"
#include "import/file_identity.h"

struct catalog_blob {
	struct digest digest;
	uint64_t size_bytes;
	const char *media_type; /* what the place's description says of it; NULL where nothing does */
	/* The module's own. */
	struct catalog *catalog;     /* borrowed */
	struct catalog_place *place; /* held */
	int fd;                      /* a layout's: the blob's own file, owned; else -1 */
	bool framed;                 /* stored as it is, in raw frames of the bundle */
	bool coded;                  /* it must be decoded */
	uint64_t file_at;            /* where its raw frames begin */
	struct file_identity file;   /* as it was found */
};

/* A blob of any place of the view; of several that have it, the first. */
enum err_code catalog_blob_find(struct catalog_view *v, const struct digest *digest, struct catalog_blob *ret_blob,
				struct err *err);
/* The same of one place. */
enum err_code catalog_blob_of(struct catalog_view *v, struct catalog_place *place, const struct digest *digest,
			      struct catalog_blob *ret_blob, struct err *err);
/* ERR_DAMAGED where it has not as many bytes as a manifest says: then no part of it may be asked for by that number. */
enum err_code catalog_blob_check_size(const struct catalog_blob *b, uint64_t said_bytes, struct err *err);
/* Where in which file its bytes from at on lie, and how many in one piece, while at is in the blob; false for one that
 * must be decoded. */
bool catalog_blob_piece(const struct catalog_blob *b, uint64_t at, int *ret_fd, uint64_t *ret_offset,
			uint64_t *ret_len);
/* Its bytes from one place up to another, as a stream. */
enum err_code catalog_blob_open(const struct catalog_blob *b, uint64_t from, uint64_t end, struct instream **ret_in,
				struct err *err);
/* ERR_IO where somebody has changed the file that it lies in since it was found. */
enum err_code catalog_blob_unchanged(const struct catalog_blob *b, struct err *err);
/* Whether all of it was proved since its file was last changed. */
bool catalog_blob_proved(const struct catalog_blob *b);
/* All of it was read and proved since it was found; that counts where nobody has changed the file meanwhile. */
void catalog_blob_set_proved(const struct catalog_blob *b);
/* A zeroed blob is fine. */
void catalog_blob_release(struct catalog_blob *b);
#endif
