#include "common/upload_location.h"

#include <string.h>

#include "common/address.h"
#include "common/limits.h"
#include "common/mem.h"
#include "common/text.h"

static const char *label_of(const struct request *r)
{
	return r->label != NULL ? r->label : r->url;
}

static enum err_code refuse(const struct request *r, const char *why, struct err *err)
{
	return err_set(err, ERR_REFUSED, "%s: the registry sends the upload to another host %s: refused", label_of(r),
		       why);
}

static enum err_code check_foreign(const struct endpoint *e, const struct request *r, const char *url, struct err *err)
{
	char registry[LIMIT_TEXT_BYTES], other[LIMIT_TEXT_BYTES];
	enum address_kind kind;
	enum err_code code = http_url_host(e->base, registry, sizeof(registry), err);

	if (code != ERR_OK)
		return code;
	code = http_url_host(url, other, sizeof(other), err);
	if (code != ERR_OK)
		return code == ERR_NOMEM ? code : refuse(r, "whose URL cannot be read", err);
	if (text_starts(e->base, "https:") && strncasecmp(url, "https:", 6) != 0)
		return refuse(r, "without TLS", err);
	kind = address_kind_of(other);
	if (kind == ADDRESS_NAME || kind == ADDRESS_PUBLIC || strcmp(registry, other) == 0)
		return ERR_OK;
	if (kind == ADDRESS_LOOPBACK && address_kind_of(registry) == ADDRESS_LOOPBACK)
		return ERR_OK;
	return refuse(r, "at a private address", err);
}

enum err_code upload_location(const struct place *place, const struct request *r, char **ret_url, bool *ret_foreign,
			      struct err *err)
{
	char said[LIMIT_URL_BYTES], url[LIMIT_URL_BYTES];
	const char *path;
	bool same = false;
	enum err_code code;

	if (http_header(&r->call, "Location", 0, said, sizeof(said)) == NULL)
		return err_set(err, ERR_REFUSED, "%s: the registry does not say where the upload goes on (Location)",
			       label_of(r));
	code = http_resolve_url(r->url, said, url, sizeof(url), NULL);
	if (code != ERR_OK)
		return err_set(err, ERR_REFUSED, "%s: the registry says in no URL where the upload goes on (Location)",
			       label_of(r));
	code = http_url_same_host(url, place->endpoint->base, &same, err);
	if (code == ERR_OK && !same)
		code = check_foreign(place->endpoint, r, url, err);
	if (code != ERR_OK)
		return code;
	*ret_foreign = !same;
	url[strcspn(url, "#")] = '\0';
	path = strstr(url, "://") + 3;
	path += strcspn(path, "/?");
	return same ? str_format(ret_url, err, "%s%s", place->endpoint->base, path) : str_copy(url, ret_url, err);
}

enum err_code upload_location_end(const char *url, const struct digest *digest, char **ret_url, struct err *err)
{
	return str_format(ret_url, err, "%s%cdigest=%s%%3A%s", url, strchr(url, '?') != NULL ? '&' : '?',
			  digest_algorithm(digest), digest_hex(digest));
}
