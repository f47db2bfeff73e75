/* bundle inspect: the command. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/commands.h"
#include "bundles/contents.h"
#include "bundles/description_json.h"
#include "bundles/origin.h"
#include "bundles/source.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/predicate.h"
#include "common/reference.h"
#include "common/report.h"
#include "common/summary.h"
#include "common/text.h"

struct options {
	bool json, blobs;
};

static const struct opt opts[] = {
	{ "blobs", '\0', NULL, "list every blob, with its size, role and how it is stored", 0,
	  OPT_SETS(struct options, blobs) },
	{ "json", '\0', NULL, "print the bundle's own description as one JSON document", 0,
	  OPT_SETS(struct options, json) },
};

/* A line of the tree: what it is, its digest, its size. */
static void print_line(unsigned depth, const char *what, const char *more, const struct node *n)
{
	char text[512], size[TEXT_SIZE_MAX];

	snprintf(text, sizeof(text), "%s%s%s", what, more != NULL ? " " : "", more != NULL ? more : "");
	text_clean(text);
	printf("%*s%s  %s  %s%s\n", (int)depth * 2, "", text, n->digest.text, text_size(n->size_bytes, size),
	       n->absent ? "  (absent at the source)" : "");
}

/* What is shown, and what of it has been. */
struct view {
	struct source *source; /* of the bundle: what is asked for in its order is decoded once */
	const struct graph *g;
	bool *shown; /* by node */
};

static uint64_t content_bytes(const struct graph *g, const struct node *n)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < n->edges_len; i++)
		bytes += g->nodes[g->edges[n->edges + i].to].size_bytes;
	return bytes;
}

static void print_platform(struct view *v, unsigned depth, const struct node *n)
{
	const char *platform = n->platform != NULL ? n->platform : "image";
	char size[TEXT_SIZE_MAX];

	if (n->absent)
		print_line(depth, platform, NULL, n);
	else
		printf("%*s%s  %s  %s of layers and config\n", (int)depth * 2, "", platform, n->digest.text,
		       text_size(content_bytes(v->g, n), size));
}

static enum err_code have_it(void *ctx, struct err *err)
{
	(void)ctx;
	(void)err;
	return ERR_OK;
}

/* What a statement claims, where it is small enough to be read for that.  What cannot be read is verify's to complain
 * about. */
static void print_claims(const struct view *v, unsigned depth, const struct node *n)
{
	CLEANUP(buf_release) struct buf bytes = { .max = LIMIT_STATEMENT_PARSED_BYTES };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct descriptor d = node_descriptor(n);
	struct buf_stage stage;
	char line[PREDICATE_TEXT_MAX];

	if (n->absent || n->size_bytes > LIMIT_STATEMENT_PARSED_BYTES)
		return;
	buf_stage_init(&stage, &bytes);
	if (v->source->blob(v->source, &d, 0, d.size_bytes, &stage.out, have_it, NULL, NULL) == ERR_OK &&
	    js_read(buf_text(&bytes), bytes.len, n->digest.text, &json, NULL) == ERR_OK &&
	    *predicate_summary(json, line) != '\0')
		printf("%*sclaims: %s\n", (int)depth * 2, "", line);
}

static void print_statements(struct view *v, unsigned depth, const struct node *n)
{
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		const struct node *s = &v->g->nodes[v->g->edges[n->edges + i].to];

		if (s->role != ROLE_STATEMENT)
			continue;
		print_line(depth, "statement", s->predicate_type, s);
		print_claims(v, depth + 1, s);
	}
}

static void print_node(struct view *v, uint32_t node, enum link_kind kind, unsigned depth);

/* What a referrer is for a person: its tag says it where it has one, else what it claims to hold. */
static void print_referrer(const struct node *n, enum link_kind kind, unsigned depth)
{
	static const char *const tagged[LINK_COUNT] = {
		[LINK_SIG] = "cosign signature",
		[LINK_ATT] = "cosign attestation",
		[LINK_SBOM] = "cosign SBOM",
	};

	if (tagged[kind] != NULL)
		print_line(depth, tagged[kind], NULL, n);
	else
		print_line(depth, "referrer", n->predicate_type != NULL ? n->predicate_type : n->artifact_type, n);
}

