/* The part of writer.h that seals a bundle before it is published. */
#include "bundles/reading.h"
#include "bundles/seal.h"
#include "bundles/writing.h"
#include "common/limits.h"
#include "common/mem.h"

/* What is signed is what stands in the file, and not what was meant to. */
static enum err_code read_back(const struct bundle_writer *w, struct buf *out, struct err *err)
{
	struct frame_file file = { .fd = w->part.fd, .name = w->part.path, .seek = &w->append.seek };
	struct member m = { 0 };

	shape_member(&w->shape, FRONT_MEMBERS - 1, &m);
	buf_init(out, m.size_bytes);
	return read_proved(&file, m.content, m.size_bytes, &m.digest, out, err);
}

enum err_code bundle_writer_seal(struct bundle_writer *w, const struct seal_key *key, struct err *err)
{
	uint64_t at = shape_slot_offset(&w->shape, &w->append.seek, 0) + SLOT_CONTENT_AT;
	CLEANUP(buf_release) struct buf description = { 0 };
	CLEANUP(buf_release) struct buf text = { .max = SEAL_TEXT_MAX };
	unsigned char content[SLOT_BYTES];
	struct seal seal;
	enum err_code code = read_back(w, &description, err);

	if (code == ERR_OK)
		code = seal_sign(key, description.data, description.len, &seal, err);
	if (code == ERR_OK)
		code = seal_write(&seal, &text, err);
	if (code == ERR_OK)
		code = slot_fill(text.data, text.len, content, err);
	return code == ERR_OK ? write_at(w->part.fd, content, sizeof(content), at, w->part.path, err) : code;
}
