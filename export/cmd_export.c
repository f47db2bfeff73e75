/* bundle export: the command. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bundles/seal_key.h"
#include "bundles/seal_passphrase.h"
#include "common/apart.h"
#include "common/limits.h"
#include "common/login.h"
#include "common/mem.h"
#include "common/progress.h"
#include "common/report.h"
#include "export/commands.h"
#include "export/export.h"
#include "export/notes.h"
#include "export/report.h"

#define JOBS_DEFAULT 6
#define JOBS_MAX 64
#define STALL_SECONDS_DEFAULT 60
#define SECONDS_MAX 86400

struct options {
	const char *output, *sign, *passphrase_fd, *since, *want, *stream, *serial;
	const char *referrers, *policy, *trusted_root;
	struct opt_list annotations, images_from, tags, map, have, platforms;
	unsigned jobs, connect_timeout, stall_timeout;
	struct login_options login;
	struct endpoint_options endpoints;
	bool all_tags, strict, attestations_only, dry_run, json, quiet;
};

static const struct opt opts[] = {
	{ "output", 'o', "FILE", "write the bundle to FILE, - for standard output; needed, except with --dry-run", 0,
	  OPT_SETS(struct options, output) },
	{ "images-from", '\0', "FILE", "read references from FILE too, one a line; - is standard input", 0,
	  OPT_SETS(struct options, images_from) },
	{ "tags", '\0', "GLOB", "each REF is a repository: take its tags that match GLOB; any of them", 0,
	  OPT_SETS(struct options, tags) },
	{ "all-tags", '\0', NULL, "each REF is a repository: take all its tags", 0,
	  OPT_SETS(struct options, all_tags) },
	{ "map", '\0', "OLD=NEW", "name images otherwise in the bundle: replaces whole leading components", 0,
	  OPT_SETS(struct options, map) },
	{ "sign", '\0', "KEY", "seal the bundle by the private key in KEY, in PEM, before it is published", 0,
	  OPT_SETS(struct options, sign) },
	{ "passphrase-fd", '\0', "N", "read the passphrase of KEY from file descriptor N, not from the terminal", 0,
	  OPT_SETS(struct options, passphrase_fd) },
	{ "since", '\0', "BUNDLE",
	  "leave out the layers of an earlier bundle, which the site must have imported, or of its description", 0,
	  OPT_SETS(struct options, since) },
	{ "have", '\0', "INVENTORY", "leave out the layers that a site has, by bundle inventory", 0,
	  OPT_SETS(struct options, have) },
	{ "platform", '\0', "P", "only this platform, os/architecture[/variant], with all that was attested of it", 0,
	  OPT_SETS(struct options, platforms) },
	{ "referrers", '\0', "WHICH", "all, none, or artifact types with commas; sig, att, sbom are cosign's tags", 0,
	  OPT_SETS(struct options, referrers) },
	{ "attestations-only", '\0', NULL, "leave the layers out: everything that was attested, and nothing to run", 0,
	  OPT_SETS(struct options, attestations_only) },
	{ "want", '\0', "FILE", "export what bundle import --write-want found missing", 0,
	  OPT_SETS(struct options, want) },
	{ "strict", '\0', NULL, "end with status 4 where less is attested than in the bundle of --since", 0,
	  OPT_SETS(struct options, strict) },
	{ "policy", '\0', "FILE", "export nothing that this policy, in the form of containers-policy.json, refuses", 0,
	  OPT_SETS(struct options, policy) },
	{ "include-trusted-root", '\0', "FILE", "let a trusted_root.json go along, as information that proves nothing",
	  0, OPT_SETS(struct options, trusted_root) },
	{ "annotation", '\0', "KEY=VALUE", "write a note of your own on the bundle", 0,
	  OPT_SETS(struct options, annotations) },
	{ "stream", '\0', "NAME", "make the bundle one of a row, in which a site takes nothing older than it has", 0,
	  OPT_SETS(struct options, stream) },
	{ "serial", '\0', "N", "its number in that row, higher than any before", 0, OPT_SETS(struct options, serial) },
	{ "jobs", 'j', "N", "ask each registry for N things at a time (6 where it is not given)", JOBS_MAX,
	  OPT_SETS(struct options, jobs) },
	{ "connect-timeout", '\0', "SECONDS", "wait so long for a connection (30 where it is not given)", SECONDS_MAX,
	  OPT_SETS(struct options, connect_timeout) },
	{ "stall-timeout", '\0', "SECONDS",
	  "give up a connection on which nothing comes for so long (60 where it is not given)", SECONDS_MAX,
	  OPT_SETS(struct options, stall_timeout) },
	LOGIN_OPTS(struct options),
	ENDPOINT_OPTS(struct options),
	{ "dry-run", '\0', NULL, "find everything, say what would be fetched, write nothing", 0,
	  OPT_SETS(struct options, dry_run) },
	{ "json", '\0', NULL, "print the report as one JSON document", 0, OPT_SETS(struct options, json) },
	{ "quiet", 'q', NULL, "show no progress", 0, OPT_SETS(struct options, quiet) },
};

static bool is_pipe(const struct options *options)
{
	return options->output != NULL && strcmp(options->output, "-") == 0 && !options->dry_run;
}

/* What has come of it, or would. */
static enum err_code report(const struct options *options, const struct export_result *r, const struct seal_key *key,
			    struct err *err)
{
	struct export_report a = {
		.result = r,
		.output = options->output,
		.since = options->since,
		.sealed_by = key != NULL && !options->dry_run ? seal_key_hint(key) : NULL,
		.dry_run = options->dry_run,
		.json = options->json,
		.strict = options->strict,
		.piped = is_pipe(options),
		.chosen = options->platforms.len > 0,
		.no_referrers = options->referrers != NULL && strcmp(options->referrers, "none") == 0,
	};

