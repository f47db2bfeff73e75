/* serve_address.h - where a server listens: a unix socket or a TCP address, and the socket that is opened there.
 *
 * Lifecycle  serve_address_parse; serve_address_listen.
 * Grammar    unix:PATH, unix:///PATH, /PATH; HOST:PORT, tcp://HOST:PORT, where HOST
 *            is an IPv4 address, an IPv6 address in brackets, localhost, or empty
 *            for every address that this machine has.  PORT 0 is any free one.
 *            Names are not looked up.
 * Errors     ERR_USAGE (not such an address), ERR_CONFLICT (somebody listens there
 *            already), ERR_NOT_FOUND (no folder for a socket), ERR_IO.
 */
#ifndef IMPORT_SERVE_ADDRESS_H
#define IMPORT_SERVE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "common/err.h"

#define SERVE_ADDRESS_TEXT_MAX 128

struct serve_address {
	union {
		struct sockaddr any;
		struct sockaddr_un unix_path;
		struct sockaddr_storage storage;
	} at;
	socklen_t len;
	char text[SERVE_ADDRESS_TEXT_MAX]; /* "unix:/run/x.sock", "127.0.0.1:5000" */
};

enum err_code serve_address_parse(const char *text, struct serve_address *ret_address, struct err *err);
bool serve_address_is_unix(const struct serve_address *a);
/* True for a unix socket, and where only this machine gets to it. */
bool serve_address_is_local(const struct serve_address *a);
/* Listen there; text then says which port that is.  A unix socket that nobody listens at any more is replaced; who may
 * connect is who may write to it: its owner and group. */
enum err_code serve_address_listen(struct serve_address *a, int *ret_fd, struct err *err);
/* Let a user and a group have a unix socket's file, as long as it is the one that was opened; ERR_CONFLICT where it is
 * not.  Other addresses belong to nobody. */
enum err_code serve_address_give(const struct serve_address *a, uid_t user, gid_t group, struct err *err);
/* Remove a unix socket's file. */
void serve_address_forget(const struct serve_address *a);
/* The other end's address as text: "127.0.0.1", "::1"; "-" for one without. */
void serve_address_peer(const struct sockaddr *peer, char *out, size_t size);
#endif
