/* bundle extract: the command. */
#include <stdio.h>
#include <stdlib.h>

#include "bundles/admission.h"
#include "bundles/commands.h"
#include "bundles/contents.h"
#include "bundles/journal_file.h"
#include "bundles/origin.h"
#include "bundles/profile.h"
#include "bundles/reader.h"
#include "bundles/room.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/progress.h"
#include "common/report.h"

struct options {
	struct opt_list keys, seals;
	const char *policy;
	unsigned threshold;
	bool insecure_policy, quiet;
};

static const struct opt opts[] = {
	ORIGIN_OPTS(struct options),
	ADMISSION_OPTS(struct options),
	{ "quiet", 'q', NULL, "show no progress", 0, OPT_SETS(struct options, quiet) },
};

struct extraction {
	const struct options *options;
	struct bundle *bundle;
	struct origin origin;
	struct admission admission;
	struct layout *layout;
	struct graph graph;
	uint32_t *order;
	size_t order_len;
	struct progress progress;
};

static void extraction_release(struct extraction *x)
{
	free_ptr(&x->order);
	graph_release(&x->graph);
	layout_close(x->layout);
	admission_release(&x->admission);
	origin_release(&x->origin);
	bundle_close(x->bundle);
}

static enum err_code put_blob(struct extraction *x, const struct node *n, struct err *err)
{
	struct instream *in = NULL;
	enum err_code code = bundle_blob(x->bundle, &n->digest, &in, err);

	if (code != ERR_OK)
		return code;
	code = layout_put(x->layout, &n->digest, n->size_bytes, in, err);
	instream_release(in);
	if (code != ERR_OK)
		return err_add(err, "%s: %s", bundle_path(x->bundle), n->digest.text);
	progress_advance(&x->progress, PROGRESS_NONE, n->size_bytes);
	return ERR_OK;
}

/* What has its name there already needs no room, whatever becomes of it. */
static enum err_code check_room(const struct extraction *x, struct err *err)
{
	uint64_t total_bytes = 0, largest_bytes = 0;
	size_t i;

	for (i = 0; i < x->order_len; i++) {
		const struct node *n = &x->graph.nodes[x->order[i]];

		if (!node_is_carried(n) || layout_is_there(x->layout, &n->digest))
			continue;
		total_bytes += n->size_bytes;
		largest_bytes = n->size_bytes > largest_bytes ? n->size_bytes : largest_bytes;
	}
	return room_check_folder(layout_path(x->layout), total_bytes, largest_bytes, err);
}

static enum err_code put_blobs(struct extraction *x, struct err *err)
{
	enum err_code code = check_room(x, err);
	uint64_t total_bytes = 0;
	size_t i;

	for (i = 0; i < x->order_len; i++)
		total_bytes +=
			node_is_carried(&x->graph.nodes[x->order[i]]) ? x->graph.nodes[x->order[i]].size_bytes : 0;
	progress_total(&x->progress, total_bytes);
	for (i = 0; code == ERR_OK && i < x->order_len; i++) {
		if (node_is_carried(&x->graph.nodes[x->order[i]]))
			code = put_blob(x, &x->graph.nodes[x->order[i]], err);
	}
	return code;
}

static enum err_code write_down(const struct extraction *x, const char *file, struct err *err)
{
	return x->admission.bypassed ? journal_bypass("extract", file, bundle_digest(x->bundle), err) : ERR_OK;
}

static enum err_code open_both(struct extraction *x, const char *file, const char *folder, struct err *err)
{
	struct origin_wanted wanted = {
		.keys = &x->options->keys,
		.seals = &x->options->seals,
		.threshold = x->options->threshold,
	};
	struct admission_wanted policies = {
		.policy = x->options->policy,
		.insecure = x->options->insecure_policy,
	};
	enum err_code code = admission_load(&policies, &x->admission, err);

	if (code == ERR_OK)
		code = bundle_open(file, &x->bundle, err);
	if (code == ERR_OK)
		code = origin_demand(x->bundle, &wanted, &x->origin, err);
	if (code == ERR_OK)
		code = contents_walk(x->bundle, NULL, NULL, &x->graph, err);
	if (code == ERR_OK)
		code = graph_settle(&x->graph, err);
	if (code == ERR_OK)
		contents_mark(x->bundle, &x->graph);
	if (code == ERR_OK)
		code = origin_check_graph(x->bundle, &x->origin, &x->graph, NULL, err);
	if (code == ERR_OK)
		code = admission_check_bundle(&x->admission, x->bundle, &x->graph, NULL, err);
	if (code == ERR_OK)
		code = write_down(x, file, err);
	if (code == ERR_OK)
		code = graph_order(&x->graph, &x->order, &x->order_len, err);
	if (code == ERR_OK)
		code = layout_open(folder, true, &x->layout, err);
	return code == ERR_OK ? layout_lock(x->layout, err) : code;
}

