/* The part of the HTTP server that calls handlers and queues what they answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "common/text.h"
#include "import/serve_http_private.h"

static struct connection *connection_of(struct MHD_Connection *client)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(client, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* The library decodes and cuts what it gives later; this is what the client wrote. */
void *serve_http_on_uri(void *ctx, const char *uri, struct MHD_Connection *client)
{
	struct connection *c = connection_of(client);

	(void)ctx;
	if (c != NULL) {
		free(c->uri);
		c->uri = strdup(uri);
	}
	return NULL;
}

/* ---- the request ---- */

struct headers {
	struct serve_field *fields;
	size_t len;
	bool too_many, body;
};

static enum MHD_Result add_header(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct headers *h = ctx;

	(void)kind;
	if (h->len == LIMIT_SERVE_FIELDS) {
		h->too_many = h->body = true; /* there may be one, by a header behind these */
		return MHD_NO;
	}
	if (value == NULL)
		value = "";
	h->body |= strcasecmp(name, "Transfer-Encoding") == 0 ||
		   (strcasecmp(name, "Content-Length") == 0 && strcmp(value, "0") != 0);
	h->fields[h->len++] = (struct serve_field){ .name = name, .value = value };
	return MHD_YES;
}

static void keep(char **text, const char *value)
{
	free(*text);
	*text = value != NULL ? strdup(value) : NULL; /* a log line may lack it */
}

static struct exchange *new_exchange(struct port *port, struct connection *c, const char *method, const char *version)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->port = port;
	x->connection = c;
	x->uri = take_ptr(&c->uri);
	keep(&x->method, method);
	keep(&x->version, version);
	clock_gettime(CLOCK_MONOTONIC, &x->began);
	return x;
}

static void free_exchange(struct exchange *x)
{
	free(x->method);
	free(x->uri);
	free(x->version);
	free(x->referer);
	free(x->agent);
	free(x->user);
	free(x);
}

/* ---- the answer ---- */

void serve_http_report(const struct exchange *x, const char *why)
{
	char uri[256];

	snprintf(uri, sizeof(uri), "%s", x->uri != NULL ? x->uri : "-");
	text_clean(uri);
	fprintf(stderr, "bundle serve: %s: %.16s %s: %s\n", x->port->listener.what, x->method, uri, why);
}

static void refuse(const struct exchange *x, const struct serve_request *request, unsigned status,
		   const struct err *why, struct serve_answer *answer)
{
	const struct serve_listener *l = &x->port->listener;

	serve_answer_release(answer);
	serve_answer_init(answer);
	if (status >= 500)
		serve_http_report(x, why->msg);
	l->refuse(l->ctx, request, status, why, answer);
	answer->status = status;
	if (status == 503)
		(void)serve_answer_header(answer, NULL, "Retry-After", "5");
}

static void answer_request(const struct exchange *x, const struct serve_request *request, struct serve_answer *answer)
{
	const struct serve_listener *l = &x->port->listener;
	struct err err = { .code = ERR_OK };
	enum err_code code = l->handler(l->ctx, request, answer, &err);

	if (code != ERR_OK)
		refuse(x, request, serve_status(code), &err, answer);
}

/* Whoever asks for much and reads slowly would fill the memory with it. */
static void refuse_too_much(const struct exchange *x, struct serve_answer *answer)
{
	struct err err = { .code = ERR_OK };

	if (serve_http_has_room(x->port->server, answer))
		return;
	err_set(&err, ERR_IO, "too many answers wait to be read by those who asked for them: try again later");
	refuse(x, NULL, 503, &err, answer);
}

