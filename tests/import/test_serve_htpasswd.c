#include "import/serve_htpasswd.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/base64.h"
#include "common/limits.h"
#include "common/mem.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

#define SECRET "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW" /* "secret" */
#define OTHER "$2b$05$bcdefghijklmnopqrstuvuNGDeA6ASs841tjJRVU65fSmmCttek0y"  /* "other" */
#define EMPTY "$2a$04$cdefghijklmnopqrstuvwuFIexy7nrZU5RUPkiu1IMtyH9uyeCVqq"  /* "" */
#define USERS "ann:" SECRET "\nbob:" OTHER "\neve:" EMPTY "\n"

static char *folder;

static void begin(void)
{
	folder = folder_new();
}

static void end(void)
{
	folder_remove(folder);
}

static enum err_code open_text(const char *text, struct serve_htpasswd **ret_h, struct err *err)
{
	CLEANUP(free_ptr) char *path = folder_path(folder, "htpasswd");

	folder_put(folder, "htpasswd", text, strlen(text));
	return serve_htpasswd_open(path, ret_h, err);
}

static const struct {
	const char *name, *text;
	enum err_code want;
	const char *says;
} files[] = {
	{ "three users", USERS, ERR_OK, NULL },
	{ "no end of line", "ann:" SECRET, ERR_OK, NULL },
	{ "lines of Windows, comments, gaps", "# who\r\n\r\n  ann:" SECRET "\r\n\n#\n", ERR_OK, NULL },
	{ "empty", "", ERR_FORMAT, "no user in it" },
	{ "comments alone", "# ann\n\n", ERR_FORMAT, "no user in it" },
	{ "MD5 of Apache", "ann:" SECRET "\nbob:$apr1$abcdefgh$ijklmnopqrstuvwxyz0123\n", ERR_FORMAT, "htpasswd:2: " },
	{ "SHA-1", "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", ERR_FORMAT, "no bcrypt hash" },
	{ "plain text", "ann:secret\n", ERR_FORMAT, "no bcrypt hash" },
	{ "no hash", "ann:\n", ERR_FORMAT, "no bcrypt hash" },
	{ "no colon", "ann\n", ERR_FORMAT, "not NAME:HASH" },
	{ "no name", ":" SECRET "\n", ERR_FORMAT, "not NAME:HASH" },
	{ "twice", "ann:" SECRET "\nbob:" OTHER "\nann:" OTHER "\n", ERR_FORMAT, "user ann stands there twice" },
	{ "one character short", "ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIr\n", ERR_FORMAT, "" },
	{ "one character long", "ann:" SECRET "x\n", ERR_FORMAT, "no bcrypt hash" },
	{ "the broken variant", "ann:$2x$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n", ERR_FORMAT, "" },
	{ "a digit that is none", "ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WI!W\n", ERR_FORMAT,
	  "" },
	{ "cost 3", "ann:$2y$03$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n", ERR_FORMAT, "" },
	{ "cost 12", "ann:$2y$12$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n", ERR_OK, NULL },
	{ "cost 13", "ann:$2y$13$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n", ERR_LIMIT,
	  "a bcrypt cost of 13" },
};

START_TEST(file)
{
	CLEANUP(serve_htpasswd_free_ptr) struct serve_htpasswd *h = NULL;
	struct err err = { 0 };
	enum err_code got = open_text(files[_i].text, &h, &err);

	ck_assert_msg(got == files[_i].want, "%s: %d (%s)", files[_i].name, (int)got, err.msg);
	ck_assert_msg((got == ERR_OK) == (h != NULL), "%s", files[_i].name);
	if (got != ERR_OK)
		ck_assert_msg(strstr(err.msg, files[_i].says) != NULL, "%s: %s", files[_i].name, err.msg);
	ck_assert_msg(strstr(err.msg, "abcdefghijklmnop") == NULL, "%s shows a hash: %s", files[_i].name, err.msg);
}
END_TEST

START_TEST(no_file)
{
	struct serve_htpasswd *h = NULL;
	struct err err = { 0 };

	ck_assert_int_eq(serve_htpasswd_open("/nowhere/htpasswd", &h, &err), ERR_NOT_FOUND);
	ck_assert_ptr_null(h);
}
END_TEST

