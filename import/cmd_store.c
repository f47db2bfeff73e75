/* bundle store: the command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/layout_images.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/reference.h"
#include "common/report.h"
#include "common/text.h"
#include "import/commands.h"
#include "import/store.h"
#include "import/store_gc.h"
#include "import/store_list.h"

struct options {
	bool dry_run, json;
};

static const struct opt opts[] = {
	{ "dry-run", '\0', NULL, "of gc: say what would be removed, remove nothing", 0,
	  OPT_SETS(struct options, dry_run) },
	{ "json", '\0', NULL, "print the result as one JSON document", 0, OPT_SETS(struct options, json) },
};

/* One run; layout is NULL where there is no store yet. */
struct job {
	const struct options *options;
	const struct opt_list *operands; /* the verb first */
	char *path;
	struct layout *layout;
};

static void job_release(struct job *j)
{
	layout_close(j->layout);
	free(j->path);
}

static enum err_code list(struct job *j, struct err *err)
{
	return store_list(j->path, j->layout, j->options->json, err);
}

static void begin_json(struct js_out *o, const struct job *j, struct outstream *out)
{
	js_out_init(o, out, true);
	js_begin(o, '{');
	js_member_uint(o, "schemaVersion", 1);
	js_member(o, "store", j->path);
}

/* Whole or not at all: on failure stdout is the failure's document alone. */
static enum err_code end_json(struct js_out *o, const struct buf *text, struct err *err)
{
	enum err_code code;

	js_end(o, '}');
	code = js_end_document(o, err);
	return code == ERR_OK ? outstream_write(report_stdout(), buf_text(text), text->len, err) : code;
}

/* ---- remove ---- */

/* The entry of a full name; the first one, where others wrote several.  False where there is none. */
static bool find_named(const struct layout *l, const char *name, size_t *ret_at)
{
	size_t i;

	for (i = 0; i < layout_len(l); i++) {
		const char *has = layout_at(l, i)->name;

		if (has != NULL && strcmp(has, name) == 0) {
			*ret_at = i;
			return true;
		}
	}
	return false;
}

/* That of an image of which other tools wrote a tag alone, or no name, under the one that list shows. */
static enum err_code find_shown(const struct layout *l, const char *name, size_t *ret_at, struct err *err)
{
	CLEANUP(layout_survey_release) struct layout_survey survey = { 0 };
	CLEANUP(layout_images_release) struct layout_images images = { 0 };
	enum err_code code = layout_survey_make(l, &survey, err);
	size_t i;

	if (code == ERR_OK)
		code = layout_images_make(&survey, layout_path(l), &images, err);
	if (code != ERR_OK)
		return err_add(err, "%s: has no %s, nor can be told what else it has", layout_path(l), name);
	for (i = 0; i < images.len; i++) {
		if (strcmp(images.items[i].name, name) != 0)
			continue;
		*ret_at = (size_t)(images.items[i].entry - layout_at(l, 0));
		return ERR_OK;
	}
	return err_set(err, ERR_NOT_FOUND, "%s: has no %s; nothing is removed", layout_path(l), name);
}

/* A store that is damaged has names all the same, and to remove one may mend it. */
static enum err_code find_entry(const struct job *j, const char *name, size_t *ret_at, struct err *err)
{
	if (j->layout == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: has no %s; nothing is removed", j->path, name);
	return find_named(j->layout, name, ret_at) ? ERR_OK : find_shown(j->layout, name, ret_at, err);
}

static enum err_code remove_json(const struct job *j, const char *const *names, const struct digest *digests,
				 size_t len, struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	struct buf_stage out;
	struct js_out o;
	size_t i;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &text);
	begin_json(&o, j, &out.out);
	js_key(&o, "removed");
	js_begin(&o, '[');
	for (i = 0; i < len; i++) {
		js_begin(&o, '{');
		js_member(&o, "name", names[i]);
		js_member(&o, "digest", digests[i].text);
		js_end(&o, '}');
	}
	js_end(&o, ']');
	return end_json(&o, &text, err);
}

/* What is removed, and how it was called: the entries are gone by the time it is said. */
struct removal {
	bool *drop;
	char **names;
	struct digest *digests;
	size_t len;
};

static void removal_release(struct removal *r)
{
	size_t i;

	for (i = 0; i < r->len; i++)
		free(r->names[i]);
	free(r->names);
	free(r->digests);
	free(r->drop);
}

/* One name, as users write it: images have the full one. */
static enum err_code add_removal(const struct job *j, const char *text, struct removal *r, struct err *err)
{
	CLEANUP(free_ptr) char *name = NULL;
	size_t at = 0;
	enum err_code code = reference_asked(text, &name, err);

	if (code == ERR_OK)
		code = find_entry(j, name, &at, err);
	if (code != ERR_OK || r->drop[at])
		return code;
	r->drop[at] = true;
	r->digests[r->len] = digest_unpack(&layout_at(j->layout, at)->digest);
	r->names[r->len++] = take_ptr(&name);
	return ERR_OK;
}

