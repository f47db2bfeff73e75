#include "export/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/mem.h"
#include "common/opt.h"
#include "common/report.h"
#include "common/summary.h"
#include "common/text.h"
#include "export/alone.h"
#include "export/losses.h"
#include "export/misfit.h"
#include "export/subset.h"

/* Absent things are said on stderr, each in a line, and make the exit status 4. */
static enum err_code report_absent(const struct export_result *r, struct err *err)
{
	const struct graph *g = &r->gather.graph;
	size_t absent = 0, manifests = 0, i;

	for (i = 0; i < r->order_len; i++) {
		const struct node *n = &g->nodes[r->order[i]];

		if (!n->absent)
			continue;
		manifests += role_is_manifest(n->role);
		if (absent++ >= REPORT_LINES)
			continue;
		fprintf(stderr, "%s export: absent at the source: %s %s%s\n", OPT_PROGRAM, node_known_as(n),
			n->digest.text,
			media_type_is_foreign(n->media_type) ? " (of a kind that only its vendor may distribute)" : "");
	}
	if (absent > REPORT_LINES)
		fprintf(stderr, "%s export: absent at the source: %zu more; --json lists them all\n", OPT_PROGRAM,
			absent - REPORT_LINES);
	if (absent > 0)
		return err_set(err, ERR_PARTIAL, "done, but %zu listed %s%s not at the source", absent,
			       manifests == absent ? "manifest" : "blob", absent == 1 ? " is" : "s are");
	return ERR_OK;
}

static void put_image(struct js_out *o, struct tree *t, const struct image *image)
{
	const struct node *root = &t->graph->nodes[image->root];

	js_begin(o, '{');
	js_member(o, "name", image->name);
	js_member(o, "digest", root->digest.text);
	js_member(o, "mediaType", root->media_type);
	tree_of(t, image);
	subset_put(t, o);
	js_end(o, '}');
}

static void put_absent(struct js_out *o, const struct export_result *r)
{
	size_t i;

	js_key(o, "absent");
	js_begin(o, '[');
	for (i = 0; i < r->order_len; i++) {
		const struct node *n = &r->gather.graph.nodes[r->order[i]];

		if (!n->absent)
			continue;
		js_begin(o, '{');
		js_member(o, "digest", n->digest.text);
		js_member(o, "role", role_name(n->role));
		js_member(o, "platform", n->platform);
		js_end(o, '}');
	}
	js_end(o, ']');
}

/* Of the file that is there, or would be. */
static void put_file_size(struct js_out *o, const struct export_report *a)
{
	if (!a->dry_run)
		js_member_uint(o, "fileBytes", a->result->file_bytes);
	else if (a->result->size.least_bytes == a->result->size.most_bytes)
		js_member_uint(o, "fileBytes", a->result->size.most_bytes);
	else
		js_member_uint(o, "fileBytesAtMost", a->result->size.most_bytes);
}

static void put_alone(struct js_out *o, const struct alone *alone)
{
	if (alone->platform == NULL)
		return;
	js_key(o, "alone");
	js_begin(o, '{');
	js_member(o, "platform", alone->platform);
	js_member_uint(o, "bytes", alone->bytes);
	js_end(o, '}');
}

static enum err_code report_json(const struct export_report *a, const struct summary *s, struct tree *t,
				 const struct alone *alone, struct err *err)
{
	const struct export_result *r = a->result;
	struct js_out o;
	size_t i;

	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member_uint(&o, "schemaVersion", 1);
	js_member(&o, "file", a->dry_run ? NULL : a->output);
	js_member_bool(&o, "dryRun", a->dry_run);
	js_member(&o, "sealedBy", a->sealed_by);
	js_key(&o, "images");
	js_begin(&o, '[');
	for (i = 0; i < r->gather.graph.images_len; i++)
		put_image(&o, t, &r->gather.graph.images[i]);
	js_end(&o, ']');
	put_absent(&o, r);
	losses_put(&r->site.since.attested, &r->attested, &o);
	js_key(&o, "totals");
	js_begin(&o, '{');
	js_member_uint(&o, "platforms", s->platforms);
	js_member_uint(&o, "attestations", s->attestations);
	js_member_uint(&o, "statements", s->statements);
	js_member_uint(&o, "referrers", s->referrers);
	js_member_uint(&o, "layers", s->layers);
	js_member_uint(&o, "blobs", s->blobs);
	js_member_uint(&o, "bytes", s->bytes);
	js_member_uint(&o, "prerequisites", s->prerequisites);
	js_member_uint(&o, "prerequisiteBytes", s->prerequisite_bytes);
	js_member_uint(&o, "subsets", subset_count(t));
	js_member_uint(&o, "referrersLeftOut", r->referrers_left_out);
	js_member_uint(&o, "layersLeftOut", s->left_layers);
	js_member_uint(&o, "leftOutBytes", s->left_out_bytes + r->unasked.bytes);
	put_file_size(&o, a);
	js_end(&o, '}');
	put_alone(&o, alone);
	js_end(&o, '}');
	return js_end_document(&o, err);
}

/* How much a choice of platforms spares. */
static void report_unasked(const struct export_result *r, const struct summary *s, FILE *to)
{
	uint64_t bytes = s->left_out_bytes - s->left_layer_bytes + r->unasked.bytes;
	char size[TEXT_SIZE_MAX];

	if (bytes > 0)
		fprintf(to, "left out with other platforms: %s%s\n", r->unasked.partial ? "at least " : "",
			text_size(bytes, size));
}

