#include "tests/lib/image_builder.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/walk.h"

static enum err_code answer(const struct image_item *item, source_manifest_fn *done, void *ctx, struct err *err)
{
	struct source_manifest m = { 0 };

	if (item != NULL && !item->absent)
		m = (struct source_manifest){
			.bytes = item->bytes, .len = item->len, .media_type = item->media_type, .digest = item->digest
		};
	return done(ctx, &m, err);
}

static enum err_code source_resolve(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
				    struct err *err)
{
	struct image_builder *b = OUTER_OF(s, struct image_builder, source);
	CLEANUP(free_ptr) char *name = NULL;
	size_t i;

	ck_assert_int_eq(reference_name(ref, &name, err), ERR_OK);
	for (i = 0; i < b->tags_len; i++) {
		if (strcmp(b->tags[i].name, name) == 0)
			return answer(&b->items[b->tags[i].root], done, ctx, err);
	}
	return answer(NULL, done, ctx, err);
}

static enum err_code source_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				     struct err *err)
{
	return answer(image_item(OUTER_OF(s, struct image_builder, source), &d->digest), done, ctx, err);
}

static enum err_code source_referrers(struct source *s, const struct digest *subject, source_referrers_fn *done,
				      void *ctx, struct err *err)
{
	struct image_builder *b = OUTER_OF(s, struct image_builder, source);
	struct source_referrer found[IMAGE_ITEMS];
	size_t len = 0, i;

	for (i = 0; i < b->links_len; i++) {
		const struct image_item *item = &b->items[b->links[i].referrer];

		if (!digest_equal(&b->items[b->links[i].subject].digest, subject))
			continue;
		found[len++] = (struct source_referrer){
			.descriptor = { .digest = item->digest,
					.size_bytes = item->len,
					.media_type = item->media_type },
			.kind = b->links[i].kind,
		};
	}
	return done(ctx, found, len, err);
}

static enum err_code source_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
				 struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	const struct image_item *item = image_item(OUTER_OF(s, struct image_builder, source), &d->digest);

	ck_assert_ptr_nonnull(item);
	if (item->absent)
		return done(ctx, false, err);
	ck_assert(from_bytes <= end_bytes && end_bytes <= item->len);
	ck_assert_int_eq(outstream_write(out, item->bytes + from_bytes, (size_t)(end_bytes - from_bytes), err), ERR_OK);
	ck_assert_int_eq(outstream_finish(out, err), ERR_OK);
	return done(ctx, true, err);
}

static enum err_code source_has(struct source *s, const struct descriptor *d, source_has_fn *done, void *ctx,
				struct err *err)
{
	const struct image_item *item = image_item(OUTER_OF(s, struct image_builder, source), &d->digest);

	return done(ctx, item != NULL && !item->absent, err);
}

static void source_free(struct source *s)
{
	(void)s;
}

void image_builder_init(struct image_builder *b)
{
	*b = (struct image_builder){ .source = { .resolve = source_resolve,
						 .manifest = source_manifest,
						 .referrers = source_referrers,
						 .blob = source_blob,
						 .has = source_has,
						 .free = source_free } };
}

size_t image_add_like(struct image_builder *b, const char *media_type, const void *bytes, size_t len,
		      const struct digest *like)
{
	struct image_item *item = &b->items[b->items_len];

	ck_assert_uint_lt(b->items_len, IMAGE_ITEMS);
	item->len = len;
	item->bytes = malloc(len + 1);
	ck_assert_ptr_nonnull(item->bytes);
	memcpy(item->bytes, bytes, len);
	item->media_type = strdup(media_type);
	ck_assert_int_eq(digest_of(bytes, len, like, &item->digest, NULL), ERR_OK);
	return b->items_len++;
}

size_t image_add(struct image_builder *b, const char *media_type, const void *bytes, size_t len)
{
	return image_add_like(b, media_type, bytes, len, NULL);
}

