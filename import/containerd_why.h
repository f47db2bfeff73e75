/* containerd_why.h - why a containerd broke off what was written to it.
 *
 * A service that refuses a blob while it is being sent says so and hangs up, and libcurl 7.88 may hear the second alone
 * (grpc.h): then a disk that is full is a connection that breaks.  The answer to a call of one small message is never
 * missed, so the service is asked to write a little that nobody wants, and to forget it.
 *
 * Bounds     One message of TRY_BYTES, GRPC_SECONDS.
 * Errors     That which the caller has, or what the service says.
 */
#ifndef IMPORT_CONTAINERD_WHY_H
#define IMPORT_CONTAINERD_WHY_H

#include "import/containerd.h"

#define TRY_BYTES 65536

/* A failure, code and err, that may be such a connection.  Where the service refuses to write anything now, err says
 * why instead, and its code is returned; else code is. */
enum err_code containerd_why(struct containerd *c, enum err_code code, struct err *err);
#endif
