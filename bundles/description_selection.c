#include "bundles/description_selection.h"

#include <string.h>

#include "common/mem.h"

void description_selection_put(const struct selection *s, struct js_out *o)
{
	char platform[PLATFORM_TEXT_MAX];
	size_t i;

	js_key(o, "selection");
	js_begin(o, '{');
	if (s->platforms_len > 0) {
		js_key(o, "platforms");
		js_begin(o, '[');
		for (i = 0; i < s->platforms_len; i++)
			js_put_string(o, platform_format(&s->platforms[i], platform));
		js_end(o, ']');
	}
	if (s->attestations_only)
		js_member_bool(o, "attestationsOnly", true);
	if (s->some_referrers) {
		js_key(o, "referrers");
		js_begin(o, '[');
		for (i = 0; i < s->types_len; i++)
			js_put_string(o, s->types[i]);
		js_end(o, ']');
	}
	js_end(o, '}');
}

typedef enum err_code add_fn(struct selection *s, const char *text, struct err *err);

static enum err_code read_texts(const struct json_t *json, const char *key, add_fn *add, struct selection *s,
				struct err *err)
{
	const struct json_t *list = js_array(json, key);
	enum err_code code = ERR_OK;
	size_t i;

	if (list == NULL && js_has(json, key))
		return err_set(err, ERR_DAMAGED, "\"%s\" of \"selection\" is no array", key);
	for (i = 0; code == ERR_OK && i < js_len(list); i++) {
		const char *text = js_text(js_at(list, i));

		code = text != NULL ? add(s, text, err)
				    : err_set(err, ERR_DAMAGED, "\"%s\" of \"selection\" holds what is no text", key);
	}
	return code == ERR_USAGE ? err_recode(err, ERR_DAMAGED) : code;
}

enum err_code description_selection_read(const struct json_t *json, const char *what, struct selection *ret_selection,
					 struct err *err)
{
	CLEANUP(selection_release) struct selection s = { 0 };
	const struct json_t *selection = js_object(json, "selection");
	enum err_code code;

	if (selection == NULL)
		return js_has(json, "selection") ? err_set(err, ERR_DAMAGED, "%s: \"selection\" is no object", what)
						 : ERR_OK;
	s.attestations_only = js_true(selection, "attestationsOnly");
	s.some_referrers = js_has(selection, "referrers");
	code = read_texts(selection, "platforms", selection_platform, &s, err);
	if (code == ERR_OK)
		code = read_texts(selection, "referrers", selection_type, &s, err);
	if (code != ERR_OK)
		return err_add(err, "%s", what);
	*ret_selection = s;
	s = (struct selection){ 0 };
	return ERR_OK;
}
