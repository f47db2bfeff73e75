#include "import/page_sbom.h"

#include <stdio.h>
#include <string.h>

#include "import/page_table.h"

#define LICENSES_MAX 256

static bool says_something(const char *text)
{
	return text != NULL && *text != '\0' && strcmp(text, "NOASSERTION") != 0;
}

static const char *spdx_license(const struct json_t *package)
{
	const char *concluded = js_string(package, "licenseConcluded");

	if (says_something(concluded))
		return concluded;
	concluded = js_string(package, "licenseDeclared");
	return says_something(concluded) ? concluded : NULL;
}

static const char *spdx_purl(const struct json_t *package)
{
	const struct json_t *refs = js_array(package, "externalRefs");
	size_t i;

	for (i = 0; i < js_len(refs); i++) {
		const char *type = js_string(js_at(refs, i), "referenceType");

		if (type != NULL && strcmp(type, "purl") == 0)
			return js_string(js_at(refs, i), "referenceLocator");
	}
	return NULL;
}

static void spdx_row(struct page_table *t, const struct json_t *p)
{
	page_table_row(t, (const char *const[PAGE_CELLS]){ js_string(p, "name"), js_string(p, "versionInfo"),
							   spdx_license(p), spdx_purl(p) });
}

static const struct page_table_kind spdx_packages = {
	.one = "package",
	.more = "packages",
	.columns = { "Package", "Version", "License", "Package URL" },
	.code = true,
	.list = "packages",
	.row = spdx_row,
};

void page_spdx(const struct page_view *v, const struct document *d, uint32_t node)
{
	const struct json_t *creation = js_object(d->body, "creationInfo");
	const struct json_t *creators = js_array(creation, "creators");
	struct html *h = v->html;
	size_t i;

	page_facts_begin(h);
	page_fact(h, "Name", false, js_string(d->body, "name"));
	page_fact(h, "Format", false, js_string(d->body, "spdxVersion"));
	page_fact(h, "Created", false, js_string(creation, "created"));
	for (i = 0; i < js_len(creators) && i < 8; i++)
		page_fact(h, "Created by", false, js_text(js_at(creators, i)));
	page_fact(h, "Namespace", false, js_string(d->body, "documentNamespace"));
	page_facts_end(h);
	page_table_put(v, &spdx_packages, d, d->body, node);
}

/* "MIT, Apache-2.0": each is an expression, an id or a name. */
static const char *cyclonedx_license(const struct json_t *component, char out[LICENSES_MAX])
{
	const struct json_t *licenses = js_array(component, "licenses");
	size_t len = 0, i;

	out[0] = '\0';
	for (i = 0; i < js_len(licenses) && len < LICENSES_MAX; i++) {
		const struct json_t *one = js_at(licenses, i), *license = js_object(one, "license");
		const char *text = js_string(one, "expression");

		text = text != NULL ? text : js_string(license, "id");
		text = text != NULL ? text : js_string(license, "name");
		if (text != NULL)
			len += (size_t)snprintf(out + len, LICENSES_MAX - len, "%s%s", len > 0 ? ", " : "", text);
	}
	return out;
}

/* Components may hold components; how deep, js.h bounds. */
static void cyclonedx_row(struct page_table *t, const struct json_t *c)
{
	const struct json_t *components = js_array(c, "components");
	char license[LICENSES_MAX];
	size_t i;

	page_table_row(t, (const char *const[PAGE_CELLS]){ js_string(c, "name"), js_string(c, "version"),
							   cyclonedx_license(c, license), js_string(c, "purl") });
	for (i = 0; i < js_len(components); i++)
		cyclonedx_row(t, js_at(components, i));
}

static const struct page_table_kind cyclonedx_components = {
	.one = "component",
	.more = "components",
	.columns = { "Component", "Version", "License", "Package URL" },
	.code = true,
	.list = "components",
	.row = cyclonedx_row,
};

/* An array of tools in 1.4, an object with components from 1.5 on. */
static const struct json_t *tools_of(const struct json_t *metadata)
{
	const struct json_t *tools = js_array(metadata, "tools");

	return tools != NULL ? tools : js_array(js_object(metadata, "tools"), "components");
}

static void put_tools(struct html *h, const struct json_t *tools)
{
	char text[256];
	size_t i;

	for (i = 0; i < js_len(tools) && i < 8; i++) {
		const char *name = js_string(js_at(tools, i), "name");
		const char *version = js_string(js_at(tools, i), "version");

		if (name == NULL)
			continue;
		snprintf(text, sizeof(text), "%s%s%s", name, version != NULL ? " " : "",
			 version != NULL ? version : "");
		page_fact(h, "Tool", false, text);
	}
}

void page_cyclonedx(const struct page_view *v, const struct document *d, uint32_t node)
{
	const struct json_t *metadata = js_object(d->body, "metadata");
	const char *version = js_string(d->body, "specVersion");
	struct html *h = v->html;
	char format[64];

	snprintf(format, sizeof(format), "CycloneDX %s", version != NULL ? version : "");
	page_facts_begin(h);
	page_fact(h, "Of", false, js_string(js_object(metadata, "component"), "name"));
	page_fact(h, "Format", false, format);
	page_fact(h, "Created", false, js_string(metadata, "timestamp"));
	put_tools(h, tools_of(metadata));
	page_fact(h, "Serial number", false, js_string(d->body, "serialNumber"));
	page_facts_end(h);
	page_table_put(v, &cyclonedx_components, d, d->body, node);
}
