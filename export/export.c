#include "export/export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundles/writer.h"
#include "common/file.h"
#include "common/mem.h"
#include "common/text.h"
#include "common/version.h"
#include "export/judge.h"
#include "export/layers.h"
#include "export/survey.h"

#define WORKERS_MAX 3 /* with them hashing and writing keep up with any network; more only add memory */

/* One export under way. */
struct job {
	const struct export_options *options;
	struct export_result *result;
	struct bundle_writer *writer;
	struct watch watch;
	uint32_t *nodes; /* the description's blobs as nodes, in its order */
};

static bool is_pipe(const struct export_options *options)
{
	return strcmp(options->output, "-") == 0;
}

static void job_release(struct job *j)
{
	bundle_writer_free(j->writer);
	watch_release(&j->watch);
	free(j->nodes);
}

/* The blobs of one kind, as nodes: a range of j->nodes, because the description is sorted by it. */
static size_t range_of(const struct job *j, enum stored stored, uint32_t **ret_nodes)
{
	const struct description *d = bundle_writer_description(j->writer);
	size_t first = 0, len = 0;

	while (first < d->blobs_len && d->blobs[first].stored != stored)
		first++;
	while (first + len < d->blobs_len && d->blobs[first + len].stored == stored)
		len++;
	*ret_nodes = j->nodes + first;
	return len;
}

static enum err_code list_nodes(struct job *j, struct err *err)
{
	const struct description *d = bundle_writer_description(j->writer);
	size_t i;

	j->nodes = calloc(d->blobs_len + 1, sizeof(*j->nodes));
	if (j->nodes == NULL)
		return err_nomem(err);
	for (i = 0; i < d->blobs_len; i++)
		j->nodes[i] = graph_find(&j->result->gather.graph, &d->blobs[i].digest);
	return ERR_OK;
}

static enum err_code write_small(struct job *j, const uint32_t *packed, size_t len, struct err *err)
{
	const struct gather *g = &j->result->gather;
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < len; i++) {
		struct fd_stream in;

		spool_read(&g->spool, packed[i], g->graph.nodes[packed[i]].size_bytes, &in);
		code = bundle_writer_small(j->writer, packed[i], &in.in, err);
	}
	return code;
}

static enum err_code fetch_layers(struct job *j, struct err *err)
{
	uint32_t *raws, *plains;
	struct layers l = {
		.gather = &j->result->gather,
		.writer = j->writer,
		.watch = &j->watch,
		.jobs = j->options->jobs,
		.raws_len = range_of(j, STORED_RAW, &raws),
		.plains_len = range_of(j, STORED_ZSTD, &plains),
	};

	l.nodes = l.raws_len > 0 ? raws : plains;
	return is_pipe(j->options) ? layers_to_pipe(&l, err) : layers_to_file(&l, err);
}

static enum err_code open_writer(struct job *j, struct err *err)
{
	const struct export_options *o = j->options;
	const struct graph *g = &j->result->gather.graph;
	enum err_code code;

	if (o->dry_run)
		return bundle_writer_open_measured(o->measured, g, o->notes, &j->writer, err);
	if (is_pipe(o))
		code = bundle_writer_open_pipe(STDOUT_FILENO, "standard output", g, o->notes, &j->writer, err);
	else
		code = bundle_writer_open(o->output, g, o->notes, o->progress, &j->writer, err);
	return code == ERR_OK && o->sign != NULL ? bundle_writer_seal(j->writer, o->sign, err) : code;
}

/* What is there, before anything large is fetched; what is small has come then. */
static enum err_code survey(struct job *j, struct err *err)
{
	struct export_result *r = j->result;
	struct watch *watch = j->options->dry_run ? NULL : &j->watch;
	enum err_code code = ERR_OK;

	if (watch != NULL)
		code = watch_init(watch, &r->gather.graph, j->options->progress, err);
	return code == ERR_OK ? survey_run(&r->gather, r->order, r->order_len, j->options->jobs, watch,
					   j->options->admission != NULL, err)
			      : code;
}

