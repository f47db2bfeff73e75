#include "common/tarball.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/stream.h"
#include "common/text.h"

#define READ_BYTES 65536
#define RECORD_BYTES 512

struct tarball {
	char *path; /* owned */
	int fd;     /* the archive, or what it was unpacked into */
	uint64_t size_bytes;
	tarball_wanted_fn *wanted;
	struct tarball_member *members; /* names are owned */
	size_t len, cap;
	size_t seen;  /* members of any kind */
	bool is_open; /* the last one's place is not known yet: it ends where the next one begins */
};

static void reader_free(struct archive **a)
{
	archive_read_free(*a);
}

/* What libarchive says of a failure.  That a file is cut it says in words only, or in none. */
static enum err_code refused(const struct tarball *t, struct archive *a, struct err *err)
{
	const char *why = archive_error_string(a);
	bool is_cut = why == NULL || strcasestr(why, "truncated") != NULL || strcasestr(why, "no progress") != NULL;

	if (archive_errno(a) == ENOMEM)
		return err_nomem(err);
	return err_set(err, is_cut ? ERR_SIZE : ERR_FORMAT, "%s: no whole tar archive: %.200s", t->path,
		       why != NULL ? why : "it ends early");
}

/* Only what the library reads itself: for others it would run programs. */
static enum err_code add_filters(struct archive *a, struct err *err)
{
	static int (*const filters[])(struct archive *) = {
		archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
		archive_read_support_filter_xz,   archive_read_support_filter_lzma,
		archive_read_support_filter_lzip, archive_read_support_filter_zstd,
		archive_read_support_filter_lz4,  archive_read_support_filter_compress,
	};
	size_t i;

	for (i = 0; i < COUNT_OF(filters); i++) {
		if (filters[i](a) != ARCHIVE_OK)
			return err_set(err, ERR_UNSUPPORTED, "libarchive: %.200s", archive_error_string(a));
	}
	return ERR_OK;
}

/* Read what is at fd from its beginning. */
static enum err_code reader_open(const struct tarball *t, bool packed, struct archive **ret_reader, struct err *err)
{
	struct archive *a = archive_read_new();
	enum err_code code = a != NULL ? ERR_OK : err_nomem(err);

	if (code != ERR_OK)
		return code;
	*ret_reader = a;
	if (packed)
		code = add_filters(a, err);
	if (code != ERR_OK)
		return code;
	if ((packed ? archive_read_support_format_raw(a) : archive_read_support_format_tar(a)) != ARCHIVE_OK)
		return refused(t, a, err);
	if (lseek(t->fd, 0, SEEK_SET) < 0)
		return err_errno(err, t->path);
	return archive_read_open_fd(a, t->fd, READ_BYTES) == ARCHIVE_OK ? ERR_OK : refused(t, a, err);
}

/* ---- Unpacking ---- */

/* A small file may unpack to a disk full of zeros. */
static enum err_code check_room(const struct tarball *t, int fd, uint64_t done_bytes, struct err *err)
{
	struct statvfs v;

	if (done_bytes / LIMIT_ARCHIVE_RATIO > t->size_bytes)
		return err_set(err, ERR_LIMIT,
			       "%s: unpacks to more than %d times its size; if that is right, unpack it and name the "
			       "tar archive",
			       t->path, LIMIT_ARCHIVE_RATIO);
	if (fstatvfs(fd, &v) == 0 && (uint64_t)v.f_bavail * v.f_frsize < LIMIT_SPARE_BYTES)
		return err_set(err, ERR_IO,
			       "%s: unpacked it does not fit into %s: set TMPDIR to a folder with more room", t->path,
			       folder_temporary());
	return ERR_OK;
}

static enum err_code unpack_to(const struct tarball *t, struct archive *a, int fd, struct err *err)
{
	struct archive_entry *entry;
	uint64_t done_bytes = 0, checked_bytes = 0;
	char chunk[READ_BYTES];
	enum err_code code = check_room(t, fd, 0, err);
	la_ssize_t len = 1;

