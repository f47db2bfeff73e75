/* What clients ask a served registry: a line each for the URL, Range, If-Range and If-None-Match. */
#include <string.h>

#include "common/mem.h"
#include "import/serve_listing.h"
#include "import/serve_names.h"
#include "import/serve_range.h"
#include "import/serve_referrers.h"
#include "import/serve_registry_path.h"
#include "import/serve_request.h"
#include "tests/fuzz/fuzz.h"

#define SIZE_BYTES 1000
#define ETAG "\"sha256:ab\""

static const struct catalog_image images[] = {
	{ .name = "docker.io/library/alpine:3", .repository_len = 24 },
	{ .name = "localhost:5000/app:1", .repository_len = 18 },
	{ .name = "r.test/a/b:1", .repository_len = 10 },
	{ .name = "s.test/a/b:1", .repository_len = 10 },
};
static const struct catalog_image *const list[] = { &images[0], &images[1], &images[2], &images[3] };

static void look_at_name(const struct serve_request *request, const char *name)
{
	struct serve_names names = { list, COUNT_OF(list) };
	char *repository = NULL;

	FUZZ_HOLDS(strstr(name, "..") == NULL && strstr(name, "//") == NULL && name[0] != '/');
	if (serve_names_find(names, name, serve_query(request, "ns"), &repository, NULL) == ERR_OK)
		FUZZ_HOLDS(strlen(repository) <= 24);
	free(repository);
}

static void look_at_page(const struct serve_request *request)
{
	static char items[][2] = { "a", "b", "c" };
	char *const texts[] = { items[0], items[1], items[2] };
	struct serve_answer answer;
	struct serve_listed page;

	if (serve_listing_page(request, texts, COUNT_OF(texts), &page, NULL) != ERR_OK)
		return;
	FUZZ_HOLDS(page.first <= page.end && page.end <= COUNT_OF(texts));
	serve_answer_init(&answer);
	(void)serve_listing_link(request, &page, texts, &answer, NULL);
	serve_answer_release(&answer);
}

static void look_at_url(const char *url)
{
	struct serve_parsed parsed;
	struct serve_registry_path path;
	enum link_kind kind;
	struct digest subject;

	if (serve_parse("GET", url, &parsed, NULL) == ERR_OK) {
		path = serve_registry_path_read(parsed.request.path);
		if (path.name[0] != '\0')
			look_at_name(&parsed.request, path.name);
		look_at_page(&parsed.request);
		(void)serve_referrers_tag(path.reference, &subject, &kind);
	}
	serve_parsed_release(&parsed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), *rest = text, *lines[4];
	struct serve_range range;
	size_t i;

	for (i = 0; i < COUNT_OF(lines); i++)
		lines[i] = rest != NULL ? strsep(&rest, "\n") : NULL;
	look_at_url(lines[0]);
	range = serve_range_if(lines[1], lines[2], ETAG, SIZE_BYTES);
	FUZZ_HOLDS(range.end_bytes <= SIZE_BYTES);
	FUZZ_HOLDS((range.from_bytes < range.end_bytes) == (range.kind != SERVE_RANGE_NONE));
	(void)serve_range_unchanged(lines[3], ETAG);
	free(text);
	return 0;
}