static enum err_code write_bundle(struct job *j, struct err *err)
{
	uint32_t *packed;
	size_t packed_len;
	enum err_code code = open_writer(j, err);

	if (code == ERR_OK)
		code = list_nodes(j, err);
	if (code != ERR_OK)
		return code;
	packed_len = range_of(j, STORED_PACKED, &packed);
	code = write_small(j, packed, packed_len, err);
	j->result->size = bundle_writer_size(j->writer);
	if (code != ERR_OK || j->options->dry_run)
		return code;
	code = fetch_layers(j, err);
	if (code == ERR_OK)
		code = bundle_writer_finish(j->writer, err);
	if (code == ERR_OK)
		j->result->file_bytes = bundle_writer_bytes(j->writer);
	return code;
}

/* Whoever reads of a failure should know that not all was in vain. */
static enum err_code add_kept(const struct job *j, enum err_code code, struct err *err)
{
	const char *kept = j->writer != NULL ? bundle_writer_keeps(j->writer) : NULL;
	struct err why = *err;

	if (kept == NULL)
		return code;
	return err_set(err, code, "%s; what has arrived is kept in %s: the same command goes on with it", why.msg,
		       kept);
}

/* Two listings may disagree whether a thing is a manifest; then it was not read as one, and nobody knows what is below.
 */
static enum err_code check_manifests(const struct export_result *r, struct err *err)
{
	size_t i;

	for (i = 0; i < r->order_len; i++) {
		const struct node *n = &r->gather.graph.nodes[r->order[i]];

		if (role_is_manifest(n->role) && !n->expanded && !n->absent && !n->left_out)
			return err_set(err, ERR_FORMAT,
				       "%s is listed as a manifest and as something else: one listing is wrong",
				       n->digest.text);
	}
	return ERR_OK;
}

/* One processor is for the thread that receives. */
static unsigned workers(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online <= 2 ? 1 : online > WORKERS_MAX ? WORKERS_MAX : (unsigned)online - 1;
}

static void on_wait(void *ctx, const char *host, const char *why, uint64_t wait_ms)
{
	progress_remark(ctx, "%s: %s, waiting %" PRIu64 " s before it is asked again", host, why,
			(wait_ms + 999) / 1000);
}

/* The same registry, whom registries.conf lets be asked so: no news to who wrote that. */
static bool is_without_tls(const char *place, const char *other)
{
	return text_starts(place, "https://") && text_starts(other, "http://") &&
	       strcmp(place + strlen("https://"), other + strlen("http://")) == 0;
}

static void on_elsewhere(void *ctx, const char *name, const char *place, const char *other, const char *why)
{
	if (why != NULL && is_without_tls(place, other))
		progress_remark(ctx, "%s: asked at %s from now on, because %s failed: %s", name, other, place, why);
	else if (why != NULL)
		progress_note(ctx, "%s: asked at %s from now on, because %s failed: %s", name, other, place, why);
	else
		progress_remark(ctx, "%s: %s has not all of it; the rest is asked for at %s", name, place, other);
}

/* Where things lie until they have their place in the file: beside it, or where temporary files do. */
static enum err_code place_beside(const struct export_options *options, char **ret_beside, struct err *err)
{
	if (is_pipe(options) || (options->dry_run && options->measured == NULL))
		return str_format(ret_beside, err, "%s/", folder_temporary());
	return str_copy(options->output, ret_beside, err);
}

/* What registries are asked with. */
static enum err_code open_tools(const struct export_options *options, struct export_result *r, struct err *err)
{
	struct http_options http = {
		.max_active = options->jobs,
		.user_agent = BUNDLE_USER_AGENT,
		.connect_seconds = options->connect_seconds,
		.stall_seconds = options->stall_seconds,
		.on_wait = on_wait,
		.ctx = options->progress,
	};
	enum err_code code = endpoint_rules_load(&options->endpoints, &r->rules, err);

