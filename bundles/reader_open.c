/* The part of reader.h that opens a bundle: from a file, or as it comes through a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bundles/reading.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"

/* What comes once, from its first byte to its last, is for bundle_open_pipe. */
static enum err_code refuse_pipe(const char *path, struct err *err)
{
	return err_set(
		err, ERR_USAGE,
		"%s: a bundle is read at any place of its file, and a pipe has none: save it first, or let bundle "
		"import - take it, which proves it as it comes",
		path);
}

static enum err_code open_file(struct bundle *b, struct err *err)
{
	struct stat st;

	if (strcmp(b->path, "-") == 0) /* standard input elsewhere; a file of that name is ./- */
		return refuse_pipe("standard input", err);
	b->fd = open(b->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (b->fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "%s: no such file", b->path);
	if (b->fd < 0 || fstat(b->fd, &st) != 0)
		return err_errno(err, b->path);
	if (S_ISFIFO(st.st_mode))
		return refuse_pipe(b->path, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_DAMAGED, "%s: not a bundle: it is no regular file", b->path);
	b->size_bytes = (uint64_t)st.st_size;
	b->file = (struct frame_file){ .fd = b->fd, .name = b->path, .seek = &b->seek, .spare = b->spare };
	return ERR_OK;
}

static enum err_code read_head(struct bundle *b, struct err *err)
{
	unsigned char bytes[HEAD_END] = { 0 };
	size_t len = b->size_bytes < HEAD_END ? (size_t)b->size_bytes : HEAD_END;
	enum err_code code = read_at(b->fd, bytes, len, 0, b->path, err);

	return code == ERR_OK ? head_read(bytes, len, b->path, &b->head, err) : code;
}

/* Are the head's numbers possible? */
static enum err_code check_head_sizes(const struct bundle *b, uint64_t *ret_content, uint64_t *ret_end, struct err *err)
{
	const struct head *h = &b->head;

	if (h->index_bytes > LIMIT_DESCRIPTION_BYTES || h->description_bytes > LIMIT_DESCRIPTION_BYTES)
		return err_set(err, ERR_DAMAGED, "%s: offset %zu: a description of more than %" PRIu64 " MiB", b->path,
			       HEAD_OFFSET, LIMIT_DESCRIPTION_BYTES / MIB);
	shape_front(h->index_bytes, h->description_bytes, ret_content, ret_end);
	return ERR_OK;
}

/* Are they possible, and is all that they speak of in the table? */
static enum err_code check_head(const struct bundle *b, struct err *err)
{
	const struct head *h = &b->head;
	const struct seek_table *t = b->file.seek;
	uint64_t content = 0, end = 0;
	enum err_code code = check_head_sizes(b, &content, &end, err);

	if (code != ERR_OK)
		return code;
	if (content != h->description_tar_offset || t->entries[t->len].tar_offset < end)
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

enum err_code bundle_description_failed(const struct bundle *b, enum err_code code, struct err *err)
{
	if (code == ERR_OK)
		return ERR_OK;
	err_add(err, "%s: offset %" PRIu64, b->path, b->head.front_offset);
	return code == ERR_LIMIT ? err_recode(err, ERR_DAMAGED) : code;
}

static enum err_code read_description(struct bundle *b, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	enum err_code code = check_head(b, err);

	buf_init(&bytes, b->head.description_bytes);
	if (code == ERR_OK)
		code = bundle_description_read(b, &bytes, err);
	if (code != ERR_OK)
		return code;
	code = description_read(bytes.data != NULL ? bytes.data : "", bytes.len, DESCRIPTION_NAME, &b->description,
				err);
	return bundle_description_failed(b, code, err);
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

static enum err_code make_shape(struct bundle *b, struct err *err)
{
	enum err_code code;

	if (b->description.index.size_bytes != b->head.index_bytes)
		return err_set(err, ERR_DAMAGED, "%s: offset %zu: the head and the description disagree", b->path,
			       HEAD_OFFSET);
	shape_release(&b->shape);
	code = shape_init(&b->shape, &b->description, &b->head.description, b->head.description_bytes, err);
	return bundle_description_failed(b, code, err);
}

/* Everything up to bundle.json, and where the shards are. */
static enum err_code read_beginning(struct bundle *b, struct err *err)
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
	return make_shape(b, err);
}

static enum err_code read_whole(struct bundle *b, struct err *err)
{
	enum err_code code = bundle_add_shards(b, err);

