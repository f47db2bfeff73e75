/* bundle inspect: the command. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bundles/commands.h"
#include "bundles/contents.h"
#include "bundles/description_json.h"
#include "bundles/images_report.h"
#include "bundles/inspect_tree.h"
#include "bundles/origin.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/report.h"
#include "common/summary.h"
#include "common/text.h"

struct options {
	struct signers_options signers;
	const char *policy;
	bool json, blobs;
};

static const struct opt opts[] = {
	{ "blobs", '\0', NULL, "list every blob, with its size, role and how it is stored", 0,
	  OPT_SETS(struct options, blobs) },
	{ "policy", '\0', "FILE", "mark what is signed by those whom this policy asks for", 0,
	  OPT_SETS(struct options, policy) },
	SIGNERS_OPTS(struct options),
	{ "json", '\0', NULL, "print the bundle's own description as one JSON document", 0,
	  OPT_SETS(struct options, json) },
};

/* Whose signatures are marked, and what came of that. */
struct marking {
	struct signers signers;
	struct admission admission;
	struct images_verdict verdict;
};

static void marking_release(struct marking *m)
{
	images_verdict_release(&m->verdict);
	admission_release(&m->admission);
	signers_release(&m->signers);
}

static bool is_marked(const struct options *o)
{
	return o->policy != NULL || signers_given(&o->signers);
}

/* To show is not to use, so the policy of the machine is not asked. */
static enum err_code mark(const struct options *o, const struct bundle *b, const struct graph *g, struct marking *m,
			  struct err *err)
{
	struct admission_wanted policies = { .policy = o->policy, .given_only = true };
	enum err_code code = admission_load(&policies, &m->admission, err);

	if (code == ERR_OK && signers_given(&o->signers))
		code = signers_load(&o->signers, &m->signers, err);
	return code == ERR_OK ? images_judge(b, g, signers_given(&o->signers) ? &m->signers : NULL, &m->admission,
					     &m->verdict, err)
			      : code;
}

/* Seals are shown as what they claim to be. */
static void print_seals(const struct origin *o)
{
	size_t i;

	for (i = 0; i < o->len; i++) {
		const struct origin_seal *s = &o->seals[i];
		bool named = s->seal.hint[0] != '\0';

		if (s->why.code == ERR_OK)
			printf("seal in slot %zu, not verified: by %s%s\n", s->slot,
			       named ? "key " : "a key without a name", s->seal.hint);
		else
			printf("slot %zu holds no seal that can be read: %s\n", s->slot, s->why.msg);
	}
}

static void put_seals(struct js_out *out, const struct origin *o)
{
	size_t i;

	js_key(out, "seals");
	js_begin(out, '[');
	for (i = 0; i < o->len; i++) {
		const struct origin_seal *s = &o->seals[i];

		js_begin(out, '{');
		js_member_uint(out, "slot", s->slot);
		js_member(out, "hint", s->seal.hint[0] != '\0' ? s->seal.hint : NULL);
		js_member(out, "reason", s->why.code != ERR_OK ? s->why.msg : NULL);
		js_end(out, '}');
	}
	js_end(out, ']');
}

static void print_blobs(const struct description *d)
{
	char size[TEXT_SIZE_MAX], type[128], image[512];
	size_t i;

	for (i = 0; i < d->blobs_len; i++) {
		const struct description_blob *blob = &d->blobs[i];

		snprintf(type, sizeof(type), "%s", blob->media_type);
		text_clean(type);
		printf("%s  %9s  %-11s  %-6s  %s", blob->digest.text, text_size(blob->size_bytes, size),
		       role_name(blob->role), stored_name(blob->stored), type);
		if (blob->holder.image != NULL) {
			snprintf(image, sizeof(image), "%s", blob->holder.image);
			text_clean(image);
			printf("  in %s of %s", blob->holder.manifest, image);
		}
		putchar('\n');
	}
}

/* {"schemaVersion":1,"file":…,"fileBytes":…,"digest":…,"seals":[{"slot":…,"hint":…}],"signed":[…],"description":…} */
static enum err_code print_json(const struct bundle *b, const struct origin *origin, const struct graph *g,
				const struct images_verdict *verdict, struct err *err)
{
	CLEANUP(js_free_ptr) struct json_t *image = NULL;
	enum err_code code = g != NULL ? description_of_images(b, g, &image, err) : ERR_OK;
	struct js_out o;

	if (code != ERR_OK)
		return code; /* before anything is out */
	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "file", bundle_path(b));
	js_member_uint(&o, "fileBytes", bundle_size(b));
	js_member(&o, "digest", bundle_digest(b)->text);
	put_seals(&o, origin);
	if (verdict != NULL) {
		js_key(&o, "signed");
		images_put(&o, verdict);
	}
	js_key(&o, "description");
	if (g != NULL)
		js_put_value(&o, image);
	else
		code = description_put(&o, b, err);
	js_end(&o, '}');
	return code == ERR_OK ? js_end_document(&o, err) : code;
}

