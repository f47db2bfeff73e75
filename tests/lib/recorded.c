#include "tests/lib/recorded.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/index.h"
#include "common/buf.h"
#include "common/layout.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"

#define FIXTURES "tests/fixtures/"
#define ROOT "docker/registry/v2/"

static const char *const names[] = {
	"attestations-by-id",
	"attestations-by-short-id",
	"attestations-default",
	"attestations-no-image",
	"attestations-platform",
	"attestations-platform-malformed",
	"attestations-platform-missing",
	"attestations-platform-two",
	"attestations-platform-variant",
	"attestations-single-manifest",
	"attestations-statement",
	"attestations-type",
	"attestations-type-none",
	"attestations-type-two",
	"inspect-manifests",
	"inspect-plain",
	"list-manifests",
	"list-plain",
};

struct storage {
	char *folder;
	struct image_builder *images;
};

static size_t load(const struct storage *s, const char *digest, const char *media_type);

static size_t load_descriptor(const struct storage *s, const struct descriptor *d)
{
	return load(s, d->digest.text, d->media_type);
}

static void load_children(const struct storage *s, const char *bytes, size_t len, const char *media_type)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	size_t i;

	ck_assert_int_eq(manifest_parse(bytes, len, media_type, "a fixture", &m, NULL), ERR_OK);
	if (m.has_config)
		load_descriptor(s, &m.config);
	for (i = 0; i < m.items_len; i++)
		load_descriptor(s, &m.items[i]);
}

static char *blob_path(const char *digest)
{
	char *path = NULL;
	const char *hex = strchr(digest, ':') + 1;

	ck_assert_int_eq(str_format(&path, NULL, ROOT "blobs/sha256/%.2s/%s/data", hex, hex), ERR_OK);
	return path;
}

static size_t load(const struct storage *s, const char *digest, const char *media_type)
{
	CLEANUP(free_ptr) char *path = blob_path(digest);
	CLEANUP(free_ptr) char *bytes = NULL;
	const struct image_item *known;
	struct digest parsed;
	size_t len, item;

	ck_assert_int_eq(digest_parse(digest, &parsed, NULL), ERR_OK);
	known = image_item(s->images, &parsed);
	if (known != NULL)
		return (size_t)(known - s->images->items);
	bytes = folder_read(s->folder, path, &len);
	item = image_add(s->images, media_type, bytes, len);
	if (manifest_kind(media_type) != MANIFEST_NONE)
		load_children(s, bytes, len, media_type);
	return item;
}

/* What is under a tag; NULL where there is none. */
static char *tag_digest(const struct storage *s, const char *repository, const char *tag)
{
	CLEANUP(free_ptr) char *path = NULL;
	size_t len;

	ck_assert_int_eq(
		str_format(&path, NULL, ROOT "repositories/%s/_manifests/tags/%s/current/link", repository, tag),
		ERR_OK);
	return folder_has(s->folder, path) ? folder_read(s->folder, path, &len) : NULL;
}

static char *suffixed_tag(const char *digest, const char *suffix)
{
	char *tag = NULL;

	ck_assert_int_eq(str_format(&tag, NULL, "sha256-%s%s", strchr(digest, ':') + 1, suffix), ERR_OK);
	return tag;
}

static void refer_by_tag(const struct storage *s, const char *repository, size_t subject, const char *suffix,
			 enum link_kind kind)
{
	CLEANUP(free_ptr) char *tag = suffixed_tag(s->images->items[subject].digest.text, suffix);
	CLEANUP(free_ptr) char *digest = tag_digest(s, repository, tag);

	if (digest != NULL)
		image_refer(s->images, subject, load(s, digest, TYPE_OCI_MANIFEST), kind);
}

/* The index under the fallback tag lists what refers to the subject. */
static void refer_by_index(const struct storage *s, const char *repository, size_t subject)
{
	CLEANUP(free_ptr) char *tag = suffixed_tag(s->images->items[subject].digest.text, "");
	CLEANUP(free_ptr) char *digest = tag_digest(s, repository, tag);
	CLEANUP(free_ptr) char *path = NULL, *bytes = NULL;
	CLEANUP(manifest_release) struct manifest m = { 0 };
	size_t len, i;

	if (digest == NULL)
		return;
	path = blob_path(digest);
	bytes = folder_read(s->folder, path, &len);
	ck_assert_int_eq(manifest_parse(bytes, len, TYPE_OCI_INDEX, "a fixture", &m, NULL), ERR_OK);
	for (i = 0; i < m.items_len; i++)
		image_refer(s->images, subject, load_descriptor(s, &m.items[i]), LINK_SUBJECT);
}

static void load_image(const struct storage *s, const char *repository, const char *tag, const char *name)
{
	CLEANUP(free_ptr) char *digest = tag_digest(s, repository, tag);
	size_t i = s->images->items_len;

	image_tag(s->images, name, load(s, digest, TYPE_OCI_INDEX));
	for (; i < s->images->items_len; i++) {
		if (manifest_kind(s->images->items[i].media_type) == MANIFEST_NONE)
			continue;
		refer_by_index(s, repository, i);
		refer_by_tag(s, repository, i, ".sig", LINK_SIG);
		refer_by_tag(s, repository, i, ".att", LINK_ATT);
	}
}

void recorded_images(struct image_builder *b)
{
	struct storage s = { .folder = folder_new(), .images = b };
	CLEANUP(free_ptr) char *command = NULL;

	ck_assert_int_eq(
		str_format(&command, NULL, "tar --zstd -xf " FIXTURES "registry-storage.tar.zst -C '%s'", s.folder),
		ERR_OK);
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c): a fixed command */
	load_image(&s, "demo/app1", "1.0", RECORDED_APP);
	load_image(&s, "demo/multi", "2.1", RECORDED_MULTI);
	image_tag(
		b, RECORDED_PLAIN,
		load(&s, "sha256:9092f4052512ad1eae5c0aa02ad7ecfd24e53377d53e2f0e1a6ecdb6efe4a15b", TYPE_OCI_MANIFEST));
	folder_remove(s.folder);
}

void recorded_layout(struct image_builder *b, const char *folder)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(buf_release) struct buf index;
	CLEANUP(layout_close_ptr) struct layout *layout = NULL;
	struct buf_stage out;
	size_t i;

	image_graph(b, &b->source, &g);
	ck_assert_int_eq(layout_open(folder, true, &layout, NULL), ERR_OK);
	ck_assert_int_eq(layout_lock(layout, NULL), ERR_OK);
	for (i = 0; i < b->items_len; i++) {
		struct memory_stream in;

		memory_stream_init(&in, b->items[i].bytes, b->items[i].len);
		ck_assert_int_eq(layout_put(layout, &b->items[i].digest, b->items[i].len, &in.in, NULL), ERR_OK);
	}
	buf_init(&index, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &index);
	ck_assert_int_eq(index_write(&g, &out.out, NULL), ERR_OK);
	ck_assert_int_eq(layout_publish(layout, buf_text(&index), index.len, NULL), ERR_OK);
}

size_t recorded_len(void)
{
	return COUNT_OF(names);
}

const char *recorded_name(size_t i)
{
	return names[i];
}

struct json_t *recorded_answer(size_t i)
{
	CLEANUP(free_ptr) char *file = NULL, *bytes = NULL;
	struct json_t *json = NULL;
	size_t len;

	ck_assert_int_eq(str_format(&file, NULL, "engine-api/%s.json", names[i]), ERR_OK);
	bytes = folder_read(FIXTURES, file, &len);
	ck_assert_int_eq(js_read(bytes, len, file, &json, NULL), ERR_OK);
	return json;
}
