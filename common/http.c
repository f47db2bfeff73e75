#include "common/http.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/http_private.h"
#include "common/limits.h"
#include "common/mem.h"

#define POLL_MS 1000

static void global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum err_code http_new(const struct http_options *options, struct http **ret_http, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http *h = calloc(1, sizeof(*h));

	pthread_once(&once, global_init);
	if (h == NULL)
		return err_nomem(err);
	h->options = *options;
	h->options.user_agent = h->options.unix_socket = NULL;
	if (h->options.max_active == 0)
		h->options.max_active = 1;
	if (h->options.connect_seconds == 0)
		h->options.connect_seconds = HTTP_CONNECT_SECONDS;
	if (h->options.answer_seconds == 0 && h->options.stall_seconds > 0)
		h->options.answer_seconds =
			h->options.stall_seconds + (unsigned)(LIMIT_MANIFEST_BYTES / HTTP_SLOW_BYTES);
	if (h->options.retry_ms == 0)
		h->options.retry_ms = RETRY_BASE_MS;
	h->multi = curl_multi_init();
	buf_init(&h->system_ca, LIMIT_CA_BYTES);
	if (h->multi == NULL || str_copy(options->user_agent, &h->user_agent, err) != ERR_OK ||
	    str_copy(options->unix_socket, &h->unix_socket, err) != ERR_OK || http_proxy_set(h, err) != ERR_OK) {
		http_free(h);
		return err_nomem(err);
	}
	*ret_http = h;
	return ERR_OK;
}

/* Give up everything that http.c holds for a call; what its answer was stays until the caller is done with it. */
static void call_drop(struct http_call *call)
{
	http_queue_unlink(call);
	if (call->easy == NULL)
		return;
	curl_multi_remove_handle(call->http->multi, call->easy);
	http_transfer_close(call);
	call->host->active--;
	call->http->active--;
	call->host->ending -= call->ending;
	call->http->ending -= call->ending;
	call->ending = false;
}

static void forget_list(struct http_call **list)
{
	while (*list != NULL) {
		struct http_call *call = *list;

		call_drop(call);
		buf_release(&call->headers);
	}
}

static void forget_all(struct http *h)
{
	struct http_host *host;

	forget_list(&h->running);
	forget_list(&h->moot);
	for (host = h->hosts; host != NULL; host = host->next) {
		forget_list(&host->waiting);
		forget_list(&host->later);
	}
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	forget_all(h);
	while (h->hosts != NULL) {
		struct http_host *host = h->hosts;

		h->hosts = host->next;
		free(host->name);
		free(host);
	}
	curl_multi_cleanup(h->multi);
	free(h->user_agent);
	free(h->unix_socket);
	free(h->no_proxy);
	buf_release(&h->system_ca);
	free(h);
}

/* Make a call ready for a try. */
static void call_reset(struct http_call *call)
{
	call->status = 0;
	call->head_told = call->redirected = false;
	call->moves = call->heads = 0;
	call->turn_bytes = 0;
	call->turn_over = false;
	buf_clear(&call->headers);
}

enum err_code http_start(struct http *h, struct http_call *call, struct err *err)
{
	enum err_code code = http_queue_host(h, call->url, &call->host, err);

	assert(call->on_done != NULL && call->link == NULL);
	if (code != ERR_OK)
		return code;
	call->http = h;
	buf_init(&call->headers, LIMIT_HEADER_BYTES);
	call_reset(call);
	http_queue_push(&call->host->waiting, call);
	return ERR_OK;
}

void http_on_ending(struct http *h, enum err_code (*fn)(void *ctx, struct err *err), void *ctx)
{
	h->on_ending = fn;
	h->ending_ctx = ctx;
}

unsigned http_ending(const struct http *h)
{
	return h->ending;
}

bool http_begun(const struct http_call *call)
{
	return call->easy != NULL;
}

static enum err_code call_begin(struct http *h, struct http_call *call, struct err *err)
{
	enum err_code code = http_transfer_open(h, call, err);

	if (code != ERR_OK)
		return code;
	h->active++;
	call->host->active++;
	http_queue_unlink(call);
	http_queue_push(&h->running, call);
	retry_begin(&call->retry, &call->host->retry);
	if (curl_multi_add_handle(h->multi, call->easy) != CURLM_OK)
		return err_nomem(err);
	return ERR_OK;
}

static enum err_code end_moot(struct http *h, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && h->moot != NULL) {
		struct http_call *call = h->moot;
		struct err failure = { 0 };

		call_drop(call);
		http_transfer_moot(call, &failure);
		code = call->on_done(call, &failure, err);
	}
	return code;
}

static enum err_code begin_or_end(struct http *h, struct http_call *call, struct err *err)
{
	if (!http_queue_is_moot(call))
		return call_begin(h, call, err);
	http_queue_set_apart(h, call);
	return ERR_OK;
}

static enum err_code begin_waiting(struct http *h, struct err *err)
{
	enum err_code code = ERR_OK;
	uint64_t now = now_ms();
	struct http_host *host;

