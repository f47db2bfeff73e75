#include "trust/root.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/js.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"
#include "trust/authority.h"
#include "trust/pem.h"
#include "trust/protojson.h"

#define FAMILY "application/vnd.dev.sigstore.trustedroot"

static const struct trust_window always = { INT64_MIN, INT64_MAX };

bool trust_window_holds(const struct trust_window *w, int64_t time)
{
	return time >= w->start && time <= w->end;
}

static void log_release(struct trust_log *log)
{
	free(log->url);
	trust_key_free(log->key);
	*log = (struct trust_log){ 0 };
}

/* Of what has no validFor, all times count; one that cannot be read must not mean that. */
static enum err_code read_window(const struct json_t *json, struct trust_window *w, struct err *err)
{
	const struct json_t *window = js_object(json, "validFor");
	enum err_code code;

	*w = always;
	if (window == NULL)
		return js_has(json, "validFor") ? err_set(err, ERR_FORMAT, "a validFor without start and end") : ERR_OK;
	code = protojson_time(window, "start", always.start, &w->start, err);
	return code == ERR_OK ? protojson_time(window, "end", always.end, &w->end, err) : code;
}

/* Logs are replaced every few years, and their keys may become known: since when one counts must be said. */
static enum err_code read_log_window(const struct json_t *key, struct trust_window *w, struct err *err)
{
	if (!js_has(js_object(key, "validFor"), "start"))
		return err_set(err, ERR_FORMAT, "a log's key without the time from which it counts (validFor.start)");
	return read_window(key, w, err);
}

static enum err_code read_id(const struct json_t *json, const char *key, unsigned char out[TRUST_LOG_ID_MAX],
			     size_t *ret_len, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = { .max = TRUST_LOG_ID_MAX };
	const struct json_t *id = NULL;
	enum err_code code = protojson_object(json, key, &id, err);

	if (code != ERR_OK || id == NULL)
		return code;
	code = protojson_bytes(id, "keyId", &bytes, err);
	if (code != ERR_OK)
		return code;
	memcpy(out, buf_text(&bytes), bytes.len);
	*ret_len = bytes.len;
	return ERR_OK;
}

/* A kind of key or hash by its name; NULL where nobody said.  A number in its place would be one that nobody reads. */
static enum err_code read_name(const struct json_t *json, const char *key, const char **ret_name, struct err *err)
{
	const char *name = js_string(json, key);

	if (name == NULL && js_has(json, key))
		return err_set(err, ERR_FORMAT, "a log whose %s is no name: write the name in place of the number",
			       key);
	*ret_name = name;
	return ERR_OK;
}

static enum err_code read_log_key(const struct json_t *key, struct trust_log *log, struct err *err)
{
	CLEANUP(buf_release) struct buf der = { .max = LIMIT_KEY_BYTES };
	const char *details = NULL;
	enum err_code code = protojson_bytes(key, "rawBytes", &der, err);

	if (code == ERR_OK)
		code = read_name(key, "keyDetails", &details, err);
	if (code == ERR_OK)
		code = read_log_window(key, &log->window, err);
	if (code == ERR_OK)
		code = trust_key_of_der(buf_text(&der), der.len, details, log->url, &log->key, err);
	return code;
}

static enum err_code read_log(const struct json_t *json, struct trust_log *log, struct err *err)
{
	const char *url = js_string(json, "baseUrl"), *hash = NULL;
	enum err_code code = str_copy(url != NULL ? url : "", &log->url, err);

	if (code == ERR_OK && url == NULL && js_has(json, "baseUrl"))
		code = err_set(err, ERR_FORMAT, "a log whose baseUrl is no text");
	if (code == ERR_OK)
		code = read_name(json, "hashAlgorithm", &hash, err);
	if (code == ERR_OK && hash != NULL && strcmp(hash, trust_hash_name(TRUST_SHA256)) != 0)
		code = err_set(err, ERR_UNSUPPORTED, "a log whose tree is made with another hash than SHA2_256");
	if (code == ERR_OK)
		code = read_id(json, "logId", log->id, &log->id_len, err);
	if (code == ERR_OK)
		code = read_id(json, "checkpointKeyId", log->checkpoint_id, &log->checkpoint_id_len, err);
	if (code == ERR_OK)
		code = read_log_key(js_object(json, "publicKey"), log, err);
	if (code == ERR_OK && log->id_len == 0) {
		log->id_len = trust_hash_bytes(TRUST_SHA256);
		memcpy(log->id, trust_key_hash(log->key), log->id_len);
	}
	return code;
}

