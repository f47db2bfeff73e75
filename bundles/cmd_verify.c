/* bundle verify: the command. */
#include <stdio.h>

#include "bundles/commands.h"
#include "bundles/contents.h"
#include "bundles/verdicts.h"
#include "bundles/verify.h"
#include "common/mem.h"
#include "common/progress.h"
#include "common/report.h"

struct options {
	struct opt_list keys, seals;
	struct signers_options signers;
	const char *policy;
	unsigned threshold;
	bool content_only, insecure_policy, json, quiet;
};

static const struct opt opts[] = {
	ORIGIN_OPTS(struct options),
	ADMISSION_OPTS(struct options),
	SIGNERS_OPTS(struct options),
	{ "content-only", '\0', NULL, "do not ask who sealed it", 0, OPT_SETS(struct options, content_only) },
	{ "json", '\0', NULL, "print the verdicts as one JSON document", 0, OPT_SETS(struct options, json) },
	{ "quiet", 'q', NULL, "show no progress", 0, OPT_SETS(struct options, quiet) },
};

/* One bundle, and what is asked of it. */
struct asking {
	const struct options *options;
	struct verdicts v;
	bool settled; /* its images are known */
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

static enum err_code walk_and_verify(struct asking *a, struct watch *w, struct err *err)
{
	struct graph *g = &a->v.graph;
	enum err_code code = contents_walk(a->v.bundle, NULL, NULL, g, err);

	if (code == ERR_OK)
		code = graph_settle(g, err);
	a->settled = code == ERR_OK;
	if (a->settled)
		code = bundle_verify(a->v.bundle, g, on_progress, w, err);
	if (a->settled)
		contents_mark(a->v.bundle, g);
	return code;
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

static enum err_code judge_content(struct asking *a, struct err *err)
{
	struct watch w = { 0 };
	enum err_code code;

	progress_init(&w.progress, a->options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, stderr, NULL);
	code = walk_and_verify(a, &w, &a->v.content_why);
	progress_done(&w.progress);
	return as_verdict(code, &a->v.content_why, err);
}

/* Where nobody's seal counts and the images are judged, a seal is not missed: that is another way to know. */
static enum err_code judge_origin(struct asking *a, struct err *err)
{
	struct verdicts *v = &a->v;
	enum err_code code = origin_find(v->bundle, &a->options->seals, &v->origin, err);

	v->origin_asked =
		!a->options->content_only && (v->origin.ring.len > 0 || a->options->threshold > 0 || !v->images_asked);
	if (code != ERR_OK || a->options->content_only)
		return code;
	if (v->origin_asked)
		code = origin_judge(v->bundle, &v->origin, &v->origin_why);
	if (code == ERR_OK)
		code = a->settled ? origin_check_graph(v->bundle, &v->origin, &v->graph, NULL, &v->origin_why)
				  : origin_check_all(v->bundle, &v->origin, &v->origin_why);
	v->origin_asked |= code != ERR_OK;
	return as_verdict(code, &v->origin_why, err);
}

static enum err_code judge_images(struct asking *a, struct err *err)
{
	struct verdicts *v = &a->v;
	enum err_code code;

	if (!v->images_asked)
		return ERR_OK;
	if (!a->settled) {
		err_set(&v->images_why, ERR_UNPROVED, "they cannot be read: the content is not proved");
		return ERR_OK;
	}
	code = images_judge(v->bundle, &v->graph, signers_given(&a->options->signers) ? &v->signers : NULL,
			    &v->admission, &v->images, &v->images_why);
	if (code == ERR_OK)
		code = images_refusal(&v->images, &v->images_why);
	return as_verdict(code, &v->images_why, err);
}

static enum err_code check_options(const struct options *o, struct err *err)
{
	bool seals = o->keys.len > 0 || o->seals.len > 0 || o->threshold > 0;

	if (o->content_only && (seals || o->policy != NULL || signers_given(&o->signers)))
		return err_set(err, ERR_USAGE,
			       "--content-only asks for no key, no seal and no policy, and some are given");
	return ERR_OK;
}

static enum err_code open_all(struct asking *a, const char *file, struct err *err)
{
	const struct options *o = a->options;
	struct origin_wanted wanted = { .keys = &o->keys, .seals = &o->seals, .threshold = o->threshold };
	struct admission_wanted policies = { .policy = o->policy, .insecure = o->insecure_policy };
	enum err_code code = check_options(o, err);

	if (code == ERR_OK && !o->content_only)
		code = origin_load(&wanted, &a->v.origin, err);
	if (code == ERR_OK && !o->content_only)
		code = admission_load(&policies, &a->v.admission, err);
	if (code == ERR_OK && signers_given(&o->signers))
		code = signers_load(&o->signers, &a->v.signers, err);
	a->v.images_asked = a->v.admission.len > 0 || signers_given(&o->signers);
	return code == ERR_OK ? bundle_open(file, &a->v.bundle, err) : code;
}

static void asking_release(struct asking *a)
{
	verdicts_release(&a->v);
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(asking_release) struct asking a = { .options = options };
	struct err err = { 0 };
	bool json = options->json;
	enum err_code code = open_all(&a, operands->items[0], &err);

	if (code == ERR_OK)
		code = judge_content(&a, &err);
	if (code == ERR_OK)
		code = judge_origin(&a, &err);
	if (code == ERR_OK)
		code = judge_images(&a, &err);
	if (code == ERR_OK) {
		code = verdicts_report(&a.v, json, &err);
		json = false; /* the document is out, with the error in it */
	}
	return report_end(c, json, code, &err);
}

const struct command verify_command = {
	.name = "verify",
	.synopsis = "[option]... FILE",
	.summary = "prove every byte of a bundle, who sealed it, and who signed its images",
	.text = "Read the whole file and prove it. Content: its structure, the digest of every blob, that each image "
		"is complete, that the description says what the manifests say, and that nothing else is in the file. "
		"Origin: that it was sealed by a key which counts; without any key that is not proved, and the exit "
		"status is 3. Images: what is signed and attested of each, by whom, and whether a policy accepts it; "
		"where that is asked for, a seal need not be.",
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
