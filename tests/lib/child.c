#include "tests/lib/child.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/lib/folder.h"

/* In a child: what the program does with these words. */
static int run(const struct command *c, const char *const *words)
{
	CLEANUP(free_ptr) void *options = calloc(1, c->options_size);
	CLEANUP(opt_list_release) struct opt_list operands = { 0 };
	char *argv[CHILD_WORDS] = { NULL };
	enum opt_wish wish = OPT_RUN;
	int argc, status;

	for (argc = 0; argc < CHILD_WORDS && words[argc] != NULL; argc++)
		argv[argc] = strdup(words[argc]);
	if (opt_parse(c, argc, argv, options, &operands, &wish, NULL) != ERR_OK)
		return 99;
	status = c->run(c, options, &operands);
	opt_release(c, options);
	return status;
}

static void limit_time(unsigned seconds)
{
	const struct rlimit cpu = { .rlim_cur = seconds, .rlim_max = seconds + 1 };

	if (setrlimit(RLIMIT_CPU, &cpu) != 0)
		_exit(98);
	signal(SIGALRM, SIG_DFL); /* Check has its own way with it */
	alarm(CHILD_HANGS);
}

void child_run(struct child *a, const struct command *c, const char *const *words, unsigned seconds)
{
	struct rusage usage;
	int status = 0;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		limit_time(seconds);
		if (freopen("out", "w", stdout) == NULL || freopen("err", "w", stderr) == NULL)
			_exit(98);
		status = run(c, words);
		fflush(NULL);
		_exit(status);
	}
	ck_assert_int_eq(wait4(child, &status, 0, &usage), child);
	a->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	a->peak_kib = usage.ru_maxrss;
	a->said = folder_read(".", "err", &a->said_len);
}

void child_release(struct child *a)
{
	free(a->said);
}

bool child_said_one_line(const struct child *a)
{
	return strcspn(a->said, "\n") + 1 == a->said_len;
}

bool drives_terminals(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\n') || c == 0x7f || (c == 0xc2 && (unsigned char)text[i + 1] < 0xa0))
			return true;
	}
	return false;
}
