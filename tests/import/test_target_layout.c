#include "import/target_layout.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/profile.h"
#include "common/layout_survey.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/image_builder.h"
#include "tests/lib/test_main.h"

#define A "docker.io/library/a:1"
#define B "docker.io/library/b:1"

static char *folder, *path, *file;
static struct image_builder images;
static enum layout_owner owner;

static void setup(void)
{
	folder = folder_new();
	path = folder_path(folder, "layout");
	file = file_new();
	image_builder_init(&images);
	owner = LAYOUT_SHARED;
}

static void teardown(void)
{
	image_builder_release(&images);
	file_remove(file);
	free(path);
	folder_remove(folder);
}

/* Bring what the builder has, as one bundle; the plan is the caller's.  What others do meanwhile comes after probe. */
static enum err_code bring_beside(bool replace, void (*others)(void), struct plan *ret_plan, struct err *err)
{
	static struct mapping names;
	CLEANUP(bundle_close_ptr) struct bundle *bundle = NULL;
	static struct progress progress;
	struct target *t = NULL;
	enum err_code code;

	bundle_put(&images, file, 10000);
	ck_assert_int_eq(bundle_open(file, &bundle, NULL), ERR_OK);
	ck_assert_int_eq(plan_make(bundle, &names, ret_plan, NULL), ERR_OK);
	progress_init(&progress, PROGRESS_QUIET, stderr, NULL);
	ret_plan->progress = &progress;
	ret_plan->replace = replace;
	ck_assert_int_eq(target_layout_new(path, "oci:x", owner, &t, NULL), ERR_OK);
	code = t->probe(t, ret_plan, err);
	if (others != NULL)
		others();
	if (code == ERR_OK)
		code = t->write(t, ret_plan, err);
	if (code == ERR_OK)
		code = t->read_back(t, ret_plan, err);
	t->free(t);
	return code;
}

static enum err_code bring(bool replace, struct plan *ret_plan, struct err *err)
{
	return bring_beside(replace, NULL, ret_plan, err);
}

static enum err_code bring_only(bool replace, struct err *err)
{
	CLEANUP(plan_release) struct plan plan = { 0 };

	return bring(replace, &plan, err);
}

/* The entries of index.json with this ref.name. */
static size_t count_tags(const char *tag)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	size_t count = 0, i;

	ck_assert_int_eq(layout_open(path, false, &l, NULL), ERR_OK);
	for (i = 0; i < layout_len(l); i++) {
		const char *ref = layout_at(l, i)->ref_name;

		count += ref != NULL && strcmp(ref, tag) == 0;
	}
	return count;
}

static bool is_of(const struct layout_entry *e, const struct digest *digest)
{
	return strcmp(layout_descriptor(e).digest.text, digest->text) == 0;
}

START_TEST(whole)
{
	unsigned turn;

	image_sample(&images, A, &(struct image_sample){ .sha512 = true, .empty_layer = true });
	for (turn = 0; turn < 2; turn++) {
		CLEANUP(plan_release) struct plan plan = { 0 };
		struct err err = { 0 };

		ck_assert_msg(bring(false, &plan, &err) == ERR_OK, "%s", err.msg);
		ck_assert_int_eq(plan.sent_bytes == 0, turn == 1);
		ck_assert_uint_eq(plan.images[0].platforms, 2);
		ck_assert_uint_eq(plan.images[0].attestations, 1);
		ck_assert_uint_eq(plan.images[0].referrers, 3);
	}
	ck_assert_uint_eq(count_tags(A), 1);
}
END_TEST

/* A name moves only where that is asked for.  What it stood for is still listed where others may want it, and is no
 * image in the store; its children are none anywhere. */
