#include "import/serve_engine_image.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "import/serve_engine_attestations.h"

struct reader {
	struct engine_image *image;
	struct source *source;
	const struct platform *host, *wanted;
};

static bool is_layer(const char *media_type)
{
	return text_starts(media_type, "application/vnd.oci.image.layer.") ||
	       text_starts(media_type, "application/vnd.docker.image.rootfs.");
}

/* An artifact in a manifest's clothes: it has layers, none of which is one of an image. */
static bool is_artifact(const struct manifest *m)
{
	size_t i;

	for (i = 0; i < m->items_len; i++) {
		if (is_layer(m->items[i].media_type))
			return false;
	}
	return m->items_len > 0;
}

static bool is_unknown(const struct engine_manifest *m)
{
	struct platform platform;

	return descriptor_platform(&m->descriptor, &platform) && strcmp(platform.os, "unknown") == 0 &&
	       strcmp(platform.architecture, "unknown") == 0;
}

/* What it is for, as far as its descriptor says. */
static enum engine_kind kind_of(const struct engine_manifest *m)
{
	struct digest subject;
	const char *text = annotation(m->descriptor.annotations, ANNOTATION_REFERENCE_DIGEST);

	if (annotation(m->descriptor.annotations, ANNOTATION_REFERENCE_TYPE) != NULL)
		return text != NULL && digest_parse(text, &subject, NULL) == ERR_OK ? ENGINE_ATTESTATION
										    : ENGINE_UNKNOWN;
	return is_unknown(m) ? ENGINE_UNKNOWN : ENGINE_IMAGE;
}

static enum err_code count(const struct reader *r, struct engine_manifest *m, const struct descriptor *d,
			   struct err *err)
{
	bool there = false;
	enum err_code code = engine_has(r->source, d, &there, err);

	if (there)
		m->content_bytes += d->size_bytes;
	m->available &= there;
	return code;
}

static enum err_code count_content(const struct reader *r, struct engine_manifest *m, const struct manifest *parsed,
				   struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	m->content_bytes = m->descriptor.size_bytes;
	if (parsed->has_config)
		code = count(r, m, &parsed->config, err);
	for (i = 0; code == ERR_OK && i < parsed->items_len; i++)
		code = count(r, m, &parsed->items[i], err);
	return code;
}

/* The platform that its index says, else its config. */
static enum err_code find_platform(const struct reader *r, struct engine_manifest *m, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *config = NULL;
	enum err_code code;

	m->has_platform = descriptor_platform(&m->descriptor, &m->platform);
	if (m->has_platform || m->config.digest.text[0] == '\0')
		return ERR_OK;
	code = engine_json_read(r->source, &m->config, &config, err);
	if (code == ERR_OK && js_string(config, "os") != NULL && js_string(config, "architecture") != NULL)
		m->has_platform =
			platform_set(&m->platform, js_string(config, "os"), js_string(config, "architecture"),
				     js_string(config, "variant"), js_string(config, "os.version"), NULL) == ERR_OK;
	return code;
}

/* What is listed again is read again: an index of a few bytes for each may cost as much as all of them. */
static enum err_code read_listed(const struct reader *r, const struct descriptor *d, struct manifest *ret_manifest,
				 bool *ret_there, struct err *err)
{
	if (r->image->read_bytes > LIMIT_ENGINE_BYTES)
		return err_set(err, ERR_LIMIT, "%s: its manifests, indexes and configs have more than %d MiB",
			       r->image->root.digest.text, (int)(LIMIT_ENGINE_BYTES / MIB));
	r->image->read_bytes += d->size_bytes;
	return engine_manifest_read(r->source, d, ret_manifest, ret_there, err);
}

/* A manifest that cannot be read is shown as it is listed: as nothing that is known. */
static enum err_code read_content(const struct reader *r, struct engine_manifest *m, struct err *err)
{
	CLEANUP(manifest_release) struct manifest parsed = { 0 };
	struct err why = { 0 };
	enum err_code code = read_listed(r, &m->descriptor, &parsed, &m->there, &why);

