#include "import/docker_choice.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/grpc_server.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME "r.test/app:1"
#define SBOM "application/spdx+json"
#define SCAN "application/vnd.example.scan"

/* A plan without its bundle, and what is chosen of it. */
struct fixture {
	struct image_builder images;
	struct plan plan;
	struct docker_choice choice;
	struct buf index, extra[DOCKER_EXTRA];
	struct json_t *json, *extra_json[DOCKER_EXTRA];
};

static void begin(struct fixture *f)
{
	struct image_sample sample = { 0 };

	*f = (struct fixture){ 0 };
	image_builder_init(&f->images);
	image_sample(&f->images, NAME, &sample);
}

static void plan(struct fixture *f, bool referrers)
{
	struct plan *p = &f->plan;

	image_graph(&f->images, &f->images.source, &p->graph);
	ck_assert_int_eq(graph_order(&p->graph, &p->order, &p->order_len, NULL), ERR_OK);
	p->images = calloc(p->graph.images_len + 1, sizeof(*p->images));
	p->skip = calloc(p->graph.nodes_len + 1, sizeof(*p->skip));
	p->lost = calloc(p->graph.nodes_len + 1, sizeof(*p->lost));
	ck_assert(p->images != NULL && p->skip != NULL && p->lost != NULL);
	ck_assert_int_eq(docker_choice_init(&f->choice, p, referrers, NULL), ERR_OK);
}

static void choose(struct fixture *f)
{
	struct buf_stage out;
	size_t i;

	ck_assert_int_eq(docker_choice_make(&f->choice, NULL), ERR_OK);
	buf_init(&f->index, MIB);
	for (i = 0; i < DOCKER_EXTRA; i++)
		buf_init(&f->extra[i], MIB);
	buf_stage_init(&out, &f->index);
	ck_assert_int_eq(docker_index_write(&f->choice, f->extra, &out.out, NULL), ERR_OK);
	ck_assert_int_eq(js_read(buf_text(&f->index), f->index.len, "index", &f->json, NULL), ERR_OK);
	for (i = 0; i < DOCKER_EXTRA; i++) {
		if (f->extra[i].len > 0)
			ck_assert_int_eq(js_read(f->extra[i].data, f->extra[i].len, "x", &f->extra_json[i], NULL),
					 ERR_OK);
	}
}

static void end(struct fixture *f)
{
	size_t i;

	for (i = 0; i < DOCKER_EXTRA; i++) {
		js_free(f->extra_json[i]);
		buf_release(&f->extra[i]);
	}
	js_free(f->json);
	buf_release(&f->index);
	docker_choice_release(&f->choice);
	plan_release(&f->plan);
	image_builder_release(&f->images);
}

static const struct node *root_of(const struct fixture *f)
{
	return &f->plan.graph.nodes[f->plan.graph.images[0].root];
}

static const struct node *platform_of(const struct fixture *f, size_t i)
{
	return &f->plan.graph.nodes[f->plan.graph.edges[root_of(f)->edges + i].to];
}

static const struct node *typed(const struct fixture *f, const char *type)
{
	size_t i;

	for (i = 0; i < f->plan.graph.nodes_len; i++) {
		const struct node *n = &f->plan.graph.nodes[i];

		if (n->artifact_type != NULL && strcmp(n->artifact_type, type) == 0 && role_is_manifest(n->role))
			return n;
	}
	ck_abort_msg("no %s", type);
	return NULL;
}

/* How often an index lists a digest, with this value of an annotation (NULL: without annotations). */
static size_t listed(const struct json_t *index, const char *digest, const char *key, const char *value)
{
	const struct json_t *list = js_array(index, "manifests");
	size_t count = 0, i;

	for (i = 0; i < js_len(list); i++) {
		const struct json_t *annotations = js_object(js_at(list, i), "annotations");
		const char *got = js_string(js_at(list, i), "digest"), *text = js_string(annotations, key);

		if (strcmp(got, digest) == 0 &&
		    (value != NULL ? text != NULL && strcmp(text, value) == 0 : text == NULL))
			count++;
	}
	return count;
}

