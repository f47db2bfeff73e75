#include "export/images.h"

static enum err_code read_rules(struct images *i, const struct opt_list *map, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t at;

	for (at = 0; code == ERR_OK && at < map->len; at++)
		code = mapping_add(&i->names, map->items[at], err);
	return code;
}

enum err_code images_ask(struct images *i, const struct images_wanted *wanted, struct gather *g, struct err *err)
{
	bool of_tags = wanted->all_tags || wanted->tags.len > 0;
	enum err_code code = read_rules(i, &wanted->map, err);
	size_t at;

	g->names = &i->names;
	for (at = 0; code == ERR_OK && at < wanted->references->len; at++) {
		const struct reference_line *line = &wanted->references->items[at];

		code = of_tags ? tags_ask(g, line->text, &wanted->tags, &i->tags, err) : gather_add(g, line->text, err);
		if (code != ERR_OK)
			code = references_where(line, err);
	}
	return code;
}

enum err_code images_check(const struct images *i, struct err *err)
{
	const struct mapping_rule *unused = mapping_unused(&i->names);

	if (unused != NULL)
		return err_set(err, ERR_USAGE, "--map %s=%s matches no image of this export", unused->from, unused->to);
	return ERR_OK;
}

void images_release(struct images *i)
{
	tags_free(i->tags);
	mapping_release(&i->names);
	*i = (struct images){ 0 };
}
