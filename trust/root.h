/* root.h - a trusted root: whose certificates, logs and timestamps count, and when.
 *
 * Lifecycle  trust_root_read or trust_root_parse; or trust_root_new and add; look; trust_root_free.
 * Bounds     LIMIT_TRUSTED_ROOT_BYTES; LIMIT_AUTHORITIES of each kind; LIMIT_CHAIN certificates in a chain.
 * Ownership  A root owns everything in it.  Once made it does not change, so several
 *            threads may use it at once.
 * Errors     ERR_NOT_FOUND, ERR_IO, ERR_FORMAT, ERR_LIMIT, ERR_UNSUPPORTED, ERR_NOMEM.
 *            A log that does not say from when on its key counts makes a root malformed.
 *            A log whose kind of key or hash is not known here, and an authority whose chain
 *            does not lead to its last certificate, are passed over: they cannot
 *            prove anything, and others may.
 * Trust      Whoever calls says that it trusts this.  That the chain of an authority
 *            leads to its last certificate is proved once, here.
 * Source     sigstore protobuf-specs, sigstore_trustroot.proto: trusted_root.json.
 */
#ifndef TRUST_ROOT_H
#define TRUST_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "trust/key.h"

struct x509_st;
struct x509_store_st;

#define TRUST_LOG_ID_MAX 64

/* Seconds since 1970; both ends are inside. */
struct trust_window {
	int64_t start, end;
};

/* A transparency log, of signatures (Rekor) or of certificates (CT). */
struct trust_log {
	char *url;             /* owned; "" where it has none */
	struct trust_key *key; /* owned */
	unsigned char id[TRUST_LOG_ID_MAX], checkpoint_id[TRUST_LOG_ID_MAX];
	size_t id_len, checkpoint_id_len;
	struct trust_window window;
};

/* An authority, for certificates (Fulcio) or timestamps. */
struct trust_authority {
	char *uri;              /* owned; "" where it has none */
	struct x509_st **chain; /* owned: who issues first, its root last */
	size_t chain_len;
	struct x509_store_st *store;  /* owned: what a chain may end in; without a look at the time */
	struct x509_store_st *anchor; /* owned: the root alone, for whoever wants to see the whole chain */
	bool for_timestamps;          /* else for signing code */
	struct trust_window window;
};

struct trust_root {
	char *name; /* owned; for messages */
	struct trust_log *tlogs, *ctlogs;
	size_t tlogs_len, ctlogs_len;
	bool names_tlogs; /* it has some, even if all of them are passed over */
	struct trust_authority *cas, *tsas;
	size_t cas_len, tsas_len;
	struct err ca_passed_over, tsa_passed_over; /* why the first that does not count does not; ERR_OK: all do */
};

/* Read a trusted_root.json. */
enum err_code trust_root_read(const char *path, struct trust_root **ret_root, struct err *err);
enum err_code trust_root_parse(const void *text, size_t len, const char *name, struct trust_root **ret_root,
			       struct err *err);
/* An empty root, for a policy that names its parts one by one: certificates of Fulcio in PEM, in any order, each
 * an authority of its own as in containers/image, and Rekor's public key.  What is added has a name of its own. */
enum err_code trust_root_new(const char *name, struct trust_root **ret_root, struct err *err);
enum err_code trust_root_add_ca(struct trust_root *root, const void *pem, size_t len, const char *name,
				struct err *err);
enum err_code trust_root_add_tlog(struct trust_root *root, const void *pem, size_t len, const char *name,
				  struct err *err);
/* Is this time inside? */
bool trust_window_holds(const struct trust_window *w, int64_t time);
/* NULL is fine. */
void trust_root_free(struct trust_root *root);
/* Cleanup handler for struct trust_root *. */
void trust_root_free_ptr(struct trust_root **root);
#endif
