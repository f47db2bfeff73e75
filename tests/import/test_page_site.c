/* What a browser gets of a site: each page by its query, failures with their status, and headers that hold a page in.
 */
#include "import/page_site.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "import/page_list.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/html_check.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define APP "docker.io/library/app:1"
#define OTHER "ghcr.io/team/other:2"
#define FIELDS 4

static const struct opt_list none = { 0 };
static struct image_builder images;
static char *path, *trust;
static struct catalog *catalog;
static struct serve_answer answer;

static void open_catalog(void)
{
	const char *items[] = { path };
	struct opt_list places = { .items = items, .len = 1 };
	struct catalog_options options = { .places = &places, .origin = { .keys = &none, .seals = &none } };
	struct err err = { 0 };

	bundle_put(&images, path, 10000);
	ck_assert_msg(catalog_open(&options, &catalog, &err) == ERR_OK, "%s", err.msg);
}

static void setup(void)
{
	path = file_new();
	trust = folder_new();
	ck_assert_int_eq(setenv("BUNDLE_TRUST", trust, 1), 0);
	ck_assert_int_eq(setenv("BUNDLE_TRUST", trust, 1), 0);
	image_builder_init(&images);
	serve_answer_init(&answer);
}

static void setup_sample(void)
{
	setup();
	image_sample(&images, APP, &(struct image_sample){ 0 });
	image_sample(&images, OTHER, &(struct image_sample){ .one_manifest = true, .raw_bytes = 10 });
	open_catalog();
}

static void teardown(void)
{
	serve_answer_release(&answer);
	catalog_close(take_ptr(&catalog));
	image_builder_release(&images);
	file_remove(path);
	folder_remove(trust);
}

static const char *header(const char *name)
{
	size_t i;

	for (i = 0; i < answer.headers_len; i++) {
		if (strcmp(answer.headers[i].name, name) == 0)
			return answer.headers[i].value;
	}
	return "";
}

static unsigned readers; /* who reads documents meanwhile */

static const char *ask_with(enum serve_method method, const struct serve_field *query, size_t len)
{
	struct page_site pages = { .catalog = catalog, .reading = PTHREAD_MUTEX_INITIALIZER, .readers = readers };
	struct serve_request request = { .method = method, .path = "/", .query = query, .query_len = len };
	struct err err = { 0 };

	serve_answer_release(&answer);
	serve_answer_init(&answer);
	ck_assert_msg(page_site(&pages, &request, &answer, &err) == ERR_OK, "%s", err.msg);
	return buf_text(&answer.text);
}

/* With the parameters that are not NULL. */
static const char *ask(const char *image, const char *document, const char *query, const char *from)
{
	const struct serve_field all[FIELDS] = {
		{ "image", image }, { "document", document }, { "q", query }, { "from", from }
	};
	struct serve_field given[FIELDS];
	size_t len = 0, i;

	for (i = 0; i < FIELDS; i++) {
		if (all[i].value != NULL)
			given[len++] = all[i];
	}
	return ask_with(SERVE_GET, given, len);
}

static void check_page(const char *what, unsigned status)
{
	const char *page = buf_text(&answer.text), *wrong = html_check(page);

	ck_assert_msg(answer.status == status, "%s: %u", what, answer.status);
	ck_assert_msg(wrong == NULL, "%s: %s", what, wrong);
	ck_assert_str_eq(header("Content-Type"), "text/html; charset=utf-8");
	ck_assert_str_eq(header("X-Content-Type-Options"), "nosniff");
	ck_assert_ptr_nonnull(strstr(header("Content-Security-Policy"), "default-src 'none';"));
	ck_assert_uint_eq(html_count(page, "<main id=\"content\">"), 1);
	ck_assert_uint_eq(html_count(page, "<h1"), 1);
}

