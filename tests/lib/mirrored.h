/* mirrored.h - registry.example, whose repository a/b is asked for at a mirror and at home: two servers that give canned
 * answers, and what a source between them hears and says.
 *
 * Lifecycle  mirrored_start with what both answer and what the mirror may be asked for; ask m->source, by mirrored_ask
 *            or otherwise; mirrored_stop.
 * Bounds     MIRRORED_ROUTES answers of each; a wait of two seconds for one that is silent.
 * Ownership  Routes are borrowed until mirrored_stop.
 * Errors     Those of what is asked; whatever else fails here fails the test.
 */
#ifndef TESTS_LIB_MIRRORED_H
#define TESTS_LIB_MIRRORED_H

#include "common/registry.h"
#include "tests/lib/http_server.h"

/* What is asked for there, as either place is asked. */
#define MIRRORED_DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* of "abc" */
#define MIRRORED_NS "?ns=registry.example"
#define MIRRORED_TAG "/v2/a/b/manifests/1" MIRRORED_NS
#define MIRRORED_MANIFEST "/v2/a/b/manifests/" MIRRORED_DIGEST MIRRORED_NS
#define MIRRORED_BLOB "/v2/a/b/blobs/" MIRRORED_DIGEST MIRRORED_NS

/* What the mirror may be asked for, where a test does not say: content, and what is under a tag. */
#define MIRRORED_CAPABILITIES "'pull','resolve'"

#define MIRRORED_ROUTES 2

struct mirrored {
	struct http_server *mirror, *home;
	struct http *engine;
	struct source *source;
	struct reference ref; /* registry.example/a/b:1 */
	char *folder;         /* of registry.example/hosts.toml */
	struct registry_options options;
	struct endpoint_rules rules;
	struct outages outages;
	struct wallet *wallet;
	struct {
		unsigned failed, lacks;
		char why[ERR_MSG_MAX]; /* of the last one that failed */
	} told;                        /* of another place that was asked instead */
};

/* What was answered: how often, and one text of all: bytes, "absent", "there", tags, the first digits of referrers'
 * digests. */
struct mirrored_got {
	struct outstream out;
	struct buf bytes;
	int calls;
};

/* capabilities may be NULL. */
void mirrored_start(struct mirrored *m, const struct http_route *mirror, const struct http_route *home,
		    const char *capabilities);
/* Another source of the same repository, which learns from the one before. */
struct source *mirrored_again(struct mirrored *m);
void mirrored_stop(struct mirrored *m);

void mirrored_got_init(struct mirrored_got *g);
/* Ask: 't' what is under the tag, 'd' the image of a digest, 'm' a manifest, 'b' a blob of so many bytes, 'h' whether
 * there is one, 'r' referrers, 'l' the list of tags. */
enum err_code mirrored_ask(struct mirrored *m, char what, uint64_t size_bytes, struct mirrored_got *g, struct err *err);
/* The same of what has three bytes, and run until it is answered. */
enum err_code mirrored_hear(struct mirrored *m, char what, struct mirrored_got *g, struct err *err);
#endif