static enum err_code inspect_tree(const struct bundle *b, const struct origin *origin, const struct graph *g,
				  const struct images_verdict *verdict, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *order = NULL;
	struct summary s;
	size_t len = 0;
	enum err_code code = graph_order(g, &order, &len, err);

	if (code != ERR_OK)
		return code;
	s = summary_of(g, order, len);
	code = inspect_tree_print(b, g, &s, verdict, err);
	if (code == ERR_OK)
		print_seals(origin);
	return code;
}

/* What was opened for one image cannot tell of a blob that is not there whether it was left out, was absent, or is
 * there and the table of places is wrong: the description of the others says it. */
static bool lacks_something(const struct bundle *b, const struct graph *g)
{
	uint64_t size_bytes;
	size_t i;

	for (i = 0; i < g->nodes_len; i++) {
		if (g->nodes[i].absent || bundle_blob_size(b, &g->nodes[i].digest, &size_bytes, NULL) != ERR_OK)
			return true;
	}
	return false;
}

static enum err_code open_whole(const char *file, const char *name, struct bundle **ret_bundle, struct graph *g,
				struct err *err)
{
	enum err_code code = bundle_open(file, ret_bundle, err);

	return code == ERR_OK ? contents_walk_shown(*ret_bundle, name, g, err) : code;
}

/* One image, from as little of the file as tells all of it. */
static enum err_code open_image(const char *file, const char *name, struct bundle **ret_bundle, struct graph *g,
				struct err *err)
{
	enum err_code code = bundle_open_image(file, name, ret_bundle, err);

	if (code == ERR_OK)
		code = contents_walk_shown(*ret_bundle, name, g, err);
	if (code != ERR_OK || !lacks_something(*ret_bundle, g))
		return code;
	graph_release(g);
	bundle_close(take_ptr(ret_bundle));
	return open_whole(file, name, ret_bundle, g, err);
}

/* as_it_is: the description is printed as it stands. */
static enum err_code show(const struct options *options, const struct bundle *b, const struct graph *graph,
			  bool as_it_is, struct err *err)
{
	CLEANUP(origin_release) struct origin origin = { 0 };
	CLEANUP(marking_release) struct marking marking = { 0 };
	const struct images_verdict *verdict = is_marked(options) ? &marking.verdict : NULL;
	struct opt_list beside = { 0 };
	enum err_code code = origin_find(b, &beside, &origin, err);

	if (code == ERR_OK && is_marked(options))
		code = mark(options, b, graph, &marking, err);
	if (code != ERR_OK)
		return code;
	return options->json ? print_json(b, &origin, as_it_is ? NULL : graph, verdict, err)
			     : inspect_tree(b, &origin, graph, verdict, err);
}

static enum err_code inspect(const struct options *options, const char *file, const char *image, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) char *name = NULL;
	bool as_it_is = image == NULL && (options->json || options->blobs);
	enum err_code code = ERR_OK;

	graph_init(&g);
	if (options->blobs && (options->json || image != NULL || is_marked(options)))
		return err_set(err, ERR_USAGE,
			       "--blobs lists the blobs of the whole bundle, and goes with nothing else");
	if (image != NULL)
		code = reference_asked(image, &name, err);
	if (code == ERR_OK && as_it_is && !is_marked(options))
		code = bundle_open(file, &b, err);
	else if (code == ERR_OK)
		code = image != NULL ? open_image(file, name, &b, &g, err) : open_whole(file, NULL, &b, &g, err);
	if (code != ERR_OK)
		return code;
	if (!options->blobs)
		return show(options, b, &g, as_it_is, err);
	print_blobs(bundle_description(b));
	return ERR_OK;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	struct err err = { 0 };
	enum err_code code = inspect(options, operands->items[0], operands->len > 1 ? operands->items[1] : NULL, &err);

	return report_end(c, options->json, code, &err);
}

const struct command inspect_command = {
	.name = "inspect",
	.synopsis = "[option]... FILE [IMAGE]",
	.summary = "show what a bundle holds, without reading its layers",
	.text = "Show a bundle, or one image of it, as a tree: image, platform, attestations, statements, signatures "
		"and other referrers, with digests and sizes. Manifests are proved; layers are not read: bundle verify "
		"does that.",
	.operand = "FILE",
	.args_min = 1,
	.args_max = 2,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.run = run,
};
