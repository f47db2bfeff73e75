/* references.h - which images are meant: the operands, and files with one reference a line.
 *
 * Lifecycle  references_add and references_read any number of times; look;
 *            references_release.
 * Bounds     LIMIT_IMAGES references, LIMIT_LIST_BYTES a file,
 *            LIMIT_TEXT_BYTES a line.
 * Ownership  The references own their strings.
 * Errors     ERR_USAGE (a list that holds none), ERR_NOT_FOUND, ERR_IO,
 *            ERR_LIMIT, ERR_NOMEM; messages name file and line.
 * Format     Blanks around a reference do not count, nor do empty lines.  A
 *            comment begins with # at the beginning of a line or after a blank.
 */
#ifndef EXPORT_REFERENCES_H
#define EXPORT_REFERENCES_H

#include "common/holdings.h"
#include "common/opt.h"

struct reference_line {
	const char *text;
	const char *file; /* NULL: an operand */
	size_t line;      /* from 1 */
};

struct references {
	struct reference_line *items;
	size_t len, cap;
	struct intern strings;
};

/* Operands of the command line. */
enum err_code references_add(struct references *r, const struct opt_list *operands, struct err *err);
/* The references in a file; "-" is standard input. */
enum err_code references_read(struct references *r, const char *file, struct err *err);
/* The images of a list of what an import lacked, each by its digest and under its name, unless there are references
 * already: then those say how to come by them.  file is the list's. */
enum err_code references_want(struct references *r, const struct holdings *want, const char *file, struct err *err);
/* Put in front of a failure where its reference stands; returns the code in err. */
enum err_code references_where(const struct reference_line *line, struct err *err);
/* Zeroed ones are fine. */
void references_release(struct references *r);
#endif
