#include "common/descriptor.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define BRIEF_MEMBERS 3 /* mediaType, digest, size */

const char *annotation(const struct json_t *annotations, const char *key)
{
	return js_string(annotations, key);
}

#define LONG_S "\u017f"

/* Is a member spelled as this one, but for what readers in Go pass over: capitals, and ſ for s? */
static bool is_misspelled(const char *key, const char *member)
{
	const char *k = key, *m = member;

	for (; *k != '\0' && *m != '\0'; m++) {
		size_t step = *m == 's' && text_starts(k, LONG_S) ? strlen(LONG_S) : 1;

		if (step == 1 && tolower((unsigned char)*k) != tolower((unsigned char)*m))
			return false;
		k += step;
	}
	return *k == '\0' && *m == '\0' && strcmp(key, member) != 0;
}

/* What Go reads as one of these members and we do not read at all lets one manifest mean two things, as what is
 * ambiguous does. */
enum err_code members_check(const struct json_t *object, const char *const *members, const char *what, struct err *err)
{
	const char *key;
	size_t i;

	for (key = js_next(object, NULL); key != NULL; key = js_next(object, key)) {
		for (i = 0; members[i] != NULL; i++) {
			if (is_misspelled(key, members[i]))
				return err_set(err, ERR_FORMAT,
					       "%s: has a member \"%.100s\", which some read as \"%s\"", what, key,
					       members[i]);
		}
	}
	return ERR_OK;
}

bool descriptor_platform(const struct descriptor *d, struct platform *ret_platform)
{
	const struct json_t *json = js_object(d->json, "platform");
	const char *os = js_string(json, "os"), *architecture = js_string(json, "architecture");

	if (os == NULL || architecture == NULL)
		return false; /* optional in a descriptor: half a platform is none */
	return platform_set(ret_platform, os, architecture, js_string(json, "variant"), js_string(json, "os.version"),
			    NULL) == ERR_OK;
}

/* What every descriptor says, wherever it is kept. */
static enum err_code set_brief(struct descriptor *d, const char *media_type, const char *digest, const char *what,
			       struct err *err)
{
	enum err_code code;

	if (strlen(media_type) > LIMIT_TEXT_BYTES)
		return err_set(err, ERR_LIMIT, "%s: a media type is longer than %d bytes", what, LIMIT_TEXT_BYTES);
	code = digest_parse(digest, &d->digest, err);
	d->media_type = media_type;
	return code == ERR_OK ? ERR_OK : err_add(err, "%s", what);
}

enum err_code descriptor_parse(const struct json_t *json, const char *what, struct descriptor *ret_descriptor,
			       struct err *err)
{
	static const char *const members[] = { "mediaType",   "artifactType", "digest", "size",
					       "annotations", "platform",     "urls",   NULL };
	static const char *const platform_members[] = { "os", "architecture", "variant", "os.version", NULL };
	const char *digest = js_string(json, "digest"), *media_type = js_string(json, "mediaType");
	struct descriptor d = { .json = json };
	struct platform platform;
	enum err_code code = members_check(json, members, what, err);

	if (code == ERR_OK)
		code = members_check(js_object(json, "platform"), platform_members, what, err);
	if (code != ERR_OK)
		return code;
	if (digest == NULL || media_type == NULL || !js_uint(json, "size", &d.size_bytes))
		return err_set(err, ERR_FORMAT, "%s: a descriptor needs mediaType, digest and size", what);
	code = set_brief(&d, media_type, digest, what, err);
	if (code != ERR_OK)
		return code;
	d.artifact_type = js_string(json, "artifactType");
	d.annotations = js_object(json, "annotations");
	d.has_platform = descriptor_platform(&d, &platform);
	*ret_descriptor = d;
	return ERR_OK;
}

/* Read an item that says nothing else, plainly; false for any other. */
static bool read_brief(const struct js_item *item, const char **ret_media_type, const char **ret_digest,
		       uint64_t *ret_size)
{
	*ret_media_type = js_item_string(item, "mediaType");
	*ret_digest = js_item_string(item, "digest");
	return item->json == NULL && item->members_len == BRIEF_MEMBERS && *ret_media_type != NULL &&
	       *ret_digest != NULL && js_item_uint(item, "size", ret_size);
}

static enum err_code keep_tree(struct descriptor_store *store, struct js_item *item, struct err *err)
{
	enum err_code code = vec_grow(&store->trees, &store->trees_cap, store->trees_len + 1, sizeof(*store->trees),
				      LIMIT_DESCRIPTION_VALUES, err);

	if (code == ERR_OK)
		store->trees[store->trees_len++] = take_ptr(&item->owned);
	return code;
}

enum err_code descriptor_of_item(struct js_item *item, const char *what, struct descriptor *ret_descriptor,
				 struct err *err)
{
	struct descriptor d = { .json = NULL };
	const char *media_type, *digest;
	const struct json_t *json = NULL;
	enum err_code code;

	if (read_brief(item, &media_type, &digest, &d.size_bytes)) {
		code = set_brief(&d, media_type, digest, what, err);
		if (code == ERR_OK)
			*ret_descriptor = d;
		return code;
	}
	code = js_item_json(item, &json, err);
	return code == ERR_OK ? descriptor_parse(json, what, ret_descriptor, err) : code;
}

enum err_code descriptor_read(struct js_item *item, const char *what, struct descriptor_store *store,
			      struct descriptor *ret_descriptor, struct err *err)
{
	struct descriptor d = { .json = NULL };
	enum err_code code = descriptor_of_item(item, what, &d, err);

	if (code == ERR_OK && d.json == NULL)
		code = intern_text(&store->strings, d.media_type, &d.media_type, err);
	else if (code == ERR_OK && item->owned != NULL)
		code = keep_tree(store, item, err);
	if (code == ERR_OK)
		*ret_descriptor = d;
	return code;
}

void descriptor_store_release(struct descriptor_store *store)
{
	size_t i;

	for (i = 0; i < store->trees_len; i++)
		js_free(store->trees[i]);
	free(store->trees);
	intern_release(&store->strings);
	*store = (struct descriptor_store){ 0 };
}
