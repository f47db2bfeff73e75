#include "export/location.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"

static const struct {
	const char *prefix;
	enum transport transport;
} transports[] = {
	{ "docker://", TRANSPORT_REGISTRY },   { "oci:", TRANSPORT_LAYOUT },
	{ "oci-archive:", TRANSPORT_ARCHIVE }, { "docker-archive:", TRANSPORT_ARCHIVE },
	{ "bundle:", TRANSPORT_BUNDLE },
};

/* Other programs read images from there; nobody means a repository of Docker Hub by it. */
static const char *const elsewhere[] = { "docker-daemon:", "dir:", "containers-storage:", "containerd:",
					 "oci-layout:" };

static enum err_code refuse_elsewhere(const char *text, struct err *err)
{
	size_t i;

	for (i = 0; i < COUNT_OF(elsewhere); i++) {
		if (text_starts(text, elsewhere[i]))
			return err_set(
				err, ERR_USAGE,
				"%s is no source here; write docker://%.300s if you mean a repository of that name",
				elsewhere[i], text);
	}
	return ERR_OK;
}

/* Take off "@sha256:…" at the end.  An '@' elsewhere may be part of a path. */
static enum err_code cut_digest(struct location *l, struct err *err)
{
	char *at = strrchr(l->path, '@');

	if (at == NULL || (!text_starts(at, "@sha256:") && !text_starts(at, "@sha512:")))
		return ERR_OK;
	*at = '\0';
	return digest_parse(at + 1, &l->digest, err);
}

static enum err_code cut_name(struct location *l, struct err *err)
{
	char *colon = strchr(l->path, ':');

	if (colon == NULL)
		return ERR_OK;
	*colon = '\0';
	if (colon[1] == '\0')
		return err_set(err, ERR_FORMAT, "there is no name after the colon");
	return str_copy(colon + 1, &l->name, err);
}

static enum err_code split(struct location *l, struct err *err)
{
	enum err_code code = cut_digest(l, err);

	if (code == ERR_OK)
		code = cut_name(l, err);
	if (code == ERR_OK && l->path[0] == '\0')
		code = err_set(err, ERR_FORMAT, "a path is missing");
	return code;
}

enum err_code location_parse(const char *text, struct location *ret_location, struct err *err)
{
	CLEANUP(location_release) struct location l = { .transport = TRANSPORT_REGISTRY };
	size_t prefix = 0, i;
	enum err_code code = refuse_elsewhere(text, err);

	if (code != ERR_OK)
		return code;
	for (i = 0; i < COUNT_OF(transports); i++) {
		if (text_starts(text, transports[i].prefix)) {
			l.transport = transports[i].transport;
			prefix = strlen(transports[i].prefix);
		}
	}
	code = str_copy(text + prefix, &l.path, err);
	if (code == ERR_OK && l.transport != TRANSPORT_REGISTRY)
		code = split(&l, err);
	if (code == ERR_FORMAT) {
		struct err why = err != NULL ? *err : (struct err){ 0 };

		return err_set(err, ERR_USAGE, "%.300s: %s; write it as %.*sPATH[:NAME][@DIGEST]", text, why.msg,
			       (int)prefix, text);
	}
	if (code != ERR_OK)
		return code;
	*ret_location = l;
	l = (struct location){ 0 };
	return ERR_OK;
}

void location_release(struct location *l)
{
	free(l->path);
	free(l->name);
	*l = (struct location){ 0 };
}
