/* targets.h - what TARGET names on a command line, and what its options say of it.
 *
 * Ownership  Options are borrowed as long as the target lives.
 * Errors     ERR_USAGE (no such target), and those of the target's own function.
 */
#ifndef IMPORT_TARGETS_H
#define IMPORT_TARGETS_H

#include "common/endpoints.h"
#include "common/login.h"
#include "import/target.h"

#define DAEMON_TRANSPORT "docker-daemon:"
#define CONTAINERD_TRANSPORT "containerd:"
#define LAYOUT_TRANSPORT "oci:"
#define REGISTRY_TRANSPORT "docker://"
#define TARGETS_TEXT "docker-daemon:[SOCKET], containerd:[SOCKET], docker://HOST[:PORT][/PREFIX], oci:DIR or store"
#define TARGET_JOBS_MAX 64

struct target_options {
	const char *to;        /* TARGETS_TEXT; NULL for the Docker daemon */
	const char *namespace; /* of a containerd; NULL for the one that fits */
	bool pin;              /* in a containerd: the kubelet's collection leaves the images alone */
	/* of a registry */
	const struct login *login;                /* NULL for none of the command line */
	const struct endpoint_options *endpoints; /* NULL for the usual places */
	bool keep_host;                           /* the host of a name is the first component of its path there */
	bool subset_index;                        /* an index with missing platforms is replaced by one without them */
	unsigned jobs;                            /* 0 for the usual number */
	struct progress *progress;                /* may be NULL */
};

/* The target, of which nothing has been asked yet. */
enum err_code target_new(const struct target_options *options, struct target **ret_target, struct err *err);
#endif
