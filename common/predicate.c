#include "common/predicate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/text.h"

#define CUT "…"

/* A line that grows part by part, "; " between them. */
struct line {
	char *out;
	size_t len;
};

/* Half of a date or of a name would be another one. */
static void mark_cut(struct line *l)
{
	size_t end = PREDICATE_TEXT_MAX - sizeof(CUT);

	while (end > 0 && (l->out[end] & 0xC0) == 0x80) /* in the middle of a character */
		end--;
	strcpy(l->out + end, CUT);
	l->len = PREDICATE_TEXT_MAX;
}

static void add(struct line *l, const char *label, const char *text)
{
	size_t room = PREDICATE_TEXT_MAX - l->len;
	int n;

	if (text == NULL || *text == '\0' || room == 0)
		return;
	n = snprintf(l->out + l->len, room, "%s%s%s", l->len > 0 ? "; " : "", label, text);
	if ((size_t)n < room)
		l->len += (size_t)n;
	else
		mark_cut(l);
}

static void add_count(struct line *l, size_t count, const char *one, const char *more)
{
	char text[64];

	snprintf(text, sizeof(text), "%zu %s", count, count == 1 ? one : more);
	add(l, "", text);
}

/* The texts of an array, commas between them. */
static void add_texts(struct line *l, const char *label, const struct json_t *array)
{
	char text[PREDICATE_TEXT_MAX + 4] = ""; /* so that what does not fit shows as cut */
	size_t len = 0, i;

	for (i = 0; i < js_len(array) && len + 3 < sizeof(text); i++) {
		const char *item = js_text(js_at(array, i));

		if (item != NULL)
			snprintf(text + len, sizeof(text) - len, "%s%s", len > 0 ? ", " : "", item);
		len = strlen(text);
	}
	add(l, label, text);
}

/* How many there are of each kind, in this order, those that there are not left out. */
struct tally {
	const char *const *kinds;
	size_t len;
	size_t counts[8];
};

static void count_kind(struct tally *t, const char *kind)
{
	size_t i;

	for (i = 0; i < t->len; i++)
		t->counts[i] += kind != NULL && strcasecmp(kind, t->kinds[i]) == 0;
}

static void add_tally(struct line *l, const struct tally *t)
{
	char text[64];
	size_t i;

	for (i = 0; i < t->len; i++) {
		snprintf(text, sizeof(text), "%zu %s", t->counts[i], t->kinds[i]);
		add(l, "", t->counts[i] > 0 ? text : NULL);
	}
}

/* A member down a path of objects. */
static const struct json_t *at(const struct json_t *value, const char *first, const char *second)
{
	value = js_object(value, first);
	return second != NULL ? js_object(value, second) : value;
}

/* Where the recipe came from, and the digest by which it is that one. */
static void add_source(struct line *l, const struct json_t *source)
{
	const struct json_t *digest = js_object(source, "digest");
	const char *algorithm = js_next(digest, NULL), *uri = js_string(source, "uri");
	char text[PREDICATE_TEXT_MAX];

	add(l, "from ", uri != NULL ? uri : js_string(source, "entryPoint"));
	if (algorithm == NULL || js_string(digest, algorithm) == NULL)
		return;
	snprintf(text, sizeof(text), "%.20s:%.140s", algorithm, js_string(digest, algorithm));
	add(l, "", text);
}

static void slsa_v1(const struct json_t *p, struct line *l)
{
	const struct json_t *definition = at(p, "buildDefinition", NULL), *run = at(p, "runDetails", NULL);

	add(l, "built by ", js_string(at(run, "builder", NULL), "id"));
	add(l, "", js_string(definition, "buildType"));
	add_source(l, at(definition, "externalParameters", "configSource"));
	add(l, "started ", js_string(at(run, "metadata", NULL), "startedOn"));
	add_count(l, js_len(js_array(definition, "resolvedDependencies")), "dependency", "dependencies");
}

static void slsa_v02(const struct json_t *p, struct line *l)
{
	add(l, "built by ", js_string(at(p, "builder", NULL), "id"));
	add(l, "", js_string(p, "buildType"));
	add_source(l, at(p, "invocation", "configSource"));
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
	add_texts(l, "by ", js_array(creation, "creators"));
}

