#include "export/misfit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define SAYS(platform)                                                                                                 \
	"bundle export: " NAME " is for " platform " and has no index to choose from: it is taken as it is\n"

static const struct {
	const char *name, *platform, *config; /* NULL: the image has an index */
	const char *want;
} cases[] = {
	{ "the same", "linux/arm64", "{\"os\":\"linux\",\"architecture\":\"arm64\"}", "" },
	{ "another", "linux/arm64", "{\"os\":\"linux\",\"architecture\":\"amd64\"}", SAYS("linux/amd64") },
	{ "another variant", "linux/arm/v6", "{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}",
	  SAYS("linux/arm/v7") },
	{ "another spelling", "linux/arm64/v8", "{\"os\":\"linux\",\"architecture\":\"aarch64\"}", "" },
	{ "none is asked for", NULL, "{\"os\":\"linux\",\"architecture\":\"amd64\"}", "" },
	{ "an attestation", "linux/arm64", "{\"os\":\"unknown\",\"architecture\":\"unknown\"}", "" },
	{ "nothing is said", "linux/arm64", "{\"os\":\"linux\"}", "" },
	{ "nothing that could be a platform", "linux/arm64", "{\"os\":\"linux\",\"architecture\":\"\\u001b[2J\"}", "" },
	{ "no text", "linux/arm64", "{\"os\":1,\"architecture\":[]}", "" },
	{ "no JSON", "linux/arm64", "binary", "" },
	{ "an index", "linux/arm64", NULL, "" },
};

/* The image of a case in the gather's graph, its config in the spool. */
static void gather_case(struct gather *g, struct image_builder *b, const char *config)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	char text[IMAGE_DESCRIPTOR_TEXT];
	size_t item = 0;

	if (config == NULL) {
		image_sample(b, NAME, &(struct image_sample){ 0 });
	} else {
		item = image_add(b, TYPE_OCI_CONFIG, config, strlen(config));
		image_tag(b, NAME,
			  image_json(b, TYPE_OCI_MANIFEST,
				     "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{%s},\"layers\":[]}",
				     TYPE_OCI_MANIFEST, image_text(b, item, text)));
	}
	ck_assert_int_eq(reference_parse(NAME, &ref, NULL), ERR_OK);
	ck_assert_int_eq(walk_image(&g->walk, &b->source, &ref, NAME, NULL), ERR_OK);
	ck_assert_int_eq(gather_run(g, NULL), ERR_OK);
	if (config != NULL)
		ck_assert_int_eq(spool_put(&g->spool, graph_find(&g->graph, &b->items[item].digest), config,
					   strlen(config), NULL),
				 ERR_OK);
}

START_TEST(said)
{
	CLEANUP(selection_release) struct selection selection = { 0 };
	struct http_options http_options = { .max_active = 1 };
	struct registry_options registry = { 0 };
	CLEANUP(free_ptr) char *beside = NULL;
	struct offload_pool *pool = NULL;
	struct image_builder b;
	struct gather gather;
	struct http *http = NULL;
	char *folder = folder_new(), *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	image_builder_init(&b);
	if (cases[_i].platform != NULL)
		ck_assert_int_eq(selection_platform(&selection, cases[_i].platform, NULL), ERR_OK);
	ck_assert_int_eq(str_format(&beside, NULL, "%s/x", folder), ERR_OK);
	ck_assert_int_eq(http_new(&http_options, &http, NULL), ERR_OK);
	ck_assert_int_eq(offload_pool_new(1, 2, &pool, NULL), ERR_OK);
	ck_assert_int_eq(gather_init(&gather, http, pool, &registry, beside, NULL), ERR_OK);
	gather_case(&gather, &b, cases[_i].config);
	ck_assert_int_eq(misfits_warn(&gather, &selection, to, NULL), ERR_OK);
	fclose(to);
	ck_assert_msg(strcmp(text, cases[_i].want) == 0, "%s: %s", cases[_i].name, text);
	free(text);
	http_free(http);
	gather_release(&gather);
	offload_pool_free(pool);
	image_builder_release(&b);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("misfit");
	TCase *t = tcase_create("misfit");

	tcase_add_loop_test(t, said, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
