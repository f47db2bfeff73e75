#include "common/base64.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/* The last letter before the padding stands for some bits that are of no byte.  Where they were free, one content would
 * have several texts, and a bit of a signature could change without anybody's seeing it. */
static bool has_loose_bits(const char *text, size_t len, size_t pad)
{
	size_t loose = pad == 2 ? 15 : 3;

	return pad > 0 && ((size_t)(strchr(LETTERS, text[len - pad - 1]) - LETTERS) & loose) != 0;
}

enum err_code base64_decode(const char *text, struct buf *out, struct err *err)
{
	size_t len = strlen(text);
	size_t pad = len >= 2 ? (size_t)(text[len - 1] == '=') + (size_t)(text[len - 2] == '=') : 0;
	CLEANUP(free_ptr) unsigned char *raw = NULL;
	int got;

	if (len % 4 != 0 || len > INT_MAX)
		return err_set(err, ERR_FORMAT, "not base64: its length is no multiple of four");
	if (strspn(text, LETTERS) != len - pad) /* EVP_DecodeBlock takes blanks, and padding anywhere */
		return err_set(err, ERR_FORMAT, "not base64: it holds other characters");
	if (has_loose_bits(text, len, pad))
		return err_set(err, ERR_FORMAT, "not base64: it ends with bits that stand for nothing");
	raw = malloc(len + 1);
	if (raw == NULL)
		return err_nomem(err);
	got = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)len);
	if (got < 0 || (size_t)got < pad)
		return err_set(err, ERR_FORMAT, "not base64");
	return buf_add(out, raw, (size_t)got - pad, err);
}

enum err_code base64_decode_lines(const char *text, struct buf *out, struct err *err)
{
	CLEANUP(free_ptr) char *joined = NULL;
	size_t len = 0;
	enum err_code code = str_copy(text, &joined, err);

	if (code != ERR_OK)
		return code;
	for (; *text != '\0'; text++) {
		if (*text != '\r' && *text != '\n')
			joined[len++] = *text;
	}
	joined[len] = '\0';
	return base64_decode(joined, out, err);
}

enum err_code base64_encode(const void *bytes, size_t len, struct buf *out, struct err *err)
{
	CLEANUP(free_ptr) unsigned char *text = NULL;

	if (len > INT_MAX / 2)
		return err_set(err, ERR_LIMIT, "too long for base64");
	text = malloc(len / 3 * 4 + 5);
	if (text == NULL)
		return err_nomem(err);
	EVP_EncodeBlock(text, bytes, (int)len);
	return buf_puts(out, (char *)text, err);
}
