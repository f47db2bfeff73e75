#include "import/document.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/protojson.h"

static enum err_code on_blob(void *ctx, bool there, struct err *err)
{
	bool *ret_there = ctx;

	(void)err;
	*ret_there = there;
	return ERR_OK;
}

/* The first bytes stay, whatever becomes of the rest. */
static enum err_code keep_raw(struct document *d, const void *bytes, size_t len, struct err *err)
{
	size_t room = LIMIT_DOCUMENT_RAW_BYTES - d->raw.len;

	d->raw.max = LIMIT_DOCUMENT_RAW_BYTES;
	return buf_add(&d->raw, bytes, len < room ? len : room, err);
}

static void note_hint(struct document_signed *s, const char *hint)
{
	if (hint != NULL && s->hint[0] == '\0')
		snprintf(s->hint, sizeof(s->hint), "%s", hint);
}

static void note_dsse(struct document_signed *s, const struct json_t *envelope)
{
	const struct json_t *signatures = js_array(envelope, "signatures");

	s->signatures = js_len(signatures);
	note_hint(s, js_string(js_at(signatures, 0), "keyid"));
}

static void note_sigstore(struct document_signed *s, const struct json_t *bundle)
{
	const struct json_t *material = js_object(bundle, "verificationMaterial");

	s->signatures += js_object(bundle, "messageSignature") != NULL;
	s->certificate = js_has(material, "certificate") || js_has(material, "x509CertificateChain");
	note_hint(s, js_string(js_object(material, "publicKey"), "hint"));
	s->log_entries = js_len(js_array(material, "tlogEntries"));
	s->timestamps = js_len(js_array(js_object(material, "timestampVerificationData"), "rfc3161Timestamps"));
}

/* Put what an envelope holds in the place of the envelope, which is freed before its content is read: one of them at a
 * time is in memory. */
static enum err_code unwrap(struct document *d, const char *what, struct err *err)
{
	const struct json_t *dsse = js_object(d->json, "dsseEnvelope");
	bool sigstore = js_has(d->json, "verificationMaterial");
	CLEANUP(buf_release) struct buf payload = { .max = LIMIT_DOCUMENT_BYTES };
	struct json_t *inner = NULL;
	enum err_code code;

	if (dsse == NULL && js_string(d->json, "payload") != NULL && js_array(d->json, "signatures") != NULL)
		dsse = d->json;
	if (dsse != NULL)
		note_dsse(&d->beside, dsse);
	if (sigstore)
		note_sigstore(&d->beside, d->json);
	if (sigstore || dsse != NULL)
		d->envelope = sigstore ? DOCUMENT_SIGSTORE : DOCUMENT_DSSE;
	if (dsse == NULL)
		return ERR_OK;
	code = protojson_bytes(dsse, "payload", &payload, err);
	if (code != ERR_OK)
		return code;
	js_free(take_ptr(&d->json));
	code = js_read(buf_text(&payload), payload.len, what, &inner, err);
	d->json = inner;
	return code;
}

static const struct {
	const char *type; /* as predicateType begins */
	enum document_form form;
} forms[] = {
	{ "https://slsa.dev/provenance/v1", DOCUMENT_SLSA_V1 },
	{ "https://slsa.dev/provenance/v0.2", DOCUMENT_SLSA_V02 },
	{ "https://spdx.dev/Document", DOCUMENT_SPDX },
	{ "https://cyclonedx.org/bom", DOCUMENT_CYCLONEDX },
	{ "https://openvex.dev/ns", DOCUMENT_OPENVEX },
	{ "https://cosign.sigstore.dev/attestation/vuln/", DOCUMENT_SCAN },
	{ "https://in-toto.io/attestation/vulns", DOCUMENT_SCAN },
};

/* A predicate that is no object is shown as the part of the statement that it is. */
static void tell_statement(struct document *d)
{
	size_t i;

	d->statement = d->json;
	d->predicate_type = js_string(d->json, "predicateType");
	d->body = js_object(d->json, "predicate");
	for (i = 0; d->body != NULL && i < COUNT_OF(forms); i++) {
		if (text_starts(d->predicate_type, forms[i].type))
			d->form = forms[i].form;
	}
	if (d->body == NULL)
		d->body = d->json;
}

static void tell(struct document *d)
{
	const char *format = js_string(d->json, "bomFormat"), *context = js_string(d->json, "@context");

	d->form = DOCUMENT_OTHER;
	if (js_string(d->json, "predicateType") != NULL && js_has(d->json, "predicate")) {
		tell_statement(d);
		return;
	}
	d->body = d->json;
	if (js_string(d->json, "spdxVersion") != NULL)
		d->form = DOCUMENT_SPDX;
	else if (format != NULL && strcmp(format, "CycloneDX") == 0)
		d->form = DOCUMENT_CYCLONEDX;
	else if (context != NULL && text_starts(context, "https://openvex.dev/ns"))
		d->form = DOCUMENT_OPENVEX;
}

/* Whatever cannot be understood is shown as it is; only memory that is out ends it. */
static enum err_code understand(struct document *d, const struct buf *bytes, const char *what, struct err *err)
{
	enum err_code code = js_read(buf_text(bytes), bytes->len, what, &d->json, &d->why);

	if (code == ERR_OK)
		code = unwrap(d, what, &d->why);
	if (code == ERR_NOMEM)
		return err_nomem(err);
	d->form = DOCUMENT_OPAQUE;
	if (code == ERR_OK)
		tell(d);
	return ERR_OK;
}

