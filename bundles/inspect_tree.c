#include "bundles/inspect_tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bundles/source.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/predicate.h"
#include "common/text.h"

#define PLATFORMS_TEXT_MAX 512

/* A line of the tree: what it is, its digest, its size. */
static void print_line(unsigned depth, const char *what, const char *more, const struct node *n)
{
	char text[512], size[TEXT_SIZE_MAX];

	snprintf(text, sizeof(text), "%s%s%s", what, more != NULL ? " " : "", more != NULL ? more : "");
	text_clean(text);
	printf("%*s%s  %s  %s%s\n", (int)depth * 2, "", text, n->digest.text, text_size(n->size_bytes, size),
	       n->absent ? "  (absent at the source)" : "");
}

/* What came of the signatures that one manifest carries. */
struct marks {
	const struct findings *of; /* NULL: there are none */
	size_t first, len;
};

/* What is shown, and what of it has been. */
struct view {
	struct source *source; /* of the bundle: what is asked for in its order is decoded once */
	const struct graph *g;
	bool *shown;         /* by node */
	struct marks *marks; /* by node; NULL where nobody asked */
};

static void view_release(struct view *v)
{
	if (v->source != NULL)
		v->source->free(v->source);
	free(v->shown);
	free(v->marks);
}

static uint64_t content_bytes(const struct graph *g, const struct node *n, bool *ret_left_out)
{
	uint64_t bytes = 0;
	size_t i;

	*ret_left_out = false;
	for (i = 0; i < n->edges_len; i++) {
		bytes += g->nodes[g->edges[n->edges + i].to].size_bytes;
		*ret_left_out |= g->nodes[g->edges[n->edges + i].to].left_out;
	}
	return bytes;
}

static bool lacks_content(const struct graph *g, const struct node *n)
{
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		if (g->nodes[g->edges[n->edges + i].to].absent)
			return true;
	}
	return false;
}

/* All that it runs on, as far as they fit. */
static const char *platforms_of(const struct graph *g, uint32_t node, char out[PLATFORMS_TEXT_MAX])
{
	const char *one;
	size_t len = 0, i;

	snprintf(out, PLATFORMS_TEXT_MAX, "image");
	for (i = 0; (one = graph_platform(g, node, i)) != NULL && len < PLATFORMS_TEXT_MAX; i++)
		len += (size_t)snprintf(out + len, PLATFORMS_TEXT_MAX - len, "%s%s", i > 0 ? ", " : "", one);
	return out;
}

static void print_platform(struct view *v, unsigned depth, uint32_t node)
{
	const struct node *n = &v->g->nodes[node];
	char size[TEXT_SIZE_MAX], platform[PLATFORMS_TEXT_MAX];
	bool left_out;

	platforms_of(v->g, node, platform);
	text_size(content_bytes(v->g, n, &left_out), size);
	if (n->absent)
		print_line(depth, platform, NULL, n);
	else
		printf("%*s%s  %s  %s of layers and config%s%s\n", (int)depth * 2, "", platform, n->digest.text, size,
		       left_out ? ", layers left out" : "",
		       lacks_content(v->g, n) ? "  (not whole: some of it was absent at the source)" : "");
}

static bool is_child(const struct node *n)
{
	return role_is_manifest(n->role) && n->role != ROLE_ATTESTATION;
}

/* What an index lists and nobody asked for, in one line. */
static void print_left_out(const struct view *v, const struct node *n, unsigned depth)
{
	size_t count = 0, i;

	for (i = 0; i < n->edges_len; i++) {
		const struct node *child = &v->g->nodes[v->g->edges[n->edges + i].to];

		if (!child->left_out || !is_child(child))
			continue;
		if (count++ == 0)
			printf("%*sleft out: ", (int)depth * 2, "");
		printf("%s%s", count > 1 ? ", " : "", child->platform != NULL ? child->platform : child->digest.text);
	}
	if (count > 0)
		putchar('\n');
}

static enum err_code have_it(void *ctx, bool there, struct err *err)
{
	(void)ctx;
	return there ? ERR_OK : err_set(err, ERR_NOT_FOUND, "not there");
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
		if (is_child(&v->g->nodes[child]) && !v->g->nodes[child].left_out)
			print_node(v, child, LINK_SUBJECT, depth);
	}
	print_left_out(v, n, depth);
}

static void print_mark(const struct finding *f, unsigned depth)
{
	printf("%*s", (int)depth * 2, "");
	if (f->verdict == FINDING_HOLDS)
		printf("verified: signed by %s%s%s\n", f->who, f->time != NULL ? ", at " : "",
		       f->time != NULL ? f->time : "");
	else if (f->verdict == FINDING_FAILS)
		printf("NOT VERIFIED: %s\n", f->why);
	else
		printf("%s %s\n", f->is_covered ? "verified by a signature that vouches for it:" : "not signed:",
		       f->predicate_type != NULL ? f->predicate_type : "a statement");
}

