#include "common/reference.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define HEX64 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST "sha256:" HEX64
#define TEN "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN
#define PATH_255 FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaa"
#define TAG_128 FIFTY FIFTY TEN TEN "aaaaaaaa"

static const struct {
	const char *name, *text, *domain, *path, *tag, *digest;
} good[] = {
	{ "single name", "alpine", "docker.io", "library/alpine", "latest", "" },
	{ "one letter", "a", "docker.io", "library/a", "latest", "" },
	{ "tag", "alpine:3.20", "docker.io", "library/alpine", "3.20", "" },
	{ "digest and no tag", "alpine@" DIGEST, "docker.io", "library/alpine", NULL, DIGEST },
	{ "tag and digest", "alpine:3.20@" DIGEST, "docker.io", "library/alpine", "3.20", DIGEST },
	{ "user", "team/app", "docker.io", "team/app", "latest", "" },
	{ "docker.io adds library", "docker.io/alpine", "docker.io", "library/alpine", "latest", "" },
	{ "index.docker.io", "index.docker.io/alpine", "docker.io", "library/alpine", "latest", "" },
	{ "index.docker.io, user", "index.docker.io/team/app:1", "docker.io", "team/app", "1", "" },
	{ "already normal", "docker.io/library/alpine:3.20", "docker.io", "library/alpine", "3.20", "" },
	{ "no library elsewhere", "ghcr.io/app", "ghcr.io", "app", "latest", "" },
	{ "port", "registry:5000/app:1", "registry:5000", "app", "1", "" },
	{ "a host that looks like name:tag", "app:5000", "docker.io", "library/app", "5000", "" },
	{ "localhost", "localhost/app", "localhost", "app", "latest", "" },
	{ "localhost is a name alone", "localhost", "docker.io", "library/localhost", "latest", "" },
	{ "IPv4", "127.0.0.1:5000/a/b/c", "127.0.0.1:5000", "a/b/c", "latest", "" },
	{ "IPv6", "[::1]:5000/app:1", "[::1]:5000", "app", "1", "" },
	{ "IPv6 without port", "[2001:db8::1]/app", "[2001:db8::1]", "app", "latest", "" },
	{ "upper-case domain stays", "Registry/app", "Registry", "app", "latest", "" },
	{ "every separator", "a.b/c_d/e__f/g-h/i---j", "a.b", "c_d/e__f/g-h/i---j", "latest", "" },
	{ "dashes in the host", "my-registry.example-1.com/app", "my-registry.example-1.com", "app", "latest", "" },
	{ "tag with upper case", "app:_V1.2-RC_3", "docker.io", "library/app", "_V1.2-RC_3", "" },
	{ "63 hex digits are a name", "3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "docker.io",
	  "library/3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "latest", "" },
	{ "64 hex digits with a tag", HEX64 ":1", "docker.io", "library/" HEX64, "1", "" },
	{ "longest path", "ghcr.io/" PATH_255, "ghcr.io", PATH_255, "latest", "" },
	{ "longest tag", "app:" TAG_128, "docker.io", "library/app", TAG_128, "" },
};

static const struct {
	const char *name, *text, *want; /* what the message must hold */
} bad[] = {
	{ "empty", "", "it is empty" },
	{ "only a tag", ":1", "no repository" },
	{ "only a digest", "@" DIGEST, "no repository" },
	{ "domain and no path", "ghcr.io/", "no repository" },
	{ "slash in front", "/app", "no repository" },
	{ "slash at the end", "team/app/", "no repository" },
	{ "empty component", "team//app", "no repository" },
	{ "parent folder", "ghcr.io/../app", "no repository" },
	{ "two dots", "team/a..b", "no repository" },
	{ "three underscores", "team/a___b", "no repository" },
	{ "dot and dash", "team/a.-b", "no repository" },
	{ "dash in front", "team/-app", "no repository" },
	{ "dash at the end", "team/app-", "no repository" },
	{ "space", "team/my app", "no repository" },
	{ "not ASCII", "team/\xc3\xa4pp", "no repository" },
	{ "upper-case name", "Alpine", "write its path \"alpine\"" },
	{ "upper-case path", "ghcr.io/Team/App:V1", "write its path \"team/app\"" },
	{ "64 hex digits", HEX64, "app@sha256:" HEX64 },
	{ "empty tag", "app:", "\"\" is no tag" },
	{ "tag starts with a dot", "app:.1", "\".1\" is no tag" },
	{ "tag starts with a dash", "app:-1", "\"-1\" is no tag" },
	{ "tag with a slash", "team/app:1/2", "\"1/2\" is no tag" },
	{ "two tags", "app:1:2", "\"1:2\" is no tag" },
	{ "tag one over", "app:" TAG_128 "a", "129 characters, and 128" },
	{ "path one over", "ghcr.io/" PATH_255 "a", "256 characters, and 255" },
	{ "path one over with library", PATH_255, "263 characters, and 255" },
	{ "domain too long", PATH_255 ".a/app", "257 characters, and 255" },
	{ "empty digest", "app@", "is no digest" },
	{ "short digest", "app@sha256:e3b0c4", "64 lowercase hex digits" },
	{ "upper-case digest", "app@sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
	  "64 lowercase hex digits" },
	{ "two digests", "app@" DIGEST "@" DIGEST, "is no digest" },
	{ "unknown algorithm", "app@md5:900150983cd24fb0d6963f7d28e17f72", "sha256: or sha512:" },
	{ "port without digits", "registry:/app", "\"registry:\" is no registry" },
	{ "port with letters", "registry:5000a/app", "\"registry:5000a\" is no registry" },
	{ "host with underscore", "my_registry.example.com/app", "is no registry" },
	{ "host ends with dash", "registry-.example.com/app", "is no registry" },
	{ "host starts with dot", ".example.com/app", "is no registry" },
	{ "host ends with dot", "example.com./app", "is no registry" },
	{ "IPv6 without brackets", "::1/app", "is no registry" },
	{ "IPv6 not closed", "[::1/app", "is no registry" },
	{ "IPv6 empty", "[]:5000/app", "is no registry" },
	{ "IPv6 zone", "[fe80::1%25eth0]:5000/app", "is no registry" },
	{ "user in the host", "user:secret@ghcr.io/app", "is no digest" },
	{ "URL", "https://ghcr.io/team/app", "write \"ghcr.io/team/app\"" },
	{ "transport", "docker://alpine", "write \"alpine\"" },
};

START_TEST(accepts)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	struct err err = { 0 };
	const char *name = good[_i].name;

	ck_assert_msg(reference_parse(good[_i].text, &ref, &err) == ERR_OK, "%s: %s", name, err.msg);
	ck_assert_msg(strcmp(ref.domain, good[_i].domain) == 0, "%s: domain %s", name, ref.domain);
	ck_assert_msg(strcmp(ref.path, good[_i].path) == 0, "%s: path %s", name, ref.path);
	ck_assert_msg((ref.tag == NULL) == (good[_i].tag == NULL), "%s: tag %s", name, ref.tag);
	ck_assert_msg(ref.tag == NULL || strcmp(ref.tag, good[_i].tag) == 0, "%s: tag %s", name, ref.tag);
	ck_assert_msg(strcmp(ref.digest.text, good[_i].digest) == 0, "%s: digest %s", name, ref.digest.text);
}
END_TEST

