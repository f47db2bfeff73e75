/* Statements, SBOMs and whatever else is attached to an image, as a page for people: nothing of them becomes markup. */

#include "common/limits.h"
#include "common/mem.h"
#include "import/page_document.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/html_check.h"

/* A source of one blob, in two parts. */
struct one_blob {
	struct source source;
	const uint8_t *data;
	size_t size;
};

static enum err_code give(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			  struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	const struct one_blob *b = OUTER_OF(s, struct one_blob, source);
	enum err_code code = outstream_write(out, b->data, b->size / 2, err);

	(void)d;
	(void)from_bytes;
	(void)end_bytes;
	if (code == ERR_OK)
		code = outstream_write(out, b->data + b->size / 2, b->size - b->size / 2, err);
	if (code == ERR_OK)
		code = outstream_finish(out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

static void fuzz_document(struct page_view *view, struct buf *text)
{
	struct buf_stage stage;
	struct err err = { 0 };
	const char *wrong;

	buf_clear(text);
	buf_stage_init(&stage, text);
	html_init(view->html, &stage.out, LIMIT_PAGE_BYTES);
	FUZZ_HOLDS(page_document(view, 0, 1, &err) == ERR_OK);
	FUZZ_HOLDS(html_finish(view->html, &err) == ERR_OK);
	wrong = html_check(buf_text(text));
	if (wrong != NULL)
		fprintf(stderr, "%s\n", wrong);
	FUZZ_HOLDS(wrong == NULL);
}

static enum err_code ignore(void *ctx, const struct json_t *item, struct err *err)
{
	(void)ctx;
	(void)item;
	(void)err;
	return ERR_OK;
}

/* What is left without its lists is never more than there was. */
static void fuzz_rows(const uint8_t *data, size_t size)
{
	CLEANUP(buf_release) struct buf rest = { .max = size + 1 };
	struct json_rows rows;

	json_rows_init(&rows, &rest, "packages", ignore, NULL);
	FUZZ_HOLDS(outstream_write(&rows.out, data, size, NULL) == ERR_OK);
	json_rows_release(&rows);
	FUZZ_HOLDS(rest.len <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(graph_release) struct graph graph;
	CLEANUP(buf_release) struct buf text = { .max = (uint64_t)64 * MIB };
	struct one_blob blob = { .source = { .at_once = true, .blob = give }, .data = data, .size = size };
	struct descriptor d = { .size_bytes = size, .media_type = TYPE_IN_TOTO };
	bool linked[1] = { false };
	uint32_t nodes[1], node;
	struct page_links links = { .linked = linked, .nodes = nodes };
	struct html html;
	struct page_view view = { .html = &html, .graph = &graph, .source = &blob.source, .image = "a.example/b:1" };

	graph_init(&graph);
	FUZZ_HOLDS(digest_of(data, size, NULL, &d.digest, NULL) == ERR_OK);
	FUZZ_HOLDS(graph_add(&graph, &d, &node, NULL) == ERR_OK);
	graph.nodes[node].role = ROLE_STATEMENT;
	fuzz_document(&view, &text);
	view.query = "\"<a";
	view.from = 1;
	fuzz_document(&view, &text);
	view.query = NULL;
	view.file = "b.oci.tar.zst";
	view.links = &links;
	fuzz_document(&view, &text);
	fuzz_rows(data, size);
	return 0;
}
