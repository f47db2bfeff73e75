/* fake_docker.h - a Docker daemon that has one image of a graph, or will after a load, and may misbehave.
 *
 * Lifecycle  Set graph, fault and api; fake_docker_start; look; fake_docker_stop.
 * Units      One request a connection, on a thread of its own.
 * Ownership  The graph is borrowed: its first image is an index whose first
 *            entry has platform linux/amd64 and the only attestation.
 * Errors     None: whatever fails here fails the test.
 * Source     Docker Engine API 1.48 to 1.55, as real daemons answer.
 */
#ifndef TESTS_LIB_FAKE_DOCKER_H
#define TESTS_LIB_FAKE_DOCKER_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/un.h>

#include "common/graph.h"

/* What the daemon does wrong, or otherwise. */
enum fake_fault {
	FAKE_NONE,
	FAKE_HAS_IT,
	FAKE_HAS_ANOTHER,
	FAKE_GRAPHDRIVER,
	FAKE_OLD_API,
	FAKE_NO_DAEMON,
	FAKE_BREAKS_OFF,
	FAKE_REFUSES,
	FAKE_REFUSES_EARLY,
	FAKE_NO_JSON,
	FAKE_LONG_LINE,
	FAKE_CANNOT_UNPACK,
	FAKE_NOT_NAMED,
	FAKE_NAMES_ANOTHER,
	FAKE_NOT_AVAILABLE,
	FAKE_NOT_LISTED,
	FAKE_NO_ATTESTATION,
	FAKE_WRONG_SUBJECT,
	FAKE_NO_STATEMENT,
	FAKE_OTHER_STATEMENT,
	FAKE_ONE_MORE,
	FAKE_OTHER_TYPE,
	FAKE_ATTESTATIONS_500,
};

struct fake_docker {
	pthread_t thread;
	int fd;
	struct sockaddr_un address;
	const struct graph *graph;
	enum fake_fault fault;
	unsigned api;
	const char *only; /* the one name under which it has its image; NULL for any */
	bool loaded;
	unsigned loads;
	char *tar;
	size_t tar_len;
};

/* Listen on a socket beside a file. */
void fake_docker_start(struct fake_docker *d, const char *beside);
void fake_docker_stop(struct fake_docker *d);
#endif