	if (code == ERR_OK && archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return refused(t, a, err);
	while (code == ERR_OK && len > 0) {
		len = archive_read_data(a, chunk, sizeof(chunk));
		if (len < 0)
			return refused(t, a, err);
		code = write_at(fd, chunk, (size_t)len, done_bytes, "temporary file", err);
		done_bytes += (uint64_t)len;
		if (code == ERR_OK && done_bytes - checked_bytes >= LIMIT_SPARE_BYTES / 4) {
			code = check_room(t, fd, done_bytes, err);
			checked_bytes = done_bytes;
		}
	}
	return code;
}

/* Put in place of a compressed archive what is in it. */
static enum err_code unpack(struct tarball *t, struct err *err)
{
	CLEANUP(reader_free) struct archive *a = NULL;
	CLEANUP(close_fd) int fd = -1;
	enum err_code code = reader_open(t, true, &a, err);
	struct stat st;

	if (code != ERR_OK || archive_filter_count(a) <= 1)
		return code;
	code = file_nameless(folder_temporary(), &fd, err);
	if (code == ERR_OK)
		code = unpack_to(t, a, fd, err);
	if (code != ERR_OK)
		return code;
	if (fstat(fd, &st) != 0)
		return err_errno(err, folder_temporary());
	t->size_bytes = (uint64_t)st.st_size;
	close_fd(&t->fd);
	t->fd = fd;
	fd = -1;
	return ERR_OK;
}

/* ---- Members ---- */

/* The name without "./" in front; NULL where it is none of use. */
static const char *plain_name(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (name == NULL)
		name = archive_entry_pathname_utf8(entry);
	while (name != NULL && text_starts(name, "./"))
		name += 2 + strspn(name + 2, "/");
	return name;
}

static bool leads_out(const char *name)
{
	const char *p;

	if (name[0] == '/')
		return true;
	for (p = name; p != NULL; p = strchr(p, '/'), p += p != NULL) {
		if (text_starts(p, "..") && (p[2] == '/' || p[2] == '\0'))
			return true;
	}
	return false;
}

static enum err_code check_member(const struct tarball *t, struct archive_entry *entry, const char *name,
				  struct err *err)
{
	if (archive_entry_hardlink(entry) != NULL || archive_entry_filetype(entry) != AE_IFREG)
		return err_set(err, ERR_FORMAT, "%s: %.200s in it is no regular file", t->path, name);
	if (archive_entry_sparse_count(entry) > 0)
		return err_set(err, ERR_FORMAT, "%s: %.200s in it is stored with holes; pack it without --sparse",
			       t->path, name);
	return archive_entry_size(entry) >= 0 && (uint64_t)archive_entry_size(entry) <= t->size_bytes
		       ? ERR_OK
		       : err_set(err, ERR_SIZE, "%s: cut: %.200s in it would be longer than the archive", t->path,
				 name);
}

static enum err_code add_member(struct tarball *t, struct archive_entry *entry, struct err *err)
{
	const char *name = plain_name(entry);
	struct tarball_member m = { 0 };
	char *copy = NULL;
	enum err_code code;

	t->is_open = false;
	if (++t->seen > LIMIT_ARCHIVE_MEMBERS)
		return err_set(err, ERR_LIMIT, "%s: more than %d members", t->path, LIMIT_ARCHIVE_MEMBERS);
	if (name == NULL)
		return ERR_OK;
	if (leads_out(name))
		return err_set(err, ERR_FORMAT, "%s: a member's name leads out of the archive: %.200s", t->path, name);
	if (!t->wanted(name))
		return ERR_OK;
	code = check_member(t, entry, name, err);
	if (code == ERR_OK)
		code = vec_grow(&t->members, &t->cap, t->len + 1, sizeof(*t->members), LIMIT_ARCHIVE_MEMBERS, err);
	if (code == ERR_OK)
		code = str_copy(name, &copy, err);
	if (code != ERR_OK)
		return code;
	m.name = copy;
	m.size_bytes = (uint64_t)archive_entry_size(entry);
	t->members[t->len++] = m;
	t->is_open = true;
	return ERR_OK;
}

/* The last member ends, padded, where the reader stands now; so its bytes begin that much before. */
static enum err_code end_member(struct tarball *t, uint64_t at_bytes, struct err *err)
{
	struct tarball_member *m;
	uint64_t padded;

