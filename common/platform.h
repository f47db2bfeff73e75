/* platform.h - platforms: what an image runs on, always in one spelling.
 *
 * Lifecycle  A plain value without anything to release.  platform_parse,
 *            platform_set and platform_host normalise, so that every platform
 *            is normalised and comparing is comparing text.
 * Bounds     Each part fits its array; longer is ERR_FORMAT.
 * Errors     ERR_FORMAT.  Nothing is guessed: "arm64" alone is refused.
 * Source     OCI Image Specification 1.1, image-index.md, "platform";
 *            containerd/platforms, Normalize: x86_64 is amd64, aarch64 and
 *            arm64/v8 are arm64, armhf and arm are arm/v7, armel is arm/v6, i386
 *            is 386, macos is darwin, amd64/v1 is amd64, upper case is lower.
 */
#ifndef COMMON_PLATFORM_H
#define COMMON_PLATFORM_H

#include <stdbool.h>

#include "common/err.h"

#define PLATFORM_TEXT_MAX 100 /* three parts, two slashes and the NUL */

struct platform {
	char os[32], architecture[32];
	char variant[32];    /* "" if there is none */
	char os_version[64]; /* "" if there is none */
};

/* Read "os/architecture" or "os/architecture/variant", as a user writes it. */
enum err_code platform_parse(const char *text, struct platform *ret_platform, struct err *err);
/* From the members of a descriptor or config; variant and os_version may be NULL or "". */
enum err_code platform_set(struct platform *ret_platform, const char *os, const char *architecture, const char *variant,
			   const char *os_version, struct err *err);
/* "linux/arm/v7", without the OS version.  Returns out. */
const char *platform_format(const struct platform *p, char out[PLATFORM_TEXT_MAX]);
/* True for the same platform; OS versions count only where both have one. */
bool platform_equal(const struct platform *a, const struct platform *b);
/* True where an image for `have` is what was asked for with `wanted`.  Strict, like containerd's OnlyStrict: arm/v7
 * does not take arm/v6 and amd64 does not take amd64/v2, though the one might run on the other. */
bool platform_match(const struct platform *wanted, const struct platform *have);
/* The platform of this machine, as its kernel tells it. */
enum err_code platform_host(struct platform *ret_platform, struct err *err);
#endif
