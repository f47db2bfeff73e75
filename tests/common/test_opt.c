#include "common/opt.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/opt_check.h"
#include "tests/lib/test_main.h"

#define ARGS_MAX 8

struct options {
	const char *output;
	struct opt_list platforms;
	bool json, quiet;
	unsigned jobs;
};

static int run_nothing(const struct command *c, const void *options, const struct opt_list *operands)
{
	(void)c;
	(void)options;
	(void)operands;
	return 0;
}

static const struct opt opts[] = {
	{ "output", 'o', "FILE", "write the bundle to FILE, or to standard output where it is -", 0,
	  OPT_SETS(struct options, output) },
	{ "platform", 'p', "OS/ARCH[/VARIANT]", "take this platform only", 0, OPT_SETS(struct options, platforms) },
	{ "json", '\0', NULL, "print one JSON document", 0, OPT_SETS(struct options, json) },
	{ "quiet", 'q', NULL, "print no progress", 0, OPT_SETS(struct options, quiet) },
	{ "jobs", 'j', "N", "fetch this many blobs at once", 64, OPT_SETS(struct options, jobs) },
};

static const struct command command = {
	.name = "export",
	.synopsis = "-o FILE|- [option]… REF…",
	.summary = "pull images with everything attached to them into one file",
	.text = "Pull images with everything that is attached to them out of registries into one file.",
	.operand = "REF",
	.args_min = 1,
	.args_max = 3,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3) | OPT_STATUS(5),
	.footer = "See bundle-export(1).",
	.run = run_nothing,
};

static int count_args(const char *const args[ARGS_MAX])
{
	int n = 0;

	while (n < ARGS_MAX && args[n] != NULL)
		n++;
	return n;
}

/* Arguments as main gets them: writable, though nobody writes. */
static enum err_code parse(const struct command *c, const char *const args[ARGS_MAX], struct options *o,
			   struct opt_list *ret_operands, enum opt_wish *ret_wish, struct err *err)
{
	char *argv[ARGS_MAX];

	memcpy(argv, args, sizeof(argv));
	return opt_parse(c, count_args(args), argv, o, ret_operands, ret_wish, err);
}

static void join(const struct opt_list *list, char out[256])
{
	size_t i;

	out[0] = '\0';
	for (i = 0; i < list->len; i++) {
		strcat(out, i > 0 ? " " : "");
		strcat(out, list->items[i]);
	}
}

static const struct {
	const char *name, *args[ARGS_MAX], *output, *platforms;
	bool json, quiet;
	unsigned jobs;
	const char *operands;
} good[] = {
	{ "operand alone", { "a" }, NULL, "", false, false, 0, "a" },
	{ "long, apart", { "--output", "f", "a" }, "f", "", false, false, 0, "a" },
	{ "long, with =", { "--output=f", "a" }, "f", "", false, false, 0, "a" },
	{ "value with =", { "--output=f=g", "a" }, "f=g", "", false, false, 0, "a" },
	{ "letter, apart", { "-o", "f", "a" }, "f", "", false, false, 0, "a" },
	{ "letter, attached", { "-of", "a" }, "f", "", false, false, 0, "a" },
	{ "value is -", { "-o", "-", "a" }, "-", "", false, false, 0, "a" },
	{ "attached -", { "-o-", "a" }, "-", "", false, false, 0, "a" },
	{ "value starts with -", { "--output", "-f", "a" }, "-f", "", false, false, 0, "a" },
	{ "value looks like an option", { "--output", "--json", "a" }, "--json", "", false, false, 0, "a" },
	{ "flags", { "--json", "--quiet", "a" }, NULL, "", true, true, 0, "a" },
	{ "bundled letters", { "-qof", "a" }, "f", "", false, true, 0, "a" },
	{ "bundled, value apart", { "-qo", "f", "a" }, "f", "", false, true, 0, "a" },
	{ "list repeats", { "-p", "x", "--platform=y", "-pz", "a" }, NULL, "x y z", false, false, 0, "a" },
	{ "smallest count", { "--jobs=1", "a" }, NULL, "", false, false, 1, "a" },
	{ "largest count", { "-j64", "a" }, NULL, "", false, false, 64, "a" },
	{ "leading zeros", { "-j", "007", "a" }, NULL, "", false, false, 7, "a" },
	{ "options after operands", { "a", "-q", "b", "--json", "c" }, NULL, "", true, true, 0, "a b c" },
	{ "- is an operand", { "-" }, NULL, "", false, false, 0, "-" },
	{ "-- ends options", { "-q", "--", "-o", "--json", "--" }, NULL, "", false, true, 0, "-o --json --" },
	{ "empty operand", { "" }, NULL, "", false, false, 0, "" },
};

