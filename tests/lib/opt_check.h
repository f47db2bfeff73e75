/* opt_check.h - holds a command's table against the rules that every table keeps. */
#ifndef TESTS_LIB_OPT_CHECK_H
#define TESTS_LIB_OPT_CHECK_H

#include "common/opt.h"

/* What is wrong with the table, in words, or NULL.  The text stays valid until the next call. */
const char *opt_check(const struct command *c);
#endif
