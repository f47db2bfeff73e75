#include "bundles/reader.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/reading.h"
#include "common/file.h"
#include "common/mem.h"

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

bool bundle_is_piped(const struct bundle *b)
{
	return b->pass != NULL;
}

int bundle_fd(const struct bundle *b)
{
	return b->fd;
}

uint64_t bundle_size(const struct bundle *b)
{
	return b->pass != NULL ? pass_bytes(b->pass) : b->size_bytes;
}

static void free_zstd(struct instream *in)
{
	struct zstd_reader *r = OUTER_OF(in, struct zstd_reader, in);

	zstd_reader_release(r);
	free(r);
}

static struct zstd_reader *take_spare(const struct bundle *b)
{
	struct zstd_reader *r = NULL;
	size_t i;

	for (i = 0; r == NULL && b->file.spare != NULL && i < SPARE_DECODERS; i++)
		r = atomic_exchange(&b->file.spare->items[i], NULL);
	return r;
}

/* One that was not read to its end may have met damage, and is not used again. */
static void keep_zstd(struct instream *in)
{
	struct zstd_reader *r = OUTER_OF(in, struct zstd_reader, in);
	struct spare_decoders *spare = r->file->spare;
	size_t i;

	for (i = 0; r != NULL && r->left_bytes == 0 && spare != NULL && i < SPARE_DECODERS; i++)
		r = atomic_exchange(&spare->items[i], r);
	if (r != NULL)
		free_zstd(&r->in);
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

	free(r);
}

static enum err_code open_raw(const struct bundle *b, uint64_t begin, uint64_t size, struct instream **ret_in,
			      struct err *err)
{
	struct raw_reader *r = malloc(sizeof(*r));

	if (r == NULL)
		return err_nomem(err);
	raw_reader_init(r, &b->file, false);
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
	code = b->pass != NULL ? pass_reach(b->pass, e.tar_at, err) : ERR_OK;
	if (code != ERR_OK)
		return code;
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

/* Where it should be: nobody has looked at the header that stands there. */
static enum err_code look_up(const struct bundle *b, const struct digest *digest, struct place *ret_place,
			     struct err *err)
{
	size_t blob = b->partial ? BLOB_NONE : description_find(&b->description, digest);
	enum err_code code = ERR_OK;

	*ret_place = (struct place){ .stored = STORED_ABSENT };
	if (b->partial) {
		code = places_find(&b->places, digest, ret_place, err);
	} else if (blob != BLOB_NONE && stored_is_here(b->description.blobs[blob].stored)) {
		ret_place->stored = b->description.blobs[blob].stored;
		ret_place->size_bytes = b->description.blobs[blob].size_bytes;
		ret_place->content = b->shape.contents[blob];
	}
	return code;
}

enum err_code bundle_find(const struct bundle *b, const struct digest *digest, struct place *ret_place, struct err *err)
{
	enum err_code code = look_up(b, digest, ret_place, err);

	return code == ERR_OK && b->partial && ret_place->stored != STORED_ABSENT
		       ? check_place(b, digest, ret_place, err)
		       : code;
}

enum err_code bundle_lists(const struct bundle *b, const struct digest *digest, bool *ret_listed, struct err *err)
{
	struct place place;
	enum err_code code = look_up(b, digest, &place, err);

	if (code == ERR_OK)
		*ret_listed = place.stored != STORED_ABSENT;
	return code;
}

static enum err_code say_absent(const struct bundle *b, const struct digest *digest, struct err *err)
{
	size_t blob = description_find(&b->description, digest);

	if (blob != BLOB_NONE && b->description.blobs[blob].stored == STORED_PREREQUISITE)
		return err_set(err, ERR_NOT_FOUND, "%s: %s was left out of this bundle: %s has it", b->path,
			       digest->text, b->description.blobs[blob].holder.image);
	if (blob != BLOB_NONE && b->description.blobs[blob].stored == STORED_LEFT_OUT)
		return err_set(err, ERR_NOT_FOUND, "%s: %s was not asked for when this bundle was made", b->path,
			       digest->text);
	if (blob != BLOB_NONE)
		return err_set(err, ERR_NOT_FOUND, "%s: %s was absent at the source and is not in this bundle", b->path,
			       digest->text);
	return err_set(err, ERR_NOT_FOUND, "%s: %s is not in this bundle", b->path, digest->text);
}

static enum err_code find_present(const struct bundle *b, const struct digest *digest, struct place *ret_place,
				  struct err *err)
{
	enum err_code code = bundle_find(b, digest, ret_place, err);

