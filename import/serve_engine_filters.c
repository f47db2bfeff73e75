#include "import/serve_engine_filters.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/text.h"

static const char *const accepted[] = { "dangling", "label", "label!", "before", "since", "reference", "until" };

/* Each filter is an object whose keys are the values, or an array of them. */
static const struct json_t *values_of(const struct engine_filters *f, const char *filter)
{
	return js_get(f->json, filter);
}

const char *engine_filters_next(const struct engine_filters *f, const char *filter, const char *value)
{
	const struct json_t *values = values_of(f, filter);
	size_t i;

	if (js_object(f->json, filter) != NULL)
		return js_next(values, value);
	for (i = 0; value != NULL && i < js_len(values) && js_text(js_at(values, i)) != value; i++)
		;
	return js_text(js_at(values, value == NULL ? 0 : i + 1));
}

static bool has(const struct engine_filters *f, const char *filter, const char *wanted)
{
	const char *value = NULL;

	while ((value = engine_filters_next(f, filter, value)) != NULL) {
		if (strcmp(value, wanted) == 0)
			return true;
	}
	return false;
}

static bool are_texts(const struct json_t *values)
{
	size_t i;

	for (i = 0; i < js_len(values); i++) {
		if (js_text(js_at(values, i)) == NULL)
			return false;
	}
	return true;
}

static enum err_code check_filter(const struct engine_filters *f, const char *filter, struct err *err)
{
	size_t i;

	if ((js_object(f->json, filter) == NULL && js_array(f->json, filter) == NULL) ||
	    !are_texts(values_of(f, filter)))
		return err_set(err, ERR_USAGE, "invalid filter");
	for (i = 0; i < COUNT_OF(accepted) && strcmp(accepted[i], filter) != 0; i++)
		;
	if (i == COUNT_OF(accepted))
		return err_set(err, ERR_USAGE, "invalid filter '%.100s'", filter);
	if (strcmp(filter, "until") == 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "the filter 'until' is not supported here: when an image came is not known");
	return ERR_OK;
}

static enum err_code read_dangling(struct engine_filters *f, struct err *err)
{
	bool yes = has(f, "dangling", "1") || has(f, "dangling", "true");
	bool no = has(f, "dangling", "0") || has(f, "dangling", "false");
	const char *value = engine_filters_next(f, "dangling", NULL);

	if (!js_has(f->json, "dangling"))
		return ERR_OK;
	if (value == NULL)
		return err_set(err, ERR_USAGE, "invalid filter 'dangling'");
	if (yes == no)
		return err_set(err, ERR_USAGE, "invalid filter 'dangling=[%.100s]'", value);
	f->dangling = yes;
	return ERR_OK;
}

static enum err_code check(struct engine_filters *f, struct err *err)
{
	enum err_code code = ERR_OK;
	const char *filter;

	for (filter = js_next(f->json, NULL); code == ERR_OK && filter != NULL; filter = js_next(f->json, filter))
		code = check_filter(f, filter, err);
	return code == ERR_OK ? read_dangling(f, err) : code;
}

enum err_code engine_filters_read(const char *text, struct engine_filters *ret_filters, struct err *err)
{
	struct engine_filters f = { 0 };
	enum err_code code;

	if (text == NULL || text[0] == '\0') {
		*ret_filters = f;
		return ERR_OK;
	}
	code = js_read(text, strlen(text), "filters", &f.json, err);
	if (code == ERR_NOMEM)
		return code;
	if (code != ERR_OK)
		return err_set(err, ERR_USAGE, "invalid filter");
	code = js_len(f.json) > 0 ? err_set(err, ERR_USAGE, "invalid filter") : check(&f, err);
	if (code != ERR_OK)
		engine_filters_release(&f);
	else
		*ret_filters = f;
	return code;
}

/* Go's path.Match: '*' and '?' stop at a '/', and a malformed pattern matches nothing. */
static bool matches(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, FNM_PATHNAME) == 0;
}

/* A full name without its tag or digest. */
static void cut_tag(char *name)
{
	char *at = strchr(name, '@'), *colon;

	if (at == NULL) {
		colon = strrchr(name, ':');
		at = colon != NULL && strchr(colon, '/') == NULL ? colon : NULL;
	}
	if (at != NULL)
		*at = '\0';
}

bool engine_filters_name(const struct engine_filters *f, const char *name)
{
	char repository[REFERENCE_NAME_MAX * 2 + REFERENCE_TAG_MAX + DIGEST_TEXT_SIZE + 4];
	const char *pattern = NULL;

	if (f->dangling)
		return false;
	if (!js_has(f->json, "reference") || engine_filters_next(f, "reference", NULL) == NULL)
		return true;
	snprintf(repository, sizeof(repository), "%s", name);
	cut_tag(repository);
	while ((pattern = engine_filters_next(f, "reference", pattern)) != NULL) {
		if (matches(pattern, reference_familiar(name)) || matches(pattern, name) ||
		    matches(pattern, reference_familiar(repository)) || matches(pattern, repository))
			return true;
	}
	return false;
}

bool engine_filters_has_labels(const struct engine_filters *f)
{
	return engine_filters_next(f, "label", NULL) != NULL || engine_filters_next(f, "label!", NULL) != NULL;
}

/* "key", "key=value", and "key!=value", which turns the sense round. */
static bool fits(const struct json_t *labels, const char *check, bool negate)
{
	const char *equals = strchr(check, '=');
	size_t len = equals != NULL ? (size_t)(equals - check) : strlen(check);
	char key[LIMIT_TEXT_BYTES];
	const char *value;

	if (len >= sizeof(key))
		return false;
	memcpy(key, check, len);
	key[len] = '\0';
	if (len > 0 && key[len - 1] == '!') {
		key[len - 1] = '\0';
		negate = !negate;
	}
	value = js_string(labels, key);
	if (equals == NULL || value == NULL)
		return (value != NULL) != negate;
	return (strcmp(value, equals + 1) == 0) != negate;
}

bool engine_filters_labels(const struct engine_filters *f, const struct json_t *config)
{
	const struct json_t *labels = js_object(js_object(config, "config"), "Labels");
	const char *value = NULL;

	while ((value = engine_filters_next(f, "label", value)) != NULL) {
		if (!fits(labels, value, false))
			return false;
	}
	while ((value = engine_filters_next(f, "label!", value)) != NULL) {
		if (!fits(labels, value, true))
			return false;
	}
	return true;
}

void engine_filters_release(struct engine_filters *f)
{
	js_free(f->json);
	*f = (struct engine_filters){ 0 };
}
