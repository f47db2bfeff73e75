/* containerd.h - a containerd, as far as images need it: content, images and leases of one namespace.
 *
 * Lifecycle  containerd_open finds out who is there; containerd_lease before
 *            anything is written, so that nothing of it is collected meanwhile;
 *            ask, one after the other; containerd_lease_end; containerd_close.
 * Bounds     LIMIT_GRPC_BYTES an answer; LIMIT_REFS references of one content, sorted.
 * Ownership  Texts live until containerd_close.
 * Errors     Those of grpc.h.  What is not there is no error, but says so.  Opening:
 *            ERR_UNSUPPORTED (no containerd), ERR_USAGE and ERR_NOT_FOUND (a namespace
 *            that cannot be, or is not there).
 * Trust      containerd runs as root and proves each blob when it is committed;
 *            its answers are still bounded.
 * Source     containerd 1.6 to 2.1, api/services: content, images, leases,
 *            namespaces, introspection and version, each v1; docs/garbage-collection.md.
 */
#ifndef IMPORT_CONTAINERD_H
#define IMPORT_CONTAINERD_H

#include <stdbool.h>

#include "common/graph.h"
#include "import/gc_refs.h"
#include "import/grpc.h"
#include "import/protobuf.h"

#define CONTAINERD_SOCKET "/run/containerd/containerd.sock"
#define CONTAINERD_DOCKER "moby" /* the namespace that Docker has */
#define CONTAINERD_TYPE_MAX 256
#define CONTAINERD_JOBS 4 /* blobs that are written side by side */

struct containerd {
	struct grpc grpc;
	char *socket;
	char *version;   /* "1.6.20~ds1" */
	char *namespace; /* "k8s.io" */
	char *lease;     /* NULL while there is none */
};

/* A question of one message. */
struct containerd_question {
	const char *method;          /* "containerd.services.version.v1.Version/Version" */
	const struct buf *request;   /* NULL for an empty one */
	grpc_message_fn *on_message; /* NULL: what comes back is dropped */
	void *ctx;
	enum grpc_status also; /* a status that is an answer as OK is */
};

struct containerd_content {
	bool there;
	bool unpacked; /* of a config: there are snapshots of it, so that its image runs without its layers */
	uint64_t size_bytes;
	struct gc_refs refs;
};

struct containerd_image {
	char *name; /* NULL where there is none */
	struct digest target;
	char media_type[CONTAINERD_TYPE_MAX]; /* of the target; "" for one that is too long */
	uint64_t size_bytes;                  /* likewise */
	bool pinned;                          /* the kubelet leaves it alone */
};

typedef enum err_code containerd_image_fn(void *ctx, const struct containerd_image *image, struct err *err);

/* The socket that follows "containerd:"; for "" that of CONTAINERD_ADDRESS, else containerd's own. */
const char *containerd_socket(const char *text);
/* Connect, learn the version, and choose the namespace: the one that is named, else that of CONTAINERD_NAMESPACE, else
 * k8s.io where the CRI plugin runs, else default. */
enum err_code containerd_open(const char *socket, const char *namespace, struct containerd **ret_containerd,
			      struct err *err);
/* Connect to what only answers for content, of the one namespace it has: Docker's own socket.  Nothing is asked yet. */
enum err_code containerd_attach(const char *socket, struct containerd **ret_containerd, struct err *err);
/* Ask one thing.  ret_status, which may be NULL, gets GRPC_OK or q->also; any other status is refused. */
enum err_code containerd_ask(struct containerd *c, const struct containerd_question *q, enum grpc_status *ret_status,
			     struct err *err);
/* Whatever is written from now on stays for a day at least, and a day longer for each 10 GB that are going to be. */
enum err_code containerd_lease(struct containerd *c, uint64_t bytes, struct err *err);
/* A content that is there stays too, with all that it refers to; one that is not there is no error. */
enum err_code containerd_lease_keep(struct containerd *c, const struct digest *digest, struct err *err);
enum err_code containerd_lease_end(struct containerd *c, struct err *err);

/* What is known of a content; containerd_content_release. */
enum err_code containerd_content(struct containerd *c, const struct digest *digest,
				 struct containerd_content *ret_content, struct err *err);
/* Append a manifest, proved.  One that is not there, or is not what it is called, is ERR_NOT_FOUND. */
enum err_code containerd_read(struct containerd *c, const struct digest *digest, struct buf *out, struct err *err);
/* Push a content's bytes on, not proved, and not finished; one that is not there is ERR_NOT_FOUND. */
enum err_code containerd_give(struct containerd *c, const struct digest *digest, struct outstream *out,
			      struct err *err);
/* Add references to a content that is there, or put others in the place of those with the same keys. */
enum err_code containerd_refer(struct containerd *c, const struct digest *digest, const struct gc_refs *refs,
			       struct err *err);
/* Such references as the labels that they are: entries of a map. */
void containerd_put_refs(struct pb_out *o, unsigned field, const struct gc_refs *refs);
/* The image of a name; containerd_image_release. */
enum err_code containerd_image(struct containerd *c, const char *name, struct containerd_image *ret_image,
			       struct err *err);
/* Give a name to a content that is there; of an image that has this name nothing else changes. */
enum err_code containerd_name(struct containerd *c, const char *name, const struct node *target, bool pin,
			      struct err *err);
/* Tell of every image, but of those whose digest is of no kind that is known here; the first failure ends it. */
enum err_code containerd_each_image(struct containerd *c, containerd_image_fn *fn, void *ctx, struct err *err);

void containerd_content_release(struct containerd_content *content);
void containerd_image_release(struct containerd_image *image);
/* NULL is fine. */
void containerd_close(struct containerd *c);
/* Cleanup handler for struct containerd *. */
void containerd_close_ptr(struct containerd **c);
#endif
