/* few_decoders.h - OpenSSL as it is, but for what it could decode: where the certificates of signers are read.
 *
 * Why        OpenSSL 3.0 asks all decoders about all kinds of keys, anew for each certificate, what they could make of
 *            its key.  That takes longer than everything else that is done to read a certificate.
 * Lifecycle  Made when it is asked for first, once in a process; it stays until the end.
 * Threads    Any, at any time.
 * Trust      What reads keys and checks signatures is OpenSSL's default provider, the same that does it elsewhere: its
 *            own tables of functions are passed on.  Kept are those kinds of keys with which an authority may sign, and
 *            decoders of those alone that key.h knows: a certificate around any other holds no key that is read.
 * Errors     NULL, which is OpenSSL's usual context, where this one cannot be made, or where openssl.cnf(5) puts
 *            another provider in the default one's place, or asks for FIPS: all is as good, and takes longer.
 * Source     OpenSSL's provider(7), provider-decoder(7), OSSL_PROVIDER_add_builtin(3).
 */
#ifndef TRUST_FEW_DECODERS_H
#define TRUST_FEW_DECODERS_H

struct ossl_lib_ctx_st;

/* The context, which is not the caller's. */
struct ossl_lib_ctx_st *few_decoders(void);
/* The same with one kind of key, elliptic curves as ECDSA has them: for a certificate whose own key and whose issuer's
 * are of that kind, as nearly all are. */
struct ossl_lib_ctx_st *few_decoders_of_curves(void);
#endif
