/* bundle attestations: the command. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/contents.h"
#include "bundles/origin.h"
#include "bundles/reader.h"
#include "bundles/source.h"
#include "common/layout.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/predicate.h"
#include "common/report.h"
#include "common/text.h"
#include "common/walk.h"
#include "import/attestations.h"
#include "import/commands.h"
#include "import/statements.h"
#include "import/store.h"
#include "import/targets.h"

struct options {
	const char *from, *platform;
	struct opt_list types, keys, seals;
	unsigned threshold;
	bool statement, json;
};

static const struct opt opts[] = {
	{ "from", '\0', "WHERE", "a bundle file, store (the default), oci:DIR, or docker-daemon:[SOCKET]", 0,
	  OPT_SETS(struct options, from) },
	{ "platform", '\0', "P", "only this platform, os/architecture[/variant]", 0,
	  OPT_SETS(struct options, platform) },
	{ "type", '\0', "URI", "only this predicate type", 0, OPT_SETS(struct options, types) },
	{ "key", 'k', "PUB", "a public key, in PEM, that must have sealed the bundle; any of them", 0,
	  OPT_SETS(struct options, keys) },
	{ "seal", '\0', "FILE", "a seal that lies beside the bundle", 0, OPT_SETS(struct options, seals) },
	{ "threshold", '\0', "N", "so many different keys must have sealed the bundle (1 where any key counts)",
	  ORIGIN_THRESHOLD_MAX, OPT_SETS(struct options, threshold) },
	{ "statement", '\0', NULL, "print the whole statements", 0, OPT_SETS(struct options, statement) },
	{ "json", '\0', NULL, "print what the Engine API answers", 0, OPT_SETS(struct options, json) },
};

/* Where the image is: one of these is set. */
struct place {
	struct bundle *bundle;
	struct origin origin; /* of the bundle */
	struct layout *layout;
	struct source *source;
};

