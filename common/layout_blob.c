/* The part of layout.h that reads blobs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/layout.h"
#include "common/layout_private.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

void layout_blob_name(const struct digest *d, char out[LAYOUT_BLOB_MAX])
{
	snprintf(out, LAYOUT_BLOB_MAX, "blobs/%s/%s", digest_algorithm(d), digest_hex(d));
}

bool layout_blob_digest(const char *name, struct digest *ret_digest)
{
	char text[DIGEST_TEXT_SIZE];
	const char *slash;

	if (!text_starts(name, "blobs/") || strlen(name) >= LAYOUT_BLOB_MAX)
		return false;
	name += strlen("blobs/");
	slash = strchr(name, '/');
	if (slash == NULL)
		return false;
	snprintf(text, sizeof(text), "%.*s:%s", (int)(slash - name), name, slash + 1);
	return digest_parse(text, ret_digest, NULL) == ERR_OK;
}

/* A blob's file as a stream of its own making. */
struct blob_stream {
	struct instream in;
	struct fd_stream file;
	char name[LAYOUT_BLOB_MAX];
	int fd; /* -1 in an archive */
};

static enum err_code blob_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	return instream_read(&OUTER_OF(in, struct blob_stream, in)->file.in, bytes, cap, ret_len, err);
}

static void blob_release(struct instream *in)
{
	struct blob_stream *s = OUTER_OF(in, struct blob_stream, in);

	close_fd(&s->fd);
	free(s);
}

/* Open a blob for reading: a regular file, and no link that leads out of the layout. */
static int open_blob(const struct layout *l, const char *name, uint64_t *ret_size)
{
	CLEANUP(close_fd) int fd = openat(l->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int kept = fd;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	*ret_size = (uint64_t)st.st_size;
	fd = -1;
	return kept;
}

static enum err_code no_blob(const struct layout *l, const struct digest *digest, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "%s: has no blob %s", l->path, digest->text);
}

/* Where a blob's bytes are. */
static enum err_code find_blob(const struct layout *l, const struct digest *digest, struct blob_stream *s,
			       struct err *err)
{
	const struct tarball_member *m;
	uint64_t size_bytes = 0;

	layout_blob_name(digest, s->name);
	if (l->tar != NULL) {
		m = tarball_find(l->tar, s->name);
		if (m == NULL)
			return no_blob(l, digest, err);
		fd_stream_init(&s->file, tarball_fd(l->tar), m->offset_bytes, m->size_bytes, s->name);
		return ERR_OK;
	}
	s->fd = open_blob(l, s->name, &size_bytes);
	if (s->fd < 0)
		return errno == ENOENT ? no_blob(l, digest, err) : err_errno(err, digest->text);
	fd_stream_init(&s->file, s->fd, 0, size_bytes, s->name);
	return ERR_OK;
}

enum err_code layout_blob(const struct layout *l, const struct digest *digest, struct instream **ret_in,
			  struct err *err)
{
	struct blob_stream *s = calloc(1, sizeof(*s));
	enum err_code code;

	if (s == NULL)
		return err_nomem(err);
	s->fd = -1;
	code = find_blob(l, digest, s, err);
	if (code != ERR_OK) {
		free(s);
		return code;
	}
	s->in = (struct instream){ .read = blob_read, .release = blob_release };
	*ret_in = &s->in;
	return ERR_OK;
}

enum err_code layout_read_blob(const struct layout *l, const struct descriptor *d, struct buf *out, struct err *err)
{
	struct instream *in = NULL;
	struct buf_stage stage;
	enum err_code code = layout_blob(l, &d->digest, &in, err);

	if (code != ERR_OK)
		return code;
	buf_stage_init(&stage, out);
	code = stream_copy(in, &stage.out, err);
	instream_release(in);
	return code == ERR_OK ? digest_check(buf_text(out), out->len, &d->digest, d->size_bytes, err) : code;
}

enum err_code layout_blob_file(const struct layout *l, const struct digest *digest, int *ret_fd, uint64_t *ret_size,
			       struct err *err)
{
	struct blob_stream s = { .fd = -1 };
	enum err_code code = find_blob(l, digest, &s, err);

	if (code != ERR_OK)
		return code;
	*ret_fd = s.fd;
	*ret_size = s.file.left_bytes;
	return ERR_OK;
}

