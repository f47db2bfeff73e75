#include "import/docker_content.h"

#include <check.h>
#include <stdlib.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/grpc_server.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

/* What the daemon's own socket says of the first layer of an image. */
static const struct {
	const char *name;
	const char *version;
	unsigned api;
	int more_bytes; /* than the layer has */
	struct grpc_reply reply;
	bool skips;
	size_t calls;
	bool by_tcp;
} cases[] = {
	{ "it is there", "29.2.0", 53, 0, { .status = NULL }, true, 1, false },
	{ "of another size", "29.2.0", 53, 1, { .status = NULL }, false, 1, false },
	{ "it is not there", "29.2.0", 53, 0, { .status = "5" }, false, 1, false },
	{ "it must not be asked", "29.2.0", 53, 0, { .status = "7" }, false, 1, false },
	{ "cut off", "29.2.0", 53, 0, { .fault = GRPC_FAULT_CUT }, false, 1, false },
	{ "no gRPC", "29.2.0", 53, 0, { .fault = GRPC_FAULT_HTTP1 }, false, 1, false },
	{ "a daemon that is reached by TCP", "29.2.0", 53, 0, { .status = NULL }, false, 0, true },
	{ "an older daemon, whose containerd is nowhere", "29.1.4", 52, 0, { .status = NULL }, false, 0, false },
};

/* The answer to Content/Info. */
static void write_info(struct buf *body, const struct node *n, uint64_t size_bytes)
{
	CLEANUP(buf_release) struct buf message;
	unsigned char head[GRPC_HEAD_BYTES];
	struct pb_out o;

	buf_init(&message, LIMIT_GRPC_BYTES);
	pb_out_init(&o, &message);
	pb_begin(&o, 1);
	pb_text(&o, 1, n->digest.text);
	pb_uint(&o, 2, size_bytes);
	pb_end(&o);
	ck_assert_int_eq(pb_out_end(&o, NULL), ERR_OK);
	grpc_head(message.len, head);
	ck_assert_int_eq(buf_add(body, head, sizeof(head), NULL), ERR_OK);
	ck_assert_int_eq(buf_add(body, message.data, message.len, NULL), ERR_OK);
}

/* All layers but one are known to be there. */
static uint32_t leave_one_layer(struct plan *p)
{
	uint32_t layer = NODE_NONE, i;

	for (i = 0; i < p->graph.nodes_len; i++) {
		p->skip[i] = layer != NODE_NONE;
		if (layer == NODE_NONE && p->graph.nodes[i].role == ROLE_LAYER)
			layer = i;
	}
	ck_assert_uint_ne(layer, NODE_NONE);
	return layer;
}

START_TEST(asks_the_daemon)
{
	static struct image_builder images;
	struct image_sample sample = { 0 };
	struct plan p = { 0 };
	struct docker_endpoint at = { 0 };
	struct docker d = { .api = cases[_i].api };
	struct docker_content content = { 0 };
	struct grpc_reply reply = cases[_i].reply;
	CLEANUP(buf_release) struct buf body;
	struct grpc_server *s;
	uint32_t layer;

	image_builder_init(&images);
	image_sample(&images, "r.test/app:1", &sample);
	image_graph(&images, &images.source, &p.graph);
	ck_assert_int_eq(graph_order(&p.graph, &p.order, &p.order_len, NULL), ERR_OK);
	p.skip = calloc(p.graph.nodes_len + 1, sizeof(*p.skip));
	layer = leave_one_layer(&p);
	buf_init(&body, LIMIT_GRPC_BYTES);
	write_info(&body, &p.graph.nodes[layer], p.graph.nodes[layer].size_bytes + (uint64_t)cases[_i].more_bytes);
	if (reply.status == NULL) {
		reply.body = body.data;
		reply.len = body.len;
	}
	s = grpc_server_start(&reply, 1);
	ck_assert_int_eq(
		docker_endpoint_find(cases[_i].by_tcp ? "tcp://127.0.0.1:1" : grpc_server_socket(s), &at, NULL),
		ERR_OK);
	d.at = &at;
	ck_assert_int_eq(str_copy(cases[_i].version, &d.version, NULL), ERR_OK);
	ck_assert_int_eq(docker_content_open(&d, &content, NULL), ERR_OK);
	ck_assert_int_eq(docker_content_look(&content, &p, NULL), ERR_OK);
	ck_assert_int_eq(docker_content_keep(&content, &p, NULL), ERR_OK); /* nothing to keep it by */
	ck_assert_msg(p.skip[layer] == cases[_i].skips, "%s", cases[_i].name);
	ck_assert_msg(grpc_server_calls(s) >= cases[_i].calls, "%s: %zu calls", cases[_i].name, grpc_server_calls(s));
	docker_content_close(&content);
	grpc_server_stop(s);
	docker_endpoint_release(&at);
	free(d.version);
	plan_release(&p);
	image_builder_release(&images);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("docker_content");
	TCase *t = tcase_create("docker_content");

	tcase_add_loop_test(t, asks_the_daemon, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
