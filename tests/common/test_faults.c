/* No memory, at every allocation in turn; no space, at every write, sync and rename in turn: each time there is an
 * error and nothing leaks, and what was published before is still there. */
#include "tests/lib/faults.h"

#include <check.h>

#include "common/graph.h"
#include "common/js.h"
#include "common/layout.h"
#include "common/mapping.h"
#include "common/mem.h"
#include "common/offload.h"
#include "common/opt.h"
#include "common/reference.h"
#include "common/registry.h"
#include "common/walk.h"
#include "tests/lib/folder.h"
#include "tests/lib/http_server.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "docker.io/library/app:1"
#define ABC "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define POSITIONS_MAX 3000

static struct image_builder images;
static char *folder;

static void setup(void)
{
	static const char config[] = "{\"auths\":{\"x\":{\"auth\":\"dXNlcjpwYXNz\"},"
				     "\"y\":{\"username\":\"u\",\"password\":\"p\"}}}";

	folder = folder_new();
	folder_put(folder, "config.json", config, strlen(config));
	ck_assert_int_eq(setenv("DOCKER_CONFIG", folder, 1), 0);
	image_builder_init(&images);
	image_sample(&images, NAME, &(struct image_sample){ .sha512 = true });
}

static void teardown(void)
{
	image_builder_release(&images);
	folder_remove(folder);
}

static enum err_code do_buf(struct err *err)
{
	CLEANUP(buf_release) struct buf b;
	enum err_code code;
	unsigned i;

	buf_init(&b, 1 << 20);
	code = buf_printf(&b, err, "%s %d", "text", 7);
	for (i = 0; code == ERR_OK && i < 200; i++)
		code = buf_puts(&b, "some more text", err);
	return code;
}

static enum err_code do_reference(struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(reference_release) struct reference copy = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	CLEANUP(free_ptr) char *text = NULL;
	CLEANUP(free_ptr) char *repository = NULL;
	enum err_code code = reference_parse("app:1@" ABC, &ref, err);

	if (code == ERR_OK)
		code = reference_copy(&ref, &copy, err);
	if (code == ERR_OK)
		code = reference_name(&copy, &name, err);
	if (code == ERR_OK)
		code = reference_text(&copy, &text, err);
	return code == ERR_OK ? reference_repository(&copy, &repository, err) : code;
}

static enum err_code do_mapping(struct err *err)
{
	CLEANUP(mapping_release) struct mapping m = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	enum err_code code = mapping_add(&m, "docker.io/library=x.site", err);

	if (code == ERR_OK)
		code = mapping_add(&m, "ghcr.io=x.site", err);
	return code == ERR_OK ? mapping_apply(&m, NAME, &name, err) : code;
}

static enum err_code do_manifests(struct err *err)
{
	enum err_code code = ERR_OK;
	size_t i;

	for (i = 0; code == ERR_OK && i < images.items_len; i++) {
		CLEANUP(manifest_release) struct manifest m = { 0 };

		if (manifest_kind(images.items[i].media_type) != MANIFEST_NONE)
			code = manifest_parse(images.items[i].bytes, images.items[i].len, images.items[i].media_type,
					      "x", &m, err);
	}
	return code;
}

/* The builder's own would fail the test. */
static enum err_code resolve(struct source *s, const struct reference *ref, source_manifest_fn *done, void *ctx,
			     struct err *err)
{
	const struct image_item *root = &images.items[images.tags[0].root];
	struct source_manifest m = {
		.bytes = root->bytes, .len = root->len, .media_type = root->media_type, .digest = root->digest
	};

	(void)s;
	(void)ref;
	return done(ctx, &m, err);
}

static enum err_code do_graph(struct err *err)
{
	CLEANUP(graph_release) struct graph g;
	CLEANUP(walk_release) struct walk walk;
	CLEANUP(free_ptr) uint32_t *order = NULL;
	CLEANUP(free_ptr) uint32_t *owners = NULL;
	struct reference ref = { 0 };
	size_t len;
	enum err_code code;

