/* The part of reading.h that compares what a stream gives with what it must give. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "bundles/reading.h"
#include "common/mem.h"

#define EXPECT_MAX (TAR_HEADER_MAX + TAR_BLOCK)

/* Say in which file, and where in it the frame stands that holds the bytes. */
static enum err_code damaged(const struct expecting *e, uint64_t tar_at, const char *what, const char *why,
			     struct err *err)
{
	const struct seek_table *t = e->file->seek;
	uint64_t offset = tar_at < t->entries[t->len].tar_offset ? t->entries[seek_find(t, tar_at)].file_offset
								 : t->entries[t->len].file_offset;

	return err_set(err, ERR_DAMAGED, "%s: offset %" PRIu64 ": %s: %s", e->file->name, offset, what, why);
}

static enum err_code read_exactly(struct expecting *e, unsigned char *bytes, size_t len, const char *what,
				  struct err *err)
{
	while (len > 0) {
		size_t got = 0;
		enum err_code code = instream_read(e->in, bytes, len, &got, err);

		if (code != ERR_OK)
			return code;
		if (got == 0)
			return damaged(e, e->tar_at, what, "the file ends early", err);
		e->tar_at += got;
		bytes += got;
		len -= got;
	}
	return ERR_OK;
}

static enum err_code expect_bytes(struct expecting *e, const void *want, size_t len, const char *what, struct err *err)
{
	unsigned char got[EXPECT_MAX];
	uint64_t at = e->tar_at;
	enum err_code code;

	assert(len <= sizeof(got));
	code = read_exactly(e, got, len, what, err);
	if (code == ERR_OK && memcmp(got, want, len) != 0)
		code = damaged(e, at, what, "not as it must be", err);
	return code;
}

enum err_code expect_header(struct expecting *e, const struct member *m, struct err *err)
{
	unsigned char header[TAR_HEADER_MAX];
	char what[TAR_NAME_MAX + 32] = "tar header of ";
	size_t len = tar_header(m->name, m->size_bytes, header);

	strcat(what, m->name);
	return expect_bytes(e, header, len, what, err);
}

enum err_code expect_slot(struct expecting *e, const struct member *m, struct err *err)
{
	unsigned char content[SLOT_BYTES];
	struct err why = { .code = ERR_OK };
	uint64_t at = e->tar_at;
	size_t len = 0;
	enum err_code code = read_exactly(e, content, sizeof(content), m->name, err);

	if (code == ERR_OK && slot_check(content, &len, &why) != ERR_OK)
		code = why.code == ERR_NOMEM ? err_nomem(err) : damaged(e, at, m->name, why.msg, err);
	return code;
}

enum err_code expect_zeros(struct expecting *e, size_t len, const char *what, struct err *err)
{
	static const unsigned char zeros[EXPECT_MAX] = { 0 };

	return expect_bytes(e, zeros, len, what, err);
}

enum err_code expect_end(struct expecting *e, struct err *err)
{
	unsigned char byte;
	size_t len = 0;
	enum err_code code = instream_read(e->in, &byte, sizeof(byte), &len, err);

	return code == ERR_OK && len > 0 ? damaged(e, e->tar_at, "end of the tar", "something follows it", err) : code;
}

/* As what the file says wrongly, where that is so. */
static enum err_code told(const struct expecting *e, uint64_t tar_at, const struct member *m, const struct err *why,
			  struct err *err)
{
	return why->code == ERR_DIGEST ? damaged(e, tar_at, m->name, why->msg, err)
				       : err_set(err, why->code, "%s", why->msg);
}

enum err_code expect_proved(struct expecting *e, const struct member *m, struct digest_stream *proof, struct err *err)
{
	struct err why = { .code = ERR_OK };

	return digest_stream_final(proof, &why) == ERR_OK ? ERR_OK : told(e, e->tar_at, m, &why, err);
}

static enum err_code prove(struct expecting *e, struct digest_stream *proof, const char *what, struct err *err)
{
	unsigned char chunk[STREAM_CHUNK_BYTES];
	enum err_code code = ERR_OK;

	while (code == ERR_OK && proof->left_bytes > 0) {
		size_t len = 0, want = proof->left_bytes < sizeof(chunk) ? (size_t)proof->left_bytes : sizeof(chunk);

		code = instream_read(e->in, chunk, want, &len, err);
		if (code == ERR_OK && len == 0)
			code = damaged(e, e->tar_at, what, "the file ends early", err);
		if (code == ERR_OK)
			code = digest_stream_update(proof, chunk, len, err);
		e->tar_at += len;
	}
	return code == ERR_OK ? digest_stream_final(proof, err) : code;
}

enum err_code expect_digest(struct expecting *e, const struct member *m, struct err *err)
{
	CLEANUP(digest_stream_release) struct digest_stream proof = { 0 };
	struct err why = { .code = ERR_OK };
	uint64_t at = e->tar_at;
	enum err_code code = digest_stream_init(&proof, &m->digest, m->size_bytes, &why);

	if (code == ERR_OK)
		code = prove(e, &proof, m->name, &why);
	return code == ERR_OK ? ERR_OK : told(e, at, m, &why, err);
}
