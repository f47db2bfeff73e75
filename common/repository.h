/* repository.h - what registry.c and discovery.c share: one repository, its URLs, its refusals. */
#ifndef COMMON_REPOSITORY_H
#define COMMON_REPOSITORY_H

#include <stdbool.h>

#include "common/access.h"
#include "common/source.h"
#include "common/tag_index.h"

/* Without it old registries answer schema 1. */
#define REPOSITORY_ACCEPT                                                                                              \
	TYPE_OCI_INDEX ", " TYPE_OCI_MANIFEST ", " TYPE_DOCKER_LIST ", " TYPE_DOCKER_MANIFEST ", " TYPE_OCI_ARTIFACT

struct discovery;

struct repository {
	struct source source;
	struct access *access; /* owned */
	char *base;            /* owned: "https://host[:port]" */
	char *path;            /* owned: "library/alpine" */
	char *name;            /* owned: "docker.io/library/alpine" */
	bool no_referrers_api; /* it has said so once: that holds for all digests */
	struct tag_index tag_index;
	struct discovery *discoveries, *held; /* held: until the list of tags is there */
};

/* base/v2/path/kind/which */
enum err_code repository_url(const struct repository *p, const char *kind, const char *which, char **ret_url,
			     struct err *err);
/* Describe an answer whose status is an error, with what the registry says of it. */
enum err_code repository_refused(const struct request *r, const char *body, struct err *err);
/* The sha256 digest of an answer that was asked for by tag, proved where the registry says its digest. */
enum err_code repository_digest(const struct request *r, const void *bytes, size_t len, struct digest *ret_digest,
				struct err *err);
/* True where the body's error code is this one. */
bool repository_error_is(const char *body, const char *code);
#endif
