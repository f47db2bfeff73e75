/* tag_index.h - which tags a repository has, told by its list of tags once in place of four questions a manifest.
 *
 * Lifecycle  Zeroed; tag_index_want for every tag by which an image is asked for;
 *            tag_index_is_due before each manifest whose referrers are looked
 *            for; where it says so, the list is asked for, and tag_index_learn or
 *            tag_index_give_up; tag_index_may_have;
 *            tag_index_release.
 * Belief     A registry must list all tags, but a proxy may have an old list.  So
 *            a list is believed only where it has all tags that images were asked
 *            for by, and there are any.  A tag may have moved since: so what an
 *            image's tag stands for (a root) is asked about all the same.  In
 *            doubt every question is asked.
 * Bounds     TAG_INDEX_PAGES pages: a longer list costs more than it saves.
 * Ownership  The index owns its copies.
 * Errors     ERR_LIMIT, ERR_NOMEM.
 */
#ifndef COMMON_TAG_INDEX_H
#define COMMON_TAG_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/intern.h"

#define TAG_INDEX_PAGES 10

enum tag_index_state {
	TAG_INDEX_UNASKED,
	TAG_INDEX_ASKED,
	TAG_INDEX_KNOWN,
	TAG_INDEX_NOT_BELIEVED, /* or there is none to be had */
};

struct tag_index {
	enum tag_index_state state;
	struct intern strings;
	const char **wanted;
	size_t wanted_len, wanted_cap;
	const char **tags; /* sorted */
	size_t tags_len;
	size_t subjects; /* manifests whose referrers were looked for so far */
	void *roots;     /* a tsearch tree of digests */
};

enum err_code tag_index_want(struct tag_index *t, const char *tag, struct err *err);
/* An image's tag stands for this digest. */
enum err_code tag_index_add_root(struct tag_index *t, const char *digest, struct err *err);
bool tag_index_is_root(const struct tag_index *t, const char *digest);
/* Counts a manifest; true where now is the time to ask for the list, and then it counts as asked for. */
bool tag_index_is_due(struct tag_index *t);
/* This is the list. */
enum err_code tag_index_learn(struct tag_index *t, const char *const *tags, size_t len, struct err *err);
/* There is no list to be had. */
void tag_index_give_up(struct tag_index *t);
/* False where it is known that there is no such tag. */
bool tag_index_may_have(const struct tag_index *t, const char *tag);
void tag_index_release(struct tag_index *t);
#endif
