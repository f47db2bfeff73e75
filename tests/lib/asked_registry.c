#include "tests/lib/asked_registry.h"

#include <check.h>

#include "common/mem.h"

static void start(struct asked_registry *r, const struct http_route *routes, size_t len, const char *rest,
		  bool with_tokens)
{
	struct http_options options = { .max_active = 4,
					.stall_seconds = http_server_patience(routes, len),
					.retry_ms = 1 };
	CLEANUP(free_ptr) char *text = NULL;
	struct err err = { 0 };

	*r = (struct asked_registry){ .server = http_server_start(routes, len) };
	ck_assert_int_eq(http_new(&options, &r->engine, NULL), ERR_OK);
	ck_assert_int_eq(str_format(&text, NULL, "%s/a/b%s", http_server_host(r->server), rest), ERR_OK);
	ck_assert_msg(reference_parse(text, &r->ref, &err) == ERR_OK, "%s", err.msg);
	if (with_tokens) {
		ck_assert_int_eq(wallet_new(NULL, &r->wallet, NULL), ERR_OK);
		ck_assert_int_eq(tokens_new(r->engine, r->wallet, &r->tokens, NULL), ERR_OK);
	}
	ck_assert_int_eq(
		registry_new(r->engine, &r->ref, &(struct registry_options){ .tokens = r->tokens }, &r->source, NULL),
		ERR_OK);
}

void asked_registry_start(struct asked_registry *r, const struct http_route *routes, size_t len, const char *rest)
{
	start(r, routes, len, rest, false);
}

void asked_registry_start_with_tokens(struct asked_registry *r, const struct http_route *routes, size_t len,
				      const char *rest)
{
	start(r, routes, len, rest, true);
}

void asked_registry_stop(struct asked_registry *r)
{
	http_free(r->engine);
	r->source->free(r->source);
	tokens_free(r->tokens);
	wallet_free(r->wallet);
	reference_release(&r->ref);
	http_server_stop(r->server);
}
