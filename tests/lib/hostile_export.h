/* hostile_export.h - an export out of a registry that means harm: it ends in one line with the right exit status, in
 * little memory and time, publishes nothing that is not proved, tells no secret, and passes nothing raw to a terminal.
 *
 * Lifecycle  A row says what the registry does and what comes of it. hostile_export_add makes a test case of those that
 *            call hostile_export_check with rows of a table, so that each can be run alone.
 * Content    $, ^ and ~ in texts are hostile_registry's.
 * Errors     None: whatever fails here fails the test. With SHOW in the environment what comes is printed instead.
 */
#ifndef TESTS_LIB_HOSTILE_EXPORT_H
#define TESTS_LIB_HOSTILE_EXPORT_H

#include <check.h>

#include "common/manifest.h"
#include "tests/lib/hostile_registry.h"

/* Where the image is asked for, and what may be said there. */
#define TAG "/v2/a/b/manifests/1"
#define TAGS "/v2/a/b/tags/list"
#define INDEX_TYPE "Content-Type: " TYPE_OCI_INDEX "\r\n"
#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CONFIG(digest, size)                                                                                           \
	"\"config\":{\"mediaType\":\"" TYPE_OCI_CONFIG "\",\"digest\":\"" digest "\",\"size\":" size "}"
#define LAYER(digest, size)                                                                                            \
	"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" digest "\",\"size\":" size "}"
#define IMAGE(config, layers)                                                                                          \
	"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST "\"," config ",\"layers\":[" layers "]}"
#define CHILD(digest, size) "{\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"digest\":\"" digest "\",\"size\":" size "}"
#define INDEX(children) "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":[" children "]}"
#define INDEX_START "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_INDEX "\",\"manifests\":["
#define ARTIFACT(of)                                                                                                   \
	"{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST                                                      \
	"\",\"artifactType\":\"x/y\"," CONFIG("$1", "^1") ",\"layers\":[],\"annotations\":{\"of\":\"" of "\"}}"

/* The start of a gzip stream of zeros, and then 2,064 more in every 13 bytes. */
#define HOSTILE_GZIP_START "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\x63\x18"
#define HOSTILE_GZIP_ZEROS "\x05\xA3\x60\x14\x8C\x82\x51\x30\x0A\x46\xC1\x28\x18"

/* What is asked for, of which registry, and what comes of it. */
struct hostile_export {
	const char *name;
	const char *things[8];
	struct hostile_answer answers[4];
	const char *image; /* behind the host; /a/b:1 where NULL */
	const char *option;
	bool login; /* as u */
	bool slow;  /* nothing but the time limit of a transfer would end it */
	int status;
	const char *text;
};

/* A folder that is the current one, and in it a login as u, whose password is "secret-of-u". */
void hostile_export_setup(void);
void hostile_export_teardown(void);
void hostile_export_check(const struct hostile_export *row);
void hostile_export_add(Suite *s, const char *name, const TTest *test, size_t len);
#endif
