#include "common/opt.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/guess.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

static const struct opt builtin[] = {
	{ .name = "help", .kind = OPT_FLAG, .letter = 'h', .help = "print this help" },
	{ .name = "version", .kind = OPT_FLAG, .help = "print the version" },
};

/* Where a command line is read, and what was found in it so far. */
struct parser {
	const struct command *c;
	char *const *argv;
	int argc, at; /* argv[at] is the next to read */
	void *options;
	uint64_t seen; /* one bit for each of the command's options */
	struct opt_list operands;
	enum opt_wish wish;
	struct err *err;
};

const struct opt *opt_at(const struct command *c, size_t i)
{
	if (i < c->opts_len)
		return &c->opts[i];
	return i - c->opts_len < COUNT_OF(builtin) ? &builtin[i - c->opts_len] : NULL;
}

/* The long name that was probably meant, NULL if none is near. */
static const char *guess_name(const struct command *c, const char *typed, size_t len)
{
	struct guess g = { .typed = typed, .typed_len = len };
	const struct opt *o;
	size_t i;

	for (i = 0; (o = opt_at(c, i)) != NULL; i++)
		guess_try(&g, o->name);
	return g.best;
}

static enum err_code unknown_name(struct parser *p, const char *name, size_t len)
{
	const char *best = guess_name(p->c, name, len);
	int shown = len > 100 ? 100 : (int)len;

	if (best != NULL)
		return err_set(p->err, ERR_USAGE, "unknown option --%.*s, did you mean --%s?", shown, name, best);
	return err_set(p->err, ERR_USAGE, "unknown option --%.*s", shown, name);
}

static enum err_code unknown_letter(struct parser *p, const char *letters, char letter)
{
	size_t len = strlen(letters);
	const char *best = len > 1 ? guess_name(p->c, letters, strcspn(letters, "=")) : NULL;

	if (best != NULL)
		return err_set(p->err, ERR_USAGE, "unknown option -%.100s, did you mean --%s?", letters, best);
	if (len > 1)
		return err_set(p->err, ERR_USAGE, "unknown option -%c in -%.100s", letter, letters);
	return err_set(p->err, ERR_USAGE, "unknown option -%c", letter);
}

static const struct opt *find_name(const struct command *c, const char *name, size_t len)
{
	const struct opt *o;
	size_t i;

	for (i = 0; (o = opt_at(c, i)) != NULL; i++) {
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	}
	return NULL;
}

static const struct opt *find_letter(const struct command *c, char letter)
{
	const struct opt *o;
	size_t i;

	for (i = 0; (o = opt_at(c, i)) != NULL; i++) {
		if (o->letter == letter)
			return o;
	}
	return NULL;
}

static enum err_code list_add(struct opt_list *list, const char *item, struct err *err)
{
	enum err_code code = vec_grow(&list->items, &list->cap, list->len + 1, sizeof(*list->items), LIMIT_IMAGES, err);

	if (code == ERR_OK)
		list->items[list->len++] = item;
	return code;
}

static enum err_code set_count(struct parser *p, const struct opt *o, const char *value, unsigned *ret_count)
{
	size_t len = strlen(value);
	unsigned long count = len < 10 && strspn(value, "0123456789") == len ? strtoul(value, NULL, 10) : 0;

	if (count < 1 || count > o->max)
		return err_set(p->err, ERR_USAGE, "--%s takes a number from 1 to %u, not \"%.100s\"", o->name, o->max,
			       value);
	*ret_count = (unsigned)count;
	return ERR_OK;
}

/* Put a value, which is NULL for a flag, where the table says. */
static enum err_code set(struct parser *p, const struct opt *o, const char *value)
{
	uint64_t bit = (uint64_t)1 << (o - p->c->opts);
	void *member = (char *)p->options + o->offset;

	if (p->seen & bit && o->kind != OPT_LIST)
		return err_set(p->err, ERR_USAGE, "--%s is given twice", o->name);
	p->seen |= bit;
	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)member = true;
		return ERR_OK;
	case OPT_TEXT:
		*(const char **)member = value;
		return ERR_OK;
	case OPT_LIST:
		return list_add(member, value, p->err);
	case OPT_COUNT:
		return set_count(p, o, value, member);
	}
	abort(); /* our own bug: a kind that is none */
}

/* One option was met; attached is the value written together with it, NULL if there is none. */
static enum err_code take(struct parser *p, const struct opt *o, const char *attached)
{
	const char *value = attached;