	if (code == ERR_OK)
		code = http_new(&http, &r->http, err);
	if (code == ERR_OK)
		code = wallet_new(options->login, &r->wallet, err);
	if (code == ERR_OK)
		code = tokens_new(r->http, r->wallet, &r->tokens, err);
	if (code == ERR_OK)
		code = offload_pool_new(workers(), options->jobs + http_ending_max(options->jobs) + 1, &r->pool, err);
	return code;
}

static enum err_code open_gather(const struct export_options *options, struct export_result *r, struct err *err)
{
	CLEANUP(free_ptr) char *beside = NULL;
	struct registry_options registry = {
		.rules = &r->rules,
		.outages = &r->outages,
		.on_elsewhere = on_elsewhere,
		.ctx = options->progress,
		.tokens = r->tokens,
	};
	enum err_code code = place_beside(options, &beside, err);

	if (code == ERR_OK)
		code = gather_init(&r->gather, r->http, r->pool, &registry, beside, err);
	r->gather.walk.selection = &options->notes->selection;
	return code;
}

/* Everything that the images lead to, asked for and found. */
static enum err_code ask_all(const struct export_options *options, struct export_result *r, struct err *err)
{
	enum err_code code = images_ask(&r->images, &options->images, &r->gather, err);

	if (code == ERR_OK && options->login != NULL)
		login_note_unused(options->login, options->progress);
	if (code == ERR_OK)
		code = gather_run(&r->gather, err);
	if (code == ERR_OK)
		code = images_check(&r->images, err);
	if (code == ERR_OK)
		code = site_check_want(&r->site, &r->gather.graph, err);
	if (code == ERR_OK)
		code = selection_check(&options->notes->selection, &r->gather.graph, err);
	r->referrers_left_out = walk_dropped(&r->gather.walk);
	return code;
}

/* What of that is left out, and the order of the rest. */
static enum err_code arrange(const struct export_options *options, struct export_result *r, struct err *err)
{
	enum err_code code;

	selection_leave_layers(&options->notes->selection, &r->gather.graph);
	code = site_leave_out(&r->site, &r->gather, err);
	if (code == ERR_OK)
		code = gather_supply(&r->gather, err);
	if (code == ERR_OK)
		code = graph_order(&r->gather.graph, &r->order, &r->order_len, err);
	return code == ERR_OK ? check_manifests(r, err) : code;
}

static enum err_code find_images(const struct export_options *options, struct export_result *r, struct err *err)
{
	enum err_code code = site_open(&options->site, &r->site, err);

	if (code == ERR_OK)
		code = open_tools(options, r, err);
	if (code == ERR_OK)
		code = open_gather(options, r, err);
	if (code == ERR_OK)
		code = ask_all(options, r, err);
	return code == ERR_OK ? arrange(options, r, err) : code;
}

enum err_code export_run(const struct export_options *options, struct export_result *result, struct err *err)
{
	CLEANUP(job_release) struct job j = { .options = options, .result = result };
	enum err_code code;

	*result = (struct export_result){ .gather.spool.fd = -1 };
	code = find_images(options, result, err);
	if (code == ERR_OK)
		code = survey(&j, err);
	if (code == ERR_OK) /* what is absent is known now */
		code = attested_of_graph(&result->attested, &result->gather.graph, err);
	attested_sort(&result->attested);
	if (code == ERR_OK && options->admission != NULL)
		code = judge_images(options->admission, &result->gather, err);
	if (code == ERR_OK)
		code = write_bundle(&j, err);
	if (code == ERR_OK && options->dry_run)
		code = unasked_weigh(&result->gather, &result->unasked, err);
	return code == ERR_OK ? ERR_OK : add_kept(&j, code, err);
}

void export_release(struct export_result *result)
{
	free(result->order);
	http_free(result->http); /* first: what it still holds are the sources' calls */
	gather_release(&result->gather);
	images_release(&result->images);
	tokens_free(result->tokens);
	wallet_free(result->wallet);
	endpoint_rules_release(&result->rules);
	intern_release(&result->outages.bases);
	intern_release(&result->outages.silent);
	attested_release(&result->attested);
	site_release(&result->site);
	offload_pool_free(result->pool);
	*result = (struct export_result){ .gather.spool.fd = -1 };
}
