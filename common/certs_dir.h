/* certs_dir.h - certs.d: certificates for one registry, as docker and podman keep them.
 *
 * Bounds     LIMIT_CERT_FILES files in a folder, LIMIT_ANSWER_BYTES of CAs together.
 * Errors     ERR_FORMAT (a file that holds no PEM, a certificate without its
 *            key), ERR_UNSUPPORTED (several client certificates), ERR_LIMIT,
 *            ERR_IO, ERR_NOMEM.  No folder is no error: then nothing is set.
 * Source     docker's "Verify repository client with certificates";
 *            containers-certs.d(5): ROOT/HOST[:PORT]/ with *.crt for CAs, and
 *            X.cert with X.key for a client.
 */
#ifndef COMMON_CERTS_DIR_H
#define COMMON_CERTS_DIR_H

#include "common/err.h"
#include "common/tls.h"

/* What stands for a host in the first root that has a folder for it: the one given, or where it is NULL,
 * ~/.config/containers/certs.d, /etc/containers/certs.d and /etc/docker/certs.d. */
enum err_code certs_dir_find(const char *root, const char *host, struct tls *tls, struct err *err);
/* What stands in one folder. */
enum err_code certs_dir_read(const char *folder, struct tls *tls, struct err *err);
/* Trust the certificates in a file of PEM too. */
enum err_code certs_add_ca(struct tls *tls, const char *path, struct err *err);
/* Ask with the certificate in one file and the key in another, which may be the same. */
enum err_code certs_set_client(struct tls *tls, const char *cert, const char *key, struct err *err);
#endif
