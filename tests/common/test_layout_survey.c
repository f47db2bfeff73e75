#include "common/layout_survey.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define NAME ANNOTATION_IMAGE_NAME
#define REF ANNOTATION_REF_NAME
#define SUBJECT ANNOTATION_SUBJECT
#define FOR ANNOTATION_LISTED_FOR
#define KIND "kind"
#define COSIGN "dev.cosignproject.cosign/"

/* What the layouts here are made of, each under a letter. */
static const char letters[] = "ABXNROSFJPTWK";

struct text {
	char t[IMAGE_DESCRIPTOR_TEXT];
};

static struct image_builder b;
static size_t items[sizeof(letters)];
static char *folder;

static size_t item(char letter)
{
	return items[strchr(letters, letter) - letters];
}

static struct text of(char letter)
{
	struct text text;

	image_text(&b, item(letter), text.t);
	return text;
}

static void add(char letter, const char *media_type, const char *json)
{
	items[strchr(letters, letter) - letters] = image_json(&b, media_type, "%s", json);
}

static void add_with(char letter, const char *media_type, const char *before, char other, const char *after)
{
	char json[2048];

	snprintf(json, sizeof(json), "%s{%s}%s", before, of(other).t, after);
	add(letter, media_type, json);
}

#define CONFIG "\"config\":{\"mediaType\":\"" TYPE_OCI_CONFIG "\",\"size\":2,\"digest\":\"sha256:" EMPTY "\"}"
#define EMPTY "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define NOWHERE                                                                                                        \
	"{\"mediaType\":\"" TYPE_OCI_MANIFEST "\",\"size\":2,\"digest\":\"sha256:"                                     \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}"

static void add_all(void)
{
	add('A', TYPE_OCI_MANIFEST, "{" CONFIG ",\"layers\":[]}");
	add('B', TYPE_OCI_MANIFEST, "{" CONFIG ",\"layers\":[],\"annotations\":{\"b\":\"\"}}");
	add_with('X', TYPE_OCI_INDEX, "{\"manifests\":[", 'A', "]}");             /* an index of A */
	add_with('N', TYPE_OCI_INDEX, "{\"manifests\":[", 'X', "]}");             /* an index of an index */
	add_with('R', TYPE_OCI_MANIFEST, "{" CONFIG ",\"subject\":", 'A', "}");   /* refers to A */
	add('O', TYPE_OCI_MANIFEST, "{" CONFIG ",\"subject\":" NOWHERE "}");      /* refers to what is not there */
	add('S', TYPE_OCI_MANIFEST, "{" CONFIG ",\"annotations\":{\"s\":\"\"}}"); /* a signature */
	add_with('F', TYPE_OCI_INDEX, "{\"annotations\":{\"f\":\"\"},\"manifests\":[", 'S', "]}");
	add_with('J', TYPE_OCI_INDEX, "{\"subject\":{}, \"manifests\":[", 'A', "]}"); /* no manifest: a bad subject */
	add_with('P', TYPE_OCI_MANIFEST, "{" CONFIG ",\"subject\":", 'R', "}");       /* refers to a referrer */
	add('T', TYPE_OCI_CONFIG, "{}");
	add_with('W', TYPE_OCI_ARTIFACT, "{\"mediaType\":\"" TYPE_OCI_ARTIFACT "\",\"subject\":", 'B', "}");
	add('K', "application/vnd.example", "{\"manifests\":3}");
}

/* Annotations; "%A" in a value is A's digest, "%a" the same as a tag has it. */
struct row {
	char letter;
	const char *keys[3], *values[3];
};

static void put_value(struct buf *index, const char *value)
{
	const char *percent = strchr(value, '%');
	const struct digest *d;

	if (percent == NULL) {
		ck_assert_int_eq(buf_puts(index, value, NULL), ERR_OK);
		return;
	}
	d = &b.items[item((char)(percent[1] & ~0x20))].digest;
	ck_assert_int_eq(buf_printf(index, NULL, "%.*s%s%c%s%s", (int)(percent - value), value, digest_algorithm(d),
				    percent[1] & 0x20 ? '-' : ':', digest_hex(d), percent + 2),
			 ERR_OK);
}

