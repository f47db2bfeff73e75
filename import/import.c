#include "import/import.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/journal_file.h"
#include "common/mem.h"
#include "common/text.h"
#include "import/interrupt.h"
#include "import/lost.h"
#include "import/store.h"
#include "import/streams.h"

static enum err_code read_rules(const struct opt_list *rules, struct mapping *names, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < rules->len; i++)
		code = mapping_add(names, rules->items[i], err);
	return code;
}

/* What the person who waits sees: how much of what is to be written has been; and on behalf of which image. */
static enum err_code announce(struct plan *plan, uint64_t *ret_total, struct err *err)
{
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	enum err_code code = graph_owners(&plan->graph, &owners, err);
	size_t i;

	*ret_total = 0;
	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		uint32_t node = plan->order[i];
		struct plan_image *image = owners[node] != NODE_NONE ? &plan->images[owners[node]] : NULL;

		if (!plan_sends(plan, node))
			continue;
		*ret_total += plan->graph.nodes[node].size_bytes;
		if (image != NULL) {
			image->wanted_blobs++;
			image->wanted_bytes += plan->graph.nodes[node].size_bytes;
		}
	}
	progress_total(plan->progress, *ret_total);
	return code;
}

/* Nothing older than what came before, and nothing twice. */
static enum err_code check_serial(const struct import_options *options, const struct import_result *r, struct err *err)
{
	enum err_code code =
		streams_check(r->target_name, &bundle_description(r->bundle)->notes, options->allow_rollback, err);

	return code == ERR_OK ? ERR_OK : err_add(err, "%s", bundle_path(r->bundle));
}

/* "host" is the platform of this machine. */
static enum err_code choose_platform(struct selection *s, const char *text, struct err *err)
{
	char host_text[PLATFORM_TEXT_MAX];
	struct platform host;
	enum err_code code;

	if (strcmp(text, "host") == 0) {
		code = platform_host(&host, err);
		if (code != ERR_OK)
			return code;
		text = platform_format(&host, host_text);
	}
	return selection_platform(s, text, err) == ERR_OK ? ERR_OK : err_add(err, "--platform");
}

/* Where a part is wanted, that part. */
static enum err_code choose(const struct import_options *options, struct plan *plan, struct err *err)
{
	struct plan_choice choice = { .images = options->images };
	enum err_code code = ERR_OK;
	size_t i;

	if (options->images->len == 0 && options->platforms->len == 0)
		return ERR_OK;
	for (i = 0; code == ERR_OK && i < options->platforms->len; i++)
		code = choose_platform(&choice.platforms, options->platforms->items[i], err);
	if (code == ERR_OK)
		code = plan_choose(plan, &choice, err);
	selection_release(&choice.platforms);
	return code;
}

/* Of what came in part, the rest may still come: then only what is older is refused. */
static enum err_code record_serial(const struct import_result *r, struct err *err)
{
	struct description_notes notes = bundle_description(r->bundle)->notes;

	if (r->plan.partial && notes.stream != NULL && --notes.serial == 0)
		return ERR_OK;
	return streams_record(r->target_name, &notes, err);
}

/* Where it goes, by which rules, and the file. */
static enum err_code open_all(const struct import_options *options, struct import_result *result, struct err *err)
{
	enum err_code code = target_new(options->to, &result->target, err);
	const struct target *t = result->target;

	if (code == ERR_OK)
		code = str_copy(t->name, &result->target_name, err);
	if (code == ERR_OK)
		code = read_rules(options->map, &result->names, err);
	if (code == ERR_OK && t->place != NULL)
		code = mapping_place(&result->names, t->place, t->keep_host, err);
	if (code == ERR_OK)
		code = admission_load(&options->policies, &result->admission, err);
	if (code != ERR_OK)
		return code;
	return strcmp(options->file, "-") == 0
		       ? bundle_open_pipe(STDIN_FILENO, IMPORT_PIPE, interrupt_wait, &result->bundle, err)
		       : bundle_open(options->file, &result->bundle, err);
}

/* Of a part, what vouches for it may lie in the rest of the bundle. */
static enum err_code judge_part(struct import_result *result, struct err *err)
{
	CLEANUP(graph_release) struct graph whole;
	enum err_code code;