	return report_export(&a, err);
}

static bool reads_stdin(const struct options *options)
{
	size_t i;

	for (i = 0; i < options->images_from.len; i++) {
		if (strcmp(options->images_from.items[i], "-") == 0)
			return true;
	}
	return false;
}

static enum err_code check_options(const struct options *options, const struct opt_list *operands, struct err *err)
{
	if (operands->len == 0 && options->images_from.len == 0 && options->want == NULL)
		return err_set(err, ERR_USAGE, "REF is missing: which images? name them, or give --images-from FILE");
	if (options->strict && options->since == NULL)
		return err_set(err, ERR_USAGE, "--strict is for --since, and no earlier bundle is given");
	if (options->output == NULL && !options->dry_run)
		return err_set(err, ERR_USAGE, "-o FILE is needed: where should the bundle go?");
	if (is_pipe(options) && options->json)
		return err_set(err, ERR_USAGE,
			       "-o - and --json: standard output cannot be both the bundle and a report");
	if (is_pipe(options) && isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE, "-o -: a bundle is not for a terminal: redirect it");
	if (options->all_tags && options->tags.len > 0)
		return err_set(err, ERR_USAGE, "--tags and --all-tags: all tags, or those that match?");
	if (options->login.password_stdin && reads_stdin(options))
		return err_set(err, ERR_USAGE,
			       "--password-stdin and --images-from -: standard input is only one of them");
	if (options->sign == NULL && options->passphrase_fd != NULL)
		return err_set(err, ERR_USAGE, "--passphrase-fd is for the key of --sign, and none is given");
	return ERR_OK;
}

/* What a site or the next export still needs: a bundle in its place would be of no use to anybody.  Another bundle that
 * images come from may be replaced, by a part of it or with more in it. */
static enum err_code check_apart(const struct options *options, struct err *err)
{
	const struct apart inputs[] = {
		{ "the earlier bundle", options->since, NULL },
		{ "the list of --images-from", NULL, &options->images_from },
		{ "the inventory of --have", NULL, &options->have },
		{ "the list of --want", options->want, NULL },
		{ "the key of --sign", options->sign, NULL },
		{ "the policy", options->policy, NULL },
		{ "the trusted root", options->trusted_root, NULL },
		{ "the file of --authfile", options->login.authfile, NULL },
		{ "a file of --password-file", NULL, &options->login.password_files },
	};

	if (options->output == NULL || options->dry_run || is_pipe(options))
		return ERR_OK;
	return apart_check(options->output, inputs, COUNT_OF(inputs), err);
}

/* Before anything is fetched: a person who has to type a passphrase should not have to wait for it. */
static enum err_code read_key(const struct options *options, struct seal_key **ret_key, struct err *err)
{
	int fd = -1;
	enum err_code code;

	if (options->sign == NULL)
		return ERR_OK;
	code = passphrase_fd(options->passphrase_fd, &fd, err);
	return code == ERR_OK ? seal_key_read_private(options->sign, fd, ret_key, err) : code;
}

/* Lists are read before a key is: they may come from the same terminal, and mistakes in them cost nothing. */
static enum err_code read_references(const struct options *options, const struct opt_list *operands,
				     struct holdings *want, struct references *r, struct err *err)
{
	enum err_code code = references_add(r, operands, err);
	size_t i;

	for (i = 0; code == ERR_OK && i < options->images_from.len; i++)
		code = references_read(r, options->images_from.items[i], err);
	if (code == ERR_OK && options->want != NULL)
		code = holdings_read_file(options->want, HOLDINGS_WANT, want, err);
	if (code == ERR_OK && options->want != NULL)
		code = references_want(r, want, options->want, err);
	return code;
}

/* What is wanted may have come otherwise than by its name. */
static void advise_want(const struct options *options, const struct opt_list *operands)
{
	if (options->want != NULL && operands->len == 0 && options->images_from.len == 0)
		fprintf(stderr,
			"%s export: images that were exported under --map, or from oci:, oci-archive:, docker-archive: "
			"or bundle:, are named beside --want as they were then\n",
			OPT_PROGRAM);
}

