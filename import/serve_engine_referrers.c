#include "import/serve_engine_referrers.h"

#include <stdlib.h>
#include <string.h>

#include "common/intern.h"
#include "common/js_scan.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/serve_engine_image.h"
#include "trust/protojson.h"
#include "trust/sigstore_bundle.h"

#define TYPE_DSSE "application/vnd.dsse.envelope.v1+json"

struct list {
	struct descriptor *items; /* owned */
	size_t len;
	struct intern types; /* their media types */
};

static void list_release(struct list *l)
{
	free(l->items);
	intern_release(&l->types);
}

static bool has(const struct list *l, const struct digest *digest)
{
	size_t i;

	for (i = 0; i < l->len; i++) {
		if (digest_equal(&l->items[i].digest, digest))
			return true;
	}
	return false;
}

static enum err_code on_referrers(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	struct list *l = ctx;
	enum err_code code = ERR_OK;
	size_t i;

	l->items = calloc(len + 1, sizeof(*l->items));
	if (l->items == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < len; i++) {
		const struct descriptor *d = &referrers[i].descriptor;
		struct descriptor *item = &l->items[l->len];

		if (has(l, &d->digest))
			continue; /* tied in two ways, it is one all the same */
		*item = (struct descriptor){ .digest = d->digest, .size_bytes = d->size_bytes };
		code = intern_text(&l->types, d->media_type != NULL ? d->media_type : "", &item->media_type, err);
		l->len++;
	}
	return code;
}

enum err_code engine_predicate_type(const char *statement, size_t len, char **ret_type, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(free_ptr) char *array = NULL;
	const char *quoted;
	size_t quoted_len;

	if (!js_scan_member(statement, len, "predicateType", &quoted, &quoted_len) || quoted_len > LIMIT_TEXT_BYTES)
		return str_copy("", ret_type, err);
	if (str_format(&array, err, "[%.*s]", (int)quoted_len, quoted) != ERR_OK)
		return ERR_NOMEM;
	if (js_read(array, strlen(array), "it", &json, NULL) != ERR_OK || js_text(js_at(json, 0)) == NULL)
		return str_copy("", ret_type, err);
	return str_copy(js_text(js_at(json, 0)), ret_type, err);
}

/* The payload of an envelope, where it is an in-toto statement; out stays empty where it is none. */
static enum err_code open_envelope(const struct json_t *envelope, struct buf *out, struct err *err)
{
	const char *type = js_string(envelope, "payloadType");
	enum err_code code;

	if (type == NULL || strcmp(type, TYPE_IN_TOTO) != 0)
		return ERR_OK;
	code = protojson_bytes(envelope, "payload", out, err);
	if (code == ERR_FORMAT)
		buf_clear(out);
	return code == ERR_FORMAT ? ERR_OK : code;
}

/* Put the statement in the place of what carries it. */
static enum err_code unwrap(const struct descriptor *layer, struct buf *bytes, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	CLEANUP(buf_release) struct buf payload = { 0 };
	struct buf carrier;
	enum err_code code;

	if (strcmp(layer->media_type, TYPE_IN_TOTO) == 0)
		return ERR_OK;
	buf_init(&payload, LIMIT_STATEMENT_BYTES);
	code = js_read(buf_text(bytes), bytes->len, "it", &json, err);
	if (code == ERR_OK)
		code = open_envelope(strcmp(layer->media_type, TYPE_DSSE) == 0 ? json : js_object(json, "dsseEnvelope"),
				     &payload, err);
	if (code == ERR_NOMEM)
		return code;
	carrier = *bytes;
	*bytes = payload;
	payload = carrier;
	return ERR_OK;
}

static bool carries(const struct descriptor *layer)
{
	return layer->size_bytes <= LIMIT_STATEMENT_BYTES &&
	       (strcmp(layer->media_type, TYPE_IN_TOTO) == 0 || strcmp(layer->media_type, TYPE_DSSE) == 0 ||
		sigstore_bundle_is(layer->media_type));
}

static enum err_code tell_layer(struct source *source, struct engine_referred *r, engine_referred_fn *fn, void *ctx,
				struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	CLEANUP(free_ptr) char *type = NULL;
	bool there = false;
	enum err_code code;

	if (!carries(r->layer))
		return ERR_OK;
	buf_init(&bytes, LIMIT_STATEMENT_BYTES);
	code = engine_blob_read(source, r->layer, &bytes, &there, err);
	if (code == ERR_OK && there)
		code = unwrap(r->layer, &bytes, err);
	if (code != ERR_OK || !there || js_scan(buf_text(&bytes), bytes.len, "it", NULL) != ERR_OK)
		return code;
	code = engine_predicate_type(buf_text(&bytes), bytes.len, &type, err);
	if (code != ERR_OK || type[0] == '\0')
		return code;
	r->predicate_type = type;
	r->statement = buf_text(&bytes);
	r->statement_len = bytes.len;
	return fn(ctx, r, err);
}

static enum err_code tell_referrer(struct source *source, const struct descriptor *d, engine_referred_fn *fn, void *ctx,
				   struct err *err)
{
	CLEANUP(manifest_release) struct manifest m = { 0 };
	struct descriptor referrer = *d;
	struct err why = { 0 };
	bool there = false;
	enum err_code code = engine_manifest_read(source, d, &m, &there, &why);
	size_t i;

	if (code == ERR_FORMAT || code == ERR_UNSUPPORTED)
		return ERR_OK;
	if (code != ERR_OK)
		return err_set(err, code, "%s", why.msg);
	referrer.artifact_type = m.artifact_type;
	for (i = 0; code == ERR_OK && i < m.items_len; i++) {
		struct engine_referred r = { .referrer = &referrer, .layer = &m.items[i] };

		code = tell_layer(source, &r, fn, ctx, err);
	}
	return code;
}

void engine_referred_put(const struct engine_referred *r, bool whole, struct js_out *o)
{
	js_begin(o, '{');
	js_key(o, "Descriptor");
	engine_put_descriptor(o, r->layer, NULL);
	js_member(o, "PredicateType", r->predicate_type);
	js_key(o, "Referrer");
	js_begin(o, '{');
	js_member(o, "mediaType", r->referrer->media_type);
	js_member(o, "digest", r->referrer->digest.text);
	js_member_uint(o, "size", r->referrer->size_bytes);
	js_member(o, "artifactType", r->referrer->artifact_type);
	js_end(o, '}');
	if (whole) {
		js_key(o, "Statement");
		js_put_raw(o, r->statement, r->statement_len);
	}
	js_end(o, '}');
}

enum err_code engine_referred_each(struct source *source, const struct digest *subject, engine_referred_fn *fn,
				   void *ctx, struct err *err)
{
	CLEANUP(list_release) struct list referrers = { 0 };
	enum err_code code = source->referrers(source, subject, on_referrers, &referrers, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < referrers.len; i++)
		code = tell_referrer(source, &referrers.items[i], fn, ctx, err);
	return code;
}
