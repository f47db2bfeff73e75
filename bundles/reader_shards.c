/* The part of reader.h that reads the shards of a description. */
#include <stdlib.h>
#include <string.h>

#include "bundles/reading.h"
#include "common/limits.h"
#include "common/mem.h"

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

enum err_code bundle_add_shards(struct bundle *b, struct err *err)
{
	size_t shards = b->description.shards_len, i;
	enum err_code code = ERR_OK;

	for (i = 0; code == ERR_OK && i < shards; i++)
		code = bundle_add_shard(b, i, err);
	if (code != ERR_OK || shards == 0)
		return code;
	code = description_complete(&b->description, DESCRIPTION_NAME, err);
	return bundle_description_failed(b, code, err);
}
