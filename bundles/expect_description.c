/* The part of reading.h that makes everything again that a bundle says of its images, and compares. */
#include <inttypes.h>
#include <string.h>

#include "bundles/contents.h"
#include "bundles/description_reading.h"
#include "bundles/index.h"
#include "bundles/reading.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"

static enum err_code expect_index(const struct bundle *b, const struct graph *g, struct err *err)
{
	CLEANUP(buf_release) struct buf made = { .max = LIMIT_DESCRIPTION_BYTES };
	struct buf_stage stage;
	enum err_code code;

	buf_stage_init(&stage, &made);
	code = index_write(g, &stage.out, err);
	if (code == ERR_OK)
		code = digest_check(buf_text(&made), made.len, &b->description.index.digest,
				    b->description.index.size_bytes, err);
	if (code == ERR_DIGEST || code == ERR_SIZE)
		return err_set(err, ERR_DAMAGED, "%s: %s is not the index of the images in this bundle", b->path,
			       INDEX_NAME);
	return code;
}

/* An item that says everything which was made. */
static enum err_code item_says(struct js_item *is, struct js_item *made, bool *ret_says, struct err *err)
{
	const struct json_t *is_json = NULL, *made_json = NULL;
	enum err_code code;

	*ret_says = js_item_same(is, made);
	if (*ret_says)
		return ERR_OK;
	code = js_item_json(is, &is_json, err);
	if (code == ERR_OK)
		code = js_item_json(made, &made_json, err);
	if (code == ERR_OK)
		*ret_says = js_contains(is_json, made_json);
	return code;
}

static enum err_code list_says(struct js_list *is, struct js_list *made, bool *ret_says, struct err *err)
{
	CLEANUP(js_item_release) struct js_item is_item = { 0 };
	CLEANUP(js_item_release) struct js_item made_item = { 0 };
	enum err_code code = ERR_OK;
	bool is_there = true, made_there = true;

	for (*ret_says = true; code == ERR_OK && *ret_says && made_there;) {
		code = js_list_next(is, &is_item, &is_there, err);
		if (code == ERR_OK)
			code = js_list_next(made, &made_item, &made_there, err);
		*ret_says = code == ERR_OK && is_there == made_there;
		if (*ret_says && made_there)
			code = item_says(&is_item, &made_item, ret_says, err);
	}
	return code;
}

/* A document must say everything that was made; it may say more. */
static enum err_code expect_document(const struct bundle *b, const struct buf *made, const struct buf *is,
				     const char *name, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *made_json = NULL;
	CLEANUP(js_free_ptr) struct json_t *is_json = NULL;
	struct js_list made_lists[READING_LISTS], is_lists[READING_LISTS];
	enum err_code code = reading_parse(buf_text(made), made->len, name, made_lists, &made_json, err);
	bool says = true;
	size_t i;

	if (code == ERR_OK)
		code = reading_parse(buf_text(is), is->len, name, is_lists, &is_json, err);
	for (i = 0; code == ERR_OK && says && i < READING_LISTS; i++)
		code = list_says(&is_lists[i], &made_lists[i], &says, err);
	if (code == ERR_OK && (!says || !js_contains(is_json, made_json)))
		code = err_set(err, ERR_DAMAGED, "%s: %s does not describe the images in this bundle", b->path, name);
	return code;
}

/* One of the documents that describe the images: a shard, or bundle.json itself. */
struct document {
	const struct bundle *b;
	const struct description_maker *m;
	size_t shard; /* SIZE_MAX: bundle.json */
};

/* What bundle.json says of its shards was held against them when they were read. */
static enum err_code make(const struct document *d, struct outstream *out, struct err *err)
{
	const struct description *is = &d->b->description;

	return d->shard != SIZE_MAX
		       ? description_write_shard(d->m, d->shard, out, NULL, err)
		       : description_write(d->m, &is->layout, &is->index, is->shards, &is->notes, out, err);
}