/* A member that is a list, with how much it holds; without it, an empty one. */
static enum err_code read_list(const struct json_t *json, const char *key, const struct json_t **ret_list,
			       size_t *ret_len, struct err *err)
{
	*ret_list = js_array(json, key);
	*ret_len = js_len(*ret_list);
	if (*ret_list == NULL && js_has(json, key))
		return err_set(err, ERR_FORMAT, "%s is no list", key);
	if (*ret_len > LIMIT_AUTHORITIES)
		return err_set(err, ERR_LIMIT, "more than %d %s", LIMIT_AUTHORITIES, key);
	return ERR_OK;
}

static enum err_code read_logs(const struct json_t *json, const char *key, struct trust_log **ret_logs, size_t *ret_len,
			       struct err *err)
{
	const struct json_t *list;
	size_t len, i;
	struct trust_log *logs;
	struct err why = { 0 };
	enum err_code code = read_list(json, key, &list, &len, err);

	if (code != ERR_OK)
		return code;
	logs = calloc(len + 1, sizeof(*logs));
	if (logs == NULL)
		return err_nomem(err);
	*ret_logs = logs; /* the root's from now on */
	for (i = 0; code == ERR_OK && i < len; i++) {
		struct trust_log *log = &logs[*ret_len];

		code = read_log(js_at(list, i), log, &why);
		if (code == ERR_OK) {
			++*ret_len;
			continue;
		}
		log_release(log);
		if (code == ERR_UNSUPPORTED) /* a kind of key that others know */
			code = ERR_OK;
	}
	return code == ERR_OK ? code : err_set(err, code, "%s", why.msg);
}

static void free_chain(X509 **chain, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		X509_free(chain[i]);
	free(chain);
}

static enum err_code read_certificate(const struct json_t *json, X509 **ret_x509, struct err *err)
{
	CLEANUP(buf_release) struct buf der = { .max = LIMIT_CERTIFICATE_BYTES };
	enum err_code code = protojson_bytes(json, "rawBytes", &der, err);
	const unsigned char *at;

	if (code != ERR_OK)
		return code;
	at = (const unsigned char *)buf_text(&der);
	*ret_x509 = d2i_X509(NULL, &at, (long)der.len);
	ERR_clear_error();
	if (*ret_x509 == NULL || at != (const unsigned char *)buf_text(&der) + der.len)
		return err_set(err, ERR_FORMAT, "a certificate that cannot be read");
	return ERR_OK;
}

static enum err_code read_authority(const struct json_t *json, enum authority_kind kind, struct trust_authority *a,
				    struct err *err)
{
	const struct json_t *list = js_array(js_object(json, "certChain"), "certificates");
	size_t len = js_len(list), i;
	const char *uri = js_string(json, "uri");
	X509 **chain;
	enum err_code code = str_copy(uri != NULL ? uri : "", &a->uri, err);

	if (code == ERR_OK)
		code = read_window(json, &a->window, err);
	if (code == ERR_OK && (len == 0 || len > LIMIT_CHAIN))
		code = err_set(err, ERR_FORMAT, "an authority with a chain of %zu certificates", len);
	if (code != ERR_OK)
		return code;
	chain = calloc(len, sizeof(X509 *));
	if (chain == NULL)
		return err_nomem(err);
	for (i = 0; code == ERR_OK && i < len; i++)
		code = read_certificate(js_at(list, i), &chain[i], err);
	if (code == ERR_OK)
		return authority_init(a, chain, len, kind, err);
	free_chain(chain, len);
	return code;
}