#define GIVEN SERVE_ACCESS_GIVEN
#define DENIED SERVE_ACCESS_DENIED

static const struct {
	const char *name, *header;
	enum serve_access_verdict want;
} headers[] = {
	{ "none", NULL, DENIED },
	{ "empty", "", DENIED },
	{ "right", "Basic YW5uOnNlY3JldA==", GIVEN }, /* ann:secret */
	{ "scheme in small letters", "basic YW5uOnNlY3JldA==", GIVEN },
	{ "spaces", "Basic   YW5uOnNlY3JldA==", GIVEN },
	{ "second user", "Basic Ym9iOm90aGVy", GIVEN },          /* bob:other */
	{ "an empty password", "Basic ZXZlOg==", GIVEN },        /* eve: */
	{ "an empty one of another", "Basic YW5uOg==", DENIED }, /* ann: */
	{ "wrong", "Basic YW5uOlNlY3JldA==", DENIED },           /* ann:Secret */
	{ "another's", "Basic YW5uOm90aGVy", DENIED },           /* ann:other */
	{ "nobody", "Basic em9lOnNlY3JldA==", DENIED },          /* zoe:secret */
	{ "no name", "Basic OnNlY3JldA==", DENIED },             /* :secret */
	{ "no colon", "Basic YW5u", DENIED },                    /* ann */
	{ "NUL behind", "Basic YW5uOnNlY3JldAA=", DENIED },      /* ann:secret\0 */
	{ "no base64", "Basic ann:secret", DENIED },
	{ "nothing behind", "Basic ", DENIED },
	{ "scheme alone", "Basic", DENIED },
	{ "another scheme", "Bearer YW5uOnNlY3JldA==", DENIED },
};

START_TEST(header)
{
	CLEANUP(serve_htpasswd_free_ptr) struct serve_htpasswd *h = NULL;
	enum serve_access_verdict got;
	const char *user = NULL;
	int again;

	ck_assert_int_eq(open_text(USERS, &h, NULL), ERR_OK);
	for (again = 0; again < 2; again++) { /* remembered the second time */
		ck_assert_int_eq(serve_htpasswd_check(h, headers[_i].header, 1, &got, &user, NULL), ERR_OK);
		ck_assert_msg(got == headers[_i].want, "%s: %d", headers[_i].name, (int)got);
		ck_assert_msg((user != NULL) == (got == GIVEN), "%s: %s", headers[_i].name, user);
	}
}
END_TEST

static enum serve_access_verdict ask(struct serve_htpasswd *h, const char *name, const char *password, uint64_t now_ms)
{
	CLEANUP(buf_release) struct buf text;
	CLEANUP(free_ptr) char *both = NULL;
	enum serve_access_verdict got;
	const char *user = NULL;

	buf_init(&text, KIB);
	ck_assert_int_eq(str_format(&both, NULL, "%s:%s", name, password), ERR_OK);
	ck_assert_int_eq(buf_puts(&text, "Basic ", NULL), ERR_OK);
	ck_assert_int_eq(base64_encode(both, strlen(both), &text, NULL), ERR_OK);
	ck_assert_int_eq(serve_htpasswd_check(h, text.data, now_ms, &got, &user, NULL), ERR_OK);
	ck_assert(user == NULL || strcmp(user, name) == 0);
	return got;
}

/* Guess until it is too much; how many were computed. */
static unsigned guess(struct serve_htpasswd *h, const char *name, uint64_t now_ms)
{
	unsigned n;

	for (n = 0; n < 1000; n++) {
		char password[32];

		snprintf(password, sizeof(password), "guess %ju %u", (uintmax_t)now_ms, n);
		if (ask(h, name, password, now_ms) == SERVE_ACCESS_LATER)
			return n;
	}
	return n;
}

