/* Keys and revocations, put into a site's trust and taken out of it: what is there then, and what is there when the
 * disk is full or the process is killed in between. */
#include "tests/lib/faults.h"

#include <check.h>
#include <sys/wait.h>

#include "bundles/keyring.h"
#include "bundles/site_change.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/seal_keys.h"
#include "tests/lib/stride.h"
#include "tests/lib/test_main.h"
#include "trust/fingerprint.h"
#include "trust/revoked.h"
#include "trust/site.h"
#include "trust/site_edit.h"

#define POSITIONS_MAX 200
#define SCOPE "acme.example/*"
#define OTHER_SCOPE "acme.example/other/*"
#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER_DIGEST "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HINT "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo="

#define REJECT "{\"default\":[{\"type\":\"reject\"}]}"
#define ACCEPT "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}"
#define KEY_AT(path) "{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"" path "\"}]}"
#define BESIDE KEY_AT("acme.pub")

static char *folder, *site;

static void not_synced(int fd)
{
	(void)fd;
}

static void set_up(void)
{
	faults_synced = not_synced;
	folder = folder_new();
	site = folder_path(folder, "site");
	ck_assert_int_eq(setenv(SITE_VARIABLE, site, 1), 0);
	ck_assert_int_eq(chdir(folder), 0);
	folder_put(folder, "reject.json", REJECT, strlen(REJECT));
	folder_put(folder, "accept.json", ACCEPT, strlen(ACCEPT));
	folder_put(folder, "beside.json", BESIDE, strlen(BESIDE));
	folder_put(folder, "loose.json", KEY_AT("../loose.pub"), strlen(KEY_AT("../loose.pub")));
	folder_put(folder, "above.json", KEY_AT("../acme.pub"), strlen(KEY_AT("../acme.pub")));
	folder_put(folder, "loose.pub", key_p256_pub, strlen(key_p256_pub));
	ck_assert_int_eq(chmod("loose.pub", 0666), 0);
	folder_put(folder, "acme.pub", key_p256_pub, strlen(key_p256_pub));
	folder_put(folder, "same.pem", key_p256_pub_compressed, strlen(key_p256_pub_compressed));
	folder_put(folder, "other.pub", key_p384_pub, strlen(key_p384_pub));
	folder_put(folder, "private.pem", key_p256, strlen(key_p256));
	folder_put(folder, "a key.pub", key_ed25519_pub, strlen(key_ed25519_pub));
	folder_put(folder, "scoped.pub", "Scope: b.example/x\n", 19);
}

static void tear_down(void)
{
	free(site);
	folder_remove(folder);
}

enum verb { ADD, REPLACE, REMOVE, REVOKE, UNREVOKE, POLICY, REPLACE_POLICY, REMOVE_POLICY };

struct step {
	enum verb verb;
	const char *what, *name, *scope;
	enum err_code want;
	const char *says; /* in the message, or the path */
};

static enum err_code take(const struct step *s, struct site_done *done, struct err *err)
{
	const char *item = s->scope;
	struct opt_list scopes = { .items = &item, .len = s->scope != NULL };
	struct site_wish wish = { .name = s->name, .scopes = &scopes, .replace = s->verb == REPLACE };

	switch (s->verb) {
	case ADD:
	case REPLACE:
		return site_add_key(s->what, &wish, done, err);
	case REMOVE:
		return site_remove_key(s->what, done, err);
	case POLICY:
	case REPLACE_POLICY:
		return site_add_policy(s->what, s->verb == REPLACE_POLICY, done, err);
	case REMOVE_POLICY:
		return site_remove_policy(done, err);
	case REVOKE:
		return site_revoke(s->what, s->name, done, err);
	default:
		return site_unrevoke(s->what, done, err);
	}
}

