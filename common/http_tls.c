/* Who is trusted, who asks, and what to do where the two sides do not agree. */
#include <string.h>

#include "common/file.h"
#include "common/http_private.h"
#include "common/limits.h"

/* What curl would trust by itself, from one file; its folder, where it has one, counts anyhow. */
static enum err_code read_system_ca(struct http *h, struct err *err)
{
	const char *path = curl_version_info(CURLVERSION_NOW)->cainfo;
	enum err_code code;

	if (h->system_ca.len > 0)
		return ERR_OK;
	code = path != NULL ? file_read(path, &h->system_ca, err) : ERR_NOT_FOUND;
	if (code == ERR_NOT_FOUND)
		code = ERR_OK; /* then nobody is trusted but who is named */
	return code == ERR_OK ? buf_puts(&h->system_ca, "\n", err) : code;
}

/* curl takes one set of certificates in place of its own, so the two are put together. */
static enum err_code trust(struct http *h, const struct http_call *call, struct err *err)
{
	struct curl_blob blob = { .flags = CURL_BLOB_COPY };
	struct buf both;
	enum err_code code = call->tls->ca_alone ? ERR_OK : read_system_ca(h, err);

	buf_init(&both, LIMIT_CA_BYTES + LIMIT_ANSWER_BYTES);
	if (code == ERR_OK && !call->tls->ca_alone)
		code = buf_add(&both, h->system_ca.data, h->system_ca.len, err);
	if (code == ERR_OK)
		code = buf_add(&both, call->tls->ca.data, call->tls->ca.len, err);
	blob.data = both.data;
	blob.len = both.len;
	if (code == ERR_OK && curl_easy_setopt(call->easy, CURLOPT_CAINFO_BLOB, &blob) != CURLE_OK)
		code = err_nomem(err);
	buf_release(&both);
	return code;
}

enum err_code http_tls_set(struct http *h, const struct http_call *call, struct err *err)
{
	const struct tls *tls = call->tls;
	CURL *e = call->easy;

	if (tls == NULL)
		return ERR_OK;
	if (tls->skip_verify) {
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (tls->cert != NULL) {
		curl_easy_setopt(e, CURLOPT_SSLCERT, tls->cert);
		curl_easy_setopt(e, CURLOPT_SSLKEY, tls->key);
		curl_easy_setopt(e, CURLOPT_KEYPASSWD, ""); /* or OpenSSL would ask for one on the terminal */
	}
	if (tls->ca_alone)
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	return tls->ca.len > 0 ? trust(h, call, err) : ERR_OK;
}

/* The other side has said no to who asks; with TLS 1.3 it does so when it is read from. */
static bool wants_certificate(const struct http_call *call)
{
	const char *alert = strstr(call->trial->reason, " alert ");

	return alert != NULL && (strstr(alert, "certificate") != NULL || strstr(alert, "handshake failure") != NULL ||
				 strstr(alert, "unknown ca") != NULL);
}

static bool speaks_http(const struct http_call *call, CURLcode result)
{
	return result == CURLE_SSL_CONNECT_ERROR && strstr(call->trial->reason, "wrong version number") != NULL;
}

bool http_tls_refused(const struct http_call *call, CURLcode result)
{
	return result != CURLE_OK && (wants_certificate(call) || speaks_http(call, result));
}

/* Whose CA nobody knows is one thing; one more certificate in a folder mends neither a date nor a name. */
static const char *advice_on_certificate(const struct http_call *call)
{
	const char *reason = call->trial->reason;

	if (strstr(reason, "has expired") != NULL || strstr(reason, "not yet valid") != NULL)
		return " (is the clock of this machine right? if it is, the other side needs a new certificate)";
	if (strstr(reason, "subject name") != NULL)
		return " (its certificate is for other names: ask by one of those)";
	if (call->tls != NULL && call->tls->ca_alone)
		return " (nobody but the CA that was named for it is trusted)";
	return " (if its certificate is right: put the CA's, in PEM, into HOST[:PORT]/ca.crt in "
	       "/etc/docker/certs.d, or in another folder and name that by --certs-dir)";
}

const char *http_tls_advice(const struct http_call *call, CURLcode result)
{
	if (call->tls != NULL && call->tls->ca_alone && http_tls_refused(call, result))
		return speaks_http(call, result) ? " (it speaks HTTP without TLS)" : " (it wants another certificate)";
	if (result == CURLE_PEER_FAILED_VERIFICATION)
		return advice_on_certificate(call);
	if (result == CURLE_SSL_CERTPROBLEM)
		return " (the client certificate or its key cannot be used: both must be PEM, the key without a "
		       "passphrase)";
	if (wants_certificate(call))
		return " (it wants another client certificate, or one at all: put it and its key into "
		       "HOST[:PORT]/client.cert and client.key in /etc/docker/certs.d)";
	return speaks_http(call, result) ? " (it speaks HTTP without TLS: --plain-http asks it so)" : "";
}