static void answer_exchange(struct exchange *x, struct headers *headers, struct serve_answer *answer)
{
	CLEANUP(serve_parsed_release) struct serve_parsed parsed;
	struct err err = { .code = ERR_OK };
	enum err_code code = serve_parse(x->method, x->uri, &parsed, &err);

	if (code == ERR_OK && headers->too_many) {
		err_set(&err, ERR_LIMIT, "more than %d headers", LIMIT_SERVE_FIELDS);
		refuse(x, &parsed.request, 431, &err, answer);
	} else if (code != ERR_OK) {
		refuse(x, NULL, code == ERR_LIMIT ? 414 : serve_status(code), &err, answer);
	} else {
		parsed.request.headers = headers->fields;
		parsed.request.headers_len = headers->len;
		parsed.request.peer = x->connection->peer;
		parsed.request.tls = x->port->listener.tls_cert != NULL;
		parsed.request.has_body = headers->body;
		answer_request(x, &parsed.request, answer);
		keep(&x->referer, serve_header(&parsed.request, "Referer"));
		keep(&x->agent, serve_header(&parsed.request, "User-Agent"));
	}
	keep(&x->user, answer->user);
	refuse_too_much(x, answer);
}

static bool add_headers(struct MHD_Response *response, const struct serve_answer *answer)
{
	enum MHD_Result done = MHD_YES;
	size_t i;

	for (i = 0; done == MHD_YES && i < answer->headers_len; i++)
		done = MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
	return done == MHD_YES;
}

/* A body that nobody reads would be taken for the next request.  So would what comes once the server stops. */
static enum MHD_Result queue(struct exchange *x, struct MHD_Connection *client, struct serve_answer *answer, bool close)
{
	bool is_head = strcmp(x->method, "HEAD") == 0;
	struct MHD_Response *response;
	enum MHD_Result done = MHD_NO;

	x->status = answer->status != 0 ? answer->status : 200;
	x->bytes = is_head || answer->blob.place != NULL ? 0 : serve_answer_len(answer);
	response = serve_http_body(x->port->server, x, answer, is_head);
	if (response == NULL)
		return MHD_NO;
	if (add_headers(response, answer) &&
	    (!close || MHD_add_response_header(response, "Connection", "close") == MHD_YES))
		done = MHD_queue_response(client, x->status, response);
	MHD_destroy_response(response);
	return done;
}

static struct exchange *begin(struct port *port, struct MHD_Connection *client, const char *method, const char *version)
{
	struct connection *c = connection_of(client);
	struct exchange *x = c != NULL && c->uri != NULL ? new_exchange(port, c, method, version) : NULL;

	if (x != NULL && x->method == NULL) {
		free_exchange(x);
		return NULL;
	}
	if (x == NULL)
		return NULL;
	x->client = client;
	serve_http_begin(port->server, c);
	return x;
}

/* The library calls first when the headers are there, and again when there is no more of a body.  Who answers the first
 * call will not hear the rest of the request, and the connection ends with it: that is for requests with a body. */
enum MHD_Result serve_http_on_request(void *ctx, struct MHD_Connection *client, const char *url, const char *method,
				      const char *version, const char *upload, size_t *upload_len, void **state)
{
	struct port *port = ctx;
	struct serve_field fields[LIMIT_SERVE_FIELDS];
	struct headers headers = { .fields = fields };
	struct serve_answer answer;
	bool first = *state == NULL;

	(void)url;
	(void)upload;
	(void)upload_len;
	if (first)
		*state = begin(port, client, method, version);
	if (*state == NULL)
		return MHD_NO;
	(void)MHD_get_connection_values(client, MHD_HEADER_KIND, add_header, &headers);
	if (first && !headers.body)
		return MHD_YES;
	serve_answer_init(&answer);
	answer_exchange(*state, &headers, &answer);
	return queue(*state, client, &answer, headers.body || atomic_load(&port->server->stopping));
}

void serve_http_on_end(void *ctx, struct MHD_Connection *client, void **state, enum MHD_RequestTerminationCode how)
{
	struct port *port = ctx;
	struct exchange *x = *state;
	struct serve_log_entry e;

	(void)client;
	(void)how;
	if (x == NULL)
		return;
	*state = NULL;
	e = (struct serve_log_entry){
		.peer = x->connection->peer,
		.user = x->user,
		.method = x->method,
		.uri = x->uri,
		.version = x->version,
		.referer = x->referer,
		.agent = x->agent,
		.status = x->status,
		.bytes = x->bytes,
		.seconds = seconds_since(&x->began),
	};
	if (port->server->log != NULL)
		serve_log_request(port->server->log, &e);
	serve_http_end(port->server, x->connection);
	free_exchange(x);
}
