#include "common/layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/layout_private.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/writeback.h"

#define LAYOUT_VERSION "1.0.0"
#define LAYOUT_TEXT "{\"imageLayoutVersion\":\"" LAYOUT_VERSION "\"}"
#define EMPTY_INDEX "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[]}"

/* A whole member of an archive. */
static enum err_code read_member(const struct tarball *t, const char *name, const char *path, struct buf *out,
				 struct err *err)
{
	const struct tarball_member *m = tarball_find(t, name);
	struct fd_stream in;
	struct buf_stage stage;

	if (m == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", path);
	fd_stream_init(&in, tarball_fd(t), m->offset_bytes, m->size_bytes, path);
	buf_stage_init(&stage, out);
	return stream_copy(&in.in, &stage.out, err) == ERR_OK ? ERR_OK : err_add(err, "%s", path);
}

/* A file of the layout, and the path that it is called by. */
static enum err_code read_text(const struct layout *l, const char *name, char **ret_path, struct buf *out,
			       struct err *err)
{
	enum err_code code = str_format(ret_path, err, "%s/%s", l->path, name);

	buf_init(out, LIMIT_DESCRIPTION_BYTES);
	if (code != ERR_OK)
		return code;
	return l->tar != NULL ? read_member(l->tar, name, *ret_path, out, err) : file_read(*ret_path, out, err);
}

static enum err_code read_version(const struct layout *l, struct json_t **ret_json, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(buf_release) struct buf text = { 0 };
	enum err_code code = read_text(l, "oci-layout", &path, &text, err);

	return code == ERR_OK ? js_read(buf_text(&text), text.len, path, ret_json, err) : code;
}

static enum err_code check_version(const struct layout *l, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = read_version(l, &json, err);
	const char *version;

	if (code == ERR_NOT_FOUND && access(l->path, F_OK) != 0)
		return err_set(err, ERR_NOT_FOUND, "%s: no such folder", l->path);
	if (code == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "%s: no OCI image layout (it has no oci-layout file)", l->path);
	if (code != ERR_OK)
		return code;
	version = js_string(json, "imageLayoutVersion");
	if (version == NULL || strcmp(version, LAYOUT_VERSION) != 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: an OCI image layout of version %.20s; only " LAYOUT_VERSION " is known", l->path,
			       version != NULL ? version : "(none)");
	return ERR_OK;
}

enum err_code layout_read_document(struct layout *l, struct buf *text, struct layout_document *ret_document,
				   struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code;

	layout_index_release(&l->index); /* so that there are never two of them */
	code = read_text(l, "index.json", &path, text, err);
	/* It is written before what makes the folder a layout, so that this is no layout that somebody begins. */
	if (code == ERR_NOT_FOUND)
		return err_set(err, ERR_FORMAT, "%s: a damaged OCI image layout: it has no index.json", l->path);
	if (code != ERR_OK)
		return code;
	code = layout_index_read(buf_text(text), text->len, path, "index.json", &l->index, ret_document, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", l->path);
}

enum err_code layout_read(struct layout *l, struct err *err)
{
	CLEANUP(layout_document_release) struct layout_document document = { 0 };
	CLEANUP(buf_release) struct buf text = { 0 };

	return layout_read_document(l, &text, &document, err);
}

/* Two that come first at once: the second must see what the first has made, and not make it again. */
static enum err_code wait_for_lock(const struct layout *l, int *ret_lock, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = str_format(&path, err, "%s/%s", l->path, LAYOUT_LOCK_NAME);
	int fd;

	if (code != ERR_OK)
		return code;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_errno(err, path);
	*ret_lock = fd;
	while (flock(fd, LOCK_EX) != 0) {
		if (errno != EINTR)
			return err_errno(err, path);
	}
	return ERR_OK;
}

static enum err_code create_empty(const struct layout *l, struct err *err)
{
	static const struct {
		const char *name, *text;
	} files[] = { { "index.json", EMPTY_INDEX },
		      { "oci-layout", LAYOUT_TEXT } }; /* oci-layout last: it makes it one */
	CLEANUP(close_fd) int lock = -1;
	enum err_code code = folder_make(l->path, err);
	struct stat st;
	size_t i;

	if (code == ERR_OK)
		code = wait_for_lock(l, &lock, err);
	for (i = 0; code == ERR_OK && i < COUNT_OF(files); i++) {
		CLEANUP(free_ptr) char *path = NULL;

		code = str_format(&path, err, "%s/%s", l->path, files[i].name);
		if (code == ERR_OK && stat(path, &st) != 0)
			code = file_replace(path, files[i].text, strlen(files[i].text), err);
	}
	return code;
}

static void close_dir(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

/* What create_empty leaves where it is killed, beside what every new file system has. */
static bool is_of_half(const char *name)
{
	static const char *const names[] = {
		".", "..", "lost+found", LAYOUT_LOCK_NAME, "index.json", "index.json.part", "oci-layout.part"
	};
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* What somebody else keeps there, until the folder is read on; NULL for nothing.  An index.json without a lock is no
 * beginning of ours, which comes after it. */
static const char *find_others(int fd, DIR *folder)
{
	bool locked = faccessat(fd, LAYOUT_LOCK_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	const struct dirent *e;

	while ((e = readdir(folder)) != NULL) {
		if (!is_of_half(e->d_name) || (!locked && strcmp(e->d_name, "index.json") == 0))
			return e->d_name;
	}
	return NULL;
}

enum err_code layout_check_place(const char *path, struct err *err)
{
	CLEANUP(close_dir) DIR *folder = NULL;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *others;

	if (fd < 0)
		return errno == ENOENT ? ERR_OK : err_errno(err, path);
	folder = fdopendir(fd);
	if (folder == NULL) {
		close(fd);
		return err_errno(err, path);
	}
	others = find_others(fd, folder);
	/* Another run may have made one just now, and begun to fill it. */
	if (others != NULL && faccessat(fd, "oci-layout", F_OK, 0) != 0)
		return err_set(err, ERR_CONFLICT,
			       "%s: has something else in it, %.100s, and is no OCI image layout (it has no oci-layout "
			       "file): name a new folder, an empty one or a layout",
			       path, others);
	return ERR_OK;
}

/* Make one where nothing is. */
static enum err_code create_missing(const struct layout *l, struct err *err)
{
	CLEANUP(free_ptr) char *file = NULL;
	enum err_code code = str_format(&file, err, "%s/oci-layout", l->path);
	struct stat st;

	if (code != ERR_OK || stat(file, &st) == 0 || errno != ENOENT)
		return code;
	code = layout_check_place(l->path, err);
	return code == ERR_OK ? create_empty(l, err) : code;
}

enum err_code layout_open(const char *path, bool create, struct layout **ret_layout, struct err *err)
{
	struct layout *l = calloc(1, sizeof(*l));
	enum err_code code;

	if (l == NULL)
		return err_nomem(err);
	l->fd = l->lock_fd = -1;
	code = str_copy(path, &l->path, err);
	if (code == ERR_OK && create)
		code = create_missing(l, err);
	if (code == ERR_OK)
		code = check_version(l, err);
	if (code == ERR_OK) {
		l->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		code = l->fd >= 0 ? layout_read(l, err) : err_errno(err, path);
	}
	if (code == ERR_OK)
		*ret_layout = l;
	else
		layout_close(l);
	return code;
}

/* What makes a layout, and manifest.json, by which an old archive of docker save is known. */
static bool is_wanted(const char *name)
{
	struct digest digest;

	return strcmp(name, "oci-layout") == 0 || strcmp(name, "index.json") == 0 ||
	       strcmp(name, "manifest.json") == 0 || layout_blob_digest(name, &digest);
}

static enum err_code check_archive(const struct layout *l, struct err *err)
{
	if (tarball_find(l->tar, "oci-layout") == NULL && tarball_find(l->tar, "manifest.json") != NULL)
		return err_set(
			err, ERR_UNSUPPORTED,
			"%s: holds no OCI content but what docker save wrote before Docker 25, and skopeo as "
			"docker-archive: load it into a newer Docker and save it again, or name the image in its "
			"registry",
			l->path);
	return check_version(l, err);
}

enum err_code layout_open_archive(const char *path, struct layout **ret_layout, struct err *err)
{
	struct layout *l = calloc(1, sizeof(*l));
	enum err_code code;

	if (l == NULL)
		return err_nomem(err);
	l->fd = l->lock_fd = -1;
	code = str_copy(path, &l->path, err);
	if (code == ERR_OK)
		code = tarball_open(path, is_wanted, &l->tar, err);
	if (code == ERR_OK)
		code = check_archive(l, err);
	if (code == ERR_OK)
		code = layout_read(l, err);
	if (code == ERR_OK)
		*ret_layout = l;
	else
		layout_close(l);
	return code;
}

const char *layout_path(const struct layout *l)
{
	return l->path;
}

size_t layout_len(const struct layout *l)
{
	return l->index.len;
}

struct descriptor layout_descriptor(const struct layout_entry *e)
{
	return (struct descriptor){
		.digest = digest_unpack(&e->digest),
		.size_bytes = e->size_bytes,
		.media_type = e->media_type,
	};
}

const struct layout_entry *layout_at(const struct layout *l, size_t i)
{
	return &l->index.entries[i];
}

void layout_close(struct layout *l)
{
	if (l == NULL)
		return;
	writeback_free(l->writeback);
	layout_proved_free(l->proved);
	close_fd(&l->lock_fd);
	close_fd(&l->fd);
	tarball_close(l->tar);
	layout_index_release(&l->index);
	free(l->path);
	free(l);
}

void layout_close_ptr(struct layout **l)
{
	layout_close(*l);
}