static size_t entries(const struct json_t *index)
{
	return js_len(js_array(index, "manifests"));
}

START_TEST(names_images)
{
	struct fixture f;

	begin(&f);
	plan(&f, false);
	choose(&f);
	ck_assert_uint_eq(entries(f.json), 1);
	ck_assert_uint_eq(listed(f.json, root_of(&f)->digest.text, ANNOTATION_IMAGE_NAME, NAME), 1);
	ck_assert_uint_eq(listed(f.json, root_of(&f)->digest.text, ANNOTATION_REF_NAME, NAME), 1);
	ck_assert_uint_eq(f.extra[0].len + f.extra[1].len, 0);
	ck_assert_uint_eq(f.plan.lost_referrers, 3);
	ck_assert(f.plan.skip[typed(&f, SBOM) - f.plan.graph.nodes]);
	ck_assert(!f.plan.skip[f.plan.graph.images[0].root]);
	end(&f);
}
END_TEST

START_TEST(lists_referrers)
{
	struct fixture f;
	const char *root, *amd64;

	begin(&f);
	plan(&f, true);
	choose(&f);
	root = root_of(&f)->digest.text;
	amd64 = platform_of(&f, 0)->digest.text;
	ck_assert_uint_eq(entries(f.json), 4); /* the image, its SBOM, its signature, and the extra index */
	ck_assert_uint_eq(listed(f.json, root, ANNOTATION_IMAGE_NAME, NAME), 1);
	ck_assert_uint_eq(listed(f.json, typed(&f, SBOM)->digest.text, ANNOTATION_SUBJECT, root), 1);
	ck_assert_uint_eq(f.extra[0].len, 0);
	ck_assert_uint_eq(entries(f.extra_json[1]), 2);
	ck_assert_uint_eq(listed(f.extra_json[1], typed(&f, SCAN)->digest.text, ANNOTATION_SUBJECT, amd64), 1);
	ck_assert_uint_eq(listed(f.extra_json[1], amd64, ANNOTATION_SUBJECT, NULL), 1);
	ck_assert_uint_eq(f.plan.lost_referrers, 0);
	end(&f);
}
END_TEST

/* The extra index must be no image, and its subject nothing that is walked. */
START_TEST(hides_the_extra_index)
{
	const struct json_t *last;
	struct fixture f;
	struct digest digest;
	const char *subject;

	begin(&f);
	plan(&f, true);
	choose(&f);
	last = js_at(js_array(f.json, "manifests"), 3);
	ck_assert_int_eq(digest_of(f.extra[1].data, f.extra[1].len, NULL, &digest, NULL), ERR_OK);
	ck_assert_str_eq(js_string(last, "digest"), digest.text);
	subject = js_string(js_object(last, "annotations"), ANNOTATION_SUBJECT);
	ck_assert_int_eq(digest_parse(subject, &digest, NULL), ERR_OK);
	ck_assert_uint_eq(graph_find(&f.plan.graph, &digest), NODE_NONE);
	ck_assert_str_ne(subject, js_string(last, "digest"));
	end(&f);
}
END_TEST

START_TEST(names_nothing_twice)
{
	struct fixture f;

	begin(&f);
	plan(&f, true);
	f.plan.images[0].was = root_of(&f)->digest;
	f.choice.there[0] = true;
	choose(&f);
	ck_assert(f.choice.any);
	ck_assert_uint_eq(entries(f.json), 4);
	ck_assert_uint_eq(listed(f.json, root_of(&f)->digest.text, ANNOTATION_IMAGE_NAME, NAME), 0);
	ck_assert_uint_eq(entries(f.extra_json[0]), 1);
	ck_assert_uint_eq(listed(f.extra_json[0], root_of(&f)->digest.text, ANNOTATION_SUBJECT, NULL), 1);
	end(&f);
}
END_TEST

START_TEST(sends_nothing_that_is_there)
{
	struct fixture f;
	size_t i;

	begin(&f);
	plan(&f, false);
	f.plan.images[0].was = root_of(&f)->digest;
	f.choice.there[0] = true;
	choose(&f);
	ck_assert(!f.choice.any);
	for (i = 0; i < f.plan.order_len; i++)
		ck_assert(f.plan.skip[f.plan.order[i]]);
	end(&f);
}
END_TEST