/* What would be fetched, and what would come of it. */
static void report_forecast(const struct export_result *r, const struct summary *s, FILE *to)
{
	char counts[SUMMARY_TEXT_MAX], size[TEXT_SIZE_MAX];
	bool exact = r->size.least_bytes == r->size.most_bytes;

	fprintf(to, "would fetch %s; %s\n", summary_text(s, counts), text_size(s->bytes, size));
	fprintf(to, "%zu attestation manifest%s, %zu layer%s, %zu blobs in all\n", s->attestations,
		s->attestations == 1 ? "" : "s", s->layers, s->layers == 1 ? "" : "s", s->blobs);
	fprintf(to, "the file would have %s%s (%s%" PRIu64 " bytes%s)\n", exact ? "" : "at most ",
		text_size(r->size.most_bytes, size), exact ? "" : "at most ", r->size.most_bytes,
		exact ? "" : ": some layers are compressed on the way");
	report_unasked(r, s, to);
}

/* Who took all platforms of an image may not have thought of it. */
static void report_alone(const struct summary *s, const struct alone *alone, FILE *to)
{
	char size[TEXT_SIZE_MAX], all[TEXT_SIZE_MAX];

	if (alone->platform != NULL)
		fprintf(to, "%s alone would be %s of %s (--platform %s)\n", alone->platform,
			text_size(alone->bytes, size), text_size(s->bytes, all), alone->platform);
}

static void report_text(const struct export_report *a, const struct summary *s, struct tree *t,
			const struct alone *alone)
{
	const struct export_result *r = a->result;
	char counts[SUMMARY_TEXT_MAX], size[TEXT_SIZE_MAX];
	FILE *to = a->piped ? stderr : stdout; /* the bundle itself is the result then */
	size_t i;

	for (i = 0; i < r->gather.graph.images_len; i++) {
		const struct image *image = &r->gather.graph.images[i];

		fprintf(to, "%s  %s\n", image->name, r->gather.graph.nodes[image->root].digest.text);
		tree_of(t, image);
		subset_print(t, to);
	}
	if (a->dry_run)
		report_forecast(r, s, to);
	else
		fprintf(to, "%s: %s; %s\n", a->piped ? "standard output" : a->output, summary_text(s, counts),
			text_size(r->file_bytes, size));
	if (s->prerequisites > 0)
		fprintf(to, "%zu layer%s of %s left out: the site must have %s%s%s\n", s->prerequisites,
			s->prerequisites == 1 ? "" : "s", text_size(s->prerequisite_bytes, size),
			a->since != NULL ? "what " : "them", a->since != NULL ? a->since : "",
			a->since != NULL ? " brought" : "");
	if (s->left_layers > 0)
		fprintf(to, "%zu layer%s of %s left out: attestations only\n", s->left_layers,
			s->left_layers == 1 ? "" : "s", text_size(s->left_layer_bytes, size));
	if (a->no_referrers)
		fprintf(to, "referrers left out: none was asked for\n");
	else if (r->referrers_left_out > 0)
		fprintf(to, "%zu referrer%s of other types left out\n", r->referrers_left_out,
			r->referrers_left_out == 1 ? "" : "s");
	report_alone(s, alone, to);
	if (a->sealed_by != NULL)
		fprintf(to, "sealed by key %s\n", a->sealed_by);
}

static bool is_shared(const struct graph *g, size_t link)
{
	const struct link *a = &g->links[link - 1], *b = &g->links[link];

	return a->subject == b->subject && a->kind == b->kind && b->kind != LINK_SUBJECT && b->kind != LINK_BUILDKIT;
}

/* One image out of several repositories, with tags of cosign's in each: here another bundle can still be made. */
static void report_shared_tags(const struct graph *g)
{
	uint32_t first = NODE_NONE, last = NODE_NONE;
	size_t count = 0, i;

	for (i = 1; i < g->links_len; i++) {
		if (!is_shared(g, i) || g->links[i].subject == last)
			continue;
		last = g->links[i].subject;
		first = count++ == 0 ? last : first;
	}
	if (count > 0)
		fprintf(stderr,
			"%s export: %zu manifest%s out of several repositories, with a tag of cosign's in each, the "
			"first of them %s: at a registry one tag is for all of them; export each repository into a "
			"bundle of its own\n",
			OPT_PROGRAM, count, count == 1 ? " is" : "s are", g->nodes[first].digest.text);
}

enum err_code report_export(const struct export_report *a, struct err *err)
{
	const struct export_result *r = a->result;
	struct summary s = summary_of(&r->gather.graph, r->order, r->order_len);
	CLEANUP(tree_release) struct tree t = { 0 };
	struct alone alone = { 0 };
	enum err_code code = tree_init(&t, &r->gather.graph, err);
	size_t losses;

	if (code == ERR_OK && !a->chosen)
		code = alone_of(&r->gather.graph, &alone, err);
	if (code == ERR_OK && a->json)
		code = report_json(a, &s, &t, &alone, err);
	else if (code == ERR_OK)
		report_text(a, &s, &t, &alone);
	if (code == ERR_OK) {
		subset_warn(subset_count(&t));
		report_shared_tags(&r->gather.graph);
		code = misfits_warn(&r->gather, r->gather.walk.selection, stderr, err);
	}
	if (code != ERR_OK)
		return code;
	losses = losses_print(&r->site.since.attested, &r->attested, a->since, stderr);
	code = report_absent(r, err);
	if (code == ERR_OK && losses > 0 && a->strict)
		return err_set(err, ERR_PARTIAL, "done, but less is attested than last time (--strict)");
	return code;
}
