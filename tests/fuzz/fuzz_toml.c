/* Configuration in TOML: hosts.toml and registries.conf.  The first byte says which. */
#include "common/hosts_toml.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/registries_conf.h"
#include "tests/fuzz/fuzz.h"

static void fuzz_hosts(const struct toml *document)
{
	CLEANUP(endpoints_release) struct endpoints e = { 0 };
	struct err err = { 0 };
	enum err_code code = hosts_toml_add(document, "/nowhere", "hosts.toml", "docker.io",
					    "https://registry-1.docker.io", &e, &err);
	size_t i;

	fuzz_told(code, &err);
	if (code != ERR_OK)
		return;
	FUZZ_HOLDS(e.len > 0 && e.len <= LIMIT_ENDPOINTS && !e.items[e.len - 1].mirror);
	for (i = 0; i < e.len; i++) {
		FUZZ_HOLDS(strncmp(e.items[i].base, "http", 4) == 0 && strchr(e.items[i].base, '@') == NULL);
		FUZZ_HOLDS(strncmp(e.items[i].root, e.items[i].base, strlen(e.items[i].base)) == 0);
		FUZZ_HOLDS(buf_text(&e.items[i].headers)[strcspn(buf_text(&e.items[i].headers), "\r")] == '\0');
	}
}

static void fuzz_registries(const struct toml *document)
{
	static const char *const names[] = { "docker.io/library/alpine", "a/b", "a.example.com:5000/b" };
	CLEANUP(registries_conf_release) struct registries_conf c = { 0 };
	struct err err = { 0 };
	enum err_code code = registries_conf_add(&c, document, "registries.conf", &err);
	size_t i;

	fuzz_told(code, &err);
	for (i = 0; i < COUNT_OF(names); i++) {
		const struct registry_table *t = registries_conf_find(&c, names[i]);
		CLEANUP(free_ptr) char *name = NULL;

		if (t != NULL)
			FUZZ_HOLDS(registry_location_name(t, &t->primary, names[i], &name, &err) == ERR_OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(toml_free_ptr) struct toml *document = NULL;
	CLEANUP(free_ptr) char *text = NULL;
	struct err err = { 0 };
	enum err_code code;

	if (size == 0)
		return 0;
	text = fuzz_string(data + 1, size - 1);
	code = toml_read(text, size - 1, "file", &document, &err);
	fuzz_told(code, &err);
	if (code == ERR_OK && data[0] == 'h')
		fuzz_hosts(document);
	if (code == ERR_OK && data[0] == 'r')
		fuzz_registries(document);
	return 0;
}
