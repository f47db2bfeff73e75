#include "import/page_json.h"

#include "import/page.h"

struct tree {
	struct html *html;
	size_t left; /* values that may still be shown */
};

/* A number, true, false, null, or what is empty: as JSON writes it. */
static void put_other(struct html *h, const struct json_t *value)
{
	struct html_stage stage;
	struct js_out out;

	html_stage_init(&stage, h);
	js_out_init(&out, &stage.out, false);
	html_begin(h, "span", "literal");
	js_put_value(&out, value);
	html_end(h);
}

static bool is_object(const struct json_t *value)
{
	return js_next(value, NULL) != NULL;
}

static void put_value(struct tree *t, const struct json_t *value);

static void put_members(struct tree *t, const struct json_t *object)
{
	const char *key;

	html_begin(t->html, "ul", "json");
	for (key = js_next(object, NULL); key != NULL && t->left > 0; key = js_next(object, key)) {
		html_begin(t->html, "li", NULL);
		html_begin(t->html, "span", "key");
		page_text(t->html, key);
		html_end(t->html);
		html_raw(t->html, " ");
		put_value(t, js_get(object, key));
		html_end(t->html);
	}
	html_end(t->html);
}

static void put_items(struct tree *t, const struct json_t *array)
{
	size_t i;

	html_begin(t->html, "ol", "json");
	for (i = 0; i < js_len(array) && t->left > 0; i++) {
		html_begin(t->html, "li", NULL);
		put_value(t, js_at(array, i));
		html_end(t->html);
	}
	html_end(t->html);
}

static void put_value(struct tree *t, const struct json_t *value)
{
	t->left--;
	if (is_object(value)) {
		put_members(t, value);
	} else if (js_len(value) > 0) {
		put_items(t, value);
	} else if (js_text(value) != NULL) {
		html_begin(t->html, "span", "string");
		page_text(t->html, js_text(value));
		html_end(t->html);
	} else {
		put_other(t->html, value);
	}
}

void page_json(struct html *h, const struct json_t *value)
{
	struct tree t = { .html = h, .left = PAGE_JSON_VALUES };
	char count[PAGE_COUNT_MAX];

	put_value(&t, value);
	if (t.left > 0)
		return;
	html_begin(h, "p", "cut");
	html_printf(h, "Only the first %s values are shown.", page_count(PAGE_JSON_VALUES, count));
	html_end(h);
}