/* One whose certificates do not lead to each other is passed over, and the first reason remembered. */
static enum err_code read_authorities(const struct json_t *json, enum authority_kind kind, struct trust_root *root,
				      struct err *err)
{
	bool is_ca = kind == AUTHORITY_CODE_SIGNING;
	size_t *ret_len = is_ca ? &root->cas_len : &root->tsas_len;
	struct err *passed_over = is_ca ? &root->ca_passed_over : &root->tsa_passed_over;
	const struct json_t *list;
	size_t len, i;
	struct trust_authority *authorities;
	struct err why = { 0 };
	enum err_code code =
		read_list(json, is_ca ? "certificateAuthorities" : "timestampAuthorities", &list, &len, err);

	if (code != ERR_OK)
		return code;
	authorities = calloc(len + 1, sizeof(*authorities));
	if (authorities == NULL)
		return err_nomem(err);
	*(is_ca ? &root->cas : &root->tsas) = authorities;
	for (i = 0; code == ERR_OK && i < len; i++) {
		struct trust_authority *a = &authorities[*ret_len];

		code = read_authority(js_at(list, i), kind, a, &why);
		if (code == ERR_OK) {
			++*ret_len;
			continue;
		}
		authority_release(a);
		if (code == ERR_UNPROVED) {
			code = ERR_OK;
			if (passed_over->code == ERR_OK)
				*passed_over = why;
		}
	}
	return code == ERR_OK ? code : err_set(err, code, "%s", why.msg);
}

static enum err_code read_all(const struct json_t *json, struct trust_root *root, struct err *err)
{
	const char *type = js_string(json, "mediaType");
	enum err_code code;

	if (type == NULL || !text_starts(type, FAMILY))
		return err_set(err, ERR_FORMAT, "no trusted root: its mediaType is not " FAMILY "+json;version=0.1");
	if (strcmp(type, FAMILY "+json;version=0.1") != 0 && strcmp(type, FAMILY "+json;version=0.2") != 0 &&
	    strcmp(type, FAMILY ".v0.1+json") != 0 && strcmp(type, FAMILY ".v0.2+json") != 0)
		return err_set(err, ERR_UNSUPPORTED, "a trusted root of a version that is not known (%.100s)", type);
	code = read_logs(json, "tlogs", &root->tlogs, &root->tlogs_len, err);
	if (code == ERR_OK)
		code = read_logs(json, "ctlogs", &root->ctlogs, &root->ctlogs_len, err);
	if (code == ERR_OK)
		code = read_authorities(json, AUTHORITY_CODE_SIGNING, root, err);
	if (code == ERR_OK)
		code = read_authorities(json, AUTHORITY_TIMESTAMPS, root, err);
	root->names_tlogs = js_len(js_array(json, "tlogs")) > 0;
	return code;
}

enum err_code trust_root_new(const char *name, struct trust_root **ret_root, struct err *err)
{
	CLEANUP(trust_root_free_ptr) struct trust_root *root = calloc(1, sizeof(*root));
	enum err_code code;

	if (root == NULL)
		return err_nomem(err);
	code = str_copy(name, &root->name, err);
	if (code == ERR_OK)
		*ret_root = take_ptr(&root);
	return code;
}

enum err_code trust_root_parse(const void *text, size_t len, const char *name, struct trust_root **ret_root,
			       struct err *err)
{
	CLEANUP(trust_root_free_ptr) struct trust_root *root = NULL;
	CLEANUP(js_free_ptr) struct json_t *json = NULL;
	enum err_code code = trust_root_new(name, &root, err);

	if (code == ERR_OK && len > LIMIT_TRUSTED_ROOT_BYTES)
		code = err_set(err, ERR_LIMIT, "%s: a trusted root of more than 1 MiB", name);
	if (code == ERR_OK)
		code = js_read(text, len, name, &json, err);
	if (code != ERR_OK)
		return code;
	code = read_all(json, root, err);
	if (code != ERR_OK)
		return err_add(err, "%s", name);
	*ret_root = take_ptr(&root);
	return ERR_OK;
}

