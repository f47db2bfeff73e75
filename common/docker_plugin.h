/* docker_plugin.h - "docker bundle export": this program as docker calls its plugins.
 *
 * docker finds docker-bundle in its folders for plugins, asks it for docker-cli-plugin-metadata, and runs it with its
 * own command line: its own options, "bundle", and what follows.
 *
 * Lifecycle  docker_plugin_is first; then docker_plugin_args, once.
 * Effects    docker's options say which daemon and which credentials are meant; they become
 *            DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG and DOCKER_TLS_VERIFY in the
 *            environment, where the rest of this program looks.
 * Errors     ERR_USAGE: an option of docker's that has no meaning here, or none of docker's.
 * Source     docker/cli cli-plugins/metadata, docs/extend/cli_plugins.md.
 */
#ifndef COMMON_DOCKER_PLUGIN_H
#define COMMON_DOCKER_PLUGIN_H

#include <stdbool.h>

#include "common/err.h"

/* True where the program was called by the plugin's name. */
bool docker_plugin_is(const char *argv0);
/* True where the arguments ask what this plugin is. */
bool docker_plugin_asks(int argc, char *const argv[]);
/* Print what it is. */
enum err_code docker_plugin_tell(struct err *err);
/* Take docker's options; *ret_at is the place of the first argument of this program's own. */
enum err_code docker_plugin_args(int argc, char *const argv[], int *ret_at, struct err *err);
#endif
