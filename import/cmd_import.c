/* bundle import: the command. */
#include <stdio.h>
#include <string.h>

#include "common/apart.h"
#include "common/mem.h"
#include "common/report.h"
#include "common/summary.h"
#include "common/text.h"
#include "import/commands.h"
#include "import/import.h"
#include "import/interrupt.h"
#include "import/journal.h"
#include "import/report.h"
#include "import/store.h"
#include "import/want.h"

#define CONFLICTS_SHOWN 20 /* more than a screen of them hides the error */

struct options {
	const char *to, *namespace, *write_want, *policy;
	struct opt_list map, images, platforms, keys, seals;
	unsigned jobs, threshold;
	struct login_options login;
	struct endpoint_options endpoints;
	bool keep_host, subset_index, insecure_policy;
	bool pin, replace, allow_rollback, strict, dry_run, json, quiet;
};

static const struct opt opts[] = {
	{ "to", 't', "TARGET", "where the images go: " TARGETS_TEXT " (docker-daemon: is the default)", 0,
	  OPT_SETS(struct options, to) },
	{ "namespace", 'n', "NS", "of a containerd: k8s.io where Kubernetes uses it, else default", 0,
	  OPT_SETS(struct options, namespace) },
	{ "pin", '\0', NULL, "in a containerd: let the kubelet's collection leave the images alone", 0,
	  OPT_SETS(struct options, pin) },
	{ "map", '\0', "OLD=NEW", "import under another name: replaces whole leading components", 0,
	  OPT_SETS(struct options, map) },
	{ "image", '\0', "NAME", "import this image only, and others that are given so", 0,
	  OPT_SETS(struct options, images) },
	{ "platform", '\0', "P", "import this platform, os/architecture[/variant] or host, with all that belongs to it",
	  0, OPT_SETS(struct options, platforms) },
	{ "keep-host", '\0', NULL, "in a registry: keep the host of a name, as the first component of its path", 0,
	  OPT_SETS(struct options, keep_host) },
	{ "subset-index", '\0', NULL,
	  "in a registry: where platforms of an index are missing, publish a new index of those that are there", 0,
	  OPT_SETS(struct options, subset_index) },
	ORIGIN_OPTS(struct options),
	ADMISSION_OPTS(struct options),
	{ "replace", '\0', NULL, "move names that point to another image at the target", 0,
	  OPT_SETS(struct options, replace) },
	{ "allow-rollback", '\0', NULL, "take an older bundle of a stream, or the same one again", 0,
	  OPT_SETS(struct options, allow_rollback) },
	{ "write-want", '\0', "FILE|-", "where layers are missing, write to FILE what bundle export --want asks for", 0,
	  OPT_SETS(struct options, write_want) },
	{ "strict", '\0', NULL, "end with status 4 where the target cannot keep all that the bundle holds", 0,
	  OPT_SETS(struct options, strict) },
	{ "jobs", 'j', "N", "in a registry: send N things at a time (6 where it is not given)", TARGET_JOBS_MAX,
	  OPT_SETS(struct options, jobs) },
	LOGIN_OPTS(struct options),
	ENDPOINT_OPTS(struct options),
	{ "dry-run", '\0', NULL, "prove, look what is there, say what would be written, write nothing", 0,
	  OPT_SETS(struct options, dry_run) },
	{ "json", '\0', NULL, "print the report as one JSON document", 0, OPT_SETS(struct options, json) },
	{ "quiet", 'q', NULL, "show no progress", 0, OPT_SETS(struct options, quiet) },
};

static bool writes_stdout(const struct options *options)
{
	return options->write_want != NULL && strcmp(options->write_want, "-") == 0;
}

