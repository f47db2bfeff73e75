/* layout_private.h - what layout.c, layout_blob.c, layout_write.c, layout_merge.c and layout_proved.c share. */
#ifndef COMMON_LAYOUT_PRIVATE_H
#define COMMON_LAYOUT_PRIVATE_H

#include "common/js.h"
#include "common/layout.h"
#include "common/tarball.h"

struct layout {
	char *path;                   /* owned */
	int fd;                       /* the folder: everything in it is opened from here; -1 for an archive */
	struct tarball *tar;          /* the archive; NULL for a folder */
	int lock_fd;                  /* -1 while not locked */
	uint64_t put_bytes;           /* of all blobs since it was opened */
	struct writeback *writeback;  /* owned; NULL until these are many */
	struct layout_proved *proved; /* owned; NULL: nothing is remembered */
	struct json_t *json;          /* index.json */
	struct layout_entry *entries;
	size_t entries_len;
};

#define LAYOUT_LOCK_NAME ".lock"

struct timespec;

/* Read one entry of an index.json; what names it in messages. */
enum err_code layout_entry_parse(const struct json_t *json, const char *what, struct layout_entry *ret_entry,
				 struct err *err);
/* (Re)read index.json. */
enum err_code layout_read(struct layout *l, struct err *err);
/* Write the index.json that l becomes by the entries in added. */
enum err_code layout_merge(const struct layout *l, const struct json_t *added, enum layout_keep keep,
			   struct outstream *out, struct err *err);
/* Write index.json without some entries, by place. */
enum err_code layout_without(const struct layout *l, const bool *drop, struct outstream *out, struct err *err);
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
