/* bundle policy: the command. */
#include <stdio.h>
#include <string.h>

#include "bundles/commands.h"
#include "bundles/contents.h"
#include "bundles/reader.h"
#include "bundles/source.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/report.h"
#include "common/text.h"
#include "trust/candidate.h"
#include "trust/decision.h"
#include "trust/policy.h"
#include "trust/proofs.h"
#include "trust/revoked.h"

#define EXPLAINED_MAX (256 * MIB) /* of decisions in one document */

struct options {
	const char *policy;
	bool json;
};

static const struct opt opts[] = {
	{ "policy", '\0', "POLICY", "of explain: the policy that decides", 0, OPT_SETS(struct options, policy) },
	{ "json", '\0', NULL, "print the result as one JSON document", 0, OPT_SETS(struct options, json) },
};

/* ---- check ---- */

static enum err_code check_json(const struct policy *p, struct err *err)
{
	struct policy_counts counts = policy_count(p);
	struct js_out o;
	size_t i;

	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "policy", policy_path(p));
	js_member_uint(&o, "scopes", counts.scopes);
	js_member_uint(&o, "requirements", counts.requirements);
	js_member_uint(&o, "files", counts.files);
	js_key(&o, "notes");
	js_begin(&o, '[');
	for (i = 0; policy_note(p, i) != NULL; i++)
		js_put_string(&o, policy_note(p, i));
	js_end(&o, ']');
	js_end(&o, '}');
	return js_end_document(&o, err);
}

static enum err_code check(const struct options *options, const struct opt_list *operands, struct err *err)
{
	CLEANUP(policy_free_ptr) struct policy *p = NULL;
	struct policy_counts counts;
	char path[TEXT_SHOWN_MAX];
	enum err_code code;
	size_t i;

	if (options->policy != NULL || operands->len != 2)
		return err_set(err, ERR_USAGE, "check takes one policy, as in bundle policy check policy.json");
	code = policy_read(operands->items[1], &p, err);
	if (code != ERR_OK)
		return code;
	if (options->json)
		return check_json(p, err);
	counts = policy_count(p);
	printf("%s: valid: %zu scope%s of docker and the default, %zu requirement%s, %zu file%s read\n",
	       text_shown(policy_path(p), path), counts.scopes, counts.scopes == 1 ? "" : "s", counts.requirements,
	       counts.requirements == 1 ? "" : "s", counts.files, counts.files == 1 ? "" : "s");
	for (i = 0; policy_note(p, i) != NULL; i++)
		fprintf(stderr, "bundle policy: note: %s\n", policy_note(p, i));
	return ERR_OK;
}

/* ---- explain ---- */

struct explaining {
	const struct options *options;
	const char *only; /* the name of the one image; NULL: all */
	struct policy *policy;
	struct revoked revoked;
	struct proofs proofs;
	struct bundle *bundle;
	struct graph graph;
	struct source *source;
	struct js_out out;
	struct err refused; /* the first image that is */
};

static void explaining_release(struct explaining *e)
{
	proofs_release(&e->proofs); /* before those by whom was proved */
	policy_free(e->policy);
	revoked_release(&e->revoked);
	if (e->source != NULL)
		e->source->free(e->source);
	graph_release(&e->graph);
	bundle_close(e->bundle);
}

static enum err_code read_all(struct explaining *e, const char *file, struct err *err)
{
	enum err_code code = policy_read(e->options->policy, &e->policy, err);

	if (code == ERR_OK)
		code = revoked_load(&e->revoked, err);
	if (code == ERR_OK)
		code = bundle_open(file, &e->bundle, err);
	if (code == ERR_OK)
		code = e->only == NULL ? contents_walk(e->bundle, NULL, NULL, &e->graph, err)
				       : contents_walk_image(e->bundle, e->only, &e->graph, err);
	if (code == ERR_NOT_FOUND && e->bundle != NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: no image %s in this bundle: bundle inspect %s lists them", file,
			       e->only, file);
	if (code == ERR_OK)
		code = graph_settle(&e->graph, err);
	if (code != ERR_OK)
		return code;
	contents_mark(e->bundle, &e->graph);
	return bundle_source_new(e->bundle, &e->source, err);
}