/* What the target lacks, each in a line: who should have brought it, and the first image that needs it. */
static enum err_code list_missing(const struct plan *plan, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	enum err_code code = graph_owners(&plan->graph, &owners, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->missing_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->missing[i]];
		uint32_t owner = owners[plan->missing[i]];
		char image[512], size[TEXT_SIZE_MAX];

		snprintf(image, sizeof(image), "%s", n->holder.image);
		text_clean(image);
		fprintf(stderr, "%s import: missing: %s, in %s of %s, %s%s%s\n", OPT_PROGRAM, n->digest.text,
			n->holder.manifest, image, text_size(n->size_bytes, size),
			owner != NODE_NONE ? ", needed by " : "",
			owner != NODE_NONE ? plan->graph.images[owner].name : "");
	}
	return code;
}

/* The one in the error is the first of them.  And how they are asked for.  The code again, unless that fails. */
static enum err_code report_missing(const struct options *options, const struct plan *plan, enum err_code code,
				    struct err *err)
{
	if (list_missing(plan, err) != ERR_OK)
		return err->code;
	if (options->write_want == NULL) {
		fprintf(stderr,
			"%s import: with --write-want FILE a list is written, by which bundle export --want FILE "
			"brings just this\n",
			OPT_PROGRAM);
		return code;
	}
	if (want_write(plan, options->write_want, err) != ERR_OK)
		return err->code;
	fprintf(stderr, "%s import: the list for bundle export --want is written to %s\n", OPT_PROGRAM,
		writes_stdout(options) ? "standard output" : options->write_want);
	return code;
}

/* Of several that are refused at once the error has the first alone.  A dry run has them in its report. */
static void list_conflicts(const struct plan *plan)
{
	struct plan_conflict c;
	size_t at = 0, i;

	for (i = 0; i < CONFLICTS_SHOWN && plan_next_conflict(plan, &at, &c); i++)
		fprintf(stderr, "%s import: there already: %s: %s there, %s here\n", OPT_PROGRAM, c.name, c.was->text,
			c.is->text);
	if (plan->conflicts_len > CONFLICTS_SHOWN)
		fprintf(stderr, "%s import: and %zu more%s\n", OPT_PROGRAM, plan->conflicts_len - CONFLICTS_SHOWN,
			plan->dry_run ? "" : ": --dry-run lists them all");
}

/* What failed has moved names before it did: whoever reads the error would not think so. */
static void warn_of_published(const struct plan *plan)
{
	size_t moved = 0, i;

	for (i = 0; i < plan->graph.images_len; i++) {
		const struct plan_image *image = &plan->images[i];

		moved += image->is.text[0] != '\0' && !digest_equal(&image->was, &image->is);
	}
	if (moved > 0)
		fprintf(stderr, "warning: %zu of %zu names%s published before this failed; the journal says which\n",
			moved, plan->graph.images_len, moved == 1 ? " was" : " were");
}

/* What was done, or would be.  A list of what is missing has standard output to itself. */
static enum err_code report(const struct options *options, const struct import_result *r, struct err *err)
{
	if (r->plan.missing_len == 0 || !writes_stdout(options))
		return report_import(r, options->json, options->dry_run, options->strict, err);
	return err_set(err, r->plan.refusal.code, "%s", r->plan.refusal.msg);
}

static enum err_code check_options(const struct options *options, const char *file, struct err *err)
{
	const struct apart inputs[] = {
		{ "the bundle", file, NULL },
		{ "a key of --key", NULL, &options->keys },
		{ "a seal of --seal", NULL, &options->seals },
		{ "the policy", options->policy, NULL },
		{ "the file of --authfile", options->login.authfile, NULL },
		{ "a file of --password-file", NULL, &options->login.password_files },
	};

	if (options->login.password_stdin && strcmp(file, "-") == 0)
		return err_set(err, ERR_USAGE, "--password-stdin and -: standard input is only one of them");
	if (options->json && writes_stdout(options))
		return err_set(err, ERR_USAGE, "--json and --write-want - both want standard output");
	return options->write_want != NULL ? apart_check(options->write_want, inputs, COUNT_OF(inputs), err) : ERR_OK;
}

/* What does not prove itself, or is not proved to come from whom this machine asks for, was refused, and is told of
 * too.  Who only looks has not been refused anything. */
