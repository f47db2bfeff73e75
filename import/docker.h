/* docker.h - a Docker daemon's Engine API, as far as images need it.
 *
 * Lifecycle  docker_open asks who is there; any number of requests, one after
 *            the other; docker_close.
 * Bounds     What the caller's stream takes of an answer; LIMIT_ANSWER_BYTES of
 *            what a daemon says when it refuses.
 * Ownership  A daemon's texts live until docker_close; the endpoint is borrowed until then.
 * Errors     ERR_NETWORK (nobody answers at the socket, or not to the end),
 *            ERR_UNSUPPORTED (no Engine API 1.x), ERR_FORMAT, ERR_LIMIT.  An
 *            HTTP status is no error: docker_refused makes one of it.
 * Versions   Each request names the newest API version that it was written
 *            for.  Inspecting stays below 1.53: from there on the daemon looks
 *            into an image's identity, asks the network about it, and
 *            remembers a negative answer for two days.
 * Source     Docker Engine API 1.48 to 1.55.
 */
#ifndef IMPORT_DOCKER_H
#define IMPORT_DOCKER_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/http.h"
#include "common/js.h"
#include "import/docker_endpoint.h"

#define DOCKER_API_INSPECT 52      /* the newest API 1.N that inspecting is asked for */
#define DOCKER_API_ATTESTATIONS 55 /* the oldest one that gives attestations, and the newest they are asked for */

struct docker {
	struct http *http;
	const struct docker_endpoint *at; /* borrowed */
	char *version;                    /* of the daemon: "28.5.2+dfsg4" */
	char *driver;                     /* what it stores images with: "overlayfs" */
	unsigned api;                     /* the newest API it speaks, 1.N */
	unsigned min_api;                 /* the oldest */
	bool containerd;                  /* the containerd image store */
	char *containerd_socket;          /* where its containerd says that it is; NULL where it does not say */
	char *containerd_namespace;       /* in which the images are; NULL with the former */
};

struct docker_request {
	const char *method; /* "GET" where NULL */
	const char *path;   /* from the slash after the version on */
	unsigned api;       /* the newest API 1.N that may be used; 0 for a path without a version */
	struct instream *upload;
	const char *upload_type;
	struct outstream *out; /* takes the body of a 200; not finished */
};

struct docker_answer {
	int status;
	struct buf refusal; /* the body of any other status */
};

/* Connect, and learn version, API and image store. */
enum err_code docker_open(const struct docker_endpoint *at, struct docker **ret_docker, struct err *err);
/* Refuse a daemon whose store keeps no index and no attestation. */
enum err_code docker_require_store(const struct docker *d, struct err *err);
/* True where a load keeps referrers that an index names: Docker 29.1 and later. */
bool docker_keeps_referrers(const struct docker *d);
/* True where the daemon's own socket tells what content there is: Docker 29.2 and later. */
bool docker_serves_content(const struct docker *d);
/* Send a request; docker_answer_release in any case. */
enum err_code docker_send(struct docker *d, const struct docker_request *r, struct docker_answer *ret_answer,
			  struct err *err);
/* A JSON answer of at most max_bytes: *ret_json is NULL where the daemon answers 404. */
enum err_code docker_get_json(struct docker *d, unsigned api, const char *path, uint64_t max_bytes,
			      struct json_t **ret_json, struct err *err);
/* A status that is no success, in the daemon's words: ERR_NOT_FOUND for 404, else ERR_REFUSED. */
enum err_code docker_refused(const struct docker *d, const char *path, const struct docker_answer *answer,
			     struct err *err);
/* Append an image name, fit to stand in a path: its slashes stay. */
enum err_code docker_put_name(struct buf *path, const char *name, struct err *err);
void docker_answer_release(struct docker_answer *answer);
/* NULL is fine. */
void docker_close(struct docker *d);
/* Cleanup handler for struct docker *. */
void docker_close_ptr(struct docker **d);
#endif