START_TEST(accepts)
{
	struct options o;
	struct opt_list operands = { 0 };
	enum opt_wish wish = OPT_HELP;
	struct err err = { 0 };
	const char *name = good[_i].name;
	char text[256];

	ck_assert_msg(parse(&command, good[_i].args, &o, &operands, &wish, &err) == ERR_OK, "%s: %s", name, err.msg);
	ck_assert_int_eq(wish, OPT_RUN);
	ck_assert_pstr_eq(o.output, good[_i].output);
	ck_assert_msg(o.json == good[_i].json && o.quiet == good[_i].quiet, "%s: flags", name);
	ck_assert_uint_eq(o.jobs, good[_i].jobs);
	join(&o.platforms, text);
	ck_assert_str_eq(text, good[_i].platforms);
	join(&operands, text);
	ck_assert_str_eq(text, good[_i].operands);
	opt_release(&command, &o);
	opt_release(&command, &o);
	opt_list_release(&operands);
	opt_list_release(&operands);
}
END_TEST

static const struct {
	const char *name, *args[ARGS_MAX], *want;
} bad[] = {
	{ "nothing", { NULL }, "REF is missing" },
	{ "unknown", { "--foo" }, "unknown option --foo" },
	{ "unknown with value", { "--foo=bar" }, "unknown option --foo" },
	{ "one letter missing", { "--platfrm=x" }, "unknown option --platfrm, did you mean --platform?" },
	{ "two letters swapped", { "--jsno" }, "unknown option --jsno, did you mean --json?" },
	{ "cut short", { "--plat", "x" }, "unknown option --plat, did you mean --platform?" },
	{ "builtin is guessed", { "--hlep" }, "unknown option --hlep, did you mean --help?" },
	{ "upper case", { "--JSON" }, "unknown option --JSON" },
	{ "three letters off", { "--xxxn" }, "unknown option --xxxn" },
	{ "empty name", { "--=x" }, "unknown option --" },
	{ "unknown letter", { "-x" }, "unknown option -x" },
	{ "unknown letter, bundled", { "-qx" }, "unknown option -x in -qx" },
	{ "long name, one dash", { "-json" }, "unknown option -json, did you mean --json?" },
	{ "long name, one dash, a value", { "-output=x", "a" }, "unknown option -output=x, did you mean --output?" },
	{ "letter with =", { "-q=1" }, "unknown option -= in -q=1" },
	{ "control characters", { "--\x1b[31m" }, "unknown option --?[31m" },
	{ "value missing", { "a", "--output" }, "--output needs a value: FILE" },
	{ "letter's value missing", { "a", "-qo" }, "--output needs a value: FILE" },
	{ "value empty", { "--output=", "a" }, "--output needs a value: FILE" },
	{ "value empty, apart", { "-o", "", "a" }, "--output needs a value: FILE" },
	{ "value for a flag", { "--json=yes", "a" }, "--json takes no value" },
	{ "value for help", { "--help=yes" }, "--help takes no value" },
	{ "twice", { "-of", "--output", "g", "a" }, "--output is given twice" },
	{ "flag twice", { "-qq", "a" }, "--quiet is given twice" },
	{ "same value twice", { "-j2", "-j2", "a" }, "--jobs is given twice" },
	{ "count zero", { "-j0", "a" }, "--jobs takes a number from 1 to 64, not \"0\"" },
	{ "count one over", { "-j65", "a" }, "--jobs takes a number from 1 to 64, not \"65\"" },
	{ "count negative", { "--jobs=-1", "a" }, "not \"-1\"" },
	{ "count with a unit", { "-j8x", "a" }, "not \"8x\"" },
	{ "count beyond numbers", { "-j18446744073709551617", "a" }, "from 1 to 64" },
	{ "one operand more", { "a", "b", "c", "d" }, "it takes at most 3 REF, and \"d\" is one more" },
	{ "-- and nothing", { "--" }, "REF is missing" },
	{ "list kept before", { "-p", "x", "--foo" }, "unknown option --foo" },
};

START_TEST(refuses)
{
	struct options o;
	struct opt_list operands = { .len = 7 };
	enum opt_wish wish = OPT_RUN;
	struct err err = { 0 };
	const char *name = bad[_i].name;

	ck_assert_msg(parse(&command, bad[_i].args, &o, &operands, &wish, &err) == ERR_USAGE, "%s: accepted", name);
	ck_assert_msg(strstr(err.msg, bad[_i].want) != NULL, "%s: %s", name, err.msg);
	ck_assert_ptr_null(o.platforms.items); /* nothing to release */
	ck_assert_uint_eq(operands.len, 7);
}
END_TEST

