/* mapping.h - "--map OLD=NEW": images under other names than they had.
 *
 * OLD and NEW are leading parts of full names: a registry, or a registry and
 * whole path components, as in "docker.io/library" or "localhost:5000".  A rule
 * replaces OLD by NEW and leaves the rest, tag and digest included, as it is.
 * The longest OLD wins, and a name is mapped once: NEW is not looked at again.
 * OLD=OLD is a rule too, which keeps names from a shorter one.
 *
 * Short names mean nothing here: "library" could be docker.io/library or
 * docker.io/library/library, so what does not start with a registry is
 * refused, and the message says so.
 *
 * A registry as target is a place: its host, or that and a leading part of the path, takes the place of every name's
 * host, after the rules.  So docker.io/library/alpine:3 is registry.site:5000/mirror/library/alpine:3 there, or where
 * hosts are kept registry.site:5000/mirror/docker.io/library/alpine:3; as reference_component writes them.
 *
 * Lifecycle  Zeroed, mapping_add for every rule, mapping_place once or never, mapping_apply for every image,
 *            mapping_unused once, mapping_release.
 * Bounds     LIMIT_IMAGES rules and names.
 * Ownership  A mapping owns its rules, and remembers the names that it gave.
 * Errors     ERR_USAGE: a rule that is none, a rule given twice, a name that a
 *            rule spoils, two images that end under one name.  ERR_LIMIT, ERR_NOMEM.
 * Source     docs/architecture.md, "Commands".
 */
#ifndef COMMON_MAPPING_H
#define COMMON_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct mapping_rule {
	char *from, *to; /* owned: OLD and NEW */
	size_t used;     /* how many names it has mapped */
};

struct mapping {
	struct mapping_rule *rules;
	size_t len, cap;
	char *place; /* owned: "registry.site:5000/mirror"; NULL where names keep their hosts */
	bool keep_host;
	void *given; /* a tsearch tree of the names that were given, and to which images; empty without rules or place
		      */
	size_t given_len;
};

/* Add a rule, "OLD=NEW". */
enum err_code mapping_add(struct mapping *m, const char *rule, struct err *err);
/* All names go to one place, which mapping_check_place has accepted. */
enum err_code mapping_place(struct mapping *m, const char *place, bool keep_host, struct err *err);
/* Can there be names below this place, and does it begin with a registry? */
enum err_code mapping_check_place(const char *place, struct err *err);
/* The new name of an image; name is a full normalised one, and so is the new.  The same image twice gets the same. */
enum err_code mapping_apply(struct mapping *m, const char *name, char **ret_name, struct err *err);
/* What a name would be called, given to nobody and counted for no rule; ERR_USAGE where a rule spoils it. */
enum err_code mapping_look(const struct mapping *m, const char *name, char **ret_name, struct err *err);
/* What the rules alone call it, wherever it then goes. */
enum err_code mapping_rename(const struct mapping *m, const char *name, char **ret_name, struct err *err);
/* The image that was given this name: what mapping_apply gave back, turned round; name itself where nothing renames. */
const char *mapping_origin(const struct mapping *m, const char *name);
/* The first rule that no name has matched, NULL if there is none.  Asked once all names are mapped. */
const struct mapping_rule *mapping_unused(const struct mapping *m);
/* Free what it owns.  A zeroed mapping is fine. */
void mapping_release(struct mapping *m);
#endif
