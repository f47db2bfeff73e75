#include "bundles/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundles/reading.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

static enum err_code open_file(struct bundle *b, struct err *err)
{
	struct stat st;

	b->fd = open(b->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (b->fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", b->path);
	if (b->fd < 0 || fstat(b->fd, &st) != 0)
		return err_errno(err, b->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_DAMAGED, "%s: not a bundle: it is no regular file", b->path);
	b->size_bytes = (uint64_t)st.st_size;
	b->file = (struct frame_file){ .fd = b->fd, .name = b->path, .seek = &b->seek };
	return ERR_OK;
}

static enum err_code read_head(struct bundle *b, struct err *err)
{
	unsigned char bytes[HEAD_END] = { 0 };
	size_t len = b->size_bytes < HEAD_END ? (size_t)b->size_bytes : HEAD_END;
	enum err_code code = read_at(b->fd, bytes, len, 0, b->path, err);

	return code == ERR_OK ? head_read(bytes, len, b->path, &b->head, err) : code;
}

/* Are the head's numbers possible, and is all that they speak of in the table? */
static enum err_code check_head(const struct bundle *b, uint64_t *ret_end, struct err *err)
{
	const struct head *h = &b->head;
	uint64_t content = 0;

	if (h->index_bytes > LIMIT_DESCRIPTION_BYTES || h->description_bytes > LIMIT_DESCRIPTION_BYTES)
		return err_set(err, ERR_LIMIT, "%s: offset %zu: a description of more than %" PRIu64 " MiB", b->path,
			       HEAD_OFFSET, LIMIT_DESCRIPTION_BYTES / MIB);
	shape_front(h->index_bytes, h->description_bytes, &content, ret_end);
	if (content != h->description_tar_offset || b->seek.entries[b->seek.len].tar_offset < *ret_end)
		return err_set(err, ERR_DAMAGED, "%s: offset %zu: the head and the seek table disagree", b->path,
			       HEAD_OFFSET);
	return ERR_OK;
}

enum err_code read_proved(const struct frame_file *file, uint64_t begin, uint64_t size_bytes,
			  const struct digest *digest, struct buf *out, struct err *err)
{
	CLEANUP(zstd_reader_release) struct zstd_reader in = { 0 };
	struct proof_stage proof = { 0 };
	struct buf_stage stage;
	enum err_code code = zstd_reader_init(&in, file, err);

	if (code != ERR_OK)
		return code;
	zstd_reader_aim(&in, begin, begin + size_bytes, NULL);
	buf_stage_init(&stage, out);
	code = proof_stage_init(&proof, digest, size_bytes, &stage.out, err);
	if (code == ERR_OK)
		code = stream_copy(&in.in, &proof.out, err);
	proof_stage_release(&proof);
	return code == ERR_DIGEST || code == ERR_SIZE ? err_recode(err, ERR_DAMAGED) : code;
}

enum err_code bundle_description_read(const struct bundle *b, struct buf *out, struct err *err)
{
	const struct head *h = &b->head;
	enum err_code code =
		read_proved(&b->file, h->description_tar_offset, h->description_bytes, &h->description, out, err);

	return code == ERR_OK ? ERR_OK : err_add(err, "%s: %s", b->path, DESCRIPTION_NAME);
}

static enum err_code read_description(struct bundle *b, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	uint64_t end;
	enum err_code code = check_head(b, &end, err);

	buf_init(&bytes, b->head.description_bytes);
	if (code == ERR_OK)
		code = bundle_description_read(b, &bytes, err);
	if (code != ERR_OK)
		return code;
	code = description_read(bytes.data != NULL ? bytes.data : "", bytes.len, DESCRIPTION_NAME, &b->description,
				err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", b->path);
}

/* What stands in front of the blobs is what the description and the head say.  bundle.json itself is proved already. */
static enum err_code check_front(const struct bundle *b, struct err *err)
{
	CLEANUP(zstd_reader_release) struct zstd_reader in = { 0 };
	struct expecting e = { .in = &in.in, .file = &b->file };
	enum err_code code = zstd_reader_init(&in, &b->file, err);
	struct member m = { 0 };
	size_t i;

	for (i = 0; code == ERR_OK && shape_member(&b->shape, i, &m) && i < FRONT_MEMBERS; i++) {
		zstd_reader_aim(&in, e.tar_at, m.content, NULL);
		code = expect_header(&e, &m, err);
		if (code != ERR_OK || i + 1 == FRONT_MEMBERS)
			break;
		zstd_reader_aim(&in, m.content, m.content + m.size_bytes, NULL);
		code = expect_digest(&e, &m, err);
		e.tar_at += tar_padding_bytes(m.size_bytes);
	}
	return code;
}

static enum err_code read_all(struct bundle *b, struct err *err)
{
	enum err_code code = open_file(b, err);

	if (code == ERR_OK)
		code = read_head(b, err);
	if (code == ERR_OK)
		code = seek_read(b->fd, b->size_bytes, b->path, &b->seek, err);
	if (code == ERR_OK)
		code = read_description(b, err);
	if (code != ERR_OK)
		return code;
	if (b->description.index.size_bytes != b->head.index_bytes)
		return err_set(err, ERR_DAMAGED, "%s: offset %zu: the head and the description disagree", b->path,
			       HEAD_OFFSET);
	code = shape_init(&b->shape, &b->description, &b->head.description, b->head.description_bytes, err);
	if (code != ERR_OK)
		return err_add(err, "%s", b->path);
	code = shape_check(&b->shape, &b->head, &b->seek, b->path, err);
	return code == ERR_OK ? check_front(b, err) : code;
}

enum err_code bundle_open(const char *path, struct bundle **ret_bundle, struct err *err)
{
	struct bundle *b = calloc(1, sizeof(*b));
	enum err_code code;

	if (b == NULL)
		return err_nomem(err);
	b->fd = -1;
	code = str_copy(path, &b->path, err);
	if (code == ERR_OK)
		code = read_all(b, err);
	if (code == ERR_OK)
		*ret_bundle = b;
	else
		bundle_close(b);
	return code;
}

const struct description *bundle_description(const struct bundle *b)
{
	return &b->description;
}

const struct digest *bundle_digest(const struct bundle *b)
{
	return &b->head.description;
}

const char *bundle_path(const struct bundle *b)
{
	return b->path;
}

uint64_t bundle_size(const struct bundle *b)
{
	return b->size_bytes;
}

static void free_zstd(struct instream *in)
{
	struct zstd_reader *r = OUTER_OF(in, struct zstd_reader, in);

	zstd_reader_release(r);
	free(r);
}

static enum err_code open_zstd(const struct bundle *b, uint64_t begin, uint64_t size, struct instream **ret_in,
			       struct err *err)
{
	struct zstd_reader *r = malloc(sizeof(*r));
	enum err_code code = r != NULL ? zstd_reader_init(r, &b->file, err) : err_nomem(err);

	if (code != ERR_OK) {
		free(r);
		return code;
	}
	r->in.release = free_zstd;
	zstd_reader_aim(r, begin, begin + size, NULL);
	*ret_in = &r->in;
	return ERR_OK;
}

static void free_raw(struct instream *in)
{
	struct raw_reader *r = OUTER_OF(in, struct raw_reader, in);

	raw_reader_release(r);
	free(r);
}

static enum err_code open_raw(const struct bundle *b, uint64_t begin, uint64_t size, struct instream **ret_in,
			      struct err *err)
{
	struct raw_reader *r = malloc(sizeof(*r));
	enum err_code code = r != NULL ? raw_reader_init(r, &b->file, false, err) : err_nomem(err);

	if (code != ERR_OK) {
		free(r);
		return code;
	}
	r->in.release = free_raw;
	raw_reader_aim(r, begin, begin + size);
	*ret_in = &r->in;
	return ERR_OK;
}

enum err_code bundle_blob(const struct bundle *b, const struct digest *digest, struct instream **ret_in,
			  struct err *err)
{
	size_t blob = description_find(&b->description, digest);
	const struct description_blob *d = &b->description.blobs[blob != BLOB_NONE ? blob : 0];

	if (blob == BLOB_NONE)
		return err_set(err, ERR_NOT_FOUND, "%s: %s is not in this bundle", b->path, digest->text);
	if (d->stored == STORED_ABSENT)
		return err_set(err, ERR_NOT_FOUND, "%s: %s was absent at the source and is not in this bundle", b->path,
			       digest->text);
	if (d->stored == STORED_RAW)
		return open_raw(b, b->shape.contents[blob], d->size_bytes, ret_in, err);
	return open_zstd(b, b->shape.contents[blob], d->size_bytes, ret_in, err);
}

static enum err_code open_member(const struct bundle *b, size_t place, struct instream **ret_in, struct err *err)
{
	struct member m = { 0 };

	shape_member(&b->shape, place, &m);
	return open_zstd(b, m.content, m.size_bytes, ret_in, err);
}

enum err_code bundle_index_bytes(const struct bundle *b, struct instream **ret_in, struct err *err)
{
	return open_member(b, 1, ret_in, err);
}

enum err_code bundle_description_bytes(const struct bundle *b, struct instream **ret_in, struct err *err)
{
	return open_member(b, 2, ret_in, err);
}

enum err_code bundle_slot(const struct bundle *b, size_t slot, unsigned char out[SLOT_BYTES], struct err *err)
{
	uint64_t offset = shape_slot_offset(&b->shape, &b->seek, slot);
	unsigned char frame[SLOT_STORED_BYTES], header[SLOT_CONTENT_AT];
	enum err_code code = read_at(b->fd, frame, sizeof(frame), offset, b->path, err);

	if (code != ERR_OK)
		return code;
	slot_header(slot, header);
	if (memcmp(frame, header, sizeof(header)) != 0)
		return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": damaged frame of a slot", b->path, offset);
	memcpy(out, frame + SLOT_CONTENT_AT, SLOT_BYTES);
	return ERR_OK;
}

void bundle_close(struct bundle *b)
{
	if (b == NULL)
		return;
	shape_release(&b->shape);
	description_release(&b->description);
	seek_release(&b->seek);
	close_fd(&b->fd);
	free(b->path);
	free(b);
}

void bundle_close_ptr(struct bundle **b)
{
	bundle_close(*b);
}