/* A name that points elsewhere in a layout that is there stays where it is. */
static enum err_code check_names(const struct extraction *x, struct err *err)
{
	size_t i;

	for (i = 0; i < x->graph.images_len; i++) {
		const struct image *image = &x->graph.images[i];
		const struct layout_entry *entry = layout_find(x->layout, image->name);
		const struct digest *is = &x->graph.nodes[image->root].digest;
		struct digest there = entry != NULL ? digest_unpack(&entry->digest) : *is;

		if (!digest_equal(&there, is))
			return err_set(
				err, ERR_CONFLICT,
				"%s: %s is there already and another image: %s there, %s here; extract into another "
				"folder",
				layout_path(x->layout), image->name, there.text, is->text);
	}
	return ERR_OK;
}

static enum err_code extract(struct extraction *x, const char *file, const char *folder, struct err *err)
{
	CLEANUP(buf_release) struct buf index = { 0 };
	enum err_code code = open_both(x, file, folder, err);

	buf_init(&index, LIMIT_DESCRIPTION_BYTES);
	if (code == ERR_OK)
		code = check_names(x, err);
	if (code == ERR_OK)
		code = put_blobs(x, err);
	if (code == ERR_OK)
		code = profile_write(x->layout, &x->graph, &index, err);
	return code == ERR_OK ? layout_publish(x->layout, buf_text(&index), index.len, err) : code;
}

/* Layers that the bundle leaves out, and blobs that its source lacked, may be there already; where they are not, the
 * images are not whole. */
static enum err_code check_whole(const struct extraction *x, struct err *err)
{
	size_t missing = 0, lines = 0, i;

	for (i = 0; i < x->order_len; i++) {
		const struct node *n = &x->graph.nodes[x->order[i]];

		if ((!n->absent && n->holder.image == NULL) || layout_has(x->layout, &n->digest, n->size_bytes))
			continue;
		missing += n->holder.image != NULL;
		if (lines++ >= REPORT_LINES)
			continue;
		fprintf(stderr, "%s extract: %s: %s %s\n", OPT_PROGRAM,
			n->absent ? "was absent at the source of the bundle" : "left out of the bundle",
			node_known_as(n), n->digest.text);
	}
	if (lines > REPORT_LINES)
		fprintf(stderr, "%s extract: and %zu more; bundle inspect --blobs lists all\n", OPT_PROGRAM,
			lines - REPORT_LINES);
	if (missing == 0)
		return ERR_OK;
	return err_set(err, ERR_PARTIAL, "done, but %zu layer%s left out of the bundle and %s not in %s", missing,
		       missing == 1 ? " was" : "s were", missing == 1 ? "is" : "are", layout_path(x->layout));
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	CLEANUP(extraction_release) struct extraction x = { .options = options };
	struct err err = { 0 };
	enum err_code code;
	size_t i;

	graph_init(&x.graph);
	progress_init(&x.progress, options->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, stderr, NULL);
	code = extract(&x, operands->items[0], operands->items[1], &err);
	progress_done(&x.progress);
	for (i = 0; code == ERR_OK && i < x.graph.images_len; i++)
		printf("%s  %s\n", x.graph.images[i].name, x.graph.nodes[x.graph.images[i].root].digest.text);
	if (code == ERR_OK)
		code = check_whole(&x, &err);
	return report_end(c, false, code, &err);
}

const struct command extract_command = {
	.name = "extract",
	.synopsis = "[option]... FILE DIR",
	.summary = "unpack a bundle into an OCI layout that other tools read",
	.text = "Write every blob of a bundle, proved, into an OCI image layout: a folder that oras, skopeo, crane and "
		"cosign read, referrers included. DIR is made where it is missing; a layout that is there is added "
		"to.\n"
		"With a key, here or in /etc/bundle/keys.d, a bundle that was not sealed by it is refused; with a "
		"policy, here or in /etc/bundle/policy.json, one with an image that it does not accept.",
	.operand = "FILE and DIR",
	.args_min = 2,
	.args_max = 2,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3) | OPT_STATUS(4),
	.run = run,
};
