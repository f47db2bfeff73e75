/* Every command's table, held against the rules of all tables. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/commands.h"
#include "common/mem.h"
#include "export/commands.h"
#include "import/commands.h"
#include "tests/lib/opt_check.h"
#include "tests/lib/test_main.h"
#include "trust/commands.h"

static const struct command *const commands[] = {
	&export_command,       &import_command, &inspect_command, &verify_command,    &cat_command,
	&attestations_command, &sign_command,   &extract_command, &inventory_command, &store_command,
	&verify_blob_command,  &serve_command,  &report_command,  &trust_command,     &policy_command,
};

START_TEST(table)
{
	const char *wrong = opt_check(commands[_i]);

	ck_assert_msg(wrong == NULL, "%s: %s", commands[_i]->name, wrong);
}
END_TEST

/* Nothing at all is too little or enough; a lot is enough or too much; neither crashes or leaks. */
START_TEST(any_operands)
{
	const struct command *c = commands[_i];
	char *const argv[] = { "a", "b", "c", "d", "e" };
	int argc;

	for (argc = 0; argc <= (int)COUNT_OF(argv); argc++) {
		CLEANUP(free_ptr) void *options = calloc(1, c->options_size);
		CLEANUP(opt_list_release) struct opt_list operands = { 0 };
		enum opt_wish wish = OPT_HELP;
		struct err err = { 0 };
		bool fits = (size_t)argc >= c->args_min && (size_t)argc <= c->args_max;
		enum err_code got = opt_parse(c, argc, argv, options, &operands, &wish, &err);

		ck_assert_msg(got == (fits ? ERR_OK : ERR_USAGE), "%s with %d: %s", c->name, argc, err.msg);
		ck_assert_int_eq(wish, fits ? OPT_RUN : OPT_HELP);
		ck_assert_uint_eq(operands.len, fits ? (size_t)argc : 0);
		opt_release(c, options);
	}
}
END_TEST

/* Each option by its name is taken; without its value, or with one that a flag does not have, it is refused. */
START_TEST(each_option)
{
	const struct command *c = commands[_i];
	size_t i;

	for (i = 0; opt_at(c, i) != NULL; i++) {
		const struct opt *o = opt_at(c, i);
		CLEANUP(free_ptr) void *options = calloc(1, c->options_size);
		CLEANUP(opt_list_release) struct opt_list operands = { 0 };
		CLEANUP(free_ptr) char *with_value = NULL;
		CLEANUP(free_ptr) char *alone = NULL;
		enum opt_wish wish = OPT_RUN;
		struct err err = { 0 };
		char *argv[2];

		ck_assert_int_eq(str_format(&with_value, NULL, "--%s=1", o->name), ERR_OK);
		ck_assert_int_eq(str_format(&alone, NULL, "--%s", o->name), ERR_OK);
		argv[0] = o->argument != NULL ? alone : with_value;
		ck_assert_msg(opt_parse(c, 1, argv, options, &operands, &wish, &err) == ERR_USAGE, "%s %s", c->name,
			      argv[0]);
		ck_assert_msg(strstr(err.msg, o->name) != NULL, "%s", err.msg);
	}
}
END_TEST

START_TEST(help)
{
	size_t len = 0, i;
	char *text = NULL;
	FILE *to = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(to);
	opt_help(commands[_i], to);
	fclose(to);
	ck_assert_ptr_nonnull(strstr(text, commands[_i]->name));
	for (i = 0; opt_at(commands[_i], i) != NULL; i++)
		ck_assert_msg(strstr(text, opt_at(commands[_i], i)->name) != NULL, "%s: no %s", commands[_i]->name,
			      opt_at(commands[_i], i)->name);
	free(text);
}
END_TEST

START_TEST(found)
{
	const struct command *c = NULL;

	ck_assert_int_eq(command_find(commands, COUNT_OF(commands), commands[_i]->name, &c, NULL), ERR_OK);
	ck_assert_ptr_eq(c, commands[_i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("commands");
	TCase *t = tcase_create("commands");

	tcase_add_loop_test(t, table, 0, (int)COUNT_OF(commands));
	tcase_add_loop_test(t, any_operands, 0, (int)COUNT_OF(commands));
	tcase_add_loop_test(t, each_option, 0, (int)COUNT_OF(commands));
	tcase_add_loop_test(t, help, 0, (int)COUNT_OF(commands));
	tcase_add_loop_test(t, found, 0, (int)COUNT_OF(commands));
	suite_add_tcase(s, t);
	return test_run(s);
}