	if (code == ERR_OK && b->description.shards_len > 0)
		code = make_shape(b, err);
	if (code == ERR_OK)
		code = shape_check(&b->shape, &b->head, &b->seek, b->path, err);
	return code == ERR_OK ? check_front(b, err) : code;
}

/* What one image needs; who has no shards has it all at hand. */
static enum err_code read_part(struct bundle *b, const char *image, struct err *err)
{
	size_t shard = image != NULL ? description_shard_of(&b->description, image) : SIZE_MAX;
	enum err_code code;

	if (b->description.shards_len == 0)
		return read_whole(b, err);
	b->partial = true;
	if (b->shape.shards_end > b->seek.entries[b->seek.len].tar_offset)
		return err_set(err, ERR_DAMAGED, "%s: the seek table ends before the description does", b->path);
	code = places_open(&b->places, &b->file, err);
	return code == ERR_OK && shard != SIZE_MAX ? bundle_add_shard(b, shard, err) : code;
}

static enum err_code new_bundle(const char *path, struct bundle **ret_bundle, struct err *err)
{
	struct bundle *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return err_nomem(err);
	b->fd = -1;
	*ret_bundle = b;
	b->spare = calloc(1, sizeof(*b->spare));
	if (b->spare == NULL)
		return err_nomem(err);
	return str_copy(path, &b->path, err);
}

enum err_code bundle_open(const char *path, struct bundle **ret_bundle, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	enum err_code code = new_bundle(path, &b, err);

	if (code == ERR_OK)
		code = read_beginning(b, err);
	if (code == ERR_OK)
		code = read_whole(b, err);
	if (code == ERR_OK)
		*ret_bundle = take_ptr(&b);
	return code;
}

enum err_code bundle_open_image(const char *path, const char *image, struct bundle **ret_bundle, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	enum err_code code = new_bundle(path, &b, err);

	if (code == ERR_OK)
		code = read_beginning(b, err);
	if (code == ERR_OK)
		code = read_part(b, image, err);
	if (code == ERR_OK)
		*ret_bundle = take_ptr(&b);
	return code;
}

/* Up to bundle.json: the rest is known by then. */
static enum err_code pass_beginning(struct bundle *b, struct err *err)
{
	uint64_t content, end;
	enum err_code code = pass_head(b->pass, &b->head, err);

	if (code == ERR_OK)
		code = check_head_sizes(b, &content, &end, err);
	if (code == ERR_OK)
		code = pass_front(b->pass, end, err);
	if (code == ERR_OK)
		code = read_description(b, err);
	return code == ERR_OK ? make_shape(b, err) : code;
}

/* The slots, the shards, and what is packed: everything that may be asked for in any order. */
static enum err_code pass_small(struct bundle *b, struct err *err)
{
	enum err_code code;

	pass_shape(b->pass, &b->shape);
	code = pass_reach(b->pass, b->shape.shards_end - 1, err);
	if (code == ERR_OK)
		code = bundle_add_shards(b, err);
	if (code == ERR_OK && b->description.shards_len > 0)
		code = make_shape(b, err);
	if (code != ERR_OK)
		return code;
	pass_shape(b->pass, &b->shape);
	code = pass_reach(b->pass, b->shape.packed_end - 1, err);
	return code == ERR_OK ? check_front(b, err) : code;
}

enum err_code bundle_open_pipe(int fd, const char *name, pass_wait_fn *wait, struct bundle **ret_bundle,
			       struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	enum err_code code = new_bundle(name, &b, err);

	if (code == ERR_OK)
		code = pass_new(fd, b->path, wait, &b->pass, err);
	if (code != ERR_OK)
		return code;
	b->file = (struct frame_file){ .fd = -1, .name = b->path, .seek = pass_seek(b->pass), .pass = b->pass };
	code = pass_beginning(b, err);
	if (code == ERR_OK)
		code = pass_small(b, err);
	if (code == ERR_OK)
		*ret_bundle = take_ptr(&b);
	return code;
}