/* What refers to a node, each once however many ways it is tied. */
static void print_referrers(struct view *v, uint32_t node, unsigned depth)
{
	const struct link *links;
	size_t len = graph_links_of(v->g, node, &links), i, j;

	for (i = 0; i < len; i++) {
		for (j = 0; j < i && links[j].referrer != links[i].referrer; j++)
			;
		if (j == i)
			print_node(v, links[i].referrer, links[i].kind, depth);
	}
}

static void print_children(struct view *v, const struct node *n, unsigned depth)
{
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		uint32_t child = v->g->edges[n->edges + i].to;

		/* an attestation is shown below the image that it is about */
		if (role_is_manifest(v->g->nodes[child].role) && v->g->nodes[child].role != ROLE_ATTESTATION)
			print_node(v, child, LINK_SUBJECT, depth);
	}
}

static void print_node(struct view *v, uint32_t node, enum link_kind kind, unsigned depth)
{
	const struct node *n = &v->g->nodes[node];

	if (depth > LIMIT_GRAPH_DEPTH)
		return;
	if (n->role == ROLE_MANIFEST)
		print_platform(v, depth, n);
	else if (n->role == ROLE_ATTESTATION)
		print_line(depth, "attestation manifest", NULL, n);
	else if (n->role == ROLE_REFERRER)
		print_referrer(n, kind, depth);
	else
		print_line(depth, "index", NULL, n);
	if (v->shown[node])
		return; /* what lies below it stands above: a hostile bundle must not grow without end when it is shown
			 */
	v->shown[node] = true;
	print_statements(v, depth + 1, n);
	print_children(v, n, depth + 1);
	print_referrers(v, node, depth + 1);
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

/* The exporter's own words. */
static void print_notes(const struct description_notes *notes)
{
	char key[512], value[LIMIT_TEXT_BYTES + 1];
	size_t i;

	if (notes->stream != NULL) {
		snprintf(value, sizeof(value), "%s", notes->stream);
		text_clean(value);
		printf("stream %s, serial %" PRIu64 "\n", value, notes->serial);
	}
	for (i = 0; i < notes->annotations_len; i++) {
		snprintf(key, sizeof(key), "%s", notes->annotations[i].key);
		snprintf(value, sizeof(value), "%s", notes->annotations[i].value);
		text_clean(key);
		text_clean(value);
		printf("annotation %s: %s\n", key, value);
	}
}

static enum err_code print_tree(const struct bundle *b, const struct graph *g, const struct summary *s, struct err *err)
{
	CLEANUP(free_ptr) bool *shown = calloc(g->nodes_len + 1, sizeof(*shown));
	struct view v = { .g = g, .shown = shown };
	char counts[SUMMARY_TEXT_MAX], size[TEXT_SIZE_MAX];
	enum err_code code = shown != NULL ? bundle_source_new(b, &v.source, err) : err_nomem(err);
	size_t i;

	if (code != ERR_OK)
		return code;
	printf("%s  %s  %s\n", bundle_path(b), bundle_digest(b)->text, text_size(bundle_size(b), size));
	print_notes(&bundle_description(b)->notes);
	for (i = 0; i < g->images_len; i++) {
		printf("%s\n", g->images[i].name);
		print_node(&v, g->images[i].root, LINK_SUBJECT, 1);
	}
	v.source->free(v.source);
	printf("%s; %s\n", summary_text(s, counts), text_size(s->bytes, size));
	if (s->prerequisites > 0)
		printf("%zu layer%s of %s left out: the target must have %s (--blobs lists them)\n", s->prerequisites,
		       s->prerequisites == 1 ? "" : "s", text_size(s->prerequisite_bytes, size),
		       s->prerequisites == 1 ? "it" : "them");
	if (s->absent > 0)
		printf("%zu manifest%s absent at the source\n", s->absent, s->absent == 1 ? " was" : "s were");
	return ERR_OK;
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

/* {"schemaVersion":1,"file":…,"fileBytes":…,"digest":…,"seals":[{"slot":…,"hint":…}],"description":…} */
static enum err_code print_json(const struct bundle *b, const struct origin *origin, const struct graph *g,
				struct err *err)
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
	js_key(&o, "description");
	if (g != NULL)
		js_put_value(&o, image);
	else
		code = description_put(&o, b, err);
	js_end(&o, '}');
	return code == ERR_OK ? js_end_document(&o, err) : code;
}

static enum err_code inspect_tree(const struct bundle *b, const struct origin *origin, const struct graph *g,
				  struct err *err)
{
	CLEANUP(free_ptr) uint32_t *order = NULL;
	struct summary s;
	size_t len = 0;
	enum err_code code = graph_order(g, &order, &len, err);

	if (code != ERR_OK)
		return code;
	s = summary_of(g, order, len);
	code = print_tree(b, g, &s, err);
	if (code == ERR_OK)
		print_seals(origin);
	return code;
}

/* The images to be shown, walked: the one that is named, else all. */
static enum err_code walk(const struct bundle *b, const char *name, struct graph *g, struct err *err)
{
	enum err_code code = name == NULL ? contents_walk(b, NULL, NULL, g, err) : contents_walk_image(b, name, g, err);

	if (code == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "%s: no image %s in this bundle: bundle inspect %s lists them",
			       bundle_path(b), name, bundle_path(b));
	if (code == ERR_OK)
		code = graph_settle(g, err);
	if (code == ERR_OK)
		contents_mark(b, g);
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

	return code == ERR_OK ? walk(*ret_bundle, name, g, err) : code;
}

/* One image, from as little of the file as tells all of it. */
static enum err_code open_image(const char *file, const char *name, struct bundle **ret_bundle, struct graph *g,
				struct err *err)
{
	enum err_code code = bundle_open_image(file, name, ret_bundle, err);

	if (code == ERR_OK)
		code = walk(*ret_bundle, name, g, err);
	if (code != ERR_OK || !lacks_something(*ret_bundle, g))
		return code;
	graph_release(g);
	bundle_close(take_ptr(ret_bundle));
	return open_whole(file, name, ret_bundle, g, err);
}

/* graph is what was walked: NULL where the description is printed as it stands. */
static enum err_code show(const struct options *options, const struct bundle *b, const struct graph *graph,
			  struct err *err)
{
	CLEANUP(origin_release) struct origin origin = { 0 };
	struct opt_list beside = { 0 };
	enum err_code code = origin_find(b, &beside, &origin, err);

	if (code != ERR_OK)
		return code;
	return options->json ? print_json(b, &origin, graph, err) : inspect_tree(b, &origin, graph, err);
}

static enum err_code full_name(const char *text, char **ret_name, struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	enum err_code code = reference_parse(text, &ref, err);

	if (code == ERR_OK)
		code = reference_name(&ref, ret_name, err);
	return code == ERR_FORMAT ? err_recode(err, ERR_USAGE) : code;
}

static enum err_code inspect(const struct options *options, const char *file, const char *image, struct err *err)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	CLEANUP(graph_release) struct graph g;
	CLEANUP(free_ptr) char *name = NULL;
	bool as_it_is = image == NULL && (options->json || options->blobs);
	enum err_code code = ERR_OK;

	graph_init(&g);
	if (options->blobs && (options->json || image != NULL))
		return err_set(err, ERR_USAGE,
			       "--blobs lists the blobs of the whole bundle, and goes with nothing else");
	if (image != NULL)
		code = full_name(image, &name, err);
	if (code == ERR_OK && as_it_is)
		code = bundle_open(file, &b, err);
	else if (code == ERR_OK)
		code = image != NULL ? open_image(file, name, &b, &g, err) : open_whole(file, NULL, &b, &g, err);
	if (code != ERR_OK)
		return code;
	if (!options->blobs)
		return show(options, b, as_it_is ? NULL : &g, err);
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
		"and "
		"other referrers, with digests and sizes. Manifests are proved; layers are not read: bundle verify "
		"does "
		"that.",
	.operand = "FILE",
	.args_min = 1,
	.args_max = 2,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.run = run,
};
