/* bundle import: the command. */
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/report.h"
#include "common/summary.h"
#include "common/text.h"
#include "import/commands.h"
#include "import/import.h"
#include "import/journal.h"
#include "import/want.h"

struct options {
	const char *to, *namespace, *write_want;
	struct opt_list map, images, platforms, keys, seals;
	unsigned jobs;
	struct login_options login;
	struct endpoint_options endpoints;
	bool keep_host, subset_index;
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
	{ "key", 'k', "PUB", "a public key, in PEM, that must have sealed the bundle; any of them", 0,
	  OPT_SETS(struct options, keys) },
	{ "seal", '\0', "FILE", "a seal that lies beside the bundle", 0, OPT_SETS(struct options, seals) },
	{ "replace", '\0', NULL, "move names that point to another image at the target", 0,
	  OPT_SETS(struct options, replace) },
	{ "allow-rollback", '\0', NULL, "take an older bundle of a stream, or the same one again", 0,
	  OPT_SETS(struct options, allow_rollback) },
	{ "write-want", '\0', "FILE", "where layers are missing, write to FILE what bundle export --want asks for", 0,
	  OPT_SETS(struct options, write_want) },
	{ "strict", '\0', NULL, "end with status 4 where the target cannot keep all that the bundle holds", 0,
	  OPT_SETS(struct options, strict) },
	{ "jobs", 'j', "N", "send N things to a registry at a time (6 where it is not given)", TARGET_JOBS_MAX,
	  OPT_SETS(struct options, jobs) },
	LOGIN_OPTS(struct options),
	ENDPOINT_OPTS(struct options),
	{ "dry-run", '\0', NULL, "prove, look what is there, say what would be written, write nothing", 0,
	  OPT_SETS(struct options, dry_run) },
	{ "json", '\0', NULL, "print the report as one JSON document", 0, OPT_SETS(struct options, json) },
	{ "quiet", 'q', NULL, "show no progress", 0, OPT_SETS(struct options, quiet) },
};

static void put_read_back(struct js_out *o, const struct plan_image *got)
{
	js_key(o, "readBack");
	js_begin(o, '{');
	js_member(o, "digest", got->is.text);
	js_member_uint(o, "platforms", got->platforms);
	js_member_uint(o, "attestations", got->attestations);
	if (got->referrers_known)
		js_member_uint(o, "referrers", got->referrers);
	js_end(o, '}');
}

static void put_image(struct js_out *o, const struct plan *plan, size_t i)
{
	const struct image *image = &plan->graph.images[i];
	const struct plan_image *got = &plan->images[i];

	js_begin(o, '{');
	js_member(o, "name", image->name);
	js_member(o, "digest", plan_digest(plan, i)->text);
	if (got->other.text[0] != '\0')
		js_member(o, "subsetOf", plan->graph.nodes[image->root].digest.text);
	js_member(o, "was", got->was.text[0] != '\0' ? got->was.text : NULL);
	js_member_uint(o, "withoutLayers", got->bare);
	if (got->is.text[0] != '\0')
		put_read_back(o, got);
	js_end(o, '}');
}

static void put_absent(struct js_out *o, const struct plan *plan)
{
	size_t i;

	js_key(o, "absent");
	js_begin(o, '[');
	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (!n->absent || plan->skip[plan->order[i]])
			continue;
		js_begin(o, '{');
		js_member(o, "digest", n->digest.text);
		js_member(o, "role", role_name(n->role));
		js_member(o, "platform", n->platform);
		js_end(o, '}');
	}
	js_end(o, ']');
}

static enum err_code report_json(const struct options *options, const struct import_result *r, struct err *err)
{
	const struct plan *plan = &r->plan;
	struct js_out o;
	size_t i;

	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "file", bundle_path(plan->bundle));
	js_member(&o, "bundle", bundle_digest(plan->bundle)->text);
	js_member(&o, "target", r->target->name);
	js_member_bool(&o, "dryRun", options->dry_run);
	js_member_bool(&o, "partial", plan->partial);
	js_member(&o, "sealedBy", r->origin.proof != NULL ? seal_key_hint(r->origin.proof->key) : NULL);
	js_key(&o, "images");
	js_begin(&o, '[');
	for (i = 0; i < plan->graph.images_len; i++)
		put_image(&o, plan, i);
	js_end(&o, ']');
	put_absent(&o, plan);
	js_member_uint(&o, "wantedBytes", r->wanted_bytes);
	js_member_uint(&o, "writtenBytes", plan->sent_bytes);
	js_member_uint(&o, "lostReferrers", plan->lost_referrers + plan->lost_others);
	js_end(&o, '}');
	return js_end_document(&o, err);
}

