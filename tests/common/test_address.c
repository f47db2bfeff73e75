#include "common/address.h"

#include <check.h>

#include "common/mem.h"
#include "tests/lib/test_main.h"

static const struct {
	const char *host;
	enum address_kind want;
} cases[] = {
	{ "ghcr.io", ADDRESS_NAME },
	{ "", ADDRESS_NAME },
	{ "10.example.com", ADDRESS_NAME },
	{ "localhost.example.com", ADDRESS_NAME },
	{ "notlocalhost", ADDRESS_NAME },
	{ "localhost", ADDRESS_LOOPBACK },
	{ "LocalHost", ADDRESS_LOOPBACK },
	{ "localhost.", ADDRESS_LOOPBACK },
	{ "auth.localhost", ADDRESS_LOOPBACK },
	{ "127.0.0.1", ADDRESS_LOOPBACK },
	{ "127.0.0.1.", ADDRESS_LOOPBACK },
	{ "127.255.255.255", ADDRESS_LOOPBACK },
	{ "0.0.0.0", ADDRESS_LOOPBACK },
	{ "::1", ADDRESS_LOOPBACK },
	{ "::", ADDRESS_LOOPBACK },
	{ "::ffff:127.0.0.1", ADDRESS_LOOPBACK },
	{ "::127.0.0.1", ADDRESS_LOOPBACK },
	{ "8.8.8.8", ADDRESS_PUBLIC },
	{ "9.255.255.255", ADDRESS_PUBLIC },
	{ "10.0.0.0", ADDRESS_PRIVATE },
	{ "10.255.255.255", ADDRESS_PRIVATE },
	{ "11.0.0.0", ADDRESS_PUBLIC },
	{ "100.63.255.255", ADDRESS_PUBLIC },
	{ "100.64.0.0", ADDRESS_PRIVATE },
	{ "100.127.255.255", ADDRESS_PRIVATE },
	{ "100.128.0.0", ADDRESS_PUBLIC },
	{ "126.255.255.255", ADDRESS_PUBLIC },
	{ "128.0.0.0", ADDRESS_PUBLIC },
	{ "169.254.169.254", ADDRESS_PRIVATE },
	{ "169.255.0.0", ADDRESS_PUBLIC },
	{ "172.15.255.255", ADDRESS_PUBLIC },
	{ "172.16.0.0", ADDRESS_PRIVATE },
	{ "172.31.255.255", ADDRESS_PRIVATE },
	{ "172.32.0.0", ADDRESS_PUBLIC },
	{ "192.0.0.1", ADDRESS_PRIVATE },
	{ "192.168.0.1", ADDRESS_PRIVATE },
	{ "192.169.0.0", ADDRESS_PUBLIC },
	{ "198.18.0.0", ADDRESS_PRIVATE },
	{ "198.20.0.0", ADDRESS_PUBLIC },
	{ "223.255.255.255", ADDRESS_PUBLIC },
	{ "224.0.0.1", ADDRESS_PRIVATE },
	{ "255.255.255.255", ADDRESS_PRIVATE },
	{ "2606:4700::1", ADDRESS_PUBLIC },
	{ "fe80::1", ADDRESS_PRIVATE },
	{ "fe80::1%eth0", ADDRESS_PRIVATE },
	{ "fd00::1", ADDRESS_PRIVATE },
	{ "ff02::1", ADDRESS_PRIVATE },
	{ "::ffff:10.0.0.1", ADDRESS_PRIVATE },
	{ "::ffff:8.8.8.8", ADDRESS_PUBLIC },
	{ "64:ff9b::10.0.0.1", ADDRESS_PRIVATE },
	{ "64:ff9b::8.8.8.8", ADDRESS_PUBLIC },
	{ "2002:a00:1::", ADDRESS_PRIVATE },
	{ "2002:808:808::", ADDRESS_PUBLIC },
};

START_TEST(kind)
{
	enum address_kind got = address_kind_of(cases[_i].host);

	ck_assert_msg(got == cases[_i].want, "%s: %d", cases[_i].host, got);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("address");
	TCase *t = tcase_create("address");

	tcase_add_loop_test(t, kind, 0, (int)COUNT_OF(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
