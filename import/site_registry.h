/* site_registry.h - what is needed to talk to a registry of the site: the HTTP engine, credentials, rules for
 * endpoints.
 *
 * Lifecycle  site_registry_open; ask; site_registry_close, before or after the repositories' sources are freed:
 *            site_registry_stop ends everything that is under way, and comes first.
 * Ownership  The options are borrowed.
 * Errors     Those of endpoints.h and wallet.h.
 */
#ifndef IMPORT_SITE_REGISTRY_H
#define IMPORT_SITE_REGISTRY_H

#include "common/registry.h"
#include "import/targets.h"

#define SITE_JOBS_DEFAULT 6

struct site_registry {
	struct http *http;
	struct wallet *wallet;
	struct tokens *tokens;
	struct endpoint_rules rules;
	struct outages outages;
	struct registry_options registry;
};

enum err_code site_registry_open(const struct target_options *options, struct site_registry *r, struct err *err);
void site_registry_stop(struct site_registry *r);
void site_registry_close(struct site_registry *r);
#endif
