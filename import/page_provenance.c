#include "import/page_provenance.h"

#include <stdio.h>

#include "import/page_json.h"
#include "import/page_table.h"

#define DIGESTS_MAX 512

/* "sha256:…, sha1:…" of an in-toto digest set. */
static const char *digests_of(const struct json_t *thing, char out[DIGESTS_MAX])
{
	const struct json_t *set = js_object(thing, "digest");
	const char *key;
	size_t len = 0;

	out[0] = '\0';
	for (key = js_next(set, NULL); key != NULL && len < DIGESTS_MAX; key = js_next(set, key)) {
		if (js_string(set, key) != NULL)
			len += (size_t)snprintf(out + len, DIGESTS_MAX - len, "%s%s:%s", len > 0 ? ", " : "", key,
						js_string(set, key));
	}
	return out;
}

static void put_material(struct page_table *t, const struct json_t *m)
{
	const char *uri = js_string(m, "uri");
	char digests[DIGESTS_MAX];

	page_table_row(
		t, (const char *const[PAGE_CELLS]){ uri != NULL ? uri : js_string(m, "name"), digests_of(m, digests) });
}

static const struct page_table_kind materials_kind = {
	.one = "material",
	.more = "materials",
	.columns = { "Material", "Digest" },
	.code = true,
	.list = "materials",
	.row = put_material,
};

static const struct page_table_kind dependencies_kind = {
	.one = "resolved dependency",
	.more = "resolved dependencies",
	.columns = { "Dependency", "Digest" },
	.code = true,
	.list = "resolvedDependencies",
	.row = put_material,
};

/* What the build was given, whatever it is. */
static void put_part(const struct page_view *v, const char *heading, const struct json_t *part)
{
	struct html *h = v->html;

	if (js_next(part, NULL) == NULL)
		return;
	html_raw(h, "<details><summary>");
	html_text(h, heading);
	html_raw(h, "</summary>\n");
	page_json(h, part);
	html_raw(h, "</details>\n");
}

static void put_source(struct html *h, const struct json_t *source)
{
	char digests[DIGESTS_MAX];

	page_fact(h, "Source", false, js_string(source, "uri"));
	page_fact(h, "Source digest", false, digests_of(source, digests));
	page_fact(h, "Entry point", false, js_string(source, "entryPoint"));
	page_fact(h, "Path", false, js_string(source, "path"));
}

/* Where BuildKit says which repository a local context was checked out of. */
static void put_vcs(struct html *h, const struct json_t *metadata, const char *key)
{
	const struct json_t *vcs = js_object(js_object(metadata, key), "vcs");

	page_fact(h, "Repository", false, js_string(vcs, "source"));
	page_fact(h, "Revision", false, js_string(vcs, "revision"));
}

static void put_builder(struct html *h, const char *id)
{
	if (id == NULL || *id == '\0')
		page_fact(h, "Builder", false, "not named");
	else
		page_fact(h, "Builder", true, id);
}

void page_slsa_v02(const struct page_view *v, const struct document *d, uint32_t node)
{
	const struct json_t *p = d->body, *invocation = js_object(p, "invocation");
	const struct json_t *metadata = js_object(p, "metadata");
	struct html *h = v->html;

	page_facts_begin(h);
	put_builder(h, js_string(js_object(p, "builder"), "id"));
	page_fact(h, "Build type", false, js_string(p, "buildType"));
	put_source(h, js_object(invocation, "configSource"));
	put_vcs(h, metadata, "https://mobyproject.org/buildkit@v1#metadata");
	page_fact(h, "Started", false, js_string(metadata, "buildStartedOn"));
	page_fact(h, "Finished", false, js_string(metadata, "buildFinishedOn"));
	page_fact(h, "Invocation", false, js_string(metadata, "buildInvocationID"));
	page_facts_end(h);
	page_table_put(v, &materials_kind, d, p, node);
	put_part(v, "Parameters of the build", js_object(invocation, "parameters"));
	put_part(v, "Environment of the build", js_object(invocation, "environment"));
	put_part(v, "Steps of the build", js_object(p, "buildConfig"));
	put_part(v, "Metadata", metadata);
}

void page_slsa_v1(const struct page_view *v, const struct document *d, uint32_t node)
{
	const struct json_t *definition = js_object(d->body, "buildDefinition"),
			    *run = js_object(d->body, "runDetails");
	const struct json_t *external = js_object(definition, "externalParameters");
	const struct json_t *workflow = js_object(external, "workflow"), *metadata = js_object(run, "metadata");
	struct html *h = v->html;

	page_facts_begin(h);
	put_builder(h, js_string(js_object(run, "builder"), "id"));
	page_fact(h, "Build type", false, js_string(definition, "buildType"));
	put_source(h, js_object(external, "configSource"));
	page_fact(h, "Source", false, js_string(workflow, "repository"));
	page_fact(h, "Ref", false, js_string(workflow, "ref"));
	page_fact(h, "Workflow", false, js_string(workflow, "path"));
	put_vcs(h, metadata, "buildkit_metadata");
	page_fact(h, "Started", false, js_string(metadata, "startedOn"));
	page_fact(h, "Finished", false, js_string(metadata, "finishedOn"));
	page_fact(h, "Invocation", false, js_string(metadata, "invocationId"));
	page_facts_end(h);
	page_table_put(v, &dependencies_kind, d, definition, node);
	put_part(v, "External parameters", external);
	put_part(v, "Internal parameters", js_object(definition, "internalParameters"));
	put_part(v, "Builder and run", run);
}
