/* Manifests and indexes, the graph that is walked from them, and what is signed and attested in it.
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
#include "trust/candidate.h"

#define REFERRERS_MAX 16
/* Of the seeds. */
#define KEY                                                                                                            \
	"-----BEGIN PUBLIC KEY-----\n"                                                                                 \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzyfpnqbFODft87ghdFj2Yrt1q6ma\n"                                           \
	"nRuzQWgaYqzwrWU47gLvngA6rgSC03S7O+1OEGOchHEJlNEYq6qv4mhesA==\n"                                               \
	"-----END PUBLIC KEY-----\n"

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

static enum err_code give_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			       struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	const struct scrap *p = scraps_find(&OUTER_OF(s, struct registry, source)->scraps, &d->digest);
	enum err_code code = ERR_OK;

	(void)from_bytes;
	(void)end_bytes;
	if (p == NULL)
		return done(ctx, false, err);
	code = outstream_write(out, p->bytes, p->len, err);
	if (code == ERR_OK)
		code = outstream_finish(out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

/* Of one candidate: what it claims, and whether it holds.  What holds is about its subject and no other. */
static void prove(const struct candidates *all, const struct candidate *c, struct trust_key *key)
{
	CLEANUP(candidate_proof_release) struct candidate_proof proof = { 0 };
	CLEANUP(js_free_ptr) struct json_t *payload = NULL;
	struct trust_material material = { .keys = &key, .keys_len = 1 };
	struct trust_wanted wanted = { 0 };
	struct err err = { 0 };
	enum err_code code = candidate_payload(all, c, &payload, &err);

	fuzz_told(code, &err);
	err = (struct err){ 0 };
	code = candidate_prove(all, c, &material, &wanted, &proof, &err);
	fuzz_told(code, &err);
	FUZZ_HOLDS(code != ERR_OK || (proof.signer.key == key && c->form != CANDIDATE_STATEMENT && c->why == NULL));
}

static enum err_code gather(const struct graph *g, uint32_t root, struct source *source, struct trust_key *key,
			    struct err *err)
{
	CLEANUP(candidates_release) struct candidates all = { 0 };
	enum err_code code = candidates_gather(g, root, source, &all, err);
	size_t i;

	for (i = 0; i < all.len; i++) {
		FUZZ_HOLDS(all.items[i].subject < all.subjects_len);
		prove(&all, &all.items[i], key);
	}
	return code;
}

static enum err_code gather_all(const struct graph *g, struct source *source, struct err *err)
{
	CLEANUP(trust_key_free_ptr) struct trust_key *key = NULL;
	enum err_code code = trust_key_of_pem(KEY, strlen(KEY), "key", &key, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < g->images_len; i++)
		code = gather(g, g->images[i].root, source, key, err);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct registry r = {
		.source = { .resolve = resolve, .manifest = manifest, .referrers = referrers, .blob = give_blob }
	};
	CLEANUP(graph_release) struct graph g;
	struct err err = { 0 };
	enum err_code code;

	graph_init(&g);
	scraps_read(&r.scraps, data, size);
	code = walk_all(&r, &g, &err);
	if (code == ERR_OK)
		code = describe(&g, &err);
	if (code == ERR_OK)
		code = gather_all(&g, &r.source, &err);
	fuzz_told(code, &err);
	scraps_release(&r.scraps);
	return 0;
}
