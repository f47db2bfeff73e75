/* The part of reader.h that reads the shards of a description. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/reading.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/workers.h"

#define SIDE_BY_SIDE 2 /* shards that are parsed at a time: each takes several times its size */

enum err_code bundle_shard_read(const struct bundle *b, size_t shard, struct buf *out, struct err *err)
{
	struct member m = { 0 };
	enum err_code code;

	shape_member(&b->shape, FIRST_SHARD_MEMBER + shard, &m);
	if (m.content + m.size_bytes > b->file.seek->entries[b->file.seek->len].tar_offset)
		return err_set(err, ERR_DAMAGED, "%s: %s stands behind the end of the seek table", b->path, m.name);
	buf_init(out, m.size_bytes);
	code = read_proved(&b->file, m.content, m.size_bytes, &m.digest, out, err);
	return code == ERR_OK ? ERR_OK : err_add(err, "%s: %s", b->path, m.name);
}

enum err_code bundle_shard_parse(const struct bundle *b, size_t shard, struct description *ret_description,
				 struct err *err)
{
	CLEANUP(description_release) struct description d = { 0 };
	CLEANUP(buf_release) struct buf bytes = { 0 };
	size_t len = b->description.shards_len;
	enum err_code code = bundle_shard_read(b, shard, &bytes, err);

	if (code == ERR_OK)
		code = vec_grow(&d.shards, &d.shards_cap, len, sizeof(*d.shards), SHARDS_MAX, err);
	if (code != ERR_OK)
		return code;
	memcpy(d.shards, b->description.shards, len * sizeof(*d.shards));
	d.shards_len = len;
	code = description_add(&d, shard, buf_text(&bytes), bytes.len, err);
	if (code != ERR_OK)
		return bundle_description_failed(b, code, err);
	if (d.links_len > 0)
		qsort(d.links, d.links_len, sizeof(*d.links), description_compare_links);
	*ret_description = d;
	d = (struct description){ 0 };
	return ERR_OK;
}

enum err_code bundle_add_shard(struct bundle *b, size_t shard, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	enum err_code code = bundle_shard_read(b, shard, &bytes, err);

	if (code != ERR_OK)
		return code;
	code = description_add(&b->description, shard, buf_text(&bytes), bytes.len, err);
	return bundle_description_failed(b, code, err);
}

/* One shard, parsed on any thread. */
struct parsing {
	size_t shard;
	struct buf bytes;
	struct json_t *json;
	enum err_code code;
	struct err err;
};

static void parsing_release(struct parsing *p)
{
	buf_release(&p->bytes);
	js_free(p->json);
}

/* Some of them, shared out. */
struct parsings {
	struct parsing items[SIDE_BY_SIDE];
	size_t len;
	atomic_size_t next;
};

static void *parse(void *arg)
{
	struct parsings *all = arg;
	size_t i;

	while ((i = atomic_fetch_add(&all->next, 1)) < all->len) {
		struct parsing *p = &all->items[i];

		p->code = description_parse_shard(p->shard, buf_text(&p->bytes), p->bytes.len, &p->json, &p->err);
		buf_release(&p->bytes);
	}
	return NULL;
}

/* In their order, whichever was parsed first. */
static enum err_code add_all(struct bundle *b, const struct parsing *parsings, size_t len, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		code = parsings[i].code;
		if (code == ERR_OK)
			code = description_add_parsed(&b->description, parsings[i].shard, parsings[i].json, err);
		else if (err != NULL)
			*err = parsings[i].err;
	}
	return bundle_description_failed(b, code, err);
}

static enum err_code read_some(struct bundle *b, size_t shard, size_t len, struct err *err)
{
	struct parsings all = { .len = len };
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		all.items[i].shard = shard + i;
		code = bundle_shard_read(b, shard + i, &all.items[i].bytes, err);
	}
	if (code == ERR_OK) {
		workers_run(SIDE_BY_SIDE, parse, &all);
		code = add_all(b, all.items, len, err);
	}
	for (i = 0; i < len; i++)
		parsing_release(&all.items[i]);
	return code;
}

enum err_code bundle_add_shards(struct bundle *b, struct err *err)
{
	size_t shards = b->description.shards_len, i, len;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < shards; i += len) {
		len = shards - i < SIDE_BY_SIDE ? shards - i : SIDE_BY_SIDE;
		code = read_some(b, i, len, err);
	}
	if (code != ERR_OK || shards == 0)
		return code;
	code = description_complete(&b->description, DESCRIPTION_NAME, err);
	return bundle_description_failed(b, code, err);
}