enum err_code trust_root_read(const char *path, struct trust_root **ret_root, struct err *err)
{
	CLEANUP(buf_release) struct buf text = { .max = LIMIT_TRUSTED_ROOT_BYTES };
	enum err_code code = file_read_any(path, &text, err);

	return code == ERR_OK ? trust_root_parse(buf_text(&text), text.len, path, ret_root, err) : code;
}

/* Takes the certificate over, also where it fails. */
static enum err_code add_ca(struct trust_root *root, X509 *x509, struct err *err)
{
	X509 **chain = calloc(1, sizeof(X509 *));
	size_t cap = root->cas_len;
	struct trust_authority *a;
	enum err_code code = chain != NULL ? ERR_OK : err_nomem(err);

	if (code == ERR_OK)
		code = vec_grow(&root->cas, &cap, root->cas_len + 1, sizeof(*root->cas), LIMIT_AUTHORITIES, err);
	if (code != ERR_OK) {
		X509_free(x509);
		free(chain);
		return code;
	}
	chain[0] = x509;
	a = &root->cas[root->cas_len++];
	*a = (struct trust_authority){ .window = always };
	code = authority_init(a, chain, 1, AUTHORITY_CODE_SIGNING, err);
	return code == ERR_OK ? str_copy("", &a->uri, err) : code;
}

/* A certificate is all that such an authority is: it counts as long as that is valid. */
enum err_code trust_root_add_ca(struct trust_root *root, const void *pem, size_t len, const char *name, struct err *err)
{
	BIO *bio = len <= INT32_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	enum err_code code = ERR_OK;
	size_t added = 0;
	X509 *x509;

	if (bio == NULL)
		return err_nomem(err);
	while (code == ERR_OK && (x509 = PEM_read_bio_X509(bio, NULL, pem_no_passphrase, NULL)) != NULL) {
		code = add_ca(root, x509, err);
		added++;
	}
	BIO_free(bio);
	ERR_clear_error();
	if (code == ERR_OK && added == 0)
		code = err_set(err, ERR_FORMAT, "holds no certificate in PEM");
	if (code == ERR_UNPROVED)
		code = err_recode(err, ERR_FORMAT);
	return code == ERR_OK ? code : err_add(err, "%s", name);
}

enum err_code trust_root_add_tlog(struct trust_root *root, const void *pem, size_t len, const char *name,
				  struct err *err)
{
	CLEANUP(trust_key_free_ptr) struct trust_key *key = NULL;
	struct trust_log *log;
	size_t cap = root->tlogs_len;
	enum err_code code = trust_key_of_pem(pem, len, name, &key, err);

	if (code == ERR_OK)
		code = vec_grow(&root->tlogs, &cap, root->tlogs_len + 1, sizeof(*root->tlogs), LIMIT_AUTHORITIES, err);
	if (code != ERR_OK)
		return code;
	log = &root->tlogs[root->tlogs_len];
	*log = (struct trust_log){ .window = always, .id_len = trust_hash_bytes(TRUST_SHA256) };
	memcpy(log->id, trust_key_hash(key), log->id_len);
	code = str_copy("", &log->url, err);
	if (code != ERR_OK)
		return code;
	log->key = take_ptr(&key);
	root->tlogs_len++;
	root->names_tlogs = true;
	return ERR_OK;
}

static void release_logs(struct trust_log *logs, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		log_release(&logs[i]);
	free(logs);
}

static void release_authorities(struct trust_authority *list, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		authority_release(&list[i]);
	free(list);
}

void trust_root_free(struct trust_root *root)
{
	if (root == NULL)
		return;
	release_logs(root->tlogs, root->tlogs_len);
	release_logs(root->ctlogs, root->ctlogs_len);
	release_authorities(root->cas, root->cas_len);
	release_authorities(root->tsas, root->tsas_len);
	free(root->name);
	free(root);
}

void trust_root_free_ptr(struct trust_root **root)
{
	trust_root_free(*root);
}
