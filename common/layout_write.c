/* The half of layout.h that changes a layout. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/layout.h"
#include "common/layout_private.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/writeback.h"

#define PART_NAME ".part"            /* the blob that is being written: one at a time, under the lock */
#define INDEX_PART "index.json.part" /* index.json as it becomes */
#define MUCH_BYTES (16 * MIB)        /* to write: the disk begins with it early */

enum err_code layout_lock(struct layout *l, struct err *err)
{
	l->lock_fd = openat(l->fd, LAYOUT_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (l->lock_fd < 0)
		return err_errno(err, l->path);
	if (flock(l->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return err_set(err, ERR_CONFLICT,
				       "%s: another import is writing here; wait for it and run again", l->path);
		return err_errno(err, l->path);
	}
	unlinkat(l->fd, PART_NAME, 0); /* what a killed run left takes room that this one may need */
	return layout_read(l, err);    /* what the one before us has published */
}

static enum err_code make_folders(const struct layout *l, const struct digest *digest, struct err *err)
{
	char folder[LAYOUT_BLOB_MAX];

	snprintf(folder, sizeof(folder), "blobs/%s", digest_algorithm(digest));
	if (mkdirat(l->fd, "blobs", 0755) != 0 && errno != EEXIST)
		return err_errno(err, l->path);
	if (mkdirat(l->fd, folder, 0755) != 0 && errno != EEXIST)
		return err_errno(err, l->path);
	return ERR_OK;
}

/* A blob's file, of which the disk is told. */
struct part {
	struct outstream out;
	struct fd_stage file;
	struct writeback *writeback; /* may be NULL */
};

static enum err_code part_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct part *p = OUTER_OF(out, struct part, out);
	enum err_code code = outstream_write(&p->file.out, bytes, len, err);

	return code == ERR_OK ? writeback_add(p->writeback, len, err) : code;
}

/* Write and prove; the blob has its name only afterwards. */
static enum err_code write_part(struct layout *l, int fd, const struct digest *digest, uint64_t size_bytes,
				struct instream *in, struct err *err)
{
	struct part part = { .out.write = part_write, .writeback = l->writeback };
	struct proof_stage proof;
	enum err_code code;

	fd_stage_init(&part.file, fd, 0, l->path);
	code = proof_stage_init(&proof, digest, size_bytes, &part.out, err);
	if (code == ERR_OK)
		code = stream_copy(in, &proof.out, err);
	proof_stage_release(&proof);
	return code;
}

/* Most of what is published here is on the disk by the time that it is: the file system's own sync, since layers are
 * many and small as often as few and large. */
static enum err_code begin_early(struct layout *l, uint64_t size_bytes, struct err *err)
{
	l->put_bytes += size_bytes;
	if (l->writeback != NULL || l->put_bytes < MUCH_BYTES)
		return ERR_OK;
	return writeback_new(l->fd, l->path, syncfs, &l->writeback, err);
}

enum err_code layout_put(struct layout *l, const struct digest *digest, uint64_t size_bytes, struct instream *in,
			 struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	char name[LAYOUT_BLOB_MAX];
	enum err_code code = make_folders(l, digest, err);
	struct timespec mark;
	bool marked = false;

	if (code == ERR_OK)
		code = begin_early(l, size_bytes, err);
	if (code != ERR_OK)
		return code;
	unlinkat(l->fd, PART_NAME, 0);
	fd = openat(l->fd, PART_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, l->path);
	layout_blob_name(digest, name);
	code = write_part(l, fd, digest, size_bytes, in, err);
	if (code == ERR_OK)
		marked = layout_proved_mark(l, fd, &mark);
	if (code == ERR_OK && renameat(l->fd, PART_NAME, l->fd, name) != 0)
		code = err_errno(err, l->path);
	if (code != ERR_OK)
		unlinkat(l->fd, PART_NAME, 0);
	else if (marked)
		layout_proved_put(l, fd, digest, &mark);
	return code;
}

/* The text of an index.json, on its way to a file; without a file it is only measured. */
struct index_stage {
	struct outstream out;
	struct fd_stage file;
	struct buf held; /* what goes there next */
	uint64_t size_bytes;
	const char *path; /* of the layout */
};

static void index_stage_release(struct index_stage *s)
{
	buf_release(&s->held);
}

static enum err_code send_held(struct index_stage *s, struct err *err)
{
	enum err_code code = outstream_write(&s->file.out, buf_text(&s->held), s->held.len, err);

	buf_clear(&s->held);
	return code;
}

static enum err_code index_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct index_stage *s = OUTER_OF(out, struct index_stage, out);
	enum err_code code = ERR_OK;

	s->size_bytes += len;
	if (s->size_bytes > LIMIT_DESCRIPTION_BYTES)
		return err_set(err, ERR_LIMIT, "%s: too many entries: index.json would have more than %llu MiB",
			       s->path, (unsigned long long)(LIMIT_DESCRIPTION_BYTES / MIB));
	if (s->file.fd < 0)
		return ERR_OK;
	if (len > s->held.max - s->held.len)
		code = send_held(s, err);
	if (code != ERR_OK)
		return code;
	return len > s->held.max ? outstream_write(&s->file.out, bytes, len, err) : buf_add(&s->held, bytes, len, err);
}

static enum err_code index_finish(struct outstream *out, struct err *err)
{
	struct index_stage *s = OUTER_OF(out, struct index_stage, out);

	return s->file.fd >= 0 ? send_held(s, err) : ERR_OK;
}

static void index_stage_init(struct index_stage *s, const struct layout *l, int fd)
{
	*s = (struct index_stage){ .out = { .write = index_write, .finish = index_finish }, .path = l->path };
	fd_stage_init(&s->file, fd, 0, l->path);
	buf_init(&s->held, STREAM_CHUNK_BYTES);
}