static void write_layout(const struct row *rows)
{
	CLEANUP(buf_release) struct buf index = { .max = MIB };
	size_t i, k;

	ck_assert_int_eq(buf_puts(&index, "{\"manifests\":[", NULL), ERR_OK);
	for (i = 0; rows[i].letter != '\0'; i++) {
		ck_assert_int_eq(
			buf_printf(&index, NULL, "%s{%s,\"annotations\":{", i > 0 ? "," : "", of(rows[i].letter).t),
			ERR_OK);
		for (k = 0; k < COUNT_OF(rows[i].keys) && rows[i].keys[k] != NULL; k++) {
			ck_assert_int_eq(buf_printf(&index, NULL, "%s\"%s\":\"", k > 0 ? "," : "", rows[i].keys[k]),
					 ERR_OK);
			put_value(&index, rows[i].values[k]);
			ck_assert_int_eq(buf_puts(&index, "\"", NULL), ERR_OK);
		}
		ck_assert_int_eq(buf_puts(&index, "}}", NULL), ERR_OK);
	}
	ck_assert_int_eq(buf_puts(&index, "]}", NULL), ERR_OK);
	folder_put(folder, "index.json", index.data, index.len);
}

static void put_blob(const struct image_item *it)
{
	char name[256];

	snprintf(name, sizeof(name), "blobs/sha256/%s", digest_hex(&it->digest));
	folder_put(folder, name, it->bytes, it->len);
}

static void setup(void)
{
	size_t i;

	image_builder_init(&b);
	add_all();
	folder = folder_new();
	folder_put(folder, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 30);
	folder_make_in(folder, "blobs");
	folder_make_in(folder, "blobs/sha256");
	for (i = 0; i < b.items_len; i++)
		put_blob(&b.items[i]);
}

static void teardown(void)
{
	image_builder_release(&b);
	folder_remove(folder);
}

static char letter_of(const struct digest *d)
{
	size_t i;

	for (i = 0; letters[i] != '\0'; i++) {
		if (digest_equal(&b.items[items[i]].digest, d))
			return letters[i];
	}
	return '?';
}

/* "A X" and then "R>A/subject" for every link, by letter. */
static void describe(const struct layout_survey *s, struct buf *out)
{
	const char *subject;
	size_t i;

	for (i = 0; i < s->images_len; i++) {
		struct digest is = digest_unpack(&s->images[i]->digest);

		ck_assert_int_eq(buf_printf(out, NULL, "%s%c", i > 0 ? " " : "", letter_of(&is)), ERR_OK);
	}
	for (subject = letters; *subject != '\0'; subject++) {
		const struct layout_link *links = NULL;
		size_t len = layout_survey_links_of(s, &b.items[item(*subject)].digest, &links);

		for (i = 0; i < len; i++)
			ck_assert_int_eq(buf_printf(out, NULL, " %c>%c/%s", letter_of(&links[i].referrer.digest),
						    *subject, link_name(links[i].kind)),
					 ERR_OK);
	}
}