	images.source.resolve = resolve;
	graph_init(&g);
	walk_init(&walk, &g, NULL, NULL);
	code = walk_image(&walk, &images.source, &ref, NAME, err);
	if (code == ERR_OK)
		code = graph_settle(&g, err);
	if (code == ERR_OK)
		code = graph_order(&g, &order, &len, err);
	return code == ERR_OK ? graph_owners(&g, &owners, err) : code;
}

static enum err_code do_credentials(struct err *err)
{
	CLEANUP(credentials_release) struct credentials x = { 0 };
	CLEANUP(credentials_release) struct credentials y = { 0 };
	CLEANUP(free_ptr) char *header = NULL;
	struct wallet *wallet = NULL;
	enum err_code code = wallet_new(NULL, &wallet, err);

	if (code == ERR_OK)
		code = wallet_find(wallet, "x", "a/b", &x, err);
	if (code == ERR_OK)
		code = wallet_find(wallet, "y", "a/b", &y, err);
	wallet_free(wallet);
	return code == ERR_OK ? credentials_basic(&x, &header, err) : code;
}

struct options {
	struct opt_list list;
	const char *text;
};

static const struct opt opts[] = {
	{ "list", 'l', "X", "many", 0, OPT_SETS(struct options, list) },
	{ "text", 't', "X", "one", 0, OPT_SETS(struct options, text) },
};

static enum err_code do_opt(struct err *err)
{
	static const struct command c = { .name = "c",
					  .operand = "X",
					  .args_max = 99,
					  .opts = opts,
					  .opts_len = COUNT_OF(opts),
					  .options_size = sizeof(struct options) };
	char words[24][8] = { "-lx", "--list", "x", "-t", "y", "-lz" };
	char *argv[24];
	struct options options = { 0 };
	CLEANUP(opt_list_release) struct opt_list operands = { 0 };
	enum opt_wish wish;
	enum err_code code;
	unsigned i;

	for (i = 0; i < COUNT_OF(argv); i++)
		argv[i] = words[i];
	code = opt_parse(&c, COUNT_OF(argv), argv, &options, &operands, &wish, err);
	opt_release(&c, &options);
	return code;
}

static enum err_code do_offload(struct err *err)
{
	CLEANUP(buf_release) struct buf bytes;
	struct offload_pool *pool = NULL;
	struct offload o = { 0 };
	struct buf_stage out;
	enum err_code code = offload_pool_new(1, 4, &pool, err);

	buf_init(&bytes, 100);
	buf_stage_init(&out, &bytes);
	if (code == ERR_OK)
		code = offload_init(&o, pool, &out.out, err);
	if (code == ERR_OK)
		code = outstream_write(&o.out, "x", 1, err);
	if (code == ERR_OK)
		code = outstream_finish(&o.out, err);
	offload_release(&o);
	offload_pool_free(pool);
	return code;
}

/* Make a layout, or open the one that is there; put a blob, publish it, find it again. */
static enum err_code do_layout(struct err *err)
{
	static const char index[] = "{\"manifests\":[{\"mediaType\":\"m\",\"digest\":\"" ABC "\",\"size\":3,"
				    "\"annotations\":{\"" ANNOTATION_IMAGE_NAME "\":\"x.io/a:1\"}}]}";
	CLEANUP(free_ptr) char *path = NULL;
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	struct memory_stream in;
	struct digest digest;
	struct source *source = NULL;
	enum err_code code = str_format(&path, err, "%s/layout", folder);

