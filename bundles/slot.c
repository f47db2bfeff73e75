#include "bundles/slot.h"

#include <stdio.h>
#include <string.h>

#include "common/js.h"

#define OBJECT_NAME "a seal"

void slot_name(size_t slot, char out[SLOT_NAME_MAX])
{
	snprintf(out, SLOT_NAME_MAX, "bundle.json.sigstore.%zu.json", slot);
}

void slot_header(size_t slot, unsigned char out[SLOT_CONTENT_AT])
{
	unsigned char header[TAR_HEADER_MAX];
	char name[SLOT_NAME_MAX];

	slot_name(slot, name);
	tar_header(name, SLOT_BYTES, header);
	frame_bare_header(out, SLOT_TAR_BYTES);
	frame_block_header(out + FRAME_RAW_HEADER_BYTES, SLOT_TAR_BYTES, true);
	memcpy(out + FRAME_RAW_HEADER_BYTES + FRAME_BLOCK_HEADER_BYTES, header, TAR_BLOCK);
}

enum err_code slot_fill(const char *text, size_t len, unsigned char out[SLOT_BYTES], struct err *err)
{
	if (len > SLOT_TEXT_MAX)
		return err_set(err, ERR_LIMIT, "a seal of %zu bytes, but a slot has room for %zu", len, SLOT_TEXT_MAX);
	memcpy(out, text, len);
	memset(out + len, ' ', SLOT_TEXT_MAX - len);
	out[SLOT_TEXT_MAX] = '\n';
	return ERR_OK;
}

enum err_code slot_check(const unsigned char content[SLOT_BYTES], size_t *ret_len, struct err *err)
{
	size_t len = SLOT_TEXT_MAX;
	enum err_code code;

	while (len > 0 && content[len - 1] == ' ')
		len--;
	if (content[SLOT_TEXT_MAX] != '\n' || (len > 0 && (content[0] != '{' || content[len - 1] != '}')))
		return err_set(err, ERR_FORMAT, "neither blank nor one JSON object, padded with spaces");
	code = len > 0 ? js_check(content, len, OBJECT_NAME, err) : ERR_OK;
	if (code == ERR_OK)
		*ret_len = len;
	return code;
}