	if (code == ERR_FORMAT || code == ERR_UNSUPPORTED) {
		m->kind = ENGINE_UNKNOWN;
		return ERR_OK;
	}
	if (code != ERR_OK)
		return err_set(err, code, "%s", why.msg);
	if (!m->there)
		return m->kind == ENGINE_IMAGE ? find_platform(r, m, err) : ERR_OK;
	m->available = true;
	if (m->kind == ENGINE_IMAGE && is_artifact(&parsed))
		m->kind = ENGINE_UNKNOWN;
	m->config.digest = parsed.config.digest;
	m->config.size_bytes = parsed.config.size_bytes;
	if (m->config.size_bytes <= LIMIT_SMALL_BLOB_BYTES) /* else nobody reads it */
		r->image->read_bytes += m->config.size_bytes;
	code = count_content(r, m, &parsed, err);
	return code == ERR_OK && m->kind == ENGINE_IMAGE ? find_platform(r, m, err) : code;
}

/* How well a manifest stands for the image: 0 is best. */
static unsigned rank(const struct reader *r, const struct engine_manifest *m)
{
	if (m->kind != ENGINE_IMAGE)
		return UINT32_MAX;
	if (r->wanted != NULL)
		return m->has_platform && platform_match(r->wanted, &m->platform) ? 0 : UINT32_MAX;
	return (m->has_platform ? engine_platform_rank(r->host, &m->platform) : ENGINE_NO_RANK) +
	       (m->there ? 0 : 2 * ENGINE_NO_RANK);
}

static enum err_code add_manifest(const struct reader *r, const struct descriptor *d, bool listed, struct err *err)
{
	struct engine_image *image = r->image;
	struct engine_manifest m = { .descriptor = *d, .listed = listed, .config = { .media_type = TYPE_OCI_CONFIG } };
	enum err_code code = vec_grow(&image->items, &image->items_cap, image->items_len + 1, sizeof(*image->items),
				      LIMIT_ENGINE_MANIFESTS, err);

	if (code != ERR_OK)
		return code;
	m.kind = kind_of(&m);
	code = read_content(r, &m, err);
	if (code != ERR_OK)
		return code;
	image->items[image->items_len] = m;
	image->total_bytes += m.content_bytes;
	if (rank(r, &m) < (image->best == SIZE_MAX ? UINT32_MAX : rank(r, &image->items[image->best])))
		image->best = image->items_len;
	image->items_len++;
	return ERR_OK;
}

static enum err_code add(const struct reader *r, const struct descriptor *d, bool listed, unsigned depth,
			 struct err *err);

static enum err_code add_list(const struct reader *r, const struct descriptor *d, unsigned depth, struct err *err)
{
	struct engine_image *image = r->image;
	struct manifest list = { 0 };
	bool there = false;
	enum err_code code;
	size_t i;

	if (depth == 0)
		return err_set(err, ERR_LIMIT, "%s: indexes in indexes, deeper than %d", d->digest.text,
			       LIMIT_GRAPH_DEPTH);
	code = vec_grow(&image->lists, &image->lists_cap, image->lists_len + 1, sizeof(*image->lists),
			LIMIT_ENGINE_MANIFESTS, err);
	if (code == ERR_OK)
		code = read_listed(r, d, &list, &there, err);
	if (code != ERR_OK || !there)
		return code;
	image->lists[image->lists_len++] = list;
	for (i = 0; code == ERR_OK && i < list.items_len; i++)
		code = add(r, &list.items[i], true, depth - 1, err);
	return code;
}

static enum err_code add(const struct reader *r, const struct descriptor *d, bool listed, unsigned depth,
			 struct err *err)
{
	switch (manifest_kind(d->media_type)) {
	case MANIFEST_INDEX:
		return add_list(r, d, depth, err);
	case MANIFEST_IMAGE:
		return add_manifest(r, d, listed, err);
	default:
		return ERR_OK;
	}
}

enum err_code engine_image_read(struct source *source, const struct descriptor *root, const struct platform *host,
				const struct platform *wanted, struct engine_image *ret_image, struct err *err)
{
	struct engine_image image = { .root = *root, .best = SIZE_MAX };
	struct reader r = { .image = &image, .source = source, .host = host, .wanted = wanted };
	enum err_code code = add(&r, root, false, LIMIT_GRAPH_DEPTH, err);

	if (code == ERR_OK && image.best != SIZE_MAX && image.items[image.best].config.digest.text[0] != '\0')
		code = engine_json_read(source, &image.items[image.best].config, &image.config, err);
	if (code != ERR_OK) {
		engine_image_release(&image);
		return code;
	}
	*ret_image = image;
	return ERR_OK;
}

/* The members that Go's library knows, those that are empty left out. */
static void put_known(struct js_out *o, const struct json_t *json)
{
	static const char *const keys[] = { "urls", "annotations", "data", "platform", "artifactType" };
	size_t i;

	for (i = 0; i < COUNT_OF(keys); i++) {
		const struct json_t *value = js_get(json, keys[i]);

		if (!js_has(json, keys[i]) || (js_array(json, keys[i]) != NULL && js_len(value) == 0) ||
		    (js_object(json, keys[i]) != NULL && js_next(value, NULL) == NULL))
			continue;
		js_key(o, keys[i]);
		js_put_value(o, value);
	}
}

