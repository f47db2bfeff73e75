/* toml_private.h - what the parts of the TOML reader share: the text (toml_text.c), the tree that is built from it
 * (toml_read.c), and the answers from that (toml.c). */
#ifndef COMMON_TOML_PRIVATE_H
#define COMMON_TOML_PRIVATE_H

#include "common/toml.h"

/* How a table came to be: that decides what may be added to it, and how. */
enum toml_origin {
	TOML_IMPLIED, /* named on the way in a [header.below] */
	TOML_HEADER,  /* by a [header] of its own */
	TOML_DOTTED,  /* by a dotted.key = */
	TOML_INLINE,  /* between braces, or an array between brackets: nothing is added */
};

struct toml {
	enum toml_type type;
	enum toml_origin origin;
	char *key;  /* owned; NULL for an item of an array */
	char *text; /* owned; of a string */
	int64_t number;
	bool flag;
	struct toml *first, *last, *next;
};

/* A new last member (key) or item (NULL) of parent.  The key becomes the tree's, on failure too. */
enum err_code toml_add(struct toml *parent, char *key, enum toml_type type, struct toml **ret_value, struct err *err);
struct toml *toml_find(struct toml *table, const char *key);

#define TOML_BARE_KEY "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

struct toml_reader {
	const char *p; /* within a text that holds no NUL but the one at its end */
	unsigned line, depth;
	size_t values;
	const char *what;
};

/* ERR_FORMAT at this line. */
enum err_code toml_bad(const struct toml_reader *r, struct err *err, const char *why);
/* Characters, tabs and line ends only: nothing below has to think of anything else. */
enum err_code toml_check_text(struct toml_reader *r, const char *text, size_t len, struct err *err);
void toml_skip_blanks(struct toml_reader *r);
/* Blanks, comments and line ends. */
void toml_skip_lines(struct toml_reader *r);
/* Step over this text if it stands here. */
bool toml_eat(struct toml_reader *r, const char *text);
/* A string of any of the four forms, from its first quote on. */
enum err_code toml_read_string(struct toml_reader *r, bool may_have_lines, char **ret_text, struct err *err);
#endif
