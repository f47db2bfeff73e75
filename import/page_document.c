#include "import/page_document.h"

#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "import/page_findings.h"
#include "import/page_json.h"
#include "import/page_provenance.h"
#include "import/page_sbom.h"

#define SUBJECTS_MAX ((size_t)20)

struct page_words page_words_of_document(const struct node *n, const struct document *d)
{
	const struct page_words *said = page_words_of(d->predicate_type);
	struct page_words words = page_words_of_node(n);

	if (said != NULL)
		return *said;
	if (d->predicate_type != NULL)
		return (struct page_words){ .kind = "Statement", .name = d->predicate_type };
	if (d->form == DOCUMENT_SPDX)
		return *page_words_of("application/spdx");
	if (d->form == DOCUMENT_CYCLONEDX)
		return *page_words_of("application/vnd.cyclonedx");
	if (d->form == DOCUMENT_OPENVEX)
		return *page_words_of("https://openvex.dev/ns");
	return words;
}

/* A predicate that its summary does not know says nothing here; neither does what is no statement. */
const char *page_claim(const struct document *d, char out[PREDICATE_TEXT_MAX])
{
	out[0] = '\0';
	return d->statement != NULL ? predicate_summary(d->statement, out) : out;
}

static void put_envelope(struct html *h, const struct document *d)
{
	const struct document_signed *s = &d->beside;
	char text[128];

	if (d->envelope == DOCUMENT_BARE)
		return;
	snprintf(text, sizeof(text), "%s, %zu signature%s",
		 d->envelope == DOCUMENT_SIGSTORE ? "Sigstore bundle" : "DSSE", s->signatures,
		 s->signatures == 1 ? "" : "s");
	page_fact_begin(h, "Envelope", false);
	page_text(h, text);
	html_raw(h, " <span class=\"note\">not checked here</span>");
	page_fact_end(h);
	page_fact(h, "Key", true, s->hint);
	if (s->certificate)
		page_fact(h, "Certificate", false, "in the bundle");
	if (s->log_entries > 0) {
		snprintf(text, sizeof(text), "%zu", s->log_entries);
		page_fact(h, "Log entries", false, text);
	}
	if (s->timestamps > 0) {
		snprintf(text, sizeof(text), "%zu", s->timestamps);
		page_fact(h, "Timestamps", false, text);
	}
}

static void put_facts(const struct page_view *v, const struct node *n, const struct document *d)
{
	struct html *h = v->html;

	page_facts_begin(h);
	page_fact_begin(h, "Digest", false);
	page_digest(h, n->digest.text);
	page_fact_end(h);
	page_fact_begin(h, "Size", false);
	page_size(h, n->size_bytes);
	page_fact_end(h);
	page_fact(h, "Media type", false, n->media_type);
	page_fact(h, "Predicate type", false, d->predicate_type);
	put_envelope(h, d);
	page_facts_end(h);
}

/* A subject counts by its digest alone, so the digest says which of the things here it is. */
static void put_subject(const struct page_view *v, const struct json_t *subject)
{
	const struct json_t *set = js_object(subject, "digest");
	struct html *h = v->html;
	const char *key, *platform;
	char text[DIGEST_TEXT_SIZE];
	struct digest digest;
	uint32_t node;

	html_begin(h, "li", NULL);
	if (js_string(subject, "name") != NULL)
		page_text(h, js_string(subject, "name"));
	for (key = js_next(set, NULL); key != NULL; key = js_next(set, key)) {
		if (js_string(set, key) == NULL ||
		    snprintf(text, sizeof(text), "%s:%s", key, js_string(set, key)) >= (int)sizeof(text))
			continue;
		html_raw(h, " ");
		page_digest(h, text);
		node = digest_parse(text, &digest, NULL) == ERR_OK ? graph_find(v->graph, &digest) : NODE_NONE;
		if (node == NODE_NONE)
			continue;
		platform = graph_platform(v->graph, node, 0);
		html_raw(h, " <span class=\"note\">here: ");
		page_text(h, platform != NULL ? platform : role_name(v->graph->nodes[node].role));
		html_raw(h, "</span>");
	}
	html_end(h);
}

static void put_subjects(const struct page_view *v, const struct document *d)
{
	const struct json_t *subjects = js_array(d->statement, "subject");
	struct html *h = v->html;
	char count[PAGE_COUNT_MAX];
	size_t i;

	if (js_len(subjects) == 0)
		return;
	page_facts_begin(h);
	page_fact_begin(h, js_len(subjects) == 1 ? "Subject" : "Subjects", false);
	html_begin(h, "ul", "plain");
	for (i = 0; i < js_len(subjects) && i < SUBJECTS_MAX; i++)
		put_subject(v, js_at(subjects, i));
	if (i < js_len(subjects)) {
		html_begin(h, "li", "note");
		html_printf(h, "and %s more", page_count(js_len(subjects) - i, count));
		html_end(h);
	}
	html_end(h);
	page_fact_end(h);
	page_facts_end(h);
}

static void put_command(struct html *h, const char *digest)
{
	html_begin(h, "code", NULL);
	html_text(h, "bundle cat FILE ");
	html_text(h, digest);
	html_end(h);
}