/* A tool has a name and maybe a version; up to CycloneDX 1.4 tools are an array, then components of an object. */
static void add_tools(struct line *l, const struct json_t *metadata)
{
	const struct json_t *tools = js_array(metadata, "tools");
	char text[PREDICATE_TEXT_MAX + 4] = ""; /* so that what does not fit shows as cut */
	size_t len = 0, i;

	if (tools == NULL)
		tools = js_array(js_object(metadata, "tools"), "components");
	for (i = 0; i < js_len(tools) && len + 3 < sizeof(text); i++) {
		const char *name = js_string(js_at(tools, i), "name"), *version = js_string(js_at(tools, i), "version");

		if (name != NULL)
			snprintf(text + len, sizeof(text) - len, "%s%s%s%s", len > 0 ? ", " : "", name,
				 version != NULL ? " " : "", version != NULL ? version : "");
		len = strlen(text);
	}
	add(l, "by ", text);
}

static void cyclonedx(const struct json_t *p, struct line *l)
{
	add(l, "CycloneDX ", js_string(p, "specVersion"));
	add_count(l, js_len(js_array(p, "components")), "component", "components");
	add(l, "created ", js_string(at(p, "metadata", NULL), "timestamp"));
	add_tools(l, at(p, "metadata", NULL));
}

static void openvex(const struct json_t *p, struct line *l)
{
	static const char *const statuses[] = { "affected", "not_affected", "fixed", "under_investigation" };
	const struct json_t *statements = js_array(p, "statements");
	struct tally t = { .kinds = statuses, .len = COUNT_OF(statuses) };
	size_t i;

	add(l, "by ", js_string(p, "author"));
	add(l, "", js_string(p, "timestamp"));
	for (i = 0; i < js_len(statements); i++)
		count_kind(&t, js_string(js_at(statements, i), "status"));
	add_tally(l, &t);
}

/* A score of CVSS in the words that people use for it. */
static const char *severity_of(const char *score)
{
	char *end;
	double value = strtod(score, &end);

	if (end == score || *end != '\0')
		return score;
	return value >= 9 ? "critical" : value >= 7 ? "high" : value >= 4 ? "medium" : value > 0 ? "low" : "none";
}

/* in-toto has a list of severities by method, others a word. */
static void count_finding(struct tally *t, const struct json_t *finding)
{
	const struct json_t *first = js_at(js_array(finding, "severity"), 0);
	const char *word = js_string(finding, "Severity"), *score = js_string(first, "score");

	if (word == NULL)
		word = js_string(finding, "severity");
	if (word == NULL && score != NULL)
		word = severity_of(score);
	count_kind(t, word != NULL ? word : "");
}

/* Findings stand in one list, or as Trivy writes them, in a list for each thing that was looked at. */
static size_t count_findings(struct tally *t, const struct json_t *scanner, bool *ret_any)
{
	const struct json_t *list = js_array(scanner, "result");
	const struct json_t *results = js_array(js_object(scanner, "result"), "Results");
	size_t len = js_len(list), i, j;

	*ret_any = list != NULL || results != NULL;
	for (i = 0; i < js_len(list); i++)
		count_finding(t, js_at(list, i));
	for (i = 0; i < js_len(results); i++) {
		const struct json_t *found = js_array(js_at(results, i), "Vulnerabilities");

		len += js_len(found);
		for (j = 0; j < js_len(found); j++)
			count_finding(t, js_at(found, j));
	}
	return len;
}

static void vulnerabilities(const struct json_t *p, struct line *l)
{
	static const char *const severities[] = { "critical", "high", "medium", "low", "none", "unknown" };
	const struct json_t *scanner = at(p, "scanner", NULL);
	struct tally t = { .kinds = severities, .len = COUNT_OF(severities) };
	bool any;
	size_t len = count_findings(&t, scanner, &any);

	add(l, "scanned by ", js_string(scanner, "uri"));
	add(l, "version ", js_string(scanner, "version"));
	if (any)
		add_count(l, len, "finding", "findings");
	add_tally(l, &t);
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
	add_texts(l, "", js_array(p, "verifiedLevels"));
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
