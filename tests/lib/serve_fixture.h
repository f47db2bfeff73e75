/* serve_fixture.h - a server on two unix sockets, a bundle out of which its handler gives blobs, and a client that says
 * any bytes.
 *
 * Lifecycle  serve_fixture_start, or serve_fixture_of for other sizes; ask; serve_fixture_stop.
 * Answers    /blob/DIGEST is a blob, ?from=N&end=N a part of it; /large more than most, /missing 404, /gone a failure;
 *            /wait says in begun that it has begun and ends when something is written into gate; any other path is
 *            answered with itself, and X-Seen says what the handler was told.
 * Ownership  Sockets are the caller's until serve_hear; what that gives is the caller's.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_SERVE_FIXTURE_H
#define TESTS_LIB_SERVE_FIXTURE_H

#include "import/catalog.h"
#include "import/serve_http.h"
#include "tests/lib/image_builder.h"

#define SERVE_SMALL_BYTES 300000  /* three blocks of raw content */
#define SERVE_LARGE_BYTES 5000000 /* two frames of it */
#define SERVE_LARGE_ANSWER (LIMIT_SERVE_HELD_BYTES / 4)

struct serve_fixture {
	char *folder, *bundle;
	struct image_builder images;
	struct catalog *catalog;
	struct serve_http *server;
	struct serve_address address, other;
	struct serve_log log; /* the file "log" of the folder */
	int begun[2], gate[2];
	struct err err;
};

/* A layer of so many raw bytes, and compressed ones of SERVE_SMALL_BYTES; where it is damaged, a byte in the middle of
 * the raw one is another. */
void serve_fixture_of(struct serve_fixture *f, size_t raw_bytes, bool damaged);
/* The same of SERVE_SMALL_BYTES, and whole. */
void serve_fixture_start(struct serve_fixture *f);
void serve_fixture_stop(struct serve_fixture *f);
/* The largest layer that is stored raw, or compressed. */
const struct image_item *serve_layer_of(const struct serve_fixture *f, bool raw);

/* A connection to the server's first socket, or to any. */
int serve_dial(const struct serve_fixture *f);
int serve_dial_at(const struct serve_address *a);
void serve_say(int fd, const char *text);
/* Everything up to the end of the connection, which is closed. */
void serve_hear(int fd, struct buf *out);
/* One request; the connection is closed behind it. */
void serve_ask(const struct serve_fixture *f, const char *method, const char *target, struct buf *out);
/* Ask for a blob; the query may be "". */
void serve_ask_blob(const struct serve_fixture *f, const struct image_item *item, const char *query, struct buf *out);
/* Of an answer. */
unsigned serve_status_of(const struct buf *answer);
const char *serve_body_of(const struct buf *answer, size_t *ret_len);
#endif