	return code == ERR_OK && ret_place->stored == STORED_ABSENT ? say_absent(b, digest, err) : code;
}

enum err_code bundle_blob_size(const struct bundle *b, const struct digest *digest, uint64_t *ret_size, struct err *err)
{
	struct place place;
	enum err_code code = find_present(b, digest, &place, err);

	if (code == ERR_OK)
		*ret_size = place.size_bytes;
	return code;
}

enum err_code bundle_place(const struct bundle *b, const struct digest *digest, struct bundle_place *ret_place,
			   struct err *err)
{
	const struct seek_table *t = b->file.seek;
	struct place place;
	enum err_code code = find_present(b, digest, &place, err);

	if (code == ERR_OK && !b->partial) /* else the header was looked at already */
		code = check_place(b, digest, &place, err);
	if (code != ERR_OK)
		return code;
	*ret_place = (struct bundle_place){ .stored = place.stored, .size_bytes = place.size_bytes };
	if (place.stored == STORED_RAW && place.size_bytes > 0)
		ret_place->file_at = t->entries[seek_find(t, place.content)].file_offset;
	return ERR_OK;
}

enum err_code bundle_blob(const struct bundle *b, const struct digest *digest, struct instream **ret_in,
			  struct err *err)
{
	uint64_t size_bytes;

	return bundle_blob_sized(b, digest, ret_in, &size_bytes, err);
}

/* The header is looked at on the way to the content, once. */
enum err_code bundle_blob_sized(const struct bundle *b, const struct digest *digest, struct instream **ret_in,
				uint64_t *ret_size, struct err *err)
{
	struct zstd_reader *r = NULL;
	struct place place;
	enum err_code code = look_up(b, digest, &place, err);

	if (code == ERR_OK && place.stored == STORED_ABSENT)
		return say_absent(b, digest, err);
	if (code == ERR_OK)
		r = place.stored == STORED_PACKED ? take_spare(b) : NULL;
	if (code == ERR_OK && r == NULL)
		code = new_zstd(b, &r, err);
	if (code != ERR_OK)
		return code;
	r->in.release = place.stored == STORED_PACKED ? keep_zstd : free_zstd;
	code = bundle_aim(b, digest, &place, r, err);
	if (code == ERR_OK)
		*ret_size = place.size_bytes;
	if (code == ERR_OK && place.stored != STORED_RAW) {
		*ret_in = &r->in;
		return ERR_OK;
	}
	free_zstd(&r->in);
	if (code == ERR_OK && b->pass != NULL && place.size_bytes > 0)
		code = pass_reach(b->pass, place.content, err);
	return code == ERR_OK ? open_raw(b, place.content, place.size_bytes, ret_in, err) : code;
}

enum err_code bundle_blob_part(const struct bundle *b, const struct digest *digest, uint64_t from_bytes,
			       uint64_t end_bytes, struct instream **ret_in, struct err *err)
{
	struct instream *in = NULL;
	struct place place = { 0 };
	struct zstd_reader *r;
	enum err_code code = find_present(b, digest, &place, err);

	if (code == ERR_OK)
		code = bundle_blob(b, digest, &in, err);
	if (code != ERR_OK)
		return code;
	assert(place.stored != STORED_RAW && from_bytes <= end_bytes && end_bytes <= place.size_bytes);
	r = OUTER_OF(in, struct zstd_reader, in);
	zstd_reader_aim(r, place.content + from_bytes, place.content + end_bytes, NULL);
	*ret_in = in;
	return ERR_OK;
}

enum err_code bundle_slot(const struct bundle *b, size_t slot, unsigned char out[SLOT_BYTES], struct err *err)
{
	uint64_t offset = shape_slot_offset(&b->shape, b->file.seek, slot);
	unsigned char frame[SLOT_STORED_BYTES], header[SLOT_CONTENT_AT];
	enum err_code code = frame_file_read(&b->file, frame, sizeof(frame), offset, err);

	if (code != ERR_OK)
		return code;
	slot_header(slot, header);
	if (memcmp(frame, header, sizeof(header)) != 0)
		return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": damaged frame of a slot", b->path, offset);
	memcpy(out, frame + SLOT_CONTENT_AT, SLOT_BYTES);
	return ERR_OK;
}

enum err_code bundle_finish(struct bundle *b, struct err *err)
{
	return b->pass != NULL ? pass_finish(b->pass, &b->head, err) : ERR_OK;
}

static void free_spare(struct bundle *b)
{
	size_t i;

	for (i = 0; b->spare != NULL && i < SPARE_DECODERS; i++) {
		struct zstd_reader *r = atomic_load(&b->spare->items[i]);

		if (r != NULL)
			free_zstd(&r->in);
	}
	free(b->spare);
}

void bundle_close(struct bundle *b)
{
	if (b == NULL)
		return;
	free_spare(b);
	pass_free(b->pass);
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
