/* opt.h - command lines by table: one table per command drives parsing and --help, and a test holds its manual page to it.
 *
 * Lifecycle  A command is constant data.  opt_parse fills the command's options
 *            struct, which it zeroes first: what is not given stays false, NULL,
 *            0 or empty.  opt_release and opt_list_release end it.
 * Grammar    --name VALUE, --name=VALUE, -o VALUE, -oVALUE, -qv for -q -v.
 *            Options may follow operands; -- ends them; - alone is an operand.
 *            Names are written in full, with both dashes: -output is refused,
 *            though it could be -o utput.  An empty value is no value.  Only an
 *            OPT_LIST may be given twice.  Every command has --help, -h and
 *            --version without naming them.
 * Bounds     At most OPT_TABLE_MAX options a command, LIMIT_IMAGES items a list.
 * Ownership  Texts are borrowed from argv; lists own their array of pointers.
 * Errors     ERR_USAGE, as what report_end says; ERR_NOMEM.  Nothing is printed
 *            but by *_help.
 * Source     Utility Syntax Guidelines, POSIX.1-2017 12.2, with GNU's long options.
 */
#ifndef COMMON_OPT_H
#define COMMON_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/err.h"

#define OPT_PROGRAM "bundle"
#define OPT_TABLE_MAX 64
#define OPT_NAME_MAX 32

struct opt_list {
	const char **items;
	size_t len, cap;
};

enum opt_kind {
	OPT_FLAG,  /* bool */
	OPT_TEXT,  /* const char * */
	OPT_LIST,  /* struct opt_list */
	OPT_COUNT, /* unsigned, 1 to max */
};

struct opt {
	const char *name;     /* without its dashes */
	char letter;          /* '\0' for none */
	const char *argument; /* what the value is called, "FILE"; NULL for a flag */
	const char *help;     /* starts in lower case, ends without a period */
	unsigned max;         /* of an OPT_COUNT */
	enum opt_kind kind;
	size_t offset; /* where in the options struct the value goes */
};

/* The last two members of an option: which member of the options struct it sets, and its kind, told by the type. */
#define OPT_SETS(type, member)                                                                                         \
	.kind = _Generic(((type *)NULL)->member,                                                                       \
			 bool: OPT_FLAG,                                                                               \
			 const char *: OPT_TEXT,                                                                       \
			 struct opt_list: OPT_LIST,                                                                    \
			 unsigned: OPT_COUNT),                                                                         \
	.offset = offsetof(type, member)

/* A status from 3 on that a command may end with; 0, 1 and 2 are every command's. */
#define OPT_STATUS(status) (1U << (status))

struct command {
	const char *name;
	const char *synopsis; /* what follows the name: "-o FILE|- [option]… REF…" */
	const char *summary;  /* for the list of commands; starts in lower case, ends without a period */
	const char *text;     /* what --help says first: full sentences; \n breaks the line */
	const char *operand;  /* what an operand is called: "REF"; NULL if it takes none */
	size_t args_min, args_max;
	const struct opt *opts;
	size_t opts_len;
	size_t options_size; /* of the struct that opts fill */
	unsigned statuses;   /* OPT_STATUS bits */
	const char *footer;  /* what --help says last, NULL for nothing */
	/* Do it; returns the exit status. */
	int (*run)(const struct command *c, const void *options, const struct opt_list *operands);
};

enum opt_wish { OPT_RUN, OPT_HELP, OPT_VERSION };

/* Read what follows the command's name.  On failure options holds nothing to release, and the outputs are untouched.
 * Where --help or --version is met, that is the wish, and what stands after it is not looked at. */
enum err_code opt_parse(const struct command *c, int argc, char *const argv[], void *options,
			struct opt_list *ret_operands, enum opt_wish *ret_wish, struct err *err);
/* Free the lists in options.  Zeroed options are fine. */
void opt_release(const struct command *c, void *options);
/* Free a list.  A zeroed list is fine. */
void opt_list_release(struct opt_list *list);
/* The command's options and then --help and --version, by place; NULL after the last. */
const struct opt *opt_at(const struct command *c, size_t i);
/* Whether a command line that could not be read wants its failure as JSON: it has a --json that the command knows. */
bool opt_asks_json(const struct command *c, int argc, char *const argv[]);
/* Print a command's help, 80 columns wide. */
void opt_help(const struct command *c, FILE *to);

/* The command of this name, or ERR_USAGE with the one that was probably meant. */
enum err_code command_find(const struct command *const *commands, size_t len, const char *name,
			   const struct command **ret_command, struct err *err);
/* Print the list of commands. */
void command_help(const struct command *const *commands, size_t len, FILE *to);
#endif
