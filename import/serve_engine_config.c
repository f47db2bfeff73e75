#include "import/serve_engine_config.h"

#include <string.h>

#include "common/mem.h"

enum kind { TEXT, TEXTS, MAP, FLAG };

/* What is there where it is empty. */
enum since {
	NEVER,      /* nothing */
	UNTIL_1_49, /* up to API 1.49 */
	UNTIL_1_51,
};

static const struct {
	const char *key;
	enum kind kind;
	enum since empty;
} members[] = {
	{ "ArgsEscaped", FLAG, NEVER },      { "AttachStderr", FLAG, UNTIL_1_49 },
	{ "AttachStdin", FLAG, UNTIL_1_49 }, { "AttachStdout", FLAG, UNTIL_1_49 },
	{ "Cmd", TEXTS, UNTIL_1_51 },        { "Domainname", TEXT, UNTIL_1_49 },
	{ "Entrypoint", TEXTS, UNTIL_1_51 }, { "Env", TEXTS, UNTIL_1_51 },
	{ "ExposedPorts", MAP, NEVER },      { "Healthcheck", MAP, NEVER },
	{ "Hostname", TEXT, UNTIL_1_49 },    { "Image", TEXT, UNTIL_1_49 },
	{ "Labels", MAP, UNTIL_1_51 },       { "OnBuild", TEXTS, UNTIL_1_51 },
	{ "OpenStdin", FLAG, UNTIL_1_49 },   { "Shell", TEXTS, NEVER },
	{ "StdinOnce", FLAG, UNTIL_1_49 },   { "StopSignal", TEXT, NEVER },
	{ "Tty", FLAG, UNTIL_1_49 },         { "User", TEXT, UNTIL_1_51 },
	{ "Volumes", MAP, UNTIL_1_51 },      { "WorkingDir", TEXT, UNTIL_1_51 },
};

/* Only what the library of docker's image specification knows is shown by any version. */
static bool is_known(size_t i)
{
	return members[i].empty != UNTIL_1_49;
}

static bool are_texts(const struct json_t *array)
{
	size_t i;

	for (i = 0; i < js_len(array); i++) {
		if (js_text(js_at(array, i)) == NULL)
			return false;
	}
	return js_len(array) > 0;
}

/* The value of a member, NULL where it is empty or not what it must be. */
static const struct json_t *value_of(const struct json_t *config, size_t i)
{
	const char *key = members[i].key;
	const struct json_t *value = js_get(config, key);

	switch (members[i].kind) {
	case TEXT:
		return js_text(value) != NULL && js_text(value)[0] != '\0' ? value : NULL;
	case TEXTS:
		return are_texts(js_array(config, key)) ? value : NULL;
	case MAP:
		return js_object(config, key) != NULL && js_next(value, NULL) != NULL ? value : NULL;
	default:
		return js_true(config, key) ? value : NULL;
	}
}

static void put_empty(size_t i, struct js_out *o)
{
	js_key(o, members[i].key);
	if (members[i].kind == FLAG)
		js_put_bool(o, false);
	else
		js_put_string(o, members[i].kind == TEXT ? "" : NULL);
}

void engine_put_config(const struct json_t *config, unsigned api, struct js_out *o)
{
	enum since shown = api < 50 ? UNTIL_1_49 : api < 52 ? UNTIL_1_51 : NEVER;
	const struct json_t *inner = js_object(config, "config");
	size_t i;

	js_key(o, "Config");
	js_begin(o, '{');
	for (i = 0; i < COUNT_OF(members); i++) {
		const struct json_t *value = is_known(i) ? value_of(inner, i) : NULL;

		if (value != NULL) {
			js_key(o, members[i].key);
			js_put_value(o, value);
		} else if (shown != NEVER && members[i].empty >= shown) {
			put_empty(i, o);
		}
	}
	js_end(o, '}');
}

void engine_put_rootfs(const struct json_t *config, struct js_out *o)
{
	const struct json_t *rootfs = js_object(config, "rootfs"), *layers = js_array(rootfs, "diff_ids");
	const char *type = js_string(rootfs, "type");

	js_key(o, "RootFS");
	js_begin(o, '{');
	js_member(o, "Type", type != NULL && type[0] != '\0' ? type : NULL);
	if (are_texts(layers)) {
		js_key(o, "Layers");
		js_put_value(o, layers);
	}
	js_end(o, '}');
}