static const struct {
	const char *name;
	struct row rows[6];
	const char *want;
} cases[] = {
	{ "nothing", { { 0, { NULL }, { NULL } } }, "" },
	{ "one without a name", { { 'A', { NULL }, { NULL } } }, "A" },
	{ "two names", { { 'A', { REF }, { "1.0" } }, { 'B', { NAME }, { "x.io/b:1" } } }, "A B" },
	{ "one image under two names", { { 'A', { REF }, { "1.0" } }, { 'A', { REF }, { "latest" } } }, "A A" },
	{ "oras: the child of an index", { { 'X', { REF }, { "1.0" } }, { 'A', { NULL }, { NULL } } }, "X" },
	{ "the child in front", { { 'A', { NULL }, { NULL } }, { 'X', { NULL }, { NULL } } }, "X" },
	{ "a child of an index with containerd's name",
	  { { 'A', { NULL }, { NULL } }, { 'X', { NAME }, { "x.io/b:1" } } },
	  "X" },
	{ "a child with a name of its own", { { 'X', { REF }, { "1" } }, { 'A', { REF }, { "1-amd64" } } }, "X A" },
	{ "an index of an index",
	  { { 'N', { NULL }, { NULL } }, { 'X', { NULL }, { NULL } }, { 'A', { NULL }, { NULL } } },
	  "N" },
	{ "oras: a subject of its own", { { 'A', { REF }, { "1.0" } }, { 'R', { NULL }, { NULL } } }, "A R>A/subject" },
	{ "a referrer with a name is an image too",
	  { { 'A', { NULL }, { NULL } }, { 'R', { REF }, { "sbom" } } },
	  "A R R>A/subject" },
	{ "a referrer of what is not there", { { 'O', { NULL }, { NULL } } }, "O" },
	{ "a referrer of a referrer",
	  { { 'A', { NULL }, { NULL } }, { 'R', { NULL }, { NULL } }, { 'P', { NULL }, { NULL } } },
	  "A R>A/subject P>R/subject" },
	{ "the artifact manifest", { { 'B', { NULL }, { NULL } }, { 'W', { NULL }, { NULL } } }, "B W>B/subject" },
	{ "containerd: an annotation",
	  { { 'A', { NULL }, { NULL } }, { 'S', { SUBJECT }, { "%A" } } },
	  "A S>A/subject" },
	{ "regctl: the fallback tag", { { 'A', { NULL }, { NULL } }, { 'F', { REF }, { "%a" } } }, "A S>A/subject" },
	{ "the fallback tag in a full name",
	  { { 'A', { NULL }, { NULL } }, { 'F', { REF }, { "localhost:5000/app:%a" } } },
	  "A S>A/subject" },
	{ "what the fallback lists is listed too",
	  { { 'A', { NULL }, { NULL } }, { 'S', { NULL }, { NULL } }, { 'F', { REF }, { "%a" } } },
	  "A S>A/subject" },
	{ "the same by two ways",
	  { { 'A', { NULL }, { NULL } }, { 'R', { SUBJECT }, { "%A" } }, { 'R', { NULL }, { NULL } } },
	  "A R>A/subject" },
	{ "cosign's tags",
	  { { 'A', { NULL }, { NULL } },
	    { 'S', { REF }, { "%a.sig" } },
	    { 'B', { REF }, { "%a.att" } },
	    { 'R', { REF }, { "%a.sbom" } } },
	  "A S>A/cosign-sig B>A/cosign-att R>A/cosign-sbom" },
	{ "cosign's tag counts before the annotation",
	  { { 'A', { NULL }, { NULL } }, { 'S', { REF, SUBJECT }, { "%a.sig", "%A" } } },
	  "A S>A/cosign-sig" },
	{ "cosign save: kinds",
	  { { 'X', { KIND }, { COSIGN "imageIndex" } },
	    { 'S', { KIND }, { COSIGN "sigs" } },
	    { 'B', { KIND }, { COSIGN "atts" } } },
	  "X S>X/cosign-sig B>X/cosign-att" },
	{ "cosign save: blobs that no entry names",
	  { { 'A', { KIND }, { COSIGN "image" } } },
	  "A R>A/subject W>B/subject P>R/subject" },
	{ "tags that only look like cosign's",
	  { { 'A', { REF }, { "sha256-12" } }, { 'B', { REF }, { "sha256-x.sig" } }, { 'S', { REF }, { "%a.png" } } },
	  "A B S" },
	{ "a child that is listed for other tools",
	  { { 'X', { NAME }, { "x.io/b:1" } }, { 'A', { FOR }, { "parent" } } },
	  "X" },
	{ "its parent has gone", { { 'B', { NULL }, { NULL } }, { 'A', { FOR }, { "parent" } } }, "B" },
	{ "it was given a name", { { 'X', { REF }, { "1" } }, { 'A', { FOR, REF }, { "parent", "2" } } }, "X A" },
	{ "it says more", { { 'B', { NULL }, { NULL } }, { 'A', { FOR, "a" }, { "parent", "" } } }, "B A" },
	{ "it says something else", { { 'B', { NULL }, { NULL } }, { 'A', { FOR }, { "x" } } }, "B A" },
	{ "an index of referrers that is listed for other tools",
	  { { 'A', { NULL }, { NULL } }, { 'R', { SUBJECT }, { "%A" } }, { 'F', { REF, FOR }, { "%a", "%A" } } },
	  "A R>A/subject" },
	{ "it was given another subject",
	  { { 'A', { NULL }, { NULL } }, { 'F', { REF, FOR }, { "%a", "%B" } } },
	  "A S>A/subject" },
	{ "an image that is said to be one", { { 'A', { REF, FOR }, { "1.0", "%A" } } }, "A" },
	{ "cosign's kinds under full names: no blob is looked for",
	  { { 'A', { NAME, KIND }, { "x.io/a:1", COSIGN "image" } } },
	  "A" },
	{ "what is no manifest",
	  { { 'T', { NULL }, { NULL } }, { 'K', { NULL }, { NULL } }, { 'A', { NULL }, { NULL } } },
	  "A" },
};

