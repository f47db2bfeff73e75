/* Whole requests, to both listeners of a small site: the first line is the method and what follows it in a request,
 * each other line a header, "Name: value".
 *
 * "@a" to "@z" stand for the digests of what it serves, so that requests get behind the first look. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/layout.h"
#include "common/mem.h"
#include "import/serve_registry_error.h"
#include "import/serve_request.h"
#include "import/serve_routes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scraps.h"

#define URI_MAX (2 * LIMIT_SERVE_URL_BYTES)
#define LETTERS 26

/* What is served: scraps (scraps.h), of which 'i' is the index of a layout. */
static const char site_text[] =
	"b{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2024-01-01T00:00:00Z\"}\n---\n"
	"blayer\n---\n"
	"b{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"config\":{\"mediaType\":\"" TYPE_OCI_CONFIG
	"\",\"digest\":\"@a\",\"size\":#a},\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\","
	"\"digest\":\"@b\",\"size\":#b}]}\n---\n"
	"b{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"https://slsa.dev/provenance/v1\","
	"\"predicate\":{}}\n---\n"
	"b{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"config\":{\"mediaType\":\"" TYPE_OCI_CONFIG
	"\",\"digest\":\"@a\",\"size\":#a},\"layers\":[{\"mediaType\":\"" TYPE_IN_TOTO
	"\",\"digest\":\"@d\",\"size\":#d,\"annotations\":{\"" ANNOTATION_PREDICATE_TYPE
	"\":\"https://slsa.dev/provenance/v1\"}}]}\n---\n"
	"b{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[{\"mediaType\":\"" TYPE_OCI_MANIFEST
	"\",\"digest\":\"@c\",\"size\":#c,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},{\"mediaType\":"
	"\"" TYPE_OCI_MANIFEST "\",\"digest\":\"@e\",\"size\":#e,\"annotations\":{\"" ANNOTATION_REFERENCE_TYPE
	"\":\"attestation-manifest\",\"" ANNOTATION_REFERENCE_DIGEST
	"\":\"@c\"},\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}]}\n---\n"
	"b{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
	"\",\"artifactType\":\"application/spdx+json\",\"config\":{\"mediaType\":\"" TYPE_OCI_CONFIG
	"\",\"digest\":\"@a\",\"size\":#a},\"layers\":[],\"subject\":{\"mediaType\":\"" TYPE_OCI_INDEX
	"\",\"digest\":\"@f\",\"size\":#f}}\n---\n"
	"i{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" TYPE_OCI_INDEX
	"\",\"digest\":\"@f\",\"size\":#f,\"annotations\":{\"" ANNOTATION_IMAGE_NAME
	"\":\"docker.io/library/app:1\"}},{\"mediaType\":\"" TYPE_OCI_MANIFEST
	"\",\"digest\":\"@g\",\"size\":#g,\"annotations\":{\"" ANNOTATION_SUBJECT "\":\"@f\"}}]}\n";

/* Made once: what is served does not change. */
static struct scraps site;
static struct serve_routes routes;
static char folder[] = "/tmp/fuzz-serve-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void remove_site(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put_scrap(struct layout *l, const struct scrap *s)
{
	struct memory_stream in;

	memory_stream_init(&in, s->bytes, s->len);
	if (s->kind == 'b')
		FUZZ_HOLDS(layout_put(l, &s->digest, s->len, &in.in, NULL) == ERR_OK);
	else
		FUZZ_HOLDS(layout_publish(l, s->bytes, s->len, NULL) == ERR_OK);
}

static void put_site(const char *path)
{
	struct layout *l = NULL;
	size_t i;

	scraps_read(&site, site_text, strlen(site_text));
	FUZZ_HOLDS(layout_open(path, true, &l, NULL) == ERR_OK);
	FUZZ_HOLDS(layout_lock(l, NULL) == ERR_OK);
	for (i = 0; i < site.len; i++)
		put_scrap(l, &site.items[i]);
	layout_close(l);
}

