/* docker_endpoint.h - where a Docker daemon is, and how it is spoken to, as docker itself finds that out.
 *
 * Lifecycle  docker_endpoint_find; look; docker_endpoint_release.
 * Bounds     LIMIT_ANSWER_BYTES for config.json and a context's meta.json.
 * Ownership  An endpoint owns its texts.
 * Errors     ERR_UNSUPPORTED (a way to a daemon that is not gone here: ssh, npipe), ERR_NOT_FOUND (no such context, a
 *            certificate that is not there), ERR_USAGE, ERR_FORMAT, ERR_IO, ERR_NOMEM.
 * Rules      What is named counts; then DOCKER_HOST; then the context of DOCKER_CONTEXT; then the currentContext of
 *            config.json in DOCKER_CONFIG, else ~/.docker; then /var/run/docker.sock.  The context "default" is none.
 *            A named host or DOCKER_HOST is asked by TLS where DOCKER_TLS_VERIFY is not empty, with ca.pem, cert.pem
 *            and key.pem in DOCKER_CERT_PATH, else in the folder of config.json.  A context has such files of its own,
 *            in contexts/tls, and is asked by TLS where it has any, or where it says SkipTLSVerify.  Where there is a
 *            ca.pem, nobody else is trusted.
 * Source     docker/cli cli/context/store, cli/context/docker, cli/command.
 */
#ifndef IMPORT_DOCKER_ENDPOINT_H
#define IMPORT_DOCKER_ENDPOINT_H

#include <stdbool.h>

#include "common/err.h"
#include "common/tls.h"

struct docker_endpoint {
	char *name;     /* for messages: a path, or tcp://HOST:PORT */
	char *socket;   /* a unix socket; NULL for TCP */
	char *base;     /* what stands in front of a path: "http://docker", "https://10.0.0.1:2376" */
	struct tls tls; /* of https only */
};

/* What follows "docker-daemon:": a socket's path, unix://PATH, tcp://HOST[:PORT], or "" for what the environment says.
 */
enum err_code docker_endpoint_find(const char *text, struct docker_endpoint *ret_endpoint, struct err *err);
/* A zeroed endpoint is fine. */
void docker_endpoint_release(struct docker_endpoint *e);
#endif
