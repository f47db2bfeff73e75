#include "tests/lib/access_asked.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "tests/lib/folder.h"

struct http_server *access_asked_server;
struct http *access_asked_engine;
static struct wallet *wallet;
static struct tokens *tokens;
static struct access *access_;
static struct endpoints endpoints;
struct endpoint *access_asked_endpoint;
static char *docker_config;

void access_asked_start(const struct http_route *routes, size_t len, bool with_credentials)
{
	struct http_options options = { .max_active = 4, .stall_seconds = HTTP_PATIENCE, .retry_ms = 1 };
	CLEANUP(free_ptr) char *base = NULL;
	CLEANUP(free_ptr) char *config = NULL;

	access_asked_server = http_server_start(routes, len);
	docker_config = folder_new();
	ck_assert_int_eq(str_format(&config, NULL, "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}",
				    with_credentials ? http_server_host(access_asked_server) : "elsewhere",
				    &ACCESS_BASIC[6]),
			 ERR_OK);
	folder_put(docker_config, "config.json", config, strlen(config));
	ck_assert_int_eq(setenv("DOCKER_CONFIG", docker_config, 1), 0);
	ck_assert_int_eq(http_new(&options, &access_asked_engine, NULL), ERR_OK);
	ck_assert_int_eq(str_format(&base, NULL, "http://%s", http_server_host(access_asked_server)), ERR_OK);
	ck_assert_int_eq(endpoints_add(&endpoints, &access_asked_endpoint, NULL), ERR_OK);
	ck_assert_int_eq(endpoint_set_url(access_asked_endpoint, base, false, NULL), ERR_OK);
	ck_assert_int_eq(str_copy("a/b", &access_asked_endpoint->path, NULL), ERR_OK);
	ck_assert_int_eq(wallet_new(NULL, &wallet, NULL), ERR_OK);
	ck_assert_int_eq(tokens_new(access_asked_engine, wallet, &tokens, NULL), ERR_OK);
	ck_assert_int_eq(access_new(access_asked_engine, tokens, access_asked_endpoint, &access_, NULL), ERR_OK);
}

void access_asked_stop(void)
{
	http_free(access_asked_engine);
	access_free(access_);
	endpoints_release(&endpoints);
	tokens_free(tokens);
	wallet_free(wallet);
	http_server_stop(access_asked_server);
	folder_remove(docker_config);
}

struct asked {
	struct request request;
	struct access_outcome *outcome;
};

static enum err_code on_body(struct request *r, const void *bytes, size_t len, struct err *err)
{
	struct access_outcome *o = OUTER_OF(r, struct asked, request)->outcome;
	size_t room = sizeof(o->body) - 1 - strlen(o->body);

	(void)err;
	strncat(o->body, bytes, len < room ? len : room);
	return ERR_OK;
}

static enum err_code on_again(struct request *r, struct err *err)
{
	(void)err;
	OUTER_OF(r, struct asked, request)->outcome->body[0] = '\0';
	return ERR_OK;
}

static enum err_code on_done(struct request *r, struct err *failure, struct err *err)
{
	struct access_outcome *o = OUTER_OF(r, struct asked, request)->outcome;

	o->dones++;
	o->status = failure == NULL ? r->call.status : 0;
	if (failure != NULL && err != NULL)
		*err = *failure;
	return failure != NULL ? failure->code : ERR_OK;
}

static void release(struct request *r)
{
	struct asked *a = OUTER_OF(r, struct asked, request);

	a->outcome->released++;
	free(a);
}

void access_ask_by(const struct access_question *question, const char *target, struct access_outcome *outcome)
{
	struct asked *a = calloc(1, sizeof(*a));

	ck_assert_ptr_nonnull(a);
	a->outcome = outcome;
	a->request = (struct request){
		.method = question->method,
		.on_body = question->with_body ? on_body : NULL,
		.on_again = question->with_again ? on_again : NULL,
		.on_done = on_done,
		.release = release,
	};
	ck_assert_int_eq(
		str_format(&a->request.url, NULL, "http://%s%s", http_server_host(access_asked_server), target),
		ERR_OK);
	ck_assert_int_eq(access_start(access_, &a->request, NULL), ERR_OK);
}

void access_ask(const char *target, struct access_outcome *outcome)
{
	access_ask_by(&(struct access_question){ .with_body = true, .with_again = true }, target, outcome);
}
