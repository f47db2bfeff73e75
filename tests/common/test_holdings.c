#include "common/holdings.h"

#include <check.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/test_main.h"

#define HEX4(c) c c c c
#define HEX16(c) HEX4(c) HEX4(c) HEX4(c) HEX4(c)
#define DIGEST(c) "sha256:" HEX16(c) HEX16(c) HEX16(c) HEX16(c)
#define DOCUMENT_START "{\"schemaVersion\":1,\"kind\":\"inventory\""
#define DOCUMENT(members) DOCUMENT_START members "}"
#define LAYER(digest, image)                                                                                           \
	"{\"digest\":\"" digest "\",\"size\":7,\"manifest\":\"" DIGEST("f") "\",\"image\":\"" image "\"}"

static struct digest digest_from(const char *text)
{
	struct digest d;

	ck_assert_int_eq(digest_parse(text, &d, NULL), ERR_OK);
	return d;
}

static void add(struct holdings *h, struct held_blobs *list, const char *digest, const char *image,
		const char *manifest)
{
	struct held_blob blob = { .digest = digest_from(digest),
				  .size_bytes = 7,
				  .holder = { .image = image, .manifest = manifest } };

	ck_assert_int_eq(holdings_add(h, list, &blob, NULL), ERR_OK);
}

static char *text_of(const struct holdings *h, enum holdings_kind kind)
{
	CLEANUP(buf_release) struct buf text;
	struct buf_stage out;

	buf_init(&text, 1 << 20);
	buf_stage_init(&out, &text);
	ck_assert_int_eq(holdings_write(h, kind, &out.out, NULL), ERR_OK);
	return take_ptr(&text.data);
}

/* In whatever order things come, the same document; and what is read says the same again. */
START_TEST(round_trip)
{
	static const char *const digests[] = { DIGEST("1"), DIGEST("2"), DIGEST("2"), DIGEST("3") };
	CLEANUP(free_ptr) char *first = NULL;
	enum holdings_kind kind = _i == 0 ? HOLDINGS_INVENTORY : HOLDINGS_WANT;
	int turn;

	for (turn = 0; turn < 2; turn++) {
		CLEANUP(holdings_release) struct holdings h = { 0 };
		CLEANUP(holdings_release) struct holdings back = { 0 };
		CLEANUP(free_ptr) char *text = NULL;
		CLEANUP(free_ptr) char *again = NULL;
		struct digest root = digest_from(DIGEST("a"));
		size_t i;

		for (i = 0; i < COUNT_OF(digests); i++) {
			size_t at = turn == 0 ? i : COUNT_OF(digests) - 1 - i;

			add(&h, &h.layers, digests[at], at == 1 ? "a.example/b:2" : "a.example/b:1", DIGEST("f"));
			add(&h, &h.manifests, digests[at], "a.example/b:1", NULL);
		}
		if (kind == HOLDINGS_WANT)
			add(&h, &h.missing, DIGEST("4"), "a.example/b:1", DIGEST("e"));
		ck_assert_int_eq(holdings_add_image(&h, turn == 0 ? "a.example/b:1" : "a.example/b:2", &root, NULL),
				 ERR_OK);
		ck_assert_int_eq(holdings_add_image(&h, turn == 0 ? "a.example/b:2" : "a.example/b:1", &root, NULL),
				 ERR_OK);
		holdings_sort(&h);
		ck_assert_uint_eq(h.layers.len, 3);
		ck_assert_str_eq(holdings_find(&h.layers, &h.layers.items[1].digest)->holder.image, "a.example/b:1");
		text = text_of(&h, kind);
		ck_assert_int_eq(holdings_read(text, strlen(text), "it", kind, &back, NULL), ERR_OK);
		again = text_of(&back, kind);
		ck_assert_str_eq(text, again);
		if (first == NULL)
			first = take_ptr(&text);
		else
			ck_assert_str_eq(first, text);
	}
}
END_TEST

START_TEST(looking_up)
{
	CLEANUP(holdings_release) struct holdings h = { 0 };
	struct digest d = digest_from(DIGEST("5"));

	ck_assert_ptr_null(holdings_find(&h.layers, &d));
	add(&h, &h.layers, DIGEST("4"), "a.example/b:1", DIGEST("f"));
	add(&h, &h.layers, DIGEST("6"), "a.example/b:1", DIGEST("f"));
	holdings_sort(&h);
	ck_assert_ptr_null(holdings_find(&h.layers, &d));
	d = digest_from(DIGEST("6"));
	ck_assert_ptr_eq(holdings_find(&h.layers, &d), &h.layers.items[1]);
}
END_TEST

