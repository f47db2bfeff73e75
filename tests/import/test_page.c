/* Pages of images and documents that mean harm: whatever stands in names, types and statements, a page is our own
 * markup, its links stay here, and it ends. */
#include "import/page.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "bundles/source.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/page_document.h"
#include "import/page_image.h"
#include "import/page_report.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/html_check.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define EVIL "<img src=x onerror=alert(1)>'</script></style></title></pre><script>alert(2)</script>"
#define EVIL_JSON EVIL "\\\"\\u202e\\u0007"
#define EVIL_WRITTEN "&lt;img src=x onerror=alert(1)&gt;&#39;&lt;/script&gt;"
#define SLSA "https://slsa.dev/provenance/v1"
#define SPDX "https://spdx.dev/Document"

static struct image_builder images;
static struct graph graph;
static struct buf text;
static struct buf_stage stage;
static struct html html;
static struct page_view view;

struct text {
	char t[IMAGE_DESCRIPTOR_TEXT];
};

static struct text of(size_t item)
{
	struct text t;

	image_text(&images, item, t.t);
	return t;
}

static size_t put_statement(const char *type, const char *predicate)
{
	return image_json(&images, TYPE_IN_TOTO,
			  "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"" EVIL_JSON "\","
			  "\"digest\":{\"sha256\":\"" EVIL_JSON "\"}}],\"predicateType\":\"%s\",\"predicate\":%s}",
			  type, predicate);
}

/* An attestation manifest of statements, a referrer of a hostile type that brings two things, and a signature. */
static void setup_evil(void)
{
	size_t config = image_json(&images, TYPE_OCI_CONFIG, "{\"architecture\":\"amd64\"}");
	size_t layer = image_add_noise(&images, "application/x.<b>.tar+gzip", 100, 1);
	size_t image = image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s},\"layers\":[{%s}]}", of(config).t,
				  of(layer).t);
	size_t statements[] = {
		put_statement(SLSA,
			      "{\"buildDefinition\":{\"buildType\":\"javascript:alert(1)\",\"externalParameters\":"
			      "{\"" EVIL_JSON "\":[\"" EVIL_JSON "\",1.5,true,null,{},[]]},\"resolvedDependencies\":"
			      "[{\"uri\":\"" EVIL_JSON "\",\"digest\":{\"" EVIL_JSON "\":\"" EVIL_JSON "\"}}]},"
			      "\"runDetails\":{\"builder\":{\"id\":\"" EVIL_JSON "\"}}}"),
		put_statement(SPDX, "{\"name\":\"" EVIL_JSON "\",\"packages\":[{\"name\":\"" EVIL_JSON
				    "\",\"versionInfo\":7},"
				    "{},[],{\"name\":\"plain\",\"licenseDeclared\":\"" EVIL_JSON "\"}]}"),
		put_statement(EVIL_JSON, "{\"" EVIL_JSON "\":\"" EVIL_JSON "\"}"),
	};
	size_t attestation =
		image_json(&images, TYPE_OCI_MANIFEST,
			   "{\"config\":{%s},\"layers\":[{%s,\"annotations\":{\"%s\":\"%s\"}},{%s,\"annotations\":{\"%"
			   "s\":\"%s\"}},"
			   "{%s,\"annotations\":{\"%s\":\"%s\"}}]}",
			   of(config).t, of(statements[0]).t, ANNOTATION_PREDICATE_TYPE, SLSA, of(statements[1]).t,
			   ANNOTATION_PREDICATE_TYPE, SPDX, of(statements[2]).t, ANNOTATION_PREDICATE_TYPE, EVIL);
	size_t web = image_add(&images, "text/html", EVIL, strlen(EVIL));
	size_t other = image_add(&images, "x/<b>", "\x00\xff\x01", 3);
	size_t index = image_json(&images, TYPE_OCI_INDEX,
				  "{\"manifests\":[{%s,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
				  "{%s,\"annotations\":{\"%s\":\"attestation-manifest\",\"%s\":\"%s\"}}]}",
				  of(image).t, of(attestation).t, ANNOTATION_REFERENCE_TYPE,
				  ANNOTATION_REFERENCE_DIGEST, images.items[image].digest.text);
	size_t referrer =
		image_json(&images, TYPE_OCI_MANIFEST,
			   "{\"artifactType\":\"" EVIL "\",\"config\":{%s},\"layers\":[{%s},{%s}],\"subject\":{%s}}",
			   of(config).t, of(web).t, of(other).t, of(image).t);

	image_refer(&images, image, referrer, LINK_SUBJECT);
	image_tag(&images, NAME, index);
	image_graph(&images, &images.source, &graph);
}

