/* Manifests and indexes, and the graph that is walked from them.
 *
 * Of the scraps (scraps.h), blobs are what a registry has; 't' is an image, NAME@DIGEST; 'r' a referrer: the subject's
 * digest, a blank, one byte for how it is tied, a blank, its own digest.
 */
#include "bundles/description.h"
#include "bundles/index.h"
#include "bundles/shape.h"
#include "common/mem.h"
#include "common/walk.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scraps.h"

#define REFERRERS_MAX 16

struct registry {
	struct source source;
	struct scraps scraps;
};

static enum err_code give(const struct registry *r, const struct digest *digest, const char *media_type,
			  source_manifest_fn *done, void *ctx, struct err *err)
{
	const struct scrap *p = scraps_find(&r->scraps, digest);
	struct source_manifest m = { .media_type = media_type, .digest = *digest };

	if (p != NULL) {
		m.bytes = p->bytes;
		m.len = p->len;
	}
	return done(ctx, &m, err);
}

static enum err_code resolve(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
			     struct err *err)
{
	return give(OUTER_OF(s, struct registry, source), &ref->digest, "", done, ctx, err);
}

static enum err_code manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
			      struct err *err)
{
	return give(OUTER_OF(s, struct registry, source), &d->digest, d->media_type, done, ctx, err);
}

static enum err_code referrers(struct source *s, const struct digest *subject, source_referrers_fn *done, void *ctx,
			       struct err *err)
{
	const struct scraps *p = &OUTER_OF(s, struct registry, source)->scraps;
	struct source_referrer found[REFERRERS_MAX];
	size_t len = 0, i;

	for (i = 0; i < p->len && len < REFERRERS_MAX; i++) {
		const char *text = p->items[i].bytes, *rest = text + strlen(subject->text);
		struct source_referrer *f = &found[len];

		if (p->items[i].kind != 'r' || strncmp(text, subject->text, strlen(subject->text)) != 0 ||
		    strlen(rest) < 4)
			continue;
		*f = (struct source_referrer){ .kind = (enum link_kind)((unsigned char)rest[1] % LINK_BUILDKIT) };
		if (digest_parse(rest + 3, &f->descriptor.digest, NULL) != ERR_OK)
			continue;
		f->descriptor.media_type = TYPE_OCI_MANIFEST;
		f->descriptor.size_bytes =
			scraps_find(p, &f->descriptor.digest) != NULL ? scraps_find(p, &f->descriptor.digest)->len : 7;
		len++;
	}
	return done(ctx, found, len, err);
}

static enum err_code walk_all(struct registry *r, struct graph *g, struct err *err)
{
	CLEANUP(walk_release) struct walk walk;
	enum err_code code = ERR_OK;
	size_t i;

	walk_init(&walk, g, NULL, NULL);
	for (i = 0; code == ERR_OK && i < r->scraps.len; i++) {
		CLEANUP(reference_release) struct reference ref = { 0 };
		CLEANUP(free_ptr) char *name = NULL;

		if (r->scraps.items[i].kind == 't' && reference_parse(r->scraps.items[i].bytes, &ref, NULL) == ERR_OK &&
		    ref.digest.text[0] != '\0' && reference_name(&ref, &name, NULL) == ERR_OK)
			code = walk_image(&walk, &r->source, &ref, name, err);
	}
	return code == ERR_OK ? graph_settle(g, err) : code;
}

/* What is written of a graph is what every reader takes, or too much for one bundle. */
static enum err_code describe(const struct graph *g, struct err *err)
{
	CLEANUP(buf_release) struct buf index = { .max = 1 << 24 };
	CLEANUP(buf_release) struct buf text = { .max = 1 << 24 };
	CLEANUP(description_release) struct description d = { 0 };
	CLEANUP(description_maker_release) struct description_maker maker = { 0 };
	struct description_file layout = { .name = LAYOUT_NAME, .size_bytes = strlen(LAYOUT_TEXT) }, file;
	struct buf_stage index_out, out;
	enum err_code code = description_maker_init(&maker, g, err);

	buf_stage_init(&index_out, &index);
	buf_stage_init(&out, &text);
	if (code == ERR_OK)
		code = index_write(g, &index_out.out, err);
	if (code != ERR_OK)
		return code;
	file = (struct description_file){ .name = INDEX_NAME, .size_bytes = index.len };
	FUZZ_HOLDS(digest_of(LAYOUT_TEXT, strlen(LAYOUT_TEXT), NULL, &layout.digest, NULL) == ERR_OK);
	FUZZ_HOLDS(digest_of(index.data, index.len, NULL, &file.digest, NULL) == ERR_OK);
	code = description_write(&maker, &layout, &file, NULL, NULL, &out.out, err);
	if (code != ERR_OK)
		return code;
	code = description_read(text.data, text.len, "bundle.json", &d, err);
	FUZZ_HOLDS(code == ERR_OK || code == ERR_LIMIT);
	FUZZ_HOLDS(code != ERR_OK || (d.images_len == g->images_len && d.blobs_len == maker.order_len));
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct registry r = { .source = { .resolve = resolve, .manifest = manifest, .referrers = referrers } };
	CLEANUP(graph_release) struct graph g;
	struct err err = { 0 };
	enum err_code code;

	graph_init(&g);
	scraps_read(&r.scraps, data, size);
	code = walk_all(&r, &g, &err);
	if (code == ERR_OK)
		code = describe(&g, &err);
	fuzz_told(code, &err);
	scraps_release(&r.scraps);
	return 0;
}
