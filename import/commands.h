/* commands.h - the commands of this folder. */
#ifndef IMPORT_COMMANDS_H
#define IMPORT_COMMANDS_H

#include "common/opt.h"

extern const struct command import_command;
extern const struct command attestations_command;
extern const struct command inventory_command;
extern const struct command serve_command;
extern const struct command report_command;
extern const struct command store_command;
#endif
