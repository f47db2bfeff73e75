#include "bundles/description_reading.h"

#include <string.h>

#include "common/limits.h"
#include "common/reference.h"

static const char *const names[READING_LISTS] = {
	[READING_IMAGES] = "images",
	[READING_LINKS] = "referrers",
	[READING_BLOBS] = "blobs",
};

const char *reading_list_name(enum reading_list list)
{
	return names[list];
}

enum reading_list reading_list_of(const char *key)
{
	unsigned list = 0;

	while (list < READING_LISTS && strcmp(names[list], key) != 0)
		list++;
	return (enum reading_list)list;
}

enum err_code reading_parse(const void *bytes, size_t len, const char *what, struct js_list lists[READING_LISTS],
			    struct json_t **ret_json, struct err *err)
{
	enum err_code code =
		js_lists_read(bytes, len, LIMIT_DESCRIPTION_VALUES, what, names, READING_LISTS, lists, ret_json, err);

	if (code == ERR_OK) /* an image lists its platforms, and may have as many as an index lists */
		lists[READING_IMAGES].place.max_values = LIMIT_DESCRIPTION_VALUES;
	return code == ERR_FORMAT ? err_recode(err, ERR_DAMAGED) : code;
}

enum err_code reading_text(const struct reading *r, const struct js_item *item, const char *key, const char **ret_text)
{
	const char *text = js_item_string(item, key);

	if (text == NULL || text[0] == '\0' || strlen(text) > LIMIT_TEXT_BYTES)
		return READING_BAD(r, "%s: an entry without a proper \"%s\"", r->what, key);
	*ret_text = text;
	return ERR_OK;
}

enum err_code reading_keep_text(const struct reading *r, const struct js_item *item, const char *key,
				const char **ret_text)
{
	const char *text;
	enum err_code code = reading_text(r, item, key, &text);

	return code == ERR_OK ? intern_text(&r->d->strings, text, ret_text, r->err) : code;
}

enum err_code reading_name(const struct reading *r, const struct js_item *item, const char *key, const char **ret_name)
{
	const char *name;
	enum err_code code = reading_text(r, item, key, &name);

	if (code == ERR_OK && !reference_is_name(name))
		code = READING_BAD(r, "%s: \"%.300s\" is no full name of an image", r->what, name);
	return code == ERR_OK ? intern_text(&r->d->strings, name, ret_name, r->err) : code;
}

/* The one text that may be empty: what a source says of a blob is carried as it is. */
enum err_code reading_media_type(const struct reading *r, const struct js_item *item, const char **ret_text)
{
	const char *text = js_item_string(item, "mediaType");

	if (text == NULL || strlen(text) > LIMIT_TEXT_BYTES)
		return READING_BAD(r, "%s: an entry without a proper \"mediaType\"", r->what);
	return intern_text(&r->d->strings, text, ret_text, r->err);
}

enum err_code reading_digest(const struct reading *r, const struct js_item *item, const char *key,
			     struct digest *ret_digest)
{
	const char *text;
	enum err_code code = reading_text(r, item, key, &text);

	if (code == ERR_OK && digest_parse(text, ret_digest, r->err) != ERR_OK) {
		err_add(r->err, "%s", r->what);
		code = err_recode(r->err, ERR_DAMAGED);
	}
	return code;
}

enum err_code reading_size(const struct reading *r, const struct js_item *item, uint64_t *ret_size)
{
	if (!js_item_uint(item, "size", ret_size))
		return READING_BAD(r, "%s: an entry without \"size\"", r->what);
	return ERR_OK;
}

enum err_code reading_word(const struct reading *r, const struct js_item *item, const char *key, unsigned count,
			   const char *(*name)(unsigned word), unsigned *ret_word)
{
	const char *text;
	enum err_code code = reading_text(r, item, key, &text);
	unsigned i;

	if (code != ERR_OK)
		return code;
	for (i = 0; i < count; i++) {
		if (strcmp(text, name(i)) == 0) {
			*ret_word = i;
			return ERR_OK;
		}
	}
	return READING_BAD(r, "%s: \"%s\" is \"%.40s\", which this program does not know", r->what, key, text);
}
