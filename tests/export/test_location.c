#include "export/location.h"

#include <check.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

#define DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const struct {
	const char *text;
	enum transport transport;
	const char *path, *name, *digest;
} cases[] = {
	{ "alpine", TRANSPORT_REGISTRY, "alpine", NULL, "" },
	{ "docker://alpine:3.20@" DIGEST, TRANSPORT_REGISTRY, "alpine:3.20@" DIGEST, NULL, "" },
	{ "localhost:5000/a", TRANSPORT_REGISTRY, "localhost:5000/a", NULL, "" },
	{ "docker://dir:1.0", TRANSPORT_REGISTRY, "dir:1.0", NULL, "" },
	{ "dir", TRANSPORT_REGISTRY, "dir", NULL, "" },
	{ "docker.io/library/dir:1.0", TRANSPORT_REGISTRY, "docker.io/library/dir:1.0", NULL, "" },
	{ "docker:dind", TRANSPORT_REGISTRY, "docker:dind", NULL, "" },
	{ "", TRANSPORT_REGISTRY, "", NULL, "" },
	{ "oci:dir", TRANSPORT_LAYOUT, "dir", NULL, "" },
	{ "oci:/a/b:1.0", TRANSPORT_LAYOUT, "/a/b", "1.0", "" },
	{ "oci:a:x.io:5000/b:1", TRANSPORT_LAYOUT, "a", "x.io:5000/b:1", "" },
	{ "oci:a@" DIGEST, TRANSPORT_LAYOUT, "a", NULL, DIGEST },
	{ "oci:a:b:1@" DIGEST, TRANSPORT_LAYOUT, "a", "b:1", DIGEST },
	{ "oci:a@b", TRANSPORT_LAYOUT, "a@b", NULL, "" },
	{ "oci-archive:a.tar:1", TRANSPORT_ARCHIVE, "a.tar", "1", "" },
	{ "docker-archive:a.tar:app:1", TRANSPORT_ARCHIVE, "a.tar", "app:1", "" },
	{ "bundle:a", TRANSPORT_BUNDLE, "a", NULL, "" },
	{ "bundle:a:alpine:3.20", TRANSPORT_BUNDLE, "a", "alpine:3.20", "" },
};

START_TEST(read)
{
	CLEANUP(location_release) struct location l = { 0 };
	struct err err = { 0 };

	ck_assert_msg(location_parse(cases[_i].text, &l, &err) == ERR_OK, "%s", err.msg);
	ck_assert_int_eq(l.transport, cases[_i].transport);
	ck_assert_str_eq(l.path, cases[_i].path);
	ck_assert_pstr_eq(l.name, cases[_i].name);
	ck_assert_str_eq(l.digest.text, cases[_i].digest);
}
END_TEST

static const struct {
	const char *text, *message;
} bad[] = {
	{ "oci:", "oci:: a path is missing; write it as oci:PATH[:NAME][@DIGEST]" },
	{ "docker-daemon:app:1", "docker-daemon: is no source here; write docker://docker-daemon:app:1 if you mean" },
	{ "dir:copied", "dir: is no source here" },
	{ "containers-storage:app:1", "containers-storage: is no source here" },
	{ "containerd:app:1", "containerd: is no source here" },
	{ "oci-layout:a", "oci-layout: is no source here" },
	{ "oci::1", "a path is missing" },
	{ "bundle:@" DIGEST, "a path is missing" },
	{ "bundle:a@sha256:12", "write it as bundle:PATH" },
};

START_TEST(refused)
{
	struct location l;
	struct err err = { 0 };

	ck_assert_int_eq(location_parse(bad[_i].text, &l, &err), ERR_USAGE);
	ck_assert_msg(strstr(err.msg, bad[_i].message) != NULL, "%s", err.msg);
	ck_assert_int_eq(location_parse(bad[_i].text, &l, NULL), ERR_USAGE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("location");
	TCase *t = tcase_create("location");

	tcase_add_loop_test(t, read, 0, COUNT_OF(cases));
	tcase_add_loop_test(t, refused, 0, COUNT_OF(bad));
	suite_add_tcase(s, t);
	return test_run(s);
}
