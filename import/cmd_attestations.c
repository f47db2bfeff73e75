/* bundle attestations: the command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/reader.h"
#include "bundles/source.h"
#include "common/layout.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/report.h"
#include "common/text.h"
#include "common/walk.h"
#include "import/commands.h"
#include "import/docker_attestations.h"
#include "import/import.h"
#include "import/statements.h"
#include "import/store.h"

#define LAYOUT_TRANSPORT "oci:"

struct options {
	const char *from, *platform;
	struct opt_list types;
	bool statement, json;
};

static const struct opt opts[] = {
	{ "from", '\0', "WHERE", "a bundle file, store (the default), oci:DIR, or docker-daemon:[SOCKET]", 0,
	  OPT_SETS(struct options, from) },
	{ "platform", '\0', "P", "only this platform, os/architecture[/variant]", 0,
	  OPT_SETS(struct options, platform) },
	{ "type", '\0', "URI", "only this predicate type; may be given again", 0, OPT_SETS(struct options, types) },
	{ "statement", '\0', NULL, "print the whole statements", 0, OPT_SETS(struct options, statement) },
	{ "json", '\0', NULL, "print what the Engine API answers", 0, OPT_SETS(struct options, json) },
};

/* Where the image is: one of these is set. */
struct place {
	struct bundle *bundle;
	struct layout *layout;
	struct source *source;
};

static void place_release(struct place *p)
{
	if (p->source != NULL)
		p->source->free(p->source);
	layout_close(p->layout);
	bundle_close(p->bundle);
}

static enum err_code open_store(struct place *p, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = store_path(&path, err);

	if (code == ERR_OK)
		code = layout_open(path, false, &p->layout, err);
	if (code == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "the store %s is empty: bundle import --to store FILE fills it",
			       path);
	return code == ERR_OK ? layout_source_new(p->layout, &p->source, err) : code;
}

static enum err_code open_place(const char *from, struct place *p, struct err *err)
{
	enum err_code code;

	if (from == NULL || strcmp(from, "store") == 0)
		return open_store(p, err);
	if (text_starts(from, LAYOUT_TRANSPORT)) {
		code = layout_open(from + strlen(LAYOUT_TRANSPORT), false, &p->layout, err);
		return code == ERR_OK ? layout_source_new(p->layout, &p->source, err) : code;
	}
	code = bundle_open(from, &p->bundle, err);
	return code == ERR_OK ? bundle_source_new(p->bundle, &p->source, err) : code;
}

/* Printing one statement after the other. */
struct printer {
	const struct options *options;
	struct source *source;
	struct js_out json;
	size_t count;
};

static enum err_code blob_read(void *ctx, struct err *err)
{
	(void)ctx;
	(void)err;
	return ERR_OK;
}

/* The statement's bytes to out, proved. */
static enum err_code copy_statement(struct printer *p, const struct descriptor *d, struct outstream *out,
				    struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	enum err_code code = proof_stage_init(&proof, &d->digest, d->size_bytes, out, err);

	return code == ERR_OK ? p->source->blob(p->source, d, &proof.out, blob_read, NULL, err) : code;
}

static enum err_code put_statement(struct printer *p, const struct descriptor *d, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes;
	struct buf_stage out;
	enum err_code code;

	buf_init(&bytes, LIMIT_STATEMENT_PARSED_BYTES);
	buf_stage_init(&out, &bytes);
	code = copy_statement(p, d, &out.out, err);
	if (code == ERR_OK)
		code = js_check(buf_text(&bytes), bytes.len, d->digest.text, err);
	if (code != ERR_OK)
		return err_add(err, "statement (without --json it is printed whatever its size)");
	js_key(&p->json, "Statement");
	js_put_raw(&p->json, buf_text(&bytes), bytes.len);
	return ERR_OK;
}

static enum err_code print_json(void *ctx, const struct statement *s, struct err *err)
{
	struct printer *p = ctx;
	const struct descriptor *d = s->descriptor;
	enum err_code code = ERR_OK;

	p->count++;
	js_begin(&p->json, '{');
	js_key(&p->json, "Descriptor");
	js_begin(&p->json, '{');
	js_member(&p->json, "mediaType", d->media_type);
	js_member(&p->json, "digest", d->digest.text);
	js_member_uint(&p->json, "size", d->size_bytes);
	if (d->annotations != NULL) {
		js_key(&p->json, "annotations");
		js_put_value(&p->json, d->annotations);
	}
	js_end(&p->json, '}');
	js_member(&p->json, "PredicateType", s->predicate_type != NULL ? s->predicate_type : "");
	if (p->options->statement)
		code = put_statement(p, d, err);
	js_end(&p->json, '}');
	return code;
}