static void print_marks(const struct view *v, uint32_t node, unsigned depth)
{
	size_t i;

	for (i = 0; v->marks != NULL && i < v->marks[node].len; i++)
		print_mark(&v->marks[node].of->items[v->marks[node].first + i], depth);
}

/* Findings of one manifest stand side by side; of one that belongs to several images, those of the first count. */
static void mark_findings(struct view *v, const struct findings *f)
{
	size_t i;

	for (i = 0; i < f->len; i++) {
		struct marks *m = &v->marks[f->items[i].candidate->manifest];

		if (m->of == NULL)
			*m = (struct marks){ .of = f, .first = i };
		m->len += m->of == f && i == m->first + m->len;
	}
}

static enum err_code mark_all(struct view *v, const struct images_verdict *verdict, struct err *err)
{
	size_t i;

	if (verdict == NULL)
		return ERR_OK;
	v->marks = calloc(v->g->nodes_len + 1, sizeof(*v->marks));
	if (v->marks == NULL)
		return err_nomem(err);
	for (i = 0; i < verdict->len; i++)
		mark_findings(v, &verdict->items[i].findings);
	return ERR_OK;
}

/* Whether a node has lines of its own below it. */
static bool has_below(const struct view *v, uint32_t node)
{
	const struct node *n = &v->g->nodes[node];
	const struct link *links;
	size_t i;

	for (i = 0; i < n->edges_len; i++) {
		const struct node *child = &v->g->nodes[v->g->edges[n->edges + i].to];

		if (child->role == ROLE_STATEMENT || is_child(child))
			return true;
	}
	return graph_links_of(v->g, node, &links) > 0;
}

static void print_node(struct view *v, uint32_t node, enum link_kind kind, unsigned depth)
{
	const struct node *n = &v->g->nodes[node];

	if (depth > LIMIT_GRAPH_DEPTH)
		return;
	if (n->role == ROLE_MANIFEST)
		print_platform(v, depth, node);
	else if (n->role == ROLE_ATTESTATION)
		print_line(depth, "attestation manifest", NULL, n);
	else if (n->role == ROLE_REFERRER)
		print_referrer(n, kind, depth);
	else
		print_line(depth, "index", NULL, n);
	if (v->shown[node]) { /* a hostile bundle must not grow without end when it is shown */
		if (has_below(v, node))
			printf("%*sas shown above\n", (int)(depth + 1) * 2, "");
		return;
	}
	v->shown[node] = true;
	print_marks(v, node, depth + 1);
	print_statements(v, depth + 1, n);
	print_children(v, n, depth + 1);
	print_referrers(v, node, depth + 1);
}

/* Platforms that nobody asked for are shown where they are listed. */
static void print_selection(const struct selection *s)
{
	size_t i;

	if (!s->some_referrers)
		return;
	printf("referrers taken: %s", s->types_len == 0 ? "none" : "");
	for (i = 0; i < s->types_len; i++)
		printf("%s%s", i > 0 ? ", " : "", s->types[i]);
	putchar('\n');
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
	if (notes->has_trusted_root)
		puts("a trusted root goes along, for information: nothing is trusted for it (trustedRoot in the "
		     "description)");
}

enum err_code inspect_tree_print(const struct bundle *b, const struct graph *g, const struct summary *s,
				 const struct images_verdict *verdict, struct err *err)
{
	CLEANUP(view_release) struct view v = { .g = g, .shown = calloc(g->nodes_len + 1, sizeof(*v.shown)) };
	char counts[SUMMARY_TEXT_MAX], size[TEXT_SIZE_MAX], path[TEXT_SHOWN_MAX];
	enum err_code code = v.shown != NULL ? bundle_source_new(b, &v.source, err) : err_nomem(err);
	size_t i;

	if (code == ERR_OK)
		code = mark_all(&v, verdict, err);
	if (code != ERR_OK)
		return code;
	printf("%s  %s  %s\n", text_shown(bundle_path(b), path), bundle_digest(b)->text,
	       text_size(bundle_size(b), size));
	print_notes(&bundle_description(b)->notes);
	print_selection(&bundle_description(b)->notes.selection);
	for (i = 0; i < g->images_len; i++) {
		printf("%s\n", g->images[i].name);
		print_node(&v, g->images[i].root, LINK_SUBJECT, 1);
	}
	printf("%s; %s\n", summary_text(s, counts), text_size(s->bytes, size));
	if (s->prerequisites > 0)
		printf("%zu layer%s of %s left out: the target must have %s (--blobs lists them)\n", s->prerequisites,
		       s->prerequisites == 1 ? "" : "s", text_size(s->prerequisite_bytes, size),
		       s->prerequisites == 1 ? "it" : "them");
	if (s->left_layers > 0)
		printf("%zu layer%s left out: this bundle brings what was attested, and nothing to run\n",
		       s->left_layers, s->left_layers == 1 ? "" : "s");
	if (s->absent > 0)
		printf("%zu blob%s absent at the source (--blobs lists %s)\n", s->absent,
		       s->absent == 1 ? " was" : "s were", s->absent == 1 ? "it" : "them");
	return ERR_OK;
}