static bool is_told(const struct import_options *how, const struct import_result *r, enum err_code code)
{
	return r->began || (err_status(code) == 3 && !how->dry_run && r->target != NULL);
}

/* What cannot be written down is said; the images are there all the same, or the failure has its one line. */
static void write_down(const struct import_options *how, const struct import_result *r, enum err_code code,
		       struct err *why)
{
	struct err err = { 0 }, first = *why;

	if (!is_told(how, r, code) || journal_add(how, r, code, why, &err) == ERR_OK)
		return;
	if (code == ERR_OK)
		fprintf(stderr, "%s import: warning: this import is not in the journal: %s\n", OPT_PROGRAM, err.msg);
	else
		err_set(why, code, "%s; nor could that be written into the journal: %s", first.msg, err.msg);
}

static struct target_options target_of(const struct options *options, const struct login *login,
				       struct progress *progress)
{
	return (struct target_options){
		.to = options->to,
		.namespace = options->namespace,
		.pin = options->pin,
		.login = login,
		.endpoints = &options->endpoints,
		.keep_host = options->keep_host,
		.subset_index = options->subset_index,
		.jobs = options->jobs,
		.progress = progress,
	};
}

static struct import_options import_of(const struct options *options, const char *file, const struct target_options *to)
{
	return (struct import_options){
		.file = file,
		.to = to,
		.map = &options->map,
		.images = &options->images,
		.platforms = &options->platforms,
		.origin = { .keys = &options->keys, .seals = &options->seals, .threshold = options->threshold },
		.policies = { .policy = options->policy, .insecure = options->insecure_policy },
		.replace = options->replace,
		.allow_rollback = options->allow_rollback,
		.dry_run = options->dry_run,
		.progress = to->progress,
	};
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(import_release) struct import_result result = { 0 };
	struct progress progress;
	CLEANUP(login_release) struct login login = { 0 };
	struct target_options to = target_of(options, &login, &progress);
	struct import_options how = import_of(options, operands->items[0], &to);
	bool told = false;
	int status;
	struct err err = { 0 };
	enum err_code code = check_options(options, how.file, &err);

	if (code == ERR_OK)
		code = login_read(&options->login, &login, &err);
	progress_init(&progress, options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, stderr, NULL);
	if (code == ERR_OK) {
		login_warn(&login, &progress);
		endpoints_warn(&options->endpoints, &progress);
		code = import_run(&how, &result, &err);
		if (code == ERR_OK || code == ERR_DENIED)
			login_note_unused(&login, &progress);
	}
	progress_done(&progress);
	write_down(&how, &result, code, &err);
	if (code != ERR_OK)
		warn_of_published(&result.plan);
	if (result.plan.missing_len > 0)
		code = report_missing(options, &result.plan, code, &err);
	if (code == ERR_CONFLICT && result.plan.conflicts_len > 1)
		list_conflicts(&result.plan);
	if (code == ERR_OK) {
		code = report(options, &result, &err);
		told = true; /* stdout has its document, whatever status it ends with */
	}
	status = report_end(c, options->json && !told, code, &err);
	if (code != ERR_OK)
		interrupt_end();
	return status;
}

const struct command import_command = {
	.name = "import",
	.synopsis = "[option]... FILE|-",
	.summary = "load a bundle into a daemon, a registry, an OCI layout or the embedded store",
	.text = "Prove the bundle, look what the target has, write only what is missing, and read back what the target "
		"answers: the digest under each name, the platforms, and their attestations.\n"
		"With a key, here or in /etc/bundle/keys.d, a bundle that was not sealed by it is refused before "
		"anything is written; with a policy, here or in /etc/bundle/policy.json, one with an image that it "
		"does not accept.",
	.operand = "FILE",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3) | OPT_STATUS(4) | OPT_STATUS(5) | OPT_STATUS(6),
	.footer = STORE_PLACE_TEXT,
	.run = run,
};
