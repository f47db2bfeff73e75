#include "common/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"

enum err_code outstream_write(struct outstream *s, const void *bytes, size_t len, struct err *err)
{
	return s->write(s, bytes, len, err);
}

enum err_code outstream_write_proved(struct outstream *s, const void *bytes, size_t len, struct digest_stream *proof,
				     struct err *err)
{
	enum err_code code;

	if (s->write_proved != NULL)
		return s->write_proved(s, bytes, len, proof, err);
	code = digest_stream_update(proof, bytes, len, err);
	return code == ERR_OK ? outstream_write(s, bytes, len, err) : code;
}

enum err_code outstream_finish(struct outstream *s, struct err *err)
{
	return s->finish != NULL ? s->finish(s, err) : ERR_OK;
}

enum err_code instream_read(struct instream *s, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	return s->read(s, bytes, cap, ret_len, err);
}

void instream_release(struct instream *s)
{
	if (s->release != NULL)
		s->release(s);
}

static enum err_code proof_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct proof_stage *s = OUTER_OF(out, struct proof_stage, out);

	return outstream_write_proved(s->next, bytes, len, &s->digest, err);
}

static enum err_code proof_finish(struct outstream *out, struct err *err)
{
	struct proof_stage *s = OUTER_OF(out, struct proof_stage, out);
	enum err_code code = digest_stream_final(&s->digest, err);

	return code != ERR_OK ? code : outstream_finish(s->next, err);
}

enum err_code proof_stage_init(struct proof_stage *s, const struct digest *want, uint64_t size_bytes,
			       struct outstream *next, struct err *err)
{
	*s = (struct proof_stage){ .out = { .write = proof_write, .finish = proof_finish }, .next = next };
	return digest_stream_init(&s->digest, want, size_bytes, err);
}

void proof_stage_release(struct proof_stage *s)
{
	digest_stream_release(&s->digest);
}

static enum err_code range_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct range_stage *s = OUTER_OF(out, struct range_stage, out);
	size_t skip = s->skip_bytes < len ? (size_t)s->skip_bytes : len;
	size_t take = s->take_bytes < len - skip ? (size_t)s->take_bytes : len - skip;

	s->skip_bytes -= skip;
	s->take_bytes -= take;
	return take == 0 ? ERR_OK : outstream_write(s->next, (const char *)bytes + skip, take, err);
}

static enum err_code range_finish(struct outstream *out, struct err *err)
{
	return outstream_finish(OUTER_OF(out, struct range_stage, out)->next, err);
}

void range_stage_init(struct range_stage *s, uint64_t from_bytes, uint64_t end_bytes, uint64_t size_bytes,
		      struct outstream *next)
{
	*s = (struct range_stage){
		.out = { .write = range_write, .finish = range_finish },
		.skip_bytes = from_bytes,
		.take_bytes = end_bytes < size_bytes ? end_bytes - from_bytes : UINT64_MAX,
		.next = next,
	};
}

static enum err_code proof_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct proof_stream *s = OUTER_OF(in, struct proof_stream, in);
	enum err_code code = instream_read(s->next, bytes, cap, ret_len, err);

	if (code != ERR_OK)
		return code;
	return *ret_len > 0 ? digest_stream_update(&s->digest, bytes, *ret_len, err)
			    : digest_stream_final(&s->digest, err);
}

static void proof_stream_release(struct instream *in)
{
	struct proof_stream *s = OUTER_OF(in, struct proof_stream, in);

	digest_stream_release(&s->digest);
	instream_release(s->next);
}

enum err_code proof_stream_init(struct proof_stream *s, const struct digest *want, uint64_t size_bytes,
				struct instream *next, struct err *err)
{
	*s = (struct proof_stream){ .in = { .read = proof_read, .release = proof_stream_release }, .next = next };
	return digest_stream_init(&s->digest, want, size_bytes, err);
}

static enum err_code buf_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	return buf_add(OUTER_OF(out, struct buf_stage, out)->buf, bytes, len, err);
}

void buf_stage_init(struct buf_stage *s, struct buf *buf)
{
	*s = (struct buf_stage){ .out = { .write = buf_write }, .buf = buf };
}

static enum err_code fd_write(struct outstream *out, const void *bytes, size_t len, struct err *err)
{
	struct fd_stage *s = OUTER_OF(out, struct fd_stage, out);
	enum err_code code = write_at(s->fd, bytes, len, s->offset_bytes, s->name, err);

	s->offset_bytes += code == ERR_OK ? len : 0;
	return code;
}

void fd_stage_init(struct fd_stage *s, int fd, uint64_t offset_bytes, const char *name)
{
	*s = (struct fd_stage){ .out = { .write = fd_write }, .fd = fd, .offset_bytes = offset_bytes, .name = name };
}

static enum err_code memory_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct memory_stream *s = OUTER_OF(in, struct memory_stream, in);
	size_t len = cap < s->left ? cap : s->left;

	(void)err;
	*ret_len = len;
	if (len == 0)
		return ERR_OK; /* bytes is NULL where an empty buffer is read */
	memcpy(bytes, s->bytes, len);
	s->bytes += len;
	s->left -= len;
	return ERR_OK;
}

void memory_stream_init(struct memory_stream *s, const void *bytes, size_t len)
{
	*s = (struct memory_stream){ .in = { .read = memory_read }, .bytes = bytes, .left = len };
}

static enum err_code fd_read(struct instream *in, void *bytes, size_t cap, size_t *ret_len, struct err *err)
{
	struct fd_stream *s = OUTER_OF(in, struct fd_stream, in);
	size_t len = cap < s->left_bytes ? cap : (size_t)s->left_bytes;
	enum err_code code = read_at(s->fd, bytes, len, s->offset_bytes, s->name, err);

	if (code != ERR_OK)
		return code;
	s->offset_bytes += len;
	s->left_bytes -= len;
	*ret_len = len;
	return ERR_OK;
}

void fd_stream_init(struct fd_stream *s, int fd, uint64_t offset_bytes, uint64_t size_bytes, const char *name)
{
	*s = (struct fd_stream){
		.in = { .read = fd_read },
		.fd = fd,
		.offset_bytes = offset_bytes,
		.left_bytes = size_bytes,
		.name = name,
	};
}

enum err_code stream_copy(struct instream *in, struct outstream *out, struct err *err)
{
	char chunk[STREAM_CHUNK_BYTES];

	for (;;) {
		size_t len = 0;
		enum err_code code = instream_read(in, chunk, sizeof(chunk), &len, err);

		if (code != ERR_OK)
			return code;
		if (len == 0)
			return outstream_finish(out, err);
		code = outstream_write(out, chunk, len, err);
		if (code != ERR_OK)
			return code;
	}
}

enum err_code write_at(int fd, const void *bytes, size_t len, uint64_t offset_bytes, const char *name, struct err *err)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, name);
		if (n == 0)
			return err_set(err, ERR_IO, "%s: nothing can be written at offset %" PRIu64, name,
				       offset_bytes);
		p += n;
		len -= (size_t)n;
		offset_bytes += (uint64_t)n;
	}
	return ERR_OK;
}

enum err_code read_at(int fd, void *bytes, size_t len, uint64_t offset_bytes, const char *name, struct err *err)
{
	char *p = bytes;

	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)offset_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, name);
		if (n == 0)
			return err_set(err, ERR_SIZE, "%s: the file ends at offset %" PRIu64 ", %zu bytes early", name,
				       offset_bytes, len);
		p += n;
		len -= (size_t)n;
		offset_bytes += (uint64_t)n;
	}
	return ERR_OK;
}
