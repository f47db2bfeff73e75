/* apart.h - a file that a command writes is none of those that it was told to read.
 *
 * Lifecycle  apart_check, before anything is read or written.
 * Errors     ERR_USAGE, which names the file and what it is.
 */
#ifndef COMMON_APART_H
#define COMMON_APART_H

#include "common/opt.h"

/* What is read: a path, a list of them, or neither. */
struct apart {
	const char *what; /* "the key of --sign" */
	const char *path;
	const struct opt_list *paths;
};

/* Whether output, whose content is going to be replaced, would be the end of one of the inputs.  "-" is none's end. */
enum err_code apart_check(const char *output, const struct apart *inputs, size_t len, struct err *err);
#endif