static void begin(void)
{
	buf_clear(&text);
	html_init(&html, &stage.out, LIMIT_PAGE_BYTES);
}

static void setup(void)
{
	image_builder_init(&images);
	buf_init(&text, 4 * LIMIT_PAGE_BYTES);
	buf_stage_init(&stage, &text);
	begin();
	view = (struct page_view){
		.html = &html,
		.graph = &graph,
		.source = &images.source,
		.image = NAME,
		.claims_left = PAGE_CLAIMS,
	};
}

static void teardown(void)
{
	buf_release(&text);
	graph_release(&graph);
	image_builder_release(&images);
}

static const char *finish(void)
{
	const char *wrong;

	ck_assert_int_eq(html_finish(&html, NULL), ERR_OK);
	wrong = html_check(buf_text(&text));
	ck_assert_msg(wrong == NULL, "%s", wrong);
	return buf_text(&text);
}

START_TEST(image_holds)
{
	CLEANUP(page_images_release) struct page_images p = { 0 };
	const char *page;

	setup_evil();
	page_begin(&html, EVIL, NULL);
	page_trail(&html, EVIL, EVIL);
	html_raw(&html, "<main id=\"content\">");
	ck_assert_int_eq(page_images_init(&p, &view, NULL), ERR_OK);
	ck_assert_int_eq(page_image(&p, &graph.images[0], 1, NULL), ERR_OK);
	page_end(&html);
	page = finish();
	ck_assert_uint_eq(html_count(page, "<script>"), 1);
	ck_assert_ptr_nonnull(strstr(page, EVIL_WRITTEN));
	ck_assert_ptr_nonnull(strstr(page, "SLSA provenance v1</a>"));
	ck_assert_ptr_nonnull(strstr(page, "<span class=\"claimed\">claimed</span> built by &lt;img"));
	ck_assert_ptr_nonnull(strstr(page, "<h2>linux/amd64</h2>"));
}
END_TEST

START_TEST(documents_hold)
{
	size_t i, opened = 0;

	setup_evil();
	for (i = 0; i < graph.nodes_len; i++) {
		if (!page_opens(&view, (uint32_t)i))
			continue;
		begin();
		ck_assert_int_eq(page_document(&view, (uint32_t)i, 1, NULL), ERR_OK);
		finish();
		opened++;
	}
	ck_assert_uint_eq(opened, graph.nodes_len - 1); /* all but the layer */
}
END_TEST

static uint32_t node_of(const char *predicate_type)
{
	uint32_t i;

	for (i = 0; i < graph.nodes_len; i++) {
		if (graph.nodes[i].predicate_type != NULL && strcmp(graph.nodes[i].predicate_type, predicate_type) == 0)
			return i;
	}
	ck_abort_msg("no %s", predicate_type);
	return NODE_NONE;
}

START_TEST(builder_is_claimed)
{
	const char *page;

	setup_evil();
	ck_assert_int_eq(page_document(&view, node_of(SLSA), 1, NULL), ERR_OK);
	page = finish();
	ck_assert_ptr_nonnull(strstr(page, "<dt>Builder <span class=\"claimed\">claimed</span></dt><dd>&lt;img src=x"));
	ck_assert_ptr_nonnull(strstr(page, "<dd>javascript:alert(1)</dd>"));
	ck_assert_ptr_nonnull(strstr(page, "1 resolved dependency</caption>"));
}
END_TEST

/* An image without anything but a document that refers to it, whose page this is. */
static const char *page_of(const char *media_type, const char *bytes)
{
	size_t config = image_json(&images, TYPE_OCI_CONFIG, "{}"), document, image, referrer;
	uint32_t node;

	document = image_add(&images, media_type, bytes, strlen(bytes));
	image = image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s}}", of(config).t);
	referrer = image_json(&images, TYPE_OCI_MANIFEST,
			      "{\"artifactType\":\"x/y\",\"config\":{%s},\"layers\":[{%s}],"
			      "\"subject\":{%s}}",
			      of(config).t, of(document).t, of(image).t);
	image_refer(&images, image, referrer, LINK_SUBJECT);
	image_tag(&images, NAME, image);
	image_graph(&images, &images.source, &graph);
	node = graph_find(&graph, &images.items[document].digest);
	ck_assert_int_eq(page_document(&view, node, 1, NULL), ERR_OK);
	return finish();
}

