/* bundle report: the command. */
#include <string.h>

#include "bundles/contents.h"
#include "bundles/source.h"
#include "common/apart.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/report.h"
#include "import/commands.h"
#include "import/page_report.h"

struct options {
	const char *output;
};

static const struct opt opts[] = {
	{ "output", 'o', "FILE|-", "the report to write; - for standard output", 0, OPT_SETS(struct options, output) },
};

static enum err_code make(const struct bundle *b, const struct graph *g, struct outstream *to, struct err *err)
{
	struct source *source = NULL;
	enum err_code code = bundle_source_new(b, &source, err);

	if (code != ERR_OK)
		return code;
	code = page_report(b, g, source, LIMIT_REPORT_BYTES, to, err);
	source->free(source);
	return code;
}

/* It is written when it is whole: a report that ends in the middle would look like one of less. */
static enum err_code report(const struct options *options, const char *file, const char *image, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = 2 * LIMIT_REPORT_BYTES };
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) char *name = NULL;
	struct buf_stage stage;
	enum err_code code = ERR_OK;

	graph_init(&g);
	if (options->output == NULL)
		return err_set(err, ERR_USAGE,
			       "-o says where the report goes: -o report.html, or -o - for standard output");
	code = apart_check(options->output, &(struct apart){ "the bundle", file, NULL }, 1, err);
	if (code == ERR_OK && image != NULL)
		code = reference_asked(image, &name, err);
	if (code == ERR_OK)
		code = bundle_open(file, &b, err);
	if (code == ERR_OK)
		code = contents_walk_shown(b, name, &g, err);
	buf_stage_init(&stage, &text);
	if (code == ERR_OK)
		code = make(b, &g, &stage.out, err);
	if (code != ERR_OK)
		return code;
	if (strcmp(options->output, "-") == 0)
		return outstream_write(report_stdout(), buf_text(&text), text.len, err);
	return file_replace(options->output, buf_text(&text), text.len, err);
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	struct err err = { 0 };
	enum err_code code = report(opaque, operands->items[0], operands->len > 1 ? operands->items[1] : NULL, &err);

	return report_end(c, false, code, &err);
}

const struct command report_command = {
	.name = "report",
	.synopsis = "-o FILE|- FILE [IMAGE]",
	.summary = "write what a bundle holds as one page for a browser",
	.text = "Write a bundle, or one image of it, as one HTML file for people: images, platforms, the tree of "
		"attestations, signatures and SBOMs, and each statement readable and raw. The file needs no script and "
		"no network. It gives no verdict on who made the bundle: bundle verify does.",
	.operand = "FILE",
	.args_min = 1,
	.args_max = 2,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.run = run,
};