/* ---- documents that are kept whole ---- */

static enum err_code read_whole(struct source *source, struct document *d, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = LIMIT_DOCUMENT_BYTES };
	const struct descriptor *of = &d->descriptor;
	struct buf_stage stage;
	bool there = false;
	enum err_code code;

	buf_stage_init(&stage, &bytes);
	code = source->blob(source, of, 0, of->size_bytes, &stage.out, on_blob, &there, err);
	if (code != ERR_OK || !there)
		return code;
	code = digest_check(buf_text(&bytes), bytes.len, &of->digest, of->size_bytes, err);
	if (code == ERR_OK)
		code = keep_raw(d, buf_text(&bytes), bytes.len, err);
	return code == ERR_OK ? understand(d, &bytes, of->digest.text, err) : code;
}

/* ---- documents that are larger: SBOMs, without what makes them large ---- */

/* Its bytes are proved in each pass, so a pass is whole or an error. */
static enum err_code pass(struct source *source, const struct document *d, struct outstream *out, bool *ret_there,
			  struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	const struct descriptor *of = &d->descriptor;
	enum err_code code = proof_stage_init(&proof, &of->digest, of->size_bytes, out, err);

	return code == ERR_OK ? source->blob(source, of, 0, of->size_bytes, &proof.out, on_blob, ret_there, err) : code;
}

/* The first bytes are kept on the way. */
struct large_stage {
	struct outstream out;
	struct document *document;
	struct json_rows rows;
};

static enum err_code large_write(struct outstream *s, const void *bytes, size_t len, struct err *err)
{
	struct large_stage *stage = OUTER_OF(s, struct large_stage, out);
	enum err_code code = keep_raw(stage->document, bytes, len, err);

	return code == ERR_OK ? outstream_write(&stage->rows.out, bytes, len, err) : code;
}

/* Nothing but an SBOM is shown without its lists. */
static enum err_code understand_rest(struct document *d, const struct buf *rest, struct err *err)
{
	enum err_code code = js_read(buf_text(rest), rest->len, d->descriptor.digest.text, &d->json, &d->why);

	if (code == ERR_NOMEM)
		return err_nomem(err);
	d->form = DOCUMENT_OPAQUE;
	if (code != ERR_OK)
		return ERR_OK;
	tell(d);
	d->large = d->form == DOCUMENT_SPDX || d->form == DOCUMENT_CYCLONEDX;
	if (!d->large) {
		d->form = DOCUMENT_OPAQUE;
		err_set(&d->why, ERR_LIMIT, "it is too large to be read here");
	}
	return ERR_OK;
}

static enum err_code read_large(struct source *source, struct document *d, struct err *err)
{
	CLEANUP(buf_release) struct buf rest = { .max = LIMIT_DOCUMENT_BYTES };
	struct large_stage stage = { .out = { .write = large_write }, .document = d };
	bool there = false;
	struct err why = { 0 };
	enum err_code code;

	buf_release(&d->raw);
	json_rows_init(&stage.rows, &rest, NULL, NULL, NULL);
	code = pass(source, d, &stage.out, &there, &why);
	json_rows_release(&stage.rows);
	if (code == ERR_LIMIT) {
		d->form = DOCUMENT_OPAQUE;
		err_set(&d->why, ERR_LIMIT, "it is too large to be read here");
		return ERR_OK;
	}
	if (code != ERR_OK && err != NULL)
		*err = why;
	return code == ERR_OK && there ? understand_rest(d, &rest, err) : code;
}

enum err_code document_rows(struct source *source, const struct document *d, const char *list, json_row_fn *fn,
			    void *ctx, struct err *err)
{
	struct json_rows rows;
	bool there = false;
	enum err_code code;

	json_rows_init(&rows, NULL, list, fn, ctx);
	code = pass(source, d, &rows.out, &there, err);
	json_rows_release(&rows);
	return code;
}

/* ---- both ---- */

static bool is_too_large(const struct document *d)
{
	return d->descriptor.size_bytes > LIMIT_DOCUMENT_BYTES ||
	       (d->form == DOCUMENT_OPAQUE && d->why.code == ERR_LIMIT && d->envelope == DOCUMENT_BARE);
}

enum err_code document_read(struct source *source, const struct descriptor *d, struct document *ret_document,
			    struct err *err)
{
	CLEANUP(document_release) struct document doc = { .descriptor = *d, .form = DOCUMENT_ABSENT };
	enum err_code code = ERR_OK;

	if (d->size_bytes <= LIMIT_DOCUMENT_BYTES)
		code = read_whole(source, &doc, err);
	if (d->size_bytes > LIMIT_STATEMENT_BYTES) {
		doc.form = DOCUMENT_OPAQUE;
		err_set(&doc.why, ERR_LIMIT, "it is larger than %" PRIu64 " MiB", LIMIT_STATEMENT_BYTES / MIB);
	} else if (code == ERR_OK && is_too_large(&doc)) {
		code = read_large(source, &doc, err);
	}
	if (code != ERR_OK)
		return code;
	*ret_document = doc;
	doc = (struct document){ 0 };
	return ERR_OK;
}

void document_release(struct document *d)
{
	js_free(d->json);
	buf_release(&d->raw);
	*d = (struct document){ 0 };
}