#define VEX "https://openvex.dev/ns/v0.2.0"

static const struct {
	const char *name, *bytes, *holds[3];
} findings[] = {
	{ "VEX",
	  "{\"@context\":\"" VEX "\",\"author\":\"" EVIL_JSON
	  "\",\"statements\":[{\"vulnerability\":{\"name\":\"CVE-1\"},"
	  "\"status\":\"fixed\",\"products\":[{\"@id\":\"pkg:a\"},{\"@id\":\"pkg:b\"}],\"justification\":\"" EVIL_JSON
	  "\"}]}",
	  { "<dt>Author <span class=\"claimed\">claimed</span></dt><dd>&lt;img",
	    "1 statement on a vulnerability</caption>", "CVE-1</th><td>fixed</td><td>&lt;img" } },
	{ "VEX, older",
	  "{\"@context\":\"https://openvex.dev/"
	  "ns\",\"statements\":[{\"vulnerability\":\"CVE-1\",\"status\":\"affected\","
	  "\"products\":[\"pkg:a\"],\"action_statement\":\"update\"},7]}",
	  { "2 statements", "CVE-1</th><td>affected</td><td>update</td><td class=\"mono\">pkg:a</td>",
	    "OpenVEX document" } },
	{ "a scan",
	  "{\"predicateType\":\"https://in-toto.io/attestation/vulns/"
	  "v0.1\",\"predicate\":{\"scanner\":{\"uri\":\"trivy\","
	  "\"result\":[{\"id\":\"CVE-2\",\"severity\":[{\"method\":\"nvd\",\"score\":\"9.8\"},{\"score\":\"high\"}]}]}}"
	  "}",
	  { "Scanner <span", "1 finding</caption>", "CVE-2</th><td>nvd 9.8, high</td>" } },
	{ "a scan of another form",
	  "{\"predicateType\":\"https://cosign.sigstore.dev/attestation/vuln/"
	  "v1\",\"predicate\":{\"scanner\":{\"uri\":\"trivy\","
	  "\"result\":{\"Target\":\"a\"}}}}",
	  { "Scanner <span", "Target</span>", "Vulnerability scan" } },
};

START_TEST(findings_are_tables)
{
	const char *page = page_of("application/json", findings[_i].bytes);
	size_t i;

	for (i = 0; i < 3; i++)
		ck_assert_msg(strstr(page, findings[_i].holds[i]) != NULL, "%s: no %s: %s", findings[_i].name,
			      findings[_i].holds[i], page);
}
END_TEST

/* One image with an SBOM of so many packages. */
static void setup_packages(size_t count)
{
	CLEANUP(buf_release) struct buf list = { .max = 1 << 20 };
	size_t config = image_json(&images, TYPE_OCI_CONFIG, "{}"), sbom, other, image, referrer, i;

	for (i = 0; i < count; i++)
		ck_assert_int_eq(buf_printf(&list, NULL, "%s{\"name\":\"package-%04zu\"}", i > 0 ? "," : "", i),
				 ERR_OK);
	sbom = image_json(&images, "application/spdx+json", "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[%s]}",
			  buf_text(&list));
	other = image_json(&images, "application/spdx+json", "{\"spdxVersion\":\"SPDX-2.3\"}");
	image = image_json(&images, TYPE_OCI_MANIFEST, "{\"config\":{%s}}", of(config).t);
	referrer = image_json(&images, TYPE_OCI_MANIFEST,
			      "{\"artifactType\":\"application/spdx+json\",\"config\":{%s},"
			      "\"layers\":[{%s},{%s}],\"subject\":{%s}}",
			      of(config).t, of(sbom).t, of(other).t, of(image).t);
	image_refer(&images, image, referrer, LINK_SUBJECT);
	image_tag(&images, NAME, image);
	image_graph(&images, &images.source, &graph);
}

