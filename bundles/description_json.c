#include "bundles/description_json.h"

#include <string.h>

#include "bundles/description.h"
#include "common/limits.h"
#include "common/mem.h"

/* A part of the description as JSON. */
static enum err_code parse(const struct bundle *b, const struct buf *bytes, struct json_t **ret_json, struct err *err)
{
	return js_read_large(buf_text(bytes), bytes->len, LIMIT_DESCRIPTION_VALUES, bundle_path(b), ret_json, err);
}

/* One list out of all shards, of which one at a time is kept. */
static enum err_code put_list(struct js_out *o, const struct bundle *b, const char *key, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t shard, i;

	js_key(o, key);
	js_begin(o, '[');
	for (shard = 0; code == ERR_OK && shard < bundle_description(b)->shards_len; shard++) {
		CLEANUP(buf_release) struct buf bytes = { 0 };
		CLEANUP(js_free_ptr) struct json_t *json = NULL;

		code = bundle_shard_read(b, shard, &bytes, err);
		if (code == ERR_OK)
			code = parse(b, &bytes, &json, err);
		for (i = 0; code == ERR_OK && i < js_len(js_array(json, key)); i++)
			js_put_value(o, js_at(js_array(json, key), i));
	}
	js_end(o, ']');
	return code;
}

enum err_code description_put(struct js_out *o, const struct bundle *b, struct err *err)
{
	static const char *const lists[] = { "images", "referrers", "blobs" };
	CLEANUP(buf_release) struct buf bytes = { .max = LIMIT_DESCRIPTION_BYTES };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = bundle_description_read(b, &bytes, err);
	const char *key = NULL;
	size_t i;

	if (code == ERR_OK)
		code = parse(b, &bytes, &json, err);
	if (code != ERR_OK)
		return code;
	js_begin(o, '{');
	while ((key = js_next(json, key)) != NULL) {
		if (bundle_description(b)->shards_len > 0 && strcmp(key, "shards") == 0)
			continue;
		js_key(o, key);
		js_put_value(o, js_get(json, key));
	}
	for (i = 0; code == ERR_OK && bundle_description(b)->shards_len > 0 && i < COUNT_OF(lists); i++)
		code = put_list(o, b, lists[i], err);
	js_end(o, '}');
	return code;
}

enum err_code description_of_images(const struct bundle *b, const struct graph *g, struct json_t **ret_json,
				    struct err *err)
{
	CLEANUP(description_maker_release) struct description_maker m = { 0 };
	CLEANUP(buf_release) struct buf bytes = { .max = LIMIT_DESCRIPTION_BYTES };
	struct buf_stage stage;
	enum err_code code = description_maker_init(&m, g, err);

	buf_stage_init(&stage, &bytes);
	if (code == ERR_OK)
		code = description_write_shard(&m, 0, &stage.out, NULL, err);
	if (code == ERR_OK)
		code = parse(b, &bytes, ret_json, err);
	return code == ERR_LIMIT ? err_recode(err, ERR_DAMAGED) : code;
}
