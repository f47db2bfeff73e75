#include "import/containerd_runs.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/ctr_replies.h"
#include "tests/lib/test_main.h"

#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TEXT_MAX 1024

/* A JSON document under its digest. */
struct text {
	char bytes[TEXT_MAX];
	struct digest digest;
};

static void name(struct text *t)
{
	ck_assert_int_eq(digest_of(t->bytes, strlen(t->bytes), NULL, &t->digest, NULL), ERR_OK);
}

static void make_manifest(struct text *t)
{
	snprintf(t->bytes, TEXT_MAX,
		 "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\","
		 "\"size\":0},\"layers\":[]}",
		 TYPE_OCI_MANIFEST, TYPE_OCI_CONFIG, EMPTY);
	name(t);
}

/* An index of the same child twice, for a platform and for another one. */
static void make_index(struct text *t, const struct text *child, const char *type)
{
	snprintf(t->bytes, TEXT_MAX,
		 "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\","
		 "\"size\":%zu,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},{\"mediaType\":\"%s\","
		 "\"digest\":\"%s\",\"size\":%zu,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}}]}",
		 TYPE_OCI_INDEX, type, child->digest.text, strlen(child->bytes), type, child->digest.text,
		 strlen(child->bytes));
	name(t);
}

/* An index that lists an index that lists a manifest, each twice: whoever looked at each as often as it is listed would
 * find nobody to answer.  The manifest runs on both platforms for which it is listed. */
START_TEST(asks_for_each_content_once)
{
	struct text manifest, inner, outer;
	struct ctr_replies r = { .len = 0 };
	struct plan plan = { .images = calloc(1, sizeof(*plan.images)) };
	struct grpc_server *server;
	struct containerd *c = NULL;
	struct err err = { 0 };

	make_manifest(&manifest);
	make_index(&inner, &manifest, TYPE_OCI_MANIFEST);
	make_index(&outer, &inner, TYPE_OCI_INDEX);
	ctr_reply_version(&r);
	ctr_reply_read(&r, outer.bytes);
	ctr_reply_read(&r, inner.bytes);
	ctr_reply_read(&r, manifest.bytes);
	ctr_reply_info(&r, NULL, 0);
	server = grpc_server_start(r.replies, r.len);
	ck_assert_int_eq(containerd_open(grpc_server_socket(server), "default", &c, NULL), ERR_OK);
	plan.images[0].was = outer.digest;
	ck_assert_msg(containerd_runs(c, &plan, 0, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(grpc_server_calls(server), r.len);
	ck_assert_uint_eq(plan.images[0].runs_len, 2);
	ck_assert_str_eq(plan.images[0].runs[0].platform, "linux/amd64");
	ck_assert_str_eq(plan.images[0].runs[1].platform, "linux/arm64");
	free(plan.images[0].runs);
	free(plan.images);
	containerd_close(c);
	grpc_server_stop(server);
	ctr_replies_release(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("containerd_runs");
	TCase *t = tcase_create("containerd_runs");

	tcase_add_test(t, asks_for_each_content_once);
	suite_add_tcase(s, t);
	return test_run(s);
}
