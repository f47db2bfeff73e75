#include "bundles/head.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "bundles/bytes.h"

#define MAGIC "OCI image bundle"
#define VERSION 1
#define DIGEST_BYTES 72
#define CHECKSUM_AT 152

void head_write(const struct head *h, unsigned char out[HEAD_END])
{
	unsigned char *c = out + HEAD_OFFSET + FRAME_SKIPPABLE_HEADER_BYTES;

	memset(out, 0, HEAD_END);
	memcpy(out, FRAME_EMPTY, FRAME_EMPTY_BYTES);
	frame_skippable(out + HEAD_OFFSET, SKIPPABLE_HEAD, HEAD_CONTENT_BYTES);
	memcpy(c, MAGIC, strlen(MAGIC));
	put_le(c + 16, 4, VERSION);
	put_le(c + 20, 4, h->encoder);
	put_le(c + 40, 8, h->front_offset);
	put_le(c + 48, 8, h->front_bytes);
	put_le(c + 56, 8, h->index_bytes);
	put_le(c + 64, 8, h->description_tar_offset);
	put_le(c + 72, 8, h->description_bytes);
	memcpy(c + 80, h->description.text, strlen(h->description.text));
	put_le(c + CHECKSUM_AT, 4, checksum_of(c, CHECKSUM_AT));
}

static bool is_blank(const unsigned char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len && bytes[i] == 0; i++)
		;
	return i == len;
}

/* What a stick that was pulled out too early has of a file is often its name, or its size and zeros. */
static enum err_code not_ours(const unsigned char *bytes, size_t len, const char *name, struct err *err)
{
	if (len == 0)
		return err_set(err, ERR_DAMAGED, "%s: not a bundle: it is empty: was it copied to its end?", name);
	if (is_blank(bytes, len))
		return err_set(err, ERR_DAMAGED,
			       "%s: not a bundle: it begins with zeros alone: was it copied to its end?", name);
	return err_set(err, ERR_DAMAGED, "%s: not a bundle: it does not begin with a bundle's head", name);
}

/* Is it ours, of our version, and whole? */
static enum err_code check_frame(const unsigned char *bytes, size_t len, const char *name, struct err *err)
{
	const unsigned char *c = bytes + HEAD_OFFSET + FRAME_SKIPPABLE_HEADER_BYTES;
	unsigned char frame[FRAME_SKIPPABLE_HEADER_BYTES];

	frame_skippable(frame, SKIPPABLE_HEAD, HEAD_CONTENT_BYTES);
	if (len < HEAD_END || memcmp(bytes, FRAME_EMPTY, FRAME_EMPTY_BYTES) != 0 ||
	    memcmp(bytes + HEAD_OFFSET, frame, 4) != 0 || memcmp(c, MAGIC, strlen(MAGIC)) != 0)
		return not_ours(bytes, len, name, err);
	if (get_le(c + 16, 4) != VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: a bundle of version %" PRIu64 ", but this program knows only %d", name,
			       get_le(c + 16, 4), VERSION);
	if (memcmp(bytes + HEAD_OFFSET, frame, sizeof(frame)) != 0 ||
	    get_le(c + CHECKSUM_AT, 4) != checksum_of(c, CHECKSUM_AT))
		return err_set(err, ERR_DAMAGED, "%s: offset %zu: the head of the bundle is damaged", name,
			       HEAD_OFFSET);
	return ERR_OK;
}

static enum err_code read_digest(const unsigned char *field, const char *name, struct digest *ret_digest,
				 struct err *err)
{
	static const unsigned char zeros[DIGEST_BYTES] = { 0 };
	char text[DIGEST_BYTES + 1] = "";
	size_t len;

	memcpy(text, field, DIGEST_BYTES);
	len = strlen(text);
	if (memcmp(field + len, zeros, DIGEST_BYTES - len) != 0 || digest_parse(text, ret_digest, err) != ERR_OK)
		return err_set(err, ERR_DAMAGED, "%s: offset %zu: the head names no digest of the description", name,
			       HEAD_OFFSET);
	return ERR_OK;
}

enum err_code head_read(const unsigned char *bytes, size_t len, const char *name, struct head *ret_head,
			struct err *err)
{
	const unsigned char *c = bytes + HEAD_OFFSET + FRAME_SKIPPABLE_HEADER_BYTES;
	struct head h = { 0 };
	enum err_code code = check_frame(bytes, len, name, err);

	if (code != ERR_OK)
		return code;
	if (get_le(c + 24, 8) != 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: needs features (%" PRIx64 ") that this program does not know: use a newer one",
			       name, get_le(c + 24, 8));
	h.encoder = (uint32_t)get_le(c + 20, 4);
	h.front_offset = get_le(c + 40, 8);
	h.front_bytes = get_le(c + 48, 8);
	h.index_bytes = get_le(c + 56, 8);
	h.description_tar_offset = get_le(c + 64, 8);
	h.description_bytes = get_le(c + 72, 8);
	code = read_digest(c + 80, name, &h.description, err);
	if (code == ERR_OK)
		*ret_head = h;
	return code;
}
