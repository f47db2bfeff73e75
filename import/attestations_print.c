/* What bundle attestations prints. */
#include <stdio.h>
#include <string.h>

#include "common/js_scan.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/predicate.h"
#include "common/report.h"
#include "common/text.h"
#include "import/attestations.h"
#include "import/statements.h"

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

static enum err_code read_statement(struct printer *p, const struct descriptor *d, uint64_t max_bytes,
				    struct buf *bytes, struct err *err)
{
	struct buf_stage out;

	buf_init(bytes, max_bytes);
	buf_stage_init(&out, bytes);
	return copy_statement(p, d, &out.out, err);
}

/* What is put into a document as it is must be one itself. */
static enum err_code put_statement(struct printer *p, const struct descriptor *d, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	enum err_code code = read_statement(p, d, LIMIT_STATEMENT_BYTES, &bytes, err);

	if (code == ERR_OK)
		code = js_scan(buf_text(&bytes), bytes.len, d->digest.text, err);
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
	if (s->referred != NULL) {
		engine_referred_put(s->referred, p->query->statement, &p->json);
		return ERR_OK;
	}
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

static enum err_code print_bytes(const void *bytes, size_t len, struct err *err)
{
	enum err_code code = outstream_write(report_stdout(), bytes, len, err);

	putchar('\n');
	return code;
}

static enum err_code print_statement(void *ctx, const struct statement *s, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct printer *p = ctx;
	enum err_code code;

	if (s->absent) {
		say_absent(p, s);
		return ERR_OK;
	}
	p->count++;
	if (s->referred != NULL)
		return print_bytes(s->referred->statement, s->referred->statement_len, err);
	if (s->descriptor->size_bytes > LIMIT_STATEMENT_PARSED_BYTES) /* too large to be held back until it is proved */
		return copy_statement(p, s->descriptor, report_stdout(), err);
	code = read_statement(p, s->descriptor, LIMIT_STATEMENT_PARSED_BYTES, &bytes, err);
	return code == ERR_OK ? print_bytes(buf_text(&bytes), bytes.len, err) : code;
}

void attestations_claims(const struct json_t *statement)
{
	char summary[PREDICATE_TEXT_MAX];

	if (predicate_summary(statement, summary)[0] != '\0')
		printf("  claims: %s\n", summary);
}

/* Nothing for one that is too large to be read for that. */
static void print_claims(const char *bytes, size_t len)
{
	CLEANUP(js_free_ptr) struct json_t *json = NULL;

	if (len <= LIMIT_STATEMENT_PARSED_BYTES && js_read(bytes, len, "a statement", &json, NULL) == ERR_OK)
		attestations_claims(json);
}

static void print_head(struct printer *p, const struct statement *s)
{
	attestations_row(&p->count, s->platform, s->predicate_type, &s->descriptor->digest, s->descriptor->size_bytes);
}

static void print_referred(struct printer *p, const struct statement *s)
{
	print_head(p, s);
	printf("  of referrer %s\n", s->referred->referrer->digest.text);
	print_claims(s->referred->statement, s->referred->statement_len);
}

static enum err_code print_row(void *ctx, const struct statement *s, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { 0 };
	struct printer *p = ctx;
	enum err_code code = ERR_OK;

	if (s->referred != NULL) {
		print_referred(p, s);
		return ERR_OK;
	}
	if (s->absent)
		say_absent(p, s);
	else if (s->descriptor->size_bytes <= LIMIT_STATEMENT_PARSED_BYTES)
		code = read_statement(p, s->descriptor, LIMIT_STATEMENT_PARSED_BYTES, &bytes, err);
	if (code != ERR_OK || s->manifest)
		return code;
	print_head(p, s);
	if (s->absent)
		puts("  not here");
	else
		print_claims(buf_text(&bytes), bytes.len);
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

enum err_code attestations_print(const struct attestations_query *q, const struct graph *g, struct source *source,
				 size_t *ret_count, size_t *ret_absent, struct err *err)
{
	const struct statement_filter filter = { .platform = q->platform,
						 .types = q->types,
						 .referrers = q->referrers };
	struct printer p = { .query = q, .source = source };
	enum err_code code;

	if (q->json)
		code = print_json_all(&p, g, &filter, err);
	else
		code = statements_each(g, g->images[0].root, source, &filter,
				       q->statement ? print_statement : print_row, &p, err);
	*ret_count = p.count;
	*ret_absent = p.absent;
	return code;
}