	if (o->kind == OPT_FLAG && attached != NULL)
		return err_set(p->err, ERR_USAGE, "--%s takes no value", o->name);
	if (o == &builtin[0] || o == &builtin[1]) {
		p->wish = o == &builtin[0] ? OPT_HELP : OPT_VERSION;
		return ERR_OK;
	}
	if (o->kind == OPT_FLAG)
		return set(p, o, NULL);
	if (value == NULL && p->at < p->argc)
		value = p->argv[p->at++];
	if (value == NULL || value[0] == '\0')
		return err_set(p->err, ERR_USAGE, "--%s needs a value: %s", o->name, o->argument);
	return set(p, o, value);
}

static enum err_code take_name(struct parser *p, const char *name)
{
	size_t len = strcspn(name, "=");
	const struct opt *o = find_name(p->c, name, len);

	if (o == NULL)
		return unknown_name(p, name, len);
	return take(p, o, name[len] == '=' ? name + len + 1 : NULL);
}

static enum err_code take_letters(struct parser *p, const char *letters)
{
	const char *at;

	if (letters[1] != '\0' && find_name(p->c, letters, strcspn(letters, "=")) != NULL)
		return unknown_letter(p, letters, letters[0]); /* "-output x" must not write a file "utput" */
	for (at = letters; *at != '\0' && p->wish == OPT_RUN; at++) {
		const struct opt *o = find_letter(p->c, *at);
		enum err_code code;

		if (o == NULL)
			return unknown_letter(p, letters, *at);
		if (o->kind != OPT_FLAG)
			return take(p, o, at[1] != '\0' ? at + 1 : NULL);
		code = take(p, o, NULL);
		if (code != ERR_OK)
			return code;
	}
	return ERR_OK;
}

static enum err_code take_all(struct parser *p)
{
	bool ended = false;
	enum err_code code = ERR_OK;

	while (code == ERR_OK && p->at < p->argc && p->wish == OPT_RUN) {
		const char *arg = p->argv[p->at++];

		if (ended || arg[0] != '-' || arg[1] == '\0')
			code = list_add(&p->operands, arg, p->err);
		else if (strcmp(arg, "--") == 0)
			ended = true;
		else
			code = arg[1] == '-' ? take_name(p, arg + 2) : take_letters(p, arg + 1);
	}
	return code;
}

static enum err_code check_operands(struct parser *p)
{
	const struct command *c = p->c;
	size_t len = p->operands.len;

	if (len < c->args_min)
		return err_set(p->err, ERR_USAGE, "%s %s", c->operand, c->args_min > 1 ? "are needed" : "is missing");
	if (len <= c->args_max)
		return ERR_OK;
	if (c->args_max == 0)
		return err_set(p->err, ERR_USAGE, "it takes no operands, and \"%.100s\" is one", p->operands.items[0]);
	return err_set(p->err, ERR_USAGE, "it takes at most %zu %s, and \"%.100s\" is one more", c->args_max,
		       c->operand, p->operands.items[c->args_max]);
}

enum err_code opt_parse(const struct command *c, int argc, char *const argv[], void *options,
			struct opt_list *ret_operands, enum opt_wish *ret_wish, struct err *err)
{
	struct parser p = { .c = c, .argv = argv, .argc = argc, .options = options, .err = err };
	enum err_code code;

	assert(c->opts_len <= OPT_TABLE_MAX);
	memset(options, 0, c->options_size);
	code = take_all(&p);
	if (code == ERR_OK && p.wish == OPT_RUN)
		code = check_operands(&p);
	if (code != ERR_OK) {
		opt_list_release(&p.operands);
		opt_release(c, options);
		return code;
	}
	*ret_operands = p.operands;
	*ret_wish = p.wish;
	return ERR_OK;
}

bool opt_asks_json(const struct command *c, int argc, char *const argv[])
{
	int i;

	for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return find_name(c, "json", strlen("json")) != NULL;
	}
	return false;
}

void opt_release(const struct command *c, void *options)
{
	size_t i;

	for (i = 0; i < c->opts_len; i++) {
		if (c->opts[i].kind == OPT_LIST)
			opt_list_release((void *)((char *)options + c->opts[i].offset));
	}
}

void opt_list_release(struct opt_list *list)
{
	free(list->items);
	*list = (struct opt_list){ 0 };
}

enum err_code command_find(const struct command *const *commands, size_t len, const char *name,
			   const struct command **ret_command, struct err *err)
{
	struct guess g = { .typed = name, .typed_len = strlen(name) };
	size_t i;

	for (i = 0; i < len; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			*ret_command = commands[i];
			return ERR_OK;
		}
		guess_try(&g, commands[i]->name);
	}
	return err_set(err, ERR_USAGE, OPT_PROGRAM ": unknown command %.100s%s%s%s (see " OPT_PROGRAM " --help)", name,
		       g.best != NULL ? ", did you mean " : "", g.best != NULL ? g.best : "",
		       g.best != NULL ? "?" : "");
}
