#include "import/serve_address.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/mem.h"
#include "tests/lib/bundle_file.h"
#include "tests/lib/folder.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *text;
	enum err_code code;
	const char *is;
	bool local;
} cases[] = {
	{ "127.0.0.1:5000", ERR_OK, "127.0.0.1:5000", true },
	{ "tcp://127.0.0.1:5000", ERR_OK, "127.0.0.1:5000", true },
	{ "localhost:0", ERR_OK, "127.0.0.1:0", true },
	{ "127.9.9.9:65535", ERR_OK, "127.9.9.9:65535", true },
	{ "[::1]:80", ERR_OK, "[::1]:80", true },
	{ "0.0.0.0:80", ERR_OK, "0.0.0.0:80", false },
	{ "192.0.2.1:80", ERR_OK, "192.0.2.1:80", false },
	{ "[2001:db8::1]:80", ERR_OK, "[2001:db8::1]:80", false },
	{ ":5000", ERR_OK, "[::]:5000", false },
	{ "unix:/run/x.sock", ERR_OK, "unix:/run/x.sock", true },
	{ "unix:///run/x.sock", ERR_OK, "unix:/run/x.sock", true },
	{ "unix:x.sock", ERR_OK, "unix:x.sock", true },
	{ "/run/x.sock", ERR_OK, "unix:/run/x.sock", true },
	{ "", ERR_USAGE, NULL, false },
	{ "5000", ERR_USAGE, NULL, false },
	{ "127.0.0.1", ERR_USAGE, NULL, false },
	{ "127.0.0.1:", ERR_USAGE, NULL, false },
	{ "127.0.0.1:65536", ERR_USAGE, NULL, false },
	{ "127.0.0.1:+1", ERR_USAGE, NULL, false },
	{ "127.0.0.1:123456", ERR_USAGE, NULL, false },
	{ "::1:80", ERR_USAGE, NULL, false },
	{ "[]:80", ERR_USAGE, NULL, false },
	{ "[::1:80", ERR_USAGE, NULL, false },
	{ "example.com:80", ERR_USAGE, NULL, false },
	{ "http://127.0.0.1:80", ERR_USAGE, NULL, false },
	{ "unix:", ERR_USAGE, NULL, false },
	{ "unix:/123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012"
	  "345678",
	  ERR_USAGE, NULL, false },
};

START_TEST(parse)
{
	struct serve_address a;
	struct err err = { .code = ERR_OK };
	enum err_code got = serve_address_parse(cases[_i].text, &a, &err);

	ck_assert_msg(got == cases[_i].code, "%s: %d %s", cases[_i].text, got, err.msg);
	if (got != ERR_OK)
		return;
	ck_assert_str_eq(a.text, cases[_i].is);
	ck_assert_int_eq(serve_address_is_local(&a), cases[_i].local);
}
END_TEST

START_TEST(listens_on_tcp)
{
	struct serve_address a, again;
	CLEANUP(close_fd) int fd = -1;
	int other = -1;

	ck_assert_int_eq(serve_address_parse("127.0.0.1:0", &a, NULL), ERR_OK);
	ck_assert_int_eq(serve_address_listen(&a, &fd, NULL), ERR_OK);
	ck_assert_str_ne(a.text, "127.0.0.1:0");
	ck_assert_int_eq(serve_address_parse(a.text, &again, NULL), ERR_OK);
	ck_assert_int_eq(serve_address_listen(&again, &other, NULL), ERR_CONFLICT);
	ck_assert_int_eq(other, -1);
}
END_TEST