/* What of the images is wanted. */
static enum err_code read_selection(const struct options *options, struct selection *s, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	s->attestations_only = options->attestations_only;
	for (i = 0; code == ERR_OK && i < options->platforms.len; i++) {
		code = selection_platform(s, options->platforms.items[i], err);
		if (code != ERR_OK)
			code = err_add(err, "--platform");
	}
	if (code == ERR_OK && options->referrers != NULL)
		code = selection_referrers(s, options->referrers, err);
	return code;
}

/* What is read before any registry is asked. */
struct inputs {
	struct references references;
	struct holdings want;
	struct seal_key *key;
	struct notes notes;
	struct admission admission;
	struct login login;
};

static void inputs_release(struct inputs *in)
{
	references_release(&in->references);
	holdings_release(&in->want);
	seal_key_free(in->key);
	notes_release(&in->notes);
	admission_release(&in->admission);
	login_release(&in->login);
}

static enum err_code read_inputs(const struct options *options, const struct opt_list *operands, struct inputs *in,
				 struct err *err)
{
	struct admission_wanted policies = { .policy = options->policy, .given_only = true };
	enum err_code code = read_references(options, operands, &in->want, &in->references, err);

	if (code == ERR_OK)
		code = read_key(options, &in->key, err);
	if (code == ERR_OK)
		code = notes_read(&options->annotations, options->stream, options->serial, &in->notes, err);
	if (code == ERR_OK && options->trusted_root != NULL)
		code = notes_include_root(&in->notes, options->trusted_root, err);
	if (code == ERR_OK)
		code = admission_load(&policies, &in->admission, err);
	if (code == ERR_OK)
		code = read_selection(options, &in->notes.notes.selection, err);
	return code == ERR_OK ? login_read(&options->login, &in->login, err) : code;
}

static enum err_code bring(const struct options *options, struct inputs *in, struct export_result *result,
			   struct err *err)
{
	struct progress progress;
	struct export_options how = {
		.output = options->output != NULL ? options->output : "./",
		.measured = options->output != NULL && strcmp(options->output, "-") != 0 ? options->output : NULL,
		.images = { .references = &in->references,
			    .tags = options->tags,
			    .all_tags = options->all_tags,
			    .map = options->map },
		.jobs = options->jobs > 0 ? options->jobs : JOBS_DEFAULT,
		.connect_seconds = options->connect_timeout,
		.stall_seconds = options->stall_timeout > 0 ? options->stall_timeout : STALL_SECONDS_DEFAULT,
		.endpoints = options->endpoints,
		.site = { .since = options->since,
			  .have = options->have,
			  .want = &in->want,
			  .want_file = options->want },
		.dry_run = options->dry_run,
		.notes = &in->notes.notes,
		.sign = in->key,
		.admission = &in->admission,
		.login = &in->login,
		.progress = &progress,
	};
	enum err_code code;

	progress_init(&progress, options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, stderr, NULL);
	login_warn(&in->login, &progress);
	endpoints_warn(&options->endpoints, &progress);
	code = export_run(&how, result, err);
	progress_done(&progress);
	return code;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(export_release) struct export_result result = { .gather.spool.fd = -1 };
	CLEANUP(inputs_release) struct inputs in = { 0 };
	bool told = false;
	struct err err = { 0 };
	enum err_code code = check_options(options, operands, &err);

	if (code == ERR_OK)
		code = check_apart(options, &err);
	if (code == ERR_OK)
		code = read_inputs(options, operands, &in, &err);
	if (code == ERR_OK) {
		code = bring(options, &in, &result, &err);
		if (code == ERR_NOT_FOUND || code == ERR_NETWORK || code == ERR_DENIED)
			advise_want(options, operands);
	}
	if (code == ERR_OK) {
		code = report(options, &result, in.key, &err);
		told = true; /* stdout has its document, whatever status it ends with */
	}
	return report_end(c, options->json && !told, code, &err);
}

const struct command export_command = {
	.name = "export",
	.synopsis = "-o FILE|- [option]... [REF]...",
	.summary = "pull images and everything attested about them into one file",
	.text = "Pull images with their indexes, platform manifests, attestations, signatures, SBOMs and other "
		"referrers out of registries, OCI layouts and other bundles, prove every byte against its digest, and "
		"write one bundle.\n"
		"REF is [docker://]name[:tag][@digest], as docker pull takes it, oci:DIR, oci-archive:FILE, "
		"docker-archive:FILE or bundle:FILE; of these all images are taken, or with [:name][@digest] behind it "
		"that one. With --tags or --all-tags it is a repository.",
	.operand = "REF",
	.args_min = 0,
	.args_max = LIMIT_IMAGES,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3) | OPT_STATUS(4) | OPT_STATUS(5),
	.footer = "Without --authfile and --username credentials are those of docker login and podman login. Nothing "
		  "stands under FILE until the bundle is whole.",
	.run = run,
};
