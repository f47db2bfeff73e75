/* upload_location.h - where an upload goes on, as a registry says it in Location.
 *
 * Place      At the registry's own host of a Location only path and query count: it is asked in the way that it was
 *            asked before, whatever scheme and port a proxy in front of it made of that.
 * Trust      Another host gets the content and no credentials, over TLS where the registry has it, and never at an
 *            address of a private network, unless the registry is there itself.
 * Ownership  *ret_url is for the caller to free.  It may hold what is secret, and stands in no message.
 * Errors     ERR_REFUSED (no Location, or one where nothing should be sent), ERR_NOMEM.
 * Source     OCI Distribution Specification 1.1, "Pushing blobs".
 */
#ifndef COMMON_UPLOAD_LOCATION_H
#define COMMON_UPLOAD_LOCATION_H

#include "common/repository.h"

enum err_code upload_location(const struct place *place, const struct request *r, char **ret_url, bool *ret_foreign,
			      struct err *err);
/* The same URL with the digest that ends the upload. */
enum err_code upload_location_end(const char *url, const struct digest *digest, char **ret_url, struct err *err);
#endif
