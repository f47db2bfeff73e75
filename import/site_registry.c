#include "import/site_registry.h"

#include <inttypes.h>

#include "common/progress.h"
#include "common/version.h"
#include "import/interrupt.h"

#define STALL_SECONDS 300 /* a registry may be that long at putting a large blob in its place */

static void on_wait(void *ctx, const char *host, const char *why, uint64_t wait_ms)
{
	if (ctx != NULL)
		progress_remark(ctx, "%s: %s, waiting %" PRIu64 " s before it is asked again", host, why,
				(wait_ms + 999) / 1000);
}

enum err_code site_registry_open(const struct target_options *options, struct site_registry *r, struct err *err)
{
	static const struct endpoint_options none;
	struct http_options http = {
		.max_active = options->jobs > 0 ? options->jobs : SITE_JOBS_DEFAULT,
		.user_agent = BUNDLE_USER_AGENT,
		.stall_seconds = STALL_SECONDS,
		.on_turn = interrupt_check,
		.on_wait = on_wait,
		.ctx = options->progress,
	};
	enum err_code code =
		endpoint_rules_load(options->endpoints != NULL ? options->endpoints : &none, &r->rules, err);

	if (code == ERR_OK)
		code = http_new(&http, &r->http, err);
	if (code == ERR_OK)
		code = wallet_new(options->login, &r->wallet, err);
	if (code == ERR_OK)
		code = tokens_new(r->http, r->wallet, &r->tokens, err);
	r->registry = (struct registry_options){ .rules = &r->rules, .tokens = r->tokens, .outages = &r->outages };
	return code;
}

void site_registry_stop(struct site_registry *r)
{
	http_free(r->http);
	r->http = NULL;
}

void site_registry_close(struct site_registry *r)
{
	site_registry_stop(r);
	tokens_free(r->tokens);
	wallet_free(r->wallet);
	endpoint_rules_release(&r->rules);
	intern_release(&r->outages.bases);
	intern_release(&r->outages.silent);
	*r = (struct site_registry){ 0 };
}
