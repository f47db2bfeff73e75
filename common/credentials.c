#include "common/credentials.h"

#include <stdlib.h>

#include "common/base64.h"
#include "common/limits.h"
#include "common/mem.h"

bool credentials_given(const struct credentials *c)
{
	return c->user != NULL || c->identity_token != NULL;
}

enum err_code credentials_copy(const struct credentials *c, struct credentials *ret_copy, struct err *err)
{
	struct credentials copy = { 0 };
	enum err_code code = str_copy(c->user, &copy.user, err);

	if (code == ERR_OK)
		code = str_copy(c->password, &copy.password, err);
	if (code == ERR_OK)
		code = str_copy(c->identity_token, &copy.identity_token, err);
	if (code == ERR_OK)
		code = str_copy(c->origin, &copy.origin, err);
	if (code == ERR_OK)
		*ret_copy = copy;
	else
		credentials_release(&copy);
	return code;
}

/* A service that wants a password may take the identity token for one: ACR and Artifactory do. */
static const char *secret_of(const struct credentials *c)
{
	if (c->password != NULL && *c->password != '\0')
		return c->password;
	return c->identity_token != NULL ? c->identity_token : "";
}

enum err_code credentials_basic(const struct credentials *c, char **ret_header, struct err *err)
{
	CLEANUP(buf_wipe) struct buf plain, header;
	enum err_code code;

	buf_init(&plain, 2 * LIMIT_SECRET_BYTES + 1);
	buf_init(&header, 4 * LIMIT_SECRET_BYTES);
	code = buf_printf(&plain, err, "%s:%s", c->user != NULL ? c->user : "", secret_of(c));
	if (code == ERR_OK)
		code = buf_puts(&header, "Basic ", err);
	if (code == ERR_OK)
		code = base64_encode(buf_text(&plain), plain.len, &header, err);
	if (code == ERR_OK)
		*ret_header = take_ptr(&header.data);
	return code;
}

void credentials_release(struct credentials *c)
{
	secret_free(&c->user);
	secret_free(&c->password);
	secret_free(&c->identity_token);
	free(take_ptr(&c->origin));
}
