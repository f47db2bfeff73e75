#include "import/page_findings.h"

#include <stdio.h>

#include "import/page_json.h"
#include "import/page_table.h"

#define CELL_MAX 512

/* A name that stands alone, or in an object under one of two members. */
static const char *name_of(const struct json_t *value, const char *first, const char *second)
{
	const char *name = js_text(value);

	name = name != NULL ? name : js_string(value, first);
	return name != NULL ? name : js_string(value, second);
}

/* "pkg:oci/app and 2 more" */
static const char *products_of(const struct json_t *statement, char out[CELL_MAX])
{
	const struct json_t *products = js_array(statement, "products");
	const char *first = name_of(js_at(products, 0), "@id", "purl");
	size_t len = js_len(products);

	if (len > 1)
		snprintf(out, CELL_MAX, "%s and %zu more", first != NULL ? first : "", len - 1);
	else
		snprintf(out, CELL_MAX, "%s", first != NULL ? first : "");
	return out;
}

static const char *reason_of(const struct json_t *statement)
{
	const char *reason = js_string(statement, "justification");

	reason = reason != NULL ? reason : js_string(statement, "impact_statement");
	return reason != NULL ? reason : js_string(statement, "action_statement");
}

static void openvex_row(struct page_table *t, const struct json_t *s)
{
	char products[CELL_MAX];

	page_table_row(t, (const char *const[PAGE_CELLS]){ name_of(js_get(s, "vulnerability"), "name", "@id"),
							   js_string(s, "status"), reason_of(s),
							   products_of(s, products) });
}

static const struct page_table_kind openvex_statements = {
	.one = "statement on a vulnerability",
	.more = "statements on vulnerabilities",
	.columns = { "Vulnerability", "Status", "Reason", "Product" },
	.code = true,
	.list = "statements",
	.row = openvex_row,
};

void page_openvex(const struct page_view *v, const struct document *d, uint32_t node)
{
	struct html *h = v->html;

	page_facts_begin(h);
	page_fact(h, "Author", true, js_string(d->body, "author"));
	page_fact(h, "Role", false, js_string(d->body, "role"));
	page_fact(h, "Written", false, js_string(d->body, "timestamp"));
	page_fact(h, "Changed", false, js_string(d->body, "last_updated"));
	page_fact(h, "Document", false, js_string(d->body, "@id"));
	page_facts_end(h);
	page_table_put(v, &openvex_statements, d, d->body, node);
}

/* "CVSS_V3 9.8, nvd high": each is an object with a method and a score. */
static const char *severity_of(const struct json_t *finding, char out[CELL_MAX])
{
	const struct json_t *severities = js_array(finding, "severity");
	size_t len = 0, i;

	out[0] = '\0';
	for (i = 0; i < js_len(severities) && len < CELL_MAX; i++) {
		const char *method = js_string(js_at(severities, i), "method");
		const char *score = js_string(js_at(severities, i), "score");

		len += (size_t)snprintf(out + len, CELL_MAX - len, "%s%s%s%s", len > 0 ? ", " : "",
					method != NULL ? method : "", method != NULL ? " " : "",
					score != NULL ? score : "");
	}
	return out;
}

static void scan_row(struct page_table *t, const struct json_t *f)
{
	char severity[CELL_MAX];

	page_table_row(t, (const char *const[PAGE_CELLS]){ js_string(f, "id"), severity_of(f, severity) });
}

static const struct page_table_kind scan_findings = {
	.one = "finding",
	.more = "findings",
	.columns = { "Finding", "Severity" },
	.list = "result",
	.row = scan_row,
};

/* cosign's record holds whatever the scanner wrote, in whatever form: that is shown as a tree. */
void page_scan(const struct page_view *v, const struct document *d, uint32_t node)
{
	const struct json_t *scanner = js_object(d->body, "scanner"), *metadata = js_object(d->body, "metadata");
	struct html *h = v->html;

	page_facts_begin(h);
	page_fact(h, "Scanner", true, js_string(scanner, "uri"));
	page_fact(h, "Version", false, js_string(scanner, "version"));
	page_fact(h, "Database", false, js_string(js_object(scanner, "db"), "version"));
	page_fact(h, "Started", false, js_string(metadata, "scanStartedOn"));
	page_fact(h, "Finished", false, js_string(metadata, "scanFinishedOn"));
	page_facts_end(h);
	if (js_array(scanner, "result") != NULL)
		page_table_put(v, &scan_findings, d, scanner, node);
	else
		page_json(h, d->body);
}