START_TEST(skips_layers_that_are_there)
{
	struct docker_manifest manifests[2] = { { .available = true }, { .available = false } };
	struct docker_image got = { .manifests = manifests, .manifests_len = 2 };
	struct fixture f;
	size_t i, j;

	begin(&f);
	plan(&f, false);
	manifests[0].digest = platform_of(&f, 0)->digest;
	manifests[1].digest = platform_of(&f, 1)->digest;
	docker_choice_see(&f.choice, &got);
	choose(&f);
	for (i = 0; i < 2; i++) {
		for (j = 0; j < platform_of(&f, i)->edges_len; j++) {
			uint32_t node = f.plan.graph.edges[platform_of(&f, i)->edges + j].to;
			bool layer = f.plan.graph.nodes[node].role == ROLE_LAYER;

			ck_assert_int_eq(f.plan.skip[node], i == 0 && layer);
		}
	}
	end(&f);
}
END_TEST

static size_t add_referrer(struct fixture *f, const char *type, size_t layer)
{
	char text[IMAGE_DESCRIPTOR_TEXT];
	size_t config = image_add(&f->images, TYPE_OCI_EMPTY, "{}", 2);
	char config_text[IMAGE_DESCRIPTOR_TEXT];

	return image_json(
		&f->images, TYPE_OCI_MANIFEST,
		"{\"schemaVersion\":2,\"mediaType\":\"%s\",\"artifactType\":\"%s\",\"config\":{%s},\"layers\":"
		"[{%s}]}",
		TYPE_OCI_MANIFEST, type, image_text(&f->images, config, config_text),
		image_text(&f->images, layer, text));
}

/* A daemon would follow a circle until it falls over. */
START_TEST(ties_no_circle)
{
	struct fixture f;
	size_t blob, a, b, i, ties = 0;

	begin(&f);
	blob = image_add(&f.images, "text/plain", "x", 1);
	a = add_referrer(&f, "a/a", blob);
	b = add_referrer(&f, "b/b", blob);
	image_refer(&f.images, f.images.tags[0].root, a, LINK_SIG);
	image_refer(&f.images, a, a, LINK_SIG);
	image_refer(&f.images, a, b, LINK_ATT);
	image_refer(&f.images, b, a, LINK_SBOM);
	plan(&f, true);
	choose(&f);
	for (i = 0; i < f.plan.graph.links_len; i++) {
		const struct link *link = &f.plan.graph.links[i];

		ties += docker_choice_ties(&f.choice, link);
		if (docker_choice_ties(&f.choice, link))
			ck_assert_uint_lt(f.choice.place[link->subject], f.choice.place[link->referrer]);
	}
	ck_assert_uint_eq(ties, 3 + 2);
	ck_assert_uint_eq(f.plan.lost_referrers, 0);
	end(&f);
}
END_TEST

START_TEST(takes_no_referrer_that_lists_manifests)
{
	struct fixture f;
	size_t root;

	begin(&f);
	root = f.images.tags[0].root;
	image_refer(&f.images, root, add_referrer(&f, "c/c", root), LINK_SUBJECT);
	plan(&f, true);
	choose(&f);
	ck_assert_uint_eq(listed(f.json, typed(&f, "c/c")->digest.text, ANNOTATION_SUBJECT, root_of(&f)->digest.text),
			  0);
	ck_assert_uint_eq(f.plan.lost_referrers, 1);
	end(&f);
}
END_TEST

/* ---- What the content store tells ---- */

#define ANSWERS_MAX 32

/* What a store says of a blob, and of what it keeps. */
struct told {
	struct buf body[ANSWERS_MAX];
	struct grpc_reply replies[ANSWERS_MAX];
	size_t len;
};

