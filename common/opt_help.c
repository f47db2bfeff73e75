#include <string.h>

#include "common/mem.h"
#include "common/opt.h"

#define WIDTH 80
#define HELP_COLUMN_MAX 30 /* options that reach further have their help on the next line */

/* What the exit statuses mean, for every command alike. */
static const char *const statuses[] = {
	[0] = "done",
	[1] = "failed",
	[2] = "the command line asks for what cannot be",
	[3] = "proof failed: a digest, a seal or a policy",
	[4] = "done, but less arrived than was meant to",
	[5] = "network or daemon out of reach; run again",
	[6] = "prerequisites are missing at the target",
};

/* Columns that a text takes: one for each character, so bytes that continue one do not count. */
static size_t columns(const char *text, size_t len)
{
	size_t count = 0, i;

	for (i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Print words from column `at` on, broken before WIDTH, further lines indented; ends the line. */
static void wrap(FILE *to, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text != '\0') {
		size_t len = strcspn(text, " \n"), wide = columns(text, len);

		if (!first && at + 1 + wide > WIDTH) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		fprintf(to, "%s%.*s", first ? "" : " ", (int)len, text);
		at += wide + !first;
		first = false;
		text += len;
		if (*text == '\n') {
			fprintf(to, "\n%*s", text[1] == '\n' ? 0 : (int)indent, "");
			at = indent;
			first = true;
		}
		text += *text != '\0';
	}
	fputc('\n', to);
}

/* "  -o, --output FILE", and how wide that is. */
static size_t print_option(FILE *to, const struct opt *o)
{
	const char *argument = o->argument != NULL ? o->argument : "";
	char letter[] = { '-', o->letter, ',', ' ', '\0' };

	if (to != NULL)
		fprintf(to, "  %4s--%s%s%s", o->letter != '\0' ? letter : "", o->name, argument[0] != '\0' ? " " : "",
			argument);
	return 8 + strlen(o->name) + (argument[0] != '\0') + columns(argument, strlen(argument));
}

static size_t help_column(const struct command *c)
{
	const struct opt *o;
	size_t widest = 0, i;

	for (i = 0; (o = opt_at(c, i)) != NULL; i++) {
		size_t width = print_option(NULL, o) + 2;

		if (width > widest && width <= HELP_COLUMN_MAX)
			widest = width;
	}
	return widest;
}

static void print_options(const struct command *c, FILE *to)
{
	size_t column = help_column(c), i;
	const struct opt *o;

	fputs("\nOptions:\n", to);
	for (i = 0; (o = opt_at(c, i)) != NULL; i++) {
		size_t width = print_option(to, o);
		char help[1024];

		if (o->kind == OPT_COUNT)
			snprintf(help, sizeof(help), "%s (1 to %u)", o->help, o->max);
		else
			snprintf(help, sizeof(help), "%s%s", o->help, o->kind == OPT_LIST ? " (may be repeated)" : "");
		if (width + 2 > column)
			fprintf(to, "\n%*s", (int)column, "");
		else
			fprintf(to, "%*s", (int)(column - width), "");
		wrap(to, help, column, column);
	}
}

static void print_statuses(const struct command *c, FILE *to)
{
	unsigned status;

	fputs("\nExit status:\n", to);
	for (status = 0; status < COUNT_OF(statuses); status++) {
		if (status <= 2 || c->statuses & OPT_STATUS(status))
			fprintf(to, "  %u  %s\n", status, statuses[status]);
	}
}

void opt_help(const struct command *c, FILE *to)
{
	size_t at = (size_t)fprintf(to, "Usage: " OPT_PROGRAM " %s ", c->name);

	wrap(to, c->synopsis, at, at);
	fputc('\n', to);
	wrap(to, c->text, 0, 0);
	print_options(c, to);
	print_statuses(c, to);
	if (c->footer != NULL) {
		fputc('\n', to);
		wrap(to, c->footer, 0, 0);
	}
}

void command_help(const struct command *const *commands, size_t len, FILE *to)
{
	size_t widest = 0, i;

	for (i = 0; i < len; i++)
		widest = strlen(commands[i]->name) > widest ? strlen(commands[i]->name) : widest;
	fputs("Usage: " OPT_PROGRAM " COMMAND [option]... [operand]...\n\nCommands:\n", to);
	for (i = 0; i < len; i++) {
		fprintf(to, "  %-*s  ", (int)widest, commands[i]->name);
		wrap(to, commands[i]->summary, widest + 4, widest + 4);
	}
	fputs("\nSee " OPT_PROGRAM " COMMAND --help for a command's options.\n", to);
}
