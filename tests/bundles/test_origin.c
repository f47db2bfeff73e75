#include "bundles/origin.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/sealing.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/sealed.h"
#include "tests/lib/test_main.h"
#include "trust/site.h"

#define NAME "docker.io/library/app:1"
#define LIST_MAX 4

struct fixture {
	struct image_builder b;
	struct bundle *bundle;
	char *path, *folder;
	struct origin origin;
	struct err err;
};

static void set_up(struct fixture *f, const char *image)
{
	*f = (struct fixture){ .path = file_new(), .folder = folder_new() };
	image_builder_init(&f->b);
	image_sample(&f->b, image, &(struct image_sample){ .one_manifest = true });
	bundle_put(&f->b, f->path, 65536);
	ck_assert_int_eq(bundle_open(f->path, &f->bundle, &f->err), ERR_OK);
	folder_make_in(f->folder, "keys.d");
	folder_make_in(f->folder, "revoked.d");
	ck_assert_int_eq(setenv(SITE_VARIABLE, f->folder, 1), 0);
}

static void tear_down(struct fixture *f)
{
	origin_release(&f->origin);
	bundle_close(f->bundle);
	image_builder_release(&f->b);
	file_remove(f->path);
	folder_remove(f->folder);
}

static enum err_code demand_by(struct fixture *f, const struct opt_list *keys, const struct opt_list *seals,
			       unsigned threshold)
{
	struct origin_wanted wanted = { .keys = keys, .seals = seals, .threshold = threshold };

	return origin_demand(f->bundle, &wanted, &f->origin, &f->err);
}

static const struct {
	const char *name;
	const char *sealed[LIST_MAX], *keys[LIST_MAX];
	const char *machine, *beside; /* a public key in keys.d, who has sealed it beside the file */
	const char *proof;            /* whose seal is the proof */
	enum err_code want;
	const char *says;
} cases[] = {
	{ "no key, unsigned", {}, {}, NULL, NULL, NULL, ERR_OK, "" },
	{ "no key, sealed", { key_p256 }, {}, NULL, NULL, NULL, ERR_OK, "" },
	{ "unsigned", {}, { key_p256_pub }, NULL, NULL, NULL, ERR_UNPROVED, "it is unsigned; wanted: key " },
	{ "sealed", { key_p256 }, { key_p256_pub }, NULL, NULL, key_p256_pub, ERR_OK, "" },
	{ "sealed by another", { key_p384 }, { key_p256_pub }, NULL, NULL, NULL, ERR_UNPROVED, "it is sealed by key " },
	{ "one of the seals", { key_p384, key_p256 }, { key_p256_pub }, NULL, NULL, key_p256_pub, ERR_OK, "" },
	{ "one of the keys", { key_p384 }, { key_p256_pub, key_p384_pub }, NULL, NULL, key_p384_pub, ERR_OK, "" },
	{ "no seal of the keys",
	  { key_p384, key_ed25519 },
	  { key_p256_pub, key_rsa2048_pub },
	  NULL,
	  NULL,
	  NULL,
	  ERR_UNPROVED,
	  " or " },
	{ "the machine's key", { key_p256 }, {}, key_p256_pub, NULL, key_p256_pub, ERR_OK, "" },
	{ "the machine's key, unsigned", {}, {}, key_p256_pub, NULL, NULL, ERR_UNPROVED, "machine.pem" },
	{ "the machine's key, chosen", { key_p256 }, { key_p256_pub }, key_p256_pub, NULL, key_p256_pub, ERR_OK, "" },
	{ "never widened",
	  { key_p384 },
	  { key_p384_pub },
	  key_p256_pub,
	  NULL,
	  NULL,
	  ERR_UNPROVED,
	  "not a key of this" },
	{ "narrowed", { key_p384 }, { key_p384_pub, key_p256_pub }, key_p256_pub, NULL, NULL, ERR_UNPROVED, "" },
	{ "beside", {}, { key_p256_pub }, NULL, key_p256, key_p256_pub, ERR_OK, "" },
	{ "beside, by another", {}, { key_p256_pub }, NULL, key_p384, NULL, ERR_UNPROVED, "it is sealed by key " },
	{ "beside, and in a slot", { key_p384 }, { key_p256_pub }, NULL, key_p256, key_p256_pub, ERR_OK, "" },
};

