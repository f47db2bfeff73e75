/* manifest.h - image manifests and indexes, read as they are and never rewritten.
 *
 * Lifecycle  manifest_parse, look, manifest_release.
 * Units      Sizes are bytes.
 * Bounds     At most LIMIT_MANIFEST_BYTES; the JSON bounds of js.h.  Lists are
 *            read item by item: there is never a tree of all of one.
 * Ownership  A manifest owns what its descriptors and strings point to; they
 *            live as long as the manifest.
 * Errors     ERR_FORMAT (does not follow the specification, or says another
 *            media type than the one it came under), ERR_UNSUPPORTED (schema 1
 *            and types that are no manifest), ERR_LIMIT, ERR_NOMEM.
 * Source     OCI Image Specification 1.1, manifest.md, image-index.md,
 *            descriptor.md; Docker image manifest version 2, schema 2.
 */
#ifndef COMMON_MANIFEST_H
#define COMMON_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/descriptor.h"
#include "common/err.h"
#include "common/js.h"

#define TYPE_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define TYPE_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define TYPE_OCI_ARTIFACT "application/vnd.oci.artifact.manifest.v1+json" /* withdrawn, still met */
#define TYPE_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define TYPE_OCI_EMPTY "application/vnd.oci.empty.v1+json"
#define TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define TYPE_IN_TOTO "application/vnd.in-toto+json"

#define ANNOTATION_REFERENCE_TYPE "vnd.docker.reference.type"
#define ANNOTATION_REFERENCE_DIGEST "vnd.docker.reference.digest"
#define ANNOTATION_PREDICATE_TYPE "in-toto.io/predicate-type"
#define ANNOTATION_SIGSTORE_PREDICATE "dev.sigstore.bundle.predicateType"
#define ANNOTATION_IMAGE_NAME "io.containerd.image.name"
#define ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"
#define ANNOTATION_KIND "kind" /* cosign save's word for what an entry is */
#define ANNOTATION_SUBJECT "io.containerd.manifest.subject"
#define ANNOTATION_LISTED_FOR "bundle.listed-for" /* a subject, or LISTED_FOR_PARENT */
#define LISTED_FOR_PARENT "parent"

enum manifest_kind {
	MANIFEST_NONE,     /* not a manifest: a blob of whatever kind */
	MANIFEST_INDEX,    /* OCI index, Docker manifest list */
	MANIFEST_IMAGE,    /* OCI and Docker schema 2 manifest */
	MANIFEST_ARTIFACT, /* the withdrawn OCI artifact manifest */
	MANIFEST_SCHEMA1,  /* refused */
};

struct manifest {
	struct json_t *json; /* owned: all of it but the items of its lists */
	enum manifest_kind kind;
	const char *media_type;
	const char *artifact_type; /* its own, else the config's media type for an image manifest; may be NULL */
	bool has_config, has_subject;
	struct descriptor config, subject;
	struct descriptor *items; /* owned: manifests of an index, layers of a manifest, blobs of an artifact */
	size_t items_len;
	struct descriptor_store store; /* of items */
	const struct json_t *annotations;
};

/* What a media type says; parameters after ';' do not count. */
enum manifest_kind manifest_kind(const char *media_type);
/* Read a manifest that came as media_type ("" or NULL: what it says of itself).  what names it in messages. */
enum err_code manifest_parse(const void *bytes, size_t len, const char *media_type, const char *what,
			     struct manifest *ret_manifest, struct err *err);
/* True for an index entry that is a BuildKit attestation manifest. */
bool descriptor_is_attestation(const struct descriptor *d);
/* True for layers that are compressed already, told by media type alone. */
bool media_type_is_compressed(const char *media_type);
/* True for layers that only their vendor may distribute: a registry may list one without having it. */
bool media_type_is_foreign(const char *media_type);
/* Free what parse took.  A zeroed manifest is fine. */
void manifest_release(struct manifest *m);
#endif
