#include "import/serve_engine_attestations.h"

#include <string.h>

#include "common/js_scan.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "import/serve_engine_image.h"
#include "import/serve_engine_referrers.h"

struct asking {
	struct source *source;
	const struct engine_attestations *asked;
	struct js_out *out;
};

static bool wants(const struct asking *a, const char *type)
{
	size_t i;

	for (i = 0; i < a->asked->types_len; i++) {
		if (strcmp(a->asked->types[i], type) == 0)
			return true;
	}
	return a->asked->types_len == 0;
}

/* A statement's bytes, proved, and a document: what is put into an answer as it is must not end it. */
static enum err_code read_statement(struct source *source, const struct descriptor *d, struct buf *out, bool *ret_there,
				    struct err *err)
{
	enum err_code code;

	if (d->size_bytes > LIMIT_STATEMENT_BYTES)
		return err_set(err, ERR_LIMIT, "attestation statement %s has more than %llu MiB", d->digest.text,
			       (unsigned long long)(LIMIT_STATEMENT_BYTES / MIB));
	buf_init(out, LIMIT_STATEMENT_BYTES);
	code = engine_blob_read(source, d, out, ret_there, err);
	return code == ERR_OK && *ret_there ? js_scan(buf_text(out), out->len, d->digest.text, err) : code;
}

static enum err_code put_statement(const struct asking *a, const struct descriptor *d, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	bool there = false;
	enum err_code code = read_statement(a->source, d, &bytes, &there, err);

	if (code != ERR_OK)
		return code;
	if (!there)
		return err_set(err, ERR_NOT_FOUND,
			       "attestation statement %s is not available locally: content digest %s: not found",
			       d->digest.text, d->digest.text);
	js_key(a->out, "Statement");
	js_put_raw(a->out, buf_text(&bytes), bytes.len);
	return ERR_OK;
}

static enum err_code put_layer(const struct asking *a, const struct descriptor *d, struct err *err)
{
	const char *type = annotation(d->annotations, ANNOTATION_PREDICATE_TYPE);
	enum err_code code = ERR_OK;

	if (type == NULL || type[0] == '\0' || !wants(a, type))
		return ERR_OK;
	js_begin(a->out, '{');
	js_key(a->out, "Descriptor");
	engine_put_descriptor(a->out, d, NULL);
	js_member(a->out, "PredicateType", type);
	if (a->asked->statements)
		code = put_statement(a, d, err);
	js_end(a->out, '}');
	return code;
}

static enum err_code put_attestation(const struct asking *a, const struct descriptor *d, struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	bool there = false;
	enum err_code code = engine_manifest_read(a->source, d, &m, &there, err);
	size_t i;

	if (code == ERR_OK && !there)
		return err_set(err, ERR_NOT_FOUND, "reading blob %s: content digest %s: not found", d->digest.text,
			       d->digest.text);
	for (i = 0; code == ERR_OK && i < m.items_len; i++)
		code = put_layer(a, &m.items[i], err);
	return code;
}

static bool attests(const struct descriptor *d, const struct descriptor *manifest)
{
	const char *subject = annotation(d->annotations, ANNOTATION_REFERENCE_DIGEST);

	return manifest_kind(d->media_type) == MANIFEST_IMAGE && descriptor_is_attestation(d) && subject != NULL &&
	       strcmp(subject, manifest->digest.text) == 0;
}

/* All that the index pairs with the manifest, each once. */
static enum err_code put_paired(const struct asking *a, const struct manifest *index, const struct descriptor *manifest,
				struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i, j;

	for (i = 0; code == ERR_OK && i < index->items_len; i++) {
		const struct descriptor *d = &index->items[i];

		if (!attests(d, manifest))
			continue;
		for (j = 0; j < i && !digest_equal(&index->items[j].digest, &d->digest); j++)
			;
		if (j == i)
			code = put_attestation(a, d, err);
	}
	return code;
}

static enum err_code put_referred(void *ctx, const struct engine_referred *r, struct err *err)
{
	const struct asking *a = ctx;

	(void)err;
	if (wants(a, r->predicate_type))
		engine_referred_put(r, a->asked->statements, a->out);
	return ERR_OK;
}

