/* serve_engine_platform.h - which platform a question to the Engine API means, and which of an image's answers it.
 *
 * Bounds  Each part is cut at ENGINE_PART_MAX bytes; a part of that length matches nothing.
 * Errors  ERR_USAGE in the daemon's own words.
 * Source  moby daemon/server/httputils/form.go, DecodePlatform; containerd/platforms compare.go, Only: who asks for
 *         amd64 takes 386 too, arm/v7 takes arm/v6 and arm/v5, arm64 takes those, a later variant takes earlier ones.
 */
#ifndef IMPORT_SERVE_ENGINE_PLATFORM_H
#define IMPORT_SERVE_ENGINE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/platform.h"

#define ENGINE_PART_MAX 64
#define ENGINE_NO_RANK 255

/* A platform as it was asked for, and what that means. */
struct engine_platform {
	char os[ENGINE_PART_MAX], architecture[ENGINE_PART_MAX], variant[ENGINE_PART_MAX], os_version[ENGINE_PART_MAX];
	struct platform normal;
	bool known; /* there is a normal form: else it matches nothing */
};

/* Read a platform parameter: a JSON object. */
enum err_code engine_platform_read(const char *json, struct engine_platform *ret_platform, struct err *err);
/* A platform that nobody asked for: this machine's. */
void engine_platform_of(const struct platform *host, struct engine_platform *ret_platform);
/* "linux/arm/v7", as the daemon's messages have it.  Returns out. */
#define ENGINE_PLATFORM_TEXT_MAX ((size_t)4 * ENGINE_PART_MAX)
const char *engine_platform_text(const struct engine_platform *p, char out[ENGINE_PLATFORM_TEXT_MAX]);
/* How well an image for `have` serves who wants `wanted`: 0 is best, ENGINE_NO_RANK not at all. */
unsigned engine_platform_rank(const struct platform *wanted, const struct platform *have);
#endif
