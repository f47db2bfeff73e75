#include "export/losses.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define B1 "a.example/b:1"
#define ROWS_MAX 5

/* "IMAGE PLATFORM ATTESTATIONS SIGNATURES", a platform of - is the index itself, and one with a minus in front was left
 * out. */
static void add(struct attested *a, const char *text)
{
	char image[64], platform[64], attestations[8], signatures[8];
	struct attested_row row = { .image = image, .platform = platform };

	ck_assert_int_eq(sscanf(text, "%63s %63s %7s %7s", image, platform, attestations, signatures), 4);
	row.attestations = strtoul(attestations, NULL, 10);
	row.signatures = strtoul(signatures, NULL, 10);
	row.left_out = platform[0] == '-' && platform[1] != '\0';
	if (platform[0] == '-')
		memmove(platform, platform + 1, strlen(platform));
	ck_assert_int_eq(vec_grow(&a->rows, &a->cap, a->len + 1, sizeof(*a->rows), 100, NULL), ERR_OK);
	ck_assert_int_eq(intern_text(&a->strings, image, &row.image, NULL), ERR_OK);
	ck_assert_int_eq(intern_text(&a->strings, platform, &row.platform, NULL), ERR_OK);
	a->rows[a->len++] = row;
}

static const struct {
	const char *name, *was[ROWS_MAX], *is[ROWS_MAX], *want;
} cases[] = {
	{ "nothing was", { NULL }, { B1 " linux/amd64 0 0" }, "" },
	{ "nothing is", { B1 " linux/amd64 2 1" }, { NULL }, "" },
	{ "as much", { B1 " linux/amd64 2 1" }, { B1 " linux/amd64 2 1" }, "" },
	{ "more", { B1 " linux/amd64 2 1" }, { B1 " linux/amd64 3 2" }, "" },
	{ "fewer attestations", { B1 " linux/amd64 2 1" }, { B1 " linux/amd64 1 1" }, "linux/amd64 2 1 > 1 1, " },
	{ "fewer signatures", { B1 " linux/amd64 2 1" }, { B1 " linux/amd64 3 0" }, "linux/amd64 2 1 > 3 0, " },
	{ "a new platform", { B1 " linux/amd64 2 1" }, { B1 " linux/amd64 2 1", B1 " linux/arm64 0 0" }, "" },
	{ "a new tag of a repository that had one",
	  { B1 " linux/amd64 2 1" },
	  { "a.example/b:2 linux/amd64 2 0" },
	  "linux/amd64 2 1 > 2 0, " },
	{ "a new tag of a repository that had two",
	  { B1 " linux/amd64 2 1", "a.example/b:2 linux/amd64 1 1" },
	  { "a.example/b:3 linux/amd64 0 0" },
	  "" },
	{ "one of those two",
	  { B1 " linux/amd64 2 1", "a.example/b:2 linux/amd64 1 1" },
	  { "a.example/b:2 linux/amd64 0 0" },
	  "linux/amd64 1 1 > 0 0, " },
	{ "a repository whose name begins alike",
	  { B1 " linux/amd64 2 1" },
	  { "a.example/b-x:1 linux/amd64 0 0" },
	  "" },
	{ "a longer tag", { B1 " linux/amd64 2 1", "a.example/b:2 linux/amd64 1 1" }, { B1 "1 linux/amd64 0 0" }, "" },
	{ "another registry", { B1 " linux/amd64 2 1" }, { "b.example/b:1 linux/amd64 0 0" }, "" },
	{ "a platform that is gone",
	  { B1 " - 0 1", B1 " linux/amd64 2 1", B1 " linux/arm64 1 0" },
	  { B1 " - 0 1", B1 " linux/amd64 2 1" },
	  "linux/arm64 1 0 > gone, " },
	{ "a platform that is gone, of which nothing was attested",
	  { B1 " - 0 1", B1 " linux/amd64 2 1", B1 " linux/arm64 0 0" },
	  { B1 " - 0 1", B1 " linux/amd64 2 1" },
	  "" },
	{ "a platform that was not asked for",
	  { B1 " - 0 1", B1 " linux/amd64 2 1", B1 " linux/arm64 1 0" },
	  { B1 " - 0 1", B1 " linux/amd64 2 1", B1 " -linux/arm64 0 0" },
	  "" },
	{ "a platform that was not asked for last time",
	  { B1 " - 0 1", B1 " linux/amd64 2 1", B1 " -linux/arm64 0 0" },
	  { B1 " - 0 1", B1 " linux/amd64 2 1", B1 " linux/arm64 0 0" },
	  "" },
	{ "a manifest in place of an index, with less",
	  { B1 " - 0 1", B1 " linux/amd64 2 1", B1 " linux/arm64 0 0" },
	  { B1 " unknown 1 1" },
	  "linux/amd64 2 1 > 1 1, " },
	{ "a manifest in place of an index, with nothing",
	  { B1 " - 0 1", B1 " linux/amd64 2 0" },
	  { B1 " unknown 0 0" },
	  "index 0 1 > 0 0, linux/amd64 2 0 > 0 0, " },
	{ "a manifest in place of an index, with as much",
	  { B1 " - 0 1", B1 " linux/amd64 2 1" },
	  { B1 " unknown 2 1" },
	  "" },
	{ "a manifest whose platform another index says",
	  { B1 " - 0 1", B1 " linux/amd64 2 1", B1 " linux/arm64 0 1" },
	  { B1 " linux/amd64 2 0" },
	  "index 0 1 > 2 0, linux/amd64 2 1 > 2 0, linux/arm64 0 1 > gone, " },
	{ "an index in place of a manifest, as much in all",
	  { B1 " unknown 2 1" },
	  { B1 " - 0 1", B1 " linux/amd64 1 0", B1 " linux/arm64 1 0" },
	  "" },
	{ "an index in place of a manifest, with less",
	  { B1 " unknown 2 1" },
	  { B1 " - 0 0", B1 " linux/amd64 1 0", B1 " linux/arm64 1 0" },
	  "unknown 2 1 > 2 0, " },
	{ "each image by itself",
	  { B1 " linux/amd64 2 1", "c.example/d:1 linux/amd64 1 0" },
	  { B1 " linux/amd64 0 0", "c.example/d:1 linux/arm64 5 5" },
	  "linux/amd64 2 1 > 0 0, linux/amd64 1 0 > gone, " },
};

