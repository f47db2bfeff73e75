/* serve_registry_private.h - what the files of serve_registry share: one question, and who answers which.
 *
 * Errors  As in serve_registry.h.
 */
#ifndef IMPORT_SERVE_REGISTRY_PRIVATE_H
#define IMPORT_SERVE_REGISTRY_PRIVATE_H

#include "import/serve_recent.h"
#include "import/serve_registry.h"
#include "import/serve_registry_error.h"
#include "import/serve_registry_path.h"
#include "import/serve_repository.h"

struct serve_registry {
	struct catalog *catalog; /* borrowed */
	struct serve_recent *recent;
};

/* All borrowed from who handles it. */
struct serve_question {
	struct serve_registry *registry;
	const struct serve_request *request;
	struct serve_registry_path path;
	struct catalog_view *view;
	struct serve_repository repository; /* not where all of them are asked for */
	struct serve_answer *answer;
};

enum err_code serve_registry_manifest(struct serve_question *q, struct err *err);
enum err_code serve_registry_blob(struct serve_question *q, struct err *err);
enum err_code serve_registry_referrers(struct serve_question *q, struct err *err);
enum err_code serve_registry_tags(struct serve_question *q, struct err *err);
enum err_code serve_registry_catalog(struct serve_question *q, struct err *err);

/* Name a digest in the headers, as such and as entity tag; true in *ret_same where the client has it: that is answered
 * then. */
enum err_code serve_registry_mark(struct serve_question *q, const struct digest *digest, bool *ret_same,
				  struct err *err);
/* The digest of the path, or the answer that it is none; false then. */
bool serve_registry_digest(struct serve_question *q, struct digest *ret_digest, enum err_code *ret_code,
			   struct err *err);
#endif
