/* bundle inventory: the command. */
#include <stdio.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/progress.h"
#include "common/report.h"
#include "import/commands.h"
#include "import/targets.h"

struct options {
	const char *namespace;
	struct login_options login;
	struct endpoint_options endpoints;
};

static const struct opt opts[] = {
	{ "namespace", 'n', "NS", "of a containerd: k8s.io where Kubernetes uses it, else default", 0,
	  OPT_SETS(struct options, namespace) },
	LOGIN_OPTS(struct options),
	ENDPOINT_OPTS(struct options),
};

static enum err_code take(const struct target_options *options, struct target **ret_target, struct holdings *h,
			  struct err *err)
{
	enum err_code code = target_new(options, ret_target, err);

	if (code == ERR_OK)
		code = (*ret_target)->inventory(*ret_target, h, err);
	if (code == ERR_OK)
		holdings_sort(h);
	return code;
}

/* Whole or not at all: what cannot be read back is of no use. */
static enum err_code print(const struct holdings *h, struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	struct buf_stage out;
	enum err_code code;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &text);
	code = holdings_write(h, HOLDINGS_INVENTORY, &out.out, err);
	if (code != ERR_OK)
		return code;
	return outstream_write(report_stdout(), buf_text(&text), text.len, err);
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(holdings_release) struct holdings h = { 0 };
	CLEANUP(login_release) struct login login = { 0 };
	struct target_options to = {
		.to = operands->items[0],
		.namespace = options->namespace,
		.login = &login,
		.endpoints = &options->endpoints,
	};
	struct target *t = NULL;
	struct progress progress;
	struct err err = { 0 };
	enum err_code code = login_read(&options->login, &login, &err);

	progress_init(&progress, PROGRESS_QUIET, stderr, NULL);
	if (code == ERR_OK) {
		login_warn(&login, &progress);
		endpoints_warn(&options->endpoints, &progress);
		code = take(&to, &t, &h, &err);
		if (code == ERR_OK || code == ERR_DENIED)
			login_note_unused(&login, &progress);
	}
	if (code == ERR_OK)
		code = print(&h, &err);
	if (code == ERR_OK && h.manifests.len > 0)
		fprintf(stderr, "%s: %zu image%s, %zu platform%s\n", t->name, h.images_len,
			h.images_len == 1 ? "" : "s", h.manifests.len, h.manifests.len == 1 ? "" : "s");
	else if (code == ERR_OK)
		fprintf(stderr, "%s: %zu image%s, %zu layer%s\n", t->name, h.images_len, h.images_len == 1 ? "" : "s",
			h.layers.len, h.layers.len == 1 ? "" : "s");
	if (t != NULL)
		t->free(t);
	return report_end(c, false, code, &err);
}

const struct command inventory_command = {
	.name = "inventory",
	.synopsis = "[option]... TARGET",
	.summary = "list what a site has, for the next export",
	.text = "Print what a target has, as one JSON document: its images, and their layers or platforms. Carried "
		"back to the connected side, it lets bundle export --have leave out what is there.\n"
		"TARGET is " TARGETS_TEXT ".",
	.operand = "TARGET",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(5),
	.run = run,
};