	memory_stream_init(&in, "abc", 3);
	if (code == ERR_OK)
		code = layout_open(path, true, &l, err);
	if (code == ERR_OK)
		code = layout_lock(l, err);
	if (code == ERR_OK)
		code = digest_parse(ABC, &digest, err);
	if (code == ERR_OK)
		code = layout_put(l, &digest, 3, &in.in, err);
	if (code == ERR_OK)
		code = layout_publish(l, index, strlen(index), err);
	if (code == ERR_OK)
		code = layout_source_new(l, &source, err);
	if (source != NULL)
		source->free(source);
	return code;
}

static struct http_server *server;

static enum err_code on_manifest(void *ctx, const struct source_manifest *m, struct err *err)
{
	(void)err;
	*(bool *)ctx = m->bytes != NULL;
	return ERR_OK;
}

static enum err_code on_referrers(void *ctx, const struct source_referrer *referrers, size_t len, struct err *err)
{
	(void)referrers;
	(void)err;
	*(size_t *)ctx = len;
	return ERR_OK;
}

static enum err_code ask_registry(struct source *source, const struct reference *ref, struct http *http,
				  struct err *err)
{
	struct digest subject;
	bool there = false;
	size_t found = 0;
	enum err_code code = digest_parse(ABC, &subject, err);

	if (code == ERR_OK)
		code = source->resolve(source, ref, on_manifest, &there, err);
	if (code == ERR_OK)
		code = source->referrers(source, &subject, on_referrers, &found, err);
	if (code == ERR_OK)
		code = http_run(http, err);
	if (code == ERR_OK && (!there || found != 1))
		return err_set(err, ERR_FORMAT, "%d and %zu found", there, found);
	return code;
}

/* A token, a manifest, two pages of referrers. */
static enum err_code do_registry(struct err *err)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *text = NULL;
	struct http *http = NULL;
	struct wallet *wallet = NULL;
	struct registry_options options = { 0 };
	struct source *source = NULL;
	enum err_code code = http_new(&(struct http_options){ .max_active = 2 }, &http, err);

	if (code == ERR_OK)
		code = str_format(&text, err, "%s/a/b:1", http_server_host(server));
	if (code == ERR_OK)
		code = reference_parse(text, &ref, err);
	if (code == ERR_OK)
		code = wallet_new(NULL, &wallet, err);
	if (code == ERR_OK)
		code = tokens_new(http, wallet, &options.tokens, err);
	if (code == ERR_OK)
		code = registry_new(http, &ref, &options, &source, err);
	if (code == ERR_OK)
		code = ask_registry(source, &ref, http, err);
	http_free(http);
	if (source != NULL)
		source->free(source);
	tokens_free(options.tokens);
	wallet_free(wallet);
	return code;
}

static const struct {
	const char *name;
	enum err_code (*work)(struct err *err);
	size_t least; /* allocations at least */
} works[] = {
	{ "buf", do_buf, 3 },         { "reference", do_reference, 8 },
	{ "mapping", do_mapping, 4 }, { "manifests", do_manifests, 5 },
	{ "graph", do_graph, 30 },    { "credentials", do_credentials, 10 },
	{ "opt", do_opt, 3 },         { "offload", do_offload, 3 },
	{ "layout", do_layout, 10 },
};

START_TEST(no_memory)
{
	struct err err = { 0 };
	size_t k;

	ck_assert_msg(works[_i].work(&err) == ERR_OK, "%s: %s", works[_i].name, err.msg); /* libraries warm up */
	for (k = 0; k < POSITIONS_MAX; k++) {
		enum err_code code;

		err = (struct err){ 0 };
		faults_arm(FAULTS_MEMORY, k);
		code = works[_i].work(&err);
		if (!faults_disarm()) {
			ck_assert_msg(code == ERR_OK, "%s: %s", works[_i].name, err.msg);
			break;
		}
		ck_assert_msg(code == ERR_NOMEM, "%s at %zu: %d, %s", works[_i].name, k, code, err.msg);
		ck_assert_int_eq(err.code, code);
	}
	ck_assert_msg(k >= works[_i].least && k < POSITIONS_MAX, "%s: %zu positions", works[_i].name, k);
}
END_TEST

