/* One transfer: what is asked, what is heard, how it ended. */
#include <stdlib.h>
#include <string.h>

#include "common/http_private.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define REDIRECTS_MAX 5L
#define BUFFER_BYTES 131072L
#define TURN_BYTES (2 * MIB) /* that come over one connection before others are looked at */
/* Who sends a blob keeps its last byte back, so a block of that size must find room with a byte to spare: else each of
 * them comes, and goes, as all of it but a byte, and a byte. */
#define UPLOAD_BYTES (2 * BUFFER_BYTES)
/* libcurl 7.88 may send over HTTP/2 what it was given a second time: where the socket is full when the last of it, a
 * frame of less than a kilobyte, waits in a buffer, it says "try again", as if nothing had gone.  So it is given less
 * at once than there is room for in a socket that can be written to: of 208 KiB, as Linux has it, three quarters. */
#define UPLOAD_HTTP2_BYTES 65536L
#define SLOWEST_BYTES 1000L /* a second; a layer that is slower for too long would take weeks */

static const char *method_of(const struct http_call *call)
{
	return call->method != NULL ? call->method : "GET";
}

/* What is asked for, in messages. */
static const char *name_of(const struct http_call *call)
{
	return call->label != NULL ? call->label : call->url;
}

/* A callback said no, be it in what curl does not hand on. */
static bool has_failed(const struct http_call *call)
{
	return call->trial->failure.code != ERR_OK;
}

static enum err_code tell_head(struct http_call *call)
{
	long status = 0, redirects = 0;

	if (call->head_told)
		return ERR_OK;
	call->head_told = true;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_COUNT, &redirects);
	call->redirected = redirects > 0 || call->moves > 0;
	call->status = (int)status;
	return call->on_head != NULL ? call->on_head(call, &call->trial->failure) : ERR_OK;
}

/* Whether what is coming is a redirect to be followed by http_transfer_moves, and nobody's answer. */
static bool is_moving(const struct http_call *call)
{
	char place[2];
	long status = 0;

	if (call->more_headers == NULL || call->upload != NULL || call->body != NULL)
		return false;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	return (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) &&
	       http_header(call, "Location", 0, place, sizeof(place)) != NULL;
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
	struct http_call *call = data;
	size_t len = size * count;

	call->host->retry.heard = true;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) { /* a new head: after a redirect or 100 Continue */
		buf_clear(&call->headers);
		if (++call->heads > LIMIT_HEADS) {
			err_set(&call->trial->failure, ERR_REFUSED, "%s %s: more than %d heads and no answer",
				method_of(call), name_of(call), LIMIT_HEADS);
			return 0;
		}
	}
	if (buf_add(&call->headers, line, len, &call->trial->failure) != ERR_OK) {
		err_add(&call->trial->failure, "%s %s: headers", method_of(call), name_of(call));
		return 0;
	}
	return len;
}

/* libcurl reads a hundred times its buffer from one connection before it looks at the next one.  Then all that comes is
 * of one stream, which one thread alone can hash: so each connection has its turn. */
static void end_turn(struct http_call *call, size_t len)
{
	call->turn_bytes += len;
	if (!call->alone || call->turn_bytes < TURN_BYTES)
		return;
	call->turn_bytes = 0;
	call->turn_over = curl_easy_pause(call->easy, CURLPAUSE_RECV) == CURLE_OK;
}

/* What had come with the last of a turn is written in here.  Where that fails curl says so once, and forgets it: the
 * failure stands, and on_bytes and http_transfer_end look at it. */
void http_transfer_turn(struct http_call *call)
{
	if (!call->turn_over)
		return;
	call->turn_over = false;
	curl_easy_pause(call->easy, CURLPAUSE_CONT);
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *data)
{
	struct http_call *call = data;
	size_t len = size * count;

	if (is_moving(call))
		return len;
	if (has_failed(call) || tell_head(call) != ERR_OK)
		return CURL_WRITEFUNC_ERROR;
	if (call->on_body != NULL && call->on_body(call, bytes, len, &call->trial->failure) != ERR_OK)
		return CURL_WRITEFUNC_ERROR;
	end_turn(call, len);
	return len;
}

/* What is no content is read for what it says of itself, or not at all: it may not go on for ever.  Here, because curl
 * itself reads what comes with a redirect. */
static int on_progress(void *data, curl_off_t to_come, curl_off_t came, curl_off_t to_go, curl_off_t went)
{
	struct http_call *call = data;
	long status = 0;

	if (call->upload != NULL)
		http_ending_sent(call, to_go, went);
	if (came <= (curl_off_t)LIMIT_ANSWER_BYTES)
		return 0;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if (call->on_body != NULL && !call->brief && (status == 200 || (status == 206 && call->range != NULL))) {
		http_ending_look(call, to_come, came);
		return 0;
	}
	err_set(&call->trial->failure, ERR_REFUSED, "%s %s: answered %ld, with a body of more than %llu bytes",
		method_of(call), name_of(call), status, (unsigned long long)LIMIT_ANSWER_BYTES);
	return 1;
}

