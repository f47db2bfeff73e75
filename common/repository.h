/* repository.h - what registry.c, discovery.c and tags.c share: one repository, the places where it is asked for, its
 * URLs, its refusals.
 *
 * Places     Content is asked for at the first place that may be asked, and at the next where that one fails or has
 *            it not: whatever comes is proved by its digest, so a mirror can only be missing things.  Not so a list of
 *            referrers or tags, which nothing proves to be whole: those are asked for at home, the registry itself.
 *            A place that failed is not asked again in this run, and that is said once.  What was to be asked there
 *            already is asked elsewhere at once, where there is another place.
 */
#ifndef COMMON_REPOSITORY_H
#define COMMON_REPOSITORY_H

#include <stdbool.h>

#include "common/access.h"
#include "common/endpoints.h"
#include "common/registry.h"
#include "common/source.h"
#include "common/tag_index.h"

/* Without it old registries answer schema 1. */
#define REPOSITORY_ACCEPT                                                                                              \
	TYPE_OCI_INDEX ", " TYPE_OCI_MANIFEST ", " TYPE_DOCKER_LIST ", " TYPE_DOCKER_MANIFEST ", " TYPE_OCI_ARTIFACT

struct discovery;
struct repository;

struct place {
	struct repository *repository;
	const struct endpoint *endpoint;
	struct access *access; /* owned */
	bool out;              /* it has failed */
	bool lacks;            /* it was said that it has not everything */
	bool no_referrers_api; /* it has said so once: that holds for all digests */
};

struct repository {
	struct source source;
	struct endpoints endpoints;
	struct place *places; /* owned: one for each endpoint */
	char *name;           /* owned: "docker.io/library/alpine" */
	struct registry_options options;
	struct tag_index tag_index;
	struct discovery *discoveries, *held; /* held: until the list of tags is there */
};

enum place_use {
	PLACE_TAG,    /* what is under a tag */
	PLACE_DIGEST, /* the image that a user names by digest */
	PLACE_CONTENT /* what manifests name */
};

enum err_code repository_open(struct repository *p, struct http *http, const struct reference *ref, struct err *err);
void repository_close(struct repository *p);
/* The first place that may be asked, or after is not NULL, the first behind that; NULL where there is none. */
struct place *repository_place(const struct repository *p, enum place_use use, const struct place *after);
/* The registry itself; where it has failed, who stands in; NULL where there is nobody. */
struct place *repository_home(const struct repository *p);
/* The repository behind a source that registry_new made. */
struct repository *repository_of(struct source *source);
/* From now on only the registry itself is asked, and for tokens to push with: what is to be written there is of no use
 * in a mirror. */
void repository_write_home(struct repository *p);
/* Where to write: the registry itself. */
enum err_code repository_writable(const struct repository *p, struct place **ret_place, struct err *err);
/* Why there is no place to ask. */
enum err_code repository_no_place(const struct repository *p, enum place_use use, struct err *err);
/* True where it has failed, here or for another repository. */
bool place_is_out(const struct place *place);
/* A place has failed. */
void place_give_up(struct place *place, const struct err *why);
/* True where it is not the last place that may be asked. */
bool place_has_next(const struct place *place, enum place_use use);
/* Say that another is asked instead: why is NULL where it only lacks something. */
void place_say(struct place *place, const struct place *next, const struct err *why);
/* Where to ask for what this place has not, or has failed to give; NULL where that was the last one. */
struct place *place_after_lack(struct place *place, enum place_use use);
struct place *place_after_failure(struct place *place, enum place_use use, const struct err *why);

/* root/path/kind/which */
enum err_code repository_url(const struct place *place, const char *kind, const char *which, char **ret_url,
			     struct err *err);
/* Describe an answer whose status is an error, with what the registry says of it. */
enum err_code repository_refused(const struct request *r, const char *body, struct err *err);
/* The sha256 digest of an answer that was asked for by tag, proved where the registry says its digest. */
enum err_code repository_digest(const struct request *r, const void *bytes, size_t len, struct digest *ret_digest,
				struct err *err);
/* True where the body's error code is this one. */
bool repository_error_is(const char *body, const char *code);
#endif