START_TEST(no_memory_registry)
{
	static const struct http_route routes[] = {
		{ .target = "/v2/a/b/manifests/1",
		  .headers = "WWW-Authenticate: Bearer realm=\"http://@@/token\",service=\"s\"\r\n",
		  .body = "{}",
		  .authorization = "Bearer T" },
		{ .target = "/token?service=s&scope=repository%3Aa%2Fb%3Apull", .body = "{\"token\":\"T\"}" },
		{ .target = "/v2/a/b/referrers/" ABC,
		  .headers = "Content-Type: " TYPE_OCI_INDEX "\r\nLink: </p2>; rel=next\r\n",
		  .body = "{\"manifests\":[]}" },
		{ .target = "/p2",
		  .headers = "Content-Type: " TYPE_OCI_INDEX "\r\n",
		  .body = "{\"manifests\":[{\"mediaType\":\"m\",\"digest\":\"" ABC "\",\"size\":1}]}" },
	};
	struct err err = { 0 };
	size_t k;

	server = http_server_start(routes, COUNT_OF(routes));
	ck_assert_msg(do_registry(&err) == ERR_OK, "%s", err.msg);
	for (k = 0; k < POSITIONS_MAX; k++) {
		enum err_code code;

		err = (struct err){ 0 };
		faults_arm(FAULTS_MEMORY, k);
		code = do_registry(&err);
		if (!faults_disarm())
			break;
		ck_assert_msg(code == ERR_NOMEM, "at %zu: %d, %s", k, code, err.msg);
	}
	ck_assert(k > 50 && k < POSITIONS_MAX);
	http_server_stop(server);
}
END_TEST

/* Every write, sync and rename fails in turn: what was there before stays readable, and no half of the new. */
static const struct {
	const char *name;
	enum faults kind;
	bool exists; /* a layout that has published already */
} disks[] = {
	{ "a new layout, no space", FAULTS_DISK, false },
	{ "a new layout, stuck", FAULTS_STUCK, false },
	{ "a layout in use, no space", FAULTS_DISK, true },
	{ "a layout in use, stuck", FAULTS_STUCK, true },
};

static void check_layout(bool exists)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "layout");
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	enum err_code code = layout_open(path, false, &l, NULL);
	struct digest digest;

	if (!exists && code == ERR_NOT_FOUND)
		return;
	ck_assert_int_eq(code, ERR_OK);
	ck_assert_int_eq(digest_parse(ABC, &digest, NULL), ERR_OK);
	ck_assert_uint_le(layout_len(l), 1);
	if (exists || layout_len(l) == 1) /* a name is there only if what it names is */
		ck_assert(layout_find(l, "x.io/a:1") != NULL && layout_has(l, &digest, 3));
	ck_assert(!folder_has(path, ".part") && !folder_has(path, "index.json.part"));
}

START_TEST(no_space)
{
	size_t k;

	for (k = 0; k < POSITIONS_MAX; k++) {
		struct err err = { 0 };
		enum err_code code = ERR_OK;
		bool met;

		if (disks[_i].exists)
			ck_assert_int_eq(do_layout(NULL), ERR_OK);
		faults_arm(disks[_i].kind, k);
		code = do_layout(&err);
		met = faults_disarm();
		check_layout(disks[_i].exists);
		ck_assert_msg(code == (met ? ERR_IO : ERR_OK), "%s at %zu: %d, %s", disks[_i].name, k, code, err.msg);
		if (!met)
			break;
		teardown();
		setup();
	}
	ck_assert(k > 1 && k < POSITIONS_MAX);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("faults");
	TCase *t = tcase_create("faults");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, no_memory, 0, (int)COUNT_OF(works));
	tcase_add_test(t, no_memory_registry);
	tcase_add_loop_test(t, no_space, 0, (int)COUNT_OF(disks));
	suite_add_tcase(s, t);
	return test_run(s);
}