static void put_keys(struct fixture *f, const char *const *pems, char **paths, struct opt_list *list)
{
	size_t i;

	for (i = 0; i < LIST_MAX && pems[i] != NULL; i++) {
		char name[] = { 'k', (char)('0' + i), '\0' };

		folder_put(f->folder, name, pems[i], strlen(pems[i]));
		paths[i] = folder_path(f->folder, name);
		list->items[list->len++] = paths[i];
	}
}

START_TEST(demand)
{
	const char *key_items[LIST_MAX], *seal_items[1];
	char *paths[LIST_MAX] = { NULL }, *beside = NULL;
	struct opt_list keys = { .items = key_items }, seals = { .items = seal_items };
	struct fixture f;
	enum err_code got;
	size_t i;

	set_up(&f, NAME);
	for (i = 0; i < LIST_MAX && cases[_i].sealed[i] != NULL; i++)
		sealed_by(f.bundle, cases[_i].sealed[i]);
	put_keys(&f, cases[_i].keys, paths, &keys);
	if (cases[_i].machine != NULL)
		folder_put(f.folder, "keys.d/machine.pem", cases[_i].machine, strlen(cases[_i].machine));
	if (cases[_i].beside != NULL) {
		struct buf text = { .max = SEAL_TEXT_MAX };

		sealed_text(f.bundle, cases[_i].beside, &text);
		folder_put(f.folder, "seal.json", text.data, text.len);
		seal_items[seals.len++] = beside = folder_path(f.folder, "seal.json");
		buf_release(&text);
	}
	got = demand_by(&f, &keys, &seals, 0);
	ck_assert_msg(got == cases[_i].want, "%s: %d (%s)", cases[_i].name, got, f.err.msg);
	if (got != ERR_OK)
		ck_assert_msg(strstr(f.err.msg, cases[_i].says) != NULL, "%s: %s", cases[_i].name, f.err.msg);
	ck_assert((f.origin.proof != NULL) == (cases[_i].proof != NULL));
	if (cases[_i].proof != NULL) {
		struct seal_key *key = sealed_key(cases[_i].proof, false);

		ck_assert_str_eq(seal_key_hint(f.origin.proof->key), seal_key_hint(key));
		seal_key_free(key);
	}
	for (i = 0; i < LIST_MAX; i++)
		free(paths[i]);
	free(beside);
	tear_down(&f);
}
END_TEST

/* Judge what stands in slot 0 by the key of P-256. */
static enum err_code judge_slot(struct fixture *f, const char *text, size_t len)
{
	struct opt_list none = { 0 };
	size_t slot = 9;
	enum err_code code;

	ck_assert_msg(sealing_put(f->bundle, text, len, "", &slot, &f->err) == ERR_OK, "%s", f->err.msg);
	folder_put(f->folder, "keys.d/machine.pem", key_p256_pub, strlen(key_p256_pub));
	code = demand_by(f, &none, &none, 0);
	ck_assert_uint_eq(f->origin.len, 1);
	return code;
}

/* A seal over another bundle, by a key that counts and by one that does not: it is no seal of this one. */
START_TEST(of_another_bundle)
{
	const char *keys[] = { key_p256, key_p384 };
	struct buf text = { .max = SEAL_TEXT_MAX };
	struct fixture one, other;

	set_up(&other, "docker.io/library/app:2");
	sealed_text(other.bundle, keys[_i], &text);
	tear_down(&other);
	set_up(&one, NAME);
	ck_assert_int_eq(judge_slot(&one, text.data, text.len), ERR_UNPROVED);
	ck_assert_msg(strstr(one.err.msg, "seals another bundle") != NULL, "%s", one.err.msg);
	buf_release(&text);
	tear_down(&one);
}
END_TEST

