/* bundle.json, and its shards, which stand behind it, each after a line "---": whatever is believed gives a shape that
 * can be walked from end to end. */
#include "bundles/description.h"
#include "bundles/shape.h"
#include "common/mem.h"
#include "tests/fuzz/fuzz.h"

#define SEPARATOR "\n---\n"
#define PLACES_MAX 100000 /* more is the same again */

static void look_up(const struct description *d)
{
	size_t i;

	for (i = 0; i < d->blobs_len; i++) {
		const struct description_link *links;
		size_t len = description_links_of(d, &d->blobs[i].digest, &links);

		FUZZ_HOLDS(description_find(d, &d->blobs[i].digest) == i);
		FUZZ_HOLDS(len <= d->links_len);
		FUZZ_HOLDS(len == 0 || digest_equal(&links[len - 1].subject, &d->blobs[i].digest));
	}
	for (i = 0; i < d->images_len; i++) {
		FUZZ_HOLDS(description_find(d, &d->images[i].digest) != BLOB_NONE);
		FUZZ_HOLDS(description_image(d, d->images[i].name) == &d->images[i]);
	}
}

/* Members and runs stand one behind the other, and end where the tar does. */
static void measure(const struct shape *s)
{
	struct run run = { .kind = RUN_NONE };
	struct member m = { .name = "" };
	uint64_t at = 0;
	size_t i;

	for (i = 0; i < PLACES_MAX && shape_member(s, i, &m); i++) {
		FUZZ_HOLDS(m.content >= at && m.content - at <= TAR_HEADER_MAX + TAR_BLOCK);
		FUZZ_HOLDS(strstr(m.name, "..") == NULL && m.name[0] != '/');
		at = m.content + m.size_bytes;
	}
	FUZZ_HOLDS(at <= s->tar_end);
	for (i = 0, at = 0; i < PLACES_MAX && shape_next(s, &run); i++, at = run.end)
		FUZZ_HOLDS(run.begin == at && run.end >= run.begin);
	FUZZ_HOLDS(i == PLACES_MAX || at == s->tar_end);
}

/* However it was taken apart, what was taken is JSON as a whole. */
static void check_json(enum err_code code, const char *at, size_t len)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;

	if (code == ERR_OK)
		FUZZ_HOLDS(js_read_large(at, len, LIMIT_DESCRIPTION_VALUES, "it", &json, NULL) == ERR_OK);
}

/* What stands in front is bundle.json, the rest shards.  Those are proved by their digests, which do not matter here.
 */
static enum err_code read_all(const char *at, const char *end, struct description *d, struct digest *ret_digest,
			      size_t *ret_len, struct err *err)
{
	const char *stop = memmem(at, (size_t)(end - at), SEPARATOR, strlen(SEPARATOR));
	size_t len = (size_t)((stop != NULL ? stop : end) - at), i;
	enum err_code code = description_read(at, len, "bundle.json", d, err);

	FUZZ_HOLDS(digest_of(at, len, NULL, ret_digest, NULL) == ERR_OK);
	check_json(code, at, len);
	*ret_len = len;
	for (i = 0; code == ERR_OK && i < d->shards_len && stop != NULL; i++) {
		at = stop + strlen(SEPARATOR);
		stop = memmem(at, (size_t)(end - at), SEPARATOR, strlen(SEPARATOR));
		len = (size_t)((stop != NULL ? stop : end) - at);
		code = description_add(d, i, at, len, err);
		check_json(code, at, len);
	}
	return code == ERR_OK && i > 0 && i == d->shards_len ? description_complete(d, "bundle.json", err) : code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(description_release) struct description d = { 0 };
	CLEANUP(shape_release) struct shape shape = { 0 };
	struct digest digest;
	struct err err = { 0 };
	size_t len;
	enum err_code code = read_all((const char *)data, (const char *)data + size, &d, &digest, &len, &err);

	fuzz_told(code, &err);
	if (code != ERR_OK)
		return 0;
	if (d.by_digest != NULL)
		look_up(&d);
	code = shape_init(&shape, &d, &digest, len, &err);
	fuzz_told(code, &err);
	if (code == ERR_OK && d.by_digest != NULL)
		measure(&shape);
	return 0;
}
