#include "bundles/description_json.h"

#include <string.h>

#include "bundles/description_reading.h"
#include "common/limits.h"
#include "common/mem.h"

static enum err_code put_items(struct js_out *o, struct js_list *list, struct err *err)
{
	CLEANUP(js_item_release) struct js_item item = { 0 };
	bool there = false;
	enum err_code code = js_list_next(list, &item, &there, err);

	while (code == ERR_OK && there) {
		js_item_put(&item, o);
		code = js_list_next(list, &item, &there, err);
	}
	return code;
}

/* One list out of all shards. */
static enum err_code put_list(struct js_out *o, const struct bundle *b, enum reading_list list, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t shard;

	for (shard = 0; code == ERR_OK && shard < bundle_description(b)->shards_len; shard++) {
		CLEANUP(buf_release) struct buf bytes = { 0 };
		CLEANUP(js_free_ptr) struct json_t *json = NULL;
		struct js_list lists[READING_LISTS];

		code = bundle_shard_read(b, shard, &bytes, err);
		if (code == ERR_OK)
			code = reading_parse(buf_text(&bytes), bytes.len, bundle_path(b), lists, &json, err);
		if (code == ERR_OK)
			code = put_items(o, &lists[list], err);
	}
	return code;
}

/* A member of bundle.json, whose value may be a list that lies where it did. */
static enum err_code put_member(struct js_out *o, const char *key, const struct json_t *value, struct js_list *lists,
				struct err *err)
{
	enum reading_list list = reading_list_of(key);
	enum err_code code = ERR_OK;

	js_key(o, key);
	if (list == READING_LISTS || js_kind(value) != JS_ARRAY || js_len(value) > 0) {
		js_put_value(o, value);
		return ERR_OK;
	}
	js_begin(o, '[');
	code = put_items(o, &lists[list], err);
	js_end(o, ']');
	return code;
}

/* What shards say stands in their place. */
static enum err_code put_shards(struct js_out *o, const struct bundle *b, struct err *err)
{
	enum err_code code = ERR_OK;
	unsigned list;

	for (list = 0; code == ERR_OK && list < READING_LISTS; list++) {
		js_key(o, reading_list_name((enum reading_list)list));
		js_begin(o, '[');
		code = put_list(o, b, (enum reading_list)list, err);
		js_end(o, ']');
	}
	return code;
}

enum err_code description_put(struct js_out *o, const struct bundle *b, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = LIMIT_DESCRIPTION_BYTES };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	bool sharded = bundle_description(b)->shards_len > 0;
	struct js_list lists[READING_LISTS];
	enum err_code code = bundle_description_read(b, &bytes, err);
	const char *key = NULL;

	if (code == ERR_OK)
		code = reading_parse(buf_text(&bytes), bytes.len, bundle_path(b), lists, &json, err);
	if (code != ERR_OK)
		return code;
	js_begin(o, '{');
	while (code == ERR_OK && (key = js_next(json, key)) != NULL) {
		if (!sharded || strcmp(key, "shards") != 0)
			code = put_member(o, key, js_get(json, key), lists, err);
	}
	if (code == ERR_OK && sharded)
		code = put_shards(o, b, err);
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
		code = js_read_large(buf_text(&bytes), bytes.len, LIMIT_DESCRIPTION_VALUES, bundle_path(b), ret_json,
				     err);
	return code == ERR_LIMIT ? err_recode(err, ERR_DAMAGED) : code;
}