START_TEST(replaced)
{
	CLEANUP(layout_survey_release) struct layout_survey survey = { 0 };
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(plan_release) struct plan plan = { 0 };
	struct err err = { 0 };
	struct digest was;

	owner = _i == 0 ? LAYOUT_SHARED : LAYOUT_OURS;
	image_sample(&images, A, &(struct image_sample){ 0 });
	was = images.items[images.tags[0].root].digest;
	ck_assert_int_eq(bring_only(false, NULL), ERR_OK);
	image_builder_release(&images);
	image_builder_init(&images);
	image_sample(&images, A, &(struct image_sample){ .raw_bytes = 500 });
	ck_assert_int_eq(bring_only(false, &err), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, was.text));
	ck_assert_msg(bring(true, &plan, &err) == ERR_OK, "%s", err.msg);
	ck_assert(digest_equal(&plan.images[0].was, &was));
	ck_assert_int_eq(layout_open(path, false, &l, NULL), ERR_OK);
	ck_assert_int_eq(layout_survey_make(l, &survey, NULL), ERR_OK);
	ck_assert_uint_eq(survey.images_len, owner == LAYOUT_SHARED ? 2 : 1);
	ck_assert(owner == LAYOUT_OURS || is_of(survey.images[0], &was) || is_of(survey.images[1], &was));
}
END_TEST

static void remove_all(void)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	bool drop[16];

	memset(drop, true, sizeof(drop));
	ck_assert_int_eq(layout_open(path, false, &l, NULL), ERR_OK);
	ck_assert_int_eq(layout_lock(l, NULL), ERR_OK);
	ck_assert_uint_le(layout_len(l), COUNT_OF(drop));
	ck_assert_int_eq(layout_drop(l, drop, NULL), ERR_OK);
}

/* What has been removed since it was looked at has not moved. */
START_TEST(gone_meanwhile)
{
	CLEANUP(plan_release) struct plan plan = { 0 };
	struct err err = { 0 };

	image_sample(&images, A, &(struct image_sample){ 0 });
	ck_assert_int_eq(bring_only(false, NULL), ERR_OK);
	image_builder_release(&images);
	image_builder_init(&images);
	image_sample(&images, A, &(struct image_sample){ .raw_bytes = 500 });
	ck_assert_msg(bring_beside(true, remove_all, &plan, &err) == ERR_OK, "%s", err.msg);
	ck_assert_str_eq(plan.images[0].was.text, "");
	ck_assert_str_ne(plan.images[0].is.text, "");
}
END_TEST

/* A signature of cosign's with so many layers, of the image that is always the same. */
static void sign(const char *name, size_t layers, struct digest *ret_signature)
{
	char texts[2][IMAGE_DESCRIPTOR_TEXT] = { "", "" }, config[IMAGE_DESCRIPTOR_TEXT];
	size_t image, signature, i;

	image_builder_release(&images);
	image_builder_init(&images);
	image_sample(&images, name, &(struct image_sample){ .one_manifest = true });
	image = images.tags[0].root;
	image_text(&images, image_json(&images, TYPE_OCI_CONFIG, "{\"a\":1}"), config);
	for (i = 0; i < 2; i++)
		image_text(&images, image_json(&images, "application/x", "{\"layer\":%zu}", i), texts[i]);
	signature = image_json(&images, TYPE_OCI_MANIFEST,
			       "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{%s},\"layers\":[{%s}%s%s%s]}",
			       TYPE_OCI_MANIFEST, config, texts[layers == 1 ? 1 : 0], layers > 1 ? ",{" : "",
			       layers > 1 ? texts[1] : "", layers > 1 ? "}" : "");
	image_refer(&images, image, signature, LINK_SIG);
	if (ret_signature != NULL)
		*ret_signature = images.items[signature].digest;
}

/* The images that an export of the layout takes. */
static size_t count_images(void)
{
	CLEANUP(layout_survey_release) struct layout_survey survey = { 0 };
	CLEANUP(layout_close_ptr) struct layout *l = NULL;

	ck_assert_int_eq(layout_open(path, false, &l, NULL), ERR_OK);
	ck_assert_int_eq(layout_survey_make(l, &survey, NULL), ERR_OK);
	return survey.images_len;
}

/* The entries of this digest that are no image. */
static size_t count_referrers(const struct digest *digest)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	size_t count = 0, i;

	ck_assert_int_eq(layout_open(path, false, &l, NULL), ERR_OK);
	for (i = 0; i < layout_len(l); i++)
		count += layout_at(l, i)->subject != NULL && is_of(layout_at(l, i), digest);
	return count;
}