START_TEST(guesses_are_few)
{
	CLEANUP(serve_htpasswd_free_ptr) struct serve_htpasswd *h = NULL;
	unsigned n;

	ck_assert_int_eq(open_text(USERS, &h, NULL), ERR_OK);
	n = guess(h, "ann", 1);
	ck_assert_msg(n > 0 && n < 20, "%u guesses", n);
	ck_assert_int_eq(guess(h, "ann", 1), 0);
	ck_assert_int_eq(ask(h, "ann", "secret", 1), SERVE_ACCESS_LATER);
	/* Later means later, and others are not concerned. */
	ck_assert_int_eq(ask(h, "bob", "other", 1), GIVEN);
	ck_assert_int_eq(ask(h, "ann", "secret", 1000), GIVEN);
	/* However long nobody asks, no more is saved up. */
	ck_assert_uint_le(guess(h, "ann", 100000000), n);
}
END_TEST

START_TEST(strangers_keep_nobody_out)
{
	CLEANUP(serve_htpasswd_free_ptr) struct serve_htpasswd *h = NULL;
	unsigned i;

	ck_assert_int_eq(open_text(USERS, &h, NULL), ERR_OK);
	for (i = 0; i < 50; i++) {
		char name[16];

		snprintf(name, sizeof(name), "zoe%u", i);
		guess(h, name, 1);
	}
	ck_assert_int_eq(ask(h, "zoe", "secret", 1), SERVE_ACCESS_LATER);
	ck_assert_int_eq(ask(h, "ann", "secret", 1), GIVEN);
}
END_TEST

START_TEST(who_is_known_stays_in)
{
	CLEANUP(serve_htpasswd_free_ptr) struct serve_htpasswd *h = NULL;
	uint64_t now = 1;

	ck_assert_int_eq(open_text(USERS, &h, NULL), ERR_OK);
	ck_assert_int_eq(ask(h, "ann", "secret", now), GIVEN);
	for (; now < (uint64_t)3 * HTPASSWD_REMEMBER_MS; now += HTPASSWD_REMEMBER_MS / 2) {
		guess(h, "ann", now);
		ck_assert_int_eq(ask(h, "ann", "secret", now), GIVEN);
	}
	/* Silent for too long, it is judged anew. */
	now += HTPASSWD_REMEMBER_MS;
	guess(h, "ann", now);
	ck_assert_int_eq(ask(h, "ann", "secret", now), SERVE_ACCESS_LATER);
}
END_TEST

/* A client with a wrong password asks for ever, and takes nobody's time. */
START_TEST(same_guess_is_free)
{
	CLEANUP(serve_htpasswd_free_ptr) struct serve_htpasswd *h = NULL;
	unsigned i;

	ck_assert_int_eq(open_text(USERS, &h, NULL), ERR_OK);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(ask(h, "ann", "wrong", 1), DENIED);
	ck_assert_int_eq(ask(h, "ann", "secret", 1), GIVEN);
}
END_TEST

static void *ask_often(void *ctx)
{
	enum serve_access_verdict got;
	unsigned i;

	for (i = 0; i < 50; i++) {
		do
			got = ask(ctx, i % 2 == 0 ? "ann" : "bob", i % 2 == 0 ? "secret" : "other", 1);
		while (got == SERVE_ACCESS_LATER);
		ck_assert_int_eq(got, GIVEN);
	}
	return NULL;
}

START_TEST(many_at_once)
{
	CLEANUP(serve_htpasswd_free_ptr) struct serve_htpasswd *h = NULL;
	pthread_t threads[8];
	size_t i;

	ck_assert_int_eq(open_text(USERS, &h, NULL), ERR_OK);
	for (i = 0; i < COUNT_OF(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, h), 0);
	for (i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_htpasswd");
	TCase *t = tcase_create("serve_htpasswd");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, file, 0, (int)COUNT_OF(files));
	tcase_add_test(t, no_file);
	tcase_add_loop_test(t, header, 0, (int)COUNT_OF(headers));
	tcase_add_test(t, guesses_are_few);
	tcase_add_test(t, strangers_keep_nobody_out);
	tcase_add_test(t, who_is_known_stays_in);
	tcase_add_test(t, same_guess_is_free);
	tcase_add_test(t, many_at_once);
	suite_add_tcase(s, t);
	return test_run(s);
}