static const struct {
	const char *name, *args[ARGS_MAX];
	enum opt_wish want;
} wishes[] = {
	{ "help", { "--help" }, OPT_HELP },
	{ "letter", { "-h" }, OPT_HELP },
	{ "bundled", { "-qh" }, OPT_HELP },
	{ "help before a mistake", { "--help", "--foo" }, OPT_HELP },
	{ "help after an operand", { "a", "--help" }, OPT_HELP },
	{ "version", { "--version" }, OPT_VERSION },
	{ "help after --", { "--", "--help" }, OPT_RUN },
	{ "help as a value", { "-o", "--help", "a" }, OPT_RUN },
};

START_TEST(wish)
{
	struct options o;
	struct opt_list operands = { 0 };
	enum opt_wish got = OPT_RUN;
	struct err err = { 0 };

	ck_assert_msg(parse(&command, wishes[_i].args, &o, &operands, &got, &err) == ERR_OK, "%s: %s", wishes[_i].name,
		      err.msg);
	ck_assert_msg(got == wishes[_i].want, "%s: %d", wishes[_i].name, (int)got);
	opt_release(&command, &o);
	opt_list_release(&operands);
}
END_TEST

START_TEST(no_operands)
{
	struct command none = command;
	struct options o;
	struct opt_list operands = { 0 };
	enum opt_wish got;
	struct err err = { 0 };

	none.args_min = none.args_max = 0;
	none.operand = NULL;
	ck_assert_int_eq(parse(&none, (const char *const[ARGS_MAX]){ "x" }, &o, &operands, &got, &err), ERR_USAGE);
	ck_assert_str_eq(err.msg, "it takes no operands, and \"x\" is one");
}
END_TEST

START_TEST(two_operands)
{
	struct command two = command;
	struct options o;
	struct opt_list operands = { 0 };
	enum opt_wish got;
	struct err err = { 0 };

	two.args_min = two.args_max = 2;
	two.operand = "FILE and DIR";
	ck_assert_int_eq(parse(&two, (const char *const[ARGS_MAX]){ "x" }, &o, &operands, &got, &err), ERR_USAGE);
	ck_assert_str_eq(err.msg, "FILE and DIR are needed");
}
END_TEST

static const struct {
	const char *name, *args[ARGS_MAX];
	bool want;
} asking[] = {
	{ "nothing", { NULL }, false },
	{ "asked", { "--json" }, true },
	{ "behind the mistake", { "--foo", "a", "--json" }, true },
	{ "twice", { "--json", "--json" }, true },
	{ "a value", { "--json=yes" }, false },
	{ "an operand", { "--", "--json" }, false },
};

START_TEST(asks_json)
{
	int argc = count_args(asking[_i].args);
	struct command none = command;
	char *argv[ARGS_MAX];

	memcpy(argv, asking[_i].args, sizeof(argv));
	ck_assert_msg(opt_asks_json(&command, argc, argv) == asking[_i].want, "%s", asking[_i].name);
	none.opts_len = 0;
	ck_assert_msg(!opt_asks_json(&none, argc, argv), "%s: of a command without", asking[_i].name);
}
END_TEST

static const char help_text[] = "Usage: bundle export -o FILE|- [option]… REF…\n"
				"\n"
				"Pull images with everything that is attached to them out of registries into one\n"
				"file.\n"
				"\n"
				"Options:\n"
				"  -o, --output FILE  write the bundle to FILE, or to standard output where it is\n"
				"                     -\n"
				"  -p, --platform OS/ARCH[/VARIANT]\n"
				"                     take this platform only (may be repeated)\n"
				"      --json         print one JSON document\n"
				"  -q, --quiet        print no progress\n"
				"  -j, --jobs N       fetch this many blobs at once (1 to 64)\n"
				"  -h, --help         print this help\n"
				"      --version      print the version\n"
				"\n"
				"Exit status:\n"
				"  0  done\n"
				"  1  failed\n"
				"  2  the command line asks for what cannot be\n"
				"  3  proof failed: a digest, a seal or a policy\n"
				"  5  network or daemon out of reach; run again\n"
				"\n"
				"See bundle-export(1).\n";

START_TEST(help)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(to);
	opt_help(&command, to);
	fclose(to);
	ck_assert_str_eq(text, help_text);
	free(text);
}
END_TEST

static const struct command import = { .name = "import", .summary = "put images into a daemon's store" };
static const struct command *const commands[] = { &command, &import };