static enum err_code write_nowhere(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	(void)out, (void)bytes, (void)len, (void)err;
	return ERR_OK;
}

/* Mostly a document says just what was made, byte by byte, and its digest was proved: then neither text is kept. */
static enum err_code is_as_made(const struct document *d, bool *ret_is, struct err *err)
{
	const struct description_shard *shard = d->shard != SIZE_MAX ? &d->b->description.shards[d->shard] : NULL;
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct outstream nowhere = { .write = write_nowhere };
	struct err why = { 0 };
	enum err_code code =
		proof_stage_init(&proof, shard != NULL ? &shard->digest : &d->b->head.description,
				 shard != NULL ? shard->size_bytes : d->b->head.description_bytes, &nowhere, &why);

	if (code == ERR_OK)
		code = make(d, &proof.out, &why);
	if (code == ERR_OK)
		code = outstream_finish(&proof.out, &why);
	*ret_is = code == ERR_OK;
	return code == ERR_OK || code == ERR_DIGEST || code == ERR_SIZE ? ERR_OK : err_set(err, code, "%s", why.msg);
}

static enum err_code read_text(const struct document *d, struct buf *out, struct err *err)
{
	return d->shard != SIZE_MAX ? bundle_shard_read(d->b, d->shard, out, err)
				    : bundle_description_read(d->b, out, err);
}

static enum err_code expect_made(const struct document *d, struct err *err)
{
	CLEANUP(buf_release) struct buf made = { .max = LIMIT_DESCRIPTION_BYTES };
	CLEANUP(buf_release) struct buf is = { .max = LIMIT_DESCRIPTION_BYTES };
	char name[SHARD_NAME_MAX] = DESCRIPTION_NAME;
	struct buf_stage stage;
	bool as_made = false;
	enum err_code code = is_as_made(d, &as_made, err);

	if (code != ERR_OK || as_made)
		return code;
	if (d->shard != SIZE_MAX)
		shard_name(d->shard, name);
	buf_stage_init(&stage, &made);
	code = make(d, &stage.out, err);
	if (code == ERR_OK)
		code = read_text(d, &is, err);
	return code == ERR_OK ? expect_document(d->b, &made, &is, name, err) : code;
}

enum err_code expect_description(const struct bundle *b, struct graph *g, struct err *err)
{
	CLEANUP(description_maker_release) struct description_maker m = { 0 };
	enum err_code code;
	size_t i;

	contents_mark(b, g);
	code = expect_index(b, g, err);
	if (code == ERR_OK)
		code = description_maker_init(&m, g, err);
	if (code == ERR_OK && m.shards_len != b->description.shards_len)
		code = err_set(err, ERR_DAMAGED, "%s: %s has %zu shards, but there must be %zu", b->path,
			       DESCRIPTION_NAME, b->description.shards_len, m.shards_len);
	for (i = 0; code == ERR_OK && i < m.shards_len; i++)
		code = expect_made(&(struct document){ b, &m, i }, err);
	return code == ERR_OK ? expect_made(&(struct document){ b, &m, SIZE_MAX }, err) : code;
}

enum err_code expect_places(const struct bundle *b, struct err *err)
{
	CLEANUP(free_ptr) unsigned char *made = NULL;
	unsigned char is[4096];
	size_t len = places_bytes(b->shape.blobs_len), at = 0;
	uint64_t offset = b->seek.entries[b->seek.len - 1].file_offset;
	enum err_code code = places_make(&b->shape, &made, err);

	while (code == ERR_OK && at < len) {
		size_t part = len - at < sizeof(is) ? len - at : sizeof(is);

		code = read_at(b->fd, is, part, offset + at, b->path, err);
		if (code == ERR_OK && memcmp(is, made + at, part) != 0)
			code = err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": the table of places is damaged",
				       b->path, offset);
		at += part;
	}
	return code;
}
