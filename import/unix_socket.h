/* unix_socket.h - why a unix socket cannot be reached: libcurl does not say, the kernel does.
 *
 * Errors  ERR_NETWORK: who is not there, why, and what to do; ERR_IO.
 */
#ifndef IMPORT_UNIX_SOCKET_H
#define IMPORT_UNIX_SOCKET_H

#include "common/err.h"

/* Connect and hang up.  who is "Docker daemon"; denied says who may, absent what else can be done. */
enum err_code unix_socket_check(const char *path, const char *who, const char *denied, const char *absent,
				struct err *err);
#endif
