#include "import/serve_access.h"

#include <time.h>

#include "import/serve_registry_error.h"

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum err_code deny(struct serve_answer *answer, struct err *err)
{
	enum err_code code =
		serve_answer_header(answer, err, "WWW-Authenticate", "Basic realm=\"bundle\", charset=\"UTF-8\"");

	if (code != ERR_OK)
		return code;
	return serve_registry_error(answer, 401, "UNAUTHORIZED", err, "a name and password are needed here");
}

static enum err_code put_off(struct serve_answer *answer, struct err *err)
{
	enum err_code code = serve_answer_header(answer, err, "Retry-After", "1");

	if (code != ERR_OK)
		return code;
	return serve_registry_error(answer, 429, "TOOMANYREQUESTS", err,
				    "too many passwords were tried: try again in a while");
}

enum err_code serve_access_handle(struct serve_htpasswd *users, const struct serve_request *request,
				  serve_handler_fn *next, void *ctx, struct serve_answer *answer, struct err *err)
{
	enum serve_access_verdict verdict = SERVE_ACCESS_GIVEN;
	enum err_code code = ERR_OK;

	if (users != NULL)
		code = serve_htpasswd_check(users, serve_header(request, "Authorization"), now_ms(), &verdict,
					    &answer->user, err);
	if (code != ERR_OK)
		return code;
	switch (verdict) {
	case SERVE_ACCESS_GIVEN:
		return next(ctx, request, answer, err);
	case SERVE_ACCESS_LATER:
		return put_off(answer, err);
	default:
		return deny(answer, err);
	}
}