	graph_init(&whole);
	code = plan_walk_whole(&result->plan, &whole, err);
	return code == ERR_OK ? admission_check_bundle(&result->admission, result->bundle, &whole, &result->names, err)
			      : code;
}

/* What a policy says against an import; it may also fail to say anything. */
static enum err_code judge(struct import_result *result, struct err *err)
{
	struct plan *plan = &result->plan;
	enum err_code code;

	if (plan->partial && result->admission.len > 0)
		code = judge_part(result, err);
	else
		code = admission_check_bundle(&result->admission, result->bundle, &plan->graph, &result->names, err);
	return code == ERR_UNPROVED ? plan_refuse(plan, code, err) : code;
}

/* What is to be written, once it is known that it may be. */
static enum err_code make_plan(const struct import_options *options, struct import_result *result, struct err *err)
{
	struct plan *plan = &result->plan;
	enum err_code code = origin_demand(result->bundle, &options->origin, &result->origin, err);

	if (code == ERR_OK)
		code = check_serial(options, result, err);
	if (code == ERR_OK)
		code = plan_make(result->bundle, &result->names, plan, err);
	plan->dry_run = options->dry_run;
	if (code == ERR_OK)
		code = choose(options, plan, err);
	if (code == ERR_OK)
		code = origin_check_graph(result->bundle, &result->origin, &plan->graph, &result->names, err);
	return code == ERR_OK ? judge(result, err) : code;
}

/* What is there already, and whether the rest may come beside it. */
static enum err_code look_there(const struct import_options *options, struct import_result *result, struct err *err)
{
	struct target *t = result->target;
	enum err_code code;

	result->plan.replace = options->replace;
	result->plan.progress = options->progress;
	code = t->probe(t, &result->plan, err);
	if (code == ERR_OK)
		code = announce(&result->plan, &result->wanted_bytes, err);
	/* What will be lost is said while there still is another way. */
	return code == ERR_OK ? lost_warn(&result->plan, err) : code;
}

/* The same, and what else write would ask first.  Where looking fails too, what an import would have ended with before
 * is what there is to say. */
static enum err_code look_only(const struct import_options *options, struct import_result *result, struct err *err)
{
	struct target *t = result->target;
	struct plan *plan = &result->plan;
	enum err_code code = look_there(options, result, err);

	if (code == ERR_OK && t->room != NULL)
		code = plan_refuse(plan, t->room(t, plan, err), err);
	if (code == ERR_OK || plan->refusal.code == ERR_OK)
		return code;
	return err_set(err, plan->refusal.code, "%s", plan->refusal.msg);
}

static enum err_code carry_out(struct import_result *result, struct err *err)
{
	struct target *t = result->target;
	enum err_code code = ERR_OK;

	if (result->admission.bypassed)
		code = journal_bypass("import", bundle_path(result->bundle), bundle_digest(result->bundle), err);
	if (code != ERR_OK)
		return code;
	code = interrupt_take(err);
	if (code != ERR_OK)
		return code;
	result->began = true;
	store_make_place();
	code = t->write(t, &result->plan, err);
	if (code == ERR_OK)
		code = t->read_back(t, &result->plan, err);
	if (code == ERR_OK)
		code = record_serial(result, err);
	return interrupt_blame(code, err);
}

enum err_code import_run(const struct import_options *options, struct import_result *result, struct err *err)
{
	enum err_code code;

	*result = (struct import_result){ 0 };
	code = open_all(options, result, err);
	if (code == ERR_OK)
		code = make_plan(options, result, err);
	if (code == ERR_OK && options->dry_run)
		return look_only(options, result, err);
	if (code == ERR_OK)
		code = look_there(options, result, err);
	return code == ERR_OK ? carry_out(result, err) : code;
}

void import_release(struct import_result *result)
{
	if (result->target != NULL)
		result->target->free(result->target);
	free(result->target_name);
	plan_release(&result->plan);
	mapping_release(&result->names);
	admission_release(&result->admission);
	origin_release(&result->origin);
	bundle_close(result->bundle);
	*result = (struct import_result){ 0 };
}