static const struct {
	const char *name;
	size_t packages;
	const char *query;
	size_t from;
	const char *caption, *first, *last, *without; /* NULL: nothing to look for */
	size_t rows;
} tables[] = {
	{ "none", 0, NULL, 0, "0 packages</caption>", NULL, NULL, "<form", 0 },
	{ "one", 1, NULL, 0, "1 package</caption>", "package-0000", NULL, "<form", 1 },
	{ "all on one page", 500, NULL, 0, "500 packages</caption>", "package-0000", "package-0499", "<nav", 500 },
	{ "the first page", 1200, NULL, 0, "1,200 packages</caption>", "1 to 500 of 1,200", "from=500\">Next",
	  "Previous", 500 },
	{ "the second page", 1200, NULL, 500, NULL, "from=0\">Previous", "from=1000\">Next", "package-0499", 500 },
	{ "the last page", 1200, NULL, 1000, NULL, "1,001 to 1,200 of 1,200", "package-1199", "Next", 200 },
	{ "past the end", 1200, NULL, 5000, NULL, "1 to 500", NULL, NULL, 500 },
	{ "one that is searched", 1200, "0042", 0, "1 of 1,200 packages with", "package-0042", "Show all",
	  "package-0043", 1 },
	{ "in another case", 1200, "PACKAGE-11", 0, "100 of 1,200 packages", "package-1100", "package-1199", NULL,
	  100 },
	{ "many that are searched", 1200, "package-0", 0, NULL, "q=package-0&amp;from=500\">Next", NULL, NULL, 500 },
	{ "none that is searched", 1200, EVIL, 0, "0 of 1,200 packages with", "value=\"" EVIL_WRITTEN, NULL, "Next",
	  0 },
};

START_TEST(table)
{
	const char *page;
	size_t sbom;

	setup_packages(tables[_i].packages);
	for (sbom = 0; graph.nodes[sbom].role != ROLE_ARTIFACT; sbom++)
		;
	view.query = tables[_i].query;
	view.from = tables[_i].from;
	ck_assert_int_eq(page_document(&view, (uint32_t)sbom, 1, NULL), ERR_OK);
	finish();
	page = strstr(buf_text(&text), "class=\"says\"");
	*strstr(page, "<details>") = '\0'; /* without the raw document */
	if (tables[_i].caption != NULL)
		ck_assert_msg(strstr(page, tables[_i].caption) != NULL, "%s: %s", tables[_i].name, page);
	if (tables[_i].first != NULL)
		ck_assert_msg(strstr(page, tables[_i].first) != NULL, "%s: %s", tables[_i].name, page);
	if (tables[_i].last != NULL)
		ck_assert_msg(strstr(page, tables[_i].last) != NULL, "%s: %s", tables[_i].name, page);
	if (tables[_i].without != NULL)
		ck_assert_msg(strstr(page, tables[_i].without) == NULL, "%s: %s", tables[_i].name, page);
	ck_assert_uint_eq(html_count(page, "scope=\"row\""), tables[_i].rows);
}
END_TEST

/* A bundle of the images, and its report. */
static const char *report(uint64_t max_bytes)
{
	CLEANUP(bundle_close_ptr) struct bundle *b = NULL;
	struct source *source = NULL;
	char *path = file_new();
	struct err err = { 0 };

	bundle_put(&images, path, 1000);
	ck_assert_msg(bundle_open(path, &b, &err) == ERR_OK, "%s", err.msg);
	contents_mark(b, &graph);
	ck_assert_int_eq(bundle_source_new(b, &source, NULL), ERR_OK);
	buf_clear(&text);
	ck_assert_msg(page_report(b, &graph, source, max_bytes, &stage.out, &err) == ERR_OK, "%s", err.msg);
	source->free(source);
	file_remove(path);
	ck_assert_msg(html_check(buf_text(&text)) == NULL, "%s", html_check(buf_text(&text)));
	return buf_text(&text);
}

/* Every link in a report leads to a place in it. */
static void check_links(const char *page)
{
	const char *at;
	char place[300];

	for (at = strstr(page, "href=\"#"); at != NULL; at = strstr(at + 1, "href=\"#")) {
		const char *name = at + strlen("href=\"#"), *end = strchr(name, '"');

		ck_assert_int_lt(end - name, 250);
		snprintf(place, sizeof(place), " id=\"%.*s\"", (int)(end - name), name);
		ck_assert_msg(html_count(page, place) == 1, "%s: %zu", place, html_count(page, place));
	}
}

