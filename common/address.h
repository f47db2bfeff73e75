/* address.h - what kind of place the host of a URL is, as far as its text says.
 *
 * Bounds  Nothing is looked up: a name may lead anywhere.
 * Source  RFC 6890 and the registries of special-purpose addresses it made; RFC 6761 section 6.3.
 */
#ifndef COMMON_ADDRESS_H
#define COMMON_ADDRESS_H

enum address_kind {
	ADDRESS_NAME,     /* a name that says nothing of its place */
	ADDRESS_PUBLIC,   /* an address that anybody may reach */
	ADDRESS_LOOPBACK, /* this machine, by name or address */
	ADDRESS_PRIVATE,  /* an address that only a network of its own knows, or that is none of a single host */
};

/* The host without port or brackets, an IPv4 address in its four parts, as http_url_host gives it. */
enum address_kind address_kind_of(const char *host);
#endif
