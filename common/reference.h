/* reference.h - image references, read and normalised as Docker does it.
 *
 * Lifecycle  reference_parse or reference_copy, look, reference_release.
 * Bounds     domain and path at most REFERENCE_NAME_MAX bytes each, a tag at
 *            most REFERENCE_TAG_MAX; more is ERR_FORMAT.
 * Ownership  A reference owns its strings; every ret_ string is the caller's,
 *            to be freed with free.
 * Errors     ERR_FORMAT with the text, what is wrong with it, and what a right
 *            one looks like; ERR_NOMEM.  A command that got the text from its
 *            user recodes ERR_FORMAT to ERR_USAGE.
 * Source     distribution/reference 0.6, grammar in reference.go, normalisation
 *            in normalize.go: the first component is a domain if it holds '.' or
 *            ':', is "localhost", or has an upper-case letter; without one it is
 *            docker.io.  "library/" stands before single names on docker.io
 *            only, and index.docker.io is docker.io.  The domain's letters stay
 *            as they are.
 */
#ifndef COMMON_REFERENCE_H
#define COMMON_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/digest.h"
#include "common/err.h"

#define REFERENCE_NAME_MAX 255
#define REFERENCE_TAG_MAX 128
#define REFERENCE_COMPONENT_MAX (REFERENCE_NAME_MAX + 3)

struct reference {
	char *domain;         /* owned: "docker.io", "[::1]:5000" */
	char *path;           /* owned: the repository without its domain, "library/alpine" */
	char *tag;            /* owned; NULL if there is none, and then there is a digest, or a repository is meant */
	struct digest digest; /* "" if there is none; where there are both, the digest says what to fetch */
};

/* Read "alpine", "ghcr.io/a/b:1", "localhost:5000/a@sha256:…", "a/b:1@sha256:…".  Neither tag nor digest is :latest.
 * A transport ("docker://") is no part of a reference: the caller has taken it off. */
enum err_code reference_parse(const char *text, struct reference *ret_ref, struct err *err);
/* Read a repository, "ghcr.io/a/b": the reference has neither tag nor digest, and a text that has is ERR_FORMAT. */
enum err_code reference_parse_repository(const char *text, struct reference *ret_ref, struct err *err);
/* True for a text that can be a tag. */
bool reference_is_tag(const char *text);
/* True for a text that reference_name gives: a full normalised name.  Nothing is allocated. */
bool reference_is_name(const char *text);
/* The normalised name, "docker.io/library/alpine:3.20": with the tag if there is one, else with @digest. */
enum err_code reference_name(const struct reference *ref, char **ret_name, struct err *err);
/* The normalised name of an image as a user writes it; ERR_USAGE where that is no reference. */
enum err_code reference_asked(const char *text, char **ret_name, struct err *err);
/* Everything that is there, the tag and the digest: what reference_parse reads back to the same reference. */
enum err_code reference_text(const struct reference *ref, char **ret_text, struct err *err);
/* Domain and path, "docker.io/library/alpine". */
enum err_code reference_repository(const struct reference *ref, char **ret_repository, struct err *err);
/* The part of a full normalised name that Docker shows: "alpine:3.20" of "docker.io/library/alpine:3.20". */
const char *reference_familiar(const char *name);
/* A registry, of at most REFERENCE_NAME_MAX bytes, as one component of a path, where neither capitals nor colons nor
 * brackets can be: "localhost-5000", and "0--1-5000" for "[::1]:5000", which [0::1]:5000 is too.  Returns out. */
const char *reference_component(const char *registry, size_t len, char out[REFERENCE_COMPONENT_MAX]);
enum err_code reference_copy(const struct reference *ref, struct reference *ret_copy, struct err *err);
/* Free the strings.  A zeroed reference is fine. */
void reference_release(struct reference *ref);
#endif