bool layout_is_there(const struct layout *l, const struct digest *digest)
{
	struct instream *in = NULL;

	if (layout_blob(l, digest, &in, NULL) != ERR_OK)
		return false;
	instream_release(in);
	return true;
}

bool layout_is_there_sized(const struct layout *l, const struct digest *digest, uint64_t size_bytes)
{
	struct blob_stream s = { .fd = -1 };
	bool is = find_blob(l, digest, &s, NULL) == ERR_OK && s.file.left_bytes == size_bytes;

	close_fd(&s.fd);
	return is;
}

/* What came after index.json was left by a run that published nothing.  After a sync that failed, memory may hold what
 * the disk does not, and no later sync would say so: such a blob should come from the disk. */
static void forget_unpublished(const struct layout *l, const struct digest *digest)
{
	CLEANUP(close_fd) int fd = -1;
	char name[LAYOUT_BLOB_MAX];
	struct stat blob, index;

	layout_blob_name(digest, name);
	if (l->fd < 0 || fstatat(l->fd, name, &blob, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(blob.st_mode))
		return;
	if (fstatat(l->fd, "index.json", &index, 0) == 0 &&
	    (blob.st_mtim.tv_sec < index.st_mtim.tv_sec ||
	     (blob.st_mtim.tv_sec == index.st_mtim.tv_sec && blob.st_mtim.tv_nsec < index.st_mtim.tv_nsec)))
		return;
	fd = openat(l->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

bool layout_has(const struct layout *l, const struct digest *digest, uint64_t size_bytes)
{
	CLEANUP(digest_stream_release) struct digest_stream hash = { 0 };
	struct blob_stream s = { .fd = -1 };
	char chunk[STREAM_CHUNK_BYTES];
	size_t len = 1;
	enum err_code code;

	forget_unpublished(l, digest);
	code = find_blob(l, digest, &s, NULL);
	if (code == ERR_OK)
		code = digest_stream_init(&hash, digest, size_bytes, NULL);
	while (code == ERR_OK && len > 0) {
		code = instream_read(&s.file.in, chunk, sizeof(chunk), &len, NULL);
		if (code == ERR_OK)
			code = len > 0 ? digest_stream_update(&hash, chunk, len, NULL)
				       : digest_stream_final(&hash, NULL);
	}
	close_fd(&s.fd);
	return code == ERR_OK;
}

static void close_dir(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

/* The blobs of one algorithm.  What has another name than a blob is none. */
static enum err_code each_in_folder(const struct layout *l, const char *algorithm, layout_blob_fn *fn, void *ctx,
				    struct err *err)
{
	CLEANUP(close_dir) DIR *folder = NULL;
	char name[LAYOUT_BLOB_MAX], text[DIGEST_TEXT_SIZE];
	const struct dirent *e;
	enum err_code code = ERR_OK;
	int fd;

	snprintf(name, sizeof(name), "blobs/%s", algorithm);
	fd = openat(l->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? ERR_OK : err_errno(err, l->path);
	folder = fdopendir(fd);
	if (folder == NULL) {
		close(fd);
		return err_errno(err, l->path);
	}
	while (code == ERR_OK && (e = readdir(folder)) != NULL) {
		struct digest digest;
		struct stat st;
		int len = snprintf(text, sizeof(text), "%s:%s", algorithm, e->d_name);

		if (len >= (int)sizeof(text) || digest_parse(text, &digest, NULL) != ERR_OK ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		code = fn(ctx, &digest, (uint64_t)st.st_size, err);
	}
	return code;
}

static enum err_code each_in_archive(const struct layout *l, layout_blob_fn *fn, void *ctx, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t len, i;
	const struct tarball_member *members = tarball_members(l->tar, &len);

	for (i = 0; code == ERR_OK && i < len; i++) {
		struct digest digest;

		if (layout_blob_digest(members[i].name, &digest))
			code = fn(ctx, &digest, members[i].size_bytes, err);
	}
	return code;
}

enum err_code layout_each_blob(const struct layout *l, layout_blob_fn *fn, void *ctx, struct err *err)
{
	enum err_code code;

	if (l->tar != NULL)
		return each_in_archive(l, fn, ctx, err);
	code = each_in_folder(l, "sha256", fn, ctx, err);
	return code == ERR_OK ? each_in_folder(l, "sha512", fn, ctx, err) : code;
}
