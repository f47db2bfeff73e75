/* containerd_source.h - the images of a containerd, of one namespace, as a source of images; every answer comes at once.
 *
 * Lifecycle  containerd_source_new; ask; its free.
 * Bounds     LIMIT_MANIFEST_BYTES a manifest; a blob comes within GRPC_SECONDS, so that it is for statements and not
 * for layers. Ownership  The containerd is borrowed. Errors     Those of containerd.h.  What is not there is an answer.
 * Referrers  Those that the collector is told to keep with their subject: so an import writes them, and a pull does
 * not. How one refers to it is not told: all are of LINK_SUBJECT, cosign's too.
 */
#ifndef IMPORT_CONTAINERD_SOURCE_H
#define IMPORT_CONTAINERD_SOURCE_H

#include "common/source.h"
#include "import/containerd.h"

enum err_code containerd_source_new(struct containerd *c, struct source **ret_source, struct err *err);
#endif
