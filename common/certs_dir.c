#include "common/certs_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

#define PEM_CERTIFICATE "-----BEGIN CERTIFICATE-----"

enum err_code certs_add_ca(struct tls *tls, const char *path, struct err *err)
{
	size_t before = tls->ca.len;
	enum err_code code = file_read(path, &tls->ca, err);

	if (code != ERR_OK)
		return code;
	if (strstr(buf_text(&tls->ca) + before, PEM_CERTIFICATE) == NULL)
		return err_set(err, ERR_FORMAT, "%s: holds no certificate in PEM (%s)", path, PEM_CERTIFICATE);
	return buf_puts(&tls->ca, "\n", err);
}

enum err_code certs_set_client(struct tls *tls, const char *cert, const char *key, struct err *err)
{
	if (tls->cert != NULL)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s and %s: two client certificates for one registry: leave the one that it knows",
			       tls->cert, cert);
	if (access(cert, R_OK) != 0)
		return err_errno(err, cert);
	if (access(key, R_OK) != 0)
		return err_errno(err, key);
	if (str_copy(cert, &tls->cert, err) != ERR_OK)
		return ERR_NOMEM;
	return str_copy(key, &tls->key, err);
}

static enum err_code add_client(const char *cert, struct tls *tls, struct err *err)
{
	CLEANUP(free_ptr) char *key = NULL;
	enum err_code code = str_format(&key, err, "%.*s.key", (int)(strlen(cert) - strlen(".cert")), cert);

	if (code == ERR_OK && access(key, F_OK) != 0)
		return err_set(err, ERR_FORMAT, "%s: its key is missing, %s", cert, key);
	return code == ERR_OK ? certs_set_client(tls, cert, key, err) : code;
}

static enum err_code add_file(const char *folder, const char *name, struct tls *tls, struct err *err)
{
	CLEANUP(free_ptr) char *path = NULL;
	enum err_code code = str_format(&path, err, "%s/%s", folder, name);

	if (code == ERR_OK && text_ends(name, ".crt"))
		return certs_add_ca(tls, path, err);
	if (code == ERR_OK && text_ends(name, ".cert"))
		return add_client(path, tls, err);
	return code;
}

enum err_code certs_dir_read(const char *folder, struct tls *tls, struct err *err)
{
	struct dirent **names = NULL;
	enum err_code code = ERR_OK;
	int len = scandir(folder, &names, NULL, alphasort), i;

	if (len < 0)
		return errno == ENOENT ? ERR_OK : err_errno(err, folder);
	if (len > LIMIT_CERT_FILES)
		code = err_set(err, ERR_LIMIT, "%s: more than %d files", folder, LIMIT_CERT_FILES);
	for (i = 0; i < len; i++) {
		if (code == ERR_OK && names[i]->d_name[0] != '.')
			code = add_file(folder, names[i]->d_name, tls, err);
		free(names[i]);
	}
	free(names);
	return code;
}

/* Read the folder of a host in a root; *found tells whether there is one. */
static enum err_code find_in(const char *root, const char *host, struct tls *tls, bool *found, struct err *err)
{
	CLEANUP(free_ptr) char *folder = NULL;
	enum err_code code = str_format(&folder, err, "%s/%s", root, host);

	if (code != ERR_OK || access(folder, F_OK) != 0)
		return code;
	*found = true;
	return certs_dir_read(folder, tls, err);
}

enum err_code certs_dir_find(const char *root, const char *host, struct tls *tls, struct err *err)
{
	static const char *const roots[] = { "/etc/containers/certs.d", "/etc/docker/certs.d" };
	const char *home = getenv("HOME");
	CLEANUP(free_ptr) char *own = NULL;
	bool found = false;
	enum err_code code = ERR_OK;
	size_t i;

	if (root != NULL)
		return find_in(root, host, tls, &found, err);
	if (home != NULL && *home != '\0')
		code = str_format(&own, err, "%s/.config/containers/certs.d", home);
	if (code == ERR_OK && own != NULL)
		code = find_in(own, host, tls, &found, err);
	for (i = 0; code == ERR_OK && !found && i < COUNT_OF(roots); i++)
		code = find_in(roots[i], host, tls, &found, err);
	return code;
}