	if (!t->is_open)
		return ERR_OK;
	m = &t->members[t->len - 1];
	padded = (m->size_bytes + RECORD_BYTES - 1) / RECORD_BYTES * RECORD_BYTES;
	if (padded > at_bytes || at_bytes > t->size_bytes)
		return err_set(err, ERR_SIZE, "%s: cut in the middle of %.200s", t->path, m->name);
	m->offset_bytes = at_bytes - padded;
	return ERR_OK;
}

/* An archive ends with a record of zeros.  One that was cut between two members has none, and would look whole. */
static enum err_code check_end(const struct tarball *t, uint64_t at_bytes, struct err *err)
{
	static const char zeros[RECORD_BYTES];
	char record[RECORD_BYTES];
	enum err_code code = read_at(t->fd, record, sizeof(record), at_bytes, t->path, err);

	if (code == ERR_SIZE || (code == ERR_OK && memcmp(record, zeros, sizeof(zeros)) != 0))
		return err_set(err, ERR_SIZE, "%s: cut: it does not end as a tar archive does", t->path);
	return code;
}

static enum err_code list_members(struct tarball *t, struct err *err)
{
	CLEANUP(reader_free) struct archive *a = NULL;
	enum err_code code = reader_open(t, false, &a, err);
	struct archive_entry *entry;
	int got = ARCHIVE_OK;

	while (code == ERR_OK && got != ARCHIVE_EOF) {
		got = archive_read_next_header(a, &entry);
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN && got != ARCHIVE_EOF)
			return refused(t, a, err);
		code = end_member(t, (uint64_t)archive_read_header_position(a), err);
		if (code == ERR_OK && got != ARCHIVE_EOF)
			code = add_member(t, entry, err);
	}
	return code == ERR_OK ? check_end(t, (uint64_t)archive_read_header_position(a), err) : code;
}

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct tarball_member *)a)->name, ((const struct tarball_member *)b)->name);
}

/* Which of two would count, tools do not agree about. */
static enum err_code sort_members(struct tarball *t, struct err *err)
{
	size_t i;

	if (t->len > 0)
		qsort(t->members, t->len, sizeof(*t->members), compare_members);
	for (i = 1; i < t->len; i++) {
		if (compare_members(&t->members[i - 1], &t->members[i]) == 0)
			return err_set(err, ERR_FORMAT, "%s: %.200s is in it twice", t->path, t->members[i].name);
	}
	return ERR_OK;
}

static enum err_code open_file(struct tarball *t, struct err *err)
{
	struct stat st;

	t->fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (t->fd < 0 || fstat(t->fd, &st) != 0)
		return err_errno(err, t->path);
	if (S_ISDIR(st.st_mode))
		return err_set(err, ERR_FORMAT, "%s: is a folder, and an archive is a file: write oci: for a layout",
			       t->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_FORMAT, "%s: no regular file", t->path);
	t->size_bytes = (uint64_t)st.st_size;
	return ERR_OK;
}

enum err_code tarball_open(const char *path, tarball_wanted_fn *wanted, struct tarball **ret_tarball, struct err *err)
{
	struct tarball *t = calloc(1, sizeof(*t));
	enum err_code code;

	if (t == NULL)
		return err_nomem(err);
	t->fd = -1;
	t->wanted = wanted;
	code = str_copy(path, &t->path, err);
	if (code == ERR_OK)
		code = open_file(t, err);
	if (code == ERR_OK)
		code = unpack(t, err);
	if (code == ERR_OK)
		code = list_members(t, err);
	if (code == ERR_OK)
		code = sort_members(t, err);
	if (code == ERR_OK)
		*ret_tarball = t;
	else
		tarball_close(t);
	return code;
}

const struct tarball_member *tarball_find(const struct tarball *t, const char *name)
{
	struct tarball_member wanted = { .name = name };

	return t->len > 0 ? bsearch(&wanted, t->members, t->len, sizeof(*t->members), compare_members) : NULL;
}

const struct tarball_member *tarball_members(const struct tarball *t, size_t *ret_len)
{
	*ret_len = t->len;
	return t->members;
}

int tarball_fd(const struct tarball *t)
{
	return t->fd;
}

void tarball_close(struct tarball *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->len; i++)
		free((char *)(uintptr_t)t->members[i].name);
	free(t->members);
	close_fd(&t->fd);
	free(t->path);
	free(t);
}
