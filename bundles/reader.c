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

enum err_code bundle_shard_read(const struct bundle *b, size_t shard, struct buf *out, struct err *err)
{
	struct member m = { 0 };
	enum err_code code;

	shape_member(&b->shape, FIRST_SHARD_MEMBER + shard, &m);
	if (m.content + m.size_bytes > b->seek.entries[b->seek.len].tar_offset)
		return err_set(err, ERR_DAMAGED, "%s: %s stands behind the end of the seek table", b->path, m.name);
	buf_init(out, m.size_bytes);
	code = read_proved(&b->file, m.content, m.size_bytes, &m.digest, out, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s: %s", b->path, m.name);
}

static enum err_code add_shard(struct bundle *b, size_t shard, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	enum err_code code = bundle_shard_read(b, shard, &bytes, err);

	if (code != ERR_OK)
		return code;
	code = description_add(&b->description, shard, buf_text(&bytes), bytes.len, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", b->path);
}

static enum err_code add_shards(struct bundle *b, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < b->description.shards_len; i++)
		code = add_shard(b, i, err);
	if (code != ERR_OK || i == 0)
		return code;
	code = description_complete(&b->description, DESCRIPTION_NAME, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", b->path);
}

static enum err_code make_shape(struct bundle *b, struct err *err)
{
	enum err_code code;

	shape_release(&b->shape);
	code = shape_init(&b->shape, &b->description, &b->head.description, b->head.description_bytes, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", b->path);
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
	if (b->description.index.size_bytes != b->head.index_bytes)
		return err_set(err, ERR_DAMAGED, "%s: offset %zu: the head and the description disagree", b->path,
			       HEAD_OFFSET);
	return make_shape(b, err);
}

static enum err_code read_whole(struct bundle *b, struct err *err)
{
	enum err_code code = add_shards(b, err);

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
	return code == ERR_OK && shard != SIZE_MAX ? add_shard(b, shard, err) : code;
}

static enum err_code new_bundle(const char *path, struct bundle **ret_bundle, struct err *err)
{
	struct bundle *b = calloc(1, sizeof(*b));
	enum err_code code;

	if (b == NULL)
		return err_nomem(err);
	b->fd = -1;
	*ret_bundle = b;
	code = str_copy(path, &b->path, err);
	return code == ERR_OK ? read_beginning(b, err) : code;
}

enum err_code bundle_open(const char *path, struct bundle **ret_bundle, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	enum err_code code = new_bundle(path, &b, err);

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
		code = read_part(b, image, err);
	if (code == ERR_OK)
		*ret_bundle = take_ptr(&b);
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

static enum err_code new_zstd(const struct bundle *b, struct zstd_reader **ret_reader, struct err *err)
{
	struct zstd_reader *r = malloc(sizeof(*r));
	enum err_code code = r != NULL ? zstd_reader_init(r, &b->file, err) : err_nomem(err);

	if (code != ERR_OK) {
		free(r);
		return code;
	}
	r->in.release = free_zstd;
	*ret_reader = r;
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

enum err_code bundle_aim(const struct bundle *b, const struct digest *digest, const struct place *place,
			 struct zstd_reader *in, struct err *err)
{
	struct expecting e = { .in = &in->in, .file = &b->file };
	struct member m = { .digest = *digest, .size_bytes = place->size_bytes, .content = place->content };
	enum err_code code;
	size_t header;

	member_name(digest, m.name);
	header = tar_header_bytes(m.name, m.size_bytes);
	if (place->content < header)
		return err_set(err, ERR_DAMAGED, "%s: no room for a tar header before %s", b->path, digest->text);
	e.tar_at = place->content - header;
	zstd_reader_aim(in, e.tar_at, place->content, NULL);
	code = expect_header(&e, &m, err);
	if (code == ERR_OK && place->stored != STORED_RAW)
		zstd_reader_aim(in, place->content, place->content + place->size_bytes, NULL);
	return code;
}

/* A table is believed no further than this. */
static enum err_code check_place(const struct bundle *b, const struct digest *digest, const struct place *place,
				 struct err *err)
{
	CLEANUP(zstd_reader_release) struct zstd_reader in = { 0 };
	enum err_code code = zstd_reader_init(&in, &b->file, err);

	return code == ERR_OK ? bundle_aim(b, digest, place, &in, err) : code;
}

enum err_code bundle_find(const struct bundle *b, const struct digest *digest, struct place *ret_place, struct err *err)
{
	size_t blob = b->partial ? BLOB_NONE : description_find(&b->description, digest);
	enum err_code code = ERR_OK;

	*ret_place = (struct place){ .stored = STORED_ABSENT };
	if (b->partial) {
		code = places_find(&b->places, digest, ret_place, err);
		if (code == ERR_OK && ret_place->stored != STORED_ABSENT)
			code = check_place(b, digest, ret_place, err);
	} else if (blob != BLOB_NONE && stored_is_here(b->description.blobs[blob].stored)) {
		ret_place->stored = b->description.blobs[blob].stored;
		ret_place->size_bytes = b->description.blobs[blob].size_bytes;
		ret_place->content = b->shape.contents[blob];
	}
	return code;
}

static enum err_code find_present(const struct bundle *b, const struct digest *digest, struct place *ret_place,
				  struct err *err)
{
	enum err_code code = bundle_find(b, digest, ret_place, err);
	size_t blob = description_find(&b->description, digest);

	if (code != ERR_OK || ret_place->stored != STORED_ABSENT)
		return code;
	if (blob != BLOB_NONE && b->description.blobs[blob].stored == STORED_PREREQUISITE)
		return err_set(err, ERR_NOT_FOUND, "%s: %s was left out of this bundle: %s has it", b->path,
			       digest->text, b->description.blobs[blob].holder.image);
	if (blob != BLOB_NONE)
		return err_set(err, ERR_NOT_FOUND, "%s: %s was absent at the source and is not in this bundle", b->path,
			       digest->text);
	return err_set(err, ERR_NOT_FOUND, "%s: %s is not in this bundle", b->path, digest->text);
}

enum err_code bundle_blob_size(const struct bundle *b, const struct digest *digest, uint64_t *ret_size, struct err *err)
{
	struct place place;
	enum err_code code = find_present(b, digest, &place, err);

	if (code == ERR_OK)
		*ret_size = place.size_bytes;
	return code;
}

enum err_code bundle_blob(const struct bundle *b, const struct digest *digest, struct instream **ret_in,
			  struct err *err)
{
	struct zstd_reader *r = NULL;
	struct place place;
	enum err_code code = find_present(b, digest, &place, err);

	if (code == ERR_OK)
		code = new_zstd(b, &r, err);
	if (code != ERR_OK)
		return code;
	code = bundle_aim(b, digest, &place, r, err);
	if (code == ERR_OK && place.stored != STORED_RAW) {
		*ret_in = &r->in;
		return ERR_OK;
	}
	instream_release(&r->in);
	return code == ERR_OK ? open_raw(b, place.content, place.size_bytes, ret_in, err) : code;
}

static enum err_code open_member(const struct bundle *b, size_t place, struct instream **ret_in, struct err *err)
{
	struct zstd_reader *r = NULL;
	struct member m = { 0 };
	enum err_code code = new_zstd(b, &r, err);

	if (code != ERR_OK)
		return code;
	shape_member(&b->shape, place, &m);
	zstd_reader_aim(r, m.content, m.content + m.size_bytes, NULL);
	*ret_in = &r->in;
	return ERR_OK;
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