static enum err_code print_statement(void *ctx, const struct statement *s, struct err *err)
{
	struct printer *p = ctx;
	enum err_code code = copy_statement(p, s->descriptor, report_stdout(), err);

	p->count++;
	putchar('\n');
	return code;
}

static enum err_code print_row(void *ctx, const struct statement *s, struct err *err)
{
	struct printer *p = ctx;
	char size[TEXT_SIZE_MAX], type[256], platform[PLATFORM_TEXT_MAX];

	(void)err;
	if (p->count++ == 0)
		printf("%-14s  %-36s  %-71s  %s\n", "PLATFORM", "PREDICATE TYPE", "DIGEST", "SIZE");
	snprintf(type, sizeof(type), "%s", s->predicate_type != NULL ? s->predicate_type : "-");
	snprintf(platform, sizeof(platform), "%s", s->platform != NULL ? s->platform : "-");
	text_clean(type);
	text_clean(platform);
	printf("%-14s  %-36s  %-71s  %s\n", platform, type, s->descriptor->digest.text,
	       text_size(s->descriptor->size_bytes, size));
	return ERR_OK;
}

/* Nothing is printed before all is proved: on failure stdout is the failure's document alone. */
static enum err_code print_json_all(struct printer *p, const struct graph *g, const struct statement_filter *filter,
				    struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	struct buf_stage out;
	enum err_code code;

	buf_init(&text, LIMIT_DESCRIPTION_BYTES);
	buf_stage_init(&out, &text);
	js_out_init(&p->json, &out.out, true);
	js_begin(&p->json, '[');
	code = statements_each(g, g->images[0].root, p->source, filter, print_json, p, err);
	if (code != ERR_OK)
		return code;
	js_end(&p->json, ']');
	code = js_end_document(&p->json, err);
	return code == ERR_OK ? outstream_write(report_stdout(), buf_text(&text), text.len, err) : code;
}

static enum err_code print_all(struct printer *p, const struct graph *g, const struct statement_filter *filter,
			       struct err *err)
{
	uint32_t root = g->images[0].root;
	enum err_code code;

	if (p->options->json)
		return print_json_all(p, g, filter, err);
	code = statements_each(g, root, p->source, filter, p->options->statement ? print_statement : print_row, p, err);
	if (code == ERR_OK && p->count == 0)
		fprintf(stderr, "%s: no attestations%s\n", g->images[0].name,
			filter->types->len > 0 ? " of this type" : "");
	return code;
}

static enum err_code show(const struct options *options, struct place *place, const char *image,
			  const struct statement_filter *filter, struct err *err)
{
	struct printer p = { .options = options, .source = place->source };
	CLEANUP(graph_release) struct graph g;
	CLEANUP(walk_release) struct walk walk;
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code;

	graph_init(&g);
	walk_init(&walk, &g, NULL, NULL);
	code = reference_parse(image, &ref, err);
	if (code != ERR_OK)
		return err_recode(err, ERR_USAGE);
	code = reference_name(&ref, &name, err);
	if (code == ERR_OK)
		code = walk_image(&walk, place->source, &ref, name, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	return code == ERR_OK ? print_all(&p, &g, filter, err) : code;
}

static enum err_code attestations(const struct options *options, const char *image, struct err *err)
{
	CLEANUP(place_release) struct place place = { 0 };
	struct platform platform;
	struct statement_filter filter = { .types = &options->types };
	enum err_code code;

	if (options->platform != NULL) {
		if (platform_parse(options->platform, &platform, err) != ERR_OK)
			return err_recode(err, ERR_USAGE);
		filter.platform = &platform;
	}
	code = open_place(options->from, &place, err);
	return code == ERR_OK ? show(options, &place, image, &filter, err) : code;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	struct err err = { 0 };
	enum err_code code = attestations(options, operands->items[0], &err);

	return report_end(c, options->json, code, &err);
}

const struct command attestations_command = {
	.name = "attestations",
	.synopsis = "[option]... IMAGE",
	.summary = "list what an image attests to: provenance, SBOMs and other statements",
	.text = "List the in-toto statements of an image, for all its platforms or one: as a table, as the Engine "
		"API's "
		"JSON, or the statements themselves. Every byte is proved against its digest first.",
	.operand = "IMAGE",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3) | OPT_STATUS(5),
	.footer = "What a statement says is a claim until a signature proves who made it.",
	.run = run,
};
