#include "common/predicate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

/* A line that grows part by part, "; " between them. */
struct line {
	char *out;
	size_t len;
};

static void add(struct line *l, const char *label, const char *text)
{
	int n;

	if (text == NULL || *text == '\0' || l->len + 1 >= PREDICATE_TEXT_MAX)
		return;
	n = snprintf(l->out + l->len, PREDICATE_TEXT_MAX - l->len, "%s%s%s", l->len > 0 ? "; " : "", label, text);
	l->len += (size_t)n < PREDICATE_TEXT_MAX - l->len ? (size_t)n : PREDICATE_TEXT_MAX - l->len - 1;
}

static void add_count(struct line *l, size_t count, const char *one, const char *more)
{
	char text[64];

	snprintf(text, sizeof(text), "%zu %s", count, count == 1 ? one : more);
	add(l, "", text);
}

/* A member down a path of objects. */
static const struct json_t *at(const struct json_t *value, const char *first, const char *second)
{
	value = js_object(value, first);
	return second != NULL ? js_object(value, second) : value;
}

static void slsa_v1(const struct json_t *p, struct line *l)
{
	const struct json_t *definition = at(p, "buildDefinition", NULL), *run = at(p, "runDetails", NULL);

	add(l, "built by ", js_string(at(run, "builder", NULL), "id"));
	add(l, "", js_string(definition, "buildType"));
	add(l, "from ", js_string(at(definition, "externalParameters", "configSource"), "uri"));
	add(l, "started ", js_string(at(run, "metadata", NULL), "startedOn"));
	add_count(l, js_len(js_array(definition, "resolvedDependencies")), "dependency", "dependencies");
}

static void slsa_v02(const struct json_t *p, struct line *l)
{
	add(l, "built by ", js_string(at(p, "builder", NULL), "id"));
	add(l, "", js_string(p, "buildType"));
	add(l, "from ", js_string(at(p, "invocation", "configSource"), "uri"));
	add_count(l, js_len(js_array(p, "materials")), "material", "materials");
	add(l, "finished ", js_string(at(p, "metadata", NULL), "buildFinishedOn"));
}

static void spdx(const struct json_t *p, struct line *l)
{
	const struct json_t *creation = at(p, "creationInfo", NULL);

	add(l, "", js_string(p, "spdxVersion"));
	add(l, "", js_string(p, "name"));
	add_count(l, js_len(js_array(p, "packages")), "package", "packages");
	add(l, "created ", js_string(creation, "created"));
	add(l, "by ", js_text(js_at(js_array(creation, "creators"), 0)));
}

static void cyclonedx(const struct json_t *p, struct line *l)
{
	add(l, "CycloneDX ", js_string(p, "specVersion"));
	add_count(l, js_len(js_array(p, "components")), "component", "components");
	add(l, "created ", js_string(at(p, "metadata", NULL), "timestamp"));
}

static void openvex(const struct json_t *p, struct line *l)
{
	static const char *const statuses[] = { "affected", "not_affected", "fixed", "under_investigation" };
	const struct json_t *statements = js_array(p, "statements");
	size_t i, j;

	add(l, "by ", js_string(p, "author"));
	add(l, "", js_string(p, "timestamp"));
	for (i = 0; i < COUNT_OF(statuses); i++) {
		char text[64];
		size_t count = 0;

		for (j = 0; j < js_len(statements); j++) {
			const char *status = js_string(js_at(statements, j), "status");

			count += status != NULL && strcmp(status, statuses[i]) == 0;
		}
		snprintf(text, sizeof(text), "%zu %s", count, statuses[i]);
		add(l, "", count > 0 ? text : NULL);
	}
}

static void vulnerabilities(const struct json_t *p, struct line *l)
{
	const struct json_t *scanner = at(p, "scanner", NULL);
	const struct json_t *results = js_array(scanner, "result");

	add(l, "scanned by ", js_string(scanner, "uri"));
	add(l, "version ", js_string(scanner, "version"));
	if (results != NULL)
		add_count(l, js_len(results), "finding", "findings");
	add(l, "finished ", js_string(at(p, "metadata", NULL), "scanFinishedOn"));
}

static void test_result(const struct json_t *p, struct line *l)
{
	add(l, "", js_string(p, "result"));
	add_count(l, js_len(js_array(p, "passedTests")), "passed test", "passed tests");
	add_count(l, js_len(js_array(p, "warnedTests")), "warned test", "warned tests");
	add_count(l, js_len(js_array(p, "failedTests")), "failed test", "failed tests");
	add(l, "", js_string(p, "url"));
}

static void verification_summary(const struct json_t *p, struct line *l)
{
	add(l, "", js_string(p, "verificationResult"));
	add(l, "verified by ", js_string(at(p, "verifier", NULL), "id"));
	add(l, "", js_text(js_at(js_array(p, "verifiedLevels"), 0)));
	add(l, "policy ", js_string(at(p, "policy", NULL), "uri"));
}

static const struct {
	const char *type; /* as predicateType begins */
	void (*summary)(const struct json_t *predicate, struct line *l);
} kinds[] = {
	{ "https://slsa.dev/provenance/v1", slsa_v1 },
	{ "https://slsa.dev/provenance/v0.2", slsa_v02 },
	{ "https://spdx.dev/Document", spdx },
	{ "https://cyclonedx.org/bom", cyclonedx },
	{ "https://openvex.dev/ns", openvex },
	{ "https://cosign.sigstore.dev/attestation/vuln/v1", vulnerabilities },
	{ "https://in-toto.io/attestation/vulns", vulnerabilities },
	{ "https://in-toto.io/attestation/test-result", test_result },
	{ "https://slsa.dev/verification_summary/v1", verification_summary },
};

const char *predicate_summary(const struct json_t *statement, char out[PREDICATE_TEXT_MAX])
{
	const char *type = js_string(statement, "predicateType");
	struct line l = { .out = out };
	size_t i;

	out[0] = '\0';
	for (i = 0; type != NULL && i < COUNT_OF(kinds); i++) {
		if (text_starts(type, kinds[i].type)) {
			kinds[i].summary(js_object(statement, "predicate"), &l);
			break;
		}
	}
	text_clean(out);
	return out;
}
