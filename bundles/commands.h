/* commands.h - the commands of this folder. */
#ifndef BUNDLES_COMMANDS_H
#define BUNDLES_COMMANDS_H

#include "common/opt.h"

extern const struct command inspect_command;
extern const struct command verify_command;
extern const struct command cat_command;
extern const struct command sign_command;
extern const struct command extract_command;
extern const struct command trust_command;
extern const struct command policy_command;
#endif
