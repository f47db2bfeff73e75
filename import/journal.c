#include "import/journal.h"

#include <string.h>

#include "bundles/journal_file.h"
#include "common/js.h"
#include "common/mem.h"

/* Null where there is nothing, so that every line has the same members. */
static void put_text(struct js_out *o, const char *key, const char *text)
{
	js_key(o, key);
	js_put_string(o, text);
}

static void put_bundle(struct js_out *o, const char *file, const struct import_result *r)
{
	static const struct description_notes none = { 0 };
	const struct description_notes *notes = r->bundle != NULL ? &bundle_description(r->bundle)->notes : &none;

	js_member(o, "file", file);
	put_text(o, "bundle", r->bundle != NULL ? bundle_digest(r->bundle)->text : NULL);
	put_text(o, "stream", notes->stream);
	if (notes->stream != NULL)
		js_member_uint(o, "serial", notes->serial);
	put_text(o, "sealedBy", r->origin.proof != NULL ? seal_key_hint(r->origin.proof->key) : NULL);
	js_key(o, "keys");
	origin_put_keys(o, &r->origin);
	if (r->admission.len == 0) {
		put_text(o, "policy", NULL);
		return;
	}
	js_key(o, "policy");
	admission_put(o, &r->admission);
}

static void put_overrides(struct js_out *o, const struct import_options *options, const struct import_result *r)
{
	js_key(o, "overrides");
	js_begin(o, '[');
	if (options->replace)
		js_put_string(o, "--replace");
	if (options->allow_rollback)
		js_put_string(o, "--allow-rollback");
	if (options->to->subset_index)
		js_put_string(o, "--subset-index");
	if (r->admission.bypassed)
		js_put_string(o, "--insecure-policy");
	js_end(o, ']');
}

static void put_images(struct js_out *o, const struct plan *plan)
{
	size_t i;

	js_key(o, "images");
	js_begin(o, '[');
	for (i = 0; i < plan->graph.images_len; i++) {
		const struct plan_image *image = &plan->images[i];

		js_begin(o, '{');
		js_member(o, "name", plan->graph.images[i].name);
		put_text(o, "was", image->was.text[0] != '\0' ? image->was.text : NULL);
		put_text(o, "is", image->is.text[0] != '\0' ? image->is.text : NULL);
		js_end(o, '}');
	}
	js_end(o, ']');
}

/* cosign's tags that stood for something else. */
static void put_tags(struct js_out *o, const struct plan *plan, bool moved)
{
	size_t i;

	js_key(o, "tags");
	js_begin(o, '[');
	for (i = 0; i < plan->tags_len; i++) {
		js_begin(o, '{');
		js_member(o, "name", plan->tags[i].name);
		js_member(o, "was", plan->tags[i].was.text);
		put_text(o, "is", moved ? plan->tags[i].is.text : NULL);
		js_end(o, '}');
	}
	js_end(o, ']');
}

enum err_code journal_add(const struct import_options *options, const struct import_result *r, enum err_code code,
			  const struct err *why, struct err *err)
{
	const char *file = strcmp(options->file, "-") == 0 ? IMPORT_PIPE : options->file;
	CLEANUP(journal_line_release) struct journal_line l = { 0 };
	struct js_out *o = &l.out;
	enum err_code got = journal_line_begin(&l, err);

	if (got != ERR_OK)
		return got;
	put_bundle(o, file, r);
	js_member(o, "target", r->target->name);
	put_overrides(o, options, r);
	js_member_bool(o, "partial", r->plan.partial);
	put_images(o, &r->plan);
	put_tags(o, &r->plan, code == ERR_OK);
	js_member_uint(o, "writtenBytes", r->plan.sent_bytes);
	js_member(o, "result", err_word(code));
	put_text(o, "error", code != ERR_OK ? why->msg : NULL);
	return journal_line_end(&l, err);
}
