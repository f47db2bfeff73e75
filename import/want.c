#include "import/want.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/holdings.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"

static enum err_code add_layers(const struct plan *plan, struct holdings *h, struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < plan->order_len; i++) {
		const struct node *n = &plan->graph.nodes[plan->order[i]];
		struct held_blob layer = { .digest = n->digest, .size_bytes = n->size_bytes, .holder = n->holder };

		if (n->holder.image != NULL)
			code = holdings_add(h, plan->skip[plan->order[i]] ? &h->layers : &h->missing, &layer, err);
	}
	return code;
}

static int compare_names(const void *name, const void *image)
{
	return strcmp(name, ((const struct image *)image)->name);
}

/* Not every image of the bundle may be wanted here. */
static enum err_code add_image(const struct plan *plan, const struct description_image *image, struct holdings *h,
			       struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code = mapping_look(plan->names, image->name, &name, err);

	if (code != ERR_OK || bsearch(name, plan->graph.images, plan->graph.images_len, sizeof(*plan->graph.images),
				      compare_names) == NULL)
		return code;
	return holdings_add_image(h, image->name, &image->digest, err);
}

/* The names in the bundle are those that the exporter knows, whatever --map made of them here. */
static enum err_code gather_want(const struct plan *plan, struct holdings *h, struct err *err)
{
	const struct description *d = bundle_description(plan->bundle);
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < d->images_len; i++)
		code = add_image(plan, &d->images[i], h, err);
	if (code == ERR_OK)
		code = add_layers(plan, h, err);
	holdings_sort(h);
	return code;
}

enum err_code want_write(const struct plan *plan, const char *path, struct err *err)
{
	CLEANUP(holdings_release) struct holdings h = { 0 };
	CLEANUP(buf_release) struct buf text;
	struct buf_stage out;
	enum err_code code = gather_want(plan, &h, err);

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &text);
	if (code == ERR_OK)
		code = holdings_write(&h, HOLDINGS_WANT, &out.out, err);
	if (code != ERR_OK)
		return code;
	if (strcmp(path, "-") == 0)
		return outstream_write(report_stdout(), buf_text(&text), text.len, err);
	return file_replace(path, buf_text(&text), text.len, err);
}
