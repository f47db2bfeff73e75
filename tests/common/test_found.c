#include "common/found.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

struct entry {
	char letter; /* of the digest */
	uint64_t size_bytes;
	const char *media_type;
	enum link_kind kind;
};

/* What was added, and what comes out: letters, each with the number of its kind. */
static const struct {
	const char *name;
	struct entry entries[5];
	size_t len;
	const char *want;
} cases[] = {
	{ "nothing", { { 0 } }, 0, "" },
	{ "one", { { 'a', 1, "m", LINK_SUBJECT } }, 1, "a0:1:m " },
	{ "in both listings", { { 'a', 1, "m", LINK_SUBJECT }, { 'a', 1, "m", LINK_SUBJECT } }, 2, "a0:1:m " },
	{ "by its subject and by a tag",
	  { { 'a', 1, "m", LINK_SIG }, { 'a', 1, "m", LINK_SUBJECT } },
	  2,
	  "a0:1:m a1:1:m " },
	{ "listings that differ", { { 'a', 2, "m", LINK_SUBJECT }, { 'a', 1, "n", LINK_SUBJECT } }, 2, "a0:1:n " },
	{ "types that differ", { { 'a', 1, "n", LINK_SUBJECT }, { 'a', 1, "m", LINK_SUBJECT } }, 2, "a0:1:m " },
	{ "several",
	  { { 'c', 1, "m", LINK_SUBJECT },
	    { 'a', 1, "m", LINK_ATT },
	    { 'b', 1, "m", LINK_SUBJECT },
	    { 'a', 1, "m", LINK_SUBJECT },
	    { 'b', 1, "m", LINK_SUBJECT } },
	  5,
	  "a0:1:m a2:1:m b0:1:m c0:1:m " },
};

static void add(struct found *f, const struct entry *e)
{
	char text[DIGEST_TEXT_SIZE];
	struct descriptor d = { .size_bytes = e->size_bytes, .media_type = e->media_type };

	snprintf(text, sizeof(text), "sha256:%064d", 0);
	memset(text + strlen("sha256:"), e->letter, 64);
	ck_assert_int_eq(digest_parse(text, &d.digest, NULL), ERR_OK);
	ck_assert_int_eq(found_add(f, &d, e->kind, NULL), ERR_OK);
}

/* Whatever the order in which the listings came. */
START_TEST(merge)
{
	size_t first, i;

	for (first = 0; first <= cases[_i].len; first++) {
		CLEANUP(found_release) struct found f = { 0 };
		struct source_referrer all[COUNT_OF(cases[0].entries)];
		char got[200] = "";
		size_t len;

		for (i = 0; i < cases[_i].len; i++)
			add(&f, &cases[_i].entries[(first + i) % cases[_i].len]);
		len = found_merge(&f, all);
		for (i = 0; i < len; i++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%c%d:%d:%s ",
				 digest_hex(&all[i].descriptor.digest)[0], (int)all[i].kind,
				 (int)all[i].descriptor.size_bytes, all[i].descriptor.media_type);
		ck_assert_msg(strcmp(got, cases[_i].want) == 0, "%s: %s", cases[_i].name, got);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("found");
	TCase *t = tcase_create("found");

	tcase_add_loop_test(t, merge, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