static const struct {
	const char *name, *image, *document, *query, *from; /* document "statement": that of the sample */
	unsigned status;
	const char *holds;
} pages[] = {
	{ "all images", NULL, NULL, NULL, NULL, 200, "<caption>2 images</caption>" },
	{ "an empty search", NULL, NULL, "", NULL, 200, "<caption>2 images</caption>" },
	{ "a search", NULL, NULL, "TEAM", NULL, 200, "1 of 2 images with" },
	{ "a search for nothing", NULL, NULL, "\"><script>", NULL, 200, "0 of 2 images with" },
	{ "past the end", NULL, NULL, NULL, "4000000000", 200, APP },
	{ "no number", NULL, NULL, NULL, "-1", 200, APP },
	{ "an image", APP, NULL, NULL, NULL, 200, "<h2>linux/amd64</h2>" },
	{ "an image by a short name", "app:1", NULL, NULL, NULL, 200, "<h1 class=\"name\">" APP "</h1>" },
	{ "an image without an index", OTHER, NULL, NULL, NULL, 200, "Config and layers: " },
	{ "a document", APP, "statement", NULL, NULL, 200, "SLSA provenance v1" },
	{ "no such image", "app:2", NULL, NULL, NULL, 404, "<h1>Not Found</h1>" },
	{ "no name of an image", "<script>", NULL, NULL, NULL, 400, "&lt;script&gt;" },
	{ "no digest", APP, "../../etc/passwd", NULL, NULL, 400, "<h1>Bad Request</h1>" },
	{ "no such document", APP, "sha256:0000000000000000000000000000000000000000000000000000000000000000", NULL,
	  NULL, 404, "has no document" },
	{ "another image's document", OTHER, "statement", NULL, NULL, 404, "has no document" },
	{ "a layer", APP, "layer", NULL, NULL, 404, "has no document" },
};

static const char *digest_of_type(const char *type)
{
	size_t i;

	for (i = 0; i < images.items_len; i++) {
		if (strcmp(images.items[i].media_type, type) == 0)
			return images.items[i].digest.text;
	}
	ck_abort_msg("no %s", type);
	return NULL;
}

static const char *document_of(const char *name)
{
	if (name != NULL && strcmp(name, "statement") == 0)
		return digest_of_type(TYPE_IN_TOTO);
	if (name != NULL && strcmp(name, "layer") == 0)
		return digest_of_type("application/vnd.oci.image.layer.v1.tar+gzip");
	return name;
}

START_TEST(page)
{
	const char *text;

	setup_sample();
	text = ask(pages[_i].image, document_of(pages[_i].document), pages[_i].query, pages[_i].from);
	check_page(pages[_i].name, pages[_i].status);
	ck_assert_msg(strstr(text, pages[_i].holds) != NULL, "%s: %s", pages[_i].name, text);
}
END_TEST

/* Every link of every page leads to a page, and so on until all were seen. */
START_TEST(links_lead_on)
{
	const char *text, *at;
	size_t seen = 0;

	setup_sample();
	text = ask(APP, NULL, NULL, NULL);
	for (at = strstr(text, "document="); at != NULL; at = strstr(at + 1, "document=")) {
		char digest[DIGEST_TEXT_SIZE];
		CLEANUP(free_ptr) char *rest = strdup(at);

		snprintf(digest, sizeof(digest), "%.71s", at + strlen("document="));
		ask(APP, digest, NULL, NULL);
		check_page(digest, 200);
		seen++;
		/* the page that it was found in was let go */
		text = ask(APP, NULL, NULL, NULL);
		at = strstr(text, rest);
		ck_assert_ptr_nonnull(at);
	}
	ck_assert_uint_ge(seen, 5); /* index, statement, two referrers' blobs, configs */
}
END_TEST