static enum err_code find_entries(const struct job *j, struct removal *r, struct err *err)
{
	size_t entries = j->layout != NULL ? layout_len(j->layout) : 0, i;
	enum err_code code = ERR_OK;

	r->drop = calloc(entries + 1, sizeof(*r->drop));
	r->names = calloc(j->operands->len, sizeof(*r->names));
	r->digests = calloc(j->operands->len, sizeof(*r->digests));
	if (r->drop == NULL || r->names == NULL || r->digests == NULL)
		return err_nomem(err);
	for (i = 1; code == ERR_OK && i < j->operands->len; i++)
		code = add_removal(j, j->operands->items[i], r, err);
	return code;
}

static enum err_code remove_names(struct job *j, struct err *err)
{
	CLEANUP(removal_release) struct removal r = { 0 };
	enum err_code code = j->layout != NULL ? layout_lock(j->layout, err) : ERR_OK;
	size_t i;

	if (code == ERR_OK)
		code = find_entries(j, &r, err);
	if (code == ERR_OK)
		code = layout_drop(j->layout, r.drop, err);
	if (code != ERR_OK || j->options->json)
		return code == ERR_OK ? remove_json(j, (const char *const *)r.names, r.digests, r.len, err) : code;
	for (i = 0; i < r.len; i++)
		printf("%s  %s  removed\n", r.names[i], r.digests[i].text);
	return ERR_OK;
}

/* ---- gc ---- */

static enum err_code gc_json(const struct job *j, const struct store_gc *gc, struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	struct buf_stage out;
	struct js_out o;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &text);
	begin_json(&o, j, &out.out);
	js_member_bool(&o, "dryRun", j->options->dry_run);
	js_member_uint(&o, "unreachableBlobs", gc->blobs_len);
	js_member_uint(&o, "unreachableBytes", gc->bytes);
	return end_json(&o, &text, err);
}

static enum err_code collect(struct job *j, struct err *err)
{
	CLEANUP(store_gc_release) struct store_gc gc = { 0 };
	char size[TEXT_SIZE_MAX];
	enum err_code code = ERR_OK;

	if (j->layout != NULL && !j->options->dry_run)
		code = layout_lock(j->layout, err);
	if (code == ERR_OK && j->layout != NULL)
		code = store_gc_find(j->layout, &gc, err);
	if (code == ERR_OK && j->layout != NULL && !j->options->dry_run)
		code = store_gc_run(&gc, err);
	if (code != ERR_OK)
		return code;
	if (j->options->json)
		return gc_json(j, &gc, err);
	printf("%s: %zu blob%s, %s, that no image leads to%s\n", j->path, gc.blobs_len, gc.blobs_len == 1 ? "" : "s",
	       text_size(gc.bytes, size), j->options->dry_run ? "" : ": removed");
	return ERR_OK;
}

/* ---- the command ---- */

static const struct {
	const char *name;
	bool operands, dry_run;
	enum err_code (*run)(struct job *j, struct err *err);
} verbs[] = {
	{ "list", false, false, list },
	{ "remove", true, false, remove_names },
	{ "gc", false, true, collect },
};

static enum err_code check_verb(const struct job *j, size_t *ret_verb, struct err *err)
{
	const char *verb = j->operands->items[0];
	size_t i;

	for (i = 0; i < COUNT_OF(verbs) && strcmp(verbs[i].name, verb) != 0; i++)
		;
	if (i == COUNT_OF(verbs))
		return err_set(err, ERR_USAGE, "\"%.100s\": list, remove or gc?", verb);
	if (verbs[i].operands && j->operands->len < 2)
		return err_set(err, ERR_USAGE, "%s: NAME is missing: which images?", verb);
	if (!verbs[i].operands && j->operands->len > 1)
		return err_set(err, ERR_USAGE, "%s takes no names, and \"%.100s\" is one", verb, j->operands->items[1]);
	if (!verbs[i].dry_run && j->options->dry_run)
		return err_set(err, ERR_USAGE, "--dry-run is for gc");
	*ret_verb = i;
	return ERR_OK;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	CLEANUP(job_release) struct job j = { .options = opaque, .operands = operands };
	struct err err = { 0 };
	size_t verb = 0;
	enum err_code code = check_verb(&j, &verb, &err);

	if (code == ERR_OK)
		code = store_path(&j.path, &err);
	if (code == ERR_OK) {
		code = layout_open(j.path, false, &j.layout, &err);
		if (code == ERR_NOT_FOUND)
			code = layout_check_place(j.path, &err); /* an empty store is made by the first import */
	}
	if (code == ERR_OK)
		code = verbs[verb].run(&j, &err);
	return report_end(c, j.options->json, code, &err);
}

const struct command store_command = {
	.name = "store",
	.synopsis = "list|remove|gc [option]... [NAME]...",
	.summary = "list and remove images of the embedded store, and free space in it",
	.text = "list shows the images of the embedded store, what belongs to each, and how much space they take. "
		"remove takes names away, gc every blob that no image leads to any more.",
	.operand = "list, remove or gc",
	.args_min = 1,
	.args_max = LIMIT_IMAGES,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3),
	.footer = STORE_PLACE_TEXT,
	.run = run,
};
