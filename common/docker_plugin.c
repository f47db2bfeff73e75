#include "common/docker_plugin.h"

#include <stdlib.h>
#include <string.h>

#include "common/js.h"
#include "common/mem.h"
#include "common/opt.h"
#include "common/report.h"
#include "common/text.h"
#include "common/version.h"

#define PLUGIN_NAME "docker-" OPT_PROGRAM
#define METADATA "docker-cli-plugin-metadata"

/* docker's options, as far as they stand before a command. */
static const struct docker_option {
	const char *name;
	char letter;
	bool value;
	const char *variable; /* NULL: it says nothing to this program */
	const char *other;    /* which it overrides */
} options[] = {
	{ "host", 'H', true, "DOCKER_HOST", "DOCKER_CONTEXT" },
	{ "context", 'c', true, "DOCKER_CONTEXT", "DOCKER_HOST" },
	{ "config", '\0', true, "DOCKER_CONFIG", NULL },
	{ "tlsverify", '\0', false, "DOCKER_TLS_VERIFY", NULL },
	{ "log-level", 'l', true, NULL, NULL },
	{ "debug", 'D', false, NULL, NULL },
};

bool docker_plugin_is(const char *argv0)
{
	const char *slash = argv0 != NULL ? strrchr(argv0, '/') : NULL;

	return argv0 != NULL && strcmp(slash != NULL ? slash + 1 : argv0, PLUGIN_NAME) == 0;
}

bool docker_plugin_asks(int argc, char *const argv[])
{
	return argc >= 2 && strcmp(argv[1], METADATA) == 0;
}

enum err_code docker_plugin_tell(struct err *err)
{
	struct js_out o;

	js_out_init(&o, report_stdout(), true);
	js_begin(&o, '{');
	js_member(&o, "SchemaVersion", "0.1.0");
	js_member(&o, "Vendor", "the bundle project");
	js_member(&o, "Version", BUNDLE_VERSION);
	js_member(&o, "ShortDescription", "Carry images, with everything attested about them, across an air gap");
	js_end(&o, '}');
	return js_end_document(&o, err);
}

static const struct docker_option *find(const char *arg)
{
	size_t len = strcspn(arg + 2, "="), i;

	for (i = 0; i < COUNT_OF(options); i++) {
		if (arg[1] == '-' ? strlen(options[i].name) == len && strncmp(arg + 2, options[i].name, len) == 0
				  : options[i].letter != '\0' && arg[1] == options[i].letter)
			return &options[i];
	}
	return NULL;
}

/* The value in the same argument, NULL where there is none: --host=X, -H=X, -HX. */
static const char *attached(const char *arg)
{
	const char *equals = strchr(arg, '=');

	if (arg[1] == '-')
		return equals != NULL ? equals + 1 : NULL;
	if (arg[2] == '\0')
		return NULL;
	return arg[2] == '=' ? arg + 3 : arg + 2;
}

static enum err_code take(const struct docker_option *o, const char *value, struct err *err)
{
	if (o->variable == NULL)
		return ERR_OK;
	if (o->other != NULL && unsetenv(o->other) != 0)
		return err_errno(err, o->other);
	return setenv(o->variable, value, 1) == 0 ? ERR_OK : err_errno(err, o->variable);
}

enum err_code docker_plugin_args(int argc, char *const argv[], int *ret_at, struct err *err)
{
	int at;

	for (at = 1; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
		const struct docker_option *o = find(argv[at]);
		const char *value = o != NULL ? attached(argv[at]) : NULL;
		enum err_code code;

		if (o == NULL)
			return err_set(err, ERR_USAGE,
				       OPT_PROGRAM
				       ": docker %.100s has no meaning here: say it by a docker context, or "
				       "by DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH",
				       argv[at]);
		if (o->value && value == NULL && at + 1 < argc)
			value = argv[++at];
		if (o->value && value == NULL)
			return err_set(err, ERR_USAGE, OPT_PROGRAM ": docker --%s needs a value", o->name);
		code = take(o, value != NULL ? value : "1", err);
		if (code != ERR_OK)
			return code;
	}
	if (at < argc && strcmp(argv[at], OPT_PROGRAM) == 0) {
		*ret_at = at + 1;
		return ERR_OK;
	}
	return err_set(err, ERR_USAGE,
		       PLUGIN_NAME " is a plugin of docker: write docker " OPT_PROGRAM ", or " OPT_PROGRAM);
}
