/* bundle: carry container images, with everything that was attested about them, across an air gap. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/commands.h"
#include "common/docker_plugin.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "common/version.h"
#include "export/commands.h"
#include "import/commands.h"
#include "trust/commands.h"

#define LARGE_BLOCK_BYTES MIB

static const struct command *const commands[] = {
	&export_command,      &import_command,  &inspect_command,      &verify_command,    &cat_command,
	&sign_command,        &extract_command, &attestations_command, &inventory_command, &store_command,
	&verify_blob_command, &serve_command,   &report_command,       &trust_command,     &policy_command,
};

static int usage_error(const struct err *err)
{
	fprintf(stderr, "%s\n", err->msg);
	return err_status(err->code);
}

static int print_version(void)
{
	puts(OPT_PROGRAM " " BUNDLE_VERSION);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	CLEANUP(free_ptr) void *options = calloc(1, c->options_size);
	CLEANUP(opt_list_release) struct opt_list operands = { 0 };
	enum opt_wish wish = OPT_RUN;
	struct err err = { 0 };
	enum err_code code;
	int status;

	if (options == NULL)
		code = err_nomem(&err);
	else
		code = opt_parse(c, argc, argv, options, &operands, &wish, &err);
	if (code != ERR_OK)
		return report_end(c, opt_asks_json(c, argc, argv), code, &err);
	if (wish == OPT_RUN) {
		status = c->run(c, options, &operands);
	} else if (wish == OPT_VERSION) {
		status = print_version();
	} else {
		opt_help(c, stdout);
		status = 0;
	}
	opt_release(c, options);
	return status;
}

/* Of the program, or where a command is named of that one. */
static int print_help(const char *name)
{
	const struct command *c = NULL;
	struct err err = { 0 };

	if (name == NULL)
		command_help(commands, COUNT_OF(commands), stdout);
	else if (command_find(commands, COUNT_OF(commands), name, &c, &err) != ERR_OK)
		return usage_error(&err);
	else
		opt_help(c, stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

static int run_program(int argc, char **argv)
{
	const struct command *c = NULL;
	struct err err = { 0 };

	if (argc >= 1 && strcmp(argv[0], "--version") == 0)
		return print_version();
	if (argc >= 1 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0))
		return print_help(NULL);
	if (argc >= 1 && strcmp(argv[0], "help") == 0)
		return print_help(argc > 1 ? argv[1] : NULL);
	if (argc < 1) {
		command_help(commands, COUNT_OF(commands), stderr);
		return err_status(ERR_USAGE);
	}
	if (command_find(commands, COUNT_OF(commands), argv[0], &c, &err) != ERR_OK)
		return usage_error(&err);
	return run_command(c, argc - 1, argv + 1);
}

/* docker has put its own options in front. */
static int run_plugin(int argc, char **argv)
{
	struct err err = { 0 };
	int at = 0;

	if (docker_plugin_asks(argc, argv))
		return docker_plugin_tell(&err) == ERR_OK && fflush(stdout) == 0 ? 0 : 1;
	if (docker_plugin_args(argc, argv, &at, &err) != ERR_OK)
		return usage_error(&err);
	return run_program(argc - at, argv + at);
}

/* The text of a large index is freed before the next one is read.  Left to itself, the C library takes the first such
 * block as a sign that more will come, and from then on keeps them between small ones, where nobody else has any use
 * for the room. */
static void give_large_blocks_back(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, (int)LARGE_BLOCK_BYTES);
#endif
}

int main(int argc, char **argv)
{
	give_large_blocks_back();
	signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error like any other */
	if (docker_plugin_is(argv[0]))
		return run_plugin(argc, argv);
	return argc > 0 ? run_program(argc - 1, argv + 1) : err_status(ERR_USAGE);
}
