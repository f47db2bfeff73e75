/* sigstore_mock.h - a sigstore of its own: authorities, logs and timestamps that sign whatever a test wants, lies too.
 *
 * Lifecycle  mock_new; texts; mock_free.
 * Ownership  Texts are the caller's to free.
 * Errors     None: whatever fails here fails the test.
 */
#ifndef TESTS_LIB_SIGSTORE_MOCK_H
#define TESTS_LIB_SIGSTORE_MOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "trust/artifact.h"

#define MOCK_ARTIFACT "what is signed\n"
#define MOCK_IDENTITY "builder@acme.example"
#define MOCK_ISSUER "https://accounts.acme.example"
#define MOCK_TIME INT64_C(1700000000) /* when everything is signed, if not said otherwise */

struct mock;

/* How a bundle is made; zeroed: the usual one, signed with a certificate and known to the log in each way. */
struct mock_wish {
	bool statement;       /* an envelope and not a message */
	const char *kind;     /* of the log entry, "hashedrekord 0.0.1"; NULL: that which goes with it; "": no entry */
	bool keyed;           /* signed by the key of mock_public_key, not with a certificate */
	bool timestamp;       /* by the timestamp authority too */
	bool embedded;        /* with its certificate in it */
	bool other_timestamp; /* by an authority that nobody knows */
	bool far_timestamp;   /* by one under the known one's root, with what leads there in it */
	int64_t timestamp_at; /* 0: MOCK_TIME */
	int64_t logged_at;    /* 0: MOCK_TIME */
	bool no_promise;      /* no signed entry timestamp */
	bool by_between;      /* issued by one under the authority, which comes along below v0.3 */
	bool by_tls;          /* the same, but that one is for TLS */
	bool no_sct, false_sct, other_ca, no_code_signing, is_ca, no_issuer;
	const char *names;                    /* of the signer, as OpenSSL writes them; NULL: email:MOCK_IDENTITY */
	bool older_issuer, another_older_one; /* who vouches in the older extension; and somebody else in it besides */
	bool another_issuer, loose_issuer;    /* somebody else in the newer one besides; that in no DER */
	int64_t from, to;                     /* of the certificate; 0: MOCK_TIME and ten minutes */
	bool other_log;                       /* the log is one that nobody knows */
	bool other_body;                      /* the entry is about another artifact */
	bool two_signatures;                  /* in the envelope */
	bool entry_twice;                     /* the same entry */
	bool strange_entry;                   /* and another, in a log that nobody knows */
	bool timestamp_twice;
	const char *payload_type, *subject_hex; /* NULL: the right ones */
	const char *artifact;                   /* NULL: MOCK_ARTIFACT */
	bool no_message_digest, sha512_message_digest;
	unsigned version; /* 1 to 3; 0: 3 */
};

/* What an authority's certificate says of itself, as OpenSSL writes it; NULL: that it is an authority's, and no more.
 */
struct mock_limits {
	const char *basic, *use, *names; /* basic "": nothing about being an authority's */
};

/* What a trusted root says besides; zeroed: everything counts for ever. */
struct mock_root_wish {
	int64_t ca_end, tlog_end, tsa_end, ctlog_end; /* 0: open */
	bool no_ctlog, no_tlog, no_tsa;
	bool names_between;                /* and the authority behind it */
	bool reversed;                     /* the same in the wrong order */
	struct mock_limits above, between; /* of those two, where it names both */
	bool tsa_root_only, tsa_reversed;  /* of the timestamp authority */
	bool strange_log;                  /* a log with a kind of key that does not exist, in front */
	const char *log_window, *ctlog_window,
		*authority_window; /* in place of the member validFor; NULL: from 2020 on */
};

struct mock *mock_new(void);
char *mock_bundle(struct mock *m, const struct mock_wish *wish);
char *mock_root(struct mock *m, const struct mock_root_wish *wish);
/* In PEM. */
char *mock_public_key(struct mock *m);
/* The signer's certificate in DER, with an SCT; for buf_release. */
struct buf mock_certificate(struct mock *m, const struct mock_wish *wish);
/* cosign's annotations for the same wish: certificate, Rekor bundle, timestamp; NULL where there is none. */
struct mock_legacy {
	char *layer, *signature, *certificate, *chain, *rekor, *timestamp;
};
struct mock_legacy mock_legacy(struct mock *m, const struct mock_wish *wish);
void mock_legacy_release(struct mock_legacy *l);
void mock_free(struct mock *m);

/* A signature by a new key (of RSA always the same), over the hash where there is one. */
enum mock_scheme { MOCK_P256, MOCK_P384, MOCK_P521, MOCK_ED25519, MOCK_RSA, MOCK_RSA_PSS };
struct mock_signed {
	unsigned char *key, *signature; /* the public key in DER */
	size_t key_len, signature_len;
};
struct mock_signed mock_sign(enum mock_scheme scheme, enum trust_hash hash, const void *bytes, size_t len);
void mock_signed_release(struct mock_signed *s);

/* A certificate that no authority signed, with a key in the form in which its PEM has it; bare: without the NULL that
 * stands for RSA's parameters. */
struct x509_st;
struct x509_st *mock_certify(const char *pub, bool bare);
/* That key in DER, as it is written from what is in memory; for buf_release. */
struct buf mock_certified_key(const struct x509_st *x509);
void mock_certified_free(struct x509_st *x509);
/* One in DER, signed by a private key in PEM; for buf_release.  Is one signed by this? */
struct buf mock_certified(const char *pub, const char *signer);
bool mock_is_certified_by(struct x509_st *x509, const char *signer);

/* Which of OpenSSL's providers hashes for trust/, where a thread whose context this is was the first to ask. */
struct ossl_lib_ctx_st;
const char *mock_hasher(struct ossl_lib_ctx_st *context);
#endif