/* One that is listened at is left alone, one that a killed server left is replaced, and no other file is touched. */
START_TEST(listens_on_unix)
{
	char *folder = folder_new(), *path = folder_path(folder, "x.sock");
	struct serve_address a;
	struct stat st;
	int fd = -1, other = -1;

	ck_assert_int_eq(serve_address_parse(path, &a, NULL), ERR_OK);
	ck_assert_int_eq(serve_address_listen(&a, &fd, NULL), ERR_OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0660);
	ck_assert_int_eq(serve_address_listen(&a, &other, NULL), ERR_CONFLICT);
	close(fd);
	ck_assert_int_eq(serve_address_listen(&a, &fd, NULL), ERR_OK);
	close(fd);
	serve_address_forget(&a);
	ck_assert(!folder_has(folder, "x.sock"));
	folder_put(folder, "x.sock", "mine", 4);
	ck_assert_int_eq(serve_address_listen(&a, &other, NULL), ERR_CONFLICT);
	ck_assert(folder_has(folder, "x.sock"));
	free(path);
	folder_remove(folder);
}
END_TEST

START_TEST(wants_the_folder_of_a_socket)
{
	char *folder = folder_new(), *path = folder_path(folder, "none/x.sock");
	struct err err = { 0 };
	struct serve_address a;
	int fd = -1;

	ck_assert_int_eq(serve_address_parse(path, &a, NULL), ERR_OK);
	ck_assert_int_eq(serve_address_listen(&a, &fd, &err), ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.msg, "make it first"));
	free(path);
	folder_remove(folder);
}
END_TEST

/* ---- given away ---- */

static void put_link(const char *path, const char *other)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink(other, path), 0);
}

static void put_file(const char *path, const char *other)
{
	(void)other;
	ck_assert_int_eq(unlink(path), 0);
	file_put(path, "mine", 4);
}

static void put_second_name(const char *path, const char *other)
{
	ck_assert_int_eq(link(path, other), 0);
}

static void put_nothing(const char *path, const char *other)
{
	(void)other;
	ck_assert_int_eq(unlink(path), 0);
}

static const struct {
	void (*put)(const char *path, const char *other); /* what somebody does who may write to the folder */
	enum err_code code;
} gifts[] = {
	{ NULL, ERR_OK },           { put_link, ERR_CONFLICT },
	{ put_file, ERR_CONFLICT }, { put_second_name, ERR_CONFLICT },
	{ put_nothing, ERR_IO },
};

#define SOMEBODY 12345U

/* Only root can give a file away; the others have it already. */
START_TEST(gives)
{
	uid_t user = geteuid() == 0 ? SOMEBODY : geteuid();
	gid_t group = geteuid() == 0 ? SOMEBODY : getegid();
	char *folder = folder_new(), *path = folder_path(folder, "x.sock"), *other = folder_path(folder, "other");
	CLEANUP(close_fd) int fd = -1;
	struct serve_address a;
	struct stat st;

	ck_assert_int_eq(serve_address_parse(path, &a, NULL), ERR_OK);
	ck_assert_int_eq(serve_address_listen(&a, &fd, NULL), ERR_OK);
	if (gifts[_i].put != NULL)
		gifts[_i].put(path, other);
	ck_assert_int_eq(serve_address_give(&a, user, group, NULL), gifts[_i].code);
	if (gifts[_i].put != put_nothing) {
		ck_assert_int_eq(lstat(path, &st), 0);
		ck_assert_uint_eq(st.st_uid, gifts[_i].code == ERR_OK ? user : geteuid());
		ck_assert_uint_eq(st.st_gid, gifts[_i].code == ERR_OK ? group : getegid());
	}
	free(path);
	free(other);
	folder_remove(folder);
}
END_TEST

START_TEST(tcp_is_nobodys)
{
	struct serve_address a;

	ck_assert_int_eq(serve_address_parse("127.0.0.1:0", &a, NULL), ERR_OK);
	ck_assert_int_eq(serve_address_give(&a, SOMEBODY, SOMEBODY, NULL), ERR_OK);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("serve_address");
	TCase *t = tcase_create("serve_address");

	tcase_add_loop_test(t, parse, 0, COUNT_OF(cases));
	tcase_add_test(t, listens_on_tcp);
	tcase_add_test(t, listens_on_unix);
	tcase_add_test(t, wants_the_folder_of_a_socket);
	tcase_add_loop_test(t, gives, 0, COUNT_OF(gifts));
	tcase_add_test(t, tcp_is_nobodys);
	suite_add_tcase(s, t);
	return test_run(s);
}