static enum err_code explain_image(struct explaining *e, const struct image *image, struct err *err)
{
	CLEANUP(candidates_release) struct candidates all = { 0 };
	CLEANUP(decision_release) struct decision d = { 0 };
	enum err_code code = candidates_gather(&e->graph, image->root, e->source, &all, err);

	if (code == ERR_OK)
		code = policy_decide(e->policy, image->name, &all, &e->proofs, &d, err);
	if (code != ERR_OK)
		return code;
	if (e->refused.code == ERR_OK)
		decision_refusal(&d, &e->refused);
	if (!e->options->json)
		return decision_print(&d, report_stdout(), err);
	decision_json(&d, &e->out);
	return ERR_OK;
}

static enum err_code explain_all(struct explaining *e, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	proofs_init(&e->proofs, &prover_plain, &e->revoked);
	for (i = 0; code == ERR_OK && i < e->graph.images_len; i++)
		code = explain_image(e, &e->graph.images[i], err);
	return code;
}

static void put_error(struct js_out *o, const struct err *err)
{
	js_key(o, "error");
	js_begin(o, '{');
	js_member(o, "code", err_word(err->code));
	js_member(o, "message", err->msg);
	js_end(o, '}');
}

/* Whole or not at all: where a decision fails, stdout is the failure's document alone. */
static enum err_code explain_json(struct explaining *e, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = EXPLAINED_MAX };
	struct buf_stage stage;
	enum err_code code;

	buf_stage_init(&stage, &text);
	js_out_init(&e->out, &stage.out, true);
	js_begin(&e->out, '{');
	js_member_uint(&e->out, "schemaVersion", 1);
	js_member(&e->out, "file", bundle_path(e->bundle));
	js_key(&e->out, "images");
	js_begin(&e->out, '[');
	code = explain_all(e, err);
	if (code != ERR_OK)
		return code;
	js_end(&e->out, ']');
	if (e->refused.code != ERR_OK)
		put_error(&e->out, &e->refused);
	js_end(&e->out, '}');
	code = js_end_document(&e->out, err);
	return code == ERR_OK ? outstream_write(report_stdout(), buf_text(&text), text.len, err) : code;
}

/* A refusal is the command's failure, once all that was decided is out. */
static enum err_code explain(const struct options *options, const struct opt_list *operands, bool *ret_out,
			     struct err *err)
{
	CLEANUP(explaining_release) struct explaining e = { .options = options };
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code = ERR_OK;

	graph_init(&e.graph);
	if (options->policy == NULL || operands->len < 2)
		return err_set(err, ERR_USAGE,
			       "explain takes a policy and a bundle, as in bundle policy explain --policy policy.json "
			       "FILE");
	if (operands->len > 2)
		code = reference_asked(operands->items[2], &name, err);
	e.only = name;
	if (code == ERR_OK)
		code = read_all(&e, operands->items[1], err);
	if (code == ERR_OK)
		code = options->json ? explain_json(&e, err) : explain_all(&e, err);
	if (code != ERR_OK)
		return code;
	*ret_out = true;
	if (e.refused.code != ERR_OK)
		*err = e.refused;
	return e.refused.code;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	const char *verb = operands->items[0];
	struct err err = { 0 };
	bool out = false; /* the document, with an error in it where there is one */
	enum err_code code;

	if (strcmp(verb, "check") == 0)
		code = check(options, operands, &err);
	else if (strcmp(verb, "explain") == 0)
		code = explain(options, operands, &out, &err);
	else
		code = err_set(&err, ERR_USAGE, "\"%.100s\" is neither check nor explain", verb);
	return report_end(c, options->json && !out, code, &err);
}

const struct command policy_command = {
	.name = "policy",
	.synopsis = "check|explain [option]... POLICY|FILE [IMAGE]",
	.summary = "check a policy, and explain what it decides of a bundle",
	.text = "check POLICY reads a policy and every key and certificate that it names, and says what is wrong or "
		"will hardly do what was meant. explain --policy POLICY FILE [IMAGE] says of each image of a bundle, "
		"or of one, whether the policy takes it, requirement by requirement.",
	.operand = "check or explain",
	.args_min = 1,
	.args_max = 3,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.run = run,
};
