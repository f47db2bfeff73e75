/* child.h - a command in a process of its own: how it ends, what it says, how much memory it takes.
 *
 * Lifecycle  child_run, in a folder that is the test's own; child_release.
 * Units      Seconds are those that it computes, in all its threads: for how long a busy machine keeps it waiting says
 *            nothing of it.
 * Bounds     CHILD_WORDS words; whoever takes more seconds than are given is ended by SIGXCPU, and whoever hangs by
 *            SIGALRM, after CHILD_HANGS.
 * Output     What it says on stdout and stderr is in the files "out" and "err" of the folder.
 * Errors     Those of the command are its status, 128 and the number where a signal ended it; whatever else fails here
 *            fails the test.
 */
#ifndef TESTS_LIB_CHILD_H
#define TESTS_LIB_CHILD_H

#include "common/opt.h"

#define CHILD_WORDS 12
#define CHILD_HANGS 240 /* seconds by the clock */

/* A sanitizer takes memory of its own. */
#ifdef __SANITIZE_ADDRESS__
#define CHILD_MEMORY_MATTERS false
#else
#define CHILD_MEMORY_MATTERS true
#endif

struct child {
	int status;
	char *said; /* on stderr */
	size_t said_len;
	long peak_kib;
};

/* Words are what follows the command's name, up to NULL. */
void child_run(struct child *a, const struct command *c, const char *const *words, unsigned seconds);
void child_release(struct child *a);
/* Whether it said one line, and a whole one. */
bool child_said_one_line(const struct child *a);
/* Whether a text has in it what a terminal would obey, in ASCII or in the C1 range of Unicode. */
bool drives_terminals(const char *text, size_t len);
#endif