static void put_opaque(const struct page_view *v, const struct node *n, const struct document *d)
{
	struct html *h = v->html;

	html_begin(h, "p", "cut");
	html_text(h, d->form == DOCUMENT_ABSENT ? "It is not here: the source did not have it."
		     : d->raw.len == 0          ? "It is not shown here: "
						: "It is shown as it is: ");
	if (d->form != DOCUMENT_ABSENT) {
		page_text(h, d->why.msg);
		html_raw(h, ". All of it: ");
		put_command(h, n->digest.text);
	}
	html_end(h);
}

static void put_other(const struct page_view *v, const struct document *d)
{
	if (d->statement != NULL && js_next(d->body, NULL) == NULL)
		html_raw(v->html, "<p>Beyond its subject it says nothing.</p>\n");
	else
		page_json(v->html, d->body);
}

static void put_body(const struct page_view *v, uint32_t node, const struct document *d)
{
	switch (d->form) {
	case DOCUMENT_SLSA_V1:
		page_slsa_v1(v, d, node);
		break;
	case DOCUMENT_SLSA_V02:
		page_slsa_v02(v, d, node);
		break;
	case DOCUMENT_SPDX:
		page_spdx(v, d, node);
		break;
	case DOCUMENT_CYCLONEDX:
		page_cyclonedx(v, d, node);
		break;
	case DOCUMENT_OPENVEX:
		page_openvex(v, d, node);
		break;
	case DOCUMENT_SCAN:
		page_scan(v, d, node);
		break;
	default:
		put_other(v, d);
	}
}

/* Everything from here on somebody wrote, and nobody proved. */
static void put_claims(const struct page_view *v, uint32_t node, const struct document *d, unsigned level)
{
	const char *heading = level == 1 ? "h2" : "h4";
	struct html *h = v->html;
	bool manifest = role_is_manifest(v->graph->nodes[node].role);

	html_begin(h, heading, "says");
	html_text(h, manifest ? "Content" : "What it says ");
	if (!manifest)
		page_claimed(h);
	html_end(h);
	html_raw(h, "\n");
	if (d->statement != NULL)
		put_subjects(v, d);
	put_body(v, node, d);
}

/* Served, all of it is a link away; in a report its size is what matters. */
static size_t raw_max(const struct page_view *v)
{
	return v->file == NULL ? LIMIT_DOCUMENT_RAW_BYTES : LIMIT_DOCUMENT_RAW_BYTES / 8;
}

static void put_raw_link(const struct page_view *v, const struct node *n)
{
	html_begin(v->html, "p", NULL);
	html_begin(v->html, "a", NULL);
	html_href_query(v->html,
			(const char *const[][2]){ { "image", v->image }, { "raw", n->digest.text }, { NULL, NULL } });
	html_text(v->html, "Open it raw, as a text");
	html_end(v->html);
	html_end(v->html);
}

static void put_raw(const struct page_view *v, const struct node *n, const struct document *d)
{
	size_t len = d->raw.len < raw_max(v) ? d->raw.len : raw_max(v);
	struct html *h = v->html;

	if (v->file == NULL && d->form != DOCUMENT_ABSENT)
		put_raw_link(v, n);
	if (len == 0)
		return;
	html_raw(h, "<details><summary>Raw, byte for byte</summary>\n");
	html_begin(h, "pre", "raw");
	html_attr(h, "tabindex", "0");
	html_bytes(h, buf_text(&d->raw), len);
	html_end(h);
	if (len < n->size_bytes) {
		html_begin(h, "p", "cut");
		html_text(h, "Cut here. All of it: ");
		put_command(h, n->digest.text);
		html_end(h);
	}
	html_raw(h, "</details>\n");
}

static void put_heading(struct html *h, const char *heading, const struct page_words *words)
{
	html_begin(h, heading, NULL);
	html_element(h, "span", "kind", words->kind);
	html_raw(h, " ");
	page_text(h, words->name);
	html_end(h);
	html_raw(h, "\n");
}

void page_document_put(const struct page_view *v, uint32_t node, const struct document *d, unsigned level)
{
	const struct node *n = &v->graph->nodes[node];
	struct page_words words = page_words_of_document(n, d);

	html_begin(v->html, "article", "document");
	html_attr(v->html, "id", n->digest.text);
	put_heading(v->html, level == 1 ? "h1" : "h3", &words);
	put_facts(v, n, d);
	if (d->form < DOCUMENT_OPAQUE)
		put_claims(v, node, d, level);
	else
		put_opaque(v, n, d);
	put_raw(v, n, d);
	html_end(v->html);
	html_raw(v->html, "\n");
}

enum err_code page_document(const struct page_view *v, uint32_t node, unsigned level, struct err *err)
{
	CLEANUP(document_release) struct document d = { 0 };
	struct descriptor descriptor = node_descriptor(&v->graph->nodes[node]);
	enum err_code code = document_read(v->source, &descriptor, &d, err);

	if (code == ERR_OK)
		page_document_put(v, node, &d, level);
	return code;
}
