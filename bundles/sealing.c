#include "bundles/sealing.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundles/reading.h"
#include "bundles/seal.h"
#include "common/file.h"
#include "common/mem.h"

/* The same file once more, for writing, and nobody else's at the same time. */
static enum err_code open_again(const struct bundle *b, int *ret_fd, struct err *err)
{
	CLEANUP(close_fd) int fd = open(b->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct stat opened, now;

	if (fd < 0 && (errno == EACCES || errno == EPERM || errno == EROFS))
		return err_set(err, ERR_IO, "%s: cannot be written (%s): put the seal beside it with --detached",
			       b->path, strerror(errno));
	if (fd < 0 || fstat(b->fd, &opened) != 0 || fstat(fd, &now) != 0)
		return err_errno(err, b->path);
	if (opened.st_dev != now.st_dev || opened.st_ino != now.st_ino)
		return err_set(err, ERR_CONFLICT, "%s: became another file meanwhile: run again", b->path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return err_errno(err, b->path);
		return err_set(err, ERR_CONFLICT, "%s: another run is sealing it: wait for it", b->path);
	}
	*ret_fd = fd;
	fd = -1;
	return ERR_OK;
}

/* How well a slot suits a seal. */
enum fit { FIT_NONE, FIT_BLANK, FIT_TORN, FIT_SAME };

static enum fit fit_of(const unsigned char content[SLOT_BYTES], const char *hint)
{
	struct seal seal;
	size_t len = 0;

	if (slot_check(content, &len, NULL) != ERR_OK)
		return FIT_TORN;
	if (len == 0)
		return FIT_BLANK;
	if (seal_read(content, len, "", &seal, NULL) != ERR_OK || hint[0] == '\0')
		return FIT_NONE;
	return strcmp(seal.hint, hint) == 0 ? FIT_SAME : FIT_NONE;
}

static enum err_code choose(const struct bundle *b, const char *hint, size_t *ret_slot, struct err *err)
{
	unsigned char content[SLOT_BYTES];
	enum fit best = FIT_NONE;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < SLOT_COUNT; i++) {
		enum fit fit;

		code = bundle_slot(b, i, content, err);
		fit = code == ERR_OK ? fit_of(content, hint) : FIT_NONE;
		if (fit <= best)
			continue;
		best = fit;
		*ret_slot = i;
	}
	if (code == ERR_OK && best == FIT_NONE)
		code = err_set(err, ERR_CONFLICT, "%s: all %d slots are used: put the seal beside it with --detached",
			       b->path, SLOT_COUNT);
	return code;
}

enum err_code sealing_put(const struct bundle *b, const char *text, size_t len, const char *hint, size_t *ret_slot,
			  struct err *err)
{
	CLEANUP(close_fd) int fd = -1;
	unsigned char content[SLOT_BYTES];
	size_t slot = 0;
	enum err_code code = slot_fill(text, len, content, err);

	if (code == ERR_OK)
		code = open_again(b, &fd, err);
	if (code == ERR_OK)
		code = choose(b, hint, &slot, err);
	if (code == ERR_OK)
		code = write_at(fd, content, sizeof(content),
				shape_slot_offset(&b->shape, &b->seek, slot) + SLOT_CONTENT_AT, b->path, err);
	if (code == ERR_OK && fsync(fd) != 0)
		code = err_errno(err, b->path);
	if (code == ERR_OK)
		*ret_slot = slot;
	return code;
}