static void tell_blob(struct told *t, const struct fixture *f, uint32_t node, bool labels)
{
	const struct node *n = &f->plan.graph.nodes[node];
	struct buf *body = &t->body[t->len];
	CLEANUP(gc_refs_release) struct gc_refs refs = { 0 };
	CLEANUP(buf_release) struct buf message;
	unsigned char head[GRPC_HEAD_BYTES];
	struct pb_out o;

	ck_assert_uint_lt(t->len, ANSWERS_MAX);
	if (labels)
		ck_assert_int_eq(gc_refs_of(&f->plan.graph, node, &refs, NULL), ERR_OK);
	buf_init(&message, LIMIT_GRPC_BYTES);
	buf_init(body, LIMIT_GRPC_BYTES);
	pb_out_init(&o, &message);
	pb_begin(&o, 1);
	pb_text(&o, 1, n->digest.text);
	pb_uint(&o, 2, n->size_bytes);
	containerd_put_refs(&o, 5, &refs);
	pb_end(&o);
	ck_assert_int_eq(pb_out_end(&o, NULL), ERR_OK);
	grpc_head(message.len, head);
	ck_assert_int_eq(buf_add(body, head, sizeof(head), NULL), ERR_OK);
	ck_assert_int_eq(buf_add(body, message.data, message.len, NULL), ERR_OK);
	t->replies[t->len++] = (struct grpc_reply){ .body = body->data, .len = body->len };
}

/* In the order in which the nodes of the only image are found. */
static void tell_all(struct told *t, const struct fixture *f, bool root_labels)
{
	uint32_t place, node;

	*t = (struct told){ .len = 0 };
	for (place = 1;; place++) {
		for (node = 0; node < f->plan.graph.nodes_len && f->choice.place[node] != place; node++)
			;
		if (node == f->plan.graph.nodes_len)
			return;
		tell_blob(t, f, node, place > 1 || root_labels);
	}
}

static void told_release(struct told *t)
{
	while (t->len > 0)
		buf_release(&t->body[--t->len]);
}

/* Whether the name stands for the image already, and what is told of its blobs. */
static const struct {
	const char *name;
	bool referrers, named;
	enum { ALL, LAST_MISSING, ROOT_UNLABELLED } told;
	bool sends;
} stores[] = {
	{ "all that is kept", false, true, ALL, false },
	{ "with referrers", true, true, ALL, false },
	{ "another image has the name", true, false, ALL, true },
	{ "a blob is not there", true, true, LAST_MISSING, true },
	{ "it is there, and nothing keeps it", true, true, ROOT_UNLABELLED, true },
};

START_TEST(asks_the_store)
{
	struct fixture f;
	struct told told;
	struct grpc_server *server;
	struct containerd *store = NULL;

	begin(&f);
	plan(&f, stores[_i].referrers);
	choose(&f);
	tell_all(&told, &f, stores[_i].told != ROOT_UNLABELLED);
	if (stores[_i].told == LAST_MISSING)
		told.replies[told.len - 1] = (struct grpc_reply){ .status = "5" };
	server = grpc_server_start(told.replies, told.len);
	ck_assert_int_eq(containerd_attach(grpc_server_socket(server), &store, NULL), ERR_OK);
	docker_choice_release(&f.choice);
	ck_assert_int_eq(docker_choice_init(&f.choice, &f.plan, stores[_i].referrers, NULL), ERR_OK);
	f.choice.store = store;
	if (stores[_i].named)
		f.plan.images[0].was = root_of(&f)->digest;
	ck_assert_int_eq(docker_choice_make(&f.choice, NULL), ERR_OK);
	ck_assert_msg(f.choice.any == stores[_i].sends, "%s", stores[_i].name);
	containerd_close(store);
	grpc_server_stop(server);
	told_release(&told);
	end(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("docker_choice");
	TCase *t = tcase_create("choice");

	tcase_add_test(t, names_images);
	tcase_add_test(t, lists_referrers);
	tcase_add_test(t, hides_the_extra_index);
	tcase_add_test(t, names_nothing_twice);
	tcase_add_test(t, sends_nothing_that_is_there);
	tcase_add_test(t, skips_layers_that_are_there);
	tcase_add_test(t, ties_no_circle);
	tcase_add_test(t, takes_no_referrer_that_lists_manifests);
	tcase_add_loop_test(t, asks_the_store, 0, (int)COUNT_OF(stores));
	suite_add_tcase(s, t);
	return test_run(s);
}
