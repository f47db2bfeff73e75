/* serve_engine_images.h - the questions about images that the Engine API answers, put to a catalog.
 *
 * Bounds  What the answer takes.
 * Errors  ERR_USAGE and ERR_NOT_FOUND in the daemon's own words; those of catalog.h.
 * Order   The newest image first, by the time in its configuration; of equals the smaller digest, where the daemon has
 *         no order.
 */
#ifndef IMPORT_SERVE_ENGINE_IMAGES_H
#define IMPORT_SERVE_ENGINE_IMAGES_H

#include "common/js.h"
#include "import/catalog.h"
#include "import/serve.h"

/* A question, once its version is known. */
struct engine_question {
	struct catalog_view *view;           /* what is served now */
	const struct serve_request *request; /* for its query */
	const char *name;                    /* of the image that is asked about; NULL for all */
	unsigned api;                        /* 44 to 55: of 1.44 to 1.55 */
	const struct platform *host;
};

/* The image that a question is about. */
enum err_code engine_images_find(const struct engine_question *q, const struct catalog_image **ret_image,
				 struct err *err);
/* GET /images/json */
enum err_code engine_images_list(const struct engine_question *q, struct js_out *o, struct err *err);
/* GET /images/{name}/json */
enum err_code engine_images_inspect(const struct engine_question *q, struct js_out *o, struct err *err);
/* GET /images/{name}/attestations */
enum err_code engine_images_attestations(const struct engine_question *q, struct js_out *o, struct err *err);
#endif
