#include "common/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define REDIRECTS_MAX 5L
#define CONNECT_TIMEOUT_MS 30000L
#define BUFFER_BYTES 131072L
#define POLL_MS 1000

struct http {
	CURLM *multi;
	char *user_agent, *unix_socket;
	unsigned max_active, active, stall_seconds;
	struct http_call *running, *waiting;
};

static void global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum err_code http_new(const struct http_options *options, struct http **ret_http, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http *h = calloc(1, sizeof(*h));

	pthread_once(&once, global_init);
	if (h == NULL)
		return err_nomem(err);
	h->max_active = options->max_active > 0 ? options->max_active : 1;
	h->stall_seconds = options->stall_seconds;
	h->multi = curl_multi_init();
	if (h->multi == NULL || str_copy(options->user_agent, &h->user_agent, err) != ERR_OK ||
	    str_copy(options->unix_socket, &h->unix_socket, err) != ERR_OK) {
		http_free(h);
		return err_nomem(err);
	}
	curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)h->max_active);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)h->max_active);
	*ret_http = h;
	return ERR_OK;
}

static void call_unlink(struct http_call *call)
{
	*call->link = call->next;
	if (call->next != NULL)
		call->next->link = call->link;
	call->next = NULL;
	call->link = NULL;
}

static void call_push(struct http_call **list, struct http_call *call)
{
	call->next = *list;
	call->link = list;
	if (*list != NULL)
		(*list)->link = &call->next;
	*list = call;
}

/* Give up everything that http.c holds for a call; what its answer was stays until the caller is done with it. */
static void call_drop(struct http_call *call)
{
	struct http *h = call->http;

	call_unlink(call);
	if (call->easy != NULL) {
		curl_multi_remove_handle(h->multi, call->easy);
		curl_easy_cleanup(call->easy);
		h->active--;
	}
	curl_slist_free_all(call->sent_headers);
	call->easy = NULL;
	call->sent_headers = NULL;
}

static void call_forget(struct http_call *call)
{
	call_drop(call);
	buf_release(&call->headers);
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	while (h->running != NULL)
		call_forget(h->running);
	while (h->waiting != NULL)
		call_forget(h->waiting);
	curl_multi_cleanup(h->multi);
	free(h->user_agent);
	free(h->unix_socket);
	free(h);
}

static const char *method_of(const struct http_call *call)
{
	return call->method != NULL ? call->method : "GET";
}

static enum err_code tell_head(struct http_call *call)
{
	long status = 0, redirects = 0;

	if (call->head_told)
		return ERR_OK;
	call->head_told = true;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_COUNT, &redirects);
	call->redirected = redirects > 0;
	call->status = (int)status;
	return call->on_head != NULL ? call->on_head(call, &call->failure) : ERR_OK;
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
	struct http_call *call = data;
	size_t len = size * count;

	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		buf_clear(&call->headers); /* a new head: after a redirect or 100 Continue */
	if (buf_add(&call->headers, line, len, &call->failure) != ERR_OK) {
		err_add(&call->failure, "%s %s: headers", method_of(call), call->url);
		return 0;
	}
	return len;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *data)
{
	struct http_call *call = data;
	size_t len = size * count;

	if (tell_head(call) != ERR_OK)
		return CURL_WRITEFUNC_ERROR;
	if (call->on_body != NULL && call->on_body(call, bytes, len, &call->failure) != ERR_OK)
		return CURL_WRITEFUNC_ERROR;
	return len;
}

static size_t on_upload(char *bytes, size_t size, size_t count, void *data)
{
	struct http_call *call = data;
	size_t len = 0;

	if (instream_read(call->upload, bytes, size * count, &len, &call->failure) != ERR_OK)
		return CURL_READFUNC_ABORT;
	return len;
}

static enum err_code add_header(struct http_call *call, struct err *err, const char *name, const char *value)
{
	CLEANUP(free_ptr) char *line = NULL;
	struct curl_slist *grown;
	enum err_code code;

	if (value == NULL)
		return ERR_OK;
	code = str_format(&line, err, "%s:%s%s", name, *value != '\0' ? " " : "", value);
	if (code != ERR_OK)
		return code;
	grown = curl_slist_append(call->sent_headers, line);
	if (grown == NULL)
		return err_nomem(err);
	call->sent_headers = grown;
	return ERR_OK;
}

static enum err_code add_headers(struct http_call *call, struct err *err)
{
	enum err_code code = add_header(call, err, "Expect", ""); /* never wait for 100 Continue */

	if (code == ERR_OK)
		code = add_header(call, err, "Authorization", call->authorization);
	if (code == ERR_OK)
		code = add_header(call, err, "Accept", call->accept);
	if (code == ERR_OK)
		code = add_header(call, err, "Range", call->range);
	if (code == ERR_OK)
		code = add_header(call, err, "Content-Type", call->content_type);
	return code;
}

static void set_body(struct http_call *call)
{
	CURL *e = call->easy;

	if (call->upload != NULL) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, -1L);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_upload);
		curl_easy_setopt(e, CURLOPT_READDATA, call);
		curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
	} else if (call->body != NULL) {
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, call->body);
	} else if (strcmp(method_of(call), "HEAD") == 0) {
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	} else {
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method_of(call));
	}
}