static enum err_code open_index(const struct layout *l, int *ret_fd, struct err *err)
{
	unlinkat(l->fd, INDEX_PART, 0);
	*ret_fd = openat(l->fd, INDEX_PART, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return *ret_fd >= 0 ? ERR_OK : err_errno(err, l->path);
}

/* What stands in the new file, in place of what was known of the old one: there are never two of them. */
static enum err_code read_again(struct layout *l, int fd, struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	CLEANUP(layout_document_release) struct layout_document document = { 0 };
	enum err_code code;

	layout_index_release(&l->index);
	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	code = lseek(fd, 0, SEEK_SET) == 0 ? file_read_all(fd, l->path, &text, err) : err_errno(err, l->path);
	if (code != ERR_OK)
		return code;
	code = layout_index_read(buf_text(&text), text.len, "index.json", "index.json", &l->index, &document, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s: too many entries", l->path);
}

/* Every blob is on the disk before index.json says so, and what could not be read again is not published.  code is what
 * became of writing it. */
static enum err_code replace_index(struct layout *l, int fd, enum err_code code, struct err *err)
{
	if (code == ERR_OK)
		code = read_again(l, fd, err);
	if (code == ERR_OK)
		code = writeback_end(l->writeback, err);
	if (code == ERR_OK && (syncfs(l->fd) != 0 || fsync(fd) != 0))
		code = err_errno(err, l->path);
	if (code == ERR_OK && renameat(l->fd, INDEX_PART, l->fd, "index.json") != 0)
		code = err_errno(err, l->path);
	if (code == ERR_OK && fsync(l->fd) != 0)
		code = err_errno(err, l->path);
	if (code != ERR_OK)
		unlinkat(l->fd, INDEX_PART, 0);
	return code;
}

/* Write what index.json becomes by another one. */
static enum err_code add_entries(struct layout *l, const char *index, size_t len, enum layout_keep keep, int fd,
				 struct err *err)
{
	static const char what[] = "the new index.json";
	CLEANUP(buf_release) struct buf old = { 0 };
	CLEANUP(layout_document_release) struct layout_document document = { 0 };
	CLEANUP(layout_index_release) struct layout_index added = { 0 };
	CLEANUP(layout_document_release) struct layout_document added_document = { 0 };
	CLEANUP(index_stage_release) struct index_stage out;
	enum err_code code = layout_read_document(l, &old, &document, err);

	index_stage_init(&out, l, fd);
	if (code == ERR_OK)
		code = layout_index_read(index, len, what, what, &added, &added_document, err);
	if (code == ERR_OK)
		code = layout_merge(l, &document, &added, &added_document, keep, &out.out, err);
	return code == ERR_OK ? outstream_finish(&out.out, err) : code;
}

enum err_code layout_publish_beside(struct layout *l, struct buf *index, enum layout_keep keep, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	enum err_code code = open_index(l, &fd, err);

	if (code == ERR_OK)
		code = add_entries(l, buf_text(index), index->len, keep, fd, err);
	buf_release(index); /* before all of it is read again */
	return replace_index(l, fd, code, err);
}

enum err_code layout_publish(struct layout *l, const void *index, size_t len, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	enum err_code code = open_index(l, &fd, err);

	if (code == ERR_OK)
		code = add_entries(l, index, len, LAYOUT_KEEP_NONE, fd, err);
	return replace_index(l, fd, code, err);
}

enum err_code layout_check_added(struct layout *l, const void *index, size_t len, enum layout_keep keep,
				 struct err *err)
{
	/* What takes the place of something is no longer than that and what it comes from. */
	if (l->index.text_bytes + len + KIB <= LIMIT_DESCRIPTION_BYTES)
		return ERR_OK;
	return add_entries(l, index, len, keep, -1, err);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The same entries, each in its place. */
static bool is_same(const struct layout_index *a, const struct layout_index *b)
{
	bool same = a->len == b->len;
	size_t i;

	for (i = 0; same && i < a->len; i++) {
		const struct layout_entry *x = &a->entries[i], *y = &b->entries[i];

		same = digest_packed_compare(&x->digest, &y->digest) == 0 && is_same_text(x->name, y->name) &&
		       is_same_text(x->subject, y->subject) && is_same_text(x->listed_for, y->listed_for);
	}
	return same;
}

static enum err_code drop_entries(struct layout *l, const bool *drop, int fd, struct err *err)
{
	CLEANUP(buf_release) struct buf old = { 0 };
	CLEANUP(layout_document_release) struct layout_document document = { 0 };
	CLEANUP(layout_index_release) struct layout_index known = l->index;
	CLEANUP(index_stage_release) struct index_stage out;
	enum err_code code;

	index_stage_init(&out, l, fd);
	l->index = (struct layout_index){ 0 };
	code = layout_read_document(l, &old, &document, err);
	if (code == ERR_OK && !is_same(&l->index, &known))
		code = err_set(err, ERR_CONFLICT, "%s: another tool has changed index.json meanwhile: run again",
			       l->path);
	if (code == ERR_OK)
		code = layout_without(&document, drop, &out.out, err);
	return code == ERR_OK ? outstream_finish(&out.out, err) : code;
}

enum err_code layout_drop(struct layout *l, const bool *drop, struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	enum err_code code = open_index(l, &fd, err);

	if (code == ERR_OK)
		code = drop_entries(l, drop, fd, err);
	return replace_index(l, fd, code, err);
}

enum err_code layout_remove(struct layout *l, const struct digest *digest, struct err *err)
{
	char name[LAYOUT_BLOB_MAX];

	layout_blob_name(digest, name);
	return unlinkat(l->fd, name, 0) == 0 || errno == ENOENT ? ERR_OK : err_errno(err, digest->text);
}