/* An export of the layout finds a signature of cosign's as that. */
static bool has_signature(void)
{
	CLEANUP(layout_survey_release) struct layout_survey survey = { 0 };
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	size_t i;

	ck_assert_int_eq(layout_open(path, false, &l, NULL), ERR_OK);
	ck_assert_int_eq(layout_survey_make(l, &survey, NULL), ERR_OK);
	for (i = 0; i < survey.links_len; i++) {
		if (survey.links[i].kind == LINK_SIG)
			return true;
	}
	return false;
}

/* As if another tool had written it: cosign's tags as names, and nothing about subjects. */
static void make_foreign(void)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(buf_release) struct buf text;
	size_t i;

	buf_init(&text, MIB);
	ck_assert_int_eq(layout_open(path, false, &l, NULL), ERR_OK);
	ck_assert_int_eq(buf_puts(&text, "{\"schemaVersion\":2,\"manifests\":[", NULL), ERR_OK);
	for (i = 0; i < layout_len(l); i++) {
		const struct descriptor d = layout_descriptor(layout_at(l, i));

		ck_assert_int_eq(buf_printf(&text, NULL,
					    "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu,"
					    "\"annotations\":{\"%s\":\"%s\"}}",
					    i > 0 ? "," : "", d.media_type, d.digest.text, (size_t)d.size_bytes,
					    ANNOTATION_REF_NAME, layout_at(l, i)->ref_name),
				 ERR_OK);
	}
	ck_assert_int_eq(buf_puts(&text, "]}", NULL), ERR_OK);
	folder_put(path, "index.json", buf_text(&text), text.len);
}

/* What stands under cosign's tag, and what comes; and whether what stood there is listed still, as a referrer. */
static const struct {
	const char *name;
	size_t had, comes;
	bool foreign, replace, store;
	enum err_code want;
	size_t kept;
} tags[] = {
	{ "the same", 1, 1, false, false, false, ERR_OK, 1 },
	{ "one more signature", 1, 2, false, false, false, ERR_OK, 0 },
	{ "one signature less", 2, 1, false, false, false, ERR_CONFLICT, 1 },
	{ "one signature less, as was asked", 2, 1, false, true, false, ERR_OK, 1 },
	{ "one more signature, as was asked", 1, 2, false, true, false, ERR_OK, 0 },
	{ "of another tool, the same", 1, 1, true, true, false, ERR_OK, 1 },
	{ "of another tool, one signature less", 2, 1, true, false, false, ERR_CONFLICT, 0 },
	{ "of another tool, one signature less, as was asked", 2, 1, true, true, false, ERR_OK, 1 },
	{ "in the store, the same", 1, 1, false, false, true, ERR_OK, 1 },
	{ "in the store, one more signature", 1, 2, false, false, true, ERR_OK, 0 },
	{ "in the store, one signature less", 2, 1, false, false, true, ERR_OK, 1 },
};

START_TEST(cosign_tags)
{
	char tag[PROFILE_TAG_MAX];
	struct err err = { 0 };
	struct digest was;
	enum err_code got;

	owner = tags[_i].store ? LAYOUT_OURS : LAYOUT_SHARED;
	sign(A, tags[_i].had, &was);
	ck_assert_msg(bring_only(false, &err) == ERR_OK, "%s", err.msg);
	if (tags[_i].foreign)
		make_foreign();
	sign(B, tags[_i].comes, NULL);
	got = bring_only(tags[_i].replace, &err);
	ck_assert_msg(got == tags[_i].want, "%s: %d %s", tags[_i].name, got, err.msg);
	snprintf(tag, sizeof(tag), "sha256-%s.sig", digest_hex(&images.items[images.tags[0].root].digest));
	ck_assert_uint_eq(count_tags(tag), 1);
	ck_assert_msg(count_referrers(&was) == tags[_i].kept, "%s", tags[_i].name);
	ck_assert_uint_eq(count_images(), got == ERR_OK ? 2 : 1);
	ck_assert(has_signature());
	if (got != ERR_OK)
		ck_assert_ptr_nonnull(strstr(err.msg, tag));
}
END_TEST