static void report_text(const struct import_result *r)
{
	const struct plan *plan = &r->plan;
	char size[TEXT_SIZE_MAX];
	size_t i;

	for (i = 0; i < plan->graph.images_len; i++) {
		const struct plan_image *got = &plan->images[i];

		printf("%s  %s  %zu platform%s, %zu attestation manifest%s", plan->graph.images[i].name, got->is.text,
		       got->platforms, got->platforms == 1 ? "" : "s", got->attestations,
		       got->attestations == 1 ? "" : "s");
		if (got->referrers_known)
			printf(", %zu referrer%s", got->referrers, got->referrers == 1 ? "" : "s");
		putchar('\n');
		if (got->was.text[0] != '\0' && !digest_equal(&got->was, &got->is))
			printf("  was %s\n", got->was.text);
		if (got->other.text[0] != '\0')
			printf("  a subset of %s\n", plan->graph.nodes[plan->graph.images[i].root].digest.text);
		if (got->bare > 0)
			printf("  %zu platform%s without layers: neither the bundle nor the target has them\n",
			       got->bare, got->bare == 1 ? "" : "s");
	}
	if (plan->partial)
		printf("a part of the bundle: %zu of its %zu image%s\n", plan->graph.images_len,
		       bundle_description(r->bundle)->images_len,
		       bundle_description(r->bundle)->images_len == 1 ? "" : "s");
	if (r->origin.proof != NULL)
		printf("sealed by key %s (%s)\n", seal_key_hint(r->origin.proof->key),
		       seal_key_name(r->origin.proof->key));
	printf("%s: %s written, everything read back\n", r->target->name, text_size(plan->sent_bytes, size));
}

static bool is_subset(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->graph.images_len; i++) {
		if (plan->images[i].other.text[0] != '\0')
			return true;
	}
	return false;
}

/* What the target cannot keep was known before anything was written; it is said all the same. */
static enum err_code report_lost(const struct options *options, const struct plan *plan, struct err *err)
{
	size_t lost = plan->lost_referrers;

	if (is_subset(plan)) /* asked for by name, and still less than the bundle holds */
		return err_set(err, ERR_PARTIAL,
			       "done, but with indexes of fewer platforms and other digests; %zu signature%s and other "
			       "referrer%s of the original indexes %s not published",
			       plan->lost_others, plan->lost_others == 1 ? "" : "s", plan->lost_others == 1 ? "" : "s",
			       plan->lost_others == 1 ? "was" : "were");
	if (lost == 0)
		return ERR_OK;
	fprintf(stderr,
		"%s import: %zu referrer%s (signatures, SBOMs beside the images) not kept: this target cannot\n",
		OPT_PROGRAM, lost, lost == 1 ? "" : "s");
	return options->strict ? err_set(err, ERR_PARTIAL, "done, but less than the bundle holds (--strict)") : ERR_OK;
}

/* What the source of the bundle did not have, and the target has not either: whoever misses it here should know why. */
static void report_absent(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];

		if (n->absent && !plan->skip[plan->order[i]])
			fprintf(stderr, "%s import: was absent at the source of this bundle: %s %s\n", OPT_PROGRAM,
				n->platform != NULL ? n->platform : role_name(n->role), n->digest.text);
	}
}

/* What would happen: new names, names that stay, names that would move. */
static void report_plan(const struct import_result *r)
{
	const struct plan *plan = &r->plan;
	char size[TEXT_SIZE_MAX];
	size_t i;

	for (i = 0; i < plan->graph.images_len; i++) {
		const struct digest *is = plan_digest(plan, i);
		const struct digest *was = &plan->images[i].was;

		printf("%s  %s  %s\n", plan->graph.images[i].name, is->text,
		       was->text[0] == '\0'    ? "new"
		       : digest_equal(was, is) ? "there already"
					       : "would move");
	}
	printf("%s: would write %s\n", r->target->name, text_size(r->wanted_bytes, size));
}

