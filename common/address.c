#include "common/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"

static const struct {
	uint32_t network;
	unsigned bits;
	enum address_kind kind;
} networks[] = {
	{ 0x7f000000, 8, ADDRESS_LOOPBACK }, /* 127.0.0.0/8 */
	{ 0x00000000, 8, ADDRESS_LOOPBACK }, /* 0.0.0.0/8: Linux connects to itself */
	{ 0x0a000000, 8, ADDRESS_PRIVATE },  /* 10.0.0.0/8 */
	{ 0x64400000, 10, ADDRESS_PRIVATE }, /* 100.64.0.0/10 */
	{ 0xa9fe0000, 16, ADDRESS_PRIVATE }, /* 169.254.0.0/16: clouds give credentials there */
	{ 0xac100000, 12, ADDRESS_PRIVATE }, /* 172.16.0.0/12 */
	{ 0xc0000000, 24, ADDRESS_PRIVATE }, /* 192.0.0.0/24 */
	{ 0xc0a80000, 16, ADDRESS_PRIVATE }, /* 192.168.0.0/16 */
	{ 0xc6120000, 15, ADDRESS_PRIVATE }, /* 198.18.0.0/15 */
	{ 0xe0000000, 3, ADDRESS_PRIVATE },  /* 224.0.0.0/4 and 240.0.0.0/4 */
};

static enum address_kind kind_of_ipv4(uint32_t address)
{
	size_t i;

	for (i = 0; i < COUNT_OF(networks); i++) {
		if ((address ^ networks[i].network) >> (32 - networks[i].bits) == 0)
			return networks[i].kind;
	}
	return ADDRESS_PUBLIC;
}

static uint32_t ipv4_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static enum address_kind kind_of_ipv6(const uint8_t a[16])
{
	static const uint8_t zero[15] = { 0 };
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }; /* ::ffff:0:0/96 */
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };    /* 64:ff9b::/96 */

	if (memcmp(a, zero, 15) == 0 && a[15] <= 1) /* :: and ::1 */
		return ADDRESS_LOOPBACK;
	if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0 || memcmp(a, zero, 12) == 0)
		return kind_of_ipv4(ipv4_at(a + 12));
	if (a[0] == 0x20 && a[1] == 0x02) /* 2002::/16, 6to4 */
		return kind_of_ipv4(ipv4_at(a + 2));
	return (a[0] & 0xe0) == 0x20 ? ADDRESS_PUBLIC : ADDRESS_PRIVATE; /* 2000::/3 is all that is public */
}

static bool is_localhost(const char *host)
{
	size_t len = strlen(host), name = strlen("localhost");

	len -= len > 0 && host[len - 1] == '.';
	return len >= name && strncasecmp(host + len - name, "localhost", name) == 0 &&
	       (len == name || host[len - name - 1] == '.');
}

enum address_kind address_kind_of(const char *host)
{
	char text[INET6_ADDRSTRLEN];
	size_t len = strcspn(host, "%"); /* a zone says on which of its links */
	uint8_t address[16];

	if (is_localhost(host))
		return ADDRESS_LOOPBACK;
	len -= len > 0 && host[len - 1] == '.';
	if (len >= sizeof(text))
		return ADDRESS_NAME;
	memcpy(text, host, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, address) == 1)
		return kind_of_ipv4(ipv4_at(address));
	return inet_pton(AF_INET6, text, address) == 1 ? kind_of_ipv6(address) : ADDRESS_NAME;
}
