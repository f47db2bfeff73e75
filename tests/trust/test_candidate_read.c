#include "trust/candidate_read.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "r.example/team/app:1"
#define STATEMENT "application/vnd.in-toto+json"

enum harm { NONE, ABSENT, CHANGED, LONGER, SHORTER };

static const struct {
	enum harm harm;
	size_t max;
	enum err_code blob, manifest;
} cases[] = {
	{ NONE, 1000, ERR_OK, ERR_OK },
	{ NONE, 10, ERR_LIMIT, ERR_OK },
	{ ABSENT, 1000, ERR_DAMAGED, ERR_DAMAGED },
	{ CHANGED, 1000, ERR_DIGEST, ERR_FORMAT },
	{ LONGER, 1000, ERR_SIZE, ERR_FORMAT },
	{ SHORTER, 1000, ERR_SIZE, ERR_FORMAT },
};

/* A source that gives something else than what it is asked for. */
struct liar {
	struct source source;
	const struct image_builder *images;
	enum harm harm;
};

static char *harmed(const struct liar *l, const struct digest *digest, size_t *ret_len)
{
	const struct image_item *item = image_item(l->images, digest);
	char *bytes = calloc(1, item->len + 2);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, item->bytes, item->len);
	bytes[0] = l->harm == CHANGED ? 'x' : bytes[0];
	bytes[item->len] = l->harm == LONGER ? 'x' : '\0';
	*ret_len = item->len + (l->harm == LONGER) - (l->harm == SHORTER);
	return bytes;
}

static enum err_code give_manifest(struct source *s, const struct descriptor *d, source_manifest_fn *done, void *ctx,
				   struct err *err)
{
	const struct liar *l = OUTER_OF(s, struct liar, source);
	struct source_manifest m = { .media_type = d->media_type, .digest = d->digest };
	CLEANUP(free_ptr) char *bytes = harmed(l, &d->digest, &m.len);

	m.bytes = l->harm != ABSENT ? bytes : NULL;
	return done(ctx, &m, err);
}

static enum err_code give_blob(struct source *s, const struct descriptor *d, uint64_t from_bytes, uint64_t end_bytes,
			       struct outstream *out, source_blob_fn *done, void *ctx, struct err *err)
{
	const struct liar *l = OUTER_OF(s, struct liar, source);
	size_t len = 0;
	CLEANUP(free_ptr) char *bytes = harmed(l, &d->digest, &len);
	enum err_code code = ERR_OK;

	ck_assert(from_bytes == 0 && end_bytes == d->size_bytes);
	if (l->harm == ABSENT)
		return done(ctx, false, err);
	code = outstream_write(out, bytes, len, err);
	if (code == ERR_OK)
		code = outstream_finish(out, err);
	return code == ERR_OK ? done(ctx, true, err) : code;
}

/* Of a blob what comes out is what the graph named, or nothing counts; a manifest its source has proved. */
START_TEST(reads)
{
	struct image_builder b;
	struct graph g;
	char d[2][IMAGE_DESCRIPTOR_TEXT];
	struct liar liar = { .source = { .manifest = give_manifest, .blob = give_blob },
			     .images = &b,
			     .harm = cases[_i].harm };
	struct candidates all = { .graph = &g, .source = &liar.source };
	CLEANUP(manifest_release) struct manifest m = { 0 };
	CLEANUP(buf_release) struct buf out = { .max = cases[_i].max };
	struct err err = { 0 };
	size_t config, layer, root;
	enum err_code code;

	image_builder_init(&b);
	config = image_json(&b, TYPE_OCI_CONFIG, "{}");
	layer = image_json(&b, STATEMENT, "{\"what\":\"is said here of an image\"}");
	root = image_json(&b, TYPE_OCI_MANIFEST,
			  "{\"schemaVersion\":2,\"mediaType\":\"" TYPE_OCI_MANIFEST
			  "\",\"config\":{%s},\"layers\":[{%s}]}",
			  image_text(&b, config, d[0]), image_text(&b, layer, d[1]));
	image_tag(&b, NAME, root);
	image_graph(&b, &b.source, &g);
	code = candidate_read_blob(&all, graph_find(&g, &b.items[layer].digest), &out, &err);
	ck_assert_msg(code == cases[_i].blob, "%d: %d %s", _i, code, err.msg);
	ck_assert(code != ERR_OK ||
		  (out.len == b.items[layer].len && memcmp(out.data, b.items[layer].bytes, out.len) == 0));
	code = candidate_read_manifest(&all, graph_find(&g, &b.items[root].digest), &m, &err);
	ck_assert_msg(code == cases[_i].manifest, "%d: %d %s", _i, code, err.msg);
	ck_assert(code != ERR_OK || m.items_len == 1);
	graph_release(&g);
	image_builder_release(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("candidate_read");
	TCase *t = tcase_create("candidate_read");

	tcase_add_loop_test(t, reads, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
