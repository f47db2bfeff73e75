#include "tests/lib/opt_check.h"

#include <string.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

static char said[256];

static const char *say(const char *what, const char *on)
{
	snprintf(said, sizeof(said), "%s: %s", on, what);
	return said;
}

/* Starts in lower case unless it starts with a name, holds something, and ends without a period. */
static const char *check_help(const char *name, const char *help)
{
	size_t len = help != NULL ? strlen(help) : 0;

	if (len == 0 || len > 400)
		return say("its help is empty or longer than 400 bytes", name);
	if (strchr(".,;: ", help[len - 1]) != NULL)
		return say("its help ends with a period, a space or the like", name);
	if (help[0] >= 'A' && help[0] <= 'Z' && help[1] >= 'a' && help[1] <= 'z')
		return say("its help starts in upper case", name);
	return NULL;
}

static const char *check_opt(const struct opt *o)
{
	if (o->name == NULL || strlen(o->name) < 2 || strlen(o->name) > OPT_NAME_MAX)
		return say("a name is missing, too short or too long", o->name != NULL ? o->name : "?");
	if (strspn(o->name, NAME_CHARACTERS) != strlen(o->name) || o->name[0] == '-')
		return say("a name has other characters than a-z, 0-9 and -", o->name);
	if ((o->argument == NULL) != (o->kind == OPT_FLAG))
		return say("a flag has an argument, or another kind has none", o->name);
	if ((o->max > 0) != (o->kind == OPT_COUNT))
		return say("a count has no maximum, or another kind has one", o->name);
	return check_help(o->name, o->help);
}

/* No name and no letter twice, --help and --version included, and no two options for one member. */
static const char *check_pair(const struct command *c, size_t i, size_t j)
{
	const struct opt *a = opt_at(c, i), *b = opt_at(c, j);

	if (strcmp(a->name, b->name) == 0)
		return say("a name stands twice", a->name);
	if (a->letter != '\0' && a->letter == b->letter)
		return say("its letter stands twice", b->name);
	if (j < c->opts_len && a->offset == b->offset)
		return say("two options set one member", b->name);
	return NULL;
}

static const char *check_command(const struct command *c)
{
	if (c->name == NULL || c->synopsis == NULL || c->text == NULL || c->run == NULL)
		return say("a command needs name, synopsis, text and run", c->name != NULL ? c->name : "?");
	if ((c->operand == NULL) != (c->args_max == 0) || c->args_min > c->args_max)
		return say("operand, args_min and args_max do not go together", c->name);
	if (c->opts_len > OPT_TABLE_MAX)
		return say("too many options", c->name);
	if (c->text[0] == '\0' || c->text[strlen(c->text) - 1] != '.')
		return say("its text is no full sentence", c->name);
	return check_help(c->name, c->summary);
}

const char *opt_check(const struct command *c)
{
	const char *wrong = check_command(c);
	size_t i, j;

	for (i = 0; wrong == NULL && i < c->opts_len; i++) {
		wrong = check_opt(&c->opts[i]);
		if (wrong == NULL && c->opts[i].offset >= c->options_size)
			wrong = say("its member lies outside of the options", c->opts[i].name);
		for (j = i + 1; wrong == NULL && opt_at(c, j) != NULL; j++)
			wrong = check_pair(c, i, j);
	}
	return wrong;
}
