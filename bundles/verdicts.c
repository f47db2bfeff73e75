#include "bundles/verdicts.h"

#include <stdio.h>
#include <string.h>

#include "bundles/images_report.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "common/text.h"

static void put_seals(struct js_out *o, const struct origin *origin)
{
	size_t i;

	js_key(o, "seals");
	js_begin(o, '[');
	for (i = 0; i < origin->len; i++) {
		const struct origin_seal *s = &origin->seals[i];

		js_begin(o, '{');
		if (s->file == NULL)
			js_member_uint(o, "slot", s->slot);
		js_member(o, "file", s->file);
		js_member(o, "hint", s->seal.hint[0] != '\0' ? s->seal.hint : NULL);
		js_member(o, "key", s->key != NULL ? seal_key_name(s->key) : NULL);
		js_member(o, "reason", s->why.code != ERR_OK ? s->why.msg : NULL);
		js_end(o, '}');
	}
	js_end(o, ']');
}

static void put_content(struct js_out *o, const struct verdicts *v)
{
	const struct description *d = bundle_description(v->bundle);

	js_key(o, "content");
	js_begin(o, '{');
	js_member(o, "verdict", v->content_why.code == ERR_OK ? "proved" : "not proved");
	js_member(o, "reason", v->content_why.code == ERR_OK ? NULL : v->content_why.msg);
	js_member_uint(o, "images", d->images_len);
	js_member_uint(o, "blobs", d->blobs_len);
	js_member_uint(o, "fileBytes", bundle_size(v->bundle));
	js_end(o, '}');
}

static void put_origin(struct js_out *o, const struct verdicts *v)
{
	const char *verdict = v->origin_why.code == ERR_OK ? "proved" : "not proved";

	js_key(o, "origin");
	js_begin(o, '{');
	js_member(o, "verdict", v->origin_asked ? verdict : "not asked");
	js_member(o, "reason", v->origin_why.code == ERR_OK ? NULL : v->origin_why.msg);
	put_seals(o, &v->origin);
	js_key(o, "keys");
	origin_put_keys(o, &v->origin);
	if (v->origin.threshold > 0)
		js_member_uint(o, "threshold", v->origin.threshold);
	js_end(o, '}');
}

static void put_images(struct js_out *o, const struct verdicts *v)
{
	const char *verdict = v->images_why.code == ERR_OK ? "proved" : "not proved";

	js_key(o, "images");
	js_begin(o, '{');
	js_member(o, "verdict", v->images_asked ? verdict : "not asked");
	js_member(o, "reason", v->images_why.code == ERR_OK ? NULL : v->images_why.msg);
	js_key(o, "policies");
	admission_put(o, &v->admission);
	js_key(o, "images");
	images_put(o, &v->images);
	js_end(o, '}');
}

static enum err_code report_json(const struct verdicts *v, const struct err *failed, struct err *err)
{
	struct js_out o;

	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "file", bundle_path(v->bundle));
	js_member(&o, "digest", bundle_digest(v->bundle)->text);
	put_content(&o, v);
	put_origin(&o, v);
	put_images(&o, v);
	if (failed->code != ERR_OK)
		report_put_error(&o, failed);
	js_end(&o, '}');
	return js_end_document(&o, err);
}

/* The reason without the name of the file, which stands in front of all of them. */
static const char *reason(const struct verdicts *v, const struct err *why)
{
	const char *path = bundle_path(v->bundle), *text = why->msg;

	if (strncmp(text, path, strlen(path)) == 0 && strncmp(text + strlen(path), ": ", 2) == 0)
		text += strlen(path) + 2;
	return text_starts(text, ORIGIN_NOT_PROVED) ? text + strlen(ORIGIN_NOT_PROVED) : text;
}

static enum err_code report_images(const struct verdicts *v, const char *path, struct err *err)
{
	if (!v->images_asked)
		printf("%s: images not asked for\n", path);
	else if (v->images_why.code == ERR_OK)
		printf("%s: images proved: %zu of %zu accepted, %zu %s\n", path, v->images.len, v->images.len,
		       v->images.held,
		       v->images.held == 1 ? "signature or attestation holds" : "signatures and attestations hold");
	else
		printf("%s: images NOT PROVED: %s\n", path, reason(v, &v->images_why));
	return images_print(&v->images, err);
}

static enum err_code report_text(const struct verdicts *v, struct err *err)
{
	CLEANUP(buf_release) struct buf by = { .max = MIB };
	const struct description *d = bundle_description(v->bundle);
	enum err_code code = origin_text(&v->origin, &by, err);
	char size[TEXT_SIZE_MAX], shown[TEXT_SHOWN_MAX];
	/* whoever gives a file its name must not give it a verdict */
	const char *path = text_shown(bundle_path(v->bundle), shown);

	if (code != ERR_OK)
		return code;
	if (v->content_why.code == ERR_OK)
		printf("%s: content proved: %zu image%s, %zu blobs, %s  %s\n", path, d->images_len,
		       d->images_len == 1 ? "" : "s", d->blobs_len, text_size(bundle_size(v->bundle), size),
		       bundle_digest(v->bundle)->text);
	else
		printf("%s: content NOT PROVED: %s\n", path, reason(v, &v->content_why));
	if (!v->origin_asked)
		printf("%s: origin not asked for\n", path);
	else if (v->origin_why.code == ERR_OK)
		printf("%s: origin proved: sealed by %s\n", path, buf_text(&by));
	else
		printf("%s: origin NOT PROVED: %s\n", path, reason(v, &v->origin_why));
	return report_images(v, path, err);
}

enum err_code verdicts_report(const struct verdicts *v, bool json, struct err *err)
{
	const struct err *failed = v->content_why.code != ERR_OK  ? &v->content_why
				   : v->origin_why.code != ERR_OK ? &v->origin_why
								  : &v->images_why;
	enum err_code code = json ? report_json(v, failed, err) : report_text(v, err);

	if (code == ERR_OK && failed->code != ERR_OK) {
		*err = *failed;
		code = failed->code;
	}
	return code;
}

void verdicts_release(struct verdicts *v)
{
	images_verdict_release(&v->images);
	admission_release(&v->admission);
	signers_release(&v->signers);
	graph_release(&v->graph);
	origin_release(&v->origin);
	bundle_close(v->bundle);
	*v = (struct verdicts){ 0 };
}
