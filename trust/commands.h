/* commands.h - the commands of this folder. */
#ifndef TRUST_COMMANDS_H
#define TRUST_COMMANDS_H

#include "common/opt.h"

extern const struct command verify_blob_command;
#endif
