/* serve_engine_config.h - the configuration of an image, as inspecting it shows it.
 *
 * Errors  None: what is not as the specification has it is left out.
 * Source  OCI Image Specification 1.1, config.md; moby/docker-image-spec v1; moby
 *         daemon/server/router/image/inspect_response.go, for members that older versions always had.
 */
#ifndef IMPORT_SERVE_ENGINE_CONFIG_H
#define IMPORT_SERVE_ENGINE_CONFIG_H

#include "common/js.h"

/* "Config", of a config or NULL, for API 1.api. */
void engine_put_config(const struct json_t *config, unsigned api, struct js_out *o);
/* "RootFS" of it. */
void engine_put_rootfs(const struct json_t *config, struct js_out *o);
#endif