static void make_site(void)
{
	static const struct opt_list none = { 0 };
	char *place = NULL;
	const char *items[1];
	struct opt_list places = { .items = items, .len = 1 };
	struct catalog_options options = { .places = &places, .origin = { .keys = &none, .seals = &none } };

	FUZZ_HOLDS(mkdtemp(folder) != NULL && atexit(remove_site) == 0);
	FUZZ_HOLDS(setenv("BUNDLE_TRUST", folder, 1) == 0);
	FUZZ_HOLDS(str_format(&place, NULL, "oci:%s/site", folder) == ERR_OK);
	put_site(place + strlen("oci:"));
	items[0] = place;
	FUZZ_HOLDS(catalog_open(&options, &routes.catalog, NULL) == ERR_OK);
	FUZZ_HOLDS(engine_new(routes.catalog, NULL, &routes.engine, NULL) == ERR_OK);
	FUZZ_HOLDS(serve_registry_new(routes.catalog, &routes.registry, NULL) == ERR_OK);
	routes.pages.catalog = routes.catalog;
	pthread_mutex_init(&routes.pages.reading, NULL);
	free(place);
}

/* Put digests in the places of letters. */
static void expand(const char *text, char out[URI_MAX])
{
	size_t len = 0;

	for (; *text != '\0' && len + DIGEST_TEXT_SIZE < URI_MAX; text++) {
		size_t letter = text[0] == '@' ? (size_t)(text[1] - 'a') : LETTERS;

		if (letter < LETTERS && letter < site.blobs_len) {
			len += (size_t)snprintf(out + len, URI_MAX - len, "%s",
						site.items[site.blobs[letter]].digest.text);
			text++;
		} else {
			out[len++] = *text;
		}
	}
	out[len] = '\0';
}

/* An answer has a status that is known, and headers that cannot be taken for others. */
static void look_at(const struct serve_answer *a)
{
	unsigned status = a->status != 0 ? a->status : 200;
	size_t i;

	FUZZ_HOLDS(strcmp(serve_reason(status), "Unknown") != 0 || (status >= 300 && status < 400));
	for (i = 0; i < a->headers_len; i++)
		FUZZ_HOLDS(a->headers[i].value[strcspn(a->headers[i].value, "\r\n")] == '\0');
	if (a->blob.place != NULL)
		FUZZ_HOLDS(a->blob_from <= a->blob_end && a->blob_end <= a->blob.size_bytes);
	if (a->bytes != NULL)
		FUZZ_HOLDS(a->bytes_from <= a->bytes->len && a->bytes_len <= a->bytes->len - a->bytes_from);
}

static void ask(serve_handler_fn *handler, serve_refuse_fn *refuse, const struct serve_request *request)
{
	struct serve_answer answer;
	struct err err = { .code = ERR_OK };
	enum err_code code;

	serve_answer_init(&answer);
	code = handler(&routes, request, &answer, &err);
	if (code != ERR_OK) {
		FUZZ_HOLDS(err.code == code && err.msg[0] != '\0');
		serve_answer_release(&answer);
		serve_answer_init(&answer);
		refuse(&routes, request, serve_status(code), &err, &answer);
		FUZZ_HOLDS(serve_answer_len(&answer) > 0);
	}
	look_at(&answer);
	serve_answer_release(&answer);
}

static size_t read_headers(char *text, struct serve_field *fields)
{
	size_t len = 0;
	char *line, *value;

	while ((line = strsep(&text, "\n")) != NULL && len < LIMIT_SERVE_FIELDS) {
		value = strstr(line, ": ");
		if (value == NULL)
			continue;
		*value = '\0';
		fields[len++] = (struct serve_field){ .name = line, .value = value + 2 };
	}
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(free_ptr) char *text = fuzz_string(data, size);
	struct serve_field fields[LIMIT_SERVE_FIELDS];
	struct serve_parsed parsed;
	char uri[URI_MAX], *rest = text, *line = strsep(&rest, "\n"), *method = strsep(&line, " ");

	if (routes.catalog == NULL)
		make_site();
	expand(line != NULL ? line : "/", uri);
	if (serve_parse(method, uri, &parsed, NULL) != ERR_OK)
		return 0;
	parsed.request.headers = fields;
	parsed.request.headers_len = rest != NULL ? read_headers(rest, fields) : 0;
	parsed.request.peer = "-";
	ask(serve_engine_route, serve_engine_refuse, &parsed.request);
	ask(serve_registry_route, serve_registry_refuse, &parsed.request);
	serve_parsed_release(&parsed);
	return 0;
}
