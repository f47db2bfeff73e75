/* serve_engine_system.h - what the Engine API says of the daemon itself: /version and /info.
 *
 * Errors  None but those of the writer.
 * Truth   There is no daemon: the version is that of the daemon whose answers these are, with ours behind a '+', and
 *         whatever concerns containers, networks and volumes is empty or false.
 * Source  moby api/types/system, Version and Info.
 */
#ifndef IMPORT_SERVE_ENGINE_SYSTEM_H
#define IMPORT_SERVE_ENGINE_SYSTEM_H

#include "common/js.h"
#include "common/platform.h"
#include "common/version.h"

#define ENGINE_API_MIN 44 /* of 1.44 */
#define ENGINE_API_MAX 55
#define ENGINE_VERSION "29.6.0+bundle." BUNDLE_VERSION

/* GET /version */
void engine_version_put(const struct platform *host, struct js_out *o);
/* GET /info, of a daemon that has so many images. */
void engine_info_put(const struct platform *host, size_t images, struct js_out *o);
#endif
