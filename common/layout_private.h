/* layout_private.h - what layout.c, layout_index.c, layout_blob.c, layout_write.c, layout_merge.c and layout_proved.c
 * share. */
#ifndef COMMON_LAYOUT_PRIVATE_H
#define COMMON_LAYOUT_PRIVATE_H

#include "common/buf.h"
#include "common/js_lists.h"
#include "common/layout.h"
#include "common/tarball.h"

/* Entries that have a text, sorted by that and then by place. */
struct layout_by_text {
	const struct layout_entry **items; /* owned; the entries are the index's */
	size_t len;
};

/* What an index.json lists. */
struct layout_index {
	struct layout_entry *entries;
	size_t len;
	struct layout_by_text by_name, by_ref_name;
	size_t text_bytes;     /* of what it was read from */
	struct intern strings; /* of entries */
};

/* The same as it stands in its text, which is borrowed, to be written again. */
struct layout_document {
	struct js_list list; /* the items that are the entries, for js_list_next of a copy */
	struct json_t *rest; /* owned: all of it but those */
};

struct layout {
	char *path;                   /* owned */
	int fd;                       /* the folder: everything in it is opened from here; -1 for an archive */
	struct tarball *tar;          /* the archive; NULL for a folder */
	int lock_fd;                  /* -1 while not locked */
	uint64_t put_bytes;           /* of all blobs since it was opened */
	struct writeback *writeback;  /* owned; NULL until these are many */
	struct layout_proved *proved; /* owned; NULL: nothing is remembered */
	struct layout_index index;    /* of index.json; its text is read again when it is to be changed */
};

#define LAYOUT_LOCK_NAME ".lock"

struct timespec;

/* Read an index.json out of its text.  file names it in messages, what does so for its entries. */
enum err_code layout_index_read(const char *text, size_t len, const char *file, const char *what,
				struct layout_index *ret_index, struct layout_document *ret_document, struct err *err);
/* A zeroed one is fine. */
void layout_index_release(struct layout_index *x);
void layout_document_release(struct layout_document *d);
/* (Re)read index.json.  With its text, which is an empty buffer, comes what stands in it. */
enum err_code layout_read(struct layout *l, struct err *err);
enum err_code layout_read_document(struct layout *l, struct buf *text, struct layout_document *ret_document,
				   struct err *err);
/* Write the index.json that l, whose document that is, becomes by the entries of another one. */
enum err_code layout_merge(const struct layout *l, const struct layout_document *document,
			   const struct layout_index *added, const struct layout_document *added_document,
			   enum layout_keep keep, struct outstream *out, struct err *err);
/* Write it without some entries, by place. */
enum err_code layout_without(const struct layout_document *document, const bool *drop, struct outstream *out,
			     struct err *err);
/* Give the file of a blob that is being put, whose name nobody else knows yet, a time that no write gives; false where
 * nothing is to be noted of it. */
bool layout_proved_mark(const struct layout *l, int fd, struct timespec *ret_mark);
/* Note a blob that was put, by its file, which was marked before it got its name. */
void layout_proved_put(const struct layout *l, int fd, const struct digest *digest, const struct timespec *mark);
/* NULL is fine. */
void layout_proved_free(struct layout_proved *p);
/* "blobs/sha256/…" */
#define LAYOUT_BLOB_MAX (6 + DIGEST_TEXT_SIZE)
void layout_blob_name(const struct digest *d, char out[LAYOUT_BLOB_MAX]);
/* The digest in such a name; false where it is none. */
bool layout_blob_digest(const char *name, struct digest *ret_digest);
#endif
