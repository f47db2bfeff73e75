#include "import/targets.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "import/containerd.h"
#include "import/store.h"
#include "import/target_containerd.h"
#include "import/target_docker.h"
#include "import/target_layout.h"
#include "import/target_registry.h"

/* A path ends at the first colon, as REFs of bundle export have it. */
static enum err_code new_layout(const char *text, struct target **ret_target, struct err *err)
{
	const char *path = text + strlen(LAYOUT_TRANSPORT);

	if (*path == '\0')
		return err_set(err, ERR_USAGE, LAYOUT_TRANSPORT ": which folder?");
	if (strchr(path, ':') != NULL)
		return err_set(
			err, ERR_USAGE,
			"%s: a folder without a colon in its name: images come under the names that they have in "
			"the bundle, or by --map",
			text);
	return target_layout_new(path, text, LAYOUT_SHARED, ret_target, err);
}

/* Options of one target that say nothing to another are a mistake. */
static enum err_code check_options(const struct target_options *options, const char *text, struct err *err)
{
	const struct {
		bool given;
		const char *name, *transport, *target;
	} some[] = {
		{ options->namespace != NULL, "--namespace", CONTAINERD_TRANSPORT, "containerd:[SOCKET]" },
		{ options->pin, "--pin", CONTAINERD_TRANSPORT, "containerd:[SOCKET]" },
		{ options->keep_host, "--keep-host", REGISTRY_TRANSPORT, "docker://HOST[:PORT][/PREFIX]" },
		{ options->subset_index, "--subset-index", REGISTRY_TRANSPORT, "docker://HOST[:PORT][/PREFIX]" },
		{ options->jobs > 0, "--jobs", REGISTRY_TRANSPORT, "docker://HOST[:PORT][/PREFIX]" },
	};
	size_t i;

	for (i = 0; i < COUNT_OF(some); i++) {
		if (some[i].given && !text_starts(text, some[i].transport))
			return err_set(err, ERR_USAGE, "%s is for --to %s only", some[i].name, some[i].target);
	}
	return ERR_OK;
}

enum err_code target_new(const struct target_options *options, struct target **ret_target, struct err *err)
{
	const char *text = options->to != NULL ? options->to : DAEMON_TRANSPORT;
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = check_options(options, text, err);

	if (code != ERR_OK)
		return code;
	if (strcmp(text, "store") == 0) {
		code = store_path(&path, err);
		return code == ERR_OK ? target_store_new(path, ret_target, err) : code;
	}
	if (text_starts(text, DAEMON_TRANSPORT))
		return target_docker_new(text + strlen(DAEMON_TRANSPORT), ret_target, err);
	if (text_starts(text, LAYOUT_TRANSPORT))
		return new_layout(text, ret_target, err);
	if (text_starts(text, CONTAINERD_TRANSPORT))
		return target_containerd_new(containerd_socket(text + strlen(CONTAINERD_TRANSPORT)), options->namespace,
					     options->pin, ret_target, err);
	if (text_starts(text, REGISTRY_TRANSPORT))
		return target_registry_new(options, text + strlen(REGISTRY_TRANSPORT), ret_target, err);
	return err_set(err, ERR_USAGE, "\"%s\" is no target: use " TARGETS_TEXT, text);
}
