#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "import/inventory.h"
#include "tests/lib/ctr_replies.h"
#include "tests/lib/test_main.h"

static struct digest named(const char *text)
{
	struct digest d;

	ck_assert_int_eq(digest_of(text, strlen(text), NULL, &d, NULL), ERR_OK);
	return d;
}

/* An index that lists a manifest twice: whoever looked at it as often as it is listed would find nobody to answer. */
START_TEST(asks_for_each_manifest_once)
{
	const struct digest index = named("index"), manifest = named("manifest"), layer = named("layer");
	const struct ctr_label children[] = { { "m.0", &manifest }, { "m.1", &manifest } };
	const struct ctr_label layers[] = { { "l.0", &layer } };
	CLEANUP(holdings_release) struct holdings h = { 0 };
	struct ctr_replies r = { .len = 0 };
	struct grpc_server *server;
	struct containerd *c = NULL;
	struct err err = { 0 };

	ctr_reply_version(&r);
	ctr_reply_images(&r, "r.test/app:1", &index);
	ctr_reply_info(&r, children, COUNT_OF(children));
	ctr_reply_info(&r, layers, COUNT_OF(layers));
	ctr_reply_info(&r, NULL, 0);
	server = grpc_server_start(r.replies, r.len);
	ck_assert_int_eq(containerd_open(grpc_server_socket(server), "default", &c, NULL), ERR_OK);
	ck_assert_msg(inventory_of_containerd(c, &h, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(grpc_server_calls(server), r.len);
	ck_assert_uint_eq(h.layers.len, 1);
	ck_assert(digest_equal(&h.layers.items[0].digest, &layer));
	ck_assert_str_eq(h.layers.items[0].holder.manifest, manifest.text);
	ck_assert_str_eq(h.layers.items[0].holder.image, "r.test/app:1");
	containerd_close(c);
	grpc_server_stop(server);
	ctr_replies_release(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("inventory_containerd");
	TCase *t = tcase_create("inventory_containerd");

	tcase_add_test(t, asks_for_each_manifest_once);
	suite_add_tcase(s, t);
	return test_run(s);
}
