#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/predicate.h"
#include "tests/lib/test_main.h"

#define STATEMENT(type, predicate) "{\"predicateType\":\"" type "\",\"predicate\":" predicate "}"

static const struct {
	const char *name, *statement, *want;
} cases[] = {
	{ "slsa v1",
	  STATEMENT("https://slsa.dev/provenance/v1",
		    "{\"buildDefinition\":{\"buildType\":\"t\",\"externalParameters\":{\"configSource\":{\"uri\":"
		    "\"git\"}},"
		    "\"resolvedDependencies\":[{},{}]},\"runDetails\":{\"builder\":{\"id\":\"b\"},"
		    "\"metadata\":{\"startedOn\":\"now\"}}}"),
	  "built by b; t; from git; started now; 2 dependencies" },
	{ "slsa v0.2, builder without a name",
	  STATEMENT("https://slsa.dev/provenance/v0.2",
		    "{\"builder\":{\"id\":\"\"},\"buildType\":\"t\",\"materials\":[{}]}"),
	  "t; 1 material" },
	{ "slsa v0.2, where the recipe came from",
	  STATEMENT(
		  "https://slsa.dev/provenance/v0.2",
		  "{\"builder\":{\"id\":\"b\"},\"invocation\":{\"configSource\":{\"uri\":\"git\",\"digest\":{\"sha1\":"
		  "\"ab\"},\"entryPoint\":\"Dockerfile\"}},\"materials\":[{},{}],\"metadata\":{"
		  "\"buildFinishedOn\":\"f\"}}"),
	  "built by b; from git; sha1:ab; 2 materials; finished f" },
	{ "slsa v0.2, a recipe without a place",
	  STATEMENT("https://slsa.dev/provenance/v0.2",
		    "{\"invocation\":{\"configSource\":{\"entryPoint\":\"Dockerfile\"}}}"),
	  "from Dockerfile; 0 materials" },
	{ "spdx",
	  STATEMENT("https://spdx.dev/Document/v2.3",
		    "{\"spdxVersion\":\"SPDX-2.3\",\"name\":\"n\",\"packages\":[],\"creationInfo\":{\"created\":\"c\","
		    "\"creators\":[\"Tool: x\",7,\"Tool: y\"]}}"),
	  "SPDX-2.3; n; 0 packages; created c; by Tool: x, Tool: y" },
	{ "cyclonedx",
	  STATEMENT("https://cyclonedx.org/bom", "{\"specVersion\":\"1.6\",\"components\":[{},{},{}],"
						 "\"metadata\":{\"timestamp\":\"t\"}}"),
	  "CycloneDX 1.6; 3 components; created t" },
	{ "cyclonedx, tools as a list",
	  STATEMENT("https://cyclonedx.org/bom/v1.4",
		    "{\"metadata\":{\"tools\":[{\"name\":\"a\",\"version\":\"1\"},{\"name\":\"b\"}]}}"),
	  "0 components; by a 1, b" },
	{ "cyclonedx, tools as components",
	  STATEMENT("https://cyclonedx.org/bom", "{\"metadata\":{\"tools\":{\"components\":[{\"name\":\"a\"}]}}}"),
	  "0 components; by a" },
	{ "openvex, statements by status",
	  STATEMENT("https://openvex.dev/ns/v0.2.0", "{\"author\":\"a\",\"timestamp\":\"t\",\"statements\":[{"
						     "\"status\":\"fixed\"},{\"status\":\"affected\"},"
						     "{\"status\":\"fixed\"}]}"),
	  "by a; t; 1 affected; 2 fixed" },
	{ "vulnerability scan",
	  STATEMENT("https://cosign.sigstore.dev/attestation/vuln/v1",
		    "{\"scanner\":{\"uri\":\"s\",\"version\":\"1\",\"result\":[{}]},\"metadata\":{\"scanFinishedOn\":"
		    "\"f\"}}"),
	  "scanned by s; version 1; 1 finding; finished f" },
	{ "vulnerability scan of in-toto, by severity",
	  STATEMENT(
		  "https://in-toto.io/attestation/vulns/v0.2",
		  "{\"scanner\":{\"uri\":\"s\",\"result\":[{\"severity\":[{\"method\":\"nvd\",\"score\":\"9.8\"}]},{"
		  "\"severity\":[{\"score\":\"7.0\"}]},{\"severity\":[{\"score\":\"LOW\"}]},{\"severity\":[{\"score\":"
		  "\"0\"}]},{\"id\":\"x\"}]}}"),
	  "scanned by s; 5 findings; 1 critical; 1 high; 1 low; 1 none" },
	{ "vulnerability scan of Trivy",
	  STATEMENT(
		  "https://cosign.sigstore.dev/attestation/vuln/v1",
		  "{\"scanner\":{\"uri\":\"s\",\"result\":{\"Results\":[{\"Vulnerabilities\":[{\"Severity\":\"HIGH\"},{"
		  "\"Severity\":\"MEDIUM\"}]},{},{\"Vulnerabilities\":[{\"Severity\":\"HIGH\"}]}]}}}"),
	  "scanned by s; 3 findings; 2 high; 1 medium" },
	{ "test result",
	  STATEMENT("https://in-toto.io/attestation/test-result/v0.1",
		    "{\"result\":\"PASSED\",\"passedTests\":[\"a\"],\"failedTests\":[]}"),
	  "PASSED; 1 passed test; 0 warned tests; 0 failed tests" },
	{ "verification summary",
	  STATEMENT("https://slsa.dev/verification_summary/v1",
		    "{\"verificationResult\":\"PASSED\",\"verifier\":{\"id\":\"v\"},\"verifiedLevels\":[\"SLSA_BUILD_"
		    "LEVEL_3\",\"X\"],\"policy\":{\"uri\":\"p\"}}"),
	  "PASSED; verified by v; SLSA_BUILD_LEVEL_3, X; policy p" },
	{ "a type that nobody knows", STATEMENT("https://example.test/x", "{\"a\":1}"), "" },
	{ "no type", "{\"predicate\":{}}", "" },
	{ "no predicate", "{\"predicateType\":\"https://spdx.dev/Document\"}", "0 packages" },
	{ "members of other types",
	  STATEMENT("https://slsa.dev/provenance/v0.2", "{\"builder\":7,\"buildType\":[],\"materials\":{}}"),
	  "0 materials" },
	{ "control characters", STATEMENT("https://openvex.dev/ns", "{\"author\":\"\\u001b[2J\",\"statements\":[]}"),
	  "by ?[2J" },
};

START_TEST(summary)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	char out[PREDICATE_TEXT_MAX];

	ck_assert_int_eq(js_read(cases[_i].statement, strlen(cases[_i].statement), cases[_i].name, &json, NULL),
			 ERR_OK);
	ck_assert_msg(strcmp(predicate_summary(json, out), cases[_i].want) == 0, "%s: \"%s\"", cases[_i].name, out);
}
END_TEST

START_TEST(long_line_is_cut)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	char name[600], text[1400], out[PREDICATE_TEXT_MAX];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), STATEMENT("https://spdx.dev/Document", "{\"name\":\"%s\",\"spdxVersion\":\"%s\"}"),
		 name, name);
	ck_assert_int_eq(js_read(text, strlen(text), "long", &json, NULL), ERR_OK);
	ck_assert_uint_eq(strlen(predicate_summary(json, out)), PREDICATE_TEXT_MAX - 1);
	ck_assert_str_eq(out + PREDICATE_TEXT_MAX - 1 - strlen("…"), "…");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("predicate");
	TCase *t = tcase_create("summary");

	tcase_add_loop_test(t, summary, 0, (int)COUNT_OF(cases));
	tcase_add_test(t, long_line_is_cut);
	suite_add_tcase(s, t);
	return test_run(s);
}