/* The name of a key that counts, over this bundle, but signed by another. */
START_TEST(forged)
{
	struct buf text = { .max = SEAL_TEXT_MAX };
	struct seal_key *key = sealed_key(key_p256_pub, false);
	struct fixture f;
	struct seal seal;

	set_up(&f, NAME);
	sealed_text(f.bundle, key_ed25519, &text);
	ck_assert_int_eq(seal_read(text.data, text.len, "seal", &seal, &f.err), ERR_OK);
	strcpy(seal.hint, seal_key_hint(key));
	buf_clear(&text);
	ck_assert_int_eq(seal_write(&seal, &text, &f.err), ERR_OK);
	ck_assert_int_eq(judge_slot(&f, text.data, text.len), ERR_UNPROVED);
	ck_assert_msg(strstr(f.err.msg, "is not its signature") != NULL, "%s", f.err.msg);
	seal_key_free(key);
	buf_release(&text);
	tear_down(&f);
}
END_TEST

/* A name that is wrong does not matter: the signature does. */
START_TEST(misnamed)
{
	struct buf text = { .max = SEAL_TEXT_MAX };
	struct fixture f;
	struct seal seal;

	set_up(&f, NAME);
	sealed_text(f.bundle, key_p256, &text);
	ck_assert_int_eq(seal_read(text.data, text.len, "seal", &seal, &f.err), ERR_OK);
	strcpy(seal.hint, "somebody");
	buf_clear(&text);
	ck_assert_int_eq(seal_write(&seal, &text, &f.err), ERR_OK);
	ck_assert_int_eq(judge_slot(&f, text.data, text.len), ERR_OK);
	ck_assert_ptr_nonnull(f.origin.proof);
	buf_release(&text);
	tear_down(&f);
}
END_TEST

START_TEST(no_seal_in_slot)
{
	struct fixture f;

	set_up(&f, NAME);
	ck_assert_int_eq(judge_slot(&f, "{\"a\":1}", 7), ERR_UNPROVED);
	ck_assert_msg(strstr(f.err.msg, "bundle.json.sigstore.0.json") != NULL, "%s", f.err.msg);
	sealed_by(f.bundle, key_p256); /* it does not stand in the way of another */
	ck_assert_int_eq(origin_judge(f.bundle, &f.origin, &f.err), ERR_UNPROVED);
	origin_release(&f.origin);
	ck_assert_int_eq(demand_by(&f, &(struct opt_list){ 0 }, &(struct opt_list){ 0 }, 0), ERR_OK);
	tear_down(&f);
}
END_TEST

/* One bit of a slot that nobody uses. */
START_TEST(torn_slot)
{
	struct opt_list none = { 0 };
	struct fixture f;
	size_t slot = 9;

	set_up(&f, NAME);
	ck_assert_int_eq(sealing_put(f.bundle, "!", 1, "", &slot, &f.err), ERR_OK);
	ck_assert_int_eq(demand_by(&f, &none, &none, 0), ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(f.err.msg, "bundle.json.sigstore.0.json is damaged: neither blank"));
	origin_release(&f.origin);
	sealed_by(f.bundle, key_p256); /* a seal takes its place */
	ck_assert_msg(demand_by(&f, &none, &none, 0) == ERR_OK, "%s", f.err.msg);
	tear_down(&f);
}
END_TEST

START_TEST(no_seal_beside)
{
	const char *items[1];
	struct opt_list none = { 0 }, seals = { .items = items, .len = 1 };
	struct fixture f;
	char *path;

	set_up(&f, NAME);
	path = folder_path(f.folder, "seal.json");
	items[0] = path;
	ck_assert_int_eq(demand_by(&f, &none, &seals, 0), ERR_NOT_FOUND);
	origin_release(&f.origin);
	folder_put(f.folder, "seal.json", "hello", 5);
	ck_assert_int_eq(demand_by(&f, &none, &seals, 0), ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(f.err.msg, path));
	free(path);
	tear_down(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("origin");
	TCase *t = tcase_create("verdicts");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, demand, 0, (int)COUNT_OF(cases));
	tcase_add_loop_test(t, of_another_bundle, 0, 2);
	tcase_add_test(t, forged);
	tcase_add_test(t, misnamed);
	tcase_add_test(t, no_seal_in_slot);
	tcase_add_test(t, torn_slot);
	tcase_add_test(t, no_seal_beside);
	suite_add_tcase(s, t);
	return test_run(s);
}