START_TEST(raw_is_text)
{
	struct serve_field query[] = { { "image", APP }, { "raw", NULL } };

	setup_sample();
	query[1].value = digest_of_type(TYPE_IN_TOTO);
	ask_with(SERVE_GET, query, 2);
	ck_assert_ptr_nonnull(answer.bytes);
	ck_assert_int_eq(strncmp(answer.bytes->data, "{\"_type\":", 9), 0);
	ck_assert_str_eq(header("Content-Type"), "text/plain; charset=utf-8");
	ck_assert_str_eq(header("X-Content-Type-Options"), "nosniff");
	ck_assert_ptr_nonnull(strstr(header("Content-Security-Policy"), "sandbox"));
	query[1].value = digest_of_type("application/vnd.oci.image.layer.v1.tar+gzip");
	ask_with(SERVE_GET, query, 2);
	check_page("raw layer", 404);
}
END_TEST

START_TEST(only_for_reading)
{
	setup_sample();
	ask_with(SERVE_OTHER, NULL, 0);
	check_page("another method", 405);
	ck_assert_str_eq(header("Allow"), "GET, HEAD");
	ask_with(SERVE_HEAD, NULL, 0);
	check_page("HEAD", 200);
}
END_TEST

/* Where others read documents, one may wait, and no thread more; what takes no reading is there all the same. */
START_TEST(others_read)
{
	setup_sample();
	for (readers = 0; readers <= PAGE_READERS; readers++) {
		ask(APP, NULL, NULL, NULL);
		check_page("image", readers < PAGE_READERS ? 200 : 503);
		ask(NULL, NULL, NULL, NULL);
		check_page("list", 200);
	}
	readers = 0;
}
END_TEST

/* A bundle that is changed while it is served: the list, which was read before, says that its images are not there. */
START_TEST(pulled_out)
{
	const char *text;

	setup_sample();
	ask(NULL, NULL, NULL, NULL);
	ck_assert_int_eq(truncate(path, 100), 0);
	text = ask(NULL, NULL, NULL, NULL);
	check_page("list", 200);
	ck_assert_uint_eq(html_count(text, "not there at the moment"), 2);
	ask(APP, NULL, NULL, NULL);
	check_page("image", 503);
}
END_TEST

static const struct {
	const char *from, *first, *last, *holds;
	size_t rows;
} turns[] = {
	{ NULL, "app-000:1", "app-099:1", "from=100\">Next", 100 },
	{ "100", "app-100:1", "app-199:1", "from=0\">Previous", 100 },
	{ "200", "app-200:1", "app-249:1", "201 to 250 of 250", 50 },
	{ "250", "app-000:1", "app-099:1", "1 to 100 of 250", 100 },
};

START_TEST(list_is_turned)
{
	static char names[250][64];
	const char *text;
	size_t config, manifest, i;

	setup();
	config = image_json(&images, TYPE_OCI_CONFIG, "{}");
	manifest = image_json(&images, TYPE_OCI_MANIFEST,
			      "{\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":2},\"layers\":[]}",
			      TYPE_OCI_CONFIG, images.items[config].digest.text);
	for (i = 0; i < COUNT_OF(names); i++) {
		snprintf(names[i], sizeof(names[i]), "docker.io/library/app-%03zu:1", i);
		image_tag(&images, names[i], manifest);
	}
	open_catalog();
	text = ask(NULL, NULL, NULL, turns[_i].from);
	check_page("list", 200);
	ck_assert_uint_eq(html_count(text, "scope=\"row\""), turns[_i].rows);
	ck_assert_ptr_nonnull(strstr(text, turns[_i].first));
	ck_assert_ptr_nonnull(strstr(text, turns[_i].last));
	ck_assert_ptr_nonnull(strstr(text, turns[_i].holds));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("page_site");
	TCase *t = tcase_create("page_site");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, page, 0, (int)COUNT_OF(pages));
	tcase_add_test(t, links_lead_on);
	tcase_add_test(t, raw_is_text);
	tcase_add_test(t, only_for_reading);
	tcase_add_test(t, others_read);
	tcase_add_test(t, pulled_out);
	tcase_add_loop_test(t, list_is_turned, 0, (int)COUNT_OF(turns));
	suite_add_tcase(s, t);
	return test_run(s);
}