static size_t on_upload(char *bytes, size_t size, size_t count, void *data)
{
	struct http_call *call = data;
	size_t len = 0;

	if (instream_read(call->upload, bytes, size * count, &len, &call->trial->failure) != ERR_OK)
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

/* Lines of the caller's own, for the host that it named. */
static enum err_code add_more_headers(struct http_call *call, struct err *err)
{
	const char *line = call->more_headers, *end;
	enum err_code code = ERR_OK;

	for (; code == ERR_OK && line != NULL && *line != '\0'; line = *end != '\0' ? end + 1 : end) {
		CLEANUP(free_ptr) char *text = NULL;
		struct curl_slist *grown = NULL;

		end = line + strcspn(line, "\n");
		code = str_format(&text, err, "%.*s", (int)(end - line), line);
		if (code == ERR_OK)
			grown = curl_slist_append(call->sent_headers, text);
		if (code == ERR_OK && grown == NULL)
			return err_nomem(err);
		call->sent_headers = grown != NULL ? grown : call->sent_headers;
	}
	return code;
}

static enum err_code add_headers(struct http_call *call, bool at_home, struct err *err)
{
	enum err_code code = add_header(call, err, "Expect", ""); /* never wait for 100 Continue */

	if (code == ERR_OK && at_home)
		code = add_header(call, err, "Authorization", call->authorization);
	if (code == ERR_OK)
		code = add_header(call, err, "Accept", call->accept);
	if (code == ERR_OK)
		code = add_header(call, err, "Range", call->range);
	if (code == ERR_OK)
		code = add_header(call, err, "Content-Type", call->content_type);
	if (code == ERR_OK)
		code = add_header(call, err, "Content-Range", call->content_range);
	return code == ERR_OK && at_home ? add_more_headers(call, err) : code;
}

static void set_body(struct http_call *call)
{
	CURL *e = call->easy;

	if (call->upload != NULL) {
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
				 call->upload_sized ? (curl_off_t)call->upload_bytes : (curl_off_t)-1);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_upload);
		curl_easy_setopt(e, CURLOPT_READDATA, call);
		curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE,
				 call->http->options.http2 ? UPLOAD_HTTP2_BYTES : UPLOAD_BYTES);
	} else if (call->body != NULL) {
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, call->body);
	}
	if (strcmp(method_of(call), "HEAD") == 0)
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method_of(call));
}

/* Without TLS, libcurl 7.88 fails with the second call of a connection. */
static long version_of(const struct http *h, const struct http_call *call)
{
	if (h->options.http2)
		return CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
	return call->alone ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS;
}

static void set_options(struct http *h, struct http_call *call)
{
	CURL *e = call->easy;
	bool secure = text_starts(call->url, "https:");

	curl_easy_setopt(e, CURLOPT_URL, call->url);
	curl_easy_setopt(e, CURLOPT_PRIVATE, call);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, call->trial->reason);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_USERAGENT, h->user_agent);
	curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, h->unix_socket);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION,
			 call->upload == NULL && call->body == NULL && call->more_headers == NULL ? 1L : 0L);
	curl_easy_setopt(e, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
			 call->connect_ms > 0 ? (long)call->connect_ms : (long)h->options.connect_seconds * 1000);
	curl_easy_setopt(e, CURLOPT_NOPROXY, h->no_proxy);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, h->options.stall_seconds > 0 ? SLOWEST_BYTES : 0L);
	curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)h->options.stall_seconds);
	if (call->answer_seconds > 0 || !call->alone)
		curl_easy_setopt(e, CURLOPT_TIMEOUT_MS,
				 1000L * (call->answer_seconds > 0 ? call->answer_seconds : h->options.answer_seconds));
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, version_of(h, call));
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(e, CURLOPT_XFERINFODATA, call);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, call->sent_headers);
	curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, (long)h->options.http2);
	curl_easy_setopt(e, CURLOPT_FORBID_REUSE, (long)h->options.http2);
	set_body(call);
}

enum err_code http_transfer_open(struct http *h, struct http_call *call, struct err *err)
{
	enum err_code code;

	call->easy = curl_easy_init();
	call->trial = calloc(1, sizeof(*call->trial));
	if (call->easy == NULL || call->trial == NULL) {
		http_transfer_close(call);
		return err_nomem(err);
	}
	code = add_headers(call, true, err);
	if (code == ERR_OK)
		code = http_tls_set(h, call, err);
	if (code == ERR_OK)
		set_options(h, call);
	else
		http_transfer_close(call);
	return code;
}

void http_transfer_close(struct http_call *call)
{
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->sent_headers);
	free(call->trial);
	call->trial = NULL;
	call->easy = NULL;
	call->sent_headers = NULL;
}

static bool is_same_host(const char *url, const char *other)
{
	const char *host = strstr(url, "://");
	size_t len = host != NULL ? (size_t)(host - url) + 3 : 0;

	len += strcspn(url + len, "/?#");
	return strncmp(url, other, len) == 0 && (other[len] == '\0' || strchr("/?#", other[len]) != NULL);
}