/* Docker Hardened Images attest by referrers alone. */
static bool is_hardened(const struct manifest *index)
{
	const char *title = annotation(index->annotations, "org.opencontainers.image.title");
	size_t i;

	for (i = 0; i < index->items_len; i++) {
		const char *build = annotation(index->items[i].annotations, "com.docker.dhi.build.id");

		if (build == NULL || build[0] == '\0')
			return false;
	}
	return title != NULL && text_starts(title, "dhi/");
}

/* The manifest of the platform: the one that serves it best, of equals the first; one that does not say what it runs on
 * serves when no other does. */
static const struct descriptor *choose(const struct manifest *index, const struct engine_platform *platform)
{
	const struct descriptor *best = NULL;
	unsigned best_rank = ENGINE_NO_RANK;
	size_t i;

	for (i = 0; i < index->items_len; i++) {
		const struct descriptor *d = &index->items[i];
		unsigned rank = ENGINE_NO_RANK;
		struct platform of;

		if (manifest_kind(d->media_type) != MANIFEST_IMAGE)
			continue;
		if (descriptor_platform(d, &of) && platform->known)
			rank = engine_platform_rank(&platform->normal, &of);
		if (!d->has_platform && !js_has(d->json, "platform"))
			rank = ENGINE_NO_RANK - 1;
		if (rank < best_rank) {
			best = d;
			best_rank = rank;
		}
	}
	return best;
}

static enum err_code no_platform(const struct engine_platform *p, struct err *err)
{
	char text[ENGINE_PLATFORM_TEXT_MAX];

	return err_set(err, ERR_NOT_FOUND,
		       "resolving image manifest for platform &{Architecture:%s OS:%s OSVersion:%s OSFeatures:[] "
		       "Variant:%s}: no manifest for platform %s: not found",
		       p->architecture, p->os, p->os_version, p->variant, engine_platform_text(p, text));
}

static enum err_code put_index(struct asking *a, const struct descriptor *root, const struct manifest *index,
			       struct err *err)
{
	const struct descriptor *manifest = choose(index, a->asked->platform);
	enum err_code code;

	if (manifest == NULL)
		return no_platform(a->asked->platform, err);
	if (is_hardened(index) && !a->asked->referrers)
		return err_set(err, ERR_REFUSED, "no attestation referrers found for DHI manifest %s",
			       manifest->digest.text);
	code = put_paired(a, index, manifest, err);
	if (code == ERR_OK && a->asked->referrers)
		code = engine_referred_each(a->source, &manifest->digest, put_referred, a, err);
	return code == ERR_OK && a->asked->referrers
		       ? engine_referred_each(a->source, &root->digest, put_referred, a, err)
		       : code;
}

static enum err_code put_image(struct asking *a, const struct descriptor *root, struct err *err)
{
	CLEANUP(manifest_release) struct manifest index = { 0 };
	bool there = false;
	enum err_code code;

	if (strcmp(root->media_type, TYPE_OCI_INDEX) != 0) /* it pairs no attestations with anything */
		return a->asked->referrers ? engine_referred_each(a->source, &root->digest, put_referred, a, err)
					   : ERR_OK;
	code = engine_manifest_read(a->source, root, &index, &there, err);
	if (code == ERR_OK && !there)
		return err_set(err, ERR_NOT_FOUND, "reading blob %s: content digest %s: not found", root->digest.text,
			       root->digest.text);
	return code == ERR_OK ? put_index(a, root, &index, err) : code;
}

enum err_code engine_attestations_put(struct source *source, const struct descriptor *root,
				      const struct engine_attestations *asked, struct js_out *o, struct err *err)
{
	struct asking a = { .source = source, .asked = asked, .out = o };
	enum err_code code;

	js_begin(o, '[');
	code = put_image(&a, root, err);
	js_end(o, ']');
	return code;
}

enum err_code engine_put_statements(struct source *source, const struct descriptor *attestation, struct js_out *o,
				    struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	bool there = false;
	enum err_code code = engine_manifest_read(source, attestation, &m, &there, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < m.items_len; i++) {
		CLEANUP(buf_release) struct buf bytes = { 0 };

		if (annotation(m.items[i].annotations, ANNOTATION_PREDICATE_TYPE) == NULL)
			continue;
		code = read_statement(source, &m.items[i], &bytes, &there, err);
		if (code == ERR_OK && there)
			js_put_raw(o, buf_text(&bytes), bytes.len);
	}
	return code;
}
