#include "tests/lib/sealed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bundles/sealing.h"
#include "common/limits.h"
#include "tests/lib/folder.h"

struct seal_key *sealed_key(const char *pem, bool is_private)
{
	char *folder = folder_new(), *path = folder_path(folder, "key");
	struct err err = { .code = ERR_OK };
	struct seal_key *key = NULL;
	enum err_code code;

	folder_put(folder, "key", pem, strlen(pem));
	code = is_private ? seal_key_read_private(path, -1, &key, &err) : seal_key_read_public(path, &key, &err);
	ck_assert_msg(code == ERR_OK, "%s", err.msg);
	free(path);
	folder_remove(folder);
	return key;
}

void sealed_text(const struct bundle *b, const char *pem, struct buf *out)
{
	struct buf description = { .max = LIMIT_DESCRIPTION_BYTES };
	struct seal_key *key = sealed_key(pem, true);
	struct err err = { .code = ERR_OK };
	struct seal seal;

	ck_assert_int_eq(bundle_description_read(b, &description, &err), ERR_OK);
	ck_assert_int_eq(seal_sign(key, description.data, description.len, &seal, &err), ERR_OK);
	ck_assert_int_eq(seal_write(&seal, out, &err), ERR_OK);
	buf_release(&description);
	seal_key_free(key);
}

size_t sealed_by(const struct bundle *b, const char *pem)
{
	struct buf text = { .max = SEAL_TEXT_MAX };
	struct err err = { .code = ERR_OK };
	struct seal seal;
	size_t slot = SLOT_COUNT;

	sealed_text(b, pem, &text);
	ck_assert_int_eq(seal_read(text.data, text.len, "seal", &seal, &err), ERR_OK);
	ck_assert_msg(sealing_put(b, text.data, text.len, seal.hint, &slot, &err) == ERR_OK, "%s", err.msg);
	buf_release(&text);
	return slot;
}
