/* The part of reading.h that compares what a stream gives with what it must give. */
#include <assert.h>
#include <string.h>

#include "bundles/reading.h"
#include "common/mem.h"

#define EXPECT_MAX (TAR_HEADER_MAX + TAR_BLOCK)

static enum err_code read_exactly(struct instream *in, unsigned char *bytes, size_t len, const char *what,
				  struct err *err)
{
	while (len > 0) {
		size_t got = 0;
		enum err_code code = instream_read(in, bytes, len, &got, err);

		if (code != ERR_OK)
			return code;
		if (got == 0)
			return err_set(err, ERR_DAMAGED, "%s: it ends early", what);
		bytes += got;
		len -= got;
	}
	return ERR_OK;
}

enum err_code expect_bytes(struct instream *in, const void *want, size_t len, const char *what, struct err *err)
{
	unsigned char got[EXPECT_MAX];
	enum err_code code;

	assert(len <= sizeof(got));
	code = read_exactly(in, got, len, what, err);
	if (code == ERR_OK && memcmp(got, want, len) != 0)
		code = err_set(err, ERR_DAMAGED, "%s is not as it must be", what);
	return code;
}

enum err_code expect_header(struct instream *in, const struct member *m, struct err *err)
{
	CLEANUP(free_ptr) char *what = NULL;
	unsigned char header[TAR_HEADER_MAX];
	size_t len = tar_header(m->name, m->size_bytes, header);
	enum err_code code = str_format(&what, err, "the tar header of %s", m->name);

	return code == ERR_OK ? expect_bytes(in, header, len, what, err) : code;
}

enum err_code expect_zeros(struct instream *in, size_t len, const char *what, struct err *err)
{
	static const unsigned char zeros[EXPECT_MAX] = { 0 };

	return expect_bytes(in, zeros, len, what, err);
}

enum err_code expect_digest(struct instream *in, const struct member *m, struct err *err)
{
	CLEANUP(digest_stream_release) struct digest_stream proof = { 0 };
	unsigned char chunk[STREAM_CHUNK_BYTES];
	enum err_code code = digest_stream_init(&proof, &m->digest, m->size_bytes, err);
	size_t len = 1;

	while (code == ERR_OK && len > 0) {
		code = instream_read(in, chunk, sizeof(chunk), &len, err);
		if (code == ERR_OK)
			code = digest_stream_update(&proof, chunk, len, err);
	}
	if (code == ERR_OK)
		code = digest_stream_final(&proof, err);
	if (code != ERR_DIGEST && code != ERR_SIZE)
		return code;
	err_add(err, "%s", m->name);
	return err_recode(err, ERR_DAMAGED);
}
