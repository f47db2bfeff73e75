#include "tests/lib/deep_graph.h"

#include <check.h>
#include <stdio.h>

static struct descriptor make_descriptor(size_t level)
{
	struct descriptor d = { .size_bytes = 1, .media_type = TYPE_OCI_INDEX };
	char text[DIGEST_TEXT_SIZE];

	if (level == DEEP_LEVELS)
		d.media_type = TYPE_OCI_MANIFEST;
	snprintf(text, sizeof(text), "sha256:%064zx", level);
	ck_assert_int_eq(digest_parse(text, &d.digest, NULL), ERR_OK);
	return d;
}

void deep_graph(struct graph *g, const char *name)
{
	struct descriptor items[2] = { make_descriptor(0), make_descriptor(DEEP_LEVELS) };
	struct manifest index = { .kind = MANIFEST_INDEX, .items = items, .items_len = 2 };
	uint32_t node = NODE_NONE;
	size_t level;

	graph_init(g);
	ck_assert_int_eq(graph_add(g, &items[0], &node, NULL), ERR_OK);
	ck_assert_int_eq(graph_add_image(g, name, node, NULL), ERR_OK);
	for (level = 0; level < DEEP_LEVELS; level++) {
		node = graph_find(g, &items[0].digest);
		items[0] = make_descriptor(level + 1);
		ck_assert_int_eq(graph_add_manifest(g, node, &index, NULL), ERR_OK);
	}
	ck_assert_int_eq(graph_settle(g, NULL), ERR_LIMIT);
}