/* A referrer of the image that is always the same. */
static size_t refer(const char *name, const char *content)
{
	char subject[IMAGE_DESCRIPTOR_TEXT], blob[IMAGE_DESCRIPTOR_TEXT], config[IMAGE_DESCRIPTOR_TEXT];
	size_t image, referrer;

	image_builder_release(&images);
	image_builder_init(&images);
	image_sample(&images, name, &(struct image_sample){ .one_manifest = true });
	image = images.tags[0].root;
	image_text(&images, image, subject);
	image_text(&images, image_add(&images, TYPE_OCI_EMPTY, "{}", 2), config);
	image_text(&images, image_json(&images, "application/x", "{\"content\":\"%s\"}", content), blob);
	referrer = image_json(&images, TYPE_OCI_MANIFEST,
			      "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"artifactType\":\"application/x\","
			      "\"config\":{%s},\"layers\":[{%s}],\"subject\":{%s}}",
			      TYPE_OCI_MANIFEST, config, blob, subject);
	image_refer(&images, image, referrer, LINK_SUBJECT);
	return image;
}

/* The index of referrers lists what came before and what comes now, each once; the one before it is no image. */
START_TEST(fallback_merged)
{
	CLEANUP(layout_close_ptr) struct layout *l = NULL;
	CLEANUP(manifest_release) struct manifest m = { 0 };
	CLEANUP(buf_release) struct buf bytes;
	const struct layout_entry *e;
	struct descriptor is;
	char tag[PROFILE_TAG_MAX];
	size_t image;

	buf_init(&bytes, LIMIT_MANIFEST_BYTES);
	refer(A, "one");
	ck_assert_int_eq(bring_only(false, NULL), ERR_OK);
	image = refer(A, "two");
	snprintf(tag, sizeof(tag), "sha256-%s", digest_hex(&images.items[image].digest));
	ck_assert_int_eq(bring_only(false, NULL), ERR_OK);
	ck_assert_int_eq(bring_only(false, NULL), ERR_OK);
	ck_assert_int_eq(layout_open(path, false, &l, NULL), ERR_OK);
	e = layout_find(l, tag);
	ck_assert_ptr_nonnull(e);
	is = layout_descriptor(e);
	ck_assert_int_eq(layout_read_blob(l, &is, &bytes, NULL), ERR_OK);
	ck_assert_int_eq(manifest_parse(buf_text(&bytes), bytes.len, NULL, tag, &m, NULL), ERR_OK);
	ck_assert_uint_eq(m.items_len, 2);
	ck_assert(!digest_equal(&m.items[0].digest, &m.items[1].digest));
	ck_assert_uint_eq(count_images(), 1);
}
END_TEST

/* A tag that looks like an index of referrers and is none stops it. */
START_TEST(fallback_foreign)
{
	CLEANUP(free_ptr) char *index = NULL;
	char text[IMAGE_DESCRIPTOR_TEXT];
	struct err err = { 0 };
	size_t image = refer(A, "one");

	ck_assert_int_eq(bring_only(false, NULL), ERR_OK);
	image_text(&images, image, text);
	ck_assert_int_eq(str_format(&index, NULL,
				    "{\"schemaVersion\":2,\"manifests\":[{%s,\"annotations\":{\"%s\":\"sha256-%s\"}}]}",
				    text, ANNOTATION_REF_NAME, digest_hex(&images.items[image].digest)),
			 ERR_OK);
	folder_put(path, "index.json", index, strlen(index));
	ck_assert_int_eq(bring_only(false, &err), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "no referrers"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("target_layout");
	TCase *t = tcase_create("target_layout");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, whole);
	tcase_add_test(t, gone_meanwhile);
	tcase_add_loop_test(t, replaced, 0, 2);
	tcase_add_loop_test(t, cosign_tags, 0, (int)COUNT_OF(tags));
	tcase_add_test(t, fallback_merged);
	tcase_add_test(t, fallback_foreign);
	suite_add_tcase(s, t);
	return test_run(s);
}