static void place_release(struct place *p)
{
	if (p->source != NULL)
		p->source->free(p->source);
	layout_close(p->layout);
	origin_release(&p->origin);
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

static bool is_bundle(const char *from)
{
	return from != NULL && strcmp(from, "store") != 0 && !text_starts(from, LAYOUT_TRANSPORT) &&
	       !text_starts(from, DAEMON_TRANSPORT);
}

static enum err_code open_place(const struct options *options, struct place *p, struct err *err)
{
	struct origin_wanted wanted = {
		.keys = &options->keys,
		.seals = &options->seals,
		.threshold = options->threshold,
	};
	const char *from = options->from;
	enum err_code code;

	if (from == NULL || strcmp(from, "store") == 0)
		return open_store(p, err);
	if (text_starts(from, LAYOUT_TRANSPORT)) {
		code = layout_open(from + strlen(LAYOUT_TRANSPORT), false, &p->layout, err);
		return code == ERR_OK ? layout_source_new(p->layout, &p->source, err) : code;
	}
	code = bundle_open(from, &p->bundle, err);
	if (code == ERR_OK)
		code = origin_demand(p->bundle, &wanted, &p->origin, err);
	return code == ERR_OK ? bundle_source_new(p->bundle, &p->source, err) : code;
}

void attestations_row(size_t *count, const char *platform, const char *type, const struct digest *digest,
		      uint64_t size_bytes)
{
	char size[TEXT_SIZE_MAX], where[PLATFORM_TEXT_MAX], what[256];

	if ((*count)++ == 0)
		printf("%-14s  %-36s  %-71s  %s\n", "PLATFORM", "PREDICATE TYPE", "DIGEST", "SIZE");
	snprintf(where, sizeof(where), "%s", platform != NULL ? platform : "-");
	snprintf(what, sizeof(what), "%s", type != NULL ? type : "-");
	text_clean(where);
	text_clean(what);
	printf("%-14s  %-36s  %-71s  %s\n", where, what, digest->text, text_size(size_bytes, size));
}

/* Printing one statement after the other. */
struct printer {
	const struct attestations_query *query;
	struct source *source;
	struct js_out json;
	size_t count, absent;
};

static enum err_code blob_read(void *ctx, bool there, struct err *err)
{
	const struct descriptor *d = ctx;

	return there ? ERR_OK : err_set(err, ERR_NOT_FOUND, "statement %s is not there", d->digest.text);
}

/* The statement's bytes to out, proved. */
static enum err_code copy_statement(struct printer *p, const struct descriptor *d, struct outstream *out,
				    struct err *err)
{
	CLEANUP(proof_stage_release) struct proof_stage proof = { 0 };
	struct descriptor asked = *d;
	enum err_code code = proof_stage_init(&proof, &d->digest, d->size_bytes, out, err);

	return code == ERR_OK ? p->source->blob(p->source, d, 0, d->size_bytes, &proof.out, blob_read, &asked, err)
			      : code;
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
	if (code == ERR_NOT_FOUND)
		return code;
	if (code != ERR_OK)
		return err_add(err, "statement (without --json it is printed whatever its size)");
	js_key(&p->json, "Statement");
	js_put_raw(&p->json, buf_text(&bytes), bytes.len);
	return ERR_OK;
}

/* What is listed and not here is said on stderr, whatever stdout has. */
static void say_absent(struct printer *p, const struct statement *s)
{
	char where[PLATFORM_TEXT_MAX], type[256];

	p->absent++;
	snprintf(where, sizeof(where), "%s", s->platform != NULL ? s->platform : "-");
	snprintf(type, sizeof(type), "%s", s->predicate_type != NULL ? s->predicate_type : "-");
	text_clean(where);
	text_clean(type);
	fprintf(stderr, "%s attestations: not here: %s of %s: %s %s\n", OPT_PROGRAM,
		s->manifest ? "the attestation manifest" : "a statement", where, type, s->descriptor->digest.text);
}

static enum err_code print_json(void *ctx, const struct statement *s, struct err *err)
{
	struct printer *p = ctx;
	const struct descriptor *d = s->descriptor;
	enum err_code code = ERR_OK;

	if (s->absent)
		say_absent(p, s);
	if (s->manifest)
		return ERR_OK;
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
	if (p->query->statement && !s->absent)
		code = put_statement(p, d, err);
	js_end(&p->json, '}');
	return code;
}

static enum err_code print_statement(void *ctx, const struct statement *s, struct err *err)
{
	struct printer *p = ctx;
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct buf_stage out;
	enum err_code code;

	if (s->absent) {
		say_absent(p, s);
		return ERR_OK;
	}
	p->count++;
	if (s->descriptor->size_bytes > LIMIT_STATEMENT_PARSED_BYTES) /* too large to be held back until it is proved */
		return copy_statement(p, s->descriptor, report_stdout(), err);
	buf_init(&bytes, LIMIT_STATEMENT_PARSED_BYTES);
	buf_stage_init(&out, &bytes);
	code = copy_statement(p, s->descriptor, &out.out, err);
	if (code == ERR_OK)
		code = outstream_write(report_stdout(), buf_text(&bytes), bytes.len, err);
	putchar('\n');
	return code;
}

/* What a statement claims, in one line; "" for one that is too large to be read for that, or says nothing we know. */
static enum err_code summarise(struct printer *p, const struct descriptor *d, char out[PREDICATE_TEXT_MAX],
			       struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	struct buf_stage stage;
	enum err_code code;

	out[0] = '\0';
	if (d->size_bytes > LIMIT_STATEMENT_PARSED_BYTES)
		return ERR_OK;
	buf_init(&bytes, LIMIT_STATEMENT_PARSED_BYTES);
	buf_stage_init(&stage, &bytes);
	code = copy_statement(p, d, &stage.out, err);
	if (code == ERR_OK && js_read(buf_text(&bytes), bytes.len, d->digest.text, &json, NULL) == ERR_OK)
		predicate_summary(json, out);
	return code;
}

static enum err_code print_row(void *ctx, const struct statement *s, struct err *err)
{
	struct printer *p = ctx;
	char summary[PREDICATE_TEXT_MAX] = "";
	enum err_code code = ERR_OK;

	if (s->absent)
		say_absent(p, s);
	else
		code = summarise(p, s->descriptor, summary, err);
	if (code != ERR_OK || s->manifest)
		return code;
	attestations_row(&p->count, s->platform, s->predicate_type, &s->descriptor->digest, s->descriptor->size_bytes);
	if (s->absent)
		puts("  not here");
	if (summary[0] != '\0')
		printf("  claims: %s\n", summary);
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
	if (p->query->json)
		return print_json_all(p, g, filter, err);
	return statements_each(g, g->images[0].root, p->source, filter,
			       p->query->statement ? print_statement : print_row, p, err);
}

/* From a place that holds the image itself.  ERR_PARTIAL where all is printed that is here. */
static enum err_code from_place(const struct attestations_query *q, const struct place *place,
				const struct reference *ref, size_t *ret_count, struct err *err)
{
	struct statement_filter filter = { .platform = q->platform, .types = q->types };
	struct printer p = { .query = q, .source = place->source };
	CLEANUP(graph_release) struct graph g;
	CLEANUP(walk_release) struct walk walk;
	enum err_code code;

	graph_init(&g);
	walk_init(&walk, &g, NULL, NULL);
	code = walk_image(&walk, place->source, ref, q->name, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	if (code == ERR_OK && place->bundle != NULL) {
		contents_mark(place->bundle, &g);
		code = origin_check_graph(place->bundle, &place->origin, &g, NULL, err);
	}
	if (code == ERR_OK)
		code = print_all(&p, &g, &filter, err);
	*ret_count = p.count;
	if (code == ERR_OK && p.absent > 0)
		return err_set(err, ERR_PARTIAL, "%s: done, but %zu of what it attests to %s not here", q->name,
			       p.absent, p.absent == 1 ? "is" : "are");
	return code;
}

static enum err_code answer(const struct options *options, const struct attestations_query *q,
			    const struct reference *ref, size_t *ret_count, struct err *err)
{
	const char *from = options->from;
	CLEANUP(place_release) struct place place = { 0 };
	enum err_code code;

	if (!is_bundle(from) && (options->keys.len > 0 || options->seals.len > 0 || options->threshold > 0))
		return err_set(err, ERR_USAGE, "--key, --seal and --threshold are for a bundle file: --from FILE");
	if (from != NULL && text_starts(from, DAEMON_TRANSPORT))
		return attestations_from_docker(from + strlen(DAEMON_TRANSPORT), q, ret_count, err);
	code = open_place(options, &place, err);
	return code == ERR_OK ? from_place(q, &place, ref, ret_count, err) : code;
}

static enum err_code attestations(const struct options *options, const char *image, struct err *err)
{
	struct attestations_query q = {
		.types = &options->types,
		.statement = options->statement,
		.json = options->json,
	};
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	struct platform platform;
	size_t count = 0;
	enum err_code code = reference_parse(image, &ref, err);

	if (code == ERR_OK && options->platform != NULL) {
		code = platform_parse(options->platform, &platform, err);
		q.platform = &platform;
	}
	if (code == ERR_FORMAT)
		return err_recode(err, ERR_USAGE);
	if (code == ERR_OK)
		code = reference_name(&ref, &name, err);
	q.name = name;
	if (code == ERR_OK)
		code = answer(options, &q, &ref, &count, err);
	if (code == ERR_OK && count == 0 && !options->json)
		fprintf(stderr, "%s attestations: %s has none%s\n", OPT_PROGRAM, name,
			options->types.len > 0 ? " of this type" : "");
	return code;
}

static int run(const struct command *c, const void *opaque, const struct opt_list *operands)
{
	const struct options *options = opaque;
	struct err err = { 0 };
	enum err_code code = attestations(options, operands->items[0], &err);

	/* of what is here stdout has its document then */
	return report_end(c, options->json && code != ERR_PARTIAL, code, &err);
}

const struct command attestations_command = {
	.name = "attestations",
	.synopsis = "[option]... IMAGE",
	.summary = "list what an image attests to: provenance, SBOMs and other statements",
	.text = "List the in-toto statements of an image, for all its platforms or one: as a table, as the Engine "
		"API's "
		"JSON, or the statements themselves. Every byte is proved against its digest.",
	.operand = "IMAGE",
	.args_min = 1,
	.args_max = 1,
	.opts = opts,
	.opts_len = COUNT_OF(opts),
	.options_size = sizeof(struct options),
	.statuses = OPT_STATUS(3) | OPT_STATUS(4) | OPT_STATUS(5),
	.footer = "What a statement says is a claim until a signature proves who made it.",
	.run = run,
};
