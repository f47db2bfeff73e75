/* commands.h - the commands of this folder. */
#ifndef EXPORT_COMMANDS_H
#define EXPORT_COMMANDS_H

#include "common/opt.h"

extern const struct command export_command;
#endif