START_TEST(refuses)
{
	struct reference ref = { .tag = NULL };
	struct err err = { 0 };
	const char *name = bad[_i].name;
	char *asked = NULL;

	ck_assert_msg(reference_parse(bad[_i].text, &ref, &err) == ERR_FORMAT, "%s: accepted", name);
	ck_assert_msg(strstr(err.msg, bad[_i].want) != NULL, "%s: %s", name, err.msg);
	ck_assert_msg(strstr(err.msg, "is no image reference") != NULL, "%s: %s", name, err.msg);
	ck_assert_msg(ref.domain == NULL && ref.path == NULL && ref.tag == NULL, "%s: the output was touched", name);
	ck_assert_int_eq(reference_parse(bad[_i].text, &ref, NULL), ERR_FORMAT);
	ck_assert_int_eq(reference_asked(bad[_i].text, &asked, NULL), ERR_USAGE);
	ck_assert_ptr_null(asked);
}
END_TEST

/* What is written reads back to the same. */
START_TEST(round_trip)
{
	CLEANUP(reference_release) struct reference ref = { 0 }, again = { 0 };
	CLEANUP(free_ptr) char *text = NULL, *text_again = NULL;

	ck_assert_int_eq(reference_parse(good[_i].text, &ref, NULL), ERR_OK);
	ck_assert_int_eq(reference_text(&ref, &text, NULL), ERR_OK);
	ck_assert_int_eq(reference_parse(text, &again, NULL), ERR_OK);
	ck_assert_int_eq(reference_text(&again, &text_again, NULL), ERR_OK);
	ck_assert_str_eq(text, text_again);
	ck_assert_str_eq(ref.domain, again.domain);
	ck_assert_str_eq(ref.path, again.path);
}
END_TEST

static const struct {
	const char *text, *name, *full, *repository;
} forms[] = {
	{ "alpine", "docker.io/library/alpine:latest", "docker.io/library/alpine:latest", "docker.io/library/alpine" },
	{ "[::1]:5000/a:1", "[::1]:5000/a:1", "[::1]:5000/a:1", "[::1]:5000/a" },
	{ "a/b@" DIGEST, "docker.io/a/b@" DIGEST, "docker.io/a/b@" DIGEST, "docker.io/a/b" },
	{ "a/b:1@" DIGEST, "docker.io/a/b:1", "docker.io/a/b:1@" DIGEST, "docker.io/a/b" },
};