	http_queue_sift(h);
	for (host = h->hosts; code == ERR_OK && host != NULL; host = host->next) {
		http_queue_ripen(host, now);
		while (code == ERR_OK && host->waiting != NULL && http_queue_has_room(h, host) &&
		       host->retry.held_until_ms <= now)
			code = begin_or_end(h, host->waiting, err);
	}
	return code == ERR_OK ? end_moot(h, err) : code;
}

/* Who waits should know for what. */
static void tell_wait(struct http *h, struct http_host *host, const struct retry_end *end, uint64_t wait_ms)
{
	static const char *const words[] = {
		[RETRY_BROKEN] = "the connection broke",
		[RETRY_UNREACHED] = "no connection",
		[RETRY_TIMED_OUT] = "nothing came for too long",
	};
	const char *name = strstr(host->name, "://");
	char answered[32];

	if (h->options.on_wait == NULL || !retry_tell(&host->retry, end, h->options.retry_ms, wait_ms))
		return;
	snprintf(answered, sizeof(answered), "answered %d", end->status);
	h->options.on_wait(h->options.ctx, name != NULL ? name + 3 : host->name,
			   end->cause == RETRY_STATUS ? answered : words[end->cause], wait_ms);
}

/* A try has ended.  Is there to be another?  Then its time is set. */
static bool goes_again(struct http_call *call, CURLcode result, uint64_t *ret_until_ms)
{
	struct http *h = call->http;
	struct retry_host *host = &call->host->retry;
	struct retry_end end;
	uint64_t now = now_ms();

	http_transfer_verdict(call, result, &end);
	if (end.cause == RETRY_HOPELESS && result == CURLE_OK)
		retry_answered(host);
	if (call->busy_elsewhere_is_last && call->redirected && call->status == 429)
		return false;
	if (call->on_again == NULL || http_queue_is_moot(call))
		return false;
	if (!retry_again(&call->retry, host, &end, h->options.retry_ms, now, ret_until_ms))
		return false;
	tell_wait(h, call->host, &end, *ret_until_ms - now);
	return true;
}

/* The same transfer goes on at another place. */
static enum err_code call_move(struct http_call *call, struct err *err)
{
	curl_multi_remove_handle(call->http->multi, call->easy);
	return curl_multi_add_handle(call->http->multi, call->easy) == CURLM_OK ? ERR_OK : err_nomem(err);
}

static enum err_code call_end(struct http_call *call, CURLcode result, struct err *err)
{
	struct err failure = { 0 };
	uint64_t until_ms = 0;
	bool again;

	if (result == CURLE_OK && http_transfer_moves(call))
		return call_move(call, err);
	result = http_transfer_end(call, result);
	again = goes_again(call, result, &until_ms);
	if (result != CURLE_OK && !again)
		http_transfer_failure(call, result, &failure);
	call_drop(call);
	call->http->has_failed |= !again && (result != CURLE_OK || retry_status(call->status));
	if (!again)
		return call->on_done(call, result != CURLE_OK ? &failure : NULL, err);
	call_reset(call);
	http_queue_later(call, until_ms);
	return call->on_again(call, err);
}

static enum err_code end_finished(struct http *h, struct err *err)
{
	enum err_code code = ERR_OK;
	CURLMsg *message;
	int left;

	while (code == ERR_OK && (message = curl_multi_info_read(h->multi, &left)) != NULL) {
		struct http_call *call = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		code = call_end(call, message->data.result, err);
	}
	return code;
}

static void begin_turn(struct http *h)
{
	struct http_call *call;

	for (call = h->running; call != NULL; call = call->next)
		http_transfer_turn(call);
}

/* Not from within the transfer that gives its place: what fails here is no failure of that one. */
static enum err_code tell_given(struct http *h, struct err *err)
{
	if (!h->has_given || h->on_ending == NULL)
		return ERR_OK;
	h->has_given = false;
	return h->on_ending(h->ending_ctx, err);
}

static enum err_code run_once(struct http *h, struct err *err)
{
	enum err_code code = begin_waiting(h, err);
	CURLMcode result;
	int running = 0, rest;

	if (code != ERR_OK)
		return code;
	result = curl_multi_perform(h->multi, &running);
	if (result == CURLM_OK)
		code = end_finished(h, err);
	if (result == CURLM_OK && code == ERR_OK)
		code = tell_given(h, err);
	begin_turn(h);
	rest = http_queue_rest_ms(h, now_ms(), POLL_MS);
	if (result == CURLM_OK && code == ERR_OK && rest > 0 && !http_queue_is_idle(h))
		result = curl_multi_poll(h->multi, NULL, 0, rest, NULL);
	if (result != CURLM_OK)
		return err_set(err, ERR_NETWORK, "HTTP engine: %s", curl_multi_strerror(result));
	return code;
}

enum err_code http_run(struct http *h, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && !http_queue_is_idle(h)) {
		code = run_once(h, err);
		if (code == ERR_OK && h->options.on_turn != NULL)
			code = h->options.on_turn(err);
	}
	forget_all(h);
	return code;
}
