/* What clients ask of the Engine API, an URL or what may stand in one, and documents that its answers are made of. */
#include <string.h>

#include "common/js_scan.h"
#include "common/limits.h"
#include "common/mem.h"
#include "import/serve_engine.h"
#include "import/serve_engine_config.h"
#include "import/serve_engine_filters.h"
#include "import/serve_engine_referrers.h"
#include "import/serve_request.h"
#include "tests/fuzz/fuzz.h"

static const struct platform host = { .os = "linux", .architecture = "arm64" };

/* Of a store that is not there: whatever is asked for, it has nothing. */
static struct engine *engine_once(void)
{
	static const struct opt_list none;
	static const struct catalog_options options = {
		.places = &none,
		.origin = { .keys = &none, .seals = &none },
	};
	static struct engine *engine;
	static struct catalog *catalog;

	if (engine == NULL) {
		FUZZ_HOLDS(setenv("BUNDLE_STORE", "/nonexistent", 1) == 0);
		FUZZ_HOLDS(catalog_open(&options, &catalog, NULL) == ERR_OK);
		FUZZ_HOLDS(engine_new(catalog, &host, &engine, NULL) == ERR_OK);
	}
	return engine;
}

static void ask(const char *url)
{
	struct serve_parsed parsed;
	struct serve_answer answer;

	if (serve_parse("GET", url, &parsed, NULL) == ERR_OK) {
		serve_answer_init(&answer);
		FUZZ_HOLDS(engine_answer(engine_once(), &parsed.request, &answer, NULL) == ERR_OK);
		FUZZ_HOLDS(answer.status == 0 || answer.status == 200 || answer.status == 400 || answer.status == 404);
		FUZZ_HOLDS(answer.text.len > 0);
		if (answer.text.data[0] == '{' || answer.text.data[0] == '[')
			FUZZ_HOLDS(js_scan(answer.text.data, answer.text.len, "it", NULL) == ERR_OK);
		serve_answer_release(&answer);
	}
	serve_parsed_release(&parsed);
}

static void look_at_parameters(const char *text)
{
	struct engine_platform platform;
	struct engine_filters filters = { 0 };
	char shown[ENGINE_PLATFORM_TEXT_MAX];

	if (engine_platform_read(text, &platform, NULL) == ERR_OK) {
		FUZZ_HOLDS(strlen(engine_platform_text(&platform, shown)) < sizeof(shown));
		if (platform.known)
			FUZZ_HOLDS(engine_platform_rank(&platform.normal, &platform.normal) == 0);
	}
	if (engine_filters_read(text, &filters, NULL) == ERR_OK) {
		(void)engine_filters_name(&filters, "docker.io/library/alpine:3.20");
		(void)engine_filters_labels(&filters, NULL);
	}
	engine_filters_release(&filters);
}

/* Whatever a config says, what is shown of it is JSON. */
static void show_config(const struct json_t *config)
{
	struct buf text;
	struct buf_stage to;
	struct js_out o;

	buf_init(&text, MIB);
	buf_stage_init(&to, &text);
	js_out_init(&o, &to.out, false);
	js_begin(&o, '{');
	engine_put_config(config, 49, &o);
	engine_put_rootfs(config, &o);
	js_end(&o, '}');
	FUZZ_HOLDS(js_end_document(&o, NULL) == ERR_OK);
	FUZZ_HOLDS(js_scan(text.data, text.len, "it", NULL) == ERR_OK);
	buf_release(&text);
}

/* What the parser takes is taken; what is refused, the parser refuses.  It refuses more: keys that stand twice, and
 * numbers that it cannot hold. */
static void look_at_document(const uint8_t *data, size_t size)
{
	struct json_t *json = NULL;
	struct err err = { 0 };
	enum err_code parsed = js_read(data, size, "it", &json, NULL), code = js_scan(data, size, "it", &err);
	char *type = NULL;

	fuzz_told(code, &err);
	FUZZ_HOLDS(parsed != ERR_OK || code == ERR_OK);
	if (parsed == ERR_OK) {
		show_config(json);
		FUZZ_HOLDS(engine_predicate_type((const char *)data, size, &type, NULL) == ERR_OK);
		FUZZ_HOLDS(js_string(json, "predicateType") == NULL || strlen(type) > LIMIT_TEXT_BYTES - 3 ||
			   type[0] == '\0' || strcmp(type, js_string(json, "predicateType")) == 0);
	}
	free(type);
	js_free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);

	ask(text);
	look_at_parameters(text);
	look_at_document(data, size);
	free(text);
	return 0;
}
