#include "common/layout_proved.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/file.h"
#include "common/layout_private.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define HEAD "bundle-proved 1\n"
#define PART_NAME LAYOUT_PROVED_NAME ".part"
#define LINE_MAX_BYTES (DIGEST_TEXT_SIZE + 160)
#define SETTLED_S 2 /* as long as the slowest clock of a file system takes for a tick, and longer than a write */

struct record {
	struct buf text;    /* its lines, each ended by a NUL */
	const char **lines; /* in text, sorted */
	size_t len, cap;
};

struct layout_proved {
	struct stat folder;
	struct record record;
	pthread_mutex_t lock;
	char **noted; /* under the lock */
	size_t noted_len, noted_cap;
};

/* Those of Linux's own whose times and inodes say what we take them to say. On tmpfs a page that a mapping has read is
 * written to through it without any time being changed. */
static bool is_known_file_system(int fd)
{
	static const uint32_t known[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC };
	struct statfs fs;
	size_t i;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (i = 0; i < COUNT_OF(known); i++) {
		if ((uint32_t)fs.f_type == known[i])
			return true;
	}
	return false;
}

/* What the record has of a blob whose file is like this. */
static bool make_line(const struct layout_proved *p, const struct digest *digest, const struct stat *st,
		      char line[LINE_MAX_BYTES])
{
	if (!S_ISREG(st->st_mode) || st->st_dev != p->folder.st_dev)
		return false;
	snprintf(line, LINE_MAX_BYTES, "%s %jd %ju %ju %jd.%09ld %jd.%09ld", digest->text, (intmax_t)st->st_size,
		 (uintmax_t)st->st_dev, (uintmax_t)st->st_ino, (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		 (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
	return true;
}

static bool look_at_file(const struct layout *l, const struct digest *digest, struct stat *ret_st)
{
	char name[LAYOUT_BLOB_MAX];

	layout_blob_name(digest, name);
	return fstatat(l->fd, name, ret_st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- The record ---- */

static bool is_believed(const struct layout_proved *p, const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_uid == geteuid() || st->st_uid == p->folder.st_uid) &&
	       (st->st_mode & (S_IWGRP | S_IWOTH)) == 0 && (uint64_t)st->st_size <= LIMIT_PROVED_BYTES;
}

static bool read_text(const struct layout *l, const struct layout_proved *p, struct buf *out)
{
	CLEANUP(close_fd) int fd = openat(l->fd, LAYOUT_PROVED_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && is_believed(p, &st) &&
	       file_read_all(fd, LAYOUT_PROVED_NAME, out, NULL) == ERR_OK && text_starts(buf_text(out), HEAD);
}

static void record_release(struct record *r)
{
	buf_release(&r->text);
	free(r->lines);
	*r = (struct record){ 0 };
}

/* Part its text into lines; false for what save would not have written. */
static bool part_lines(struct record *r)
{
	char *line = r->text.data + strlen(HEAD), *after = r->text.data + r->text.len, *end;

	if (memchr(line, '\0', (size_t)(after - line)) != NULL)
		return false;
	for (; (end = memchr(line, '\n', (size_t)(after - line))) != NULL; line = end + 1) {
		*end = '\0';
		if (vec_grow(&r->lines, &r->cap, r->len + 1, sizeof(*r->lines), LIMIT_PROVED_BLOBS, NULL) != ERR_OK ||
		    (r->len > 0 && strcmp(r->lines[r->len - 1], line) >= 0))
			return false;
		r->lines[r->len++] = line;
	}
	return line == after;
}

/* All of it, or nothing. */
static void record_read(const struct layout *l, const struct layout_proved *p, struct record *r)
{
	buf_init(&r->text, LIMIT_PROVED_BYTES);
	if (!read_text(l, p, &r->text) || !part_lines(r))
		record_release(r);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool record_has(const struct record *r, const char *line)
{
	return r->len > 0 && bsearch(&line, r->lines, r->len, sizeof(*r->lines), compare) != NULL;
}

void layout_proved_open(struct layout *l)
{
	struct layout_proved *p;

	if (l->proved != NULL || l->fd < 0 || !is_known_file_system(l->fd))
		return;
	p = calloc(1, sizeof(*p));
	if (p == NULL || fstat(l->fd, &p->folder) != 0) {
		free(p);
		return;
	}
	pthread_mutex_init(&p->lock, NULL);
	record_read(l, p, &p->record);
	l->proved = p;
}

void layout_proved_free(struct layout_proved *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->noted_len; i++)
		free(p->noted[i]);
	free(p->noted);
	record_release(&p->record);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- Asking and noting ---- */

bool layout_proved_has(const struct layout *l, const struct digest *digest, uint64_t size_bytes)
{
	char line[LINE_MAX_BYTES];
	struct stat st;

	return l->proved != NULL && look_at_file(l, digest, &st) && (uint64_t)st.st_size == size_bytes &&
	       make_line(l->proved, digest, &st, line) && record_has(&l->proved->record, line);
}

static void note(struct layout_proved *p, const struct digest *digest, const struct stat *st)
{
	char line[LINE_MAX_BYTES];

	if (!make_line(p, digest, st, line))
		return;
	pthread_mutex_lock(&p->lock);
	if (vec_grow(&p->noted, &p->noted_cap, p->noted_len + 1, sizeof(*p->noted), LIMIT_PROVED_BLOBS, NULL) ==
		    ERR_OK &&
	    str_copy(line, &p->noted[p->noted_len], NULL) == ERR_OK)
		p->noted_len++;
	pthread_mutex_unlock(&p->lock);
}

/* Whatever is done to it from here on has another time. */
static bool is_settled(const struct stat *st)
{
	struct timespec now;

	return clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0 && st->st_ctim.tv_sec + SETTLED_S < now.tv_sec;
}

bool layout_proved_look(const struct layout *l, const struct digest *digest, uint64_t size_bytes)
{
	struct stat st;
	bool settled = l->proved != NULL && look_at_file(l, digest, &st) && is_settled(&st);
	bool has = layout_has(l, digest, size_bytes);

	if (has && settled)
		note(l->proved, digest, &st);
	return has;
}

bool layout_proved_mark(const struct layout *l, int fd, struct timespec *ret_mark)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };

	if (l->proved == NULL || clock_gettime(CLOCK_REALTIME, &times[1]) != 0 || futimens(fd, times) != 0)
		return false;
	*ret_mark = times[1];
	return true;
}

void layout_proved_put(const struct layout *l, int fd, const struct digest *digest, const struct timespec *mark)
{
	struct stat st;

	/* A file system that keeps less of the time than it was given would not tell a write in the same tick. */
	if (fstat(fd, &st) == 0 && st.st_mtim.tv_sec == mark->tv_sec && st.st_mtim.tv_nsec == mark->tv_nsec)
		note(l->proved, digest, &st);
}

/* ---- Writing it down ---- */

/* Whether the file of a line is still like that. */
static bool is_current(const struct layout *l, const struct layout_proved *p, const char *line)
{
	char text[DIGEST_TEXT_SIZE], now[LINE_MAX_BYTES];
	struct digest digest;
	struct stat st;

	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, " "), line);
	return digest_parse(text, &digest, NULL) == ERR_OK && look_at_file(l, &digest, &st) &&
	       make_line(p, &digest, &st, now) && strcmp(now, line) == 0;
}

static enum err_code make_text(const char **lines, size_t len, struct buf *out)
{
	enum err_code code = buf_puts(out, HEAD, NULL);
	size_t i;

	qsort(lines, len, sizeof(*lines), compare);
	for (i = 0; code == ERR_OK && i < len && i < LIMIT_PROVED_BLOBS; i++) {
		code = buf_puts(out, lines[i], NULL);
		if (code == ERR_OK)
			code = buf_add(out, "\n", 1, NULL);
	}
	return code;
}

/* What is no file is no record, and file_replace would not write over it. */
static void remove_odd(const struct layout *l)
{
	struct stat st;

	if (fstatat(l->fd, LAYOUT_PROVED_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
		unlinkat(l->fd, LAYOUT_PROVED_NAME, 0);
}

/* What may not have come to the disk is not believed either. */
static void write_lines(const struct layout *l, const char **lines, size_t len)
{
	CLEANUP(buf_release) struct buf text;
	CLEANUP(free_ptr) char *path = NULL;

	buf_init(&text, LIMIT_PROVED_BYTES);
	remove_odd(l);
	if (make_text(lines, len, &text) == ERR_OK &&
	    str_format(&path, NULL, "%s/" LAYOUT_PROVED_NAME, l->path) == ERR_OK &&
	    file_replace(path, buf_text(&text), text.len, NULL) != ERR_OK)
		unlinkat(l->fd, LAYOUT_PROVED_NAME, 0);
}

/* What the record has now, which another run may have written since it was read, and what was noted; of both what is
 * still so. */
static void rewrite(const struct layout *l)
{
	struct layout_proved *p = l->proved;
	struct record *r = &p->record;
	CLEANUP(free_ptr) const char **lines = NULL;
	size_t len = 0, kept, i;

	record_release(r); /* two of a large one in memory would be a lot */
	record_read(l, p, r);
	lines = calloc(r->len + p->noted_len + 1, sizeof(*lines));
	if (lines == NULL)
		return;
	for (i = 0; i < r->len; i++) {
		if (is_current(l, p, r->lines[i]))
			lines[len++] = r->lines[i];
	}
	kept = len;
	for (i = 0; i < p->noted_len; i++) {
		if (!record_has(r, p->noted[i]) && is_current(l, p, p->noted[i]))
			lines[len++] = p->noted[i];
	}
	if (len > kept || kept < r->len)
		write_lines(l, lines, len);
}

/* What a killed run left. */
static void remove_part(const struct layout *l)
{
	unlinkat(l->fd, PART_NAME, 0);
}

void layout_proved_save(struct layout *l)
{
	remove_part(l);
	if (l->proved != NULL && l->proved->noted_len > 0)
		rewrite(l);
}

void layout_proved_prune(struct layout *l)
{
	remove_part(l);
	layout_proved_open(l);
	if (l->proved != NULL)
		rewrite(l);
}
