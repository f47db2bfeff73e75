/* hostile_registry.h - a registry on loopback that means harm, or is broken: it has what it is given under its digest,
 * and answers what it is told to, however long, slow or wrong that is.
 *
 * Lifecycle  hostile_registry_start with things and answers; ask it;
 *            hostile_registry_stop.
 * Content    The things are served as manifests and as blobs of any
 *            repository, under their digests; the last one is the manifest of
 *            the tag 1.  An answer whose target fits comes before that, the
 *            first in the table before others.  All else is 404.
 * Text       In what is given, $1 to $9 stand for the digests of the things,
 *            in their order, ^1 to ^9 for their sizes, $h for the registry's
 *            host:port, $l for the same by the name localhost, $0 for what
 *            follows the last slash of the path that was asked for; ~ for 64
 *            hexadecimal digits that count up.
 * Bounds     HOSTILE_THINGS things.  Bodies are made while they are sent, in a
 *            process of its own, so that none of it counts as memory of who asks.
 * Ownership  Everything given is borrowed until hostile_registry_stop.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_HOSTILE_REGISTRY_H
#define TESTS_LIB_HOSTILE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTILE_THINGS 8192
#define HOSTILE_ENDLESS SIZE_MAX

/* What a terminal would obey, and the same as JSON writes it. */
#define HOSTILE_ESCAPE "\033[2J\23331m"
#define HOSTILE_ESCAPED "\\u001b[2J\\u009b31m\\u202e"

struct hostile_answer {
	const char *target;         /* how path and query begin; NULL ends a table */
	int status;                 /* 0 means 200 */
	const char *headers;        /* lines that end in \r\n; NULL for none */
	const char *start, *middle; /* the body: a text, another one many times, and a third */
	const char *end;
	size_t start_len; /* where start is no text */
	size_t times;
	const char *thing;   /* the registry has this too from now on; $+ stands for its digest, ^+ for its size */
	bool raw;            /* the body is all there is: the head stands in it */
	bool asks_login;     /* only who sends no Authorization is answered so */
	unsigned pause_ms;   /* after each middle */
	const char *not_for; /* a method that is answered as if this were not there */
};

struct hostile_registry;

/* Both end in NULL; things may be NULL for an image of one layer that nobody could object to. */
struct hostile_registry *hostile_registry_start(const char *const *things, const struct hostile_answer *answers);
/* "127.0.0.1:PORT" */
const char *hostile_registry_host(const struct hostile_registry *r);
void hostile_registry_stop(struct hostile_registry *r);
#endif
