/* The part of http.h that keeps the calls that wait: for a place at their host, or for the time of another try. */
#include <stdlib.h>
#include <string.h>

#include "common/http_private.h"
#include "common/mem.h"

#define ACTIVE_MAX 64 /* at all hosts together: each takes some 150 KiB, and one that sends 256 more */

void http_queue_unlink(struct http_call *call)
{
	*call->link = call->next;
	if (call->next != NULL)
		call->next->link = call->link;
	call->next = NULL;
	call->link = NULL;
}

void http_queue_push(struct http_call **list, struct http_call *call)
{
	call->next = *list;
	call->link = list;
	if (*list != NULL)
		(*list)->link = &call->next;
	*list = call;
}

/* How much of a URL names the host. */
static size_t host_len(const char *url)
{
	const char *host = strstr(url, "://");
	size_t scheme_len = host != NULL ? (size_t)(host - url) + 3 : 0;

	return scheme_len + strcspn(url + scheme_len, "/?#");
}

enum err_code http_queue_host(struct http *h, const char *url, struct http_host **ret_host, struct err *err)
{
	size_t len = host_len(url);
	struct http_host *host = h->hosts;

	while (host != NULL && (strncmp(host->name, url, len) != 0 || host->name[len] != '\0'))
		host = host->next;
	if (host == NULL) {
		host = calloc(1, sizeof(*host));
		if (host == NULL)
			return err_nomem(err);
		host->name = strndup(url, len);
		if (host->name == NULL) {
			free(host);
			return err_nomem(err);
		}
		host->next = h->hosts;
		h->hosts = host;
	}
	*ret_host = host;
	return ERR_OK;
}

bool http_queue_has_room(const struct http *h, const struct http_host *host)
{
	return host->active - host->ending < h->options.max_active && h->active < ACTIVE_MAX;
}

void http_queue_ripen(struct http_host *host, uint64_t now)
{
	while (host->later != NULL && host->later->not_before_ms <= now) {
		struct http_call *call = host->later;

		http_queue_unlink(call);
		http_queue_push(&host->waiting, call);
	}
}

bool http_queue_is_moot(struct http_call *call)
{
	return call->is_moot != NULL && call->is_moot(call);
}

void http_queue_set_apart(struct http *h, struct http_call *call)
{
	http_queue_unlink(call);
	http_queue_push(&h->moot, call);
}

static void sift_list(struct http *h, struct http_call *call)
{
	while (call != NULL) {
		struct http_call *next = call->next;

		if (http_queue_is_moot(call))
			http_queue_set_apart(h, call);
		call = next;
	}
}

void http_queue_sift(struct http *h)
{
	struct http_host *host;

	for (host = h->hosts; h->has_failed && host != NULL; host = host->next) {
		sift_list(h, host->waiting);
		sift_list(h, host->later);
	}
	h->has_failed = false;
}

int http_queue_rest_ms(const struct http *h, uint64_t now, unsigned most_ms)
{
	uint64_t until = now + most_ms;
	const struct http_host *host;

	for (host = h->hosts; host != NULL; host = host->next) {
		if (host->waiting != NULL && http_queue_has_room(h, host) && host->retry.held_until_ms < until)
			until = host->retry.held_until_ms;
		if (host->later != NULL && host->later->not_before_ms < until)
			until = host->later->not_before_ms;
	}
	return until > now ? (int)(until - now) : 0;
}

bool http_queue_is_idle(const struct http *h)
{
	const struct http_host *host;

	for (host = h->hosts; host != NULL; host = host->next) {
		if (host->waiting != NULL || host->later != NULL)
			return false;
	}
	return h->running == NULL;
}

void http_queue_later(struct http_call *call, uint64_t until_ms)
{
	struct http_call **place = &call->host->later;

	while (*place != NULL && (*place)->not_before_ms <= until_ms)
		place = &(*place)->next;
	call->not_before_ms = until_ms;
	http_queue_push(place, call);
}
