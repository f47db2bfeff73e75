/* bundle attestations: the command. */
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/progress.h"
#include "common/report.h"
#include "common/text.h"
#include "import/attestations.h"
#include "import/attestations_place.h"
#include "import/commands.h"

struct options {
	const char *from, *namespace, *platform, *policy;
	struct opt_list types, keys, seals;
	unsigned threshold;
	bool insecure_policy, statement, json, referrers;
	struct login_options login;
	struct endpoint_options endpoints;
};

static const struct opt opts[] = {
	{ "from", '\0', "WHERE", ATTESTATIONS_FROM_TEXT, 0, OPT_SETS(struct options, from) },
	{ "namespace", 'n', "NS", "of a containerd: k8s.io where Kubernetes uses it, else default", 0,
	  OPT_SETS(struct options, namespace) },
	{ "platform", '\0', "P", "only this platform, os/architecture[/variant]", 0,
	  OPT_SETS(struct options, platform) },
	{ "type", '\0', "URI", "only this predicate type", 0, OPT_SETS(struct options, types) },
	{ "referrers", '\0', NULL, "list the statements of referrers too, of cosign for example", 0,
	  OPT_SETS(struct options, referrers) },
	ORIGIN_OPTS(struct options),
	ADMISSION_OPTS(struct options),
	{ "statement", '\0', NULL, "print the whole statements", 0, OPT_SETS(struct options, statement) },
	{ "json", '\0', NULL, "print what the Engine API answers", 0, OPT_SETS(struct options, json) },
	LOGIN_OPTS(struct options),
	ENDPOINT_OPTS(struct options),
};

/* From a place that holds the image itself.  ERR_PARTIAL where all is printed that is here. */
static enum err_code from_place(const struct options *options, const struct attestations_query *q,
				const struct reference *ref, struct login *login, size_t *ret_count, struct err *err)
{
	const struct attestations_from from = {
		.from = options->from,
		.namespace = options->namespace,
		.origin = { .keys = &options->keys, .seals = &options->seals, .threshold = options->threshold },
		.policies = { .policy = options->policy, .insecure = options->insecure_policy },
		.login = login,
		.endpoints = &options->endpoints,
	};
	CLEANUP(graph_release) struct graph g;
	CLEANUP(attestations_place_release) struct attestations_place place = { 0 };
	size_t absent = 0;
	enum err_code code = attestations_place_open(&from, ref, q->name, &place, err);

	graph_init(&g);
	if (code == ERR_OK)
		code = attestations_place_walk(&place, ref, q->name, q->text, &g, err);
	if (code == ERR_OK)
		code = attestations_print(q, &g, place.source, ret_count, &absent, err);
	if (code == ERR_OK && absent > 0)
		return err_set(err, ERR_PARTIAL, "%s: done, but %zu of what it attests to %s not here", q->name, absent,
			       absent == 1 ? "is" : "are");
	return code;
}

static bool is_from(const struct options *options, const char *transport)
{
	return options->from != NULL && text_starts(options->from, transport);
}

/* Options of one place that say nothing to another are a mistake. */
static enum err_code check_options(const struct options *options, struct err *err)
{
	if (!attestations_from_bundle(options->from) &&
	    (options->keys.len > 0 || options->seals.len > 0 || options->threshold > 0))
		return err_set(err, ERR_USAGE, "--key, --seal and --threshold are for a bundle file: --from FILE");
	if (options->namespace != NULL && !is_from(options, CONTAINERD_TRANSPORT))
		return err_set(err, ERR_USAGE, "--namespace is for --from containerd:[SOCKET] only");
	if ((options->policy != NULL || options->insecure_policy) &&
	    (is_from(options, DAEMON_TRANSPORT) || is_from(options, CONTAINERD_TRANSPORT) ||
	     is_from(options, REGISTRY_TRANSPORT)))
		return err_set(err, ERR_USAGE,
			       "policies are for bundle files, layouts and the store; what a daemon or a registry has "
			       "was taken by it already");
	if (options->referrers && is_from(options, DAEMON_TRANSPORT))
		return err_set(err, ERR_USAGE, "--referrers: a Docker daemon does not tell what refers to an image");
	return ERR_OK;
}

static enum err_code answer(const struct options *options, const struct attestations_query *q,
			    const struct reference *ref, size_t *ret_count, struct err *err)
{
	CLEANUP(login_release) struct login login = { 0 };
	struct progress progress;
	enum err_code code = check_options(options, err);

	if (code != ERR_OK)
		return code;
	if (is_from(options, DAEMON_TRANSPORT))
		return attestations_from_docker(options->from + strlen(DAEMON_TRANSPORT), q, ret_count, err);
	progress_init(&progress, PROGRESS_QUIET, stderr, NULL);
	code = login_read(&options->login, &login, err);
	if (code != ERR_OK)
		return code;
	login_warn(&login, &progress);
	endpoints_warn(&options->endpoints, &progress);
	code = from_place(options, q, ref, &login, ret_count, err);
	if (code == ERR_OK || code == ERR_DENIED)
		login_note_unused(&login, &progress);
	return code;
}

static enum err_code attestations(const struct options *options, const char *image, struct err *err)
{
	struct attestations_query q = {
		.types = &options->types,
		.statement = options->statement,
		.json = options->json,
		.referrers = options->referrers,
		.text = image,
	};
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	struct platform platform;
	size_t count = 0;
	enum err_code code = reference_parse(image, &ref, err);

	if (code == ERR_OK && options->platform != NULL) {
		code = platform_parse(options->platform, &platform, err);
		q.platform = &platform;
	}
	if (code == ERR_FORMAT)
		return err_recode(err, ERR_USAGE);
	if (code == ERR_OK)
		code = reference_name(&ref, &name, err);
	q.name = name;
	if (code == ERR_OK)
		code = answer(options, &q, &ref, &count, err);
	if (code == ERR_OK && count == 0 && !options->json)
		fprintf(stderr, "%s attestations: %s has none%s%s\n", OPT_PROGRAM, name,
			options->types.len > 0 ? " of this type" : "",
			options->referrers || is_from(options, DAEMON_TRANSPORT)
				? ""
				: "; --referrers asks for those that lie beside it, as cosign's do");
	return code;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	struct err err = { 0 };
	enum err_code code = attestations(options, operands->items[0], &err);

	/* of what is here stdout has its document then */
	return report_end(c, options->json && code != ERR_PARTIAL, code, &err);
}

const struct command attestations_command = {
	.name = "attestations",
	.synopsis = "[option]... IMAGE",
	.summary = "list what an image attests to: provenance, SBOMs and other statements",
	.text = "List the in-toto statements of an image, for all its platforms or one: as a table, as the Engine "
		"API's JSON, or the statements themselves. Every byte is proved against its digest.",
	.operand = "IMAGE",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3) | OPT_STATUS(4) | OPT_STATUS(5),
	.footer = "What a statement says is a claim until a signature proves who made it.",
	.run = run,
};
