/* bundle verify: the command. */
#include <stdio.h>
#include <string.h>

#include "bundles/commands.h"
#include "bundles/contents.h"
#include "bundles/origin.h"
#include "bundles/verify.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/progress.h"
#include "common/report.h"
#include "common/text.h"

struct options {
	struct opt_list keys, seals;
	unsigned threshold;
	bool content_only, json, quiet;
};

static const struct opt opts[] = {
	{ "key", 'k', "PUB", "a public key, in PEM, that must have sealed the bundle; any of them", 0,
	  OPT_SETS(struct options, keys) },
	{ "seal", '\0', "FILE", "a seal that lies beside the bundle", 0, OPT_SETS(struct options, seals) },
	{ "threshold", '\0', "N", "so many different keys must have sealed the bundle (1 where any key counts)",
	  ORIGIN_THRESHOLD_MAX, OPT_SETS(struct options, threshold) },
	{ "content-only", '\0', NULL, "do not ask who sealed it", 0, OPT_SETS(struct options, content_only) },
	{ "json", '\0', NULL, "print the verdicts as one JSON document", 0, OPT_SETS(struct options, json) },
	{ "quiet", 'q', NULL, "show no progress", 0, OPT_SETS(struct options, quiet) },
};

/* What was asked of a bundle, and the answers: ERR_OK, or why not. */
struct verdicts {
	const struct options *options;
	struct bundle *bundle;
	struct origin origin;
	struct err content_why, origin_why;
};

static void verdicts_release(struct verdicts *v)
{
	origin_release(&v->origin);
	bundle_close(v->bundle);
}

struct watch {
	struct progress progress;
	uint64_t done_bytes;
};

static void on_progress(void *ctx, uint64_t done_bytes, uint64_t total_bytes)
{
	struct watch *w = ctx;

	progress_total(&w->progress, total_bytes);
	progress_advance(&w->progress, PROGRESS_NONE, done_bytes - w->done_bytes);
	w->done_bytes = done_bytes;
}

static enum err_code walk_and_verify(const struct bundle *b, struct watch *w, struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	enum err_code code;

	graph_init(&g);
	code = contents_walk(b, NULL, NULL, &g, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	return code == ERR_OK ? bundle_verify(b, &g, on_progress, w, err) : code;
}

/* A verdict is an answer, also where it is no; everything else ends the command. */
static enum err_code as_verdict(enum err_code code, struct err *why, struct err *err)
{
	if (code == ERR_OK)
		*why = (struct err){ .code = ERR_OK };
	if (code == ERR_OK || err_status(code) == err_status(ERR_UNPROVED))
		return ERR_OK;
	*err = *why;
	return code;
}

static enum err_code judge_content(struct verdicts *v, struct err *err)
{
	struct watch w = { 0 };
	enum err_code code;

	progress_init(&w.progress, v->options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, stderr, NULL);
	code = walk_and_verify(v->bundle, &w, &v->content_why);
	progress_done(&w.progress);
	return as_verdict(code, &v->content_why, err);
}

static enum err_code judge_origin(struct verdicts *v, struct err *err)
{
	enum err_code code = origin_find(v->bundle, &v->options->seals, &v->origin, err);

	if (code != ERR_OK || v->options->content_only)
		return code;
	code = origin_judge(v->bundle, &v->origin, &v->origin_why);
	if (code == ERR_OK)
		code = origin_check_all(v->bundle, &v->origin, &v->origin_why);
	return as_verdict(code, &v->origin_why, err);
}

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
	js_member(o, "verdict", v->options->content_only ? "not asked" : verdict);
	js_member(o, "reason", v->origin_why.code == ERR_OK ? NULL : v->origin_why.msg);
	put_seals(o, &v->origin);
	js_key(o, "keys");
	origin_put_keys(o, &v->origin);
	if (v->options->threshold > 0)
		js_member_uint(o, "threshold", v->options->threshold);
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
	if (failed->code != ERR_OK) {
		js_key(&o, "error");
		js_begin(&o, '{');
		js_member(&o, "code", err_word(failed->code));
		js_member(&o, "message", failed->msg);
		js_end(&o, '}');
	}
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

static enum err_code report_text(const struct verdicts *v, struct err *err)
{
	CLEANUP(buf_release) struct buf by = { .max = MIB };
	const struct description *d = bundle_description(v->bundle);
	enum err_code code = origin_text(&v->origin, &by, err);
	const char *path = bundle_path(v->bundle);
	char size[TEXT_SIZE_MAX];

	if (code != ERR_OK)
		return code;
	if (v->content_why.code == ERR_OK)
		printf("%s: content proved: %zu image%s, %zu blobs, %s  %s\n", path, d->images_len,
		       d->images_len == 1 ? "" : "s", d->blobs_len, text_size(bundle_size(v->bundle), size),
		       bundle_digest(v->bundle)->text);
	else
		printf("%s: content NOT PROVED: %s\n", path, reason(v, &v->content_why));
	if (v->options->content_only)
		printf("%s: origin not asked for\n", path);
	else if (v->origin_why.code == ERR_OK)
		printf("%s: origin proved: sealed by %s\n", path, buf_text(&by));
	else
		printf("%s: origin NOT PROVED: %s\n", path, reason(v, &v->origin_why));
	return ERR_OK;
}

/* Print both verdicts; the first that is no is the command's failure. */
static enum err_code report(const struct verdicts *v, struct err *err)
{
	const struct err *failed = v->content_why.code != ERR_OK ? &v->content_why : &v->origin_why;
	enum err_code code = ERR_OK;

	if (v->options->json)
		code = report_json(v, failed, err);
	else
		code = report_text(v, err);
	if (code == ERR_OK && failed->code != ERR_OK) {
		*err = *failed;
		code = failed->code;
	}
	return code;
}

static enum err_code open_all(struct verdicts *v, const char *file, struct err *err)
{
	const struct options *options = v->options;
	struct origin_wanted wanted = {
		.keys = &options->keys,
		.seals = &options->seals,
		.threshold = options->threshold,
	};
	enum err_code code = ERR_OK;

	if (options->content_only && (options->keys.len > 0 || options->seals.len > 0 || options->threshold > 0))
		return err_set(err, ERR_USAGE, "--content-only asks for no key and no seal, and some are given");
	if (!options->content_only)
		code = origin_load(&wanted, &v->origin, err);
	return code == ERR_OK ? bundle_open(file, &v->bundle, err) : code;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(verdicts_release) struct verdicts v = { .options = options };
	struct err err = { 0 };
	bool json = options->json;
	enum err_code code = open_all(&v, operands->items[0], &err);

	if (code == ERR_OK)
		code = judge_content(&v, &err);
	if (code == ERR_OK)
		code = judge_origin(&v, &err);
	if (code == ERR_OK) {
		code = report(&v, &err);
		json = false; /* the document is out, with the error in it */
	}
	return report_end(c, json, code, &err);
}

const struct command verify_command = {
	.name = "verify",
	.synopsis = "[option]... FILE",
	.summary = "prove every byte of a bundle, and who sealed it",
	.text = "Read the whole file and prove it. Content: its structure, the digest of every blob, that each image "
		"is complete, that the description says what the manifests say, and that nothing else is in the file. "
		"Origin: that it was sealed by a key which counts; without any key that is not proved, and the exit "
		"status is 3.",
	.operand = "FILE",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.footer = "Keys in /etc/bundle/keys.d count on this machine; where there are any, --key chooses among them.",
	.run = run,
};