START_TEST(writes)
{
	CLEANUP(reference_release) struct reference ref = { 0 }, copy = { 0 };
	CLEANUP(free_ptr) char *name = NULL, *full = NULL, *repository = NULL, *asked = NULL;

	ck_assert_int_eq(reference_parse(forms[_i].text, &ref, NULL), ERR_OK);
	ck_assert_int_eq(reference_copy(&ref, &copy, NULL), ERR_OK);
	reference_release(&ref); /* the copy stands alone */
	reference_release(&ref);
	ck_assert_int_eq(reference_name(&copy, &name, NULL), ERR_OK);
	ck_assert_int_eq(reference_asked(forms[_i].text, &asked, NULL), ERR_OK);
	ck_assert_str_eq(asked, name);
	ck_assert_int_eq(reference_text(&copy, &full, NULL), ERR_OK);
	ck_assert_int_eq(reference_repository(&copy, &repository, NULL), ERR_OK);
	ck_assert_str_eq(name, forms[_i].name);
	ck_assert_str_eq(full, forms[_i].full);
	ck_assert_str_eq(repository, forms[_i].repository);
}
END_TEST

/* What reference_name gives is a full name, and nothing else is. */
static void check_is_name(const char *text)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	bool is = reference_parse(text, &ref, NULL) == ERR_OK && reference_name(&ref, &name, NULL) == ERR_OK &&
		  strcmp(name, text) == 0;

	ck_assert_msg(reference_is_name(text) == is, "%s: %s a full name", text, is ? "is" : "is not");
	ck_assert_msg(name == NULL || reference_is_name(name), "%s", name);
}

/* No usual names, and what else could be taken for one. */
static const char *const odd_names[] = {
	"docker.io/alpine:1",
	"index.docker.io/library/alpine:1",
	"docker.io/library/alpine",
	"docker.io/library/alpine:1@" DIGEST,
	"docker.io/library/alpine@" DIGEST,
	"docker.io/library/alpine:\x1b[2J",
	"docker.io/library/\x1b[2J:1",
	"\x1b]0;x\a.example/a:1",
	"a.example/a:1\n",
	"a.example/a:1 ",
	"a.example/a:",
	"a.example//a:1",
	"a.example/a@sha256:0",
	PATH_255 ".a/a:1",
	"a.example/" PATH_255 ":" TAG_128,
	"a.example/" PATH_255 "@sha512:" HEX64 HEX64,
	"a.example/" PATH_255 PATH_255 PATH_255 PATH_255 ":1",
};

START_TEST(names)
{
	size_t i;

	for (i = 0; i < COUNT_OF(odd_names); i++)
		check_is_name(odd_names[i]);
	for (i = 0; i < COUNT_OF(good); i++)
		check_is_name(good[i].text);
	for (i = 0; i < COUNT_OF(bad); i++)
		check_is_name(bad[i].text);
}
END_TEST

static const struct {
	const char *text, *want; /* NULL: refused */
} repositories[] = {
	{ "alpine", "docker.io/library/alpine" },
	{ "localhost:5000/a/b", "localhost:5000/a/b" },
	{ "[::1]:5000/a", "[::1]:5000/a" },
	{ "ghcr.io/a/b", "ghcr.io/a/b" },
	{ "alpine:3.20", NULL },
	{ "alpine:latest", NULL },
	{ "localhost:5000", NULL },
	{ "localhost:5000/a:1", NULL },
	{ "a@" DIGEST, NULL },
	{ "a:1@" DIGEST, NULL },
	{ "UPPER", NULL },
	{ "", NULL },
};

START_TEST(repository)
{
	CLEANUP(reference_release) struct reference ref = { 0 };
	CLEANUP(free_ptr) char *name = NULL;
	struct err err = { 0 };
	enum err_code got = reference_parse_repository(repositories[_i].text, &ref, &err);

	ck_assert_msg(got == (repositories[_i].want != NULL ? ERR_OK : ERR_FORMAT), "%s: %d %s", repositories[_i].text,
		      got, err.msg);
	if (got != ERR_OK)
		return;
	ck_assert_int_eq(reference_repository(&ref, &name, NULL), ERR_OK);
	ck_assert_str_eq(name, repositories[_i].want);
	ck_assert_ptr_null(ref.tag);
	ck_assert_str_eq(ref.digest.text, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reference");
	TCase *t = tcase_create("reference");

	tcase_add_loop_test(t, accepts, 0, (int)COUNT_OF(good));
	tcase_add_loop_test(t, refuses, 0, (int)COUNT_OF(bad));
	tcase_add_loop_test(t, round_trip, 0, (int)COUNT_OF(good));
	tcase_add_loop_test(t, writes, 0, (int)COUNT_OF(forms));
	tcase_add_test(t, names);
	tcase_add_loop_test(t, repository, 0, (int)COUNT_OF(repositories));
	suite_add_tcase(s, t);
	return test_run(s);
}