static size_t add_made(struct image_builder *b, const char *media_type, size_t len, unsigned seed, unsigned mask)
{
	unsigned char *bytes = malloc(len + 1);
	uint64_t x = seed * 0x9E3779B97F4A7C15u + 1;
	size_t i, item;

	ck_assert_ptr_nonnull(bytes);
	for (i = 0; i < len; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = mask == 0xff ? (unsigned char)(x >> 56) : (unsigned char)("bundle \n"[x >> 56 & mask]);
	}
	item = image_add(b, media_type, bytes, len);
	free(bytes);
	return item;
}

size_t image_add_noise(struct image_builder *b, const char *media_type, size_t len, unsigned seed)
{
	return add_made(b, media_type, len, seed, 0xff);
}

size_t image_add_text(struct image_builder *b, const char *media_type, size_t len, unsigned seed)
{
	return add_made(b, media_type, len, seed, 0x7);
}

size_t image_json(struct image_builder *b, const char *media_type, const char *fmt, ...)
{
	char *text;
	va_list args;
	size_t item;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	ck_assert_int_ge(len, 0);
	item = image_add(b, media_type, text, (size_t)len);
	free(text);
	return item;
}

const char *image_text(const struct image_builder *b, size_t item, char out[IMAGE_DESCRIPTOR_TEXT])
{
	const struct image_item *i = &b->items[item];

	snprintf(out, IMAGE_DESCRIPTOR_TEXT, "\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu", i->media_type,
		 i->digest.text, i->len);
	return out;
}

void image_tag(struct image_builder *b, const char *name, size_t root)
{
	ck_assert_uint_lt(b->tags_len, IMAGE_TAGS);
	b->tags[b->tags_len].name = name;
	b->tags[b->tags_len++].root = root;
}

void image_refer(struct image_builder *b, size_t subject, size_t referrer, enum link_kind kind)
{
	b->links[b->links_len].subject = subject;
	b->links[b->links_len].referrer = referrer;
	b->links[b->links_len++].kind = kind;
}

const struct image_item *image_item(const struct image_builder *b, const struct digest *digest)
{
	size_t i;

	for (i = 0; i < b->items_len; i++) {
		if (digest_equal(&b->items[i].digest, digest))
			return &b->items[i];
	}
	return NULL;
}

void image_graph(const struct image_builder *b, struct source *source, struct graph *ret_graph)
{
	struct err err = { .code = ERR_OK };
	struct walk walk;
	size_t i;

	graph_init(ret_graph);
	walk_init(&walk, ret_graph, NULL, NULL);
	walk.selection = b->selection;
	for (i = 0; i < b->tags_len; i++) {
		struct reference ref = { 0 };

		ck_assert_int_eq(reference_parse(b->tags[i].name, &ref, &err), ERR_OK);
		ck_assert_msg(walk_image(&walk, source, &ref, b->tags[i].name, &err) == ERR_OK, "%s", err.msg);
		reference_release(&ref);
	}
	ck_assert_msg(graph_settle(ret_graph, &err) == ERR_OK, "%s", err.msg);
	if (b->selection != NULL)
		selection_leave_layers(b->selection, ret_graph);
	walk_release(&walk);
}

void image_builder_release(struct image_builder *b)
{
	size_t i;

	for (i = 0; i < b->items_len; i++) {
		free(b->items[i].bytes);
		free(b->items[i].media_type);
	}
	b->items_len = 0;
}

enum err_code image_give(const struct image_item *item, size_t at, size_t end, size_t step_bytes, bool lie,
			 struct outstream *out, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && at < end) {
		size_t len = end - at < step_bytes ? end - at : step_bytes;
		CLEANUP(free_ptr) char *part = malloc(len);

		ck_assert_ptr_nonnull(part);
		memcpy(part, item->bytes + at, len);
		part[0] ^= lie;
		code = outstream_write(out, part, len, err);
		at += len;
	}
	return code == ERR_OK ? outstream_finish(out, err) : code;
}