static void set_options(struct http *h, struct http_call *call)
{
	CURL *e = call->easy;
	bool secure = text_starts(call->url, "https:");

	curl_easy_setopt(e, CURLOPT_URL, call->url);
	curl_easy_setopt(e, CURLOPT_PRIVATE, call);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, call->reason);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, h->user_agent);
	curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, h->unix_socket);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, call->upload == NULL && call->body == NULL ? 1L : 0L);
	curl_easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, h->stall_seconds > 0 ? 1L : 0L);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)h->stall_seconds);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, call->sent_headers);
	set_body(call);
}

enum err_code http_start(struct http *h, struct http_call *call, struct err *err)
{
	(void)err;
	assert(call->on_done != NULL && call->link == NULL);
	call->http = h;
	call->status = 0;
	call->head_told = call->redirected = false;
	call->failure = (struct err){ 0 };
	call->reason[0] = '\0';
	buf_init(&call->headers, LIMIT_HEADER_BYTES);
	call_push(&h->waiting, call);
	return ERR_OK;
}

bool http_begun(const struct http_call *call)
{
	return call->easy != NULL;
}

static enum err_code call_begin(struct http *h, struct http_call *call, struct err *err)
{
	enum err_code code;

	call->easy = curl_easy_init();
	if (call->easy == NULL)
		return err_nomem(err);
	h->active++;
	code = add_headers(call, err);
	if (code != ERR_OK)
		return code;
	set_options(h, call);
	call_unlink(call);
	call_push(&h->running, call);
	if (curl_multi_add_handle(h->multi, call->easy) != CURLM_OK)
		return err_nomem(err);
	return ERR_OK;
}

static enum err_code begin_waiting(struct http *h, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && h->waiting != NULL && h->active < h->max_active)
		code = call_begin(h, h->waiting, err);
	return code;
}

/* Why a transfer broke, for a person. */
static enum err_code describe(const struct http_call *call, CURLcode result, struct err *err)
{
	const char *why = call->reason[0] != '\0' ? call->reason : curl_easy_strerror(result);

	if (call->failure.code != ERR_OK) { /* a callback said no, and why */
		*err = call->failure;
		return err->code;
	}
	return err_set(err, ERR_NETWORK, "%s %s: %s", method_of(call), call->url, why);
}

static enum err_code call_end(struct http_call *call, CURLcode result, struct err *err)
{
	struct err failure = { 0 };
	enum err_code code;

	if (result == CURLE_OK && tell_head(call) != ERR_OK)
		result = CURLE_WRITE_ERROR;
	if (result != CURLE_OK)
		describe(call, result, &failure);
	call_drop(call);
	code = call->on_done(call, result != CURLE_OK ? &failure : NULL, err);
	return code;
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

static enum err_code run_once(struct http *h, struct err *err)
{
	enum err_code code = begin_waiting(h, err);
	CURLMcode result;
	int running = 0;

	if (code != ERR_OK)
		return code;
	result = curl_multi_perform(h->multi, &running);
	if (result == CURLM_OK)
		code = end_finished(h, err);
	if (result == CURLM_OK && code == ERR_OK && running > 0 && (h->waiting == NULL || h->active >= h->max_active))
		result = curl_multi_poll(h->multi, NULL, 0, POLL_MS, NULL);
	if (result != CURLM_OK)
		return err_set(err, ERR_NETWORK, "HTTP engine: %s", curl_multi_strerror(result));
	return code;
}

enum err_code http_run(struct http *h, struct err *err)
{
	enum err_code code = ERR_OK;

	while (code == ERR_OK && (h->running != NULL || h->waiting != NULL))
		code = run_once(h, err);
	while (h->running != NULL)
		call_forget(h->running);
	while (h->waiting != NULL)
		call_forget(h->waiting);
	return code;
}

const char *http_header(const struct http_call *call, const char *name, unsigned nth, char *out, size_t out_size)
{
	const char *line = buf_text(&call->headers), *end;
	size_t name_len = strlen(name), len;

	for (; *line != '\0'; line = end + strspn(end, "\r\n")) {
		end = line + strcspn(line, "\r\n");
		if (strncasecmp(line, name, name_len) != 0 || line[name_len] != ':' || nth-- > 0)
			continue;
		line += name_len + 1;
		line += strspn(line, " \t");
		len = (size_t)(end - line);
		while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
			len--; /* RFC 9110 section 5.5 */
		len = len < out_size ? len : out_size - 1;
		memcpy(out, line, len);
		out[len] = '\0';
		return out;
	}
	return NULL;
}

enum err_code http_resolve_url(const char *base, const char *url, char *out, size_t out_size, struct err *err)
{
	CURLU *u = curl_url();
	char *whole = NULL;
	enum err_code code = ERR_OK;

	if (u == NULL)
		return err_nomem(err);
	if (curl_url_set(u, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_URL, &whole, 0) != CURLUE_OK)
		code = err_set(err, ERR_FORMAT, "%s: answered with a link that is no URL", base);
	else if ((size_t)snprintf(out, out_size, "%s", whole) >= out_size)
		code = err_set(err, ERR_LIMIT, "%s: answered with a link of more than %zu bytes", base, out_size - 1);
	curl_free(whole);
	curl_url_cleanup(u);
	return code;
}

enum err_code http_escape(const char *text, struct buf *out, struct err *err)
{
	char *escaped = curl_easy_escape(NULL, text, 0);
	enum err_code code = escaped != NULL ? buf_puts(out, escaped, err) : err_nomem(err);

	curl_free(escaped);
	return code;
}