static const struct {
	const char *name;
	struct step steps[4];
} sessions[] = {
	{ "a key, by its file's name", { { ADD, "acme.pub", NULL, NULL, ERR_OK, "keys.d/acme.pem" } } },
	{ "twice the same",
	  { { ADD, "acme.pub", NULL, SCOPE, ERR_OK, "acme.pem" },
	    { ADD, "acme.pub", NULL, SCOPE, ERR_OK, "acme.pem" } } },
	{ "its scope is never changed by the way",
	  { { ADD, "acme.pub", NULL, SCOPE, ERR_OK, "acme.pem" },
	    { ADD, "acme.pub", NULL, NULL, ERR_CONFLICT, "--replace" },
	    { REPLACE, "acme.pub", NULL, OTHER_SCOPE, ERR_OK, "acme.pem" } } },
	{ "another key under the name",
	  { { ADD, "acme.pub", NULL, NULL, ERR_OK, "acme.pem" },
	    { ADD, "other.pub", "acme", NULL, ERR_CONFLICT, "another key" },
	    { REPLACE, "other.pub", "acme", NULL, ERR_OK, "acme.pem" } } },
	{ "the key under another name, written in another way",
	  { { ADD, "acme.pub", NULL, NULL, ERR_OK, "acme.pem" },
	    { ADD, "same.pem", NULL, NULL, ERR_CONFLICT, "keys.d/acme.pem" },
	    { REPLACE, "same.pem", NULL, NULL, ERR_CONFLICT, "keys.d/acme.pem" } } },
	{ "no name",
	  { { ADD, "a key.pub", NULL, NULL, ERR_USAGE, "--name" }, { ADD, "a key.pub", "a", NULL, ERR_OK, "a.pem" } } },
	{ "bad names",
	  { { ADD, "acme.pub", "../x", NULL, ERR_USAGE, "../x" },
	    { ADD, "acme.pub", ".x", NULL, ERR_USAGE, ".x" },
	    { REVOKE, DIGEST, "a/b", NULL, ERR_USAGE, "a/b" } } },
	{ "no scope", { { ADD, "acme.pub", NULL, "alpine", ERR_USAGE, "alpine" } } },
	{ "a private key", { { ADD, "private.pem", NULL, NULL, ERR_FORMAT, "public half" } } },
	{ "no key", { { ADD, "scoped.pub", NULL, NULL, ERR_FORMAT, "scoped.pub" } } },
	{ "nothing there", { { ADD, "missing.pub", NULL, NULL, ERR_NOT_FOUND, "missing.pub" } } },
	{ "removed by name",
	  { { ADD, "acme.pub", NULL, NULL, ERR_OK, "acme.pem" },
	    { REMOVE, "acme", NULL, NULL, ERR_OK, "acme.pem" },
	    { REMOVE, "acme", NULL, NULL, ERR_NOT_FOUND, "acme" } } },
	{ "removed by the name of its file",
	  { { ADD, "acme.pub", NULL, NULL, ERR_OK, "acme.pem" },
	    { REMOVE, "acme.pem", NULL, NULL, ERR_OK, "acme.pem" } } },
	{ "never removed out of other folders",
	  { { ADD, "acme.pub", NULL, NULL, ERR_OK, "acme.pem" },
	    { REMOVE, "../../acme.pub", NULL, NULL, ERR_NOT_FOUND, "" },
	    { REMOVE, "..", NULL, NULL, ERR_NOT_FOUND, "" } } },
	{ "a digest",
	  { { REVOKE, DIGEST, NULL, NULL, ERR_OK, "revoked.d/sha256-aaaaaaaaaaaaaaaa.list" },
	    { REVOKE, DIGEST, "again", NULL, ERR_OK, "revoked.d/sha256-aaaaaaaaaaaaaaaa.list" },
	    { UNREVOKE, "sha256-aaaaaaaaaaaaaaaa", NULL, NULL, ERR_OK, "" } } },
	{ "a fingerprint", { { REVOKE, HINT, NULL, NULL, ERR_OK, "revoked.d/key-aaaaaaaaaaaaaaaa.list" } } },
	{ "a key that is not one of the site's",
	  { { REVOKE, "other.pub", NULL, NULL, ERR_OK, "revoked.d/other.list" } } },
	{ "one of the site's, which then cannot be added again",
	  { { ADD, "acme.pub", "vendor", NULL, ERR_OK, "vendor.pem" },
	    { REVOKE, "vendor", NULL, NULL, ERR_OK, "revoked.d/vendor.list" },
	    { ADD, "acme.pub", NULL, NULL, ERR_CONFLICT, "revoked.d/vendor.list" },
	    { REVOKE, "same.pem", NULL, NULL, ERR_OK, "revoked.d/vendor.list" } } },
	{ "two under one name",
	  { { REVOKE, DIGEST, "x", NULL, ERR_OK, "x.list" }, { REVOKE, HINT, "x", NULL, ERR_OK, "x.list" } } },
	{ "something else under the name",
	  { { REVOKE, DIGEST, "x", NULL, ERR_OK, "x.list" },
	    { REVOKE, "other.pub", "x", NULL, ERR_CONFLICT, "--name" } } },
	{ "a policy, never changed by the way",
	  { { POLICY, "reject.json", NULL, NULL, ERR_OK, "site/policy.json" },
	    { POLICY, "reject.json", NULL, NULL, ERR_OK, "site/policy.json" },
	    { POLICY, "accept.json", NULL, NULL, ERR_CONFLICT, "--replace" },
	    { REPLACE_POLICY, "accept.json", NULL, NULL, ERR_OK, "site/policy.json" } } },
	{ "a policy taken away",
	  { { POLICY, "reject.json", NULL, NULL, ERR_OK, "site/policy.json" },
	    { REMOVE_POLICY, "", NULL, NULL, ERR_OK, "site/policy.json" },
	    { REMOVE_POLICY, "", NULL, NULL, ERR_NOT_FOUND, "site/policy.json" } } },
	{ "no policy", { { POLICY, "acme.pub", NULL, NULL, ERR_FORMAT, "site/policy.json" } } },
	{ "a policy whose key does not lie where it will be looked for",
	  { { POLICY, "beside.json", NULL, NULL, ERR_NOT_FOUND, "site/acme.pub" } } },
	{ "a policy whose key others can write to",
	  { { POLICY, "loose.json", NULL, NULL, ERR_UNPROVED, "loose.pub: others can write to it" } } },
	{ "a policy whose key lies elsewhere", { { POLICY, "above.json", NULL, NULL, ERR_OK, "site/policy.json" } } },
	{ "nothing known", { { REVOKE, "nobody", NULL, NULL, ERR_USAGE, "nobody" } } },
	{ "no revocation",
	  { { REVOKE, DIGEST, NULL, NULL, ERR_OK, "" }, { UNREVOKE, "nobody", NULL, NULL, ERR_NOT_FOUND, "nobody" } } },
};

