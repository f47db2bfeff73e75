/* apart.h - a command in a process of its own: how it ends, what it says, how much memory it takes.
 *
 * Lifecycle  apart_run, in a folder that is the test's own; apart_release.
 * Bounds     APART_WORDS words; whoever takes more seconds than are given is ended by SIGALRM.
 * Output     What it says on stdout and stderr is in the files "out" and "err" of the folder.
 * Errors     Those of the command are its status, 128 and the number where a signal ended it; whatever else fails here
 *            fails the test.
 */
#ifndef TESTS_LIB_APART_H
#define TESTS_LIB_APART_H

#include "common/opt.h"

#define APART_WORDS 12

/* A sanitizer takes memory of its own. */
#ifdef __SANITIZE_ADDRESS__
#define APART_MEMORY_MATTERS false
#else
#define APART_MEMORY_MATTERS true
#endif

struct apart {
	int status;
	char *said; /* on stderr */
	size_t said_len;
	long peak_kib;
};

/* Words are what follows the command's name, up to NULL. */
void apart_run(struct apart *a, const struct command *c, const char *const *words, unsigned seconds);
void apart_release(struct apart *a);
/* Whether it said one line, and a whole one. */
bool apart_said_one_line(const struct apart *a);
/* Whether a text has in it what a terminal would obey, in ASCII or in the C1 range of Unicode. */
bool drives_terminals(const char *text, size_t len);
#endif
