#include "import/commands.h"

#include "common/mem.h"
#include "tests/lib/commands_test.h"

static const struct command *const commands[] = { &import_command, &attestations_command };

int main(void)
{
	return commands_test("commands of import", commands, COUNT_OF(commands));
}