START_TEST(session)
{
	size_t i;

	for (i = 0; i < COUNT_OF(sessions[_i].steps) && sessions[_i].steps[i].what != NULL; i++) {
		const struct step *s = &sessions[_i].steps[i];
		CLEANUP(site_done_release) struct site_done done = { 0 };
		struct err err = { .code = ERR_OK };
		enum err_code got = take(s, &done, &err);

		ck_assert_msg(got == s->want, "%s, %zu: %d (%s)", sessions[_i].name, i, got, err.msg);
		ck_assert_msg(strstr(got == ERR_OK ? done.path : err.msg, s->says) != NULL, "%s, %zu: %s",
			      sessions[_i].name, i, got == ERR_OK ? done.path : err.msg);
	}
	ck_assert(folder_has(folder, "acme.pub"));
}
END_TEST

/* A slip in BUNDLE_TRUST must not become an empty folder, in which anything goes. */
static const struct step vain[] = {
	{ ADD, "missing.pub", NULL, NULL, ERR_NOT_FOUND, NULL },
	{ ADD, "acme.pub", "../x", NULL, ERR_USAGE, NULL },
	{ REMOVE, "acme", NULL, NULL, ERR_NOT_FOUND, NULL },
	{ REVOKE, "nobody", NULL, NULL, ERR_USAGE, NULL },
	{ REVOKE, DIGEST, "a/b", NULL, ERR_USAGE, NULL },
	{ UNREVOKE, "nobody", NULL, NULL, ERR_NOT_FOUND, NULL },
	{ POLICY, "acme.pub", NULL, NULL, ERR_FORMAT, NULL },
	{ POLICY, "beside.json", NULL, NULL, ERR_NOT_FOUND, NULL },
	{ REMOVE_POLICY, "", NULL, NULL, ERR_NOT_FOUND, NULL },
};

START_TEST(makes_no_folder_in_vain)
{
	struct err err = { .code = ERR_OK };
	enum err_code got = take(&vain[_i], NULL, &err);

	ck_assert_msg(got == vain[_i].want, "%d: %s", got, err.msg);
	ck_assert_msg(!folder_has(folder, "site"), "%s", err.msg);
}
END_TEST