static enum err_code report(const struct options *options, const struct import_result *r, struct err *err)
{
	enum err_code code = ERR_OK;

	if (options->json)
		code = report_json(options, r, err);
	else if (options->dry_run)
		report_plan(r);
	else
		report_text(r);
	report_absent(&r->plan);
	return code == ERR_OK ? report_lost(options, &r->plan, err) : code;
}

/* What the target lacks, each in a line: the one in the error is the first.  And how it is asked for. */
static enum err_code report_missing(const struct options *options, const struct plan *plan, struct err *err)
{
	size_t i;

	for (i = 0; i < plan->missing_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->missing[i]];
		char image[512];

		snprintf(image, sizeof(image), "%s", n->holder.image);
		text_clean(image);
		fprintf(stderr, "%s import: missing: %s, in %s of %s\n", OPT_PROGRAM, n->digest.text,
			n->holder.manifest, image);
	}
	if (options->write_want == NULL) {
		fprintf(stderr,
			"%s import: with --write-want FILE a list is written, by which bundle export --want FILE "
			"brings just this\n",
			OPT_PROGRAM);
		return ERR_MISSING;
	}
	if (want_write(plan, options->write_want, err) != ERR_OK)
		return err->code;
	fprintf(stderr, "%s import: the list for bundle export --want is written to %s\n", OPT_PROGRAM,
		options->write_want);
	return ERR_MISSING;
}

static enum err_code check_options(const struct options *options, const char *file, struct err *err)
{
	if (options->login.password_stdin && strcmp(file, "-") == 0)
		return err_set(err, ERR_USAGE, "--password-stdin and -: standard input is only one of them");
	return ERR_OK;
}

/* What cannot be written down is said; the images are there all the same, or the failure has its one line. */
static void write_down(const struct import_options *how, const struct import_result *r, enum err_code code,
		       struct err *why)
{
	struct err err = { 0 }, first = *why;

	if (!r->began || journal_add(how, r, code, why, &err) == ERR_OK)
		return;
	if (code == ERR_OK)
		fprintf(stderr, "%s import: warning: this import is not in the journal: %s\n", OPT_PROGRAM, err.msg);
	else
		err_set(why, code, "%s; nor could that be written into the journal: %s", first.msg, err.msg);
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(import_release) struct import_result result = { 0 };
	struct progress progress;
	CLEANUP(login_release) struct login login = { 0 };
	struct target_options to = {
		.to = options->to,
		.namespace = options->namespace,
		.pin = options->pin,
		.login = &login,
		.endpoints = &options->endpoints,
		.keep_host = options->keep_host,
		.subset_index = options->subset_index,
		.jobs = options->jobs,
		.progress = &progress,
	};
	struct import_options how = {
		.file = operands->items[0],
		.to = &to,
		.map = &options->map,
		.images = &options->images,
		.platforms = &options->platforms,
		.keys = &options->keys,
		.seals = &options->seals,
		.replace = options->replace,
		.allow_rollback = options->allow_rollback,
		.dry_run = options->dry_run,
		.progress = &progress,
	};
	bool told = false;
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
	if (code == ERR_MISSING)
		code = report_missing(options, &result.plan, &err);
	if (code == ERR_OK) {
		code = report(options, &result, &err);
		told = true; /* stdout has its document, whatever status it ends with */
	}
	return report_end(c, options->json && !told, code, &err);
}

const struct command import_command = {
	.name = "import",
	.synopsis = "[option]... FILE|-",
	.summary = "load a bundle into a daemon, a registry, an OCI layout or the embedded store",
	.text = "Prove the bundle, look what the target has, write only what is missing, and read back what the target "
		"answers: the digest under each name, the platforms, and their attestations.\n"
		"With a key, here or in /etc/bundle/keys.d, a bundle that was not sealed by it is refused before "
		"anything is written.",
	.operand = "FILE",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3) | OPT_STATUS(4) | OPT_STATUS(5) | OPT_STATUS(6),
	.footer = "The store is $BUNDLE_STORE, else /var/lib/bundle/store for root and "
		  "~/.local/share/bundle/store for others.",
	.run = run,
};