START_TEST(survey)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(layout_survey_release) struct layout_survey s = { 0 };
	CLEANUP(buf_release) struct buf got = { .max = MIB };
	struct err err = { 0 };

	write_layout(cases[_i].rows);
	ck_assert_msg(layout_open(folder, false, &l, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(layout_survey_make(l, &s, &err) == ERR_OK, "%s: %s", cases[_i].name, err.msg);
	describe(&s, &got);
	ck_assert_msg(strcmp(buf_text(&got), cases[_i].want) == 0, "%s: %s, not %s", cases[_i].name, buf_text(&got),
		      cases[_i].want);
}
END_TEST

static const struct {
	const char *name;
	struct row rows[4];
	char spoiled; /* whose blob is something else; 0 for none */
	enum err_code want;
	const char *message;
} bad[] = {
	{ "a fallback that is no index",
	  { { 'A', { NULL }, { NULL } }, { 'S', { REF }, { "%a" } } },
	  0,
	  ERR_FORMAT,
	  "is no index" },
	{ "a signature of nobody",
	  { { 'A', { NULL }, { NULL } }, { 'S', { KIND }, { COSIGN "sigs" } } },
	  0,
	  ERR_FORMAT,
	  "not said" },
	{ "a signature of one of two",
	  { { 'A', { KIND }, { COSIGN "imageIndex" } },
	    { 'B', { KIND }, { COSIGN "imageIndex" } },
	    { 'S', { KIND }, { COSIGN "sigs" } } },
	  0,
	  ERR_FORMAT,
	  "has 2 that" },
	{ "a subject that is no descriptor", { { 'J', { NULL }, { NULL } } }, 0, ERR_FORMAT, "a descriptor needs" },
	{ "another content", { { 'A', { NULL }, { NULL } } }, 'A', ERR_DIGEST, "" },
};

START_TEST(refused)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	struct layout_survey s;
	struct err err = { 0 };
	enum err_code got;

	write_layout(bad[_i].rows);
	if (bad[_i].spoiled != 0) {
		struct image_item *it = &b.items[item(bad[_i].spoiled)];

		it->bytes[0] ^= 1;
		put_blob(it);
	}
	ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_OK);
	got = layout_survey_make(l, &s, &err);
	ck_assert_msg(got == bad[_i].want, "%s: %d %s", bad[_i].name, got, err.msg);
	ck_assert_msg(strstr(err.msg, bad[_i].message) != NULL, "%s: %s", bad[_i].name, err.msg);
	ck_assert_msg(strstr(err.msg, folder) != NULL, "%s: %s", bad[_i].name, err.msg);
}
END_TEST

/* What its index names and the layout lacks: whoever wants it will say so. */
START_TEST(absent)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(layout_survey_release) struct layout_survey s = { 0 };
	const struct row rows[] = { { 'X', { NULL }, { NULL } },
				    { 'F', { REF }, { "%a" } },
				    { 0, { NULL }, { NULL } } };
	char name[256];
	size_t i;

	write_layout(rows);
	for (i = 0; i < 2; i++) {
		CLEANUP(free_ptr) char *path = NULL;

		snprintf(name, sizeof(name), "blobs/sha256/%s", digest_hex(&b.items[item(rows[i].letter)].digest));
		path = folder_path(folder, name);
		ck_assert_int_eq(remove(path), 0);
	}
	ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_OK);
	ck_assert_int_eq(layout_survey_make(l, &s, NULL), ERR_OK);
	ck_assert_uint_eq(s.images_len, 1);
	ck_assert_uint_eq(s.links_len, 0);
}
END_TEST

/* The fallback tag of a longer digest is cut, cosign's is not: both are the subject's. */
START_TEST(sha512)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(layout_survey_release) struct layout_survey s = { 0 };
	CLEANUP(buf_release) struct buf index = { .max = MIB };
	const struct layout_link *links = NULL;
	struct digest like, subject;

	ck_assert_int_eq(digest_parse("sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5"
				      "d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
				      &like, NULL),
			 ERR_OK);
	ck_assert_int_eq(digest_of("x", 1, &like, &subject, NULL), ERR_OK);
	ck_assert_int_eq(buf_printf(&index, NULL,
				    "{\"manifests\":[{%s,\"annotations\":{\"" REF "\":\"sha512-%.64s\"}},"
				    "{%s,\"annotations\":{\"" REF "\":\"sha512-%s.sig\"}}]}",
				    of('F').t, digest_hex(&subject), of('B').t, digest_hex(&subject)),
			 ERR_OK);
	folder_put(folder, "index.json", index.data, index.len);
	ck_assert_int_eq(layout_open(folder, false, &l, NULL), ERR_OK);
	ck_assert_int_eq(layout_survey_make(l, &s, NULL), ERR_OK);
	ck_assert_uint_eq(layout_survey_links_of(&s, &subject, &links), 2);
	ck_assert_int_eq(links[0].kind, LINK_SUBJECT);
	ck_assert_int_eq(letter_of(&links[0].referrer.digest), 'S');
	ck_assert_int_eq(links[1].kind, LINK_SIG);
	ck_assert_uint_eq(s.images_len, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("layout_survey");
	TCase *t = tcase_create("layout_survey");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, survey, 0, COUNT_OF(cases));
	tcase_add_loop_test(t, refused, 0, COUNT_OF(bad));
	tcase_add_test(t, absent);
	tcase_add_test(t, sha512);
	suite_add_tcase(s, t);
	return test_run(s);
}