bool http_transfer_moves(struct http_call *call)
{
	const char *place = NULL;

	if (!is_moving(call) || call->moves >= REDIRECTS_MAX)
		return false;
	curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &place);
	if (place == NULL)
		return false;
	curl_slist_free_all(take_ptr((struct curl_slist **)&call->sent_headers));
	if (add_headers(call, is_same_host(call->url, place), &call->trial->failure) != ERR_OK)
		return false;
	call->moves++;
	buf_clear(&call->headers);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->sent_headers);
	curl_easy_setopt(call->easy, CURLOPT_PROTOCOLS_STR, text_starts(call->url, "https:") ? "https" : "http,https");
	return curl_easy_setopt(call->easy, CURLOPT_URL, place) == CURLE_OK;
}

CURLcode http_transfer_end(struct http_call *call, CURLcode result)
{
	long status = 0, redirects = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_COUNT, &redirects);
	call->answered |= status > 0 || redirects > 0 || call->moves > 0;
	call->foreign = result == CURLE_UNSUPPORTED_PROTOCOL && !call->answered;
	if (result == CURLE_OK && is_moving(call)) /* and not to be followed any more */
		return has_failed(call) ? CURLE_WRITE_ERROR : CURLE_TOO_MANY_REDIRECTS;
	return result == CURLE_OK && (has_failed(call) || tell_head(call) != ERR_OK) ? CURLE_WRITE_ERROR : result;
}

static enum retry_cause cause_of(const struct http_call *call, CURLcode result)
{
	if (has_failed(call))
		return RETRY_HOPELESS;
	if (result != CURLE_OK && http_proxy_is_none(call))
		return RETRY_HOPELESS;
	if (result != CURLE_OK && (http_tls_refused(call, result) || http_proxy_refused(call)))
		return RETRY_HOPELESS;
	switch (result) {
	case CURLE_OK:
		return retry_status(call->status) ? RETRY_STATUS : RETRY_HOPELESS;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return RETRY_UNREACHED;
	case CURLE_SEND_ERROR:
	case CURLE_SEND_FAIL_REWIND: /* a connection that had been left open for more was closed meanwhile */
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return RETRY_BROKEN;
	case CURLE_OPERATION_TIMEDOUT:
		return RETRY_TIMED_OUT;
	default:
		return RETRY_HOPELESS;
	}
}

void http_transfer_verdict(const struct http_call *call, CURLcode result, struct retry_end *ret_end)
{
	char said[32];
	curl_off_t seconds = 0;

	*ret_end = (struct retry_end){
		.cause = cause_of(call, result),
		.status = call->status,
		.after_ms = RETRY_NOT_ASKED,
		.kept_bytes = call->kept_bytes,
	};
	if (http_header(call, "Retry-After", 0, said, sizeof(said)) == NULL)
		return;
	curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &seconds); /* of a date too; 0 where that has passed */
	ret_end->after_ms = seconds <= 0 ? 0 : seconds < UINT32_MAX ? (uint64_t)seconds * 1000 : UINT32_MAX;
}

enum err_code http_transfer_moot(const struct http_call *call, struct err *err)
{
	char tried[HTTP_TRIED_MAX];

	return err_set(err, ERR_NETWORK, "%s %s: not asked any more, for others have failed there%s", method_of(call),
		       name_of(call), http_tried(call, tried));
}

/* Where the other side has gone while it was sent to, curl may speak of its own calls. */
static const char *reason_of(const struct http_call *call, CURLcode result)
{
	const char *reason = call->trial->reason;

	if (result == CURLE_SEND_ERROR && strstr(reason, "select/poll") != NULL)
		return "the connection broke off while it was sent to";
	if (reason[0] != '\0')
		return reason;
	if (result == CURLE_URL_MALFORMAT) /* of a URL, people write host and port */
		return "this is no host[:port] that can be asked: the highest port is 65535";
	return curl_easy_strerror(result);
}

enum err_code http_transfer_failure(const struct http_call *call, CURLcode result, struct err *err)
{
	const char *why = reason_of(call, result);
	char tried[HTTP_TRIED_MAX];

	if (has_failed(call)) {
		*err = call->trial->failure;
		return err->code;
	}
	if (result == CURLE_OUT_OF_MEMORY) /* curl says that of a header line too which it has no room for */
		return err_set(err, ERR_REFUSED, "%s %s: out of memory, or an answer with a header that is too long",
			       method_of(call), name_of(call));
	if (http_proxy_is_none(call))
		return err_set(
			err, ERR_USAGE,
			"%s %s: the proxy setting in the environment cannot be used: see https_proxy, "
			"http_proxy and all_proxy (in a user or password, special characters are written as %%40)",
			method_of(call), name_of(call));
	return err_set(err, ERR_NETWORK, "%s %s: %s%s%s%s", method_of(call), name_of(call), why,
		       http_tried(call, tried), http_tls_advice(call, result), http_proxy_advice(call, result));
}