static const struct {
	const char *name, *text;
	enum err_code want;
	const char *says;
} cases[] = {
	{ "the least", DOCUMENT(""), ERR_OK, NULL },
	{ "members that are not known", DOCUMENT(",\"x\":{\"y\":[1]}"), ERR_OK, NULL },
	{ "a layer", DOCUMENT(",\"layers\":[" LAYER(DIGEST("1"), "a.example/b:1") "]"), ERR_OK, NULL },
	{ "nothing", "", ERR_FORMAT, "not valid JSON" },
	{ "no object", "[]", ERR_FORMAT, "schemaVersion" },
	{ "from the future", "{\"schemaVersion\":2,\"kind\":\"inventory\"}", ERR_UNSUPPORTED, "schemaVersion 2" },
	{ "no kind", "{\"schemaVersion\":1}", ERR_FORMAT, "no document of the kind" },
	{ "another kind", "{\"schemaVersion\":1,\"kind\":\"shopping\"}", ERR_FORMAT, "no document of the kind" },
	{ "a description of a bundle", "{\"schemaVersion\":1,\"files\":[]}", ERR_USAGE, "give it to --since" },
	{ "the other kind", "{\"schemaVersion\":1,\"kind\":\"want\"}", ERR_USAGE, "give it to --want" },
	{ "an image without a digest", DOCUMENT(",\"images\":[{\"name\":\"a.example/b:1\"}]"), ERR_FORMAT,
	  "\"digest\"" },
	{ "an image without a name", DOCUMENT(",\"images\":[{\"digest\":\"" DIGEST("1") "\"}]"), ERR_FORMAT,
	  "\"name\"" },
	{ "a short name", DOCUMENT(",\"layers\":[" LAYER(DIGEST("1"), "alpine") "]"), ERR_FORMAT, "no full name" },
	{ "no name", DOCUMENT(",\"layers\":[" LAYER(DIGEST("1"), "../../x") "]"), ERR_FORMAT, "no image reference" },
	{ "no digest", DOCUMENT(",\"layers\":[" LAYER("sha256:1", "a.example/b:1") "]"), ERR_FORMAT, "sha256:1" },
	{ "a layer without a size",
	  DOCUMENT(",\"layers\":[{\"digest\":\"" DIGEST("1") "\",\"image\":\"a.example/b:1\"}]"), ERR_FORMAT,
	  "\"size\"" },
	{ "a layer without a manifest",
	  DOCUMENT(",\"layers\":[{\"digest\":\"" DIGEST("1") "\",\"size\":1,\"image\":\"a.example/b:1\"}]"), ERR_FORMAT,
	  "\"manifest\"" },
	{ "a negative size",
	  DOCUMENT(",\"layers\":[{\"digest\":\"" DIGEST("1") "\",\"size\":-1,\"image\":\"a.example/b:1\"}]"),
	  ERR_FORMAT, "\"size\"" },
	{ "too deep", "{\"schemaVersion\":1,\"kind\":" HEX16("[") HEX16("[") HEX16("[") HEX16("["), ERR_LIMIT,
	  "nested" },
};

START_TEST(reading)
{
	CLEANUP(holdings_release) struct holdings h = { 0 };
	struct err err = { 0 };
	enum err_code got = holdings_read(cases[_i].text, strlen(cases[_i].text), "it", HOLDINGS_INVENTORY, &h, &err);

	ck_assert_msg(got == cases[_i].want, "%s: %d %s", cases[_i].name, got, err.msg);
	if (got != ERR_OK)
		ck_assert_msg(strstr(err.msg, cases[_i].says) != NULL && strstr(err.msg, "it: ") == err.msg, "%s",
			      err.msg);
}
END_TEST

/* A site has very many layers; an entry says little. */
static const struct {
	const char *name, *start, *middle, *end;
	size_t times;
	enum err_code want;
} documents[] = {
	{ "a site's layers", DOCUMENT_START ",\"layers\":[", LAYER(DIGEST("1"), "a.example/b:1") ",",
	  LAYER(DIGEST("1"), "a.example/b:1") "]}", LIMIT_REST_VALUES / 4, ERR_OK },
	{ "an entry that says much", DOCUMENT_START ",\"layers\":[{ \"x\":[", "0,", "0]}]}", LIMIT_REST_VALUES,
	  ERR_LIMIT },
	{ "much that nobody knows", DOCUMENT_START ",\"x\":[", "0,", "0]}", LIMIT_REST_VALUES, ERR_LIMIT },
};

START_TEST(large)
{
	CLEANUP(holdings_release) struct holdings h = { 0 };
	CLEANUP(buf_release) struct buf text;
	struct err err = { 0 };
	enum err_code got;
	size_t i;

	buf_init(&text, 16 * MIB);
	ck_assert_int_eq(buf_puts(&text, documents[_i].start, NULL), ERR_OK);
	for (i = 0; i < documents[_i].times; i++)
		ck_assert_int_eq(buf_puts(&text, documents[_i].middle, NULL), ERR_OK);
	ck_assert_int_eq(buf_puts(&text, documents[_i].end, NULL), ERR_OK);
	got = holdings_read(buf_text(&text), text.len, "it", HOLDINGS_INVENTORY, &h, &err);
	ck_assert_msg(got == documents[_i].want, "%s: %d %s", documents[_i].name, got, err.msg);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("holdings");
	TCase *t = tcase_create("holdings");

	tcase_add_loop_test(t, round_trip, 0, 2);
	tcase_add_test(t, looking_up);
	tcase_add_loop_test(t, reading, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, large, 0, (int)COUNT_OF(documents));
	suite_add_tcase(s, t);
	return test_run(s);
}
