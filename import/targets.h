/* targets.h - what TARGET names on a command line, and what its options say of it.
 *
 * Ownership  Options are borrowed as long as the target lives.
 * Errors     ERR_USAGE (no such target), and those of the target's own function.
 */
#ifndef IMPORT_TARGETS_H
#define IMPORT_TARGETS_H

#include "import/target.h"

#define DAEMON_TRANSPORT "docker-daemon:"
#define CONTAINERD_TRANSPORT "containerd:"
#define LAYOUT_TRANSPORT "oci:"
#define TARGETS_TEXT "docker-daemon:[SOCKET], containerd:[SOCKET], oci:DIR or store"

struct target_options {
	const char *to;        /* TARGETS_TEXT; NULL for the Docker daemon */
	const char *namespace; /* of a containerd; NULL for the one that fits */
	bool pin;              /* in a containerd: the kubelet's collection leaves the images alone */
};

/* The target, of which nothing has been asked yet. */
enum err_code target_new(const struct target_options *options, struct target **ret_target, struct err *err);
/* The socket that follows "containerd:"; for "" that of CONTAINERD_ADDRESS, else containerd's own. */
const char *containerd_socket(const char *text);
/* The socket that follows "docker-daemon:"; for "" that of DOCKER_HOST, else Docker's own. */
enum err_code docker_socket(const char *text, const char **ret_socket, struct err *err);
#endif