/* What may be written is what may be read: the folder and the files that are made pass the check. */
START_TEST(made_for_reading)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	CLEANUP(keyring_release) struct keyring ring = { 0 };
	CLEANUP(revoked_release) struct revoked r = { 0 };
	const struct step add = { ADD, "acme.pub", NULL, SCOPE, ERR_OK, NULL };
	const struct step revoke = { REVOKE, DIGEST, NULL, NULL, ERR_OK, NULL };
	struct err err = { .code = ERR_OK };

	umask(0);
	ck_assert_msg(take(&add, &done, &err) == ERR_OK, "%s", err.msg);
	site_done_release(&done);
	ck_assert_msg(take(&revoke, &done, &err) == ERR_OK, "%s", err.msg);
	ck_assert_msg(keyring_load_machine(&ring, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(ring.len, 1);
	ck_assert(scope_covers(&ring.keys[0].scope, "acme.example/a:1"));
	ck_assert(!scope_covers(&ring.keys[0].scope, "docker.io/library/a:1"));
	ck_assert_msg(revoked_load(&r, &err) == ERR_OK, "%s", err.msg);
	ck_assert_uint_eq(r.len, 1);
}
END_TEST

/* A key whose scopes make its file longer than anybody would read is refused before it is there. */
START_TEST(long_scopes)
{
	static const char *items[SCOPE_PATTERNS_MAX];
	const struct opt_list scopes = { .items = items, .len = COUNT_OF(items) };
	CLEANUP(site_done_release) struct site_done done = { 0 };
	CLEANUP(free_ptr) char *path = folder_path(folder, "acme.pub");
	struct err err = { .code = ERR_OK };
	size_t i;

	for (i = 0; i < COUNT_OF(items); i++)
		items[i] = "registry.example.com/a-long-name-that-is-no-longer-than-others";
	ck_assert_int_eq(site_add_key(path, &(struct site_wish){ .scopes = &scopes }, &done, &err), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "acme.pub with its scopes: "));
	ck_assert(!folder_has(folder, "site/keys.d/acme.pem"));
}
END_TEST

/* A file that cannot be read stands in the way of everything but its removal. */
START_TEST(broken)
{
	const struct step remove = { REMOVE, "broken", NULL, NULL, ERR_OK, NULL };
	const struct step add = { ADD, "acme.pub", NULL, NULL, ERR_OK, NULL };
	struct err err = { .code = ERR_OK };

	folder_make_in(folder, "site");
	folder_make_in(folder, "site/keys.d");
	folder_put(folder, "site/keys.d/broken.pem", "hello", 5);
	ck_assert_int_eq(take(&add, NULL, &err), ERR_FORMAT);
	{
		CLEANUP(site_done_release) struct site_done done = { 0 };

		ck_assert_msg(take(&remove, &done, &err) == ERR_OK, "%s", err.msg);
		ck_assert_uint_eq(done.is_left, 0);
	}
}
END_TEST

START_TEST(one_at_a_time)
{
	const struct step add = { ADD, "acme.pub", NULL, NULL, ERR_OK, NULL };
	struct err err = { .code = ERR_OK };
	int lock = -1;

	ck_assert_int_eq(site_lock(true, &lock, &err), ERR_OK);
	ck_assert_int_eq(take(&add, NULL, &err), ERR_CONFLICT);
	close(lock);
}
END_TEST

/* ---- faults ---- */

static const struct {
	const char *name;
	struct step before, step;
} changes[] = {
	{ "first key", { 0 }, { ADD, "acme.pub", NULL, SCOPE, ERR_OK, NULL } },
	{ "another key",
	  { ADD, "other.pub", NULL, NULL, ERR_OK, NULL },
	  { ADD, "acme.pub", NULL, SCOPE, ERR_OK, NULL } },
	{ "another scope",
	  { ADD, "acme.pub", NULL, OTHER_SCOPE, ERR_OK, NULL },
	  { REPLACE, "acme.pub", NULL, SCOPE, ERR_OK, NULL } },
	{ "a key less", { ADD, "acme.pub", NULL, SCOPE, ERR_OK, NULL }, { REMOVE, "acme", NULL, NULL, ERR_OK, NULL } },
	{ "a policy", { 0 }, { POLICY, "reject.json", NULL, NULL, ERR_OK, NULL } },
	{ "another policy",
	  { POLICY, "accept.json", NULL, NULL, ERR_OK, NULL },
	  { REPLACE_POLICY, "reject.json", NULL, NULL, ERR_OK, NULL } },
	{ "a revocation",
	  { REVOKE, OTHER_DIGEST, NULL, NULL, ERR_OK, NULL },
	  { REVOKE, DIGEST, NULL, NULL, ERR_OK, NULL } },
};

#define STATE_MAX 1000

