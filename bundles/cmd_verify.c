/* bundle verify: the command. */
#include <stdio.h>
#include <string.h>

#include "bundles/commands.h"
#include "bundles/contents.h"
#include "bundles/verify.h"
#include "common/mem.h"
#include "common/progress.h"
#include "common/report.h"
#include "common/text.h"

struct options {
	bool json, quiet;
};

static const struct opt opts[] = {
	{ "json", '\0', NULL, "print the verdict as one JSON document", 0, OPT_SETS(struct options, json) },
	{ "quiet", 'q', NULL, "show no progress", 0, OPT_SETS(struct options, quiet) },
};

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

static enum err_code verify(const struct bundle *b, struct watch *w, struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	enum err_code code;

	graph_init(&g);
	code = contents_walk(b, NULL, NULL, &g, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	return code == ERR_OK ? bundle_verify(b, &g, on_progress, w, err) : code;
}

static enum err_code report(const struct options *options, const struct bundle *b, struct err *err)
{
	const struct description *d = bundle_description(b);
	char size[TEXT_SIZE_MAX];
	struct js_out o;

	if (!options->json) {
		printf("%s: content proved: %zu image%s, %zu blobs, %s  %s\n", bundle_path(b), d->images_len,
		       d->images_len == 1 ? "" : "s", d->blobs_len, text_size(bundle_size(b), size),
		       bundle_digest(b)->text);
		return ERR_OK;
	}
	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "file", bundle_path(b));
	js_member(&o, "digest", bundle_digest(b)->text);
	js_key(&o, "content");
	js_begin(&o, '{');
	js_member(&o, "verdict", "proved");
	js_member_uint(&o, "images", d->images_len);
	js_member_uint(&o, "blobs", d->blobs_len);
	js_member_uint(&o, "fileBytes", bundle_size(b));
	js_end(&o, '}');
	js_end(&o, '}');
	return js_end_document(&o, err);
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	struct watch w = { 0 };
	struct err err = { 0 };
	enum err_code code = bundle_open(operands->items[0], &b, &err);

	if (code == ERR_OK) {
		progress_init(&w.progress, options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, stderr, NULL);
		code = verify(b, &w, &err);
		progress_done(&w.progress);
	}
	if (code == ERR_OK)
		code = report(options, b, &err);
	return report_end(c, options->json, code, &err);
}

const struct command verify_command = {
	.name = "verify",
	.synopsis = "[option]... FILE",
	.summary = "prove every byte of a bundle",
	.text = "Read the whole file and prove it: its structure, the digest of every blob, that each image is "
		"complete, "
		"that the description says what the manifests say, and that nothing else is in the file.",
	.operand = "FILE",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.run = run,
};