static void note(void *ctx, const struct loss *loss)
{
	char *text = ctx;

	sprintf(text + strlen(text), "%s %zu %zu > ", loss->was->platform[0] != '\0' ? loss->was->platform : "index",
		loss->was->attestations, loss->was->signatures);
	if (loss->gone)
		strcat(text, "gone, ");
	else
		sprintf(text + strlen(text), "%zu %zu, ", loss->is.attestations, loss->is.signatures);
}

START_TEST(each)
{
	CLEANUP(attested_release) struct attested was = { 0 };
	CLEANUP(attested_release) struct attested is = { 0 };
	char text[1000] = "";
	size_t i, commas = 0, count;

	for (i = 0; i < ROWS_MAX && cases[_i].was[i] != NULL; i++)
		add(&was, cases[_i].was[i]);
	for (i = 0; i < ROWS_MAX && cases[_i].is[i] != NULL; i++)
		add(&is, cases[_i].is[i]);
	attested_sort(&was);
	attested_sort(&is);
	count = losses_each(&was, &is, note, text);
	ck_assert_msg(strcmp(text, cases[_i].want) == 0, "%s: %s", cases[_i].name, text);
	for (i = 0; text[i] != '\0'; i++)
		commas += text[i] == ',';
	ck_assert_uint_eq(count, commas);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("losses");
	TCase *t = tcase_create("losses");

	tcase_add_loop_test(t, each, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