START_TEST(report_holds)
{
	const char *page;

	setup_evil();
	page = report(LIMIT_REPORT_BYTES);
	check_links(page);
	ck_assert_uint_eq(html_count(page, "href=\"/"), 0);
	ck_assert_uint_eq(html_count(page, "<form"), 0);
	ck_assert_ptr_nonnull(
		strstr(page, "http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;;"));
	ck_assert_uint_eq(html_count(page, "<article class=\"document\""), 5);
}
END_TEST

static const struct {
	uint64_t max_bytes;
	size_t images, documents;
} cuts[] = {
	{ 1, 0, 0 },
	{ 30000, 1, 1 },
	{ LIMIT_REPORT_BYTES, 1, 2 },
};

START_TEST(report_is_cut)
{
	const char *page;

	setup_packages(1200);
	page = report(cuts[_i].max_bytes);
	check_links(page);
	ck_assert_uint_eq(html_count(page, "<article class=\"image\""), cuts[_i].images);
	ck_assert_uint_eq(html_count(page, "<article class=\"document\""), cuts[_i].documents);
	if (cuts[_i].images == 0)
		ck_assert_ptr_nonnull(strstr(page, "1 more images do not fit"));
	else if (cuts[_i].documents == 1)
		ck_assert_ptr_nonnull(strstr(page, "Does not fit into this report: bundle cat FILE sha256:"));
	else
		ck_assert_ptr_nonnull(strstr(page, "700 more are not shown here."));
}
END_TEST

/* One image under two names, with what was absent and what is about nothing: each thing stands once. */
START_TEST(sample_report)
{
	const char *page;

	image_sample(&images, NAME, &(struct image_sample){ .raw_bytes = 1000, .absent_platform = true });
	image_tag(&images, "docker.io/library/app:2", images.tags[0].root);
	image_graph(&images, &images.source, &graph);
	page = report(LIMIT_REPORT_BYTES);
	check_links(page);
	ck_assert_uint_eq(html_count(page, "<article class=\"image\""), 2);
	ck_assert_uint_eq(html_count(page, "The same image stands above under another name."), 1);
	ck_assert_uint_eq(html_count(page, "absent at the source</span>"), 1);
	ck_assert_uint_eq(html_count(page, "<h3>linux/"), 1);
}
END_TEST

START_TEST(policy)
{
	char served[PAGE_POLICY_MAX], alone[PAGE_POLICY_MAX];

	ck_assert_int_eq(page_policy(true, served, NULL), ERR_OK);
	ck_assert_int_eq(page_policy(false, alone, NULL), ERR_OK);
	ck_assert_int_eq(strncmp(served, "default-src 'none'; style-src 'sha256-", 38), 0);
	ck_assert_ptr_nonnull(strstr(served, "; script-src 'sha256-"));
	ck_assert_ptr_nonnull(strstr(served, "; form-action 'self'; frame-ancestors 'none'"));
	ck_assert_ptr_nonnull(strstr(alone, "; form-action 'none'"));
	ck_assert_ptr_null(strstr(served, "unsafe"));
}
END_TEST

static const struct {
	uint64_t count;
	const char *text;
} counts[] = {
	{ 0, "0" },
	{ 999, "999" },
	{ 1000, "1,000" },
	{ 1234567, "1,234,567" },
	{ UINT64_MAX, "18,446,744,073,709,551,615" },
};

START_TEST(count)
{
	char out[PAGE_COUNT_MAX];

	ck_assert_str_eq(page_count(counts[_i].count, out), counts[_i].text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("page");
	TCase *t = tcase_create("page");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, image_holds);
	tcase_add_test(t, documents_hold);
	tcase_add_test(t, builder_is_claimed);
	tcase_add_loop_test(t, findings_are_tables, 0, (int)COUNT_OF(findings));
	tcase_add_loop_test(t, table, 0, (int)COUNT_OF(tables));
	tcase_add_test(t, report_holds);
	tcase_add_loop_test(t, report_is_cut, 0, (int)COUNT_OF(cuts));
	tcase_add_test(t, sample_report);
	tcase_add_test(t, policy);
	tcase_add_loop_test(t, count, 0, (int)COUNT_OF(counts));
	suite_add_tcase(s, t);
	return test_run(s);
}