static const struct {
	const char *name, *typed, *want; /* the message; NULL for found */
} finds[] = {
	{ "exact", "import", NULL },
	{ "near", "imprt", "bundle: unknown command imprt, did you mean import? (see bundle --help)" },
	{ "far", "burn", "bundle: unknown command burn (see bundle --help)" },
	{ "empty", "", "bundle: unknown command  (see bundle --help)" },
	{ "longer than any", "exportexportexportexportexportexport",
	  "bundle: unknown command exportexportexportexportexportexport (see bundle --help)" },
};

START_TEST(find)
{
	const struct command *got = NULL;
	struct err err = { 0 };
	enum err_code code = command_find(commands, COUNT_OF(commands), finds[_i].typed, &got, &err);

	if (finds[_i].want == NULL) {
		ck_assert_int_eq(code, ERR_OK);
		ck_assert_str_eq(got->name, finds[_i].typed);
	} else {
		ck_assert_int_eq(code, ERR_USAGE);
		ck_assert_str_eq(err.msg, finds[_i].want);
		ck_assert_ptr_null(got);
	}
}
END_TEST

START_TEST(list)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(to);
	command_help(commands, COUNT_OF(commands), to);
	fclose(to);
	ck_assert_str_eq(text, "Usage: bundle COMMAND [option]... [operand]...\n\nCommands:\n"
			       "  export  pull images with everything attached to them into one file\n"
			       "  import  put images into a daemon's store\n"
			       "\nSee bundle COMMAND --help for a command's options.\n");
	free(text);
}
END_TEST

static const struct {
	const char *name;
	struct opt second; /* put beside --output */
	const char *want;
} tables[] = {
	{ "fine", { "json", '\0', NULL, "print JSON", 0, OPT_SETS(struct options, json) }, NULL },
	{ "name twice", { "output", 'x', "F", "write", 0, OPT_SETS(struct options, platforms) }, "name stands twice" },
	{ "reserved name", { "help", 'x', NULL, "help", 0, OPT_SETS(struct options, json) }, "name stands twice" },
	{ "letter twice", { "other", 'o', NULL, "do", 0, OPT_SETS(struct options, json) }, "letter stands twice" },
	{ "reserved letter", { "have", 'h', "F", "skip", 0, OPT_SETS(struct options, platforms) }, "letter stands" },
	{ "member twice", { "file", 'f', "F", "write", 0, OPT_SETS(struct options, output) }, "set one member" },
	{ "period", { "json", '\0', NULL, "print JSON.", 0, OPT_SETS(struct options, json) }, "ends with a period" },
	{ "capital", { "json", '\0', NULL, "Print JSON", 0, OPT_SETS(struct options, json) }, "in upper case" },
	{ "no help", { "json", '\0', NULL, "", 0, OPT_SETS(struct options, json) }, "help is empty" },
	{ "flag with argument", { "json", '\0', "X", "print", 0, OPT_SETS(struct options, json) }, "a flag has" },
	{ "count without limit", { "jobs", '\0', "N", "run", 0, OPT_SETS(struct options, jobs) }, "a count has" },
	{ "odd name", { "Json", '\0', NULL, "print", 0, OPT_SETS(struct options, json) }, "other characters" },
};

START_TEST(table)
{
	const struct opt pair[] = { opts[0], tables[_i].second };
	struct command c = command;
	const char *wrong;

	c.opts = pair;
	c.opts_len = COUNT_OF(pair);
	wrong = opt_check(&c);
	if (tables[_i].want == NULL)
		ck_assert_msg(wrong == NULL, "%s: %s", tables[_i].name, wrong);
	else
		ck_assert_msg(wrong != NULL && strstr(wrong, tables[_i].want) != NULL, "%s: %s", tables[_i].name,
			      wrong);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("opt");
	TCase *t = tcase_create("opt");

	tcase_add_loop_test(t, accepts, 0, (int)COUNT_OF(good));
	tcase_add_loop_test(t, refuses, 0, (int)COUNT_OF(bad));
	tcase_add_loop_test(t, wish, 0, (int)COUNT_OF(wishes));
	tcase_add_test(t, no_operands);
	tcase_add_test(t, two_operands);
	tcase_add_loop_test(t, asks_json, 0, (int)COUNT_OF(asking));
	tcase_add_test(t, help);
	tcase_add_loop_test(t, find, 0, (int)COUNT_OF(finds));
	tcase_add_test(t, list);
	tcase_add_loop_test(t, table, 0, (int)COUNT_OF(tables));
	suite_add_tcase(s, t);
	return test_run(s);
}