/* All that counts, as text. */
static void describe(char out[STATE_MAX])
{
	CLEANUP(keyring_release) struct keyring ring = { 0 };
	CLEANUP(revoked_release) struct revoked r = { 0 };
	CLEANUP(buf_release) struct buf text = { .max = STATE_MAX - 1 };
	struct err err = { .code = ERR_OK };
	size_t i;

	if (folder_has(folder, "site")) {
		ck_assert_msg(keyring_load_machine(&ring, &err) == ERR_OK, "%s", err.msg);
		ck_assert_msg(revoked_load(&r, &err) == ERR_OK, "%s", err.msg);
	}
	for (i = 0; i < ring.len; i++) {
		ck_assert_int_eq(buf_printf(&text, NULL, "%s ", seal_key_hint(ring.keys[i].key)), ERR_OK);
		ck_assert_int_eq(scope_text(&ring.keys[i].scope, &text, NULL), ERR_OK);
	}
	for (i = 0; i < r.len; i++)
		ck_assert_int_eq(buf_printf(&text, NULL, "%s ", r.entries[i].digest.text), ERR_OK);
	if (folder_has(folder, "site/policy.json"))
		ck_assert_msg(site_read(NULL, SITE_POLICY, &text, &err) == ERR_OK, "%s", err.msg);
	memcpy(out, buf_text(&text), text.len + 1);
}

static void begin_anew(size_t change)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	struct err err = { .code = ERR_OK };

	if (folder_has(folder, "site"))
		folder_remove(strdup(site));
	if (changes[change].before.what != NULL)
		ck_assert_msg(take(&changes[change].before, &done, &err) == ERR_OK, "%s", err.msg);
}

/* Whether the fault was met, and how it ended. */
static bool take_with_fault(size_t change, enum faults kind, size_t position, enum err_code *ret_code)
{
	CLEANUP(site_done_release) struct site_done done = { 0 };
	bool met;

	faults_arm(kind, position);
	*ret_code = take(&changes[change].step, &done, NULL);
	met = faults_disarm();
	return met;
}

static bool take_and_die(size_t change, size_t position)
{
	int status = 0;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		enum err_code code;

		take_with_fault(change, FAULTS_KILL, position, &code);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status);
}

/* The old state or the new one, whole; and the same command again ends in the new one. */
static void check_state(size_t change, const char *old, const char *new, size_t position)
{
	struct step again = changes[change].step;
	CLEANUP(site_done_release) struct site_done done = { 0 };
	char now[STATE_MAX];
	struct err err = { .code = ERR_OK };
	enum err_code code;

	describe(now);
	ck_assert_msg(strcmp(now, old) == 0 || strcmp(now, new) == 0, "%s, %zu: %s", changes[change].name, position,
		      now);
	code = take(&again, &done, &err);
	ck_assert_msg(code == ERR_OK || (again.verb == REMOVE && code == ERR_NOT_FOUND), "%s, %zu: %s",
		      changes[change].name, position, err.msg);
	describe(now);
	ck_assert_str_eq(now, new);
}

START_TEST(faults)
{
	char old[STATE_MAX], new[STATE_MAX];
	size_t change = (size_t)_i, position;
	bool met = true;
	enum err_code code;

	begin_anew(change);
	describe(old);
	ck_assert(!take_with_fault(change, FAULTS_NONE, 0, &code));
	ck_assert_int_eq(code, ERR_OK);
	describe(new);
	ck_assert_str_ne(old, new);
	for (position = 0; met; position++) {
		ck_assert_uint_lt(position, POSITIONS_MAX);
		begin_anew(change);
		met = take_with_fault(change, FAULTS_DISK, position, &code);
		ck_assert_int_eq(code != ERR_OK, met);
		check_state(change, old, new, position);
	}
	for (met = true, position = 0; met; position += STRIDE) {
		ck_assert_uint_lt(position, POSITIONS_MAX);
		begin_anew(change);
		met = take_and_die(change, position);
		check_state(change, old, new, position);
	}
	for (met = true, position = 0; met; position++) {
		begin_anew(change);
		met = take_with_fault(change, FAULTS_MEMORY, position, &code);
		if (code != ERR_OK)
			check_state(change, old, new, position);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("site_change");
	TCase *t = tcase_create("verbs");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, session, 0, (int)COUNT_OF(sessions));
	tcase_add_loop_test(t, makes_no_folder_in_vain, 0, (int)COUNT_OF(vain));
	tcase_add_test(t, made_for_reading);
	tcase_add_test(t, long_scopes);
	tcase_add_test(t, broken);
	tcase_add_test(t, one_at_a_time);
	tcase_add_loop_test(t, faults, 0, (int)COUNT_OF(changes));
	suite_add_tcase(s, t);
	return test_run(s);
}