void engine_put_descriptor(struct js_out *o, const struct descriptor *d, const char *name)
{
	js_begin(o, '{');
	js_member(o, "mediaType", d->media_type);
	js_member(o, "digest", d->digest.text);
	js_member_uint(o, "size", d->size_bytes);
	if (name == NULL) {
		put_known(o, d->json);
	} else {
		js_key(o, "annotations");
		js_begin(o, '{');
		js_member(o, ANNOTATION_REF_NAME, name);
		js_end(o, '}');
	}
	js_end(o, '}');
}

static void put_size(struct js_out *o, const struct engine_manifest *m)
{
	js_key(o, "Size");
	js_begin(o, '{');
	js_member_uint(o, "Content", m->content_bytes);
	js_member_uint(o, "Total", m->content_bytes);
	js_end(o, '}');
}

static void put_platform(struct js_out *o, const struct engine_manifest *m)
{
	const struct json_t *json = js_object(m->descriptor.json, "platform");

	js_key(o, "Platform");
	if (json != NULL) {
		js_put_value(o, json);
		return;
	}
	js_begin(o, '{');
	js_member(o, "architecture", m->platform.architecture);
	js_member(o, "os", m->platform.os);
	js_member(o, "os.version", m->platform.os_version[0] != '\0' ? m->platform.os_version : NULL);
	js_member(o, "variant", m->platform.variant[0] != '\0' ? m->platform.variant : NULL);
	js_end(o, '}');
}

static void put_image_data(struct js_out *o, const struct engine_manifest *m)
{
	js_key(o, "ImageData");
	js_begin(o, '{');
	put_platform(o, m);
	js_key(o, "Size");
	js_begin(o, '{');
	js_member_uint(o, "Unpacked", 0);
	js_end(o, '}');
	js_key(o, "Containers");
	js_put_string(o, NULL);
	js_end(o, '}');
}

static enum err_code put_attestation_data(struct js_out *o, struct source *source, const struct engine_manifest *m,
					  bool statements, struct err *err)
{
	enum err_code code = ERR_OK;

	js_key(o, "AttestationData");
	js_begin(o, '{');
	js_member(o, "For", annotation(m->descriptor.annotations, ANNOTATION_REFERENCE_DIGEST));
	if (statements) {
		js_key(o, "Statements");
		js_begin(o, '[');
		code = m->there ? engine_put_statements(source, &m->descriptor, o, err) : ERR_OK;
		js_end(o, ']');
	}
	js_end(o, '}');
	return code;
}

static enum err_code put_manifest(struct js_out *o, struct source *source, const struct engine_manifest *m,
				  bool statements, const char *name, struct err *err)
{
	static const char *const kinds[] = {
		[ENGINE_IMAGE] = "image", [ENGINE_ATTESTATION] = "attestation", [ENGINE_UNKNOWN] = "unknown"
	};
	enum err_code code = ERR_OK;

	js_begin(o, '{');
	js_member(o, "ID", m->descriptor.digest.text);
	js_key(o, "Descriptor");
	engine_put_descriptor(o, &m->descriptor, m->listed ? NULL : name);
	js_member_bool(o, "Available", m->available);
	put_size(o, m);
	js_member(o, "Kind", kinds[m->kind]);
	if (m->kind == ENGINE_IMAGE)
		put_image_data(o, m);
	if (m->kind == ENGINE_ATTESTATION)
		code = put_attestation_data(o, source, m, statements, err);
	js_end(o, '}');
	return code;
}

enum err_code engine_image_put_manifests(const struct engine_image *image, struct source *source, bool statements,
					 const char *name, struct js_out *o, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	if (image->items_len == 0)
		return ERR_OK;
	js_key(o, "Manifests");
	js_begin(o, '[');
	for (i = 0; code == ERR_OK && i < image->items_len; i++)
		code = put_manifest(o, source, &image->items[i], statements, name, err);
	js_end(o, ']');
	return code;
}

void engine_image_release(struct engine_image *image)
{
	size_t i;

	for (i = 0; i < image->lists_len; i++)
		manifest_release(&image->lists[i]);
	free(image->lists);
	free(image->items);
	js_free(image->config);
	*image = (struct engine_image){ 0 };
}
